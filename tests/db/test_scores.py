"""Outcome measures on both engines: who enters one, what is kept of it, and what it says."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from kapteam.actions.entered_in_error import VoidRowEntered
from kapteam.actions.practice import SettingEntered, change_setting
from kapteam.actions.scores import ScoreEntered, record_score, void_score
from kapteam.db.in_force import practice_in_force
from kapteam.db.tables import PracticeSetting, Score
from kapteam.errors import Invalid, NotAllowed, NotFound
from kapteam.ids import new_id
from kapteam.queries.scores import client_scores, score_page, scores_page
from kapteam.queries.standing import Asked, course_standings
from kapteam.rules.change import ChipKind
from kapteam.vocabulary import EpisodeState, Indication
from tests.factories import NOW, TODAY, a_clinician, a_course, audit_events
from tests.factories_care import (
    ON_SQLITE,
    Care,
    a_cared_for_client,
    a_given_session,
    a_ketamine_session,
    a_score,
    a_series,
    an_administration,
    another_course,
)
from tests.query_recorder import recorded_statements

PHOENIX = ZoneInfo("America/Phoenix")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EVERYBODY = ("prescriber", "therapist", "nurse", "front_desk")


@pytest.fixture
def care(database) -> Care:
    return a_cared_for_client(database)


def _entered(care: Care, **typed) -> ScoreEntered:
    usual = ScoreEntered(new_id(), care.course.id, "phq-9", TODAY, answers="201100010")
    return replace(usual, **typed)


def _kept(care: Care, **typed) -> Score:
    return care.row(Score, care.do(record_score, care.nurse, _entered(care, **typed)))


def _refused(care: Care, **typed) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        care.do(record_score, care.nurse, _entered(care, **typed))
    assert care.rows(Score) == []
    assert audit_events(care.database) == []
    return refused.value.fields


def _asked(care: Care, who, now=NOW) -> Asked:
    with care.database.reading() as db:
        return Asked(who, practice_in_force(db, now), now)


def _scores(care: Care, who=None):
    with care.database.reading() as db:
        return client_scores(db, _asked(care, who or care.therapist), care.client.id)


def _page(care: Care, saved: str = ""):
    with care.database.reading() as db:
        return score_page(db, _asked(care, care.nurse), care.course.id, saved)


def _standings(care: Care):
    with care.database.reading() as db:
        return course_standings(db, _asked(care, care.therapist))


def _measure(care: Care, instrument_id: str = "phq-9"):
    (course,) = _scores(care).courses
    return next(one for one in course.measures if one.instrument.id == instrument_id)


def _scored(care: Care, *totals_by_days: tuple[int, float], instrument_id: str = "phq-9") -> None:
    """Totals, each so many days before NOW."""
    with care.database.writing() as db:
        for total, days in totals_by_days:
            at = NOW - days * DAY
            a_score(
                db, care.course, care.nurse, total=total, taken_at=at, instrument_id=instrument_id
            )


def _dosed(care: Care, *days: float) -> None:
    with care.database.writing() as db:
        for one in days:
            a_given_session(db, care.course, given_at=NOW - one * DAY)


def _switch(care: Care, instrument_id: str, value: str) -> None:
    with care.database.writing() as db:
        administrator = a_clinician(db, is_administrator=True)
    care.do(change_setting, administrator, SettingEntered(f"measure.{instrument_id}", value))


@pytest.mark.parametrize("who", EVERYBODY)
def test_everyone_with_a_function_enters_a_score_once(care, who):
    viewer, entered = getattr(care, who), _entered(care)
    for _ in range(2):
        assert care.do(record_score, viewer, entered) == entered.id
    (kept,) = care.rows(Score)
    assert (kept.total, kept.answers, kept.critical) == (5, [2, 0, 1, 1, 0, 0, 0, 1, 0, None], 0)
    assert (kept.result, kept.is_total_only, kept.form) == (None, False, "English (US), 9 items")
    assert (kept.client_id, kept.episode_id) == (care.client.id, care.course.id)
    assert (kept.recorded_by_id, kept.recorded_at) == (viewer.clinician_id, NOW)


def test_who_has_no_function_or_no_part_in_the_course_enters_none(care):
    with care.database.writing() as db:
        nobody = a_clinician(db)
    with pytest.raises(NotAllowed, match="no function"):
        care.do(record_score, nobody, _entered(care))
    with pytest.raises(NotFound):
        care.do(record_score, care.stranger, _entered(care))
    with pytest.raises(NotFound):
        care.do(record_score, care.nurse, _entered(care, episode_id="no such course"))
    assert care.rows(Score) == []


def test_the_audit_says_that_it_was_entered_and_nothing_of_what(care):
    kept = _kept(care, answers="301100013", taken_time="2:00 pm")
    [event] = audit_events(care.database, "score:recorded")
    assert (event.client_id, event.subject_id) == (care.client.id, kept.id)
    assert event.changes == {
        "instrument": "phq-9",
        "taken_at": (NOW - HOUR / 2).isoformat(),
        "is_day_only": False,
        "has_total": True,
    }


def test_0_is_a_score(care):
    kept = _kept(care, answers="000000000")
    assert (kept.total, kept.critical) == (0, 0)
    assert _kept(care, answers="", total="0").total == 0


def test_a_form_with_a_gap_is_kept_and_never_has_a_total(care):
    kept = _kept(care, answers="2-1100011")
    assert (kept.total, kept.critical, kept.is_total_only) == (None, 1, False)
    assert kept.answers == [2, None, 1, 1, 0, 0, 0, 1, 1, None]
    measure = _measure(care)
    assert measure.latest is None
    assert measure.incomplete.scored.missing == (2,)


def test_a_total_alone_says_so_and_leaves_item_9_unknown(care):
    kept = _kept(care, answers="", total=" 14 ")
    assert (kept.total, kept.answers, kept.critical, kept.is_total_only) == (14, None, None, True)
    [critical] = _measure(care).latest.scored.critical
    assert critical.answer is None


def test_a_result_is_a_band_and_never_a_total(care):
    kept = _kept(care, instrument_id="c-ssrs", answers="", result="2")
    assert (kept.result, kept.total, kept.is_total_only) == (2, None, False)
    assert _measure(care, "c-ssrs").latest.scored.band.label == "Moderate"


def test_two_of_one_day_are_both_kept_and_the_later_one_counts(care):
    _kept(care, answers="", total="12", taken_time="9:00 am")
    _kept(care, answers="", total="9", taken_time="1:00 pm")
    later, earlier = _scores(care).lines
    assert (later.scored.total, later.is_used) == (9, True)
    assert (earlier.scored.total, earlier.is_used) == (12, False)


def test_a_score_of_a_client_who_left_is_still_entered(care):
    _kept(care, taken_on=TODAY - 400 * DAY)
    assert len(care.rows(Score)) == 1


@ON_SQLITE
@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        ({"answers": ""}, "answers", "Enter 9 answers"),
        ({"answers": "401100010"}, "answers", "Item 1 of PHQ-9 cannot be “4”"),
        ({"answers": "20110001"}, "answers", "These are 8 answers"),
        ({"answers": "20110001000"}, "answers", "These are 11 answers"),
        ({"answers": "2011000x0"}, "answers", "cannot be “x”"),
        ({"answers": "٢01100010"}, "answers", "cannot be"),
        ({"answers": "---------"}, "answers", "No item is answered"),
        ({"answers": "---------2"}, "answers", "No item is answered"),
        ({"answers": "", "total": "28"}, "total", "from 0 to 27"),
        ({"answers": "", "total": "-1"}, "total", "a whole number"),
        ({"answers": "", "total": "NaN"}, "total", "a whole number"),
        ({"answers": "", "total": "9.5"}, "total", "a whole number"),
        ({"total": "5"}, "total", "not both"),
        ({"instrument_id": ""}, "instrument_id", "that the practice uses"),
        ({"instrument_id": "madrs", "answers": "", "total": "9"}, "instrument_id", "uses"),
        ({"instrument_id": "c-ssrs", "answers": "", "result": ""}, "result", "Choose the result"),
        ({"instrument_id": "c-ssrs", "answers": "", "result": "4"}, "result", "Choose the result"),
        ({"instrument_id": "c-ssrs", "answers": "", "total": "2"}, "result", "Choose the result"),
        ({"taken_on": None}, "taken_on", "Choose the day."),
        ({"taken_on": TODAY + DAY}, "taken_on", "in the future"),
        ({"taken_on": date(9999, 12, 31)}, "taken_on", "in the future"),
        ({"taken_on": date(1987, 3, 8)}, "taken_on", "before the client was born"),
        ({"taken_on": date(1, 1, 1)}, "taken_on", "before the client was born"),
        ({"taken_time": "25:00"}, "taken_time", "no such time"),
        ({"taken_time": "2:45 pm"}, "taken_time", "in the future"),
    ],
)
def test_bad_input_is_refused_beside_its_field_and_nothing_is_kept(care, typed, field, says):
    fields = _refused(care, **typed)
    assert list(fields) == [field]
    assert says in fields[field]


def test_a_day_before_the_year_of_the_form_is_refused_of_somebody_without_a_birth_date(care):
    with care.database.writing() as db:
        db.merge(care.client).born_on = None
    assert "taken_on" in _refused(care, taken_on=date(1899, 12, 31))
    assert _kept(care, taken_on=date(1900, 1, 1)).total == 5


@pytest.mark.parametrize(
    ("typed", "taken_at", "is_day_only"),
    [
        ({"taken_time": "9:05 am"}, datetime(2026, 11, 24, 9, 5, tzinfo=PHOENIX), False),
        ({}, NOW, True),
        ({"is_before_dose": True}, datetime(2026, 11, 24, tzinfo=PHOENIX), True),
        (
            {"taken_on": TODAY - DAY},
            datetime(2026, 11, 23, 23, 59, tzinfo=PHOENIX),
            True,
        ),
        (
            {"taken_on": TODAY - DAY, "is_before_dose": True},
            datetime(2026, 11, 23, tzinfo=PHOENIX),
            True,
        ),
    ],
)
def test_a_day_alone_has_its_place_in_the_day(care, typed, taken_at, is_day_only):
    kept = _kept(care, **typed)
    assert (kept.taken_at, kept.is_day_only) == (taken_at, is_day_only)


@pytest.mark.parametrize(("is_before", "days"), [(True, 0), (False, None)])
def test_a_day_with_a_dose_is_its_baseline_only_if_somebody_says_before(care, is_before, days):
    _dosed(care, 3)
    on = (NOW - 3 * DAY).astimezone(PHOENIX).date()
    _kept(care, taken_on=on, is_before_dose=is_before)
    found = _measure(care).baseline
    assert (found.days if found else None) == days


def test_a_measure_that_was_switched_off_is_not_entered_and_one_switched_on_is(care):
    _switch(care, "phq-9", "0")
    _switch(care, "madrs", "1")
    assert {"phq-9", "madrs"} & _page(care).measures.keys() == {"madrs"}
    with pytest.raises(Invalid) as refused:
        care.do(record_score, care.nurse, _entered(care))
    assert list(refused.value.fields) == ["instrument_id"]
    assert _kept(care, instrument_id="madrs", answers="", total="30").total == 30
    assert [one.value for one in care.rows(PracticeSetting)] == ["0", "1"]


def test_a_switch_is_1_or_0_and_of_a_measure_that_there_is(care):
    with care.database.writing() as db:
        administrator = a_clinician(db, is_administrator=True)
    with pytest.raises(Invalid) as refused:
        care.do(change_setting, administrator, SettingEntered("measure.phq-9", "2"))
    assert refused.value.fields == {"value": "A measure is on or off."}
    with pytest.raises(NotFound):
        care.do(change_setting, administrator, SettingEntered("measure.phq-99", "1"))
    care.do(change_setting, administrator, SettingEntered("measure.phq-9", "1"))
    assert care.rows(PracticeSetting) == []


def test_what_was_entered_in_error_stays_and_counts_nowhere(care):
    _dosed(care, 9)
    _scored(care, (20, 10), (4, 1))
    wrong = _scores(care).lines[0]
    entered = VoidRowEntered(wrong.id, "Another client's form")
    for _ in range(2):
        care.do(void_score, care.therapist, entered)
    line = _scores(care).lines[0]
    assert (line.id, line.in_error.by) == (wrong.id, care.therapist.name)
    assert line.in_error.reason == "Another client's form"
    measure = _measure(care)
    assert (measure.latest.scored.total, measure.change) == (20, None)
    [event] = audit_events(care.database, "score:voided")
    assert event.changes["instrument"] == "phq-9"
    assert [one.total for one in care.rows(Score, voided_at=None)] == [20]


def test_the_front_desk_corrects_what_it_entered_and_nothing_else(care):
    by_nurse = _kept(care)
    by_desk = care.do(record_score, care.front_desk, _entered(care))
    with pytest.raises(NotAllowed, match="only what it entered itself"):
        care.do(void_score, care.front_desk, VoidRowEntered(by_nurse.id, "Wrong"))
    with pytest.raises(NotFound):
        care.do(void_score, care.stranger, VoidRowEntered(by_nurse.id, "Wrong"))
    with pytest.raises(Invalid):
        care.do(void_score, care.nurse, VoidRowEntered(by_nurse.id, " "))
    care.do(void_score, care.front_desk, VoidRowEntered(by_desk, "Wrong"))
    assert care.row(Score, by_nurse.id).voided_at is None
    with pytest.raises(NotAllowed, match="already"):
        care.do(void_score, care.nurse, VoidRowEntered(by_desk, "Something else"))


def test_the_front_desk_knows_that_a_form_is_there_and_nothing_of_what_it_says(care):
    _kept(care, answers="301100013")
    _kept(care, answers="3011000-3")
    found = _scores(care, care.front_desk)
    assert found.courses == ()
    assert [(one.name, one.is_complete) for one in found.lines] == [
        ("PHQ-9", False),
        ("PHQ-9", True),
    ]
    assert [(one.scored, one.critical_before) for one in found.lines] == [(None, None)] * 2


def test_who_is_on_no_course_sees_no_score_and_who_is_on_another_only_its_own(care):
    _kept(care)
    assert _scores(care, care.stranger).lines == ()
    with care.database.reading() as db, pytest.raises(NotFound):
        scores_page(db, _asked(care, care.stranger), care.client.code)
    with care.database.reading() as db, pytest.raises(NotFound):
        score_page(db, _asked(care, care.stranger), care.course.id, "")


def test_a_remission_to_0_is_a_change_like_any_other(care):
    _dosed(care, 9)
    _scored(care, (21, 21), (0, 1))
    measure = _measure(care)
    assert (measure.baseline.days, measure.latest.scored.total) == (12, 0)
    assert measure.change.has(ChipKind.REMISSION)
    assert (measure.change.gain, measure.change.percent) == (21, 100)


def test_what_is_too_small_to_call_and_what_slips(care):
    _dosed(care, 9)
    _scored(care, (16, 10), (13, 5))
    measure = _measure(care)
    assert measure.change.has(ChipKind.TOO_SMALL)
    assert measure.slipping is None
    _scored(care, (6, 4), (12, 1))
    measure = _measure(care)
    assert (measure.slipping.best.total, measure.slipping.points) == (6, 6)


def test_the_newest_series_with_a_dose_is_what_a_change_is_measured_in(care):
    _scored(care, (20, 10))
    assert _measure(care).first_dose_at is None
    assert _measure(care).baseline.days == 10
    _dosed(care, 9, 2)
    assert _measure(care).first_dose_at == NOW - 9 * DAY


def test_the_doses_of_somebody_else_are_no_doses_of_this_course(care):
    _scored(care, (20, 10), (8, 1))
    with care.database.writing() as db:
        a_given_session(db, another_course(db, care, "Adeyemi"), given_at=NOW - 2 * DAY)
    assert _measure(care).first_dose_at is None
    _dosed(care, 9)
    with care.database.writing() as db:
        other = another_course(db, care, "Basri")
        series = a_series(db, other, started_at=NOW - 3 * DAY)
        a_given_session(db, other, given_at=NOW - 2 * DAY)
        assert series.started_at > NOW - 9 * DAY
    assert _measure(care).first_dose_at == NOW - 9 * DAY


def test_of_two_series_the_newest_with_a_dose_counts(care):
    _scored(care, (20, 40), (8, 12), (6, 1))
    with care.database.writing() as db:
        for days in (35, 9):
            series = a_series(db, care.course, started_at=NOW - (days + 1) * DAY)
            session = a_ketamine_session(
                db, care.course, series=series, planned_at=NOW - days * DAY
            )
            an_administration(db, session, started_at=NOW - days * DAY)
        a_series(db, care.course, started_at=NOW - DAY)
    measure = _measure(care)
    assert (measure.first_dose_at, measure.baseline.score.total) == (NOW - 9 * DAY, 8)


@pytest.mark.parametrize(
    ("series", "first_dose", "total"),
    [
        # Each by how many days ago it began, and whether it is maintenance.
        (((80, False), (30, True)), 80, 19),
        (((80, False), (50, True), (30, True)), 80, 19),
        # Another series after it has a baseline of its own.
        (((80, False), (50, True), (30, False)), 30, 4),
        (((80, False), (30, False)), 30, 4),
        # Nothing was given before: it is the first there is.
        (((50, True), (30, True)), 50, 4),
    ],
)
def test_rule_46_maintenance_is_measured_from_the_series_that_it_follows(
    care, series, first_dose, total
):
    _scored(care, (19, 81), (4, 55), (4, 31), (0, 1))
    with care.database.writing() as db:
        for days, is_maintenance in series:
            a_series(
                db,
                care.course,
                started_at=NOW - (days + 1) * DAY,
                is_maintenance=is_maintenance,
            )
            a_given_session(db, care.course, given_at=NOW - days * DAY)
    measure = _measure(care)
    assert (measure.first_dose_at, measure.baseline.score.total) == (
        NOW - first_dose * DAY,
        total,
    )
    (course,) = _standings(care)
    assert (course.progress.first, course.progress.last) == (total, 0)


def test_without_a_score_before_the_first_dose_the_baseline_is_late_or_none(care):
    _dosed(care, 9)
    _scored(care, (20, 60))
    assert _measure(care).baseline is None
    _scored(care, (18, 5))
    assert _measure(care).baseline.is_late


def test_a_recall_that_overlaps_is_said_and_one_that_does_not_is_not(care):
    _scored(care, (20, 30), (18, 16), (12, 3))
    assert [one.overlaps_since for one in _scores(care).lines] == [NOW - 16 * DAY, None, None]


def test_the_answer_before_to_item_9_skips_a_total_alone(care):
    with care.database.writing() as db:
        for days, answers in ((9, (1,) * 9), (3, (0,) * 8 + (2,))):
            a_score(db, care.course, care.nurse, answers=answers, taken_at=NOW - days * DAY)
    _scored(care, (9, 6))
    assert [one.critical_before for one in _scores(care).lines] == [1, 1, None]


def test_what_an_older_form_of_a_measure_said_is_its_total_alone(care):
    with care.database.writing() as db:
        a_score(db, care.course, care.nurse, answers=(1,) * 9).form = "an older wording"
        a_score(db, care.course, care.nurse, total=3).instrument_id = "gone"
    gone, older = _scores(care).lines
    assert (older.scored.total, older.scored.band) == (9, None)
    assert (gone.name, gone.instrument, gone.scored.total) == ("gone", None, 3)


def test_the_measure_of_the_course_is_offered_first_and_days_with_a_dose_are_known(care):
    _dosed(care, 3)
    page = _page(care)
    assert next(iter(page.measures)) == "phq-9"
    assert page.dosed_on == {TODAY - 3 * DAY}
    with care.database.writing() as db:
        db.merge(care.course).indications = [Indication.ANXIETY.value]
    assert next(iter(_page(care).measures)) == "gad-7"


def test_all_scores_offer_the_open_courses_of_this_client_that_one_is_on(care):
    with care.database.writing() as db:
        another_course(db, care, "Adeyemi")
        a_course(db, care.client, prescriber=care.stranger)
        a_course(db, care.client, prescriber=care.prescriber, state=EpisodeState.CLOSED)
        a_score(db, care.course, care.nurse, total=9)
    with care.database.reading() as db:
        page = scores_page(db, _asked(care, care.therapist), care.client.code)
    assert [one.episode_id for one in page.open_courses] == [care.course.id]
    assert (page.client.id, len(page.scores.lines)) == (care.client.id, 1)


def test_the_one_that_was_just_saved_comes_back_and_no_other(care):
    kept = _kept(care)
    assert _page(care, saved=kept.id).saved.scored.total == 5
    assert _page(care, saved="no such score").saved is None
    with care.database.writing() as db:
        other = another_course(db, care, "Adeyemi")
        theirs = a_score(db, other, care.nurse, total=20)
    assert _page(care, saved=theirs.id).saved is None


def test_the_rules_read_a_course_in_one_statement_however_many_there_are(care):
    _scored(care, *((20, days) for days in range(30)))
    asked = _asked(care, care.therapist)
    with (
        care.database.reading() as db,
        recorded_statements(care.database.engine) as statements,
    ):
        client_scores(db, asked, care.client.id)
    assert len(statements) == 1
