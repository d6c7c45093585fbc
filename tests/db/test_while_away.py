"""One's own days away: who has what meanwhile, handing a course over, and what happened since."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete

from kapteam.actions.absences import (
    GivenBack,
    HandOverEntered,
    end_absence,
    hand_over_while_away,
)
from kapteam.actions.contacts import ContactMovedEntered, TouchEntered, log_touch, move_contact
from kapteam.clock import day_of
from kapteam.db.tables import Contact, EpisodeMember, IntegrationSession, KetamineSession
from kapteam.errors import Invalid, NotAllowed, NotFound
from kapteam.ids import new_id
from kapteam.queries.away import since_away, while_away
from kapteam.queries.standing import course_standings, own_courses
from kapteam.vocabulary import ContactKind, Function, How, NoteKind, Part, Touch
from tests.factories import NOW, ZONE, a_clinician, a_contact, a_member, an_absence, audit_events
from tests.factories_care import (
    a_cared_for_client,
    a_ketamine_session,
    a_signed_note,
    an_integration_session,
    an_overdue_integration,
    another_course,
)
from tests.query_recorder import recorded_statements

DAY = timedelta(days=1)
FIRST, LAST = NOW + 7 * DAY, NOW + 21 * DAY


@pytest.fixture
def care(database):
    """Without the nurse's standing cover, so that nobody has anything until somebody is named."""
    care = a_cared_for_client(database)
    with care.database.writing() as db:
        db.execute(delete(EpisodeMember).where(EpisodeMember.part == Part.COVER))
    return care


@pytest.fixture
def admin(care):
    with care.database.writing() as db:
        return a_clinician(db, Function.COORDINATOR, name="Ada Adams", is_administrator=True)


@pytest.fixture
def taker(care):
    with care.database.writing() as db:
        return a_clinician(db, Function.THERAPIST, name="Tara Takeover")


def _away(care, who, cover=None, from_at=FIRST, until_at=LAST):
    with care.database.writing() as db:
        return an_absence(
            db, who, care.prescriber, from_at=from_at, until_at=until_at, cover=cover
        ).id


def _meanwhile(care, who, absence_id, now=NOW):
    asked = care.asked_by(who, now)
    with care.database.reading() as db:
        return while_away(db, asked, absence_id)


def _has(shown):
    """Who has each thing, by time."""
    return [tuple(need.name for need in row.needs) for row in shown.rows]


def _sees(care, who, now):
    asked = care.asked_by(who, now)
    with care.database.reading() as db:
        found = course_standings(db, asked, own_courses(asked))
    return care.course.id in {one.episode_id for one in found}


@pytest.fixture
def planned(care):
    """A dose, its integration and a call in the days away; one more dose after them."""
    with care.database.writing() as db:
        dose = a_ketamine_session(db, care.course, planned_at=FIRST + DAY)
        slot = an_integration_session(
            db, care.course, dose, therapist=care.therapist, planned_at=FIRST + 2 * DAY
        )
        call = a_contact(
            db, care.course, care.therapist, kind=ContactKind.CALL, planned_at=FIRST + 3 * DAY
        )
        a_ketamine_session(db, care.course, planned_at=LAST)
    return dose.id, slot.id, call.id


def test_all_of_ones_own_that_falls_into_the_days_is_listed_and_nobody_has_it(care, planned):
    shown = _meanwhile(care, care.therapist, _away(care, care.therapist))

    assert [row.key for row in shown.rows] == list(planned)
    assert _has(shown) == [("",), ("",), ("",)]


def test_who_covers_the_whole_time_has_what_their_functions_allow(care, planned, taker):
    absence_id = _away(care, care.therapist, taker)

    assert _has(_meanwhile(care, care.therapist, absence_id)) == [("Tara Takeover",)] * 3


def test_a_nurse_who_covers_has_neither_the_dose_nor_the_integration(care, planned):
    absence_id = _away(care, care.therapist, care.nurse)

    assert _has(_meanwhile(care, care.therapist, absence_id)) == [("",), ("",), (care.nurse.name,)]


def test_what_is_the_colleagues_own_is_not_the_absent_ones(care, planned):
    with care.database.writing() as db:
        a_contact(
            db,
            care.course,
            care.prescriber,
            kind=ContactKind.FOLLOW_UP,
            planned_at=FIRST + 4 * DAY,
        )
    shown = _meanwhile(care, care.prescriber, _away(care, care.prescriber))

    assert [(row.dose is not None, row.contact is not None) for row in shown.rows] == [
        (True, False),
        (False, True),
    ]


def test_an_integration_that_comes_due_in_the_days_is_listed_without_a_booking(care):
    with care.database.writing() as db:
        owing = an_overdue_integration(db, care.course)
    before = NOW - 2 * DAY
    absence_id = _away(care, care.therapist, from_at=before, until_at=LAST)

    (row,) = _meanwhile(care, care.therapist, absence_id).rows

    assert row.key == owing.id
    assert row.line.standing.facts.planned_at is None


def test_a_course_is_handed_over_for_these_days_and_comes_back_by_itself(care, planned, taker):
    absence_id = _away(care, care.therapist)
    _, slot_id, call_id = planned

    care.do(
        hand_over_while_away,
        care.therapist,
        HandOverEntered(new_id(), absence_id, care.course.id, taker.clinician_id),
    )

    assert _has(_meanwhile(care, care.therapist, absence_id)) == [("Tara Takeover",)] * 3
    assert care.row(IntegrationSession, slot_id).therapist_id == taker.clinician_id
    assert care.row(Contact, call_id).with_id == taker.clinician_id
    assert [_sees(care, taker, at) for at in (NOW, FIRST, LAST - DAY, LAST)] == [
        False,
        True,
        True,
        False,
    ]
    (event,) = audit_events(care.database, "episode:handed_over")
    assert sorted(event.changes["sessions"]) == sorted([slot_id, call_id])


def test_what_is_not_theirs_to_do_stays_with_nobody(care, planned):
    absence_id = _away(care, care.therapist)
    _, slot_id, call_id = planned
    with care.database.writing() as db:
        nurse = a_clinician(db, Function.NURSE, name="Nora Night")

    care.do(
        hand_over_while_away,
        care.therapist,
        HandOverEntered(new_id(), absence_id, care.course.id, nurse.clinician_id),
    )

    assert _has(_meanwhile(care, care.therapist, absence_id)) == [("",), ("",), ("Nora Night",)]
    assert care.row(Contact, call_id).with_id == nurse.clinician_id
    assert care.row(IntegrationSession, slot_id).therapist_id == care.therapist.clinician_id


def test_another_choice_takes_the_first_ones_place(care, planned, taker):
    absence_id = _away(care, care.therapist)
    for who in (care.stranger, taker):
        care.do(
            hand_over_while_away,
            care.therapist,
            HandOverEntered(new_id(), absence_id, care.course.id, who.clinician_id),
        )

    assert _whose(care, planned) == (taker.clinician_id, taker.clinician_id)
    assert _sees(care, taker, FIRST + DAY)
    assert not _sees(care, care.stranger, FIRST + DAY)
    assert _has(_meanwhile(care, care.therapist, absence_id))[0] == ("Tara Takeover",)


def test_the_same_press_twice_hands_over_once(care, taker):
    entered = HandOverEntered(
        new_id(), _away(care, care.therapist), care.course.id, taker.clinician_id
    )
    for _ in range(2):
        care.do(hand_over_while_away, care.therapist, entered)

    assert len(care.rows(EpisodeMember, clinician_id=taker.clinician_id)) == 1
    assert len(audit_events(care.database, "episode:handed_over")) == 1


@pytest.mark.parametrize(
    ("who", "words"),
    [
        ("therapist", "Choose somebody else."),
        ("front_desk", "Choose a prescriber, a therapist or a nurse"),
        (None, "Choose a prescriber, a therapist or a nurse"),
    ],
)
def test_who_cannot_take_it_is_said_beside_the_field(care, who, words):
    colleague_id = getattr(care, who).clinician_id if who else None
    absence_id = _away(care, care.therapist)

    with pytest.raises(Invalid) as refused:
        care.do(
            hand_over_while_away,
            care.therapist,
            HandOverEntered(new_id(), absence_id, care.course.id, colleague_id),
        )

    assert words in refused.value.fields["colleague_id"]
    assert care.rows(EpisodeMember, part=Part.COVER) == []


def test_nobody_who_is_away_then_too_can_take_it(care, taker):
    absence_id = _away(care, care.therapist)
    _away(care, taker, from_at=FIRST + DAY, until_at=FIRST + 2 * DAY)

    with pytest.raises(Invalid) as refused:
        care.do(
            hand_over_while_away,
            care.therapist,
            HandOverEntered(new_id(), absence_id, care.course.id, taker.clinician_id),
        )

    assert "away then too" in refused.value.fields["colleague_id"]


def test_nobody_hands_over_in_anothers_days_nor_a_course_they_are_not_on(care, taker):
    absence_id = _away(care, care.therapist)
    with care.database.writing() as db:
        other = another_course(db, care, "Elsewhere", prescriber=care.stranger, therapist=None)

    def entered(course):
        return HandOverEntered(new_id(), absence_id, course.id, taker.clinician_id)

    with pytest.raises(NotFound):
        care.do(hand_over_while_away, care.prescriber, entered(care.course))
    with pytest.raises(NotFound):
        care.do(hand_over_while_away, care.therapist, entered(other))
    with pytest.raises(NotAllowed):
        care.do(hand_over_while_away, care.front_desk, entered(care.course))
    with pytest.raises(NotAllowed):
        care.do(hand_over_while_away, care.therapist, entered(care.course), now=LAST)
    with pytest.raises(NotFound):
        _meanwhile(care, care.prescriber, absence_id)


def test_days_that_are_taken_back_take_the_covers_of_single_courses_with_them(care, admin, taker):
    absence_id = _away(care, care.therapist)
    care.do(
        hand_over_while_away,
        care.therapist,
        HandOverEntered(new_id(), absence_id, care.course.id, taker.clinician_id),
    )

    care.do(end_absence, admin, absence_id)

    assert not _sees(care, taker, FIRST + DAY)


def _handed_over(care, who, absence_id, now=NOW):
    entered = HandOverEntered(new_id(), absence_id, care.course.id, who.clinician_id)
    care.do(hand_over_while_away, care.therapist, entered, now=now)


def _whose(care, planned):
    """Whose the integration and the call are."""
    _, slot_id, call_id = planned
    return (
        care.row(IntegrationSession, slot_id).therapist_id,
        care.row(Contact, call_id).with_id,
    )


@pytest.mark.parametrize("now", [NOW, FIRST + DAY], ids=["taken back", "back early"])
def test_what_lies_ahead_is_the_absent_one_s_again_when_the_days_end(
    care, admin, planned, taker, now
):
    absence_id = _away(care, care.therapist)
    _handed_over(care, taker, absence_id)
    assert _whose(care, planned) == (taker.clinician_id, taker.clinician_id)

    assert care.do(end_absence, admin, absence_id, now=now) == GivenBack(back=2, stay=0)

    mine = care.therapist.clinician_id
    assert _whose(care, planned) == (mine, mine)
    (event,) = audit_events(care.database, "episode:taken_back")
    assert (event.client_id, event.subject_id) == (care.client.id, mine)
    assert sorted(event.changes["sessions"]) == sorted(planned[1:])
    # A second press finds the days over and moves nothing.
    assert care.do(end_absence, admin, absence_id, now=now) == GivenBack(back=0, stay=0)
    assert len(audit_events(care.database, "episode:taken_back")) == 1


def test_what_has_begun_stays_where_it_is(care, admin, planned, taker):
    """The hour of the integration has come, and somebody already began the note of another."""
    absence_id = _away(care, care.therapist)
    with care.database.writing() as db:
        dose = db.get_one(KetamineSession, planned[0])
        begun = an_integration_session(
            db, care.course, dose, therapist=care.therapist, planned_at=FIRST + 5 * DAY
        ).id
    _handed_over(care, taker, absence_id)
    with care.database.writing() as db:
        note = a_signed_note(db, care.course, taker, NoteKind.INTEGRATION, signed_at=None)
        note.integration_session_id = begun

    care.do(end_absence, admin, absence_id, now=FIRST + 2 * DAY)

    assert _whose(care, planned) == (taker.clinician_id, care.therapist.clinician_id)
    assert care.row(IntegrationSession, begun).therapist_id == taker.clinician_id


def test_what_somebody_changed_since_is_not_touched_and_is_counted(care, admin, planned, taker):
    absence_id = _away(care, care.therapist)
    _handed_over(care, taker, absence_id)
    call = care.row(Contact, planned[2])
    care.do(
        move_contact,
        care.front_desk,
        ContactMovedEntered(
            contact_id=call.id,
            version=call.version,
            on=day_of(FIRST + 4 * DAY, ZONE),
            time="10:00 am",
            minutes=30,
            with_id=taker.clinician_id,
            how=How.PHONE,
            place="",
            local_emergency="",
        ),
    )

    given_back = care.do(end_absence, admin, absence_id)

    assert given_back == GivenBack(back=1, stay=1)
    assert _whose(care, planned) == (care.therapist.clinician_id, taker.clinician_id)


def test_what_was_booked_with_the_colleague_by_hand_is_not_taken_from_them(care, admin, taker):
    absence_id = _away(care, care.therapist)
    _handed_over(care, taker, absence_id)
    with care.database.writing() as db:
        call = a_contact(db, care.course, taker, kind=ContactKind.CALL, planned_at=FIRST + DAY).id

    assert care.do(end_absence, admin, absence_id) == GivenBack(back=0, stay=0)

    assert care.row(Contact, call).with_id == taker.clinician_id
    assert audit_events(care.database, "episode:taken_back") == []


def test_other_days_away_keep_what_was_handed_over_for_them(care, admin, planned, taker):
    sooner = _away(care, care.therapist, from_at=NOW + DAY, until_at=NOW + 2 * DAY)
    _handed_over(care, taker, _away(care, care.therapist))

    care.do(end_absence, admin, sooner)

    assert _whose(care, planned) == (taker.clinician_id, taker.clinician_id)


def test_who_is_no_longer_on_the_course_gets_nothing_back(care, admin, planned, taker):
    absence_id = _away(care, care.therapist)
    _handed_over(care, taker, absence_id)
    with care.database.writing() as db:
        for member in db.query(EpisodeMember).filter_by(clinician_id=care.therapist.clinician_id):
            member.until_at = NOW

    assert care.do(end_absence, admin, absence_id) == GivenBack(back=0, stay=2)

    assert _whose(care, planned) == (taker.clinician_id, taker.clinician_id)


def test_a_standing_cover_outlasts_a_course_that_is_handed_over(care, taker):
    with care.database.writing() as db:
        a_member(db, care.course, care.nurse, Part.COVER)
    care.do(
        hand_over_while_away,
        care.therapist,
        HandOverEntered(new_id(), _away(care, care.therapist), care.course.id, taker.clinician_id),
    )

    assert _sees(care, care.nurse, FIRST + DAY)
    assert _sees(care, care.nurse, LAST + DAY)


def test_days_of_somebody_else_that_are_taken_back_leave_a_cover_alone(care, admin, taker):
    with care.database.writing() as db:
        a_member(db, care.course, taker, Part.COVER)
    care.do(end_absence, admin, _away(care, care.stranger))

    assert _sees(care, taker, FIRST + DAY)


def test_since_then_is_what_colleagues_did_for_ones_own_clients(care, taker):
    absence_id = _away(care, care.therapist, from_at=NOW - 3 * DAY, until_at=NOW - DAY)
    with care.database.writing() as db:
        other = another_course(db, care, "Elsewhere", prescriber=care.prescriber, therapist=None)

    def call(who, client_id, at):
        touch = TouchEntered(
            new_id(), client_id, Touch.THEY_CALLED, "Slept badly.", None, at.date(), "9:00 am"
        )
        care.do(log_touch, who, replace(touch, on=at.date()), now=at)

    call(care.prescriber, care.client.id, NOW - 2 * DAY)
    call(care.prescriber, other.client_id, NOW - 2 * DAY)
    call(care.therapist, care.client.id, NOW - 2 * DAY)
    call(care.prescriber, care.client.id, NOW - timedelta(hours=2))

    asked = care.asked_by(care.therapist)
    with care.database.reading() as db, recorded_statements(care.database.engine) as ran:
        lines = since_away(db, asked, absence_id)

    assert [(one.client.id, one.line.tag, one.line.who) for one in lines] == [
        (care.client.id, "contact:logged", care.prescriber.name)
    ]
    assert len(ran) == 1
    assert "Slept badly" not in repr(lines)


def test_a_week_after_the_days_away_there_is_nothing_to_look_back_on(care):
    absence_id = _away(care, care.therapist, from_at=NOW - 20 * DAY, until_at=NOW - 8 * DAY)

    with pytest.raises(NotFound):
        _meanwhile(care, care.therapist, absence_id)


def test_it_takes_as_many_statements_with_many_courses_as_with_one(care, planned):
    absence_id = _away(care, care.therapist)
    asked = care.asked_by(care.therapist)

    def statements():
        with care.database.reading() as db, recorded_statements(care.database.engine) as ran:
            while_away(db, asked, absence_id)
        return len(ran)

    few = statements()
    with care.database.writing() as db:
        for number in range(10):
            course = another_course(db, care, f"More{number}")
            a_ketamine_session(db, course, planned_at=FIRST + DAY)

    assert statements() == few == 8
