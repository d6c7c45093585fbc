"""What Outcomes counts is worked out at every start, and a copy of a practice takes none of it."""

import asyncio
import logging

import pytest
from sqlalchemy import func, select, update
from starlette.applications import Starlette

from kapteam.db.copying import row_counts
from kapteam.db.tables import DoseResult, ResultsBasis, ResultsChange
from kapteam.errors import Unavailable
from kapteam.operations import results
from kapteam.operations.moving import move
from kapteam.operations.results import count_wrong, renew
from kapteam.vocabulary import ProductRoute
from kapteam.web.front import Front
from tests.web.registered import INDEX, PAGES


def _number(database, table) -> int:
    with database.reading() as db:
        return db.scalar(select(func.count()).select_from(table))


def _is_whole(database) -> bool:
    with database.reading() as db:
        return bool(db.scalar(select(ResultsBasis.is_whole)))


def test_a_start_works_everything_out_anew(practice, now):
    renew(practice, now)
    number = _number(practice, DoseResult)
    with practice.writing() as db:
        db.execute(update(DoseResult).values(product_route=ProductRoute.ORAL))
        # As if it had been stopped in the middle.
        db.execute(update(ResultsBasis).values(is_whole=False))

    async def start():
        front = Front(INDEX, PAGES)
        async with front.lifespan(Starlette(routes=front.routes)):
            while not await asyncio.to_thread(_is_whole, practice):
                pass

    asyncio.run(start())

    assert _number(practice, DoseResult) == number > 0
    assert count_wrong(practice, now) == 0


def test_what_cannot_be_worked_out_is_said_in_the_log_and_nobody_stops(
    practice, monkeypatch, caplog
):
    tried = []

    async def once(_seconds):
        raise asyncio.CancelledError

    def refuse(*_args):
        tried.append(1)
        raise Unavailable("The disk is full.")

    monkeypatch.setattr(results, "renew", refuse)
    monkeypatch.setattr(results.asyncio, "sleep", once)
    with caplog.at_level(logging.ERROR), pytest.raises(asyncio.CancelledError):
        asyncio.run(results.keep_results())

    assert tried == [1]
    assert "Results could not be worked out: The disk is full." in caplog.text


def test_a_practice_that_moves_takes_no_results_along_and_notes_no_change(practice, server, now):
    renew(practice, now)

    move(practice, server)

    for table in (DoseResult, ResultsBasis, ResultsChange):
        assert _number(server, table) == 0
    renew(server, now)
    assert _number(server, DoseResult) == _number(practice, DoseResult)
    assert count_wrong(server, now) == 0
    with practice.reading() as db:
        assert not {"dose_result", "results_change"} & row_counts(db.connection()).keys()
