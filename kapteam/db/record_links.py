"""The list of what was signed or given: lines are added as a write ends, and read to be checked.

What is listed of a row is said once, in `_LISTED`: columns that never change after they were
listed. Taking one away or adding one is a change of every row in it, so a new column needs a kind
of its own.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    String,
    and_,
    event,
    exists,
    func,
    insert,
    literal,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.engine import URL
from sqlalchemy.orm import InstrumentedAttribute, Session

from kapteam.db.base import Identified
from kapteam.db.record_key import needed_key, record_key
from kapteam.db.tables import (
    Administration,
    AuditEvent,
    Client,
    Episode,
    KetamineSession,
    Note,
    NoteAddendum,
    NoteAmendment,
    RecordLink,
    RecordSignature,
)
from kapteam.rules.record_links import (
    NOTHING_LISTED,
    Anchor,
    Link,
    Restored,
    RowNamed,
    anchor_of,
    hash_of_row,
    next_link,
    read_anchor,
)
from kapteam.vocabulary import Linked

AT_ONCE = 500
_WAITING = "rows to list"
_LOCK = 0x6B61_7074
"""Names the list among the locks of a PostgreSQL database; any number that nobody else uses."""
_UNREADABLE = "unreadable"
_LINE = tuple(getattr(RecordLink, one.name) for one in fields(Link))


@dataclass(frozen=True, slots=True)
class _Listed:
    """What is listed of a row: its columns, from when on (`since`), and when that was said."""

    table: type[Any]
    columns: tuple[InstrumentedAttribute[Any], ...]
    at: InstrumentedAttribute[Any]
    since: ColumnElement[bool] | None = None


_LISTED: Mapping[Linked, _Listed] = {
    Linked.NOTE: _Listed(
        Note,
        (
            Note.kind,
            Note.episode_id,
            Note.ketamine_session_id,
            Note.integration_session_id,
            Note.author_id,
            Note.by_prescriber,
            Note.template_version,
            Note.body,
            Note.signed_at,
            Note.signed_text,
            Note.content_hash,
        ),
        Note.signed_at,
        Note.signed_at.is_not(None),
    ),
    Linked.AMENDMENT: _Listed(
        NoteAmendment,
        (
            NoteAmendment.note_id,
            NoteAmendment.author_id,
            NoteAmendment.at,
            NoteAmendment.reason,
            NoteAmendment.text,
            NoteAmendment.content_hash,
        ),
        NoteAmendment.at,
    ),
    Linked.ADDENDUM: _Listed(
        NoteAddendum,
        (
            NoteAddendum.note_id,
            NoteAddendum.author_id,
            NoteAddendum.at,
            NoteAddendum.text,
            NoteAddendum.content_hash,
        ),
        NoteAddendum.at,
    ),
    Linked.NOTE_VOID: _Listed(
        Note,
        (Note.voided_at, Note.voided_by_id, Note.void_reason),
        Note.voided_at,
        and_(Note.signed_at.is_not(None), Note.voided_at.is_not(None)),
    ),
    Linked.DOSE: _Listed(
        Administration,
        (
            Administration.ketamine_session_id,
            Administration.kind,
            Administration.ug,
            Administration.started_at,
            Administration.lot,
            Administration.reason,
            Administration.given_by_id,
            Administration.is_witnessed,
            Administration.recorded_at,
            Administration.told_by_id,
        ),
        Administration.recorded_at,
    ),
    Linked.DOSE_END: _Listed(
        Administration,
        (Administration.ended_at,),
        Administration.ended_at,
        Administration.ended_at.is_not(None),
    ),
    Linked.DOSE_CONFIRMED: _Listed(
        Administration,
        (Administration.confirmed_by_id, Administration.confirmed_at),
        Administration.confirmed_at,
        Administration.confirmed_at.is_not(None),
    ),
    Linked.DOSE_VOID: _Listed(
        Administration,
        (Administration.voided_at, Administration.voided_by_id, Administration.void_reason),
        Administration.voided_at,
        Administration.voided_at.is_not(None),
    ),
    Linked.RECORD: _Listed(
        RecordSignature,
        (
            RecordSignature.ketamine_session_id,
            RecordSignature.part,
            RecordSignature.asked_at,
            RecordSignature.signed_at,
            RecordSignature.signed_by_id,
            RecordSignature.signed_text,
            RecordSignature.content_hash,
        ),
        RecordSignature.signed_at,
        RecordSignature.signed_at.is_not(None),
    ),
    Linked.RESTORED: _Listed(
        AuditEvent,
        (AuditEvent.at, AuditEvent.tag, AuditEvent.changes),
        AuditEvent.at,
        AuditEvent.tag == "backup:restored",
    ),
}


def list_rows(db: Session, now: datetime, *rows: Identified) -> None:
    """Have rows listed that were signed, given, ended, confirmed or marked in this transaction.

    Their lines are made when it commits, of what the rows say by then: so the list is locked last
    and only for a moment, and nobody who waits for it holds what somebody else needs. What is
    listed already, or is nothing to list yet, is no line.
    """
    if _WAITING not in db.info:
        db.info[_WAITING] = set()
        event.listen(db, "before_commit", lambda ending: _list_waiting(ending, now))
    db.info[_WAITING].update(row.id for row in rows)


def list_what_is_there(db: Session, now: datetime, *, anew: bool = False) -> None:
    """Begin the list with everything that was signed or given before there was one, by its moment.

    Only while there is neither a line nor a key: afterwards a row without a line is one that
    kapteam did not write. `anew` of a restored backup from before there was a list.
    """
    if (anew or record_key(_address(db)) is None) and _last(db) is None:
        _append(db, now, None)


def newest_anchor(db: Session) -> Anchor:
    """How far the list reaches; position 0 where it has no line yet."""
    last = _last(db)
    return anchor_of(last) if last else NOTHING_LISTED


def newest_key_name(db: Session) -> str | None:
    """The name of the key of the last line; None where there is no line yet."""
    last = _last(db)
    return last.key_name if last else None


def anchors_at(db: Session, positions: Collection[int]) -> dict[int, Anchor]:
    """The anchors of the lines at these positions, without those where no line is."""
    rows = db.execute(select(*_LINE).where(RecordLink.position.in_(positions)))
    return {row.position: anchor_of(Link(**row._mapping)) for row in rows}


def links_after(db: Session, position: int) -> list[tuple[Link, str | None]]:
    """The next lines, at most AT_ONCE, each with the hash of what its row says now.

    That is None where there is no such row, and no hash at all where it cannot be read.
    """
    links = [
        Link(**row._mapping)
        for row in db.execute(
            select(*_LINE)
            .where(RecordLink.position > position)
            .order_by(RecordLink.position)
            .limit(AT_ONCE)
        )
    ]
    said: dict[str, dict[str, str]] = _said(db, [(one.kind, one.row_id) for one in links])
    return [(one, said.get(one.kind, {}).get(one.row_id)) for one in links]


def first_unlisted(db: Session) -> tuple[Linked, str] | None:
    """The first row that ought to be listed and is not, by its moment."""
    found = db.execute(_unlisted(None).limit(1)).first()
    return (Linked(found.kind), found.id) if found else None


def restored_backups(db: Session) -> list[Restored]:
    """The restored backups that are on the list, for `rules.record_links.is_put_aside`."""
    rows = db.execute(
        select(RecordLink.position, AuditEvent.changes)
        .join(AuditEvent, AuditEvent.id == RecordLink.row_id)
        .where(RecordLink.kind == Linked.RESTORED)
    )
    return [_restored(row.position, row.changes) for row in rows if "before" in row.changes]


def row_named(db: Session, kind: Linked | None, row_id: str) -> RowNamed:
    """What a sentence says of a row: from itself, or else from what the audit log says of it."""
    if kind is None or kind is Linked.RESTORED:
        return RowNamed(kind, _moment(db, kind, row_id) if kind else None, "")
    return RowNamed(kind, _moment(db, kind, row_id), _code(db, kind, row_id))


def _restored(position: int, changes: Mapping[str, Any]) -> Restored:
    put_aside = changes.get("put_aside")
    return Restored(
        position,
        read_anchor(changes["before"]).position,
        bool(changes.get("listed_anew")),
        None if put_aside is None else frozenset(read_anchor(one) for one in put_aside),
    )


def _list_waiting(db: Session, now: datetime) -> None:
    if db.in_nested_transaction():
        return  # The end of a savepoint, which may be undone yet.
    ids = db.info.pop(_WAITING, None)
    if ids:
        db.flush()
        _append(db, now, ids)


def _append(db: Session, now: datetime, ids: Collection[str] | None) -> None:
    """Add a line for each row of these ids that has to have one (None: for every row)."""
    # On SQLite a writer is alone anyway.
    if db.get_bind().dialect.name == "postgresql":
        db.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    last = _last(db)
    if last is None and ids is not None and record_key(_address(db)) is None:
        ids = None
    for rows in _batches(db, ids):
        if not rows:
            continue  # A key without a line would say that there was a list.
        key = needed_key(_address(db))
        said = _said(db, [(row.kind, row.id) for row in rows])
        lines = []
        for row in rows:
            last = next_link(key, last, Linked(row.kind), row.id, said[row.kind][row.id], now)
            lines.append(asdict(last))
        db.execute(insert(RecordLink), lines)


def _address(db: Session) -> URL:
    return db.get_bind().engine.url


def _batches(db: Session, ids: Collection[str] | None) -> Iterator[Sequence[Any]]:
    if ids is not None:
        yield db.execute(_unlisted(ids)).all()
        return
    everything = db.execute(_unlisted(None).execution_options(yield_per=AT_ONCE))
    yield from everything.partitions()


def _unlisted(ids: Collection[str] | None) -> CompoundSelect[Any]:
    """Rows that ought to be listed and are not, in the order in which they were said."""
    parts = []
    for place, (kind, listed) in enumerate(_LISTED.items()):
        is_listed = exists().where(
            RecordLink.row_id == listed.table.id, RecordLink.kind == literal(kind.value)
        )
        wanted = [~is_listed]
        if listed.since is not None:
            wanted.append(listed.since)
        if ids is not None:
            wanted.append(listed.table.id.in_(ids))
        parts.append(
            select(
                # As it is kept: what was written past kapteam need not be a moment.
                type_coerce(listed.at, String).label("at"),
                literal(place).label("place"),
                literal(kind.value).label("kind"),
                listed.table.id.label("id"),
            ).where(*wanted)
        )
    return union_all(*parts).order_by("at", "place", "id")


def _said(db: Session, rows: Sequence[tuple[str, str]]) -> dict[str, dict[str, str]]:
    """By kind and id, the hash of what each row says; a kind that is none of ours says nothing."""
    of_kind = {kind: [row_id for found, row_id in rows if found == kind] for kind in Linked}
    return {kind: _hashes(db, kind, ids) for kind, ids in of_kind.items() if ids}


def _hashes(db: Session, kind: Linked, ids: Sequence[str]) -> dict[str, str]:
    """The hash of what each row says, by id, without those that are gone.

    What somebody wrote past kapteam need not be what a column can hold: then each half is read by
    itself, until the row is found.
    """
    listed = _LISTED[kind]
    try:
        rows = db.execute(
            select(listed.table.id, *listed.columns).where(listed.table.id.in_(ids))
        ).all()
        return {row.id: hash_of_row(kind, row.id, _says(row)) for row in rows}
    except (ValueError, TypeError, LookupError):
        if len(ids) == 1:
            return {ids[0]: _UNREADABLE}
        half = len(ids) // 2
        return _hashes(db, kind, ids[:half]) | _hashes(db, kind, ids[half:])


def _says(row: Any) -> dict[str, Any]:
    return {name: value for name, value in row._mapping.items() if name != "id"}


def _last(db: Session) -> Link | None:
    row = db.execute(select(*_LINE).order_by(RecordLink.position.desc()).limit(1)).first()
    return Link(**row._mapping) if row else None


def _moment(db: Session, kind: Linked, row_id: str) -> datetime | None:
    """When a row was said, by itself or by its line; None where that is no moment any more."""
    listed = _LISTED[kind]
    written = select(RecordLink.linked_at).where(
        RecordLink.row_id == row_id, RecordLink.kind == kind.value
    )
    for read in (
        lambda: db.scalar(select(listed.at).where(listed.table.id == row_id)),
        lambda: datetime.fromisoformat(db.scalar(written) or ""),
    ):
        try:
            found: datetime | None = read()
        except (ValueError, TypeError):
            continue
        if found is not None:
            return found
    return None


def _code(db: Session, kind: Linked, row_id: str) -> str:
    own = (
        select(Client.code)
        .join(Episode, Episode.client_id == Client.id)
        .where(Episode.id.in_(_episode_of(kind, row_id)))
    )
    said = (
        select(Client.code)
        .join(AuditEvent, AuditEvent.client_id == Client.id)
        .where(AuditEvent.subject_id == row_id)
        .limit(1)
    )
    return db.scalar(own) or db.scalar(said) or ""


def _episode_of(kind: Linked, row_id: str) -> Select[Any]:
    table = _LISTED[kind].table
    if table is Note:
        return select(Note.episode_id).where(Note.id == row_id)
    if table in {NoteAmendment, NoteAddendum}:
        of_note = select(Note.episode_id).join(table, table.note_id == Note.id)
        return of_note.where(table.id == row_id)
    of_session = select(KetamineSession.episode_id).join(
        table, table.ketamine_session_id == KetamineSession.id
    )
    return of_session.where(table.id == row_id)
