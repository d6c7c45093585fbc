"""The Spravato monitoring form: its content by version, filled from rows, and when it is due.

The form goes out after every session within seven days (domain 1.4). What it asks has changed
before, so each definition carries its version, and a form that went out is shown by its own.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from kapteam import wording
from kapteam.rules.plausibility import DEVICE_UG
from kapteam.rules.spravato import LEAST, Reading, Watched
from kapteam.vocabulary import AdverseEventKind, Term, Tone, WatchedMedicine

DUE_AFTER = timedelta(days=7)
"""Spravato REMS: submitted within seven days of the session (rule 39)."""
SOON = timedelta(days=2)
"""Ours: so long before its day a form that is due is amber."""
LONGEST_READY = 24 * 60
_COMMON = (WatchedMedicine.BENZODIAZEPINE, WatchedMedicine.HYPNOTIC)
_SEDATION = ("Sedation", AdverseEventKind.SEDATION)
_DISSOCIATION = ("Dissociation", AdverseEventKind.DISSOCIATION)
_NONE = "None recorded"


@dataclass(frozen=True, slots=True)
class FormDefinition:
    """What one version of the form asks. `events` are those it names, with its own word for each.

    `asks_oxygen`: pulse oximetry, and respiratory depression with it.
    """

    version: int
    medicines: tuple[WatchedMedicine, ...]
    events: tuple[tuple[str, AdverseEventKind], ...]
    asks_oxygen: bool


FORMS: Mapping[int, FormDefinition] = {
    1: FormDefinition(
        1,
        (*_COMMON, WatchedMedicine.STIMULANT, WatchedMedicine.MAOI),
        (_SEDATION, _DISSOCIATION),
        asks_oxygen=False,
    ),
    2: FormDefinition(
        2,
        (*_COMMON, WatchedMedicine.OPIOID, WatchedMedicine.STIMULANT),
        (
            _SEDATION,
            _DISSOCIATION,
            ("Respiratory depression", AdverseEventKind.SLOW_BREATHING),
        ),
        asks_oxygen=True,
    ),
}
"""The content of the REMS form as domain 1.4 has it: that of November 2021, and the one since."""
CURRENT = FORMS[max(FORMS)]


class FormStage(Term):
    """Where the form of one session stands (rule 39)."""

    NOT_DUE = "not_due", "Not due yet"
    DUE = "due", "Due"
    OVERDUE = "overdue", "Overdue"
    SUBMITTED = "submitted", "Submitted"
    CHANGED = "changed", "Changed since it was submitted"


@dataclass(frozen=True, slots=True)
class FormStanding:
    """A form's stage and the last day on which it is in time."""

    stage: FormStage
    due_on: date

    def tone(self, today: date) -> Tone:
        """How loud it is."""
        if self.stage is FormStage.OVERDUE:
            return Tone.RED
        if self.stage is FormStage.CHANGED:
            return Tone.AMBER
        is_soon = self.stage is FormStage.DUE and self.due_on - today <= SOON
        return Tone.AMBER if is_soon else Tone.PLAIN


def judge_form(
    given_on: date | None,
    today: date,
    *,
    is_closed: bool,
    is_submitted: bool,
    is_changed: bool = False,
) -> FormStanding | None:
    """Rule 39: where the form of a session given on that day stands; None while nothing was given.

    It is due once the session is closed; one that nobody closed is overdue all the same. One that
    went out and `is_changed` since is to be sent again.
    """
    if given_on is None:
        return None
    due_on = given_on + DUE_AFTER
    if is_submitted:
        return FormStanding(FormStage.CHANGED if is_changed else FormStage.SUBMITTED, due_on)
    if today > due_on:
        return FormStanding(FormStage.OVERDUE, due_on)
    return FormStanding(FormStage.DUE if is_closed else FormStage.NOT_DUE, due_on)


def read_ready_minutes(text: str) -> int | None:
    """Minutes as typed, None where nothing was. Raises ValueError with a sentence."""
    typed = text.strip().removesuffix("min").strip()
    if not typed:
        return None
    if not (typed.isascii() and typed.isdigit() and 1 <= int(typed[:5]) <= LONGEST_READY):
        raise ValueError(f"Enter whole minutes from 1 to {LONGEST_READY:,}, or leave it empty.")
    return int(typed)


@dataclass(frozen=True, slots=True)
class Answered:
    """What a prescriber answered. `medicines` has yes or no for each class that was asked.

    `looked_for_events`: somebody watched for what the form names; None: nobody was asked.
    """

    medicines: Mapping[WatchedMedicine, bool]
    before_is_acceptable: bool
    leaving_is_acceptable: bool
    ready_minutes: int | None
    looked_for_events: bool | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that befell the client during the session; `resolved_at` None: it went on."""

    kind: AdverseEventKind
    is_serious: bool
    words: str
    done: str
    onset_at: datetime
    resolved_at: datetime | None


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """What a form says of the session itself; `stop_reason` is why its dosing was stopped early."""

    watched: Watched
    events: Sequence[Event]
    early_out_reason: str
    stopped_at: datetime | None
    stop_reason: str
    answered: Answered | None
    enrolled_on: date | None
    born_on: date | None


@dataclass(frozen=True, slots=True)
class FormFacts(SessionFacts):
    """What a form is filled from. `is_first`: no Spravato was given to the client before.

    `medications` as they stand on the client, None: not asked. `provider` watched over the session.
    """

    name: str
    is_first: bool
    medications: str | None
    provider: str
    provider_phone: str
    practice: str


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that the form asks. Nothing recorded: a line to fill in by hand (`by_hand`)."""

    asks: str
    says: str
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the form."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class FilledForm:
    """The content of the form for one session, and what it still lacks, in few words each."""

    definition: FormDefinition
    parts: tuple[Part, ...]
    missing: tuple[str, ...]


def fill(definition: FormDefinition, facts: FormFacts, now: datetime, zone: ZoneInfo) -> FilledForm:
    """The form of one session as far as the rows have it."""
    filling = _Filling(definition, facts, now, zone)
    return FilledForm(definition, tuple(filling.parts()), missing(definition, facts, now))


def missing(definition: FormDefinition, facts: SessionFacts, now: datetime) -> tuple[str, ...]:
    """What the form lacks by `now` of what kapteam keeps (rule 38), in few words each."""
    watched = facts.watched
    found = list(watched.missing(now, with_oxygen=definition.asks_oxygen))
    if watched.devices and watched.discharged_at is None:
        found.append("when they left")
    if facts.enrolled_on is None:
        found.append("enrollment")
    if facts.born_on is None:
        found.append("birth date")
    if facts.answered is None or any(
        one not in facts.answered.medicines for one in definition.medicines
    ):
        found.append("the prescriber's answers")
    return tuple(found)


def fingerprint(definition: FormDefinition, facts: SessionFacts) -> str:
    """Names what the form says of its session: another one, once any of that is another.

    Not what stands on the client or the course, as their medicines and who treats them do: that
    goes on, and was what it was on the day. Nor the words it is said in.
    """
    watched, answered = facts.watched, facts.answered
    named = {kind for _, kind in definition.events}
    oxygen = [watched.oxygen(one) for one in Reading] if definition.asks_oxygen else []
    said = [
        [(one.given_at.isoformat(), one.ug, one.lot) for one in watched.devices],
        _instant(watched.discharged_at),
        facts.early_out_reason.strip() if watched.is_below_least else "",
        [_instant(facts.stopped_at), facts.stop_reason.strip() if facts.stopped_at else ""],
        [str(watched.pressure(one) or "") for one in Reading],
        oxygen,
        sorted(
            (one.onset_at.isoformat(), one.kind.value, _instant(one.resolved_at), *_serious(one))
            for one in facts.events
            if one.kind in named or one.is_serious
        ),
        answered
        and [
            [answered.medicines.get(one) for one in definition.medicines],
            answered.before_is_acceptable,
            answered.leaving_is_acceptable,
            answered.ready_minutes,
            answered.looked_for_events,
        ],
    ]
    return sha256(json.dumps(said).encode()).hexdigest()


def _instant(at: datetime | None) -> str:
    return at.isoformat() if at else ""


def _serious(one: Event) -> tuple[str, ...]:
    return (one.words.strip(), one.done.strip()) if one.is_serious else ()


class _Filling:
    """One form while it is filled in."""

    def __init__(
        self, definition: FormDefinition, facts: FormFacts, now: datetime, zone: ZoneInfo
    ) -> None:
        self._form, self._facts, self._now, self._zone = definition, facts, now, zone
        self._watched = facts.watched

    def parts(self) -> Iterator[Part]:
        yield Part("Client", tuple(self._client()))
        yield Part("Other medicines", tuple(self._medicines()))
        yield Part("Who monitored, and where", tuple(self._setting()))
        yield Part("Treatment session", tuple(self._session()))
        yield Part("Readings", tuple(self._readings()))
        yield Part("Events", tuple(self._events()))
        yield Part("Serious events", tuple(self._serious()))

    def _line(self, asks: str, says: str | None) -> Line:
        return Line(asks, says or "", by_hand=not says)

    def _client(self) -> Iterator[Line]:
        facts = self._facts
        yield self._line("Name", facts.name)
        born = wording.born(facts.born_on, self._day(self._now)) if facts.born_on else None
        yield self._line("Birth date", born)
        yield Line("Sex (not kept in kapteam)", "", by_hand=True)
        yield self._line("First treatment?", _yes(facts.is_first))
        since = _day_or_none(facts.enrolled_on)
        enrolled = f"Yes, since {since}" if since else None
        yield self._line("Enrolled in the Spravato REMS?", enrolled)

    def _medicines(self) -> Iterator[Line]:
        facts = self._facts
        known = None if facts.medications is None else facts.medications.strip() or "none"
        yield self._line("Medicines on record", known)
        for one in self._form.medicines:
            answer = facts.answered.medicines.get(one) if facts.answered else None
            yield self._line(f"{one.label}?", None if answer is None else _yes(answer))

    def _setting(self) -> Iterator[Line]:
        facts = self._facts
        yield self._line("Monitored by", facts.provider)
        yield self._line("Phone", facts.provider_phone)
        yield self._line("Setting", facts.practice)
        yield Line("Address (not kept in kapteam)", "", by_hand=True)

    def _session(self) -> Iterator[Line]:
        watched, facts = self._watched, self._facts
        first_at, out_at = watched.first_at, watched.discharged_at
        yield self._line("Date", _day_or_none(self._day(first_at) if first_at else None))
        yield self._line("Dose", self._dose())
        for number, one in enumerate(watched.devices, 1):
            yield self._line(f"Lot of device {number}, {self._clock(one.given_at)}", one.lot)
        if facts.stopped_at:
            why = f"{self._clock(facts.stopped_at)}. {facts.stop_reason.strip()}"
            yield Line("Dosing stopped early", why.strip())
        total = watched.since_first(out_at) if out_at else None
        yield self._line(
            "Total, from the first device to the end of monitoring",
            None if total is None else f"{_minutes(total)} min, until {self._clock(out_at)}",
        )
        since_last = watched.since_last(out_at) if out_at else None
        if since_last is not None:
            says = f"{_minutes(since_last)} min"
            if watched.is_below_least:
                reason = facts.early_out_reason.strip()
                says += f", below the minimum of {_minutes(LEAST)} min. {reason}".rstrip()
            yield Line("From the last device", says)
        ready = facts.answered.ready_minutes if facts.answered else None
        yield self._line(
            "Without the two hours, ready to leave after",
            f"{ready} min from the first device" if ready else None,
        )

    def _dose(self) -> str | None:
        devices = self._watched.devices
        if not devices:
            return None
        total = sum(one.ug for one in devices)
        number = wording.count(-(-total // DEVICE_UG), "device")
        return f"{wording.mg(total)}, {number} of {wording.mg(DEVICE_UG)}"

    def _readings(self) -> Iterator[Line]:
        answered = self._facts.answered
        for which in Reading:
            pressure = self._watched.pressure(which)
            said = f"{pressure} mmHg" if pressure else None
            yield self._line(f"Blood pressure {which.label}", said)
            if self._form.asks_oxygen:
                oxygen = self._watched.oxygen(which)
                said = None if oxygen is None else f"{oxygen}{wording.NBSP}%"
                yield self._line(f"Oxygen saturation {which.label}", said)
        yield self._line(
            "Acceptable before the dose?",
            _yes(answered.before_is_acceptable) if answered else None,
        )
        yield self._line(
            "Acceptable before leaving?",
            _yes(answered.leaving_is_acceptable) if answered else None,
        )

    def _events(self) -> Iterator[Line]:
        answered = self._facts.answered
        looked = answered is not None and bool(answered.looked_for_events)
        for name, kind in self._form.events:
            of_kind = [one for one in self._facts.events if one.kind is kind]
            # That nothing is recorded is no "no": somebody has to have looked.
            none = "No" if looked else _NONE
            yield Line(f"{name}?", "; ".join(map(self._when, of_kind)) or none)

    def _serious(self) -> Iterator[Line]:
        serious = [one for one in self._facts.events if one.is_serious]
        if not serious:
            yield Line("Serious event?", _NONE)
        for one in serious:
            told = ". ".join(filter(None, (self._when(one), one.words.strip(), one.done.strip())))
            yield Line(one.kind.label, told)

    def _when(self, one: Event) -> str:
        over = f"over {self._clock(one.resolved_at)}" if one.resolved_at else "end not recorded"
        return f"Yes, began {self._clock(one.onset_at)}, {over}"

    def _day(self, at: datetime) -> date:
        return at.astimezone(self._zone).date()

    def _clock(self, at: datetime | None) -> str:
        return wording.clock_time(at.astimezone(self._zone).time()) if at else ""


def _day_or_none(on: date | None) -> str | None:
    return wording.full_day(on) if on else None


def _yes(so: bool) -> str:
    return "Yes" if so else "No"


def _minutes(length: timedelta) -> int:
    return length // timedelta(minutes=1)
