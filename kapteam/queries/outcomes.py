"""Outcomes: how the practice's own clients do, counted in the database.

Counted are the rows of `db.results`: of most courses as they are kept, of those that were changed a
moment ago as the same statements say anew.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import time
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    bindparam,
    case,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from kapteam.db.access import own_episode_ids, visible_episode_ids
from kapteam.db.results import (
    FIGURES,
    WorkedOutBy,
    changed_courses,
    dose_rows,
    kept_results,
    series_rows,
    treats,
)
from kapteam.db.tables import DoseResult, Episode, KetamineSession, SeriesResult
from kapteam.db.types import UtcDateTime
from kapteam.instruments import in_use, instruments
from kapteam.queries.standing import Asked
from kapteam.rules.change import primary_measures
from kapteam.rules.instruments import Instrument
from kapteam.rules.outcomes import Finding, Held, Period, Question, Rate, Spread, spread
from kapteam.rules.permissions import Viewer
from kapteam.vocabulary import Indication, ProductRoute
from kapteam.wording import at_local

_NOW = bindparam("now", type_=UtcDateTime())
_BEGINS_AT = bindparam("begins_at", type_=UtcDateTime())


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is counted: series that began, and doses given, in the period; None: every one."""

    period: Period = Period.YEAR
    product_route: ProductRoute | None = None
    indication: Indication | None = None
    everyone: bool = False


@dataclass(frozen=True, slots=True)
class GivenCount:
    """How many doses of a route have had this integration; None: none is expected.

    `intended` whether an intention was signed before them; None: none is expected.
    """

    product_route: ProductRoute
    held: Held | None
    intended: bool | None
    number: int


@dataclass(frozen=True, slots=True)
class SeriesCount:
    """How many series of a measure and a route come to this under a question.

    `figure` is the gain in points, or days; None where the question has none or is not judged.
    """

    question: Question
    measure_id: str | None
    product_route: ProductRoute
    finding: Finding
    figure: int | None
    number: int


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What was counted. `measures` are those by which a series is judged, the usual one first."""

    measures: tuple[Instrument, ...]
    doses: tuple[GivenCount, ...]
    series: tuple[SeriesCount, ...]

    @property
    def given(self) -> int:
        """How many doses were given."""
        return sum(one.number for one in self.doses)

    @property
    def begun(self) -> int:
        """How many series began."""
        return sum(one.number for one in self.series if one.question is Question.RESPONSE)

    @property
    def routes(self) -> tuple[ProductRoute, ...]:
        """By which of them anything was given."""
        found = {one.product_route for one in self.doses}
        found |= {one.product_route for one in self.series}
        return tuple(one for one in ProductRoute if one in found)

    def held(self, route: ProductRoute | None = None) -> Mapping[Held, int]:
        """What became of the integrations that are expected, of a route or of all."""
        found = Counter[Held]()
        for one in self.doses:
            if one.held is not None and route in {None, one.product_route}:
                found[one.held] += one.number
        return found

    def held_in_time(self, route: ProductRoute | None = None) -> Rate:
        """How many integrations were held in time, of those that are held or due."""
        held = self.held(route)
        return Rate(
            held[Held.IN_TIME],
            sum(number for one, number in held.items() if one is not Held.NOT_DUE),
            {Held.NOT_DUE.label: held[Held.NOT_DUE]} if held[Held.NOT_DUE] else {},
        )

    def intended(self, route: ProductRoute | None = None) -> Rate:
        """Before how many doses an intention was signed, where one is expected."""
        found = Counter[bool]()
        for dose in self.doses:
            if dose.intended is not None and route in {None, dose.product_route}:
                found[dose.intended] += dose.number
        return Rate(found[True], found.total(), {})

    def rate(
        self,
        question: Question,
        measure_id: str | None = None,
        route: ProductRoute | None = None,
    ) -> Rate:
        """How many series are a yes, of one measure or route or of all."""
        found = Counter[Finding]()
        for one in self._of(question, measure_id, route):
            found[one.finding] += one.number
        return Rate(
            found[Finding.YES],
            sum(number for one, number in found.items() if one.is_judged),
            {one.label: found[one] for one in Finding if found[one] and not one.is_judged},
        )

    def figures(
        self,
        question: Question,
        measure_id: str | None = None,
        route: ProductRoute | None = None,
    ) -> Spread | None:
        """Where the gains in points lie, or the days; None where there is none."""
        found = Counter[int]()
        for one in self._of(question, measure_id, route):
            if one.figure is not None:
                found[one.figure] += one.number
        return spread(found)

    def _of(
        self, question: Question, measure_id: str | None, route: ProductRoute | None
    ) -> Iterable[SeriesCount]:
        for one in self.series:
            if (
                one.question is question
                and measure_id in {None, one.measure_id}
                and route in {None, one.product_route}
            ):
                yield one


def outcomes(db: Session, asked: Asked, wanted: Wanted) -> Outcomes:
    """What is wanted, of the courses that the viewer may see; in two statements."""
    measures = primary_measures(in_use(asked.practice.measures))
    zone, year = asked.practice.zone, asked.today.year
    statements = _statements(asked.viewer, wanted, zone, tuple(measures), year)
    target = asked.practice.thresholds.target
    begins_on = wanted.period.begins_on(asked.today)
    given = {
        "now": asked.now,
        "begins_at": at_local(begins_on, time(), zone) if begins_on else asked.now,
        "target": int(target.total_seconds()),
        # Instants are compared to the second (decision 59).
        "not_due_since": asked.now.replace(microsecond=0) - target,
    }
    doses, series = (db.execute(one, given) for one in statements)
    return Outcomes(
        tuple(measures.values()),
        tuple(
            GivenCount(
                row.product_route,
                Held(row.held) if row.held else None,
                None if row.intended is None else bool(row.intended),
                row.number,
            )
            for row in doses
        ),
        tuple(
            SeriesCount(
                Question(row.question),
                row.measure_id,
                row.product_route,
                Finding(row.finding),
                row.figure,
                row.number,
            )
            for row in series
        ),
    )


@lru_cache(maxsize=64)
def _statements(
    viewer: Viewer, wanted: Wanted, zone: ZoneInfo, measure_ids: tuple[str, ...], year: int
) -> tuple[Any, Any]:
    """The two statements for a person and a choice; to make them takes longer than to run them.

    They are told the time and hold no row: what the person may see is asked whenever they are run.
    """
    by = WorkedOutBy({one: instruments()[one] for one in measure_ids}, zone, year)
    anew = (
        KetamineSession.episode_id.in_(changed_courses(by.basis)),
        *_of_courses(viewer, wanted, KetamineSession),
    )
    return (
        _doses(
            _kept(DoseResult, DoseResult.first_at, viewer, wanted, by.basis),
            _of_period(dose_rows(*anew), "first_at", wanted),
        ),
        _series(
            _kept(SeriesResult, SeriesResult.begun_at, viewer, wanted, by.basis),
            _of_period(series_rows(by, *anew), "begun_at", wanted),
        ),
    )


def _kept(
    of: type[DoseResult] | type[SeriesResult], at: Any, viewer: Viewer, wanted: Wanted, basis: str
) -> Select[Any]:
    """The rows that are kept and still hold, of the courses, the route and the period."""
    return kept_results(of, basis).where(
        *_of_courses(viewer, wanted, of), *_of_route_and_period(of, at, wanted)
    )


def _of_period(rows: Select[Any], at: str, wanted: Wanted) -> Select[Any]:
    """The rows of the route and the period among those that are worked out now."""
    of = rows.subquery()
    return select(of).where(*_of_route_and_period(of.c, of.c[at], wanted))


def _of_route_and_period(of: Any, at: Any, wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.product_route is not None:
        found.append(of.product_route == wanted.product_route)
    if wanted.period is not Period.ALL:
        found.append(at >= _BEGINS_AT)
    return found


def _of_courses(viewer: Viewer, wanted: Wanted, of: Any) -> list[ColumnElement[bool]]:
    """The conditions on `of`, which has an `episode_id`: of a course that may be counted.

    Each is left out where it would leave nobody out.
    """
    found: list[ColumnElement[bool]] = []
    if not wanted.everyone and (viewer.is_prescriber or viewer.is_therapist):
        found.append(of.episode_id.in_(own_episode_ids(viewer, _NOW)))
    elif not viewer.sees_everyone:
        found.append(of.episode_id.in_(visible_episode_ids(viewer, _NOW)))
    if wanted.indication is not None:
        found.append(of.episode_id.in_(select(Episode.id).where(treats(wanted.indication))))
    return found


def _doses(kept: Select[Any], anew: Select[Any]) -> Any:
    """How many doses had which integration, and an intention before them or none."""
    one = union_all(kept, anew).subquery().c
    held = case(
        (one.expects_integration.is_(False), null()),
        (
            one.waited_seconds.is_not(None),
            case(
                (one.waited_seconds <= bindparam("target", type_=Integer()), Held.IN_TIME.value),
                else_=Held.LATE.value,
            ),
        ),
        (one.is_closed, Held.CLOSED.value),
        (
            one.last_at >= bindparam("not_due_since", type_=UtcDateTime()),
            Held.NOT_DUE.value,
        ),
        else_=Held.NOT_HELD.value,
    )
    # Grouped by name: to PostgreSQL the same words with other parameters are another expression.
    each = select(
        one.product_route, held.label("held"), one.is_intended.label("intended")
    ).subquery()
    columns = (each.c.product_route, each.c.held, each.c.intended)
    return select(*columns, func.count().label("number")).group_by(*columns)


def _series(kept: Select[Any], anew: Select[Any]) -> Any:
    """How many series come to what under each question."""
    judged = union_all(kept, anew).cte("judged").prefix_with("MATERIALIZED")
    questions = []
    for question in Question:
        finding = judged.c[question.value]
        columns = [judged.c.measure_id, judged.c.product_route, finding]
        figure: ColumnElement[Any] = cast(null(), Integer)
        if question in FIGURES:
            figure = judged.c[FIGURES[question]]
            columns.append(figure)
        questions.append(
            select(
                literal(question.value).label("question"),
                judged.c.measure_id,
                judged.c.product_route,
                finding.label("finding"),
                figure.label("figure"),
                func.count().label("number"),
            )
            .where(finding.is_not(None))
            .group_by(*columns)
        )
    return union_all(*questions)
