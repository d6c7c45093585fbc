"""The team: what a colleague may do, and turning off a sign-in without leaving a client alone."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from kapteam.accounts.set_up import is_last_administrator, set_functions, suspend_clinician
from kapteam.actions.episodes import FUNCTIONS_OF, may_have, replace_member
from kapteam.actions.loading import functions_of
from kapteam.actions.practice import lock_practice
from kapteam.actions.saving import check_changed, compare_and_swap
from kapteam.db.audit import record
from kapteam.db.tables import Clinician, Episode, EpisodeMember
from kapteam.errors import Conflict, NotFound
from kapteam.ids import new_id
from kapteam.rules.entered import Entered
from kapteam.rules.permissions import Viewer, check_can_administer
from kapteam.vocabulary import EpisodeState, Function, Part


@dataclass(frozen=True, slots=True)
class ColleagueEntered:
    """Who a colleague is and what they do, drawn at `version`."""

    id: str
    version: int
    name: str
    credentials: str
    phone: str
    functions: tuple[Function, ...]
    is_administrator: bool


@dataclass(frozen=True, slots=True)
class OwnPhoneEntered:
    """Where colleagues reach the person who types it, drawn at `version`; empty: nowhere."""

    version: int
    phone: str


@dataclass(frozen=True, slots=True)
class TurnOffEntered:
    """Whose sign-in to turn off, and who takes their parts in open courses.

    `takers` maps the row of `EpisodeMember` that the form showed to a colleague's id. Without one,
    nobody was named yet and the part stays as it is.
    """

    clinician_id: str
    takers: dict[str, str | None]


def taker_field(member_id: str) -> str:
    """The name of the field that says who takes a part."""
    return f"taker.{member_id}"


def change_colleague(db: Session, viewer: Viewer, entered: ColleagueEntered, now: datetime) -> None:
    """Change a colleague's name, credentials, phone, functions, and whether they administer.

    Raises NotAllowed (administrators only), NotFound, Invalid by field and Conflict.
    """
    check_can_administer(viewer)
    lock_practice(db)
    colleague = _colleague(db, entered.id)
    before, after = functions_of(db, entered.id), frozenset(entered.functions)
    form = Entered()
    values = {
        "name": form.line("name", entered.name, "The name", required=True),
        "credentials": form.line("credentials", entered.credentials, "The credentials"),
        "phone": form.phone("phone", entered.phone, "The phone number"),
        "is_administrator": entered.is_administrator,
    }
    form.need("functions", bool(after), "Choose at least one function.")
    for part in _parts_that_need(db, entered.id, after, now):
        form.refuse(
            "functions",
            f"This person is the {part.label.lower()} of an open course of care. Name somebody "
            "else there first.",
        )
    form.need(
        "is_administrator",
        entered.is_administrator or not is_last_administrator(db, colleague),
        "This is the last administrator. Make a colleague one first.",
    )
    form.done()
    if before == after:
        check_changed(colleague, entered.version, values)
    old = {name: getattr(colleague, name) for name in values}
    if not compare_and_swap(db, colleague, entered.version, values):
        if before != after:
            raise _functions_conflict(before, after)
        return
    set_functions(db, entered.id, after)
    changes: dict[str, Any] = {
        name: (old[name], value) for name, value in values.items() if old[name] != value
    }
    if "phone" in changes:
        # That it changed is on record, not the numbers.
        changes["phone"] = "changed"
    if before != after:
        changes["functions"] = (sorted(before), sorted(after))
    record(db, "clinician:changed", viewer, now, subject_id=entered.id, **changes)


def change_own_phone(db: Session, viewer: Viewer, entered: OwnPhoneEntered, now: datetime) -> None:
    """Change the number at which colleagues reach oneself; everybody may.

    Raises Invalid (`phone`), Unchanged and Conflict.
    """
    own = _colleague(db, viewer.clinician_id)
    form = Entered()
    values = {"phone": form.line("phone", entered.phone, "The phone number")}
    form.done()
    check_changed(own, entered.version, values)
    if compare_and_swap(db, own, entered.version, values):
        record(db, "clinician:changed", viewer, now, subject_id=own.id, phone="changed")


def turn_off_sign_in(db: Session, viewer: Viewer, entered: TurnOffEntered, now: datetime) -> None:
    """Hand over what was chosen, then turn the sign-in off; its signed-in browsers end at once.

    A second press changes nothing. Raises NotAllowed (administrators only; the last one stays),
    NotFound, Invalid by field (`taker_field`) and Conflict (somebody else handed a part over).
    """
    check_can_administer(viewer)
    lock_practice(db)
    _colleague(db, entered.clinician_id)
    form = Entered()
    for member_id, taker_id in sorted(entered.takers.items()):
        if taker_id:
            _hand_over(db, viewer, form, entered.clinician_id, member_id, taker_id, now)
    form.done()
    suspend_clinician(db, viewer, entered.clinician_id, now)


def _colleague(db: Session, clinician_id: str) -> Clinician:
    found = db.get(Clinician, clinician_id, with_for_update=True)
    if found is None:
        raise NotFound("There is no such colleague.")
    return found


def _functions_conflict(before: frozenset[Function], after: frozenset[Function]) -> Conflict:
    theirs, mine = (
        ", ".join(one.label for one in Function if one in held) for held in (before, after)
    )
    return Conflict(
        "Somebody else saved this in the meantime. Nothing of yours was saved; both are shown.",
        theirs={"functions": theirs},
        mine={"functions": mine},
    )


def _parts_that_need(
    db: Session, clinician_id: str, functions: frozenset[Function], now: datetime
) -> list[Part]:
    """The person's parts in open courses that none of `functions` fits."""
    parts = db.scalars(
        select(EpisodeMember.part)
        .join(Episode, Episode.id == EpisodeMember.episode_id)
        .where(
            EpisodeMember.clinician_id == clinician_id,
            or_(EpisodeMember.until_at.is_(None), EpisodeMember.until_at > now),
            Episode.state != EpisodeState.CLOSED,
        )
        .distinct()
    )
    return [part for part in parts if FUNCTIONS_OF[part].isdisjoint(functions)]


def _hand_over(
    db: Session,
    viewer: Viewer,
    form: Entered,
    leaving_id: str,
    member_id: str,
    taker_id: str,
    now: datetime,
) -> None:
    """Let somebody take one part; the administrator need not be on the course."""
    member = db.get(EpisodeMember, member_id)
    if member is None or member.clinician_id != leaving_id:
        raise NotFound("There is no such part in a course of care.")
    episode = db.get_one(Episode, member.episode_id, with_for_update=True)
    db.refresh(member)
    if member.until_at is not None and member.until_at <= now:
        if not _has_part(db, member, taker_id, now):
            raise Conflict("Somebody else handed a course over. Nothing of yours was saved.")
        return
    field = taker_field(member_id)
    form.need(field, taker_id != leaving_id, "Choose somebody else.")
    form.need(
        field,
        may_have(db, taker_id, member.part),
        "Choose a colleague with this function whose sign-in is on.",
    )
    taking = EpisodeMember(
        id=new_id(), part=member.part, clinician_id=taker_id, until_at=member.until_at
    )
    replace_member(db, viewer, episode, member.part, member, taking, now)


def _has_part(db: Session, of: EpisodeMember, clinician_id: str, now: datetime) -> bool:
    """Whether somebody now has the part that the row `of` was about."""
    having = (
        select(func.count())
        .select_from(EpisodeMember)
        .where(
            EpisodeMember.episode_id == of.episode_id,
            EpisodeMember.part == of.part,
            EpisodeMember.clinician_id == clinician_id,
            EpisodeMember.from_at <= now,
            or_(EpisodeMember.until_at.is_(None), EpisodeMember.until_at > now),
        )
    )
    return bool(db.scalar(having))
