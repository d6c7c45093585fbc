"""Case reviews: begun, gone through, decided, ended; actions, and what is to be discussed.

Whatever a case review changes is its members' alone, and each course in it is one they may see. A
proposed change of dose is any prescriber's of its course, an action anybody's who treats there.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from kapteam.actions.loading import practice_zone
from kapteam.actions.saving import already_saved, compare_and_swap
from kapteam.clock import day_of
from kapteam.db.access import visible_episode, visible_episodes
from kapteam.db.audit import record
from kapteam.db.tables import (
    Action,
    CaseReview,
    CaseReviewMember,
    Clinician,
    DiscussMark,
    Episode,
    ReviewItem,
)
from kapteam.errors import Conflict, NotAllowed, NotFound
from kapteam.ids import new_id
from kapteam.rules.case_review import NEEDS_WORDS, as_next, is_proposed, moved
from kapteam.rules.entered import Entered
from kapteam.rules.permissions import Viewer, check_can_order_dose, check_can_review_cases
from kapteam.vocabulary import ActionEnd, EpisodeState, ReviewDecision, Tone

SHORTEST, LONGEST = 10, 240
"""For how many minutes a review can be planned."""
_OVER = "This case review has ended. What it decided stays as it is."
_MISSING = "There is no such case review, or you were not in it."


@dataclass(frozen=True, slots=True)
class ReasonSaid:
    """One reason in words, and what of them others in the room may read."""

    words: str
    for_others: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class AgendaLine:
    """One course as the agenda had it when the review began, with its reasons."""

    episode_id: str
    reasons: tuple[ReasonSaid, ...]
    is_steady: bool


@dataclass(frozen=True, slots=True)
class ReviewEntered:
    """A case review that begins, with whom, for how long; `id` is minted by the form."""

    id: str
    colleague_id: str | None
    minutes: int | None
    lines: tuple[AgendaLine, ...]


@dataclass(frozen=True, slots=True)
class ItemEntered:
    """A course that is put on the agenda of a review that runs; `id` is minted by the form."""

    id: str
    case_review_id: str
    episode_id: str | None


@dataclass(frozen=True, slots=True)
class DecisionEntered:
    """What was decided about one item, and what both had before them; drawn at `version`.

    What they agreed in words is kept by then (`save_words`) and becomes the decision's.

    `action_words` are what somebody does by a day, if anything; `mark_ids` what stood there to be
    discussed.
    """

    item_id: str
    version: int
    decision: ReviewDecision | None
    facts: tuple[Mapping[str, str], ...]
    action_words: str = ""
    owner_id: str | None = None
    due_on: date | None = None
    mark_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DiscussEntered:
    """What somebody wants to talk about in the next review; `id` is minted by the form."""

    id: str
    episode_id: str
    words: str


def start_review(db: Session, viewer: Viewer, entered: ReviewEntered, now: datetime) -> str:
    """Begin a case review: its agenda is frozen as it was built (rule 58). Returns its id.

    Raises NotAllowed (also while another one of either runs), NotFound, Invalid by field.
    """
    check_can_review_cases(viewer)
    if already_saved(db, CaseReview, entered.id):
        return entered.id
    form = Entered()
    people = _people(db, form, viewer, entered.colleague_id)
    good = entered.minutes is not None and SHORTEST <= entered.minutes <= LONGEST
    form.need("minutes", good, f"Enter between {SHORTEST} and {LONGEST} minutes.")
    form.done()
    if not entered.lines:
        raise NotAllowed(
            "Nobody is on the agenda, so there is nothing to review. Mark a client to be discussed "
            "on their course of care, or come back when something is due."
        )
    running = db.scalar(
        select(CaseReview.id)
        .join(CaseReviewMember, CaseReviewMember.case_review_id == CaseReview.id)
        .where(CaseReviewMember.clinician_id.in_(people), CaseReview.ended_at.is_(None))
    )
    if running is not None:
        raise NotAllowed("A case review of one of you is running already. Go on with it or end it.")
    db.add(
        CaseReview(
            id=entered.id,
            started_by_id=viewer.clinician_id,
            started_at=now,
            minutes=entered.minutes or 0,
        )
    )
    db.flush()
    for person in people:
        db.add(CaseReviewMember(id=new_id(), case_review_id=entered.id, clinician_id=person))
    wanted = {line.episode_id for line in entered.lines}
    seen = select(Episode.id).where(Episode.id.in_(wanted), visible_episodes(viewer, now))
    if set(db.scalars(seen)) != wanted:
        raise NotFound("A course of care on the agenda is not there, or you are not on it.")
    for position, line in enumerate(entered.lines):
        db.add(
            ReviewItem(
                id=new_id(),
                case_review_id=entered.id,
                episode_id=line.episode_id,
                position=position,
                reasons=[asdict(one) for one in line.reasons],
                is_steady=line.is_steady,
                facts=[],
            )
        )
    record(
        db,
        "case_review:started",
        viewer,
        now,
        subject_id=entered.id,
        clinician_id=next((one for one in people if one != viewer.clinician_id), None),
    )
    return entered.id


def open_item(db: Session, viewer: Viewer, item_id: str, now: datetime) -> None:
    """Put one item in front of both; once it is there, another press changes nothing.

    Raises NotAllowed (also once the review has ended), NotFound.
    """
    item, course = _item(db, viewer, item_id, now)
    last = max(one.opened for one in _items(db, item.case_review_id))
    if item.opened == last > 0:
        return
    item.opened = last + 1
    record(
        db,
        "case_review:opened",
        viewer,
        now,
        client_id=course.client_id,
        subject_id=item.case_review_id,
    )


def add_item(db: Session, viewer: Viewer, entered: ItemEntered, now: datetime) -> None:
    """Put a course on the agenda of a review that runs, at its end (rule 58).

    One that was taken off comes back there. Raises NotAllowed, NotFound, Invalid (`episode_id`).
    """
    review = _running(db, viewer, entered.case_review_id)
    if already_saved(db, ReviewItem, entered.id):
        return
    form = Entered()
    form.need("episode_id", entered.episode_id is not None, "Choose a client.")
    form.done()
    course = visible_episode(db, viewer, entered.episode_id or "", now)
    if course.state is EpisodeState.CLOSED:
        raise NotAllowed("This course of care is closed. A review is about those that are open.")
    items = _items(db, review.id)
    last = max((one.position for one in items), default=-1) + 1
    known = next((one for one in items if one.episode_id == course.id), None)
    if known is None:
        db.add(
            ReviewItem(
                id=entered.id,
                case_review_id=review.id,
                episode_id=course.id,
                position=last,
                reasons=[],
                is_steady=False,
                added_by_id=viewer.clinician_id,
                facts=[],
            )
        )
    elif known.dropped_at is not None:
        known.dropped_at, known.dropped_by_id, known.position = None, None, last
    else:
        form.refuse("episode_id", "This client is on the agenda already.")
        form.done()
    record(
        db,
        "case_review:added",
        viewer,
        now,
        client_id=course.client_id,
        subject_id=review.id,
    )


def drop_item(db: Session, viewer: Viewer, item_id: str, now: datetime) -> None:
    """Take an item off the agenda; it comes back by adding it. Raises NotAllowed, NotFound."""
    item, course = _item(db, viewer, item_id, now)
    if item.decision is not None:
        raise NotAllowed("Something was decided about this client, so they stay in the minutes.")
    if item.dropped_at is not None:
        return
    item.dropped_at, item.dropped_by_id = now, viewer.clinician_id
    record(
        db,
        "case_review:dropped",
        viewer,
        now,
        client_id=course.client_id,
        subject_id=item.case_review_id,
    )


def move_item(db: Session, viewer: Viewer, item_id: str, place: int, now: datetime) -> None:
    """Move an item to a place among those that the viewer sees, counted from 0.

    Raises NotAllowed, NotFound.
    """
    item, course = _item_on_agenda(db, viewer, item_id, now)
    items = _items(db, item.case_review_id)
    shown, dropped = _order(items)
    seen = _visible(db, viewer, items, now)
    if _place(items, [*moved(shown, item_id, place, seen), *dropped]):
        _record_order(db, viewer, item, course, now)


def bring_next(db: Session, viewer: Viewer, item_id: str, now: datetime) -> None:
    """Make an item the next one after what both look at, to be looked at alone.

    Raises NotAllowed, NotFound.
    """
    item, course = _item_on_agenda(db, viewer, item_id, now)
    items = _items(db, item.case_review_id)
    opened = [one for one in items if one.opened]
    current = max(opened, key=lambda one: one.opened).id if opened else None
    was_steady, item.is_steady = item.is_steady, False
    shown, dropped = _order(items)
    if _place(items, [*as_next(shown, item_id, current), *dropped]) or was_steady:
        _record_order(db, viewer, item, course, now)


def decide(db: Session, viewer: Viewer, entered: DecisionEntered, now: datetime) -> bool:
    """Keep what was decided about an item, which is reviewed by that (rule 60), and its action.

    While the review runs it can be decided again. What stood there to be discussed is settled by
    it, and no mark that nobody read. Says whether it is only proposed and waits for a prescriber
    (rule 62). Raises NotAllowed, NotFound, Invalid by field, Conflict with both texts.
    """
    item, course = _item(db, viewer, entered.item_id, now)
    form = Entered()
    form.need("decision", entered.decision is not None, "Choose what was decided, or “No change”.")
    if entered.decision in NEEDS_WORDS and not item.typed.strip():
        form.refuse("decision", "Say in a few words below what exactly was decided.")
    has_action = bool(entered.action_words.strip() or entered.owner_id)
    if has_action:
        action_words = form.few_words("action_words", entered.action_words, "The action")
        form.need("action_words", bool(action_words), "Say what is to be done.")
        _check_action(db, form, entered, item, now)
    form.done()
    changes = {"decision": entered.decision, "words": item.typed.strip()}
    is_new = compare_and_swap(db, item, entered.version, changes)
    if has_action and not _is_agreed(db, entered, item):
        _agree(db, viewer, entered, item, course, now)
    if not is_new:
        return _is_unconfirmed(item)
    item.decided_at, item.decided_by_id = now, viewer.clinician_id
    item.facts = [dict(one) for one in entered.facts]
    # A prescriber's own change of dose needs no second word; any other one is open again.
    confirms = entered.decision is ReviewDecision.DOSE and not is_proposed(
        entered.decision, by_prescriber=viewer.is_prescriber
    )
    item.confirmed_at = now if confirms else None
    item.confirmed_by_id = viewer.clinician_id if confirms else None
    item.dropped_at = item.dropped_by_id = None
    settle_marks(db, viewer, item.episode_id, now, DiscussMark.id.in_(entered.mark_ids))
    record(
        db,
        "case_review:decided",
        viewer,
        now,
        client_id=course.client_id,
        subject_id=item.case_review_id,
        episode_id=course.id,
        decision=entered.decision,
    )
    return _is_unconfirmed(item)


def _is_unconfirmed(item: ReviewItem) -> bool:
    return item.decision is ReviewDecision.DOSE and item.confirmed_at is None


def save_words(
    db: Session,
    viewer: Viewer,
    item_id: str,
    text: str,
    seen_version: int,
    now: datetime,
    *,
    unanswered: str | None = None,
) -> ReviewItem:
    """Keep what is being agreed about an item as typed, over the version that was seen.

    The text is both people's. `unanswered` is what the same tab sent before without hearing whether
    it was kept. No save is an event of the audit log (decision 20); the decision is. Raises
    NotAllowed, NotFound, Invalid (`typed`, too long), Conflict with both texts.
    """
    item, _ = _item(db, viewer, item_id, now)
    form = Entered()
    form.few_words("typed", text, "What was agreed")
    form.done()
    if item.typed == text:
        return item
    if item.typed_version != seen_version and item.typed != unanswered:
        raise Conflict(
            "This was changed on another screen. Nothing of yours was saved; both texts are shown.",
            theirs={"typed": item.typed},
            mine={"typed": text},
        )
    item.typed, item.typed_version = text, item.typed_version + 1
    item.typed_at, item.typed_by_id = now, viewer.clinician_id
    return item


def no_change_for_all(
    db: Session,
    viewer: Viewer,
    case_review_id: str,
    facts: Mapping[str, Sequence[Mapping[str, str]]],
    now: datetime,
) -> None:
    """Decide “No change” about each steady course on the screen that is not decided about yet.

    `facts` are what stood there, by item. Raises NotAllowed, NotFound.
    """
    review = _running(db, viewer, case_review_id)
    for item in _items(db, review.id):
        is_open = item.decision is None and item.dropped_at is None
        if item.id not in facts or not item.is_steady or not is_open:
            continue
        decide(
            db,
            viewer,
            DecisionEntered(
                item_id=item.id,
                version=item.version,
                decision=ReviewDecision.NO_CHANGE,
                facts=tuple(facts[item.id]),
            ),
            now,
        )


def confirm_decision(
    db: Session, viewer: Viewer, item_id: str, version: int, now: datetime
) -> None:
    """Confirm a change of dose that a therapist proposed (rule 62); it orders nothing by itself.

    Also after the review, and by a prescriber of the course who was not in it. `version` is what
    they saw. Raises NotAllowed (nobody but a prescriber; something else was decided meanwhile),
    NotFound.
    """
    check_can_order_dose(viewer)
    item = db.scalar(select(ReviewItem).where(ReviewItem.id == item_id).with_for_update())
    if item is None:
        raise NotFound(_MISSING)
    course = visible_episode(db, viewer, item.episode_id, now)
    if item.decision is not ReviewDecision.DOSE or item.version != version:
        raise NotAllowed("Something else was decided here meanwhile. Look again.")
    if item.confirmed_at is not None:
        return
    item.confirmed_at, item.confirmed_by_id = now, viewer.clinician_id
    record(
        db,
        "case_review:confirmed",
        viewer,
        now,
        client_id=course.client_id,
        subject_id=item.case_review_id,
        episode_id=course.id,
    )


def end_action(db: Session, viewer: Viewer, action_id: str, end: ActionEnd, now: datetime) -> None:
    """Say that an action is done or dropped; once is enough.

    Whoever is on the course may. Raises NotAllowed, NotFound.
    """
    check_can_review_cases(viewer)
    action = db.scalar(select(Action).where(Action.id == action_id).with_for_update())
    if action is None:
        raise NotFound("There is no such action.")
    course = visible_episode(db, viewer, action.episode_id, now)
    if action.ended_as is end:
        return
    if action.ended_as is not None:
        raise NotAllowed(f"Somebody said that this is {action.ended_as.label.lower()}. Look again.")
    compare_and_swap(
        db,
        action,
        action.version,
        {"ended_as": end, "ended_at": now, "ended_by_id": viewer.clinician_id},
    )
    record(
        db,
        "action:ended",
        viewer,
        now,
        client_id=course.client_id,
        subject_id=action.id,
        ended_as=end,
    )


def end_review(db: Session, viewer: Viewer, case_review_id: str, now: datetime) -> None:
    """End a case review: nothing in it changes any more. Raises NotAllowed, NotFound."""
    review = _review(db, viewer, case_review_id)
    if review.ended_at is not None:
        return
    compare_and_swap(
        db, review, review.version, {"ended_at": now, "ended_by_id": viewer.clinician_id}
    )
    record(db, "case_review:ended", viewer, now, subject_id=review.id)


def confirm_minutes(db: Session, viewer: Viewer, case_review_id: str, now: datetime) -> None:
    """Say that the minutes of a review that has ended are right; each member once.

    Raises NotAllowed (while it runs), NotFound.
    """
    review = _review(db, viewer, case_review_id)
    if review.ended_at is None:
        raise NotAllowed("This case review is running. Its minutes are confirmed once it ended.")
    member = db.scalars(
        select(CaseReviewMember).where(
            CaseReviewMember.case_review_id == review.id,
            CaseReviewMember.clinician_id == viewer.clinician_id,
        )
    ).one()
    if member.confirmed_at is None:
        member.confirmed_at = now
        record(db, "case_review:minutes_confirmed", viewer, now, subject_id=review.id)


def mark_to_discuss(db: Session, viewer: Viewer, entered: DiscussEntered, now: datetime) -> None:
    """Put a course on the agenda of the next review, with what it is about.

    Raises NotAllowed (also on a closed course), NotFound, Invalid (`words`).
    """
    course = visible_episode(db, viewer, entered.episode_id, now)
    check_can_review_cases(viewer)
    if already_saved(db, DiscussMark, entered.id):
        return
    if course.state is EpisodeState.CLOSED:
        raise NotAllowed("This course of care is closed. A review is about those that are open.")
    form = Entered()
    words = form.few_words("words", entered.words, "What it is about", required=True)
    form.done()
    db.add(
        DiscussMark(
            id=entered.id,
            episode_id=course.id,
            words=words,
            marked_by_id=viewer.clinician_id,
            marked_at=now,
        )
    )
    record(db, "discuss_mark:set", viewer, now, client_id=course.client_id, subject_id=entered.id)


def take_mark_back(db: Session, viewer: Viewer, mark_id: str, now: datetime) -> None:
    """Say that something is not to be discussed after all. Raises NotAllowed, NotFound."""
    check_can_review_cases(viewer)
    mark = db.scalar(select(DiscussMark).where(DiscussMark.id == mark_id).with_for_update())
    if mark is None:
        raise NotFound("There is nothing here to take back.")
    course = visible_episode(db, viewer, mark.episode_id, now)
    if mark.settled_at is None:
        mark.settled_at, mark.settled_by_id = now, viewer.clinician_id
        record(
            db,
            "discuss_mark:taken_back",
            viewer,
            now,
            client_id=course.client_id,
            subject_id=mark.id,
        )


def settle_marks(
    db: Session, viewer: Viewer, episode_id: str, now: datetime, *which: ColumnElement[bool]
) -> None:
    """What was to be discussed about a course is: a review decided about it, or it ended."""
    for mark in db.scalars(
        select(DiscussMark).where(
            DiscussMark.episode_id == episode_id, DiscussMark.settled_at.is_(None), *which
        )
    ):
        mark.settled_at, mark.settled_by_id = now, viewer.clinician_id


def _people(
    db: Session, form: Entered, viewer: Viewer, colleague_id: str | None
) -> tuple[str, ...]:
    """Who holds the review, locked in one order so that two cannot begin at once."""
    if colleague_id == viewer.clinician_id:
        form.refuse("colleague_id", "Choose a colleague, not yourself.")
    wanted = sorted({viewer.clinician_id, *([colleague_id] if colleague_id else [])})
    found = db.scalars(
        select(Clinician.id)
        .where(Clinician.id.in_(wanted), Clinician.suspended_at.is_(None))
        .order_by(Clinician.id)
        .with_for_update()
    ).all()
    if len(found) < len(wanted):
        form.refuse("colleague_id", "This colleague cannot sign in any more. Choose another one.")
    return tuple(found)


def _review(db: Session, viewer: Viewer, case_review_id: str) -> CaseReview:
    check_can_review_cases(viewer)
    review = db.scalar(
        select(CaseReview)
        .join(CaseReviewMember, CaseReviewMember.case_review_id == CaseReview.id)
        .where(
            CaseReview.id == case_review_id,
            CaseReviewMember.clinician_id == viewer.clinician_id,
        )
        .with_for_update(of=CaseReview)
    )
    if review is None:
        raise NotFound(_MISSING)
    return review


def _running(db: Session, viewer: Viewer, case_review_id: str) -> CaseReview:
    review = _review(db, viewer, case_review_id)
    if review.ended_at is not None:
        raise NotAllowed(_OVER)
    return review


def _item(db: Session, viewer: Viewer, item_id: str, now: datetime) -> tuple[ReviewItem, Episode]:
    """One item with its course; the review is locked, so that one person at a time changes it."""
    which = select(ReviewItem.case_review_id).where(ReviewItem.id == item_id)
    _running(db, viewer, db.scalar(which) or "")
    item = db.scalars(select(ReviewItem).where(ReviewItem.id == item_id).with_for_update()).one()
    return item, visible_episode(db, viewer, item.episode_id, now)


def _item_on_agenda(
    db: Session, viewer: Viewer, item_id: str, now: datetime
) -> tuple[ReviewItem, Episode]:
    item, course = _item(db, viewer, item_id, now)
    if item.dropped_at is not None:
        raise NotAllowed("This client was taken off the agenda. Add them to it first.")
    return item, course


def _items(db: Session, case_review_id: str) -> list[ReviewItem]:
    return list(
        db.scalars(
            select(ReviewItem)
            .where(ReviewItem.case_review_id == case_review_id)
            .order_by(ReviewItem.position, ReviewItem.id)
        )
    )


def _visible(
    db: Session, viewer: Viewer, items: Iterable[ReviewItem], now: datetime
) -> frozenset[str]:
    """The ids of the items whose course this person sees."""
    by_course = {one.episode_id: one.id for one in items}
    seen = select(Episode.id).where(Episode.id.in_(by_course), visible_episodes(viewer, now))
    return frozenset(by_course[one] for one in db.scalars(seen))


def _order(items: Iterable[ReviewItem]) -> tuple[list[str], list[str]]:
    """The ids of what is on the agenda, in order, and of what was taken off it."""
    shown = [one.id for one in items if one.dropped_at is None]
    return shown, [one.id for one in items if one.dropped_at is not None]


def _place(items: Sequence[ReviewItem], ids: Sequence[str]) -> bool:
    """Give each item its place; whether that is another one than it had."""
    is_new = [one.id for one in items] != list(ids)
    for item in items:
        item.position = ids.index(item.id)
    return is_new


def _record_order(
    db: Session, viewer: Viewer, item: ReviewItem, course: Episode, now: datetime
) -> None:
    record(
        db,
        "case_review:moved",
        viewer,
        now,
        client_id=course.client_id,
        subject_id=item.case_review_id,
    )


def _check_action(
    db: Session, form: Entered, entered: DecisionEntered, item: ReviewItem, now: datetime
) -> None:
    able = db.scalars(
        select(CaseReviewMember.clinician_id)
        .join(Clinician, Clinician.id == CaseReviewMember.clinician_id)
        .where(
            CaseReviewMember.case_review_id == item.case_review_id,
            Clinician.suspended_at.is_(None),
        )
    )
    form.need("owner_id", entered.owner_id in set(able), "Choose who does it.")
    today = day_of(now, practice_zone(db, now))
    form.need("due_on", entered.due_on is not None, "Choose the day by which it is done.")
    is_ahead = entered.due_on is None or entered.due_on >= today
    form.need("due_on", is_ahead, "This day is over. Choose today or later.")


def _is_agreed(db: Session, entered: DecisionEntered, item: ReviewItem) -> bool:
    """Whether an earlier press of the same Save made the action."""
    same = exists().where(
        Action.review_item_id == item.id,
        Action.words == entered.action_words.strip(),
        Action.agreed_owner_id == entered.owner_id,
        Action.due_on == entered.due_on,
    )
    return bool(db.scalar(select(same)))


def _agree(
    db: Session,
    viewer: Viewer,
    entered: DecisionEntered,
    item: ReviewItem,
    course: Episode,
    now: datetime,
) -> None:
    action_id = new_id()
    db.add(
        Action(
            id=action_id,
            review_item_id=item.id,
            episode_id=item.episode_id,
            words=entered.action_words.strip(),
            owner_id=entered.owner_id,
            agreed_owner_id=entered.owner_id,
            due_on=entered.due_on,
            agreed_at=now,
            agreed_by_id=viewer.clinician_id,
        )
    )
    record(
        db,
        "action:agreed",
        viewer,
        now,
        client_id=course.client_id,
        subject_id=action_id,
        clinician_id=entered.owner_id,
        due_on=entered.due_on,
    )
