from datetime import timedelta

import pytest
from sqlalchemy import select

from kapteam.accounts import sign_ins
from kapteam.db.engine import Database
from kapteam.db.tables import FailedAttempt, SignIn
from kapteam.errors import Invalid
from tests.accounts.people import PASSWORD, tags

MINUTE = timedelta(minutes=1)


def guess(database, name, password, now):
    with pytest.raises(Invalid) as refused:
        sign_ins.sign_in(database, name, password, "a test", now)
    return refused.value.fields["password"]


def test_after_five_misses_even_the_right_password_waits(database, people, now):
    answers = {guess(database, "dana", f"wrong guess {number}", now) for number in range(5)}
    assert len(answers) == 1
    assert "Wait 15 minutes" in guess(database, "dana", PASSWORD, now)
    assert "Wait one minute" in guess(database, "DANA ", PASSWORD, now + 14 * MINUTE)
    assert sign_ins.sign_in(database, "dana", PASSWORD, "a test", now + 15 * MINUTE).token


def test_a_colleague_signs_in_while_somebody_guesses_at_another_name(database, people, now):
    for number in range(8):
        guess(database, "dana", f"wrong guess {number}", now)
    assert sign_ins.sign_in(database, "robin", "four windy mesas here", "a test", now).token


def test_throttling_holds_across_a_restart(database, people, now):
    for number in range(5):
        guess(database, "dana", f"wrong guess {number}", now)
    started_again = Database(database.url.render_as_string(hide_password=False))
    assert "Too many" in guess(started_again, "dana", PASSWORD, now)
    started_again.close()


def test_the_right_password_forgets_earlier_misses(database, people, now):
    for _ in range(3):
        for number in range(4):
            guess(database, "dana", f"wrong guess {number}", now)
        sign_ins.sign_in(database, "dana", PASSWORD, "a test", now)


def test_guesses_at_names_that_nobody_has_are_throttled_alike(database, people, now):
    known = [guess(database, "dana", "wrong", now) for _ in range(6)]
    unknown = [guess(database, "nobody at all", "wrong", now) for _ in range(6)]
    assert known == unknown


def test_what_was_typed_is_kept_as_a_hash_only(database, people, now):
    guess(database, "three calm saguaros", "typed into the wrong field", now)
    with database.reading() as db:
        [subject] = db.scalars(select(FailedAttempt.subject))
    assert len(subject) == 64
    assert "saguaro" not in subject


def test_a_thousand_guesses_verify_five_and_write_five(database, people, now, monkeypatch):
    verified = []
    monkeypatch.setattr(
        sign_ins.passwords, "verify", lambda stored, password: bool(verified.append(password))
    )
    for number in range(1000):
        guess(database, "dana", f"guess {number}", now)
    assert len(verified) == 5
    assert tags(database).count("signin:failed") == 5
    with database.reading() as db:
        assert len(db.scalars(select(FailedAttempt.id)).all()) == 5
        assert not db.scalars(select(SignIn.id).where(SignIn.device == "a test ")).all()
