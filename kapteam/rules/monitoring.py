"""Watching over a client under medicine: which reading is due when, and from when on they may go.

A reading is due before the dose, at the minutes after it that the order names, and before the
client leaves (domain 1.4). "Skipped, observed" answers for a reading as well.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from kapteam import wording
from kapteam.rules.alerts import Signal, SignalKind
from kapteam.rules.dosing import Given, last_given_at
from kapteam.rules.thresholds import Thresholds
from kapteam.vocabulary import ProductRoute, Term, Tone

_INJECTED = (15, 30, 45, 60)
USUAL_MINUTES: Mapping[ProductRoute, tuple[int, ...]] = {
    ProductRoute.INTRAVENOUS: _INJECTED,
    ProductRoute.INTRAMUSCULAR: _INJECTED,
    ProductRoute.SUBCUTANEOUS: _INJECTED,
    ProductRoute.ESKETAMINE_NASAL: (40,),
}
"""Minutes after the dose; of what is not named only before it and before leaving (domain 1.4)."""
SPRAVATO_MINUTES = 120
"""The label: at least two hours of observation after the last device (rules 38 and 40)."""
EARLY = timedelta(minutes=5)
"""Ours: a reading so long before its time is that one."""
LAST_BEFORE_OUT = timedelta(minutes=15)
"""Ours: a reading so long before the earliest time of leaving is the one before leaving."""
AGAIN = timedelta(minutes=10)
"""Domain 1.4: a figure that is red is read again after 10 to 15 minutes."""
VERY_LATE = timedelta(minutes=15)
"""Ours: a reading as late as that is the next one missed."""
MOST_READINGS = 12
LATEST_READING = 480


class ReadingStage(Term):
    """Which of the readings it is."""

    BEFORE = "before", "before the dose"
    AFTER = "after", "after the dose"
    LEAVING = "leaving", "before they leave"
    AGAIN = "again", "again"


@dataclass(frozen=True, slots=True)
class DueReading:
    """The reading that is due next. `at` None: it has no time of its own, it comes first.

    `minutes` after the dose, None for the ones before it and before leaving. `is_oxygen`: that is
    read again, and not the pressure.
    """

    stage: ReadingStage
    at: datetime | None
    minutes: int | None = None
    is_oxygen: bool = False


def minutes_due(stored: str | None, product_route: ProductRoute) -> tuple[int, ...]:
    """The minutes after the dose at which a reading is due, as ordered, else as is usual."""
    if stored is None:
        return USUAL_MINUTES.get(product_route, ())
    return tuple(int(one) for one in stored.split())


def read_due(text: str) -> str:
    """Minutes as typed (`15, 30, 60`), as they are kept; nothing typed: none between.

    Raises ValueError with a sentence.
    """
    parts = re.split(r"[,;\s]+", text.strip()) if text.strip() else []
    if not all(re.fullmatch(r"[0-9]{1,3}", one) for one in parts):
        raise ValueError("Enter minutes after the dose, for example 15, 30, 45, 60.")
    minutes = sorted({int(one) for one in parts})
    if len(minutes) > MOST_READINGS or any(not 1 <= one <= LATEST_READING for one in minutes):
        raise ValueError(
            f"Enter at most {MOST_READINGS} readings, 1 to {LATEST_READING} minutes after the dose."
        )
    return " ".join(map(str, minutes))


def counts_from(given: Sequence[Given], product_route: ProductRoute) -> datetime | None:
    """From when the minutes of the readings count: the first dose, of Spravato the last device."""
    if product_route is ProductRoute.ESKETAMINE_NASAL:
        return last_given_at(given)
    return min((one.started_at for one in given), default=None)


def earliest_out(
    given: Iterable[Given], product_route: ProductRoute, thresholds: Thresholds
) -> datetime | None:
    """From when on a client may go home (rule 40); None while nothing was given."""
    last = last_given_at(given)
    if last is None:
        return None
    is_spravato = product_route is ProductRoute.ESKETAMINE_NASAL
    minutes = SPRAVATO_MINUTES if is_spravato else thresholds.observation_minutes
    return last + timedelta(minutes=minutes)


def out_too_early(
    discharged_at: datetime,
    given: Sequence[Given],
    product_route: ProductRoute,
    thresholds: Thresholds,
) -> str | None:
    """Rule 40: why a client who left then is asked about; it is kept as it was, with the reason."""
    last, earliest = last_given_at(given), earliest_out(given, product_route, thresholds)
    if last is None or earliest is None or not last <= discharged_at < earliest:
        return None
    stayed, asked = wording.duration(discharged_at - last), wording.duration(earliest - last)
    return f"Out {stayed} after the last dose; this product asks for at least {asked}."


def next_reading(
    readings: Iterable[datetime],
    counted_from: datetime | None,
    minutes: Sequence[int],
    may_leave_at: datetime | None,
    *,
    is_out: bool,
    red: DueReading | None = None,
) -> DueReading | None:
    """Which reading is due next, of all that were taken; None when none is.

    A reading answers for every one that was due before it: what was missed is not made up for.
    What is `red` is read again before any other (`read_again_after`).
    """
    taken = sorted(readings)
    if is_out:
        return None
    if counted_from is None:
        return None if taken else DueReading(ReadingStage.BEFORE, None)
    regular = _regular(taken[-1] if taken else None, counted_from, minutes, may_leave_at)
    if red is None or red.at is None:
        return regular
    return regular if regular and regular.at and regular.at < red.at else red


def read_again_after(found: Iterable[Signal]) -> DueReading | None:
    """When the first figure that is red is read again; None while none is."""
    red = [one for one in found if one.is_reading and one.tone is Tone.RED]
    if not red:
        return None
    first = min(red, key=lambda one: one.at)
    is_oxygen = first.kind is SignalKind.OXYGEN
    return DueReading(ReadingStage.AGAIN, first.at + AGAIN, is_oxygen=is_oxygen)


def _regular(
    last: datetime | None,
    counted_from: datetime,
    minutes: Sequence[int],
    may_leave_at: datetime | None,
) -> DueReading | None:
    """The reading that the order has next, after the `last` one."""
    for one in sorted(minutes):
        at = counted_from + timedelta(minutes=one)
        if last is None or last < at - EARLY:
            return DueReading(ReadingStage.AFTER, at, one)
    if may_leave_at is None or (last is not None and last >= may_leave_at - LAST_BEFORE_OUT):
        return None
    return DueReading(ReadingStage.LEAVING, may_leave_at)


def is_entered_late(happened_at: datetime, recorded_at: datetime) -> bool:
    """Whether something reads "entered late": it was recorded more than a day after it was so."""
    return recorded_at - happened_at > timedelta(hours=24)
