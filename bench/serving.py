"""A practice that is served, and the people who are signed in at it."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

import httpx
from sqlalchemy import select

from bench.courses import NOW
from bench.pages import Page
from bench.practice import Filled, Told, fill
from bench.served import COUNT
from kapteam.accounts.sign_ins import start_sign_in
from kapteam.db.engine import Database
from kapteam.db.migrate import bring_up_to_date
from kapteam.db.tables import (
    CaseReview,
    CaseReviewMember,
    PracticeSetting,
    ResultsBasis,
    ReviewItem,
)
from kapteam.ids import new_id
from tests.browser.server import Server

_PATIENCE_SECONDS, _LOOK_SECONDS = 120, 0.5


@dataclass(frozen=True, slots=True)
class Served:
    """The server's process, its database, and what is in it."""

    server: Server
    database: Database
    filled: Filled
    clients: int

    def sign_in(self, clinician_id: str) -> str:
        """Sign somebody in at a new browser; returns the value of its cookie."""
        with self.database.writing() as db:
            return f"practice.{start_sign_in(db, clinician_id, 'the bench', NOW).token}"

    @contextmanager
    def set_for(self, page: Page) -> Iterator[None]:
        """Have the practice be as this page is measured in it."""
        with self.reviewing() if page.in_review else nullcontext():
            if page.needs_open_caseload:
                self._open_caseload(1)
            yield
            if page.needs_open_caseload:
                self._open_caseload(0)

    @contextmanager
    def reviewing(self) -> Iterator[None]:
        """The measured pair is in a case review of all their clients, at the longest course."""
        pair, review_id = self.filled.pair, new_id()
        people = (pair.therapist_id, pair.prescriber_id)
        with self.database.writing() as db:
            db.add(CaseReview(id=review_id, started_by_id=people[0], started_at=NOW, minutes=60))
            db.flush()
            db.add_all(
                CaseReviewMember(id=new_id(), case_review_id=review_id, clinician_id=one)
                for one in people
            )
            db.add_all(
                ReviewItem(
                    id=new_id(),
                    case_review_id=review_id,
                    episode_id=one.id,
                    position=place,
                    reasons=[],
                    is_steady=False,
                    facts=[],
                )
                for place, one in enumerate(self.filled.courses)
            )
        yield
        with self.database.writing() as db:
            db.get_one(CaseReview, review_id).ended_at = NOW

    def _open_caseload(self, value: int) -> None:
        """Settings are never changed; of one moment the one that was added last is in force."""
        with self.database.writing() as db:
            db.add(
                PracticeSetting(
                    id=new_id(),
                    key="everyone_sees_caseload",
                    value=str(value),
                    source="The bench",
                    set_by_id=self.filled.pair.prescriber_id,
                    in_force_from=NOW,
                )
            )

    def statements(self) -> int:
        """How many statements the pages have run so far."""
        return int(httpx.get(f"{self.server.url}{COUNT}", trust_env=False).text)


@contextmanager
def served(folder: Path, clients: int, told: Told) -> Iterator[Served]:
    """A practice of so many clients in a new `folder`, filled and running."""
    server = _server(folder, "bench/served.py")
    database = Database(f"sqlite:///{server.data / 'practice.db'}")
    bring_up_to_date(database, server.data / "backups")
    filled = fill(database, clients, told)
    with _running(server):
        _wait_for_results(database)
        yield Served(server, database, filled, clients)
    database.close()


def _wait_for_results(database: Database) -> None:
    """Until what Outcomes counts is worked out, which takes a moment at each start."""
    given_up = monotonic() + _PATIENCE_SECONDS
    while monotonic() < given_up:
        with database.reading() as db:
            if db.scalar(select(ResultsBasis.is_whole)):
                return
        sleep(_LOOK_SECONDS)
    raise TimeoutError("The results were not worked out.")


@contextmanager
def empty_page(folder: Path) -> Iterator[Server]:
    """An empty Streamlit page, running."""
    server = _server(folder, "bench/empty.py")
    with _running(server):
        yield server


def _server(folder: Path, app: str) -> Server:
    folder.mkdir()
    return Server(folder, NOW, app=app)


@contextmanager
def _running(server: Server) -> Iterator[None]:
    server.start()
    try:
        yield
    finally:
        server.stop()
