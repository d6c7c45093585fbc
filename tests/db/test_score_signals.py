"""Alerts from scores as the tables have them: whose note clears one, who is told, in how many."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from kapteam.actions.signals import QuietEntered, quiet_alert
from kapteam.db.in_force import practice_in_force
from kapteam.db.tables import (
    Acknowledgement,
    Episode,
    EpisodeMember,
    Note,
    Score,
    Series,
    SeriesReview,
)
from kapteam.errors import Invalid, NotAllowed, NotFound
from kapteam.ids import new_id
from kapteam.queries.critical import critical_alerts
from kapteam.queries.ketamine_session import ketamine_session_page
from kapteam.queries.standing import Asked, attention_of, course_standings
from kapteam.queries.today import today
from kapteam.rules.alerts import SignalKind
from kapteam.rules.measures_due import DueFor
from kapteam.vocabulary import (
    EpisodeState,
    HoldReason,
    NoteKind,
    Part,
    ServiceLine,
    Tone,
)
from tests.factories import (
    NOW,
    TODAY,
    a_course,
    a_hold,
    an_absence,
    audit_events,
)
from tests.factories_care import (
    Care,
    a_cared_for_client,
    a_given_session,
    a_ketamine_session,
    a_score,
    a_series,
    a_series_review,
    a_signed_note,
    another_course,
)
from tests.query_recorder import recorded_statements

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def care(database) -> Care:
    care = a_cared_for_client(database)
    with database.writing() as db:
        db.get_one(Episode, care.course.id).state = EpisodeState.SERIES
    return care


def _asked(care: Care, db, viewer, now=NOW) -> Asked:
    return Asked(viewer, practice_in_force(db, now), now)


def _standings(care: Care, viewer=None, now=NOW):
    with care.database.reading() as db:
        return course_standings(db, _asked(care, db, viewer or care.therapist, now))


def _signals(care: Care, viewer=None, now=NOW):
    return [one for course in _standings(care, viewer, now) for one in course.signals]


def _kinds(care: Care, viewer=None, now=NOW) -> list[SignalKind]:
    return [one.kind for one in _signals(care, viewer, now) if one.is_of_scores]


def _head(care: Care, viewer=None, now=NOW):
    with care.database.reading() as db:
        return critical_alerts(db, _asked(care, db, viewer or care.therapist, now), care.client.id)


def _item_9(care: Care, answer: int, *, days: float = 0.5, course=None, **columns) -> Score:
    with care.database.writing() as db:
        return a_score(
            db,
            course or care.course,
            care.therapist,
            answers=(1, 1, 1, 1, 0, 0, 0, 0, answer),
            taken_at=NOW - days * DAY,
            **columns,
        )


def _note(care: Care, by, kind=NoteKind.RISK, *, course=None, **columns) -> Note:
    with care.database.writing() as db:
        return a_signed_note(db, course or care.course, by, kind, **columns)


def _known(care: Care, mark: str, *, course_id="", **typed) -> QuietEntered:
    usual = {"reason": "Safety plan signed; call on Friday", "until_on": TODAY + 20 * DAY}
    return QuietEntered(new_id(), course_id or care.course.id, mark, **(usual | typed))


# Critical answers


def test_item_9_is_told_to_all_who_treat_and_not_to_the_front_desk(care):
    _item_9(care, 1)
    for viewer in (care.prescriber, care.therapist, care.nurse):
        assert SignalKind.CRITICAL in _kinds(care, viewer)
        assert [one.tone for one in _head(care, viewer)] == [Tone.RED]
    assert _signals(care, care.front_desk) == []
    assert _head(care, care.front_desk) == ()
    assert [one.measures_due for one in _standings(care, care.front_desk)] == [()]
    for viewer in (care.prescriber, care.therapist):
        with care.database.reading() as db:
            shown = today(db, _asked(care, db, viewer))
        assert [row.attention.signal.kind for row in shown.safety] == [SignalKind.CRITICAL]
        mine = [row for row in shown.waiting_on_me if row.attention.is_of_client]
        assert len(mine) == 1


def test_an_unknown_item_9_and_one_entered_in_error_are_no_alert(care):
    with care.database.writing() as db:
        a_score(db, care.course, care.therapist, total=14)
    _item_9(care, 2, voided_at=NOW, voided_by_id=care.therapist.clinician_id)
    assert SignalKind.CRITICAL not in _kinds(care)
    assert _head(care) == ()


def test_neither_a_month_nor_a_later_low_score_clears_it(care):
    _item_9(care, 2, days=60)
    _item_9(care, 0, days=1)
    assert SignalKind.CRITICAL in _kinds(care)
    assert len(_head(care)) == 1


@pytest.mark.parametrize(
    ("who", "note", "clears"),
    [
        ("therapist", {}, True),
        ("prescriber", {}, True),
        ("therapist", {"kind": NoteKind.DECISION}, False),
        ("therapist", {"kind": NoteKind.GENERAL}, False),
        ("therapist", {"signed_at": None}, False),
        ("therapist", {"signed_at": NOW - DAY}, False),
        # Whoever is not of the course may write where the practice lets everybody see everything.
        ("stranger", {}, False),
    ],
)
def test_a_risk_note_signed_after_it_by_a_clinician_of_the_course_clears_it(
    care, who, note, clears
):
    _item_9(care, 2)
    _note(care, getattr(care, who), **note)
    assert (SignalKind.CRITICAL not in _kinds(care)) is clears
    assert (_head(care) == ()) is clears


def test_a_note_entered_in_error_cleared_nothing(care):
    _item_9(care, 2)
    note = _note(care, care.therapist)
    assert _head(care) == ()
    with care.database.writing() as db:
        db.get_one(Note, note.id).voided_at = NOW
    assert len(_head(care)) == 1


def test_whoever_left_the_course_wrote_as_one_of_it_until_then_and_who_covers_does(care):
    _item_9(care, 2, days=3)
    with care.database.writing() as db:
        an_absence(db, care.therapist, care.therapist, cover=care.stranger)
    _note(care, care.stranger, signed_at=NOW - 2 * DAY)
    assert len(_head(care)) == 1
    _note(care, care.stranger, signed_at=NOW - HOUR)
    assert _head(care) == ()

    _item_9(care, 3, days=0.01)
    with care.database.writing() as db:
        for member in db.query(EpisodeMember).filter_by(clinician_id=care.prescriber.clinician_id):
            member.until_at = NOW + HOUR
    _note(care, care.prescriber, signed_at=NOW + 2 * HOUR)
    assert len(_head(care, now=NOW + 3 * HOUR)) == 1
    _note(care, care.prescriber, signed_at=NOW)
    assert _head(care, now=NOW + 3 * HOUR) == ()


def test_it_is_the_client_s_on_every_course_and_once_where_they_stand_together(care):
    with care.database.writing() as db:
        other = a_course(
            db,
            care.client,
            service_line=ServiceLine.PSYCHEDELIC_INTEGRATION,
            prescriber=care.prescriber,
            therapist=care.therapist,
        )
    _item_9(care, 2, course=other)
    courses = _standings(care)
    assert [SignalKind.CRITICAL in [one.kind for one in each.signals] for each in courses] == [
        True,
        True,
    ]
    critical = [one for one in attention_of(courses) if one.is_of_client]
    assert len(critical) == 1
    assert len(_head(care)) == 1

    care.do(quiet_alert, care.therapist, _known(care, critical[0].signal.mark))
    assert [one for one in attention_of(_standings(care)) if one.is_of_client] == []
    assert _head(care) == ()
    _note(care, care.therapist)
    assert SignalKind.CRITICAL not in _kinds(care)


def test_it_stands_on_the_pages_of_the_client_also_once_its_course_has_ended(care):
    _item_9(care, 2)
    with care.database.writing() as db:
        course = db.get_one(Episode, care.course.id)
        course.state, course.closed_at = EpisodeState.CLOSED, NOW
    assert len(_head(care)) == 1


def test_known_with_a_dated_plan_is_quiet_until_that_day_or_the_next_rise(care):
    _item_9(care, 1)
    (one,) = _head(care)
    entered = _known(care, one.mark)
    for _ in range(2):
        care.do(quiet_alert, care.therapist, entered)

    assert _head(care) == ()
    (signal,) = [each for each in _signals(care, care.prescriber) if each.is_critical]
    assert (signal.quiet.until_on, signal.quiet.by) == (TODAY + 20 * DAY, care.therapist.name)
    assert len(care.rows(Acknowledgement)) == 1
    [event] = audit_events(care.database, "alert:quieted")
    assert "Safety plan" not in str(event.changes)
    assert len(_head(care, now=NOW + 21 * DAY)) == 1

    _item_9(care, 1, days=0.1)
    assert _head(care) == ()
    _item_9(care, 2, days=0.05)
    (louder,) = _head(care)
    assert louder.tone is Tone.RED


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"reason": " "}, "reason"),
        ({"until_on": None}, "until_on"),
        ({"until_on": TODAY - DAY}, "until_on"),
        ({"until_on": TODAY + 31 * DAY}, "until_on"),
    ],
)
def test_a_plan_has_words_and_a_day_within_a_month(care, typed, field):
    _item_9(care, 1)
    (one,) = _head(care)
    with pytest.raises(Invalid) as refused:
        care.do(quiet_alert, care.therapist, _known(care, one.mark, **typed))
    assert list(refused.value.fields) == [field]
    assert len(_head(care)) == 1


@pytest.mark.parametrize("who", ["nurse", "front_desk", "stranger"])
def test_only_a_prescriber_or_therapist_of_the_course_says_that_it_is_known(care, who):
    _item_9(care, 1)
    (one,) = _head(care)
    with pytest.raises((NotAllowed, NotFound)):
        care.do(quiet_alert, getattr(care, who), _known(care, one.mark))
    assert care.rows(Acknowledgement) == []


def test_who_sees_everybody_and_is_on_no_course_of_theirs_does_not_say_that_it_is_known(care):
    _item_9(care, 1)
    (one,) = _head(care)
    outsider = replace(care.stranger, sees_everyone=True)
    with pytest.raises(NotAllowed, match="Only who is on this course"):
        care.do(quiet_alert, outsider, _known(care, one.mark))


def test_a_quieting_of_thirty_days_holds_until_the_end_of_its_last_day(care):
    _item_9(care, 1)
    (one,) = _head(care)
    until = TODAY + 30 * DAY
    care.do(quiet_alert, care.therapist, _known(care, one.mark, until_on=until))
    assert _head(care, now=NOW + 30 * DAY + HOUR) == ()
    assert [each for each in _signals(care, now=NOW + 30 * DAY + HOUR) if each.quiet]


# How somebody does, and what is not known


def _phq_9(care: Care, total: int | None, days: float, course=None, **columns) -> Score:
    with care.database.writing() as db:
        return a_score(
            db,
            course or care.course,
            care.therapist,
            total=total,
            taken_at=NOW - days * DAY,
            **columns,
        )


def _doses(care: Care, *days: int) -> None:
    with care.database.writing() as db:
        for day in days:
            a_given_session(db, care.course, given_at=NOW - day * DAY)


def test_worse_is_an_alert_of_both_until_either_signed_a_decision_note(care):
    _doses(care, 20)
    _phq_9(care, 10, 21)
    _phq_9(care, 17, 1)
    assert SignalKind.WORSE in _kinds(care)
    (one,) = [
        one
        for course in _standings(care)
        for one in course.attention
        if one.signal and one.signal.kind is SignalKind.WORSE
    ]
    assert (one.tone, one.waits_on) == (Tone.AMBER, None)
    for by, kind, signed_at in (
        (care.therapist, NoteKind.RISK, NOW),
        (care.therapist, NoteKind.DECISION, None),
        (care.stranger, NoteKind.DECISION, NOW),
    ):
        _note(care, by, kind, signed_at=signed_at)
        assert SignalKind.WORSE in _kinds(care)
    _note(care, care.therapist, NoteKind.DECISION)
    assert SignalKind.WORSE not in _kinds(care)


def test_not_better_after_four_and_six_doses_of_the_series_at_hand(care):
    _doses(care, 30, 26, 22, 18)
    _phq_9(care, 20, 31)
    _phq_9(care, 18, 15)
    assert (SignalKind.NOT_BETTER, Tone.AMBER) in [(one.kind, one.tone) for one in _signals(care)]
    _doses(care, 14, 10)
    _phq_9(care, 18, 1)
    assert (SignalKind.NOT_BETTER, Tone.RED) in [(one.kind, one.tone) for one in _signals(care)]


def test_who_looked_back_at_the_series_after_the_score_has_seen_that_nobody_is_better(care):
    _doses(care, 30, 26, 22, 18)
    _phq_9(care, 20, 31)
    _phq_9(care, 18, 15)
    with care.database.writing() as db:
        review = a_series_review(db, db.scalars(select(Series)).one(), care.prescriber)
        review.reviewed_at = NOW - 16 * DAY
    assert SignalKind.NOT_BETTER in _kinds(care)
    with care.database.writing() as db:
        db.execute(update(SeriesReview).values(reviewed_at=NOW - 14 * DAY))
    assert SignalKind.NOT_BETTER not in _kinds(care)


def test_rule_47_maintenance_asks_for_no_new_baseline_and_who_fell_back_is_not_better(care):
    _doses(care, 90, 86, 82, 78)
    _phq_9(care, 19, 91)
    _phq_9(care, 4, 70)
    with care.database.writing() as db:
        a_series(db, care.course, started_at=NOW - 31 * DAY, is_maintenance=True)
    _doses(care, 30)
    assert _kinds(care) == [SignalKind.OVERDUE]
    _phq_9(care, 17, 1)
    assert SignalKind.NOT_BETTER in _kinds(care)
    _note(care, care.therapist, NoteKind.DECISION)
    assert SignalKind.NOT_BETTER not in _kinds(care)


def test_scores_entered_in_error_or_of_another_course_say_nothing_of_this_one(care):
    with care.database.writing() as db:
        other = a_course(db, care.client, prescriber=care.prescriber, therapist=care.therapist)
    _doses(care, 20)
    _phq_9(care, 10, 21)
    _phq_9(care, 17, 1, voided_at=NOW, voided_by_id=care.therapist.clinician_id)
    _phq_9(care, 17, 1, course=other)
    assert SignalKind.WORSE not in _kinds(care)


def test_what_is_overdue_waits_on_the_therapist_in_one_plain_alert(care):
    _doses(care, 10)
    # Nobody of this practice was ever asked: a line, and no alert of everybody at once.
    assert _kinds(care) == []
    with care.database.writing() as db:
        elsewhere = another_course(db, care, "Begay")
        a_score(db, elsewhere, care.therapist, total=9)
    [one] = [
        one
        for course in _standings(care)
        for one in course.attention
        if one.signal and one.signal.is_of_scores
    ]
    assert (one.signal.kind, one.tone, one.waits_on) == (
        SignalKind.NO_BASELINE,
        Tone.PLAIN,
        Part.THERAPIST,
    )
    with care.database.writing() as db:
        a_hold(db, care.course, HoldReason.BLOOD_PRESSURE, care.prescriber.clinician_id)
    assert _kinds(care) == []


# What is due


def test_what_is_due_before_the_next_dose_stands_with_it_and_with_no_later_one(care):
    with care.database.writing() as db:
        first = a_ketamine_session(db, care.course, planned_at=NOW + DAY)
        second = a_ketamine_session(db, care.course, planned_at=NOW + 8 * DAY)

    def due(session, viewer):
        with care.database.reading() as db:
            page = ketamine_session_page(db, _asked(care, db, viewer), session.id)
        return {one.instrument_id: one.due_for for one in page.measures_due}

    baseline = ("phq-9", "gad-7", "audit-c")
    assert due(first, care.therapist) == dict.fromkeys(baseline, DueFor.BASELINE)
    assert due(second, care.therapist) == {}
    assert due(first, care.front_desk) == {}
    [course] = _standings(care)
    assert {one.instrument_id for one in course.measures_due} == set(baseline)
    _phq_9(care, 12, 0.1)
    assert set(due(first, care.therapist)) == {"gad-7", "audit-c"}


# Statements


def test_a_caseload_of_many_scores_takes_as_many_statements_as_one_of_none(care):
    def statements() -> int:
        with recorded_statements(care.database.engine) as found:
            _standings(care)
        return len(found)

    few = statements()
    with care.database.writing() as db:
        for number in range(20):
            course = another_course(db, care, f"Okafor {number}")
            for day in range(30):
                a_score(db, course, care.therapist, total=day % 28, taken_at=NOW - day * DAY)
    assert statements() == few
    with recorded_statements(care.database.engine) as found:
        _head(care)
    assert len(found) == 2
