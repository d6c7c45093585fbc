"""One inquiry: the first call, the consultation, and becoming a client."""

from datetime import timedelta

import pytest

from kapteam.db.tables import Client, Inquiry
from kapteam.ui.text import plain
from kapteam.vocabulary import InquiryOutcome, ServiceLine
from tests.factories import NOW, TODAY, a_client, a_clinician, an_inquiry
from tests.pages.filling import box, fill, press, typed
from tests.pages.tabs import bare, headings, links, opened, said, statements_of, unsigned

DAY = timedelta(days=1)
WILD = "<script>x</script> **b** =HYPERLINK(1) -> www.x.y :material/star: [a](b) $x$ 🌵 שלום"


@pytest.fixture
def called(care):
    with care.database.writing() as db:
        return an_inquiry(db, care.therapist)


def test_nobody_signed_in_gets_nothing(care, called):
    assert unsigned("inquiry", id=called.id) == ""
    assert unsigned("inquiry") == ""


@pytest.mark.parametrize("query", [{}, {"id": "there is none"}])
def test_without_a_function_there_is_no_form(care, query):
    with care.database.writing() as db:
        nobody = a_clinician(db, name="Nora Nobody", is_administrator=True)

    tab = opened(care, nobody, "inquiry", **query)

    assert "Your sign-in has no function yet" in said(tab)
    assert not tab.text_input


def test_an_unknown_one_is_said_to_be_none(care):
    tab = opened(care, care.therapist, "inquiry", id="nonsense")

    assert "There is no such inquiry." in said(tab)
    assert not tab.text_input


def test_a_call_starts_as_having_come_just_now_with_nothing_chosen_for_the_caller(care):
    found = typed(opened(care, care.front_desk, "inquiry"), "inquiry")

    assert found["called_on"] == TODAY
    assert found["called_time"].replace("\u00a0", " ") == "2:30 pm"
    assert found["service_wanted"] is None


def test_the_front_desk_keeps_a_first_call_and_is_back_at_the_list(care):
    tab = opened(care, care.front_desk, "inquiry")
    fill(tab, "inquiry", {"name": "Juniper Fable", "service_wanted": ServiceLine.KAP})

    press(tab, "Save inquiry")

    assert "Saved 2:30:00" in bare(tab.success[0].value)
    assert headings(tab) == ["Open (1)"]
    assert [one.name for one in care.rows(Inquiry)] == ["Juniper Fable"]


@pytest.mark.parametrize("outcome", list(InquiryOutcome))
def test_every_outcome_can_be_kept_also_of_somebody_who_becomes_a_client(care, called, outcome):
    tab = opened(care, care.front_desk, "inquiry", id=called.id)
    without = {InquiryOutcome.NO_CONTACT, InquiryOutcome.DECLINED}
    held = (
        {}
        if outcome in without
        else {
            "held_on": TODAY - DAY,
            "held_time": "9:00 am",
        }
    )

    press(fill(tab, "consultation", {**held, "outcome": outcome}), "Save outcome")

    kept = care.row(Inquiry, called.id)
    assert kept.outcome is outcome
    assert (kept.held_at is None) is (outcome in without)


def test_what_was_kept_of_the_consultation_stands_there_and_in_the_fields(care, called):
    with care.database.writing() as db:
        inquiry = db.get_one(Inquiry, called.id)
        inquiry.held_at, inquiry.outcome = NOW - DAY, InquiryOutcome.REFERRED_OUT
        inquiry.outcome_note = "To the clinic in Tempe."

    tab = opened(care, care.therapist, "inquiry", id=called.id)

    assert "**Referred elsewhere** :gray[consultation Mon Nov 23, 2:30 pm]" in said(tab)
    assert box(tab, "consultation", "held_on").value == TODAY - DAY
    assert box(tab, "consultation", "outcome").value is InquiryOutcome.REFERRED_OUT
    press(fill(tab, "consultation", {"outcome_note": "To Tempe."}), "Save outcome")
    kept = care.row(Inquiry, called.id)
    assert (kept.outcome_note, kept.held_at) == ("To Tempe.", NOW - DAY)


def test_who_is_in_danger_gets_the_crisis_lines_and_what_was_typed_stays(care, called):
    tab = opened(care, care.front_desk, "inquiry", id=called.id)
    assert "988" not in said(tab)
    fill(tab, "consultation", {"outcome_note": "Wants to begin soon."})

    fill(tab, "consultation", {"in_danger": "True"})

    assert "Stay on the line" in said(tab)
    assert "988: call or text" in said(tab)
    folded = [one for one in tab.expander if one.label.startswith("Once this person is safe")]
    assert [one.label for one in folded[0].button] == ["Save outcome"]
    fill(tab, "consultation", {"in_danger": "False"})
    assert "988" not in said(tab)
    assert typed(tab, "consultation")["outcome_note"] == "Wants to begin soon."


def test_the_answers_to_the_stop_questions_are_kept_and_what_was_not_asked_is_said(care, called):
    tab = opened(care, care.front_desk, "inquiry", id=called.id)
    answers = {"in_danger": "False", "psychosis_or_mania": "True", "pregnancy": "False"}
    rest = {"held_on": TODAY - DAY, "held_time": "9:00 am", "outcome": InquiryOutcome.PROCEED}
    press(fill(tab, "consultation", answers | rest), "Save outcome")

    kept = care.row(Inquiry, called.id)
    assert (kept.in_danger, kept.psychosis_or_mania, kept.heart_or_blood_pressure) == (
        False,
        True,
        None,
    )
    page = said(opened(care, care.front_desk, "inquiry", id=called.id))
    assert "Psychosis or mania, ever" in page
    assert "Not asked: Heart or blood pressure, In another treatment now" in page


def test_the_client_s_form_begins_with_what_the_inquiry_knows(care, called):
    tab = opened(care, care.front_desk, "inquiry", id=called.id)

    assert typed(tab, "becomes")["given_name"] == "Juniper"
    assert typed(tab, "becomes")["family_name"] == "Vale"
    assert typed(tab, "becomes")["phone"] == "602-555-0142"
    press(tab, "Save client")
    assert "Client K-002" in [one.value for one in tab.title]
    assert care.row(Inquiry, called.id).client_id == care.rows(Client)[-1].id


def test_a_client_already_made_of_it_is_linked_and_not_made_again(care, called):
    with care.database.writing() as db:
        inquiry = db.get_one(Inquiry, called.id)
        inquiry.client_id, inquiry.outcome = care.client.id, InquiryOutcome.PROCEED
        inquiry.held_at = NOW - DAY

    tab = opened(care, care.therapist, "inquiry", id=called.id)

    assert links(tab) == ["Open client K-001"]
    assert "consultation Mon Nov 23, 2:30 pm" in said(tab)
    assert not tab.tabs
    assert not tab.text_input


def test_odd_text_is_kept_and_shown_to_the_letter(care):
    tab = opened(care, care.therapist, "inquiry")
    phone = f"555 {WILD}"
    press(fill(tab, "inquiry", {"name": WILD, "phone": phone, "concern": WILD}), "Save inquiry")
    (kept,) = care.rows(Inquiry)
    assert (kept.name, kept.phone, kept.concern) == (WILD, phone, WILD)

    tab = opened(care, care.therapist, "inquiry", id=kept.id)

    assert WILD in [one.value for one in tab.text]
    for one in tab.markdown:
        assert "HYPERLINK" not in one.value or plain(WILD) in one.value


def test_it_takes_as_many_statements_with_thirty_callers_and_clients_as_with_three(care, called):
    def fill(numbers):
        with care.database.writing() as db:
            for number in numbers:
                an_inquiry(db, care.therapist, name=called.name)
                a_client(db, care.therapist, family=f"Caller {number}")

    fill(range(3))
    tab = opened(care, care.therapist, "inquiry", id=called.id)
    few = statements_of(care, tab)
    fill(range(3, 30))

    assert statements_of(care, tab) == few
