"""Spravato on its pages: enrollment, lots, the two hours, the form; and on no other route's."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from kapteam.accounts.sign_ins import say_who_sees, viewer_of
from kapteam.db.tables import (
    Administration,
    KetamineSession,
    MonitoringAnswers,
    MonitoringSubmission,
    RemsEnrollment,
    Vital,
)
from kapteam.vocabulary import Audience, ProductRoute, SessionStatus, SubmittedHow
from tests.factories import NOW, TODAY, a_clearance, a_client, a_course, an_enrollment
from tests.factories_care import (
    a_given_session,
    a_ketamine_session,
    a_series,
    a_spravato_session,
    a_submission,
    a_vital,
    an_administration,
    some_monitoring_answers,
)
from tests.pages.filling import beside, box, fill, press, typed
from tests.pages.tabs import (
    MOST_OF_A_SESSION,
    MOST_STATEMENTS,
    buttons,
    links,
    opened,
    said,
    sign_in_of,
    statements_of,
    well,
)

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ESK = ProductRoute.ESKETAMINE_NASAL
OTHERS = [one for one in ProductRoute if one is not ESK]
_OF_SPRAVATO = ("Spravato REMS", "onitoring form", "Lot of device", "last device", "Not enrolled")


@pytest.fixture
def going_on(care):
    """Three devices, the last one 118 minutes ago; the lot of none is known."""
    with care.database.writing() as db:
        return a_spravato_session(db, care.course, last_at=NOW - 118 * MINUTE)


@pytest.fixture
def closed(care):
    """Three devices of the day before yesterday, all but the answers recorded."""
    with care.database.writing() as db:
        last_at = NOW - 2 * DAY
        session = a_spravato_session(
            db, care.course, last_at=last_at, lot="L1", out_at=last_at + 125 * MINUTE
        )
        for minutes in (-15, 40, 119):
            a_vital(db, session, taken_at=last_at + minutes * MINUTE, oxygen=97)
        return session


def _live(care, session, who=None):
    return opened(care, who or care.prescriber, "live_session", id=session.id)


def _page(care, session, who=None):
    return opened(care, who or care.prescriber, "ketamine_session", id=session.id)


def _ordered(care, *, given=0, ordered_ug=84_000):
    with care.database.writing() as db:
        series = a_series(db, care.course, product_route=ESK)
        session = a_ketamine_session(
            db, care.course, series=series, planned_at=NOW - HOUR, ordered_ug=ordered_ug
        )
        for number in range(given):
            an_administration(
                db, session, started_at=NOW - (30 - 5 * number) * MINUTE, ug=28_000
            ).lot = "L1"
    return session


def test_rule_38_beside_out_stands_how_long_since_the_last_device_and_what_is_to_go(care, going_on):
    tab = _live(care, going_on)

    assert "118 min after the last device, 2 min to go" in said(tab)
    assert "128 min since the first device" in said(tab)


def test_rule_40_who_leaves_before_the_two_hours_is_asked_about_and_then_is_out(care, going_on):
    tab = press(_live(care, going_on), "Out, now")

    assert "asks for at least 2 hr. Say why." in said(tab)
    assert care.row(KetamineSession, going_on.id).discharged_at is None
    fill(tab, "now.out", {"reason": "Her ride could not wait."})
    press(tab, "Out, now")

    assert care.row(KetamineSession, going_on.id).discharged_at == NOW
    out = said(_live(care, going_on))
    assert "118 min after the last device, below the minimum of 120 min" in out


def test_rule_38_what_is_missing_is_said_in_one_line_and_a_lot_can_be_added(care, going_on):
    tab = _live(care, going_on)
    assert (
        "Missing for the monitoring form: BP and oxygen before the dose, BP and oxygen at 40 min, "
        "lot of device 1, lot of device 2, lot of device 3"
    ) in said(tab)

    [first] = [
        one.id
        for one in care.rows(Administration, ketamine_session_id=going_on.id)
        if one.started_at == NOW - 128 * MINUTE
    ]
    box(tab, f"lot/{first}", "lot").set_value("24KS01")
    tab = press(tab, "Save the lot of device 1")

    assert care.row(Administration, first).lot == "24KS01"
    assert "lot of device 1" not in said(tab)
    assert "lot of device 2" in said(tab)


def test_the_lot_starts_from_the_last_one_of_this_session_and_is_kept_with_the_device(care):
    with care.database.writing() as db:
        a_spravato_session(
            db, care.course, last_at=NOW - 4 * DAY, lot="OLD", out_at=NOW - 4 * DAY + 3 * HOUR
        )
    session = _ordered(care)
    tab = _live(care, session)
    assert typed(tab, "now.device")["lot"] == ""

    fill(tab, "now.device", {"lot": "NEW1"})
    tab = press(tab, "Device 1 of 3, 28\u00a0mg, now")

    assert typed(tab, "now.device")["lot"] == "NEW1"
    assert "Lot of device 2" in [one.label for one in tab.text_input]
    [device] = care.rows(Administration, ketamine_session_id=session.id)
    assert device.lot == "NEW1"


def test_a_device_may_be_recorded_without_its_lot(care):
    session = _ordered(care)

    press(_live(care, session), "Device 1 of 3, 28\u00a0mg, now")

    [device] = care.rows(Administration, ketamine_session_id=session.id)
    assert device.lot == ""


@pytest.mark.parametrize(
    ("mg", "says"),
    [
        ("84", "84 mg are 3 devices of 28 mg. Enter each device by itself"),
        ("56", "56 mg are 2 devices of 28 mg."),
        ("70", "Spravato comes in devices of 28 mg."),
        ("30", "Esketamine comes in devices of 28 mg."),
    ],
)
def test_a_device_count_that_does_not_match_the_mg_is_asked_about_beside_the_mg(care, mg, says):
    session = _ordered(care)
    tab = _page(care, session)
    first = {"administrations.0.mg": mg, "administrations.0.started_time": "2:00 pm"}
    fill(tab, "record", first)
    press(tab, "Save record")

    below = beside(tab, "record", "administrations.0.mg")
    assert says.split(".")[0] in below or says.split(".")[0] in said(tab)
    assert care.rows(Administration, ketamine_session_id=session.id) == []


def test_rule_35_a_session_with_fewer_devices_than_ordered_is_not_closed_without_a_word(care):
    session = _ordered(care, given=2)
    tab = _page(care, session)
    values = {"discharged_time": "2:28 pm", "close": True, "no_integration_reason": "By phone."}
    fill(tab, "record", values)
    press(tab, "Save record")
    fill(tab, "record", {"early_out_reason": "Felt sick."})
    press(tab, "Save record")

    assert "2 of 3 devices recorded, 56 mg of 84 mg" in beside(tab, "record", "close")
    assert care.row(KetamineSession, session.id).status.is_open
    fill(tab, "record", {"stopped_time": "2:08 pm", "stop_reason": "Felt sick."})
    press(tab, "Save record")

    assert care.row(KetamineSession, session.id).status is SessionStatus.STOPPED_EARLY


def test_rule_23_without_enrollment_the_session_waits_and_leads_to_where_it_is_recorded(care):
    with care.database.writing() as db:
        client = a_client(db, care.therapist, family="Unenrolled")
        course = a_course(
            db, client, prescriber=care.prescriber, therapist=care.therapist, cleared=True
        )
        db.execute(delete(RemsEnrollment))
        series = a_series(db, course, product_route=ESK)
        session = a_ketamine_session(db, course, series=series, ordered_ug=56_000)

    tab = _page(care, session)

    assert "Waiting on Robin Prescott: Spravato enrollment" in said(tab)
    assert "Not enrolled (Spravato REMS)" in said(tab)
    assert "Record the enrollment" in links(tab)
    tab = opened(care, care.prescriber, "clearance", episode=course.id)
    assert "Not enrolled yet." in said(tab)
    fill(tab, "enrollment", {"enrolled_on": TODAY, "number": "R-4471"})
    tab = press(tab, "Save the enrollment")
    assert "Enrolled Tue Nov 24, 2026, R-4471" in said(tab)
    assert "Not enrolled" not in said(_page(care, session))


def test_an_enrollment_in_error_stays_readable_and_counts_no_more(care):
    [kept] = care.rows(RemsEnrollment, client_id=care.client.id)
    tab = opened(care, care.nurse, "clearance", episode=care.course.id)

    fill(tab, "void_enrollment", {"void_reason": "Another client"})
    tab = press(tab, "Mark the enrollment as entered in error")

    assert "entered in error by Nico Nightingale, 2:30 pm: Another client" in said(tab)
    assert care.row(RemsEnrollment, kept.id).voided_at == NOW


def test_a_course_without_spravato_does_not_speak_of_enrollment(care):
    with care.database.writing() as db:
        client = a_client(db, care.therapist, family="Muscle")
        course = a_course(db, client, prescriber=care.prescriber, therapist=care.therapist)
        by_id = care.prescriber.clinician_id
        a_clearance(db, course, by_id, routes=(ProductRoute.INTRAMUSCULAR,))
        an_enrollment(db, client, by_id)

    tab = opened(care, care.prescriber, "clearance", episode=course.id)

    assert "REMS" not in said(tab)
    assert "Save the enrollment" not in buttons(tab)


def test_the_form_of_a_closed_session_says_when_it_is_due_and_what_it_lacks(care, closed):
    tab = _page(care, closed)

    assert "Monitoring form due Sun Nov 29" in said(tab)
    assert "Missing for the monitoring form: the prescriber's answers" in said(tab)
    assert "At 40 min BP 128/82, oxygen 97 %" in said(tab).replace("*", "").replace(
        ":gray[At 40 min]", "At 40 min"
    )


@pytest.mark.parametrize("page", ["today", "caseload", "client"])
def test_rule_39_a_form_to_submit_is_said_on_the_lists(care, page):
    with care.database.writing() as db:
        client = a_client(db, care.therapist, family="Onlyspravato")
        course = a_course(
            db,
            client,
            prescriber=care.prescriber,
            therapist=care.therapist,
            cleared=True,
            expects_intention=False,
            expects_integration=False,
        )
        last_at = NOW - 9 * DAY
        a_spravato_session(db, course, last_at=last_at, lot="L1", out_at=last_at + 3 * HOUR)

    of = {"client": client.code} if page == "client" else {}
    shown = said(opened(care, care.prescriber, page, **of))

    assert "Monitoring form overdue, was due Sun Nov 22" in shown


def test_the_prescriber_answers_and_it_lacks_nothing_more(care, closed):
    tab = _page(care, closed)
    press(tab, "Save the answers")
    assert "Opioids: say yes or no." in beside(tab, "answers", "medicines.opioid")
    names = ("benzodiazepine", "hypnotic", "opioid", "stimulant")
    fill(tab, "answers", {f"medicines.{one}": "False" for one in names})
    asked = ("before_is_acceptable", "leaving_is_acceptable", "looked_for_events")
    fill(tab, "answers", dict.fromkeys(asked, "True"))
    fill(tab, "answers", {"ready_minutes": "an hour"})
    press(tab, "Save the answers")
    assert "Enter whole minutes" in beside(tab, "answers", "ready_minutes")
    fill(tab, "answers", {"ready_minutes": "75"})
    tab = press(tab, "Save the answers")

    assert "Missing for" not in said(tab)
    assert "Answered by the prescriber Robin Prescott" in said(tab).replace(":gray[", "")
    [row] = care.rows(MonitoringAnswers)
    assert (row.medicines["opioid"], row.ready_minutes) == (False, 75)


def test_a_form_that_went_out_says_so_until_that_was_an_error(care, closed):
    tab = _page(care, closed, care.nurse)
    assert "Save the answers" not in buttons(tab)
    fill(tab, "submission", {"how": SubmittedHow.FAX})
    tab = press(tab, "Save as submitted")
    missing = "Missing: the prescriber's answers. Say why."
    assert missing in beside(tab, "submission", "missing_reason")
    fill(tab, "submission", {"missing_reason": "She is on call."})
    tab = press(tab, "Save as submitted")

    sent = said(tab)
    assert "Submitted Tue Nov 24, by fax, Nico Nightingale, without: the prescriber's answers" in (
        sent
    )
    assert "Because: She is on call." in " ".join(one.value for one in tab.text)
    assert "Missing for the monitoring form" not in sent
    assert "Monitoring form due" not in said(opened(care, care.prescriber, "today"))
    [row] = care.rows(MonitoringSubmission)
    assert (row.form_version, row.submitted_on) == (2, TODAY)
    fill(tab, "void_submission", {"void_reason": "Another client's"})
    tab = press(tab, "Mark the submission as entered in error")

    assert "entered in error by Nico Nightingale, 2:30 pm: Another client's" in said(tab)
    assert "Monitoring form due Sun Nov 29" in said(tab)


def test_no_form_is_marked_as_sent_while_the_client_is_here(care, going_on):
    tab = _page(care, going_on)

    assert "Save as submitted" not in buttons(tab)
    assert "It can be submitted once the client is out." in said(tab)


def test_a_form_that_says_something_else_since_is_to_be_sent_again(care, closed):
    with care.database.writing() as db:
        some_monitoring_answers(db, db.get_one(KetamineSession, closed.id))
    tab = _page(care, closed)
    fill(tab, "submission", {"how": SubmittedHow.FAX})
    press(tab, "Save as submitted")
    again = "Monitoring form changed since it was submitted; send it again"
    assert again not in said(_page(care, closed))
    last = max(care.rows(Vital), key=lambda one: one.taken_at)

    tab = _page(care, closed, care.nurse)
    fill(tab, f"void_reading/{last.id}", {"void_reason": "Another cuff"})
    press(tab, "Mark the reading as entered in error", f"void_reading/{last.id}")

    for page, of in (("ketamine_session", {"id": closed.id}), ("today", {}), ("caseload", {})):
        tab = opened(care, care.prescriber, page, **of)
        assert page == "caseload" or again in said(tab)
    tab = _page(care, closed)
    assert "Missing for the monitoring form: BP and oxygen before leaving" in said(tab)
    fill(tab, "submission", {"how": SubmittedHow.ONLINE, "missing_reason": "Not read."})
    tab = press(tab, "Save as submitted")
    assert again not in said(tab)
    assert "sent again since" in said(tab)
    assert "without: BP and oxygen before leaving" in said(tab)


def test_the_front_desk_reads_nothing_of_the_form(care, closed):
    tab = _page(care, closed, care.front_desk)

    assert "Missing for the monitoring form" not in said(tab)
    assert "Save as submitted" not in buttons(tab)
    assert tab.get("download_button") == []


def test_the_form_names_the_client_and_is_not_printed_while_others_can_see(care, closed):
    tab = _page(care, closed)
    assert len(tab.get("download_button")) == 1
    sign_in_id = sign_in_of(tab)
    with care.database.writing() as db:
        say_who_sees(db, viewer_of(db, sign_in_id, NOW), Audience.OTHERS, NOW)
    well(tab.run())

    assert tab.get("download_button") == []
    assert "first say that no others" in said(tab)


@pytest.mark.parametrize("route", OTHERS)
@pytest.mark.parametrize("page", ["ketamine_session", "live_session"])
@pytest.mark.parametrize("given", [False, True])
def test_rule_41_no_page_of_another_route_shows_any_of_it(care, route, page, given):
    with care.database.writing() as db:
        series = a_series(db, care.course, product_route=route)
        if given:
            session = a_given_session(db, care.course, given_at=NOW - 9 * DAY)
        else:
            session = a_ketamine_session(db, care.course, series=series, planned_at=NOW + HOUR)
            db.execute(delete(RemsEnrollment))

    tab = opened(care, care.prescriber, page, id=session.id)

    everything = said(tab) + " ".join([*buttons(tab), *links(tab)])
    everything += " ".join(one.label for one in tab.text_input)
    assert [one for one in _OF_SPRAVATO if one in everything] == []


@pytest.fixture
def without(care):
    """A function that gives a course with this route alone, nobody enrolled for anything."""

    def course_of(route):
        with care.database.writing() as db:
            db.execute(delete(RemsEnrollment))
            client = a_client(db, care.therapist, family="Otherwise")
            course = a_course(db, client, prescriber=care.prescriber, therapist=care.therapist)
            a_clearance(db, course, care.prescriber.clinician_id, routes=(route,))
            a_series(db, course, product_route=route)
            a_given_session(db, course, given_at=NOW - 9 * DAY)
            a_ketamine_session(db, course, planned_at=NOW + HOUR)
        return client, course

    return course_of


@pytest.mark.parametrize("route", OTHERS)
@pytest.mark.parametrize(
    "page", ["today", "caseload", "ketamine_sessions", "integration", "client", "clearance"]
)
def test_rule_41_no_list_and_no_chart_speaks_of_it_for_another_route(care, without, route, page):
    client, course = without(route)
    of = {"client": {"client": client.code}, "clearance": {"episode": course.id}}

    tab = opened(care, care.prescriber, page, **of.get(page, {}))

    everything = said(tab) + " ".join([*buttons(tab), *links(tab)])
    assert "Otherwise" in everything
    assert [one for one in _OF_SPRAVATO if one in everything] == []


@pytest.mark.parametrize("page", ["ketamine_session", "live_session"])
def test_the_pages_of_a_session_stay_within_their_statements(care, closed, page):
    with care.database.writing() as db:
        session = db.get_one(KetamineSession, closed.id)
        some_monitoring_answers(db, session)
        a_submission(db, session)

    assert (
        statements_of(care, opened(care, care.prescriber, page, id=closed.id)) <= MOST_OF_A_SESSION
    )


@pytest.mark.parametrize("page", ["today", "caseload"])
def test_the_lists_stay_within_their_statements(care, closed, page):
    assert statements_of(care, opened(care, care.prescriber, page)) <= MOST_STATEMENTS


def test_what_the_form_asks_is_answered_yes_or_no_and_never_as_not_asked(care, closed):
    tab = _page(care, closed)

    offered = {tuple(one.options) for one in tab.radio if "/medicines." in str(one.key)}
    assert offered == {("Yes", "No")}
    assert tuple(box(tab, "answers", "before_is_acceptable").options) == ("Yes", "No")


def test_a_spravato_record_speaks_of_devices_only(care):
    tab = _page(care, _ordered(care, given=1))

    assert tuple(box(tab, "record", "administrations.0.kind").options) == ("Nasal device",)
    assert "Add another device" in buttons(tab)
    spoken = said(tab) + " ".join([*buttons(tab), *(one.label for one in tab.text_input)])
    assert "ooster" not in spoken
    assert "Dose given, mg" not in spoken


_FIRST = "The label begins with 56 mg; 84 mg first is for depression with acute suicidal thoughts."


@pytest.mark.parametrize("page", ["ketamine_session", "live_session"])
@pytest.mark.parametrize("ordered_ug", [56_000, 84_000])
def test_rule_33_84_mg_as_the_first_dose_is_said_until_a_device_is_given(care, page, ordered_ug):
    session = _ordered(care, ordered_ug=ordered_ug)
    # Not only in the folded form of who may order.
    tab = opened(care, care.therapist, page, id=session.id)
    assert (_FIRST in said(tab)) == (ordered_ug == 84_000)

    with care.database.writing() as db:
        an_administration(db, session, started_at=NOW - MINUTE, ug=28_000)

    assert _FIRST not in said(opened(care, care.therapist, page, id=session.id))


@pytest.mark.parametrize("is_in_error", [False, True])
@pytest.mark.parametrize("page", ["ketamine_session", "live_session", "booking"])
def test_rule_33_first_is_the_first_of_the_client_and_not_of_a_series(care, page, is_in_error):
    """It was given on a course that ended before, with a series of its own."""
    with care.database.writing() as db:
        before = a_course(db, care.client, prescriber=care.prescriber, therapist=care.therapist)
        earlier = a_spravato_session(
            db, before, last_at=NOW - 90 * DAY, out_at=NOW - 90 * DAY + 3 * HOUR
        )
        if is_in_error:
            for one in db.scalars(select(Administration).filter_by(ketamine_session_id=earlier.id)):
                one.voided_at, one.void_reason = NOW, "Another client's"
    if page == "booking":
        tab = opened(care, care.prescriber, page, episode=care.course.id)
        fill(tab, "booking", {"product_route": ESK, "mg": "84"})
    else:
        tab = opened(care, care.therapist, page, id=_ordered(care).id)

    assert (_FIRST in said(tab)) == is_in_error
