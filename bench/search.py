"""How long a search in notes takes, on SQLite and on PostgreSQL: the last part of the bench.

Alone: `python -m bench.search --on postgresql`. Every note is made up of made-up words, some of
which are planted: in nearly all of the notes, in six of a hundred thousand, and in those alone that
the measured people may not read. The practice lies in a folder of its own, which goes however it
ends.
"""

import argparse
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory

from bench.rows import Rows
from kapteam.db.engine import Database
from kapteam.db.in_force import practice_in_force
from kapteam.db.migrate import bring_up_to_date
from kapteam.db.tables import (
    Client,
    Clinician,
    Episode,
    EpisodeMember,
    Note,
    NoteWords,
    Practice,
)
from kapteam.ids import new_id
from kapteam.queries.note_search import NotesWanted, search_notes
from kapteam.queries.standing import Asked
from kapteam.rules.folding import search_text
from kapteam.rules.note_search import index_text
from kapteam.rules.permissions import Viewer
from kapteam.vocabulary import Audience, EpisodeState, Function, NoteKind, Part, ServiceLine
from tests.postgresql import a_server_of_its_own

_NOW = datetime(2026, 11, 24, 21, 30, tzinfo=UTC)
_BEGAN = datetime(2016, 1, 1, tzinfo=UTC)
NOTES = 400_000
"""How many notes there are."""
_NOTES_OF_EACH, _WORDS = 40, 120
_ROUNDS, _AT_ONCE = 5, 2_000
_AIM_MS = 200
_INTERRUPTED = 130
_INDEX = "ix_note_fts_words"
_COMMON, _RARE, _ELSEWHERE = "sleep", "zebrafinch", "elsewhereonly"
_OF_EACH = {"new": 3, "usual": 60, "busy": 300, "long here": 2_500}
"""On how many courses of care each of the measured people is; the last one sees everyone's."""
_EVERYONE = "sees everyone"
_FOR = {
    "nothing but a theme or kind": NotesWanted(kind=NoteKind.GENERAL),
    "rare word": NotesWanted(_RARE),
    "common word": NotesWanted(_COMMON),
    "common, only in others' notes": NotesWanted(_ELSEWHERE),
    "two common words": NotesWanted(f"{_COMMON} better"),
    "phrase": NotesWanted('"slept better again"'),
    "phrase of common words, nowhere": NotesWanted(f'"better {_COMMON} better"'),
    "beginning of a word": NotesWanted("zeb*"),
    "beginning of many words": NotesWanted("bet*"),
    "common word, five years ago": NotesWanted(
        _COMMON, from_on=date(2021, 1, 1), until_on=date(2021, 12, 31)
    ),
    "common word of one client": NotesWanted(_COMMON, client="K-001"),
    "no such word": NotesWanted("nosuchwordanywhere"),
}


@dataclass(frozen=True, slots=True)
class _Filled:
    """The measured people, by how many courses each is on."""

    viewers: dict[str, Viewer]


@dataclass(frozen=True, slots=True)
class Searched:
    """One search of one person: milliseconds, the middle one of several, and how many it showed."""

    engine: str
    what: str
    who: str
    ms: float
    hits: str


def main(arguments: Sequence[str] | None = None) -> int:
    """Fill, measure, print; returns the exit code."""
    parser = argparse.ArgumentParser("python -m bench.search", description=__doc__)
    parser.add_argument("--notes", type=int, default=NOTES, help="how many there are")
    parser.add_argument("--on", nargs="+", choices=_ENGINES, default=list(_ENGINES))
    asked = parser.parse_args(arguments)
    try:
        searched = measure_search(asked.notes, asked.on)
    except KeyboardInterrupt:
        print("\nStopped. Nothing of it is kept.")
        return _INTERRUPTED
    for sentence in misses(searched):
        print(f"Missed: {sentence}.")
    return 0


def misses(searched: Iterable[Searched]) -> Iterator[str]:
    """A sentence for each search that takes longer than kapteam aims at."""
    for one in searched:
        if one.ms > _AIM_MS:
            took = f"{one.ms:.0f} ms, more than {_AIM_MS}"
            yield f"Search on {one.engine}, {one.what}, {one.who}: {took}"


def measure_search(notes: int, engines: Sequence[str] = ()) -> list[Searched]:
    """Every search of everybody among so many notes, on each engine or on those; it is printed."""
    searched = []
    for name in engines or _ENGINES:
        with _ENGINES[name]() as database:
            searched += _measure(name, database, notes)
    return searched


@contextmanager
def _on_sqlite() -> Iterator[Database]:
    with TemporaryDirectory(prefix="kapteam-bench-") as folder:
        database = Database(f"sqlite:///{Path(folder) / 'practice.db'}")
        yield database
        database.close()


@contextmanager
def _on_postgresql() -> Iterator[Database]:
    with a_server_of_its_own() as server:
        database = Database(server.url)
        yield database
        database.close()


_ENGINES = {"sqlite": _on_sqlite, "postgresql": _on_postgresql}


def _measure(name: str, database: Database, notes: int) -> list[Searched]:
    with TemporaryDirectory() as backups:
        bring_up_to_date(database, Path(backups))
    began = time.monotonic()
    filled = _fill(database, notes, lambda done: _say(f"{name}: {done:,} of {notes:,} notes"))
    _say(f"{name}: {notes:,} notes, written in {time.monotonic() - began:.0f} s\n")
    print(f"{'search':34}" + "".join(f"{who:>16}" for who in filled.viewers))
    searched = []
    for what, wanted in _FOR.items():
        row = [
            Searched(name, what, who, *_took(database, viewer, wanted))
            for who, viewer in filled.viewers.items()
        ]
        figures = "".join(f"{f'{one.ms:.0f} ms, {one.hits}':>16}" for one in row)
        print(f"{what:34}{figures}", flush=True)
        searched += row
    print()
    return searched


def _took(database: Database, viewer: Viewer, wanted: NotesWanted) -> tuple[float, str]:
    """Milliseconds, and how many were shown: with a plus when there may be older ones."""
    took = []
    for _ in range(_ROUNDS):
        with database.reading() as db:
            practice = practice_in_force(db, _NOW)
            assert practice is not None
            began = time.perf_counter()
            found = search_notes(db, Asked(viewer, practice, _NOW), wanted)
            took.append(1_000 * (time.perf_counter() - began))
    return median(took), f"{len(found.found)}{'+' if found.older else ''}"


def _fill(database: Database, notes: int, told: Callable[[int], None]) -> _Filled:
    """Courses of care with forty notes each, in the order in which the notes were signed."""
    rows = Rows()
    rows.add(
        Practice, name="Bench (made up)", zone="America/Phoenix", is_demo=False, created_at=_BEGAN
    )
    people = {who: _add_clinician(rows, who) for who in (*_OF_EACH, _EVERYONE, "others")}
    courses = _add_courses(rows, people, -(-notes // _NOTES_OF_EACH))
    rows.write(database)
    make = _Words()
    step = (_NOW - _BEGAN) / notes
    with _index_made_at_the_end(database):
        for number in range(notes):
            course, author = courses[number % len(courses)]
            is_others = author == people["others"]
            _add_note(rows, course, author, _BEGAN + number * step, make.note(number, is_others))
            if (number + 1) % _AT_ONCE == 0 or number + 1 == notes:
                rows.write(database)
                told(number + 1)
    return _Filled({who: _viewer(people[who], who == _EVERYONE) for who in (*_OF_EACH, _EVERYONE)})


@contextmanager
def _index_made_at_the_end(database: Database) -> Iterator[None]:
    """PostgreSQL makes its index of all rows many times faster than of one after the other."""
    if database.is_sqlite:
        yield
        _run(database, "PRAGMA optimize")
        return
    [made_by] = _run(database, f"SELECT indexdef FROM pg_indexes WHERE indexname = '{_INDEX}'")
    _run(database, f"DROP INDEX {_INDEX}")
    yield
    _run(database, made_by)
    _run(database, "VACUUM ANALYZE")


def _run(database: Database, statement: str) -> list[str]:
    with database.engine.connect() as plain:
        connection = plain.execution_options(isolation_level="AUTOCOMMIT")
        answer = connection.exec_driver_sql(statement)
        return list(answer.scalars()) if answer.returns_rows else []


def _add_clinician(rows: Rows, name: str) -> str:
    return rows.add(
        Clinician,
        name=f"{name} (made up)",
        sign_in_name=new_id(),
        password_hash=None,
        is_administrator=False,
        created_at=_BEGAN,
    )


def _add_courses(rows: Rows, people: dict[str, str], number: int) -> list[tuple[str, str]]:
    """So many courses of care, each of a client of its own; with whoever writes its notes."""
    whose = [who for who, most in _OF_EACH.items() for _ in range(most)]
    chance = Random(1)  # noqa: S311 - nothing here is secret
    whose = (whose + ["others"] * (number - len(whose)))[:number]
    chance.shuffle(whose)
    courses = []
    for at, who in enumerate(whose, 1):
        code = f"K-{at:03d}"
        client_id = rows.add(
            Client,
            code=code,
            given_name="Mock",
            family_name=f"Sample{at}",
            search_text=search_text(
                code=code, names=("Mock", f"Sample{at}"), phones=(), born_on=None
            ),
            created_by_id=people[who],
            created_at=_BEGAN,
        )
        episode_id = rows.add(
            Episode,
            client_id=client_id,
            service_line=ServiceLine.KAP,
            indications=[],
            state=EpisodeState.SERIES,
            state_since=_BEGAN,
            expects_intention=True,
            expects_integration=True,
            opened_by_id=people[who],
            opened_at=_BEGAN,
        )
        rows.add(
            EpisodeMember,
            episode_id=episode_id,
            part=Part.THERAPIST,
            clinician_id=people[who],
            from_at=_BEGAN,
        )
        courses.append((episode_id, people[who]))
    return courses


class _Words:
    """Texts as people write them: a few words stand in most of them, most words in few."""

    def __init__(self) -> None:
        self._chance = Random(2)  # noqa: S311 - nothing here is secret
        parts = ("ba", "le", "mi", "no", "ru", "sta", "ven", "kor", "dal", "pi", "the", "ing")
        self._known = [
            "".join(self._chance.choices(parts, k=self._chance.randint(1, 4)))
            for _ in range(20_000)
        ]
        self._weights = list(accumulate(1 / rank for rank in range(1, len(self._known) + 1)))

    def note(self, number: int, is_others: bool) -> str:
        """The text of a note; what is planted in it follows from its number."""
        words = self._chance.choices(self._known, cum_weights=self._weights, k=_WORDS)
        if number % 10 < 9:
            words[10] = _COMMON
            words[20] = "better"
        if number % 10 == 3:
            words[30:33] = ["slept", "better", "again"]
        if number % 16_661 == 0:
            words[40] = _RARE
        if is_others:
            words[50] = _ELSEWHERE
        if number % 7 == 0:
            words[60] = f"bet{words[60]}"
        return " ".join(words).capitalize() + "."


def _add_note(rows: Rows, episode_id: str, author_id: str, at: datetime, said: str) -> None:
    body = {"text": said}
    note_id = rows.add(
        Note,
        kind=NoteKind.GENERAL,
        episode_id=episode_id,
        author_id=author_id,
        by_prescriber=False,
        template_version=1,
        body=body,
        started_at=at - timedelta(hours=1),
        signed_at=at,
        signed_text=said,
        content_hash="0" * 64,
    )
    rows.add_plain(
        NoteWords,
        number=int(at.timestamp()),
        note_id=note_id,
        episode_id=episode_id,
        author_id=author_id,
        text=index_text(
            kind=NoteKind.GENERAL,
            version=1,
            body=body,
            episode_id=episode_id,
            author_id=author_id,
            added=(),
        ),
    )


def _viewer(clinician_id: str, sees_everyone: bool) -> Viewer:
    return Viewer(
        sign_in_id="bench",
        clinician_id=clinician_id,
        name="Bench",
        functions=frozenset({Function.THERAPIST}),
        is_administrator=False,
        audience=Audience.JUST_ME,
        sees_everyone=sees_everyone,
    )


def _say(progress: str) -> None:
    """Say how far it is, in place of what was said before."""
    print(f"\r\x1b[K{progress}", end="", flush=True)


if __name__ == "__main__":
    # What a shell starts in the background would not hear of Ctrl+C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main())
