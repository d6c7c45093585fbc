"""Caseload as a browser would get it, without the browser."""

from datetime import date, timedelta

import pytest

from kapteam.db.tables import Client, Episode
from kapteam.queries.caseload import Scope
from kapteam.vocabulary import Audience, EpisodeState, Function, HoldReason, ServiceLine
from tests.factories import NOW, TODAY, a_client, a_clinician, a_course, a_hold, pin
from tests.factories_care import (
    a_booked_pair,
    a_given_session,
    a_score,
    a_series,
    a_signed_intention,
    an_integration_session,
    an_overdue_integration,
    another_course,
)
from tests.pages.tabs import (
    MOST_STATEMENTS,
    a_tab,
    bare,
    headings,
    links,
    names,
    opened,
    said,
    statements_of,
    well,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WILD = "<script>x</script> **b** =HYPERLINK(1) -> www.x.y :material/star: [a](b) $x$"


def _open(care, viewer=None, **query):
    return opened(care, viewer or care.therapist, "caseload", **query)


def test_nobody_signed_in_gets_nothing(care):
    tab = well(a_tab("caseload").run())

    assert said(tab) == ""
    assert links(tab) == []


def test_without_a_function_there_is_no_caseload(care):
    with care.database.writing() as db:
        nobody = a_clinician(db, name="Nora Nobody", is_administrator=True)

    tab = _open(care, nobody)

    assert "Your sign-in has no function yet" in said(tab)
    assert names(tab) == []


def test_who_is_on_no_course_is_told_what_to_do_and_sees_nobody(care):
    tab = _open(care, care.stranger)

    assert "Nobody is in your care now." in said(tab)
    assert {"Record an inquiry", "Add a client"} <= set(links(tab))
    assert "Okafor" not in said(tab) + "".join(links(tab))


def test_a_client_has_every_column_in_words_in_the_order_of_the_headings(care):
    with care.database.writing() as db:
        care_course = care.course
        given = a_given_session(db, care_course, given_at=NOW - 20 * HOUR)
        an_integration_session(
            db, care_course, given, therapist=care.therapist, planned_at=NOW + 2 * HOUR
        )
        session, _ = a_booked_pair(db, care_course, dose_at=NOW + 6 * DAY)
        session.ordered_ug = None

    words = said(_open(care))

    columns = (
        ":gray[Last dose, score]",
        "Series, 1 of 6",
        "Integration **Tue Nov 24, 4:30 pm**",
        "Integration to do: 4 hr left, booked Tue Nov 24, 4:30 pm",
        "70 mg intramuscular, :gray[Mon Nov 23]",
    )
    places = [words.index(one) for one in columns]
    assert places == sorted(places)
    headings = (
        "Client",
        "Needs attention",
        "Stage",
        "Next step",
        "Integration",
        "Last dose, score",
    )
    places = [words.index(f":gray[{one}]") for one in headings]
    assert places == sorted(places)
    assert "None" not in words


def test_it_opens_the_client_by_the_code_never_by_the_name(care):
    tab = _open(care)

    (link,) = [one for one in tab.get("page_link") if one.proto.page == "client"]
    assert link.proto.query_string == "client=K-001"


def test_who_is_late_reads_so_under_integration_too_in_other_words(care):
    with care.database.writing() as db:
        an_overdue_integration(db, care.course)

    words = said(_open(care))

    assert words.count("Integration late") == 1
    assert words.count("50 hr since dose, not held") == 1


def test_the_reasons_after_the_first_are_behind_a_link_that_names_them(care):
    with care.database.writing() as db:
        an_overdue_integration(db, care.course)

    (more,) = [one.proto for one in _open(care).get("page_link") if "more" in bare(one.proto.label)]

    assert bare(more.label) == "+1 more"
    assert more.help == "No next step"
    assert more.query_string == "client=K-001"


def test_a_further_course_stands_below_with_its_service_line(care):
    with care.database.writing() as db:
        a_hold(db, care.course, HoldReason.TRAVEL, care.therapist.clinician_id)
        a_course(
            db,
            care.client,
            prescriber=None,
            therapist=care.therapist,
            service_line=ServiceLine.PSYCHEDELIC_INTEGRATION,
            state=EpisodeState.INTEGRATION,
        )

    tab = _open(care)

    assert len(names(tab)) == 1
    assert said(tab).index("On hold: travel") < said(tab).index("Psychedelic integration")


def test_a_hold_and_a_next_step_that_waits_are_said_with_their_names(care):
    with care.database.writing() as db:
        a_hold(
            db,
            care.course,
            HoldReason.TRAVEL,
            care.therapist.clinician_id,
            look_again_on=TODAY + 6 * DAY,
        )
        a_booked_pair(db, another_course(db, care, "Vale"), dose_at=NOW + DAY)

    words = said(_open(care))

    assert "On hold: travel, look again Mon Nov 30" in words
    assert "waiting on Thea Tallis: intention" in words


def test_with_nothing_to_look_at_the_pinned_line_stands_there_as_typed(care):
    with care.database.writing() as db:
        a_hold(db, care.course, HoldReason.TRAVEL, care.therapist.clinician_id)
        db.merge(care.client).pinned_line = WILD

    words = said(_open(care))

    assert WILD in words


def test_the_pinned_line_has_its_author_and_day(care):
    with care.database.writing() as db:
        a_hold(db, care.course, HoldReason.TRAVEL, care.therapist.clinician_id)
        pin(db, care.client, care.prescriber, "Her brother drives", at=NOW - 5 * DAY)
        new = a_client(db, care.therapist, family="Brandnew")
        pin(db, new, care.therapist, "Rides the bus")
    tab = _open(care)

    assert "Robin Prescott, Thu Nov 19:] Her brother drives" in said(tab)
    assert "Thea Tallis, Tue Nov 24:] Rides the bus" in said(tab)

    well(tab.radio(key="audience").set_value(Audience.OTHERS).run())

    assert "brother" not in said(tab)
    assert "Rides the bus" not in said(tab)
    assert "Robin Prescott, Thu" not in said(tab)


def test_who_needs_attention_has_no_pinned_line_there(care):
    with care.database.writing() as db:
        an_overdue_integration(db, care.course)
        pin(db, care.client, care.prescriber, "Her brother drives")

    assert "brother" not in said(_open(care))


def test_two_courses_stand_in_one_row(care):
    with care.database.writing() as db:
        a_course(
            db,
            care.client,
            prescriber=care.prescriber,
            therapist=care.therapist,
            service_line=ServiceLine.PSYCHEDELIC_INTEGRATION,
            state=EpisodeState.INTEGRATION,
        )

    tab = _open(care)

    assert headings(tab) == ["1 client"]
    assert len(names(tab)) == 1
    assert "Psychedelic integration" in said(tab)


def test_the_most_pressing_stands_first(care):
    with care.database.writing() as db:
        an_overdue_integration(db, another_course(db, care, "Amber"), hours=30)
        an_overdue_integration(db, another_course(db, care, "Red"))

    assert names(_open(care)) == ["Red, Amara", "Amber, Amara", "Okafor, Amara"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"caseload_state": "Maintenance"}, ["Upkeep, Amara"]),
        ({"caseload_view": "New"}, ["Fresh, Amara"]),
        ({"caseload_line": "Ketamine-assisted psychotherapy"}, None),
        ({"caseload_route": "sublingual"}, ["Fresh, Amara"]),
        ({"caseload_state": "nonsense"}, None),
    ],
)
def test_filters_live_in_the_address(care, query, found):
    with care.database.writing() as db:
        another_course(db, care, "Upkeep", state=EpisodeState.MAINTENANCE)
        fresh = another_course(db, care, "Fresh", opened_at=NOW - DAY)
        a_series(db, fresh, product_route="SL")

    tab = _open(care, **query)

    everybody = {"Upkeep, Amara", "Fresh, Amara", "Okafor, Amara"}
    assert set(names(tab)) == (set(found) if found else everybody)
    assert headings(tab) == ["1 of 3 clients" if found else "3 clients"]


def test_what_is_typed_filters_and_never_reaches_the_address(care):
    with care.database.writing() as db:
        another_course(db, care, "Vale")
    tab = _open(care)

    well(tab.text_input(key="caseload_text").set_value("val").run())

    assert names(tab) == ["Vale, Amara"]
    assert "caseload_text" not in tab.query_params


def test_nobody_found_is_said_with_what_was_typed(care):
    tab = _open(care)

    well(tab.text_input(key="caseload_text").set_value("**zelda**").run())

    assert "No client matches “**zelda**”. Check the spelling or clear the filter." in said(tab)
    assert names(tab) == []


def test_an_empty_view_says_how_to_see_everybody(care):
    tab = _open(care, caseload_view="Not held since dose")

    assert "Nobody here under “Not held since dose”. Choose All to see everybody." in said(tab)


def test_with_several_colleagues_one_is_picked(care):
    with care.database.writing() as db:
        petra = a_clinician(db, Function.PRESCRIBER, name="Petra Pill")
        another_course(db, care, "With-Petra", prescriber=petra)
        another_course(db, care, "Shared")
    tab = _open(care)
    assert set(names(tab)) == {"Okafor, Amara", "Shared, Amara"}

    well(tab.selectbox(key="caseload_colleague").set_value(petra.clinician_id).run())

    assert names(tab) == ["With-Petra, Amara"]
    assert not any("olleague" in name for name in tab.query_params)


def test_mine_and_ours(care):
    with care.database.writing() as db:
        another_course(db, care, "Alone", prescriber=None)
    tab = _open(care)
    assert names(tab) == ["Okafor, Amara"]
    assert tab.radio(key="caseload_scope").options == ["Ours together with Robin Prescott", "Mine"]

    well(tab.radio(key="caseload_scope").set_value(Scope.MINE).run())

    assert set(names(tab)) == {"Okafor, Amara", "Alone, Amara"}


def test_the_front_desk_sees_everyone_s_without_a_choice(care):
    tab = _open(care, care.front_desk)

    assert names(tab) == ["Okafor, Amara"]
    assert not [one for one in tab.radio if one.key == "caseload_scope"]


def test_25_to_a_page_and_the_next_page_has_the_others(care):
    with care.database.writing() as db:
        for number in range(29):
            another_course(db, care, f"Client{number:02d}")

    first, second = _open(care), _open(care, caseload_page="2")

    assert headings(first) == headings(second) == ["30 clients"]
    assert (len(names(first)), len(names(second))) == (25, 5)
    assert not set(names(first)) & set(names(second))


def test_a_page_that_there_is_not_is_the_first(care):
    assert names(_open(care, caseload_page="7")) == ["Okafor, Amara"]


def test_somebody_without_a_course_is_shown_apart(care):
    with care.database.writing() as db:
        a_client(db, care.front_desk, family="Brandnew")

    tab = _open(care)

    assert headings(tab) == ["1 client", "No course of care yet (1)"]
    assert names(tab) == ["Okafor, Amara", "Brandnew, Amara"]


def _alike(care):
    """Two people with one name on courses, and one on none."""
    with care.database.writing() as db:
        for born_on in (date(1991, 7, 30), date(1979, 1, 12)):
            twin = a_client(db, care.therapist, family="Alike", born_on=born_on)
            course = a_course(db, twin, prescriber=care.prescriber, therapist=care.therapist)
            an_overdue_integration(db, course)
            a_booked_pair(db, course, dose_at=NOW + DAY)
        a_client(db, care.therapist, family="Alike", born_on=None)


@pytest.mark.parametrize("page", ["today", "caseload", "ketamine_sessions", "integration"])
def test_rule_68_two_people_with_one_name_show_their_birth_dates(care, page):
    _alike(care)

    shown = links(opened(care, care.therapist, page), "client")

    alike = {one for one in shown if "Alike" in one}
    assert any("born Jul 30, 1991 (35 y)" in one for one in alike)
    assert any("born Jan 12, 1979 (47 y)" in one for one in alike)
    assert all("born" in one or "birth date not recorded" in one for one in alike)
    assert not any("born" in one for one in shown if "Okafor" in one)


def test_rule_68_holds_for_somebody_without_a_course_too(care):
    _alike(care)

    assert any("K-004, birth date not recorded" in one for one in links(_open(care), "client"))


def test_it_takes_as_many_statements_with_thirty_clients_as_with_three(care):
    def fill(numbers):
        with care.database.writing() as db:
            for number in numbers:
                course = another_course(db, care, f"Client{number:02d}")
                session, _ = a_booked_pair(db, course, therapist=care.therapist)
                a_signed_intention(db, session, care.therapist)

    fill(range(2))
    tab = _open(care)
    few = statements_of(care, tab)
    fill(range(2, 29))

    assert statements_of(care, tab) == few
    assert headings(tab) == ["30 clients"]


def test_every_integration_that_is_owed_can_be_booked_from_here(care):
    with care.database.writing() as db:
        for hours in (50, 20):
            an_overdue_integration(db, care.course, hours=hours)

    tab = opened(care, care.therapist, "client", client=care.client.code)
    caseload = said(opened(care, care.therapist, "caseload"))

    assert links(tab, "integration_session").count("Book") >= 2
    assert "50 hr since dose, not held" in caseload
    assert "4 hr left, not booked" in caseload


def test_who_came_back_has_their_last_dose_with_its_day_and_that_it_was_in_an_earlier_course(care):
    with care.database.writing() as db:
        first = another_course(db, care, "Back", state=EpisodeState.CLOSED)
        a_given_session(db, first, given_at=NOW - timedelta(days=90))
        client = db.get_one(Client, first.client_id)
        a_course(db, client, prescriber=care.prescriber, therapist=care.therapist)
    tab = _open(care)
    assert "70 mg intramuscular, :gray[Wed Aug 26, in an earlier course]" in bare(said(tab))
    assert statements_of(care, tab) <= MOST_STATEMENTS


def test_a_row_has_the_primary_score_first_to_last_with_its_best_and_its_word(care):
    with care.database.writing() as db:
        care_course = db.get_one(Episode, care.course.id)
        a_given_session(db, care_course, given_at=NOW - 21 * DAY)
        for days, total in ((22, 18), (9, 3), (2, 6)):
            a_score(db, care_course, care.therapist, total=total, taken_at=NOW - days * DAY)

    told = said(opened(care, care.therapist, "caseload"))
    assert "PHQ-9 18 → 6 (best 3), response" in told
    assert "![PHQ-9 from 18 to 6 over 3 scores, scale 0 to 27](<data:image/svg+xml," in told
    assert "PHQ-9 18" not in said(opened(care, care.front_desk, "caseload"))
    assert "data:image" not in said(opened(care, care.front_desk, "caseload"))
