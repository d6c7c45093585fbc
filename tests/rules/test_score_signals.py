"""Which alerts answers and scores make: few, each cleared only by what was decided upon it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapteam.instruments import instruments
from kapteam.rules.alerts import Quieted, SignalKind
from kapteam.rules.change import Baseline, ChipKind, Taken, change, used
from kapteam.rules.escalation import GivenDose
from kapteam.rules.score_signals import (
    CourseAsked,
    Measures,
    ScoreFacts,
    TakenScore,
    measures_due,
)
from kapteam.rules.signals import SignalFacts, signals
from kapteam.rules.thresholds import Thresholds
from kapteam.vocabulary import (
    EpisodeState,
    Indication,
    Part,
    ProductRoute,
    ServiceLine,
    Tone,
)

NOW = datetime(2026, 11, 24, 21, 30, tzinfo=UTC)
TODAY = date(2026, 11, 24)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PHOENIX = ZoneInfo("America/Phoenix")
IN_USE = frozenset({"phq-9", "gad-7", "c-ssrs"})
IN_SERIES = CourseAsked(
    ServiceLine.KAP,
    EpisodeState.SERIES,
    NOW - 40 * DAY,
    is_held=False,
    indications=(Indication.DEPRESSION,),
)
UNKNOWN = {SignalKind.CANNOT_JUDGE, SignalKind.NO_BASELINE, SignalKind.OVERDUE}


def _score(total, *, days, instrument="phq-9", answer=None, **columns):
    """One PHQ-9, so many days ago; recorded at once."""
    at = NOW - timedelta(days=days)
    taken = Taken(f"{instrument} {days}", instrument, total, at, columns.pop("recorded_at", at))
    return TakenScore(taken, answer, **columns)


def _answers(*answers, instrument="phq-9"):
    """So many forms of which that was answered to the item, the last one an hour ago."""
    days = range(3 * (len(answers) - 1), -1, -3)
    return tuple(
        _score(10, days=day + HOUR / DAY, instrument=instrument, answer=answer)
        for day, answer in zip(days, answers, strict=True)
    )


def _doses(*days):
    return tuple(GivenDose(f"dose {day}", NOW - timedelta(days=day), 70_000) for day in days)


def _found(*scores, in_use=IN_USE, quieted=(), today=TODAY, **facts):
    known = {"course": None, "product_route": ProductRoute.INTRAVENOUS} | facts
    measures = Measures(instruments(), in_use, PHOENIX)
    all_of_them = SignalFacts(scores=ScoreFacts(scores, **known), quieted=quieted)
    return signals(all_of_them, Thresholds(), NOW, today, measures)


def _of_course(*scores, **facts):
    return _found(*scores, **({"course": IN_SERIES, "doses": _doses(30)} | facts))


# Rule 42: critical answers


@pytest.mark.parametrize(
    ("answers", "tone", "value"),
    [
        ((0,), None, ""),
        ((1,), Tone.RED, "1, new"),
        ((2,), Tone.RED, "2, new"),
        ((0, 1), Tone.RED, "1, was 0"),
        ((1, 2), Tone.RED, "2, was 1"),
        ((2, 2), Tone.RED, "2, unchanged"),
        # A later low score does not clear it by itself (domain 5, S1).
        ((2, 0), Tone.RED, "2, new; 0 since"),
        ((1, 1), Tone.RED, "1, new"),
        ((3, 1), Tone.RED, "3, new; 1 since"),
        # Unknown is not negative (rule 50), and no alert by itself either.
        ((None,), None, ""),
        ((1, None, 1), Tone.RED, "1, new"),
        ((0, None, 0), None, ""),
    ],
)
def test_rule_42_an_answer_to_item_9_stands_until_somebody_cleared_it(answers, tone, value):
    found = _found(*_answers(*answers))
    assert [one.tone for one in found] == ([tone] if tone else [])
    for one in found:
        assert one.value == f"PHQ-9 item 9, suicide or self-harm: {value}"
        assert (one.kind, one.part) == (SignalKind.CRITICAL, None)
        assert all((one.threshold, one.source, one.clears))


def test_a_total_of_3_with_item_9_of_2_is_an_alert():
    assert [one.tone for one in _found(_score(3, days=1, answer=2))] == [Tone.RED]


@pytest.mark.parametrize("total", [None, 14])
def test_an_incomplete_form_and_a_measure_not_in_use_count_where_somebody_is_in_danger(total):
    found = _found(_score(total, days=1, answer=1, is_here=False), in_use=frozenset())
    assert [one.kind for one in found] == [SignalKind.CRITICAL]


@pytest.mark.parametrize(
    ("answers", "noted", "tone"),
    [
        ((2,), HOUR, Tone.RED),
        ((2,), 2 * HOUR, Tone.RED),
        ((2,), 30 * timedelta(minutes=1), None),
        # What was answered after the note is another one: unchanged it is amber.
        ((1, 1), DAY, Tone.AMBER),
        ((1, 2), DAY, Tone.RED),
        ((2, 2), DAY, Tone.RED),
        ((2, 1), DAY, Tone.AMBER),
        ((2, 0), DAY, None),
    ],
)
def test_only_a_risk_note_that_was_signed_after_it_clears_it(answers, noted, tone):
    found = _found(*_answers(*answers), risk_noted_at=NOW - noted)
    assert [one.tone for one in found] == ([tone] if tone else [])


def test_a_note_signed_before_the_form_was_entered_does_not_clear_it():
    late = _score(10, days=3, answer=2, recorded_at=NOW)
    assert len(_found(late, risk_noted_at=NOW - DAY)) == 1
    assert _found(late, risk_noted_at=NOW + HOUR) == ()


def test_what_is_known_rests_until_the_day_of_its_plan_or_the_next_rise():
    first = _answers(1)
    (one,) = _found(*first)
    known = (Quieted(one.mark, TODAY + 20 * DAY, "Safety plan, call on Friday", "Thea Tallis"),)

    def rests(*scores, **facts):
        return [bool(each.quiet) for each in _found(*scores, quieted=known, **facts)]

    later = first[0]._replace(
        taken=first[0].taken._replace(score_id="later", taken_at=NOW, recorded_at=NOW)
    )
    assert rests(*first) == [True]
    assert rests(*first, later) == [True]
    assert rests(*first, later._replace(critical=0)) == [True]
    # Also after a note cleared the one it was said of: it is known.
    assert rests(*first, later, risk_noted_at=NOW - timedelta(minutes=30)) == [True]
    assert rests(*first, later._replace(critical=2)) == [False]
    assert rests(*first, today=TODAY + 21 * DAY) == [False]


@pytest.mark.parametrize(
    ("results", "tone", "value"),
    [
        ((0,), None, ""),
        ((1,), Tone.AMBER, "low, new"),
        ((2,), Tone.RED, "moderate, new"),
        ((3, 1), Tone.RED, "high, new; low since"),
        ((1, 2), Tone.RED, "moderate, was low"),
    ],
)
def test_a_result_of_the_c_ssrs_is_as_loud_as_its_band(results, tone, value):
    scores = [
        one._replace(critical=None, result=result, taken=one.taken._replace(total=None))
        for one, result in zip(_answers(*results, instrument="c-ssrs"), results, strict=True)
    ]
    found = _found(*scores)
    assert [(one.tone, one.value) for one in found] == (
        [(tone, f"C-SSRS: {value}")] if tone else []
    )


@pytest.mark.parametrize(
    ("instrument", "answer", "is_alert"),
    [
        ("qids-sr16", 1, True),
        ("madrs", 1, False),
        ("madrs", 2, True),
        ("gad-7", None, False),
    ],
)
def test_other_measures_have_their_own_item(instrument, answer, is_alert):
    found = _found(_score(9, days=1, instrument=instrument, answer=answer))
    assert len(found) == is_alert


# How somebody does


def _kinds(*scores, **facts):
    return [one.kind for one in _of_course(*scores, **facts) if one.kind not in UNKNOWN]


@pytest.mark.parametrize(
    ("totals", "kinds"),
    [
        ((12, 17), []),
        ((12, 18), [SignalKind.WORSE]),
        # Whoever is worse than at the baseline has slipped as well: it is said once.
        ((12, 9, 18), [SignalKind.WORSE]),
        ((20, 8, 13), []),
        ((20, 8, 14), [SignalKind.SLIPPING]),
        ((20, 0, 6), [SignalKind.SLIPPING]),
        ((20, 8, 14, 12), []),
        ((12, None), []),
        ((12,), []),
    ],
)
def test_worse_than_the_baseline_or_than_the_best_is_one_alert_of_both(totals, kinds):
    days = range(31, 0, -5)
    scores = [_score(total, days=day) for total, day in zip(totals, days, strict=False)]
    found = [one for one in _of_course(*scores) if one.kind not in UNKNOWN]
    assert [one.kind for one in found] == kinds
    assert {(one.tone, one.part) for one in found} <= {(Tone.AMBER, None)}


def test_several_measures_that_got_worse_are_one_alert_the_primary_first():
    scores = [
        _score(total, days=days, instrument=name)
        for name, totals in (("gad-7", (5, 10)), ("phq-9", (10, 17)))
        for total, days in zip(totals, (31, 2), strict=True)
    ]
    (one,) = [one for one in _of_course(*scores) if one.kind not in UNKNOWN]
    assert one.value == "PHQ-9 17, was 10; GAD-7 10, was 5"
    assert _kinds(*scores, in_use=frozenset({"c-ssrs"})) == []
    elsewhere = [one._replace(is_here=False) for one in scores]
    assert _kinds(*elsewhere) == []


def test_a_decision_clears_it_until_it_gets_worse_by_as_much_again():
    before = (_score(10, days=31), _score(17, days=9))
    assert _kinds(*before, decided_at=NOW - 10 * DAY) == [SignalKind.WORSE]
    assert _kinds(*before, decided_at=NOW - 8 * DAY) == []
    assert _kinds(*before, _score(20, days=2), decided_at=NOW - 8 * DAY) == []
    assert _kinds(*before, _score(23, days=2), decided_at=NOW - 8 * DAY) == [SignalKind.WORSE]


def test_another_score_as_bad_is_the_same_alert_and_a_worse_one_another():
    def mark(*totals):
        scores = [_score(t, days=d) for t, d in zip(totals, (31, 9, 5), strict=False)]
        return [one.mark for one in _of_course(*scores) if one.kind is SignalKind.WORSE]

    assert mark(10, 16) == mark(10, 16, 18)
    assert mark(10, 16) != mark(10, 16, 22)


FOUR, SIX = _doses(30, 26, 22, 18), _doses(30, 26, 22, 18, 14, 10)


@pytest.mark.parametrize(
    ("scores", "doses", "tones"),
    [
        # Rule 53: less than a fifth better after dose 4 amber, after 6 red.
        (((20, 31), (17, 15)), FOUR, [Tone.AMBER]),
        (((20, 31), (16, 15)), FOUR, []),
        (((20, 31), (17, 20)), FOUR, []),
        (((20, 31), (17, 15)), FOUR[:3], []),
        (((20, 31), (17, 5)), SIX, [Tone.RED]),
        (((20, 31), (17, 15), (10, 5)), SIX, []),
        # Asked after dose 4, not yet after 6: the answer then stands.
        (((20, 31), (17, 15)), SIX, [Tone.AMBER]),
        # In the range of remission there was nothing to gain.
        (((4, 31), (4, 5)), SIX, []),
    ],
)
def test_rule_53_not_better_is_an_alert_of_both(scores, doses, tones):
    taken = [_score(total, days=days) for total, days in scores]
    found = [one for one in _of_course(*taken, doses=doses) if one.kind is SignalKind.NOT_BETTER]
    assert [one.tone for one in found] == tones
    assert {one.part for one in found} <= {None}


def test_not_better_is_over_with_a_decision_after_the_score_that_showed_it():
    scores = (_score(20, days=31), _score(17, days=9), _score(18, days=5))
    for decided, is_over in ((10, False), (8, True), (0, True)):
        kinds = _kinds(*scores, doses=SIX, decided_at=NOW - decided * DAY)
        assert (SignalKind.NOT_BETTER not in kinds) is is_over
    # Who was better in between and is not any more was not decided upon.
    again = (_score(20, days=31), _score(17, days=9), _score(10, days=7), _score(17, days=5))
    assert SignalKind.NOT_BETTER in _kinds(*again, doses=SIX, decided_at=NOW - 8 * DAY)


@pytest.mark.parametrize(
    ("reviewed", "tones"),
    [
        # Days ago; the score after dose 4 came 15 days ago, that after dose 6 5 days ago.
        (None, [Tone.RED]),
        (20, [Tone.RED]),
        # It looked at dose 4, and nobody yet at what came after dose 6.
        (12, [Tone.RED]),
        (4, []),
    ],
)
def test_rule_53_a_review_of_the_series_clears_what_was_known_at_it(reviewed, tones):
    scores = (_score(20, days=31), _score(17, days=15), _score(17, days=5))
    at = None if reviewed is None else NOW - reviewed * DAY
    found = _of_course(*scores, doses=SIX, reviewed_at=at)
    assert [one.tone for one in found if one.kind is SignalKind.NOT_BETTER] == tones


def test_a_review_clears_not_better_after_dose_4_and_the_next_score_as_bad_is_the_same():
    scores = (_score(20, days=31), _score(17, days=9), _score(18, days=5))
    assert _kinds(*scores, doses=FOUR, reviewed_at=NOW - 8 * DAY) == []
    again = (_score(20, days=31), _score(17, days=9), _score(10, days=7), _score(17, days=5))
    assert SignalKind.NOT_BETTER in _kinds(*again, doses=FOUR, reviewed_at=NOW - 8 * DAY)


@pytest.mark.parametrize(
    ("of_series", "days", "tones"),
    [
        # Four of the series and two of maintenance: nobody asks again after the sixth.
        (4, (31, 15), [Tone.AMBER]),
        (4, (31, 5), [Tone.AMBER]),
        (6, (31, 5), [Tone.RED]),
        # Three of the series: it was over before anybody would ask.
        (3, (31, 5), []),
    ],
)
def test_maintenance_asks_nobody_anew_whether_they_are_better(of_series, days, tones):
    first, last = days
    scores = (_score(20, days=first), _score(17, days=last))
    found = list(_of_course(*scores, doses=SIX, of_series=of_series))
    assert [one.tone for one in found if one.kind is SignalKind.NOT_BETTER] == tones
    if of_series < len(SIX):
        assert SignalKind.CANNOT_JUDGE not in {one.kind for one in found}


def test_a_review_of_the_series_clears_nothing_else():
    worse = (_score(10, days=31), _score(17, days=5))
    assert _kinds(*worse, doses=FOUR[:2], reviewed_at=NOW) == [SignalKind.WORSE]
    slipped = (_score(20, days=31), _score(5, days=20), _score(12, days=5))
    assert _kinds(*slipped, doses=FOUR, reviewed_at=NOW) == [SignalKind.SLIPPING]


def test_spravato_is_asked_after_the_eight_doses_of_week_four():
    scores = (_score(20, days=31), _score(19, days=1))
    route = ProductRoute.ESKETAMINE_NASAL
    eight = _doses(30, 27, 24, 21, 18, 15, 12, 9)
    assert _kinds(*scores, doses=eight[:7], product_route=route) == []
    (one,) = [
        one
        for one in _of_course(*scores, doses=eight, product_route=route)
        if one.kind not in UNKNOWN
    ]
    assert (one.kind, one.tone) == (SignalKind.NOT_BETTER, Tone.AMBER)
    assert one.value == "after 8 doses: PHQ-9 19, was 20"


@pytest.mark.parametrize("last", [20, 27])
def test_who_is_worse_after_six_doses_is_said_once_the_loudest(last):
    scores = (_score(20, days=31), _score(last, days=5))
    assert _kinds(*scores, doses=SIX) == [SignalKind.NOT_BETTER]


def test_who_is_worse_after_four_doses_is_called_worse():
    assert _kinds(_score(14, days=31), _score(20, days=15), doses=FOUR) == [SignalKind.WORSE]


def test_nobody_is_judged_by_a_measure_of_something_else():
    pain = replace(IN_SERIES, indications=(Indication.CHRONIC_PAIN,))
    scores = (_score(20, days=31), _score(19, days=5))
    assert _kinds(*scores, doses=SIX, course=pain) == []


# What nobody knows


def _unknown(*scores, **facts):
    return [(one.kind, one.value) for one in _of_course(*scores, **facts) if one.kind in UNKNOWN]


def test_rule_54_without_a_score_nobody_is_called_not_better_and_it_is_said_after_a_week():
    scores = (_score(20, days=31), _score(15, days=20))
    found = _of_course(*scores, _score(5, days=1, instrument="gad-7"), doses=FOUR)
    assert [(one.kind, one.tone, one.part) for one in found] == [
        (SignalKind.CANNOT_JUDGE, Tone.PLAIN, Part.THERAPIST)
    ]
    assert found[0].value == "no PHQ-9 after dose 4"
    soon = _doses(18, 14, 10, 6)
    assert SignalKind.CANNOT_JUDGE not in [kind for kind, _ in _unknown(*scores, doses=soon)]
    decided = _unknown(*scores, doses=FOUR, decided_at=NOW - DAY)
    assert SignalKind.CANNOT_JUDGE not in [kind for kind, _ in decided]


def test_no_baseline_and_what_is_overdue_are_one_plain_alert_of_the_therapist():
    (one,) = _of_course(doses=_doses(10))
    assert (one.kind, one.tone, one.part) == (SignalKind.NO_BASELINE, Tone.PLAIN, Part.THERAPIST)
    assert one.value == "no PHQ-9 before dose 1"
    # The front desk handed it out a day later: late, and better than none.
    late = _unknown(_score(20, days=8), _score(9, days=8, instrument="gad-7"), doses=_doses(10))
    assert late == []


def test_an_overdue_measure_is_said_with_its_day_and_the_next_one_is_another_alert():
    scores = (_score(20, days=31), _score(9, days=31, instrument="gad-7"))
    (one,) = _of_course(*scores, doses=_doses(30, 10))
    assert (one.kind, one.value) == (SignalKind.OVERDUE, "PHQ-9")
    assert one.at.astimezone(PHOENIX).date() == TODAY - 10 * DAY
    (later,) = _of_course(*scores, _score(18, days=11), doses=_doses(30, 17, 5))
    assert later.mark != one.mark
    # That another measure than the primary one is overdue is only a line.
    assert _of_course(*scores, _score(18, days=1), doses=_doses(30, 10)) == ()


@pytest.mark.parametrize(
    "course",
    [
        replace(IN_SERIES, is_held=True),
        replace(IN_SERIES, state=EpisodeState.CLOSED),
        replace(IN_SERIES, line=ServiceLine.PSYCHEDELIC_INTEGRATION),
        # Nobody of the practice was ever asked: it has not begun to measure.
        replace(IN_SERIES, has_begun=False),
    ],
)
def test_rules_51_and_57_nothing_is_chased_where_care_rests_or_nothing_is_measured(course):
    assert _of_course(doses=_doses(30, 10), course=course) == ()
    # What was answered is never quieted by it.
    assert [one.kind for one in _of_course(_score(9, days=1, answer=2), course=course)][:1] == [
        SignalKind.CRITICAL
    ]


def test_what_is_due_is_of_the_instruments_in_use_the_longest_due_first():
    facts = ScoreFacts(course=IN_SERIES, doses=())
    names = [
        one.instrument_id
        for one in measures_due(facts, Measures(instruments(), IN_USE, PHOENIX), TODAY, NOW + DAY)
    ]
    assert sorted(names) == ["gad-7", "phq-9"]
    none = Measures(instruments(), frozenset(), PHOENIX)
    assert measures_due(facts, none, TODAY, NOW + DAY) == ()


@given(
    instrument=st.sampled_from([one for one in instruments().values() if one.reliable]),
    totals=st.lists(st.integers(0, 80), min_size=1, max_size=6),
)
def test_nothing_is_passed_over_that_is_worse_than_any_score_before_it(instrument, totals):
    scores = [
        _score(total, days=len(totals) - day, instrument=instrument.id)
        for day, total in enumerate(totals)
    ]
    complete = used([one.taken for one in scores], instrument, PHOENIX)
    is_worse = any(
        changed.has(ChipKind.WORSE)
        for one in complete
        if (changed := change(instrument, Baseline(one, None), complete))
    )
    fell_by = ScoreFacts(tuple(scores)).fell_by(instrument)
    assert is_worse == (fell_by >= instrument.reliable.points)
