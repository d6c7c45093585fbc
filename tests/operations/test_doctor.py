"""`python -m kapteam doctor` names every unsafe setting, and nothing that is safe."""

import re
import shutil
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from kapteam import clock
from kapteam.__main__ import main
from kapteam.db import engine
from kapteam.db.migrate import bring_up_to_date
from kapteam.db.practices import PRACTICE, database
from kapteam.db.tables import SeriesResult
from kapteam.operations import doctor
from kapteam.operations.address import address_of
from kapteam.operations.backups import back_up_now
from kapteam.operations.doctor import findings
from kapteam.operations.results import renew
from kapteam.settings import settings

_CONFIG = Path(doctor.__file__).resolve().parents[2] / ".streamlit" / "config.toml"


@pytest.fixture
def safe(practice, now, monkeypatch):
    """An installation with nothing unsafe about it, at the hour of its last backup.

    Its clock is the tests', which is what one of the sentences is about.
    """
    back_up_now(None, now)
    monkeypatch.setattr(settings(), "clock_file", None)
    return practice


def _configured(tmp_path, monkeypatch, option, value):
    changed, count = re.subn(rf"(?m)^{option} = .*$", f"{option} = {value}", _CONFIG.read_text())
    assert count == 1
    file = tmp_path / "config.toml"
    file.write_text(changed)
    monkeypatch.setattr(doctor, "_CONFIG", file)


def test_what_is_safe_is_called_safe(safe, now):
    assert findings(now) == []


@pytest.mark.parametrize(("courses", "said"), [(1, "of one course of"), (2, "of 2 courses of")])
def test_results_that_are_not_what_the_records_say_are_named(safe, now, courses, said):
    renew(safe, now)
    assert findings(now) == []

    with safe.writing() as db:
        ids = db.scalars(select(SeriesResult.episode_id).distinct().limit(courses)).all()
        wrong = update(SeriesResult).where(SeriesResult.episode_id.in_(ids))
        db.execute(wrong.values(begun_at=now))

    (finding,) = findings(now)
    assert said in finding
    assert "Start kapteam again" in finding


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("address", '"0.0.0.0"'),
        ("enableCORS", "false"),
        ("enableXsrfProtection", "false"),
        ("enableAgentApi", "true"),
        ("enableStaticServing", "true"),
        ("trustedUserHeaders", '{"X-Somebody-Else" = "sign_in"}'),
        ("showErrorDetails", '"full"'),
        ("gatherUsageStats", "true"),
    ],
)
def test_an_unsafe_setting_of_the_server_is_named(safe, now, tmp_path, monkeypatch, option, value):
    _configured(tmp_path, monkeypatch, option, value)
    [said] = findings(now)
    assert f".{option} in .streamlit/config.toml" in said


def test_a_configuration_that_is_missing_is_as_unsafe(safe, now, tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "_CONFIG", tmp_path / "config.toml")
    assert len(findings(now)) == len(doctor._SAFE)


def test_a_variable_that_overrides_a_setting_is_named(safe, now, monkeypatch):
    monkeypatch.setenv("STREAMLIT_SERVER_ENABLE_XSRF_PROTECTION", "false")
    monkeypatch.setenv("STREAMLIT_SERVER_PORT", "8502")
    [said] = findings(now)
    assert said.startswith("STREAMLIT_SERVER_ENABLE_XSRF_PROTECTION is set")


def test_a_folder_that_other_accounts_can_open_is_named_and_a_file_behind_its_door_is_not(
    safe, now
):
    (settings().data_dir / "practice.db").chmod(0o644)
    assert findings(now) == []
    settings().data_dir.chmod(0o750)
    [said] = findings(now)
    assert "Other accounts of this machine" in said


def test_a_synchronized_folder_is_named(safe, now, data_folder, monkeypatch):
    folder = data_folder.parent / "OneDrive - Practice" / "kapteam"
    folder.parent.mkdir()
    safe.close()
    data_folder.rename(folder)
    monkeypatch.setattr(settings(), "data_dir", folder)
    [said] = [one for one in findings(now) if "synchronized" in one]
    assert "KAPTEAM_DATA_DIR" in said


def test_a_day_without_a_backup_is_named(safe, now):
    assert findings(now + timedelta(hours=26)) == []
    [said] = findings(now + timedelta(hours=27))
    assert "no good backup" in said


def test_a_clock_of_the_tests_is_named(practice, now):
    back_up_now(None, now)
    [said] = findings(now)
    assert "KAPTEAM_CLOCK_FILE" in said


def test_an_old_sqlite_is_named(safe, now, monkeypatch):
    monkeypatch.setattr(engine, "_SOUND", (9, 0, 0))
    [said] = findings(now)
    assert "older than 3.51.3" in said


@pytest.fixture
def second_machine(safe, certificate, monkeypatch):
    """The same installation, which lets other machines in; its certificate ends in two years."""
    for name, value in (
        ("public_url", "https://kapteam.example:8443"),
        ("certificate", certificate.file),
        ("certificate_key", certificate.key),
    ):
        monkeypatch.setattr(settings(), name, value)
    return certificate


def test_a_second_machine_by_a_good_certificate_is_safe(second_machine, now):
    assert findings(now) == []


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("public_url", "http://kapteam.example", "has to be https://"),
        ("public_url", "https://other.example", "refuse this certificate for other.example"),
        ("certificate_key", None, "Set KAPTEAM_CERTIFICATE_KEY as well"),
        ("public_url", None, "Set KAPTEAM_PUBLIC_URL, or take"),
    ],
)
def test_a_public_address_that_does_not_fit_together_is_named(
    second_machine, now, monkeypatch, name, value, says
):
    monkeypatch.setattr(settings(), name, value)
    [said] = findings(now)
    assert says in said


def test_a_certificate_is_named_a_month_before_it_ends(second_machine):
    ends = address_of(settings()).certificate_ends
    for days, times in ((31, 0), (29, 1), (1, 1)):
        named = [one for one in findings(ends - timedelta(days=days)) if "certificate ends" in one]
        assert len(named) == times
    assert f"ends on {ends:%Y-%m-%d}" in named[0]


@pytest.mark.parametrize("rights", [0o640, 0o604])
def test_a_key_that_other_accounts_can_read_is_named(second_machine, now, monkeypatch, rights):
    copied = settings().data_dir.parent / "kapteam.key"
    shutil.copy(second_machine.key, copied)
    monkeypatch.setattr(settings(), "certificate_key", copied)
    copied.chmod(rights)
    [said] = findings(now)
    assert "read the key of the certificate" in said
    copied.chmod(0o600)
    assert findings(now) == []


def test_a_key_of_the_signed_records_that_is_missing_damaged_or_open_to_others_is_named(safe, now):
    key = settings().data_dir / "records.key"
    whole = key.read_text()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600

    for rights in (0o640, 0o604):
        key.chmod(rights)
        [said] = findings(now)
        assert "forge a signed record" in said
    key.chmod(0o600)
    for spoiled in ("", "no key", whole[:-2]):
        key.write_text(spoiled)
        [said] = findings(now)
        assert "damaged" in said
    key.unlink()
    [said] = findings(now)
    assert "records.key is missing" in said


def test_a_practice_where_nothing_is_signed_yet_needs_no_key(data_folder, now):
    bring_up_to_date(database(PRACTICE), settings().backup_dir)
    assert not [one for one in findings(now) if "records.key" in one]


def test_a_full_disk_is_named(safe, now, monkeypatch):
    monkeypatch.setattr(doctor, "_LEAST_FREE", 10**18)
    [said] = findings(now)
    assert "500 MB" in said


def test_postgresql_on_another_machine_without_tls_is_named(safe, now, monkeypatch):
    def url(query):
        return f"postgresql+psycopg://kapteam@192.0.2.1:1/kapteam?connect_timeout=1{query}"

    for query, unsafe in (("", True), ("&sslmode=prefer", True), ("&sslmode=verify-full", False)):
        remote = engine.Database(url(query))
        assert any("read on the way" in one for one in doctor._way(remote)) is unsafe


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda file: file.write_bytes(b"no database" * 500), "not a kapteam database"),
        (lambda file: file.unlink(), "no practice in this data folder"),
    ],
)
def test_a_database_that_cannot_be_used_is_named(safe, now, spoil, says):
    safe.close()
    spoil(settings().data_dir / "practice.db")
    assert any(says in one for one in findings(now))


def test_the_command_prints_a_line_each_and_fails_where_there_is_one(
    safe, now, capsys, monkeypatch
):
    monkeypatch.setattr(clock, "now", lambda: now)
    assert main(["doctor"]) == 0
    assert capsys.readouterr().out == "Nothing unsafe was found.\n"

    monkeypatch.setenv("STREAMLIT_SERVER_ADDRESS", "0.0.0.0")
    assert main(["doctor"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("- STREAMLIT_SERVER_ADDRESS is set")
