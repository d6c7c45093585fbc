"""The practice's list of themes, and themes in an author's own words."""

import re

import pytest

from kapteam.rules.notes import TEMPLATES, problems, signed_text
from kapteam.rules.themes import (
    LONGEST_THEME,
    MOST_TAGS,
    MOST_THEMES,
    THEMES,
    USUAL_THEMES,
    read_theme,
    stored_themes,
    tags_of,
    themes_ever,
    themes_in_force,
)
from kapteam.vocabulary import NoteKind

ON_THE_LIST = ("Grief", "Café", "*", "🌊")
INTEGRATION = TEMPLATES[NoteKind.INTEGRATION, 3]
GOOD = {"safety": "Asked.", "recap": "A door.", "revisited": "Met", "actions": "A walk."}


def test_a_practice_begins_with_the_usual_list():
    assert themes_in_force([]) == themes_ever([]) == USUAL_THEMES
    assert themes_in_force([("idle_minutes", "5")]) == USUAL_THEMES


def test_the_newest_list_counts_and_what_was_ever_on_one_stays_known():
    stored = [
        (THEMES, stored_themes(["Grief", "The sea"])),
        ("idle_minutes", "5"),
        (THEMES, stored_themes(["Öde", "grief"])),
    ]
    assert themes_in_force(stored) == ("Öde", "grief")
    ever = themes_ever(stored)
    assert ever[:3] == ("Öde", "grief", "The sea")
    assert set(USUAL_THEMES) - {"Grief"} == set(ever[3:])


def test_an_empty_list_is_a_list():
    stored = [(THEMES, stored_themes([]))]
    assert themes_in_force(stored) == ()
    assert "Grief" in themes_ever(stored)


@pytest.mark.parametrize(
    ("typed", "theme"),
    [
        ("The sea", "The sea"),
        ("  The   sea ", "The sea"),
        ("Grief", "Grief"),
        ("🌋", "🌋"),
        ("**", "**"),
        ("x" * LONGEST_THEME, "x" * LONGEST_THEME),
    ],
)
def test_a_theme_is_read(typed, theme):
    assert read_theme(typed, ON_THE_LIST) == theme


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Write the theme."),
        (" \n ", "Write the theme."),
        ("x" * 200, "The theme has 200 characters; 60 is the most. Shorten it."),
        ("Grief, Shame", "One theme at a time, without a comma or a semicolon."),
        ("Grief; Shame", "One theme at a time, without a comma or a semicolon."),
        ("GRIEF", "“Grief” is on the list already."),
        ("cafe", "“Café” is on the list already."),
    ],
)
def test_what_is_no_new_theme_is_said(typed, sentence):
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        read_theme(typed, ON_THE_LIST)


def test_a_list_has_an_end():
    full = [f"Theme {number}" for number in range(MOST_THEMES)]
    assert read_theme("Theme 1", full) == "Theme 1"
    with pytest.raises(ValueError, match="60 themes are the most"):
        read_theme("Another", full)


@pytest.mark.parametrize(
    ("typed", "tags"),
    [
        ("", ()),
        (" , ;\n", ()),
        ("The sea", ("The sea",)),
        ("The sea, a door;  the\tlake\nhome", ("The sea", "a door", "the lake", "home")),
        ("The sea, THE SEA, thé sea", ("The sea",)),
        ("🌊, *, 🌊", ("🌊", "*")),
    ],
)
def test_tags_are_each_once_in_the_letters_in_which_they_come_first(typed, tags):
    assert tags_of(typed) == tags


@pytest.mark.parametrize(
    ("field", "text", "sentence"),
    [
        ("other_themes", "x" * 200, "has 200 characters; a theme has 60 at most"),
        ("other_themes", ",".join(map(str, range(MOST_TAGS + 1))), "21 other themes; 20 are"),
        ("themes", "x" * 200, "has 200 characters"),
    ],
)
def test_what_is_too_much_is_not_signed(field, text, sentence):
    found = problems(INTEGRATION, GOOD | {field: text})
    assert list(found) == [field]
    assert sentence in found[field]


def test_a_theme_that_the_list_lost_meanwhile_is_signed():
    assert problems(INTEGRATION.offering((), {}), GOOD | {"themes": "Grief, Of old"}) == {}


def test_rule_19_themes_are_signed_to_the_letter():
    body = GOOD | {"themes": "Grief, Family", "other_themes": "the sea,, The Sea ;a door"}
    text = signed_text(INTEGRATION, body, "Integration note")
    assert "\n\nThemes\nGrief, Family\n\nOther themes\nthe sea,, The Sea ;a door" in text


def test_a_note_offers_the_practice_s_list_and_what_it_holds():
    fields = {one.key: one for one in INTEGRATION.offering(("B", "A"), {"themes": "C, A"}).fields}
    assert fields["themes"].choices == ("B", "A", "C")
    assert fields["themes"].joined(["A", "C", "B"]) == "A, C, B"
    assert fields["other_themes"].choices == ()


@pytest.mark.parametrize("version", [1, 2])
def test_an_older_note_keeps_its_shape_whatever_the_practice_has(version):
    old = TEMPLATES[NoteKind.INTEGRATION, version]
    assert old.offering(("The sea",), {"themes": "Shame"}) is old
