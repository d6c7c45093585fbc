"""Which outcome measures are asked for, in one calm line where the client or the dose is."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from kapteam import sentences
from kapteam.instruments import instruments
from kapteam.rules.measures_due import Due
from kapteam.ui.rows import words
from kapteam.ui.shell import Present
from kapteam.ui.text import quiet


def draw_measures_due(here: Present, dues: Iterable[Due]) -> None:
    """Everything that is asked for on a course, each with its day; nothing takes no room."""
    _line(sentences.measures_due(tuple(dues), _names(), here.today))


def draw_due_before(
    here: Present, dues: Iterable[Due], planned_at: datetime, *, in_short: bool = False
) -> None:
    """What is asked for by the day of one dose, in short on a list; nothing takes no room."""
    on = planned_at.astimezone(here.zone).date()
    say = sentences.due_before_in_short if in_short else sentences.due_before
    _line(say(tuple(one for one in dues if one.due_on <= on), _names()))


def _names() -> Mapping[str, str]:
    return {one.id: one.name for one in instruments().values()}


def _line(text: str) -> None:
    if text:
        words(f":gray[:material/assignment:] {quiet(text)}")
