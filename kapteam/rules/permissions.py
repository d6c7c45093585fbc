"""Who may do what (product.md, "Who may do what").

`check_can_x` raises NotAllowed with the sentence a person reads; `can_x` is its boolean twin.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from kapteam.errors import NotAllowed
from kapteam.rules.concerns import owned_by
from kapteam.vocabulary import Audience, Function, HoldReason, NoteKind, Part, RecordPart

_CARE = frozenset({Function.PRESCRIBER, Function.THERAPIST})
_CLINICAL = _CARE | {Function.NURSE}
_ANYONE = frozenset(Function)


@dataclass(frozen=True, slots=True)
class Covering:
    """A colleague who is away until an instant and whom the viewer covers until then."""

    clinician_id: str
    name: str
    until_at: datetime


@dataclass(frozen=True, slots=True)
class Away:
    """Days away of the viewer: ahead, begun, or over for less than a week; who covers, by name."""

    id: str
    from_at: datetime
    until_at: datetime
    cover: str


@dataclass(frozen=True, slots=True)
class Emergency:
    """A client whom the viewer has opened in an emergency, and until when."""

    id: str
    client_id: str
    code: str
    until_at: datetime


@dataclass(frozen=True, slots=True)
class Beside:
    """A colleague who is at the same screen and does not act there.

    `treats`: they do more in the practice than its front desk.
    """

    clinician_id: str
    name: str
    treats: bool = True


@dataclass(frozen=True, slots=True)
class Viewer:
    """The person acting at a signed-in browser, read from the database for every run.

    Everything that may be seen and done follows from this one person: who is `beside` them adds
    nothing to it. `presence_id` is of this person's stay at the browser.
    `sees_everyone`: the whole caseload is open to this person, by a practice setting or because the
    front desk sees all clients (without notes).
    `typed_by_others` is another number whenever a colleague typed words in the case review that
    both are in, and tells nothing but that.
    """

    sign_in_id: str
    clinician_id: str
    name: str
    functions: frozenset[Function]
    is_administrator: bool
    audience: Audience
    sees_everyone: bool
    covers: tuple[Covering, ...] = ()
    emergencies: tuple[Emergency, ...] = ()
    away: tuple[Away, ...] = ()
    presence_id: str = ""
    beside: Beside | None = None
    typed_by_others: int = 0

    def stands_for(self, clinician_id: str | None) -> bool:
        """Whether a clinician's work is this person's: one's own, or a colleague's one covers."""
        return clinician_id == self.clinician_id or any(
            clinician_id == one.clinician_id for one in self.covers
        )

    @property
    def is_prescriber(self) -> bool:
        """Whether this person decides type, route and dose."""
        return Function.PRESCRIBER in self.functions

    @property
    def is_therapist(self) -> bool:
        """Whether this person sets intentions and integrates."""
        return Function.THERAPIST in self.functions

    @property
    def reads_notes(self) -> bool:
        """Whether note text is shown at all; to the front desk it is not."""
        return bool(self.functions & _CLINICAL)

    @property
    def room(self) -> str:
        """One word for who can see this screen and who is at it, which a drawn page depends on."""
        return room_of(self.audience, self.beside)

    @property
    def hides_names(self) -> bool:
        """Whether others can see this screen: initials and codes stand for the clients."""
        return self.audience is Audience.OTHERS


def room_of(audience: Audience, beside: Beside | None) -> str:
    """`both_of_us/<id of the colleague beside>`; without one the audience alone."""
    return f"{audience}/{beside.clinician_id}" if beside else str(audience)


def _allowed(check: Callable[[Viewer], None], viewer: Viewer) -> bool:
    try:
        check(viewer)
    except NotAllowed:
        return False
    return True


def _need(viewer: Viewer, functions: frozenset[Function], sentence: str) -> None:
    if not viewer.functions & functions:
        raise NotAllowed(sentence)


def check_can_order_dose(viewer: Viewer) -> None:
    """Rule 15: product, route, dose and what may be added are the prescriber's."""
    _need(viewer, frozenset({Function.PRESCRIBER}), "Only a prescriber can order a dose.")


def can_order_dose(viewer: Viewer) -> bool:
    """Twin of `check_can_order_dose`."""
    return _allowed(check_can_order_dose, viewer)


def check_can_propose_dose(viewer: Viewer) -> None:
    """A therapist may propose a dose; it is not an order."""
    _need(viewer, frozenset({Function.THERAPIST}), "Only a therapist proposes a dose.")


def can_propose_dose(viewer: Viewer) -> bool:
    """Twin of `check_can_propose_dose`."""
    return _allowed(check_can_propose_dose, viewer)


def check_can_clear(viewer: Viewer) -> None:
    """Rule 15: medical clearance is the prescriber's."""
    _need(viewer, frozenset({Function.PRESCRIBER}), "Only a prescriber can record a clearance.")


def can_clear(viewer: Viewer) -> bool:
    """Twin of `check_can_clear`."""
    return _allowed(check_can_clear, viewer)


def check_can_release_hold(viewer: Viewer, *, medical: bool) -> None:
    """Rule 15: a medical hold is released by a prescriber; another one by whoever runs courses."""
    if medical:
        _need(
            viewer,
            frozenset({Function.PRESCRIBER}),
            "This is a medical hold; only a prescriber can release it.",
        )
    else:
        check_can_run_episode(viewer)


def can_release_hold(viewer: Viewer, *, medical: bool) -> bool:
    """Twin of `check_can_release_hold`."""
    return _allowed(lambda one: check_can_release_hold(one, medical=medical), viewer)


def hold_reason_for(viewer: Viewer, reason: HoldReason) -> HoldReason:
    """Why a course is on hold, as far as this person may know.

    Who reads no notes is not told a medical reason, a concern for instance; what they get instead
    is said without a reason.
    """
    is_told = viewer.reads_notes or not reason.is_medical
    return reason if is_told else HoldReason.OTHER


def check_can_run_episode(viewer: Viewer) -> None:
    """Open, move, hold and close a course of care."""
    _need(viewer, _CARE, "Only a prescriber or a therapist can open, move, hold or close a course.")


def can_run_episode(viewer: Viewer) -> bool:
    """Twin of `check_can_run_episode`."""
    return _allowed(check_can_run_episode, viewer)


def check_can_review_series(viewer: Viewer) -> None:
    """Record that those who treat looked back at a series: either of the two."""
    _need(viewer, _CARE, "Only a prescriber or a therapist can record the review of a series.")


def can_review_series(viewer: Viewer) -> bool:
    """Twin of `check_can_review_series`."""
    return _allowed(check_can_review_series, viewer)


def check_can_review_cases(viewer: Viewer) -> None:
    """Hold a case review, decide in it and set what is to discuss there: either of the two."""
    _need(viewer, _CARE, "A case review is held by those who treat: prescribers and therapists.")


def can_review_cases(viewer: Viewer) -> bool:
    """Twin of `check_can_review_cases`."""
    return _allowed(check_can_review_cases, viewer)


def check_can_take_names(viewer: Viewer) -> None:
    """Rule 65: what leaves kapteam is by code, unless somebody says what the names are for.

    While others can see the screen it is by code whatever is said.
    """
    if viewer.hides_names:
        raise NotAllowed("Names stay hidden while others can see this screen.")


def can_take_names(viewer: Viewer) -> bool:
    """Twin of `check_can_take_names`."""
    return _allowed(check_can_take_names, viewer)


def check_can_book(viewer: Viewer) -> None:
    """Book, move and cancel; inquiries, clients and consents: everyone with a function."""
    _need(viewer, _ANYONE, "Your sign-in has no function yet. Ask an administrator.")


def can_book(viewer: Viewer) -> bool:
    """Twin of `check_can_book`."""
    return _allowed(check_can_book, viewer)


def check_can_enter_names(viewer: Viewer) -> None:
    """Names, birth dates and phones are entered: not while others can see them."""
    check_can_book(viewer)
    if viewer.hides_names:
        raise NotAllowed(
            "This page is made of names and phone numbers, and others can see this screen. Say at "
            "the top of the page that it is just you, and it opens."
        )


def check_can_pin(viewer: Viewer) -> None:
    """The one pinned line of a client, which both who treat may change."""
    _need(viewer, _CARE, "Only a prescriber or a therapist can change the pinned line.")


def can_pin(viewer: Viewer) -> bool:
    """Twin of `check_can_pin`."""
    return _allowed(check_can_pin, viewer)


def check_can_record_session(viewer: Viewer) -> None:
    """Record what was given, start, stop, discharge, missed."""
    _need(
        viewer,
        _CLINICAL,
        "Only a prescriber, a therapist or a nurse can record a ketamine session.",
    )


def can_record_session(viewer: Viewer) -> bool:
    """Twin of `check_can_record_session`."""
    return _allowed(check_can_record_session, viewer)


def check_can_strike_dose(viewer: Viewer, recorded_by_id: str, recorded_by: str) -> None:
    """Correct a dose or mark it as entered in error: who recorded it, and any prescriber.

    `recorded_by` is that person's name.
    """
    check_can_record_session(viewer)
    if not viewer.is_prescriber and viewer.clinician_id != recorded_by_id:
        raise NotAllowed(
            f"{recorded_by} recorded this dose. Ask {recorded_by} or a prescriber to correct it or "
            "to mark it as entered in error."
        )


def check_can_enter_score(viewer: Viewer) -> None:
    """Enter what an outcome measure came to: everyone with a function, the front desk as well."""
    _need(viewer, _ANYONE, "Your sign-in has no function yet. Ask an administrator.")


def can_enter_score(viewer: Viewer) -> bool:
    """Twin of `check_can_enter_score`."""
    return _allowed(check_can_enter_score, viewer)


def check_can_read_scores(viewer: Viewer) -> None:
    """Totals, answers and what became of somebody; the front desk knows only that a form is there.

    A total says how somebody is, as a note does (decision 57).
    """
    _need(viewer, _CLINICAL, "What a measure came to is not shown to the front desk.")


def can_read_scores(viewer: Viewer) -> bool:
    """Twin of `check_can_read_scores`."""
    return _allowed(check_can_read_scores, viewer)


def check_can_void_score(viewer: Viewer, recorded_by_id: str) -> None:
    """Mark a score as entered in error: who reads it, and the front desk what it entered itself."""
    if viewer.clinician_id != recorded_by_id:
        _need(viewer, _CLINICAL, "The front desk can correct only what it entered itself.")


def can_void_score(viewer: Viewer, recorded_by_id: str) -> bool:
    """Twin of `check_can_void_score`."""
    return _allowed(lambda one: check_can_void_score(one, recorded_by_id), viewer)


def check_can_record_lookup(viewer: Viewer) -> None:
    """Record that the prescription database was looked up: whoever may look into it."""
    _need(
        viewer,
        frozenset({Function.PRESCRIBER, Function.NURSE}),
        "Only a prescriber or a nurse can record a look-up.",
    )


def can_record_lookup(viewer: Viewer) -> bool:
    """Twin of `check_can_record_lookup`."""
    return _allowed(check_can_record_lookup, viewer)


def check_can_quiet_alert(viewer: Viewer, part: Part | None) -> None:
    """Let an alert rest: it is whose part it is, and a prescriber's (domain 5, S2, S3, D11).

    What is of both who treat (no `part`) either of them quiets.
    """
    if part is Part.PRESCRIBER:
        _need(viewer, frozenset({Function.PRESCRIBER}), "Only a prescriber can quiet this alert.")
    else:
        _need(viewer, _CARE, "Only a therapist or a prescriber can quiet this alert.")


def can_quiet_alert(viewer: Viewer, part: Part | None) -> bool:
    """Twin of `check_can_quiet_alert`."""
    return _allowed(lambda who: check_can_quiet_alert(who, part), viewer)


def check_can_answer_monitoring(viewer: Viewer) -> None:
    """Answer what the monitoring form of Spravato asks a prescriber to judge."""
    _need(
        viewer,
        frozenset({Function.PRESCRIBER}),
        "Only a prescriber can answer these questions of the monitoring form.",
    )


def can_answer_monitoring(viewer: Viewer) -> bool:
    """Twin of `check_can_answer_monitoring`."""
    return _allowed(check_can_answer_monitoring, viewer)


def only_witnesses(viewer: Viewer) -> bool:
    """Whether what this person records was taken before their eyes: a therapist gives no medicine.

    It stands with the record, because what somebody does in the practice may change.
    """
    return not viewer.functions & {Function.PRESCRIBER, Function.NURSE}


def check_can_sign_record(viewer: Viewer, part: RecordPart) -> None:
    """Sign a finished session: a prescriber or nurse its medical part, a therapist the support."""
    if part is RecordPart.MEDICAL:
        _need(
            viewer,
            frozenset({Function.PRESCRIBER, Function.NURSE}),
            "Only a prescriber or a nurse can sign the medical part.",
        )
    else:
        _need(
            viewer,
            frozenset({Function.THERAPIST}),
            "Only a therapist can sign the support part.",
        )


def can_sign_record(viewer: Viewer, part: RecordPart) -> bool:
    """Twin of `check_can_sign_record`."""
    return _allowed(lambda one: check_can_sign_record(one, part), viewer)


def check_can_record_support(viewer: Viewer) -> None:
    """What support was given in a session is the therapist's to record."""
    _need(
        viewer,
        frozenset({Function.THERAPIST}),
        "Only a therapist can record what support was given.",
    )


def can_record_support(viewer: Viewer) -> bool:
    """Twin of `check_can_record_support`."""
    return _allowed(check_can_record_support, viewer)


def check_can_send_home(viewer: Viewer) -> None:
    """Record what a pharmacy sent to a client's home."""
    _need(
        viewer,
        frozenset({Function.PRESCRIBER, Function.NURSE, Function.COORDINATOR}),
        "Only a prescriber, a nurse or the front desk can record a shipment.",
    )


def can_send_home(viewer: Viewer) -> bool:
    """Twin of `check_can_send_home`."""
    return _allowed(check_can_send_home, viewer)


def check_can_count_at_home(viewer: Viewer) -> None:
    """Count a client's medicine with them, or take it back."""
    _need(
        viewer,
        _CLINICAL,
        "Only a prescriber, a therapist or a nurse can record a count or a return.",
    )


def can_count_at_home(viewer: Viewer) -> bool:
    """Twin of `check_can_count_at_home`."""
    return _allowed(check_can_count_at_home, viewer)


def check_can_hold_integration(viewer: Viewer) -> None:
    """Hold, agree or close an integration: therapists, and prescribers who hold one."""
    _need(
        viewer, _CARE, "Only a therapist or a prescriber can hold, agree or close an integration."
    )


def can_hold_integration(viewer: Viewer) -> bool:
    """Twin of `check_can_hold_integration`."""
    return _allowed(check_can_hold_integration, viewer)


def check_can_write_note(viewer: Viewer, kind: NoteKind) -> None:
    """Rule 16 as product.md amends it: a prescriber who held an integration may sign its note.

    Risk, decision and general notes are either discipline's, and general ones a nurse's as well.
    """
    if kind is NoteKind.INTENTION:
        _need(
            viewer,
            frozenset({Function.THERAPIST}),
            "Only a therapist writes an intention note. You can add to it once it is signed.",
        )
    elif kind is NoteKind.INTEGRATION:
        _need(viewer, _CARE, "Only a therapist or a prescriber can write an integration note.")
    elif kind is NoteKind.GENERAL:
        _need(
            viewer,
            _CLINICAL,
            "Only a prescriber, a therapist or a nurse can write a general note.",
        )
    else:
        sentence = f"Only a prescriber or a therapist can write a {kind.label.lower()}."
        _need(viewer, _CARE, sentence)


def can_write_note(viewer: Viewer, kind: NoteKind) -> bool:
    """Twin of `check_can_write_note`."""
    try:
        check_can_write_note(viewer, kind)
    except NotAllowed:
        return False
    return True


def check_can_update_commitment(viewer: Viewer) -> None:
    """Say what became of what a client set out to do."""
    sentence = "Only a therapist or a prescriber can say what became of a committed action."
    _need(viewer, _CARE, sentence)


def can_update_commitment(viewer: Viewer) -> bool:
    """Twin of `check_can_update_commitment`."""
    return _allowed(check_can_update_commitment, viewer)


def check_can_read_notes(viewer: Viewer) -> None:
    """Notes are not shown to the front desk."""
    _need(viewer, _CLINICAL, "Notes are not shown to the front desk.")


def check_can_raise_concern(viewer: Viewer) -> None:
    """Rule 17: whoever treats the client raises a concern, reads it and adds to it."""
    _need(
        viewer,
        _CLINICAL,
        "Only a prescriber, a therapist or a nurse can raise a concern or add to one.",
    )


def can_raise_concern(viewer: Viewer) -> bool:
    """Twin of `check_can_raise_concern`."""
    return _allowed(check_can_raise_concern, viewer)


def check_can_ask(viewer: Viewer) -> None:
    """Ask whoever else treats a client, and answer them: everybody who reads what it is about."""
    _need(
        viewer,
        _CLINICAL,
        "Only a prescriber, a therapist or a nurse can ask or answer a question about a client.",
    )


def can_ask(viewer: Viewer) -> bool:
    """Twin of `check_can_ask`."""
    return _allowed(check_can_ask, viewer)


def check_can_clear_concern(viewer: Viewer, owning: frozenset[Function]) -> None:
    """Rule 17: a concern is cleared by whose it is (`rules.concerns.owners`)."""
    _need(viewer, owning, f"Only {owned_by(owning)} can clear this concern. You can add to it.")


def can_clear_concern(viewer: Viewer, owning: frozenset[Function]) -> bool:
    """Twin of `check_can_clear_concern`."""
    return _allowed(lambda one: check_can_clear_concern(one, owning), viewer)


def check_can_keep_safety_plan(viewer: Viewer) -> None:
    """The client's safety plan is kept by either discipline."""
    _need(viewer, _CARE, "Only a prescriber or a therapist can change the safety plan.")


def can_keep_safety_plan(viewer: Viewer) -> bool:
    """Twin of `check_can_keep_safety_plan`."""
    return _allowed(check_can_keep_safety_plan, viewer)


def check_can_open_in_emergency(viewer: Viewer) -> None:
    """Open a client whom one does not treat, in an emergency, with a reason."""
    _need(
        viewer,
        _CLINICAL,
        "Only a prescriber, a therapist or a nurse can open a client in an emergency.",
    )


def can_open_in_emergency(viewer: Viewer) -> bool:
    """Twin of `check_can_open_in_emergency`."""
    return _allowed(check_can_open_in_emergency, viewer)


def check_can_administer(viewer: Viewer) -> None:
    """Team, settings, audit and backups."""
    if not viewer.is_administrator:
        raise NotAllowed("Only an administrator of the practice can do this.")


def can_administer(viewer: Viewer) -> bool:
    """Twin of `check_can_administer`."""
    return _allowed(check_can_administer, viewer)


def check_can_set_days_away(viewer: Viewer, clinician_id: str | None) -> None:
    """Everybody sets and ends their own days away with their cover; an administrator, anybody's."""
    if clinician_id != viewer.clinician_id and not viewer.is_administrator:
        raise NotAllowed(
            "You can set your own days away. Those of a colleague are set by them or an "
            "administrator of the practice."
        )


def can_set_days_away(viewer: Viewer, clinician_id: str | None) -> bool:
    """Twin of `check_can_set_days_away`."""
    return _allowed(lambda one: check_can_set_days_away(one, clinician_id), viewer)


def treats(functions: frozenset[Function]) -> bool:
    """Whether who holds these has clients in their care, for whom somebody else can cover."""
    return bool(functions & _CLINICAL)
