"""A clearance on its page: what was decided, what it rests on, and the form for a new one."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

import streamlit as st

from kapteam import sentences, wording
from kapteam.actions.clearance import ClearanceEntered, FindingEntered, TrialEntered
from kapteam.queries.course import ClearanceLine, Course
from kapteam.rules.evaluation import (
    WEEKS_OF_A_TRIAL,
    Evaluation,
    Finding,
    Trial,
    adequate_trials,
    asks_for_trials,
    present,
)
from kapteam.rules.permissions import can_clear
from kapteam.ui.forms import Form
from kapteam.ui.rows import phrase, row, section, words
from kapteam.ui.shell import Present
from kapteam.ui.text import plain, quiet
from kapteam.ui.written import free_words
from kapteam.vocabulary import (
    ClearanceDecision,
    Contraindication,
    ProductRoute,
    ServiceLine,
    Severity,
    Tone,
    TrialKind,
    TrialOutcome,
)
from kapteam.wording import Phrase

_ADEQUATE = {"yes": "Adequate", "no": "Not adequate"}
_IS_ADEQUATE = {"yes": True, "no": False}
_TOLD = {True: "yes", False: "no", None: None}


def takes_clearance(here: Present, care: Course) -> bool:
    """Whether the viewer may record a clearance of this course now."""
    is_open = care.service_line is ServiceLine.KAP and care.closed_at is None
    return is_open and can_clear(here.viewer)


def draw_clearances(here: Present, care: Course) -> None:
    """The clearance that holds with what it rests on, then those before it."""
    with section("Clearance", len(care.clearances), key="clearances", nothing="No clearance yet."):
        for number, one in enumerate(care.clearances):
            with st.container(gap="xxsmall", key=f"clearance_{one.id}"):
                _draw_clearance(here, care, one, number)


def _draw_clearance(here: Present, care: Course, one: ClearanceLine, number: int) -> None:
    _decision(here, one, number)
    if one.conditions:
        st.text(free_words(here, one.conditions))
    if one.rests_on is None:
        return
    if number == 0:
        _rests_on(here, care, one, one.rests_on)
    elif one.rests_on != Evaluation():
        with st.expander("What it rested on", key=f"rested_on_{one.id}"):
            _rests_on(here, care, one, one.rests_on)


def _decision(here: Present, one: ClearanceLine, number: int) -> None:
    with row(f"clearance_{number}"):
        words(f"**{one.decision.label}**" if number == 0 else quiet(one.decision.label), 210)
        words(plain(", ".join(route.label for route in one.routes)), 260)
        words(plain(f"up to {one.ceiling.words}" if one.ceiling else "no ceiling"), 150)
        until = f"until {wording.full_day(one.valid_until_on)}" if one.valid_until_on else "no end"
        words(plain(until), 190)
        decided = wording.moment(one.decided_at, here.now, here.zone)
        words(quiet(f"{one.decided_by}, {decided}"), 260)
    if one.in_person_on:
        words(f"{quiet('In-person evaluation')} {plain(wording.full_day(one.in_person_on))}")
    elif number == 0:
        phrase(Phrase("In-person evaluation not recorded", Tone.AMBER, "error"))


def _rests_on(here: Present, care: Course, one: ClearanceLine, found: Evaluation) -> None:
    """Diagnoses, what was tried before, and what speaks against it; nothing where nothing is."""
    if found.diagnoses:
        first, *others = (free_words(here, text) for text in found.diagnoses)
        also = f" {quiet('also')} {plain(', '.join(others))}" if others else ""
        words(f"{quiet('Primary diagnosis')} **{plain(first)}**{also}")
    asked_by = asks_for_trials(care.indications, one.routes)
    if found.trials or asked_by:
        phrase(sentences.trials(adequate_trials(found.trials), asked_by))
    for trial in found.trials:
        words(plain(_tried(here, trial)))
    draw_contraindications(here, found.findings)
    if found.despite_reason:
        words(f"{quiet('Cleared all the same:')} {plain(free_words(here, found.despite_reason))}")
    words(quiet(sentences.asked_about(found.findings)))


def draw_contraindications(here: Present, findings: Iterable[Finding]) -> None:
    """What speaks against ketamine in one line, or nothing."""
    there = [replace(one, note=free_words(here, one.note)) for one in present(findings)]
    if there:
        phrase(sentences.contraindications(there))


def _tried(here: Present, one: Trial) -> str:
    """`Medicine: sertraline, 150 mg, 8 weeks, no response. Adequate`."""
    weeks = "weeks not recorded" if one.weeks is None else _weeks(one.weeks)
    outcome = one.outcome.label.lower() if one.outcome else "outcome not recorded"
    typed = free_words(here, ", ".join(filter(None, (one.name, one.dose))))
    return f"{one.kind.label}: {typed}, {weeks}, {outcome}. {_judged(one)}"


def _weeks(number: int) -> str:
    return f"{number} week" if number == 1 else f"{number} weeks"


def _judged(one: Trial) -> str:
    """Whether it counts, and whose word that is where it is not the rule's."""
    said = "Adequate" if one.is_adequate else "Not adequate"
    return said if one.adequate in (None, one.by_the_rule) else f"{said}, says the prescriber"


def clearance_fields(here: Present, form: Form, care: Course) -> None:
    """A new clearance, from what the last one said; the rest unfolds where it is needed.

    Whether it is cleared and until when is decided anew each time (rule 15).
    """
    last = care.clearance
    found = (last and last.rests_on) or Evaluation()
    st.subheader("New clearance", anchor=False)
    if last:
        words(quiet("Filled in from the last one. It takes the place of that one."))
    decision = form.choice("decision", "Decision", list(ClearanceDecision))
    form.several("routes", "Cleared routes", list(ProductRoute), last.routes if last else ())
    left, right = st.columns(2, gap="large")
    with left:
        form.line(
            "ceiling",
            "Ceiling in one ketamine session (empty: none)",
            last.ceiling.words.replace(wording.NBSP, " ") if last and last.ceiling else "",
            hint="130 mg or 1.5 mg per kg",
            width=340,
        )
        # Why somebody was not cleared is no condition of a clearance.
        conditions = last.conditions if last and last.decision.allows_ketamine else ""
        form.area("conditions", "Conditions, or why not", conditions)
    with right:
        form.day("valid_until_on", "Valid until")
        form.day(
            "in_person_on",
            "In-person evaluation on",
            last.in_person_on if last else None,
            past=True,
            empty="Not in person yet",
        )
    # Without keys: an expander with a key stays folded when what is in it was refused.
    diagnoses = ("primary_diagnosis", "other_diagnoses")
    with st.expander("Diagnoses", expanded=form.is_refused(*diagnoses)):
        first, *others = found.diagnoses or ("",)
        form.line("primary_diagnosis", "Primary diagnosis", first)
        form.area("other_diagnoses", "Other diagnoses, one a line", "\n".join(others))
    with st.expander("Tried before", expanded=form.is_refused("trials.")):
        _trial_rows(form, found.trials)
    with st.expander("Contraindications", expanded=form.is_refused("findings.")):
        _finding_fields(form, found.findings)
    if decision is not None and decision.allows_ketamine and _is_ruled_out(form):
        form.area(
            "despite_reason", "Why it is cleared all the same", found.despite_reason, height=68
        )


def _trial_rows(form: Form, kept: tuple[Trial, ...]) -> None:
    words(
        quiet(
            f"A medicine counts as adequately tried after {WEEKS_OF_A_TRIAL} weeks at a dose on "
            "record, with no or a partial response (MGH-ATRQ). You may decide otherwise. To take "
            "one out, empty its fields."
        )
    )
    for number in range(form.rows("trials", len(kept))):
        with st.container(border=True, key=form.key(f"trials.{number}")):
            _trial_fields(form, f"trials.{number}.", kept[number] if number < len(kept) else None)
    form.more_rows("trials", "Add another treatment")


def _trial_fields(form: Form, name: str, kept: Trial | None) -> None:
    form.choice(f"{name}kind", "Kind", list(TrialKind), kept.kind if kept else None)
    what, dose, weeks = st.columns([3, 3, 2], gap="small")
    with what:
        form.line(f"{name}name", "What was tried", kept.name if kept else "")
    with dose:
        form.line(f"{name}dose", "Dose, in words", kept.dose if kept else "")
    with weeks:
        known = kept is not None and kept.weeks is not None
        form.line(f"{name}weeks", "Weeks", str(kept.weeks) if kept and known else "")
    outcome, adequate = st.columns(2, gap="small")
    with outcome:
        form.pick(
            f"{name}outcome",
            "Outcome",
            {one.value: one.label for one in TrialOutcome},
            kept.outcome.value if kept and kept.outcome else None,
            none="Not recorded",
        )
    with adequate:
        told = _TOLD[kept.adequate] if kept else None
        form.pick(f"{name}adequate", "Adequately tried?", _ADEQUATE, told, none="By the rule")
    typed = _trial_entered(form, name)
    if typed.kind is None or typed.is_empty:
        return
    with suppress(ValueError):
        words(quiet(_judged(typed.read(typed.kind))))


def _finding_fields(form: Form, kept: tuple[Finding, ...]) -> None:
    known = {one.about: one for one in kept}
    asked = [*map(_asks, Contraindication)]
    form.answer_no("I asked about all of them: no to the rest", asked)
    for severity in Severity:
        st.markdown(f"**{severity.label}**")
        left, right = st.columns(2, gap="large")
        of_it = [one for one in Contraindication if one.severity is severity]
        half = (len(of_it) + 1) // 2
        for column, some in ((left, of_it[:half]), (right, of_it[half:])):
            with column:
                for one in some:
                    _finding_field(form, one, known.get(one))


def _finding_field(form: Form, one: Contraindication, kept: Finding | None) -> None:
    is_present = form.answer(_asks(one), one.label, kept.is_present if kept else None)
    if is_present:
        form.line(_notes(one), "What is known of it", kept.note if kept else "")


def _asks(one: Contraindication) -> str:
    return f"findings.{one.value}.is_present"


def _notes(one: Contraindication) -> str:
    return f"findings.{one.value}.note"


def _is_ruled_out(form: Form) -> bool:
    return any(
        form.value(_asks(one)) for one in Contraindication if one.severity is Severity.ABSOLUTE
    )


def clearance_entered(form: Form, care: Course, follows_id: str) -> ClearanceEntered:
    """What was entered, with its rows."""
    entered: ClearanceEntered = form.entered(
        ClearanceEntered,
        id=form.makes,
        episode_id=care.id,
        trials=tuple(
            _trial_entered(form, f"trials.{number}.") for number in range(form.rows("trials"))
        ),
        findings=tuple(
            FindingEntered(one, form.value(_asks(one)), form.value(_notes(one)) or "")
            for one in Contraindication
        ),
        follows_id=follows_id,
    )
    return entered


def _trial_entered(form: Form, name: str) -> TrialEntered:
    outcome = form.value(f"{name}outcome")
    return TrialEntered(
        kind=form.value(f"{name}kind"),
        name=form.value(f"{name}name") or "",
        dose=form.value(f"{name}dose") or "",
        weeks=form.value(f"{name}weeks") or "",
        outcome=TrialOutcome(outcome) if outcome else None,
        adequate=_IS_ADEQUATE.get(form.value(f"{name}adequate") or ""),
    )
