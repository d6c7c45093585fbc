"""Changing a colleague, and turning a sign-in off with its courses handed over."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from kapteam.actions.team import (
    ColleagueEntered,
    OwnPhoneEntered,
    TurnOffEntered,
    change_colleague,
    change_own_phone,
    taker_field,
    turn_off_sign_in,
)
from kapteam.db.tables import Clinician, ClinicianFunction, EpisodeMember
from kapteam.errors import Conflict, Invalid, NotAllowed, NotFound, Unchanged
from kapteam.queries.practice import open_parts
from kapteam.queries.standing import Asked
from kapteam.vocabulary import EpisodeState, Function, Part
from tests.factories import NOW, a_clinician, a_course, audit_events
from tests.factories_care import a_cared_for_client
from tests.query_recorder import recorded_statements


@pytest.fixture
def care(database):
    return a_cared_for_client(database)


@pytest.fixture
def admin(care):
    with care.database.writing() as db:
        return a_clinician(db, Function.COORDINATOR, name="Ada Adams", is_administrator=True)


def _part(care, who):
    (part,) = care.rows(EpisodeMember, clinician_id=who.clinician_id)
    return part


def _turn_off(care, admin, who, takers=None, now=NOW):
    entered = TurnOffEntered(who.clinician_id, takers or {})
    care.do(turn_off_sign_in, admin, entered, now=now)


def _is_on(care, who):
    return care.row(Clinician, who.clinician_id).suspended_at is None


def _entered(care, who, **other):
    row = care.row(Clinician, who.clinician_id)
    values = {
        "id": row.id,
        "version": row.version,
        "name": row.name,
        "credentials": row.credentials,
        "phone": row.phone,
        "functions": tuple(who.functions),
        "is_administrator": row.is_administrator,
    }
    return ColleagueEntered(**values | other)


def _functions(care, who):
    with care.database.reading() as db:
        held = select(ClinicianFunction.function).where(
            ClinicianFunction.clinician_id == who.clinician_id
        )
        return set(db.scalars(held))


def test_a_part_is_handed_over_and_the_sign_in_turned_off_in_one(care, admin):
    part = _part(care, care.therapist)

    _turn_off(care, admin, care.therapist, {part.id: care.stranger.clinician_id})

    assert not _is_on(care, care.therapist)
    assert care.row(EpisodeMember, part.id).until_at == NOW
    assert (_part(care, care.stranger).part, _part(care, care.stranger).until_at) == (
        Part.THERAPIST,
        None,
    )
    [event] = audit_events(care.database, "episode:member_changed")
    assert (event.clinician_id, event.client_id) == (admin.clinician_id, care.client.id)
    assert event.changes["clinician_id"] == [
        care.therapist.clinician_id,
        care.stranger.clinician_id,
    ]
    assert len(audit_events(care.database, "clinician:suspended")) == 1


def test_what_nobody_takes_stays_theirs(care, admin):
    part = _part(care, care.therapist)

    _turn_off(care, admin, care.therapist, {part.id: None})

    assert not _is_on(care, care.therapist)
    assert care.row(EpisodeMember, part.id).until_at is None
    assert audit_events(care.database, "episode:member_changed") == []


def test_a_second_press_hands_nothing_over_again(care, admin):
    takers = {_part(care, care.therapist).id: care.stranger.clinician_id}

    for minutes in (0, 1):
        _turn_off(care, admin, care.therapist, takers, NOW + timedelta(minutes=minutes))

    assert len(care.rows(EpisodeMember, clinician_id=care.stranger.clinician_id)) == 1
    assert len(audit_events(care.database, "episode:member_changed")) == 1
    assert len(audit_events(care.database, "clinician:suspended")) == 1


def test_a_part_that_somebody_else_handed_over_is_a_conflict_and_turns_nothing_off(care, admin):
    with care.database.writing() as db:
        other = a_clinician(db, Function.THERAPIST, name="Tess Elsewhere")
        care_part = _part(care, care.therapist)
        db.get_one(EpisodeMember, care_part.id).until_at = NOW - timedelta(minutes=1)

    with pytest.raises(Conflict, match="Somebody else handed"):
        _turn_off(care, admin, care.therapist, {care_part.id: other.clinician_id})

    assert _is_on(care, care.therapist)
    assert care.rows(EpisodeMember, clinician_id=other.clinician_id) == []


@pytest.mark.parametrize("who", ["prescriber", "therapist", "nurse", "front_desk"])
def test_only_an_administrator_turns_a_sign_in_off(care, admin, who):
    with pytest.raises(NotAllowed, match="Only an administrator"):
        _turn_off(care, getattr(care, who), care.stranger)
    assert _is_on(care, care.stranger)


def test_who_may_not_have_the_part_is_refused_beside_it_and_nothing_is_saved(care, admin):
    part, cover = _part(care, care.therapist), _part(care, care.nurse)
    with care.database.writing() as db:
        gone = a_clinician(db, Function.THERAPIST, name="Gone Graham", suspended=True)

    for taker in (care.front_desk, care.prescriber, gone, care.therapist):
        with pytest.raises(Invalid) as refused:
            _turn_off(care, admin, care.therapist, {part.id: taker.clinician_id})
        assert list(refused.value.fields) == [taker_field(part.id)]
    with pytest.raises(NotFound):
        _turn_off(care, admin, care.therapist, {cover.id: care.stranger.clinician_id})

    assert _is_on(care, care.therapist)
    assert care.row(EpisodeMember, part.id).until_at is None
    assert audit_events(care.database) == []


def test_a_refused_last_administrator_hands_nothing_over(care, admin):
    with care.database.writing() as db:
        db.get_one(Clinician, admin.clinician_id).is_administrator = False
        db.get_one(Clinician, care.therapist.clinician_id).is_administrator = True
    part = _part(care, care.therapist)

    with pytest.raises(NotAllowed, match="last administrator"):
        _turn_off(care, admin, care.therapist, {part.id: care.stranger.clinician_id})

    assert care.row(EpisodeMember, part.id).until_at is None


def test_a_cover_is_taken_for_as_long_as_it_was(care, admin):
    cover = _part(care, care.nurse)
    until = NOW + timedelta(days=3)
    with care.database.writing() as db:
        db.get_one(EpisodeMember, cover.id).until_at = until

    _turn_off(care, admin, care.nurse, {cover.id: care.stranger.clinician_id})

    assert _part(care, care.stranger).until_at == until


def test_open_parts_are_listed_in_one_statement_and_closed_or_ended_ones_are_not(care, admin):
    with care.database.writing() as db:
        a_course(db, care.client, therapist=care.therapist, state=EpisodeState.CLOSED)
        ended = a_course(db, care.client, prescriber=care.prescriber, therapist=care.therapist)
        db.flush()
        db.scalars(
            select(EpisodeMember).where(
                EpisodeMember.episode_id == ended.id, EpisodeMember.part == Part.THERAPIST
            )
        ).one().until_at = NOW - timedelta(days=1)

    def parts_for(viewer):
        with care.database.reading() as db, recorded_statements(care.database.engine) as made:
            found = open_parts(db, Asked(viewer, None, NOW), care.therapist.clinician_id)
        return found, len([one for one in made if "episode_member" in str(one)])

    (part,), statements = parts_for(care.prescriber)
    assert (part.code, part.client.family, statements) == (care.client.code, "Okafor", 1)
    (hidden,), _ = parts_for(care.stranger)
    assert (hidden.code, hidden.client) == (care.client.code, None)


def test_functions_and_administrator_are_changed_and_audited(care, admin):
    both = (Function.NURSE, Function.THERAPIST)
    entered = _entered(care, care.nurse, functions=both, is_administrator=True, credentials="RN")

    care.do(change_colleague, admin, entered)
    care.do(change_colleague, admin, entered)

    assert _functions(care, care.nurse) == set(both)
    [event] = audit_events(care.database, "clinician:changed")
    assert event.changes == {
        "credentials": ["", "RN"],
        "is_administrator": [False, True],
        "functions": [["nurse"], ["nurse", "therapist"]],
    }


@pytest.mark.parametrize("who", ["prescriber", "therapist", "nurse", "front_desk"])
def test_nobody_makes_themself_an_administrator(care, admin, who):
    person = getattr(care, who)
    with pytest.raises(NotAllowed, match="Only an administrator"):
        care.do(change_colleague, person, _entered(care, person, is_administrator=True))
    assert care.row(Clinician, person.clinician_id).is_administrator is False


def test_the_last_administrator_cannot_drop_it_and_one_of_two_can(care, admin):
    dropped = _entered(care, admin, is_administrator=False)
    # A colleague whose one-time link waits to be used could not let anybody in.
    care.do(change_colleague, admin, _entered(care, care.nurse, is_administrator=True))
    with pytest.raises(Invalid) as refused:
        care.do(change_colleague, admin, dropped)
    assert "last administrator" in refused.value.fields["is_administrator"]

    with care.database.writing() as db:
        db.get_one(Clinician, care.nurse.clinician_id).password_hash = "a hash"
    care.do(change_colleague, admin, dropped)
    assert care.row(Clinician, admin.clinician_id).is_administrator is False


def test_what_an_open_course_needs_is_not_taken_away(care, admin):
    with pytest.raises(Invalid) as refused:
        care.do(
            change_colleague, admin, _entered(care, care.therapist, functions=(Function.NURSE,))
        )
    assert "open course" in refused.value.fields["functions"]
    assert _functions(care, care.therapist) == {Function.THERAPIST}


def test_without_a_name_or_a_function_nothing_is_saved(care, admin):
    with pytest.raises(Invalid) as refused:
        care.do(change_colleague, admin, _entered(care, care.front_desk, name=" ", functions=()))
    assert set(refused.value.fields) == {"name", "functions"}
    assert audit_events(care.database) == []


def test_a_colleague_saved_unchanged_writes_nothing(care, admin):
    with pytest.raises(Unchanged):
        care.do(change_colleague, admin, _entered(care, care.nurse))
    assert audit_events(care.database) == []


def test_a_stale_change_overwrites_nobody(care, admin):
    first = _entered(care, care.nurse, name="Nico Night")
    stale = _entered(care, care.nurse, functions=(Function.THERAPIST,))
    care.do(change_colleague, admin, first)

    with pytest.raises(Conflict) as refused:
        care.do(change_colleague, admin, stale)

    assert refused.value.theirs["name"] == "Nico Night"
    assert _functions(care, care.nurse) == {Function.NURSE}


def test_functions_that_somebody_else_changed_are_not_overwritten(care, admin):
    both = (Function.NURSE, Function.THERAPIST)
    first = _entered(care, care.nurse, functions=both)
    stale = _entered(care, care.nurse, functions=(Function.NURSE, Function.COORDINATOR))
    care.do(change_colleague, admin, first)

    with pytest.raises(Conflict) as refused:
        care.do(change_colleague, admin, stale)

    assert refused.value.theirs == {"functions": "Therapist, Nurse"}
    assert _functions(care, care.nurse) == set(both)


def test_that_a_number_changed_is_on_record_and_not_the_number(care, admin):
    care.do(change_colleague, admin, _entered(care, care.therapist, phone="602-555-0199"))

    assert care.row(Clinician, care.therapist.clinician_id).phone == "602-555-0199"
    [event] = audit_events(care.database, "clinician:changed")
    assert event.changes == {"phone": "changed"}


@pytest.mark.parametrize("who", ["prescriber", "front_desk", "stranger"])
def test_everybody_changes_the_number_at_which_colleagues_reach_them(care, who):
    viewer = getattr(care, who)
    for _ in range(2):
        care.do(change_own_phone, viewer, OwnPhoneEntered(1, " 602-555-0142 "))
    phones = {one.id: one.phone for one in care.rows(Clinician)}
    assert phones.pop(viewer.clinician_id) == "602-555-0142"
    assert set(phones.values()) == {""}
    (event,) = audit_events(care.database, "clinician:changed")
    assert event.changes == {"phone": "changed"}


def test_one_s_own_number_overwrites_nobody_s_and_is_checked(care):
    with pytest.raises(Unchanged):
        care.do(change_own_phone, care.nurse, OwnPhoneEntered(1, ""))
    with pytest.raises(Invalid):
        care.do(change_own_phone, care.nurse, OwnPhoneEntered(1, "6" * 5000))
    care.do(change_own_phone, care.nurse, OwnPhoneEntered(1, "602-555-0142"))
    with pytest.raises(Conflict):
        care.do(change_own_phone, care.nurse, OwnPhoneEntered(1, "602-555-0199"))
    assert care.row(Clinician, care.nurse.clinician_id).phone == "602-555-0142"
