"""What Outcomes counts, and that it judges a series exactly as the rules do."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import literal, select, update

from kapteam.db.days import day_number
from kapteam.db.scores import taken
from kapteam.db.tables import Administration, Episode, KetamineSession, Practice, Score, Series
from kapteam.instruments import in_use, instruments
from kapteam.queries.outcomes import Outcomes, Wanted, outcomes
from kapteam.rules.change import (
    ChipKind,
    baseline,
    change,
    first_judged_after,
    is_low,
    is_well,
    primary_measure,
    used,
)
from kapteam.rules.outcomes import Finding, Held, Period, Question
from kapteam.rules.series import goes_on
from kapteam.vocabulary import (
    EpisodeState,
    Indication,
    IntegrationCloseReason,
    IntegrationKind,
    ProductRoute,
)
from tests.factories import NOW, a_setting
from tests.factories_care import (
    Care,
    a_cared_for_client,
    a_given_session,
    a_score,
    a_series,
    a_signed_intention,
    an_integration_session,
    another_course,
)
from tests.factories_results import a_random_course
from tests.query_recorder import recorded_statements

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ALL = Wanted(Period.ALL)
BETTER = {ChipKind.RESPONSE, ChipKind.PARTIAL, ChipKind.BETTER, ChipKind.NOTICED}


@pytest.fixture
def care(database) -> Care:
    return a_cared_for_client(database)


def found(care: Care, wanted: Wanted = ALL, viewer=None) -> Outcomes:
    asked = care.asked_by(viewer or care.therapist)
    with care.database.reading() as db:
        return outcomes(db, asked, wanted)


def findings(of: Outcomes, question: Question) -> dict[Finding, int]:
    counted = Counter()
    for one in of.series:
        if one.question is question:
            counted[one.finding] += one.number
    return dict(counted)


def a_judged_series(db, care, course, *, first, last, doses=4, begun=40, route=None, by="phq-9"):
    """A series of weekly doses with a score the day before the first and one after the last."""
    a_series(
        db, course, product_route=route or ProductRoute.INTRAMUSCULAR, started_at=NOW - begun * DAY
    )
    for number in range(doses):
        given_at = NOW - (begun - 7 * number) * DAY
        a_given_session(db, course, given_at=given_at)
    if first is not None:
        at = NOW - (begun + 1) * DAY
        a_score(db, course, care.therapist, instrument_id=by, total=first, taken_at=at)
    if last is not None:
        at = NOW - (begun - 7 * doses + 5) * DAY
        a_score(db, course, care.therapist, instrument_id=by, total=last, taken_at=at)


SITUATIONS = [
    (20, 10, Finding.YES, Finding.NO),
    (20, 11, Finding.NO, Finding.NO),
    (20, 4, Finding.YES, Finding.YES),
    (20, 0, Finding.YES, Finding.YES),
    (10, 4, Finding.YES, Finding.YES),
    # Half, and less than the measure's own error.
    (8, 4, Finding.NO, Finding.LOW),
    (9, 3, Finding.YES, Finding.LOW),
    (4, 0, Finding.WELL, Finding.LOW),
    (0, 9, Finding.WELL, Finding.LOW),
    (20, 27, Finding.NO, Finding.NO),
    (None, 4, Finding.NO_BASELINE, Finding.NO_BASELINE),
    (20, None, Finding.NO_SCORE, Finding.NO_SCORE),
]


@pytest.mark.parametrize(("first", "last", "response", "remission"), SITUATIONS)
def test_a_series_is_judged_by_its_primary_measure(care, first, last, response, remission):
    with care.database.writing() as db:
        a_judged_series(db, care, care.course, first=first, last=last)

    of = found(care)

    assert findings(of, Question.RESPONSE) == {response: 1}
    assert findings(of, Question.REMISSION) == {remission: 1}


def test_a_rate_says_of_how_many_and_who_was_not_judged(care):
    with care.database.writing() as db:
        for number, (first, last, _, _) in enumerate(SITUATIONS):
            a_judged_series(
                db, care, another_course(db, care, f"N{number}"), first=first, last=last
            )

    rate = found(care).rate(Question.RESPONSE)

    assert (rate.count, rate.of, rate.left_out) == (5, 8, 4)
    assert rate.unjudged == {
        "no score in the 30 days before dose 1": 1,
        "well already at the start": 2,
        "no score since": 1,
    }


def test_a_total_of_0_counts_and_a_form_with_a_gap_does_not(care):
    with care.database.writing() as db:
        a_judged_series(db, care, care.course, first=20, last=0)
        a_score(
            db,
            care.course,
            care.therapist,
            answers=(3, 3, 3, 3, 3, 3, 3, 3, None),
            taken_at=NOW - HOUR,
        )
        a_score(
            db,
            care.course,
            care.therapist,
            total=27,
            taken_at=NOW - HOUR,
            voided_at=NOW,
            voided_by_id=care.therapist.clinician_id,
        )

    assert found(care).rate(Question.REMISSION).count == 1


def test_a_series_under_way_is_not_judged_before_its_fourth_dose(care):
    with care.database.writing() as db:
        a_judged_series(db, care, care.course, first=20, last=19, doses=3)

    assert findings(found(care), Question.RESPONSE) == {Finding.EARLY: 1}


def test_one_that_ended_before_is(care):
    with care.database.writing() as db:
        a_judged_series(db, care, care.course, first=20, last=19, doses=3)
        care_course = db.get_one(Episode, care.course.id)
        care_course.state, care_course.closed_at = EpisodeState.CLOSED, NOW - HOUR

    assert findings(found(care), Question.RESPONSE) == {Finding.NO: 1}


def test_spravato_is_judged_after_its_eighth(care):
    with care.database.writing() as db:
        a_judged_series(
            db, care, care.course, first=20, last=5, doses=5, route=ProductRoute.ESKETAMINE_NASAL
        )

    assert findings(found(care), Question.RESPONSE) == {Finding.EARLY: 1}


@pytest.mark.parametrize(
    ("indications", "by", "is_judged"),
    [
        ((Indication.DEPRESSION,), "phq-9", True),
        ((Indication.TREATMENT_RESISTANT_DEPRESSION, Indication.PTSD), "phq-9", True),
        ((Indication.PTSD,), "pcl-5-month", True),
        ((Indication.COMPLEX_TRAUMA, Indication.ANXIETY), "pcl-5-month", True),
        ((Indication.ANXIETY, Indication.OTHER), "gad-7", True),
        # Another measure, or another form of it, is never asked instead.
        ((Indication.PTSD,), "pcl-5-week", False),
        ((Indication.PTSD,), "phq-9", False),
        ((Indication.DEPRESSION,), "gad-7", False),
    ],
)
def test_what_is_treated_decides_by_which(care, indications, by, is_judged):
    with care.database.writing() as db:
        worst = instruments()[by].maximum
        a_judged_series(db, care, care.course, first=worst, last=1, by=by)
        db.get_one(Episode, care.course.id).indications = [one.value for one in indications]

    of = found(care)

    expected = Finding.YES if is_judged else Finding.NO_BASELINE
    assert findings(of, Question.RESPONSE) == {expected: 1}
    assert of.rate(Question.RESPONSE, measure_id=by).of == int(is_judged)


@pytest.mark.parametrize("indication", [Indication.CHRONIC_PAIN, Indication.OTHER])
def test_without_a_measure_for_it_nobody_is_judged(care, indication):
    with care.database.writing() as db:
        a_judged_series(db, care, care.course, first=21, last=1)
        db.get_one(Episode, care.course.id).indications = [indication.value]

    assert findings(found(care), Question.RESPONSE) == {Finding.NO_MEASURE: 1}


def test_the_change_after_dose_4_is_the_last_score_before_dose_5(care):
    with care.database.writing() as db:
        a_judged_series(db, care, care.course, first=20, last=8, doses=6, begun=50)
        for days, total in ((50 - 22, 15), (50 - 27, 12), (50 - 29, 3)):
            a_score(db, care.course, care.therapist, total=total, taken_at=NOW - days * DAY)

    of = found(care)

    assert of.figures(Question.AFTER_4).median == 8
    assert of.figures(Question.AFTER_6).median == 12
    assert of.figures(Question.TIME).median == 29


def test_what_came_after_the_next_series_began_is_about_that_one(care):
    with care.database.writing() as db:
        a_judged_series(db, care, care.course, first=20, last=19, begun=90)
        a_judged_series(db, care, care.course, first=18, last=2, begun=40)

    assert findings(found(care), Question.RESPONSE) == {Finding.NO: 1, Finding.YES: 1}


def test_maintenance_is_no_series_to_count_and_ends_the_one_before_it(care):
    with care.database.writing() as db:
        a_judged_series(db, care, care.course, first=19, last=4, begun=90)
        a_series(db, care.course, started_at=NOW - 40 * DAY, is_maintenance=True)
        a_given_session(db, care.course, given_at=NOW - 39 * DAY)
        a_score(db, care.course, care.therapist, total=18, taken_at=NOW - 2 * DAY)

    of = found(care)

    assert (of.begun, of.given) == (1, 5)
    assert findings(of, Question.RESPONSE) == {Finding.YES: 1}
    assert findings(of, Question.REMISSION) == {Finding.YES: 1}


class TestIntegration:
    """Held in time is judged by when it was held, against the practice's target."""

    @pytest.mark.parametrize(
        ("given", "held_after", "closed", "expected"),
        [
            (3 * DAY, 24 * HOUR, False, Held.IN_TIME),
            (3 * DAY, 24 * HOUR + timedelta(minutes=1), False, Held.LATE),
            (3 * DAY, None, True, Held.CLOSED),
            (3 * DAY, None, False, Held.NOT_HELD),
            (24 * HOUR, None, False, Held.NOT_DUE),
            (24 * HOUR + timedelta(minutes=1), None, False, Held.NOT_HELD),
        ],
    )
    def test_each_dose_is_counted_once(self, care, given, held_after, closed, expected):
        with care.database.writing() as db:
            dose = a_given_session(db, care.course, given_at=NOW - given)
            if held_after or closed:
                an_integration_session(
                    db,
                    care.course,
                    dose,
                    therapist=care.therapist,
                    held_at=NOW - given + held_after if held_after else None,
                    closed_at=NOW if closed else None,
                    close_reason=IntegrationCloseReason.DECLINED if closed else None,
                )

        of = found(care)

        assert dict(of.held()) == {expected: 1}
        rate = of.held_in_time()
        assert rate.count == int(expected is Held.IN_TIME)
        assert (rate.of, rate.left_out) == ((0, 1) if expected is Held.NOT_DUE else (1, 0))

    def test_a_debrief_is_none_and_one_taken_back_neither(self, care):
        with care.database.writing() as db:
            dose = a_given_session(db, care.course, given_at=NOW - 3 * DAY)
            for columns in ({"kind": IntegrationKind.DEBRIEF}, {"dropped_at": NOW}):
                an_integration_session(
                    db,
                    care.course,
                    dose,
                    therapist=care.therapist,
                    held_at=NOW - 3 * DAY + HOUR,
                    **columns,
                )

        assert dict(found(care).held()) == {Held.NOT_HELD: 1}

    def test_where_none_is_expected_none_is_counted(self, care):
        with care.database.writing() as db:
            a_given_session(db, care.course, given_at=NOW - 3 * DAY)
            db.get_one(Episode, care.course.id).expects_integration = False

        assert dict(found(care).held()) == {}
        assert found(care).given == 1

    def test_the_practices_own_target_counts(self, care):
        with care.database.writing() as db:
            a_setting(db, care.prescriber, "integration_target_hours", 30)
            dose = a_given_session(db, care.course, given_at=NOW - 3 * DAY)
            an_integration_session(
                db, care.course, dose, therapist=care.therapist, held_at=NOW - 3 * DAY + 29 * HOUR
            )

        assert found(care).held_in_time().count == 1


@pytest.mark.parametrize(
    ("signed_at", "voided", "count"),
    [
        (NOW - 3 * DAY - HOUR, False, 1),
        (NOW - 3 * DAY, False, 0),
        (NOW - 2 * DAY, False, 0),
        (NOW - 3 * DAY - HOUR, True, 0),
        (None, False, 0),
    ],
)
def test_an_intention_is_signed_before_the_dose_or_it_is_not(care, signed_at, voided, count):
    with care.database.writing() as db:
        dose = a_given_session(db, care.course, given_at=NOW - 3 * DAY)
        if signed_at:
            note = a_signed_intention(db, dose, care.therapist, signed_at=signed_at)
            note.voided_at = NOW if voided else None

    rate = found(care).intended()

    assert (rate.count, rate.of) == (count, 1)


class TestWhatIsWanted:
    """The filters, and who may count what."""

    def test_the_period_begins_on_a_day_of_the_practice(self, care):
        begins = datetime(2026, 8, 25, 7, tzinfo=UTC)
        with care.database.writing() as db:
            for number, given_at in enumerate((begins, begins - timedelta(minutes=1))):
                course = another_course(db, care, f"N{number}")
                a_given_session(db, course, given_at=given_at)

        of = found(care, Wanted(Period.QUARTER))

        assert (of.given, of.begun) == (1, 1)
        assert found(care).given == 2

    def test_a_later_dose_of_a_series_that_began_before_is_no_series(self, care):
        with care.database.writing() as db:
            for days in (100, 3):
                a_given_session(db, care.course, given_at=NOW - days * DAY)

        of = found(care, Wanted(Period.QUARTER))

        assert (of.given, of.begun) == (1, 0)

    def test_by_route_and_by_indication(self, care):
        with care.database.writing() as db:
            other = another_course(db, care, "Other")
            other.indications = [Indication.COMPLEX_TRAUMA.value]
            for course, route in (
                (care.course, ProductRoute.INTRAMUSCULAR),
                (other, ProductRoute.SUBLINGUAL),
            ):
                a_series(db, course, product_route=route)
                a_given_session(db, course, given_at=NOW - DAY)

        assert found(care).routes == (ProductRoute.INTRAMUSCULAR, ProductRoute.SUBLINGUAL)
        for wanted in (
            replace(ALL, product_route=ProductRoute.SUBLINGUAL),
            replace(ALL, indication=Indication.COMPLEX_TRAUMA),
        ):
            assert found(care, wanted).routes == (ProductRoute.SUBLINGUAL,)
        assert found(care, replace(ALL, indication=Indication.PTSD)).given == 0

    def test_nobody_counts_what_they_may_not_see(self, care):
        with care.database.writing() as db:
            a_judged_series(db, care, care.course, first=20, last=2)

        everyones = replace(ALL, everyone=True)
        assert found(care, everyones).begun == 1
        assert found(care, everyones, care.stranger).begun == 0
        assert found(care, everyones, care.stranger).given == 0

    def test_everyones_are_others_too_where_the_practice_lets_them_be_seen(self, care):
        with care.database.writing() as db:
            a_setting(db, care.prescriber, "everyone_sees_caseload", 1)
            a_judged_series(db, care, care.course, first=20, last=2)

        assert found(care, replace(ALL, everyone=True), care.stranger).begun == 1
        assert found(care, ALL, care.stranger).begun == 0

    def test_a_dose_entered_in_error_is_none(self, care):
        with care.database.writing() as db:
            a_given_session(db, care.course, given_at=NOW - DAY)
            db.execute(update(Administration).values(voided_at=NOW))

        assert found(care).given == 0


def _by_the_rules(db, course: Episode, zone: ZoneInfo, used_here) -> Counter:
    """What the rules say of each series of a course, as Outcomes counts it."""
    indications = [Indication(one) for one in course.indications]
    measure_id = primary_measure(indications, used_here)
    kept = db.scalars(select(Score).where(Score.episode_id == course.id, Score.voided_at.is_(None)))
    scores = [taken(one) for one in kept]
    doses = {}
    rows = db.execute(
        select(Series, Administration.started_at)
        .join(KetamineSession, KetamineSession.series_id == Series.id)
        .join(Administration, Administration.ketamine_session_id == KetamineSession.id)
        .where(Series.episode_id == course.id)
        .order_by(Administration.started_at)
    )
    for series, at in rows:
        doses.setdefault(series.id, (series, []))[1].append(at)
    said = Counter()
    for series, times in doses.values():
        if series.is_maintenance:
            continue
        later = [
            at for other, of in doses.values() if other is not series for at in of if at > times[-1]
        ]
        until = min(later, default=None)
        for question, finding, figure in _judged(
            series, times, until, scores, measure_id, course, zone
        ):
            said[question, measure_id, series.product_route, finding, figure] += 1
    return said


def _judged(series, times, until, scores, measure_id, course, zone):
    if measure_id is None:
        for question in Question:
            place = {Question.AFTER_4: 4, Question.AFTER_6: 6}.get(question, 0)
            if len(times) >= place:
                yield question, Finding.NO_MEASURE, None
        return
    one = instruments()[measure_id]
    scores = [each for each in scores if until is None or each.taken_at < until]
    since = baseline(scores, one, times[0], NOW, zone)
    if since is not None and since.is_late:
        since = None
    days = used(scores, one, zone)
    after_first = [each for each in days if each.taken_at >= times[0]]

    def since_dose(at, before=None):
        kept = [each for each in scores if before is None or each.taken_at < before]
        said = change(one, since, used(kept, one, zone))
        return said if said and said.latest.taken_at > at else None

    named = first_judged_after(series.product_route)
    is_over = (
        course.closed_at
        or until
        or not goes_on(series.started_at, course.state, course.state_since)
        or (series.ordered_count is not None and len(times) >= series.ordered_count)
    )
    asked_at = times[named - 1] if len(times) >= named else (times[-1] if is_over else None)
    for question, chip in (
        (Question.RESPONSE, ChipKind.RESPONSE),
        (Question.REMISSION, ChipKind.REMISSION),
    ):
        if since is None:
            yield question, Finding.NO_BASELINE, None
        elif question is Question.RESPONSE and is_well(one, since.score.total):
            yield question, Finding.WELL, None
        elif question is Question.REMISSION and is_low(one, since.score.total):
            yield question, Finding.LOW, None
        elif asked_at is None:
            yield question, Finding.EARLY, None
        elif (said := since_dose(asked_at)) is None:
            yield question, Finding.NO_SCORE, None
        else:
            yield question, Finding.YES if said.has(chip) else Finding.NO, None
    for question, place in ((Question.AFTER_4, 4), (Question.AFTER_6, 6)):
        if len(times) < place:
            continue
        if since is None:
            yield question, Finding.NO_BASELINE, None
        elif (
            said := since_dose(times[place - 1], times[place] if len(times) > place else None)
        ) is None:
            yield question, Finding.NO_SCORE, None
        else:
            is_better = said.gain > 0 and any(said.has(chip) for chip in BETTER)
            yield question, Finding.YES if is_better else Finding.NO, said.gain
    if since is None:
        yield Question.TIME, Finding.NO_BASELINE, None
    elif is_well(one, since.score.total):
        yield Question.TIME, Finding.WELL, None
    elif not after_first:
        yield Question.TIME, Finding.NO_SCORE, None
    else:
        begun_on = times[0].astimezone(zone).date()
        when = [
            (each.taken_at.astimezone(zone).date() - begun_on).days
            for number, each in enumerate(days, 1)
            if each.taken_at >= times[0]
            and change(one, since, days[:number]).has(ChipKind.RESPONSE)
        ]
        yield (Question.TIME, Finding.YES, when[0]) if when else (Question.TIME, Finding.NO, None)


@pytest.mark.parametrize("zone_name", ["America/Phoenix", "America/New_York"])
def test_the_statement_and_the_rules_say_the_same_of_random_practices(care, zone_name):
    zone, chance = ZoneInfo(zone_name), Random(zone_name)
    with care.database.writing() as db:
        db.get_one(Practice, db.scalar(select(Practice.id))).zone = zone_name
        courses = [a_random_course(db, care, chance, number, zone) for number in range(120)]

    of = found(care)

    used_here = in_use(care.asked_by(care.therapist).practice.measures)
    with care.database.reading() as db:
        expected = sum(
            (_by_the_rules(db, db.get_one(Episode, one.id), zone, used_here) for one in courses),
            Counter(),
        )
    counted = {
        (one.question, one.measure_id, one.product_route, one.finding, one.figure): one.number
        for one in of.series
    }
    assert counted == dict(expected)
    for question in Question:
        assert {Finding.YES, Finding.NO, Finding.NO_MEASURE} <= findings(of, question).keys()
    assert of.figures(Question.AFTER_4).number > 20


def test_a_day_of_the_practice_is_the_calendars(database):
    zone, chance = ZoneInfo("America/New_York"), Random(7)
    turns = [datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2026, 11, 1, 6, tzinfo=UTC)]
    times = [NOW - timedelta(minutes=chance.randint(0, 9_000_000)) for _ in range(200)]
    times += [at + timedelta(seconds=seconds) for at in turns for seconds in (-1, 0, 1)]
    with database.reading() as db:
        found = db.execute(
            select(*(day_number(literal(at, Score.taken_at.type), zone, NOW) for at in times))
        ).one()

    first = date(1970, 1, 1)
    assert list(found) == [(at.astimezone(zone).date() - first).days for at in times]


def test_it_takes_two_statements_for_three_series_and_for_thirty(care):
    def fill(numbers):
        with care.database.writing() as db:
            for number in numbers:
                a_judged_series(db, care, another_course(db, care, f"N{number}"), first=20, last=8)

    def read():
        asked = care.asked_by(care.therapist)
        with care.database.reading() as db, recorded_statements(care.database.engine) as ran:
            of = outcomes(db, asked, ALL)
        return of.begun, len(ran)

    fill(range(3))
    assert read() == (3, 2)
    fill(range(3, 30))
    assert read() == (30, 2)
