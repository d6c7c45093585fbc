"""What was signed or decided, as text to copy into the record that a practice keeps elsewhere."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    String,
    exists,
    func,
    literal,
    or_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from kapteam.db.access import visible_episodes, visible_notes
from kapteam.db.signing import named
from kapteam.db.tables import (
    CaseReview,
    Client,
    Clinician,
    Episode,
    Filing,
    IntegrationSession,
    KetamineSession,
    Note,
    NoteAddendum,
    NoteAmendment,
    RecordSignature,
    ReviewItem,
)
from kapteam.db.types import UtcDateTime
from kapteam.errors import NotFound
from kapteam.queries.case_review import PastItem, past_item
from kapteam.queries.client_names import CLIENT_NAME, ClientName, client_named
from kapteam.queries.notes import Addition, signed_note
from kapteam.queries.standing import Asked
from kapteam.rules.notes import title
from kapteam.rules.permissions import check_can_read_notes
from kapteam.vocabulary import IntegrationKind, NoteKind, RecordPart, ReviewDecision

MOST = 100
"""So many that are not filed are listed, the newest; more are counted by nobody."""


@dataclass(frozen=True, slots=True)
class Filed:
    """That it was filed; `is_as_now`: nothing was amended, added or confirmed since."""

    id: str
    by: str
    at: datetime
    is_as_now: bool


@dataclass(frozen=True, slots=True)
class ToFile:
    """One thing to file: a signed note, a signed part of a session's record, a review's decision.

    `signed_at` of a decision is when its case review ended, and nothing in it changed any more.
    """

    client: ClientName
    title: str
    by: str
    signed_at: datetime
    note_id: str | None
    record_signature_id: str | None
    review_item_id: str | None

    @property
    def key(self) -> str:
        """What names it."""
        return self.note_id or self.record_signature_id or self.review_item_id or ""


@dataclass(frozen=True, slots=True)
class OneToFile:
    """One thing to file with its whole text, what came to it since, and where it stands.

    What a case review decided has no text of its own; it is in `decided`.
    """

    what: ToFile
    text: str
    decided: PastItem | None
    amendments: tuple[Addition, ...]
    addenda: tuple[Addition, ...]
    filed: Filed | None


def one_to_file(
    db: Session,
    asked: Asked,
    note_id: str = "",
    record_signature_id: str = "",
    review_item_id: str = "",
) -> OneToFile:
    """A signed note, a signed part or a decision; one id says which. Four statements at most.

    Raises NotAllowed for the front desk, NotFound where nothing is signed or it is not visible.
    """
    check_can_read_notes(asked.viewer)
    if note_id:
        wanted = _notes(asked).where(Note.id == note_id)
    elif record_signature_id:
        wanted = _parts(asked).where(RecordSignature.id == record_signature_id)
    else:
        wanted = _decisions(asked).where(ReviewItem.id == review_item_id)
    row = db.execute(wanted).one_or_none()
    if row is None:
        raise NotFound("There is nothing signed here, or you are not on its course of care.")
    note = signed_note(db, asked, row.note_id) if row.note_id else None
    part = db.get_one(RecordSignature, row.part_id) if row.part_id else None
    signed = note or part
    return OneToFile(
        what=_to_file(row),
        text=signed.signed_text if signed else "",
        decided=past_item(db, asked, row.item_id) if row.item_id else None,
        amendments=note.amendments if note else (),
        addenda=note.addenda if note else (),
        filed=_filed(db, row),
    )


def not_filed(db: Session, asked: Asked) -> tuple[ToFile, ...] | None:
    """What was signed and is not filed as it reads now, the newest first; at most MOST.

    Only from the first filing of the practice on, whoever made it: who keeps no other record is
    never asked. None while nothing was ever filed. Raises NotAllowed for the front desk.
    """
    check_can_read_notes(asked.viewer)
    began_at = db.scalar(
        select(func.min(Filing.at, type_=UtcDateTime())).where(Filing.undone_at.is_(None))
    )
    if began_at is None:
        return None
    notes = _notes(asked).where(_since(Note.signed_at, began_at, _of_note()), ~_stands(_of_note()))
    parts = _parts(asked).where(
        _since(RecordSignature.signed_at, began_at, _of_part()), ~_stands(_of_part())
    )
    decisions = _decisions(asked).where(
        _since(CaseReview.ended_at, began_at, _of_item()), ~_stands(_of_item())
    )
    found = union_all(notes, parts, decisions).subquery()
    rows = db.execute(
        select(found)
        .order_by(found.c.signed_at.desc(), found.c.note_id, found.c.part_id, found.c.item_id)
        .limit(MOST)
    )
    return tuple(map(_to_file, rows))


def _of_note() -> ColumnElement[bool]:
    return Filing.note_id == Note.id


def _of_part() -> ColumnElement[bool]:
    return Filing.record_signature_id == RecordSignature.id


def _of_item() -> ColumnElement[bool]:
    return Filing.review_item_id == ReviewItem.id


def _since(signed_at: Any, began_at: datetime, of_it: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether it is of the time since things are filed, or was filed once itself."""
    return or_(signed_at >= began_at, exists().where(of_it))


def _stands(of_it: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether it was filed, and reads as it did then."""
    return exists().where(of_it, Filing.undone_at.is_(None), ~_is_outdated())


def _is_outdated() -> ColumnElement[bool]:
    """Whether something was amended, added or confirmed since this Filing."""
    confirmed = aliased(ReviewItem)
    return or_(
        *(
            exists().where(table.note_id == Filing.note_id, table.at > Filing.at).correlate(Filing)
            for table in (NoteAmendment, NoteAddendum)
        ),
        exists()
        .where(confirmed.id == Filing.review_item_id, confirmed.confirmed_at > Filing.at)
        .correlate(Filing),
    )


def _notes(asked: Asked) -> Any:
    """The signed notes that count and that this person may read."""
    return (
        select(
            *CLIENT_NAME,
            Note.id.label("note_id"),
            literal(None, String).label("part_id"),
            literal(None, String).label("item_id"),
            type_coerce(Note.kind, String).label("kind"),
            type_coerce(IntegrationSession.kind, String).label("about"),
            Clinician.name,
            Clinician.credentials,
            Note.signed_at,
        )
        .join(Episode, Episode.id == Note.episode_id)
        .join(Client, Client.id == Episode.client_id)
        .join(Clinician, Clinician.id == Note.author_id)
        .outerjoin(IntegrationSession, IntegrationSession.id == Note.integration_session_id)
        .where(
            Note.signed_at.is_not(None),
            Note.voided_at.is_(None),
            visible_notes(asked.viewer, asked.now),
        )
    )


def _parts(asked: Asked) -> Any:
    """The signed parts of the records of ketamine sessions on courses of this person."""
    return (
        select(
            *CLIENT_NAME,
            literal(None, String).label("note_id"),
            RecordSignature.id.label("part_id"),
            literal(None, String).label("item_id"),
            type_coerce(RecordSignature.part, String).label("kind"),
            literal(None, String).label("about"),
            Clinician.name,
            Clinician.credentials,
            RecordSignature.signed_at,
        )
        .join(KetamineSession, KetamineSession.id == RecordSignature.ketamine_session_id)
        .join(Episode, Episode.id == KetamineSession.episode_id)
        .join(Client, Client.id == Episode.client_id)
        .join(Clinician, Clinician.id == RecordSignature.signed_by_id)
        .where(RecordSignature.signed_at.is_not(None), visible_episodes(asked.viewer, asked.now))
    )


def _decisions(asked: Asked) -> Any:
    """What case reviews that have ended decided about courses of this person."""
    return (
        select(
            *CLIENT_NAME,
            literal(None, String).label("note_id"),
            literal(None, String).label("part_id"),
            ReviewItem.id.label("item_id"),
            type_coerce(ReviewItem.decision, String).label("kind"),
            literal(None, String).label("about"),
            Clinician.name,
            Clinician.credentials,
            CaseReview.ended_at.label("signed_at"),
        )
        .join(CaseReview, CaseReview.id == ReviewItem.case_review_id)
        .join(Episode, Episode.id == ReviewItem.episode_id)
        .join(Client, Client.id == Episode.client_id)
        .join(Clinician, Clinician.id == ReviewItem.decided_by_id)
        .where(CaseReview.ended_at.is_not(None), visible_episodes(asked.viewer, asked.now))
    )


def _to_file(row: Any) -> ToFile:
    if row.note_id:
        what = title(NoteKind(row.kind), IntegrationKind(row.about) if row.about else None)
    elif row.item_id:
        what = f"Case review: {ReviewDecision(row.kind).label.lower()}"
    else:
        what = f"Ketamine session, {RecordPart(row.kind).label.lower()}"
    return ToFile(
        client=client_named(row.client_id, row),
        title=what,
        by=named(row.name, row.credentials),
        signed_at=row.signed_at,
        note_id=row.note_id,
        record_signature_id=row.part_id,
        review_item_id=row.item_id,
    )


def _filed(db: Session, of: Any) -> Filed | None:
    """The last time that it was filed, unless that was taken back."""
    if of.note_id:
        this = Filing.note_id == of.note_id
    elif of.part_id:
        this = Filing.record_signature_id == of.part_id
    else:
        this = Filing.review_item_id == of.item_id
    row = db.execute(
        select(Filing.id, Clinician.name, Filing.at, (~_is_outdated()).label("is_as_now"))
        .join(Clinician, Clinician.id == Filing.by_id)
        .where(
            this,
            Filing.undone_at.is_(None),
        )
        .order_by(Filing.at.desc(), Filing.id.desc())
        .limit(1)
    ).one_or_none()
    return row and Filed(row.id, row.name, row.at, row.is_as_now)
