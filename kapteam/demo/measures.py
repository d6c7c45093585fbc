"""What the outcome measures of the demo's clients came to, from before the first dose on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from kapteam.actions.scores import ScoreEntered, record_score
from kapteam.demo import people
from kapteam.demo.people import FRONT_DESK, Person, demo_id
from kapteam.demo.telling import Telling
from kapteam.instruments import instruments
from kapteam.rules.instruments import Instrument
from kapteam.vocabulary import ServiceLine

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class _TotalOnly:
    """A total from a letter of whoever sent the client."""

    total: int


_Form = int | str | _TotalOnly | None
"""Answers that come to a total, the answers themselves, a total alone, or nothing taken."""


@dataclass(frozen=True, slots=True)
class _Measured:
    """One measure of somebody: the baseline, then what was taken before each dose from the second.

    `since` is taken some days ago, once the last dose was given.
    """

    person: Person
    instrument_id: str
    forms: Sequence[_Form]
    since: tuple[int, _Form] | None = None


_MEASURED = (
    # Nothing is left, and 0 is a score.
    _Measured(people.SVENSSON, "phq-9", (17, 9, 3, 0)),
    # Better, and worse again than at the best.
    _Measured(people.NAKAMURA, "phq-9", (22, 14, 8, 9, 15)),
    # Too little to call.
    _Measured(people.RAHMAN, "phq-9", (14, 12)),
    _Measured(people.RAHMAN, "gad-7", (15, 9)),
    # Nothing before the first dose.
    _Measured(people.PETROV, "phq-9", (None, 17, 16)),
    # The last form has a gap.
    _Measured(people.ELLIS, "phq-9", (15, "212-11110")),
    # The one client who has thoughts of being dead.
    _Measured(people.BIRDSONG, "phq-9", ("222222220", "322222221")),
    _Measured(people.BIRDSONG, "pcl-5-month", (48,)),
    _Measured(people.OKAFOR, "phq-9", (_TotalOnly(18), 15, 12, 9)),
    _Measured(people.ABARA, "pcl-5-month", (52, None, None, 34)),
    _Measured(people.ABARA, "phq-9", (13, None, None, 9)),
    _Measured(people.ELLISON, "gad-7", (14,)),
    _Measured(people.MBEKI, "phq-9", (16, 10, 6, 5)),
    _Measured(people.LINDQVIST, "phq-9", (19, 14, 10, 7, 4, 3)),
    _Measured(people.LINDQVIST, "gad-7", (12, None, None, 5, None, 3)),
    _Measured(people.TANAKA, "phq-9", (21, 17, 14, 11, 9, 10), since=(-4, 11)),
    _Measured(people.ISHIKAWA, "phq-9", (20, 13, 8, 4)),
)


def measure(telling: Telling) -> None:
    """Each form is filled in before its dose, and entered by the front desk."""
    for one in _MEASURED:
        first, *more = sorted(telling.given[_course_of(one.person)])
        _is_taken(telling, one, 0, telling.days.earlier(first, 6, 11, 20), one.forms[0])
        for number, (form, given_at) in enumerate(zip(one.forms[1:], more, strict=False), 1):
            _is_taken(telling, one, number, given_at - 20 * _MINUTE, form)
        if one.since is not None:
            back, form = one.since
            _is_taken(telling, one, len(one.forms), telling.days.at(back, 11, 5), form)


def _course_of(person: Person) -> str:
    return demo_id(f"{person.id}/{ServiceLine.KAP}")


def _is_taken(telling: Telling, one: _Measured, number: int, at: datetime, form: _Form) -> None:
    if form is None:
        return
    instrument = instruments()[one.instrument_id]
    line = _answers(instrument, form) if isinstance(form, int) else form
    telling.then(
        at + 8 * _MINUTE,
        FRONT_DESK,
        record_score,
        ScoreEntered(
            id=demo_id(f"{one.person.id}/{one.instrument_id}/{number}"),
            episode_id=_course_of(one.person),
            instrument_id=one.instrument_id,
            taken_on=telling.on(at),
            taken_time=telling.typed(at),
            answers=line if isinstance(line, str) else "",
            is_total_only=isinstance(line, _TotalOnly),
            total=str(line.total) if isinstance(line, _TotalOnly) else "",
        ),
    )


def _answers(instrument: Instrument, total: int) -> str:
    """Answers that come to a total, alike for every item; 0 to one that needs somebody."""
    critical = {one.item for one in instrument.critical}
    usual = [item.number for item in instrument.items if item.number not in critical]
    each, rest = divmod(total, len(usual))
    answers = {number: each + (place < rest) for place, number in enumerate(usual)}
    return "".join(str(answers.get(item.number, 0)) for item in instrument.items)
