"""Triggers that keep a table append-only, on either engine."""

from sqlalchemy import Connection, text


def make_append_only(table: str, connection: Connection) -> None:
    """Make the database refuse every UPDATE and DELETE on `table` (the audit log: rule 63).

    With `recursive_triggers` on (db/engine.py) SQLite's INSERT OR REPLACE is refused as well.
    """
    if connection.dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            connection.execute(
                text(
                    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
            )
        return
    connection.execute(
        text(
            f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
        )
    )
    connection.execute(
        text(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()"
        )
    )


FROZEN_AT_FIRST = ("signed_at", "signed_text", "content_hash", "author_id", "kind")
FROZEN = (
    *FROZEN_AT_FIRST,
    "episode_id",
    "ketamine_session_id",
    "integration_session_id",
    "template_version",
    "by_prescriber",
)
_SENTENCE = "a signed note is locked; amend it"


def lock_signed_notes(connection: Connection, frozen: tuple[str, ...] = FROZEN_AT_FIRST) -> None:
    """Make the database refuse to change what was signed, or to delete any note (rules 19, 66)."""
    if connection.dialect.name == "sqlite":
        changed = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in (*frozen, "body"))
        connection.execute(text("DROP TRIGGER IF EXISTS note_locked"))
        connection.execute(
            text(
                "CREATE TRIGGER note_locked BEFORE UPDATE ON note "
                f"WHEN OLD.signed_at IS NOT NULL AND ({changed}) "
                f"BEGIN SELECT RAISE(ABORT, '{_SENTENCE}'); END"
            )
        )
        connection.execute(
            text(
                "CREATE TRIGGER IF NOT EXISTS note_no_delete BEFORE DELETE ON note "
                "BEGIN SELECT RAISE(ABORT, 'a note is never deleted'); END"
            )
        )
        return
    changed = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in frozen)
    connection.execute(
        text(
            "CREATE OR REPLACE FUNCTION note_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN IF TG_OP = 'DELETE' THEN RAISE EXCEPTION 'a note is never deleted'; END IF; "
            f"IF OLD.signed_at IS NOT NULL AND ({changed} OR NEW.body::text <> OLD.body::text) "
            f"THEN RAISE EXCEPTION '{_SENTENCE}'; END IF; RETURN NEW; END $$"
        )
    )
    connection.execute(
        text(
            "CREATE OR REPLACE TRIGGER note_locked BEFORE UPDATE OR DELETE ON note "
            "FOR EACH ROW EXECUTE FUNCTION note_refuse()"
        )
    )


RECORD_FROZEN = (
    "ketamine_session_id",
    "part",
    "asked_at",
    "signed_at",
    "signed_by_id",
    "signed_text",
    "content_hash",
)
_RECORD_SENTENCE = "a signed record is locked; correct it and sign again"


def lock_signed_records(connection: Connection) -> None:
    """Make the database refuse to change or delete a signature of a ketamine session's record.

    That the record was changed since may be noted beside it, nothing else.
    """
    if connection.dialect.name == "sqlite":
        changed = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in RECORD_FROZEN)
        for verb, when in (("UPDATE", f" AND ({changed})"), ("DELETE", "")):
            connection.execute(
                text(
                    f"CREATE TRIGGER record_signature_no_{verb.lower()} "
                    f"BEFORE {verb} ON record_signature WHEN OLD.signed_at IS NOT NULL{when} "
                    f"BEGIN SELECT RAISE(ABORT, '{_RECORD_SENTENCE}'); END"
                )
            )
        return
    changed = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in RECORD_FROZEN)
    connection.execute(
        text(
            "CREATE FUNCTION record_signature_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN IF OLD.signed_at IS NOT NULL AND (TG_OP = 'DELETE' OR ({changed})) "
            f"THEN RAISE EXCEPTION '{_RECORD_SENTENCE}'; END IF; "
            "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$"
        )
    )
    connection.execute(
        text(
            "CREATE TRIGGER record_signature_locked BEFORE UPDATE OR DELETE ON record_signature "
            "FOR EACH ROW EXECUTE FUNCTION record_signature_refuse()"
        )
    )
