"""Which outcome measures are asked for, in one calm line where the client or the dose is."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from kapteam import sentences
from kapteam.instruments import instruments
from kapteam.rules.measures_due import Due
from kapteam.rules.permissions import can_enter_score
from kapteam.ui.navigation import link
from kapteam.ui.rows import row, words
from kapteam.ui.shell import Present
from kapteam.ui.text import plain, quiet


def draw_measures_due(here: Present, episode_id: str, dues: Sequence[Due]) -> None:
    """All that is asked for on a course, each with its day, and its entry; nothing takes no room.

    The longest due comes first.
    """
    if dues:
        with row(f"due_{episode_id}"):
            _line(sentences.measures_due(dues, _names(), here.today))
            _entry(here, episode_id, dues[0])


def draw_due_before(
    here: Present, episode_id: str, dues: Iterable[Due], planned_at: datetime
) -> None:
    """What is asked for by the day of one dose, and its entry; nothing takes no room."""
    asked = _by_the_day_of(here, dues, planned_at)
    if asked:
        with row(f"due_{episode_id}"):
            _line(sentences.due_before(asked, _names()))
            _entry(here, episode_id, asked[0])


def draw_due_in_short(here: Present, dues: Iterable[Due], planned_at: datetime) -> None:
    """What is asked for by the day of one dose, on a list; nothing takes no room."""
    asked = _by_the_day_of(here, dues, planned_at)
    if asked:
        _line(sentences.due_before_in_short(asked, _names()))


def _by_the_day_of(here: Present, dues: Iterable[Due], planned_at: datetime) -> tuple[Due, ...]:
    on = planned_at.astimezone(here.zone).date()
    return tuple(one for one in dues if one.due_on <= on)


def _entry(here: Present, episode_id: str, first: Due) -> None:
    if can_enter_score(here.viewer):
        measure = first.instrument_id
        label = plain(f"Enter {_names()[measure]}")
        link("score", label, icon="add_chart", episode=episode_id, measure=measure)


def _names() -> Mapping[str, str]:
    return {one.id: one.name for one in instruments().values()}


def _line(text: str) -> None:
    words(f":gray[:material/assignment:] {quiet(text)}")
