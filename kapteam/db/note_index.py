"""The full-text index of signed notes, on either engine (docs/decisions/0062).

Rows of `note_words` are written with the signature, amendment or addendum they come from, and
triggers bring them into `note_fts`, which migrations make and no class maps: on SQLite an FTS5
table, on PostgreSQL a tsvector with its index. Whatever copies rows copies `note_words` alone, and
the other side indexes what arrives.
"""

from collections.abc import Iterable, Sequence
from itertools import count
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, cast, column, select, table
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kapteam.db.tables import Note, NoteAddendum, NoteAmendment, NoteWords
from kapteam.rules.note_search import Sought, index_text

INDEX = "note_fts"
_FEW = 1_000
_SQLITE = table(INDEX, column("rowid"))
_POSTGRESQL = table(INDEX, column("number"), column("words", TSVECTOR))
# `ascii` parts what it is given at the spaces: which words there are is said in rules/ alone.
_ON_SQLITE = (
    f"""
    CREATE VIRTUAL TABLE {INDEX} USING fts5(
        text, content='note_words', content_rowid='number',
        tokenize='ascii', prefix='3', columnsize=0
    )
    """,
    f"""
    CREATE TRIGGER note_words_added AFTER INSERT ON note_words BEGIN
        INSERT INTO {INDEX} (rowid, text) VALUES (NEW.number, NEW.text);
    END
    """,
    f"""
    CREATE TRIGGER note_words_changed AFTER UPDATE ON note_words BEGIN
        INSERT INTO {INDEX} ({INDEX}, rowid, text) VALUES ('delete', OLD.number, OLD.text);
        INSERT INTO {INDEX} (rowid, text) VALUES (NEW.number, NEW.text);
    END
    """,
    f"""
    CREATE TRIGGER note_words_gone AFTER DELETE ON note_words BEGIN
        INSERT INTO {INDEX} ({INDEX}, rowid, text) VALUES ('delete', OLD.number, OLD.text);
    END
    """,
)
# No parser of the server's: each word as it is, and where it stands.
_ON_POSTGRESQL = (
    f"""
    CREATE TABLE {INDEX} (
        number bigint PRIMARY KEY REFERENCES note_words ON DELETE CASCADE,
        words tsvector NOT NULL
    )
    """,
    # Notes are signed one by one: what is looked through before the index would cost every search.
    f"CREATE INDEX ix_{INDEX}_words ON {INDEX} USING gin (words) WITH (fastupdate = off)",
    f"""
    CREATE FUNCTION note_words_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO {INDEX} (number, words)
        SELECT NEW.number, string_agg('''' || word || ''':' || place, ' ')::tsvector
        FROM unnest(string_to_array(NEW.text, ' ')) WITH ORDINALITY AS one (word, place)
        ON CONFLICT (number) DO UPDATE SET words = excluded.words;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER note_words_kept AFTER INSERT OR UPDATE ON note_words
    FOR EACH ROW EXECUTE FUNCTION note_words_keep()
    """,
)


def is_index(name: str) -> bool:
    """Whether a table belongs to the index: nothing copies, counts or compares it."""
    return name.startswith(INDEX)


def make_index(connection: Connection) -> None:
    """Give a database the index of its `note_words`, and what keeps the two in step."""
    on_sqlite = connection.dialect.name == "sqlite"
    for statement in _ON_SQLITE if on_sqlite else _ON_POSTGRESQL:
        connection.exec_driver_sql(statement)


def index_note(db: Session, note_id: str) -> None:
    """Have a signed note found by what it says now, with all that was added to it."""
    note = db.execute(
        select(
            Note.kind,
            Note.template_version,
            Note.body,
            Note.episode_id,
            Note.author_id,
            Note.signed_at,
        ).where(Note.id == note_id)
    ).one()
    amendments = select(NoteAmendment.reason, NoteAmendment.text).where(
        NoteAmendment.note_id == note_id
    )
    addenda = select(NoteAddendum.text).where(NoteAddendum.note_id == note_id)
    words = index_text(
        kind=note.kind,
        version=note.template_version,
        body=note.body,
        episode_id=note.episode_id,
        author_id=note.author_id,
        added=(
            *(said for one in db.execute(amendments.order_by(NoteAmendment.id)) for said in one),
            *db.scalars(addenda.order_by(NoteAddendum.id)),
        ),
    )
    kept = db.scalar(select(NoteWords).where(NoteWords.note_id == note_id))
    if kept is None:
        kept = NoteWords(
            note_id=note_id, episode_id=note.episode_id, author_id=note.author_id, text=words
        )
        _add(db, kept, int(note.signed_at.timestamp()))
    else:
        kept.text = words


def _add(db: Session, words: NoteWords, second: int) -> None:
    """Under the number of this second, or the next that nobody takes meanwhile."""
    db.flush()
    taken = set(db.scalars(select(NoteWords.number).where(NoteWords.number >= second)))
    for number in count(second):
        if number in taken:
            continue
        try:
            with db.begin_nested():
                words.number = number
                db.add(words)
        except IntegrityError:
            # Somebody signed in this second meanwhile; of anything else it would never end.
            if db.scalar(select(NoteWords.number).where(NoteWords.number == number)) is None:
                raise
            continue
        return


class NoteIndex:
    """The index as a statement asks it: `source` to join, `number` of a note, what it matches."""

    def __init__(self, db: Session) -> None:
        self.is_on_sqlite = db.get_bind().dialect.name == "sqlite"
        self.source: FromClause = _SQLITE if self.is_on_sqlite else _POSTGRESQL

    @property
    def number(self) -> ColumnElement[int]:
        """The number of the note that was found: the highest is the newest."""
        return self.source.c.rowid if self.is_on_sqlite else self.source.c.number

    def matches(self, sought: Sequence[Sequence[Sought]]) -> ColumnElement[bool]:
        """Of each of these, at least one of which the parts name, is in the note."""
        if self.is_on_sqlite:
            return column(INDEX).op("MATCH")(_all_of(sought, _in_fts5, " AND ", " OR "))
        asked = cast(_all_of(sought, _in_tsquery, " & ", " | "), TSQUERY)
        return _POSTGRESQL.c.words.op("@@")(asked)

    def few(self, db: Session, sought: Sequence[Sequence[Sought]]) -> Sequence[int] | None:
        """The numbers of the notes that have this, where PostgreSQL finds that they are few.

        Told the numbers it looks up those notes; else it may read all there are. SQLite gives its
        hits one by one, the newest first, and need not know.
        """
        if self.is_on_sqlite:
            return None
        found = select(self.number).where(self.matches(sought)).limit(_FEW + 1)
        numbers = db.scalars(found).all()
        return numbers if len(numbers) <= _FEW else None


def _all_of(sought: Iterable[Iterable[Sought]], say: Any, and_: str, or_: str) -> str:
    return and_.join(f"({or_.join(map(say, one))})" for one in sought)


def _in_fts5(one: Sought) -> str:
    """In words: https://sqlite.org/fts5.html#full_text_query_syntax."""
    return f'"{" ".join(one.words)}"{" *" if one.begun else ""}'


def _in_tsquery(one: Sought) -> str:
    """In words: https://www.postgresql.org/docs/current/datatype-textsearch.html."""
    return " <-> ".join(f"'{word}'" for word in one.words) + (":*" if one.begun else "")
