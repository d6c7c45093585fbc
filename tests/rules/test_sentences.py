"""The words for a judgement: one sentence for one standing, wherever it is shown."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapteam import sentences
from kapteam.instruments import instruments
from kapteam.rules.asks import AskFacts, AskInShort, AskStage, Seat, judge_ask
from kapteam.rules.attention import Attention, Reason
from kapteam.rules.cadence import USUAL_CADENCES, OtherSession, spravato_plan, too_often
from kapteam.rules.change import Baseline, Complete, Slipping, change
from kapteam.rules.concerns import ConcernStanding
from kapteam.rules.dosing import MayAdd, Silence
from kapteam.rules.integration import IntegrationFacts, judge
from kapteam.rules.loose_ends import Loose, LooseKind
from kapteam.rules.monitoring_form import FormStage, FormStanding
from kapteam.rules.notes import IntentionStage, IntentionStanding
from kapteam.rules.readiness import Requirement, tone_of
from kapteam.rules.review_actions import ActionInShort
from kapteam.rules.scoring import score, score_result, score_total
from kapteam.rules.series import SeriesCount
from kapteam.rules.spravato import Device, Watched
from kapteam.rules.thresholds import Thresholds
from kapteam.vocabulary import (
    ConcernKind,
    ConcernLevel,
    ConsentType,
    ContactKind,
    EpisodeState,
    HoldReason,
    IntegrationKind,
    OrderState,
    Part,
    ProductRoute,
    ReadinessItem,
    SessionStatus,
    Tone,
)
from kapteam.wording import NBSP

PHOENIX = ZoneInfo("America/Phoenix")
NOW = datetime(2026, 11, 24, 21, 30, tzinfo=UTC)
TODAY = date(2026, 11, 24)
USUAL = Thresholds()


def _ahead(hours: float) -> datetime:
    return NOW + timedelta(hours=hours)


def _integration(hours=None, *, thresholds=USUAL, **facts):
    given_at = None if hours is None else _ahead(-hours)
    standing = judge(IntegrationFacts(given_at, **facts), thresholds, NOW, TODAY)
    return sentences.integration(standing, NOW, PHOENIX)


def _said(phrase) -> str:
    return phrase.text.replace(NBSP, " ")


# --- integration ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hours", "facts", "text", "tone"),
    [
        (3, {}, "Integration to do: 21 hr left, not booked", Tone.PLAIN),
        (23.5, {}, "Integration to do: 30 min left, not booked", Tone.PLAIN),
        (
            3,
            {"estimated": True},
            "Integration to do: 21 hr left, not booked, time of dose estimated",
            Tone.PLAIN,
        ),
        (
            3,
            {"planned_at": _ahead(18.5)},
            "Integration to do: 21 hr left, booked Wed Nov 25, 9:00 am",
            Tone.BLUE,
        ),
        (
            3,
            {"planned_at": _ahead(42.5)},
            "Booked Thu Nov 26, 9:00 am, 45 hr after dose",
            Tone.AMBER,
        ),
        (30, {}, "30 hr since dose, not held", Tone.AMBER),
        (30, {"estimated": True}, "About 30 hr since dose (estimated), not held", Tone.AMBER),
        (50, {}, "50 hr since dose, not held", Tone.RED),
        (
            50,
            {"planned_at": _ahead(18.5)},
            "50 hr since dose, booked Wed Nov 25, 9:00 am",
            Tone.RED,
        ),
        (76, {}, "Past 72 hr, 3 d 4 hr since dose, not held", Tone.RED),
        (
            76,
            {"agreed_for": date(2026, 11, 30)},
            "Agreed: Mon Nov 30, past 72 hr, 3 d 4 hr since dose",
            Tone.PLAIN,
        ),
        (
            30,
            {"agreed_for": date(2026, 11, 30), "planned_at": _ahead(18.5)},
            "Agreed: Mon Nov 30, booked Wed Nov 25, 9:00 am, 30 hr since dose",
            Tone.PLAIN,
        ),
        (
            20,
            {"planned_at": _ahead(-1.5)},
            "Was this held? Booked Tue Nov 24, 1:00 pm, 20 hr since dose",
            Tone.AMBER,
        ),
        (100, {"held_at": _ahead(-80)}, "Held 20 hr after dose, note to finish", Tone.AMBER),
        (
            None,
            {"held_at": _ahead(-0.5)},
            "Held Tue Nov 24, 2:00 pm, note to finish",
            Tone.AMBER,
        ),
    ],
)
def test_rule_1_an_integration_reads_in_words_and_tone(hours, facts, text, tone):
    phrase = _integration(hours, **facts)
    assert (_said(phrase), phrase.tone) == (text, tone)
    assert phrase.icon


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        ({}, "Integration to do, not booked"),
        ({"due_on": date(2026, 11, 30)}, "Integration to do by Mon Nov 30, not booked"),
        ({"due_on": date(2026, 11, 23)}, "Was due Mon Nov 23, not held"),
        (
            {"due_on": date(2026, 11, 23), "planned_at": _ahead(18.5)},
            "Was due Mon Nov 23, booked Wed Nov 25, 9:00 am",
        ),
        ({"planned_at": _ahead(18.5)}, "Booked Wed Nov 25, 9:00 am, in 18 hr 30 min"),
    ],
)
def test_rule_12_without_a_dose_no_hours_are_counted(facts, text):
    assert _said(_integration(**facts)) == text
    assert "dose" not in text


def test_the_hours_of_the_practice_are_printed_not_72():
    own = Thresholds(integration_late_hours=60, integration_past_hours=96)
    assert _said(_integration(97, thresholds=own)) == ("Past 96 hr, 4 d 1 hr since dose, not held")
    assert "ast" not in _said(_integration(95, thresholds=own)).split(",")[0]


instants = st.timedeltas(timedelta(days=-300), timedelta(days=300)).map(NOW.__add__)


@given(
    st.builds(
        IntegrationFacts,
        last_given_at=st.none() | instants.filter(lambda at: at <= NOW),
        estimated=st.booleans(),
        planned_at=st.none() | instants,
        due_on=st.none() | st.dates(TODAY - timedelta(days=99), TODAY + timedelta(days=99)),
        agreed_for=st.none() | st.dates(TODAY - timedelta(days=9), TODAY + timedelta(days=9)),
        held_at=st.none() | instants,
        note_signed=st.just(False),
    )
)
def test_every_standing_has_a_sentence_without_decimals_or_gaps(facts):
    phrase = sentences.integration(judge(facts, USUAL, NOW, TODAY), NOW, PHOENIX)
    assert not phrase.text[:1].islower()
    assert not re.search(r"\d\.\d|None|, ,|  |,$|^,", phrase.text)
    assert phrase.icon


def test_a_held_integration_reads_by_the_dose_or_by_its_day():
    assert sentences.held(_ahead(-4), _ahead(-24), NOW, PHOENIX) == f"Held 20{NBSP}hr after dose"
    assert sentences.held(NOW, None, NOW, PHOENIX) == f"Held Tue Nov 24, 2:30{NBSP}pm"


@pytest.mark.parametrize(
    ("hours", "facts", "text"),
    [
        (3, {}, "By Wed Nov 25, 11:30 am"),
        (3, {"planned_at": _ahead(18.5)}, "By Wed Nov 25, 11:30 am"),
        (3, {"estimated": True}, "By Wed Nov 25, 11:30 am, time of dose estimated"),
        (30, {}, "Was due Tue Nov 24, 8:30 am"),
        (30, {"agreed_for": date(2026, 11, 30)}, "Agreed: Mon Nov 30"),
        (30, {"agreed_for": date(2026, 11, 23)}, "Was due Tue Nov 24, 8:30 am"),
        (None, {"due_on": date(2026, 11, 30)}, "By Mon Nov 30"),
        (None, {"due_on": TODAY}, "By Tue Nov 24"),
        (None, {"due_on": date(2026, 11, 23)}, "Was due Mon Nov 23"),
        (None, {}, ""),
        (None, {"planned_at": _ahead(18.5)}, ""),
    ],
)
def test_rule_1_by_when_it_is_due_reads_without_hours_that_age_on_paper(hours, facts, text):
    given_at = None if hours is None else _ahead(-hours)
    standing = judge(IntegrationFacts(given_at, **facts), USUAL, NOW, TODAY)
    due = sentences.integration_due(standing, NOW, PHOENIX)
    assert due.replace(NBSP, " ") == text


# --- intention ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("standing", "text"),
    [
        (
            IntentionStanding(IntentionStage.SIGNED, Tone.PLAIN, signed_at=_ahead(-30)),
            "Intention signed Mon Nov 23",
        ),
        (
            IntentionStanding(IntentionStage.STALE, Tone.AMBER, signed_at=_ahead(-24 * 9)),
            "Intention signed 9 d ago, confirm or rewrite",
        ),
        (
            IntentionStanding(IntentionStage.STALE, Tone.AMBER, signed_at=_ahead(-5)),
            "Intention signed before the last dose, confirm or rewrite",
        ),
        (
            IntentionStanding(IntentionStage.DRAFT, Tone.AMBER, holder="Thea Tallis"),
            "Intention draft, Thea Tallis",
        ),
        (IntentionStanding(IntentionStage.MISSING, Tone.AMBER), "No intention note yet"),
        (IntentionStanding(IntentionStage.NOT_DUE, Tone.QUIET), "Intention not due yet"),
        (
            IntentionStanding(IntentionStage.NOT_EXPECTED, Tone.QUIET),
            "No intention note on this course",
        ),
    ],
)
def test_rule_28_an_intention_reads_in_words_and_tone(standing, text):
    phrase = sentences.intention(standing, NOW, PHOENIX)
    assert (_said(phrase), phrase.tone) == (text, standing.tone)


# --- order and silence ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "ug", "may_add", "text", "tone"),
    [
        (OrderState.ORDERED, 70_000, None, "70 mg intramuscular", Tone.PLAIN),
        (
            OrderState.ORDERED,
            70_000,
            MayAdd(20_000),
            "70 mg intramuscular, may add up to 20 mg once",
            Tone.PLAIN,
        ),
        (
            OrderState.ORDERED,
            70_000,
            MayAdd(30_000, 10, 20),
            "70 mg intramuscular, may add up to 30 mg once, after 10 to 20 min",
            Tone.PLAIN,
        ),
        (
            OrderState.PROPOSED,
            70_000,
            None,
            "Proposed 70 mg, not ordered, intramuscular",
            Tone.AMBER,
        ),
        (OrderState.NONE, None, None, "Dose not ordered, intramuscular", Tone.AMBER),
    ],
)
def test_rule_15_a_proposal_never_reads_like_an_order(state, ug, may_add, text, tone):
    phrase = sentences.order(state, ug, may_add, "intramuscular")
    assert (_said(phrase), phrase.tone) == (text, tone)


@pytest.mark.parametrize(
    ("state", "ug", "may_add", "text"),
    [
        (OrderState.ORDERED, 70_000, None, "70 mg ordered"),
        (
            OrderState.ORDERED,
            70_000,
            MayAdd(30_000, None, 20),
            "70 mg ordered, may add up to 30 mg once, within 20 min",
        ),
        (OrderState.PROPOSED, 70_000, None, "Proposed 70 mg, not ordered"),
        (OrderState.NONE, None, None, "Dose not ordered"),
    ],
)
def test_rule_15_nor_does_it_beside_a_route_that_is_said_already(state, ug, may_add, text):
    assert sentences.dose_ordered(state, ug, may_add).replace(NBSP, " ") == text


@pytest.mark.parametrize(
    ("kind", "reason", "text"),
    [
        (
            Silence.WAS_THIS_GIVEN,
            Reason.WAS_THIS_GIVEN,
            "Was this given? Planned Tue Nov 24, 11:30 am, 3 hr ago",
        ),
        (
            Silence.NOT_CLOSED,
            Reason.NOT_CLOSED,
            "Not closed, planned Tue Nov 24, 11:30 am, 3 hr ago",
        ),
    ],
)
def test_a_silence_reads_the_same_on_the_row_and_in_the_list(kind, reason, text):
    planned_at = _ahead(-3)
    phrase = sentences.silence(kind, planned_at, NOW, PHOENIX)
    assert _said(phrase) == text
    listed = Attention(reason, phrase.tone, Part.PRESCRIBER, planned_at)
    assert sentences.attention(listed, NOW, PHOENIX) == phrase


# --- attention ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("until_on", "text"),
    [
        (date(2026, 11, 30), "Clearance ends Mon Nov 30"),
        (TODAY, "Clearance ends Tue Nov 24"),
        (date(2026, 11, 23), "Clearance ended Mon Nov 23"),
    ],
)
def test_rule_21_a_clearance_reads_with_its_last_day(until_on, text):
    one = Attention(Reason.CLEARANCE_ENDS, Tone.AMBER, Part.PRESCRIBER, on=until_on)
    assert sentences.attention(one, NOW, PHOENIX).text == text


@pytest.mark.parametrize(
    ("expires_on", "text", "tone"),
    [
        (date(2026, 12, 25), "expires Fri Dec 25, 2026", Tone.PLAIN),
        (date(2026, 12, 24), "expires in 30 days, Thu Dec 24, 2026", Tone.AMBER),
        (date(2026, 11, 25), "expires in 1 day, Wed Nov 25, 2026", Tone.AMBER),
        (TODAY, "expires today, Tue Nov 24, 2026", Tone.AMBER),
    ],
)
def test_rule_22_a_consent_warns_for_its_last_30_days(expires_on, text, tone):
    phrase = sentences.consent_ends(expires_on, TODAY)
    assert (phrase.text, phrase.tone) == (text, tone)


@pytest.mark.parametrize(
    ("item", "text"),
    [
        (ReadinessItem.CEILING, "Ordered above the clearance"),
        (ReadinessItem.WEIGHT, "Weigh first, cleared by weight"),
        (ReadinessItem.CLEARANCE, "Not cleared"),
        (ReadinessItem.MIND, "To decide: mania, psychosis or intoxication"),
    ],
)
def test_a_dose_that_may_not_be_given_as_it_stands_says_why(item, text):
    phrase = sentences.lacking(Requirement(item, tone_of(item), item.label))
    assert (phrase.text, phrase.tone) == (text, tone_of(item))


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_words_and_keeps_its_tone(reason):
    for at in (None, NOW):
        phrase = sentences.attention(Attention(reason, Tone.RED, Part.THERAPIST, at), NOW, PHOENIX)
        assert phrase.text
        assert phrase.tone is Tone.RED
        assert phrase.icon


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (-50, "Integration: 50\u00a0hr since dose, not held"),
        (-80, "Integration: past 72\u00a0hr, 3\u00a0d 8\u00a0hr since dose, not held"),
        (-5, "Integration to do: 19\u00a0hr left, not booked"),
    ],
)
def test_an_integration_among_the_reasons_says_what_it_is_of(hours, words):
    standing = judge(IntegrationFacts(_ahead(hours)), USUAL, NOW, TODAY)
    one = Attention(Reason.INTEGRATION_LATE, Tone.RED, Part.THERAPIST, integration=standing)
    found, plain = sentences.attention(one, NOW, PHOENIX), sentences.integration
    assert found == replace(plain(standing, NOW, PHOENIX), text=words)


def test_an_intention_reads_as_everywhere_else():
    missing = IntentionStanding(IntentionStage.MISSING, Tone.AMBER)
    two = Attention(Reason.INTENTION, Tone.AMBER, Part.THERAPIST, intention=missing)
    assert sentences.attention(two, NOW, PHOENIX) == sentences.intention(missing, NOW, PHOENIX)


@pytest.mark.parametrize(
    ("state", "given", "ordered", "said"),
    [
        (EpisodeState.SERIES, 3, 6, "Series, 3 of 6"),
        (EpisodeState.SERIES, 0, 6, "Series, 0 of 6"),
        (EpisodeState.SERIES, 0, None, "Series, number not ordered yet"),
        (EpisodeState.SERIES, 1, None, "Series, 1 given, number not ordered yet"),
        (EpisodeState.SERIES, None, None, "Series"),
        (EpisodeState.MAINTENANCE, 1, None, "Maintenance"),
    ],
)
def test_rule_8_the_stage_counts_what_was_given_of_what_was_ordered(state, given, ordered, said):
    assert sentences.stage(state, given, ordered) == said


@pytest.mark.parametrize(
    ("unseen", "seen_at", "ends", "tone"),
    [
        (("Ada",), None, ": not seen yet by Ada, call", Tone.RED),
        (("Ada", "Bo"), None, ": not seen yet by Ada and Bo, call", Tone.RED),
        (("Ada", "Bo", "Cy"), None, ": not seen yet by Ada, Bo and 1 more, call", Tone.RED),
        ((), NOW, ": seen Tue Nov 24, 2:30 pm", Tone.AMBER),
        ((), None, "1 hr ago", Tone.AMBER),
    ],
)
def test_a_concern_says_who_raised_it_and_whether_the_colleague_knows(unseen, seen_at, ends, tone):
    kind, level = ConcernKind.MEDICINE_USE, ConcernLevel.MODERATE
    standing = ConcernStanding(kind, level, _ahead(-1), "Thea Tallis", unseen, seen_at)
    said = sentences.concern(standing, NOW, PHOENIX)
    begins = "Medicine-use concern, moderate, Thea Tallis, Tue Nov 24, 1:30 pm, 1 hr ago"
    assert _said(said).startswith(begins)
    assert _said(said).endswith(ends)
    assert said.tone is tone


_DUE, _LATE = _ahead(2), _ahead(-26)


def _asked(whose, due_at=_DUE, answered_at=None, words="162/98,\nhold next?", medicine=False):
    """A question of Thea to Robin as one of them reads it."""
    thea, robin = Seat("thea", Part.THERAPIST), Seat("robin", Part.PRESCRIBER)
    facts = AskFacts(thea, robin, due_at, answered_at, None)
    standing = judge_ask(facts, (thea, robin), whose.__eq__, NOW)
    return AskInShort(standing, "Thea Tallis", "Robin Prescott", words, medicine)


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (
            _asked("robin"),
            "Question from Thea Tallis, due 4:30 pm, in 2 hr: 162/98, hold next?",
        ),
        (
            _asked("thea"),
            "Question for Robin Prescott, due 4:30 pm, in 2 hr: 162/98, hold next?",
        ),
        (
            _asked("robin", _LATE, medicine=True, words=""),
            "Question about medicine use from Thea Tallis, overdue 26 hr",
        ),
        (_asked("thea", answered_at=NOW, words=""), "Answered by Robin Prescott, read it"),
        (_asked("robin", answered_at=NOW, words=""), "Answer for Thea Tallis, not read yet"),
    ],
)
def test_a_question_says_from_or_for_whom_and_until_when(one, said):
    assert _said(sentences.question(one, NOW, PHOENIX)) == said


@pytest.mark.parametrize(
    ("days", "words", "said", "tone"),
    [
        (2, "Call\nher doctor", "due Thu Nov 26: Call her doctor", Tone.PLAIN),
        (0, "Call", "due Tue Nov 24: Call", Tone.AMBER),
        (-1, "Call", "was due Mon Nov 23: Call", Tone.AMBER),
        (-1, "", "was due Mon Nov 23", Tone.AMBER),
        (2, "w" * 160, f"due Thu Nov 26: {'w' * 150}…", Tone.PLAIN),
    ],
)
def test_an_action_of_a_review_says_until_when_and_how_it_begins(days, words, said, tone):
    one = ActionInShort("thea", "Thea Tallis", TODAY + timedelta(days=days), words)
    phrase = sentences.review_action(one, TODAY)
    assert (_said(phrase), phrase.tone) == (f"Agreed in the case review, {said}", tone)


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (None, "Not reviewed yet"),
        (NOW, "Reviewed Tue Nov 24"),
        # Late in the evening in Phoenix it is the next day already in UTC.
        (datetime(2026, 11, 24, 6, 30, tzinfo=UTC), "Reviewed Mon Nov 23"),
    ],
)
def test_when_a_course_was_reviewed_is_said_by_the_practice_s_day(at, said):
    assert sentences.reviewed(at, TODAY, PHOENIX).replace(NBSP, " ") == said


def test_a_list_shows_how_a_long_question_begins():
    said = sentences.question(_asked("robin", words="w" * 400), NOW, PHOENIX).text
    assert said.endswith("www…")
    assert len(said) < 250


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (_asked("robin"), "Waiting on you, due 4:30 pm, in 2 hr"),
        (_asked("thea", _LATE), "Waiting on Robin Prescott, overdue 26 hr"),
        (_asked("thea", answered_at=NOW), "Waiting on you to read the answer"),
    ],
)
def test_a_question_says_whose_turn_it_is(one, said):
    assert _said(sentences.question_waits(one.standing, "Robin Prescott", NOW, PHOENIX)) == said


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (Loose(LooseKind.DOSE, "a", at=NOW), "Ketamine session of Tue Nov 24, 2:30 pm"),
        (
            Loose(LooseKind.UNCONFIRMED, "a", at=NOW, who="Robin Prescott"),
            "Dose of Tue Nov 24, 2:30 pm, as told by Robin Prescott",
        ),
        (
            Loose(LooseKind.INTEGRATION, "a", at=NOW, what=IntegrationKind.FULL),
            "Integration of the dose of Tue Nov 24, 2:30 pm, not booked",
        ),
        (
            Loose(LooseKind.INTEGRATION, "a", planned_at=NOW, what=IntegrationKind.DEBRIEF),
            "Debrief on the day, booked Tue Nov 24, 2:30 pm",
        ),
        (
            Loose(LooseKind.ASK, "a", at=NOW, who="Robin Prescott", what=AskStage.ANSWERED),
            "Question for Robin Prescott, Tue Nov 24, 2:30 pm: answered, not read yet",
        ),
        (
            Loose(LooseKind.FORM, "a", at=NOW),
            "Monitoring form of the session of Tue Nov 24, 2:30 pm",
        ),
        (
            Loose(LooseKind.NOTE, "a", at=NOW, what=IntegrationKind.FULL),
            "Integration held Tue Nov 24, 2:30 pm, note not signed",
        ),
        (
            Loose(LooseKind.CONTACT, "a", at=NOW, who="Thea Tallis", what=ContactKind.CALL),
            "Call, Tue Nov 24, 2:30 pm, Thea Tallis",
        ),
        (
            Loose(LooseKind.CONSENT, "a", consents=(("a", ConsentType.TOUCH),)),
            "Consent: Touch agreement",
        ),
        (
            Loose(
                LooseKind.CONSENT,
                "b",
                consents=(("a", ConsentType.TOUCH), ("b", ConsentType.OFF_LABEL)),
            ),
            "Consents: Touch agreement and Off-label use",
        ),
        (
            Loose(LooseKind.HOLD, "a", at=NOW, what=HoldReason.TRAVEL),
            "On hold since Tue Nov 24, 2:30 pm: travel",
        ),
        (
            Loose(
                LooseKind.ACTION,
                "action",
                at=NOW,
                who="Thea Tallis",
                on=TODAY - timedelta(days=1),
                words="Call\nthe cardiologist",
            ),
            "Agreed in the case review, was due Mon Nov 23, Thea Tallis: Call the cardiologist",
        ),
        (
            Loose(LooseKind.ACTION, "action", who="Thea Tallis", on=TODAY),
            "Agreed in the case review, due Tue Nov 24, Thea Tallis",
        ),
        (
            Loose(LooseKind.MARK, "mark", at=NOW, who="Robin Prescott", words="Sleep"),
            "To discuss in the next case review, Robin Prescott: Sleep",
        ),
    ],
)
def test_what_is_loose_is_said_with_its_weekday(one, said):
    assert sentences.loose_end(one, NOW, PHOENIX).replace(NBSP, " ") == said


@pytest.mark.parametrize(
    ("status", "at", "said"),
    [
        (SessionStatus.CANCELLED, NOW, "Cancelled Tue Nov 24, 2:30 pm"),
        (SessionStatus.MISSED, NOW, "Missed, recorded Tue Nov 24, 2:30 pm"),
        (SessionStatus.NOT_GIVEN, NOW, "Not given, recorded Tue Nov 24, 2:30 pm"),
        (SessionStatus.CANCELLED, None, "Cancelled"),
    ],
)
def test_how_a_session_ended_that_did_not_take_place_is_never_called_closed(status, at, said):
    assert sentences.ended_session(status, at, NOW, PHOENIX).replace(NBSP, " ") == said


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (HoldReason.TRAVEL, "On hold: travel, look again Mon Nov 30"),
        (HoldReason.SUICIDE_RISK, "On hold: suicide risk, look again Mon Nov 30"),
        (HoldReason.OTHER, "On hold, look again Mon Nov 30"),
    ],
)
def test_a_pause_is_said_with_its_reason_if_that_says_something(reason, said):
    assert sentences.on_hold(reason, date(2026, 11, 30), TODAY).text.replace(NBSP, " ") == said


def test_who_gave_a_dose_or_saw_it_taken():
    assert sentences.given_by("Noor Ocotillo", is_witnessed=False) == "Noor Ocotillo"
    assert (
        sentences.given_by("Noor Ocotillo", is_witnessed=True)
        == "taken, witnessed by Noor Ocotillo"
    )


@pytest.mark.parametrize(
    ("count", "said", "tone"),
    [
        (SeriesCount(6, 2, 2, 4), "2 of 6 given, 2 booked, review before the 4th", Tone.PLAIN),
        (SeriesCount(6, 3, 1, 4), "3 of 6 given, 1 booked, review before the 4th", Tone.AMBER),
        (SeriesCount(6, 3, 0, 4, 4), "3 of 6 given, reviewed before the 4th", Tone.PLAIN),
        (SeriesCount(6, 0, 0), "0 of 6 given", Tone.PLAIN),
        (SeriesCount(6, 6, 1), "6 of 6 given, 1 booked", Tone.PLAIN),
        (SeriesCount(6, 7, 0), "7 given, 6 ordered", Tone.PLAIN),
        (SeriesCount(None, 2, 1), "2 given, number not ordered yet, 1 booked", Tone.PLAIN),
    ],
)
def test_how_far_a_series_is_is_said_in_one_line(count, said, tone):
    found = sentences.series(count)
    assert (found.text, found.tone) == (said, tone)


def test_a_session_after_a_review_that_nobody_recorded_is_said_in_amber():
    found = sentences.unreviewed(SeriesCount(6, 2, 2, 4), 5)
    assert found.tone is Tone.AMBER
    assert found.text == (
        "This is the 5th of the series, and the review before the 4th is not recorded."
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (0, "Spravato plan: week 1, before the first dose (twice a week in weeks 1 to 4)"),
        (1, "Spravato plan: week 1, after 1 dose (twice a week in weeks 1 to 4)"),
        (4, "Spravato plan: week 3, after 4 doses (twice a week in weeks 1 to 4)"),
    ],
)
def test_the_spravato_plan_is_a_fact_in_words(given, said):
    assert sentences.spravato_plan(spravato_plan(given, 3)) == said


@pytest.mark.parametrize(
    ("before", "left_out", "said", "tone"),
    [
        (7, (), "7 days after Tue Nov 17", Tone.PLAIN),
        (1, (), "1 day after Mon Nov 23", Tone.PLAIN),
        (
            27,
            (4, 5),
            "Without sessions 4 and 5 this would be the 4th, 27 days after Wed Oct 28.",
            Tone.AMBER,
        ),
        (
            14,
            (4,),
            "Without session 4 this would be the 4th, 14 days after Tue Nov 10.",
            Tone.AMBER,
        ),
    ],
)
def test_a_session_of_a_plan_says_how_long_after_the_last_it_is(before, left_out, said, tone):
    found = sentences.next_of_plan(TODAY, TODAY - timedelta(days=before), 4, left_out, TODAY)
    assert (found.text, found.tone) == (said, tone)


@pytest.mark.parametrize("before_on", [None, TODAY, TODAY + timedelta(days=2)])
def test_what_follows_nothing_says_nothing_of_that(before_on):
    assert sentences.next_of_plan(TODAY, before_on, 4, (), TODAY) is None


def test_what_goes_beyond_the_cadence_warns_and_may_be_meant():
    days = [date(2026, 11, 23), date(2026, 11, 24)]
    cadence = USUAL_CADENCES.of(ProductRoute.ESKETAMINE_NASAL)
    found = too_often(date(2026, 11, 25), days, cadence)
    assert found
    said = sentences.too_often(found, TODAY)
    assert said.tone is Tone.AMBER
    assert said.text == (
        "It would be less than 2 days from the session of Tue Nov 24 and 3 in the week of Mon Nov "
        "23, where at most 2 are usual. It may be meant."
    )


@pytest.mark.parametrize(
    ("days", "route", "to_come", "said"),
    [
        (
            -2,
            ProductRoute.ESKETAMINE_NASAL,
            False,
            "had esketamine on another course of care on Sun Nov 22, 2 days before this.",
        ),
        (
            1,
            ProductRoute.INTRAMUSCULAR,
            True,
            "has ketamine booked on another course of care on Wed Nov 25, 1 day after this.",
        ),
        (
            0,
            ProductRoute.COMPOUNDED_NASAL,
            True,
            "has ketamine booked on another course of care on the same day.",
        ),
    ],
)
def test_ketamine_on_another_course_is_said_softly(days, route, to_come, said):
    other = OtherSession(TODAY + timedelta(days=days), route, to_come)
    found = sentences.near_on_another_course(other, TODAY, TODAY)
    assert (found.text, found.tone) == (f"The client {said} It may be meant.", Tone.AMBER)


# --- Spravato -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "out", "text", "tone"),
    [
        (0, False, "0 min after the last device, 120 min to go", Tone.AMBER),
        (118 * 60, False, "118 min after the last device, 2 min to go", Tone.AMBER),
        (119 * 60 + 59, False, "119 min after the last device, 1 min to go", Tone.AMBER),
        (120 * 60, False, "120 min after the last device, the 120 min are over", Tone.PLAIN),
        (150 * 60, True, "150 min after the last device, the 120 min are over", Tone.PLAIN),
        (118 * 60, True, "118 min after the last device, below the minimum of 120 min", Tone.RED),
    ],
)
def test_rule_38_the_two_hours_are_said_in_whole_minutes(seconds, out, text, tone):
    last_at = NOW - timedelta(seconds=seconds)
    devices = (Device(last_at - timedelta(minutes=10), 28_000, ""), Device(last_at, 28_000, ""))
    found = sentences.since_devices(Watched(devices, (), NOW if out else None), NOW)

    assert (_said(found), found.tone) == (text, tone)


def test_before_the_first_device_nothing_is_said_of_minutes():
    nothing = Watched((), (), None)

    assert sentences.since_devices(nothing, NOW) is None
    assert sentences.since_first_device(nothing, NOW) == ""


@pytest.mark.parametrize(
    ("stage", "days", "text"),
    [
        (FormStage.NOT_DUE, 7, "Monitoring form: due once this session is closed"),
        (FormStage.DUE, 7, "Monitoring form due Tue Dec 1"),
        (FormStage.OVERDUE, -1, "Monitoring form overdue, was due Mon Nov 23"),
        (FormStage.SUBMITTED, 7, "Monitoring form submitted"),
    ],
)
def test_rule_39_a_form_says_where_it_stands(stage, days, text):
    standing = FormStanding(stage, TODAY + timedelta(days=days))

    assert _said(sentences.monitoring_form(standing, TODAY)) == text


def test_what_a_form_lacks_is_one_line_and_nothing_where_it_lacks_nothing():
    found = sentences.missing_for_form(("BP at 40 min", "lot of device 2"))

    assert _said(found) == "Missing for the monitoring form: BP at 40 min, lot of device 2"
    assert sentences.missing_for_form(()) is None


PHQ_9 = instruments()["phq-9"]


def _complete(total: int, days: int) -> Complete:
    return Complete("score", total, NOW - timedelta(days=days))


@pytest.mark.parametrize(
    ("scored", "text"),
    [
        (score_total(PHQ_9, 0), "0, Minimal"),
        (score_total(PHQ_9, 9), "9, Mild"),
        (score_total(instruments()["pcl-5-month"], 30), "30"),
        (score_result(instruments()["c-ssrs"], 2), "Moderate"),
        (score(PHQ_9, (None, *(3,) * 8)), "No total: item 1 not answered"),
        (score(PHQ_9, (None, None, *(3,) * 7)), "No total: items 1 and 2 not answered"),
    ],
)
def test_rule_43_what_a_form_came_to_and_0_is_a_score(scored, text):
    assert sentences.came_to(scored) == text


@pytest.mark.parametrize(
    ("answer", "before", "text", "tone"),
    [
        (None, 3, "Item 9 unknown", Tone.QUIET),
        (0, 2, "Item 9: 0", Tone.PLAIN),
        (1, None, "Item 9: 1", Tone.RED),
        (1, 1, "Item 9: 1", Tone.AMBER),
        (2, 2, "Item 9: 2", Tone.RED),
    ],
)
def test_rules_42_and_50_item_9_is_loud_and_unknown_is_not_none(answer, before, text, tone):
    (one,) = score(PHQ_9, (0,) * 8 + (answer,)).critical
    found = sentences.critical(one, before)
    assert (_said(found), found.tone) == (text, tone)


@pytest.mark.parametrize(
    ("found", "first_dose_at", "text"),
    [
        (None, NOW, "No baseline"),
        (Baseline(_complete(21, 20), 12), NOW, "Baseline 21, 12 d before the first dose"),
        (Baseline(_complete(0, 20), 0), NOW, "Baseline 0, before the first dose, same day"),
        (Baseline(_complete(21, 20), None), NOW, "Baseline 21, after first dose"),
        (Baseline(_complete(21, 20), 20), None, "Baseline 21 so far, 20 d old"),
        (Baseline(_complete(21, 0), 0), None, "Baseline 21 so far, of today"),
    ],
)
def test_rule_47_a_baseline_is_said_with_its_age(found, first_dose_at, text):
    assert sentences.baseline(found, first_dose_at).replace(NBSP, " ") == text


@pytest.mark.parametrize(
    ("first", "last", "text"),
    [
        (21, 9, "From 21 to 9: 12 points better, 57%"),
        (21, 0, "From 21 to 0: 21 points better, 100%"),
        (9, 15, "From 9 to 15: 6 points worse, 66%"),
        (0, 6, "From 0 to 6: 6 points worse"),
        (16, 13, "From 16 to 13"),
        (16, 16, "From 16 to 16"),
    ],
)
def test_rule_52_what_is_too_small_to_call_is_never_called_better(first, last, text):
    since = Baseline(_complete(first, 20), 12)
    found = change(PHQ_9, since, [_complete(last, 1)])
    assert sentences.changed(found) == text


def test_slipping_names_the_best_and_its_day():
    found = Slipping(_complete(6, 5), _complete(12, 1), 6, "rule", "source", False)
    slips = sentences.slipping(found, NOW, PHOENIX)
    assert _said(slips) == "Slipping: 6 points worse than the best, 6 on Thu Nov 19"
    assert slips.tone is Tone.AMBER


def test_a_recall_that_overlaps_is_said_with_the_day_of_the_last_one():
    since = NOW - timedelta(days=8)
    told = sentences.recall_overlaps(since, NOW, PHOENIX)
    assert told == "Recall overlaps the last one, Mon Nov 16"


@pytest.mark.parametrize(
    ("minutes", "clients", "words"),
    [
        (43, 22, "43 min left, 22 clients to go, about 2 min each"),
        (32, 22, "32 min left, 22 clients to go, about 1 min each"),
        (5, 22, "5 min left, 22 clients to go, about 1 min each"),
        (5, 0, "5 min left, nobody to go"),
        (-1, 3, "Time is over, 3 clients to go"),
        (-1, 0, "Time is over, nobody to go"),
    ],
)
def test_the_time_for_each_client_is_the_nearest_minute(minutes, clients, words):
    assert sentences.time_left(timedelta(minutes=minutes), clients).text == words
