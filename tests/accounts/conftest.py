"""A practice that was set up, with a colleague who chose a password."""

import pytest
from argon2 import PasswordHasher

from kapteam.accounts import passwords, set_up
from tests.accounts.people import People, colleague_form, practice_form, viewer


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch):
    """Hashes that cost next to nothing; what they cost in earnest is for test_passwords."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(1, 8, 1))
    passwords._nobodys.cache_clear()
    yield
    passwords._nobodys.cache_clear()


@pytest.fixture
def people(database, now):
    with database.writing() as db:
        dana = set_up.set_up_practice(db, practice_form(), now)
    robin = colleague_form()
    administrator = viewer(database, dana, now)
    with database.writing() as db:
        token = set_up.add_clinician(db, administrator, robin, now)
    with database.writing() as db:
        set_up.accept_invitation(db, token, "four windy mesas here", now)
    return People(dana, robin.id)
