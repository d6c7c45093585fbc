"""The thread of a course of care: its words, for the screen and for paper (PDF).

What somebody typed goes to the template as data, so that nothing of it can become markup.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from kapteam import sentences, wording
from kapteam.exchange.printing import pdf
from kapteam.queries.notes import NoteLine
from kapteam.queries.standing import Asked
from kapteam.queries.thread import Happened, Integrated, Step, Thread
from kapteam.rules.commitments import Commitment
from kapteam.vocabulary import IntegrationKind

_TEMPLATE = Path(__file__).with_name("thread.typ")
_OF_INTENTION = ("intention", "why", "hope", "fear", "carried")
_OF_INTEGRATION = (
    "revisited",
    "recap",
    "themes",
    "other_themes",
    "insights",
    "meaning",
    "difficult",
    "practices",
)
_NO_HEADING = {"intention", "recap"}


@dataclass(frozen=True, slots=True)
class Words:
    """One thing that is told; `is_words`: somebody's own, kept from others in the room."""

    heading: str
    text: str
    is_words: bool = True


@dataclass(frozen=True, slots=True)
class Passage:
    """One part of a turn: the intention, what happened, an integration; `note_id` if it is one."""

    title: str
    about: str
    told: tuple[Words, ...]
    note_id: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """One ketamine session, or an experience elsewhere, with what stands before and after it."""

    id: str
    title: str
    passages: tuple[Passage, ...]


def turns(shown: Thread, now: datetime, zone: ZoneInfo) -> tuple[Turn, ...]:
    """The thread in words, the oldest first."""
    return tuple(
        Turn(one.id, _title(one, now, zone), tuple(_passages(shown, one, now, zone)))
        for one in shown.steps
    )


def _title(step: Step, now: datetime, zone: ZoneInfo) -> str:
    """`Dose 2 of 6, Tue Nov 17, 2026: 70 mg intramuscular`."""
    if step.product_route is None:
        return "An experience elsewhere"
    number = f"Dose {wording.in_series(step.number, step.of)}, " if step.number else ""
    if step.happened:
        on = wording.full_day(step.happened.first_at.astimezone(zone).date())
        return f"{number}{on}: {wording.dose(step.happened.ug, step.product_route)}"
    at = step.planned_at or now
    status = step.status.label.lower() if step.status else ""
    on = wording.full_day(at.astimezone(zone).date())
    return f"{number}{on}: {step.product_route.label}, {status}"


def _passages(shown: Thread, step: Step, now: datetime, zone: ZoneInfo) -> Iterator[Passage]:
    for note in step.intentions:
        yield _note(note, "Intention", _OF_INTENTION, now, zone)
    if step.product_route and not step.intentions:
        yield Passage("Intention", "No intention note", ())
    if step.happened:
        yield _happened(step.happened, zone)
    for one in step.integrations:
        yield from _integrated(shown, step, one, now, zone)
    if step.happened and not step.integrations:
        yield Passage("Integration", "Not booked", ())


def _note(
    note: NoteLine, title: str, keys: tuple[str, ...], now: datetime, zone: ZoneInfo
) -> Passage:
    """A signed note by what the thread tells of it, with all that was amended and added since."""
    if note.signed_at is None:
        since = wording.moment(note.started_at, now, zone)
        return Passage(title, f"Draft, {note.author.name}, since {since}", ())
    signed = wording.moment(note.signed_at, now, zone)
    told = [
        Words("" if one.key in _NO_HEADING else one.label, one.text)
        for key in keys
        for one in note.answers
        if one.key == key
    ]
    told += [
        Words(
            f"Amended by {one.author}, {wording.moment(one.at, now, zone)}: {one.reason}", one.text
        )
        for one in note.amendments
    ]
    told += [
        Words(f"Added by {one.author}, {wording.moment(one.at, now, zone)}", one.text)
        for one in note.addenda
    ]
    told += [
        Words(f"Read by {one.author}, {wording.moment(one.at, now, zone)}", one.text)
        for one in note.reads
    ]
    return Passage(title, f"{note.author.name}, signed {signed}", tuple(told), note.id)


def _happened(one: Happened, zone: ZoneInfo) -> Passage:
    """The facts of the session, then the client's own words on that day."""
    first, last = (wording.zoned_time(at, zone) for at in (one.first_at, one.last_at))
    given = f"from {first} to {last}" if first != last else f"at {first}"
    told = [Words("Given", given, is_words=False)]
    if one.peak:
        told.append(Words("Highest blood pressure", str(one.peak), is_words=False))
    if one.events:
        befell = wording.listed(sorted({event.label.lower() for event in one.events}))
        told.append(Words("What befell them", befell, is_words=False))
    support = one.support
    if support:
        if support.given:
            helped = wording.listed([helps.label.lower() for helps in support.given])
            told.append(Words("What helped", helped, is_words=False))
        if support.touched:
            told.append(Words("Touched the intention", support.touched.label, is_words=False))
        if support.challenge:
            told.append(Words("How it was", support.challenge.in_words()))
        if support.words:
            told.append(Words("In the client's words", support.words))
    return Passage("What happened", "", tuple(told))


def _integrated(
    shown: Thread, step: Step, one: Integrated, now: datetime, zone: ZoneInfo
) -> Iterator[Passage]:
    title = "Debrief" if one.kind is IntegrationKind.DEBRIEF else "Integration"
    about = _when(step, one, now, zone)
    if not one.notes:
        yield Passage(title, about if not one.held_at else f"{about}, no note yet", ())
    for note in one.notes:
        passage = _note(note, title, _OF_INTEGRATION, now, zone)
        agreed = shown.agreed_in(note.id)
        told = (*passage.told, *_agreed(agreed, now, zone))
        yield Passage(title, f"{about}. {passage.about}", told, passage.note_id)


def _when(step: Step, one: Integrated, now: datetime, zone: ZoneInfo) -> str:
    """`Held Wed Nov 18, 2:00 pm, 22 hr after dose`, or where it stands."""
    if one.held_at:
        held = f"Held {wording.moment(one.held_at, now, zone)}"
        if step.happened and one.held_at >= step.happened.last_at:
            held = f"{held}, {wording.hours(one.held_at - step.happened.last_at)} after dose"
        return f"{held}, {one.how.label.lower()}"
    if one.closed_at:
        why = f": {one.close_reason.label.lower()}" if one.close_reason else ""
        return f"Closed without one{why}"
    return f"Booked {wording.moment(one.planned_at, now, zone)}" if one.planned_at else "Not booked"


def _agreed(agreed: tuple[Commitment, ...], now: datetime, zone: ZoneInfo) -> Iterator[Words]:
    if agreed:
        lines = [f"{one.text} ({became(one, now, zone)})" for one in agreed]
        yield Words("Committed actions", "\n".join(lines))


def became(one: Commitment, now: datetime, zone: ZoneInfo) -> str:
    """What became of a committed action: `done, Thea Tallis, Wed Nov 25`, or `open`."""
    if one.update is None:
        return one.state.label.lower()
    on = wording.day(one.update.at.astimezone(zone).date(), now.astimezone(zone).date())
    words = f": {one.update.words}" if one.update.words else ""
    return f"{one.state.label.lower()}, {one.update.by}, {on}{words}"


def thread_pdf(shown: Thread, asked: Asked, record: str = "") -> bytes:
    """The thread on paper, by initials and code.

    `record` stands at the foot: the state of the signed records that it was made from.
    """
    now, zone = asked.now, asked.practice.zone
    paper = {
        "title": f"Thread, {shown.client.code}",
        "who": sentences.initials_and_code(shown.client),
        "what": shown.service_line.label,
        "practice": asked.practice.name,
        "printed": wording.full_moment(now, zone),
        "record": record,
        "open": [one.text for one in shown.open],
        "turns": [asdict(one) for one in turns(shown, now, zone)],
    }
    return pdf(_TEMPLATE, paper)
