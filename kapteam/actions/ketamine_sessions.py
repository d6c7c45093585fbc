"""What happened in a ketamine session: doses given, arrival, stop, out, closed; and corrections.

Planning may be refused; what a person says happened is accepted if it is physically possible. What
went beyond clearance, hold or order is kept in `breach_reason` with the reason for it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from kapteam import wording
from kapteam.actions.consents import newest_consents
from kapteam.actions.episodes import has_therapy
from kapteam.actions.loading import (
    administrations,
    clearance_at,
    given,
    integrations_of,
    is_on_hold,
    ketamine_session,
    practice_zone,
    product_route,
)
from kapteam.actions.practice import the_practice
from kapteam.actions.saving import compare_and_swap
from kapteam.actions.session_record import ask_to_sign, changed_since, not_to_sign
from kapteam.actions.submissions import judge_submission
from kapteam.actions.weights import newest_weight
from kapteam.clock import day_of
from kapteam.db.audit import record
from kapteam.db.record_links import list_rows
from kapteam.db.spravato import enrolled_on
from kapteam.db.tables import (
    Administration,
    AdverseEvent,
    Client,
    Clinician,
    ClinicianFunction,
    Episode,
    KetamineSession,
    ReadinessAnswer,
    SignOff,
    Vital,
)
from kapteam.errors import NotAllowed, Unchanged
from kapteam.rules.ceiling import above_given
from kapteam.rules.dosing import (
    beyond_order,
    check_administration_times,
    ends_session,
    last_given_at,
    may_add,
)
from kapteam.rules.entered import Entered
from kapteam.rules.monitoring import out_too_early
from kapteam.rules.pathway import missing_clearance, missing_consents
from kapteam.rules.permissions import (
    Viewer,
    check_can_order_dose,
    check_can_record_session,
    check_can_strike_dose,
    only_witnesses,
)
from kapteam.rules.plausibility import doubt_given
from kapteam.rules.recording import breaches, entered_late, not_possible, off_plan, out_of_order
from kapteam.rules.signals import EventFacts, SeenReading, in_session
from kapteam.rules.spravato import count_problem, devices_left, not_enrolled
from kapteam.rules.vitals import Pressure, given_at
from kapteam.vocabulary import (
    AdministrationKind,
    EpisodeState,
    Function,
    IntegrationKind,
    ProductRoute,
    ReadinessItem,
    RecordPart,
    SessionStatus,
)

LONGEST_LOT = 60
_TIMES = ("arrived", "stopped", "discharged")
_NEVER_AUDITED = frozenset(
    {
        "end_reason",
        "breach_reason",
        "early_out_reason",
        "no_integration_reason",
        "closed_at",
        "closed_by_id",
    }
)


@dataclass(frozen=True, slots=True)
class AdministrationEntered:
    """One giving of ketamine, in mg as typed; `id` is minted by the form.

    The end is an infusion's. `mg_again` is the dose typed a second time where it may be a slip.
    `reason` is needed beyond clearance, hold or order; `told_by`, a
    prescriber's id, for a therapist or nurse beyond or without an order.
    """

    id: str
    kind: AdministrationKind | None
    mg: str
    started_on: date | None
    started_time: str
    ended_on: date | None = None
    ended_time: str = ""
    lot: str = ""
    reason: str = ""
    told_by: str | None = None
    mg_again: str = ""


@dataclass(frozen=True, slots=True)
class RecordEntered:
    """What is recorded of a session in one Save; whatever stays empty is left as it is.

    A "Now" button is a Save with one of them filled. What is wrong with the second administration's
    dose stands beside `administrations.1.mg`. `stop_reason` says why it was stopped early,
    `early_out_reason` why the client left before this product lets them, `no_integration_reason`
    why it is closed without an integration session booked or agreed.
    """

    ketamine_session_id: str
    version: int
    administrations: tuple[AdministrationEntered, ...] = ()
    arrived_on: date | None = None
    arrived_time: str = ""
    stopped_on: date | None = None
    stopped_time: str = ""
    stop_reason: str = ""
    discharged_on: date | None = None
    discharged_time: str = ""
    early_out_reason: str = ""
    close: bool = False
    no_integration_reason: str = ""


@dataclass(frozen=True, slots=True)
class CorrectEntered:
    """What should stand in place of an administration, and why that one was wrong.

    Its sentences stand beside the names of `AdministrationEntered` and `void_reason`.
    """

    administration_id: str
    void_reason: str
    administration: AdministrationEntered


@dataclass(frozen=True, slots=True)
class VoidEntered:
    """Why an administration was entered in error."""

    administration_id: str
    void_reason: str


def record_ketamine_session(
    db: Session, viewer: Viewer, entered: RecordEntered, now: datetime
) -> None:
    """Record doses, arrival, stop and out of a session, and close it, all or nothing.

    The first dose starts it, also one that was cancelled, missed or not given, and brings a closed
    course back to its series review. Raises NotAllowed, NotFound, Invalid by field, Conflict.
    """
    check_can_record_session(viewer)
    session, course = ketamine_session(db, viewer, entered.ketamine_session_id, now)
    recording = _Recording(db, viewer, session, course, now)
    form = recording.form
    for place, one in enumerate(entered.administrations):
        recording.add(f"administrations.{place}.", one)
    typed = recording.read_times(entered)
    recording.check_order(typed)
    recording.check_out(typed, entered.early_out_reason)
    if not (entered.administrations or typed or entered.close):
        raise NotAllowed("Nothing was entered. Enter a dose or a time, then save.")
    follows = recording.follows()
    if entered.close:
        stopped = "stopped_at" in typed or session.stopped_at is not None
        status = SessionStatus.STOPPED_EARLY if stopped else SessionStatus.COMPLETED
        typed["status"] = follows["status"] = status
        form.need(
            "discharged_time",
            not recording.rows or bool(typed.get("discharged_at") or session.discharged_at),
            "Enter when the client was out; then it can be closed.",
        )
        recording.check_devices(is_stopped=stopped)
        unbooked = _check_integration(db, form, session, course, entered.no_integration_reason)
        if unbooked:
            typed["no_integration_reason"] = unbooked
    form.done()
    if entered.close and not recording.rows:
        raise NotAllowed(
            "No dose was recorded. Record it, or say that the session was missed or not given."
        )
    recording.save(
        typed,
        follows,
        entered.version,
        "ketamine_session:closed" if entered.close else "ketamine_session:recorded",
        no_integration_reason=entered.no_integration_reason.strip() if entered.close else "",
    )


def correct_administration(
    db: Session, viewer: Viewer, entered: CorrectEntered, now: datetime
) -> None:
    """Put a new record in the place of a wrong one, which stays readable (rule 5).

    Who recorded it and any prescriber may: it strikes what they said was given. The integration
    clock follows by itself. Raises NotAllowed, NotFound, Invalid by field, Unchanged.
    """
    check_can_record_session(viewer)
    wrong, session, course = _administration(db, viewer, entered.administration_id, now)
    if db.get(Administration, entered.administration.id) is not None:
        return
    _check_not_voided(wrong)
    _check_can_strike(db, viewer, wrong)
    recording = _Recording(db, viewer, session, course, now, wrong)
    reason = recording.form.text(
        "void_reason", entered.void_reason, "The reason for correcting", required=True
    )
    recording.add("", entered.administration)
    recording.check_order({})
    follows = recording.follows()
    recording.form.done()
    recording.check_corrected()
    _void(wrong, viewer, reason, now)
    recording.save(
        {}, follows, session.version, "administration:corrected", instead_of=_facts(wrong)
    )


def void_administration(db: Session, viewer: Viewer, entered: VoidEntered, now: datetime) -> None:
    """Mark an administration as entered in error; it stays readable and counts no more (rule 66).

    Who recorded it and any prescriber may. A session without any left is planned again, so that it
    is asked about, and nobody is out of it. Raises NotAllowed, NotFound, Invalid by field.
    """
    check_can_record_session(viewer)
    wrong, session, course = _administration(db, viewer, entered.administration_id, now)
    if wrong.voided_at is not None and wrong.void_reason == entered.void_reason.strip():
        return
    _check_not_voided(wrong)
    _check_can_strike(db, viewer, wrong)
    recording = _Recording(db, viewer, session, course, now, wrong)
    reason = recording.form.text("void_reason", entered.void_reason, "The reason", required=True)
    follows = recording.follows()
    recording.form.done()
    _void(wrong, viewer, reason, now)
    if not recording.rows:
        undone = {"stopped_at": None, "discharged_at": None, "early_out_reason": ""}
        follows |= {"status": SessionStatus.PLANNED, **undone, **_REOPENED}
    recording.save({}, follows, session.version, "administration:voided", voided=_facts(wrong))


def end_infusion(db: Session, viewer: Viewer, administration_id: str, now: datetime) -> None:
    """Keep that an infusion ends now. Said before, it stays as it was said.

    Raises NotAllowed, NotFound.
    """
    check_can_record_session(viewer)
    row, session, course = _administration(db, viewer, administration_id, now)
    _check_not_voided(row)
    if row.ended_at is not None:
        return
    problem = check_administration_times(row.started_at, now, now)
    if product_route(db, session) is not ProductRoute.INTRAVENOUS or problem:
        raise NotAllowed("It cannot have ended just now. Correct its times in the full record.")
    row.ended_at = now
    list_rows(db, now, row)
    session.version += 1
    record(
        db,
        "administration:ended",
        viewer,
        now,
        client_id=course.client_id,
        subject_id=session.id,
        administration=_facts(row),
        **changed_since(db, session, RecordPart.MEDICAL, now),
    )


def take_back_out(db: Session, viewer: Viewer, ketamine_session_id: str, now: datetime) -> None:
    """Say that the client is not out after all, so that they stand under "Right now" again.

    When and why they were said to be out stays in the audit log. Raises NotAllowed, NotFound.
    """
    check_can_record_session(viewer)
    session, course = ketamine_session(db, viewer, ketamine_session_id, now)
    out_at = session.discharged_at
    if out_at is None:
        return
    if session.status.is_given:
        raise NotAllowed("This session is closed. Correct when the client was out instead.")
    session.discharged_at, session.early_out_reason = None, ""
    session.version += 1
    record(
        db,
        "ketamine_session:not_out",
        viewer,
        now,
        client_id=course.client_id,
        subject_id=session.id,
        discharged_at=(out_at, None),
        **changed_since(db, session, RecordPart.MEDICAL, now),
    )


def confirm_administration(
    db: Session, viewer: Viewer, administration_id: str, now: datetime
) -> None:
    """Confirm, as a prescriber, a dose that somebody gave on a prescriber's word.

    Raises NotAllowed, NotFound.
    """
    check_can_order_dose(viewer)
    row, _, course = _administration(db, viewer, administration_id, now)
    if row.confirmed_at is not None:
        return
    _check_not_voided(row)
    if row.told_by_id is None:
        raise NotAllowed("This dose was within the order, so there is nothing to confirm.")
    row.confirmed_by_id, row.confirmed_at = viewer.clinician_id, now
    list_rows(db, now, row)
    record(
        db,
        "administration:confirmed",
        viewer,
        now,
        client_id=course.client_id,
        subject_id=row.ketamine_session_id,
        administration=_facts(row),
    )


_REOPENED: Mapping[str, Any] = {"end_reason": "", "closed_at": None, "closed_by_id": None}


class _Recording:
    """One Save on one session: what stands recorded (`rows`), what is new, and what follows.

    `wrong` is an administration that this Save marks as entered in error.
    """

    def __init__(
        self,
        db: Session,
        viewer: Viewer,
        session: KetamineSession,
        course: Episode,
        now: datetime,
        wrong: Administration | None = None,
    ) -> None:
        self._db, self._viewer, self._now = db, viewer, now
        self._session, self._course = session, course
        self._zone = practice_zone(db, now)
        self._wrong = wrong
        self._new: dict[str, Administration] = {}
        self._told_by: dict[str, str | None] = {}
        self.form = Entered()
        self.rows = [one for one in administrations(db, session.id) if one is not wrong]

    def add(self, prefix: str, entered: AdministrationEntered) -> None:
        """Read one administration; one that an earlier press of Save kept is left alone."""
        form = self.form
        ug = form.read(f"{prefix}mg", wording.read_mg_given, entered.mg)
        if ug is not None:
            self._check_slip(prefix, ug, entered.mg_again)
        form.need(f"{prefix}kind", entered.kind is not None, "Choose what was given.")
        started_at = self._moment(f"{prefix}started", entered.started_on, entered.started_time)
        ended_at = None
        if entered.ended_time.strip():
            ended_at = self._moment(f"{prefix}ended", entered.ended_on, entered.ended_time)
        if ug is not None and entered.kind is not None:
            self._check_device(prefix, entered.kind, ug)
        lot = read_lot(form, f"{prefix}lot", entered.lot)
        reason = form.text(f"{prefix}reason", entered.reason, "The reason")
        if ug is None or started_at is None or entered.kind is None:
            return
        times = check_administration_times(started_at, ended_at, self._now)
        for name, sentence in times.items():
            form.refuse(f"{prefix}{name}_time", sentence)
        if times:
            return
        row = Administration(
            id=entered.id,
            ketamine_session_id=self._session.id,
            kind=entered.kind,
            ug=ug,
            started_at=started_at,
            ended_at=ended_at,
            lot=lot,
            reason=reason,
            given_by_id=self._viewer.clinician_id,
            is_witnessed=only_witnesses(self._viewer),
            recorded_at=self._now,
        )
        if self._wrong is not None:
            row.given_by_id, row.reason = self._wrong.given_by_id, reason or self._wrong.reason
            row.is_witnessed = self._wrong.is_witnessed
        saved = self._db.get(Administration, entered.id)
        if saved is None:
            self._new[prefix] = row
            self._told_by[row.id] = entered.told_by
            self.rows.append(row)
        else:
            form.need(
                f"{prefix}mg",
                _what(saved) == _what(row),
                "This dose was saved before, as something else. Correct that record instead.",
            )

    def _check_device(self, prefix: str, kind: AdministrationKind, ug: int) -> None:
        """Each device of Spravato is a row of its own; what stood there wrong may be corrected."""
        if self._wrong is not None and (self._wrong.kind, self._wrong.ug) == (kind, ug):
            return
        problem = count_problem(kind, ug, product_route(self._db, self._session))
        self.form.need(f"{prefix}mg", problem is None, problem or "")

    def check_devices(self, *, is_stopped: bool) -> None:
        """Rule 35: whether as many devices are recorded as were ordered, or it was stopped."""
        problem = devices_left(
            self._session.ordered_ug,
            [one.ug for one in self.rows],
            product_route(self._db, self._session),
        )
        self.form.need("close", problem is None or is_stopped or not self.rows, problem or "")

    def _check_slip(self, prefix: str, ug: int, again: str) -> None:
        """Rule 32: a number that may be a slip is the dose once it was typed the same twice."""
        if self._wrong is not None and self._wrong.ug == ug:
            return
        weight = newest_weight(self._db, self._course.client_id)
        route = product_route(self._db, self._session)
        bounds = the_practice(self._db, self._now).dose_bounds
        doubt = doubt_given(ug, route, weight.grams if weight else None, bounds)
        if doubt is None:
            return
        field = f"{prefix}mg_again"
        self.form.need(field, bool(again.strip()), doubt)
        typed = self.form.read(field, wording.read_mg_given, again)
        self.form.need(field, typed in (ug, None), "The two numbers differ. Check both.")

    def read_times(self, entered: RecordEntered) -> dict[str, Any]:
        """The columns for the times that were typed, and for why it was stopped."""
        form = self.form
        typed: dict[str, Any] = {}
        for name in _TIMES:
            on, text = getattr(entered, f"{name}_on"), getattr(entered, f"{name}_time")
            if text.strip():
                at = self._moment(name, on, text)
                problem = not_possible(at, self._now) if at else None
                form.need(f"{name}_time", problem is None, problem or "")
                typed[f"{name}_at"] = at
        if "stopped_at" in typed:
            typed["end_reason"] = form.text(
                "stop_reason", entered.stop_reason, "The reason for stopping", required=True
            )
        return typed

    def check_order(self, typed: Mapping[str, Any]) -> None:
        """Refuse times that contradict each other, beside one that was typed now."""
        fields = [f"{name}_time" for name in _TIMES if typed.get(f"{name}_at")]
        fields += [f"{prefix}started_time" for prefix in self._new]
        if not fields:
            return
        arrived_at, stopped_at, discharged_at = (
            typed.get(f"{name}_at") or getattr(self._session, f"{name}_at") for name in _TIMES
        )
        doses = given(self.rows)
        problems = out_of_order(
            arrived_at,
            min((one.started_at for one in doses), default=None),
            last_given_at(doses),
            stopped_at,
            discharged_at,
        )
        for name, sentence in problems.items():
            own = f"{name}_time"
            self.form.refuse(own if own in fields else fields[0], sentence)
        for prefix, one in self._new.items():
            if one.kind is AdministrationKind.BOOSTER and one.started_at < self._first_dose_at():
                self.form.refuse(
                    f"{prefix}started_time", "By these times the booster came before the dose."
                )

    def check_out(self, typed: dict[str, Any], reason: str) -> None:
        """Rule 40: who leaves before the time is out all the same, and it is said why."""
        discharged_at = typed.get("discharged_at")
        thresholds = the_practice(self._db, self._now).thresholds
        route = product_route(self._db, self._session)
        if discharged_at is None:
            return
        early = out_too_early(discharged_at, given(self.rows), route, thresholds)
        found = " ".join(filter(None, (early, self._unwell_at(discharged_at))))
        why = self.form.text("early_out_reason", reason, "The reason for letting them leave")
        self.form.need("early_out_reason", not found or bool(why), f"{found} Say why.")
        typed["early_out_reason"] = f"{found} {why}" if found else ""

    def _unwell_at(self, discharged_at: datetime) -> str:
        """What was not well when the client left, by the readings and events until then."""
        session_id = self._session.id
        vitals = self._db.scalars(
            select(Vital)
            .where(
                Vital.ketamine_session_id == session_id,
                Vital.voided_at.is_(None),
                Vital.taken_at <= discharged_at,
            )
            .order_by(Vital.taken_at, Vital.id)
        ).all()
        events = self._db.scalars(
            select(AdverseEvent).where(
                AdverseEvent.ketamine_session_id == session_id,
                AdverseEvent.voided_at.is_(None),
                AdverseEvent.onset_at <= discharged_at,
            )
        )
        found = in_session(
            [SeenReading(one.id, one.taken_at, one.pressure, one.oxygen) for one in vitals],
            [
                EventFacts(
                    one.id,
                    session_id,
                    one.kind,
                    one.severity,
                    one.is_serious,
                    one.onset_at,
                    one.resolved_at,
                    is_out=False,
                )
                for one in events
            ],
            the_practice(self._db, self._now).thresholds,
            discharged_at,
        )
        told = [f"{one.kind.label} {one.value}" if one.is_reading else one.value for one in found]
        return f"Not well then: {'; '.join(told)}." if told else ""

    def _first_dose_at(self) -> datetime:
        """When the first dose that is no booster was given; the booster's own time without one."""
        doses = [one for one in self.rows if one.kind is not AdministrationKind.BOOSTER]
        return min((one.started_at for one in doses or self.rows), default=self._now)

    def follows(self) -> dict[str, Any]:
        """The columns that follow from the doses: started or not, and what went beyond.

        Every dose is judged in the order of recording, so that the one that takes the session
        beyond its order is the one that says why.
        """
        values: dict[str, Any] = {}
        if not self._new and self._wrong is None:
            return values
        if self._new and not self._session.status.is_given:
            values["status"] = SessionStatus.STARTED
            if ends_session(self._session.status):
                values |= _REOPENED
        lines, total_ug = [], 0
        prefixes = {row.id: prefix for prefix, row in self._new.items()}
        # The clock of two who press at once may be read in another order than they are saved.
        rows = sorted(
            self.rows,
            key=lambda one: (one.id in prefixes, one.recorded_at, one.started_at, one.id),
        )
        session = self._session
        all_beyond = beyond_order(
            session.order_state,
            session.ordered_ug,
            may_add(session.may_add_ug, session.may_add_from_minutes, session.may_add_to_minutes),
            given(rows),
        )
        for row, beyond in zip(rows, all_beyond, strict=True):
            total_ug += row.ug
            found = self._breaches(row, beyond, total_ug)
            if row.id in prefixes:
                self._check_breach(prefixes[row.id], row, found, beyond)
            if found:
                lines.append(" ".join([*found, row.reason]).strip())
        values["breach_reason"] = "\n".join(lines)
        return values

    def check_corrected(self) -> None:
        """Raise Unchanged when what should stand in place of the wrong one is the same again."""
        (row,) = self._new.values()
        names = ("kind", "ug", "started_at", "ended_at", "lot", "reason", "told_by_id")
        if all(getattr(row, name) == getattr(self._wrong, name) for name in names):
            raise Unchanged

    def save(
        self,
        typed: Mapping[str, Any],
        follows: Mapping[str, Any],
        seen_version: int,
        tag: str,
        **said: Any,
    ) -> None:
        """Keep everything with its audit event; nothing at all when it was saved before.

        What was typed counts only against the version that the form was drawn with; a dose that was
        given is never refused because a colleague recorded something in the meantime.
        """
        session = self._session
        values = {**follows, **typed}
        changed = {name: new for name, new in values.items() if getattr(session, name) != new}
        before = {name: getattr(session, name) for name in changed}
        if not changed and not self._new and self._wrong is None:
            return
        self._db.add_all(self._new.values())
        struck = [self._wrong] if self._wrong else []
        list_rows(self._db, self._now, *self._new.values(), *struck)
        if changed:
            was_typed = any(name in typed for name in changed)
            compare_and_swap(
                self._db, session, seen_version if was_typed else session.version, changed
            )
        if "status" in changed and session.status.is_given:
            session.closed_at, session.closed_by_id = self._now, self._viewer.clinician_id
        said |= self._signatures(before.get("status", session.status))
        record(
            self._db,
            tag,
            self._viewer,
            self._now,
            client_id=self._course.client_id,
            subject_id=session.id,
            administrations=[_facts(row) for row in self._new.values()],
            **{
                name: (before[name], changed[name])
                for name in changed
                if name not in _NEVER_AUDITED
            },
            **{name: value for name, value in said.items() if value},
        )
        if self._new and self._course.state is EpisodeState.CLOSED:
            self._reopen_course()

    def _signatures(self, was: SessionStatus) -> dict[str, str]:
        """Ask for the two once it is closed; what is recorded later leaves one as changed since.

        So it does the monitoring form that went out.
        """
        session, is_closed = self._session, self._session.status.is_given
        if is_closed and not was.is_given:
            ask_to_sign(self._db, session, self._now)
        elif is_closed:
            return changed_since(self._db, session, RecordPart.MEDICAL, self._now)
        elif was.is_given:
            not_to_sign(self._db, session, self._now)
        judge_submission(self._db, session, self._now)
        return {}

    def _reopen_course(self) -> None:
        """A dose that comes to light owes its integration: the course is not over (decision 17)."""
        course = self._course
        before, course.state = course.state, EpisodeState.SERIES_REVIEW
        course.state_since, course.closed_at = self._now, None
        course.version += 1
        # Nobody is asked to sign off the end of what is not over.
        self._db.execute(
            delete(SignOff).where(SignOff.episode_id == course.id, SignOff.signed_at.is_(None))
        )
        record(
            self._db,
            "episode:reopened",
            self._viewer,
            self._now,
            client_id=course.client_id,
            subject_id=course.id,
            state=(before, course.state),
        )

    def _moment(self, name: str, on: date | None, typed: str) -> datetime | None:
        return self.form.moment(f"{name}_time", on, typed, self._zone, day_field=f"{name}_on")

    def _breaches(self, row: Administration, beyond: str | None, total_ug: int) -> tuple[str, ...]:
        clearance = clearance_at(self._db, self._course.id, row.started_at)
        on = day_of(row.started_at, self._zone)
        weight = newest_weight(self._db, self._course.client_id, on)
        route = product_route(self._db, self._session)
        return breaches(
            missing_clearance=missing_clearance(clearance, route, on),
            missing_consents=missing_consents(
                newest_consents(self._db, self._course.id, on),
                (route,),
                on,
                with_therapy=has_therapy(self._db, self._course, row.started_at),
            ),
            on_hold=is_on_hold(self._db, self._course.id, row.started_at),
            above_ceiling=above_given(
                clearance.ceiling if clearance else None,
                total_ug,
                weight.grams if weight else None,
            ),
            beyond_order=beyond,
            entered_late=entered_late(row.started_at, row.recorded_at),
            high_pressure=self._high_pressure(row),
            not_enrolled=not_enrolled(
                self._db.scalar(
                    select(enrolled_on(Client.id)).where(Client.id == self._course.client_id)
                ),
                product_route(self._db, self._session),
                on,
            ),
        )

    def _high_pressure(self, row: Administration) -> str | None:
        """That the first dose was given at a pressure with which nobody decided to go ahead."""
        if any(one.started_at < row.started_at for one in self.rows):
            return None
        before = self._db.execute(
            select(Vital.systolic, Vital.diastolic)
            .where(
                Vital.ketamine_session_id == self._session.id,
                Vital.voided_at.is_(None),
                Vital.systolic.is_not(None),
                Vital.taken_at <= row.started_at,
            )
            .order_by(Vital.taken_at.desc(), Vital.id.desc())
            .limit(1)
        ).first()
        went_ahead = exists().where(
            ReadinessAnswer.ketamine_session_id == self._session.id,
            ReadinessAnswer.item == ReadinessItem.PRESSURE_HIGH,
            ReadinessAnswer.replaced_at.is_(None),
        )
        if before is None or self._db.scalar(select(went_ahead)):
            return None
        systolic, diastolic = before
        return given_at(
            Pressure(systolic or 0, diastolic or 0), the_practice(self._db, self._now).thresholds
        )

    def _check_breach(
        self, prefix: str, row: Administration, found: Iterable[str], beyond: str | None
    ) -> None:
        """Rule 35: a reason for every breach and for a time hours before the plan.

        One of the order also needs a prescriber's word.
        """
        early = off_plan(row.started_at, self._session.planned_at)
        sentences = " ".join([*found, *filter(None, [early])])
        self.form.need(
            f"{prefix}reason", not sentences or bool(row.reason), f"{sentences} Say why."
        )
        wrong = self._wrong
        if beyond is None:
            return
        if self._viewer.is_prescriber:
            row.confirmed_by_id, row.confirmed_at = self._viewer.clinician_id, self._now
            return
        if wrong is not None and wrong.confirmed_at is not None and wrong.ug == row.ug:
            row.told_by_id = wrong.told_by_id
            row.confirmed_by_id, row.confirmed_at = wrong.confirmed_by_id, wrong.confirmed_at
            return
        row.told_by_id = self._told_by[row.id] or (wrong.told_by_id if wrong else None)
        self.form.need(
            f"{prefix}told_by",
            row.told_by_id is not None and _is_prescriber(self._db, row.told_by_id),
            "Say which prescriber told you to give it.",
        )


def read_lot(form: Entered, field: str, text: str) -> str:
    """A lot as it is kept; what is wrong stands beside `field`."""
    lot = form.line(field, text, "The lot")
    form.need(field, len(lot) <= LONGEST_LOT, "A lot has at most 60 characters.")
    return lot


def _check_integration(
    db: Session, form: Entered, session: KetamineSession, course: Episode, reason: str
) -> str:
    """A session is closed with its integration arranged, or with the reason (domain 2, close-out).

    Returns the reason, empty without one.
    """
    cleaned = form.text("no_integration_reason", reason, "The reason for no integration")
    if cleaned or not course.expects_integration or session.status.is_given:
        return cleaned
    form.need(
        "no_integration_reason",
        any(
            one.kind is IntegrationKind.FULL
            and (one.planned_at or one.agreed_for or one.held_at or one.closed_at)
            for one in integrations_of(db, session.id)
        ),
        "No integration session is booked. Book one, or say why not.",
    )
    return ""


def _administration(
    db: Session, viewer: Viewer, administration_id: str, now: datetime
) -> tuple[Administration, KetamineSession, Episode]:
    session_id = db.scalar(
        select(Administration.ketamine_session_id).where(Administration.id == administration_id)
    )
    session, course = ketamine_session(db, viewer, session_id or "", now)
    return db.get_one(Administration, administration_id), session, course


def _check_not_voided(row: Administration) -> None:
    if row.voided_at is not None:
        raise NotAllowed("This dose was marked as entered in error already.")


def _check_can_strike(db: Session, viewer: Viewer, row: Administration) -> None:
    name = db.scalars(select(Clinician.name).where(Clinician.id == row.given_by_id)).one()
    check_can_strike_dose(viewer, row.given_by_id, name)


def _void(row: Administration, viewer: Viewer, reason: str, now: datetime) -> None:
    row.voided_at, row.voided_by_id, row.void_reason = now, viewer.clinician_id, reason


def _is_prescriber(db: Session, clinician_id: str) -> bool:
    return bool(
        db.scalar(
            select(
                exists().where(
                    ClinicianFunction.clinician_id == clinician_id,
                    ClinicianFunction.function == Function.PRESCRIBER,
                )
            )
        )
    )


def _what(row: Administration) -> list[Any]:
    return [row.kind, row.ug, row.started_at, row.ended_at]


def _facts(row: Administration) -> list[Any]:
    """What the audit log keeps of an administration."""
    return [row.id, *_what(row), row.told_by_id]
