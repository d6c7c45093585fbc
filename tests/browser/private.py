"""What must never stand in a log, or on a screen that others see: names, numbers, texts, tokens."""

import re

from sqlalchemy import String, Text, select

from kapteam.db.base import Base
from kapteam.db.engine import Database
from kapteam.db.results_changes import RESULTS
from kapteam.db.tables import Client, Clinician, Inquiry

_LINK = re.compile(r"/session/invite/\S+")
_SHORTEST = 4
# Nobody's words: what happened, what was worked out, the practice itself, which field of a form a
# draft is of, and of which kind a signed record is.
_OTHER_TABLES = {"audit_event", "practice", "practice_setting"} | RESULTS
_OTHER_COLUMNS = {"field", "device", "kind"}


def leaks(log: str, private: set[str]) -> list[str]:
    """What of `private`, and which one-time links, stand in a log."""
    return [*(one for one in sorted(private) if one in log), *_LINK.findall(log)]


def private_words(url: str) -> set[str]:
    """Every line of one's own words in a practice but those too short to be known again.

    Of the tables' columns, so that a new one is looked at as well; the hashes of passwords, tokens
    and notes are among them.
    """
    database = Database(url)
    with database.reading() as db:
        texts = [
            text or ""
            for table in Base.metadata.sorted_tables
            if table.name not in _OTHER_TABLES
            for column in table.columns
            if type(column.type) in (String, Text)
            and not (column.primary_key or column.foreign_keys or column.name in _OTHER_COLUMNS)
            for text in db.scalars(select(column).distinct())
        ]
    database.close()
    lines = (line.strip() for text in texts for line in text.splitlines())
    return {line for line in lines if len(line) >= _SHORTEST}


def names_in(database: Database) -> re.Pattern[str]:
    """Every name, and every number by which somebody is called, of those who are not colleagues."""
    people = (Client.given_name, Client.family_name, Client.preferred_name)
    with database.reading() as db:
        ours = {part for name in db.scalars(select(Clinician.name)) for part in name.split()}
        texts = [one for row in db.execute(select(*people)) for one in row]
        texts += [*db.scalars(select(Inquiry.name))]
        names = {part for text in texts for part in text.split()} - ours
        whole = (Client.phone, Client.emergency_phone, Client.emergency_name)
        names |= {one for row in db.execute(select(*whole)) for one in row}
        names |= {*db.scalars(select(Inquiry.phone))}
    assert len(names) > 90
    return re.compile("|".join(rf"\b{re.escape(one)}\b" for one in names if one))
