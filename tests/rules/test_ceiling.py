"""What a clearance allows in one session, in mg or in mg per kg: before and after it was given."""

import pytest

from kapteam.rules.ceiling import Ceiling, CeilingGap, above_given, above_plan, ceiling_gap

IN_MG = Ceiling(ug=150_000)
BY_WEIGHT = Ceiling(ug_per_kg=1_500)
KG_80 = 80_000


def _bare(sentence):
    return sentence and sentence.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("ceiling", "total_ug", "grams", "gap"),
    [
        (None, 900_000, None, None),
        (IN_MG, 150_000, None, None),
        (IN_MG, 150_001, None, CeilingGap.ABOVE),
        (IN_MG, 150_001, 200_000, CeilingGap.ABOVE),
        (BY_WEIGHT, 120_000, KG_80, None),
        (BY_WEIGHT, 120_001, KG_80, CeilingGap.ABOVE),
        # Without a weight nothing passes, however little it is.
        (BY_WEIGHT, 1, None, CeilingGap.WEIGH),
        (BY_WEIGHT, 120_001, None, CeilingGap.WEIGH),
    ],
)
def test_both_forms_hold_before_and_after(ceiling, total_ug, grams, gap):
    assert ceiling_gap(ceiling, total_ug, grams) is gap
    assert (above_plan(ceiling, total_ug, grams) is None) is (gap is None)
    assert (above_given(ceiling, total_ug, grams) is None) is (gap is None)


@pytest.mark.parametrize(
    ("ceiling", "grams", "planned", "given"),
    [
        (
            IN_MG,
            KG_80,
            "The clearance allows at most 150 mg in one session, with what may be added.",
            "This is more than the 150 mg that the clearance allows.",
        ),
        (
            BY_WEIGHT,
            KG_80,
            (
                "The clearance allows at most 1.5 mg per kg in one session, with what may be "
                "added: 120 mg at 80 kg."
            ),
            "This is more than the 1.5 mg per kg (120 mg at 80 kg) that the clearance allows.",
        ),
        (
            BY_WEIGHT,
            None,
            "Weigh first: the clearance allows at most 1.5 mg per kg, and no weight is recorded.",
            "The clearance allows at most 1.5 mg per kg, and no weight was recorded by then.",
        ),
    ],
)
def test_it_says_what_is_allowed(ceiling, grams, planned, given):
    assert _bare(above_plan(ceiling, 900_000, grams)) == planned
    assert _bare(above_given(ceiling, 900_000, grams)) == given


def test_what_it_says_in_mg_is_never_more_than_it_allows():
    said = _bare(BY_WEIGHT.at(82_590))
    assert said == "123.8 mg at 82.6 kg"
    assert above_plan(BY_WEIGHT, 123_800, 82_590) is None


@pytest.mark.parametrize(
    ("kept", "words"), [((150_000, None), "150 mg"), ((None, 1_500), "1.5 mg per kg")]
)
def test_what_two_columns_keep(kept, words):
    ceiling = Ceiling.of(*kept)
    assert ceiling
    assert _bare(ceiling.words) == words
    assert Ceiling.of(None, None) is None
