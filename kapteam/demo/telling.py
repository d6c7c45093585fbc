"""Telling the demo's story: each thing at its own time, by its own person, through the actions."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from kapteam import wording
from kapteam.actions.booking import (
    BookKetamineEntered,
    EndKetamineEntered,
    OrderedCountEntered,
    book_ketamine_session,
    set_ordered_count,
)
from kapteam.actions.clearance import ClearanceEntered, record_clearance
from kapteam.actions.clients import ClientEntered, PinnedLineEntered, create_client, pin_line
from kapteam.actions.commitments import CommitmentEntered, update_commitment
from kapteam.actions.consents import ConsentEntered, record_consent
from kapteam.actions.endings import SignOffEntered
from kapteam.actions.episodes import EpisodeEntered, MoveEntered, move_episode, open_episode
from kapteam.actions.integration import HoldIntegrationEntered, Owed, hold_integration
from kapteam.actions.ketamine_sessions import (
    AdministrationEntered,
    RecordEntered,
    record_ketamine_session,
)
from kapteam.actions.lookups import LookupEntered, record_lookup
from kapteam.actions.monitoring import (
    EventEntered,
    ResolvedEntered,
    VitalEntered,
    record_event,
    record_vital,
    resolve_event,
)
from kapteam.actions.notes import NoteEntered, save_draft, sign_note, start_note
from kapteam.actions.orders import DoseEntered, order_dose
from kapteam.actions.other_medicines import OtherMedicineEntered, record_other_medicine
from kapteam.actions.practice import the_practice
from kapteam.actions.readiness import AnswerEntered, answer_readiness
from kapteam.actions.series import SeriesReviewEntered, review_series
from kapteam.actions.session_record import (
    SignRecordEntered,
    SupportEntered,
    TouchEntered,
    as_it_is,
    record_support,
    sign_record,
)
from kapteam.actions.spravato import (
    EnrollmentEntered,
    MonitoringAnswersEntered,
    SubmissionEntered,
    answer_monitoring,
    record_enrollment,
    submit_monitoring,
)
from kapteam.actions.weights import WeightEntered, record_weight
from kapteam.db.engine import Session
from kapteam.db.signing import read_unsigned
from kapteam.db.tables import Client, Episode, IntegrationSession, KetamineSession, Series
from kapteam.demo.days import Days, half_hours
from kapteam.demo.diary import Diary
from kapteam.demo.evaluations import rests_on
from kapteam.demo.people import FRONT_DESK, Colleague, Person, demo_id
from kapteam.demo.words import SAID, Chapter, asked
from kapteam.queries.course import course
from kapteam.queries.standing import Asked
from kapteam.rules.commitments import lines_of
from kapteam.rules.monitoring_form import CURRENT
from kapteam.rules.pathway import required_consents
from kapteam.rules.permissions import Viewer
from kapteam.rules.plausibility import needs_weight
from kapteam.rules.series import usual_review_before
from kapteam.vocabulary import (
    AdministrationKind,
    AdverseEventKind,
    Answer,
    ClearanceDecision,
    CommitmentState,
    EpisodeState,
    EventSeverity,
    How,
    Indication,
    IntegrationKind,
    IntentionTouched,
    MedicineRoute,
    NoteKind,
    ProductRoute,
    ReadinessItem,
    RecordPart,
    ServiceLine,
    SubmittedHow,
    Support,
    TouchBegan,
)

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TALK = 60 * MINUTE
_TALKING_ROOM = "Room 5"


@dataclass(frozen=True, slots=True)
class Regimen:
    """How one product and route is given in the demo, in minutes from the planned start."""

    product_route: ProductRoute
    place: str
    minutes: int
    starts: tuple[int, ...]
    infusion: int = 0

    @property
    def length(self) -> timedelta:
        """From the planned start until the client is out."""
        return (self.minutes + 15) * MINUTE


INTRAMUSCULAR = Regimen(ProductRoute.INTRAMUSCULAR, "Room 1", 105, (20, 35))
SUBLINGUAL = Regimen(ProductRoute.SUBLINGUAL, "Room 3", 105, (15, 30))
INFUSION = Regimen(ProductRoute.INTRAVENOUS, "Room 2", 105, (20,), infusion=40)
SPRAVATO = Regimen(ProductRoute.ESKETAMINE_NASAL, "Room 4", 130, (10, 15, 20))


def note_id(integration_id: str) -> str:
    """The id of the note of an integration session."""
    return demo_id(f"{integration_id}/note")


class Telling:
    """Collects what happened, each thing with its time, then does it in that order.

    `team` gives each colleague as the one who acts. `given` are the times for which the doses of a
    course were planned that were given, as they are told.
    """

    def __init__(self, days: Days, team: Mapping[Colleague, Viewer]) -> None:
        self.days = days
        self._team = team
        self._steps: list[tuple[datetime, Callable[[Session], Any]]] = []
        self._clients = 0
        self.diary = Diary()
        self.given: defaultdict[str, list[datetime]] = defaultdict(list)

    def then(
        self,
        at: datetime,
        who: Colleague,
        action: Callable[..., Any],
        entered: Any,
    ) -> None:
        """At `at`, `who` does `action` with `entered`, a value or what makes it at that time."""
        viewer = self._team[who]

        def step(db: Session) -> None:
            action(db, viewer, entered(db) if callable(entered) else entered, at)

        self.also(at, step)

    def also(self, at: datetime, step: Callable[[Session], Any]) -> None:
        """Something that is no action with one form."""
        if at > self.days.now:
            raise ValueError(f"The demo would tell at {at} what has not happened yet.")
        self._steps.append((at, step))

    def viewer(self, who: Colleague) -> Viewer:
        """The colleague as the one who acts."""
        return self._team[who]

    def tell(self, db: Session) -> None:
        """Do everything that was collected, in the order of time."""
        for _, step in sorted(self._steps, key=lambda one: one[0]):
            step(db)

    def on(self, at: datetime) -> date:
        """The practice's date of `at`."""
        return at.astimezone(self.days.zone).date()

    def typed(self, at: datetime) -> str:
        """The time of day of `at` as a person types it."""
        return wording.clock_time(at.astimezone(self.days.zone).time())

    def becomes_client(self, at: datetime, person: Person) -> None:
        """The front desk makes a client."""
        self.then(at, FRONT_DESK, create_client, ClientEntered(**self.client_form(at, person)))

    def client_form(self, at: datetime, person: Person) -> dict[str, Any]:
        """The client's form as filled in at `at`."""
        self._clients += 1
        name, relation = person.emergency
        today = self.on(at)
        return {
            "id": person.id,
            "family_name": person.family_name,
            "given_name": person.given_name,
            "preferred_name": person.preferred_name,
            "pronouns": person.pronouns,
            "born_on": person.born_on,
            "phone": f"602-555-01{self._clients:02d}",
            "emergency_name": name,
            "emergency_relation": relation,
            "emergency_phone": f"480-555-01{self._clients:02d}" if name else "",
            "may_be_told": person.may_be_told,
            "voicemail_ok": person.voicemail_ok,
            "allergies": person.allergies or "",
            "allergies_asked_on": None if person.allergies is None else today,
            "medications": person.medications or "",
            "medications_asked_on": None if person.medications is None else today,
            "conditions": person.conditions or "",
            "conditions_asked_on": None if person.conditions is None else today,
            "usual_pressure": person.usual_pressure or "",
            "usual_pressure_asked_on": None if person.usual_pressure is None else today,
        }


class Course:
    """One course of care, told by what its people did; `again` sets apart one of the same line."""

    def __init__(
        self,
        telling: Telling,
        person: Person,
        *,
        prescriber: Colleague | None = None,
        therapist: Colleague | None = None,
        regimen: Regimen = INTRAMUSCULAR,
        line: ServiceLine = ServiceLine.KAP,
        again: str = "",
    ) -> None:
        self.telling, self.days = telling, telling.days
        self.person = person
        self.prescriber, self.therapist = prescriber, therapist
        self.regimen = regimen
        self.line = line
        self.id = demo_id(f"{person.id}/{line}{again}")
        self._clearance_id = ""
        self._agreed: tuple[str, int, datetime] | None = None

    @property
    def lead(self) -> Colleague:
        """Who runs the course: its therapist, else its prescriber."""
        found = self.therapist or self.prescriber
        assert found is not None
        return found

    def dose_ago(
        self, least: float, most: float, pick: int = 0, *, slot_ahead: bool = False
    ) -> datetime:
        """A time between `most` and `least` hours before now at which a dose fits.

        With `slot_ahead` its integration still fits after now.
        """
        soon = self.days.now + 15 * MINUTE

        def fits(at: datetime) -> bool:
            return self.fits_dose(at) and (
                not slot_ahead or any(map(self.fits_talk, half_hours(soon, at + 23 * HOUR)))
            )

        return self.days.ago(least, most, pick, free=fits, better=self._leaves_a_talk_by_day)

    def dose_ahead(self, least: float, most: float, pick: int = 0) -> datetime:
        """A time between `least` and `most` hours after now at which a dose fits."""
        better = self._leaves_a_talk_by_day
        return self.days.ahead(least, most, pick, free=self.fits_dose, better=better)

    def dose_near(self, at: datetime) -> datetime:
        """That time, or the nearest one at which a dose fits."""
        return self.days.near(at, self.fits_dose, self._leaves_a_talk_by_day)

    def talk_near(self, at: datetime) -> datetime:
        """That time, or the nearest one at which an integration fits."""
        return self.days.near(at, self.fits_talk)

    def talk(self, earliest: datetime, latest: datetime, pick: int = 0) -> datetime:
        """A time between the two at which an integration fits."""
        return self.days.between(earliest, latest, pick, free=self.fits_talk)

    def talk_after_dose(
        self, earliest: datetime, latest: datetime, least: float, pick: int = 0
    ) -> datetime:
        """A time for an integration with a dose that fits `least` to 23 hours before it."""

        def fits(at: datetime) -> bool:
            doses = half_hours(at - 23 * HOUR, at - least * HOUR)
            return self.fits_talk(at) and any(map(self.fits_dose, doses))

        return self.days.between(earliest, latest, pick, free=fits)

    def fits_dose(self, at: datetime) -> bool:
        """Whether the room and the therapist are free for a dose, and for its integration."""
        return self.telling.diary.is_free(at, self.regimen.length, self._for_dose) and (
            self.therapist is None
            or any(map(self.fits_talk, half_hours(at + 15 * HOUR, at + 24 * HOUR)))
        )

    def _leaves_a_talk_by_day(self, at: datetime) -> bool:
        """Whether the integration of a dose at `at` fits into the opening hours."""
        slots = filter(self.days.is_open, half_hours(at + 15 * HOUR, at + 24 * HOUR))
        return self.therapist is None or any(map(self.fits_talk, slots))

    def fits_talk(self, at: datetime) -> bool:
        """Whether the room and the therapist are free for an integration."""
        return self.telling.diary.is_free(at, TALK, self._for_talk)

    def takes_dose(self, at: datetime) -> None:
        """The room and the therapist are taken by a dose."""
        self.telling.diary.take(at, self.regimen.length, self._for_dose)

    def takes_talk(self, at: datetime) -> None:
        """The room and the therapist are taken by an integration."""
        self.telling.diary.take(at, TALK, self._for_talk)

    @property
    def _for_dose(self) -> tuple[str, ...]:
        return (self.regimen.place, *((self.therapist.name,) if self.therapist else ()))

    @property
    def _for_talk(self) -> tuple[str, ...]:
        return (_TALKING_ROOM, self.lead.name)

    def opens(self, at: datetime, indications: tuple[Indication, ...] = (), **more: str) -> None:
        """The course is opened, in assessment."""
        with_therapist = self.therapist is not None
        form = {"prescriber_elsewhere": "", "therapist_elsewhere": "", **more}
        self.telling.then(
            at,
            self.lead,
            open_episode,
            EpisodeEntered(
                id=self.id,
                client_id=self.person.id,
                service_line=self.line,
                indications=indications,
                prescriber_id=self.telling.viewer(self.prescriber).clinician_id
                if self.prescriber
                else None,
                therapist_id=self.telling.viewer(self.therapist).clinician_id
                if self.therapist
                else None,
                expects_intention=with_therapist,
                expects_integration=with_therapist,
                **{"substance": "", "happened": "", "circumstances": "", **form},
            ),
        )

    def moves(self, at: datetime, to: EpisodeState) -> None:
        """The course goes on to another state."""
        self.telling.then(
            at,
            self.lead,
            move_episode,
            lambda db: MoveEntered(self.id, db.get_one(Episode, self.id).version, to),
        )

    def is_cleared(
        self,
        at: datetime,
        ceiling: str,
        *,
        valid_days: int = 180,
        conditions: str = "",
        routes: tuple[ProductRoute, ...] = (),
        looks_up: bool = True,
        **found: Any,
    ) -> None:
        """The prescriber clears the client for ketamine; `found` are fields of the evaluation.

        Looks them up in the prescription database as well, unless told not to.
        """
        assert self.prescriber is not None
        decision = ClearanceDecision.CLEARED
        if conditions:
            decision = ClearanceDecision.CLEARED_WITH_CONDITIONS
        follows_id, self._clearance_id = self._clearance_id, demo_id(f"{self.id}/clearance/{at}")
        self.telling.then(
            at,
            self.prescriber,
            record_clearance,
            ClearanceEntered(
                id=self._clearance_id,
                episode_id=self.id,
                decision=decision,
                routes=routes or (self.regimen.product_route,),
                ceiling=ceiling,
                conditions=conditions,
                valid_until_on=self.telling.on(at) + timedelta(days=valid_days),
                in_person_on=self.telling.on(at),
                follows_id=follows_id,
                **found,
            ),
        )
        if looks_up:
            self.is_looked_up(at)

    def is_looked_up(self, at: datetime) -> None:
        """The prescriber looks the client up in the prescription database."""
        assert self.prescriber is not None
        self.telling.then(
            at,
            self.prescriber,
            record_lookup,
            LookupEntered(demo_id(f"{self.id}/lookup/{at}"), self.id, self.telling.on(at)),
        )

    def consents(self, at: datetime, *, expires_on: date | None = None, missing: int = 0) -> None:
        """The consents that dosing needs are signed, all but the last `missing`."""
        needed = required_consents(
            (self.regimen.product_route,), with_therapy=self.therapist is not None
        )
        for place, consent in enumerate(needed[: len(needed) - missing]):
            self.telling.then(
                at,
                FRONT_DESK,
                record_consent,
                ConsentEntered(
                    id=demo_id(f"{self.id}/consent/{consent}"),
                    episode_id=self.id,
                    type=consent,
                    form_version="2025-09",
                    signed_on=self.telling.on(at),
                    expires_on=(expires_on if place == 0 else None)
                    or self.telling.on(at) + timedelta(days=365),
                ),
            )

    def begins(
        self,
        first: datetime,
        indications: tuple[Indication, ...],
        ceiling: str,
        *,
        valid_days: int = 180,
        conditions: str = "",
        consent_ends_on: date | None = None,
    ) -> None:
        """Everything from the first contact to the series; `first` is its first planned dose."""
        days = self.days
        self.telling.becomes_client(days.earlier(first, 27, 10, 20), self.person)
        self.opens(days.earlier(first, 24, 11), indications)
        self.moves(days.earlier(first, 21, 15, 30), EpisodeState.PREPARATION)
        self.is_cleared(
            days.earlier(first, 19, 14, 10),
            ceiling,
            valid_days=valid_days,
            conditions=conditions,
            **rests_on(indications),
        )
        self.consents(days.earlier(first, 16, 9, 40), expires_on=consent_ends_on)
        self.moves(days.earlier(first, 10, 16), EpisodeState.SERIES)
        self.pins(days.earlier(first, 9, 12, 15))

    def is_enrolled(self, at: datetime, number: str) -> None:
        """The client is enrolled in the Spravato REMS."""
        assert self.prescriber is not None
        self.telling.then(
            at,
            self.prescriber,
            record_enrollment,
            EnrollmentEntered(
                id=demo_id(f"{self.id}/enrollment"),
                episode_id=self.id,
                enrolled_on=self.telling.on(at),
                number=number,
            ),
        )

    def pins(self, at: datetime) -> None:
        """The pinned line is set, where there is one."""
        line = self.person.pinned_line
        if not line:
            return
        self.telling.then(
            at,
            self.lead,
            pin_line,
            lambda db: PinnedLineEntered(
                self.person.id, db.get_one(Client, self.person.id).version, line
            ),
        )

    def writes_integration(
        self,
        integration_id: str,
        chapter: Chapter,
        at: datetime,
        place: int,
        *,
        signed: bool = True,
    ) -> None:
        """The therapist writes an integration note, and signs it unless told not to.

        `place` varies what is written about safety.
        """
        body = {"recap": chapter.recap}
        if signed:
            self._settles_what_was_agreed(at)
            self._agreed = note_id(integration_id), len(lines_of(chapter.actions)), at
            body |= {
                "safety": asked(place),
                "revisited": chapter.revisited,
                "actions": chapter.actions,
                **chapter.after,
            }
        form = NoteEntered(
            id=note_id(integration_id),
            kind=NoteKind.INTEGRATION,
            episode_id=self.id,
            integration_session_id=integration_id,
        )
        self.writes(form, body, at, signed=signed)

    def _settles_what_was_agreed(self, at: datetime) -> None:
        """What became of the actions of the integration before, said while the next is written."""
        if self._agreed is None:
            return
        of_note, how_many, signed_at = self._agreed
        # Late in the day two notes may be told as signed within the same minute.
        for line in range(how_many) if signed_at < at - MINUTE else ():
            form_id = demo_id(f"{of_note}/{line}")
            state = CommitmentState.PARTLY if line else CommitmentState.DONE
            words = "Began it; goes on with it" if line else ""
            said = CommitmentEntered(form_id, of_note, line, state, words)
            self.telling.then(at - MINUTE, self.lead, update_commitment, said)

    def is_noted(
        self,
        kind: NoteKind,
        at: datetime,
        body: Mapping[str, str],
        *,
        by: Colleague | None = None,
        signed: bool = True,
    ) -> str:
        """A note about the course: of its lead unless `by` another; returns the note's id."""
        form = NoteEntered(id=demo_id(f"{self.id}/{kind}/{at}"), kind=kind, episode_id=self.id)
        self.writes(form, body, at, by=by, signed=signed)
        return form.id

    def writes(
        self,
        form: NoteEntered,
        body: Mapping[str, str],
        at: datetime,
        *,
        by: Colleague | None = None,
        signed: bool,
    ) -> None:
        """The course's lead, or `by` another, starts a note, writes it, and may sign it at `at`."""
        author = by or self.lead
        telling, viewer = self.telling, self.telling.viewer(author)
        telling.then(at - 12 * MINUTE, author, start_note, form)

        def write(db: Session) -> None:
            for field, text in body.items():
                save_draft(db, viewer, form.id, field, text, 0, at)
            if signed:
                seen = read_unsigned(db, form.id, self.days.zone).digest
                sign_note(db, viewer, form.id, seen, at)

        telling.also(at, write)

    def signs_off(self, db: Session, at: datetime) -> SignOffEntered:
        """The sign-off that the end of this course still waits for."""
        asked_of = Asked(self.telling.viewer(self.lead), the_practice(db, at), at)
        ending = course(db, asked_of, self.id).ending
        assert ending is not None
        [waiting] = [one.id for one in ending.sign_offs if one.signed_at is None]
        return SignOffEntered(waiting)

    def owes(self, db: Session, integration_id: str, due_on: date, at: datetime) -> Owed:
        """An integration of this course's experience elsewhere, due on a day set by hand."""
        asked_of = Asked(self.telling.viewer(self.lead), the_practice(db, at), at)
        [experience] = course(db, asked_of, self.id).experiences
        return Owed(integration_id, 0, self.id, outside_experience_id=experience.id, due_on=due_on)


class Dose:
    """One ketamine session of a course, with its integration session."""

    def __init__(self, course: Course, number: int, planned_at: datetime) -> None:
        self.course, self.telling, self.days = course, course.telling, course.days
        self.number = number
        self.planned_at = planned_at
        self.id = demo_id(f"{course.id}/ketamine/{number}")
        self.integration_id = demo_id(f"{course.id}/integration/{number}")
        self.slot: datetime | None = None
        self.booked_at = min(
            course.days.earlier(planned_at, 6, 11, 5 * (number % 6)),
            course.days.at(-1, 10, 5 * (number % 6)),
        )

    @property
    def eve(self) -> datetime:
        """The afternoon before, when intentions are written."""
        return min(
            self.days.earlier(self.planned_at, 1, 15, 40), self.days.at(-1, 15, 5 * self.number)
        )

    @cached_property
    def next_day(self) -> datetime:
        """A slot for the integration inside its window."""
        return self.course.talk(
            self.planned_at + 15 * HOUR, self.planned_at + 24 * HOUR, self.number
        )

    @property
    def given_at(self) -> tuple[datetime, ...]:
        """When each part was given, as far as `now` allows."""
        regimen = self.course.regimen
        elapsed = (self.days.now - self.planned_at) / MINUTE
        squeeze = min(1.0, max(0.0, elapsed) / (regimen.starts[-1] + regimen.infusion + 5))
        return tuple((self.planned_at + int(start * squeeze) * MINUTE) for start in regimen.starts)

    @property
    def last_given_at(self) -> datetime:
        """When the integration clock starts, if nothing was added."""
        return self.given_at[0] + self.course.regimen.infusion * MINUTE

    def is_booked(
        self,
        mg: str = "",
        may_add: str = "",
        *,
        add_after: tuple[str, str] = ("", ""),
        by: Colleague = FRONT_DESK,
        proposed: str = "",
        ordered_count: int = 6,
        slot: datetime | None = None,
        how: How = How.IN_PERSON,
        no_slot: str = "",
        people: str = "",
        at_home: str = "",
        ride: bool = True,
    ) -> "Dose":
        """The session is booked with its integration slot, its dose ordered, the ride home found.

        The prescriber orders while booking, or after somebody else booked; `add_after` are the
        minutes between which something may be added. `at_home` is the address where the client
        takes it there.
        """
        course, telling = self.course, self.telling
        at_once = by is course.prescriber
        self.slot = slot
        course.takes_dose(self.planned_at)
        if slot:
            course.takes_talk(slot)
        planned = self.planned_at.replace(second=0, microsecond=0)
        telling.then(
            self.booked_at,
            by,
            book_ketamine_session,
            BookKetamineEntered(
                id=self.id,
                episode_id=course.id,
                product_route=course.regimen.product_route,
                planned_on=telling.on(planned),
                planned_time=telling.typed(planned),
                planned_minutes=course.regimen.minutes,
                place=at_home or course.regimen.place,
                people_present=people,
                at_home=bool(at_home),
                local_emergency="911" if at_home else "",
                ordered_count=ordered_count if at_once else None,
                review_before=usual_review_before(course.regimen.product_route, ordered_count)
                if at_once
                else None,
                mg=mg if at_once else proposed,
                may_add=may_add if at_once else "",
                may_add_from=add_after[0] if at_once else "",
                may_add_to=add_after[1] if at_once else "",
                integration_id=self.integration_id,
                integration_on=telling.on(slot) if slot else None,
                integration_time=telling.typed(slot) if slot else "",
                integration_minutes=60,
                integration_how=how,
                integration_place="" if how is How.VIDEO else _TALKING_ROOM,
                integration_therapist=telling.viewer(course.therapist).clinician_id
                if course.therapist
                else None,
                no_integration_reason="" if slot else no_slot,
            ),
        )
        if planned != self.planned_at:
            telling.also(self.booked_at, self._put_on_last_instant)
        if mg and not at_once:
            self._number_is_ordered(ordered_count)
            self.is_ordered(mg, may_add, add_after)
        if ride and not at_home:
            name, relation = course.person.emergency
            who = f"{name}, {relation}" if name else "A neighbor, Pat, 602-555-0188"
            self.is_answered(ReadinessItem.RIDE, Answer.FINE, who, by=FRONT_DESK)
        return self

    def is_answered(
        self,
        item: ReadinessItem,
        answer: Answer,
        words: str,
        *,
        by: Colleague,
        at: datetime | None = None,
    ) -> None:
        """Something is asked before the session, within an hour of the booking or at `at`."""
        self.telling.then(
            at or self.booked_at + 55 * MINUTE,
            by,
            answer_readiness,
            AnswerEntered(
                id=demo_id(f"{self.id}/answer/{item.value}"),
                ketamine_session_id=self.id,
                item=item,
                answer=answer,
                words=words,
                replaces="",
            ),
        )

    def _number_is_ordered(self, count: int) -> None:
        """The prescriber orders how many sessions the series has, where somebody else began it."""
        assert self.course.prescriber is not None
        prescriber, at = self.telling.viewer(self.course.prescriber), self.booked_at + 45 * MINUTE

        def order(db: Session) -> None:
            series = db.get_one(Series, db.get_one(KetamineSession, self.id).series_id)
            if series.ordered_count is None:
                entered = OrderedCountEntered(series.id, series.version, count)
                set_ordered_count(db, prescriber, entered, at)

        self.telling.also(at, order)

    def is_reviewed(self, at: datetime, text: str) -> None:
        """The pair looks back at the series so far; the therapist writes it down."""
        assert self.course.therapist is not None
        self.telling.then(
            at,
            self.course.therapist,
            review_series,
            lambda db: SeriesReviewEntered(
                demo_id(f"{self.id}/review"), db.get_one(KetamineSession, self.id).series_id, text
            ),
        )

    def is_ordered(self, mg: str, may_add: str = "", add_after: tuple[str, str] = ("", "")) -> None:
        """The prescriber orders the dose, a little after the booking."""
        assert self.course.prescriber is not None
        self.telling.then(
            self.booked_at + 50 * MINUTE,
            self.course.prescriber,
            order_dose,
            lambda db: DoseEntered(
                self.id,
                self._version(db),
                mg,
                may_add,
                may_add_from=add_after[0],
                may_add_to=add_after[1],
            ),
        )

    def is_given(
        self,
        mg: str,
        booster: str = "",
        *,
        close: bool = True,
        stopped: str = "",
        reason: str = "",
        lot: str = "",
        signed: tuple[RecordPart, ...] = tuple(RecordPart),
    ) -> "Dose":
        """The session takes place and is recorded; it is closed where `now` leaves the time.

        Then its parts are signed. `reason` says why it was given beyond what was allowed.
        """
        telling, regimen = self.telling, self.course.regimen
        telling.given[self.course.id].append(self.planned_at)
        assert self.course.prescriber is not None
        arrived = self.planned_at - 10 * MINUTE
        out = self.planned_at + regimen.length
        parts = [(mg, AdministrationKind.DOSE)]
        if regimen is SPRAVATO:
            parts = [("28", AdministrationKind.DEVICE)] * (int(mg) // 28)
        elif booster:
            parts.append((booster, AdministrationKind.BOOSTER))
        given = []
        for place, ((part, kind), started) in enumerate(zip(parts, self.given_at, strict=False)):
            ended = started + regimen.infusion * MINUTE if regimen.infusion else None
            given.append(
                AdministrationEntered(
                    id=demo_id(f"{self.id}/given/{place}"),
                    kind=kind,
                    mg=part,
                    started_on=telling.on(started),
                    started_time=telling.typed(started),
                    ended_on=telling.on(ended) if ended else None,
                    ended_time=telling.typed(ended) if ended else "",
                    reason=reason,
                    lot=lot,
                )
            )
        if needs_weight(regimen.product_route):
            telling.then(
                arrived,
                self.course.prescriber,
                record_weight,
                WeightEntered(
                    id=demo_id(f"{self.id}/weight"),
                    client_id=self.course.person.id,
                    weight=f"{self.course.person.kg} kg",
                    measured_on=telling.on(arrived),
                    is_sure=False,
                ),
            )
        closes = close and out <= self.days.now
        stop = self.planned_at + 55 * MINUTE
        telling.then(
            out if closes else self.given_at[len(parts) - 1] + regimen.infusion * MINUTE,
            self.course.prescriber,
            record_ketamine_session,
            lambda db: RecordEntered(
                ketamine_session_id=self.id,
                version=self._version(db),
                administrations=tuple(given),
                arrived_on=telling.on(arrived),
                arrived_time=telling.typed(arrived),
                stopped_on=telling.on(stop) if stopped else None,
                stopped_time=telling.typed(stop) if stopped else "",
                stop_reason=stopped,
                discharged_on=telling.on(out) if closes else None,
                discharged_time=telling.typed(out) if closes else "",
                close=closes,
                no_integration_reason="Will be booked by phone."
                if closes and not self.slot
                else "",
            ),
        )
        if closes and RecordPart.MEDICAL in signed:
            self._is_signed(out + 10 * MINUTE, self.course.prescriber, RecordPart.MEDICAL)
        if closes and self.course.therapist and RecordPart.SUPPORT in signed:
            self._has_support(out + 15 * MINUTE, self.course.therapist)
            self._is_signed(out + 25 * MINUTE, self.course.therapist, RecordPart.SUPPORT)
        return self

    def is_watched(self, readings: Mapping[int, tuple[str, str, str]]) -> "Dose":
        """Blood pressure, heart rate and oxygen by the minutes from the dose, as far as now is."""
        for minutes, (pressure, heart_rate, oxygen) in readings.items():
            at = self.given_at[0] + minutes * MINUTE
            if at > self.telling.days.now:
                break
            assert self.course.prescriber is not None
            self.telling.then(
                at,
                self.course.prescriber,
                record_vital,
                VitalEntered(
                    id=demo_id(f"{self.id}/read/{minutes}"),
                    ketamine_session_id=self.id,
                    pressure=pressure,
                    heart_rate=heart_rate,
                    oxygen=oxygen,
                    breaths="",
                    words="",
                ),
            )
        return self

    def form_is_answered(self) -> "Dose":
        """The prescriber answers what the monitoring form asks once the client is out."""
        assert self.course.prescriber is not None
        self.telling.then(
            self.planned_at + self.course.regimen.length + 5 * MINUTE,
            self.course.prescriber,
            answer_monitoring,
            MonitoringAnswersEntered(
                id=demo_id(f"{self.id}/answers"),
                ketamine_session_id=self.id,
                medicines=dict.fromkeys(CURRENT.medicines, False),
                before_is_acceptable=True,
                leaving_is_acceptable=True,
                ready_minutes="95",
                looked_for_events=True,
                replaces="",
            ),
        )
        return self

    def form_goes_out(self) -> None:
        """The form is answered, and submitted the day after."""
        assert self.course.prescriber is not None
        at = self.form_is_answered().planned_at + DAY
        self.telling.then(
            at,
            self.course.prescriber,
            submit_monitoring,
            SubmissionEntered(
                id=demo_id(f"{self.id}/submission"),
                ketamine_session_id=self.id,
                submitted_on=self.telling.on(at),
                how=SubmittedHow.ONLINE,
            ),
        )

    def has_event(
        self, minutes: int, lasts: int, kind: AdverseEventKind, severity: EventSeverity, done: str
    ) -> "Dose":
        """Something befalls the client so long after the dose, and is over where now allows."""
        onset_at, now = self.given_at[0] + minutes * MINUTE, self.telling.days.now
        event_id = demo_id(f"{self.id}/event/{minutes}")
        assert self.course.prescriber is not None
        if onset_at > now:
            return self
        self.telling.then(
            onset_at,
            self.course.prescriber,
            record_event,
            EventEntered(
                id=event_id,
                ketamine_session_id=self.id,
                what=kind.value,
                severity=severity,
                is_serious=False,
                words="",
                done=done,
            ),
        )
        if onset_at + lasts * MINUTE <= now:
            self.telling.then(
                onset_at + lasts * MINUTE,
                self.course.prescriber,
                resolve_event,
                ResolvedEntered(event_id),
            )
        return self

    def _has_support(self, at: datetime, therapist: Colleague) -> None:
        """The therapist records what helped, where `at` has come."""
        if at > self.days.now:
            return
        touched = self.telling.typed(self.given_at[0] + 25 * MINUTE)
        hand = TouchEntered("Hand held", TouchBegan.ASKED_FOR, "Asked for it, let go", touched)
        helped = (Support.PRESENCE, (Support.BREATH, Support.MUSIC, Support.HAND)[self.number % 3])
        self.telling.then(
            at,
            therapist,
            record_support,
            SupportEntered(
                id=demo_id(f"{self.id}/support"),
                ketamine_session_id=self.id,
                replaces="",
                given=helped,
                words=SAID[self.number % len(SAID)],
                touched=list(IntentionTouched)[self.number % 2],
                touches=(hand,) if Support.HAND in helped else (),
            ),
        )

    def _is_signed(self, at: datetime, who: Colleague, part: RecordPart) -> None:
        """A part of the record is signed, where `at` has come."""
        if at <= self.days.now:
            self.telling.then(
                at,
                who,
                sign_record,
                lambda db: SignRecordEntered(self.id, {part: as_it_is(db, self.id, part)}),
            )

    def has_other_medicine(
        self,
        at: datetime,
        name: str,
        dose: str,
        route: MedicineRoute,
        reason: str,
        *,
        recorded_after: timedelta = 5 * MINUTE,
    ) -> None:
        """The prescriber gives something else, and records it a little later."""
        assert self.course.prescriber is not None
        self.telling.then(
            at + recorded_after,
            self.course.prescriber,
            record_other_medicine,
            OtherMedicineEntered(
                id=demo_id(f"{self.id}/{name}"),
                ketamine_session_id=self.id,
                name=name,
                dose=dose,
                route=route,
                given_on=self.telling.on(at),
                given_time=self.telling.typed(at),
                reason=reason,
            ),
        )

    def ends(self, at: datetime, who: Colleague, action: Callable[..., Any], reason: str) -> None:
        """The session is cancelled, was missed or was not given."""
        self.telling.then(
            at,
            who,
            action,
            lambda db: EndKetamineEntered(self.id, self._version(db), reason),
        )

    def has_intention(
        self, chapter: Chapter, at: datetime, *, signed: bool = True, passive: bool = False
    ) -> "Dose":
        """The therapist writes the intention, and signs it unless told not to."""
        body = {
            "intention": chapter.intention,
            "coping": chapter.coping,
        }
        if signed:
            safety = asked(self.number, passive=passive)
            body |= {"safety": safety, "ready": "Ready", **chapter.before}
        form = NoteEntered(
            id=demo_id(f"{self.id}/intention"),
            kind=NoteKind.INTENTION,
            episode_id=self.course.id,
            ketamine_session_id=self.id,
        )
        self.course.writes(form, body, at, signed=signed)
        return self

    def owed(self, db: Session) -> Owed:
        """What is owed for this session: the booked slot where there is one."""
        row = db.get(IntegrationSession, self.integration_id)
        return Owed(self.integration_id, row.version if row else 0, self.course.id, (self.id,))

    def is_integrated(
        self,
        held_at: datetime,
        chapter: Chapter | None,
        *,
        how: How = How.IN_PERSON,
        signed_after: timedelta = 75 * MINUTE,
    ) -> "Dose":
        """The integration is held; its note is signed after a while, or not with no chapter."""
        telling = self.telling
        if held_at != self.slot:
            self.course.takes_talk(held_at)
        ended = held_at + 50 * MINUTE
        telling.then(
            ended,
            self.course.lead,
            hold_integration,
            lambda db: HoldIntegrationEntered(
                owed=self.owed(db),
                held_on=telling.on(held_at),
                held_time=telling.typed(held_at),
                ended_on=telling.on(ended),
                ended_time=telling.typed(ended),
                how=how,
                kind=IntegrationKind.FULL,
            ),
        )
        if chapter is not None:
            self.has_integration_note(chapter, held_at + signed_after)
        return self

    def has_integration_note(self, chapter: Chapter, at: datetime, *, signed: bool = True) -> None:
        """The therapist writes the note of the integration, and signs it unless told not to."""
        self.course.writes_integration(
            self.integration_id, chapter, at, self.number + 1, signed=signed
        )

    def _put_on_last_instant(self, db: Session) -> None:
        # Nobody can type this time: in the last minute of a day nothing else is still ahead.
        db.get_one(KetamineSession, self.id).planned_at = self.planned_at

    def _version(self, db: Session) -> int:
        return db.get_one(KetamineSession, self.id).version
