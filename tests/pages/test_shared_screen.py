"""Two people at one screen, on the pages: who is here, whose lists, never the rights of both."""

import pytest
from sqlalchemy import select

from kapteam.accounts.sign_ins import let_act
from kapteam.db.tables import AuditEvent, Clinician, Episode
from kapteam.queries.standing import Scope
from kapteam.rules.permissions import Viewer
from kapteam.ui.text import plain
from kapteam.vocabulary import Audience, Function, Indication
from tests.factories import a_client, a_clinician, a_course
from tests.factories_care import Care, a_ketamine_session, an_overdue_integration
from tests.pages.tabs import (
    MOST_STATEMENTS,
    back,
    buttons,
    links,
    names,
    opened,
    opened_by_two,
    said,
    sign_in_of,
    statements_of,
    titles,
    well,
)

LISTS = ("today", "caseload", "ketamine_sessions", "integration")


@pytest.fixture
def two(care: Care) -> Care:
    """Besides Okafor, whom both treat, Solo, whom Thea treats with somebody else."""

    with care.database.writing() as db:
        other = a_clinician(db, Function.PRESCRIBER, name="Otis Other")
        client = a_client(db, care.therapist, family="Solo")
        solo = a_course(db, client, prescriber=other, therapist=care.therapist, cleared=True)
        for course in (care.course, solo):
            a_ketamine_session(db, course)
            an_overdue_integration(db, course)
    return care


def popovers(tab) -> list[str]:
    """Those of the header: who sees the screen, who is at it."""
    labels = [one.proto.popover.label for one in tab.get("popover")]
    return labels[:2]


def html(tab) -> str:
    return "\n".join(one.proto.body for one in tab.get("html"))


def test_the_header_says_who_is_here_and_who_acts(two: Care) -> None:
    alone = opened(two, two.therapist, "notes")
    assert popovers(alone)[-1] == "Thea Tallis"
    assert "Add a colleague to this screen" in html(alone)
    assert "leaves this screen" not in html(alone)

    tab = opened_by_two(two, two.therapist, two.prescriber, "notes")
    assert popovers(tab)[-1] == "Thea and Robin · Thea acts"
    shown = html(tab)
    for said_there in (
        "Let Robin Prescott act",
        "Robin Prescott leaves this screen",
        "Leave this screen",
        "Sign out both",
    ):
        assert said_there in shown
    assert "Add a colleague" not in shown
    assert f'data-kapteam-room="just_me/{two.prescriber.clinician_id}"' in shown


def test_a_name_that_is_markup_is_none(care: Care) -> None:
    with care.database.writing() as db:
        odd = a_clinician(db, Function.NURSE, name="<b>Bo</b> [x](http://e)")
    tab = opened_by_two(care, care.therapist, odd, "notes")
    assert "<b>Bo" not in html(tab)
    assert "Let &lt;b&gt;Bo&lt;/b&gt; [x](http://e) act" in html(tab)


@pytest.mark.parametrize("page", LISTS)
def test_a_list_begins_with_what_both_treat_and_mine_is_one_press_away(
    two: Care, page: str
) -> None:
    tab = opened_by_two(two, two.therapist, two.prescriber, page)
    assert "Okafor" in "".join(names(tab))
    assert "Solo" not in "".join(names(tab))
    key = "caseload_scope_of_two" if page == "caseload" else f"{page}_whose_of_two"
    assert tab.radio(key=key).value is Scope.OURS
    well(tab.radio(key=key).set_value(Scope.MINE).run())
    assert "Solo" in "".join(names(tab))
    assert statements_of(two, tab) <= MOST_STATEMENTS


@pytest.mark.parametrize("page", LISTS)
def test_together_takes_no_more_statements_than_a_list_may(two: Care, page: str) -> None:
    tab = opened_by_two(two, two.therapist, two.prescriber, page)
    assert statements_of(two, tab) <= MOST_STATEMENTS


@pytest.mark.parametrize("page", LISTS)
def test_alone_nobody_is_asked_whether_together(two: Care, page: str) -> None:
    tab = opened(two, two.therapist, page)
    assert "Solo" in "".join(names(tab)) or page == "caseload"
    assert not [one.key for one in tab.radio if str(one.key).endswith("_of_two")]


def test_what_is_chosen_on_one_list_holds_on_the_next(two: Care) -> None:
    tab = opened_by_two(two, two.therapist, two.prescriber, "today")
    well(tab.radio(key="today_whose_of_two").set_value(Scope.MINE).run())
    back(tab, "integration")
    assert tab.radio(key="integration_whose_of_two").value is Scope.MINE
    assert "Solo" in "".join(names(tab))


def test_today_is_in_an_order_for_both(two: Care) -> None:
    tab = opened_by_two(two, two.therapist, two.prescriber, "today")
    order = [one for one in titles(tab) if one.startswith(("Waiting", "Integration", "Other"))]
    assert order[:2] == ["Waiting on Thea Tallis", "Waiting on Robin Prescott"]
    assert not [one for one in tab.radio if one.key == "today_order"]
    assert said(tab).count("Robin Prescott") == 1


@pytest.mark.parametrize("name", ["Dr. Ann-Marie O'Neil", "*Bo* [x](http://e)"])
def test_a_name_in_a_heading_is_shown_to_the_letter(two: Care, name: str) -> None:
    with two.database.writing() as db:
        db.get_one(Clinician, two.prescriber.clinician_id).name = name
    tab = opened_by_two(two, two.therapist, two.prescriber, "today")
    headings = [one.value for one in (*tab.subheader, *tab.markdown) if "Waiting on" in one.value]
    shown = [one for one in headings if "Waiting on Thea" not in one.replace("\\", "")]
    [heading] = shown
    assert plain(f"Waiting on {name}") in heading or plain(name) in heading
    assert plain(plain(name)) not in heading


@pytest.mark.parametrize("audience", Audience)
def test_no_diagnosis_is_ever_on_today(two: Care, audience: Audience) -> None:
    with two.database.writing() as db:
        db.get_one(Episode, two.course.id).indications = [*Indication]
    tab = opened_by_two(two, two.therapist, two.prescriber, "today")
    well(tab.radio(key="audience").set_value(audience).run())
    shown = said(tab) + "".join(links(tab))
    assert two.client.code in shown
    assert [one.label for one in Indication if one.label in shown] == []


def test_two_who_share_nobody_are_told_so_and_how_to_see_their_own(two: Care) -> None:
    tab = opened_by_two(two, two.therapist, two.stranger, "today")
    assert "No course of care is open that both of you are on. Choose Mine for yours." in said(tab)
    assert names(tab) == []
    assert "Add a client" not in links(tab)


@pytest.mark.parametrize(("acts", "sees_practice"), [("therapist", False), ("prescriber", True)])
def test_what_the_other_may_do_the_acting_one_may_not(
    two: Care, acts: str, sees_practice: bool
) -> None:
    with two.database.writing() as db:
        db.get_one(Clinician, two.prescriber.clinician_id).is_administrator = True
    other = "prescriber" if acts == "therapist" else "therapist"
    tab = opened_by_two(two, getattr(two, acts), getattr(two, other), "practice")
    assert ("Only an administrator" in said(tab)) is not sees_practice
    clearance = opened_by_two(
        two, getattr(two, acts), getattr(two, other), "clearance", episode=two.course.id
    )
    assert ("Save clearance" in buttons(clearance)) is (acts == "prescriber")


def test_a_chart_is_seen_by_who_acts_and_by_nobody_else(two: Care) -> None:
    opened_by_two(two, two.therapist, two.prescriber, "client", client=two.client.code)
    with two.database.reading() as db:
        seen = db.scalars(
            select(AuditEvent.clinician_id).where(AuditEvent.tag == "client:viewed")
        ).all()
    assert seen == [two.therapist.clinician_id]


def _switch(two: Care, tab, who: Viewer) -> None:
    with two.database.writing() as db:
        let_act(db, sign_in_of(tab), who.clinician_id)


def test_a_tab_of_the_one_shows_and_saves_nothing_once_the_other_acts(two: Care) -> None:
    tab = opened_by_two(two, two.therapist, two.prescriber, "consent", episode=two.course.id)
    with two.database.reading() as db:
        before = db.scalars(select(AuditEvent.id)).all()
    _switch(two, tab, two.prescriber)
    save = next(one for one in tab.button if one.label.startswith("Save"))
    save.click().run()
    assert said(tab) == ""
    with two.database.reading() as db:
        assert db.scalars(select(AuditEvent.id)).all() == before
    _switch(two, tab, two.therapist)
    assert well(tab.run()).title


def test_a_tab_without_a_person_is_nobodys(two: Care) -> None:
    tab = opened_by_two(two, two.therapist, two.prescriber, "today")
    whole = tab.user["sign_in"]
    for user in (whole.rpartition(".")[0], f"{whole}.x", f"{whole}x", "practice..", ""):
        tab.user = {"sign_in": user}
        assert said(tab.run()) == ""
