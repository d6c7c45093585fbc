import pytest

from kapteam.accounts import set_up, sign_ins
from kapteam.accounts.own_password import change_password
from kapteam.errors import Invalid, NotFound
from kapteam.ids import new_id
from tests.accounts.people import PASSWORD, signed_in, tags, viewer

NEW = "five cool canyons"


def _change(database, at, now, *, old=PASSWORD, new=NEW):
    return change_password(database, at.sign_in_id, old, new, now)


def _finds(database, token, now):
    with database.reading() as db:
        return sign_ins.find(db, token, now)


def test_the_new_password_takes_the_place_of_the_old_one(database, people, now):
    _change(database, signed_in(database, people.dana, now), now)

    assert sign_ins.sign_in(database, "dana", NEW, "a test", now)
    with pytest.raises(Invalid):
        sign_ins.sign_in(database, "dana", PASSWORD, "a test", now)
    assert tags(database).count("password:changed") == 1


def test_every_other_sign_in_of_the_person_ends_and_nobody_elses(database, people, now):
    here, there = (signed_in(database, people.dana, now) for _ in range(2))
    robin = signed_in(database, people.robin, now)

    changed = _change(database, here, now)

    assert there.sign_in_id in changed.ended
    assert here.sign_in_id not in changed.ended
    assert _finds(database, there.token, now) is None
    assert _finds(database, robin.token, now)
    # This browser goes on, with a new token: a copy of its cookie is worth nothing.
    assert _finds(database, changed.token, now).id == here.sign_in_id
    assert _finds(database, here.token, now) is None


def test_a_one_time_link_that_lies_about_is_worth_nothing_after_it(database, people, now):
    administrator = viewer(database, people.dana, now)
    with database.writing() as db:
        link = set_up.renew_invitation(db, administrator, people.robin, new_id(), now)

    robin = signed_in(database, people.robin, now)
    _change(database, robin, now, old="four windy mesas here")

    with pytest.raises(NotFound), database.writing() as db:
        set_up.accept_invitation(db, link, "six dry riverbeds", now)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("not the right one", NEW, {"password": "not your password"}),
        (PASSWORD, "short", {"new_password": "at least 12"}),
        (PASSWORD, "passwordpassword", {"new_password": "first to be guessed"}),
        (PASSWORD, PASSWORD, {"new_password": "the password you have"}),
        ("not the right one", "short", {"password": "not your", "new_password": "at least 12"}),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_changes(
    database, people, now, old, new, says
):
    here, there = (signed_in(database, people.dana, now) for _ in range(2))

    with pytest.raises(Invalid) as refused:
        _change(database, here, now, old=old, new=new)

    assert set(refused.value.fields) == set(says)
    for field, words in says.items():
        assert words in refused.value.fields[field]
    assert _finds(database, there.token, now)
    assert _finds(database, here.token, now)
    assert "password:changed" not in tags(database)
    assert sign_ins.sign_in(database, "dana", PASSWORD, "a test", now)


def test_guessing_the_old_one_is_slowed_down_like_a_sign_in(database, people, now):
    here = signed_in(database, people.dana, now)
    for _ in range(5):
        with pytest.raises(Invalid, match="not your password"):
            _change(database, here, now, old="not the right one")

    with pytest.raises(Invalid, match="Too many wrong passwords"):
        _change(database, here, now)

    assert tags(database).count("password:failed") == 5


def test_a_locked_browser_changes_no_password(database, people, now):
    here = signed_in(database, people.dana, now)
    with database.writing() as db:
        sign_ins.lock(db, here.sign_in_id, now)

    with pytest.raises(Invalid, match="has ended"):
        _change(database, here, now)

    assert sign_ins.sign_in(database, "dana", PASSWORD, "a test", now)
