"""Outcomes as it reads: every rate with what it is of, small groups counted and never drawn."""

import pytest

from kapteam.db.tables import Episode
from kapteam.vocabulary import Indication, ProductRoute
from tests.db.test_outcomes import a_judged_series
from tests.factories_care import another_course
from tests.pages.tabs import MOST_STATEMENTS, bare, headings, opened, said, statements_of, unsigned


def fill(care, numbers, *, first=20, last=8, route=None, **series):
    """So many clients, each with a series of four doses, better by 12 points."""
    with care.database.writing() as db:
        for number in numbers:
            course = another_course(db, care, f"Quillfeather{number}")
            a_judged_series(db, care, course, first=first, last=last, route=route, **series)


def charts(tab):
    return [one.proto for one in tab.get("vega_lite_chart")]


def table(tab):
    (found,) = tab.table
    return {(bare(row["What"]), row["Of"]): row for row in found.value.to_dict("records")}


def test_without_a_dose_it_says_so(care):
    assert "No dose was given here in this time." in said(opened(care, care.therapist, "outcomes"))


def test_each_rate_says_what_it_is_of_and_who_was_not_judged(care):
    fill(care, range(6))
    fill(care, range(6, 8), last=None)
    fill(care, range(8, 9), last=19)

    words = said(opened(care, care.therapist, "outcomes"))

    assert "36 doses given, 9 series begun." in words
    assert "Response **6 of 7 (86%), 2 not judged** :gray[(2 no score since)]" in words
    assert "A response at any time **6 of 7 (86%), 2 not judged**" in words
    assert "Remission **0 of 7 (0%), 2 not judged**" in words
    assert "Signed before the dose began **0 of 36 (0%), none not judged**" in words
    assert "Held within 24 hr of the dose **0 of 36 (0%), none not judged**" in words
    assert "Of the others: 36 not held" in words
    assert "6 responded, median 23 d, middle half 23 to 23 d, all 23 to 23 d" in words


def test_fewer_than_five_are_counted_and_never_drawn(care):
    fill(care, range(4))

    tab = opened(care, care.therapist, "outcomes")

    assert "Response **4 of 4, none not judged**" in said(tab)
    assert "100%" not in said(tab)
    assert "Too few to draw how far they got." in said(tab)
    assert "4 responded, too few to say how long" in said(tab)
    assert charts(tab) == []
    assert table(tab)["PHQ-9: better after dose 4", "everything"]["Spread"] == "too few to say"


def test_a_small_route_is_left_out_of_the_picture_and_stays_in_the_table(care):
    fill(care, range(5))
    fill(care, range(5, 8), route=ProductRoute.SUBLINGUAL)

    tab = opened(care, care.therapist, "outcomes")

    (chart,) = charts(tab)
    assert chart.alt == (
        "Change in PHQ-9 since before the first dose. After dose 4 (8): 8 judged, median 12 "
        "better, middle half 12 better to 12 better, all 12 better to 12 better; After dose 4, "
        "intramuscular (5): 5 judged, median 12 better, middle half 12 better to 12 better, all 12 "
        "better to 12 better."
    )
    assert table(tab)["PHQ-9: response", "sublingual"]["How many"] == "3 of 3"


def test_a_route_of_which_no_integration_is_expected_has_no_line_of_nothing(care):
    fill(care, range(2))
    with care.database.writing() as db:
        course = another_course(db, care, "Quillfeather9")
        a_judged_series(db, care, course, first=20, last=8, route=ProductRoute.SUBLINGUAL)
        alone = db.get_one(Episode, course.id)
        alone.expects_integration = alone.expects_intention = False
    tab = opened(care, care.therapist, "outcomes")

    assert "intramuscular **0 of 8" in said(tab)
    assert "sublingual **1 of 1, none not judged**" in said(tab)
    assert "0 of 0" not in said(tab)


def test_each_indication_has_its_own_measure(care):
    fill(care, range(5))
    with care.database.writing() as db:
        for indication, by in (
            (Indication.PTSD, "pcl-5-month"),
            (Indication.CHRONIC_PAIN, "phq-9"),
        ):
            course = another_course(db, care, f"Of{indication}")
            a_judged_series(db, care, course, first=60, last=20, by=by)
            db.get_one(Episode, course.id).indications = [indication.value]

    tab = opened(care, care.therapist, "outcomes")

    assert headings(tab)[2:] == ["Depression: PHQ-9", "PTSD: PCL-5 (month)"]
    assert "Below the range of PTSD **1 of 1, none not judged**" in said(tab)
    assert ("PCL-5 (month): below the range of PTSD", "everything") in table(tab)
    assert "1 series more: no measure here is about what is treated" in said(tab)


def test_what_is_asked_for_is_in_the_address(care):
    fill(care, range(5))
    fill(care, range(5, 6), route=ProductRoute.SUBLINGUAL, begun=300)

    def begun(**query):
        return said(opened(care, care.therapist, "outcomes", **query)).split(" series")[0][-1]

    assert begun() == "6"
    assert begun(outcomes_period="Last 3 months") == "5"
    assert begun(outcomes_route="sublingual") == "1"
    assert begun(outcomes_indication="Depression") == "6"
    assert "No dose" in said(
        opened(care, care.therapist, "outcomes", outcomes_indication="Chronic pain")
    )


@pytest.mark.parametrize("word", ["", "Last century", "<script>", "9" * 400])
def test_an_address_that_asks_for_nothing_that_is_shows_the_usual(care, word):
    fill(care, range(2))

    tab = opened(care, care.therapist, "outcomes", outcomes_period=word, outcomes_route=word)

    assert "2 series begun" in said(tab)


def test_nobody_is_named(care):
    fill(care, range(6))

    tab = opened(care, care.therapist, "outcomes")

    for text in (said(tab), str(charts(tab)), str(tab.table)):
        assert "Quillfeather" not in text
        assert "K-0" not in text


def test_the_front_desk_and_who_is_not_signed_in_see_none(care):
    fill(care, range(6))

    assert "6 of 6" not in said(opened(care, care.front_desk, "outcomes"))
    assert unsigned("outcomes") == ""


def test_a_stranger_counts_nothing_of_it(care):
    fill(care, range(6))

    assert "No dose" in said(opened(care, care.stranger, "outcomes"))


def test_thirty_series_take_as_many_statements_as_three(care):
    fill(care, range(3))
    tab = opened(care, care.therapist, "outcomes")
    few = statements_of(care, tab)
    fill(care, range(3, 30))

    assert statements_of(care, tab) == few <= MOST_STATEMENTS
