"""Doses that are doubted: the bounds of domain 1.3, one row for each of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapteam.rules.plausibility import (
    BOUNDS,
    DOSE_BOUNDS,
    USUAL_BOUNDS,
    DoseBounds,
    Doubt,
    bounds_in_force,
    doubt_dose,
    doubt_given,
    per_kg,
    read_bound,
)
from kapteam.vocabulary import ProductRoute
from kapteam.wording import NBSP

IV, IM, SL, PO = (
    ProductRoute.INTRAVENOUS,
    ProductRoute.INTRAMUSCULAR,
    ProductRoute.SUBLINGUAL,
    ProductRoute.ORAL,
)
ESK = ProductRoute.ESKETAMINE_NASAL
KG_80 = 80_000
LOOK, WHY, TYPO = Doubt.LOOK_AGAIN, Doubt.SAY_WHY, Doubt.TYPO


def doubt(mg, route, *, grams=KG_80, may_add=None, is_first=False, bounds=USUAL_BOUNDS):
    found = doubt_dose(
        round(mg * 1000),
        may_add and may_add * 1000,
        route,
        grams,
        bounds,
        is_first=is_first,
    )
    return found and found.doubt


@pytest.mark.parametrize(
    ("mg", "route", "expected"),
    [
        (23, IV, LOOK),
        (24, IV, None),
        (80, IV, None),
        (80.1, IV, LOOK),
        (120, IV, LOOK),
        (120.1, IV, WHY),
        (240, IV, WHY),
        (240.1, IV, TYPO),
        (19, IM, LOOK),
        (20, IM, None),
        (120, IM, None),
        (121, IM, LOOK),
        (160, IM, LOOK),
        (161, IM, WHY),
        (320, IM, WHY),
        (321, IM, TYPO),
        (24, SL, LOOK),
        (25, SL, None),
        (400, SL, None),
        (401, SL, LOOK),
        (501, SL, WHY),
        (1000, SL, WHY),
        (300, PO, None),
        (301, PO, LOOK),
        (501, PO, WHY),
        (28, ESK, WHY),
        (56, ESK, None),
        (84, ESK, None),
        (70, ESK, TYPO),
        (112, ESK, TYPO),
        (500, ProductRoute.COMPOUNDED_NASAL, None),
    ],
)
def test_rule_32_a_dose_for_80_kg_is_doubted_from_its_bound_on_and_not_before(mg, route, expected):
    assert doubt(mg, route) == expected


@pytest.mark.parametrize(
    ("mg", "route", "expected"),
    [
        (150, IV, None),
        (150.1, IV, WHY),
        (300.1, IV, TYPO),
        (130, IM, None),
        (130.1, IM, LOOK),
        (200.1, IM, WHY),
        (400.1, IM, TYPO),
        (5, IM, None),
    ],
)
def test_without_a_weight_the_bounds_in_mg_hold_and_none_by_weight(mg, route, expected):
    assert doubt(mg, route, grams=None) == expected


@pytest.mark.parametrize(("mg", "route"), [(1, IV), (1, IM), (1, SL), (1, PO), (28, ESK)])
def test_a_first_low_dose_never_asks_why_and_the_next_one_does(mg, route):
    assert doubt(mg, route, is_first=True) is None
    assert route is PO or doubt(mg, route) is not None


def test_a_first_high_dose_is_doubted_like_any_other():
    assert doubt(161, IM, is_first=True) is WHY
    assert doubt(321, IM, is_first=True) is TYPO


def test_rule_33_84_mg_of_esketamine_first_is_said_and_asks_for_no_reason():
    assert doubt(84, ESK, is_first=True) is LOOK
    assert doubt(56, ESK, is_first=True) is None


def test_what_may_be_added_counts_toward_the_most_and_not_toward_the_least():
    assert doubt(100, IM, may_add=20) is None
    assert doubt(100, IM, may_add=21) is LOOK
    assert doubt(19, IM, may_add=20) is LOOK
    assert doubt(56, ESK, may_add=28) is None
    assert doubt(56, ESK, may_add=14) is TYPO


def test_the_sentence_names_the_bound_and_says_what_to_do():
    said, typo = (
        doubt_dose(ug, more, IM, KG_80, USUAL_BOUNDS, is_first=False).sentence.replace(NBSP, " ")
        for ug, more in ((100_000, 61_000), (321_000, None))
    )

    assert said == "With what may be added this is more than 2 mg per kg intramuscular. Say why."
    assert typo == "This is more than 4 mg per kg intramuscular. Check the number."


@pytest.mark.parametrize(
    ("mg", "route", "grams", "says"),
    [
        (300, IM, None, ""),
        (320, IM, KG_80, ""),
        (321, IM, KG_80, "This is more than 4 mg per kg intramuscular."),
        (401, IM, None, "This is more than 400 mg intramuscular."),
        (241, IV, KG_80, "This is more than 3 mg per kg intravenous."),
        (1000, SL, KG_80, ""),
        (1001, SL, KG_80, "This is more than 1,000 mg sublingual."),
        (28, ESK, KG_80, ""),
        (70, ESK, KG_80, "Esketamine comes in devices of 28 mg."),
        (112, ESK, KG_80, "This is more than 84 mg of esketamine."),
        (1000, ProductRoute.SUBCUTANEOUS, KG_80, ""),
        (1001, ProductRoute.SUBCUTANEOUS, KG_80, "This is more than 1,000 mg."),
        # A low dose, or one that is only unusual, is what it is.
        (1, IM, KG_80, ""),
        (300, IM, KG_80, ""),
    ],
)
def test_rule_32_a_number_that_may_be_a_slip_is_typed_twice_before_it_was_given(
    mg, route, grams, says
):
    said = (doubt_given(mg * 1000, route, grams, USUAL_BOUNDS) or "").replace("\u00a0", " ")
    assert said == (f"{says} Type it a second time if that is what was given." if says else "")


@given(
    st.sampled_from(list(ProductRoute)),
    st.integers(1, 1_000_000),
    st.integers(1, 1_000_000),
    st.integers(30_000, 250_000),
)
def test_more_is_never_doubted_less_once_it_is_more_than_a_first_dose(route, ug, more, grams):
    if route is ESK:
        return
    order = [None, LOOK, WHY, TYPO]

    def level(figure):
        found = doubt_dose(figure, None, route, grams, USUAL_BOUNDS, is_first=True)
        return order.index(found and found.doubt)

    assert level(ug) <= level(ug + more)


@given(st.integers(1, 1_000_000), st.integers(30_000, 250_000))
def test_rule_31_mg_per_kg_is_the_dose_by_the_weight(ug, grams):
    assert abs(per_kg(ug, grams) * grams / 1000 - ug) <= grams / 2000


# Bounds as settings

WHY_MG, WHY_PER_KG = "dose.IM.say_why.most_ug", "dose.IM.say_why.most_ug_per_kg"


def test_every_bound_is_a_setting_with_its_source_and_what_it_is_by_default():
    named = {
        bound
        for by_doubt in BOUNDS.values()
        for one in by_doubt.values()
        for bound in (one.most_ug, one.most_ug_per_kg, one.least_ug, one.least_ug_per_kg)
        if bound is not None
    }
    assert {one.default for one in DOSE_BOUNDS.values()} == named
    assert len({(one.label, one.unit) for one in DOSE_BOUNDS.values()}) == len(DOSE_BOUNDS) == 22
    assert DOSE_BOUNDS[WHY_MG].label == "Intramuscular: say why above"
    assert all(one.source for one in DOSE_BOUNDS.values())
    for route, by_doubt in BOUNDS.items():
        assert USUAL_BOUNDS.of(route) == by_doubt


def test_a_bound_that_the_practice_changed_judges_and_the_others_stay():
    changed = bounds_in_force([("idle_minutes", "5"), (WHY_MG, "150000"), (WHY_MG, "180000")])
    assert changed.value(WHY_MG) == 180_000
    assert changed.value(WHY_PER_KG) == 2_000
    assert doubt(181, IM, grams=None, bounds=changed) is WHY
    assert doubt(180, IM, grams=None, bounds=changed) is LOOK
    assert doubt(181, IM, grams=None) is LOOK
    assert doubt(151, IV, grams=None, bounds=changed) is WHY


@pytest.mark.parametrize(
    ("key", "text", "says"),
    [
        (WHY_MG, "", "Enter the dose in mg."),
        (WHY_MG, "NaN", "number of mg"),
        (WHY_MG, "0", "more than 0 mg"),
        (WHY_MG, "-5", "more than 0 mg"),
        (WHY_MG, "1001", "more mg than anybody"),
        (WHY_MG, "130", "each is more than the one before"),
        (WHY_MG, "400", "each is more than the one before"),
        (WHY_PER_KG, "1.5", "each is more than the one before"),
        ("dose.IM.look_again.least_ug_per_kg", "1.5", "each is more than the one before"),
        ("dose.SL.look_again.least_ug", "400", "each is more than the one before"),
        ("dose.IV.typo.most_ug", "150", "each is more than the one before"),
    ],
)
def test_a_bound_that_would_turn_the_order_of_the_doubts_is_refused(key, text, says):
    with pytest.raises(ValueError, match=says):
        read_bound(key, text, USUAL_BOUNDS)


def test_a_bound_is_read_with_what_it_will_stand_beside():
    assert read_bound(WHY_MG, "180 mg", USUAL_BOUNDS) == 180_000
    assert read_bound(WHY_PER_KG, "1.75", USUAL_BOUNDS) == 1_750
    higher = DoseBounds((("dose.IM.typo.most_ug", 500_000),))
    assert read_bound(WHY_MG, "450", higher) == 450_000
