"""When the doses of a series rise, or come closer together, more than is usual (rule 37).

Domain 1.3: three rises in a row, more than half above the first full dose, or three intervals each
shorter than the one before. It is raised once, at the dose with which it began to be so.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from kapteam import wording

IN_A_ROW = 3
MOST_ABOVE_PERCENT = 50
_DAY = timedelta(days=1)


class GivenDose(NamedTuple):
    """What was given in one ketamine session, boosters included (micrograms), and from when on."""

    session_id: str
    at: datetime
    ug: int


@dataclass(frozen=True, slots=True)
class Escalation:
    """The dose with which it began, and how it is, in words."""

    session_id: str
    at: datetime
    words: str


def rising(doses: Iterable[GivenDose], decided_at: datetime | None) -> Escalation | None:
    """The first dose that went too far up since a prescriber decided on it; None: none did.

    It is over with any later dose that is lower than that one.
    """
    given = _in_order(doses)
    full = _from_the_first_full(given)
    for number in range(1, len(full)):
        one = full[number]
        words = _too_high(full[: number + 1])
        is_over = any(later.ug < one.ug for later in full[number + 1 :])
        if words and _is_new(one, decided_at) and not is_over:
            return Escalation(one.session_id, one.at, words)
    return None


def closer(doses: Iterable[GivenDose], decided_at: datetime | None) -> Escalation | None:
    """The first dose that came too soon after ever shorter intervals; None: none did.

    It is over with any later interval that is longer than that one.
    """
    given = _in_order(doses)
    days = [round((later.at - one.at) / _DAY) for one, later in pairwise(given)]
    for number in range(IN_A_ROW, len(days)):
        one = given[number + 1]
        some = days[number - IN_A_ROW : number + 1]
        is_over = any(later > days[number] for later in days[number + 1 :])
        if _falls(some) and _is_new(one, decided_at) and not is_over:
            return Escalation(one.session_id, one.at, f"{', '.join(map(str, some))} days apart")
    return None


def _in_order(doses: Iterable[GivenDose]) -> list[GivenDose]:
    return sorted(doses, key=lambda one: (one.at, one.session_id))


def _from_the_first_full(given: list[GivenDose]) -> list[GivenDose]:
    """Without a first, low test dose: the second one is then the first full one."""
    is_test = len(given) > 1 and given[0].ug < given[1].ug
    return given[1:] if is_test else given


def _too_high(full: Sequence[GivenDose]) -> str:
    """How the last of them went up, if it did and that is more than is usual; else nothing."""
    first, before, last = full[0], full[-2], full[-1]
    if last.ug <= before.ug:
        return ""
    some = full[-IN_A_ROW - 1 :]
    if len(some) > IN_A_ROW and _falls([-one.ug for one in some]):
        return f"{', '.join(wording.mg(one.ug) for one in some)}"
    percent = round(100 * (last.ug - first.ug) / first.ug)
    if 100 * (last.ug - first.ug) > MOST_ABOVE_PERCENT * first.ug:
        return (
            f"{wording.mg(last.ug)}, {percent}{wording.NBSP}% above the first full dose of "
            f"{wording.mg(first.ug)}"
        )
    return ""


def _falls(figures: Sequence[int]) -> bool:
    """Whether each is less than the one before."""
    return all(later < one for one, later in pairwise(figures))


def _is_new(one: GivenDose, decided_at: datetime | None) -> bool:
    return decided_at is None or one.at > decided_at
