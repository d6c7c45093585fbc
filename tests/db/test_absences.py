"""Days away with their cover, closed days and opening hours, on both engines."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from kapteam import sentences
from kapteam.actions.absences import (
    AbsenceEntered,
    ClosedDaysEntered,
    CoverEntered,
    HandOverEntered,
    HoursEntered,
    change_cover,
    change_hours,
    close_days,
    end_absence,
    hand_over_while_away,
    open_days,
    record_absence,
)
from kapteam.actions.integration import BookIntegrationEntered, Owed, book_integration
from kapteam.actions.team import TurnOffEntered, turn_off_sign_in
from kapteam.db.tables import Absence, ClosedDays, IntegrationSession, PracticeSetting
from kapteam.errors import Conflict, Invalid, NotAllowed, NotFound, Unchanged
from kapteam.ids import new_id
from kapteam.queries.away import absences, closed_days
from kapteam.queries.booking import free_slots
from kapteam.queries.client import client_page
from kapteam.queries.notes import note_page
from kapteam.queries.practice import team
from kapteam.queries.standing import course_standings
from kapteam.queries.today import today
from kapteam.rules.permissions import can_order_dose
from kapteam.rules.slots import Closure
from kapteam.vocabulary import Function, How, Weekday
from tests.factories import NOW, TODAY, a_clinician, a_course, an_absence, audit_events
from tests.factories_care import (
    a_cared_for_client,
    a_ketamine_session,
    a_signed_intention,
    an_overdue_integration,
)

PHOENIX = ZoneInfo("America/Phoenix")
TOMORROW = TODAY + timedelta(days=1)
DAY = timedelta(days=1)


@pytest.fixture
def care(database):
    return a_cared_for_client(database)


@pytest.fixture
def admin(care):
    with care.database.writing() as db:
        return a_clinician(db, Function.COORDINATOR, name="Ada Adams", is_administrator=True)


def _entered(who, cover=None, first=TODAY, last=TOMORROW):
    cover_id = cover and cover.clinician_id
    return AbsenceEntered(new_id(), who.clinician_id, first, last, cover_id)


def _at(on: date, hour=0, minute=0):
    return datetime.combine(on, time(hour, minute), PHOENIX)


def _sees(care, who, now=NOW):
    """Whether this person has the client's course among the open ones at `now`."""
    asked = care.asked_by(who, now)
    with care.database.reading() as db:
        return care.course.id in {one.episode_id for one in course_standings(db, asked)}


def test_cover_opens_the_courses_of_who_is_away_on_these_days_only(care, admin):
    care.do(
        record_absence,
        admin,
        _entered(care.therapist, care.stranger, TOMORROW, TOMORROW + 2 * DAY),
    )

    assert not _sees(care, care.stranger, _at(TODAY, 23, 59))
    assert _sees(care, care.stranger, _at(TOMORROW))
    assert _sees(care, care.stranger, _at(TOMORROW + 2 * DAY, 23, 59))
    assert not _sees(care, care.stranger, _at(TOMORROW + 3 * DAY))
    # Who is away loses nothing by it.
    assert _sees(care, care.therapist, _at(TOMORROW))


def test_cover_opens_what_the_covered_one_reads_and_makes_it_ones_own(care, admin):
    with care.database.writing() as db:
        signed = a_signed_intention(db, a_ketamine_session(db, care.course), care.therapist)
    care.do(record_absence, admin, _entered(care.therapist, care.stranger))
    asked = care.asked_by(care.stranger)

    with care.database.reading() as db:
        assert note_page(db, asked, signed.id).note.signed_at is not None
        assert client_page(db, asked, care.client.code).courses
        (course,) = course_standings(db, asked)
        assert course.is_mine
        assert [one.name for one in asked.viewer.covers] == [care.therapist.name]


def _therapist_in_words(care, now=NOW):
    asked = care.asked_by(care.prescriber, now)
    with care.database.reading() as db:
        [course] = course_standings(db, asked)
    return sentences.colleague(course.therapist, now, PHOENIX)


def test_rows_say_who_is_away_until_when_and_who_covers(care, admin):
    assert _therapist_in_words(care) == "Thea Tallis"
    care.do(record_absence, admin, _entered(care.therapist, care.stranger))
    assert _therapist_in_words(care) == "Otto Outer for Thea Tallis until Wed Nov 25"
    assert _therapist_in_words(care, _at(TOMORROW, 23, 59)).startswith("Otto Outer for")
    assert _therapist_in_words(care, _at(TOMORROW + DAY)) == "Thea Tallis"


def test_whom_nobody_covers_is_said_to_be_away_unless_somebody_covers_the_course(care, admin):
    with care.database.writing() as db:
        other = a_course(db, care.client, therapist=care.therapist, prescriber=care.prescriber)
        other_id = other.id
    care.do(record_absence, admin, _entered(care.therapist))
    asked = care.asked_by(care.prescriber)
    with care.database.reading() as db:
        said = {
            one.episode_id: sentences.colleague(one.therapist, NOW, PHOENIX)
            for one in course_standings(db, asked)
        }
    assert said == {
        care.course.id: "Nico Nightingale for Thea Tallis until Wed Nov 25",
        other_id: "Thea Tallis, away until Wed Nov 25",
    }


def test_what_waits_on_who_is_away_waits_on_who_covers(care, admin):
    with care.database.writing() as db:
        a_ketamine_session(db, care.course, planned_at=NOW + 5 * timedelta(hours=1))
        cover = a_clinician(db, Function.PRESCRIBER, Function.THERAPIST, name="Cato Cover")
    care.do(record_absence, admin, _entered(care.therapist, cover))
    asked = care.asked_by(cover)

    with care.database.reading() as db:
        assert [row.course.episode_id for row in today(db, asked).waiting_on_me]


def test_integration_is_booked_with_who_covers_while_the_cover_is_not_over(care, admin):
    with care.database.writing() as db:
        dose = an_overdue_integration(db, care.course, hours=20)
    owed = Owed(new_id(), 0, care.course.id, (dose.id,))
    cover = care.stranger.clinician_id
    slot = BookIntegrationEntered(owed, TOMORROW, "10 am", 60, How.VIDEO, "", cover)
    with pytest.raises(Invalid) as refused:
        care.do(book_integration, care.front_desk, slot)
    assert "therapist" in refused.value.fields
    care.do(record_absence, admin, _entered(care.therapist, care.stranger))

    with pytest.raises(Invalid):
        care.do(book_integration, care.front_desk, slot, now=NOW + 3 * DAY)
    care.do(book_integration, care.front_desk, slot)

    assert care.row(IntegrationSession, owed.id).therapist_id == cover


def test_the_team_says_whom_each_covers(care, admin):
    care.do(record_absence, admin, _entered(care.therapist, care.stranger))
    care.do(record_absence, admin, _entered(care.prescriber, care.stranger, TOMORROW))
    over = _entered(care.nurse, care.stranger)
    care.do(record_absence, admin, over)
    care.do(end_absence, admin, over.id)
    asked = care.asked_by(admin, NOW + timedelta(minutes=1))

    with care.database.reading() as db:
        covers = {one.id: one.covers for one in team(db, asked) if one.covers}
    pair = {care.therapist.clinician_id, care.prescriber.clinician_id}
    assert covers == {care.stranger.clinician_id: pair}


def test_cover_gives_no_right_that_a_function_does_not(care, admin):
    care.do(record_absence, admin, _entered(care.prescriber, care.nurse))

    viewer = care.asked_by(care.nurse).viewer
    assert viewer.stands_for(care.prescriber.clinician_id)
    assert not can_order_dose(viewer)


def test_cover_is_not_handed_on(care, admin):
    with care.database.writing() as db:
        second = a_clinician(db, Function.THERAPIST, name="Sasha Second")
    care.do(record_absence, admin, _entered(care.stranger, second))
    # Away as well, the one who covers is still named: nobody refuses days away to who has them.
    with care.database.writing() as db:
        an_absence(db, care.therapist, admin, cover=care.stranger)

    assert _sees(care, care.stranger)
    assert not _sees(care, second)


def test_days_that_lie_ahead_are_taken_back(care, admin):
    entered = _entered(care.therapist, care.stranger, TOMORROW)
    care.do(record_absence, admin, entered)
    care.do(end_absence, admin, entered.id)
    care.do(end_absence, admin, entered.id)

    assert not _sees(care, care.stranger, _at(TOMORROW, 9))
    assert care.row(Absence, entered.id).voided_at == NOW
    assert len(audit_events(care.database, "absence:ended")) == 1


def test_who_is_back_early_ends_the_cover_in_that_moment(care, admin):
    entered = _entered(care.therapist, care.stranger, last=TODAY + 9 * DAY)
    care.do(record_absence, admin, entered)
    assert _sees(care, care.stranger)

    care.do(end_absence, admin, entered.id)

    assert not _sees(care, care.stranger)
    assert _sees(care, care.therapist)
    kept = care.row(Absence, entered.id)
    assert (kept.until_at, kept.voided_at) == (NOW, None)


def test_who_was_said_to_be_back_by_mistake_is_away_again_and_covers_again_on_that_day(care, admin):
    wrong = _entered(care.therapist, care.prescriber)
    care.do(record_absence, admin, wrong)
    ill = _entered(care.stranger, last=None)
    care.do(record_absence, admin, ill)
    for one in (wrong, ill):
        care.do(end_absence, admin, one.id)

    care.do(record_absence, admin, _entered(care.therapist, care.stranger))

    assert _sees(care, care.stranger, NOW + timedelta(minutes=1))


def test_a_second_press_of_add_is_the_same_days(care, admin):
    entered = _entered(care.therapist, care.stranger)
    care.do(record_absence, admin, entered)
    care.do(record_absence, admin, entered)

    (event,) = audit_events(care.database, "absence:recorded")
    assert event.subject_id == care.therapist.clinician_id
    assert event.changes["covered_by_id"] == care.stranger.clinician_id
    assert len(care.rows(Absence)) == 1


def test_one_day_needs_no_last_day(care, admin):
    entered = replace(_entered(care.therapist), until_on=None)
    care.do(record_absence, admin, entered)

    kept = care.row(Absence, entered.id)
    assert (kept.from_at, kept.until_at) == (_at(TODAY), _at(TOMORROW))


@pytest.mark.parametrize(
    ("changed", "field", "says"),
    [
        ({"clinician_id": None}, "clinician_id", "Choose who is away."),
        ({"clinician_id": "nobody"}, "clinician_id", "Choose who is away."),
        ({"from_on": None}, "from_on", "Choose the first day."),
        ({"until_on": TODAY - DAY}, "until_on", "The last day cannot be before"),
        ({"from_on": TODAY - 9 * DAY, "until_on": TODAY - DAY}, "until_on", "over already"),
        ({"covered_by_id": "themselves"}, "covered_by_id", "Choose somebody else."),
        ({"covered_by_id": "nobody"}, "covered_by_id", "whose sign-in is on"),
        ({"covered_by_id": "front_desk"}, "covered_by_id", "a therapist or a nurse"),
    ],
)
def test_days_away_that_cannot_be_are_refused_beside_their_field(care, admin, changed, field, says):
    people = {
        "themselves": care.therapist.clinician_id,
        "front_desk": care.front_desk.clinician_id,
    }
    changed = {name: people.get(value, value) for name, value in changed.items()}
    with pytest.raises(Invalid) as refused:
        care.do(record_absence, admin, replace(_entered(care.therapist), **changed))

    assert says in refused.value.fields[field]
    assert care.rows(Absence) == []


def test_nobody_is_away_twice_or_covers_while_away(care, admin):
    care.do(record_absence, admin, _entered(care.therapist, last=TODAY + 3 * DAY))

    with pytest.raises(Invalid) as twice:
        care.do(record_absence, admin, _entered(care.therapist, first=TODAY + 3 * DAY, last=None))
    assert "away then already: Tue Nov 24 to Fri Nov 27" in twice.value.fields["from_on"]
    with pytest.raises(Invalid) as both:
        care.do(record_absence, admin, _entered(care.stranger, care.therapist))
    assert "away then too" in both.value.fields["covered_by_id"]
    # The day after is free again.
    care.do(record_absence, admin, _entered(care.therapist, first=TODAY + 4 * DAY, last=None))


@pytest.mark.parametrize("who", ["prescriber", "therapist", "nurse", "front_desk"])
def test_everybody_sets_their_own_days_away_takes_them_back_and_ends_them(care, who):
    viewer = getattr(care, who)
    cover = None if who == "front_desk" else care.stranger
    now, ahead = _entered(viewer, cover), _entered(viewer, cover, TOMORROW + DAY, None)
    for entered in (now, ahead):
        care.do(record_absence, viewer, entered)
    assert {one.covered_by_id for one in care.rows(Absence)} == {cover and cover.clinician_id}
    assert [one.clinician_id for one in audit_events(care.database, "absence:recorded")] == [
        viewer.clinician_id
    ] * 2

    for entered in (now, ahead):
        care.do(end_absence, viewer, entered.id)

    assert care.row(Absence, now.id).until_at == NOW
    assert care.row(Absence, ahead.id).voided_at == NOW


@pytest.mark.parametrize("who", ["prescriber", "nurse", "front_desk", "stranger"])
def test_nobody_but_an_administrator_sets_or_ends_somebody_elses_days_away(care, admin, who):
    viewer = getattr(care, who)
    # Whoever covers them does not end them either.
    absence = _entered(care.therapist, care.stranger)
    care.do(record_absence, care.therapist, absence)

    other = _entered(care.therapist, first=TODAY + 9 * DAY, last=None)
    for action, entered in (
        (record_absence, other),
        (record_absence, replace(other, clinician_id=None)),
        (end_absence, absence.id),
    ):
        with pytest.raises(NotAllowed) as refused:
            care.do(action, viewer, entered)
        assert "your own days away" in str(refused.value)

    (kept,) = care.rows(Absence)
    assert (kept.until_at, kept.voided_at) == (_at(TOMORROW + DAY), None)
    assert audit_events(care.database, "absence:ended") == []


def test_ones_own_days_away_begin_a_week_back_at_most_and_an_administrator_may_go_on(care, admin):
    long_ill = _entered(care.therapist, first=TODAY - 8 * DAY, last=TODAY)
    with pytest.raises(Invalid) as refused:
        care.do(record_absence, care.therapist, long_ill)
    assert "ask an administrator" in refused.value.fields["from_on"]
    assert care.rows(Absence) == []

    care.do(record_absence, care.therapist, replace(long_ill, from_on=TODAY - 7 * DAY))
    care.do(
        record_absence, admin, replace(long_ill, id=new_id(), clinician_id=care.nurse.clinician_id)
    )

    assert len(care.rows(Absence)) == 2


@pytest.fixture
def second(care):
    with care.database.writing() as db:
        return a_clinician(db, Function.THERAPIST, name="Sasha Second")


def _away(care, cover=None, last=TODAY + 3 * DAY):
    """Days away that the therapist set."""
    entered = _entered(care.therapist, cover, last=last)
    care.do(record_absence, care.therapist, entered)
    return entered.id


def _cover(absence_id, before, after):
    """From one cover to another, each a person or nobody."""
    one, other = (who and who.clinician_id for who in (before, after))
    return CoverEntered(absence_id, one, other)


@pytest.mark.parametrize("by", ["therapist", "admin"])
def test_another_cover_sees_the_courses_from_now_on_and_the_one_before_no_longer(
    care, admin, second, by
):
    absence_id = _away(care, care.stranger)
    viewer = admin if by == "admin" else care.therapist

    care.do(change_cover, viewer, _cover(absence_id, care.stranger, second))

    assert not _sees(care, care.stranger)
    assert _sees(care, second)
    assert not _sees(care, second, _at(TODAY + 4 * DAY))
    (event,) = audit_events(care.database, "absence:cover_changed")
    assert (event.clinician_id, event.subject_id) == (
        viewer.clinician_id,
        care.therapist.clinician_id,
    )
    assert event.changes == {
        "from_on": f"{TODAY}",
        "until_on": f"{TODAY + 3 * DAY}",
        "covered_by_id": [care.stranger.clinician_id, second.clinician_id],
    }


def test_a_cover_is_added_to_days_that_have_none_and_taken_off_again(care):
    absence_id = _away(care)
    assert not _sees(care, care.stranger)

    care.do(change_cover, care.therapist, _cover(absence_id, None, care.stranger))
    assert _sees(care, care.stranger)
    care.do(change_cover, care.therapist, _cover(absence_id, care.stranger, None))

    assert not _sees(care, care.stranger)
    assert care.row(Absence, absence_id).covered_by_id is None


def test_what_was_handed_over_course_by_course_stays_when_the_cover_changes(care, second):
    absence_id = _away(care, care.stranger)
    with care.database.writing() as db:
        other_id = a_course(db, care.client, therapist=care.therapist).id
    handed = HandOverEntered(new_id(), absence_id, care.course.id, care.stranger.clinician_id)
    care.do(hand_over_while_away, care.therapist, handed)

    care.do(change_cover, care.therapist, _cover(absence_id, care.stranger, second))

    asked = care.asked_by(care.stranger)
    with care.database.reading() as db:
        seen = {one.episode_id for one in course_standings(db, asked)}
    assert care.course.id in seen
    assert other_id not in seen


@pytest.mark.parametrize("who", ["prescriber", "nurse", "front_desk", "stranger"])
def test_nobody_but_an_administrator_changes_who_covers_a_colleague(care, second, who):
    absence_id = _away(care, care.stranger)
    # Not even away from oneself, and not to oneself.
    for after in (second, None, getattr(care, who)):
        with pytest.raises(NotAllowed):
            care.do(change_cover, getattr(care, who), _cover(absence_id, care.stranger, after))

    assert care.row(Absence, absence_id).covered_by_id == care.stranger.clinician_id
    assert audit_events(care.database, "absence:cover_changed") == []


@pytest.mark.parametrize(
    ("who", "says"),
    [
        ("therapist", "Choose somebody else."),
        ("front_desk", "Choose a prescriber, a therapist or a nurse whose sign-in is on."),
        ("off", "whose sign-in is on."),
        ("away", "This person is away then too: Fri Nov 27."),
    ],
)
def test_who_cannot_cover_is_refused_as_when_days_away_are_added(care, admin, second, who, says):
    absence_id = _away(care, care.stranger)
    if who == "off":
        care.do(turn_off_sign_in, admin, TurnOffEntered(second.clinician_id, {}))
    if who == "away":
        care.do(record_absence, second, _entered(second, first=TODAY + 3 * DAY, last=None))
    after = second if who in {"off", "away"} else getattr(care, who)

    with pytest.raises(Invalid) as refused:
        care.do(change_cover, care.therapist, _cover(absence_id, care.stranger, after))

    assert says in refused.value.fields["covered_by_id"]
    assert care.row(Absence, absence_id).covered_by_id == care.stranger.clinician_id


def test_days_away_of_the_new_cover_that_are_over_are_no_hindrance(care, second):
    absence_id = _away(care)
    care.do(record_absence, second, _entered(second, last=TODAY))

    entered = _cover(absence_id, None, second)
    with pytest.raises(Invalid):
        care.do(change_cover, care.therapist, entered)
    care.do(change_cover, care.therapist, entered, now=_at(TOMORROW, 8))

    assert care.row(Absence, absence_id).covered_by_id == second.clinician_id


def test_who_is_of_the_front_desk_has_nobody_to_cover(care):
    entered = _entered(care.front_desk)
    care.do(record_absence, care.front_desk, entered)

    with pytest.raises(Invalid) as refused:
        care.do(change_cover, care.front_desk, _cover(entered.id, None, care.stranger))

    assert "treats nobody" in refused.value.fields["covered_by_id"]


def test_nobody_covers_days_that_are_over_or_taken_back(care, second):
    absence_id = _away(care, care.stranger)
    entered = _cover(absence_id, care.stranger, second)
    with pytest.raises(NotAllowed) as refused:
        care.do(change_cover, care.therapist, entered, now=_at(TODAY + 4 * DAY))
    assert "are over" in str(refused.value)
    care.do(end_absence, care.therapist, absence_id)

    with pytest.raises(NotAllowed):
        care.do(change_cover, care.therapist, entered)
    assert not _sees(care, second)


def test_a_second_press_changes_the_cover_once_and_none_is_said_to_be_none(care, second):
    absence_id = _away(care, care.stranger)
    entered = _cover(absence_id, care.stranger, second)
    for _ in range(2):
        care.do(change_cover, care.therapist, entered)
    assert len(audit_events(care.database, "absence:cover_changed")) == 1

    with pytest.raises(Unchanged):
        care.do(change_cover, care.therapist, _cover(absence_id, second, second))


def test_a_cover_that_somebody_else_chose_meanwhile_is_not_overwritten(care, admin, second):
    absence_id = _away(care, care.stranger)
    care.do(change_cover, admin, _cover(absence_id, care.stranger, None))

    with pytest.raises(Conflict) as refused:
        care.do(change_cover, care.therapist, _cover(absence_id, care.stranger, second))

    assert refused.value.theirs == {"covered_by_id": ""}
    assert refused.value.mine == {"covered_by_id": second.clinician_id}
    assert care.row(Absence, absence_id).covered_by_id is None


@pytest.mark.parametrize("who", ["prescriber", "therapist", "nurse", "front_desk"])
def test_only_an_administrator_says_when_the_practice_is_closed(care, admin, who):
    viewer = getattr(care, who)
    closed = ClosedDaysEntered(new_id(), TODAY, None, "Rest")
    care.do(close_days, admin, closed)
    hours = HoursEntered("7:00 am", "3:00 pm", (Weekday.MONDAY,))

    for action, entered in (
        (close_days, replace(closed, id=new_id())),
        (open_days, closed.id),
        (change_hours, hours),
    ):
        with pytest.raises(NotAllowed):
            care.do(action, viewer, entered)
    assert len(care.rows(ClosedDays)) == 1


@pytest.mark.parametrize("action", [end_absence, open_days])
def test_what_there_is_not_is_not_ended(care, admin, action):
    with pytest.raises(NotFound):
        care.do(action, admin, new_id())


def test_days_away_that_there_are_not_are_covered_by_nobody(care, admin):
    with pytest.raises(NotFound):
        care.do(change_cover, admin, _cover(new_id(), None, care.stranger))


def test_nobody_covers_who_treats_nobody(care, admin):
    with pytest.raises(Invalid) as refused:
        care.do(record_absence, admin, _entered(care.front_desk, care.stranger))
    assert "treats nobody" in refused.value.fields["covered_by_id"]
    care.do(record_absence, admin, _entered(care.front_desk))


def test_days_that_are_closed_already_are_not_closed_again(care, admin):
    care.do(close_days, admin, ClosedDaysEntered(new_id(), TODAY, TOMORROW, "Inventory"))
    with pytest.raises(Invalid) as refused:
        care.do(close_days, admin, ClosedDaysEntered(new_id(), TOMORROW, None, "Rest"))
    assert refused.value.fields["from_on"] == "It is closed then already: Inventory."
    assert len(care.rows(ClosedDays)) == 1


def test_the_list_says_what_nobody_covers(care, admin):
    care.do(record_absence, admin, _entered(care.prescriber, care.nurse))
    care.do(record_absence, admin, _entered(care.therapist, care.stranger, TOMORROW))
    asked = care.asked_by(admin)

    with care.database.reading() as db:
        first, second = absences(db, asked, team(db, asked))
    assert (first.name, first.cover, first.is_now) == (
        care.prescriber.name,
        care.nurse.name,
        True,
    )
    assert first.uncovered == (Function.PRESCRIBER,)
    assert (second.cover, second.uncovered, second.is_now) == (care.stranger.name, (), False)


def test_a_cover_who_is_away_then_too_is_said(care, admin):
    care.do(record_absence, admin, _entered(care.therapist, care.stranger, last=TODAY + 3 * DAY))
    care.do(record_absence, admin, _entered(care.stranger, first=TODAY + 3 * DAY, last=None))
    asked = care.asked_by(admin)

    with care.database.reading() as db:
        first, second = absences(db, asked, team(db, asked))
    assert first.cover_away == (second.from_at, second.until_at)
    assert second.cover_away is None


def test_who_cannot_sign_in_any_more_covers_nobody(care, admin):
    care.do(record_absence, admin, _entered(care.therapist, care.stranger))
    care.do(turn_off_sign_in, admin, TurnOffEntered(care.stranger.clinician_id, {}))
    asked = care.asked_by(admin)

    with care.database.reading() as db:
        (line,) = absences(db, asked, team(db, asked))
    assert (line.cover, line.uncovered) == ("", (Function.THERAPIST,))


def test_no_time_of_closed_days_or_of_days_away_is_proposed(care, admin):
    dose_at = NOW + timedelta(hours=1)
    therapist = care.therapist.clinician_id

    def proposed():
        asked = care.asked_by(care.therapist)
        with care.database.reading() as db:
            slots = free_slots(db, asked, therapist, dose_at).slots
        return {at.astimezone(PHOENIX).date() for at in slots}

    assert proposed() == {TOMORROW}
    closed = ClosedDaysEntered(new_id(), TOMORROW, TOMORROW + DAY, "Thanksgiving")
    care.do(close_days, admin, closed)
    assert proposed() == {TOMORROW + 2 * DAY}
    care.do(record_absence, admin, _entered(care.therapist, None, TOMORROW + 2 * DAY, None))
    # The weekend comes after that.
    assert proposed() == {TOMORROW + 5 * DAY}
    care.do(open_days, admin, closed.id)
    assert proposed() == {TOMORROW}


def test_closed_days_are_said_with_what_they_are_for_until_they_are_over(care, admin):
    entered = ClosedDaysEntered(new_id(), TODAY, None, "Inventory")
    care.do(close_days, admin, entered)
    care.do(close_days, admin, entered)

    assert len(audit_events(care.database, "closed_days:recorded")) == 1
    asked = care.asked_by(admin)
    assert asked.practice.hours.closures == (Closure(TODAY, TODAY, "Inventory"),)
    with care.database.reading() as db:
        assert [one.name for one in closed_days(db, asked)] == ["Inventory"]
    tomorrow = care.asked_by(admin, _at(TOMORROW))
    with care.database.reading() as db:
        assert closed_days(db, tomorrow) == ()


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": " "}, "name"),
        ({"from_on": None}, "from_on"),
        ({"until_on": TODAY - DAY}, "until_on"),
    ],
)
def test_closed_days_that_cannot_be_are_refused(care, admin, changed, field):
    entered = ClosedDaysEntered(new_id(), TODAY, TOMORROW, "Inventory")
    with pytest.raises(Invalid) as refused:
        care.do(close_days, admin, replace(entered, **changed))
    assert field in refused.value.fields
    assert care.rows(ClosedDays) == []


def test_other_hours_are_in_force_from_their_save_on_and_say_what_is_proposed(care, admin):
    entered = HoursEntered("10:00 am", "12:00 pm", tuple(Weekday))
    care.do(change_hours, admin, entered)
    care.do(change_hours, admin, entered)

    asked = care.asked_by(care.therapist)
    with care.database.reading() as db:
        slots = free_slots(db, asked, care.therapist.clinician_id, NOW).slots
    assert [at.astimezone(PHOENIX).time() for at in slots] == [time(10), time(10, 30), time(11)]
    (setting,) = care.rows(PracticeSetting)
    assert setting.value == "10:00 12:00 mon,tue,wed,thu,fri,sat,sun"
    (event,) = audit_events(care.database, "practice:hours_changed")
    assert event.changes["hours"] == ["08:00 18:00 mon,tue,wed,thu,fri", setting.value]
    # What was judged before stays as it was.
    assert care.asked_by(admin, NOW - timedelta(hours=1)).practice.hours.opens == time(8)


@pytest.mark.parametrize(
    ("entered", "field"),
    [
        (HoursEntered("ten", "12:00 pm", (Weekday.MONDAY,)), "opens"),
        (HoursEntered("10:00 am", "", (Weekday.MONDAY,)), "closes"),
        (HoursEntered("10:00 am", "10:00 am", (Weekday.MONDAY,)), "closes"),
        (HoursEntered("10:00 am", "11:00 am", ()), "weekdays"),
    ],
)
def test_hours_that_cannot_be_are_refused_beside_their_field(care, admin, entered, field):
    with pytest.raises(Invalid) as refused:
        care.do(change_hours, admin, entered)
    assert field in refused.value.fields
    assert care.rows(PracticeSetting) == []


def test_a_course_of_somebody_else_stays_shut_to_who_covers_another(care, admin):
    with care.database.writing() as db:
        loner = a_clinician(db, Function.THERAPIST, name="Lone Loner")
        other = a_course(db, care.client, therapist=loner)
    care.do(record_absence, admin, _entered(care.therapist, care.stranger))

    asked = care.asked_by(care.stranger)
    with care.database.reading() as db:
        assert other.id not in {one.episode_id for one in course_standings(db, asked)}
