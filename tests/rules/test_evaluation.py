"""What was tried before, and what speaks against it: counted, and never taken for absent."""

from dataclasses import replace

import pytest

from kapteam import sentences
from kapteam.rules.evaluation import (
    TRIALS_ASKED,
    Finding,
    Trial,
    adequate_trials,
    asks_for_trials,
    not_asked,
    present,
    ruled_out_by,
)
from kapteam.vocabulary import (
    Contraindication,
    Indication,
    ProductRoute,
    Severity,
    Tone,
    TrialKind,
    TrialOutcome,
)

C = Contraindication
SERTRALINE = Trial(
    TrialKind.MEDICINE, "sertraline", "200 mg a day", 6, TrialOutcome.NO_RESPONSE, None
)
VENLAFAXINE = replace(SERTRALINE, name="venlafaxine", outcome=TrialOutcome.PARTIAL)


@pytest.mark.parametrize(
    ("changes", "counts"),
    [
        ({}, True),
        ({"outcome": TrialOutcome.PARTIAL}, True),
        ({"weeks": 300}, True),
        # What must not be counted by itself.
        ({"weeks": 5}, False),
        ({"weeks": 0}, False),
        ({"weeks": None}, False),
        ({"dose": ""}, False),
        ({"outcome": TrialOutcome.NOT_TOLERATED}, False),
        ({"outcome": TrialOutcome.HELPED}, False),
        ({"outcome": TrialOutcome.UNKNOWN}, False),
        ({"outcome": None}, False),
        ({"kind": TrialKind.THERAPY}, False),
        # The prescriber's word comes first, either way.
        ({"adequate": False}, False),
        ({"adequate": True, "weeks": None, "dose": ""}, True),
        ({"adequate": True, "kind": TrialKind.THERAPY}, True),
    ],
)
def test_a_trial_counts_by_the_rule_unless_the_prescriber_says_otherwise(changes, counts):
    trial = replace(SERTRALINE, **changes)
    assert trial.is_adequate is counts
    assert adequate_trials([trial]) == counts
    assert Trial.of(trial.kept()) == trial


@pytest.mark.parametrize(
    ("trials", "count"),
    [
        ([], 0),
        ([SERTRALINE], 1),
        ([SERTRALINE, VENLAFAXINE], TRIALS_ASKED),
        # Two times of the same medicine are one trial of treatment resistance.
        ([SERTRALINE, replace(SERTRALINE, name=" Sertraline", weeks=20)], 1),
        ([SERTRALINE, replace(VENLAFAXINE, weeks=2)], 1),
    ],
)
def test_two_adequate_trials_are_of_two_treatments(trials, count):
    assert adequate_trials(trials) == count


@pytest.mark.parametrize(
    ("indications", "routes", "asked_by"),
    [
        ([Indication.DEPRESSION, Indication.PTSD], [ProductRoute.INTRAMUSCULAR], ()),
        ([Indication.TREATMENT_RESISTANT_DEPRESSION], [], ("treatment resistance",)),
        ([Indication.DEPRESSION], [ProductRoute.ESKETAMINE_NASAL], ("Spravato",)),
        # Compounded nasal ketamine is not Spravato.
        ([Indication.DEPRESSION], [ProductRoute.COMPOUNDED_NASAL], ()),
    ],
)
def test_what_asks_for_them(indications, routes, asked_by):
    assert asks_for_trials(indications, routes) == asked_by


@pytest.mark.parametrize(
    ("count", "asked_by", "text", "tone"),
    [
        (3, (), "3 adequate trials", Tone.PLAIN),
        (0, (), "No adequate trial", Tone.PLAIN),
        (
            2,
            ("treatment resistance",),
            "2 adequate trials. Treatment resistance asks for 2",
            Tone.PLAIN,
        ),
        (
            1,
            ("treatment resistance", "Spravato"),
            "1 adequate trial. Treatment resistance and Spravato ask for 2",
            Tone.AMBER,
        ),
        (0, ("Spravato",), "No adequate trial. Spravato asks for 2", Tone.AMBER),
    ],
)
def test_the_count_says_what_asks_for_it(count, asked_by, text, tone):
    said = sentences.trials(count, asked_by)
    assert (said.text, said.tone) == (text, tone)


FOUND = (
    Finding(C.CYSTITIS, is_present=True, note="2024"),
    Finding(C.ANEURYSM, is_present=True, note="clipped"),
    Finding(C.AVM, is_present=False, note=""),
)


def test_what_nobody_asked_about_is_neither_there_nor_absent():
    assert [one.about for one in present(FOUND)] == [C.ANEURYSM, C.CYSTITIS]
    assert set(not_asked(FOUND)) == set(C) - {C.CYSTITIS, C.ANEURYSM, C.AVM}
    assert not_asked(()) == tuple(C)
    assert present(()) == ()
    assert [Finding.of(one.kept()) for one in FOUND] == list(FOUND)


@pytest.mark.parametrize(
    ("finding", "rules_out"),
    [
        (Finding(C.ANEURYSM, is_present=True, note="clipped"), True),
        (Finding(C.HYPERSENSITIVITY, is_present=True, note="hives"), True),
        (Finding(C.ANEURYSM, is_present=False, note=""), False),
        (Finding(C.MANIA, is_present=True, note="now"), False),
        (Finding(C.PREGNANCY, is_present=True, note="12 weeks"), False),
    ],
)
def test_only_what_the_label_names_rules_it_out(finding, rules_out):
    assert bool(ruled_out_by([finding])) is rules_out


def test_what_weighs_most_stands_first():
    order = [list(Severity).index(one.severity) for one in C]
    assert order == sorted(order)
    assert {one.severity for one in C} == set(Severity)


def _all_absent_but(*there, unasked=()):
    return tuple(Finding(one, is_present=one in there, note="") for one in C if one not in unasked)


@pytest.mark.parametrize(
    ("findings", "text"),
    [
        ((), "Contraindications not asked about"),
        (_all_absent_but(), "Contraindications: asked about and absent"),
        (_all_absent_but(C.CYSTITIS), "The others are asked about and absent"),
        (
            _all_absent_but(C.CYSTITIS, unasked={C.AVM}),
            "The others are asked about and absent, but not asked: arteriovenous malformation",
        ),
        (
            _all_absent_but(unasked={C.AVM}),
            "Contraindications: asked about and absent, but not asked: arteriovenous malformation",
        ),
        (FOUND[:2], "The others are not asked about"),
        (
            FOUND,
            "Asked about and absent: arteriovenous malformation. The others are not asked about",
        ),
    ],
)
def test_what_nobody_asked_about_is_said_beside_what_is_absent(findings, text):
    assert sentences.asked_about(findings) == text


@pytest.mark.parametrize(
    ("findings", "text", "tone"),
    [
        (FOUND, "Contraindications: aneurysm (clipped), cystitis (2024)", Tone.RED),
        (FOUND[:1], "Contraindications: cystitis (2024)", Tone.AMBER),
    ],
)
def test_what_speaks_against_it_is_one_line(findings, text, tone):
    said = sentences.contraindications(present(findings))
    assert (said.text, said.tone) == (text, tone)
