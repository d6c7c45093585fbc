"""What the demo's prescriber found before clearing, by what is treated."""

from collections.abc import Mapping, Sequence
from typing import Any

from kapteam.actions.clearance import FindingEntered, TrialEntered
from kapteam.vocabulary import Contraindication, Indication, TrialKind, TrialOutcome

_DIAGNOSES = {
    Indication.DEPRESSION: "Major depressive disorder, recurrent, moderate",
    Indication.TREATMENT_RESISTANT_DEPRESSION: "Major depressive disorder, recurrent, severe",
    Indication.PTSD: "Posttraumatic stress disorder",
    Indication.ANXIETY: "Generalized anxiety disorder",
    Indication.CHRONIC_PAIN: "Fibromyalgia",
    Indication.END_OF_LIFE: "Adjustment disorder with anxiety",
}
_TWO_MEDICINES = (
    TrialEntered(
        TrialKind.MEDICINE, "sertraline", "up to 200 mg a day", "10", TrialOutcome.NO_RESPONSE
    ),
    TrialEntered(
        TrialKind.MEDICINE, "venlafaxine", "225 mg a day", "14 weeks", TrialOutcome.PARTIAL
    ),
    TrialEntered(
        TrialKind.THERAPY, "cognitive behavioral therapy", "weekly", "20", TrialOutcome.PARTIAL
    ),
)
_OF_LINDQVIST = (
    *_TWO_MEDICINES,
    TrialEntered(TrialKind.MEDICINE, "bupropion", "150 mg a day", "2", TrialOutcome.NOT_TOLERATED),
    TrialEntered(
        TrialKind.MEDICINE,
        "escitalopram",
        "20 mg a day, in 2009",
        "",
        TrialOutcome.NO_RESPONSE,
        adequate=True,
    ),
)
_PRESENT = {Contraindication.CYSTITIS: "twice in 2024, none since; asked about at every visit"}
_NOT_ASKED = {Contraindication.HYPERTHYROIDISM, Contraindication.SLEEP_APNEA}


def rests_on(indications: Sequence[Indication]) -> Mapping[str, Any]:
    """The fields of `ClearanceEntered` below its short path, by what is treated."""
    first, *others = (_DIAGNOSES[one] for one in indications)
    is_resistant = Indication.TREATMENT_RESISTANT_DEPRESSION in indications
    return {
        "primary_diagnosis": first,
        "other_diagnoses": "\n".join(others),
        "trials": _TWO_MEDICINES if is_resistant else (),
        "findings": tuple(FindingEntered(one, is_present=False) for one in Contraindication),
    }


def of_lindqvist(indications: Sequence[Indication]) -> Mapping[str, Any]:
    """The same of the one whose clearance says the most."""
    return {
        **rests_on(indications),
        "other_diagnoses": "Essential hypertension, controlled\nInsomnia",
        "trials": _OF_LINDQVIST,
        "findings": tuple(
            FindingEntered(one, one in _PRESENT, _PRESENT.get(one, ""))
            for one in Contraindication
            if one not in _NOT_ASKED
        ),
    }
