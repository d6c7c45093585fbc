"""What is asked before a ketamine session: answered, answered anew, and what becomes of the ride.

An answer is never edited: the newest one counts, and it lapses with its session (rule 29).
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from kapteam.actions.loading import administrations, ketamine_session
from kapteam.actions.saving import SAVED_MEANWHILE, already_saved
from kapteam.db.audit import record
from kapteam.db.settled import settled_here
from kapteam.db.tables import Administration, Episode, KetamineSession, ReadinessAnswer
from kapteam.errors import Conflict, NotAllowed, NotFound
from kapteam.rules.entered import Entered
from kapteam.rules.permissions import (
    Viewer,
    can_order_dose,
    check_can_book,
    check_can_enter_names,
    check_can_record_session,
)
from kapteam.rules.readiness import DECIDED, decides, needs_words, possible_answers
from kapteam.vocabulary import Answer, ReadinessItem

_WORDS = {Answer.NOT_FINE: "What was said or seen", Answer.GO_AHEAD: "The reason"}
_NOTHING_OWED = "Every integration is signed by now, so there is nothing to decide."
_IS_OVER = "This session is over or under way, so nothing is to be asked before it any more."


@dataclass(frozen=True, slots=True)
class AnswerEntered:
    """An answer before a ketamine session; `id` is minted by the form.

    `words` say who takes the client home, what is amiss, or why they go ahead. `replaces` is the id
    of the answer that the form showed, empty where nobody had answered.
    """

    id: str
    ketamine_session_id: str
    item: ReadinessItem
    answer: Answer
    words: str
    replaces: str


def answer_readiness(db: Session, viewer: Viewer, entered: AnswerEntered, now: datetime) -> None:
    """Keep an answer; it takes the place of the one before.

    The ride is found by whoever books; the rest is asked, or decided, by those who treat. Where an
    answer is not as it should be, going ahead takes a reason, and of what is hard a prescriber
    (domain 1.5).
    Raises NotAllowed, NotFound, Invalid by field, Conflict.
    """
    if entered.item is ReadinessItem.RIDE:
        check_can_enter_names(viewer)
    else:
        check_can_record_session(viewer)
    session, course = ketamine_session(db, viewer, entered.ketamine_session_id, now)
    if already_saved(db, ReadinessAnswer, entered.id):
        return
    if _is_over(db, session, entered.item):
        raise NotAllowed(_IS_OVER)
    form = Entered()
    form.need(
        "answer", entered.answer in possible_answers(entered.item), "Choose one of the answers."
    )
    if entered.item in DECIDED:
        form.need("answer", _owes_before(db, session, course), _NOTHING_OWED)
    form.need(
        "words",
        entered.answer is not Answer.GO_AHEAD
        or decides(entered.item, prescribes=can_order_dose(viewer)),
        "Only a prescriber decides to go ahead here. Ask one.",
    )
    words = form.line(
        "words",
        entered.words,
        _WORDS.get(entered.answer, "Who takes them home"),
        required=needs_words(entered.item, entered.answer),
    )
    form.done()
    before = _counting(db, session.id, entered.item)
    if (before.id if before else "") != entered.replaces:
        raise Conflict(
            SAVED_MEANWHILE,
            theirs={"words": before.words if before else ""},
            mine={"words": words},
        )
    if before is not None:
        before.replaced_at = now
        db.flush()
    db.add(
        ReadinessAnswer(
            id=entered.id,
            ketamine_session_id=session.id,
            item=entered.item,
            answer=entered.answer,
            words=words,
            answered_by_id=viewer.clinician_id,
            answered_at=now,
        )
    )
    record(
        db,
        "readiness:answered",
        viewer,
        now,
        client_id=course.client_id,
        subject_id=session.id,
        item=entered.item,
        answer=(before.answer if before else None, entered.answer),
    )


def tell_ride(db: Session, viewer: Viewer, ketamine_session_id: str, now: datetime) -> None:
    """Who was to take the client home knows that this session does not take place.

    Raises NotAllowed, NotFound; told twice it is told once.
    """
    check_can_book(viewer)
    session, course = ketamine_session(db, viewer, ketamine_session_id, now)
    if session.status.is_open or session.status.is_given:
        raise NotFound("The ride for this session is still needed.")
    if settle_ride(db, session, now):
        record(
            db,
            "readiness:ride_told",
            viewer,
            now,
            client_id=course.client_id,
            subject_id=session.id,
        )


def settle_ride(db: Session, session: KetamineSession, now: datetime) -> bool:
    """Let the ride of a session lapse because it was told; whether there was one to tell."""
    return lapse_answer(db, session, ReadinessItem.RIDE, now)


def lapse_answer(db: Session, session: KetamineSession, item: ReadinessItem, now: datetime) -> bool:
    """Let one answer lapse, for it is not so any more; whether there was one."""
    before = _counting(db, session.id, item)
    if before is None:
        return False
    before.replaced_at = now
    return True


def lapse(db: Session, session: KetamineSession, now: datetime, *, keeps_ride: bool) -> None:
    """Let all that was answered for another time lapse, but for a ride that comes then too."""
    answers = db.scalars(
        select(ReadinessAnswer).where(
            ReadinessAnswer.ketamine_session_id == session.id,
            ReadinessAnswer.replaced_at.is_(None),
        )
    )
    for one in answers:
        if not (keeps_ride and one.item is ReadinessItem.RIDE):
            one.replaced_at = now


def _is_over(db: Session, session: KetamineSession, item: ReadinessItem) -> bool:
    """Whether there is nothing to answer any more: a ride may be found until the client is out."""
    if item is ReadinessItem.RIDE:
        return not session.status.is_open or session.discharged_at is not None
    return not session.status.is_open or bool(administrations(db, session.id))


def _owes_before(db: Session, session: KetamineSession, course: Episode) -> bool:
    """Rule 27: whether a dose before this session still owes its integration, or that its note."""
    before = select(KetamineSession.id).where(
        KetamineSession.episode_id == course.id,
        KetamineSession.id != session.id,
        exists().where(
            Administration.ketamine_session_id == KetamineSession.id,
            Administration.voided_at.is_(None),
            Administration.started_at < session.planned_at,
        ),
        ~settled_here(),
    )
    return course.expects_integration and db.scalar(before.limit(1)) is not None


def _counting(db: Session, session_id: str, item: ReadinessItem) -> ReadinessAnswer | None:
    return db.scalar(
        select(ReadinessAnswer).where(
            ReadinessAnswer.ketamine_session_id == session_id,
            ReadinessAnswer.item == item,
            ReadinessAnswer.replaced_at.is_(None),
        )
    )
