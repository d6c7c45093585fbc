"""What outcome measures came to: kept as they are known, or marked as entered in error."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from kapteam.actions.entered_in_error import VoidRowEntered, mark_void
from kapteam.actions.practice import the_practice
from kapteam.actions.saving import already_saved
from kapteam.clock import day_of
from kapteam.db.access import visible_episode
from kapteam.db.audit import record
from kapteam.db.tables import Client, Score
from kapteam.errors import NotFound
from kapteam.instruments import instruments
from kapteam.rules.entered import Entered
from kapteam.rules.instruments import Instrument
from kapteam.rules.measures_in_use import measures_in_use
from kapteam.rules.permissions import Viewer, check_can_enter_score, check_can_void_score
from kapteam.rules.recording import not_possible
from kapteam.rules.scoring import (
    Answers,
    Scored,
    parse_answers,
    read_total,
    score,
    score_result,
    score_total,
)
from kapteam.rules.taken import taken_on_day

_MISSING = "There is no such score, or you are not on its course of care."
_NOT_SCORED = Scored(None)
_EARLIEST = 1900
"""The first year that the form offers."""


@dataclass(frozen=True, slots=True)
class ScoreEntered:
    """One measure as typed: its answers as one line, or a total alone, or the rank of a result.

    `id` is minted by the form. With no `taken_time` only the day is known; `is_before_dose` says
    that it was before the dose of that day. `is_total_only` asks for the total though the measure
    has answers.
    """

    id: str
    episode_id: str
    instrument_id: str
    taken_on: date | None
    taken_time: str = ""
    is_before_dose: bool = False
    answers: str = ""
    is_total_only: bool = False
    total: str = ""
    result: str = ""


@dataclass(frozen=True, slots=True)
class _Known:
    """What is kept of one form of a measure."""

    form: str = ""
    answers: Answers | None = None
    scored: Scored = _NOT_SCORED


def record_score(db: Session, viewer: Viewer, entered: ScoreEntered, now: datetime) -> str:
    """Keep one measure of a course, and return its id; a form with a gap has no total.

    What is neither answer nor total of the measure is refused, and a day that lies ahead or before
    the client was born. Two of one day are both kept. Raises NotAllowed, NotFound, Invalid by
    field.
    """
    check_can_enter_score(viewer)
    course = visible_episode(db, viewer, entered.episode_id, now)
    if already_saved(db, Score, entered.id):
        return entered.id
    practice = the_practice(db, now)
    client = db.get_one(Client, course.client_id)
    form = Entered()
    instrument = measures_in_use(instruments(), practice.measures).get(entered.instrument_id)
    form.need("instrument_id", instrument is not None, "Choose a measure that the practice uses.")
    known = _known(form, instrument, entered) if instrument else _Known()
    taken_at = _taken_at(form, entered, client, practice.zone, now)
    form.done()
    scored = known.scored
    is_day_only = not entered.taken_time.strip()
    db.add(
        Score(
            id=entered.id,
            client_id=client.id,
            episode_id=course.id,
            instrument_id=entered.instrument_id,
            form=known.form,
            answers=list(known.answers) if known.answers else None,
            total=scored.total,
            result=scored.band.least if scored.band and scored.total is None else None,
            critical=scored.critical_answer,
            is_total_only=scored.is_total_only,
            taken_at=taken_at,
            is_day_only=is_day_only,
            recorded_by_id=viewer.clinician_id,
            recorded_at=now,
        )
    )
    record(
        db,
        "score:recorded",
        viewer,
        now,
        client_id=client.id,
        subject_id=entered.id,
        instrument=entered.instrument_id,
        taken_at=taken_at,
        is_day_only=is_day_only,
        has_total=scored.total is not None,
    )
    return entered.id


def void_score(db: Session, viewer: Viewer, entered: VoidRowEntered, now: datetime) -> None:
    """Mark a score as entered in error; it stays readable and counts nowhere (rule 66).

    Raises NotAllowed, NotFound, Invalid (`void_reason`).
    """
    episode_id = db.scalar(select(Score.episode_id).where(Score.id == entered.row_id))
    if episode_id is None:
        raise NotFound(_MISSING)
    course = visible_episode(db, viewer, episode_id, now)
    row = db.get_one(Score, entered.row_id, populate_existing=True)
    check_can_void_score(viewer, row.recorded_by_id)
    if mark_void(row, viewer, entered, now):
        record(
            db,
            "score:voided",
            viewer,
            now,
            client_id=course.client_id,
            subject_id=row.id,
            instrument=row.instrument_id,
            taken_at=row.taken_at,
        )


def _known(form: Entered, instrument: Instrument, entered: ScoreEntered) -> _Known:
    """What was entered comes to; a problem stands beside the field that is asked for."""
    if not instrument.takes_total:
        scored = form.read("result", lambda text: _result(instrument, text), entered.result)
        return _Known(instrument.form, None, scored or _NOT_SCORED)
    if entered.is_total_only or entered.total.strip() or not instrument.takes_answers:
        form.need(
            "total", not entered.answers.strip(), "Enter the answers or a total alone, not both."
        )
        total = form.read("total", lambda text: read_total(instrument, text), entered.total)
        scored = None if total is None else score_total(instrument, total)
        return _Known(instrument.form, None, scored or _NOT_SCORED)
    answers = form.read("answers", lambda text: parse_answers(instrument, text), entered.answers)
    if answers is None:
        return _Known()
    form.need(
        "answers",
        any(one is not None for one in answers[: len(instrument.items)]),
        "No item is answered. Enter at least one answer.",
    )
    return _Known(instrument.form, answers, score(instrument, answers))


def _result(instrument: Instrument, text: str) -> Scored:
    ranks = {str(band.least): band.least for band in instrument.bands}
    return score_result(instrument, ranks.get(text, -1))


def _taken_at(
    form: Entered, entered: ScoreEntered, client: Client, zone: ZoneInfo, now: datetime
) -> datetime | None:
    """When it counts as taken."""
    today = day_of(now, zone)
    on = form.past_day("taken_on", entered.taken_on, today)
    if on is None or on > today:
        return None
    if on.year < _EARLIEST or (client.born_on is not None and on < client.born_on):
        form.refuse("taken_on", "This day is before the client was born. Check the day.")
        return None
    if not entered.taken_time.strip():
        return taken_on_day(on, now, zone, before_dose=entered.is_before_dose)
    at = form.moment("taken_time", on, entered.taken_time, zone)
    problem = not_possible(at, now) if at else None
    form.need("taken_time", problem is None, problem or "")
    return at
