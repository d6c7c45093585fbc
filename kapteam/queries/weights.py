"""What a client weighed last, for whoever orders or gives by weight."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from kapteam.clock import day_of
from kapteam.db.tables import Weight
from kapteam.queries.standing import Asked
from kapteam.rules.weights import is_good

# Made once: what is asked of an alias is put together when it is first asked.
_one = aliased(Weight)


@dataclass(frozen=True, slots=True)
class WeightLine:
    """A weight in grams with its day; `is_good` while it counts for the running series."""

    id: str
    grams: int
    measured_on: date
    is_good: bool


def is_newest(client_id: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """The condition on Weight for a join: the client's last one that was not entered in error."""
    newest = (
        select(_one.id)
        .where(_one.client_id == client_id, _one.voided_at.is_(None))
        .order_by(_one.measured_on.desc(), _one.recorded_at.desc(), _one.id.desc())
        .limit(1)
        .correlate(client_id.class_)
        .scalar_subquery()
    )
    return Weight.id == newest


def weight_line(
    asked: Asked, weight: Weight | None, series_began_at: datetime | None
) -> WeightLine | None:
    """What a statement that joined by `is_newest` found; `series_began_at` of the running one."""
    if weight is None:
        return None
    began_on = day_of(series_began_at, asked.practice.zone) if series_began_at else None
    good = is_good(weight.measured_on, began_on, asked.today)
    return WeightLine(weight.id, weight.grams, weight.measured_on, good)
