"""Intention and integration notes: their frozen templates, and when an intention is due.

Fields are those of domain 3.1 and 3.2; the few required ones come first. A template is never
edited: a change is a new version, so that an old note keeps its shape.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from kapteam.rules.thresholds import Thresholds
from kapteam.vocabulary import NoteKind, Term, Tone

LONGEST_FIELD = 8_000


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a note. With `choices` it is picked, else typed."""

    key: str
    label: str
    prompt: str = ""
    required: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Template:
    """A version of a kind of note. `first` is always in view, the rest is folded by heading."""

    kind: NoteKind
    version: int
    first: tuple[Field, ...]
    folded: tuple[tuple[str, tuple[Field, ...]], ...]

    @property
    def fields(self) -> tuple[Field, ...]:
        """Every field, in the order of the page."""
        return (*self.first, *(field for _, group in self.folded for field in group))


_INTENTION = Template(
    NoteKind.INTENTION,
    1,
    (
        Field("intention", "Intention", "In the client's own words", required=True),
        Field(
            "safety",
            "Safety",
            "Thoughts of suicide or of harming others: asked, and what was said",
            required=True,
        ),
        Field("coping", "Coping skills agreed", "At least one, by name", required=True),
        Field("ready", "Ready?", required=True, choices=("Ready", "Postpone")),
        Field("to_prescriber", "Message to the prescriber", "One line"),
    ),
    (
        (
            "The intention, deeper",
            (
                Field("why", "Why this, why now"),
                Field("goal", "Problem or goal it belongs to"),
                Field(
                    "focus",
                    "Kind of focus",
                    choices=("Let go", "Understand", "Feel", "Meet", "Rest"),
                ),
                Field("hope", "Hope"),
                Field("fear", "Fear"),
                Field("carried", "Carried from the last integration"),
            ),
        ),
        (
            "Today",
            (
                Field("mood", "Mood and stressors today"),
                Field("prepared", "When and how we prepared"),
            ),
        ),
        (
            "If it gets difficult",
            (
                Field("rehearsed", "Coping skills rehearsed?", choices=("Yes", "No")),
                Field("helps", "What helps"),
                Field("does_not_help", "What does not help"),
                Field("words", "Words to say"),
                Field("signal", "Hand signal"),
                Field("touch", "Touch agreement", choices=("Yes", "No")),
                Field("touch_scope", "What touch is agreed to"),
            ),
        ),
        (
            "Room and evening",
            (
                Field("room", "Music, eye mask, lights"),
                Field("support_person", "Support person tonight"),
            ),
        ),
    ),
)
_INTEGRATION = Template(
    NoteKind.INTEGRATION,
    1,
    (
        Field(
            "safety",
            "Safety",
            "Thoughts of suicide or of harming others: asked, and what was said",
            required=True,
        ),
        Field("recap", "What happened", "Two to four lines, the client's words", required=True),
        Field(
            "revisited",
            "The intention",
            required=True,
            choices=("Met", "Partly met", "Shifted", "Not touched", "None was set"),
        ),
        Field("actions", "Committed actions", "Who does what by when", required=True),
        Field("to_prescriber", "For the prescriber", "Adverse effect, medicine question, concern"),
    ),
    (
        (
            "State",
            (
                Field("arrival", "On arrival"),
                Field("body", "Sleep, appetite, energy"),
                Field("after_effects", "After-effects still present"),
            ),
        ),
        (
            "Meaning",
            (
                Field("themes", "Themes"),
                Field("emotions", "Emotions and body"),
                Field("insights", "Insights"),
                Field("meaning", "Meaning made"),
                Field("difficult", "Difficult material and how it is held"),
            ),
        ),
        (
            "From here",
            (
                Field("practices", "Integration practices"),
                Field("obstacles", "Obstacles and support"),
                Field("measures", "Measures reviewed"),
                Field(
                    "next_dose",
                    "Next dose, therapist's view",
                    choices=("Proceed", "Space out", "Pause", "Ask the prescriber"),
                ),
            ),
        ),
    ),
)
TEMPLATES: Mapping[tuple[NoteKind, int], Template] = {
    (template.kind, template.version): template for template in (_INTENTION, _INTEGRATION)
}


def current_template(kind: NoteKind) -> Template:
    """The newest template of a kind."""
    return TEMPLATES[kind, max(version for one, version in TEMPLATES if one is kind)]


def problems(template: Template, body: Mapping[str, str]) -> dict[str, str]:
    """What keeps a note from being signed: a sentence for each field; empty when it can be."""
    found = {}
    for field in template.fields:
        text = body.get(field.key, "").strip()
        if field.required and not text:
            verb = "Choose" if field.choices else "Write"
            found[field.key] = f"{verb} “{field.label}” before signing."
        elif len(text) > LONGEST_FIELD:
            found[field.key] = f"{len(text):,} characters; {LONGEST_FIELD:,} is the most."
        elif text and field.choices and text not in field.choices:
            found[field.key] = "Choose one of the answers."
    return found


def signed_text(template: Template, body: Mapping[str, str], heading: str) -> str:
    """The exact text that is signed: the heading, then every field that has words."""
    parts = [heading]
    for field in template.fields:
        text = body.get(field.key, "").strip()
        if text:
            parts.append(f"{field.label}\n{text}")
    return "\n\n".join(parts)


def content_hash(text: str) -> str:
    """SHA-256 of a signed text, as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


class IntentionStage(Term):
    """Where the intention for one ketamine session stands."""

    NOT_EXPECTED = "not_expected", "No intention note on this course"
    NOT_DUE = "not_due", "Intention not due yet"
    MISSING = "missing", "No intention note yet"
    DRAFT = "draft", "Intention draft"
    SIGNED = "signed", "Intention signed"
    STALE = "stale", "Confirm or rewrite the intention"


@dataclass(frozen=True, slots=True)
class IntentionStanding:
    """The judgement on one intention. `holder` is who has the draft."""

    stage: IntentionStage
    tone: Tone
    signed_at: datetime | None = None
    holder: str = ""


def judge_intention(
    *,
    expected: bool,
    planned_at: datetime,
    signed_at: datetime | None,
    draft_by: str | None,
    last_dose_at: datetime | None,
    thresholds: Thresholds,
    now: datetime,
) -> IntentionStanding:
    """Rule 28: missing from 72 h before the dose; stale when older than 7 days or the last dose.

    `signed_at` is the latest signature for this session; `draft_by` the name of whoever holds an
    unsigned one.
    """
    if not expected:
        return IntentionStanding(IntentionStage.NOT_EXPECTED, Tone.QUIET)
    if signed_at is not None:
        old = now - signed_at > timedelta(days=thresholds.intention_fresh_days)
        before_last_dose = last_dose_at is not None and signed_at < last_dose_at
        stage = IntentionStage.STALE if old or before_last_dose else IntentionStage.SIGNED
        tone = Tone.AMBER if stage is IntentionStage.STALE else Tone.PLAIN
        return IntentionStanding(stage, tone, signed_at=signed_at)
    due = planned_at - now <= timedelta(hours=thresholds.intention_due_hours)
    if draft_by:
        tone = Tone.AMBER if due else Tone.BLUE
        return IntentionStanding(IntentionStage.DRAFT, tone, holder=draft_by)
    if due:
        return IntentionStanding(IntentionStage.MISSING, Tone.AMBER)
    return IntentionStanding(IntentionStage.NOT_DUE, Tone.QUIET)
