"""The prescriber's clearance: only a prescriber's, never edited, the newest one holds."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from kapteam.actions.clearance import (
    ClearanceEntered,
    FindingEntered,
    TrialEntered,
    record_clearance,
)
from kapteam.actions.loading import clearance_at
from kapteam.db.tables import Clearance
from kapteam.errors import Conflict, Invalid, NotAllowed, NotFound
from kapteam.ids import new_id
from kapteam.rules.ceiling import Ceiling
from kapteam.vocabulary import (
    ClearanceDecision,
    Contraindication,
    EpisodeState,
    Function,
    ProductRoute,
    ServiceLine,
    TrialKind,
    TrialOutcome,
)
from tests.factories import (
    NOW,
    TODAY,
    a_client,
    a_clinician,
    a_course,
    a_practice,
    audit_events,
    count_rows,
)

C = Contraindication
SERTRALINE = TrialEntered(
    TrialKind.MEDICINE, "sertraline", "200 mg a day", "10", TrialOutcome.NO_RESPONSE
)
VENLAFAXINE = TrialEntered(
    TrialKind.MEDICINE, "venlafaxine", "225 mg a day", "6 weeks", TrialOutcome.PARTIAL
)
ANEURYSM = FindingEntered(C.ANEURYSM, is_present=True, note="Clipped in 2019")


@pytest.fixture
def prescriber(database):
    with database.writing() as db:
        a_practice(db)
        return a_clinician(db, Function.PRESCRIBER)


@pytest.fixture
def course(database, prescriber):
    with database.writing() as db:
        client = a_client(db, prescriber)
        return a_course(db, client, prescriber=prescriber, state=EpisodeState.ASSESSMENT)


def _decision(course, **typed):
    entered = ClearanceEntered(
        id=new_id(),
        episode_id=course.id,
        decision=ClearanceDecision.CLEARED,
        routes=(ProductRoute.SUBLINGUAL, ProductRoute.INTRAMUSCULAR),
        ceiling="130 mg",
        conditions="",
        valid_until_on=TODAY + timedelta(days=1),
        in_person_on=TODAY,
    )
    return replace(entered, **typed)


def _write(database, viewer, entered, now=NOW):
    with database.writing() as db:
        record_clearance(db, viewer, entered, now)


def _only(database):
    with database.reading() as db:
        return db.scalars(select(Clearance)).one()


def test_a_clearance_is_kept_in_micrograms(database, prescriber, course):
    _write(database, prescriber, _decision(course))
    kept = _only(database)
    assert (kept.routes, kept.ceiling_ug) == (["IM", "SL"], 130_000)
    assert (kept.decided_by_id, kept.decided_at) == (prescriber.clinician_id, NOW)
    [event] = audit_events(database)
    assert event.changes["ceiling_ug"] == [None, 130_000]


def test_a_second_save_is_one_row_and_one_audit_event(database, prescriber, course):
    entered = _decision(course)
    for _ in range(2):
        _write(database, prescriber, entered)
    assert count_rows(database, Clearance) == 1
    assert len(audit_events(database)) == 1


def test_a_new_decision_takes_the_place_of_the_old_and_keeps_it(database, prescriber, course):
    first = _decision(course)
    _write(database, prescriber, first)
    deferred = {"decision": ClearanceDecision.DEFERRED, "conditions": "Pressure first."}
    _write(
        database,
        prescriber,
        _decision(course, follows_id=first.id, **deferred),
        NOW + timedelta(days=1),
    )
    assert count_rows(database, Clearance) == 2
    with database.reading() as db:
        newest = clearance_at(db, course.id, NOW + timedelta(days=2))
    assert newest.decision is ClearanceDecision.DEFERRED
    assert (newest.routes, newest.ceiling, newest.valid_until_on) == (frozenset(), None, None)
    event = audit_events(database)[-1]
    assert event.changes["decision"] == ["cleared", "deferred"]
    assert event.changes["ceiling_ug"] == [130_000, None]
    assert "Pressure" not in str(event.changes)


def test_a_ceiling_is_not_needed(database, prescriber, course):
    _write(database, prescriber, _decision(course, ceiling=" "))
    assert _only(database).ceiling_ug is None


@pytest.mark.parametrize("function", [Function.THERAPIST, Function.NURSE, Function.COORDINATOR])
def test_only_a_prescriber_clears(database, course, function):
    """Rule 15."""
    with database.writing() as db:
        other = a_clinician(db, function, sees_everyone=True)
    with pytest.raises(NotAllowed, match="prescriber"):
        _write(database, other, _decision(course))
    assert count_rows(database, Clearance) == 0
    assert audit_events(database) == []


def test_a_prescriber_who_is_not_on_the_course_finds_nothing(database, course):
    with database.writing() as db:
        outsider = a_clinician(db, Function.PRESCRIBER)
    with pytest.raises(NotFound):
        _write(database, outsider, _decision(course))
    assert count_rows(database, Clearance) == 0


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("decision", {"decision": None}),
        ("routes", {"routes": ()}),
        ("ceiling", {"ceiling": "0"}),
        ("ceiling", {"ceiling": "-5"}),
        ("ceiling", {"ceiling": "NaN"}),
        ("ceiling", {"ceiling": "a lot"}),
        ("ceiling", {"ceiling": "8 mg/kg"}),
        ("ceiling", {"ceiling": "1.5 mg/lb"}),
        ("primary_diagnosis", {"other_diagnoses": "Insomnia"}),
        ("primary_diagnosis", {"primary_diagnosis": "two\nlines"}),
        ("other_diagnoses", {"primary_diagnosis": "MDD", "other_diagnoses": "d\n" * 20}),
        ("other_diagnoses", {"primary_diagnosis": "MDD", "other_diagnoses": "d" * 121}),
        ("trials.0.kind", {"trials": (TrialEntered(name="sertraline"),)}),
        ("trials.0.name", {"trials": (replace(SERTRALINE, name=" "),)}),
        ("trials.0.name", {"trials": (replace(SERTRALINE, name="n" * 121),)}),
        ("trials.0.dose", {"trials": (replace(SERTRALINE, dose="d" * 121),)}),
        ("trials.0.weeks", {"trials": (replace(SERTRALINE, weeks="-1"),)}),
        ("trials.0.weeks", {"trials": (replace(SERTRALINE, weeks="3001"),)}),
        ("trials.20.name", {"trials": (SERTRALINE,) * 21}),
        ("findings.mania.note", {"findings": (FindingEntered(C.MANIA, is_present=True),)}),
        (
            "findings.cystitis.note",
            {"findings": (FindingEntered(C.CYSTITIS, is_present=True, note="n" * 121),)},
        ),
        ("despite_reason", {"findings": (ANEURYSM,)}),
        (
            "despite_reason",
            {
                "findings": (ANEURYSM,),
                "decision": ClearanceDecision.CLEARED_WITH_CONDITIONS,
                "conditions": "Blood pressure first.",
                "despite_reason": " ",
            },
        ),
        ("conditions", {"decision": ClearanceDecision.CLEARED_WITH_CONDITIONS}),
        ("conditions", {"conditions": "c" * 8001}),
        ("valid_until_on", {"valid_until_on": None}),
        ("valid_until_on", {"valid_until_on": TODAY}),
        ("in_person_on", {"in_person_on": TODAY + timedelta(days=1)}),
    ],
)
def test_bad_input_is_refused_beside_the_field(database, prescriber, course, field, typed):
    with pytest.raises(Invalid) as refused:
        _write(database, prescriber, _decision(course, **typed))
    assert set(refused.value.fields) == {field}
    assert count_rows(database, Clearance) == 0
    assert audit_events(database) == []


@pytest.mark.parametrize(
    "situation",
    [
        {"service_line": ServiceLine.PSYCHEDELIC_INTEGRATION},
        {"state": EpisodeState.CLOSED},
    ],
)
def test_nothing_is_cleared_without_ketamine_or_after_the_end(database, prescriber, situation):
    """Rule 11: a course without ketamine has no clearance."""
    with database.writing() as db:
        course = a_course(db, a_client(db, prescriber), prescriber=prescriber, **situation)
    with pytest.raises(NotAllowed):
        _write(database, prescriber, _decision(course))
    assert count_rows(database, Clearance) == 0


# What it rests on


def test_a_ceiling_by_weight_is_kept_in_micrograms_per_kg(database, prescriber, course):
    _write(database, prescriber, _decision(course, ceiling="1.5 mg/kg"))
    kept = _only(database)
    assert (kept.ceiling_ug, kept.ceiling_ug_per_kg) == (None, 1_500)
    with database.reading() as db:
        facts = clearance_at(db, course.id, NOW)
    assert facts.ceiling == Ceiling(ug_per_kg=1_500)
    [event] = audit_events(database)
    assert event.changes["ceiling_ug_per_kg"] == [None, 1_500]


def test_what_was_found_is_kept_and_the_audit_log_has_no_word_of_it(database, prescriber, course):
    entered = _decision(
        course,
        primary_diagnosis=" Major depressive disorder ",
        other_diagnoses="Insomnia\n\n PTSD",
        trials=(TrialEntered(), SERTRALINE, VENLAFAXINE, replace(SERTRALINE, weeks="0")),
        findings=(
            ANEURYSM,
            FindingEntered(C.AVM, is_present=False, note="typed and taken back"),
            FindingEntered(C.MANIA, is_present=None),
        ),
        despite_reason="Her neurologist agrees.",
    )
    _write(database, prescriber, entered)
    kept = _only(database)
    assert kept.diagnoses == ["Major depressive disorder", "Insomnia", "PTSD"]
    # The first row was empty, and no weeks are not 0 weeks.
    assert [one["weeks"] for one in kept.trials] == [10, 6, 0]
    # What nobody asked about is not kept as absent.
    assert kept.contraindications == [
        {"about": "aneurysm", "present": True, "note": "Clipped in 2019"},
        {"about": "avm", "present": False, "note": ""},
    ]
    assert kept.despite_reason == "Her neurologist agrees."
    [event] = audit_events(database)
    assert event.changes["adequate_trials"] == [None, 2]
    assert event.changes["contraindications"] == [None, 1]
    written = str(event.changes)
    for word in ("depressive", "sertraline", "Clipped", "aneurysm", "neurologist"):
        assert word not in written


@pytest.mark.parametrize("decision", [ClearanceDecision.DEFERRED, ClearanceDecision.NOT_ELIGIBLE])
def test_who_is_not_cleared_needs_no_reason_for_it(database, prescriber, course, decision):
    entered = _decision(
        course, decision=decision, findings=(ANEURYSM,), despite_reason="Was cleared before."
    )
    _write(database, prescriber, entered)
    assert _only(database).despite_reason == ""


def test_a_caution_needs_no_reason(database, prescriber, course):
    found = FindingEntered(C.CYSTITIS, is_present=True, note="2024")
    _write(database, prescriber, _decision(course, findings=(found,)))
    assert len(_only(database).contraindications) == 1


def test_nobody_takes_the_place_of_a_clearance_they_have_not_seen(database, prescriber, course):
    first = _decision(course)
    _write(database, prescriber, first)
    other = _decision(course, ceiling="100", follows_id=first.id)
    _write(database, prescriber, other, NOW + timedelta(minutes=1))

    mine = _decision(course, ceiling="1.5 mg/kg", follows_id=first.id)
    with pytest.raises(Conflict) as refused:
        _write(database, prescriber, mine, NOW + timedelta(minutes=2))

    assert refused.value.theirs["ceiling"].replace("\u00a0", " ") == "100 mg"
    assert refused.value.mine["ceiling"].replace("\u00a0", " ") == "1.5 mg per kg"
    assert set(refused.value.theirs) == {"ceiling"}
    assert count_rows(database, Clearance) == 2

    _write(database, prescriber, replace(mine, follows_id=other.id), NOW + timedelta(minutes=3))
    assert count_rows(database, Clearance) == 3
