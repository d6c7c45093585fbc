"""The people who sign in, and their signed-in browsers."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from kapteam.db.base import Base, Identified, Versioned, index_of_open
from kapteam.db.types import term
from kapteam.vocabulary import Audience, Function

_IS_ACTING = text("acting AND left_at IS NULL")


class Clinician(Versioned):
    """A person who signs in. Never reused and never deleted; a sign-in can be turned off.

    `sign_in_name` is folded. `password_hash` (argon2id) is empty until the one-time link was used.
    `phone` is where colleagues reach them.
    """

    __tablename__ = "clinician"

    name: Mapped[str]
    credentials: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="", server_default="")
    sign_in_name: Mapped[str] = mapped_column(String(80), unique=True)
    password_hash: Mapped[str | None]
    is_administrator: Mapped[bool]
    created_at: Mapped[datetime]
    suspended_at: Mapped[datetime | None]


class ClinicianFunction(Base):
    """One function that a clinician holds."""

    __tablename__ = "clinician_function"

    clinician_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"), primary_key=True)
    function: Mapped[Function] = mapped_column(term(Function), primary_key=True)


class Invitation(Identified):
    """A one-time link with which a clinician chooses a password. Only the token's hash is kept."""

    __tablename__ = "invitation"

    clinician_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    created_by_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SignIn(Identified):
    """A signed-in browser. The cookie's token is kept as a SHA-256 hash only."""

    __tablename__ = "sign_in"

    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    device: Mapped[str]
    created_at: Mapped[datetime]
    last_active_at: Mapped[datetime]
    locked_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    audience: Mapped[Audience] = mapped_column(term(Audience))


class PinBrowser(Identified):
    """A browser at which a clinician's PIN works, until `until_at`; a row that is gone ended.

    `token_hash` is of the browser's own token, which all who have a PIN there share. `pin_hash`
    (argon2id) is of the PIN together with that token. `tries` counts the PINs given since a right
    one; at five the PIN rests there until the password was given. `device` reads "Firefox on Mac".
    `password_at` is when this person last gave the password there.
    """

    __tablename__ = "pin_browser"

    clinician_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64))
    pin_hash: Mapped[str]
    device: Mapped[str]
    set_at: Mapped[datetime]
    until_at: Mapped[datetime]
    tries: Mapped[int]
    password_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("token_hash", "clinician_id"),)


class Presence(Identified):
    """Who is at a signed-in browser, and who of them is acting: one, of two at most."""

    __tablename__ = "presence"

    sign_in_id: Mapped[str] = mapped_column(ForeignKey("sign_in.id"), index=True)
    clinician_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    joined_at: Mapped[datetime]
    left_at: Mapped[datetime | None]
    acting: Mapped[bool]

    __table_args__ = (
        index_of_open(
            "uq_presence_sign_in_id_clinician_id",
            "sign_in_id",
            "clinician_id",
            unset="left_at",
            unique=True,
        ),
        Index(
            "uq_presence_sign_in_id_acting",
            "sign_in_id",
            unique=True,
            sqlite_where=_IS_ACTING,
            postgresql_where=_IS_ACTING,
        ),
    )


class Absence(Identified):
    """A clinician is away from `from_at` until `until_at`, midnights of the practice.

    `covered_by_id` is a colleague to whom everything opens, for that time, that the absent one's
    own parts in courses of care open; None: nobody covers all of it.
    """

    __tablename__ = "absence"

    clinician_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"), index=True)
    from_at: Mapped[datetime]
    until_at: Mapped[datetime] = mapped_column(index=True)
    covered_by_id: Mapped[str | None] = mapped_column(ForeignKey("clinician.id"), index=True)
    set_by_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    voided_at: Mapped[datetime | None]


class EmergencyAccess(Identified):
    """One client opened to one clinician for a few hours, with the reason that was given."""

    __tablename__ = "emergency_access"

    clinician_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"), index=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("client.id"))
    reason: Mapped[str] = mapped_column(Text)
    from_at: Mapped[datetime]
    until_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class FailedAttempt(Identified):
    """A wrong password or PIN, kept so that throttling survives a restart.

    `subject` is a hash of what was typed as the name, so that a mistyped password never lands here.
    """

    __tablename__ = "failed_attempt"

    subject: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]

    __table_args__ = (Index("ix_failed_attempt_subject_at", "subject", "at"),)
