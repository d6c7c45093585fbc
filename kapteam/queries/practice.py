"""The practice: its team, what each of them has open, and its thresholds in force."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased

from kapteam import wording
from kapteam.db.access import visible_clients
from kapteam.db.cover import covers_or_will
from kapteam.db.in_force import PracticeInForce
from kapteam.db.tables import (
    Absence,
    Client,
    Clinician,
    ClinicianFunction,
    Episode,
    EpisodeMember,
    PracticeSetting,
)
from kapteam.errors import NotFound
from kapteam.instruments import instruments
from kapteam.queries.client_names import CLIENT_NAME, ClientName, client_named
from kapteam.queries.standing import Asked
from kapteam.rules.cadence import CADENCE_SETTINGS
from kapteam.rules.measures_in_use import is_measure_on, measure_settings
from kapteam.rules.permissions import Viewer
from kapteam.rules.plausibility import DOSE_BOUNDS
from kapteam.rules.thresholds import THRESHOLDS, Threshold
from kapteam.vocabulary import EpisodeState, Function, Part, ServiceLine


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody of the team. `has_password`: the one-time link was used.

    `covers` are the ids of those whose days away, begun or ahead, this one covers.
    """

    id: str
    name: str
    credentials: str
    phone: str
    sign_in_name: str
    functions: frozenset[Function]
    is_administrator: bool
    has_password: bool
    suspended_at: datetime | None
    version: int
    covers: frozenset[str]


@dataclass(frozen=True, slots=True)
class OpenPart:
    """A colleague's part in an open course; `client` is None for who may not see the client."""

    member_id: str
    episode_id: str
    part: Part
    code: str
    client: ClientName | None
    service_line: ServiceLine
    state: EpisodeState


@dataclass(frozen=True, slots=True)
class ThresholdLine:
    """One threshold: what it is, its value, where that comes from, since when and by whom."""

    key: str
    threshold: Threshold
    written: str
    source: str
    in_force_from: datetime | None
    set_by: str


def own_phone(db: Session, viewer: Viewer) -> tuple[str, int]:
    """The number at which colleagues reach this person, and the version of the row it is in."""
    row = db.execute(
        select(Clinician.phone, Clinician.version).where(Clinician.id == viewer.clinician_id)
    ).one()
    return row.phone, row.version


def team(db: Session, asked: Asked) -> tuple[Colleague, ...]:
    """Everybody of the practice, those who can sign in first, then by name."""
    functions: defaultdict[str, set[Function]] = defaultdict(set)
    covers: defaultdict[str, set[str]] = defaultdict(set)
    people: dict[str, Any] = {}
    for row in db.execute(
        select(
            Clinician.id,
            Clinician.name,
            Clinician.credentials,
            Clinician.phone,
            Clinician.sign_in_name,
            Clinician.is_administrator,
            Clinician.password_hash.is_not(None).label("has_password"),
            Clinician.suspended_at,
            Clinician.version,
            ClinicianFunction.function,
            Absence.clinician_id.label("absent_id"),
        )
        .outerjoin(ClinicianFunction, ClinicianFunction.clinician_id == Clinician.id)
        .outerjoin(Absence, covers_or_will(Clinician.id, asked.now))
        .order_by(Clinician.suspended_at.is_not(None), Clinician.name, Clinician.id)
    ):
        people[row.id] = row
        if row.function is not None:
            functions[row.id].add(row.function)
        if row.absent_id is not None:
            covers[row.id].add(row.absent_id)
    return tuple(
        Colleague(
            row.id,
            row.name,
            row.credentials,
            row.phone,
            row.sign_in_name,
            frozenset(functions[row.id]),
            row.is_administrator,
            row.has_password,
            row.suspended_at,
            row.version,
            frozenset(covers[row.id]),
        )
        for row in people.values()
    )


def colleague(colleagues: Iterable[Colleague], clinician_id: str) -> Colleague:
    """One of the team. Raises NotFound."""
    found = next((one for one in colleagues if one.id == clinician_id), None)
    if found is None:
        raise NotFound("There is no such colleague.")
    return found


def open_parts(db: Session, asked: Asked, clinician_id: str) -> tuple[OpenPart, ...]:
    """A colleague's parts in open courses, by client code."""
    # Aliased, because who may see the client is a condition on the plain tables.
    theirs, course = aliased(EpisodeMember), aliased(Episode)
    rows = db.execute(
        select(
            theirs.id.label("member_id"),
            theirs.episode_id,
            theirs.part,
            course.service_line,
            course.state,
            *CLIENT_NAME,
            visible_clients(asked.viewer, asked.now).label("is_visible"),
        )
        .join(course, course.id == theirs.episode_id)
        .join(Client, Client.id == course.client_id)
        .where(
            theirs.clinician_id == clinician_id,
            or_(theirs.until_at.is_(None), theirs.until_at > asked.now),
            course.state != EpisodeState.CLOSED,
        )
        .order_by(Client.code, theirs.part, theirs.id)
    )
    return tuple(
        OpenPart(
            row.member_id,
            row.episode_id,
            row.part,
            row.code,
            client_named(row.client_id, row) if row.is_visible else None,
            row.service_line,
            row.state,
        )
        for row in rows
    )


def with_function(colleagues: Iterable[Colleague], *functions: Function) -> dict[str, str]:
    """Id and name of those who hold one of the functions and can sign in, to choose from."""
    return {
        one.id: one.name
        for one in colleagues
        if not one.functions.isdisjoint(functions) and one.suspended_at is None
    }


def thresholds(db: Session, asked: Asked) -> tuple[ThresholdLine, ...]:
    """Every setting of one number as in force, its source, and since when (None: default).

    `written` as it is typed: a bound in mg.
    """
    latest = {
        row.key: row
        for row in db.execute(
            select(
                PracticeSetting.key,
                PracticeSetting.source,
                PracticeSetting.in_force_from,
                Clinician.name,
            )
            .join(Clinician, Clinician.id == PracticeSetting.set_by_id)
            .where(PracticeSetting.in_force_from <= asked.now)
            .order_by(PracticeSetting.in_force_from, PracticeSetting.id)
        )
    }
    return tuple(
        ThresholdLine(
            key,
            threshold,
            _written(asked.practice, key),
            latest[key].source if key in latest else threshold.source,
            latest[key].in_force_from if key in latest else None,
            latest[key].name if key in latest else "",
        )
        for settings in (
            THRESHOLDS,
            DOSE_BOUNDS,
            CADENCE_SETTINGS,
            measure_settings(instruments()),
        )
        for key, threshold in settings.items()
    )


def _written(practice: PracticeInForce, key: str) -> str:
    if key in CADENCE_SETTINGS:
        return str(practice.cadences.value(key))
    if key in measure_settings(instruments()):
        return str(int(is_measure_on(instruments(), practice.measures, key)))
    if key not in DOSE_BOUNDS:
        return str(getattr(practice.thresholds, key))
    return wording.mg(practice.dose_bounds.value(key)).removesuffix("mg").strip()
