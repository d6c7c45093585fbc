"""The demo practice: fictional, in a file of its own, and right at any hour of any day."""

import logging
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from zoneinfo import ZoneInfo

from kapteam.accounts.set_up import NewClinician, NewPractice, add_clinician, set_up_practice
from kapteam.actions.absences import (
    AbsenceEntered,
    ClosedDaysEntered,
    close_days,
    record_absence,
)
from kapteam.clock import day_of
from kapteam.db.audit import is_written_in
from kapteam.db.engine import Database, Session
from kapteam.db.in_force import practice_in_force
from kapteam.db.migrate import bring_up_to_date, is_up_to_date
from kapteam.db.practices import DEMO, database
from kapteam.db.tables import AuditEvent, Clinician, Practice
from kapteam.demo.days import Days
from kapteam.demo.people import (
    COLLEAGUES,
    DIRECTOR,
    PRACTICE_NAME,
    PRESCRIBER,
    PRESCRIBER_ID,
    SECOND_PRESCRIBER,
    SECOND_THERAPIST,
    THERAPIST,
    THERAPIST_ID,
    THIRD_THERAPIST,
    ZONE,
    demo_id,
)
from kapteam.demo.story import compose
from kapteam.demo.telling import Telling
from kapteam.queries.standing import Asked
from kapteam.queries.upcoming import Show, upcoming
from kapteam.settings import settings

__all__ = ["PRESCRIBER_ID", "THERAPIST_ID", "open_demo"]

_BUILT = demo_id("built")
_FRESH = timedelta(hours=1)
_log = logging.getLogger(__name__)
_one_at_a_time = Lock()


def open_demo(now: datetime) -> None:
    """Make sure that the demo practice exists and is right at `now`.

    What a visitor wrote stays until the practice's next day, until no dose is ahead any more on
    this one, or until a visitor shut the door on one of the two people whom it is opened as. One
    that nobody wrote in is built anew after an hour: its clocks have run on. The new file takes the
    place of the old one only when it is finished.
    """
    with _one_at_a_time:
        if settings().demo_path.exists() and _is_right(now):
            return
        file = settings().demo_path
        unfinished = file.with_suffix(".unfinished")
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _remove(unfinished)
        try:
            _build(unfinished, now)
            _swap(unfinished, file)
        finally:
            _remove(unfinished)


def _is_right(now: datetime) -> bool:
    demo = database(DEMO)
    try:
        if not is_up_to_date(demo):
            return False
        with demo.reading() as db:
            practice = practice_in_force(db, now)
            built = db.get(AuditEvent, _BUILT)
            if practice is None or built is None or built.at > now:
                return False
            if day_of(built.at, practice.zone) != day_of(now, practice.zone):
                return False
            if not _has_both_of_its_people(db):
                return False
            if now - built.at > _FRESH and not is_written_in(db, built.at):
                return False
            asked = Asked(THERAPIST.viewer(), practice, now)
            return bool(upcoming(db, asked).showing(Show.TODAY))
    except Exception as error:
        # Whatever is wrong with the file, a new one puts it right.
        _log.warning("The demo practice cannot be read (%s); it is built anew.", type(error))
        return False


def _has_both_of_its_people(db: Session) -> bool:
    """Whether a visitor did not turn them off, or take from one that they administer."""
    therapist, prescriber = (db.get_one(Clinician, one) for one in (THERAPIST_ID, PRESCRIBER_ID))
    is_on = therapist.suspended_at is None and prescriber.suspended_at is None
    return is_on and prescriber.is_administrator


def _build(file: Path, now: datetime) -> None:
    demo = Database(f"sqlite:///{file}")
    try:
        bring_up_to_date(demo, file.parent)
        with demo.writing() as db:
            _tell(db, now)
    finally:
        demo.close()


def _tell(db: Session, now: datetime) -> None:
    days = Days(now, ZoneInfo(ZONE))
    opened_at = days.at(-400, 9)
    director_id = set_up_practice(
        db,
        NewPractice(
            practice_name=PRACTICE_NAME,
            zone=ZONE,
            name=DIRECTOR.name,
            credentials=DIRECTOR.credentials,
            sign_in_name=DIRECTOR.sign_in_name,
            password=secrets.token_urlsafe(),
            functions=DIRECTOR.functions,
            phone=DIRECTOR.phone,
        ),
        opened_at,
    )
    db.get_one(Practice, "practice").is_demo = True
    director = DIRECTOR.viewer(director_id)
    # Nobody knows this password, so that the demo's buttons are the only way in.
    nobodys = db.get_one(Clinician, director_id).password_hash
    for one in COLLEAGUES:
        form = NewClinician(
            one.id,
            one.name,
            one.credentials,
            one.sign_in_name,
            one.functions,
            one.is_administrator,
            phone=one.phone,
        )
        add_clinician(db, director, form, opened_at)
        db.get_one(Clinician, one.id).password_hash = nobodys
    telling = Telling(days, {DIRECTOR: director} | {one: one.viewer() for one in COLLEAGUES})
    compose(telling)
    _plan_days_off(telling)
    telling.tell(db)
    db.add(AuditEvent(id=_BUILT, at=now.astimezone(UTC), tag="demo:built", changes={}))


def _plan_days_off(telling: Telling) -> None:
    """Who goes away, with cover and without, who is back, and a day on which nobody works."""
    days = telling.days
    off = (
        ("absence/1", SECOND_PRESCRIBER, 12, 16, DIRECTOR),
        ("absence/2", THIRD_THERAPIST, 26, 33, None),
        ("absence/3", THERAPIST, 10, 20, SECOND_THERAPIST),
        ("absence/4", PRESCRIBER, -4, -3, SECOND_PRESCRIBER),
    )
    for name, who, first, last, cover in off:
        cover_id = telling.viewer(cover).clinician_id if cover else None
        entered = AbsenceEntered(demo_id(name), who.id, days.on(first), days.on(last), cover_id)
        telling.then(min(days.now, days.at(first, 9)), DIRECTOR, record_absence, entered)
    closed_on = days.on(40)
    closed = ClosedDaysEntered(demo_id("closed/1"), closed_on, closed_on, "Team day")
    telling.then(days.now, DIRECTOR, close_days, closed)


def _swap(new: Path, file: Path) -> None:
    database(DEMO).close()
    for beside in _beside(file):
        # A leftover log of the old file would be played into the new one.
        beside.unlink(missing_ok=True)
    new.replace(file)
    # Whoever opened the old file in the very moment of the swap lets go of it.
    database(DEMO).close()


def _remove(file: Path) -> None:
    for one in (file, *_beside(file)):
        one.unlink(missing_ok=True)


def _beside(file: Path) -> tuple[Path, ...]:
    return tuple(file.with_name(f"{file.name}{end}") for end in ("-wal", "-shm", "-journal"))
