"""The brief before a dose: its lines, for the screen and for one page of paper (A5, PDF).

What somebody typed goes to the template as data, so that nothing of it can become markup.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from kapteam import sentences, wording
from kapteam.exchange.printing import pdf
from kapteam.queries.brief import Brief, LastDose
from kapteam.queries.standing import Asked

_TEMPLATE = Path(__file__).with_name("brief.typ")
_NOT_RECORDED = "not recorded"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing to know, under its heading; `is_words`: somebody's own, kept from others."""

    heading: str
    text: str
    is_words: bool = False


def lines(brief: Brief, now: datetime, zone: ZoneInfo) -> tuple[Line, ...]:
    """What the brief says, in the order in which it is read aloud."""
    order = sentences.order(
        brief.order_state, brief.ordered_ug, brief.may_add, brief.product_route.label
    )
    present = "at home" if brief.at_home else brief.place or "place not recorded"
    return (
        *_pinned(brief),
        Line("Order", order.text),
        Line("When and where", f"{wording.moment(brief.planned_at, now, zone)}, {present}"),
        *_last(brief.last, now, zone),
        Line("Usual blood pressure", brief.usual_pressure or "not asked"),
        Line("Allergies", _asked(brief.allergies), is_words=True),
        *_intention(brief, now, zone),
        *_ride(brief),
        Line("Who is present", brief.people_present or _NOT_RECORDED, is_words=True),
    )


def _pinned(brief: Brief) -> Iterator[Line]:
    if brief.pinned_line:
        yield Line("Pinned", brief.pinned_line, is_words=True)


def _asked(text: str | None) -> str:
    return "not asked" if text is None else text or "none"


def _ride(brief: Brief) -> Iterator[Line]:
    """Who takes the client home; at home nobody has to."""
    if not brief.at_home:
        yield Line("Ride home", brief.ride.words if brief.ride else "none yet", is_words=True)


def _last(last: LastDose | None, now: datetime, zone: ZoneInfo) -> Iterator[Line]:
    if last is None:
        yield Line("Last dose", "none on this course")
        return
    at = wording.moment(last.last_given_at, now, zone)
    yield Line("Last dose", f"{wording.dose(last.ug, last.product_route)}, {at}")
    yield Line("Highest blood pressure then", str(last.peak) if last.peak else _NOT_RECORDED)
    if last.events:
        befell = sorted({one.label.lower() for one in last.events})
        yield Line("What befell them then", wording.first_up(wording.listed(befell)))
    if last.left_early_because:
        yield Line("Left early or unwell then", last.left_early_because, is_words=True)
    support = last.support
    helped = wording.listed([one.label.lower() for one in support.given]) if support else ""
    yield Line("What helped then", helped or _NOT_RECORDED)
    if support and support.challenge:
        yield Line("How it was then", support.challenge.in_words(), is_words=True)
    if support and support.words:
        yield Line("In the client's words then", support.words, is_words=True)


def _intention(brief: Brief, now: datetime, zone: ZoneInfo) -> Iterator[Line]:
    note = brief.intention
    if note is None:
        yield Line("Intention", "none signed for this dose")
        return
    for heading, key in (
        ("Intention", "intention"),
        ("Coping skills agreed", "coping"),
        ("What helps", "helps"),
        ("What does not help", "does_not_help"),
        ("Words to say", "words"),
        ("Hand signal", "signal"),
    ):
        text = note.answer(key)
        if text:
            yield Line(heading, text, is_words=True)
    for one in note.amendments:
        at = wording.moment(one.at, now, zone)
        yield Line(f"Amended {at}", f"{one.author}: {one.reason}\n{one.text}", is_words=True)
    for one in note.addenda:
        at = wording.moment(one.at, now, zone)
        yield Line(f"Added {at}", f"{one.author}: {one.text}", is_words=True)
    for one in note.reads:
        said = f"\n{one.text}" if one.text else ""
        read = f"{one.author}, {wording.moment(one.at, now, zone)}{said}"
        yield Line("Intention read by", read, is_words=True)
    scope = note.answer("touch_scope")
    yield Line(
        "Touch agreement",
        ": ".join(filter(None, (note.answer("touch") or "not asked, so none", scope))),
        is_words=bool(scope),
    )


def brief_pdf(brief: Brief, asked: Asked, record: str = "") -> bytes:
    """The brief as one A5 page, by initials and code; more pages only where its words need them.

    `record` stands at the foot: the state of the signed records that it was made from.
    """
    zone = asked.practice.zone
    paper = {
        "title": f"Brief before a dose, {brief.client.code}",
        "who": sentences.initials_and_code(brief.client),
        "practice": asked.practice.name,
        "printed": wording.full_moment(asked.now, zone),
        "record": record,
        "lines": [asdict(one) for one in lines(brief, asked.now, zone)],
    }
    return pdf(_TEMPLATE, paper)
