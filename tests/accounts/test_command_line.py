"""`python -m kapteam reset-password`: the way in for the only administrator."""

import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from kapteam.__main__ import main
from kapteam.accounts import set_up, sign_ins
from kapteam.db import practices
from kapteam.db.practices import PRACTICE
from kapteam.db.tables import Invitation
from kapteam.errors import Invalid, NotFound
from kapteam.settings import settings
from tests.accounts.people import PASSWORD, practice_form, signed_in
from tests.factories import audit_events, count_rows

ROOT = Path(__file__).resolve().parents[2]
NEW = "five cool canyons"


@pytest.fixture
def empty(data_folder, _sqlite_template, frozen_clock):
    """The database of this data folder, before set-up."""
    data_folder.mkdir(parents=True)
    shutil.copy(_sqlite_template, data_folder / "practice.db")
    return practices.database(PRACTICE)


@pytest.fixture
def practice(empty, now):
    """The practice of this data folder: Dana alone."""
    with empty.writing() as db:
        set_up.set_up_practice(db, practice_form(), now)
    return empty


def test_the_link_is_by_the_public_address_where_there_is_one(practice, capsys, monkeypatch):
    monkeypatch.setattr(settings(), "public_url", "https://kapteam.example:8443")
    assert main(["reset-password", "dana"]) == 0
    assert "\nhttps://kapteam.example:8443/session/invite/" in capsys.readouterr().out


def test_settings_that_are_no_address_serve_nothing_and_say_why(data_folder, capsys, monkeypatch):
    monkeypatch.setattr(settings(), "public_url", "http://kapteam.example")
    assert main(["serve"]) == 1
    said = capsys.readouterr()
    assert (said.out, "has to be https://" in said.err) == ("", True)


def _link(said):
    address = said.out.strip().splitlines()[-1]
    assert address.startswith("http://127.0.0.1:8501/session/invite/")
    return address.rsplit("/", 1)[-1]


def test_the_link_lets_the_only_administrator_in_again(practice, capsys, now):
    before = sign_ins.sign_in(practice, "dana", PASSWORD, "a test", now)

    assert main(["reset-password", " DANA "]) == 0

    said = capsys.readouterr()
    assert "Dana Reyes" in said.out
    with practice.writing() as db:
        dana = set_up.accept_invitation(db, _link(said), NEW, now)
    with practice.reading() as db:
        assert sign_ins.find(db, before.token, now) is None
    assert sign_ins.sign_in(practice, "dana", NEW, "a test", now)
    with pytest.raises(Invalid):
        sign_ins.sign_in(practice, "dana", PASSWORD, "a test", now)
    [made] = audit_events(practice, "invitation:made")
    assert (made.clinician_id, made.sign_in_id, made.subject_id) == (None, None, dana)


def test_until_it_is_used_nothing_changes_and_after_an_hour_it_opens_nothing(practice, capsys, now):
    here = sign_ins.sign_in(practice, "dana", PASSWORD, "a test", now)

    main(["reset-password", "dana"])

    token = _link(capsys.readouterr())
    with practice.reading() as db:
        assert sign_ins.find(db, here.token, now)
        assert set_up.invitation_of(db, token, now + timedelta(minutes=59))
        with pytest.raises(NotFound):
            set_up.invitation_of(db, token, now + timedelta(hours=1))


def test_a_second_link_ends_the_first(practice, capsys, now):
    main(["reset-password", "dana"])
    first = _link(capsys.readouterr())
    main(["reset-password", "dana"])

    with practice.reading() as db, pytest.raises(NotFound):
        set_up.invitation_of(db, first, now)


def test_a_name_that_nobody_has_is_refused_with_those_there_are(practice, capsys):
    assert main(["reset-password", "diana"]) == 1

    said = capsys.readouterr()
    assert said.out == ""
    assert "There are: dana." in said.err
    assert count_rows(practice, Invitation) == 0


def test_without_a_practice_it_is_refused_and_no_file_is_made(data_folder, capsys):
    data_folder.mkdir(parents=True)

    assert main(["reset-password", "dana"]) == 1

    assert "no practice in this data folder" in capsys.readouterr().err
    assert list(data_folder.iterdir()) == []


def test_before_set_up_it_is_refused(empty, capsys):
    assert main(["reset-password", "dana"]) == 1
    assert "not set up yet" in capsys.readouterr().err


def test_it_is_a_command_of_the_machine_and_works_while_somebody_is_signed_in(practice, now):
    [dana] = audit_events(practice, "practice:set_up")
    here = signed_in(practice, dana.subject_id, now)

    ran = subprocess.run(
        [sys.executable, "-m", "kapteam", "reset-password", "dana"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    assert "/session/invite/" in ran.stdout
    with practice.reading() as db:
        assert sign_ins.find(db, here.token, now)
