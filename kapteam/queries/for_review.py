"""What of ketamine sessions the next review looks at, until somebody says that it was reviewed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Executable,
    Select,
    String,
    Subquery,
    Text,
    and_,
    bindparam,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    null,
    or_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import Session

from kapteam.db.access import visible_episodes
from kapteam.db.reviewed import has_part, reviewed_until
from kapteam.db.spravato import submission_counts
from kapteam.db.tables import (
    Administration,
    Clinician,
    Episode,
    KetamineSession,
    MonitoringSubmission,
    ReadinessAnswer,
    RecordSignature,
)
from kapteam.db.types import UtcDateTime
from kapteam.queries.standing import Asked
from kapteam.vocabulary import (
    Answer,
    ForReview,
    Part,
    ReadinessItem,
    RecordPart,
    SessionStatus,
)

REACHES_BACK = timedelta(days=30)
"""How long something waits for a review: what is older stays on its ketamine session."""
_TAKES_PLACE = tuple(one for one in SessionStatus if one.is_open or one.is_given)


@dataclass(frozen=True, slots=True)
class ReviewLine:
    """One thing of one ketamine session, recorded or decided at `at`.

    `words` are its reason, and `by` who decided or did it, or whose word a dose was given on.
    `item` is what somebody went ahead without. `is_given`: the dose was. `left_without` a ride: the
    client has by now, and not only been given the dose. `waits_on`: who of the two has not looked
    at it.
    """

    kind: ForReview
    episode_id: str
    ketamine_session_id: str
    planned_at: datetime
    at: datetime
    words: str
    by: str
    item: ReadinessItem | None
    is_given: bool
    left_without: bool
    waits_on: tuple[Part, ...]


def for_review(db: Session, asked: Asked, *which: ColumnElement[bool]) -> tuple[ReviewLine, ...]:
    """What is to be reviewed on the courses that meet `which` (on Episode), the oldest first.

    It stands there until both of the two have looked at it. In one statement. Nothing for who reads
    no notes.
    """
    if not asked.viewer.reads_notes:
        return ()
    since = asked.now - REACHES_BACK
    wanted = select(Episode.id).where(visible_episodes(asked.viewer, asked.now), *which)
    rows: list[Any] = list(db.execute(_rows(wanted), {"now": asked.now}).all())
    lines = [_line(row, waits_on) for row in rows if row.at > since and (waits_on := _waits(row))]
    return tuple(sorted(lines, key=lambda one: (one.at, one.kind, one.ketamine_session_id)))


def for_review_of(db: Session, asked: Asked, episode_id: str) -> tuple[ReviewLine, ...]:
    """What is to be reviewed on one course."""
    return for_review(db, asked, Episode.id == episode_id)


def _waits(row: Any) -> tuple[Part, ...]:
    """Who of the two has not looked at it; where one part is nobody's here, it is the other's."""
    until = {Part.PRESCRIBER: row.prescriber_until, Part.THERAPIST: row.therapist_until}
    has = {Part.PRESCRIBER: row.has_prescriber, Part.THERAPIST: row.has_therapist}
    asked = [part for part in until if has[part]] or [Part.PRESCRIBER]
    return tuple(part for part in asked if (at := until[part]) is None or row.at > at)


def _line(row: Any, waits_on: tuple[Part, ...]) -> ReviewLine:
    return ReviewLine(
        ForReview(row.kind),
        row.episode_id,
        row.id,
        row.planned_at,
        row.at,
        row.words,
        row.by or "",
        ReadinessItem(row.item) if row.item else None,
        row.recorded_at is not None,
        bool(row.left_without_ride),
        waits_on,
    )


def _rows(wanted: Select[str]) -> Executable:
    return union_all(
        _breaches(wanted),
        _went_ahead(wanted),
        _no_ride(wanted),
        _as_told(wanted),
        _left(wanted),
        _struck(wanted),
        _incomplete_forms(wanted),
    )


def _left(wanted: Select[str]) -> Select[Any]:
    """Clients who left before the time, or with something that was not well (rule 40)."""
    given = _given(wanted)
    return (
        _about(
            ForReview.LEFT,
            given,
            at=KetamineSession.discharged_at,
            words=KetamineSession.early_out_reason,
            by=cast(null(), String),
        )
        .join(given, given.c.id == KetamineSession.id)
        .where(KetamineSession.early_out_reason != "", KetamineSession.discharged_at.is_not(None))
    )


def _struck(wanted: Select[str]) -> Select[Any]:
    """Doses that were marked as entered in error although the medical part was signed before."""
    given = _given(wanted)
    signed = exists().where(
        RecordSignature.ketamine_session_id == KetamineSession.id,
        RecordSignature.part == RecordPart.MEDICAL,
        RecordSignature.signed_at <= Administration.voided_at,
    )
    return (
        _about(
            ForReview.STRUCK,
            given,
            at=Administration.voided_at,
            words=Administration.void_reason,
            by=Clinician.name,
            recorded_at=Administration.recorded_at,
        )
        .outerjoin(given, given.c.id == KetamineSession.id)
        .join(Administration, Administration.ketamine_session_id == KetamineSession.id)
        .join(Clinician, Clinician.id == Administration.voided_by_id)
        .where(KetamineSession.episode_id.in_(wanted), signed)
    )


def _incomplete_forms(wanted: Select[str]) -> Select[Any]:
    """Monitoring forms of Spravato that went out with something missing (rule 38)."""
    given = _given(wanted)
    return (
        _about(
            ForReview.INCOMPLETE_FORM,
            given,
            at=MonitoringSubmission.recorded_at,
            words=MonitoringSubmission.missing.concat(": ").concat(
                MonitoringSubmission.missing_reason
            ),
            by=Clinician.name,
        )
        .join(given, given.c.id == KetamineSession.id)
        .join(MonitoringSubmission, MonitoringSubmission.ketamine_session_id == KetamineSession.id)
        .join(Clinician, Clinician.id == MonitoringSubmission.submitted_by_id)
        .where(submission_counts(), MonitoringSubmission.missing != "")
    )


def _breaches(wanted: Select[str]) -> Select[Any]:
    """Doses that went beyond what was allowed, each with what and why (rules 22 and 35)."""
    given = _given(wanted)
    return (
        _about(
            ForReview.BREACH,
            given,
            at=given.c.recorded_at,
            words=KetamineSession.breach_reason,
            by=cast(null(), String),
        )
        .join(given, given.c.id == KetamineSession.id)
        .where(KetamineSession.breach_reason != "")
    )


def _went_ahead(wanted: Select[str]) -> Select[Any]:
    """What somebody went ahead without, before a session (domain 1.5, rule 27)."""
    given = _given(wanted)
    return (
        _about(
            ForReview.WENT_AHEAD,
            given,
            at=ReadinessAnswer.answered_at,
            words=ReadinessAnswer.words,
            by=Clinician.name,
            item=cast(ReadinessAnswer.item, String),
        )
        .outerjoin(given, given.c.id == KetamineSession.id)
        .join(ReadinessAnswer, ReadinessAnswer.ketamine_session_id == KetamineSession.id)
        .join(Clinician, Clinician.id == ReadinessAnswer.answered_by_id)
        .where(
            KetamineSession.episode_id.in_(wanted),
            KetamineSession.status.in_(_TAKES_PLACE),
            ReadinessAnswer.answer == Answer.GO_AHEAD,
            ReadinessAnswer.replaced_at.is_(None),
        )
    )


def _no_ride(wanted: Select[str]) -> Select[Any]:
    """Doses of which nobody knew who takes the client home, then or when they left (rule 25)."""
    given, out_at = _given(wanted), KetamineSession.discharged_at
    ride = exists().where(
        ReadinessAnswer.ketamine_session_id == KetamineSession.id,
        ReadinessAnswer.item == ReadinessItem.RIDE,
    )
    known_at_the_dose = ride.where(
        ReadinessAnswer.answered_at <= given.c.first_at,
        or_(ReadinessAnswer.replaced_at.is_(None), ReadinessAnswer.replaced_at > given.c.first_at),
    )
    left_without = and_(out_at.is_not(None), ~ride.where(ReadinessAnswer.replaced_at.is_(None)))
    return (
        _about(
            ForReview.NO_RIDE,
            given,
            at=case(
                (and_(left_without, out_at > given.c.recorded_at), out_at),
                else_=given.c.recorded_at,
            ),
            words=literal(""),
            by=cast(null(), String),
            left_without_ride=left_without,
        )
        .join(given, given.c.id == KetamineSession.id)
        .where(KetamineSession.at_home.is_(False), ~known_at_the_dose)
    )


def _as_told(wanted: Select[str]) -> Select[Any]:
    """Doses on a prescriber's word that no prescriber has confirmed (rule 15)."""
    given = _given(wanted)
    return (
        _about(
            ForReview.AS_TOLD,
            given,
            at=Administration.recorded_at,
            words=Administration.reason,
            by=Clinician.name,
        )
        .join(given, given.c.id == KetamineSession.id)
        .join(Administration, Administration.ketamine_session_id == KetamineSession.id)
        .join(Clinician, Clinician.id == Administration.told_by_id)
        .where(Administration.confirmed_at.is_(None), Administration.voided_at.is_(None))
    )


def _about(kind: ForReview, given: Subquery, **columns: Any) -> Select[Any]:
    """A part of the union: what of which session, recorded when, why, by whom, without what."""
    course, now = KetamineSession.episode_id, bindparam("now", type_=UtcDateTime())
    return select(
        literal(kind.value).label("kind"),
        KetamineSession.episode_id.label("episode_id"),
        KetamineSession.id.label("id"),
        KetamineSession.planned_at.label("planned_at"),
        type_coerce(columns["at"], UtcDateTime()).label("at"),
        cast(columns["words"], Text).label("words"),
        columns["by"].label("by"),
        columns.get("item", cast(null(), String)).label("item"),
        columns.get("recorded_at", given.c.recorded_at).label("recorded_at"),
        columns.get("left_without_ride", false()).label("left_without_ride"),
        reviewed_until(course, Part.PRESCRIBER).label("prescriber_until"),
        reviewed_until(course, Part.THERAPIST).label("therapist_until"),
        has_part(course, Part.PRESCRIBER, now).label("has_prescriber"),
        has_part(course, Part.THERAPIST, now).label("has_therapist"),
    ).select_from(KetamineSession)


def _given(wanted: Select[str]) -> Subquery:
    """The sessions of these courses with a dose: first given when, last recorded when."""
    return (
        select(
            Administration.ketamine_session_id.label("id"),
            func.max(Administration.recorded_at, type_=UtcDateTime()).label("recorded_at"),
            func.min(Administration.started_at, type_=UtcDateTime()).label("first_at"),
        )
        .join(KetamineSession, KetamineSession.id == Administration.ketamine_session_id)
        .where(KetamineSession.episode_id.in_(wanted), Administration.voided_at.is_(None))
        .group_by(Administration.ketamine_session_id)
        .subquery()
    )
