"""From nothing, or from an older version, to this one; or a refusal that changes nothing."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import IntegrityError

from kapteam.db import migrate, tables, versions
from kapteam.db.base import Base
from kapteam.db.engine import Database
from kapteam.db.migrate import bring_up_to_date
from kapteam.db.note_index import is_index
from kapteam.errors import Unusable
from kapteam.ids import new_id
from tests.factories_care import a_series

_NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "next"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("clinician") as clinician:
        clinician.add_column(sa.Column("nickname", sa.String(40)))
        clinician.alter_column("name", type_=sa.String(200))
    {then}
"""


def _bring_up_to(database: Database, revision: str) -> None:
    """A database as an older version of kapteam left it."""
    config = versions.alembic_config()
    database.make_ready()
    with database.migrating() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def _a_client_of_an_older_version(db, search_text=""):
    """A client and who made them, in the columns of the first version."""
    made = "'2026-11-02 10:00:00'"
    db.execute(
        text(
            "INSERT INTO clinician"
            " (id, version, name, credentials, sign_in_name, is_administrator, created_at)"
            f" VALUES ('by', 1, 'Robin Prescott', '', 'robin', FALSE, {made})"
        )
    )
    db.execute(
        text(
            "INSERT INTO client (id, version, code, family_name, given_name, preferred_name,"
            " pronouns, phone, emergency_name, emergency_relation, emergency_phone, may_be_told,"
            " pinned_line, search_text, created_by_id, created_at)"
            " VALUES ('client', 1, 'K-001', 'Okafor', 'Amara', '', '', '', '', '', '', '', '',"
            f" :search_text, 'by', {made})"
        ),
        {"search_text": search_text},
    )
    return tables.Client(id="client", created_by_id="by")


def _a_course_of_an_older_version(db, state="series"):
    """A course of a client, in the columns of the first version."""
    client = _a_client_of_an_older_version(db)
    made = "'2026-11-02 10:00:00'"
    db.execute(
        text(
            "INSERT INTO episode"
            " (id, version, client_id, service_line, indications, state, state_since,"
            " expects_intention, expects_integration, opened_at, opened_by_id, close_note)"
            f" VALUES ('course', 1, '{client.id}', 'kap', '[]', :state, {made},"
            f" TRUE, TRUE, {made}, 'by', '')"
        ),
        {"state": state},
    )
    return tables.Episode(id="course")


def _a_series_of_an_older_version(db, episode_id, ordered_count):
    """A series in the columns of the first version."""
    db.execute(
        text(
            "INSERT INTO series (id, version, episode_id, product_route, ordered_count, started_at)"
            " VALUES ('series', 1, :episode_id, 'IM', :ordered_count, '2026-11-04 10:00:00')"
        ),
        {"episode_id": episode_id, "ordered_count": ordered_count},
    )


def _migrations(folder: Path, head: str, then: str = "") -> Config:
    """The migrations of a next version; SQLite rebuilds a table to which others point."""
    place = folder / "migrations"
    shutil.copytree(Path(migrate.__file__).parent / "migrations", place)
    (place / "versions" / "next.py").write_text(_NEXT.format(head=head, then=then))
    config = Config()
    config.set_main_option("script_location", str(place))
    return config


def _revision(database: Database) -> str | None:
    with database.reading() as db:
        return MigrationContext.configure(db.connection()).get_current_revision()


def _is_no_index(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "table" or not is_index(name or "")


def _columns(database: Database, table: str) -> set[str]:
    with database.reading() as db:
        return {column["name"] for column in inspect(db.connection()).get_columns(table)}


def _everything(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as connection:
        return list(connection.iterdump())


@pytest.fixture
def postgresql_database(postgresql, tmp_path):
    """A database for each test alone: the tests here change its tables."""
    with postgresql.lent() as database:
        bring_up_to_date(database, tmp_path / "none")
        yield database


@pytest.fixture
def practised(database, now):
    """A practice with one clinician, who is a nurse."""
    with database.writing() as db:
        nurse = tables.Clinician(
            id=new_id(),
            name="Nadia Example",
            sign_in_name="nadia",
            password_hash=None,
            is_administrator=False,
            created_at=now,
            suspended_at=None,
        )
        db.add(nurse)
        db.flush()
        db.add(tables.ClinicianFunction(clinician_id=nurse.id, function="nurse"))
    return database


def test_migrating_up_from_empty_gives_exactly_the_tables_in_the_code(blank_database, tmp_path):
    bring_up_to_date(blank_database, tmp_path / "backups")

    with blank_database.reading() as db:
        context = MigrationContext.configure(
            db.connection(), opts={"compare_type": True, "include_name": _is_no_index}
        )
        assert compare_metadata(context, Base.metadata) == []
    assert not (tmp_path / "backups").exists()


def test_a_column_that_no_migration_adds_is_noticed(database):
    with database.writing() as db:
        db.execute(text("ALTER TABLE client DROP COLUMN pronouns"))
        context = MigrationContext.configure(db.connection(), opts={"include_name": _is_no_index})
        assert [step[0] for step in compare_metadata(context, Base.metadata)] == ["add_column"]


def test_a_second_start_changes_nothing(sqlite_database, tmp_path):
    sqlite_database.close()
    file = Path(sqlite_database.url.database)
    before = file.read_bytes()

    bring_up_to_date(sqlite_database, tmp_path / "backups")

    sqlite_database.close()
    assert file.read_bytes() == before
    assert not (tmp_path / "backups").exists()


def test_an_older_version_is_migrated_and_keeps_its_rows(
    practised, tmp_path, monkeypatch, frozen_clock
):
    config = _migrations(tmp_path, _revision(practised))
    monkeypatch.setattr(versions, "alembic_config", lambda: config)

    bring_up_to_date(practised, tmp_path / "backups")

    assert _revision(practised) == "next"
    assert "nickname" in _columns(practised, "clinician")
    with practised.reading() as db:
        functions = db.execute(
            text(
                "SELECT name, function FROM clinician JOIN clinician_function ON id = clinician_id"
            )
        ).all()
    assert [tuple(row) for row in functions] == [("Nadia Example", "nurse")]


def test_a_series_of_an_older_version_keeps_its_number_and_a_new_one_may_have_none(
    blank_database, tmp_path
):
    _bring_up_to(blank_database, "0002")
    with blank_database.writing() as db:
        course = _a_course_of_an_older_version(db)
        _a_series_of_an_older_version(db, course.id, 6)
    with pytest.raises(IntegrityError), blank_database.writing() as db:
        _a_series_of_an_older_version(db, course.id, None)

    bring_up_to_date(blank_database, tmp_path / "backups")

    with blank_database.writing() as db:
        a_series(db, course, ordered_count=None)
    with blank_database.reading() as db:
        series = db.scalars(select(tables.Series).order_by(tables.Series.id)).all()
        assert {(one.episode_id, one.ordered_count, one.review_before) for one in series} == {
            (course.id, 6, None),
            (course.id, None, None),
        }
        (index,) = inspect(db.connection()).get_indexes("series")
        (key,) = inspect(db.connection()).get_foreign_keys("series")
    assert index["name"] == "ix_series_episode_id"
    assert key["name"] == "fk_series_episode_id_episode"


@pytest.mark.parametrize(
    ("state", "began", "is_maintenance"),
    [
        ("maintenance", "2026-11-04", True),
        # It was there before, and is what maintenance goes on from.
        ("maintenance", "2026-11-01", False),
        ("series", "2026-11-04", False),
        ("closed", "2026-11-04", False),
    ],
)
def test_a_series_of_an_older_version_that_began_in_maintenance_is_one_of_it(
    blank_database, tmp_path, state, began, is_maintenance
):
    _bring_up_to(blank_database, "0028")
    with blank_database.writing() as db:
        course = _a_course_of_an_older_version(db, state)
        db.execute(
            text(
                "INSERT INTO series (id, version, episode_id, product_route, started_at)"
                f" VALUES ('series', 1, '{course.id}', 'IM', '{began} 10:00:00')"
            )
        )

    bring_up_to_date(blank_database, tmp_path / "backups")

    with blank_database.reading() as db:
        assert db.scalars(select(tables.Series.is_maintenance)).one() is is_maintenance
        assert db.scalars(select(tables.Episode.measures_asked_at)).one() is None


def test_a_nickname_in_quotes_of_an_older_version_is_found_without_them(blank_database, tmp_path):
    _bring_up_to(blank_database, "0004")
    with blank_database.writing() as db:
        _a_client_of_an_older_version(db, ' zoe "bee" ohara (bea) k-001 ')

    bring_up_to_date(blank_database, tmp_path / "backups")

    with blank_database.reading() as db:
        assert db.scalar(select(tables.Client.search_text)) == " zoe bee ohara bea k-001 "


def test_a_consent_of_an_older_version_is_not_in_error(blank_database, tmp_path):
    _bring_up_to(blank_database, "0003")
    with blank_database.writing() as db:
        course = _a_course_of_an_older_version(db)
        db.execute(
            text(
                "INSERT INTO consent (id, episode_id, type, form_version, signed_on,"
                " recorded_by_id, recorded_at)"
                f" VALUES ('signed', '{course.id}', 'touch', '', '2026-11-02',"
                " 'by', '2026-11-02 10:00:00')"
            )
        )

    bring_up_to_date(blank_database, tmp_path / "backups")

    with blank_database.reading() as db:
        kept = db.scalars(select(tables.Consent)).one()
        assert (kept.id, kept.voided_at, kept.void_reason) == ("signed", None, "")
        assert {key["name"] for key in inspect(db.connection()).get_foreign_keys("consent")} == {
            "fk_consent_episode_id_episode",
            "fk_consent_recorded_by_id_clinician",
            "fk_consent_revoked_by_id_clinician",
            "fk_consent_voided_by_id_clinician",
        }


def test_a_clearance_of_an_older_version_rests_on_nothing(blank_database, tmp_path):
    _bring_up_to(blank_database, "0017")
    with blank_database.writing() as db:
        course = _a_course_of_an_older_version(db)
        db.execute(
            text(
                "INSERT INTO clearance (id, episode_id, decision, routes, ceiling_ug, conditions,"
                " decided_by_id, decided_at)"
                f" VALUES ('old', '{course.id}', 'cleared', '[\"IM\"]', 150000, '',"
                " 'by', '2026-11-02 10:00:00')"
            )
        )

    bring_up_to_date(blank_database, tmp_path / "backups")

    with blank_database.reading() as db:
        kept = db.scalars(select(tables.Clearance)).one()
        assert (kept.routes, kept.ceiling_ug, kept.ceiling_ug_per_kg) == (["IM"], 150_000, None)
        assert (kept.diagnoses, kept.trials, kept.contraindications) == ([], [], [])
        assert kept.despite_reason == ""


def test_counts_and_returns_of_an_older_version_are_kept_in_one_table(blank_database, tmp_path):
    _bring_up_to(blank_database, "0013")
    at = "'2026-11-02 10:00:00'"
    with blank_database.writing() as db:
        course = _a_course_of_an_older_version(db)
        for table, lead, words, by in (
            ("home_count", "counted", "words", "counted_by_id"),
            ("home_return", "returned", "reason", "recorded_by_id"),
        ):
            db.execute(
                text(
                    f"INSERT INTO {table}"
                    f" (id, episode_id, lozenges, {lead}_at, {words}, {by}, recorded_at)"
                    f" VALUES ('{lead}', '{course.id}', 9, {at}, 'said', 'by', {at})"
                )
            )

    bring_up_to_date(blank_database, tmp_path / "backups")

    with blank_database.reading() as db:
        kept = db.scalars(select(tables.HomeTally).order_by(tables.HomeTally.id)).all()
        assert [(one.id, one.kind.value) for one in kept] == [
            ("counted", "count"),
            ("returned", "return"),
        ]
        assert {(one.lozenges, one.words, one.recorded_by_id, one.void_reason) for one in kept} == {
            (9, "said", "by", "")
        }
        assert len({one.at for one in kept} | {one.recorded_at for one in kept}) == 1


def test_an_older_file_is_backed_up_before_it_changes(
    sqlite_database, tmp_path, monkeypatch, frozen_clock
):
    head = _revision(sqlite_database)
    before = _everything(Path(sqlite_database.url.database))
    config = _migrations(tmp_path, head)
    monkeypatch.setattr(versions, "alembic_config", lambda: config)

    bring_up_to_date(sqlite_database, tmp_path / "backups")

    (file,) = (tmp_path / "backups").iterdir()
    assert file.name == "kapteam-2026-11-24T213000Z.db"
    backup = Database(f"sqlite:///{file}")
    assert _everything(file) == before
    assert _revision(backup) == head
    assert _revision(sqlite_database) == "next"
    backup.close()


def test_without_a_good_backup_nothing_is_migrated(
    sqlite_database, tmp_path, monkeypatch, frozen_clock
):
    head = _revision(sqlite_database)
    config = _migrations(tmp_path, head)
    monkeypatch.setattr(versions, "alembic_config", lambda: config)

    def refuse(*_args):
        raise Unusable("The backup could not be verified.")

    monkeypatch.setattr(migrate, "back_up", refuse)

    with pytest.raises(Unusable, match="backup"):
        bring_up_to_date(sqlite_database, tmp_path / "backups")

    assert _revision(sqlite_database) == head
    assert "nickname" not in _columns(sqlite_database, "clinician")


@pytest.mark.parametrize(
    ("then", "refusal"),
    [
        ("op.execute('SELECT * FROM not_there')", "not_there"),
        ("raise LookupError('in the middle')", "in the middle"),
    ],
)
def test_a_migration_that_fails_leaves_the_older_version_whole(
    practised, tmp_path, monkeypatch, frozen_clock, then, refusal
):
    head = _revision(practised)
    config = _migrations(tmp_path, head, then)
    monkeypatch.setattr(versions, "alembic_config", lambda: config)

    with pytest.raises(Exception, match=refusal):
        bring_up_to_date(practised, tmp_path / "backups")

    assert _revision(practised) == head
    assert "nickname" not in _columns(practised, "clinician")


def test_a_migration_that_leaves_rows_pointing_to_nothing_is_taken_back(
    sqlite_database, tmp_path, monkeypatch, frozen_clock
):
    head = _revision(sqlite_database)
    orphan = "op.execute(\"INSERT INTO clinician_function VALUES ('nobody', 'nurse')\")"
    config = _migrations(tmp_path, head, orphan)
    monkeypatch.setattr(versions, "alembic_config", lambda: config)

    with pytest.raises(Unusable, match="point to nothing"):
        bring_up_to_date(sqlite_database, tmp_path / "backups")

    assert _revision(sqlite_database) == head
    with sqlite_database.reading() as db:
        assert db.connection().exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1


def test_a_newer_version_is_refused_in_a_sentence(database, tmp_path):
    with database.writing() as db:
        db.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(Unusable, match="newer version of kapteam"):
        bring_up_to_date(database, tmp_path / "backups")

    assert _revision(database) == "9999"
    assert not (tmp_path / "backups").exists()


def test_somebody_elses_database_is_refused(blank_database, tmp_path):
    with blank_database.writing() as db:
        db.execute(text("CREATE TABLE recipe (name TEXT)"))

    with pytest.raises(Unusable, match="not kapteam's"):
        bring_up_to_date(blank_database, tmp_path / "backups")

    with blank_database.reading() as db:
        assert inspect(db.connection()).get_table_names() == ["recipe"]


def test_somebody_elses_file_is_not_touched(tmp_path):
    file = tmp_path / "recipes.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE recipe (name TEXT)")
    database = Database(f"sqlite:///{file}")
    before = file.read_bytes()

    with pytest.raises(Unusable, match="Nothing was changed"):
        bring_up_to_date(database, tmp_path / "backups")

    database.close()
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.glob("recipes.db*")] == ["recipes.db"]


def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path):
    file = tmp_path / "practice.db"
    file.write_text("A letter, not a database. " * 200)
    before = file.read_bytes()
    database = Database(f"sqlite:///{file}")

    with pytest.raises(Unusable, match="not a kapteam database"):
        bring_up_to_date(database, tmp_path / "backups")

    database.close()
    assert file.read_bytes() == before


def test_a_new_practice_gets_a_folder_that_only_its_owner_opens(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'data' / 'practice.db'}")

    bring_up_to_date(database, tmp_path / "backups")

    database.close()
    assert (tmp_path / "data").stat().st_mode & 0o077 == 0
