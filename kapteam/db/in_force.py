"""The practice and its thresholds as they are in force."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import literal, null, select, union_all
from sqlalchemy.orm import Session

from kapteam.db.tables import Practice, PracticeSetting
from kapteam.rules.thresholds import Thresholds, in_force


@dataclass(frozen=True, slots=True)
class PracticeInForce:
    """The practice's name, its zone, whether it is the demo, and its thresholds."""

    name: str
    zone: ZoneInfo
    is_demo: bool
    thresholds: Thresholds


def practice_in_force(db: Session, now: datetime) -> PracticeInForce | None:
    """The practice as it is at `now`, in one statement; None before set-up."""
    practice = select(
        literal(0).label("kind"),
        Practice.name.label("a"),
        Practice.zone.label("b"),
        Practice.is_demo.label("is_demo"),
        Practice.created_at.label("since"),
        Practice.id.label("id"),
    )
    settings = select(
        literal(1),
        PracticeSetting.key,
        PracticeSetting.value,
        null(),
        PracticeSetting.in_force_from,
        PracticeSetting.id,
    ).where(PracticeSetting.in_force_from <= now)
    rows: list[Any] = list(
        db.execute(union_all(practice, settings).order_by("kind", "since", "id")).all()
    )
    if not rows or rows[0].kind != 0:
        return None
    head, *rest = rows
    return PracticeInForce(
        name=head.a,
        zone=ZoneInfo(head.b),
        is_demo=bool(head.is_demo),
        thresholds=in_force((row.a, row.b) for row in rest),
    )
