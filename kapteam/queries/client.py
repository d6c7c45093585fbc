"""One client: who it is, every course of care, every dose with what came before and after it."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ScalarSelect, and_, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from kapteam.db.access import visible_clients, visible_episodes
from kapteam.db.case_reviews import newest_decided
from kapteam.db.clearances import newest_clearance
from kapteam.db.concerns import last_seen_at, names, unseen_by
from kapteam.db.tables import (
    Administration,
    ChartLook,
    Clearance,
    Client,
    Clinician,
    Concern,
    EmergencyAccess,
    Episode,
    EpisodeMember,
    IntegrationSession,
    IntegrationSessionFor,
    KetamineSession,
    OutsideExperience,
    ReviewItem,
    Series,
    Weight,
)
from kapteam.errors import NotFound
from kapteam.queries.asks import Question, questions_of_client
from kapteam.queries.case_review import PastReview, past_review
from kapteam.queries.client_details import ClientDetails
from kapteam.queries.client_names import ClientName, client_named
from kapteam.queries.contacts import PastContact, last_contacts
from kapteam.queries.evaluation import evaluation_of
from kapteam.queries.news import LOOK, News, last_look, read_saved, saved_since
from kapteam.queries.notes import ClientNotes, NoteLine, notes_of_client
from kapteam.queries.pinned import PINNED, PinnedLine, pinned_of
from kapteam.queries.scores import ClientScores, judged, score_rows
from kapteam.queries.standing import (
    Asked,
    CourseStanding,
    DoseLine,
    IntegrationLine,
    open_and_to_sign_off,
)
from kapteam.queries.views import is_seen_this_hour
from kapteam.queries.weights import WeightLine, is_newest, weight_line
from kapteam.rules.concerns import ConcernStanding
from kapteam.rules.dosing import MayAdd, ends_session, may_add
from kapteam.rules.evaluation import Evaluation, Finding, asks_for_trials, present
from kapteam.rules.folding import fold
from kapteam.rules.integration import earliest_clock
from kapteam.rules.looks import new_since, next_look
from kapteam.rules.series import numbered
from kapteam.vocabulary import (
    AdministrationKind,
    CloseReason,
    Contraindication,
    EpisodeState,
    How,
    Indication,
    IntegrationCloseReason,
    IntegrationKind,
    NoteKind,
    OrderState,
    Part,
    ProductRoute,
    ServiceLine,
    SessionStatus,
)

_BETWEEN = "\x1f"
"""Between the parts of a line that a statement makes: nobody can type it into a name."""
_EMERGENCY_SHOWN = timedelta(days=30)
_CODE = re.compile(r"\s*k?-?0*([1-9]\d{0,6})\s*", re.ASCII | re.IGNORECASE)
# Made once: what is asked of an alias is put together when it is first asked.
_course, _member = aliased(Episode), aliased(EpisodeMember)
_who, _opener, _raiser = aliased(Clinician), aliased(Clinician), aliased(Clinician)
_teller, _orderer = aliased(Clinician), aliased(Clinician)
_therapist, _holder = aliased(Clinician), aliased(Clinician)


@dataclass(frozen=True, slots=True)
class OpenedInEmergency:
    """Somebody who does not treat the client opened the chart, in the last 30 days."""

    who: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class LookAlike:
    """Another visible client with the same initials, or even the same name (rule 68)."""

    code: str
    same_name: bool


@dataclass(frozen=True, slots=True)
class Member:
    """Who has, or last had, a part in a course."""

    part: Part
    name: str


@dataclass(frozen=True, slots=True)
class Experience:
    """An experience that happened elsewhere, in the client's words; `happened` may be vague."""

    id: str
    substance: str
    happened: str
    circumstances: str


@dataclass(frozen=True, slots=True)
class Cleared:
    """What the newest clearance of a course rests on.

    `trials_asked_by` is what on the course asks for two adequate trials, in words.
    """

    decided_at: datetime
    rests_on: Evaluation
    trials_asked_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CourseLine:
    """A course of care as everybody who sees the client may know it.

    `experiences` only where `is_visible`: the viewer is on it, or sees everyone. `cleared`, and
    what a case review decided last, also only for who reads notes.
    """

    episode_id: str
    service_line: ServiceLine
    state: EpisodeState
    opened_at: datetime
    closed_at: datetime | None
    close_reason: CloseReason | None
    is_visible: bool
    members: tuple[Member, ...]
    experiences: tuple[Experience, ...]
    cleared: Cleared | None
    reviewed: PastReview | None


@dataclass(frozen=True, slots=True)
class GivenPart:
    """One administration that counts. `told_by` on whose word, while nobody has confirmed it."""

    kind: AdministrationKind
    ug: int
    started_at: datetime
    ended_at: datetime | None
    told_by: str | None

    @property
    def anchor(self) -> datetime:
        """What the integration clock reads: an infusion's end counts (rule 4)."""
        return self.ended_at or self.started_at


@dataclass(frozen=True, slots=True)
class ClientIntegration:
    """One integration session, or a debt that no row stands for yet (`id` None).

    `line` is its standing while it is open or its note unsigned; `last_given_at` the last dose
    before it, None when no clock runs.
    """

    id: str | None
    episode_id: str
    dose_ids: tuple[str, ...]
    experience_ids: tuple[str, ...]
    kind: IntegrationKind
    how: How | None
    place: str
    therapist: str
    planned_at: datetime | None
    held_at: datetime | None
    closed_at: datetime | None
    close_reason: IntegrationCloseReason | None
    close_note: str
    last_given_at: datetime | None
    line: IntegrationLine | None

    @property
    def at(self) -> datetime | None:
        """When it was held or closed, is booked, or is due."""
        due = self.line.standing.due_at if self.line else None
        return self.held_at or self.closed_at or self.planned_at or due


@dataclass(frozen=True, slots=True)
class ClientDose:
    """One ketamine session of the client, whatever became of it; doses in micrograms.

    `is_maintenance`: its series goes on with what the one before it came to.
    `number` of `of` in its series, None when it was never given; `of` is None while no number of
    sessions is ordered. `line` is its standing while it is
    open or its integration owed. `went_on_with` has its integration to do since its own course
    ended, by name, on whichever course that is.
    """

    id: str
    episode_id: str
    series_id: str
    is_maintenance: bool
    number: int | None
    of: int | None
    product_route: ProductRoute
    status: SessionStatus
    planned_at: datetime
    place: str
    people_present: str
    at_home: bool
    order_state: OrderState
    ordered_ug: int | None
    may_add: MayAdd | None
    ordered_by: str
    given: tuple[GivenPart, ...]
    discharged_at: datetime | None
    end_reason: str
    breach_reason: str
    no_integration_reason: str
    integrations: tuple[ClientIntegration, ...]
    went_on_with: str
    line: DoseLine | None

    @property
    def given_ug(self) -> int:
        """The whole dose, boosters included (rule 4)."""
        return sum(part.ug for part in self.given)

    @property
    def at(self) -> datetime:
        """When it began, or is planned."""
        return self.given[0].started_at if self.given else self.planned_at

    @property
    def last_given_at(self) -> datetime | None:
        """The last administration."""
        return max((part.anchor for part in self.given), default=None)


@dataclass(frozen=True, slots=True)
class ClientPage:
    """Everything the Client page shows.

    `courses` are judged: open and visible; `ended` are over and wait for a sign-off. `others` are
    the rest: closed, or somebody else's, of which only dates, state and names are known.
    `doses` and `integrations` (those that follow no ketamine session shown) are of every visible
    course, the newest first. The front desk reads no `concerns`, and `notes` is None for it.
    `seen_this_hour`: the audit log has it already that the viewer opened this chart.
    """

    name: ClientName
    details: ClientDetails
    pinned: PinnedLine
    weight: WeightLine | None
    look_alikes: tuple[LookAlike, ...]
    concerns: tuple[tuple[str, ConcernStanding], ...]
    last_contacts: tuple[PastContact, ...]
    courses: tuple[CourseStanding, ...]
    ended: tuple[CourseStanding, ...]
    lines: tuple[CourseLine, ...]
    doses: tuple[ClientDose, ...]
    integrations: tuple[ClientIntegration, ...]
    notes: ClientNotes | None
    seen_this_hour: bool
    emergencies: tuple[OpenedInEmergency, ...]
    scores: ClientScores = field(default_factory=ClientScores)
    questions: tuple[Question, ...] = ()
    news: News = field(default_factory=lambda: News(None, keeps_look=False, saved=()))

    @property
    def others(self) -> tuple[CourseLine, ...]:
        """The courses that are closed, or that the viewer is not on."""
        judged = {course.episode_id for course in self.courses}
        return tuple(line for line in self.lines if line.episode_id not in judged)

    @property
    def contraindications(self) -> tuple[Finding, ...]:
        """What is there of them, by the newest clearance of each course that the viewer sees.

        Of one that two courses name, what the later clearance says of it counts.
        """
        known: dict[Contraindication, Finding] = {}
        cleared = (line.cleared for line in self.lines if line.cleared)
        for one in sorted(cleared, key=lambda one: one.decided_at):
            known |= {finding.about: finding for finding in one.rests_on.findings}
        return present(known.values())

    @property
    def hides_open_course(self) -> bool:
        """Whether there is an open course of which the viewer sees no details."""
        return any(line.closed_at is None and not line.is_visible for line in self.lines)

    @property
    def all_notes(self) -> tuple[NoteLine, ...]:
        """Every note that counts, each once; none for the front desk."""
        if self.notes is None:
            return ()
        of_doses = (
            line
            for of_dose in self.notes.by_dose.values()
            for line in (*of_dose.intentions, *of_dose.integrations)
        )
        every = (*of_doses, *self.notes.elsewhere, *self.notes.about_course)
        return tuple({line.id: line for line in every}.values())

    def notes_of(self, kind: NoteKind) -> tuple[NoteLine, ...]:
        """The notes of a kind, the newest first."""
        return tuple(
            sorted(
                (line for line in self.all_notes if line.kind is kind),
                key=lambda line: line.signed_at or line.started_at,
                reverse=True,
            )
        )


def client_code(typed: str) -> str:
    """The code as it is written, `K-014`, from what stands in an address (`k14`); else empty."""
    found = _CODE.fullmatch(typed)
    return f"K-{int(found[1]):03d}" if found else ""


def client_page(db: Session, asked: Asked, code: str) -> ClientPage:
    """The client with this code, in fourteen statements; ten for the front desk.

    Raises NotFound when there is none or the viewer may not see it; the two read the same.
    """
    rows = _identity(db, asked, code)
    if not rows:
        raise NotFound("There is no client with this code, or you are not on one of their courses.")
    first = rows[0]
    courses, ended = open_and_to_sign_off(db, asked, Episode.client_id == first.id)
    integrations = _integrations(db, asked, first.id)
    history = _History(courses, _doses(db, asked, first.id), integrations, asked)
    links: defaultdict[str | None, list[str]] = defaultdict(list)
    for row in integrations:
        if row.ketamine_session_id is not None:
            links[row.id].append(row.ketamine_session_id)
    # In one statement, though they have nothing in common: this page asks many.
    look = last_look(first)
    since = new_since(look, asked.now)
    scores = db.execute(
        score_rows(asked, first.id).add_columns(
            _alike(asked, first).label("look_alikes"),
            # Once, not with each score.
            case((func.row_number().over() == 1, saved_since(asked, first.id, since))).label(
                "saved"
            ),
        )
    ).all()
    notes = notes_of_client(db, asked, first.id, links) if asked.viewer.reads_notes else None
    return ClientPage(
        name=client_named(first.id, first),
        details=ClientDetails(
            **{name: getattr(first, name) for name in ClientDetails.__dataclass_fields__}
        ),
        pinned=pinned_of(first),
        weight=weight_line(asked, first.Weight, None),
        look_alikes=_look_alikes(first, scores[0].look_alikes),
        concerns=_concerns(rows) if asked.viewer.reads_notes else (),
        last_contacts=last_contacts(db, asked, first.id),
        courses=courses,
        ended=ended,
        lines=_course_lines(asked, rows),
        doses=history.doses(),
        integrations=history.without_dose(),
        notes=notes,
        seen_this_hour=first.seen_this_hour,
        emergencies=_emergencies(rows),
        scores=judged(asked, scores),
        questions=questions_of_client(db, asked, first.id),
        news=News(
            since,
            keeps_look=next_look(look, asked.now) is not None,
            saved=read_saved(next((row.saved for row in scores if row.saved), None)),
        ),
    )


def _identity(db: Session, asked: Asked, code: str) -> list[Any]:
    """Who the client is, with every course, its members, experiences, emergencies and concerns.

    There is a handful of each, so their product stays small.
    """
    # Aliases, because the conditions of db.access correlate with Episode and EpisodeMember.
    mine = select(Episode.id).where(
        Episode.client_id == Client.id, visible_episodes(asked.viewer, asked.now)
    )
    return list(
        db.execute(
            select(
                *(getattr(Client, name) for name in ClientDetails.__dataclass_fields__),
                *PINNED,
                is_seen_this_hour(asked, Client.id).label("seen_this_hour"),
                _course.id.label("episode_id"),
                _course.service_line,
                _course.state,
                _course.opened_at,
                _course.closed_at,
                _course.close_reason,
                _course.indications,
                _course.id.in_(mine).label("is_visible"),
                _member.id.label("member_id"),
                _member.part,
                func.coalesce(_who.name, _member.elsewhere).label("member"),
                OutsideExperience.id.label("experience_id"),
                OutsideExperience.substance,
                OutsideExperience.happened,
                OutsideExperience.circumstances,
                EmergencyAccess.id.label("emergency_id"),
                EmergencyAccess.from_at.label("emergency_at"),
                EmergencyAccess.reason.label("emergency_reason"),
                _opener.name.label("opened_by"),
                Concern.id.label("concern_id"),
                Concern.kind.label("concern"),
                Concern.level,
                Concern.raised_at,
                _raiser.name.label("raised_by"),
                Weight,
                Clearance,
                ReviewItem,
                unseen_by(asked.now).label("unseen_by"),
                last_seen_at().label("seen_at"),
                *LOOK,
            )
            .outerjoin(
                ChartLook,
                and_(
                    ChartLook.client_id == Client.id,
                    ChartLook.clinician_id == asked.viewer.clinician_id,
                ),
            )
            .outerjoin(Concern, and_(Concern.client_id == Client.id, Concern.closed_at.is_(None)))
            .outerjoin(_raiser, _raiser.id == Concern.raised_by_id)
            .outerjoin(
                EmergencyAccess,
                and_(
                    EmergencyAccess.client_id == Client.id,
                    EmergencyAccess.from_at > asked.now - _EMERGENCY_SHOWN,
                ),
            )
            .outerjoin(_opener, _opener.id == EmergencyAccess.clinician_id)
            .outerjoin(Weight, is_newest(Client.id))
            .outerjoin(_course, _course.client_id == Client.id)
            .outerjoin(Clearance, Clearance.id == newest_clearance(_course))
            .outerjoin(ReviewItem, ReviewItem.id == newest_decided(_course))
            .outerjoin(
                _member,
                and_(
                    _member.episode_id == _course.id,
                    or_(
                        _member.until_at.is_(None),
                        _member.until_at >= func.coalesce(_course.closed_at, asked.now),
                    ),
                ),
            )
            .outerjoin(_who, _who.id == _member.clinician_id)
            .outerjoin(
                OutsideExperience,
                and_(
                    OutsideExperience.episode_id == _course.id,
                    OutsideExperience.voided_at.is_(None),
                ),
            )
            .where(Client.code == code, visible_clients(asked.viewer, asked.now))
            .order_by(
                _course.opened_at.desc(),
                _course.id,
                _member.from_at,
                _member.id,
                OutsideExperience.recorded_at,
                OutsideExperience.id,
            )
        )
    )


def _emergencies(rows: Iterable[Any]) -> tuple[OpenedInEmergency, ...]:
    found = {
        row.emergency_id: OpenedInEmergency(row.opened_by, row.emergency_at, row.emergency_reason)
        for row in rows
        if row.emergency_id is not None
    }
    return tuple(sorted(found.values(), key=lambda one: one.at))


def _concerns(rows: Iterable[Any]) -> tuple[tuple[str, ConcernStanding], ...]:
    """What was raised by hand and is not cleared, whether or not a course of care is open."""
    found = {
        row.concern_id: ConcernStanding(
            row.concern,
            row.level,
            row.raised_at,
            row.raised_by,
            names(row.unseen_by),
            None if row.unseen_by else row.seen_at,
        )
        for row in rows
        if row.concern_id is not None
    }
    return tuple(sorted(found.items(), key=lambda one: one[1].raised_at))


def _course_lines(asked: Asked, rows: Iterable[Any]) -> tuple[CourseLine, ...]:
    heads: dict[str, Any] = {}
    members: defaultdict[str, dict[str, Member]] = defaultdict(dict)
    experiences: defaultdict[str, dict[str, Experience]] = defaultdict(dict)
    for row in rows:
        if row.episode_id is None:
            continue
        heads[row.episode_id] = row
        if row.member_id is not None:
            members[row.episode_id][row.member_id] = Member(row.part, row.member)
        if row.experience_id is not None and row.is_visible:
            experiences[row.episode_id][row.experience_id] = Experience(
                row.experience_id, row.substance, row.happened, row.circumstances
            )
    return tuple(
        CourseLine(
            episode_id=row.episode_id,
            service_line=row.service_line,
            state=row.state,
            opened_at=row.opened_at,
            closed_at=row.closed_at,
            close_reason=row.close_reason if row.is_visible else None,
            is_visible=row.is_visible,
            members=tuple(members[row.episode_id].values()),
            experiences=tuple(experiences[row.episode_id].values()),
            cleared=_cleared(row) if row.is_visible and asked.viewer.reads_notes else None,
            reviewed=past_review(row.ReviewItem)
            if row.is_visible and asked.viewer.reads_notes
            else None,
        )
        for row in heads.values()
    )


def _cleared(row: Any) -> Cleared | None:
    newest: Clearance | None = row.Clearance
    if newest is None:
        return None
    asked_by = asks_for_trials(map(Indication, row.indications), map(ProductRoute, newest.routes))
    return Cleared(newest.decided_at, evaluation_of(newest), asked_by)


def _alike(asked: Asked, client: Any) -> ScalarSelect[str | None]:
    """Who may have the client's initials: a line each, with code, given and family name."""
    initials = "".join(fold(name)[:1] for name in (client.given_name, client.family_name))
    return (
        select(
            func.aggregate_strings(
                Client.code + _BETWEEN + Client.given_name + _BETWEEN + Client.family_name, "\n"
            )
        )
        .where(
            Client.search_text.contains(f" {initials} ", autoescape=True),
            Client.id != client.id,
            Client.merged_into_id.is_(None),
            visible_clients(asked.viewer, asked.now),
        )
        .correlate(None)
        .scalar_subquery()
    )


def _look_alikes(client: Any, alike: str | None) -> tuple[LookAlike, ...]:
    own = (fold(client.given_name), fold(client.family_name))
    found = {}
    for line in alike.split("\n") if alike else ():
        code, given, family = line.split(_BETWEEN)
        found[code] = (fold(given), fold(family))
    return tuple(
        LookAlike(code, names == own)
        for code, names in sorted(found.items())
        # A short word of a name can read like the initials.
        if [name[:1] for name in names] == [name[:1] for name in own]
    )


def _doses(db: Session, asked: Asked, client_id: str) -> list[Any]:
    """Every ketamine session, a row an administration that counts."""
    return list(
        db.execute(
            select(
                KetamineSession.id,
                KetamineSession.episode_id,
                KetamineSession.series_id,
                KetamineSession.status,
                KetamineSession.planned_at,
                KetamineSession.place,
                KetamineSession.at_home,
                KetamineSession.people_present,
                KetamineSession.order_state,
                KetamineSession.ordered_ug,
                KetamineSession.may_add_ug,
                KetamineSession.may_add_from_minutes,
                KetamineSession.may_add_to_minutes,
                KetamineSession.discharged_at,
                KetamineSession.end_reason,
                KetamineSession.breach_reason,
                KetamineSession.no_integration_reason,
                Series.product_route,
                Series.ordered_count,
                Series.is_maintenance,
                _orderer.name.label("ordered_by"),
                Administration.id.label("administration_id"),
                Administration.kind,
                Administration.ug,
                Administration.started_at,
                Administration.ended_at,
                Administration.confirmed_at,
                _teller.name.label("told_by"),
                _went_on_with().label("went_on_with"),
            )
            .join(Episode, Episode.id == KetamineSession.episode_id)
            .join(Series, Series.id == KetamineSession.series_id)
            .outerjoin(_orderer, _orderer.id == KetamineSession.ordered_by_id)
            .outerjoin(
                Administration,
                and_(
                    Administration.ketamine_session_id == KetamineSession.id,
                    Administration.voided_at.is_(None),
                ),
            )
            .outerjoin(_teller, _teller.id == Administration.told_by_id)
            .where(Episode.client_id == client_id, visible_episodes(asked.viewer, asked.now))
            .order_by(KetamineSession.id, Administration.started_at, Administration.id)
        )
    )


def _went_on_with() -> Any:
    """Who has what a session is still owed in the therapy that goes on after its course.

    Whose it is may be known to whoever sees the client, as who is on a course may be.
    """
    return (
        select(func.max(_therapist.name))
        .select_from(IntegrationSession)
        .join(
            IntegrationSessionFor,
            IntegrationSessionFor.integration_session_id == IntegrationSession.id,
        )
        .join(_therapist, _therapist.id == IntegrationSession.therapist_id)
        .where(
            IntegrationSessionFor.ketamine_session_id == KetamineSession.id,
            IntegrationSession.from_episode_id == KetamineSession.episode_id,
            IntegrationSession.kind == IntegrationKind.FULL,
            IntegrationSession.held_at.is_(None),
            IntegrationSession.closed_at.is_(None),
            IntegrationSession.dropped_at.is_(None),
        )
        .scalar_subquery()
    )


def _integrations(db: Session, asked: Asked, client_id: str) -> list[Any]:
    """Every integration session that was not taken back, a row a thing it integrates."""
    return list(
        db.execute(
            select(
                IntegrationSession.id,
                IntegrationSession.episode_id,
                IntegrationSession.kind,
                IntegrationSession.how,
                IntegrationSession.place,
                IntegrationSession.planned_at,
                IntegrationSession.held_at,
                IntegrationSession.closed_at,
                IntegrationSession.close_reason,
                IntegrationSession.close_note,
                func.coalesce(_holder.name, _therapist.name, "").label("therapist"),
                IntegrationSessionFor.ketamine_session_id,
                IntegrationSessionFor.outside_experience_id,
            )
            .join(Episode, Episode.id == IntegrationSession.episode_id)
            .outerjoin(
                IntegrationSessionFor,
                IntegrationSessionFor.integration_session_id == IntegrationSession.id,
            )
            .outerjoin(_therapist, _therapist.id == IntegrationSession.therapist_id)
            .outerjoin(_holder, _holder.id == IntegrationSession.held_by_id)
            .where(
                Episode.client_id == client_id,
                visible_episodes(asked.viewer, asked.now),
                IntegrationSession.dropped_at.is_(None),
            )
            .order_by(IntegrationSession.id, IntegrationSessionFor.id)
        )
    )


class _History:
    """Puts doses and integrations together, beside what the standings say of the open ones."""

    def __init__(
        self,
        courses: Iterable[CourseStanding],
        dose_rows: Iterable[Any],
        integration_rows: Iterable[Any],
        asked: Asked,
    ) -> None:
        self._asked = asked
        self._dose_rows = _by_id(dose_rows)
        self._parts = {
            dose_id: tuple(_part(row) for row in rows if row.administration_id is not None)
            for dose_id, rows in self._dose_rows.items()
        }
        self._dose_lines: dict[str, DoseLine] = {}
        debts, open_lines = [], {}
        for course in courses:
            self._dose_lines |= {dose.id: dose for dose in course.doses}
            if course.last_dose:
                self._dose_lines.setdefault(course.last_dose.id, course.last_dose)
            for line in course.integrations:
                if line.id is None:
                    debts.append(line)
                else:
                    open_lines[line.id] = line
        self._integrated: set[str] = set()
        by_holding = sorted(_by_id(integration_rows).values(), key=_held_first)
        self._integrations = [
            self._integration(rows, open_lines.get(rows[0].id)) for rows in by_holding
        ]
        self._integrations += [self._debt(line) for line in debts]
        self._integrations.sort(key=lambda one: one.at or asked.now, reverse=True)

    def doses(self) -> tuple[ClientDose, ...]:
        """Every ketamine session, the newest first."""
        numbers = self._numbers()
        doses = [self._dose(rows, numbers.get(id_)) for id_, rows in self._dose_rows.items()]
        return tuple(sorted(doses, key=lambda dose: (dose.at, dose.id), reverse=True))

    def without_dose(self) -> tuple[ClientIntegration, ...]:
        """The integrations that follow no ketamine session shown here, the newest first."""
        shown = self._dose_rows.keys()
        return tuple(one for one in self._integrations if shown.isdisjoint(one.dose_ids))

    def _numbers(self) -> Mapping[str, int]:
        """Rule 8: the place of a dose in its series, as `queries.standing` counts it."""
        series: defaultdict[str, list[tuple[datetime, str]]] = defaultdict(list)
        for id_, (row, *_) in self._dose_rows.items():
            if not ends_session(row.status):
                first_given_at = min((part.started_at for part in self._parts[id_]), default=None)
                series[row.series_id].append((first_given_at or row.planned_at, id_))
        return {
            id_: number for places in series.values() for id_, number in numbered(places).items()
        }

    def _dose(self, rows: list[Any], number: int | None) -> ClientDose:
        row = rows[0]
        return ClientDose(
            id=row.id,
            episode_id=row.episode_id,
            series_id=row.series_id,
            is_maintenance=row.is_maintenance,
            number=number,
            of=row.ordered_count,
            product_route=row.product_route,
            status=row.status,
            planned_at=row.planned_at,
            place=row.place,
            people_present=row.people_present,
            at_home=row.at_home,
            order_state=row.order_state,
            ordered_ug=row.ordered_ug,
            may_add=may_add(row.may_add_ug, row.may_add_from_minutes, row.may_add_to_minutes),
            ordered_by=row.ordered_by or "",
            given=self._parts[row.id],
            discharged_at=row.discharged_at,
            end_reason=row.end_reason,
            breach_reason=row.breach_reason,
            no_integration_reason=row.no_integration_reason,
            integrations=tuple(one for one in self._integrations if row.id in one.dose_ids),
            went_on_with=row.went_on_with or "",
            line=self._dose_lines.get(row.id),
        )

    def _integration(self, rows: list[Any], line: IntegrationLine | None) -> ClientIntegration:
        row = rows[0]
        dose_ids = tuple(one.ketamine_session_id for one in rows if one.ketamine_session_id)
        last_given: list[datetime] = []
        if row.kind is IntegrationKind.FULL:
            # Once a dose is integrated, no clock runs for a further session about it.
            counted = [id_ for id_ in dose_ids if id_ not in self._integrated]
            last_given = [
                max(part.anchor for part in self._parts[id_])
                for id_ in counted
                if self._parts.get(id_)
            ]
            if row.held_at is not None:
                self._integrated.update(dose_ids)
        return ClientIntegration(
            id=row.id,
            episode_id=row.episode_id,
            dose_ids=dose_ids,
            experience_ids=tuple(
                one.outside_experience_id for one in rows if one.outside_experience_id
            ),
            kind=row.kind,
            how=row.how,
            place=row.place,
            therapist=row.therapist,
            planned_at=row.planned_at,
            held_at=row.held_at,
            closed_at=row.closed_at,
            close_reason=row.close_reason,
            close_note=row.close_note if self._asked.viewer.reads_notes else "",
            last_given_at=earliest_clock((at, False) for at in last_given)[0],
            line=line,
        )

    def _debt(self, line: IntegrationLine) -> ClientIntegration:
        return ClientIntegration(
            id=None,
            episode_id=line.episode_id,
            dose_ids=tuple(dose.id for dose in line.doses),
            experience_ids=(),
            kind=IntegrationKind.FULL,
            how=None,
            place="",
            therapist=line.therapist.name if line.therapist else "",
            planned_at=None,
            held_at=None,
            closed_at=None,
            close_reason=None,
            close_note="",
            last_given_at=line.standing.facts.last_given_at,
            line=line,
        )


def _by_id(rows: Iterable[Any]) -> Mapping[str, list[Any]]:
    groups: defaultdict[str, list[Any]] = defaultdict(list)
    for row in rows:
        groups[row.id].append(row)
    return groups


def _held_first(rows: list[Any]) -> tuple[bool, datetime | str]:
    """Held ones by when they were held, then the others."""
    row = rows[0]
    return (False, row.held_at) if row.held_at else (True, row.id)


def _part(row: Any) -> GivenPart:
    return GivenPart(
        kind=row.kind,
        ug=row.ug,
        started_at=row.started_at,
        ended_at=row.ended_at,
        told_by=row.told_by if row.confirmed_at is None else None,
    )
