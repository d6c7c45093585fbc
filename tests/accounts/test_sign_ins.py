from datetime import timedelta

import pytest
from sqlalchemy import select

from kapteam.accounts import set_up, sign_ins
from kapteam.accounts.sign_ins import LiveSignIn, LockedSignIn
from kapteam.db.tables import AuditEvent, ClinicianFunction, SignIn
from kapteam.errors import Invalid
from kapteam.vocabulary import Audience, Function
from tests.accounts.people import PASSWORD, signed_in, tags, viewer
from tests.factories import a_setting
from tests.query_recorder import recorded_statements

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def found(database, token, now):
    with database.reading() as db:
        return sign_ins.find(db, token, now)


def live_one(started):
    """A sign-in that goes on, of one person who says that nobody else sees the screen."""
    return LiveSignIn(started.sign_in_id, started.presence_id, Audience.JUST_ME, 0)


def acting(database, sign_in_id, now):
    with database.reading() as db:
        return sign_ins.viewer_of(db, sign_in_id, now)


def lock(database, sign_in_id, now):
    with database.writing() as db:
        sign_ins.lock(db, sign_in_id, now)


def test_a_sign_in_is_found_by_its_token_of_which_only_a_hash_is_kept(database, people, now):
    started = sign_ins.sign_in(database, "Dana", PASSWORD, "Firefox", now)
    assert found(database, started.token, now) == live_one(started)
    assert found(database, started.token + "x", now) is None
    assert found(database, "", now) is None
    with database.reading() as db:
        row = db.get_one(SignIn, started.sign_in_id)
        assert started.token not in (row.token_hash, row.id, row.device)
        assert len(row.token_hash) == 64
    assert len(started.token) >= 43


def test_two_sign_ins_of_one_person_have_nothing_in_common(database, people, now):
    first, second = (signed_in(database, people.dana, now) for _ in range(2))
    assert first.token != second.token
    with database.writing() as db:
        sign_ins.end(db, first.sign_in_id, now)
    assert found(database, first.token, now) is None
    assert found(database, second.token, now) == live_one(second)


def test_the_viewer_is_who_acts_with_functions_read_anew_each_time(database, people, now):
    started = signed_in(database, people.dana, now)
    before = acting(database, started.sign_in_id, now)
    assert (before.name, before.functions) == ("Dana Reyes", {Function.THERAPIST})
    assert before.is_administrator
    assert not before.sees_everyone
    with database.writing() as db:
        db.add(ClinicianFunction(clinician_id=people.dana, function=Function.NURSE))
    after = acting(database, started.sign_in_id, now)
    assert after.functions == {Function.THERAPIST, Function.NURSE}


def test_the_front_desk_sees_every_client_and_a_therapist_at_the_desk_does_not(
    database, people, now
):
    administrator = viewer(database, people.dana, now)
    sees = {}
    for functions in ({Function.COORDINATOR}, {Function.COORDINATOR, Function.THERAPIST}):
        form = set_up.NewClinician(
            f"desk-{len(functions)}",
            "Cory",
            "",
            f"cory{len(functions)}",
            frozenset(functions),
            False,
        )
        with database.writing() as db:
            set_up.add_clinician(db, administrator, form, now)
        sees[len(functions)] = viewer(database, form.id, now).sees_everyone
    assert sees == {1: True, 2: False}


def test_a_practice_may_let_everyone_see_the_caseload_from_then_on(database, people, now):
    started = signed_in(database, people.robin, now)
    administrator = viewer(database, people.dana, now)
    with database.writing() as db:
        a_setting(db, administrator, "everyone_sees_caseload", 1, since=now + MINUTE)
    assert not acting(database, started.sign_in_id, now).sees_everyone
    assert acting(database, started.sign_in_id, now + MINUTE).sees_everyone


def test_who_acts_and_who_is_live_are_one_statement_each(database, people, now):
    started = [signed_in(database, people.dana, now) for _ in range(3)]
    ids = {one.sign_in_id for one in started}
    with database.reading() as db, recorded_statements(database.engine) as statements:
        assert sign_ins.viewer_of(db, started[0].sign_in_id, now)
        live = sign_ins.live(db, ids | {"unknown"}, now)
        assert live == {one.sign_in_id: live_one(one) for one in started}
    assert len(statements) == 2


def test_fifteen_minutes_without_activity_lock_and_activity_starts_them_anew(database, people, now):
    started = signed_in(database, people.dana, now)
    with database.writing() as db:
        sign_ins.touch(db, started.sign_in_id, now + 14 * MINUTE)
    later = now + 28 * MINUTE
    assert found(database, started.token, later) == live_one(started)
    later = now + 29 * MINUTE
    assert found(database, started.token, later) == LockedSignIn(
        started.sign_in_id, started.presence_id, people.dana, "Dana Reyes", recorded=False
    )
    assert acting(database, started.sign_in_id, later) is None
    with database.writing() as db:
        sign_ins.touch(db, started.sign_in_id, later)
    assert acting(database, started.sign_in_id, later) is None


def test_the_practice_sets_how_long_a_screen_may_rest(database, people, now):
    administrator = viewer(database, people.dana, now)
    with database.writing() as db:
        a_setting(db, administrator, "idle_minutes", 2, since=now)
    started = signed_in(database, people.dana, now)
    assert acting(database, started.sign_in_id, now + MINUTE)
    assert acting(database, started.sign_in_id, now + 2 * MINUTE) is None


def test_a_clock_set_back_locks_instead_of_keeping_a_screen_open(database, people, now):
    started = signed_in(database, people.dana, now)
    assert isinstance(found(database, started.token, now - HOUR), LockedSignIn)


def test_idle_screens_are_locked_once_and_audited_and_busy_ones_are_not(database, people, now):
    resting = signed_in(database, people.dana, now)
    busy = signed_in(database, people.robin, now + 10 * MINUTE)
    before = len(tags(database))
    for _ in range(2):
        with database.writing() as db:
            sign_ins.lock_idle(db, now + 16 * MINUTE)
    with database.reading() as db:
        assert db.get_one(SignIn, resting.sign_in_id).locked_at == now + 16 * MINUTE
        assert db.get_one(SignIn, busy.sign_in_id).locked_at is None
        changes = db.scalars(
            select(AuditEvent.changes).where(
                AuditEvent.tag == "signin:locked", AuditEvent.subject_id == resting.sign_in_id
            )
        ).all()
    assert changes == [{"why": "idle"}]
    assert tags(database)[before:].count("signin:locked") >= 1


def test_a_sign_in_lives_twelve_hours_however_busy(database, people, now):
    started = signed_in(database, people.dana, now)
    for minutes in range(10, 12 * 60, 10):
        with database.writing() as db:
            sign_ins.touch(db, started.sign_in_id, now + minutes * MINUTE)
    almost = now + 12 * HOUR - MINUTE
    assert found(database, started.token, almost) == live_one(started)
    assert found(database, started.token, now + 12 * HOUR) is None
    with database.writing() as db:
        sign_ins.lock_idle(db, now + 12 * HOUR)
    with database.reading() as db:
        assert db.get_one(SignIn, started.sign_in_id).ended_at == now + 12 * HOUR


def test_unlocking_replaces_the_token(database, people, now):
    started = signed_in(database, people.dana, now)
    lock(database, started.sign_in_id, now)
    assert isinstance(found(database, started.token, now), LockedSignIn)
    token = sign_ins.unlock(database, started.sign_in_id, PASSWORD, now + HOUR)
    assert found(database, started.token, now + HOUR) is None
    assert found(database, token, now + HOUR) == live_one(started)
    assert tags(database)[-2:] == ["signin:locked", "signin:unlocked"]


def test_a_failed_unlock_stays_locked_and_is_audited_and_throttled(database, people, now):
    started = signed_in(database, people.dana, now)
    lock(database, started.sign_in_id, now)
    for _ in range(5):
        with pytest.raises(Invalid, match="not your password"):
            sign_ins.unlock(database, started.sign_in_id, "four windy mesas here", now)
    with pytest.raises(Invalid, match="Too many"):
        sign_ins.unlock(database, started.sign_in_id, PASSWORD, now)
    with pytest.raises(Invalid, match="Too many"):
        sign_ins.sign_in(database, "dana", PASSWORD, "another browser", now)
    assert isinstance(found(database, started.token, now), LockedSignIn)
    assert tags(database).count("unlock:failed") == 5
    assert "signin:unlocked" not in tags(database)


def test_an_ended_sign_in_cannot_be_unlocked(database, people, now):
    started = signed_in(database, people.dana, now)
    lock(database, started.sign_in_id, now)
    with database.writing() as db:
        sign_ins.end(db, started.sign_in_id, now)
    with pytest.raises(Invalid, match="ended"):
        sign_ins.unlock(database, started.sign_in_id, PASSWORD, now)
    assert found(database, started.token, now) is None


def test_every_sign_in_of_somebody_ends_and_nobody_elses(database, people, now):
    theirs = [signed_in(database, people.robin, now) for _ in range(2)]
    mine = signed_in(database, people.dana, now)
    with database.writing() as db:
        sign_ins.end_all_of(db, people.robin, acting(database, mine.sign_in_id, now), now)
    assert [found(database, one.token, now) for one in theirs] == [None, None]
    assert found(database, mine.token, now) == live_one(mine)


def test_a_wrong_password_at_signing_is_audited_as_such(database, people, now):
    with pytest.raises(Invalid, match="not your password"):
        sign_ins.check_password(database, people.dana, "wrong", now, failed="signature:failed")
    sign_ins.check_password(database, people.dana, PASSWORD, now)
    assert tags(database).count("signature:failed") == 1


def test_every_step_of_a_sign_in_leaves_its_event_with_who_and_where(database, people, now):
    before = len(tags(database))
    with pytest.raises(Invalid):
        sign_ins.sign_in(database, "dana", "wrong", "a test", now)
    started = sign_ins.sign_in(database, "dana", PASSWORD, "a test", now)
    lock(database, started.sign_in_id, now)
    sign_ins.unlock(database, started.sign_in_id, PASSWORD, now)
    with database.writing() as db:
        sign_ins.end(db, started.sign_in_id, now)
        sign_ins.end(db, started.sign_in_id, now)
    with database.reading() as db:
        events = db.scalars(select(AuditEvent).order_by(AuditEvent.at, AuditEvent.id)).all()
    assert [event.tag for event in events[before:]] == [
        "signin:failed",
        "signin:started",
        "signin:locked",
        "signin:unlocked",
        "signin:ended",
    ]
    failed, *rest = events[before:]
    assert (failed.clinician_id, failed.subject_id) == (None, people.dana)
    assert {(one.clinician_id, one.sign_in_id) for one in rest} == {
        (people.dana, started.sign_in_id)
    }


def test_who_can_see_the_screen_belongs_to_the_sign_in(database, people, now):
    mine, elsewhere = (signed_in(database, people.dana, now) for _ in range(2))
    me = acting(database, mine.sign_in_id, now)
    for _ in range(2):
        with database.writing() as db:
            sign_ins.say_who_sees(db, me, Audience.OTHERS, now)
        me = acting(database, mine.sign_in_id, now)
    assert me.hides_names
    assert found(database, mine.token, now).room == Audience.OTHERS
    assert tags(database).count("signin:audience_changed") == 1
    assert not acting(database, elsewhere.sign_in_id, now).hides_names

    lock(database, mine.sign_in_id, now)
    token = sign_ins.unlock(database, mine.sign_in_id, PASSWORD, now)

    assert found(database, token, now).room == Audience.OTHERS
    later = sign_ins.sign_in(database, "Dana", PASSWORD, "Firefox", now)
    assert found(database, later.token, now).room == Audience.JUST_ME
