"""Folding of names for search and sorting, the same on every engine (data-model.md)."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date

_QUOTES = '"“”„«»()[]'
_LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ı": "i", "æ": "ae", "œ": "oe", "ß": "ss", "þ": "th"}
    # A phone types O’Brien with a curly apostrophe, a keyboard with a straight one. A nickname
    # stands in quotes or brackets.
    | dict.fromkeys("'’‘ʼʻ`´" + _QUOTES, "")
)
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}


def fold(text: str) -> str:
    """Letters without accents, case, apostrophes and quotes: `Łukasz  "Øst"` is `lukasz ost`.

    Decomposed before the case is folded: a script capital is a plain capital only then.
    """
    folded = unicodedata.normalize("NFKD", text.translate(_LETTERS)).casefold()
    bare = "".join(letter for letter in folded if not unicodedata.combining(letter))
    return " ".join(bare.translate(_LETTERS).split())


def digits(text: str) -> str:
    """The digits of a phone number, whatever stands between them."""
    return re.sub(r"\D", "", text, flags=re.ASCII)


def search_text(
    *, code: str, names: Sequence[str], phones: Iterable[str], born_on: date | None
) -> str:
    """What Find looks through (rule 68): folded names, code, initials, phone digits, birth date.

    `names` are given, family, preferred, in that order; the initials are those of the first two.
    Every word starts after a space, so that `% jor%` finds the start of a word only.
    """
    parts = [fold(name) for name in names if name.strip()]
    words = [word for part in parts for word in part.replace("-", " ").split()]
    initials = "".join(fold(name)[:1] for name in names[:2])
    numbers = [digits(phone) for phone in phones if digits(phone)]
    dates = [born_on.isoformat()] if born_on else []
    return " " + " ".join([*parts, *words, fold(code), initials, *numbers, *dates]) + " "


def read_code(text: str) -> str:
    """The code of a client however it is typed: `K-10`, `k010`, `10` are `K-010`; else empty."""
    found = re.fullmatch(r"(?:k\s*-?\s*)?(\d{1,6})", fold(text), re.ASCII)
    return f"K-{int(found[1]):03d}" if found else ""


def read_birth_dates(text: str) -> list[date]:
    """Every date that `text` may mean as a birth date, in any usual order.

    `Jul 30 1991`, `30.7.1991`, `7/30/91`, `1991-07-30`, `07301991`; a day and month that could be
    either way round gives both, and a year of two digits both centuries. Empty when it is no date.
    """
    typed = fold(text)
    if re.fullmatch(r"\d{8}", typed, re.ASCII):
        written = (f"{typed[:4]} {typed[4:6]} {typed[6:]}", f"{typed[:2]} {typed[2:4]} {typed[4:]}")
        return sorted({day for one in written for day in read_birth_dates(one)})
    parts = re.findall(r"[a-z]+|\d+", typed)
    if len(parts) == 3 and re.fullmatch(r"\d\d", parts[-1]) and all(len(one) < 4 for one in parts):
        centuries = (f"{' '.join(parts[:-1])} {century}{parts[-1]}" for century in (19, 20))
        return [day for one in centuries for day in read_birth_dates(one)]
    named = [_MONTHS[part[:3]] for part in parts if part[:3] in _MONTHS and part.isalpha()]
    numbers = [int(part) for part in parts if part.isdigit()]
    years = [number for number in numbers if 1900 <= number <= 2100]
    if len(years) != 1 or len(named) + len(numbers) != 3 or len(parts) != 3:
        return []
    numbers.remove(years[0])
    tries = [(named[0], numbers[0])] if named else [tuple(numbers), tuple(reversed(numbers))]
    found = []
    for month, day_of_month in tries:
        try:
            found.append(date(years[0], month, day_of_month))
        except ValueError:
            continue
    return sorted(set(found))
