"""A series as a whole: that it was reviewed, and the rest of it booked from a plan."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from kapteam import wording
from kapteam.actions.booking import (
    BookKetamineEntered,
    all_are_booked,
    book_ketamine_session,
    is_full,
    running_series,
)
from kapteam.actions.loading import practice_zone, prescriber_of
from kapteam.actions.saving import already_saved
from kapteam.db.access import visible_episode
from kapteam.db.audit import record
from kapteam.db.busy import Whose, busy_therapist, other_sessions
from kapteam.db.series import counted
from kapteam.db.tables import Episode, KetamineSession, Series, SeriesReview
from kapteam.errors import Invalid, NotAllowed
from kapteam.rules.entered import Entered
from kapteam.rules.permissions import Viewer, check_can_book, check_can_review_series
from kapteam.rules.series import goes_on
from kapteam.vocabulary import How, ProductRoute

_OF_THE_ROW = frozenset(
    {
        "planned_on",
        "planned_time",
        "integration_on",
        "integration_time",
        "integration_soon",
        "no_integration_reason",
    }
)
_OF_THE_PLAN = frozenset(
    {
        "planned_minutes",
        "place",
        "integration_minutes",
        "integration_how",
        "integration_therapist",
    }
)


@dataclass(frozen=True, slots=True)
class SeriesReviewEntered:
    """What the review of a series came to, in a few words; `id` is minted by the form."""

    id: str
    series_id: str
    words: str


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """One session of a plan and its integration slot, both ids minted by the form.

    `name` is what the names of its fields begin with in the form: `rows.0.`.
    """

    name: str
    id: str
    planned_on: date | None
    planned_time: str
    integration_id: str
    integration_on: date | None
    integration_time: str
    integration_soon: bool | None
    no_integration_reason: str


@dataclass(frozen=True, slots=True)
class PlanEntered:
    """The sessions of a plan that are to be booked, and what they have in common.

    `series_id` is the series that the plan was made for.
    """

    episode_id: str
    series_id: str
    planned_minutes: int | None
    place: str
    integration_minutes: int | None
    integration_how: How | None
    integration_therapist: str | None
    rows: tuple[PlannedRow, ...]


def review_series(db: Session, viewer: Viewer, entered: SeriesReviewEntered, now: datetime) -> None:
    """Record that a series was reviewed, before the session that its prescriber named.

    Raises NotAllowed (no review is waited for), NotFound, Invalid (`words`).
    """
    check_can_review_series(viewer)
    episode_id = db.scalar(select(Series.episode_id).where(Series.id == entered.series_id))
    course = visible_episode(db, viewer, episode_id or "", now)
    if already_saved(db, SeriesReview, entered.id):
        return
    series = db.get_one(Series, entered.series_id)
    count = counted(db, series)
    if series.ended_at is not None or count.review_before is None or not count.awaits_review:
        raise NotAllowed("No review of this series is waited for.")
    form = Entered()
    words = form.few_words("words", entered.words, "What the review came to", required=True)
    form.done()
    db.add(
        SeriesReview(
            id=entered.id,
            series_id=series.id,
            before_number=count.review_before,
            words=words,
            reviewed_by_id=viewer.clinician_id,
            reviewed_at=now,
        )
    )
    record(
        db,
        "series:reviewed",
        viewer,
        now,
        client_id=course.client_id,
        subject_id=series.id,
        before_number=count.review_before,
    )


def book_plan(db: Session, viewer: Viewer, entered: PlanEntered, now: datetime) -> None:
    """Book the sessions of a plan, each as `book_ketamine_session` books one; all or nothing.

    No dose is ordered by it, and it never goes beyond the number ordered. What has been booked in
    the same place, with the same prescriber or with that therapist since the plan was drawn is said
    beside its row.

    Raises NotAllowed (no series with a number runs), NotFound, Invalid by field of the row.
    """
    check_can_book(viewer)
    course = visible_episode(db, viewer, entered.episode_id, now)
    if not entered.rows:
        raise Invalid({"rows": "Tick at least one session."})
    rows = [one for one in entered.rows if not already_saved(db, KetamineSession, one.id)]
    if not rows:
        return
    series = running_series(db, course)
    if (
        series is None
        or series.id != entered.series_id
        or not goes_on(series.started_at, course.state, course.state_since)
    ):
        raise NotAllowed("Another series runs by now. Open the plan anew.")
    if series.ordered_count is None:
        whom = prescriber_of(db, course, now).name
        raise NotAllowed(f"Nobody has ordered how many sessions this series has. Ask {whom}.")
    problems: dict[str, str] = {}
    for row in rows:
        try:
            _book(db, viewer, course, series, entered, row, now)
        except Invalid as error:
            problems |= _by_field(row, error.fields)
    if problems:
        raise Invalid(problems)


def _book(
    db: Session,
    viewer: Viewer,
    course: Episode,
    series: Series,
    entered: PlanEntered,
    row: PlannedRow,
    now: datetime,
) -> None:
    if series.ordered_count is not None and is_full(db, series):
        full = all_are_booked(series.ordered_count)
        raise Invalid({"planned_on": f"{full} Leave this one out."})
    clashes = _clashes(db, course, entered, row, practice_zone(db, now), now)
    if clashes:
        raise Invalid(clashes)
    book_ketamine_session(db, viewer, _booking(entered, row, series.product_route), now)


def _booking(entered: PlanEntered, row: PlannedRow, route: ProductRoute) -> BookKetamineEntered:
    return BookKetamineEntered(
        id=row.id,
        episode_id=entered.episode_id,
        product_route=route,
        planned_on=row.planned_on,
        planned_time=row.planned_time,
        planned_minutes=entered.planned_minutes,
        place=entered.place,
        people_present="",
        at_home=False,
        local_emergency="",
        ordered_count=None,
        mg="",
        may_add="",
        integration_id=row.integration_id,
        integration_on=row.integration_on,
        integration_time=row.integration_time,
        integration_minutes=entered.integration_minutes,
        integration_how=entered.integration_how,
        integration_place="",
        integration_therapist=entered.integration_therapist,
        no_integration_reason=row.no_integration_reason,
        integration_soon=row.integration_soon,
    )


def _clashes(
    db: Session,
    course: Episode,
    entered: PlanEntered,
    row: PlannedRow,
    zone: ZoneInfo,
    now: datetime,
) -> dict[str, str]:
    """What is booked already at the times of a row, by its field."""
    found: dict[str, str] = {}
    at = _instant(row.planned_on, row.planned_time, zone)
    if at is not None:
        until = at + timedelta(minutes=entered.planned_minutes or 0)
        whose = Whose(course.client_id, entered.place, prescriber_of(db, course, now).id)
        for one in other_sessions(db, whose, now).taken:
            if at < one.until_at and one.from_at < until:
                found["planned_time"] = f"{wording.first_up(one.why)}. Choose another time."
    at = _instant(row.integration_on, row.integration_time, zone)
    if at is not None and entered.integration_therapist is not None:
        until = at + timedelta(minutes=entered.integration_minutes or 0)
        booked = busy_therapist(db, entered.integration_therapist, now)
        if any(at < one.until_at and one.from_at < until for one in booked if not one.is_away):
            found["integration_time"] = (
                "The therapist has another integration session then. Choose another time."
            )
    return found


def _instant(on: date | None, typed: str, zone: ZoneInfo) -> datetime | None:
    """The instant of two fields; None where they say none, which the booking itself refuses."""
    try:
        return wording.at_local(on, wording.read_time(typed), zone) if on else None
    except ValueError:
        return None


def _by_field(row: PlannedRow, fields: Mapping[str, str]) -> dict[str, str]:
    """The problems of one booking by the fields of the plan; what has none is about the day."""
    return {
        field
        if field in _OF_THE_PLAN
        else f"{row.name}{field if field in _OF_THE_ROW else 'planned_on'}": text
        for field, text in fields.items()
    }
