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
from kapteam.db.access import visible_episode
from kapteam.db.audit import record
from kapteam.db.tables import Acknowledgement
from kapteam.errors import NotAllowed
from kapteam.rules.entered import Entered
from kapteam.rules.permissions import Viewer, check_can_quiet_alert
from kapteam.rules.signals import LOOKED_BACK, may_be_quiet_until, signals


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

    Red rests until the next day at most (rule 72). Raises NotAllowed, NotFound, Invalid by field.
    """
    course = visible_episode(db, viewer, entered.episode_id, now)
    if already_saved(db, Acknowledgement, entered.id):
        return
    today = day_of(now, practice_zone(db, now))
    facts = signal_rows.read_facts(db, course.id, now - LOOKED_BACK)
    found = signals(facts, the_practice(db, now).thresholds, now, today)
    signal = next((one for one in found if one.mark == entered.mark), None)
    if signal is None:
        raise NotAllowed("This alert is not there any more. Reload the page to see what is.")
    check_can_quiet_alert(viewer, signal.part)
    form = Entered()
    reason = form.text("reason", entered.reason, "The reason", required=True)
    latest = may_be_quiet_until(signal.tone, today)
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
