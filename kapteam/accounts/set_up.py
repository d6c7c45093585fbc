"""The first start of a practice, and who is let in afterwards: one-time links, turning off."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from kapteam.accounts import throttle
from kapteam.accounts.passwords import check_new_password, hash_password
from kapteam.accounts.pins import end_pins_of
from kapteam.accounts.sign_ins import end_all_of, set_password
from kapteam.accounts.tokens import hash_token, new_token
from kapteam.db.audit import record
from kapteam.db.tables import Clinician, ClinicianFunction, Invitation, Practice
from kapteam.errors import Conflict, Invalid, NotAllowed, NotFound
from kapteam.ids import new_id
from kapteam.rules.entered import Entered
from kapteam.rules.folding import fold
from kapteam.rules.permissions import Viewer, check_can_administer
from kapteam.vocabulary import Function

_PRACTICE_ID = "practice"
_LINK_GOOD_FOR = timedelta(days=7)
_LINK_MADE_HERE_GOOD_FOR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class NewPractice:
    """What the set-up page asks; the person is the first administrator."""

    practice_name: str
    zone: str
    name: str
    credentials: str
    sign_in_name: str
    password: str
    functions: frozenset[Function]
    phone: str = field(default="", kw_only=True)


@dataclass(frozen=True, slots=True)
class NewClinician:
    """A colleague to let in; `id` is minted by the form."""

    id: str
    name: str
    credentials: str
    sign_in_name: str
    functions: frozenset[Function]
    is_administrator: bool
    phone: str = field(default="", kw_only=True)


@dataclass(frozen=True, slots=True)
class Invited:
    """Whom a one-time link is for."""

    clinician_id: str
    name: str
    sign_in_name: str


def set_up_practice(db: Session, entered: NewPractice, now: datetime) -> str:
    """Make the practice and its first administrator; returns the administrator's id.

    Raises Conflict when the practice is already set up, Invalid by field otherwise.
    """
    if db.get(Practice, _PRACTICE_ID) is not None:
        raise Conflict("The practice is already set up. Sign in instead.")
    form = Entered()
    practice_name = form.line(
        "practice_name", entered.practice_name, "The practice's name", required=True
    )
    form.need("zone", entered.zone in available_timezones(), "Choose the practice's time zone.")
    person = _person(form, entered)
    _need_function(form, entered.functions)
    try:
        check_new_password(entered.password, entered.sign_in_name)
    except Invalid as invalid:
        form.refuse("password", invalid.fields["password"])
    form.done()
    clinician_id = new_id()
    person.id, person.created_at, person.is_administrator = clinician_id, now, True
    person.password_hash = hash_password(entered.password)
    db.add(
        Practice(
            id=_PRACTICE_ID,
            name=practice_name,
            zone=ZoneInfo(entered.zone).key,
            is_demo=False,
            created_at=now,
        )
    )
    _add(db, person, entered.functions)
    record(db, "practice:set_up", None, now, subject_id=clinician_id)
    return clinician_id


def add_clinician(db: Session, viewer: Viewer, entered: NewClinician, now: datetime) -> str:
    """Let a colleague in; returns the token of a one-time link, good for seven days.

    A second press of the same Save makes no second person, only another link. Raises NotAllowed
    (administrators only) and Invalid by field.
    """
    check_can_administer(viewer)
    if db.get(Clinician, entered.id) is None:
        form = Entered()
        person = _person(form, entered)
        _need_function(form, entered.functions)
        taken = select(Clinician.id).where(Clinician.sign_in_name == fold(entered.sign_in_name))
        form.need(
            "sign_in_name",
            db.scalar(taken) is None,
            "A colleague already signs in with this name. Choose another.",
        )
        form.done()
        person.id, person.created_at = entered.id, now
        person.is_administrator = entered.is_administrator
        _add(db, person, entered.functions)
        record(
            db,
            "clinician:added",
            viewer,
            now,
            subject_id=entered.id,
            functions=sorted(entered.functions),
            is_administrator=entered.is_administrator,
        )
    return _invite(db, viewer, entered.id, new_id(), now, _LINK_GOOD_FOR)


def renew_invitation(
    db: Session, viewer: Viewer, clinician_id: str, invitation_id: str, now: datetime
) -> str | None:
    """A new one-time link for a colleague (lost link, forgotten password); older ones end.

    Returns its token; None at a second press of the same button, which makes no second link: the
    first is on the screen, and only its hash is kept. Raises NotAllowed, NotFound.
    """
    check_can_administer(viewer)
    clinician = db.get(Clinician, clinician_id, with_for_update=True)
    if clinician is None or clinician.suspended_at is not None:
        raise NotFound("There is no such colleague, or their sign-in is turned off.")
    if db.get(Invitation, invitation_id) is not None:
        return None
    use_up_links(db, clinician_id, now)
    return _invite(db, viewer, clinician_id, invitation_id, now, _LINK_GOOD_FOR)


def make_link_here(db: Session, sign_in_name: str, now: datetime) -> str:
    """A one-time link made at the machine itself, good for an hour; older ones end.

    For the only administrator who forgot the password: whoever can read the database needs no leave
    to write it, so nobody is asked, and it is audited. Returns its token. Raises NotFound.
    """
    can_sign_in = Clinician.suspended_at.is_(None)
    known = Clinician.sign_in_name == fold(sign_in_name)
    clinician_id = db.scalar(select(Clinician.id).where(known, can_sign_in))
    if clinician_id is None:
        names = db.scalars(
            select(Clinician.sign_in_name).where(can_sign_in).order_by(Clinician.sign_in_name)
        )
        raise NotFound(f"Nobody signs in with this name. There are: {', '.join(names)}.")
    use_up_links(db, clinician_id, now)
    return _invite(db, None, clinician_id, new_id(), now, _LINK_MADE_HERE_GOOD_FOR)


def invitation_of(db: Session, token: str, now: datetime) -> Invited:
    """Whom a one-time link is for. Raises NotFound when it was used, has run out or never was."""
    found = db.execute(
        select(Clinician.id, Clinician.name, Clinician.sign_in_name)
        .join(Invitation, Invitation.clinician_id == Clinician.id)
        .where(
            Invitation.token_hash == hash_token(token),
            Invitation.used_at.is_(None),
            Invitation.expires_at > now,
            Clinician.suspended_at.is_(None),
        )
    ).one_or_none()
    if found is None:
        raise NotFound(
            "This link was used already or has run out. Ask an administrator for a new one."
        )
    return Invited(found.id, found.name, found.sign_in_name)


def accept_invitation(db: Session, token: str, password: str, now: datetime) -> str:
    """Choose a password with a one-time link; returns the clinician's id.

    The link is used up, every earlier sign-in of this person ends, and their PIN works nowhere.
    Raises NotFound, Invalid (field `password`).
    """
    invited = invitation_of(db, token, now)
    check_new_password(password, invited.sign_in_name)
    set_password(db, invited.clinician_id, password)
    throttle.forget(db, throttle.subject_of(invited.sign_in_name))
    use_up_links(db, invited.clinician_id, now)
    end_all_of(db, invited.clinician_id, None, now)
    end_pins_of(db, invited.clinician_id, None, now, why="new password by a link")
    record(db, "invitation:accepted", None, now, subject_id=invited.clinician_id)
    return invited.clinician_id


def suspend_clinician(db: Session, viewer: Viewer, clinician_id: str, now: datetime) -> None:
    """Turn off a colleague's sign-in; their signed-in browsers and their PIN end at once.

    Raises NotAllowed (administrators only; the last one stays) and NotFound.
    """
    check_can_administer(viewer)
    clinician = db.get(Clinician, clinician_id, with_for_update=True)
    if clinician is None:
        raise NotFound("There is no such colleague.")
    if clinician.suspended_at is not None:
        return
    if is_last_administrator(db, clinician):
        raise NotAllowed("This is the last administrator. Make a colleague one first.")
    clinician.suspended_at = now
    clinician.version += 1
    use_up_links(db, clinician_id, now)
    record(db, "clinician:suspended", viewer, now, subject_id=clinician_id)
    end_all_of(db, clinician_id, viewer, now)
    end_pins_of(db, clinician_id, viewer, now, why="sign-in turned off")


def is_last_administrator(db: Session, clinician: Clinician) -> bool:
    """Whether nobody else who can sign in administers the practice."""
    others = (
        select(func.count())
        .select_from(Clinician)
        .where(
            Clinician.id != clinician.id,
            Clinician.is_administrator.is_(True),
            Clinician.suspended_at.is_(None),
            Clinician.password_hash.is_not(None),
        )
    )
    return clinician.is_administrator and not db.scalar(others)


def readmit_clinician(db: Session, viewer: Viewer, clinician_id: str, now: datetime) -> None:
    """Turn a colleague's sign-in on again, with the password they had.

    A second press changes nothing. Raises NotAllowed (administrators only) and NotFound.
    """
    check_can_administer(viewer)
    clinician = db.get(Clinician, clinician_id, with_for_update=True)
    if clinician is None:
        raise NotFound("There is no such colleague.")
    if clinician.suspended_at is None:
        return
    clinician.suspended_at = None
    clinician.version += 1
    record(db, "clinician:readmitted", viewer, now, subject_id=clinician_id)


def _person(form: Entered, entered: NewPractice | NewClinician) -> Clinician:
    name = fold(entered.sign_in_name)
    folded = form.line("sign_in_name", name, "The sign-in name", required=True)
    form.need("sign_in_name", len(folded) <= 80, "Use at most 80 characters for the sign-in name.")
    form.need("sign_in_name", " " not in folded, "Write the sign-in name without a space.")
    return Clinician(
        name=form.line("name", entered.name, "The name", required=True),
        credentials=form.line("credentials", entered.credentials, "The credentials"),
        phone=form.phone("phone", entered.phone, "The phone number"),
        sign_in_name=folded,
    )


def _need_function(form: Entered, functions: Collection[Function]) -> None:
    form.need("functions", bool(functions), "Choose at least one function.")


def _add(db: Session, clinician: Clinician, functions: Collection[Function]) -> None:
    db.add(clinician)
    db.flush()
    set_functions(db, clinician.id, functions)


def set_functions(db: Session, clinician_id: str, functions: Collection[Function]) -> None:
    """What a clinician does from now on, in place of what they did."""
    theirs = ClinicianFunction.clinician_id == clinician_id
    db.execute(delete(ClinicianFunction).where(theirs))
    db.add_all(
        ClinicianFunction(clinician_id=clinician_id, function=one) for one in sorted(functions)
    )


def _invite(
    db: Session,
    viewer: Viewer | None,
    clinician_id: str,
    invitation_id: str,
    now: datetime,
    good_for: timedelta,
) -> str:
    token = new_token()
    db.add(
        Invitation(
            id=invitation_id,
            clinician_id=clinician_id,
            token_hash=hash_token(token),
            created_at=now,
            created_by_id=viewer.clinician_id if viewer else clinician_id,
            expires_at=now + good_for,
        )
    )
    record(db, "invitation:made", viewer, now, subject_id=clinician_id, good_until=now + good_for)
    return token


def use_up_links(db: Session, clinician_id: str, now: datetime) -> None:
    """Every one-time link of this person opens nothing any more."""
    db.execute(
        update(Invitation)
        .where(Invitation.clinician_id == clinician_id, Invitation.used_at.is_(None))
        .values(used_at=now)
    )
