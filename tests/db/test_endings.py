"""A course of care ends: everything loose is settled in one Save, and both sign it off."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from kapteam.actions.endings import (
    SignOffEntered,
    choice_field,
    close_episode,
    sign_off,
)
from kapteam.actions.episodes import MoveEntered, move_episode
from kapteam.actions.integration import (
    DropIntegrationEntered,
    HoldIntegrationEntered,
    Owed,
    drop_integration,
    hold_integration,
)
from kapteam.actions.ketamine_sessions import (
    AdministrationEntered,
    RecordEntered,
    record_ketamine_session,
)
from kapteam.actions.notes import NoteEntered, save_draft, start_note
from kapteam.db.tables import (
    Action,
    Administration,
    Ask,
    Clinician,
    Consent,
    Contact,
    DiscussMark,
    Ending,
    Episode,
    EpisodeMember,
    Hold,
    IntegrationSession,
    KetamineSession,
    SignOff,
)
from kapteam.errors import Conflict, Invalid, NotAllowed, NotFound
from kapteam.ids import new_id
from kapteam.queries.asks import ask_page
from kapteam.queries.caseload import Wanted, caseload
from kapteam.queries.client import client_page
from kapteam.queries.integration import integrations
from kapteam.queries.today import today
from kapteam.rules.attention import Reason
from kapteam.rules.loose_ends import Choice
from kapteam.vocabulary import (
    ActionEnd,
    AdministrationKind,
    CloseReason,
    ConsentType,
    ContactKind,
    ContactOutcome,
    EpisodeState,
    FinalScores,
    Function,
    HoldReason,
    How,
    IntegrationCloseReason,
    IntegrationKind,
    NoteKind,
    Part,
    ServiceLine,
    SessionStatus,
    Tally,
    Tone,
)
from tests.factories import (
    NOW,
    TODAY,
    a_client,
    a_clinician,
    a_consent,
    a_contact,
    a_course,
    a_home_supply,
    a_home_tally,
    an_absence,
    audit_events,
)
from tests.factories_care import (
    Care,
    a_booked_pair,
    a_cared_for_client,
    a_given_session,
    a_ketamine_session,
    a_spravato_session,
    a_submission,
    an_administration,
    an_answered_ask,
    an_ask,
    an_integration_session,
    an_overdue_integration,
    an_unrecorded_session,
)
from tests.factories_endings import a_closing, therapy_goes_on
from tests.factories_review import a_mark, an_action

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def care(database) -> Care:
    return a_cared_for_client(database)


def _close(care, who=None, now=NOW, **typed):
    care.do(close_episode, who or care.therapist, a_closing(care.course, **typed), now=now)


def _refused(care, who=None, **typed):
    """What is said beside which field; nothing was saved."""
    with pytest.raises(Invalid) as refused:
        _close(care, who, **typed)
    assert care.row(Episode, care.course.id).closed_at is None
    assert audit_events(care.database) == []
    assert care.rows(Ending) == care.rows(SignOff) == []
    return refused.value.fields


def _tags(care):
    return [one.tag for one in audit_events(care.database)]


def test_a_course_ends_with_its_reason_and_what_was_asked(care):
    _close(
        care,
        final_scores=FinalScores.NOT_OBTAINED,
        final_scores_why="Left before the last visit.",
        medicine_at_home=True,
        medicine_note="Two lozenges, brings them on Friday.",
    )
    kept = care.row(Episode, care.course.id)
    assert (kept.state, kept.closed_at) == (EpisodeState.CLOSED, NOW)
    assert kept.close_reason is CloseReason.GOALS_MET
    [ending] = care.rows(Ending)
    assert (ending.ended_by_id, ending.ended_at) == (care.therapist.clinician_id, NOW)
    assert ending.medicine_at_home is True
    [event] = audit_events(care.database, "episode:closed")
    assert event.changes == {
        "state": ["series", "closed"],
        "close_reason": "goals_met",
        "final_scores": "not_obtained",
        "medicine_at_home": True,
    }
    # Free words never reach the audit log.
    assert "lozenges" not in str([one.changes for one in audit_events(care.database)])


def test_a_consent_stays_as_it_was_signed_unless_somebody_chooses(care):
    _close(care)
    assert [one.revoked_on for one in care.rows(Consent)] == [None] * len(care.rows(Consent))
    assert "consent:revoked" not in _tags(care)


def test_saving_twice_is_once(care):
    for minutes in (0, 1):
        _close(care, now=NOW + timedelta(minutes=minutes))
    assert care.row(Episode, care.course.id).closed_at == NOW
    assert _tags(care).count("episode:closed") == 1
    assert len(care.rows(SignOff)) == 2


def test_the_second_of_two_who_end_a_course_is_told_who_did_and_when(care):
    _close(care)
    with pytest.raises(NotAllowed) as refused:
        _close(care, care.prescriber, NOW + HOUR, close_reason=CloseReason.REFERRED)
    assert str(refused.value).replace("\xa0", " ") == (
        "Thea Tallis ended this course of care already, Tue Nov 24, 2:30 pm. "
        "Nothing of yours was saved."
    )
    assert care.row(Episode, care.course.id).close_reason is CloseReason.GOALS_MET
    assert len(care.rows(Ending)) == 1


def test_a_course_on_hold_ends_and_its_hold_is_not_released(database):
    """Rule 15: closing is no release; the medical hold stays as it was."""
    care = a_cared_for_client(database, hold=HoldReason.PREGNANCY)
    _close(care)
    assert care.row(Episode, care.course.id).state is EpisodeState.CLOSED
    assert [one.released_at for one in care.rows(Hold)] == [None]


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("close_reason", {"close_reason": None}),
        ("close_note", {"close_note": "n" * 8001}),
        ("final_scores", {"final_scores": None}),
        ("final_scores_why", {"final_scores": FinalScores.NOT_OBTAINED}),
        ("final_scores_why", {"final_scores_why": "w" * 121}),
        ("medicine_note", {"medicine_note": "m" * 121}),
        ("goes_on_with_id", {"goes_on_with_id": "nobody"}),
    ],
)
def test_rule_56_a_bad_ending_is_refused_beside_the_field(care, field, typed):
    assert set(_refused(care, **typed)) == {field}


def test_therapy_does_not_go_on_with_a_prescriber(care):
    assert set(_refused(care, goes_on_with_id=care.prescriber.clinician_id)) == {"goes_on_with_id"}


def test_therapy_goes_on_only_after_ketamine(database):
    care = a_cared_for_client(
        database, service_line=ServiceLine.THERAPY_AFTER_KAP, state=EpisodeState.INTEGRATION
    )
    assert set(_refused(care, goes_on_with_id=care.therapist.clinician_id)) == {"goes_on_with_id"}


def test_a_stale_ending_is_a_conflict_and_settles_nothing(care):
    with care.database.writing() as db:
        dose = a_ketamine_session(db, care.course)
    move = MoveEntered(care.course.id, 1, EpisodeState.SERIES_REVIEW)
    care.do(move_episode, care.prescriber, move)
    with pytest.raises(Conflict):
        _close(care, choices={f"dose.{dose.id}": Choice.CANCEL})
    assert care.row(Episode, care.course.id).state is EpisodeState.SERIES_REVIEW
    assert care.row(KetamineSession, dose.id).status is SessionStatus.PLANNED


@pytest.mark.parametrize("who", ["nurse", "front_desk"])
def test_nurse_and_front_desk_end_no_course(care, who):
    with pytest.raises(NotAllowed):
        _close(care, getattr(care, who))
    assert care.row(Episode, care.course.id).closed_at is None


def test_who_is_not_on_the_course_finds_none(care):
    with pytest.raises(NotFound):
        _close(care, care.stranger)


# --- loose ends -----------------------------------------------------------------------------------


def _everything(care):
    """A course with one of everything that can be settled by a choice; their keys."""
    with care.database.writing() as db:
        ahead, booked = a_booked_pair(db, care.course, therapist=care.therapist)
        owed = an_overdue_integration(db, care.course, hours=50)
        call = a_contact(
            db, care.course, care.therapist, kind=ContactKind.CALL, planned_at=NOW + DAY
        )
    return ahead, booked, owed, call


def test_one_save_cancels_closes_and_revokes_each_with_its_own_event(care):
    ahead, booked, owed, call = _everything(care)
    newest = max(one.id for one in care.rows(Consent))
    _close(
        care,
        choices={
            f"dose.{ahead.id}": Choice.CANCEL,
            f"integration.{owed.id}": Choice.DECLINED,
            f"contact.{call.id}": Choice.CANCEL,
            f"consent.{newest}": Choice.REVOKE,
        },
    )
    assert care.row(KetamineSession, ahead.id).status is SessionStatus.CANCELLED
    # The booking that was for this one only goes with it, as with any cancelled session (rule 3).
    assert care.row(IntegrationSession, booked.id).dropped_at == NOW
    closed = next(one for one in care.rows(IntegrationSession) if one.id != booked.id)
    assert closed.close_reason is IntegrationCloseReason.DECLINED
    assert care.row(Contact, call.id).outcome is ContactOutcome.CANCELLED
    assert [one.revoked_on for one in care.rows(Consent)] == [TODAY] * 4
    assert _tags(care) == [
        "ketamine_session:cancelled",
        "integration_session:closed",
        "contact:ended",
        *["consent:revoked"] * 4,
        "episode:closed",
        "episode:signed_off",
    ]


@pytest.mark.parametrize(
    ("choice", "end"), [(Choice.DONE, ActionEnd.DONE), (Choice.DROPPED, ActionEnd.DROPPED)]
)
def test_what_a_review_agreed_is_done_or_dropped_with_the_course(care, choice, end):
    with care.database.writing() as db:
        action = an_action(db, care.course, care.prescriber)
    key = f"action.{action.id}"
    assert _refused(care, choices={key: None}) == {choice_field(key): "Choose what becomes of it."}
    assert _refused(care, choices={key: Choice.KEEP})
    _close(care, choices={key: choice})
    kept = care.row(Action, action.id)
    assert (kept.ended_as, kept.ended_at, kept.episode_id) == (end, NOW, care.course.id)
    assert "action:ended" in _tags(care)


def test_a_review_s_action_that_came_up_is_said_without_a_word_of_it(care):
    with care.database.writing() as db:
        an_action(db, care.course, care.therapist, words="Ask her sister")
    [sentence] = _refused(care, choices={}).values()
    assert sentence == (
        "Agreed in the case review, due Thu Nov 26, Thea Tallis: "
        "this came up while the form was open. Choose what becomes of it."
    )


def test_what_was_to_be_discussed_ends_with_the_course(care):
    with care.database.writing() as db:
        mark = a_mark(db, care.course, care.therapist)
    _close(care)
    assert care.row(DiscussMark, mark.id).settled_at == NOW


def test_a_consent_that_came_up_while_the_form_was_open_is_not_revoked_unseen(care):
    seen = max(one.id for one in care.rows(Consent))
    with care.database.writing() as db:
        newer = a_consent(db, care.course, ConsentType.TOUCH, care.prescriber.clinician_id)
    said = _refused(care, choices={f"consent.{seen}": Choice.REVOKE})
    [sentence] = said.values()
    assert "Touch agreement: this came up while the form was open." in sentence
    assert care.row(Consent, newer.id).revoked_on is None


def test_what_has_no_choice_is_refused_beside_it_and_nothing_is_saved(care):
    ahead, _, owed, call = _everything(care)
    keys = [f"dose.{ahead.id}", f"integration.{owed.id}", f"contact.{call.id}"]
    said = _refused(care, choices={**dict.fromkeys(keys), keys[0]: Choice.CANCEL})
    assert said == {
        choice_field(keys[1]): "Choose what becomes of it.",
        choice_field(keys[2]): "Choose what becomes of it.",
    }
    assert care.row(KetamineSession, ahead.id).status is SessionStatus.PLANNED


def test_what_came_up_while_the_form_was_open_is_said_and_nothing_is_saved(care):
    with care.database.writing() as db:
        dose = a_ketamine_session(db, care.course)
    said = _refused(care, choices={})
    assert said[choice_field(f"dose.{dose.id}")].replace("\xa0", " ") == (
        "Ketamine session of Wed Nov 25, 2:30 pm: this came up while the form was open. "
        "Choose what becomes of it."
    )


@pytest.mark.parametrize("choice", [Choice.KEEP, Choice.HAND_OVER])
def test_nothing_owed_is_kept_where_no_therapy_goes_on(care, choice):
    """Nobody disappears: a course that is closed stands on no list."""
    with care.database.writing() as db:
        owed = an_overdue_integration(db, care.course)
    assert set(_refused(care, choices={f"integration.{owed.id}": choice})) == {
        choice_field(f"integration.{owed.id}")
    }


def _unconfirmed(db, care):
    dose = a_given_session(db, care.course, given_at=NOW - 2 * DAY)
    an_administration(db, dose, started_at=NOW - 2 * DAY, told_by=care.prescriber)
    an_integration_session(db, care.course, dose, closed_at=NOW)
    return f"unconfirmed.{dose.id}", "Robin Prescott confirms this dose first."


def _held_without_note(db, care):
    dose = a_given_session(db, care.course, given_at=NOW - 2 * DAY)
    held = an_integration_session(
        db, care.course, dose, therapist=care.therapist, held_at=NOW - DAY
    )
    return f"note.{held.id}", "Thea Tallis signs the note first."


def _given_less_than_a_day_ago(db, care):
    dose = a_given_session(db, care.course, given_at=NOW - 23 * HOUR)
    an_integration_session(db, care.course, dose, closed_at=NOW)
    return f"fresh.{dose.id}", "Wait a day: a course that ended stands on no list."


def _a_monitoring_form_to_submit(db, care):
    last_at = NOW - 2 * DAY
    dose = a_spravato_session(db, care.course, last_at=last_at, out_at=last_at + 3 * HOUR)
    an_integration_session(db, care.course, dose, closed_at=NOW)
    return f"form.{dose.id}", "Submit it first: a course that ended stands on no list."


def _nobody_said_whether_it_was_given(db, care):
    dose = an_unrecorded_session(db, care.course)
    return f"dose.{dose.id}", "Say first in its record what became of it."


def _given_and_not_closed(db, care):
    dose = a_given_session(db, care.course, given_at=NOW - HOUR, status=SessionStatus.STARTED)
    an_integration_session(db, care.course, dose, closed_at=NOW)
    return f"dose.{dose.id}", "Say first in its record what became of it."


def _a_contact_that_passed(db, care):
    call = a_contact(db, care.course, care.therapist, planned_at=NOW - 2 * HOUR)
    return f"contact.{call.id}", "Say first how it ended."


@pytest.mark.parametrize(
    "situation",
    [
        _unconfirmed,
        _held_without_note,
        _given_less_than_a_day_ago,
        _a_monitoring_form_to_submit,
        _nobody_said_whether_it_was_given,
        _given_and_not_closed,
        _a_contact_that_passed,
    ],
)
@pytest.mark.parametrize("choice", [None, Choice.CANCEL, Choice.KEEP])
def test_what_has_to_be_done_first_is_said_whatever_was_chosen(care, situation, choice):
    with care.database.writing() as db:
        key, first = situation(db, care)
    said = _refused(care, choices={key: choice})
    assert said == {choice_field(key): first}


def test_a_colleague_s_unsigned_note_says_whose_it_is_and_an_empty_one_holds_nothing_up(care):
    empty = NoteEntered(new_id(), NoteKind.GENERAL, care.course.id)
    care.do(start_note, care.prescriber, empty)
    begun = NoteEntered(new_id(), NoteKind.RISK, care.course.id)
    care.do(start_note, care.prescriber, begun)
    with care.database.writing() as db:
        save_draft(db, care.prescriber, begun.id, "seen", "Slept badly.", 0, NOW)
    with pytest.raises(Invalid) as refused:
        _close(care, choices={f"draft.{begun.id}": None})
    assert refused.value.fields == {
        choice_field(f"draft.{begun.id}"): "Robin Prescott signs the note first."
    }


def _cancelled(db, course):
    a_ketamine_session(db, course, status=SessionStatus.CANCELLED)


def _given_in_error(db, course):
    dose = a_given_session(db, course, given_at=NOW - 2 * DAY)
    db.execute(update(Administration).values(voided_at=NOW))
    return dose


def _closed_with_a_reason(db, course):
    dose = a_given_session(db, course, given_at=NOW - 2 * DAY)
    an_integration_session(
        db, course, dose, closed_at=NOW, close_reason=IntegrationCloseReason.DECLINED
    )


def _with_its_form_submitted(db, course):
    last_at = NOW - 2 * DAY
    dose = a_spravato_session(db, course, last_at=last_at, out_at=last_at + 3 * HOUR)
    a_submission(db, dose)
    an_integration_session(
        db, course, dose, closed_at=NOW, close_reason=IntegrationCloseReason.DECLINED
    )


@pytest.mark.parametrize(
    "situation", [_cancelled, _given_in_error, _closed_with_a_reason, _with_its_form_submitted]
)
def test_settled_work_keeps_no_course_open(care, situation):
    """Rule 3: a cancelled session owes nothing; rule 66: nor does what was entered in error."""
    with care.database.writing() as db:
        situation(db, care.course)
    _close(care)
    assert care.row(Episode, care.course.id).state is EpisodeState.CLOSED


@pytest.mark.parametrize("settled", [{"dropped_at": NOW}, {"kind": IntegrationKind.DEBRIEF}])
def test_rule_7_a_debrief_or_a_dropped_booking_leaves_the_debt(care, settled):
    with care.database.writing() as db:
        dose = a_given_session(
            db, care.course, given_at=NOW - 2 * DAY, status=SessionStatus.STOPPED_EARLY
        )
        an_integration_session(db, care.course, dose, planned_at=NOW + DAY, **settled)
    assert choice_field(f"integration.{dose.id}") in _refused(care)


def test_a_course_that_expects_no_integration_owes_none(database):
    care = a_cared_for_client(database, expects_integration=False)
    with care.database.writing() as db:
        a_given_session(db, care.course, given_at=NOW - 2 * DAY)
    _close(care)
    assert care.row(Episode, care.course.id).state is EpisodeState.CLOSED


# --- therapy goes on ------------------------------------------------------------------------------


def _owed_by(care, who, now=NOW):
    """What this person is owed, wherever it stands on Integration."""
    asked = care.asked_by(who, now)
    with care.database.reading() as db:
        return [row for section in integrations(db, asked) for row in section.rows]


def test_an_integration_that_is_owed_goes_on_with_its_clock_and_is_there_once(care):
    with care.database.writing() as db:
        dose = an_overdue_integration(db, care.course, hours=30)
    [before] = _owed_by(care, care.therapist)

    therapy = therapy_goes_on(care, {f"integration.{dose.id}": Choice.KEEP})

    assert (therapy.service_line, therapy.state) == (
        ServiceLine.THERAPY_AFTER_KAP,
        EpisodeState.INTEGRATION,
    )
    members = care.rows(EpisodeMember, episode_id=therapy.id)
    assert [(one.part, one.clinician_id) for one in members] == [
        (Part.THERAPIST, care.therapist.clinician_id)
    ]
    # Must not happen: it is gone, or counted twice.
    [after] = _owed_by(care, care.therapist)
    assert after.course.episode_id == therapy.id
    assert after.line.standing.due_at == before.line.standing.due_at == NOW - 6 * HOUR
    assert after.line.standing.stage is before.line.standing.stage
    assert [one.id for one in after.line.doses] == [dose.id]
    assert _owed_by(care, care.prescriber) == []
    with care.database.reading() as db:
        shown = today(db, care.asked_by(care.therapist))
    assert [row.line.key for row in shown.integration_to_do] == [after.line.key]
    assert shown.late == 1


def test_what_is_booked_goes_on_with_its_booking(care):
    with care.database.writing() as db:
        dose = a_given_session(db, care.course, given_at=NOW - 10 * HOUR)
        booked = an_integration_session(
            db, care.course, dose, therapist=care.therapist, planned_at=NOW + 2 * HOUR
        )
        call = a_contact(
            db, care.course, care.prescriber, kind=ContactKind.CHECK_IN, planned_at=NOW + DAY
        )

    therapy = therapy_goes_on(
        care, {f"integration.{booked.id}": Choice.KEEP, f"contact.{call.id}": Choice.KEEP}
    )

    [row] = _owed_by(care, care.therapist)
    assert (row.line.id, row.course.episode_id) == (booked.id, therapy.id)
    assert row.line.standing.facts.planned_at == NOW + 2 * HOUR
    assert row.line.standing.due_at == NOW + 14 * HOUR
    kept = care.row(Contact, call.id)
    assert (kept.episode_id, kept.outcome) == (therapy.id, None)
    assert kept.with_id == care.therapist.clinician_id


def test_an_integration_is_handed_over_to_the_colleague_with_whom_therapy_goes_on(care):
    with care.database.writing() as db:
        other = a_clinician(db, Function.THERAPIST, name="Wren Walker")
        dose = an_overdue_integration(db, care.course)
    key = f"integration.{dose.id}"
    goes_on = {"goes_on_with_id": other.clinician_id}
    assert set(_refused(care, choices={key: Choice.KEEP}, **goes_on)) == {choice_field(key)}

    therapy_goes_on(care, {key: Choice.HAND_OVER}, with_=other)

    [row] = _owed_by(care, other)
    assert row.course.therapist.name == "Wren Walker"
    assert row.line.standing.due_at is not None
    assert _owed_by(care, care.therapist) == []
    with care.database.reading() as db:
        page = client_page(db, care.asked_by(other), care.client.code)
    # Who is not on the earlier course sees no dose of it, and the integration all the same.
    assert page.doses == ()
    assert [one.id for one in page.integrations] == [row.line.id]


def test_what_a_review_agreed_goes_on_with_whoever_has_the_therapy(care):
    with care.database.writing() as db:
        other = a_clinician(db, Function.THERAPIST, name="Wren Walker")
        action = an_action(db, care.course, care.therapist)
    therapy = therapy_goes_on(care, {f"action.{action.id}": Choice.HAND_OVER}, with_=other)
    kept = care.row(Action, action.id)
    assert (kept.episode_id, kept.owner_id, kept.ended_at) == (
        therapy.id,
        other.clinician_id,
        None,
    )
    # The minutes go on saying who took it on.
    assert kept.agreed_owner_id == care.therapist.clinician_id
    assert "action:handed_on" in _tags(care)
    with care.database.reading() as db:
        page = today(db, care.asked_by(other))
    assert action.id in [row.attention.subject_id for row in page.waiting_on_me]


def test_a_prescriber_s_contact_is_not_kept_for_a_therapy(care):
    with care.database.writing() as db:
        visit = a_contact(
            db, care.course, care.prescriber, kind=ContactKind.FOLLOW_UP, planned_at=NOW + DAY
        )
    key = f"contact.{visit.id}"
    said = _refused(care, goes_on_with_id=care.therapist.clinician_id, choices={key: Choice.KEEP})
    assert set(said) == {choice_field(key)}


def _handed_on(care):
    """A dose of 30 hours ago whose integration went on; the row that stands for it."""
    with care.database.writing() as db:
        dose = an_overdue_integration(db, care.course, hours=30)
    therapy = therapy_goes_on(care, {f"integration.{dose.id}": Choice.KEEP})
    [row] = care.rows(IntegrationSession, episode_id=therapy.id)
    return dose, therapy, Owed(row.id, row.version, therapy.id)


def _held(owed, kind):
    return HoldIntegrationEntered(owed, TODAY, "1:00 pm", None, "", How.IN_PERSON, kind)


def test_once_it_is_held_there_only_its_note_is_left(care):
    _, _, owed = _handed_on(care)
    care.do(hold_integration, care.therapist, _held(owed, IntegrationKind.FULL))
    [row] = _owed_by(care, care.therapist)
    assert not row.line.standing.is_open


@pytest.mark.parametrize("how", ["dropped", "missed", "only a debrief", "held in error"])
def test_whatever_becomes_of_the_row_the_debt_stays(care, how):
    """Must not happen: the course of the dose is closed, so a row that is gone is a debt lost."""
    dose, therapy, owed = _handed_on(care)
    if how == "only a debrief":
        care.do(hold_integration, care.therapist, _held(owed, IntegrationKind.DEBRIEF))
    else:
        if how == "held in error":
            care.do(hold_integration, care.therapist, _held(owed, IntegrationKind.FULL))
            owed = Owed(owed.id, owed.version + 1, owed.episode_id)
        drop = DropIntegrationEntered(owed, "Not today.", missed=how == "missed")
        care.do(drop_integration, care.therapist, drop)

    left = [row for row in _owed_by(care, care.therapist) if row.line.standing.is_open]
    assert [row.line.standing.due_at for row in left] == [NOW - 6 * HOUR]
    assert [one.id for one in left[0].line.doses] == [dose.id]
    assert left[0].course.episode_id == therapy.id


def test_a_course_that_a_dose_reopens_does_not_owe_what_went_on(care):
    _, therapy, _ = _handed_on(care)
    with care.database.writing() as db:
        again = db.get_one(Episode, care.course.id)
        again.state, again.closed_at = EpisodeState.SERIES_REVIEW, None
    assert [row.course.episode_id for row in _owed_by(care, care.therapist)] == [therapy.id]


def test_history_stays_one_timeline_across_two_courses(care):
    dose, therapy, owed = _handed_on(care)
    with care.database.reading() as db:
        page = client_page(db, care.asked_by(care.therapist), care.client.code)
    [shown] = page.doses
    assert shown.id == dose.id
    assert [one.id for one in shown.integrations] == [owed.id]
    assert [line.episode_id for line in page.lines] == [therapy.id, care.course.id]
    # It stands under its dose, and not once more by itself.
    assert page.integrations == ()


# --- both sign off --------------------------------------------------------------------------------


def _sign_offs_waiting(care, who, now=NOW):
    """The sign-offs on Today: those that wait on this person, and those that wait on others."""
    with care.database.reading() as db:
        shown = today(db, care.asked_by(who, now))
    return [
        [row.attention for row in rows if row.attention.reason is Reason.SIGN_OFF]
        for rows in (shown.waiting_on_me, shown.waiting_on_others)
    ]


def test_rule_56_whoever_ends_signs_at_once_and_the_other_is_waited_for(care):
    _close(care)
    asked = {one.part: one for one in care.rows(SignOff)}
    assert asked[Part.THERAPIST].signed_at == NOW
    assert asked[Part.PRESCRIBER].signed_at is None
    assert _sign_offs_waiting(care, care.therapist)[0] == []
    [[mine], []] = _sign_offs_waiting(care, care.prescriber)
    assert (mine.tone, mine.waits_on) == (Tone.PLAIN, Part.PRESCRIBER)
    [_, [others]] = _sign_offs_waiting(care, care.therapist)
    assert others.waits_on is Part.PRESCRIBER

    entered = SignOffEntered(asked[Part.PRESCRIBER].id)
    for _ in range(2):
        care.do(sign_off, care.prescriber, entered, now=NOW + DAY)

    assert care.row(SignOff, entered.sign_off_id).signed_at == NOW + DAY
    assert _tags(care).count("episode:signed_off") == 2
    assert _sign_offs_waiting(care, care.prescriber) == [[], []]


@pytest.mark.parametrize(
    ("later", "tone"), [(7 * DAY - timedelta(seconds=1), Tone.PLAIN), (7 * DAY, Tone.AMBER)]
)
def test_rule_56_after_a_week_it_is_said_louder(care, later, tone):
    _close(care)
    [[mine], []] = _sign_offs_waiting(care, care.prescriber, NOW + later)
    assert mine.tone is tone


def test_a_course_that_waits_for_a_sign_off_is_in_nobody_s_care(care):
    _close(care)
    for who in (care.prescriber, care.therapist):
        asked = care.asked_by(who)
        with care.database.reading() as db:
            listed, shown = caseload(db, asked, Wanted()), today(db, asked)
            page = client_page(db, asked, care.client.code)
        assert (listed.rows, listed.in_scope) == ((), 0)
        assert shown.first_steps
        assert (shown.agenda, shown.integration_to_do, shown.next_doses) == ((), (), ())
        assert page.courses == ()
        assert [one.episode_id for one in page.ended] == [care.course.id]


def test_the_front_desk_and_a_stranger_sign_nothing_off(care):
    _close(care)
    [asked] = [one for one in care.rows(SignOff) if one.signed_at is None]
    for who in (care.front_desk, care.therapist, care.nurse):
        with pytest.raises(NotAllowed, match="Robin Prescott"):
            care.do(sign_off, who, SignOffEntered(asked.id))
    with pytest.raises(NotFound):
        care.do(sign_off, care.stranger, SignOffEntered(asked.id))
    assert care.row(SignOff, asked.id).signed_at is None


def test_who_covers_signs_for_the_covered(care):
    _close(care)
    [asked] = [one for one in care.rows(SignOff) if one.signed_at is None]
    with care.database.writing() as db:
        an_absence(db, care.prescriber, care.prescriber, cover=care.stranger)
    cover = care.asked_by(care.stranger).viewer
    assert len(_sign_offs_waiting(care, care.stranger)[0]) == 1
    care.do(sign_off, cover, SignOffEntered(asked.id))
    kept = care.row(SignOff, asked.id)
    assert (kept.clinician_id, kept.signed_by_id) == (
        care.prescriber.clinician_id,
        care.stranger.clinician_id,
    )


def test_once_a_sign_in_is_off_who_runs_the_course_signs_for_it(care):
    _close(care)
    [asked] = [one for one in care.rows(SignOff) if one.signed_at is None]
    with care.database.writing() as db:
        db.get_one(Clinician, care.prescriber.clinician_id).suspended_at = NOW
    with pytest.raises(NotAllowed):
        care.do(sign_off, care.nurse, SignOffEntered(asked.id))
    care.do(sign_off, care.therapist, SignOffEntered(asked.id))
    assert care.row(SignOff, asked.id).signed_by_id == care.therapist.clinician_id


def test_a_course_that_is_opened_again_by_a_dose_asks_for_its_sign_offs_anew(care):
    with care.database.writing() as db:
        missed = a_ketamine_session(
            db, care.course, planned_at=NOW - HOUR, status=SessionStatus.MISSED
        )
    _close(care)
    dose = AdministrationEntered(
        new_id(), AdministrationKind.DOSE, "70", TODAY, "1:45 pm", reason="As the client tells it."
    )
    record = RecordEntered(missed.id, 1, (dose,))
    care.do(record_ketamine_session, care.prescriber, record)
    assert care.row(Episode, care.course.id).closed_at is None
    assert [one.part for one in care.rows(SignOff)] == [Part.THERAPIST]
    assert _sign_offs_waiting(care, care.prescriber) == [[], []]


@pytest.mark.parametrize("elsewhere", [True, False])
def test_one_sign_off_is_enough_where_the_other_is_elsewhere_or_the_same_person(care, elsewhere):
    with care.database.writing() as db:
        prescriber = "Dr. Fern Faraway" if elsewhere else care.stranger
        course = a_course(
            db, a_client(db, care.therapist), prescriber=prescriber, therapist=care.stranger
        )
    care.do(close_episode, care.stranger, a_closing(course))
    [asked] = care.rows(SignOff)
    assert asked.signed_at == NOW
    assert _sign_offs_waiting(care, care.stranger) == [[], []]


def test_who_treats_nobody_on_it_signs_nothing_by_ending_it(care):
    with care.database.writing() as db:
        lead = a_clinician(db, Function.PRESCRIBER, name="Lena Lead", sees_everyone=True)
    _close(care, lead)
    assert [one.signed_at for one in care.rows(SignOff)] == [None, None]
    assert "episode:signed_off" not in _tags(care)
    [[_], [_]] = _sign_offs_waiting(care, care.prescriber)


def test_rule_56_an_answer_about_medicine_that_the_counts_deny_needs_a_reason(care):
    with care.database.writing() as db:
        a_home_supply(db, care.course, care.nurse, lozenges=4)
    refused = _refused(care, medicine_at_home=False)
    assert refused == {
        "medicine_note": "By the counts 4 lozenges should be left. "
        "Say where the medicine is, and what is planned."
    }
    _close(care, medicine_at_home=False, medicine_note="Lost in the move; a concern is raised.")
    assert [one.medicine_at_home for one in care.rows(Ending)] == [False]


@pytest.mark.parametrize(("returned", "answer"), [(0, True), (0, None), (4, False), (4, None)])
def test_an_answer_that_agrees_or_was_not_asked_needs_none(care, returned, answer):
    with care.database.writing() as db:
        a_home_supply(db, care.course, care.nurse, lozenges=4)
        a_home_supply(db, care.course, care.nurse, voided_at=NOW)
        if returned:
            a_home_tally(db, care.course, care.nurse, kind=Tally.RETURN, lozenges=returned)
    _close(care, medicine_at_home=answer)
    assert len(care.rows(Ending)) == 1


def test_what_should_not_be_there_and_is_needs_a_reason_as_well(care):
    with care.database.writing() as db:
        a_home_supply(db, care.course, care.nurse, lozenges=4)
        a_home_tally(db, care.course, care.nurse, kind=Tally.RETURN, lozenges=4)
    said = _refused(care, medicine_at_home=True)["medicine_note"]
    assert said.startswith("By the counts no lozenge should be left. Say what is at home")


def _asked(care, **values):
    with care.database.writing() as db:
        return an_ask(db, care.course, care.therapist, care.prescriber, **values)


def _found(care, ask_id, who=None):
    with care.database.reading() as db:
        return ask_page(db, care.asked_by(who or care.therapist), ask_id=ask_id).question


@pytest.mark.parametrize("who", ["therapist", "prescriber"])
@pytest.mark.parametrize("answered", [False, True])
def test_an_open_question_is_asked_about_and_stays_on_today_when_it_is_kept(care, who, answered):
    if answered:
        with care.database.writing() as db:
            one = an_answered_ask(db, care.course, care.therapist, care.prescriber)
    else:
        one = _asked(care)
    key = f"ask.{one.id}.{one.version}"
    assert _refused(care, getattr(care, who)) == {
        choice_field(key): "Question for Robin Prescott, Tue Nov 24, 1:30\N{NO-BREAK SPACE}pm: "
        + ("answered, not read yet" if answered else "waits for an answer")
        + ": this came up while the form was open. Choose what becomes of it."
    }

    _close(care, getattr(care, who), choices={key: Choice.KEEP})

    assert care.row(Ask, one.id).settled_at is None
    assert "ask:withdrawn" not in _tags(care)
    waits_on = care.therapist if answered else care.prescriber
    with care.database.reading() as db:
        rows = today(db, care.asked_by(waits_on)).waiting_on_me
    assert Reason.QUESTION in [row.attention.reason for row in rows]


def test_who_asked_needs_no_answer_any_more_and_what_was_said_stays(care):
    one = _asked(care)
    _close(care, choices={f"ask.{one.id}.{one.version}": Choice.WITHDRAW})

    found = _found(care, one.id, care.prescriber)
    assert found.is_withdrawn
    assert not found.is_open
    assert found.words == "162/98 at 40 min, hold next?"
    assert [(turn.by, turn.words) for turn in found.turns] == [
        ("Thea Tallis", "The course of care ended: goals met.")
    ]
    assert _tags(care).count("ask:withdrawn") == 1


@pytest.mark.parametrize("choice", [None, Choice.WITHDRAW, Choice.CANCEL])
def test_nobody_else_closes_a_question_by_ending_the_course(care, choice):
    one = _asked(care)
    found = _refused(care, care.prescriber, choices={f"ask.{one.id}.{one.version}": choice})
    assert found == {choice_field(f"ask.{one.id}.{one.version}"): "Choose what becomes of it."}
    assert care.row(Ask, one.id).settled_at is None


@pytest.mark.parametrize("gone", ["settled_at", "voided_at"])
def test_a_question_that_is_over_is_no_loose_end(care, gone):
    one = _asked(care, answered_at=NOW - DAY, **{gone: NOW - HOUR})
    _close(care)
    assert care.row(Ask, one.id).settled_at == (NOW - HOUR if gone == "settled_at" else None)


def test_a_question_that_was_answered_meanwhile_is_not_closed_unread(care):
    one = _asked(care)
    with care.database.writing() as db:
        kept = db.get_one(Ask, one.id)
        kept.answered_at, kept.version = NOW, kept.version + 1
    (said,) = _refused(care, choices={f"ask.{one.id}.{one.version}": Choice.WITHDRAW}).values()
    assert "answered, not read yet: this came up while the form was open." in said
    _close(care, choices={f"ask.{one.id}.{one.version + 1}": Choice.KEEP})
    assert _found(care, one.id).is_open
