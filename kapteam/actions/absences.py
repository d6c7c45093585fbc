"""Days away and who covers them; the days and hours in which the practice is open."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session, aliased

from kapteam import wording
from kapteam.actions.episodes import may_have
from kapteam.actions.loading import functions_of
from kapteam.actions.practice import lock_practice, put_in_force, the_practice
from kapteam.actions.saving import SAVED_MEANWHILE, already_saved
from kapteam.clock import day_of
from kapteam.db.access import visible_episode
from kapteam.db.audit import record
from kapteam.db.in_force import OPENING_HOURS
from kapteam.db.tables import (
    Absence,
    AuditEvent,
    Clinician,
    ClosedDays,
    Contact,
    Episode,
    EpisodeMember,
    IntegrationSession,
    Note,
)
from kapteam.errors import Conflict, NotAllowed, NotFound, Unchanged
from kapteam.rules.away import INTEGRATES, SET_BACK_DAYS, needs_of_contact
from kapteam.rules.entered import Entered
from kapteam.rules.permissions import (
    Viewer,
    check_can_administer,
    check_can_run_episode,
    check_can_set_days_away,
    treats,
)
from kapteam.rules.slots import OpeningHours
from kapteam.vocabulary import Part, Weekday

HANDED_OVER = "episode:handed_over"


@dataclass(frozen=True, slots=True)
class AbsenceEntered:
    """Who is away from a day to a last day, and who covers; `id` is minted by the form."""

    id: str
    clinician_id: str | None
    from_on: date | None
    until_on: date | None
    covered_by_id: str | None


@dataclass(frozen=True, slots=True)
class CoverEntered:
    """Who covers days away from now on; `replaces_id` is who did when the form was drawn."""

    absence_id: str
    replaces_id: str | None
    covered_by_id: str | None


@dataclass(frozen=True, slots=True)
class HandOverEntered:
    """A colleague who has one course while the viewer is away; `id` is minted by the form."""

    id: str
    absence_id: str
    episode_id: str
    colleague_id: str | None


@dataclass(frozen=True, slots=True)
class GivenBack:
    """How much that was handed over is the absent one's again, and how much stays where it is."""

    back: int = 0
    stay: int = 0


@dataclass(frozen=True, slots=True)
class ClosedDaysEntered:
    """What the practice is closed for, from a day to a last day; `id` is minted by the form."""

    id: str
    from_on: date | None
    until_on: date | None
    name: str


@dataclass(frozen=True, slots=True)
class HoursEntered:
    """When the practice opens and closes, as typed, and on which days of the week."""

    opens: str
    closes: str
    weekdays: tuple[Weekday, ...]


def record_absence(db: Session, viewer: Viewer, entered: AbsenceEntered, now: datetime) -> None:
    """Say that somebody is away; whoever covers has, for that time, what is open to them.

    Raises NotAllowed (one's own, or by an administrator) and Invalid by field.
    """
    check_can_set_days_away(viewer, entered.clinician_id)
    lock_practice(db)
    if already_saved(db, Absence, entered.id):
        return
    zone = the_practice(db, now).zone
    form = Entered()
    clinician_id = entered.clinician_id or ""
    is_known = db.get(Clinician, clinician_id) is not None
    form.need("clinician_id", is_known, "Choose who is away.")
    today = day_of(now, zone)
    from_on, until_on = _days(form, entered.from_on, entered.until_on, today)
    form.need(
        "from_on",
        viewer.is_administrator or from_on >= today - timedelta(days=SET_BACK_DAYS),
        "Choose a day of the last week or a later one, or ask an administrator.",
    )
    from_at, until_at = _midnights(from_on, until_on, zone)
    already = _away(db, clinician_id, from_at, until_at, now, zone)
    form.need("from_on", not already, f"This person is away then already: {already}.")
    cover_id = entered.covered_by_id
    if cover_id:
        _need_able(form, db, cover_id, clinician_id if is_known else "", (from_at, until_at), now)
    form.done()
    db.add(
        Absence(
            id=entered.id,
            clinician_id=clinician_id,
            from_at=from_at,
            until_at=until_at,
            covered_by_id=cover_id,
            set_by_id=viewer.clinician_id,
        )
    )
    record(
        db,
        "absence:recorded",
        viewer,
        now,
        subject_id=clinician_id,
        from_on=from_on,
        until_on=until_on,
        covered_by_id=cover_id,
    )


def _need_able(
    form: Entered,
    db: Session,
    cover_id: str,
    clinician_id: str,
    days: tuple[datetime, datetime],
    now: datetime,
) -> None:
    """Refuse a cover who is the absent one, cannot do the work, or is away then too.

    `clinician_id` is empty while it is not known who is away.
    """
    form.need("covered_by_id", cover_id != clinician_id, "Choose somebody else.")
    form.need(
        "covered_by_id",
        may_have(db, cover_id, Part.COVER),
        "Choose a prescriber, a therapist or a nurse whose sign-in is on.",
    )
    form.need(
        "covered_by_id",
        not clinician_id or treats(functions_of(db, clinician_id)),
        "Who is away treats nobody, so there is nothing to cover. Choose nobody.",
    )
    away = _away(db, cover_id, *days, now, the_practice(db, now).zone)
    form.need(
        "covered_by_id",
        not away,
        f"This person is away then too: {away}. Choose somebody else, or enter the days in "
        "parts, each with its cover.",
    )


def change_cover(db: Session, viewer: Viewer, entered: CoverEntered, now: datetime) -> None:
    """Let somebody else, or nobody, cover days away that are not over, from now on.

    Who covered until then loses all of it at once; what was handed over course by course stays.
    Raises NotAllowed (one's own, or by an administrator), NotFound, Invalid (`covered_by_id`),
    Unchanged, Conflict.
    """
    lock_practice(db)
    absence = _absence_to_change(db, viewer, entered.absence_id)
    before, after = absence.covered_by_id, entered.covered_by_id
    if before == after:
        if before == entered.replaces_id:
            raise Unchanged
        return
    if absence.voided_at is not None or absence.until_at <= now:
        raise NotAllowed("These days away are over, so nobody covers them any more.")
    if before != entered.replaces_id:
        raise Conflict(
            SAVED_MEANWHILE,
            theirs={"covered_by_id": before or ""},
            mine={"covered_by_id": after or ""},
        )
    form = Entered()
    if after:
        days = (absence.from_at, absence.until_at)
        _need_able(form, db, after, absence.clinician_id, days, now)
    form.done()
    absence.covered_by_id = after
    zone = the_practice(db, now).zone
    record(
        db,
        "absence:cover_changed",
        viewer,
        now,
        subject_id=absence.clinician_id,
        from_on=day_of(absence.from_at, zone),
        until_on=wording.last_day(absence.until_at, zone),
        covered_by_id=(before, after),
    )


def hand_over_while_away(
    db: Session, viewer: Viewer, entered: HandOverEntered, now: datetime
) -> None:
    """Let a colleague have one course for the viewer's own days away, and then no longer.

    What the viewer would have held or called in these days becomes the colleague's, as far as it is
    theirs to do; so does what another one had before. Raises NotAllowed, NotFound, Invalid
    (`colleague_id`).
    """
    check_can_run_episode(viewer)
    absence = db.get(Absence, entered.absence_id, with_for_update=True)
    if absence is None or absence.clinician_id != viewer.clinician_id:
        raise NotFound("There are no such days away of yours.")
    if already_saved(db, EpisodeMember, entered.id):
        return
    if absence.voided_at is not None or absence.until_at <= now:
        raise NotAllowed("These days away are over, so there is nothing to hand over.")
    course = visible_episode(db, viewer, entered.episode_id, now)
    zone = the_practice(db, now).zone
    form = Entered()
    colleague_id = entered.colleague_id or ""
    form.need("colleague_id", colleague_id != viewer.clinician_id, "Choose somebody else.")
    form.need(
        "colleague_id",
        may_have(db, colleague_id, Part.COVER),
        "Choose a prescriber, a therapist or a nurse whose sign-in is on.",
    )
    from_at = max(absence.from_at, now)
    away = _away(db, colleague_id, from_at, absence.until_at, now, zone)
    form.need("colleague_id", not away, f"This person is away then too: {away}.")
    form.done()
    _end_single_covers(db, absence, now, Episode.id == course.id)
    _give_back(db, viewer, absence, now, Episode.id == course.id)
    db.add(
        EpisodeMember(
            id=entered.id,
            episode_id=course.id,
            part=Part.COVER,
            clinician_id=colleague_id,
            from_at=from_at,
            until_at=absence.until_at,
        )
    )
    handed = _hand_sessions(db, absence, course.id, colleague_id, from_at)
    record(
        db,
        HANDED_OVER,
        viewer,
        now,
        client_id=course.client_id,
        subject_id=colleague_id,
        from_on=day_of(from_at, zone),
        until_on=wording.last_day(absence.until_at, zone),
        sessions=list(handed),
        versions=list(handed.values()),
    )


def _hand_sessions(
    db: Session, absence: Absence, episode_id: str, colleague_id: str, from_at: datetime
) -> dict[str, int]:
    """Give the colleague the integrations and contacts of these days that are theirs to do.

    Returns which, each with the version that it has from then on.
    """
    functions = functions_of(db, colleague_id)
    integrations = db.scalars(
        select(IntegrationSession)
        .where(
            IntegrationSession.episode_id == episode_id,
            IntegrationSession.therapist_id == absence.clinician_id,
            IntegrationSession.planned_at >= from_at,
            IntegrationSession.planned_at < absence.until_at,
            IntegrationSession.held_at.is_(None),
            IntegrationSession.closed_at.is_(None),
            IntegrationSession.dropped_at.is_(None),
        )
        .with_for_update()
    )
    contacts = db.scalars(
        select(Contact)
        .where(
            Contact.episode_id == episode_id,
            Contact.with_id == absence.clinician_id,
            Contact.planned_at >= from_at,
            Contact.planned_at < absence.until_at,
            Contact.outcome.is_(None),
        )
        .with_for_update()
    )
    handed = {}
    for session in integrations if functions & INTEGRATES else ():
        session.therapist_id, session.version = colleague_id, session.version + 1
        handed[session.id] = session.version
    for contact in contacts:
        if functions & needs_of_contact(contact.kind):
            contact.with_id, contact.version = colleague_id, contact.version + 1
            handed[contact.id] = contact.version
    return handed


def _give_back(
    db: Session, viewer: Viewer, absence: Absence, now: datetime, *which: ColumnElement[bool]
) -> GivenBack:
    """Make what was handed over for these days and lies ahead the absent one's again.

    The colleague sees these courses no longer, so it cannot stay theirs. Only what is as it was
    when it was handed over: the version that it had then is on record. What has begun, was changed
    since, or is of a course that the absent one left stays. `which` are conditions on Episode.
    """
    events = db.scalars(
        select(AuditEvent).where(
            AuditEvent.tag == HANDED_OVER, AuditEvent.clinician_id == absence.clinician_id
        )
    )
    handed = {
        session_id: (version, one.subject_id)
        for one in sorted(events, key=lambda one: one.id)
        for session_id, version in zip(
            one.changes["sessions"], one.changes.get("versions", ()), strict=False
        )
    }
    own = select(EpisodeMember.episode_id).where(
        EpisodeMember.clinician_id == absence.clinician_id,
        EpisodeMember.part != Part.COVER,
        EpisodeMember.from_at <= now,
        or_(EpisodeMember.until_at.is_(None), EpisodeMember.until_at > now),
    )
    still_on = set(db.scalars(own))
    back: defaultdict[str, list[str]] = defaultdict(list)
    stay = 0
    for session, client_id in _ahead(db, handed, absence, now, *which):
        version, colleague_id = handed[session.id]
        whose = session.therapist_id if isinstance(session, IntegrationSession) else session.with_id
        if whose != colleague_id:
            continue
        if session.version != version or session.episode_id not in still_on:
            stay += 1
            continue
        if isinstance(session, IntegrationSession):
            session.therapist_id = absence.clinician_id
        else:
            session.with_id = absence.clinician_id
        session.version += 1
        back[client_id].append(session.id)
    for client_id, sessions in back.items():
        record(
            db,
            "episode:taken_back",
            viewer,
            now,
            client_id=client_id,
            subject_id=absence.clinician_id,
            sessions=sessions,
        )
    return GivenBack(sum(map(len, back.values())), stay)


def _ahead(
    db: Session,
    ids: Iterable[str],
    absence: Absence,
    now: datetime,
    *which: ColumnElement[bool],
) -> list[tuple[IntegrationSession | Contact, str]]:
    """Those of these integrations and contacts of the days away that have not begun.

    Each with its client. A note that somebody began is a beginning.
    """
    begun = exists().where(Note.integration_session_id == IntegrationSession.id)
    integrations = db.execute(
        select(IntegrationSession, Episode.client_id)
        .join(Episode, Episode.id == IntegrationSession.episode_id)
        .where(
            IntegrationSession.id.in_(ids),
            IntegrationSession.planned_at > now,
            IntegrationSession.planned_at >= absence.from_at,
            IntegrationSession.planned_at < absence.until_at,
            IntegrationSession.held_at.is_(None),
            IntegrationSession.closed_at.is_(None),
            IntegrationSession.dropped_at.is_(None),
            ~begun,
            *which,
        )
        .with_for_update(of=IntegrationSession)
    )
    contacts = db.execute(
        select(Contact, Episode.client_id)
        .join(Episode, Episode.id == Contact.episode_id)
        .where(
            Contact.id.in_(ids),
            Contact.planned_at > now,
            Contact.planned_at >= absence.from_at,
            Contact.planned_at < absence.until_at,
            Contact.outcome.is_(None),
            *which,
        )
        .with_for_update(of=Contact)
    )
    return [(row[0], row[1]) for row in (*integrations, *contacts)]


def end_absence(db: Session, viewer: Viewer, absence_id: str, now: datetime) -> GivenBack:
    """Take back days away that lie ahead, or say that the person is here again from now on.

    The cover ends with them, also that of single courses; what was handed over and lies ahead goes
    back. A second press changes nothing. Raises NotAllowed (one's own, or by an administrator) and
    NotFound.
    """
    absence = _absence_to_change(db, viewer, absence_id)
    if absence.voided_at is not None or absence.until_at <= now:
        return GivenBack()
    _end_single_covers(db, absence, now)
    given_back = _give_back(db, viewer, absence, now)
    if absence.from_at > now:
        absence.voided_at = now
    else:
        absence.until_at = now
    record(db, "absence:ended", viewer, now, subject_id=absence.clinician_id)
    return given_back


def _absence_to_change(db: Session, viewer: Viewer, absence_id: str) -> Absence:
    absence = db.get(Absence, absence_id, with_for_update=True)
    if absence is None:
        raise NotFound("There are no such days away.")
    check_can_set_days_away(viewer, absence.clinician_id)
    return absence


def _end_single_covers(
    db: Session, absence: Absence, now: datetime, *which: ColumnElement[bool]
) -> None:
    """Who was given single courses of the absent one for these days has them no longer.

    `which` are conditions on Episode. Whoever covers a course for another time stays.
    """
    absent = aliased(EpisodeMember)
    courses = (
        select(Episode.id)
        .join(absent, absent.episode_id == Episode.id)
        .where(absent.clinician_id == absence.clinician_id, absent.part != Part.COVER, *which)
    )
    for one in db.scalars(
        select(EpisodeMember).where(
            EpisodeMember.part == Part.COVER,
            EpisodeMember.from_at >= absence.from_at,
            EpisodeMember.until_at == absence.until_at,
            EpisodeMember.episode_id.in_(courses),
        )
    ):
        one.until_at = max(one.from_at, now)


def close_days(db: Session, viewer: Viewer, entered: ClosedDaysEntered, now: datetime) -> None:
    """Say that the practice is closed on some days: no time of theirs is proposed any more.

    What is booked then stays. Raises NotAllowed (administrators only) and Invalid by field.
    """
    check_can_administer(viewer)
    lock_practice(db)
    if already_saved(db, ClosedDays, entered.id):
        return
    form = Entered()
    name = form.line("name", entered.name, "What it is closed for", required=True)
    today = day_of(now, the_practice(db, now).zone)
    from_on, until_on = _days(form, entered.from_on, entered.until_on, today)
    already = db.scalar(
        select(ClosedDays.name).where(
            ClosedDays.voided_at.is_(None),
            ClosedDays.from_on <= until_on,
            ClosedDays.until_on >= from_on,
        )
    )
    form.need("from_on", not already, f"It is closed then already: {already}.")
    form.done()
    db.add(
        ClosedDays(
            id=entered.id,
            from_on=from_on,
            until_on=until_on,
            name=name,
            set_by_id=viewer.clinician_id,
        )
    )
    record(
        db,
        "closed_days:recorded",
        viewer,
        now,
        subject_id=entered.id,
        name=name,
        from_on=from_on,
        until_on=until_on,
    )


def open_days(db: Session, viewer: Viewer, closed_id: str, now: datetime) -> None:
    """Take closed days back. Raises NotAllowed (administrators only) and NotFound."""
    check_can_administer(viewer)
    closed = db.get(ClosedDays, closed_id, with_for_update=True)
    if closed is None:
        raise NotFound("There are no such closed days.")
    if closed.voided_at is None:
        closed.voided_at = now
        record(db, "closed_days:taken_back", viewer, now, subject_id=closed.id, name=closed.name)


def change_hours(db: Session, viewer: Viewer, entered: HoursEntered, now: datetime) -> None:
    """Put other opening hours in force from now on; they say which times are proposed.

    Raises NotAllowed (administrators only) and Invalid by field.
    """
    lock_practice(db)
    check_can_administer(viewer)
    form = Entered()
    opens = form.read("opens", wording.read_time, entered.opens) or time.min
    closes = form.read("closes", wording.read_time, entered.closes) or time.max
    form.need("closes", opens < closes, "The practice closes after it opens.")
    form.need("weekdays", bool(entered.weekdays), "Choose at least one day of the week.")
    form.done()
    before = the_practice(db, now).hours.stored()
    after = OpeningHours(opens, closes, frozenset(entered.weekdays)).stored()
    if before == after:
        return
    setting_id = put_in_force(db, viewer, OPENING_HOURS, after, "", now)
    record(db, "practice:hours_changed", viewer, now, subject_id=setting_id, hours=(before, after))


def _days(
    form: Entered, from_on: date | None, until_on: date | None, today: date
) -> tuple[date, date]:
    """The first and the last day, which is not over yet; one day when no last one was entered."""
    if from_on is None:
        form.refuse("from_on", "Choose the first day.")
        return today, today
    until_on = until_on or from_on
    form.need("until_on", until_on >= from_on, "The last day cannot be before the first.")
    form.need("until_on", until_on >= today, "These days are over already.")
    return from_on, until_on


def _midnights(from_on: date, until_on: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The beginning of the first day and the end of the last."""
    return (
        datetime.combine(from_on, time(0), zone),
        datetime.combine(until_on + timedelta(days=1), time(0), zone),
    )


def _away(
    db: Session,
    clinician_id: str,
    from_at: datetime,
    until_at: datetime,
    now: datetime,
    zone: ZoneInfo,
) -> str:
    """The days away of a person within a time, in words; empty when there are none.

    Those that were ended are over: on that same day the person can be away again.
    """
    found = db.scalars(
        select(Absence)
        .where(
            Absence.clinician_id == clinician_id,
            Absence.voided_at.is_(None),
            Absence.from_at < until_at,
            Absence.until_at > max(from_at, now),
        )
        .order_by(Absence.from_at, Absence.id)
    ).first()
    if found is None:
        return ""
    return wording.days(found.from_at, found.until_at, now, zone)
