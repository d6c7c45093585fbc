"""A practice of any size, its people plainly made up.

It is skewed as caseloads are: few clients have up to 50 ketamine sessions and notes, most have few,
and most courses of care are closed. The pair that is measured has the same 60 open clients at every
size.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from random import Random

from bench.courses import DAY, HOUR, NOW, CourseRows, OpenCourse, Pair
from bench.rows import Rows
from kapteam.db.engine import Database, Session
from kapteam.db.tables import Absence, Client, Clinician, ClinicianFunction, Inquiry, Practice
from kapteam.ids import new_id
from kapteam.rules.folding import search_text
from kapteam.vocabulary import Function, InquiryOutcome, ServiceLine

OPEN_CLIENTS = 60
"""How many clients one pair of clinicians has open at a time."""
TYPED = "sam"
"""What is typed into Find: the beginning of the names of a quarter of the clients."""
_STILL_OPEN = 0.05
_BEEN_HERE_BEFORE = 0.3
_MOST_SESSIONS = 50
_FEW_HAVE_MANY = 1.16  # Pareto's: a fifth of the clients have four fifths of the sessions
_OPEN_INQUIRIES = 5
_AT_ONCE = 250
_GIVEN = ("Mock", "Sample", "Specimen", "Fable", "Fiction", "Dummy", "Model", "Pretend")
_FAMILY = tuple(
    f"{first}{last}"
    for first in ("Test", "Sample", "Mock", "Fake", "Demo", "Fable", "Paper", "Plaster")
    for last in ("wood", "ton", "field", "holm", "berg", "ley", "stein", "son", "dale", "ski")
)

Told = Callable[[int], None]
"""Hears how many clients are written."""


@dataclass(frozen=True, slots=True)
class Filled:
    """Whom and what the bench asks for. The first of the pair's `courses` is the longest."""

    pair: Pair
    front_desk_id: str
    courses: tuple[OpenCourse, ...]
    inquiry_id: str
    absence_id: str


def fill(database: Database, clients: int, told: Told) -> Filled:
    """Write a practice of so many clients into an empty database, a few hundred at a time."""
    still_open = OPEN_CLIENTS + round((clients - OPEN_CLIENTS) * _STILL_OPEN)
    with database.writing() as db:
        db.add(
            Practice(
                id="practice",
                name="Bench Practice (made up)",
                zone="America/Phoenix",
                is_demo=False,
                # Too young for a backup of the night, which would run while something is measured.
                created_at=NOW - HOUR,
            )
        )
        front_desk_id = _add_clinician(db, "Front Desk", Function.COORDINATOR)
        pairs = [
            Pair(
                _add_clinician(db, f"Prescriber {number}", Function.PRESCRIBER),
                _add_clinician(db, f"Therapist {number}", Function.THERAPIST),
            )
            for number in range(1, -(-still_open // OPEN_CLIENTS) + 1)
        ]
        absence_id = _add_absence(db, pairs[0])
    rows = Rows()
    inquiry_id = _add_inquiries(rows, front_desk_id, clients)
    courses = []
    for number in range(1, clients + 1):
        # Each client has chances of their own, so that the measured ones are the same everywhere.
        chance = Random(number)  # noqa: S311 - nothing here is secret
        if number <= still_open:
            pair = pairs[(number - 1) // OPEN_CLIENTS]
            course = _add_client(rows, number, pair, chance)
            if pair is pairs[0]:
                courses.append(course)
        else:
            _add_former_client(rows, number, chance.choice(pairs), chance)
        if number % _AT_ONCE == 0 or number == clients:
            rows.write(database)
            told(number)
    return Filled(pairs[0], front_desk_id, tuple(courses), inquiry_id, absence_id)


def _add_absence(db: Session, pair: Pair) -> str:
    """The therapist of a pair goes away next week, and nobody covers."""
    absence = Absence(
        id=new_id(),
        clinician_id=pair.therapist_id,
        from_at=NOW + 7 * DAY,
        until_at=NOW + 21 * DAY,
        set_by_id=pair.prescriber_id,
    )
    db.add(absence)
    db.flush()
    return absence.id


def _add_clinician(db: Session, name: str, function: Function) -> str:
    """A clinician; whoever prescribes administers as well."""
    clinician_id = new_id()
    db.add(
        Clinician(
            id=clinician_id,
            name=f"{name} (made up)",
            sign_in_name=clinician_id,
            password_hash=None,
            is_administrator=function is Function.PRESCRIBER,
            created_at=NOW - 365 * DAY,
        )
    )
    db.flush()
    db.add(ClinicianFunction(clinician_id=clinician_id, function=function))
    return clinician_id


def _add_inquiries(rows: Rows, front_desk_id: str, clients: int) -> str:
    """One inquiry for two clients, nearly all of them settled; returns the id of an open one."""
    ids = []
    for number in range(_OPEN_INQUIRIES + clients // 2):
        is_open = number < _OPEN_INQUIRIES
        called_at = NOW - (number + 1) * 12 * HOUR
        ids.append(
            rows.add(
                Inquiry,
                name=f"Caller {number} (made up)",
                phone=f"555-01{number % 100:02d}",
                service_wanted=ServiceLine.KAP,
                concern="Made up for the bench.",
                called_at=called_at,
                outcome=None if is_open else InquiryOutcome.REFERRED_OUT,
                created_by_id=front_desk_id,
                created_at=called_at,
            )
        )
    return ids[0]


def _add_client(rows: Rows, number: int, pair: Pair, chance: Random) -> OpenCourse:
    """Somebody in care now, perhaps for the second time; the first has the most sessions."""
    sessions = _MOST_SESSIONS if number == 1 else _how_many_sessions(chance)
    last_at = NOW - chance.randint(5, 20) * DAY
    client_id = _add_person(rows, number, pair, chance)
    if chance.random() < _BEEN_HERE_BEFORE:
        before = last_at - (sessions + 30) * 7 * DAY
        CourseRows(rows, client_id, pair, _how_many_sessions(chance), before).add_closed()
    return CourseRows(rows, client_id, pair, sessions, last_at).add_open(number, _code(number))


def _add_former_client(rows: Rows, number: int, pair: Pair, chance: Random) -> None:
    """Somebody whose course of care is over."""
    last_at = NOW - chance.randint(30, 2000) * DAY
    client_id = _add_person(rows, number, pair, chance)
    CourseRows(rows, client_id, pair, _how_many_sessions(chance), last_at).add_closed()


def _add_person(rows: Rows, number: int, pair: Pair, chance: Random) -> str:
    given, family = chance.choice(_GIVEN), chance.choice(_FAMILY)
    phone = f"555-01{number % 100:02d}"
    born_on = date(1950, 1, 1) + chance.randrange(18_000) * DAY
    return rows.add(
        Client,
        code=_code(number),
        given_name=given,
        family_name=family,
        born_on=born_on,
        phone=phone,
        emergency_name="Pat Placeholder",
        emergency_relation="sibling",
        emergency_phone="555-0100",
        search_text=search_text(
            code=_code(number), names=(given, family), phones=(phone,), born_on=born_on
        ),
        created_by_id=pair.therapist_id,
        created_at=NOW - chance.randint(30, 2500) * DAY,
    )


def _code(number: int) -> str:
    return f"K-{number:03d}"


def _how_many_sessions(chance: Random) -> int:
    return min(_MOST_SESSIONS, int(chance.paretovariate(_FEW_HAVE_MANY)))
