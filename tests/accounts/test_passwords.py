import pytest

from kapteam.accounts import passwords
from kapteam.errors import Invalid


@pytest.fixture(autouse=True)
def quick_hashes():
    """Here the hashes are those of the application."""


@pytest.mark.parametrize(
    "password",
    [
        "short of it",
        "x" * 257,
        "dana.reyes.az",
        "DANA.Reyes.AZ",
        "Password1234",
        "pass word 1234",
        "ababababababab",
        "            ",
        "",
    ],
)
def test_a_password_that_is_soon_guessed_is_refused_beside_its_field(password):
    with pytest.raises(Invalid) as refused:
        passwords.check_new_password(password, "dana.reyes.az")
    assert set(refused.value.fields) == {"password"}


@pytest.mark.parametrize(
    "password",
    ["three calm saguaros", "ÅåØøÆæ-ÅåØøÆæ", "x1y2" * 64, "日本語の長い合言葉です。はい"],
)
def test_a_long_password_of_any_letters_is_accepted_and_verified(password):
    passwords.check_new_password(password, "dana")
    stored = passwords.hash_password(password)
    assert password not in stored
    assert passwords.verify(stored, password)
    assert not passwords.verify(stored, password + " ")
    assert not passwords.verify(stored, password[:-1])


def test_hashes_are_argon2id_at_or_above_the_floor_and_salted():
    stored = passwords.hash_password("three calm saguaros")
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert stored != passwords.hash_password("three calm saguaros")
    assert not passwords.needs_rehash(stored)
    assert passwords.needs_rehash(stored.replace("t=3", "t=2"))


def test_the_same_letters_from_another_keyboard_are_the_same_password():
    composed, decomposed = "caf\u00e9 caf\u00e9 caf\u00e9", "cafe\u0301 cafe\u0301 cafe\u0301"
    assert passwords.verify(passwords.hash_password(composed), decomposed)


def test_nobody_costs_one_verification_too_and_never_opens(monkeypatch):
    asked = []
    real = passwords._hasher.verify

    class Counting:
        def verify(self, stored, password):
            asked.append(stored)
            return real(stored, password)

        hash = staticmethod(passwords._hasher.hash)

    monkeypatch.setattr(passwords, "_hasher", Counting())
    assert not passwords.verify(None, "nobody's password")
    assert len(asked) == 1


def test_more_than_two_verifications_at_once_wait_and_then_are_refused(monkeypatch):
    monkeypatch.setattr(passwords, "_WAIT_SECONDS", 0)
    with passwords._turn(), passwords._turn(), pytest.raises(Invalid, match="busy"):
        passwords.verify(None, "three calm saguaros")
    assert not passwords.verify(None, "three calm saguaros")
