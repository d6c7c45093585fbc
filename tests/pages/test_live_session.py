"""During a session: what is due, the four buttons, and all that was recorded so far."""

from datetime import timedelta

import pytest

from kapteam.db.tables import Administration, KetamineSession, Vital
from kapteam.vocabulary import Audience, EventSeverity, ProductRoute, SessionStatus
from tests.factories import NOW
from tests.factories_care import (
    a_given_session,
    a_ketamine_session,
    a_series,
    a_vital,
    an_administration,
    an_event,
)
from tests.pages.filling import beside, fill, press, typed
from tests.pages.tabs import MOST_STATEMENTS, links, opened, said, statements_of, well

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
DOSE = "Dose 70\N{NO-BREAK SPACE}mg, now"


@pytest.fixture
def ahead(care):
    with care.database.writing() as db:
        return a_ketamine_session(db, care.course, planned_at=NOW, may_add_ug=20_000)


def _open(care, viewer, session):
    return opened(care, viewer, "live_session", id=session.id)


def _buttons(tab):
    return [one.label for one in tab.button]


def test_from_arrival_to_the_dose_each_is_one_press_with_this_moment(care, ahead):
    tab = _open(care, care.therapist, ahead)
    assert "BP before the dose" in said(tab)

    press(tab, "Arrived, now")
    press(fill(tab, "vital", {"pressure": "128/82", "oxygen": "98"}), "BP, now")
    assert "BP before the dose" not in said(tab)
    press(tab, DOSE)

    assert "Arrived **2:30 pm**" in said(tab)
    assert "BP 128/82, oxygen 98 %" in said(tab)
    assert "BP due in 15 min" in said(tab)
    assert "May leave from 3:30 pm" in said(tab)
    assert not {"Arrived, now", DOSE} & set(_buttons(tab))
    # What may be added is the next thing that can be given, and the next reading begins empty.
    assert "Add 20\N{NO-BREAK SPACE}mg, now" in _buttons(tab)
    assert typed(tab, "vital")["pressure"] == ""


def test_what_the_colleague_gave_is_no_button_any_more(care, ahead):
    tab = _open(care, care.therapist, ahead)
    assert DOSE in _buttons(tab)
    with care.database.writing() as db:
        an_administration(db, ahead, started_at=NOW)

    fill(tab, "vital", {"pressure": "128/8"})
    tab.button(key="refresh").click().run()

    assert DOSE not in _buttons(tab)
    # What is half typed stays.
    assert typed(tab, "vital")["pressure"] == "128/8"


def test_a_dose_that_nobody_ordered_is_not_one_press(care):
    with care.database.writing() as db:
        session = a_ketamine_session(db, care.course, planned_at=NOW, ordered_ug=None)
    tab = _open(care, care.nurse, session)
    assert "Dose not ordered. Enter what was given in the full record." in said(tab)
    assert not [one for one in _buttons(tab) if one.startswith("Dose")]


def test_rule_24_a_high_pressure_before_the_dose_is_said_beside_the_buttons(care, ahead):
    with care.database.writing() as db:
        a_vital(db, ahead, taken_at=NOW, systolic=168, diastolic=102)
    words = said(_open(care, care.nurse, ahead))
    assert "BP 168/102: no dose without a prescriber's word" in words
    with care.database.writing() as db:
        an_administration(db, ahead, started_at=NOW)
    assert "BP 168/102: no dose" not in said(_open(care, care.nurse, ahead))


def test_three_devices_are_three_presses_each_with_its_number(care):
    with care.database.writing() as db:
        series = a_series(db, care.course, product_route=ProductRoute.ESKETAMINE_NASAL)
        session = a_ketamine_session(
            db, care.course, planned_at=NOW, series=series, ordered_ug=84_000
        )
    tab = _open(care, care.nurse, session)
    for number in (1, 2, 3):
        press(tab, f"Device {number} of 3, 28\N{NO-BREAK SPACE}mg, now")
    assert not [one for one in _buttons(tab) if one.startswith("Device")]
    assert sum(one.ug for one in care.rows(Administration)) == 84_000


STOPPED = {"stopped_at": NOW - 30 * MINUTE, "end_reason": "Felt sick."}
OUT = {"discharged_at": NOW - MINUTE, "early_out_reason": "Her ride could not wait."}
CLOSED = {"status": SessionStatus.STOPPED_EARLY, "closed_at": NOW, **OUT}


@pytest.mark.parametrize("over", [STOPPED, OUT, STOPPED | CLOSED])
@pytest.mark.parametrize(
    ("route", "ordered_ug", "given"),
    [
        (ProductRoute.ESKETAMINE_NASAL, 84_000, {"ug": 28_000}),
        (ProductRoute.INTRAMUSCULAR, 70_000, {}),
        (ProductRoute.INTRAVENOUS, 40_000, {"ug": 40_000}),
    ],
)
def test_who_was_stopped_or_is_out_is_given_nothing_more_by_one_press(
    care, route, ordered_ug, given, over
):
    with care.database.writing() as db:
        session = a_ketamine_session(
            db,
            care.course,
            planned_at=NOW - HOUR,
            series=a_series(db, care.course, product_route=route),
            status=SessionStatus.STARTED,
            ordered_ug=ordered_ug,
            may_add_ug=20_000,
        )
        an_administration(db, session, started_at=NOW - HOUR, **given)
        for name, value in over.items():
            setattr(session, name, value)
    tab = _open(care, care.nurse, session)

    offered = [one for one in _buttons(tab) if one.endswith(", now")]
    is_still_in = "discharged_at" not in over
    ends = ["Infusion ended, now"] if route is ProductRoute.INTRAVENOUS and is_still_in else []
    assert offered == [*ends, "BP, now", *(["Out, now"] if is_still_in else [])]
    is_closed = "closed_at" in over
    assert ("Not out after all" in _buttons(tab)) == (not is_still_in and not is_closed)


def test_an_infusion_begins_and_ends(care):
    with care.database.writing() as db:
        series = a_series(db, care.course, product_route=ProductRoute.INTRAVENOUS)
        session = a_ketamine_session(
            db, care.course, planned_at=NOW, series=series, ordered_ug=40_000
        )
    tab = _open(care, care.nurse, session)
    press(tab, "Infusion 40\N{NO-BREAK SPACE}mg, now")
    press(tab, "Infusion ended, now")
    assert "Infusion ended" in said(tab)
    assert care.rows(Administration)[0].ended_at == NOW


def test_rule_40_out_early_asks_why_and_keeps_it(care):
    with care.database.writing() as db:
        session = a_given_session(
            db, care.course, given_at=NOW - 30 * MINUTE, status=SessionStatus.STARTED
        )
    tab = _open(care, care.therapist, session)

    press(tab, "Out, now")
    assert "Out 30 min after the last dose" in beside(tab, "now.out", "reason")
    press(fill(tab, "now.out", {"reason": "Fetched by her sister"}), "Out, now")

    assert "Out **2:30 pm**" in said(tab)
    assert care.row(KetamineSession, session.id).early_out_reason.endswith("by her sister")


def test_an_event_goes_on_until_it_is_over(care, ahead):
    tab = _open(care, care.therapist, ahead)
    event = {"what": "nausea", "severity": EventSeverity.MILD, "done": "Lay down"}
    press(fill(tab, "event", event), "Save the event")
    assert "Nausea, mild" in said(tab)
    assert "goes on" in said(tab)

    press(tab, "Over, now")

    assert "over 2:30 pm" in said(tab)
    assert "goes on" not in said(tab)


def test_what_was_recorded_more_than_a_day_later_reads_so(care):
    with care.database.writing() as db:
        session = a_given_session(db, care.course, given_at=NOW - 30 * HOUR)
        a_vital(db, session, taken_at=NOW - 30 * HOUR).recorded_at = NOW
        a_vital(db, session, taken_at=NOW - 29 * HOUR)
    assert said(_open(care, care.nurse, session)).count("entered late") == 1


def test_rule_66_a_reading_in_error_stays_readable(care, ahead):
    with care.database.writing() as db:
        vital = a_vital(db, ahead, taken_at=NOW)
    tab = _open(care, care.nurse, ahead)
    form = f"void_reading/{vital.id}"
    press(fill(tab, form, {"void_reason": "Another cuff"}), "Mark the reading as entered in error")

    assert "~~BP 128/82~~" in said(tab)
    assert "entered in error by Nico Nightingale, 2:30 pm: Another cuff" in said(tab)
    assert "BP before the dose" in said(tab)
    assert len(care.rows(Vital)) == 1


def test_the_front_desk_does_not_record_and_somebody_else_finds_nothing(care, ahead):
    assert "Arrived, now" not in _buttons(_open(care, care.front_desk, ahead))
    tab = _open(care, care.stranger, ahead)
    assert "There is no such ketamine session" in said(tab)
    assert "Okafor" not in said(tab)


def test_what_was_seen_is_not_for_others_in_the_room(care, ahead):
    with care.database.writing() as db:
        an_event(db, ahead, onset_at=NOW, words="Cried for her brother Ezra")
    tab = _open(care, care.therapist, ahead)
    assert "Ezra" in " ".join(one.value for one in tab.text)
    well(tab.radio(key="audience").set_value(Audience.OTHERS).run())
    texts = " ".join(one.value for one in tab.text)
    assert "Ezra" not in said(tab) + texts
    assert "Okafor" not in said(tab)


def test_who_is_under_medicine_stands_on_every_page_with_a_way_there(care):
    with care.database.writing() as db:
        session = a_given_session(
            db, care.course, given_at=NOW - 20 * MINUTE, status=SessionStatus.STARTED
        )
    for page in ("today", "caseload", "inquiries", "notes"):
        tab = opened(care, care.therapist, page)
        assert "**Right now**" in said(tab)
        assert "BP late by 5 min" in said(tab)
        assert "may leave from 3:10 pm" in said(tab)
        assert "During the session" in links(tab, "live_session")
        assert "**Right now**" not in said(opened(care, care.stranger, page))
    with care.database.writing() as db:
        db.get_one(KetamineSession, session.id).discharged_at = NOW
    assert "**Right now**" not in said(opened(care, care.therapist, "today"))


def test_it_takes_as_many_statements_with_much_on_it_as_with_little(care):
    with care.database.writing() as db:
        session = a_given_session(
            db, care.course, given_at=NOW - 20 * MINUTE, status=SessionStatus.STARTED
        )
    few = statements_of(care, _open(care, care.prescriber, session))
    with care.database.writing() as db:
        for minute in range(15):
            a_vital(db, session, taken_at=NOW - minute * MINUTE)
            an_event(db, session, onset_at=NOW - minute * MINUTE)

    assert statements_of(care, _open(care, care.prescriber, session)) == few <= MOST_STATEMENTS


def test_before_the_dose_it_says_who_is_waited_for_and_after_it_that_none_was_read(care):
    with care.database.writing() as db:
        session = a_ketamine_session(db, care.course, planned_at=NOW, ride="")
    words = said(_open(care, care.nurse, session))
    assert "Waiting on Thea Tallis: ride home and intention" in words
    assert "No blood pressure on record before the dose" not in words
    with care.database.writing() as db:
        an_administration(db, session, started_at=NOW)
    words = said(_open(care, care.nurse, session))
    assert "Waiting on" not in words
    assert "No blood pressure on record before the dose" in words
    with care.database.writing() as db:
        a_vital(db, session, taken_at=NOW - MINUTE)
    assert "No blood pressure on record" not in said(_open(care, care.nurse, session))
