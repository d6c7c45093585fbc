"""Clearance: the prescriber's decision, and those before it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from kapteam.db.tables import Clearance
from kapteam.vocabulary import (
    Audience,
    ClearanceDecision,
    Contraindication,
    EpisodeState,
    Indication,
    ProductRoute,
    ServiceLine,
    TrialKind,
)
from tests.factories import NOW, TODAY, a_clearance, a_course
from tests.pages.filling import beside, fill, press, typed
from tests.pages.tabs import (
    MOST_STATEMENTS,
    buttons,
    headings,
    opened,
    said,
    statements_of,
    unsigned,
    well,
)

DAY = timedelta(days=1)


def _open(care, viewer, course=None):
    return opened(care, viewer, "clearance", episode=(course or care.course).id)


def test_nobody_signed_in_gets_nothing(care):
    assert unsigned("clearance", episode=care.course.id) == ""


def test_who_is_not_on_the_course_sees_nothing_of_it(care):
    tab = _open(care, care.stranger)

    assert "There is no such course of care, or you are not on it." in said(tab)
    assert "Okafor" not in said(tab)


@pytest.mark.parametrize("who", ["therapist", "nurse", "front_desk"])
def test_rule_15_who_does_not_prescribe_reads_it_and_has_no_form(care, who):
    tab = _open(care, getattr(care, who))

    assert "up to 150 mg" in said(tab)
    assert "Save clearance" not in buttons(tab)


def test_without_one_it_says_so_and_chooses_nothing_for_the_prescriber(care):
    with care.database.writing() as db:
        course = a_course(
            db, care.client, prescriber=care.prescriber, state=EpisodeState.PREPARATION
        )

    tab = _open(care, care.prescriber, course)

    assert "No clearance yet." in said(tab)
    assert not [value for value in typed(tab, "clearance").values() if value]


def test_the_newest_holds_and_the_ones_before_stay_readable(care):
    with care.database.writing() as db:
        a_clearance(
            db,
            care.course,
            care.prescriber.clinician_id,
            decision=ClearanceDecision.DEFERRED,
            routes=(),
            decided_at=NOW - DAY,
        )

    tab = _open(care, care.therapist)

    assert headings(tab) == ["Clearance (2)", "Prescription database (CSPMP) (1)"]
    assert said(tab).index("**Deferred**") < said(tab).index(":gray[Cleared]")


def test_a_prescriber_clears_for_routes_up_to_a_ceiling(care):
    tab = _open(care, care.prescriber)
    others = {f"routes.{one.value}": False for one in ProductRoute}
    values = others | {
        "decision": ClearanceDecision.CLEARED_WITH_CONDITIONS,
        "routes.IM": True,
        "routes.SL": True,
        "ceiling": "0.5",
        "conditions": "Blood pressure first.",
        "valid_until_on": TODAY + 90 * DAY,
    }

    press(fill(tab, "clearance", values), "Save clearance")

    kept = care.rows(Clearance)[-1]
    assert kept.routes == [ProductRoute.INTRAMUSCULAR.value, ProductRoute.SUBLINGUAL.value]
    assert (kept.ceiling_ug, kept.decided_by_id) == (500, care.prescriber.clinician_id)
    assert [one.value for one in tab.title] == ["Course of care"]


@pytest.mark.parametrize(
    "columns",
    [{"state": EpisodeState.CLOSED}, {"service_line": ServiceLine.PSYCHEDELIC_INTEGRATION}],
)
def test_a_course_that_takes_none_has_no_form(care, columns):
    with care.database.writing() as db:
        course = a_course(db, care.client, prescriber=care.prescriber, **columns)

    tab = _open(care, care.prescriber, course)

    assert "New clearance" not in headings(tab)
    assert "No clearance yet." in said(tab)


# What it rests on


SERTRALINE = {
    "kind": "medicine",
    "name": "sertraline",
    "dose": "200 mg a day",
    "weeks": 10,
    "outcome": "no_response",
    "adequate": None,
}


def _a_rich_clearance(care, **columns):
    """What a prescriber found who asked about an aneurysm, a malformation and cystitis only."""
    usual = {
        "routes": (ProductRoute.INTRAMUSCULAR,),
        "ceiling_ug": None,
        "ceiling_ug_per_kg": 1_500,
        "decided_at": NOW - DAY,
        "conditions": "Blood pressure first.",
        "in_person_on": TODAY - DAY,
        "diagnoses": ["Major depressive disorder", "Insomnia"],
        "trials": [SERTRALINE, SERTRALINE | {"name": "bupropion", "weeks": 0}],
        "contraindications": [
            {"about": "aneurysm", "present": True, "note": "clipped in 2019"},
            {"about": "avm", "present": False, "note": ""},
            {"about": "cystitis", "present": False, "note": ""},
        ],
        "despite_reason": "Her neurologist agrees.",
    }
    with care.database.writing() as db:
        db.merge(care.course).indications = [Indication.TREATMENT_RESISTANT_DEPRESSION.value]
        return a_clearance(db, care.course, care.prescriber.clinician_id, **usual | columns)


FOUND = (
    "Primary diagnosis",
    "Major depressive disorder",
    "also Insomnia",
    "1 adequate trial. Treatment resistance asks for 2",
    "Medicine: sertraline, 200 mg a day, 10 weeks, no response. Adequate",
    "Medicine: bupropion, 200 mg a day, 0 weeks, no response. Not adequate",
    "Contraindications: aneurysm (clipped in 2019)",
    "Cleared all the same:",
    "Her neurologist agrees.",
    "Asked about and absent: arteriovenous malformation, cystitis. The others are not asked about",
)


@pytest.mark.parametrize("who", ["prescriber", "therapist", "nurse"])
def test_who_treats_reads_what_it_rests_on(care, who):
    _a_rich_clearance(care)

    words = said(_open(care, getattr(care, who)))

    assert "up to 1.5 mg per kg" in words
    assert "In-person evaluation] Mon Nov 23, 2026" in words
    assert [one for one in FOUND if one.replace("also ", "also] ") not in words] == []


def test_the_front_desk_reads_the_decision_and_nothing_of_what_it_rests_on(care):
    _a_rich_clearance(care)

    words = said(_open(care, care.front_desk))

    assert "up to 1.5 mg per kg" in words
    for word in ("depressive", "sertraline", "adequate", "neurysm", "neurologist", "asked about"):
        assert word not in words


def test_with_others_in_the_room_no_word_that_was_typed_is_shown(care):
    _a_rich_clearance(care)
    tab = _open(care, care.therapist)

    well(tab.radio(key="audience").set_value(Audience.OTHERS).run())

    words = said(tab)
    for word in ("depressive", "sertraline", "clipped", "neurologist", "Blood pressure first"):
        assert word not in words


def test_an_evaluation_in_person_that_is_missing_says_so(care):
    with care.database.writing() as db:
        for one in db.scalars(select(Clearance)):
            one.in_person_on = None
    assert "In-person evaluation not recorded" in said(_open(care, care.therapist))


def test_what_an_earlier_one_rested_on_stays_readable(care):
    _a_rich_clearance(care)
    with care.database.writing() as db:
        a_clearance(db, care.course, care.prescriber.clinician_id, decided_at=NOW)

    tab = _open(care, care.therapist)

    assert [one.label for one in tab.expander if one.label.startswith("What")] == [
        "What it rested on"
    ]
    assert "Her neurologist agrees." in said(tab)


def test_a_new_one_starts_from_the_last_and_decides_anew(care):
    first = _a_rich_clearance(care)
    tab = _open(care, care.prescriber)

    start = typed(tab, "clearance")
    assert (start["decision"], start["valid_until_on"]) == (None, None)
    assert start["ceiling"] == "1.5 mg per kg"
    assert start["conditions"] == "Blood pressure first."
    assert start["in_person_on"] == TODAY - DAY
    assert start["other_diagnoses"] == "Insomnia"
    assert (start["trials.0.weeks"], start["trials.1.weeks"]) == ("10", "0")
    assert start["findings.aneurysm.note"] == "clipped in 2019"
    assert (start["findings.avm.is_present"], start["findings.mania.is_present"]) == ("False", "")

    values = {"decision": ClearanceDecision.CLEARED, "valid_until_on": TODAY + 90 * DAY}
    press(fill(tab, "clearance", values), "Save clearance")

    kept = care.rows(Clearance)[-1]
    assert kept.id != first.id
    for name in ("diagnoses", "trials", "contraindications", "despite_reason", "routes"):
        assert getattr(kept, name) == getattr(first, name)
    assert (kept.ceiling_ug, kept.ceiling_ug_per_kg) == (None, 1_500)
    assert care.row(Clearance, first.id).valid_until_on == first.valid_until_on


def test_why_somebody_was_not_cleared_is_no_condition_of_the_next(care):
    _a_rich_clearance(care, decision=ClearanceDecision.DEFERRED, routes=())

    assert typed(_open(care, care.prescriber), "clearance")["conditions"] == ""


def test_what_rules_it_out_asks_why_only_who_clears(care):
    tab = _open(care, care.prescriber)
    values = {
        "decision": ClearanceDecision.DEFERRED,
        "findings.aneurysm.is_present": "True",
        "findings.aneurysm.note": "clipped in 2019",
    }
    assert "despite_reason" not in typed(fill(tab, "clearance", values), "clearance")

    fill(tab, "clearance", {"decision": ClearanceDecision.CLEARED})
    fill(tab, "clearance", {"valid_until_on": TODAY + DAY})
    press(tab, "Save clearance")
    assert "Say why it is cleared all the same." in beside(tab, "clearance", "despite_reason")
    assert len(care.rows(Clearance)) == 1

    fill(tab, "clearance", {"despite_reason": "Her neurologist agrees."})
    press(tab, "Save clearance")
    assert care.rows(Clearance)[-1].despite_reason == "Her neurologist agrees."


def test_one_press_says_no_to_what_was_not_answered_yet_and_to_nothing_else(care):
    tab = _open(care, care.prescriber)
    fill(tab, "clearance", {"findings.cystitis.is_present": "True"})
    fill(tab, "clearance", {"findings.cystitis.note": "2024"})

    press(tab, "I asked about all of them: no to the rest")

    kept = typed(tab, "clearance")
    answers = {one: kept[f"findings.{one.value}.is_present"] for one in Contraindication}
    assert answers.pop(Contraindication.CYSTITIS) == "True"
    assert set(answers.values()) == {"False"}
    assert kept["findings.cystitis.note"] == "2024"


def test_a_treatment_is_taken_out_by_emptying_it_and_another_added(care):
    _a_rich_clearance(care)
    tab = press(_open(care, care.prescriber), "Add another treatment")
    values = {
        "decision": ClearanceDecision.CLEARED,
        "valid_until_on": TODAY + DAY,
        **dict.fromkeys(("trials.0.name", "trials.0.dose", "trials.0.weeks"), ""),
        "trials.2.kind": TrialKind.THERAPY,
        "trials.2.name": "EMDR",
        "trials.2.adequate": "yes",
    }

    fill(tab, "clearance", values)
    assert "Adequate, says the prescriber" in said(tab)
    press(tab, "Save clearance")

    kept = care.rows(Clearance)[-1].trials
    assert [(one["name"], one["weeks"], one["adequate"]) for one in kept] == [
        ("bupropion", 0, None),
        ("EMDR", None, True),
    ]


def test_two_prescribers_who_clear_at_once_see_both(care):
    tab = _open(care, care.prescriber)
    values = {"decision": ClearanceDecision.CLEARED, "valid_until_on": TODAY + DAY}
    fill(tab, "clearance", values | {"ceiling": "1.5 mg/kg"})
    with care.database.writing() as db:
        by = care.prescriber.clinician_id
        a_clearance(db, care.course, by, ceiling_ug=90_000, decided_at=NOW)

    press(tab, "Save clearance")

    assert "Saved by somebody else: 90 mg" in beside(tab, "clearance", "ceiling")
    assert len(care.rows(Clearance)) == 2
    assert typed(tab, "clearance")["ceiling"] == "1.5 mg/kg"

    press(tab, "Keep mine")
    press(tab, "Save clearance")
    assert len(care.rows(Clearance)) == 3
    assert len(care.rows(Clearance, ceiling_ug_per_kg=1_500)) == 1


def test_it_takes_no_more_statements_the_more_there_is(care):
    tab = _open(care, care.prescriber)
    before = statements_of(care, tab)
    for _ in range(3):
        _a_rich_clearance(care)

    assert statements_of(care, tab) == before <= MOST_STATEMENTS
