"""Who may do what: the table of product.md, as a table."""

import inspect
from dataclasses import replace

import pytest

from kapteam.errors import NotAllowed
from kapteam.rules import permissions
from kapteam.rules.concerns import owners
from kapteam.rules.permissions import Beside, Viewer
from kapteam.sentences import who_is_here
from kapteam.vocabulary import Audience, ConcernKind, Function, HoldReason, NoteKind, RecordPart

P, T, N, C = Function.PRESCRIBER, Function.THERAPIST, Function.NURSE, Function.COORDINATOR
TABLE = {
    "order_dose": {P},
    "propose_dose": {T},
    "clear": {P},
    "run_episode": {P, T},
    "pin": {P, T},
    "raise_concern": {P, T, N},
    "ask": {P, T, N},
    "keep_safety_plan": {P, T},
    "book": {P, T, N, C},
    "record_session": {P, T, N},
    "hold_integration": {P, T},
    "enter_score": {P, T, N, C},
    "read_scores": {P, T, N},
    "record_support": {T},
    "read_notes": {P, T, N},
    "open_in_emergency": {P, T, N},
    "administer": set(),
}


def _viewer(*functions: Function, administers: bool = False) -> Viewer:
    return Viewer(
        sign_in_id="sign-in",
        clinician_id="clinician",
        name="Robin Prescott",
        functions=frozenset(functions),
        is_administrator=administers,
        audience=Audience.JUST_ME,
        sees_everyone=True,
    )


def _allows(check, *arguments, **named) -> bool:
    try:
        check(*arguments, **named)
    except NotAllowed:
        return False
    return True


@pytest.mark.parametrize("function", Function)
@pytest.mark.parametrize("what", TABLE)
def test_who_is_beside_somebody_adds_nothing_to_what_they_may(what, function):
    check = getattr(permissions, f"check_can_{what}")
    alone = _viewer(function)
    both = replace(alone, beside=Beside("colleague", "Thea Tallis"))
    assert _allows(check, both) == _allows(check, alone)
    assert both.stands_for("clinician")
    assert not both.stands_for("colleague")
    assert (both.reads_notes, both.hides_names) == (alone.reads_notes, alone.hides_names)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("Thea Tallis", None), "Thea Tallis"),
        (("Thea Tallis", "Robin Prescott"), "Thea and Robin · Thea acts"),
        (("Robin Prescott", "Robin Adair"), "Robin Prescott and Robin Adair · Robin Prescott acts"),
    ],
)
def test_of_two_it_is_said_who_acts(names, said):
    acts, other = names
    beside = Beside("colleague", other) if other else None
    assert who_is_here(replace(_viewer(), name=acts, beside=beside)) == said


@pytest.mark.parametrize("function", Function)
@pytest.mark.parametrize("what", TABLE)
def test_rules_15_and_16_each_function_may_do_what_the_table_says(what, function):
    check = getattr(permissions, f"check_can_{what}")
    assert _allows(check, _viewer(function)) == (function in TABLE[what])


@pytest.mark.parametrize("what", TABLE)
def test_a_person_without_a_function_may_do_nothing(what):
    assert not _allows(getattr(permissions, f"check_can_{what}"), _viewer())


@pytest.mark.parametrize("what", TABLE)
def test_both_functions_allow_what_either_does(what):
    check = getattr(permissions, f"check_can_{what}")
    assert _allows(check, _viewer(P, T)) == bool(TABLE[what] & {P, T})


def test_the_administrator_administers_whatever_the_function():
    for function in Function:
        assert _allows(permissions.check_can_administer, _viewer(function, administers=True))


@pytest.mark.parametrize("function", Function)
def test_days_away_are_set_by_oneself_and_by_an_administrator(function):
    viewer = _viewer(function)
    for whose, administers, allowed in (
        (viewer.clinician_id, False, True),
        ("colleague", False, False),
        (None, False, False),
        ("colleague", True, True),
    ):
        one = _viewer(function, administers=administers)
        assert permissions.can_set_days_away(one, whose) is allowed


@pytest.mark.parametrize("function", Function)
def test_a_score_is_marked_by_who_reads_it_and_by_who_entered_it(function):
    viewer = _viewer(function)
    assert permissions.can_void_score(viewer, viewer.clinician_id)
    assert permissions.can_void_score(viewer, "colleague") is (function is not C)


@pytest.mark.parametrize("function", Function)
@pytest.mark.parametrize("own", [True, False])
def test_a_dose_is_struck_by_who_recorded_it_and_by_any_prescriber(function, own):
    viewer = _viewer(function)
    recorded_by_id = viewer.clinician_id if own else "colleague"

    may = function is P or (own and function in {T, N})
    strike = permissions.check_can_strike_dose
    assert _allows(strike, viewer, recorded_by_id, "Noor Ocotillo") is may


def test_an_administrator_strikes_no_dose():
    viewer = _viewer(administers=True)
    assert not _allows(permissions.check_can_strike_dose, viewer, viewer.clinician_id, "Ada Quist")


def test_who_treats_can_be_covered_for_and_the_front_desk_cannot():
    assert {one for one in Function if permissions.treats(frozenset({one}))} == {P, T, N}


def test_administering_gives_no_clinical_right():
    assert not _allows(permissions.check_can_order_dose, _viewer(C, administers=True))
    assert not _allows(permissions.check_can_read_notes, _viewer(C, administers=True))


@pytest.mark.parametrize(
    ("part", "allowed"), [(RecordPart.MEDICAL, {P, N}), (RecordPart.SUPPORT, {T})]
)
@pytest.mark.parametrize("function", Function)
def test_who_signs_which_part_of_a_record(part, allowed, function):
    viewer = _viewer(function)
    assert _allows(permissions.check_can_sign_record, viewer, part) == (function in allowed)
    assert permissions.can_sign_record(viewer, part) == (function in allowed)
    assert not permissions.can_sign_record(_viewer(administers=True), part)


@pytest.mark.parametrize(
    ("kind", "allowed"),
    [
        (NoteKind.INTENTION, {T}),
        (NoteKind.INTEGRATION, {P, T}),
        (NoteKind.RISK, {P, T}),
        (NoteKind.DECISION, {P, T}),
        (NoteKind.GENERAL, {P, T, N}),
    ],
)
@pytest.mark.parametrize("function", Function)
def test_rule_16_who_writes_which_note(kind, allowed, function):
    viewer = _viewer(function)
    assert _allows(permissions.check_can_write_note, viewer, kind) == (function in allowed)
    assert permissions.can_write_note(viewer, kind) == (function in allowed)


@pytest.mark.parametrize("function", Function)
def test_rule_15_a_medical_hold_is_released_by_a_prescriber(function):
    check = permissions.check_can_release_hold
    assert _allows(check, _viewer(function), medical=True) == (function is P)
    assert _allows(check, _viewer(function), medical=False) == (function in {P, T})


def test_every_twin_says_what_its_check_does():
    """`can_x` is the boolean of `check_can_x`, for every function and none."""
    found = dict(inspect.getmembers(permissions, inspect.isfunction))
    viewers = [_viewer(one) for one in Function] + [_viewer(), _viewer(P, T, administers=True)]
    twins = [
        name.removeprefix("can_")
        for name, function in found.items()
        if name.startswith("can_") and len(inspect.signature(function).parameters) == 1
    ]
    assert len(twins) >= 6
    for name in twins:
        for viewer in viewers:
            assert found[f"can_{name}"](viewer) == _allows(found[f"check_can_{name}"], viewer)


def test_notes_are_shown_to_whoever_may_read_them():
    for function in Function:
        viewer = _viewer(function)
        assert viewer.reads_notes == _allows(permissions.check_can_read_notes, viewer)


def test_a_viewer_knows_both_of_its_functions():
    both = _viewer(P, T)
    assert both.is_prescriber
    assert both.is_therapist
    assert not _viewer(N).is_prescriber
    assert not _viewer(N).is_therapist


@pytest.mark.parametrize("function", Function)
@pytest.mark.parametrize(
    ("kind", "has_prescriber", "who"),
    [
        (ConcernKind.MEDICINE_USE, True, {P}),
        (ConcernKind.MEDICINE_USE, False, {P, T}),
        (ConcernKind.MANIA_PSYCHOSIS, True, {P}),
        (ConcernKind.PREGNANCY, True, {P}),
        (ConcernKind.URINARY, True, {P}),
        (ConcernKind.SUICIDE_RISK, True, {P, T}),
        (ConcernKind.OTHER, True, {P, T}),
    ],
)
def test_rule_17_a_concern_is_cleared_by_whose_it_is(kind, has_prescriber, who, function):
    owning = owners(kind, has_prescriber=has_prescriber)
    allowed = _allows(permissions.check_can_clear_concern, _viewer(function), owning)
    assert allowed == permissions.can_clear_concern(_viewer(function), owning) == (function in who)


@pytest.mark.parametrize("reason", HoldReason)
def test_the_front_desk_is_told_that_a_course_is_on_hold_and_no_medical_reason(reason):
    told = permissions.hold_reason_for(_viewer(C), reason)
    assert told is (HoldReason.OTHER if reason.is_medical else reason)
    assert permissions.hold_reason_for(_viewer(N), reason) is reason
