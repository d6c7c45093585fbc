"""Waits on someone outside: begun, changed, ended; whose call it is, and where one is stuck."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from kapteam.actions.endings import close_episode
from kapteam.actions.waits import (
    WaitChangedEntered,
    WaitEndedEntered,
    WaitEntered,
    WaitReopenedEntered,
    begin_wait,
    change_wait,
    end_wait,
    reopen_wait,
)
from kapteam.db.tables import (
    Administration,
    Clinician,
    Episode,
    EpisodeMember,
    Inquiry,
    OutsideWait,
)
from kapteam.errors import Conflict, Invalid, NotAllowed, NotFound, Unchanged
from kapteam.ids import new_id
from kapteam.queries.caseload import View, Wanted, caseload
from kapteam.queries.standing import course_standings
from kapteam.queries.today import today
from kapteam.queries.waits import wait_page
from kapteam.rules.attention import Reason
from kapteam.rules.loose_ends import Choice, LooseKind
from kapteam.rules.waits import StuckOn
from kapteam.vocabulary import (
    Audience,
    ContactKind,
    EpisodeState,
    Function,
    HoldReason,
    OutsideParty,
    Tone,
    WaitOutcome,
)
from kapteam.wording import at_local
from tests.factories import (
    NOW,
    TODAY,
    ZONE,
    a_client,
    a_clinician,
    a_contact,
    a_course,
    a_hold,
    a_wait,
    an_absence,
    an_authorization,
    an_inquiry,
    audit_events,
)
from tests.factories_care import (
    ON_SQLITE,
    Care,
    a_cared_for_client,
    a_given_session,
    a_ketamine_session,
    another_course,
)
from tests.factories_endings import a_closing

DAY = timedelta(days=1)
_END = ("outcome", "ended_on", "visits", "valid_from_at", "valid_until_at")
_WORDS = "Faxed twice, they want the old scores."


@pytest.fixture
def care(database) -> Care:
    return a_cared_for_client(database, state=EpisodeState.PREPARATION)


def _begun(care: Care, **typed) -> WaitEntered:
    usual = WaitEntered(
        id=new_id(),
        episode_id=care.course.id,
        kind=OutsideParty.INSURER,
        who="Sonora Health",
        since_on=TODAY - 12 * DAY,
        call_back_on=TODAY + 6 * DAY,
        caller_id=care.front_desk.clinician_id,
        words=_WORDS,
    )
    return replace(usual, **typed)


def _changed(wait: OutsideWait, **typed) -> WaitChangedEntered:
    usual = WaitChangedEntered(
        wait_id=wait.id,
        version=wait.version,
        who=wait.who,
        call_back_on=wait.call_back_on,
        caller_id=wait.caller_id,
        words=wait.words,
    )
    return replace(usual, **typed)


def _ended(wait: OutsideWait, **typed) -> WaitEndedEntered:
    usual = WaitEndedEntered(
        wait_id=wait.id,
        version=wait.version,
        outcome=WaitOutcome.ARRIVED,
        ended_on=TODAY,
        visits=6,
        valid_from_on=TODAY,
        valid_until_on=date(2027, 2, 28),
    )
    return replace(usual, **typed)


def _waits(care: Care, caller=None, **values) -> OutsideWait:
    with care.database.writing() as db:
        return a_wait(db, care.course, caller or care.front_desk, **values)


def _standing(care: Care, who=None, now=NOW):
    asked = care.asked_by(who or care.therapist, now)
    with care.database.reading() as db:
        return course_standings(db, asked)[0]


def _opened(care: Care, at: datetime) -> None:
    with care.database.writing() as db:
        db.get_one(Episode, care.course.id).opened_at = at


def _reasons(care: Care, who=None) -> dict[Reason, Tone]:
    return {one.reason: one.tone for one in _standing(care, who).attention}


def _today(care: Care, who):
    asked = care.asked_by(who)
    with care.database.reading() as db:
        return today(db, asked)


def _refused(care: Care, action, entered, who=None) -> dict[str, str]:
    with pytest.raises(Invalid) as refusal:
        care.do(action, who or care.therapist, entered)
    return dict(refusal.value.fields)


def test_a_wait_is_kept_with_who_calls_and_its_words_stay_out_of_the_log(care):
    entered = _begun(care)

    assert care.do(begin_wait, care.front_desk, entered) == care.client.code

    kept = care.row(OutsideWait, entered.id)
    assert (kept.kind, kept.who, kept.words) == (OutsideParty.INSURER, "Sonora Health", _WORDS)
    assert (kept.since_on, kept.call_back_on) == (TODAY - 12 * DAY, TODAY + 6 * DAY)
    assert (kept.outcome, kept.visits, kept.recorded_by_id) == (
        None,
        None,
        care.front_desk.clinician_id,
    )
    [event] = audit_events(care.database, "wait:begun")
    assert event.client_id == care.client.id
    assert event.changes["kind"] == "insurer"
    assert _WORDS not in str(event.changes)
    assert "Sonora" not in str(event.changes)


def test_a_second_press_begins_no_second_wait(care):
    entered = _begun(care)
    care.do(begin_wait, care.therapist, entered)
    care.do(begin_wait, care.therapist, replace(entered, words="Other words."))

    assert [one.words for one in care.rows(OutsideWait)] == [_WORDS]
    assert len(audit_events(care.database, "wait:begun")) == 1


@ON_SQLITE
@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"kind": None}, "kind", "Choose whom it waits on."),
        ({"since_on": None}, "since_on", "Choose the day."),
        ({"since_on": TODAY + DAY}, "since_on", "This day is in the future."),
        ({"call_back_on": TODAY - DAY}, "call_back_on", "This day is past."),
        ({"caller_id": None}, "caller_id", "Choose who calls"),
        ({"caller_id": "nobody"}, "caller_id", "Choose who calls"),
        ({"kind": OutsideParty.OTHER, "who": "  "}, "who", "Say who it is."),
        ({"who": "a" * 121}, "who", "The name has 121 characters; 120 is the most."),
        ({"who": "one\ntwo"}, "who", "The name has more than one line."),
        ({"words": "a" * 8_001}, "words", "This has 8,001 characters; 8,000 is the most."),
    ],
)
def test_what_cannot_be_a_wait_is_said_beside_its_field(care, typed, field, sentence):
    said = _refused(care, begin_wait, _begun(care, **typed))
    assert set(said) == {field}
    assert said[field].startswith(sentence)
    assert care.rows(OutsideWait) == []
    assert audit_events(care.database, "wait:begun") == []


def test_5000_characters_and_a_call_back_today_are_good(care):
    entered = _begun(care, words="a" * 5_000, call_back_on=TODAY, since_on=TODAY)
    care.do(begin_wait, care.therapist, entered)
    assert len(care.row(OutsideWait, entered.id).words) == 5_000


def test_nobody_calls_about_a_client_whom_they_may_not_open(care):
    with care.database.writing() as db:
        off = a_clinician(db, Function.COORDINATOR, name="Odd Gone")
        db.get_one(Clinician, off.clinician_id).suspended_at = NOW
    for who in (care.stranger, off):
        assert "caller_id" in _refused(care, begin_wait, _begun(care, caller_id=who.clinician_id))
    for who in (care.nurse, care.prescriber, care.front_desk):
        care.do(begin_wait, care.therapist, _begun(care, caller_id=who.clinician_id))
    assert len(care.rows(OutsideWait)) == 3


def test_who_is_not_on_the_course_begins_changes_and_ends_nothing(care):
    wait = _waits(care)
    for action, entered in (
        (begin_wait, _begun(care)),
        (change_wait, _changed(wait, words="Mine.")),
        (end_wait, _ended(wait)),
    ):
        with pytest.raises(NotFound):
            care.do(action, care.stranger, entered)
    [kept] = care.rows(OutsideWait)
    assert (kept.outcome, kept.version) == (None, 1)


def test_a_sign_in_without_a_function_does_nothing(care):
    wait = _waits(care)
    nobody = replace(care.therapist, functions=frozenset())
    for action, entered in (
        (begin_wait, _begun(care)),
        (change_wait, _changed(wait, words="Mine.")),
        (end_wait, _ended(wait)),
    ):
        with pytest.raises(NotAllowed):
            care.do(action, nobody, entered)
    assert audit_events(care.database, "wait:") == []


def test_nothing_is_waited_for_on_a_closed_course_and_the_end_of_one_drops_its_waits(care):
    wait = _waits(care)
    with pytest.raises(Invalid, match="Waiting on: insurer"):
        care.do(close_episode, care.therapist, a_closing(care.course))
    assert care.row(OutsideWait, wait.id).outcome is None
    choices = {f"{LooseKind.WAIT}.{wait.id}": Choice.CANCEL}
    care.do(close_episode, care.therapist, a_closing(care.course, choices=choices))
    assert care.row(OutsideWait, wait.id).outcome is WaitOutcome.DROPPED
    with pytest.raises(NotAllowed):
        care.do(begin_wait, care.therapist, _begun(care))


def test_another_day_and_another_caller(care):
    wait = _waits(care, call_back_on=TODAY)
    changed = _changed(
        wait,
        call_back_on=TODAY + 3 * DAY,
        caller_id=care.therapist.clinician_id,
        words="Voicemail.",
    )
    assert care.do(change_wait, care.front_desk, changed) == care.client.code
    care.do(change_wait, care.front_desk, changed)

    kept = care.row(OutsideWait, wait.id)
    assert (kept.call_back_on, kept.version) == (TODAY + 3 * DAY, 2)
    [event] = audit_events(care.database, "wait:changed")
    assert event.changes == {
        "call_back_on": ["2026-11-24", "2026-11-27"],
        "caller_id": [care.front_desk.clinician_id, care.therapist.clinician_id],
    }


def test_nobody_overwrites_anybody(care):
    wait = _waits(care)
    care.do(change_wait, care.therapist, _changed(wait, words="Theirs."))
    with pytest.raises(Conflict):
        care.do(change_wait, care.front_desk, _changed(wait, words="Mine."))
    with pytest.raises(Conflict):
        care.do(end_wait, care.front_desk, _ended(wait))
    assert care.row(OutsideWait, wait.id).words == "Theirs."


def test_a_change_that_changes_nothing_is_said_and_a_day_that_is_past_may_stay(care):
    wait = _waits(care, call_back_on=TODAY - 2 * DAY)
    with pytest.raises(Unchanged):
        care.do(change_wait, care.therapist, _changed(wait))
    care.do(change_wait, care.therapist, _changed(wait, words="Called, no answer."))
    moved = _changed(wait, version=2, call_back_on=TODAY - DAY)
    assert set(_refused(care, change_wait, moved)) == {"call_back_on"}


def test_an_authorization_has_its_visits_and_whole_days(care):
    wait = _waits(care)
    care.do(end_wait, care.front_desk, _ended(wait))

    kept = care.row(OutsideWait, wait.id)
    assert (kept.outcome, kept.ended_on, kept.visits) == (WaitOutcome.ARRIVED, TODAY, 6)
    assert kept.valid_from_at == datetime(2026, 11, 24, 7, 0, tzinfo=UTC)
    assert kept.valid_until_at == datetime(2027, 3, 1, 7, 0, tzinfo=UTC)
    [event] = audit_events(care.database, "wait:ended")
    assert event.changes == {
        "outcome": "arrived",
        "ended_on": "2026-11-24",
        "visits": 6,
        "valid_until_on": "2027-02-28",
    }


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        (OutsideParty.INSURER, WaitOutcome.REFUSED),
        (OutsideParty.INSURER, WaitOutcome.DROPPED),
        (OutsideParty.PHARMACY, WaitOutcome.ARRIVED),
    ],
)
def test_nothing_is_authorized_but_by_an_insurer_s_yes(care, kind, outcome):
    wait = _waits(care, kind=kind)
    care.do(end_wait, care.therapist, _ended(wait, outcome=outcome))
    kept = care.row(OutsideWait, wait.id)
    assert (kept.outcome, kept.visits, kept.valid_until_at) == (outcome, None, None)
    assert _standing(care).authorization is None


@ON_SQLITE
@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"outcome": None}, "outcome", "Choose how it ended."),
        ({"ended_on": None}, "ended_on", "Choose the day."),
        ({"ended_on": TODAY + DAY}, "ended_on", "This day is in the future."),
        ({"ended_on": TODAY - 13 * DAY}, "ended_on", "It began on Thu Nov 12."),
        ({"visits": 0}, "visits", "Enter how many visits are authorized: 1 to 500."),
        ({"visits": -1}, "visits", "Enter how many visits"),
        ({"visits": 501}, "visits", "Enter how many visits"),
        ({"visits": None}, "visits", "Enter how many visits"),
        ({"valid_from_on": None}, "valid_from_on", "Choose the first day."),
        ({"valid_until_on": None}, "valid_until_on", "Choose the last day."),
        ({"valid_until_on": TODAY - DAY}, "valid_until_on", "This is before the first day."),
    ],
)
def test_what_cannot_be_an_end_is_said_beside_its_field(care, typed, field, sentence):
    wait = _waits(care)
    said = _refused(care, end_wait, _ended(wait, **typed))
    assert set(said) == {field}
    assert said[field].startswith(sentence)
    assert care.row(OutsideWait, wait.id).outcome is None


@pytest.mark.parametrize("last_day", [TODAY - DAY, TODAY - 40 * DAY])
def test_an_authorization_that_is_over_already_is_asked_about(care, last_day):
    wait = _waits(care)
    over = _ended(wait, valid_from_on=last_day - DAY, valid_until_on=last_day)
    assert _refused(care, end_wait, over) == {
        "is_over_already": "This is over already. Tick if that is right."
    }
    assert care.row(OutsideWait, wait.id).outcome is None

    care.do(end_wait, care.therapist, replace(over, is_over_already=True))
    assert care.row(OutsideWait, wait.id).visits == 6


def test_one_that_is_good_today_is_not_asked_about(care):
    wait = _waits(care)
    care.do(end_wait, care.therapist, _ended(wait, valid_until_on=TODAY))
    assert care.row(OutsideWait, wait.id).outcome is WaitOutcome.ARRIVED


def test_how_a_wait_ended_is_taken_back_and_it_is_open_again(care):
    wait = _waits(care, call_back_on=TODAY)
    care.do(end_wait, care.therapist, _ended(wait))
    assert _standing(care).waits == ()

    taken_back = WaitReopenedEntered(wait.id, wait.version + 1)
    for _ in range(2):
        assert care.do(reopen_wait, care.front_desk, taken_back) == care.client.code

    kept = care.row(OutsideWait, wait.id)
    assert [getattr(kept, name) for name in _END] == [None] * len(_END)
    assert (kept.who, kept.since_on, kept.words) == (wait.who, wait.since_on, wait.words)
    standing = _standing(care)
    assert [line.facts.id for line in standing.waits] == [wait.id]
    assert standing.authorization is None
    [event] = audit_events(care.database, "wait:reopened")
    assert event.changes == {
        "outcome": ["arrived", None],
        "ended_on": [TODAY.isoformat(), None],
        "visits": [6, None],
    }
    # It ends anew, as if it had not been said before.
    care.do(end_wait, care.therapist, _ended(kept, outcome=WaitOutcome.REFUSED))
    assert care.row(OutsideWait, wait.id).outcome is WaitOutcome.REFUSED


def test_nobody_takes_back_what_they_have_not_seen_or_may_not_see(care):
    wait = _waits(care)
    care.do(end_wait, care.therapist, _ended(wait))
    ended = care.row(OutsideWait, wait.id)
    with pytest.raises(NotFound):
        care.do(reopen_wait, care.stranger, WaitReopenedEntered(wait.id, ended.version))

    care.do(reopen_wait, care.therapist, WaitReopenedEntered(wait.id, ended.version))
    again = care.row(OutsideWait, wait.id)
    care.do(end_wait, care.prescriber, _ended(again, outcome=WaitOutcome.REFUSED))
    with pytest.raises(Conflict):
        care.do(reopen_wait, care.therapist, WaitReopenedEntered(wait.id, ended.version))
    assert care.row(OutsideWait, wait.id).outcome is WaitOutcome.REFUSED


def test_on_a_closed_course_nobody_is_waited_on_again(care):
    wait = _waits(care, outcome=WaitOutcome.REFUSED, ended_on=TODAY)
    with care.database.writing() as db:
        course = db.get_one(Episode, care.course.id)
        course.state, course.closed_at = EpisodeState.CLOSED, NOW
    with pytest.raises(NotAllowed, match="closed"):
        care.do(reopen_wait, care.therapist, WaitReopenedEntered(wait.id, wait.version))
    assert care.row(OutsideWait, wait.id).outcome is WaitOutcome.REFUSED


def test_an_open_wait_has_nothing_to_take_back(care):
    wait = _waits(care)
    care.do(reopen_wait, care.therapist, WaitReopenedEntered(wait.id, wait.version))
    assert care.row(OutsideWait, wait.id).version == wait.version
    assert audit_events(care.database, "wait:reopened") == []


def test_a_wait_ends_once(care):
    wait = _waits(care)
    care.do(end_wait, care.therapist, _ended(wait))
    care.do(end_wait, care.therapist, _ended(wait))
    with pytest.raises(Conflict):
        care.do(end_wait, care.front_desk, _ended(wait, outcome=WaitOutcome.REFUSED))
    over = care.row(OutsideWait, wait.id)
    with pytest.raises(NotAllowed, match="recorded already"):
        care.do(end_wait, care.front_desk, _ended(over, outcome=WaitOutcome.REFUSED))
    with pytest.raises(NotAllowed, match="is over"):
        care.do(change_wait, care.front_desk, _changed(over, words="More."))
    assert len(audit_events(care.database, "wait:ended")) == 1


def test_a_call_back_waits_on_the_front_desk_by_name_and_on_nobody_else(care):
    _waits(care, call_back_on=TODAY)

    mine = _today(care, care.front_desk)
    assert Reason.CALL_BACK in {row.attention.reason for row in mine.waiting_on_me}
    assert [row.wait.facts.who for row in mine.calls_to_make] == ["Sonora Health"]
    for who in (care.therapist, care.prescriber):
        theirs = _today(care, who)
        assert Reason.CALL_BACK not in {row.attention.reason for row in theirs.waiting_on_me}
        [row] = [
            row for row in theirs.waiting_on_others if row.attention.reason is Reason.CALL_BACK
        ]
        assert row.course.awaited(row.attention).name == care.front_desk.name
        assert theirs.calls_to_make == ()
        assert len(theirs.waiting_outside) == 1


def test_a_call_back_to_come_is_on_nobody_s_list_yet(care):
    _waits(care, call_back_on=TODAY + DAY)
    assert _today(care, care.front_desk).calls_to_make == ()
    assert Reason.CALL_BACK not in _reasons(care)
    assert Reason.NO_DAY_TO_CALL_BACK not in _reasons(care)


@pytest.mark.parametrize("ahead", [0, 1, 40])
def test_a_day_to_call_back_is_a_next_step_whoever_calls(care, ahead):
    _opened(care, NOW - DAY)
    _waits(care, call_back_on=TODAY + ahead * DAY)

    found = _standing(care)
    assert (found.next_step.what, found.next_step.all_day) == ("Call back insurer", True)
    assert found.next_step.at == at_local(TODAY + ahead * DAY, time(), ZONE)
    assert not {Reason.NO_NEXT_STEP, Reason.OUT_OF_TOUCH} & set(_reasons(care))
    asked = care.asked_by(care.therapist)
    with care.database.reading() as db:
        assert caseload(db, asked, Wanted(view=View.NO_NEXT_STEP)).rows == ()


@pytest.mark.parametrize("day", [None, TODAY - DAY])
def test_a_wait_without_a_day_ahead_is_no_next_step(care, day):
    _opened(care, NOW - DAY)
    _waits(care, call_back_on=day)

    assert _standing(care).next_step is None
    assert Reason.NO_NEXT_STEP in _reasons(care)


def test_the_earliest_of_a_call_back_and_what_is_booked_is_the_next_step(care):
    _waits(care, call_back_on=TODAY + 2 * DAY)
    with care.database.writing() as db:
        a_contact(db, care.course, care.therapist, planned_at=NOW + DAY)
    assert _standing(care).next_step.what == "Preparation"
    _waits(care, kind=OutsideParty.OTHER, who="Dr. Vega", call_back_on=TODAY + DAY)
    assert _standing(care).next_step.what == "Call back Dr. Vega"


def test_out_of_touch_is_said_of_a_client_while_only_an_insurer_is_to_be_called(care):
    _waits(care, call_back_on=TODAY + 6 * DAY)
    _opened(care, NOW - 40 * DAY)

    assert Reason.OUT_OF_TOUCH in _reasons(care)
    asked = care.asked_by(care.therapist)
    with care.database.reading() as db:
        assert caseload(db, asked, Wanted(view=View.NO_NEXT_STEP)).rows == ()


def test_without_a_day_it_is_said_after_a_week_and_quietly(care):
    _waits(care, since_on=TODAY - 8 * DAY)
    assert _reasons(care)[Reason.NO_DAY_TO_CALL_BACK] is Tone.PLAIN


def test_on_hold_nobody_is_reminded_and_the_wait_still_stands(care):
    """Rule 57."""
    _waits(care, call_back_on=TODAY)
    with care.database.writing() as db:
        an_authorization(db, care.course, care.front_desk, visits=1)
        a_hold(db, care.course, HoldReason.TRAVEL, care.prescriber.clinician_id)
    assert not {Reason.CALL_BACK, Reason.AUTHORIZATION_ENDS} & set(_reasons(care))
    assert _today(care, care.front_desk).calls_to_make == ()
    assert len(_standing(care).waits) == 1


def test_who_covers_the_caller_has_the_call(care):
    _waits(care, care.therapist, call_back_on=TODAY)
    with care.database.writing() as db:
        an_absence(db, care.therapist, care.prescriber, cover=care.nurse)
    theirs = _today(care, care.nurse)
    assert [row.wait.facts.id for row in theirs.calls_to_make]
    [row] = [row for row in theirs.waiting_on_me if row.attention.reason is Reason.CALL_BACK]
    person = row.course.awaited(row.attention)
    assert (person.name, person.cover) == (care.therapist.name, care.nurse.name)


@pytest.mark.parametrize("gone", ["sign-in off", "off the course"])
def test_a_caller_who_is_gone_leaves_nobody_waiting_in_vain(care, gone):
    _waits(care, care.nurse, call_back_on=TODAY)
    with care.database.writing() as db:
        if gone == "sign-in off":
            db.get_one(Clinician, care.nurse.clinician_id).suspended_at = NOW
        else:
            for row in db.query(EpisodeMember).filter_by(clinician_id=care.nurse.clinician_id):
                row.until_at = NOW
    [row] = _today(care, care.therapist).calls_to_make
    assert row.wait.person.id == care.therapist.clinician_id


def test_planned_calls_of_today_and_before_are_calls_to_make_and_an_intake_is_none(care):
    with care.database.writing() as db:
        for kind, at in (
            (ContactKind.CALL, NOW - 2 * DAY),
            (ContactKind.OUTREACH, NOW + timedelta(hours=1)),
            (ContactKind.CALL, NOW + DAY),
            (ContactKind.INTAKE, NOW - DAY),
        ):
            a_contact(db, care.course, care.therapist, kind=kind, planned_at=at)
    found = _today(care, care.therapist).calls_to_make
    assert [row.contact.standing.kind for row in found] == [ContactKind.CALL, ContactKind.OUTREACH]
    assert _today(care, care.front_desk).calls_to_make == ()


def test_used_is_counted_from_what_was_given_in_that_time_and_never_typed(care):
    from_at = at_local(TODAY - 10 * DAY, time(), ZONE)
    with care.database.writing() as db:
        an_authorization(db, care.course, care.front_desk, visits=4, valid_from_at=from_at)
        a_given_session(db, care.course, given_at=from_at - timedelta(minutes=1))
        a_given_session(
            db, care.course, given_at=from_at, boosted_at=from_at + timedelta(minutes=20)
        )
        voided = a_given_session(db, care.course, given_at=NOW - 3 * DAY)
        a_ketamine_session(db, care.course, planned_at=NOW + DAY)
        other = another_course(db, care, "Elsewhere")
        a_given_session(db, other, given_at=NOW - 2 * DAY)
        _void(db, voided.id)
    facts = _standing(care).authorization.facts
    assert (facts.visits, facts.used, facts.left) == (4, 1, 3)
    assert Reason.AUTHORIZATION_ENDS not in _reasons(care)


def _void(db, session_id: str) -> None:
    for one in db.query(Administration).filter_by(ketamine_session_id=session_id):
        one.voided_at = NOW


def test_the_last_day_of_an_authorization_is_a_whole_day(care):
    until_at = at_local(TODAY + DAY, time(), ZONE)
    with care.database.writing() as db:
        an_authorization(db, care.course, care.front_desk, valid_until_at=until_at)
        a_given_session(db, care.course, given_at=until_at - timedelta(minutes=1))
        a_given_session(db, care.course, given_at=until_at)
    facts = _standing(care).authorization.facts
    assert (facts.used, facts.until_on) == (1, TODAY)


def test_one_visit_left_asks_who_got_it_for_a_new_one_and_none_left_is_red(care):
    with care.database.writing() as db:
        an_authorization(db, care.course, care.front_desk, visits=2)
        a_given_session(db, care.course, given_at=NOW - 9 * DAY)
        a_ketamine_session(db, care.course, planned_at=NOW + DAY)
    assert _reasons(care)[Reason.AUTHORIZATION_ENDS] is Tone.AMBER
    mine = _today(care, care.front_desk).waiting_on_me
    assert Reason.AUTHORIZATION_ENDS in {row.attention.reason for row in mine}

    with care.database.writing() as db:
        a_given_session(db, care.course, given_at=NOW - 2 * DAY)
    assert _reasons(care)[Reason.AUTHORIZATION_ENDS] is Tone.RED


def test_while_a_new_authorization_is_waited_for_only_red_is_said(care):
    with care.database.writing() as db:
        an_authorization(db, care.course, care.front_desk, visits=1)
        a_wait(db, care.course, care.front_desk, call_back_on=TODAY + DAY)
    assert Reason.AUTHORIZATION_ENDS not in _reasons(care)
    with care.database.writing() as db:
        a_given_session(db, care.course, given_at=NOW - DAY)
        a_ketamine_session(db, care.course, planned_at=NOW + DAY)
    assert _reasons(care)[Reason.AUTHORIZATION_ENDS] is Tone.RED


def test_of_two_authorizations_the_last_to_end_counts(care):
    with care.database.writing() as db:
        an_authorization(db, care.course, care.front_desk, visits=1, valid_until_at=NOW + 5 * DAY)
        an_authorization(db, care.course, care.front_desk, visits=8)
    assert _standing(care).authorization.facts.visits == 8
    assert Reason.AUTHORIZATION_ENDS not in _reasons(care)


def test_where_it_is_stuck_counts_from_the_first_call(care):
    with care.database.writing() as db:
        client = a_client(db, care.therapist, family="Fable")
        inquiry = an_inquiry(db, care.front_desk)
        row = db.get_one(Inquiry, inquiry.id)
        row.client_id, row.called_at = client.id, NOW - 23 * DAY
        course = a_course(
            db,
            client,
            prescriber=care.prescriber,
            therapist=care.therapist,
            state=EpisodeState.ASSESSMENT,
            opened_at=NOW - 20 * DAY,
        )
        later = a_course(
            db,
            client,
            prescriber=care.prescriber,
            therapist=care.therapist,
            state=EpisodeState.ASSESSMENT,
            opened_at=NOW - DAY,
        )
    asked = care.asked_by(care.therapist)
    with care.database.reading() as db:
        found = {one.episode_id: one.stuck for one in course_standings(db, asked)}
    assert (found[course.id].day, found[course.id].is_since_call) == (24, True)
    assert (found[later.id].day, found[later.id].is_since_call) == (2, False)
    assert found[course.id].on is StuckOn.CLEARANCE


def test_a_saved_view_has_who_waits_on_somebody_outside_and_nobody_else(care):
    with care.database.writing() as db:
        waiting = another_course(db, care, "Waiting")
        a_wait(db, waiting, care.front_desk)
        over = another_course(db, care, "Over")
        a_wait(db, over, care.front_desk, outcome=WaitOutcome.DROPPED, ended_on=TODAY)
    asked = care.asked_by(care.therapist)
    with care.database.reading() as db:
        rows = caseload(db, asked, Wanted(view=View.OUTSIDE)).rows
    assert [row.client.family for row in rows] == ["Waiting"]


def test_with_others_in_the_room_no_list_says_who_it_is(care):
    _waits(care)
    asked = care.asked_by(care.therapist)
    others = replace(asked, viewer=replace(asked.viewer, audience=Audience.OTHERS))
    with care.database.reading() as db:
        [course] = course_standings(db, others)
    assert [line.facts.who for line in course.waits] == [""]


def test_the_page_of_a_course_s_waits_has_the_open_one_first(care):
    over = _waits(care, outcome=WaitOutcome.REFUSED, ended_on=TODAY)
    wait = _waits(care, since_on=TODAY - 30 * DAY)
    asked = care.asked_by(care.front_desk)
    with care.database.reading() as db:
        page = wait_page(db, asked, wait_id=wait.id)
        assert [one.facts.id for one in page.all_of_them] == [wait.id, over.id]
        assert page.wait.facts.id == wait.id
        assert page.episode_id == care.course.id
        assert care.stranger.clinician_id not in page.may_call
        assert care.front_desk.clinician_id in page.may_call
    stranger = care.asked_by(care.stranger)
    with care.database.reading() as db, pytest.raises(NotFound):
        wait_page(db, stranger, wait_id=wait.id)
