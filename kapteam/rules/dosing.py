"""One ketamine session: its order, what was given, and the questions nobody may forget to ask."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from kapteam.vocabulary import OrderState, ProductRoute, SessionStatus, Term

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
    order_state: OrderState, ordered_ug: int | None, may_add_ug: int | None, given_ug: int
) -> str | None:
    """Why `given_ug` (the session's total, micrograms) is not covered by the order; None if it is.

    Rule 35: a difference beyond the order is stored with its reason, never silently.
    """
    if order_state is not OrderState.ORDERED or ordered_ug is None:
        return "No dose was ordered."
    if given_ug > ordered_ug + (may_add_ug or 0):
        return "This is more than was ordered."
    return None


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
