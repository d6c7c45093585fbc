"""The prescriber's medical clearance: never edited, the newest one of a course holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from kapteam import wording
from kapteam.actions.practice import the_practice
from kapteam.actions.saving import SAVED_MEANWHILE, already_saved
from kapteam.clock import day_of
from kapteam.db.access import visible_episode
from kapteam.db.audit import record
from kapteam.db.tables import Clearance, Episode
from kapteam.errors import Conflict, NotAllowed
from kapteam.rules.ceiling import Ceiling
from kapteam.rules.entered import LINE, Entered
from kapteam.rules.evaluation import Finding, Trial, adequate_trials, present, ruled_out_by
from kapteam.rules.permissions import Viewer, check_can_clear
from kapteam.vocabulary import (
    ClearanceDecision,
    Contraindication,
    EpisodeState,
    ProductRoute,
    ServiceLine,
    TrialKind,
    TrialOutcome,
)

MOST_LINES = 20


@dataclass(frozen=True, slots=True)
class TrialEntered:
    """What was tried before; one without name, dose and weeks is none.

    `weeks` are as typed, 0 or more; `adequate` is None where the rule decides.
    """

    kind: TrialKind | None = None
    name: str = ""
    dose: str = ""
    weeks: str = ""
    outcome: TrialOutcome | None = None
    adequate: bool | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing was typed in its row."""
        return not (self.name.strip() or self.dose.strip() or self.weeks.strip())

    def read(self, kind: TrialKind) -> Trial:
        """What was entered, as the rules take it. Raises ValueError for weeks that are none."""
        name, dose, weeks = self.name.strip(), self.dose.strip(), wording.read_weeks(self.weeks)
        return Trial(kind, name, dose, weeks, self.outcome, self.adequate)


@dataclass(frozen=True, slots=True)
class FindingEntered:
    """Whether a contraindication is there; `is_present` None: nobody asked."""

    about: Contraindication
    is_present: bool | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class ClearanceEntered:
    """A decision; `id` is minted by the form, which started from the clearance `follows_id`.

    The ceiling is mg in one session or mg per kg as typed, empty for none. Routes, ceiling and last
    day count only when cleared; `conditions` also says why somebody was deferred or is not
    eligible. Other diagnoses stand one a line. What is wrong with the second trial's name stands
    beside `trials.1.name`, and with what is known of an aneurysm beside `findings.aneurysm.note`.
    """

    id: str
    episode_id: str
    decision: ClearanceDecision | None
    routes: tuple[ProductRoute, ...]
    ceiling: str
    conditions: str
    valid_until_on: date | None
    in_person_on: date | None
    primary_diagnosis: str = ""
    other_diagnoses: str = ""
    trials: tuple[TrialEntered, ...] = ()
    findings: tuple[FindingEntered, ...] = ()
    despite_reason: str = ""
    follows_id: str = ""


def record_clearance(db: Session, viewer: Viewer, entered: ClearanceEntered, now: datetime) -> None:
    """Keep a decision; it takes the place of the one before (rule 15: prescribers only).

    Raises NotAllowed, NotFound, Invalid by field, Conflict (somebody decided since the form was
    drawn).
    """
    episode = visible_episode(db, viewer, entered.episode_id, now)
    check_can_clear(viewer)
    if already_saved(db, Clearance, entered.id):
        return
    _check_takes_clearance(episode)
    clearance = _checked(entered, day_of(now, the_practice(db, now).zone))
    clearance.decided_by_id = viewer.clinician_id
    clearance.decided_at = now
    before = db.scalar(
        select(Clearance)
        .where(Clearance.episode_id == episode.id)
        .order_by(Clearance.decided_at.desc(), Clearance.id.desc())
        .limit(1)
    )
    _check_follows(before, clearance, entered.follows_id)
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
        ceiling_ug_per_kg=(before and before.ceiling_ug_per_kg, clearance.ceiling_ug_per_kg),
        valid_until_on=(before and before.valid_until_on, clearance.valid_until_on),
        in_person_on=(before and before.in_person_on, clearance.in_person_on),
        adequate_trials=(before and _adequate(before), _adequate(clearance)),
        contraindications=(before and _present(before), _present(clearance)),
    )


def _check_takes_clearance(episode: Episode) -> None:
    if episode.service_line is not ServiceLine.KAP:
        raise NotAllowed("This course has no ketamine sessions, so there is nothing to clear.")
    if episode.state is EpisodeState.CLOSED:
        raise NotAllowed("This course of care is closed. Open a new one instead.")


def _check_follows(before: Clearance | None, clearance: Clearance, follows_id: str) -> None:
    """Nobody takes the place of a decision that they have not seen."""
    if before is None or before.id == follows_id:
        return
    theirs, mine = _by_field(before), _by_field(clearance)
    raise Conflict(
        SAVED_MEANWHILE,
        theirs={name: text for name, text in theirs.items() if text != mine[name]},
        mine={name: text for name, text in mine.items() if text != theirs[name]},
    )


def _by_field(one: Clearance) -> dict[str, str]:
    """What a clearance says in the fields that everybody fills in."""
    ceiling = Ceiling.of(one.ceiling_ug, one.ceiling_ug_per_kg)
    return {
        "decision": one.decision.value,
        "routes": ", ".join(ProductRoute(route).label for route in one.routes),
        "ceiling": ceiling.words if ceiling else "",
        "conditions": one.conditions,
        "valid_until_on": str(one.valid_until_on or ""),
        "in_person_on": str(one.in_person_on or ""),
    }


def _adequate(one: Clearance) -> int:
    return adequate_trials(map(Trial.of, one.trials))


def _present(one: Clearance) -> int:
    return len(present(map(Finding.of, one.contraindications)))


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
    ceiling_ug = ceiling_ug_per_kg = None
    if cleared:
        form.need("routes", bool(entered.routes), "Choose at least one route.")
        form.need(
            "valid_until_on",
            until is not None and until > today,
            "Choose the last day it is valid, after today.",
        )
        if entered.ceiling.strip():
            ceiling = form.read("ceiling", wording.read_ceiling, entered.ceiling)
            ceiling_ug, ceiling_ug_per_kg = ceiling or (None, None)
    diagnoses = _diagnoses(form, entered)
    trials = _trials(form, entered.trials)
    findings = _findings(form, entered.findings)
    despite_reason = ""
    if cleared and (against := ruled_out_by(findings)):
        named = wording.listed([one.label for one in against])
        despite_reason = form.text("despite_reason", entered.despite_reason, "The reason")
        form.need(
            "despite_reason",
            bool(despite_reason),
            f"{named}: this rules ketamine out by the label. Say why it is cleared all the same.",
        )
    form.done()
    return Clearance(
        id=entered.id,
        episode_id=entered.episode_id,
        decision=decision,
        routes=[route.value for route in ProductRoute if cleared and route in entered.routes],
        ceiling_ug=ceiling_ug,
        ceiling_ug_per_kg=ceiling_ug_per_kg,
        diagnoses=diagnoses,
        trials=[one.read(one.kind).kept() for one in trials if one.kind is not None],
        contraindications=[one.kept() for one in findings],
        despite_reason=despite_reason,
        conditions=conditions,
        in_person_on=entered.in_person_on,
        valid_until_on=until if cleared else None,
    )


def _diagnoses(form: Entered, entered: ClearanceEntered) -> list[str]:
    """The primary one, then the others, one a line."""
    first = form.line("primary_diagnosis", entered.primary_diagnosis, "The primary diagnosis")
    typed = form.text("other_diagnoses", entered.other_diagnoses, "The text of the diagnoses")
    others = [line.strip() for line in typed.splitlines() if line.strip()]
    form.need(
        "other_diagnoses",
        len(others) < MOST_LINES and all(len(one) <= LINE for one in others),
        f"Enter at most {MOST_LINES - 1} more, each of at most {LINE} characters.",
    )
    form.need("primary_diagnosis", bool(first) or not others, "Say which one is the primary one.")
    return [first, *others] if first else []


def _trials(form: Entered, entered: Sequence[TrialEntered]) -> list[TrialEntered]:
    """Those rows that hold something, each of them checked."""
    kept: list[TrialEntered] = []
    for number, one in enumerate(entered):
        if one.is_empty:
            continue
        field = f"trials.{number}"
        form.line(f"{field}.name", one.name, "What was tried", required=True)
        form.line(f"{field}.dose", one.dose, "The dose")
        form.need(f"{field}.kind", one.kind is not None, "Choose medicine or therapy.")
        form.need(
            f"{field}.name",
            len(kept) < MOST_LINES,
            f"Enter at most {MOST_LINES} of them, the most telling ones.",
        )
        form.read(f"{field}.weeks", wording.read_weeks, one.weeks)
        kept.append(one)
    return kept


def _findings(form: Entered, entered: Sequence[FindingEntered]) -> list[Finding]:
    kept = {}
    for one in entered:
        if one.is_present is None:
            continue
        note = ""
        if one.is_present:
            note = form.line(
                f"findings.{one.about.value}.note",
                one.note,
                f"What is known of it ({one.about.label})",
                required=True,
            )
        kept[one.about] = Finding(one.about, one.is_present, note)
    return [*kept.values()]
