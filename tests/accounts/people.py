"""The people of the account tests and their forms, all of them fictional."""

from dataclasses import dataclass

from sqlalchemy import select

from kapteam.accounts import set_up, sign_ins
from kapteam.db.tables import AuditEvent
from kapteam.ids import new_id
from kapteam.vocabulary import Function

PASSWORD = "three calm saguaros"


@dataclass(frozen=True, slots=True)
class People:
    """The ids of the first administrator (`dana`) and a colleague (`robin`)."""

    dana: str
    robin: str


def practice_form(**other):
    """The set-up form as Dana fills it in."""
    fields = {
        "practice_name": "Saguaro Practice",
        "zone": "America/Phoenix",
        "name": "Dana Reyes",
        "credentials": "LPC",
        "sign_in_name": "Dana",
        "password": PASSWORD,
        "functions": frozenset({Function.THERAPIST}),
    }
    return set_up.NewPractice(**{**fields, **other})


def colleague_form(**other):
    """The form with which Dana lets Robin in."""
    fields = {
        "id": new_id(),
        "name": "Robin Prescott",
        "credentials": "PMHNP",
        "sign_in_name": "robin",
        "functions": frozenset({Function.PRESCRIBER}),
        "is_administrator": False,
    }
    return set_up.NewClinician(**{**fields, **other})


def signed_in(database, clinician_id, now):
    """A new sign-in of this person."""
    with database.writing() as db:
        return sign_ins.start_sign_in(db, clinician_id, "a test", now)


def viewer(database, clinician_id, now):
    """This person, signed in."""
    started = signed_in(database, clinician_id, now)
    with database.reading() as db:
        return sign_ins.viewer_of(db, started.sign_in_id, now)


def tags(database):
    """Every audit event's tag, oldest first."""
    with database.reading() as db:
        return list(db.scalars(select(AuditEvent.tag).order_by(AuditEvent.at, AuditEvent.id)))
