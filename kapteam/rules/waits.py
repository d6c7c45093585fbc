"""What a course of care waits for from outside, what an insurer authorized, and where it is stuck.

Domain 1.1 and 1.3. Days are those of the practice's calendar.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from kapteam.rules.pathway import EXPIRING
from kapteam.vocabulary import (
    ClearanceDecision,
    ConsentType,
    EpisodeState,
    OutsideParty,
    ServiceLine,
    Term,
    Tone,
)

WAITED_LONG = timedelta(days=7)
_BEFORE_A_DOSE = frozenset({EpisodeState.ASSESSMENT, EpisodeState.PREPARATION})


@dataclass(frozen=True, slots=True)
class OutsideWaitFacts:
    """One open wait: on whom, since when, and who calls them back on which day."""

    id: str
    kind: OutsideParty
    who: str
    since_on: date
    call_back_on: date | None
    caller_id: str

    def is_due(self, today: date) -> bool:
        """Whether the day to call back has come."""
        return self.call_back_on is not None and self.call_back_on <= today

    def is_forgotten(self, today: date) -> bool:
        """Whether nobody has said for more than a week on which day to call back."""
        return self.call_back_on is None and today - self.since_on > WAITED_LONG


@dataclass(frozen=True, slots=True)
class AuthorizationFacts:
    """What an insurer authorized: how many visits until which day, and how many were used."""

    id: str
    caller_id: str
    visits: int
    used: int
    until_on: date

    @property
    def left(self) -> int:
        """How many visits may still be used."""
        return max(0, self.visits - self.used)

    def is_over(self, today: date) -> bool:
        """Whether no visit is left, or its last day is past."""
        return self.left == 0 or self.until_on < today

    def tone(self, today: date, *, needed: bool) -> Tone | None:
        """How loud it ends; None while it does not. `needed` while doses are given or booked."""
        if self.is_over(today):
            return Tone.RED if needed else Tone.AMBER
        ends = self.left == 1 or self.until_on <= today + EXPIRING
        return Tone.AMBER if ends else None


@dataclass(frozen=True, slots=True)
class Authorized:
    """How many visits an insurer authorized, and from when until when (that instant is outside)."""

    visits: int
    from_at: datetime
    until_at: datetime

    def covers(self, at: datetime) -> bool:
        """Whether a visit at that time is one of them."""
        return self.from_at <= at < self.until_at


@dataclass(frozen=True, slots=True)
class BeyondAuthorized:
    """What was authorized and is gone beyond: by the `number` of the visit, None: by its day."""

    authorized: Authorized
    number: int | None


def beyond_authorized(
    at: datetime, others: Iterable[datetime], known: Sequence[Authorized]
) -> BeyondAuthorized | None:
    """Whether one more ketamine session at `at` goes beyond what insurers authorized.

    `others` are those of its course, given or to come: each uses a visit up. None while any of
    `known` has room, and where nobody authorized anything; else it is the one that ends last.
    """
    used = list(others)
    covering = [one for one in known if one.covers(at)]
    numbers = {one: 1 + sum(map(one.covers, used)) for one in covering}
    if any(number <= one.visits for one, number in numbers.items()):
        return None
    last = max(covering or known, key=lambda one: one.until_at, default=None)
    return BeyondAuthorized(last, numbers.get(last)) if last else None


def is_over_already(from_on: date | None, until_on: date | None, today: date) -> bool:
    """Whether an authorization that has just come was over before today: a slip, nearly always.

    Of days that cannot be, nothing is said: they are refused for themselves.
    """
    return until_on is not None and until_on < today and (from_on is None or from_on <= until_on)


class StuckOn(Term):
    """What holds a course up, the first that counts first."""

    OUTSIDE = "outside", "Someone outside"
    CLEARANCE = "clearance", "Clearance"
    CONSENTS = "consents", "Consents"
    DOSE = "dose", "Dose not booked"
    NOTHING = "nothing", "Nothing"


@dataclass(frozen=True, slots=True)
class StuckFacts:
    """What is asked of one open course. `called_on` is the day of the first call, if one is known.

    `decision` is the newest of a prescriber, None before the first.
    `cleared`, `missing_consents` and `dose_booked` count on a course with ketamine only.
    """

    service_line: ServiceLine
    state: EpisodeState
    is_dosed: bool
    opened_on: date
    called_on: date | None
    waits: tuple[OutsideWaitFacts, ...]
    cleared: bool
    missing_consents: tuple[ConsentType, ...]
    dose_booked: bool
    decision: ClearanceDecision | None = None


@dataclass(frozen=True, slots=True)
class Stuck:
    """What a course waits on. `day` is None once ketamine was given.

    The day of the first call is day 1; where no call is known (`is_since_call` False), the day on
    which the course was opened. `refused` is a decision against ketamine, for now or for good.
    """

    on: StuckOn
    day: int | None
    is_since_call: bool
    waits: tuple[OutsideWaitFacts, ...] = ()
    consents: tuple[ConsentType, ...] = ()
    refused: ClearanceDecision | None = None


def where_stuck(facts: StuckFacts, today: date) -> Stuck | None:
    """Where a course is stuck before its first dose, or while it waits on someone outside.

    None where the question is not asked: after the first dose, with nobody outside to wait on.
    """
    is_before = facts.state in _BEFORE_A_DOSE and not facts.is_dosed
    if not (is_before or facts.waits):
        return None
    began_on = facts.called_on or facts.opened_on
    day = (today - began_on).days + 1 if is_before else None
    on = _holds_up(facts, is_before=is_before)
    is_refused = on is StuckOn.CLEARANCE and facts.decision and not facts.decision.allows_ketamine
    return Stuck(
        on,
        day,
        facts.called_on is not None,
        waits=facts.waits if on is StuckOn.OUTSIDE else (),
        consents=facts.missing_consents if on is StuckOn.CONSENTS else (),
        refused=facts.decision if is_refused else None,
    )


def _holds_up(facts: StuckFacts, *, is_before: bool) -> StuckOn:
    if facts.waits:
        return StuckOn.OUTSIDE
    if not is_before or facts.service_line is not ServiceLine.KAP:
        return StuckOn.NOTHING
    if not facts.cleared:
        return StuckOn.CLEARANCE
    if facts.missing_consents:
        return StuckOn.CONSENTS
    return StuckOn.NOTHING if facts.dose_booked else StuckOn.DOSE
