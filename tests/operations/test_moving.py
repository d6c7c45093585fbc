"""A practice from SQLite to PostgreSQL and back: all of it, or nothing."""

import pytest
from sqlalchemy import func, select

from kapteam.__main__ import main
from kapteam.db.copying import copy_rows
from kapteam.db.engine import Database
from kapteam.db.tables import Client, KetamineSession
from kapteam.errors import Unusable
from kapteam.operations import moving
from kapteam.operations.alone import alone
from kapteam.operations.moving import database_at, move
from tests.operations.contents import contents


def test_every_row_arrives_as_it_was_and_comes_back_the_same(practice, server, tmp_path):
    before = contents(practice)
    told = []

    copied = move(practice, server, lambda *heard: told.append(heard))

    assert contents(server) == before
    assert copied["ketamine_session"] == len(before["ketamine_session"]) > 50
    assert ("client", copied["client"], copied["client"]) in told
    back = Database(f"sqlite:///{tmp_path / 'back.db'}")
    move(server, back)
    assert contents(back) == before == contents(practice)
    back.close()


def test_what_is_locked_is_locked_on_the_other_side_too(practice, server):
    move(practice, server)
    for statement in (
        "DELETE FROM audit_event",
        "UPDATE note SET signed_text = 'x' WHERE signed_at IS NOT NULL",
    ):
        with pytest.raises(Exception, match=r"append-only|locked"), server.writing() as db:
            db.connection().exec_driver_sql(statement)


def test_a_client_merged_into_a_later_one_arrives(practice, server):
    with practice.writing() as db:
        first, second, third = db.scalars(select(Client).order_by(Client.id).limit(3))
        first.merged_into_id, second.merged_into_id = second.id, third.id
    move(practice, server)
    assert contents(server) == contents(practice)


def test_a_database_that_holds_something_is_left_as_it_is(practice, server):
    move(practice, server)
    before = contents(server)
    with pytest.raises(Unusable, match="not empty"):
        move(practice, server)
    assert contents(server) == before


def test_interrupted_in_the_middle_nothing_arrives_and_once_more_all_of_it(
    practice, server, monkeypatch
):
    def interrupt(what, done, of):
        if what == "ketamine_session" and done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        move(practice, server, interrupt)
    with server.reading() as db:
        assert db.scalar(select(func.count()).select_from(Client)) == 0

    move(practice, server)
    assert contents(server) == contents(practice)


def test_rows_that_get_lost_on_the_way_are_noticed_and_none_is_kept(practice, server, monkeypatch):
    def lossy(source, target, told):
        copied = copy_rows(source, target, told)
        return copied | {"ketamine_session": copied["ketamine_session"] + 1}

    monkeypatch.setattr(moving, "copy_rows", lossy)
    with pytest.raises(Unusable, match="Not all rows arrived"):
        move(practice, server)
    with server.reading() as db:
        assert db.scalar(select(func.count()).select_from(KetamineSession)) == 0


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://host/name", "http://localhost/x"])
def test_an_address_of_no_database_is_refused_in_a_sentence(url):
    with pytest.raises(Unusable, match="no address of a database"):
        database_at(url)


def test_the_command_says_what_arrived_and_how_to_go_on(practice, server, capsys):
    address = server.url.render_as_string(hide_password=False)

    assert main(["move", address]) == 0

    said = capsys.readouterr().out
    assert "counted on both sides" in said
    assert "KAPTEAM_DATABASE_URL" in said
    assert contents(server) == contents(practice)


def test_while_kapteam_runs_nothing_is_moved(practice, server, capsys):
    with alone():
        assert main(["move", server.url.render_as_string(hide_password=False)]) == 1
    assert "Another kapteam is running" in capsys.readouterr().err
    with server.reading() as db:
        assert not db.connection().dialect.has_table(db.connection(), "client")
