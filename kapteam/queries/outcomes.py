"""Outcomes: how the practice's own clients do, counted in the database.

What a score amounts to is judged by the rules of `rules.change`, said once more in SQL: a series at
a time would be too many rows for a page. That both say the same is tested.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Integer,
    String,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from kapteam.db.access import visible_episode_ids
from kapteam.db.days import day_number, seconds
from kapteam.db.scores import COUNTS
from kapteam.db.tables import (
    Administration,
    Episode,
    IntegrationSession,
    IntegrationSessionFor,
    KetamineSession,
    Note,
    Score,
    Series,
)
from kapteam.db.types import UtcDateTime
from kapteam.instruments import in_use
from kapteam.queries.standing import Asked, own_courses
from kapteam.rules.change import (
    BASELINE_DAYS,
    PRIMARY,
    first_judged_after,
    is_low,
    is_well,
    least_change,
)
from kapteam.rules.instruments import Instrument
from kapteam.rules.outcomes import Finding, Held, Period, Question, Rate, Spread, spread
from kapteam.vocabulary import (
    EpisodeState,
    Indication,
    IntegrationKind,
    NoteKind,
    ProductRoute,
)
from kapteam.wording import at_local

_FORMS = ((Question.AFTER_4, 4), (Question.AFTER_6, 6))
_NOTHING, _EARLY, _LATER = -1, 0, 9
_SCORED = ("baseline", "any", "last", *(question.value for question, _ in _FORMS), "days")
_FALSE = false()
# Those of the period, beside all doses of the same courses.
_dosed, _giving = aliased(KetamineSession), aliased(Administration)
# Asked for by several parts of a statement; either engine would work it out for each of them.
_ONCE = "MATERIALIZED"


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
    measures = _primary_measures(in_use(asked.practice.measures))
    doses = db.execute(_doses(asked, wanted))
    series = db.execute(_series(asked, wanted, measures))
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


def _primary_measures(used: Mapping[str, Instrument]) -> Mapping[str, Instrument]:
    """The measure by which each kind of indication is judged, as `primary_measure` has it."""
    found = (next((one for one in ids if one in used), None) for _, ids in PRIMARY)
    return {one: used[one] for one in found if one is not None}


def _of_courses(asked: Asked, wanted: Wanted) -> list[ColumnElement[bool]]:
    """The conditions on KetamineSession: of a course of which anything is counted.

    Each is left out where it would leave nobody out, and no course is looked into that had no dose
    in the period: its series began before it.
    """
    courses = select(Episode.id)
    if not asked.viewer.sees_everyone:
        courses = courses.where(Episode.id.in_(visible_episode_ids(asked.viewer, asked.now)))
    if not wanted.everyone:
        courses = courses.where(own_courses(asked))
    if wanted.indication is not None:
        courses = courses.where(_treats(wanted.indication))
    found: list[ColumnElement[bool]] = (
        [] if courses.whereclause is None else [KetamineSession.episode_id.in_(courses)]
    )
    begins_at = _begins_at(asked, wanted)
    if begins_at is not None:
        dosed = (
            select(_dosed.episode_id)
            .join(_giving, _giving.ketamine_session_id == _dosed.id)
            .where(_giving.started_at >= begins_at, _giving.voided_at.is_(None))
        )
        found.append(KetamineSession.episode_id.in_(dosed))
    return found


def _treats(*indications: Indication) -> ColumnElement[bool]:
    # The list as it is written: a value in its quotes is in no other.
    written = cast(Episode.indications, String)
    return or_(*(written.contains(f'"{one.value}"', autoescape=True) for one in indications))


def _begins_at(asked: Asked, wanted: Wanted) -> datetime | None:
    begins_on = wanted.period.begins_on(asked.today)
    return None if begins_on is None else at_local(begins_on, time(), asked.practice.zone)


def _given(asked: Asked, wanted: Wanted) -> CTE:
    """Each session at which ketamine was given, from its first to its last giving."""
    last_at = func.coalesce(Administration.ended_at, Administration.started_at)
    return (
        select(
            KetamineSession.id,
            KetamineSession.series_id,
            KetamineSession.episode_id,
            Series.product_route,
            func.min(Administration.started_at, type_=UtcDateTime()).label("first_at"),
            func.max(last_at, type_=UtcDateTime()).label("last_at"),
        )
        .join(KetamineSession, KetamineSession.id == Administration.ketamine_session_id)
        .join(Series, Series.id == KetamineSession.series_id)
        .where(Administration.voided_at.is_(None), *_of_courses(asked, wanted))
        .group_by(
            KetamineSession.id,
            KetamineSession.series_id,
            KetamineSession.episode_id,
            Series.product_route,
        )
        .cte("given")
        .prefix_with(_ONCE)
    )


def _doses(asked: Asked, wanted: Wanted) -> Any:
    """How many doses had which integration, and an intention before them or none."""
    given = _given(asked, wanted)
    integration = (
        select(
            IntegrationSessionFor.ketamine_session_id,
            func.min(IntegrationSession.held_at, type_=UtcDateTime()).label("held_at"),
            func.max(IntegrationSession.closed_at, type_=UtcDateTime()).label("closed_at"),
        )
        .join(
            IntegrationSession,
            IntegrationSession.id == IntegrationSessionFor.integration_session_id,
        )
        .where(
            IntegrationSessionFor.ketamine_session_id.in_(select(given.c.id)),
            IntegrationSession.kind == IntegrationKind.FULL,
            IntegrationSession.dropped_at.is_(None),
        )
        .group_by(IntegrationSessionFor.ketamine_session_id)
        .subquery()
    )
    due = seconds(given.c.last_at) + int(asked.practice.thresholds.target.total_seconds())
    held = case(
        (Episode.expects_integration.is_(False), null()),
        (
            integration.c.held_at.is_not(None),
            case(
                (seconds(integration.c.held_at) <= due, Held.IN_TIME.value),
                else_=Held.LATE.value,
            ),
        ),
        (integration.c.closed_at.is_not(None), Held.CLOSED.value),
        (due >= int(asked.now.timestamp()), Held.NOT_DUE.value),
        else_=Held.NOT_HELD.value,
    )
    signed = exists().where(
        Note.ketamine_session_id == given.c.id,
        Note.kind == NoteKind.INTENTION,
        Note.signed_at < given.c.first_at,
        Note.voided_at.is_(None),
    )
    one = (
        select(
            given.c.product_route,
            held.label("held"),
            case((Episode.expects_intention.is_(False), null()), (signed, 1), else_=0).label(
                "intended"
            ),
        )
        .join(Episode, Episode.id == given.c.episode_id)
        .outerjoin(integration, integration.c.ketamine_session_id == given.c.id)
    )
    if wanted.product_route is not None:
        one = one.where(given.c.product_route == wanted.product_route)
    begins_at = _begins_at(asked, wanted)
    if begins_at is not None:
        one = one.where(given.c.first_at >= begins_at)
    each = one.subquery()
    columns = (each.c.product_route, each.c.held, each.c.intended)
    return select(*columns, func.count().label("number")).group_by(*columns)


def _series(asked: Asked, wanted: Wanted, measures: Mapping[str, Instrument]) -> Any:
    """How many series come to what under each question."""
    begun = _begun(asked, wanted, measures)
    judged = _judged(begun, _scored(asked, begun, measures), measures)
    questions = []
    for question in Question:
        finding, figure = judged.c[question.value], judged.c[f"{question.value}_figure"]
        columns = (judged.c.measure_id, judged.c.product_route, finding, figure)
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


def _begun(asked: Asked, wanted: Wanted, measures: Mapping[str, Instrument]) -> CTE:
    """Each series that began in the period: its doses, its measure, and when the next one began.

    `asked_at` is the dose after which it is judged: the one that the rule names, or the last where
    the series is over before it.
    """
    given = _given(asked, wanted)
    numbered = select(
        given,
        func.row_number()
        .over(partition_by=given.c.series_id, order_by=(given.c.first_at, given.c.id))
        .label("place"),
    ).subquery()

    def dose(place: Any) -> ColumnElement[datetime]:
        return func.max(case((numbered.c.place == place, numbered.c.first_at)), type_=UtcDateTime())

    named = case(
        *((numbered.c.product_route == route, first_judged_after(route)) for route in ProductRoute),
    )
    by_series = (
        select(
            numbered.c.series_id,
            numbered.c.episode_id,
            numbered.c.product_route,
            func.min(numbered.c.first_at, type_=UtcDateTime()).label("begun_at"),
            func.max(numbered.c.first_at, type_=UtcDateTime()).label("last_dose_at"),
            func.count().label("doses"),
            dose(named).label("named_at"),
            *(dose(place).label(f"dose_{place}_at") for place in (4, 5, 6, 7)),
        )
        .group_by(numbered.c.series_id, numbered.c.episode_id, numbered.c.product_route)
        .subquery()
    )
    begun = select(
        by_series,
        # Of any route, whichever is counted: from then on a score is about another series.
        func.lead(by_series.c.begun_at)
        .over(
            partition_by=by_series.c.episode_id,
            order_by=(by_series.c.begun_at, by_series.c.series_id),
        )
        .label("next_at"),
    ).subquery()
    chosen = select(begun)
    if wanted.product_route is not None:
        chosen = chosen.where(begun.c.product_route == wanted.product_route)
    begins_at = _begins_at(asked, wanted)
    if begins_at is not None:
        chosen = chosen.where(begun.c.begun_at >= begins_at)
    of = chosen.subquery()
    is_over = or_(
        Series.ended_at.is_not(None),
        Episode.closed_at.is_not(None),
        of.c.next_at.is_not(None),
        and_(Episode.state == EpisodeState.MAINTENANCE, Series.started_at < Episode.state_since),
        of.c.doses >= Series.ordered_count,
    )
    return (
        select(
            of,
            func.coalesce(
                of.c.named_at, case((is_over, of.c.last_dose_at)), type_=UtcDateTime()
            ).label("asked_at"),
            _measure(measures).label("measure_id"),
            day_number(of.c.begun_at, asked.practice.zone, asked.now).label("begun_on"),
        )
        .join(Series, Series.id == of.c.series_id)
        .join(Episode, Episode.id == of.c.episode_id)
        # It goes on with what the series before it came to, and is none to count by itself.
        .where(Series.is_maintenance.is_(False))
        .cte("begun")
        .prefix_with(_ONCE)
    )


def _measure(measures: Mapping[str, Instrument]) -> ColumnElement[Any]:
    """The id of the measure by which a course is judged, as `primary_measure` has it."""
    return case(
        *(
            (
                _treats(*sorted(treated)),
                next((literal(one) for one in ids if one in measures), null()),
            )
            for treated, ids in PRIMARY
        ),
        else_=null(),
    )


def _scored(asked: Asked, begun: CTE, measures: Mapping[str, Instrument]) -> CTE:
    """Each series with its baseline, its last score, those after dose 4 and 6, and its response.

    Rule 47 for the baseline, rule 48 for two scores of a day. Scores are looked at in the order in
    which they count; what they come after only grows, so the last of each kind is the one before
    another kind.
    """
    after = case(
        (Score.taken_at < begun.c.begun_at, _EARLY),
        *(
            (
                and_(
                    Score.taken_at > begun.c[f"dose_{place}_at"],
                    or_(
                        begun.c[f"dose_{place + 1}_at"].is_(None),
                        Score.taken_at < begun.c[f"dose_{place + 1}_at"],
                    ),
                ),
                place,
            )
            for _, place in _FORMS
        ),
        else_=_LATER,
    )
    day = day_number(Score.taken_at, asked.practice.zone, asked.now)
    in_order: dict[str, Any] = {
        "partition_by": begun.c.series_id,
        "order_by": (Score.taken_at, Score.recorded_at, Score.id),
    }
    taken = (
        select(
            begun.c.series_id,
            begun.c.measure_id,
            begun.c.begun_on,
            begun.c.asked_at,
            Score.total,
            Score.taken_at,
            day.label("day"),
            func.lead(day).over(**in_order).label("next_day"),
            after.label("after"),
            func.coalesce(func.lead(after).over(**in_order), _NOTHING).label("next_after"),
        )
        .join(
            Score,
            and_(
                Score.episode_id == begun.c.episode_id,
                Score.instrument_id == begun.c.measure_id,
                or_(begun.c.next_at.is_(None), Score.taken_at < begun.c.next_at),
            ),
        )
        .where(COUNTS, Score.total.is_not(None))
        .subquery()
    )
    is_baseline = and_(
        taken.c.after == _EARLY,
        taken.c.next_after != _EARLY,
        taken.c.begun_on - taken.c.day <= BASELINE_DAYS,
    )
    measured = select(
        taken,
        func.max(case((is_baseline, taken.c.total)))
        .over(partition_by=taken.c.series_id)
        .label("baseline"),
    ).subquery()
    since = measured.c.after != _EARLY
    is_last = measured.c.next_day.is_(None)
    is_used = or_(is_last, measured.c.next_day != measured.c.day)

    def score(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
        return func.max(case((and_(since, *conditions), measured.c.total)))

    responded = _by_measure(
        measures, measured, lambda one: _responds(one, measured.c.baseline, measured.c.total)
    )
    return (
        select(
            measured.c.series_id,
            func.max(measured.c.baseline).label("baseline"),
            score().label("any"),
            score(is_last, measured.c.taken_at > measured.c.asked_at).label("last"),
            *(
                score(measured.c.after == place, measured.c.next_after != place).label(
                    question.value
                )
                for question, place in _FORMS
            ),
            func.min(
                case(
                    (
                        and_(since, is_used, responded),
                        measured.c.day - measured.c.begun_on,
                    )
                )
            ).label("days"),
        )
        .group_by(measured.c.series_id)
        .cte("scored")
        .prefix_with(_ONCE)
    )


def _judged(begun: CTE, scored: CTE, measures: Mapping[str, Instrument]) -> CTE:
    """Each series with a finding for each question, None where it is not asked, and its figure."""
    one = (
        select(begun, *(scored.c[name] for name in _SCORED))
        .outerjoin(scored, scored.c.series_id == begun.c.series_id)
        .subquery()
    )
    first: Any = one.c.baseline
    unmeasured = (
        (one.c.measure_id.is_(None), Finding.NO_MEASURE),
        (one.c.baseline.is_(None), Finding.NO_BASELINE),
    )
    well = (_by_measure(measures, one, lambda each: is_well(each, first)), Finding.WELL)
    low = (_by_measure(measures, one, lambda each: is_low(each, first)), Finding.LOW)
    early = (one.c.asked_at.is_(None), Finding.EARLY)

    def found(
        is_so: Callable[[Instrument, Any, Any], Any],
        total: Any,
        *left_out: tuple[Any, Finding],
    ) -> ColumnElement[Any]:
        return case(
            *((condition, finding.value) for condition, finding in (*unmeasured, *left_out)),
            (total.is_(None), Finding.NO_SCORE.value),
            (
                _by_measure(measures, one, lambda each: is_so(each, first, total)),
                Finding.YES.value,
            ),
            else_=Finding.NO.value,
        )

    def gain(total: Any) -> ColumnElement[Any]:
        return _by_measure(measures, one, lambda each: each.gain(first, total), otherwise=null())

    after = {question: one.c[question.value] for question, _ in _FORMS}
    findings = {
        Question.RESPONSE: found(_responds, one.c.last, well, early),
        Question.REMISSION: found(_remits, one.c.last, low, early),
        **{
            question: case((one.c.doses >= place, found(_improves, after[question])))
            for question, place in _FORMS
        },
        Question.TIME: case(
            *((condition, finding.value) for condition, finding in (*unmeasured, well)),
            (one.c.any.is_(None), Finding.NO_SCORE.value),
            (one.c.days.is_not(None), Finding.YES.value),
            else_=Finding.NO.value,
        ),
    }
    figures = {
        **{question: gain(total) for question, total in after.items()},
        Question.TIME: case((findings[Question.TIME] == Finding.YES.value, one.c.days)),
    }
    return (
        select(
            one.c.measure_id,
            one.c.product_route,
            *(findings[question].label(question.value) for question in Question),
            *(
                cast(figures.get(question, null()), Integer).label(f"{question.value}_figure")
                for question in Question
            ),
        )
        .cte("judged")
        .prefix_with(_ONCE)
    )


def _by_measure(
    measures: Mapping[str, Instrument],
    rows: Any,
    says: Callable[[Instrument], Any],
    otherwise: Any = _FALSE,
) -> ColumnElement[Any]:
    """What is said of a row by the measure that it is judged by."""
    whens = [(rows.c.measure_id == one.id, says(one)) for one in measures.values()]
    return case(*whens, else_=otherwise) if whens else otherwise


def _responds(one: Instrument, first: Any, last: Any) -> ColumnElement[bool]:
    """As `ChipKind.RESPONSE`."""
    if one.response is None:
        return false()
    return and_(_is_enough(one, first, last), _reaches(one, one.response.percent, first, last))


def _remits(one: Instrument, first: Any, last: Any) -> ColumnElement[bool]:
    """As `ChipKind.REMISSION` of somebody who was not low at baseline."""
    if one.remission is None:
        return false()
    well: Any = is_well(one, last)
    return and_(_is_enough(one, first, last), well)


def _improves(one: Instrument, first: Any, last: Any) -> ColumnElement[bool]:
    """Better by more than the measure's own error, or where nobody knows that, by what counts."""
    if least_change(one) is not None:
        return _is_enough(one, first, last)
    counts = [each.percent for each in one.meaningful]
    if one.response is not None:
        counts += [one.response.percent, one.response.partial_percent]
    percents = [each for each in counts if each is not None]
    return _reaches(one, min(percents), first, last) if percents else false()


def _is_enough(one: Instrument, first: Any, last: Any) -> ColumnElement[bool]:
    """Rule 52: whether a gain is no smaller than the least that is called one."""
    least, gain = least_change(one), one.gain(first, last)
    enough: Any = true() if least is None else gain >= least[0]
    return and_(enough)


def _reaches(one: Instrument, percent: int, first: Any, last: Any) -> ColumnElement[bool]:
    """As `reaches`."""
    return and_(first > 0, 100 * one.gain(first, last) >= percent * first)
