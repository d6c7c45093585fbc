"""The practice: its team and its thresholds in force."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from kapteam.db.tables import Clinician, ClinicianFunction, PracticeSetting
from kapteam.queries.standing import Asked
from kapteam.rules.thresholds import THRESHOLDS, Threshold
from kapteam.vocabulary import Function


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody of the team. `has_password`: the one-time link was used."""

    id: str
    name: str
    credentials: str
    sign_in_name: str
    functions: frozenset[Function]
    is_administrator: bool
    has_password: bool
    suspended_at: datetime | None


@dataclass(frozen=True, slots=True)
class ThresholdLine:
    """One threshold: what it is, its value, where that comes from, since when."""

    key: str
    threshold: Threshold
    value: int
    source: str
    in_force_from: datetime | None


def team(db: Session, asked: Asked) -> tuple[Colleague, ...]:
    """Everybody of the practice, those who can sign in first, then by name."""
    functions: defaultdict[str, set[Function]] = defaultdict(set)
    for row in db.execute(select(ClinicianFunction.clinician_id, ClinicianFunction.function)):
        functions[row.clinician_id].add(row.function)
    rows = db.execute(
        select(
            Clinician.id,
            Clinician.name,
            Clinician.credentials,
            Clinician.sign_in_name,
            Clinician.is_administrator,
            Clinician.password_hash.is_not(None).label("has_password"),
            Clinician.suspended_at,
        ).order_by(Clinician.suspended_at.is_not(None), Clinician.name, Clinician.id)
    )
    return tuple(
        Colleague(
            row.id,
            row.name,
            row.credentials,
            row.sign_in_name,
            frozenset(functions[row.id]),
            row.is_administrator,
            row.has_password,
            row.suspended_at,
        )
        for row in rows
    )


def with_function(colleagues: Iterable[Colleague], function: Function) -> dict[str, str]:
    """Id and name of those who hold a function and can sign in, for a field to choose from."""
    return {
        one.id: one.name
        for one in colleagues
        if function in one.functions and one.suspended_at is None
    }


def thresholds(db: Session, asked: Asked) -> tuple[ThresholdLine, ...]:
    """Every threshold with the value in force, its source, and since when (None: the default)."""
    latest = {
        row.key: row
        for row in db.execute(
            select(PracticeSetting.key, PracticeSetting.source, PracticeSetting.in_force_from)
            .where(PracticeSetting.in_force_from <= asked.now)
            .order_by(PracticeSetting.in_force_from, PracticeSetting.id)
        )
    }
    return tuple(
        ThresholdLine(
            key,
            threshold,
            getattr(asked.practice.thresholds, key),
            latest[key].source if key in latest else threshold.source,
            latest[key].in_force_from if key in latest else None,
        )
        for key, threshold in THRESHOLDS.items()
    )
