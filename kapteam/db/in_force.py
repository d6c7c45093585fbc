"""The practice, its thresholds and its opening hours as they are in force."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    Date,
    Executable,
    String,
    bindparam,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from kapteam.db.audit import LAST_WRITTEN, token_of
from kapteam.db.tables import (
    Administration,
    ClosedDays,
    KetamineSession,
    Practice,
    PracticeSetting,
)
from kapteam.db.types import UtcDateTime
from kapteam.rules.cadence import USUAL_CADENCES, Cadences, cadences_in_force
from kapteam.rules.dosing import LONGEST_INFUSION, NOT_CLOSED_AFTER
from kapteam.rules.measures_in_use import switched
from kapteam.rules.plausibility import USUAL_BOUNDS, DoseBounds, bounds_in_force
from kapteam.rules.slots import USUAL_HOURS, Closure, OpeningHours, read_hours
from kapteam.rules.themes import USUAL_THEMES, themes_ever, themes_in_force
from kapteam.rules.thresholds import Thresholds, in_force

OPENING_HOURS = "opening_hours"
"""The key of the setting that holds them."""
_CLOSED_BEFORE = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class PracticeInForce:
    """The practice's name, its zone, whether it is the demo, and what it has set.

    Its thresholds, hours, dose bounds, and how often ketamine is given. `hours` hold the closed
    days from a month ago on. `token` is another word as soon as anything was saved, and tells
    nothing but that. `under_medicine` are the ketamine sessions of which nobody said that the
    client is out. `measures` are those that were switched on or off, by id. `themes` are those that
    an integration note offers, `themes_ever` also those that one may have offered.
    """

    name: str
    zone: ZoneInfo
    is_demo: bool
    thresholds: Thresholds
    hours: OpeningHours = USUAL_HOURS
    dose_bounds: DoseBounds = USUAL_BOUNDS
    token: str = ""
    under_medicine: frozenset[str] = frozenset()
    cadences: Cadences = USUAL_CADENCES
    measures: Mapping[str, bool] = field(default_factory=dict)
    themes: tuple[str, ...] = USUAL_THEMES
    themes_ever: tuple[str, ...] = USUAL_THEMES


_LAST_WRITTEN = LAST_WRITTEN.subquery()

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
    select(literal(3), null(), null(), null(), null(), _LAST_WRITTEN.c.id, null()),
    select(literal(4), null(), null(), null(), null(), KetamineSession.id, null())
    .join(Administration, Administration.ketamine_session_id == KetamineSession.id)
    .where(
        # An infusion's end counts; what began before is found by its own index.
        Administration.started_at > bindparam("begun_after", type_=UtcDateTime()),
        func.coalesce(Administration.ended_at, Administration.started_at)
        > bindparam("given_after", type_=UtcDateTime()),
        Administration.voided_at.is_(None),
        KetamineSession.discharged_at.is_(None),
    ),
).order_by("kind", "since", "id")


def practice_in_force(db: Session, now: datetime) -> PracticeInForce | None:
    """The practice as it is at `now`, in one statement; None before set-up.

    What the token stands for is read before whatever is read of this practice later.
    """
    given_after = now - NOT_CLOSED_AFTER
    times = {
        "now": now,
        "closed_after": (now - _CLOSED_BEFORE).date(),
        "given_after": given_after,
        "begun_after": given_after - LONGEST_INFUSION,
    }
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
        measures=switched((row.a, row.b) for row in settings),
        themes=themes_in_force((row.a, row.b) for row in settings),
        themes_ever=themes_ever((row.a, row.b) for row in settings),
        hours=replace(hours[-1] if hours else USUAL_HOURS, closures=closures),
        token=token_of(row.id for row in rows if row.kind == 3),
        under_medicine=frozenset(row.id for row in rows if row.kind == 4),
    )
