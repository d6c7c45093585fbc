"""Quieting an alert: it was looked at, and rests until a day, with the reason."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from kapteam import wording
from kapteam.actions.loading import practice_zone
from kapteam.actions.practice import the_practice
from kapteam.actions.saving import already_saved
from kapteam.clock import day_of
from kapteam.db import signal_rows
from kapteam.db.access import is_on, visible_episode
from kapteam.db.audit import record
from kapteam.db.tables import Acknowledgement
from kapteam.errors import NotAllowed
from kapteam.instruments import measures_of
from kapteam.rules.alerts import may_be_quiet_until
from kapteam.rules.entered import Entered
from kapteam.rules.permissions import Viewer, check_can_quiet_alert
from kapteam.rules.signals import LOOKED_BACK, signals


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
    on the course: until the day of its plan, or the next rise (product.md). Raises NotAllowed,
    NotFound, Invalid by field.
    """
    course = visible_episode(db, viewer, entered.episode_id, now)
    if already_saved(db, Acknowledgement, entered.id):
        return
    today = day_of(now, practice_zone(db, now))
    facts = signal_rows.read_facts(db, course.id, now - LOOKED_BACK)
    practice = the_practice(db, now)
    measures = measures_of(practice, practice.zone)
    found = signals(facts, practice.thresholds, now, today, measures)
    signal = next((one for one in found if one.mark == entered.mark), None)
    if signal is None:
        raise NotAllowed("This alert is not there any more. Reload the page to see what is.")
    check_can_quiet_alert(viewer, signal.part)
    if signal.is_critical and not is_on(db, viewer, course.id, now):
        raise NotAllowed("Only who is on this course can say that this is known.")
    form = Entered()
    reason = form.text("reason", entered.reason, "The reason", required=True)
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
