"""The states of a course, the legal moves between them, and the gate to dosing (domain 1.1)."""

from datetime import date, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapteam.errors import NotAllowed
from kapteam.rules.pathway import (
    BOOKABLE,
    TRANSITIONS,
    ClearanceFacts,
    ConsentFacts,
    check_can_book_ketamine,
    check_can_move,
    check_gate,
    missing_clearance,
    missing_consents,
    moves,
    moves_by,
    required_consents,
)
from kapteam.vocabulary import (
    ClearanceDecision,
    ConsentType,
    ContactKind,
    EpisodeState,
    ProductRoute,
    ServiceLine,
)

TODAY = date(2026, 11, 24)
YESTERDAY = TODAY - timedelta(days=1)
KAP = ServiceLine.KAP
S = EpisodeState
IM = ProductRoute.INTRAMUSCULAR
ESKETAMINE = ProductRoute.ESKETAMINE_NASAL


def _clearance(
    decision=ClearanceDecision.CLEARED, routes=(IM,), ceiling=None, valid_until_on=TODAY
):
    return ClearanceFacts(decision, frozenset(routes), ceiling, valid_until_on)


def _signed(*types, expires_on=None, revoked_on=None):
    return [ConsentFacts(one, expires_on, revoked_on) for one in types]


EVERY_CONSENT = _signed(*ConsentType)


# --- moves ----------------------------------------------------------------------------------------


LEGAL = {
    KAP: {
        S.ASSESSMENT: [S.PREPARATION, S.CLOSED],
        S.PREPARATION: [S.SERIES, S.CLOSED],
        S.SERIES: [S.SERIES_REVIEW, S.CLOSED],
        S.SERIES_REVIEW: [S.SERIES, S.MAINTENANCE, S.CLOSED],
        S.MAINTENANCE: [S.SERIES, S.CLOSED],
        S.INTEGRATION: [],
        S.CLOSED: [],
    },
    ServiceLine.PSYCHEDELIC_INTEGRATION: {
        S.ASSESSMENT: [S.INTEGRATION, S.CLOSED],
        S.INTEGRATION: [S.CLOSED],
    },
    ServiceLine.THERAPY_AFTER_KAP: {
        S.ASSESSMENT: [S.INTEGRATION, S.CLOSED],
        S.INTEGRATION: [S.CLOSED],
    },
}


@pytest.mark.parametrize(("line", "state"), list(product(ServiceLine, EpisodeState)))
def test_the_legal_moves_are_those_of_the_pathway(line, state):
    assert list(moves(line, state)) == LEGAL[line].get(state, [])


@pytest.mark.parametrize(("line", "state", "to"), list(product(ServiceLine, S, S)))
def test_every_move_is_legal_or_refused_in_a_sentence(line, state, to):
    if to in LEGAL[line].get(state, []):
        check_can_move(line, state, to, on_hold=False)
        return
    with pytest.raises(NotAllowed) as refused:
        check_can_move(line, state, to, on_hold=False)
    sentence = str(refused.value)
    assert sentence.endswith(".")
    if state is S.CLOSED:
        assert "Open a new one" in sentence
    else:
        assert f"from {state.label.lower()} to {to.label.lower()}" in sentence


def test_a_sentence_keeps_its_capitals():
    with pytest.raises(NotAllowed, match="A course of therapy after KAP cannot go"):
        check_can_move(ServiceLine.THERAPY_AFTER_KAP, S.ASSESSMENT, S.SERIES, on_hold=False)


@pytest.mark.parametrize("line", ServiceLine)
def test_every_state_of_a_line_leads_to_closed_and_closed_leads_nowhere(line):
    for state in TRANSITIONS[line]:
        reached, ahead = {state}, [state]
        while ahead:
            fresh = set(moves(line, ahead.pop())) - reached
            reached |= fresh
            ahead += fresh
        assert S.CLOSED in reached
    assert moves(line, S.CLOSED) == ()


@pytest.mark.parametrize("state", [one for one in LEGAL[KAP] if LEGAL[KAP][one]])
def test_a_course_on_hold_can_only_close(state):
    for to in LEGAL[KAP][state]:
        if to is S.CLOSED:
            check_can_move(KAP, state, to, on_hold=True)
        else:
            with pytest.raises(NotAllowed, match="on hold"):
                check_can_move(KAP, state, to, on_hold=True)


# --- clearance ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clearance", "route", "missing"),
    [
        (None, None, "a clearance by the prescriber"),
        (_clearance(), None, None),
        (_clearance(), IM, None),
        (_clearance(valid_until_on=None), IM, None),
        (_clearance(valid_until_on=YESTERDAY), IM, "no longer valid"),
        (_clearance(), ProductRoute.SUBLINGUAL, "a clearance for sublingual"),
        (_clearance(ClearanceDecision.CLEARED_WITH_CONDITIONS), IM, None),
        (_clearance(ClearanceDecision.DEFERRED), IM, "the last decision was: deferred"),
        (_clearance(ClearanceDecision.NOT_ELIGIBLE), IM, "not eligible"),
    ],
)
def test_rule_21_the_missing_clearance_is_named(clearance, route, missing):
    said = missing_clearance(clearance, route, TODAY)
    assert said is None if missing is None else missing in said


@given(
    st.sampled_from(ClearanceDecision),
    st.frozensets(st.sampled_from(ProductRoute)),
    st.one_of(st.none(), st.dates()),
    st.sampled_from(ProductRoute),
    st.dates(),
)
def test_rule_21_nothing_is_missing_only_when_cleared_for_that_route_on_that_day(
    decision, routes, until, route, on
):
    said = missing_clearance(ClearanceFacts(decision, routes, None, until), route, on)
    good = decision.allows_ketamine and route in routes and (until is None or until >= on)
    assert (said is None) == good


# --- consents -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expires_on", "revoked_on", "in_date"),
    [
        (None, None, True),
        (TODAY, None, True),
        (YESTERDAY, None, False),
        (None, TODAY, False),
        (None, YESTERDAY, False),
        (TODAY, YESTERDAY, False),
    ],
)
def test_rule_22_expired_or_revoked_is_not_in_date(expires_on, revoked_on, in_date):
    assert ConsentFacts(ConsentType.TOUCH, expires_on, revoked_on).is_in_date(TODAY) is in_date


def test_rule_22_a_consent_counts_until_it_was_revoked():
    assert ConsentFacts(ConsentType.TOUCH, None, TODAY).is_in_date(YESTERDAY)


@pytest.mark.parametrize(
    ("routes", "with_therapy", "needed"),
    [
        ([IM], True, ["KAP_TREATMENT", "OFF_LABEL", "THERAPY", "TEAM_SHARING"]),
        ([IM, ESKETAMINE], False, ["KAP_TREATMENT", "OFF_LABEL", "TEAM_SHARING"]),
        ([ESKETAMINE], True, ["KAP_TREATMENT", "THERAPY", "TEAM_SHARING"]),
        ([ESKETAMINE], False, ["KAP_TREATMENT", "TEAM_SHARING"]),
    ],
)
def test_which_consents_dosing_needs(routes, with_therapy, needed):
    found = required_consents(routes, with_therapy=with_therapy)
    assert [one.name for one in found] == needed


def test_rule_22_only_the_required_consents_can_be_missing():
    signed = _signed(ConsentType.OFF_LABEL, ConsentType.RECORDING, ConsentType.TOUCH)
    missing = missing_consents(signed, [IM], TODAY, with_therapy=False)
    assert missing == (ConsentType.KAP_TREATMENT, ConsentType.TEAM_SHARING)


OPTIONAL = (
    ConsentType.OBSERVER,
    ConsentType.TOUCH,
    ConsentType.TELEHEALTH,
    ConsentType.RECORDING,
)


@pytest.mark.parametrize("lapse", [{"expires_on": YESTERDAY}, {"revoked_on": TODAY}, None])
@pytest.mark.parametrize("optional", OPTIONAL)
def test_what_need_not_be_agreed_to_never_blocks(optional, lapse):
    """Neither where it was never signed (`lapse` None) nor where it ran out or was taken back."""
    rest = _signed(*(set(ConsentType) - {optional}))
    consents = rest if lapse is None else rest + _signed(optional, **lapse)
    assert missing_consents(consents, ProductRoute, TODAY, with_therapy=True) == ()
    check_gate(_clearance(), consents, TODAY, with_therapy=True)


def test_a_consent_is_either_needed_for_dosing_or_optional():
    needed = required_consents(ProductRoute, with_therapy=True)
    assert set(needed) | set(OPTIONAL) == set(ConsentType)
    assert set(needed) & set(OPTIONAL) == set()


# --- the gate -------------------------------------------------------------------------------------


def test_the_gate_opens_with_clearance_and_every_consent():
    check_gate(_clearance(), EVERY_CONSENT, TODAY, with_therapy=True)


def test_the_gate_names_everything_that_is_missing():
    with pytest.raises(NotAllowed) as refused:
        check_gate(None, _signed(ConsentType.THERAPY), TODAY, with_therapy=True)
    assert str(refused.value) == (
        "The series cannot begin yet. Missing: a clearance by the prescriber; the consent "
        "“KAP treatment”; the consent “Off-label use”; the consent “Team sharing”."
    )


def test_the_gate_names_off_label_use_although_a_deferral_has_no_routes():
    deferred = _clearance(ClearanceDecision.DEFERRED, routes=())
    with pytest.raises(NotAllowed, match="Off-label use"):
        check_gate(deferred, [], TODAY, with_therapy=False)


@pytest.mark.parametrize(
    "clearance",
    [None, _clearance(valid_until_on=YESTERDAY), _clearance(ClearanceDecision.NOT_ELIGIBLE)],
)
def test_rule_21_no_gate_without_a_clearance_in_date(clearance):
    with pytest.raises(NotAllowed, match="clearance"):
        check_gate(clearance, EVERY_CONSENT, TODAY, with_therapy=True)


@pytest.mark.parametrize("lapse", [{"expires_on": YESTERDAY}, {"revoked_on": TODAY}])
@pytest.mark.parametrize("lapsed", required_consents([IM], with_therapy=True))
def test_rule_22_no_gate_with_a_lapsed_consent(lapsed, lapse):
    consents = _signed(*(set(ConsentType) - {lapsed})) + _signed(lapsed, **lapse)
    with pytest.raises(NotAllowed, match=lapsed.label):
        check_gate(_clearance(), consents, TODAY, with_therapy=True)


# --- booking --------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", sorted(BOOKABLE))
def test_a_ketamine_session_is_booked_from_preparation_on(state):
    check_can_book_ketamine(KAP, state, on_hold=False)
    with pytest.raises(NotAllowed, match="on hold"):
        check_can_book_ketamine(KAP, state, on_hold=True)


@pytest.mark.parametrize("state", [S.ASSESSMENT, S.CLOSED])
def test_no_ketamine_session_before_preparation_or_after_the_end(state):
    with pytest.raises(NotAllowed, match=state.label.lower()):
        check_can_book_ketamine(KAP, state, on_hold=False)


@pytest.mark.parametrize("line", [one for one in ServiceLine if one is not KAP])
@pytest.mark.parametrize("state", EpisodeState)
def test_rules_11_and_13_no_dose_on_a_course_without_ketamine(line, state):
    with pytest.raises(NotAllowed, match="Open a KAP course"):
        check_can_book_ketamine(line, state, on_hold=False)


@given(st.sampled_from(ContactKind), st.sampled_from(ServiceLine), st.sampled_from(EpisodeState))
def test_a_contact_moves_a_course_only_where_it_may_go_and_never_ends_it(kind, line, state):
    found = moves_by(kind, line, state)

    assert set(found) <= set(moves(line, state)) - {EpisodeState.CLOSED}
    assert not found or kind.function
