"""Which outcome measures a practice uses: those of the files that are on, until it switches one."""

from collections.abc import Iterable, Mapping

from kapteam.rules.instruments import Instrument
from kapteam.rules.thresholds import Threshold

_PREFIX = "measure."


def measure_settings(instruments: Mapping[str, Instrument]) -> Mapping[str, Threshold]:
    """The switch of each measure, by the key under which a practice keeps it."""
    return {
        f"{_PREFIX}{one.id}": Threshold(
            one.name, int(one.is_on), "", 0, 1, "kapteam's default for this measure"
        )
        for one in instruments.values()
    }


def switched(stored: Iterable[tuple[str, str]]) -> Mapping[str, bool]:
    """What a practice switched, by the measure's id, from stored pairs, oldest first."""
    return {
        key.removeprefix(_PREFIX): value == "1" for key, value in stored if key.startswith(_PREFIX)
    }


def measures_in_use(
    instruments: Mapping[str, Instrument], switches: Mapping[str, bool]
) -> Mapping[str, Instrument]:
    """The measures that are on, by id; a switch of one that is no more is not looked at."""
    return {id_: one for id_, one in instruments.items() if switches.get(id_, one.is_on)}


def is_measure_on(
    instruments: Mapping[str, Instrument], switches: Mapping[str, bool], key: str
) -> bool:
    """Whether the measure whose switch has this key is on."""
    return key.removeprefix(_PREFIX) in measures_in_use(instruments, switches)


def read_switch(text: str) -> int:
    """1 or 0. Raises ValueError with a sentence."""
    if text.strip() not in {"0", "1"}:
        raise ValueError("A measure is on or off.")
    return int(text)
