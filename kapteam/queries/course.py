"""One course of care, with what its forms start from: members, hold, clearance, consents."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, func, or_, select, union_all
from sqlalchemy.orm import Session, aliased

from kapteam.db import home_rows
from kapteam.db.access import visible_episodes
from kapteam.db.loose_ends import loose
from kapteam.db.series import count_of, counts, has_given, is_last_review
from kapteam.db.signal_rows import critical_selects
from kapteam.db.tables import (
    Clearance,
    Client,
    Clinician,
    Consent,
    Ending,
    Episode,
    EpisodeMember,
    Hold,
    OutsideExperience,
    Series,
    SeriesReview,
    SignOff,
)
from kapteam.errors import NotFound
from kapteam.queries.agreed import LeftByReviews, left_by_reviews, review_selects
from kapteam.queries.client_names import ClientName, client_named
from kapteam.queries.critical import critical_of
from kapteam.queries.evaluation import evaluation_of
from kapteam.queries.standing import Asked, CourseHead, home_standing
from kapteam.queries.views import is_seen_this_hour
from kapteam.rules.alerts import LONGEST_QUIET, Signal
from kapteam.rules.ceiling import Ceiling
from kapteam.rules.evaluation import Evaluation
from kapteam.rules.home_supply import HomeStanding
from kapteam.rules.loose_ends import Loose
from kapteam.rules.pathway import ConsentFacts, moves
from kapteam.rules.permissions import hold_reason_for
from kapteam.rules.series import SeriesCount, goes_on
from kapteam.vocabulary import (
    ClearanceDecision,
    CloseReason,
    ConsentType,
    EpisodeState,
    FinalScores,
    HoldReason,
    Indication,
    Part,
    ProductRoute,
    ServiceLine,
)

# Who set that measures are asked for, beside the one who reviewed the series.
_asking = aliased(Clinician)
# Made once: what is asked of an alias is put together when it is first asked.
_signer = aliased(Clinician)
_setter, _releaser = aliased(Clinician), aliased(Clinician)
_decider = aliased(Clinician)


@dataclass(frozen=True, slots=True)
class Member:
    """Who has a part now; `clinician_id` None is somebody elsewhere. A cover has an end."""

    id: str
    part: Part
    clinician_id: str | None
    name: str
    from_at: datetime
    until_at: datetime | None


@dataclass(frozen=True, slots=True)
class CourseHold:
    """A pause; in force until it is released, which says why it ended."""

    id: str
    reason: HoldReason
    note: str
    since_at: datetime
    look_again_on: date
    set_by: str
    released_at: datetime | None
    released_by: str | None
    release_note: str


@dataclass(frozen=True, slots=True)
class ClearanceLine:
    """One clearance; the newest one holds.

    `rests_on` is what it rests on, None for who reads no notes.
    """

    id: str
    decision: ClearanceDecision
    routes: tuple[ProductRoute, ...]
    ceiling: Ceiling | None
    conditions: str
    in_person_on: date | None
    valid_until_on: date | None
    decided_by: str
    decided_at: datetime
    rests_on: Evaluation | None


@dataclass(frozen=True, slots=True)
class ConsentLine:
    """One consent; the newest of its type holds. With `voided_at` it was entered in error."""

    id: str
    type: ConsentType
    form_version: str
    signed_on: date
    expires_on: date | None
    revoked_on: date | None
    voided_at: datetime | None
    void_reason: str
    is_newest: bool

    def is_in_date(self, on: date) -> bool:
        """Whether it counts on that day (rule 22)."""
        facts = ConsentFacts(self.type, self.expires_on, self.revoked_on)
        return self.is_newest and self.voided_at is None and facts.is_in_date(on)


@dataclass(frozen=True, slots=True)
class Experience:
    """An experience elsewhere, as the client tells it; with `voided_at` entered in error."""

    id: str
    substance: str
    happened: str
    circumstances: str
    voided_at: datetime | None
    void_reason: str


@dataclass(frozen=True, slots=True)
class SignOffLine:
    """The sign-off of one of those who treated; without `signed_at` it waits on that person.

    `signed_by` says who signed it for them, where that was somebody else. `is_off`: that person can
    sign in no more.
    """

    id: str
    part: Part
    clinician_id: str
    name: str
    signed_at: datetime | None
    signed_by: str | None
    is_off: bool


@dataclass(frozen=True, slots=True)
class CourseEnding:
    """Who ended a course, what was asked then, and who signs its end off (rule 56)."""

    ended_by: str
    final_scores: FinalScores
    final_scores_why: str
    medicine_at_home: bool | None
    medicine_note: str
    sign_offs: tuple[SignOffLine, ...]


@dataclass(frozen=True, slots=True)
class ReviewLine:
    """What the review before a session came to; without words for the front desk."""

    before_number: int
    words: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RunningSeries:
    """The course's open series; it `goes_on` unless maintenance began since (rule 8).

    `has_given` once a dose of it was given; `review` is the last one.
    """

    id: str
    product_route: ProductRoute
    started_at: datetime
    count: SeriesCount
    goes_on: bool
    has_given: bool
    review: ReviewLine | None


@dataclass(frozen=True, slots=True)
class Course:
    """Everything about one course of care but its sessions and notes.

    `seen_this_hour`: the audit log has it already that the viewer opened this chart.
    `measures_asked` says since when, and by whom set, outcome measures are asked for all the same.
    `told` are the experiences elsewhere with those that were entered in error. `loose` is what is
    not settled and `home` the medicine at home while it is open, `ending` how it ended. `critical`
    are the client's critical answers, where they were read with it; None: not read. `reviews` is
    what case reviews left on it.
    """

    client: ClientName
    seen_this_hour: bool
    id: str
    version: int
    service_line: ServiceLine
    indications: tuple[Indication, ...]
    state: EpisodeState
    state_since: datetime
    opened_at: datetime
    closed_at: datetime | None
    close_reason: CloseReason | None
    close_note: str
    expects_intention: bool
    expects_integration: bool
    measures_asked: tuple[datetime, str] | None
    members: tuple[Member, ...]
    holds: tuple[CourseHold, ...]
    clearances: tuple[ClearanceLine, ...]
    consents: tuple[ConsentLine, ...]
    told: tuple[Experience, ...]
    loose: tuple[Loose, ...]
    home: HomeStanding | None
    critical: tuple[Signal, ...] | None
    ending: CourseEnding | None
    series: RunningSeries | None
    reviews: LeftByReviews

    @property
    def head(self) -> CourseHead:
        """What stands at the top of every page about the course."""
        hold = self.hold
        return CourseHead(
            self.client,
            self.id,
            self.service_line,
            self.state,
            self.expects_intention,
            self.expects_integration,
            hold.reason if hold else None,
            hold.look_again_on if hold else None,
        )

    @property
    def moves(self) -> tuple[EpisodeState, ...]:
        """The states it may go to, closing aside."""
        legal = moves(self.service_line, self.state)
        return tuple(state for state in legal if state is not EpisodeState.CLOSED)

    @property
    def hold(self) -> CourseHold | None:
        """The pause in force."""
        return next((one for one in self.holds if one.released_at is None), None)

    @property
    def experiences(self) -> tuple[Experience, ...]:
        """The experiences elsewhere that count (rule 66)."""
        return tuple(one for one in self.told if one.voided_at is None)

    @property
    def clearance(self) -> ClearanceLine | None:
        """The clearance that holds."""
        return self.clearances[0] if self.clearances else None

    def member(self, part: Part) -> Member | None:
        """Who has this part now."""
        return member_of(self.members, part)


@dataclass(frozen=True, slots=True)
class CourseBefore:
    """The last course of a client that ended, from which one who comes back starts.

    `waits_on` are those who have not signed off its end.
    """

    closed_at: datetime
    service_line: ServiceLine
    indications: tuple[Indication, ...]
    members: tuple[Member, ...]
    waits_on: tuple[str, ...]

    def colleague(self, part: Part) -> str | None:
        """Who had this part, of those who work here."""
        member = member_of(self.members, part)
        return member.clinician_id if member else None


def member_of(members: Iterable[Member], part: Part) -> Member | None:
    """Who of them has this part."""
    return next((one for one in members if one.part is part), None)


def course(
    db: Session, asked: Asked, episode_id: str, *, in_full: bool = False, to_end: bool = False
) -> Course:
    """The course with this id, in six statements at most; for the front desk without words.

    Two more for how it ended, or `to_end` it, and one `in_full`: the client's critical answers,
    what case reviews left, medicine at home. Only a course without ketamine is about experiences
    elsewhere, and only one with it has medicine at home.

    Raises NotFound when there is none or this person is not on it; the two read the same.
    """
    row = db.execute(
        select(
            Episode,
            Client,
            Series,
            *counts(Series.id),
            has_given(Series.id).label("has_given"),
            SeriesReview,
            Clinician.name.label("reviewed_by"),
            _asking.name.label("asked_by"),
            is_seen_this_hour(asked, Episode.client_id).label("seen"),
        )
        .join(Client, Client.id == Episode.client_id)
        .outerjoin(_asking, _asking.id == Episode.measures_asked_by_id)
        .outerjoin(Series, and_(Series.episode_id == Episode.id, Series.ended_at.is_(None)))
        .outerjoin(SeriesReview, is_last_review(Series.id))
        .outerjoin(Clinician, Clinician.id == SeriesReview.reviewed_by_id)
        .where(Episode.id == episode_id, visible_episodes(asked.viewer, asked.now))
        .order_by(Series.started_at.desc(), Series.id.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such course of care, or you are not on it.")
    episode, client, seen = row.Episode, row.Client, row.seen
    ends = to_end and episode.closed_at is None
    is_kap = episode.service_line is ServiceLine.KAP
    matters = _matters(db, asked, episode) if in_full else None
    at_home = matters is not None and ends and is_kap
    return Course(
        client=client_named(client.id, client),
        seen_this_hour=seen,
        id=episode.id,
        version=episode.version,
        service_line=episode.service_line,
        indications=tuple(Indication(value) for value in episode.indications),
        state=episode.state,
        state_since=episode.state_since,
        opened_at=episode.opened_at,
        closed_at=episode.closed_at,
        close_reason=episode.close_reason,
        close_note=episode.close_note if asked.viewer.reads_notes else "",
        expects_intention=episode.expects_intention,
        expects_integration=episode.expects_integration,
        measures_asked=(episode.measures_asked_at, row.asked_by)
        if episode.measures_asked_at
        else None,
        members=members(db, episode_id, asked.now),
        holds=_holds(db, asked, episode_id),
        clearances=_clearances(db, asked, episode_id),
        consents=_consents(db, episode_id),
        told=() if is_kap else experiences(db, episode_id),
        loose=loose(db, episode, asked.viewer, asked.now) if ends else (),
        home=home_standing(asked, home_rows.facts_of(matters or ())) if at_home else None,
        critical=None if matters is None else critical_of(asked, matters),
        ending=_ending(db, asked, episode),
        series=_running(asked, row),
        reviews=left_by_reviews(asked, matters or ()),
    )


def _matters(db: Session, asked: Asked, episode: Episode) -> list[Any]:
    """Medicine at home, what case reviews left, the client's critical answers: one statement."""
    parts = (
        *home_rows.selects((episode.id,)),
        *critical_selects(episode.client_id, asked.now - LONGEST_QUIET),
        *review_selects(asked, episode.id),
    )
    return list(db.execute(union_all(*parts)).all())


def _running(asked: Asked, row: Any) -> RunningSeries | None:
    """The open series of a row with the `counts` of it."""
    series, course, review = row.Series, row.Episode, row.SeriesReview
    if series is None:
        return None
    words = review.words if review and asked.viewer.reads_notes else ""
    return RunningSeries(
        id=series.id,
        product_route=series.product_route,
        started_at=series.started_at,
        count=count_of(series, row),
        goes_on=goes_on(series.started_at, course.state, course.state_since),
        has_given=row.has_given,
        review=ReviewLine(review.before_number, words, row.reviewed_by, review.reviewed_at)
        if review
        else None,
    )


def course_before(db: Session, asked: Asked, client_id: str) -> CourseBefore | None:
    """The course of this client that ended last, of those that the viewer may see."""
    episode = db.scalar(
        select(Episode)
        .where(
            Episode.client_id == client_id,
            Episode.closed_at.is_not(None),
            visible_episodes(asked.viewer, asked.now),
        )
        .order_by(Episode.closed_at.desc(), Episode.id.desc())
        .limit(1)
    )
    if episode is None or episode.closed_at is None:
        return None
    return CourseBefore(
        closed_at=episode.closed_at,
        service_line=episode.service_line,
        indications=tuple(Indication(value) for value in episode.indications),
        members=members(db, episode.id, asked.now),
        waits_on=tuple(one.name for one in _sign_offs(db, episode) if one.signed_at is None),
    )


def _ending(db: Session, asked: Asked, episode: Episode) -> CourseEnding | None:
    if episode.closed_at is None:
        return None
    row = db.execute(
        select(
            Clinician.name.label("ended_by"),
            Ending.final_scores,
            Ending.final_scores_why,
            Ending.medicine_at_home,
            Ending.medicine_note,
        )
        .join(Clinician, Clinician.id == Ending.ended_by_id)
        .where(Ending.episode_id == episode.id, Ending.ended_at == episode.closed_at)
    ).one_or_none()
    if row is None:
        return None
    hidden: dict[str, Any] = (
        {} if asked.viewer.reads_notes else {"final_scores_why": "", "medicine_note": ""}
    )
    return CourseEnding(**{**row._mapping, **hidden}, sign_offs=_sign_offs(db, episode))


def _sign_offs(db: Session, episode: Episode) -> tuple[SignOffLine, ...]:
    rows = db.execute(
        select(
            SignOff.id,
            SignOff.part,
            SignOff.clinician_id,
            Clinician.name,
            SignOff.signed_at,
            _signer.name.label("signed_by"),
            Clinician.suspended_at.is_not(None).label("is_off"),
        )
        .join(Clinician, Clinician.id == SignOff.clinician_id)
        .outerjoin(
            _signer,
            and_(_signer.id == SignOff.signed_by_id, _signer.id != SignOff.clinician_id),
        )
        .where(SignOff.episode_id == episode.id, SignOff.asked_at == episode.closed_at)
        .order_by(SignOff.part, SignOff.id)
    )
    return tuple(SignOffLine(**row._mapping) for row in rows)


def members(db: Session, episode_id: str, now: datetime) -> tuple[Member, ...]:
    """Who has which part in a course now."""
    rows = db.execute(
        select(
            EpisodeMember.id,
            EpisodeMember.part,
            EpisodeMember.clinician_id,
            func.coalesce(Clinician.name, EpisodeMember.elsewhere).label("name"),
            EpisodeMember.from_at,
            EpisodeMember.until_at,
        )
        .outerjoin(Clinician, Clinician.id == EpisodeMember.clinician_id)
        .where(
            EpisodeMember.episode_id == episode_id,
            EpisodeMember.from_at <= now,
            or_(EpisodeMember.until_at.is_(None), EpisodeMember.until_at > now),
        )
        .order_by(EpisodeMember.part, EpisodeMember.from_at)
    )
    return tuple(Member(**row._mapping) for row in rows)


def _holds(db: Session, asked: Asked, episode_id: str) -> tuple[CourseHold, ...]:
    rows = db.execute(
        select(
            Hold.id,
            Hold.reason,
            Hold.note,
            Hold.since_at,
            Hold.look_again_on,
            _setter.name.label("set_by"),
            Hold.released_at,
            _releaser.name.label("released_by"),
            Hold.release_note,
        )
        .join(_setter, _setter.id == Hold.set_by_id)
        .outerjoin(_releaser, _releaser.id == Hold.released_by_id)
        .where(Hold.episode_id == episode_id)
        .order_by(Hold.since_at.desc(), Hold.id.desc())
    )
    hidden: dict[str, Any] = {} if asked.viewer.reads_notes else {"note": "", "release_note": ""}
    return tuple(
        CourseHold(
            **{**row._mapping, **hidden, "reason": hold_reason_for(asked.viewer, row.reason)}
        )
        for row in rows
    )


def _clearances(db: Session, asked: Asked, episode_id: str) -> tuple[ClearanceLine, ...]:
    rows = db.execute(
        select(Clearance, _decider.name.label("decided_by"))
        .join(_decider, _decider.id == Clearance.decided_by_id)
        .where(Clearance.episode_id == episode_id)
        .order_by(Clearance.decided_at.desc(), Clearance.id.desc())
    )
    return tuple(_clearance(asked, *row) for row in rows)


def _clearance(asked: Asked, row: Clearance, decided_by: str) -> ClearanceLine:
    return ClearanceLine(
        id=row.id,
        decision=row.decision,
        routes=tuple(ProductRoute(route) for route in row.routes),
        ceiling=Ceiling.of(row.ceiling_ug, row.ceiling_ug_per_kg),
        conditions=row.conditions,
        in_person_on=row.in_person_on,
        valid_until_on=row.valid_until_on,
        decided_by=decided_by,
        decided_at=row.decided_at,
        rests_on=evaluation_of(row) if asked.viewer.reads_notes else None,
    )


def _consents(db: Session, episode_id: str) -> tuple[ConsentLine, ...]:
    rows = db.execute(
        select(
            Consent.id,
            Consent.type,
            Consent.form_version,
            Consent.signed_on,
            Consent.expires_on,
            Consent.revoked_on,
            Consent.voided_at,
            Consent.void_reason,
            (
                func.row_number().over(
                    partition_by=(Consent.type, Consent.voided_at.is_(None)),
                    order_by=(
                        Consent.signed_on.desc(),
                        Consent.recorded_at.desc(),
                        Consent.id.desc(),
                    ),
                )
                == 1
            ).label("is_newest"),
        )
        .where(Consent.episode_id == episode_id)
        .order_by(Consent.type, Consent.signed_on.desc())
    )
    return tuple(ConsentLine(**row._mapping) for row in rows)


def experiences(db: Session, episode_id: str) -> tuple[Experience, ...]:
    """The experiences elsewhere of a course, those that were entered in error too."""
    rows = db.execute(
        select(
            OutsideExperience.id,
            OutsideExperience.substance,
            OutsideExperience.happened,
            OutsideExperience.circumstances,
            OutsideExperience.voided_at,
            OutsideExperience.void_reason,
        )
        .where(OutsideExperience.episode_id == episode_id)
        .order_by(OutsideExperience.recorded_at, OutsideExperience.id)
    )
    return tuple(Experience(**row._mapping) for row in rows)
