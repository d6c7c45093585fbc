"""One ketamine session: its plan, its order, what was given, and what hangs on it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select, true, union_all
from sqlalchemy.orm import Session, aliased

from kapteam.db.access import visible_episodes
from kapteam.db.series import count_of, counts, has_given, place_of
from kapteam.db.signal_rows import score_facts_of, score_selects
from kapteam.db.spravato import had_spravato
from kapteam.db.tables import (
    Clinician,
    Contact,
    Episode,
    KetamineSession,
    Series,
    Weight,
)
from kapteam.errors import NotFound
from kapteam.instruments import measures_of
from kapteam.queries.critical import critical_of
from kapteam.queries.home_supply import home_of
from kapteam.queries.notes import NoteLine, intentions_of_dose
from kapteam.queries.practice import Colleague, team
from kapteam.queries.readiness import AnswerLine
from kapteam.queries.session_record import SessionRecord
from kapteam.queries.session_rows import (
    AdministrationLine,
    EventLine,
    OtherMedicineLine,
    VitalLine,
    session_rows,
)
from kapteam.queries.standing import (
    Asked,
    CourseHead,
    CourseSessions,
    DoseLine,
    IntegrationLine,
    course_sessions,
)
from kapteam.queries.views import is_seen_this_hour
from kapteam.queries.weights import WeightLine, is_newest, weight_line
from kapteam.rules.alerts import LONGEST_QUIET, Signal
from kapteam.rules.dosing import MayAdd, ends_session, may_add
from kapteam.rules.home_supply import HomeStanding
from kapteam.rules.measures_due import Due
from kapteam.rules.score_signals import measures_due
from kapteam.rules.series import SeriesCount, goes_on
from kapteam.rules.spravato import is_spravato
from kapteam.vocabulary import (
    ContactKind,
    IntegrationKind,
    OrderState,
    ProductRoute,
    ReadinessItem,
    SessionStatus,
)

_OPEN = tuple(status for status in SessionStatus if status.is_open)
_MISSING = "There is no such ketamine session, or you are not on its course of care."


@dataclass(frozen=True, slots=True)
class PlannedContact:
    """Something else that is planned on the course."""

    id: str
    kind: ContactKind
    planned_at: datetime
    person: str


@dataclass(frozen=True, slots=True)
class KetamineSessionPage:
    """Everything the page of one ketamine session shows.

    `contacts` are what else is planned on its course, while it is open itself. `line` is None once
    the course is closed or the session is. `number` in its series, None when it was never given;
    `count` is how far that is, `series_goes_on` while it takes the next dose, and `is_first` until
    any of it is given, of Spravato until the client was given any at all. `intentions` is None for
    the front desk. `seen_this_hour`: the audit log has it already that the viewer opened this
    chart. `critical` are the client's critical answers, `measures_due` what is asked for before it,
    where it is the next one.
    """

    id: str
    version: int
    seen_this_hour: bool
    of_course: CourseSessions
    contacts: tuple[PlannedContact, ...]
    line: DoseLine | None
    series_id: str
    series_version: int
    series_ended_at: datetime | None
    number: int | None
    count: SeriesCount
    series_goes_on: bool
    product_route: ProductRoute
    status: SessionStatus
    planned_at: datetime
    planned_minutes: int
    place: str
    people_present: str
    at_home: bool
    local_emergency: str
    home: HomeStanding | None
    order_state: OrderState
    ordered_ug: int | None
    may_add: MayAdd | None
    ordered_by: str | None
    ordered_at: datetime | None
    order_reason: str
    readings_due: str | None
    ceiling_reason: str
    number_reason: str
    weight: WeightLine | None
    is_first: bool
    arrived_at: datetime | None
    stopped_at: datetime | None
    discharged_at: datetime | None
    closed_at: datetime | None
    end_reason: str
    breach_reason: str
    early_out_reason: str
    no_integration_reason: str
    administrations: tuple[AdministrationLine, ...]
    answers: dict[ReadinessItem, AnswerLine]
    critical: tuple[Signal, ...]
    measures_due: tuple[Due, ...]
    other_medicines: tuple[OtherMedicineLine, ...]
    vitals: tuple[VitalLine, ...]
    events: tuple[EventLine, ...]
    record: SessionRecord
    intentions: tuple[NoteLine, ...] | None
    team: tuple[Colleague, ...]

    @property
    def course(self) -> CourseHead:
        """Whose course it is, and where it stands."""
        return self.of_course.course

    @property
    def integrations(self) -> tuple[IntegrationLine, ...]:
        """Its integrations while anything is to be done about them."""
        return tuple(
            line
            for line in self.of_course.integrations
            if any(dose.id == self.id for dose in line.doses)
        )

    @property
    def integration(self) -> IntegrationLine | None:
        """Its integration that is booked and still ahead."""
        return next(
            (
                line
                for line in self.integrations
                if line.kind is IntegrationKind.FULL and line.standing.facts.planned_at
            ),
            None,
        )

    @property
    def lacks_integration(self) -> bool:
        """Whether it owes an integration that no row or clock stands for yet."""
        owes = self.line is not None and self.line.owes_integration
        return owes and not any(line.kind is IntegrationKind.FULL for line in self.integrations)

    @property
    def lacks_number(self) -> bool:
        """Whether its series runs and no prescriber has ordered how many sessions it has."""
        return (
            self.of_course.is_open and self.series_ended_at is None and self.count.ordered is None
        )

    @property
    def counted(self) -> tuple[AdministrationLine, ...]:
        """The administrations that were not entered in error."""
        return tuple(one for one in self.administrations if one.voided_at is None)


def ketamine_session_page(db: Session, asked: Asked, session_id: str) -> KetamineSessionPage:
    """The ketamine session with this id.

    Raises NotFound when there is none or this person may not see it; the two read the same.
    """
    orderer, person = aliased(Clinician), aliased(Clinician)
    rows = db.execute(
        select(
            KetamineSession,
            Series,
            orderer.name.label("ordered_by"),
            is_seen_this_hour(asked, Episode.client_id).label("seen_this_hour"),
            Contact,
            person.name.label("person"),
            *counts(Series.id),
            Episode.state,
            Episode.state_since,
            Weight,
            has_given(Series.id).label("has_given"),
            place_of(KetamineSession).label("place_in_series"),
            had_spravato(Episode.client_id).label("had_spravato"),
        )
        .join(Episode, Episode.id == KetamineSession.episode_id)
        .join(Series, Series.id == KetamineSession.series_id)
        .outerjoin(orderer, orderer.id == KetamineSession.ordered_by_id)
        .outerjoin(
            Contact,
            and_(
                Contact.episode_id == Episode.id,
                Contact.outcome.is_(None),
                Contact.planned_at > asked.now,
                KetamineSession.status.in_(_OPEN),
            ),
        )
        .outerjoin(person, person.id == Contact.with_id)
        .outerjoin(Weight, is_newest(Episode.client_id))
        .where(KetamineSession.id == session_id, visible_episodes(asked.viewer, asked.now))
        .order_by(Contact.planned_at, Contact.id)
    ).all()
    if not rows:
        raise NotFound(_MISSING)
    dose, series, ordered_by, seen_this_hour, *_ = rows[0]
    of_course = course_sessions(db, asked, Episode.id == dose.episode_id, _MISSING)
    line = next((line for line in of_course.doses if line.id == session_id), None)
    recorded = session_rows(db, asked.viewer, session_id)
    scores = _scores(db, asked, dose.episode_id)
    return KetamineSessionPage(
        id=dose.id,
        version=dose.version,
        seen_this_hour=seen_this_hour,
        of_course=of_course,
        contacts=tuple(
            PlannedContact(row.Contact.id, row.Contact.kind, row.Contact.planned_at, row.person)
            for row in rows
            if row.Contact is not None
        ),
        line=line,
        series_id=series.id,
        series_version=series.version,
        series_ended_at=series.ended_at,
        number=None if ends_session(dose.status) else rows[0].place_in_series,
        count=count_of(series, rows[0]),
        series_goes_on=series.ended_at is None
        and goes_on(series.started_at, rows[0].state, rows[0].state_since),
        product_route=series.product_route,
        status=dose.status,
        planned_at=dose.planned_at,
        planned_minutes=dose.planned_minutes,
        place=dose.place,
        people_present=dose.people_present,
        at_home=dose.at_home,
        local_emergency=dose.local_emergency,
        home=home_of(db, asked, dose.episode_id) if dose.at_home else None,
        order_state=dose.order_state,
        ordered_ug=dose.ordered_ug,
        may_add=may_add(dose.may_add_ug, dose.may_add_from_minutes, dose.may_add_to_minutes),
        ordered_by=ordered_by,
        ordered_at=dose.ordered_at,
        order_reason=dose.order_reason,
        readings_due=dose.readings_due,
        ceiling_reason=dose.ceiling_reason,
        number_reason=dose.number_reason,
        weight=weight_line(asked, rows[0].Weight, series.started_at),
        is_first=not (
            rows[0].had_spravato if is_spravato(series.product_route) else rows[0].has_given
        ),
        arrived_at=dose.arrived_at,
        stopped_at=dose.stopped_at,
        discharged_at=dose.discharged_at,
        closed_at=dose.closed_at,
        end_reason=dose.end_reason,
        breach_reason=dose.breach_reason,
        early_out_reason=dose.early_out_reason,
        no_integration_reason=dose.no_integration_reason,
        administrations=recorded.administrations,
        answers=recorded.answers,
        critical=critical_of(asked, scores),
        measures_due=_measures_due(asked, of_course, session_id, scores),
        other_medicines=recorded.other_medicines,
        vitals=recorded.vitals,
        events=recorded.events,
        record=recorded.record,
        intentions=(
            intentions_of_dose(db, asked, session_id) if asked.viewer.reads_notes else None
        ),
        team=team(db, asked),
    )


def _scores(db: Session, asked: Asked, episode_id: str) -> list[Any]:
    """What there is of scores, in one statement; nothing for the front desk, in none."""
    if not asked.viewer.reads_notes:
        return []
    parts = score_selects(episode_id, asked.now - LONGEST_QUIET, true())
    return list(db.execute(union_all(*parts)).all())


def _measures_due(
    asked: Asked, of_course: CourseSessions, session_id: str, scores: list[Any]
) -> tuple[Due, ...]:
    """What is asked for, where this is the next session of its course."""
    ahead = sorted((line.planned_at, line.id) for line in of_course.doses if line.is_ahead)
    if not asked.viewer.reads_notes or not ahead or ahead[0][1] != session_id:
        return ()
    measures = measures_of(asked.practice.measures, asked.practice.zone)
    return measures_due(score_facts_of(scores), measures, asked.today, ahead[0][0])
