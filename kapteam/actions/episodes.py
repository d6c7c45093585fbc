"""Courses of care: opened, who is on them, moved through their states, held and released."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import exists, func, or_, select, update
from sqlalchemy.orm import Session

from kapteam.actions.consents import newest_consents
from kapteam.actions.loading import clearance_at, is_on_hold
from kapteam.actions.practice import the_practice
from kapteam.actions.saving import already_saved, compare_and_swap
from kapteam.clock import day_of
from kapteam.db.access import visible_client, visible_episode
from kapteam.db.audit import record
from kapteam.db.tables import (
    Administration,
    Clinician,
    ClinicianFunction,
    Episode,
    EpisodeMember,
    Hold,
    IntegrationSession,
    IntegrationSessionFor,
    KetamineSession,
    OutsideExperience,
)
from kapteam.errors import Conflict, NotAllowed, NotFound
from kapteam.ids import new_id
from kapteam.rules.entered import Entered
from kapteam.rules.pathway import check_can_move, check_gate
from kapteam.rules.permissions import Viewer, check_can_release_hold, check_can_run_episode
from kapteam.vocabulary import (
    EpisodeState,
    Function,
    HoldReason,
    Indication,
    IntegrationKind,
    Part,
    ServiceLine,
)

FUNCTIONS_OF = {
    Part.PRESCRIBER: frozenset({Function.PRESCRIBER}),
    Part.THERAPIST: frozenset({Function.THERAPIST}),
    Part.COVER: frozenset({Function.PRESCRIBER, Function.THERAPIST, Function.NURSE}),
}


@dataclass(frozen=True, slots=True)
class EpisodeEntered:
    """A new course of care; `id` is minted by the form.

    Each part is a colleague's id or the name of somebody elsewhere. The last three are the
    experience that psychedelic integration is about; `happened` may be vague ("summer 2025").
    """

    id: str
    client_id: str
    service_line: ServiceLine | None
    indications: tuple[Indication, ...]
    prescriber_id: str | None
    prescriber_elsewhere: str
    therapist_id: str | None
    therapist_elsewhere: str
    expects_intention: bool
    expects_integration: bool
    substance: str
    happened: str
    circumstances: str


@dataclass(frozen=True, slots=True)
class ExperienceCorrected:
    """What an experience elsewhere should have read, under a minted `id`, and what was wrong."""

    id: str
    experience_id: str
    substance: str
    happened: str
    circumstances: str
    void_reason: str


@dataclass(frozen=True, slots=True)
class EpisodeChangeEntered:
    """What is treated and which notes belong to each ketamine session, drawn at `version`."""

    episode_id: str
    version: int
    indications: tuple[Indication, ...]
    expects_intention: bool
    expects_integration: bool


@dataclass(frozen=True, slots=True)
class MeasuresAskedEntered:
    """Whether outcome measures are asked for all the same, drawn at `version`."""

    episode_id: str
    version: int
    is_asked: bool


@dataclass(frozen=True, slots=True)
class MemberEntered:
    """Who takes a part from now on; `id` is minted by the form.

    `replaces_id` is the row of `EpisodeMember` that the form showed as having it. Neither a
    colleague nor somebody elsewhere: the part ends and nobody takes it. Only cover has a last day,
    `until_on`.
    """

    id: str
    episode_id: str
    part: Part
    replaces_id: str | None
    clinician_id: str | None
    clinician_elsewhere: str
    until_on: date | None


@dataclass(frozen=True, slots=True)
class MoveEntered:
    """The state a course goes to, drawn at `version`."""

    episode_id: str
    version: int
    to: EpisodeState | None


@dataclass(frozen=True, slots=True)
class HoldEntered:
    """A pause; `id` is minted by the form."""

    id: str
    episode_id: str
    reason: HoldReason | None
    note: str
    look_again_on: date | None


@dataclass(frozen=True, slots=True)
class ReleaseEntered:
    """Why a pause ends."""

    hold_id: str
    release_note: str


def open_episode(db: Session, viewer: Viewer, entered: EpisodeEntered, now: datetime) -> None:
    """Open a course of care in assessment, with its members.

    Raises NotAllowed, NotFound, Invalid by field.
    """
    client = visible_client(db, viewer, entered.client_id, now)
    check_can_run_episode(viewer)
    if already_saved(db, Episode, entered.id):
        return
    line = entered.service_line
    outside = line is ServiceLine.PSYCHEDELIC_INTEGRATION
    form = Entered()
    form.need("service_line", line is not None, "Choose what this course is for.")
    form.need(
        "indications",
        bool(entered.indications) or line is not ServiceLine.KAP,
        "Choose at least one: what is treated?",
    )
    prescriber = _member(
        db, form, Part.PRESCRIBER, entered.prescriber_id, entered.prescriber_elsewhere
    )
    therapist = _member(db, form, Part.THERAPIST, entered.therapist_id, entered.therapist_elsewhere)
    integrates = entered.expects_intention or entered.expects_integration
    form.need(
        "prescriber_id",
        prescriber is not None or line is not ServiceLine.KAP,
        "Choose the prescriber, or name one elsewhere.",
    )
    form.need(
        "therapist_id",
        therapist is not None or (line is ServiceLine.KAP and not integrates),
        "Choose the therapist, or name one elsewhere.",
    )
    members = [one for one in (prescriber, therapist) if one is not None]
    form.need("therapist_id", _somebody_here(members), "At least one of the two works here.")
    substance = form.line("substance", entered.substance, "The substance", required=outside)
    happened = form.line("happened", entered.happened, "When it happened", required=outside)
    circumstances = form.text("circumstances", entered.circumstances, "The circumstances")
    form.done()
    add_episode(
        db,
        viewer,
        Episode(
            id=entered.id,
            client_id=client.id,
            service_line=line,
            indications=[one.value for one in Indication if one in entered.indications],
            state=EpisodeState.ASSESSMENT,
            expects_intention=entered.expects_intention and line is ServiceLine.KAP,
            expects_integration=entered.expects_integration,
        ),
        members,
        now,
    )
    if outside:
        db.add(
            OutsideExperience(
                id=new_id(),
                episode_id=entered.id,
                substance=substance,
                happened=happened,
                circumstances=circumstances,
                recorded_by_id=viewer.clinician_id,
                recorded_at=now,
            )
        )


def add_episode(
    db: Session, viewer: Viewer, episode: Episode, members: Sequence[EpisodeMember], now: datetime
) -> None:
    """A new course with who is on it from now on; audited, and nothing is checked here."""
    episode.state_since = episode.opened_at = now
    episode.opened_by_id = viewer.clinician_id
    db.add(episode)
    db.flush()
    for member in members:
        member.id, member.episode_id, member.from_at = new_id(), episode.id, now
        db.add(member)
    record(
        db,
        "episode:opened",
        viewer,
        now,
        client_id=episode.client_id,
        subject_id=episode.id,
        service_line=episode.service_line,
        state=(None, episode.state),
        members=[member.clinician_id for member in members if member.clinician_id],
    )


def correct_experience(
    db: Session, viewer: Viewer, entered: ExperienceCorrected, now: datetime
) -> None:
    """Put another experience in the place of one entered in error, which stays readable (rule 66).

    What was to integrate the wrong one is for the other from now on. Raises NotAllowed, NotFound,
    Invalid by field.
    """
    episode_id = db.scalar(
        select(OutsideExperience.episode_id).where(OutsideExperience.id == entered.experience_id)
    )
    if episode_id is None:
        raise NotFound("There is no such experience, or you are not on its course of care.")
    course = visible_episode(db, viewer, episode_id, now)
    wrong = db.get_one(OutsideExperience, entered.experience_id)
    check_can_run_episode(viewer)
    if already_saved(db, OutsideExperience, entered.id):
        return
    if wrong.voided_at is not None:
        raise NotAllowed("Somebody corrected this already. Correct what took its place.")
    form = Entered()
    other = OutsideExperience(
        id=entered.id,
        episode_id=course.id,
        substance=form.line("substance", entered.substance, "The substance", required=True),
        happened=form.line("happened", entered.happened, "When it happened", required=True),
        circumstances=form.text("circumstances", entered.circumstances, "The circumstances"),
        recorded_by_id=viewer.clinician_id,
        recorded_at=now,
    )
    reason = form.text("void_reason", entered.void_reason, "The reason", required=True)
    form.done()
    db.add(other)
    db.flush()
    wrong.voided_at, wrong.voided_by_id, wrong.void_reason = now, viewer.clinician_id, reason
    db.execute(
        update(IntegrationSessionFor)
        .where(IntegrationSessionFor.outside_experience_id == wrong.id)
        .values(outside_experience_id=other.id)
    )
    record(
        db,
        "experience:corrected",
        viewer,
        now,
        client_id=course.client_id,
        subject_id=course.id,
        experience=(wrong.id, other.id),
    )


def change_episode(
    db: Session, viewer: Viewer, entered: EpisodeChangeEntered, now: datetime
) -> None:
    """Change what an open course treats, and whether intention and integration belong to it.

    Integration is given up only once none is owed: nobody disappears. Raises NotAllowed, NotFound,
    Invalid by field, Conflict.
    """
    episode = visible_episode(db, viewer, entered.episode_id, now)
    check_can_run_episode(viewer)
    _check_open(episode)
    is_kap = episode.service_line is ServiceLine.KAP
    form = Entered()
    form.need(
        "indications",
        bool(entered.indications) or not is_kap,
        "Choose at least one: what is treated?",
    )
    given_up = episode.expects_integration and not entered.expects_integration
    form.need(
        "expects_integration",
        not given_up or not _integrations_to_do(db, episode),
        "Integration is still owed here. Hold or close it first.",
    )
    form.done()
    values = {
        "indications": [one.value for one in Indication if one in entered.indications],
        "expects_intention": entered.expects_intention and is_kap,
        "expects_integration": entered.expects_integration,
    }
    changed = [name for name, value in values.items() if getattr(episode, name) != value]
    if not changed or not compare_and_swap(db, episode, entered.version, values):
        return
    record(
        db,
        "episode:changed",
        viewer,
        now,
        client_id=episode.client_id,
        subject_id=episode.id,
        fields=changed,
    )


def change_member(db: Session, viewer: Viewer, entered: MemberEntered, now: datetime) -> None:
    """End a part in a course now, and begin another.

    Raises NotAllowed, NotFound, Invalid by field, Conflict (somebody else changed it first).
    """
    # Before anything else: whoever handed over their own part sees the course no longer.
    if already_saved(db, EpisodeMember, entered.id):
        return
    episode = visible_episode(db, viewer, entered.episode_id, now)
    check_can_run_episode(viewer)
    _check_open(episode)
    members = members_now(db, episode.id, now)
    current = next((one for one in members if one.part is entered.part), None)
    form = Entered()
    member = _member(
        db,
        form,
        entered.part,
        entered.clinician_id,
        entered.clinician_elsewhere,
        named="clinician",
    )
    if (current and current.id) == (member and entered.id):
        return
    if (current and current.id) != entered.replaces_id:
        raise Conflict("Somebody else changed who is on this course. Nothing of yours was saved.")
    staying = [one for one in (*members, member) if one is not None and one is not current]
    form.need("clinician_id", _somebody_here(staying), "Somebody who works here has to stay.")
    until_at = None
    if member is not None and entered.part is Part.COVER:
        until_at = _end_of_cover(form, entered.until_on, the_practice(db, now).zone, now)
    form.done()
    if member is not None:
        member.id, member.until_at = entered.id, until_at
    replace_member(db, viewer, episode, entered.part, current, member, now)


def replace_member(
    db: Session,
    viewer: Viewer,
    episode: Episode,
    part: Part,
    current: EpisodeMember | None,
    member: EpisodeMember | None,
    now: datetime,
) -> None:
    """End `current`'s part in a course now, and let `member` begin it; audited."""
    if current is not None:
        current.until_at = now
    if member is not None:
        member.episode_id, member.from_at = episode.id, now
        db.add(member)
    record(
        db,
        "episode:member_changed",
        viewer,
        now,
        client_id=episode.client_id,
        subject_id=episode.id,
        part=part,
        clinician_id=(current and current.clinician_id, member and member.clinician_id),
        until_at=member and member.until_at,
    )


def move_episode(db: Session, viewer: Viewer, entered: MoveEntered, now: datetime) -> None:
    """Move a course along its pathway; from preparation to series only through the gate.

    Raises NotAllowed (an illegal move, or what the gate misses), NotFound, Invalid (`to`) and
    Conflict.
    """
    episode = visible_episode(db, viewer, entered.episode_id, now)
    check_can_run_episode(viewer)
    before, to = episode.state, entered.to
    form = Entered()
    form.need("to", to is not None, "Choose where the course goes.")
    form.need("to", to is not EpisodeState.CLOSED, "Close the course with its reason instead.")
    form.done()
    if to is None or (before is to and episode.version != entered.version):
        return
    check_can_move(episode.service_line, before, to, on_hold=is_on_hold(db, episode.id, now))
    if (before, to) == (EpisodeState.PREPARATION, EpisodeState.SERIES):
        _check_gate(db, episode, now)
    compare_and_swap(db, episode, entered.version, {"state": to, "state_since": now})
    record(
        db,
        "episode:moved",
        viewer,
        now,
        client_id=episode.client_id,
        subject_id=episode.id,
        state=(before, to),
    )


def ask_for_measures(
    db: Session, viewer: Viewer, entered: MeasuresAskedEntered, now: datetime
) -> None:
    """Let outcome measures be asked for where a course would ask for none, or no more (rule 51).

    Raises NotAllowed, NotFound, Conflict.
    """
    episode = visible_episode(db, viewer, entered.episode_id, now)
    check_can_run_episode(viewer)
    _check_open(episode)
    values = {
        "measures_asked_at": now if entered.is_asked else None,
        "measures_asked_by_id": viewer.clinician_id if entered.is_asked else None,
    }
    before = episode.measures_asked_at
    if entered.is_asked is (before is not None):
        return
    if not compare_and_swap(db, episode, entered.version, values):
        return
    record(
        db,
        "episode:measures_asked" if entered.is_asked else "episode:measures_not_asked",
        viewer,
        now,
        client_id=episode.client_id,
        subject_id=episode.id,
        measures_asked_at=(before, values["measures_asked_at"]),
    )


def hold_episode(db: Session, viewer: Viewer, entered: HoldEntered, now: datetime) -> None:
    """Pause a course; its state stays. Raises NotAllowed, NotFound, Invalid by field."""
    episode = visible_episode(db, viewer, entered.episode_id, now)
    check_can_run_episode(viewer)
    if already_saved(db, Hold, entered.id):
        return
    _check_open(episode)
    if is_on_hold(db, episode.id, now):
        raise NotAllowed("This course is on hold already. Release that hold first.")
    today = day_of(now, the_practice(db, now).zone)
    look_again_on = entered.look_again_on
    form = Entered()
    form.need("reason", entered.reason is not None, "Choose the reason.")
    note = form.few_words("note", entered.note, "The note")
    form.need(
        "look_again_on",
        look_again_on is not None and look_again_on >= today,
        "Choose the day to look again, today or later.",
    )
    form.done()
    hold = Hold(id=entered.id, reason=entered.reason, note=note, look_again_on=look_again_on)
    put_on_hold(db, viewer, episode, hold, now)


def put_on_hold(db: Session, viewer: Viewer, episode: Episode, hold: Hold, now: datetime) -> None:
    """Let a pause begin now; audited."""
    hold.episode_id, hold.since_at, hold.set_by_id = episode.id, now, viewer.clinician_id
    db.add(hold)
    record(
        db,
        "episode:held",
        viewer,
        now,
        client_id=episode.client_id,
        subject_id=episode.id,
        reason=hold.reason,
        look_again_on=hold.look_again_on,
    )


def release_hold(db: Session, viewer: Viewer, entered: ReleaseEntered, now: datetime) -> None:
    """End a pause, with the reason; a medical one only by a prescriber (rule 15).

    Raises NotAllowed, NotFound, Invalid (`release_note`).
    """
    episode_id = db.scalar(select(Hold.episode_id).where(Hold.id == entered.hold_id))
    if episode_id is None:
        raise NotFound("There is no such hold, or you are not on its course of care.")
    episode = visible_episode(db, viewer, episode_id, now)
    hold = db.get_one(Hold, entered.hold_id)
    check_can_release_hold(viewer, medical=hold.reason.is_medical)
    if hold.released_at is not None:
        return
    form = Entered()
    note = form.few_words("release_note", entered.release_note, "The reason", required=True)
    form.done()
    hold.released_at = now
    hold.released_by_id = viewer.clinician_id
    hold.release_note = note
    record(
        db,
        "episode:released",
        viewer,
        now,
        client_id=episode.client_id,
        subject_id=episode.id,
        reason=hold.reason,
        released_at=(None, now),
    )


def _check_open(episode: Episode) -> None:
    if episode.state is EpisodeState.CLOSED:
        raise NotAllowed("This course of care is closed. Open a new one instead.")


def _check_gate(db: Session, episode: Episode, now: datetime) -> None:
    today = day_of(now, the_practice(db, now).zone)
    check_gate(
        clearance_at(db, episode.id, now),
        newest_consents(db, episode.id, today),
        today,
        with_therapy=has_therapy(db, episode, now),
    )


def _integrations_to_do(db: Session, episode: Episode) -> int:
    """Integration sessions that wait to be held, and doses that have none at all."""
    waiting = (
        select(func.count())
        .select_from(IntegrationSession)
        .where(
            IntegrationSession.episode_id == episode.id,
            IntegrationSession.held_at.is_(None),
            IntegrationSession.closed_at.is_(None),
            IntegrationSession.dropped_at.is_(None),
        )
    )
    given = exists().where(
        Administration.ketamine_session_id == KetamineSession.id,
        Administration.voided_at.is_(None),
    )
    # A debrief never settles a dose (rule 7), and a dropped booking leaves the debt.
    integrated = exists().where(
        IntegrationSessionFor.ketamine_session_id == KetamineSession.id,
        IntegrationSession.id == IntegrationSessionFor.integration_session_id,
        IntegrationSession.kind == IntegrationKind.FULL,
        IntegrationSession.dropped_at.is_(None),
    )
    owed = (
        select(func.count())
        .select_from(KetamineSession)
        .where(KetamineSession.episode_id == episode.id, given, ~integrated)
    )
    unbooked = db.scalar(owed) if episode.expects_integration else 0
    return (db.scalar(waiting) or 0) + (unbooked or 0)


def has_therapy(db: Session, episode: Episode, at: datetime) -> bool:
    """Whether a therapist's work belongs to the course, and so the consent to it (domain 1.5)."""
    return (
        episode.expects_intention
        or episode.expects_integration
        or any(one.part is Part.THERAPIST for one in members_now(db, episode.id, at))
    )


def members_now(db: Session, episode_id: str, now: datetime) -> list[EpisodeMember]:
    """Who has a part in a course at `now`."""
    return list(
        db.scalars(
            select(EpisodeMember)
            .where(
                EpisodeMember.episode_id == episode_id,
                EpisodeMember.from_at <= now,
                or_(EpisodeMember.until_at.is_(None), EpisodeMember.until_at > now),
            )
            .order_by(EpisodeMember.from_at, EpisodeMember.id)
        )
    )


def _somebody_here(members: Iterable[EpisodeMember]) -> bool:
    return any(one.clinician_id and one.part is not Part.COVER for one in members)


def _member(
    db: Session,
    form: Entered,
    part: Part,
    clinician_id: str | None,
    elsewhere: str,
    *,
    named: str = "",
) -> EpisodeMember | None:
    """Who was entered for a part, not yet saved; None when nobody was.

    `named` begins the names of the two fields, else the part does.
    """
    id_field, elsewhere_field = (f"{named or part}_{end}" for end in ("id", "elsewhere"))
    name = form.line(elsewhere_field, elsewhere, "The name")
    if clinician_id:
        form.need(id_field, not name, "Choose a colleague or name somebody elsewhere, not both.")
        form.need(
            id_field,
            may_have(db, clinician_id, part),
            "Choose a colleague with this function whose sign-in is on.",
        )
        return EpisodeMember(part=part, clinician_id=clinician_id)
    if not name:
        return None
    form.need(elsewhere_field, part is not Part.COVER, "Only a colleague here can cover.")
    return EpisodeMember(part=part, elsewhere=name)


def may_have(db: Session, clinician_id: str, part: Part) -> bool:
    """Whether a colleague's sign-in is on and one of their functions fits the part."""
    held = (
        select(ClinicianFunction.function)
        .join(Clinician, Clinician.id == ClinicianFunction.clinician_id)
        .where(Clinician.id == clinician_id, Clinician.suspended_at.is_(None))
    )
    return not FUNCTIONS_OF[part].isdisjoint(db.scalars(held))


def _end_of_cover(
    form: Entered, until_on: date | None, zone: ZoneInfo, now: datetime
) -> datetime | None:
    """The end of the last day of a cover."""
    if until_on is None or until_on < day_of(now, zone):
        form.refuse("until_on", "Choose the last day of the cover, today or later.")
        return None
    return datetime.combine(until_on + timedelta(days=1), time(0), zone)
