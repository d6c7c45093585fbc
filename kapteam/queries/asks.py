"""Questions between those who treat a client, each with its answers and whose turn it is."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, func, null, or_, select
from sqlalchemy.orm import Session, aliased

from kapteam.db.access import is_on_episode, visible_episodes
from kapteam.db.asks import read_seats, seats
from kapteam.db.tables import (
    Ask,
    AskTurn,
    Client,
    Clinician,
    Concern,
    Episode,
    IntegrationSession,
    KetamineSession,
    Note,
)
from kapteam.errors import NotFound
from kapteam.queries.client_names import CLIENT_NAME, ClientName, client_named
from kapteam.queries.course_rows import members
from kapteam.queries.standing import Asked, Person
from kapteam.rules.asks import AskFacts, AskStage, AskStanding, Seat, judge_ask
from kapteam.vocabulary import AskTurnKind, EpisodeState, NoteKind, Part

_READ_LATELY = timedelta(days=7)
# Made once: what is asked of an alias is put together when it is first asked.
_asker, _asked_of, _said_by, _struck_by = (aliased(Clinician) for _ in range(4))


@dataclass(frozen=True, slots=True)
class Turn:
    """What somebody said to a question."""

    kind: AskTurnKind
    by: str
    at: datetime
    words: str


@dataclass(frozen=True, slots=True)
class About:
    """What a question is about, at most one of the three, and when that was or is planned.

    `note` is the kind of the note that `note_id` is.
    """

    ketamine_session_id: str | None = None
    integration_session_id: str | None = None
    note_id: str | None = None
    at: datetime | None = None
    note: NoteKind | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """One question as it is kept, judged for the viewer.

    `by_id` asks and `of_id` is asked now (`standing`); `by` and `of` are who it was between at
    first, `waits_on` the name of whose turn it is. `concern_id` is the concern that it raised, and
    `is_concern_open` whether that is not cleared yet.
    """

    id: str
    version: int
    episode_id: str
    by: str
    of: str
    words: str
    asked_at: datetime
    about: About
    concern_id: str | None
    is_concern_open: bool
    standing: AskStanding
    waits_on: str
    turns: tuple[Turn, ...]
    voided_at: datetime | None
    voided_by: str
    void_reason: str

    @property
    def is_open(self) -> bool:
        """Whether it waits on somebody."""
        return self.voided_at is None and self.standing.stage is not AskStage.SETTLED

    @property
    def is_withdrawn(self) -> bool:
        """Whether who asked needed no answer any more."""
        is_last = bool(self.turns) and self.turns[-1].kind is AskTurnKind.WITHDRAWN
        return is_last and self.standing.stage is AskStage.SETTLED

    @property
    def order(self) -> tuple[bool, bool, bool, float]:
        """Sort key: what was entered in error comes last of all."""
        return self.voided_at is not None, *self.standing.order


@dataclass(frozen=True, slots=True)
class AskPage:
    """A course, who on it may be asked, its questions in order, and the one that was asked for.

    `about` is what a new question would be about. `may_ask`: the course is open, and the viewer or
    whom they cover is on it.
    """

    client: ClientName
    episode_id: str
    may_ask: bool
    colleagues: tuple[Person, ...]
    about: About
    question: Question | None
    questions: tuple[Question, ...]


def ask_page(
    db: Session,
    asked: Asked,
    *,
    episode_id: str = "",
    ask_id: str = "",
    ketamine_session_id: str = "",
    integration_session_id: str = "",
    note_id: str = "",
) -> AskPage:
    """The questions of a course, found by its id or by what one of them is about: four statements.

    Raises NotFound when there is none or the viewer may not see it; the two read the same.
    """
    about = About(ketamine_session_id or None, integration_session_id or None, note_id or None)
    which = _found_by(episode_id, ask_id, about)
    row = db.execute(
        select(
            Episode.id,
            Episode.state,
            *CLIENT_NAME,
            is_on_episode(asked.viewer, asked.now).label("is_on_it"),
        )
        .join(Client, Client.id == Episode.client_id)
        .where(which, visible_episodes(asked.viewer, asked.now))
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such question or course of care, or you are not on it.")
    questions = tuple(sorted(_read(db, asked, Ask.episode_id == row.id), key=lambda one: one.order))
    return AskPage(
        client=client_named(row.client_id, row),
        episode_id=row.id,
        may_ask=row.is_on_it and row.state is not EpisodeState.CLOSED,
        colleagues=_colleagues(db, asked, row.id),
        about=_about(db, about),
        question=next((one for one in questions if one.id == ask_id), None),
        questions=questions,
    )


def questions_of_client(db: Session, asked: Asked, client_id: str) -> tuple[Question, ...]:
    """The questions about a client that are open or were read in the last week, in order.

    On courses that the viewer sees, in one statement; the front desk is told of none.
    """
    if not asked.viewer.reads_notes:
        return ()
    lately = or_(Ask.settled_at.is_(None), Ask.settled_at > asked.now - _READ_LATELY)
    conditions = (Episode.client_id == client_id, Ask.voided_at.is_(None), lately)
    return tuple(sorted(_read(db, asked, *conditions), key=lambda one: one.order))


def _found_by(episode_id: str, ask_id: str, about: About) -> ColumnElement[bool]:
    """The course: by its id, by a question on it, or by what one would be about."""
    if ask_id:
        return Episode.id.in_(select(Ask.episode_id).where(Ask.id == ask_id))
    of = _of(about)
    return (
        Episode.id.in_(of.with_only_columns(of.selected_columns.episode_id))
        if of is not None
        else Episode.id == episode_id
    )


def _statement(asked: Asked) -> Any:
    """A row for each thing that was said to a question, one for a question without any."""
    return (
        select(
            Ask,
            _asker.name.label("by"),
            _asked_of.name.label("of"),
            _struck_by.name.label("voided_by"),
            seats(Ask.episode_id, asked.now).label("seats"),
            AskTurn.kind,
            AskTurn.at,
            AskTurn.words,
            _said_by.name.label("said_by"),
            and_(Concern.id.is_not(None), Concern.closed_at.is_(None)).label("is_concern_open"),
            *_ABOUT,
        )
        .join(Episode, Episode.id == Ask.episode_id)
        .join(_asker, _asker.id == Ask.asked_by_id)
        .join(_asked_of, _asked_of.id == Ask.asked_of_id)
        .outerjoin(_struck_by, _struck_by.id == Ask.voided_by_id)
        .outerjoin(AskTurn, AskTurn.ask_id == Ask.id)
        .outerjoin(_said_by, _said_by.id == AskTurn.by_id)
        .outerjoin(Concern, Concern.id == Ask.concern_id)
        .outerjoin(KetamineSession, KetamineSession.id == Ask.ketamine_session_id)
        .outerjoin(IntegrationSession, IntegrationSession.id == Ask.integration_session_id)
        .outerjoin(Note, Note.id == Ask.note_id)
        .order_by(Ask.id, AskTurn.at, AskTurn.id)
    )


_ABOUT = (
    func.coalesce(
        KetamineSession.planned_at,
        IntegrationSession.held_at,
        IntegrationSession.planned_at,
        Note.signed_at,
        type_=KetamineSession.planned_at.type,
    ).label("about_at"),
    Note.kind.label("note_kind"),
)


def _read(db: Session, asked: Asked, *conditions: ColumnElement[bool]) -> Iterable[Question]:
    visible = visible_episodes(asked.viewer, asked.now)
    rows: defaultdict[str, list[Any]] = defaultdict(list)
    for row in db.execute(_statement(asked).where(visible, *conditions)):
        rows[row.Ask.id].append(row)
    return [_question(asked, of_one) for of_one in rows.values()]


def _question(asked: Asked, rows: list[Any]) -> Question:
    first, one = rows[0], rows[0].Ask
    facts = AskFacts(
        Seat(one.asked_by_id, one.by_part),
        Seat(one.asked_of_id, one.of_part),
        one.due_at,
        one.answered_at,
        one.settled_at,
    )
    seated, names = read_seats(first.seats)
    names = {one.asked_by_id: first.by, one.asked_of_id: first.of} | names
    standing = judge_ask(facts, seated, asked.viewer.stands_for, asked.now)
    return Question(
        id=one.id,
        version=one.version,
        episode_id=one.episode_id,
        by=first.by,
        of=first.of,
        words=one.words,
        asked_at=one.asked_at,
        about=About(
            one.ketamine_session_id,
            one.integration_session_id,
            one.note_id,
            first.about_at,
            first.note_kind,
        ),
        concern_id=one.concern_id,
        is_concern_open=first.is_concern_open,
        standing=standing,
        waits_on=names.get(standing.waits_on, ""),
        turns=tuple(
            Turn(row.kind, row.said_by, row.at, row.words) for row in rows if row.kind is not None
        ),
        voided_at=one.voided_at,
        voided_by=first.voided_by or "",
        void_reason=one.void_reason,
    )


def _colleagues(db: Session, asked: Asked, episode_id: str) -> tuple[Person, ...]:
    """Who else is on the course and can sign in, those who treat first."""
    rows = sorted(members(db, (episode_id,), asked.now), key=lambda one: one.part is Part.COVER)
    return tuple(
        {
            one.clinician_id: Person(one.clinician_id, one.name, one.away_until, one.cover or "")
            for one in reversed(rows)
            if one.clinician_id
            and one.suspended_at is None
            and not asked.viewer.stands_for(one.clinician_id)
        }.values()
    )[::-1]


def _about(db: Session, about: About) -> About:
    """What a new question would be about; the page has found its course by it already."""
    of = _of(about)
    if of is None:
        return about
    row = db.execute(of).one()
    return replace(about, at=row.at, note=row.note)


def _of(about: About) -> Any:
    """The row that a question is about: its course, when it was or is planned, a note's kind."""
    none = cast(null(), String).label("note")
    if about.ketamine_session_id:
        return select(
            KetamineSession.episode_id, KetamineSession.planned_at.label("at"), none
        ).where(KetamineSession.id == about.ketamine_session_id)
    if about.integration_session_id:
        held_or_planned = func.coalesce(
            IntegrationSession.held_at,
            IntegrationSession.planned_at,
            type_=IntegrationSession.planned_at.type,
        )
        return select(IntegrationSession.episode_id, held_or_planned.label("at"), none).where(
            IntegrationSession.id == about.integration_session_id
        )
    if about.note_id:
        return select(Note.episode_id, Note.signed_at.label("at"), Note.kind.label("note")).where(
            Note.id == about.note_id
        )
    return None
