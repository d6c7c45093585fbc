"""Medicine at home: what should be left, and what a count says about it (domain 5, S5).

What was used is never typed: it follows from what was given in sessions at home.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from kapteam import wording
from kapteam.vocabulary import ProductRoute, Term

AT_HOME = frozenset({ProductRoute.SUBLINGUAL, ProductRoute.ORAL})
"""Domain 1.3: lozenges, the only ketamine that is taken at home."""
ARRIVES_WITHIN = timedelta(days=7)
MOST_LOZENGES = 500


class HomeProblem(Term):
    """Why the medicine at home asks for somebody, the most pressing first."""

    DIFFERS = "differs", "Counted differently"
    OVERDRAWN = "overdrawn", "More used than arrived"
    NOT_ARRIVED = "not_arrived", "Not arrived"
    UNEVEN = "uneven", "Not a whole number of lozenges"


@dataclass(frozen=True, slots=True)
class Supplied:
    """One shipment: lozenges of `ug_each` micrograms, at home from `arrived_on` on."""

    lozenges: int
    ug_each: int
    sent_on: date
    arrived_on: date | None


@dataclass(frozen=True, slots=True)
class Used:
    """What was taken in one session at home, in micrograms."""

    ug: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Returned:
    """Lozenges that were returned or destroyed."""

    lozenges: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Counted:
    """Lozenges that the client showed."""

    lozenges: int
    at: datetime


@dataclass(frozen=True, slots=True)
class HomeFacts:
    """Everything known of the medicine at home of one course.

    `concern_at` is when the newest medicine-use concern of the client was raised, cleared or not.
    """

    supplies: tuple[Supplied, ...] = ()
    used: tuple[Used, ...] = ()
    returned: tuple[Returned, ...] = ()
    counts: tuple[Counted, ...] = ()
    concern_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class HomeStanding:
    """Where the medicine at home stands, in lozenges.

    `left` should be left now: less than 0 where more was used than arrived, None where what was
    given is not a whole number of lozenges (`uneven`). `expected` should have been left at `count`.
    """

    arrived: int
    on_the_way: int
    used: int | None
    returned: int
    left: int | None
    count: Counted | None
    expected: int | None
    uneven: Used | None
    late_since: date | None
    problems: tuple[HomeProblem, ...]

    @property
    def agrees(self) -> bool:
        """Whether the last count found what should have been left."""
        return self.count is not None and self.count.lozenges == self.expected


def home_gap(*, at_home: bool, place: str, people_present: str, local_emergency: str) -> str:
    """What is not known yet of a session at home: `where and who is with them`; empty if all is."""
    if not at_home:
        return ""
    known = (
        ("where", place),
        ("who is with them", people_present),
        ("the emergency number there", local_emergency),
    )
    return wording.listed([what for what, said in known if not said])


def contradicts(standing: HomeStanding | None, is_at_home: bool | None) -> bool:
    """Whether an answer denies what should be left, or claims what should not; not asked is none.

    What is no whole number of lozenges denies nothing.
    """
    if standing is None or standing.left is None or is_at_home is None:
        return False
    return is_at_home is not (standing.left > 0)


def read_lozenges(text: str) -> int:
    """A number of lozenges as typed; 0 is a number, blank is missing.

    Raises ValueError with a sentence.
    """
    cleaned = text.strip()
    if not cleaned:
        raise ValueError("Enter how many lozenges.")
    if not re.fullmatch(r"\d{1,6}", cleaned, re.ASCII):
        raise ValueError("Enter a whole number of lozenges, for example 12.")
    if int(cleaned) > MOST_LOZENGES:
        raise ValueError(f"This is more than {MOST_LOZENGES} lozenges. Check the number.")
    return int(cleaned)


def read_some_lozenges(text: str) -> int:
    """At least one. Raises ValueError with a sentence."""
    found = read_lozenges(text)
    if found == 0:
        raise ValueError("Enter at least one lozenge.")
    return found


def stand_at_home(
    facts: HomeFacts, now: datetime, today: date, zone: ZoneInfo
) -> HomeStanding | None:
    """Where the medicine at home stands; None where none was ever sent or used there.

    A count is held against what should have been left when it was made: what is used afterwards
    changes nothing about it. A later count takes its place, and a medicine-use concern raised since
    answers a difference.
    """
    if not (facts.supplies or facts.used or facts.returned or facts.counts):
        return None
    count = max(facts.counts, key=lambda one: one.at, default=None)
    uneven = next((one for one in facts.used if _lozenges(one, facts, zone) is None), None)
    used, returned = _sums(facts, lambda at: at <= now, zone)
    arrived = _arrived(facts.supplies, today)
    left = None if used is None else arrived - used - returned
    expected = _left_at(facts, count.at, zone) if count else None
    late = [
        one.sent_on
        for one in facts.supplies
        if one.arrived_on is None and today - one.sent_on > ARRIVES_WITHIN
    ]
    moved = [one.at for one in facts.used] + [one.at for one in facts.returned]
    found = {
        HomeProblem.DIFFERS: count is not None
        and expected is not None
        and count.lozenges != expected
        and not _answered(facts, count.at),
        HomeProblem.OVERDRAWN: left is not None
        and left < 0
        and not _answered(facts, max(moved, default=now)),
        HomeProblem.NOT_ARRIVED: bool(late),
        HomeProblem.UNEVEN: uneven is not None,
    }
    return HomeStanding(
        arrived=arrived,
        on_the_way=sum(one.lozenges for one in facts.supplies if one.arrived_on is None),
        used=used,
        returned=returned,
        left=left,
        count=count,
        expected=expected,
        uneven=uneven,
        late_since=min(late, default=None),
        problems=tuple(problem for problem, is_so in found.items() if is_so),
    )


def _answered(facts: HomeFacts, since: datetime) -> bool:
    return facts.concern_at is not None and facts.concern_at >= since


def _left_at(facts: HomeFacts, at: datetime, zone: ZoneInfo) -> int | None:
    used, returned = _sums(facts, lambda one: one <= at, zone)
    if used is None:
        return None
    return _arrived(facts.supplies, at.astimezone(zone).date()) - used - returned


def _arrived(supplies: Iterable[Supplied], by: date) -> int:
    return sum(one.lozenges for one in supplies if one.arrived_on and one.arrived_on <= by)


def _sums(
    facts: HomeFacts, counts: Callable[[datetime], bool], zone: ZoneInfo
) -> tuple[int | None, int]:
    """How many lozenges were used, None where that is no whole number, and how many went back."""
    used = [_lozenges(one, facts, zone) for one in facts.used if counts(one.at)]
    returned = sum(one.lozenges for one in facts.returned if counts(one.at))
    whole = [one for one in used if one is not None]
    return (sum(whole) if len(whole) == len(used) else None), returned


def _lozenges(one: Used, facts: HomeFacts, zone: ZoneInfo) -> int | None:
    """How many lozenges a dose was, of the strength that had arrived last; rounded never."""
    on = one.at.astimezone(zone).date()
    there = [each for each in facts.supplies if each.arrived_on and each.arrived_on <= on]
    of = max(there, key=lambda each: each.arrived_on or on, default=None) or min(
        facts.supplies, key=lambda each: each.sent_on, default=None
    )
    if of is None or one.ug % of.ug_each:
        return None
    return one.ug // of.ug_each
