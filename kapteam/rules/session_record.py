"""A finished ketamine session is signed in two parts: medical, support (domain 2)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Self
from zoneinfo import ZoneInfo

from kapteam import wording
from kapteam.vocabulary import IntentionTouched, Part, RecordPart, Support, Tone, TouchBegan

SIGN_WITHIN = timedelta(hours=72)
"""Domain 5, D9: what nobody signed for 72 hours is said louder."""
PART_OF = {RecordPart.MEDICAL: Part.PRESCRIBER, RecordPart.SUPPORT: Part.THERAPIST}
"""Whose of a course each part is; a nurse may sign the medical one as well."""


@dataclass(frozen=True, slots=True)
class TouchGiven:
    """One touch (domain 2): what, whose wish it was, what the client said to it, and when."""

    what: str
    began: TouchBegan
    reply: str
    at: datetime

    def kept(self) -> dict[str, Any]:
        """As the support record keeps it."""
        return {
            "what": self.what,
            "began": self.began.value,
            "reply": self.reply,
            "at": self.at.isoformat(),
        }

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Self:
        """From what the support record keeps."""
        began, at = TouchBegan(kept["began"]), datetime.fromisoformat(kept["at"])
        return cls(kept["what"], began, kept["reply"], at)


INTENSITY = (0, 10)
"""How challenging an experience was, as it is asked for (domain 2)."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """A challenging experience (domain 2): how much of 10, what was used to cope, and for how long.

    It is no adverse event by itself. `minutes` None: not known. `is_over`: before the client left.
    """

    intensity: int
    minutes: int | None
    coping: str
    is_over: bool

    def kept(self) -> dict[str, Any]:
        """As the support record keeps it."""
        return {
            "intensity": self.intensity,
            "minutes": self.minutes,
            "coping": self.coping,
            "is_over": self.is_over,
        }

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Self:
        """From what the support record keeps."""
        return cls(kept["intensity"], kept["minutes"], kept["coping"], kept["is_over"])

    def in_words(self) -> str:
        """`Challenging, 7 of 10, for 20 min, over before leaving. Coping used: breath`."""
        lasted = f", for {self.minutes}{wording.NBSP}min" if self.minutes is not None else ""
        over = "over before leaving" if self.is_over else "not over when they left"
        coping = f". Coping used: {self.coping}" if self.coping else ""
        return f"Challenging, {self.intensity} of {INTENSITY[1]}{lasted}, {over}{coping}"


@dataclass(frozen=True, slots=True)
class SupportGiven:
    """What the therapist recorded: what helped, the client's own words, whether it was touched.

    `touched` is whether the intention was; None when nobody said.
    """

    given: tuple[Support, ...] = ()
    words: str = ""
    touched: IntentionTouched | None = None
    touches: tuple[TouchGiven, ...] = ()
    challenge: Challenge | None = None

    @classmethod
    def of(
        cls,
        given: Iterable[str],
        words: str,
        touched: IntentionTouched | None,
        touches: Iterable[Mapping[str, Any]],
        challenge: Mapping[str, Any] | None,
    ) -> Self:
        """From what the support record keeps."""
        helped = tuple(map(Support, given))
        given_touches = tuple(map(TouchGiven.of, touches))
        kept = Challenge.of(challenge) if challenge else None
        return cls(helped, words, touched, given_touches, kept)


def asked_of(members: Iterable[tuple[Part, str | None]]) -> tuple[RecordPart, ...]:
    """The parts that are to be signed: those of whom somebody of the team has on the course.

    Who works elsewhere signs nothing here, so nobody waits for it.
    """
    here = {part for part, clinician_id in members if clinician_id is not None}
    return tuple(one for one in RecordPart if PART_OF[one] in here)


def to_sign_tone(asked_at: datetime, now: datetime) -> Tone:
    """Three days to sign, then it is said louder."""
    return Tone.AMBER if now - asked_at >= SIGN_WITHIN else Tone.PLAIN


def drawn_from(part: RecordPart, version: int, rows: Iterable[str]) -> str:
    """Names what somebody saw of a part when they signed it: nobody signs what they have not seen.

    `rows` are the ids of what counts, so that a row more or less is another name; `version` is that
    of the session, whose times are medical.
    """
    times = str(version) if part is RecordPart.MEDICAL else ""
    return sha256("\n".join([times, *sorted(rows)]).encode()).hexdigest()


def name_of_row(row_id: str, is_over: bool) -> str:
    """What `drawn_from` knows an event or a reading by: that it is over is something to see."""
    return f"{row_id}/over" if is_over else row_id


def touch_at(typed_at: datetime, day_later: datetime, began_at: datetime) -> datetime:
    """When a touch was of which only the time of day was typed: as near the dose as may be.

    A session may pass midnight (rule 9).
    """
    return min((typed_at, day_later), key=lambda at: abs(at - began_at))


def support_lines(support: SupportGiven, zone: ZoneInfo) -> list[str]:
    """The support part in words, a line each, as it is signed."""
    lines = [f"Support given: {wording.listed([one.label for one in support.given])}"]
    if support.touched:
        lines.append(f"Intention touched: {support.touched.label.lower()}")
    for one in support.touches:
        at, began = wording.full_moment(one.at, zone), one.began.label.lower()
        lines.append(f"Touch, {at}: {one.what}, {began}. Client: {one.reply}")
    if support.challenge:
        lines.append(support.challenge.in_words())
    if support.words:
        lines.append(f"In the client's own words: {support.words}")
    return lines
