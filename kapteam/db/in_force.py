"""The practice, its thresholds and its opening hours as they are in force."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Date, Executable, String, bindparam, cast, literal, null, select, union_all
from sqlalchemy.orm import Session

from kapteam.db.tables import ClosedDays, Practice, PracticeSetting
from kapteam.db.types import UtcDateTime
from kapteam.rules.cadence import USUAL_CADENCES, Cadences, cadences_in_force
from kapteam.rules.plausibility import USUAL_BOUNDS, DoseBounds, bounds_in_force
from kapteam.rules.slots import USUAL_HOURS, Closure, OpeningHours, read_hours
from kapteam.rules.thresholds import Thresholds, in_force

OPENING_HOURS = "opening_hours"
"""The key of the setting that holds them."""
_CLOSED_BEFORE = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class PracticeInForce:
    """The practice's name, its zone, whether it is the demo, and what it has set.

    Its thresholds, hours, dose bounds, and how often ketamine is given. `hours` hold the closed
    days from a month ago on.
    """

    name: str
    zone: ZoneInfo
    is_demo: bool
    thresholds: Thresholds
    hours: OpeningHours = USUAL_HOURS
    dose_bounds: DoseBounds = USUAL_BOUNDS
    cadences: Cadences = USUAL_CADENCES


# Every run of a page asks it, and to make the statement takes longer than to run it.
_IN_FORCE: Executable = union_all(
    select(
        literal(0).label("kind"),
        Practice.name.label("a"),
        Practice.zone.label("b"),
        Practice.is_demo.label("is_demo"),
        Practice.created_at.label("since"),
        Practice.id.label("id"),
        null().label("c"),
    ),
    select(
        literal(1),
        PracticeSetting.key,
        PracticeSetting.value,
        null(),
        PracticeSetting.in_force_from,
        PracticeSetting.id,
        null(),
    ).where(PracticeSetting.in_force_from <= bindparam("now", type_=UtcDateTime())),
    select(
        literal(2),
        cast(ClosedDays.from_on, String),
        cast(ClosedDays.until_on, String),
        null(),
        null(),
        ClosedDays.id,
        ClosedDays.name,
    ).where(
        ClosedDays.voided_at.is_(None),
        ClosedDays.until_on > bindparam("closed_after", type_=Date()),
    ),
).order_by("kind", "since", "id")


def practice_in_force(db: Session, now: datetime) -> PracticeInForce | None:
    """The practice as it is at `now`, in one statement; None before set-up."""
    times = {"now": now, "closed_after": (now - _CLOSED_BEFORE).date()}
    rows: list[Any] = list(db.execute(_IN_FORCE, times).all())
    if not rows or rows[0].kind != 0:
        return None
    head = rows[0]
    settings = [row for row in rows if row.kind == 1]
    hours = [read_hours(row.b) for row in settings if row.a == OPENING_HOURS]
    closures = tuple(
        Closure(date.fromisoformat(row.a), date.fromisoformat(row.b), row.c)
        for row in rows
        if row.kind == 2
    )
    return PracticeInForce(
        name=head.a,
        zone=ZoneInfo(head.b),
        is_demo=bool(head.is_demo),
        thresholds=in_force((row.a, row.b) for row in settings),
        dose_bounds=bounds_in_force((row.a, row.b) for row in settings),
        cadences=cadences_in_force((row.a, row.b) for row in settings),
        hours=replace(hours[-1] if hours else USUAL_HOURS, closures=closures),
    )
