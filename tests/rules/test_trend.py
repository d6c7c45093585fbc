"""The small picture of a measure in a list: a fixed scale, gaps, doses, and never who it is of."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from kapteam import sentences
from kapteam.charts.trend import GAP, HEIGHT, MOST, WIDTH, small_trend
from kapteam.instruments import instruments
from kapteam.rules.change import Complete, Progress

PHQ_9, PCL_5 = instruments()["phq-9"], instruments()["pcl-5-month"]
FIRST = datetime(2026, 9, 1, 16, tzinfo=UTC)
DAY = timedelta(days=1)


def of(*scores: tuple[int, int], doses: tuple[int, ...] = (), measure=PHQ_9) -> Progress:
    """Scores as (day, total) and doses as days, from the first day on."""
    return Progress(
        measure,
        scores[0][1],
        scores=tuple(Complete(str(day), total, FIRST + day * DAY) for day, total in scores),
        doses=tuple(FIRST + day * DAY for day in doses),
    )


def line(drawn: str) -> str:
    """The path of the scores, the last one."""
    return re.findall(r" d='([^']*)'", drawn)[-1]


def heights(drawn: str) -> list[int]:
    """How far down each score is, in half px."""
    return [int(y) for y in re.findall(r"[ML]\d+ (\d+)", line(drawn))]


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        # The whole range of the measure, whatever was scored.
        (((0, 27), (7, 0)), [3, 37]),
        (((0, 6), (7, 5)), [29, 31]),
        (((0, 0), (7, 0)), [37, 37]),
        (((0, 9), (7, 18), (14, 27)), [26, 14, 3]),
    ],
)
def test_the_scale_is_that_of_the_measure_so_that_little_looks_little(scores, expected):
    assert heights(small_trend(of(*scores))) == expected


def test_the_same_total_of_a_longer_scale_stands_lower():
    assert heights(small_trend(of((0, 20), (7, 20), measure=PCL_5))) == [29, 29]


@pytest.mark.parametrize(
    ("days", "strokes"),
    [
        ((0, 7, 14), 1),
        ((0, GAP.days), 1),
        # Nobody measured for so long: no line says what was between.
        ((0, GAP.days + 1), 2),
        ((0, 7, 100, 200), 3),
    ],
)
def test_a_line_is_broken_where_nothing_was_measured(days, strokes):
    drawn = small_trend(of(*((day, 10) for day in days)))
    assert line(drawn).count("M") == strokes
    # What stands alone is a dot.
    assert line(drawn).count("h0") == strokes


def test_it_goes_by_time_to_the_last_score_or_dose_and_doses_before_it_are_not_drawn():
    drawn = small_trend(of((0, 20), (10, 10), doses=(-3, 5, 20)))
    across = 2 * WIDTH - 6
    marks = [int(x) for x in re.findall(r"M(\d+) 40v-5", drawn)]
    assert marks == [3 + round(across * share) for share in (0.25, 1)]
    assert line(drawn) == f"M3 12h0L{3 + round(across / 2)} 24"


@pytest.mark.parametrize("scores", [((0, 18),), ()])
def test_of_fewer_than_two_scores_nothing_is_drawn(scores):
    one = Progress(PHQ_9, None, scores=of(*scores).scores if scores else ())
    assert small_trend(one) == ""


def test_many_scores_and_doses_do_not_grow_without_end_and_the_first_stays():
    long = of(*((7 * n, n % 28) for n in range(200)), doses=tuple(range(0, 1400, 7)))
    drawn = small_trend(long)
    assert len(heights(drawn)) == MOST
    assert heights(drawn)[0] == 37
    assert len(drawn) < 800


def test_it_is_an_image_by_itself_that_runs_nothing_and_asks_for_nothing():
    drawn = small_trend(of((0, 18), (7, 6), doses=(1,)))
    assert drawn.startswith("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' ")
    # Nothing that would end it where it stands in a text, and no words.
    assert not re.search(r"[<>\"()\[\]\\]|script|href|text", drawn.replace("data:image", ""))
    assert f"viewBox='0 0 {2 * WIDTH} {2 * HEIGHT}'" in drawn
    assert len(drawn) < 400


def test_in_words_it_is_the_measure_from_where_to_where_and_its_scale():
    one = of((0, 18), (7, 12), (14, 9), (21, 5), (28, 6))
    assert sentences.trend(one) == "PHQ-9 from 18 to 6 over 5 scores, scale 0 to 27"
