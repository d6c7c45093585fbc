"""The rows that alerts are judged from, as parts of a statement that asks for more."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, Select, String, case, cast, func, select, type_coerce, union_all
from sqlalchemy.orm import Session

from kapteam.db.matters import matter
from kapteam.db.tables import (
    Acknowledgement,
    Administration,
    AdverseEvent,
    Clinician,
    KetamineSession,
    SupportRecord,
    Vital,
)
from kapteam.rules.signals import EventFacts, LastReading, LeftChallenged, Quieted
from kapteam.rules.vitals import Pressure
from kapteam.vocabulary import AdverseEventKind, EventSeverity

Facts = tuple[list[LastReading], list[EventFacts], list[LeftChallenged], list[Quieted]]
PRESSURE, OXYGEN, EVENT, QUIETED = "pressure", "oxygen", "event", "quieted"
CHALLENGE = "challenge"


def selects(wanted: Any, since: Any) -> tuple[Select[Any], ...]:
    """The newest pressure and oxygen, the events, and what was quieted, of `wanted` since then."""
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
    )


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


def read_facts(db: Session, episode_id: str, since: datetime) -> Facts:
    """The facts of one course, in one statement."""
    return facts_of(db.execute(union_all(*selects((episode_id,), since))).all())


def facts_of(
    rows: Iterable[Any],
) -> Facts:
    """What `selects` found of one course; other rows among them are passed over."""
    rows = list(rows)
    readings = [
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
    ]
    events = [
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
    ]
    challenges = [
        LeftChallenged(row.id, row.person_id, row.at, row.number)
        for row in rows
        if row.what == CHALLENGE
    ]
    quieted: dict[str, tuple[datetime, Quieted]] = {}
    for row in rows:
        if row.what == QUIETED and (row.kind not in quieted or quieted[row.kind][0] < row.at):
            quieted[row.kind] = row.at, Quieted(row.kind, row.until_on, row.level, row.person)
    return readings, events, challenges, [one for _, one in quieted.values()]
