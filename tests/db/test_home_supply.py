"""Medicine at home on both engines: who records what, what is counted, and where it is said."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from kapteam.actions.concerns import ConcernEntered, raise_concern
from kapteam.actions.home_supply import (
    ArrivedEntered,
    HomeErrorEntered,
    SupplyEntered,
    TallyEntered,
    WhereEntered,
    arrange_where,
    record_tally,
    say_arrived,
    send_home,
    void_supply,
    void_tally,
)
from kapteam.db.tables import (
    Administration,
    AuditEvent,
    Hold,
    HomeSupply,
    HomeTally,
    KetamineSession,
)
from kapteam.errors import Conflict, Invalid, NotAllowed, NotFound, Unchanged
from kapteam.ids import new_id
from kapteam.queries.home_supply import home_supply_page
from kapteam.queries.standing import course_standings
from kapteam.rules.attention import Reason
from kapteam.vocabulary import (
    ConcernKind,
    ConcernLevel,
    Part,
    ProductRoute,
    ReadinessItem,
    SessionStatus,
    Tally,
)
from tests.factories import NOW, TODAY, a_clearance
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


def _count(care: Care, **typed) -> TallyEntered:
    usual = TallyEntered(
        id=new_id(),
        episode_id=care.course.id,
        tally=Tally.COUNT,
        lozenges="12",
        on=TODAY,
        time="2:00 pm",
        words="",
    )
    return replace(usual, **typed)


def _return(care: Care, **typed) -> TallyEntered:
    usual = TallyEntered(
        id=new_id(),
        episode_id=care.course.id,
        tally=Tally.RETURN,
        lozenges="3",
        on=TODAY,
        time="2:00 pm",
        words="Dose lowered.",
    )
    return replace(usual, **typed)


def _at_home(care: Care, *, days: float = 1, **values) -> KetamineSession:
    with care.database.writing() as db:
        series = a_series(db, care.course, product_route=ProductRoute.SUBLINGUAL)
        by = care.prescriber.clinician_id
        a_clearance(db, care.course, by, ceiling_ug=300_000, decided_at=NOW - 10 * DAY)
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


def _home_gap(dose) -> str:
    """What is not known of a session at home, empty if all is."""
    return "".join(one.what for one in dose.lacks if one.item is ReadinessItem.HOME)


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
    care.do(record_tally, care.therapist, _count(care, lozenges="9"))
    (found,) = [one for one in _standing(care).attention if one.home]
    assert (found.reason, found.waits_on) == (Reason.HOME_DIFFERS, Part.PRESCRIBER)
    assert _reasons(care, care.front_desk) == []

    later = NOW + timedelta(hours=1)
    care.do(record_tally, care.nurse, _count(care, time="3:00 pm"), now=later)
    with care.database.reading() as db:
        (course,) = course_standings(db, care.asked_by(care.therapist, later))
    assert not [one for one in course.attention if one.home]


def test_the_concern_that_a_difference_becomes_holds_the_next_dose_and_answers_it(care):
    care.do(send_home, care.nurse, _supply(care))
    care.do(record_tally, care.therapist, _count(care, lozenges="9"))
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
    care.do(record_tally, care.therapist, _count(care, time="1:00 pm"))
    assert _reasons(care) == []
    assert _standing(care).home.left == 10


def test_a_session_at_home_is_not_ready_until_somebody_knows_where_and_with_whom(care):
    session = _at_home(care, local_emergency="911")
    assert _standing(care).ahead[0].waits == (Part.THERAPIST, "where and who is with them")
    assert not _standing(care).ahead[0].is_ready
    assert Reason.HOME_UNKNOWN in [one.reason for one in _standing(care).attention]

    entered = WhereEntered(session.id, session.version, True, " 4 Elm Street ", "Her sister", "911")
    care.do(arrange_where, care.front_desk, entered)
    dose = _standing(care).ahead[0]
    assert (dose.place, dose.people_present, _home_gap(dose)) == ("4 Elm Street", "Her sister", "")
    assert Reason.HOME_UNKNOWN not in [one.reason for one in _standing(care).attention]
    (event,) = care.rows(AuditEvent, tag="ketamine_session:arranged_at_home")
    assert "Elm" not in str(event.changes)

    care.do(arrange_where, care.front_desk, entered)
    assert len(care.rows(AuditEvent, tag="ketamine_session:arranged_at_home")) == 1
    with pytest.raises(Conflict):
        care.do(arrange_where, care.therapist, replace(entered, place="Elsewhere"))
    with pytest.raises(Unchanged):
        care.do(arrange_where, care.therapist, replace(entered, version=2))


def test_a_session_in_the_practice_is_not_arranged_at_home(care):
    with care.database.writing() as db:
        session = a_ketamine_session(db, care.course)
    with pytest.raises(NotAllowed, match="no session at home"):
        care.do(arrange_where, care.therapist, WhereEntered(session.id, 1, False, "x", "y"))


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
    assert sentence in _refused(care, record_tally, _count(care, **typed))[field]
    assert care.rows(HomeTally) == []


def test_more_may_go_back_than_should_be_left_with_a_reason_and_it_is_said(care):
    assert "needed" in _refused(care, record_tally, _return(care, words=" "))["words"]
    assert "at least one" in _refused(care, record_tally, _return(care, lozenges="0"))["lozenges"]
    care.do(send_home, care.nurse, _supply(care))
    care.do(record_tally, care.nurse, _return(care, lozenges="14"))
    assert _standing(care).home.left == -2
    assert _reasons(care) == [Reason.HOME_OVERDRAWN]


def test_a_second_press_makes_one_row_and_one_event(care):
    for action, entered, table, tag in (
        (send_home, _supply(care), HomeSupply, "home_supply:sent"),
        (record_tally, _count(care, words="Showed all."), HomeTally, "home_supply:counted"),
        (record_tally, _return(care), HomeTally, "home_supply:returned"),
    ):
        for _ in range(2):
            care.do(action, care.prescriber, entered)
        made = [one for one in care.rows(table) if one.id == entered.id]
        assert len(made) == len(care.rows(AuditEvent, tag=tag)) == 1
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
    for action, entered in ((record_tally, _count(care)), (record_tally, _return(care))):
        with pytest.raises(NotAllowed, match="record a count or a return"):
            care.do(action, care.front_desk, entered)
    for action, entered in (
        (send_home, _supply(care)),
        (record_tally, _count(care)),
        (record_tally, _return(care)),
        (say_arrived, ArrivedEntered("none", 1, TODAY)),
    ):
        with pytest.raises(NotFound):
            care.do(action, care.stranger, entered)


def test_the_front_desk_is_told_of_no_count(care):
    care.do(send_home, care.front_desk, _supply(care))
    care.do(record_tally, care.nurse, _count(care, lozenges="9", words="Says one was lost."))
    with care.database.reading() as db:
        seen = home_supply_page(db, care.asked_by(care.front_desk), care.course.id)
        full = home_supply_page(db, care.asked_by(care.therapist), care.course.id)
        with pytest.raises(NotFound):
            home_supply_page(db, care.asked_by(care.stranger), care.course.id)
    assert (seen.tallies, seen.standing.count, seen.standing.left) == ((), None, 12)
    assert [one.words for one in full.tallies] == ["Says one was lost."]


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


def _in_error(care, action, row_id, why="Typed twice.", who=None, now=NOW):
    care.do(action, who or care.nurse, HomeErrorEntered(row_id, why), now=now)


def test_rule_66_what_was_entered_in_error_counts_nowhere_and_stays_readable(care):
    sent, twice = _supply(care), _supply(care, lozenges="10")
    counted, gone = _count(care, lozenges="9"), _return(care, lozenges="3")
    for action, entered in (
        (send_home, sent),
        (send_home, twice),
        (record_tally, counted),
        (record_tally, gone),
    ):
        care.do(action, care.nurse, entered)
    assert (_standing(care).home.arrived, _standing(care).home.left) == (22, 19)

    _in_error(care, void_supply, twice.id, "The same box, typed twice.", care.front_desk)
    _in_error(care, void_tally, gone.id)
    home = _standing(care).home
    assert (home.arrived, home.returned, home.left) == (12, 0, 12)
    assert _reasons(care) == [Reason.HOME_DIFFERS]

    _in_error(care, void_tally, counted.id, "Counted another client.", care.therapist)
    assert (_standing(care).home.count, _reasons(care)) == (None, [])

    with care.database.reading() as db:
        page = home_supply_page(db, care.asked_by(care.prescriber), care.course.id)
    wrong = [one for one in (*page.shipments, *page.tallies) if one.in_error]
    assert [(one.lozenges, one.in_error.by, one.in_error.reason) for one in wrong] == [
        (10, care.front_desk.name, "The same box, typed twice."),
        (3, care.nurse.name, "Typed twice."),
        (9, care.therapist.name, "Counted another client."),
    ]
    assert {one.in_error.at for one in wrong} == {NOW}


def test_the_only_shipment_in_error_is_none_at_all(care):
    late = _supply(care, sent_on=TODAY - 9 * DAY, arrived_on=None)
    care.do(send_home, care.nurse, late)
    assert _reasons(care) == [Reason.HOME_NOT_ARRIVED]
    _in_error(care, void_supply, late.id)
    assert (_standing(care).home, _reasons(care)) == (None, [])
    with pytest.raises(NotAllowed, match="entered in error"):
        care.do(say_arrived, care.nurse, ArrivedEntered(late.id, 1, TODAY))


def test_a_second_press_and_a_second_reason_change_nothing_and_no_word_is_in_the_log(care):
    counted = _count(care)
    care.do(record_tally, care.nurse, counted)
    for why in ("Of Wednesday.", "Of Wednesday.", "Something else."):
        _in_error(care, void_tally, counted.id, why)
    assert care.row(HomeTally, counted.id).void_reason == "Of Wednesday."
    (event,) = care.rows(AuditEvent, tag="home_supply:voided")
    assert (event.clinician_id, event.subject_id) == (care.nurse.clinician_id, counted.id)
    assert "Wednesday" not in str(event.changes)


@pytest.mark.parametrize(("why", "sentence"), [(" ", "needed"), ("x" * 5000, "5,000 characters")])
def test_an_error_without_a_reason_is_refused_and_the_count_counts_on(care, why, sentence):
    care.do(send_home, care.nurse, _supply(care))
    counted = _count(care, lozenges="9")
    care.do(record_tally, care.nurse, counted)
    refused = _refused(care, void_tally, HomeErrorEntered(counted.id, why))
    assert sentence in refused["void_reason"]
    assert _reasons(care) == [Reason.HOME_DIFFERS]


def test_only_who_may_record_it_may_mark_it_as_entered_in_error(care):
    sent, counted = _supply(care), _count(care)
    care.do(send_home, care.nurse, sent)
    care.do(record_tally, care.nurse, counted)
    with pytest.raises(NotAllowed, match="front desk can record a shipment"):
        _in_error(care, void_supply, sent.id, who=care.therapist)
    with pytest.raises(NotAllowed, match="record a count or a return"):
        _in_error(care, void_tally, counted.id, who=care.front_desk)
    for action, row_id, who in (
        (void_supply, sent.id, care.stranger),
        (void_tally, counted.id, care.stranger),
        (void_tally, sent.id, care.nurse),
        (void_tally, "none", care.nurse),
    ):
        with pytest.raises(NotFound):
            _in_error(care, action, row_id, who=who)
    assert care.rows(AuditEvent, tag="home_supply:voided") == []


def test_a_session_booked_at_home_changes_to_the_practice_and_asks_no_more_where(care):
    session = _at_home(care, place="4 Elm Street", people_present="", local_emergency="911")
    assert _home_gap(_standing(care).ahead[0]) == "who is with them"
    there = WhereEntered(session.id, session.version, False, "Room 2", "Her sister drives")
    for _ in range(2):
        care.do(arrange_where, care.front_desk, there)
    dose = _standing(care).ahead[0]
    assert (dose.at_home, dose.place, _home_gap(dose)) == (False, "Room 2", "")
    assert Reason.HOME_UNKNOWN not in [one.reason for one in _standing(care).attention]
    kept = care.row(KetamineSession, session.id)
    assert (kept.people_present, kept.local_emergency) == ("Her sister drives", "")
    (event,) = care.rows(AuditEvent, tag="ketamine_session:place_changed")
    assert event.changes["at_home"] == [True, False]
    assert "Room" not in str(event.changes)
    with pytest.raises(Conflict):
        care.do(arrange_where, care.therapist, replace(there, place="Room 3"))


def test_a_session_booked_in_the_practice_changes_to_home_and_asks_where(care):
    session = _at_home(care, at_home=False, place="Room 2", people_present="Her sister drives")
    assert _home_gap(_standing(care).ahead[0]) == ""
    care.do(arrange_where, care.therapist, WhereEntered(session.id, 1, True, "", "", "911"))
    dose = _standing(care).ahead[0]
    assert (dose.at_home, dose.place, dose.people_present) == (True, "", "")
    assert _home_gap(dose) == "where and who is with them"
    assert not dose.is_ready
    assert Reason.HOME_UNKNOWN in [one.reason for one in _standing(care).attention]
    with pytest.raises(NotFound):
        care.do(arrange_where, care.stranger, WhereEntered(session.id, 2, False, "", ""))


@pytest.mark.parametrize("was_at_home", [True, False])
def test_where_it_was_given_stays_until_the_dose_was_in_error(care, was_at_home):
    session = _at_home(care, days=-0.1, at_home=was_at_home)
    with care.database.writing() as db:
        given = an_administration(db, session, started_at=NOW, ug=200_000)
    elsewhere = WhereEntered(session.id, 1, not was_at_home, "4 Elm Street", "Her sister")
    with pytest.raises(NotAllowed, match="A dose was recorded"):
        care.do(arrange_where, care.therapist, elsewhere)
    assert care.row(KetamineSession, session.id).at_home is was_at_home
    assert care.rows(AuditEvent, tag="ketamine_session:place_changed") == []

    with care.database.writing() as db:
        db.get_one(Administration, given.id).voided_at = NOW
    care.do(arrange_where, care.therapist, elsewhere)
    assert care.row(KetamineSession, session.id).at_home is not was_at_home


def test_only_a_lozenge_changes_to_home_and_only_while_it_is_to_come(care):
    with care.database.writing() as db:
        series = a_series(db, care.course, product_route=ProductRoute.INTRAMUSCULAR)
        session = a_ketamine_session(db, care.course, series=series)
    home = WhereEntered(session.id, 1, True, "4 Elm Street", "Her sister", "911")
    assert "Only a lozenge" in _refused(care, arrange_where, home)["at_home"]
    over = _at_home(care, status=SessionStatus.CANCELLED)
    with pytest.raises(NotAllowed, match="still to come"):
        care.do(arrange_where, care.therapist, WhereEntered(over.id, 1, False, "Room 2", ""))
