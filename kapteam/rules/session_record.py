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


@dataclass(frozen=True, slots=True)
class SupportGiven:
    """What the therapist recorded: what helped, the client's own words, whether it was touched.

    `touched` is whether the intention was; None when nobody said.
    """

    given: tuple[Support, ...] = ()
    words: str = ""
    touched: IntentionTouched | None = None
    touches: tuple[TouchGiven, ...] = ()

    @classmethod
    def of(
        cls,
        given: Iterable[str],
        words: str,
        touched: IntentionTouched | None,
        touches: Iterable[Mapping[str, Any]],
    ) -> Self:
        """From what the support record keeps."""
        helped = tuple(map(Support, given))
        return cls(helped, words, touched, tuple(map(TouchGiven.of, touches)))


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
    if support.words:
        lines.append(f"In the client's own words: {support.words}")
    return lines
