"""Where every open course stands: nobody disappears, and nobody is asked about twice."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from kapteam.actions.notes import save_draft
from kapteam.db.in_force import practice_in_force
from kapteam.db.tables import Client, Consent, Draft, Note
from kapteam.ids import new_id
from kapteam.queries.later import Later
from kapteam.queries.standing import Asked, Person, course_standings, own_courses
from kapteam.rules.attention import Reason
from kapteam.rules.dosing import Silence
from kapteam.rules.integration import IntegrationStage
from kapteam.rules.notes import IntentionStage
from kapteam.vocabulary import (
    ClearanceDecision,
    ConsentType,
    EpisodeState,
    Function,
    HoldReason,
    IntegrationCloseReason,
    IntegrationKind,
    NoteKind,
    Part,
    ProductRoute,
    ReadinessItem,
    ServiceLine,
    SessionStatus,
    Tone,
)
from tests.factories import (
    NOW,
    TODAY,
    a_clearance,
    a_client,
    a_clinician,
    a_consent,
    a_contact,
    a_course,
    a_hold,
    a_member,
    a_practice,
    a_setting,
    a_weight,
)
from tests.factories_care import (
    Care,
    a_booked_pair,
    a_cared_for_client,
    a_given_session,
    a_ketamine_session,
    a_series,
    a_signed_intention,
    an_administration,
    an_integration_session,
    an_overdue_integration,
    an_unrecorded_session,
    link_integration,
)
from tests.query_recorder import recorded_statements

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def care(database) -> Care:
    return a_cared_for_client(database)


def standings(care, viewer=None, now=NOW, *conditions):
    with care.database.reading() as db:
        asked = Asked(viewer or care.therapist, practice_in_force(db, now), now)
        return course_standings(db, asked, *conditions)


def standing(care, viewer=None, now=NOW):
    (course,) = standings(care, viewer, now)
    return course


def stages(course):
    return [line.standing.stage for line in course.integrations]


def reasons(course):
    return [one.reason for one in course.attention]


def a_note(db, course, author, *, session=None, integration=None, signed_at=None) -> Note:
    """A note of `author` about one of the two, unsigned unless `signed_at` is given."""
    note = Note(
        id=new_id(),
        kind=NoteKind.INTENTION if session else NoteKind.INTEGRATION,
        episode_id=course.id,
        ketamine_session_id=session.id if session else None,
        integration_session_id=integration.id if integration else None,
        author_id=author.clinician_id,
        by_prescriber=False,
        template_version=1,
        body={},
        started_at=NOW - DAY,
        signed_at=signed_at,
        signed_text="Held well." if signed_at else None,
        content_hash="0" * 64 if signed_at else None,
    )
    db.add(note)
    db.flush()
    return note


class TestTheThreeSilentFailures:
    """Nobody disappears because nobody pressed a button (product.md, the core arc 5)."""

    def test_rule_2_an_unrecorded_session_is_asked_about_with_an_estimated_clock(self, care):
        with care.database.writing() as db:
            session = an_unrecorded_session(db, care.course)

        course = standing(care)

        (line,) = course.integrations
        assert [dose.silence for dose in course.doses] == [Silence.WAS_THIS_GIVEN]
        assert reasons(course)[0] is Reason.WAS_THIS_GIVEN
        assert line.id is None
        assert line.key == session.id
        assert line.standing.facts.estimated
        assert line.standing.facts.last_given_at == NOW - DAY
        assert course.last_dose is None
        assert course.series.given == 0

    @pytest.mark.parametrize(
        ("past_the_planned_end", "silence"),
        [(timedelta(minutes=29), None), (timedelta(minutes=30), Silence.WAS_THIS_GIVEN)],
    )
    def test_it_is_asked_about_half_an_hour_after_the_planned_end(
        self, care, past_the_planned_end, silence
    ):
        with care.database.writing() as db:
            a_ketamine_session(
                db, care.course, planned_at=NOW - past_the_planned_end - timedelta(minutes=120)
            )

        (dose,) = standing(care).doses

        assert dose.silence is silence
        assert dose.is_ahead is (silence is None)

    def test_an_infusion_is_estimated_to_its_usual_end(self, care):
        with care.database.writing() as db:
            series = a_series(db, care.course, product_route=ProductRoute.INTRAVENOUS)
            a_ketamine_session(db, care.course, planned_at=NOW - DAY, series=series)

        (line,) = standing(care).integrations

        assert line.standing.facts.last_given_at == NOW - DAY + timedelta(minutes=40)

    @pytest.mark.parametrize(("hours", "silence"), [(5.9, None), (6, Silence.NOT_CLOSED)])
    def test_a_session_open_for_six_hours_is_not_closed(self, care, hours, silence):
        with care.database.writing() as db:
            a_given_session(
                db, care.course, given_at=NOW - hours * HOUR, status=SessionStatus.STARTED
            )

        course = standing(care)

        assert [dose.silence for dose in course.doses] == [silence]
        assert (Reason.NOT_CLOSED in reasons(course)) is (silence is not None)
        assert stages(course) == [IntegrationStage.NOT_BOOKED]

    def test_somebody_who_only_arrived_still_gets_an_estimated_clock(self, care):
        with care.database.writing() as db:
            session = a_ketamine_session(db, care.course, planned_at=NOW - 30 * HOUR)
            session.arrived_at = NOW - 30 * HOUR

        course = standing(care)

        assert [dose.silence for dose in course.doses] == [Silence.NOT_CLOSED]
        assert stages(course) == [IntegrationStage.LATE]
        assert course.integrations[0].standing.facts.estimated

    def test_a_closed_session_without_any_time_of_a_dose_is_not_dropped(self, care):
        with care.database.writing() as db:
            a_ketamine_session(
                db, care.course, planned_at=NOW - 30 * HOUR, status=SessionStatus.COMPLETED
            )

        course = standing(care)

        assert stages(course) == [IntegrationStage.LATE]
        assert course.integrations[0].standing.facts.estimated
        assert course.doses == ()

    @pytest.mark.parametrize(
        ("after", "stage"),
        [
            (timedelta(minutes=60), IntegrationStage.BOOKED),
            (timedelta(minutes=61), IntegrationStage.WAS_THIS_HELD),
        ],
    )
    def test_a_booked_integration_is_asked_about_an_hour_past_its_time(self, care, after, stage):
        with care.database.writing() as db:
            session = a_given_session(db, care.course, given_at=NOW - 20 * HOUR)
            an_integration_session(db, care.course, session, planned_at=NOW - after)

        course = standing(care)

        assert stages(course) == [stage]
        assert (Reason.WAS_THIS_HELD in reasons(course)) is (
            stage is IntegrationStage.WAS_THIS_HELD
        )


class TestTheClock:
    @pytest.mark.parametrize(
        ("hours", "stage", "tone", "past_hours"),
        [
            (24, IntegrationStage.NOT_BOOKED, Tone.PLAIN, None),
            (24.1, IntegrationStage.LATE, Tone.AMBER, None),
            (48.1, IntegrationStage.LATE, Tone.RED, None),
            (72.1, IntegrationStage.LATE, Tone.RED, 72),
        ],
    )
    def test_rule_1_it_is_due_24_hours_after_the_dose(self, care, hours, stage, tone, past_hours):
        with care.database.writing() as db:
            a_given_session(db, care.course, given_at=NOW - hours * HOUR)

        (line,) = standing(care).integrations

        judged = line.standing
        assert (judged.stage, judged.tone, judged.past_hours) == (stage, tone, past_hours)
        assert judged.due_at == NOW - hours * HOUR + 24 * HOUR

    def test_a_threshold_of_the_practice_moves_it(self, care):
        with care.database.writing() as db:
            a_given_session(db, care.course, given_at=NOW - 30 * HOUR)
            a_setting(db, care.prescriber, "integration_target_hours", 36, since=NOW - DAY)

        assert stages(standing(care)) == [IntegrationStage.NOT_BOOKED]

    def test_rule_4_a_booster_moves_the_clock_and_is_no_second_dose(self, care):
        with care.database.writing() as db:
            a_given_session(
                db, care.course, given_at=NOW - 25 * HOUR, boosted_at=NOW - 23 * HOUR, ug=70_000
            )

        course = standing(care)

        assert stages(course) == [IntegrationStage.NOT_BOOKED]
        assert course.integrations[0].standing.due_at == NOW + HOUR
        assert course.last_dose.given_ug == 90_000
        assert course.series.given == 1

    def test_the_end_of_an_infusion_counts(self, care):
        with care.database.writing() as db:
            session = a_ketamine_session(
                db, care.course, planned_at=NOW - 3 * HOUR, status=SessionStatus.COMPLETED
            )
            an_administration(
                db, session, started_at=NOW - 3 * HOUR, ended_at=NOW - 2 * HOUR, ug=35_000
            )

        course = standing(care)

        assert course.last_dose.last_given_at == NOW - 2 * HOUR
        assert course.integrations[0].standing.due_at == NOW + 22 * HOUR

    def test_what_was_entered_in_error_moves_nothing(self, care):
        with care.database.writing() as db:
            session = a_given_session(db, care.course, given_at=NOW - 25 * HOUR)
            error = an_administration(db, session, started_at=NOW - HOUR, ug=20_000)
            error.voided_at = NOW

        course = standing(care)

        assert stages(course) == [IntegrationStage.LATE]
        assert course.last_dose.given_ug == 70_000

    @pytest.mark.parametrize(
        ("status", "again"),
        [
            (SessionStatus.CANCELLED, [Reason.TO_REBOOK]),
            (SessionStatus.MISSED, [Reason.TO_REBOOK]),
            (SessionStatus.NOT_GIVEN, []),
        ],
    )
    def test_rule_3_what_was_not_given_owes_nothing(self, care, status, again):
        with care.database.writing() as db:
            a_ketamine_session(db, care.course, planned_at=NOW - DAY, status=status)

        course = standing(care)

        assert course.doses == ()
        assert course.integrations == ()
        assert reasons(course) == [*again, Reason.OUT_OF_TOUCH]

    def test_rule_3_a_session_stopped_early_owes_its_integration(self, care):
        with care.database.writing() as db:
            a_given_session(
                db, care.course, given_at=NOW - 30 * HOUR, status=SessionStatus.STOPPED_EARLY
            )

        assert stages(standing(care)) == [IntegrationStage.LATE]

    def test_the_clock_starts_with_the_first_record_whatever_the_status(self, care):
        with care.database.writing() as db:
            session = a_ketamine_session(db, care.course, planned_at=NOW - HOUR)
            an_administration(db, session, started_at=NOW - HOUR)

        course = standing(care)

        assert [dose.status for dose in course.doses] == [SessionStatus.PLANNED]
        assert stages(course) == [IntegrationStage.NOT_BOOKED]

    def test_a_course_without_integration_owes_none(self, database):
        care = a_cared_for_client(database, expects_integration=False)
        with database.writing() as db:
            an_overdue_integration(db, care.course)
            an_unrecorded_session(db, care.course)

        course = standing(care)

        assert course.integrations == ()
        assert course.last_dose.last_given_at == NOW - 50 * HOUR
        assert not course.last_dose.owes_integration
        assert Reason.INTEGRATION_LATE not in reasons(course)


class TestTwoDosesWithinADay:
    """Rule 6."""

    @pytest.fixture
    def sessions(self, care):
        with care.database.writing() as db:
            first = a_given_session(db, care.course, given_at=NOW - 26 * HOUR)
            second = a_given_session(db, care.course, given_at=NOW - 6 * HOUR)
        return first, second

    def test_both_integrations_show(self, care, sessions):
        course = standing(care)

        assert {line.key for line in course.integrations} == {one.id for one in sessions}
        assert stages(course) == [IntegrationStage.LATE, IntegrationStage.NOT_BOOKED]
        assert course.last_dose.id == sessions[1].id

    def test_one_integration_may_stand_for_both_and_the_earlier_clock_counts(self, care, sessions):
        with care.database.writing() as db:
            an_integration_session(db, care.course, *sessions, planned_at=NOW + HOUR)

        (line,) = standing(care).integrations

        assert {dose.id for dose in line.doses} == {one.id for one in sessions}
        assert line.standing.stage is IntegrationStage.LATE
        assert line.standing.since == 26 * HOUR

    def test_booking_one_leaves_the_other_owed(self, care, sessions):
        with care.database.writing() as db:
            an_integration_session(db, care.course, sessions[1], planned_at=NOW + HOUR)

        course = standing(care)

        assert course.integrations[0].key == sessions[0].id
        assert stages(course) == [IntegrationStage.LATE, IntegrationStage.BOOKED]

    def test_held_and_signed_for_both_settles_both(self, care, sessions):
        with care.database.writing() as db:
            held = an_integration_session(db, care.course, sessions[0], held_at=NOW - HOUR)
            link_integration(db, held, [sessions[1]])
            a_note(db, care.course, care.therapist, integration=held, signed_at=NOW)

        assert standing(care).integrations == ()


class TestHowAnIntegrationLeavesTheList:
    def test_booked_inside_the_window(self, care):
        with care.database.writing() as db:
            session = a_given_session(db, care.course, given_at=NOW - 20 * HOUR)
            row = an_integration_session(
                db, care.course, session, therapist=care.therapist, planned_at=NOW + 2 * HOUR
            )

        (line,) = standing(care).integrations

        assert (line.id, line.key) == (row.id, row.id)
        assert line.standing.stage is IntegrationStage.BOOKED
        assert line.therapist == Person(care.therapist.clinician_id, "Thea Tallis")
        assert [dose.id for dose in line.doses] == [session.id]

    def test_booked_outside_the_window(self, care):
        with care.database.writing() as db:
            session = a_given_session(db, care.course, given_at=NOW - 20 * HOUR)
            an_integration_session(db, care.course, session, planned_at=NOW + 5 * HOUR)

        course = standing(care)

        assert stages(course) == [IntegrationStage.BOOKED_OUTSIDE]
        assert Reason.INTEGRATION_OUTSIDE in reasons(course)

    def test_a_booking_for_a_dose_ahead_runs_no_clock_yet(self, care):
        with care.database.writing() as db:
            session, _ = a_booked_pair(db, care.course)

        course = standing(care)

        assert stages(course) == [IntegrationStage.BOOKED]
        assert course.integrations[0].standing.due_at is None
        assert [dose.id for dose in course.integrations[0].doses] == [session.id]

    def test_held_it_stays_with_its_author_until_signed(self, care):
        with care.database.writing() as db:
            session = an_overdue_integration(db, care.course)
            row = an_integration_session(db, care.course, session, held_at=NOW - 30 * HOUR)
            note = a_note(db, care.course, care.therapist, integration=row)
        (empty,) = standing(care).integrations
        assert empty.note_id is None
        care.do(save_draft, care.therapist, note.id, "recap", "A wide field", 0)

        course = standing(care)

        (line,) = course.integrations
        assert line.standing.stage is IntegrationStage.HELD
        assert not line.standing.is_open
        assert line.standing.since == 20 * HOUR
        assert (line.note_id, line.note_author_id) == (note.id, care.therapist.clinician_id)
        assert Reason.NOTE_TO_FINISH in reasons(course)
        assert Reason.INTEGRATION_LATE not in reasons(course)

    def test_held_and_signed_it_is_gone(self, care):
        with care.database.writing() as db:
            session = an_overdue_integration(db, care.course)
            row = an_integration_session(db, care.course, session, held_at=NOW - 30 * HOUR)
            a_note(db, care.course, care.therapist, integration=row, signed_at=NOW)

        course = standing(care)

        assert course.integrations == ()
        assert course.last_dose.id == session.id
        assert not course.last_dose.owes_integration

    def test_a_note_entered_in_error_signs_nothing(self, care):
        with care.database.writing() as db:
            session = an_overdue_integration(db, care.course)
            row = an_integration_session(db, care.course, session, held_at=NOW - 30 * HOUR)
            note = a_note(db, care.course, care.therapist, integration=row, signed_at=NOW)
            note.voided_at = NOW

        assert stages(standing(care)) == [IntegrationStage.HELD]

    def test_closed_with_a_reason_it_is_gone(self, care):
        with care.database.writing() as db:
            session = an_overdue_integration(db, care.course)
            an_integration_session(
                db,
                care.course,
                session,
                closed_at=NOW,
                close_reason=IntegrationCloseReason.DECLINED,
            )

        assert standing(care).integrations == ()

    def test_a_booking_taken_back_leaves_the_debt(self, care):
        with care.database.writing() as db:
            session = an_overdue_integration(db, care.course)
            an_integration_session(db, care.course, session, planned_at=NOW + HOUR, dropped_at=NOW)

        (line,) = standing(care).integrations

        assert (line.id, line.key) == (None, session.id)
        assert line.standing.stage is IntegrationStage.LATE

    def test_rule_66_what_was_never_held_settles_nothing_though_a_note_was_signed(self, care):
        with care.database.writing() as db:
            session = an_overdue_integration(db, care.course)
            row = an_integration_session(
                db, care.course, session, held_at=NOW - 30 * HOUR, dropped_at=NOW
            )
            a_note(db, care.course, care.therapist, integration=row, signed_at=NOW)

        assert stages(standing(care)) == [IntegrationStage.LATE]

    def test_rule_7_a_debrief_stops_no_clock(self, care):
        with care.database.writing() as db:
            session = an_overdue_integration(db, care.course)
            debrief = an_integration_session(
                db, care.course, session, held_at=NOW - 49 * HOUR, kind=IntegrationKind.DEBRIEF
            )
            a_note(db, care.course, care.therapist, integration=debrief, signed_at=NOW)

        (line,) = standing(care).integrations

        assert line.id is None
        assert line.standing.stage is IntegrationStage.LATE

    def test_rule_7_a_debrief_ahead_stands_beside_the_debt_and_has_no_clock(self, care):
        with care.database.writing() as db:
            session = an_overdue_integration(db, care.course)
            an_integration_session(
                db, care.course, session, planned_at=NOW + HOUR, kind=IntegrationKind.DEBRIEF
            )

        late, debrief = standing(care).integrations

        assert (late.kind, late.standing.stage) == (IntegrationKind.FULL, IntegrationStage.LATE)
        assert debrief.kind is IntegrationKind.DEBRIEF
        assert debrief.standing.stage is IntegrationStage.BOOKED
        assert debrief.standing.due_at is None

    def test_agreed_for_a_day_it_is_quiet_and_is_the_next_step(self, care):
        with care.database.writing() as db:
            session = an_overdue_integration(db, care.course)
            an_integration_session(
                db, care.course, session, agreed_for=TODAY + 6 * DAY, agreed_reason="Away."
            )

        course = standing(care)

        assert stages(course) == [IntegrationStage.AGREED]
        assert course.next_step.all_day
        assert course.next_step.at.date() == TODAY + 6 * DAY
        assert reasons(course) == [Reason.NO_DOSE_BOOKED]

    def test_agreed_for_a_day_and_booked_the_booking_is_the_next_step(self, care):
        with care.database.writing() as db:
            session = an_overdue_integration(db, care.course)
            an_integration_session(
                db,
                care.course,
                session,
                planned_at=NOW + 2 * DAY,
                agreed_for=TODAY + 2 * DAY,
                agreed_reason="Away.",
            )

        course = standing(care)

        assert stages(course) == [IntegrationStage.AGREED]
        assert (course.next_step.at, course.next_step.all_day) == (NOW + 2 * DAY, False)

    def test_a_day_agreed_for_that_has_passed_quiets_nothing(self, care):
        with care.database.writing() as db:
            session = an_overdue_integration(db, care.course)
            an_integration_session(
                db, care.course, session, agreed_for=TODAY - DAY, agreed_reason="Away."
            )

        course = standing(care)

        assert stages(course) == [IntegrationStage.LATE]
        assert course.next_step is None

    def test_a_further_integration_of_the_same_dose_runs_no_clock_and_names_the_dose(self, care):
        with care.database.writing() as db:
            session = a_given_session(db, care.course, given_at=NOW - 10 * DAY)
            held = an_integration_session(db, care.course, session, held_at=NOW - 9 * DAY)
            a_note(db, care.course, care.therapist, integration=held, signed_at=NOW - 9 * DAY)
            a_given_session(db, care.course, given_at=NOW - 2 * HOUR)
            further = an_integration_session(db, care.course, session, planned_at=NOW + DAY)

        lines = {line.id: line for line in standing(care).integrations}

        assert lines[further.id].standing.stage is IntegrationStage.BOOKED
        assert lines[further.id].standing.due_at is None
        assert [dose.id for dose in lines[further.id].doses] == [session.id]
        assert len(lines) == 2

    def test_once_one_was_held_a_further_one_runs_no_clock_though_the_note_is_to_finish(self, care):
        with care.database.writing() as db:
            session = a_given_session(db, care.course, given_at=NOW - 30 * HOUR)
            an_integration_session(db, care.course, session, held_at=NOW - 10 * HOUR)
            further = an_integration_session(db, care.course, session, planned_at=NOW + DAY)

        lines = {line.id: line for line in standing(care).integrations}

        assert lines[further.id].standing.stage is IntegrationStage.BOOKED
        assert lines[further.id].standing.due_at is None

    def test_without_a_therapist_of_its_own_it_is_the_course_s(self, database):
        care = a_cared_for_client(database, therapist="Dr. Ada Away")
        with database.writing() as db:
            session = a_given_session(db, care.course, given_at=NOW - HOUR)
            an_integration_session(db, care.course, session, planned_at=NOW + HOUR)

        (line,) = standing(care, care.prescriber).integrations

        assert line.therapist == Person(None, "Dr. Ada Away")


class TestPsychedelicIntegration:
    """Rules 11 and 12."""

    @pytest.fixture
    def care(self, database) -> Care:
        return a_cared_for_client(
            database,
            prescriber=None,
            service_line=ServiceLine.PSYCHEDELIC_INTEGRATION,
            state=EpisodeState.INTEGRATION,
        )

    @pytest.mark.parametrize(
        ("due_on", "stage"),
        [
            (TODAY, IntegrationStage.NOT_BOOKED),
            (TODAY - DAY, IntegrationStage.LATE),
        ],
    )
    def test_its_day_is_set_by_hand_and_no_hour_counts(self, care, due_on, stage):
        with care.database.writing() as db:
            an_integration_session(db, care.course, due_on=due_on)

        course = standing(care)

        (line,) = course.integrations
        assert line.standing.stage is stage
        assert line.standing.due_at is None
        assert line.standing.tone is not Tone.RED
        assert line.doses == ()

    def test_it_is_never_among_the_doses(self, care):
        with care.database.writing() as db:
            an_integration_session(db, care.course, planned_at=NOW + DAY)

        course = standing(care)

        assert (course.doses, course.series, course.last_dose) == ((), None, None)
        assert course.next_step.what == "Integration"

    def test_what_would_wait_on_a_prescriber_waits_on_the_therapist(self, care):
        with care.database.writing() as db:
            a_hold(
                db,
                care.course,
                HoldReason.TRAVEL,
                care.therapist.clinician_id,
                look_again_on=TODAY,
            )

        course = standing(care)

        (look_again,) = course.attention
        assert look_again.waits_on is Part.PRESCRIBER
        assert course.waited_on(look_again.waits_on).name == "Thea Tallis"


class TestHold:
    """Rule 57."""

    def test_it_quiets_what_a_dose_needs_but_never_an_integration(self, care):
        with care.database.writing() as db:
            an_overdue_integration(db, care.course)
            a_ketamine_session(db, care.course, planned_at=NOW + DAY, ordered_ug=None)
            a_hold(db, care.course, HoldReason.TRAVEL, care.therapist.clinician_id)

        course = standing(care)

        assert course.hold.reason is HoldReason.TRAVEL
        assert reasons(course) == [Reason.INTEGRATION_LATE, Reason.DOSE_ON_HOLD]

    def test_on_its_day_it_asks_to_look_again(self, care):
        with care.database.writing() as db:
            a_hold(
                db,
                care.course,
                HoldReason.TRAVEL,
                care.therapist.clinician_id,
                look_again_on=TODAY,
            )

        assert reasons(standing(care)) == [Reason.LOOK_AGAIN]

    def test_a_released_hold_holds_nothing(self, care):
        with care.database.writing() as db:
            hold = a_hold(db, care.course, HoldReason.TRAVEL, care.therapist.clinician_id)
            hold.released_at = NOW

        course = standing(care)

        assert course.hold is None
        assert reasons(course) == [Reason.OUT_OF_TOUCH]


class TestTheSeries:
    def test_rule_8_doses_are_numbered_within_their_series(self, care):
        with care.database.writing() as db:
            old = a_series(db, care.course, started_at=NOW - 90 * DAY)
            for days in (80, 77):
                a_ketamine_session(
                    db,
                    care.course,
                    planned_at=NOW - days * DAY,
                    series=old,
                    status=SessionStatus.CANCELLED,
                )
            new = a_series(db, care.course, product_route=ProductRoute.SUBLINGUAL, ordered_count=4)
            for days in (14, 7):
                a_given_session(db, care.course, given_at=NOW - days * DAY)
            a_ketamine_session(
                db,
                care.course,
                planned_at=NOW - 5 * DAY,
                series=new,
                status=SessionStatus.MISSED,
            )
            coming = a_ketamine_session(db, care.course, planned_at=NOW + DAY, series=new)

        course = standing(care)

        (dose,) = course.doses
        assert (dose.id, dose.number, dose.of) == (coming.id, 3, 4)
        assert (course.series.given, course.series.booked, course.series.ordered) == (2, 1, 4)
        assert course.series.product_route is ProductRoute.SUBLINGUAL
        assert course.ahead == (dose,)

    def test_the_order_of_giving_counts_not_the_plan(self, care):
        with care.database.writing() as db:
            early = a_ketamine_session(
                db, care.course, planned_at=NOW + DAY, status=SessionStatus.STARTED
            )
            an_administration(db, early, started_at=NOW - HOUR)
            later = a_ketamine_session(db, care.course, planned_at=NOW + 2 * HOUR)

        numbers = {dose.id: dose.number for dose in standing(care).doses}

        assert numbers == {early.id: 1, later.id: 2}

    def test_one_that_was_given_beside_the_running_series_does_not_take_its_place(self, care):
        with care.database.writing() as db:
            running = a_series(db, care.course)
            beside = a_series(
                db,
                care.course,
                product_route=ProductRoute.SUBLINGUAL,
                ordered_count=None,
                started_at=NOW - DAY,
            )
            beside.ended_at = NOW

        assert standing(care).series.id == running.id

    def test_a_series_that_is_done_asks_for_a_decision(self, care):
        with care.database.writing() as db:
            a_series(db, care.course, ordered_count=1)
            a_given_session(db, care.course, given_at=NOW - HOUR)

        assert Reason.SERIES_DONE in reasons(standing(care))

    def test_rule_15_a_series_without_a_number_waits_on_the_prescriber_and_for_nothing_else(
        self, care
    ):
        with care.database.writing() as db:
            a_series(db, care.course, ordered_count=None)
            given = a_given_session(db, care.course, given_at=NOW - HOUR)

        course = standing(care)

        assert (course.series.given, course.series.ordered) == (1, None)
        assert course.last_dose.of is None
        (asked,) = [one for one in course.attention if one.reason is Reason.NUMBER_NOT_ORDERED]
        assert (asked.waits_on, asked.subject_id) == (Part.PRESCRIBER, given.id)
        assert {Reason.NO_DOSE_BOOKED, Reason.SERIES_DONE}.isdisjoint(reasons(course))

    def test_rule_66_a_consent_entered_in_error_warns_of_nothing(self, care):
        with care.database.writing() as db:
            a_series(db, care.course)
            a_given_session(db, care.course, given_at=NOW - HOUR)
            wrong = a_consent(
                db,
                care.course,
                ConsentType.OFF_LABEL,
                care.therapist.clinician_id,
                signed_on=TODAY,
                expires_on=TODAY + DAY,
            )
        assert Reason.CONSENT_ENDS in reasons(standing(care))

        with care.database.writing() as db:
            db.get_one(Consent, wrong.id).voided_at = NOW

        assert Reason.CONSENT_ENDS not in reasons(standing(care))

    def test_a_dose_on_a_prescriber_s_word_waits_however_long_ago(self, care):
        with care.database.writing() as db:
            session = a_given_session(db, care.course, given_at=NOW - 20 * DAY)
            an_administration(
                db,
                session,
                started_at=NOW - 20 * DAY + HOUR,
                ug=10_000,
                told_by=care.prescriber,
            )
            an_integration_session(
                db,
                care.course,
                session,
                closed_at=NOW,
                close_reason=IntegrationCloseReason.NOT_NEEDED,
            )
            a_given_session(db, care.course, given_at=NOW - 2 * HOUR)

        first = standing(care).attention[0]

        assert (first.reason, first.tone, first.subject_id) == (
            Reason.UNCONFIRMED_DOSE,
            Tone.RED,
            session.id,
        )

    def test_a_breach_is_said_for_a_week_also_when_all_is_settled(self, care):
        with care.database.writing() as db:
            for days in (8, 5):
                session = a_given_session(db, care.course, given_at=NOW - days * DAY)
                session.breach_reason = "Given on hold."
                an_integration_session(
                    db,
                    care.course,
                    session,
                    closed_at=NOW,
                    close_reason=IntegrationCloseReason.NOT_NEEDED,
                )
            a_given_session(db, care.course, given_at=NOW - 2 * HOUR)

        said = [one for one in standing(care).attention if one.reason is Reason.BREACH]

        assert [(one.subject_id, one.at) for one in said] == [(session.id, NOW - 5 * DAY)]


class TestReady:
    def test_clearance_is_the_newest_and_for_the_route(self, care):
        with care.database.writing() as db:
            a_ketamine_session(db, care.course, planned_at=NOW + DAY)
            a_clearance(
                db,
                care.course,
                care.prescriber.clinician_id,
                routes=(ProductRoute.SUBLINGUAL,),
                decided_at=NOW - DAY,
            )

        course = standing(care)

        assert [dose.is_lacking(ReadinessItem.CLEARANCE) for dose in course.doses] == [True]
        assert Reason.NOT_CLEARED in reasons(course)

    def test_the_clearance_decided_last_holds_whichever_form_was_opened_first(self, care):
        with care.database.writing() as db:
            a_ketamine_session(db, care.course, planned_at=NOW + DAY)
            a_clearance(
                db,
                care.course,
                care.prescriber.clinician_id,
                decision=ClearanceDecision.DEFERRED,
                decided_at=NOW - 30 * DAY,
            )

        assert [dose.is_lacking(ReadinessItem.CLEARANCE) for dose in standing(care).doses] == [
            False
        ]

    @pytest.mark.parametrize(
        ("grams", "may_add_ug", "reason", "waits_for"),
        [
            (None, None, Reason.WEIGH_FIRST, "weight"),
            (46_000, None, Reason.ABOVE_CEILING, "dose above the clearance"),
            (50_000, 20_000, Reason.ABOVE_CEILING, "dose above the clearance"),
            (47_000, None, None, "intention"),
        ],
    )
    def test_an_order_has_to_stay_within_a_clearance_that_came_after_it(
        self, care, grams, may_add_ug, reason, waits_for
    ):
        with care.database.writing() as db:
            by = care.prescriber.clinician_id
            a_ketamine_session(db, care.course, planned_at=NOW + DAY, may_add_ug=may_add_ug)
            a_clearance(
                db,
                care.course,
                by,
                ceiling_ug=None,
                ceiling_ug_per_kg=1_500,
                decided_at=NOW - DAY,
            )
            if grams:
                a_weight(db, care.client, grams, by)

        course = standing(care)

        (dose,) = course.doses
        assert {Reason.WEIGH_FIRST, Reason.ABOVE_CEILING} & set(reasons(course)) == (
            {reason} if reason else set()
        )
        assert dose.waits[1] == waits_for
        assert not dose.is_ready

    def test_a_deferred_client_is_not_cleared(self, care):
        with care.database.writing() as db:
            a_ketamine_session(db, care.course, planned_at=NOW + DAY)
            a_clearance(
                db,
                care.course,
                care.prescriber.clinician_id,
                decision=ClearanceDecision.DEFERRED,
                decided_at=NOW - DAY,
            )

        assert [dose.is_lacking(ReadinessItem.CLEARANCE) for dose in standing(care).doses] == [True]

    def test_clearance_has_to_last_until_the_dose(self, care):
        with care.database.writing() as db:
            a_ketamine_session(db, care.course, planned_at=NOW + DAY)
            a_ketamine_session(db, care.course, planned_at=NOW + 5 * DAY)
            a_clearance(
                db,
                care.course,
                care.prescriber.clinician_id,
                valid_until_on=TODAY + 2 * DAY,
                decided_at=NOW - DAY,
            )

        assert [dose.is_lacking(ReadinessItem.CLEARANCE) for dose in standing(care).doses] == [
            False,
            True,
        ]

    def test_a_signed_intention_belongs_to_its_own_session(self, care):
        with care.database.writing() as db:
            cancelled = a_ketamine_session(
                db, care.course, planned_at=NOW - HOUR, status=SessionStatus.CANCELLED
            )
            a_signed_intention(db, cancelled, care.therapist)
            a_ketamine_session(db, care.course, planned_at=NOW + DAY)

        (dose,) = standing(care).doses

        assert dose.intention.stage is IntentionStage.MISSING

    def test_rule_28_an_intention_older_than_the_last_dose_is_stale(self, care):
        with care.database.writing() as db:
            coming = a_ketamine_session(db, care.course, planned_at=NOW + DAY)
            a_signed_intention(db, coming, care.therapist, signed_at=NOW - 3 * DAY)
            a_given_session(db, care.course, given_at=NOW - 2 * DAY)

        (dose,) = standing(care).doses

        assert dose.intention.stage is IntentionStage.STALE

    def test_a_draft_says_whose_it_is(self, care):
        with care.database.writing() as db:
            session = a_ketamine_session(db, care.course, planned_at=NOW + DAY)
            note = a_note(db, care.course, care.therapist, session=session)
            db.add(
                Draft(
                    id=new_id(),
                    clinician_id=care.therapist.clinician_id,
                    form=f"note/{note.id}",
                    field="intention",
                    text="To rest.",
                    saved_at=NOW,
                )
            )

        (dose,) = standing(care, care.prescriber).doses

        assert (dose.intention.stage, dose.intention.holder) == (
            IntentionStage.DRAFT,
            "Thea Tallis",
        )

    def test_a_note_that_somebody_only_opened_is_no_draft(self, care):
        with care.database.writing() as db:
            session = a_ketamine_session(db, care.course, planned_at=NOW + DAY)
            a_note(db, care.course, care.therapist, session=session)

        (dose,) = standing(care, care.prescriber).doses

        assert (dose.intention.stage, dose.intention.holder) == (IntentionStage.MISSING, "")

    def test_the_next_step_is_the_earliest_and_says_whom_it_waits_on(self, care):
        with care.database.writing() as db:
            a_ketamine_session(db, care.course, planned_at=NOW + 3 * DAY, ordered_ug=None)
            given = a_given_session(db, care.course, given_at=NOW - 40 * HOUR)
            an_integration_session(db, care.course, given, planned_at=NOW + 4 * DAY)

        step = standing(care).next_step

        assert (step.what, step.at, step.waits_on) == ("Dose", NOW + 3 * DAY, Part.PRESCRIBER)
        assert not step.all_day


class TestWhoSeesWhat:
    def test_nobody_sees_a_course_they_are_not_on(self, care):
        assert standings(care, care.stranger) == ()

    def test_being_on_it_in_any_part_opens_it_and_makes_it_one_s_own(self, care):
        for viewer in (care.prescriber, care.therapist, care.nurse):
            assert standing(care, viewer).is_mine

    def test_the_front_desk_sees_all_and_has_none_of_its_own(self, care):
        assert not standing(care, care.front_desk).is_mine

    def test_a_practice_may_let_everyone_see_the_whole_caseload(self, care):
        assert not standing(care, replace(care.stranger, sees_everyone=True)).is_mine

    def test_a_part_that_is_over_opens_nothing(self, care):
        with care.database.writing() as db:
            left = a_clinician(db, Function.THERAPIST, name="Lena Left")
            a_member(db, care.course, left, Part.THERAPIST, until_at=NOW - HOUR)

        assert standings(care, left) == ()
        assert standing(care).therapist.name == "Thea Tallis"

    def test_cover_counts_from_its_beginning_to_its_end_only(self, care):
        with care.database.writing() as db:
            cover = a_clinician(db, Function.THERAPIST, name="Cora Cover")
            member = a_member(db, care.course, cover, Part.COVER, until_at=NOW + DAY)
            member.from_at = NOW

        assert standings(care, cover, NOW - HOUR) == ()
        assert standing(care, cover).is_mine
        assert standings(care, cover, NOW + DAY) == ()

    def test_a_closed_course_is_in_no_list(self, database):
        care = a_cared_for_client(database, state=EpisodeState.CLOSED)
        with database.writing() as db:
            an_overdue_integration(db, care.course)

        assert standings(care) == ()

    def test_conditions_leave_the_courses_that_meet_them(self, care):
        with care.database.writing() as db:
            other = a_client(db, care.therapist, family="Vale", given="Juniper")
            a_course(db, other, therapist=care.therapist)

        found = standings(care, None, NOW, Client.family_name == "Vale")

        assert [course.client.family for course in found] == ["Vale"]

    def test_one_s_own_courses_are_the_front_desk_s_all_and_a_clinician_s_some(self, care):
        with care.database.reading() as db:
            practice = practice_in_force(db, NOW)

            def own(viewer):
                asked = Asked(viewer, practice, NOW)
                return len(course_standings(db, asked, own_courses(asked)))

            assert own(care.therapist) == 1
            assert own(care.nurse) == 1
            assert own(care.front_desk) == 1
            assert own(replace(care.stranger, sees_everyone=True)) == 0


def _a_full_course(db, prescriber, therapist, number):
    client = a_client(db, therapist, family=f"Client{number:02d}")
    course = a_course(db, client, prescriber=prescriber, therapist=therapist, cleared=True)
    given = a_given_session(db, course, given_at=NOW - 30 * HOUR)
    held = an_integration_session(db, course, given, held_at=NOW - HOUR)
    a_note(db, course, therapist, integration=held)
    session, _ = a_booked_pair(db, course, therapist=therapist)
    a_note(db, course, therapist, session=session)


def test_it_takes_seven_statements_for_three_clients_and_for_thirty(database):
    with database.writing() as db:
        a_practice(db)
        prescriber = a_clinician(db, Function.PRESCRIBER)
        therapist = a_clinician(db, Function.THERAPIST)
        for number in range(3):
            _a_full_course(db, prescriber, therapist, number)

    def read():
        with database.reading() as db:
            asked = Asked(therapist, practice_in_force(db, NOW), NOW)
            with recorded_statements(database.engine) as statements:
                courses = course_standings(db, asked)
        return len(courses), len(statements)

    assert read() == (3, 7)
    with database.writing() as db:
        for number in range(3, 30):
            _a_full_course(db, prescriber, therapist, number)
    assert read() == (30, 7)


def test_the_practice_s_day_decides_not_the_server_s(database):
    """11:30 pm in Phoenix is the next day in UTC already."""
    care = a_cared_for_client(
        database, prescriber=None, service_line=ServiceLine.PSYCHEDELIC_INTEGRATION
    )
    with database.writing() as db:
        an_integration_session(db, care.course, due_on=date(2026, 11, 24))

    assert stages(standing(care, now=NOW + 9 * HOUR)) == [IntegrationStage.NOT_BOOKED]
    assert stages(standing(care, now=NOW + 10 * HOUR)) == [IntegrationStage.LATE]


def test_a_slot_outside_the_window_is_said_before_its_dose_is_given(care):
    with care.database.writing() as db:
        a_booked_pair(db, care.course, dose_at=NOW + DAY, integration_at=NOW + 2 * DAY + HOUR)

    assert stages(standing(care)) == [IntegrationStage.BOOKED_OUTSIDE]
    assert Reason.INTEGRATION_OUTSIDE in reasons(standing(care))


def test_rule_6_a_slot_for_two_doses_ahead_is_outside_the_window_of_the_earlier_one(care):
    with care.database.writing() as db:
        first, second = (
            a_ketamine_session(db, care.course, planned_at=NOW + hours * HOUR) for hours in (1, 20)
        )
        an_integration_session(db, care.course, first, second, planned_at=NOW + 30 * HOUR)

    assert stages(standing(care)) == [IntegrationStage.BOOKED_OUTSIDE]


def test_rule_7_a_debrief_ahead_of_its_dose_has_no_window(care):
    with care.database.writing() as db:
        session = a_ketamine_session(db, care.course, planned_at=NOW + HOUR)
        an_integration_session(
            db,
            care.course,
            session,
            planned_at=NOW + 30 * HOUR,
            kind=IntegrationKind.DEBRIEF,
        )

    assert stages(standing(care)) == [IntegrationStage.BOOKED]


def test_what_was_held_before_its_slot_is_no_next_step(care):
    with care.database.writing() as db:
        given = a_given_session(db, care.course, given_at=NOW - 20 * HOUR)
        an_integration_session(db, care.course, given, planned_at=NOW + HOUR, held_at=NOW - HOUR)

    assert standing(care).next_step is None


@pytest.mark.parametrize("status", [SessionStatus.STARTED, SessionStatus.COMPLETED])
def test_a_signed_intention_is_known_for_as_long_as_the_client_is_in_the_room(care, status):
    with care.database.writing() as db:
        given = a_given_session(db, care.course, given_at=NOW - HOUR, status=status)
        a_signed_intention(db, given, care.therapist, signed_at=NOW - DAY)

    last = standing(care).last_dose
    assert last.discharged_at is None
    assert last.intention.stage is IntentionStage.SIGNED


@pytest.mark.parametrize(
    ("signed", "ordered_ug", "cleared", "waits_for"),
    [
        (True, 70_000, True, ""),
        (False, 70_000, True, "intention"),
        (False, None, True, "dose"),
        (False, None, False, "clearance"),
    ],
)
def test_the_next_step_says_what_it_waits_for_until_it_is_ready(
    database, signed, ordered_ug, cleared, waits_for
):
    care = a_cared_for_client(database, cleared=cleared)
    with database.writing() as db:
        session = a_ketamine_session(db, care.course, ordered_ug=ordered_ug)
        if signed:
            a_signed_intention(db, session, care.therapist)

    course = standing(care)

    assert course.next_step.waits_for == waits_for
    assert course.ahead[0].is_ready is not bool(waits_for)


def _called_off(db, care, planned_at, at=NOW - DAY, status=SessionStatus.CANCELLED):
    """A ketamine session that was to be at `planned_at` and was called off `at`."""
    session = a_ketamine_session(db, care.course, planned_at=planned_at, status=status)
    session.closed_at, session.closed_by_id = at, session.created_by_id
    return session.id


def _to_rebook(care, viewer=None):
    course = standing(care, viewer)
    return [one.subject_id for one in course.attention if one.reason is Reason.TO_REBOOK]


@pytest.mark.parametrize(
    ("status", "planned_at"),
    [
        (SessionStatus.CANCELLED, NOW + 5 * DAY),
        (SessionStatus.CANCELLED, NOW - 90 * DAY),
        (SessionStatus.MISSED, NOW - 2 * DAY),
    ],
)
def test_what_was_called_off_last_waits_on_either_to_be_booked_again(care, status, planned_at):
    with care.database.writing() as db:
        called_off = _called_off(db, care, planned_at, min(planned_at, NOW - DAY), status)

    for who in (care.therapist, care.prescriber, care.front_desk):
        assert _to_rebook(care, who) == [called_off]
    course = standing(care)
    (one,) = [one for one in course.attention if one.reason is Reason.TO_REBOOK]
    assert (one.ended, one.at, one.tone) == (status, planned_at, Tone.AMBER)
    assert [course.waits_for(who, one) for who in (care.therapist, care.prescriber)] == [True, True]
    assert not course.waits_for(care.nurse, one)
    assert Reason.NO_NEXT_STEP not in reasons(course)


def test_of_two_that_were_called_off_the_later_is_to_be_booked_again(care):
    with care.database.writing() as db:
        _called_off(db, care, NOW - 9 * DAY)
        last = _called_off(db, care, NOW + 3 * DAY)

    assert _to_rebook(care) == [last]


def test_next_week_s_that_was_called_off_before_today_s_dose_is_to_be_booked_again(care):
    with care.database.writing() as db:
        called_off = _called_off(db, care, NOW + 7 * DAY, NOW - 5 * HOUR)
        a_given_session(db, care.course, given_at=NOW - 2 * HOUR)

    assert _to_rebook(care) == [called_off]


@pytest.mark.parametrize(
    "since", ["booked", "in its place, sooner", "later one given", "not given"]
)
def test_where_another_one_came_nothing_is_to_be_booked_again(care, since):
    with care.database.writing() as db:
        match since:
            case "booked":
                _called_off(db, care, NOW - 2 * DAY)
                a_ketamine_session(db, care.course, planned_at=NOW + 7 * DAY)
            case "in its place, sooner":
                _called_off(db, care, NOW + 7 * DAY, NOW - 3 * DAY)
                instead = a_given_session(db, care.course, given_at=NOW - 2 * HOUR)
                instead.created_at = NOW - 2 * DAY
            case "later one given":
                _called_off(db, care, NOW - 9 * DAY, NOW - 10 * DAY)
                a_given_session(db, care.course, given_at=NOW - 2 * DAY)
            case "not given":
                _called_off(db, care, NOW - 9 * DAY, NOW - 10 * DAY)
                a_ketamine_session(
                    db, care.course, planned_at=NOW - DAY, status=SessionStatus.NOT_GIVEN
                )

    assert _to_rebook(care) == []


def test_a_series_that_is_done_asks_for_no_other_one(care):
    with care.database.writing() as db:
        a_series(db, care.course, ordered_count=1)
        a_given_session(db, care.course, given_at=NOW - 9 * DAY)
        _called_off(db, care, NOW - 2 * DAY)

    assert _to_rebook(care) == []


def test_while_something_else_is_booked_it_is_said_quietly(care):
    with care.database.writing() as db:
        _called_off(db, care, NOW - 2 * DAY)
        a_contact(db, care.course, care.therapist, planned_at=NOW + DAY)

    (one,) = [one for one in standing(care).attention if one.reason is Reason.TO_REBOOK]
    assert one.tone is Tone.PLAIN
    assert Reason.NO_DOSE_BOOKED not in reasons(standing(care))


def test_what_is_judged_later_is_judged_once_and_only_when_asked():
    asked = []
    later = Later(lambda: asked.append("asked") or len(asked))

    assert asked == []
    assert (later(), later()) == (1, 1)
    assert asked == ["asked"]
