"""One note: begun, typed field by field, signed elsewhere, amended and added to."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from kapteam.actions.notes import (
    NoteEntered,
    NoteErrorEntered,
    save_draft,
    sign_note,
    start_note,
    void_note,
)
from kapteam.db.signing import read_unsigned
from kapteam.db.tables import (
    Draft,
    EpisodeMember,
    KetamineSession,
    Note,
    NoteAddendum,
    NoteAmendment,
    NoteRead,
    SignIn,
)
from kapteam.errors import NotAllowed
from kapteam.ids import new_id
from kapteam.rules.themes import THEMES, stored_themes
from kapteam.ui.text import plain
from kapteam.vocabulary import Audience, CommitmentState, IntegrationKind, NoteKind, SessionStatus
from tests.factories import NOW, a_setting
from tests.factories_care import (
    a_given_session,
    a_ketamine_session,
    a_signed_integration,
    a_signed_intention,
    an_integration_session,
)
from tests.pages.filling import fill, press, typed, write
from tests.pages.tabs import (
    MOST_STATEMENTS,
    back,
    bare,
    buttons,
    headings,
    links,
    opened,
    said,
    statements_of,
    unsigned,
    well,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WILD = "<b>v</b> **2** =HYPERLINK(1) -> www.x.y :star: $x$ 🌵 שלום"


@pytest.fixture
def ahead(care):
    with care.database.writing() as db:
        return a_ketamine_session(db, care.course)


@pytest.fixture
def begun(care, ahead):
    """An intention note that the therapist began, with a word in it."""
    entered = NoteEntered(new_id(), NoteKind.INTENTION, care.course.id, ahead.id)
    note_id = care.do(start_note, care.therapist, entered)
    care.do(save_draft, care.therapist, note_id, "intention", "To forgive Ezra", 0)
    return note_id


@pytest.fixture
def signed(care):
    with care.database.writing() as db:
        given = a_given_session(db, care.course, given_at=NOW - 3 * HOUR)
        return a_signed_intention(db, given, care.therapist)


def _open(care, viewer, note_id):
    return opened(care, viewer, "note", id=note_id)


def _field(tab, note_id, field):
    widgets = (*tab.text_area, *tab.radio, *tab.date_input, *tab.get("button_group"))
    (widget,) = [one for one in widgets if one.key == f"note/{note_id}/{field}"]
    return widget


def _pick(tab, note_id, field, answer):
    return well(_field(tab, note_id, field).set_value(answer).run())


def _held(tab, note_id, field):
    return _field(tab, note_id, field).value


def _html(tab):
    return " ".join(one.proto.body for one in tab.get("html"))


def _drafts(care, note_id):
    return {one.field: one.text for one in care.rows(Draft, form=f"note/{note_id}")}


def test_nobody_signed_in_gets_nothing(care, begun, ahead):
    assert unsigned("note", id=begun) == ""
    assert unsigned("note", kind="intention", dose=ahead.id) == ""
    assert len(care.rows(Note)) == 1


def test_the_front_desk_is_shown_no_note_and_begins_none(care, signed, ahead):
    for query in ({"id": signed.id}, {"kind": "intention", "dose": ahead.id}):
        tab = opened(care, care.front_desk, "note", **query)
        assert "Notes are not shown to the front desk." in said(tab)
        assert "To rest." not in said(tab)
    assert len(care.rows(Note)) == 1


def test_who_is_not_on_the_course_is_told_no_more_than_of_one_that_is_none(care, signed):
    refused, missing = _open(care, care.stranger, signed.id), _open(care, care.stranger, "nonsense")
    assert "There is no such note, or you are not on its course of care." in said(refused)
    assert said(refused) == said(missing)
    assert "Okafor" not in said(refused)


def test_rule_16_a_prescriber_begins_no_intention(care, ahead):
    tab = opened(care, care.prescriber, "note", kind="intention", dose=ahead.id)

    assert "Only a therapist writes an intention note." in said(tab)
    assert care.rows(Note) == []


def test_the_link_begins_one_note_however_often_it_is_followed(care, ahead):
    for _ in range(2):
        tab = opened(care, care.therapist, "note", kind="intention", dose=ahead.id)
        assert "Intention note" in said(tab)
        assert tab.query_params["id"] == care.rows(Note)[0].id

    assert len(care.rows(Note)) == 1


def test_the_few_required_fields_come_first_and_the_rest_is_folded(care, begun):
    tab = _open(care, care.therapist, begun)

    assert [one.label for one in tab.text_area][:3] == [
        "Intention (required)",
        "Safety (required)",
        "Coping skills agreed (required)",
    ]
    assert [one.label for one in tab.expander] == [
        "The intention, deeper",
        "Today",
        "If it gets difficult",
        "Room and evening",
    ]
    assert "it is a progress note" in said(tab)


def test_what_was_written_and_what_was_picked_comes_back(care, begun):
    tab = _open(care, care.therapist, begun)
    write(care, tab, begun, "safety", WILD)
    _pick(tab, begun, "ready", "Ready")

    tab = _open(care, care.therapist, begun)

    assert _drafts(care, begun)["safety"] == WILD
    assert _held(tab, begun, "safety") == WILD
    assert _held(tab, begun, "ready") == "Ready"
    assert _html(tab).count("Saved 2:30:00\N{NO-BREAK SPACE}pm") == 3


def test_the_mark_of_a_field_says_over_which_version_it_is_typed_and_no_word_of_it(care, begun):
    tab = _open(care, care.therapist, begun)
    mark = f'data-kapteam-note="{begun}" data-kapteam-field='
    assert f'{mark}"intention" data-kapteam-version="1"' in _html(tab)
    assert f'{mark}"safety" data-kapteam-version="0"' in _html(tab)
    assert "Ezra" not in _html(tab)

    write(care, tab, begun, "intention", "To forgive Ezra, at last")

    assert f'{mark}"intention" data-kapteam-version="2"' in _html(tab)


def test_a_run_of_the_page_saves_no_text_over_what_the_browser_has_saved_since(care, begun):
    """What the page holds of a text is older than what was sent of it while it was typed."""
    tab = _open(care, care.therapist, begun)
    care.do(save_draft, care.therapist, begun, "intention", "To forgive Ezra, at last", 1)
    care.do(save_draft, care.therapist, begun, "safety", "Asked", 0)
    tab.text_area(f"note/{begun}/safety").set_value("Ask")

    press(tab, "Save draft")

    assert _drafts(care, begun) == {"intention": "To forgive Ezra, at last", "safety": "Asked"}
    assert "another tab" not in said(tab)
    assert f'data-kapteam-note="{begun}" data-kapteam-field="safety" data-kapteam-version=""' in (
        _html(tab)
    )


def test_an_answer_can_be_taken_back(care, begun):
    tab = _open(care, care.therapist, begun)
    _pick(tab, begun, "ready", "Ready")

    _pick(tab, begun, "ready", "Not answered")

    assert _drafts(care, begun)["ready"] == ""
    assert _held(_open(care, care.therapist, begun), begun, "ready") == "Not answered"


def test_rule_18_a_draft_is_read_by_its_author_alone(care, begun):
    for who in (care.prescriber, care.nurse):
        tab = _open(care, who, begun)
        assert "Only its author reads it." in said(tab)
        assert "Ezra" not in said(tab)
        assert not tab.text_area


def test_two_tabs_with_one_note_show_both_answers_and_discard_neither_unasked(care, begun):
    one, other = (_open(care, care.therapist, begun) for _ in "ab")
    _pick(one, begun, "ready", "Postpone")
    _pick(other, begun, "ready", "Ready")
    assert "This field was changed in another tab." in said(other)
    assert "Yours, not saved" in said(other)
    assert "Saved by you in another tab, Tue Nov 24, 2:30 pm" in said(other)
    assert [text.value for text in other.text][-2:] == ["Ready", "Postpone"]
    assert _held(other, begun, "ready") == "Ready"
    assert _drafts(care, begun)["ready"] == "Postpone"

    press(other, "Keep mine")

    assert _drafts(care, begun)["ready"] == "Ready"
    assert "This field was changed in another tab." not in said(other)
    assert "Not taken: Postpone" in said(other)


def test_what_a_tab_still_held_when_the_note_was_signed_in_another_stays_readable(care, begun):
    one, other = (_open(care, care.therapist, begun) for _ in "ab")
    for field, text in {"safety": "Asked", "coping": "Breath"}.items():
        write(care, one, begun, field, text)
    _pick(one, begun, "ready", "Ready")
    with care.database.writing() as db:
        digest = read_unsigned(db, begun, ZoneInfo("America/Phoenix")).digest
        sign_note(db, care.therapist, begun, digest, NOW)

    _pick(other, begun, "ready", "Postpone")

    assert "The note was signed in another tab." in said(other)
    assert "Postpone" in [text.value for text in other.text]
    # Where the guard script puts what was written in words.
    assert f'data-kapteam-late="{begun}"' in _html(other)
    assert "The note was signed in another tab." not in said(_open(care, care.therapist, begun))


@pytest.mark.parametrize("theirs", ["Postpone", "Not answered"])
def test_the_other_tab_s_answer_can_be_taken_also_when_it_is_none(care, begun, theirs):
    one, other = (_open(care, care.therapist, begun) for _ in "ab")
    _pick(one, begun, "ready", "Postpone")
    _pick(one, begun, "ready", theirs)
    _pick(other, begun, "ready", "Ready")
    assert theirs in [text.value for text in other.text]

    press(other, "Take the other")

    assert _held(other, begun, "ready") == theirs
    assert "changed in another tab" not in said(other)


@pytest.fixture
def integrating(care):
    """An integration note that the therapist began, still empty."""
    with care.database.writing() as db:
        given = a_given_session(db, care.course, given_at=NOW - 9 * HOUR)
        held = an_integration_session(
            db, care.course, given, therapist=care.therapist, held_at=NOW - HOUR
        )
    entered = NoteEntered(
        new_id(), NoteKind.INTEGRATION, care.course.id, integration_session_id=held.id
    )
    return care.do(start_note, care.therapist, entered)


def _of(care, kind, *, held_at=NOW - HOUR, beside=0):
    """The note of an integration session that was held, after `beside` earlier ones of its dose."""
    with care.database.writing() as db:
        given = a_given_session(db, care.course, given_at=NOW - 9 * HOUR)
        for _ in range(beside):
            an_integration_session(
                db, care.course, given, therapist=care.therapist, held_at=NOW - 3 * HOUR
            )
        session = an_integration_session(
            db, care.course, given, therapist=care.therapist, held_at=held_at
        )
        session.kind = kind
    return opened(care, care.therapist, "note", kind="integration", integration=session.id)


def test_rule_7_a_debrief_note_says_what_it_is_and_that_it_stops_no_clock(care):
    tab = _of(care, IntegrationKind.DEBRIEF)

    assert [one.value for one in tab.subheader] == ["Debrief note"]
    assert "A debrief does not stop the integration clock." in said(tab)
    assert "Signing this ends" not in said(tab)
    assert "Debrief on the day, held Tue Nov 24, 1:30 pm, in person" in said(tab)


def test_an_integration_note_says_which_one_it_ends_and_how_long_after_the_dose(care):
    tab = _of(care, IntegrationKind.FULL)

    assert [one.value for one in tab.subheader] == ["Integration note"]
    owed = "the integration that is owed for the ketamine session of Tue Nov 24, 5:30 am"
    assert f"Signing this ends {owed}." in said(tab)
    assert "does not stop" not in said(tab)
    assert "Integration, held Tue Nov 24, 1:30 pm, in person" in said(tab)
    assert "5:30 am, intramuscular, integration 1, 8 hr after it" in said(tab)


def test_a_second_integration_of_a_dose_ends_nothing_that_is_owed(care):
    tab = _of(care, IntegrationKind.FULL, beside=1)

    assert "One more integration of the ketamine session of Tue Nov 24, 5:30 am" in said(tab)
    assert "integration 2, 8 hr after it" in said(tab)


def test_several_answers_are_ticked_and_taken_back(care, integrating):
    tab = _open(care, care.therapist, integrating)

    _pick(tab, integrating, "needs", ["Meaning-making", "Regulation"])

    assert _drafts(care, integrating)["needs"] == "Regulation, Meaning-making"
    again = _open(care, care.therapist, integrating)
    assert _held(again, integrating, "needs") == ["Regulation", "Meaning-making"]
    _pick(again, integrating, "needs", [])
    assert _drafts(care, integrating)["needs"] == ""


def test_a_day_is_chosen_said_with_its_weekday_and_taken_back(care, integrating):
    tab = _open(care, care.therapist, integrating)

    _pick(tab, integrating, "check_back", NOW.date() + 6 * DAY)

    assert _drafts(care, integrating)["check_back"] == "2026-11-30"
    again = _open(care, care.therapist, integrating)
    assert "Mon Nov 30, 2026" in said(again)
    press(again, "No day")
    assert _held(again, integrating, "check_back") is None
    assert _drafts(care, integrating)["check_back"] == ""
    assert "Mon Nov 30, 2026" not in said(again)


@pytest.mark.parametrize(
    ("field", "theirs", "mine", "said_as"),
    [
        ("needs", ["Regulation"], ["Spiritual needs"], "Regulation"),
        ("check_back", NOW.date() + 6 * DAY, NOW.date(), "Mon Nov 30, 2026"),
    ],
)
def test_two_tabs_that_answer_one_field_are_shown_both(
    care, integrating, field, theirs, mine, said_as
):
    one, other = (_open(care, care.therapist, integrating) for _ in "ab")
    _pick(one, integrating, field, theirs)
    _pick(other, integrating, field, mine)
    assert said_as in [text.value for text in other.text]

    press(other, "Take the other")

    assert _held(other, integrating, field) == theirs
    assert "changed in another tab" not in said(other)


def test_a_draft_begun_on_version_1_opens_with_the_fields_of_version_1(care, integrating):
    care.do(save_draft, care.therapist, integrating, "recap", "A wide field", 0)
    with care.database.writing() as db:
        db.get_one(Note, integrating).template_version = 1

    tab = _open(care, care.therapist, integrating)
    assert _held(tab, integrating, "recap") == "A wide field"
    write(care, tab, integrating, "themes", "The sea, and a door")

    assert _drafts(care, integrating)["themes"] == "The sea, and a door"
    assert not tab.date_input


def test_what_version_2_added_is_folded(care, integrating):
    tab = _open(care, care.therapist, integrating)

    added = {"themes", "needs", "check_back", "next_integration"}
    for name in added:
        assert any(
            one.key == f"note/{integrating}/{name}"
            for fold in tab.expander
            for one in (*fold.date_input, *fold.get("button_group"))
        )
    assert not any(fold.proto.expanded for fold in tab.expander)


@pytest.fixture
def agreed(care):
    with care.database.writing() as db:
        dose = a_given_session(db, care.course, given_at=NOW - 7 * DAY)
        note = a_signed_integration(
            db, dose, care.therapist, held_at=NOW - 6 * DAY, next_dose="Space out"
        )
    return note


def _next(care, kind, agreed):
    with care.database.writing() as db:
        if kind is NoteKind.INTENTION:
            about = {"ketamine_session_id": a_ketamine_session(db, care.course).id}
        else:
            given = a_given_session(db, care.course, given_at=NOW - 9 * HOUR)
            held = an_integration_session(db, care.course, given, held_at=NOW - HOUR)
            about = {"integration_session_id": held.id}
    entered = NoteEntered(new_id(), kind, care.course.id, **about)
    return care.do(start_note, care.therapist, entered)


@pytest.mark.parametrize("kind", [NoteKind.INTENTION, NoteKind.INTEGRATION])
def test_what_was_agreed_stands_with_the_next_note_until_it_is_settled(care, agreed, kind):
    note_id = _next(care, kind, agreed)
    tab = _open(care, care.therapist, note_id)
    assert "Agreed before, still open (2)" in headings(tab)
    for text in ("Walk to the river by Sunday.", "Call her sister", "since Wed Nov 18"):
        assert said(tab).count(text) >= 1
    assert ("Space out" in said(tab)) is (kind is NoteKind.INTENTION)
    assert statements_of(care, tab) <= MOST_STATEMENTS

    form = f"commitment/{agreed.id}_0"
    fill(tab, form, {"state": CommitmentState.PARTLY, "words": "Half of the way"})
    write(care, tab, note_id, "safety", "Asked, none")
    press(tab, "Save what became of it", form)

    assert "Agreed before, still open (1)" in headings(tab)
    assert "partly done, Thea Tallis, Tue Nov 24: Half of the way" in said(tab)
    assert _drafts(care, note_id)["safety"] == "Asked, none"
    assert _held(tab, note_id, "safety") == "Asked, none"


def test_who_is_no_longer_on_the_course_is_asked_nothing_of_what_was_agreed(care, agreed):
    note_id = _next(care, NoteKind.INTENTION, agreed)
    with care.database.writing() as db:
        db.execute(
            update(EpisodeMember)
            .where(EpisodeMember.clinician_id == care.therapist.clinician_id)
            .values(until_at=NOW - HOUR)
        )

    tab = _open(care, care.therapist, note_id)

    assert "Save what became of it" not in buttons(tab)


def _options(tab, note_id, field):
    return [one.content for one in _field(tab, note_id, field).proto.options]


def _set_themes(care, *themes, since=NOW):
    with care.database.writing() as db:
        a_setting(db, care.therapist, THEMES, stored_themes(themes), since=since)


def test_a_note_offers_the_practice_s_themes_and_asks_for_others(care, integrating):
    _set_themes(care, "The *sea*", "A theme :red[x] 🌊")
    tab = _open(care, care.therapist, integrating)

    shown = _options(tab, integrating, "themes")
    assert shown == [plain("The *sea*"), plain("A theme :red[x] 🌊")]
    _pick(tab, integrating, "themes", ["A theme :red[x] 🌊", "The *sea*"])
    write(care, tab, integrating, "other_themes", "A door, a lake")

    kept = _drafts(care, integrating)
    assert kept["themes"] == "A theme :red[x] 🌊, The *sea*"
    assert kept["other_themes"] == "A door, a lake"


def test_what_was_picked_stays_when_the_practice_takes_it_off_its_list(care, integrating):
    tab = _open(care, care.therapist, integrating)
    _pick(tab, integrating, "themes", ["Grief", "Shame"])

    _set_themes(care, "The sea", "Shame")
    well(tab.run())

    assert _held(tab, integrating, "themes") == ["Grief", "Shame"]
    assert _options(tab, integrating, "themes") == ["The sea", "Shame", "Grief"]
    assert _drafts(care, integrating)["themes"] == "Grief, Shame"
    again = _open(care, care.therapist, integrating)
    assert _held(again, integrating, "themes") == ["Grief", "Shame"]
    assert "Another answer was saved" not in said(again)
    _pick(again, integrating, "themes", ["Grief", "Shame", "The sea"])
    assert _drafts(care, integrating)["themes"] == "Grief, Shame, The sea"


def test_a_practice_without_themes_is_told_where_to_write_them(care, integrating):
    _set_themes(care)
    tab = _open(care, care.therapist, integrating)

    assert "No themes to pick: your practice has none on its list." in said(tab)
    assert all(one.key != f"note/{integrating}/themes" for one in tab.get("button_group"))
    write(care, tab, integrating, "other_themes", "The sea")
    assert _drafts(care, integrating) == {"other_themes": "The sea"}


def test_an_empty_note_can_be_discarded_and_one_with_words_cannot(care, begun, ahead):
    assert "Discard this empty note" not in [
        one.label for one in _open(care, care.therapist, begun).button
    ]
    with care.database.writing() as db:
        session = a_ketamine_session(db, care.course, planned_at=NOW + 3 * DAY)
    tab = opened(care, care.therapist, "note", kind="intention", dose=session.id)

    press(tab, "Discard this empty note")

    assert [one.value for one in tab.title] == ["Client K-001"]
    assert [one.voided_at for one in care.rows(Note, ketamine_session_id=session.id)] == [NOW]


def test_a_note_whose_one_letter_was_deleted_again_can_be_discarded(care, begun):
    care.do(save_draft, care.therapist, begun, "intention", "", 1)

    press(_open(care, care.therapist, begun), "Discard this empty note")

    assert care.row(Note, begun).voided_at == NOW


def test_the_intention_stands_above_the_integration_note_that_follows_it(care, signed):
    with care.database.writing() as db:
        given = db.get_one(KetamineSession, signed.ketamine_session_id)
        held = an_integration_session(
            db, care.course, given, therapist=care.therapist, held_at=NOW - HOUR
        )

    tab = opened(care, care.therapist, "note", kind="integration", integration=held.id)

    assert "**The intention**" in said(tab)
    assert "To rest." in [one.value for one in tab.text]
    assert "Integration note" in said(tab)


def test_with_others_in_the_room_the_intention_above_it_is_folded(care, signed):
    with care.database.writing() as db:
        dose = db.get_one(KetamineSession, signed.ketamine_session_id)
        held = an_integration_session(
            db, care.course, dose, therapist=care.therapist, held_at=NOW - HOUR
        )
    tab = opened(care, care.therapist, "note", kind="integration", integration=held.id)
    with care.database.writing() as db:
        db.execute(update(SignIn).values(audience=Audience.OTHERS))
    well(tab.run())

    (folded,) = [one for one in tab.expander if one.label == "The note"]
    assert [one.value for one in folded.text] == ["To rest."]


def test_an_intention_never_used_can_be_the_start_of_the_next(care, ahead):
    with care.database.writing() as db:
        cancelled = a_ketamine_session(
            db, care.course, planned_at=NOW - DAY, status=SessionStatus.CANCELLED
        )
        a_signed_intention(db, cancelled, care.therapist, signed_at=NOW - DAY)
    tab = opened(care, care.therapist, "note", kind="intention", dose=ahead.id)
    assert "An intention that can be a start" in said(tab)

    press(tab, "Start from it")

    (note_id,) = [
        one.id for one in care.rows(Note, ketamine_session_id=ahead.id) if one.voided_at is None
    ]
    assert _held(tab, note_id, "intention") == "To rest."
    # What has to be asked on the day is asked again.
    assert _held(tab, note_id, "safety") == ""


def test_a_start_that_is_refused_leaves_the_empty_note_as_it_was(care, ahead):
    with care.database.writing() as db:
        cancelled = a_ketamine_session(
            db, care.course, planned_at=NOW - DAY, status=SessionStatus.CANCELLED
        )
        old = a_signed_intention(db, cancelled, care.therapist, signed_at=NOW - DAY)
    tab = opened(care, care.therapist, "note", kind="intention", dose=ahead.id)
    care.do(void_note, care.therapist, NoteErrorEntered(old.id, "Another client's"))

    press(tab, "Start from it")

    assert "There is no such intention to begin with." in said(tab)
    (kept,) = care.rows(Note, ketamine_session_id=ahead.id)
    assert kept.voided_at is None
    assert tab.query_params["id"] == kept.id


def test_a_signed_note_is_locked_for_everybody(care, signed):
    for who in (care.therapist, care.prescriber, care.nurse):
        tab = _open(care, who, signed.id)
        assert "**Signed and locked**" in said(tab)
        assert "read on below the text" not in said(tab)
        assert "To rest." in [one.value for one in tab.text]
        assert "Sign …" not in [one.label for one in tab.button]


def test_rule_19_its_author_amends_it_beside_a_readable_original(care, signed):
    tab = _open(care, care.therapist, signed.id)

    for text in ("To rest, and be held.", WILD):
        entered = {"reason": WILD, "text": text}
        press(fill(tab, "amend", entered), "Save amendment")
        assert typed(tab, "amend") == {"reason": "", "text": ""}

    shown = [one.value for one in tab.text]
    assert shown == ["To rest.", "To rest, and be held.", WILD]
    assert "Amended Tue Nov 24, 2:30 pm: read on below the text" in said(tab)
    assert len(care.rows(NoteAmendment)) == 2
    assert any(plain(WILD) in one.value for one in tab.markdown)


def test_an_amendment_reaches_whoever_reads_the_intention_elsewhere(care):
    with care.database.writing() as db:
        dose = a_given_session(db, care.course, given_at=NOW - 20 * HOUR)
        intention = a_signed_intention(db, dose, care.therapist, signed_at=NOW - 30 * HOUR)
        held = an_integration_session(
            db, care.course, dose, therapist=care.therapist, held_at=NOW - HOUR
        )
        db.add(
            NoteAmendment(
                id=new_id(),
                note_id=intention.id,
                author_id=care.therapist.clinician_id,
                at=NOW - 2 * HOUR,
                reason="Misheard",
                text="To rest without guilt.",
                content_hash="0" * 64,
            )
        )

    for tab in (
        opened(care, care.prescriber, "client", client=care.client.code),
        opened(care, care.therapist, "note", kind="integration", integration=held.id),
    ):
        assert "To rest." in said(tab)
        assert "Misheard" in said(tab)
        assert "To rest without guilt." in said(tab)


def test_a_colleague_adds_to_it_and_does_not_amend_it(care, signed):
    tab = _open(care, care.prescriber, signed.id)
    assert [one.label for one in tab.expander] == ["Read", "Add to this note"]

    press(fill(tab, "addendum", {"text": WILD}), "Save addition")

    assert WILD in [one.value for one in tab.text]
    assert [one.author_id for one in care.rows(NoteAddendum)] == [care.prescriber.clinician_id]
    assert care.rows(NoteAmendment) == []


def test_a_colleague_marks_it_as_read_with_a_comment_and_its_author_sees_it(care, signed):
    tab = _open(care, care.prescriber, signed.id)

    press(fill(tab, "note_read", {"comment": WILD}), "Mark as read")

    read = "Read by Robin Prescott, MD, Tue Nov 24, 2:30 pm"
    for shown in (tab, _open(care, care.therapist, signed.id)):
        assert read in bare(said(shown))
        assert WILD in [one.value for one in shown.text]
        assert "Read" not in [one.label for one in shown.expander]
    [kept] = care.rows(NoteRead)
    assert (kept.reader_id, kept.comment) == (care.prescriber.clinician_id, WILD)


def test_its_author_is_not_asked_to_mark_it(care, signed):
    tab = _open(care, care.therapist, signed.id)
    assert "Read" not in [one.label for one in tab.expander]


def test_signing_saves_everything_first_and_then_leaves_for_the_plain_page(care, begun):
    tab = _open(care, care.therapist, begun)
    _pick(tab, begun, "ready", "Ready")

    press(tab, "Sign …")

    assert f"/session/sign/{begun}" in _html(tab)
    assert _drafts(care, begun)["ready"] == "Ready"
    # It is asked once: the page drawn again does not leave again.
    back(tab, "note", id=begun)
    assert "/session/sign/" not in _html(tab)


def test_a_note_opened_anew_after_a_refusal_shows_what_is_kept(care, begun):
    one, other = (_open(care, care.therapist, begun) for _ in "ab")
    _pick(one, begun, "ready", "Postpone")
    _pick(other, begun, "ready", "Ready")

    back(back(other, "notes"), "note", id=begun)

    assert _held(other, begun, "ready") == "Postpone"
    assert "changed in another tab" not in said(other)
    assert "Back to the client" in links(other)


def test_rule_66_a_note_in_the_wrong_chart_stays_readable_and_counts_no_more(care):
    with care.database.writing() as db:
        ahead = a_ketamine_session(db, care.course, planned_at=NOW + HOUR)
        wrong = a_signed_intention(db, ahead, care.therapist)
    tab = _open(care, care.therapist, wrong.id)

    press(tab, "Mark this note as entered in error", "note_error")
    assert "Enter the reason" in said(tab) or "The reason" in said(tab)
    press(
        fill(tab, "note_error", {"void_reason": "Another client"}),
        "Mark this note as entered in error",
    )

    assert "Entered in error" in said(tab)
    assert "To rest." in said(tab)
    assert {"Amend", "Entered in error"}.isdisjoint(one.label for one in tab.expander)
    client = opened(care, care.prescriber, "client", client=care.client.code)
    assert "Notes entered in error (1)" in [one.label for one in client.expander]
    assert "To rest." not in said(client)
    assert "No intention note yet" in said(client)
    assert care.row(Note, wrong.id).signed_text == "To rest."


def test_rule_66_a_colleague_marks_no_note_of_another(care, signed):
    assert "Entered in error" not in [
        one.label for one in _open(care, care.prescriber, signed.id).expander
    ]
    with pytest.raises(NotAllowed, match="Only its author"):
        care.do(void_note, care.prescriber, NoteErrorEntered(signed.id, "Not mine"))
    assert care.row(Note, signed.id).voided_at is None
