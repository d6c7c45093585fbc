"""Situations for tests: a practice, its clinicians, clients and their courses of care.

Everybody here is plainly fictional. Each builder writes rows through the `db` it is given (inside
`with database.writing() as db:`) and returns a row or a Viewer whose attributes stay readable after
the block. Nothing here goes through an action, so that a situation can also be one that actions
would refuse (a clearance that ran out, a colleague whose sign-in is off).

What hangs on ketamine sessions and notes is in `tests/factories_care.py`.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kapteam.db.base import Base
from kapteam.db.engine import Database
from kapteam.db.tables import (
    Absence,
    AuditEvent,
    Clearance,
    Client,
    Clinician,
    ClinicianFunction,
    ClosedDays,
    Concern,
    Consent,
    Contact,
    EmergencyAccess,
    Episode,
    EpisodeMember,
    Hold,
    HomeSupply,
    HomeTally,
    Inquiry,
    OutsideExperience,
    OutsideWait,
    PinBrowser,
    Practice,
    PracticeSetting,
    PrescriptionLookup,
    Presence,
    RemsEnrollment,
    Weight,
)
from kapteam.ids import new_id
from kapteam.rules.folding import search_text
from kapteam.rules.pathway import required_consents
from kapteam.rules.permissions import Viewer
from kapteam.vocabulary import (
    Audience,
    ClearanceDecision,
    CloseReason,
    ConcernKind,
    ConcernLevel,
    ConsentType,
    ContactKind,
    ContactOutcome,
    EpisodeState,
    Function,
    HoldReason,
    How,
    Indication,
    OutsideParty,
    Part,
    ProductRoute,
    ServiceLine,
    Tally,
    WaitOutcome,
)

ZONE = ZoneInfo("America/Phoenix")
NOW = datetime(2026, 11, 24, 21, 30, tzinfo=UTC)
"""Tuesday, November 24, 2026, 2:30 pm in Phoenix; the `now` of conftest.py."""
TODAY = date(2026, 11, 24)

_NAMES = {
    Function.PRESCRIBER: "Robin Prescott",
    Function.THERAPIST: "Thea Tallis",
    Function.NURSE: "Nico Nightingale",
    Function.COORDINATOR: "Cory Corner",
}


def a_practice(db: Session, *, zone: str = "America/Phoenix", is_demo: bool = False) -> Practice:
    """The practice's one row, with every threshold at its default."""
    practice = Practice(
        id="practice",
        name="Saguaro Practice",
        zone=zone,
        is_demo=is_demo,
        created_at=NOW - timedelta(days=365),
    )
    db.add(practice)
    db.flush()
    return practice


def a_setting(
    db: Session,
    by: Viewer,
    key: str,
    value: int | str,
    *,
    since: datetime = NOW,
    source: str = "Set by the practice",
) -> None:
    """A threshold of the practice other than its default, in force from `since`."""
    db.add(
        PracticeSetting(
            id=new_id(),
            key=key,
            value=str(value),
            source=source,
            set_by_id=by.clinician_id,
            in_force_from=since,
        )
    )
    db.flush()


def a_clinician(
    db: Session,
    *functions: Function,
    name: str = "",
    credentials: str = "",
    is_administrator: bool = False,
    sees_everyone: bool | None = None,
    suspended: bool = False,
) -> Viewer:
    """A clinician with these functions, as the Viewer who acts.

    Sees the whole caseload only when told so, or when front desk and nothing else. With `suspended`
    the sign-in is off.
    """
    clinician_id = new_id()
    called = name or _NAMES.get(functions[0] if functions else Function.COORDINATOR, "")
    db.add(
        Clinician(
            id=clinician_id,
            name=called,
            credentials=credentials,
            sign_in_name=clinician_id,
            password_hash=None,
            is_administrator=is_administrator,
            created_at=NOW - timedelta(days=365),
            suspended_at=NOW - timedelta(days=1) if suspended else None,
        )
    )
    db.flush()
    db.add_all(ClinicianFunction(clinician_id=clinician_id, function=one) for one in functions)
    db.flush()
    front_desk = set(functions) == {Function.COORDINATOR}
    return Viewer(
        sign_in_id=new_id(),
        clinician_id=clinician_id,
        name=called,
        functions=frozenset(functions),
        is_administrator=is_administrator,
        audience=Audience.JUST_ME,
        sees_everyone=front_desk if sees_everyone is None else sees_everyone,
    )


def is_beside(db: Session, sign_in_id: str, colleague: Viewer) -> None:
    """A colleague has joined a signed-in browser, at which somebody else acts."""
    db.add(
        Presence(
            id=new_id(),
            sign_in_id=sign_in_id,
            clinician_id=colleague.clinician_id,
            joined_at=NOW,
            acting=False,
        )
    )
    db.flush()


def an_inquiry(
    db: Session,
    by: Viewer,
    *,
    name: str = "Juniper Vale",
    phone: str = "602-555-0142",
    called_at: datetime = NOW - timedelta(days=2),
) -> Inquiry:
    """Somebody who called about KAP and has not been settled yet."""
    inquiry = Inquiry(
        id=new_id(),
        name=name,
        phone=phone,
        service_wanted=ServiceLine.KAP,
        concern="Read about it, wants to know more.",
        called_at=called_at,
        created_by_id=by.clinician_id,
        created_at=called_at,
    )
    db.add(inquiry)
    db.flush()
    return inquiry


def a_contact(
    db: Session,
    course: Episode,
    who: Viewer,
    *,
    kind: ContactKind = ContactKind.PREPARATION,
    planned_at: datetime | None = None,
    how: How | None = How.IN_PERSON,
    **values: Any,
) -> Contact:
    """A contact of `who` on a course: planned, or whatever `values` make of it."""
    contact = Contact(
        id=new_id(),
        client_id=course.client_id,
        episode_id=course.id,
        kind=kind,
        how=how,
        with_id=who.clinician_id,
        planned_at=planned_at,
        planned_minutes=50 if planned_at else None,
        recorded_by_id=who.clinician_id,
        recorded_at=NOW,
        **values,
    )
    db.add(contact)
    db.flush()
    return contact


def a_call(db: Session, client: Client, who: Viewer, **values: Any) -> Contact:
    """A call that came an hour ago and was answered."""
    usual = {
        "kind": ContactKind.CALL,
        "from_client": True,
        "outcome": ContactOutcome.REACHED,
        "happened_at": NOW - timedelta(hours=1),
        "words": "Slept well. Asks about Friday.",
    }
    contact = Contact(
        id=new_id(),
        client_id=client.id,
        with_id=who.clinician_id,
        recorded_by_id=who.clinician_id,
        recorded_at=NOW,
        **(usual | values),
    )
    db.add(contact)
    db.flush()
    return contact


def a_concern(
    db: Session,
    client: Client,
    by: Viewer,
    *,
    kind: ConcernKind = ConcernKind.SUICIDE_RISK,
    level: ConcernLevel = ConcernLevel.MODERATE,
    raised_at: datetime = NOW - timedelta(hours=1),
    **values: Any,
) -> Concern:
    """An open concern that `by` raised an hour ago, or whatever `values` make of it."""
    usual = {"words": "Says she would rather not wake up.", "plan": "", "holds": False}
    concern = Concern(
        id=new_id(),
        client_id=client.id,
        kind=kind,
        level=level,
        raised_by_id=by.clinician_id,
        raised_at=raised_at,
        **(usual | values),
    )
    db.add(concern)
    db.flush()
    return concern


def a_wait(
    db: Session,
    course: Episode,
    caller: Viewer,
    *,
    kind: OutsideParty = OutsideParty.INSURER,
    since_on: date = TODAY - timedelta(days=12),
    call_back_on: date | None = None,
    who: str = "Sonora Health",
    **values: Any,
) -> OutsideWait:
    """A wait on someone outside: open, or whatever `values` make of it."""
    wait = OutsideWait(
        id=new_id(),
        episode_id=course.id,
        kind=kind,
        who=who,
        since_on=since_on,
        call_back_on=call_back_on,
        caller_id=caller.clinician_id,
        recorded_by_id=caller.clinician_id,
        recorded_at=NOW,
        **values,
    )
    db.add(wait)
    db.flush()
    return wait


def an_authorization(
    db: Session,
    course: Episode,
    caller: Viewer,
    *,
    visits: int = 6,
    valid_from_at: datetime = NOW - timedelta(days=30),
    valid_until_at: datetime = NOW + timedelta(days=90),
) -> OutsideWait:
    """What an insurer authorized after a wait that is over."""
    return a_wait(
        db,
        course,
        caller,
        outcome=WaitOutcome.ARRIVED,
        ended_on=TODAY - timedelta(days=2),
        visits=visits,
        valid_from_at=valid_from_at,
        valid_until_at=valid_until_at,
    )


def a_client(
    db: Session,
    by: Viewer,
    *,
    family: str = "Okafor",
    given: str = "Amara",
    preferred: str = "",
    phone: str = "602-555-0114",
    born_on: date | None = date(1987, 3, 9),
    code: str = "",
) -> Client:
    """A client made by `by`, on no course of care yet; the code is the next one unless given."""
    code = code or f"K-{db.scalars(select(func.count()).select_from(Client)).one() + 1:03d}"
    client = Client(
        id=new_id(),
        code=code,
        family_name=family,
        given_name=given,
        preferred_name=preferred,
        phone=phone,
        born_on=born_on,
        emergency_name="Ngozi Okafor",
        emergency_relation="sister",
        emergency_phone="602-555-0177",
        search_text=search_text(
            code=code, names=(given, family, preferred), phones=(phone,), born_on=born_on
        ),
        created_by_id=by.clinician_id,
        created_at=NOW - timedelta(days=40),
    )
    db.add(client)
    db.flush()
    return client


def pin(db: Session, client: Client, by: Viewer, text: str, *, at: datetime = NOW) -> None:
    """A client's pinned line is now this one."""
    kept = db.get_one(Client, client.id)
    kept.pinned_line, kept.pinned_by_id, kept.pinned_at = text, by.clinician_id, at


def a_course(
    db: Session,
    client: Client,
    *,
    prescriber: Viewer | str | None = None,
    therapist: Viewer | str | None = None,
    state: EpisodeState = EpisodeState.SERIES,
    service_line: ServiceLine = ServiceLine.KAP,
    expects_intention: bool = True,
    expects_integration: bool = True,
    cleared: bool = False,
    hold: HoldReason | None = None,
    opened_at: datetime = NOW - timedelta(days=30),
) -> Episode:
    """A course of care; a prescriber or therapist given as text is one elsewhere.

    With `cleared` the gate is open: cleared for every route, every consent signed, enrolled for
    Spravato, looked up in the prescription database. With `hold` it is on hold since yesterday.
    """
    by_id = next(
        (one.clinician_id for one in (prescriber, therapist) if isinstance(one, Viewer)),
        client.created_by_id,
    )
    closed = state is EpisodeState.CLOSED
    course = Episode(
        id=new_id(),
        client_id=client.id,
        service_line=service_line,
        indications=[Indication.DEPRESSION.value],
        state=state,
        state_since=opened_at,
        expects_intention=expects_intention,
        expects_integration=expects_integration,
        opened_at=opened_at,
        opened_by_id=by_id,
        closed_at=NOW - timedelta(days=1) if closed else None,
        close_reason=CloseReason.GOALS_MET if closed else None,
    )
    db.add(course)
    db.flush()
    for part, member in ((Part.PRESCRIBER, prescriber), (Part.THERAPIST, therapist)):
        if member is not None:
            a_member(db, course, member, part)
    if cleared:
        a_clearance(db, course, by_id)
        required_consents_of(db, course, by_id)
        an_enrollment(db, client, by_id)
        a_lookup(db, client, by_id)
    if hold is not None:
        a_hold(db, course, hold, by_id)
    return course


def a_member(
    db: Session,
    course: Episode,
    who: Viewer | str,
    part: Part,
    *,
    until_at: datetime | None = None,
) -> EpisodeMember:
    """A part in a course since it was opened; `who` as text is somebody elsewhere."""
    member = EpisodeMember(
        id=new_id(),
        episode_id=course.id,
        clinician_id=who.clinician_id if isinstance(who, Viewer) else None,
        elsewhere="" if isinstance(who, Viewer) else who,
        part=part,
        from_at=course.opened_at,
        until_at=until_at,
    )
    db.add(member)
    db.flush()
    return member


def a_clearance(
    db: Session,
    course: Episode,
    by_id: str,
    *,
    decision: ClearanceDecision = ClearanceDecision.CLEARED,
    routes: tuple[ProductRoute, ...] = tuple(ProductRoute),
    ceiling_ug: int | None = 150_000,
    valid_until_on: date | None = TODAY + timedelta(days=300),
    decided_at: datetime = NOW - timedelta(days=20),
    in_person_on: date | None = TODAY - timedelta(days=21),
    **columns: Any,
) -> Clearance:
    """A prescriber's clearance after an evaluation in person; the newest of a course holds."""
    clearance = Clearance(
        id=new_id(),
        episode_id=course.id,
        decision=decision,
        routes=[route.value for route in routes],
        ceiling_ug=ceiling_ug,
        valid_until_on=valid_until_on,
        decided_by_id=by_id,
        decided_at=decided_at,
        in_person_on=in_person_on,
        **columns,
    )
    db.add(clearance)
    db.flush()
    return clearance


def a_lookup(
    db: Session,
    client: Client,
    by_id: str,
    *,
    looked_up_on: date = TODAY - timedelta(days=20),
    **columns: Any,
) -> PrescriptionLookup:
    """That a client was looked up in the prescription database."""
    lookup = PrescriptionLookup(
        id=new_id(),
        client_id=client.id,
        looked_up_on=looked_up_on,
        recorded_by_id=by_id,
        recorded_at=NOW - timedelta(days=20),
        **columns,
    )
    db.add(lookup)
    db.flush()
    return lookup


def an_enrollment(
    db: Session,
    client: Client,
    by_id: str,
    *,
    enrolled_on: date = TODAY - timedelta(days=20),
    **columns: Any,
) -> RemsEnrollment:
    """That a client is enrolled in the Spravato REMS."""
    enrollment = RemsEnrollment(
        id=new_id(),
        client_id=client.id,
        enrolled_on=enrolled_on,
        recorded_by_id=by_id,
        recorded_at=NOW - timedelta(days=20),
        **columns,
    )
    db.add(enrollment)
    db.flush()
    return enrollment


def a_consent(
    db: Session,
    course: Episode,
    consent_type: ConsentType,
    by_id: str,
    *,
    signed_on: date = TODAY - timedelta(days=20),
    expires_on: date | None = TODAY + timedelta(days=345),
    revoked_on: date | None = None,
) -> Consent:
    """A signed consent; the newest one of a type holds."""
    consent = Consent(
        id=new_id(),
        episode_id=course.id,
        type=consent_type,
        form_version="2026-01",
        signed_on=signed_on,
        expires_on=expires_on,
        recorded_by_id=by_id,
        recorded_at=NOW - timedelta(days=20),
        revoked_on=revoked_on,
        revoked_by_id=by_id if revoked_on else None,
    )
    db.add(consent)
    db.flush()
    return consent


def required_consents_of(db: Session, course: Episode, by_id: str) -> None:
    """Every consent that dosing may need, signed and in date."""
    for consent_type in required_consents(ProductRoute, with_therapy=True):
        a_consent(db, course, consent_type, by_id)


def a_hold(
    db: Session,
    course: Episode,
    reason: HoldReason,
    by_id: str,
    *,
    look_again_on: date = TODAY + timedelta(days=7),
) -> Hold:
    """A hold since yesterday, not released."""
    hold = Hold(
        id=new_id(),
        episode_id=course.id,
        reason=reason,
        since_at=NOW - timedelta(days=1),
        look_again_on=look_again_on,
        set_by_id=by_id,
    )
    db.add(hold)
    db.flush()
    return hold


def an_integration_course(db: Session, client: Client, therapist: Viewer) -> Episode:
    """A course of care about an experience elsewhere, with no prescriber."""
    return a_course(
        db,
        client,
        therapist=therapist,
        service_line=ServiceLine.PSYCHEDELIC_INTEGRATION,
        state=EpisodeState.INTEGRATION,
    )


def an_outside_experience(
    db: Session, course: Episode, *, substance: str = "psilocybin", happened: str = "summer 2025"
) -> OutsideExperience:
    """An experience that happened elsewhere, as the client tells it."""
    experience = OutsideExperience(
        id=new_id(),
        episode_id=course.id,
        substance=substance,
        happened=happened,
        recorded_by_id=course.opened_by_id,
        recorded_at=course.opened_at,
    )
    db.add(experience)
    db.flush()
    return experience


def an_absence(
    db: Session,
    who: Viewer,
    by: Viewer,
    *,
    from_at: datetime = NOW - timedelta(days=1),
    until_at: datetime = NOW + timedelta(days=1),
    cover: Viewer | None = None,
) -> Absence:
    """Days away, said by `by`."""
    absence = Absence(
        id=new_id(),
        clinician_id=who.clinician_id,
        from_at=from_at,
        until_at=until_at,
        covered_by_id=cover.clinician_id if cover else None,
        set_by_id=by.clinician_id,
    )
    db.add(absence)
    db.flush()
    return absence


def some_closed_days(db: Session, by: Viewer, on: date, *, name: str) -> ClosedDays:
    """One day on which the practice is closed."""
    closed = ClosedDays(id=new_id(), from_on=on, until_on=on, name=name, set_by_id=by.clinician_id)
    db.add(closed)
    db.flush()
    return closed


def an_emergency(
    db: Session, client: Client, who: Viewer, *, reason: str = "Found unresponsive"
) -> EmergencyAccess:
    """A client opened to somebody at NOW, for four hours."""
    access = EmergencyAccess(
        id=new_id(),
        clinician_id=who.clinician_id,
        client_id=client.id,
        reason=reason,
        from_at=NOW,
        until_at=NOW + timedelta(hours=4),
    )
    db.add(access)
    db.flush()
    return access


def a_pin_browser(
    db: Session,
    who: Viewer,
    *,
    device: str = "Firefox on Mac",
    until_at: datetime | None = None,
    tries: int = 0,
) -> PinBrowser:
    """A browser at which somebody set a PIN at NOW; nobody knows which, nor has its token."""
    browser = PinBrowser(
        id=new_id(),
        clinician_id=who.clinician_id,
        token_hash=new_id(),
        pin_hash="",
        device=device,
        set_at=NOW,
        until_at=until_at or NOW + timedelta(days=90),
        tries=tries,
    )
    db.add(browser)
    db.flush()
    return browser


def audit_events(database: Database, tag: str = "") -> list[AuditEvent]:
    """What the audit log holds, oldest first; only events of `tag` when given one.

    Without one, what people did: a server makes the backup of the night whenever it comes to it.
    """
    with database.reading() as db:
        events = db.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()
        db.expunge_all()
    return [one for one in events if (one.tag == tag if tag else one.tag != "backup:made")]


def count_rows(database: Database, table: type[Base]) -> int:
    """How many rows a table has."""
    with database.reading() as db:
        return db.scalars(select(func.count()).select_from(table)).one()


def a_home_supply(db: Session, course: Episode, who: Viewer, **values: Any) -> HomeSupply:
    """Twelve lozenges of 100 mg that arrived three days ago."""
    usual = {
        "lozenges": 12,
        "ug_each": 100_000,
        "pharmacy": "Desert Compounding",
        "sent_on": TODAY - timedelta(days=5),
        "arrived_on": TODAY - timedelta(days=3),
    }
    supply = HomeSupply(
        id=new_id(),
        episode_id=course.id,
        recorded_by_id=who.clinician_id,
        recorded_at=NOW,
        **(usual | values),
    )
    db.add(supply)
    db.flush()
    return supply


def a_weight(
    db: Session, client: Client, grams: int, by_id: str, measured_on: date = TODAY
) -> Weight:
    """What a client weighed."""
    weight = Weight(
        id=new_id(),
        client_id=client.id,
        grams=grams,
        measured_on=measured_on,
        recorded_by_id=by_id,
        recorded_at=NOW,
    )
    db.add(weight)
    db.flush()
    return weight


def a_home_tally(db: Session, course: Episode, who: Viewer, **values: Any) -> HomeTally:
    """Three lozenges that were counted with the client now."""
    usual = {"kind": Tally.COUNT, "lozenges": 3, "at": NOW, "words": ""}
    tally = HomeTally(
        id=new_id(),
        episode_id=course.id,
        recorded_by_id=who.clinician_id,
        recorded_at=NOW,
        **(usual | values),
    )
    db.add(tally)
    db.flush()
    return tally
