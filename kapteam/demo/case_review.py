"""The demo's case review: an hour of the two people whom one can be, a week ago."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial

from kapteam.actions.case_reviews import (
    AgendaLine,
    DecisionEntered,
    DiscussEntered,
    ItemEntered,
    ReasonSaid,
    ReviewEntered,
    add_item,
    confirm_decision,
    confirm_minutes,
    decide,
    end_action,
    end_review,
    mark_to_discuss,
    move_item,
    open_item,
    save_words,
    start_review,
)
from kapteam.actions.practice import the_practice
from kapteam.db.engine import Session
from kapteam.demo import people
from kapteam.demo.people import PRESCRIBER, THERAPIST, Colleague, demo_id
from kapteam.demo.telling import HOUR, MINUTE, Telling
from kapteam.queries.case_review import (
    ItemLine,
    presented,
    running_meeting,
)
from kapteam.queries.course import course
from kapteam.queries.review_facts import agenda_to_keep, facts_now
from kapteam.queries.standing import Asked
from kapteam.vocabulary import ActionEnd, ReviewDecision, ServiceLine

_ID = demo_id("case review")
_FOR_EACH, _MOST = MINUTE, 58
"""How long they talked about each, of as many as an hour has room for."""
_NOT_REACHED = people.FARROW


@dataclass(frozen=True, slots=True)
class Agreed:
    """What somebody does, and so many days from today by when."""

    words: str
    owner: Colleague
    by_days: int


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided about somebody, and what is done about it."""

    decision: ReviewDecision
    words: str
    action: Agreed | None = None


_D = ReviewDecision
_DECIDED: Mapping[str, Decided] = {
    people.OKAFOR.id: Decided(
        _D.DOSE,
        "70 mg from the fourth session on, with 20 mg to add. Blood pressure comes first.",
    ),
    people.ABARA.id: Decided(
        _D.INTEGRATION,
        "His shifts eat up the day after. Video is as good as the room.",
        Agreed("Ask for his shifts of the next two weeks", THERAPIST, -1),
    ),
    people.LINDQVIST.id: Decided(
        _D.CONTINUE,
        "Once a month, as agreed.",
        Agreed("Look at her home readings before the clearance ends", PRESCRIBER, 5),
    ),
    people.ROMERO.id: Decided(
        _D.PREPARATION,
        "The insurer takes its time. She reads at home meanwhile.",
        Agreed("Ask what she thinks of the off-label form", THERAPIST, -3),
    ),
    people.ELLIS.id: Decided(_D.CONTINUE, "Sleeps through; goes back to half days at work."),
    people.NAKAMURA.id: Decided(_D.CONTINUE, "The move is loud, the infusions are quiet."),
    people.PETROV.id: Decided(_D.CONTINUE, "Text first, then call; Elena may remind him."),
    people.OSEI.id: Decided(_D.PREPARATION, "Wants to see the room once before the first time."),
    people.BIRDSONG.id: Decided(_D.CONTINUE, "Sits facing the door. Carol has the key."),
    people.MOREAU.id: Decided(_D.CONTINUE, "Blood pressure before anything else on the day."),
    people.SVENSSON.id: Decided(_D.CONTINUE, "Around the wedding: one week off, then on."),
    people.TANAKA.id: Decided(_D.END_SERIES, "Six it is. A talk about what comes after."),
}
_DONE = people.ROMERO
_TO_DISCUSS = people.HADDAD


def hold_review(telling: Telling) -> None:
    """The two go through everybody, all but one; what was agreed is done, overdue, and to come.

    After everything else was collected: in an hour in which the therapist is free.
    """
    days, diary = telling.days, telling.diary
    start = days.between(
        days.at(-8, 8),
        days.at(-6, 18),
        free=lambda at: diary.is_free(at, HOUR, (THERAPIST.name,)),
    )
    diary.take(start, HOUR, (THERAPIST.name,))
    items: list[str] = []
    telling.also(start, lambda db: items.extend(_begin(telling, db, start)))
    for place in range(_MOST):
        at = start + (place + 1) * _FOR_EACH
        telling.also(at, partial(_decide, telling, items, place, at))
    telling.then(start + HOUR, THERAPIST, end_review, _ID)
    for who, after in ((THERAPIST, 70 * MINUTE), (PRESCRIBER, 95 * MINUTE)):
        telling.then(start + after, who, confirm_minutes, _ID)
    done_at = days.at(-4, 12, 50)

    def say_done(db: Session) -> None:
        asked = Asked(telling.viewer(THERAPIST), the_practice(db, done_at), done_at)
        [agreed] = course(db, asked, _course_id(_DONE.id), in_full=True).reviews.actions
        end_action(db, asked.viewer, agreed.id, ActionEnd.DONE, done_at)

    telling.also(done_at, say_done)
    mark = DiscussEntered(
        demo_id("discuss mark"),
        _course_id(_TO_DISCUSS.id),
        "Stay with lozenges, or another route after the fourth?",
    )
    telling.then(days.at(-1, 15, 10), PRESCRIBER, mark_to_discuss, mark)


def _course_id(client_id: str) -> str:
    return demo_id(f"{client_id}/{ServiceLine.KAP}")


def _begin(telling: Telling, db: Session, start: datetime) -> list[str]:
    """The agenda as it was then, with whom else they wanted to talk about; whom they come to."""
    therapist = telling.viewer(THERAPIST)
    asked = Asked(therapist, the_practice(db, start), start)
    kept = agenda_to_keep(db, asked, PRESCRIBER.id)
    lines = tuple(
        AgendaLine(
            one.episode_id,
            tuple(ReasonSaid(each.text, for_others, each.tone) for each, for_others in one.reasons),
            one.is_steady,
        )
        for _, one in kept
    )
    start_review(db, therapist, ReviewEntered(_ID, PRESCRIBER.id, 60, lines), start)
    on_it = {row.course.client.id for row, _ in kept}
    for client_id in (*_DECIDED, _NOT_REACHED.id):
        if client_id not in on_it:
            item_id = demo_id(f"case review/{client_id}")
            added = ItemEntered(item_id, _ID, _course_id(client_id))
            add_item(db, therapist, added, start)
    items = _items(asked, db)
    missed = next(one for one in items if one.client.id == _NOT_REACHED.id)
    move_item(db, therapist, missed.id, len(items), start)
    return [one.id for one in items if one is not missed]


def _items(asked: Asked, db: Session) -> tuple[ItemLine, ...]:
    meeting = running_meeting(db, asked)
    assert meeting is not None
    return meeting.items


def _decide(telling: Telling, items: list[str], place: int, at: datetime, db: Session) -> None:
    """The therapist writes down what was decided; a dose the prescriber confirms at once."""
    therapist = telling.viewer(THERAPIST)
    asked = Asked(therapist, the_practice(db, at), at)
    left = (one for one in _items(asked, db) if items[place : place + 1] == [one.id])
    for item in left:
        facts = facts_now(asked, presented(db, asked, item))
        decided = _DECIDED.get(item.client.id, Decided(ReviewDecision.NO_CHANGE, ""))
        action = decided.action
        open_item(db, therapist, item.id, at)
        entered = DecisionEntered(
            item_id=item.id,
            version=item.version,
            decision=decided.decision,
            facts=tuple(asdict(one) for one in facts),
            action_words=action.words if action else "",
            owner_id=action.owner.id if action else None,
            due_on=telling.days.on(action.by_days) if action else None,
        )
        if decided.words:
            save_words(db, therapist, item.id, decided.words, item.typed_version, at)
        decide(db, therapist, entered, at)
        if decided.decision is ReviewDecision.DOSE:
            confirm_decision(db, telling.viewer(PRESCRIBER), item.id, item.version + 1, at)
