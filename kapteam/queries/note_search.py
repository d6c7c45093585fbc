"""Search in signed notes: by words, and by who wrote what about whom and when (decision 62)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, SQLColumnExpression, exists, or_, select
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

    With a `problem` nothing was searched.
    """

    found: tuple[FoundNote, ...] = ()
    older: int | None = None
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

    Only what the viewer may read, in three statements; of one who may read many, in four on
    PostgreSQL. Drafts are found by nobody, their authors
    included. Raises NotAllowed for the front desk.
    """
    check_can_read_notes(asked.viewer)
    search = read_search(wanted.typed)
    if search.problem or not wanted.is_something:
        return NotesFound(problem=search.problem)
    sought = [[one] for one in (*search.sought, *_about(wanted))]
    courses = _courses(asked, wanted)
    few = _few(db, courses) if courses is not None else None
    if few == [] and wanted.client.strip():
        return NotesFound()
    index = NoteIndex(db)
    hits = _hits(db, index, asked, wanted, sought, few)
    rows = db.execute(
        _statement(index, asked, wanted, sought, hits, None if few is not None else courses, before)
    ).all()
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
        older=page[-1].number if len(rows) > PAGE else None,
    )


def _courses(asked: Asked, wanted: NotesWanted) -> Select[str] | None:
    """The courses of care, beside one's own notes, in which alone something can be found.

    None is all of them. Who may read what is decided by the statement that finds; this keeps it
    from looking through everybody's notes for the few that are one's own.
    """
    theirs = wanted.client.strip()
    if asked.viewer.sees_everyone and not theirs:
        return None
    seen = Episode.id.in_(visible_episode_ids(asked.viewer, asked.now))
    if not theirs:
        return select(Episode.id).where(seen)
    written = exists().where(
        NoteWords.episode_id == Episode.id, NoteWords.author_id == asked.viewer.clinician_id
    )
    return (
        select(Episode.id)
        .join(Client, Client.id == Episode.client_id)
        .where(matches(theirs), or_(seen, written))
    )


def _few(db: Session, courses: Select[str]) -> Sequence[str] | None:
    """The ids of the courses; None when they are too many to be named."""
    named = db.scalars(courses.limit(_MOST_COURSES + 1)).all()
    return named if len(named) <= _MOST_COURSES else None


def _hits(
    db: Session,
    index: NoteIndex,
    asked: Asked,
    wanted: NotesWanted,
    sought: Sequence[Sequence[Sought]],
    few: Sequence[str] | None,
) -> CTE | None:
    """The numbers of all notes that may be meant, where they are few: those are found first.

    None where they may be many: then it is begun with the newest, until there are enough. An engine
    is not left to guess which is better.
    """
    if few is None:
        numbers = index.few(db, sought) if sought else None
        if numbers is None:
            return None
        return select(NoteWords.number).where(NoteWords.number.in_(numbers)).cte("hits")
    own = () if wanted.client.strip() else (asked.viewer.clinician_id,)
    if index.is_on_sqlite:
        # There a course is a word like any other.
        within = [*map(about_author, own), *map(about_course, few)]
        matching = select(index.number.label("number")).where(index.matches([*sought, within]))
    else:
        readable = select(NoteWords.number).where(
            or_(NoteWords.episode_id.in_(few), NoteWords.author_id.in_(own))
        )
        mine = readable.cte("mine").prefix_with("MATERIALIZED")
        matching = select(mine.c.number)
        if sought:
            matching = matching.join(index.source, index.number == mine.c.number)
            matching = matching.where(index.matches(sought))
    return matching.cte("hits").prefix_with("MATERIALIZED")


def _is_within(asked: Asked, wanted: NotesWanted, courses: Select[str]) -> ColumnElement[bool]:
    """The same of many courses, asked of each note that the index finds before all else."""
    of_courses = NoteWords.episode_id.in_(courses)
    if wanted.client.strip():
        return of_courses
    return or_(of_courses, NoteWords.author_id == asked.viewer.clinician_id)


def _about(wanted: NotesWanted) -> Iterator[Sought]:
    if wanted.author_id:
        yield about_author(wanted.author_id)
    if wanted.kind:
        yield about_kind(wanted.kind)
    if wanted.theme:
        yield about_theme(wanted.theme)


def _statement(
    index: NoteIndex,
    asked: Asked,
    wanted: NotesWanted,
    sought: Sequence[Sequence[Sought]],
    hits: CTE | None,
    courses: Select[str] | None,
    before: int | None,
) -> Select[*tuple[Any, ...]]:
    found = select(Note.id, NoteWords.number, *CLIENT_NAME)
    number: SQLColumnExpression[int] = NoteWords.number
    if hits is not None:
        found = found.select_from(hits).join(NoteWords, NoteWords.number == hits.c.number)
    elif sought:
        number = index.number
        found = found.select_from(index.source).join(NoteWords, NoteWords.number == number)
        found = found.where(index.matches(sought))
    else:
        found = found.select_from(NoteWords)
    if courses is not None:
        found = found.where(_is_within(asked, wanted, courses))
    return (
        found.join(Note, Note.id == NoteWords.note_id)
        .join(Episode, Episode.id == Note.episode_id)
        .join(Client, Client.id == Episode.client_id)
        .where(visible_notes(asked.viewer, asked.now), *_conditions(asked, wanted, number, before))
        .order_by(number.desc())
        .limit(PAGE + 1)
    )


def _conditions(
    asked: Asked, wanted: NotesWanted, number: SQLColumnExpression[int], before: int | None
) -> Iterator[ColumnElement[bool]]:
    if before is not None:
        yield number < before
    if wanted.client.strip():
        yield matches(wanted.client)
    if wanted.from_on:
        start = datetime.combine(wanted.from_on, time(0), asked.practice.zone)
        yield Note.signed_at >= start
        yield number >= int(start.timestamp())
    if wanted.until_on:
        after = wanted.until_on + timedelta(days=1)
        end = datetime.combine(after, time(0), asked.practice.zone)
        yield Note.signed_at < end
        yield number < int(end.timestamp()) + _SLACK


def _parts(note: NoteLine) -> Iterator[tuple[str, str]]:
    for answer in note.answers:
        yield answer.label, answer.text
    for one in note.amendments:
        yield "Amended", one.reason
        yield "Amended", one.text
    for one in note.addenda:
        yield "Added", one.text
