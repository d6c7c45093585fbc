"""Two people at one screen: who may join, who acts, what the other's being there never gives."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from kapteam.accounts import pins, set_up, shared_screen, sign_ins
from kapteam.accounts.shared_screen import Joining
from kapteam.accounts.sign_ins import LiveSignIn, LockedSignIn
from kapteam.db.tables import AuditEvent, Clinician, ClinicianFunction, Presence, SignIn
from kapteam.errors import Invalid
from kapteam.ids import new_id
from kapteam.rules.permissions import Beside, can_order_dose
from kapteam.vocabulary import Audience, Function
from tests.accounts.people import PASSWORD, colleague_form, signed_in, viewer
from tests.factories import a_setting
from tests.factories_review import a_review
from tests.query_recorder import recorded_statements

ROBINS, PIN = "four windy mesas here", "529184"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


class Screen:
    """Dana's signed-in browser, and what is done at it."""

    def __init__(self, database, people, now):
        self.database, self.people, self.now = database, people, now
        started = signed_in(database, people.dana, now)
        self.id, self.token, self.browser = started.sign_in_id, started.token, ""

    def acting(self, now=None):
        with self.database.reading() as db:
            return sign_ins.viewer_of(db, self.id, now or self.now)

    def found(self, now=None, token=None):
        with self.database.reading() as db:
            return sign_ins.find(db, token or self.token, now or self.now)

    def joins(self, name="robin", secret=ROBINS, audience=Audience.BOTH_OF_US, at=None):
        at = at or self.now
        joining = Joining(name, secret, audience)
        self.token = shared_screen.join(self.database, self.acting(at), self.browser, joining, at)
        return self

    def switches(self, password=ROBINS, at=None):
        at = at or self.now

        def check(who):
            sign_ins.check_password(self.database, who, password, at, failed="signin:act_failed")

        self.token = shared_screen.switch(self.database, self.acting(at), check, at)
        return self

    def leaves(self, who):
        with self.database.writing() as db:
            sign_ins.leave(db, self.id, who, self.acting(), self.now)

    def locks(self, at=None):
        with self.database.writing() as db:
            sign_ins.lock(db, self.id, at or self.now)

    def refuses(self, **how):
        """By field, why nobody joins."""
        before = self.token
        with pytest.raises(Invalid) as refused:
            self.joins(**how)
        assert self.found(token=before) is not None
        return refused.value.fields

    def sets_pin(self, who, password, at=None):
        """A PIN of somebody at this browser, set at a sign-in of their own."""
        at = at or self.now
        own = signed_in(self.database, who, at).sign_in_id
        self.browser = pins.set_pin(
            self.database, own, self.browser, "a browser", password, PIN, at
        )


@pytest.fixture
def screen(database, people, now):
    return Screen(database, people, now)


@pytest.fixture
def shared(screen):
    return screen.joins()


def events(database, tag):
    with database.reading() as db:
        return db.scalars(
            select(AuditEvent).where(AuditEvent.tag == tag).order_by(AuditEvent.id)
        ).all()


def test_a_colleague_joins_with_their_password_and_the_first_one_goes_on_acting(screen, people):
    before, token = screen.acting(), screen.token
    screen.joins()
    after = screen.acting()
    assert after.beside == Beside(people.robin, "Robin Prescott")
    assert after.audience is Audience.BOTH_OF_US
    assert replace(after, beside=None, audience=before.audience) == before
    assert screen.found().room == f"both_of_us/{people.robin}"
    # A token from before is worth nothing: nobody who planted or copied it is at this screen.
    assert screen.found(token=token) is None
    [joined] = events(screen.database, "signin:joined")
    assert (joined.clinician_id, joined.subject_id, joined.sign_in_id) == (
        people.dana,
        people.robin,
        screen.id,
    )


def test_who_may_not_join_is_told_in_a_sentence_and_does_not(screen, people):
    assert "already" in screen.refuses(name="Dana", secret=PASSWORD)["name"]
    assert "do not match" in screen.refuses(secret="a wrong password")["password"]
    assert "do not match" in screen.refuses(name="nobody")["password"]
    assert screen.acting().beside is None
    [one, other] = events(screen.database, "signin:join_failed")
    assert (one.subject_id, other.subject_id) == (people.robin, None)


def test_a_colleague_whose_sign_in_is_turned_off_joins_by_neither(screen, people, database, now):
    screen.sets_pin(people.robin, ROBINS)
    with database.writing() as db:
        set_up.suspend_clinician(db, screen.acting(), people.robin, now)
    assert "do not match" in screen.refuses()["password"]
    assert "Type your password" in screen.refuses(secret=PIN)["password"]
    assert screen.acting().beside is None


def test_five_wrong_passwords_of_a_colleague_and_then_a_wait(screen):
    for _ in range(5):
        screen.refuses(secret="a wrong password")
    assert "Too many" in screen.refuses()["password"]
    assert screen.acting().beside is None


def test_a_third_person_does_not_join(shared, people, database, now):
    third = colleague_form(name="Nico Nightingale", sign_in_name="nico")
    with database.writing() as db:
        token = set_up.add_clinician(db, viewer(database, people.dana, now), third, now)
        set_up.accept_invitation(db, token, "five cool canyons", now)
    with pytest.raises(Invalid, match="Two people are at this screen"):
        shared.joins("nico", "five cool canyons")
    with pytest.raises(Invalid, match="Two people are at this screen"):
        shared.joins("dana", PASSWORD)


def test_of_two_who_join_at_once_one_does(screen, people, database, now):
    third = colleague_form(name="Nico Nightingale", sign_in_name="nico")
    acting = screen.acting()
    with database.writing() as db:
        token = set_up.add_clinician(db, acting, third, now)
        set_up.accept_invitation(db, token, "five cool canyons", now)
    screen.joins()
    late = Joining("nico", "five cool canyons", Audience.JUST_ME)
    with pytest.raises(Invalid, match="Two people"):
        shared_screen.join(database, acting, "", late, now)
    assert screen.acting().beside.clinician_id == people.robin


def test_the_pin_is_enough_on_a_day_on_which_the_password_was_given_here(screen, people):
    screen.sets_pin(people.robin, ROBINS)
    screen.joins(secret=f" {PIN[:3]} {PIN[3:]} ")
    assert screen.acting().beside.clinician_id == people.robin
    assert events(screen.database, "signin:joined")[0].changes == {"by_pin": True}


def test_on_the_next_day_the_password_is_asked_for_once_more(screen, people, database, now):
    screen.sets_pin(people.robin, ROBINS)
    tomorrow = now + 24 * HOUR
    there = Screen(database, people, tomorrow)
    there.browser = screen.browser
    assert "Type your password" in there.refuses(secret=PIN)["password"]
    there.joins()
    there.leaves(people.robin)
    there.joins(secret=PIN)
    assert there.acting().beside.clinician_id == people.robin


@pytest.mark.parametrize("browser", ["", "another browser's"])
def test_a_pin_of_another_browser_is_none_and_costs_no_try(screen, people, browser):
    screen.sets_pin(people.robin, ROBINS)
    right, screen.browser = screen.browser, browser
    for _ in range(6):
        assert "Type your password" in screen.refuses(secret=PIN)["password"]
    screen.browser = right
    screen.joins(secret=PIN)
    assert events(screen.database, "pin:failed") == []


def test_five_wrong_pins_and_then_the_password_is_asked_for(screen, people):
    screen.sets_pin(people.robin, ROBINS)
    said = [screen.refuses(secret="864209")["password"] for _ in range(5)]
    assert "4 more tries" in said[0]
    assert said[-1] == "Five wrong PINs. Type your password."
    assert "Type your password" in screen.refuses(secret=PIN)["password"]
    assert [one.changes["asked_at"] for one in events(screen.database, "pin:failed")] == [
        "joining"
    ] * 5
    screen.joins()


def test_nobody_acts_who_has_not_proved_it_just_now(shared, people):
    """Being at the screen is no right to act there."""
    with pytest.raises(Invalid, match="not your password"):
        shared.switches(PASSWORD)
    assert shared.acting().clinician_id == people.dana
    shared.switches()
    assert shared.acting().clinician_id == people.robin
    with pytest.raises(Invalid, match="not your password"):
        shared.switches(ROBINS)
    shared.switches(PASSWORD)
    assert shared.acting().clinician_id == people.dana


def test_rights_are_of_who_acts_and_never_of_both(shared, people, database, now):
    as_dana = shared.acting()
    shared.switches()
    as_robin = shared.acting()
    assert as_dana.functions == {Function.THERAPIST}
    assert as_robin.functions == {Function.PRESCRIBER}
    assert (can_order_dose(as_dana), can_order_dose(as_robin)) == (False, True)
    assert (as_dana.is_administrator, as_robin.is_administrator) == (True, False)
    with database.writing() as db:
        db.add(ClinicianFunction(clinician_id=people.dana, function=Function.NURSE))
    assert shared.acting().functions == {Function.PRESCRIBER}


def test_another_stay_acts_after_a_switch_and_the_old_token_opens_nothing(shared, people):
    before, token = shared.acting(), shared.token
    shared.switches()
    assert shared.acting().presence_id != before.presence_id
    assert shared.found(token=token) is None
    assert shared.found() == LiveSignIn(
        shared.id, shared.acting().presence_id, f"both_of_us/{people.dana}", 0
    )
    [acted] = events(shared.database, "signin:acted")
    assert (acted.clinician_id, acted.subject_id) == (people.robin, shared.id)


def test_a_switch_that_was_asked_for_before_the_two_changed_places_is_none(shared, people, now):
    stale = shared.acting()
    shared.switches()
    for _ in range(2):
        with pytest.raises(Invalid, match="Begin again"):
            shared_screen.switch(shared.database, stale, lambda who: None, now)
    assert shared.acting().clinician_id == people.robin
    shared.locks()
    with pytest.raises(Invalid, match="Begin again"):
        shared_screen.switch(shared.database, stale, lambda who: None, now)


def test_what_the_acting_one_writes_is_in_that_name(shared, people, database, now):
    shared.switches()
    with database.writing() as db:
        sign_ins.say_who_sees(db, shared.acting(), Audience.OTHERS, now)
    assert events(database, "signin:audience_changed")[-1].clinician_id == people.robin


@pytest.mark.parametrize("who", ["dana", "robin"])
def test_either_of_the_two_unlocks_and_acts_from_then_on(shared, people, now, who):
    shared.locks()
    locked = shared.found()
    assert isinstance(locked, LockedSignIn)
    assert locked.of(people.robin).name == "Robin Prescott"
    assert locked.of("somebody else").name == locked.of("").name == "Dana Reyes"
    one = getattr(people, who)
    password, wrong = (PASSWORD, ROBINS) if who == "dana" else (ROBINS, PASSWORD)
    with pytest.raises(Invalid, match="not your password"):
        sign_ins.unlock(shared.database, shared.id, wrong, now, who=one)
    assert shared.acting() is None
    shared.token = sign_ins.unlock(shared.database, shared.id, password, now, who=one)
    assert shared.acting().clinician_id == one
    assert events(shared.database, "signin:unlocked")[-1].clinician_id == one


def test_nobody_unlocks_who_is_not_at_the_screen(shared, people, database, now):
    shared.leaves(people.robin)
    shared.locks()
    for who in (people.robin, "nobody"):
        with pytest.raises(Invalid, match="ended"):
            sign_ins.unlock(database, shared.id, ROBINS, now, who=who)
    assert isinstance(shared.found(), LockedSignIn)


def test_one_leaves_and_the_other_stays(shared, people):
    before = shared.acting()
    shared.leaves(people.robin)
    after = shared.acting()
    assert (after.clinician_id, after.presence_id) == (people.dana, before.presence_id)
    assert after.beside is None
    assert after.audience is Audience.JUST_ME
    shared.leaves(people.robin)
    assert [one.subject_id for one in events(shared.database, "signin:left")] == [people.robin]


def test_who_acted_leaves_and_the_other_one_is_asked_first(shared, people, database, now):
    """Also when it is the one whose password began the sign-in."""
    shared.leaves(people.dana)
    assert shared.acting() is None
    assert isinstance(shared.found(), LockedSignIn)
    with pytest.raises(Invalid, match="ended"):
        sign_ins.unlock(database, shared.id, PASSWORD, now, who=people.dana)
    shared.token = sign_ins.unlock(database, shared.id, ROBINS, now)
    assert shared.acting().clinician_id == people.robin
    assert shared.acting().beside is None
    shared.leaves(people.robin)
    assert shared.found() is None
    assert events(database, "signin:ended")[-1].changes == {"why": "signed out"}


def test_what_hides_names_goes_on_when_one_leaves(screen, people):
    screen.joins(audience=Audience.OTHERS)
    assert screen.acting().hides_names
    screen.leaves(people.robin)
    assert screen.acting().hides_names


@pytest.mark.parametrize("acts", ["dana", "robin"])
def test_a_colleague_who_is_turned_off_is_at_no_screen_any_more(
    shared, people, database, now, acts
):
    if acts == "robin":
        shared.switches()
    admin = viewer(database, people.dana, now)
    with database.writing() as db:
        set_up.suspend_clinician(db, admin, people.robin, now)
    if acts == "robin":
        assert shared.acting() is None
        assert shared.found().clinician_id == people.dana
        shared.token = sign_ins.unlock(database, shared.id, PASSWORD, now)
    assert shared.acting().clinician_id == people.dana
    assert shared.acting().beside is None
    with pytest.raises(Invalid):
        shared.switches()


def test_a_colleague_who_was_turned_off_past_kapteam_acts_nowhere(shared, people, database, now):
    """Written straight into the database, without what turning off does."""
    off = update(Clinician).where(Clinician.id == people.robin).values(suspended_at=now)
    with database.writing() as db:
        db.execute(off)
    assert shared.acting().beside is None
    with pytest.raises(Invalid):
        shared.switches()
    shared.locks()
    with pytest.raises(Invalid, match="ended"):
        sign_ins.unlock(database, shared.id, ROBINS, now, who=people.robin)


def test_who_has_left_a_screen_ends_nothing_there(shared, people, database, now):
    shared.leaves(people.robin)
    admin = viewer(database, people.dana, now)
    with database.writing() as db:
        set_up.suspend_clinician(db, admin, people.robin, now)
    assert shared.acting().clinician_id == people.dana


@pytest.mark.parametrize(
    ("minutes", "shared_minutes", "passes"),
    [(None, None, 9), (None, 3, 2), (5, None, 4)],
)
def test_a_shared_screen_locks_earlier_and_never_later_than_another(
    shared, people, database, now, minutes, shared_minutes, passes
):
    admin = viewer(database, people.dana, now)
    with database.writing() as db:
        for key, value in (("idle_minutes", minutes), ("shared_idle_minutes", shared_minutes)):
            if value:
                a_setting(db, admin, key, value, since=now)
    assert shared.acting(now + passes * MINUTE)
    assert shared.acting(now + (passes + 1) * MINUTE) is None
    with database.writing() as db:
        sign_ins.touch(db, shared.id, now + (passes + 1) * MINUTE)
    assert shared.acting(now + (passes + 1) * MINUTE) is None


@pytest.mark.parametrize("jump", [HOUR, -HOUR, 11 * MINUTE, -2 * MINUTE], ids=str)
def test_a_clock_that_jumps_locks_a_shared_screen(shared, now, jump):
    """A laptop that slept wakes up at another time; a clock set back would keep it open."""
    assert isinstance(shared.found(now + jump), LockedSignIn)
    assert shared.acting(now + jump) is None


def test_alone_again_the_longer_rest_counts(shared, people, now):
    shared.leaves(people.robin)
    assert shared.acting(now + 14 * MINUTE)
    assert shared.acting(now + 15 * MINUTE) is None


def test_who_acted_last_is_known_of_a_locked_screen_and_acts_all_the_same_nowhere(
    shared, people, database, now
):
    shared.locks()
    with database.reading() as db:
        last = sign_ins.last_viewer_of(db, shared.id, now)
        assert sign_ins.viewer_of(db, shared.id, now) is None
    assert (last.clinician_id, last.sign_in_id) == (people.dana, shared.id)
    with database.writing() as db:
        sign_ins.end(db, shared.id, now)
    with database.reading() as db:
        assert sign_ins.last_viewer_of(db, shared.id, now) is None


def test_who_acts_beside_whom_is_one_statement(shared, database, now):
    with database.reading() as db, recorded_statements(database.engine) as statements:
        assert sign_ins.viewer_of(db, shared.id, now).beside
    assert len(statements) == 1


def test_the_database_lets_one_act_and_nobody_be_there_twice(shared, people, database, now):
    def also(**how):
        with database.writing() as db:
            db.add(Presence(id=new_id(), sign_in_id=shared.id, joined_at=now, **how))

    for how in (
        {"clinician_id": people.robin, "acting": True},
        {"clinician_id": people.robin, "acting": False},
    ):
        with pytest.raises(IntegrityError):
            also(**how)
    with database.reading() as db:
        assert db.get_one(SignIn, shared.id).ended_at is None


@pytest.mark.parametrize(
    ("started", "ended", "passes"),
    [(0, None, 15), (-30, None, 15), (-30, -1, 10), (-24 * 60, None, 10)],
)
def test_a_shared_screen_rests_as_long_as_a_laptop_while_a_review_runs(
    shared, people, database, now, started, ended, passes
):
    dana, robin = (viewer(database, one, now) for one in (people.dana, people.robin))
    with database.writing() as db:
        ended_at = None if ended is None else now + ended * MINUTE
        a_review(db, dana, robin, started_at=now + started * MINUTE, ended_at=ended_at)
    assert shared.acting(now + passes * MINUTE - timedelta(seconds=1)) is not None
    assert shared.acting(now + passes * MINUTE) is None
