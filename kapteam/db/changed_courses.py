"""Which courses are noted as changed: by triggers, so that no way of writing passes them by.

A row of `changed_course` is written in the transaction of the change itself, and for each change
one: a row that two transactions shared could be taken away between them.
"""

from sqlalchemy import Connection

RESULTS = frozenset({"dose_result", "series_result", "results_basis", "changed_course"})
"""The tables that are worked out from others: nothing copies, counts or compares them."""
_OF_SESSION = "SELECT episode_id FROM ketamine_session WHERE id = {row}.ketamine_session_id"
# What an integration session integrates may have been given on a course that ended before.
_OF_INTEGRATION = (
    "SELECT DISTINCT one.episode_id FROM ketamine_session AS one"
    " JOIN integration_session_for AS link ON link.ketamine_session_id = one.id"
    " WHERE link.integration_session_id = {row}.id"
)
_OWN = "SELECT {row}.episode_id"
SOURCES = {
    "episode": "SELECT {row}.id",
    "series": _OWN,
    "ketamine_session": _OWN,
    "administration": _OF_SESSION,
    "score": _OWN,
    "note": _OWN,
    "integration_session": _OF_INTEGRATION,
    "integration_session_for": _OF_SESSION,
}
"""The tables that results are worked out from, and how the course of a row is found."""


def note_changes(connection: Connection, table: str) -> None:
    """Have every change to a row of one of `SOURCES` noted, while there are results.

    A migration that rebuilds such a table on SQLite calls it again: its triggers went with it.
    """
    before, after = (SOURCES[table].format(row=row) for row in ("OLD", "NEW"))
    noted = {"INSERT": after, "UPDATE": f"{after} UNION {before}", "DELETE": before}
    into = "INSERT INTO changed_course (episode_id)"
    if connection.dialect.name == "sqlite":
        for verb, courses in noted.items():
            connection.exec_driver_sql(
                f"CREATE TRIGGER {table}_results_{verb.lower()} AFTER {verb} ON {table} "
                f"WHEN EXISTS (SELECT 1 FROM results_basis) BEGIN {into} {courses}; END"
            )
        return
    cases = " ELS".join(
        f"IF TG_OP = '{verb}' THEN {into} {courses};" for verb, courses in noted.items()
    )
    connection.exec_driver_sql(
        f"CREATE OR REPLACE FUNCTION {table}_note_change() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN IF EXISTS (SELECT 1 FROM results_basis) THEN {cases} END IF; END IF; "
        "RETURN NULL; END $$"
    )
    connection.exec_driver_sql(
        f"CREATE OR REPLACE TRIGGER {table}_results AFTER INSERT OR UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {table}_note_change()"
    )
