"""Courses of care: opened, handed over, moved through the gate, paused, and closed for good."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from kapteam.actions.endings import ClosingEntered, close_episode
from kapteam.actions.episodes import (
    EpisodeEntered,
    HoldEntered,
    MeasuresAskedEntered,
    MemberEntered,
    MoveEntered,
    ReleaseEntered,
    ask_for_measures,
    change_member,
    hold_episode,
    move_episode,
    open_episode,
    release_hold,
)
from kapteam.db.access import visible_episode
from kapteam.db.tables import (
    Episode,
    EpisodeMember,
    Hold,
    OutsideExperience,
)
from kapteam.errors import Conflict, Invalid, NotAllowed, NotFound
from kapteam.ids import new_id
from kapteam.vocabulary import (
    ClearanceDecision,
    CloseReason,
    ConsentType,
    EpisodeState,
    FinalScores,
    Function,
    HoldReason,
    Indication,
    Part,
    ProductRoute,
    ServiceLine,
)
from tests.factories import (
    NOW,
    TODAY,
    a_clearance,
    a_client,
    a_clinician,
    a_consent,
    a_course,
    a_hold,
    a_member,
    a_practice,
    audit_events,
    count_rows,
)


@pytest.fixture
def prescriber(database):
    with database.writing() as db:
        a_practice(db)
        return a_clinician(db, Function.PRESCRIBER)


@pytest.fixture
def therapist(database, prescriber):
    with database.writing() as db:
        return a_clinician(db, Function.THERAPIST)


@pytest.fixture
def outsider(database, prescriber):
    """A prescriber and therapist of the same practice who is on no course."""
    with database.writing() as db:
        return a_clinician(db, Function.PRESCRIBER, Function.THERAPIST, name="Otto Outer")


@pytest.fixture
def client(database, prescriber):
    with database.writing() as db:
        return a_client(db, prescriber)


@pytest.fixture
def course_in(database, client, prescriber, therapist):
    """Makes a course of the two in a state; the rest as `a_course` takes it."""

    def make(state, **situation):
        with database.writing() as db:
            return a_course(
                db, client, prescriber=prescriber, therapist=therapist, state=state, **situation
            )

    return make


def _write(database, action, viewer, entered, now=NOW):
    with database.writing() as db:
        return action(db, viewer, entered, now)


def _kept(database, course):
    with database.reading() as db:
        return db.get_one(Episode, course.id)


def _members(database, episode_id):
    with database.reading() as db:
        rows = db.scalars(
            select(EpisodeMember)
            .where(EpisodeMember.episode_id == episode_id)
            .order_by(EpisodeMember.from_at, EpisodeMember.part)
        ).all()
        db.expunge_all()
    return list(rows)


# --- opened ---------------------------------------------------------------------------------------


def _opening(client, prescriber, therapist, **typed):
    entered = EpisodeEntered(
        id=new_id(),
        client_id=client.id,
        service_line=ServiceLine.KAP,
        indications=(Indication.PTSD, Indication.DEPRESSION),
        prescriber_id=prescriber.clinician_id,
        prescriber_elsewhere="",
        therapist_id=therapist.clinician_id,
        therapist_elsewhere="",
        expects_intention=True,
        expects_integration=True,
        substance="",
        happened="",
        circumstances="",
    )
    return replace(entered, **typed)


def test_a_course_opens_in_assessment_with_its_members(database, client, prescriber, therapist):
    entered = _opening(client, prescriber, therapist)
    _write(database, open_episode, therapist, entered)
    with database.reading() as db:
        kept = db.get_one(Episode, entered.id)
        assert visible_episode(db, prescriber, entered.id, NOW) is kept
    assert (kept.state, kept.state_since) == (EpisodeState.ASSESSMENT, NOW)
    assert kept.indications == ["depression", "ptsd"]
    members = {one.part: one.clinician_id for one in _members(database, entered.id)}
    assert members == {
        Part.PRESCRIBER: prescriber.clinician_id,
        Part.THERAPIST: therapist.clinician_id,
    }
    assert count_rows(database, OutsideExperience) == 0
    [event] = audit_events(database)
    assert (event.tag, event.client_id, event.subject_id) == (
        "episode:opened",
        client.id,
        entered.id,
    )


def test_opening_saved_twice_is_one_course_and_one_audit_event(
    database, client, prescriber, therapist
):
    entered = _opening(client, prescriber, therapist)
    for _ in range(2):
        _write(database, open_episode, therapist, entered)
    assert count_rows(database, Episode) == 1
    assert count_rows(database, EpisodeMember) == 2
    assert len(audit_events(database)) == 1


def test_a_prescriber_elsewhere_is_a_name(database, client, prescriber, therapist):
    entered = _opening(
        client,
        prescriber,
        therapist,
        prescriber_id=None,
        prescriber_elsewhere="Dr. Fern Faraway, Tempe",
    )
    _write(database, open_episode, therapist, entered)
    elsewhere = {one.part: one.elsewhere for one in _members(database, entered.id)}
    assert elsewhere == {Part.PRESCRIBER: "Dr. Fern Faraway, Tempe", Part.THERAPIST: ""}


def test_psychedelic_integration_keeps_the_experience_and_no_intention(
    database, client, prescriber, therapist
):
    """Rule 11: nothing of ketamine is expected on such a course."""
    entered = _opening(
        client,
        prescriber,
        therapist,
        service_line=ServiceLine.PSYCHEDELIC_INTEGRATION,
        indications=(),
        prescriber_id=None,
        substance="psilocybin",
        happened="summer 2025",
        circumstances="A retreat, four days.",
    )
    _write(database, open_episode, therapist, entered)
    with database.reading() as db:
        experience = db.scalars(select(OutsideExperience)).one()
        assert (experience.substance, experience.happened) == ("psilocybin", "summer 2025")
        assert db.get_one(Episode, entered.id).expects_intention is False
    assert "psilocybin" not in str([event.changes for event in audit_events(database)])


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("service_line", {"service_line": None}),
        ("indications", {"indications": ()}),
        ("prescriber_id", {"prescriber_id": None}),
        ("therapist_id", {"therapist_id": None}),
        ("prescriber_id", {"prescriber_elsewhere": "Dr. Fern Faraway"}),
        ("prescriber_elsewhere", {"prescriber_id": None, "prescriber_elsewhere": "F" * 200}),
        ("substance", {"service_line": ServiceLine.PSYCHEDELIC_INTEGRATION, "happened": "May"}),
        ("happened", {"service_line": ServiceLine.PSYCHEDELIC_INTEGRATION, "substance": "LSD"}),
        ("circumstances", {"circumstances": "c" * 8001}),
    ],
)
def test_a_bad_opening_is_refused_beside_the_field(
    database, client, prescriber, therapist, field, typed
):
    entered = _opening(client, prescriber, therapist, **typed)
    with pytest.raises(Invalid) as refused:
        _write(database, open_episode, therapist, entered)
    assert set(refused.value.fields) == {field}
    assert count_rows(database, Episode) == 0
    assert audit_events(database) == []


def test_two_members_elsewhere_would_leave_nobody_here(database, client, prescriber, therapist):
    entered = _opening(
        client,
        prescriber,
        therapist,
        prescriber_id=None,
        prescriber_elsewhere="Dr. Fern Faraway",
        therapist_id=None,
        therapist_elsewhere="Tobin Away",
    )
    with pytest.raises(Invalid, match="works here"):
        _write(database, open_episode, therapist, entered)


def test_a_member_holds_the_function_of_the_part(database, client, prescriber, therapist):
    """Rule 15: who is not a prescriber is never the prescriber of a course."""
    swapped = _opening(
        client,
        prescriber,
        therapist,
        prescriber_id=therapist.clinician_id,
        therapist_id=prescriber.clinician_id,
    )
    with pytest.raises(Invalid) as refused:
        _write(database, open_episode, therapist, swapped)
    assert set(refused.value.fields) == {"prescriber_id", "therapist_id"}
    assert count_rows(database, Episode) == 0


def test_a_colleague_whose_sign_in_is_off_is_not_chosen(database, client, prescriber, therapist):
    with database.writing() as db:
        gone = a_clinician(db, Function.THERAPIST, suspended=True)
    entered = _opening(client, prescriber, therapist, therapist_id=gone.clinician_id)
    with pytest.raises(Invalid) as refused:
        _write(database, open_episode, prescriber, entered)
    assert set(refused.value.fields) == {"therapist_id"}


def test_one_person_may_be_both(database, client, outsider):
    entered = _opening(client, outsider, outsider)
    _write(database, open_episode, outsider, entered)
    assert {one.clinician_id for one in _members(database, entered.id)} == {outsider.clinician_id}


@pytest.mark.parametrize("function", [Function.NURSE, Function.COORDINATOR])
def test_nurse_and_front_desk_run_no_course(database, client, course_in, function):
    course = course_in(EpisodeState.ASSESSMENT)
    held = course_in(EpisodeState.SERIES, hold=HoldReason.TRAVEL)
    with database.writing() as db:
        other = a_clinician(db, function, sees_everyone=True)
        hold = db.scalars(select(Hold).where(Hold.episode_id == held.id)).one()
    attempts = [
        (open_episode, _opening(client, other, other)),
        (change_member, _handing(course, None, other.clinician_id)),
        (move_episode, MoveEntered(course.id, 1, EpisodeState.PREPARATION)),
        (hold_episode, _pause(course)),
        (release_hold, ReleaseEntered(hold.id, "Back again.")),
        (close_episode, _closing(course)),
    ]
    for action, entered in attempts:
        with pytest.raises(NotAllowed):
            _write(database, action, other, entered)
    assert count_rows(database, Episode) == 2
    assert _kept(database, course).version == 1
    assert audit_events(database) == []


def test_somebody_not_on_the_course_finds_nothing(database, client, course_in, outsider):
    course = course_in(EpisodeState.SERIES, hold=HoldReason.TRAVEL)
    with database.writing() as db:
        hold = db.scalars(select(Hold)).one()
    attempts = [
        (open_episode, _opening(client, outsider, outsider)),
        (change_member, _handing(course, None, outsider.clinician_id)),
        (move_episode, MoveEntered(course.id, 1, EpisodeState.SERIES_REVIEW)),
        (hold_episode, _pause(course)),
        (release_hold, ReleaseEntered(hold.id, "Back again.")),
        (close_episode, _closing(course)),
    ]
    for action, entered in attempts:
        with pytest.raises(NotFound) as refused:
            _write(database, action, outsider, entered)
        assert "Okafor" not in str(refused.value)
    assert _kept(database, course).version == 1
    assert audit_events(database) == []


# --- members --------------------------------------------------------------------------------------


def _handing(course, replaces, clinician_id, part=Part.THERAPIST, **typed):
    entered = MemberEntered(
        id=new_id(),
        episode_id=course.id,
        part=part,
        replaces_id=replaces,
        clinician_id=clinician_id,
        clinician_elsewhere="",
        until_on=None,
    )
    return replace(entered, **typed)


def _member_row(database, course, part):
    return next(one for one in _members(database, course.id) if one.part is part)


def test_a_part_ends_and_another_begins(database, course_in, therapist, outsider):
    course = course_in(EpisodeState.SERIES)
    before = _member_row(database, course, Part.THERAPIST)
    handing = _handing(course, before.id, outsider.clinician_id)
    for minutes in (0, 1):
        later = NOW + timedelta(minutes=minutes)
        _write(database, change_member, therapist, handing, later)
    therapists = [one for one in _members(database, course.id) if one.part is Part.THERAPIST]
    assert [(one.clinician_id, one.until_at) for one in therapists] == [
        (therapist.clinician_id, NOW),
        (outsider.clinician_id, None),
    ]
    [event] = audit_events(database)
    assert event.changes["clinician_id"] == [therapist.clinician_id, outsider.clinician_id]
    with database.reading() as db:
        visible_episode(db, outsider, course.id, NOW)
        with pytest.raises(NotFound):
            visible_episode(db, therapist, course.id, NOW)


def test_a_part_goes_elsewhere_or_to_nobody(database, course_in, prescriber):
    course = course_in(EpisodeState.SERIES)
    before = _member_row(database, course, Part.THERAPIST)
    away = _handing(course, before.id, None, clinician_elsewhere="Tobin Away, Mesa")
    _write(database, change_member, prescriber, away)
    ended = _handing(course, away.id, None)
    for _ in range(2):
        _write(database, change_member, prescriber, ended, NOW + timedelta(days=1))
    therapists = [one for one in _members(database, course.id) if one.part is Part.THERAPIST]
    assert [one.elsewhere for one in therapists] == ["", "Tobin Away, Mesa"]
    assert all(one.until_at for one in therapists)
    assert len(audit_events(database)) == 2


def test_two_people_handing_over_one_part_do_not_overwrite(
    database, course_in, prescriber, therapist, outsider
):
    course = course_in(EpisodeState.SERIES)
    before = _member_row(database, course, Part.THERAPIST)
    first = _handing(course, before.id, outsider.clinician_id)
    _write(database, change_member, prescriber, first)
    with pytest.raises(Conflict):
        _write(
            database,
            change_member,
            prescriber,
            _handing(course, before.id, None, clinician_elsewhere="Tobin Away"),
        )
    assert len(audit_events(database)) == 1


def test_a_nurse_covers_a_course_and_sees_it(database, course_in, therapist):
    course = course_in(EpisodeState.SERIES)
    with database.writing() as db:
        nurse = a_clinician(db, Function.NURSE)
    cover = _handing(course, None, nurse.clinician_id, Part.COVER, until_on=TODAY)
    _write(database, change_member, therapist, cover)
    with database.reading() as db:
        assert visible_episode(db, nurse, course.id, NOW).id == course.id


def test_cover_sees_the_course_until_the_end_of_its_last_day(
    database, course_in, therapist, outsider
):
    course = course_in(EpisodeState.SERIES)
    cover = _handing(course, None, outsider.clinician_id, Part.COVER, until_on=TODAY)
    _write(database, change_member, therapist, cover)
    midnight = datetime(2026, 11, 25, 7, 0, tzinfo=UTC)
    with database.reading() as db:
        visible_episode(db, outsider, course.id, midnight - timedelta(seconds=1))
        with pytest.raises(NotFound):
            visible_episode(db, outsider, course.id, midnight)


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("until_on", {"until_on": None}),
        ("until_on", {"until_on": TODAY - timedelta(days=1)}),
        ("clinician_elsewhere", {"clinician_id": None, "clinician_elsewhere": "Tobin Away"}),
        ("clinician_id", {"clinician_elsewhere": "Tobin Away"}),
        ("clinician_id", {"clinician_id": "nobody"}),
    ],
)
def test_a_bad_cover_is_refused_beside_the_field(
    database, course_in, therapist, outsider, field, typed
):
    course = course_in(EpisodeState.SERIES)
    cover = _handing(course, None, outsider.clinician_id, Part.COVER, until_on=TODAY)
    with pytest.raises(Invalid) as refused:
        _write(database, change_member, therapist, replace(cover, **typed))
    assert field in refused.value.fields
    assert count_rows(database, EpisodeMember) == 2


def test_the_last_one_here_stays(database, client, therapist):
    with database.writing() as db:
        course = a_course(db, client, prescriber="Dr. Fern Faraway", therapist=therapist)
        a_member(db, course, therapist, Part.COVER)
    before = _member_row(database, course, Part.THERAPIST)
    with pytest.raises(Invalid) as refused:
        _write(database, change_member, therapist, _handing(course, before.id, None))
    assert set(refused.value.fields) == {"clinician_id"}
    assert _member_row(database, course, Part.THERAPIST).until_at is None


# --- moved ----------------------------------------------------------------------------------------


def test_a_move_is_kept_with_old_and_new_state(database, course_in, therapist):
    course = course_in(EpisodeState.ASSESSMENT)
    move = MoveEntered(course.id, 1, EpisodeState.PREPARATION)
    for minutes in (0, 1):
        _write(database, move_episode, therapist, move, NOW + timedelta(minutes=minutes))
    kept = _kept(database, course)
    assert (kept.state, kept.state_since) == (EpisodeState.PREPARATION, NOW)
    [event] = audit_events(database)
    assert (event.tag, event.changes) == (
        "episode:moved",
        {"state": ["assessment", "preparation"]},
    )


@pytest.mark.parametrize(
    ("state", "to", "says"),
    [
        (EpisodeState.ASSESSMENT, EpisodeState.SERIES, "from assessment to series"),
        (EpisodeState.SERIES, EpisodeState.SERIES, "from series to series"),
        (EpisodeState.SERIES, EpisodeState.MAINTENANCE, "from series to maintenance"),
        (EpisodeState.MAINTENANCE, EpisodeState.INTEGRATION, "from maintenance to integration"),
        (EpisodeState.CLOSED, EpisodeState.ASSESSMENT, "Open a new one"),
    ],
)
def test_an_illegal_move_is_refused_in_a_sentence(database, course_in, therapist, state, to, says):
    course = course_in(state)
    with pytest.raises(NotAllowed, match=says):
        _write(database, move_episode, therapist, MoveEntered(course.id, 1, to))
    assert _kept(database, course).state is state
    assert audit_events(database) == []


@pytest.mark.parametrize("to", [None, EpisodeState.CLOSED])
def test_a_move_needs_a_state_and_closing_its_own_form(database, course_in, therapist, to):
    course = course_in(EpisodeState.SERIES)
    with pytest.raises(Invalid) as refused:
        _write(database, move_episode, therapist, MoveEntered(course.id, 1, to))
    assert set(refused.value.fields) == {"to"}
    assert _kept(database, course).state is EpisodeState.SERIES


def test_a_course_on_hold_does_not_move(database, course_in, therapist):
    course = course_in(EpisodeState.SERIES, hold=HoldReason.TRAVEL)
    move = MoveEntered(course.id, 1, EpisodeState.SERIES_REVIEW)
    with pytest.raises(NotAllowed, match="on hold"):
        _write(database, move_episode, therapist, move)


def test_two_people_moving_one_course_do_not_overwrite(database, course_in, therapist, prescriber):
    course = course_in(EpisodeState.SERIES_REVIEW)
    _write(database, move_episode, therapist, MoveEntered(course.id, 1, EpisodeState.MAINTENANCE))
    with pytest.raises(Conflict):
        _write(database, move_episode, prescriber, MoveEntered(course.id, 1, EpisodeState.SERIES))
    assert _kept(database, course).state is EpisodeState.MAINTENANCE


def test_the_gate_opens_with_clearance_and_consents(database, course_in, therapist):
    """Rules 21 and 22: from preparation to series."""
    course = course_in(EpisodeState.PREPARATION, cleared=True)
    _write(database, move_episode, therapist, MoveEntered(course.id, 1, EpisodeState.SERIES))
    assert _kept(database, course).state is EpisodeState.SERIES


def _no_clearance(db, course, by_id):
    pass


def _clearance_ran_out(db, course, by_id):
    a_clearance(db, course, by_id, valid_until_on=TODAY - timedelta(days=1))


def _deferred_since(db, course, by_id):
    a_clearance(db, course, by_id)
    a_clearance(
        db,
        course,
        by_id,
        decision=ClearanceDecision.DEFERRED,
        routes=(),
        valid_until_on=None,
        decided_at=NOW - timedelta(days=1),
    )


@pytest.mark.parametrize("situation", [_no_clearance, _clearance_ran_out, _deferred_since])
def test_the_gate_stays_shut_without_a_clearance_in_date(
    database, course_in, prescriber, situation
):
    """Rule 21, first half of the gate."""
    course = course_in(EpisodeState.PREPARATION)
    with database.writing() as db:
        situation(db, course, prescriber.clinician_id)
        for consent_type in ConsentType:
            a_consent(db, course, consent_type, prescriber.clinician_id)
    move = MoveEntered(course.id, 1, EpisodeState.SERIES)
    with pytest.raises(NotAllowed, match="clearance"):
        _write(database, move_episode, prescriber, move)
    assert _kept(database, course).state is EpisodeState.PREPARATION
    assert audit_events(database) == []


@pytest.mark.parametrize(
    "lapse",
    [{"expires_on": TODAY - timedelta(days=1)}, {"revoked_on": TODAY - timedelta(days=1)}],
)
@pytest.mark.parametrize(
    "consent_type",
    [
        ConsentType.KAP_TREATMENT,
        ConsentType.OFF_LABEL,
        ConsentType.THERAPY,
        ConsentType.TEAM_SHARING,
    ],
)
def test_the_newest_consent_of_a_type_counts(database, course_in, prescriber, consent_type, lapse):
    """Rule 22: expired or revoked blocks, although an older one never ran out; it is named."""
    course = course_in(EpisodeState.PREPARATION, cleared=True)
    with database.writing() as db:
        signed_on = TODAY - timedelta(days=10)
        by_id = prescriber.clinician_id
        a_consent(db, course, consent_type, by_id, signed_on=signed_on, **lapse)
    move = MoveEntered(course.id, 1, EpisodeState.SERIES)
    with pytest.raises(NotAllowed, match=consent_type.label):
        _write(database, move_episode, prescriber, move)


def test_the_therapists_consent_is_asked_only_where_one_works(
    database, client, prescriber, therapist
):
    with database.writing() as db:
        course = a_course(
            db,
            client,
            prescriber=prescriber,
            state=EpisodeState.PREPARATION,
            expects_intention=False,
            expects_integration=False,
        )
        a_clearance(db, course, prescriber.clinician_id, routes=(ProductRoute.ESKETAMINE_NASAL,))
        for consent_type in (ConsentType.KAP_TREATMENT, ConsentType.TEAM_SHARING):
            a_consent(db, course, consent_type, prescriber.clinician_id)
    with database.writing() as db:
        part = a_member(db, course, therapist, Part.THERAPIST)
    with pytest.raises(NotAllowed, match=ConsentType.THERAPY.label):
        _write(database, move_episode, prescriber, MoveEntered(course.id, 1, EpisodeState.SERIES))
    with database.writing() as db:
        db.get_one(EpisodeMember, part.id).until_at = NOW
    _write(database, move_episode, prescriber, MoveEntered(course.id, 1, EpisodeState.SERIES))
    assert _kept(database, course).state is EpisodeState.SERIES


def test_a_series_after_its_review_does_not_pass_the_gate_again(database, course_in, therapist):
    course = course_in(EpisodeState.SERIES_REVIEW)
    _write(database, move_episode, therapist, MoveEntered(course.id, 1, EpisodeState.SERIES))
    assert _kept(database, course).state is EpisodeState.SERIES


# --- held -----------------------------------------------------------------------------------------


def _pause(course, **typed):
    entered = HoldEntered(
        id=new_id(),
        episode_id=course.id,
        reason=HoldReason.TRAVEL,
        note="Away with her sister.",
        look_again_on=TODAY,
    )
    return replace(entered, **typed)


def test_a_hold_leaves_the_state_and_is_one_audit_event(database, course_in, therapist):
    course = course_in(EpisodeState.SERIES)
    pause = _pause(course)
    for _ in range(2):
        _write(database, hold_episode, therapist, pause)
    assert _kept(database, course).state is EpisodeState.SERIES
    assert count_rows(database, Hold) == 1
    [event] = audit_events(database)
    assert event.changes == {"reason": "travel", "look_again_on": TODAY.isoformat()}


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("reason", {"reason": None}),
        ("look_again_on", {"look_again_on": None}),
        ("look_again_on", {"look_again_on": TODAY - timedelta(days=1)}),
        ("note", {"note": "n" * 8001}),
    ],
)
def test_a_bad_hold_is_refused_beside_the_field(database, course_in, therapist, field, typed):
    course = course_in(EpisodeState.SERIES)
    with pytest.raises(Invalid) as refused:
        _write(database, hold_episode, therapist, _pause(course, **typed))
    assert set(refused.value.fields) == {field}
    assert count_rows(database, Hold) == 0


def test_a_course_has_one_hold_at_a_time(database, course_in, therapist):
    course = course_in(EpisodeState.SERIES, hold=HoldReason.BLOOD_PRESSURE)
    with pytest.raises(NotAllowed, match="already"):
        _write(database, hold_episode, therapist, _pause(course))
    assert count_rows(database, Hold) == 1


def _only_hold(database):
    with database.reading() as db:
        return db.scalars(select(Hold)).one()


@pytest.mark.parametrize("reason", HoldReason)
def test_a_medical_hold_is_released_by_a_prescriber_only(
    database, course_in, therapist, prescriber, reason
):
    """Rule 15, the release of a hold."""
    course_in(EpisodeState.SERIES, hold=reason)
    release = ReleaseEntered(_only_hold(database).id, "Settled.")
    if reason.is_medical:
        with pytest.raises(NotAllowed, match="medical hold"):
            _write(database, release_hold, therapist, release)
        assert _only_hold(database).released_at is None
        _write(database, release_hold, prescriber, release)
    else:
        _write(database, release_hold, therapist, release)
    assert _only_hold(database).released_at == NOW


def test_a_release_pressed_twice_is_one_audit_event(database, course_in, prescriber):
    course = course_in(EpisodeState.SERIES, hold=HoldReason.COST)
    release = ReleaseEntered(_only_hold(database).id, "Insurance pays.")
    for minutes in (0, 1):
        later = NOW + timedelta(minutes=minutes)
        _write(database, release_hold, prescriber, release, later)
    [event] = audit_events(database)
    assert event.changes["released_at"] == [None, NOW.isoformat()]
    _write(database, hold_episode, prescriber, _pause(course), NOW + timedelta(hours=1))
    assert count_rows(database, Hold) == 2


def test_a_release_needs_its_reason(database, course_in, prescriber):
    course_in(EpisodeState.SERIES, hold=HoldReason.COST)
    hold_id = _only_hold(database).id
    with pytest.raises(Invalid) as refused:
        _write(database, release_hold, prescriber, ReleaseEntered(hold_id, " "))
    assert set(refused.value.fields) == {"release_note"}
    assert _only_hold(database).released_at is None


def test_an_unknown_hold_is_not_found(database, course_in, prescriber):
    course_in(EpisodeState.SERIES)
    with pytest.raises(NotFound):
        _write(database, release_hold, prescriber, ReleaseEntered(new_id(), "x"))


# --- closed (the end itself: test_endings.py) --------------------------------------------------


def _closing(course, **typed):
    entered = ClosingEntered(
        episode_id=course.id,
        version=1,
        close_reason=CloseReason.GOALS_MET,
        close_note="Both of us and the client agree.",
        final_scores=FinalScores.OBTAINED,
        final_scores_why="",
        medicine_at_home=None,
        medicine_note="",
        goes_on_with_id=None,
        choices={},
    )
    return replace(entered, **typed)


def test_nothing_begins_on_a_closed_course(database, course_in, therapist, outsider):
    course = course_in(EpisodeState.CLOSED)
    member = _member_row(database, course, Part.THERAPIST)
    for action, entered in (
        (hold_episode, _pause(course)),
        (change_member, _handing(course, member.id, outsider.clinician_id)),
    ):
        with pytest.raises(NotAllowed, match="closed"):
            _write(database, action, therapist, entered)
    assert count_rows(database, Hold) == 0
    assert audit_events(database) == []


def test_a_released_hold_leaves_room_for_a_move(database, course_in, therapist, prescriber):
    course = course_in(EpisodeState.SERIES)
    with database.writing() as db:
        hold = a_hold(db, course, HoldReason.OTHER, prescriber.clinician_id)
    _write(database, release_hold, therapist, ReleaseEntered(hold.id, "Back."))
    move = MoveEntered(course.id, 1, EpisodeState.SERIES_REVIEW)
    _write(database, move_episode, therapist, move, NOW + timedelta(minutes=1))
    assert _kept(database, course).state is EpisodeState.SERIES_REVIEW


def test_rule_51_measures_are_asked_for_all_the_same_and_no_more(
    database, course_in, therapist, prescriber
):
    course = course_in(EpisodeState.SERIES)
    ask = MeasuresAskedEntered(course.id, 1, is_asked=True)
    with database.writing() as db:
        ask_for_measures(db, therapist, ask, NOW)
    # Pressed twice it is one event.
    with database.writing() as db:
        ask_for_measures(db, therapist, ask, NOW)
    kept = _kept(database, course)
    assert (kept.measures_asked_at, kept.measures_asked_by_id) == (NOW, therapist.clinician_id)
    (event,) = audit_events(database, "episode:measures_asked")
    assert event.changes == {"measures_asked_at": [None, "2026-11-24T21:30:00+00:00"]}

    stop = MeasuresAskedEntered(course.id, kept.version, is_asked=False)
    with database.writing() as db:
        ask_for_measures(db, prescriber, stop, NOW)
    kept = _kept(database, course)
    assert (kept.measures_asked_at, kept.measures_asked_by_id) == (None, None)
    (event,) = audit_events(database, "episode:measures_not_asked")
    assert event.clinician_id == prescriber.clinician_id


def test_of_two_who_set_whether_measures_are_asked_for_the_later_sees_the_other(
    database, course_in, therapist, prescriber
):
    course = course_in(EpisodeState.SERIES)
    with database.writing() as db:
        ask_for_measures(db, therapist, MeasuresAskedEntered(course.id, 1, is_asked=True), NOW)
    with pytest.raises(Conflict), database.writing() as db:
        ask_for_measures(db, prescriber, MeasuresAskedEntered(course.id, 1, is_asked=False), NOW)
    assert _kept(database, course).measures_asked_at == NOW


def test_who_does_not_run_the_course_sets_nothing_and_nothing_is_set_of_a_closed_one(
    database, course_in, therapist, outsider
):
    course = course_in(EpisodeState.SERIES)
    closed = course_in(EpisodeState.CLOSED)
    with database.writing() as db:
        nurse = a_clinician(db, Function.NURSE)
        a_member(db, course, nurse, Part.COVER)
    for who, of, wrong in (
        (outsider, course, NotFound),
        (nurse, course, NotAllowed),
        (therapist, closed, NotAllowed),
    ):
        with pytest.raises(wrong), database.writing() as db:
            ask_for_measures(db, who, MeasuresAskedEntered(of.id, 1, is_asked=True), NOW)
        assert _kept(database, of).measures_asked_at is None
