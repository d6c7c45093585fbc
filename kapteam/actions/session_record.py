"""What completes a ketamine session: the support that was given, and a signature for each part.

A signature is asked for when a session is closed. Facts are accepted afterwards as well; they leave
the signature of the part that they touch as one that was changed since, and ask for another.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from kapteam import sentences, wording
from kapteam.actions.episodes import members_now
from kapteam.actions.loading import administrations, ketamine_session, practice_zone, product_route
from kapteam.actions.saving import SAVED_MEANWHILE, already_saved
from kapteam.actions.submissions import judge_submission
from kapteam.clock import day_of
from kapteam.db.access import is_on_episode
from kapteam.db.audit import record
from kapteam.db.record_links import list_rows
from kapteam.db.tables import (
    Administration,
    AdverseEvent,
    Client,
    Clinician,
    Episode,
    KetamineSession,
    OtherMedicine,
    RecordSignature,
    SupportRecord,
    Vital,
)
from kapteam.errors import Conflict, NotAllowed, Unchanged
from kapteam.ids import new_id
from kapteam.rules.entered import Entered
from kapteam.rules.notes import content_hash
from kapteam.rules.permissions import Viewer, check_can_record_support, check_can_sign_record
from kapteam.rules.recording import not_possible
from kapteam.rules.session_record import (
    INTENSITY,
    Challenge,
    SupportGiven,
    TouchGiven,
    asked_of,
    drawn_from,
    name_of_row,
    support_lines,
    touch_at,
)
from kapteam.rules.vitals import Pressure, read_needed_figure
from kapteam.vocabulary import IntentionTouched, RecordPart, Support, TouchBegan

_CHANGED_MEANWHILE = (
    "This record was changed while you had it open. Nothing was signed. Read it as it is now, then "
    "sign."
)

_Seen = TypeVar("_Seen", Vital, AdverseEvent)


@dataclass(frozen=True, slots=True)
class TouchEntered:
    """One touch as typed; the day is that of the dose."""

    what: str
    began: TouchBegan | None
    reply: str
    time: str


@dataclass(frozen=True, slots=True)
class SupportEntered:
    """What support was given in a session; `id` is minted by the form.

    `replaces` is the id of the record that the form started from, empty where there was none. What
    is wrong with the second touch's time stands beside `touches.1.time`. What follows
    `was_challenging` counts only with it.
    """

    id: str
    ketamine_session_id: str
    replaces: str
    given: tuple[Support, ...]
    words: str
    touched: IntentionTouched | None
    touches: tuple[TouchEntered, ...] = ()
    was_challenging: bool = False
    intensity: str = ""
    minutes: str = ""
    coping: str = ""
    is_over: bool | None = None


@dataclass(frozen=True, slots=True)
class SignRecordEntered:
    """Which parts of a session's record are signed, each with what names the state that was seen.

    That name is `rules.session_record.drawn_from`.
    """

    ketamine_session_id: str
    parts: Mapping[RecordPart, str]


@dataclass(frozen=True, slots=True)
class RecordToSign:
    """What somebody signs: the text of each part, and what names the state that it tells."""

    client_id: str
    texts: Mapping[RecordPart, str]
    seen: Mapping[RecordPart, str]


def record_support(db: Session, viewer: Viewer, entered: SupportEntered, now: datetime) -> None:
    """Keep what support was given; it takes the place of what was recorded before, which stays.

    Raises NotAllowed, NotFound, Invalid by field, Conflict, Unchanged.
    """
    check_can_record_support(viewer)
    session, course = ketamine_session(db, viewer, entered.ketamine_session_id, now)
    if already_saved(db, SupportRecord, entered.id):
        return
    doses = administrations(db, session.id)
    if not doses:
        raise NotAllowed("No dose is recorded. Support is recorded once ketamine was given.")
    form = Entered()
    form.need("given", bool(entered.given), "Choose what helped; presence counts.")
    words = form.few_words("words", entered.words, "What the client said")
    touches = _touches(form, entered.touches, doses[0].started_at, practice_zone(db, now), now)
    challenge = _challenge(form, entered) if entered.was_challenging else None
    form.done()
    before = _support_of(db, session.id)
    if (before.id if before else "") != entered.replaces:
        raise Conflict(
            SAVED_MEANWHILE,
            theirs={"words": before.words if before else ""},
            mine={"words": words},
        )
    row = SupportRecord(
        id=entered.id,
        ketamine_session_id=session.id,
        given=[one.value for one in Support if one in entered.given],
        words=words,
        touched=entered.touched,
        touches=[one.kept() for one in touches],
        challenge=challenge.kept() if challenge else None,
        recorded_by_id=viewer.clinician_id,
        recorded_at=now,
        replaced_at=None,
    )
    if before is not None:
        if _given(before) == _given(row):
            raise Unchanged
        before.replaced_at = now
        db.flush()
    db.add(row)
    again = changed_since(db, session, RecordPart.SUPPORT, now)
    record(
        db,
        "ketamine_session:support_recorded",
        viewer,
        now,
        client_id=course.client_id,
        subject_id=session.id,
        given=row.given,
        touches=len(touches),
        **again,
    )


def record_to_sign(
    db: Session,
    viewer: Viewer,
    ketamine_session_id: str,
    parts: Iterable[RecordPart],
    now: datetime,
) -> RecordToSign:
    """Those of these parts that this person has still to sign, as `sign_record` would sign them.

    Raises NotAllowed and NotFound, as that does.
    """
    session, course, asked = _to_be_signed(db, viewer, ketamine_session_id, parts, now)
    zone = practice_zone(db, now)
    client = db.get_one(Client, course.client_id)
    return RecordToSign(
        client_id=client.id,
        texts={part: _text(db, viewer, session, course, part, zone) for part in asked},
        seen={part: as_it_is(db, session.id, part) for part in asked},
    )


def sign_record(
    db: Session, viewer: Viewer, entered: SignRecordEntered, now: datetime, *, by_pin: bool = False
) -> None:
    """Sign one part of a closed session's record, or both by who has both functions.

    What was signed is frozen as text. `by_pin`, which goes on record: it was the PIN that was
    given, not the password. A second press changes nothing. Raises NotAllowed (also where somebody
    else signed it), NotFound, Conflict (the record is another by now).
    """
    session, course, asked = _to_be_signed(
        db, viewer, entered.ketamine_session_id, entered.parts, now
    )
    zone = practice_zone(db, now)
    for part, one in asked.items():
        if as_it_is(db, session.id, part) != entered.parts[part]:
            raise Conflict(_CHANGED_MEANWHILE)
        text = _text(db, viewer, session, course, part, zone)
        one.signed_at, one.signed_by_id = now, viewer.clinician_id
        one.signed_text, one.content_hash = text, content_hash(text)
    signed = list(asked.values())
    db.add_all(signed)
    if signed:
        list_rows(db, now, *signed)
        record(
            db,
            "ketamine_session:signed",
            viewer,
            now,
            client_id=course.client_id,
            subject_id=session.id,
            parts=[one.part for one in signed],
            content_hashes=[one.content_hash for one in signed],
            by_pin=by_pin,
        )


def _to_be_signed(
    db: Session,
    viewer: Viewer,
    ketamine_session_id: str,
    parts: Iterable[RecordPart],
    now: datetime,
) -> tuple[KetamineSession, Episode, dict[RecordPart, RecordSignature]]:
    """The signature of each of the parts that the viewer may sign and has not signed yet."""
    parts = tuple(parts)
    for part in parts:
        check_can_sign_record(viewer, part)
    session, course = ketamine_session(db, viewer, ketamine_session_id, now)
    _check_is_on(db, viewer, course, now)
    if not session.status.is_given:
        raise NotAllowed("This session is not closed. Close it first; then it can be signed.")
    found = {}
    for part in parts:
        asked = _asked(db, session, part, now)
        if asked is None:
            _check_own(db, viewer, session, part, now, practice_zone(db, now))
            continue
        if part is RecordPart.SUPPORT and _support_of(db, session.id) is None:
            raise NotAllowed("Record first what support was given; then the part can be signed.")
        found[part] = asked
    return session, course, found


def ask_to_sign(db: Session, session: KetamineSession, now: datetime) -> None:
    """A session was closed: ask for a signature of each part that somebody here has."""
    members = members_now(db, session.episode_id, now)
    for part in asked_of((one.part, one.clinician_id) for one in members):
        db.add(_to_sign(session, part, now))


def changed_since(
    db: Session, session: KetamineSession, part: RecordPart, now: datetime
) -> dict[str, str]:
    """Something of a part was changed: its signature says so, and another one is asked for.

    Nothing where nobody signed it. So does a monitoring form that went out. Returns what the audit
    event of the change says of it.
    """
    if part is RecordPart.MEDICAL:
        judge_submission(db, session, now)
    standing = _standing(db, session, part)
    if standing is None:
        return {}
    standing.changed_at = now
    db.add(_to_sign(session, part, now))
    return {"signed_before": part.value}


def not_to_sign(db: Session, session: KetamineSession, now: datetime) -> None:
    """A session is open again: nothing is asked of it, and what was signed was changed since."""
    db.execute(
        delete(RecordSignature).where(
            RecordSignature.ketamine_session_id == session.id,
            RecordSignature.signed_at.is_(None),
        )
    )
    for part in RecordPart:
        standing = _standing(db, session, part)
        if standing is not None:
            standing.changed_at = now


def _support_of(db: Session, ketamine_session_id: str) -> SupportRecord | None:
    """The record of a session's support that counts."""
    return db.scalar(
        select(SupportRecord).where(
            SupportRecord.ketamine_session_id == ketamine_session_id,
            SupportRecord.replaced_at.is_(None),
        )
    )


def as_it_is(db: Session, ketamine_session_id: str, part: RecordPart) -> str:
    """Names the state of a part as it is now: what whoever signs it has to have seen."""
    version = db.get_one(KetamineSession, ketamine_session_id).version
    return drawn_from(part, version, _part_rows(db, ketamine_session_id, part))


def _part_rows(db: Session, ketamine_session_id: str, part: RecordPart) -> list[str]:
    if part is RecordPart.SUPPORT:
        support = _support_of(db, ketamine_session_id)
        return [support.id] if support else []
    medicines = db.scalars(
        select(OtherMedicine.id).where(
            OtherMedicine.ketamine_session_id == ketamine_session_id,
            OtherMedicine.voided_at.is_(None),
        )
    )
    seen = [
        *db.scalars(_that_counts(Vital, ketamine_session_id)),
        *db.scalars(_that_counts(AdverseEvent, ketamine_session_id)),
    ]
    doses = [one.id for one in administrations(db, ketamine_session_id)]
    return [*doses, *medicines, *(name_of_row(one.id, _is_over(one)) for one in seen)]


def _that_counts(table: type[_Seen], ketamine_session_id: str) -> Select[Any]:
    return select(table).where(
        table.ketamine_session_id == ketamine_session_id, table.voided_at.is_(None)
    )


def _is_over(row: Vital | AdverseEvent) -> bool:
    return isinstance(row, AdverseEvent) and row.resolved_at is not None


def _challenge(form: Entered, entered: SupportEntered) -> Challenge | None:
    """What was challenging; None while the form is to be mended."""
    intensity = form.read("intensity", partial(read_needed_figure, INTENSITY), entered.intensity)
    typed = entered.minutes.strip()
    minutes = form.read("minutes", wording.read_minutes, typed) if typed else None
    coping = form.line("coping", entered.coping, "What was used to cope")
    form.need("is_over", entered.is_over is not None, "Say whether it was over before they left.")
    if intensity is None or entered.is_over is None:
        return None
    return Challenge(intensity, minutes, coping, entered.is_over)


def _touches(
    form: Entered,
    entered: Iterable[TouchEntered],
    began_at: datetime,
    zone: ZoneInfo,
    now: datetime,
) -> list[TouchGiven]:
    found = []
    day = day_of(began_at, zone)
    for place, one in enumerate(entered):
        name = f"touches.{place}."
        what = form.line(f"{name}what", one.what, "What the touch was", required=True)
        form.need(f"{name}began", one.began is not None, "Choose whether it was offered.")
        reply = form.line(f"{name}reply", one.reply, "What the client said to it", required=True)
        at = form.moment(f"{name}time", day, one.time, zone)
        if at is not None:
            at = touch_at(at, at + timedelta(days=1), began_at)
            problem = not_possible(at, now)
            form.need(f"{name}time", problem is None, problem or "")
        if at is not None and one.began is not None:
            found.append(TouchGiven(what, one.began, reply, at))
    return found


def _given(row: SupportRecord) -> SupportGiven:
    return SupportGiven.of(row.given, row.words, row.touched, row.touches, row.challenge)


def _check_is_on(db: Session, viewer: Viewer, course: Episode, now: datetime) -> None:
    """Only who treats the client knows what they sign: seeing the course is not enough."""
    on_it = select(Episode.id).where(Episode.id == course.id, is_on_episode(viewer, now))
    if db.scalar(on_it) is None:
        raise NotAllowed("Only who is on this course of care, or covers it, signs its records.")


def _to_sign(session: KetamineSession, part: RecordPart, now: datetime) -> RecordSignature:
    return RecordSignature(
        id=new_id(),
        ketamine_session_id=session.id,
        part=part,
        asked_at=now,
        signed_text="",
        content_hash="",
    )


def _asked(
    db: Session, session: KetamineSession, part: RecordPart, now: datetime
) -> RecordSignature | None:
    """The signature that is still to be given; one that nobody asked for may be given as well."""
    found = db.scalar(
        select(RecordSignature).where(
            RecordSignature.ketamine_session_id == session.id,
            RecordSignature.part == part,
            RecordSignature.signed_at.is_(None),
        )
    )
    if found is None and _standing(db, session, part) is None:
        return _to_sign(session, part, now)
    return found


def _standing(db: Session, session: KetamineSession, part: RecordPart) -> RecordSignature | None:
    """The signature of a part of which nothing was changed since."""
    return db.scalar(
        select(RecordSignature).where(
            RecordSignature.ketamine_session_id == session.id,
            RecordSignature.part == part,
            RecordSignature.signed_at.is_not(None),
            RecordSignature.changed_at.is_(None),
        )
    )


def _check_own(
    db: Session,
    viewer: Viewer,
    session: KetamineSession,
    part: RecordPart,
    now: datetime,
    zone: ZoneInfo,
) -> None:
    """A part that is signed: by the viewer before, or by somebody else, who is said by name."""
    standing = _standing(db, session, part)
    assert standing is not None
    assert standing.signed_at is not None
    if standing.signed_by_id != viewer.clinician_id:
        name = db.get_one(Clinician, standing.signed_by_id).name
        at = wording.moment(standing.signed_at, now, zone)
        raise NotAllowed(f"{name} signed the {part.label.lower()} already, {at}.")


def _text(
    db: Session,
    viewer: Viewer,
    session: KetamineSession,
    course: Episode,
    part: RecordPart,
    zone: ZoneInfo,
) -> str:
    """A part as its signer read it, in words that stay readable whatever becomes of the rows."""
    code = db.get_one(Client, course.client_id).code
    planned = wording.full_moment(session.planned_at, zone)
    heading = [
        f"{part.label} of a ketamine session",
        f"Client {code}",
        f"Planned {planned}, {product_route(db, session).label}",
    ]
    if part is RecordPart.MEDICAL:
        lines = _medical_lines(db, session, zone)
    else:
        support = _support_of(db, session.id)
        assert support is not None
        lines = support_lines(_given(support), zone)
    return "\n".join([*heading, "", *lines, "", f"Signed by {viewer.name}"])


def _medical_lines(db: Session, session: KetamineSession, zone: ZoneInfo) -> list[str]:
    def at(moment: datetime | None) -> str:
        return wording.full_moment(moment, zone) if moment else "not recorded"

    lines = [session.status.label, f"Arrived: {at(session.arrived_at)}"]
    for dose, by in db.execute(
        select(Administration, Clinician.name)
        .join(Clinician, Clinician.id == Administration.given_by_id)
        .where(Administration.ketamine_session_id == session.id, Administration.voided_at.is_(None))
        .order_by(Administration.started_at, Administration.id)
    ):
        ended = f" to {at(dose.ended_at)}" if dose.ended_at else ""
        giver = sentences.given_by(by, is_witnessed=dose.is_witnessed)
        lot = f", lot {dose.lot}" if dose.lot else ""
        why = f". Reason: {dose.reason}" if dose.reason else ""
        what = f"{dose.kind.label} {wording.mg(dose.ug)}, {at(dose.started_at)}{ended}"
        lines.append(f"{what}, {giver}{lot}{why}")
    for other, by in db.execute(
        select(OtherMedicine, Clinician.name)
        .join(Clinician, Clinician.id == OtherMedicine.given_by_id)
        .where(OtherMedicine.ketamine_session_id == session.id, OtherMedicine.voided_at.is_(None))
        .order_by(OtherMedicine.given_at, OtherMedicine.id)
    ):
        giver = sentences.given_by(by, is_witnessed=other.is_witnessed)
        why = f". For: {other.reason}" if other.reason else ""
        what = f"{other.name} {other.dose} {other.route.label}, {at(other.given_at)}"
        lines.append(f"{what}, {giver}{why}")
    for vital, by in db.execute(
        _that_counts(Vital, session.id)
        .add_columns(Clinician.name)
        .join(Clinician, Clinician.id == Vital.recorded_by_id)
        .order_by(Vital.taken_at, Vital.id)
    ):
        figures = sentences.reading(
            Pressure(vital.systolic, vital.diastolic) if vital.systolic else None,
            vital.heart_rate,
            vital.oxygen,
            vital.breaths,
            is_observed=vital.is_observed,
        )
        seen = f". Seen: {vital.words}" if vital.words else ""
        lines.append(f"{figures}, {at(vital.taken_at)}, {by}{seen}")
    for event, by in db.execute(
        _that_counts(AdverseEvent, session.id)
        .add_columns(Clinician.name)
        .join(Clinician, Clinician.id == AdverseEvent.recorded_by_id)
        .order_by(AdverseEvent.onset_at, AdverseEvent.id)
    ):
        over = f"over {at(event.resolved_at)}" if event.resolved_at else "not over"
        what = sentences.event(event.kind, event.severity, is_serious=event.is_serious)
        seen = f". Seen: {event.words}" if event.words else ""
        done = f". Done: {event.done}" if event.done else ""
        lines.append(f"{what}, {at(event.onset_at)}, {over}, {by}{seen}{done}")
    if session.stopped_at:
        lines.append(f"Stopped early: {at(session.stopped_at)}. Reason: {session.end_reason}")
    early = f". {session.early_out_reason}" if session.early_out_reason else ""
    lines.append(f"Out: {at(session.discharged_at)}{early}")
    if session.breach_reason:
        lines.append(f"Given beyond what was allowed: {session.breach_reason}")
    return lines
