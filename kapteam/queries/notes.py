"""Notes as they are read. Text that is not signed reaches nobody but its author."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Executable,
    Select,
    Text,
    and_,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from kapteam.db.access import is_on_episode, visible_episode_ids, visible_episodes, visible_notes
from kapteam.db.asks import read_seats, seats
from kapteam.db.signing import Subject, has_words, named, note_form, read_subject, read_unsigned
from kapteam.db.tables import (
    Client,
    Clinician,
    Draft,
    Episode,
    IntegrationSession,
    KetamineSession,
    Note,
    NoteAddendum,
    NoteAmendment,
    NoteRead,
)
from kapteam.errors import NotAllowed, NotFound
from kapteam.queries.client_names import CLIENT_NAME, ClientName, client_named
from kapteam.queries.commitments import carried_forward
from kapteam.queries.later import Later
from kapteam.queries.standing import Asked, Person
from kapteam.rules.commitments import Commitment
from kapteam.rules.dosing import ends_session
from kapteam.rules.notes import TEMPLATES, Field, Template, title
from kapteam.rules.permissions import check_can_read_notes
from kapteam.vocabulary import NoteKind, Part, SessionStatus

_NOTE, _AMENDMENT, _ADDENDUM, _READ = "note", "amendment", "addendum", "read"


@dataclass(frozen=True, slots=True)
class Answer:
    """One field of a signed note that has words, as it is read; `day` where it is one."""

    key: str
    label: str
    text: str
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Addition:
    """An amendment (with its reason), an addendum, or a comment of who read it, beside a note."""

    id: str
    author: str
    at: datetime
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class NoteLine:
    """One note. Without `signed_at` it says whose draft it is and since when, and no word of it.

    With `voided_at` it was entered in error: it is readable and counts nowhere (rule 66).
    `dose_status` is that of the ketamine session an intention was written for. `title` is what it
    is called: that of a debrief is no integration note. `reads` are the colleagues who marked it as
    read, each with a comment or none.
    """

    id: str
    kind: NoteKind
    title: str
    episode_id: str
    ketamine_session_id: str | None
    integration_session_id: str | None
    dose_status: SessionStatus | None
    author: Person
    by_prescriber: bool
    started_at: datetime
    signed_at: datetime | None
    signed_text: str
    voided_at: datetime | None
    void_reason: str
    written: Later[tuple[Answer, ...]] = field(compare=False)
    amendments: tuple[Addition, ...]
    addenda: tuple[Addition, ...]
    reads: tuple[Addition, ...]

    @property
    def answers(self) -> tuple[Answer, ...]:
        """What was written in its fields, in their order."""
        return self.written()

    def answer(self, key: str) -> str:
        """The words of one field, empty when there are none."""
        return next((one.text for one in self.answers if one.key == key), "")

    def day(self, key: str) -> date | None:
        """The day that was chosen in one field."""
        return next((one.day for one in self.answers if one.key == key), None)


@dataclass(frozen=True, slots=True)
class DraftText:
    """What the author has typed in one field; the next save has to have seen `version`."""

    text: str
    version: int
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class NotePage:
    """Everything that the page of one note shows.

    `drafts` is empty for anybody but the author. `intentions` are the signed ones that an
    integration note looks back on. Who writes one of the two is given the committed actions that
    were `agreed` before; `is_member` says whether they, or whom they cover, are on the course. An
    author who writes an intention is given the client's `last_integration`, and as `beginning` the
    last intention when it can be taken over: it was signed for this very session, or for one that
    never took place. `treated_by` are those on the course now; an author may be on it no longer
    (`is_on_course`).
    """

    note: NoteLine
    client: ClientName
    subject: Subject
    template: Template
    drafts: Mapping[str, DraftText]
    can_write: bool
    can_amend: bool
    can_add: bool
    can_mark_read: bool
    beside: tuple[NoteLine, ...]
    intentions: tuple[NoteLine, ...]
    last_integration: NoteLine | None
    beginning: NoteLine | None
    is_on_course: bool
    is_member: bool
    agreed: tuple[Commitment, ...]
    treated_by: tuple[Person, ...]

    @property
    def has_words(self) -> bool:
        """Whether anything is written; a field that was emptied again still has its draft."""
        return any(draft.text.strip() for draft in self.drafts.values())


@dataclass(frozen=True, slots=True)
class SigningPage:
    """What the signer reads before signing. `text` lacks only the line with name and time.

    `digest` names that text; `problems` say what keeps it from being signed.
    """

    note_id: str
    title: str
    client: ClientName
    author: str
    text: str
    digest: str
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnsignedNote:
    """A note that waits for its author's signature. `subject_at`: planned, or held.

    `id` is None while nobody began the note of an integration (`integration_session_id`) that was
    held: it is owed by whoever held it. The note of an integration is as old as the holding.
    """

    id: str | None
    kind: NoteKind
    title: str
    client: ClientName
    integration_session_id: str | None
    subject_at: datetime | None
    author: Person
    is_mine: bool
    since: datetime
    age: timedelta

    @property
    def key(self) -> str:
        """What names the row: the note, or the session whose note is not begun."""
        return self.id or self.integration_session_id or ""


@dataclass(frozen=True, slots=True)
class DoseNotes:
    """The notes before and after one ketamine session, the oldest first."""

    intentions: tuple[NoteLine, ...] = ()
    integrations: tuple[NoteLine, ...] = ()


@dataclass(frozen=True, slots=True)
class ClientNotes:
    """The notes of a client: by ketamine session, those of experiences elsewhere, and errors.

    `about_course` are those of the other kinds, about a course and no session: the newest first.
    """

    by_dose: Mapping[str, DoseNotes]
    elsewhere: tuple[NoteLine, ...]
    about_course: tuple[NoteLine, ...]
    in_error: tuple[NoteLine, ...]

    def of_dose(self, ketamine_session_id: str) -> DoseNotes:
        """The notes of one ketamine session; none is no error."""
        return self.by_dose.get(ketamine_session_id, DoseNotes())


def note_page(db: Session, asked: Asked, note_id: str) -> NotePage:
    """The page of one note, in four statements; two more for who writes it about a session.

    Raises NotAllowed for the front desk, NotFound where the note is not visible.
    """
    check_can_read_notes(asked.viewer)
    head = _head(db, asked, note_id)
    subject = read_subject(db, note_id)
    dose_ids = [dose.id for dose in subject.doses]
    related = [
        Note.id == note_id,
        Note.ketamine_session_id.in_(dose_ids),
        *(_is_latest(asked, head.client_id, kind) for kind in NoteKind if not kind.is_about_course),
    ]
    if head.integration_session_id is not None:
        related.append(Note.integration_session_id == head.integration_session_id)
    lines = {
        line.id: line
        for line in _lines(db, asked, or_(*related), opened_id=note_id)
        if line.id == note_id or line.voided_at is None
    }
    note = lines.pop(note_id)
    drafts = db.execute(
        select(Draft.field, Draft.text, Draft.version, Draft.saved_at).where(
            Draft.form == note_form(note_id), Draft.clinician_id == asked.viewer.clinician_id
        )
    )
    signed = [line for line in lines.values() if line.signed_at is not None]
    is_mine = head.author_id == asked.viewer.clinician_id
    counts = head.voided_at is None
    can_write = is_mine and head.signed_at is None
    planning = can_write and head.kind is NoteKind.INTENTION
    looks_back = can_write and not head.kind.is_about_course
    held = {row.field: DraftText(row.text, row.version, row.saved_at) for row in drafts}
    template = TEMPLATES[head.kind, head.template_version]
    return NotePage(
        note=note,
        client=client_named(head.client_id, head),
        subject=subject,
        template=template.offering(
            asked.practice.themes, {name: draft.text for name, draft in held.items()}
        ),
        drafts=held,
        can_write=can_write,
        can_amend=is_mine and counts and head.signed_at is not None,
        can_add=counts and head.signed_at is not None,
        can_mark_read=(
            counts
            and head.signed_at is not None
            and not is_mine
            and head.is_member
            and not head.is_read
        ),
        beside=tuple(line for line in lines.values() if _same_subject(line, note)),
        intentions=tuple(
            line
            for line in signed
            if head.kind is NoteKind.INTEGRATION and line.ketamine_session_id in dose_ids
        ),
        last_integration=_last(signed, NoteKind.INTEGRATION) if planning else None,
        beginning=_beginning(signed, note) if planning else None,
        is_on_course=head.is_on_course,
        is_member=head.is_member,
        agreed=carried_forward(db, asked, note.episode_id) if looks_back else (),
        treated_by=_treated_by(head.seats),
    )


def signing_page(db: Session, asked: Asked, note_id: str) -> SigningPage | None:
    """What the author reads before signing; None once it is signed.

    Raises NotAllowed (rule 18: the author alone; the front desk) and NotFound.
    """
    check_can_read_notes(asked.viewer)
    head = _head(db, asked, note_id)
    if head.author_id != asked.viewer.clinician_id:
        raise NotAllowed("Only its author can sign a note.")
    if head.signed_at is not None:
        return None
    unsigned = read_unsigned(db, note_id, asked.practice.zone)
    return SigningPage(
        note_id=note_id,
        title=unsigned.title,
        client=client_named(head.client_id, head),
        author=unsigned.author,
        text=unsigned.text,
        digest=unsigned.digest,
        problems=tuple(unsigned.problems.values()),
    )


def unsigned_notes(db: Session, asked: Asked) -> tuple[UnsignedNote, ...]:
    """Every note on the viewer's courses, and of their own, that is still to be signed.

    The oldest first, in two statements: those begun (one that was only opened is none yet),
    and those that an integration owes since it was held. Raises NotAllowed for the front desk.
    """
    check_can_read_notes(asked.viewer)
    rows = [*_begun(db, asked), *_not_begun(db, asked)]
    return tuple(
        UnsignedNote(
            id=row.id,
            kind=row.kind,
            title=title(row.kind, row.integration_kind),
            client=client_named(row.client_id, row),
            integration_session_id=row.integration_session_id,
            subject_at=row.subject_at,
            author=Person(row.author_id, row.name),
            is_mine=row.author_id == asked.viewer.clinician_id,
            since=row.since,
            age=asked.now - row.since,
        )
        for row in sorted(rows, key=lambda row: (row.since, row.id or row.integration_session_id))
    )


def _begun(db: Session, asked: Asked) -> list[Any]:
    return list(
        db.execute(
            select(
                *_head_columns(),
                Note.integration_session_id,
                IntegrationSession.kind.label("integration_kind"),
                # To begin to write makes what was held no younger.
                func.coalesce(IntegrationSession.held_at, Note.started_at).label("since"),
                Clinician.name,
                func.coalesce(
                    IntegrationSession.held_at,
                    IntegrationSession.planned_at,
                    KetamineSession.planned_at,
                ).label("subject_at"),
            )
            .join(Episode, Episode.id == Note.episode_id)
            .join(Client, Client.id == Episode.client_id)
            .join(Clinician, Clinician.id == Note.author_id)
            .outerjoin(KetamineSession, KetamineSession.id == Note.ketamine_session_id)
            .outerjoin(IntegrationSession, IntegrationSession.id == Note.integration_session_id)
            .where(
                Note.signed_at.is_(None),
                Note.voided_at.is_(None),
                visible_notes(asked.viewer, asked.now),
                _is_begun(),
            )
        )
    )


def _not_begun(db: Session, asked: Asked) -> list[Any]:
    """Integrations that were held and have no note, told like `_begun`; the holder owes it."""
    holder = func.coalesce(IntegrationSession.held_by_id, IntegrationSession.created_by_id)
    # From the courses to their sessions: most sessions ever held are other people's.
    visible = visible_episode_ids(asked.viewer, asked.now)
    has_note = exists().where(
        Note.integration_session_id == IntegrationSession.id,
        Note.voided_at.is_(None),
        _is_begun(),
    )
    return list(
        db.execute(
            select(
                null().label("id"),
                literal(NoteKind.INTEGRATION, Note.kind.type).label("kind"),
                Clinician.id.label("author_id"),
                *CLIENT_NAME,
                IntegrationSession.id.label("integration_session_id"),
                IntegrationSession.kind.label("integration_kind"),
                IntegrationSession.held_at.label("since"),
                IntegrationSession.held_at.label("subject_at"),
                Clinician.name,
            )
            .join(Episode, Episode.id == IntegrationSession.episode_id)
            .join(Client, Client.id == Episode.client_id)
            .join(Clinician, Clinician.id == holder)
            .where(
                IntegrationSession.held_at.is_not(None),
                IntegrationSession.closed_at.is_(None),
                IntegrationSession.dropped_at.is_(None),
                IntegrationSession.episode_id.in_(visible),
                ~has_note,
            )
        )
    )


def draft_of(db: Session, asked: Asked, note_id: str, field: str) -> DraftText | None:
    """What the viewer has typed in one field of an own note; None if nothing, or once signed."""
    found = db.execute(
        select(Draft.text, Draft.version, Draft.saved_at).where(
            Draft.clinician_id == asked.viewer.clinician_id,
            Draft.form == note_form(note_id),
            Draft.field == field,
        )
    ).one_or_none()
    return DraftText(*found) if found else None


def notes_of_client(
    db: Session, asked: Asked, client_id: str, links: Mapping[str | None, Sequence[str]]
) -> ClientNotes:
    """The notes of every course of a client that the viewer may see, in one statement.

    `links` are the ketamine sessions of each integration session; an integration of several stands
    under each. Raises NotAllowed for the front desk.
    """
    check_can_read_notes(asked.viewer)
    intentions: defaultdict[str, list[NoteLine]] = defaultdict(list)
    integrations: defaultdict[str, list[NoteLine]] = defaultdict(list)
    elsewhere, about_course, in_error = [], [], []
    for line in _lines(db, asked, Episode.client_id == client_id):
        if line.voided_at is not None:
            in_error.append(line)
            continue
        if line.kind.is_about_course:
            about_course.append(line)
        elif line.ketamine_session_id is not None:
            intentions[line.ketamine_session_id].append(line)
        elif line.integration_session_id not in links:
            elsewhere.append(line)
        for dose_id in links.get(line.integration_session_id, ()):
            integrations[dose_id].append(line)
    return ClientNotes(
        by_dose={
            dose_id: DoseNotes(tuple(intentions[dose_id]), tuple(integrations[dose_id]))
            for dose_id in {*intentions, *integrations}
        },
        elsewhere=tuple(elsewhere),
        about_course=tuple(
            sorted(about_course, key=lambda one: one.signed_at or one.started_at, reverse=True)
        ),
        in_error=tuple(in_error),
    )


def signed_note(db: Session, asked: Asked, note_id: str) -> NoteLine:
    """A signed note with what was amended and added; one statement.

    Raises NotAllowed for the front desk, NotFound where it is not signed or not visible.
    """
    check_can_read_notes(asked.viewer)
    found = [line for line in _lines(db, asked, Note.id == note_id) if line.signed_at]
    if not found:
        raise NotFound("There is no such note, or you are not on its course of care.")
    return found[0]


def intentions_of_dose(db: Session, asked: Asked, ketamine_session_id: str) -> tuple[NoteLine, ...]:
    """The intention notes of one ketamine session that count, the oldest first; one statement.

    Raises NotAllowed for the front desk.
    """
    check_can_read_notes(asked.viewer)
    of_dose = Note.ketamine_session_id == ketamine_session_id
    return tuple(line for line in _lines(db, asked, of_dose) if line.voided_at is None)


def note_lines(db: Session, asked: Asked, note_ids: Sequence[str]) -> Mapping[str, NoteLine]:
    """Those of these notes that the viewer may read, by id; one statement.

    Raises NotAllowed for the front desk.
    """
    check_can_read_notes(asked.viewer)
    return {line.id: line for line in _lines(db, asked, Note.id.in_(note_ids))}


def _head_columns() -> list[Any]:
    return [Note.id, Note.kind, Note.author_id, *CLIENT_NAME]


def _head(db: Session, asked: Asked, note_id: str) -> Any:
    found = db.execute(
        select(
            *_head_columns(),
            Note.signed_at,
            Note.voided_at,
            Note.template_version,
            Note.integration_session_id,
            visible_episodes(asked.viewer, asked.now).label("is_on_course"),
            is_on_episode(asked.viewer, asked.now).label("is_member"),
            exists()
            .where(NoteRead.note_id == Note.id, NoteRead.reader_id == asked.viewer.clinician_id)
            .label("is_read"),
            seats(Note.episode_id, asked.now).label("seats"),
        )
        .join(Episode, Episode.id == Note.episode_id)
        .join(Client, Client.id == Episode.client_id)
        .where(Note.id == note_id, _is_kept(), visible_notes(asked.viewer, asked.now))
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such note, or you are not on its course of care.")
    return found


def _treated_by(text: str | None) -> tuple[Person, ...]:
    """Those who treat on the course now, by name; whoever covers some days is not among them."""
    found, names = read_seats(text)
    ids = {one.clinician_id for one in found if one.part is not Part.COVER}
    return tuple(Person(one, names[one]) for one in sorted(ids, key=names.__getitem__))


def _is_latest(asked: Asked, client_id: str, kind: NoteKind) -> ColumnElement[bool]:
    """Whether it is the client's last signed note of a kind; an integration by when it was held."""
    latest = (
        select(Note.id)
        .join(Episode, Episode.id == Note.episode_id)
        .outerjoin(IntegrationSession, IntegrationSession.id == Note.integration_session_id)
        .where(
            Episode.client_id == client_id,
            visible_episodes(asked.viewer, asked.now),
            Note.kind == kind,
            Note.signed_at.is_not(None),
            Note.voided_at.is_(None),
        )
        .order_by(func.coalesce(IntegrationSession.held_at, Note.signed_at).desc(), Note.id.desc())
        .limit(1)
        .correlate(None)
    )
    return Note.id == latest.scalar_subquery()


def _is_kept() -> ColumnElement[bool]:
    """Whether it can be read: all but a note that was given up empty."""
    return or_(Note.voided_at.is_(None), Note.signed_at.is_not(None))


def _is_begun() -> ColumnElement[bool]:
    """Whether a note is more than one that somebody opened and left empty: that one is none yet."""
    return or_(Note.signed_at.is_not(None), has_words())


def _lines(
    db: Session, asked: Asked, condition: ColumnElement[bool], *, opened_id: str = ""
) -> list[NoteLine]:
    """The visible notes that meet `condition` (on Note, Episode), oldest first; one statement.

    Those entered in error are among them; without a word only the one that is opened itself.
    """
    is_shown = or_(_is_begun(), Note.id == opened_id)
    wanted = and_(_is_kept(), visible_notes(asked.viewer, asked.now), is_shown, condition)
    rows: defaultdict[str, list[Any]] = defaultdict(list)
    for row in db.execute(_notes_and_additions(wanted)):
        rows[row.what].append(row)
    amendments: defaultdict[str, list[Addition]] = defaultdict(list)
    addenda: defaultdict[str, list[Addition]] = defaultdict(list)
    reads: defaultdict[str, list[Addition]] = defaultdict(list)
    for what, beside in ((_AMENDMENT, amendments), (_ADDENDUM, addenda), (_READ, reads)):
        for row in rows[what]:
            author = named(row.name, row.credentials)
            beside[row.note_id].append(Addition(row.id, author, row.at, row.reason, row.text))
    return [
        NoteLine(
            id=row.id,
            kind=row.kind,
            title=title(row.kind, row.integration_kind),
            episode_id=row.episode_id,
            ketamine_session_id=row.ketamine_session_id,
            integration_session_id=row.integration_session_id,
            dose_status=row.status,
            author=Person(row.author_id, named(row.name, row.credentials)),
            by_prescriber=row.by_prescriber,
            started_at=row.at,
            signed_at=row.signed_at,
            signed_text=row.text or "",
            voided_at=row.voided_at,
            void_reason=row.reason,
            written=Later(partial(_answers, row.kind, row.template_version, row.body)),
            amendments=tuple(amendments[row.id]),
            addenda=tuple(addenda[row.id]),
            reads=tuple(reads[row.id]),
        )
        for row in rows[_NOTE]
    ]


def _answers(kind: NoteKind, template_version: int, body: Mapping[str, str]) -> tuple[Answer, ...]:
    fields = TEMPLATES[kind, template_version].fields
    return tuple(_answer(one, body[one.key]) for one in fields if one.key in body)


def _answer(field: Field, text: str) -> Answer:
    day = field.day(text) if field.is_day else None
    return Answer(field.key, field.label, field.written(text), day)


def _notes_and_additions(wanted: ColumnElement[bool]) -> Executable:
    """The notes that meet the condition and what was added to them, each by time."""
    of_notes = (
        Note.kind,
        Note.episode_id,
        Note.ketamine_session_id,
        Note.integration_session_id,
        Note.author_id,
        Note.by_prescriber,
        Note.template_version,
        Note.body,
        Note.signed_at,
        Note.voided_at,
        KetamineSession.status,
        IntegrationSession.kind.label("integration_kind"),
    )
    notes = (
        select(
            literal(_NOTE).label("what"),
            Note.id.label("note_id"),
            Note.id.label("id"),
            Note.started_at.label("at"),
            Note.void_reason.label("reason"),
            Note.signed_text.label("text"),
            Clinician.name,
            Clinician.credentials,
            *of_notes,
        )
        .join(Episode, Episode.id == Note.episode_id)
        .join(Clinician, Clinician.id == Note.author_id)
        .outerjoin(KetamineSession, KetamineSession.id == Note.ketamine_session_id)
        .outerjoin(IntegrationSession, IntegrationSession.id == Note.integration_session_id)
        .where(wanted)
        .cte("notes")
    )
    nothing_said = literal("", Text)
    # PostgreSQL asks for a type wherever there is nothing.
    nothing = [cast(null(), one.type) for one in of_notes]

    def beside(what: str, table: Any, author_id: Any, reason: Any, words: Any) -> Select[Any]:
        return (
            select(
                literal(what),
                table.note_id,
                table.id,
                table.at,
                reason,
                words,
                Clinician.name,
                Clinician.credentials,
                *nothing,
            )
            .join(notes, notes.c.id == table.note_id)
            .join(Clinician, Clinician.id == author_id)
        )

    return union_all(
        select(notes),
        beside(
            _AMENDMENT,
            NoteAmendment,
            NoteAmendment.author_id,
            NoteAmendment.reason,
            NoteAmendment.text,
        ),
        beside(_ADDENDUM, NoteAddendum, NoteAddendum.author_id, nothing_said, NoteAddendum.text),
        beside(_READ, NoteRead, NoteRead.reader_id, nothing_said, NoteRead.comment),
    ).order_by("at", "id")


def _same_subject(one: NoteLine, other: NoteLine) -> bool:
    return (one.kind, one.ketamine_session_id, one.integration_session_id) == (
        other.kind,
        other.ketamine_session_id,
        other.integration_session_id,
    )


def _last(signed: Iterable[NoteLine], kind: NoteKind) -> NoteLine | None:
    of_kind = [line for line in signed if line.kind is kind]
    return max(of_kind, key=lambda line: line.signed_at or line.started_at, default=None)


def _beginning(signed: Iterable[NoteLine], note: NoteLine) -> NoteLine | None:
    """The last signed intention, when it may be taken over into `note`."""
    last = _last(signed, NoteKind.INTENTION)
    if last is None or last.episode_id != note.episode_id:
        return None
    unused = last.dose_status is not None and ends_session(last.dose_status)
    return last if unused or _same_subject(last, note) else None
