"""Changing one's own password, at a signed-in browser."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from kapteam.accounts import passwords
from kapteam.accounts.pins import end_pins_of
from kapteam.accounts.set_up import use_up_links
from kapteam.accounts.sign_ins import check_password, end_all_of, viewer_of
from kapteam.accounts.tokens import hash_token, new_token
from kapteam.db.audit import record
from kapteam.db.engine import Database
from kapteam.db.tables import Clinician, SignIn
from kapteam.errors import Invalid
from kapteam.rules.permissions import Viewer

_ENDED = "This sign-in has ended. Sign in again."


@dataclass(frozen=True, slots=True)
class Changed:
    """The new token for this browser's cookie, and the person's other sign-ins, which ended."""

    token: str
    ended: tuple[str, ...]


def change_password(
    database: Database, sign_in_id: str, old: str, new: str, now: datetime
) -> Changed:
    """Put a new password in place of the old one, which is asked for and counted like any other.

    Every other sign-in of this person ends; one-time links made for them open nothing any more, and
    their PIN works nowhere.
    Raises Invalid (`password`: the old one, `new_password`).
    """
    with database.reading() as db:
        viewer = viewer_of(db, sign_in_id, now)
        mine = Clinician.id == (viewer.clinician_id if viewer else "")
        name = db.scalar(select(Clinician.sign_in_name).where(mine))
    if viewer is None or name is None:
        raise Invalid({"password": _ENDED})
    problems = _problems(
        "password", lambda: check_password(database, viewer.clinician_id, old, now)
    )
    problems |= _problems("new_password", lambda: _check_new(new, old, name))
    if problems:
        raise Invalid(problems)
    hashed = passwords.hash_password(new)
    with database.writing() as db:
        return _change(db, viewer, hashed, now)


def _change(db: Session, viewer: Viewer, hashed: str, now: datetime) -> Changed:
    sign_in_id, clinician_id = viewer.sign_in_id, viewer.clinician_id
    if viewer_of(db, sign_in_id, now) is None:
        raise Invalid({"password": _ENDED})
    token = new_token()
    db.execute(update(Clinician).where(Clinician.id == clinician_id).values(password_hash=hashed))
    db.execute(update(SignIn).where(SignIn.id == sign_in_id).values(token_hash=hash_token(token)))
    use_up_links(db, clinician_id, now)
    end_pins_of(db, clinician_id, viewer, now, why="password changed")
    record(db, "password:changed", viewer, now, subject_id=clinician_id)
    return Changed(token, end_all_of(db, clinician_id, viewer, now, but=sign_in_id))


def _check_new(new: str, old: str, name: str) -> None:
    passwords.check_new_password(new, name)
    if new == old:
        raise Invalid({"password": "This is the password you have. Choose another."})


def _problems(field: str, check: Callable[[], None]) -> dict[str, str]:
    """The sentence of a refused password, for the field it was typed into."""
    try:
        check()
    except Invalid as invalid:
        return {field: invalid.fields["password"]}
    return {}
