"""The words for a judgement: one sentence for one standing, wherever it is shown.

Today, Integration, Caseload, Client, Find and the plain pages all say it through here, so that the
same thing reads the same everywhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Protocol
from zoneinfo import ZoneInfo

from kapteam import wording
from kapteam.rules.alerts import Signal, SignalKind
from kapteam.rules.asks import AskInShort, AskStage, AskStanding
from kapteam.rules.attention import MISSED_TWICE, Attention, Reason
from kapteam.rules.cadence import OtherSession, PlanWeek, TooOften
from kapteam.rules.case_review import Entry, Topic
from kapteam.rules.change import Baseline, Change, ChipKind, Progress, Slipping
from kapteam.rules.concerns import ConcernStanding
from kapteam.rules.contacts import ContactStage, ContactStanding
from kapteam.rules.dosing import MayAdd, Silence
from kapteam.rules.evaluation import TRIALS_ASKED, Finding, not_asked
from kapteam.rules.home_supply import HomeProblem, HomeStanding
from kapteam.rules.integration import IntegrationStage, IntegrationStanding
from kapteam.rules.loose_ends import Loose, LooseKind
from kapteam.rules.measures_due import Due, DueFor
from kapteam.rules.monitoring import VERY_LATE, DueReading, ReadingStage
from kapteam.rules.monitoring_form import FormStage, FormStanding
from kapteam.rules.notes import IntentionStage, IntentionStanding
from kapteam.rules.outcomes import LEAST_CHARTED, Rate, Spread
from kapteam.rules.pathway import EXPIRING
from kapteam.rules.permissions import Viewer
from kapteam.rules.planning import why_too_often
from kapteam.rules.readiness import ON_THE_DAY, Requirement, tone_of
from kapteam.rules.record_links import Found, RowNamed
from kapteam.rules.review_actions import ActionInShort, action_tone
from kapteam.rules.scoring import CriticalAnswer, Scored
from kapteam.rules.series import SeriesCount
from kapteam.rules.slots import OpeningHours
from kapteam.rules.spravato import LEAST, Watched
from kapteam.rules.vitals import Pressure
from kapteam.rules.waits import (
    AuthorizationFacts,
    BeyondAuthorized,
    OutsideWaitFacts,
    Stuck,
    StuckOn,
)
from kapteam.vocabulary import (
    AdverseEventKind,
    Answer,
    ContactKind,
    ContactOutcome,
    EpisodeState,
    EventSeverity,
    ForReview,
    HoldReason,
    IntegrationCloseReason,
    IntegrationKind,
    OrderState,
    Outside,
    OutsideParty,
    ProductRoute,
    ReadinessItem,
    RecordPart,
    SessionStatus,
    Severity,
    SubmittedHow,
    Tone,
    WaitOutcome,
    Weekday,
)
from kapteam.wording import NBSP, Phrase

STAY_WITH_THEM = "Stay on the line with this person. Nothing else on this page matters now."
CRISIS_LINES = (
    "988: call or text, the Suicide & Crisis Lifeline, day and night",
    "911: somebody is hurt, or about to be",
)
"""The lines of the United States: 988lifeline.org, and the emergency number."""


class Named(Protocol):
    """Somebody with a code as well as a name."""

    @property
    def code(self) -> str: ...
    @property
    def family(self) -> str: ...
    @property
    def given(self) -> str: ...
    @property
    def preferred(self) -> str: ...


class Colleague(Protocol):
    """Somebody of the team, who may be away."""

    @property
    def name(self) -> str: ...
    @property
    def away_until(self) -> datetime | None: ...
    @property
    def cover(self) -> str: ...


class Pause(Protocol):
    """Why a course is on hold, and until when."""

    @property
    def reason(self) -> HoldReason: ...
    @property
    def look_again_on(self) -> date: ...


class Prepared(Protocol):
    """A ketamine session, as far as it is prepared."""

    @property
    def is_ahead(self) -> bool: ...
    @property
    def is_ready(self) -> bool: ...
    @property
    def lacks(self) -> tuple[Requirement, ...]: ...
    @property
    def intention(self) -> IntentionStanding: ...


_BEGINS = 150
"""How many characters of a question a list shows."""
_NAMED = 2
"""How many of those who have not seen a concern are named; of more it says how many."""
_HOME_PROBLEMS = {
    Reason.HOME_DIFFERS: HomeProblem.DIFFERS,
    Reason.HOME_OVERDRAWN: HomeProblem.OVERDRAWN,
    Reason.HOME_NOT_ARRIVED: HomeProblem.NOT_ARRIVED,
    Reason.HOME_UNEVEN: HomeProblem.UNEVEN,
}
QUESTIONS = {
    ReadinessItem.RIDE: "Ride home",
    ReadinessItem.MEDICINES: "Medicines changed since the last dose?",
    ReadinessItem.PREGNANCY: "Pregnancy asked?",
    ReadinessItem.MIND: "Mania, psychosis or intoxication today?",
    ReadinessItem.BLADDER: "Bladder symptoms asked?",
    ReadinessItem.FASTING: "Fasted as told?",
    ReadinessItem.EVENING: "Somebody with them tonight?",
    ReadinessItem.PRESSURE: "Blood pressure",
    ReadinessItem.PRESSURE_HIGH: "Blood pressure too high",
}
"""What is asked before a ketamine session (domain 1.5)."""
_ANSWERS = {
    ReadinessItem.RIDE: {Answer.FINE: "Save the ride"},
    ReadinessItem.MEDICINES: {
        Answer.FINE: "Medicines unchanged",
        Answer.NOT_FINE: "Medicines changed",
    },
    ReadinessItem.PREGNANCY: {
        Answer.FINE: "Not pregnant or nursing",
        Answer.NOT_NEEDED: "Pregnancy does not apply",
        Answer.NOT_FINE: "Pregnant, nursing or not known",
    },
    ReadinessItem.MIND: {
        Answer.FINE: "No mania, psychosis or intoxication",
        Answer.NOT_FINE: "Mania, psychosis or intoxication",
    },
    ReadinessItem.BLADDER: {
        Answer.FINE: "No bladder symptoms",
        Answer.NOT_FINE: "Bladder symptoms",
    },
    ReadinessItem.FASTING: {Answer.FINE: "Fasted as told", Answer.NOT_FINE: "Not fasted"},
    ReadinessItem.EVENING: {
        Answer.FINE: "Somebody is with them tonight",
        Answer.NOT_FINE: "Alone tonight",
    },
}
_AS_IT_SHOULD_BE = {
    ReadinessItem.CLEARANCE: "Cleared",
    ReadinessItem.CONSENT: "Consents in date",
    ReadinessItem.ENROLLMENT: "Enrolled (Spravato REMS)",
    ReadinessItem.DOSE: "Dose ordered",
    ReadinessItem.HOME: "At home, arranged",
}
_SAID_BESIDE = frozenset({ReadinessItem.DOSE, ReadinessItem.INTENTION, ReadinessItem.POSTPONE})


def saved(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """That something is kept, and when it was: `Saved 2:03:22 pm`."""
    return f"Saved {wording.saved(at, now, zone)}"


def saved_elsewhere(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Who saved the other text of a draft, and when; drafts are their author's alone."""
    return saved_by("you in another tab", at, now, zone)


def saved_by(who: str, at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Who saved the other text of what two people write together, and when."""
    return f"Saved by {who}, {wording.moment(at, now, zone)}"


def who_is_here(viewer: Viewer) -> str:
    """Who is at this screen; of two it says who acts: `Thea and Robin · Thea acts`."""
    if viewer.beside is None:
        return viewer.name
    full = (viewer.name, viewer.beside.name)
    acts, other = (one.split()[0] for one in full)
    if acts == other:
        acts, other = full
    return f"{acts} and {other} · {acts} acts"


def client_name(viewer: Viewer, client: Named) -> str:
    """The client's name as this screen may show it; with others in the room initials and code."""
    if viewer.hides_names:
        return initials_and_code(client)
    return wording.full_name(client.family, client.given, client.preferred)


def colleague(person: Colleague, now: datetime, zone: ZoneInfo) -> str:
    """Whom something waits on: a name, and while that person is away who covers, until when."""
    if person.away_until is None:
        return person.name
    today = now.astimezone(zone).date()
    until = f"until {wording.day(wording.last_day(person.away_until, zone), today)}"
    if person.cover:
        return f"{person.cover} for {person.name} {until}"
    return f"{person.name}, away {until}"


def initials_and_code(client: Named) -> str:
    """`A.O. K-014`: for what others can see, on a screen or on paper."""
    return f"{wording.initials(client.family, client.given)} {client.code}"


def inquirer(viewer: Viewer, name: str) -> str:
    """The name of somebody who called, who has no code yet; with others in the room initials."""
    given, _, family = name.rpartition(" ")
    return wording.initials(family, given) if viewer.hides_names else name


def integration(standing: IntegrationStanding, now: datetime, zone: ZoneInfo) -> Phrase:
    """Where an integration stands, absolute and relative time together."""
    facts = standing.facts
    since = wording.hours(standing.since) if standing.since is not None else ""
    since = f"{since} since dose" if since else ""
    if facts.estimated and since:
        since = f"about {since} (estimated)"
    if standing.past_hours and standing.stage is not IntegrationStage.HELD:
        since = f"past {standing.past_hours}{NBSP}hr, {since}"
    booked = wording.moment(facts.planned_at, now, zone) if facts.planned_at else ""
    match standing.stage:
        case IntegrationStage.WAS_THIS_HELD:
            text = _join(f"Was this held? Booked {booked}", since)
            return Phrase(text, standing.tone, "help")
        case IntegrationStage.LATE:
            text = _join(since, f"booked {booked}" if booked else "not held")
            if not since and facts.due_on:
                due = wording.day(facts.due_on, now.astimezone(zone).date())
                text = _join(f"Was due {due}", f"booked {booked}" if booked else "not held")
            return Phrase(text[:1].upper() + text[1:], standing.tone, "error")
        case IntegrationStage.NOT_BOOKED:
            if standing.due_at:
                left = wording.hours(standing.due_at - now)
                text = _join(f"Integration to do: {left} left, not booked", _guess(standing))
            elif facts.due_on:
                today = now.astimezone(zone).date()
                text = f"Integration to do by {wording.day(facts.due_on, today)}, not booked"
            else:
                text = "Integration to do, not booked"
            return Phrase(text, standing.tone, "schedule")
        case IntegrationStage.BOOKED_OUTSIDE:
            after = ""
            anchor = facts.last_given_at or facts.expected_at
            if anchor and facts.planned_at:
                dose = "dose" if facts.last_given_at else "the planned dose"
                after = f"{wording.hours(facts.planned_at - anchor)} after {dose}"
            return Phrase(_join(f"Booked {booked}", after), standing.tone, "schedule")
        case IntegrationStage.BOOKED:
            if standing.due_at:
                left = wording.hours(standing.due_at - now)
                said = _join(f"Integration to do: {left} left, booked {booked}", _guess(standing))
            else:
                ahead = wording.relative(facts.planned_at, now) if facts.planned_at else ""
                said = _join(f"Booked {booked}", ahead)
            return Phrase(said, standing.tone, "event_available")
        case IntegrationStage.AGREED:
            agreed = facts.agreed_for or now.astimezone(zone).date()
            day = wording.day(agreed, now.astimezone(zone).date())
            slot = f"booked {booked}" if booked else ""
            return Phrase(_join(f"Agreed: {day}", slot, since), standing.tone, "handshake")
        case IntegrationStage.HELD:
            gap = f"{wording.hours(standing.since)} after dose, " if standing.since else ""
            if gap:
                return Phrase(f"Held {gap}note to finish", standing.tone, "edit_note")
            held = wording.moment(facts.held_at or now, now, zone)
            return Phrase(f"Held {held}, note to finish", standing.tone, "edit_note")


def _named_integration(standing: IntegrationStanding, now: datetime, zone: ZoneInfo) -> Phrase:
    """The same where nothing around it says what it is of: `Integration: 54 hr since dose`."""
    found = integration(standing, now, zone)
    if found.text.startswith("Integration"):
        return found
    return replace(found, text=f"Integration: {wording.first_down(found.text)}")


def after_dose(at: datetime, dose_at: datetime, *, given: bool) -> str:
    """How long after its dose an integration is booked: `20 hr after the planned dose`."""
    return f"{wording.hours(at - dose_at)} after the {'' if given else 'planned '}dose"


def too_soon(ends_at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """What is asked where an integration begins in its ketamine session or right after it."""
    out = "was over" if ends_at <= now else "is planned to end"
    return f"The ketamine session {out} {wording.moment(ends_at, now, zone)}. Is so soon meant?"


def integration_due(standing: IntegrationStanding, now: datetime, zone: ZoneInfo) -> str:
    """By when an integration is to be held: `By Wed Nov 25, 2:05 pm`; empty when nothing says so.

    No hours that are left: for paper, on which the clock stands still.
    """
    facts, today = standing.facts, now.astimezone(zone).date()
    if standing.stage is IntegrationStage.AGREED and facts.agreed_for:
        return f"Agreed: {wording.day(facts.agreed_for, today)}"
    if standing.due_at:
        due, is_past = wording.moment(standing.due_at, now, zone), standing.due_at < now
        return _join(f"Was due {due}" if is_past else f"By {due}", _guess(standing))
    if facts.due_on:
        due = wording.day(facts.due_on, today)
        return f"Was due {due}" if facts.due_on < today else f"By {due}"
    return ""


def _guess(standing: IntegrationStanding) -> str:
    return "time of dose estimated" if standing.facts.estimated else ""


def _join(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def held(held_at: datetime, last_given_at: datetime | None, now: datetime, zone: ZoneInfo) -> str:
    """A held integration whose note is signed: `Held 20 hr after dose`."""
    if last_given_at is None:
        return f"Held {wording.moment(held_at, now, zone)}"
    return f"Held {wording.hours(held_at - last_given_at)} after dose"


def note_does(about: IntegrationKind | None, doses: Sequence[str], *, before: bool) -> str:
    """What signing a note does to the clock; `before`: these were integrated before already.

    `about` is the kind of integration session, None for an intention.
    """
    if about is IntegrationKind.DEBRIEF:
        return "A debrief does not stop the integration clock."
    sessions = wording.listed([f"the ketamine session of {dose}" for dose in doses])
    if about is None:
        return f"Written before {sessions}, and for that one only."
    if not doses:
        return "Signing this ends this integration."
    if before:
        return f"One more integration of {sessions}: another was held before."
    return f"Signing this ends the integration that is owed for {sessions}."


def closed(reason: IntegrationCloseReason | None) -> str:
    """An integration that will not take place: `Closed: client declined`."""
    return f"Closed: {reason.label.lower()}" if reason else "Closed"


def stage(state: EpisodeState, given: int | None, ordered: int | None) -> str:
    """Where a course stands: `Series, 3 of 6`, `Maintenance`; `given` is None without a series."""
    if state is not EpisodeState.SERIES or given is None:
        return state.label
    if ordered is not None and given > ordered:
        return f"{state.label}, {given} given, {ordered} ordered"
    if ordered is not None:
        return f"{state.label}, {given} of {ordered}"
    so_far = [f"{given} given"] if given else []
    return ", ".join([state.label, *so_far, "number not ordered yet"])


def series(count: SeriesCount) -> Phrase:
    """How far a series is: `2 of 6 given, 2 booked, review before the 4th`.

    Amber once the next session to be given is one that the review comes before.
    """
    if count.ordered is None:
        parts = [f"{count.given} given", "number not ordered yet"]
    elif count.given > count.ordered:
        parts = [f"{count.given} given", f"{count.ordered} ordered"]
    else:
        parts = [f"{count.given} of {count.ordered} given"]
    if count.booked:
        parts.append(f"{count.booked} booked")
    if count.review_before is not None:
        done = "review" if count.awaits_review else "reviewed"
        parts.append(f"{done} before the {wording.ordinal(count.review_before)}")
    if count.is_review_due:
        return Phrase(", ".join(parts), Tone.AMBER, "rate_review")
    return Phrase(", ".join(parts))


def unreviewed(count: SeriesCount, number: int) -> Phrase:
    """That a session comes after a review that did not take place; it may be meant."""
    before = wording.ordinal(count.review_before or number)
    return Phrase(
        f"This is the {wording.ordinal(number)} of the series, and the review before the {before} "
        "is not recorded.",
        Tone.AMBER,
        "rate_review",
    )


def next_of_plan(
    on: date, before_on: date | None, number: int, left_out: Sequence[int], today: date
) -> Phrase | None:
    """How long after the session before it one of a plan is: `7 days after Tue Nov 24`.

    Amber where the ones of the numbers in `left_out` are not to be booked, and so is the `number`
    that it gets instead. None where it follows nothing.
    """
    if before_on is None or on <= before_on:
        return None
    after = f"{wording.count((on - before_on).days, 'day')} after {wording.day(before_on, today)}"
    if not left_out:
        return Phrase(after)
    noun = "session" if len(left_out) == 1 else "sessions"
    missing = f"{noun} {wording.listed([str(one) for one in left_out])}"
    would_be = f"this would be the {wording.ordinal(number)}, {after}"
    return Phrase(f"Without {missing} {would_be}.", Tone.AMBER, "event_repeat")


def spravato_plan(plan: PlanWeek) -> str:
    """`Spravato plan: week 3, after 4 doses (twice a week in weeks 1 to 4)`."""
    doses = wording.count(plan.given, "dose") if plan.given else ""
    since = f"after {doses}" if doses else "before the first dose"
    return f"Spravato plan: week {plan.week}, {since} ({plan.often})"


def too_often(found: TooOften, today: date) -> Phrase:
    """What of a day goes beyond the cadence; it warns and may be meant."""
    why = wording.first_up(why_too_often(found, today))
    return Phrase(f"{why}. It may be meant.", Tone.AMBER, "event_repeat")


def near_on_another_course(found: OtherSession, day: date, today: date) -> Phrase:
    """That the client has ketamine on another course near a day; it warns and may be meant."""
    is_esketamine = found.product_route is ProductRoute.ESKETAMINE_NASAL
    what = "esketamine" if is_esketamine else "ketamine"
    has = f"has {what} booked" if found.is_to_come else f"had {what}"
    apart = (found.on - day).days
    order = "after" if apart > 0 else "before"
    when = (
        f"{wording.day(found.on, today)}, {wording.count(abs(apart), 'day')} {order} this"
        if apart
        else "the same day"
    )
    said = f"The client {has} on another course of care on {when}. It may be meant."
    return Phrase(said, Tone.AMBER, "event_repeat")


def on_hold(reason: HoldReason, look_again_on: date, today: date) -> Phrase:
    """A pause in force: `On hold: travel, look again Mon Nov 30`; amber once that day has come.

    Without a reason where it is another one: that tells nobody anything, and whoever is not told a
    medical reason reads the same of both.
    """
    why = (
        f": {reason.label[:1].lower()}{reason.label[1:]}" if reason is not HoldReason.OTHER else ""
    )
    tone = Tone.AMBER if look_again_on <= today else Tone.PLAIN
    return Phrase(f"On hold{why}, look again {wording.day(look_again_on, today)}", tone, "pause")


def intention(standing: IntentionStanding, now: datetime, zone: ZoneInfo) -> Phrase:
    """Where an intention stands."""
    match standing.stage:
        case IntentionStage.SIGNED:
            signed = standing.signed_at or now
            day = wording.day(signed.astimezone(zone).date(), now.astimezone(zone).date())
            return Phrase(f"Intention signed {day}", standing.tone, "check")
        case IntentionStage.POSTPONE:
            return Phrase(standing.stage.label, standing.tone, "event_busy")
        case IntentionStage.STALE:
            days = (now - (standing.signed_at or now)).days
            ago = f"{days}{NBSP}d ago" if days else "before the last dose"
            return Phrase(f"Intention signed {ago}, confirm or rewrite", standing.tone, "edit_note")
        case IntentionStage.DRAFT:
            return Phrase(f"Intention draft, {standing.holder}", standing.tone, "draft")
        case IntentionStage.PREPARING if standing.preparation_at:
            at = wording.moment(standing.preparation_at, now, zone)
            return Phrase(f"{standing.stage.label}, {at}", standing.tone, "event")
        case IntentionStage.MISSING:
            return Phrase(standing.stage.label, standing.tone, "edit_note")
        case _:
            return Phrase(standing.stage.label, standing.tone)


def ready(standing: IntentionStanding, now: datetime, zone: ZoneInfo) -> Phrase:
    """A session that waits on nobody: `Ready, intention signed Mon Nov 23`."""
    if standing.stage is not IntentionStage.SIGNED:
        return Phrase("Ready", icon="check")
    signed = intention(standing, now, zone).text
    return Phrase(f"Ready, {signed[:1].lower()}{signed[1:]}", icon="check")


def readiness(
    dose: Prepared, hold: Pause | None, waiting: str, now: datetime, zone: ZoneInfo
) -> list[Phrase]:
    """What a session to come waits for: a hold, clearance, its intention; else that it is ready.

    `waiting` says on whom, where that is to be said.
    """
    if hold and dose.is_ahead:
        return [on_hold(hold.reason, hold.look_again_on, now.astimezone(zone).date())]
    if dose.is_ready:
        return [ready(dose.intention, now, zone)]
    said = intention(dose.intention, now, zone)
    if not dose.is_ahead:
        return [said]
    return [*lacking_besides(dose), said, *([Phrase(waiting, Tone.QUIET)] if waiting else [])]


def lacking_besides(dose: Prepared) -> list[Phrase]:
    """What a session to come lacks, but for its order and its intention, which stand beside it."""
    return [lacking(one) for one in dose.lacks if one.item not in _SAID_BESIDE]


def two_keys(
    waits: Sequence[tuple[str, Sequence[str]]], tone: Tone, *, asked: int, is_ready: bool
) -> Phrase:
    """A session by who is waited for: `Waiting on Thea Tallis: ride home; on Robin Prescott: dose`.

    `waits` is for each of the two their name and what they are waited for; `asked` how many
    questions of the day nobody answered yet.
    """
    parts = [f"{name}: {wording.listed(list(what))}" for name, what in waits if what]
    if parts:
        return Phrase(f"Waiting on {'; on '.join(parts)}", tone, "hourglass_empty")
    later = f"{asked} of {len(ON_THE_DAY)} questions of the day to ask" if asked else ""
    if is_ready:
        return Phrase(_join("Ready", later), icon="check")
    return Phrase(_join("Nothing is waited for yet", later))


def unasked(items: Sequence[ReadinessItem]) -> str:
    """Which questions of the day nobody answered before a dose."""
    return f"Nobody answered before the dose: {' '.join(QUESTIONS[item] for item in items)}"


def settled(item: ReadinessItem) -> Phrase:
    """What of a session is as it should be, without anybody answering."""
    return Phrase(_AS_IT_SHOULD_BE[item], icon="check")


def answer(item: ReadinessItem, given: Answer) -> str:
    """What the button of an answer says."""
    if given is Answer.GO_AHEAD:
        return f"Go ahead all the same: {item.label}"
    return _ANSWERS[item][given]


def answered(item: ReadinessItem, given: Answer) -> Phrase:
    """An answer before a session; what is amiss is loud until somebody decides."""
    if item is ReadinessItem.RIDE and given is Answer.FINE:
        return Phrase(QUESTIONS[item], icon="directions_car")
    if given is Answer.NOT_FINE:
        return Phrase(answer(item, given), tone_of(item), "error")
    return Phrase(answer(item, given), icon="check")


def lacking(one: Requirement) -> Phrase:
    """What a session to come lacks: `Not cleared`, `No ride home yet`, `To decide: pregnancy`."""
    match one.item:
        case ReadinessItem.NOTE:
            return Phrase(f"No {one.what} yet", one.tone, "gpp_maybe")
        case ReadinessItem.CLEARANCE:
            return Phrase("Not cleared", one.tone, "gpp_maybe")
        case ReadinessItem.DOSE:
            return Phrase("Dose not ordered", one.tone, "prescriptions")
        case ReadinessItem.CONSENT:
            return Phrase("No consent in date", one.tone, "gpp_maybe")
        case ReadinessItem.ENROLLMENT:
            return Phrase("Not enrolled (Spravato REMS)", one.tone, "gpp_maybe")
        case ReadinessItem.CEILING:
            return Phrase(Reason.ABOVE_CEILING.label, one.tone, "gpp_maybe")
        case ReadinessItem.WEIGHT:
            return Phrase(Reason.WEIGH_FIRST.label, one.tone, "error")
        case ReadinessItem.HOME:
            return home_unknown(one.what)
        case ReadinessItem.RIDE:
            return Phrase(f"No{NBSP}ride{NBSP}home yet", one.tone, "directions_car")
        case ReadinessItem.PRESSURE:
            return Phrase(f"To read: {one.what}", one.tone, "monitor_heart")
        case ReadinessItem.LAST_NOTE:
            return Phrase("Last integration not signed", one.tone, "edit_note")
        case _:
            return Phrase(f"To decide: {one.what}", one.tone, "help")


def trials(count: int, asked_by: Sequence[str]) -> Phrase:
    """How many adequate trials there were, and what on the course asks for two of them."""
    said = wording.count(count, "adequate trial")
    if not asked_by:
        return Phrase(said)
    asks = "asks" if len(asked_by) == 1 else "ask"
    wanted = f"{wording.first_up(wording.listed(asked_by))} {asks} for {TRIALS_ASKED}"
    tone = Tone.PLAIN if count >= TRIALS_ASKED else Tone.AMBER
    return Phrase(f"{said}. {wanted}", tone, "" if tone is Tone.PLAIN else "error")


def contraindications(findings: Sequence[Finding]) -> Phrase:
    """What speaks against ketamine, in one line: `Contraindications: aneurysm (clipped 2019)`."""
    named = ", ".join(f"{_small(one.about.label)} ({one.note})" for one in findings)
    absolute = any(one.about.severity is Severity.ABSOLUTE for one in findings)
    tone = Tone.RED if absolute else Tone.AMBER
    return Phrase(f"Contraindications: {named}", tone, "warning")


def asked_about(findings: Sequence[Finding]) -> str:
    """Which contraindications are absent and which nobody asked about, the shorter list in full."""
    left = [_small(one.label) for one in not_asked(findings)]
    absent = [_small(one.about.label) for one in findings if not one.is_present]
    if not findings:
        return "Contraindications not asked about"
    others = "The others are" if len(absent) < len(findings) else "Contraindications:"
    if not left:
        return f"{others} asked about and absent"
    if len(left) <= len(absent):
        return f"{others} asked about and absent, but not asked: {', '.join(left)}"
    said = f"Asked about and absent: {', '.join(absent)}. " if absent else ""
    return f"{said}The others are not asked about"


def _small(label: str) -> str:
    return label[:1].lower() + label[1:]


def consent_ends(expires_on: date, today: date) -> Phrase:
    """When a consent that counts runs out, in amber for its last 30 days (rule 22)."""
    if expires_on > today + EXPIRING:
        return Phrase(f"expires {wording.full_day(expires_on)}")
    left = (expires_on - today).days
    when = "today" if left == 0 else f"in {wording.count(left, 'day')}"
    return Phrase(f"expires {when}, {wording.full_day(expires_on)}", Tone.AMBER, "flag")


def home_unknown(what: str) -> Phrase:
    """What is not known yet of a session at home: `At home, not known: where`."""
    return Phrase(f"At home, not known: {what}", Tone.AMBER, "home_pin")


def home_supply(standing: HomeStanding, now: datetime, zone: ZoneInfo) -> Phrase:
    """The medicine at home: `12 should be left, counted Tue Nov 24: 12`."""
    parts = [_should_be_left(standing, now, zone)]
    if standing.on_the_way:
        parts.append(f"{standing.on_the_way} on the way")
    if standing.count is None:
        parts.append("not counted yet")
    else:
        on = wording.day(standing.count.at.astimezone(zone).date(), now.astimezone(zone).date())
        then = "" if standing.agrees or standing.expected is None else f" of {standing.expected}"
        parts.append(f"counted {on}: {standing.count.lozenges}{then}")
    return Phrase(_join(*parts), icon="medication")


def _should_be_left(standing: HomeStanding, now: datetime, zone: ZoneInfo) -> str:
    if standing.left is None and standing.uneven:
        on = standing.uneven.at.astimezone(zone).date()
        given = (
            f"{wording.mg(standing.uneven.ug)} given {wording.day(on, now.astimezone(zone).date())}"
        )
        return f"{given} is not a whole number of lozenges"
    left = standing.left or 0
    return f"{-left} more used than arrived" if left < 0 else f"{left} should be left"


def left_at_home(standing: HomeStanding) -> str:
    """What should be left, for who asks the client: `By the counts 4 lozenges should be left.`"""
    if standing.left is None:
        return "By the counts what should be left is not a whole number of lozenges."
    if standing.left < 0:
        return "By the counts more was used than arrived."
    left = wording.count(standing.left, "lozenge") if standing.left else "no lozenge"
    return f"By the counts {left} should be left."


def home_problem(
    problem: HomeProblem, standing: HomeStanding, now: datetime, zone: ZoneInfo
) -> Phrase:
    """Why the medicine at home asks for somebody: `12 should be left, 9 counted Tue Nov 24`."""
    today, tone, icon = now.astimezone(zone).date(), Tone.AMBER, "medication"
    if problem is HomeProblem.DIFFERS and standing.count:
        on = wording.day(standing.count.at.astimezone(zone).date(), today)
        text = f"{standing.expected} should be left, {standing.count.lozenges} counted {on}"
    elif problem is HomeProblem.NOT_ARRIVED and standing.late_since:
        text = f"sent {wording.day(standing.late_since, today)}, not arrived"
    else:
        text = _should_be_left(standing, now, zone)
        tone = Tone.PLAIN if problem is HomeProblem.UNEVEN else Tone.AMBER
    return Phrase(f"Medicine at home: {text}", tone, icon)


def waiting_on(name: str, what: str) -> str:
    """`waiting on Elias Mesquite: dose`; without `what` where it is said already."""
    return f"waiting on {name}: {what}" if what else f"waiting on {name}"


def order(
    order_state: OrderState, ordered_ug: int | None, may_add: MayAdd | None, route_label: str
) -> Phrase:
    """The order of a session: `70 mg intramuscular, may add up to 30 mg once, after 10 to 20 min`.

    What is not ordered says so: `Proposed 70 mg, not ordered`.
    """
    if ordered_ug is None or order_state is not OrderState.ORDERED:
        missing = dose_ordered(order_state, ordered_ug, may_add)
        return Phrase(f"{missing}, {route_label}", Tone.AMBER, "prescriptions")
    return Phrase(f"{wording.mg(ordered_ug)} {route_label}{_may_add(may_add)}")


def dose_ordered(order_state: OrderState, ordered_ug: int | None, may_add: MayAdd | None) -> str:
    """The order beside a route that is said already: `70 mg ordered, may add up to 30 mg once`."""
    if ordered_ug is None or order_state is OrderState.NONE:
        return "Dose not ordered"
    if order_state is OrderState.PROPOSED:
        return f"Proposed {wording.mg(ordered_ug)}, not ordered"
    return f"{wording.mg(ordered_ug)} ordered{_may_add(may_add)}"


def _may_add(one: MayAdd | None) -> str:
    if one is None:
        return ""
    window = wording.minutes_after(one.from_minutes, one.to_minutes)
    return f", may add up to {wording.mg(one.ug)} once{f', {window}' if window else ''}"


def given_by(name: str, *, is_witnessed: bool) -> str:
    """Who gave a dose; of one that was taken, who saw it: `taken, witnessed by Noor Ocotillo`."""
    return f"taken, witnessed by {name}" if is_witnessed else name


def entered_in_error(by: str, at: datetime, why: str, now: datetime, zone: ZoneInfo) -> str:
    """Who struck a row, when and why: `entered in error by Noor Ocotillo, 2:14 pm: wrong cuff`."""
    return f"entered in error by {by}, {wording.moment_today(at, now, zone)}: {why}"


def due_reading(due: DueReading, now: datetime, zone: ZoneInfo) -> Phrase:
    """Which reading comes next: `BP due in 6 min`, `BP late by 4 min`, `BP before the dose`."""
    if due.at is None:
        return Phrase(f"BP {due.stage.label}", Tone.AMBER, "monitor_heart")
    if due.stage is ReadingStage.LEAVING:
        at = wording.moment_today(due.at, now, zone)
        is_now = now >= due.at
        text = f"BP {due.stage.label}{'' if is_now else f', from {at}'}"
        return Phrase(text, Tone.AMBER if is_now else Tone.PLAIN, "monitor_heart")
    is_again = due.stage is ReadingStage.AGAIN
    what = f"{'Oxygen' if due.is_oxygen else 'BP'}{' again' if is_again else ''}"
    if now < due.at:
        tone = Tone.AMBER if is_again else Tone.PLAIN
        return Phrase(f"{what} due in {wording.duration(due.at - now)}", tone, "monitor_heart")
    late = now - due.at
    if late < timedelta(minutes=1):
        return Phrase(f"{what} due now", Tone.AMBER, "monitor_heart")
    tone = Tone.AMBER if late < VERY_LATE else Tone.RED
    return Phrase(f"{what} late by {wording.duration(late)}", tone, "monitor_heart")


def may_leave(at: datetime, now: datetime, zone: ZoneInfo, *, at_home: bool) -> str:
    """`may leave from 3:30 pm`, `may leave since 3:30 pm`; at home they are watched until then."""
    if at_home:
        what = "watched until" if now < at else "was to be watched until"
    else:
        what = f"may leave {'from' if now < at else 'since'}"
    return f"{what} {wording.moment_today(at, now, zone)}"


def event(kind: AdverseEventKind, severity: EventSeverity, *, is_serious: bool) -> str:
    """What befell a client: `Nausea, mild`; `Fainting, severe, serious`."""
    return f"{kind.label}, {severity.label.lower()}{', serious' if is_serious else ''}"


def monitoring_form(standing: FormStanding, today: date) -> Phrase:
    """Where a form stands: `Monitoring form due Tue Dec 1`, `Monitoring form overdue since …`."""
    due = wording.day(standing.due_on, today)
    tone = standing.tone(today)
    match standing.stage:
        case FormStage.NOT_DUE:
            return Phrase("Monitoring form: due once this session is closed")
        case FormStage.OVERDUE:
            return Phrase(f"Monitoring form overdue, was due {due}", tone, "assignment_late")
        case FormStage.DUE:
            return Phrase(f"Monitoring form due {due}", tone, "assignment")
        case FormStage.SUBMITTED:
            return Phrase("Monitoring form submitted", icon="check")
        case FormStage.CHANGED:
            text = "Monitoring form changed since it was submitted; send it again"
            return Phrase(text, tone, "assignment_late")


def submitted_form(how: SubmittedHow, on: date, by: str, today: date, missing: str) -> str:
    """`Submitted Tue Dec 1, online, Robin Prescott, without: BP and oxygen at 40 min`."""
    said = f"Submitted {wording.day(on, today)}, {wording.first_down(how.label)}, {by}"
    return f"{said}, without: {missing}" if missing else said


def missing_for_form(missing: Sequence[str]) -> Phrase | None:
    """`Missing for the monitoring form: BP at 40 min, lot of device 2`; None where nothing is."""
    if not missing:
        return None
    listed = ", ".join(one.replace(" ", NBSP) for one in missing)
    return Phrase(f"Missing for the monitoring form: {listed}", Tone.AMBER, "assignment_late")


def since_devices(watched: Watched, now: datetime) -> Phrase | None:
    """`118 min after the last device, 2 min to go` (rules 38 and 40); None before the first.

    Whole minutes: what is begun of the next one does not count.
    """
    since_last = watched.since_last(now)
    if since_last is None:
        return None
    minute = timedelta(minutes=1)
    passed, least = since_last // minute, LEAST // minute
    said = f"{passed}{NBSP}min after the last device"
    if passed >= least:
        return Phrase(f"{said}, the {least}{NBSP}min are over", icon="check")
    if watched.discharged_at:
        text = f"{said}, below the minimum of {least}{NBSP}min"
        return Phrase(text, Tone.RED, "error")
    return Phrase(f"{said}, {least - passed}{NBSP}min to go", Tone.AMBER, "hourglass_empty")


def since_first_device(watched: Watched, now: datetime) -> str:
    """`128 min since the first device, which the form counts from`; empty before it."""
    since = watched.since_first(now)
    if since is None:
        return ""
    minutes = since // timedelta(minutes=1)
    return f"{minutes}{NBSP}min since the first device, which the form counts from"


def reading(
    pressure: Pressure | None,
    heart_rate: int | None,
    oxygen: int | None,
    breaths: int | None,
    *,
    is_observed: bool,
) -> str:
    """What was read: `BP 128/82, heart rate 72, oxygen 98 %`; nothing: `Skipped, observed`."""
    if is_observed:
        return "Skipped, observed"
    parts = (
        f"BP {pressure}" if pressure else "",
        f"heart rate {heart_rate}" if heart_rate is not None else "",
        f"oxygen {oxygen}{wording.NBSP}%" if oxygen is not None else "",
        f"{breaths} breaths per min" if breaths is not None else "",
    )
    text = ", ".join(filter(None, parts))
    return text[:1].upper() + text[1:]


def record_to_sign(part: RecordPart, name: str, tone: Tone) -> Phrase:
    """Whose signature a record waits for: `Record to sign: Thea Northcott, support part`."""
    who = _join(name, part.label.lower()) if name else part.label.lower()
    return Phrase(f"Record to sign: {who}", tone, "signature")


def record_signed(part: RecordPart, name: str, at: str, *, is_changed: bool) -> Phrase:
    """Who signed a part and when, and that it was changed since, if it was."""
    said = f"{part.label}: signed by {name}, {at}"
    if is_changed:
        return Phrase(f"{said}, changed since", icon="edit")
    return Phrase(said, icon="check")


def for_review(kind: ForReview, item: ReadinessItem | None, *, left_without: bool) -> Phrase:
    """What the next review looks at: `Went ahead all the same: ride home`."""
    match kind:
        case ForReview.WENT_AHEAD if item:
            return Phrase(f"{kind.label}: {item.label}", Tone.AMBER, "report")
        case ForReview.NO_RIDE:
            then = "when the client was out" if left_without else "when the dose was given"
            return Phrase(f"{kind.label} {then}", Tone.AMBER, "directions_car")
        case ForReview.AS_TOLD:
            return Phrase(kind.label, Tone.RED, "error")
        case _:
            return Phrase(kind.label, Tone.AMBER, "report")


def ended_session(status: SessionStatus, at: datetime | None, now: datetime, zone: ZoneInfo) -> str:
    """How a ketamine session ended that did not take place: `Cancelled Tue Nov 24, 2:30 pm`.

    `at` is when that was said, which of a missed one is later than it was.
    """
    if at is None:
        return status.label
    recorded = "" if status is SessionStatus.CANCELLED else ", recorded"
    return f"{status.label}{recorded} {wording.moment(at, now, zone)}"


def silence(kind: Silence, planned_at: datetime, now: datetime, zone: ZoneInfo) -> Phrase:
    """The question that an unrecorded or unclosed ketamine session asks."""
    when = _both_times(planned_at, now, zone)
    if kind is Silence.WAS_THIS_GIVEN:
        return Phrase(f"Was this given? Planned {when}", Tone.RED, "help")
    return Phrase(f"Not closed, planned {when}", Tone.AMBER, "pending")


def _both_times(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """`Tue Nov 24, 11:00 am, 3 hr 30 min ago`: absolute and relative (ux.md 1.9)."""
    return f"{wording.moment(at, now, zone)}, {wording.relative(at, now)}"


def contact(standing: ContactStanding, now: datetime, zone: ZoneInfo) -> Phrase:
    """A planned contact: `Preparation, by video, Thu Nov 26, 10:00 am in 44 hr`."""
    what = ", ".join(
        filter(None, (standing.kind.label, standing.how.label.lower() if standing.how else ""))
    )
    when = _both_times(standing.planned_at, now, zone)
    if standing.stage is ContactStage.DID_IT_HAPPEN:
        return Phrase(f"Did this take place? {what}, {when}", standing.tone, "help")
    return Phrase(f"{what}, {when}", standing.tone, "event")


def not_known(gap: str) -> Phrase:
    """What nobody has asked yet: `Ask where they will be`."""
    return Phrase(f"Ask {gap}", Tone.AMBER, "home_pin")


def concern(standing: ConcernStanding, now: datetime, zone: ZoneInfo) -> Phrase:
    """A concern: `Suicide risk, high, Noor Ocotillo, Tue Nov 24: not seen yet by Ada, call`."""
    level = standing.level.label.lower()
    when = _both_times(standing.raised_at, now, zone)
    said = f"{standing.kind.label}, {level}, {standing.raised_by}, {when}"
    if standing.unseen_by:
        named, more = standing.unseen_by[:_NAMED], len(standing.unseen_by) - _NAMED
        whom = wording.listed([*named, *([f"{more} more"] if more > 0 else [])])
        said = f"{said}: not seen yet by {whom}, call"
    elif standing.seen_at:
        said = f"{said}: seen {wording.moment(standing.seen_at, now, zone)}"
    return Phrase(said, standing.tone, "emergency_heat")


def question(one: AskInShort, now: datetime, zone: ZoneInfo) -> Phrase:
    """An open question: `Question from Thea Tallis, due 4:30 pm, in 2 hr: 162/98, hold next?`.

    To whom it does not wait on, whose turn it is: `Question for Robin Prescott, …`.
    """
    standing = one.standing
    if standing.stage is AskStage.ANSWERED:
        said = (
            f"Answered by {one.of}, read it"
            if standing.is_mine
            else f"Answer for {one.by}, not read yet"
        )
    else:
        what = "Question about medicine use" if one.is_about_medicine_use else "Question"
        whom = f"from {one.by}" if standing.is_mine else f"for {one.of}"
        said = f"{what} {whom}, {question_due(standing, now, zone)}"
    return Phrase(_with_words(said, one.words), standing.tone, "contact_support")


def review_action(one: ActionInShort, today: date) -> Phrase:
    """An open action of a review: `Agreed in the case review, due Mon Nov 30: call the doctor`."""
    due = action_due(one.due_on, today)
    said = _with_words(f"Agreed in the case review, {due.text}", one.words)
    return Phrase(said, due.tone, "task_alt")


def _with_words(said: str, words: str) -> str:
    """How what somebody typed begins, after what it is; alone where there is no word of it."""
    words = " ".join(words.split())
    if len(words) > _BEGINS:
        words = f"{words[:_BEGINS].rstrip()}…"
    return f"{said}: {words}" if words else said


def agreed(one: ActionInShort, today: date) -> str:
    """The same with whose it is: `Agreed in the case review, due Mon Nov 30, Thea Tallis: call`."""
    due = action_due(one.due_on, today)
    return _with_words(_join("Agreed in the case review", due.text, one.owner), one.words)


def action_due(due_on: date, today: date) -> Phrase:
    """Until when something is done: `due Mon Nov 30`, amber from that day on."""
    when = wording.day(due_on, today)
    return Phrase(
        f"was due {when}" if due_on < today else f"due {when}", action_tone(due_on, today)
    )


def reviewed(at: datetime | None, today: date, zone: ZoneInfo) -> str:
    """When a case review last decided about a course: `Reviewed Tue Nov 24`."""
    if at is None:
        return "Not reviewed yet"
    return f"Reviewed {wording.day(at.astimezone(zone).date(), today)}"


def topics(
    entry: Entry, marks: Sequence[tuple[str, str]], now: datetime, zone: ZoneInfo
) -> list[Phrase]:
    """Why a course is on the agenda of a case review besides what needs attention.

    `marks` are who wants to discuss it, and what. An overdue action says itself.
    """
    course, today = entry.course, now.astimezone(zone).date()

    def day(at: datetime) -> str:
        return wording.day(at.astimezone(zone).date(), today)

    found = []
    for topic in entry.topics:
        match topic:
            case Topic.NOT_REACHED:
                found.append(Phrase(topic.label, Tone.AMBER, "redo"))
            case Topic.DISCUSS:
                found += [to_discuss(who, what) for who, what in marks]
            case Topic.SERIES_OVER:
                found.append(Phrase(topic.label, Tone.AMBER, "fork_right"))
            case Topic.DOSE_AHEAD if course.dose_at:
                when = wording.moment(course.dose_at, now, zone)
                found.append(Phrase(f"Ketamine session {when}", Tone.PLAIN, "event"))
            case Topic.NEW:
                found.append(Phrase(f"New, since {day(course.opened_at)}", Tone.PLAIN, "fiber_new"))
            case Topic.NOT_REVIEWED if course.last_reviewed_at:
                since = f"Not reviewed since {day(course.last_reviewed_at)}"
                found.append(Phrase(since, Tone.PLAIN, "history"))
            case Topic.NOT_REVIEWED:
                since = f"Not reviewed yet, open since {day(course.opened_at)}"
                found.append(Phrase(since, Tone.PLAIN, "history"))
            case _:
                pass
    return found


def to_discuss(who: str, what: str) -> Phrase:
    """What somebody wants to talk about: `To discuss, Thea Tallis: sleep`."""
    return Phrase(f"To discuss, {who}{f': {what}' if what else ''}", Tone.AMBER, "forum")


def time_left(left: timedelta, clients: int) -> Phrase:
    """`24 min left, 6 clients to go, about 4 min each`; amber once the time is over."""
    to_go = f"{wording.count(clients, 'client') if clients else 'nobody'} to go"
    if left <= timedelta(0):
        return Phrase(f"Time is over, {to_go}", Tone.AMBER, "timer_off")
    minutes = int(left.total_seconds() // 60)
    each = f", about {max(round(minutes / clients), 1)} min each" if clients else ""
    return Phrase(f"{minutes} min left, {to_go}{each}", Tone.QUIET, "timer")


def question_waits(standing: AskStanding, name: str, now: datetime, zone: ZoneInfo) -> Phrase:
    """Whose turn it is: `Waiting on you, due 4:30 pm, in 2 hr`, `Waiting on Thea Tallis to read`.

    `name` is whose it is.
    """
    who = waiting_on("you" if standing.is_mine else name, "")
    rest = (
        "to read the answer"
        if standing.stage is AskStage.ANSWERED
        else question_due(standing, now, zone)
    )
    between = " " if standing.stage is AskStage.ANSWERED else ", "
    said = f"{wording.first_up(who)}{between}{rest}"
    icon = "alarm" if standing.is_overdue else "hourglass_empty"
    return Phrase(said, standing.tone, icon)


def question_due(standing: AskStanding, now: datetime, zone: ZoneInfo) -> str:
    """Until when an answer is asked for: `due 4:30 pm, in 2 hr`, `overdue 26 hr`."""
    if standing.is_overdue:
        return f"overdue {wording.hours(now - standing.due_at)}"
    due = wording.moment_today(standing.due_at, now, zone)
    return f"due {due}, {wording.relative(standing.due_at, now)}"


def question_for(names: Sequence[str]) -> str:
    """What the way to ask them is called: `Ask Robin Prescott`; of several `Ask a colleague`."""
    return f"Ask {names[0]}" if len(names) == 1 else "Ask a colleague"


def touched(
    kind: ContactKind, outcome: ContactOutcome, *, from_client: bool, at: str, by: str
) -> str:
    """How a contact ended, and when: `They called, today 2:05 pm, Thea Tallis`."""
    match kind, from_client, outcome:
        case ContactKind.CALL, True, _:
            what = "They called"
        case ContactKind.MESSAGE, True, _:
            what = "They wrote"
        case ContactKind.MESSAGE, False, ContactOutcome.NOT_REACHED:
            what = "We wrote"
        case ContactKind.CALL, False, _:
            what = f"We called, {outcome.label.lower()}"
        case _:
            what = f"{kind.label}, {outcome.label.lower()}"
    return ", ".join(filter(None, (what, at, by)))


def loose_end(one: Loose, now: datetime, zone: ZoneInfo) -> str:
    """What is loose on a course that is to end: `Check-in, Thu Nov 26, 10:00 am, Thea Tallis`."""

    def when(at: datetime | None) -> str:
        return wording.moment(at, now, zone) if at else ""

    what = one.what.label if one.what else one.kind.label
    match one.kind:
        case LooseKind.DOSE:
            return f"{what} of {when(one.at)}"
        case LooseKind.UNCONFIRMED:
            return f"Dose of {when(one.at)}, as told by {one.who}"
        case LooseKind.FRESH:
            return f"Ketamine given {when(one.at)}"
        case LooseKind.INTEGRATION:
            of = f" of the dose of {when(one.at)}" if one.at else ""
            booked = f"booked {when(one.planned_at)}" if one.planned_at else "not booked"
            return f"{what}{of}, {booked}"
        case LooseKind.FORM:
            return f"{what} of the session of {when(one.at)}"
        case LooseKind.NOTE:
            return f"{what} held {when(one.at)}, note not signed"
        case LooseKind.DRAFT:
            return f"{what}, unsigned, begun {when(one.at)}"
        case LooseKind.CONTACT:
            return _join(what, when(one.at), one.who)
        case LooseKind.WAIT:
            return f"Waiting on: {what[:1].lower()}{what[1:]}, {one.who} calls"
        case LooseKind.ASK:
            return f"Question for {one.who}, {when(one.at)}: {what[:1].lower()}{what[1:]}"
        case LooseKind.CONCERN:
            return _join(f"{what}, raised {when(one.at)}", one.who)
        case LooseKind.CONSENT:
            signed = wording.listed([kind.label for _, kind in one.consents])
            return f"{'Consents' if len(one.consents) > 1 else 'Consent'}: {signed}"
        case LooseKind.ACTION:
            due = action_due(one.on, now.astimezone(zone).date()).text if one.on else ""
            return _with_words(_join(what, due, one.who), one.words)
        case LooseKind.MARK:
            return _with_words(_join(what, one.who), one.words)
        case LooseKind.HOLD:
            return f"On hold since {when(one.at)}: {what[:1].lower()}{what[1:]}"


_SIGNAL_ICONS = {
    SignalKind.CRITICAL: "emergency_heat",
    SignalKind.WORSE: "trending_down",
    SignalKind.SLIPPING: "trending_down",
    SignalKind.NOT_BETTER: "trending_flat",
    SignalKind.CANNOT_JUDGE: "assignment_late",
    SignalKind.NO_BASELINE: "assignment_late",
    SignalKind.OVERDUE: "assignment_late",
}


def signal(one: Signal, now: datetime, zone: ZoneInfo) -> Phrase:
    """An alert: what, its value, and since when."""
    if one.is_of_scores:
        between = " " if one.kind is SignalKind.NOT_BETTER else ": "
        what = "" if one.is_critical else f"{one.kind.label}{between}"
        since = "since " if one.kind is SignalKind.OVERDUE else ""
        on = wording.day(one.at.astimezone(zone).date(), now.astimezone(zone).date())
        return Phrase(f"{what}{one.value}, {since}{on}", one.tone, _SIGNAL_ICONS[one.kind])
    if one.kind is SignalKind.NOT_IN_PERSON:
        return Phrase(one.kind.label, one.tone, "warning")
    if one.kind in {SignalKind.LOOK_UP, SignalKind.REVIEW_DUE}:
        return Phrase(f"{one.kind.label}: {one.value}", one.tone, "warning")
    if one.is_dated:
        return Phrase(f"{one.kind.label} {one.value}", one.tone, "flag")
    if one.kind is SignalKind.CONCERN:
        when = _both_times(one.at, now, zone)
        return Phrase(f"{one.value}, {when}", one.tone, "emergency_heat")
    what = "" if one.kind is SignalKind.EVENT else f"{one.kind.label} "
    return Phrase(f"{what}{one.value}, {wording.moment(one.at, now, zone)}", one.tone, "warning")


_BEFORE_THE_DOSE = {DueFor.BASELINE, DueFor.BEFORE_DOSE}
_NAMED = 2


def measures_due(dues: Sequence[Due], names: Mapping[str, str], today: date) -> str:
    """What is asked for: `Due: PHQ-9 and GAD-7 before the dose Wed Nov 25; WHO-5 by Fri Nov 20`.

    `names` are those of the instruments by id.
    """
    found: dict[str, list[str]] = {}
    for one in dues:
        on = wording.day(one.due_on, today)
        if one.due_for in _BEFORE_THE_DOSE and one.due_on >= today:
            how = f"before the dose {on}"
        else:
            how = f"overdue since {on}" if one.is_overdue else f"by {on}"
        how = how if one.last_on else f"{how}, never taken"
        found.setdefault(how, []).append(names[one.instrument_id])
    said = "; ".join(f"{wording.listed(which)} {how}" for how, which in found.items())
    return f"Due: {said}" if said else ""


def due_before(dues: Sequence[Due], names: Mapping[str, str]) -> str:
    """What is asked for before one dose: `Due before this dose: PHQ-9 and GAD-7`."""
    late = {False: "", True: " (overdue)"}
    listed = [f"{names[one.instrument_id]}{late[one.is_overdue]}" for one in dues]
    return f"Due before this dose: {wording.listed(listed)}" if listed else ""


def due_before_in_short(dues: Sequence[Due], names: Mapping[str, str]) -> str:
    """The same where there is little room: more than two are counted, `4 measures, 3 overdue`."""
    if len(dues) <= _NAMED:
        return due_before(dues, names)
    overdue = sum(one.is_overdue for one in dues)
    late = f", {overdue} overdue" if overdue else ""
    return f"Due before this dose: {wording.count(len(dues), 'measure')}{late}"


def attention(one: Attention, now: datetime, zone: ZoneInfo) -> Phrase:
    """The words for one reason to look at a course."""
    if one.integration is not None:
        return _named_integration(one.integration, now, zone)
    if one.intention is not None:
        return intention(one.intention, now, zone)
    if one.concern is not None:
        return concern(one.concern, now, zone)
    if one.ask is not None:
        return question(one.ask, now, zone)
    if one.action is not None:
        return review_action(one.action, now.astimezone(zone).date())
    if one.reason is Reason.ALERT and one.signal is not None:
        return signal(one.signal, now, zone)
    if one.home is not None:
        return home_problem(_HOME_PROBLEMS[one.reason], one.home, now, zone)
    if one.lacks is not None:
        return _lacking_for(one.lacks, one.at, now, zone)
    if one.contact is not None and one.reason is Reason.NOTE_BEFORE_VISIT:
        visit = wording.first_down(one.contact.kind.label)
        when = _both_times(one.contact.planned_at, now, zone)
        return Phrase(f"No integration note yet before the {visit} {when}", one.tone, "edit_note")
    if one.contact is not None:
        return contact(one.contact, now, zone)
    if one.form is not None:
        return monitoring_form(one.form, now.astimezone(zone).date())
    when = _both_times(one.at, now, zone) if one.at else ""
    match one.reason:
        case Reason.WAS_THIS_GIVEN:
            return Phrase(f"Was this given? Planned {when}", one.tone, "help")
        case Reason.NOT_CLOSED:
            return Phrase(f"Not closed, planned {when}", one.tone, "pending")
        case Reason.BREACH:
            return Phrase(f"{one.reason.label}, recorded {when}", one.tone, "report")
        case Reason.CHANGE_TO_CONFIRM if one.at:
            return Phrase(f"{one.reason.label}, proposed {when}", one.tone, "hourglass_empty")
        case Reason.DOSE_ON_HOLD:
            return Phrase(f"On hold, a dose is booked for {when}", one.tone, "pause")
        case Reason.CLEARANCE_TO_DECIDE if one.refused:
            return Phrase(f"Clearance: {one.refused.label.lower()}", one.tone)
        case Reason.OUT_OF_TOUCH if one.at:
            since = wording.day(one.at.astimezone(zone).date(), now.astimezone(zone).date())
            return Phrase(f"Out of touch since {since}, nothing booked", one.tone, "phone_missed")
        case Reason.SIGN_MEDICAL | Reason.SIGN_SUPPORT if one.at:
            given = wording.day(one.at.astimezone(zone).date(), now.astimezone(zone).date())
            return Phrase(f"{one.reason.label}: dose of {given}", one.tone, "signature")
        case Reason.SIGN_OFF if one.at:
            ended = wording.day(one.at.astimezone(zone).date(), now.astimezone(zone).date())
            return Phrase(f"{one.reason.label}, ended {ended}", one.tone, "approval")
        case Reason.MISSED_AGAIN if one.times > MISSED_TWICE:
            return Phrase(f"Missed {one.times} times in a row", one.tone, "event_busy")
        case Reason.CLEARANCE_ENDS if one.on:
            today = now.astimezone(zone).date()
            verb = "ended" if one.on < today else "ends"
            return Phrase(f"Clearance {verb} {wording.day(one.on, today)}", one.tone, "flag")
        case Reason.CONSENT_ENDS if one.on and one.consent:
            today = now.astimezone(zone).date()
            verb = "ends" if one.tone is Tone.AMBER else "ended"
            ends = wording.day(one.on, today)
            return Phrase(f"Consent “{one.consent.label}” {verb} {ends}", one.tone, "flag")
        case Reason.TO_REBOOK if one.ended and one.at:
            on = wording.day(one.at.astimezone(zone).date(), now.astimezone(zone).date())
            how = one.ended.label.lower()
            return Phrase(f"{one.reason.label}: session of {on} {how}", one.tone, "event_repeat")
        case Reason.CALL_BACK if one.wait:
            return call_back(one.wait, now.astimezone(zone).date())
        case Reason.NO_DAY_TO_CALL_BACK if one.wait:
            today = now.astimezone(zone).date()
            since = f"waiting on {party(one.wait)} since {wording.day(one.wait.since_on, today)}"
            return Phrase(f"{one.reason.label}, {since}", one.tone, "call")
        case Reason.AUTHORIZATION_ENDS if one.authorization:
            today = now.astimezone(zone).date()
            return Phrase(_authorization_ends(one.authorization, today), one.tone, "flag")
        case _:
            return Phrase(one.reason.label, one.tone, "error" if one.tone is Tone.RED else "flag")


def _lacking_for(one: Requirement, at: datetime | None, now: datetime, zone: ZoneInfo) -> Phrase:
    said = lacking(one)
    if at is None or one.item is ReadinessItem.HOME:
        return said
    return replace(said, text=f"{said.text} for {_both_times(at, now, zone)}")


def party(one: OutsideWaitFacts) -> str:
    """Whom a course waits on outside: `insurer (Sonora Health)`, of somebody else the name."""
    if one.kind is OutsideParty.OTHER and one.who:
        return one.who
    label = one.kind.label[:1].lower() + one.kind.label[1:]
    return f"{label} ({one.who})" if one.who else label


def outside_wait(one: OutsideWaitFacts, caller: str, today: date) -> str:
    """One open wait: `insurer since Thu Nov 12, call back Mon Nov 30, Frida Desk`."""
    back = f"call back {wording.day(one.call_back_on, today)}" if one.call_back_on else ""
    return _join(f"{party(one)} since {wording.day(one.since_on, today)}", back, caller)


def call_back(one: OutsideWaitFacts, today: date) -> Phrase:
    """That it is time to call someone outside: `Call back insurer, due Mon Nov 23`."""
    due = f", due {wording.day(one.call_back_on, today)}" if one.call_back_on else ""
    return Phrase(f"Call back {party(one)}{due}", Tone.AMBER, "call")


def ended_wait(
    one: OutsideWaitFacts, outcome: WaitOutcome, ended_on: date | None, today: date
) -> str:
    """A wait that is over: `insurer since Thu Nov 12: it came Tue Nov 24`."""
    how = f"{outcome.label[:1].lower()}{outcome.label[1:]}"
    ended = f" {wording.day(ended_on, today)}" if ended_on else ""
    return f"{party(one)} since {wording.day(one.since_on, today)}: {how}{ended}"


def authorized(one: AuthorizationFacts, today: date) -> str:
    """What an insurer authorized: `Insurer authorized 6 visits until Thu Dec 31, 2 used`."""
    until = _last_day(one.until_on, today)
    return f"Insurer authorized {wording.count(one.visits, 'visit')} until {until}, {one.used} used"


def beyond_authorized(found: BeyondAuthorized, today: date, zone: ZoneInfo) -> Phrase:
    """That a visit is one more than an insurer authorized, or on another day; it may be meant."""
    one = found.authorized
    until = _last_day(wording.last_day(one.until_at, zone), today)
    if found.number is None:
        since = wording.day(one.from_at.astimezone(zone).date(), today)
        said = f"visits from {since} to {until}, and this is another day"
    else:
        visits = wording.count(one.visits, "visit")
        said = f"{visits} until {until}, and this would be the {wording.ordinal(found.number)}"
    return Phrase(f"The insurer authorized {said}. It may be meant.", Tone.AMBER, "flag")


def _last_day(on: date, today: date) -> str:
    """One that is past has its year: without it, `until Sun Feb 1` is next year's."""
    return wording.full_day(on) if on < today else wording.day(on, today)


def _authorization_ends(one: AuthorizationFacts, today: date) -> str:
    until = _last_day(one.until_on, today)
    if one.until_on < today:
        return f"Authorization ended {until}"
    if one.left == 0:
        return f"Authorized visits used up, {one.used} of {one.visits}"
    if one.left == 1:
        return f"One authorized visit left, until {until}"
    return f"Authorization ends {until}, {one.left} of {one.visits} visits left"


def stuck(one: Stuck, waits: Sequence[str], prescriber: str, next_step: str) -> str:
    """Where a course is stuck: `Day 24 since first call. Waiting on: insurer since …`.

    `waits` are its waits in words, `prescriber` who has to clear, `next_step` what is planned.
    """
    since = "since first call" if one.is_since_call else "since the course was opened"
    day = f"Day {one.day} {since}. " if one.day is not None else ""
    return f"{day}{_stuck_on(one, waits, prescriber, next_step)}"


def _stuck_on(one: Stuck, waits: Sequence[str], prescriber: str, next_step: str) -> str:
    match one.on:
        case StuckOn.OUTSIDE:
            return f"Waiting on: {'; '.join(waits)}"
        case StuckOn.CLEARANCE:
            refused = f" ({one.refused.label.lower()})" if one.refused else ""
            return f"Waiting on: clearance{refused}, {prescriber or 'no prescriber yet'}"
        case StuckOn.CONSENTS:
            missing = wording.listed([f"“{consent.label}”" for consent in one.consents])
            kind = "consent" if len(one.consents) == 1 else "consents"
            return f"Waiting on: {kind} {missing}"
        case StuckOn.DOSE:
            return StuckOn.DOSE.label
        case StuckOn.NOTHING:
            return f"Next: {next_step}" if next_step else "No next step"


def practice_closed(hours: OpeningHours, day: date | None, today: date) -> Phrase | None:
    """That the practice is closed on a day ahead: `Closed: Thanksgiving`; None when it is open."""
    if day is None or day < today or hours.is_open_on(day):
        return None
    name = hours.closed_for(day)
    usual = f"Usually closed on {list(Weekday)[day.weekday()].label}s"
    return Phrase(f"Closed: {name}" if name else usual, Tone.AMBER, "event_busy")


def outside_hours(hours: OpeningHours, local: datetime) -> Phrase | None:
    """That the practice is not open at this time of a day on which it is; None when it is open.

    Of a day on which it is closed `practice_closed` says so.
    """
    if hours.is_open_at(local) or not hours.is_open_on(local.date()):
        return None
    opens, closes = wording.clock_time(hours.opens), wording.clock_time(hours.closes)
    return Phrase(f"Outside the opening hours, {opens} to {closes}", Tone.AMBER, "nightlight")


def away_then(name: str, until_at: datetime, cover: str, now: datetime, zone: ZoneInfo) -> Phrase:
    """That somebody is away when something is planned: `Thea is away until …, Nia covers`."""
    until = wording.day(wording.last_day(until_at, zone), now.astimezone(zone).date())
    who = f"{cover} covers" if cover else ""
    return Phrase(_join(f"{name} is away until {until}", who), Tone.AMBER, "person_alert")


def rate(one: Rate) -> str:
    """`31 of 44 (70%), 9 not judged`; of a few without a percentage, which promises too much."""
    if not one.of and one.left_out:
        return f"none of {one.left_out} judged"
    percent = f" ({round(100 * one.count / one.of)}%)" if one.of >= LEAST_CHARTED else ""
    return f"{one.count} of {one.of}{percent}, {one.left_out or 'none'} not judged"


def not_judged(one: Rate) -> str:
    """Why so many could not be judged: `4 no score since, 2 too few doses so far`."""
    return ", ".join(f"{number} {why}" for why, number in one.unjudged.items())


def gains(one: Spread) -> str:
    """Where the change of a group lies: its median, its middle half, and all of it."""
    return (
        f"{one.number} judged, median {_gain(one.median)}, middle half {_gain(one.first_quarter)} "
        f"to {_gain(one.third_quarter)}, all {_gain(one.least)} to {_gain(one.most)}"
    )


def days_to(one: Spread) -> str:
    """How many days it took: `12 responded, median 21 d, middle half 14 to 30 d, all 7 to 60 d`."""
    return (
        f"{one.number} responded, median {_figure(one.median)} d, middle half "
        f"{_figure(one.first_quarter)} to {_figure(one.third_quarter)} d, "
        f"all {one.least} to {one.most} d"
    )


def _gain(points: Fraction | int) -> str:
    if not points:
        return "no change"
    is_better = points > 0
    return f"{_figure(points if is_better else -points)} {'better' if is_better else 'worse'}"


def _figure(value: Fraction | int) -> str:
    return f"{float(value):.1f}".removesuffix(".0")


def came_to(scored: Scored) -> str:
    """What a form of a measure came to: `9, Mild`, `Moderate`; else why it has no total."""
    if scored.missing:
        return f"No total: {unanswered(scored.missing)}"
    total = "" if scored.total is None else str(scored.total)
    return _join(total, scored.band.label if scored.band else "")


def unanswered(missing: Sequence[int]) -> str:
    """`item 2 not answered`, `items 2 and 5 not answered`."""
    noun = "item" if len(missing) == 1 else "items"
    return f"{noun} {wording.listed([str(one) for one in missing])} not answered"


def critical(one: CriticalAnswer, before: int | None) -> Phrase:
    """What was answered to an item that needs somebody by itself, `before` the time before."""
    if one.answer is None:
        return Phrase(f"Item {one.critical.item} unknown", Tone.QUIET)
    tone = one.tone(before)
    icon = {Tone.RED: "error", Tone.AMBER: "error"}.get(tone, "")
    return Phrase(f"Item {one.critical.item}: {one.answer}", tone, icon)


def recall_overlaps(since: datetime, now: datetime, zone: ZoneInfo) -> str:
    """That a form asks about days about which the last one asked already."""
    today = now.astimezone(zone).date()
    on = wording.day(since.astimezone(zone).date(), today)
    return f"Recall overlaps the last one, {on}"


def same_form(by: str, at: datetime, now: datetime, zone: ZoneInfo) -> Phrase:
    """That another form of that day says the same, so that one paper may stand twice."""
    when = wording.moment(at, now, zone)
    return Phrase(
        f"Entered twice? {by} entered the same for this day, {when}. "
        "If so, mark one as entered in error.",
        Tone.AMBER,
        "content_copy",
    )


def baseline(found: Baseline | None, first_dose_at: datetime | None) -> str:
    """What a change is measured against, with its age: `Baseline 21, 12 d before the first dose`.

    `first_dose_at` of the series, None before there is one.
    """
    if found is None:
        return "No baseline"
    total = f"Baseline {found.score.total}"
    if found.days is None:
        return f"{total}, after first dose"
    age = f"{found.days}{NBSP}d"
    if first_dose_at is None:
        return f"{total} so far, {age} old" if found.days else f"{total} so far, of today"
    if not found.days:
        return f"{total}, before the first dose, same day"
    return f"{total}, {age} before the first dose"


def changed(found: Change) -> str:
    """`From 21 to 9: 12 points better, 57%`; only the two of what is too small to call."""
    pair = f"From {found.baseline.score.total} to {found.latest.total}"
    if found.has(ChipKind.TOO_SMALL) or not found.gain:
        return pair
    points = wording.count(abs(found.gain), "point")
    percent = "" if found.percent is None else f", {abs(found.percent)}%"
    return f"{pair}: {points} {'better' if found.gain > 0 else 'worse'}{percent}"


def slipping(found: Slipping, now: datetime, zone: ZoneInfo) -> Phrase:
    """That somebody is worse than at their best since the baseline."""
    on = found.best.taken_at.astimezone(zone).date()
    best = f"{found.best.total} on {wording.day(on, now.astimezone(zone).date())}"
    points = wording.count(found.points, "point")
    return Phrase(f"Slipping: {points} worse than the best, {best}", Tone.AMBER, "trending_down")


def progress(one: Progress) -> str:
    """`PHQ-9 18 → 6 (best 5), response`: the primary measure as a list has it."""
    name = one.instrument.name
    if one.first is None:
        return f"{name} {one.last}, no baseline"
    if one.last is None:
        return f"{name} {one.first} at baseline"
    best = "" if one.best == one.last else f" (best {one.best})"
    label = one.finding.label if one.finding else ""
    if one.finding is ChipKind.REMISSION and one.instrument.remission:
        label = one.instrument.remission.label
    return _join(f"{name} {one.first} → {one.last}{best}", wording.first_down(label))


def trend(one: Progress) -> str:
    """`PHQ-9 from 18 to 6 over 5 scores, scale 0 to 27`: what a small picture of it shows."""
    instrument, number = one.instrument, wording.count(len(one.scores), "score")
    ends = f"from {one.scores[0].total} to {one.scores[-1].total} over {number}"
    return f"{instrument.name} {ends}, scale {instrument.minimum} to {instrument.maximum}"


def changed_outside(found: Found, zone: ZoneInfo) -> str:
    """What a check of the signed records found first, by code and moment; it names nobody."""
    row = _row_outside(found.row, zone) if found.row else ""
    if found.anchor is not None:
        return _against_anchor(found, zone)
    match found.wrong:
        case Outside.CHANGED:
            return f"{row} was changed outside kapteam."
        case Outside.GONE:
            return f"{row} was deleted outside kapteam."
        case Outside.ADDED:
            return f"{row} was added outside kapteam."
        case Outside.LINE_GONE:
            before = wording.first_down(row)
            return f"What kapteam keeps to check signed records has a gap before {before}."
        case Outside.OTHER_KEY:
            return (
                f"{row} was locked with another key, and so may be what follows. Put the copy of "
                "records.key that was in use then back into the data folder."
            )
        case Outside.NO_KEY:
            return (
                "The file records.key is missing from the data folder, so signed records cannot be "
                "checked. Put its copy back."
            )
    return f"What kapteam keeps to check {wording.first_down(row)} was changed outside kapteam."


def _row_outside(row: RowNamed, zone: ZoneInfo) -> str:
    what = row.kind.label if row.kind else "A line about nothing that there is"
    whose = f" of {row.code}" if row.code else ""
    when = f", {wording.full_moment(row.at, zone)}," if row.at else ""
    return f"{what}{whose}{when}"


def _against_anchor(found: Found, zone: ZoneInfo) -> str:
    at = found.anchored_at
    then = f"On {wording.full_moment(at, zone)}" if at else f"When {found.anchor} was printed"
    if found.wrong is Outside.PUT_ASIDE:
        return (
            f"{then} there were signed records that were put aside since, when a backup was "
            "restored. The audit log says when."
        )
    if found.wrong is Outside.CUT:
        return (
            f"{then} there were more signed records than now: the newest were taken away, or an "
            "older file was put in the place of the database."
        )
    return (
        f"{then} there were other signed records than now: an older file was put in the place of "
        "the database, and written on."
    )
