"""Entering an outcome measure, and what is said of them on Client, on Scores and in Practice."""

from datetime import timedelta

from kapteam.db.tables import PracticeSetting, Score
from kapteam.ui.score_entry import EnteredAs
from kapteam.vocabulary import Audience
from tests.factories import NOW, TODAY, a_clinician
from tests.factories_care import Care, a_given_session, a_score
from tests.pages.filling import beside, box, fill, press, typed
from tests.pages.tabs import bare, links, opened, said, unsigned, well

DAY = timedelta(days=1)
PHQ_9 = "201100010"


def _page(care: Care, who=None, **query: str):
    return opened(care, who or care.therapist, "score", episode=care.course.id, **query)


def _client(care: Care, who=None):
    return opened(care, who or care.therapist, "client", client=care.client.code)


def _scores(care: Care, who=None):
    return opened(care, who or care.therapist, "scores", client=care.client.code)


def _taken(care: Care, *totals_by_days: tuple[int, float], **columns) -> None:
    with care.database.writing() as db:
        for total, days in totals_by_days:
            at = NOW - days * DAY
            a_score(db, care.course, care.nurse, total=total, taken_at=at, **columns)


def _dosed(care: Care, days: float) -> None:
    with care.database.writing() as db:
        a_given_session(db, care.course, given_at=NOW - days * DAY)


def test_nobody_signed_in_gets_nothing_and_a_stranger_is_told_that_there_is_none(care):
    assert unsigned("score", episode=care.course.id) == ""
    assert unsigned("scores", client=care.client.code) == ""
    tab = _page(care, care.stranger)
    assert "There is no such course of care" in said(tab)
    assert not tab.text_input
    assert "There is no client with this code" in said(_scores(care, care.stranger))


def test_from_nine_digits_to_what_it_came_to_in_the_words_of_the_page(care):
    tab = _page(care)
    assert "0 of 9 answered" in said(tab)
    fill(tab, "score", {"answers": "2011000"})
    assert "7 of 9 answered, no total yet: items 8 and 9 not answered" in said(tab)
    fill(tab, "score", {"answers": PHQ_9})
    assert "9 of 9 answered: 5, Mild" in said(tab)
    first = "1. Little interest or pleasure in doing things: **2, More than half the days**"
    assert first in said(tab)
    press(tab, "Save the score")
    (kept,) = care.rows(Score)
    assert (kept.total, kept.is_day_only) == (5, True)
    assert "**PHQ-9** :gray[Tue Nov 24]" in said(tab)
    assert "**5, Mild**" in said(tab)
    assert "Item 9: 0" in said(tab)
    assert typed(tab, "score")["answers"] == ""


def test_a_slip_hides_nothing_of_what_was_typed_before_it(care):
    tab = fill(_page(care), "score", {"answers": "2041"})
    assert "Item 3 of PHQ-9 cannot be “4”." in said(tab)
    assert "pleasure in doing things: **2, More than half the days**" in said(tab)
    assert "of 9 answered" not in said(tab)
    assert "**1, Several days**" not in said(tab)
    press(tab, "Save the score")
    assert care.rows(Score) == []


def test_a_second_one_after_the_first_is_another_row(care):
    tab = _page(care)
    for line in (PHQ_9, "000000000"):
        press(fill(tab, "score", {"answers": line}), "Save the score")
    assert sorted(one.total for one in care.rows(Score)) == [0, 5]
    assert "**0, Minimal**" in said(tab)
    assert "Recall overlaps the last one, Tue Nov 24" in said(tab)
    assert "Enter another" in said(tab)


def test_the_same_form_once_more_is_kept_and_asked_about(care):
    with care.database.writing() as db:
        digits = (*map(int, PHQ_9), None)  # Nobody answered how difficult it was.
        at = NOW - timedelta(hours=1)
        a_score(db, care.course, care.nurse, answers=digits, taken_at=at, recorded_at=at)
    tab = fill(_page(care), "score", {"answers": PHQ_9})
    assert "Entered twice?" not in said(tab)
    press(tab, "Save the score")
    asks = (
        "Entered twice? Nico Nightingale entered the same for this day, Tue Nov 24, 1:30 pm. If "
        "so, mark one as entered in error."
    )
    assert asks in bare(said(tab))
    assert said(_scores(care)).count("Entered twice?") == 1
    assert len(care.rows(Score)) == 2

    # Once either is marked as entered in error it is asked about no more.
    with care.database.writing() as db:
        wrong = db.get_one(Score, care.rows(Score)[0].id)
        wrong.voided_at, wrong.voided_by_id = NOW, care.therapist.clinician_id
        wrong.void_reason = "Twice"
    assert "Entered twice?" not in said(_scores(care))


def test_another_form_of_that_day_or_the_same_of_another_day_is_not_asked_about(care):
    _taken(care, (12, 3), (11, 3), (12, 2))
    assert "Entered twice?" not in said(_scores(care))


def test_one_by_one_writes_the_same_line_and_is_drawn_from_it(care):
    tab = fill(_page(care), "score", {"answers": "20"})
    fill(tab, "score", {"how": EnteredAs.ITEMS})
    assert [box(tab, "score", f"item.{one}").value for one in (1, 2, 3)] == ["2", "0", "-"]
    fill(tab, "score", {"item.9": "1"})
    assert typed(tab, "score")["answers"] == "20------1-"
    fill(tab, "score", {"item.1": "-"})
    assert typed(tab, "score")["answers"] == "-0------1-"
    assert "2 of 9 answered" in said(tab)
    press(tab, "Save the score")
    (kept,) = care.rows(Score)
    assert (kept.total, kept.critical) == (None, 1)
    assert "No total: items 1, 3, 4, 5, 6, 7 and 8 not answered" in said(tab)
    assert "Item 9: 1" in said(tab)


def test_a_line_that_cannot_be_read_is_said_at_once_and_stays_as_it_was_typed(care):
    tab = fill(_page(care), "score", {"answers": "2x1"})
    assert "Item 2 of PHQ-9 cannot be “x”" in said(tab)
    assert "0, Not at all" not in said(tab)
    fill(tab, "score", {"how": EnteredAs.ITEMS})
    assert typed(tab, "score") == {
        "instrument_id": "phq-9",
        "taken_on": TODAY,
        "taken_time": "",
        "how": EnteredAs.ITEMS,
        "answers": "2x1",
    }
    press(tab, "Save the score")
    assert said(tab).count("Item 2 of PHQ-9 cannot be “x”") == 1
    assert "cannot be" in beside(tab, "score", "answers")
    assert care.rows(Score) == []


def test_a_total_alone_says_that_item_9_stays_unknown(care):
    tab = fill(_page(care), "score", {"how": EnteredAs.TOTAL})
    assert "A total alone: item 9 stays unknown." in said(tab)
    press(fill(tab, "score", {"total": "14"}), "Save the score")
    assert "**14, Moderate**" in said(tab)
    assert "Total only" in said(tab)
    assert "Item 9 unknown" in said(tab)


def test_a_measure_without_items_asks_for_its_total_and_one_with_a_result_for_that(care):
    tab = fill(_page(care), "score", {"instrument_id": "c-ssrs"})
    assert typed(tab, "score").keys() >= {"result"}
    assert not typed(tab, "score").keys() & {"answers", "total", "how"}
    press(fill(tab, "score", {"result": "2"}), "Save the score")
    assert ":red[:material/error: Moderate]" in said(tab)
    assert typed(_page(care, measure="gad-7"), "score")["instrument_id"] == "gad-7"
    assert typed(_page(care, measure="madrs"), "score")["instrument_id"] == "phq-9"


def test_a_result_is_as_loud_as_it_is_wherever_it_stands(care):
    with care.database.writing() as db:
        for result, days in ((2, 1), (1, 3), (0, 5)):
            at = NOW - days * DAY
            one = {"instrument_id": "c-ssrs", "result": result, "taken_at": at}
            a_score(db, care.course, care.nurse, **one)
    red = ":red-background[:red[:material/error: Moderate]]"
    assert red in said(_client(care))
    words = said(_scores(care))
    assert words.index(red) < words.index(":orange-background[:orange[:material/error: Low]]")
    assert "**None**" in words


def test_before_the_dose_is_asked_only_of_a_day_with_a_dose_and_without_a_time(care):
    _dosed(care, 3)
    tab = _page(care)
    assert "is_before_dose" not in typed(tab, "score")
    fill(tab, "score", {"taken_on": TODAY - 3 * DAY, "answers": PHQ_9})
    assert "is_before_dose" in typed(tab, "score")
    fill(tab, "score", {"taken_time": "9:00 am"})
    assert "is_before_dose" not in typed(tab, "score")
    fill(tab, "score", {"taken_time": ""})
    press(fill(tab, "score", {"is_before_dose": True}), "Save the score")
    (kept,) = care.rows(Score)
    assert kept.taken_at.astimezone(care.asked_by(care.nurse).practice.zone).hour == 0


def test_the_client_reads_each_measure_with_what_became_of_it(care):
    _dosed(care, 9)
    _taken(care, (21, 21), (0, 1))
    words = said(_client(care))
    for told in (
        "**0, Minimal**",
        "Baseline 21, 12 d before the first dose",
        "From 21 to 0: 21 points better, 100%",
        "Remission",
        "Response",
        "Reliably better",
        "Primary measure",
    ):
        assert told in words
    assert "N/A" not in words


def test_each_finding_has_its_rule_and_source_in_its_help(care):
    _dosed(care, 9)
    _taken(care, (16, 10), (13, 5))
    tab = _client(care)
    (chip,) = [one for one in tab.markdown if "Too small to call" in one.value]
    assert "less than 6 points" in chip.help
    assert "NHS Talking Therapies" in chip.help
    assert "better" not in said(tab)
    assert "From 16 to 13" in said(tab)


def test_the_client_reads_slipping_gaps_and_a_missing_baseline(care):
    _dosed(care, 9)
    _taken(care, (16, 10), (6, 6), (12, 2))
    with care.database.writing() as db:
        answers = (1,) * 8 + (None,)
        a_score(db, care.course, care.nurse, answers=answers, taken_at=NOW - DAY)
        a_score(db, care.course, care.nurse, instrument_id="gad-7", total=5)
    words = said(_client(care))
    assert "Slipping: 6 points worse than the best, 6 on Wed Nov 18" in words
    assert "No total: item 9 not answered" in words
    assert "Item 9 unknown" in words
    assert "Baseline 5, after first dose" in words
    assert "No score yet" not in words


def test_without_a_score_the_client_says_so_in_one_line_and_offers_to_enter_one(care):
    tab = _client(care)
    assert "No score yet." in said(tab)
    assert "Enter a score" in links(tab)
    assert "All scores" not in links(tab)
    assert "Enter a score" in links(opened(care, care.therapist, "episode", id=care.course.id))


def test_all_scores_stand_with_who_entered_them_and_what_was_wrong_is_struck_through(care):
    _taken(care, (12, 3), (9, 3))
    _taken(
        care,
        (20, 1),
        voided_at=NOW,
        voided_by_id=care.therapist.clinician_id,
        void_reason="Another *client*",
    )
    tab = _scores(care)
    words = said(tab)
    assert words.index("20, Severe") < words.index("9, Mild")
    assert "~~Mon Nov 23, 2:30 pm PHQ-9 20, Severe, Nico Nightingale~~" in words
    assert "entered in error, Thea Tallis, Tue Nov 24, 2:30 pm: Another *client*" in words
    assert "Not counted: another one of that day is later" in words
    assert words.count("Total only") == 2
    assert "Enter a score" in links(tab)


def test_a_score_is_marked_as_entered_in_error_on_its_row(care):
    _taken(care, (12, 3))
    tab = _scores(care)
    fill(tab, "void_score", {"void_reason": "Somebody else's"})
    press(tab, "Mark the score as entered in error")
    assert "~~" in said(tab)
    assert "No score yet." not in said(tab)
    assert "~~" not in said(_client(care))


def test_the_front_desk_enters_a_form_and_is_shown_nothing_of_what_it_comes_to(care):
    tab = fill(_page(care, care.front_desk), "score", {"answers": "301100013"})
    assert "9 of 9 answered" in said(tab)
    press(tab, "Save the score")
    assert len(care.rows(Score)) == 1
    assert "Kept, complete. Hand the form to a clinician" in said(tab)
    with care.database.writing() as db:
        a_score(db, care.course, care.nurse, answers=(2,) * 9)
    for page in (tab, _client(care, care.front_desk), _scores(care, care.front_desk)):
        words = said(page)
        for secret in ("Severe", "Mild", "Moderate", "Item 9", "Baseline", "Total only"):
            assert secret not in words
    assert "Complete" in said(_scores(care, care.front_desk))
    # The one that it entered itself can be marked as entered in error, the nurse's cannot.
    assert len(_scores(care, care.front_desk).text_input) == 1


def test_with_others_in_the_room_scores_are_folded_away(care):
    assert "The scores" not in [
        one.label for one in _for_others(care, "scores", client=care.client.code).expander
    ]
    _taken(care, (12, 3))
    for page, query, fold in (
        ("client", {"client": care.client.code}, "What they came to"),
        ("scores", {"client": care.client.code}, "The scores"),
    ):
        tab = opened(care, care.therapist, page, **query)
        assert fold not in [one.label for one in tab.expander]
        shared = _for_others(care, page, **query)
        assert fold in [one.label for one in shared.expander]
    tab = _page(care)
    press(fill(tab, "score", {"answers": PHQ_9}), "Save the score")
    well(tab.radio(key="audience").set_value(Audience.OTHERS).run())
    assert "What it came to" in [one.label for one in tab.expander]


def _for_others(care: Care, page: str, **query: str):
    tab = opened(care, care.therapist, page, **query)
    tab.radio(key="audience").set_value(Audience.OTHERS)
    return well(tab.run())


def test_an_administrator_switches_a_measure_on_and_it_can_be_entered(care):
    with care.database.writing() as db:
        admin = a_clinician(db, is_administrator=True, name="Ada Admin")
    assert "madrs" not in box(_page(care), "score", "instrument_id").options
    tab = opened(care, admin, "practice", practice_show="Thresholds")
    (madrs,) = [one for one in tab.toggle if one.label == "MADRS"]
    madrs.set_value(True)
    press(well(tab.run()), "Save “MADRS”")
    (kept,) = care.rows(PracticeSetting)
    assert (kept.key, kept.value) == ("measure.madrs", "1")
    tab = fill(_page(care), "score", {"instrument_id": "madrs"})
    press(fill(tab, "score", {"total": "0"}), "Save the score")
    assert [one.total for one in care.rows(Score)] == [0]


def test_a_practice_that_uses_no_measure_is_told_so(care):
    with care.database.writing() as db:
        admin = a_clinician(db, is_administrator=True, name="Ada Admin")
        for number, one in enumerate(("phq-9", "gad-7", "pcl-5-month", "audit-c", "c-ssrs")):
            db.add(
                PracticeSetting(
                    id=f"{number}",
                    key=f"measure.{one}",
                    value="0",
                    source="",
                    set_by_id=admin.clinician_id,
                    in_force_from=NOW,
                )
            )
    tab = _page(care)
    assert "The practice uses no outcome measure." in said(tab)
    assert "Save the score" not in [one.label for one in tab.button]


def test_what_is_in_the_address_is_no_way_to_another_s_score(care):
    tab = _page(care, saved="no such score", measure="<b>")
    assert "Enter another" not in said(tab)
    assert typed(tab, "score")["instrument_id"] == "phq-9"
