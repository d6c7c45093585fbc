"""Notes of every kind: their frozen templates, and when an intention is due.

Fields are those of domain 3.1 and 3.2, of a risk note what its signal asks for (domain 5, S1); the
few required ones come first. What is a fact of the session (which dose, how long since it, the
number of the integration, from when to when, how you met) is no field: it stands above the note and
in the signed text. The tags for what was worked on are the eight needs of a taught framework
(domain 3.2, source S41).

A template is never edited: a change is a new version, so that an old note keeps its shape. A draft
stays with the version that it was begun with.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from kapteam import wording
from kapteam.rules.themes import USUAL_THEMES, problem_of_length, problem_of_tags, tags_of
from kapteam.rules.thresholds import Thresholds
from kapteam.vocabulary import IntegrationKind, NoteKind, Term, Tone

LONGEST_FIELD = 8_000
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 12, 31)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a note. With `choices` it is picked, any number of them if `many`; else typed.

    A draft keeps text: several answers as `one, other`, and a day (`is_day`) as `2026-11-24`.
    """

    key: str
    label: str
    prompt: str = ""
    required: bool = False
    choices: tuple[str, ...] = ()
    many: bool = False
    is_day: bool = False

    @property
    def is_typed(self) -> bool:
        """Whether it is written in words, rather than picked from answers or a calendar."""
        return not self.choices and not self.is_day and not self.many

    def picked(self, text: str) -> tuple[str, ...]:
        """The answers that a text holds, each of them one of `choices` or not."""
        return tuple(filter(None, (one.strip() for one in text.split(","))))

    def joined(self, picked: Iterable[str]) -> str:
        """Several answers as one text, in the order of the page."""
        chosen = set(picked)
        return ", ".join(one for one in self.choices if one in chosen)

    def day(self, text: str) -> date | None:
        """The day that a text names, in the one way a draft keeps it; None if it names none."""
        try:
            day = date.fromisoformat(text)
        except ValueError:
            return None
        return day if day.isoformat() == text and FIRST_DAY <= day <= LAST_DAY else None

    def written(self, text: str) -> str:
        """A text as it is read: a day with its weekday, everything else to the letter."""
        day = self.day(text) if self.is_day else None
        return wording.full_day(day) if day else text

    def problem(self, text: str) -> str:
        """Why a text that is there is no answer to this field; empty when it is one."""
        if len(text) > LONGEST_FIELD:
            return f"{len(text):,} characters; {LONGEST_FIELD:,} is the most."
        if self.is_day and self.day(text) is None:
            return f"“{self.label}” is not a day. Choose it again."
        if self.many and not set(self.picked(text)) <= set(self.choices):
            return "Choose among the answers."
        if self.choices and not self.many and text not in self.choices:
            return "Choose one of the answers."
        return ""


class ThemesField(Field):
    """Themes to pick: a note is given the practice's own list as `choices` when it is shown.

    What was picked once counts, whatever became of the list until the note is signed.
    """

    __slots__ = ()

    def joined(self, picked: Iterable[str]) -> str:
        """What was picked as one text, in that order: the practice's may change meanwhile."""
        return ", ".join(dict.fromkeys(picked))

    def problem(self, text: str) -> str:
        """Why what was picked is no answer; empty when it is one."""
        return problem_of_length(self.picked(text))

    def offering(self, themes: Iterable[str], held: str) -> "ThemesField":
        """The field with these to pick, and with what it holds already."""
        return replace(self, choices=tuple(dict.fromkeys((*themes, *self.picked(held)))))


class TagsField(Field):
    """Themes in the author's own words, a comma between any two."""

    __slots__ = ()

    def problem(self, text: str) -> str:
        """Why what was written are no themes; empty when they are."""
        return problem_of_tags(tags_of(text))


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

    def offering(self, themes: Iterable[str], body: Mapping[str, str]) -> "Template":
        """The template with the practice's themes to pick, for a note that holds `body`."""
        if not any(isinstance(field, ThemesField) for field in self.fields):
            return self
        themes = tuple(themes)
        return replace(
            self,
            folded=tuple(
                (
                    heading,
                    tuple(
                        field.offering(themes, body.get(field.key, ""))
                        if isinstance(field, ThemesField)
                        else field
                        for field in group
                    ),
                )
                for heading, group in self.folded
            ),
        )


POSTPONE = "Postpone"
_HOW = ("In person", "By video", "By phone")
_NEEDS = (
    "Regulation",
    "Normalizing",
    "Working it through",
    "Meaning-making",
    "Committed action",
    "Keeping it alive",
    "Connection to others",
    "Spiritual needs",
)
_INTENTION_1 = Template(
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
        Field("ready", "Ready?", required=True, choices=("Ready", POSTPONE)),
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
_INTEGRATION_1 = Template(
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
_INTENTION_2 = Template(
    NoteKind.INTENTION,
    2,
    _INTENTION_1.first,
    (
        _INTENTION_1.folded[0],
        (
            "Today",
            (
                Field("mood", "Mood and stressors today"),
                Field("prepared_on", "Prepared on", is_day=True),
                Field("prepared_how", "How we met to prepare", choices=_HOW),
                Field("prepared", "How we prepared"),
            ),
        ),
        *_INTENTION_1.folded[2:],
    ),
)
_INTEGRATION_2 = Template(
    NoteKind.INTEGRATION,
    2,
    (
        *_INTEGRATION_1.first[:-1],
        Field(
            "to_prescriber",
            "For the prescriber",
            "Adverse effect, medicine-use concern, thoughts of suicide, medicine question",
        ),
    ),
    (
        _INTEGRATION_1.folded[0],
        (
            "Meaning",
            (
                Field("themes", "Themes", choices=USUAL_THEMES, many=True),
                Field("other_themes", "Other themes"),
                *_INTEGRATION_1.folded[1][1][1:],
                Field("needs", "What this integration worked on", choices=_NEEDS, many=True),
            ),
        ),
        (
            "From here",
            (
                Field("check_back", "Check back on the actions", is_day=True),
                *_INTEGRATION_1.folded[2][1],
                Field("next_integration", "Next integration", is_day=True),
            ),
        ),
    ),
)
_INTEGRATION_3 = Template(
    NoteKind.INTEGRATION,
    3,
    (
        *_INTEGRATION_2.first[:-2],
        Field("actions", "Committed actions", "One a line: who does what by when", required=True),
        _INTEGRATION_2.first[-1],
    ),
    (
        _INTEGRATION_2.folded[0],
        (
            "Meaning",
            (
                ThemesField("themes", "Themes", many=True),
                TagsField("other_themes", "Other themes", "A comma between any two"),
                *_INTEGRATION_2.folded[1][1][2:],
            ),
        ),
        _INTEGRATION_2.folded[2],
    ),
)
_LOOK_AGAIN = "look_again"
_RISK_1 = Template(
    NoteKind.RISK,
    1,
    (
        Field("seen", "What was seen or said", "By whom and when, word for word", required=True),
        Field("risk", "Suicide risk", required=True, choices=("None", "Some", "High")),
        Field("why", "Why", "In your own words", required=True),
        Field("plan", "Plan until the next contact", "Who does what, and when", required=True),
        Field("told", "Who was told", "By name, and when"),
        Field(_LOOK_AGAIN, "Look again on", is_day=True),
    ),
    (),
)
_DECISION_1 = Template(
    NoteKind.DECISION,
    1,
    (
        Field("decided", "What was decided", required=True),
        Field("why", "Why", required=True),
        Field("part", "Who takes part in it", "By name; the client too, if so"),
    ),
    (),
)
_GENERAL_1 = Template(NoteKind.GENERAL, 1, (Field("text", "Text", required=True),), ())
# A risk that is there has somebody who knows of it, and a day (domain 5, S1).
_RISK_IS_THERE, _ASKED_THEN = {"Some", "High"}, {"told", _LOOK_AGAIN}
TEMPLATES: Mapping[tuple[NoteKind, int], Template] = {
    (template.kind, template.version): template
    for template in (
        _INTENTION_1,
        _INTEGRATION_1,
        _INTENTION_2,
        _INTEGRATION_2,
        _INTEGRATION_3,
        _RISK_1,
        _DECISION_1,
        _GENERAL_1,
    )
}


def title(kind: NoteKind, about: IntegrationKind | None = None) -> str:
    """What a note is called. That of a debrief is no integration note: no clock stops with it."""
    return "Debrief note" if about is IntegrationKind.DEBRIEF else kind.label


def current_template(kind: NoteKind) -> Template:
    """The newest template of a kind."""
    return TEMPLATES[kind, max(version for one, version in TEMPLATES if one is kind)]


def is_required(template: Template, field: Field, body: Mapping[str, str]) -> bool:
    """Whether a field has to be answered before signing, as the note reads now."""
    at_risk = template.kind is NoteKind.RISK and body.get("risk", "").strip() in _RISK_IS_THERE
    return field.required or (at_risk and field.key in _ASKED_THEN)


def problems(template: Template, body: Mapping[str, str]) -> dict[str, str]:
    """What keeps a note from being signed: a sentence for each field; empty when it can be."""
    found = {}
    for field in template.fields:
        text = body.get(field.key, "").strip()
        if is_required(template, field, body) and not text:
            verb = "Choose" if field.choices or field.is_day else "Write"
            found[field.key] = f"{verb} “{field.label}” before signing."
        elif text and (sentence := field.problem(text)):
            found[field.key] = sentence
    return found


def looks_back(template: Template, body: Mapping[str, str], begun_on: date) -> dict[str, str]:
    """A sentence for the day to look again, when it lies before the note was begun."""
    for field in template.fields:
        day = field.day(body.get(field.key, "")) if field.key == _LOOK_AGAIN else None
        if day is not None and day < begun_on:
            return {field.key: f"“{field.label}” lies before this note was begun. Choose it again."}
    return {}


def signed_text(template: Template, body: Mapping[str, str], heading: str) -> str:
    """The exact text that is signed: the heading, then every field that has words."""
    parts = [heading]
    for field in template.fields:
        text = body.get(field.key, "").strip()
        if text:
            parts.append(f"{field.label}\n{field.written(text)}")
    return "\n\n".join(parts)


def content_hash(text: str) -> str:
    """SHA-256 of a signed text, as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


class IntentionStage(Term):
    """Where the intention for one ketamine session stands."""

    NOT_EXPECTED = "not_expected", "No intention note on this course"
    NOT_DUE = "not_due", "Intention not due yet"
    PREPARING = "preparing", "Intention at the preparation"
    MISSING = "missing", "No intention note yet"
    DRAFT = "draft", "Intention draft"
    SIGNED = "signed", "Intention signed"
    STALE = "stale", "Confirm or rewrite the intention"
    POSTPONE = "postpone", "Intention says postpone"


@dataclass(frozen=True, slots=True)
class IntentionStanding:
    """The judgement on one intention. `holder` is who has the draft.

    `preparation_at` is the preparation before the dose that it is left for.
    """

    stage: IntentionStage
    tone: Tone
    signed_at: datetime | None = None
    holder: str = ""
    preparation_at: datetime | None = None


def judge_intention(
    *,
    expected: bool,
    planned_at: datetime,
    signed_at: datetime | None,
    postpones: bool,
    draft_by: str | None,
    last_dose_at: datetime | None,
    preparation_at: datetime | None,
    thresholds: Thresholds,
    now: datetime,
) -> IntentionStanding:
    """Rule 28: missing from 72 h before the dose; stale when older than 7 days or the last dose.

    Unless a preparation is booked before the dose, at `preparation_at`: it is written then.

    `signed_at` is the latest signature for this session, and `postpones` whether that note says
    that the client is not ready; `draft_by` is the name of whoever holds an unsigned one.
    """
    if not expected:
        return IntentionStanding(IntentionStage.NOT_EXPECTED, Tone.QUIET)
    if signed_at is not None and postpones:
        return IntentionStanding(IntentionStage.POSTPONE, Tone.AMBER, signed_at=signed_at)
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
    if due and preparation_at is not None and now < preparation_at < planned_at:
        return IntentionStanding(IntentionStage.PREPARING, Tone.BLUE, preparation_at=preparation_at)
    if due:
        return IntentionStanding(IntentionStage.MISSING, Tone.AMBER)
    return IntentionStanding(IntentionStage.NOT_DUE, Tone.QUIET)
