"""The rows that alerts are judged from, as parts of a statement that asks for more."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    ScalarSelect,
    Select,
    String,
    case,
    cast,
    exists,
    extract,
    func,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import Session

from kapteam.db.matters import matter
from kapteam.db.tables import (
    Acknowledgement,
    Administration,
    AdverseEvent,
    Clearance,
    Clinician,
    ClinicianFunction,
    Contact,
    Episode,
    Hold,
    KetamineSession,
    Note,
    PrescriptionLookup,
    RecordSignature,
    Series,
    SeriesReview,
    SupportRecord,
    Vital,
)
from kapteam.db.types import UtcDateTime
from kapteam.rules.escalation import GivenDose
from kapteam.rules.signals import (
    EventFacts,
    LastReading,
    LeftChallenged,
    Prescribing,
    Quieted,
    SignalFacts,
)
from kapteam.rules.vitals import Pressure
from kapteam.vocabulary import (
    AdverseEventKind,
    ClearanceDecision,
    ContactKind,
    ContactOutcome,
    EpisodeState,
    EventSeverity,
    Function,
    NoteKind,
    RecordPart,
)

PRESSURE, OXYGEN, EVENT, QUIETED = "pressure", "oxygen", "event", "quieted"
CHALLENGE = "challenge"
PRESCRIBING, EVALUATED, DECIDED, SERIES = "prescribing", "evaluated", "decided", "series"
_DOSING = (EpisodeState.SERIES, EpisodeState.MAINTENANCE)
_ALLOWING = tuple(one for one in ClearanceDecision if one.allows_ketamine)
_VISITS = (ContactKind.EVALUATION, ContactKind.FOLLOW_UP)
_KEPT = (ContactOutcome.HELD, ContactOutcome.REACHED)


def selects(wanted: Any, since: Any) -> tuple[Select[Any], ...]:
    """The newest pressure and oxygen, the events, and what was quieted, of `wanted` since then.

    Also what a prescriber looked at last, whenever that was, and the doses of running series.
    """
    return (
        _newest(
            PRESSURE,
            wanted,
            since,
            Vital.systolic,
            kind=cast(Vital.systolic, String).concat("/").concat(cast(Vital.diastolic, String)),
        ),
        _newest(OXYGEN, wanted, since, Vital.oxygen, number=Vital.oxygen),
        matter(
            EVENT,
            KetamineSession.episode_id,
            id=AdverseEvent.id,
            kind=type_coerce(AdverseEvent.kind, String),
            level=type_coerce(AdverseEvent.severity, String),
            at=AdverseEvent.onset_at,
            person_id=KetamineSession.id,
            seen_at=AdverseEvent.resolved_at,
            number=cast(AdverseEvent.is_serious, Integer),
            ug=case((KetamineSession.discharged_at.is_not(None), 1), else_=0),
        )
        .join(KetamineSession, KetamineSession.id == AdverseEvent.ketamine_session_id)
        .where(
            KetamineSession.episode_id.in_(wanted),
            AdverseEvent.voided_at.is_(None),
            AdverseEvent.onset_at > since,
        ),
        matter(
            CHALLENGE,
            KetamineSession.episode_id,
            id=SupportRecord.id,
            at=SupportRecord.recorded_at,
            person_id=KetamineSession.id,
            number=SupportRecord.challenge["intensity"].as_integer(),
        )
        .join(KetamineSession, KetamineSession.id == SupportRecord.ketamine_session_id)
        .where(
            KetamineSession.episode_id.in_(wanted),
            SupportRecord.replaced_at.is_(None),
            SupportRecord.recorded_at > since,
            SupportRecord.challenge["is_over"].as_boolean().is_(False),
        ),
        matter(
            QUIETED,
            Acknowledgement.episode_id,
            id=Acknowledgement.id,
            kind=Acknowledgement.mark,
            level=Acknowledgement.reason,
            until_on=Acknowledgement.until_on,
            person=Clinician.name,
            at=Acknowledgement.at,
        )
        .join(Clinician, Clinician.id == Acknowledgement.by_id)
        .where(Acknowledgement.episode_id.in_(wanted), Acknowledgement.at > since),
        _prescribing(wanted),
        *_evaluated(wanted),
        _decided(wanted),
        _series(wanted),
    )


def _prescribing(wanted: Any) -> Select[Any]:
    """The clearance of each course on which ketamine is given, and that is not on hold."""
    newest = (
        select(Clearance.id)
        .where(Clearance.episode_id == Episode.id)
        .order_by(Clearance.decided_at.desc(), Clearance.id.desc())
        .limit(1)
        .correlate(Episode)
        .scalar_subquery()
    )
    return (
        matter(
            PRESCRIBING,
            Episode.id,
            id=Clearance.id,
            kind=type_coerce(Episode.state, String),
            at=Clearance.decided_at,
            from_on=Clearance.in_person_on,
            until_on=_looked_up_on(),
            seen_at=_series_began_at(),
        )
        .join(Clearance, Clearance.id == newest)
        .where(
            Episode.id.in_(wanted),
            Episode.state.in_(_DOSING),
            Clearance.decision.in_(_ALLOWING),
            ~exists().where(Hold.episode_id == Episode.id, Hold.released_at.is_(None)),
        )
    )


def _looked_up_on() -> ScalarSelect[Any]:
    return (
        select(func.max(PrescriptionLookup.looked_up_on))
        .where(
            PrescriptionLookup.client_id == Episode.client_id,
            PrescriptionLookup.voided_at.is_(None),
        )
        .correlate(Episode)
        .scalar_subquery()
    )


def _series_began_at() -> ScalarSelect[Any]:
    return (
        select(func.max(Series.started_at, type_=UtcDateTime()))
        .where(Series.episode_id == Episode.id, Series.ended_at.is_(None))
        .correlate(Episode)
        .scalar_subquery()
    )


def _evaluated(wanted: Any) -> tuple[Select[Any], ...]:
    """When a prescriber last met the client for it or signed for a session given on the course.

    Also when the pair last reviewed a series.
    """
    return (
        matter(
            EVALUATED,
            Contact.episode_id,
            at=func.max(Contact.happened_at, type_=UtcDateTime()),
        )
        .where(
            Contact.episode_id.in_(wanted),
            Contact.kind.in_(_VISITS),
            Contact.outcome.in_(_KEPT),
        )
        .group_by(Contact.episode_id),
        matter(
            EVALUATED,
            Series.episode_id,
            at=func.max(SeriesReview.reviewed_at, type_=UtcDateTime()),
        )
        .join(SeriesReview, SeriesReview.series_id == Series.id)
        .where(Series.episode_id.in_(wanted))
        .group_by(Series.episode_id),
        matter(
            EVALUATED,
            KetamineSession.episode_id,
            at=func.max(RecordSignature.signed_at, type_=UtcDateTime()),
        )
        .join(RecordSignature, RecordSignature.ketamine_session_id == KetamineSession.id)
        .where(
            KetamineSession.episode_id.in_(wanted),
            RecordSignature.part == RecordPart.MEDICAL,
            RecordSignature.signed_at.is_not(None),
            _prescribes(RecordSignature.signed_by_id),
        )
        .group_by(KetamineSession.episode_id),
    )


def _decided(wanted: Any) -> Select[Any]:
    """When a prescriber last signed a decision note about each course."""
    return (
        matter(DECIDED, Note.episode_id, at=func.max(Note.signed_at, type_=UtcDateTime()))
        .where(
            Note.episode_id.in_(wanted),
            Note.kind == NoteKind.DECISION,
            Note.signed_at.is_not(None),
            Note.voided_at.is_(None),
            _prescribes(Note.author_id),
        )
        .group_by(Note.episode_id)
    )


def _prescribes(clinician_id: Any) -> ColumnElement[bool]:
    return exists().where(
        ClinicianFunction.clinician_id == clinician_id,
        ClinicianFunction.function == Function.PRESCRIBER,
    )


def _series(wanted: Any) -> Select[Any]:
    """The doses of each running series as a text: `id:seconds:micrograms,…`."""
    given = (
        select(
            Series.episode_id,
            Series.id.label("series_id"),
            KetamineSession.id,
            cast(extract("epoch", func.min(Administration.started_at)), Integer).label("seconds"),
            func.sum(Administration.ug).label("ug"),
        )
        .join(KetamineSession, KetamineSession.series_id == Series.id)
        .join(Administration, Administration.ketamine_session_id == KetamineSession.id)
        .where(
            Series.episode_id.in_(wanted),
            Series.ended_at.is_(None),
            Administration.voided_at.is_(None),
        )
        .group_by(Series.episode_id, Series.id, KetamineSession.id)
        .subquery()
    )
    one = (
        given.c.id.concat(":")
        .concat(cast(given.c.seconds, String))
        .concat(":")
        .concat(cast(given.c.ug, String))
    )
    return matter(
        SERIES,
        given.c.episode_id,
        id=given.c.series_id,
        kind=func.aggregate_strings(one, ","),
    ).group_by(given.c.episode_id, given.c.series_id)


def _newest(what: str, wanted: Any, since: Any, figure: Any, **columns: Any) -> Select[Any]:
    """The newest row of each course in which this figure was read."""
    ranked = (
        select(
            Vital.id,
            func.row_number()
            .over(
                partition_by=KetamineSession.episode_id,
                order_by=(Vital.taken_at.desc(), Vital.id.desc()),
            )
            .label("recency"),
        )
        .join(KetamineSession, KetamineSession.id == Vital.ketamine_session_id)
        .where(
            KetamineSession.episode_id.in_(wanted),
            Vital.voided_at.is_(None),
            Vital.taken_at > since,
            figure.is_not(None),
        )
        .subquery()
    )
    given = (
        select(Administration.id)
        .where(
            Administration.ketamine_session_id == KetamineSession.id,
            Administration.voided_at.is_(None),
        )
        .exists()
    )
    return (
        matter(
            what,
            KetamineSession.episode_id,
            id=Vital.id,
            at=Vital.taken_at,
            person_id=KetamineSession.id,
            ug=case((given, 1), else_=0),
            **columns,
        )
        .join(KetamineSession, KetamineSession.id == Vital.ketamine_session_id)
        .join(ranked, ranked.c.id == Vital.id)
        .where(ranked.c.recency == 1)
    )


def read_facts(db: Session, episode_id: str, since: datetime) -> SignalFacts:
    """The facts of one course, in one statement."""
    return facts_of(db.execute(union_all(*selects((episode_id,), since))).all())


def facts_of(rows: Iterable[Any]) -> SignalFacts:
    """What `selects` found of one course; other rows among them are passed over."""
    rows = list(rows)
    readings = tuple(
        LastReading(
            row.id,
            row.person_id,
            row.at,
            bool(row.ug),
            Pressure(*map(int, row.kind.split("/"))) if row.what == PRESSURE else None,
            row.number if row.what == OXYGEN else None,
        )
        for row in rows
        if row.what in (PRESSURE, OXYGEN)
    )
    events = tuple(
        EventFacts(
            row.id,
            row.person_id,
            AdverseEventKind(row.kind),
            EventSeverity(row.level),
            bool(row.number),
            row.at,
            row.seen_at,
            bool(row.ug),
        )
        for row in rows
        if row.what == EVENT
    )
    challenges = tuple(
        LeftChallenged(row.id, row.person_id, row.at, row.number)
        for row in rows
        if row.what == CHALLENGE
    )
    quieted: dict[str, tuple[datetime, Quieted]] = {}
    for row in rows:
        if row.what == QUIETED and (row.kind not in quieted or quieted[row.kind][0] < row.at):
            quieted[row.kind] = row.at, Quieted(row.kind, row.until_on, row.level, row.person)
    return SignalFacts(
        readings,
        events,
        challenges,
        _prescribing_of(rows),
        tuple(_doses(row.kind) for row in rows if row.what == SERIES),
        _newest_at(rows, DECIDED),
        tuple(one for _, one in quieted.values()),
    )


def _prescribing_of(rows: list[Any]) -> Prescribing | None:
    row = next((row for row in rows if row.what == PRESCRIBING), None)
    return row and Prescribing(
        row.id,
        EpisodeState(row.kind),
        row.at,
        row.from_on,
        row.until_on,
        _newest_at(rows, EVALUATED, DECIDED),
        row.seen_at,
    )


def _newest_at(rows: list[Any], *what: str) -> datetime | None:
    return max((row.at for row in rows if row.what in what), default=None)


def _doses(text: str) -> tuple[GivenDose, ...]:
    found = (one.split(":") for one in text.split(","))
    return tuple(
        GivenDose(session_id, datetime.fromtimestamp(int(seconds), UTC), int(ug))
        for session_id, seconds, ug in found
    )
