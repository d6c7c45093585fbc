"""Change: baseline, response, remission, reliable change, slipping, not better."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapteam import sentences
from kapteam.instruments import instruments
from kapteam.rules.change import (
    Baseline,
    ChipKind,
    Complete,
    Taken,
    Unjudged,
    baseline,
    change,
    is_low,
    not_better,
    primary_measure,
    progress,
    reaches,
    slipping,
    used,
)
from kapteam.vocabulary import Indication, ProductRoute, Tone

ZONE = ZoneInfo("America/Phoenix")
# 10:00 am in Phoenix.
FIRST_DOSE = datetime(2026, 11, 2, 17, tzinfo=UTC)
NOW = datetime(2026, 11, 24, 21, 30, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
PHQ_9 = instruments()["phq-9"]
GAD_7 = instruments()["gad-7"]
PCL_5 = instruments()["pcl-5-month"]
PCL_5_WEEK = instruments()["pcl-5-week"]
WHO_5 = instruments()["who-5"]
QIDS = instruments()["qids-sr16"]
MADRS = instruments()["madrs"]


def taken(total, at, *, of=PHQ_9, score_id="", recorded_at=None):
    return Taken(score_id or f"{of.id}@{at:%d.%H}", of.id, total, at, recorded_at or at)


def course(first, *later, of=PHQ_9):
    """The baseline a day before the first dose, and a score every three days after it."""
    start = FIRST_DOSE - DAY
    since = Baseline(Complete("first", first, start), 1)
    scores = [Complete(f"s{n}", total, start + 3 * n * DAY) for n, total in enumerate(later, 1)]
    return of, since, [since.score, *scores]


def kinds(*given, of=PHQ_9):
    found = change(*course(*given, of=of))
    return {chip.kind for chip in found.chips}


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([(18, -30 * DAY)], (18, 30)),
        ([(18, -31 * DAY)], None),
        ([(18, -5 * DAY), (14, -2 * DAY)], (14, 2)),
        ([(18, -HOUR)], (18, 0)),
        ([(18, -5 * DAY), (9, HOUR)], (18, 5)),
        ([(18, -5 * DAY), (16, -HOUR), (9, HOUR)], (16, 0)),
        # The day of the dose, after it: no baseline of any kind.
        ([(9, HOUR)], None),
        ([(9, 0 * DAY)], None),
        ([(9, HOUR), (12, 2 * DAY), (11, 4 * DAY)], (12, None)),
        ([(18, -40 * DAY), (12, 2 * DAY)], (12, None)),
        ([(0, -2 * DAY)], (0, 2)),
        ([(None, -2 * DAY)], None),
        ([(18, -6 * DAY), (None, -2 * DAY)], (18, 6)),
        ([], None),
    ],
)
def test_rule_47_the_baseline_is_the_last_before_the_first_dose_and_never_of_that_day_after_it(
    scores, expected
):
    given = [taken(total, FIRST_DOSE + ago) for total, ago in scores]
    found = baseline(given, PHQ_9, FIRST_DOSE, NOW, ZONE)

    assert (None if found is None else (found.score.total, found.days)) == expected
    assert found is None or found.is_late is (expected[1] is None)


def test_rule_47_the_order_of_the_rows_must_not_matter():
    given = [taken(18, FIRST_DOSE - 9 * DAY), taken(14, FIRST_DOSE - 2 * DAY)]

    assert baseline(given, PHQ_9, FIRST_DOSE, NOW, ZONE) == baseline(
        given[::-1], PHQ_9, FIRST_DOSE, NOW, ZONE
    )


def test_before_any_dose_the_baseline_is_the_one_that_would_be_it_today():
    given = [taken(18, NOW - 8 * DAY)]

    assert baseline(given, PHQ_9, None, NOW, ZONE).days == 8
    assert baseline(given, PHQ_9, None, NOW + 23 * DAY, ZONE) is None
    assert baseline([taken(18, NOW)], PHQ_9, None, NOW, ZONE).days == 0
    assert baseline([taken(18, NOW + DAY)], PHQ_9, None, NOW, ZONE) is None


def test_a_day_is_one_of_the_practice_and_not_of_utc():
    # 8:00 pm in Phoenix is the next day in UTC: still the day of the dose.
    given = [taken(9, datetime(2026, 11, 3, 3, tzinfo=UTC))]

    assert baseline(given, PHQ_9, FIRST_DOSE, NOW, ZONE) is None


def test_rule_48_of_two_on_one_day_the_later_is_used_and_both_are_named():
    morning, evening = NOW - 8 * HOUR, NOW - HOUR
    found = used(
        [taken(7, evening, score_id="evening"), taken(12, morning, score_id="morning")],
        PHQ_9,
        ZONE,
    )

    assert [(one.score_id, one.total, one.also) for one in found] == [("evening", 7, ("morning",))]


def test_rule_48_of_two_at_one_time_the_one_recorded_later_is_used():
    given = [
        taken(7, NOW, score_id="a", recorded_at=NOW + HOUR),
        taken(12, NOW, score_id="b", recorded_at=NOW),
    ]

    assert [one.score_id for one in used(given, PHQ_9, ZONE)] == ["a"]


def test_rule_48_an_incomplete_form_must_not_stand_in_for_a_complete_one():
    given = [taken(7, NOW - HOUR, score_id="a"), taken(None, NOW, score_id="b")]

    assert [(one.score_id, one.also) for one in used(given, PHQ_9, ZONE)] == [("a", ())]


def test_rule_49_the_pcl_5_of_a_month_and_of_a_week_are_never_compared():
    given = [
        taken(60, FIRST_DOSE - 2 * DAY, of=PCL_5),
        taken(20, FIRST_DOSE + 7 * DAY, of=PCL_5_WEEK),
    ]
    since = baseline(given, PCL_5, FIRST_DOSE, NOW, ZONE)

    assert change(PCL_5, since, used(given, PCL_5, ZONE)) is None
    assert [one.total for one in used(given, PCL_5, ZONE)] == [60]
    week = baseline(given, PCL_5_WEEK, FIRST_DOSE, NOW, ZONE)
    assert week.is_late


@pytest.mark.parametrize(
    ("of", "first", "last", "expected"),
    [
        (PHQ_9, 20, 10, {ChipKind.RESPONSE, ChipKind.BETTER}),
        (PHQ_9, 20, 11, {ChipKind.PARTIAL, ChipKind.BETTER}),
        (PHQ_9, 20, 14, {ChipKind.PARTIAL, ChipKind.BETTER}),
        (PHQ_9, 21, 15, {ChipKind.BETTER}),
        (PHQ_9, 20, 15, {ChipKind.TOO_SMALL}),
        (PHQ_9, 20, 20, {ChipKind.TOO_SMALL}),
        (PHQ_9, 15, 20, {ChipKind.TOO_SMALL}),
        (PHQ_9, 15, 21, {ChipKind.WORSE}),
        (PHQ_9, 20, 4, {ChipKind.REMISSION, ChipKind.RESPONSE, ChipKind.BETTER}),
        (PHQ_9, 20, 5, {ChipKind.RESPONSE, ChipKind.BETTER}),
        (PHQ_9, 10, 4, {ChipKind.REMISSION, ChipKind.RESPONSE, ChipKind.BETTER}),
        (PHQ_9, 9, 3, {ChipKind.LOW_AT_BASELINE, ChipKind.RESPONSE, ChipKind.BETTER}),
        # Halved, but by less than the measure's own error.
        (PHQ_9, 8, 4, {ChipKind.LOW_AT_BASELINE, ChipKind.TOO_SMALL}),
        (PHQ_9, 4, 0, {ChipKind.LOW_AT_BASELINE, ChipKind.TOO_SMALL}),
        (PHQ_9, 0, 3, {ChipKind.LOW_AT_BASELINE, ChipKind.TOO_SMALL}),
        (PHQ_9, 0, 9, {ChipKind.LOW_AT_BASELINE, ChipKind.WORSE}),
        (GAD_7, 8, 4, {ChipKind.REMISSION, ChipKind.RESPONSE, ChipKind.BETTER}),
        (GAD_7, 7, 3, {ChipKind.LOW_AT_BASELINE, ChipKind.RESPONSE, ChipKind.BETTER}),
        (GAD_7, 14, 11, {ChipKind.TOO_SMALL}),
        (GAD_7, 11, 15, {ChipKind.WORSE}),
        (PCL_5, 60, 45, {ChipKind.BETTER}),
        (PCL_5, 60, 46, {ChipKind.TOO_SMALL}),
        (PCL_5, 60, 28, {ChipKind.REMISSION, ChipKind.RESPONSE, ChipKind.BETTER}),
        (PCL_5, 60, 29, {ChipKind.RESPONSE, ChipKind.BETTER}),
        (PCL_5, 30, 28, {ChipKind.TOO_SMALL}),
        (PCL_5, 28, 10, {ChipKind.LOW_AT_BASELINE, ChipKind.RESPONSE, ChipKind.BETTER}),
        (PCL_5, 40, 55, {ChipKind.WORSE}),
        (WHO_5, 40, 52, {ChipKind.NOTICED}),
        (WHO_5, 40, 48, {ChipKind.TOO_SMALL}),
        (WHO_5, 52, 40, {ChipKind.NOTICED_WORSE}),
        (WHO_5, 0, 40, {ChipKind.NOTICED}),
        (QIDS, 16, 5, {ChipKind.REMISSION, ChipKind.RESPONSE}),
        (QIDS, 16, 8, {ChipKind.RESPONSE}),
        (QIDS, 5, 2, {ChipKind.LOW_AT_BASELINE, ChipKind.RESPONSE}),
        (QIDS, 8, 20, set()),
        (MADRS, 30, 9, {ChipKind.REMISSION, ChipKind.RESPONSE}),
        (MADRS, 30, 21, {ChipKind.PARTIAL}),
        (MADRS, 30, 24, {ChipKind.NOTICED}),
        (MADRS, 30, 25, set()),
    ],
)
def test_rules_46_and_52_each_finding_is_its_own_and_none_is_claimed_below_the_error(
    of, first, last, expected
):
    assert kinds(first, last, of=of) == expected


def test_rule_43_a_score_of_0_is_a_remission_and_minus_100_percent_is_a_gain_of_100():
    found = change(*course(14, 0))

    assert found.latest.total == 0
    assert (found.gain, found.percent) == (14, 100)
    assert found.has(ChipKind.REMISSION)


def test_a_percentage_of_a_baseline_of_0_is_undefined():
    assert change(*course(0, 3)).percent is None
    assert not reaches(0, 0, 0)


@pytest.mark.parametrize(
    ("of", "first", "last", "gain", "percent"),
    [
        (PHQ_9, 20, 11, 9, 45),
        (PHQ_9, 21, 11, 10, 47),
        (WHO_5, 40, 60, 20, 50),
        (PHQ_9, 9, 13, -4, -44),
    ],
)
def test_rule_45_a_gain_is_toward_better_and_its_percent_is_never_rounded_up(
    of, first, last, gain, percent
):
    found = change(*course(first, last, of=of))

    assert (found.gain, found.percent) == (gain, percent)


def test_the_latest_score_counts_and_not_the_best():
    assert change(*course(20, 4, 19)).latest.total == 19
    assert kinds(20, 4, 19) == {ChipKind.TOO_SMALL}


def test_every_chip_says_its_rule_and_its_source_with_the_population():
    found = change(*course(20, 4))
    said = {chip.kind: (chip.label, chip.rule, chip.source) for chip in found.chips}

    label, rule, source = said[ChipKind.REMISSION]
    assert (label, rule) == ("Remission", "4 or less, from a baseline of 10 or more")
    assert source.startswith("below 5: collaborative care (Bao 2016)")
    assert source.endswith("; adults treated for depression")
    assert said[ChipKind.RESPONSE][1] == "50% or more better than at baseline"
    assert said[ChipKind.BETTER][1] == "6 points or more better"


def test_what_is_too_small_says_both_figures_of_the_pcl_5():
    (chip,) = change(*course(60, 48, of=PCL_5)).chips

    assert chip.label == "Too small to call"
    assert "less than 15 points" in chip.rule
    assert "people notice from 10 points on" in chip.rule


def test_the_remission_of_the_pcl_5_is_called_what_it_is():
    chips = change(*course(60, 20, of=PCL_5)).chips

    assert "Below the range of PTSD" in {chip.label for chip in chips}
    assert "Remission" not in {chip.label for chip in chips}


def test_without_a_baseline_or_a_later_score_nothing_is_said():
    of, since, scores = course(20)

    assert change(of, None, scores) is None
    assert change(of, since, scores) is None


def test_what_is_only_described_must_not_get_better():
    assert change(*course(90, 20, of=instruments()["meq-30"])) is None


@given(st.integers(0, 27), st.integers(0, 27))
def test_below_the_reliable_change_nothing_must_be_called_better_or_worse(first, last):
    found = kinds(first, last)
    claims = found - {ChipKind.TOO_SMALL, ChipKind.LOW_AT_BASELINE}

    assert (abs(first - last) < 6) is (ChipKind.TOO_SMALL in found)
    assert not (claims and ChipKind.TOO_SMALL in found)
    assert (ChipKind.LOW_AT_BASELINE in found) is is_low(PHQ_9, first)
    assert not (ChipKind.REMISSION in found and (first < 10 or last > 4))


@given(st.integers(0, 80), st.integers(0, 80))
def test_better_and_worse_are_each_others_mirror(first, last):
    there, back = kinds(first, last, of=PCL_5), kinds(last, first, of=PCL_5)

    assert (ChipKind.BETTER in there) is (ChipKind.WORSE in back)


@pytest.mark.parametrize(
    ("of", "totals", "points"),
    [
        (PHQ_9, (20, 5, 11), 6),
        (PHQ_9, (20, 5, 10), None),
        (PHQ_9, (20, 5, 11, 9), None),
        (PHQ_9, (20, 12, 6, 6, 13), 7),
        (PHQ_9, (20, 20, 21), None),
        (PHQ_9, (15, 21), 6),
        (PHQ_9, (20,), None),
        (PHQ_9, (20, 0, 6), 6),
        (PCL_5, (60, 20, 35), 15),
        (PCL_5, (60, 20, 34), None),
        (GAD_7, (15, 3, 7), 4),
        # Nobody published a reliable change of these.
        (WHO_5, (20, 80, 20), None),
        (QIDS, (20, 5, 20), None),
    ],
)
def test_slipping_is_worse_than_the_best_however_good_the_sum(of, totals, points):
    found = slipping(*course(*totals, of=of))

    assert (None if found is None else found.points) == points


def test_slipping_names_the_best_score_and_whether_it_was_the_baseline():
    found = slipping(*course(20, 6, 6, 13))

    assert (found.best.score_id, found.latest.score_id) == ("s2", "s3")
    assert not found.is_from_baseline
    assert found.rule == "6 points or more worse than the best"
    assert slipping(*course(15, 21)).is_from_baseline


def test_somebody_in_a_response_can_slip():
    given = course(24, 3, 10)

    assert change(*given).has(ChipKind.RESPONSE)
    assert slipping(*given) is not None


INFUSION, SPRAVATO = ProductRoute.INTRAVENOUS, ProductRoute.ESKETAMINE_NASAL


def judged(first, scores, doses, route=INFUSION, of=PHQ_9, *, late=False):
    """`scores` as (total, the number of the dose it was taken a day after)."""
    given = [FIRST_DOSE + 3 * n * DAY for n in range(doses)]
    since = Baseline(Complete("first", first, FIRST_DOSE - DAY), None if late else 1)
    later = [Complete(f"s{n}", total, FIRST_DOSE + 3 * (n - 1) * DAY + DAY) for total, n in scores]
    return [
        (one.after_dose, one.is_not_better, one.tone, one.unjudged)
        for one in not_better(of, since, [since.score, *later], route, given)
    ]


BETTER_AT_4 = (4, False, Tone.PLAIN, None)
AMBER_AT_4 = (4, True, Tone.AMBER, None)
RED_AT_6 = (6, True, Tone.RED, None)
NOT_YET_AT_4 = (4, None, Tone.PLAIN, Unjudged.NO_SCORE_SINCE)
NOT_YET_AT_6 = (6, None, Tone.PLAIN, Unjudged.NO_SCORE_SINCE)


@pytest.mark.parametrize(
    ("first", "scores", "doses", "expected"),
    [
        (20, [(20, 3)], 3, []),
        (20, [(20, 3)], 4, [NOT_YET_AT_4]),
        (20, [(17, 4)], 4, [AMBER_AT_4]),
        (20, [(16, 4)], 4, [BETTER_AT_4]),
        (20, [(25, 4)], 4, [AMBER_AT_4]),
        (20, [(20, 4)], 5, [AMBER_AT_4]),
        (20, [(20, 4), (16, 5)], 5, [BETTER_AT_4]),
        (20, [(20, 4)], 6, [NOT_YET_AT_6, AMBER_AT_4]),
        (20, [(16, 4)], 6, [NOT_YET_AT_6, BETTER_AT_4]),
        (20, [(20, 4), (20, 6)], 6, [RED_AT_6]),
        (20, [(10, 4), (17, 6)], 6, [RED_AT_6]),
        (20, [(20, 4), (10, 6)], 6, [(6, False, Tone.PLAIN, None)]),
        (20, [(20, 3)], 6, [NOT_YET_AT_6, NOT_YET_AT_4]),
        (20, [(20, 8)], 8, [RED_AT_6]),
        # 20 % to the point, without rounding: 3 of 15, and 2 of 11 is 18 %.
        (15, [(12, 4)], 4, [BETTER_AT_4]),
        (11, [(9, 4)], 4, [AMBER_AT_4]),
        (0, [(0, 4)], 4, [(4, None, Tone.PLAIN, Unjudged.WELL_AT_BASELINE)]),
        (4, [(4, 4)], 4, [(4, None, Tone.PLAIN, Unjudged.WELL_AT_BASELINE)]),
        (5, [(5, 4)], 4, [AMBER_AT_4]),
    ],
)
def test_rules_53_and_54_amber_after_4_red_after_6_and_never_without_a_score(
    first, scores, doses, expected
):
    assert judged(first, scores, doses) == expected


@pytest.mark.parametrize("route", [one for one in ProductRoute if one is not SPRAVATO])
def test_rule_53_all_but_spravato_are_asked_after_dose_4(route):
    assert judged(20, [(20, 4)], 4, route) == [AMBER_AT_4]


@pytest.mark.parametrize(
    ("scores", "doses", "expected"),
    [
        ([(20, 6)], 6, []),
        ([(20, 7)], 7, []),
        ([(20, 8)], 8, [(8, True, Tone.AMBER, None)]),
        ([(20, 7)], 8, [(8, None, Tone.PLAIN, Unjudged.NO_SCORE_SINCE)]),
        ([(16, 8)], 8, [(8, False, Tone.PLAIN, None)]),
    ],
)
def test_rule_53_spravato_is_judged_after_the_eight_doses_of_week_4_and_not_sooner(
    scores, doses, expected
):
    assert judged(20, scores, doses, SPRAVATO) == expected


def test_rule_54_without_a_baseline_it_cannot_be_judged():
    doses = [FIRST_DOSE + 3 * n * DAY for n in range(6)]
    scores = [Complete("s", 20, NOW)]

    found = not_better(PHQ_9, None, scores, INFUSION, doses)
    assert [(one.is_not_better, one.unjudged) for one in found] == [
        (None, Unjudged.NO_BASELINE),
        (None, Unjudged.NO_BASELINE),
    ]


def test_rule_54_a_late_baseline_must_not_be_judged_against_itself():
    start = FIRST_DOSE + 10 * DAY
    since = Baseline(Complete("late", 20, start), None)
    doses = [FIRST_DOSE + 3 * n * DAY for n in range(4)]

    (found,) = not_better(PHQ_9, since, [since.score], INFUSION, doses)
    assert found.unjudged is Unjudged.NO_SCORE_SINCE


def test_rule_45_a_rising_who_5_is_better_and_a_falling_one_is_not():
    assert judged(20, [(40, 4)], 4, of=WHO_5) == [BETTER_AT_4]
    assert judged(40, [(20, 4)], 4, of=WHO_5) == [AMBER_AT_4]
    assert judged(100, [(20, 4)], 4, of=WHO_5) == [(4, None, Tone.PLAIN, Unjudged.WELL_AT_BASELINE)]


def test_of_a_baseline_of_0_that_is_the_worst_there_must_not_be_a_percentage():
    assert judged(0, [(40, 4)], 4, of=WHO_5) == [(4, None, Tone.PLAIN, Unjudged.NO_PERCENTAGE)]


ALL = set(instruments())


@pytest.mark.parametrize(
    ("indications", "in_use", "expected"),
    [
        ([Indication.DEPRESSION], ALL, "phq-9"),
        ([Indication.TREATMENT_RESISTANT_DEPRESSION], ALL, "phq-9"),
        ([Indication.TREATMENT_RESISTANT_DEPRESSION], {"qids-sr16", "madrs"}, "qids-sr16"),
        ([Indication.PTSD], ALL, "pcl-5-month"),
        ([Indication.COMPLEX_TRAUMA], {"pcl-5-week"}, "pcl-5-week"),
        ([Indication.ANXIETY], ALL, "gad-7"),
        ([Indication.ANXIETY, Indication.PTSD, Indication.DEPRESSION], ALL, "phq-9"),
        ([Indication.ANXIETY, Indication.PTSD], ALL, "pcl-5-month"),
        # Judged by no measure of something else.
        ([Indication.PTSD], {"phq-9"}, None),
        ([Indication.CHRONIC_PAIN], ALL, None),
        ([Indication.END_OF_LIFE], ALL, None),
        ([Indication.OTHER], ALL, None),
        ([], ALL, None),
    ],
)
def test_the_primary_measure_follows_the_indication(indications, in_use, expected):
    assert primary_measure(indications, in_use) == expected


@pytest.mark.parametrize(
    ("given", "of", "first", "last", "best", "finding", "said"),
    [
        ((18, 5, 6), PHQ_9, 18, 6, 5, ChipKind.RESPONSE, "PHQ-9 18 → 6 (best 5), response"),
        ((18, 0), PHQ_9, 18, 0, 0, ChipKind.REMISSION, "PHQ-9 18 → 0, remission"),
        ((52, 28), PCL_5, 52, 28, 28, ChipKind.REMISSION,
         "PCL-5 (month) 52 → 28, below the range of PTSD"),
        ((8, 4), PHQ_9, 8, 4, 4, ChipKind.TOO_SMALL, "PHQ-9 8 → 4, too small to call"),
        # Low at baseline, and a change that counts: the change is what is said.
        ((9, 2), PHQ_9, 9, 2, 2, ChipKind.RESPONSE, "PHQ-9 9 → 2, response"),
        ((10, 4, 20), PHQ_9, 10, 20, 4, ChipKind.WORSE,
         "PHQ-9 10 → 20 (best 4), reliably worse"),
        ((20, 80, 60), WHO_5, 20, 60, 80, ChipKind.NOTICED,
         "WHO-5 20 → 60 (best 80), meaningfully better"),
        # Nothing that anybody published says what this is, so no word does.
        ((20, 19), QIDS, 20, 19, 19, None, "QIDS-SR16 20 → 19"),
        ((18,), PHQ_9, 18, None, None, None, "PHQ-9 18 at baseline"),
    ],
)  # fmt: skip
def test_in_short_it_is_from_what_to_what_the_best_and_one_word(
    given, of, first, last, best, finding, said
):
    found = progress(*course(*given, of=of))
    assert (found.first, found.last, found.best, found.finding) == (first, last, best, finding)
    assert sentences.progress(found) == said


def test_without_a_baseline_only_the_latest_is_said_and_without_a_score_nothing():
    scores = [Complete("one", 9, FIRST_DOSE), Complete("two", 0, NOW)]
    assert sentences.progress(progress(PHQ_9, None, scores)) == "PHQ-9 0, no baseline"
    assert progress(PHQ_9, None, []) is None
