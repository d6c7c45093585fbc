"""Passwords: what makes a new one acceptable, and checking one at the same cost for everybody."""

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from kapteam.errors import Invalid
from kapteam.rules.folding import fold

LEAST, MOST = 12, 256
_COMMON_FILE = Path(__file__).with_name("common_passwords.txt")
# RFC 9106's second recommendation, and never more than two at a time: 128 MB at most.
_hasher = PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=4)
_at_once = BoundedSemaphore(2)
_WAIT_SECONDS = 10


def check_new_password(password: str, sign_in_name: str) -> None:
    """Raises Invalid (field `password`) unless `password` may become somebody's password.

    Source: OWASP ASVS 5.0, 6.2 (length instead of composition; common ones refused).
    """
    if len(password) < LEAST:
        raise Invalid({"password": f"Use at least {LEAST} characters; a few words will do."})
    if len(password) > MOST:
        raise Invalid({"password": f"Use at most {MOST} characters."})
    plain = fold(password)
    if plain == fold(sign_in_name):
        raise Invalid({"password": "The password must not be the sign-in name."})
    if plain.replace(" ", "") in _common() or len(set(plain)) < 4:
        raise Invalid({"password": "This password is among the first to be guessed. Use another."})


def hash_password(password: str) -> str:
    """The argon2id hash to store. Raises Invalid (field `password`) while kapteam is too busy."""
    with _turn():
        return _hasher.hash(_normal(password))


def verify(password_hash: str | None, password: str) -> bool:
    """Whether `password` is the one behind `password_hash`.

    Without a hash (nobody by that name, or no password chosen yet) it costs the same and is False.
    Raises Invalid (field `password`) while kapteam is too busy.
    """
    if len(password) > MOST:
        password, password_hash = "", None
    with _turn():
        try:
            _hasher.verify(password_hash or _nobodys(), _normal(password))
        except (VerificationError, InvalidHashError):
            return False
    return password_hash is not None


def needs_rehash(password_hash: str) -> bool:
    """Whether the hash was made with parameters that are no longer ours."""
    return _hasher.check_needs_rehash(password_hash)


def _normal(password: str) -> str:
    # The same letters typed on two keyboards can differ in their code points.
    return unicodedata.normalize("NFC", password)


@cache
def _common() -> frozenset[str]:
    return frozenset(_COMMON_FILE.read_text().split())


@cache
def _nobodys() -> str:
    return _hasher.hash("nobody's password")


@contextmanager
def _turn() -> Iterator[None]:
    if not _at_once.acquire(timeout=_WAIT_SECONDS):
        raise Invalid({"password": "kapteam is busy with other sign-ins. Try again in a moment."})
    try:
        yield
    finally:
        _at_once.release()
