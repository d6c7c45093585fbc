"""What holds for every page that names a client: who opened it is on record, however much there is
to read it takes as many statements, and the front desk reads no note on it."""

from datetime import timedelta
from pathlib import Path

import pytest

from kapteam.db.signing import note_form
from kapteam.db.tables import AuditEvent, Draft, Ending, Note, NoteAddendum, NoteAmendment
from kapteam.ids import new_id
from kapteam.rules.notes import TEMPLATES
from kapteam.vocabulary import (
    EpisodeState,
    FinalScores,
    HoldReason,
    IntegrationCloseReason,
    NoteKind,
)
from tests.factories import NOW, a_course, a_hold
from tests.factories_care import (
    a_given_session,
    a_ketamine_session,
    a_series,
    a_signed_intention,
    an_integration_session,
    an_overdue_integration,
)
from tests.pages.tabs import MOST_OF_A_CHART, MOST_STATEMENTS, opened, said, statements_of


@pytest.fixture
def addresses(care):
    with care.database.writing() as db:
        # More than any test here gives, so that there is something left to plan.
        a_series(db, care.course, ordered_count=40)
        dose = a_ketamine_session(db, care.course, planned_at=NOW + timedelta(days=1))
        owing = an_overdue_integration(db, care.course)
        note = a_signed_intention(db, dose, care.therapist)
    return {
        "client": {"client": care.client.code},
        "client_edit": {"client": care.client.code},
        "episode": {"id": care.course.id},
        "clearance": {"episode": care.course.id},
        "consent": {"episode": care.course.id},
        "booking": {"episode": care.course.id},
        "series_plan": {"episode": care.course.id},
        "ketamine_session": {"id": dose.id},
        "live_session": {"id": dose.id},
        "brief": {"id": dose.id},
        "integration_session": {"dose": owing.id},
        "note": {"id": note.id},
        "home_supply": {"episode": care.course.id},
        "score": {"episode": care.course.id},
        "scores": {"client": care.client.code},
        "contact": {"client": care.client.code},
        "concern": {"client": care.client.code},
        "ask": {"episode": care.course.id},
        "wait": {"episode": care.course.id},
    }


PAGES = (
    "client",
    "client_edit",
    "episode",
    "clearance",
    "consent",
    "booking",
    "series_plan",
    "ketamine_session",
    "live_session",
    "brief",
    "integration_session",
    "note",
    "home_supply",
    "score",
    "scores",
    "contact",
    "concern",
    "ask",
    "wait",
)
ALL_PAGES = sorted(one.stem for one in (Path(__file__).parents[2] / "pages").glob("*.py"))
READ_HERE = {"client", "ketamine_session", "note"}


@pytest.mark.parametrize("page", PAGES)
def test_rule_63_opening_a_chart_is_on_record_once_an_hour(care, addresses, page):
    assert "Okafor" in said(opened(care, care.therapist, page, **addresses[page]))
    opened(care, care.therapist, page, **addresses[page])

    (seen,) = care.rows(AuditEvent, tag="client:viewed")
    assert (seen.client_id, seen.clinician_id) == (care.client.id, care.therapist.clinician_id)


@pytest.mark.parametrize("page", PAGES)
def test_who_is_refused_a_chart_has_not_opened_it(care, addresses, page):
    assert "Okafor" not in said(opened(care, care.stranger, page, **addresses[page]))
    assert care.rows(AuditEvent, tag="client:viewed") == []


@pytest.mark.parametrize("page", PAGES)
def test_it_takes_as_many_statements_with_thirty_sessions_as_with_three(care, addresses, page):
    def fill(numbers):
        with care.database.writing() as db:
            for number in numbers:
                given = a_given_session(db, care.course, given_at=NOW - timedelta(days=number + 3))
                a_signed_intention(db, given, care.therapist)
                _a_note(db, care, "Calm.", kind=NoteKind.GENERAL)

    fill(range(3))
    tab = opened(care, care.prescriber, page, **addresses[page])
    few = statements_of(care, tab)
    fill(range(3, 30))

    most = MOST_OF_A_CHART if page == "client" else MOST_STATEMENTS
    assert statements_of(care, tab) == few <= most


def _a_note(db, care, words, *, dose=None, integration=None, kind=None, **columns):
    """A note in whose every text `words` stand: signed, amended and added to, and a draft."""
    kind = kind or (NoteKind.INTENTION if dose else NoteKind.INTEGRATION)
    fields = [field.key for field in TEMPLATES[kind, 1].fields if not field.choices]
    about = {
        "kind": kind,
        "episode_id": care.course.id,
        "ketamine_session_id": dose.id if dose else None,
        "integration_session_id": integration.id if integration else None,
        "author_id": care.therapist.clinician_id,
        "by_prescriber": False,
        "template_version": 1,
        "started_at": NOW,
    }
    signed = Note(
        id=new_id(),
        **about,
        body=dict.fromkeys(fields, words),
        signed_at=NOW,
        signed_text=words,
        content_hash="0" * 64,
        **columns,
    )
    draft = Note(id=new_id(), **about, body={})
    db.add_all((signed, draft))
    db.flush()
    beside = {"note_id": signed.id, "at": NOW, "text": words, "content_hash": "0" * 64}
    by = care.therapist.clinician_id
    db.add_all(
        (
            NoteAmendment(id=new_id(), author_id=by, reason=words, **beside),
            NoteAddendum(id=new_id(), author_id=care.prescriber.clinician_id, **beside),
            Draft(
                id=new_id(),
                clinician_id=by,
                form=note_form(draft.id),
                field=fields[0],
                text=words,
                version=1,
                saved_at=NOW,
            ),
        )
    )
    return signed


@pytest.mark.parametrize("page", ALL_PAGES)
def test_the_front_desk_reads_no_word_of_any_note_on_any_page(care, addresses, page):
    words = "She dreams of water."
    with care.database.writing() as db:
        ahead = a_ketamine_session(db, care.course, planned_at=NOW + timedelta(hours=2))
        given = a_given_session(db, care.course, given_at=NOW - timedelta(hours=5))
        held = an_integration_session(
            db, care.course, given, therapist=care.therapist, held_at=NOW - timedelta(hours=1)
        )
        elsewhere = an_integration_session(
            db, care.course, therapist=care.therapist, held_at=NOW - timedelta(hours=1)
        )
        for dose in (ahead, given):
            _a_note(db, care, words, dose=dose)
            _a_note(db, care, words, dose=dose, voided_at=NOW, void_reason=words)
        for integration in (held, elsewhere):
            signed = _a_note(db, care, words, integration=integration)
        risk = _a_note(db, care, words, kind=NoteKind.RISK)
        _a_note(db, care, words, kind=NoteKind.DECISION)
        _a_note(db, care, words, kind=NoteKind.GENERAL)
    about = {
        "ketamine_session": [{"id": ahead.id}, {"id": given.id}],
        "integration_session": [{"id": held.id}, {"id": elsewhere.id}],
        "note": [{"id": signed.id}, {"id": risk.id}],
    }.get(page, [addresses.get(page, {})])

    for address in about:
        tab = opened(care, care.front_desk, page, **address)

        typed = [one.value for kind in ("text_area", "text_input") for one in tab.get(kind)]
        assert words not in said(tab) + str(typed)
        if page in READ_HERE:
            assert words in said(opened(care, care.therapist, page, **address))


@pytest.mark.parametrize("page", ALL_PAGES)
def test_the_front_desk_reads_no_words_about_a_hold_or_a_closing_either(care, addresses, page):
    words = "She dreams of water."
    with care.database.writing() as db:
        for released_at in (NOW - timedelta(days=1), None):
            hold = a_hold(db, care.course, HoldReason.BLOOD_PRESSURE, care.prescriber.clinician_id)
            hold.note, hold.released_at = words, released_at
            if released_at:
                hold.released_by_id, hold.release_note = hold.set_by_id, words
        given = a_given_session(db, care.course, given_at=NOW - timedelta(days=3))
        closed = [
            an_integration_session(
                db,
                care.course,
                *doses,
                closed_at=NOW,
                close_reason=IntegrationCloseReason.DECLINED,
                close_note=words,
            )
            for doses in ((given,), ())
        ]
        over = a_course(db, care.client, therapist=care.therapist, state=EpisodeState.CLOSED)
        over.close_note = words
        db.add(
            Ending(
                id=new_id(),
                episode_id=over.id,
                ended_at=over.closed_at,
                ended_by_id=care.therapist.clinician_id,
                final_scores=FinalScores.NOT_OBTAINED,
                final_scores_why=words,
                medicine_at_home=None,
                medicine_note=words,
            )
        )
    about = {
        "integration_session": [{"id": one.id} for one in closed],
        "episode": [addresses["episode"], {"id": over.id}],
    }.get(page, [addresses.get(page, {})])

    for address in about:
        assert words not in said(opened(care, care.front_desk, page, **address))
        if page in {"episode", "integration_session"}:
            assert words in said(opened(care, care.therapist, page, **address))
