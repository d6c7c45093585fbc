"""One ketamine session: its order, what was given, and the questions nobody may forget to ask."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from kapteam import wording
from kapteam.vocabulary import AdministrationKind, OrderState, ProductRoute, SessionStatus, Term

WAS_THIS_GIVEN_AFTER = timedelta(minutes=30)
NOT_CLOSED_AFTER = timedelta(hours=6)
LONGEST_INFUSION = timedelta(hours=6)


class Silence(Term):
    """What nobody pressed a button for (product.md, the core arc 5)."""

    WAS_THIS_GIVEN = "was_this_given", "Was this given?"
    NOT_CLOSED = "not_closed", "Not closed"


@dataclass(frozen=True, slots=True)
class Given:
    """One administration that counts. `ug` in micrograms; an infusion has an end."""

    started_at: datetime
    ended_at: datetime | None
    ug: int
    kind: AdministrationKind = AdministrationKind.DOSE


@dataclass(frozen=True, slots=True)
class MayAdd:
    """What an order lets be added once, in micrograms.

    From and to so many minutes after the dose; None: as early, or as late, as it comes.
    """

    ug: int
    from_minutes: int | None = None
    to_minutes: int | None = None


def may_add(ug: int | None, from_minutes: int | None, to_minutes: int | None) -> MayAdd | None:
    """What the columns of an order let be added; None: nothing."""
    return MayAdd(ug, from_minutes, to_minutes) if ug else None


def last_given_at(given: Iterable[Given]) -> datetime | None:
    """Rule 4: the last administration anchors the clock; an infusion's end counts."""
    return max((one.ended_at or one.started_at for one in given), default=None)


def total_ug(given: Iterable[Given]) -> int:
    """Rule 4: one session is one dose, boosters included. Micrograms."""
    return sum(one.ug for one in given)


def estimated_last_given_at(planned_at: datetime, product_route: ProductRoute) -> datetime:
    """Rule 2: without a record the clock runs from the plan, and is called estimated."""
    return planned_at + timedelta(minutes=product_route.giving_minutes)


def silence(
    status: SessionStatus,
    planned_at: datetime,
    planned_minutes: int,
    started_at: datetime | None,
    now: datetime,
) -> Silence | None:
    """What to ask about an open session.

    `started_at` is the first thing recorded (arrival or administration). 30 minutes past the
    planned end with nothing recorded: "Was this given?". Open for 6 hours: "Not closed".
    """
    if not status.is_open:
        return None
    if started_at is not None:
        return Silence.NOT_CLOSED if now >= started_at + NOT_CLOSED_AFTER else None
    planned_end = planned_at + timedelta(minutes=planned_minutes)
    return Silence.WAS_THIS_GIVEN if now >= planned_end + WAS_THIS_GIVEN_AFTER else None


def beyond_order(
    order_state: OrderState,
    ordered_ug: int | None,
    may_add: MayAdd | None,
    given: Sequence[Given],
) -> list[str | None]:
    """Why each of what was given is not covered by the order; None where it is.

    `given` in the order in which it was recorded, so that the one that takes the session beyond its
    order is the one that is asked about: also a dose that makes a booster recorded before it one
    too early. Rule 35: a difference beyond the order is stored with its reason, never silently.
    Times after the dose count from its last giving, an infusion's end.
    """
    if order_state is not OrderState.ORDERED or ordered_ug is None:
        return ["No dose was ordered." for _ in given]
    found = []
    for place in range(len(given)):
        until, before = given[: place + 1], given[:place]
        own = _difference(ordered_ug, may_add, place, until)
        of_others = (
            _difference(ordered_ug, may_add, other, until)
            for other in range(place)
            if _difference(ordered_ug, may_add, other, before) is None
        )
        found.append(own or next(filter(None, of_others), None))
    return found


def _difference(
    ordered_ug: int, may_add: MayAdd | None, place: int, given: Sequence[Given]
) -> str | None:
    """How the giving at `place` differs from the order, as far as `given` are recorded."""
    one, total = given[place], total_ug(given[: place + 1])
    earlier = [other for other in given if _is_dose_before(other, one)]
    adds = _adds(one, earlier, ordered_ug)
    if total > ordered_ug + (may_add.ug if may_add else 0) or (one.ug > ordered_ug and not adds):
        return "This is more than was ordered."
    if may_add is None or not adds:
        return None
    if any(
        _adds(other, [dose for dose in given if _is_dose_before(dose, other)], ordered_ug)
        for other in given[:place]
    ):
        return "The order lets it be added once, and this is one more."
    if one.ug > may_add.ug and total > ordered_ug:
        return "This is more than may be added."
    return _out_of_time(may_add, one, last_given_at(earlier))


def _is_dose_before(other: Given, one: Given) -> bool:
    """Whether `other` is no booster and was given before `one`."""
    return other.kind is not AdministrationKind.BOOSTER and other.started_at < one.started_at


def _adds(one: Given, earlier: Sequence[Given], ordered_ug: int) -> bool:
    """Whether it was added to the dose: a booster, or one more than the order's dose is made of."""
    if one.kind is AdministrationKind.BOOSTER:
        return True
    return bool(earlier) and total_ug(earlier) + one.ug > ordered_ug


def _out_of_time(may_add: MayAdd, one: Given, dose_at: datetime | None) -> str | None:
    """Why it was added too early or too late; None where the dose is not recorded yet."""
    if dose_at is None:
        return None
    minutes = (one.started_at - dose_at) // timedelta(minutes=1)
    first, last = may_add.from_minutes, may_add.to_minutes
    if (first is None or first <= minutes) and (last is None or minutes <= last):
        return None
    after = wording.duration(one.started_at - dose_at)
    says = wording.minutes_after(first, last)
    return f"It was added {after} after the dose; the order says {says}."


def check_administration_times(
    started_at: datetime, ended_at: datetime | None, now: datetime
) -> dict[str, str]:
    """Sentences for times that cannot be (rule 36); empty when they can."""
    if started_at > now:
        return {"started": "This time is in the future. Enter when it was given."}
    if ended_at is None:
        return {}
    if ended_at > now:
        return {"ended": "This time is in the future. Enter when the infusion ended."}
    if ended_at < started_at:
        return {"ended": "The end is before the start."}
    if ended_at - started_at > LONGEST_INFUSION:
        return {"ended": "That is longer than six hours. Check the times."}
    return {}


def ends_session(status: SessionStatus) -> bool:
    """Rule 3: cancelled, missed and not-given sessions owe no integration."""
    return status in {SessionStatus.CANCELLED, SessionStatus.MISSED, SessionStatus.NOT_GIVEN}
