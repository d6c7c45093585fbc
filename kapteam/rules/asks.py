"""Questions between those who treat a client: whose turn it is, how loud, and until when."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from kapteam.rules.slots import OpeningHours
from kapteam.vocabulary import Part, Term, Tone

SOON = timedelta(hours=2)
_QUARTER = 15
_NEXT_OPEN_DAY_AT = time(12)


class AskStage(Term):
    """Where a question stands."""

    OPEN = "open", "Waits for an answer"
    ANSWERED = "answered", "Answered, not read yet"
    SETTLED = "settled", "Answered and read"


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody of the practice who is on a course of care and can sign in, and their part in it."""

    clinician_id: str
    part: Part


@dataclass(frozen=True, slots=True)
class AskFacts:
    """One question: who asked whom, and the part that each of them had then."""

    asked_by: Seat
    asked_of: Seat
    due_at: datetime
    answered_at: datetime | None
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class AskStanding:
    """One question, judged for one person.

    `by_id` and `of_id` are the clinicians who ask and are asked now; `waits_on` is the one of them
    whose turn it is, empty once it is settled. `is_mine`: that is the person it is judged for, or
    somebody they cover; `is_asked_by_me` says the same of who asks.
    """

    stage: AskStage
    due_at: datetime
    at: datetime
    by_id: str
    of_id: str
    is_overdue: bool
    is_mine: bool
    is_asked_by_me: bool

    @property
    def waits_on(self) -> str:
        """Whose turn it is."""
        return {AskStage.OPEN: self.of_id, AskStage.ANSWERED: self.by_id}.get(self.stage, "")

    @property
    def tone(self) -> Tone:
        """Red is only what the person themselves let pass; for a colleague's turn one waits.

        Who asked is told that the time has passed: they may call instead.
        """
        if not self.is_mine:
            late = Tone.AMBER if self.is_asked_by_me else Tone.PLAIN
            return late if self.is_overdue else Tone.QUIET
        return Tone.RED if self.is_overdue else Tone.AMBER

    @property
    def order(self) -> tuple[bool, bool, float]:
        """Sort key: what waits on this person, then what else is open; the first due first.

        What is settled comes last, the newest first.
        """
        is_settled = self.stage is AskStage.SETTLED
        seconds = self.at.timestamp()
        return is_settled, not self.is_mine, -seconds if is_settled else seconds


@dataclass(frozen=True, slots=True)
class AskInShort:
    """One open question as a list says it: who asks whom, by name, and how it begins.

    `words` are empty where others can see them. `is_about_medicine_use`: it raised a concern.
    """

    standing: AskStanding
    by: str
    of: str
    words: str
    is_about_medicine_use: bool


def has_it_now(seat: Seat, seats: Iterable[Seat]) -> str:
    """Whom a side of a question is with: who had it, as long as they are on the course.

    Then it follows the course, not the person: who has their part, else who treats the client at
    all, the therapist first. Where nobody does it stays theirs.
    """
    seats = tuple(seats)
    if any(one.clinician_id == seat.clinician_id for one in seats):
        return seat.clinician_id
    for part in (seat.part, Part.THERAPIST, Part.PRESCRIBER):
        # Whoever covers is there for some days, and was not asked.
        if part is not Part.COVER:
            found = sorted(one.clinician_id for one in seats if one.part is part)
            if found:
                return found[0]
    return seat.clinician_id


def judge_ask(
    facts: AskFacts, seats: Iterable[Seat], stands_for: Callable[[str], bool], now: datetime
) -> AskStanding:
    """Where a question stands at `now` for the person who `stands_for` these clinicians.

    Only an answer can be late, and only until it is there: to read one has no time of its own.
    """
    seats = tuple(seats)
    by_id, of_id = has_it_now(facts.asked_by, seats), has_it_now(facts.asked_of, seats)
    if facts.settled_at:
        stage, at, whose = AskStage.SETTLED, facts.settled_at, ""
    elif facts.answered_at:
        stage, at, whose = AskStage.ANSWERED, facts.answered_at, by_id
    else:
        stage, at, whose = AskStage.OPEN, facts.due_at, of_id
    return AskStanding(
        stage=stage,
        due_at=facts.due_at,
        at=at,
        by_id=by_id,
        of_id=of_id,
        is_overdue=stage is AskStage.OPEN and now > facts.due_at,
        is_mine=bool(whose) and stands_for(whose),
        is_asked_by_me=stands_for(by_id),
    )


def usual_due(now: datetime, hours: OpeningHours, zone: ZoneInfo) -> tuple[date, time]:
    """When an answer is asked for unless somebody says otherwise, told in the practice's zone.

    In two hours, to the next full quarter, while the practice is open then; else at noon of the
    next day on which it is.
    """
    soon = (now + SOON).astimezone(zone)
    past_quarter = timedelta(minutes=soon.minute % _QUARTER, seconds=soon.second)
    if past_quarter:
        # In absolute time: where clocks change within the hour the local one may not exist.
        later = now + SOON - past_quarter + timedelta(minutes=_QUARTER)
        soon = later.astimezone(zone)
    if hours.is_open_at(soon):
        return soon.date(), soon.time().replace(second=0, microsecond=0)
    return hours.next_open_day(now.astimezone(zone).date()), _NEXT_OPEN_DAY_AT
