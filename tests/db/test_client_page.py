"""What the Client page reads, on both engines: who sees what of a client, and what it counts."""

from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from kapteam.actions.notes import NoteEntered, save_draft, start_note
from kapteam.actions.views import record_view
from kapteam.db.in_force import practice_in_force
from kapteam.db.tables import Administration, AuditEvent, Client, IntegrationSessionFor, Note
from kapteam.errors import NotFound
from kapteam.ids import new_id
from kapteam.queries.client import ClientPage, client_code, client_page
from kapteam.queries.course import course
from kapteam.queries.find import find_clients
from kapteam.queries.inquiries import inquiry
from kapteam.queries.integration_session import integration_page
from kapteam.queries.ketamine_session import ketamine_session_page
from kapteam.queries.notes import note_page, signing_page
from kapteam.queries.standing import Asked, course_standings
from kapteam.rules.permissions import Viewer
from kapteam.vocabulary import (
    AdministrationKind,
    ConsentType,
    EpisodeState,
    Function,
    HoldReason,
    IntegrationKind,
    NoteKind,
    Part,
    ProductRoute,
    ServiceLine,
    SessionStatus,
)
from tests.factories import (
    NOW,
    a_clearance,
    a_client,
    a_clinician,
    a_consent,
    a_course,
    a_hold,
    a_member,
    an_inquiry,
    an_outside_experience,
)
from tests.factories_care import (
    ON_SQLITE,
    Care,
    a_booked_pair,
    a_cared_for_client,
    a_given_session,
    a_ketamine_session,
    a_series,
    a_signed_intention,
    an_integration_session,
    an_overdue_integration,
    an_unrecorded_session,
)
from tests.query_recorder import recorded_statements

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOBODY = "There is no client with this code, or you are not on one of their courses."


@pytest.fixture
def care(database) -> Care:
    return a_cared_for_client(database)


def page_of(care: Care, viewer: Viewer, code: str | None = None, *, now: Any = NOW) -> ClientPage:
    with care.database.reading() as db:
        practice = practice_in_force(db, now)
        assert practice is not None
        asked = Asked(viewer, practice, now)
        return client_page(db, asked, care.client.code if code is None else code)


def a_drafted_note(care: Care, words: str, **subject: str) -> str:
    """An unsigned note of the therapist, with words in it."""
    kind = NoteKind.INTENTION if "ketamine_session_id" in subject else NoteKind.INTEGRATION
    field = "intention" if kind is NoteKind.INTENTION else "recap"
    entered = NoteEntered(new_id(), kind, care.course.id, **subject)
    note_id = care.do(start_note, care.therapist, entered)
    care.do(save_draft, care.therapist, note_id, field, words, 0)
    return note_id


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("K-014", "K-014"),
        (" k-014 ", "K-014"),
        ("k14", "K-014"),
        ("14", "K-014"),
        ("K-1014", "K-1014"),
        ("K-000", ""),
        ("", ""),
        ("Okafor", ""),
        ("K-014<script>", ""),
        ("K-٠١٤", ""),
        ("K-99999999999999999999", ""),
    ],
)
def test_a_code_is_read_from_the_address_as_it_is_written(typed, code):
    assert client_code(typed) == code


def test_an_unknown_client_and_somebody_elses_read_the_same(care):
    with care.database.writing() as db:
        an_overdue_integration(db, care.course)
    for viewer, code in (
        (care.stranger, care.client.code),
        (care.therapist, "K-999"),
        (care.therapist, ""),
    ):
        with pytest.raises(NotFound) as refused:
            page_of(care, viewer, code)
        assert str(refused.value) == NOBODY


def test_who_left_the_course_sees_nothing_any_more(care):
    assert page_of(care, care.nurse).name.code == care.client.code
    with care.database.writing() as db:
        other = a_clinician(db, Function.THERAPIST, name="Lena Left")
        a_member(db, care.course, other, Part.COVER, until_at=NOW - DAY)
    with pytest.raises(NotFound):
        page_of(care, other)


def test_doses_come_the_newest_first_counted_as_the_standings_count(care):
    with care.database.writing() as db:
        first = a_given_session(db, care.course, given_at=NOW - 14 * DAY)
        missed = a_ketamine_session(
            db, care.course, planned_at=NOW - 10 * DAY, status=SessionStatus.MISSED
        )
        second = a_given_session(
            db, care.course, given_at=NOW - 7 * DAY, boosted_at=NOW - 7 * DAY + HOUR
        )
        ahead = a_ketamine_session(db, care.course, planned_at=NOW + DAY)
        other = a_series(db, care.course, product_route=ProductRoute.SUBLINGUAL)
        sublingual = a_ketamine_session(
            db, care.course, planned_at=NOW + 2 * DAY, series=other, ordered_ug=None
        )

    page = page_of(care, care.prescriber)

    assert [(dose.id, dose.number) for dose in page.doses] == [
        (sublingual.id, 1),
        (ahead.id, 3),
        (second.id, 2),
        (missed.id, None),
        (first.id, 1),
    ]
    counted = {dose.id: dose.number for course in page.courses for dose in course.doses}
    assert counted == {sublingual.id: 1, ahead.id: 3}
    boosted = page.doses[2]
    assert [part.ug for part in boosted.given] == [70_000, 20_000]
    assert (boosted.given_ug, boosted.last_given_at) == (90_000, NOW - 7 * DAY + HOUR)
    assert page.doses[0].given == ()


def test_a_dose_entered_in_error_is_not_counted(care):
    with care.database.writing() as db:
        session = a_given_session(db, care.course, given_at=NOW - DAY, boosted_at=NOW - 20 * HOUR)
        booster = db.scalars(
            select(Administration).where(
                Administration.ketamine_session_id == session.id,
                Administration.kind == AdministrationKind.BOOSTER,
            )
        ).one()
        booster.voided_at, booster.voided_by_id = NOW, care.prescriber.clinician_id
    (dose,) = page_of(care, care.prescriber).doses
    assert (dose.given_ug, dose.last_given_at) == (70_000, NOW - DAY)


def test_an_integration_stands_under_every_dose_it_is_about(care):
    with care.database.writing() as db:
        one = a_given_session(db, care.course, given_at=NOW - 3 * DAY)
        two = a_given_session(db, care.course, given_at=NOW - 2 * DAY)
        both = an_integration_session(
            db, care.course, one, two, therapist=care.therapist, held_at=NOW - DAY
        )
        taken_back = an_integration_session(
            db, care.course, two, planned_at=NOW - DAY, dropped_at=NOW
        )
    page = page_of(care, care.therapist)
    for dose in page.doses:
        assert [integration.id for integration in dose.integrations] == [both.id]
        # Rule 6, as on every list: the clock of the earlier dose counts.
        assert dose.integrations[0].last_given_at == NOW - 3 * DAY
        assert taken_back.id not in {integration.id for integration in dose.integrations}
    assert page.integrations == ()


def test_a_debt_without_a_row_stands_under_its_dose(care):
    with care.database.writing() as db:
        given = an_overdue_integration(db, care.course, hours=50)
        silent = an_unrecorded_session(db, care.course)
    page = page_of(care, care.therapist)
    owed = {dose.id: dose.integrations for dose in page.doses}
    for dose_id in (given.id, silent.id):
        (debt,) = owed[dose_id]
        assert debt.id is None
        assert debt.line in page.courses[0].integrations


def test_a_further_session_about_an_integrated_dose_is_not_late(care):
    with care.database.writing() as db:
        given = a_given_session(db, care.course, given_at=NOW - 9 * DAY)
        in_time = an_integration_session(db, care.course, given, held_at=NOW - 9 * DAY + 20 * HOUR)
        further = an_integration_session(db, care.course, given, held_at=NOW - 2 * DAY)
        debrief = an_integration_session(
            db, care.course, given, held_at=NOW - 9 * DAY + HOUR, kind=IntegrationKind.DEBRIEF
        )
    (dose,) = page_of(care, care.therapist).doses
    clocks = {one.id: one.last_given_at for one in dose.integrations}
    assert clocks == {in_time.id: NOW - 9 * DAY, further.id: None, debrief.id: None}


def test_a_course_one_is_not_on_shows_its_dates_and_people_and_no_more(care):
    with care.database.writing() as db:
        given = a_given_session(db, care.course, given_at=NOW - 3 * DAY)
        a_signed_intention(db, given, care.therapist)
        hers = a_course(
            db,
            care.client,
            therapist=care.stranger,
            prescriber="Dr. Elsewhere",
            service_line=ServiceLine.PSYCHEDELIC_INTEGRATION,
            state=EpisodeState.INTEGRATION,
        )
        experience = an_outside_experience(db, hers)
        session = an_integration_session(db, hers, therapist=care.stranger, held_at=NOW - DAY)
        db.add(
            IntegrationSessionFor(
                id=new_id(),
                integration_session_id=session.id,
                outside_experience_id=experience.id,
            )
        )
        old = a_course(db, care.client, therapist=care.therapist, state=EpisodeState.CLOSED)

    page = page_of(care, care.stranger)
    assert page.hides_open_course
    assert [course.episode_id for course in page.courses] == [hers.id]
    assert {line.episode_id for line in page.others} == {care.course.id, old.id}
    theirs = next(line for line in page.others if line.episode_id == care.course.id)
    assert not theirs.is_visible
    assert {member.name for member in theirs.members} >= {"Robin Prescott", "Thea Tallis"}
    closed = next(line for line in page.others if line.episode_id == old.id)
    assert closed.closed_at is not None
    assert closed.close_reason is None
    assert page.doses == ()
    assert page.notes_of(NoteKind.INTENTION) == ()
    assert [one.experience_ids for one in page.integrations] == [(experience.id,)]

    page = page_of(care, care.therapist)
    assert page.integrations == ()
    assert all(line.experiences == () for line in page.lines)
    assert [dose.id for dose in page.doses] == [given.id]
    assert next(line for line in page.others if line.is_visible).close_reason is not None


def test_the_front_desk_sees_identity_and_dates_and_no_note(care):
    with care.database.writing() as db:
        given = a_given_session(db, care.course, given_at=NOW - 3 * DAY)
        a_signed_intention(db, given, care.therapist)
    page = page_of(care, care.front_desk)
    assert page.details.phone == "602-555-0114"
    assert [dose.id for dose in page.doses] == [given.id]
    assert page.notes is None
    assert "To rest." not in repr(page)
    assert "To rest." in repr(page_of(care, care.prescriber))


@pytest.mark.parametrize("reader", ["prescriber", "nurse", "therapist"])
def test_no_word_of_a_draft_is_read_by_anybody(care, reader):
    with care.database.writing() as db:
        ahead, integration = a_booked_pair(db, care.course, therapist=care.therapist)
    a_drafted_note(care, "Secret plan", ketamine_session_id=ahead.id)
    a_drafted_note(care, "Secret recap", integration_session_id=integration.id)
    page = page_of(care, getattr(care, reader))
    (draft,) = page.notes_of(NoteKind.INTENTION)
    assert (draft.author.id, draft.signed_at) == (care.therapist.clinician_id, None)
    assert "Secret" not in repr(page)


def test_notes_come_the_newest_first_each_once(care):
    with care.database.writing() as db:
        doses = [a_given_session(db, care.course, given_at=NOW - days * DAY) for days in (9, 5, 1)]
        notes = [
            a_signed_intention(db, dose, care.therapist, signed_at=dose.planned_at - HOUR)
            for dose in doses
        ]
        both = an_integration_session(db, care.course, *doses, held_at=NOW)
        db.add(
            Note(
                id=new_id(),
                kind=NoteKind.INTEGRATION,
                episode_id=care.course.id,
                integration_session_id=both.id,
                author_id=care.therapist.clinician_id,
                by_prescriber=False,
                template_version=1,
                body={"recap": "Calm."},
                started_at=NOW,
                signed_at=NOW,
                signed_text="Calm.",
                content_hash="0" * 64,
            )
        )
    page = page_of(care, care.prescriber)
    found = [note.id for note in page.notes_of(NoteKind.INTENTION)]
    assert found == [note.id for note in reversed(notes)]
    assert [note.answer("recap") for note in page.notes_of(NoteKind.INTEGRATION)] == ["Calm."]


def _another(db: Session, care: Care, given: str, family: str, **course: Any) -> str:
    other = a_client(db, care.therapist, given=given, family=family)
    if course:
        a_course(db, other, **course)
    return other.code


def test_look_alikes_share_the_initials_or_even_the_name(care):
    with care.database.writing() as db:
        same = _another(db, care, "Ámára", "O'Kafor", therapist=care.therapist)
        initials = _another(db, care, "Abena", "Osei", therapist=care.therapist)
        _another(db, care, "Ao", "Winter", therapist=care.therapist)
        _another(db, care, "Olga", "Amsel", therapist=care.therapist)
        hidden = _another(db, care, "Ada", "Orth", therapist=care.stranger)
    found = {one.code: one.same_name for one in page_of(care, care.therapist).look_alikes}
    assert found == {same: True, initials: False}
    everyone = replace(care.therapist, sees_everyone=True)
    assert hidden in {one.code for one in page_of(care, everyone).look_alikes}


def test_what_was_not_asked_is_not_none(care):
    with care.database.writing() as db:
        client = db.merge(care.client)
        client.allergies, client.allergies_asked_on = "", date(2026, 11, 2)
    kept = page_of(care, care.therapist).details
    assert (kept.allergies, kept.allergies_asked_on) == ("", date(2026, 11, 2))
    assert (kept.medications, kept.medications_asked_on) == (None, None)


def _open(care: Care, viewer: Viewer, *, now: Any = NOW) -> None:
    """As the page does it."""
    page = page_of(care, viewer, now=now)
    if not page.seen_this_hour:
        care.do(record_view, viewer, page.name.id, now=now)


def test_rule_63_a_view_is_recorded_once_for_each_person_and_hour(care):
    on_the_hour = NOW.replace(minute=0)
    for minute in (0, 10, 59):
        _open(care, care.therapist, now=on_the_hour + timedelta(minutes=minute))
    _open(care, care.prescriber, now=on_the_hour)
    _open(care, care.therapist, now=on_the_hour + HOUR)
    with care.database.writing() as db:
        other = a_client(db, care.therapist, given="Juniper", family="Vale")
    page = page_of(care, care.therapist, other.code, now=on_the_hour)
    assert not page.seen_this_hour

    seen = care.rows(AuditEvent, tag="client:viewed")
    assert [(one.clinician_id, one.at) for one in sorted(seen, key=lambda one: one.id)] == [
        (care.therapist.clinician_id, on_the_hour),
        (care.prescriber.clinician_id, on_the_hour),
        (care.therapist.clinician_id, on_the_hour + HOUR),
    ]
    assert {one.client_id for one in seen} == {care.client.id}
    assert {one.sign_in_id for one in seen} == {
        care.therapist.sign_in_id,
        care.prescriber.sign_in_id,
    }
    assert all(one.changes == {} for one in seen)


def _statements(care: Care, viewer: Viewer) -> int:
    with recorded_statements(care.database.engine) as ran:
        page_of(care, viewer)
    return len(ran)


def _history(care: Care, first: int, last: int) -> None:
    with care.database.writing() as db:
        for days in range(first, last):
            dose = a_given_session(db, care.course, given_at=NOW - days * 3 * DAY - DAY)
            a_signed_intention(db, dose, care.therapist)
            an_integration_session(db, care.course, dose, held_at=dose.planned_at + 20 * HOUR)


def test_three_and_thirty_ketamine_sessions_take_the_same_number_of_statements(care):
    viewers = (care.therapist, care.front_desk)
    _history(care, 0, 3)
    with_three = [_statements(care, viewer) for viewer in viewers]
    _history(care, 3, 30)
    assert len(page_of(care, care.therapist).doses) == 30
    assert [_statements(care, viewer) for viewer in viewers] == with_three
    # The practice in force is one of them.
    assert max(with_three) <= 16


def _a_long_record(care: Care, times: int) -> dict[str, str]:
    """So many of everything about a client, and of other people; the ids of the last of each."""
    with care.database.writing() as db:
        for count in range(times):
            course = a_course(
                db,
                care.client,
                prescriber=care.prescriber,
                therapist=care.therapist,
                opened_at=NOW - (60 + count) * DAY,
            )
            a_clearance(db, care.course, care.prescriber.clinician_id)
            a_consent(db, care.course, ConsentType.TOUCH, care.therapist.clinician_id)
            over = a_hold(db, care.course, HoldReason.TRAVEL, care.therapist.clinician_id)
            over.released_at, over.released_by_id = NOW, care.therapist.clinician_id
            an_outside_experience(db, course)
            dose = a_given_session(db, care.course, given_at=NOW - (1 + 3 * count) * DAY)
            a_signed_intention(db, dose, care.therapist)
            held = an_integration_session(db, care.course, dose, held_at=NOW - 3 * count * DAY)
            owed = an_overdue_integration(db, course)
            slot = an_integration_session(db, course, owed, planned_at=NOW + DAY)
            caller = an_inquiry(db, care.therapist)
            a_course(db, a_client(db, care.therapist), therapist=care.therapist, cleared=True)
    note_id = a_drafted_note(care, "To rest", integration_session_id=held.id)
    return {
        "dose": dose.id,
        "integration": slot.id,
        "course": care.course.id,
        "note": note_id,
        "inquiry": caller.id,
    }


@ON_SQLITE
def test_every_page_about_one_costs_the_same_with_one_of_everything_and_with_twelve(care):
    def statements() -> dict[str, int]:
        asked = {
            "client": partial(client_page, code=care.client.code),
            "course": partial(course, episode_id=ids["course"]),
            "dose": partial(ketamine_session_page, session_id=ids["dose"]),
            "integration": partial(integration_page, integration_id=ids["integration"]),
            "note": partial(note_page, note_id=ids["note"]),
            "signature": partial(signing_page, note_id=ids["note"]),
            "inquiry": partial(inquiry, inquiry_id=ids["inquiry"]),
        }
        found = {}
        for name, query in asked.items():
            with care.database.reading() as db:
                practice = practice_in_force(db, NOW)
                assert practice is not None
                with recorded_statements(care.database.engine) as ran:
                    query(db, Asked(care.therapist, practice, NOW))
            found[name] = len(ran)
        return found

    ids = _a_long_record(care, 1)
    with_one = statements()
    _a_long_record(care, 11)

    assert statements() == with_one
    page = page_of(care, care.therapist)
    assert (len(page.lines), len(page.doses)) == (13, 24)


@ON_SQLITE
def test_rule_68_a_merged_client_stays_readable_and_is_offered_no_more(care):
    with care.database.writing() as db:
        kept = a_client(db, care.therapist, family="Kept")
        given = a_given_session(db, care.course, given_at=NOW - DAY)
        a_signed_intention(db, given, care.therapist)
        db.get_one(Client, care.client.id).merged_into_id = kept.id

    page = page_of(care, care.therapist)

    assert page.name.code == care.client.code
    assert [one.id for one in page.doses] == [given.id]
    assert len(page.notes_of(NoteKind.INTENTION)) == 1
    with care.database.reading() as db:
        practice = practice_in_force(db, NOW)
        assert practice is not None
        asked = Asked(care.therapist, practice, NOW)
        assert [one.client.id for one in course_standings(db, asked)] == [care.client.id]
        assert find_clients(db, asked, care.client.code) == ()
