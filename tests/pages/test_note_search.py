"""Search on the Notes page: typed, filtered, turned, cleared; and what others in the room see."""

from datetime import date, timedelta

import pytest
from sqlalchemy import update

from kapteam.actions.notes import NoteErrorEntered, void_note
from kapteam.db.tables import SignIn
from kapteam.queries.note_search import NotesFound, search_notes
from kapteam.ui import note_search
from kapteam.vocabulary import Audience, NoteKind
from tests.factories import NOW, audit_events
from tests.factories_care import another_course
from tests.factories_notes import a_written_note
from tests.pages.tabs import (
    MOST_STATEMENTS,
    addresses,
    buttons,
    headings,
    links,
    names,
    opened,
    said,
    sign_in_of,
    statements_of,
    well,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ODD = (
    "**bold** _under_ `code` # grief no heading",
    "grief -> after",
    "see www.grief.example or :material/grief: and :red[grief]",
    "<script>grief</script>",
    "=HYPERLINK(grief)",
    "$grief$ two\n\nparagraphs",
    "👩🏽‍⚕️ grief 🫁",
)


def search(tab, typed):
    return well(tab.text_input(key="notes_typed").set_value(typed).run())


def marked(tab):
    """The lines with hits, each hit in its two stars."""
    return [
        one.value.replace("\\", "").replace("\u2060", "")
        for one in tab.markdown
        if one.value.startswith(":small[:gray[")
    ]


def test_what_is_typed_is_found_with_its_words_in_bold_and_opened_by_a_link(care):
    note_id = a_written_note(care, "Sat with Grief, and grieved.")
    tab = opened(care, care.prescriber, "notes")
    assert "Nothing of yours is unsigned." in said(tab)

    search(tab, "grie*")

    assert headings(tab) == ["Notes found (1)"]
    assert names(tab) == ["Okafor, Amara"]
    assert marked(tab) == [":small[:gray[Text:] Sat with **Grief**, and **grieved**.]"]
    assert "General note" in said(tab)
    assert addresses(tab, "Open") == [f"note?id={note_id}"]
    assert "Nothing of yours is unsigned." not in said(tab)


@pytest.mark.parametrize("text", ODD)
def test_what_a_note_says_is_shown_to_the_letter(care, text):
    a_written_note(care, text)

    tab = search(opened(care, care.therapist, "notes"), "grief")

    [line] = marked(tab)
    one_line = text.replace("\n", " ")
    assert line.replace("**grief**", "grief") == f":small[:gray[Text:] {one_line}]"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("mountain", "No signed note has all of this."),
        ('"', "There is no word to look for in this."),
        ("*", "There is no word to look for in this."),
        ("👩🏽‍⚕️", "There is no word to look for in this."),
        ("gr*", "Type at least 3 letters before *."),
        ("' OR 1=1", "No signed note has all of this."),
        ("x" * 300, "At most 200 characters."),
        ("a b c d e f g h i j k", "At most 10 words."),
    ],
)
def test_what_finds_nothing_is_answered_in_a_sentence(care, typed, sentence):
    a_written_note(care, "The sea")

    tab = search(opened(care, care.therapist, "notes"), typed)

    assert sentence in said(tab)
    assert names(tab) == []


def test_nothing_typed_leaves_the_list_of_what_is_unsigned(care):
    a_written_note(care, "The sea")

    tab = search(opened(care, care.therapist, "notes"), "   ")

    assert headings(tab) == []
    assert "Nothing of yours is unsigned." in said(tab)
    assert "Clear" not in buttons(tab)


def test_filters_are_said_while_they_are_folded_and_cleared_with_the_words(care):
    with care.database.writing() as db:
        other = another_course(db, care, "Other")
    a_written_note(care, "The sea")
    a_written_note(care, "The sea", course=other, by=care.prescriber)
    a_written_note(
        care, kind=NoteKind.INTEGRATION, version=2, themes="Grief", recap="The sea", course=other
    )
    tab = search(opened(care, care.therapist, "notes"), "sea")
    assert headings(tab) == ["Notes found (3)"]

    well(tab.text_input(key="notes_client").set_value("other").run())
    assert names(tab) == ["Other, Amara", "Other, Amara"]
    well(tab.selectbox(key="notes_author").set_value(care.prescriber.clinician_id).run())
    assert names(tab) == ["Other, Amara"]
    assert f"Only about “other”, by {care.prescriber.name}" in said(tab)
    well(tab.selectbox(key="notes_author").set_value(None).run())
    well(tab.selectbox(key="notes_theme").set_value("Grief").run())
    well(tab.selectbox(key="notes_kind").set_value(NoteKind.INTEGRATION).run())
    well(tab.date_input(key="notes_from").set_value(date(2026, 11, 24)).run())
    assert headings(tab) == ["Notes found (1)"]
    assert "with the theme “Grief”, from Tue Nov 24" in said(tab)
    well(tab.date_input(key="notes_until").set_value(date(2026, 11, 23)).run())
    assert "No signed note has all of this." in said(tab)

    well(tab.button(key="notes_clear").click().run())

    assert "Only" not in said(tab)
    assert "Nothing of yours is unsigned." in said(tab)
    assert tab.text_input(key="notes_typed").value == ""


def test_older_notes_are_on_the_next_page_and_another_search_begins_at_its_first(care):
    for number in range(45):
        a_written_note(care, f"The sea {number:03d}", signed_at=NOW - number * HOUR)
    tab = search(opened(care, care.therapist, "notes"), "sea")
    assert headings(tab) == ["Notes found"]
    assert "Page 1, newest first" in said(tab)
    assert "Newer notes" not in buttons(tab)
    assert (len(marked(tab)), marked(tab)[0]) == (20, ":small[:gray[Text:] The **sea** 000]")

    well(tab.button(key="notes_older").click().run())
    assert marked(tab)[0].endswith("020]")
    well(tab.button(key="notes_older").click().run())
    assert (len(marked(tab)), marked(tab)[0][-4:]) == (5, "040]")
    assert "Older notes" not in buttons(tab)
    well(tab.button(key="notes_newer").click().run())
    assert "Page 2, newest first" in said(tab)

    search(tab, "the")
    assert "Page 1, newest first" in said(tab)


def test_back_to_when_it_was_looked_is_said_and_older_notes_are_one_press_away(care, monkeypatch):
    """As PostgreSQL answers a search for what stands in many notes, and in none of the newest."""
    a_written_note(care, "The river")
    note_id = a_written_note(care, "The sea", signed_at=NOW - 400 * DAY)
    oldest = NOW - 300 * DAY

    def some_at_a_time(db, asked, wanted, before=None):
        if before is None:
            newest = search_notes(db, asked, wanted).found if wanted.typed == "river" else ()
            return NotesFound(newest, older=int(oldest.timestamp()), looked_back_to=oldest)
        return search_notes(db, asked, wanted, before)

    monkeypatch.setattr(note_search, "search_notes", some_at_a_time)
    tab = search(opened(care, care.therapist, "notes"), "sea")
    assert "None back to Wed Jan 28, 2026 so far." in said(tab)
    assert "Looked through" not in said(tab)
    assert "No signed note has all of this." not in said(tab)

    well(tab.button(key="notes_older").click().run())
    assert addresses(tab, "Open") == [f"note?id={note_id}"]
    assert "so far" not in said(tab)

    search(tab, "river")
    assert headings(tab) == ["Notes found"]
    assert "Looked through back to Wed Jan 28, 2026 so far." in said(tab)
    well(tab.button(key="notes_older").click().run())
    assert "No older note has all of this." in said(tab)


def test_a_search_is_in_no_address_and_no_word_of_it_in_the_audit_log(care):
    a_written_note(care, "The waterfall")

    tab = search(opened(care, care.prescriber, "notes"), "waterfall")
    well(tab.text_input(key="notes_client").set_value("okafor").run())

    assert names(tab)
    assert tab.query_params == {}
    kept = [(event.tag, str(event.changes)) for event in audit_events(care.database)]
    assert not [one for one in kept if "waterfall" in str(one) or "okafor" in str(one).lower()]


def test_rule_63_whose_words_are_shown_their_chart_was_opened_once_an_hour(care):
    a_written_note(care, "The sea")
    a_written_note(care, "The sea again")
    tab = opened(care, care.prescriber, "notes")

    search(tab, "nothing")
    assert audit_events(care.database, "client:viewed") == []
    search(tab, "sea")
    search(tab, "again")

    [event] = audit_events(care.database, "client:viewed")
    assert (event.client_id, event.clinician_id) == (care.client.id, care.prescriber.clinician_id)


def test_with_others_in_the_room_words_are_folded_and_what_was_typed_is_emptied(care):
    a_written_note(care, "The sea")
    tab = search(opened(care, care.therapist, "notes"), "sea")
    sign_in_id = sign_in_of(tab)
    with care.database.writing() as db:
        db.execute(update(SignIn).where(SignIn.id == sign_in_id).values(audience=Audience.OTHERS))

    well(tab.run())

    assert "Amara" not in said(tab)
    assert "Okafor" not in "".join(links(tab))
    [folded] = [one for one in tab.expander if one.label == "Show"]
    assert "sea" in folded.markdown[0].value
    well(tab.radio(key="audience").set_value(Audience.JUST_ME).run())
    well(tab.radio(key="audience").set_value(Audience.OTHERS).run())
    assert tab.text_input(key="notes_typed").value == ""


def test_a_note_in_error_says_so(care):
    note_id = a_written_note(care, "The sea")
    care.do(void_note, care.therapist, NoteErrorEntered(note_id, "Wrong client"))

    assert "entered in error" in said(search(opened(care, care.therapist, "notes"), "sea"))


def test_a_client_s_name_among_the_words_is_one_press_from_their_notes(care):
    """A name is in no note's text; who types it means whose notes these are."""
    a_written_note(care, "The sea")
    tab = search(opened(care, care.therapist, "notes"), "okafor")
    assert names(tab) == []

    well(tab.button(key="notes_as_client").click().run())

    assert names(tab) == ["Okafor, Amara"]
    assert "Only about “okafor”" in said(tab)
    assert tab.text_input(key="notes_typed").value == ""


@pytest.mark.parametrize("found_by", ["words", "client", "filter"])
def test_that_way_is_not_shown_where_it_leads_nowhere(care, found_by):
    a_written_note(care, "The sea")
    tab = search(opened(care, care.therapist, "notes"), "sea" if found_by == "words" else "")
    if found_by == "client":
        well(tab.text_input(key="notes_client").set_value("nobody").run())
        search(tab, "sea")
    if found_by == "filter":
        well(tab.selectbox(key="notes_kind").set_value(NoteKind.RISK).run())
    assert "Notes about a client of this name" not in buttons(tab)


@pytest.mark.parametrize("who", ["front_desk", "stranger"])
def test_who_may_not_read_a_note_finds_none(care, who):
    a_written_note(care, "The waterfall")
    tab = opened(care, getattr(care, who), "notes")

    if who == "front_desk":
        assert not [one for one in tab.text_input if one.key == "notes_typed"]
        return
    search(tab, "waterfall")
    assert "No signed note has all of this." in said(tab)
    assert "Okafor" not in "".join(links(tab))


def test_it_takes_as_many_statements_for_twenty_clients_as_for_one(care):
    a_written_note(care, "The sea")
    tab = search(opened(care, care.therapist, "notes"), "sea")
    few = statements_of(care, tab)
    for number in range(25):
        with care.database.writing() as db:
            course = another_course(db, care, f"Client{number}")
        a_written_note(care, "The sea", course=course)
    well(tab.run())

    assert statements_of(care, tab) == few <= MOST_STATEMENTS
