"""The minutes of a case review: for paper (PDF), and as text for another record; by code.

What somebody typed goes to the template as data, so that nothing of it can become markup.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from kapteam import wording
from kapteam.exchange.printing import pdf
from kapteam.queries.case_review import (
    UNSAVED,
    AgreedAction,
    ItemLine,
    Meeting,
    MeetingHead,
    PastItem,
)
from kapteam.queries.standing import Asked
from kapteam.vocabulary import ExportPurpose

_TEMPLATE = Path(__file__).with_name("minutes.typ")


@dataclass(frozen=True, slots=True)
class Told:
    """What was decided about one client: what, in which words, by whom."""

    who: str
    what: str
    words: str
    by: str


@dataclass(frozen=True, slots=True)
class OneOwner:
    """Whose the actions are, and each of them with its day and what became of it."""

    name: str
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Minutes:
    """Every word of the minutes, in order. The title, which stands in the file, names nobody."""

    title: str
    held: str
    people: str
    practice: str
    decided: tuple[Told, ...]
    owners: tuple[OneOwner, ...]
    not_reached: tuple[str, ...]
    dropped: tuple[str, ...]
    hidden: str
    confirmed: tuple[str, ...]


def minutes(shown: Meeting, asked: Asked, *, with_names: bool) -> Minutes:
    """The words of the minutes: clients by code, `with_names` by name and code."""
    zone, head = asked.practice.zone, shown.head

    def who(item: ItemLine) -> str:
        client = item.client
        name = wording.full_name(client.family, client.given, client.preferred)
        by = f"{name} ({client.code})" if with_names else client.code
        return f"{by}, {wording.first_down(item.care)}" if item.care else by

    hidden = wording.count(shown.hidden, "course")
    return Minutes(
        title=f"Case review, {_day(head.started_at, zone)}",
        held=_held(head, zone),
        people=_people(head),
        practice=asked.practice.name,
        decided=tuple(Told(who(one), _what(one), _words(one), _by(one)) for one in shown.decided),
        owners=tuple(
            OneOwner(name, tuple(f"{who(item)}: {_action(one, zone)}" for item, one in lines))
            for name, lines in shown.by_owner
        ),
        not_reached=tuple(_with_words(who(one), one) for one in shown.not_reached),
        dropped=tuple(
            _with_words(f"{who(one)}, by {one.dropped_by}", one) for one in shown.dropped
        ),
        hidden=f"Left out: {hidden} of care that who took this along is not on."
        if shown.hidden
        else "",
        confirmed=tuple(
            f"Confirmed by {one.name}, {wording.full_moment(one.confirmed_at, zone)}"
            if one.confirmed_at
            else f"Not confirmed by {one.name} yet"
            for one in head.members
        ),
    )


def minutes_pdf(
    shown: Meeting, asked: Asked, names_for: ExportPurpose | None, record: str = ""
) -> bytes:
    """The minutes on letter paper; with names where it is said what for, which stands at the foot.

    `record` is there too: the state of the signed records of that moment.
    """
    whose = f"Clients by name, for: {names_for.label.lower()}." if names_for else "Clients by code."
    paper = asdict(minutes(shown, asked, with_names=names_for is not None)) | {
        "printed": wording.full_moment(asked.now, asked.practice.zone),
        "whose": whose,
        "record": record,
    }
    return pdf(_TEMPLATE, paper)


def minutes_text(shown: Meeting, asked: Asked, *, with_names: bool) -> str:
    """The same words as clean text to paste into another record."""
    return "\n".join(_lines(minutes(shown, asked, with_names=with_names)))


def _lines(one: Minutes) -> Iterator[str]:
    yield from (one.title, one.held, one.people, one.practice)
    yield from ("", f"Decided ({len(one.decided)})")
    for told in one.decided:
        yield f"- {told.who}: {told.what}. {told.by}."
        yield from (f"  {line}" for line in told.words.splitlines())
    yield from ("", f"Actions ({sum(len(owner.actions) for owner in one.owners)})")
    for owner in one.owners:
        yield owner.name
        yield from (f"- {action}" for action in owner.actions)
    for heading, who in (("Not reached", one.not_reached), ("Taken off", one.dropped)):
        yield from ("", f"{heading} ({len(who)})", *(f"- {each}" for each in who))
    yield from ("", *filter(None, (one.hidden,)), *one.confirmed)


def decision_text(past: PastItem, zone: ZoneInfo) -> str:
    """What one case review decided about one client, as clean text by code.

    With why the client was on the agenda, and what both had before them.
    """
    head, item = past.head, past.item
    added = [f"Added by {item.added_by}"] if item.added_by else []
    why = [*(one.words for one in item.reasons), *added]
    lines = [
        f"Case review, {_day(head.started_at, zone)}",
        _held(head, zone),
        _people(head),
        f"Client {item.client.code}",
    ]
    if why:
        lines += ["", "Why on the agenda", *(f"- {one}" for one in why)]
    if item.facts:
        lines += ["", "As it stood", *(f"- {one.label}: {one.words}" for one in item.facts)]
    lines += ["", f"Decided: {_what(item)}", *item.words.splitlines(), f"{_by(item)}."]
    if item.actions:
        lines += ["", "Agreed", *(f"- {_agreed(one)}" for one in item.actions)]
    return "\n".join(lines)


def _words(item: ItemLine) -> str:
    """What was agreed, and what was written and not saved as a decision."""
    unsaved = f"{UNSAVED}: {item.unsaved}" if item.unsaved else ""
    return "\n".join(filter(None, (item.words, unsaved)))


def _with_words(who: str, item: ItemLine) -> str:
    return ": ".join(filter(None, (who, _words(item))))


def _day(at: datetime, zone: ZoneInfo) -> str:
    return wording.full_day(at.astimezone(zone).date())


def _held(head: MeetingHead, zone: ZoneInfo) -> str:
    """`Held from 2:30 pm MST to 3:25 pm MST`, with the day of an end on another one."""
    began = f"Held from {wording.zoned_time(head.started_at, zone)}"
    if head.ended_at is None:
        return f"{began}, not ended yet"
    if _day(head.ended_at, zone) == _day(head.started_at, zone):
        return f"{began} to {wording.zoned_time(head.ended_at, zone)}"
    return f"{began} to {wording.full_moment(head.ended_at, zone)}"


def _people(head: MeetingHead) -> str:
    return f"Present: {wording.listed([one.name for one in head.members])}"


def _what(item: ItemLine) -> str:
    """The decision in words; rule 62: a change of dose that no prescriber confirmed is proposed."""
    label = item.decision.label if item.decision else "Nothing decided"
    return f"{label} (proposed, not confirmed by a prescriber)" if item.is_proposed else label


def _by(item: ItemLine) -> str:
    confirmed = f", confirmed by {item.confirmed_by}" if item.confirmed_by else ""
    return f"Entered by {item.decided_by}{confirmed}"


def _agreed(one: AgreedAction) -> str:
    """What was agreed, which stays so whatever became of it."""
    return f"{one.owner}: {one.words}, by {wording.full_day(one.due_on)}"


def _action(one: AgreedAction, zone: ZoneInfo) -> str:
    due = f"{one.words}, by {wording.full_day(one.due_on)}"
    if one.ended_as is None or one.ended_at is None:
        return due
    return f"{due} ({one.ended_as.label.lower()}, {one.ended_by}, {_day(one.ended_at, zone)})"
