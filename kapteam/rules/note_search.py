"""Search in notes: what a word is, what somebody asks for, and where in a text it stands.

What is indexed and what is typed go through the same `words_of`, so an index only ever compares
words that are made here, on either engine. Those are folded (`rules/folding.py`): without accents,
case and apostrophes. Letters and digits are words of their own, so that `70mg` finds `70 mg`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from kapteam.rules.folding import fold
from kapteam.rules.notes import TEMPLATES, TagsField, ThemesField
from kapteam.rules.themes import distinct, tags_of
from kapteam.vocabulary import NoteKind

LONGEST_SEARCH = 200
"""Characters."""
MOST_WORDS = 10
SHORTEST_BEGINNING = 3
"""Letters before a `*`: fewer would begin nearly every word there is."""
_LONGEST_WORD = 64
_LONGEST_THEME = 300
_MOST_INDEXED_WORDS, _MOST_INDEXED_BYTES = 16_000, 900_000
# Of the private use area, so that no word is ever one of them.
_GAP, _ABOUT = "\ue000", "\ue001"
_APOSTROPHES = "'’‘ʼʻ`´"
# Marks above and below letters, and what is invisible between two of them.
_WITHIN = (
    r"\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    r"\u00ad\u200b-\u200d\u2060"
)
_LETTER = r"[^\W\d_]"
_WORD = re.compile(rf"{_LETTER}(?:{_LETTER}|[{_WITHIN}]|[{_APOSTROPHES}](?={_LETTER}))*|\d+")
_QUOTES = str.maketrans(dict.fromkeys("“”„«»", '"'))
_TYPED = re.compile(r'"([^"]*)(?:"\s*(\*)?|$)|([^\s"]+)')
_AROUND, _MOST_CONTEXTS = 70, 3
_HOW = "Type a word, a “phrase in quotes”, or the beginning of a word with * after it."
_THEMES = "themes"  # the list to pick from of version 2 of the integration note


@dataclass(frozen=True, slots=True)
class Word:
    """A folded word, and from where to where it stands in the text it was read from."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Sought:
    """Words that stand one after the other; the last one may be `begun` only."""

    words: tuple[str, ...]
    begun: bool = False

    @property
    def apart(self) -> Iterator["Sought"]:
        """Each of the words by itself, wherever it stands."""
        *whole, last = self.words
        yield from (Sought((one,)) for one in whole)
        yield Sought((last,), self.begun)


@dataclass(frozen=True, slots=True)
class Search:
    """What was typed: all of `sought` has to be in a note. With a `problem` nothing is searched."""

    sought: tuple[Sought, ...]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text, to the letter; a hit or what stands beside one."""

    text: str
    is_hit: bool


@dataclass(frozen=True, slots=True)
class Context:
    """Hits with what stands around them. `label` is that of the part of the note it is in."""

    label: str
    pieces: tuple[Piece, ...]


def words_of(text: str) -> Iterator[Word]:
    """The words of a text, in order."""
    for found in _WORD.finditer(text):
        folded = _folded(found[0])
        if folded:
            yield Word(folded, found.start(), found.end())


@lru_cache(maxsize=50_000)
def _folded(word: str) -> str:
    return "".join(letter for letter in fold(word) if letter.isalnum())[:_LONGEST_WORD]


def read_search(typed: str) -> Search:
    """What somebody asks for: words, `"phrases"`, and beginnings (`grie*`), and nothing else.

    No other character means anything; words that are held together by one (`self-harm`, `24/7`) are
    sought as a phrase. Of nothing typed nothing is sought, and that is no problem.
    """
    if len(typed) > LONGEST_SEARCH:
        return Search((), f"At most {LONGEST_SEARCH} characters. A few words are enough.")
    sought: list[Sought] = []
    for quoted, star, bare in _TYPED.findall(typed.translate(_QUOTES)):
        text = quoted or bare
        words = tuple(word.text for word in words_of(text))
        one = Sought(words, begun=bool(star) or text.rstrip().endswith("*"))
        if words and one not in sought:
            sought.append(one)
    if typed.strip() and not sought:
        return Search((), f"There is no word to look for in this. {_HOW}")
    if sum(len(one.words) for one in sought) > MOST_WORDS:
        return Search((), f"At most {MOST_WORDS} words.")
    if any(one.begun and len(one.words[-1]) < SHORTEST_BEGINNING for one in sought):
        return Search((), f"Type at least {SHORTEST_BEGINNING} letters before *.")
    return Search(tuple(sought))


def themes_of(kind: NoteKind, version: int, body: Mapping[str, str]) -> tuple[str, ...]:
    """The themes of a note, picked and in its author's words; none where it only has a text."""
    found: list[str] = []
    for field in TEMPLATES[kind, version].fields:
        text = body.get(field.key, "")
        if isinstance(field, ThemesField):
            found += field.picked(text)
        elif isinstance(field, TagsField):
            found += tags_of(text)
        elif field.key == _THEMES and field.many:
            found += [one for one in field.choices if one in field.picked(text)]
    return distinct(found)


def about_course(episode_id: str) -> Sought:
    """That a note is about this course of care."""
    return _about("course", episode_id)


def about_author(clinician_id: str) -> Sought:
    """That this person wrote a note."""
    return _about("author", clinician_id)


def about_kind(kind: NoteKind) -> Sought:
    """That a note is of this kind."""
    return _about("kind", kind.value)


def about_theme(theme: str) -> Sought:
    """That a note has this theme, in whatever case and accents.

    Signs count where there is no letter: of those that are none, an index holds the numbers.
    """
    letters = fold(theme) or theme
    named = "".join(
        letter if letter.isalnum() else f"{ord(letter):x}" for letter in letters if letter != " "
    )
    return _about("theme", named[:_LONGEST_THEME])


def _about(what: str, which: str) -> Sought:
    bare = "".join(letter for letter in which.casefold() if letter.isalnum())
    return Sought((f"{_ABOUT}{what}{bare}",))


def index_text(
    *,
    kind: NoteKind,
    version: int,
    body: Mapping[str, str],
    episode_id: str,
    author_id: str,
    added: Iterable[str],
) -> str:
    """What an index holds of a signed note; `added` are the texts beside it, and their reasons."""
    about = (
        about_course(episode_id),
        about_author(author_id),
        about_kind(kind),
        *map(about_theme, themes_of(kind, version, body)),
    )
    fields = TEMPLATES[kind, version].fields
    return to_index(about, (*(one.written(body.get(one.key, "")) for one in fields), *added))


def to_index(about: Iterable[Sought], parts: Iterable[str]) -> str:
    """What an index holds of a note: what it is about, and its words, a space between any two.

    No phrase reaches from one part to the next. Of a text beyond what PostgreSQL takes, 16,000
    words or a megabyte, the end is left out.
    """
    found = [word for one in about for word in one.words]
    size = 0
    for part in parts:
        found.append(_GAP)
        for word in words_of(part):
            size += len(word.text.encode()) + 8
            if len(found) >= _MOST_INDEXED_WORDS or size > _MOST_INDEXED_BYTES:
                return " ".join(found)
            found.append(word.text)
    return " ".join(found)


def contexts(parts: Iterable[tuple[str, str]], search: Search) -> tuple[Context, ...]:
    """Where what is sought stands in the (label, text) parts of a note, each thing once if it can.

    At most three; where nothing is sought, how the first part begins.
    """
    found: list[Context] = []
    open_ones = set(search.sought)
    for label, text in parts:
        words = list(words_of(text))
        if not words:
            continue
        if not search.sought:
            return (Context(label, _pieces(text, words, 0, ())),)
        hits = sorted(
            (start, end, one) for one in search.sought for start, end in _places(words, one)
        )
        for start, _, one in hits:
            if one not in open_ones or len(found) == _MOST_CONTEXTS:
                continue
            middle = words[start].start
            pieces = _pieces(text, words, middle, [(first, last) for first, last, _ in hits])
            found.append(Context(label, pieces))
            open_ones -= {
                other
                for first, last, other in hits
                if _is_near(words[first].start, middle) and _is_near(words[last - 1].end, middle)
            } | {one}
    return tuple(found)


def _places(words: Sequence[Word], sought: Sought) -> Iterator[tuple[int, int]]:
    """From which word to before which the sought ones stand."""
    *whole, last = sought.words
    length = len(sought.words)
    for start in range(len(words) - length + 1):
        end = words[start + length - 1].text
        is_last = end.startswith(last) if sought.begun else end == last
        if is_last and all(words[start + at].text == one for at, one in enumerate(whole)):
            yield start, start + length


def _is_near(at: int, middle: int) -> bool:
    return middle - _AROUND <= at <= middle + _AROUND


def _pieces(
    text: str, words: Sequence[Word], middle: int, hits: Iterable[tuple[int, int]]
) -> tuple[Piece, ...]:
    """The text around a place, cut between words, its hits apart."""
    near = [word for word in words if _is_near(word.start, middle) and _is_near(word.end, middle)]
    # A single word may be longer than all that is shown.
    start = near[0].start if near else middle
    end = near[-1].end if near else middle + _AROUND
    if start == words[0].start <= _AROUND:
        start = 0
    if end == words[-1].end >= len(text) - _AROUND:
        end = len(text)
    pieces = [Piece("… ", is_hit=False)] if start else []
    at = start
    for hit_start, hit_end in _apart(words, hits):
        hit_start, hit_end = max(hit_start, at), min(hit_end, end)
        if hit_start < hit_end:
            pieces.append(Piece(text[at:hit_start], is_hit=False))
            pieces.append(Piece(text[hit_start:hit_end], is_hit=True))
            at = hit_end
    pieces.append(Piece(text[at:end], is_hit=False))
    if end < len(text):
        pieces.append(Piece(" …", is_hit=False))
    return tuple(one for one in pieces if one.text)


def _apart(words: Sequence[Word], hits: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """From where to where hits stand in the text, those that overlap as one."""
    places = sorted((words[first].start, words[last - 1].end) for first, last in hits)
    start, end = places[0] if places else (0, 0)
    for next_start, next_end in places:
        if next_start > end:
            yield start, end
            start = next_start
        end = max(end, next_end)
    yield start, end
