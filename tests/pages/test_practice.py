"""Practice as a browser would get it, without the browser."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update
from streamlit.proto.SelectWidgetFilterMode_pb2 import FILTER_MODE_CONTAINS

from kapteam.actions.notes import AddendumEntered, add_addendum
from kapteam.db.backup import backups_in
from kapteam.db.tables import (
    AuditEvent,
    Clinician,
    ClinicianFunction,
    EpisodeMember,
    Invitation,
    PinBrowser,
    Practice,
    PracticeSetting,
    RecordCheck,
)
from kapteam.ids import new_id
from kapteam.instruments import instruments
from kapteam.rules.cadence import CADENCE_SETTINGS
from kapteam.rules.plausibility import DOSE_BOUNDS
from kapteam.rules.thresholds import THRESHOLDS
from kapteam.settings import settings
from kapteam.vocabulary import Function, Part
from tests.factories import (
    NOW,
    TODAY,
    a_clinician,
    a_course,
    a_pin_browser,
    a_setting,
    a_weight,
    audit_events,
)
from tests.factories_care import a_ketamine_session, a_signed_note
from tests.pages.filling import beside, fill, press, typed
from tests.pages.tabs import (
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

LINK = "/session/invite/"
LATE = "threshold/integration_late_hours"
EVERYONE = "threshold/everyone_sees_caseload"
SAVE_EVERYONE = "Save “Everyone sees the whole caseload”"


@pytest.fixture
def admin(care):
    with care.database.writing() as db:
        return a_clinician(db, Function.PRESCRIBER, name="Ada Adams", is_administrator=True)


def _code(tab):
    return [one.value for one in tab.code]


def _colleague(tab):
    fill(tab, "colleague", {"name": "Nell Newcomer", "sign_in_name": "nell"})
    return fill(tab, "colleague", {"functions.nurse": True})


def test_nobody_signed_in_gets_nothing(care):
    assert unsigned("practice") == ""


@pytest.mark.parametrize("who", ["prescriber", "therapist", "nurse", "front_desk"])
def test_who_does_not_administer_sees_none_of_it(care, who):
    tab = opened(care, getattr(care, who), "practice")

    assert "Only an administrator of the practice can do this." in said(tab)
    assert "Robin" not in said(tab)
    assert not tab.text_input


def test_the_team_stands_with_functions_and_how_each_signs_in(care, admin):
    with care.database.writing() as db:
        a_clinician(db, Function.THERAPIST, name="Gone Graham", suspended=True)

    tab = opened(care, admin, "practice")
    words = said(tab)

    assert headings(tab)[0] == "Team (7)"
    assert "Prescriber, Administrator" in words
    assert "link not used yet" in words
    assert "Sign-in off since Mon Nov 23, 2:30 pm" in words
    # Nobody's link is renewed, or sign-in turned off, whose sign-in is off already.
    assert len([one for one in tab.button if one.label.startswith("Turn off sign-in")]) == 6


def test_a_large_team_begins_with_ten_and_says_how_many_it_is(care, admin):
    with care.database.writing() as db:
        for number in range(12):
            a_clinician(db, Function.NURSE, name=f"Noor {number:02d}")

    tab = opened(care, admin, "practice")
    assert len([one for one in buttons(tab) if one.startswith("Change ")]) == 10

    well(tab.button(key="more_of_team").click().run())
    everybody = len([one for one in buttons(tab) if one.startswith("Change ")])
    assert everybody > 12
    assert f"Team ({everybody})" in headings(tab)


def test_each_button_of_the_team_has_a_name_of_its_own(care, admin):
    labels = buttons(opened(care, admin, "practice"))

    assert len(set(labels)) == len(labels)
    assert "Change *Thea Tallis*" in labels


def test_a_colleague_is_let_in_by_a_link_that_is_shown_once_and_only_here(care, admin):
    tab = _colleague(opened(care, admin, "practice"))

    press(tab, "Make a one-time link")

    (link,) = _code(tab)
    assert LINK in link
    assert "Hand this one-time link to Nell Newcomer." in "".join(one.value for one in tab.info)
    assert typed(tab, "colleague")["name"] == ""
    (kept,) = [one for one in care.rows(Clinician) if one.name == "Nell Newcomer"]
    assert kept.password_hash is None
    # Typing on does not hide it; leaving the page does.
    fill(tab, "colleague", {"name": "Somebody Else"})
    assert _code(tab) == [link]
    back(tab, "today")
    assert _code(back(tab, "practice")) == []


def test_the_link_can_be_hidden(care, admin):
    tab = press(_colleague(opened(care, admin, "practice")), "Make a one-time link")

    press(tab, "Hide the link")

    assert _code(tab) == []


def test_a_colleague_is_added_with_the_phone_for_a_crisis(care, admin):
    tab = fill(opened(care, admin, "practice"), "colleague", {"phone": "602-555-0199"})
    press(_colleague(tab), "Make a one-time link")
    assert [one.phone for one in care.rows(Clinician, name="Nell Newcomer")] == ["602-555-0199"]


def test_the_team_shows_whose_phone_for_a_crisis_is_missing(care, admin):
    with care.database.writing() as db:
        db.execute(update(Clinician).values(phone="602-555-0199"))
        # Whom nobody calls: who is at the front desk only, and whose sign-in is off.
        for one, off in ((care.front_desk, None), (care.nurse, NOW)):
            row = db.get_one(Clinician, one.clinician_id)
            row.phone, row.suspended_at = "", off
    assert "No phone for a crisis" not in said(opened(care, admin, "practice"))

    with care.database.writing() as db:
        db.get_one(Clinician, care.therapist.clinician_id).phone = ""
    assert said(opened(care, admin, "practice")).count("No phone for a crisis") == 1


def test_a_second_colleague_is_another_one(care, admin):
    tab = press(_colleague(opened(care, admin, "practice")), "Make a one-time link")
    values = {"name": "Nils Newcomer", "sign_in_name": "nils", "functions.therapist": True}

    press(fill(tab, "colleague", values), "Make a one-time link")

    names = {one.name for one in care.rows(Clinician)}
    assert {"Nell Newcomer", "Nils Newcomer"} <= names
    assert len(care.rows(Invitation)) == 2


def test_a_new_link_ends_the_old_one(care, admin):
    tab = press(_colleague(opened(care, admin, "practice")), "Make a one-time link")
    (kept,) = [one for one in care.rows(Clinician) if one.name == "Nell Newcomer"]
    first = _code(tab)

    press(tab, "New one-time link *Nell Newcomer*", f"renew/{kept.id}")

    assert _code(tab) != first
    assert len(_code(tab)) == 1
    assert "to Nell Newcomer." in "".join(one.value for one in tab.info)


def _asked_to_turn_off(care, admin, who):
    return opened(care, admin, "practice", colleague=who.clinician_id, do="turn_off")


def test_turning_off_asks_first_whose_and_what_becomes_of_their_courses(care, admin):
    tab = _asked_to_turn_off(care, admin, care.therapist)

    words = said(tab)
    assert headings(tab) == ["Turn off the sign-in of Thea Tallis?"]
    assert "Thea Tallis is on one open course of care. Each stays theirs until" in words
    assert care.client.code in words
    # An administrator who is not on the course is told the code, and never the name.
    assert "Okafor" not in words
    assert care.row(Clinician, care.therapist.clinician_id).suspended_at is None


def test_turning_a_sign_in_off_takes_effect_and_is_said(care, admin):
    tab = _asked_to_turn_off(care, admin, care.therapist)

    press(tab, "Turn off the sign-in of Thea Tallis")

    assert care.row(Clinician, care.therapist.clinician_id).suspended_at == NOW
    assert "Sign-in of Thea Tallis turned off" in bare(tab.success[0].value)
    assert headings(tab)[0] == "Team (6)"
    # Nobody was named, so the course is still theirs.
    (part,) = care.rows(EpisodeMember, clinician_id=care.therapist.clinician_id)
    assert part.until_at is None


def test_a_course_is_handed_over_in_the_same_save(care, admin):
    (part,) = care.rows(EpisodeMember, clinician_id=care.therapist.clinician_id)
    tab = _asked_to_turn_off(care, admin, care.therapist)
    field = f"taker.{part.id}"
    box = next(one for one in tab.selectbox if one.key.endswith(field))
    # Only who may be a therapist here is offered, and not the one who leaves.
    assert box.options == ["Nobody yet", "Otto Outer"]

    press(
        fill(tab, "turn_off", {field: care.stranger.clinician_id}),
        "Turn off the sign-in of Thea Tallis",
    )

    assert care.row(EpisodeMember, part.id).until_at == NOW
    (taken,) = care.rows(EpisodeMember, clinician_id=care.stranger.clinician_id)
    assert (taken.part, taken.from_at, taken.until_at) == (Part.THERAPIST, NOW, None)


def test_many_courses_are_handed_over_by_one_choice_and_one_of_them_to_somebody_else(care, admin):
    with care.database.writing() as db:
        tess = a_clinician(db, Function.THERAPIST, name="Tess Elsewhere")
        for _ in range(2):
            a_course(db, care.client, prescriber=care.prescriber, therapist=care.therapist)
    parts = care.rows(EpisodeMember, clinician_id=care.therapist.clinician_id)
    tab = _asked_to_turn_off(care, admin, care.therapist)
    assert "Thea Tallis is on 3 open courses of care." in said(tab)

    fill(tab, "turn_off", {"all.therapist": care.stranger.clinician_id})
    # Nothing is handed over by it before the Save, and each can still be changed.
    press(tab, "Fill in below")
    assert care.rows(EpisodeMember, clinician_id=care.stranger.clinician_id) == []
    fill(tab, "turn_off", {f"taker.{parts[0].id}": tess.clinician_id})
    fill(tab, "turn_off", {f"taker.{parts[1].id}": ""})
    press(tab, "Turn off the sign-in of Thea Tallis")

    taken = {
        one.episode_id: one.clinician_id
        for one in care.rows(EpisodeMember, part=Part.THERAPIST, until_at=None)
    }
    assert taken == {
        parts[0].episode_id: tess.clinician_id,
        parts[1].episode_id: care.therapist.clinician_id,
        parts[2].episode_id: care.stranger.clinician_id,
    }


def test_who_is_turned_off_already_is_not_asked_about(care, admin):
    with care.database.writing() as db:
        gone = a_clinician(db, Function.THERAPIST, name="Gone Graham", suspended=True)

    tab = _asked_to_turn_off(care, admin, gone)

    assert "Sign-in off since" in said(tab)
    assert buttons(tab) == []


@pytest.mark.parametrize("do", ["", "turn_off"])
def test_a_colleague_who_is_not_there_is_said_in_a_sentence(care, admin, do):
    tab = opened(care, admin, "practice", colleague="nobody", do=do)

    assert "There is no such colleague." in said(tab)
    assert not tab.text_input


@pytest.mark.parametrize("do", ["", "turn_off"])
def test_who_does_not_administer_gets_no_form_by_its_address(care, do):
    tab = opened(care, care.therapist, "practice", colleague=care.nurse.clinician_id, do=do)

    assert "Only an administrator of the practice can do this." in said(tab)
    assert "Nico" not in said(tab)


def test_turning_it_on_again_is_offered_where_it_is_off_and_is_said(care, admin):
    with care.database.writing() as db:
        gone = a_clinician(db, Function.THERAPIST, name="Gone Graham", suspended=True)
    tab = opened(care, admin, "practice")
    assert [one.key for one in tab.button if one.label.startswith("Turn on sign-in")] == [
        f"on_{gone.clinician_id}"
    ]

    tab.button(key=f"on_{gone.clinician_id}").click().run()

    assert care.row(Clinician, gone.clinician_id).suspended_at is None
    assert "Sign-in turned on again" in bare(tab.success[0].value)
    assert not [one for one in tab.button if one.label.startswith("Turn on sign-in")]


def test_the_last_administrator_is_not_turned_off_and_that_is_not_said_as_done(care, admin):
    tab = _asked_to_turn_off(care, admin, admin)
    assert "This is you" in said(tab)

    press(tab, "Turn off the sign-in of Ada Adams")

    assert care.row(Clinician, admin.clinician_id).suspended_at is None
    assert "This is the last administrator. Make a colleague one first." in said(tab)
    assert not tab.success


def test_a_colleague_is_made_an_administrator_and_gets_another_function(care, admin):
    tab = opened(care, admin, "practice", colleague=care.nurse.clinician_id)
    assert typed(tab, "person")["functions.nurse"] is True

    press(fill(tab, "person", {"functions.therapist": True, "is_administrator": True}), "Save")

    nurse = care.nurse.clinician_id
    assert care.row(Clinician, nurse).is_administrator is True
    with care.database.reading() as db:
        functions = db.scalars(
            select(ClinicianFunction.function).where(ClinicianFunction.clinician_id == nurse)
        ).all()
    assert set(functions) == {Function.NURSE, Function.THERAPIST}
    assert "Therapist, Nurse, Administrator" in said(back(tab, "practice"))


def test_the_last_administrator_stays_one_and_is_told_beside_the_box(care, admin):
    tab = opened(care, admin, "practice", colleague=admin.clinician_id)

    press(fill(tab, "person", {"is_administrator": False}), "Save")

    assert "This is the last administrator" in beside(tab, "person", "is_administrator")
    assert typed(tab, "person")["is_administrator"] is False
    assert care.row(Clinician, admin.clinician_id).is_administrator is True


def test_a_function_that_an_open_course_needs_is_not_taken_away(care, admin):
    tab = opened(care, admin, "practice", colleague=care.therapist.clinician_id)

    values = {"functions.therapist": False, "functions.coordinator": True}
    press(fill(tab, "person", values), "Save")

    assert "the therapist of an open course" in beside(tab, "person", "functions")
    assert care.row(Clinician, care.therapist.clinician_id).version == 1


def _with_pins(care, *devices):
    with care.database.writing() as db:
        return [a_pin_browser(db, care.nurse, device=one).id for one in devices]


def test_an_administrator_sees_where_a_pin_works_and_turns_it_off_there(care, admin):
    mac, phone = _with_pins(care, "Firefox on Mac", "Safari on iPhone")
    with care.database.writing() as db:
        gone = a_pin_browser(db, care.nurse, device="Edge on Windows", until_at=NOW).id
        colleagues = a_pin_browser(db, care.therapist, device="Chrome on Linux").id
    tab = opened(care, admin, "practice", colleague=care.nurse.clinician_id)
    assert "Browsers where the PIN works (2)" in headings(tab)
    assert "Set Tue Nov 24, 2:30 pm, until Mon Feb 22" in said(tab).replace("\u00a0", " ")
    for other in ("Edge on Windows", "Chrome on Linux"):
        assert other not in said(tab)

    well(tab.button(key=f"pin_off_{mac}").click().run())

    assert "The PIN is off in that browser." in bare(tab.success[0].value)
    assert "Browsers where the PIN works (1)" in headings(tab)
    assert {one.id for one in care.rows(PinBrowser)} == {phone, gone, colleagues}
    [event] = audit_events(care.database, "pin:turned_off")
    assert (event.clinician_id, event.subject_id) == (admin.clinician_id, care.nurse.clinician_id)


def test_a_pin_that_rests_is_said_to_and_one_that_was_missed_less_is_not(care, admin):
    with care.database.writing() as db:
        a_pin_browser(db, care.nurse, tries=4)
    tab = opened(care, admin, "practice", colleague=care.nurse.clinician_id)
    assert "rests" not in said(tab)
    with care.database.writing() as db:
        a_pin_browser(db, care.nurse, tries=5)
    assert said(tab.run()).count("rests after five wrong tries") == 1


def test_of_who_has_no_pin_one_line_says_so(care, admin):
    tab = opened(care, admin, "practice", colleague=care.nurse.clinician_id)
    assert "**Browsers where the PIN works** :gray[No PIN is set.]" in said(tab)


def test_a_colleague_with_many_browsers_takes_as_many_statements_as_one_with_one(care, admin):
    _with_pins(care, "Firefox on Mac")
    tab = opened(care, admin, "practice", colleague=care.nurse.clinician_id)
    few = statements_of(care, tab)
    _with_pins(care, *["Chrome on Windows"] * 20)
    assert statements_of(care, tab) == few <= 12


def test_the_practice_has_another_name_from_its_save_on(care, admin):
    tab = opened(care, admin, "practice")
    assert "**Saguaro Practice** :gray[Arizona (Phoenix)]" in said(tab)

    press(fill(tab, "practice_name", {"name": "Ocotillo *Practice*"}), "Save name")

    assert "**Ocotillo *Practice*** :gray[Arizona (Phoenix)]" in said(tab)
    assert care.row(Practice, "practice").name == "Ocotillo *Practice*"


def test_another_zone_warns_before_it_is_saved_what_it_does_to_every_time(care, admin):
    tab = opened(care, admin, "practice")
    assert not tab.warning

    fill(tab, "practice_zone", {"zone": "America/Los_Angeles"})

    (warning,) = tab.warning
    assert "This moment reads 2:30 pm MST; it would read 1:30 pm PST." in bare(warning.value)
    assert care.row(Practice, "practice").zone == "America/Phoenix"

    press(tab, "Save time zone")

    assert "Pacific (Los Angeles)" in said(tab)
    assert "As of 1:30 pm PST" in said(tab)
    assert not tab.warning
    # A moment is a moment: nothing that is stored was moved.
    assert care.row(Clinician, admin.clinician_id).created_at == NOW - timedelta(days=365)


def test_typing_finds_the_zones_of_the_neighbourhood_first(care, admin):
    tab = opened(care, admin, "practice")
    (zone,) = (one for one in tab.selectbox if one.label == "Time zone")

    # Streamlit's usual order is by likeness: "pac" would find Pacific/Yap before Los Angeles.
    assert zone.proto.filter_mode == FILTER_MODE_CONTAINS


def test_a_practice_without_a_name_is_refused_beside_the_field(care, admin):
    tab = opened(care, admin, "practice")

    press(fill(tab, "practice_name", {"name": "  "}), "Save name")

    assert "The practice's name is needed." in beside(tab, "practice_name", "name")
    assert care.row(Practice, "practice").name == "Saguaro Practice"


def test_every_threshold_has_a_button_of_its_own_name(care, admin):
    saves = [
        one.label
        for one in opened(care, admin, "practice", practice_show="Thresholds").button
        if "Save “" in one.label
    ]

    settings = (THRESHOLDS, DOSE_BOUNDS, CADENCE_SETTINGS, instruments())
    assert len(set(saves)) == len(saves) == sum(map(len, settings))


def test_a_cadence_is_changed_with_its_source_and_warns_from_then_on(care, admin):
    key = "cadence.IM.least_days"
    form, save = f"threshold/{key}", "Save “Intramuscular: least distance, days”"
    with care.database.writing() as db:
        a_ketamine_session(db, care.course, planned_at=NOW + timedelta(days=1))
    tab = opened(care, admin, "practice", practice_show="Thresholds")
    assert typed(tab, form) == {"value": "2"}
    assert "Source: kapteam's default, from published practice" in said(tab)

    press(fill(tab, form, {"value": "9"}), save, form)
    assert "would be asked about" in beside(tab, form, "value")
    press(fill(tab, form, {"value": "5"}), save, form)

    log = said(opened(care, admin, "practice", practice_show="Who did what"))
    assert "Intramuscular: least distance, 2 to 5" in bare(log)
    booking = opened(care, care.therapist, "booking", episode=care.course.id)
    plan = {"planned_on": TODAY + timedelta(days=4), "planned_time": "10:00 am"}
    assert "less than 5 days from the session of Wed Nov 25" in said(fill(booking, "booking", plan))


def test_a_bound_of_a_dose_is_changed_in_mg_and_judges_from_then_on(care, admin):
    key = "dose.IM.say_why.most_ug_per_kg"
    form, save = f"threshold/{key}", "Save “Intramuscular: say why above, mg per kg”"
    with care.database.writing() as db:
        a_weight(db, care.client, 50_000, admin.clinician_id)
        session = a_ketamine_session(db, care.course, ordered_ug=None)
    tab = opened(care, admin, "practice", practice_show="Thresholds")
    assert typed(tab, form) == {"value": "2"}
    assert "Source: kapteam's default, from labels and published practice" in said(tab)

    press(fill(tab, form, {"value": "4"}), save, form)
    assert "each is more than the one before" in beside(tab, form, "value")
    press(fill(tab, form, {"value": "1.8"}), save, form)

    assert care.rows(PracticeSetting)[-1].value == "1800"
    assert typed(tab, form) == {"value": "1.8"}
    log = said(opened(care, admin, "practice", practice_show="Who did what"))
    assert "Intramuscular: say why above, 2 mg per kg to 1.8 mg per kg" in bare(log)
    dose = opened(care, care.prescriber, "ketamine_session", id=session.id)
    assert "more than 1.8 mg per kg" in bare(said(fill(dose, "dose", {"mg": "91"})))


def test_a_threshold_has_its_source_and_is_in_force_from_its_save_on(care, admin):
    with care.database.writing() as db:
        a_setting(db, admin, "idle_minutes", 20, since=NOW - timedelta(days=2))
    tab = opened(care, admin, "practice", practice_show="Thresholds")
    assert "Set by the practice. In force since Sun Nov 22, 2:30 pm, by Ada Adams" in said(tab)
    assert typed(tab, LATE) == {"value": "48"}

    entered = {"value": "60", "source": "Our review of October"}
    press(fill(tab, LATE, entered), "Save “Integration turns red”", LATE)

    assert care.rows(PracticeSetting)[-1].value == "60"
    assert typed(tab, LATE) == {"value": "60"}
    assert "Source: Our review of October. In force since Tue Nov 24, 2:30 pm, by Ada" in said(tab)


def test_a_yes_or_no_is_a_switch_that_takes_effect_with_its_save(care, admin):
    tab = opened(care, admin, "practice", practice_show="Thresholds")
    (switch, *measures) = tab.toggle
    assert len(measures) == len(instruments())
    assert (switch.label, switch.value) == ("Everyone sees the whole caseload", False)

    fill(tab, EVERYONE, {"value": True})
    assert care.rows(PracticeSetting) == []
    press(tab, SAVE_EVERYONE, EVERYONE)

    assert care.rows(PracticeSetting)[-1].value == "1"
    assert tab.toggle[0].value is True
    press(fill(tab, EVERYONE, {"value": False}), SAVE_EVERYONE, EVERYONE)
    assert care.rows(PracticeSetting)[-1].value == "0"


@pytest.mark.parametrize(
    ("entered", "sentence"),
    [
        ("", "Enter a whole number."),
        ("0", "Enter a number from"),
        ("-5", "Enter a whole number."),
        ("NaN", "Enter a whole number."),
        ("48.5", "Enter a whole number."),
        ("99999", "Enter a number from"),
        ("12", "An integration is late only after its target"),
    ],
)
def test_a_threshold_that_cannot_be_is_refused_beside_it(care, admin, entered, sentence):
    tab = opened(care, admin, "practice", practice_show="Thresholds")

    press(fill(tab, LATE, {"value": entered}), "Save “Integration turns red”", LATE)

    assert sentence in beside(tab, LATE, "value")
    assert typed(tab, LATE)["value"] == entered
    assert care.rows(PracticeSetting) == []


def test_it_takes_as_many_statements_with_thirty_colleagues_as_with_three(care, admin):
    def fill_up(numbers):
        with care.database.writing() as db:
            for number in numbers:
                a_clinician(db, Function.THERAPIST, name=f"Colleague {number:02d}")

    fill_up(range(3))
    tab = opened(care, admin, "practice")
    few = statements_of(care, tab)
    fill_up(range(3, 30))

    assert statements_of(care, tab) == few <= 12
    assert headings(tab)[0] == "Team (36)"


def test_a_backup_is_made_from_the_page_and_says_when(care, admin):
    tab = opened(care, admin, "practice", practice_show="Backups")
    assert "No backup yet." in said(tab)
    assert "No good backup for more than a day" in said(tab)

    press(tab, "Back up now")

    assert [one.value for one in tab.success] == ["Backed up, and the copy was opened and checked"]
    assert "Last good backup" in said(tab)
    assert "**Tue Nov 24, 2:30 pm** :gray[now]" in said(tab)
    assert "No good backup" not in said(tab)
    (made,) = care.rows(AuditEvent, tag="backup:made")
    assert made.clinician_id == admin.clinician_id
    assert len(backups_in(settings().backup_dir)) == 1


def test_a_backup_that_fails_is_said_and_is_none(care, admin, monkeypatch):
    tab = opened(care, admin, "practice", practice_show="Backups")
    settings().backup_dir.parent.mkdir(exist_ok=True)
    settings().backup_dir.write_text("a file where the folder should be")

    press(tab, "Back up now")

    assert [bare(one.value) for one in tab.warning] == [
        "The folder of the backups cannot be used. Check its rights and the disk."
    ]
    assert care.rows(AuditEvent, tag="backup:made") == []


def _checked(tab):
    return press(tab, "Check the signed records")


def test_signed_records_are_checked_from_the_page_and_it_says_when_and_that_all_is_well(
    care, admin
):
    care.do(add_addendum, care.prescriber, AddendumEntered(new_id(), _signed(care).id, "Read."))
    tab = opened(care, admin, "practice", practice_show="Backups")
    assert "not checked yet" in said(tab)

    tab = _checked(tab)

    assert [bare(one.value) for one in tab.success] == [
        "Checked: nothing was changed outside kapteam"
    ]
    assert "Signed records last checked" in said(tab)
    assert "nothing changed outside kapteam" in said(tab)
    assert "2 entries" in said(tab)
    [kept] = care.rows(RecordCheck)
    assert (kept.at, kept.checked_by_id, kept.finding) == (NOW, admin.clinician_id, "")
    [event] = care.rows(AuditEvent, tag="records:checked")
    assert event.changes == {"lines": 2, "is_whole": True}


def _signed(care):
    with care.database.writing() as db:
        return a_signed_note(db, care.course, care.therapist, signed_at=NOW - timedelta(hours=2))


def _changed_outside(care):
    """A note in the list whose words somebody changed in the file itself."""
    note = _signed(care)
    care.do(add_addendum, care.prescriber, AddendumEntered(new_id(), note.id, "Read."))
    with care.database.writing() as db:
        db.execute(text("DROP TRIGGER note_locked"))
        db.execute(text("UPDATE note SET signed_text = 'Nothing to see.'"))


def test_what_was_changed_outside_is_said_in_a_sentence_and_no_word_of_the_machinery(care, admin):
    _changed_outside(care)
    tab = _checked(opened(care, admin, "practice", practice_show="Backups"))

    sentence = "The signed note of K-001, Tue Nov 24, 2026, 12:30 pm MST, was changed outside"
    shown = said(tab).replace("\u00a0", " ")
    assert sentence in shown
    assert "Signed records do not check out" in shown
    assert not re.search(r"(?i)\b(hash|chain|seal|mac|hmac|digest|anchor)", shown)
    assert "Nothing to see" not in shown
    assert "Okafor" not in shown


def test_a_change_is_told_on_the_administrators_today_and_to_nobody_else(care, admin):
    _changed_outside(care)
    _checked(opened(care, admin, "practice", practice_show="Backups"))
    told = "Signed records do not check out"
    assert told in "".join(links(opened(care, admin, "today"), "practice"))
    assert told not in "".join(links(opened(care, care.prescriber, "today")))


def test_a_check_that_is_older_than_a_day_says_so(care, admin):
    with care.database.writing() as db:
        db.add(RecordCheck(id=new_id(), at=NOW - timedelta(hours=27), lines=3, finding=""))
    tab = opened(care, admin, "practice", practice_show="Backups")
    assert "Not checked for more than a day" in said(tab)


def test_without_its_key_the_check_says_what_to_do(care, admin):
    _changed_outside(care)
    (settings().data_dir / "records.key").unlink()
    tab = _checked(opened(care, admin, "practice", practice_show="Backups"))
    assert "records.key is missing" in said(tab)
    [kept] = care.rows(RecordCheck)
    assert "records.key is missing" in kept.finding
