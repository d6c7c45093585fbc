"""The Client page as a browser would get it, without the browser."""

import re
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from kapteam.accounts.sign_ins import start_sign_in
from kapteam.actions import views
from kapteam.actions.clients import PinnedLineEntered, pin_line
from kapteam.actions.notes import NoteEntered, save_draft, start_note
from kapteam.db import practices
from kapteam.db.engine import Database
from kapteam.db.tables import AuditEvent, Client, Episode, IntegrationSessionFor, Note, Series
from kapteam.errors import Unusable
from kapteam.ids import new_id
from kapteam.rules.permissions import Viewer
from kapteam.ui.text import plain
from kapteam.vocabulary import (
    Audience,
    EpisodeState,
    Function,
    HoldReason,
    Indication,
    IntegrationKind,
    NoteKind,
    OrderState,
    Part,
    ProductRoute,
)
from kapteam.wording import NBSP
from tests.clock import FrozenClock
from tests.factories import (
    NOW,
    TODAY,
    a_clearance,
    a_client,
    a_clinician,
    a_course,
    a_hold,
    a_member,
    a_weight,
    an_integration_course,
    an_outside_experience,
)
from tests.factories_care import (
    Care,
    a_booked_pair,
    a_cared_for_client,
    a_given_session,
    a_ketamine_session,
    a_score,
    a_series,
    a_series_review,
    a_signed_intention,
    an_integration_session,
    an_overdue_integration,
    an_unrecorded_session,
)
from tests.pages.filling import press
from tests.pages.tabs import links, user_of
from tests.query_recorder import recorded_statements

ROOT = Path(__file__).resolve().parents[2]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOBODY = "There is no client with this code, or you are not on one of their courses."
WILD = "<script>x</script> **b** =HYPERLINK(1) -> www.x.y :material/star: [a](b) $x$"


@pytest.fixture
def care(data_folder: Path, _sqlite_template: Path, frozen_clock: FrozenClock) -> Care:
    data_folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(_sqlite_template, data_folder / "practice.db")
    return a_cared_for_client(practices.database(practices.PRACTICE))


def a_tab(database: Database, viewer: Viewer, code: str = "K-001") -> AppTest:
    """A new tab on the page, of somebody who has just signed in; not run yet."""
    with database.writing() as db:
        started = start_sign_in(db, viewer.clinician_id, "test", NOW)
    tab = AppTest.from_file(str(ROOT / "kapteam" / "ui" / "main.py"), default_timeout=20)
    tab.user = user_of(started)
    tab.query_params["client"] = code
    tab.switch_page(str(ROOT / "pages" / "client.py"))
    return tab


def opened(care: Care, viewer: Viewer, code: str = "K-001") -> AppTest:
    tab = a_tab(care.database, viewer, code).run()
    assert not tab.exception
    assert "Something went wrong" not in said(tab)
    return tab


def said(tab: AppTest) -> str:
    """Every word on the page but those of its links, without what escapes them."""
    kinds = ("title", "header", "subheader", "markdown", "text", "caption", "warning", "error")
    return "\n".join(str(one.value) for kind in kinds for one in tab.get(kind)).replace("\\", "")


def views_of(care: Care) -> list[AuditEvent]:
    return care.rows(AuditEvent, tag="client:viewed")


def test_who_is_on_none_of_their_courses_sees_nothing_of_the_client(care):
    with care.database.writing() as db:
        an_overdue_integration(db, care.course)
    tab = opened(care, care.stranger)
    assert NOBODY in said(tab)
    assert "Okafor" not in said(tab)
    assert "602" not in said(tab)
    assert not tab.get("vega_lite_chart")
    assert views_of(care) == []


def test_a_session_that_nobody_recorded_keeps_its_intention_in_view(care):
    with care.database.writing() as db:
        a_signed_intention(
            db, a_ketamine_session(db, care.course, planned_at=NOW - 4 * HOUR), care.therapist
        )
    tab = opened(care, care.prescriber)
    assert "Was this given?" in said(tab)
    assert "Intention signed" in said(tab)
    assert "No ketamine session booked" not in said(tab)


def test_without_a_function_there_is_no_page(care):
    with care.database.writing() as db:
        nobody = a_clinician(db, name="Nora Nobody", is_administrator=True)
    tab = opened(care, nobody)
    assert "Your sign-in has no function yet" in said(tab)
    assert "Okafor" not in said(tab)


@pytest.mark.parametrize(
    ("typed", "title"),
    [("K-999", "Client K-999"), ("k-999", "Client K-999"), ("**K**", "Client"), ("", "Client")],
)
def test_an_unknown_code_gets_a_sentence_a_hint_and_the_way_to_today(care, typed, title):
    tab = opened(care, care.therapist, typed)
    assert [one.value for one in tab.title] == [title]
    assert NOBODY in said(tab)
    assert "Find a client" in said(tab)
    assert links(tab) == ["Today"]


def test_the_code_may_be_typed_carelessly(care):
    tab = opened(care, care.therapist, " k1 ")
    assert [one.value for one in tab.title] == ["Client K-001"]
    assert [one.value for one in tab.header] == ["Okafor, Amara"]


def test_a_new_client_gets_sentences_that_say_what_is_next(care):
    with care.database.writing() as db:
        fresh = a_client(db, care.therapist, given="Nils", family="Newcomer", born_on=None)
    tab = opened(care, care.therapist, fresh.code)
    assert "No open course of care." in said(tab)
    assert "Open a course of care" in links(tab)
    for words in (
        "Not booked",
        "Nothing to integrate yet",
        "No dose yet",
        "Birth date not recorded",
    ):
        assert words in said(tab)
    # What is not there yet is grey everywhere, so that nothing of it asks for attention.
    greys = {f":gray[{one}]" for one in ("Not booked", "Nothing to integrate yet", "No dose yet")}
    assert greys <= {one.value for one in tab.markdown}
    assert not tab.get("vega_lite_chart")
    assert not re.search(r"\b(None|nan|NaT|null)\b", said(tab))


def test_a_course_before_preparation_says_when_to_book(care):
    with care.database.writing() as db:
        other = a_client(db, care.therapist, given="Ira", family="Early")
        a_course(db, other, therapist=care.therapist, state=EpisodeState.ASSESSMENT)
    tab = opened(care, care.therapist, other.code)
    assert "can be booked once preparation begins" in said(tab)
    assert "Book" not in links(tab)


def test_a_course_without_ketamine_does_not_ask_for_a_prescriber(care):
    with care.database.writing() as db:
        other = a_client(db, care.therapist, family="Solo")
        an_integration_course(db, other, care.therapist)
    tab = opened(care, care.therapist, other.code)
    assert "Thea Tallis" in said(tab)
    assert "nobody yet" not in said(tab)


def test_nothing_is_booked_from_here_while_the_course_is_on_hold(care):
    assert "Book" in links(opened(care, care.therapist))
    with care.database.writing() as db:
        a_hold(db, care.course, HoldReason.TRAVEL, care.therapist.clinician_id)
    tab = opened(care, care.therapist)
    assert "On hold: travel" in said(tab)
    assert "Book" not in links(tab)


def test_the_facts_of_a_phone_call_come_in_their_order(care):
    with care.database.writing() as db:
        an_overdue_integration(db, care.course, hours=50)
        a_ketamine_session(db, care.course, planned_at=NOW + HOUR, ordered_ug=None)
    words = said(opened(care, care.therapist))
    _, who, facts = words.partition(":gray[Code] **K-001**")
    assert who
    places = [
        facts.find(text)
        for text in (
            ":gray[Next ketamine session]",
            "Tue Nov 24, 3:30\u00a0pm",
            "Dose not ordered",
            "dose 2 of 6",
            "Room 2",
            ":gray[Integration]",
            "since dose, not held",
            ":gray[Intention note]",
            "No intention note yet",
            ":gray[Last dose]",
            "**70\u00a0mg intramuscular**",
            "Robin Prescott",
            "Allergies",
            "Emergency contact",
        )
    ]
    assert -1 not in places
    assert places == sorted(places)


def test_each_thing_that_asks_for_attention_stands_beside_the_name(care):
    """A count here would have nowhere to lead: this is the page that the caseload's leads to."""
    with care.database.writing() as db:
        an_overdue_integration(db, care.course, hours=50)
        a_ketamine_session(db, care.course, planned_at=NOW + HOUR, ordered_ug=None)
        an_unrecorded_session(db, care.course)
    words = said(opened(care, care.therapist))
    beside_the_name, _, _ = words.partition(":gray[Code]")

    assert "Was this given?" in beside_the_name
    assert "50\u00a0hr since dose" in beside_the_name
    assert "Dose not ordered for" in beside_the_name
    assert "No intention note yet" in beside_the_name
    assert "more]" not in beside_the_name


def test_an_intention_that_is_not_due_yet_is_called_so_wherever_it_stands(care):
    with care.database.writing() as db:
        a_ketamine_session(db, care.course, planned_at=NOW + 6 * DAY)
    words = said(opened(care, care.therapist))

    assert words.count("Intention not due yet") == 2
    assert "No intention note yet" not in words


def test_a_debrief_with_its_note_to_finish_is_no_integration_held(care):
    with care.database.writing() as db:
        dose = a_given_session(db, care.course, given_at=NOW - 2 * HOUR)
        an_integration_session(
            db, care.course, dose, held_at=NOW - HOUR, kind=IntegrationKind.DEBRIEF
        )
    facts = said(opened(care, care.therapist)).partition(":gray[Intention note]")[0]
    assert "note to finish" in facts
    assert "Debrief on the day; dose of" in facts


TRIAL = {
    "kind": "medicine",
    "name": "sertraline",
    "dose": "200 mg a day",
    "weeks": 10,
    "outcome": "no_response",
    "adequate": None,
}


@pytest.fixture
def cleared(care):
    """A clearance of a resistant depression: one trial, and an aneurysm all the same."""
    with care.database.writing() as db:
        course = db.get_one(Episode, care.course.id)
        course.indications = [Indication.TREATMENT_RESISTANT_DEPRESSION.value]
        a_clearance(
            db,
            course,
            care.prescriber.clinician_id,
            routes=(ProductRoute.INTRAMUSCULAR,),
            decided_at=NOW - DAY,
            trials=[TRIAL],
            contraindications=[
                {"about": "cystitis", "present": True, "note": "2024"},
                {"about": "aneurysm", "present": True, "note": "clipped in 2019"},
                {"about": "avm", "present": False, "note": ""},
            ],
        )
    return care


@pytest.mark.parametrize("who", ["prescriber", "therapist", "nurse"])
def test_what_speaks_against_it_and_what_was_tried_are_a_line_each(cleared, who):
    words = said(opened(cleared, getattr(cleared, who)))
    assert "Contraindications: aneurysm (clipped in 2019), cystitis (2024)" in words
    assert "1 adequate trial. Treatment resistance asks for 2" in words
    assert "malformation" not in words


def test_the_front_desk_reads_neither(cleared):
    words = said(opened(cleared, cleared.front_desk))
    assert "Contraindications" not in words
    assert "adequate trial" not in words


def test_who_is_on_another_course_only_reads_neither(cleared):
    with cleared.database.writing() as db:
        other = a_clinician(db, Function.THERAPIST, name="Tao Elsewhere")
        an_integration_course(db, cleared.client, therapist=other)
    words = said(opened(cleared, other))
    assert "Okafor" in words
    assert "Contraindications" not in words
    assert "adequate trial" not in words


def test_the_newest_clearance_says_what_speaks_against_it(cleared):
    with cleared.database.writing() as db:
        a_clearance(
            db,
            cleared.course,
            cleared.prescriber.clinician_id,
            decided_at=NOW,
            contraindications=[{"about": "cystitis", "present": False, "note": ""}],
        )
    assert "Contraindications" not in said(opened(cleared, cleared.therapist))


def test_what_spoke_against_it_is_known_on_the_next_course_as_well(cleared):
    with cleared.database.writing() as db:
        over = db.get_one(Episode, cleared.course.id)
        over.state, over.closed_at = EpisodeState.CLOSED, NOW - HOUR
        a_course(db, cleared.client, therapist=cleared.therapist, state=EpisodeState.ASSESSMENT)
    words = said(opened(cleared, cleared.therapist))
    assert "Contraindications: aneurysm (clipped in 2019), cystitis (2024)" in words
    assert "adequate trial" not in words


def test_with_others_in_the_room_a_contraindication_is_named_without_its_words(cleared):
    tab = opened(cleared, cleared.therapist)
    tab.radio(key="audience").set_value(Audience.OTHERS).run()
    assert "aneurysm (words hidden while others can see)" in said(tab)
    assert "clipped" not in said(tab)


def test_allergies_not_asked_are_not_none(care):
    with care.database.writing() as db:
        client = db.merge(care.client)
        client.allergies, client.allergies_asked_on = "", NOW.date() - 22 * DAY
    words = said(opened(care, care.therapist))
    assert "Allergies] none, asked Mon Nov 2" in words
    assert "Medications] not asked" in words


def test_what_was_asked_has_its_day_and_is_checked_today_in_one_tap(care):
    with care.database.writing() as db:
        client = db.merge(care.client)
        client.allergies, client.allergies_asked_on = "", TODAY - 22 * DAY
        client.usual_pressure, client.usual_pressure_asked_on = "128/82", TODAY - 22 * DAY
    tab, old = (opened(care, care.front_desk) for _ in "ab")
    assert "Usual blood pressure] 128/82, asked Mon Nov 2" in said(tab)
    assert "Conditions] not asked" in said(tab)

    press(tab, "Checked today, no change")

    assert "Usual blood pressure] 128/82, asked Tue Nov 24" in said(tab)
    assert "Allergies] none, asked Tue Nov 24" in said(tab)
    assert "Conditions] not asked" in said(tab)
    # There is nothing to check twice on a day; pressed in another tab it changes nothing.
    assert "Checked today, no change" not in [one.label for one in tab.button]
    press(old, "Checked today, no change")
    assert len(care.rows(AuditEvent, tag="client:checked")) == 1


def test_of_a_client_changed_meanwhile_it_is_read_first_and_then_checked(care):
    with care.database.writing() as db:
        client = db.merge(care.client)
        client.medications, client.medications_asked_on = "Sertraline", TODAY - 22 * DAY
    tab = opened(care, care.therapist)
    with care.database.writing() as db:
        client = db.get_one(Client, care.client.id)
        client.medications, client.version = "Lithium", client.version + 1

    press(tab, "Checked today, no change")
    assert "Somebody changed this client in the meantime." in said(tab)
    assert "Lithium, asked Mon Nov 2" in said(tab)
    press(tab, "Checked today, no change")

    assert "Lithium, asked Tue Nov 24" in said(tab)


def test_of_a_client_never_asked_there_is_nothing_to_check(care):
    tab = opened(care, care.therapist)
    assert "Checked today, no change" not in [one.label for one in tab.button]


def test_each_dose_stands_between_its_two_notes(care):
    with care.database.writing() as db:
        dose = a_given_session(
            db, care.course, given_at=NOW - 7 * DAY, boosted_at=NOW - 7 * DAY + HOUR, ug=50_000
        )
        a_signed_intention(db, dose, care.therapist, signed_at=NOW - 8 * DAY)
        an_integration_session(
            db, care.course, dose, therapist=care.therapist, held_at=NOW - 7 * DAY + 21 * HOUR
        )
    tab = opened(care, care.prescriber)
    assert "Dose 1 of 6, Tue Nov 17, 2026, 70\u00a0mg intramuscular (50 + 20\u00a0mg)" in said(tab)
    assert [one.value for one in tab.text].count("To rest.") == 3
    assert "Signed and locked, Thea Tallis, LCSW, Mon Nov 16" in said(tab)
    assert "Held 20\u00a0hr after dose, note to finish" in said(tab)
    assert "Write" not in links(tab)


def test_rule_19_from_each_signed_note_it_is_one_link_to_where_it_is_amended_or_added_to(care):
    with care.database.writing() as db:
        dose = a_given_session(db, care.course, given_at=NOW - 7 * DAY)
        note = a_signed_intention(db, dose, care.therapist, signed_at=NOW - 8 * DAY)

    for who in (care.therapist, care.prescriber, care.nurse):
        tab = opened(care, who)
        led = [one.proto.query_string for one in tab.get("page_link") if one.proto.page == "note"]
        assert f"id={note.id}" in led


def test_rule_16_what_a_prescriber_signed_says_so(care):
    with care.database.writing() as db:
        dose = a_given_session(db, care.course, given_at=NOW - 7 * DAY)
        a_signed_intention(db, dose, care.prescriber, by_prescriber=True)
    assert "Signed and locked, Robin Prescott, MD, by prescriber, " in said(
        opened(care, care.therapist)
    )


def test_the_page_goes_from_who_it_is_to_the_facts_the_last_notes_the_timeline_and_each_dose(care):
    with care.database.writing() as db:
        dose = a_given_session(db, care.course, given_at=NOW - 7 * DAY)
        a_signed_intention(db, dose, care.therapist, signed_at=NOW - 8 * DAY)
    shown = [str(one.value) for one in opened(care, care.therapist).main if hasattr(one, "value")]
    order = (
        "Okafor, Amara",
        ":gray[Code]",
        ":gray[Next ketamine session]",
        "**Last intention**",
        "**Last integration**",
        "Timeline",
        "Ketamine sessions (1)",
        "**Dose 1 of 6",
    )
    places = [
        next(place for place, words in enumerate(shown) if words.startswith(one)) for one in order
    ]
    assert places == sorted(places)


def test_a_colleagues_draft_is_named_and_never_shown(care):
    with care.database.writing() as db:
        ahead, _ = a_booked_pair(db, care.course, therapist=care.therapist)
    note = NoteEntered(new_id(), NoteKind.INTENTION, care.course.id, ketamine_session_id=ahead.id)
    note_id = care.do(start_note, care.therapist, note)
    care.do(save_draft, care.therapist, note_id, "intention", "Secret words", 0)

    theirs = opened(care, care.prescriber)
    assert "Draft, Thea Tallis, LCSW :gray[since Tue Nov 24, 2:30\u00a0pm]" in said(theirs)
    assert "Secret words" not in said(theirs)
    assert not {"Write", "Continue"} & set(links(theirs))

    with care.database.writing() as db:
        cover = a_clinician(db, Function.THERAPIST, name="Cleo Cover")
        a_member(db, care.course, cover, Part.COVER)
    assert not {"Write", "Continue"} & set(links(opened(care, cover)))

    own = opened(care, care.therapist)
    assert "Your draft" in said(own)
    assert "Continue" in links(own)
    assert "Secret words" not in said(own)


def test_a_proposed_dose_is_never_called_an_order(care):
    with care.database.writing() as db:
        session = a_ketamine_session(db, care.course)
        session.order_state = OrderState.PROPOSED
        session.ordered_by_id = care.therapist.clinician_id
    words = said(opened(care, care.prescriber))
    assert "Proposed 70\u00a0mg, not ordered, intramuscular by Thea Tallis" in words
    assert "Ordered" not in words


def test_who_may_write_is_offered_it_and_nobody_else(care):
    with care.database.writing() as db:
        a_ketamine_session(db, care.course, planned_at=NOW + HOUR)
    assert "Write" in links(opened(care, care.therapist))
    assert "Write" not in links(opened(care, care.prescriber))
    assert "Write" not in links(opened(care, care.front_desk))


def test_the_front_desk_reads_no_note(care):
    with care.database.writing() as db:
        dose = a_given_session(db, care.course, given_at=NOW - 7 * DAY)
        a_signed_intention(db, dose, care.therapist)
    tab = opened(care, care.front_desk)
    assert "Dose 1 of 6, Tue Nov 17, 2026, 70\u00a0mg intramuscular" in said(tab)
    assert "Last intention" not in said(tab)
    assert list(tab.text) == []


def test_the_timeline_has_words_and_a_table_with_the_same_rows(care):
    with care.database.writing() as db:
        an_overdue_integration(db, care.course, hours=50)
        a_ketamine_session(db, care.course, planned_at=NOW + DAY)
    tab = opened(care, care.therapist)
    (chart,) = tab.get("vega_lite_chart")
    assert chart.proto.alt == (
        "1 intramuscular dose given, 1 planned; no integration held in time, none held late, "
        "1 late and not held."
    )
    assert "Okafor" not in str(chart.proto)
    (table,) = tab.table
    assert list(table.value.columns) == [
        "What",
        "Score or dose",
        "When",
        "Status",
        "Integration",
    ]
    assert [row.replace("\\", "") for row in table.value["What"]] == [
        "Dose 2 of 6",
        "Integration",
        "Dose 1 of 6",
    ]


def test_a_score_from_years_before_stands_in_the_table_and_presses_no_dose_together(care):
    with care.database.writing() as db:
        a_given_session(db, care.course, given_at=NOW - 7 * DAY)
        for days, total in ((9, 15), (2600, 4)):
            a_score(db, care.course, care.therapist, total=total, taken_at=NOW - days * DAY)
    tab = opened(care, care.therapist)
    (chart,) = tab.get("vega_lite_chart")
    assert chart.proto.alt.startswith("PHQ-9 15, 1 score. ")
    assert "2019" not in str(chart.proto)
    assert "From long before, and in the table only: 1 score." in said(tab)
    (table,) = tab.table
    assert [row.split(",")[0] for row in table.value["Score or dose"] if "," in row] == ["15", "4"]


def test_a_course_about_an_experience_elsewhere_has_sessions_and_no_dose(care):
    with care.database.writing() as db:
        other = a_client(db, care.therapist, given="Juniper", family="Vale")
        course = an_integration_course(db, other, care.therapist)
        experience = an_outside_experience(db, course)
        experience.circumstances = WILD
        session = an_integration_session(
            db, course, therapist=care.therapist, planned_at=NOW + 2 * DAY
        )
        db.add(
            IntegrationSessionFor(
                id=new_id(),
                integration_session_id=session.id,
                outside_experience_id=experience.id,
            )
        )
    tab = opened(care, care.therapist, other.code)
    assert "**psilocybin, summer 2025**" in said(tab)
    assert WILD in [one.value for one in tab.text]
    assert "Integration, Thu Nov 26, 2026 after psilocybin, summer 2025" in said(tab)
    assert "No ketamine on this course of care" in said(tab)
    assert "Ketamine sessions (" not in said(tab)
    assert not {"Clearance", "Book"} & set(links(tab))


def test_of_a_course_one_is_not_on_only_dates_state_and_names_are_shown(care):
    with care.database.writing() as db:
        dose = a_given_session(db, care.course, given_at=NOW - 3 * DAY)
        a_signed_intention(db, dose, care.therapist)
        a_course(db, care.client, therapist=care.stranger)
    words = said(opened(care, care.stranger))
    assert "Other courses of care" in words
    assert "since Sun Oct 25, 2026" in words
    assert "Therapist Thea Tallis" in words
    assert "To rest." not in words
    assert "70\u00a0mg" not in words


def test_every_text_is_shown_as_it_was_typed(care):
    with care.database.writing() as db:
        client = db.merge(care.client)
        client.preferred_name = client.pronouns = client.phone = client.pinned_line = WILD
        client.may_be_told = client.emergency_name = client.allergies = WILD
        client.allergies_asked_on = NOW.date()
        client.pinned_by_id, client.pinned_at = care.therapist.clinician_id, NOW
        dose = a_given_session(db, care.course, given_at=NOW - DAY)
        dose.place = dose.people_present = dose.breach_reason = WILD
        ended = a_ketamine_session(db, care.course)
        ended.end_reason = WILD
        db.add(
            Note(
                id=new_id(),
                kind=NoteKind.INTENTION,
                episode_id=care.course.id,
                ketamine_session_id=dose.id,
                author_id=care.therapist.clinician_id,
                by_prescriber=False,
                template_version=1,
                body={"intention": WILD},
                started_at=NOW,
                signed_at=NOW,
                signed_text=WILD,
                content_hash="0" * 64,
            )
        )
    tab = opened(care, care.therapist)
    assert [one.value for one in tab.text].count(WILD) == 3
    labels = [str(one.value) for kind in ("header", "markdown") for one in tab.get(kind)]
    assert sum(plain(WILD) in label for label in labels) >= 7
    assert not [label for label in labels if WILD in label]
    assert not [label for label in labels if "**b**" in label.replace(plain(WILD), "")]


def test_a_view_is_recorded_once_an_hour_before_anything_is_shown(care):
    opened(care, care.therapist)
    tab = opened(care, care.therapist)
    tab.run()
    (seen,) = views_of(care)
    assert (seen.client_id, seen.clinician_id) == (care.client.id, care.therapist.clinician_id)
    assert seen.at == NOW


def test_rule_63_a_view_that_cannot_be_recorded_shows_nothing(care, monkeypatch):
    def refuse(*_: Any, **__: Any) -> None:
        raise Unusable("The database can only be read, so nothing was saved.")

    monkeypatch.setattr(views, "record", refuse)
    tab = a_tab(care.database, care.therapist).run()
    assert "The database can only be read" in said(tab)
    assert "Okafor" not in said(tab)
    assert "602" not in said(tab)
    assert views_of(care) == []


def _pin(tab: AppTest, words: str) -> AppTest:
    next(one for one in tab.text_input if "know first" in one.label).set_value(words)
    return next(one for one in tab.button if one.label == "Pin").click().run()


def test_the_pinned_line_is_changed_in_place(care):
    tab = _pin(opened(care, care.therapist), "Prefers mornings")
    assert not tab.exception
    assert "Prefers mornings" in said(tab)
    assert "Thea Tallis, Tue Nov 24" in said(tab)
    assert care.row(Client, care.client.id).pinned_line == "Prefers mornings"


def test_a_line_pinned_meanwhile_is_shown_and_not_overwritten(care):
    tab = opened(care, care.therapist)
    entered = PinnedLineEntered(care.client.id, care.client.version, "Theirs")
    care.do(pin_line, care.prescriber, entered)
    tab = _pin(tab, "Mine")
    assert "Saved by somebody else: Theirs" in said(tab)
    assert care.row(Client, care.client.id).pinned_line == "Theirs"
    assert next(one for one in tab.text_input if "know first" in one.label).value == "Mine"


def test_with_others_in_the_room_the_pinned_line_and_its_author_are_hidden(care):
    tab = _pin(opened(care, care.therapist), "Prefers mornings")

    tab.radio(key="audience").set_value(Audience.OTHERS).run()

    assert not tab.exception
    assert "The pinned line is hidden" in said(tab)
    assert "Prefers mornings" not in said(tab)
    assert "Thea Tallis, Tue Nov 24" not in said(tab)
    assert not [one for one in tab.button if one.label == "Pin"]


def test_the_front_desk_cannot_pin(care):
    tab = opened(care, care.front_desk)
    assert not [one for one in tab.button if one.label == "Pin"]


def _history(care: Care, first: int, last: int) -> None:
    with care.database.writing() as db:
        for count in range(first, last):
            dose = a_given_session(db, care.course, given_at=NOW - (1 + 3 * count) * DAY)
            a_signed_intention(db, dose, care.therapist)
            an_integration_session(db, care.course, dose, held_at=dose.planned_at + 20 * HOUR)


def _statements(care: Care) -> int:
    tab = a_tab(care.database, care.therapist)
    with recorded_statements(care.database.engine) as ran:
        tab.run()
    assert not tab.exception
    return len(ran)


def test_thirty_ketamine_sessions_are_paged_and_cost_no_further_statement(care):
    _history(care, 0, 3)
    opened(care, care.therapist)
    with_three = _statements(care)
    _history(care, 3, 30)
    assert _statements(care) == with_three

    tab = opened(care, care.therapist)
    assert "Ketamine sessions (30), newest first" in said(tab)
    assert said(tab).count("**Dose ") == 6
    assert "**Dose 30, beyond the 6 ordered" in said(tab)
    assert "**Dose 25, beyond" in said(tab)
    assert "**Dose 24, beyond" not in said(tab)


def test_the_last_weight_is_there_with_its_day_and_none_that_was_in_error(care):
    by = care.therapist.clinician_id
    with care.database.writing() as db:
        a_weight(db, care.client, 82_554, by, TODAY - DAY)
        wrong = a_weight(db, care.client, 182_000, by)
        wrong.voided_at, wrong.voided_by_id = NOW, by

    words = said(opened(care, care.prescriber)).replace(NBSP, " ")

    assert "82.6 kg (182 lb), Mon Nov 23" in words
    assert "182 kg" not in words


def test_how_far_a_series_is_stands_with_its_course_and_leads_to_a_plan(care):
    with care.database.writing() as db:
        series = a_series(db, care.course, review_before=4)
        for weeks in (3, 2, 1):
            a_given_session(db, care.course, given_at=NOW - timedelta(weeks=weeks))
    tab = opened(care, care.therapist)
    assert ":material/rate_review: 3 of 6 given, review before the 4th" in said(tab)
    assert "Plan the rest" in links(tab)
    with care.database.writing() as db:
        a_series_review(db, series, care.therapist, before=4)
        db.get_one(Series, series.id).ordered_count = 3
    tab = opened(care, care.therapist)
    assert "3 of 3 given, reviewed before the 4th" in said(tab)
    assert "Plan the rest" not in links(tab)
