"""What completes one ketamine session: the support that was given and the two signatures."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Executable, String, Text, cast, literal, null, select, union_all
from sqlalchemy.orm import Session

from kapteam.db.tables import Clinician, RecordSignature, SupportRecord
from kapteam.db.types import UtcDateTime
from kapteam.queries.standing import Asked
from kapteam.rules.session_record import SupportGiven
from kapteam.vocabulary import IntentionTouched, RecordPart

_SUPPORT, _SIGNATURE = "support", "signature"


@dataclass(frozen=True, slots=True)
class SupportLine:
    """One version of what support was given; with `replaced_at` another took its place."""

    id: str
    support: SupportGiven
    by: str
    at: datetime
    replaced_at: datetime | None


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """One signature that was asked for: given by `by` once it has `signed_at`.

    With `changed_at` something of the part was changed since. `text` is what was signed, empty for
    who reads no notes.
    """

    part: RecordPart
    asked_at: datetime
    signed_at: datetime | None
    by: str
    changed_at: datetime | None
    text: str


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """The support of a session, the newest version first, and its signatures by time.

    The front desk is told of no support.
    """

    supports: tuple[SupportLine, ...]
    signatures: tuple[SignatureLine, ...]

    @property
    def support(self) -> SupportLine | None:
        """The version that counts."""
        return next((one for one in self.supports if one.replaced_at is None), None)

    def asked(self, part: RecordPart) -> SignatureLine | None:
        """The signature that this part waits for."""
        return next((one for one in self._of(part) if one.signed_at is None), None)

    def given(self, part: RecordPart) -> tuple[SignatureLine, ...]:
        """The signatures that this part has; only the last may be of what is recorded now."""
        return tuple(one for one in self._of(part) if one.signed_at is not None)

    def may_be_signed(self, part: RecordPart) -> bool:
        """Whether it is asked for, or nobody has signed what is recorded now."""
        return all(one.changed_at is not None for one in self.given(part))

    def _of(self, part: RecordPart) -> tuple[SignatureLine, ...]:
        return tuple(one for one in self.signatures if one.part is part)


def session_record(db: Session, asked: Asked, session_id: str) -> SessionRecord:
    """What completes a session that the viewer may see, in one statement."""
    reads = asked.viewer.reads_notes
    rows: list[Any] = list(db.execute(_rows(session_id)).all())
    return SessionRecord(
        supports=tuple(
            SupportLine(
                row.id,
                SupportGiven.of(
                    row.given,
                    row.words,
                    IntentionTouched(row.term) if row.term else None,
                    row.touches,
                    row.challenge,
                ),
                row.by,
                row.at,
                row.until_at,
            )
            for row in reversed(rows)
            if row.what == _SUPPORT and reads
        ),
        signatures=tuple(
            SignatureLine(
                RecordPart(row.term),
                row.at,
                row.until_at,
                row.by or "",
                row.changed_at,
                row.words if reads else "",
            )
            for row in rows
            if row.what == _SIGNATURE
        ),
    )


def _rows(session_id: str) -> Executable:
    """Both kinds, by time: `until_at` is when the one was replaced, or the other signed."""
    support = (
        select(
            literal(_SUPPORT).label("what"),
            SupportRecord.id.label("id"),
            cast(SupportRecord.touched, String).label("term"),
            SupportRecord.given.label("given"),
            SupportRecord.words.label("words"),
            SupportRecord.touches.label("touches"),
            SupportRecord.challenge.label("challenge"),
            SupportRecord.recorded_at.label("at"),
            SupportRecord.replaced_at.label("until_at"),
            cast(null(), UtcDateTime()).label("changed_at"),
            Clinician.name.label("by"),
        )
        .join(Clinician, Clinician.id == SupportRecord.recorded_by_id)
        .where(SupportRecord.ketamine_session_id == session_id)
    )
    signature = (
        select(
            literal(_SIGNATURE),
            RecordSignature.id,
            cast(RecordSignature.part, String),
            cast(null(), JSON()),
            cast(RecordSignature.signed_text, Text),
            cast(null(), JSON()),
            cast(null(), JSON()),
            RecordSignature.asked_at,
            RecordSignature.signed_at,
            RecordSignature.changed_at,
            Clinician.name,
        )
        .outerjoin(Clinician, Clinician.id == RecordSignature.signed_by_id)
        .where(RecordSignature.ketamine_session_id == session_id)
    )
    return union_all(support, signature).order_by("at", "id")
