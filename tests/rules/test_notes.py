"""Templates, the text that is signed, and when an intention is due (rules 19 and 28)."""

import hashlib
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapteam.rules.notes import (
    LONGEST_FIELD,
    TEMPLATES,
    IntentionStage,
    content_hash,
    current_template,
    is_required,
    judge_intention,
    looks_back,
    problems,
    signed_text,
)
from kapteam.rules.themes import USUAL_THEMES
from kapteam.rules.thresholds import Thresholds
from kapteam.vocabulary import NoteKind, Tone

NOW = datetime(2026, 11, 24, 21, 30, tzinfo=UTC)
INTENTION = current_template(NoteKind.INTENTION)
INTEGRATION = current_template(NoteKind.INTEGRATION)
(NEEDS,) = [field for field in INTEGRATION.fields if field.key == "needs"]
GOOD = {
    NoteKind.INTENTION: {
        "intention": "To meet my father.",
        "safety": "Asked; no thoughts of suicide.",
        "coping": "Square breathing",
        "ready": "Ready",
    },
    NoteKind.INTEGRATION: {
        "safety": "Asked; none.",
        "recap": "Warm water, then a door.",
        "revisited": "Partly met",
        "actions": "Client writes the letter by Friday.",
    },
    NoteKind.RISK: {
        "seen": "Said on the phone: “I would rather not wake up.”",
        "risk": "None",
        "why": "No plan, no intent; a bad night.",
        "plan": "She calls before she is alone.",
    },
    NoteKind.DECISION: {
        "decided": "One dose a month.",
        "why": "Better, and holding.",
    },
    NoteKind.GENERAL: {"text": "Asks for a letter."},
}
RISK = current_template(NoteKind.RISK)
RISKS = GOOD[NoteKind.RISK] | {"told": "Robin, by phone", "look_again": "2026-11-30"}
OF_A_SESSION = (NoteKind.INTENTION, NoteKind.INTEGRATION)
S = IntentionStage
USUAL = Thresholds()


# --- templates ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", NoteKind)
def test_every_kind_has_a_template_and_the_newest_is_used(kind):
    template = current_template(kind)
    assert template.kind is kind
    assert template.version == max(version for one, version in TEMPLATES if one is kind)


@pytest.mark.parametrize("template", TEMPLATES.values())
def test_what_is_required_is_always_in_view(template):
    folded = [field for _, group in template.folded for field in group]
    assert not any(field.required for field in folded)
    assert any(field.required for field in template.first)
    keys = [field.key for field in template.fields]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    ("kind", "version", "digest"),
    [
        (NoteKind.INTENTION, 1, "427320e7292286bc"),
        (NoteKind.INTEGRATION, 1, "fb5f25c67efb2626"),
        (NoteKind.INTENTION, 2, "b7706e460f16ec5c"),
        (NoteKind.INTEGRATION, 2, "df9b2e61ab2af510"),
        (NoteKind.INTEGRATION, 3, "454c20a802809347"),
        (NoteKind.RISK, 1, "198bc121ca98fb52"),
        (NoteKind.DECISION, 1, "f2e27e9f1ce4a6d3"),
        (NoteKind.GENERAL, 1, "6fd8b6399d73261f"),
    ],
)
def test_a_template_is_frozen(kind, version, digest):
    """A change is a new version: an old note keeps its shape."""
    kept = hashlib.sha256(repr(TEMPLATES[kind, version]).encode()).hexdigest()
    assert kept.startswith(digest), "A template changed. Make it a new version."


@pytest.mark.parametrize("kind", OF_A_SESSION)
def test_what_version_1_asked_version_2_asks_as_well(kind):
    asked = {field.key: field for field in TEMPLATES[kind, 1].fields}
    now = {field.key: field for field in TEMPLATES[kind, 2].fields}
    assert asked.keys() < now.keys()
    assert [one.key for one in TEMPLATES[kind, 1].first] == [
        one.key for one in TEMPLATES[kind, 2].first
    ]


def test_the_prescriber_is_told_of_the_four_things_that_domain_3_2_names():
    (field,) = [one for one in INTEGRATION.first if one.key == "to_prescriber"]
    for named in ("adverse effect", "medicine-use concern", "thoughts of suicide", "question"):
        assert named in field.prompt.lower()


def test_committed_actions_are_asked_for_one_a_line():
    (field,) = [one for one in INTEGRATION.first if one.key == "actions"]
    assert field.prompt.startswith("One a line")
    assert field.required


@pytest.mark.parametrize("kind", OF_A_SESSION)
def test_the_safety_line_is_required(kind):
    assert "safety" in problems(current_template(kind), {})


@pytest.mark.parametrize("kind", NoteKind)
def test_the_few_required_fields_are_enough(kind):
    assert problems(current_template(kind), GOOD[kind]) == {}


@pytest.mark.parametrize(
    ("kind", "field"), [(kind, field) for kind, body in GOOD.items() for field in body]
)
@pytest.mark.parametrize("empty", ["", " \n "])
def test_each_missing_field_has_its_sentence(kind, field, empty):
    found = problems(current_template(kind), GOOD[kind] | {field: empty})
    assert set(found) == {field}
    assert found[field].endswith("before signing.")


@pytest.mark.parametrize("risk", ["Some", "High"])
@pytest.mark.parametrize("field", ["told", "look_again"])
def test_a_risk_that_is_there_needs_who_was_told_and_a_day_to_look_again(risk, field):
    assert problems(RISK, RISKS | {"risk": risk}) == {}
    found = problems(RISK, RISKS | {"risk": risk, field: " "})
    assert set(found) == {field}
    assert found[field].endswith("before signing.")


def test_what_is_required_of_a_risk_note_follows_its_answer():
    def required(body):
        return [one.key for one in RISK.fields if is_required(RISK, one, body)]

    assert required({}) == required({"risk": "None"}) == ["seen", "risk", "why", "plan"]
    assert required({"risk": "Some"}) == [one.key for one in RISK.fields]
    general = current_template(NoteKind.GENERAL)
    assert [is_required(general, one, {"risk": "High"}) for one in general.fields] == [True]


@pytest.mark.parametrize(
    ("day", "looks"), [("2026-11-23", True), ("2026-11-24", False), ("2027-01-04", False)]
)
def test_who_looks_again_looks_ahead(day, looks):
    found = looks_back(RISK, RISKS | {"look_again": day}, date(2026, 11, 24))
    assert set(found) == ({"look_again"} if looks else set())


@pytest.mark.parametrize("text", ["", "tomorrow", "2026-02-30"])
def test_what_is_no_day_looks_nowhere(text):
    assert looks_back(RISK, RISKS | {"look_again": text}, date(2026, 11, 24)) == {}


def test_only_a_risk_note_looks_again():
    assert looks_back(INTEGRATION, {"check_back": "2020-01-01"}, date(2026, 11, 24)) == {}


def test_a_choice_is_one_of_the_answers():
    found = problems(INTENTION, GOOD[NoteKind.INTENTION] | {"ready": "Maybe"})
    assert found == {"ready": "Choose one of the answers."}


def test_the_longest_text_is_good_and_a_longer_one_says_so():
    body = GOOD[NoteKind.INTENTION]
    assert problems(INTENTION, body | {"why": "w" * LONGEST_FIELD}) == {}
    found = problems(INTENTION, body | {"why": "w" * (LONGEST_FIELD + 1)})
    assert found == {"why": "8,001 characters; 8,000 is the most."}


@pytest.mark.parametrize("template", TEMPLATES.values())
def test_no_answer_has_the_comma_that_stands_between_two(template):
    for field in template.offering(USUAL_THEMES, {}).fields:
        assert field.many <= bool(field.choices)
        assert not any("," in one or one != one.strip() for one in field.choices)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("Regulation", True),
        ("Regulation, Meaning-making", True),
        ("Regulation, Levitation", False),
        ("regulation", False),
        ("Regulation; Meaning-making", False),
    ],
)
def test_each_of_several_answers_is_one_of_the_answers(text, is_one):
    found = problems(INTEGRATION, GOOD[NoteKind.INTEGRATION] | {"needs": text})
    assert found == ({} if is_one else {"needs": "Choose among the answers."})


@given(st.sets(st.sampled_from(NEEDS.choices)))
def test_several_answers_are_kept_in_the_order_of_the_page_and_come_back(picked):
    text = NEEDS.joined(picked)
    assert set(NEEDS.picked(text)) == picked
    assert NEEDS.joined(reversed(NEEDS.picked(text))) == text


@pytest.mark.parametrize(
    ("text", "is_day"),
    [
        ("2026-11-30", True),
        ("2028-02-29", True),
        ("2026-02-29", False),
        ("2026-11-31", False),
        ("20261130", False),
        ("2026-W48-1", False),
        ("11/30/2026", False),
        ("Monday", False),
        ("0026-11-30", False),
        ("2101-01-01", False),
    ],
)
def test_a_day_that_is_none_gets_a_sentence(text, is_day):
    found = problems(INTEGRATION, GOOD[NoteKind.INTEGRATION] | {"check_back": text})
    sentence = "“Check back on the actions” is not a day. Choose it again."
    assert found == ({} if is_day else {"check_back": sentence})


# --- the signed text ------------------------------------------------------------------------------


def test_rule_19_the_signed_text_has_every_word_in_the_order_of_the_page():
    body = {"why": "It is time.", **GOOD[NoteKind.INTENTION], "hope": "", "unknown": "x"}
    text = signed_text(INTENTION, body, "Intention note\nClient K-014")
    assert text == (
        "Intention note\nClient K-014\n\n"
        "Intention\nTo meet my father.\n\n"
        "Safety\nAsked; no thoughts of suicide.\n\n"
        "Coping skills agreed\nSquare breathing\n\n"
        "Ready?\nReady\n\n"
        "Why this, why now\nIt is time."
    )


def test_a_day_is_signed_with_its_weekday_and_several_answers_as_a_list():
    body = {"check_back": "2026-11-30", "needs": "Regulation, Meaning-making"}
    assert signed_text(INTEGRATION, body, "Integration note") == (
        "Integration note\n\n"
        "What this integration worked on\nRegulation, Meaning-making\n\n"
        "Check back on the actions\nMon Nov 30, 2026"
    )


def test_rule_19_another_text_has_another_hash():
    assert content_hash("a") == hashlib.sha256(b"a").hexdigest()
    assert content_hash("a") != content_hash("a ")
    assert content_hash("a" * 10_000 + "b") != content_hash("a" * 10_000 + "c")
    assert len(content_hash("🌵 شجرة")) == 64


@given(st.dictionaries(st.sampled_from([field.key for field in INTEGRATION.fields]), st.text()))
def test_rule_19_nothing_that_was_written_is_left_out(body):
    text = signed_text(INTEGRATION, body, "heading")
    assert text.startswith("heading")
    assert all(words.strip() in text for words in body.values())


# --- when an intention is due ---------------------------------------------------------------------


def _judge(planned_in_hours=24.0, *, thresholds=USUAL, **facts):
    known = {
        "expected": True,
        "signed_at": None,
        "postpones": False,
        "draft_by": None,
        "last_dose_at": None,
        "preparation_at": None,
    }
    return judge_intention(
        planned_at=NOW + timedelta(hours=planned_in_hours),
        thresholds=thresholds,
        now=NOW,
        **(known | facts),
    )


def _days_ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


@pytest.mark.parametrize(
    ("hours", "stage", "tone"),
    [
        (72.1, S.NOT_DUE, Tone.QUIET),
        (72, S.MISSING, Tone.AMBER),
        (1, S.MISSING, Tone.AMBER),
        (-1, S.MISSING, Tone.AMBER),
    ],
)
def test_rule_28_an_intention_is_missing_from_72_hours_before_the_dose(hours, stage, tone):
    standing = _judge(hours)
    assert (standing.stage, standing.tone) == (stage, tone)


@pytest.mark.parametrize(
    ("preparation", "stage"),
    [(23.9, S.PREPARING), (0.1, S.PREPARING), (24, S.MISSING), (30, S.MISSING), (0, S.MISSING)],
)
def test_what_is_left_for_a_preparation_before_the_dose_is_not_missing(preparation, stage):
    at = NOW + timedelta(hours=preparation)
    standing = _judge(24, preparation_at=at)
    assert standing.stage is stage
    assert standing.tone is (Tone.BLUE if stage is S.PREPARING else Tone.AMBER)
    assert _judge(100, preparation_at=at).stage is S.NOT_DUE
    assert _judge(24, preparation_at=at, draft_by="Thea Tallis").stage is S.DRAFT


@pytest.mark.parametrize(("hours", "tone"), [(100, Tone.BLUE), (72, Tone.AMBER)])
def test_a_draft_says_whose_it_is(hours, tone):
    standing = _judge(hours, draft_by="Thea Tallis")
    assert (standing.stage, standing.holder, standing.tone) == (S.DRAFT, "Thea Tallis", tone)


@pytest.mark.parametrize(
    ("signed", "last_dose", "stage"),
    [
        (_days_ago(1), None, S.SIGNED),
        (_days_ago(7), None, S.SIGNED),
        (_days_ago(7.1), None, S.STALE),
        (_days_ago(3), _days_ago(4), S.SIGNED),
        (_days_ago(3), _days_ago(2), S.STALE),
    ],
)
def test_rule_28_stale_is_older_than_7_days_or_than_the_last_dose(signed, last_dose, stage):
    standing = _judge(signed_at=signed, last_dose_at=last_dose)
    assert standing.stage is stage
    assert standing.tone is (Tone.AMBER if stage is S.STALE else Tone.PLAIN)
    assert standing.signed_at == signed


def test_a_signed_intention_that_says_postpone_is_never_taken_for_ready():
    standing = _judge(signed_at=_days_ago(1), postpones=True)
    assert (standing.stage, standing.tone) == (S.POSTPONE, Tone.AMBER)
    assert _judge(signed_at=_days_ago(30), postpones=True).stage is S.POSTPONE


def test_rule_28_the_hours_and_days_are_the_practices():
    own = Thresholds(intention_due_hours=24, intention_fresh_days=2)
    assert _judge(25, thresholds=own).stage is S.NOT_DUE
    assert _judge(signed_at=_days_ago(3), thresholds=own).stage is S.STALE


def test_rule_11_where_none_is_expected_nothing_is_missing():
    standing = _judge(1, expected=False, draft_by="Thea Tallis")
    assert (standing.stage, standing.tone) == (S.NOT_EXPECTED, Tone.QUIET)


@given(
    st.booleans(),
    st.floats(-500, 500),
    st.none() | st.floats(0, 60),
    st.none() | st.just("Thea Tallis"),
    st.none() | st.floats(0, 60),
)
def test_rule_28_an_expected_intention_is_never_silent_when_due(
    expected, hours, signed, draft_by, last_dose
):
    standing = _judge(
        hours,
        expected=expected,
        signed_at=None if signed is None else _days_ago(signed),
        draft_by=draft_by,
        last_dose_at=None if last_dose is None else _days_ago(last_dose),
    )
    quiet = standing.tone is Tone.QUIET
    assert quiet == (not expected or standing.stage is S.NOT_DUE)
    if standing.stage is S.NOT_DUE:
        assert hours > 72
        assert signed is None
