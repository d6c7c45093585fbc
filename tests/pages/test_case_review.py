"""The case review page: who may open it, its agenda, one client in front, others in the room."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from kapteam.actions.case_reviews import AgendaLine, ReasonSaid, ReviewEntered, start_review
from kapteam.db.tables import CaseReview, Client, Clinician, Episode, ReviewItem
from kapteam.ids import new_id
from kapteam.vocabulary import Audience, EpisodeState, HoldReason, ReviewDecision, Tone
from tests.factories import NOW, TODAY, a_hold
from tests.factories_care import (
    a_given_session,
    a_ketamine_session,
    a_signed_integration,
    a_signed_intention,
    an_ask,
    an_overdue_integration,
    another_course,
)
from tests.factories_review import a_mark, a_review, an_action, an_item
from tests.pages.filling import box, fill, press
from tests.pages.tabs import (
    MOST_STATEMENTS,
    bare,
    links,
    opened,
    said,
    statements_of,
    titles,
    unsigned,
    well,
)

DAY = timedelta(days=1)
SAVE, FORM = "Save and go to the next client", "decision"
D = ReviewDecision


@pytest.fixture
def others(care):
    """Two more clients of the pair."""
    with care.database.writing() as db:
        return tuple(another_course(db, care, family) for family in ("Ash", "Birch"))


def _begin(care, courses, *, steady=()):
    line = ReasonSaid("Not held since dose", "Not held since dose", Tone.RED)
    lines = tuple(AgendaLine(one.id, (line,), one in steady) for one in courses)
    entered = ReviewEntered(new_id(), care.prescriber.clinician_id, 60, lines)
    return care.do(start_review, care.therapist, entered)


def _review(care, who, **query):
    return opened(care, who, "case_review", **query)


def test_nobody_signed_in_and_nobody_who_does_not_treat_gets_anything(care):
    assert unsigned("case_review") == ""
    for who in (care.front_desk, care.nurse):
        tab = _review(care, who)
        assert "A case review is held by those who treat" in said(tab)
        assert "Agenda now" not in said(tab)
    assert "Case review" not in links(opened(care, care.front_desk, "today"))


def test_the_agenda_has_the_pair_s_clients_with_their_reasons_and_nobody_else_s(care, others):
    with care.database.writing() as db:
        another_course(db, care, "Elsewhere", prescriber=care.stranger)
        a_ketamine_session(db, db.get_one(Episode, others[0].id), planned_at=NOW + 2 * DAY)
    tab = _review(care, care.therapist)
    shown = said(tab) + "".join(links(tab))
    for words in ("Agenda now (3)", "Ash", "Birch", "Ketamine session Thu Nov 26, 2:30"):
        assert words in shown
    assert "Elsewhere" not in shown
    theirs = _review(care, care.stranger)
    assert "Ash" not in said(theirs) + "".join(links(theirs))


def test_whose_series_is_over_is_on_the_agenda_until_the_review_has_decided(care, others):
    with care.database.writing() as db:
        over = db.get_one(Episode, others[0].id)
        over.state, over.state_since = EpisodeState.SERIES_REVIEW, NOW - DAY
    assert "Series over, decide how it goes on" in said(_review(care, care.therapist))
    with care.database.writing() as db:
        held = a_review(db, care.prescriber, care.therapist)
        an_item(db, held, db.get_one(Episode, others[0].id), care.therapist)
    assert "Series over" not in said(_review(care, care.therapist))


def test_a_review_is_begun_from_its_page_and_decided_there(care, others):
    tab = _review(care, care.therapist)
    press(tab, "Start the review")
    assert "1 of 3" in said(tab)
    assert f"{care.client.code}" in said(tab)
    assert "Birch" not in said(tab) + "".join(links(tab))
    press(tab, SAVE)
    assert "Choose what was decided" in said(tab)
    fill(tab, FORM, {"decision": D.HOLD.value, "action_words": "Call the cardiologist"})
    press(tab, SAVE)
    assert "Choose who does it" in said(tab)
    assert "Choose the day by which it is done" in said(tab)
    fill(tab, FORM, {"owner_id": care.prescriber.clinician_id, "due_on": TODAY + DAY})
    press(tab, SAVE)
    assert "2 of 3" in said(tab)
    decided = [one for one in care.rows(ReviewItem) if one.decision]
    assert [one.decision for one in decided] == [D.HOLD]
    assert {"label": "Stage", "words": "Series", "tone": "plain"} in decided[0].facts
    assert "Call the cardiologist" in said(press(tab, "Previous"))


def test_what_is_open_since_last_time_comes_first_and_is_not_said_twice(care, others):
    with care.database.writing() as db:
        course = db.get_one(Episode, care.course.id)
        an_action(db, course, care.therapist, words="Ask the sister", due_on=TODAY - DAY)
        a_mark(db, course, care.prescriber, words="Which route")
    tab = _review(care, care.therapist)
    press(tab, "Start the review")
    shown = said(tab)
    for once in ("Ask the sister", "To discuss, Robin Prescott: Which route"):
        assert shown.count(once) == 1
    places = [shown.index(one) for one in ("Ask the sister", "Which route", "Stage")]
    assert places == sorted(places)
    assert "Agreed in the case review" not in shown
    well(tab.radio(key="audience").set_value(Audience.OTHERS).run())
    for hidden in ("Ask the sister", "Which route", "Agreed in the case review"):
        assert hidden not in said(tab)
    assert said(tab).count("To discuss, Robin Prescott") == 1


def test_what_became_of_the_integration_is_said_whether_it_is_late_ahead_or_done(care, others):
    with care.database.writing() as db:
        an_overdue_integration(db, care.course)
        a_given_session(db, others[0], given_at=NOW - timedelta(hours=10))
        done = a_given_session(db, others[1], given_at=NOW - 2 * DAY)
        a_signed_integration(db, done, care.therapist)
    tab = _review(care, care.therapist)
    assert "Integration: 50 hr since dose, not held" in said(tab)
    _begin(care, (care.course, *others))
    facts = []
    for place in (1, 2, 3):
        tab = press(tab, "Next") if place > 1 else _review(care, care.therapist)
        facts += [one.value for one in tab.markdown if one.value.startswith(":gray[Integration]")]
    assert len(facts) == 3
    assert "50 hr since dose, not held" in bare(facts[0])
    assert "To do: 14 hr left, not booked" in bare(facts[1])
    assert "Integration to do" not in bare(facts[1])
    assert "Up to date" in facts[2]


def test_who_is_on_hold_stands_in_front_alone_and_it_is_said_once(care, others):
    with care.database.writing() as db:
        a_hold(db, care.course, HoldReason.BLOOD_PRESSURE, care.prescriber.clinician_id)
    tab = _review(care, care.therapist)
    assert "Steady, looked at together" not in titles(tab)
    _begin(care, (care.course,))
    tab = _review(care, care.therapist)
    (held,) = [one.value for one in tab.markdown if one.value.startswith(":gray[On hold]")]
    assert bare(held).count("On hold") == 1


def test_rule_62_what_a_therapist_proposes_stays_in_front_for_the_prescriber_to_confirm(
    care, others
):
    review = _begin(care, (care.course, *others))
    [item] = [one for one in care.rows(ReviewItem) if one.episode_id == care.course.id]
    with care.database.writing() as db:
        db.get_one(ReviewItem, item.id).typed = "Ten more next time."
    tab = _review(care, care.therapist)
    press(fill(tab, FORM, {"decision": D.DOSE.value}), SAVE)
    assert "1 of 3" in said(tab)
    assert "Proposed by Thea Tallis, not confirmed by a prescriber" in said(tab)
    assert "Confirm the change" not in [one.label for one in tab.button]
    theirs = _review(care, care.prescriber)
    assert "1 of 3" in said(theirs)
    press(theirs, "Confirm the change")
    assert "not confirmed" not in said(theirs)
    assert care.rows(CaseReview)[0].id == review
    press(fill(theirs, FORM, {"decision": D.CONTINUE.value}), SAVE)
    assert "2 of 3" in said(theirs)


def test_nobody_who_cannot_sign_in_any_more_is_given_something_to_do(care, others):
    _begin(care, (care.course, *others))
    tab = _review(care, care.therapist)
    names = ["Nobody yet", "Robin Prescott", "Thea Tallis"]
    assert box(tab, FORM, "owner_id").options == names
    with care.database.writing() as db:
        db.get_one(Clinician, care.prescriber.clinician_id).suspended_at = NOW
    assert box(well(tab.run()), FORM, "owner_id").options == ["Nobody yet", "Thea Tallis"]


def test_the_agenda_says_of_a_change_of_dose_that_it_is_only_proposed(care, others):
    review = _begin(care, (care.course, *others))
    with care.database.writing() as db:
        for item in db.scalars(select(ReviewItem).filter_by(case_review_id=review)):
            if item.episode_id != others[1].id:
                item.decision, item.decided_at = D.DOSE, NOW
                item.decided_by_id = care.therapist.clinician_id
            if item.episode_id == others[0].id:
                item.confirmed_at, item.confirmed_by_id = NOW, care.prescriber.clinician_id
    shown = said(_review(care, care.therapist, show="agenda"))
    assert shown.count("**Change dose, route or interval, proposed**") == 1
    assert shown.count("**Change dose, route or interval**") == 1


def test_the_steady_ones_come_last_together_and_one_can_be_looked_at_alone(care, others):
    _begin(care, (care.course, *others), steady=others)
    tab = _review(care, care.prescriber)
    assert "1 of 1" in said(tab)
    press(tab, "Next")
    assert "Steady, looked at together (2)" in said(tab)
    alone = next(one for one in tab.button if one.label == "Look at alone")
    well(alone.click().run())
    assert "What we agreed" in {one.label for one in tab.text_area}
    press(tab, "Next")
    press(tab, "No change for all 1")
    assert "No change" in said(tab)
    assert [one.decision for one in care.rows(ReviewItem)].count(D.NO_CHANGE) == 1


def test_with_others_in_the_room_no_name_and_no_word_of_the_client_stands_there(care, others):
    with care.database.writing() as db:
        session = a_ketamine_session(db, db.get_one(Episode, care.course.id), planned_at=NOW + DAY)
        a_signed_intention(db, session, care.therapist)
    _begin(care, (care.course, *others))
    tab = _review(care, care.prescriber)
    assert care.client.family_name in said(tab)
    well(tab.radio(key="audience").set_value(Audience.OTHERS).run())
    shown = said(tab) + "".join(links(tab))
    assert care.client.family_name not in shown
    assert care.client.code in shown
    folded = [one.label for one in tab.expander]
    assert "Show scores and intention" in folded
    assert "Show “What we agreed”" in folded


def test_what_is_chosen_and_not_saved_is_not_left_behind_unasked(care, others):
    _begin(care, (care.course, *others))
    tab = _review(care, care.therapist)
    fill(tab, FORM, {"decision": D.NO_CHANGE.value})
    press(tab, "Next")
    assert "1 of 3" in said(tab)
    assert "What you chose here is not saved." in said(tab)
    assert box(tab, FORM, "decision").value == D.NO_CHANGE.value
    press(tab, "Next")
    assert "2 of 3" in said(tab)
    press(tab, "Next")
    assert "3 of 3" in said(tab)
    press(tab, "Previous")
    press(tab, "Previous")
    assert box(tab, FORM, "decision").value is None
    assert all(one.decision is None for one in care.rows(ReviewItem))


def test_who_is_under_medicine_meanwhile_stands_beside_the_client_in_front_without_a_name(
    care, others
):
    with care.database.writing() as db:
        a_given_session(db, others[0], given_at=NOW - timedelta(minutes=20))
        under = db.get_one(Client, others[0].client_id)
        code, family = under.code, under.family_name
    _begin(care, (care.course, *others))
    tab = _review(care, care.therapist)
    shown = said(tab) + "".join(links(tab))
    assert "**Right now**" in shown
    assert f"A.A. {code}" in shown
    assert family not in shown
    press(tab, "Next")
    assert family in said(tab)
    assert family in said(opened(care, care.therapist, "today"))


def test_a_client_discharged_in_mid_meeting_is_said_to_be(care, others):
    _begin(care, (care.course, *others))
    with care.database.writing() as db:
        course = db.get_one(Episode, care.course.id)
        course.state, course.closed_at = EpisodeState.CLOSED, NOW
    tab = _review(care, care.therapist)
    assert "This course of care has ended since." in said(tab)
    fill(tab, FORM, {"decision": D.NO_CHANGE.value})
    press(tab, SAVE)
    assert "2 of 3" in said(tab)


def test_the_agenda_of_a_running_review_is_moved_added_to_and_ended(care, others):
    _begin(care, (care.course, others[0]))
    tab = _review(care, care.therapist, show="agenda")
    assert "Agenda (2)" in said(tab)
    fill(tab, "add_item", {"episode_id": others[1].id})
    press(tab, "Add to the agenda")
    assert "Agenda (3)" in said(tab)
    assert "3 clients not decided" in said(tab)
    press(tab, "End the review")
    assert care.rows(CaseReview)[0].ended_at == NOW
    assert "Not reached (3)" in said(tab)


def test_from_the_agenda_one_goes_on_from_the_client_in_front_not_from_the_first(care, others):
    _begin(care, (care.course, *others))
    first = _review(care, care.therapist)
    press(first, "Next")
    tab = _review(care, care.therapist, show="agenda")
    assert "2 of 3" in said(tab)
    assert said(tab).count("In front now") == 1
    press(tab, "Next")
    assert "3 of 3" in said(tab)
    tab = _review(care, care.therapist, show="agenda")
    press(tab, "Previous")
    assert "2 of 3" in said(tab)


def test_what_was_written_last_time_and_not_decided_stands_there_at_the_next_review(care, others):
    with care.database.writing() as db:
        held = a_review(db, care.prescriber, care.therapist)
        an_item(db, held, db.get_one(Episode, care.course.id), typed="Ask the sister.")
        theirs = db.get_one(Episode, others[0].id)
        an_item(db, held, theirs, care.therapist, words="Go on.", typed="Go on.\n")
    _begin(care, (care.course, *others))
    tab = _review(care, care.therapist)
    assert "Written last time, not saved as a decision: Ask the sister." in said(tab)
    well(tab.radio(key="audience").set_value(Audience.OTHERS).run())
    assert "Ask the sister." not in said(tab)
    press(tab, "Next")
    assert "2 of 3" in said(tab)
    assert "Written last time" not in said(tab)


@pytest.mark.parametrize("query", [{"id": "nothing"}, {"id": ""}, {"show": "nonsense"}])
def test_an_address_that_leads_nowhere_is_a_sentence_or_the_agenda(care, query):
    shown = said(_review(care, care.therapist, **query))
    assert ("There is no such case review" in shown) is (query.get("id") == "nothing")


def test_who_was_not_in_a_review_gets_no_minutes_of_it(care, others):
    review = _begin(care, (care.course,))
    shown = said(_review(care, care.stranger, id=review))
    assert "There is no such case review" in shown
    assert care.client.code not in shown


def test_the_page_takes_no_more_statements_than_it_may(care, others):
    few = statements_of(care, _review(care, care.therapist))
    assert few <= MOST_STATEMENTS
    review = _begin(care, (care.course, *others))
    few = statements_of(care, _review(care, care.prescriber))
    assert few <= MOST_STATEMENTS
    assert statements_of(care, _review(care, care.prescriber, id=review)) <= MOST_STATEMENTS
    with care.database.writing() as db:
        db.get_one(CaseReview, review).ended_at = NOW
        more = [another_course(db, care, f"Elm {number}") for number in range(20)]
    _begin(care, (care.course, *others, *more))
    assert statements_of(care, _review(care, care.prescriber)) == few


def test_what_somebody_asked_in_words_is_not_for_others_in_the_room(care, others):
    with care.database.writing() as db:
        an_ask(db, care.course, care.therapist, care.prescriber)
    tab = _review(care, care.therapist)
    press(tab, "Start the review")
    assert "162/98" in said(tab)
    well(tab.radio(key="audience").set_value(Audience.OTHERS).run())
    assert "162/98" not in said(tab)
    assert "Question" in said(tab)
    well(tab.radio(key="audience").set_value(Audience.BOTH_OF_US).run())
    assert "162/98" in said(tab)
