"""Medicine at home on both engines: who records what, what is counted, and where it is said."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from kapteam.actions.concerns import ConcernEntered, raise_concern
from kapteam.actions.home_supply import (
    ArrivedEntered,
    AtHomeEntered,
    CountEntered,
    ReturnEntered,
    SupplyEntered,
    arrange_at_home,
    count_at_home,
    say_arrived,
    send_home,
    take_back,
)
from kapteam.db.tables import (
    Administration,
    AuditEvent,
    Hold,
    HomeCount,
    HomeReturn,
    HomeSupply,
    KetamineSession,
)
from kapteam.errors import Conflict, Invalid, NotAllowed, NotFound, Unchanged
from kapteam.ids import new_id
from kapteam.queries.home_supply import home_supply_page
from kapteam.queries.standing import course_standings
from kapteam.rules.attention import Reason
from kapteam.vocabulary import ConcernKind, ConcernLevel, Part, ProductRoute
from tests.factories import NOW, TODAY
from tests.factories_care import (
    Care,
    a_cared_for_client,
    a_ketamine_session,
    a_series,
    an_administration,
)

DAY = timedelta(days=1)


@pytest.fixture
def care(database) -> Care:
    return a_cared_for_client(database)


def _supply(care: Care, **typed) -> SupplyEntered:
    usual = SupplyEntered(
        id=new_id(),
        episode_id=care.course.id,
        lozenges="12",
        mg_each="100",
        pharmacy="Desert Compounding",
        sent_on=TODAY - 5 * DAY,
        arrived_on=TODAY - 3 * DAY,
    )
    return replace(usual, **typed)


def _count(care: Care, **typed) -> CountEntered:
    usual = CountEntered(
        id=new_id(),
        episode_id=care.course.id,
        lozenges="12",
        on=TODAY,
        time="2:00 pm",
        words="",
    )
    return replace(usual, **typed)


def _return(care: Care, **typed) -> ReturnEntered:
    usual = ReturnEntered(
        id=new_id(),
        episode_id=care.course.id,
        lozenges="3",
        on=TODAY,
        time="2:00 pm",
        reason="Dose lowered.",
    )
    return replace(usual, **typed)


def _at_home(care: Care, *, days: float = 1, **values) -> KetamineSession:
    with care.database.writing() as db:
        series = a_series(db, care.course, product_route=ProductRoute.SUBLINGUAL)
        session = a_ketamine_session(
            db, care.course, series=series, planned_at=NOW + days * DAY, ordered_ug=200_000
        )
        session.at_home, session.place = True, ""
        for name, value in values.items():
            setattr(session, name, value)
    return session


def _standing(care: Care, who=None):
    with care.database.reading() as db:
        (course,) = course_standings(db, care.asked_by(who or care.therapist))
    return course


def _reasons(care: Care, who=None) -> list[Reason]:
    return [one.reason for one in _standing(care, who).attention if one.home]


def _refused(care: Care, action, entered) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        care.do(action, care.prescriber, entered)
    return refused.value.fields


def test_what_is_given_at_home_is_used_and_what_was_entered_in_error_is_not(care):
    care.do(send_home, care.front_desk, _supply(care))
    session = _at_home(care, days=-1)
    with care.database.writing() as db:
        an_administration(db, session, started_at=NOW - DAY, ug=200_000)
        wrong = an_administration(db, session, started_at=NOW - DAY, ug=100_000)
        wrong.voided_at = NOW
    assert (_standing(care).home.used, _standing(care).home.left) == (2, 10)

    with care.database.writing() as db:
        elsewhere = a_ketamine_session(db, care.course, planned_at=NOW - 2 * DAY)
        an_administration(db, elsewhere, started_at=NOW - 2 * DAY, ug=100_000)
    assert _standing(care).home.left == 10


def test_a_difference_waits_on_the_prescriber_until_a_concern_or_an_equal_count(care):
    care.do(send_home, care.nurse, _supply(care))
    assert _reasons(care) == []
    care.do(count_at_home, care.therapist, _count(care, lozenges="9"))
    (found,) = [one for one in _standing(care).attention if one.home]
    assert (found.reason, found.waits_on) == (Reason.HOME_DIFFERS, Part.PRESCRIBER)
    assert _reasons(care, care.front_desk) == []

    later = NOW + timedelta(hours=1)
    care.do(count_at_home, care.nurse, _count(care, time="3:00 pm"), now=later)
    with care.database.reading() as db:
        (course,) = course_standings(db, care.asked_by(care.therapist, later))
    assert not [one for one in course.attention if one.home]


def test_the_concern_that_a_difference_becomes_holds_the_next_dose_and_answers_it(care):
    care.do(send_home, care.nurse, _supply(care))
    care.do(count_at_home, care.therapist, _count(care, lozenges="9"))
    concern = ConcernEntered(
        id=new_id(),
        client_id=care.client.id,
        episode_id=care.course.id,
        kind=ConcernKind.MEDICINE_USE,
        level=ConcernLevel.MODERATE,
        words="Three fewer than should be left.",
        where="",
        plan="",
        holds=False,
        on=None,
        time="",
        with_id=None,
    )
    care.do(raise_concern, care.therapist, concern)
    assert _reasons(care) == []
    assert len(care.rows(Hold, released_at=None)) == 1


def test_a_count_before_the_dose_of_the_same_evening_is_not_held_against_it(care):
    care.do(send_home, care.nurse, _supply(care))
    session = _at_home(care, days=-0.01)
    with care.database.writing() as db:
        an_administration(db, session, started_at=NOW, ug=200_000)
    care.do(count_at_home, care.therapist, _count(care, time="1:00 pm"))
    assert _reasons(care) == []
    assert _standing(care).home.left == 10


def test_a_session_at_home_is_not_ready_until_somebody_knows_where_and_with_whom(care):
    session = _at_home(care, local_emergency="911")
    assert _standing(care).ahead[0].waits == (Part.THERAPIST, "where and who is with them")
    assert not _standing(care).ahead[0].is_ready
    assert Reason.HOME_UNKNOWN in [one.reason for one in _standing(care).attention]

    entered = AtHomeEntered(session.id, session.version, " 4 Elm Street ", "Her sister", "911")
    care.do(arrange_at_home, care.front_desk, entered)
    dose = _standing(care).ahead[0]
    assert (dose.place, dose.people_present, dose.home_gap) == ("4 Elm Street", "Her sister", "")
    assert Reason.HOME_UNKNOWN not in [one.reason for one in _standing(care).attention]
    (event,) = care.rows(AuditEvent, tag="ketamine_session:arranged_at_home")
    assert "Elm" not in str(event.changes)

    care.do(arrange_at_home, care.front_desk, entered)
    assert len(care.rows(AuditEvent, tag="ketamine_session:arranged_at_home")) == 1
    with pytest.raises(Conflict):
        care.do(arrange_at_home, care.therapist, replace(entered, place="Elsewhere"))
    with pytest.raises(Unchanged):
        care.do(arrange_at_home, care.therapist, replace(entered, version=2))


def test_a_session_in_the_practice_is_not_arranged_at_home(care):
    with care.database.writing() as db:
        session = a_ketamine_session(db, care.course)
    with pytest.raises(NotAllowed, match="no session at home"):
        care.do(arrange_at_home, care.therapist, AtHomeEntered(session.id, 1, "x", "y", "911"))


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"lozenges": "0"}, "lozenges", "at least one"),
        ({"lozenges": ""}, "lozenges", "how many"),
        ({"mg_each": "0"}, "mg_each", "more than 0"),
        ({"pharmacy": ""}, "pharmacy", "needed"),
        ({"pharmacy": "x" * 5000}, "pharmacy", "5,000 characters"),
        ({"sent_on": None}, "sent_on", "Choose the day"),
        ({"sent_on": TODAY + DAY, "arrived_on": None}, "sent_on", "in the future"),
        ({"arrived_on": TODAY - 6 * DAY}, "arrived_on", "before it was sent"),
        ({"arrived_on": TODAY + DAY}, "arrived_on", "in the future"),
    ],
)
def test_a_shipment_that_cannot_be_is_refused_in_a_sentence(care, typed, field, sentence):
    assert sentence in _refused(care, send_home, _supply(care, **typed))[field]
    assert care.rows(HomeSupply) == []


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"lozenges": ""}, "lozenges", "how many"),
        ({"time": "2:31 pm"}, "time", "in the future"),
        ({"on": None}, "on", "Choose the day"),
        ({"words": "x" * 5000}, "words", "5,000 characters"),
    ],
)
def test_a_count_that_cannot_be_is_refused_in_a_sentence(care, typed, field, sentence):
    assert sentence in _refused(care, count_at_home, _count(care, **typed))[field]
    assert care.rows(HomeCount) == []


def test_more_may_go_back_than_should_be_left_with_a_reason_and_it_is_said(care):
    assert "needed" in _refused(care, take_back, _return(care, reason=" "))["reason"]
    assert "at least one" in _refused(care, take_back, _return(care, lozenges="0"))["lozenges"]
    care.do(send_home, care.nurse, _supply(care))
    care.do(take_back, care.nurse, _return(care, lozenges="14"))
    assert _standing(care).home.left == -2
    assert _reasons(care) == [Reason.HOME_OVERDRAWN]


def test_a_second_press_makes_one_row_and_one_event(care):
    for action, entered, table, tag in (
        (send_home, _supply(care), HomeSupply, "home_supply:sent"),
        (count_at_home, _count(care, words="Showed all."), HomeCount, "home_supply:counted"),
        (take_back, _return(care), HomeReturn, "home_supply:returned"),
    ):
        for _ in range(2):
            care.do(action, care.prescriber, entered)
        assert len(care.rows(table)) == len(care.rows(AuditEvent, tag=tag)) == 1
    changes = [str(one.changes) for one in care.rows(AuditEvent)]
    assert not [one for one in changes if "Showed" in one or "Desert" in one or "lowered" in one]


def test_whoever_books_says_that_it_arrived_and_nobody_overwrites_anybody(care):
    entered = _supply(care, sent_on=TODAY - 8 * DAY, arrived_on=None)
    care.do(send_home, care.front_desk, entered)
    assert _reasons(care, care.front_desk) == [Reason.HOME_NOT_ARRIVED]
    assert (_standing(care).home.left, _standing(care).home.on_the_way) == (0, 12)

    early = ArrivedEntered(entered.id, 1, TODAY - 9 * DAY)
    assert "before it was sent" in _refused(care, say_arrived, early)["arrived_on"]
    care.do(say_arrived, care.therapist, replace(early, arrived_on=TODAY))
    care.do(say_arrived, care.therapist, replace(early, arrived_on=TODAY))
    assert len(care.rows(AuditEvent, tag="home_supply:arrived")) == 1
    with pytest.raises(Conflict):
        care.do(say_arrived, care.nurse, replace(early, arrived_on=TODAY - DAY))
    assert _standing(care).home.left == 12


def test_who_may_record_what(care):
    with pytest.raises(NotAllowed, match="front desk can record a shipment"):
        care.do(send_home, care.therapist, _supply(care))
    for action, entered in ((count_at_home, _count(care)), (take_back, _return(care))):
        with pytest.raises(NotAllowed, match="record a count or a return"):
            care.do(action, care.front_desk, entered)
    for action, entered in (
        (send_home, _supply(care)),
        (count_at_home, _count(care)),
        (take_back, _return(care)),
        (say_arrived, ArrivedEntered("none", 1, TODAY)),
    ):
        with pytest.raises(NotFound):
            care.do(action, care.stranger, entered)


def test_the_front_desk_is_told_of_no_count(care):
    care.do(send_home, care.front_desk, _supply(care))
    care.do(count_at_home, care.nurse, _count(care, lozenges="9", words="Says one was lost."))
    with care.database.reading() as db:
        seen = home_supply_page(db, care.asked_by(care.front_desk), care.course.id)
        full = home_supply_page(db, care.asked_by(care.therapist), care.course.id)
        with pytest.raises(NotFound):
            home_supply_page(db, care.asked_by(care.stranger), care.course.id)
    assert (seen.counts, seen.standing.count, seen.standing.left) == ((), None, 12)
    assert [one.words for one in full.counts] == ["Says one was lost."]


def test_what_is_used_is_stored_nowhere(care):
    """It follows from what was given: a correction of a dose corrects it."""
    care.do(send_home, care.nurse, _supply(care))
    session = _at_home(care, days=-1)
    with care.database.writing() as db:
        an_administration(db, session, started_at=NOW - DAY, ug=150_000)
    assert _reasons(care) == [Reason.HOME_UNEVEN]
    with care.database.writing() as db:
        db.scalars(select(Administration)).one().ug = 300_000
    assert (_reasons(care), _standing(care).home.left) == ([], 9)
