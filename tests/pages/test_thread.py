"""Thread: the newest turns of a long course first, and the way to those before them."""

from datetime import timedelta

from tests.factories import NOW, TODAY
from tests.factories_care import a_given_session, a_signed_integration
from tests.pages.tabs import headings, opened, said, well

WEEK = timedelta(weeks=1)


def _given(care, weeks):
    """A dose so many weeks ago each, the oldest first, each with something agreed upon."""
    with care.database.writing() as db:
        for ago in sorted(weeks, reverse=True):
            at = NOW - ago * WEEK
            session = a_given_session(db, care.course, given_at=at)
            a_signed_integration(db, session, care.therapist, held_at=at, actions=f"Walk {ago}")


def _open(care):
    return well(opened(care, care.therapist, "thread", episode=care.course.id))


def _doses(tab):
    return [one.split()[1].strip(",") for one in headings(tab) if one.startswith("Dose")]


def test_a_long_thread_begins_with_its_ten_newest_turns(care):
    _given(care, range(1, 24))

    tab = _open(care)
    assert _doses(tab) == [str(number) for number in range(14, 24)]
    assert tab.button(key=f"more_of_turns_{care.course.id}").label == "Show 10 earlier"

    well(tab.button(key=f"more_of_turns_{care.course.id}").click().run())
    assert _doses(tab) == [str(number) for number in range(4, 24)]
    assert "3 not shown" in said(tab)

    well(tab.button(key=f"more_of_turns_{care.course.id}").click().run())
    assert _doses(tab) == [str(number) for number in range(1, 24)]


def test_what_is_still_open_is_counted_and_begins_with_the_oldest_ten(care):
    _given(care, range(1, 13))

    tab = _open(care)
    assert "Still open (12)" in headings(tab)
    assert "Walk 12" in said(tab)

    well(tab.button(key="more_of_commitments").click().run())
    assert "Show 2 more" not in [one.label for one in tab.button]


def test_no_committed_action_whose_day_has_come_is_left_to_a_button(care):
    _given(care, range(2, 16))
    with care.database.writing() as db:
        session = a_given_session(db, care.course, given_at=NOW - WEEK)
        a_signed_integration(
            db,
            session,
            care.therapist,
            held_at=NOW - WEEK,
            actions="Call the clinic",
            check_back=str(TODAY),
        )

    assert "Check back" in said(_open(care))


def test_a_short_thread_is_there_as_a_whole(care):
    _given(care, [1, 2])

    tab = _open(care)
    assert _doses(tab) == ["1", "2"]
    assert "not shown" not in said(tab)
