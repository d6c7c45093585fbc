"""Themes of integration notes: the practice's own list, and the words that an author adds to it.

The list is a setting like any other: the newest one counts, and those before it stay. A theme is
told from another one by its letters, whatever their case and accents.
"""

import json
import re
from collections.abc import Iterable

from kapteam.rules.folding import fold

THEMES = "themes"
"""The key of the setting that holds the list."""
LONGEST_THEME = 60
"""Characters."""
MOST_THEMES = 60
"""On the list of a practice."""
MOST_TAGS = 20
"""That one note may add."""
USUAL_THEMES = (
    "Grief",
    "Fear",
    "Shame",
    "Anger",
    "Love",
    "Family",
    "Childhood",
    "Relationships",
    "Body",
    "Self",
    "Death",
    "Forgiveness",
)
"""With what every practice begins."""
_BETWEEN = re.compile(r"[,;\n]")


def stored_themes(themes: Iterable[str]) -> str:
    """A list as the setting keeps it."""
    return json.dumps(list(themes), ensure_ascii=False)


def themes_in_force(stored: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The practice's list from stored (key, value) pairs, oldest first; the usual one of none."""
    return next(reversed(_lists(stored)), USUAL_THEMES)


def themes_ever(stored: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Every theme that was ever on the list, those of now first: what older notes may say."""
    lists = [USUAL_THEMES, *_lists(stored)]
    return distinct(theme for one in reversed(lists) for theme in one)


def _lists(stored: Iterable[tuple[str, str]]) -> list[tuple[str, ...]]:
    return [tuple(json.loads(value)) for key, value in stored if key == THEMES]


def read_theme(typed: str, beside: Iterable[str]) -> str:
    """A theme to put on a list, given those `beside` it.

    Raises ValueError with a sentence: none, too long, more than one, on the list in other letters,
    or no room.
    """
    theme = " ".join(typed.split())
    themes = tuple(beside)
    if not theme:
        raise ValueError("Write the theme.")
    if len(theme) > LONGEST_THEME:
        raise ValueError(
            f"The theme has {len(theme):,} characters; {LONGEST_THEME} is the most. Shorten it."
        )
    if _BETWEEN.search(theme):
        raise ValueError("One theme at a time, without a comma or a semicolon.")
    if theme in themes:
        return theme
    there = next((one for one in themes if _same(one) == _same(theme)), None)
    if there is not None:
        raise ValueError(f"“{there}” is on the list already.")
    if len(themes) >= MOST_THEMES:
        raise ValueError(f"{MOST_THEMES} themes are the most. Take one out of use first.")
    return theme


def tags_of(text: str) -> tuple[str, ...]:
    """The themes that somebody typed, a comma, a semicolon or a new line between any two."""
    return distinct(filter(None, (" ".join(one.split()) for one in _BETWEEN.split(text))))


def problem_of_tags(tags: Iterable[str]) -> str:
    """Why these are no themes for a note: too many, or too long; empty when they are."""
    tags = tuple(tags)
    if len(tags) > MOST_TAGS:
        return f"{len(tags)} other themes; {MOST_TAGS} are the most."
    return problem_of_length(tags)


def problem_of_length(themes: Iterable[str]) -> str:
    """Why one of these is too long for a theme; empty when none is."""
    for one in themes:
        if len(one) > LONGEST_THEME:
            return (
                f"“{one[:20]}…” has {len(one):,} characters; a theme has {LONGEST_THEME} at most. "
                "Put a comma between two themes."
            )
    return ""


def distinct(themes: Iterable[str]) -> tuple[str, ...]:
    """Each theme once, in the letters in which it comes first."""
    found: dict[str, str] = {}
    for one in themes:
        found.setdefault(_same(one), one)
    return tuple(found.values())


def _same(theme: str) -> str:
    """By what two themes are the same; of signs that fold to nothing, the signs themselves."""
    return fold(theme) or theme
