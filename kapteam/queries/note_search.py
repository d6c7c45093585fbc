"""Search in signed notes: by words, and by who wrote what about whom and when.

What is found, and how far it is looked for: decisions 62 and 70.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Row,
    Select,
    SQLColumnExpression,
    Subquery,
    exists,
    or_,
    select,
)
from sqlalchemy.orm import Session

from kapteam.db.access import visible_episode_ids, visible_notes
from kapteam.db.note_index import NoteIndex
from kapteam.db.tables import Client, Clinician, Episode, Note, NoteWords
from kapteam.queries.client_names import CLIENT_NAME, ClientName, client_named
from kapteam.queries.find import matches
from kapteam.queries.notes import NoteLine, note_lines
from kapteam.queries.standing import Asked
from kapteam.rules.note_search import (
    Context,
    Sought,
    about_author,
    about_course,
    about_kind,
    about_theme,
    contexts,
    read_search,
)
from kapteam.rules.permissions import check_can_read_notes
from kapteam.vocabulary import NoteKind

PAGE = 20
_MOST_COURSES = 200
_NEWEST = 50_000
"""How many notes PostgreSQL looks through for one page."""
_DAY = timedelta(days=1)
_Ids = Select[str] | CompoundSelect[str]
_SLACK = 86_400
"""Seconds: how far a note's number may lie behind its time, had that many the same second."""


@dataclass(frozen=True, slots=True)
class NotesWanted:
    """Which notes: with what was `typed`, about whom, by whom, of which kind, when, which theme.

    `client` is typed too, as in Find. Both days are included, and are the practice's.
    """

    typed: str = ""
    client: str = ""
    author_id: str | None = None
    kind: NoteKind | None = None
    from_on: date | None = None
    until_on: date | None = None
    theme: str | None = None

    @property
    def is_something(self) -> bool:
        """Whether anything at all is asked for."""
        chosen = (self.author_id, self.kind, self.from_on, self.until_on, self.theme)
        return any((self.typed.strip(), self.client.strip(), *chosen))


@dataclass(frozen=True, slots=True)
class FoundNote:
    """A note that was found, whom it is about, and where in it the words stand."""

    note: NoteLine
    client: ClientName
    contexts: tuple[Context, ...]


@dataclass(frozen=True, slots=True)
class NotesFound:
    """One page, the newest first. `older` is where the next page begins, None on the last one.

    `looked_back_to` is when the oldest note was signed that was looked at, where a page is not full
    and there are older ones to be looked through. With a `problem` nothing was searched.
    """

    found: tuple[FoundNote, ...] = ()
    older: int | None = None
    looked_back_to: datetime | None = None
    problem: str = ""


def note_authors(db: Session, asked: Asked) -> Mapping[str, str]:
    """The names of everybody who ever wrote a note, in order, by their ids.

    Raises NotAllowed for the front desk.
    """
    check_can_read_notes(asked.viewer)
    rows = db.execute(
        select(Clinician.id, Clinician.name)
        .where(select(Note.id).where(Note.author_id == Clinician.id).exists())
        .order_by(Clinician.name, Clinician.id)
    )
    return {row.id: row.name for row in rows}


def search_notes(
    db: Session, asked: Asked, wanted: NotesWanted, before: int | None = None
) -> NotesFound:
    """The notes that are wanted, those signed before the one of the number `before`.

    Only what the viewer may read, in three statements; of one who may read the notes of many
    courses, in up to six on PostgreSQL. Drafts are found by nobody, their authors included. Raises
    NotAllowed for the front desk.
    """
    check_can_read_notes(asked.viewer)
    search = read_search(wanted.typed)
    if search.problem or not wanted.is_something:
        return NotesFound(problem=search.problem)
    courses = _courses(asked, wanted)
    few = _few(db, courses) if courses is not None else None
    if few == [] and wanted.client.strip():
        return NotesFound()
    asking = _Asking(NoteIndex(db), asked, wanted, (*search.sought, *_about(wanted)), before)
    if few is not None:
        rows, looked_to = db.execute(_statement(asking, _of_few(asking, few))).all(), None
    elif asking.index.is_on_sqlite or not asking.sought:
        rows, looked_to = db.execute(_statement(asking, _of_all(asking, courses))).all(), None
    else:
        rows, looked_to = _on_postgresql(db, asking, courses)
    page = rows[:PAGE]
    # Between two statements somebody may have been taken off a course.
    lines = note_lines(db, asked, [row.id for row in page])
    return NotesFound(
        found=tuple(
            FoundNote(
                lines[row.id],
                client_named(row.client_id, row),
                contexts(_parts(lines[row.id]), search),
            )
            for row in page
            if row.id in lines
        ),
        older=page[-1].number if len(rows) > PAGE else looked_to,
        looked_back_to=None if looked_to is None else datetime.fromtimestamp(looked_to, UTC),
    )


@dataclass(frozen=True, slots=True)
class _Asking:
    """What is asked of the index, by whom; only notes from the number `since` to below `before`."""

    index: NoteIndex
    asked: Asked
    wanted: NotesWanted
    sought: tuple[Sought, ...]
    before: int | None
    since: int | None = None

    @property
    def each(self) -> list[list[Sought]]:
        """What is sought as the index is asked for it: all of these, of each the one it names."""
        return [[one] for one in self.sought]

    def between(self, number: SQLColumnExpression[int]) -> Iterator[ColumnElement[bool]]:
        """From which number on, and up to which, a note has to be for page and dates."""
        zone = self.asked.practice.zone
        if self.before is not None:
            yield number < self.before
        if self.since is not None:
            yield number >= self.since
        if self.wanted.from_on:
            yield number >= _second(self.wanted.from_on, zone)
        if self.wanted.until_on:
            yield number < _second(self.wanted.until_on + _DAY, zone) + _SLACK


def _courses(asked: Asked, wanted: NotesWanted) -> _Ids | None:
    """The courses of care, beside one's own notes, in which alone something can be found.

    None is all of them. Who may read what is decided by the statement that finds; this keeps it
    from looking through everybody's notes for the few that are one's own.
    """
    theirs = wanted.client.strip()
    if asked.viewer.sees_everyone and not theirs:
        return None
    seen = visible_episode_ids(asked.viewer, asked.now)
    if not theirs:
        return seen
    written = exists().where(
        NoteWords.episode_id == Episode.id, NoteWords.author_id == asked.viewer.clinician_id
    )
    return (
        select(Episode.id)
        .join(Client, Client.id == Episode.client_id)
        .where(matches(theirs), or_(Episode.id.in_(seen), written))
    )


def _few(db: Session, courses: _Ids) -> Sequence[str] | None:
    """The ids of the courses; None when they are too many to be named."""
    named = db.scalars(courses.limit(_MOST_COURSES + 1)).all()
    return named if len(named) <= _MOST_COURSES else None


def _of_few(asking: _Asking, few: Sequence[str]) -> Subquery:
    """All notes that may be meant, of courses that can be named."""
    index = asking.index
    own = () if asking.wanted.client.strip() else (asking.asked.viewer.clinician_id,)
    if index.is_on_sqlite:
        # There a course is a word like any other.
        within = [*map(about_author, own), *map(about_course, few)]
        matching = select(index.number.label("number")).where(
            index.matches([*asking.each, within]), *asking.between(index.number)
        )
    else:
        readable = select(NoteWords.number).where(
            or_(NoteWords.episode_id.in_(few), NoteWords.author_id.in_(own)),
            *asking.between(NoteWords.number),
        )
        mine = readable.cte("mine").prefix_with("MATERIALIZED")
        matching = select(mine.c.number)
        if asking.sought:
            matching = matching.join(index.source, index.number == mine.c.number)
            matching = matching.where(index.matches(asking.each))
    numbers = matching.cte("matching").prefix_with("MATERIALIZED")
    notes = select(NoteWords.number, NoteWords.note_id)
    return notes.join(numbers, numbers.c.number == NoteWords.number).subquery("hits")


def _of_all(asking: _Asking, courses: _Ids | None) -> Subquery:
    """The same of many courses, None: of all: each note that is found is asked for its course.

    Between which numbers it lies is said of each table: PostgreSQL does not conclude it, and would
    read all that is newer on its way.
    """
    index, whose = asking.index, asking.index.whose
    number = index.number.label("number") if asking.sought else whose.c.number
    found = select(number, whose.c.note_id).where(*asking.between(whose.c.number))
    if asking.sought:
        found = found.join_from(index.source, whose, whose.c.number == index.number)
        found = found.where(index.matches(asking.each), *asking.between(index.number))
    if courses is not None:
        found = found.where(_is_within(asking, courses))
    return found.subquery("hits")


def _on_postgresql(
    db: Session, asking: _Asking, courses: _Ids | None
) -> tuple[Sequence[Row[Any]], int | None]:
    """A page of many courses, and back to which number it was looked; None: all the way.

    PostgreSQL gathers all notes that have the words before it knows the newest. Where they are few
    that is done. Where they are many each of the newest notes is asked for them, from one to the
    next until the page is full; what lies further back is left to the next page.
    """
    index = asking.index
    few = index.few(db, asking.sought, *asking.between(index.number))
    if few is not None:
        notes = select(NoteWords.number, NoteWords.note_id).where(NoteWords.number.in_(few))
        return db.execute(_statement(asking, notes.subquery("hits"))).all(), None
    newest = select(NoteWords.number).where(*asking.between(NoteWords.number))
    oldest = db.scalar(newest.order_by(NoteWords.number.desc()).offset(_NEWEST - 1).limit(1))
    looking = replace(asking, since=oldest)
    rows = db.execute(_statement(looking, _of_all(looking, courses))).all()
    return rows, None if len(rows) > PAGE else oldest


def _is_within(asking: _Asking, courses: _Ids) -> ColumnElement[bool]:
    whose = asking.index.whose
    of_courses = whose.c.episode_id.in_(courses)
    if asking.wanted.client.strip():
        return of_courses
    return or_(of_courses, whose.c.author_id == asking.asked.viewer.clinician_id)


def _about(wanted: NotesWanted) -> Iterator[Sought]:
    if wanted.author_id:
        yield about_author(wanted.author_id)
    if wanted.kind:
        yield about_kind(wanted.kind)
    if wanted.theme:
        yield about_theme(wanted.theme)


def _statement(asking: _Asking, hits: Subquery) -> Select[*tuple[Any, ...]]:
    """Of these notes those that one may read, and that are meant: the newest, and one more."""
    asked, wanted = asking.asked, asking.wanted
    return (
        select(Note.id, hits.c.number, *CLIENT_NAME)
        .select_from(hits)
        .join(Note, Note.id == hits.c.note_id)
        .join(Episode, Episode.id == Note.episode_id)
        .join(Client, Client.id == Episode.client_id)
        .where(visible_notes(asked.viewer, asked.now), *_conditions(asked, wanted))
        .order_by(hits.c.number.desc())
        .limit(PAGE + 1)
    )


def _conditions(asked: Asked, wanted: NotesWanted) -> Iterator[ColumnElement[bool]]:
    zone = asked.practice.zone
    if wanted.client.strip():
        yield matches(wanted.client)
    if wanted.from_on:
        yield Note.signed_at >= _begins(wanted.from_on, zone)
    if wanted.until_on:
        yield Note.signed_at < _begins(wanted.until_on + _DAY, zone)


def _begins(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(0), zone)


def _second(day: date, zone: ZoneInfo) -> int:
    return int(_begins(day, zone).timestamp())


def _parts(note: NoteLine) -> Iterator[tuple[str, str]]:
    for answer in note.answers:
        yield answer.label, answer.text
    for one in note.amendments:
        yield "Amended", one.reason
        yield "Amended", one.text
    for one in note.addenda:
        yield "Added", one.text
