"""The minutes of a case review, what a past one saw beside today, and who may see which."""

from datetime import timedelta
from urllib.parse import parse_qsl

import pytest
from sqlalchemy import update

from kapteam.actions.case_reviews import confirm_minutes
from kapteam.db.tables import Action, Episode, EpisodeMember, ReviewItem, SignIn
from kapteam.queries.audit_log import TAGS, What
from kapteam.vocabulary import Audience, EpisodeState, Function, Part, ReviewDecision, ServiceLine
from tests.factories import NOW, a_clinician, audit_events
from tests.factories_care import Care, a_given_session, another_course
from tests.factories_review import BEGAN, FACTS, a_review, an_agreed_action, an_item
from tests.pages.filling import press
from tests.pages.tabs import (
    MOST_OF_A_CHART,
    MOST_STATEMENTS,
    addresses,
    bare,
    buttons,
    headings,
    links,
    names,
    opened,
    said,
    statements_of,
    titles,
    unsigned,
    well,
)
from tests.paper import pages_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def review(care: Care):
    """A proposed change of dose with an action, one not reached, one that was taken off."""
    with care.database.writing() as db:
        held = a_review(db, care.prescriber, care.therapist)
        item = an_item(
            db,
            held,
            care.course,
            care.therapist,
            decision=ReviewDecision.DOSE,
            words="80 mg next time.",
        )
        an_agreed_action(db, item, care.prescriber)
        an_item(db, held, another_course(db, care, "Costello"))
        an_item(db, held, another_course(db, care, "Delgado"), dropped_by=care.therapist)
    return held


def _item_of(care: Care, review) -> ReviewItem:
    return next(one for one in care.rows(ReviewItem, case_review_id=review.id) if one.decision)


def _minutes(care: Care, review, who=None):
    return opened(care, who or care.prescriber, "case_review", id=review.id)


def _as_it_was(care: Care, review, who=None, item=None):
    item_id = (item or _item_of(care, review)).id
    return opened(care, who or care.prescriber, "case_review", id=review.id, item=item_id)


def _in_order(tab) -> str:
    """The words of the page from its top to its end, with the signs of what is marked."""
    found = [one for one in tab.main if one.type in {"subheader", "markdown"}]
    return "\n".join(bare(str(one.value)) for one in found)


def _then_and_today(tab) -> tuple[list[str], list[str]]:
    then, _, today = _in_order(tab).partition("\nToday, ")
    return then.split("\n"), today.split("\n")


def _stage(lines: list[str]) -> str:
    """The line of one side that says the stage."""
    (line,) = [one for one in lines if one.startswith(":gray[Stage] ")]
    return line.removeprefix(":gray[Stage] ")


def test_the_minutes_say_what_was_decided_who_does_what_and_who_was_not_reached(care, review):
    tab = _minutes(care, review)
    words = said(tab)
    assert headings(tab)[:4] == [
        "Decided (1)",
        "Actions (1)",
        "Not reached (1)",
        "Taken off the agenda (1)",
    ]
    assert names(tab) == ["Okafor, Amara", "Okafor, Amara", "Costello, Amara", "Delgado, Amara"]
    assert "Change dose, route or interval" in words
    assert "80 mg next time." in words
    assert "Call the cardiologist" in words
    assert "by Thea Tallis" in words
    assert "Not confirmed by Thea Tallis yet" in words


def _type(care: Care, text: str) -> None:
    with care.database.writing() as db:
        db.execute(update(ReviewItem).values(typed=text))


def test_what_was_written_and_not_decided_stands_with_whom_it_is_about(care, review):
    _type(care, "Ask the sister.")
    tab = _minutes(care, review)
    said_of_it = "Written, not saved as a decision: Ask the sister."
    assert said(tab).count(said_of_it) == 3
    for item in care.rows(ReviewItem, case_review_id=review.id):
        assert said_of_it in said(_as_it_was(care, review, item=item))
    well(tab.radio(key="audience").set_value(Audience.OTHERS).run())
    assert "Ask the sister." not in said(tab)


def test_of_two_courses_of_a_client_the_minutes_say_which_is_meant(care, review):
    with care.database.writing() as db:
        db.execute(update(Episode).values(service_line=ServiceLine.PSYCHEDELIC_INTEGRATION))
    care_of = ServiceLine.PSYCHEDELIC_INTEGRATION.label
    rows_and_actions = len(care.rows(ReviewItem)) + len(care.rows(Action))
    assert said(_minutes(care, review)).count(care_of) == rows_and_actions


def test_who_opens_the_minutes_has_opened_the_charts_and_that_is_on_record_once(care, review):
    tab = _minutes(care, review)
    well(tab.run())
    codes = [one.client_id for one in audit_events(care.database, "client:viewed")]
    assert len(codes) == len(set(codes)) == 3


def test_each_confirms_once_and_reads_when_the_other_did(care, review):
    care.do(confirm_minutes, care.therapist, review.id, now=NOW - HOUR)
    tab = _minutes(care, review)
    assert "Confirmed by Thea Tallis, Tue Nov 24, 1:30 pm" in said(tab)
    press(tab, "Confirm these minutes")
    assert "Confirmed by Robin Prescott, Tue Nov 24, 2:30 pm" in said(tab)
    assert "Confirm these minutes" not in buttons(tab)
    assert len(audit_events(care.database, "case_review:minutes_confirmed")) == 2


def test_rule_62_a_proposed_change_is_the_prescribers_to_confirm(care, review):
    waits = "Proposed by Thea Tallis, not confirmed by a prescriber"
    theirs = _minutes(care, review, care.therapist)
    assert waits in said(theirs)
    assert "Confirm the change" not in buttons(theirs)
    tab = _minutes(care, review)
    press(tab, "Confirm the change")
    assert waits not in said(tab)
    assert "Thea Tallis, confirmed by Robin Prescott" in said(tab)


def test_a_change_that_was_decided_anew_is_not_confirmed_unseen(care, review):
    tab = _minutes(care, review)
    item = _item_of(care, review)
    with care.database.writing() as db:
        db.execute(
            update(ReviewItem)
            .where(ReviewItem.id == item.id)
            .values(words="120 mg next time.", version=item.version + 1)
        )
    press(tab, "Confirm the change")
    assert "Something else was decided here meanwhile. Look again." in said(tab)
    assert care.row(ReviewItem, item.id).confirmed_at is None
    assert "120 mg next time." in said(tab)


def test_an_action_stands_as_it_is_now_and_its_end_is_said_here(care, review):
    tab = _minutes(care, review)
    press(tab, "Done")
    assert "Done, Robin Prescott, Tue Nov 24" in said(tab)
    assert "Dropped" not in buttons(tab)
    assert care.rows(Action)[0].ended_at == NOW


def test_a_course_that_one_has_left_is_counted_and_not_shown(care, review):
    with care.database.writing() as db:
        db.execute(
            update(EpisodeMember)
            .where(
                EpisodeMember.episode_id == care.course.id,
                EpisodeMember.part == Part.PRESCRIBER,
            )
            .values(until_at=NOW - HOUR)
        )
    tab = _minutes(care, review)
    words = said(tab)
    assert "1 course of care that you are not on is not shown here." in words
    assert "80 mg" not in words
    assert "Call the cardiologist" not in words
    assert names(tab) == ["Costello, Amara", "Delgado, Amara"]
    assert "you are not on its course of care" in said(_as_it_was(care, review))


@pytest.mark.parametrize("who", ["front_desk", "nurse", "stranger"])
def test_who_was_not_in_it_sees_no_minutes(care, review, who):
    tab = _minutes(care, review, getattr(care, who))
    assert "80 mg" not in said(tab)
    assert not [one for one in links(tab, "client") if "Okafor" in one]
    assert audit_events(care.database, "client:viewed") == []


@pytest.mark.parametrize("who", ["front_desk", "nurse", "stranger"])
def test_who_is_not_on_the_course_sees_nothing_of_a_past_item(care, review, who):
    tab = _as_it_was(care, review, getattr(care, who))
    assert "80 mg" not in said(tab)
    assert FACTS[0]["words"] not in said(tab)


def test_nobody_is_shown_anything_without_signing_in(care, review):
    item = _item_of(care, review)
    assert "80 mg" not in unsigned("case_review", id=review.id)
    assert "80 mg" not in unsigned("case_review", id=review.id, item=item.id)


def test_who_came_to_the_course_since_sees_the_past_item_and_not_the_minutes(care, review):
    with care.database.writing() as db:
        new = a_clinician(db, Function.PRESCRIBER, name="Nora New")
        db.execute(
            update(EpisodeMember)
            .where(
                EpisodeMember.episode_id == care.course.id,
                EpisodeMember.part == Part.PRESCRIBER,
            )
            .values(clinician_id=new.clinician_id)
        )
    tab = _as_it_was(care, review, new)
    assert "80 mg next time." in said(tab)
    assert "Minutes" not in links(tab)
    # Not in the review, yet it is this prescriber's dose.
    press(tab, "Confirm the change")
    assert "confirmed by Nora New" in said(tab)
    assert "you were not in it" in said(_minutes(care, review, new))


def test_as_it_was_stands_beside_today_and_what_differs_is_said_in_words(care, review):
    with care.database.writing() as db:
        a_given_session(db, care.course, given_at=NOW - DAY)
    then, today = map("\n".join, _then_and_today(_as_it_was(care, review)))
    assert "As it was, Tue Nov 24, 12:40 pm" in then
    assert today.startswith("Tue Nov 24, 2:30 pm")
    assert "Integration late, was due Mon Nov 23" in then
    assert "Series, 2 of 6" in then
    assert "PHQ-9 18 to 14 :blue-background[:blue[:material/remove: No longer]]" in then
    assert "Series, 2 of 6" not in today
    assert "Changed since" in _stage(today.split("\n"))
    assert "New since" in today
    assert "PHQ-9 18 to 14" not in today


def test_what_is_the_same_is_said_to_be(care, review):
    tab = _as_it_was(care, review)
    stage = _stage(_then_and_today(tab)[1]).partition(" :blue")[0]
    with care.database.writing() as db:
        db.execute(
            update(ReviewItem)
            .where(ReviewItem.id == _item_of(care, review).id)
            .values(facts=[{"label": "Stage", "words": stage, "tone": "plain"}])
        )
    then, today = _then_and_today(well(tab.run()))
    assert _stage(then) == stage
    assert _stage(today) == f"{stage} :gray[:material/check: As then]"


def test_of_what_was_not_reached_nothing_is_claimed_but_why_it_was_there(care, review):
    items = care.rows(ReviewItem, case_review_id=review.id)
    missed = next(one for one in items if not one.decision and not one.dropped_at)
    tab = _as_it_was(care, review, item=missed)
    words = said(tab)
    assert "Not reached: nothing was decided." in words
    assert "Integration late, was due Mon Nov 23" in words
    then, today = _then_and_today(tab)
    assert not [one for one in then if "[Stage]" in one]
    assert "since" not in _stage(today)


def test_a_course_that_is_closed_has_no_today(care):
    with care.database.writing() as db:
        held = a_review(db, care.prescriber, care.therapist)
        course = another_course(db, care, "Elm", state=EpisodeState.CLOSED)
        item = an_item(db, held, course, care.therapist, words="Well done.")
    words = said(_as_it_was(care, held, item=item))
    assert "Series, 2 of 6" in words
    assert "This course of care is closed" in words


def test_a_past_item_shows_no_other_client(care, review):
    tab = _as_it_was(care, review)
    everything = said(tab) + "".join(links(tab))
    assert "Costello" not in everything
    assert "Delgado" not in everything
    viewed = {one.client_id for one in audit_events(care.database, "client:viewed")}
    assert viewed == {care.client.id}


def test_an_item_of_another_review_is_no_item_of_this_one(care, review):
    with care.database.writing() as db:
        other = a_review(db, care.prescriber, started_at=BEGAN - DAY, ended_at=BEGAN - DAY)
    tab = opened(care, care.prescriber, "case_review", id=other.id, item=_item_of(care, review).id)
    assert "No case review had this on its agenda" in said(tab)
    assert "80 mg" not in said(tab)


@pytest.mark.parametrize("of", ["nothing", "x" * 5_000, "' OR 1=1 --", "**b** 🦋"])
def test_an_address_of_nothing_is_answered_with_a_sentence(care, of):
    assert "There is no such case review" in said(
        opened(care, care.prescriber, "case_review", id=of)
    )
    assert "No case review had this on its agenda" in said(
        opened(care, care.prescriber, "case_review", id=of, item=of)
    )
    assert "There is nothing signed here" in said(opened(care, care.prescriber, "filing", item=of))


@pytest.mark.parametrize("page", ["client", "episode"])
def test_a_client_and_a_course_lead_to_what_a_review_saw(care, review, page):
    query = {"client": care.client.code} if page == "client" else {"id": care.course.id}
    tab = opened(care, care.therapist, page, **query)
    label = {
        "client": "Reviewed Tue Nov 24: change dose, route or interval",
        "episode": "As it was",
    }[page]
    (address,) = addresses(tab, label)
    assert address == f"case_review?id={review.id}&item={_item_of(care, review).id}"
    for who in (care.front_desk, care.nurse):
        assert label not in links(opened(care, who, page, **query))


def test_the_last_review_leads_to_those_before_it(care):
    with care.database.writing() as db:
        for number in range(15):
            at = BEGAN - number * 7 * DAY
            held = a_review(db, care.prescriber, started_at=at, ended_at=at + HOUR)
            an_item(db, held, care.course, care.prescriber)
    tab = opened(care, care.prescriber, "episode", id=care.course.id)
    (address,) = addresses(tab, "As it was")
    tab = opened(care, care.prescriber, "case_review", **dict(parse_qsl(address.partition("?")[2])))
    found = [one for one in links(tab) if one.startswith("Reviewed ")]
    assert len(found) == 12
    assert found[0] == "Reviewed Tue Nov 17: go on with the sessions"
    press(tab, "Show 2 more")
    assert len([one for one in links(tab) if one.startswith("Reviewed ")]) == 14


def test_past_reviews_are_listed_twelve_at_first_with_whether_i_confirmed_them(care):
    with care.database.writing() as db:
        for number in range(14):
            at = BEGAN - number * 7 * DAY
            by = (care.prescriber,) if number else (care.therapist,)
            held = a_review(
                db,
                care.prescriber,
                care.therapist,
                started_at=at,
                ended_at=at + HOUR,
                confirmed_by=by,
            )
            an_item(db, held, care.course, care.prescriber)
    tab = opened(care, care.prescriber, "case_review")
    assert "Earlier reviews" in titles(tab)
    assert len(addresses(tab, "Minutes")) == 12
    assert said(tab).count("You have not confirmed it") == 1
    assert said(tab).count("Confirmed by you") == 11
    press(tab, "Show 2 more")
    assert len(addresses(tab, "Minutes")) == 14


def test_minutes_are_taken_along_by_code_unless_names_are_asked_for(care, review):
    tab = _minutes(care, review)
    press(tab, "Text to copy")
    (text,) = [one.value for one in tab.code]
    assert "K-001: Change dose, route or interval" in text
    assert "Okafor" not in text
    (event,) = audit_events(care.database, "case_review:copied")
    assert event.changes == {"codes": ["K-001", "K-002", "K-003"]}
    assert "case_review:copied" in TAGS[What.PRINTED]


def test_rule_65_names_need_a_purpose_which_is_kept(care, review):
    tab = _minutes(care, review)
    well(tab.checkbox(key=f"with_names_{review.id}").check().run())
    assert "Say what the names are for." in said(tab)
    assert "Text to copy" not in buttons(tab)
    assert tab.get("download_button") == []
    purpose = tab.selectbox(key=f"names_for_{review.id}")
    well(purpose.select_index(0).run())
    press(tab, "Text to copy")
    (text,) = [one.value for one in tab.code]
    assert "Okafor, Amara (K-001)" in text
    (event,) = audit_events(care.database, "case_review:copied")
    assert event.changes["names_for"] == "other_record"
    # Without the tick the text with names is gone again.
    well(tab.checkbox(key=f"with_names_{review.id}").uncheck().run())
    assert [*tab.code] == []


def test_the_paper_is_named_by_its_day_and_on_record_once_made(care, review, monkeypatch):
    noted = []

    def note(label, data, **options):
        noted.append((options["file_name"], data))

    monkeypatch.setattr("kapteam.ui.minutes.st.download_button", note)
    _minutes(care, review)
    ((name, made),) = noted
    assert name == "case-review-2026-11-24.pdf"
    assert audit_events(care.database, "case_review:printed") == []
    assert "K-001" in pages_of(made())[0]
    (event,) = audit_events(care.database, "case_review:printed")
    assert event.changes == {"codes": ["K-001", "K-002", "K-003"]}


def test_the_paper_with_names_is_not_made_once_others_can_see(care, review, monkeypatch):
    tab = _minutes(care, review)
    well(tab.checkbox(key=f"with_names_{review.id}").check().run())
    noted = []
    monkeypatch.setattr(
        "kapteam.ui.minutes.st.download_button", lambda label, data, **_: noted.append(data)
    )
    well(tab.selectbox(key=f"names_for_{review.id}").select_index(0).run())
    with care.database.writing() as db:
        db.execute(update(SignIn).values(audience=Audience.OTHERS))
    with pytest.raises(RuntimeError):
        noted[-1]()
    assert audit_events(care.database, "case_review:printed") == []


def test_while_others_can_see_names_are_not_offered_and_words_are_folded(care, review):
    tab = _minutes(care, review)
    with care.database.writing() as db:
        db.execute(update(SignIn).values(audience=Audience.OTHERS))
    words = said(well(tab.run()))
    assert "80 mg" not in words
    assert "Call the cardiologist" not in words
    assert "Integration late" not in words
    assert "1 reason, hidden while others can see" in words
    assert "Okafor" not in words + "".join(links(tab))
    assert not tab.checkbox
    press(tab, "Text to copy")
    assert [one.label for one in tab.expander] == ["The text"]


def test_a_review_that_runs_is_neither_confirmed_nor_taken_along(care):
    with care.database.writing() as db:
        held = a_review(db, care.prescriber, ended_at=None)
        an_item(db, held, care.course, care.prescriber)
    tab = _minutes(care, held)
    assert not {"Confirm these minutes", "Text to copy"} & set(buttons(tab))


def test_it_takes_no_more_statements_for_more_clients(care, review):
    few = statements_of(care, _minutes(care, review))
    with care.database.writing() as db:
        for number in range(20):
            course = another_course(db, care, f"Family{number}")
            an_agreed_action(db, an_item(db, review, course, care.therapist), care.therapist)
    assert statements_of(care, _minutes(care, review)) == few <= MOST_STATEMENTS
    assert statements_of(care, _as_it_was(care, review)) <= MOST_OF_A_CHART
    for page, query, most in (
        ("client", {"client": care.client.code}, MOST_OF_A_CHART),
        ("episode", {"id": care.course.id}, MOST_STATEMENTS),
    ):
        assert statements_of(care, opened(care, care.therapist, page, **query)) <= most


def test_while_others_can_see_what_stood_there_is_folded_and_nobody_is_named(care, review):
    tab = _as_it_was(care, review)
    with care.database.writing() as db:
        db.execute(update(SignIn).values(audience=Audience.OTHERS))
    well(tab.run())
    assert "What stood there" in [one.label for one in tab.expander]
    folded = bare("\n".join(one.value for one in tab.expander[0].markdown))
    assert "PHQ-9 18 to 14" in folded
    outside = said(tab).replace(folded, "")
    assert "80 mg" not in outside
    assert "Call the cardiologist" not in outside
    assert "Okafor" not in said(tab) + "".join(links(tab))
