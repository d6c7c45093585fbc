"""PINs: at one browser, for one person, five tries, and nowhere after the password changed."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import select

from kapteam.accounts import passwords, pins, set_up, sign_ins
from kapteam.accounts.own_password import change_password
from kapteam.accounts.pins import PinHere
from kapteam.accounts.sign_ins import LiveSignIn, LockedSignIn
from kapteam.db.engine import Database
from kapteam.db.tables import AuditEvent, Clinician, PinBrowser
from kapteam.errors import Invalid, NotAllowed
from kapteam.ids import new_id
from tests.accounts.people import PASSWORD, signed_in, tags, viewer
from tests.query_recorder import recorded_statements

PIN, OTHER, WRONG = "529184", "730265", "111112"
ROBINS = "four windy mesas here"
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
FIREFOX = "Firefox on Mac"


@dataclass(frozen=True, slots=True)
class Seat:
    """A browser, by the token in its cookie, and who is signed in there."""

    database: Database
    who: str
    sign_in_id: str
    now: datetime
    token: str = ""

    def sets(self, pin=PIN, *, password=PASSWORD):
        token = pins.set_pin(
            self.database, self.sign_in_id, self.token, FIREFOX, password, pin, self.now
        )
        return replace(self, token=token)

    def gives(self, pin):
        """The sentence that is said, empty when the PIN was right."""
        try:
            pins.check_pin(self.database, self.who, self.token, pin, self.now, at="signing")
        except Invalid as refused:
            return refused.fields["pin"]
        return ""

    def misses(self, times=pins.TRIES):
        return [self.gives(WRONG) for _ in range(times)]

    def gives_password(self):
        pins.password_given(self.database, self.who, self.token, self.now)

    @property
    def state(self):
        with self.database.reading() as db:
            return pins.pin_here(db, self.who, self.token, self.now)

    def at(self, now):
        return replace(self, now=now)


@pytest.fixture
def dana(database, people, now):
    return Seat(database, people.dana, signed_in(database, people.dana, now).sign_in_id, now)


@pytest.fixture
def robin(database, people, now):
    return Seat(database, people.robin, signed_in(database, people.robin, now).sign_in_id, now)


def rows(database):
    with database.reading() as db:
        return db.scalars(select(PinBrowser).order_by(PinBrowser.set_at)).all()


def events(database, tag):
    with database.reading() as db:
        found = select(AuditEvent).where(AuditEvent.tag == tag)
        return db.scalars(found.order_by(AuditEvent.at, AuditEvent.id)).all()


def test_a_pin_that_was_set_is_known_again_at_that_browser(dana, database, now):
    assert dana.state is PinHere.NONE
    here = dana.sets()
    assert here.state is PinHere.WORKS
    assert here.gives(PIN) == ""
    assert here.gives(" 529 184 ") == ""
    [row] = rows(database)
    assert (row.clinician_id, row.device, row.set_at) == (dana.who, FIREFOX, now)
    assert row.until_at == now + 90 * DAY
    [event] = events(database, "pin:set")
    assert (event.clinician_id, event.sign_in_id) == (dana.who, dana.sign_in_id)
    assert event.changes == {"until_at": (now + 90 * DAY).isoformat()}


def test_neither_the_pin_nor_the_token_is_kept(dana, database):
    here = dana.sets()
    here.gives(WRONG)
    [row] = rows(database)
    assert row.pin_hash.startswith("$argon2id$")
    kept = " ".join([row.id, row.token_hash, row.pin_hash, row.device])
    log = " ".join(str(one.changes) for one in events(database, "pin:failed"))
    for secret in (PIN, WRONG, here.token):
        assert secret not in kept + log
    assert len(here.token) >= 43


def test_without_the_browsers_token_not_even_the_right_digits_fit_the_hash(dana, database):
    here = dana.sets()
    [row] = rows(database)
    assert not passwords.verify(row.pin_hash, PIN)
    assert not passwords.verify(row.pin_hash, here.token + PIN)


@pytest.mark.parametrize("token", ["", "another browser's token"])
def test_at_another_browser_it_is_worth_nothing_and_the_password_is_asked(dana, database, token):
    here = dana.sets()
    elsewhere = replace(here, token=token)
    assert elsewhere.state is PinHere.NONE
    assert "does not work in this browser" in elsewhere.gives(PIN)
    assert [row.tries for row in rows(database)] == [0]
    assert here.gives(PIN) == ""


def test_two_people_have_each_their_own_at_one_browser(dana, robin, database):
    first = dana.sets()
    second = replace(robin, token=first.token).sets(OTHER, password=ROBINS)
    assert second.token == first.token
    assert (first.gives(PIN), second.gives(OTHER)) == ("", "")
    assert "not your PIN" in first.gives(OTHER)
    assert "not your PIN" in second.gives(PIN)
    second.misses(4)
    assert (first.state, second.state) == (PinHere.WORKS, PinHere.RESTS)
    assert first.gives(PIN) == ""


def test_who_has_none_at_a_shared_browser_is_not_let_in_by_a_colleagues(dana, robin):
    here = dana.sets()
    colleague = replace(robin, token=here.token)
    assert colleague.state is PinHere.NONE
    assert "does not work in this browser" in colleague.gives(PIN)


def test_a_token_that_we_never_gave_out_is_not_taken_over(dana):
    planted = replace(dana, token="planted").sets()
    assert planted.token != "planted"
    assert planted.gives(PIN) == ""


def test_setting_it_again_replaces_the_one_at_this_browser_and_no_other(dana, database):
    here, there = dana.sets(), dana.sets(OTHER)
    assert here.token != there.token
    again = here.sets("864209")
    assert again.token == here.token
    assert len(rows(database)) == 2
    assert "not your PIN" in again.gives(PIN)
    assert (again.gives("864209"), there.gives(OTHER)) == ("", "")


@pytest.mark.parametrize(
    ("password", "pin", "says"),
    [
        ("not the right one", PIN, {"password": "not your password"}),
        (PASSWORD, "12345", {"pin": "six digits"}),
        (PASSWORD, "123456", {"pin": "in a row"}),
        (PASSWORD, "112426", {"pin": "a day"}),
        (PASSWORD, "555019", {"pin": "phone"}),
        ("not the right one", "777777", {"password": "not your", "pin": "same digit"}),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_set(
    dana, database, now, password, pin, says
):
    with database.writing() as db:
        db.get_one(Clinician, dana.who).phone = "602-555-0191"
    with pytest.raises(Invalid) as refused:
        dana.at(now).sets(pin, password=password)
    assert set(refused.value.fields) == set(says)
    for field, words in says.items():
        assert words in refused.value.fields[field]
    assert rows(database) == []
    assert "pin:set" not in tags(database)


def test_guessing_the_password_on_the_way_to_a_pin_is_slowed_down_like_a_sign_in(dana, database):
    for _ in range(5):
        with pytest.raises(Invalid, match="not your password"):
            dana.sets(password="not the right one")
    with pytest.raises(Invalid, match="Too many wrong passwords"):
        dana.sets()
    assert tags(database).count("password:failed") == 5
    assert rows(database) == []


def test_a_locked_or_ended_browser_sets_none(dana, database, now):
    with database.writing() as db:
        sign_ins.lock(db, dana.sign_in_id, now)
    with pytest.raises(Invalid, match="has ended"):
        dana.sets()
    with database.writing() as db:
        sign_ins.end(db, dana.sign_in_id, now)
    with pytest.raises(Invalid, match="has ended"):
        dana.sets()
    assert rows(database) == []


def test_five_wrong_tries_and_it_rests_there_until_the_password_was_given(dana, database, now):
    here = dana.sets()
    said = here.misses()
    assert [sentence.split(".")[1].strip() for sentence in said[:4]] == [
        f"After {more} kapteam asks for your password"
        for more in ("4 more tries", "3 more tries", "2 more tries", "one more try")
    ]
    assert "Five wrong PINs. Type your password." in said[4]
    assert here.state is PinHere.RESTS

    # Time alone heals nothing, and the right digits are no password.
    later = here.at(now + DAY)
    assert later.state is PinHere.RESTS
    assert "Five wrong PINs" in later.gives(PIN)
    assert later.state is PinHere.RESTS

    later.gives_password()
    assert later.state is PinHere.WORKS
    assert later.gives(PIN) == ""


def test_the_password_wakes_it_at_once_and_at_that_browser_only(dana):
    here, there = dana.sets(), dana.sets(OTHER)
    here.misses()
    there.gives_password()
    assert here.state is PinHere.RESTS
    here.gives_password()
    assert here.gives(PIN) == ""


def test_a_colleagues_password_does_not_wake_it(dana, robin):
    here = dana.sets()
    here.misses()
    replace(robin, token=here.token).gives_password()
    assert here.state is PinHere.RESTS


def test_a_right_one_forgets_earlier_misses_and_a_wrong_one_does_not(dana):
    here = dana.sets()
    for _ in range(3):
        here.misses(4)
        assert here.gives(PIN) == ""
    here.misses(4)
    assert "Five wrong PINs" in here.gives(WRONG)


def test_each_miss_is_audited_with_its_browser_and_without_its_digits(dana, robin, database):
    here = dana.sets()
    here.misses(2)
    replace(robin, token=here.token).gives(PIN)
    mine, again, hers = events(database, "pin:failed")
    assert mine.subject_id == again.subject_id == dana.who
    assert mine.changes == {"asked_at": "signing", "device": FIREFOX, "tries": 1}
    assert again.changes["tries"] == 2
    assert hers.subject_id == robin.who


@pytest.mark.parametrize("typed", ["", "52918", "5291840", "five", "52918４"])
def test_what_is_no_pin_at_all_costs_no_try(dana, database, typed):
    here = dana.sets()
    for _ in range(6):
        assert here.gives(typed) == "Type the six digits of your PIN."
    assert [row.tries for row in rows(database)] == [0]
    assert events(database, "pin:failed") == []
    assert here.gives(PIN) == ""


def test_wrong_ones_at_several_browsers_are_slowed_down_together(dana, now):
    here, there = dana.sets(), dana.sets(OTHER)
    here.misses(3)
    there.misses(2)
    assert "Too many wrong PINs. Wait 15 minutes" in there.gives(OTHER)
    assert there.state is PinHere.WORKS
    assert there.at(now + 15 * MINUTE).gives(OTHER) == ""


def test_wrong_pins_do_not_keep_the_password_waiting_nor_the_other_way_round(dana, database, now):
    here = dana.sets()
    here.misses()
    sign_ins.check_password(database, dana.who, PASSWORD, now)
    here.gives_password()
    for _ in range(5):
        with pytest.raises(Invalid):
            sign_ins.check_password(database, dana.who, "not the right one", now)
    assert here.gives(PIN) == ""


def test_of_many_tries_at_once_five_are_looked_at(dana, monkeypatch):
    here = dana.sets()
    start = Barrier(8)
    looked_at = []

    def verify(stored, typed):
        looked_at.append(stored)
        return False

    def guess():
        start.wait()
        here.gives(WRONG)

    monkeypatch.setattr(pins.passwords, "verify", verify)
    threads = [Thread(target=guess) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sum(stored is not None for stored in looked_at) == 5
    assert here.state is PinHere.RESTS


def test_the_cost_of_a_check_is_the_same_whether_there_is_one_or_not(dana, monkeypatch):
    here = dana.sets()
    nowhere = replace(dana, token="")
    verified = []

    def verify(stored, typed):
        verified.append(stored is not None)
        return False

    monkeypatch.setattr(pins.passwords, "verify", verify)
    here.gives(PIN)
    nowhere.gives(PIN)
    assert verified == [True, False]


def test_after_ninety_days_it_is_set_again(dana, database, now):
    here = dana.sets()
    almost = here.at(now + 90 * DAY - MINUTE)
    assert (almost.state, almost.gives(PIN)) == (PinHere.WORKS, "")
    later = here.at(now + 90 * DAY)
    assert later.state is PinHere.NONE
    assert "does not work in this browser" in later.gives(PIN)
    later.gives_password()
    assert later.state is PinHere.NONE

    seat = signed_in(database, dana.who, later.now)
    again = replace(later, sign_in_id=seat.sign_in_id).sets()
    assert len(rows(database)) == 1
    assert again.gives(PIN) == ""


def _changes_password(database, people, seat, now):
    change_password(database, seat.sign_in_id, ROBINS, "five cool canyons", now)


def _uses_a_link(database, people, seat, now):
    administrator = viewer(database, people.dana, now)
    with database.writing() as db:
        link = set_up.renew_invitation(db, administrator, people.robin, new_id(), now)
    # An administrator's link alone ends nothing: it may never be used.
    assert seat.gives(PIN) == ""
    with database.writing() as db:
        set_up.accept_invitation(db, link, "six dry riverbeds", now)


def _is_turned_off(database, people, seat, now):
    administrator = viewer(database, people.dana, now)
    with database.writing() as db:
        set_up.suspend_clinician(db, administrator, people.robin, now)


def _is_turned_off_and_on(database, people, seat, now):
    _is_turned_off(database, people, seat, now)
    administrator = viewer(database, people.dana, now)
    with database.writing() as db:
        set_up.readmit_clinician(db, administrator, people.robin, now)


@pytest.mark.parametrize(
    ("happens", "why"),
    [
        (_changes_password, "password changed"),
        (_uses_a_link, "new password by a link"),
        (_is_turned_off, "sign-in turned off"),
        (_is_turned_off_and_on, "sign-in turned off"),
    ],
)
def test_it_works_nowhere_after_another_password_or_turning_off(
    database, people, dana, robin, now, happens, why
):
    here, there = robin.sets(password=ROBINS), robin.sets(OTHER, password=ROBINS)
    colleague = replace(dana, token=here.token).sets()

    happens(database, people, here, now)

    for seat, pin in ((here, PIN), (there, OTHER)):
        assert seat.state is PinHere.NONE
        assert "does not work in this browser" in seat.gives(pin)
    assert [row.clinician_id for row in rows(database)] == [people.dana]
    assert colleague.gives(PIN) == ""
    ended = events(database, "pin:turned_off")
    assert [(one.subject_id, one.changes["why"]) for one in ended] == [(people.robin, why)] * 2


def test_somebody_turned_off_is_refused_even_while_the_row_is_there(robin, database, now):
    here = robin.sets(password=ROBINS)
    with database.writing() as db:
        db.get_one(Clinician, robin.who).suspended_at = now
    assert here.state is PinHere.NONE
    assert here.gives(PIN) != ""


def test_a_refused_change_of_password_ends_nothing(robin, database, now):
    here = robin.sets(password=ROBINS)
    with pytest.raises(Invalid):
        change_password(database, robin.sign_in_id, "not the right one", "five cool canyons", now)
    assert here.gives(PIN) == ""


def _turns_off(database, by, row_id, now):
    with database.writing() as db:
        pins.turn_off_pin(db, by, row_id, now)


def test_one_turns_off_one_browser_of_ones_own(robin, database, people, now):
    here, there = robin.sets(password=ROBINS), robin.sets(OTHER, password=ROBINS)
    me = viewer(database, people.robin, now)
    for _ in range(2):
        _turns_off(database, me, rows(database)[0].id if len(rows(database)) == 2 else "gone", now)
    states = {here.state, there.state}
    assert states == {PinHere.NONE, PinHere.WORKS}
    [event] = events(database, "pin:turned_off")
    assert (event.clinician_id, event.subject_id) == (people.robin, people.robin)
    assert event.changes == {"device": FIREFOX, "why": ""}


def test_an_administrator_turns_off_a_colleagues_and_a_colleague_does_not(
    dana, robin, database, people, now
):
    danas, robins = dana.sets(), robin.sets(password=ROBINS)
    by_owner = {row.clinician_id: row.id for row in rows(database)}

    with pytest.raises(NotAllowed):
        _turns_off(database, viewer(database, people.robin, now), by_owner[people.dana], now)
    assert danas.gives(PIN) == ""

    _turns_off(database, viewer(database, people.dana, now), by_owner[people.robin], now)
    assert robins.state is PinHere.NONE
    assert danas.gives(PIN) == ""


def test_it_opens_a_locked_browser_and_the_cookies_token_is_a_new_one(dana, database, now):
    here = dana.sets()
    with database.writing() as db:
        sign_ins.lock(db, dana.sign_in_id, now)
    token = pins.unlock_by_pin(database, dana.sign_in_id, here.token, PIN, now)
    with database.reading() as db:
        assert isinstance(sign_ins.find(db, token, now), LiveSignIn)
    [event] = events(database, "signin:unlocked")
    assert (event.clinician_id, event.changes) == (dana.who, {"by_pin": True})


def test_five_wrong_tries_at_the_lock_leave_it_locked_and_the_password_opens(dana, database, now):
    here = dana.sets()
    with database.writing() as db:
        sign_ins.lock(db, dana.sign_in_id, now)
    for pin in [WRONG] * 5 + [PIN]:
        with pytest.raises(Invalid):
            pins.unlock_by_pin(database, dana.sign_in_id, here.token, pin, now)
    assert "signin:unlocked" not in tags(database)
    assert {one.changes["asked_at"] for one in events(database, "pin:failed")} == {"unlocking"}
    assert sign_ins.unlock(database, dana.sign_in_id, PASSWORD, now)


def test_a_pin_of_another_browser_or_person_unlocks_nothing(dana, robin, database, now):
    here = dana.sets()
    with database.writing() as db:
        sign_ins.lock(db, robin.sign_in_id, now)
        sign_ins.lock(db, dana.sign_in_id, now)
    for sign_in_id, token in ((dana.sign_in_id, ""), (robin.sign_in_id, here.token)):
        with pytest.raises(Invalid, match="does not work in this browser"):
            pins.unlock_by_pin(database, sign_in_id, token, PIN, now)
    assert "signin:unlocked" not in tags(database)


def test_a_sign_in_that_ended_is_not_opened_and_no_pin_signs_in(dana, database, now):
    here = dana.sets()
    with database.writing() as db:
        sign_ins.end(db, dana.sign_in_id, now)
    with pytest.raises(Invalid, match="has ended"):
        pins.unlock_by_pin(database, dana.sign_in_id, here.token, PIN, now)
    after_its_life = now + sign_ins.LIFE
    second = signed_in(database, dana.who, now)
    with pytest.raises(Invalid, match="has ended"):
        pins.unlock_by_pin(database, second.sign_in_id, here.token, PIN, after_its_life)
    with pytest.raises(Invalid, match="do not match"):
        sign_ins.sign_in(database, "dana", PIN, "a test", now)


def test_a_sign_in_at_rest_is_locked_as_ever(dana, database, now):
    dana.sets()
    started = signed_in(database, dana.who, now)
    with database.reading() as db:
        found = sign_ins.find(db, started.token, now + 15 * MINUTE)
    assert found == LockedSignIn(
        started.sign_in_id, started.presence_id, dana.who, "Dana Reyes", recorded=False
    )


def test_what_a_pin_is_worth_here_is_one_statement(dana, database, now):
    here = dana.sets()
    with database.reading() as db, recorded_statements(database.engine) as statements:
        assert pins.pin_here(db, here.who, here.token, now) is PinHere.WORKS
    assert len(statements) == 1


def test_a_restored_database_knows_no_pin(dana, database, now):
    here = dana.sets()
    with database.writing() as db:
        pins.end_everybodys_pins(db, now)
    assert here.state is PinHere.NONE
    [event] = events(database, "pin:turned_off")
    assert event.changes["why"] == "restored"
