"""What may become of everything that is loose when a course of care ends: a table of situations."""

from datetime import UTC, datetime, timedelta

import pytest

from kapteam.rules.asks import AskStage
from kapteam.rules.loose_ends import Choice, Loose, LooseKind, loose_ends
from kapteam.vocabulary import (
    ConcernKind,
    ConsentType,
    ContactKind,
    HoldReason,
    IntegrationCloseReason,
    IntegrationKind,
    NoteKind,
    OutsideParty,
)

C, K = Choice, LooseKind
NOW = datetime(2026, 11, 24, 21, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
CLOSES = (C.DECLINED, C.ELSEWHERE, C.NOT_NEEDED, C.OUT_OF_TOUCH)
ACTION_ENDS = (C.DONE, C.DROPPED)
FULL, DEBRIEF = IntegrationKind.FULL, IntegrationKind.DEBRIEF

DOSE = Loose(K.DOSE, "dose", at=NOW + HOUR)
ASKED = Loose(K.DOSE, "asked", at=NOW - HOUR, is_asked=True)
UNCONFIRMED = Loose(K.UNCONFIRMED, "told", at=NOW, who="Robin Prescott")
OWED = Loose(K.INTEGRATION, "owed", at=NOW, what=FULL, dose_ids=("given",))
DEBRIEFING = Loose(K.INTEGRATION, "debrief", what=DEBRIEF, version=1)
FORM = Loose(K.FORM, "sprayed", at=NOW)
NOTE = Loose(K.NOTE, "held", at=NOW, who="Thea Tallis", what=FULL)
DRAFT = Loose(K.DRAFT, "draft", at=NOW, who="Robin Prescott", what=NoteKind.RISK)
CHECK_IN = Loose(K.CONTACT, "check", at=NOW + HOUR, what=ContactKind.CHECK_IN)
FOLLOW_UP = Loose(K.CONTACT, "visit", at=NOW + HOUR, what=ContactKind.FOLLOW_UP)
PASSED = Loose(K.CONTACT, "passed", at=NOW - HOUR, what=ContactKind.CALL, is_asked=True)
CONSENT = Loose(K.CONSENT, "consent", consents=(("consent", ConsentType.TOUCH),))
WAIT = Loose(K.WAIT, "wait", at=NOW, who="Cory Corner", what=OutsideParty.INSURER)
QUESTION = Loose(K.ASK, "asked", at=NOW, who="Robin Prescott", what=AskStage.OPEN)
MINE = Loose(K.ASK, "mine", at=NOW, who="Robin Prescott", what=AskStage.OPEN, withdrawable=True)
CONCERN = Loose(K.CONCERN, "raised", at=NOW, who="Thea Tallis", what=ConcernKind.OTHER)
ACTION = Loose(K.ACTION, "agreed", at=NOW, who="Robin Prescott", version=1)
MARK = Loose(K.MARK, "marked", at=NOW, who="Thea Tallis")
HOLD = Loose(K.HOLD, "hold", at=NOW, what=HoldReason.TRAVEL)


@pytest.mark.parametrize(
    ("one", "ends", "same", "colleague"),
    [
        (DOSE, (C.CANCEL,), (C.CANCEL,), (C.CANCEL,)),
        (OWED, CLOSES, (C.KEEP, *CLOSES), (C.HAND_OVER, *CLOSES)),
        (DEBRIEFING, CLOSES, CLOSES, CLOSES),
        (CHECK_IN, (C.CANCEL,), (C.CANCEL, C.KEEP), (C.CANCEL, C.HAND_OVER)),
        (FOLLOW_UP, (C.CANCEL,), (C.CANCEL,), (C.CANCEL,)),
        (CONSENT, (C.KEEP, C.REVOKE), (C.KEEP, C.REVOKE), (C.KEEP, C.REVOKE)),
        (WAIT, (C.CANCEL,), (C.CANCEL,), (C.CANCEL,)),
        (QUESTION, (C.KEEP,), (C.KEEP,), (C.KEEP,)),
        (MINE, (C.KEEP, C.WITHDRAW), (C.KEEP, C.WITHDRAW), (C.KEEP, C.WITHDRAW)),
        (ACTION, ACTION_ENDS, (C.KEEP, *ACTION_ENDS), (C.HAND_OVER, *ACTION_ENDS)),
        (MARK, (), (), ()),
        (HOLD, (), (), ()),
        (ASKED, (), (), ()),
        (PASSED, (), (), ()),
        (UNCONFIRMED, (), (), ()),
        (FORM, (), (), ()),
        (NOTE, (), (), ()),
        (DRAFT, (), (), ()),
    ],
    ids=lambda value: value.id if isinstance(value, Loose) else "",
)
def test_rule_56_only_what_makes_sense_is_offered(one, ends, same, colleague):
    """Where therapy ends as well, goes on with the same therapist, or with a colleague."""
    for offered, goes_on, same_therapist in (
        (ends, False, False),
        (same, True, True),
        (colleague, True, False),
    ):
        [found] = loose_ends((one,), goes_on=goes_on, same_therapist=same_therapist)
        assert found.choices == offered


@pytest.mark.parametrize(
    ("one", "first"),
    [
        (ASKED, "Say first in its record what became of it."),
        (PASSED, "Say first how it ended."),
        (UNCONFIRMED, "Robin Prescott confirms this dose first."),
        (FORM, "Submit it first: a course that ended stands on no list."),
        (NOTE, "Thea Tallis signs the note first."),
        (DRAFT, "Robin Prescott signs the note first."),
    ],
    ids=lambda value: value.id if isinstance(value, Loose) else "",
)
@pytest.mark.parametrize("chosen", [None, *Choice])
def test_what_has_to_be_done_first_is_said_whatever_is_chosen(one, first, chosen):
    [found] = loose_ends((one,), goes_on=True, same_therapist=True)
    assert found.refusal(chosen) == found.first == first


@pytest.mark.parametrize("one", [DOSE, OWED, CHECK_IN, CONSENT], ids=lambda one: one.id)
@pytest.mark.parametrize("chosen", [None, *Choice])
def test_a_choice_that_is_not_offered_is_none(one, chosen):
    [found] = loose_ends((one,), goes_on=False, same_therapist=False)
    assert (found.refusal(chosen) is None) is (chosen in found.choices)


def test_a_hold_ends_with_the_course_and_asks_for_nothing():
    [found] = loose_ends((HOLD,), goes_on=False, same_therapist=False)
    assert (found.first, found.refusal(None)) == ("", None)


def test_only_a_consent_has_a_usual_choice_and_that_is_to_stay():
    found = loose_ends((DOSE, OWED, CHECK_IN, CONSENT), goes_on=True, same_therapist=True)
    assert {one.loose.id: one.usual for one in found} == {
        "dose": None,
        "owed": None,
        "check": None,
        "consent": C.KEEP,
    }


def test_what_holds_the_end_up_comes_first_then_the_sooner():
    later = Loose(K.DOSE, "later", at=NOW + 3 * HOUR)
    found = loose_ends(
        (CONSENT, later, DOSE, HOLD, NOTE, OWED, UNCONFIRMED), goes_on=False, same_therapist=False
    )
    assert [one.loose.id for one in found] == [
        "told",
        "held",
        "dose",
        "later",
        "owed",
        "consent",
        "hold",
    ]


def test_every_reason_to_close_an_integration_is_a_choice_and_no_other_choice_closes_one():
    closing = [one.close_reason for one in Choice if one.close_reason]
    assert closing == list(IntegrationCloseReason)
    assert {one for one in Choice if one.goes_on} == {C.KEEP, C.HAND_OVER}


def test_a_concern_is_loose_only_where_no_therapy_goes_on_that_would_bring_it_up():
    [end] = loose_ends([CONCERN], goes_on=False, same_therapist=False)
    assert end.refusal(C.CANCEL) == "Clear it first by a signed note."
    assert loose_ends([CONCERN], goes_on=True, same_therapist=True) == ()
