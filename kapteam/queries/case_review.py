"""The case review: its agenda before it begins, the meeting that runs, and those that are over."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, aliased

from kapteam.db.access import is_on_with, visible_episodes
from kapteam.db.tables import (
    Action,
    CaseReview,
    CaseReviewMember,
    Client,
    Clinician,
    Episode,
    Note,
    ReviewItem,
)
from kapteam.errors import NotFound
from kapteam.queries.client_names import CLIENT_NAME, ClientName, client_named
from kapteam.queries.standing import (
    Asked,
    CourseStanding,
    DoseLine,
    Person,
    course_standings,
    own_courses,
)
from kapteam.rules.attention import end_of_days
from kapteam.rules.case_review import CourseToReview, Entry, agenda
from kapteam.rules.permissions import Viewer
from kapteam.vocabulary import ActionEnd, EpisodeState, NoteKind, ReviewDecision, ServiceLine, Tone

DAYS = 7
UNSAVED = "Written, not saved as a decision"
UNSAVED_LAST = "Written last time, not saved as a decision"
"""What minutes say of words that somebody typed and nobody decided."""
MOST_PAST = 520
"""So many past reviews are listed: ten years of one a week."""
_MISSING = "There is no such case review, or you were not in it."
_NO_ITEM = "No case review had this on its agenda, or you are not on its course of care."


@dataclass(frozen=True, slots=True)
class Said:
    """Words as they stood on a screen, with how loud they were; of a fact also what it is of."""

    words: str
    tone: Tone
    label: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """Who holds a case review, and when they confirmed its minutes.

    Whoever `is_off` cannot sign in any more.
    """

    id: str
    name: str
    confirmed_at: datetime | None
    is_off: bool = False


@dataclass(frozen=True, slots=True)
class ReviewWords:
    """What is kept of the words about an item, who typed it last, and when."""

    text: str
    version: int
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class MeetingHead:
    """One case review without its items; of one that has ended, `members` confirm its minutes."""

    id: str
    started_at: datetime
    minutes: int
    ended_at: datetime | None
    members: tuple[Member, ...]

    def others(self, clinician_id: str) -> tuple[Member, ...]:
        """Whom else somebody holds it with."""
        return tuple(one for one in self.members if one.id != clinician_id)

    def waits_on(self, clinician_id: str) -> bool:
        """Whether it has ended and somebody who was in it has not confirmed its minutes."""
        return self.ended_at is not None and any(
            one.id == clinician_id and one.confirmed_at is None for one in self.members
        )


@dataclass(frozen=True, slots=True)
class AgreedAction:
    """One action that was agreed about an item, and what became of it by whom."""

    id: str
    review_item_id: str
    words: str
    owner_id: str
    owner: str
    due_on: date
    ended_as: ActionEnd | None
    ended_at: datetime | None
    ended_by: str


@dataclass(frozen=True, slots=True)
class ItemLine:
    """One course in a case review, with what was decided; in the order of the agenda.

    `reasons` are as they read when the review began, `facts` as they read at the decision, of which
    `words` are; `typed` is what was written, saved as a decision or not.
    `dropped_by` is who took it off the agenda, `confirmed_by` who confirmed a change of dose.
    `actions` were agreed about it.
    """

    id: str
    version: int
    episode_id: str
    state: EpisodeState
    service_line: ServiceLine
    client: ClientName
    reasons: tuple[Said, ...]
    is_steady: bool
    added_by: str
    opened: int
    dropped_by: str
    decision: ReviewDecision | None
    words: str
    typed: str
    typed_version: int
    typed_at: datetime | None
    facts: tuple[Said, ...]
    decided_at: datetime | None
    decided_by: str
    confirmed_by: str
    actions: tuple[AgreedAction, ...]

    @property
    def care(self) -> str:
        """What the course is for, where it is not KAP: a client may be on two courses."""
        return "" if self.service_line is ServiceLine.KAP else self.service_line.label

    @property
    def unsaved(self) -> str:
        """What was typed and did not become words of a decision."""
        return "" if self.typed.strip() == self.words else self.typed.strip()

    @property
    def is_dropped(self) -> bool:
        """Whether somebody took it off the agenda."""
        return bool(self.dropped_by)

    @property
    def is_open(self) -> bool:
        """Whether it is on the agenda and nothing is decided yet."""
        return not self.is_dropped and self.decision is None

    @property
    def is_proposed(self) -> bool:
        """Rule 62: a change of dose that waits for a prescriber."""
        return self.decision is ReviewDecision.DOSE and not self.confirmed_by


@dataclass(frozen=True, slots=True)
class Meeting:
    """One case review with the items that the viewer may see; `hidden` counts the others."""

    head: MeetingHead
    items: tuple[ItemLine, ...]
    hidden: int

    @property
    def shown(self) -> tuple[ItemLine, ...]:
        """What is on the agenda, without what was taken off it."""
        return tuple(one for one in self.items if not one.is_dropped)

    @property
    def alone(self) -> tuple[ItemLine, ...]:
        """What is looked at one by one."""
        return tuple(one for one in self.shown if not one.is_steady)

    @property
    def steady(self) -> tuple[ItemLine, ...]:
        """What is looked at together, last."""
        return tuple(one for one in self.shown if one.is_steady)

    @property
    def not_reached(self) -> tuple[ItemLine, ...]:
        """What nothing was decided about."""
        return tuple(one for one in self.shown if one.is_open)

    @property
    def decided(self) -> tuple[ItemLine, ...]:
        """What something was decided about."""
        return tuple(one for one in self.shown if one.decision)

    @property
    def dropped(self) -> tuple[ItemLine, ...]:
        """What was taken off the agenda."""
        return tuple(one for one in self.items if one.is_dropped)

    @property
    def by_owner(self) -> tuple[tuple[str, tuple[tuple[ItemLine, AgreedAction], ...]], ...]:
        """What was agreed, by whose it is: each name once, with the first due first."""
        agreed = [(item, one) for item in self.shown for one in item.actions]
        agreed.sort(key=lambda pair: (pair[1].owner, pair[1].owner_id, pair[1].due_on, pair[1].id))
        whose = groupby(agreed, key=lambda pair: (pair[1].owner, pair[1].owner_id))
        return tuple((name, tuple(lines)) for (name, _), lines in whose)

    @property
    def current(self) -> ItemLine | None:
        """What both look at: what was opened last, else the first of all."""
        opened = [one for one in self.shown if one.opened]
        return max(opened, key=lambda one: one.opened, default=next(iter(self.shown), None))


@dataclass(frozen=True, slots=True)
class AgendaRow:
    """One course that the review would be about now."""

    entry: Entry
    course: CourseStanding
    dose: DoseLine | None


@dataclass(frozen=True, slots=True)
class Agenda:
    """What a review with that colleague would be about now, and the reviews there were.

    `colleagues` are those with whom courses are shared, the one shared most first.
    """

    colleague: Person | None
    colleagues: tuple[Person, ...]
    rows: tuple[AgendaRow, ...]
    in_scope: int
    past: tuple[MeetingHead, ...]


@dataclass(frozen=True, slots=True)
class Presented:
    """One item in front of both: where its course stands now, None once that is closed.

    `intention` is the latest signed one, verbatim; `unsaved` what was typed of the course in the
    last review that it was in, and did not become words of a decision.
    """

    item: ItemLine
    course: CourseStanding | None
    intention: str
    unsaved: str


@dataclass(frozen=True, slots=True)
class PastItem:
    """One course in a case review, as whoever is on that course may see it.

    `is_member` was in the review, and may see the rest of it.
    """

    head: MeetingHead
    item: ItemLine
    is_member: bool


@dataclass(frozen=True, slots=True)
class PastReview:
    """That a case review decided about a course of care."""

    item_id: str
    case_review_id: str
    decided_at: datetime
    decision: ReviewDecision


def case_agenda(db: Session, asked: Asked, colleague_id: str | None = None) -> Agenda:
    """The agenda as it is now, for the viewer and a colleague: ours together (rule 58).

    With them are the viewer's courses on which nobody else here treats, like integration of an
    experience elsewhere (rule 11).

    Without one it is who is at this screen too, else with whom most is shared.
    """
    heads = _heads(db, asked, CaseReviewMember.clinician_id == asked.viewer.clinician_id)
    found = course_standings(db, asked, own_courses(asked))
    colleagues = _colleagues(found, asked.viewer)
    beside = asked.viewer.beside
    wanted = beside.clinician_id if beside and beside.treats else colleague_id
    colleague = next(
        (one for one in colleagues if one.id == wanted),
        colleagues[0] if colleagues else None,
    )
    shared = _shared_with(db, asked, found, colleague)
    ours = [
        one
        for one in found
        if colleague is None or one.episode_id in shared or _is_alone(one, asked.viewer)
    ]
    doses = {one.episode_id: _dose_ahead(one, asked) for one in ours}
    by_id = {one.episode_id: one for one in ours}
    entries = agenda(
        (_to_review(one, doses[one.episode_id], asked) for one in ours),
        asked.practice.thresholds,
        asked.now,
    )
    return Agenda(
        colleague=colleague,
        colleagues=colleagues,
        rows=tuple(
            AgendaRow(one, by_id[one.course.episode_id], doses[one.course.episode_id])
            for one in entries
        ),
        in_scope=len(ours),
        past=tuple(one for one in heads if one.ended_at is not None),
    )


def agenda_row(course: CourseStanding, asked: Asked) -> AgendaRow | None:
    """The row that the agenda would have of a course now; None where it would have none."""
    dose = _dose_ahead(course, asked)
    entry = next(
        iter(agenda((_to_review(course, dose, asked),), asked.practice.thresholds, asked.now)), None
    )
    return AgendaRow(entry, course, dose) if entry else None


def running_meeting(db: Session, asked: Asked) -> Meeting | None:
    """The case review of the viewer that has not ended, if there is one: one statement.

    Its items come without their actions: those that are open stand with their course.
    """
    return _meeting(asked, _rows(db, asked, CaseReview.ended_at.is_(None)), ())


def meeting(db: Session, asked: Asked, case_review_id: str) -> Meeting:
    """One case review of the viewer, in two statements; raises NotFound."""
    rows = _rows(db, asked, CaseReview.id == case_review_id)
    found = _meeting(asked, rows, _actions(db, rows))
    if found is None:
        raise NotFound(_MISSING)
    return found


def past_item(
    db: Session, asked: Asked, item_id: str, case_review_id: str | None = None
) -> PastItem:
    """One course in a case review, also for who was not in it and is on the course: two statements.

    Raises NotFound.
    """
    which = [ReviewItem.id == item_id, visible_episodes(asked.viewer, asked.now)]
    if case_review_id is not None:
        which.append(ReviewItem.case_review_id == case_review_id)
    rows = db.execute(_items_with_members(asked).where(*which)).all()
    if not rows:
        raise NotFound(_NO_ITEM)
    head = _head(rows)
    is_member = asked.viewer.clinician_id in {one.id for one in head.members}
    return PastItem(head, _item(asked, rows[0], _actions(db, rows)), is_member)


def reviews_of(db: Session, asked: Asked, episode_id: str) -> tuple[PastReview, ...]:
    """What case reviews decided about a course that the viewer may see, the newest first."""
    items = db.scalars(
        select(ReviewItem)
        .join(Episode, Episode.id == ReviewItem.episode_id)
        .where(
            ReviewItem.episode_id == episode_id,
            ReviewItem.decided_at.is_not(None),
            visible_episodes(asked.viewer, asked.now),
        )
        .order_by(ReviewItem.decided_at.desc(), ReviewItem.id.desc())
    )
    return tuple(one for item in items if (one := past_review(item)))


def past_review(item: ReviewItem | None) -> PastReview | None:
    """What an item of a case review says of its course; None where nothing was decided."""
    if item is None or item.decision is None or item.decided_at is None:
        return None
    return PastReview(item.id, item.case_review_id, item.decided_at, item.decision)


def _items_with_members(asked: Asked) -> Any:
    """Items of case reviews, one row for each member, in the order of the agenda."""
    added, dropped, decided, confirmed, person = (aliased(Clinician) for _ in range(5))
    return (
        select(
            ReviewItem,
            CaseReview,
            CaseReviewMember,
            person.name.label("member"),
            person.suspended_at.is_not(None).label("is_off"),
            Episode.state,
            Episode.service_line,
            visible_episodes(asked.viewer, asked.now).label("is_visible"),
            added.name.label("added_by"),
            dropped.name.label("dropped_by"),
            decided.name.label("decided_by"),
            confirmed.name.label("confirmed_by"),
            *CLIENT_NAME,
        )
        .join(CaseReview, CaseReview.id == ReviewItem.case_review_id)
        .join(CaseReviewMember, CaseReviewMember.case_review_id == CaseReview.id)
        .join(person, person.id == CaseReviewMember.clinician_id)
        .join(Episode, Episode.id == ReviewItem.episode_id)
        .join(Client, Client.id == Episode.client_id)
        .outerjoin(added, added.id == ReviewItem.added_by_id)
        .outerjoin(dropped, dropped.id == ReviewItem.dropped_by_id)
        .outerjoin(decided, decided.id == ReviewItem.decided_by_id)
        .outerjoin(confirmed, confirmed.id == ReviewItem.confirmed_by_id)
        .order_by(ReviewItem.position, ReviewItem.id, person.name, person.id)
    )


def _rows(db: Session, asked: Asked, which: ColumnElement[bool]) -> Sequence[Any]:
    """The items of the one review of the viewer that meets `which`, with their members."""
    own = aliased(CaseReviewMember)
    rows: Sequence[Any] = db.execute(
        _items_with_members(asked)
        .join(own, own.case_review_id == CaseReview.id)
        .where(which, own.clinician_id == asked.viewer.clinician_id)
    ).all()
    return rows


def _meeting(asked: Asked, rows: Sequence[Any], actions: Sequence[AgreedAction]) -> Meeting | None:
    if not rows:
        return None
    by_item = {row.ReviewItem.id: row for row in rows}
    visible = [row for row in by_item.values() if row.is_visible]
    return Meeting(
        head=_head(rows),
        items=tuple(_item(asked, row, actions) for row in visible),
        hidden=len(by_item) - len(visible),
    )


def _head(rows: Sequence[Any]) -> MeetingHead:
    """The review that these rows are of."""
    review = rows[0].CaseReview
    members = {
        row.CaseReviewMember.clinician_id: Member(
            row.CaseReviewMember.clinician_id,
            row.member,
            row.CaseReviewMember.confirmed_at,
            bool(row.is_off),
        )
        for row in rows
    }
    return MeetingHead(
        review.id,
        review.started_at,
        review.minutes,
        review.ended_at,
        tuple(members.values()),
    )


def _actions(db: Session, rows: Sequence[Any]) -> list[AgreedAction]:
    """What was agreed about these items."""
    ended = aliased(Clinician)
    return [
        AgreedAction(
            row.id,
            row.review_item_id,
            row.words,
            row.owner_id,
            row.owner,
            row.due_on,
            row.ended_as,
            row.ended_at,
            row.ended_by or "",
        )
        for row in db.execute(
            select(
                Action.id,
                Action.review_item_id,
                Action.words,
                Action.agreed_owner_id.label("owner_id"),
                Clinician.name.label("owner"),
                Action.due_on,
                Action.ended_as,
                Action.ended_at,
                ended.name.label("ended_by"),
            )
            .join(Clinician, Clinician.id == Action.agreed_owner_id)
            .outerjoin(ended, ended.id == Action.ended_by_id)
            .where(Action.review_item_id.in_({row.ReviewItem.id for row in rows}))
            .order_by(Action.due_on, Action.id)
        )
    ]


def presented(db: Session, asked: Asked, item: ItemLine) -> Presented:
    """Where the course of an item stands now: eight statements."""
    found = course_standings(db, asked, Episode.id == item.episode_id)
    signed = (
        select(Note.body["intention"].as_string())
        .where(
            Note.episode_id == item.episode_id,
            Note.kind == NoteKind.INTENTION,
            Note.signed_at.is_not(None),
            Note.voided_at.is_(None),
        )
        .order_by(Note.signed_at.desc(), Note.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    before = aliased(ReviewItem)
    newest = (
        select(ReviewItem.id)
        .join(CaseReview, CaseReview.id == ReviewItem.case_review_id)
        .where(
            ReviewItem.episode_id == item.episode_id,
            ReviewItem.id != item.id,
            CaseReview.ended_at.is_not(None),
        )
        .order_by(CaseReview.started_at.desc(), ReviewItem.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    row = db.execute(
        select(signed.label("intention"), before.typed, before.words)
        .select_from(Episode)
        .outerjoin(before, before.id == newest)
        .where(Episode.id == item.episode_id)
    ).one()
    typed = (row.typed or "").strip()
    return Presented(
        item=item,
        course=next(iter(found), None),
        intention=row.intention or "",
        unsaved="" if typed == row.words else typed,
    )


def words_of(db: Session, asked: Asked, item_id: str) -> ReviewWords | None:
    """What is kept of the words about an item of a review that the viewer is in."""
    row = db.execute(
        select(ReviewItem, Clinician.name)
        .join(CaseReviewMember, CaseReviewMember.case_review_id == ReviewItem.case_review_id)
        .join(Clinician, Clinician.id == ReviewItem.typed_by_id)
        .where(ReviewItem.id == item_id, CaseReviewMember.clinician_id == asked.viewer.clinician_id)
    ).one_or_none()
    if row is None:
        return None
    item: ReviewItem = row.ReviewItem
    return ReviewWords(item.typed, item.typed_version, item.typed_at or asked.now, row.name)


def presented_together(
    db: Session, asked: Asked, items: Iterable[ItemLine]
) -> tuple[Presented, ...]:
    """The same of several items, without what was intended or typed: seven statements."""
    known = {one.episode_id: one for one in items}
    found = course_standings(db, asked, Episode.id.in_(known))
    courses = {one.episode_id: one for one in found}
    return tuple(Presented(one, courses.get(one.episode_id), "", "") for one in known.values())


def own_open_courses(db: Session, asked: Asked) -> tuple[tuple[str, ClientName], ...]:
    """The viewer's own courses that are open, by family name: what can be put on an agenda."""
    rows = db.execute(
        select(Episode.id, *CLIENT_NAME)
        .join(Client, Client.id == Episode.client_id)
        .where(Episode.closed_at.is_(None), own_courses(asked))
        .order_by(Client.family_name, Client.given_name, Episode.id)
    )
    return tuple((row.id, client_named(row.client_id, row)) for row in rows)


def _heads(db: Session, asked: Asked, *which: ColumnElement[bool]) -> list[MeetingHead]:
    """Case reviews that meet `which` (on CaseReview, CaseReviewMember), the newest first."""
    wanted = (
        select(CaseReview.id)
        .join(CaseReviewMember, CaseReviewMember.case_review_id == CaseReview.id)
        .where(*which)
        .order_by(CaseReview.started_at.desc())
        .limit(MOST_PAST)
    )
    heads: dict[str, MeetingHead] = {}
    for row in db.execute(
        select(CaseReview, CaseReviewMember.confirmed_at, Clinician.id, Clinician.name)
        .join(CaseReviewMember, CaseReviewMember.case_review_id == CaseReview.id)
        .join(Clinician, Clinician.id == CaseReviewMember.clinician_id)
        .where(CaseReview.id.in_(select(wanted.subquery().c.id)))
        .order_by(CaseReview.started_at.desc(), CaseReview.id, Clinician.name, Clinician.id)
    ):
        one = row.CaseReview
        known = heads.get(one.id)
        members = known.members if known else ()
        heads[one.id] = MeetingHead(
            one.id,
            one.started_at,
            one.minutes,
            one.ended_at,
            (*members, Member(row.id, row.name, row.confirmed_at)),
        )
    return list(heads.values())


def _item(asked: Asked, row: Any, actions: Sequence[AgreedAction]) -> ItemLine:
    hides = asked.viewer.hides_names
    one = row.ReviewItem
    return ItemLine(
        id=one.id,
        version=one.version,
        episode_id=one.episode_id,
        state=row.state,
        service_line=row.service_line,
        client=client_named(row.client_id, row),
        reasons=tuple(_said(each, for_others=hides) for each in one.reasons),
        is_steady=one.is_steady,
        added_by=row.added_by or "",
        opened=one.opened,
        dropped_by=row.dropped_by or "",
        decision=one.decision,
        words=one.words,
        typed=one.typed,
        typed_version=one.typed_version,
        typed_at=one.typed_at,
        facts=tuple(map(_said, one.facts)),
        decided_at=one.decided_at,
        decided_by=row.decided_by or "",
        confirmed_by=row.confirmed_by or "",
        actions=tuple(each for each in actions if each.review_item_id == one.id),
    )


def _said(kept: dict[str, Any], *, for_others: bool = False) -> Said:
    words = kept["for_others"] if for_others else kept["words"]
    return Said(words, Tone(kept["tone"]), kept.get("label", ""))


def _colleagues(courses: Iterable[CourseStanding], viewer: Viewer) -> tuple[Person, ...]:
    """With whom courses are shared, the one shared most first; before all who is at this screen."""
    people: dict[str, Person] = {}
    shared: Counter[str] = Counter()
    for course in courses:
        for person in {course.prescriber, course.therapist}:
            if person is None or person.id is None or person.is_off:
                continue
            if person.id != viewer.clinician_id:
                people.setdefault(person.id, person)
                shared[person.id] += 1
    beside = viewer.beside
    if beside is not None and beside.treats:
        people.setdefault(beside.clinician_id, Person(beside.clinician_id, beside.name))
        shared[beside.clinician_id] += len(people) and sum(shared.values())
    return tuple(
        sorted(people.values(), key=lambda one: (-shared[one.id or ""], one.name, one.id or ""))
    )


def _shared_with(
    db: Session, asked: Asked, courses: Iterable[CourseStanding], colleague: Person | None
) -> frozenset[str]:
    """Of the viewer's own open courses those that a colleague treats on too.

    Of who is at this screen also those that they cover.
    """
    if colleague is None or colleague.id is None:
        return frozenset()
    beside = asked.viewer.beside
    if beside is None or beside.clinician_id != colleague.id:
        return frozenset(
            one.episode_id
            for one in courses
            for person in (one.prescriber, one.therapist)
            if person is not None and person.id == colleague.id
        )
    both = (own_courses(asked), is_on_with(colleague.id, asked.now))
    return frozenset(db.scalars(select(Episode.id).where(Episode.closed_at.is_(None), *both)))


def _is_alone(course: CourseStanding, viewer: Viewer) -> bool:
    """Whether nobody else here treats on it: such a course is in no other review.

    Nor is one whose other clinician cannot sign in any more.
    """
    people = (course.prescriber, course.therapist)
    return all(
        one is None or one.id is None or one.is_off or viewer.stands_for(one.id) for one in people
    )


def _dose_ahead(course: CourseStanding, asked: Asked) -> DoseLine | None:
    until = end_of_days(asked.now, DAYS)
    return next((one for one in course.ahead if one.planned_at < until), None)


def _to_review(course: CourseStanding, dose: DoseLine | None, asked: Asked) -> CourseToReview:
    return CourseToReview(
        episode_id=course.episode_id,
        state=course.state,
        opened_at=course.opened_at,
        attention=course.attention,
        next_at=course.next_step.at if course.next_step else None,
        dose_at=dose.planned_at if dose else None,
        last_reviewed_at=course.last_reviewed_at,
        not_reached=course.not_reached,
        overdue=sum(line.short.is_overdue(asked.today) for line in course.actions),
        marks=len(course.marks),
        state_since=course.state_since,
        on_hold=course.hold is not None,
    )
