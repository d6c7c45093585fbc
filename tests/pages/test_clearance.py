"""Clearance: the prescriber's decision, and those before it."""

from datetime import timedelta

import pytest

from kapteam.db.tables import Clearance
from kapteam.vocabulary import ClearanceDecision, EpisodeState, ProductRoute, ServiceLine
from tests.factories import NOW, TODAY, a_clearance, a_course
from tests.pages.filling import fill, press, typed
from tests.pages.tabs import buttons, headings, opened, said, unsigned

DAY = timedelta(days=1)


def _open(care, viewer, course=None):
    return opened(care, viewer, "clearance", episode=(course or care.course).id)


def test_nobody_signed_in_gets_nothing(care):
    assert unsigned("clearance", episode=care.course.id) == ""


def test_who_is_not_on_the_course_sees_nothing_of_it(care):
    tab = _open(care, care.stranger)

    assert "There is no such course of care, or you are not on it." in said(tab)
    assert "Okafor" not in said(tab)


@pytest.mark.parametrize("who", ["therapist", "nurse", "front_desk"])
def test_rule_15_who_does_not_prescribe_reads_it_and_has_no_form(care, who):
    tab = _open(care, getattr(care, who))

    assert "up to 150 mg" in said(tab)
    assert buttons(tab) == []


def test_without_one_it_says_so_and_chooses_nothing_for_the_prescriber(care):
    with care.database.writing() as db:
        course = a_course(
            db, care.client, prescriber=care.prescriber, state=EpisodeState.PREPARATION
        )

    tab = _open(care, care.prescriber, course)

    assert "No clearance yet." in said(tab)
    assert not [value for value in typed(tab, "clearance").values() if value]


def test_the_newest_holds_and_the_ones_before_stay_readable(care):
    with care.database.writing() as db:
        a_clearance(
            db,
            care.course,
            care.prescriber.clinician_id,
            decision=ClearanceDecision.DEFERRED,
            routes=(),
            decided_at=NOW - DAY,
        )

    tab = _open(care, care.therapist)

    assert headings(tab) == ["Clearance (2)"]
    assert said(tab).index("**Deferred**") < said(tab).index(":gray[Cleared]")


def test_a_prescriber_clears_for_routes_up_to_a_ceiling(care):
    tab = _open(care, care.prescriber)
    values = {
        "decision": ClearanceDecision.CLEARED_WITH_CONDITIONS,
        "routes.IM": True,
        "routes.SL": True,
        "ceiling": "0.5",
        "conditions": "Blood pressure first.",
        "valid_until_on": TODAY + 90 * DAY,
    }

    press(fill(tab, "clearance", values), "Save clearance")

    kept = care.rows(Clearance)[-1]
    assert kept.routes == [ProductRoute.INTRAMUSCULAR.value, ProductRoute.SUBLINGUAL.value]
    assert (kept.ceiling_ug, kept.decided_by_id) == (500, care.prescriber.clinician_id)
    assert [one.value for one in tab.title] == ["Course of care"]


@pytest.mark.parametrize(
    "columns",
    [{"state": EpisodeState.CLOSED}, {"service_line": ServiceLine.PSYCHEDELIC_INTEGRATION}],
)
def test_a_course_that_takes_none_has_no_form(care, columns):
    with care.database.writing() as db:
        course = a_course(db, care.client, prescriber=care.prescriber, **columns)

    tab = _open(care, care.prescriber, course)

    assert "New clearance" not in headings(tab)
    assert "No clearance yet." in said(tab)
