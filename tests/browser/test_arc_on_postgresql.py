"""The whole arc on the other engine: each step, each Save and each signature of it.

What does not depend on the engine is in `test_whole_arc.py` alone: typing letter by letter, what
the pages say while the hours go by, and the three silent failures.
"""

from collections.abc import Iterator

import pytest

from kapteam.wording import NBSP
from tests.browser import test_whole_arc
from tests.browser.conftest import NewPage
from tests.browser.hands import paste
from tests.browser.server import Server
from tests.browser.test_whole_arc import (
    said_the_same_everywhere,
    up_to_the_dose,
    up_to_the_signed_integration,
)
from tests.postgresql import Postgresql


@pytest.fixture(scope="module")
def elsewhere(postgresql: Postgresql) -> Iterator[dict[str, str]]:
    """The practice is on a server, in a database that is empty at first."""
    with postgresql.lent() as database:
        yield {"KAPTEAM_DATABASE_URL": database.url.render_as_string(hide_password=False)}


@pytest.mark.in_ci
def test_the_arc_from_an_empty_database_to_a_signed_integration(
    new_page: NewPage, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(test_whole_arc, "fill_field", paste)
    prescriber, therapist = new_page(), new_page()
    up_to_the_dose(prescriber, therapist, server)
    server.clock.advance(hours=23, minutes=46)  # Thu 10:26 am: a minute late
    said_the_same_everywhere(therapist, f"24{NBSP}hr since dose")
    up_to_the_signed_integration(therapist, server)
