"""Two people at one signed-in browser: a colleague joins, and the one lets the other act.

Being at a screen gives nobody anything but the right to be asked for PIN or password there. Whoever
acts has just given one of the two; all that is seen and done is theirs alone.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from kapteam.accounts.pins import check_pin, may_join_by_pin, password_given
from kapteam.accounts.sign_ins import (
    check_password_of,
    hold,
    let_act,
    people_at,
    say_who_sees,
    viewer_of,
)
from kapteam.accounts.tokens import hash_token, new_token
from kapteam.db.audit import record
from kapteam.db.engine import Database
from kapteam.db.in_force import practice_in_force
from kapteam.db.tables import Clinician, Presence, SignIn
from kapteam.errors import Invalid
from kapteam.ids import new_id
from kapteam.rules.folding import fold
from kapteam.rules.permissions import Viewer
from kapteam.rules.pins import is_pin, read_pin
from kapteam.vocabulary import Audience

_ENDED = "This screen is locked, or somebody else acts at it by now. Begin again."
_TWO = "Two people are at this screen. One of them leaves it before another joins."
_ONESELF = "You are at this screen already. Type the sign-in name of your colleague."
_NOT_BY_PIN = (
    "Type your password. A PIN is enough where it was set in this browser and your password was "
    "given here today."
)


@dataclass(frozen=True, slots=True)
class Joining:
    """What a colleague gives to join a screen: `secret` is the password, or their PIN."""

    name: str
    secret: str = field(repr=False)
    audience: Audience


def join(database: Database, viewer: Viewer, browser: str, joining: Joining, now: datetime) -> str:
    """Add a colleague to the viewer's screen, who goes on acting; returns the new token.

    `browser` is the browser's own token, for PINs. Raises Invalid (`name`, `password`).
    """
    if viewer.beside is not None:
        raise Invalid({"name": _TWO})
    known = Clinician.sign_in_name == fold(joining.name)
    with database.reading() as db:
        their_id = db.scalar(select(Clinician.id).where(known))
        practice = practice_in_force(db, now)
        by_pin = is_pin(read_pin(joining.secret))
        may = (
            practice is not None
            and their_id is not None
            and may_join_by_pin(db, their_id, browser, now, practice.zone)
        )
    if their_id == viewer.clinician_id:
        raise Invalid({"name": _ONESELF})
    if by_pin:
        if their_id is None or not may:
            raise Invalid({"password": _NOT_BY_PIN})
        _check_pin(database, their_id, browser, joining.secret, now)
    else:
        their_id = check_password_of(
            database, joining.name, joining.secret, now, failed="signin:join_failed"
        )
        password_given(database, their_id, browser, now)
    with database.writing() as db:
        return _join(db, viewer, their_id, joining.audience, now, by_pin=by_pin)


def switch(
    database: Database,
    viewer: Viewer,
    check: Callable[[str], None],
    now: datetime,
    **how: Any,
) -> str:
    """Let the colleague beside the viewer act, once `check`, told that one's id, raised nothing.

    Returns the new token; `how` goes on record. Raises what `check` raises, and Invalid
    (`password`) when the screen is locked or changed by then.
    """
    other = viewer.beside
    if other is None:
        raise Invalid({"password": _ENDED})
    check(other.clinician_id)
    with database.writing() as db:
        hold(db, viewer.sign_in_id)
        if people_at(db, viewer.sign_in_id, now) != (viewer.clinician_id, other.clinician_id):
            raise Invalid({"password": _ENDED})
        _same(db, viewer, now)
        let_act(db, viewer.sign_in_id, other.clinician_id)
        token = _new_token(db, viewer.sign_in_id, now)
        acting = viewer_of(db, viewer.sign_in_id, now)
        record(db, "signin:acted", acting, now, subject_id=viewer.sign_in_id, **how)
    return token


def _check_pin(
    database: Database, clinician_id: str, browser: str, pin: str, now: datetime
) -> None:
    try:
        check_pin(database, clinician_id, browser, pin, now, at="joining")
    except Invalid as invalid:
        raise Invalid({"password": next(iter(invalid.fields.values()))}) from None


def _join(
    db: Session,
    viewer: Viewer,
    their_id: str,
    audience: Audience,
    now: datetime,
    *,
    by_pin: bool,
) -> str:
    hold(db, viewer.sign_in_id)
    acting = _same(db, viewer, now)
    if acting.beside is not None:
        raise Invalid({"name": _TWO})
    if db.get_one(Clinician, their_id).suspended_at is not None:
        raise Invalid({"password": _ENDED})
    db.add(
        Presence(
            id=new_id(),
            sign_in_id=viewer.sign_in_id,
            clinician_id=their_id,
            joined_at=now,
            acting=False,
        )
    )
    record(db, "signin:joined", acting, now, subject_id=their_id, by_pin=by_pin)
    say_who_sees(db, acting, audience, now)
    return _new_token(db, viewer.sign_in_id, now)


def _same(db: Session, viewer: Viewer, now: datetime) -> Viewer:
    """Who acts at the viewer's screen, which is still the viewer."""
    acting = viewer_of(db, viewer.sign_in_id, now)
    if acting is None or acting.presence_id != viewer.presence_id:
        raise Invalid({"password": _ENDED})
    return acting


def _new_token(db: Session, sign_in_id: str, now: datetime) -> str:
    """A token that somebody has seen before is worth nothing once more can be done with it."""
    token = new_token()
    db.execute(
        update(SignIn)
        .where(SignIn.id == sign_in_id)
        .values(token_hash=hash_token(token), last_active_at=now)
    )
    return token
