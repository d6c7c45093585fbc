"""Today: each section holds what its heading says, and nothing of the next one."""

from datetime import timedelta

import pytest

from kapteam.actions.notes import NoteEntered, save_draft, start_note
from kapteam.db.in_force import practice_in_force
from kapteam.ids import new_id
from kapteam.queries.standing import Asked
from kapteam.queries.today import Today, today
from kapteam.rules.attention import Reason
from kapteam.vocabulary import NoteKind, Part
from tests.factories import NOW, a_client, a_course, a_member
from tests.factories_care import (
    Care,
    a_cared_for_client,
    a_given_session,
    a_ketamine_session,
    a_signed_intention,
    an_integration_session,
    an_overdue_integration,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def care(database) -> Care:
    return a_cared_for_client(database)


def seen_by(care, viewer) -> Today:
    with care.database.reading() as db:
        return today(db, Asked(viewer, practice_in_force(db, NOW), NOW))


def test_the_next_dosing_day_shows_only_what_is_not_ready(care):
    with care.database.writing() as db:
        ready = a_ketamine_session(db, care.course, planned_at=NOW + DAY)
        a_signed_intention(db, ready, care.therapist)
        an_integration_session(db, care.course, ready, planned_at=NOW + 2 * DAY - HOUR)
        missing = a_ketamine_session(db, care.course, planned_at=NOW + DAY + 3 * HOUR)
        a_ketamine_session(db, care.course, planned_at=NOW + 2 * DAY, ordered_ug=None)

    shown = seen_by(care, care.prescriber).next_day_not_ready

    assert [row.dose.id for row in shown] == [missing.id]


def test_a_dose_later_today_is_not_of_the_next_dosing_day(care):
    with care.database.writing() as db:
        a_ketamine_session(db, care.course, planned_at=NOW + HOUR, ordered_ug=None)

    shown = seen_by(care, care.prescriber)

    assert shown.next_day_not_ready == ()
    assert shown.doses_left_today == 1


def test_past_its_time_are_the_late_ones_and_those_that_nobody_recorded(care):
    with care.database.writing() as db:
        late = an_overdue_integration(db, care.course, hours=30)
        asked_about = a_given_session(db, care.course, given_at=NOW - 20 * HOUR)
        an_integration_session(db, care.course, asked_about, planned_at=NOW - 3 * HOUR)
        in_time = a_given_session(db, care.course, given_at=NOW - 2 * HOUR)

    shown = seen_by(care, care.prescriber)

    past_due = {dose.id for row in shown.integration_past_due for dose in row.line.doses}
    assert past_due == {late.id, asked_about.id}
    owed = {dose.id for row in shown.integration_to_do for dose in row.line.doses}
    assert owed == past_due | {in_time.id}
    assert (shown.late, shown.was_this_held) == (1, 1)


def test_what_waits_is_told_apart_by_whom_it_waits_on_the_most_pressing_first(care):
    with care.database.writing() as db:
        a_ketamine_session(db, care.course, planned_at=NOW + 2 * DAY, ordered_ug=None)
        a_given_session(db, care.course, given_at=NOW - 3 * HOUR)
        other = a_course(
            db,
            a_client(db, care.therapist),
            prescriber=care.prescriber,
            therapist=care.therapist,
            cleared=True,
        )
        a_member(db, other, care.nurse, Part.COVER)
        an_overdue_integration(db, other, hours=50)
        a_ketamine_session(db, other, planned_at=NOW + 5 * DAY)

    orders = [Reason.DOSE_NOT_ORDERED]
    integrates = [Reason.INTEGRATION_LATE, Reason.INTENTION, Reason.INTEGRATION_NOT_BOOKED]
    for viewer, mine, others in (
        (care.prescriber, orders, integrates),
        (care.therapist, integrates, orders),
        (care.nurse, [], [integrates[0], orders[0], *integrates[1:]]),
    ):
        shown = seen_by(care, viewer)
        assert [row.attention.reason for row in shown.waiting_on_me] == mine
        assert [row.attention.reason for row in shown.waiting_on_others] == others


def test_the_day_is_in_the_order_of_its_times_doses_and_integrations_mixed(care):
    with care.database.writing() as db:
        later = a_ketamine_session(db, care.course, planned_at=NOW + 4 * HOUR)
        soon = a_ketamine_session(db, care.course, planned_at=NOW + HOUR)
        given = a_given_session(db, care.course, given_at=NOW - 20 * HOUR)
        between = an_integration_session(db, care.course, given, planned_at=NOW + 2 * HOUR)
        tomorrow = a_ketamine_session(db, care.course, planned_at=NOW + 12 * HOUR)
        an_integration_session(db, care.course, tomorrow, planned_at=NOW + 20 * HOUR)

    shown = seen_by(care, care.therapist).agenda

    keys = [row.dose.id if row.dose else row.line.key for row in shown]
    assert keys == [soon.id, between.id, later.id]


def test_a_note_to_finish_is_the_author_s_whoever_held_it(care):
    with care.database.writing() as db:
        given = a_given_session(db, care.course, given_at=NOW - 20 * HOUR)
        held = an_integration_session(
            db, care.course, given, therapist=care.prescriber, held_at=NOW - HOUR
        )
    assert [len(_to_finish(care, who)) for who in (care.prescriber, care.therapist)] == [1, 0]

    entered = NoteEntered(
        new_id(), NoteKind.INTEGRATION, care.course.id, integration_session_id=held.id
    )
    note_id = care.do(start_note, care.therapist, entered)
    # Who opens it and leaves it empty takes it from nobody.
    assert [len(_to_finish(care, who)) for who in (care.prescriber, care.therapist)] == [1, 0]
    care.do(save_draft, care.therapist, note_id, "recap", "A wide field", 0)

    assert [len(_to_finish(care, who)) for who in (care.prescriber, care.therapist)] == [0, 1]


def _to_finish(care, who):
    return seen_by(care, who).my_notes_to_finish


def test_rule_10_the_doses_of_the_next_seven_days_end_seven_times_24_hours_from_now(care):
    with care.database.writing() as db:
        last = a_ketamine_session(db, care.course, planned_at=NOW + 7 * DAY - HOUR)
        a_ketamine_session(db, care.course, planned_at=NOW + 7 * DAY)

    assert [row.dose.id for row in seen_by(care, care.therapist).next_doses] == [last.id]
