"""The rows of one course of care, from its clearance to its last note."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bench.rows import Rows
from kapteam.db.signing import note_form
from kapteam.db.tables import (
    Administration,
    AuditEvent,
    Clearance,
    Consent,
    Contact,
    Draft,
    Episode,
    EpisodeMember,
    IntegrationSession,
    IntegrationSessionFor,
    KetamineSession,
    Note,
    OutsideWait,
    Score,
    Series,
)
from kapteam.instruments import instruments
from kapteam.rules.notes import content_hash, current_template, signed_text
from kapteam.rules.pathway import required_consents
from kapteam.vocabulary import (
    AdministrationKind,
    ClearanceDecision,
    CloseReason,
    ContactKind,
    ContactOutcome,
    EpisodeState,
    How,
    Indication,
    IntegrationKind,
    NoteKind,
    OrderState,
    OutsideParty,
    Part,
    ProductRoute,
    ServiceLine,
    SessionStatus,
)

NOW = datetime(2026, 11, 24, 21, 30, tzinfo=UTC)
"""Tuesday, November 24, 2026, 2:30 pm in Phoenix."""
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
_WEEK = timedelta(days=7)
_DOSE_UG = 70_000
_IN_A_SERIES = 6
_ROUTE = ProductRoute.INTRAMUSCULAR
_SCORES_OF_EACH = 10
_MEASURES = tuple(instruments()[one] for one in ("phq-9", "gad-7", "pcl-5-month"))
_SAID = "Made up for the bench: nobody said this, and nobody was there. " * 3
_BODIES = {
    NoteKind.INTENTION: {
        "intention": _SAID,
        "safety": "Asked; none.",
        "coping": "Slow breathing.",
        "ready": "Ready",
        "why": _SAID,
    },
    NoteKind.INTEGRATION: {
        "safety": "Asked; none.",
        "recap": _SAID,
        "revisited": "Met",
        "actions": "A walk a day.",
        "insights": _SAID,
    },
}
_TEXTS = {
    kind: signed_text(current_template(kind), body, "Made up for the bench")
    for kind, body in _BODIES.items()
}
_HASHES = {kind: content_hash(text) for kind, text in _TEXTS.items()}


@dataclass(frozen=True, slots=True)
class Pair:
    """A prescriber and a therapist who treat the same clients."""

    prescriber_id: str
    therapist_id: str


@dataclass(frozen=True, slots=True)
class OpenCourse:
    """What is next on an open course: its id, and that of each thing that a page is about.

    The intention note is unsigned.
    """

    id: str
    client_code: str
    ketamine_session_id: str
    integration_session_id: str
    note_id: str
    is_ordered: bool


class CourseRows:
    """Adds one course of care to `rows`; its last ketamine session was given at `last_at`."""

    def __init__(
        self, rows: Rows, client_id: str, pair: Pair, sessions: int, last_at: datetime
    ) -> None:
        self._rows = rows
        self._client_id = client_id
        self._pair = pair
        self._sessions = sessions
        self._last_at = last_at
        self._began_at = last_at - (sessions + 2) * _WEEK
        self._id = ""
        self._series_id = ""

    def add_closed(self) -> None:
        """A course that is over: everything given, held, signed."""
        self._add_course(EpisodeState.CLOSED, self._last_at + 14 * DAY)
        self._add_given(self._sessions)
        self._add_scores()

    def add_open(self, number: int, client_code: str) -> OpenCourse:
        """A course with a next session; `number` decides what is missing on it."""
        self._add_course(EpisodeState.SERIES, None)
        is_owed = number % 10 == 0
        self._add_given(self._sessions, settled=self._sessions - is_owed)
        self._add_scores()
        if number % 6 == 0:
            self._add_wait()
        planned_at = NOW + (number % 14) * DAY + HOUR
        if self._sessions % _IN_A_SERIES == 0:
            self._begin_series(planned_at)
        is_ordered = number % 8 != 3
        session_id = self._add_session(planned_at, is_ordered=is_ordered, closed_at=None)
        integration_id = self._add_integration(session_id, planned_at + DAY, held_at=None)
        self._add_contact(ContactKind.CHECK_IN, planned_at + 2 * DAY, outcome=None)
        note_id = self._add_note(
            NoteKind.INTENTION, session_id, planned_at - DAY, is_signed=number % 4 == 0
        )
        return OpenCourse(self._id, client_code, session_id, integration_id, note_id, is_ordered)

    def _add_course(self, state: EpisodeState, closed_at: datetime | None) -> None:
        by, at = self._pair.prescriber_id, self._began_at
        self._id = self._rows.add(
            Episode,
            client_id=self._client_id,
            service_line=ServiceLine.KAP,
            indications=[Indication.DEPRESSION.value],
            state=state,
            state_since=closed_at or at,
            expects_intention=True,
            expects_integration=True,
            opened_at=at,
            opened_by_id=by,
            closed_at=closed_at,
            close_reason=CloseReason.GOALS_MET if closed_at else None,
        )
        for part, clinician_id in (
            (Part.PRESCRIBER, by),
            (Part.THERAPIST, self._pair.therapist_id),
        ):
            self._rows.add(
                EpisodeMember,
                episode_id=self._id,
                clinician_id=clinician_id,
                part=part,
                from_at=at,
                until_at=None,
            )
        self._rows.add(
            Clearance,
            episode_id=self._id,
            decision=ClearanceDecision.CLEARED,
            routes=[_ROUTE.value],
            ceiling_ug=2 * _DOSE_UG,
            valid_until_on=(NOW + 300 * DAY).date(),
            decided_by_id=by,
            decided_at=at,
        )
        for consent in required_consents([_ROUTE], with_therapy=True):
            self._rows.add(
                Consent,
                episode_id=self._id,
                type=consent,
                form_version="2026-01",
                signed_on=at.date(),
                expires_on=(NOW + 300 * DAY).date(),
                recorded_by_id=by,
                recorded_at=at,
            )
        self._log("episode:opened", at)
        self._add_contact(ContactKind.INTAKE, at)
        self._add_contact(ContactKind.PREPARATION, at + _WEEK)

    def _begin_series(self, at: datetime) -> None:
        self._series_id = self._rows.add(
            Series,
            episode_id=self._id,
            product_route=_ROUTE,
            ordered_count=_IN_A_SERIES,
            started_at=at - DAY,
            ended_at=None,
        )

    def _add_given(self, sessions: int, settled: int | None = None) -> None:
        """Ketamine sessions a week apart; of those beyond `settled` the integration is owed."""
        settled = sessions if settled is None else settled
        for number in range(sessions):
            given_at = self._last_at - (sessions - 1 - number) * _WEEK
            if number % _IN_A_SERIES == 0:
                self._begin_series(given_at)
            session_id = self._add_session(given_at, closed_at=given_at + 2 * HOUR)
            self._add_administration(session_id, given_at)
            self._add_note(NoteKind.INTENTION, session_id, given_at - 2 * HOUR)
            self._add_contact(ContactKind.CHECK_IN, given_at + 2 * DAY)
            if number < settled:
                held_at = given_at + 20 * HOUR
                integration_id = self._add_integration(session_id, held_at, held_at=held_at)
                self._add_note(NoteKind.INTEGRATION, integration_id, held_at + HOUR)

    def _add_session(
        self, planned_at: datetime, *, closed_at: datetime | None, is_ordered: bool = True
    ) -> str:
        booked_at = min(planned_at - _WEEK, NOW - DAY)
        by = self._pair.prescriber_id
        session_id = self._rows.add(
            KetamineSession,
            episode_id=self._id,
            series_id=self._series_id,
            status=SessionStatus.COMPLETED if closed_at else SessionStatus.PLANNED,
            planned_at=planned_at,
            planned_minutes=120,
            place="Room 2",
            order_state=OrderState.ORDERED if is_ordered else OrderState.NONE,
            ordered_ug=_DOSE_UG if is_ordered else None,
            ordered_by_id=by if is_ordered else None,
            ordered_at=booked_at if is_ordered else None,
            discharged_at=closed_at,
            closed_at=closed_at,
            closed_by_id=by if closed_at else None,
            created_by_id=by,
            created_at=booked_at,
        )
        self._log("ketamine_session:booked", booked_at, session_id)
        if is_ordered:
            self._log("dose:ordered", booked_at, session_id)
        if closed_at:
            self._log("ketamine_session:closed", closed_at, session_id)
        return session_id

    def _add_scores(self) -> None:
        """Ten of each of three measures, a week apart, the last one after the last dose."""
        for number in range(_SCORES_OF_EACH):
            taken_at = self._last_at + DAY - (_SCORES_OF_EACH - 1 - number) * _WEEK
            for instrument in _MEASURES:
                # Better with time, and each client's a little otherwise.
                lost = number * instrument.maximum // (_SCORES_OF_EACH + self._sessions % 7)
                total = instrument.maximum - lost
                self._rows.add(
                    Score,
                    client_id=self._client_id,
                    episode_id=self._id,
                    instrument_id=instrument.id,
                    form=instrument.form,
                    answers=None,
                    total=total,
                    is_total_only=True,
                    taken_at=taken_at,
                    is_day_only=False,
                    recorded_by_id=self._pair.therapist_id,
                    recorded_at=taken_at,
                )

    def _add_administration(self, session_id: str, given_at: datetime) -> None:
        administration_id = self._rows.add(
            Administration,
            ketamine_session_id=session_id,
            kind=AdministrationKind.DOSE,
            ug=_DOSE_UG,
            started_at=given_at,
            given_by_id=self._pair.prescriber_id,
            recorded_at=given_at,
        )
        self._log("administration:recorded", given_at, administration_id)

    def _add_integration(
        self, session_id: str, planned_at: datetime, *, held_at: datetime | None
    ) -> str:
        therapist_id = self._pair.therapist_id
        integration_id = self._rows.add(
            IntegrationSession,
            episode_id=self._id,
            therapist_id=therapist_id,
            kind=IntegrationKind.FULL,
            how=How.IN_PERSON,
            planned_at=planned_at,
            planned_minutes=60,
            held_at=held_at,
            ended_at=held_at + HOUR if held_at else None,
            held_by_id=therapist_id if held_at else None,
            created_by_id=therapist_id,
            created_at=min(planned_at - _WEEK, NOW - DAY),
        )
        self._rows.add(
            IntegrationSessionFor,
            integration_session_id=integration_id,
            ketamine_session_id=session_id,
        )
        if held_at:
            self._log("integration:held", held_at, integration_id)
        return integration_id

    def _add_contact(
        self, kind: ContactKind, at: datetime, outcome: ContactOutcome | None = ContactOutcome.HELD
    ) -> None:
        therapist_id = self._pair.therapist_id
        recorded_at = min(at, NOW - DAY)
        contact_id = self._rows.add(
            Contact,
            client_id=self._client_id,
            episode_id=self._id,
            kind=kind,
            how=How.PHONE,
            with_id=therapist_id,
            planned_at=at,
            planned_minutes=15,
            happened_at=at if outcome else None,
            outcome=outcome,
            recorded_by_id=therapist_id,
            recorded_at=recorded_at,
        )
        self._log("contact:ended" if outcome else "contact:planned", recorded_at, contact_id)

    def _add_wait(self) -> None:
        """The insurer, who is to be called back."""
        wait_id = self._rows.add(
            OutsideWait,
            episode_id=self._id,
            kind=OutsideParty.INSURER,
            who="Placeholder Health (made up)",
            since_on=(NOW - 12 * DAY).date(),
            call_back_on=(NOW + 6 * DAY).date(),
            caller_id=self._pair.therapist_id,
            recorded_by_id=self._pair.therapist_id,
            recorded_at=NOW - 12 * DAY,
        )
        self._log("wait:begun", NOW - 12 * DAY, wait_id)

    def _add_note(
        self, kind: NoteKind, about_id: str, at: datetime, *, is_signed: bool = True
    ) -> str:
        at = min(at, NOW - HOUR)
        author_id = self._pair.therapist_id
        note_id = self._rows.add(
            Note,
            kind=kind,
            episode_id=self._id,
            ketamine_session_id=about_id if kind is NoteKind.INTENTION else None,
            integration_session_id=about_id if kind is NoteKind.INTEGRATION else None,
            author_id=author_id,
            by_prescriber=False,
            template_version=current_template(kind).version,
            body=_BODIES[kind] if is_signed else {},
            started_at=at,
            signed_at=at if is_signed else None,
            signed_text=_TEXTS[kind] if is_signed else None,
            content_hash=_HASHES[kind] if is_signed else None,
        )
        if is_signed:
            self._log("note:signed", at, note_id)
            return note_id
        for field, text in _BODIES[kind].items():
            self._rows.add(
                Draft,
                clinician_id=author_id,
                form=note_form(note_id),
                field=field,
                text=text,
                saved_at=at,
            )
        return note_id

    def _log(self, tag: str, at: datetime, subject_id: str | None = None) -> None:
        self._rows.add(
            AuditEvent,
            at=at,
            clinician_id=self._pair.therapist_id,
            tag=tag,
            client_id=self._client_id,
            subject_id=subject_id or self._id,
            changes={},
        )
