"""The full-text index of signed notes, on either engine (docs/decisions/0062).

Rows of `note_words` are written with the signature, amendment or addendum they come from, and
triggers bring them into `note_fts`, which migrations make and no class maps: on SQLite an FTS5
table, on PostgreSQL a tsvector with its index. Whatever copies rows copies `note_words` alone, and
the other side indexes what arrives.
"""

from collections.abc import Iterable, Sequence
from itertools import count
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    FromClause,
    cast,
    column,
    select,
    table,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kapteam.db.tables import Note, NoteAddendum, NoteAmendment, NoteWords
from kapteam.rules.note_search import Sought, index_text

INDEX = "note_fts"
# How many notes PostgreSQL looks up by their numbers, and of how many by its guess it does not try.
_FEW, _TOO_MANY = 2_000, 10_000
_SQLITE = table(INDEX, column("rowid"))
_POSTGRESQL = table(INDEX, column("number"), column("words", TSVECTOR))
_WHOSE_ON_SQLITE = (
    text(
        "SELECT number, note_id, episode_id, author_id "
        "FROM note_words INDEXED BY ix_note_words_number_note_id_episode_id_author_id"
    )
    .columns(NoteWords.number, NoteWords.note_id, NoteWords.episode_id, NoteWords.author_id)
    .subquery("whose")
)
_WHOSE_ON_POSTGRESQL = select(
    NoteWords.number, NoteWords.note_id, NoteWords.episode_id, NoteWords.author_id
).subquery("whose")
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

    @property
    def whose(self) -> FromClause:
        """The `number`, `note_id`, `episode_id` and `author_id` of every note, without its words.

        To SQLite it has to be said that an index holds all of this: left alone it looks each note
        up among all the words there are, which takes three times as long.
        """
        return _WHOSE_ON_SQLITE if self.is_on_sqlite else _WHOSE_ON_POSTGRESQL

    def matches(self, sought: Sequence[Sequence[Sought]]) -> ColumnElement[bool]:
        """Of each of these, at least one of which the parts name, is in the note.

        SQLite looks it up, the newest first. PostgreSQL asks it of each note that is joined and
        not of its index, which would give all notes that have the words before the first of them.
        """
        if self.is_on_sqlite:
            return column(INDEX).op("MATCH")(_all_of(sought, _in_fts5, " AND ", " OR "))
        return _in_index(_all_of(sought, _in_tsquery, " & ", " | ")).is_(true())

    def few(
        self, db: Session, sought: Sequence[Sought], *conditions: ColumnElement[bool]
    ) -> Sequence[int] | None:
        """The numbers of the notes that have all of this, from PostgreSQL's index.

        None where thousands have the words, together or not: of each it would have to read where.
        It is asked for its guess first, because to gather numbers takes as long as there are many.
        One statement, or two.
        """
        words = [[one] for all_of in sought for one in all_of.apart]
        apart = _all_of(words, _in_tsquery, " & ", " | ")
        guess = text(f"EXPLAIN (FORMAT JSON) SELECT FROM {INDEX} WHERE words @@ (:words)::tsquery")
        [plan] = db.execute(guess, {"words": apart}).scalar_one()
        if plan["Plan"]["Plan Rows"] > _TOO_MANY:
            return None
        having = select(self.number, self.source.c.words).where(_in_index(apart), *conditions)
        some = having.limit(_FEW + 1).cte("some").prefix_with("MATERIALIZED")
        together = _all_of(([one] for one in sought), _in_tsquery, " & ", " | ")
        numbers = db.execute(select(some.c.number, _in_index(together, some))).all()
        if len(numbers) > _FEW:
            return None
        return [number for number, is_found in numbers if is_found]


def _all_of(sought: Iterable[Iterable[Sought]], say: Any, and_: str, or_: str) -> str:
    return and_.join(f"({or_.join(map(say, one))})" for one in sought)


def _in_index(asked: str, source: FromClause = _POSTGRESQL) -> ColumnElement[bool]:
    return source.c.words.op("@@", return_type=Boolean())(cast(asked, TSQUERY))


def _in_fts5(one: Sought) -> str:
    """In words: https://sqlite.org/fts5.html#full_text_query_syntax."""
    return f'"{" ".join(one.words)}"{" *" if one.begun else ""}'


def _in_tsquery(one: Sought) -> str:
    """In words: https://www.postgresql.org/docs/current/datatype-textsearch.html."""
    return " <-> ".join(f"'{word}'" for word in one.words) + (":*" if one.begun else "")
