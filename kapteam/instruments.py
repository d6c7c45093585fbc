"""The instruments that this installation has: every file of `data/instruments/`, read once."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from kapteam.errors import BadInstruments
from kapteam.rules.instruments import Instrument, problem_with
from kapteam.rules.measures_in_use import measures_in_use
from kapteam.rules.score_signals import Measures

SHIPPED = Path(__file__).resolve().parents[1] / "data" / "instruments"


@cache
def instruments() -> Mapping[str, Instrument]:
    """Each instrument by its id, by name. Raises BadInstruments when any file cannot be used."""
    return read_instruments(SHIPPED)


def in_use(switches: Mapping[str, bool]) -> Mapping[str, Instrument]:
    """The instruments that a practice uses by their ids, in the order of their names.

    `switches` are those that it switched on or off.
    """
    return measures_in_use(instruments(), switches)


def measures_of(
    switches: Mapping[str, bool], zone: ZoneInfo, *, names_only: bool = False
) -> Measures:
    """What a practice in this zone judges by: all that there are, and those that it uses."""
    return Measures(instruments(), frozenset(in_use(switches)), zone, names_only)


def read_instruments(folder: Path) -> Mapping[str, Instrument]:
    """The instruments of a folder by their ids, in the order of their names.

    Raises BadInstruments, which names every file that cannot be used and what is wrong with it.
    """
    checked = dict(check_instruments(folder))
    problems = [f"{name}: {said}" for name, said in checked.items() if isinstance(said, str)]
    if problems:
        raise BadInstruments(problems)
    read = [one for one in checked.values() if isinstance(one, Instrument)]
    if not read:
        raise BadInstruments([f"{folder.name}: there is no instrument in this folder."])
    return MappingProxyType({one.id: one for one in sorted(read, key=_by_name)})


def check_instruments(folder: Path) -> Iterator[tuple[str, Instrument | str]]:
    """The name of each file of a folder with its instrument, or with what is wrong, a sentence."""
    named: dict[str, str] = {}
    for file in sorted(folder.glob("*.toml")):
        one = _read(file)
        if isinstance(one, Instrument):
            other = named.setdefault(one.name.casefold(), file.name)
            if other != file.name:
                # Who enters a measure chooses it by its name, and could not tell the two apart.
                one = f"Its name is {one.name}, as in {other}. Give it a name of its own."
        yield file.name, one


def _read(file: Path) -> Instrument | str:
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError:
        return "It cannot be read."
    except UnicodeDecodeError:
        return "It is not text in UTF-8."
    except tomllib.TOMLDecodeError as error:
        return f"It is not TOML: {error}."
    try:
        # By way of JSON: read strictly, it takes an array for a tuple and a text for a term.
        one = Instrument.model_validate_json(json.dumps(table, default=str))
    except ValidationError as error:
        return problem_with(error)
    if file.stem != one.id:
        return f"Its id is {one.id}, so its file is called {one.id}.toml."
    return one


def _by_name(one: Instrument) -> tuple[str, str]:
    return one.name.casefold(), one.id
