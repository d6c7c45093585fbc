"""What was recorded of a ketamine session: doses, other medicines, readings, events."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Executable,
    Integer,
    Select,
    String,
    cast,
    literal,
    null,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from kapteam.db.tables import Administration, AdverseEvent, Clinician, OtherMedicine, Vital
from kapteam.db.types import UtcDateTime
from kapteam.rules.vitals import Pressure
from kapteam.vocabulary import AdministrationKind, AdverseEventKind, EventSeverity, MedicineRoute

_voider = aliased(Clinician)
_DOSE, _OTHER, _VITAL, _EVENT = "dose", "other", "vital", "event"


@dataclass(frozen=True, slots=True)
class AdministrationLine:
    """One giving of ketamine, in micrograms. `told_by` waits for confirmation until confirmed.

    `given_by` recorded it, and with `voided_at` `voided_by` marked it as entered in error.
    """

    id: str
    kind: AdministrationKind
    ug: int
    started_at: datetime
    ended_at: datetime | None
    lot: str
    reason: str
    given_by_id: str
    given_by: str
    is_witnessed: bool
    told_by: str | None
    confirmed_at: datetime | None
    voided_at: datetime | None
    voided_by: str
    void_reason: str


@dataclass(frozen=True, slots=True)
class OtherMedicineLine:
    """One medicine other than ketamine; it is in no total and moves no clock."""

    id: str
    name: str
    dose: str
    route: MedicineRoute
    given_at: datetime
    reason: str
    given_by: str
    is_witnessed: bool
    voided_at: datetime | None
    voided_by: str
    void_reason: str


@dataclass(frozen=True, slots=True)
class VitalLine:
    """One reading; what was not read is None. Nothing was measured where it `is_observed`."""

    id: str
    taken_at: datetime
    pressure: Pressure | None
    heart_rate: int | None
    oxygen: int | None
    breaths: int | None
    is_observed: bool
    words: str
    recorded_by: str
    recorded_at: datetime
    voided_at: datetime | None
    voided_by: str
    void_reason: str


@dataclass(frozen=True, slots=True)
class EventLine:
    """Something that befell the client; `resolved_at` None while it goes on."""

    id: str
    kind: AdverseEventKind
    severity: EventSeverity
    is_serious: bool
    words: str
    done: str
    onset_at: datetime
    resolved_at: datetime | None
    recorded_by: str
    recorded_at: datetime
    voided_at: datetime | None
    voided_by: str
    void_reason: str


@dataclass(frozen=True, slots=True)
class SessionRows:
    """All of it, each by time, also what was entered in error."""

    administrations: tuple[AdministrationLine, ...]
    other_medicines: tuple[OtherMedicineLine, ...]
    vitals: tuple[VitalLine, ...]
    events: tuple[EventLine, ...]


def session_rows(db: Session, session_id: str) -> SessionRows:
    """What was recorded of a session that the viewer may see, in one statement."""
    teller = aliased(Clinician)
    doses = (
        _row(
            _DOSE,
            Administration,
            at=Administration.started_at,
            ended_at=Administration.ended_at,
            kind=type_coerce(Administration.kind, String),
            name=Administration.lot,
            words=Administration.reason,
            ug=type_coerce(Administration.ug, Integer),
            flag=Administration.is_witnessed,
            told_by=teller.name,
            confirmed_at=Administration.confirmed_at,
        )
        .join(Clinician, Clinician.id == Administration.given_by_id)
        .outerjoin(teller, teller.id == Administration.told_by_id)
    )
    others = _row(
        _OTHER,
        OtherMedicine,
        at=OtherMedicine.given_at,
        kind=type_coerce(OtherMedicine.route, String),
        name=OtherMedicine.name,
        more=OtherMedicine.dose,
        words=OtherMedicine.reason,
        flag=OtherMedicine.is_witnessed,
    ).join(Clinician, Clinician.id == OtherMedicine.given_by_id)
    vitals = _row(
        _VITAL,
        Vital,
        at=Vital.taken_at,
        words=Vital.words,
        flag=Vital.is_observed,
        systolic=Vital.systolic,
        diastolic=Vital.diastolic,
        heart_rate=Vital.heart_rate,
        oxygen=Vital.oxygen,
        breaths=Vital.breaths,
    ).join(Clinician, Clinician.id == Vital.recorded_by_id)
    events = _row(
        _EVENT,
        AdverseEvent,
        at=AdverseEvent.onset_at,
        ended_at=AdverseEvent.resolved_at,
        kind=type_coerce(AdverseEvent.kind, String),
        level=type_coerce(AdverseEvent.severity, String),
        words=AdverseEvent.words,
        more=AdverseEvent.done,
        flag=AdverseEvent.is_serious,
    ).join(Clinician, Clinician.id == AdverseEvent.recorded_by_id)
    tables = (
        (doses, Administration),
        (others, OtherMedicine),
        (vitals, Vital),
        (events, AdverseEvent),
    )
    parts = (part.where(table.ketamine_session_id == session_id) for part, table in tables)
    statement: Executable = union_all(*parts).order_by("at", "row_id")
    rows: list[Any] = list(db.execute(statement).all())
    return SessionRows(
        tuple(map(_administration, _of(rows, _DOSE))),
        tuple(map(_other_medicine, _of(rows, _OTHER))),
        tuple(map(_vital, _of(rows, _VITAL))),
        tuple(map(_event, _of(rows, _EVENT))),
    )


def last_before(vitals: tuple[VitalLine, ...], began_at: datetime | None) -> VitalLine | None:
    """The last pressure that was read before the dose, and was not entered in error."""
    found = [
        one
        for one in vitals
        if one.pressure and one.voided_at is None and (began_at is None or one.taken_at <= began_at)
    ]
    return found[-1] if found else None


def _row(what: str, table: Any, **columns: Any) -> Select[Any]:
    """One kind of row; PostgreSQL asks for a type wherever it has nothing."""
    kinds: dict[str, Any] = {
        "ended_at": UtcDateTime(),
        "kind": String(),
        "level": String(),
        "name": String(),
        "words": String(),
        "more": String(),
        "ug": Integer(),
        "flag": Boolean(),
        "told_by": String(),
        "confirmed_at": UtcDateTime(),
        "systolic": Integer(),
        "diastolic": Integer(),
        "heart_rate": Integer(),
        "oxygen": Integer(),
        "breaths": Integer(),
    }
    cells: list[ColumnElement[Any]] = [
        columns.get(name, cast(null(), kind)).label(name) for name, kind in kinds.items()
    ]
    found = select(
        literal(what).label("what"),
        table.id.label("row_id"),
        columns["at"].label("at"),
        *cells,
        Clinician.id.label("by_id"),
        Clinician.name.label("by"),
        table.recorded_at,
        table.voided_at,
        _voider.name.label("voided_by"),
        table.void_reason,
    )
    return found.select_from(table).outerjoin(_voider, _voider.id == table.voided_by_id)


def _of(rows: Iterable[Any], what: str) -> list[Any]:
    return [row for row in rows if row.what == what]


def _administration(row: Any) -> AdministrationLine:
    return AdministrationLine(
        row.row_id,
        AdministrationKind(row.kind),
        row.ug,
        row.at,
        row.ended_at,
        row.name,
        row.words,
        row.by_id,
        row.by,
        row.flag,
        row.told_by,
        row.confirmed_at,
        row.voided_at,
        row.voided_by or "",
        row.void_reason,
    )


def _other_medicine(row: Any) -> OtherMedicineLine:
    return OtherMedicineLine(
        row.row_id,
        row.name,
        row.more,
        MedicineRoute(row.kind),
        row.at,
        row.words,
        row.by,
        row.flag,
        row.voided_at,
        row.voided_by or "",
        row.void_reason,
    )


def _vital(row: Any) -> VitalLine:
    return VitalLine(
        row.row_id,
        row.at,
        Pressure(row.systolic, row.diastolic) if row.systolic is not None else None,
        row.heart_rate,
        row.oxygen,
        row.breaths,
        row.flag,
        row.words,
        row.by,
        row.recorded_at,
        row.voided_at,
        row.voided_by or "",
        row.void_reason,
    )


def _event(row: Any) -> EventLine:
    return EventLine(
        row.row_id,
        AdverseEventKind(row.kind),
        EventSeverity(row.level),
        row.flag,
        row.words,
        row.more,
        row.at,
        row.ended_at,
        row.by,
        row.recorded_at,
        row.voided_at,
        row.voided_by or "",
        row.void_reason,
    )
