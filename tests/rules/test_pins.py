"""Which six digits are refused as a PIN, and what is said."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapteam.errors import Invalid
from kapteam.rules.pins import check_new_pin, read_pin

OPENED = date(2026, 11, 2)
PHONE = "(602) 555-0142"


def refusal(pin, *, phone=PHONE, days=(OPENED,)):
    try:
        check_new_pin(pin, phone=phone, days=days)
    except Invalid as invalid:
        return invalid.fields["pin"]
    return ""


@pytest.mark.parametrize(
    ("pin", "says"),
    [
        ("", "six digits"),
        ("52918", "six digits"),
        ("5291844", "six digits"),
        ("52918a", "six digits"),
        ("-52918", "six digits"),
        ("529184\n", "six digits"),
        # Digits elsewhere: a keyboard at another desk would not have them.
        ("٥٢٩١٨٤", "six digits"),
        ("５２９１８４", "six digits"),
        ("52918²", "six digits"),
        ("000000", "same digit"),
        ("777777", "same digit"),
        ("123456", "in a row"),
        ("012345", "in a row"),
        ("567890", "in a row"),
        ("890123", "in a row"),
        ("654321", "in a row"),
        ("321098", "in a row"),
        ("121212", "again and again"),
        ("123123", "again and again"),
        ("900900", "again and again"),
        ("110226", "a day"),
        ("021126", "a day"),
        ("261102", "a day"),
        ("112026", "a day"),
        ("202611", "a day"),
        ("602555", "phone"),
        ("550142", "phone"),
    ],
)
def test_what_is_tried_first_is_refused_in_a_sentence(pin, says):
    assert says in refusal(pin)


@pytest.mark.parametrize(
    "pin", ["529184", "052918", "112233", "123455", "135790", "122026", "602556", "900901"]
)
def test_what_is_not_tried_first_is_taken(pin):
    assert refusal(pin) == ""


def test_somebody_of_whom_no_day_and_no_phone_is_known_is_refused_nothing_more():
    for pin in ("110226", "602555"):
        assert refusal(pin, phone="", days=()) == ""


@given(st.from_regex(r"[0-9]{6}", fullmatch=True))
def test_a_refusal_never_repeats_what_was_typed(pin):
    assert pin not in refusal(pin)


@pytest.mark.parametrize(
    ("typed", "pin"),
    [(" 529 184 ", "529184"), ("529\u00a0184", "529184"), ("529-184", "529-184"), ("", "")],
)
def test_spaces_between_the_digits_do_not_count(typed, pin):
    assert read_pin(typed) == pin
