"""Notes: typed as drafts that only the author reads, signed once, locked, amended beside."""

import dataclasses
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from kapteam.actions import notes
from kapteam.actions.notes import AddendumEntered, AmendmentEntered, NoteEntered
from kapteam.db.engine import Database
from kapteam.db.in_force import practice_in_force
from kapteam.db.tables import (
    Administration,
    Draft,
    Episode,
    EpisodeMember,
    IntegrationSession,
    IntegrationSessionFor,
    KetamineSession,
    Note,
    NoteAmendment,
)
from kapteam.errors import Conflict, Invalid, NotAllowed, NotFound
from kapteam.ids import new_id
from kapteam.queries.notes import (
    draft_of,
    note_page,
    notes_of_client,
    signing_page,
    unsigned_notes,
)
from kapteam.queries.standing import Asked
from kapteam.rules.notes import TEMPLATES, content_hash, current_template
from kapteam.rules.permissions import Viewer
from kapteam.rules.themes import USUAL_THEMES
from kapteam.vocabulary import Function, IntegrationKind, NoteKind, Part, SessionStatus
from tests.factories import (
    NOW,
    a_client,
    a_course,
    a_member,
    an_outside_experience,
    audit_events,
    count_rows,
)
from tests.factories_care import (
    Care,
    a_cared_for_client,
    a_given_session,
    a_ketamine_session,
    an_integration_session,
    link_integration,
)
from tests.query_recorder import recorded_statements

INTENTION = {
    "intention": "To sit with the grief.",
    "safety": "Asked; no thoughts of suicide.",
    "coping": "Hand on heart",
    "ready": "Ready",
}
INTEGRATION = {
    "safety": "Asked; no thoughts of suicide.",
    "recap": "A long corridor, then the sea.",
    "revisited": "Partly met",
    "actions": "Calls her sister by Friday.",
}
ODD = [
    "👩🏽‍⚕️ breathe 🫁",
    "שלום, נשימה ראשונה",
    "<script>alert(1)</script>",
    '=HYPERLINK("http://x.example","go")',
    "**bold** _under_ `code` # no heading",
    "before -> after",
    "see www.x.y or :material/x: and :red[this]",
    "two\n\nparagraphs\twith a tab",
]


def _notes_of_client(db, asked, client_id):
    """With the ketamine sessions of each integration, which the Client page has read."""
    links = defaultdict(list)
    for one in db.scalars(select(IntegrationSessionFor)):
        if one.ketamine_session_id:
            links[one.integration_session_id].append(one.ketamine_session_id)
    return notes_of_client(db, asked, client_id, links)


@pytest.fixture
def care(database: Database) -> Care:
    return a_cared_for_client(database)


def read(care: Care, query: Any, viewer: Viewer, *about: Any, now: datetime = NOW) -> Any:
    """What a query answers this person."""
    with care.database.reading() as db:
        practice = practice_in_force(db, now)
        assert practice is not None
        return query(db, Asked(viewer, practice, now), *about)


def tags(care: Care) -> list[str]:
    """What was done, oldest first."""
    return [event.tag for event in audit_events(care.database)]


def a_dose(
    care: Care,
    *,
    given_at: datetime | None = None,
    status: SessionStatus = SessionStatus.PLANNED,
    course: Episode | None = None,
) -> KetamineSession:
    """A ketamine session tomorrow; with `given_at` given, with a booster an hour later."""
    course = course or care.course
    with care.database.writing() as db:
        if given_at is None:
            return a_ketamine_session(db, course, status=status)
        boosted_at = given_at + timedelta(hours=1)
        return a_given_session(db, course, given_at=given_at, boosted_at=boosted_at)


def an_integration(
    care: Care,
    *doses: KetamineSession,
    held_at: datetime | None = None,
    by: Viewer | None = None,
    experience_id: str | None = None,
) -> str:
    """An integration session in two hours, or held by the therapist unless `by` somebody else."""
    with care.database.writing() as db:
        integration = an_integration_session(
            db,
            care.course,
            *doses,
            therapist=by or care.therapist,
            planned_at=held_at or NOW + timedelta(hours=2),
            held_at=held_at,
        )
        if experience_id is not None:
            link = {
                "integration_session_id": integration.id,
                "outside_experience_id": experience_id,
            }
            db.add(IntegrationSessionFor(id=new_id(), **link))
        return integration.id


def _intention(care: Care, dose: KetamineSession, **entered: Any) -> NoteEntered:
    return NoteEntered(
        new_id(), NoteKind.INTENTION, care.course.id, ketamine_session_id=dose.id, **entered
    )


def _integration(care: Care, integration_id: str) -> NoteEntered:
    return NoteEntered(
        new_id(), NoteKind.INTEGRATION, care.course.id, integration_session_id=integration_id
    )


def a_draft(
    care: Care,
    entered: NoteEntered,
    words: dict[str, str],
    author: Viewer | None = None,
    now: datetime = NOW,
) -> str:
    """An unsigned note with these words."""
    author = author or care.therapist
    note_id = care.do(notes.start_note, author, entered, now=now)
    for field, words_of in words.items():
        care.do(notes.save_draft, author, note_id, field, words_of, 0, now=now)
    return note_id


def sign(care: Care, note_id: str, author: Viewer | None = None, now: datetime = NOW) -> Any:
    """Read the signing page, then sign what it shows."""
    author = author or care.therapist
    shown = read(care, signing_page, author, note_id, now=now)
    return care.do(notes.sign_note, author, note_id, shown.digest, now=now)


def a_signed_intention(
    care: Care, dose: KetamineSession, words: dict[str, str] = INTENTION, now: datetime = NOW
) -> str:
    note_id = a_draft(care, _intention(care, dose), words, now=now)
    sign(care, note_id, now=now)
    return note_id


def words_in(value: Any) -> list[str]:
    """Every string anywhere in what a query returned."""
    if isinstance(value, str):
        return [value]
    if dataclasses.is_dataclass(value):
        return [
            text
            for field in dataclasses.fields(value)
            for text in words_in(getattr(value, field.name))
        ]
    if isinstance(value, dict):
        return [text for one in value.items() for text in words_in(one)]
    if isinstance(value, list | tuple | set | frozenset):
        return [text for one in value for text in words_in(one)]
    return []


def columns(care: Care, note_id: str) -> Any:
    """The note's row, column by column."""
    with care.database.reading() as db:
        return db.execute(select(Note.__table__).where(Note.id == note_id)).one()


# Starting


def test_starting_twice_with_one_id_makes_one_note_and_one_audit_event(care):
    entered = _intention(care, a_dose(care))

    first = care.do(notes.start_note, care.therapist, entered)
    second = care.do(notes.start_note, care.therapist, entered)

    assert first == second == entered.id
    assert tags(care) == ["note:started"]


def test_a_second_tab_goes_on_with_the_note_already_begun(care):
    dose = a_dose(care)
    begun = care.do(notes.start_note, care.therapist, _intention(care, dose))

    assert care.do(notes.start_note, care.therapist, _intention(care, dose)) == begun
    other = care.do(notes.start_note, care.therapist, _intention(care, a_dose(care)))
    assert other != begun


def test_rule_16_a_prescriber_writes_no_intention(care):
    with pytest.raises(NotAllowed, match="Only a therapist writes an intention note"):
        care.do(notes.start_note, care.prescriber, _intention(care, a_dose(care)))
    assert tags(care) == []


def test_rule_16_an_integration_note_by_a_prescriber_who_held_it_says_so(care):
    integration_id = an_integration(
        care,
        a_dose(care, given_at=NOW - timedelta(hours=9)),
        held_at=NOW - timedelta(hours=1),
        by=care.prescriber,
    )
    note_id = a_draft(care, _integration(care, integration_id), INTEGRATION, care.prescriber)
    sign(care, note_id, care.prescriber)

    page = read(care, note_page, care.therapist, note_id)
    assert page.note.by_prescriber
    assert "Written by Robin Prescott, MD, prescriber\n" in page.note.signed_text


def test_rule_16_a_prescriber_does_not_sign_for_an_integration_of_the_therapist(care):
    integration_id = an_integration(
        care,
        a_dose(care, given_at=NOW - timedelta(hours=9)),
        held_at=NOW - timedelta(hours=1),
        by=care.therapist,
    )
    note_id = a_draft(care, _integration(care, integration_id), INTEGRATION, care.prescriber)

    with pytest.raises(Invalid, match="only of an integration they held"):
        sign(care, note_id, care.prescriber)


@pytest.mark.parametrize("who", ["nurse", "front_desk", "stranger"])
def test_nobody_else_starts_an_integration_note(care, who):
    integration_id = an_integration(care, a_dose(care))
    with pytest.raises(NotAllowed if who != "stranger" else NotFound):
        care.do(notes.start_note, getattr(care, who), _integration(care, integration_id))
    assert tags(care) == []


def test_a_session_of_another_course_is_not_found(care):
    with care.database.writing() as db:
        other = a_course(db, a_client(db, care.therapist, family="Birch"), therapist=care.therapist)
    dose = a_dose(care, course=other)
    with pytest.raises(NotFound, match="no such ketamine session"):
        care.do(notes.start_note, care.therapist, _intention(care, dose))


@pytest.mark.parametrize(
    "status", [SessionStatus.CANCELLED, SessionStatus.MISSED, SessionStatus.NOT_GIVEN]
)
def test_a_session_that_never_took_place_gets_no_new_intention(care, status):
    with pytest.raises(Invalid, match="did not take place"):
        care.do(notes.start_note, care.therapist, _intention(care, a_dose(care, status=status)))


def test_an_integration_is_written_up_once_by_one_author(care):
    integration_id = an_integration(
        care, a_dose(care, given_at=NOW - timedelta(hours=9)), held_at=NOW - timedelta(hours=1)
    )
    sign(care, a_draft(care, _integration(care, integration_id), INTEGRATION))

    with pytest.raises(Invalid, match="Amend it"):
        care.do(notes.start_note, care.therapist, _integration(care, integration_id))


# Drafts


@pytest.mark.parametrize("text", ODD)
def test_odd_text_is_kept_to_the_letter(care, text):
    note_id = a_draft(care, _intention(care, a_dose(care)), {**INTENTION, "hope": text})
    page = read(care, note_page, care.therapist, note_id)
    assert page.drafts["hope"].text == text

    sign(care, note_id)

    page = read(care, note_page, care.prescriber, note_id)
    assert page.note.answer("hope") == text
    assert f"\n\nHope\n{text}\n\n" in page.note.signed_text


def test_two_tabs_that_change_one_field_are_shown_both_texts(care):
    note_id = a_draft(care, _intention(care, a_dose(care)), {"why": "First."})

    saved = care.do(notes.save_draft, care.therapist, note_id, "why", "Tab A.", 1)
    assert saved.version == 2
    with pytest.raises(Conflict) as conflict:
        care.do(notes.save_draft, care.therapist, note_id, "why", "Tab B.", 1)

    assert conflict.value.theirs == {"why": "Tab A."}
    assert conflict.value.mine == {"why": "Tab B."}
    page = read(care, note_page, care.therapist, note_id)
    assert page.drafts["why"].text == "Tab A."


def test_the_same_text_again_is_the_same_save(care):
    note_id = a_draft(care, _intention(care, a_dose(care)), {"why": "First."})

    again = care.do(
        notes.save_draft,
        care.therapist,
        note_id,
        "why",
        "First.",
        0,
        now=NOW + timedelta(minutes=5),
    )

    assert (again.version, again.saved_at) == (1, NOW)


@pytest.mark.parametrize(
    ("unanswered", "is_kept"), [("First.", True), ("Another.", False), ("", False), (None, False)]
)
def test_a_tab_saves_over_what_it_sent_without_an_answer_and_over_nothing_else(
    care, unanswered, is_kept
):
    """The server was killed between the commit and its answer."""
    note_id = a_draft(care, _intention(care, a_dose(care)), {"why": "First."})

    with care.database.writing() as db, nullcontext() if is_kept else pytest.raises(Conflict):
        notes.save_draft(
            db, care.therapist, note_id, "why", "First, and more.", 0, NOW, unanswered=unanswered
        )

    kept = read(care, draft_of, care.therapist, note_id, "why")
    expected = ("First, and more.", 2) if is_kept else ("First.", 1)
    assert (kept.text, kept.version) == expected
    assert read(care, draft_of, care.prescriber, note_id, "why") is None
    assert read(care, draft_of, care.therapist, note_id, "hope") is None


def test_that_a_note_was_begun_is_on_record_and_a_pause_in_typing_is_not(care):
    note_id = a_draft(care, _intention(care, a_dose(care)), {})
    begun = audit_events(care.database)
    assert [(event.tag, event.subject_id) for event in begun] == [("note:started", note_id)]

    words = "To sit with the grief."
    for seen in range(len(words)):
        now = NOW + timedelta(seconds=2 * (seen + 1))
        typed = words[: seen + 1]
        care.do(notes.save_draft, care.therapist, note_id, "intention", typed, seen, now=now)

    assert len(audit_events(care.database)) == 1
    # What the log leaves out, the rows say: whose it is, since when, how often and when last saved.
    page = read(care, note_page, care.therapist, note_id)
    assert (page.note.author.id, page.note.started_at) == (care.therapist.clinician_id, NOW)
    assert page.drafts["intention"].version == 22
    assert page.drafts["intention"].saved_at == NOW + timedelta(seconds=44)


def test_no_draft_of_a_note_is_kept_without_its_start_on_record(care):
    with pytest.raises(NotFound):
        care.do(notes.save_draft, care.therapist, new_id(), "intention", "Words.", 0)
    assert count_rows(care.database, Draft) == 0
    assert tags(care) == []


def test_two_tabs_that_save_in_the_same_moment_lose_nothing(care):
    note_id = a_draft(care, _intention(care, a_dose(care)), {"why": "First."})
    at_once = Barrier(2)

    def save(text: str) -> str:
        at_once.wait()
        try:
            care.do(notes.save_draft, care.therapist, note_id, "why", text, 1)
        except Conflict as conflict:
            return conflict.mine["why"]
        return ""

    with ThreadPoolExecutor(2) as tabs:
        refused = list(tabs.map(save, ["Tab A.", "Tab B."]))

    kept = read(care, note_page, care.therapist, note_id).drafts["why"]
    assert kept.version == 2
    assert sorted([kept.text, *filter(None, refused)]) == ["Tab A.", "Tab B."]


@pytest.mark.parametrize(
    ("field", "text", "sentence"),
    [
        ("why", "x" * 8001, "8,000 is the most"),
        ("why", "nul\0byte", "control character"),
        ("body", "text", "no such field"),
    ],
)
def test_what_cannot_be_kept_gets_a_sentence(care, field, text, sentence):
    note_id = a_draft(care, _intention(care, a_dose(care)), {"why": "First."})
    with pytest.raises(Invalid, match=sentence) as invalid:
        care.do(notes.save_draft, care.therapist, note_id, field, text, 1)
    assert list(invalid.value.fields) == [field]
    assert read(care, note_page, care.therapist, note_id).drafts["why"].text == "First."


@pytest.mark.parametrize("who", ["prescriber", "nurse", "front_desk", "stranger"])
def test_nobody_but_the_author_writes_in_a_draft(care, who):
    note_id = a_draft(care, _intention(care, a_dose(care)), {"why": "First."})
    with pytest.raises((NotAllowed, NotFound)):
        care.do(notes.save_draft, getattr(care, who), note_id, "why", "Other.", 1)
    assert read(care, note_page, care.therapist, note_id).drafts["why"].text == "First."


def test_rule_20_a_colleague_sees_whose_draft_it_is_and_since_when_and_no_word_of_it(care):
    dose = a_dose(care)
    secret = {"intention": "secret one", "why": "secret two", "safety": "secret three"}
    note_id = a_draft(care, _intention(care, dose), secret)

    page = read(care, note_page, care.prescriber, note_id)
    unsigned = read(care, unsigned_notes, care.prescriber)

    assert page.note.author.name == "Thea Tallis, LCSW"
    assert page.note.started_at == NOW
    assert page.drafts == {}
    assert not page.can_write
    assert [(one.id, one.author.name, one.is_mine) for one in unsigned] == [
        (note_id, "Thea Tallis", False)
    ]
    for seen in (
        page,
        unsigned,
        read(care, _notes_of_client, care.prescriber, care.client.id),
    ):
        assert not [text for text in words_in(seen) if "secret" in text]
    with pytest.raises(NotAllowed, match="Only its author can sign"):
        read(care, signing_page, care.prescriber, note_id)
    # The very same walk finds the words for the author, so it would have found them above.
    own = words_in(read(care, note_page, care.therapist, note_id))
    assert {"secret one", "secret two", "secret three"} <= set(own)


def test_no_word_of_a_note_is_in_the_audit_log(care):
    note_id = a_signed_intention(care, a_dose(care), dict.fromkeys(INTENTION, "Ready"))
    amended = AmendmentEntered(new_id(), note_id, "secret reason", "secret amendment")
    care.do(notes.amend_note, care.therapist, amended)
    care.do(notes.add_addendum, care.prescriber, AddendumEntered(new_id(), note_id, "secret more"))

    written = [(event.tag, words_in(event.changes)) for event in audit_events(care.database)]

    assert [tag for tag, _ in written] == [
        "note:started",
        "note:signed",
        "note:amended",
        "note:added_to",
    ]
    assert not [text for _, texts in written for text in texts if "secret" in text]
    assert not [text for _, texts in written for text in texts if text == "Ready"]


# Signing


def test_what_is_signed_is_what_was_shown(care):
    note_id = a_draft(care, _intention(care, a_dose(care)), INTENTION)
    shown = read(care, signing_page, care.therapist, note_id)
    assert shown.problems == ()

    signature = care.do(notes.sign_note, care.therapist, note_id, shown.digest)

    text = read(care, note_page, care.prescriber, note_id).note.signed_text
    assert text.replace("\u00a0", " ") == (
        "Intention note\n"
        "Client K-001\n"
        "For the ketamine session of Wed Nov 25, 2026, 2:30 pm MST, intramuscular\n"
        "Written by Thea Tallis, LCSW\n\n"
        "Intention\nTo sit with the grief.\n\n"
        "Safety\nAsked; no thoughts of suicide.\n\n"
        "Coping skills agreed\nHand on heart\n\n"
        "Ready?\nReady\n\n"
        "Signed by Thea Tallis, LCSW, Tue Nov 24, 2026, 2:30 pm MST"
    )
    assert text.startswith(f"{shown.text}\n\n")
    assert signature.content_hash == content_hash(text)
    assert "Okafor" not in text


def test_an_integration_note_names_each_dose_by_its_last_administration(care):
    first = a_dose(care, given_at=NOW - timedelta(hours=30))
    second = a_dose(care, given_at=NOW - timedelta(hours=6))
    with care.database.writing() as db:
        experience = an_outside_experience(db, care.course)
    integration_id = an_integration(care, first, second, held_at=NOW, experience_id=experience.id)
    note_id = a_draft(care, _integration(care, integration_id), INTEGRATION)

    text = read(care, signing_page, care.therapist, note_id).text

    assert text.replace("\u00a0", " ").startswith(
        "Integration note\n"
        "Client K-001\n"
        "Integration, in person, held Tue Nov 24, 2026, 2:30 pm MST\n"
        "After ketamine, intramuscular, last dose Mon Nov 23, 2026, 9:30 am MST"
        ", integration 1, 29 hr after it\n"
        "After ketamine, intramuscular, last dose Tue Nov 24, 2026, 9:30 am MST"
        ", integration 1, 5 hr after it\n"
        "After an experience elsewhere: psilocybin, summer 2025\n"
        "Written by Thea Tallis, LCSW\n\n"
    )


def test_the_signed_text_says_from_when_to_when_how_and_which_integration_it_was(care):
    dose = a_dose(care, given_at=NOW - timedelta(hours=30))
    an_integration(care, dose, held_at=NOW - timedelta(hours=10))
    integration_id = an_integration(care, dose, held_at=NOW - timedelta(hours=1))
    with care.database.writing() as db:
        db.get_one(IntegrationSession, integration_id).ended_at = NOW
    note_id = a_draft(care, _integration(care, integration_id), INTEGRATION)

    text = read(care, signing_page, care.therapist, note_id).text

    assert text.replace("\u00a0", " ").startswith(
        "Integration note\n"
        "Client K-001\n"
        "Integration, in person, held Tue Nov 24, 2026, 1:30 pm MST to 2:30 pm MST\n"
        "After ketamine, intramuscular, last dose Mon Nov 23, 2026, 9:30 am MST"
        ", integration 2, 28 hr after it\n"
    )


def test_rule_7_a_debrief_is_called_one_in_its_text_and_is_no_integration_of_the_dose(care):
    dose = a_dose(care, given_at=NOW - timedelta(hours=9))
    debrief = an_integration(care, dose, held_at=NOW - timedelta(hours=6))
    full = an_integration(care, dose, held_at=NOW - timedelta(hours=1))
    with care.database.writing() as db:
        db.get_one(IntegrationSession, debrief).kind = IntegrationKind.DEBRIEF
    noted = {one: a_draft(care, _integration(care, one), INTEGRATION) for one in (debrief, full)}

    shown = {one: read(care, signing_page, care.therapist, noted[one]) for one in noted}

    assert shown[debrief].title == "Debrief note"
    assert shown[debrief].text.startswith("Debrief note\nClient K-001\nDebrief on the day, ")
    assert ", debrief, 2\u00a0hr after it\n" in shown[debrief].text
    assert ", integration 1, 7\u00a0hr after it\n" in shown[full].text
    assert read(care, note_page, care.prescriber, noted[debrief]).note.title == "Debrief note"


def test_two_threads_sign_once(care):
    note_id = a_draft(care, _intention(care, a_dose(care)), INTENTION)
    shown = read(care, signing_page, care.therapist, note_id)
    at_once = Barrier(2)

    def press(later: int) -> Any:
        at_once.wait()
        now = NOW + timedelta(seconds=later)
        return care.do(notes.sign_note, care.therapist, note_id, shown.digest, now=now)

    with ThreadPoolExecutor(2) as presses:
        first, second = presses.map(press, [0, 1])

    assert first == second
    assert tags(care) == ["note:started", "note:signed"]


def test_signing_deletes_the_drafts_and_locks_the_note(care):
    note_id = a_signed_intention(care, a_dose(care))

    assert count_rows(care.database, Draft) == 0
    with pytest.raises(Conflict, match="signed and locked") as conflict:
        care.do(notes.save_draft, care.therapist, note_id, "why", "Too late.", 0)
    assert conflict.value.mine == {"why": "Too late."}


@pytest.mark.parametrize("who", ["prescriber", "nurse", "front_desk", "stranger"])
def test_rule_18_only_its_author_signs_a_note(care, who):
    note_id = a_draft(care, _intention(care, a_dose(care)), INTENTION)
    shown = read(care, signing_page, care.therapist, note_id)

    with pytest.raises((NotAllowed, NotFound)):
        care.do(notes.sign_note, getattr(care, who), note_id, shown.digest)

    assert "note:signed" not in tags(care)


def test_rule_18_holds_for_another_therapist_on_the_course(care):
    note_id = a_draft(care, _intention(care, a_dose(care)), INTENTION)
    shown = read(care, signing_page, care.therapist, note_id)
    with care.database.writing() as db:
        a_member(db, care.course, care.stranger, Part.COVER)

    with pytest.raises(NotAllowed, match="Only its author can sign a note"):
        care.do(notes.sign_note, care.stranger, note_id, shown.digest)


def test_rule_16_who_is_no_therapist_any_more_signs_no_intention(care):
    note_id = a_draft(care, _intention(care, a_dose(care)), INTENTION)
    shown = read(care, signing_page, care.therapist, note_id)
    nurse = replace(care.therapist, functions=frozenset({Function.NURSE}))

    with pytest.raises(NotAllowed, match="Only a therapist"):
        care.do(notes.sign_note, nurse, note_id, shown.digest)


def test_text_that_changed_since_it_was_read_is_not_signed(care):
    note_id = a_draft(care, _intention(care, a_dose(care)), INTENTION)
    shown = read(care, signing_page, care.therapist, note_id)
    care.do(notes.save_draft, care.therapist, note_id, "intention", "Something else.", 1)

    with pytest.raises(Conflict, match="Read it again"):
        care.do(notes.sign_note, care.therapist, note_id, shown.digest)

    assert read(care, note_page, care.therapist, note_id).can_write


def test_a_dose_that_moved_since_it_was_read_is_text_that_changed(care):
    dose = a_dose(care)
    note_id = a_draft(care, _intention(care, dose), INTENTION)
    shown = read(care, signing_page, care.therapist, note_id)
    with care.database.writing() as db:
        db.get_one(KetamineSession, dose.id).planned_at = NOW + timedelta(days=3)

    with pytest.raises(Conflict, match="Read it again"):
        care.do(notes.sign_note, care.therapist, note_id, shown.digest)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"safety": ""}, "safety"),
        ({"coping": " \n "}, "coping"),
        ({"ready": ""}, "ready"),
        ({"ready": "Maybe"}, "ready"),
    ],
)
def test_what_is_missing_is_said_beside_its_field(care, change, field):
    note_id = a_draft(care, _intention(care, a_dose(care)), {**INTENTION, **change})
    with pytest.raises(Invalid) as invalid:
        sign(care, note_id)
    assert list(invalid.value.fields) == [field]
    assert read(care, signing_page, care.therapist, note_id).problems == tuple(
        invalid.value.fields.values()
    )


def test_an_integration_is_held_before_its_note_is_signed(care):
    integration_id = an_integration(care, a_dose(care, given_at=NOW - timedelta(hours=9)))
    note_id = a_draft(care, _integration(care, integration_id), INTEGRATION)
    with pytest.raises(Invalid, match="Record first when this integration was held"):
        sign(care, note_id)

    with care.database.writing() as db:
        db.get_one(IntegrationSession, integration_id).held_at = NOW
    sign(care, note_id)


def test_rule_7_an_integration_before_the_last_administration_is_not_signed(care):
    given_at = NOW - timedelta(hours=4)
    integration_id = an_integration(
        care, a_dose(care, given_at=given_at), held_at=given_at + timedelta(minutes=59)
    )
    note_id = a_draft(care, _integration(care, integration_id), INTEGRATION)
    with pytest.raises(Invalid, match="held before its last dose"):
        sign(care, note_id)

    with care.database.writing() as db:
        row = db.get_one(IntegrationSession, integration_id)
        row.held_at = given_at + timedelta(minutes=60)
    sign(care, note_id)


def test_rule_7_an_administration_entered_in_error_does_not_count(care):
    given_at = NOW - timedelta(hours=4)
    dose = a_dose(care, given_at=given_at)
    held_at = given_at + timedelta(minutes=30)
    note_id = a_draft(
        care, _integration(care, an_integration(care, dose, held_at=held_at)), INTEGRATION
    )
    with care.database.writing() as db:
        booster = db.scalars(
            select(Administration).where(
                Administration.ketamine_session_id == dose.id,
                Administration.started_at > given_at,
            )
        ).one()
        booster.voided_at = NOW

    sign(care, note_id)


# Versions of a template


def of_version_1(care: Care, note_id: str) -> None:
    """Make a draft one that was begun before there was a version 2."""
    with care.database.writing() as db:
        db.get_one(Note, note_id).template_version = 1


@pytest.mark.parametrize("kind", [NoteKind.INTENTION, NoteKind.INTEGRATION])
def test_a_new_note_has_the_newest_template(care, kind):
    integration_id = an_integration(care, a_dose(care))
    entered = {
        NoteKind.INTENTION: _intention(care, a_dose(care)),
        NoteKind.INTEGRATION: _integration(care, integration_id),
    }[kind]
    note_id = a_draft(care, entered, {})
    template = read(care, note_page, care.therapist, note_id).template
    assert template == current_template(kind).offering(USUAL_THEMES, {})


def test_a_draft_begun_on_version_1_is_written_on_and_signed_as_version_1(care):
    dose = a_dose(care, given_at=NOW - timedelta(hours=9))
    integration_id = an_integration(care, dose, held_at=NOW - timedelta(hours=1))
    note_id = a_draft(care, _integration(care, integration_id), INTEGRATION)
    of_version_1(care, note_id)
    care.do(notes.save_draft, care.therapist, note_id, "themes", "The sea, and a door", 0)
    with pytest.raises(Invalid, match="no such field"):
        care.do(notes.save_draft, care.therapist, note_id, "needs", "Regulation", 0)

    sign(care, note_id)

    page = read(care, note_page, care.prescriber, note_id)
    assert page.template is TEMPLATES[NoteKind.INTEGRATION, 1]
    assert page.note.answer("themes") == "The sea, and a door"
    assert "\n\nThemes\nThe sea, and a door\n\n" in page.note.signed_text


def test_what_version_1_signed_begins_a_note_of_version_2_and_nothing_of_it_is_lost(care):
    dose = a_dose(care)
    words = {**INTENTION, "why": "It is time.", "room": "No music."}
    old = a_draft(care, _intention(care, dose), words)
    of_version_1(care, old)
    sign(care, old)

    new = care.do(notes.start_note, care.therapist, _intention(care, dose, copy_from=old))

    page = read(care, note_page, care.therapist, new)
    assert page.template.version == 2
    copied = {field: draft.text for field, draft in page.drafts.items()}
    assert copied == {key: words[key] for key in ("intention", "coping", "why", "room")}


def test_days_and_several_answers_are_signed_as_they_are_read(care):
    dose = a_dose(care, given_at=NOW - timedelta(hours=9))
    integration_id = an_integration(care, dose, held_at=NOW - timedelta(hours=1))
    more = {"check_back": "2026-11-30", "needs": "Regulation, Meaning-making"}
    note_id = a_draft(care, _integration(care, integration_id), {**INTEGRATION, **more})

    sign(care, note_id)

    note = read(care, note_page, care.prescriber, note_id).note
    assert "\n\nCheck back on the actions\nMon Nov 30, 2026\n\n" in note.signed_text
    assert "\n\nWhat this integration worked on\nRegulation, Meaning-making\n\n" in note.signed_text
    assert note.answer("check_back") == "Mon Nov 30, 2026"


@pytest.mark.parametrize(
    ("field", "text"), [("check_back", "2026-02-30"), ("needs", "Levitation"), ("themes", "x" * 61)]
)
def test_an_impossible_day_or_answer_is_not_signed(care, field, text):
    dose = a_dose(care, given_at=NOW - timedelta(hours=9))
    integration_id = an_integration(care, dose, held_at=NOW - timedelta(hours=1))
    note_id = a_draft(care, _integration(care, integration_id), {**INTEGRATION, field: text})
    with pytest.raises(Invalid) as invalid:
        sign(care, note_id)
    assert list(invalid.value.fields) == [field]


# After signing


def test_rule_19_an_amendment_stands_beside_the_unchanged_original(care):
    note_id = a_signed_intention(care, a_dose(care))
    before = columns(care, note_id)
    entered = AmendmentEntered(new_id(), note_id, "Wrong word", "Grief, not guilt.")
    later = NOW + timedelta(hours=3)

    care.do(notes.amend_note, care.therapist, entered, now=later)
    care.do(notes.amend_note, care.therapist, entered, now=later + timedelta(seconds=1))

    assert columns(care, note_id) == before
    [amendment] = read(care, note_page, care.prescriber, note_id).note.amendments
    assert (amendment.author, amendment.at) == ("Thea Tallis, LCSW", later)
    assert (amendment.reason, amendment.text) == ("Wrong word", "Grief, not guilt.")


@pytest.mark.parametrize("who", ["prescriber", "nurse", "front_desk", "stranger"])
def test_rule_19_nobody_else_amends_a_note(care, who):
    note_id = a_signed_intention(care, a_dose(care))
    entered = AmendmentEntered(new_id(), note_id, "Wrong word", "Guilt.")
    with pytest.raises((NotAllowed, NotFound)):
        care.do(notes.amend_note, getattr(care, who), entered)
    assert count_rows(care.database, NoteAmendment) == 0


def test_an_amendment_needs_a_reason_a_text_and_a_signed_note(care):
    signed = a_signed_intention(care, a_dose(care))
    draft = a_draft(care, _intention(care, a_dose(care)), INTENTION)
    with pytest.raises(Invalid) as invalid:
        care.do(notes.amend_note, care.therapist, AmendmentEntered(new_id(), signed, " ", ""))
    assert set(invalid.value.fields) == {"reason", "text"}
    with pytest.raises(Invalid, match="not signed"):
        care.do(notes.amend_note, care.therapist, AmendmentEntered(new_id(), draft, "x", "y"))


@pytest.mark.parametrize("who", ["prescriber", "nurse"])
def test_those_who_read_a_note_add_to_it_once(care, who):
    note_id = a_signed_intention(care, a_dose(care))
    entered = AddendumEntered(new_id(), note_id, "Lower dose from now on.")

    care.do(notes.add_addendum, getattr(care, who), entered)
    care.do(notes.add_addendum, getattr(care, who), entered)

    page = read(care, note_page, care.therapist, note_id)
    assert [one.text for one in page.note.addenda] == ["Lower dose from now on."]
    assert page.note.amendments == ()


@pytest.mark.parametrize("who", ["front_desk", "stranger"])
def test_those_who_do_not_read_a_note_cannot_add_to_it(care, who):
    note_id = a_signed_intention(care, a_dose(care))
    with pytest.raises((NotAllowed, NotFound)):
        care.do(notes.add_addendum, getattr(care, who), AddendumEntered(new_id(), note_id, "x"))


def test_a_draft_takes_no_addendum(care):
    note_id = a_draft(care, _intention(care, a_dose(care)), INTENTION)
    with pytest.raises(Invalid, match="not signed yet"):
        care.do(notes.add_addendum, care.prescriber, AddendumEntered(new_id(), note_id, "x"))


def test_an_empty_note_can_be_taken_back_and_one_with_words_cannot(care):
    empty = a_draft(care, _intention(care, a_dose(care)), {"why": "  "})
    written = a_draft(care, _intention(care, a_dose(care)), {"why": "Words."})

    care.do(notes.drop_empty_note, care.therapist, empty)
    care.do(notes.drop_empty_note, care.therapist, empty)
    with pytest.raises(Conflict, match="has words in it"):
        care.do(notes.drop_empty_note, care.therapist, written)
    with pytest.raises(NotAllowed):
        care.do(notes.drop_empty_note, care.prescriber, written)

    assert [one.id for one in read(care, unsigned_notes, care.therapist)] == [written]
    assert tags(care).count("note:dropped") == 1
    with pytest.raises(NotFound):
        care.do(notes.save_draft, care.therapist, empty, "why", "Back again.", 0)


# Beginning from an earlier intention


def test_the_intention_of_a_cancelled_session_is_offered_and_copied_only_when_asked(care):
    cancelled = a_dose(care)
    old = a_signed_intention(care, cancelled, {**INTENTION, "hope": "Rest.", "mood": "Tense."})
    with care.database.writing() as db:
        db.get_one(KetamineSession, cancelled.id).status = SessionStatus.CANCELLED
    dose = a_dose(care)

    plain = a_draft(care, _intention(care, dose), {})
    page = read(care, note_page, care.therapist, plain)
    assert page.drafts == {}
    assert page.beginning.id == old
    care.do(notes.drop_empty_note, care.therapist, plain)

    copied = care.do(notes.start_note, care.therapist, _intention(care, dose, copy_from=old))
    page = read(care, note_page, care.therapist, copied)
    assert {field: draft.text for field, draft in page.drafts.items()} == {
        "intention": "To sit with the grief.",
        "coping": "Hand on heart",
        "hope": "Rest.",
    }
    # The cancelled session keeps its own.
    kept = read(care, _notes_of_client, care.therapist, care.client.id).of_dose(cancelled.id)
    assert [note.id for note in kept.intentions] == [old]


def test_the_intention_of_a_session_that_was_given_is_not_carried(care):
    given = a_dose(care)
    old = a_signed_intention(care, given)
    with care.database.writing() as db:
        db.get_one(KetamineSession, given.id).status = SessionStatus.COMPLETED
    dose = a_dose(care)

    with pytest.raises(NotFound, match="no such intention"):
        care.do(notes.start_note, care.therapist, _intention(care, dose, copy_from=old))

    note_id = a_draft(care, _intention(care, dose), {})
    assert read(care, note_page, care.therapist, note_id).beginning is None


def test_rule_28_a_stale_intention_is_rewritten_from_its_own_text(care):
    dose = a_dose(care)
    old = a_signed_intention(care, dose, now=NOW - timedelta(days=9))
    new = care.do(notes.start_note, care.therapist, _intention(care, dose, copy_from=old))

    page = read(care, note_page, care.therapist, new)
    assert page.beginning.id == old
    assert "safety" not in page.drafts
    assert [note.id for note in page.beside] == [old]


def an_empty_note_and_an_intention_to_start_from(care: Care) -> NoteEntered:
    """What “Start from it” sends: a note with the words of another, instead of an empty one."""
    cancelled = a_dose(care)
    old = a_signed_intention(care, cancelled)
    with care.database.writing() as db:
        db.get_one(KetamineSession, cancelled.id).status = SessionStatus.CANCELLED
    dose = a_dose(care)
    empty = a_draft(care, _intention(care, dose), {})
    return _intention(care, dose, copy_from=old, instead_of=empty)


def test_the_empty_note_makes_way_for_one_with_words_in_a_single_write(care):
    entered = an_empty_note_and_an_intention_to_start_from(care)
    before = len(tags(care))

    for _ in "ab":
        assert care.do(notes.start_note, care.therapist, entered) == entered.id

    assert tags(care)[before:] == ["note:dropped", "note:started"]
    assert [one.id for one in read(care, unsigned_notes, care.therapist)] == [entered.id]
    assert columns(care, entered.instead_of).voided_at == NOW
    drafts = read(care, note_page, care.therapist, entered.id).drafts
    assert drafts["intention"].text == "To sit with the grief."


def test_when_the_second_step_is_refused_the_empty_note_stays(care):
    entered = an_empty_note_and_an_intention_to_start_from(care)
    wrong = notes.NoteErrorEntered(entered.copy_from, "Another client's")
    care.do(notes.void_note, care.therapist, wrong)
    before = tags(care)

    with pytest.raises(NotFound, match="no such intention"):
        care.do(notes.start_note, care.therapist, entered)

    assert tags(care) == before
    assert columns(care, entered.instead_of).voided_at is None
    care.do(notes.save_draft, care.therapist, entered.instead_of, "why", "Still here.", 0)


def test_a_note_that_has_words_by_now_makes_way_for_nothing(care):
    entered = an_empty_note_and_an_intention_to_start_from(care)
    care.do(notes.save_draft, care.therapist, entered.instead_of, "why", "From another tab.", 0)
    before = tags(care)

    with pytest.raises(Conflict, match="has words in it"):
        care.do(notes.start_note, care.therapist, entered)

    assert tags(care) == before
    assert [one.id for one in read(care, unsigned_notes, care.therapist)] == [entered.instead_of]


@pytest.mark.parametrize("other", ["a colleague's", "another session's"])
def test_only_one_s_own_empty_note_of_this_session_makes_way(care, other):
    entered = an_empty_note_and_an_intention_to_start_from(care)
    with care.database.writing() as db:
        a_member(db, care.course, care.stranger, Part.COVER)
    author = care.stranger if other == "a colleague's" else care.therapist
    dose = a_dose(care)
    not_this = care.do(notes.start_note, author, _intention(care, dose))

    with pytest.raises((NotAllowed, NotFound)):
        care.do(notes.start_note, care.therapist, replace(entered, instead_of=not_this))

    assert columns(care, not_this).voided_at is None


def test_a_draft_is_never_something_to_begin_from(care):
    dose = a_dose(care)
    draft = a_draft(care, _intention(care, dose), INTENTION)
    with care.database.writing() as db:
        a_member(db, care.course, care.stranger, Part.COVER)
    with pytest.raises(NotFound, match="no such intention"):
        care.do(notes.start_note, care.stranger, _intention(care, dose, copy_from=draft))


# Reading


def test_an_integration_note_looks_back_on_the_intentions_of_its_sessions(care):
    dose = a_dose(care)
    other = a_dose(care)
    intention = a_signed_intention(care, dose)
    a_signed_intention(care, other, {**INTENTION, "intention": "Another day's."})
    integration_id = an_integration(care, dose)
    note_id = a_draft(care, _integration(care, integration_id), {})

    page = read(care, note_page, care.therapist, note_id)

    assert [note.id for note in page.intentions] == [intention]
    assert page.intentions[0].answer("intention") == "To sit with the grief."
    assert page.last_integration is None


def test_an_intention_note_begins_from_what_the_last_integration_left_open(care):
    hours = [60, 30]
    signed = []
    for ago in hours:
        integration_id = an_integration(
            care,
            a_dose(care, given_at=NOW - timedelta(hours=ago)),
            held_at=NOW - timedelta(hours=ago - 20),
        )
        actions = {**INTEGRATION, "actions": f"Left open {ago} hours ago."}
        signed.append(a_draft(care, _integration(care, integration_id), actions))
    # The later one is signed first: what counts is when it was held.
    sign(care, signed[1], now=NOW)
    sign(care, signed[0], now=NOW + timedelta(minutes=5))
    note_id = a_draft(care, _intention(care, a_dose(care)), {"hope": "Rest."})

    mine = read(care, note_page, care.therapist, note_id)
    theirs = read(care, note_page, care.prescriber, note_id)

    assert mine.last_integration.answer("actions") == "Left open 30 hours ago."
    assert mine.drafts["hope"].saved_at == NOW
    assert (theirs.last_integration, theirs.beginning) == (None, None)


def test_notes_of_a_client_stand_under_each_session_they_are_about(care):
    first, second = (a_dose(care, given_at=NOW - timedelta(hours=ago)) for ago in (30, 6))
    with care.database.writing() as db:
        experience = an_outside_experience(db, care.course)
    intention = a_draft(care, _intention(care, first), INTENTION)
    both = a_draft(
        care, _integration(care, an_integration(care, first, second, held_at=NOW)), INTEGRATION
    )
    outside = a_draft(
        care,
        _integration(care, an_integration(care, experience_id=experience.id)),
        INTEGRATION,
    )
    sign(care, both)

    found = read(care, _notes_of_client, care.prescriber, care.client.id)

    assert [note.id for note in found.of_dose(first.id).intentions] == [intention]
    assert [note.id for note in found.of_dose(first.id).integrations] == [both]
    assert found.of_dose(second.id).intentions == ()
    assert [note.id for note in found.of_dose(second.id).integrations] == [both]
    assert [note.id for note in found.elsewhere] == [outside]
    assert found.of_dose("nothing").integrations == ()


def test_unsigned_notes_say_how_old_they_are_the_oldest_first(care):
    word = {"why": "For Ana."}
    older = a_draft(care, _intention(care, a_dose(care)), word, now=NOW - timedelta(days=2))
    newer = a_draft(care, _integration(care, an_integration(care, a_dose(care))), INTEGRATION)
    a_draft(care, _intention(care, a_dose(care)), {})

    found = read(care, unsigned_notes, care.therapist)

    assert [(one.id, one.age, one.is_mine) for one in found] == [
        (older, timedelta(days=2), True),
        (newer, timedelta(0), True),
    ]
    assert found[1].subject_at == NOW + timedelta(hours=2)
    assert found[0].client.code == "K-001"


@pytest.mark.parametrize("query", [note_page, signing_page, _notes_of_client])
def test_the_front_desk_reads_no_note(care, query):
    note_id = a_signed_intention(care, a_dose(care))
    about = note_id if query in (note_page, signing_page) else care.client.id
    with pytest.raises(NotAllowed, match="front desk"):
        read(care, query, care.front_desk, about)
    with pytest.raises(NotAllowed, match="front desk"):
        read(care, unsigned_notes, care.front_desk)


def test_who_is_not_on_the_course_finds_nothing(care):
    note_id = a_signed_intention(care, a_dose(care))
    an_integration(care, a_dose(care, given_at=NOW - timedelta(days=1)), held_at=NOW)
    a_draft(care, _intention(care, a_dose(care)), INTENTION)

    for unknown in (note_id, "no-such-note"):
        with pytest.raises(NotFound, match="no such note"):
            read(care, note_page, care.stranger, unknown)
    assert read(care, unsigned_notes, care.stranger) == ()
    assert read(care, _notes_of_client, care.stranger, care.client.id).by_dose == {}


def test_who_left_the_course_finds_nothing_any_more(care):
    note_id = a_signed_intention(care, a_dose(care))
    with care.database.writing() as db:
        member = db.scalars(
            select(EpisodeMember).where(EpisodeMember.clinician_id == care.prescriber.clinician_id)
        ).one()
        member.until_at = NOW - timedelta(minutes=1)
    with pytest.raises(NotFound):
        read(care, note_page, care.prescriber, note_id)
    everyone = replace(care.prescriber, sees_everyone=True)
    assert read(care, note_page, everyone, note_id).note.id == note_id


def test_who_left_the_course_finishes_what_they_wrote_and_reads_nothing_else(care):
    colleague = replace(care.stranger, sees_everyone=True)
    others = a_signed_intention(replace(care, therapist=colleague), a_dose(care))
    own = _intention(care, a_dose(care))
    a_draft(care, own, INTENTION)
    with care.database.writing() as db:
        member = db.scalars(
            select(EpisodeMember).where(EpisodeMember.clinician_id == care.therapist.clinician_id)
        ).one()
        member.until_at = NOW - timedelta(minutes=1)

    (unsigned,) = read(care, unsigned_notes, care.therapist)
    assert (unsigned.id, unsigned.is_mine) == (own.id, True)
    assert read(care, note_page, care.therapist, own.id).beside == ()
    with pytest.raises(NotFound):
        read(care, note_page, care.therapist, others)

    digest = read(care, signing_page, care.therapist, own.id).digest
    with care.database.writing() as db:
        notes.sign_note(db, care.therapist, own.id, digest, NOW)
    assert read(care, note_page, care.therapist, own.id).can_amend
    with pytest.raises(NotFound), care.database.writing() as db:
        notes.add_addendum(db, care.therapist, AddendumEntered(new_id(), others, "seen"), NOW)


def test_reads_take_the_same_number_of_statements_with_3_and_with_30_sessions(care):
    def statements() -> list[int]:
        found = []
        for query, *about in (
            (note_page, page_of),
            (signing_page, page_of),
            (unsigned_notes,),
            (_notes_of_client, care.client.id),
        ):
            with recorded_statements(care.database.engine) as ran:
                read(care, query, care.therapist, *about)
            found.append(len(ran) - 1)  # one for the practice
        return found

    doses = [a_dose(care) for _ in range(3)]
    note = a_signed_intention(care, doses[0])
    care.do(notes.add_addendum, care.nurse, AddendumEntered(new_id(), note, "Seen."))
    page_of = a_draft(care, _integration(care, an_integration(care, *doses)), INTEGRATION)
    with_three = statements()

    for _ in range(27):
        doses.append(a_dose(care))
        note = a_signed_intention(care, doses[-1])
        care.do(notes.add_addendum, care.nurse, AddendumEntered(new_id(), note, "Seen."))
        a_draft(care, _intention(care, a_dose(care)), INTENTION)
    with care.database.writing() as db:
        integration_id = db.get_one(Note, page_of).integration_session_id
        link_integration(db, db.get_one(IntegrationSession, integration_id), doses[3:])

    assert statements() == with_three == [6, 4, 2, 2]
    assert len(read(care, note_page, care.therapist, page_of).intentions) == 28


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE note SET signed_text = 'Something else'",
        "UPDATE note SET content_hash = 'x'",
        "UPDATE note SET body = '{}'",
        "UPDATE note SET signed_at = NULL",
        "UPDATE note SET ketamine_session_id = NULL",
        "UPDATE note SET by_prescriber = NOT by_prescriber",
        "UPDATE note SET template_version = 7",
        "DELETE FROM note",
    ],
)
def test_rule_19_the_database_itself_refuses_to_change_a_signed_note(care, statement):
    note_id = a_signed_intention(care, a_dose(care))
    before = columns(care, note_id)

    with pytest.raises(DatabaseError), care.database.writing() as db:
        db.execute(text(statement))

    assert columns(care, note_id) == before
