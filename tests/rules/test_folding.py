"""Folding and what Find looks through, the same on every engine (rule 68)."""

import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapteam.rules.folding import digits, fold, read_birth_dates, read_code, search_text


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Łukasz  Øst", "lukasz ost"),
        ("ŁUKASZ", "lukasz"),
        ("Zoë", "zoe"),
        ("Zoe\u0308", "zoe"),
        ("Straße", "strasse"),
        ("ŒUVRE Æon", "oeuvre aeon"),
        ("İstanbul Işık", "istanbul isik"),
        ("Þóra Ðuro", "thora duro"),
        ("Ｗｉｄｅ", "wide"),
        ("ℌeinz", "heinz"),
        ("O'Brien", "obrien"),
        ("O’Brien", "obrien"),
        (" \tde  la\nCruz ", "de la cruz"),
        ("شجرة", "شجرة"),
        ("🌵", "🌵"),
        ('Zoë "Bee"', "zoe bee"),
        ("Zoë “Bee” (Bea)", "zoe bee bea"),
        ("", ""),
    ],
)
def test_letters_lose_accents_case_and_apostrophes(text, folded):
    assert fold(text) == folded


@given(st.text())
def test_folding_twice_is_folding_once(text):
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_composed_and_decomposed_text_fold_alike(text):
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))


def test_a_phone_number_is_its_digits():
    assert digits("+1 (602) 555-0142 x٣") == "16025550142"


def _found_by(word: str) -> bool:
    text = search_text(
        code="K-014",
        names=("Łucja María", "Garcia-Lopez", "Lu"),
        phones=("(602) 555-0142", ""),
        born_on=date(1991, 7, 30),
    )
    return f" {fold(word)}" in text


@pytest.mark.parametrize(
    "typed",
    [
        "lucja",
        "mar",
        "maria",
        "garcia-lopez",
        "lopez",
        "Łucja María",
        "lu",
        "LG",
        "k-014",
        "602555",
        "1991-07-30",
    ],
)
def test_rule_68_somebody_is_found_by_the_start_of_any_word(typed):
    assert _found_by(typed)


@pytest.mark.parametrize("typed", ["ucja", "opez", "014", "5550142", "07-30"])
def test_the_middle_of_a_word_finds_nobody(typed):
    assert not _found_by(typed)


def test_rule_68_initials_are_those_of_given_and_family_name():
    text = search_text(code="K-002", names=("Amara", "Okafor", "Ama"), phones=(), born_on=None)
    assert text == " amara okafor ama amara okafor ama k-002 ao "


def test_somebody_with_one_name_and_no_birth_date_is_still_found():
    text = search_text(code="K-001", names=("", "Sukarno", ""), phones=(), born_on=None)
    assert text == " sukarno sukarno k-001 s "


@pytest.mark.parametrize(
    ("typed", "dates"),
    [
        ("Jul 30 1991", [date(1991, 7, 30)]),
        ("30 July 1991", [date(1991, 7, 30)]),
        ("July 30, 1991", [date(1991, 7, 30)]),
        ("7/30/1991", [date(1991, 7, 30)]),
        ("30.7.1991", [date(1991, 7, 30)]),
        ("1991-07-30", [date(1991, 7, 30)]),
        ("3/4/1991", [date(1991, 3, 4), date(1991, 4, 3)]),
        ("19910730", [date(1991, 7, 30)]),
        ("07301991", [date(1991, 7, 30)]),
        ("30071991", [date(1991, 7, 30)]),
        ("03041991", [date(1991, 3, 4), date(1991, 4, 3)]),
        ("99999999", []),
        ("6025550142", []),
        ("3/3/1991", [date(1991, 3, 3)]),
        ("Feb 30 1991", []),
        ("7/30/91", [date(1991, 7, 30), date(2091, 7, 30)]),
        ("30.7.05", [date(1905, 7, 30), date(2005, 7, 30)]),
        ("7/30", []),
        ("30 1991", []),
        ("K-014", []),
        ("602-555-0142", []),
        ("1991 1992 3", []),
        ("Jul 30 1991 x", []),
        ("", []),
    ],
)
def test_a_birth_date_is_read_in_any_usual_order(typed, dates):
    assert read_birth_dates(typed) == dates


@given(st.dates(date(1900, 1, 1), date(2100, 12, 31)))
def test_every_birth_date_is_found_however_it_is_typed(born_on):
    for order in ("%Y-%m-%d", "%m/%d/%Y", "%d.%m.%Y", "%Y%m%d", "%m%d%Y", "%d%m%Y"):
        assert born_on in read_birth_dates(born_on.strftime(order))
    assert read_birth_dates(f"{born_on:%b %d %Y}") == [born_on]


@given(st.text())
def test_no_text_breaks_the_reading_of_a_birth_date(text):
    assert all(1900 <= one.year <= 2100 for one in read_birth_dates(text))


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("K-10", "K-010"),
        ("k010", "K-010"),
        ("10", "K-010"),
        ("K - 1234", "K-1234"),
        ("K-", ""),
        ("K-10x", ""),
        ("Kay 10", ""),
    ],
)
def test_a_code_is_read_however_it_is_typed(typed, code):
    assert read_code(typed) == code
