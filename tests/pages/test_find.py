"""Find a client, from any page: the answer to a phone call is in the result."""

from datetime import timedelta

import pytest
from sqlalchemy import update
from streamlit.testing.v1 import AppTest

from kapteam.accounts.sign_ins import end_all_of
from kapteam.db.tables import Client, SignIn
from kapteam.vocabulary import Audience, HoldReason, How
from tests.factories import (
    NOW,
    TODAY,
    a_client,
    a_clinician,
    a_concern,
    a_contact,
    a_course,
    a_hold,
    a_wait,
    pin,
)
from tests.factories_care import a_booked_pair, an_overdue_integration
from tests.pages.tabs import addresses, bare, links, opened, said, signed_in, statements_of, well

DAY = timedelta(days=1)


def _dialog_alone():
    """What stands in the dialog: Streamlit runs it without its page, AppTest only within one."""
    import streamlit as st

    from kapteam.ui import find
    from kapteam.ui.navigation import pages_for
    from kapteam.ui.shell import present

    here = present()
    if here is not None:
        st.navigation(pages_for(here.viewer))
    find._dialog.__wrapped__()


def _find(care, viewer, typed):
    tab = AppTest.from_function(_dialog_alone, default_timeout=20)
    tab.user = signed_in(care, viewer)
    well(tab.run())
    return well(tab.text_input(key="find_typed").set_value(typed).run())


def _found(tab):
    """The clients in the results, by code."""
    return [
        one.proto.query_string.removeprefix("client=")
        for one in tab.get("page_link")
        if one.proto.page == "client"
        and one.proto.label.startswith("**")
        and "client=" in one.proto.query_string
    ]


@pytest.fixture
def people(care):
    """Two of the therapist's clients, and one of a colleague's."""
    with care.database.writing() as db:
        a_booked_pair(db, care.course, therapist=care.therapist)
        other = a_client(db, care.therapist, given="Łukasz", family="Zając", preferred="Luke")
        an_overdue_integration(
            db, a_course(db, other, prescriber=care.prescriber, therapist=care.therapist)
        )
        theirs = a_client(db, care.stranger, given="Amos", family="Okonkwo")
        a_course(db, theirs, prescriber=care.stranger)
    return care


@pytest.mark.parametrize("page", ["today", "notes", "client_edit", "practice"])
def test_it_opens_from_every_page_also_from_one_that_is_not_mine(people, page):
    tab = opened(people, people.therapist, page)
    assert not tab.text_input or "find_typed" not in [one.key for one in tab.text_input]

    well(tab.button(key="find_button").click().run())

    assert tab.text_input(key="find_typed").value == ""
    assert "Two letters are enough." in said(tab)


def test_who_was_signed_out_meanwhile_gets_nothing_by_pressing_it(people):
    tab = opened(people, people.therapist, "notes")
    with people.database.writing() as db:
        end_all_of(db, people.therapist.clinician_id, None, NOW)

    well(tab.button(key="find_button").click().run())

    assert said(tab) == ""
    assert not tab.text_input


def test_the_answer_is_in_the_result(people):
    words = said(_find(people, people.therapist, "okafor"))

    assert "K-001 · born Mar 9, 1987 (39 y)" in words
    assert "Next dose **Wed Nov 25, 2:30 pm**" in words
    assert "70 mg intramuscular" in words
    assert "Phone] 602-555-0114" in words
    assert "Emergency contact] Ngozi Okafor, sister, 602-555-0177" in words
    assert "Who may be told what] not recorded" in words
    assert "Voicemail] not asked" in words


def test_a_course_on_hold_says_so_in_the_result(people):
    with people.database.writing() as db:
        a_hold(db, people.course, HoldReason.BLOOD_PRESSURE, people.prescriber.clinician_id)

    assert "On hold: blood pressure" in said(_find(people, people.therapist, "okafor"))
    to_the_desk = said(_find(people, people.front_desk, "okafor"))
    assert "On hold" in to_the_desk
    assert "blood pressure" not in to_the_desk


def test_what_is_planned_besides_the_dose_is_in_the_result(people):
    with people.database.writing() as db:
        at = NOW + timedelta(hours=1)
        a_contact(db, people.course, people.therapist, planned_at=at, how=How.PHONE)

    found = bare(said(_find(people, people.front_desk, "okafor")))

    assert "Preparation, by phone, Tue Nov 24, 3:30 pm, in 1 hr" in found


@pytest.mark.parametrize(("answer", "word"), [(True, "yes"), (False, "no"), (None, "not asked")])
def test_who_may_be_told_and_whether_a_voicemail_may_be_left_is_in_the_result(people, answer, word):
    with people.database.writing() as db:
        kept = db.get_one(Client, people.client.id)
        kept.voicemail_ok, kept.may_be_told = answer, "Her sister, about rides"

    tab = _find(people, people.therapist, "okafor")

    assert f"Voicemail] {word}" in said(tab)
    assert "Who may be told what] Her sister, about rides" in said(tab)

    with people.database.writing() as db:
        db.execute(update(SignIn).values(audience=Audience.OTHERS))
    well(tab.run())

    assert _found(tab) == [people.client.code]
    for label in ("Phone", "Emergency contact", "told", "Voicemail", "602", "sister"):
        assert label not in said(tab).replace("Name, code, phone", "")


def test_the_pinned_line_is_in_the_result_also_of_who_has_no_course(people):
    with people.database.writing() as db:
        pin(db, people.client, people.prescriber, "Her brother drives", at=NOW - 5 * DAY)
        new = a_client(db, people.therapist, family="Brandnew")
        pin(db, new, people.therapist, "Text first, then call")

    tab = _find(people, people.therapist, "okafor")
    assert "Robin Prescott, Thu Nov 19:] Her brother drives" in said(tab)
    words = said(_find(people, people.therapist, "brandnew"))
    assert "Thea Tallis, Tue Nov 24:] Text first, then call" in words

    with people.database.writing() as db:
        db.execute(update(SignIn).values(audience=Audience.OTHERS))
    well(tab.run())

    assert _found(tab) == [people.client.code]
    assert "brother" not in said(tab)
    assert "Robin Prescott" not in said(tab)


def test_who_is_late_is_told_in_the_words_of_every_other_page(people):
    words = said(_find(people, people.therapist, "zajac"))

    assert "50 hr since dose, not held" in words


@pytest.mark.parametrize(
    ("typed", "codes"),
    [
        ("ok", ["K-001"]),
        ("AMARA", ["K-001"]),
        ("lukasz", ["K-002"]),
        ("luke", ["K-002"]),
        ("k-002", ["K-002"]),
        ("1987-03-09", ["K-001", "K-002"]),
        ("3/9/1987", ["K-001", "K-002"]),
    ],
)
def test_rule_68_names_codes_and_birth_dates_are_found_as_they_are_typed(people, typed, codes):
    assert _found(_find(people, people.therapist, typed)) == codes


@pytest.mark.parametrize("typed", ["", "o", " o "])
def test_below_two_letters_nobody_is_listed(people, typed):
    tab = _find(people, people.therapist, typed)

    assert "Two letters are enough." in said(tab)
    assert _found(tab) == []


def test_no_match_is_said_with_what_was_typed_to_the_letter(people):
    wild = "<b>x</b> **b** www.x.y :material/star: $x$"
    tab = _find(people, people.therapist, wild)

    assert f"No client matches “{wild}”." in said(tab)
    assert _found(tab) == []


def test_who_finds_nobody_is_shown_the_way_to_emergency_access(people):
    label = "Not your client, and it cannot wait?"

    assert label in links(_find(people, people.therapist, "okonkwo"), "emergency")
    assert label not in links(_find(people, people.stranger, "okonkwo"))
    assert label not in links(_find(people, people.front_desk, "nobody of this name"))


def test_a_client_of_a_colleague_s_is_found_by_nobody_else(people):
    assert _found(_find(people, people.therapist, "okonkwo")) == []
    assert _found(_find(people, people.stranger, "okonkwo")) == ["K-003"]


def test_the_front_desk_finds_everybody(people):
    assert _found(_find(people, people.front_desk, "amara")) == ["K-001"]


def test_without_a_function_nobody_is_found(people):
    with people.database.writing() as db:
        nobody = a_clinician(db, name="Nora Nobody", is_administrator=True)

    tab = _find(people, nobody, "okafor")

    assert _found(tab) == []
    assert "602" not in said(tab)


def test_it_takes_as_many_statements_with_thirty_matches_as_with_three(care):
    def fill(numbers):
        with care.database.writing() as db:
            for number in numbers:
                client = a_client(db, care.therapist, family=f"Samename{number:02d}")
                course = a_course(db, client, prescriber=care.prescriber, therapist=care.therapist)
                a_booked_pair(db, course, therapist=care.therapist, dose_at=NOW + DAY)

    fill(range(3))
    tab = _find(care, care.therapist, "samename")
    few = statements_of(care, tab)
    assert len(_found(tab)) == 3
    fill(range(3, 30))
    tab = _find(care, care.therapist, "samename")

    assert statements_of(care, tab) == few
    assert len(_found(tab)) == 8
    assert "Samename07" in bare("".join(one.proto.label for one in tab.get("page_link")))


def test_a_concern_is_in_the_result_and_safety_is_one_tap_away_but_not_for_the_front_desk(people):
    with people.database.writing() as db:
        a_concern(db, people.client, people.prescriber)

    tab, desk = (_find(people, who, "okafor") for who in (people.therapist, people.front_desk))

    assert "Suicide risk, moderate, Robin Prescott" in said(tab)
    assert addresses(tab, "Safety") == [f"concern?client={people.client.code}"]
    assert "Suicide risk" not in said(desk)
    assert addresses(desk, "Safety") == []


@pytest.mark.parametrize("typed", ["", "okafor", "nobody of this name"])
@pytest.mark.parametrize("who", ["front_desk", "therapist"])
def test_the_crisis_lines_are_there_for_everybody_and_say_nothing_of_a_client(people, who, typed):
    with people.database.writing() as db:
        a_concern(db, people.client, people.prescriber)
    tab = _find(people, getattr(people, who), typed)
    (lines,) = [one for one in tab.expander if one.label == "Somebody is in danger now"]
    text = " ".join(one.value for one in lines.markdown)
    assert "988: call or text" in bare(text)
    assert "911: somebody is hurt" in bare(text)
    assert people.client.family_name not in text
    assert "Suicide risk" not in text


def test_the_answer_says_whom_the_client_waits_on(care):
    with care.database.writing() as db:
        a_wait(db, care.course, care.front_desk, call_back_on=TODAY + 6 * DAY)
    said_of = "insurer (Sonora Health) since Thu Nov 12, call back Mon Nov 30, Cory Corner"
    tab = _find(care, care.therapist, care.client.code)
    assert f"Waiting on: {said_of}" in said(tab)
    assert "Day " not in said(tab)
