"""What a prescriber finds at the evaluation: what was tried before, and what speaks against it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from kapteam.rules.folding import fold
from kapteam.vocabulary import (
    Contraindication,
    Indication,
    ProductRoute,
    Severity,
    TrialKind,
    TrialOutcome,
)

TRIALS_ASKED = 2
"""Domain 1.6 and the Spravato label: resistance is to at least two adequate trials."""
WEEKS_OF_A_TRIAL = 6
"""How long a trial lasts to count: the MGH Antidepressant Treatment Response Questionnaire."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A treatment that was tried before: the dose in words, the weeks whole (0 is a value).

    `adequate` is what the prescriber decided; None leaves it to the rule.
    """

    kind: TrialKind
    name: str
    dose: str
    weeks: int | None
    outcome: TrialOutcome | None
    adequate: bool | None

    @property
    def by_the_rule(self) -> bool:
        """Whether it counts without anybody's word: six weeks of a medicine that did not help.

        A dose has to be on record; whether it was high enough only a prescriber can say.
        """
        return (
            self.kind is TrialKind.MEDICINE
            and bool(self.dose)
            and self.weeks is not None
            and self.weeks >= WEEKS_OF_A_TRIAL
            and self.outcome in {TrialOutcome.NO_RESPONSE, TrialOutcome.PARTIAL}
        )

    @property
    def is_adequate(self) -> bool:
        """Whether it counts: the prescriber's word before the rule's."""
        return self.by_the_rule if self.adequate is None else self.adequate

    def kept(self) -> dict[str, Any]:
        """As the clearance keeps it."""
        return {
            "kind": self.kind.value,
            "name": self.name,
            "dose": self.dose,
            "weeks": self.weeks,
            "outcome": self.outcome and self.outcome.value,
            "adequate": self.adequate,
        }

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Self:
        """From what the clearance keeps."""
        outcome = kept["outcome"]
        return cls(
            TrialKind(kept["kind"]),
            kept["name"],
            kept["dose"],
            kept["weeks"],
            TrialOutcome(outcome) if outcome else None,
            kept["adequate"],
        )


@dataclass(frozen=True, slots=True)
class Finding:
    """That a contraindication was asked about: it is there, with a few words, or it is not.

    One that nobody asked about has no finding, which is not the same as its absence.
    """

    about: Contraindication
    is_present: bool
    note: str

    def kept(self) -> dict[str, Any]:
        """As the clearance keeps it."""
        return {"about": self.about.value, "present": self.is_present, "note": self.note}

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Self:
        """From what the clearance keeps."""
        return cls(Contraindication(kept["about"]), kept["present"], kept["note"])


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a clearance rests on; of the diagnoses the first is the primary one.

    `despite_reason` says why somebody was cleared whom a finding rules out.
    """

    diagnoses: tuple[str, ...] = ()
    trials: tuple[Trial, ...] = ()
    findings: tuple[Finding, ...] = ()
    despite_reason: str = ""


def adequate_trials(trials: Iterable[Trial]) -> int:
    """How many different treatments were adequately tried; the same one twice counts once."""
    return len({fold(one.name) for one in trials if one.is_adequate})


def asks_for_trials(
    indications: Iterable[Indication], routes: Iterable[ProductRoute]
) -> tuple[str, ...]:
    """What on a course asks for two adequate trials, in words; nothing when nothing does."""
    found = []
    if Indication.TREATMENT_RESISTANT_DEPRESSION in indications:
        found.append("treatment resistance")
    if ProductRoute.ESKETAMINE_NASAL in routes:
        found.append("Spravato")
    return tuple(found)


def present(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those that are there, what rules ketamine out first."""
    order = list(Contraindication)
    there = (one for one in findings if one.is_present)
    return tuple(sorted(there, key=lambda one: order.index(one.about)))


def not_asked(findings: Iterable[Finding]) -> tuple[Contraindication, ...]:
    """Those of which nobody knows yet."""
    asked = {one.about for one in findings}
    return tuple(one for one in Contraindication if one not in asked)


def ruled_out_by(findings: Iterable[Finding]) -> tuple[Contraindication, ...]:
    """What is there of that which rules ketamine out by the label (domain 1.6)."""
    there = present(findings)
    return tuple(one.about for one in there if one.about.severity is Severity.ABSOLUTE)
