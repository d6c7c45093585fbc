"""Integration sessions: booked, moved, held, agreed for a day, closed, or a booking taken back.

Every form says which integration it is about as `Owed`: a row by its id and version, or a debt that
no row stands for yet, for which the form mints the id.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from kapteam import sentences, wording
from kapteam.actions.loading import DoseEnd, dose_end, linked_ends, practice_zone, read_plan
from kapteam.actions.saving import already_saved, check_changed, compare_and_swap
from kapteam.clock import day_of
from kapteam.db.access import visible_episode
from kapteam.db.audit import record
from kapteam.db.cover import covers_or_will
from kapteam.db.tables import (
    Absence,
    Clinician,
    ClinicianFunction,
    EpisodeMember,
    IntegrationSession,
    IntegrationSessionFor,
    KetamineSession,
    Note,
    OutsideExperience,
)
from kapteam.errors import NotAllowed, NotFound
from kapteam.ids import id_within, new_id
from kapteam.rules.dosing import ends_session
from kapteam.rules.entered import Entered
from kapteam.rules.integration import still_in_session
from kapteam.rules.permissions import Viewer, check_can_book, check_can_hold_integration
from kapteam.rules.recording import PLANNED_AT_MOST, not_possible
from kapteam.rules.slots import begins_too_soon
from kapteam.vocabulary import (
    Function,
    How,
    IntegrationCloseReason,
    IntegrationKind,
    Part,
    ServiceLine,
)

SHORTEST_MINUTES, LONGEST_MINUTES = 10, 240
USUAL_MINUTES = 60
LONGEST_HELD = timedelta(hours=6)
_BOOKED = (
    "planned_at",
    "planned_minutes",
    "therapist_id",
    "how",
    "place",
    "due_on",
    "agreed_for",
    "agreed_reason",
    "from_episode_id",
)
_AUDITED = (
    "planned_at",
    "planned_minutes",
    "therapist_id",
    "how",
    "kind",
    "held_at",
    "ended_at",
    "agreed_for",
    "close_reason",
)


@dataclass(frozen=True, slots=True)
class Owed:
    """Which integration is meant.

    `version` is the row's; 0 for a debt without a row, which is then made under `id` (minted by the
    form) for the ketamine sessions, the experience elsewhere, or the day set by hand named here
    (rule 12). `also_ids` are further ketamine sessions that it integrates, on purpose (rule 6).
    """

    id: str
    version: int
    episode_id: str
    ketamine_session_ids: tuple[str, ...] = ()
    outside_experience_id: str | None = None
    due_on: date | None = None
    also_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SlotEntered:
    """When, how and with whom; `therapist` is a clinician's id, None where it is elsewhere.

    `soon`: that it begins in the ketamine session or right after it is meant.
    """

    on: date | None
    time: str
    minutes: int | None
    how: How | None
    place: str
    therapist: str | None
    soon: bool | None = None


@dataclass(frozen=True, slots=True)
class BookIntegrationEntered:
    """A slot for an integration: a booking, or another one for what is booked already."""

    owed: Owed
    on: date | None
    time: str
    minutes: int | None
    how: How | None
    place: str
    therapist: str | None
    soon: bool | None = None

    @property
    def slot(self) -> SlotEntered:
        """The slot alone."""
        return SlotEntered(
            self.on, self.time, self.minutes, self.how, self.place, self.therapist, self.soon
        )


@dataclass(frozen=True, slots=True)
class HoldIntegrationEntered:
    """An integration session that took place; the end may stay open."""

    owed: Owed
    held_on: date | None
    held_time: str
    ended_on: date | None
    ended_time: str
    how: How | None
    kind: IntegrationKind | None


@dataclass(frozen=True, slots=True)
class AgreeIntegrationEntered:
    """A day agreed with the client, which quiets the clock until then."""

    owed: Owed
    agreed_for: date | None
    reason: str


@dataclass(frozen=True, slots=True)
class DueIntegrationEntered:
    """The day by which an integration without a 24-hour clock should take place (rule 12)."""

    owed: Owed
    due_on: date | None


@dataclass(frozen=True, slots=True)
class CloseIntegrationEntered:
    """Why an integration that is owed will not take place."""

    owed: Owed
    reason: IntegrationCloseReason | None
    note: str


@dataclass(frozen=True, slots=True)
class DropIntegrationEntered:
    """A booking taken back, one that the client missed, or one recorded as held in error."""

    owed: Owed
    reason: str
    missed: bool = False


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot whose fields were all good."""

    planned_at: datetime
    planned_minutes: int
    how: How
    place: str
    therapist_id: str | None

    @property
    def values(self) -> dict[str, Any]:
        """The columns of the row."""
        return {
            "planned_at": self.planned_at,
            "planned_minutes": self.planned_minutes,
            "how": self.how,
            "place": self.place,
            "therapist_id": self.therapist_id,
        }


def book_integration(
    db: Session, viewer: Viewer, entered: BookIntegrationEntered, now: datetime
) -> None:
    """Book an integration that is owed, or move one that is booked to another slot.

    Raises NotAllowed, NotFound, Invalid by field (in the past, before its dose), Conflict.
    """
    check_can_book(viewer)
    form = Entered()
    debt = _Debt(db, viewer, entered.owed, form, now)
    if debt.is_saved:
        return
    slot = read_slot(
        db, form, "", entered.slot, debt.episode_id, debt.ends, practice_zone(db, now), now
    )
    debt.need_not_held()
    form.done()
    assert slot is not None
    moved = debt.row is not None and debt.row.planned_at is not None
    debt.save(f"integration_session:{'moved' if moved else 'booked'}", slot.values)


def hold_integration(
    db: Session, viewer: Viewer, entered: HoldIntegrationEntered, now: datetime
) -> None:
    """Record that an integration session took place, or correct when it did.

    A debrief on the day settles nothing that is owed, nothing is held before the last dose it
    integrates, and no integration while the client is still in the ketamine session (rule 7).
    Raises NotAllowed, NotFound, Invalid by field, Conflict.
    """
    check_can_hold_integration(viewer)
    zone = practice_zone(db, now)
    form = Entered()
    debt = _Debt(db, viewer, entered.owed, form, now)
    if debt.is_saved:
        return
    held_at = form.moment(
        "held_time", entered.held_on, entered.held_time, zone, day_field="held_on"
    )
    ended_at = None
    if entered.ended_time.strip():
        ended_at = form.moment(
            "ended_time", entered.ended_on, entered.ended_time, zone, day_field="ended_on"
        )
    if held_at:
        problem = not_possible(held_at, now) or before_dose(debt.ends, held_at, now, zone)
        form.need("held_time", problem is None, problem or "")
        if problem is None and ended_at:
            _check_ended(form, held_at, ended_at, now)
        if problem is None and entered.kind is IntegrationKind.FULL:
            problem = debt.still_in_session(held_at)
            form.need("kind", problem is None, problem or "")
    form.need("how", entered.how is not None, "Choose how you met.")
    form.need("kind", entered.kind is not None, "Choose whether it was the integration itself.")
    if entered.kind is IntegrationKind.DEBRIEF and debt.is_booked_after(held_at):
        form.refuse("kind", "This booking is still ahead. Record the debrief beside it.")
    form.done()
    is_correction = debt.row is not None and debt.row.held_at is not None
    is_new = debt.save(
        "integration_session:held",
        {"held_at": held_at, "ended_at": ended_at, "how": entered.how, "kind": entered.kind},
    )
    if is_new and not is_correction:
        debt.saved.held_by_id = viewer.clinician_id
    debt.keep_owed()


def agree_integration(
    db: Session, viewer: Viewer, entered: AgreeIntegrationEntered, now: datetime
) -> None:
    """Agree a day, from tomorrow on, until which the integration is not asked about.

    A booking that has passed is taken back with it: that it was not held is answered. Raises
    NotAllowed, NotFound, Invalid by field, Conflict.
    """
    check_can_hold_integration(viewer)
    today = day_of(now, practice_zone(db, now))
    form = Entered()
    debt = _Debt(db, viewer, entered.owed, form, now)
    if debt.is_saved:
        return
    day = entered.agreed_for
    if day is None:
        form.refuse("agreed_for", "Choose the day you agreed on.")
    elif day <= today:
        form.refuse("agreed_for", "Choose a day from tomorrow on.")
    elif day - today > PLANNED_AT_MOST:
        form.refuse("agreed_for", "This is more than a year ahead. Check the day.")
    else:
        end_of_day = wording.at_local(day, time(23, 59), practice_zone(db, now))
        problem = before_dose(debt.ends, end_of_day, now, practice_zone(db, now))
        form.need("agreed_for", problem is None, problem or "")
    reason = form.text("reason", entered.reason, "The reason", required=True)
    debt.need_not_held()
    form.done()
    values: dict[str, Any] = {"agreed_for": day, "agreed_reason": reason}
    if debt.row is not None and debt.row.planned_at is not None and debt.row.planned_at <= now:
        values["planned_at"] = None
    debt.save("integration_session:agreed", values)


def set_due_day(db: Session, viewer: Viewer, entered: DueIntegrationEntered, now: datetime) -> None:
    """Set by hand when an integration is due; of a ketamine session the clock says it (rule 12).

    Raises NotAllowed, NotFound, Invalid by field, Conflict.
    """
    check_can_hold_integration(viewer)
    today = day_of(now, practice_zone(db, now))
    form = Entered()
    debt = _Debt(db, viewer, entered.owed, form, now)
    if debt.is_saved:
        return
    if debt.ends:
        raise NotAllowed("After a ketamine session the integration is due by its own clock.")
    day = entered.due_on
    if day is None:
        form.refuse("due_on", "Choose the day.")
    elif not today <= day <= today + PLANNED_AT_MOST:
        form.refuse("due_on", "Choose a day from today on, within a year.")
    debt.need_not_held()
    form.done()
    debt.save("integration_session:due_set", {"due_on": day})


def close_integration(
    db: Session, viewer: Viewer, entered: CloseIntegrationEntered, now: datetime
) -> None:
    """Close an integration that will not take place, with the reason.

    Raises NotAllowed, NotFound, Invalid by field, Conflict.
    """
    check_can_hold_integration(viewer)
    form = Entered()
    debt = _Debt(db, viewer, entered.owed, form, now)
    if debt.is_saved:
        return
    form.need("reason", entered.reason is not None, "Choose why it will not take place.")
    note = form.text("note", entered.note, "The note")
    debt.need_not_held()
    form.done()
    if debt.save(
        "integration_session:closed", {"close_reason": entered.reason, "close_note": note}
    ):
        debt.saved.closed_at = now
        debt.saved.closed_by_id = viewer.clinician_id


def drop_integration(
    db: Session, viewer: Viewer, entered: DropIntegrationEntered, now: datetime
) -> None:
    """Take a booking back, or record that the client missed it; what is owed stays owed.

    One that was recorded as held in error is taken back by those who hold integrations, as long as
    its note is not signed (rule 66); what was booked or agreed before stands again. Raises
    NotAllowed, NotFound, Invalid by field, Conflict.
    """
    check_can_book(viewer)
    form = Entered()
    debt = _Debt(db, viewer, entered.owed, form, now)
    if debt.row is None:
        raise NotFound("This integration is not booked, so there is nothing to take back.")
    reason = form.text("reason", entered.reason, "The reason", required=True)
    if entered.missed and debt.is_booked_after(now):
        form.refuse("missed", "This booking is still ahead, so it cannot have been missed.")
    verb = "missed" if entered.missed else "dropped"
    if debt.row.held_at is not None:
        check_can_hold_integration(viewer)
        debt.need_no_signed_note()
        verb = "voided"
    form.done()
    if debt.save(f"integration_session:{verb}", {"drop_reason": reason}):
        debt.saved.dropped_at = now
        if debt.saved.held_at is not None:
            debt.book_again()
        debt.keep_owed()


def read_slot(
    db: Session,
    form: Entered,
    prefix: str,
    entered: SlotEntered,
    episode_id: str,
    ends: Sequence[DoseEnd],
    zone: ZoneInfo,
    now: datetime,
) -> Slot | None:
    """The slot for integrating doses that end at `ends`; its fields are `{prefix}on` and so on."""
    at = read_plan(form, prefix, entered.on, entered.time, zone, now)
    problem = before_dose(ends, at, now, zone) if at else None
    form.need(f"{prefix}time", problem is None, problem or "")
    if at and problem is None and not entered.soon:
        ask_if_soon(form, f"{prefix}soon", ends, at, now, zone)
    minutes = entered.minutes
    if minutes is None or not SHORTEST_MINUTES <= minutes <= LONGEST_MINUTES:
        minutes = None
        form.refuse(
            f"{prefix}minutes",
            f"Enter how long it takes, {SHORTEST_MINUTES} to {LONGEST_MINUTES} minutes.",
        )
    form.need(f"{prefix}how", entered.how is not None, "Choose how you meet.")
    place = form.line(f"{prefix}place", entered.place, "The place")
    form.need(
        f"{prefix}therapist",
        entered.therapist is None or _integrates(db, entered.therapist, episode_id, now),
        "Choose a therapist or prescriber who is on this course of care or covers it.",
    )
    if at is None or minutes is None or entered.how is None:
        return None
    return Slot(at, minutes, entered.how, place, entered.therapist)


def before_dose(ends: Iterable[DoseEnd], at: datetime, now: datetime, zone: ZoneInfo) -> str | None:
    """Rule 7: why nothing is integrated at `at`, before the last dose it is for; None if it is."""
    last = max((end.at for end in ends if end.at), default=None)
    if last is None or at >= last:
        return None
    return (
        f"This is before the dose it integrates ({wording.moment(last, now, zone)}). "
        "Choose a later time."
    )


def ask_if_soon(
    form: Entered,
    field: str,
    ends: Iterable[DoseEnd],
    at: datetime,
    now: datetime,
    zone: ZoneInfo,
) -> None:
    """Ask beside `field` whether it is meant that an integration begins as soon as `at`."""
    ends_at = max((end.ends_at for end in ends if end.ends_at), default=None)
    if ends_at and begins_too_soon(at, ends_at):
        form.refuse(
            field,
            f"{sentences.too_soon(ends_at, now, zone)} Tick it, or choose a later time.",
        )


def make_integration(
    db: Session, viewer: Viewer, owed: Owed, values: Mapping[str, Any], now: datetime
) -> IntegrationSession:
    """A new row for what is owed, linked to what it integrates; nothing is checked here."""
    usual = {"how": How.IN_PERSON, "planned_minutes": USUAL_MINUTES, "kind": IntegrationKind.FULL}
    row = IntegrationSession(
        id=owed.id,
        episode_id=owed.episode_id,
        created_by_id=viewer.clinician_id,
        created_at=now,
        **{**usual, "due_on": owed.due_on, **values},
    )
    db.add(row)
    db.flush()
    _link(db, row.id, owed.ketamine_session_ids)
    if owed.outside_experience_id:
        db.add(
            IntegrationSessionFor(
                id=new_id(),
                integration_session_id=row.id,
                outside_experience_id=owed.outside_experience_id,
            )
        )
    return row


def _link(db: Session, integration_id: str, ketamine_session_ids: Iterable[str]) -> None:
    db.add_all(
        IntegrationSessionFor(
            id=new_id(), integration_session_id=integration_id, ketamine_session_id=one
        )
        for one in ketamine_session_ids
    )


class _Debt:
    """One integration that is owed, its course locked: the row if there is one, and its doses.

    `is_saved`: an earlier press of the same Save made the row.
    """

    def __init__(
        self, db: Session, viewer: Viewer, owed: Owed, form: Entered, now: datetime
    ) -> None:
        self._db, self._viewer, self._owed, self._form, self._now = db, viewer, owed, form, now
        self._course = visible_episode(db, viewer, owed.episode_id, now)
        self.episode_id = self._course.id
        self.row = already_saved(db, IntegrationSession, owed.id)
        known = self.row is not None and self.row.episode_id == self.episode_id
        if not known and (self.row is not None or owed.version):
            raise NotFound("There is no such integration session on this course of care.")
        self.is_saved = known and not owed.version
        self.ends = linked_ends(db, owed.id) if known else self._named()
        linked = {end.ketamine_session_id for end in self.ends}
        self._also = self._dose_ends(one for one in owed.also_ids if one not in linked)
        self.ends += self._also
        self._check_open()

    @property
    def saved(self) -> IntegrationSession:
        """The row, once it is saved."""
        assert self.row is not None
        return self.row

    def is_booked_after(self, at: datetime | None) -> bool:
        """Whether its booking lies after `at`."""
        booked_at = self.row.planned_at if self.row else None
        return at is not None and booked_at is not None and booked_at > at

    def still_in_session(self, at: datetime) -> str | None:
        """Why what took place at `at` was no integration yet (rule 7); None if it can be one."""
        found = (still_in_session(at, end.at, end.out_at) for end in self.ends if end.at)
        return next(filter(None, found), None)

    def need_no_signed_note(self) -> None:
        """Raise NotAllowed while a signed note stands for it."""
        signed = exists().where(
            Note.integration_session_id == self._owed.id,
            Note.signed_at.is_not(None),
            Note.voided_at.is_(None),
        )
        if self._db.scalar(select(signed)):
            raise NotAllowed("Its note is signed. Mark the note as entered in error first.")

    def need_not_held(self) -> None:
        """Raise NotAllowed for an integration that took place."""
        if self.row is not None and self.row.held_at is not None:
            raise NotAllowed("This integration session was held. Correct the record of it instead.")

    def save(self, tag: str, values: Mapping[str, Any]) -> bool:
        """Make or change the row, with its audit event; False when it was saved before.

        Raises Unchanged, Conflict.
        """
        row = self.row
        if row is not None and not self._also:
            check_changed(row, self._owed.version, values)
        before = {name: getattr(row, name) if row else None for name in values}
        if row is None:
            therapist = {"therapist_id": self._therapist_id()}
            owed = replace(self._owed, ketamine_session_ids=_ids(self.ends))
            self.row = make_integration(
                self._db, self._viewer, owed, {**therapist, **values}, self._now
            )
        elif not compare_and_swap(self._db, row, self._owed.version, values):
            return False
        else:
            _link(self._db, row.id, _ids(self._also))
        record(
            self._db,
            tag,
            self._viewer,
            self._now,
            client_id=self._course.client_id,
            subject_id=self._owed.id,
            ketamine_sessions=_ids(self.ends),
            **{
                name: (before[name], values[name])
                for name in _AUDITED
                if name in values and before[name] != values[name]
            },
        )
        return True

    def book_again(self) -> None:
        """A row for the booking that was there before somebody recorded it as held."""
        row = self.saved
        if row.planned_at is None and row.agreed_for is None and row.due_on is None:
            return
        kept = {name: getattr(row, name) for name in _BOOKED}
        owed = replace(
            self._owed,
            id=id_within(row.id, "booked before"),
            ketamine_session_ids=_ids(self.ends),
            outside_experience_id=self._db.scalar(
                select(IntegrationSessionFor.outside_experience_id).where(
                    IntegrationSessionFor.integration_session_id == row.id,
                    IntegrationSessionFor.outside_experience_id.is_not(None),
                )
            ),
        )
        again = make_integration(self._db, self._viewer, owed, kept, self._now)
        record(
            self._db,
            "integration_session:booked_again",
            self._viewer,
            self._now,
            client_id=self._course.client_id,
            subject_id=again.id,
            planned_at=(None, again.planned_at),
            agreed_for=(None, again.agreed_for),
            ketamine_sessions=_ids(self.ends),
        )

    def keep_owed(self) -> None:
        """A row for the doses of an earlier course that none stands for any more.

        That course has ended, so that nothing but a row here keeps them owed.
        """
        row = self.saved
        if row.from_episode_id is None:
            return
        self._db.flush()
        stands = exists().where(
            IntegrationSessionFor.ketamine_session_id == KetamineSession.id,
            IntegrationSession.id == IntegrationSessionFor.integration_session_id,
            IntegrationSession.kind == IntegrationKind.FULL,
            IntegrationSession.dropped_at.is_(None),
        )
        owed = self._db.scalars(
            select(KetamineSession.id).where(KetamineSession.id.in_(_ids(self.ends)), ~stands)
        ).all()
        if owed:
            still = Owed(id_within(row.id, "still owed"), 0, self.episode_id, tuple(owed))
            kept = {"therapist_id": row.therapist_id, "from_episode_id": row.from_episode_id}
            make_integration(self._db, self._viewer, still, kept, self._now)

    def _check_open(self) -> None:
        """The state that the form saw; a row that moved on since is a Conflict, or saved before."""
        if self.row is None or self.row.version != self._owed.version:
            return
        if self.row.closed_at is not None:
            raise NotAllowed("This integration is closed.")
        if self.row.dropped_at is not None:
            raise NotAllowed("This booking was taken back. Book a new one.")

    def _dose_ends(self, ketamine_session_ids: Iterable[str]) -> list[DoseEnd]:
        form, wanted = self._form, tuple(ketamine_session_ids)
        found = self._db.scalars(
            select(KetamineSession)
            .where(
                KetamineSession.id.in_(wanted),
                KetamineSession.episode_id == self.episode_id,
            )
            .order_by(KetamineSession.id)
        ).all()
        form.need(
            "owed",
            len(found) == len(wanted),
            "There is no such ketamine session on this course of care.",
        )
        form.need(
            "owed",
            not any(ends_session(one.status) for one in found),
            "Nothing was given in that ketamine session, so it owes no integration.",
        )
        return [dose_end(self._db, one) for one in found]

    def _named(self) -> list[DoseEnd]:
        owed, form = self._owed, self._form
        ends = self._dose_ends(owed.ketamine_session_ids)
        if owed.outside_experience_id:
            elsewhere = self._db.get(OutsideExperience, owed.outside_experience_id)
            form.need(
                "owed",
                elsewhere is not None
                and elsewhere.episode_id == self.episode_id
                and elsewhere.voided_at is None,
                "There is no such experience on this course of care.",
            )
        form.need(
            "owed",
            bool(ends or owed.outside_experience_id or owed.due_on)
            or self._course.service_line is not ServiceLine.KAP,
            "Say what it integrates: a ketamine session, or the day it is due.",
        )
        return ends

    def _therapist_id(self) -> str | None:
        """Who has the therapist's part, for a row that is made without a slot."""
        return self._db.scalar(
            select(EpisodeMember.clinician_id)
            .where(
                EpisodeMember.episode_id == self.episode_id,
                EpisodeMember.part == Part.THERAPIST,
                EpisodeMember.from_at <= self._now,
                or_(EpisodeMember.until_at.is_(None), EpisodeMember.until_at > self._now),
            )
            .order_by(EpisodeMember.from_at.desc(), EpisodeMember.id.desc())
            .limit(1)
        )


def _ids(ends: Iterable[DoseEnd]) -> tuple[str, ...]:
    return tuple(end.ketamine_session_id for end in ends)


def _check_ended(form: Entered, held_at: datetime, ended_at: datetime, now: datetime) -> None:
    if ended_at > now:
        form.refuse("ended_time", "This time is in the future. Enter when it ended.")
    elif ended_at < held_at:
        form.refuse("ended_time", "The end is before the start.")
    elif ended_at - held_at > LONGEST_HELD:
        form.refuse("ended_time", "That is longer than six hours. Check the times.")


def _integrates(db: Session, clinician_id: str, episode_id: str, now: datetime) -> bool:
    """Whether this clinician can integrate on the course, now or once the part or cover begins."""
    covered = select(Absence.clinician_id).where(covers_or_will(clinician_id, now))
    return bool(
        db.scalar(
            select(
                exists().where(
                    Clinician.id == clinician_id,
                    Clinician.suspended_at.is_(None),
                    ClinicianFunction.clinician_id == Clinician.id,
                    ClinicianFunction.function.in_((Function.THERAPIST, Function.PRESCRIBER)),
                    or_(
                        EpisodeMember.clinician_id == Clinician.id,
                        EpisodeMember.clinician_id.in_(covered),
                    ),
                    EpisodeMember.episode_id == episode_id,
                    or_(EpisodeMember.until_at.is_(None), EpisodeMember.until_at > now),
                )
            )
        )
    )
