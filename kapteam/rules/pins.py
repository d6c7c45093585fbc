"""What six digits may become somebody's PIN."""

import re
from collections.abc import Iterable
from datetime import date
from itertools import pairwise

from kapteam.errors import Invalid
from kapteam.rules.folding import digits

_LENGTH = 6
_WAYS_TO_WRITE_A_DAY = ("%m%d%y", "%d%m%y", "%y%m%d", "%m%Y", "%Y%m")
_UP, _DOWN = {1}, {9}


def read_pin(typed: str) -> str:
    """The digits of a PIN, between which people leave spaces; it need not be an acceptable one."""
    return "".join(typed.split())


def is_pin(pin: str) -> bool:
    """Whether these are six digits."""
    return re.fullmatch(rf"[0-9]{{{_LENGTH}}}", pin) is not None


def check_new_pin(pin: str, *, phone: str, days: Iterable[date]) -> None:
    """Raises Invalid (field `pin`) unless `pin` may become somebody's PIN.

    `phone` is that person's number and `days` are days of theirs: colleagues can see both here.
    Five tries are few only while nobody knows which five to take, so what is tried first is
    refused. Source: NIST SP 800-63B (2017), 5.1.1.2: no secret that is common or expected.
    """
    if not is_pin(pin):
        raise Invalid({"pin": "Type six digits."})
    if len(set(pin)) == 1:
        raise Invalid({"pin": "Do not take the same digit six times. Use another PIN."})
    if _steps(pin) in (_UP, _DOWN):
        raise Invalid({"pin": "Digits in a row are tried first. Use another PIN."})
    if pin in (pin[:2] * 3, pin[:3] * 2):
        raise Invalid({"pin": "The same few digits again and again are tried first. Use another."})
    if any(pin == day.strftime(way) for day in days for way in _WAYS_TO_WRITE_A_DAY):
        raise Invalid({"pin": "This is a day that your colleagues can see here. Use another PIN."})
    if pin in digits(phone):
        raise Invalid({"pin": "This is part of your phone number. Use another PIN."})


def _steps(pin: str) -> set[int]:
    """By how much each digit is more than the one before it; after 9 comes 0."""
    return {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
