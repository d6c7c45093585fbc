"""What Outcomes counts, kept up with what is saved (decision 78).

It is worked out when kapteam starts, whatever was kept before: another version may judge otherwise.
From then on what changed is worked out six times a minute, and until then counted as it is.
"""

import asyncio
import logging
from datetime import datetime

from kapteam import clock
from kapteam.db.engine import Database
from kapteam.db.in_force import practice_in_force
from kapteam.db.practices import PRACTICE, database
from kapteam.db.results import WorkedOutBy, count_wrong_results, renew_results
from kapteam.errors import Unusable
from kapteam.instruments import in_use
from kapteam.rules.change import primary_measures

_LOOK_EVERY_SECONDS = 10
_log = logging.getLogger(__name__)


def renew(practice: Database, now: datetime) -> None:
    """Work out what changed; nothing before set-up. Raises Unusable when it cannot be written."""
    by = _worked_out_by(practice, now)
    if by is not None:
        renew_results(practice, by)


def count_wrong(practice: Database, now: datetime) -> int:
    """Of how many courses what is kept is not what their rows say; there should be none."""
    by = _worked_out_by(practice, now)
    if by is None:
        return 0
    with practice.reading() as db:
        return count_wrong_results(db, by)


async def keep_results() -> None:
    """Work out what changed, again and again, for as long as kapteam runs."""
    while True:
        await asyncio.to_thread(_try_to_renew, clock.now())
        await asyncio.sleep(_LOOK_EVERY_SECONDS)


def _try_to_renew(now: datetime) -> None:
    try:
        renew(database(PRACTICE), now)
    except Exception as error:
        # Outcomes counts all the same, only slower; it is tried again at the next look.
        sentence = str(error) if isinstance(error, Unusable) else type(error).__name__
        _log.error("Results could not be worked out: %s", sentence)


def _worked_out_by(practice: Database, now: datetime) -> WorkedOutBy | None:
    with practice.reading() as db:
        in_force = practice_in_force(db, now)
    if in_force is None:
        return None
    measures = primary_measures(in_use(in_force.measures))
    return WorkedOutBy(measures, in_force.zone, now.year)
