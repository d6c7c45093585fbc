"""Quieting an alert: it was looked at, and rests until a day, with the reason."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from kapteam import wording
from kapteam.actions.consents import newest_consents
from kapteam.actions.loading import administrations, clearance_at, practice_zone, product_route
from kapteam.actions.practice import the_practice
from kapteam.actions.saving import already_saved
from kapteam.actions.submissions import submission_of
from kapteam.clock import day_of
from kapteam.db import signal_rows
from kapteam.db.access import is_on, visible_episode
from kapteam.db.audit import record
from kapteam.db.concerns import has_prescriber, last_seen_at, names, unseen_by
from kapteam.db.tables import Acknowledgement, Clinician, Concern, Episode, KetamineSession
from kapteam.errors import NotAllowed
from kapteam.instruments import measures_of
from kapteam.rules.alerts import Signal, SignalKind, may_be_quiet_until
from kapteam.rules.concerns import ConcernStanding
from kapteam.rules.deadlines import of_clearance, of_concern, of_consent, of_form
from kapteam.rules.entered import Entered
from kapteam.rules.monitoring_form import judge_form
from kapteam.rules.permissions import Viewer, check_can_quiet_alert
from kapteam.rules.signals import signals
from kapteam.rules.spravato import is_spravato


@dataclass(frozen=True, slots=True)
class QuietEntered:
    """Which alert of which course rests until when, and why; `id` is minted by the form."""

    id: str
    episode_id: str
    mark: str
    reason: str
    until_on: date | None


def quiet_alert(db: Session, viewer: Viewer, entered: QuietEntered, now: datetime) -> None:
    """Let an alert rest; it speaks again by itself on the day after, or as soon as it is louder.

    Red rests until the next day at most (rule 72). A critical answer rests as known, by whoever is
    on the course: until the day of its plan, or the next rise (product.md). A concern does not rest
    before everybody has seen it, and what it holds stays held. Raises NotAllowed, NotFound, Invalid
    by field.
    """
    course = visible_episode(db, viewer, entered.episode_id, now)
    if already_saved(db, Acknowledgement, entered.id):
        return
    today = day_of(now, practice_zone(db, now))
    signal = _deadline(db, course, entered.mark, now) or _judged(db, course, entered.mark, now)
    if signal is None:
        raise NotAllowed("This alert is not there any more. Reload the page to see what is.")
    check_can_quiet_alert(viewer, signal.part)
    if signal.is_of_client and not is_on(db, viewer, course.id, now):
        raise NotAllowed("Only who is on this course can say that this is known.")
    if signal.must_be_seen_by:
        names = wording.listed(signal.must_be_seen_by)
        raise NotAllowed(f"This cannot rest: it was not seen yet by {names}. Call them.")
    form = Entered()
    what = "The plan" if signal.is_critical else "The reason"
    reason = form.text("reason", entered.reason, what, required=True)
    latest = may_be_quiet_until(signal, today)
    until = entered.until_on
    form.need("until_on", until is not None, "Choose the day.")
    form.need("until_on", until is None or until >= today, "This day has passed.")
    form.need(
        "until_on",
        until is None or until <= latest,
        f"This alert can rest until {wording.day(latest, today)} at most.",
    )
    form.done()
    db.add(
        Acknowledgement(
            id=entered.id,
            episode_id=course.id,
            mark=entered.mark,
            until_on=until,
            reason=reason,
            by_id=viewer.clinician_id,
            at=now,
        )
    )
    record(
        db,
        "alert:quieted",
        viewer,
        now,
        client_id=course.client_id,
        subject_id=course.id,
        kind=signal.kind,
        until_on=until,
    )


def _judged(db: Session, course: Episode, mark: str, now: datetime) -> Signal | None:
    """The alert with this mark that the figures, events and scores of a course raise."""
    facts = signal_rows.read_facts(db, course.id, now)
    practice = the_practice(db, now)
    measures = measures_of(practice.measures, practice.zone)
    today = day_of(now, practice.zone)
    found = signals(facts, practice.thresholds, now, today, measures)
    return next((one for one in found if one.mark == mark), None)


def _deadline(db: Session, course: Episode, mark: str, now: datetime) -> Signal | None:
    """The alert with this mark that a concern, a form, a clearance or a consent raises."""
    kind, _, rest = mark.partition("/")
    row_id = rest.partition("/")[0]
    today = day_of(now, practice_zone(db, now))
    found: list[Signal | None] = []
    match kind:
        case SignalKind.CONCERN.value:
            found = [_concern(db, course, row_id, now)]
        case SignalKind.FORM.value:
            found = [_form(db, course, row_id, now)]
        case SignalKind.CLEARANCE.value:
            clearance = clearance_at(db, course.id, now)
            until = clearance.valid_until_on if clearance else None
            found = [of_clearance(course.id, until, today)]
        case SignalKind.CONSENT.value:
            consents = newest_consents(db, course.id, today)
            found = [of_consent(course.id, one, today) for one in consents]
    return next((one for one in found if one and one.mark == mark), None)


def _concern(db: Session, course: Episode, concern_id: str, now: datetime) -> Signal | None:
    row = db.execute(
        select(Concern, Clinician.name, unseen_by(now), last_seen_at(), has_prescriber(now))
        .join(Clinician, Clinician.id == Concern.raised_by_id)
        .where(
            Concern.id == concern_id,
            Concern.client_id == course.client_id,
            Concern.closed_at.is_(None),
        )
    ).one_or_none()
    if row is None:
        return None
    concern, raised_by, unseen, seen_at, is_prescribed = row
    standing = ConcernStanding(
        concern.kind,
        concern.level,
        concern.raised_at,
        raised_by,
        names(unseen),
        seen_at,
        has_prescriber=is_prescribed,
        version=concern.version,
    )
    return of_concern(concern.id, standing)


def _form(db: Session, course: Episode, session_id: str, now: datetime) -> Signal | None:
    session = db.get(KetamineSession, session_id)
    if session is None or session.episode_id != course.id:
        return None
    given = administrations(db, session.id)
    if not given or not is_spravato(product_route(db, session)):
        return None
    zone, sent = practice_zone(db, now), submission_of(db, session.id)
    today = day_of(now, zone)
    form = judge_form(
        day_of(given[0].started_at, zone),
        today,
        is_closed=session.status.is_given,
        is_submitted=sent is not None,
        is_changed=sent is not None and sent.changed_at is not None,
    )
    return of_form(session.id, form, today) if form else None
