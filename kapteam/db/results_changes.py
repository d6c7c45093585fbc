"""What was changed since results were worked out: noted by triggers, whoever writes and however.

A row of `results_change` is written in the transaction of the change itself, and for each change
one: a row that two transactions shared could be taken away between them.
"""

from sqlalchemy import Connection

RESULTS = frozenset({"dose_result", "series_result", "results_basis", "results_change"})
"""The tables that are worked out from others: nothing copies, counts or compares them."""
_COURSE, _SESSION = ("episode_id", "episode_id"), ("ketamine_session_id", "ketamine_session_id")
SOURCES = {
    "episode": ("episode_id", "id"),
    "series": _COURSE,
    "ketamine_session": _COURSE,
    "administration": _SESSION,
    "score": _COURSE,
    "note": _COURSE,
    # What it integrates may have been given on a course that ended before.
    "integration_session": ("integration_session_id", "id"),
    "integration_session_for": _SESSION,
}
"""The tables that results are worked out from: what is noted of a row, and from which column.

Which course that is is asked when it is read: on SQLite a trigger that reads another table is in
the way of every migration that rebuilds that one.
"""


def note_changes(connection: Connection, table: str) -> None:
    """Have every change to a row of one of `SOURCES` noted, while there are results.

    A migration that rebuilds such a table on SQLite calls it again: its triggers went with it.
    """
    noted, column = SOURCES[table]
    into = f"INSERT INTO results_change ({noted})"
    verbs = {
        "INSERT": f"{into} SELECT NEW.{column}",
        "UPDATE": f"{into} SELECT NEW.{column} UNION SELECT OLD.{column}",
        "DELETE": f"{into} SELECT OLD.{column}",
    }
    if connection.dialect.name == "sqlite":
        for verb, note in verbs.items():
            connection.exec_driver_sql(
                f"CREATE TRIGGER {table}_results_{verb.lower()} AFTER {verb} ON {table} "
                f"WHEN EXISTS (SELECT 1 FROM results_basis) BEGIN {note}; END"
            )
        return
    cases = " ELS".join(f"IF TG_OP = '{verb}' THEN {note};" for verb, note in verbs.items())
    connection.exec_driver_sql(
        f"CREATE OR REPLACE FUNCTION {table}_note_change() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN IF EXISTS (SELECT 1 FROM results_basis) THEN {cases} END IF; END IF; "
        "RETURN NULL; END $$"
    )
    connection.exec_driver_sql(
        f"CREATE OR REPLACE TRIGGER {table}_results AFTER INSERT OR UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {table}_note_change()"
    )
