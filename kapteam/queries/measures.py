"""Which outcome measures a practice uses."""

from collections.abc import Mapping

from kapteam.db.in_force import PracticeInForce
from kapteam.instruments import instruments
from kapteam.rules.instruments import Instrument
from kapteam.rules.measures_in_use import measures_in_use


def in_use(practice: PracticeInForce) -> Mapping[str, Instrument]:
    """The measures that are on, by id, in the order of their names."""
    return measures_in_use(instruments(), practice.measures)
