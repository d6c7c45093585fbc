"""What the next review looks at, and until when."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from kapteam.actions.booking import EndKetamineEntered, cancel_ketamine_session
from kapteam.actions.ketamine_sessions import (
    AdministrationEntered,
    RecordEntered,
    confirm_administration,
    record_ketamine_session,
)
from kapteam.actions.readiness import AnswerEntered, answer_readiness
from kapteam.actions.reviewing import ReviewedEntered, mark_reviewed
from kapteam.db.tables import EpisodeMember, KetamineSession, ReadinessAnswer, Reviewed
from kapteam.errors import Invalid, NotAllowed, NotFound
from kapteam.ids import new_id
from kapteam.queries.for_review import ReviewLine, for_review, for_review_of
from kapteam.queries.standing import course_standings
from kapteam.rules.attention import Reason
from kapteam.rules.permissions import Viewer
from kapteam.vocabulary import (
    AdministrationKind,
    Answer,
    ConsentType,
    EpisodeState,
    ForReview,
    Part,
    ReadinessItem,
    SessionStatus,
)
from tests.factories import NOW, TODAY, a_clearance, a_consent, audit_events
from tests.factories_care import (
    Care,
    a_cared_for_client,
    a_given_session,
    a_ketamine_session,
    a_signed_intention,
    an_administration,
    an_answer,
    an_integration_session,
    another_course,
)
from tests.query_recorder import recorded_statements

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
Item = ReadinessItem


@pytest.fixture
def care(database) -> Care:
    return a_cared_for_client(database)


def _lines(care: Care, who: Viewer | None = None, now=NOW) -> tuple[ReviewLine, ...]:
    with care.database.reading() as db:
        return for_review_of(db, care.asked_by(who or care.therapist, now), care.course.id)


def _kinds(care: Care, who: Viewer | None = None, now=NOW) -> list[ForReview]:
    return [one.kind for one in _lines(care, who, now)]


def _given(care: Care, hours: float = 5, *, ride: bool = True, **columns) -> KetamineSession:
    """A dose of so many hours ago; unless told not to somebody took the client home."""
    with care.database.writing() as db:
        session = a_given_session(db, care.course, given_at=NOW - hours * HOUR)
        if ride:
            an_answer(db, session, Item.RIDE, words="A cab").answered_at = NOW - 9 * DAY
        for name, value in columns.items():
            setattr(session, name, value)
    return session


def _answer(session: KetamineSession, item: Item, **typed) -> AnswerEntered:
    usual = AnswerEntered(new_id(), session.id, item, Answer.GO_AHEAD, "Her sister calls later", "")
    return replace(usual, **typed)


# What reaches it


def test_a_session_as_it_should_be_reaches_no_review(care):
    _given(care)
    with care.database.writing() as db:
        planned = a_ketamine_session(db, care.course)
        an_answer(db, planned, Item.FASTING, Answer.NOT_FINE, words="Coffee at one")
    assert _lines(care) == ()


def test_a_dose_given_without_consent_is_recorded_and_reaches_the_review_with_its_reason(database):
    care = a_cared_for_client(database, cleared=False)
    with database.writing() as db:
        by_id = care.prescriber.clinician_id
        a_clearance(db, care.course, by_id)
        for one in set(ConsentType) - {ConsentType.OFF_LABEL}:
            a_consent(db, care.course, one, by_id)
        session = a_ketamine_session(db, care.course, planned_at=NOW - HOUR)
    dose = AdministrationEntered(
        new_id(), AdministrationKind.DOSE, "70", TODAY, "1:30 pm", reason="She had signed on paper"
    )
    care.do(record_ketamine_session, care.prescriber, RecordEntered(session.id, 1, (dose,)))

    (line,) = _lines(care)
    assert (line.kind, line.ketamine_session_id, line.at) == (ForReview.BREACH, session.id, NOW)
    assert "consent “Off-label use”" in line.words
    assert line.words.endswith("She had signed on paper")


@pytest.mark.parametrize(
    ("item", "who"),
    [
        (Item.RIDE, "prescriber"),
        (Item.PREGNANCY, "prescriber"),
        (Item.MIND, "prescriber"),
        (Item.MEDICINES, "prescriber"),
        (Item.FASTING, "therapist"),
        (Item.EVENING, "nurse"),
    ],
)
def test_who_went_ahead_and_why_reaches_the_review_before_and_after_the_dose(care, item, who):
    viewer = getattr(care, who)
    with care.database.writing() as db:
        session = a_ketamine_session(db, care.course, planned_at=NOW + HOUR, ride="")
    care.do(answer_readiness, viewer, _answer(session, item))
    (line,) = _lines(care)
    assert (line.kind, line.item, line.words) == (
        ForReview.WENT_AHEAD,
        item,
        "Her sister calls later",
    )
    assert (line.by, line.at, line.is_given) == (viewer.name, NOW, False)
    with care.database.writing() as db:
        an_administration(db, session, started_at=NOW + MINUTE)
        if item is not Item.RIDE:
            an_answer(db, session, Item.RIDE)
    assert [(one.kind, one.is_given) for one in _lines(care)] == [(ForReview.WENT_AHEAD, True)]


@pytest.mark.parametrize("item", [Item.RIDE, Item.PREGNANCY, Item.MIND, Item.MEDICINES])
def test_who_may_not_decide_leaves_nothing_for_the_review(care, item):
    with care.database.writing() as db:
        session = a_ketamine_session(db, care.course, planned_at=NOW + HOUR, ride="")
    for who in (care.therapist, care.nurse, care.front_desk):
        with pytest.raises((NotAllowed, Invalid)):
            care.do(answer_readiness, who, _answer(session, item))
    with pytest.raises(Invalid):
        care.do(answer_readiness, care.prescriber, _answer(session, item, words=" "))
    assert _lines(care) == ()


@pytest.mark.parametrize("answer", [Answer.FINE, Answer.NOT_FINE])
def test_who_takes_going_ahead_back_leaves_nothing_for_the_review(care, answer):
    with care.database.writing() as db:
        session = a_ketamine_session(db, care.course, planned_at=NOW + HOUR)
    first = _answer(session, Item.FASTING)
    care.do(answer_readiness, care.therapist, first)
    second = _answer(session, Item.FASTING, answer=answer, replaces=first.id)
    care.do(answer_readiness, care.therapist, second)
    assert _lines(care) == ()


def test_a_session_that_was_called_off_has_nothing_to_review(care):
    with care.database.writing() as db:
        session = a_ketamine_session(db, care.course, planned_at=NOW + HOUR)
    care.do(answer_readiness, care.therapist, _answer(session, Item.FASTING))
    cancel = EndKetamineEntered(session.id, 1, "Flu", ride_told=True)
    care.do(cancel_ketamine_session, care.therapist, cancel)
    assert _lines(care) == ()


def test_rule_25_a_dose_without_a_ride_reaches_it_and_to_leave_without_one_does_again(care):
    with care.database.writing() as db:
        session = a_given_session(
            db, care.course, given_at=NOW - 3 * HOUR, status=SessionStatus.STARTED
        )
    (line,) = _lines(care)
    assert (line.kind, line.at, line.left_without) == (ForReview.NO_RIDE, NOW - 3 * HOUR, False)
    for who in (care.prescriber, care.therapist):
        _review(care, line, who)
    assert _lines(care) == ()

    out = RecordEntered(session.id, 1, discharged_on=TODAY, discharged_time="1:30 pm")
    care.do(record_ketamine_session, care.nurse, out)
    (line,) = _lines(care)
    assert (line.kind, line.at, line.left_without) == (ForReview.NO_RIDE, NOW - HOUR, True)


def test_a_ride_that_is_found_before_they_leave_is_kept_and_was_still_missing_at_the_dose(care):
    with care.database.writing() as db:
        session = a_given_session(
            db, care.course, given_at=NOW - 3 * HOUR, status=SessionStatus.STARTED
        )
    found = _answer(session, Item.RIDE, answer=Answer.FINE, words="Her sister")
    care.do(answer_readiness, care.front_desk, found)
    (line,) = _lines(care)
    assert (line.kind, line.left_without) == (ForReview.NO_RIDE, False)

    out = RecordEntered(session.id, 1, discharged_on=TODAY, discharged_time="2:30 pm")
    care.do(record_ketamine_session, care.nurse, out)
    (line,) = _lines(care)
    assert (line.left_without, line.at) == (False, NOW - 3 * HOUR)
    late = _answer(session, Item.RIDE, answer=Answer.FINE, words="A cab", replaces=found.id)
    with pytest.raises(NotAllowed):
        care.do(answer_readiness, care.front_desk, late)


def test_another_ride_that_comes_instead_is_a_ride_all_the_same(care):
    session = _given(care, status=SessionStatus.STARTED)
    (first,) = care.rows(ReadinessAnswer, item=Item.RIDE)
    other = _answer(session, Item.RIDE, answer=Answer.FINE, words="Her aunt", replaces=first.id)
    care.do(answer_readiness, care.nurse, other)
    assert _lines(care) == ()


def test_nobody_needs_a_ride_at_home(care):
    _given(care, ride=False, at_home=True)
    assert _lines(care) == ()


def test_a_dose_as_told_stands_there_until_a_prescriber_confirms_it(care):
    session = _given(care)
    with care.database.writing() as db:
        told = an_administration(
            db, session, started_at=NOW - 4 * HOUR, ug=10_000, told_by=care.prescriber
        )
    (line,) = _lines(care)
    assert (line.kind, line.by) == (ForReview.AS_TOLD, care.prescriber.name)
    care.do(confirm_administration, care.prescriber, told.id)
    assert _lines(care) == ()


# The last integration


@pytest.fixture
def owing(care) -> KetamineSession:
    """In three hours, while the integration of the dose before was held and has no signed note."""
    before = _given(care, 72)
    with care.database.writing() as db:
        an_integration_session(
            db, care.course, before, therapist=care.therapist, held_at=NOW - 50 * HOUR
        )
        session = a_ketamine_session(db, care.course, planned_at=NOW + 3 * HOUR)
        a_signed_intention(db, session, care.therapist)
    return session


def _lacks(care: Care) -> list[Item]:
    with care.database.reading() as db:
        (course,) = course_standings(db, care.asked_by(care.therapist))
    return [one.item for dose in course.doses for one in dose.lacks]


@pytest.mark.parametrize("who", ["prescriber", "therapist", "nurse"])
def test_rule_27_going_ahead_without_the_last_note_is_saved_with_its_reason_and_reviewed(
    care, owing, who
):
    assert _lacks(care) == [Item.LAST_NOTE]
    viewer = getattr(care, who)
    with pytest.raises(Invalid):
        care.do(answer_readiness, viewer, _answer(owing, Item.LAST_NOTE, words=""))
    with pytest.raises(Invalid):
        care.do(answer_readiness, viewer, _answer(owing, Item.LAST_NOTE, answer=Answer.FINE))
    care.do(answer_readiness, viewer, _answer(owing, Item.LAST_NOTE))
    assert _lacks(care) == []
    (line,) = _lines(care)
    assert (line.kind, line.item, line.by) == (ForReview.WENT_AHEAD, Item.LAST_NOTE, viewer.name)


def test_rule_27_where_nothing_is_owed_there_is_nothing_to_go_ahead_without(care):
    with care.database.writing() as db:
        session = a_ketamine_session(db, care.course, planned_at=NOW + 3 * HOUR)
        other = another_course(db, care, "Reyes")
        a_given_session(db, other, given_at=NOW - 72 * HOUR)
    assert Item.LAST_NOTE not in _lacks_of(care, session)
    with pytest.raises(Invalid, match="nothing to decide"):
        care.do(answer_readiness, care.therapist, _answer(session, Item.LAST_NOTE))


def _lacks_of(care: Care, session: KetamineSession) -> list[Item]:
    with care.database.reading() as db:
        courses = course_standings(db, care.asked_by(care.therapist))
    found = [dose for course in courses for dose in course.doses if dose.id == session.id]
    return [one.item for dose in found for one in dose.lacks]


def test_rule_29_no_answer_carries_to_another_session(care, owing):
    """Neither what was answered, nor that somebody went ahead."""
    for item in (Item.LAST_NOTE, Item.FASTING, Item.MIND, Item.RIDE):
        known = care.rows(ReadinessAnswer, ketamine_session_id=owing.id, item=item)
        replaces = known[0].id if known else ""
        entered = _answer(owing, item, replaces=replaces)
        care.do(answer_readiness, care.prescriber, entered)
    with care.database.writing() as db:
        following = a_ketamine_session(db, care.course, planned_at=NOW + 20 * HOUR, ride="")
        a_signed_intention(db, following, care.therapist)
    assert _lacks_of(care, owing) == []
    assert _lacks_of(care, following) == [Item.RIDE, Item.LAST_NOTE]
    assert care.rows(ReadinessAnswer, ketamine_session_id=following.id) == []


# Until when


def _review(care: Care, line: ReviewLine, who: Viewer | None = None, now=NOW) -> ReviewedEntered:
    entered = ReviewedEntered(new_id(), care.course.id, line.at)
    care.do(mark_reviewed, who or care.therapist, entered, now=now)
    return entered


@pytest.mark.parametrize("first", ["prescriber", "therapist"])
def test_what_both_reviewed_is_quiet_on_the_lists_as_well_and_what_comes_later_is_not(care, first):
    _given(care, breach_reason="The course was on hold. Came anyway")
    (line,) = _lines(care)
    assert line.waits_on == (Part.PRESCRIBER, Part.THERAPIST)
    assert Reason.BREACH in _reasons(care)
    entered = _review(care, line, getattr(care, first))
    care.do(mark_reviewed, getattr(care, first), entered)
    (line,) = _lines(care)
    (left,) = line.waits_on
    assert left is (Part.THERAPIST if first == "prescriber" else Part.PRESCRIBER)
    # What the prescriber is asked about waits for the prescriber.
    assert (Reason.BREACH in _reasons(care)) is (first == "therapist")
    _review(care, line, care.therapist if first == "prescriber" else care.prescriber)
    assert _lines(care) == ()
    assert Reason.BREACH not in _reasons(care)
    event, _ = audit_events(care.database, "episode:reviewed")
    assert event.client_id == care.client.id

    _given(care, 2, breach_reason="The course was on hold. Came again")
    (line,) = _lines(care)
    assert line.words.endswith("Came again")
    assert Reason.BREACH in _reasons(care)


def _reasons(care: Care) -> list[Reason]:
    with care.database.reading() as db:
        (course,) = course_standings(db, care.asked_by(care.prescriber))
    return [one.reason for one in course.attention]


@pytest.mark.parametrize("who", ["nurse", "front_desk", "stranger"])
def test_who_runs_no_course_has_reviewed_nothing(care, who):
    _given(care, ride=False)
    (line,) = _lines(care)
    with pytest.raises((NotAllowed, NotFound)):
        _review(care, line, getattr(care, who))
    assert care.rows(Reviewed) == []
    assert len(_lines(care)) == 1


def test_nobody_puts_away_alone_what_they_decided_themselves(care):
    session = _given(care)
    with care.database.writing() as db:
        an_answer(db, session, Item.FASTING, Answer.GO_AHEAD, words="Coffee at one")
    (line,) = _lines(care)
    _review(care, line, care.therapist)
    (line,) = _lines(care, care.therapist)
    assert line.waits_on == (Part.PRESCRIBER,)


@pytest.mark.parametrize(
    ("part", "who"), [(Part.PRESCRIBER, "therapist"), (Part.THERAPIST, "prescriber")]
)
def test_where_one_of_the_two_is_elsewhere_the_other_reviews_alone(care, part, who):
    _given(care, breach_reason="The course was on hold. Came anyway")
    with care.database.writing() as db:
        db.execute(
            update(EpisodeMember)
            .where(EpisodeMember.episode_id == care.course.id, EpisodeMember.part == part)
            .values(clinician_id=None, elsewhere="Dr. Outside")
        )
    viewer = getattr(care, who)
    (line,) = _lines(care, viewer)
    _review(care, line, viewer)
    assert _lines(care, viewer) == ()
    with care.database.reading() as db:
        (course,) = course_standings(db, care.asked_by(viewer))
    assert Reason.BREACH not in [one.reason for one in course.attention]


def test_nobody_reviews_what_is_to_come_or_the_same_twice(care):
    _given(care, ride=False)
    (line,) = _lines(care)
    with pytest.raises(NotAllowed, match="still to come"):
        _review(care, replace(line, at=NOW + MINUTE))
    _review(care, line, care.prescriber)
    with pytest.raises(NotAllowed, match="already"):
        _review(care, line, care.prescriber)
    assert len(care.rows(Reviewed)) == 1


def test_a_month_later_nobody_is_asked_about_it_any_more(care):
    session = _given(care, ride=False)
    given_at = NOW - 5 * HOUR
    assert _kinds(care, now=given_at + 30 * DAY - MINUTE) == [ForReview.NO_RIDE]
    assert _kinds(care, now=given_at + 30 * DAY) == []
    assert care.row(KetamineSession, session.id).breach_reason == ""


# Who reads it


def test_only_who_treats_the_client_reads_it(care):
    _given(care, ride=False)
    for who in (care.prescriber, care.therapist, care.nurse):
        assert _kinds(care, who) == [ForReview.NO_RIDE]
    for who in (care.front_desk, care.stranger):
        assert _kinds(care, who) == []


def test_of_many_courses_it_is_one_statement_each_with_what_is_its_own(care):
    _given(care, ride=False)
    with care.database.writing() as db:
        for name in ("Reyes", "Sato", "Wolfe"):
            other = another_course(db, care, name)
            a_given_session(db, other, given_at=NOW - 4 * HOUR)
        closed = another_course(db, care, "Zuni", state=EpisodeState.CLOSED)
        a_given_session(db, closed, given_at=NOW - 4 * HOUR)
    asked = care.asked_by(care.therapist)
    with (
        care.database.reading() as db,
        recorded_statements(care.database.engine) as statements,
    ):
        lines = for_review(db, asked)
    assert len(statements) == 1
    assert len({one.episode_id for one in lines}) == len(lines) == 5
