"""Risk, decision and general notes on their pages: begun from a client or a course, found again."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from kapteam.actions.notes import AddendumEntered, NoteEntered, add_addendum, save_draft, start_note
from kapteam.db.tables import Draft, Note, SignIn
from kapteam.ids import new_id
from kapteam.vocabulary import Audience, EpisodeState, NoteKind, ServiceLine
from tests.factories import NOW, a_course, an_integration_course
from tests.pages.filling import write
from tests.pages.tabs import addresses, headings, links, opened, said, unsigned, well

DAY = timedelta(days=1)
WRITE = ["Risk note", "Decision note", "General note"]
SEEN = "“They would be better off.”"


def _a_note(db, care, kind, words, *, by=None, signed_at=NOW, body=None):
    """A signed note about the course, its text to the letter `words`."""
    note = Note(
        id=new_id(),
        kind=kind,
        episode_id=care.course.id,
        author_id=(by or care.therapist).clinician_id,
        by_prescriber=by is care.prescriber,
        template_version=1,
        body=body or {"seen": words, "decided": words, "text": words},
        started_at=signed_at,
        signed_at=signed_at,
        signed_text=words,
        content_hash="0" * 64,
    )
    db.add(note)
    db.flush()
    return note


def _begun(care, kind=NoteKind.RISK, field="seen", by=None):
    """A draft of the therapist about the course, with words in it."""
    by = by or care.therapist
    note_id = care.do(start_note, by, NoteEntered(new_id(), kind, care.course.id))
    care.do(save_draft, by, note_id, field, SEEN, 0)
    return note_id


def _open(care, viewer, note_id):
    return opened(care, viewer, "note", id=note_id)


def _labels(tab):
    fields = [*tab.text_area, *tab.radio, *tab.date_input]
    return {one.key.rpartition("/")[2]: one.label for one in fields if "note/" in str(one.key)}


def _field(tab, note_id, field):
    widgets = (*tab.text_area, *tab.radio, *tab.date_input)
    (widget,) = [one for one in widgets if one.key == f"note/{note_id}/{field}"]
    return widget


def _client(care, viewer):
    return opened(care, viewer, "client", client=care.client.code)


@pytest.mark.parametrize("page", ["client", "episode"])
@pytest.mark.parametrize(
    ("who", "may"),
    [
        ("prescriber", WRITE),
        ("therapist", WRITE),
        ("nurse", ["General note"]),
        ("front_desk", []),
    ],
)
def test_who_may_write_one_is_offered_it_on_the_client_and_on_the_course(care, page, who, may):
    about = {"client": {"client": care.client.code}, "episode": {"id": care.course.id}}[page]

    tab = opened(care, getattr(care, who), page, **about)

    assert [one for one in links(tab, "note") if one in WRITE] == may
    assert ("Write a note" in said(tab)) == bool(may)
    for label in may:
        kind = label.split()[0].lower()
        assert addresses(tab, label) == [f"note?kind={kind}&episode={care.course.id}"]


def test_with_two_courses_it_says_which_one_is_written_about(care):
    with care.database.writing() as db:
        other = an_integration_course(db, care.client, care.therapist)

    tab = _client(care, care.therapist)

    assert "Write a note about Psychedelic integration" in said(tab)
    assert len(addresses(tab, "Risk note")) == 2
    assert any(one.endswith(other.id) for one in addresses(tab, "Risk note"))


def test_a_course_that_is_closed_still_takes_a_note_from_its_page(care):
    with care.database.writing() as db:
        over = a_course(
            db,
            care.client,
            therapist=care.therapist,
            state=EpisodeState.CLOSED,
            service_line=ServiceLine.THERAPY_AFTER_KAP,
        )

    assert set(WRITE) <= set(links(opened(care, care.therapist, "episode", id=over.id)))
    tab = opened(care, care.therapist, "note", kind="general", episode=over.id)
    assert "About the course of care: Therapy after KAP" in said(tab)


@pytest.mark.parametrize("kind", ["risk", "decision", "general"])
def test_the_link_begins_one_note_however_often_it_is_followed(care, kind):
    for _ in range(2):
        tab = opened(care, care.therapist, "note", kind=kind, episode=care.course.id)
        assert f"{kind.capitalize()} note" in said(tab)
        assert tab.query_params["id"] == care.rows(Note)[0].id

    assert len(care.rows(Note)) == 1


@pytest.mark.parametrize("kind", ["risk", "decision", "general"])
def test_who_may_not_begin_one_is_told_why(care, kind):
    about = {"kind": kind, "episode": care.course.id}
    assert unsigned("note", **about) == ""
    assert "not shown to the front desk" in said(opened(care, care.front_desk, "note", **about))
    if kind != "general":
        assert f"can write a {kind} note." in said(opened(care, care.nurse, "note", **about))
    assert "you are not on it" in said(opened(care, care.stranger, "note", **about))
    for nonsense in ("", "nonsense"):
        tab = opened(care, care.therapist, "note", kind=kind, episode=nonsense)
        assert "There is no such course of care" in said(tab)
    assert care.rows(Note) == []


def test_what_a_risk_note_has_to_say_follows_the_risk(care):
    note_id = care.do(
        start_note, care.therapist, NoteEntered(new_id(), NoteKind.RISK, care.course.id)
    )
    tab = _open(care, care.therapist, note_id)
    assert "About the course of care: Ketamine-assisted psychotherapy" in said(tab)
    assert list(_labels(tab).values()) == [
        "What was seen or said (required)",
        "Why (required)",
        "Plan until the next contact (required)",
        "Who was told",
        "Suicide risk (required)",
        "Look again on",
    ]

    write(care, tab, note_id, "told", "Robin, by phone")
    well(_field(tab, note_id, "risk").set_value("High").run())

    labels = _labels(tab)
    assert labels["told"] == "Who was told (required)"
    assert labels["look_again"] == "Look again on (required)"
    assert _field(tab, note_id, "told").value == "Robin, by phone"
    well(_field(tab, note_id, "look_again").set_value(NOW.date() + DAY).run())
    assert _field(tab, note_id, "look_again").value == NOW.date() + DAY
    well(_field(tab, note_id, "risk").set_value("None").run())
    assert _field(tab, note_id, "told").value == "Robin, by phone"
    assert {one.field: one.text for one in care.rows(Draft)} == {
        "told": "Robin, by phone",
        "risk": "None",
        "look_again": "2026-11-25",
    }


def test_rule_18_a_draft_is_read_by_its_author_alone(care):
    note_id = _begun(care)

    assert SEEN in str([one.value for one in _open(care, care.therapist, note_id).text_area])
    for who in (care.prescriber, care.nurse):
        for tab in (_open(care, who, note_id), _client(care, who), opened(care, who, "notes")):
            assert SEEN not in said(tab) + str([one.value for one in tab.text_area])
        assert "Draft, Thea Tallis" in said(_client(care, who))
        assert "Only its author reads it." in said(_open(care, who, note_id))


def test_the_same_note_in_two_tabs_shows_both_answers(care):
    note_id = _begun(care)
    here, there = (_open(care, care.therapist, note_id) for _ in range(2))
    well(_field(there, note_id, "risk").set_value("High").run())

    well(_field(here, note_id, "risk").set_value("None").run())

    assert _field(here, note_id, "risk").value == "None"
    assert "High" in [one.value for one in here.text]
    assert {"Keep mine", "Take the other"} <= {one.label for one in here.button}


def test_of_a_client_they_are_one_list_the_newest_first(care):
    with care.database.writing() as db:
        _a_note(db, care, NoteKind.GENERAL, "Asks for a letter.", signed_at=NOW - 3 * DAY)
        risk = {"seen": SEEN, "risk": "Some", "plan": "Calls Ana.", "look_again": "2026-11-27"}
        note = _a_note(db, care, NoteKind.RISK, SEEN, signed_at=NOW - DAY, body=risk)
        _a_note(
            db,
            care,
            NoteKind.DECISION,
            "One dose a month.",
            by=care.prescriber,
            signed_at=NOW - 2 * DAY,
        )
    care.do(add_addendum, care.prescriber, AddendumEntered(new_id(), note.id, "Read."))

    tab = _client(care, care.therapist)

    assert "Risk, decision and general notes (3), newest first" in headings(tab)
    words = said(tab)
    places = [words.index(f"**{one}**") for one in ("Risk note", "Decision note", "General note")]
    assert places == sorted(places)
    gist = f"{SEEN}\nSuicide risk: Some\nPlan until the next contact: Calls Ana.\n"
    assert f"{gist}Look again on: Fri Nov 27, 2026" in words
    assert "Signed and locked, Robin Prescott, MD, by prescriber, Sun Nov 22" in words
    assert "Read." in words


def test_a_draft_among_them_says_of_which_kind_it_is_and_its_author_goes_on(care):
    note_id = _begun(care)

    own = _client(care, care.therapist)
    assert "**Risk note**\n:material/draft: Your draft" in said(own)
    assert addresses(own, "Continue") == [f"note?id={note_id}"]
    assert "Continue" not in links(_client(care, care.prescriber))


def test_a_long_list_is_paged(care):
    with care.database.writing() as db:
        for number in range(12):
            text = f"Number {number:02d}"
            _a_note(db, care, NoteKind.GENERAL, text, signed_at=NOW - number * DAY)

    words = said(_client(care, care.therapist))

    assert "(12), newest first" in words
    assert [number for number in range(12) if f"Number {number:02d}" in words] == [*range(5)]


def test_with_others_in_the_room_their_text_is_folded(care):
    with care.database.writing() as db:
        _a_note(db, care, NoteKind.RISK, SEEN)

    tab = _client(care, care.therapist)
    assert [one.label for one in tab.expander].count("The note") == 0
    with care.database.writing() as db:
        db.execute(update(SignIn).values(audience=Audience.OTHERS))
    well(tab.run())

    folded = [one for one in tab.expander if one.label in {"The note", "The whole note"}]
    assert [[text.value for text in one.text] for one in folded] == [[SEEN], [SEEN]]
    assert [one.value for one in tab.text].count(SEEN) == 2


def test_with_others_in_the_room_its_text_is_folded_on_its_own_page_as_well(care):
    with care.database.writing() as db:
        note = _a_note(db, care, NoteKind.RISK, SEEN)
    care.do(add_addendum, care.prescriber, AddendumEntered(new_id(), note.id, "Read."))
    tab = _open(care, care.therapist, note.id)
    with care.database.writing() as db:
        db.execute(update(SignIn).values(audience=Audience.OTHERS))
    well(tab.run())

    (folded,) = [one for one in tab.expander if one.label == "The note"]
    assert {SEEN, "Read."} <= {text.value for text in folded.text}
    assert [text.value for text in tab.text].count(SEEN) == 1


def test_from_the_client_a_signed_note_is_opened_amended_and_added_to(care):
    with care.database.writing() as db:
        note = _a_note(db, care, NoteKind.DECISION, "One dose a month.")

    for who, label, what in (
        (care.therapist, "Amend it", "Amend"),
        (care.prescriber, "Add to it", "Add to this note"),
    ):
        tab = _client(care, who)
        assert addresses(tab, label) == [f"note?id={note.id}"]
        assert what in [one.label for one in _open(care, who, note.id).expander]


def test_to_finish_they_stand_on_notes_and_on_today(care):
    note_id = _begun(care)
    _begun(care, NoteKind.DECISION, "decided", care.prescriber)

    notes = opened(care, care.therapist, "notes")
    assert headings(notes) == ["Mine to sign (1)", "Colleagues' to sign (1)"]
    assert {"Risk note", "Decision note"} <= set(said(notes).splitlines())
    today = opened(care, care.therapist, "today")
    assert "Notes to finish (1)" in headings(today)
    assert addresses(today, "Finish") == [f"note?id={note_id}"]
    for order in ("Therapist's order", "Prescriber's order"):
        well(today.radio(key="today_order").set_value(order).run())
        assert "Notes to finish (1)" in headings(today)
    assert SEEN not in said(today)
    assert "Notes to finish" not in said(opened(care, care.nurse, "today"))


def test_rule_66_entered_in_error_is_in_that_list_alone(care):
    with care.database.writing() as db:
        note = _a_note(db, care, NoteKind.RISK, SEEN)
        note.voided_at, note.void_reason = NOW, "The wrong client"
        note.voided_by_id = care.therapist.clinician_id

    tab = _client(care, care.prescriber)

    assert "Risk, decision and general notes (" not in said(tab)
    assert "~~Risk note~~" in said(tab)
    assert SEEN not in said(tab)
