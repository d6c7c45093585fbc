from datetime import timedelta

import pytest
from sqlalchemy import func, select

from kapteam.accounts import set_up, sign_ins
from kapteam.db.in_force import practice_in_force
from kapteam.db.tables import AuditEvent, Clinician, Invitation, Practice
from kapteam.errors import Conflict, Invalid, NotAllowed, NotFound
from kapteam.ids import new_id
from kapteam.vocabulary import Function
from tests.accounts.people import (
    PASSWORD,
    colleague_form,
    practice_form,
    signed_in,
    tags,
    viewer,
)

DAY = timedelta(days=1)


def count(database, table):
    with database.reading() as db:
        return db.scalar(select(func.count()).select_from(table))


def add(database, by, form, now):
    with database.writing() as db:
        return set_up.add_clinician(db, by, form, now)


def renew(db, by, clinician_id, now):
    """A new link, at one press of the button."""
    return set_up.renew_invitation(db, by, clinician_id, new_id(), now)


def test_set_up_makes_the_practice_and_its_first_administrator(database, now):
    with database.writing() as db:
        dana = set_up.set_up_practice(db, practice_form(), now)
    with database.reading() as db:
        practice = practice_in_force(db, now)
        clinician = db.get_one(Clinician, dana)
    assert (practice.name, practice.zone.key, practice.is_demo) == (
        "Saguaro Practice",
        "America/Phoenix",
        False,
    )
    assert (clinician.sign_in_name, clinician.is_administrator) == ("dana", True)
    assert PASSWORD not in clinician.password_hash
    assert tags(database) == ["practice:set_up"]


def test_a_second_set_up_is_refused_and_changes_nothing(database, people, now):
    with pytest.raises(Conflict), database.writing() as db:
        set_up.set_up_practice(db, practice_form(sign_in_name="intruder"), now)
    assert count(database, Practice) == 1
    assert count(database, Clinician) == 2


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("practice_name", " "),
        ("practice_name", "x" * 200),
        ("zone", "Mars/Olympus"),
        ("zone", "../../etc/passwd"),
        ("name", ""),
        ("name", "x" * 200),
        ("credentials", "x" * 200),
        ("phone", "x" * 200),
        ("phone", "at the desk"),
        ("sign_in_name", ""),
        ("sign_in_name", "dana reyes"),
        ("sign_in_name", "d" * 81),
        ("password", "too short"),
        ("functions", frozenset()),
    ],
)
def test_a_field_that_cannot_be_saved_is_named_and_nothing_is_saved(database, now, field, typed):
    with pytest.raises(Invalid) as refused, database.writing() as db:
        set_up.set_up_practice(db, practice_form(**{field: typed}), now)
    assert set(refused.value.fields) == {field}
    assert count(database, Practice) == count(database, Clinician) == 0
    assert tags(database) == []


def test_the_phone_for_a_crisis_is_kept_from_the_first_day(database, now):
    with database.writing() as db:
        dana = set_up.set_up_practice(db, practice_form(phone=" 602-555-0191 ext. 2 "), now)
    form = colleague_form(phone="+48 22 555 01 00")
    add(database, viewer(database, dana, now), form, now)
    silent = colleague_form(sign_in_name="silent")
    add(database, viewer(database, dana, now), silent, now)
    wordy = colleague_form(sign_in_name="wordy", phone="at the desk")
    with pytest.raises(Invalid) as refused:
        add(database, viewer(database, dana, now), wordy, now)

    assert set(refused.value.fields) == {"phone"}
    with database.reading() as db:
        phones = {one.id: one.phone for one in db.scalars(select(Clinician))}
        told = str([event.changes for event in db.scalars(select(AuditEvent))])
    assert phones == {dana: "602-555-0191 ext. 2", form.id: "+48 22 555 01 00", silent.id: ""}
    assert "555" not in told


def test_every_wrong_field_is_said_at_once(database, now):
    form = practice_form(name="", password="short", functions=frozenset())
    with pytest.raises(Invalid) as refused, database.writing() as db:
        set_up.set_up_practice(db, form, now)
    assert set(refused.value.fields) == {"name", "password", "functions"}


def test_a_one_time_link_lets_a_colleague_choose_a_password_once(database, people, now):
    form = colleague_form(name="Nico Nightingale", sign_in_name="nico")
    token = add(database, viewer(database, people.dana, now), form, now)
    with database.reading() as db:
        assert set_up.invitation_of(db, token, now).name == "Nico Nightingale"
        assert token not in db.scalars(select(Invitation.token_hash)).all()
    with pytest.raises(Invalid):
        sign_ins.sign_in(database, "nico", "", "a test", now)
    with database.writing() as db:
        assert set_up.accept_invitation(db, token, "five cool canyons", now) == form.id
    assert sign_ins.sign_in(database, "nico", "five cool canyons", "a test", now)
    with pytest.raises(NotFound), database.writing() as db:
        set_up.accept_invitation(db, token, "a stranger's password", now)
    with pytest.raises(Invalid):
        sign_ins.sign_in(database, "nico", "a stranger's password", "a test", now)


def test_a_weak_password_does_not_use_the_link_up(database, people, now):
    form = colleague_form(sign_in_name="nico")
    token = add(database, viewer(database, people.dana, now), form, now)
    with pytest.raises(Invalid), database.writing() as db:
        set_up.accept_invitation(db, token, "nico", now)
    with database.writing() as db:
        set_up.accept_invitation(db, token, "five cool canyons", now)


def test_a_link_is_good_for_seven_days(database, people, now):
    form = colleague_form(sign_in_name="nico")
    token = add(database, viewer(database, people.dana, now), form, now)
    with database.reading() as db:
        assert set_up.invitation_of(db, token, now + 7 * DAY - timedelta(seconds=1))
        with pytest.raises(NotFound):
            set_up.invitation_of(db, token, now + 7 * DAY)


def test_a_second_press_of_save_makes_no_second_colleague(database, people, now):
    administrator = viewer(database, people.dana, now)
    form = colleague_form(sign_in_name="nico")
    first, second = (add(database, administrator, form, now) for _ in range(2))
    assert count(database, Clinician) == 3
    with database.writing() as db:
        set_up.accept_invitation(db, first, "five cool canyons", now)
    with pytest.raises(NotFound), database.writing() as db:
        set_up.accept_invitation(db, second, "six dry riverbeds", now)


def test_a_taken_sign_in_name_is_refused_however_it_is_spelled(database, people, now):
    administrator = viewer(database, people.dana, now)
    with pytest.raises(Invalid) as refused:
        add(database, administrator, colleague_form(sign_in_name="RÓBIN"), now)
    assert set(refused.value.fields) == {"sign_in_name"}
    assert count(database, Clinician) == 2


def test_only_an_administrator_lets_people_in_or_turns_them_off(database, people, now):
    robin = viewer(database, people.robin, now)
    with pytest.raises(NotAllowed):
        add(database, robin, colleague_form(sign_in_name="nico"), now)
    with pytest.raises(NotAllowed), database.writing() as db:
        renew(db, robin, people.dana, now)
    with pytest.raises(NotAllowed), database.writing() as db:
        set_up.suspend_clinician(db, robin, people.dana, now)
    assert count(database, Clinician) == 2


def test_a_new_link_ends_the_old_one_and_using_it_ends_every_sign_in(database, people, now):
    administrator = viewer(database, people.dana, now)
    before = signed_in(database, people.robin, now)
    with database.writing() as db:
        lost = renew(db, administrator, people.robin, now)
        link = renew(db, administrator, people.robin, now)
    with database.reading() as db:
        with pytest.raises(NotFound):
            set_up.invitation_of(db, lost, now)
        assert sign_ins.find(db, before.token, now)
    with database.writing() as db:
        set_up.accept_invitation(db, link, "five cool canyons", now)
    with database.reading() as db:
        assert sign_ins.find(db, before.token, now) is None
    with pytest.raises(Invalid):
        sign_ins.sign_in(database, "robin", "four windy mesas here", "a test", now)


def test_a_second_press_of_new_link_leaves_the_first_one_good(database, people, now):
    administrator = viewer(database, people.dana, now)
    before, pressed = count(database, Invitation), new_id()
    links = []
    for _ in range(2):
        with database.writing() as db:
            link = set_up.renew_invitation(db, administrator, people.robin, pressed, now)
        links.append(link)
    first, second = links
    assert second is None
    assert count(database, Invitation) == before + 1
    assert tags(database).count("invitation:made") == before + 1
    with database.reading() as db:
        assert set_up.invitation_of(db, first, now).clinician_id == people.robin


def test_turning_a_sign_in_off_ends_it_at_once_and_shuts_every_way_back(database, people, now):
    administrator = viewer(database, people.dana, now)
    started = signed_in(database, people.robin, now)
    with database.writing() as db:
        link = renew(db, administrator, people.robin, now)
        set_up.suspend_clinician(db, administrator, people.robin, now)
        set_up.suspend_clinician(db, administrator, people.robin, now)
    with database.reading() as db:
        assert sign_ins.find(db, started.token, now) is None
        assert sign_ins.viewer_of(db, started.sign_in_id, now) is None
        with pytest.raises(NotFound):
            set_up.invitation_of(db, link, now)
    with pytest.raises(Invalid):
        sign_ins.sign_in(database, "robin", "four windy mesas here", "a test", now)
    with pytest.raises(NotFound), database.writing() as db:
        renew(db, administrator, people.robin, now)
    assert tags(database).count("clinician:suspended") == 1


def test_a_sign_in_turned_on_again_takes_the_old_password_and_revives_no_browser(
    database, people, now
):
    administrator = viewer(database, people.dana, now)
    before = signed_in(database, people.robin, now)
    with database.writing() as db:
        link = renew(db, administrator, people.robin, now)
        set_up.suspend_clinician(db, administrator, people.robin, now)
    with database.writing() as db:
        set_up.readmit_clinician(db, administrator, people.robin, now)
        set_up.readmit_clinician(db, administrator, people.robin, now)
    with database.reading() as db:
        assert sign_ins.find(db, before.token, now) is None
        with pytest.raises(NotFound):
            set_up.invitation_of(db, link, now)
    assert sign_ins.sign_in(database, "robin", "four windy mesas here", "a test", now)
    assert tags(database).count("clinician:readmitted") == 1
    robin = viewer(database, people.robin, now)
    with pytest.raises(NotAllowed), database.writing() as db:
        set_up.readmit_clinician(db, robin, people.dana, now)


def test_a_sign_in_that_nobody_ended_is_worth_nothing_once_its_person_is_turned_off(
    database, people, now
):
    started = signed_in(database, people.robin, now)
    with database.writing() as db:
        db.get_one(Clinician, people.robin).suspended_at = now
    with database.reading() as db:
        assert sign_ins.find(db, started.token, now) is None
        assert sign_ins.viewer_of(db, started.sign_in_id, now) is None
        assert sign_ins.live(db, [started.sign_in_id], now) == {}


def test_the_last_administrator_cannot_be_turned_off(database, people, now):
    administrator = viewer(database, people.dana, now)
    waiting = colleague_form(
        sign_in_name="nico", is_administrator=True, functions=frozenset({Function.COORDINATOR})
    )
    token = add(database, administrator, waiting, now)
    with pytest.raises(NotAllowed, match="last administrator"), database.writing() as db:
        set_up.suspend_clinician(db, administrator, people.dana, now)
    with database.writing() as db:
        set_up.accept_invitation(db, token, "five cool canyons", now)
    with database.writing() as db:
        set_up.suspend_clinician(db, administrator, people.dana, now)
    with pytest.raises(Invalid):
        sign_ins.sign_in(database, "dana", PASSWORD, "a test", now)
