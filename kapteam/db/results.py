"""What each dose and each series came to: worked out in one place, and kept for counting.

The page counts from these statements directly what was changed a moment ago, and of everything else
what they said when they were run last. What a score amounts to is judged by the rules of
`rules.change`, said once more in SQL: a series at a time would be too many rows for a page. That
both say the same is tested, and that what is kept is what the statements say.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    CTE,
    ColumnElement,
    CompoundSelect,
    Integer,
    Select,
    String,
    and_,
    case,
    cast,
    delete,
    except_,
    exists,
    false,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    text,
    true,
    union_all,
    update,
)
from sqlalchemy.orm import Session, aliased

from kapteam.db.days import day_number, seconds
from kapteam.db.engine import Database
from kapteam.db.scores import COUNTS
from kapteam.db.tables import (
    Administration,
    DoseResult,
    Episode,
    IntegrationSession,
    IntegrationSessionFor,
    KetamineSession,
    Note,
    ResultsBasis,
    ResultsChange,
    Score,
    Series,
    SeriesResult,
)
from kapteam.db.types import UtcDateTime
from kapteam.rules.change import (
    BASELINE_DAYS,
    PRIMARY,
    first_judged_after,
    is_low,
    is_well,
    least_change,
)
from kapteam.rules.instruments import Instrument
from kapteam.rules.outcomes import Finding, Question
from kapteam.vocabulary import EpisodeState, Indication, IntegrationKind, NoteKind, ProductRoute

_Measures = Mapping[str, Instrument]
_FORMS = ((Question.AFTER_4, 4), (Question.AFTER_6, 6))
FIGURES = {
    question: f"{question.value}_figure"
    for question in (Question.AFTER_4, Question.AFTER_6, Question.TIME)
}
"""Under which name a row of a series has its gain in points, or days, for these questions."""
_NOTHING, _EARLY, _LATER = -1, 0, 9
_SCORED = ("baseline", "any", "last", *(question.value for question, _ in _FORMS), "days")
_FALSE = false()
# Asked for by several parts of a statement; either engine would work it out for each of them.
_ONCE = "MATERIALIZED"
_AT_ONCE = 500
_DOSE_COLUMNS = tuple(column.name for column in DoseResult.__table__.columns)
_SERIES_COLUMNS = tuple(column.name for column in SeriesResult.__table__.columns)


@dataclass(frozen=True, slots=True)
class WorkedOutBy:
    """What results are worked out by: measures and zone of the practice.

    The measures are those by which series are judged, by their ids, the usual one first. Nothing
    is counted that was after `year`.
    """

    measures: _Measures
    zone: ZoneInfo
    year: int

    @property
    def basis(self) -> str:
        """What of it a practice may change, in words."""
        return " ".join((self.zone.key, *self.measures))

    def day(self, instant: Any) -> ColumnElement[int]:
        """The number of the practice's day of an instant."""
        return day_number(instant, self.zone, datetime(self.year, 12, 31, tzinfo=UTC))


def is_current(basis: str) -> ColumnElement[bool]:
    """Whether every course was worked out by this basis; what changed since then is noted."""
    return exists().where(ResultsBasis.basis == basis, ResultsBasis.is_whole)


def noted_courses() -> CompoundSelect[str]:
    """The ids of the courses of which something was changed since they were worked out."""
    dose, link = aliased(KetamineSession), aliased(IntegrationSessionFor)
    integrated = select(link.ketamine_session_id).where(
        link.integration_session_id.in_(select(ResultsChange.integration_session_id))
    )
    # From what is noted to its course: a join has SQLite look through every session there is.
    return union_all(
        select(ResultsChange.episode_id).where(ResultsChange.episode_id.is_not(None)),
        select(dose.episode_id).where(dose.id.in_(select(ResultsChange.ketamine_session_id))),
        select(dose.episode_id).where(dose.id.in_(integrated)),
    )


def changed_courses(basis: str) -> CompoundSelect[str]:
    """The ids of the courses of which nothing kept may be counted: all, unless it is current."""
    noted = noted_courses().subquery()
    return union_all(
        select(noted.c.episode_id).where(is_current(basis)),
        select(Episode.id).where(~is_current(basis)),
    )


def kept_results(of: type[DoseResult] | type[SeriesResult], basis: str) -> Select[Any]:
    """The rows of the other courses, as they were worked out last."""
    return select(of.__table__).where(is_current(basis), of.episode_id.not_in(noted_courses()))


def renew_results(database: Database, by: WorkedOutBy) -> None:
    """Work out whatever changed since this was called last; everything, where the basis did.

    A few hundred courses at a time, so that no save waits long.
    """
    with database.reading() as db:
        is_whole = db.scalar(select(is_current(by.basis)))
        if is_whole and not db.scalar(select(exists(select(ResultsChange.number)))):
            return
    if not is_whole:
        _begin(database, by.basis)
        with database.reading() as db:
            everyone = db.scalars(select(Episode.id).order_by(Episode.id)).all()
        for ids in _in_parts(everyone):
            with database.writing() as db:
                _work_out(db, ids, by)
    with database.writing() as db:
        # Who is noted after this was read is worked out with the others, and once more next time:
        # on PostgreSQL each statement sees what was committed before it.
        numbers = db.scalars(select(ResultsChange.number)).all()
        for ids in _in_parts(sorted(set(db.scalars(noted_courses())))):
            _work_out(db, ids, by)
        for done in _in_parts(numbers):
            db.execute(delete(ResultsChange).where(ResultsChange.number.in_(done)))
        db.execute(update(ResultsBasis).values(is_whole=True))


def forget_results(database: Database) -> None:
    """Have everything worked out anew by the next renewal; nothing kept is counted before it."""
    with database.writing() as db:
        db.execute(delete(ResultsBasis))


def count_wrong_results(db: Session, by: WorkedOutBy) -> int:
    """Of how many courses what is kept and holds is not what is worked out from their rows."""
    wrong: set[str] = set()
    unchanged = KetamineSession.episode_id.not_in(changed_courses(by.basis))
    for of, rows in (
        (DoseResult, dose_rows(unchanged)),
        (SeriesResult, series_rows(by, unchanged)),
    ):
        anew, kept = select(rows.subquery()), select(kept_results(of, by.basis).subquery())
        differing = (except_(anew, kept).subquery(), except_(kept, anew).subquery())
        wrong.update(db.scalars(union_all(*(select(one.c.episode_id) for one in differing))))
    return len(wrong)


def _begin(database: Database, basis: str) -> None:
    """Note every change from now on."""
    with database.writing() as db:
        if not database.is_sqlite:
            # Who writes now has seen that nothing is to be noted: it is over before this goes on.
            db.execute(text("LOCK TABLE results_basis IN ACCESS EXCLUSIVE MODE"))
        for table in (ResultsBasis, ResultsChange, DoseResult, SeriesResult):
            db.execute(delete(table))
        db.add(ResultsBasis(basis=basis, is_whole=False))


def _in_parts(ids: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE))


def _work_out(db: Session, ids: Sequence[str], by: WorkedOutBy) -> None:
    of_these = KetamineSession.episode_id.in_(ids)
    for table, names, rows in (
        (DoseResult, _DOSE_COLUMNS, dose_rows(of_these)),
        (SeriesResult, _SERIES_COLUMNS, series_rows(by, of_these)),
    ):
        db.execute(delete(table).where(table.episode_id.in_(ids)))
        db.execute(insert(table).from_select(names, rows))


def treats(*indications: Indication) -> ColumnElement[bool]:
    # The list as it is written: a value in its quotes is in no other.
    written = cast(Episode.indications, String)
    return or_(*(written.contains(f'"{one.value}"', autoescape=True) for one in indications))


def _given(*of: ColumnElement[bool]) -> CTE:
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
        .where(Administration.voided_at.is_(None), *of)
        .group_by(
            KetamineSession.id,
            KetamineSession.series_id,
            KetamineSession.episode_id,
            Series.product_route,
        )
        .cte("given")
        .prefix_with(_ONCE)
    )


def dose_rows(*of: ColumnElement[bool]) -> Select[Any]:
    """A row like `DoseResult` for each dose of the courses that meet `of`, on KetamineSession."""
    given = _given(*of)
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
    signed = exists().where(
        Note.ketamine_session_id == given.c.id,
        Note.kind == NoteKind.INTENTION,
        Note.signed_at < given.c.first_at,
        Note.voided_at.is_(None),
    )
    return (
        select(
            given.c.id.label("ketamine_session_id"),
            given.c.episode_id,
            given.c.product_route,
            given.c.first_at,
            given.c.last_at,
            Episode.expects_integration,
            (seconds(integration.c.held_at) - seconds(given.c.last_at)).label("waited_seconds"),
            integration.c.closed_at.is_not(None).label("is_closed"),
            case((Episode.expects_intention.is_(False), null()), else_=signed).label("is_intended"),
        )
        .join(Episode, Episode.id == given.c.episode_id)
        .outerjoin(integration, integration.c.ketamine_session_id == given.c.id)
    )


def series_rows(by: WorkedOutBy, *of: ColumnElement[bool]) -> Select[Any]:
    """A row like `SeriesResult` for each series of the courses that meet `of`, on KetamineSession.

    All of the sessions of a course meet it, or none.
    """
    begun = _begun(by, *of)
    return _judged(begun, _scored(by, begun), by.measures)


def _begun(by: WorkedOutBy, *of: ColumnElement[bool]) -> CTE:
    """Each series of which something was given: its doses, its measure, when the next one began.

    `asked_at` is the dose after which it is judged: the one that the rule names, or the last where
    the series is over before it.
    """
    given = _given(*of)
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
    of_course = select(
        by_series,
        # Of any route, whichever is counted: from then on a score is about another series.
        func.lead(by_series.c.begun_at)
        .over(
            partition_by=by_series.c.episode_id,
            order_by=(by_series.c.begun_at, by_series.c.series_id),
        )
        .label("next_at"),
    ).subquery()
    is_over = or_(
        Series.ended_at.is_not(None),
        Episode.closed_at.is_not(None),
        of_course.c.next_at.is_not(None),
        and_(Episode.state == EpisodeState.MAINTENANCE, Series.started_at < Episode.state_since),
        of_course.c.doses >= Series.ordered_count,
    )
    return (
        select(
            of_course,
            func.coalesce(
                of_course.c.named_at, case((is_over, of_course.c.last_dose_at)), type_=UtcDateTime()
            ).label("asked_at"),
            _measure(by.measures).label("measure_id"),
            by.day(of_course.c.begun_at).label("begun_on"),
        )
        .join(Series, Series.id == of_course.c.series_id)
        .join(Episode, Episode.id == of_course.c.episode_id)
        # It goes on with what the series before it came to, and is none to count by itself.
        .where(Series.is_maintenance.is_(False))
        .cte("begun")
        .prefix_with(_ONCE)
    )


def _measure(measures: _Measures) -> ColumnElement[Any]:
    """The id of the measure by which a course is judged, as `primary_measure` has it."""
    return case(
        *(
            (
                treats(*sorted(treated)),
                next((literal(one) for one in ids if one in measures), null()),
            )
            for treated, ids in PRIMARY
        ),
        else_=null(),
    )


def _scored(by: WorkedOutBy, begun: CTE) -> CTE:
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
    day = by.day(Score.taken_at)
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
        by.measures, measured, lambda one: _responds(one, measured.c.baseline, measured.c.total)
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


def _judged(begun: CTE, scored: CTE, measures: _Measures) -> Select[Any]:
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
    columns: list[Any] = [
        one.c[name]
        for name in ("series_id", "episode_id", "product_route", "measure_id", "begun_at")
    ]
    for question in Question:
        columns.append(findings[question].label(question.value))
        if question in FIGURES:
            columns.append(cast(figures[question], Integer).label(FIGURES[question]))
    return select(*columns)


def _by_measure(
    measures: _Measures,
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
