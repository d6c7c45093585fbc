"""Whose a concern is, what it holds, and which note clears it: as tables."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from kapteam.rules.concerns import (
    cleared_by,
    does_not_clear,
    hold_reason,
    holds_at_once,
    owned_by,
    owners,
)
from kapteam.vocabulary import ConcernKind, Function, HoldReason, NoteKind

NOW = datetime(2026, 11, 24, 21, 30, tzinfo=UTC)
P, T = Function.PRESCRIBER, Function.THERAPIST
EITHERS = {ConcernKind.SUICIDE_RISK, ConcernKind.OTHER}


def _does_not_clear(kind, note=NoteKind.RISK, signed_at=NOW, author=P, has_prescriber=True):
    owning = owners(kind, has_prescriber=has_prescriber)
    raised_at = NOW - timedelta(hours=1)
    return does_not_clear(kind, raised_at, note, signed_at, frozenset({author}), owning)


@pytest.mark.parametrize(("kind", "note"), list(product(ConcernKind, NoteKind)))
def test_rule_17_a_risk_note_clears_it_and_what_is_the_prescribers_a_decision_too(kind, note):
    clears = note is NoteKind.RISK or (note is NoteKind.DECISION and kind not in EITHERS)
    assert (_does_not_clear(kind, note) is None) == clears


@pytest.mark.parametrize("kind", ConcernKind)
def test_rule_17_only_an_owner_s_note_clears_it(kind):
    assert (_does_not_clear(kind, author=T) is None) == (kind in EITHERS)
    assert _does_not_clear(kind, author=T, has_prescriber=False) is None
    assert _does_not_clear(kind, author=Function.NURSE) is not None


@pytest.mark.parametrize("minutes", [-1, 0])
def test_no_note_that_was_signed_before_it_clears_it(minutes):
    at = NOW - timedelta(hours=1) + timedelta(minutes=minutes)
    assert "before the concern" in _does_not_clear(ConcernKind.OTHER, signed_at=at)
    assert "not signed yet" in _does_not_clear(ConcernKind.OTHER, signed_at=None)


def test_whose_it_is_and_what_clears_it_reads_as_words():
    medicine = ConcernKind.MEDICINE_USE
    assert owned_by(owners(medicine, has_prescriber=True)) == "a prescriber"
    assert owned_by(owners(medicine, has_prescriber=False)) == "a prescriber or a therapist"
    assert cleared_by(medicine) == "a risk note or a decision note"
    assert cleared_by(ConcernKind.SUICIDE_RISK) == "a risk note"


@pytest.mark.parametrize("kind", ConcernKind)
def test_rule_17_medicine_use_alone_holds_at_once_and_only_another_concern_is_not_medical(kind):
    assert holds_at_once(kind) == (kind is ConcernKind.MEDICINE_USE)
    assert hold_reason(kind).is_medical == (kind is not ConcernKind.OTHER)
    assert hold_reason(kind).value == kind.value or hold_reason(kind) is HoldReason.OTHER
