"""The outcome measures of a client: every one that was entered, and what became of somebody."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ScalarSelect, and_, case, func, select
from sqlalchemy.orm import Session, aliased

from kapteam.clock import day_of
from kapteam.db.access import visible_clients, visible_episodes
from kapteam.db.scores import taken
from kapteam.db.series import has_given
from kapteam.db.tables import (
    Administration,
    Client,
    Clinician,
    Episode,
    KetamineSession,
    Score,
    Series,
)
from kapteam.errors import NotFound
from kapteam.instruments import instruments
from kapteam.queries.client_names import CLIENT_NAME, ClientName, client_named
from kapteam.queries.home_supply import InError
from kapteam.queries.standing import Asked
from kapteam.queries.views import is_seen_this_hour
from kapteam.rules.change import (
    Baseline,
    Change,
    Slipping,
    baseline,
    change,
    primary_measure,
    slipping,
    used,
)
from kapteam.rules.instruments import Instrument
from kapteam.rules.measures_in_use import measures_in_use
from kapteam.rules.permissions import can_read_scores
from kapteam.rules.scoring import Scored, score, score_result, score_total
from kapteam.vocabulary import EpisodeState, Indication, ServiceLine

_MISSING = "There is no such course of care, or you are not on it."
_NO_CLIENT = "There is no client with this code, or you are not on one of their courses."
_series = aliased(Series)
# Made once: what is asked of an alias is put together when it is first asked.
_course, _recorder, _voider = aliased(Episode), aliased(Clinician), aliased(Clinician)


@dataclass(frozen=True, slots=True)
class Twin:
    """Who entered the same form before, and when."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """One measure as it was taken. `instrument` is None once its file is gone.

    `scored` is what it came to; None for the front desk, which knows whether it `is_complete`.
    `critical_before` is the last known answer before it to what needs somebody, and
    `overlaps_since` when the last one was taken whose recall reaches into that of this one. Another
    one of the same day counts instead of it unless it `is_used`. `twin` is one of the same day that
    says the same and was entered before it.
    """

    id: str
    episode_id: str
    instrument_id: str
    instrument: Instrument | None
    taken_at: datetime
    is_day_only: bool
    is_complete: bool
    scored: Scored | None
    recorded_by_id: str
    recorded_by: str
    recorded_at: datetime
    in_error: InError | None
    critical_before: int | None = None
    overlaps_since: datetime | None = None
    is_used: bool = True
    twin: Twin | None = None

    @property
    def name(self) -> str:
        """What the measure is called."""
        return self.instrument.name if self.instrument else self.instrument_id


@dataclass(frozen=True, slots=True)
class MeasureLine:
    """One measure of one course: the latest, and what became of somebody since the baseline.

    `latest` is the last complete one, `incomplete` a later form that has a gap. `baseline`,
    `change` and `slipping` are those of the newest series of which a dose was given, the first one
    at `first_dose_at`.
    """

    instrument: Instrument
    is_primary: bool
    latest: ScoreLine | None
    incomplete: ScoreLine | None
    first_dose_at: datetime | None
    baseline: Baseline | None
    change: Change | None
    slipping: Slipping | None


@dataclass(frozen=True, slots=True)
class CourseScores:
    """What was measured in one course: each measure that was taken, the primary one first."""

    episode_id: str
    service_line: ServiceLine
    measures: tuple[MeasureLine, ...]


@dataclass(frozen=True, slots=True)
class ClientScores:
    """Every score of the client that the viewer may see, the newest first, and by course.

    The front desk sees no `courses`: what a measure came to is not for it.
    """

    lines: tuple[ScoreLine, ...] = ()
    courses: tuple[CourseScores, ...] = ()


@dataclass(frozen=True, slots=True)
class MeasuredOn:
    """An open course for which a measure can be entered."""

    episode_id: str
    service_line: ServiceLine


@dataclass(frozen=True, slots=True)
class ScoresPage:
    """All scores of one client."""

    client: ClientName
    seen_this_hour: bool
    open_courses: tuple[MeasuredOn, ...]
    scores: ClientScores


@dataclass(frozen=True, slots=True)
class ScorePage:
    """What the entry of a measure starts from.

    `measures` are those in use, the primary one of the course first. `dosed_on` are the days on
    which a dose of the course was given. `saved` is the one that was entered last.
    """

    client: ClientName
    seen_this_hour: bool
    episode_id: str
    service_line: ServiceLine
    state: EpisodeState
    measures: Mapping[str, Instrument]
    dosed_on: frozenset[date]
    saved: ScoreLine | None


def client_scores(db: Session, asked: Asked, client_id: str) -> ClientScores:
    """The scores of a client on the courses that the viewer sees, in one statement."""
    return judged(asked, db.execute(score_rows(asked, client_id)).all())


def score_rows(asked: Asked, client_id: str) -> Any:
    """A row a score of the client for `judged`, the newest first; one without a score at least."""
    # Aliased, because the conditions of db.access correlate with the plain table.
    mine = select(Episode.id).where(
        Episode.client_id == client_id, visible_episodes(asked.viewer, asked.now)
    )
    return (
        select(
            Score,
            _course.service_line,
            _course.indications,
            _recorder.name.label("recorded_by"),
            _voider.name.label("voided_by"),
            _first_dose_at(_course).label("first_dose_at"),
        )
        .select_from(Client)
        .outerjoin(Score, and_(Score.client_id == Client.id, Score.episode_id.in_(mine)))
        .outerjoin(_course, _course.id == Score.episode_id)
        .outerjoin(_recorder, _recorder.id == Score.recorded_by_id)
        .outerjoin(_voider, _voider.id == Score.voided_by_id)
        .where(Client.id == client_id)
        .order_by(Score.taken_at.desc(), Score.recorded_at.desc(), Score.id.desc())
    )


def judged(asked: Asked, rows: Iterable[Any]) -> ClientScores:
    """What the rows of `score_rows` say, to whoever reads scores; else only that they are there."""
    there = [row for row in rows if row.Score is not None]
    if not can_read_scores(asked.viewer):
        return ClientScores(tuple(_line(row, is_read=False) for row in there))
    by_course: defaultdict[str, list[Any]] = defaultdict(list)
    for row in there:
        by_course[row.Score.episode_id].append(row)
    courses = [_Judged(of_course, asked) for of_course in by_course.values()]
    lines = {line.id: line for one in courses for line in one.lines}
    return ClientScores(
        tuple(lines[row.Score.id] for row in there), tuple(one.course() for one in courses)
    )


def scores_page(db: Session, asked: Asked, code: str) -> ScoresPage:
    """All scores of the client with this code, in two statements.

    Raises NotFound when there is none or the viewer may not see it; the two read the same.
    """
    # Aliased, because the conditions of db.access correlate with the plain table.
    course = aliased(Episode)
    mine = select(Episode.id).where(
        Episode.client_id == Client.id,
        Episode.state != EpisodeState.CLOSED,
        visible_episodes(asked.viewer, asked.now),
    )
    rows = db.execute(
        select(
            *CLIENT_NAME,
            is_seen_this_hour(asked, Client.id).label("seen_this_hour"),
            course.id.label("episode_id"),
            course.service_line,
        )
        .outerjoin(course, course.id.in_(mine))
        .where(Client.code == code, visible_clients(asked.viewer, asked.now))
        .order_by(course.opened_at.desc(), course.id)
    ).all()
    if not rows:
        raise NotFound(_NO_CLIENT)
    first = rows[0]
    return ScoresPage(
        client_named(first.client_id, first),
        first.seen_this_hour,
        tuple(MeasuredOn(row.episode_id, row.service_line) for row in rows if row.episode_id),
        client_scores(db, asked, first.client_id),
    )


def score_page(db: Session, asked: Asked, episode_id: str, saved_id: str) -> ScorePage:
    """What the entry of a measure for a course starts from, in three statements.

    Raises NotFound when there is no such course or this person may not see it; the two read the
    same.
    """
    row = db.execute(
        select(
            *CLIENT_NAME,
            is_seen_this_hour(asked, Client.id).label("seen_this_hour"),
            Episode.service_line,
            Episode.state,
            Episode.indications,
        )
        .join(Episode, Episode.client_id == Client.id)
        .where(Episode.id == episode_id, visible_episodes(asked.viewer, asked.now))
    ).one_or_none()
    if row is None:
        raise NotFound(_MISSING)
    given = db.scalars(
        select(Administration.started_at)
        .join(KetamineSession, KetamineSession.id == Administration.ketamine_session_id)
        .where(KetamineSession.episode_id == episode_id, Administration.voided_at.is_(None))
    )
    lines = client_scores(db, asked, row.client_id).lines if saved_id else ()
    return ScorePage(
        client=client_named(row.client_id, row),
        seen_this_hour=row.seen_this_hour,
        episode_id=episode_id,
        service_line=row.service_line,
        state=row.state,
        measures=_primary_first(asked, row.indications),
        dosed_on=frozenset(day_of(at, asked.practice.zone) for at in given),
        saved=next((line for line in lines if line.id == saved_id), None),
    )


def _primary_first(asked: Asked, indications: Iterable[str]) -> Mapping[str, Instrument]:
    in_use = measures_in_use(instruments(), asked.practice.measures)
    primary = primary_measure(set(map(Indication, indications)), in_use)
    return dict(sorted(in_use.items(), key=lambda one: one[0] != primary))


def _first_dose_at(course: type[Episode]) -> ScalarSelect[datetime]:
    """The first dose of those that scores of a course (an alias) are judged by.

    That is of the newest series of which any was given; of maintenance only where nothing else was.
    """
    began = case((_series.is_maintenance, _series.started_at))
    newest = (
        select(_series.id)
        .where(_series.episode_id == course.id, has_given(_series.id))
        .order_by(_series.is_maintenance, began, _series.started_at.desc(), _series.id.desc())
        .limit(1)
        .correlate(course)
        .scalar_subquery()
    )
    return (
        select(func.min(Administration.started_at))
        .join(KetamineSession, KetamineSession.id == Administration.ketamine_session_id)
        .where(KetamineSession.series_id == newest, Administration.voided_at.is_(None))
        .correlate(course)
        .scalar_subquery()
    )


def _line(row: Any, *, is_read: bool) -> ScoreLine:
    kept: Score = row.Score
    instrument = instruments().get(kept.instrument_id)
    return ScoreLine(
        id=kept.id,
        episode_id=kept.episode_id,
        instrument_id=kept.instrument_id,
        instrument=instrument,
        taken_at=kept.taken_at,
        is_day_only=kept.is_day_only,
        is_complete=kept.total is not None or kept.result is not None,
        scored=_scored(kept, instrument) if is_read else None,
        recorded_by_id=kept.recorded_by_id,
        recorded_by=row.recorded_by,
        recorded_at=kept.recorded_at,
        in_error=InError(row.voided_by, kept.voided_at, kept.void_reason)
        if kept.voided_at
        else None,
    )


def _scored(kept: Score, instrument: Instrument | None) -> Scored:
    """What a score came to; by another form of the measure than today's, its total alone."""
    if instrument is None or kept.form != instrument.form:
        return Scored(kept.total, is_total_only=kept.is_total_only)
    if kept.answers is not None:
        return score(instrument, kept.answers)
    if kept.result is not None:
        return score_result(instrument, kept.result)
    return score_total(instrument, kept.total or 0)


class _Judged:
    """The scores of one course, the newest first, and what they say together."""

    def __init__(self, rows: Sequence[Any], asked: Asked) -> None:
        self._asked = asked
        self._head = rows[0]
        self._kept = [row.Score for row in rows if row.Score.voided_at is None]
        self._counting = [taken(one) for one in self._kept]
        self._used = {
            one.score_id
            for instrument in instruments().values()
            for one in used(self._counting, instrument, asked.practice.zone)
        }
        self._twins = self._alike(row for row in rows if row.Score.voided_at is None)
        self.lines = tuple(self._placed(row) for row in rows)

    def _alike(self, rows: Iterable[Any]) -> dict[str, Twin]:
        """By its id, who entered first what a score of the same day says once more."""
        zone, first, found = self._asked.practice.zone, dict[Any, Any](), dict[str, Twin]()
        for row in sorted(rows, key=lambda row: (row.Score.recorded_at, row.Score.id)):
            kept: Score = row.Score
            answers = None if kept.answers is None else tuple(kept.answers)
            on = day_of(kept.taken_at, zone)
            before = first.setdefault(
                (kept.instrument_id, on, answers, kept.total, kept.result), row
            )
            if before is not row:
                found[kept.id] = Twin(before.recorded_by, before.Score.recorded_at)
        return found

    def course(self) -> CourseScores:
        """Each measure of which there is a form that counts."""
        there = {line.instrument_id for line in self.lines if line.in_error is None}
        indications = set(map(Indication, self._head.indications))
        in_use = _primary_first(self._asked, indications)
        primary = primary_measure(indications, in_use)
        return CourseScores(
            self._head.Score.episode_id,
            self._head.service_line,
            tuple(
                self._measure(instrument, is_primary=id_ == primary)
                for id_, instrument in in_use.items()
                if id_ in there
            ),
        )

    def _measure(self, instrument: Instrument, *, is_primary: bool) -> MeasureLine:
        asked, first_dose_at = self._asked, self._head.first_dose_at
        zone = asked.practice.zone
        lines = [
            line for line in self.lines if line.instrument is instrument and line.in_error is None
        ]
        complete = [line for line in lines if line.is_complete]
        latest = complete[0] if complete else None
        since = baseline(self._counting, instrument, first_dose_at, asked.now, zone)
        scores = used(self._counting, instrument, zone)
        return MeasureLine(
            instrument=instrument,
            is_primary=is_primary,
            latest=latest,
            incomplete=lines[0] if lines[0] is not latest else None,
            first_dose_at=first_dose_at,
            baseline=since,
            change=change(instrument, since, scores),
            slipping=slipping(instrument, since, scores),
        )

    def _placed(self, row: Any) -> ScoreLine:
        """A score beside those that were taken before it."""
        line = _line(row, is_read=True)
        if line.in_error is not None or line.instrument is None:
            return line
        at = self._kept.index(row.Score)
        before = [one for one in self._kept[at + 1 :] if one.instrument_id == line.instrument_id]
        complete = next((one for one in before if one.total is not None), None)
        has_total = row.Score.total is not None
        return replace(
            line,
            critical_before=next(
                (one.critical for one in before if one.critical is not None), None
            ),
            overlaps_since=self._overlaps(line.instrument, line.taken_at, complete),
            is_used=not has_total or line.id in self._used,
            twin=self._twins.get(line.id),
        )

    def _overlaps(
        self, instrument: Instrument, at: datetime, before: Score | None
    ) -> datetime | None:
        if before is None:
            return None
        zone = self._asked.practice.zone
        days = (day_of(at, zone) - day_of(before.taken_at, zone)).days
        return before.taken_at if instrument.recall_overlaps(days) else None
