"""Where alerts from scores stand: in the head of every page of the client, and in few words."""

from datetime import timedelta

import pytest

from kapteam.db.tables import Acknowledgement, Clearance, Episode, PrescriptionLookup
from kapteam.ui.text import plain
from kapteam.vocabulary import EpisodeState, NoteKind
from tests.factories import NOW, TODAY
from tests.factories_care import (
    Care,
    a_given_session,
    a_ketamine_session,
    a_score,
    a_signed_note,
    an_integration_session,
)
from tests.pages.tabs import (
    MOST_OF_A_CHART,
    MOST_STATEMENTS,
    addresses,
    buttons,
    headings,
    links,
    opened,
    said,
    statements_of,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ITEM_9 = "PHQ-9 item 9, suicide or self-harm: 1, new, Tue Nov 24"


@pytest.fixture
def at_risk(care) -> Care:
    _item_9(care, 1)
    return care


def _item_9(care: Care, answer: int, at=NOW - HOUR) -> None:
    with care.database.writing() as db:
        a_score(db, care.course, care.therapist, answers=(0,) * 8 + (answer,), taken_at=at)


def _pages(care: Care) -> dict[str, dict[str, str]]:
    with care.database.writing() as db:
        dose = a_ketamine_session(db, care.course, planned_at=NOW + DAY)
        later = an_integration_session(db, care.course, dose, planned_at=NOW + 2 * DAY)
    course = {"episode": care.course.id}
    return {
        "client": {"client": care.client.code},
        "episode": {"id": care.course.id},
        "ketamine_session": {"id": dose.id},
        "live_session": {"id": dose.id},
        "integration_session": {"id": later.id},
        "note": {"kind": NoteKind.RISK.value} | course,
        "clearance": course,
        "consent": course,
        "booking": course,
        "series_plan": course,
        "home_supply": course,
        "contact": {"client": care.client.code},
        "concern": {"client": care.client.code},
        "wait": course,
        "brief": {"id": dose.id},
    }


def test_rule_42_item_9_heads_every_page_of_the_client_until_it_is_cleared(at_risk):
    pages = _pages(at_risk)
    for page, query in pages.items():
        tab = opened(at_risk, at_risk.therapist, page, **query)
        # The client's own page says all of it underneath as well.
        assert said(tab).count(ITEM_9) == (2 if page == "client" else 1), page
        most = MOST_OF_A_CHART if page in {"client", "ketamine_session"} else MOST_STATEMENTS
        assert statements_of(at_risk, tab) <= most, page
    with at_risk.database.writing() as db:
        a_signed_note(db, at_risk.course, at_risk.prescriber)
    for page, query in pages.items():
        assert "item 9" not in said(opened(at_risk, at_risk.therapist, page, **query)), page


def test_the_front_desk_is_told_of_it_on_no_page(at_risk):
    for page, query in _pages(at_risk).items():
        if page not in {"note", "brief", "live_session", "concern", "clearance"}:
            assert "item 9" not in said(opened(at_risk, at_risk.front_desk, page, **query)), page
    for page in ("today", "caseload"):
        assert "item 9" not in said(opened(at_risk, at_risk.front_desk, page))


@pytest.mark.parametrize("who", ["prescriber", "therapist"])
def test_it_stands_in_safety_on_today_once_and_in_the_caseload(at_risk, who):
    viewer = getattr(at_risk, who)
    shown = opened(at_risk, viewer, "today")
    assert "Safety (1)" in headings(shown)
    assert said(shown).count(ITEM_9) == 1
    assert ITEM_9 in said(opened(at_risk, viewer, "caseload"))


def test_the_client_s_alert_says_what_it_is_judged_by_and_the_ways_to_clear_it(at_risk):
    shown = opened(at_risk, at_risk.therapist, "client", client=at_risk.client.code)
    text = said(shown)
    assert "Threshold: from 1 on; red when new or rising, or from 2 on" in text
    assert f"owner: {at_risk.prescriber.name} and {at_risk.therapist.name}" in text
    assert "clears with a risk note, signed after it by a clinician of the course" in text
    assert f"note?kind=risk&episode={at_risk.course.id}" in addresses(shown, "Write a risk note")


def test_known_with_a_plan_it_is_grey_on_the_client_and_in_no_head(at_risk):
    page = {"client": at_risk.client.code}
    tab = opened(at_risk, at_risk.therapist, "client", **page)
    tab.text_input(key=_key(tab, "What is known, and the plan")).set_value("Call on Friday")
    tab.date_input(key=_key(tab, "Plan until")).set_value(TODAY + 3 * DAY)
    next(one for one in tab.button if one.label == "Save as known").click().run()

    assert len(at_risk.rows(Acknowledgement)) == 1
    known = f"{ITEM_9}; known, quiet until Fri Nov 27, {at_risk.therapist.name}: Call on Friday"
    assert known in said(opened(at_risk, at_risk.prescriber, "client", **page))
    course = opened(at_risk, at_risk.prescriber, "episode", id=at_risk.course.id)
    assert "item 9" not in said(course)
    assert "Safety (1)" not in headings(opened(at_risk, at_risk.prescriber, "today"))


def _key(tab, label: str) -> str:
    fields = (*tab.text_input, *tab.date_input)
    return next(one.key for one in fields if one.label == label)


def test_nobody_but_who_treats_on_the_course_is_offered_to_say_that_it_is_known(at_risk):
    page = {"client": at_risk.client.code}
    assert "Save as known" in buttons(opened(at_risk, at_risk.prescriber, "client", **page))
    nurse = opened(at_risk, at_risk.nurse, "client", **page)
    assert ITEM_9 in said(nurse)
    assert "Save as known" not in buttons(nurse)
    assert "Write a risk note" not in links(nurse)


def test_a_client_whose_course_has_ended_is_headed_by_it_all_the_same(at_risk):
    with at_risk.database.writing() as db:
        course = db.get_one(Episode, at_risk.course.id)
        course.state, course.closed_at = EpisodeState.CLOSED, NOW
    tab = opened(at_risk, at_risk.therapist, "client", client=at_risk.client.code)
    assert said(tab).count(ITEM_9) == 1


def test_what_is_due_before_a_dose_stands_on_the_session_the_client_and_the_therapist_s_day(care):
    with care.database.writing() as db:
        dose = a_ketamine_session(db, care.course, planned_at=NOW + HOUR)
        a_score(db, care.course, care.therapist, instrument_id="audit-c", total=2)
    due = "Due before this dose: GAD-7 and PHQ-9"
    session = {"id": dose.id}
    assert due in said(opened(care, care.therapist, "ketamine_session", **session))
    assert due in said(opened(care, care.prescriber, "ketamine_session", **session))
    assert "Due before" not in said(opened(care, care.front_desk, "ketamine_session", **session))
    client = opened(care, care.therapist, "client", client=care.client.code)
    assert "Due: GAD-7 and PHQ-9 before the dose Tue Nov 24, never taken" in said(client)
    assert due in said(opened(care, care.therapist, "today"))
    assert "Due before" not in said(opened(care, care.prescriber, "today"))
    for where in (client, opened(care, care.therapist, "ketamine_session", **session)):
        (entry,) = addresses(where, plain("Enter GAD-7"))
        assert entry == f"score?episode={care.course.id}&measure=gad-7"
    with care.database.writing() as db:
        for name in ("phq-9", "gad-7"):
            a_score(db, care.course, care.therapist, instrument_id=name, total=9)
    assert "Due before" not in said(opened(care, care.therapist, "ketamine_session", **session))


def test_of_more_than_two_the_day_says_how_many_and_the_session_which(care):
    with care.database.writing() as db:
        a_given_session(db, care.course, given_at=NOW - 9 * DAY)
        dose = a_ketamine_session(db, care.course, planned_at=NOW + HOUR)
    day = said(opened(care, care.therapist, "today"))
    assert "Due before this dose: 3 measures, 3 overdue" in day
    session = said(opened(care, care.therapist, "ketamine_session", id=dose.id))
    for name in ("AUDIT-C", "PHQ-9", "GAD-7"):
        assert f"{name} (overdue)" in session
        assert f"{name} (overdue)" not in day


def test_what_nobody_knows_leads_to_the_entry_of_the_measure_that_would_say_it(care):
    with care.database.writing() as db:
        a_given_session(db, care.course, given_at=NOW - 9 * DAY)
        a_score(db, care.course, care.therapist, instrument_id="gad-7", total=9)
    for page, about in (("today", {}), ("client", {"client": care.client.code})):
        tab = opened(care, care.therapist, page, **about)
        assert "No baseline: no PHQ-9 before dose 1" in said(tab)
        entry = f"score?episode={care.course.id}&measure=phq-9"
        assert addresses(tab, "Enter") == [entry]


def test_what_is_overdue_is_one_plain_row_of_the_therapist(care):
    with care.database.writing() as db:
        for days in (30, 10):
            a_given_session(db, care.course, given_at=NOW - days * DAY)
        a_score(db, care.course, care.therapist, total=9, taken_at=NOW - 31 * DAY)
    shown = said(opened(care, care.therapist, "today"))
    assert shown.count("Overdue: PHQ-9, since Sat Nov 14") == 1
    # Of another measure it is only said with the client.
    assert "GAD-7" not in shown
    assert "GAD-7" in said(opened(care, care.therapist, "client", client=care.client.code))


def test_an_alert_about_no_session_leads_to_where_it_is_cleared(care):
    with care.database.writing() as db:
        db.get_one(Episode, care.course.id).state = EpisodeState.SERIES
        for clearance in db.query(Clearance):
            clearance.decided_at = NOW - 200 * DAY
        for look_up in db.query(PrescriptionLookup):
            look_up.looked_up_on = TODAY - 200 * DAY
    shown = opened(care, care.prescriber, "today")
    assert "Prescriber's review due" in said(shown)
    assert "Prescription database" in said(shown)
    assert [one for one in addresses(shown, "Open") if one.startswith("live_session")] == []
