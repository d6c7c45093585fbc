"""Ketamine sessions before they happen: booked with their integration slot, ordered, moved, ended.

Planning may be refused, always in a sentence; what happened is in `ketamine_sessions`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from kapteam import wording
from kapteam.actions.integration import (
    Owed,
    Slot,
    SlotEntered,
    ask_if_soon,
    before_dose,
    make_integration,
    read_slot,
)
from kapteam.actions.loading import (
    DoseEnd,
    administrations,
    clearance_at,
    integrations_of,
    is_on_hold,
    ketamine_session,
    linked_ends,
    need_clearance,
    need_lozenge,
    practice_zone,
    prescriber_of,
    product_route,
    read_plan,
)
from kapteam.actions.orders import NO_DOSE, read_dose
from kapteam.actions.practice import the_practice
from kapteam.actions.readiness import lapse, settle_ride
from kapteam.actions.saving import already_saved, check_changed, compare_and_swap
from kapteam.clock import day_of
from kapteam.db.access import visible_episode
from kapteam.db.audit import record
from kapteam.db.busy import busy_therapist
from kapteam.db.tables import (
    Absence,
    Clinician,
    ClinicianFunction,
    Contact,
    Episode,
    IntegrationSession,
    IntegrationSessionFor,
    KetamineSession,
    Series,
)
from kapteam.errors import NotAllowed
from kapteam.ids import new_id
from kapteam.rules.dosing import ends_session, estimated_last_given_at
from kapteam.rules.entered import Entered
from kapteam.rules.pathway import check_can_book_ketamine, check_has_ketamine
from kapteam.rules.permissions import (
    Viewer,
    can_order_dose,
    can_propose_dose,
    check_can_book,
    check_can_order_dose,
    check_can_record_session,
)
from kapteam.rules.recording import not_plannable, not_possible
from kapteam.rules.series import bookable_routes, goes_on, is_maintenance, last_review_before
from kapteam.rules.slots import not_free
from kapteam.vocabulary import (
    ContactOutcome,
    Function,
    How,
    IntegrationKind,
    OrderState,
    ProductRoute,
    SessionStatus,
)

SHORTEST_MINUTES, LONGEST_MINUTES = 15, 600
MOST_ORDERED = 30
FIRST_REVIEWED = 2
_UNBOOKED_MINUTES = 120
_NEVER_GIVEN = tuple(status for status in SessionStatus if ends_session(status))
_OPEN = tuple(status for status in SessionStatus if status.is_open)


@dataclass(frozen=True, slots=True)
class BookKetamineEntered:
    """A ketamine session and its integration slot; both ids are minted by the form.

    A prescriber who starts a series says its `ordered_count` and before which session it is
    reviewed (`review_before`, 0 for no review); nobody else does. A prescriber who books beyond the
    number ordered says why (`number_reason`), and so for a dose above the ceiling
    (`ceiling_reason`). A prescriber's `mg` (and `may_add` with its minutes) is an order, a
    therapist's a proposal. No slot while `integration_time` is empty: then, on a course that
    expects integration, `no_integration_reason` says why. That it begins in the session or right
    after it is meant says `integration_soon`. `integration_therapist` is a clinician's id, None
    where integration is elsewhere.
    """

    id: str
    episode_id: str
    product_route: ProductRoute | None
    planned_on: date | None
    planned_time: str
    planned_minutes: int | None
    place: str
    people_present: str
    at_home: bool
    local_emergency: str
    ordered_count: int | None
    mg: str
    may_add: str
    integration_id: str
    integration_on: date | None
    integration_time: str
    integration_minutes: int | None
    integration_how: How | None
    integration_place: str
    integration_therapist: str | None
    no_integration_reason: str
    order_reason: str = ""
    integration_soon: bool | None = None
    may_add_from: str = ""
    may_add_to: str = ""
    review_before: int | None = None
    number_reason: str = ""
    ceiling_reason: str = ""


@dataclass(frozen=True, slots=True)
class UnbookedEntered:
    """A ketamine session that took place and that nobody had booked; `id` is minted by the form."""

    id: str
    episode_id: str
    product_route: ProductRoute | None
    planned_on: date | None
    planned_time: str
    place: str


@dataclass(frozen=True, slots=True)
class MoveKetamineEntered:
    """Another time for a planned session.

    Its integration session moves along: to the slot entered here, or by the same shift while
    `integration_time` is empty. What was answered before it is asked anew, but for the ride where
    `ride_comes` at the new time too. That the slot begins in the session or right after it is meant
    says `integration_soon`.
    """

    ketamine_session_id: str
    version: int
    planned_on: date | None
    planned_time: str
    integration_on: date | None
    integration_time: str
    ride_comes: bool = False
    integration_soon: bool | None = None


@dataclass(frozen=True, slots=True)
class EndKetamineEntered:
    """Why a session without a dose is cancelled, was missed or was not given.

    `contacts` are the ids of the planned contacts of its course that are cancelled with it;
    `ride_told` says that who was to take the client home knows of it.
    """

    ketamine_session_id: str
    version: int
    reason: str
    contacts: tuple[str, ...] = ()
    ride_told: bool = False


@dataclass(frozen=True, slots=True)
class OrderedCountEntered:
    """How many ketamine sessions a series has from now on, and before which it is reviewed.

    `review_before` is 0 or None where no review is wanted.
    """

    series_id: str
    version: int
    ordered_count: int | None
    review_before: int | None = None


def book_ketamine_session(
    db: Session, viewer: Viewer, entered: BookKetamineEntered, now: datetime
) -> None:
    """Book a ketamine session with its series, its dose and its integration slot, all or nothing.

    Raises NotAllowed (the course takes no ketamine session now), NotFound, Invalid by field.
    """
    check_can_book(viewer)
    course = visible_episode(db, viewer, entered.episode_id, now)
    if already_saved(db, KetamineSession, entered.id):
        return
    check_can_book_ketamine(
        course.service_line, course.state, on_hold=is_on_hold(db, course.id, now)
    )
    zone = practice_zone(db, now)
    form = Entered()
    planned_at = read_plan(form, "planned_", entered.planned_on, entered.planned_time, zone, now)
    _check_minutes(form, entered.planned_minutes)
    place = form.line("place", entered.place, "The place")
    people_present = form.line("people_present", entered.people_present, "Who is present")
    number_there = form.line("local_emergency", entered.local_emergency, "The emergency number")
    route = entered.product_route
    need_lozenge(form, route, at_home=entered.at_home)
    clearance = clearance_at(db, course.id, now)
    need_clearance(form, "product_route", clearance, route, planned_at or now, zone)
    ended, series, beyond = _series(db, form, viewer, course, entered, now)
    if planned_at and entered.planned_minutes:
        _check_free(db, form, course, planned_at, entered.planned_minutes)
        _check_a_prescriber_is_here(db, form, planned_at, zone, now)
    dose, order_state = NO_DOSE, OrderState.NONE
    if entered.mg.strip() or entered.may_add.strip():
        order_state = OrderState.ORDERED if can_order_dose(viewer) else OrderState.PROPOSED
        ordering = can_order_dose(viewer)
        dose = read_dose(db, form, entered, clearance, course, series, now, ordering=ordering)
        form.need(
            "mg",
            can_order_dose(viewer) or can_propose_dose(viewer),
            "A prescriber orders the dose and a therapist may propose one. Leave this empty.",
        )
    slot, unbooked_reason = _slot(db, form, course, entered, planned_at, zone, now)
    form.done()
    assert planned_at is not None
    assert series is not None
    if ended is not None:
        ended.ended_at, ended.version = now, ended.version + 1
    db.add(series)
    db.flush()
    session = KetamineSession(
        id=entered.id,
        episode_id=course.id,
        series_id=series.id,
        status=SessionStatus.PLANNED,
        planned_at=planned_at,
        planned_minutes=entered.planned_minutes,
        place=place,
        people_present=people_present,
        at_home=entered.at_home,
        local_emergency=number_there if entered.at_home else "",
        order_state=order_state,
        **dose,
        ordered_by_id=viewer.clinician_id if dose["ordered_ug"] else None,
        ordered_at=now if dose["ordered_ug"] else None,
        no_integration_reason=unbooked_reason,
        number_reason=beyond,
        created_by_id=viewer.clinician_id,
        created_at=now,
    )
    db.add(session)
    db.flush()
    if slot is not None:
        owed = Owed(entered.integration_id, 0, course.id, (session.id,))
        make_integration(db, viewer, owed, slot.values, now)
    record(
        db,
        "ketamine_session:booked",
        viewer,
        now,
        client_id=course.client_id,
        subject_id=session.id,
        series=series.id,
        product_route=series.product_route,
        ordered_count=series.ordered_count,
        review_before=series.review_before,
        beyond_number=bool(beyond),
        above_ceiling=bool(dose["ceiling_reason"]),
        status=(None, session.status),
        planned_at=(None, planned_at),
        planned_minutes=session.planned_minutes,
        at_home=entered.at_home,
        order_state=order_state,
        ordered_ug=dose["ordered_ug"],
        may_add_ug=dose["may_add_ug"],
        may_add_from_minutes=dose["may_add_from_minutes"],
        may_add_to_minutes=dose["may_add_to_minutes"],
        integration_session=entered.integration_id if slot else None,
        integration_planned_at=slot.planned_at if slot else None,
        integration_therapist_id=slot.therapist_id if slot else None,
        no_integration_reason=unbooked_reason,
    )


def admit_unbooked_session(
    db: Session, viewer: Viewer, entered: UnbookedEntered, now: datetime
) -> None:
    """Make room for the record of a session that took place without a booking.

    Neither the state of the course nor its clearance or a hold stands in its way: what happened is
    recorded, and what of it went beyond is a breach of its doses. Raises NotAllowed (no KAP
    course), NotFound, Invalid by field.
    """
    check_can_record_session(viewer)
    course = visible_episode(db, viewer, entered.episode_id, now)
    if already_saved(db, KetamineSession, entered.id):
        return
    check_has_ketamine(course.service_line)
    form = Entered()
    zone = practice_zone(db, now)
    at = form.moment(
        "planned_time", entered.planned_on, entered.planned_time, zone, day_field="planned_on"
    )
    problem = not_possible(at, now) if at else None
    form.need("planned_time", problem is None, problem or "")
    form.need("product_route", entered.product_route is not None, "Choose product and route.")
    place = form.line("place", entered.place, "The place")
    if at and problem is None:
        _check_free(db, form, course, at, _UNBOOKED_MINUTES)
    form.done()
    assert at is not None
    assert entered.product_route is not None
    series = _series_for_unbooked(db, course, entered.product_route, at, now)
    db.add(
        KetamineSession(
            id=entered.id,
            episode_id=course.id,
            series_id=series.id,
            status=SessionStatus.PLANNED,
            planned_at=at,
            planned_minutes=_UNBOOKED_MINUTES,
            place=place,
            order_state=OrderState.NONE,
            created_by_id=viewer.clinician_id,
            created_at=now,
        )
    )
    record(
        db,
        "ketamine_session:unbooked",
        viewer,
        now,
        client_id=course.client_id,
        subject_id=entered.id,
        series=series.id,
        product_route=entered.product_route,
        planned_at=(None, at),
    )


def move_ketamine_session(
    db: Session, viewer: Viewer, entered: MoveKetamineEntered, now: datetime
) -> None:
    """Move a session in which nothing was given, and its open integration session with it.

    Raises NotAllowed, NotFound, Invalid by field, Conflict.
    """
    check_can_book(viewer)
    session, course = ketamine_session(db, viewer, entered.ketamine_session_id, now)
    _check_nothing_given(db, session, entered.version)
    zone = practice_zone(db, now)
    route = product_route(db, session)
    before = session.planned_at
    form = Entered()
    at = read_plan(form, "planned_", entered.planned_on, entered.planned_time, zone, now)
    if at:
        need_clearance(form, "planned_on", clearance_at(db, course.id, now), route, at, zone)
        _check_free(db, form, course, at, session.planned_minutes, besides=session.id)
        _check_a_prescriber_is_here(db, form, at, zone, now)
    moves: list[tuple[IntegrationSession, datetime]] = []
    if at and session.version == entered.version:
        moves = _integration_moves(db, form, session, entered, at, zone, now)
    form.done()
    if all(one.planned_at == planned_at for one, planned_at in moves):
        check_changed(session, entered.version, {"planned_at": at})
    if not compare_and_swap(db, session, entered.version, {"planned_at": at}):
        return
    session.arrived_at = session.discharged_at = None
    lapse(db, session, now, keeps_ride=entered.ride_comes)
    integrations = []
    for integration, planned_at in moves:
        integrations.append((integration.id, integration.planned_at, planned_at))
        integration.planned_at, integration.version = planned_at, integration.version + 1
    record(
        db,
        "ketamine_session:moved",
        viewer,
        now,
        client_id=course.client_id,
        subject_id=session.id,
        planned_at=(before, at),
        integration_sessions=integrations,
    )


def cancel_ketamine_session(
    db: Session, viewer: Viewer, entered: EndKetamineEntered, now: datetime
) -> None:
    """Cancel a session in which nothing was given; its own integration slot goes with it.

    A signed intention stays with the cancelled session. Raises NotAllowed, NotFound, Invalid by
    field, Conflict.
    """
    check_can_book(viewer)
    _end(db, viewer, entered, SessionStatus.CANCELLED, now)


def miss_ketamine_session(
    db: Session, viewer: Viewer, entered: EndKetamineEntered, now: datetime
) -> None:
    """Record that the client did not come, and so neither arrived nor left.

    Raises like `cancel_ketamine_session`.
    """
    check_can_record_session(viewer)
    _end(db, viewer, entered, SessionStatus.MISSED, now)


def mark_not_given(db: Session, viewer: Viewer, entered: EndKetamineEntered, now: datetime) -> None:
    """Record that the client came and nothing was given; raises like `cancel_ketamine_session`."""
    check_can_record_session(viewer)
    _end(db, viewer, entered, SessionStatus.NOT_GIVEN, now)


def set_ordered_count(
    db: Session, viewer: Viewer, entered: OrderedCountEntered, now: datetime
) -> None:
    """Order how many ketamine sessions a series has (rule 15: prescribers only).

    And before which of them it is reviewed, if any. Raises NotAllowed, NotFound, Invalid by field
    (fewer than are given or booked), Unchanged, Conflict.
    """
    check_can_order_dose(viewer)
    episode_id = db.scalar(select(Series.episode_id).where(Series.id == entered.series_id))
    course = visible_episode(db, viewer, episode_id or "", now)
    series = db.get_one(Series, entered.series_id)
    before, count = series.ordered_count, entered.ordered_count
    booked = _booked(db, series)
    least = max(1, booked)
    so_far = f"{wording.count(booked, 'session is', 'sessions are')} given or booked. "
    form = Entered()
    form.need(
        "ordered_count",
        count is not None
        and count <= MOST_ORDERED
        and (count >= least or series.version != entered.version),
        f"{so_far if booked else ''}"
        f"Enter how many sessions are ordered, {least} to {MOST_ORDERED}.",
    )
    review_before = _read_review(form, entered.review_before, count)
    form.done()
    values = {"ordered_count": count, "review_before": review_before}
    was_before = series.review_before
    check_changed(series, entered.version, values)
    if compare_and_swap(db, series, entered.version, values):
        record(
            db,
            "series:ordered" if before is None else "series:changed",
            viewer,
            now,
            client_id=course.client_id,
            subject_id=series.id,
            ordered_count=(before, count),
            review_before=(was_before, review_before),
        )


def _read_review(form: Entered, before: int | None, ordered: int | None) -> int | None:
    """Before which of the sessions ordered a series is reviewed; None where no review is wanted.

    The latest is once all were given. A number of sessions that cannot be is refused for itself.
    """
    known = ordered is not None and 1 <= ordered <= MOST_ORDERED
    most = last_review_before(ordered if ordered is not None and known else MOST_ORDERED)
    at_the_end = f": with {wording.count(most - 1, 'session')}, {most} is after the last"
    form.need(
        "review_before",
        not before or FIRST_REVIEWED <= before <= most,
        f"Enter the number of a session, {FIRST_REVIEWED} to {most}, or 0 for no review"
        f"{at_the_end if known else ''}.",
    )
    return before or None


def _check_minutes(form: Entered, minutes: int | None) -> None:
    form.need(
        "planned_minutes",
        minutes is not None and SHORTEST_MINUTES <= minutes <= LONGEST_MINUTES,
        f"Enter how long it takes, {SHORTEST_MINUTES} to {LONGEST_MINUTES} minutes.",
    )


def _check_free(
    db: Session,
    form: Entered,
    course: Episode,
    at: datetime,
    minutes: int,
    *,
    besides: str | None = None,
) -> None:
    """One client is in one ketamine session at a time, whoever of the two books."""
    until = at + timedelta(minutes=minutes)
    others = db.execute(
        select(KetamineSession.id, KetamineSession.planned_at, KetamineSession.planned_minutes)
        .join(Episode, Episode.id == KetamineSession.episode_id)
        .where(
            Episode.client_id == course.client_id,
            KetamineSession.status.in_(_OPEN),
            KetamineSession.planned_at < until,
            KetamineSession.planned_at > at - timedelta(minutes=LONGEST_MINUTES),
        )
    )
    form.need(
        "planned_time",
        not any(
            one.id != besides and one.planned_at + timedelta(minutes=one.planned_minutes) > at
            for one in others
        ),
        "This client already has a ketamine session at that time.",
    )


def _check_a_prescriber_is_here(
    db: Session, form: Entered, at: datetime, zone: ZoneInfo, now: datetime
) -> None:
    """Nobody is given ketamine while every prescriber of the practice is away."""
    rows = db.execute(
        select(Clinician.name, Absence.until_at)
        .join(ClinicianFunction, ClinicianFunction.clinician_id == Clinician.id)
        .outerjoin(
            Absence,
            and_(
                Absence.clinician_id == Clinician.id,
                Absence.voided_at.is_(None),
                Absence.from_at <= at,
                Absence.until_at > at,
            ),
        )
        .where(ClinicianFunction.function == Function.PRESCRIBER, Clinician.suspended_at.is_(None))
        .order_by(Clinician.name, Clinician.id)
    ).all()
    if rows and all(row.until_at is not None for row in rows):
        today = day_of(now, zone)
        away = [
            f"{row.name} until {wording.day(wording.last_day(row.until_at, zone), today)}"
            for row in rows
        ]
        form.refuse(
            "planned_on",
            f"No prescriber is here on that day. Away: {wording.listed(away)}. Choose another day.",
        )


def running_series(db: Session, course: Episode) -> Series | None:
    """The open series of a course."""
    return db.scalar(
        select(Series)
        .where(Series.episode_id == course.id, Series.ended_at.is_(None))
        .order_by(Series.started_at.desc(), Series.id.desc())
        .limit(1)
    )


def _booked(db: Session, series: Series) -> int:
    """How many of its sessions are given or still to come."""
    statement = (
        select(func.count())
        .select_from(KetamineSession)
        .where(
            KetamineSession.series_id == series.id,
            KetamineSession.status.not_in(_NEVER_GIVEN),
        )
    )
    return db.scalars(statement).one()


def _series_for_unbooked(
    db: Session, course: Episode, route: ProductRoute, at: datetime, now: datetime
) -> Series:
    """The running series while it has that route, else one of its own beside it."""
    current = running_series(db, course)
    if current is not None and current.product_route is route:
        return current
    own = Series(
        id=new_id(),
        episode_id=course.id,
        product_route=route,
        ordered_count=None,
        started_at=at,
        ended_at=now if current is not None else None,
        is_maintenance=is_maintenance(at, course.state, course.state_since),
    )
    db.add(own)
    db.flush()
    return own


def _series(
    db: Session,
    form: Entered,
    viewer: Viewer,
    course: Episode,
    entered: BookKetamineEntered,
    now: datetime,
) -> tuple[Series | None, Series | None, str]:
    """The series that this booking ends, if any, the one it belongs to, and why it goes beyond it.

    The open series goes on while product and route stay the same; while no number is ordered, it
    takes every session. Beyond the number only a prescriber books, with a reason (rule 15).
    """
    route, prescribing = entered.product_route, can_order_dose(viewer)
    if route is None:
        form.refuse("product_route", "Choose product and route.")
        return None, None, ""
    current = running_series(db, course)
    if (
        current is not None
        and current.product_route is route
        and goes_on(current.started_at, course.state, course.state_since)
    ):
        return None, current, _why_beyond(db, form, course, current, entered, prescribing, now)
    running = current.product_route if current is not None else None
    form.need(
        "product_route",
        route in bookable_routes([route], running, prescribing=prescribing),
        "The running series has another product or route. Ask a prescriber to change it.",
    )
    count = entered.ordered_count
    if prescribing:
        form.need(
            "ordered_count",
            count is not None and 1 <= count <= MOST_ORDERED,
            f"This starts a series. Enter how many sessions are ordered, 1 to {MOST_ORDERED}.",
        )
    else:
        form.need(
            "ordered_count",
            count is None,
            "Only a prescriber orders how many sessions a series has. Leave this empty.",
        )
        form.need(
            "review_before",
            not entered.review_before,
            "Only a prescriber orders when a series is reviewed. Leave this empty.",
        )
    started = Series(
        id=new_id(),
        episode_id=course.id,
        product_route=route,
        ordered_count=count,
        review_before=_read_review(form, entered.review_before, count),
        started_at=now,
        is_maintenance=is_maintenance(now, course.state, course.state_since),
    )
    return current, started, ""


def _why_beyond(
    db: Session,
    form: Entered,
    course: Episode,
    series: Series,
    entered: BookKetamineEntered,
    prescribing: bool,
    now: datetime,
) -> str:
    """Why this session goes beyond the number that is ordered; empty when it does not."""
    reason = form.text("number_reason", entered.number_reason, "The reason")
    if series.ordered_count is None or not is_full(db, series):
        return ""
    full = all_are_booked(series.ordered_count)
    if prescribing:
        form.need("number_reason", bool(reason), f"{full} Say why this one is added.")
    else:
        whom = prescriber_of(db, course, now).name
        form.refuse("ordered_count", f"{full} Ask {whom} to order more, or to add this one.")
    return reason


def is_full(db: Session, series: Series) -> bool:
    """Whether one more session would go beyond the number that is ordered."""
    return series.ordered_count is not None and _booked(db, series) >= series.ordered_count


def all_are_booked(ordered: int) -> str:
    """That a series takes no more sessions than it has: the sentence before whom to ask."""
    if ordered == 1:
        return "The 1 session that is ordered is given or booked."
    return f"All {ordered} sessions that are ordered are given or booked."


def _slot(
    db: Session,
    form: Entered,
    course: Episode,
    entered: BookKetamineEntered,
    planned_at: datetime | None,
    zone: ZoneInfo,
    now: datetime,
) -> tuple[Slot | None, str]:
    """The integration slot of a new session, or the reason why there is none."""
    reason = form.text(
        "no_integration_reason", entered.no_integration_reason, "The reason for no integration"
    )
    if not entered.integration_time.strip():
        if entered.integration_on is not None:
            form.refuse("integration_time", "Enter the time too, or leave the day empty.")
        elif course.expects_integration and not reason:
            form.refuse(
                "no_integration_reason", "Book the integration session as well, or say why not."
            )
        return None, reason
    form.need(
        "no_integration_reason",
        not reason,
        "There is a slot above. Leave the reason empty, or the slot.",
    )
    ends = []
    if planned_at and entered.product_route:
        end = estimated_last_given_at(planned_at, entered.product_route)
        length = timedelta(minutes=entered.planned_minutes or 0)
        ends = [DoseEnd(entered.id, end, ends_at=planned_at + length)]
    slot = SlotEntered(
        entered.integration_on,
        entered.integration_time,
        entered.integration_minutes,
        entered.integration_how,
        entered.integration_place,
        entered.integration_therapist,
        entered.integration_soon,
    )
    return read_slot(db, form, "integration_", slot, course.id, ends, zone, now), ""


def _check_nothing_given(db: Session, session: KetamineSession, seen_version: int) -> None:
    """Refuse what is only for a session without a dose.

    One that ended since the form was drawn is left to the comparison of versions: it is the second
    press of the same Save, or somebody else's.
    """
    if administrations(db, session.id):
        raise NotAllowed(
            "A dose was recorded, so this session was given. Close it or correct the record."
        )
    if session.version == seen_version and not session.status.is_open:
        raise NotAllowed(f"This session is over: {session.status.label.lower()}.")


def _integration_moves(
    db: Session,
    form: Entered,
    session: KetamineSession,
    entered: MoveKetamineEntered,
    at: datetime,
    zone: ZoneInfo,
    now: datetime,
) -> list[tuple[IntegrationSession, datetime]]:
    """Where the booked integration sessions of a session go that moves to `at`.

    Nobody is booked on a closed day unasked: what the same shift would bring there is typed.
    """
    booked = [one for one in _open_integrations(db, session.id) if one.planned_at is not None]
    booked.sort(key=lambda one: (one.planned_at or now, one.id))
    shift = at - session.planned_at
    moves = [(one, one.planned_at + shift) for one in booked if one.planned_at is not None]
    if moves and entered.integration_time.strip():
        typed = form.moment(
            "integration_time",
            entered.integration_on,
            entered.integration_time,
            zone,
            day_field="integration_on",
        )
        if typed is not None:
            moves[0] = (moves[0][0], typed)
    elif moves:
        problem = _not_free(db, *moves[0], zone, now)
        form.need("integration_time", problem is None, problem or "")
    ends_at = at + timedelta(minutes=session.planned_minutes)
    expected_at = estimated_last_given_at(at, product_route(db, session))
    own_end = DoseEnd(session.id, expected_at, ends_at=ends_at)
    for integration, planned_at in moves:
        others = [
            end for end in linked_ends(db, integration.id) if end.ketamine_session_id != session.id
        ]
        problem = not_plannable(planned_at, now) or before_dose(
            [own_end, *others], planned_at, now, zone
        )
        form.need("integration_time", problem is None, problem or "")
        # What moves by the same shift lies as far behind its dose as somebody wanted it.
        is_typed = planned_at != (integration.planned_at or now) + shift
        if is_typed and problem is None and not entered.integration_soon:
            ask_if_soon(form, "integration_soon", [own_end, *others], planned_at, now, zone)
    return moves


def _not_free(
    db: Session, integration: IntegrationSession, at: datetime, zone: ZoneInfo, now: datetime
) -> str | None:
    """Why an integration session is not shifted to `at` unasked; None if it is."""
    length = timedelta(minutes=integration.planned_minutes)
    therapist_id = integration.therapist_id
    busy = busy_therapist(db, therapist_id, now, besides=[integration.id]) if therapist_id else []
    problem = not_free(at, length, busy, zone, the_practice(db, now).hours)
    if problem is None:
        return None
    shifted = wording.moment(at, now, zone)
    return f"By the same shift its integration would be {shifted}, {problem}. Enter another time."


def _open_integrations(db: Session, ketamine_session_id: str) -> Sequence[IntegrationSession]:
    return [
        one
        for one in integrations_of(db, ketamine_session_id)
        if one.kind is IntegrationKind.FULL and one.held_at is None and one.closed_at is None
    ]


def _end(
    db: Session,
    viewer: Viewer,
    entered: EndKetamineEntered,
    status: SessionStatus,
    now: datetime,
) -> None:
    session, course = ketamine_session(db, viewer, entered.ketamine_session_id, now)
    _check_nothing_given(db, session, entered.version)
    zone = practice_zone(db, now)
    is_ahead = {
        SessionStatus.CANCELLED: False,
        SessionStatus.MISSED: session.planned_at > now,
        SessionStatus.NOT_GIVEN: day_of(session.planned_at, zone) > day_of(now, zone),
    }
    form = Entered()
    reason = form.text("reason", entered.reason, "The reason", required=True)
    form.need(
        "reason", not is_ahead[status], "This session is still ahead. Cancel or move it instead."
    )
    form.done()
    values: dict[str, Any] = {"status": status, "end_reason": reason}
    if status is SessionStatus.MISSED:
        values |= {"arrived_at": None, "discharged_at": None}
    before = {name: getattr(session, name) for name in values}
    if not compare_and_swap(db, session, entered.version, values):
        return
    session.closed_at, session.closed_by_id = now, viewer.clinician_id
    dropped = _drop_own_integrations(db, session, now)
    cancelled = _cancel_contacts(db, course, entered.contacts)
    is_told = entered.ride_told and settle_ride(db, session, now)
    record(
        db,
        f"ketamine_session:{status.value}",
        viewer,
        now,
        client_id=course.client_id,
        subject_id=session.id,
        planned_at=session.planned_at,
        dropped_integration_sessions=dropped,
        cancelled_contacts=cancelled,
        ride_told=is_told,
        **{
            name: (before[name], value)
            for name, value in values.items()
            if name != "end_reason" and before[name] != value
        },
    )


def _cancel_contacts(db: Session, course: Episode, ids: tuple[str, ...]) -> list[str]:
    """Cancel these planned contacts of a course; one that a colleague settled first stays so."""
    planned = db.scalars(
        select(Contact)
        .where(Contact.id.in_(ids), Contact.episode_id == course.id, Contact.outcome.is_(None))
        .order_by(Contact.id)
        .with_for_update()
    )
    cancelled = []
    for contact in planned:
        contact.outcome, contact.version = ContactOutcome.CANCELLED, contact.version + 1
        cancelled.append(contact.id)
    return cancelled


def _drop_own_integrations(db: Session, session: KetamineSession, now: datetime) -> list[str]:
    """Take back the open integration sessions that were for this session only (rule 3)."""
    dropped = []
    for integration in _open_integrations(db, session.id):
        links = db.scalar(
            select(func.count())
            .select_from(IntegrationSessionFor)
            .where(IntegrationSessionFor.integration_session_id == integration.id)
        )
        if links == 1:
            integration.dropped_at, integration.version = now, integration.version + 1
            integration.drop_reason = f"The ketamine session ended: {session.status.label.lower()}."
            dropped.append(integration.id)
    return dropped
