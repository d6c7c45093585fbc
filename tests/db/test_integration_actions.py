"""Integration sessions: booked, moved, held, agreed, closed, taken back."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from kapteam.actions.episodes import ExperienceCorrected, correct_experience
from kapteam.actions.integration import (
    AgreeIntegrationEntered,
    BookIntegrationEntered,
    CloseIntegrationEntered,
    DropIntegrationEntered,
    DueIntegrationEntered,
    HoldIntegrationEntered,
    Owed,
    agree_integration,
    book_integration,
    close_integration,
    drop_integration,
    hold_integration,
    set_due_day,
)
from kapteam.db.access import visible_episode
from kapteam.db.in_force import practice_in_force
from kapteam.db.tables import (
    AuditEvent,
    EpisodeMember,
    IntegrationSession,
    IntegrationSessionFor,
    KetamineSession,
    OutsideExperience,
)
from kapteam.errors import Conflict, Invalid, NotAllowed, NotFound, Unchanged
from kapteam.ids import new_id
from kapteam.queries.standing import Asked, IntegrationLine, course_standings
from kapteam.rules.integration import IntegrationStage
from kapteam.vocabulary import (
    EpisodeState,
    How,
    IntegrationCloseReason,
    IntegrationKind,
    ServiceLine,
    SessionStatus,
)
from tests.factories import (
    NOW,
    TODAY,
    ZONE,
    a_client,
    a_course,
    an_outside_experience,
    audit_events,
    count_rows,
)
from tests.factories_care import (
    ON_SQLITE,
    Care,
    a_booked_pair,
    a_cared_for_client,
    a_given_session,
    a_ketamine_session,
    an_integration_session,
    an_overdue_integration,
    an_unrecorded_session,
    link_integration,
)

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def care(database) -> Care:
    return a_cared_for_client(database)


@pytest.fixture
def dose(care) -> KetamineSession:
    """70 mg at 2:30 pm yesterday, 20 mg more at 3:30 pm; integration due today at 3:30 pm."""
    with care.database.writing() as db:
        return a_given_session(db, care.course, given_at=NOW - DAY, boosted_at=NOW - DAY + HOUR)


@pytest.fixture
def booked(care, dose) -> IntegrationSession:
    """Its integration session, booked for an hour ago."""
    with care.database.writing() as db:
        return an_integration_session(
            db, care.course, dose, therapist=care.therapist, planned_at=NOW - HOUR
        )


def _debt(care: Care, *doses: KetamineSession, **typed: Any) -> Owed:
    """What these doses owe, without a row."""
    owed = Owed(new_id(), 0, care.course.id, tuple(one.id for one in doses))
    return replace(owed, **typed)


def _of(row: IntegrationSession, version: int = 1) -> Owed:
    return Owed(row.id, version, row.episode_id)


def _slot(owed: Owed, **typed: Any) -> BookIntegrationEntered:
    """Tomorrow at 10 am by video."""
    entered = BookIntegrationEntered(
        owed=owed,
        on=TODAY + DAY,
        time="10 am",
        minutes=60,
        how=How.VIDEO,
        place="",
        therapist=None,
    )
    return replace(entered, **typed)


def test_a_slot_right_after_the_session_is_asked_about(care):
    with care.database.writing() as db:
        dose = a_ketamine_session(db, care.course, planned_at=NOW + timedelta(hours=1))
    soon = _slot(_debt(care, dose), on=TODAY, time="5:40 pm")
    with pytest.raises(Invalid) as refused:
        care.do(book_integration, care.front_desk, soon)
    assert list(refused.value.fields) == ["soon"]
    care.do(book_integration, care.front_desk, replace(soon, soon=True))
    assert len(care.rows(IntegrationSession)) == 1


def _held(owed: Owed, **typed: Any) -> HoldIntegrationEntered:
    """Today from 1 to 2 pm."""
    entered = HoldIntegrationEntered(
        owed=owed,
        held_on=TODAY,
        held_time="1 pm",
        ended_on=TODAY,
        ended_time="2 pm",
        how=How.IN_PERSON,
        kind=IntegrationKind.FULL,
    )
    return replace(entered, **typed)


def _agreed(owed: Owed, **typed: Any) -> AgreeIntegrationEntered:
    return replace(AgreeIntegrationEntered(owed, TODAY + 3 * DAY, "Client travels"), **typed)


def _closed(owed: Owed, **typed: Any) -> CloseIntegrationEntered:
    return replace(CloseIntegrationEntered(owed, IntegrationCloseReason.DECLINED, ""), **typed)


def _lines(care: Care) -> tuple[IntegrationLine, ...]:
    """What the course still owes, as every screen sees it."""
    with care.database.reading() as db:
        practice = practice_in_force(db, NOW)
        assert practice is not None
        (course,) = course_standings(db, Asked(care.therapist, practice, NOW))
    return course.integrations


def _unchanged(care: Care, row: IntegrationSession) -> None:
    kept = care.row(IntegrationSession, row.id)
    for name in ("planned_at", "held_at", "agreed_for", "closed_at", "dropped_at", "version"):
        assert getattr(kept, name) == getattr(row, name)
    assert count_rows(care.database, AuditEvent) == 0


# Every verb

_Verb = tuple[Callable[..., None], Callable[[Owed], Any]]
_VERBS: dict[str, _Verb] = {
    "book": (book_integration, _slot),
    "hold": (hold_integration, _held),
    "agree": (agree_integration, _agreed),
    "close": (close_integration, _closed),
}


@pytest.fixture
def owing(care) -> KetamineSession:
    """A dose 25 hours ago whose integration nobody booked."""
    with care.database.writing() as db:
        return an_overdue_integration(db, care.course, hours=25)


@pytest.mark.parametrize("verb", _VERBS)
def test_a_debt_without_a_row_gets_one_under_the_id_of_the_form(care, owing, verb):
    action, entered = _VERBS[verb]
    owed = _debt(care, owing)
    care.do(action, care.therapist, entered(owed))
    row = care.row(IntegrationSession, owed.id)
    (link,) = care.rows(IntegrationSessionFor)
    assert (link.integration_session_id, link.ketamine_session_id) == (row.id, owing.id)
    assert (row.kind, row.created_by_id) == (IntegrationKind.FULL, care.therapist.clinician_id)
    (event,) = audit_events(care.database)
    assert (event.client_id, event.subject_id) == (care.client.id, owed.id)
    assert event.changes["ketamine_sessions"] == [owing.id]


@pytest.mark.parametrize("verb", _VERBS)
def test_a_debt_saved_twice_makes_one_row_and_one_event(care, owing, verb):
    action, entered = _VERBS[verb]
    form = entered(_debt(care, owing))
    care.do(action, care.therapist, form)
    care.do(action, care.therapist, form, now=NOW + HOUR)
    for table in (IntegrationSession, IntegrationSessionFor, AuditEvent):
        assert count_rows(care.database, table) == 1


@pytest.mark.parametrize("verb", _VERBS)
def test_two_threads_saving_the_same_form_write_it_once(care, owing, verb):
    action, entered = _VERBS[verb]
    form = entered(_debt(care, owing))
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: care.do(action, care.therapist, form), range(2)))
    for table in (IntegrationSession, IntegrationSessionFor, AuditEvent):
        assert count_rows(care.database, table) == 1


@pytest.mark.parametrize("verb", _VERBS)
def test_a_form_saved_again_never_undoes_what_a_colleague_changed_since(care, owing, verb):
    action, entered = _VERBS[verb]
    form = entered(_debt(care, owing))
    care.do(action, care.therapist, form)
    with care.database.writing() as db:
        row = db.get_one(IntegrationSession, form.owed.id)
        row.place, row.held_at, row.version = "Room 7", NOW - HOUR, 2
    care.do(action, care.therapist, form, now=NOW + 30 * DAY)
    row = care.row(IntegrationSession, form.owed.id)
    assert (row.place, row.held_at, row.version) == ("Room 7", NOW - HOUR, 2)
    assert count_rows(care.database, AuditEvent) == 1


@pytest.mark.parametrize("verb", [*_VERBS, "drop"])
def test_a_change_saved_twice_is_one_version_and_one_event(care, booked, verb):
    action, entered = (_VERBS | {"drop": (drop_integration, _dropped)})[verb]
    form = entered(_of(booked))
    care.do(action, care.therapist, form)
    before = care.row(IntegrationSession, booked.id)
    care.do(action, care.therapist, form, now=NOW + timedelta(minutes=1))
    after = care.row(IntegrationSession, booked.id)
    assert (after.version, after.closed_at, after.dropped_at) == (
        2,
        before.closed_at,
        before.dropped_at,
    )
    assert count_rows(care.database, AuditEvent) == 1


@ON_SQLITE
@pytest.mark.parametrize("verb", ["book", "hold", "agree"])
def test_a_form_saved_as_it_was_drawn_writes_nothing(care, booked, verb):
    action, entered = _VERBS[verb]
    care.do(action, care.therapist, entered(_of(booked)))
    with pytest.raises(Unchanged):
        care.do(action, care.therapist, entered(_of(booked, version=2)))
    assert care.row(IntegrationSession, booked.id).version == 2
    assert count_rows(care.database, AuditEvent) == 1


@pytest.mark.parametrize("verb", [*_VERBS, "drop"])
def test_a_stranger_finds_nothing(care, booked, verb):
    action, entered = (_VERBS | {"drop": (drop_integration, _dropped)})[verb]
    with pytest.raises(NotFound):
        care.do(action, care.stranger, entered(_of(booked)))
    _unchanged(care, booked)


@ON_SQLITE
@pytest.mark.parametrize("verb", ["hold", "agree", "close"])
@pytest.mark.parametrize("who", ["nurse", "front_desk"])
def test_only_those_who_integrate_hold_agree_and_close(care, booked, verb, who):
    action, entered = _VERBS[verb]
    with pytest.raises(NotAllowed, match="Only a therapist or a prescriber"):
        care.do(action, getattr(care, who), entered(_of(booked)))
    _unchanged(care, booked)


@pytest.mark.parametrize("verb", [*_VERBS, "drop"])
def test_two_people_who_save_differently_see_both(care, booked, verb):
    action, entered = (_VERBS | {"drop": (drop_integration, _dropped)})[verb]
    care.do(book_integration, care.front_desk, _slot(_of(booked), time="8 am"))
    with pytest.raises(Conflict) as conflict:
        care.do(action, care.therapist, entered(_of(booked)))
    assert conflict.value.theirs.keys() == conflict.value.mine.keys()
    assert count_rows(care.database, AuditEvent) == 1


@pytest.mark.parametrize("verb", _VERBS)
def test_an_unknown_row_and_a_row_of_another_course_are_not_found(care, booked, verb):
    action, entered = _VERBS[verb]
    with care.database.writing() as db:
        other = a_course(db, a_client(db, care.therapist), therapist=care.therapist)
    for owed in (
        Owed(new_id(), 1, care.course.id),
        Owed(booked.id, 1, other.id),
        Owed(booked.id, 0, other.id, due_on=TODAY + DAY),
    ):
        with pytest.raises(NotFound):
            care.do(action, care.therapist, entered(owed))
    _unchanged(care, booked)


@pytest.mark.parametrize("verb", _VERBS)
def test_what_is_integrated_belongs_to_the_course_and_was_given(care, verb):
    action, entered = _VERBS[verb]
    with care.database.writing() as db:
        missed = a_ketamine_session(
            db, care.course, planned_at=NOW - DAY, status=SessionStatus.MISSED
        )
        elsewhere = a_course(db, a_client(db, care.therapist), therapist=care.therapist)
        foreign = a_given_session(db, elsewhere, given_at=NOW - DAY)
        outside = an_outside_experience(db, elsewhere)
    for owed, says in (
        (_debt(care, missed), "Nothing was given"),
        (_debt(care, foreign), "no such ketamine session"),
        (_debt(care, outside_experience_id=outside.id), "no such experience"),
        (_debt(care), "Say what it integrates"),
    ):
        with pytest.raises(Invalid) as refused:
            care.do(action, care.therapist, entered(owed))
        assert says in refused.value.fields["owed"]
    assert count_rows(care.database, IntegrationSession) == 0


# Booked and moved


def test_the_front_desk_books_and_moves(care, owing):
    owed = _debt(care, owing)
    care.do(book_integration, care.front_desk, _slot(owed, therapist=care.therapist.clinician_id))
    row = care.row(IntegrationSession, owed.id)
    assert f"{row.planned_at.astimezone(ZONE):%a %H:%M}" == "Wed 10:00"
    care.do(book_integration, care.front_desk, _slot(_of(row), time="11 am", minutes=30))
    moved = care.row(IntegrationSession, owed.id)
    assert (moved.planned_at, moved.planned_minutes) == (row.planned_at + HOUR, 30)
    booking, move = audit_events(care.database)
    assert (booking.tag, move.tag) == (
        "integration_session:booked",
        "integration_session:moved",
    )
    assert move.changes["planned_at"] == [row.planned_at.isoformat(), moved.planned_at.isoformat()]


@ON_SQLITE
@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        ({"on": None}, "on", "Choose the day"),
        ({"time": ""}, "time", "Enter the time"),
        ({"time": "10"}, "time", "am or pm"),
        ({"time": "<script>"}, "time", "like 2:30 pm"),
        ({"on": TODAY, "time": "2:30 pm"}, "time", "passed"),
        ({"on": date(2036, 11, 25)}, "time", "more than a year"),
        ({"minutes": None}, "minutes", "10 to 240"),
        ({"minutes": 9}, "minutes", "10 to 240"),
        ({"minutes": 241}, "minutes", "10 to 240"),
        ({"how": None}, "how", "Choose how"),
        ({"place": "x" * 200}, "place", "200 characters"),
        ({"therapist": "nobody"}, "therapist", "on this course"),
    ],
)
def test_a_bad_slot_is_refused_beside_its_field_and_nothing_is_saved(
    care, booked, typed, field, says
):
    with pytest.raises(Invalid) as refused:
        care.do(book_integration, care.therapist, _slot(_of(booked), **typed))
    assert list(refused.value.fields) == [field]
    assert says in refused.value.fields[field]
    _unchanged(care, booked)


def test_rule_7_no_slot_before_a_dose_that_is_still_ahead(care):
    with care.database.writing() as db:
        session, integration = a_booked_pair(db, care.course)
    for owed in (_debt(care, session), _of(integration)):
        with pytest.raises(Invalid) as refused:
            care.do(book_integration, care.therapist, _slot(owed, time="2:29 pm"))
        assert "before the dose" in refused.value.fields["time"]
    _unchanged(care, integration)


@pytest.mark.parametrize("of_a_row", [False, True])
def test_rule_6_one_session_is_for_two_doses_only_on_purpose(care, dose, of_a_row):
    with care.database.writing() as db:
        second = a_given_session(db, care.course, given_at=NOW - 20 * HOUR)
        booked = an_integration_session(
            db, care.course, dose, therapist=care.therapist, planned_at=NOW + HOUR
        )
    owed = _of(booked) if of_a_row else _debt(care, second)
    assert len(_lines(care)) == 2

    also = (second.id,) if of_a_row else (dose.id,)
    for _ in range(2):
        care.do(book_integration, care.therapist, _slot(replace(owed, also_ids=also)))

    links = care.rows(IntegrationSessionFor, integration_session_id=owed.id)
    assert {one.ketamine_session_id for one in links} == {dose.id, second.id}
    (line,) = [one for one in _lines(care) if one.id == owed.id]
    # Of the two the earlier clock counts, so that the second dose quiets nothing.
    assert line.standing.due_at == NOW + HOUR


def test_rule_6_a_dose_of_another_course_is_never_linked(care, booked):
    with care.database.writing() as db:
        elsewhere = a_course(db, a_client(db, care.therapist), therapist=care.therapist)
        foreign = a_given_session(db, elsewhere, given_at=NOW - DAY)
    with pytest.raises(Invalid):
        care.do(
            book_integration,
            care.therapist,
            _slot(replace(_of(booked), also_ids=(foreign.id,))),
        )
    _unchanged(care, booked)


@pytest.mark.parametrize(
    ("given", "out", "says"),
    [
        (HOUR * 2, None, "not recorded as out"),
        (HOUR * 2, HOUR, "still in the ketamine session then"),
        (HOUR * 3, HOUR * 1.5, None),
        (HOUR * 7.5, None, None),
    ],
)
def test_rule_7_no_integration_before_the_client_is_out(care, given, out, says):
    """Held at 1 pm, an hour and a half ago; a debrief is one all the same."""
    with care.database.writing() as db:
        session = a_given_session(db, care.course, given_at=NOW - given)
        session.discharged_at = NOW - out if out else None
    entered = _held(_debt(care, session))
    if says is None:
        care.do(hold_integration, care.therapist, entered)
        assert [one.standing.stage for one in _lines(care)] == [IntegrationStage.HELD]
        return
    with pytest.raises(Invalid) as refused:
        care.do(hold_integration, care.therapist, entered)
    assert list(refused.value.fields) == ["kind"]
    assert says in refused.value.fields["kind"]
    debrief = _held(_debt(care, session), kind=IntegrationKind.DEBRIEF)
    care.do(hold_integration, care.therapist, debrief)
    assert IntegrationStage.NOT_BOOKED in [one.standing.stage for one in _lines(care)]


def test_a_therapist_who_left_the_course_is_not_booked_and_one_who_joins_is(care, owing):
    with care.database.writing() as db:
        member = db.get_one(
            EpisodeMember,
            next(
                one.id
                for one in care.rows(EpisodeMember)
                if one.clinician_id == care.therapist.clinician_id
            ),
        )
        member.until_at = NOW - HOUR
    entered = _slot(_debt(care, owing), therapist=care.therapist.clinician_id)
    with pytest.raises(Invalid) as refused:
        care.do(book_integration, care.front_desk, entered)
    assert list(refused.value.fields) == ["therapist"]
    with care.database.writing() as db:
        db.get_one(EpisodeMember, member.id).until_at = NOW + 9 * DAY
    care.do(book_integration, care.front_desk, entered)


def test_a_therapist_of_another_course_only_is_not_booked(care, owing):
    with care.database.writing() as db:
        a_course(db, a_client(db, care.therapist), therapist=care.stranger)
    entered = _slot(_debt(care, owing), therapist=care.stranger.clinician_id)
    with pytest.raises(Invalid) as refused:
        care.do(book_integration, care.front_desk, entered)
    assert list(refused.value.fields) == ["therapist"]


def test_rule_12_psychedelic_integration_is_due_on_a_day_set_by_hand(database):
    care = a_cared_for_client(
        database,
        service_line=ServiceLine.PSYCHEDELIC_INTEGRATION,
        state=EpisodeState.INTEGRATION,
    )
    with database.writing() as db:
        outside = an_outside_experience(db, care.course)
    owed = _debt(care, outside_experience_id=outside.id, due_on=TODAY + 7 * DAY)
    care.do(book_integration, care.therapist, _slot(owed))
    row = care.row(IntegrationSession, owed.id)
    (link,) = care.rows(IntegrationSessionFor)
    assert row.due_on == TODAY + 7 * DAY
    assert (link.outside_experience_id, link.ketamine_session_id) == (outside.id, None)
    (line,) = _lines(care)
    assert line.standing.due_at is None


def test_rule_66_a_corrected_experience_takes_the_integrations_of_the_wrong_one(database):
    care = a_cared_for_client(
        database,
        service_line=ServiceLine.PSYCHEDELIC_INTEGRATION,
        state=EpisodeState.INTEGRATION,
    )
    with database.writing() as db:
        wrong = an_outside_experience(db, care.course)
    owed = _debt(care, outside_experience_id=wrong.id, due_on=TODAY + 7 * DAY)
    care.do(book_integration, care.therapist, _slot(owed))
    correction = ExperienceCorrected(new_id(), wrong.id, "MDMA", "May 2026", "", "Misheard")

    for _ in range(2):
        care.do(correct_experience, care.therapist, correction)

    (link,) = care.rows(IntegrationSessionFor)
    assert link.outside_experience_id == correction.id
    kept, new = care.row(OutsideExperience, wrong.id), care.row(OutsideExperience, correction.id)
    assert (kept.substance, kept.void_reason, kept.voided_at) == ("psilocybin", "Misheard", NOW)
    assert (new.substance, new.voided_at) == ("MDMA", None)
    (event,) = audit_events(database, "experience:corrected")
    assert event.changes == {"experience": [wrong.id, new.id]}
    other = replace(correction, id=new_id())
    for who, refusal in (
        (care.therapist, NotAllowed),
        (care.front_desk, NotAllowed),
        (care.stranger, NotFound),
    ):
        with pytest.raises(refusal):
            care.do(correct_experience, who, other)
    struck = _debt(care, outside_experience_id=wrong.id, due_on=TODAY + 7 * DAY)
    with pytest.raises(Invalid) as refused:
        care.do(book_integration, care.therapist, _slot(struck))
    assert "no such experience" in refused.value.fields["owed"]


@pytest.mark.parametrize("who", ["nurse", "front_desk"])
def test_rule_66_only_those_who_integrate_take_back_what_was_held(care, owing, who):
    with care.database.writing() as db:
        held = an_integration_session(db, care.course, owing, held_at=NOW - HOUR)
    with pytest.raises(NotAllowed, match="Only a therapist or a prescriber"):
        care.do(drop_integration, getattr(care, who), _dropped(_of(held)))
    assert care.row(IntegrationSession, held.id).dropped_at is None


def test_of_two_who_correct_an_experience_in_the_same_moment_one_stands(database):
    care = a_cared_for_client(
        database,
        service_line=ServiceLine.PSYCHEDELIC_INTEGRATION,
        state=EpisodeState.INTEGRATION,
    )
    with database.writing() as db:
        wrong = an_outside_experience(db, care.course)
    with ThreadPoolExecutor(2) as people, database.writing() as db:
        # Both wait here, with all that they read before they had to.
        visible_episode(db, care.therapist, care.course.id, NOW)
        presses = [
            people.submit(
                care.do,
                correct_experience,
                care.therapist,
                ExperienceCorrected(new_id(), wrong.id, substance, "May 2026", "", "Misheard"),
            )
            for substance in ("MDMA", "LSD")
        ]
        wait(presses, timeout=0.5)

    refused = [press.exception() for press in presses]
    assert [type(one) for one in refused if one is not None] == [NotAllowed]
    assert count_rows(database, OutsideExperience) == 2


def test_rule_12_a_day_set_by_hand_stands_in_the_list_until_a_slot_is_booked(database):
    care = a_cared_for_client(
        database,
        service_line=ServiceLine.PSYCHEDELIC_INTEGRATION,
        state=EpisodeState.INTEGRATION,
    )
    owed = _debt(care)
    entered = DueIntegrationEntered(owed, TODAY + 7 * DAY)
    care.do(set_due_day, care.therapist, entered)
    care.do(set_due_day, care.therapist, entered)

    (line,) = _lines(care)
    assert line.standing.stage is IntegrationStage.NOT_BOOKED
    assert line.standing.facts.due_on == TODAY + 7 * DAY
    tags = [event.tag for event in audit_events(database)]
    assert tags.count("integration_session:due_set") == 1


def test_rule_12_a_ketamine_session_is_due_by_its_own_clock(care, dose):
    with pytest.raises(NotAllowed, match="by its own clock"):
        care.do(set_due_day, care.therapist, DueIntegrationEntered(_debt(care, dose), TODAY + DAY))
    assert care.rows(IntegrationSession) == []


def test_a_due_day_in_the_past_is_refused(database):
    care = a_cared_for_client(
        database,
        service_line=ServiceLine.PSYCHEDELIC_INTEGRATION,
        state=EpisodeState.INTEGRATION,
    )
    with pytest.raises(Invalid) as refused:
        care.do(set_due_day, care.therapist, DueIntegrationEntered(_debt(care), TODAY - DAY))
    assert set(refused.value.fields) == {"due_on"}


def test_rule_6_one_integration_may_be_for_two_doses_on_purpose(care, dose, owing):
    owed = _debt(care, dose, owing)
    care.do(book_integration, care.therapist, _slot(owed))
    assert {one.ketamine_session_id for one in care.rows(IntegrationSessionFor)} == {
        dose.id,
        owing.id,
    }
    (line,) = _lines(care)
    assert len(line.doses) == 2


def test_rule_6_an_integration_for_one_dose_leaves_the_other_owed(care, dose, owing):
    care.do(book_integration, care.therapist, _slot(_debt(care, owing)))
    assert {line.id is None for line in _lines(care)} == {True, False}


# Held


def test_a_held_integration_stops_the_clock_and_leaves_the_note(care, booked):
    care.do(hold_integration, care.therapist, _held(_of(booked), how=How.PHONE))
    row = care.row(IntegrationSession, booked.id)
    assert f"{row.held_at.astimezone(ZONE):%H:%M}-{row.ended_at.astimezone(ZONE):%H:%M}" == (
        "13:00-14:00"
    )
    assert (row.how, row.held_by_id) == (How.PHONE, care.therapist.clinician_id)
    (line,) = _lines(care)
    assert line.standing.stage is IntegrationStage.HELD
    (event,) = audit_events(care.database)
    assert event.changes["held_at"] == [None, "2026-11-24T20:00:00+00:00"]


def test_a_prescriber_who_held_it_is_named(care, booked):
    care.do(hold_integration, care.prescriber, _held(_of(booked), ended_time=""))
    row = care.row(IntegrationSession, booked.id)
    assert (row.held_by_id, row.ended_at) == (care.prescriber.clinician_id, None)


def test_the_time_it_was_held_can_be_corrected_and_the_old_one_is_kept(care, booked):
    care.do(hold_integration, care.prescriber, _held(_of(booked)))
    care.do(hold_integration, care.therapist, _held(_of(booked, 2), held_time="12:30 pm"))
    row = care.row(IntegrationSession, booked.id)
    assert f"{row.held_at.astimezone(ZONE):%H:%M}" == "12:30"
    assert row.held_by_id == care.prescriber.clinician_id
    _, correction = audit_events(care.database)
    assert correction.changes["held_at"] == [
        "2026-11-24T20:00:00+00:00",
        "2026-11-24T19:30:00+00:00",
    ]


@ON_SQLITE
@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        ({"held_on": None}, "held_on", "Choose the day"),
        ({"held_time": ""}, "held_time", "Enter the time"),
        ({"held_time": "1"}, "held_time", "am or pm"),
        ({"held_time": "2:31 pm"}, "held_time", "future"),
        ({"held_on": TODAY - 40 * DAY}, "held_time", "before the dose"),
        ({"ended_time": "2:31 pm"}, "ended_time", "future"),
        ({"ended_time": "12:59 pm"}, "ended_time", "before the start"),
        ({"ended_on": None}, "ended_on", "Choose the day"),
        ({"held_time": "7 am"}, "ended_time", "six hours"),
        ({"how": None}, "how", "Choose how"),
        ({"kind": None}, "kind", "Choose whether"),
    ],
)
def test_rule_36_bad_times_are_refused_beside_their_field_and_nothing_is_saved(
    care, booked, typed, field, says
):
    with pytest.raises(Invalid) as refused:
        care.do(hold_integration, care.therapist, _held(_of(booked), **typed))
    assert list(refused.value.fields) == [field]
    assert says in refused.value.fields[field]
    _unchanged(care, booked)


@pytest.mark.parametrize("kind", IntegrationKind)
def test_rules_4_and_7_nothing_is_held_before_the_last_booster(care, dose, booked, kind):
    early = {"held_on": TODAY - DAY, "held_time": "3:29 pm", "ended_time": "", "kind": kind}
    for owed in (_of(booked), _debt(care, dose)):
        with pytest.raises(Invalid) as refused:
            care.do(hold_integration, care.therapist, _held(owed, **early))
        assert "before the dose" in refused.value.fields["held_time"]
    _unchanged(care, booked)
    with care.database.writing() as db:
        db.get_one(KetamineSession, dose.id).discharged_at = NOW - DAY + HOUR
    later = early | {"held_time": "3:30 pm"}
    care.do(hold_integration, care.therapist, _held(_debt(care, dose), **later))


def test_rule_2_a_dose_that_nobody_recorded_counts_from_its_plan(care):
    with care.database.writing() as db:
        session = an_unrecorded_session(db, care.course)
    owed = _debt(care, session)
    with pytest.raises(Invalid):
        care.do(
            hold_integration,
            care.therapist,
            _held(owed, held_on=TODAY - DAY, held_time="2:29 pm", ended_time=""),
        )
    care.do(hold_integration, care.therapist, _held(owed))


def test_nothing_is_held_for_a_dose_that_is_still_ahead(care):
    with care.database.writing() as db:
        session, _ = a_booked_pair(db, care.course)
    with pytest.raises(Invalid) as refused:
        care.do(hold_integration, care.therapist, _held(_debt(care, session)))
    assert "before the dose" in refused.value.fields["held_time"]


def test_rule_7_a_debrief_settles_nothing(care, owing):
    debrief = _held(_debt(care, owing), kind=IntegrationKind.DEBRIEF)
    care.do(hold_integration, care.therapist, debrief)
    stages = {line.standing.stage for line in _lines(care) if line.id is None}
    assert stages == {IntegrationStage.LATE}


def test_a_debrief_does_not_use_up_a_booking_that_is_still_ahead(care, dose):
    with care.database.writing() as db:
        ahead = an_integration_session(db, care.course, dose, planned_at=NOW + HOUR)
    with pytest.raises(Invalid) as refused:
        care.do(
            hold_integration,
            care.therapist,
            _held(_of(ahead), kind=IntegrationKind.DEBRIEF),
        )
    assert "still ahead" in refused.value.fields["kind"]
    _unchanged(care, ahead)


def test_a_held_integration_is_not_moved_agreed_or_closed(care, booked):
    care.do(hold_integration, care.therapist, _held(_of(booked)))
    for action, entered in (
        (book_integration, _slot),
        (agree_integration, _agreed),
        (close_integration, _closed),
    ):
        with pytest.raises(NotAllowed, match="was held"):
            care.do(action, care.therapist, entered(_of(booked, 2)))
    assert count_rows(care.database, AuditEvent) == 1


# Agreed for a day


def test_an_agreed_day_quiets_the_clock_until_then(care, owing):
    owed = _debt(care, owing)
    care.do(agree_integration, care.therapist, _agreed(owed))
    row = care.row(IntegrationSession, owed.id)
    assert (row.agreed_for, row.agreed_reason) == (TODAY + 3 * DAY, "Client travels")
    assert row.therapist_id == care.therapist.clinician_id
    (line,) = _lines(care)
    assert line.standing.stage is IntegrationStage.AGREED
    (event,) = audit_events(care.database)
    assert event.changes["agreed_for"] == [None, "2026-11-27"]
    assert "Client travels" not in str(event.changes)


def test_rule_7_no_day_before_the_dose_is_agreed_on(care):
    with care.database.writing() as db:
        _, ahead = a_booked_pair(db, care.course, dose_at=NOW + 5 * DAY, therapist=care.therapist)
    with pytest.raises(Invalid) as refused:
        care.do(agree_integration, care.therapist, _agreed(_of(ahead), agreed_for=TODAY + 4 * DAY))
    assert "before the dose" in refused.value.fields["agreed_for"]
    assert care.row(IntegrationSession, ahead.id).agreed_for is None

    care.do(agree_integration, care.therapist, _agreed(_of(ahead), agreed_for=TODAY + 5 * DAY))
    assert care.row(IntegrationSession, ahead.id).agreed_for == TODAY + 5 * DAY


def test_agreeing_a_day_takes_back_a_booking_that_has_passed(care, owing):
    with care.database.writing() as db:
        passed = an_integration_session(
            db, care.course, owing, therapist=care.therapist, planned_at=NOW - 3 * HOUR
        )
    care.do(agree_integration, care.therapist, _agreed(_of(passed)))
    row = care.row(IntegrationSession, passed.id)
    assert (row.planned_at, row.agreed_for) == (None, TODAY + 3 * DAY)
    line = next(one for one in _lines(care) if one.id == passed.id)
    assert line.standing.stage is IntegrationStage.AGREED


def test_agreeing_a_day_leaves_a_booking_that_is_still_ahead(care, owing):
    with care.database.writing() as db:
        ahead = an_integration_session(
            db, care.course, owing, therapist=care.therapist, planned_at=NOW + 3 * HOUR
        )
    care.do(agree_integration, care.therapist, _agreed(_of(ahead)))
    assert care.row(IntegrationSession, ahead.id).planned_at == NOW + 3 * HOUR


def test_an_agreed_integration_is_booked_in_its_own_row(care, owing):
    owed = _debt(care, owing)
    care.do(agree_integration, care.therapist, _agreed(owed))
    care.do(book_integration, care.therapist, _slot(replace(owed, version=1)))
    assert count_rows(care.database, IntegrationSession) == 1
    assert audit_events(care.database)[-1].tag == "integration_session:booked"


@ON_SQLITE
@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        ({"agreed_for": None}, "agreed_for", "Choose the day"),
        ({"agreed_for": TODAY}, "agreed_for", "from tomorrow"),
        ({"agreed_for": TODAY - DAY}, "agreed_for", "from tomorrow"),
        ({"agreed_for": TODAY + 400 * DAY}, "agreed_for", "more than a year"),
        ({"reason": "  "}, "reason", "is needed"),
        ({"reason": "x" * 8001}, "reason", "8,001 characters"),
    ],
)
def test_a_bad_agreement_is_refused_beside_its_field(care, booked, typed, field, says):
    with pytest.raises(Invalid) as refused:
        care.do(agree_integration, care.therapist, _agreed(_of(booked), **typed))
    assert list(refused.value.fields) == [field]
    assert says in refused.value.fields[field]
    _unchanged(care, booked)


def test_tomorrow_is_the_practices_tomorrow(care, booked):
    late = NOW + timedelta(hours=9)  # 11:30 pm in Phoenix, the next day in UTC
    care.do(
        agree_integration, care.therapist, _agreed(_of(booked), agreed_for=TODAY + DAY), now=late
    )
    assert care.row(IntegrationSession, booked.id).agreed_for == TODAY + DAY


# Closed and taken back


def _dropped(owed: Owed, **typed: Any) -> DropIntegrationEntered:
    return replace(DropIntegrationEntered(owed, "Client ill"), **typed)


def test_closing_with_a_reason_settles_what_is_owed(care, booked):
    care.do(close_integration, care.therapist, _closed(_of(booked), note="Declined twice"))
    row = care.row(IntegrationSession, booked.id)
    assert (row.close_reason, row.close_note) == (IntegrationCloseReason.DECLINED, "Declined twice")
    assert (row.closed_at, row.closed_by_id) == (NOW, care.therapist.clinician_id)
    assert _lines(care) == ()
    (event,) = audit_events(care.database)
    assert event.changes["close_reason"] == [None, "declined"]
    assert "Declined twice" not in str(event.changes)


def test_closing_needs_a_reason(care, booked):
    with pytest.raises(Invalid) as refused:
        care.do(close_integration, care.therapist, _closed(_of(booked), reason=None))
    assert list(refused.value.fields) == ["reason"]
    _unchanged(care, booked)


def test_a_closed_integration_stays_closed(care, booked):
    care.do(close_integration, care.therapist, _closed(_of(booked)))
    for action, entered in (*_VERBS.values(), (drop_integration, _dropped)):
        with pytest.raises(NotAllowed, match="is closed"):
            care.do(action, care.therapist, entered(_of(booked, 2)))


@pytest.mark.parametrize("missed", [False, True])
def test_a_booking_taken_back_leaves_what_is_owed(care, booked, missed):
    care.do(drop_integration, care.front_desk, _dropped(_of(booked), missed=missed))
    row = care.row(IntegrationSession, booked.id)
    assert (row.dropped_at, row.drop_reason) == (NOW, "Client ill")
    (line,) = _lines(care)
    assert line.id is None
    (event,) = audit_events(care.database)
    assert event.tag == f"integration_session:{'missed' if missed else 'dropped'}"
    with pytest.raises(NotAllowed, match="taken back"):
        care.do(book_integration, care.therapist, _slot(_of(booked, 2)))


def test_a_booking_that_is_still_ahead_was_not_missed(care, dose):
    with care.database.writing() as db:
        ahead = an_integration_session(db, care.course, dose, planned_at=NOW + HOUR)
    with pytest.raises(Invalid) as refused:
        care.do(drop_integration, care.therapist, _dropped(_of(ahead), missed=True))
    assert list(refused.value.fields) == ["missed"]
    _unchanged(care, ahead)


def test_taking_back_needs_a_reason_and_a_booking(care, owing, booked):
    with pytest.raises(Invalid) as refused:
        care.do(drop_integration, care.therapist, _dropped(_of(booked), reason=""))
    assert list(refused.value.fields) == ["reason"]
    with pytest.raises(NotFound, match="not booked"):
        care.do(drop_integration, care.therapist, _dropped(_debt(care, owing)))
    _unchanged(care, booked)


def test_a_cancelled_dose_of_two_no_longer_holds_up_their_integration(care, dose):
    with care.database.writing() as db:
        cancelled = a_ketamine_session(
            db, care.course, planned_at=NOW + 5 * DAY, status=SessionStatus.CANCELLED
        )
        shared = an_integration_session(db, care.course, dose, planned_at=NOW + 6 * DAY)
        link_integration(db, shared, [cancelled])
    care.do(hold_integration, care.therapist, _held(_of(shared)))
    assert care.row(IntegrationSession, shared.id).held_at is not None
