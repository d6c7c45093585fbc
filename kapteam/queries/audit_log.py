"""The audit log, for administrators: who did what and when, by client code and never by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, aliased

from kapteam.db.tables import AuditEvent, Client, Clinician
from kapteam.queries.standing import Asked
from kapteam.rules.folding import read_code
from kapteam.rules.permissions import check_can_administer
from kapteam.vocabulary import Term

PAGE = 50


class What(Term):
    """What kind of thing was done; every event is of one kind."""

    CHARTS = "charts", "Charts opened"
    PRINTED = "printed", "Printed"
    EMERGENCY = "emergency", "Emergency access"
    CLIENTS = "clients", "Clients and courses"
    SESSIONS = "sessions", "Sessions and doses"
    NOTES = "notes", "Notes"
    REVIEWS = "reviews", "Case reviews"
    SIGN_INS = "sign_ins", "Signing in"
    PRACTICE = "practice", "Team and practice"


TAGS = {
    What.CHARTS: ("client:viewed",),
    What.PRINTED: (
        "day_sheet:printed",
        "brief:printed",
        "monitoring_form:printed",
        "thread:printed",
        "case_review:printed",
        "case_review:copied",
    ),
    What.EMERGENCY: ("emergency:%",),
    What.CLIENTS: (
        "client:created",
        "client:changed",
        "client:checked",
        "client:pinned",
        "client:safety_plan_changed",
        "weight:%",
        "concern:%",
        "ask:%",
        "contact:%",
        "wait:%",
        "inquiry:%",
        "episode:%",
        "experience:%",
        "clearance:%",
        "consent:%",
        "enrollment:%",
        "lookup:%",
        "score:%",
    ),
    What.SESSIONS: (
        "series:%",
        "dose:%",
        "administration:%",
        "other_medicine:%",
        "vital:%",
        "alert:%",
        "adverse_event:%",
        "monitoring_form:answered",
        "monitoring_form:submitted",
        "monitoring_form:voided",
        "ketamine_session:%",
        "readiness:%",
        "home_supply:%",
        "integration_session:%",
    ),
    What.NOTES: ("note:%", "commitment:%", "filing:%"),
    What.REVIEWS: (
        "case_review:started",
        "case_review:opened",
        "case_review:added",
        "case_review:dropped",
        "case_review:moved",
        "case_review:decided",
        "case_review:confirmed",
        "case_review:ended",
        "case_review:minutes_confirmed",
        "discuss_mark:%",
        "action:%",
    ),
    What.SIGN_INS: ("signin:%", "unlock:%", "password:%", "pin:%"),
    What.PRACTICE: (
        "practice:%",
        "setting:%",
        "clinician:%",
        "invitation:%",
        "absence:%",
        "closed_days:%",
        "backup:%",
        "records:%",
        "demo:%",
    ),
}


@dataclass(frozen=True, slots=True)
class LogWanted:
    """Which events: of one kind, of one person, about one client (by code), between two days.

    Both days are included, and are the practice's.
    """

    what: What | None = None
    clinician_id: str | None = None
    code: str = ""
    from_on: date | None = None
    until_on: date | None = None


@dataclass(frozen=True, slots=True)
class LogLine:
    """One event. `who` is None when nobody was signed in; `about` is the colleague it concerns."""

    id: str
    at: datetime
    who: str | None
    tag: str
    code: str | None
    about: str | None
    changes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LogPage:
    """How many events there are in all, and those of one page, the newest first."""

    count: int
    number: int
    lines: tuple[LogLine, ...]

    @property
    def pages(self) -> int:
        """How many pages there are; at least one."""
        return max(1, -(-self.count // PAGE))


def audit_log(db: Session, asked: Asked, wanted: LogWanted, number: int) -> LogPage:
    """One page of the log, counted from 1, in two statements.

    A page past the last one is the last one. Raises NotAllowed (administrators only).
    """
    check_can_administer(asked.viewer)
    conditions = _conditions(wanted, asked.practice.zone)
    count = db.scalar(select(func.count()).select_from(AuditEvent).where(*conditions)) or 0
    number = max(1, min(number, -(-count // PAGE)))
    about = aliased(Clinician)
    rows = db.execute(
        select(
            AuditEvent.id,
            AuditEvent.at,
            Clinician.name.label("who"),
            AuditEvent.tag,
            Client.code,
            about.name.label("about"),
            AuditEvent.changes,
        )
        .outerjoin(Clinician, Clinician.id == AuditEvent.clinician_id)
        .outerjoin(Client, Client.id == AuditEvent.client_id)
        .outerjoin(about, about.id == AuditEvent.subject_id)
        .where(*conditions)
        .order_by(AuditEvent.at.desc(), AuditEvent.id.desc())
        .limit(PAGE)
        .offset((number - 1) * PAGE)
    )
    return LogPage(count, number, tuple(LogLine(**row._mapping) for row in rows))


def _conditions(wanted: LogWanted, zone: ZoneInfo) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.what:
        conditions.append(or_(*(AuditEvent.tag.like(one) for one in TAGS[wanted.what])))
    if wanted.clinician_id:
        conditions.append(AuditEvent.clinician_id == wanted.clinician_id)
    if wanted.code.strip():
        code = read_code(wanted.code)
        theirs = select(Client.id).where(Client.code == code).scalar_subquery()
        conditions.append(AuditEvent.client_id == theirs)
    if wanted.from_on:
        conditions.append(AuditEvent.at >= datetime.combine(wanted.from_on, time(0), zone))
    if wanted.until_on:
        after = wanted.until_on + timedelta(days=1)
        conditions.append(AuditEvent.at < datetime.combine(after, time(0), zone))
    return conditions
