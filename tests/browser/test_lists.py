"""Lists whose order changes in the database while they are open: what is pressed is what was named.

A row as drawn stays that row, whatever stands in its place by now.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from kapteam.db.tables import Clinician, Consent
from kapteam.vocabulary import ConsentType, Function
from tests.browser.conftest import TabOf
from tests.browser.hands import button_or_link, field, open_at, press, wait_for_run
from tests.factories import TODAY, a_client, a_clinician, a_consent, a_course
from tests.factories_care import Care, an_overdue_integration

LATE, LATER = 50, 100
OTHERS = {"/": "to_do", "/caseload": "caseload_rows", "/integration": "late"}


@pytest.fixture
def pair(care: Care) -> Iterator[tuple[Care, Care]]:
    """Ash, whose integration is late and stands above, and Birch, to whom nothing is owed yet."""
    made = []
    for given in ("Ash", "Birch"):
        with care.database.writing() as db:
            client = a_client(db, care.therapist, family="Sorted", given=given)
            course = a_course(db, client, prescriber=care.prescriber, therapist=care.therapist)
        made.append(replace(care, client=client, course=course))
    ash, birch = made
    _owe(ash, LATE)
    yield ash, birch
    with care.database.writing() as db:
        for one in made:
            db.merge(one.course).state = "closed"


def _owe(one: Care, hours: int) -> None:
    with one.database.writing() as db:
        an_overdue_integration(db, one.course, hours=hours)


def _rows(page: Page, section: str) -> Locator:
    return page.locator(f".st-key-{section}").get_by_role("link", name=re.compile("^Sorted,"))
