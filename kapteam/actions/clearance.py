"""The prescriber's medical clearance: never edited, the newest one of a course holds."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from kapteam import wording
from kapteam.actions.loading import clearance_at
from kapteam.actions.practice import the_practice
from kapteam.actions.saving import already_saved
from kapteam.clock import day_of
from kapteam.db.access import visible_episode
from kapteam.db.audit import record
from kapteam.db.tables import Clearance, Episode
from kapteam.errors import NotAllowed
from kapteam.rules.entered import Entered
from kapteam.rules.permissions import Viewer, check_can_clear
from kapteam.vocabulary import ClearanceDecision, EpisodeState, ProductRoute, ServiceLine


@dataclass(frozen=True, slots=True)
class ClearanceEntered:
    """A decision; `id` is minted by the form.

    The ceiling is mg in one session as typed, empty for none. Routes, ceiling and last day count
    only when cleared; `conditions` also says why somebody was deferred or is not eligible.
    """

    id: str
    episode_id: str
    decision: ClearanceDecision | None
    routes: tuple[ProductRoute, ...]
    ceiling: str
    conditions: str
    valid_until_on: date | None
    in_person_on: date | None


def record_clearance(db: Session, viewer: Viewer, entered: ClearanceEntered, now: datetime) -> None:
    """Keep a decision; it takes the place of the one before (rule 15: prescribers only).

    Raises NotAllowed, NotFound, Invalid by field.
    """
    episode = visible_episode(db, viewer, entered.episode_id, now)
    check_can_clear(viewer)
    if already_saved(db, Clearance, entered.id):
        return
    _check_takes_clearance(episode)
    clearance = _checked(entered, day_of(now, the_practice(db, now).zone))
    clearance.decided_by_id = viewer.clinician_id
    clearance.decided_at = now
    before = clearance_at(db, episode.id, now)
    db.add(clearance)
    record(
        db,
        "clearance:recorded",
        viewer,
        now,
        client_id=episode.client_id,
        subject_id=clearance.id,
        decision=(before and before.decision, clearance.decision),
        routes=(before and sorted(before.routes), clearance.routes),
        ceiling_ug=(before and before.ceiling_ug, clearance.ceiling_ug),
        valid_until_on=(before and before.valid_until_on, clearance.valid_until_on),
    )


def _check_takes_clearance(episode: Episode) -> None:
    if episode.service_line is not ServiceLine.KAP:
        raise NotAllowed("This course has no ketamine sessions, so there is nothing to clear.")
    if episode.state is EpisodeState.CLOSED:
        raise NotAllowed("This course of care is closed. Open a new one instead.")


def _checked(entered: ClearanceEntered, today: date) -> Clearance:
    form = Entered()
    decision, until = entered.decision, entered.valid_until_on
    cleared = decision is not None and decision.allows_ketamine
    form.need("decision", decision is not None, "Choose a decision.")
    form.need(
        "in_person_on",
        entered.in_person_on is None or entered.in_person_on <= today,
        "This day is in the future.",
    )
    conditions = form.text(
        "conditions",
        entered.conditions,
        "The text of the conditions",
        required=decision is ClearanceDecision.CLEARED_WITH_CONDITIONS,
    )
    ceiling_ug = None
    if cleared:
        form.need("routes", bool(entered.routes), "Choose at least one route.")
        form.need(
            "valid_until_on",
            until is not None and until > today,
            "Choose the last day it is valid, after today.",
        )
        if entered.ceiling.strip():
            ceiling_ug = form.read("ceiling", wording.read_mg, entered.ceiling)
    form.done()
    return Clearance(
        id=entered.id,
        episode_id=entered.episode_id,
        decision=decision,
        routes=[route.value for route in ProductRoute if cleared and route in entered.routes],
        ceiling_ug=ceiling_ug,
        conditions=conditions,
        in_person_on=entered.in_person_on,
        valid_until_on=until if cleared else None,
    )
