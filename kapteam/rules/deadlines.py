"""Alerts that no figure raises: a concern by hand, a form that is due, what ends of what allows.

They say what they are judged by as every alert does (domain 5), and rest as every alert does.
"""

from datetime import UTC, date, datetime, time

from kapteam import wording
from kapteam.rules.alerts import Signal, SignalKind
from kapteam.rules.concerns import ConcernStanding, cleared_by
from kapteam.rules.monitoring_form import DUE_AFTER, FormStage, FormStanding
from kapteam.rules.pathway import EXPIRING, ConsentFacts
from kapteam.vocabulary import Part, Tone

_BEFORE_THE_END = f"from {EXPIRING.days} days before its last day"
_TO_SUBMIT = frozenset({FormStage.DUE, FormStage.OVERDUE, FormStage.CHANGED})


def of_concern(concern_id: str, standing: ConcernStanding) -> Signal:
    """A concern; while a colleague may not know of it, it cannot rest (product.md, by hand)."""
    return Signal(
        SignalKind.CONCERN,
        standing.tone,
        "",
        f"{concern_id}/{standing.version}",
        standing.raised_at,
        f"{standing.kind.label}, {standing.level.label.lower()}",
        "raised by hand, whatever its level",
        f"raised by {standing.raised_by}",
        f"{cleared_by(standing.kind)}, signed since",
        standing.waits_on,
        must_be_seen_by=standing.unseen_by,
    )


def of_form(ketamine_session_id: str, form: FormStanding, today: date) -> Signal | None:
    """Rule 39: the monitoring form of a Spravato session; None while it asks for nothing."""
    if form.stage not in _TO_SUBMIT:
        return None
    is_changed = form.stage is FormStage.CHANGED
    due = wording.day(form.due_on, today)
    return Signal(
        SignalKind.FORM,
        form.tone(today),
        ketamine_session_id,
        f"{ketamine_session_id}/{form.stage.value}/{form.due_on}",
        _at_noon(form.due_on),
        "changed since it was submitted" if is_changed else f"due {due}",
        f"within {DUE_AFTER.days} days of the session, as it is recorded",
        "Spravato REMS",
        "sending it again" if is_changed else "saying that it was submitted",
    )


def of_clearance(episode_id: str, until_on: date | None, today: date) -> Signal | None:
    """A clearance that ends within 30 days or has ended, on a course where ketamine is given."""
    if until_on is None or until_on > today + EXPIRING:
        return None
    return Signal(
        SignalKind.CLEARANCE,
        Tone.RED if until_on < today else Tone.AMBER,
        "",
        f"{episode_id}/{until_on}",
        _at_noon(until_on),
        f"{'ended' if until_on < today else 'ends'} {wording.day(until_on, today)}",
        _BEFORE_THE_END,
        "clearance of this course; kapteam's default",
        "a new clearance",
    )


def of_consent(episode_id: str, consent: ConsentFacts, today: date) -> Signal | None:
    """Rule 22: a consent that dosing needs and that ends within 30 days, or is in date no more."""
    ends = consent.revoked_on or consent.expires_on
    if ends is None or ends > today + EXPIRING:
        return None
    in_date = consent.is_in_date(today)
    return Signal(
        SignalKind.CONSENT,
        Tone.AMBER if in_date else Tone.RED,
        "",
        f"{episode_id}/{consent.type.value}/{ends}",
        _at_noon(ends),
        f"“{consent.type.label}” {'ends' if in_date else 'ended'} {wording.day(ends, today)}",
        "needed in date on the day of a dose" if not in_date else _BEFORE_THE_END,
        "newest consent of this kind on this course; kapteam's default",
        "one that is signed anew",
        Part.PRESCRIBER,
    )


def _at_noon(on: date) -> datetime:
    """An instant of a day, to say how far away it is."""
    return datetime.combine(on, time(12), UTC)
