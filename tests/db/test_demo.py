"""The demo practice: what it promises at any hour, and that opening it harms nothing."""

import shutil
from collections import defaultdict
from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select, text

from kapteam import demo
from kapteam.accounts import sign_ins
from kapteam.actions.clients import PinnedLineEntered, pin_line
from kapteam.actions.episodes import open_episode
from kapteam.clock import day_of
from kapteam.db.engine import Session
from kapteam.db.in_force import practice_in_force
from kapteam.db.practices import DEMO, PRACTICE, database
from kapteam.db.tables import (
    AuditEvent,
    Client,
    Clinician,
    Concern,
    Consent,
    Contact,
    Episode,
    EpisodeMember,
    IntegrationSession,
    KetamineSession,
    MonitoringSubmission,
    Note,
    NoteAddendum,
    NoteAmendment,
    OtherMedicine,
    RecordSignature,
)
from kapteam.demo.days import Days
from kapteam.demo.people import (
    COLLEAGUES,
    DIRECTOR,
    FRONT_DESK,
    OKAFOR,
    PRESCRIBER,
    THERAPIST,
    Colleague,
)
from kapteam.demo.story import compose
from kapteam.demo.telling import Telling
from kapteam.errors import Invalid
from kapteam.queries.case_review import case_agenda, meeting
from kapteam.queries.client import client_page
from kapteam.queries.find import find_clients
from kapteam.queries.for_review import for_review
from kapteam.queries.inquiries import inquiries
from kapteam.queries.practice import team
from kapteam.queries.scores import client_scores
from kapteam.queries.standing import (
    Asked,
    CourseLine,
    CourseStanding,
    course_lines,
    course_standings,
    own_courses,
)
from kapteam.queries.today import today
from kapteam.rules.asks import AskStage
from kapteam.rules.attention import Reason
from kapteam.rules.case_review import Topic
from kapteam.rules.change import ChipKind
from kapteam.rules.dosing import Silence
from kapteam.rules.evaluation import TRIALS_ASKED, adequate_trials, not_asked, present
from kapteam.rules.integration import IntegrationStage
from kapteam.rules.monitoring_form import FormStage
from kapteam.rules.notes import IntentionStage
from kapteam.rules.slots import USUAL_HOURS
from kapteam.settings import settings
from kapteam.vocabulary import (
    ActionEnd,
    ConcernLevel,
    EpisodeState,
    ForReview,
    Function,
    HoldReason,
    InquiryOutcome,
    NoteKind,
    OrderState,
    OutsideParty,
    Part,
    ProductRoute,
    ReadinessItem,
    ReviewDecision,
    ServiceLine,
    SessionStatus,
    Tone,
)
from kapteam.wording import full_name, initials, moment

ZONE = ZoneInfo("America/Phoenix")
HOUR = timedelta(hours=1)


def at(year: int, month: int, day: int, *clock: int) -> datetime:
    """A moment in Phoenix, in UTC."""
    return datetime(year, month, day, *clock, tzinfo=ZONE).astimezone(UTC)


EDGES = (
    at(2026, 11, 25, 0, 0),
    at(2026, 11, 25, 0, 0, 30),
    at(2026, 11, 25, 0, 5),
    at(2026, 11, 25, 23, 50),
    at(2026, 11, 25, 23, 55),
    at(2026, 11, 25, 23, 58, 59),
    at(2026, 11, 25, 23, 59, 30),
    at(2026, 12, 31, 23, 55),
    at(2027, 1, 1, 0, 5),
    at(2027, 2, 28, 12, 0),
    at(2028, 2, 29, 8, 30),
    at(2028, 3, 1, 0, 5),
)
A_WEEK = tuple(at(2026, 11, 23) + timedelta(hours=3 * step, minutes=7) for step in range(56))
# Both ends of a day, a weekend, the leap day and the turn of the year. For other instants the demo
# is only composed, which takes no time.
BUILT = (
    pytest.param(at(2026, 11, 23, 0, 5), id="as Monday begins"),
    pytest.param(at(2026, 12, 31, 23, 55), id="as the year ends"),
    pytest.param(at(2028, 2, 29, 14, 30), id="on the leap day", marks=pytest.mark.in_ci),
    pytest.param(at(2026, 11, 28, 10, 15), id="on a Saturday", marks=pytest.mark.in_ci),
    # What is told days before steps back over a weekend, each weekday from another place.
    pytest.param(at(2026, 11, 25, 9, 30), id="on a Wednesday"),
    pytest.param(at(2026, 11, 27, 9, 30), id="on a Friday"),
    pytest.param(at(2026, 11, 26, 16, 45), id="on a Thursday", marks=pytest.mark.in_ci),
    # Here a note was told as signed after what became of what it agreed.
    pytest.param(at(2026, 11, 27, 12, 28), id="at noon on a Friday"),
    pytest.param(at(2026, 11, 29, 20, 0), id="on a Sunday", marks=pytest.mark.in_ci),
)
OPENED = at(2026, 11, 24, 14, 30)


@pytest.fixture
def built_demo(demo_file: Path, data_folder: Path) -> Path:
    """The demo built at `OPENED`, in this test's own data folder."""
    data_folder.mkdir()
    return Path(shutil.copy(demo_file, settings().demo_path))


@pytest.fixture
def short_story(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only Amara Okafor becomes a client: for tests about the file, not about what is in it."""

    def compose_shortly(telling: Telling) -> None:
        telling.becomes_client(telling.days.at(-1, 10), OKAFOR)

    monkeypatch.setattr(demo, "compose", compose_shortly)


def asked(db: Session, who: Colleague, now: datetime) -> Asked:
    practice = practice_in_force(db, now)
    assert practice is not None
    return Asked(who.viewer(), practice, now)


def a_visitor_pins(line: str, now: datetime) -> None:
    """Somebody who looks at the demo writes something in it."""
    with database(DEMO).writing() as db:
        client = db.scalars(select(Client).where(Client.family_name == "Okafor")).one()
        pin_line(db, THERAPIST.viewer(), PinnedLineEntered(client.id, client.version, line), now)


def pinned_line() -> str:
    with database(DEMO).reading() as db:
        return db.scalars(select(Client.pinned_line).where(Client.family_name == "Okafor")).one()


def doses_ahead_today(now: datetime) -> int:
    with database(DEMO).reading() as db:
        return today(db, asked(db, THERAPIST, now)).doses_left_today


def shared_courses(db: Session, now: datetime) -> list[CourseStanding]:
    """The courses that both the therapist and the prescriber of the demo see as theirs."""
    seen = []
    for who in (THERAPIST, PRESCRIBER):
        looks = asked(db, who, now)
        seen.append(
            {one.episode_id: one for one in course_standings(db, looks, own_courses(looks))}
        )
    theirs, others = seen
    return [course for key, course in theirs.items() if key in others]


def promises_of_doses(courses: list[CourseStanding], now: datetime) -> dict[str, bool]:
    on = day_of(now, ZONE)
    doses = [dose for course in courses for dose in course.doses]
    ahead = [dose for dose in doses if dose.is_ahead and dose.planned_at > now]
    last = [course.last_dose for course in courses if course.last_dose is not None]
    stages = {dose.intention.stage for dose in ahead}
    near = [dose for dose in ahead if dose.planned_at - now <= 72 * HOUR]
    return {
        "two doses ahead today, or one late in the evening": sum(
            day_of(one.planned_at, ZONE) == on for one in ahead
        )
        >= (2 if now.astimezone(ZONE).hour < 21 else 1),
        "one given today with a booster": any(
            one.last_given_at
            and day_of(one.last_given_at, ZONE) == on
            and (one.given_ug or 0) > (one.ordered_ug or 0)
            for one in last
        ),
        "was this given?": any(one.silence is Silence.WAS_THIS_GIVEN for one in doses),
        "not closed": any(one.silence is Silence.NOT_CLOSED for one in doses),
        "no intention within 72 hours": any(
            one.intention.stage is IntentionStage.MISSING for one in near
        ),
        "an intention draft of the therapist": any(
            one.intention.holder == THERAPIST.name and one.intention.tone is Tone.AMBER
            for one in ahead
        ),
        "intentions signed, stale and not due": stages
        >= {IntentionStage.SIGNED, IntentionStage.STALE, IntentionStage.NOT_DUE},
        "a dose not ordered soon": any(one.order_state is OrderState.NONE for one in near),
        "a dose proposed": any(one.order_state is OrderState.PROPOSED for one in ahead),
        "everything ahead is cleared": not any(
            one.is_lacking(ReadinessItem.CLEARANCE) for one in ahead
        ),
        "a dose without a ride home soon": any(one.is_lacking(ReadinessItem.RIDE) for one in near),
        "a changed medicine to decide about": any(
            one.is_lacking(ReadinessItem.MEDICINES) for one in near
        ),
        "a dose that is ready": any(one.is_ready for one in near),
    }


def promises_of_questions(courses: list[CourseStanding]) -> dict[str, bool]:
    asked = [one.short.standing for course in courses for one in course.asks]
    waits = [one.is_overdue for one in asked if one.stage is AskStage.OPEN]
    return {
        "a question that waits for an answer": False in waits,
        "one past its time": True in waits,
        "one whose answer is to be read": any(one.stage is AskStage.ANSWERED for one in asked),
    }


def promises_of_reviews(db: Session, now: datetime) -> dict[str, bool]:
    looks = asked(db, THERAPIST, now)
    agenda = case_agenda(db, looks, PRESCRIBER.id)
    [head] = agenda.past
    held = meeting(db, looks, head.id)
    agreed = [one for item in held.items for one in item.actions]
    open_ones = [one.due_on for one in agreed if one.ended_at is None]
    topics = [topic for row in agenda.rows for topic in row.entry.topics]
    return {
        "a review of about a week ago, whose minutes both confirmed": timedelta(days=5)
        < now - head.started_at
        < timedelta(days=12)
        and all(one.confirmed_at for one in head.members),
        "a dozen decisions in words": sum(bool(one.words) for one in held.items) >= 12,
        "one proposed change of dose, confirmed": [
            one.confirmed_by
            for one in held.items
            if one.decision is ReviewDecision.DOSE and one.decided_by == THERAPIST.name
        ]
        == [PRESCRIBER.name],
        "one client not reached, who heads the agenda": [one.client.id for one in held.not_reached]
        == [agenda.rows[0].course.client.id],
        "one action done, one overdue, one ahead": [one.ended_as for one in agreed].count(
            ActionEnd.DONE
        )
        == 1
        and sorted(due_on < day_of(now, ZONE) for due_on in open_ones) == [False, True],
        "one mark to discuss": topics.count(Topic.DISCUSS) == 1,
        "what both saw is kept": all(one.facts for one in held.items if one.decision),
    }


def promises_of_integrations(courses: list[CourseStanding], now: datetime) -> dict[str, bool]:
    lines = [line for course in courses for line in course.integrations]
    hours = {
        stage: [
            one.standing.since / HOUR
            for one in lines
            if one.standing.stage is stage and one.standing.since is not None
        ]
        for stage in IntegrationStage
    }
    late = hours[IntegrationStage.LATE]
    return {
        "one late after 24 hours": sum(24 < since <= 48 for since in late) == 1,
        "one late after 48 hours": sum(48 < since <= 72 for since in late) == 1,
        "one late after 72 hours": sum(since > 72 for since in late) == 1,
        "one not booked inside 24 hours": any(
            since < 24 for since in hours[IntegrationStage.NOT_BOOKED]
        ),
        "one booked inside": any(since < 24 for since in hours[IntegrationStage.BOOKED]),
        "one booked outside": bool(hours[IntegrationStage.BOOKED_OUTSIDE]),
        "one agreed for a day": bool(hours[IntegrationStage.AGREED]),
        "was this held?": len(hours[IntegrationStage.WAS_THIS_HELD]) == 1,
        "one note to finish": any(
            one.standing.stage is IntegrationStage.HELD and one.note_author_id == THERAPIST.id
            for one in lines
        ),
    }


def promises_of_courses(db: Session, now: datetime) -> dict[str, bool]:
    looks = {who: asked(db, who, now) for who in (THERAPIST, PRESCRIBER)}
    courses = {
        course.episode_id: course
        for look in looks.values()
        for course in course_standings(db, look, own_courses(look))
    }
    found = list(courses.values())
    lines = {
        course.client.id: {one.service_line for one in found if one.client.id == course.client.id}
        for course in found
    }
    holds = {course.hold.reason for course in found if course.hold}
    [new] = find_clients(db, looks[THERAPIST], "Zielinska")
    returned = find_clients(db, looks[THERAPIST], "Ishikawa")[0].details.code
    maintained = find_clients(db, looks[THERAPIST], "Lindqvist")[0].details.code
    (line,) = client_page(db, looks[THERAPIST], maintained).lines
    assert line.cleared
    evaluated = line.cleared.rests_on
    consents_end = db.scalars(select(Consent.expires_on).where(Consent.expires_on.is_not(None)))
    return {
        "states": {course.state for course in found} >= set(EpisodeState) - {EpisodeState.CLOSED},
        "two ended": db.scalar(select(func.count()).where(Episode.closed_at.is_not(None))) == 2,
        "one waits for the prescriber's sign-off since five days": any(
            row.attention.reason is Reason.SIGN_OFF and timedelta(days=4) < now - row.attention.at
            for row in today(db, looks[PRESCRIBER]).waiting_on_me
            if row.attention.at
        ),
        "therapy goes on after it, with a next step": any(
            course.service_line is ServiceLine.THERAPY_AFTER_KAP and course.next_step
            for course in found
        ),
        "one client came back": any(
            line.closed_at is not None and page.courses
            for page in [client_page(db, looks[THERAPIST], returned)]
            for line in page.lines
        ),
        "somebody new without a course": new.courses == (),
        "psychedelic integration by a day set by hand": any(
            course.service_line is ServiceLine.PSYCHEDELIC_INTEGRATION
            and any(line.standing.facts.due_on for line in course.integrations)
            for course in found
        ),
        "both service lines": any(len(both) == 2 for both in lines.values()),
        "Spravato alone": any(
            course.series is not None
            and course.series.product_route is ProductRoute.ESKETAMINE_NASAL
            and not (course.expects_intention or course.expects_integration or course.integrations)
            for course in found
        ),
        "a monitoring form that went out, one due and one overdue": {
            FormStage.DUE,
            FormStage.OVERDUE,
        }
        <= {one.form.stage for course in found for one in course.attention if one.form}
        and bool(db.scalar(select(func.count(MonitoringSubmission.id)))),
        "holds": HoldReason.TRAVEL in holds and any(reason.is_medical for reason in holds),
        "a clearance ends soon": any(
            one.reason is Reason.CLEARANCE_ENDS and one.tone is Tone.AMBER
            for course in found
            for one in course.attention
        ),
        "two adequate trials and more, one thing that speaks against it, and some not asked": (
            adequate_trials(evaluated.trials) > TRIALS_ASKED
            and len(present(evaluated.findings)) == 1
            and bool(not_asked(evaluated.findings))
        ),
        "a consent runs out": any(
            timedelta(0) < ends - day_of(now, ZONE) <= timedelta(days=30)
            for ends in consents_end
            if isinstance(ends, date)
        ),
        "series of four and six of six": {(4, 6), (6, 6)}
        <= {(one.series.given, one.series.ordered) for one in found if one.series},
        "one called off and to be booked again": [
            one.ended
            for course in found
            for one in course.attention
            if one.reason is Reason.TO_REBOOK
        ]
        == [SessionStatus.CANCELLED],
        "a call back due today by the front desk, before the first dose": any(
            one.reason is Reason.CALL_BACK
            and one.wait.call_back_on == day_of(now, ZONE)
            and course.awaited(one).id == FRONT_DESK.id
            and course.last_dose is None
            and course.stuck.is_since_call
            for course in found
            for one in course.attention
        ),
        "primary care, not yet due": any(
            line.facts.kind is OutsideParty.PRIMARY_CARE
            and not line.facts.is_due(day_of(now, ZONE))
            for course in found
            for line in course.waits
        ),
        "an authorization with one visit left": [
            course.authorization.facts.left for course in found if course.authorization
        ]
        == [1],
        "pinned lines": sum(bool(course.pinned.text) for course in found) >= 5,
    }


def promises_of_people(db: Session, now: datetime) -> dict[str, bool]:
    clients = db.scalars(select(Client)).all()
    colleagues = team(db, asked(db, THERAPIST, now))
    functions = [one.functions for one in colleagues]
    both = {Function.PRESCRIBER, Function.THERAPIST}
    called = inquiries(db, asked(db, THERAPIST, now))
    calls = [one.outcome for one in (*called.open, *called.settled)]
    similar = [one for one in clients if initials(one.family_name, one.given_name) == "J.E."]
    return {
        "24 clients": len(clients) >= 24,
        "two with the same initials": len(similar) == 2,
        "a name of 30 characters": any(
            len(full_name(one.family_name, one.given_name)) == 30 for one in clients
        ),
        "a preferred name": any(one.preferred_name for one in clients),
        "two prescribers": functions.count(frozenset({Function.PRESCRIBER})) >= 2,
        "three therapists": functions.count(frozenset({Function.THERAPIST})) >= 3,
        "one who is both": functions.count(frozenset(both)) == 1,
        "a nurse and a front desk": {Function.NURSE, Function.COORDINATOR}
        <= frozenset().union(*functions),
        "inquiries": calls.count(None) == 2 and InquiryOutcome.REFERRED_OUT in calls,
        "no phone number leads to anybody": all("-555-01" in one.phone for one in clients),
    }


def both_write(db: Session) -> bool:
    """Whether the two people whom one can be have signed notes about courses, and one is open."""
    rows = db.execute(select(Note.kind, Note.author_id, Note.signed_at)).all()
    signed = {(row.kind, row.author_id) for row in rows if row.signed_at}
    return (
        {kind for kind, _ in signed} == set(NoteKind)
        and {author for kind, author in signed if kind is NoteKind.RISK}
        == {author for kind, author in signed if kind is NoteKind.DECISION}
        == {THERAPIST.id, PRESCRIBER.id}
        and any(row.kind.is_about_course and not row.signed_at for row in rows)
    )


def promises_of_measures(db: Session, now: datetime) -> dict[str, bool]:
    looks = asked(db, THERAPIST, now)
    found = [client_scores(db, looks, one) for one in db.scalars(select(Client.id))]
    lines = [line for one in found for line in one.lines]
    measures = [measure for one in found for course in one.courses for measure in course.measures]
    changes = [measure.change for measure in measures if measure.change]
    loud = {line.episode_id for line in lines if line.scored and line.scored.critical_answer}
    return {
        "a remission to 0": any(
            one.has(ChipKind.REMISSION) and one.latest.total == 0 for one in changes
        ),
        "too small to call": any(one.has(ChipKind.TOO_SMALL) for one in changes),
        "a reliable change": any(one.has(ChipKind.BETTER) for one in changes),
        "slipping": any(one.slipping for one in measures),
        "a baseline after the first dose": any(
            one.baseline and one.baseline.is_late for one in measures
        ),
        "a form with a gap": any(one.incomplete for one in measures),
        "a total alone": any(line.scored and line.scored.is_total_only for line in lines),
        "three measures": len({line.instrument_id for line in lines}) >= 3,
        "item 9 above 0 of one client": len(loud) == 1,
    }


def promises_of_history(db: Session, now: datetime) -> dict[str, bool]:
    ended = set(db.scalars(select(KetamineSession.status)))
    audited = db.execute(select(AuditEvent.tag, AuditEvent.at).order_by(AuditEvent.id)).all()
    told = [row.at for row in audited if row.tag != "demo:built"]
    signed = [row.at for row in audited if row.tag == "note:signed"]
    return {
        "cancelled, missed, not given, stopped early": ended
        >= {
            SessionStatus.CANCELLED,
            SessionStatus.MISSED,
            SessionStatus.NOT_GIVEN,
            SessionStatus.STOPPED_EARLY,
            SessionStatus.COMPLETED,
        },
        "a note amended and added to": bool(
            db.scalar(select(func.count()).select_from(NoteAmendment))
            and db.scalar(select(func.count()).select_from(NoteAddendum))
        ),
        "risk, decision and general notes signed, by both, and one to finish": both_write(db),
        "an integration closed with a reason": bool(
            db.scalar(select(func.count()).where(IntegrationSession.closed_at.is_not(None)))
        ),
        "everything was written in the order of time": told == sorted(told) and told[-1] <= now,
        "ondansetron after a dose, clonidine before one that was not given": {
            (name, status)
            for name, status in db.execute(
                select(OtherMedicine.name, KetamineSession.status).join(
                    KetamineSession, KetamineSession.id == OtherMedicine.ketamine_session_id
                )
            )
        }
        == {
            ("ondansetron", SessionStatus.STOPPED_EARLY),
            ("ondansetron", SessionStatus.COMPLETED),
            ("clonidine", SessionStatus.NOT_GIVEN),
        },
        "an order that says when more may be added": bool(
            db.scalar(select(func.count()).where(KetamineSession.may_add_from_minutes.is_not(None)))
        ),
        "notes over months": signed[-1] - signed[0] > timedelta(days=60),
    }


def promises_of_records(
    db: Session, courses: list[CourseStanding], now: datetime
) -> dict[str, bool]:
    signatures: defaultdict[str, list[RecordSignature]] = defaultdict(list)
    for one in db.scalars(select(RecordSignature)):
        signatures[one.ketamine_session_id].append(one)
    whole = [all(one.signed_at for one in rows) for rows in signatures.values()]
    waiting = {
        one.reason
        for course in courses
        for one in course.attention
        if one.reason in {Reason.SIGN_MEDICAL, Reason.SIGN_SUPPORT}
    }
    review = for_review(db, asked(db, THERAPIST, now))
    return {
        "records signed twice": sum(whole) > 20,
        "one record waits for the therapist and one for the prescriber": waiting
        == {Reason.SIGN_MEDICAL, Reason.SIGN_SUPPORT},
        "few of them": len(whole) - sum(whole) <= 4,
        "one changed since it was signed": any(
            one.changed_at for rows in signatures.values() for one in rows
        ),
        "an override in the review": any(one.kind is ForReview.WENT_AHEAD for one in review),
        "a dose without consent in the review": any(
            one.kind is ForReview.BREACH and "consent “KAP treatment”" in one.words
            for one in review
        ),
        "a review that can be held in ten minutes": len(review) <= 6,
    }


@pytest.mark.parametrize("now", BUILT)
def test_rule_71_the_demo_keeps_its_promises_whenever_it_is_opened(now):
    demo.open_demo(now)
    with database(DEMO).reading() as db:
        practice = practice_in_force(db, now)
        shared = shared_courses(db, now)
        kept = {
            "bannered as a demo": practice is not None and practice.is_demo,
            "fourteen shared": len(shared) >= 14,
            **promises_of_doses(shared, now),
            **promises_of_questions(shared),
            **promises_of_integrations(shared, now),
            **promises_of_courses(db, now),
            **promises_of_people(db, now),
            **promises_of_measures(db, now),
            **promises_of_reviews(db, now),
            **promises_of_history(db, now),
            **promises_of_rooms(db),
            **promises_of_records(db, shared, now),
        }
    assert [promise for promise, is_kept in kept.items() if not is_kept] == []


@pytest.mark.parametrize("now", [*A_WEEK, *EDGES], ids=lambda now: f"{now.astimezone(ZONE):%F-%T}")
def test_the_time_rule_holds_at_any_instant(now):
    days = Days(now, ZONE)
    ahead = days.left_today(2 * HOUR)
    assert all(one > now and day_of(one, ZONE) == days.today for one in ahead)
    if now.astimezone(ZONE).hour < 21:
        first, second = ahead
        assert second - first >= 2 * HOUR
    given = days.earlier_today(lambda _: True)
    assert given <= now
    assert day_of(given, ZONE) == days.today
    for least, most in ((3, 20.5), (25.5, 43), (50, 68), (75, 96)):
        assert least * HOUR <= now - days.ago(least, most) <= most * HOUR
    assert days.coming(4, 10) - now > 72 * HOUR
    composed(now)  # raises when something would be told before it happened


def composed(now: datetime) -> Telling:
    """The story up to `now`, not yet told."""
    team = {one: one.viewer("a director") for one in (DIRECTOR, *COLLEAGUES)}
    telling = Telling(Days(now, ZONE), team)
    compose(telling)
    return telling


class Listening(Telling):
    """Keeps what was told of which course, and when each was opened."""

    def __init__(self, now: datetime) -> None:
        super().__init__(Days(now, ZONE), {one: one.viewer("x") for one in (DIRECTOR, *COLLEAGUES)})
        self.told: list[tuple[datetime, str, str]] = []
        self.opened: dict[str, datetime] = {}

    def then(self, at: datetime, who: Colleague, action: Callable[..., Any], entered: Any) -> None:
        if action is open_episode:
            self.opened[entered.id] = at
        elif episode_id := getattr(entered, "episode_id", None):
            self.told.append((at, episode_id, action.__name__))
        super().then(at, who, action, entered)


@pytest.mark.parametrize("now", [*A_WEEK, *EDGES], ids=lambda now: f"{now.astimezone(ZONE):%F-%T}")
def test_nothing_is_told_of_a_course_before_it_is_opened(now):
    telling = Listening(now)
    compose(telling)
    assert len(telling.told) > 50
    early = [
        (name, f"{at:%F %T}")
        for at, episode_id, name in telling.told
        if at < telling.opened[episode_id]
    ]
    assert early == []


@pytest.mark.parametrize("hour", range(24))
@pytest.mark.parametrize("on", [24, 28], ids=["a-tuesday", "a-saturday"])
def test_at_no_hour_is_somebody_in_two_places_or_a_room_taken_twice(on, hour):
    assert composed(at(2026, 11, on, hour, 40)).diary.clashes() == []


def appointments(db: Session) -> list[tuple[datetime, datetime, str]]:
    """From when until when each room and each therapist is taken, as the demo's rows have it."""
    therapists = dict(
        db.execute(
            select(EpisodeMember.episode_id, EpisodeMember.clinician_id).where(
                EpisodeMember.part == Part.THERAPIST
            )
        ).all()
    )
    spans = []
    for dose in db.scalars(
        select(KetamineSession).where(KetamineSession.status != SessionStatus.CANCELLED)
    ):
        ends = dose.planned_at + timedelta(minutes=dose.planned_minutes)
        for who in (dose.place, therapists.get(dose.episode_id)):
            spans.append((dose.planned_at, ends, who or ""))
    for talk in db.scalars(select(IntegrationSession)):
        begins = talk.held_at or talk.planned_at
        if begins is not None and talk.dropped_at is None:
            ends = begins + timedelta(minutes=50)
            for who in (talk.place, talk.therapist_id or therapists.get(talk.episode_id)):
                spans.append((begins, ends, who or ""))
    return sorted(span for span in spans if span[2])


def promises_of_rooms(db: Session) -> dict[str, bool]:
    until: dict[str, datetime] = {}
    clashes = []
    for begins, ends, who in appointments(db):
        if begins < until.get(who, begins):
            clashes.append((who, begins))
        until[who] = max(ends, until.get(who, ends))
    return {f"nobody is in two places: {clashes}": not clashes}


def test_integrations_are_in_opening_hours_where_now_leaves_the_choice(built_demo):
    with database(DEMO).reading() as db:
        booked = db.scalars(select(IntegrationSession.planned_at)).all()
    local = [one.astimezone(ZONE) for one in booked if one]
    outside = [
        one
        for one in local
        if not (USUAL_HOURS.is_open_on(one.date()) and time(8) <= one.time() <= time(17))
    ]
    assert len(local) > 80
    assert len(outside) <= len(local) / 15
    assert [one for one in outside if not time(7) <= one.time() <= time(19)] == []


def test_a_list_of_sessions_says_of_a_course_what_every_other_list_says(built_demo):
    names = [one.name for one in fields(CourseLine)]
    with database(DEMO).reading() as db:
        for who in (THERAPIST, PRESCRIBER, FRONT_DESK):
            looks = asked(db, who, OPENED)
            in_short, in_full = course_lines(db, looks), course_standings(db, looks)

            assert len(in_short) > 1
            for one, other in zip(in_short, in_full, strict=True):
                assert {of: getattr(one, of) for of in names} == {
                    of: getattr(other, of) for of in names
                }
                assert [(dose.lacks, dose.is_ready) for dose in one.doses] == [
                    (dose.lacks, dose.is_ready) for dose in other.doses
                ]


def test_the_plan_after_the_alarming_call_names_the_check_in_that_is_booked(built_demo):
    with database(DEMO).reading() as db:
        plan = db.scalars(select(Concern.plan).where(Concern.level == ConcernLevel.HIGH)).one()
        check_in = db.scalars(
            select(Contact.planned_at)
            .join(Client, Client.id == Contact.client_id)
            .where(Client.family_name == "Birdsong", Contact.outcome.is_(None))
        ).one()
    assert f"I call {moment(check_in, OPENED, ZONE)}." in plan
    assert "at six" not in plan


def test_history_is_in_working_hours_where_now_leaves_the_choice():
    thursday, sunday = at(2026, 11, 26, 14, 30), at(2026, 11, 29, 14, 30)
    dose = Days(thursday, ZONE).ago(50, 68)
    assert dose == at(2026, 11, 24, 9)
    assert Days(thursday, ZONE).weeks_before(dose, 2) == at(2026, 11, 10, 9)
    assert Days(sunday, ZONE).ago(3, 20) == at(2026, 11, 29, 9), "forced by the hour, not the day"
    assert Days(sunday, ZONE).on(-1) == date(2026, 11, 27)
    assert Days(thursday, ZONE).left_today(2 * HOUR) == (
        at(2026, 11, 26, 15, 45),
        at(2026, 11, 26, 18),
    )


def test_nothing_is_told_that_has_not_happened_yet(now):
    telling = Telling(Days(now, ZONE), {})
    with pytest.raises(ValueError, match="not happened"):
        telling.also(now + timedelta(minutes=1), lambda db: None)


def test_the_practice_itself_is_never_touched(short_story):
    demo.open_demo(OPENED)
    assert [file.name for file in settings().data_dir.iterdir()] == ["demo.db"]
    assert not settings().practice_url.endswith("demo.db")
    assert database(PRACTICE).url != database(DEMO).url


def test_what_a_visitor_wrote_stays_on_the_same_day(built_demo):
    a_visitor_pins("Written by a visitor", OPENED + HOUR)
    demo.open_demo(OPENED + 2 * HOUR)
    assert pinned_line() == "Written by a visitor"


def test_one_that_nobody_wrote_in_is_right_again_after_an_hour(built_demo, short_story):
    def built_at():
        with database(DEMO).reading() as db:
            return db.scalar(select(AuditEvent.at).where(AuditEvent.tag == "demo:built"))

    with database(DEMO).writing() as db:
        sign_ins.start_sign_in(db, demo.THERAPIST_ID, "browser", OPENED + HOUR / 2)
    demo.open_demo(OPENED + HOUR)
    assert built_at() == OPENED
    demo.open_demo(OPENED + 2 * HOUR)
    assert built_at() == OPENED + 2 * HOUR


def test_the_next_day_begins_anew_and_signs_visitors_out(built_demo, short_story):
    a_visitor_pins("Written by a visitor", OPENED + HOUR)
    with database(DEMO).writing() as db:
        started = sign_ins.start_sign_in(db, demo.THERAPIST_ID, "browser", OPENED + HOUR)
    tomorrow = OPENED + timedelta(days=1)
    demo.open_demo(tomorrow)
    with database(DEMO).reading() as db:
        assert sign_ins.find(db, started.token, tomorrow) is None
        assert sign_ins.viewer_of(db, started.sign_in_id, tomorrow) is None
    assert pinned_line() == ""


def test_when_no_dose_is_ahead_any_more_the_evening_gets_its_own(built_demo):
    evening = at(2026, 11, 24, 21, 0)
    assert doses_ahead_today(evening) == 0
    demo.open_demo(evening)
    assert doses_ahead_today(evening) >= 2


def test_an_interrupted_build_leaves_the_old_demo(built_demo, short_story, monkeypatch):
    a_visitor_pins("Written by a visitor", OPENED + HOUR)
    tell = Telling.tell

    def interrupted(telling, db):
        tell(telling, db)
        raise KeyboardInterrupt

    monkeypatch.setattr(Telling, "tell", interrupted)
    with pytest.raises(KeyboardInterrupt):
        demo.open_demo(OPENED + timedelta(days=1))
    assert pinned_line() == "Written by a visitor"
    left = {file.name for file in settings().data_dir.iterdir()}
    assert left <= {"demo.db", "demo.db-wal", "demo.db-shm"}


def of_another_version(file: Path) -> None:
    with database(DEMO).writing() as db:
        db.execute(text("UPDATE alembic_version SET version_num = 'another'"))
    database(DEMO).close()


def not_a_database(file: Path) -> None:
    file.write_bytes(b"not a database at all" * 400)
    file.with_name("demo.db-wal").write_bytes(b"a leftover log" * 400)


def without_its_tables(file: Path) -> None:
    with database(DEMO).writing() as db:
        db.execute(text("DROP TABLE integration_session_for"))
    database(DEMO).close()


@pytest.mark.parametrize("spoil", [of_another_version, not_a_database, without_its_tables])
def test_a_demo_that_cannot_be_used_is_built_anew(built_demo, short_story, spoil):
    a_visitor_pins("Written by a visitor", OPENED)
    spoil(built_demo)
    demo.open_demo(OPENED)
    assert pinned_line() == ""


def test_a_demo_of_a_later_hour_is_built_anew(built_demo, short_story):
    a_visitor_pins("Written by a visitor", OPENED)
    demo.open_demo(OPENED - HOUR)
    assert pinned_line() == ""


def the_therapist_is_off(db: Session) -> None:
    db.get_one(Clinician, demo.THERAPIST_ID).suspended_at = OPENED


def the_prescriber_is_off(db: Session) -> None:
    db.get_one(Clinician, demo.PRESCRIBER_ID).suspended_at = OPENED


def the_prescriber_administers_no_more(db: Session) -> None:
    db.get_one(Clinician, demo.PRESCRIBER_ID).is_administrator = False


@pytest.mark.parametrize(
    "shut", [the_therapist_is_off, the_prescriber_is_off, the_prescriber_administers_no_more]
)
def test_a_door_that_a_visitor_shut_is_open_again_the_next_time(built_demo, short_story, shut):
    a_visitor_pins("Written by a visitor", OPENED)
    with database(DEMO).writing() as db:
        shut(db)
    demo.open_demo(OPENED)
    assert pinned_line() == ""
    with database(DEMO).writing() as db:
        for clinician_id in (demo.THERAPIST_ID, demo.PRESCRIBER_ID):
            started = sign_ins.start_sign_in(db, clinician_id, "browser", OPENED)
            viewer = sign_ins.viewer_of(db, started.sign_in_id, OPENED)
            assert viewer.is_administrator is (clinician_id == demo.PRESCRIBER_ID)


def test_nobody_signs_in_to_the_demo_by_a_password(built_demo):
    with database(DEMO).reading() as db:
        names = [one.sign_in_name for one in team(db, asked(db, THERAPIST, OPENED))]
    assert len(names) == 8
    for password in ("", "explore the demo"):
        with pytest.raises(Invalid):
            sign_ins.sign_in(database(DEMO), names[0], password, "browser", OPENED)


def test_the_same_instant_makes_the_same_people(built_demo):
    def people() -> list[tuple[str, str]]:
        with database(DEMO).reading() as db:
            return [tuple(row) for row in db.execute(select(Client.code, Client.id))]

    before = people()
    built_demo.unlink()
    database(DEMO).close()
    demo.open_demo(OPENED)
    assert people() == before
