"""Notes: started, typed as drafts, signed once by their author, then amended or added to."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from kapteam import wording
from kapteam.actions.practice import the_practice
from kapteam.actions.saving import already_saved, compare_and_swap
from kapteam.db.access import is_on, visible_episode, visible_notes
from kapteam.db.audit import record
from kapteam.db.note_index import index_note
from kapteam.db.record_links import list_rows
from kapteam.db.signing import note_form, read_unsigned
from kapteam.db.tables import (
    Concern,
    Draft,
    Episode,
    IntegrationSession,
    KetamineSession,
    Note,
    NoteAddendum,
    NoteAmendment,
    NoteRead,
)
from kapteam.errors import Conflict, Invalid, NotAllowed, NotFound
from kapteam.ids import new_id
from kapteam.rules.dosing import ends_session
from kapteam.rules.entered import Entered
from kapteam.rules.notes import TEMPLATES, content_hash, current_template
from kapteam.rules.permissions import Viewer, check_can_read_notes, check_can_write_note
from kapteam.vocabulary import NoteKind, SessionStatus

_NEVER_GIVEN = tuple(status for status in SessionStatus if ends_session(status))
# What is asked on the day itself is asked again, however much of a note is taken over.
_ASKED_ANEW = frozenset({"safety", "ready", "mood", "prepared", "prepared_on", "prepared_how"})


@dataclass(frozen=True, slots=True)
class NoteEntered:
    """A note to start: an intention for a ketamine session, for an integration session its note.

    One of the other kinds is about the course, and names no session.
    `copy_from` is a signed intention of the same course to begin with; whatever has to be asked on
    the day is left out of the copy. `instead_of` is this person's empty note about the same thing,
    which makes way in the same write.
    """

    id: str
    kind: NoteKind
    episode_id: str
    ketamine_session_id: str | None = None
    integration_session_id: str | None = None
    copy_from: str | None = None
    instead_of: str | None = None


@dataclass(frozen=True, slots=True)
class AmendmentEntered:
    """What a note's author puts right beside the signed original, and why."""

    id: str
    note_id: str
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class AddendumEntered:
    """What a colleague adds to a signed note."""

    id: str
    note_id: str
    text: str


@dataclass(frozen=True, slots=True)
class NoteReadEntered:
    """That a colleague read a signed note, and what they say to it, if anything."""

    id: str
    note_id: str
    comment: str


@dataclass(frozen=True, slots=True)
class NoteErrorEntered:
    """Why a signed note was entered in error: the wrong client, the wrong session."""

    note_id: str
    void_reason: str


@dataclass(frozen=True, slots=True)
class SavedDraft:
    """A draft as it is now kept: what the next save of its field has to have seen."""

    version: int
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class Signature:
    """When a note was signed, and the SHA-256 of its signed text."""

    signed_at: datetime
    content_hash: str


def start_note(db: Session, viewer: Viewer, entered: NoteEntered, now: datetime) -> str:
    """Start a note; returns its id, or that of the one this person has begun about the same thing.

    Raises NotAllowed (rule 16), NotFound, Invalid when the session never took place or this person
    has signed the note of this integration, and Conflict when the note to make way has words.
    """
    check_can_write_note(viewer, entered.kind)
    episode = visible_episode(db, viewer, entered.episode_id, now)
    if already_saved(db, Note, entered.id):
        return _own(db, viewer, entered.id, now)[0].id
    _check_subject(db, entered)
    if entered.instead_of is not None:
        _make_way(db, viewer, entered, entered.instead_of, now)
    own = db.execute(
        select(Note.id, Note.signed_at).where(
            Note.author_id == viewer.clinician_id,
            Note.kind == entered.kind,
            Note.episode_id == entered.episode_id,
            Note.ketamine_session_id == entered.ketamine_session_id,
            Note.integration_session_id == entered.integration_session_id,
            Note.voided_at.is_(None),
        )
    ).all()
    begun = next((row.id for row in own if row.signed_at is None), None)
    if begun is not None:
        return str(begun)
    if own and entered.kind is NoteKind.INTEGRATION:
        raise Invalid(
            {"integration_session_id": "You have signed a note for this integration. Amend it."}
        )
    template = current_template(entered.kind)
    db.add(
        Note(
            id=entered.id,
            kind=entered.kind,
            episode_id=episode.id,
            ketamine_session_id=entered.ketamine_session_id,
            integration_session_id=entered.integration_session_id,
            author_id=viewer.clinician_id,
            by_prescriber=viewer.is_prescriber and not viewer.is_therapist,
            template_version=template.version,
            body={},
            started_at=now,
        )
    )
    if entered.copy_from is not None:
        known = {field.key for field in template.fields} - _ASKED_ANEW
        body = _body_to_copy(db, entered, entered.copy_from)
        db.add_all(
            _new_draft(viewer, entered.id, key, text, now)
            for key, text in body.items()
            if key in known
        )
    record(
        db,
        "note:started",
        viewer,
        now,
        client_id=episode.client_id,
        subject_id=entered.id,
        kind=entered.kind,
        ketamine_session_id=entered.ketamine_session_id,
        integration_session_id=entered.integration_session_id,
        copy_from=entered.copy_from,
    )
    return entered.id


def save_draft(
    db: Session,
    viewer: Viewer,
    note_id: str,
    field: str,
    text: str,
    seen_version: int,
    now: datetime,
    *,
    unanswered: str | None = None,
) -> SavedDraft:
    """Keep one field of an unsigned note as typed. `seen_version` is 0 before the first save.

    `unanswered` is what the same tab sent before without hearing whether it was kept: over that it
    may save. The same text again is the same save, and no save is an event of the audit log
    (decision 20). Raises NotAllowed (the author alone), NotFound, Invalid (a field that the note
    does not have, too long) and Conflict, with both texts, when another tab has saved the field
    since or the note is signed.
    """
    note, _ = _own(db, viewer, note_id, now)
    if note.signed_at is not None:
        raise Conflict(
            "This note is signed and locked. Amend it to change what it says.", mine={field: text}
        )
    fields = {one.key: one for one in TEMPLATES[note.kind, note.template_version].fields}
    if field not in fields:
        raise Invalid({field: "This note has no such field."})
    checked = Entered()
    checked.text(field, text, f"“{fields[field].label}”")
    checked.done()
    draft = db.scalar(
        select(Draft)
        .where(
            Draft.clinician_id == viewer.clinician_id,
            Draft.form == note_form(note_id),
            Draft.field == field,
        )
        .with_for_update()
    )
    if draft is None:
        draft = _new_draft(viewer, note_id, field, text, now)
        db.add(draft)
    elif draft.text != text:
        if draft.version != seen_version and draft.text != unanswered:
            raise Conflict(
                "This field was changed in another tab. Nothing of yours was saved; both texts are "
                "shown.",
                theirs={field: draft.text},
                mine={field: text},
            )
        draft.text, draft.version, draft.saved_at = text, draft.version + 1, now
    return SavedDraft(draft.version, draft.saved_at)


def sign_note(
    db: Session, viewer: Viewer, note_id: str, seen: str, now: datetime, *, by_pin: bool = False
) -> Signature:
    """Sign and lock a note; `seen` is the digest of the text that the signer was shown.

    `by_pin`, which goes on record: it was the PIN that was given, not the password. A second press
    changes nothing and returns the first signature. Raises NotAllowed (rule 18), NotFound, Conflict
    (the text is not the one that was read) and Invalid by field.
    """
    note, client_id = _own(db, viewer, note_id, now, "Only its author can sign a note.")
    if note.signed_at is not None and note.content_hash is not None:
        return Signature(note.signed_at, note.content_hash)
    check_can_write_note(viewer, note.kind)
    zone = the_practice(db, now).zone
    unsigned = read_unsigned(db, note_id, zone)
    if unsigned.digest != seen:
        raise Conflict("The text changed since you read it. Read it again.")
    if unsigned.problems:
        raise Invalid(unsigned.problems)
    text = f"{unsigned.text}\n\nSigned by {unsigned.author}, {wording.full_moment(now, zone)}"
    signature = Signature(now, content_hash(text))
    compare_and_swap(
        db,
        note,
        note.version,
        {
            "body": dict(unsigned.body),
            "signed_at": now,
            "signed_text": text,
            "content_hash": signature.content_hash,
        },
    )
    _forget_drafts(db, note_id)
    list_rows(db, now, note)
    index_note(db, note_id)
    record(
        db,
        "note:signed",
        viewer,
        now,
        client_id=client_id,
        subject_id=note_id,
        kind=note.kind,
        content_hash=signature.content_hash,
        by_pin=by_pin,
    )
    return signature


def amend_note(db: Session, viewer: Viewer, entered: AmendmentEntered, now: datetime) -> str:
    """Put something right beside the signed original (rule 19); returns the amendment's id.

    Raises NotAllowed (the author alone), NotFound, Invalid by field.
    """
    note, client_id = _own(db, viewer, entered.note_id, now, "Only its author can amend a note.")
    if already_saved(db, NoteAmendment, entered.id):
        return entered.id
    form = Entered()
    reason = form.line("reason", entered.reason, "The reason", required=True)
    text = form.text("text", entered.text, "The amendment", required=True)
    form.need(
        "text", note.signed_at is not None, "This note is not signed. Change its text itself."
    )
    form.done()
    digest = content_hash(f"{reason}\n\n{text}")
    amendment = NoteAmendment(
        id=entered.id,
        note_id=note.id,
        author_id=viewer.clinician_id,
        at=now,
        reason=reason,
        text=text,
        content_hash=digest,
    )
    db.add(amendment)
    list_rows(db, now, amendment)
    index_note(db, note.id)
    record(
        db,
        "note:amended",
        viewer,
        now,
        client_id=client_id,
        subject_id=note.id,
        amendment_id=entered.id,
        content_hash=digest,
    )
    return entered.id


def add_addendum(db: Session, viewer: Viewer, entered: AddendumEntered, now: datetime) -> str:
    """Add to a colleague's signed note; returns the addendum's id.

    Raises NotAllowed (the front desk), NotFound, Invalid by field.
    """
    note, client_id = _readable(db, viewer, entered.note_id, now)
    if already_saved(db, NoteAddendum, entered.id):
        return entered.id
    form = Entered()
    text = form.text("text", entered.text, "The addendum", required=True)
    form.need("text", note.signed_at is not None, "This note is not signed yet.")
    form.done()
    digest = content_hash(text)
    addendum = NoteAddendum(
        id=entered.id,
        note_id=note.id,
        author_id=viewer.clinician_id,
        at=now,
        text=text,
        content_hash=digest,
    )
    db.add(addendum)
    list_rows(db, now, addendum)
    index_note(db, note.id)
    record(
        db,
        "note:added_to",
        viewer,
        now,
        client_id=client_id,
        subject_id=note.id,
        addendum_id=entered.id,
        content_hash=digest,
    )
    return entered.id


def mark_note_read(db: Session, viewer: Viewer, entered: NoteReadEntered, now: datetime) -> str:
    """Say that one read a colleague's signed note; returns the id of the row that says so.

    It is no signature and locks nothing (rule 18). Once a person: a second press is the first one,
    and more words are an addition. Raises NotAllowed (its author, who is not on the course, the
    front desk), NotFound, Invalid by field.
    """
    note, client_id = _readable(db, viewer, entered.note_id, now)
    if note.author_id == viewer.clinician_id:
        raise NotAllowed("You wrote this note. A colleague marks it as read.")
    if not is_on(db, viewer, note.episode_id, now):
        raise NotAllowed("Only who is on this course of care, or covers it, marks a note as read.")
    form = Entered()
    comment = form.few_words("comment", entered.comment, "The comment")
    form.need("comment", note.signed_at is not None, "This note is not signed yet.")
    form.done()
    before = db.execute(
        select(NoteRead.id, NoteRead.comment).where(
            NoteRead.note_id == note.id, NoteRead.reader_id == viewer.clinician_id
        )
    ).one_or_none()
    if before is not None:
        if comment and comment != before.comment:
            raise NotAllowed("You marked this note as read before. Add to it to say more.")
        return str(before.id)
    db.add(
        NoteRead(
            id=entered.id,
            note_id=note.id,
            reader_id=viewer.clinician_id,
            at=now,
            comment=comment,
        )
    )
    record(db, "note:read", viewer, now, client_id=client_id, subject_id=note.id)
    return entered.id


def void_note(db: Session, viewer: Viewer, entered: NoteErrorEntered, now: datetime) -> None:
    """Mark a signed note as entered in error; it stays readable and counts no more (rule 66).

    What it had cleared is open again. A second press changes nothing. Raises NotAllowed (the author
    alone), NotFound, Invalid by field.
    """
    note, client_id = _own(
        db,
        viewer,
        entered.note_id,
        now,
        "Only its author can mark a note as entered in error.",
        voided_too=True,
    )
    if note.voided_at is not None:
        return
    form = Entered()
    reason = form.text("void_reason", entered.void_reason, "The reason", required=True)
    form.need("void_reason", note.signed_at is not None, "This note is not signed. Empty it.")
    form.done()
    note.voided_at, note.voided_by_id, note.void_reason = now, viewer.clinician_id, reason
    note.version += 1
    list_rows(db, now, note)
    record(db, "note:voided", viewer, now, client_id=client_id, subject_id=note.id)
    for concern in db.scalars(select(Concern).where(Concern.closed_by_note_id == note.id)).all():
        before = concern.closed_at
        concern.closed_at = concern.closed_by_id = concern.closed_by_note_id = None
        concern.version += 1
        record(
            db,
            "concern:reopened",
            viewer,
            now,
            client_id=client_id,
            subject_id=concern.id,
            closed_at=(before, None),
        )


def drop_empty_note(db: Session, viewer: Viewer, note_id: str, now: datetime) -> None:
    """Take back a note that was started and never written in. A second press changes nothing.

    Raises NotAllowed (the author alone), NotFound, and Conflict when it has words or is signed.
    """
    note, client_id = _own(db, viewer, note_id, now, voided_too=True)
    if note.voided_at is not None:
        return
    texts = db.scalars(select(Draft.text).where(Draft.form == note_form(note_id))).all()
    if note.signed_at is not None or any(text.strip() for text in texts):
        raise Conflict("This note has words in it, so it stays.")
    note.voided_at, note.voided_by_id = now, viewer.clinician_id
    note.void_reason = "Nothing was written."
    note.version += 1
    _forget_drafts(db, note_id)
    record(db, "note:dropped", viewer, now, client_id=client_id, subject_id=note_id)


def _check_subject(db: Session, entered: NoteEntered) -> None:
    """The session is one of this course, and took place or may still do so.

    A note about the course names no session.
    """
    if entered.kind.is_about_course:
        if entered.ketamine_session_id is not None or entered.integration_session_id is not None:
            raise NotFound("A note of this kind is about the course of care, not about a session.")
        return
    if entered.kind is NoteKind.INTENTION:
        status = db.scalar(
            select(KetamineSession.status).where(
                KetamineSession.id == entered.ketamine_session_id,
                KetamineSession.episode_id == entered.episode_id,
            )
        )
        if status is None or entered.integration_session_id is not None:
            raise NotFound("There is no such ketamine session in this course of care.")
        if ends_session(status):
            sentence = "This ketamine session did not take place. Write for the next one."
            raise Invalid({"ketamine_session_id": sentence})
        return
    found = db.execute(
        select(
            IntegrationSession.held_at, IntegrationSession.closed_at, IntegrationSession.dropped_at
        ).where(
            IntegrationSession.id == entered.integration_session_id,
            IntegrationSession.episode_id == entered.episode_id,
        )
    ).one_or_none()
    if found is None or entered.ketamine_session_id is not None:
        raise NotFound("There is no such integration session in this course of care.")
    if found.dropped_at or (found.closed_at and not found.held_at):
        sentence = "This integration did not take place, so it has no note."
        raise Invalid({"integration_session_id": sentence})


def _make_way(
    db: Session, viewer: Viewer, entered: NoteEntered, empty_id: str, now: datetime
) -> None:
    """Take back the empty note of the same session."""
    empty, _ = _own(db, viewer, empty_id, now, voided_too=True)
    if (
        empty.kind,
        empty.episode_id,
        empty.ketamine_session_id,
        empty.integration_session_id,
    ) != (
        entered.kind,
        entered.episode_id,
        entered.ketamine_session_id,
        entered.integration_session_id,
    ):
        raise NotFound("There is no such empty note of this session.")
    drop_empty_note(db, viewer, empty_id, now)


def _body_to_copy(db: Session, entered: NoteEntered, source_id: str) -> dict[str, str]:
    """The body of a signed intention: of this very session, or of one that never took place."""
    body: dict[str, str] | None = db.scalar(
        select(Note.body)
        .join(KetamineSession, KetamineSession.id == Note.ketamine_session_id)
        .where(
            Note.id == source_id,
            Note.kind == entered.kind,
            Note.episode_id == entered.episode_id,
            Note.signed_at.is_not(None),
            Note.voided_at.is_(None),
            or_(
                KetamineSession.id == entered.ketamine_session_id,
                KetamineSession.status.in_(_NEVER_GIVEN),
            ),
        )
    )
    if body is None:
        raise NotFound("There is no such intention to begin with.")
    return body


def _new_draft(viewer: Viewer, note_id: str, field: str, text: str, now: datetime) -> Draft:
    return Draft(
        id=new_id(),
        clinician_id=viewer.clinician_id,
        form=note_form(note_id),
        field=field,
        text=text,
        version=1,
        saved_at=now,
    )


def _forget_drafts(db: Session, note_id: str) -> None:
    db.execute(delete(Draft).where(Draft.form == note_form(note_id)))


def _readable(
    db: Session, viewer: Viewer, note_id: str, now: datetime, *, voided_too: bool = False
) -> tuple[Note, str]:
    """The note, locked for a change, and its client's id."""
    check_can_read_notes(viewer)
    found = db.execute(
        select(Note, Episode.client_id)
        .join(Episode, Episode.id == Note.episode_id)
        .where(Note.id == note_id, visible_notes(viewer, now))
        .with_for_update(of=Note)
    ).one_or_none()
    if found is None or (found[0].voided_at is not None and not voided_too):
        raise NotFound("There is no such note, or you are not on its course of care.")
    note, client_id = found
    return note, client_id


def _own(
    db: Session,
    viewer: Viewer,
    note_id: str,
    now: datetime,
    sentence: str = "Only its author can write in this draft.",
    *,
    voided_too: bool = False,
) -> tuple[Note, str]:
    note, client_id = _readable(db, viewer, note_id, now, voided_too=voided_too)
    if note.author_id != viewer.clinician_id:
        raise NotAllowed(sentence)
    return note, client_id
