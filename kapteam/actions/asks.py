"""Questions between those who treat a client: asked, answered, read, asked again."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from kapteam.actions.concerns import ConcernEntered, raise_concern
from kapteam.actions.entered_in_error import VoidRowEntered, mark_void
from kapteam.actions.loading import practice_zone
from kapteam.actions.saving import already_saved, compare_and_swap
from kapteam.db.access import visible_episode, visible_episodes, visible_notes
from kapteam.db.asks import seats_of
from kapteam.db.audit import record
from kapteam.db.tables import (
    Ask,
    AskTurn,
    Client,
    Episode,
    IntegrationSession,
    KetamineSession,
    Note,
)
from kapteam.errors import NotAllowed, NotFound
from kapteam.ids import new_id
from kapteam.rules.asks import AskFacts, AskStage, AskStanding, Seat, judge_ask
from kapteam.rules.entered import Entered
from kapteam.rules.permissions import Viewer, check_can_ask
from kapteam.rules.recording import not_plannable
from kapteam.vocabulary import AskTurnKind, ConcernKind, ConcernLevel, EpisodeState, Part


@dataclass(frozen=True, slots=True)
class AskEntered:
    """A question about a client; `id` is minted by the form.

    It is about one of the three, or about the course itself. `about_medicine_use` raises a concern
    of that `level` with it.
    """

    id: str
    episode_id: str
    asked_of_id: str | None
    words: str
    on: date | None
    time: str
    about_medicine_use: bool
    level: ConcernLevel | None
    ketamine_session_id: str | None = None
    integration_session_id: str | None = None
    note_id: str | None = None


@dataclass(frozen=True, slots=True)
class AnswerEntered:
    """An answer, or more of it; `id` is minted by the form."""

    id: str
    ask_id: str
    words: str


@dataclass(frozen=True, slots=True)
class AskAgainEntered:
    """What an answer left open and until when it is asked for; `id` is minted by the form."""

    id: str
    ask_id: str
    version: int
    words: str
    on: date | None
    time: str


def ask(db: Session, viewer: Viewer, entered: AskEntered, now: datetime) -> str:
    """Ask whoever else is on the course, and raise the concern that it is; returns its id.

    Raises NotAllowed, NotFound, Invalid by field.
    """
    if entered.about_medicine_use:
        # In the order in which a concern locks, so that no two Saves wait for each other.
        of_course = select(Client.id).join(Episode, Episode.client_id == Client.id)
        db.scalar(of_course.where(Episode.id == entered.episode_id).with_for_update(of=Client))
    course = visible_episode(db, viewer, entered.episode_id, now)
    check_can_ask(viewer)
    if already_saved(db, Ask, entered.id):
        return entered.id
    if course.state is EpisodeState.CLOSED:
        raise NotAllowed("This course of care is closed. Ask on one that is open.")
    seats = seats_of(db, course.id, now)
    own = [one for one in seats if viewer.stands_for(one.clinician_id)]
    if not own:
        raise NotAllowed("Questions are between those who are on this course of care.")
    form = Entered()
    asked_of = _colleague(form, viewer, seats, entered.asked_of_id)
    words = form.few_words("words", entered.words, "The question", required=True)
    due_at = _due_at(db, form, entered, now)
    if entered.about_medicine_use:
        form.need("level", entered.level is not None, "Choose how much there is to it.")
    _check_about(db, viewer, entered, now)
    form.done()
    concern_id = None
    if entered.about_medicine_use:
        concern_id = _raise_concern(db, viewer, course, entered, now)
    # Who covers asks as who they cover would: the answer comes back to that part.
    by_part = min(own, key=lambda one: one.clinician_id != viewer.clinician_id).part
    db.add(
        Ask(
            id=entered.id,
            episode_id=course.id,
            asked_by_id=viewer.clinician_id,
            by_part=by_part,
            asked_of_id=asked_of.clinician_id,
            of_part=asked_of.part,
            ketamine_session_id=entered.ketamine_session_id,
            integration_session_id=entered.integration_session_id,
            note_id=entered.note_id,
            concern_id=concern_id,
            words=words,
            asked_at=now,
            due_at=due_at,
        )
    )
    record(
        db,
        "ask:asked",
        viewer,
        now,
        client_id=course.client_id,
        subject_id=entered.id,
        clinician_id=asked_of.clinician_id,
        due_at=due_at,
        concern_id=concern_id,
    )
    return entered.id


def answer_ask(db: Session, viewer: Viewer, entered: AnswerEntered, now: datetime) -> None:
    """Answer a question, or say more while nobody has read the answer.

    Raises NotAllowed (also who was not asked), NotFound, Invalid (`words`).
    """
    one, course, standing = _ask(db, viewer, entered.ask_id, now)
    if already_saved(db, AskTurn, entered.id):
        return
    if not viewer.stands_for(standing.of_id):
        raise NotAllowed("This question is for a colleague to answer.")
    if standing.stage is AskStage.SETTLED:
        raise NotAllowed("Who asked has read the answer already. Ask a question of your own.")
    form = Entered()
    words = form.few_words("words", entered.words, "The answer", required=True)
    form.done()
    _turn(db, viewer, one, AskTurnKind.ANSWERED, entered.id, words, now)
    compare_and_swap(db, one, one.version, {"answered_at": now})
    record(db, "ask:answered", viewer, now, client_id=course.client_id, subject_id=one.id)


def read_answer(db: Session, viewer: Viewer, ask_id: str, version: int, now: datetime) -> None:
    """Say that one has read the answer, drawn at `version`: the question waits on nobody.

    Once is enough. Raises NotAllowed (also before there is an answer, and when somebody answered
    more since), NotFound.
    """
    one, course, standing = _ask(db, viewer, ask_id, now)
    _need_answered(viewer, standing)
    if standing.stage is AskStage.SETTLED:
        return
    if one.version != version:
        raise NotAllowed("More was answered in the meantime. Read that first.")
    compare_and_swap(db, one, version, {"settled_at": now})
    _turn(db, viewer, one, AskTurnKind.ACKNOWLEDGED, new_id(), "", now)
    record(db, "ask:acknowledged", viewer, now, client_id=course.client_id, subject_id=one.id)


def ask_again(db: Session, viewer: Viewer, entered: AskAgainEntered, now: datetime) -> None:
    """Ask what an answer left open, also once it was read; it waits for an answer again.

    Raises NotAllowed (also before there is an answer), NotFound, Invalid by field, Conflict.
    """
    one, course, standing = _ask(db, viewer, entered.ask_id, now)
    if already_saved(db, AskTurn, entered.id):
        return
    _need_answered(viewer, standing)
    form = Entered()
    words = form.few_words("words", entered.words, "What is still open", required=True)
    due_at = _due_at(db, form, entered, now)
    form.done()
    before = one.due_at
    values = {"due_at": due_at, "answered_at": None, "settled_at": None}
    compare_and_swap(db, one, entered.version, values)
    _turn(db, viewer, one, AskTurnKind.REOPENED, entered.id, words, now)
    record(
        db,
        "ask:reopened",
        viewer,
        now,
        client_id=course.client_id,
        subject_id=one.id,
        due_at=(before, due_at),
    )


def withdraw_ask(
    db: Session, viewer: Viewer, ask_id: str, version: int, words: str, now: datetime
) -> None:
    """Say that one needs no answer any more, for the reason in `words`; it waits on nobody.

    What was asked and said stays. Drawn at `version`. Raises NotAllowed (who did not ask),
    NotFound, Conflict.
    """
    one, course, standing = _ask(db, viewer, ask_id, now)
    if not _asks(viewer, standing):
        raise NotAllowed("Only who asked can say that a question needs no answer any more.")
    if standing.stage is AskStage.SETTLED:
        return
    compare_and_swap(db, one, version, {"settled_at": now})
    _turn(db, viewer, one, AskTurnKind.WITHDRAWN, new_id(), words, now)
    record(db, "ask:withdrawn", viewer, now, client_id=course.client_id, subject_id=one.id)


def void_ask(db: Session, viewer: Viewer, entered: VoidRowEntered, now: datetime) -> None:
    """Mark a question as entered in error (rule 66): it is read on, and waits on nobody.

    A concern that it raised stays: only its owner's note clears one (rule 17). Raises NotAllowed
    (also who did not ask), NotFound, Invalid (`void_reason`).
    """
    one, course, standing = _ask(db, viewer, entered.row_id, now, also_voided=True)
    if not _asks(viewer, standing):
        raise NotAllowed("Only who asked can say that a question was entered in error.")
    if mark_void(one, viewer, entered, now):
        record(db, "ask:voided", viewer, now, client_id=course.client_id, subject_id=one.id)


def _ask(
    db: Session, viewer: Viewer, ask_id: str, now: datetime, *, also_voided: bool = False
) -> tuple[Ask, Episode, AskStanding]:
    """The question, locked for a change, its course, and where it stands for this person."""
    check_can_ask(viewer)
    row = db.execute(
        select(Ask, Episode)
        .join(Episode, Episode.id == Ask.episode_id)
        .where(Ask.id == ask_id, visible_episodes(viewer, now))
        .with_for_update(of=Ask)
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such question, or you are not on its course of care.")
    one, course = row
    if one.voided_at is not None and not also_voided:
        raise NotAllowed("This question was entered in error. Ask another one.")
    facts = AskFacts(
        Seat(one.asked_by_id, one.by_part),
        Seat(one.asked_of_id, one.of_part),
        one.due_at,
        one.answered_at,
        one.settled_at,
    )
    return one, course, judge_ask(facts, seats_of(db, course.id, now), viewer.stands_for, now)


def _asks(viewer: Viewer, standing: AskStanding) -> bool:
    return viewer.stands_for(standing.by_id)


def _need_answered(viewer: Viewer, standing: AskStanding) -> None:
    if not _asks(viewer, standing):
        raise NotAllowed("Only who asked can say whether this answers it.")
    if standing.stage is AskStage.OPEN:
        raise NotAllowed("There is no answer yet.")


def _turn(
    db: Session,
    viewer: Viewer,
    one: Ask,
    kind: AskTurnKind,
    turn_id: str,
    words: str,
    now: datetime,
) -> None:
    db.add(
        AskTurn(
            id=turn_id, ask_id=one.id, kind=kind, by_id=viewer.clinician_id, at=now, words=words
        )
    )


def _colleague(
    form: Entered, viewer: Viewer, seats: tuple[Seat, ...], asked_of_id: str | None
) -> Seat:
    """Whom it asks: somebody else who is on the course, in what part of it they treat."""
    # What somebody treats as comes before that they cover for some days.
    found = sorted(
        (one for one in seats if one.clinician_id == asked_of_id),
        key=lambda one: one.part is Part.COVER,
    )
    is_other = bool(found) and not viewer.stands_for(asked_of_id)
    form.need("asked_of_id", is_other, "Choose whom you ask: somebody else on this course of care.")
    return found[0] if found else seats[0]


def _due_at(
    db: Session, form: Entered, entered: AskEntered | AskAgainEntered, now: datetime
) -> datetime:
    due_at = form.moment("time", entered.on, entered.time, practice_zone(db, now), day_field="on")
    problem = not_plannable(due_at, now) if due_at else None
    if problem:
        form.refuse("time", problem)
    return due_at or now


def _check_about(db: Session, viewer: Viewer, entered: AskEntered, now: datetime) -> None:
    """What it is about belongs to the course, and a note is one that this person may read."""
    wanted = (
        (entered.ketamine_session_id, select(KetamineSession.episode_id), KetamineSession.id),
        (
            entered.integration_session_id,
            select(IntegrationSession.episode_id),
            IntegrationSession.id,
        ),
        (
            entered.note_id,
            select(Note.episode_id)
            .join(Episode, Episode.id == Note.episode_id)
            .where(visible_notes(viewer, now), Note.voided_at.is_(None)),
            Note.id,
        ),
    )
    about = [(row_id, which, key) for row_id, which, key in wanted if row_id]
    for row_id, which, key in about:
        if db.scalar(which.where(key == row_id)) != entered.episode_id or len(about) > 1:
            raise NotFound("What this question is about is not on this course of care.")


def _raise_concern(
    db: Session, viewer: Viewer, course: Episode, entered: AskEntered, now: datetime
) -> str:
    """Rule 17: the next dose is held at once, and only the prescriber's note clears it."""
    return raise_concern(
        db,
        viewer,
        ConcernEntered(
            id=new_id(),
            client_id=course.client_id,
            episode_id=course.id,
            kind=ConcernKind.MEDICINE_USE,
            level=entered.level,
            words=entered.words,
            where="",
            plan="",
            holds=True,
            on=None,
            time="",
            with_id=None,
        ),
        now,
    )
