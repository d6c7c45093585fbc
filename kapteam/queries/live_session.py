"""One ketamine session while it goes on: its order, and all that is recorded of it so far."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.orm import Session, aliased

from kapteam.db.access import visible_episodes
from kapteam.db.tables import Client, Clinician, Episode, Hold, KetamineSession, Series, Weight
from kapteam.errors import NotFound
from kapteam.queries.client_names import CLIENT_NAME, client_named
from kapteam.queries.practice import Colleague, team
from kapteam.queries.session_rows import (
    AdministrationLine,
    EventLine,
    OtherMedicineLine,
    VitalLine,
    last_before,
    session_rows,
)
from kapteam.queries.standing import Asked, CourseHead
from kapteam.queries.views import is_seen_this_hour
from kapteam.queries.weights import WeightLine, is_newest, weight_line
from kapteam.rules.alerts import Signal
from kapteam.rules.dosing import Given, MayAdd, last_given_at, may_add
from kapteam.rules.monitoring import (
    DueReading,
    counts_from,
    earliest_out,
    minutes_due,
    next_reading,
)
from kapteam.rules.signals import EventFacts, SeenReading, in_session
from kapteam.vocabulary import OrderState, ProductRoute, SessionStatus

_MISSING = "There is no such ketamine session, or you are not on its course of care."


@dataclass(frozen=True, slots=True)
class LiveSession:
    """Everything the page of the hour itself shows. Doses in micrograms.

    `due` is the reading that is due next; `may_leave_at` None while nothing was given.
    `usual_pressure` and `allergies` as they stand on the client; None: not asked.
    """

    id: str
    version: int
    course: CourseHead
    seen_this_hour: bool
    product_route: ProductRoute
    status: SessionStatus
    planned_at: datetime
    place: str
    at_home: bool
    people_present: str
    order_state: OrderState
    ordered_ug: int | None
    may_add: MayAdd | None
    ordered_by: str | None
    readings_due: str | None
    arrived_at: datetime | None
    stopped_at: datetime | None
    discharged_at: datetime | None
    early_out_reason: str
    allergies: str | None
    usual_pressure: str | None
    weight: WeightLine | None
    administrations: tuple[AdministrationLine, ...]
    other_medicines: tuple[OtherMedicineLine, ...]
    vitals: tuple[VitalLine, ...]
    events: tuple[EventLine, ...]
    team: tuple[Colleague, ...]

    @property
    def counted(self) -> tuple[AdministrationLine, ...]:
        """The administrations that were not entered in error."""
        return tuple(one for one in self.administrations if one.voided_at is None)

    @property
    def given(self) -> tuple[Given, ...]:
        """The same, as the rules take them."""
        return tuple(Given(one.started_at, one.ended_at, one.ug, one.kind) for one in self.counted)

    @property
    def readings(self) -> tuple[VitalLine, ...]:
        """The readings that were not entered in error."""
        return tuple(one for one in self.vitals if one.voided_at is None)

    @property
    def before(self) -> VitalLine | None:
        """The last pressure that was read before the dose."""
        began_at = min((one.started_at for one in self.given), default=None)
        return last_before(self.vitals, began_at)

    def may_leave_at(self, asked: Asked) -> datetime | None:
        """From when on the client may go home."""
        return earliest_out(self.given, self.product_route, asked.practice.thresholds)

    def due(self, asked: Asked) -> DueReading | None:
        """The reading that is due next."""
        return next_reading(
            [one.taken_at for one in self.readings if one.pressure or one.is_observed],
            counts_from(self.given, self.product_route),
            minutes_due(self.readings_due, self.product_route),
            self.may_leave_at(asked),
            is_out=self.discharged_at is not None,
        )

    def alerts(self, asked: Asked) -> tuple[Signal, ...]:
        """What is loud in this session now, as the strip and the client's page say it."""
        return in_session(
            [SeenReading(one.id, one.taken_at, one.pressure, one.oxygen) for one in self.readings],
            [
                EventFacts(
                    one.id,
                    self.id,
                    one.kind,
                    one.severity,
                    one.is_serious,
                    one.onset_at,
                    one.resolved_at,
                    is_out=self.discharged_at is not None,
                )
                for one in self.events
                if one.voided_at is None
            ],
            asked.practice.thresholds,
            asked.now,
        )

    @property
    def last_given_at(self) -> datetime | None:
        """The last administration; an infusion's end counts."""
        return last_given_at(self.given)


def live_session(db: Session, asked: Asked, session_id: str) -> LiveSession:
    """The ketamine session with this id, in three statements.

    Raises NotFound when there is none or this person may not see it; the two read the same.
    """
    orderer = aliased(Clinician)
    row = db.execute(
        select(
            KetamineSession,
            Series.product_route,
            Series.started_at.label("series_started_at"),
            Episode.id.label("episode_id"),
            Episode.service_line,
            Episode.state,
            Episode.expects_intention,
            Episode.expects_integration,
            Hold.reason.label("hold_reason"),
            Hold.look_again_on,
            orderer.name.label("ordered_by"),
            is_seen_this_hour(asked, Episode.client_id).label("seen_this_hour"),
            Client.allergies,
            Client.usual_pressure,
            *CLIENT_NAME,
            Weight,
        )
        .join(Episode, Episode.id == KetamineSession.episode_id)
        .join(Client, Client.id == Episode.client_id)
        .join(Series, Series.id == KetamineSession.series_id)
        .outerjoin(Hold, and_(Hold.episode_id == Episode.id, Hold.released_at.is_(None)))
        .outerjoin(orderer, orderer.id == KetamineSession.ordered_by_id)
        .outerjoin(Weight, is_newest(Episode.client_id))
        .where(KetamineSession.id == session_id, visible_episodes(asked.viewer, asked.now))
        .limit(1)
    ).one_or_none()
    if row is None:
        raise NotFound(_MISSING)
    dose = row.KetamineSession
    rows = session_rows(db, session_id)
    return LiveSession(
        id=dose.id,
        version=dose.version,
        course=CourseHead(
            client_named(row.client_id, row),
            row.episode_id,
            row.service_line,
            row.state,
            row.expects_intention,
            row.expects_integration,
            row.hold_reason,
            row.look_again_on,
        ),
        seen_this_hour=row.seen_this_hour,
        product_route=row.product_route,
        status=dose.status,
        planned_at=dose.planned_at,
        place=dose.place,
        at_home=dose.at_home,
        people_present=dose.people_present,
        order_state=dose.order_state,
        ordered_ug=dose.ordered_ug,
        may_add=may_add(dose.may_add_ug, dose.may_add_from_minutes, dose.may_add_to_minutes),
        ordered_by=row.ordered_by,
        readings_due=dose.readings_due,
        arrived_at=dose.arrived_at,
        stopped_at=dose.stopped_at,
        discharged_at=dose.discharged_at,
        early_out_reason=dose.early_out_reason,
        allergies=row.allergies,
        usual_pressure=row.usual_pressure,
        weight=weight_line(asked, row.Weight, row.series_started_at),
        administrations=rows.administrations,
        other_medicines=rows.other_medicines,
        vitals=rows.vitals,
        events=rows.events,
        team=team(db, asked),
    )
