"""Alerts from readings and events: from one derivation, quieted, and speaking again."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from kapteam.actions.entered_in_error import VoidRowEntered
from kapteam.actions.lookups import LookupEntered, record_lookup
from kapteam.actions.monitoring import ResolvedEntered, resolve_event, void_vital
from kapteam.actions.signals import QuietEntered, quiet_alert
from kapteam.db.in_force import practice_in_force
from kapteam.db.tables import (
    Acknowledgement,
    Administration,
    Clearance,
    Concern,
    ConcernSeen,
    Episode,
    EpisodeMember,
    Hold,
    KetamineSession,
)
from kapteam.errors import Invalid, NotAllowed, NotFound
from kapteam.ids import new_id
from kapteam.queries.standing import Asked, course_standings
from kapteam.rules.alerts import LONGEST_QUIET, Signal, SignalKind
from kapteam.rules.attention import Reason
from kapteam.rules.session_record import Challenge
from kapteam.vocabulary import (
    ConcernKind,
    ConsentType,
    ContactKind,
    ContactOutcome,
    EpisodeState,
    HoldReason,
    NoteKind,
    Part,
    RecordPart,
    Tone,
)
from tests.factories import (
    NOW,
    TODAY,
    a_clearance,
    a_concern,
    a_consent,
    a_contact,
    a_hold,
    audit_events,
)
from tests.factories_care import (
    Care,
    a_cared_for_client,
    a_given_session,
    a_signature,
    a_signed_note,
    a_spravato_session,
    a_submission,
    a_support_record,
    a_vital,
    an_event,
)

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def care(database) -> Care:
    return a_cared_for_client(database)


@pytest.fixture
def high(care):
    """182/112 in a session of this morning."""
    with care.database.writing() as db:
        session = a_given_session(db, care.course, given_at=NOW - 5 * HOUR)
        a_vital(db, session, taken_at=NOW - 5 * HOUR)
        return a_vital(db, session, taken_at=NOW - 4 * HOUR, systolic=182, diastolic=112)


def _course(care: Care, viewer, now=NOW):
    with care.database.reading() as db:
        practice = practice_in_force(db, now)
        (course,) = course_standings(db, Asked(viewer, practice, now))
    return course


def _alerts(care: Care, viewer=None, now=NOW):
    course = _course(care, viewer or care.prescriber, now)
    return [one for one in course.attention if one.reason is Reason.ALERT]


def _quiet(care: Care, mark: str, **typed) -> QuietEntered:
    usual = {"reason": "Anxious; 134/84 at home since", "until_on": TODAY + DAY}
    return QuietEntered(new_id(), care.course.id, mark, **(usual | typed))


def test_a_red_pressure_stands_until_the_next_normal_one(care, high):
    (alert,) = _alerts(care)
    assert (alert.tone, alert.signal.value) == (Tone.RED, "182/112")

    with care.database.writing() as db:
        next_session = a_given_session(db, care.course, given_at=NOW - HOUR)
        a_vital(db, next_session, taken_at=NOW - HOUR)

    assert _alerts(care) == []


def test_one_entered_in_error_was_no_alert(care, high):
    care.do(void_vital, care.nurse, VoidRowEntered(high.id, "Cuff on the wrong arm"))
    assert _alerts(care) == []


def test_after_a_month_it_was_answered_elsewhere(care, high):
    kinds = [one.signal.kind for one in _alerts(care, now=NOW + 31 * DAY)]
    assert SignalKind.PRESSURE not in kinds


def test_an_event_that_went_home_with_the_client_is_an_alert_until_it_is_over(care):
    with care.database.writing() as db:
        session = a_given_session(db, care.course, given_at=NOW - 3 * HOUR)
        session.discharged_at = NOW - HOUR
        event = an_event(db, session, onset_at=NOW - 2 * HOUR)
    (alert,) = _alerts(care, care.therapist)
    assert alert.signal.value == "Nausea, mild, goes on"

    care.do(resolve_event, care.therapist, ResolvedEntered(event.id))

    assert _alerts(care) == []


def test_the_front_desk_and_others_are_told_of_none(care, high):
    assert _alerts(care, care.front_desk) == []
    with care.database.reading() as db:
        asked = Asked(care.stranger, practice_in_force(db, NOW), NOW)
        assert course_standings(db, asked) == ()


def test_the_prescriber_quiets_it_with_a_reason_and_it_speaks_again_by_itself(care, high):
    (alert,) = _alerts(care)
    entered = _quiet(care, alert.signal.mark)
    for _ in range(2):
        care.do(quiet_alert, care.prescriber, entered)

    assert _alerts(care) == []
    (signal,) = _course(care, care.therapist).signals
    assert (signal.quiet.until_on, signal.quiet.by) == (TODAY + DAY, care.prescriber.name)
    assert len(_alerts(care, now=NOW + 2 * DAY)) == 1
    assert len(care.rows(Acknowledgement)) == 1
    (event,) = audit_events(care.database)
    assert event.tag == "alert:quieted"
    assert "Anxious" not in str(event.changes)


def test_what_was_quieted_longer_ago_than_anything_may_rest_is_not_read(ending):
    """A row that no form of ours makes: what it says would hold, were it looked at."""
    clearance = _deadlines(ending)[SignalKind.CLEARANCE]
    later, long_ago = NOW + 6 * DAY, NOW + 6 * DAY - LONGEST_QUIET
    for at, is_quiet in ((long_ago, False), (long_ago + HOUR, True)):
        with ending.database.writing() as db:
            db.add(
                Acknowledgement(
                    id=new_id(),
                    episode_id=ending.course.id,
                    mark=clearance.mark,
                    until_on=TODAY + 99 * DAY,
                    reason="Visit on Monday",
                    by_id=ending.prescriber.clinician_id,
                    at=at,
                )
            )
        assert (SignalKind.CLEARANCE not in _deadlines(ending, later)) is is_quiet


def test_an_older_longer_rest_does_not_come_back_when_the_newest_is_over(ending):
    mark = _deadlines(ending)[SignalKind.CLEARANCE].mark
    for minutes, days in ((0, 20), (1, 2)):
        entered = _quiet(ending, mark, until_on=TODAY + days * DAY)
        ending.do(quiet_alert, ending.prescriber, entered, now=NOW + timedelta(minutes=minutes))
    assert SignalKind.CLEARANCE not in _deadlines(ending, NOW + 2 * DAY)
    assert SignalKind.CLEARANCE in _deadlines(ending, NOW + 3 * DAY)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"reason": " "}, "reason"),
        ({"until_on": None}, "until_on"),
        ({"until_on": TODAY - DAY}, "until_on"),
        # Red rests until the next day at most.
        ({"until_on": TODAY + 2 * DAY}, "until_on"),
    ],
)
def test_rule_72_nothing_rests_without_a_reason_or_for_long(care, high, typed, field):
    (alert,) = _alerts(care)
    with pytest.raises(Invalid) as refused:
        care.do(quiet_alert, care.prescriber, _quiet(care, alert.signal.mark, **typed))
    assert list(refused.value.fields) == [field]
    assert len(_alerts(care)) == 1


@pytest.mark.parametrize("who", ["therapist", "nurse", "front_desk", "stranger"])
def test_nobody_but_a_prescriber_of_theirs_quiets_it(care, high, who):
    (alert,) = _alerts(care)
    with pytest.raises((NotAllowed, NotFound)):
        care.do(quiet_alert, getattr(care, who), _quiet(care, alert.signal.mark))


def test_what_is_no_alert_any_more_is_not_quieted(care, high):
    with pytest.raises(NotAllowed, match="not there any more"):
        care.do(quiet_alert, care.prescriber, _quiet(care, "pressure/other/red"))
    assert care.rows(Acknowledgement) == []


@pytest.mark.parametrize(("is_over", "alerts"), [(False, 1), (True, 0)])
def test_who_went_home_challenged_is_the_therapist_s_to_ask_after(care, is_over, alerts):
    with care.database.writing() as db:
        session = a_given_session(db, care.course, given_at=NOW - 3 * HOUR)
        challenge = Challenge(8, 20, "Breath", is_over).kept()
        a_support_record(db, session, care.therapist, challenge=challenge)
        earlier = a_given_session(db, care.course, given_at=NOW - 9 * DAY)
        a_support_record(db, earlier, care.therapist)

    found = _alerts(care, care.therapist)

    assert [one.waits_on for one in found] == [Part.THERAPIST] * alerts
    for one in found:
        for who in ("nurse", "front_desk"):
            with pytest.raises(NotAllowed):
                care.do(quiet_alert, getattr(care, who), _quiet(care, one.signal.mark))
        care.do(quiet_alert, care.therapist, _quiet(care, one.signal.mark))
        assert _alerts(care) == []


def test_who_was_never_seen_in_person_is_an_alert_of_the_course_that_goes_on(care):
    with care.database.writing() as db:
        (clearance,) = db.scalars(select(Clearance))
        clearance.in_person_on = None
    (alert,) = _alerts(care)
    assert alert.signal.kind is SignalKind.NOT_IN_PERSON

    entered = _quiet(care, alert.signal.mark, reason="Comes on Monday", until_on=TODAY + 6 * DAY)
    care.do(quiet_alert, care.prescriber, entered)
    assert _alerts(care) == []

    with care.database.writing() as db:
        db.get_one(Episode, care.course.id).state = EpisodeState.PREPARATION
    assert _course(care, care.prescriber).signals == ()


@pytest.fixture
def dosing(care):
    """A course on which ketamine is given."""
    with care.database.writing() as db:
        db.get_one(Episode, care.course.id).state = EpisodeState.SERIES
    return care


def _kinds(care: Care, now=NOW) -> list[SignalKind]:
    return [one.kind for one in _course(care, care.prescriber, now).signals]


def test_an_old_look_up_is_an_alert_until_it_is_looked_up_again(dosing):
    later = NOW + 71 * DAY
    assert SignalKind.LOOK_UP not in _kinds(dosing, later - DAY)
    assert SignalKind.LOOK_UP in _kinds(dosing, later)

    entered = LookupEntered(new_id(), dosing.course.id, TODAY + 71 * DAY)
    dosing.do(record_lookup, dosing.nurse, entered, now=later)

    assert SignalKind.LOOK_UP not in _kinds(dosing, later)


def test_a_visit_of_the_prescriber_or_a_review_is_looking_anew(dosing):
    later = NOW + 11 * DAY
    assert SignalKind.REVIEW_DUE not in _kinds(dosing, later - DAY)
    assert SignalKind.REVIEW_DUE in _kinds(dosing, later)
    # What was not kept, or was somebody else's, is none.
    with dosing.database.writing() as db:
        for kind, outcome in (
            (ContactKind.FOLLOW_UP, ContactOutcome.MISSED),
            (ContactKind.CHECK_IN, ContactOutcome.HELD),
        ):
            a_contact(
                db, dosing.course, dosing.prescriber, kind=kind, outcome=outcome, happened_at=NOW
            )
    assert SignalKind.REVIEW_DUE in _kinds(dosing, later)
    with dosing.database.writing() as db:
        a_contact(
            db,
            dosing.course,
            dosing.prescriber,
            kind=ContactKind.FOLLOW_UP,
            outcome=ContactOutcome.HELD,
            happened_at=NOW,
        )
    assert SignalKind.REVIEW_DUE not in _kinds(dosing, later)


@pytest.mark.parametrize(
    ("part", "who", "counts"),
    [
        (RecordPart.MEDICAL, "prescriber", True),
        (RecordPart.MEDICAL, "nurse", False),
        (RecordPart.SUPPORT, "therapist", False),
    ],
)
def test_signing_for_a_session_is_looking_anew_of_who_prescribes(dosing, part, who, counts):
    with dosing.database.writing() as db:
        session = a_given_session(db, dosing.course, given_at=NOW - HOUR)
        a_signature(db, session, part, getattr(dosing, who))
    assert (SignalKind.REVIEW_DUE not in _kinds(dosing, NOW + 11 * DAY)) is counts


@pytest.mark.parametrize("state", [EpisodeState.PREPARATION, EpisodeState.ASSESSMENT])
def test_nothing_of_it_is_asked_before_ketamine_is_given_or_on_hold(dosing, state):
    later = NOW + 200 * DAY
    assert {SignalKind.LOOK_UP, SignalKind.REVIEW_DUE} <= set(_kinds(dosing, later))
    with dosing.database.writing() as db:
        a_hold(db, dosing.course, HoldReason.BLOOD_PRESSURE, dosing.prescriber.clinician_id)
    assert _kinds(dosing, later) == []
    with dosing.database.writing() as db:
        db.execute(update(Hold).values(released_at=NOW))
        db.get_one(Episode, dosing.course.id).state = state
    assert _kinds(dosing, later) == []


def _five_doses(care: Care) -> list[str]:
    """60, 60, 70, 80 and 90 mg, a week apart, the last one today."""
    with care.database.writing() as db:
        return [
            a_given_session(db, care.course, given_at=NOW - HOUR - (4 - place) * 7 * DAY, ug=ug).id
            for place, ug in enumerate((60_000, 60_000, 70_000, 80_000, 90_000))
        ]


def test_rule_37_a_third_rise_is_raised_until_a_prescriber_has_decided(dosing):
    *_, last = _five_doses(dosing)
    (rising,) = [
        one for one in _course(dosing, dosing.therapist).signals if one.kind is SignalKind.RISING
    ]
    assert (rising.session_id, rising.part) == (last, Part.PRESCRIBER)
    assert rising.value.replace("\N{NO-BREAK SPACE}", " ") == "60 mg, 70 mg, 80 mg, 90 mg"
    # A therapist's note, or an unsigned one, decides nothing.
    with dosing.database.writing() as db:
        for author, signed_at in ((dosing.therapist, NOW), (dosing.prescriber, None)):
            a_signed_note(db, dosing.course, author, NoteKind.DECISION, signed_at=signed_at)
    assert SignalKind.RISING in _kinds(dosing)
    with dosing.database.writing() as db:
        a_signed_note(db, dosing.course, dosing.prescriber, NoteKind.DECISION)
    assert SignalKind.RISING not in _kinds(dosing)


def test_a_dose_entered_in_error_rises_no_more(dosing):
    *_, last = _five_doses(dosing)
    with dosing.database.writing() as db:
        db.execute(
            update(Administration)
            .where(Administration.ketamine_session_id == last)
            .values(voided_at=NOW)
        )
    assert SignalKind.RISING not in _kinds(dosing)


@pytest.fixture
def ending(dosing):
    """A course with all that is an alert and no figure: a concern, a form, two things that end."""
    with dosing.database.writing() as db:
        concern = a_concern(db, dosing.client, dosing.therapist, kind=ConcernKind.URINARY)
        for who in (dosing.prescriber.clinician_id, dosing.nurse.clinician_id):
            db.add(
                ConcernSeen(concern_id=concern.id, clinician_id=who, seen_by_id=who, seen_at=NOW)
            )
        at = NOW - 5 * DAY
        a_spravato_session(db, dosing.course, last_at=at, out_at=at + 3 * HOUR)
        (clearance,) = db.scalars(select(Clearance).where(Clearance.valid_until_on.is_not(None)))
        clearance.valid_until_on = TODAY + 9 * DAY
        by = dosing.prescriber.clinician_id
        a_consent(db, dosing.course, ConsentType.KAP_TREATMENT, by, expires_on=TODAY + 9 * DAY)
    return dosing


DEADLINES = (SignalKind.CONCERN, SignalKind.FORM, SignalKind.CLEARANCE, SignalKind.CONSENT)


def _deadlines(care: Care, now=NOW) -> dict[SignalKind, Signal]:
    attention = _course(care, care.prescriber, now).attention
    return {
        one.signal.kind: one.signal
        for one in attention
        if one.signal and one.signal.kind in DEADLINES
    }


@pytest.mark.parametrize("kind", DEADLINES)
def test_what_no_figure_raises_rests_with_a_reason_and_a_day_as_well(ending, kind):
    signal = _deadlines(ending)[kind]
    entered = _quiet(ending, signal.mark, reason="Visit on Monday", until_on=TODAY + 6 * DAY)
    for _ in range(2):
        ending.do(quiet_alert, ending.prescriber, entered)

    assert set(_deadlines(ending)) == set(DEADLINES) - {kind}
    quieted = [one for one in _course(ending, ending.therapist).signals if one.quiet]
    assert [(one.kind, one.quiet.reason) for one in quieted] == [(kind, "Visit on Monday")]
    assert kind in _deadlines(ending, NOW + 7 * DAY)


@pytest.mark.parametrize("kind", DEADLINES)
@pytest.mark.parametrize("who", ["therapist", "nurse", "front_desk", "stranger"])
def test_only_its_owner_lets_it_rest(ending, kind, who):
    signal = _deadlines(ending)[kind]
    with pytest.raises((NotAllowed, NotFound)):
        ending.do(quiet_alert, getattr(ending, who), _quiet(ending, signal.mark))
    assert ending.rows(Acknowledgement) == []


def test_a_concern_that_a_colleague_has_not_seen_cannot_rest(ending):
    with ending.database.writing() as db:
        concern = a_concern(db, ending.client, ending.therapist, kind=ConcernKind.PREGNANCY)
    mark = f"concern/{concern.id}/{concern.version}/red"
    assert mark in {one.mark for one in _course(ending, ending.prescriber).signals}
    with pytest.raises(NotAllowed, match="not seen yet"):
        ending.do(quiet_alert, ending.prescriber, _quiet(ending, mark))


@pytest.mark.parametrize("kind", DEADLINES)
def test_what_was_settled_is_no_alert_to_quiet(ending, kind):
    signal = _deadlines(ending)[kind]
    by = ending.prescriber.clinician_id
    with ending.database.writing() as db:
        match kind:
            case SignalKind.CONCERN:
                concern = db.get_one(Concern, signal.row_id.partition("/")[0])
                concern.closed_at, concern.closed_by_id = NOW, by
            case SignalKind.FORM:
                a_submission(db, db.get_one(KetamineSession, signal.session_id))
            case SignalKind.CLEARANCE:
                a_clearance(db, ending.course, by, decided_at=NOW)
            case SignalKind.CONSENT:
                a_consent(db, ending.course, ConsentType.KAP_TREATMENT, by, signed_on=TODAY)
    assert kind not in _deadlines(ending)
    with pytest.raises(NotAllowed, match="not there any more"):
        ending.do(quiet_alert, ending.prescriber, _quiet(ending, signal.mark))


@pytest.mark.parametrize(
    "mark", ["", "/", "concern", "concern//red", "form/none/red", "clearance/x/y/z", "consent/' --"]
)
def test_a_mark_that_nobody_made_quiets_nothing(ending, mark):
    with pytest.raises(NotAllowed, match="not there any more"):
        ending.do(quiet_alert, ending.prescriber, _quiet(ending, mark))


def test_the_front_desk_is_told_of_the_days_and_of_no_alert(ending):
    assert _course(ending, ending.front_desk).signals == ()


def test_rule_17_without_a_prescriber_the_therapist_lets_a_concern_rest(ending):
    with ending.database.writing() as db:
        for member in db.scalars(
            select(EpisodeMember).where(
                EpisodeMember.clinician_id == ending.prescriber.clinician_id
            )
        ):
            member.until_at = NOW - HOUR
        concern = db.scalars(select(Concern)).one()
    mark = f"concern/{concern.id}/{concern.version}/orange"
    assert mark in {one.mark for one in _course(ending, ending.therapist).signals}
    ending.do(quiet_alert, ending.therapist, _quiet(ending, mark))
    assert len(ending.rows(Acknowledgement)) == 1
