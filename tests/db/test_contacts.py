"""Contacts: logged as they come, planned, moved, ended; who is told, and what is next."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from kapteam.actions.contacts import (
    ContactEndedEntered,
    ContactEntered,
    ContactMovedEntered,
    TouchEntered,
    VoidContactEntered,
    end_contact,
    know_of,
    log_touch,
    move_contact,
    plan_contact,
    void_contact,
)
from kapteam.db.tables import Contact, Episode
from kapteam.errors import Conflict, Invalid, NotAllowed, NotFound, Unchanged
from kapteam.ids import new_id
from kapteam.queries.contacts import contact_page, last_contacts, told_to
from kapteam.queries.standing import course_standings
from kapteam.queries.today import today
from kapteam.rules.attention import NOTHING_AHEAD, Reason
from kapteam.rules.contacts import ContactStage
from kapteam.vocabulary import (
    ContactKind,
    ContactOutcome,
    EpisodeState,
    Function,
    How,
    Part,
    SessionStatus,
    Touch,
)
from tests.factories import (
    NOW,
    TODAY,
    a_call,
    a_clinician,
    a_contact,
    a_course,
    a_member,
    an_absence,
    audit_events,
)
from tests.factories_care import (
    Care,
    a_cared_for_client,
    a_given_session,
    a_ketamine_session,
    an_integration_session,
    another_course,
)

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def care(database) -> Care:
    return a_cared_for_client(database)


def _touch(care: Care, **typed) -> TouchEntered:
    usual = TouchEntered(
        id=new_id(),
        client_id=care.client.id,
        touch=Touch.THEY_CALLED,
        words="Cannot sleep since Sunday. Call back today.",
        tell_id=None,
        on=TODAY,
        time="2:05 pm",
    )
    return replace(usual, **typed)


def _plan(care: Care, **typed) -> ContactEntered:
    usual = ContactEntered(
        id=new_id(),
        episode_id=care.course.id,
        kind=ContactKind.PREPARATION,
        on=TODAY + DAY,
        time="10:00 am",
        minutes=50,
        how=How.IN_PERSON,
        place="Room 5",
        local_emergency="",
        with_id=care.therapist.clinician_id,
    )
    return replace(usual, **typed)


def _moved(contact: Contact, care: Care, **typed) -> ContactMovedEntered:
    usual = ContactMovedEntered(
        contact_id=contact.id,
        version=contact.version,
        on=TODAY + 2 * DAY,
        time="11:00 am",
        minutes=50,
        how=How.IN_PERSON,
        place="",
        local_emergency="",
        with_id=care.therapist.clinician_id,
    )
    return replace(usual, **typed)


def _ended(contact: Contact, **typed) -> ContactEndedEntered:
    usual = ContactEndedEntered(
        contact_id=contact.id,
        version=contact.version,
        outcome=ContactOutcome.HELD,
        on=TODAY,
        time="1:00 pm",
        words="Afraid of the mask. Will bring her own music.",
        move_to=None,
    )
    return replace(usual, **typed)


def _planned(care: Care, hours: float = 24, **values) -> Contact:
    with care.database.writing() as db:
        return a_contact(
            db, care.course, care.therapist, planned_at=NOW + timedelta(hours=hours), **values
        )


def _last(care: Care, who=None):
    asked = care.asked_by(who or care.therapist)
    with care.database.reading() as db:
        return last_contacts(db, asked, care.client.id)


def _standing(care: Care, who=None):
    asked = care.asked_by(who or care.therapist)
    with care.database.reading() as db:
        [found] = course_standings(db, asked, Episode.id == care.course.id)
    return found


def _told(care: Care, who):
    asked = care.asked_by(who)
    with care.database.reading() as db:
        return told_to(db, asked)


def test_a_call_is_kept_as_it_came_with_who_took_it(care):
    call = _touch(care)

    assert care.do(log_touch, care.front_desk, call) == care.client.code

    kept = care.row(Contact, call.id)
    assert (kept.kind, kept.outcome) == (ContactKind.CALL, ContactOutcome.REACHED)
    assert kept.from_client
    assert kept.happened_at == datetime(2026, 11, 24, 21, 5, tzinfo=UTC)
    assert kept.with_id == care.front_desk.clinician_id
    [event] = audit_events(care.database, "contact:logged")
    assert event.client_id == care.client.id
    assert "sleep" not in str(event.changes)


def test_a_second_press_keeps_one(care):
    call = _touch(care)
    for _ in range(2):
        care.do(log_touch, care.therapist, call)
    assert len(care.rows(Contact)) == len(audit_events(care.database, "contact:logged")) == 1


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"touch": None}, "touch", "Choose what happened."),
        ({"time": "2:31 pm"}, "time", "This time is in the future. Enter when it happened."),
        ({"on": TODAY + DAY}, "time", "This time is in the future. Enter when it happened."),
        ({"on": None}, "on", "Choose the day."),
        ({"words": "x" * 8_001}, "words", "This has 8,001 characters; 1,000 is the most."),
    ],
)
def test_a_call_that_cannot_be_is_said_beside_its_field(care, typed, field, sentence):
    with pytest.raises(Invalid) as refused:
        care.do(log_touch, care.therapist, _touch(care, **typed))
    assert sentence in refused.value.fields[field]
    assert care.rows(Contact) == []


def test_nobody_logs_a_call_of_a_client_whom_they_may_not_see_or_without_a_function(care):
    with care.database.writing() as db:
        nobody = a_clinician(db, name="Nora Nobody", sees_everyone=True)
    with pytest.raises(NotFound):
        care.do(log_touch, care.stranger, _touch(care))
    with pytest.raises(NotAllowed):
        care.do(log_touch, nobody, _touch(care))
    assert care.rows(Contact) == []


def test_who_is_told_finds_it_until_they_have_seen_it_and_so_does_their_cover(care):
    call = _touch(care, tell_id=care.therapist.clinician_id)
    care.do(log_touch, care.front_desk, call)

    [told] = _told(care, care.therapist)
    assert (told.words, told.by) == (call.words, "Cory Corner")
    assert _told(care, care.prescriber) == ()
    with care.database.writing() as db:
        an_absence(db, care.therapist, care.prescriber, cover=care.stranger)
    assert [one.id for one in _told(care, care.stranger)] == [call.id]

    with pytest.raises(NotFound):
        care.do(know_of, care.prescriber, call.id)
    for _ in range(2):
        care.do(know_of, care.therapist, call.id)

    assert _told(care, care.therapist) == ()
    assert care.row(Contact, call.id).told_at == NOW
    assert len(audit_events(care.database, "contact:known")) == 1


def test_one_tells_those_who_treat_the_client_and_the_front_desk_and_nobody_else(care):
    with care.database.writing() as db:
        left = a_clinician(db, Function.THERAPIST, name="Lena Leaver", suspended=True)
        a_member(db, care.course, left, Part.COVER)
    for able in (care.prescriber, care.front_desk):
        care.do(log_touch, care.therapist, _touch(care, tell_id=able.clinician_id))
    for unable, sentence in (
        (care.stranger, "Choose somebody who treats this client now, or the front desk."),
        (left, "Choose somebody who treats this client now, or the front desk."),
        (care.therapist, "Choose somebody else."),
    ):
        with pytest.raises(Invalid) as refused:
            care.do(log_touch, care.therapist, _touch(care, tell_id=unable.clinician_id))
        assert refused.value.fields["tell_id"] == sentence


def test_what_is_planned_is_the_next_step_and_its_absence_is_said(care):
    assert NOTHING_AHEAD & {one.reason for one in _standing(care).attention}

    care.do(plan_contact, care.front_desk, _plan(care))

    found = _standing(care)
    assert found.next_step.what == "Preparation"
    assert found.next_step.at == datetime(2026, 11, 25, 17, 0, tzinfo=UTC)
    assert NOTHING_AHEAD.isdisjoint(one.reason for one in found.attention)
    [line] = found.contacts
    assert (line.standing.stage, line.person.name) == (ContactStage.AHEAD, "Thea Tallis")


def test_a_preparation_before_the_dose_is_where_the_intention_is_written(care):
    with care.database.writing() as db:
        a_ketamine_session(db, care.course, planned_at=NOW + 30 * HOUR)
    intention = Reason.INTENTION
    assert intention in {one.reason for one in _standing(care).attention}
    contact = _planned(care, 20)

    found = _standing(care)

    assert found.doses[0].intention.preparation_at == contact.planned_at
    assert not found.doses[0].is_ready
    assert intention not in {one.reason for one in found.attention}
    care.do(end_contact, care.therapist, _ended(contact, outcome=ContactOutcome.CANCELLED))
    assert intention in {one.reason for one in _standing(care).attention}


def test_the_earliest_of_dose_and_contact_is_the_next_step(care):
    with care.database.writing() as db:
        a_ketamine_session(db, care.course, planned_at=NOW + 30 * HOUR)
    _planned(care, 48)
    assert _standing(care).next_step.what == "Dose"
    _planned(care, 5, kind=ContactKind.CALL)
    assert _standing(care).next_step.what == "Call"


def test_what_nobody_said_anything_about_is_asked_and_is_no_next_step(care):
    contact = _planned(care, -1)

    found = _standing(care)

    assert found.next_step is None
    [asked] = [one for one in found.attention if one.reason is Reason.DID_IT_HAPPEN]
    assert (asked.subject_id, asked.waits_on) == (contact.id, Part.THERAPIST)
    care.do(end_contact, care.therapist, _ended(contact, outcome=ContactOutcome.MISSED))
    assert Reason.DID_IT_HAPPEN not in {one.reason for one in _standing(care).attention}


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"kind": None}, "kind", "Choose what it is."),
        ({"how": None}, "how", "Choose how."),
        ({"on": TODAY, "time": "2:30 pm"}, "time", "This time has passed."),
        ({"on": TODAY + 400 * DAY}, "time", "This is more than a year ahead."),
        ({"minutes": None}, "minutes", "Enter 5 to 240 minutes."),
        ({"minutes": 241}, "minutes", "Enter 5 to 240 minutes."),
        ({"with_id": None}, "with_id", "Choose a therapist whose sign-in is on."),
        ({"place": "x" * 121}, "place", "The place has 121 characters"),
    ],
)
def test_what_cannot_be_planned_is_said_beside_its_field(care, typed, field, sentence):
    with pytest.raises(Invalid) as refused:
        care.do(plan_contact, care.therapist, _plan(care, **typed))
    assert sentence in refused.value.fields[field]
    assert care.rows(Contact) == []


def test_an_evaluation_is_planned_with_a_prescriber_only(care):
    with pytest.raises(Invalid) as refused:
        care.do(plan_contact, care.therapist, _plan(care, kind=ContactKind.EVALUATION))
    assert refused.value.fields == {"with_id": "Choose a prescriber whose sign-in is on."}
    able = _plan(care, kind=ContactKind.EVALUATION, with_id=care.prescriber.clinician_id)
    care.do(plan_contact, care.therapist, able)
    assert len(care.rows(Contact)) == 1


def test_nothing_is_planned_on_a_closed_course_or_on_one_that_one_is_not_on(care):
    with pytest.raises(NotFound):
        care.do(plan_contact, care.stranger, _plan(care))
    with care.database.writing() as db:
        course = db.get_one(Episode, care.course.id)
        course.state, course.closed_at = EpisodeState.CLOSED, NOW
    with pytest.raises(NotAllowed, match="closed"):
        care.do(plan_contact, care.therapist, _plan(care))
    assert care.rows(Contact) == []


def test_a_contact_moves_with_both_times_on_record_and_not_once_it_is_over(care):
    contact = _planned(care)
    move = _moved(contact, care)
    for _ in range(2):
        care.do(move_contact, care.front_desk, move)
    assert care.row(Contact, contact.id).planned_at == datetime(2026, 11, 26, 18, 0, tzinfo=UTC)
    [event] = audit_events(care.database, "contact:moved")
    assert "2026-11-25" in str(event.changes["planned_at"])

    care.do(end_contact, care.therapist, _ended(care.row(Contact, contact.id)))
    with pytest.raises(NotAllowed, match="This is over"):
        care.do(move_contact, care.therapist, replace(move, version=3))


def test_a_move_to_where_it_is_already_changes_nothing(care):
    contact = _planned(care, place="Room 5")
    same = _moved(contact, care, on=TODAY + DAY, time="2:30 pm", place="Room 5")
    with pytest.raises(Unchanged):
        care.do(move_contact, care.therapist, same)
    assert audit_events(care.database, "contact:moved") == []


def test_two_who_say_how_it_ended_see_each_others_words(care):
    contact = _planned(care, -2)
    care.do(end_contact, care.therapist, _ended(contact))
    other = _ended(contact, outcome=ContactOutcome.MISSED, words="Was not there.")
    with pytest.raises(Conflict) as conflict:
        care.do(end_contact, care.prescriber, other)
    assert conflict.value.theirs["words"].startswith("Afraid of the mask")
    assert care.row(Contact, contact.id).outcome is ContactOutcome.HELD


def test_how_it_ended_is_said_once(care):
    contact = _planned(care, -2)
    care.do(end_contact, care.therapist, _ended(contact))
    again = _ended(care.row(Contact, contact.id), outcome=ContactOutcome.MISSED)
    with pytest.raises(NotAllowed, match="recorded already"):
        care.do(end_contact, care.therapist, again)


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        (ContactKind.PREPARATION, ContactOutcome.REACHED),
        (ContactKind.CALL, ContactOutcome.HELD),
        (ContactKind.CALL, None),
    ],
)
def test_an_outcome_that_does_not_fit_is_refused(care, kind, outcome):
    contact = _planned(care, -2, kind=kind)
    with pytest.raises(Invalid) as refused:
        care.do(end_contact, care.therapist, _ended(contact, outcome=outcome))
    assert refused.value.fields["outcome"] == "Choose how it ended."


def test_by_video_nobody_has_been_met_before_it_is_known_where_the_client_was(care):
    contact = _planned(care, -2, how=How.VIDEO)
    with pytest.raises(Invalid) as refused:
        care.do(end_contact, care.therapist, _ended(contact))
    assert "say first where the client is" in refused.value.fields["outcome"]
    missed = _ended(contact, outcome=ContactOutcome.MISSED)
    care.do(end_contact, care.therapist, missed)
    assert care.row(Contact, contact.id).outcome is ContactOutcome.MISSED


def test_what_was_cancelled_has_not_happened(care):
    contact = _planned(care)
    cancelled = _ended(contact, outcome=ContactOutcome.CANCELLED, on=None, time="")
    care.do(end_contact, care.front_desk, cancelled)
    assert care.row(Contact, contact.id).happened_at is None
    assert _last(care) == ()


def test_the_last_three_contacts_stand_on_the_client_the_newest_first(care):
    with care.database.writing() as db:
        for hours in (1, 30, 3, 200):
            a_call(db, care.client, care.therapist, happened_at=NOW - hours * HOUR)
    found = _last(care)
    assert [(NOW - one.happened_at) / HOUR for one in found] == [1, 3, 30]


def test_of_a_course_that_one_is_not_on_no_contact_is_among_the_last(care):
    theirs = {"outcome": ContactOutcome.HELD, "words": "Not for us."}
    with care.database.writing() as db:
        other = a_course(db, care.client, prescriber=care.stranger)
        a_contact(db, other, care.stranger, happened_at=NOW - 2 * HOUR, **theirs)
        call = a_call(db, care.client, care.stranger)

    assert [one.id for one in _last(care)] == [call.id]
    assert [one.words for one in _last(care, care.stranger)] == [call.words, "Not for us."]


def test_once_a_course_is_over_its_client_s_last_contacts_are_still_told(care):
    with care.database.writing() as db:
        call = a_call(db, care.client, care.therapist)
        course = db.get_one(Episode, care.course.id)
        course.state, course.closed_at = EpisodeState.CLOSED, NOW

    assert [one.id for one in _last(care)] == [call.id]


def test_of_an_appointment_the_front_desk_reads_that_it_was_and_no_word_of_it(care):
    contact = _planned(care, -2)
    care.do(end_contact, care.therapist, _ended(contact))
    with care.database.writing() as db:
        a_call(db, care.client, care.therapist)

    words = {one.id: one.words for one in _last(care, care.front_desk)}
    assert words.pop(contact.id) == ""
    assert list(words.values()) == ["Slept well. Asks about Friday."]
    asked = care.asked_by(care.front_desk)
    with care.database.reading() as db:
        page = contact_page(db, asked, code=care.client.code)
    assert {one.words for one in page.all_of_them if one.planned_at} == {""}


def test_of_a_course_that_one_is_not_on_nothing_planned_is_shown(care):
    with care.database.writing() as db:
        other = another_course(db, care, "Elsewhere", therapist=care.stranger, prescriber=None)
        other.client_id = care.client.id
        theirs = a_contact(db, other, care.stranger, planned_at=NOW + DAY)
        a_call(db, care.client, care.therapist)
    asked = care.asked_by(care.therapist)
    with care.database.reading() as db:
        page = contact_page(db, asked, code=care.client.code)
        with pytest.raises(NotFound):
            contact_page(db, asked, contact_id=theirs.id)
    assert [one.kind for one in page.all_of_them] == [ContactKind.CALL]
    with pytest.raises(NotFound):
        care.do(end_contact, care.therapist, _ended(theirs))


def _missed_in_a_row(care: Care) -> int:
    found = [one.times for one in _standing(care).attention if one.reason is Reason.MISSED_AGAIN]
    return found[0] if found else 0


def test_two_misses_in_a_row_are_said_until_somebody_comes(care):
    missed = {"outcome": ContactOutcome.MISSED}
    with care.database.writing() as db:
        a_ketamine_session(db, care.course, planned_at=NOW - 9 * DAY, status=SessionStatus.MISSED)
    assert _missed_in_a_row(care) == 0
    _planned(care, -7 * 24, happened_at=NOW - 7 * DAY, **missed)
    assert _missed_in_a_row(care) == 2
    _planned(care, -4 * 24, happened_at=NOW - 4 * DAY, **missed)
    assert _missed_in_a_row(care) == 3
    # A cancellation is no miss, and a call in between does not bring them back; coming does.
    _planned(care, -3 * 24, outcome=ContactOutcome.CANCELLED)
    assert _missed_in_a_row(care) == 3
    with care.database.writing() as db:
        an_integration_session(db, care.course, held_at=NOW - 5 * DAY)
    assert _missed_in_a_row(care) == 0
    _planned(care, -48, happened_at=NOW - 2 * DAY, **missed)
    assert _missed_in_a_row(care) == 2
    _planned(care, -24, outcome=ContactOutcome.HELD, happened_at=NOW - DAY)
    assert _missed_in_a_row(care) == 0


def test_who_else_comes_takes_nobodys_misses_away(care):
    for days in (9, 7):
        _planned(care, -days * 24, happened_at=NOW - days * DAY, outcome=ContactOutcome.MISSED)
    with care.database.writing() as db:
        anothers = another_course(db, care, "Punctual", therapist=care.stranger, prescriber=None)
        kept = {"outcome": ContactOutcome.HELD, "happened_at": NOW - DAY}
        a_contact(db, anothers, care.stranger, planned_at=NOW - DAY, **kept)
        an_integration_session(db, anothers, held_at=NOW - 2 * DAY)
        a_given_session(db, anothers, given_at=NOW - 3 * DAY)

    assert _missed_in_a_row(care) == 2


def test_today_shows_what_is_planned_for_today_by_time(care):
    later, earlier = _planned(care, 2), _planned(care, -0.5, kind=ContactKind.CALL)
    _planned(care, 24)
    asked = care.asked_by(care.therapist)
    with care.database.reading() as db:
        agenda = today(db, asked).agenda
    assert [row.contact.id for row in agenda] == [earlier.id, later.id]


def test_who_was_neither_met_nor_reached_for_long_is_out_of_touch(care):
    """A call that was not reached, one that was cancelled, and one on another course count not."""
    ago = [NOW - timedelta(days=days) for days in (40, 30, 20)]
    with care.database.writing() as db:
        for at in ago:
            dose = a_given_session(db, care.course, given_at=at)
        an_integration_session(
            db, care.course, dose, therapist=care.therapist, held_at=NOW - timedelta(days=18)
        )
        a_contact(
            db,
            care.course,
            care.therapist,
            happened_at=NOW - timedelta(days=2),
            outcome=ContactOutcome.NOT_REACHED,
        )

    found = {one.reason: one.at for one in _standing(care).attention}

    assert found[Reason.OUT_OF_TOUCH] == NOW - timedelta(days=18)
    assert Reason.NO_NEXT_STEP not in found


def test_a_call_that_reached_the_client_ends_being_out_of_touch(care):
    with care.database.writing() as db:
        db.get_one(Episode, care.course.id).opened_at = NOW - timedelta(days=60)
    assert Reason.OUT_OF_TOUCH in {one.reason for one in _standing(care).attention}
    with care.database.writing() as db:
        a_call(db, care.client, care.front_desk)

    assert Reason.OUT_OF_TOUCH not in {one.reason for one in _standing(care).attention}


def _in_state(care, state):
    with care.database.writing() as db:
        db.get_one(Episode, care.course.id).state = state


def _a_past(care, kind, who):
    with care.database.writing() as db:
        return a_contact(db, care.course, who, kind=kind, planned_at=NOW - 2 * HOUR)


@pytest.mark.parametrize(
    ("kind", "who", "state", "to"),
    [
        (ContactKind.INTAKE, "therapist", EpisodeState.ASSESSMENT, EpisodeState.PREPARATION),
        (ContactKind.EVALUATION, "prescriber", EpisodeState.ASSESSMENT, EpisodeState.PREPARATION),
        (ContactKind.PREPARATION, "therapist", EpisodeState.PREPARATION, EpisodeState.SERIES),
        (
            ContactKind.FOLLOW_UP,
            "prescriber",
            EpisodeState.SERIES_REVIEW,
            EpisodeState.MAINTENANCE,
        ),
    ],
)
def test_what_was_held_moves_the_course_along_by_the_right_persons_word(care, kind, who, state, to):
    _in_state(care, state)
    contact = _a_past(care, kind, getattr(care, who))

    care.do(end_contact, getattr(care, who), _ended(contact, move_to=to))

    assert care.row(Episode, care.course.id).state is to
    assert care.row(Contact, contact.id).outcome is ContactOutcome.HELD
    (event,) = audit_events(care.database, "episode:moved")
    assert event.changes["state"] == [state, to]


@pytest.mark.parametrize(
    ("who", "outcome", "to", "words"),
    [
        ("prescriber", ContactOutcome.HELD, EpisodeState.PREPARATION, "Only a therapist"),
        ("front_desk", ContactOutcome.HELD, EpisodeState.PREPARATION, "Only a therapist"),
        ("therapist", ContactOutcome.MISSED, EpisodeState.PREPARATION, "does not move"),
        ("therapist", ContactOutcome.HELD, EpisodeState.SERIES, "does not move"),
        ("therapist", ContactOutcome.HELD, EpisodeState.CLOSED, "does not move"),
    ],
)
def test_no_other_word_and_no_other_way_moves_it(care, who, outcome, to, words):
    _in_state(care, EpisodeState.ASSESSMENT)
    contact = _a_past(care, ContactKind.INTAKE, care.therapist)

    with pytest.raises(Invalid) as refused:
        care.do(end_contact, getattr(care, who), _ended(contact, outcome=outcome, move_to=to))

    assert words in refused.value.fields["move_to"]
    assert care.row(Episode, care.course.id).state is EpisodeState.ASSESSMENT
    assert care.row(Contact, contact.id).outcome is None


def test_what_the_gate_misses_is_said_beside_the_move_and_nothing_is_saved(database):
    care = a_cared_for_client(database, cleared=False, state=EpisodeState.PREPARATION)
    contact = _a_past(care, ContactKind.PREPARATION, care.therapist)

    with pytest.raises(Invalid) as refused:
        care.do(end_contact, care.therapist, _ended(contact, move_to=EpisodeState.SERIES))

    assert "The series cannot begin yet" in refused.value.fields["move_to"]
    assert care.row(Contact, contact.id).outcome is None
    assert care.row(Episode, care.course.id).state is EpisodeState.PREPARATION


def test_a_colleague_who_moved_it_there_first_is_no_hindrance(care):
    _in_state(care, EpisodeState.PREPARATION)
    contact = _a_past(care, ContactKind.INTAKE, care.therapist)

    care.do(end_contact, care.therapist, _ended(contact, move_to=EpisodeState.PREPARATION))

    assert care.row(Contact, contact.id).outcome is ContactOutcome.HELD
    assert audit_events(care.database, "episode:moved") == []


def test_what_was_entered_in_error_stays_readable_and_counts_nowhere(care):
    with care.database.writing() as db:
        call = a_call(db, care.client, care.front_desk, tell_id=care.therapist.clinician_id)
    assert [one.id for one in _last(care)] == [call.id]
    entered = VoidContactEntered(call.id, call.version)
    for _ in range(2):
        care.do(void_contact, care.front_desk, entered)

    assert _last(care) == ()
    assert Reason.OUT_OF_TOUCH in {one.reason for one in _standing(care).attention}
    asked = care.asked_by(care.therapist)
    with care.database.reading() as db:
        assert told_to(db, asked) == ()
        [kept] = contact_page(db, asked, code=care.client.code).all_of_them
    assert (kept.outcome, kept.words) == (ContactOutcome.IN_ERROR, call.words)
    (event,) = audit_events(care.database, "contact:voided")
    assert event.changes["outcome"] == ["reached", "in_error"]


def test_what_is_planned_or_not_ones_to_see_is_never_entered_in_error(care):
    ahead = _planned(care, 5)
    with care.database.writing() as db:
        held = a_contact(
            db, care.course, care.therapist, outcome=ContactOutcome.HELD, happened_at=NOW
        )
    for who, contact in ((care.therapist, ahead), (care.stranger, held)):
        with pytest.raises(NotFound):
            care.do(void_contact, who, VoidContactEntered(contact.id, contact.version))
    with pytest.raises(Conflict):
        care.do(void_contact, care.therapist, VoidContactEntered(held.id, held.version + 1))

    assert care.row(Contact, held.id).outcome is ContactOutcome.HELD
