"""Days away, closed days and opening hours on Practice, and what a cover sees of it."""

from datetime import timedelta

import pytest

from kapteam.actions.absences import (
    AbsenceEntered,
    HandOverEntered,
    end_absence,
    hand_over_while_away,
    record_absence,
)
from kapteam.db.tables import Absence, ClosedDays, Contact
from kapteam.ids import new_id
from kapteam.vocabulary import Function
from tests.factories import NOW, TODAY, a_clinician, a_contact, audit_events
from tests.factories_care import an_overdue_integration
from tests.pages.filling import beside, box, fill, press, typed
from tests.pages.tabs import (
    addresses,
    bare,
    buttons,
    headings,
    names,
    opened,
    said,
    statements_of,
)

AWAY = "Days away"
DAY = timedelta(days=1)
TOMORROW = TODAY + DAY


@pytest.fixture
def admin(care):
    with care.database.writing() as db:
        return a_clinician(db, Function.PRESCRIBER, name="Ada Adams", is_administrator=True)


def _away(care, admin, who, cover=None, first=TODAY, last=TODAY):
    cover_id = cover and cover.clinician_id
    entered = AbsenceEntered(new_id(), who.clinician_id, first, last, cover_id)
    care.do(record_absence, admin, entered)
    return entered.id


def test_days_away_are_added_with_who_covers_and_stand_in_words(care, admin):
    tab = opened(care, admin, "practice", practice_show=AWAY)
    assert "Nobody is away." in said(tab)

    fill(tab, "absence", {"clinician_id": care.therapist.clinician_id})
    fill(tab, "absence", {"from_on": TODAY, "until_on": TOMORROW})
    fill(tab, "absence", {"covered_by_id": care.stranger.clinician_id})
    press(tab, "Add days away")

    assert headings(tab)[0] == "Days away (1)"
    assert "Tue Nov 24 to Wed Nov 25" in said(tab)
    assert f"{care.stranger.name} covers" in said(tab)
    assert "Nobody covers" not in said(tab)
    assert typed(tab, "absence")["clinician_id"] is None


def test_what_nobody_covers_is_said(care, admin):
    _away(care, admin, care.prescriber, care.nurse)
    _away(care, admin, care.therapist)

    words = said(opened(care, admin, "practice", practice_show=AWAY))

    assert "Nobody covers as prescriber" in words
    assert words.count("Nobody covers") == 2


def test_who_covers_and_is_away_then_too_is_said(care, admin):
    _away(care, admin, care.therapist, care.stranger, last=TOMORROW)
    _away(care, admin, care.stranger, first=TOMORROW, last=TOMORROW)

    words = said(opened(care, admin, "practice", practice_show=AWAY))

    assert f"{care.stranger.name} is away too: Wed Nov 25" in words


def test_days_that_cannot_be_are_refused_beside_the_field_and_stay_typed(care, admin):
    tab = opened(care, admin, "practice", practice_show=AWAY)
    fill(tab, "absence", {"from_on": TOMORROW, "until_on": TODAY})

    press(tab, "Add days away")

    assert "Choose who is away." in beside(tab, "absence", "clinician_id")
    assert "The last day cannot be before the first." in beside(tab, "absence", "until_on")
    assert typed(tab, "absence")["from_on"] == TOMORROW
    assert care.rows(Absence) == []


def test_days_ahead_are_taken_back_and_who_is_away_now_is_back(care, admin):
    now = _away(care, admin, care.therapist)
    ahead = _away(care, admin, care.prescriber, first=TOMORROW, last=TOMORROW)
    tab = opened(care, admin, "practice", practice_show=AWAY)

    press(press(tab, "Take back"), "Back now")

    assert "Nobody is away." in said(tab)
    assert care.row(Absence, ahead).voided_at is not None
    assert care.row(Absence, now).voided_at is None


@pytest.mark.parametrize(
    ("moved", "sentence"),
    [
        (False, "Theirs again: 1 appointment."),
        (True, "Changed since and still the colleague's: 1 appointment."),
    ],
)
def test_days_that_are_taken_back_say_what_became_of_what_was_handed_over(
    care, admin, moved, sentence
):
    absence_id = _away(care, admin, care.therapist, first=TOMORROW, last=TODAY + 5 * DAY)
    with care.database.writing() as db:
        call = a_contact(db, care.course, care.therapist, planned_at=NOW + 3 * DAY).id
    entered = HandOverEntered(new_id(), absence_id, care.course.id, care.stranger.clinician_id)
    care.do(hand_over_while_away, care.therapist, entered)
    if moved:
        with care.database.writing() as db:
            db.get_one(Contact, call).version += 1

    tab = press(opened(care, admin, "practice", practice_show=AWAY), "Take back")

    assert bare(tab.success[0].value).endswith(f"has ended with it. {sentence}")
    assert (care.row(Contact, call).with_id == care.therapist.clinician_id) is not moved


def test_everybody_finds_their_days_away_under_their_name(care):
    for who in (care.prescriber, care.therapist, care.nurse, care.front_desk):
        assert addresses(opened(care, who, "today"), AWAY) == ["away?"]
        assert "Your days away" in said(opened(care, who, "away"))


def test_a_therapist_sets_days_away_with_their_cover_and_reads_them_in_words(care):
    tab = opened(care, care.therapist, "away")
    assert "None now or ahead." in said(tab)
    offered = box(tab, "absence", "covered_by_id").options
    assert {care.stranger.name, "Nobody"} <= set(offered)
    assert not {care.therapist.name, care.front_desk.name} & set(offered)

    cover = care.stranger.clinician_id
    days = {"from_on": TOMORROW, "until_on": TOMORROW + DAY, "covered_by_id": cover}
    press(fill(tab, "absence", days), "Add days away")

    assert headings(tab)[0] == "Your days away (1)"
    assert "Wed Nov 25 to Thu Nov 26" in said(tab)
    assert f"{care.stranger.name} covers" in said(tab)
    (kept,) = care.rows(Absence)
    assert (kept.clinician_id, kept.covered_by_id) == (care.therapist.clinician_id, cover)
    assert typed(tab, "absence")["from_on"] is None
    press(tab, "Who has what meanwhile")
    assert tab.query_params["id"] == kept.id
    assert "Nothing of yours is planned or due in these days." in said(tab)


def test_ones_own_days_away_are_ended_or_taken_back_and_what_is_over_leads_to_what_was_done(care):
    now = _away(care, care.therapist, care.therapist, care.stranger, last=TOMORROW)
    _away(care, care.therapist, care.therapist, first=TODAY + 5 * DAY, last=TODAY + 6 * DAY)
    tab = opened(care, care.therapist, "away")
    assert headings(tab)[0] == "Your days away (2)"
    assert {"I am back", "Take back"} <= set(buttons(tab))

    press(tab, "I am back")

    assert bare(tab.success[0].value) == "You are back, and any cover has ended with it."
    assert f"over, {care.stranger.name} covered" in said(tab)
    assert names(opened(care, care.stranger, "caseload")) == []
    press(tab, "Take back")
    assert headings(tab)[0] == "Your days away (1)"
    assert not {"I am back", "Take back"} & set(buttons(tab))
    press(tab, "Since you were away")
    assert tab.query_params["id"] == now
    assert "Nobody recorded anything about your clients in these days." in said(tab)


def test_what_ones_own_days_give_back_is_said_as_ones_own(care):
    absence_id = _away(care, care.therapist, care.therapist, first=TOMORROW, last=TODAY + 5 * DAY)
    with care.database.writing() as db:
        a_contact(db, care.course, care.therapist, planned_at=NOW + 3 * DAY)
    entered = HandOverEntered(new_id(), absence_id, care.course.id, care.stranger.clinician_id)
    care.do(hand_over_while_away, care.therapist, entered)

    tab = press(opened(care, care.therapist, "away"), "Take back")

    assert bare(tab.success[0].value).endswith("Yours again: 1 appointment.")


def test_nobody_reads_somebody_elses_days_away_among_their_own(care, admin):
    _away(care, care.therapist, care.therapist, care.stranger)

    for who in (care.prescriber, care.stranger, admin):
        tab = opened(care, who, "away")
        assert "None now or ahead." in said(tab)
        assert not {"I am back", "Take back"} & set(buttons(tab))


def test_who_is_of_the_front_desk_sets_days_away_and_no_cover(care):
    tab = opened(care, care.front_desk, "away")
    assert "covered_by_id" not in typed(tab, "absence")

    press(fill(tab, "absence", {"from_on": TOMORROW}), "Add days away")

    assert "Wed Nov 25" in said(tab)
    assert "cover" not in said(tab).lower()
    assert "Who has what meanwhile" not in buttons(tab)
    press(tab, "Take back")
    assert "None now or ahead." in said(tab)


def _on_cover(care, who, absence_id):
    return opened(care, who, "away", id=absence_id, do="cover")


def test_who_covers_is_chosen_later_and_changed_from_every_place_of_these_days(care, admin):
    mine = _away(care, care.therapist, care.therapist, last=TOMORROW)
    for who, page, query in (
        (care.therapist, "away", {}),
        (care.therapist, "away", {"id": mine}),
        (admin, "practice", {"practice_show": AWAY}),
    ):
        tab = press(opened(care, who, page, **query), "Choose cover")
        assert (tab.query_params["id"], tab.query_params["do"]) == (mine, "cover")
        assert typed(tab, "cover") == {"covered_by_id": ""}
    tab = _on_cover(care, care.therapist, mine)
    assert care.therapist.name not in box(tab, "cover", "covered_by_id").options

    press(fill(tab, "cover", {"covered_by_id": care.stranger.clinician_id}), "Save")

    assert headings(tab)[0] == "Your days away (1)"
    assert f"{care.stranger.name} covers" in said(tab)
    assert "Change cover" in buttons(tab)
    assert len(names(opened(care, care.stranger, "caseload"))) == 1


def test_an_administrator_takes_a_cover_off_and_is_back_on_practice(care, admin):
    absence_id = _away(care, admin, care.therapist, care.stranger)
    tab = _on_cover(care, admin, absence_id)
    assert typed(tab, "cover") == {"covered_by_id": care.stranger.clinician_id}
    assert "course by course stays" in said(tab)

    press(fill(tab, "cover", {"covered_by_id": ""}), "Save")

    assert headings(tab)[0] == "Days away (1)"
    assert "Nobody covers" in said(tab)
    assert names(opened(care, care.stranger, "caseload")) == []
    log = said(opened(care, admin, "practice", practice_show="Who did what"))
    assert f"Days away: cover changed, {care.therapist.name}" in log


def test_who_cannot_cover_is_refused_beside_the_choice_which_stays(care, admin):
    absence_id = _away(care, admin, care.therapist, care.nurse, last=TOMORROW)
    _away(care, admin, care.stranger, first=TOMORROW, last=TOMORROW)
    tab = _on_cover(care, care.therapist, absence_id)

    press(fill(tab, "cover", {"covered_by_id": care.stranger.clinician_id}), "Save")

    assert "away then too: Wed Nov 25" in beside(tab, "cover", "covered_by_id")
    assert typed(tab, "cover") == {"covered_by_id": care.stranger.clinician_id}
    assert care.row(Absence, absence_id).covered_by_id == care.nurse.clinician_id


def test_nobody_opens_the_cover_of_a_colleague_or_of_days_that_are_over(care, admin):
    absence_id = _away(care, admin, care.therapist, care.stranger)
    nothing = "There are no such days away of yours, or they are over."
    for who in (care.prescriber, care.stranger, care.front_desk):
        tab = _on_cover(care, who, absence_id)
        assert nothing in said(tab)
        assert typed(tab, "cover") == {}
    care.do(end_absence, care.therapist, absence_id)
    assert nothing in said(_on_cover(care, care.therapist, absence_id))


@pytest.mark.parametrize("way_on", ["Keep mine", "Take the other"])
def test_a_cover_that_somebody_else_chose_meanwhile_is_shown_before_it_is_replaced(
    care, admin, way_on
):
    absence_id = _away(care, admin, care.therapist)
    mine, other = (_on_cover(care, who, absence_id) for who in (care.therapist, admin))
    fill(mine, "cover", {"covered_by_id": care.prescriber.clinician_id})
    press(fill(other, "cover", {"covered_by_id": care.stranger.clinician_id}), "Save")

    for _ in range(2):
        press(mine, "Save")
        theirs = beside(mine, "cover", "covered_by_id")
        assert theirs.startswith(f"Saved by somebody else: {care.stranger.name} Somebody else")
        assert typed(mine, "cover") == {"covered_by_id": care.prescriber.clinician_id}
    assert care.row(Absence, absence_id).covered_by_id == care.stranger.clinician_id
    press(mine, way_on)

    keeps = way_on == "Keep mine"
    kept = (care.prescriber if keeps else care.stranger).clinician_id
    assert typed(mine, "cover") == {"covered_by_id": kept}
    press(mine, "Save")
    assert ("Nothing changed" in said(mine)) is not keeps
    assert care.row(Absence, absence_id).covered_by_id == kept
    assert len(audit_events(care.database, "absence:cover_changed")) == 1 + keeps


def test_ones_own_list_takes_the_same_statements_with_many_days_as_with_few(care):
    tab = opened(care, care.therapist, "away")
    few = statements_of(care, tab)
    for days in range(2, 12):
        day = TODAY + timedelta(days=days)
        _away(care, care.therapist, care.therapist, care.stranger, day, day)

    assert statements_of(care, tab) == few <= 6
    assert headings(tab)[0] == "Your days away (10)"


def test_closed_days_are_added_and_taken_back(care, admin):
    tab = opened(care, admin, "practice", practice_show=AWAY)
    fill(tab, "closed_days", {"name": "Thanksgiving", "from_on": TOMORROW})

    press(tab, "Add closed days")

    assert "Thanksgiving" in said(tab)
    assert "Closed days (1)" in headings(tab)
    press(tab, "Take back")
    assert "No closed days ahead." in said(tab)
    assert care.rows(ClosedDays)[0].voided_at is not None


def test_opening_hours_start_from_those_in_force_and_are_changed(care, admin):
    tab = opened(care, admin, "practice", practice_show=AWAY)
    assert bare(typed(tab, "hours")["opens"]) == "8:00 am"
    assert typed(tab, "hours")["weekdays.sat"] is False

    press(fill(tab, "hours", {"opens": "7:30 am", "weekdays.sat": True}), "Save opening hours")

    (event,) = audit_events(care.database, "practice:hours_changed")
    assert event.changes["hours"][1] == "07:30 18:00 mon,tue,wed,thu,fri,sat"
    assert bare(typed(tab, "hours")["opens"]) == "7:30 am"
    log = said(opened(care, admin, "practice", practice_show="Who did what"))
    assert "to 7:30 am to 6:00 pm, Mon, Tue, Wed, Thu, Fri, Sat" in log


def test_a_cover_is_told_whom_they_cover_until_when_on_every_page_and_has_the_rows(care, admin):
    assert names(opened(care, care.stranger, "caseload")) == []
    _away(care, admin, care.therapist, care.stranger, last=TOMORROW)

    tab = opened(care, care.stranger, "caseload")

    assert f"Covering for {care.therapist.name} until Wed Nov 25" in said(tab)
    assert len(names(tab)) == 1
    assert "Covering for" in said(opened(care, care.stranger, "notes"))
    assert "Covering for" not in said(opened(care, care.therapist, "caseload"))


def test_a_cover_is_offered_as_the_therapist_of_an_integration(care, admin):
    with care.database.writing() as db:
        dose = an_overdue_integration(db, care.course, hours=20)

    def offered(page, **query):
        tab = opened(care, care.stranger, page, **query)
        (box,) = [one for one in tab.selectbox if one.label == "With"]
        return box.options

    _away(care, admin, care.prescriber, care.nurse)
    _away(care, admin, care.therapist, care.stranger, last=TOMORROW)

    for with_whom in (
        offered("integration_session", dose=dose.id, do="book"),
        offered("booking", episode=care.course.id),
    ):
        assert care.stranger.name in with_whom
        assert care.therapist.name in with_whom
        assert care.nurse.name not in with_whom


def test_who_covers_the_therapist_is_who_integrates_unless_told_otherwise(care, admin):
    _away(care, admin, care.therapist, care.stranger)

    def offered(viewer):
        return typed(opened(care, viewer, "booking", episode=care.course.id), "booking")

    assert offered(care.stranger)["integration_therapist"] == care.stranger.clinician_id
    assert offered(care.prescriber)["integration_therapist"] == care.therapist.clinician_id


def test_turning_off_who_covers_says_whom_nobody_would_cover(care, admin):
    where = {"colleague": care.stranger.clinician_id, "do": "turn_off"}
    assert "nobody would any more" not in said(opened(care, admin, "practice", **where))
    _away(care, admin, care.therapist, care.stranger)

    words = said(opened(care, admin, "practice", **where))

    assert f"{care.stranger.name} covers for {care.therapist.name}, and nobody would" in words


def test_somebody_else_covers_one_course_until_a_day(care):
    tab = opened(care, care.therapist, "episode", id=care.course.id)
    assert f"Cover: **{care.nurse.name}**" in said(tab)
    form = "member.cover"

    press(fill(tab, form, {"clinician_id": care.stranger.clinician_id}), "Change cover")
    assert "Choose the last day of the cover" in beside(tab, form, "until_on")
    press(fill(tab, form, {"until_on": TOMORROW}), "Change cover")

    assert f"Cover: **{care.stranger.name}** :gray[until Wed Nov 25]" in said(tab)
    assert len(names(opened(care, care.stranger, "caseload"))) == 1
    assert names(opened(care, care.nurse, "caseload")) == []


def test_nobody_covers_a_course_any_more(care):
    tab = opened(care, care.therapist, "episode", id=care.course.id)

    press(fill(tab, "member.cover", {"clinician_id": "nobody"}), "Change cover")

    assert "Cover: **nobody**" in said(tab)
    assert names(opened(care, care.nurse, "caseload")) == []


def test_who_is_away_reads_the_same_statements_with_many_as_with_few(care, admin):
    _away(care, admin, care.therapist)
    tab = opened(care, admin, "practice", practice_show=AWAY)
    few = statements_of(care, tab)
    for days in range(2, 20):
        day = TODAY + timedelta(days=days)
        _away(care, admin, care.therapist, care.stranger, day, day)

    assert statements_of(care, tab) == few <= 12
    assert bare(tab.subheader[0].value) == "Days away (19)"
