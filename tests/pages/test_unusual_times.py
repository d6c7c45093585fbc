"""Planning for the night, a closed day or days away: said at the field, never refused."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

import pytest

from kapteam.db.tables import Contact, IntegrationSession, KetamineSession
from kapteam.vocabulary import ContactKind, Function, How, ProductRoute
from kapteam.wording import at_local
from tests.factories import (
    NOW,
    TODAY,
    ZONE,
    a_clinician,
    a_contact,
    an_absence,
    some_closed_days,
)
from tests.factories_care import a_booked_pair, an_overdue_integration
from tests.pages.filling import beside, fill, press
from tests.pages.tabs import bare, opened, said

DAY = timedelta(days=1)
OUTSIDE = "Outside the opening hours, 8:00 am to 6:00 pm"
AWAY = "Thea Tallis is away until Tue Dec 1"
FRIDAY, SUNDAY = TODAY + 3 * DAY, TODAY + 5 * DAY


@dataclass(frozen=True, slots=True)
class Plan:
    """A form that plans something, and where the day and time that it keeps are found."""

    page: str
    form: str
    button: str
    there: Callable[[Any], dict[str, str]]
    more: dict[str, Any]
    fields: tuple[str, str]
    table: Any


def _of_client(care):
    return {"client": care.client.code, "do": "plan"}


def _planned(care):
    with care.database.writing() as db:
        contact = a_contact(db, care.course, care.therapist, planned_at=NOW + DAY, how=How.PHONE)
    return {"id": contact.id, "do": "move"}


def _of_course(care):
    return {"episode": care.course.id}


def _booked(care):
    with care.database.writing() as db:
        session, _ = a_booked_pair(db, care.course, therapist=care.prescriber)
    return {"id": session.id}


def _owed(care):
    with care.database.writing() as db:
        return {"dose": an_overdue_integration(db, care.course, hours=20).id, "do": "book"}


PLANS = {
    "a contact": Plan(
        "contact",
        "contact",
        "Plan",
        _of_client,
        {"kind": ContactKind.CALL, "how": How.PHONE},
        ("on", "time"),
        Contact,
    ),
    "a contact moved": Plan(
        "contact", "contact.move", "Save the change", _planned, {}, ("on", "time"), Contact
    ),
    "a ketamine session": Plan(
        "booking",
        "booking",
        "Book",
        _of_course,
        {
            "product_route": ProductRoute.INTRAMUSCULAR,
            "integration_therapist": None,
            "no_integration_reason": "By the clinic in Mesa.",
        },
        ("planned_on", "planned_time"),
        KetamineSession,
    ),
    "a ketamine session moved": Plan(
        "ketamine_session",
        "move",
        "Move both",
        _booked,
        {"integration_on": TODAY + 20 * DAY, "integration_time": "10:00 am"},
        ("planned_on", "planned_time"),
        KetamineSession,
    ),
    "an integration": Plan(
        "integration_session",
        "integration.book",
        "Book",
        _owed,
        {},
        ("on", "time"),
        IntegrationSession,
    ),
}


@pytest.fixture(params=PLANS)
def plan(request) -> Plan:
    return PLANS[request.param]


def _filled(care, plan: Plan, on: date, at: str):
    tab = opened(care, care.therapist, plan.page, **plan.there(care))
    day, clock = plan.fields
    return fill(tab, plan.form, plan.more | {day: on, clock: at})


def _kept(care, plan: Plan):
    return [row.planned_at for row in care.rows(plan.table) if row.planned_at]


def test_a_time_in_the_night_is_said_and_saved(care, plan):
    tab = _filled(care, plan, FRIDAY, "12:30 am")

    assert said(tab).count(bare(OUTSIDE)) == 1
    press(tab, plan.button, plan.form)
    assert at_local(FRIDAY, time(0, 30), ZONE) in _kept(care, plan)


def test_a_usual_time_is_saved_without_a_word(care, plan):
    tab = _filled(care, plan, FRIDAY, "10:00 am")

    words = said(tab)
    assert "Outside" not in words
    assert "sually closed" not in words
    assert "is away" not in words
    press(tab, plan.button, plan.form)
    assert at_local(FRIDAY, time(10), ZONE) in _kept(care, plan)


def test_of_a_day_on_which_the_practice_is_closed_that_is_said_and_not_its_hours(care, plan):
    tab = _filled(care, plan, SUNDAY, "12:30 am")

    assert "Usually closed on Sundays" in said(tab)
    assert "Outside" not in said(tab)
    press(tab, plan.button, plan.form)
    assert at_local(SUNDAY, time(0, 30), ZONE) in _kept(care, plan)


def test_a_closed_day_is_said_by_its_name(care, plan):
    with care.database.writing() as db:
        some_closed_days(db, care.prescriber, FRIDAY, name="Thanksgiving")
    assert "Closed: Thanksgiving" in said(_filled(care, plan, FRIDAY, "10:00 am"))


@pytest.mark.parametrize("cover", ["", ", Cora Cover covers"])
def test_that_somebody_is_away_then_is_said_with_who_covers_and_saved(care, plan, cover):
    with care.database.writing() as db:
        covers = a_clinician(db, Function.THERAPIST, name="Cora Cover") if cover else None
        an_absence(
            db,
            care.therapist,
            care.prescriber,
            from_at=NOW + DAY,
            until_at=at_local(TODAY + 8 * DAY, time(0), ZONE),
            cover=covers,
        )
    tab = opened(care, care.therapist, plan.page, **plan.there(care))
    day, clock = plan.fields
    fill(tab, plan.form, plan.more | {day: FRIDAY, clock: "10:00 am"})
    if plan.page == "integration_session":
        fill(tab, plan.form, {"therapist": care.therapist.clinician_id})

    assert f"{AWAY}{cover}]" in said(tab)
    press(tab, plan.button, plan.form)
    assert at_local(FRIDAY, time(10), ZONE) in _kept(care, plan)


def test_who_is_back_by_then_is_not_away(care, plan):
    with care.database.writing() as db:
        an_absence(
            db, care.therapist, care.prescriber, from_at=NOW + DAY / 2, until_at=NOW + 2 * DAY
        )
    tab = _filled(care, plan, FRIDAY + 3 * DAY, "10:00 am")
    assert "person_alert" not in said(tab)


def test_what_happened_at_night_is_logged_without_a_word_about_opening_hours(care):
    tab = opened(care, care.therapist, "contact", client=care.client.code)
    fill(tab, "touch", {"on": TODAY, "time": "12:30 am"})
    assert "Outside" not in said(tab)
    assert beside(tab, "touch", "time") == ""
