"""What somebody entered: every problem is a sentence beside its field, all of them at once."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapteam import wording
from kapteam.errors import Invalid
from kapteam.rules.entered import LINE, TEXT, Entered

PHOENIX = ZoneInfo("America/Phoenix")


def _problems(form: Entered) -> dict[str, str]:
    try:
        form.done()
    except Invalid as error:
        return error.fields
    return {}


def test_nothing_wrong_raises_nothing():
    form = Entered()
    assert form.line("name", "  Amara ", "The name", required=True) == "Amara"
    assert form.text("note", "two\r\nlines", "The note") == "two\nlines"
    assert form.read("dose", wording.read_mg, "70") == 70_000
    form.need("day", True, "Choose the day.")
    form.done()


def test_every_field_has_its_first_problem():
    form = Entered()
    form.line("name", " ", "The name", required=True)
    form.read("dose", wording.read_mg, "-5")
    form.need("day", False, "Choose the day.")
    form.need("day", False, "Another sentence.")
    assert _problems(form) == {
        "name": "The name is needed.",
        "dose": "A dose is more than 0 mg.",
        "day": "Choose the day.",
    }


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " 602-555-0142 ",
        "(602) 555-0142 ext. 4",
        "+48 22 555 01 00",
        "mobile 602.555.0142",
        "911",
    ],
)
def test_a_phone_number_is_kept_as_it_was_typed(typed):
    form = Entered()
    assert form.phone("phone", typed, "The phone number") == typed.strip()
    form.done()


@pytest.mark.parametrize("typed", ["call me maybe", "ask her sister", "-", "room 12", "n/a"])
def test_a_phone_number_that_cannot_be_dialed_is_refused(typed):
    form = Entered()
    form.phone("phone", typed, "The phone number")
    assert _problems(form) == {
        "phone": "The phone number cannot be dialed. Enter its digits, like 602-555-0142, or leave "
        "it empty; words go in another field."
    }


def test_an_empty_line_is_good_unless_needed():
    form = Entered()
    assert form.line("name", "", "The name") == ""
    form.done()


@pytest.mark.parametrize("text", ["x" * 200, "x" * (LINE + 1)])
def test_a_line_too_long_says_how_long_it_is(text):
    form = Entered()
    form.line("name", text, "The family name")
    assert _problems(form) == {
        "name": f"The family name has {len(text)} characters; 120 is the most. Shorten it."
    }


def test_the_longest_texts_are_good():
    form = Entered()
    form.line("name", "x" * LINE, "The name")
    form.text("note", "x" * TEXT, "The note")
    form.done()


def test_a_text_too_long_is_refused():
    form = Entered()
    form.text("note", "x" * (TEXT + 1), "The note")
    assert "8,000 is the most" in _problems(form)["note"]


@pytest.mark.parametrize("text", ["a\x00b", "a\x1bb", "a\x7fb", "a\ud800b"])
def test_what_a_database_would_choke_on_is_refused(text):
    form = Entered()
    form.text("note", text, "The note")
    assert "control character" in _problems(form)["note"]


def test_a_line_is_one_line():
    form = Entered()
    form.line("name", "a\nb", "The name")
    assert "more than one line" in _problems(form)["name"]


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        '=HYPERLINK("x")',
        "**bold** -> www.x.y :material/home:",
        "👩🏽‍🦽 Zoë שלום \u202eabc",
        "O'Brien; DROP TABLE client; --",
    ],
)
def test_every_text_is_kept_as_typed(text):
    form = Entered()
    assert form.line("name", text, "The name") == text
    form.done()


@given(st.text())
def test_whatever_passes_is_short_and_clean(text):
    form = Entered()
    kept = form.line("name", text, "The name")
    if not _problems(form):
        assert len(kept) <= LINE
        assert kept == kept.strip()
        assert kept.encode().decode() == kept
        assert "\x00" not in kept


def test_a_moment_is_an_instant_of_the_practice():
    form = Entered()
    at = form.moment("time", date(2026, 11, 24), "2:30 pm", PHOENIX)
    assert at == datetime(2026, 11, 24, 21, 30, tzinfo=UTC)
    form.done()


def test_a_missing_day_is_said_beside_the_day_and_a_bad_time_beside_the_time():
    form = Entered()
    assert form.moment("time", None, "2:30 pm", PHOENIX, day_field="day") is None
    assert form.moment("other", None, "2:30 pm", PHOENIX) is None
    assert form.moment("late", date(2026, 11, 24), "25:00", PHOENIX, day_field="day2") is None
    assert set(_problems(form)) == {"day", "other", "late"}


def test_a_time_that_the_clocks_skip_is_refused():
    form = Entered()
    denver = ZoneInfo("America/Denver")
    assert form.moment("time", date(2026, 3, 8), "2:30 am", denver) is None
    assert "go forward" in _problems(form)["time"]
