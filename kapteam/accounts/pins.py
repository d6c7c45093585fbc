"""PINs: six digits that stand for somebody's password at one browser of theirs, and nowhere else.

The browser holds a token in a cookie; a PIN is hashed together with it, so that of a database
without the browser not even six digits can be guessed. Several people may have a PIN at one
browser. Signing, unlocking and acting at a shared screen take a PIN, and joining one does on a day
on which the password was given there already; signing in never does.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, delete, select, update
from sqlalchemy.orm import Session

from kapteam.accounts import passwords, throttle
from kapteam.accounts.sign_ins import check_password, unlock_after, viewer_of
from kapteam.accounts.tokens import hash_token, new_token
from kapteam.clock import day_of
from kapteam.db.audit import record
from kapteam.db.engine import Database
from kapteam.db.in_force import practice_in_force
from kapteam.db.tables import Clinician, PinBrowser
from kapteam.errors import Invalid
from kapteam.ids import new_id
from kapteam.rules.permissions import Viewer, check_can_administer
from kapteam.rules.pins import check_new_pin, is_pin, read_pin

GOOD_FOR = timedelta(days=90)
TRIES = 5
_ENDED = "This sign-in has ended. Sign in again."
_NONE_HERE = "Your PIN does not work in this browser. Type your password."
_RESTS = "Five wrong PINs. Type your password."


class PinHere(StrEnum):
    """What a person's PIN is worth at a browser; it rests after five wrong tries."""

    NONE = "none"
    WORKS = "works"
    RESTS = "rests"


@dataclass(frozen=True, slots=True)
class _Mine:
    """What is known of the person who sets a PIN, and so is no secret."""

    viewer: Viewer
    phone: str
    days: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class _Tried:
    """What a PIN is checked against, and which try it is; without `id` there is none here."""

    id: str = ""
    pin_hash: str | None = None
    device: str = ""
    number: int = 0


def pin_here(db: Session, clinician_id: str, token: str, now: datetime) -> PinHere:
    """What the person's PIN is worth at the browser with this token; one statement."""
    tries = db.scalar(select(PinBrowser.tries).where(_at(clinician_id, token, now)))
    if tries is None:
        return PinHere.NONE
    return PinHere.WORKS if tries < TRIES else PinHere.RESTS


def set_pin(
    database: Database,
    sign_in_id: str,
    token: str,
    device: str,
    password: str,
    pin: str,
    now: datetime,
) -> str:
    """Let the person's PIN work at this browser for 90 days, in place of the one they had here.

    `token` is what the browser's cookie holds, `device` what the browser is called in lists.
    Returns what the cookie has to hold from now on. Raises Invalid (`password`, `pin`).
    """
    with database.reading() as db:
        mine = _mine(db, sign_in_id, now)
    if mine is None:
        raise Invalid({"password": _ENDED})
    clinician_id, digits = mine.viewer.clinician_id, read_pin(pin)
    problems = _problems(lambda: check_password(database, clinician_id, password, now))
    problems |= _problems(lambda: check_new_pin(digits, phone=mine.phone, days=mine.days))
    if problems:
        raise Invalid(problems)
    with database.reading() as db:
        token = token if _is_ours(db, token) else new_token()
    hashed = passwords.hash_password(_with_token(digits, token))
    with database.writing() as db:
        if viewer_of(db, sign_in_id, now) is None:
            raise Invalid({"password": _ENDED})
        _put(db, clinician_id, token, device, hashed, now)
        throttle.forget(db, _subject(clinician_id))
        until_at = now + GOOD_FOR
        record(db, "pin:set", mine.viewer, now, subject_id=clinician_id, until_at=until_at)
    return token


def check_pin(
    database: Database, clinician_id: str, token: str, pin: str, now: datetime, *, at: str
) -> None:
    """Ask a signed-in person for their PIN; `at` says in the audit log what it was asked for.

    A miss is counted, here and over all of the person's browsers, and audited; what is no PIN at
    all is not. Raises Invalid (field `pin`) when it is wrong, after too many misses, or when it
    does not work here.
    """
    digits = read_pin(pin)
    if not is_pin(digits):
        raise Invalid({"pin": "Type the six digits of your PIN."})
    with database.writing() as db:
        throttle.count_attempt(db, _subject(clinician_id), now, field="pin", guessed="PINs")
        tried = _count_try(db, clinician_id, token, now)
    good = passwords.verify(tried.pin_hash, _with_token(digits, token))
    with database.writing() as db:
        # Set anew or turned off meanwhile, it is not the one that was checked.
        good = good and _start_tries_anew(
            db, PinBrowser.id == tried.id, PinBrowser.pin_hash == tried.pin_hash
        )
        if good:
            throttle.forget(db, _subject(clinician_id))
        else:
            record(
                db,
                "pin:failed",
                None,
                now,
                subject_id=clinician_id,
                asked_at=at,
                device=tried.device,
                tries=tried.number,
            )
    if not good:
        raise Invalid({"pin": _wrong(tried)})


def password_given(database: Database, clinician_id: str, token: str, now: datetime) -> None:
    """The person gave their password at this browser: a PIN that rested there works again.

    For the rest of the day of the practice the PIN is enough to join a screen there.
    """
    if not token:
        return
    with database.writing() as db:
        given = (
            update(PinBrowser)
            .where(_whose(clinician_id, token))
            .values(tries=0, password_at=now)
            .returning(PinBrowser.id)
        )
        if db.execute(given).first() is not None:
            throttle.forget(db, _subject(clinician_id))


def may_join_by_pin(
    db: Session, clinician_id: str, token: str, now: datetime, zone: ZoneInfo
) -> bool:
    """Whether the person's PIN works here and their password was given here today."""
    given = select(PinBrowser.password_at).where(
        _at(clinician_id, token, now), PinBrowser.tries < TRIES
    )
    at = db.scalar(given)
    return at is not None and at <= now and day_of(at, zone) == day_of(now, zone)


def unlock_by_pin(
    database: Database, sign_in_id: str, token: str, pin: str, now: datetime, *, who: str = ""
) -> str:
    """Unlock with the person's PIN; the new token replaces the one in the sign-in's cookie.

    `who` is the one of two at the screen who unlocks it. Raises Invalid (`pin`; `password` when the
    sign-in has ended meanwhile).
    """

    def check(clinician_id: str) -> None:
        check_pin(database, clinician_id, token, pin, now, at="unlocking")

    return unlock_after(database, sign_in_id, check, now, who=who, by_pin=True)


def turn_off_pin(db: Session, viewer: Viewer, pin_browser_id: str, now: datetime) -> None:
    """One browser's PIN works no more: one's own, or as an administrator a colleague's.

    A second press changes nothing. Raises NotAllowed.
    """
    row = db.get(PinBrowser, pin_browser_id, with_for_update=True)
    if row is None:
        return
    if row.clinician_id != viewer.clinician_id:
        check_can_administer(viewer)
    _end(db, viewer, now, PinBrowser.id == pin_browser_id, why="")


def end_pins_of(
    db: Session, clinician_id: str, by: Viewer | None, now: datetime, *, why: str
) -> None:
    """A person's PIN works nowhere any more (another password, sign-in turned off)."""
    _end(db, by, now, PinBrowser.clinician_id == clinician_id, why=why)


def end_everybodys_pins(db: Session, now: datetime) -> None:
    """No PIN works any more: what a restored database remembers may have been turned off since."""
    _end(db, None, now, why="restored")


def _end(
    db: Session, by: Viewer | None, now: datetime, *which: ColumnElement[bool], why: str
) -> None:
    ended = db.execute(
        delete(PinBrowser).where(*which).returning(PinBrowser.clinician_id, PinBrowser.device)
    )
    for row in ended.all():
        record(
            db,
            "pin:turned_off",
            by,
            now,
            subject_id=row.clinician_id,
            device=row.device,
            why=why,
        )


def _mine(db: Session, sign_in_id: str, now: datetime) -> _Mine | None:
    viewer, practice = viewer_of(db, sign_in_id, now), practice_in_force(db, now)
    if viewer is None or practice is None:
        return None
    row = db.execute(
        select(Clinician.phone, Clinician.created_at).where(Clinician.id == viewer.clinician_id)
    ).one()
    away = [end for one in viewer.away for end in (one.from_at, one.until_at)]
    days = (day_of(at, practice.zone) for at in (now, row.created_at, *away))
    return _Mine(viewer, row.phone, tuple(days))


def _problems(check: Callable[[], None]) -> dict[str, str]:
    try:
        check()
    except Invalid as invalid:
        return invalid.fields
    return {}


def _put(
    db: Session, clinician_id: str, token: str, device: str, pin_hash: str, now: datetime
) -> None:
    """The one row of this person at this browser; the person's that have run out go with it."""
    # Held, so that a second press of the same button finds the row of the first.
    db.get(Clinician, clinician_id, with_for_update=True)
    db.execute(
        delete(PinBrowser).where(
            PinBrowser.clinician_id == clinician_id,
            (PinBrowser.until_at <= now) | (PinBrowser.token_hash == hash_token(token)),
        )
    )
    db.add(
        PinBrowser(
            id=new_id(),
            clinician_id=clinician_id,
            token_hash=hash_token(token),
            pin_hash=pin_hash,
            device=device,
            set_at=now,
            until_at=now + GOOD_FOR,
            tries=0,
            password_at=now,
        )
    )


def _is_ours(db: Session, token: str) -> bool:
    """Whether we handed this token out, to whomever that was."""
    known = select(PinBrowser.id).where(PinBrowser.token_hash == hash_token(token)).limit(1)
    return db.scalar(known) is not None


def _count_try(db: Session, clinician_id: str, token: str, now: datetime) -> _Tried:
    """Before the PIN is looked at, so that tries at once all count."""
    here = _at(clinician_id, token, now)
    row = db.scalar(select(PinBrowser).where(here).with_for_update())
    if row is None:
        return _Tried()
    if row.tries >= TRIES:
        return _Tried(row.id, None, row.device, row.tries)
    row.tries += 1
    return _Tried(row.id, row.pin_hash, row.device, row.tries)


def _start_tries_anew(db: Session, *which: ColumnElement[bool]) -> bool:
    """Whether there was anything to start anew."""
    changed = db.execute(update(PinBrowser).where(*which).values(tries=0).returning(PinBrowser.id))
    return changed.first() is not None


def _wrong(tried: _Tried) -> str:
    if not tried.id:
        return _NONE_HERE
    left = TRIES - tried.number
    if not left:
        return _RESTS
    more = "one more try" if left == 1 else f"{left} more tries"
    return f"This is not your PIN. After {more} kapteam asks for your password."


def _at(clinician_id: str, token: str, now: datetime) -> ColumnElement[bool]:
    """A PIN of somebody who may sign in, at this browser, that has not run out."""
    can_sign_in = select(Clinician.id).where(
        Clinician.id == clinician_id, Clinician.suspended_at.is_(None)
    )
    return and_(
        _whose(clinician_id, token),
        PinBrowser.until_at > now,
        PinBrowser.clinician_id.in_(can_sign_in),
    )


def _whose(clinician_id: str, token: str) -> ColumnElement[bool]:
    return and_(PinBrowser.clinician_id == clinician_id, PinBrowser.token_hash == hash_token(token))


def _subject(clinician_id: str) -> str:
    """What the throttle counts by: no sign-in name, for these hold no space."""
    return throttle.subject_of(f"pin {clinician_id}")


def _with_token(pin: str, token: str) -> str:
    return hmac.new(token.encode(), pin.encode(), sha256).hexdigest()
