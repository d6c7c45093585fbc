"""The minutes in words: exactly what was decided, by code, and with names only where asked."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from kapteam.actions.views import record_minutes
from kapteam.db.tables import ReviewItem
from kapteam.errors import NotAllowed
from kapteam.exchange.minutes import decision_text, minutes_pdf, minutes_text
from kapteam.queries.case_review import meeting, past_item
from kapteam.rules.permissions import Viewer
from kapteam.vocabulary import ActionEnd, Audience, ExportPurpose, ReviewDecision
from tests.factories import NOW, TODAY, ZONE, audit_events
from tests.factories_care import ON_SQLITE, Care, a_cared_for_client, another_course
from tests.factories_review import a_review, an_agreed_action, an_item
from tests.paper import pages_of

pytestmark = ON_SQLITE
NAMES = ("Okafor", "Amara", "Birdsong", "Costello", "Delgado")
PROPOSED = "Change dose, route or interval (proposed, not confirmed by a prescriber)"
ODD = '#panic("x") *b* $x$ \\ @ref <label> =HYPERLINK("x") 🦋\n= Heading'


@pytest.fixture
def care(database) -> Care:
    return a_cared_for_client(database)


@pytest.fixture
def review(care):
    """A proposed change of dose, one without a word, one not reached, one taken off."""
    with care.database.writing() as db:
        held = a_review(db, care.prescriber, care.therapist, confirmed_by=(care.therapist,))
        first = an_item(
            db,
            held,
            care.course,
            care.therapist,
            decision=ReviewDecision.DOSE,
            words="80 mg next time.\nAsk how the last one was.",
        )
        an_agreed_action(db, first, care.prescriber)
        steady = another_course(db, care, "Birdsong")
        an_item(db, held, steady, care.therapist, decision=ReviewDecision.NO_CHANGE)
        an_item(db, held, another_course(db, care, "Costello"))
        an_item(db, held, another_course(db, care, "Delgado"), dropped_by=care.therapist)
    return held


def _meeting(care, review, who: Viewer | None = None):
    with care.database.reading() as db:
        return meeting(db, care.asked_by(who or care.prescriber), review.id)


def _text(care, review, *, with_names=False) -> str:
    asked = care.asked_by(care.prescriber)
    text = minutes_text(_meeting(care, review), asked, with_names=with_names)
    return text.replace("\u00a0", " ")


def _paper(care, review, names_for=None, record="") -> list[str]:
    asked = care.asked_by(care.prescriber)
    return pages_of(minutes_pdf(_meeting(care, review), asked, names_for, record))


def test_the_text_is_what_was_decided_and_nothing_else(care, review):
    assert _text(care, review).splitlines() == [
        "Case review, Tue Nov 24, 2026",
        "Held from 12:30 pm MST to 1:30 pm MST",
        "Present: Robin Prescott and Thea Tallis",
        "Saguaro Practice",
        "",
        "Decided (2)",
        f"- K-001: {PROPOSED}. Entered by Thea Tallis.",
        "  80 mg next time.",
        "  Ask how the last one was.",
        "- K-002: No change. Entered by Thea Tallis.",
        "",
        "Actions (1)",
        "Robin Prescott",
        "- K-001: Call the cardiologist, by Mon Nov 30, 2026",
        "",
        "Not reached (1)",
        "- K-003",
        "",
        "Taken off (1)",
        "- K-004, by Thea Tallis",
        "",
        "Not confirmed by Robin Prescott yet",
        "Confirmed by Thea Tallis, Tue Nov 24, 2026, 2:30 pm MST",
    ]


def test_paper_says_the_same(care, review):
    (page,) = _paper(care, review)
    for words in (
        "Case review, Tue Nov 24, 2026",
        "Robin Prescott and Thea Tallis",
        "Decided (2)",
        f"K-001 {PROPOSED}",
        "80 mg next time. Ask how the last one was.",
        "K-002 No change",
        "Actions (1)",
        "K-001: Call the cardiologist, by Mon Nov 30, 2026",
        "Not reached (1)",
        "Taken off the agenda (1)",
        "K-004, by Thea Tallis",
        "Not confirmed by Robin Prescott yet",
        "Confirmed by Thea Tallis, Tue Nov 24, 2026, 2:30 pm MST",
        "Clients by code.",
    ):
        assert words in page, words


def test_without_asking_there_is_no_name_on_either(care, review):
    for words in (_text(care, review), " ".join(_paper(care, review))):
        assert not [name for name in NAMES if name in words]


def test_rule_65_with_names_it_says_what_for(care, review):
    (page,) = _paper(care, review, ExportPurpose.SUPERVISION)
    assert "Okafor, Amara (K-001)" in page
    assert "Clients by name, for: supervision or an audit." in page
    assert "- Okafor, Amara (K-001): Change dose" in _text(care, review, with_names=True)


def test_a_change_of_dose_that_was_confirmed_says_by_whom(care):
    with care.database.writing() as db:
        held = a_review(db, care.prescriber, care.therapist)
        an_item(
            db,
            held,
            care.course,
            care.therapist,
            decision=ReviewDecision.DOSE,
            words="80 mg.",
            confirmed_by=care.prescriber,
        )
    text = _text(care, held)
    assert "Entered by Thea Tallis, confirmed by Robin Prescott." in text
    assert "proposed" not in text


def test_what_became_of_an_action_stands_beside_it_and_each_owner_is_named_once(care, review):
    with care.database.writing() as db:
        held = a_review(db, care.prescriber, care.therapist)
        item = an_item(db, held, care.course, care.therapist)
        ended = {
            "ended_as": ActionEnd.DONE,
            "ended_at": NOW,
            "ended_by_id": care.nurse.clinician_id,
        }
        an_agreed_action(db, item, care.therapist, words="Book a room", **ended)
        an_agreed_action(db, item, care.prescriber, words="Order")
        an_agreed_action(db, item, care.therapist, words="Call", due_on=TODAY)
    lines = _text(care, held).splitlines()
    start = lines.index("Actions (3)") + 1
    assert lines[start : start + 5] == [
        "Robin Prescott",
        "- K-001: Order, by Mon Nov 30, 2026",
        "Thea Tallis",
        "- K-001: Call, by Tue Nov 24, 2026",
        "- K-001: Book a room, by Mon Nov 30, 2026 (done, Nico Nightingale, Tue Nov 24, 2026)",
    ]


def test_typed_marks_stay_text_and_a_sign_without_a_font_prints_all_the_same(care):
    with care.database.writing() as db:
        held = a_review(db, care.prescriber, care.therapist)
        item = an_item(db, held, care.course, care.therapist, words=ODD)
        an_agreed_action(db, item, care.therapist, words=ODD.replace("\n", " "))
        item.reasons = [{"words": ODD, "for_others": ODD, "tone": "red"}]
    (page,) = _paper(care, held)
    assert page.count('#panic("x") *b* $x$ \\ @ref <label> =HYPERLINK("x")') == 2
    assert "= Heading" in page
    with care.database.reading() as db:
        past = past_item(db, care.asked_by(care.therapist), item.id)
    assert ODD in decision_text(past, ZONE)


def test_fifty_decisions_are_all_there_on_numbered_pages(care):
    with care.database.writing() as db:
        held = a_review(db, care.prescriber, care.therapist)
        for number in range(50):
            course = another_course(db, care, f"Family{number}")
            item = an_item(db, held, course, care.therapist, words=f"Decision {number}.")
            an_agreed_action(db, item, care.therapist, words=f"Action {number}")
    pages = _paper(care, held)
    words = " ".join(pages)
    assert "Decided (50)" in words
    assert all(f"Decision {number}." in words for number in range(50))
    assert all(f": Action {number}, by" in words for number in range(50))
    assert "Family" not in words
    assert pages[-1].endswith(f"{len(pages)} of {len(pages)}")


def test_a_review_of_which_nothing_was_reached_says_so(care):
    with care.database.writing() as db:
        held = a_review(db, care.prescriber)
        an_item(db, held, care.course)
    (page,) = _paper(care, held)
    assert "Decided (0) Actions (0) Not reached (1)" in page
    assert "Taken off" not in page


def test_a_review_that_runs_says_that_it_has_not_ended(care):
    with care.database.writing() as db:
        held = a_review(db, care.prescriber, ended_at=None)
        an_item(db, held, care.course)
    assert "Held from 12:30 pm MST, not ended yet" in _text(care, held)


def test_a_review_that_was_resumed_the_next_day_says_when_it_ended(care):
    with care.database.writing() as db:
        held = a_review(db, care.prescriber, started_at=NOW - timedelta(days=1), ended_at=NOW)
        an_item(db, held, care.course)
    assert "Held from 2:30 pm MST to Tue Nov 24, 2026, 2:30 pm MST" in _text(care, held)


def test_a_course_that_one_has_left_is_counted_and_not_told(care, review):
    with care.database.writing() as db:
        joint = a_review(db, care.therapist, care.stranger)
        an_item(db, joint, care.course, care.therapist, words="Not for everybody.")
        own = another_course(db, care, "Elm", therapist=care.stranger)
        an_item(db, joint, own, care.stranger, words="Ours.")
    shown = _meeting(care, joint, care.stranger)
    text = minutes_text(shown, care.asked_by(care.stranger), with_names=True)
    assert "Ours." in text
    assert "Left out: 1 course of care that who took this along is not on." in text
    assert "Not for everybody." not in text
    assert care.client.code not in text


def test_the_state_of_the_signed_records_stands_at_the_foot(care, review):
    assert "Record 3-b9d5-ccd3" in _paper(care, review, record="Record 3-b9d5-ccd3")[-1]


def test_one_decision_is_text_by_code_with_why_and_how_it_stood(care, review):
    item = _meeting(care, review).items[0]
    with care.database.reading() as db:
        past = past_item(db, care.asked_by(care.prescriber), item.id)
    assert decision_text(past, ZONE).replace("\u00a0", " ").splitlines() == [
        "Case review, Tue Nov 24, 2026",
        "Held from 12:30 pm MST to 1:30 pm MST",
        "Present: Robin Prescott and Thea Tallis",
        "Client K-001",
        "",
        "Why on the agenda",
        "- Integration late, was due Mon Nov 23",
        "",
        "As it stood",
        "- Stage: Series, 2 of 6",
        "- Score: PHQ-9 18 to 14",
        "",
        f"Decided: {PROPOSED}",
        "80 mg next time.",
        "Ask how the last one was.",
        "Entered by Thea Tallis.",
        "",
        "Agreed",
        "- Robin Prescott: Call the cardiologist, by Mon Nov 30, 2026",
    ]


@pytest.mark.parametrize("how", ["printed", "copied"])
@pytest.mark.parametrize("names_for", [None, ExportPurpose.MEETING])
def test_rule_65_taking_it_along_is_on_record_with_what_names_are_for(care, review, how, names_for):
    care.do(record_minutes, care.prescriber, how, review.id, ["K-001"], names_for)
    (event,) = audit_events(care.database)
    assert (event.tag, event.subject_id) == (f"case_review:{how}", review.id)
    named = {"names_for": "meeting"} if names_for else {}
    assert event.changes == {"codes": ["K-001"]} | named


def test_names_are_not_taken_along_while_others_can_see_the_screen(care, review):
    shared = replace(care.prescriber, audience=Audience.OTHERS)
    with pytest.raises(NotAllowed):
        care.do(record_minutes, shared, "copied", review.id, [], ExportPurpose.MEETING)
    assert audit_events(care.database) == []


def test_what_was_written_and_not_decided_is_said_to_be_that(care, review):
    with care.database.writing() as db:
        for item in db.scalars(select(ReviewItem)):
            item.typed = "Ask the sister."
    lines = _text(care, review).splitlines()
    assert "  Written, not saved as a decision: Ask the sister." in lines
    assert "- K-003: Written, not saved as a decision: Ask the sister." in lines
    taken_off = "- K-004, by Thea Tallis: Written, not saved as a decision: Ask the sister."
    assert taken_off in lines
