"""What is kept of Spravato: who is enrolled, how a session was watched, what became of its form."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from sqlalchemy import and_, exists, select
from sqlalchemy.orm import Session, aliased

from kapteam.clock import day_of
from kapteam.db.access import visible_episodes
from kapteam.db.spravato import answered, enrolled_on
from kapteam.db.tables import (
    Administration,
    Client,
    Clinician,
    Episode,
    EpisodeMember,
    KetamineSession,
    MonitoringAnswers,
    MonitoringSubmission,
    RemsEnrollment,
    Series,
)
from kapteam.errors import NotFound
from kapteam.queries.live_session import live_session
from kapteam.queries.session_rows import AdministrationLine, EventLine, VitalLine
from kapteam.queries.standing import Asked, CourseHead
from kapteam.rules.monitoring_form import (
    CURRENT,
    FORMS,
    Answered,
    Event,
    FormDefinition,
    FormFacts,
    FormStanding,
    judge_form,
    missing,
)
from kapteam.rules.spravato import Device, Figures, Watched, is_spravato
from kapteam.vocabulary import (
    Part,
    ProductRoute,
    SessionStatus,
    SubmittedHow,
)

_MISSING = "There is no such session with Spravato, or you are not on its course of care."


@dataclass(frozen=True, slots=True)
class EnrollmentLine:
    """One enrollment; with `voided_at` it was entered in error."""

    id: str
    enrolled_on: date
    number: str
    recorded_by: str
    recorded_at: datetime
    voided_at: datetime | None
    voided_by: str
    void_reason: str


@dataclass(frozen=True, slots=True)
class Enrollments:
    """Those of the client of a course, the newest first; `has_series` of Spravato on it."""

    has_series: bool
    lines: tuple[EnrollmentLine, ...]


@dataclass(frozen=True, slots=True)
class AnswersLine:
    """The prescriber's answers that count, whose they are and since when."""

    id: str
    answered: Answered
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SubmissionLine:
    """That a form went out; with `voided_at` it was entered in error.

    `missing` is what it lacked then, `missing_reason` why. With `changed_at` the record says
    something else since, with `replaced_at` it was sent again.
    """

    id: str
    form_version: int
    submitted_on: date
    how: SubmittedHow
    by: str
    missing: str
    missing_reason: str
    changed_at: datetime | None
    replaced_at: datetime | None
    voided_at: datetime | None
    voided_by: str
    void_reason: str

    @property
    def counts(self) -> bool:
        """Whether it is how the form of its session went out."""
        return self.voided_at is None and self.replaced_at is None


class SpravatoSession(Protocol):
    """A ketamine session as its pages read it."""

    @property
    def id(self) -> str: ...

    @property
    def course(self) -> CourseHead: ...

    @property
    def status(self) -> SessionStatus: ...

    @property
    def product_route(self) -> ProductRoute: ...

    @property
    def administrations(self) -> tuple[AdministrationLine, ...]: ...

    @property
    def vitals(self) -> tuple[VitalLine, ...]: ...

    @property
    def events(self) -> tuple[EventLine, ...]: ...

    @property
    def discharged_at(self) -> datetime | None: ...

    @property
    def early_out_reason(self) -> str: ...

    @property
    def stopped_at(self) -> datetime | None: ...

    @property
    def end_reason(self) -> str: ...


@dataclass(frozen=True, slots=True)
class SpravatoRecord:
    """A session with Spravato as it was watched, and its form. Submissions by time."""

    session_id: str
    facts: FormFacts
    standing: FormStanding | None
    answers: AnswersLine | None
    submissions: tuple[SubmissionLine, ...]

    @property
    def submitted(self) -> SubmissionLine | None:
        """How it went out, of what was neither entered in error nor sent again."""
        return next((one for one in self.submissions if one.counts), None)

    @property
    def is_settled(self) -> bool:
        """Whether it went out and says what is recorded now."""
        return self.submitted is not None and self.submitted.changed_at is None

    @property
    def definition(self) -> FormDefinition:
        """The version of the form that it went out by; the newest while it is to be sent."""
        sent = self.submitted
        return FORMS[sent.form_version] if sent and self.is_settled else CURRENT

    def missing(self, now: datetime) -> tuple[str, ...]:
        """What the form lacks; nothing while no device was given."""
        return missing(self.definition, self.facts, now) if self.facts.watched.devices else ()


def watched_of(
    administrations: Iterable[AdministrationLine],
    vitals: Iterable[VitalLine],
    discharged_at: datetime | None,
) -> Watched:
    """How a session was watched, as the rules take it; nothing that was entered in error."""
    counted = (one for one in administrations if one.voided_at is None)
    read = (one for one in vitals if one.voided_at is None)
    return Watched(
        tuple(
            sorted(
                (Device(one.started_at, one.ug, one.lot) for one in counted),
                key=lambda one: one.given_at,
            )
        ),
        tuple(Figures(one.taken_at, one.pressure, one.oxygen) for one in read),
        discharged_at,
    )


def enrollments(db: Session, asked: Asked, episode_id: str) -> Enrollments:
    """The enrollments of the client of a course that the viewer may see, in one statement."""
    has_series = exists().where(
        Series.episode_id == Episode.id, Series.product_route == ProductRoute.ESKETAMINE_NASAL
    )
    voider = aliased(Clinician)
    rows = db.execute(
        select(has_series.label("has_series"), RemsEnrollment, Clinician.name, voider.name)
        .select_from(Episode)
        .outerjoin(RemsEnrollment, RemsEnrollment.client_id == Episode.client_id)
        .outerjoin(Clinician, Clinician.id == RemsEnrollment.recorded_by_id)
        .outerjoin(voider, voider.id == RemsEnrollment.voided_by_id)
        .where(Episode.id == episode_id, visible_episodes(asked.viewer, asked.now))
        .order_by(RemsEnrollment.recorded_at.desc(), RemsEnrollment.id.desc())
    ).all()
    return Enrollments(
        any(row.has_series for row in rows),
        tuple(
            EnrollmentLine(
                one.id,
                one.enrolled_on,
                one.number,
                by,
                one.recorded_at,
                one.voided_at,
                voided_by or "",
                one.void_reason,
            )
            for _, one, by, voided_by in rows
            if one is not None
        ),
    )


def spravato_record(db: Session, asked: Asked, session: SpravatoSession) -> SpravatoRecord:
    """How a session that its page has read was watched, and its form; in one statement."""
    vitals, events = session.vitals, session.events
    watched = watched_of(session.administrations, vitals, session.discharged_at)
    rows = _rows(db, asked, session.id, watched.first_at or asked.now)
    row = rows[0]
    answers = _answers(row)
    submissions = tuple(_submission(one) for one in rows if one.MonitoringSubmission is not None)
    name = session.course.client
    zone = asked.practice.zone
    facts = FormFacts(
        name=" ".join(filter(None, (name.given, name.family))),
        born_on=name.born_on,
        is_first=not row.had_before,
        enrolled_on=row.enrolled_on,
        medications=row.medications,
        provider=_provider(row),
        provider_phone=row.provider_phone or "",
        practice=asked.practice.name,
        watched=watched,
        events=tuple(
            Event(one.kind, one.is_serious, one.words, one.done, one.onset_at, one.resolved_at)
            for one in events
            if one.voided_at is None
        ),
        early_out_reason=session.early_out_reason,
        stopped_at=session.stopped_at,
        stop_reason=session.end_reason,
        answered=answers.answered if answers else None,
    )
    sent = [one for one in submissions if one.counts]
    return SpravatoRecord(
        session_id=session.id,
        facts=facts,
        standing=judge_form(
            day_of(watched.first_at, zone) if watched.first_at else None,
            asked.today,
            is_closed=session.status.is_given,
            is_submitted=bool(sent),
            is_changed=any(one.changed_at for one in sent),
        ),
        answers=answers,
        submissions=submissions,
    )


def form_to_print(db: Session, asked: Asked, session_id: str) -> SpravatoRecord:
    """The same for a session by its id, in four statements.

    Raises NotFound when there is none with Spravato or the viewer may not see it.
    """
    session = live_session(db, asked, session_id)
    if not is_spravato(session.product_route):
        raise NotFound(_MISSING)
    return spravato_record(db, asked, session)


def _rows(db: Session, asked: Asked, session_id: str, first_at: datetime) -> list[Any]:
    """A row for each submission of the session's form, or one without any."""
    provider, answerer = aliased(Clinician), aliased(Clinician)
    submitter, voider = aliased(Clinician), aliased(Clinician)
    member = aliased(EpisodeMember)
    other, other_course = aliased(KetamineSession), aliased(Episode)
    had_before = (
        select(Administration.id)
        .join(other, other.id == Administration.ketamine_session_id)
        .join(other_course, other_course.id == other.episode_id)
        .join(Series, Series.id == other.series_id)
        .where(
            other_course.client_id == Episode.client_id,
            other.id != KetamineSession.id,
            Series.product_route == ProductRoute.ESKETAMINE_NASAL,
            Administration.voided_at.is_(None),
            Administration.started_at < first_at,
        )
        .correlate(Episode, KetamineSession)
        .exists()
    )
    return list(
        db.execute(
            select(
                Client.medications,
                enrolled_on(Client.id).label("enrolled_on"),
                had_before.label("had_before"),
                member.elsewhere,
                provider.name.label("provider"),
                provider.credentials.label("credentials"),
                provider.phone.label("provider_phone"),
                MonitoringAnswers,
                answerer.name.label("answered_by"),
                MonitoringSubmission,
                submitter.name.label("submitted_by"),
                voider.name.label("submission_voided_by"),
            )
            .select_from(KetamineSession)
            .join(Episode, Episode.id == KetamineSession.episode_id)
            .join(Client, Client.id == Episode.client_id)
            .outerjoin(
                member,
                and_(
                    member.episode_id == Episode.id,
                    member.part == Part.PRESCRIBER,
                    member.from_at <= asked.now,
                    (member.until_at.is_(None)) | (member.until_at > asked.now),
                ),
            )
            .outerjoin(provider, provider.id == member.clinician_id)
            .outerjoin(
                MonitoringAnswers,
                and_(
                    MonitoringAnswers.ketamine_session_id == KetamineSession.id,
                    MonitoringAnswers.replaced_at.is_(None),
                ),
            )
            .outerjoin(answerer, answerer.id == MonitoringAnswers.answered_by_id)
            .outerjoin(
                MonitoringSubmission,
                MonitoringSubmission.ketamine_session_id == KetamineSession.id,
            )
            .outerjoin(submitter, submitter.id == MonitoringSubmission.submitted_by_id)
            .outerjoin(voider, voider.id == MonitoringSubmission.voided_by_id)
            .where(KetamineSession.id == session_id, visible_episodes(asked.viewer, asked.now))
            .order_by(MonitoringSubmission.recorded_at, MonitoringSubmission.id)
        )
    )


def _provider(row: Any) -> str:
    return ", ".join(filter(None, (row.provider or row.elsewhere or "", row.credentials or "")))


def _answers(row: Any) -> AnswersLine | None:
    kept: MonitoringAnswers | None = row.MonitoringAnswers
    if kept is None:
        return None
    return AnswersLine(
        kept.id,
        answered(kept),
        row.answered_by,
        kept.answered_at,
    )


def _submission(row: Any) -> SubmissionLine:
    kept: MonitoringSubmission = row.MonitoringSubmission
    return SubmissionLine(
        kept.id,
        kept.form_version,
        kept.submitted_on,
        kept.how,
        row.submitted_by,
        kept.missing,
        kept.missing_reason,
        kept.changed_at,
        kept.replaced_at,
        kept.voided_at,
        row.submission_voided_by or "",
        kept.void_reason,
    )
