"""Which outcome measures a practice uses."""

from collections.abc import Mapping

from kapteam.db.in_force import PracticeInForce
from kapteam.instruments import instruments
from kapteam.rules.instruments import Instrument


def in_use(practice: PracticeInForce) -> Mapping[str, Instrument]:
    """The measures that are on, by id, in the order of their names."""
    return {id_: one for id_, one in instruments().items() if one.is_on}
