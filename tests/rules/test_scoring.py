"""Scoring: exact, 0 is a score, and nothing from a form with a gap."""

import csv
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapteam.instruments import instruments
from kapteam.rules.scoring import (
    answers_before_a_slip,
    answers_so_far,
    check_answers,
    parse_answers,
    read_total,
    score,
    score_result,
    score_total,
    typed_answers,
)
from kapteam.vocabulary import Tone

PHQ_9 = instruments()["phq-9"]
PCL_5 = instruments()["pcl-5-month"]
QIDS = instruments()["qids-sr16"]
WHO_5 = instruments()["who-5"]
MADRS = instruments()["madrs"]
C_SSRS = instruments()["c-ssrs"]
ANSWERED = [one for one in instruments().values() if one.takes_answers]
SUMMED = [one for one in ANSWERED if one.scoring.rule == "sum"]
NHANES = Path(__file__).parent / "data" / "nhanes_dpq_j.csv"


@st.composite
def _forms(draw, among=ANSWERED):
    """An instrument, and one answer to each of its items."""
    one = draw(st.sampled_from(among))
    values = [[option.value for option in one.options_of(item)] for item in one.items]
    return one, tuple(draw(st.sampled_from(given)) for given in values)


@pytest.mark.parametrize(
    ("line", "answers"),
    [
        ("201100010", (2, 0, 1, 1, 0, 0, 0, 1, 0, None)),
        ("2 0 1 1 0 0 0 1 0", (2, 0, 1, 1, 0, 0, 0, 1, 0, None)),
        ("201 100 010", (2, 0, 1, 1, 0, 0, 0, 1, 0, None)),
        ("2,0,1,1,0,0,0,1,0", (2, 0, 1, 1, 0, 0, 0, 1, 0, None)),
        ("  201100010\n", (2, 0, 1, 1, 0, 0, 0, 1, 0, None)),
        ("2011000103", (2, 0, 1, 1, 0, 0, 0, 1, 0, 3)),
        ("20110-01.", (2, 0, 1, 1, 0, None, 0, 1, None, None)),
        ("---------", (None,) * 10),
    ],
)
def test_answers_are_read_from_one_line(line, answers):
    assert parse_answers(PHQ_9, line) == answers


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("401100010", "Item 1 of PHQ-9 cannot be “4”. Its answers are 0 to 3"),
        ("20110001x", "Item 9 of PHQ-9 cannot be “x”"),
        ("20110001²", "Item 9 of PHQ-9 cannot be “²”"),
        ("20110001٣", "Item 9 of PHQ-9 cannot be “٣”"),
        ("20110001", "These are 8 answers; PHQ-9 has 9 or 10."),
        ("20110001000", "These are 11 answers; PHQ-9 has 9 or 10."),
        ("2011000104", "Item 10 of PHQ-9 cannot be “4”"),
        ("", "Enter 9 answers"),
        ("  ,", "Enter 9 answers"),
    ],
)
def test_a_line_that_must_not_be_taken_says_what_is_wrong(line, says):
    with pytest.raises(ValueError, match=says.replace("(", r"\(")):
        parse_answers(PHQ_9, line)


def test_one_with_no_unscored_item_names_one_number_of_answers():
    with pytest.raises(ValueError, match=r"These are 4 answers; AUDIT-C has 3\. "):
        parse_answers(instruments()["audit-c"], "0000")


@given(_forms())
def test_what_is_typed_again_is_the_same(form):
    one, answers = form
    line = typed_answers(answers)

    assert parse_answers(one, line)[: len(answers)] == answers


@pytest.mark.parametrize(
    ("name", "line", "total", "band"),
    [
        ("phq-9", "000000000", 0, "Minimal"),
        ("phq-9", "111100000", 4, "Minimal"),
        ("phq-9", "111110000", 5, "Mild"),
        ("phq-9", "333333333", 27, "Severe"),
        ("phq-9", "3000000003", 3, "Minimal"),
        ("gad-7", "3333333", 21, "Severe"),
        ("gad-7", "3333300", 15, "Severe"),
        ("gad-7", "3333200", 14, "Moderate"),
        ("pcl-5-month", "4" * 20, 80, None),
        ("audit-c", "444", 12, None),
        ("who-5", "00000", 0, "Very low"),
        ("who-5", "22111", 28, "Very low"),
        ("who-5", "22211", 32, "Low"),
        ("who-5", "33331", 52, "Not low"),
        ("who-5", "55555", 100, "Not low"),
        # Rule 44: a plain sum of these would be 48, 39 and 9.
        ("qids-sr16", "3333333333333333", 27, "Very severe"),
        ("qids-sr16", "3333033303333033", 21, "Very severe"),
        ("qids-sr16", "1111011100000011", 3, "None"),
        ("qids-sr16", "0030000000000000", 3, "None"),
    ],
)
def test_rules_43_and_44_a_complete_form_has_its_total_and_0_is_one(name, line, total, band):
    one = instruments()[name]
    scored = score(one, parse_answers(one, line))

    assert scored.total == total
    assert scored.is_complete
    assert (scored.band.label if scored.band else None) == band
    assert not scored.is_total_only


@given(_forms([QIDS]))
def test_rule_44_the_qids_must_not_be_a_plain_sum_and_stays_within_27(form):
    _, answers = form
    total = score(QIDS, answers).total

    first, fifth = max(answers[0:4]), answers[4]
    appetite, pace = max(answers[5:9]), max(answers[14:16])
    assert total == first + fifth + appetite + sum(answers[9:14]) + pace
    assert total <= 27


@given(_forms(SUMMED), st.randoms(use_true_random=False))
def test_the_order_of_the_answers_must_not_change_a_sum(form, random):
    one, answers = form
    shuffled = list(answers)
    random.shuffle(shuffled)

    assert score(one, shuffled).total == score(one, answers).total
    assert score(one, answers).total == sum(answers) * one.scoring.times


@given(_forms(), st.data())
def test_any_answer_that_is_missing_withholds_the_total_and_is_named(form, data):
    one, answers = form
    gaps = data.draw(st.sets(st.sampled_from(range(len(answers))), min_size=1))
    holed = [None if place in gaps else answer for place, answer in enumerate(answers)]
    scored = score(one, holed)

    assert scored.total is None
    assert scored.band is None
    assert not scored.is_complete
    assert scored.missing == tuple(sorted(place + 1 for place in gaps))


@given(_forms())
def test_a_total_never_leaves_its_range_and_has_one_band(form):
    one, answers = form
    scored = score(one, answers)

    assert one.minimum <= scored.total <= one.maximum
    assert sum(scored.total in band for band in one.bands) == bool(one.bands)


@given(_forms([WHO_5]))
def test_the_who_5_mirrored_is_what_is_left_to_100(form):
    _, answers = form
    mirrored = [5 - answer for answer in answers]

    assert score(WHO_5, answers).total + score(WHO_5, mirrored).total == 100


def test_the_difficulty_item_must_not_count_and_may_be_missing():
    easy, hard, unsaid = (score(PHQ_9, parse_answers(PHQ_9, "1" * 9 + end)) for end in "03-")

    assert easy.total == hard.total == unsaid.total == 9
    assert unsaid.missing == ()


@pytest.mark.parametrize(
    ("line", "answer", "needs", "tone"),
    [
        ("000000000", 0, False, Tone.PLAIN),
        ("333333330", 0, False, Tone.PLAIN),
        ("000000001", 1, True, Tone.RED),
        ("100000002", 2, True, Tone.RED),
        ("33333333-", None, False, Tone.PLAIN),
    ],
)
def test_rule_42_item_9_needs_somebody_whatever_the_total(line, answer, needs, tone):
    (critical,) = score(PHQ_9, parse_answers(PHQ_9, line)).critical

    assert critical.answer == answer
    assert critical.needs_somebody is needs
    assert critical.tone() is tone


def test_a_form_with_gaps_still_says_what_was_answered_to_item_9():
    (critical,) = score(PHQ_9, parse_answers(PHQ_9, "--------3")).critical

    assert critical.needs_somebody


def test_rule_50_a_total_alone_leaves_item_9_unknown_and_not_negative():
    scored = score_total(PHQ_9, 0)

    assert scored.total == 0
    assert scored.band.label == "Minimal"
    assert scored.is_total_only
    assert [one.answer for one in scored.critical] == [None]
    assert not any(one.needs_somebody for one in scored.critical)
    assert [one.answer for one in score_total(MADRS, 12).critical] == [None]


@pytest.mark.parametrize(
    ("name", "typed", "says"),
    [
        ("phq-9", "28", "The total of PHQ-9 is from 0 to 27."),
        ("phq-9", "-1", "a whole number"),
        ("phq-9", "4.5", "a whole number"),
        ("phq-9", "NaN", "a whole number"),
        ("phq-9", "", "a whole number"),
        ("phq-9", "٣", "a whole number"),
        ("who-5", "13", "a multiple of 4"),
        ("who-5", "104", "from 0 to 100"),
        ("ebi", "360", "from 0 to 100"),
    ],
)
def test_a_total_that_cannot_be_is_refused_in_a_sentence(name, typed, says):
    with pytest.raises(ValueError, match=says):
        read_total(instruments()[name], typed)


def test_what_a_form_refuses_a_function_refuses_too():
    with pytest.raises(ValueError, match="from 0 to 27"):
        score_total(PHQ_9, 28)
    with pytest.raises(ValueError, match="Item 1 of PHQ-9 cannot be “4”"):
        score(PHQ_9, (4, 0, 0, 0, 0, 0, 0, 0, 0))
    with pytest.raises(ValueError, match="These are 3 answers"):
        check_answers(PHQ_9, (0, 0, 0))
    with pytest.raises(ValueError, match="without its answers"):
        score(MADRS, (0,) * 10)


def test_a_total_is_read_as_typed():
    assert read_total(PHQ_9, " 0 ") == 0
    assert read_total(PHQ_9, "27") == 27


def test_a_result_has_a_band_and_must_not_have_a_total():
    scored = score_result(C_SSRS, 3)

    assert scored.total is None
    assert scored.is_complete
    assert scored.band.label == "High"
    assert scored.band.tone is Tone.RED


@pytest.mark.parametrize("rank", [-1, 4])
def test_there_is_no_other_result(rank):
    with pytest.raises(ValueError, match="Choose the result of C-SSRS"):
        score_result(C_SSRS, rank)


def test_a_result_and_a_total_must_not_be_taken_for_each_other():
    with pytest.raises(ValueError, match="has no total"):
        score_total(C_SSRS, 2)
    with pytest.raises(ValueError, match="has a total"):
        score_result(PHQ_9, 2)


def _pcl_5(b, c, d, e, rest="1"):
    """A line of the PCL-5 with so many items of each cluster rated 2, and the rest below."""
    sizes = {"b": 5, "c": 2, "d": 7, "e": 6}
    many = {"b": b, "c": c, "d": d, "e": e}
    return "".join("2" * many[one] + rest * (size - many[one]) for one, size in sizes.items())


@pytest.mark.parametrize(
    ("line", "provisional"),
    [
        (_pcl_5(1, 1, 2, 2), True),
        (_pcl_5(5, 2, 7, 6), True),
        (_pcl_5(0, 2, 7, 6), False),
        (_pcl_5(5, 0, 7, 6), False),
        (_pcl_5(5, 2, 1, 6), False),
        (_pcl_5(5, 2, 7, 1), False),
        ("1" * 20, False),
        (_pcl_5(1, 1, 2, 2, rest="-"), None),
    ],
)
def test_the_provisional_rule_needs_every_cluster(line, provisional):
    assert score(PCL_5, parse_answers(PCL_5, line)).is_provisional is provisional


def test_a_high_total_alone_must_not_meet_the_provisional_rule():
    scored = score(PCL_5, parse_answers(PCL_5, "44444" + "11" + "4" * 13))

    assert scored.total == 74
    assert scored.is_provisional is False


def test_the_clusters_are_summed_and_counted_by_themselves():
    scored = score(PCL_5, parse_answers(PCL_5, "12340" + "43" + "2222222" + "000001"))
    found = {one.subscale.name[0]: (one.total, one.counted, one.is_met) for one in scored.subscales}

    assert found == {
        "B": (10, 3, True),
        "C": (7, 2, True),
        "D": (14, 7, True),
        "E": (1, 0, False),
    }


def test_a_gap_withholds_the_cluster_it_is_in_and_no_other():
    scored = score(PCL_5, parse_answers(PCL_5, "-2340" + "43" + "2" * 7 + "0" * 6))

    assert [one.total for one in scored.subscales] == [None, 7, 14, 0]
    assert scored.subscales[0].is_met is None


def _nhanes():
    """Real forms of NHANES with the sums that awk made; None for what was not answered."""
    lines = [line for line in NHANES.read_text().splitlines() if not line.startswith("#")]
    for row in csv.DictReader(lines):
        items = [row[f"DPQ{number:02}0"] for number in range(1, 10)]
        # 7 refused, 9 does not know: no answer.
        answers = tuple(None if item in {"", "7", "9"} else int(item) for item in items)
        yield pytest.param(
            answers, int(row["TOTAL"]) if row["TOTAL"] else None, items, id=row["SEQN"]
        )


@pytest.mark.parametrize(("answers", "total", "items"), list(_nhanes()))
def test_real_forms_come_to_what_they_came_to_without_our_code(answers, total, items):
    scored = score(PHQ_9, answers)

    assert scored.total == total
    assert scored.critical[0].needs_somebody is (items[8] in {"1", "2", "3"})


def test_what_was_refused_must_not_count_as_0_or_as_7():
    forms = {param.id: param.values for param in _nhanes()}

    assert forms["94327"][1] is None
    assert score(PHQ_9, forms["94327"][0]).missing == (1, 3, 4, 5, 6, 7, 8, 9)
    assert score(PHQ_9, forms["93887"][0]).missing == (2, 3, 4, 5, 6, 7, 8, 9)
    with pytest.raises(ValueError, match="cannot be “7”"):
        score(PHQ_9, [int(item) for item in forms["94327"][2]])


def test_the_extract_has_full_partial_and_empty_forms():
    totals = [param.values[1] for param in _nhanes()]

    assert len(totals) == 59
    assert totals.count(None) == 4
    assert {0, 24} <= set(totals)


@pytest.mark.parametrize(
    ("clusters", "met"), [(one, all(one)) for one in product([0, 1], repeat=4)]
)
def test_every_way_in_which_clusters_are_met_or_not(clusters, met):
    line = _pcl_5(*(need * is_met for need, is_met in zip((1, 1, 2, 2), clusters, strict=True)))

    assert score(PCL_5, parse_answers(PCL_5, line)).is_provisional is met


@pytest.mark.parametrize(
    ("line", "answers"),
    [
        ("", (None,) * 10),
        ("2", (2, *(None,) * 9)),
        ("20-1", (2, 0, None, 1, *(None,) * 6)),
        ("201100010", (2, 0, 1, 1, 0, 0, 0, 1, 0, None)),
    ],
)
def test_a_line_that_is_being_typed_has_no_answer_to_what_is_still_to_come(line, answers):
    assert answers_so_far(PHQ_9, line) == answers


@pytest.mark.parametrize("line", ["4", "20x", "20110001000"])
def test_what_is_no_answer_is_said_while_it_is_typed(line):
    with pytest.raises(ValueError, match=r"cannot be|These are 11 answers"):
        answers_so_far(PHQ_9, line)


@pytest.mark.parametrize(
    ("line", "answers"),
    [
        ("4", (None,) * 10),
        ("20x1", (2, 0, *(None,) * 8)),
        ("20-41", (2, 0, None, *(None,) * 7)),
        ("20110001000", (2, 0, 1, 1, 0, 0, 0, 1, 0, 0)),
    ],
)
def test_of_a_line_with_a_slip_the_answers_before_it_are_read_and_none_after_it(line, answers):
    assert answers_before_a_slip(PHQ_9, line) == answers


def test_the_answer_that_needs_somebody_is_known_of_a_form_with_a_gap_and_not_of_a_total():
    assert score(PHQ_9, (1,) * 8 + (3,)).critical_answer == 3
    assert score(PHQ_9, (None, *(1,) * 7, 0)).critical_answer == 0
    assert score(PHQ_9, (1,) * 8 + (None,)).critical_answer is None
    assert score_total(PHQ_9, 9).critical_answer is None
    assert score(instruments()["gad-7"], (1,) * 7).critical_answer is None
