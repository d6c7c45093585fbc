"""What was recorded of a ketamine session, from the answers before it to the signatures after."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    ColumnElement,
    Executable,
    Integer,
    Select,
    String,
    Text,
    bindparam,
    cast,
    literal,
    null,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from kapteam.db.tables import (
    Administration,
    AdverseEvent,
    Clinician,
    OtherMedicine,
    ReadinessAnswer,
    RecordSignature,
    SupportRecord,
    Vital,
)
from kapteam.db.types import UtcDateTime
from kapteam.queries.readiness import AnswerLine
from kapteam.queries.session_record import SessionRecord, SignatureLine, SupportLine
from kapteam.rules.permissions import Viewer
from kapteam.rules.session_record import SupportGiven
from kapteam.rules.vitals import Pressure
from kapteam.vocabulary import (
    AdministrationKind,
    AdverseEventKind,
    Answer,
    EventSeverity,
    IntentionTouched,
    MedicineRoute,
    ReadinessItem,
    RecordPart,
)

_voider = aliased(Clinician)
_DOSE, _OTHER, _VITAL, _EVENT = "dose", "other", "vital", "event"
_ANSWER, _SUPPORT, _SIGNATURE = "answer", "support", "signature"


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
    """All of it, each by time, also what was entered in error; of the answers those that count.

    The front desk is told of no answer but the ride, and of no support.
    """

    administrations: tuple[AdministrationLine, ...]
    other_medicines: tuple[OtherMedicineLine, ...]
    vitals: tuple[VitalLine, ...]
    events: tuple[EventLine, ...]
    answers: dict[ReadinessItem, AnswerLine]
    record: SessionRecord


def session_rows(db: Session, viewer: Viewer, session_id: str) -> SessionRows:
    """What was recorded of a session that the viewer may see, in one statement."""
    rows: list[Any] = list(db.execute(_ROWS, {"session_id": session_id}).all())
    return SessionRows(
        tuple(map(_administration, _of(rows, _DOSE))),
        tuple(map(_other_medicine, _of(rows, _OTHER))),
        tuple(map(_vital, _of(rows, _VITAL))),
        tuple(map(_event, _of(rows, _EVENT))),
        {
            item: _answer(row)
            for row in _of(rows, _ANSWER)
            if (item := ReadinessItem(row.kind)) is ReadinessItem.RIDE or viewer.reads_notes
        },
        SessionRecord(
            tuple(map(_support, reversed(_of(rows, _SUPPORT)))) if viewer.reads_notes else (),
            tuple(_signature(row, viewer) for row in _of(rows, _SIGNATURE)),
        ),
    )


def last_before(vitals: tuple[VitalLine, ...], began_at: datetime | None) -> VitalLine | None:
    """The last pressure that was read before the dose, and was not entered in error."""
    found = [
        one
        for one in vitals
        if one.pressure and one.voided_at is None and (began_at is None or one.taken_at <= began_at)
    ]
    return found[-1] if found else None


def _rows() -> Executable:
    """A row for each of it, by time."""
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
            **_recorded(Administration),
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
        **_recorded(OtherMedicine),
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
        **_recorded(Vital),
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
        **_recorded(AdverseEvent),
    ).join(Clinician, Clinician.id == AdverseEvent.recorded_by_id)
    answers = (
        _row(
            _ANSWER,
            ReadinessAnswer,
            at=ReadinessAnswer.answered_at,
            kind=type_coerce(ReadinessAnswer.item, String),
            level=type_coerce(ReadinessAnswer.answer, String),
            words=ReadinessAnswer.words,
        )
        .join(Clinician, Clinician.id == ReadinessAnswer.answered_by_id)
        .where(ReadinessAnswer.replaced_at.is_(None))
    )
    supports = _row(
        _SUPPORT,
        SupportRecord,
        at=SupportRecord.recorded_at,
        ended_at=SupportRecord.replaced_at,
        kind=type_coerce(SupportRecord.touched, String),
        words=SupportRecord.words,
        given=SupportRecord.given,
        touches=SupportRecord.touches,
        challenge=SupportRecord.challenge,
    ).join(Clinician, Clinician.id == SupportRecord.recorded_by_id)
    signatures = _row(
        _SIGNATURE,
        RecordSignature,
        at=RecordSignature.asked_at,
        ended_at=RecordSignature.signed_at,
        kind=type_coerce(RecordSignature.part, String),
        words=RecordSignature.signed_text,
        changed_at=RecordSignature.changed_at,
    ).outerjoin(Clinician, Clinician.id == RecordSignature.signed_by_id)
    tables = (
        (doses, Administration),
        (others, OtherMedicine),
        (vitals, Vital),
        (events, AdverseEvent),
        (answers, ReadinessAnswer),
        (supports, SupportRecord),
        (signatures, RecordSignature),
    )
    of_session = bindparam("session_id", type_=String())
    parts = (part.where(table.ketamine_session_id == of_session) for part, table in tables)
    return union_all(*parts).order_by("at", "row_id")


def _recorded(table: Any) -> dict[str, Any]:
    """What is kept of a row that may be marked as entered in error."""
    voider = (
        select(_voider.name)
        .where(_voider.id == table.voided_by_id)
        .correlate(table)
        .scalar_subquery()
    )
    kept = {name: getattr(table, name) for name in ("recorded_at", "voided_at", "void_reason")}
    return kept | {"voided_by": voider}


def _row(what: str, table: Any, *, at: Any, **columns: Any) -> Select[Any]:
    """One kind of row; PostgreSQL asks for a type wherever it has nothing."""
    kinds: dict[str, Any] = {
        "ended_at": UtcDateTime(),
        "kind": String(),
        "level": String(),
        "name": String(),
        "words": Text(),
        "more": String(),
        "ug": Integer(),
        "flag": Boolean(),
        "told_by": String(),
        "confirmed_at": UtcDateTime(),
        "changed_at": UtcDateTime(),
        "systolic": Integer(),
        "diastolic": Integer(),
        "heart_rate": Integer(),
        "oxygen": Integer(),
        "breaths": Integer(),
        "given": JSON(),
        "touches": JSON(),
        "challenge": JSON(),
        "recorded_at": UtcDateTime(),
        "voided_at": UtcDateTime(),
        "void_reason": Text(),
        "voided_by": String(),
    }
    cells: list[ColumnElement[Any]] = [
        columns.get(name, cast(null(), kind)).label(name) for name, kind in kinds.items()
    ]
    return select(
        literal(what).label("what"),
        table.id.label("row_id"),
        at.label("at"),
        *cells,
        Clinician.id.label("by_id"),
        Clinician.name.label("by"),
    ).select_from(table)


# The pages of a session ask it in every run, and to make the statement takes longer than to run it.
_ROWS = _rows()


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


def _answer(row: Any) -> AnswerLine:
    return AnswerLine(row.row_id, Answer(row.level), row.words, row.by, row.at)


def _support(row: Any) -> SupportLine:
    return SupportLine(
        row.row_id,
        SupportGiven.of(
            row.given,
            row.words,
            IntentionTouched(row.kind) if row.kind else None,
            row.touches,
            row.challenge,
        ),
        row.by,
        row.at,
        row.ended_at,
    )


def _signature(row: Any, viewer: Viewer) -> SignatureLine:
    return SignatureLine(
        row.row_id,
        RecordPart(row.kind),
        row.at,
        row.ended_at,
        row.by or "",
        row.changed_at,
        row.words if viewer.reads_notes else "",
    )
