"""Notes: typed as drafts that only the author reads, signed once, locked, amended beside."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import func, select

from kapteam.actions import notes
from kapteam.actions.notes import AddendumEntered, AmendmentEntered, NoteEntered
from kapteam.db.engine import Database
from kapteam.db.in_force import practice_in_force
from kapteam.db.tables import (
    Administration,
    AuditEvent,
    Client,
    Draft,
    Episode,
    EpisodeMember,
    IntegrationSession,
    IntegrationSessionFor,
    KetamineSession,
    Note,
    NoteAmendment,
    Series,
)
from kapteam.errors import Conflict, Invalid, NotAllowed, NotFound
from kapteam.ids import new_id
from kapteam.queries.notes import (
    latest_notes,
    note_page,
    notes_of_client,
    signing_page,
    unsigned_notes,
)
from kapteam.queries.standing import Asked
from kapteam.rules.notes import content_hash
from kapteam.rules.permissions import Viewer
from kapteam.vocabulary import (
    AdministrationKind,
    Function,
    How,
    IntegrationKind,
    NoteKind,
    OrderState,
    Part,
    ProductRoute,
    SessionStatus,
)
from tests.factories import (
    NOW,
    a_client,
    a_clinician,
    a_course,
    a_member,
    a_practice,
    an_outside_experience,
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


@dataclass(frozen=True, slots=True)
class Team:
    """One client, one course, those who treat, and those who do not."""

    database: Database
    therapist: Viewer
    prescriber: Viewer
    nurse: Viewer
    front_desk: Viewer
    stranger: Viewer
    client: Client
    course: Episode

    def asked(self, viewer: Viewer, now: datetime = NOW) -> Asked:
        with self.database.reading() as db:
            practice = practice_in_force(db, now)
        assert practice is not None
        return Asked(viewer, practice, now)

    def read(self, query: Any, viewer: Viewer, *args: Any, now: datetime = NOW) -> Any:
        asked = self.asked(viewer, now)
        with self.database.reading() as db:
            return query(db, asked, *args)

    def do(self, action: Any, viewer: Viewer, *args: Any, now: datetime = NOW) -> Any:
        with self.database.writing() as db:
            return action(db, viewer, *args, now)

    def tags(self) -> list[str]:
        with self.database.reading() as db:
            return list(db.scalars(select(AuditEvent.tag).order_by(AuditEvent.id)))


@pytest.fixture
def team(database: Database) -> Team:
    with database.writing() as db:
        a_practice(db)
        therapist = a_clinician(db, Function.THERAPIST, credentials="LCSW")
        prescriber = a_clinician(db, Function.PRESCRIBER, credentials="MD")
        nurse = a_clinician(db, Function.NURSE)
        client = a_client(db, therapist)
        course = a_course(db, client, prescriber=prescriber, therapist=therapist)
        a_member(db, course, nurse, Part.COVER)
        return Team(
            database,
            therapist,
            prescriber,
            nurse,
            a_clinician(db, Function.COORDINATOR),
            a_clinician(db, Function.THERAPIST, name="Tess Elsewhere"),
            client,
            course,
        )


def a_dose(
    team: Team,
    *,
    planned_at: datetime = NOW + timedelta(days=1),
    given_at: datetime | None = None,
    status: SessionStatus = SessionStatus.PLANNED,
    course: Episode | None = None,
) -> str:
    """A ketamine session; with `given_at` closed, with a booster an hour after the dose."""
    course = course or team.course
    series_id, dose_id = new_id(), new_id()
    by = team.prescriber.clinician_id
    with team.database.writing() as db:
        db.add(
            Series(
                id=series_id,
                episode_id=course.id,
                product_route=ProductRoute.INTRAMUSCULAR,
                ordered_count=6,
                started_at=NOW - timedelta(days=20),
            )
        )
        db.flush()
        db.add(
            KetamineSession(
                id=dose_id,
                episode_id=course.id,
                series_id=series_id,
                status=SessionStatus.COMPLETED if given_at else status,
                planned_at=given_at or planned_at,
                planned_minutes=120,
                order_state=OrderState.ORDERED,
                ordered_ug=70_000,
                created_by_id=by,
                created_at=NOW - timedelta(days=5),
            )
        )
        db.flush()
        for after in (0, 1) if given_at else ():
            db.add(
                Administration(
                    id=new_id(),
                    ketamine_session_id=dose_id,
                    kind=AdministrationKind.DOSE if after == 0 else AdministrationKind.BOOSTER,
                    ug=35_000,
                    started_at=given_at + timedelta(hours=after),
                    given_by_id=by,
                    recorded_at=given_at + timedelta(hours=2),
                )
            )
    return dose_id


def an_integration(
    team: Team,
    *dose_ids: str,
    held_at: datetime | None = None,
    held_by: Viewer | None = None,
    outside_experience_id: str | None = None,
) -> str:
    """An integration session for these ketamine sessions, booked or held."""
    integration_id = new_id()
    subjects = [{"ketamine_session_id": one} for one in dose_ids]
    if outside_experience_id:
        subjects.append({"outside_experience_id": outside_experience_id})
    with team.database.writing() as db:
        db.add(
            IntegrationSession(
                id=integration_id,
                episode_id=team.course.id,
                therapist_id=team.therapist.clinician_id,
                kind=IntegrationKind.FULL,
                how=How.VIDEO,
                planned_at=held_at or NOW + timedelta(hours=2),
                planned_minutes=60,
                held_at=held_at,
                held_by_id=(held_by or team.therapist).clinician_id if held_at else None,
                created_by_id=team.therapist.clinician_id,
                created_at=NOW - timedelta(days=1),
            )
        )
        db.flush()
        db.add_all(
            IntegrationSessionFor(id=new_id(), integration_session_id=integration_id, **subject)
            for subject in subjects
        )
    return integration_id


def _intention(team: Team, dose_id: str, **entered: Any) -> NoteEntered:
    return NoteEntered(
        new_id(), NoteKind.INTENTION, team.course.id, ketamine_session_id=dose_id, **entered
    )


def _integration(team: Team, integration_id: str) -> NoteEntered:
    return NoteEntered(
        new_id(), NoteKind.INTEGRATION, team.course.id, integration_session_id=integration_id
    )


def a_draft(
    team: Team,
    entered: NoteEntered,
    words: dict[str, str],
    author: Viewer | None = None,
    now: datetime = NOW,
) -> str:
    """An unsigned note with these words."""
    author = author or team.therapist
    note_id = team.do(notes.start_note, author, entered, now=now)
    for field, text in words.items():
        team.do(notes.save_draft, author, note_id, field, text, 0, now=now)
    return note_id


def sign(team: Team, note_id: str, author: Viewer | None = None, now: datetime = NOW) -> Any:
    """Read the signing page, then sign what it shows."""
    author = author or team.therapist
    shown = team.read(signing_page, author, note_id, now=now)
    return team.do(notes.sign_note, author, note_id, shown.digest, now=now)


def a_signed_intention(
    team: Team, dose_id: str, words: dict[str, str] = INTENTION, now: datetime = NOW
) -> str:
    note_id = a_draft(team, _intention(team, dose_id), words, now=now)
    sign(team, note_id, now=now)
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


# Starting


def test_starting_twice_with_one_id_makes_one_note_and_one_audit_event(team):
    entered = _intention(team, a_dose(team))

    first = team.do(notes.start_note, team.therapist, entered)
    second = team.do(notes.start_note, team.therapist, entered)

    assert first == second == entered.id
    assert team.tags() == ["note:started"]


def test_a_second_tab_goes_on_with_the_note_already_begun(team):
    dose_id = a_dose(team)
    begun = team.do(notes.start_note, team.therapist, _intention(team, dose_id))

    assert team.do(notes.start_note, team.therapist, _intention(team, dose_id)) == begun
    other = team.do(notes.start_note, team.therapist, _intention(team, a_dose(team)))
    assert other != begun


def test_rule_16_a_prescriber_writes_no_intention(team):
    with pytest.raises(NotAllowed, match="Only a therapist writes an intention note"):
        team.do(notes.start_note, team.prescriber, _intention(team, a_dose(team)))
    assert team.tags() == []


def test_rule_16_an_integration_note_by_a_prescriber_who_held_it_says_so(team):
    integration_id = an_integration(
        team,
        a_dose(team, given_at=NOW - timedelta(hours=9)),
        held_at=NOW - timedelta(hours=1),
        held_by=team.prescriber,
    )
    note_id = a_draft(team, _integration(team, integration_id), INTEGRATION, team.prescriber)
    sign(team, note_id, team.prescriber)

    page = team.read(note_page, team.therapist, note_id)
    assert page.note.by_prescriber
    assert "Written by Robin Prescott, MD, prescriber\n" in page.note.signed_text


def test_rule_16_a_prescriber_does_not_sign_for_an_integration_of_the_therapist(team):
    integration_id = an_integration(
        team,
        a_dose(team, given_at=NOW - timedelta(hours=9)),
        held_at=NOW - timedelta(hours=1),
        held_by=team.therapist,
    )
    note_id = a_draft(team, _integration(team, integration_id), INTEGRATION, team.prescriber)

    with pytest.raises(Invalid, match="only of an integration they held"):
        sign(team, note_id, team.prescriber)


@pytest.mark.parametrize("who", ["nurse", "front_desk", "stranger"])
def test_nobody_else_starts_an_integration_note(team, who):
    integration_id = an_integration(team, a_dose(team))
    with pytest.raises(NotAllowed if who != "stranger" else NotFound):
        team.do(notes.start_note, getattr(team, who), _integration(team, integration_id))
    assert team.tags() == []


def test_a_session_of_another_course_is_not_found(team):
    with team.database.writing() as db:
        other = a_course(db, a_client(db, team.therapist, family="Birch"), therapist=team.therapist)
    dose_id = a_dose(team, course=other)
    with pytest.raises(NotFound, match="no such ketamine session"):
        team.do(notes.start_note, team.therapist, _intention(team, dose_id))


@pytest.mark.parametrize(
    "status", [SessionStatus.CANCELLED, SessionStatus.MISSED, SessionStatus.NOT_GIVEN]
)
def test_a_session_that_never_took_place_gets_no_new_intention(team, status):
    with pytest.raises(Invalid, match="did not take place"):
        team.do(notes.start_note, team.therapist, _intention(team, a_dose(team, status=status)))


def test_an_integration_is_written_up_once_by_one_author(team):
    integration_id = an_integration(
        team, a_dose(team, given_at=NOW - timedelta(hours=9)), held_at=NOW - timedelta(hours=1)
    )
    sign(team, a_draft(team, _integration(team, integration_id), INTEGRATION))

    with pytest.raises(Invalid, match="Amend it"):
        team.do(notes.start_note, team.therapist, _integration(team, integration_id))


# Drafts


@pytest.mark.parametrize("text", ODD)
def test_odd_text_is_kept_to_the_letter(team, text):
    note_id = a_draft(team, _intention(team, a_dose(team)), {**INTENTION, "hope": text})
    page = team.read(note_page, team.therapist, note_id)
    assert page.drafts["hope"].text == text

    sign(team, note_id)

    page = team.read(note_page, team.prescriber, note_id)
    assert page.note.answer("hope") == text
    assert f"\n\nHope\n{text}\n\n" in page.note.signed_text


def test_two_tabs_that_change_one_field_are_shown_both_texts(team):
    note_id = a_draft(team, _intention(team, a_dose(team)), {"why": "First."})

    saved = team.do(notes.save_draft, team.therapist, note_id, "why", "Tab A.", 1)
    assert saved.version == 2
    with pytest.raises(Conflict) as conflict:
        team.do(notes.save_draft, team.therapist, note_id, "why", "Tab B.", 1)

    assert conflict.value.theirs == {"why": "Tab A."}
    assert conflict.value.mine == {"why": "Tab B."}
    page = team.read(note_page, team.therapist, note_id)
    assert page.drafts["why"].text == "Tab A."


def test_the_same_text_again_is_the_same_save(team):
    note_id = a_draft(team, _intention(team, a_dose(team)), {"why": "First."})

    again = team.do(
        notes.save_draft,
        team.therapist,
        note_id,
        "why",
        "First.",
        0,
        now=NOW + timedelta(minutes=5),
    )

    assert (again.version, again.saved_at) == (1, NOW)


def test_two_tabs_that_save_in_the_same_moment_lose_nothing(team):
    note_id = a_draft(team, _intention(team, a_dose(team)), {"why": "First."})
    at_once = Barrier(2)

    def save(text: str) -> str:
        at_once.wait()
        try:
            team.do(notes.save_draft, team.therapist, note_id, "why", text, 1)
        except Conflict as conflict:
            return conflict.mine["why"]
        return ""

    with ThreadPoolExecutor(2) as tabs:
        refused = list(tabs.map(save, ["Tab A.", "Tab B."]))

    kept = team.read(note_page, team.therapist, note_id).drafts["why"]
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
def test_what_cannot_be_kept_gets_a_sentence(team, field, text, sentence):
    note_id = a_draft(team, _intention(team, a_dose(team)), {"why": "First."})
    with pytest.raises(Invalid, match=sentence) as invalid:
        team.do(notes.save_draft, team.therapist, note_id, field, text, 1)
    assert list(invalid.value.fields) == [field]
    assert team.read(note_page, team.therapist, note_id).drafts["why"].text == "First."


@pytest.mark.parametrize("who", ["prescriber", "nurse", "front_desk", "stranger"])
def test_nobody_but_the_author_writes_in_a_draft(team, who):
    note_id = a_draft(team, _intention(team, a_dose(team)), {"why": "First."})
    with pytest.raises((NotAllowed, NotFound)):
        team.do(notes.save_draft, getattr(team, who), note_id, "why", "Other.", 1)
    assert team.read(note_page, team.therapist, note_id).drafts["why"].text == "First."


def test_rule_20_a_colleague_sees_whose_draft_it_is_and_since_when_and_no_word_of_it(team):
    dose_id = a_dose(team)
    secret = {"intention": "secret one", "why": "secret two", "safety": "secret three"}
    note_id = a_draft(team, _intention(team, dose_id), secret)

    page = team.read(note_page, team.prescriber, note_id)
    unsigned = team.read(unsigned_notes, team.prescriber)

    assert page.note.author.name == "Thea Tallis, LCSW"
    assert page.note.started_at == NOW
    assert page.saved_at is None
    assert not page.can_write
    assert [(one.id, one.author.name, one.is_mine) for one in unsigned] == [
        (note_id, "Thea Tallis", False)
    ]
    for seen in (
        page,
        unsigned,
        team.read(notes_of_client, team.prescriber, team.client.id),
        team.read(latest_notes, team.prescriber, team.client.id),
    ):
        assert not [text for text in words_in(seen) if "secret" in text]
    with pytest.raises(NotAllowed, match="Only its author can sign"):
        team.read(signing_page, team.prescriber, note_id)
    # The very same walk finds the words for the author, so it would have found them above.
    own = words_in(team.read(note_page, team.therapist, note_id))
    assert {"secret one", "secret two", "secret three"} <= set(own)


def test_no_word_of_a_note_is_in_the_audit_log(team):
    note_id = a_signed_intention(team, a_dose(team), dict.fromkeys(INTENTION, "Ready"))
    amended = AmendmentEntered(new_id(), note_id, "secret reason", "secret amendment")
    team.do(notes.amend_note, team.therapist, amended)
    team.do(notes.add_addendum, team.prescriber, AddendumEntered(new_id(), note_id, "secret more"))

    with team.database.reading() as db:
        events = db.execute(select(AuditEvent.tag, AuditEvent.changes).order_by(AuditEvent.id))
        written = [(row.tag, words_in(row.changes)) for row in events]

    assert [tag for tag, _ in written] == [
        "note:started",
        "note:signed",
        "note:amended",
        "note:added_to",
    ]
    assert not [text for _, texts in written for text in texts if "secret" in text]
    assert not [text for _, texts in written for text in texts if text == "Ready"]


# Signing


def test_what_is_signed_is_what_was_shown(team):
    note_id = a_draft(team, _intention(team, a_dose(team)), INTENTION)
    shown = team.read(signing_page, team.therapist, note_id)
    assert shown.problems == ()

    signature = team.do(notes.sign_note, team.therapist, note_id, shown.digest)

    text = team.read(note_page, team.prescriber, note_id).note.signed_text
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


def test_an_integration_note_names_each_dose_by_its_last_administration(team):
    first = a_dose(team, given_at=NOW - timedelta(hours=30))
    second = a_dose(team, given_at=NOW - timedelta(hours=6))
    with team.database.writing() as db:
        experience = an_outside_experience(db, team.course)
    integration_id = an_integration(
        team, first, second, held_at=NOW, outside_experience_id=experience.id
    )
    note_id = a_draft(team, _integration(team, integration_id), INTEGRATION)

    text = team.read(signing_page, team.therapist, note_id).text

    assert text.replace("\u00a0", " ").startswith(
        "Integration note\n"
        "Client K-001\n"
        "Integration, by video, held Tue Nov 24, 2026, 2:30 pm MST\n"
        "After ketamine, intramuscular, last dose Mon Nov 23, 2026, 9:30 am MST\n"
        "After ketamine, intramuscular, last dose Tue Nov 24, 2026, 9:30 am MST\n"
        "After an experience elsewhere: psilocybin, summer 2025\n"
        "Written by Thea Tallis, LCSW\n\n"
    )


def test_two_threads_sign_once(team):
    note_id = a_draft(team, _intention(team, a_dose(team)), INTENTION)
    shown = team.read(signing_page, team.therapist, note_id)
    at_once = Barrier(2)

    def press(later: int) -> Any:
        at_once.wait()
        now = NOW + timedelta(seconds=later)
        return team.do(notes.sign_note, team.therapist, note_id, shown.digest, now=now)

    with ThreadPoolExecutor(2) as presses:
        first, second = presses.map(press, [0, 1])

    assert first == second
    assert team.tags() == ["note:started", "note:signed"]


def test_signing_deletes_the_drafts_and_locks_the_note(team):
    note_id = a_signed_intention(team, a_dose(team))

    with team.database.reading() as db:
        assert db.scalar(select(func.count()).select_from(Draft)) == 0
    with pytest.raises(Conflict, match="signed and locked") as conflict:
        team.do(notes.save_draft, team.therapist, note_id, "why", "Too late.", 0)
    assert conflict.value.mine == {"why": "Too late."}


@pytest.mark.parametrize("who", ["prescriber", "nurse", "front_desk", "stranger"])
def test_rule_18_only_its_author_signs_a_note(team, who):
    note_id = a_draft(team, _intention(team, a_dose(team)), INTENTION)
    shown = team.read(signing_page, team.therapist, note_id)

    with pytest.raises((NotAllowed, NotFound)):
        team.do(notes.sign_note, getattr(team, who), note_id, shown.digest)

    assert "note:signed" not in team.tags()


def test_rule_18_holds_for_another_therapist_on_the_course(team):
    note_id = a_draft(team, _intention(team, a_dose(team)), INTENTION)
    shown = team.read(signing_page, team.therapist, note_id)
    with team.database.writing() as db:
        a_member(db, team.course, team.stranger, Part.COVER)

    with pytest.raises(NotAllowed, match="Only its author can sign a note"):
        team.do(notes.sign_note, team.stranger, note_id, shown.digest)


def test_text_that_changed_since_it_was_read_is_not_signed(team):
    note_id = a_draft(team, _intention(team, a_dose(team)), INTENTION)
    shown = team.read(signing_page, team.therapist, note_id)
    team.do(notes.save_draft, team.therapist, note_id, "intention", "Something else.", 1)

    with pytest.raises(Conflict, match="Read it again"):
        team.do(notes.sign_note, team.therapist, note_id, shown.digest)

    assert team.read(note_page, team.therapist, note_id).can_write


def test_a_dose_that_moved_since_it_was_read_is_text_that_changed(team):
    dose_id = a_dose(team)
    note_id = a_draft(team, _intention(team, dose_id), INTENTION)
    shown = team.read(signing_page, team.therapist, note_id)
    with team.database.writing() as db:
        db.get_one(KetamineSession, dose_id).planned_at = NOW + timedelta(days=3)

    with pytest.raises(Conflict, match="Read it again"):
        team.do(notes.sign_note, team.therapist, note_id, shown.digest)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"safety": ""}, "safety"),
        ({"coping": " \n "}, "coping"),
        ({"ready": ""}, "ready"),
        ({"ready": "Maybe"}, "ready"),
    ],
)
def test_what_is_missing_is_said_beside_its_field(team, change, field):
    note_id = a_draft(team, _intention(team, a_dose(team)), {**INTENTION, **change})
    with pytest.raises(Invalid) as invalid:
        sign(team, note_id)
    assert list(invalid.value.fields) == [field]
    assert team.read(signing_page, team.therapist, note_id).problems == tuple(
        invalid.value.fields.values()
    )


def test_an_integration_is_held_before_its_note_is_signed(team):
    integration_id = an_integration(team, a_dose(team, given_at=NOW - timedelta(hours=9)))
    note_id = a_draft(team, _integration(team, integration_id), INTEGRATION)
    with pytest.raises(Invalid, match="Record first when this integration was held"):
        sign(team, note_id)

    with team.database.writing() as db:
        db.get_one(IntegrationSession, integration_id).held_at = NOW
    sign(team, note_id)


def test_rule_7_an_integration_before_the_last_administration_is_not_signed(team):
    given_at = NOW - timedelta(hours=4)
    integration_id = an_integration(
        team, a_dose(team, given_at=given_at), held_at=given_at + timedelta(minutes=59)
    )
    note_id = a_draft(team, _integration(team, integration_id), INTEGRATION)
    with pytest.raises(Invalid, match="held before its last dose"):
        sign(team, note_id)

    with team.database.writing() as db:
        row = db.get_one(IntegrationSession, integration_id)
        row.held_at = given_at + timedelta(minutes=60)
    sign(team, note_id)


# After signing


def test_rule_19_an_amendment_stands_beside_the_unchanged_original(team):
    note_id = a_signed_intention(team, a_dose(team))
    with team.database.reading() as db:
        before = db.execute(select(Note.__table__).where(Note.id == note_id)).one()
    entered = AmendmentEntered(new_id(), note_id, "Wrong word", "Grief, not guilt.")
    later = NOW + timedelta(hours=3)

    team.do(notes.amend_note, team.therapist, entered, now=later)
    team.do(notes.amend_note, team.therapist, entered, now=later + timedelta(seconds=1))

    with team.database.reading() as db:
        after = db.execute(select(Note.__table__).where(Note.id == note_id)).one()
    assert after == before
    [amendment] = team.read(note_page, team.prescriber, note_id).note.amendments
    assert (amendment.author, amendment.at) == ("Thea Tallis, LCSW", later)
    assert (amendment.reason, amendment.text) == ("Wrong word", "Grief, not guilt.")


@pytest.mark.parametrize("who", ["prescriber", "nurse", "front_desk", "stranger"])
def test_rule_19_nobody_else_amends_a_note(team, who):
    note_id = a_signed_intention(team, a_dose(team))
    entered = AmendmentEntered(new_id(), note_id, "Wrong word", "Guilt.")
    with pytest.raises((NotAllowed, NotFound)):
        team.do(notes.amend_note, getattr(team, who), entered)
    with team.database.reading() as db:
        assert db.scalar(select(func.count()).select_from(NoteAmendment)) == 0


def test_an_amendment_needs_a_reason_a_text_and_a_signed_note(team):
    signed = a_signed_intention(team, a_dose(team))
    draft = a_draft(team, _intention(team, a_dose(team)), INTENTION)
    with pytest.raises(Invalid) as invalid:
        team.do(notes.amend_note, team.therapist, AmendmentEntered(new_id(), signed, " ", ""))
    assert set(invalid.value.fields) == {"reason", "text"}
    with pytest.raises(Invalid, match="not signed"):
        team.do(notes.amend_note, team.therapist, AmendmentEntered(new_id(), draft, "x", "y"))


@pytest.mark.parametrize("who", ["prescriber", "nurse"])
def test_those_who_read_a_note_add_to_it_once(team, who):
    note_id = a_signed_intention(team, a_dose(team))
    entered = AddendumEntered(new_id(), note_id, "Lower dose from now on.")

    team.do(notes.add_addendum, getattr(team, who), entered)
    team.do(notes.add_addendum, getattr(team, who), entered)

    page = team.read(note_page, team.therapist, note_id)
    assert [one.text for one in page.note.addenda] == ["Lower dose from now on."]
    assert page.note.amendments == ()


@pytest.mark.parametrize("who", ["front_desk", "stranger"])
def test_those_who_do_not_read_a_note_cannot_add_to_it(team, who):
    note_id = a_signed_intention(team, a_dose(team))
    with pytest.raises((NotAllowed, NotFound)):
        team.do(notes.add_addendum, getattr(team, who), AddendumEntered(new_id(), note_id, "x"))


def test_a_draft_takes_no_addendum(team):
    note_id = a_draft(team, _intention(team, a_dose(team)), INTENTION)
    with pytest.raises(Invalid, match="not signed yet"):
        team.do(notes.add_addendum, team.prescriber, AddendumEntered(new_id(), note_id, "x"))


def test_an_empty_note_can_be_taken_back_and_one_with_words_cannot(team):
    empty = a_draft(team, _intention(team, a_dose(team)), {"why": "  "})
    written = a_draft(team, _intention(team, a_dose(team)), {"why": "Words."})

    team.do(notes.drop_empty_note, team.therapist, empty)
    team.do(notes.drop_empty_note, team.therapist, empty)
    with pytest.raises(Conflict, match="has words in it"):
        team.do(notes.drop_empty_note, team.therapist, written)
    with pytest.raises(NotAllowed):
        team.do(notes.drop_empty_note, team.prescriber, written)

    assert [one.id for one in team.read(unsigned_notes, team.therapist)] == [written]
    assert team.tags().count("note:dropped") == 1
    with pytest.raises(NotFound):
        team.do(notes.save_draft, team.therapist, empty, "why", "Back again.", 0)


# Beginning from an earlier intention


def test_the_intention_of_a_cancelled_session_is_offered_and_copied_only_when_asked(team):
    cancelled = a_dose(team)
    old = a_signed_intention(team, cancelled, {**INTENTION, "hope": "Rest.", "mood": "Tense."})
    with team.database.writing() as db:
        db.get_one(KetamineSession, cancelled).status = SessionStatus.CANCELLED
    dose_id = a_dose(team)

    plain = a_draft(team, _intention(team, dose_id), {})
    page = team.read(note_page, team.therapist, plain)
    assert page.drafts == {}
    assert page.beginning.id == old
    team.do(notes.drop_empty_note, team.therapist, plain)

    copied = team.do(notes.start_note, team.therapist, _intention(team, dose_id, copy_from=old))
    page = team.read(note_page, team.therapist, copied)
    assert {field: draft.text for field, draft in page.drafts.items()} == {
        "intention": "To sit with the grief.",
        "coping": "Hand on heart",
        "hope": "Rest.",
    }
    # The cancelled session keeps its own.
    kept = team.read(notes_of_client, team.therapist, team.client.id).of_dose(cancelled)
    assert [note.id for note in kept.intentions] == [old]


def test_the_intention_of_a_session_that_was_given_is_not_carried(team):
    given = a_dose(team)
    old = a_signed_intention(team, given)
    with team.database.writing() as db:
        db.get_one(KetamineSession, given).status = SessionStatus.COMPLETED
    dose_id = a_dose(team)

    with pytest.raises(NotFound, match="no such intention"):
        team.do(notes.start_note, team.therapist, _intention(team, dose_id, copy_from=old))

    note_id = a_draft(team, _intention(team, dose_id), {})
    assert team.read(note_page, team.therapist, note_id).beginning is None


def test_rule_28_a_stale_intention_is_rewritten_from_its_own_text(team):
    dose_id = a_dose(team)
    old = a_signed_intention(team, dose_id, now=NOW - timedelta(days=9))
    new = team.do(notes.start_note, team.therapist, _intention(team, dose_id, copy_from=old))

    page = team.read(note_page, team.therapist, new)
    assert page.beginning.id == old
    assert "safety" not in page.drafts
    assert [note.id for note in page.beside] == [old]


def test_a_draft_is_never_something_to_begin_from(team):
    dose_id = a_dose(team)
    draft = a_draft(team, _intention(team, dose_id), INTENTION)
    with team.database.writing() as db:
        a_member(db, team.course, team.stranger, Part.COVER)
    with pytest.raises(NotFound, match="no such intention"):
        team.do(notes.start_note, team.stranger, _intention(team, dose_id, copy_from=draft))


# Reading


def test_an_integration_note_looks_back_on_the_intentions_of_its_sessions(team):
    dose_id = a_dose(team)
    other = a_dose(team)
    intention = a_signed_intention(team, dose_id)
    a_signed_intention(team, other, {**INTENTION, "intention": "Another day's."})
    integration_id = an_integration(team, dose_id)
    note_id = a_draft(team, _integration(team, integration_id), {})

    page = team.read(note_page, team.therapist, note_id)

    assert [note.id for note in page.intentions] == [intention]
    assert page.intentions[0].answer("intention") == "To sit with the grief."
    assert page.last_integration is None


def test_an_intention_note_begins_from_what_the_last_integration_left_open(team):
    hours = [60, 30]
    signed = []
    for ago in hours:
        integration_id = an_integration(
            team,
            a_dose(team, given_at=NOW - timedelta(hours=ago)),
            held_at=NOW - timedelta(hours=ago - 20),
        )
        actions = {**INTEGRATION, "actions": f"Left open {ago} hours ago."}
        signed.append(a_draft(team, _integration(team, integration_id), actions))
    # The later one is signed first: what counts is when it was held.
    sign(team, signed[1], now=NOW)
    sign(team, signed[0], now=NOW + timedelta(minutes=5))
    note_id = a_draft(team, _intention(team, a_dose(team)), {"hope": "Rest."})

    mine = team.read(note_page, team.therapist, note_id)
    theirs = team.read(note_page, team.prescriber, note_id)

    assert mine.last_integration.answer("actions") == "Left open 30 hours ago."
    assert mine.saved_at == NOW
    assert (theirs.last_integration, theirs.beginning) == (None, None)


def test_notes_of_a_client_stand_under_each_session_they_are_about(team):
    first, second = (a_dose(team, given_at=NOW - timedelta(hours=ago)) for ago in (30, 6))
    with team.database.writing() as db:
        experience = an_outside_experience(db, team.course)
    intention = a_draft(team, _intention(team, first), INTENTION)
    both = a_draft(
        team, _integration(team, an_integration(team, first, second, held_at=NOW)), INTEGRATION
    )
    outside = a_draft(
        team,
        _integration(team, an_integration(team, outside_experience_id=experience.id)),
        INTEGRATION,
    )
    sign(team, both)

    found = team.read(notes_of_client, team.prescriber, team.client.id)

    assert [note.id for note in found.of_dose(first).intentions] == [intention]
    assert [note.id for note in found.of_dose(first).integrations] == [both]
    assert found.of_dose(second).intentions == ()
    assert [note.id for note in found.of_dose(second).integrations] == [both]
    assert [note.id for note in found.elsewhere] == [outside]
    assert found.of_dose("nothing").integrations == ()


def test_latest_notes_are_the_last_signed_ones(team):
    a_signed_intention(team, a_dose(team), now=NOW - timedelta(days=3))
    last = a_signed_intention(team, a_dose(team), now=NOW - timedelta(days=1))
    a_draft(team, _intention(team, a_dose(team)), INTENTION)

    found = team.read(latest_notes, team.prescriber, team.client.id)

    assert found.intention.id == last
    assert found.integration is None


def test_unsigned_notes_say_how_old_they_are_the_oldest_first(team):
    older = a_draft(team, _intention(team, a_dose(team)), {}, now=NOW - timedelta(days=2))
    newer = a_draft(team, _integration(team, an_integration(team, a_dose(team))), {})

    found = team.read(unsigned_notes, team.therapist)

    assert [(one.id, one.age, one.is_mine) for one in found] == [
        (older, timedelta(days=2), True),
        (newer, timedelta(0), True),
    ]
    assert found[1].subject_at == NOW + timedelta(hours=2)
    assert found[0].client.code == "K-001"


@pytest.mark.parametrize("query", [note_page, signing_page, notes_of_client, latest_notes])
def test_the_front_desk_reads_no_note(team, query):
    note_id = a_signed_intention(team, a_dose(team))
    about = note_id if query in (note_page, signing_page) else team.client.id
    with pytest.raises(NotAllowed, match="front desk"):
        team.read(query, team.front_desk, about)
    with pytest.raises(NotAllowed, match="front desk"):
        team.read(unsigned_notes, team.front_desk)


def test_who_is_not_on_the_course_finds_nothing(team):
    note_id = a_signed_intention(team, a_dose(team))
    a_draft(team, _intention(team, a_dose(team)), INTENTION)

    for unknown in (note_id, "no-such-note"):
        with pytest.raises(NotFound, match="no such note"):
            team.read(note_page, team.stranger, unknown)
    assert team.read(unsigned_notes, team.stranger) == ()
    assert team.read(notes_of_client, team.stranger, team.client.id).by_dose == {}
    assert team.read(latest_notes, team.stranger, team.client.id).intention is None


def test_who_left_the_course_finds_nothing_any_more(team):
    note_id = a_signed_intention(team, a_dose(team))
    with team.database.writing() as db:
        member = db.scalars(
            select(EpisodeMember).where(EpisodeMember.clinician_id == team.prescriber.clinician_id)
        ).one()
        member.until_at = NOW - timedelta(minutes=1)
    with pytest.raises(NotFound):
        team.read(note_page, team.prescriber, note_id)
    everyone = replace(team.prescriber, sees_everyone=True)
    assert team.read(note_page, everyone, note_id).note.id == note_id


def test_reads_take_the_same_number_of_statements_with_3_and_with_30_sessions(team):
    def statements() -> list[int]:
        found = []
        for query, *about in (
            (note_page, page_of),
            (signing_page, page_of),
            (unsigned_notes,),
            (notes_of_client, team.client.id),
            (latest_notes, team.client.id),
        ):
            asked = team.asked(team.therapist)
            with (
                recorded_statements(team.database.engine) as ran,
                team.database.reading() as db,
            ):
                query(db, asked, *about)
            found.append(len(ran))
        return found

    doses = [a_dose(team) for _ in range(3)]
    note = a_signed_intention(team, doses[0])
    team.do(notes.add_addendum, team.nurse, AddendumEntered(new_id(), note, "Seen."))
    page_of = a_draft(team, _integration(team, an_integration(team, *doses)), INTEGRATION)
    with_three = statements()

    for _ in range(27):
        doses.append(a_dose(team))
        note = a_signed_intention(team, doses[-1])
        team.do(notes.add_addendum, team.nurse, AddendumEntered(new_id(), note, "Seen."))
        a_draft(team, _intention(team, a_dose(team)), INTENTION)
    with team.database.writing() as db:
        integration_id = db.scalars(
            select(Note.integration_session_id).where(Note.id == page_of)
        ).one()
        db.add_all(
            IntegrationSessionFor(
                id=new_id(), integration_session_id=integration_id, ketamine_session_id=one
            )
            for one in doses[3:]
        )

    assert statements() == with_three == [5, 4, 1, 3, 2]
    assert len(team.read(note_page, team.therapist, page_of).intentions) == 28
