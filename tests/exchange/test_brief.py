"""The brief before a dose: what it says, on the screen as on paper, and what it never says."""

from datetime import timedelta

import pytest

from kapteam.actions.notes import (
    AddendumEntered,
    AmendmentEntered,
    NoteReadEntered,
    add_addendum,
    amend_note,
    mark_note_read,
)
from kapteam.actions.views import record_brief
from kapteam.db.record_links import newest_anchor
from kapteam.db.tables import Client, KetamineSession
from kapteam.errors import NotAllowed, NotFound
from kapteam.exchange.brief import brief_pdf, lines
from kapteam.ids import new_id
from kapteam.queries.brief import brief
from kapteam.queries.record_state import record_state
from kapteam.vocabulary import AdverseEventKind, Support
from tests.factories import NOW, ZONE, audit_events
from tests.factories_care import (
    ON_SQLITE,
    Care,
    a_cared_for_client,
    a_given_session,
    a_ketamine_session,
    a_signed_intention,
    a_support_record,
    a_vital,
    an_event,
)
from tests.paper import pages_of

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def care(database) -> Care:
    return a_cared_for_client(database)


@pytest.fixture
def ahead(care):
    with care.database.writing() as db:
        session = a_ketamine_session(db, care.course, planned_at=NOW + HOUR, may_add_ug=20_000)
        session.people_present = "Sam in the room"
        return session


def _brief(care, session, who=None):
    with care.database.reading() as db:
        return brief(db, care.asked_by(who or care.therapist), session.id)


def _said(care, session, who=None):
    found = lines(_brief(care, session, who), NOW, ZONE)
    return {one.heading: one.text.replace("\u00a0", " ") for one in found}


def test_before_the_first_dose_it_says_what_is_not_known(care, ahead):
    said = _said(care, ahead)
    assert said["Order"] == "70 mg intramuscular, may add up to 20 mg once"
    assert said["Last dose"] == "none on this course"
    assert said["Intention"] == "none signed for this dose"
    assert said["Allergies"] == "not asked"
    assert said["Ride home"] == "Ngozi Okafor, 602-555-0177"
    assert said["Who is present"] == "Sam in the room"
    assert "Highest blood pressure then" not in said


def test_of_the_last_dose_it_says_how_much_how_high_and_what_helped(care, ahead):
    with care.database.writing() as db:
        older = a_given_session(db, care.course, given_at=NOW - 14 * DAY)
        a_vital(db, older, taken_at=NOW - 14 * DAY, systolic=199)
        last = a_given_session(
            db, care.course, given_at=NOW - 7 * DAY, boosted_at=NOW - 7 * DAY + 15 * MINUTE
        )
        for minutes, systolic in ((5, 128), (30, 162), (60, 134)):
            a_vital(db, last, taken_at=NOW - 7 * DAY + minutes * MINUTE, systolic=systolic)
        a_vital(db, last, taken_at=NOW - 7 * DAY, systolic=190, voided_at=NOW, void_reason="Cuff")
        a_support_record(
            db,
            last,
            care.therapist,
            given=[Support.PRESENCE.value, Support.BREATH.value],
            words="Held by the sea",
        )

    said = _said(care, ahead)

    assert said["Last dose"] == "90 mg intramuscular, Tue Nov 17, 2:45 pm"
    assert said["Highest blood pressure then"] == "162/82"
    assert said["What helped then"] == "presence and breath"
    assert said["In the client's words then"] == "Held by the sea"
    assert "Left early or unwell then" not in said
    assert "What befell them then" not in said
    assert "Pinned" not in said


def test_it_says_why_the_last_one_went_wrong_and_what_is_pinned(care, ahead):
    with care.database.writing() as db:
        last = a_given_session(db, care.course, given_at=NOW - 7 * DAY)
        last.early_out_reason = "Felt sick, her sister came"
        for kind in (AdverseEventKind.NAUSEA, AdverseEventKind.NAUSEA):
            an_event(db, last, kind=kind, onset_at=NOW - 7 * DAY)
        an_event(db, last, kind=AdverseEventKind.HEADACHE, onset_at=NOW, voided_at=NOW)
        db.get_one(Client, care.client.id).pinned_line = "Two clients named A.O."

    said = _said(care, ahead)

    assert said["What befell them then"] == "Nausea"
    assert said["Left early or unwell then"] == "Felt sick, her sister came"
    assert said["Pinned"] == "Two clients named A.O."


def test_the_intention_is_the_one_of_this_dose_and_says_what_touch_is_agreed(care, ahead):
    with care.database.writing() as db:
        other = a_ketamine_session(db, care.course, planned_at=NOW + 8 * DAY)
        a_signed_intention(db, other, care.therapist, intention="For another day")
        a_signed_intention(
            db,
            ahead,
            care.therapist,
            intention="To rest",
            coping="Breath",
            does_not_help="Talking",
            touch="Yes",
            touch_scope="Hand only",
        )

    said = _said(care, ahead)

    assert (said["Intention"], said["Coping skills agreed"]) == ("To rest", "Breath")
    assert said["What does not help"] == "Talking"
    assert said["Touch agreement"] == "Yes: Hand only"


def test_nobody_touches_by_an_agreement_that_nobody_asked_for(care, ahead):
    with care.database.writing() as db:
        a_signed_intention(db, ahead, care.therapist)
    assert _said(care, ahead)["Touch agreement"] == "not asked, so none"


def test_it_is_one_page_by_initials_and_code_and_nothing_typed_is_markup(care, ahead):
    wild = "#strong[*Bold*] $x$ <script>"
    with care.database.writing() as db:
        a_signed_intention(db, ahead, care.therapist, intention=wild)

    [page] = pages_of(brief_pdf(_brief(care, ahead), care.asked_by(care.therapist)))

    assert wild in page
    assert care.client.code in page
    assert care.client.family_name not in page.replace("Ngozi Okafor", "")


def test_what_was_amended_added_and_read_is_printed_with_the_intention(care, ahead):
    with care.database.writing() as db:
        note = a_signed_intention(db, ahead, care.therapist)
    amendment = AmendmentEntered(new_id(), note.id, "Misheard", "To rest without guilt.")
    care.do(amend_note, care.therapist, amendment)
    care.do(add_addendum, care.prescriber, AddendumEntered(new_id(), note.id, "Slept well."))
    care.do(mark_note_read, care.prescriber, NoteReadEntered(new_id(), note.id, "Agreed."))

    asked = care.asked_by(care.therapist)
    with care.database.reading() as db:
        state = record_state(db, asked)
        assert state == f"Record {newest_anchor(db)}"
    paper = " ".join(pages_of(brief_pdf(_brief(care, ahead), asked, state)))
    page = " ".join(paper.replace("\u200b", "").split())

    for words in ("Misheard To rest without guilt.", "Slept well.", "Agreed.", state):
        assert words in page
    assert "Robin Prescott, MD, Tue Nov 24, 2:30 pm Agreed." in page


def test_before_anything_is_signed_no_record_is_named(care, ahead):
    asked = care.asked_by(care.therapist)
    with care.database.reading() as db:
        assert record_state(db, asked) == ""


def test_the_front_desk_and_others_get_none(care, ahead):
    with pytest.raises(NotAllowed):
        _brief(care, ahead, care.front_desk)
    with pytest.raises(NotFound):
        _brief(care, ahead, care.stranger)


@ON_SQLITE
def test_printing_is_on_record_without_a_word_of_it(care, ahead):
    care.do(record_brief, care.therapist, care.client.id, ahead.id)
    (event,) = audit_events(care.database)
    assert (event.tag, event.client_id, event.changes) == ("brief:printed", care.client.id, {})


def test_at_home_nobody_needs_a_ride(care, ahead):
    with care.database.writing() as db:
        db.get_one(KetamineSession, ahead.id).at_home = True
    assert "Ride home" not in _said(care, ahead)
