"""Signed-in browsers: started, found by their cookie's token, locked, unlocked, left and ended.

Whoever gives a password goes through a `Database` rather than a transaction of the caller: a miss
must stay counted and audited although it is refused, and the slow hash must not hold up a writer.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Executable,
    ScalarSelect,
    and_,
    bindparam,
    case,
    exists,
    func,
    select,
    update,
)
from sqlalchemy.orm import Session, aliased

from kapteam.accounts import passwords, throttle
from kapteam.accounts.tokens import hash_token, new_token
from kapteam.db.audit import record
from kapteam.db.cover import covers
from kapteam.db.engine import Database
from kapteam.db.tables import (
    Absence,
    CaseReview,
    CaseReviewMember,
    Client,
    Clinician,
    ClinicianFunction,
    EmergencyAccess,
    PracticeSetting,
    Presence,
    ReviewItem,
    SignIn,
)
from kapteam.db.types import UtcDateTime
from kapteam.errors import Invalid
from kapteam.ids import new_id
from kapteam.rules.folding import fold
from kapteam.rules.permissions import Away, Beside, Covering, Emergency, Viewer, room_of
from kapteam.rules.thresholds import Thresholds, in_force
from kapteam.vocabulary import Audience, Function

LIFE = timedelta(hours=12)
_DEVICE_LENGTH = 200
_CLOCK_SLACK = timedelta(minutes=1)
_BACK = timedelta(days=7)
_WRONG = "The sign-in name and the password do not match."
_acting = and_(
    Presence.sign_in_id == SignIn.id, Presence.acting.is_(True), Presence.left_at.is_(None)
)
_beside_presence, _beside = aliased(Presence), aliased(Clinician)
_now = bindparam("now", type_=UtcDateTime())
_life_ago = bindparam("life_ago", type_=UtcDateTime())
_back_since = bindparam("back_since", type_=UtcDateTime())


_beside_treats = (
    exists()
    .where(
        ClinicianFunction.clinician_id == _beside.id,
        ClinicianFunction.function != Function.COORDINATOR,
    )
    .correlate(_beside)
)


# Once for all who are asked about, from the reviews that run: those that are over are never read.
_ids_of_running = select(CaseReview.id).where(CaseReview.ended_at.is_(None)).scalar_subquery()
_running = (
    select(
        CaseReviewMember.clinician_id,
        func.max(CaseReview.started_at, type_=UtcDateTime()).label("began_at"),
        func.sum(
            case(
                (ReviewItem.typed_by_id != CaseReviewMember.clinician_id, ReviewItem.typed_version)
            )
        ).label("typed_by_others"),
    )
    .join(CaseReviewMember, CaseReviewMember.case_review_id == CaseReview.id)
    .outerjoin(ReviewItem, ReviewItem.case_review_id == CaseReview.id)
    .where(CaseReviewMember.case_review_id.in_(_ids_of_running))
    .group_by(CaseReviewMember.clinician_id)
    .subquery("running_review")
)


def _setting(key: str) -> ScalarSelect[str]:
    return (
        select(PracticeSetting.value)
        .where(PracticeSetting.key == key, PracticeSetting.in_force_from <= _now)
        .order_by(PracticeSetting.in_force_from.desc(), PracticeSetting.id.desc())
        .limit(1)
        .scalar_subquery()
    )


# What every request and every look at the open screens asks is made once: to make it takes longer
# than to run it.
_CURRENT = (
    select(
        SignIn.id,
        SignIn.locked_at,
        SignIn.last_active_at,
        SignIn.audience,
        Presence.id.label("presence_id"),
        Presence.clinician_id,
        Clinician.name,
        _beside.id.label("beside_id"),
        _beside.name.label("beside"),
        _beside_treats.label("beside_treats"),
        _setting("idle_minutes").label("idle_minutes"),
        _setting("shared_idle_minutes").label("shared_idle_minutes"),
        # One that nobody ended keeps no screen open longer the day after.
        (_running.c.began_at > _life_ago).label("in_review"),
        func.coalesce(_running.c.typed_by_others, 0).label("typed_by_others"),
    )
    .join(Presence, _acting)
    .join(Clinician, Clinician.id == Presence.clinician_id)
    .outerjoin(_running, _running.c.clinician_id == Presence.clinician_id)
    .outerjoin(
        _beside_presence,
        and_(
            _beside_presence.sign_in_id == SignIn.id,
            _beside_presence.acting.is_(False),
            _beside_presence.left_at.is_(None),
        ),
    )
    .outerjoin(
        _beside,
        and_(_beside.id == _beside_presence.clinician_id, _beside.suspended_at.is_(None)),
    )
    .where(
        SignIn.ended_at.is_(None),
        SignIn.created_at > _life_ago,
        Clinician.suspended_at.is_(None),
    )
)
_absent, _covering, _away = aliased(Clinician), aliased(Clinician), aliased(Absence)
_UNLOCKED = _CURRENT.where(
    SignIn.id.in_(bindparam("ids", expanding=True)), SignIn.locked_at.is_(None)
)
_BY_TOKEN = _CURRENT.where(SignIn.token_hash == bindparam("token_hash"))
_ACTING = (
    _CURRENT.add_columns(
        Clinician.is_administrator,
        ClinicianFunction.function,
        _setting("everyone_sees_caseload").label("everyone_sees_caseload"),
        _absent.id.label("absent_id"),
        _absent.name.label("absent"),
        Absence.until_at.label("absent_until"),
        _away.id.label("away_id"),
        _away.from_at.label("away_from"),
        _away.until_at.label("away_until"),
        _covering.name.label("away_cover"),
        EmergencyAccess.id.label("emergency_id"),
        EmergencyAccess.until_at.label("emergency_until"),
        Client.id.label("client_id"),
        Client.code,
    )
    .outerjoin(ClinicianFunction, ClinicianFunction.clinician_id == Clinician.id)
    .outerjoin(Absence, covers(Clinician.id, _now))
    .outerjoin(_absent, _absent.id == Absence.clinician_id)
    .outerjoin(
        _away,
        and_(
            _away.clinician_id == Clinician.id,
            _away.voided_at.is_(None),
            _away.until_at > _back_since,
        ),
    )
    .outerjoin(_covering, _covering.id == _away.covered_by_id)
    .outerjoin(
        EmergencyAccess,
        and_(
            EmergencyAccess.clinician_id == Clinician.id,
            EmergencyAccess.ended_at.is_(None),
            EmergencyAccess.from_at <= _now,
            EmergencyAccess.until_at > _now,
        ),
    )
    .outerjoin(Client, Client.id == EmergencyAccess.client_id)
    .where(SignIn.id == bindparam("sign_in_id"))
)


@dataclass(frozen=True, slots=True)
class Started:
    """A new token for a browser's cookie, the sign-in that it opens, and whose that is."""

    token: str
    sign_in_id: str
    clinician_id: str
    presence_id: str


@dataclass(frozen=True, slots=True)
class LiveSignIn:
    """A signed-in browser whose person may go on: who acts, who can see it and who is at it.

    `typed_by_others` as of the `Viewer` who acts.
    """

    id: str
    presence_id: str
    room: str
    typed_by_others: int


@dataclass(frozen=True, slots=True)
class LockedSignIn:
    """A signed-in browser that asks first for the password, or PIN, of one who is at it.

    `recorded` is False while it has only just become due for its idle lock. `clinician_id` and
    `name` are of who acted last.
    """

    id: str
    presence_id: str
    clinician_id: str
    name: str
    recorded: bool
    beside: Beside | None = None

    def of(self, clinician_id: str) -> Beside:
        """Who of them is asked: this one where they are at it, else who acted last."""
        if self.beside is not None and self.beside.clinician_id == clinician_id:
            return self.beside
        return Beside(self.clinician_id, self.name)


def sign_in(database: Database, name: str, password: str, device: str, now: datetime) -> Started:
    """Sign in by name and password.

    Raises Invalid (field `password`): name and password do not match, whichever of them is wrong,
    or too many misses.
    """
    clinician_id = check_password_of(database, name, password, now, failed="signin:failed")
    with database.writing() as db:
        return start_sign_in(db, clinician_id, device, now)


def check_password_of(
    database: Database, name: str, password: str, now: datetime, *, failed: str
) -> str:
    """Ask for sign-in name and password; returns whose they are.

    A miss is audited with the tag `failed`. Raises Invalid as `sign_in` does.
    """
    known = Clinician.sign_in_name == fold(name)
    return _verified(database, known, throttle.subject_of(name), password, now, failed, _WRONG)


def check_password(
    database: Database,
    clinician_id: str,
    password: str,
    now: datetime,
    *,
    failed: str = "password:failed",
) -> None:
    """Ask a signed-in person for their password once more (unlocking, signing).

    A miss is counted like one at sign-in and audited with the tag `failed`. Raises Invalid (field
    `password`) when it is wrong or after too many misses.
    """
    with database.reading() as db:
        name = db.scalar(select(Clinician.sign_in_name).where(Clinician.id == clinician_id))
    known = Clinician.id == clinician_id
    subject = throttle.subject_of(name or "")
    _verified(database, known, subject, password, now, failed, "This is not your password.")


def _verified(
    database: Database,
    known: ColumnElement[bool],
    subject: str,
    password: str,
    now: datetime,
    failed: str,
    wrong: str,
) -> str:
    with database.writing() as db:
        throttle.count_attempt(db, subject, now)
        found = db.execute(
            select(Clinician.id, Clinician.password_hash).where(
                known, Clinician.suspended_at.is_(None)
            )
        ).one_or_none()
    good = passwords.verify(found.password_hash if found else None, password)
    with database.writing() as db:
        if found is None or not good:
            record(db, failed, None, now, subject_id=found.id if found else None)
        else:
            throttle.forget(db, subject)
            if passwords.needs_rehash(found.password_hash):
                set_password(db, found.id, password)
    if found is None or not good:
        raise Invalid({"password": wrong})
    clinician_id: str = found.id
    return clinician_id


def set_password(db: Session, clinician_id: str, password: str) -> None:
    """Store the hash of an acceptable password."""
    hashed = passwords.hash_password(password)
    db.execute(update(Clinician).where(Clinician.id == clinician_id).values(password_hash=hashed))


def start_sign_in(db: Session, clinician_id: str, device: str, now: datetime) -> Started:
    """Sign somebody in whose identity is already known (set-up, invitation, the demo)."""
    token, sign_in_id, presence_id = new_token(), new_id(), new_id()
    db.add(
        SignIn(
            id=sign_in_id,
            token_hash=hash_token(token),
            device=device[:_DEVICE_LENGTH],
            created_at=now,
            last_active_at=now,
            audience=Audience.JUST_ME,
        )
    )
    db.flush()
    db.add(
        Presence(
            id=presence_id,
            sign_in_id=sign_in_id,
            clinician_id=clinician_id,
            joined_at=now,
            acting=True,
        )
    )
    record(db, "signin:started", viewer_of(db, sign_in_id, now), now, subject_id=sign_in_id)
    return Started(token, sign_in_id, clinician_id, presence_id)


def is_off(db: Session, clinician_id: str) -> bool:
    """Whether this person's sign-in is turned off."""
    return db.get_one(Clinician, clinician_id).suspended_at is not None


def find(db: Session, token: str, now: datetime) -> LiveSignIn | LockedSignIn | None:
    """The sign-in behind a cookie's token; None when there is none, it ended or was turned off."""
    rows = _found(db, _BY_TOKEN, now, token_hash=hash_token(token))
    if not rows:
        return None
    [row] = rows
    if row.locked_at is not None or _rests(row, now):
        return LockedSignIn(
            row.id,
            row.presence_id,
            row.clinician_id,
            row.name,
            recorded=row.locked_at is not None,
            beside=_beside_of(row),
        )
    return _live(row)


def live(db: Session, ids: Iterable[str], now: datetime) -> dict[str, LiveSignIn]:
    """Those of `ids` whose person may go on, in one statement."""
    rows = _found(db, _UNLOCKED, now, ids=list(ids))
    return {row.id: _live(row) for row in rows if not _rests(row, now)}


def touch(db: Session, sign_in_id: str, now: datetime) -> None:
    """The person is active: the idle clock starts anew. A sign-in at rest is not woken by it."""
    if live(db, [sign_in_id], now):
        db.execute(update(SignIn).where(SignIn.id == sign_in_id).values(last_active_at=now))


def lock(db: Session, sign_in_id: str, now: datetime) -> None:
    """Lock a signed-in browser at its person's wish. A locked or ended one stays as it is."""
    viewer = viewer_of(db, sign_in_id, now)
    if viewer is not None:
        db.execute(update(SignIn).where(SignIn.id == sign_in_id).values(locked_at=now))
        record(db, "signin:locked", viewer, now, subject_id=sign_in_id)


def say_who_sees(db: Session, viewer: Viewer, audience: Audience, now: datetime) -> None:
    """Answer for this signed-in browser who can see its screen; a second press changes nothing."""
    if audience is not viewer.audience:
        this = SignIn.id == viewer.sign_in_id
        db.execute(update(SignIn).where(this).values(audience=audience))
        record(
            db,
            "signin:audience_changed",
            viewer,
            now,
            subject_id=viewer.sign_in_id,
            audience=[viewer.audience, audience],
        )


def lock_idle(db: Session, now: datetime) -> None:
    """Lock every signed-in browser at rest, and end those past their absolute life."""
    for row in _current(db, now, SignIn.locked_at.is_(None)):
        if _rests(row, now):
            db.execute(update(SignIn).where(SignIn.id == row.id).values(locked_at=now))
            record(db, "signin:locked", None, now, subject_id=row.id, why="idle")
    expired = select(SignIn.id).where(SignIn.ended_at.is_(None), SignIn.created_at <= now - LIFE)
    for sign_in_id in db.scalars(expired).all():
        _end(db, sign_in_id, None, now, why="expired")


def unlock(
    database: Database, sign_in_id: str, password: str, now: datetime, *, who: str = ""
) -> str:
    """Unlock with the person's password; the new token replaces the one in the cookie.

    `who` is the one of two at the screen who unlocks it; they act from then on. Raises Invalid
    (field `password`) when it is wrong, after too many misses, or when the sign-in has ended
    meanwhile.
    """

    def check(clinician_id: str) -> None:
        check_password(database, clinician_id, password, now, failed="unlock:failed")

    return unlock_after(database, sign_in_id, check, now, who=who)


def unlock_after(
    database: Database,
    sign_in_id: str,
    check: Callable[[str], None],
    now: datetime,
    *,
    who: str = "",
    **how: Any,
) -> str:
    """Unlock once `check`, told the person's id, raised nothing; `how` goes on record with it.

    `who` is as in `unlock`; empty: the one who acted last. Returns the token that replaces the one
    in the cookie. Raises what `check` raises, and Invalid (field `password`) when the
    sign-in has ended meanwhile.
    """
    with database.reading() as db:
        people = people_at(db, sign_in_id, now)
    ended = Invalid({"password": "This sign-in has ended. Sign in again."})
    who = who or next(iter(people), "")
    if who not in people:
        raise ended
    check(who)
    token = new_token()
    with database.writing() as db:
        hold(db, sign_in_id)
        people = people_at(db, sign_in_id, now)
        if who not in people:
            raise ended
        let_act(db, sign_in_id, who)
        db.execute(
            update(SignIn)
            .where(SignIn.id == sign_in_id)
            .values(token_hash=hash_token(token), locked_at=None, last_active_at=now)
        )
        viewer = viewer_of(db, sign_in_id, now)
        record(db, "signin:unlocked", viewer, now, subject_id=sign_in_id, **how)
    return token


def end(db: Session, sign_in_id: str, now: datetime) -> None:
    """Sign out. A sign-in that has ended, or is not known, stays as it is."""
    if db.scalar(select(SignIn.id).where(SignIn.id == sign_in_id, SignIn.ended_at.is_(None))):
        _end(db, sign_in_id, viewer_of(db, sign_in_id, now), now, why="signed out")


def end_all_of(
    db: Session, clinician_id: str, by: Viewer | None, now: datetime, *, but: str = ""
) -> tuple[str, ...]:
    """End every sign-in of a person (sign-in turned off, password changed), `but` one.

    A screen that a colleague is at as well stays with the colleague. Returns the ids of all.
    """
    theirs = (
        select(SignIn.id)
        .join(Presence, Presence.sign_in_id == SignIn.id)
        .where(
            Presence.clinician_id == clinician_id,
            Presence.left_at.is_(None),
            SignIn.ended_at.is_(None),
            SignIn.id != but,
        )
    )
    ids = tuple(db.scalars(theirs))
    for sign_in_id in ids:
        leave(db, sign_in_id, clinician_id, by, now, why="revoked")
    return ids


def leave(
    db: Session,
    sign_in_id: str,
    clinician_id: str,
    by: Viewer | None,
    now: datetime,
    *,
    why: str = "left",
) -> None:
    """One person leaves a signed-in browser; who is not at it leaves nothing.

    It stays with the colleague who is at it too, locked until that one has given PIN or password,
    unless they were acting already; without one it ends.
    """
    hold(db, sign_in_id)
    here = select(Presence).where(Presence.sign_in_id == sign_in_id, Presence.left_at.is_(None))
    present = {one.clinician_id: one for one in db.scalars(here)}
    going = present.pop(clinician_id, None)
    if going is None:
        return
    if not present:
        _end(db, sign_in_id, by, now, why="signed out" if why == "left" else why)
        return
    [stays] = present.values()
    going.left_at = now
    record(db, "signin:left", by, now, subject_id=clinician_id, why=why)
    # "Both of us" is nobody's answer any more; what hides names goes on to.
    both = (SignIn.id == sign_in_id, SignIn.audience == Audience.BOTH_OF_US)
    db.execute(update(SignIn).where(*both).values(audience=Audience.JUST_ME))
    if going.acting:
        # Before the other one acts: only one may, at any moment.
        going.acting = False
        db.flush()
        stays.acting = True
        unlocked = (SignIn.id == sign_in_id, SignIn.locked_at.is_(None))
        db.execute(update(SignIn).where(*unlocked).values(locked_at=now))
        record(db, "signin:locked", by, now, subject_id=sign_in_id, why="who acted has left")
    db.flush()


def end_everybody(db: Session, now: datetime) -> None:
    """End every sign-in there is: what a restored database remembers is nobody who is here."""
    for sign_in_id in db.scalars(select(SignIn.id).where(SignIn.ended_at.is_(None))).all():
        _end(db, sign_in_id, None, now, why="restored")


def hold(db: Session, sign_in_id: str) -> None:
    """Hold the sign-in's row, so that of two changes of who is at it one waits for the other."""
    db.execute(select(SignIn.id).where(SignIn.id == sign_in_id).with_for_update())


def people_at(db: Session, sign_in_id: str, now: datetime) -> tuple[str, ...]:
    """The ids of those at a signed-in browser, locked or not, the acting one first."""
    return tuple(
        one
        for row in _current(db, now, SignIn.id == sign_in_id)
        for one in (row.clinician_id, row.beside_id)
        if one is not None
    )


def let_act(db: Session, sign_in_id: str, clinician_id: str) -> None:
    """Of those at a signed-in browser this one acts from now on; the caller has asked for proof."""
    here = Presence.sign_in_id == sign_in_id, Presence.left_at.is_(None)
    others = Presence.clinician_id != clinician_id
    # In this order: only one may act, at any moment.
    db.execute(update(Presence).where(*here, others).values(acting=False))
    db.execute(update(Presence).where(*here, ~others).values(acting=True))


def _end(db: Session, sign_in_id: str, by: Viewer | None, now: datetime, *, why: str) -> None:
    db.execute(update(SignIn).where(SignIn.id == sign_in_id).values(ended_at=now))
    record(db, "signin:ended", by, now, subject_id=sign_in_id, why=why)


def viewer_of(db: Session, sign_in_id: str, now: datetime) -> Viewer | None:
    """Who acts at a signed-in browser, whom they cover and what they opened, in one statement.

    None when it is locked, at rest or ended, or when the person's sign-in is turned off.
    """
    rows = _found(db, _ACTING, now, sign_in_id=sign_in_id)
    if not rows or rows[0].locked_at is not None or _rests(rows[0], now):
        return None
    return _viewer(rows)


def last_viewer_of(db: Session, sign_in_id: str, now: datetime) -> Viewer | None:
    """Who acted last at a signed-in browser, locked as it may be.

    For what a locked screen says by itself, which names nobody; nothing else may ask for it.
    """
    rows = _found(db, _ACTING, now, sign_in_id=sign_in_id)
    return _viewer(rows) if rows else None


def _viewer(rows: list[Any]) -> Viewer:
    first = rows[0]
    functions = frozenset(row.function for row in rows if row.function is not None)
    opened = _thresholds(everyone_sees_caseload=first.everyone_sees_caseload)
    # Front desk and therapist in one person: their notes stay those of their own courses.
    is_front_desk = functions == {Function.COORDINATOR}
    return Viewer(
        sign_in_id=first.id,
        clinician_id=first.clinician_id,
        name=first.name,
        functions=functions,
        is_administrator=first.is_administrator,
        audience=first.audience,
        sees_everyone=is_front_desk or bool(functions and opened.everyone_sees_caseload),
        covers=_covers(rows),
        emergencies=_emergencies(rows),
        away=_days_away(rows),
        presence_id=first.presence_id,
        beside=_beside_of(first),
        typed_by_others=first.typed_by_others,
    )


def _live(row: Any) -> LiveSignIn:
    room = room_of(row.audience, _beside_of(row))
    return LiveSignIn(row.id, row.presence_id, room, row.typed_by_others)


def _beside_of(row: Any) -> Beside | None:
    if row.beside_id is None:
        return None
    return Beside(row.beside_id, row.beside, bool(row.beside_treats))


def _covers(rows: Iterable[Any]) -> tuple[Covering, ...]:
    """Whom the viewer covers, each once, until the last of their days away."""
    until: dict[tuple[str, str], datetime] = {}
    for row in rows:
        if row.absent_id is not None:
            who = row.absent_id, row.absent
            until[who] = max(row.absent_until, until.get(who, row.absent_until))
    return tuple(Covering(*who, until_at) for who, until_at in sorted(until.items()))


def _days_away(rows: Iterable[Any]) -> tuple[Away, ...]:
    """The viewer's own, the earliest first."""
    found = {
        Away(row.away_id, row.away_from, row.away_until, row.away_cover or "")
        for row in rows
        if row.away_id is not None
    }
    return tuple(sorted(found, key=lambda one: one.from_at))


def _emergencies(rows: Iterable[Any]) -> tuple[Emergency, ...]:
    found = {
        row.emergency_id: Emergency(row.emergency_id, row.client_id, row.code, row.emergency_until)
        for row in rows
        if row.emergency_id is not None
    }
    return tuple(found[one] for one in sorted(found))


def _current(db: Session, now: datetime, *conditions: ColumnElement[bool]) -> list[Any]:
    return _found(db, _CURRENT.where(*conditions), now)


def _found(db: Session, statement: Executable, now: datetime, **about: Any) -> list[Any]:
    times = {"now": now, "life_ago": now - LIFE, "back_since": now - _BACK}
    return list(db.execute(statement, times | about).all())


def _thresholds(**stored: str | None) -> Thresholds:
    return in_force((key, value) for key, value in stored.items() if value is not None)


def _rests(row: Any, now: datetime) -> bool:
    # A clock set back would otherwise keep a browser open for as long.
    rest = now - row.last_active_at
    thresholds = _thresholds(
        idle_minutes=row.idle_minutes, shared_idle_minutes=row.shared_idle_minutes
    )
    may_rest = thresholds.rest(is_shared=row.beside_id is not None, in_review=bool(row.in_review))
    return not -_CLOCK_SLACK <= rest < may_rest
