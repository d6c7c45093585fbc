"""The end of a course of care: everything loose is settled in one Save, and both sign off."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from kapteam import sentences, wording
from kapteam.actions.asks import withdraw_ask
from kapteam.actions.booking import EndKetamineEntered, cancel_ketamine_session
from kapteam.actions.case_reviews import end_action, settle_marks
from kapteam.actions.consents import RevocationEntered, revoke_consent
from kapteam.actions.contacts import ContactEndedEntered, end_contact
from kapteam.actions.episodes import add_episode, may_have, members_now
from kapteam.actions.integration import (
    CloseIntegrationEntered,
    Owed,
    close_integration,
    make_integration,
)
from kapteam.actions.loading import practice_zone
from kapteam.actions.saving import compare_and_swap
from kapteam.actions.waits import WaitEndedEntered, end_wait
from kapteam.clock import day_of
from kapteam.db.access import visible_episode
from kapteam.db.audit import record
from kapteam.db.home_rows import read_facts
from kapteam.db.loose_ends import loose
from kapteam.db.tables import (
    Action,
    Clinician,
    Contact,
    Ending,
    Episode,
    EpisodeMember,
    IntegrationSession,
    Note,
    SignOff,
)
from kapteam.errors import NotAllowed, NotFound
from kapteam.ids import id_within, new_id
from kapteam.rules.entered import Entered
from kapteam.rules.home_supply import HomeStanding, contradicts, stand_at_home
from kapteam.rules.loose_ends import Choice, Loose, LooseEnd, LooseKind, loose_ends
from kapteam.rules.pathway import check_can_move
from kapteam.rules.permissions import Viewer, check_can_run_episode
from kapteam.rules.sign_off import may_sign_off, who_signs_off
from kapteam.vocabulary import (
    CloseReason,
    ContactOutcome,
    EpisodeState,
    FinalScores,
    Part,
    ServiceLine,
    WaitOutcome,
)


@dataclass(frozen=True, slots=True)
class ClosingEntered:
    """How a course ends, drawn at `version`.

    `choices` is what becomes of each loose end that the form showed, by its key. With
    `goes_on_with_id` therapy goes on with that therapist.
    """

    episode_id: str
    version: int
    close_reason: CloseReason | None
    close_note: str
    final_scores: FinalScores | None
    final_scores_why: str
    medicine_at_home: bool | None
    medicine_note: str
    goes_on_with_id: str | None
    choices: Mapping[str, Choice | None]


@dataclass(frozen=True, slots=True)
class SignOffEntered:
    """Which sign-off is given."""

    sign_off_id: str


def close_episode(db: Session, viewer: Viewer, entered: ClosingEntered, now: datetime) -> None:
    """End a course for good, with everything that was loose on it, and sign that off (rule 56).

    Where therapy goes on, a course for it is opened and takes what is kept, so that an integration
    that is owed stands on a list also after this. Raises NotAllowed (also naming who ended it
    already), NotFound, Invalid by field (`choice_field`), Conflict.
    """
    episode = visible_episode(db, viewer, entered.episode_id, now)
    check_can_run_episode(viewer)
    if _is_ended(db, viewer, episode, entered, now):
        return
    before = episode.state
    check_can_move(episode.service_line, before, EpisodeState.CLOSED, on_hold=False)
    form = Entered()
    form.need("close_reason", entered.close_reason is not None, "Choose the reason.")
    note = form.text("close_note", entered.close_note, "The note")
    form.need(
        "final_scores", entered.final_scores is not None, "Choose whether there are final scores."
    )
    why = form.line(
        "final_scores_why",
        entered.final_scores_why,
        "Why there are none",
        required=entered.final_scores is FinalScores.NOT_OBTAINED,
    )
    medicine_note = form.line("medicine_note", entered.medicine_note, "What is at home")
    home = _at_home(db, episode, now)
    if home and contradicts(home, entered.medicine_at_home):
        what = "what is at home" if entered.medicine_at_home else "where the medicine is"
        form.need(
            "medicine_note",
            bool(medicine_note),
            f"{sentences.left_at_home(home)} Say {what}, and what is planned.",
        )
    members = members_now(db, episode.id, now)
    goes_on_with = _therapist_after(db, form, episode, entered.goes_on_with_id)
    ends = loose_ends(
        loose(db, episode, viewer, now),
        goes_on=goes_on_with is not None,
        same_therapist=any(
            one.part is Part.THERAPIST and one.clinician_id == goes_on_with for one in members
        ),
    )
    chosen = _chosen(db, form, ends, entered, now)
    form.done()
    assert entered.close_reason is not None
    settling = _Settling(db, viewer, episode, entered.close_reason, now)
    settling.settle(chosen)
    settle_marks(db, viewer, episode.id, now)
    if goes_on_with is not None:
        settling.go_on(goes_on_with, chosen)
    ended = {
        "state": EpisodeState.CLOSED,
        "state_since": now,
        "closed_at": now,
        "close_reason": entered.close_reason,
        "close_note": note,
    }
    compare_and_swap(db, episode, entered.version, ended)
    db.add(
        Ending(
            id=new_id(),
            episode_id=episode.id,
            ended_at=now,
            ended_by_id=viewer.clinician_id,
            final_scores=entered.final_scores,
            final_scores_why=why,
            medicine_at_home=entered.medicine_at_home,
            medicine_note=medicine_note,
        )
    )
    record(
        db,
        "episode:closed",
        viewer,
        now,
        client_id=episode.client_id,
        subject_id=episode.id,
        state=(before, EpisodeState.CLOSED),
        close_reason=entered.close_reason,
        final_scores=entered.final_scores,
        medicine_at_home=entered.medicine_at_home,
    )
    _ask_to_sign_off(db, viewer, episode, members, now)


def sign_off(db: Session, viewer: Viewer, entered: SignOffEntered, now: datetime) -> None:
    """Sign off the end of a course, as whose it is or as who stands in for them (rule 56).

    A second press changes nothing. Raises NotAllowed, NotFound.
    """
    episode_id = db.scalar(select(SignOff.episode_id).where(SignOff.id == entered.sign_off_id))
    if episode_id is None:
        raise NotFound("There is no such sign-off, or you are not on its course of care.")
    episode = visible_episode(db, viewer, episode_id, now)
    asked = db.get_one(SignOff, entered.sign_off_id)
    whose = db.get_one(Clinician, asked.clinician_id)
    if not may_sign_off(viewer, whose.id, is_off=whose.suspended_at is not None):
        raise NotAllowed(f"This waits on {whose.name}, or on who covers for them.")
    if asked.signed_at is None:
        _sign(db, viewer, episode, asked, now)


def choice_field(key: str) -> str:
    """The form's field for what becomes of one loose end."""
    return f"choice.{key}"


def _at_home(db: Session, episode: Episode, now: datetime) -> HomeStanding | None:
    zone = practice_zone(db, now)
    facts = read_facts(db, select(Episode.id).where(Episode.id == episode.id))
    return stand_at_home(facts, now, day_of(now, zone), zone)


def _is_ended(
    db: Session, viewer: Viewer, episode: Episode, entered: ClosingEntered, now: datetime
) -> bool:
    """Whether an earlier press of this Save ended it; somebody else's is said by name and time."""
    found = db.execute(
        select(Ending.ended_by_id, Clinician.name)
        .join(Clinician, Clinician.id == Ending.ended_by_id)
        .where(Ending.episode_id == episode.id, Ending.ended_at == episode.closed_at)
    ).one_or_none()
    if found is None:
        return False
    if found.ended_by_id == viewer.clinician_id and episode.close_reason is entered.close_reason:
        return True
    at = wording.moment(episode.state_since, now, practice_zone(db, now))
    raise NotAllowed(
        f"{found.name} ended this course of care already, {at}. Nothing of yours was saved."
    )


def _therapist_after(
    db: Session, form: Entered, episode: Episode, clinician_id: str | None
) -> str | None:
    """With whom therapy goes on; None when it ends with this course."""
    if not clinician_id:
        return None
    field = "goes_on_with_id"
    form.need(
        field,
        episode.service_line is ServiceLine.KAP,
        "Only after ketamine-assisted psychotherapy does therapy go on as a course of its own.",
    )
    form.need(
        field,
        may_have(db, clinician_id, Part.THERAPIST),
        "Choose a therapist whose sign-in is on.",
    )
    return clinician_id


def _chosen(
    db: Session,
    form: Entered,
    ends: tuple[LooseEnd, ...],
    entered: ClosingEntered,
    now: datetime,
) -> list[tuple[Loose, Choice]]:
    """What becomes of each, refused beside it where nothing sensible was chosen."""
    zone = practice_zone(db, now)
    chosen = []
    for end in ends:
        choice = entered.choices.get(end.loose.key)
        if choice is None and not _was_shown(end.loose.kind, entered):
            choice = end.usual
        problem = end.refusal(choice)
        if problem and end.loose.key not in entered.choices:
            # Others may see what is refused, and nobody has read the words yet.
            what = sentences.loose_end(replace(end.loose, words=""), now, zone)
            problem = f"{what}: this came up while the form was open. {problem}"
        form.need(choice_field(end.loose.key), problem is None, problem or "")
        if choice:
            chosen.append((end.loose, choice))
    return chosen


def _was_shown(kind: LooseKind, entered: ClosingEntered) -> bool:
    """Whether something was chosen for the consents that there were when the form was drawn."""
    return any(key.startswith(f"{kind}.") for key, choice in entered.choices.items() if choice)


def _ask_to_sign_off(
    db: Session, viewer: Viewer, episode: Episode, members: list[EpisodeMember], now: datetime
) -> None:
    """Ask each who treats; whoever ends the course signs at once, for oneself or the covered."""
    asked = [
        SignOff(
            id=new_id(),
            episode_id=episode.id,
            part=part,
            clinician_id=clinician_id,
            asked_at=now,
        )
        for clinician_id, part in who_signs_off(
            (one.part, one.clinician_id) for one in members
        ).items()
    ]
    db.add_all(asked)
    own = [one for one in asked if one.clinician_id == viewer.clinician_id]
    covered = [one for one in asked if viewer.stands_for(one.clinician_id)]
    for one in (own or covered)[:1]:
        _sign(db, viewer, episode, one, now)


def _sign(db: Session, viewer: Viewer, episode: Episode, asked: SignOff, now: datetime) -> None:
    asked.signed_at, asked.signed_by_id = now, viewer.clinician_id
    record(
        db,
        "episode:signed_off",
        viewer,
        now,
        client_id=episode.client_id,
        subject_id=episode.id,
        part=asked.part,
        clinician_id=asked.clinician_id,
    )


class _Settling:
    """Does what was chosen, each through its own action and with its own audit event."""

    def __init__(
        self, db: Session, viewer: Viewer, episode: Episode, why: CloseReason, now: datetime
    ) -> None:
        self._db, self._viewer, self._episode, self._now = db, viewer, episode, now
        self._why = f"The course of care ended: {why.label[:1].lower()}{why.label[1:]}."

    def settle(self, chosen: list[tuple[Loose, Choice]]) -> None:
        """Cancel, close and revoke; ketamine sessions first, whose bookings go with them."""
        for one, choice in chosen:
            if choice is Choice.CANCEL and one.kind is LooseKind.DOSE:
                session = EndKetamineEntered(one.id, one.version, self._why)
                cancel_ketamine_session(self._db, self._viewer, session, self._now)
            elif choice is Choice.CANCEL and one.kind is LooseKind.WAIT:
                today = day_of(self._now, practice_zone(self._db, self._now))
                dropped = WaitEndedEntered(
                    one.id, one.version, WaitOutcome.DROPPED, today, None, None, None
                )
                end_wait(self._db, self._viewer, dropped, self._now)
            elif choice is Choice.WITHDRAW:
                withdraw_ask(self._db, self._viewer, one.id, one.version, self._why, self._now)
            elif choice.action_end:
                end_action(self._db, self._viewer, one.id, choice.action_end, self._now)
            elif choice is Choice.CANCEL:
                ended = ContactEndedEntered(
                    one.id, one.version, ContactOutcome.CANCELLED, None, "", "", None
                )
                end_contact(self._db, self._viewer, ended, self._now)
            elif choice is Choice.REVOKE:
                today = day_of(self._now, practice_zone(self._db, self._now))
                for consent_id, _ in one.consents:
                    revoked = RevocationEntered(consent_id, today)
                    revoke_consent(self._db, self._viewer, revoked, self._now)
            elif choice.close_reason:
                closed = CloseIntegrationEntered(self._owed(one), choice.close_reason, "")
                close_integration(self._db, self._viewer, closed, self._now)

    def go_on(self, therapist_id: str, chosen: list[tuple[Loose, Choice]]) -> None:
        """Open the therapy that goes on, and hand it what is kept for it."""
        therapy_id = id_within(self._episode.id, f"therapy after {self._episode.version}")
        add_episode(
            self._db,
            self._viewer,
            Episode(
                id=therapy_id,
                client_id=self._episode.client_id,
                service_line=ServiceLine.THERAPY_AFTER_KAP,
                indications=self._episode.indications,
                state=EpisodeState.INTEGRATION,
                expects_intention=False,
                expects_integration=True,
            ),
            [EpisodeMember(part=Part.THERAPIST, clinician_id=therapist_id)],
            self._now,
        )
        for one, choice in chosen:
            if choice.goes_on and one.kind is LooseKind.CONTACT:
                self._hand_on_contact(one, therapy_id, therapist_id)
            elif choice.goes_on and one.kind is LooseKind.INTEGRATION:
                self._hand_on_integration(one, therapy_id, therapist_id)
            elif choice.goes_on and one.kind is LooseKind.ACTION:
                self._hand_on_action(one, therapy_id, therapist_id)

    def _hand_on_contact(self, one: Loose, therapy_id: str, therapist_id: str) -> None:
        contact = self._db.get_one(Contact, one.id)
        values = {"episode_id": therapy_id, "with_id": therapist_id}
        compare_and_swap(self._db, contact, one.version, values)
        self._record("contact:handed_on", one.id, therapy_id, therapist_id)

    def _hand_on_action(self, one: Loose, therapy_id: str, therapist_id: str) -> None:
        action = self._db.get_one(Action, one.id)
        values = {"episode_id": therapy_id, "owner_id": therapist_id}
        compare_and_swap(self._db, action, one.version, values)
        self._record("action:handed_on", one.id, therapy_id, therapist_id)

    def _hand_on_integration(self, one: Loose, therapy_id: str, therapist_id: str) -> None:
        """The clock goes on with it, because it stays linked to the doses that it is for."""
        owed, id_ = replace(self._owed(one), episode_id=therapy_id), one.id
        from_id = self._episode.id if one.dose_ids else None
        values = {"therapist_id": therapist_id, "from_episode_id": from_id}
        if one.version:
            row = self._db.get_one(IntegrationSession, one.id)
            moved = {"episode_id": therapy_id, **values}
            compare_and_swap(self._db, row, one.version, moved)
            self._db.execute(
                update(Note)
                .where(Note.integration_session_id == row.id)
                .values(episode_id=therapy_id)
            )
        else:
            id_ = make_integration(self._db, self._viewer, owed, values, self._now).id
        self._record("integration_session:handed_on", id_, therapy_id, therapist_id)

    def _owed(self, one: Loose) -> Owed:
        """The row, or the debt that no row stands for, under an id that no earlier Save used."""
        new = id_within(self._episode.id, f"{one.id} after {self._episode.version}")
        return Owed(
            id=one.id if one.version else new,
            version=one.version,
            episode_id=self._episode.id,
            ketamine_session_ids=() if one.version else one.dose_ids,
        )

    def _record(self, tag: str, subject_id: str, therapy_id: str, therapist_id: str) -> None:
        record(
            self._db,
            tag,
            self._viewer,
            self._now,
            client_id=self._episode.client_id,
            subject_id=subject_id,
            episode_id=(self._episode.id, therapy_id),
            with_id=therapist_id,
        )
