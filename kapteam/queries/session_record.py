"""What completes one ketamine session: the support that was given and the two signatures."""

from dataclasses import dataclass
from datetime import datetime

from kapteam.rules.session_record import SupportGiven
from kapteam.vocabulary import RecordPart


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

    id: str
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
