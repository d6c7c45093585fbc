"""What is kept of doses and series is what their rows say, whatever is changed, and however."""

from datetime import timedelta
from random import Random
from threading import Thread
from zoneinfo import ZoneInfo

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Boolean, Column, delete, func, select, text, update

from kapteam.db.engine import Database
from kapteam.db.results import forget_results, noted_courses
from kapteam.db.results_changes import SOURCES, note_changes
from kapteam.db.tables import (
    Administration,
    DoseResult,
    Episode,
    IntegrationSession,
    IntegrationSessionFor,
    KetamineSession,
    Note,
    Practice,
    ResultsBasis,
    Score,
    Series,
    SeriesResult,
)
from kapteam.operations.results import count_wrong, renew
from kapteam.queries.outcomes import Wanted, outcomes
from kapteam.rules.outcomes import Finding, Period, Question
from kapteam.vocabulary import Function, Indication, IntegrationKind, ProductRoute
from tests.factories import NOW, a_clinician, a_setting
from tests.factories_care import (
    Care,
    a_cared_for_client,
    a_given_session,
    a_score,
    a_series,
    a_signed_intention,
    an_administration,
    an_integration_session,
    another_course,
)
from tests.factories_results import a_random_course

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PHOENIX = ZoneInfo("America/Phoenix")
WANTED = (
    Wanted(Period.ALL),
    Wanted(Period.YEAR, product_route=ProductRoute.INTRAMUSCULAR),
    Wanted(Period.QUARTER, indication=Indication.DEPRESSION, everyone=True),
)


@pytest.fixture
def care(database) -> Care:
    return a_cared_for_client(database)


def counted(care: Care) -> list:
    """What Outcomes says, whatever is chosen; in no order."""
    asked = care.asked_by(care.therapist)
    with care.database.reading() as db:
        found = [outcomes(db, asked, wanted) for wanted in WANTED]
    return [(set(one.doses), set(one.series)) for one in found]


def counted_anew(care: Care) -> list:
    """The same, without anything that is kept."""
    with care.database.reading() as db:
        kept = db.scalar(select(ResultsBasis.basis))
    with care.database.writing() as db:
        db.execute(update(ResultsBasis).values(basis="of no practice"))
    found = counted(care)
    with care.database.writing() as db:
        db.execute(update(ResultsBasis).values(basis=kept))
    return found


def changed(database: Database) -> set[str]:
    with database.reading() as db:
        return set(db.scalars(noted_courses()))


def kept(database: Database) -> tuple[int, int]:
    """How many doses and series are kept."""
    with database.reading() as db:
        return tuple(
            db.scalar(select(func.count()).select_from(one)) for one in (DoseResult, SeriesResult)
        )


def a_dose(db, care: Care, course: Episode):
    """One that was given 40 days ago, with everything that is counted of it."""
    a_series(db, course, started_at=NOW - 41 * DAY)
    dose = a_given_session(db, course, given_at=NOW - 40 * DAY)
    a_signed_intention(db, dose, care.therapist, signed_at=NOW - 41 * DAY)
    an_integration_session(
        db, course, dose, therapist=care.therapist, held_at=NOW - 39 * DAY - HOUR
    )
    for days, total in ((41, 20), (35, 4)):
        a_score(db, course, care.therapist, total=total, taken_at=NOW - days * DAY)
    return dose


def one_of(db, table, course: Episode):
    """A row of the course, as `a_dose` makes it."""
    if table is Episode:
        return db.get_one(Episode, course.id)
    dose = select(KetamineSession.id).where(KetamineSession.episode_id == course.id)
    if table in (Administration, IntegrationSessionFor):
        return db.scalars(select(table).where(table.ketamine_session_id.in_(dose))).first()
    return db.scalars(select(table).where(table.episode_id == course.id)).first()


CHANGES = [
    (Episode, {"indications": [Indication.PTSD.value]}),
    (Episode, {"expects_integration": False}),
    (Episode, {"expects_intention": False}),
    (Episode, {"closed_at": NOW - DAY}),
    (Series, {"ordered_count": 1}),
    (Series, {"ended_at": NOW - DAY}),
    (Series, {"product_route": ProductRoute.INTRAVENOUS}),
    (Administration, {"voided_at": NOW}),
    (Administration, {"started_at": NOW - 34 * DAY}),
    (Score, {"voided_at": NOW}),
    (IntegrationSession, {"held_at": NOW - 2 * DAY}),
    (IntegrationSession, {"dropped_at": NOW}),
    (IntegrationSession, {"kind": IntegrationKind.DEBRIEF}),
    (Note, {"voided_at": NOW}),
]


@pytest.mark.parametrize(
    ("table", "columns"),
    CHANGES,
    ids=[f"{one.__tablename__}-{next(iter(of))}" for one, of in CHANGES],
)
def test_a_change_counts_at_once_and_stays(care, table, columns):
    with care.database.writing() as db:
        a_dose(db, care, care.course)
        a_dose(db, care, another_course(db, care, "Other"))
    renew(care.database, NOW)
    before = counted(care)

    with care.database.writing() as db:
        row = one_of(db, table, care.course)
        db.execute(update(table).where(table.id == row.id).values(columns))

    assert changed(care.database) == {care.course.id}
    after = counted(care)
    assert after != before
    assert after == counted_anew(care)
    renew(care.database, NOW)
    assert counted(care) == after
    assert changed(care.database) == set()
    assert count_wrong(care.database, NOW) == 0


def test_a_session_that_is_moved_to_another_series_counts_there(care):
    with care.database.writing() as db:
        dose = a_dose(db, care, care.course)
        other = a_series(db, care.course, product_route=ProductRoute.INTRAVENOUS)
    renew(care.database, NOW)

    with care.database.writing() as db:
        db.get_one(KetamineSession, dose.id).series_id = other.id

    with care.database.reading() as db:
        found = outcomes(db, care.asked_by(care.therapist), WANTED[0])
    assert found.routes == (ProductRoute.INTRAVENOUS,)


@pytest.mark.parametrize("table", [Score, KetamineSession])
def test_what_is_moved_to_another_course_counts_there_and_here_no_more(care, table):
    with care.database.writing() as db:
        a_dose(db, care, care.course)
        other = another_course(db, care, "Other")
        row = one_of(db, table, care.course)
    renew(care.database, NOW)

    with care.database.writing() as db:
        db.execute(update(table).where(table.id == row.id).values(episode_id=other.id))

    assert changed(care.database) == {care.course.id, other.id}
    assert counted(care) == counted_anew(care)


def test_what_is_added_counts_at_once_and_stays(care):
    renew(care.database, NOW)
    assert counted(care)[0] == (set(), set())

    with care.database.writing() as db:
        a_dose(db, care, care.course)

    found = counted(care)
    assert found == counted_anew(care) != [(set(), set())] * len(WANTED)
    renew(care.database, NOW)
    assert kept(care.database) == (1, 1)
    assert counted(care) == found


@pytest.mark.parametrize("table", [IntegrationSessionFor, Score, Administration])
def test_what_is_taken_away_by_hand_counts_no_more(care, table):
    with care.database.writing() as db:
        a_dose(db, care, care.course)
    renew(care.database, NOW)
    before = counted(care)

    with care.database.writing() as db:
        row = one_of(db, table, care.course)
        db.execute(delete(table).where(table.id == row.id))

    assert counted_anew(care) == counted(care) != before


def test_every_table_that_is_counted_from_notes_what_is_changed(care):
    tables = {one.__tablename__ for one, _ in CHANGES}

    assert tables | {"ketamine_session", "integration_session_for"} == set(SOURCES)


@pytest.mark.parametrize("table", SOURCES)
def test_a_later_migration_can_rebuild_a_table_and_have_its_changes_noted_again(
    sqlite_database, table
):
    care = a_cared_for_client(sqlite_database)
    with care.database.writing() as db:
        a_dose(db, care, care.course)
    renew(care.database, NOW)

    with care.database.migrating() as connection:
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table(table, recreate="always") as rebuilt:
            rebuilt.add_column(Column("is_new", Boolean()))
        note_changes(connection, table)

    with care.database.writing() as db:
        db.execute(text(f"UPDATE {table} SET is_new = TRUE"))
    assert changed(care.database) == {care.course.id}


def test_an_integration_of_the_course_after_is_the_dose_s_own(care):
    with care.database.writing() as db:
        dose = a_given_session(db, care.course, given_at=NOW - 5 * DAY)
        after = another_course(db, care, "After")
        held = an_integration_session(db, after, dose, therapist=care.therapist)
    renew(care.database, NOW)

    with care.database.writing() as db:
        db.get_one(IntegrationSession, held.id).held_at = NOW - 4 * DAY - HOUR

    assert care.course.id in changed(care.database)
    assert counted(care) == counted_anew(care)


@pytest.mark.parametrize("seed", range(3))
def test_random_changes_to_random_practices_are_counted_as_if_nothing_were_kept(care, seed):
    chance = Random(seed)
    with care.database.writing() as db:
        for number in range(25):
            course = a_random_course(db, care, chance, number, PHOENIX)
            for dose in db.scalars(
                select(KetamineSession).where(KetamineSession.episode_id == course.id)
            ).all():
                if chance.random() < 0.5:
                    an_integration_session(
                        db, course, dose, held_at=dose.planned_at + chance.randint(5, 60) * HOUR
                    )
    plain = counted(care)

    renew(care.database, NOW)
    assert counted(care) == plain
    for _ in range(4):
        with care.database.writing() as db:
            _change_something(db, care, chance)
        assert counted(care) == counted_anew(care)
        if chance.random() < 0.5:
            renew(care.database, NOW)
            assert changed(care.database) == set()
            assert count_wrong(care.database, NOW) == 0
    assert counted_anew(care) == counted(care) != plain


def _change_something(db, care: Care, chance: Random) -> None:
    courses = db.scalars(select(Episode).order_by(Episode.opened_at, Episode.id)).all()
    course = chance.choice(courses[1:])
    scores = db.scalars(select(Score).order_by(Score.taken_at, Score.id)).all()
    doses = db.scalars(select(Administration).order_by(Administration.started_at)).all()
    for one in chance.sample(scores, 5):
        db.execute(update(Score).where(Score.id == one.id).values(voided_at=NOW))
    for one in chance.sample(doses, 3):
        db.execute(
            update(Administration)
            .where(Administration.id == one.id)
            .values(started_at=one.started_at + chance.randint(-5, 5) * DAY)
        )
    a_score(db, course, care.therapist, total=chance.randint(0, 27), taken_at=NOW - DAY)
    a_given_session(db, course, given_at=NOW - chance.randint(30, 300) * DAY)
    session = db.scalars(select(IntegrationSession).order_by(IntegrationSession.held_at)).first()
    session.held_at += 30 * HOUR


class TestWhatTheyAreWorkedOutBy:
    """The zone and the measures of the practice, and this version of kapteam."""

    def test_other_measures_are_counted_by_at_once(self, care):
        with care.database.writing() as db:
            a_dose(db, care, care.course)
        renew(care.database, NOW)

        with care.database.writing() as db:
            a_setting(db, care.prescriber, "measure.phq-9", "0")

        asked = care.asked_by(care.therapist)
        with care.database.reading() as db:
            of = outcomes(db, asked, WANTED[0])
        assert "phq-9" not in {one.measure_id for one in of.series}
        assert of.rate(Question.RESPONSE).of == 0
        renew(care.database, NOW)
        assert counted(care) == counted_anew(care)

    def test_so_is_another_zone(self, care):
        with care.database.writing() as db:
            for number in range(25):
                a_random_course(db, care, Random(number), number, PHOENIX)
        renew(care.database, NOW)
        before = counted(care)

        with care.database.writing() as db:
            db.get_one(Practice, db.scalar(select(Practice.id))).zone = "Asia/Tokyo"

        after = counted(care)
        assert after != before
        renew(care.database, NOW)
        assert counted(care) == after
        assert count_wrong(care.database, NOW) == 0

    def test_after_a_start_nothing_that_was_kept_counts(self, care):
        with care.database.writing() as db:
            a_dose(db, care, care.course)
        renew(care.database, NOW)
        right = counted(care)
        with care.database.writing() as db:
            db.execute(update(SeriesResult).values(response=Finding.WELL.value))
        assert counted(care) != right
        assert count_wrong(care.database, NOW) == 1

        forget_results(care.database)

        assert counted(care) == right
        renew(care.database, NOW)
        assert counted(care) == right
        assert count_wrong(care.database, NOW) == 0


def test_what_is_kept_is_counted_and_only_what_changed_is_worked_out_anew(care):
    with care.database.writing() as db:
        other = another_course(db, care, "Other")
        for course in (care.course, other):
            a_dose(db, care, course)
    renew(care.database, NOW)
    with care.database.writing() as db:
        db.execute(update(DoseResult).values(product_route=ProductRoute.ORAL))

    def routes():
        with care.database.reading() as db:
            return outcomes(db, care.asked_by(care.therapist), WANTED[0]).doses

    assert [(one.product_route, one.number) for one in routes()] == [(ProductRoute.ORAL, 2)]
    with care.database.writing() as db:
        db.get_one(Episode, other.id).expects_intention = False
    assert {one.product_route for one in routes()} == {
        ProductRoute.ORAL,
        ProductRoute.INTRAMUSCULAR,
    }


def test_nobody_counts_what_is_kept_of_others(care):
    with care.database.writing() as db:
        stranger = a_clinician(db, Function.THERAPIST, name="Sam Stranger")
        a_dose(db, care, care.course)
    renew(care.database, NOW)

    with care.database.reading() as db:
        for wanted in (*WANTED, Wanted(Period.ALL, everyone=True)):
            of = outcomes(db, care.asked_by(stranger), wanted)
            assert (of.given, of.begun) == (0, 0)


def test_before_there_is_a_practice_nothing_is_worked_out(database):
    renew(database, NOW)

    with database.reading() as db:
        assert db.scalar(select(ResultsBasis.basis)) is None


def test_while_nothing_is_kept_no_change_is_noted(care):
    with care.database.writing() as db:
        a_dose(db, care, care.course)

    assert changed(care.database) == set()


def test_what_is_being_saved_meanwhile_is_neither_lost_nor_counted_too_early(postgresql_database):
    care = a_cared_for_client(postgresql_database)
    with care.database.writing() as db:
        a_dose(db, care, care.course)
    renew(care.database, NOW)
    before = counted(care)

    with care.database.writing() as db:
        score = one_of(db, Score, care.course)
        db.execute(update(Score).where(Score.id == score.id).values(voided_at=NOW))
        with care.database.writing() as other:
            dose = one_of(other, KetamineSession, care.course)
            an_administration(other, dose, started_at=NOW - 40 * DAY + HOUR)
        # It sees the second change, and takes nothing away of the first.
        renew(care.database, NOW)
        assert changed(care.database) == set()

    assert changed(care.database) == {care.course.id}
    assert counted_anew(care) == counted(care) != before


def test_the_first_count_waits_for_whoever_is_saving(postgresql_database):
    care = a_cared_for_client(postgresql_database)
    with care.database.writing() as db:
        a_dose(db, care, care.course)

    waits = text(
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'results_basis'::regclass"
    )
    with care.database.writing() as db:
        score = one_of(db, Score, care.course)
        db.execute(update(Score).where(Score.id == score.id).values(voided_at=NOW))
        renewal = Thread(target=renew, args=(care.database, NOW))
        renewal.start()
        with care.database.engine.connect() as look:
            while renewal.is_alive() and not look.scalar(waits):
                look.rollback()
    renewal.join()

    assert counted(care) == counted_anew(care)
    assert count_wrong(care.database, NOW) == 0
