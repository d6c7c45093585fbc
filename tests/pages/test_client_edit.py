"""A client's details: a new client, or a change."""

from datetime import date, timedelta

import pytest

from kapteam.db.tables import Client
from tests.factories import TODAY, a_clinician
from tests.pages.filling import beside, fill, press, typed
from tests.pages.tabs import links, opened, said, unsigned

DAY = timedelta(days=1)
NOBODY = "There is no client with this code, or you are not on one of their courses."


def test_nobody_signed_in_gets_nothing(care):
    assert unsigned("client_edit") == ""
    assert unsigned("client_edit", client="K-001") == ""


def test_without_a_function_there_is_no_form(care):
    with care.database.writing() as db:
        nobody = a_clinician(db, name="Nora Nobody", is_administrator=True)

    for query in ({}, {"client": "K-001"}):
        tab = opened(care, nobody, "client_edit", **query)
        assert "Your sign-in has no function yet" in said(tab)
        assert not tab.text_input


@pytest.mark.parametrize("code", ["K-001", "K-999", ""])
def test_who_is_on_none_of_their_courses_sees_nothing_of_the_client(care, code):
    tab = opened(care, care.stranger, "client_edit", client=code)

    assert NOBODY in said(tab)
    assert "Amara" not in said(tab)
    assert not tab.text_input


def test_a_new_client_starts_empty_and_not_asked(care):
    tab = opened(care, care.front_desk, "client_edit")
    assert tab.title[0].value == "New client"
    found = typed(tab, "client")

    assert not [value for value in found.values() if value]


def test_two_identifiers_stand_above_the_fields_of_a_client(care):
    words = said(opened(care, care.therapist, "client_edit", client="k-001"))

    assert "**Okafor, Amara**" in words
    assert "Code **K-001**" in words
    assert "born Mar 9, 1987 (39 y)" in words


def test_a_new_client_gets_the_next_code_and_is_shown(care):
    tab = opened(care, care.front_desk, "client_edit")
    values = {
        "given_name": "Juniper",
        "family_name": "Fable",
        "born_on": date(1990, 2, 28),
        "voicemail_ok": "False",
        "allergies_asked_on": TODAY,
    }

    press(fill(tab, "client", values), "Save client")

    assert [one.value for one in tab.title] == ["Client K-002"]
    kept = care.rows(Client)[-1]
    assert (kept.family_name, kept.born_on, kept.voicemail_ok) == (
        "Fable",
        date(1990, 2, 28),
        False,
    )
    # Asked, and there are none: not the same as not asked.
    assert (kept.allergies, kept.medications) == ("", None)


def test_saved_unchanged_it_changes_nothing_not_even_the_version(care):
    tab = opened(care, care.therapist, "client_edit", client="K-001")

    press(tab, "Save")

    assert care.row(Client, care.client.id).version == care.client.version


def test_conditions_and_the_usual_blood_pressure_are_kept_with_their_day(care):
    tab = opened(care, care.therapist, "client_edit", client="K-001")
    values = {"conditions_asked_on": TODAY, "usual_pressure": "80/120"}
    press(fill(tab, "client", values | {"usual_pressure_asked_on": TODAY}), "Save")
    assert "The first number is the higher one" in beside(tab, "client", "usual_pressure")

    press(fill(tab, "client", {"usual_pressure": "128 over 82"}), "Save")

    kept = care.row(Client, care.client.id)
    assert (kept.conditions, kept.conditions_asked_on) == ("", TODAY)
    assert (kept.usual_pressure, kept.usual_pressure_asked_on) == ("128/82", TODAY)


def test_a_day_and_an_answer_can_be_taken_back(care):
    tab = opened(care, care.therapist, "client_edit", client="K-001")
    press(fill(tab, "client", {"voicemail_ok": "True", "allergies_asked_on": TODAY}), "Save")
    tab = opened(care, care.therapist, "client_edit", client="K-001")

    press(tab, "No birth date")
    press(tab, "Allergies: not asked")
    assert typed(tab, "client")["born_on"] is None
    press(fill(tab, "client", {"voicemail_ok": ""}), "Save")

    kept = care.row(Client, care.client.id)
    assert (kept.born_on, kept.allergies_asked_on, kept.voicemail_ok) == (None, None, None)


def test_a_birth_date_is_echoed_with_its_weekday_and_month(care):
    tab = opened(care, care.therapist, "client_edit")

    fill(tab, "client", {"born_on": date(1987, 3, 9)})

    assert "Mon Mar 9, 1987" in said(tab)


def test_the_form_says_nothing_before_it_was_pressed(care):
    tab = opened(care, care.therapist, "client_edit")

    fill(tab, "client", {"born_on": TODAY + DAY})

    assert beside(tab, "client", "born_on") == ""
    assert beside(tab, "client", "family_name") == ""


def test_a_namesake_is_shown_while_the_name_is_typed_and_asked_about(care):
    tab = opened(care, care.front_desk, "client_edit")
    values = {"given_name": "amara", "family_name": "Okafor", "born_on": date(1987, 3, 9)}
    fill(tab, "client", values)
    assert "Same name: K-001, born Mar 9, 1987" in said(tab)
    assert "Open K-001" in links(tab)

    press(tab, "Save client", "client")
    assert "Tick this if it is another person" in beside(tab, "client", "is_another_person")
    assert len(care.rows(Client)) == 1
    press(fill(tab, "client", {"is_another_person": True}), "Save client")

    assert len(care.rows(Client)) == 2


def test_of_a_namesake_on_other_courses_only_that_there_is_one_is_said(care):
    tab = opened(care, care.stranger, "client_edit")
    fill(tab, "client", {"given_name": "Amara", "family_name": "Okafor"})

    assert "Same name: a client on courses that you are not on" in said(tab)
    assert "K-001" not in said(tab)
    assert "1987" not in said(tab)
