"""Where every open course of care stands: read in a constant number of statements, judged once.

Today, Caseload, Ketamine sessions, Integration, Client and Find all cut what they show from these
standings, or from as much of them as they show (`CourseLine`, `CoursePlans`), so that a count and
the rows behind it, and the words on two pages, cannot differ.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from functools import cached_property, partial
from typing import Any

from sqlalchemy import ColumnElement, Select, select, union_all
from sqlalchemy.orm import Session

from kapteam.clock import day_of
from kapteam.db import asks, case_reviews, home_rows, signal_rows
from kapteam.db.access import is_on_episode, is_on_with, visible_episodes
from kapteam.db.concerns import names
from kapteam.db.in_force import PracticeInForce
from kapteam.db.rows import rows_of
from kapteam.db.tables import (
    Action,
    Ask,
    Client,
    Episode,
    KetamineSession,
    RecordSignature,
    SignOff,
)
from kapteam.errors import NotFound
from kapteam.instruments import measures_of
from kapteam.queries import course_rows
from kapteam.queries.client_names import ClientName, client_named
from kapteam.queries.later import Later
from kapteam.queries.pinned import PinnedLine, pinned_of
from kapteam.rules.alerts import LONGEST_QUIET, Signal
from kapteam.rules.asks import AskInShort, Seat, judge_ask
from kapteam.rules.attention import (
    BREACH_SHOWN,
    Attention,
    CourseFacts,
    PlannedDose,
    ToSign,
    Unkept,
    attend,
    attend_actions,
    attend_asks,
    attend_deadlines,
    attend_ended,
    attend_records,
)
from kapteam.rules.ceiling import Ceiling, CeilingGap, ceiling_gap
from kapteam.rules.change import Progress
from kapteam.rules.concerns import ConcernStanding
from kapteam.rules.contacts import (
    TOUCHES_COUNTED,
    ContactStage,
    ContactStanding,
    Touches,
    judge_contact,
    out_of_touch_since,
    video_gap,
)
from kapteam.rules.dosing import (
    MayAdd,
    Silence,
    estimated_last_given_at,
    may_add,
    silence,
)
from kapteam.rules.home_supply import HomeFacts, HomeStanding, home_gap, stand_at_home
from kapteam.rules.integration import (
    IntegrationFacts,
    IntegrationStage,
    IntegrationStanding,
    earliest_clock,
    judge,
)
from kapteam.rules.measures_due import Due
from kapteam.rules.monitoring_form import FormStanding, judge_form
from kapteam.rules.notes import IntentionStanding, judge_intention
from kapteam.rules.pathway import (
    ClearanceFacts,
    ConsentFacts,
    missing_clearance,
    missing_consents,
    required_consents,
)
from kapteam.rules.permissions import Viewer, hold_reason_for
from kapteam.rules.readiness import Preparation, Requirement, is_ready, waits_for
from kapteam.rules.review_actions import ActionInShort, has_action_now
from kapteam.rules.score_signals import Measures, measures_due, primary_progress
from kapteam.rules.series import SeriesCount, goes_on
from kapteam.rules.signals import LOOKED_BACK, SignalFacts, signals
from kapteam.rules.spravato import is_enrolled, is_spravato
from kapteam.rules.vitals import Pressure, pressure_gap
from kapteam.rules.waits import (
    AuthorizationFacts,
    OutsideWaitFacts,
    Stuck,
    StuckFacts,
    where_stuck,
)
from kapteam.vocabulary import (
    Answer,
    ConcernKind,
    ConcernLevel,
    ConsentType,
    ContactKind,
    EpisodeState,
    HoldReason,
    How,
    IntegrationKind,
    NoteKind,
    OrderState,
    OutsideParty,
    Part,
    ProductRoute,
    ReadinessItem,
    RecordPart,
    ServiceLine,
    SessionStatus,
    Term,
    Tone,
)
from kapteam.wording import last_day

_CONSENTS = {one.value: one for one in ConsentType}
_LOUDNESS = (Tone.RED, Tone.AMBER, Tone.PLAIN, Tone.BLUE, Tone.QUIET)


class Scope(Term):
    """Whose courses are listed: those of both at a screen, one's own, or all one may see."""

    OURS = "ours", "Ours together"
    MINE = "mine", "Mine"
    EVERYONE = "everyone", "Everyone's"


@dataclass(frozen=True, slots=True)
class Person:
    """A clinician with a part in a course, or the name of somebody elsewhere (`id` None).

    `away_until` is when days away that have begun end, and `cover` who covers until then. Whoever
    `is_off` cannot sign in any more.
    """

    id: str | None
    name: str
    away_until: datetime | None = None
    cover: str = ""
    is_off: bool = False


@dataclass(frozen=True, slots=True)
class HoldLine:
    """A pause in force."""

    reason: HoldReason
    look_again_on: date
    since_at: datetime


@dataclass(frozen=True, slots=True)
class SeriesLine:
    """The current series and how far it is; it `goes_on` while it takes the next dose (rule 8)."""

    id: str
    product_route: ProductRoute
    count: SeriesCount
    goes_on: bool

    @property
    def ordered(self) -> int | None:
        """How many are ordered; None: not yet."""
        return self.count.ordered

    @property
    def given(self) -> int:
        """How many were given."""
        return self.count.given

    @property
    def booked(self) -> int:
        """How many are to come."""
        return self.count.booked


@dataclass(frozen=True, slots=True)
class DoseLine:
    """One ketamine session. `number` of `of` in its series; doses in micrograms.

    `of` is None while no number of sessions is ordered. `last_given_at` is the last administration,
    None while nothing was recorded; `owes_integration` until one is held and its note signed, or it
    is closed. `form` is the monitoring form of Spravato.
    """

    id: str
    episode_id: str
    planned_at: datetime
    planned_minutes: int
    place: str
    product_route: ProductRoute
    status: SessionStatus
    number: int
    of: int | None
    order_state: OrderState
    ordered_ug: int | None
    may_add: MayAdd | None
    given_ug: int | None
    last_given_at: datetime | None
    silence: Silence | None
    intention: IntentionStanding
    at_home: bool
    people_present: str
    local_emergency: str
    owes_integration: bool
    discharged_at: datetime | None
    version: int
    prepared: Later[tuple[tuple[Requirement, ...], bool]] = field(compare=False)
    form: FormStanding | None

    @property
    def lacks(self) -> tuple[Requirement, ...]:
        """What it waits for while it lies ahead, the most pressing first.

        That it waits for nothing does not say that it `is_ready`.
        """
        return self.prepared()[0]

    @property
    def is_ready(self) -> bool:
        """Whether it lies ahead and all is there that it needs."""
        return self.prepared()[1]

    def is_lacking(self, item: ReadinessItem) -> bool:
        """Whether it lies ahead and waits for this."""
        return any(one.item is item for one in self.lacks)

    @property
    def is_ahead(self) -> bool:
        """Whether it is planned and nobody has to ask about it."""
        return self.status is SessionStatus.PLANNED and self.silence is None

    @property
    def waits(self) -> tuple[Part | None, str]:
        """Whom it waits on first while it lies ahead, and for what (the core arc 4)."""
        return next(((one.part, one.what) for one in self.lacks), (None, ""))


_NOT_AHEAD: Later[tuple[tuple[Requirement, ...], bool]] = Later(lambda: ((), False))


def _pressure(text: str | None) -> Pressure | None:
    """The pressure of a row of `course_rows.DOSES`."""
    return Pressure(*map(int, text.split("/"))) if text else None


def _answers(text: str | None) -> dict[ReadinessItem, Answer]:
    """The answers of a row of `course_rows.DOSES`."""
    pairs = (one.split(":") for one in (text or "").split(",") if one)
    return {ReadinessItem(item): Answer(answer) for item, answer in pairs}


def _consents(text: str | None) -> tuple[ConsentFacts, ...]:
    """The consents of a row of `course_rows.COURSES`."""

    def day(of: str) -> date | None:
        return date.fromisoformat(of) if of else None

    found = (one.split(":") for one in (text or "").split(",") if one)
    return tuple(
        ConsentFacts(_CONSENTS[kind], day(expires), day(revoked))
        for kind, expires, revoked in found
    )


@dataclass(frozen=True, slots=True)
class IntegrationLine:
    """One integration that is owed, booked, agreed, or held with its note to finish.

    `id` is None for a debt that no row stands for yet; `doses` are what it integrates.
    """

    id: str | None
    episode_id: str
    version: int
    kind: IntegrationKind
    standing: IntegrationStanding
    doses: tuple[DoseLine, ...]
    therapist: Person | None
    how: How | None
    held_by_id: str | None
    note_id: str | None
    note_author_id: str | None

    @property
    def key(self) -> str:
        """What names the row: its id, else its ketamine session's."""
        return self.id or self.doses[0].id

    @property
    def urgency(self) -> tuple[int, float]:
        """Sort key: loudest first; as loud, the least time left; what is booked by its time."""
        standing = self.standing
        at = standing.due_at or standing.facts.planned_at
        if standing.stage is IntegrationStage.BOOKED:
            at = standing.facts.planned_at
        return _LOUDNESS.index(standing.tone), at.timestamp() if at else 0.0


@dataclass(frozen=True, slots=True)
class ContactLine:
    """One planned contact of a course, and whose it is."""

    id: str
    episode_id: str
    version: int
    standing: ContactStanding
    minutes: int
    place: str
    person: Person


@dataclass(frozen=True, slots=True)
class WaitLine:
    """One open wait on someone outside, and the colleague who calls them."""

    facts: OutsideWaitFacts
    person: Person


@dataclass(frozen=True, slots=True)
class AskLine:
    """One open question of a course, and whose turn it is."""

    id: str
    short: AskInShort
    person: Person


@dataclass(frozen=True, slots=True)
class ActionLine:
    """One open action of a case review, and whose it is."""

    id: str
    short: ActionInShort
    person: Person


@dataclass(frozen=True, slots=True)
class MarkLine:
    """What somebody wants to discuss in the next case review; no word of it where others see."""

    id: str
    by_id: str
    by: str
    at: datetime
    words: str


@dataclass(frozen=True, slots=True)
class AuthorizationLine:
    """The authorization of an insurer that counts, and the colleague who got it."""

    facts: AuthorizationFacts
    person: Person


@dataclass(frozen=True, slots=True)
class NextStep:
    """The earliest thing ahead: booked for an instant, or for a day (`all_day`).

    Of a day are what was agreed, and that somebody outside is called back, whoever calls.

    `waits_for` is what it waits on somebody for: `intention`.
    """

    at: datetime
    what: str
    waits_on: Part | None = None
    waits_for: str = ""
    all_day: bool = False


@dataclass(frozen=True, slots=True)
class DraftLine:
    """An unsigned note about the course itself: whose it is and since when, and no word of it."""

    id: str
    kind: NoteKind
    author_id: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class CourseLine:
    """One open course of care of one client, as far as a list of its sessions shows it.

    `doses` are its open ketamine sessions.
    """

    client: ClientName
    pinned: PinnedLine
    episode_id: str
    service_line: ServiceLine
    hold: HoldLine | None
    prescriber: Person | None
    therapist: Person | None
    doses: tuple[DoseLine, ...]
    integrations: tuple[IntegrationLine, ...]

    @property
    def ahead(self) -> tuple[DoseLine, ...]:
        """Planned ketamine sessions that are still ahead, the next one first."""
        return tuple(dose for dose in self.doses if dose.is_ahead)

    def waited_on(self, part: Part) -> Person | None:
        """Whom this part's work waits on: who has it, else whoever else is on the course."""
        if part is Part.PRESCRIBER:
            return self.prescriber or self.therapist
        return self.therapist or self.prescriber


@dataclass(frozen=True, slots=True)
class CoursePlans(CourseLine):
    """The same with the contacts that are planned: all that is booked with the client."""

    contacts: tuple[ContactLine, ...]


@dataclass(frozen=True, slots=True)
class CourseStanding(CoursePlans):
    """One open course of care of one client, with everything that the lists show of it.

    `waits` are those on someone outside; of an insurer's authorizations it is the last to end.
    `marks` are for the next case review; `not_reached`: the last one had the course on its agenda
    and did not come to it.
    """

    state: EpisodeState
    state_since: datetime
    opened_at: datetime
    expects_intention: bool
    expects_integration: bool
    is_mine: bool
    series: SeriesLine | None
    last_dose: DoseLine | None
    drafts: tuple[DraftLine, ...]
    home: HomeStanding | None
    attention: tuple[Attention, ...]
    signals: tuple[Signal, ...]
    asked_for: Later[tuple[Due, ...]] = field(compare=False)
    got_to: Later[Progress | None] = field(compare=False)
    next_step: NextStep | None
    waits: tuple[WaitLine, ...]
    authorization: AuthorizationLine | None
    stuck: Stuck | None
    asks: tuple[AskLine, ...]
    actions: tuple[ActionLine, ...]
    marks: tuple[MarkLine, ...]
    last_reviewed_at: datetime | None
    not_reached: bool

    @property
    def is_open(self) -> bool:
        """Whether it is open; one that ended stands here only while it waits to be signed."""
        return self.state is not EpisodeState.CLOSED

    @property
    def measures_due(self) -> tuple[Due, ...]:
        """The outcome measures that are asked for, the longest due first."""
        return self.asked_for()

    @property
    def progress(self) -> Progress | None:
        """Where the client stands on the primary measure."""
        return self.got_to()

    @property
    def waits_for_a_date(self) -> bool:
        """Whether it is to have another ketamine session and none is booked or asked about."""
        return _waits_for_a_date(self.doses, self.series)

    @property
    def waits_since(self) -> datetime:
        """Since when: the last dose, else the day that its state began."""
        given = self.last_dose and self.last_dose.last_given_at
        return given or self.state_since

    def waits_for(self, viewer: Viewer, one: Attention) -> bool:
        """Whether a reason waits on the viewer, or on whom they cover."""
        return any(viewer.stands_for(person_id) for person_id in self._waited_for(one))

    def waits_for_colleague(self, colleague_id: str, one: Attention) -> bool:
        """Whether a reason waits on this colleague."""
        return colleague_id in self._waited_for(one)

    def _waited_for(self, one: Attention) -> tuple[str | None, ...]:
        if one.person_id:
            return (one.person_id,)
        parts = (one.waits_on,) if one.waits_on else (Part.PRESCRIBER, Part.THERAPIST)
        people = (self.waited_on(part) for part in parts)
        return tuple(person.id for person in people if person is not None)

    def awaited(self, one: Attention) -> Person | None:
        """Whom a reason waits on: the colleague it names, else who has its part; None: either."""
        if not one.person_id:
            return self.waited_on(one.waits_on) if one.waits_on else None
        named = (*self.waits, self.authorization, *self.asks, *self.actions)
        people = (line.person for line in named if line)
        return next((each for each in people if each.id == one.person_id), None)


@dataclass(frozen=True, slots=True)
class CourseHead:
    """Whose course it is, where it stands, and since what it is on hold for, if it is."""

    client: ClientName
    id: str
    service_line: ServiceLine
    state: EpisodeState
    expects_intention: bool
    expects_integration: bool
    hold_reason: HoldReason | None
    look_again_on: date | None

    @property
    def is_on_hold(self) -> bool:
        """Whether a pause is in force."""
        return self.hold_reason is not None


@dataclass(frozen=True, slots=True)
class CourseSessions:
    """One course with those who are on it, and its sessions as in its `CourseStanding`.

    Of a closed course there are no sessions.
    """

    course: CourseHead
    people: tuple[Person, ...]
    prescriber: Person | None
    therapist: Person | None
    ceiling: Ceiling | None
    doses: tuple[DoseLine, ...]
    integrations: tuple[IntegrationLine, ...]

    @property
    def is_open(self) -> bool:
        """Whether the course is open."""
        return self.course.state is not EpisodeState.CLOSED


@dataclass(frozen=True, slots=True)
class DraftRow:
    """A draft about the course itself, with its course."""

    course: CourseStanding
    draft: DraftLine


@dataclass(frozen=True, slots=True)
class DoseRow:
    """A ketamine session with its course."""

    course: CourseLine
    dose: DoseLine


@dataclass(frozen=True, slots=True)
class IntegrationRow:
    """An integration with its course."""

    course: CourseLine
    line: IntegrationLine


@dataclass(frozen=True, slots=True)
class Asked:
    """What every read needs to know: who asks, of which practice, and when."""

    viewer: Viewer
    practice: PracticeInForce
    now: datetime

    @property
    def today(self) -> date:
        """The practice's calendar day."""
        return day_of(self.now, self.practice.zone)


def attention_of(courses: Iterable[CourseStanding]) -> tuple[Attention, ...]:
    """That of several courses of one client together; what is of the client stands in it once."""
    found: dict[tuple[str, str], Attention] = {}
    for course in courses:
        for one in course.attention:
            course_id = "" if one.is_of_client else course.episode_id
            found.setdefault((course_id, f"{one.reason}/{one.subject_id}/{one.consent}"), one)
    return tuple(sorted(found.values(), key=lambda one: one.order))


def _waits_for_a_date(open_doses: tuple[DoseLine, ...], series: SeriesLine | None) -> bool:
    is_done = series is not None and series.ordered is not None and series.given >= series.ordered
    return not open_doses and not is_done


def _begins(text: str) -> str:
    """What a list reads of an action or a mark, which it may have cut off."""
    return text if len(text) < case_reviews.SHOWN else f"{text.rstrip()}…"


def home_standing(asked: Asked, facts: HomeFacts) -> HomeStanding | None:
    """The medicine at home as this person may know it: the front desk is told of no count."""
    if not asked.viewer.reads_notes:
        facts = replace(facts, counts=())
    return stand_at_home(facts, asked.now, asked.today, asked.practice.zone)


def own_courses(asked: Asked) -> ColumnElement[bool]:
    """The condition on Episode for "mine": the courses one is on.

    A nurse or the front desk treats nobody by name; theirs are all that they may see.
    """
    viewer = asked.viewer
    if viewer.is_prescriber or viewer.is_therapist:
        return is_on_episode(viewer, asked.now)
    return visible_episodes(viewer, asked.now)


def usual_scope(viewer: Viewer) -> Scope:
    """Whose courses a list begins with: "ours together" while a colleague who treats is beside."""
    beside = viewer.beside
    is_shared = beside is not None and beside.treats and viewer.reads_notes
    return Scope.OURS if is_shared else Scope.MINE


def courses_of(asked: Asked, scope: Scope | None) -> tuple[ColumnElement[bool], ...]:
    """The conditions on Episode for a scope; None is the usual one.

    "Ours together" is never more than "mine": of the viewer's own the ones that the colleague
    beside is on as well.
    """
    scope = scope or usual_scope(asked.viewer)
    if scope is Scope.EVERYONE:
        return ()
    beside = asked.viewer.beside
    if scope is Scope.OURS and beside is not None:
        return own_courses(asked), is_on_with(beside.clinician_id, asked.now)
    return (own_courses(asked),)


def course_standings(
    db: Session, asked: Asked, *conditions: ColumnElement[bool]
) -> tuple[CourseStanding, ...]:
    """Every open course that the viewer may see and that meets `conditions` (on Episode, Client).

    Seven statements, whatever the size; one where there is none.
    """
    return _standings(db, asked, _wanted(asked, Episode.closed_at.is_(None), *conditions))


def course_lines(
    db: Session, asked: Asked, *conditions: ColumnElement[bool]
) -> tuple[CourseLine, ...]:
    """The same courses, of which nothing is read and judged but their sessions.

    Five statements, whatever the size; one where there is none.
    """
    wanted = _wanted(asked, Episode.closed_at.is_(None), *conditions)
    return tuple(one.line() for one in _courses(db, asked, wanted, course_rows.COURSES))


def course_plans(
    db: Session, asked: Asked, *conditions: ColumnElement[bool]
) -> tuple[CoursePlans, ...]:
    """The same with what else is planned on them, in a statement more."""
    wanted = _wanted(asked, Episode.closed_at.is_(None), *conditions)
    courses = _courses(db, asked, wanted, course_rows.COURSES)
    planned = _by_course(db, course_rows.PLANS, [one.id for one in courses])
    return tuple(one.plans(planned[one.id]) for one in courses)


def open_and_to_sign_off(
    db: Session, asked: Asked, *conditions: ColumnElement[bool]
) -> tuple[tuple[CourseStanding, ...], tuple[CourseStanding, ...]]:
    """The same, and beside them the courses that ended and wait to be signed.

    By a sign-off, or in a session's record; also those with a question or an action that is open.
    Such courses are judged for nothing else and are not in care. No statement more.
    """
    waiting = union_all(
        select(SignOff.episode_id).where(SignOff.signed_at.is_(None)),
        select(KetamineSession.episode_id)
        .join(RecordSignature, RecordSignature.ketamine_session_id == KetamineSession.id)
        .where(RecordSignature.signed_at.is_(None)),
        select(Ask.episode_id).where(Ask.settled_at.is_(None), Ask.voided_at.is_(None)),
        select(Action.episode_id).where(Action.ended_at.is_(None)),
    )
    found = _standings(
        db,
        asked,
        union_all(
            _wanted(asked, Episode.closed_at.is_(None), *conditions),
            _wanted(asked, Episode.id.in_(waiting), Episode.closed_at.is_not(None), *conditions),
        ),
    )
    return (
        tuple(one for one in found if one.is_open),
        tuple(one for one in found if not one.is_open),
    )


def _wanted(asked: Asked, *conditions: ColumnElement[bool]) -> Select[str]:
    return (
        select(Episode.id)
        .join(Client, Client.id == Episode.client_id)
        .where(visible_episodes(asked.viewer, asked.now), *conditions)
    )


def _standings(db: Session, asked: Asked, wanted: Any) -> tuple[CourseStanding, ...]:
    courses = _courses(
        db,
        asked,
        wanted,
        course_rows.EPISODES,
        touched_since=asked.now - TOUCHES_COUNTED,
    )
    ids = [one.id for one in courses]
    series = _by_course(db, course_rows.SERIES, ids)
    matters = _by_course(
        db,
        course_rows.MATTERS,
        ids,
        now=asked.now,
        alerts_since=asked.now - LOOKED_BACK,
        quieted_since=asked.now - LONGEST_QUIET,
        tells_alerts=asked.viewer.reads_notes,
    )
    measures = measures_of(
        asked.practice.measures, asked.practice.zone, names_only=asked.viewer.hides_names
    )
    return tuple(
        one.standing(series[one.id], matters[one.id], measures)
        if one.is_open
        else one.ended(matters[one.id])
        for one in courses
    )


def course_sessions(
    db: Session, asked: Asked, which: ColumnElement[bool], missing: str
) -> CourseSessions:
    """The one course that meets `which` (on Episode), with its sessions.

    Five statements: what only a list says of a course is not read. Raises NotFound, with `missing`,
    when there is none or the viewer may not see it.
    """
    wanted = select(Episode.id).where(which, visible_episodes(asked.viewer, asked.now))
    courses = _courses(db, asked, wanted, course_rows.COURSES)
    if not courses:
        raise NotFound(missing)
    return courses[0].sessions()


def _courses(
    db: Session, asked: Asked, wanted: Any, statement: Any, **given: datetime
) -> list["_Course"]:
    members = _grouped(course_rows.members(db, wanted, asked.now))
    ids = list(members)
    episodes = _by_course(db, statement, ids, now=asked.now, **given)
    breached_since = asked.now - BREACH_SHOWN
    doses = _by_course(db, course_rows.DOSES, ids, breached_since=breached_since)
    integrations = _by_course(db, course_rows.INTEGRATIONS, ids)
    notes = _by_course(db, course_rows.NOTES, ids)
    return [
        _Course(row, members[one], doses[one], integrations[one], notes[one], asked)
        for one in ids
        for row in episodes[one]
    ]


def _by_course(
    db: Session, statement: Any, ids: list[str], **given: datetime | bool
) -> Mapping[str, list[Any]]:
    return _grouped(rows_of(db, statement, {"wanted": ids, **given}) if ids else ())


def _grouped(rows: Iterable[Any]) -> Mapping[str, list[Any]]:
    groups: defaultdict[str, list[Any]] = defaultdict(list)
    for row in rows:
        groups[row.episode_id].append(row)
    return groups


class _Course:
    """Puts the rows of one course together and judges them."""

    def __init__(
        self,
        row: Any,
        members: list[Any],
        doses: list[Any],
        integrations: list[Any],
        notes: list[Any],
        asked: Asked,
    ) -> None:
        self.id: str = row.episode_id
        self._row = row
        self._members = [member for member in members if member.part is not None]
        self._dose_rows = [dose for dose in doses if not dose.handed_on]
        self._handed_on = [dose for dose in doses if dose.handed_on]
        self._integration_rows = integrations
        self._notes = notes
        self._asked = asked
        people = [(member, self._as_person(member)) for member in self._members]
        self._people = tuple(person for _, person in people)
        # Of two with one part it is whoever has had it longer.
        self._by_part: dict[Part, Person] = {
            member.part: person for member, person in reversed(people)
        }
        self._by_id: dict[str | None, Person] = {
            member.clinician_id: person for member, person in reversed(people)
        }
        self._intentions = [note for note in notes if note.kind is NoteKind.INTENTION]
        self._clearance = (
            ClearanceFacts(
                row.clearance,
                frozenset(ProductRoute(route) for route in row.routes),
                Ceiling.of(row.ceiling_ug, row.ceiling_ug_per_kg),
                row.valid_until_on,
            )
            if row.clearance
            else None
        )
        given = [dose for dose in self._dose_rows if dose.last_at is not None]
        self._last_given_at: datetime | None = next(
            (dose.last_at for dose in given if dose.recency == 1), None
        )

    @property
    def is_open(self) -> bool:
        return self._row.closed_at is None

    @cached_property
    def _consents(self) -> tuple[ConsentFacts, ...]:
        return _consents(self._row.consents)

    def sessions(self) -> CourseSessions:
        row, is_open = self._row, self.is_open
        doses = {dose.id: self._dose(dose) for dose in self._dose_rows if is_open}
        return CourseSessions(
            course=CourseHead(
                self._client(),
                self.id,
                row.service_line,
                row.state,
                row.expects_intention,
                row.expects_integration,
                self._hold_reason(),
                row.look_again_on,
            ),
            people=self._people,
            prescriber=self._person(Part.PRESCRIBER),
            therapist=self._person(Part.THERAPIST),
            ceiling=self._clearance.ceiling if self._clearance else None,
            doses=tuple(dose for dose in doses.values() if dose.status.is_open),
            integrations=self._integrations(doses | self._doses_before()) if is_open else (),
        )

    def line(self) -> CourseLine:
        return CourseLine(**self._head(), **self._of_sessions())

    def plans(self, planned: list[Any]) -> CoursePlans:
        contacts = self._contacts(planned)
        return CoursePlans(**self._head(), **self._of_sessions(), contacts=contacts)

    def _of_sessions(self) -> dict[str, Any]:
        doses = {dose.id: self._dose(dose) for dose in self._dose_rows}
        return {
            "doses": tuple(dose for dose in doses.values() if dose.status.is_open),
            "integrations": self._integrations(doses | self._doses_before()),
        }

    def standing(
        self, series_rows: list[Any], matters: list[Any], measures: Measures
    ) -> CourseStanding:
        row, asked = self._row, self._asked
        waits = tuple(
            sorted(
                (self._wait(one) for one in matters if one.what == course_rows.WAIT),
                key=lambda line: (line.facts.since_on, line.facts.id),
            )
        )
        authorized = max(
            (one for one in matters if one.what == course_rows.AUTHORIZATION),
            key=lambda one: (one.at, one.id),
            default=None,
        )
        authorization = self._authorization(authorized) if authorized else None
        doses = {dose.id: self._dose(dose) for dose in self._dose_rows}
        integrations = self._integrations(doses | self._doses_before())
        series = self._series(series_rows)
        open_doses = tuple(dose for dose in doses.values() if dose.status.is_open)
        last = max(
            (dose for dose in doses.values() if dose.last_given_at is not None),
            key=lambda dose: dose.last_given_at or asked.now,
            default=None,
        )
        contacts = self._contacts([one for one in matters if one.what == course_rows.PLANNED])
        touches = self._touches_ahead(open_doses, integrations, contacts)
        steps = (*touches, *self._call_backs(waits))
        next_step = min(steps, key=lambda step: step.at, default=None)
        asked_here = self._asks(matters)
        agreed = self._actions(matters)
        head = self._head()
        hold: HoldLine | None = head["hold"]
        home = home_standing(asked, home_rows.facts_of(matters))
        stuck = self._stuck(waits, open_doses, is_dosed=last is not None)
        known = signal_rows.facts_of(matters)
        facts = CourseFacts(
            episode_id=self.id,
            state=row.state,
            doses=tuple(
                PlannedDose(
                    dose.id,
                    dose.planned_at,
                    dose.is_ahead,
                    dose.silence,
                    dose.intention,
                    dose.lacks,
                )
                for dose in open_doses
            ),
            integrations=tuple((line.key, line.standing) for line in integrations),
            contacts=tuple((line.id, line.standing) for line in contacts),
            unconfirmed=tuple(
                (dose.id, dose.last_at) for dose in self._dose_rows if dose.unconfirmed
            ),
            breaches=tuple(
                (dose.id, dose.recorded_at)
                for dose in self._dose_rows
                if dose.breach_reason
                and dose.recorded_at
                and (row.reviewed_until is None or dose.recorded_at > row.reviewed_until)
            ),
            proposed=self._proposed(matters),
            to_sign=self._to_sign(),
            forms=tuple((dose.id, dose.form) for dose in doses.values() if dose.form is not None),
            clearance_until_on=self._clearance.valid_until_on if self._clearance else None,
            consents=self._consents_for(series),
            concerns=self._concerns(matters),
            stuck=stuck,
            hold_look_again_on=hold.look_again_on if hold else None,
            on_hold=hold is not None,
            series_given=series.given if series else 0,
            series_booked=series.booked if series else 0,
            series_ordered=series.ordered if series else 0,
            series_dose_id=self._dose_of(series) if series else "",
            has_next_step=next_step is not None,
            has_touch_ahead=bool(touches),
            misses=row.misses,
            out_of_touch_since=self._out_of_touch_since(),
            waits=tuple(line.facts for line in waits),
            authorization=authorization.facts if authorization else None,
            home=home,
            signals=self._signals(known, measures),
            quieted=known.quieted,
            to_rebook=self._to_rebook(matters) if _waits_for_a_date(open_doses, series) else None,
            asks=tuple((line.id, line.short) for line in asked_here),
            actions=tuple((line.id, line.short) for line in agreed),
        )
        return CourseStanding(
            **head,
            **self._of_course(),
            series=series,
            doses=open_doses,
            last_dose=last,
            integrations=integrations,
            contacts=contacts,
            drafts=tuple(
                DraftLine(note.id, note.kind, note.author_id, note.started_at)
                for note in self._notes
                if note.kind.is_about_course and note.has_words
            ),
            home=home,
            attention=attend(facts, asked.now, asked.today),
            signals=(*self._deadlines(facts), *facts.signals),
            asked_for=Later(partial(self._measures_due, known, measures, open_doses)),
            got_to=Later(partial(self._progress, known, measures)),
            next_step=next_step,
            waits=waits,
            authorization=authorization,
            stuck=stuck,
            asks=asked_here,
            actions=agreed,
            marks=self._marks(matters),
            last_reviewed_at=row.last_reviewed_at if asked.viewer.reads_notes else None,
            not_reached=bool(row.not_reached),
        )

    def _signals(self, facts: SignalFacts, measures: Measures) -> tuple[Signal, ...]:
        """The alerts of the course; the front desk is told of none."""
        asked = self._asked
        if not asked.viewer.reads_notes:
            return ()
        return signals(facts, asked.practice.thresholds, asked.now, asked.today, measures)

    def _deadlines(self, facts: CourseFacts) -> Iterator[Signal]:
        """What else is an alert, as who judges alerts reads it."""
        if not self._asked.viewer.reads_notes:
            return
        for one in attend_deadlines(facts, self._asked.today):
            if one.signal:
                yield one.signal

    def _measures_due(
        self, facts: SignalFacts, measures: Measures, doses: Iterable[DoseLine]
    ) -> tuple[Due, ...]:
        """The measures that are asked for; the front desk is told of none."""
        asked = self._asked
        if not asked.viewer.reads_notes or facts.scores is None:
            return ()
        next_at = min((dose.planned_at for dose in doses if dose.is_ahead), default=None)
        return measures_due(facts.scores, measures, asked.today, next_at)

    def _progress(self, facts: SignalFacts, measures: Measures) -> Progress | None:
        """Where the client stands on the primary measure; the front desk is not told."""
        asked = self._asked
        if not asked.viewer.reads_notes or facts.scores is None:
            return None
        return primary_progress(facts.scores, measures, asked.now)

    def _to_sign(self) -> tuple[ToSign, ...]:
        """The signatures that its records wait for (domain 2)."""
        return tuple(
            ToSign(dose.id, dose.last_at or dose.planned_at, part, asked_at)
            for dose in self._dose_rows
            for part in RecordPart
            if (asked_at := getattr(dose, f"{part.value}_to_sign_at")) is not None
        )

    def _to_rebook(self, matters: list[Any]) -> Unkept | None:
        unkept = (one for one in matters if one.what == course_rows.UNKEPT)
        last = max(unkept, key=lambda one: (one.at, one.id), default=None)
        return Unkept(last.id, last.at, SessionStatus(last.kind)) if last else None

    def _wait(self, row: Any) -> WaitLine:
        # Whose name it is may say something about the client to others in the room.
        who = "" if self._asked.viewer.hides_names else row.level
        person = self._caller(row)
        facts = OutsideWaitFacts(
            row.id, OutsideParty(row.kind), who, row.from_on, row.until_on, person.id or ""
        )
        return WaitLine(facts, person)

    def _authorization(self, row: Any) -> AuthorizationLine:
        until_on = last_day(row.at, self._asked.practice.zone)
        person = self._caller(row)
        facts = AuthorizationFacts(row.id, person.id or "", int(row.level), row.number, until_on)
        return AuthorizationLine(facts, person)

    def _caller(self, row: Any) -> Person:
        """Who calls; once they can no longer, whose the course is, so that nobody waits in vain."""
        known = Person(row.person_id, row.person, row.seen_at)
        if row.person_id:
            return self._by_id.get(row.person_id, known)
        return self._person(Part.THERAPIST) or self._person(Part.PRESCRIBER) or known

    def _stuck(
        self,
        waits: Iterable[WaitLine],
        doses: Iterable[DoseLine],
        *,
        is_dosed: bool,
    ) -> Stuck | None:
        row, today, zone = self._row, self._asked.today, self._asked.practice.zone
        routes = (self._clearance and self._clearance.routes) or {ProductRoute.INTRAMUSCULAR}
        return where_stuck(
            StuckFacts(
                service_line=row.service_line,
                state=row.state,
                is_dosed=is_dosed,
                opened_on=day_of(row.opened_at, zone),
                called_on=day_of(row.called_at, zone) if row.called_at else None,
                waits=tuple(line.facts for line in waits),
                cleared=missing_clearance(self._clearance, None, today) is None,
                missing_consents=missing_consents(
                    self._consents, routes, today, with_therapy=self._has_therapy()
                ),
                dose_booked=any(dose.is_ahead for dose in doses),
                decision=row.clearance,
            ),
            today,
        )

    def _has_therapy(self) -> bool:
        return (
            self._row.expects_intention
            or self._row.expects_integration
            or self._person(Part.THERAPIST) is not None
        )

    def _out_of_touch_since(self) -> datetime | None:
        row = self._row
        known = {name: getattr(row, name) for name in course_rows.TOUCHES}
        touches = Touches(**{name: value for name, value in known.items() if value is not None})
        return out_of_touch_since(touches, row.state, row.opened_at, self._asked.now)

    def ended(self, matters: list[Any]) -> CourseStanding:
        """A course that is over: its open questions and actions, and what waits to be signed."""
        asked_here, agreed = self._asks(matters), self._actions(matters)
        asked = (
            (Part.PRESCRIBER, self._row.prescriber_asked_at),
            (Part.THERAPIST, self._row.therapist_asked_at),
        )
        return CourseStanding(
            **self._head() | {"hold": None},
            **self._of_course(),
            series=None,
            doses=(),
            last_dose=None,
            integrations=(),
            contacts=(),
            drafts=(),
            attention=(
                *(attend_ended(part, at, self._asked.now) for part, at in asked if at is not None),
                *attend_records(self._to_sign(), self._asked.now),
                *attend_asks((line.id, line.short) for line in asked_here),
                *attend_actions(((line.id, line.short) for line in agreed), self._asked.today),
            ),
            signals=(),
            asked_for=Later(tuple),
            got_to=Later(lambda: None),
            next_step=None,
            waits=(),
            authorization=None,
            stuck=None,
            asks=asked_here,
            actions=agreed,
            marks=(),
            last_reviewed_at=self._row.last_reviewed_at,
            not_reached=False,
            home=None,
        )

    def _head(self) -> dict[str, Any]:
        """Whose course it is, who treats, and the pause in force."""
        row, reason = self._row, self._hold_reason()
        return {
            "client": self._client(),
            "pinned": pinned_of(row),
            "episode_id": self.id,
            "service_line": row.service_line,
            "hold": HoldLine(reason, row.look_again_on, row.hold_since) if reason else None,
            "prescriber": self._person(Part.PRESCRIBER),
            "therapist": self._person(Part.THERAPIST),
        }

    def _of_course(self) -> dict[str, Any]:
        """What state it is in, since when, and whether the viewer is on it."""
        row, viewer = self._row, self._asked.viewer
        return {
            "state": row.state,
            "state_since": row.state_since,
            "opened_at": row.opened_at,
            "expects_intention": row.expects_intention,
            "expects_integration": row.expects_integration,
            "is_mine": any(viewer.stands_for(member.clinician_id) for member in self._members),
        }

    def _doses_before(self) -> dict[str, DoseLine]:
        """The doses of the course before this one whose integration was handed on to it."""
        return {dose.id: self._dose(dose) for dose in self._handed_on}

    def _contacts(self, planned: list[Any]) -> tuple[ContactLine, ...]:
        # Of two at the same time the one that was booked last comes first.
        newest_first = sorted(planned, key=lambda one: one.id, reverse=True)
        return tuple(map(self._contact, sorted(newest_first, key=lambda one: one.at)))

    def _contact(self, row: Any) -> ContactLine:
        prescriber = self._person(Part.PRESCRIBER)
        is_prescribers = prescriber is not None and prescriber.id == row.person_id
        part = Part.PRESCRIBER if is_prescribers else Part.THERAPIST
        how = How(row.how) if row.how else None
        return ContactLine(
            id=row.id,
            episode_id=row.episode_id,
            version=row.number,
            standing=judge_contact(
                ContactKind(row.kind),
                row.at,
                how,
                part,
                self._asked.now,
                video_gap(how, row.place, row.emergency),
            ),
            minutes=row.ug,
            place=row.place,
            person=self._clinician(row.person_id, row.person),
        )

    def _client(self) -> ClientName:
        row = self._row
        return client_named(row.client_id, row)

    def _person(self, part: Part) -> Person | None:
        return self._by_part.get(part)

    def _as_person(self, member: Any) -> Person:
        """With who covers all that they do while they are away, else who covers this course."""
        name, cover = member.name or member.elsewhere, member.cover or ""
        if member.away_until is not None and not cover:
            covers = (one.name for one in self._members if one.part is Part.COVER)
            cover = next(covers, "")
        is_off = member.suspended_at is not None
        return Person(member.clinician_id, name, member.away_until, cover, is_off)

    def _clinician(self, clinician_id: str, name: str) -> Person:
        """Somebody of the team, who need not be on the course."""
        return self._by_id.get(clinician_id) or Person(clinician_id, name)

    def _series(self, rows: list[Any]) -> SeriesLine | None:
        if not rows:
            return None
        row = rows[-1]
        course = self._row
        return SeriesLine(
            row.id,
            row.product_route,
            SeriesCount(
                row.ordered_count,
                row.given,
                row.booked or 0,
                row.review_before,
                row.reviewed_before,
            ),
            goes_on=row.ended_at is None
            and goes_on(row.started_at, course.state, course.state_since),
        )

    def _dose_of(self, series: SeriesLine) -> str:
        """One of its ketamine sessions, on whose page its number is ordered."""
        return next((row.id for row in self._dose_rows if row.series_id == series.id), "")

    def _consents_for(self, series: SeriesLine | None) -> tuple[ConsentFacts, ...]:
        """Those that dosing needs, of the running series' route."""
        if series is None:
            return ()
        needed = required_consents((series.product_route,), with_therapy=self._has_therapy())
        return tuple(one for one in self._consents if one.type in needed)

    def _seats(self) -> list[Seat]:
        """Who is on the course and can sign in."""
        return [
            Seat(one.clinician_id, one.part)
            for one in self._members
            if one.clinician_id and one.suspended_at is None
        ]

    def _asks(self, rows: list[Any]) -> tuple[AskLine, ...]:
        """The open questions, judged for the viewer; the front desk reads none."""
        viewer = self._asked.viewer
        if not viewer.reads_notes:
            return ()
        found, seats = [], self._seats()
        for row in rows:
            if row.what != asks.ASK:
                continue
            standing = judge_ask(asks.facts_of(row), seats, viewer.stands_for, self._asked.now)
            names = {row.how: row.person, row.person_id: row.emergency} | {
                one.clinician_id: one.name for one in self._members
            }
            short = AskInShort(
                standing=standing,
                by=names[standing.by_id],
                of=names[standing.of_id],
                words="" if viewer.hides_names else row.place,
                is_about_medicine_use=bool(row.number),
            )
            person = self._clinician(standing.waits_on, names[standing.waits_on])
            found.append(AskLine(row.id, short, person))
        return tuple(sorted(found, key=lambda line: line.short.standing.order))

    def _actions(self, rows: list[Any]) -> tuple[ActionLine, ...]:
        """The open actions, the first due first; the front desk reads none."""
        viewer = self._asked.viewer
        if not viewer.reads_notes:
            return ()
        found, seats = [], self._seats()
        for row in rows:
            if row.what != case_reviews.ACTION:
                continue
            has_it = has_action_now(row.person_id, Part(row.kind) if row.kind else None, seats)
            names = {row.person_id: row.person} | {
                one.clinician_id: one.name for one in self._members
            }
            person = self._clinician(has_it, names[has_it])
            words = "" if viewer.hides_names else _begins(row.place)
            found.append(
                ActionLine(row.id, ActionInShort(has_it, person.name, row.until_on, words), person)
            )
        return tuple(sorted(found, key=lambda line: (line.short.due_on, line.id)))

    def _proposed(self, rows: list[Any]) -> tuple[tuple[str, datetime], ...]:
        """The change of dose that waits for a prescriber; the front desk reads of none."""
        if not self._asked.viewer.reads_notes:
            return ()
        return tuple((row.id, row.at) for row in rows if row.what == case_reviews.PROPOSED)

    def _marks(self, rows: list[Any]) -> tuple[MarkLine, ...]:
        """What is to be discussed, the oldest first; the front desk reads none."""
        viewer = self._asked.viewer
        if not viewer.reads_notes:
            return ()
        found = [
            MarkLine(
                row.id,
                row.person_id,
                row.person,
                row.at,
                "" if viewer.hides_names else _begins(row.place),
            )
            for row in rows
            if row.what == case_reviews.MARK
        ]
        return tuple(sorted(found, key=lambda line: line.id))

    def _concerns(self, rows: list[Any]) -> tuple[tuple[str, ConcernStanding], ...]:
        """What was raised by hand; the front desk does not read it (product.md, the table)."""
        if not self._asked.viewer.reads_notes:
            return ()
        return tuple(
            (
                row.id,
                ConcernStanding(
                    ConcernKind(row.kind),
                    ConcernLevel(row.level),
                    row.at,
                    row.person,
                    names(row.person_id),
                    row.seen_at,
                    has_prescriber=bool(row.ug),
                    version=row.number,
                ),
            )
            for row in rows
            if row.what == course_rows.CONCERN
        )

    def _dose(self, row: Any) -> DoseLine:
        asked = self._asked
        notes = [note for note in self._intentions if note.ketamine_session_id == row.id]
        signed = [note for note in notes if note.signed_at is not None]
        drafts = [note.author for note in notes if note.signed_at is None and note.has_words]
        last = max(signed, key=lambda note: note.signed_at, default=None)
        before = self._last_given_at if row.last_at is None else None
        intention = judge_intention(
            expected=self._row.expects_intention,
            planned_at=row.planned_at,
            signed_at=last.signed_at if last else None,
            postpones=bool(last and last.postpones),
            draft_by=drafts[-1] if drafts else None,
            last_dose_at=before,
            preparation_at=self._row.preparation_at,
            thresholds=asked.practice.thresholds,
            now=asked.now,
        )
        asked_about = silence(
            row.status,
            row.planned_at,
            row.planned_minutes,
            min(filter(None, (row.arrived_at, row.first_at)), default=None),
            asked.now,
        )
        is_ahead = row.status is SessionStatus.PLANNED and asked_about is None
        return DoseLine(
            id=row.id,
            episode_id=row.episode_id,
            planned_at=row.planned_at,
            planned_minutes=row.planned_minutes,
            place=row.place,
            product_route=row.product_route,
            status=row.status,
            number=row.number,
            of=row.ordered_count,
            order_state=row.order_state,
            ordered_ug=row.ordered_ug,
            may_add=may_add(row.may_add_ug, row.may_add_from_minutes, row.may_add_to_minutes),
            given_ug=row.ug,
            last_given_at=row.last_at,
            silence=asked_about,
            intention=intention,
            at_home=row.at_home,
            people_present=row.people_present,
            local_emergency=row.local_emergency,
            owes_integration=self._row.expects_integration and not row.settled,
            discharged_at=row.discharged_at,
            version=row.version,
            prepared=Later(partial(self._judged, row, intention)) if is_ahead else _NOT_AHEAD,
            form=self._form(row),
        )

    def _judged(
        self, row: Any, intention: IntentionStanding
    ) -> tuple[tuple[Requirement, ...], bool]:
        prepared, now = self._prepared(row, intention), self._asked.now
        return waits_for(prepared, now), is_ready(prepared, now)

    def _form(self, row: Any) -> FormStanding | None:
        """Rule 41: no other product has one."""
        if not is_spravato(row.product_route):
            return None
        return judge_form(
            day_of(row.first_at, self._asked.practice.zone) if row.first_at else None,
            self._asked.today,
            is_closed=row.status.is_given,
            is_submitted=row.form_submitted,
            is_changed=not row.form_as_submitted,
        )

    def _prepared(self, row: Any, intention: IntentionStanding) -> Preparation:
        """What is known before a session; to the front desk no question's name (product.md)."""
        zone, reads = self._asked.practice.zone, self._asked.viewer.reads_notes
        on = day_of(row.planned_at, zone)
        missing_note = ("risk note" if reads else "note") if self._row.misses_risk_note else ""
        return Preparation(
            planned_at=row.planned_at,
            at_home=row.at_home,
            home_gap=home_gap(
                at_home=row.at_home,
                place=row.place,
                people_present=row.people_present,
                local_emergency=row.local_emergency,
            ),
            missing_note=missing_note,
            cleared=missing_clearance(self._clearance, row.product_route, on) is None,
            consented=not missing_consents(
                self._consents, (row.product_route,), on, with_therapy=self._has_therapy()
            ),
            enrolled=is_enrolled(self._row.enrolled_on, row.product_route, on),
            ceiling_gap=self._ceiling_gap(row),
            pressure=(pressure := _pressure(row.last_pressure)),
            pressure_gap=pressure_gap(
                pressure,
                has_arrived=row.arrived_at is not None,
                thresholds=self._asked.practice.thresholds,
            ),
            order_state=row.order_state,
            intention=intention,
            owes_before=self._owes_before(row),
            answers=_answers(row.answers),
            names_questions=reads,
        )

    def _owes_before(self, row: Any) -> bool:
        """Rule 27: whether a dose before this one still owes its integration, or that its note."""
        return self._row.expects_integration and any(
            dose.last_at is not None and dose.last_at < row.planned_at and not dose.settled
            for dose in self._dose_rows
            if dose.id != row.id
        )

    def _ceiling_gap(self, row: Any) -> CeilingGap | None:
        """None as well where a prescriber ordered above this very clearance and said why."""
        is_ordered = row.order_state is OrderState.ORDERED and row.ordered_ug
        if not is_ordered or self._clearance is None:
            return None
        total_ug = row.ordered_ug + (row.may_add_ug or 0)
        gap = ceiling_gap(self._clearance.ceiling, total_ug, self._row.grams)
        is_meant = row.ceiling_reason and row.ordered_at >= self._row.cleared_at
        return None if gap is CeilingGap.ABOVE and is_meant else gap

    def _hold_reason(self) -> HoldReason | None:
        reason: HoldReason | None = self._row.hold_reason
        return hold_reason_for(self._asked.viewer, reason) if reason else None

    def _integrations(self, doses: Mapping[str, DoseLine]) -> tuple[IntegrationLine, ...]:
        rows: dict[str, list[Any]] = defaultdict(list)
        for row in self._integration_rows:
            rows[row.id].append(row)
        held_for = {
            link.ketamine_session_id
            for links in rows.values()
            for link in links
            if link.held_at is not None and link.kind is IntegrationKind.FULL
        }
        dose_rows = (*self._dose_rows, *self._handed_on)
        unsettled = {dose.id for dose in dose_rows if not dose.settled}
        lines = [self._booked(links, doses, held_for, unsettled) for links in rows.values()]
        stood_for = {
            link.ketamine_session_id
            for links in rows.values()
            for link in links
            if link.kind is IntegrationKind.FULL
        }
        if self._row.expects_integration:
            lines += [
                self._debt(doses[dose_id])
                for dose_id in sorted(unsettled - stood_for)
                if self._anchor(doses[dose_id])[0] is not None
            ]
        found = [line for line in lines if line is not None]
        return tuple(sorted(found, key=lambda line: line.urgency))

    def _anchor(self, dose: DoseLine) -> tuple[datetime | None, bool]:
        """The last administration, or its estimate when nobody recorded one (rule 2)."""
        if dose.last_given_at is not None:
            return dose.last_given_at, False
        if dose.silence is not None or dose.status.is_given:
            return estimated_last_given_at(dose.planned_at, dose.product_route), True
        return None, False

    def _booked(
        self,
        links: list[Any],
        doses: Mapping[str, DoseLine],
        held_for: set[str | None],
        unsettled: set[str],
    ) -> IntegrationLine | None:
        row = links[0]
        linked = tuple(
            doses[link.ketamine_session_id] for link in links if link.ketamine_session_id in doses
        )
        counted = [
            dose
            for dose in linked
            if dose.id in unsettled and (row.held_at is not None or dose.id not in held_for)
        ]
        anchors = [self._anchor(dose) for dose in counted]
        known = [(at, estimated) for at, estimated in anchors if at is not None]
        last_given_at, estimated = earliest_clock(known)
        expected = [
            estimated_last_given_at(dose.planned_at, dose.product_route)
            for dose in linked
            if dose.is_ahead
        ]
        if row.kind is IntegrationKind.DEBRIEF:
            last_given_at, estimated, expected = None, False, []
        note = next(
            (
                note
                for note in self._notes
                if note.integration_session_id == row.id
                and note.signed_at is None
                and note.has_words
            ),
            None,
        )
        standing = self._judge(
            IntegrationFacts(
                last_given_at=last_given_at,
                estimated=estimated,
                expected_at=min(expected, default=None),
                planned_at=row.planned_at,
                planned_minutes=row.planned_minutes,
                due_on=row.due_on,
                agreed_for=row.agreed_for,
                held_at=row.held_at,
            )
        )
        if standing is None:
            return None
        return IntegrationLine(
            id=row.id,
            episode_id=row.episode_id,
            version=row.version,
            kind=row.kind,
            standing=standing,
            doses=linked,
            therapist=self._clinician(row.therapist_id, row.therapist)
            if row.therapist_id
            else self._person(Part.THERAPIST),
            how=row.how,
            held_by_id=row.held_by_id,
            note_id=note.id if note else None,
            note_author_id=note.author_id if note else None,
        )

    def _debt(self, dose: DoseLine) -> IntegrationLine | None:
        last_given_at, estimated = self._anchor(dose)
        standing = self._judge(IntegrationFacts(last_given_at, estimated=estimated))
        if standing is None:
            return None
        return IntegrationLine(
            id=None,
            episode_id=dose.episode_id,
            version=0,
            kind=IntegrationKind.FULL,
            standing=standing,
            doses=(dose,),
            therapist=self._person(Part.THERAPIST),
            how=None,
            held_by_id=None,
            note_id=None,
            note_author_id=None,
        )

    def _judge(self, facts: IntegrationFacts) -> IntegrationStanding | None:
        return judge(facts, self._asked.practice.thresholds, self._asked.now, self._asked.today)

    def _call_backs(self, waits: Iterable[WaitLine]) -> list[NextStep]:
        """Whom outside to call today or later, in so few words as stand beside a day."""
        found = []
        for facts in (line.facts for line in waits):
            label = facts.kind.label
            known = facts.who if facts.kind is OutsideParty.OTHER else ""
            what = f"Call back {known or label[:1].lower() + label[1:]}"
            if facts.call_back_on and facts.call_back_on >= self._asked.today:
                found.append(NextStep(self._midnight(facts.call_back_on), what, all_day=True))
        return found

    def _midnight(self, on: date) -> datetime:
        return datetime.combine(on, time(), self._asked.practice.zone)

    def _touches_ahead(
        self,
        doses: Iterable[DoseLine],
        integrations: Iterable[IntegrationLine],
        contacts: Iterable[ContactLine],
    ) -> list[NextStep]:
        """What is booked with the client, or agreed for a day; also what has just begun.

        It counts until somebody is asked whether it took place.
        """
        steps = [NextStep(dose.planned_at, "Dose", *dose.waits) for dose in doses if dose.is_ahead]
        steps += [
            NextStep(line.standing.facts.planned_at, line.kind.label)
            for line in integrations
            if line.standing.is_open
            and line.standing.facts.planned_at
            and line.standing.stage is not IntegrationStage.WAS_THIS_HELD
        ]
        steps += [
            NextStep(self._midnight(facts.agreed_for), line.kind.label, all_day=True)
            for line in integrations
            if (facts := line.standing.facts).agreed_for
            and line.standing.stage is IntegrationStage.AGREED
            and facts.planned_at is None
        ]
        steps += [
            NextStep(line.standing.planned_at, line.standing.kind.label)
            for line in contacts
            if line.standing.stage is ContactStage.AHEAD
        ]
        return steps
