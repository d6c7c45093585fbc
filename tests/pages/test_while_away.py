"""Today's word about one's own days away, the list behind it, and what happened since."""

from datetime import timedelta

import pytest

from kapteam.actions.contacts import TouchEntered, log_touch
from kapteam.db.tables import EpisodeMember
from kapteam.ids import new_id
from kapteam.vocabulary import Audience, Function, Part, Touch
from tests.factories import NOW, a_call, a_clinician, an_absence
from tests.factories_care import a_given_session, a_ketamine_session
from tests.pages.filling import beside, fill, press
from tests.pages.tabs import (
    MOST_STATEMENTS,
    addresses,
    bare,
    buttons,
    headings,
    links,
    opened,
    said,
    statements_of,
)

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
COVERED = "Nico Nightingale for Thea Tallis until Thu Nov 26"
FIRST, LAST = NOW + 7 * DAY, NOW + 9 * DAY


def _away(care, who, from_at=FIRST, until_at=LAST, cover=None):
    with care.database.writing() as db:
        return an_absence(
            db, who, care.prescriber, from_at=from_at, until_at=until_at, cover=cover
        ).id


def _no_cover_of_the_course(care):
    with care.database.writing() as db:
        for member in db.query(EpisodeMember).filter_by(part=Part.COVER):
            member.until_at = NOW


@pytest.fixture
def dose(care):
    with care.database.writing() as db:
        return a_ketamine_session(db, care.course, planned_at=FIRST + DAY).id


@pytest.mark.usefixtures("dose")
def test_today_says_when_one_is_away_and_leads_to_what_falls_into_it(care):
    absence_id = _away(care, care.therapist)

    tab = opened(care, care.therapist, "today")

    assert "You are away **Tue Dec 1 to Thu Dec 3** :gray[nobody covers all of it]" in said(tab)
    assert any("Who has what meanwhile" in one for one in links(tab))
    assert "You are away" not in said(opened(care, care.prescriber, "today"))
    tab = opened(care, care.therapist, "away", id=absence_id)
    assert headings(tab) == ["While you are away (1)"]
    assert "Nobody yet as therapist" in said(tab)


def test_while_one_is_away_today_says_who_covers_until_when(care):
    _away(care, care.therapist, NOW - DAY, NOW + 2 * DAY, cover=care.nurse)

    shown = said(opened(care, care.therapist, "today"))
    assert f"**{COVERED}**" in shown
    assert "nobody covers" not in shown
    assert "You are away" not in shown
    # The colleague is told on the rows, and by no line about days away that are not theirs.
    assert "**Nico Nightingale for" not in said(opened(care, care.prescriber, "today"))


def test_while_one_is_away_and_nobody_covers_today_says_so_and_leads_to_the_days_away(care):
    _away(care, care.therapist, NOW - DAY, NOW + 2 * DAY)
    _no_cover_of_the_course(care)

    tab = opened(care, care.therapist, "today")
    assert "You are away until **Thu Nov 26**" in said(tab)
    assert "Nobody covers all of it" in said(tab)
    # The one in the person's menu leads there as well.
    assert addresses(tab, "Days away") == ["away?", "away?"]
    assert "Who has what meanwhile" not in links(tab)
    assert " for Thea Tallis" not in said(tab)


@pytest.mark.parametrize("by", ["days away", "this course"])
def test_who_is_away_reads_on_their_own_rows_who_covers(care, by):
    with care.database.writing() as db:
        a_given_session(db, care.course, given_at=NOW - 50 * HOUR)
        a_ketamine_session(db, care.course, planned_at=NOW + 2 * DAY)
    pages = ("today", "integration", "ketamine_sessions")
    for page in pages:
        assert "Thea Tallis" not in said(opened(care, care.therapist, page)), page
    whole = care.nurse if by == "days away" else None
    _away(care, care.therapist, NOW - DAY, NOW + 2 * DAY, cover=whole)
    for page in pages:
        rows = said(opened(care, care.therapist, page)).replace(f"**{COVERED}**", "")
        assert "Nico Nightingale" in rows, page
        # Whose place it is and until when they know: it stands at the top of Today.
        assert "for Thea Tallis" not in rows, page


def test_a_ketamine_session_of_today_has_the_cover_and_the_colleague(care):
    with care.database.writing() as db:
        a_ketamine_session(db, care.course, planned_at=NOW + HOUR)
    _away(care, care.therapist, NOW - DAY, NOW + 2 * DAY, cover=care.nurse)

    mine = said(opened(care, care.therapist, "today"))
    assert "with Nico Nightingale]" in mine
    assert "with Robin Prescott" in mine
    theirs = said(opened(care, care.prescriber, "today"))
    assert f"with {COVERED}" in theirs
    assert "with Robin Prescott" not in theirs


def test_on_the_rows_of_who_is_away_without_cover_stands_nobody(care):
    _no_cover_of_the_course(care)
    with care.database.writing() as db:
        a_given_session(db, care.course, given_at=NOW - 50 * HOUR)
    _away(care, care.therapist, NOW - DAY, NOW + 2 * DAY)

    shown = said(opened(care, care.therapist, "integration"))
    assert "Thea Tallis" not in shown


@pytest.mark.usefixtures("dose")
def test_a_course_is_handed_over_from_the_list(care):
    absence_id = _away(care, care.therapist)
    with care.database.writing() as db:
        taker = a_clinician(db, Function.THERAPIST, name="Tara Takeover")
    tab = opened(care, care.therapist, "away", id=absence_id, course=care.course.id)

    press(tab, "Hand over")
    assert "Choose a prescriber, a therapist or a nurse" in beside(tab, "hand_over", "colleague_id")
    assert care.rows(EpisodeMember, clinician_id=taker.clinician_id) == []

    press(fill(tab, "hand_over", {"colleague_id": taker.clinician_id}), "Hand over")

    assert "Handed over for these days" in tab.success[0].value
    assert "Tara Takeover" in said(tab)
    assert "Nobody yet" not in said(tab)
    (member,) = care.rows(EpisodeMember, clinician_id=taker.clinician_id)
    assert (member.part, member.from_at, member.until_at) == (Part.COVER, FIRST, LAST)


def test_who_is_back_reads_for_a_week_what_was_done_meanwhile(care):
    absence_id = _away(care, care.therapist, NOW - 3 * DAY, NOW - DAY)
    at = NOW - 2 * DAY
    touch = TouchEntered(
        new_id(), care.client.id, Touch.THEY_CALLED, "Slept badly.", None, at.date(), "9:00 am"
    )
    care.do(log_touch, care.prescriber, touch, now=at)

    tab = opened(care, care.therapist, "today")
    assert "You were away Sat Nov 21 to Mon Nov 23" in said(tab)
    tab = opened(care, care.therapist, "away", id=absence_id)

    assert headings(tab) == ["Since you were away (1)"]
    assert "Contact: logged" in said(tab)
    assert care.prescriber.name in said(tab)
    assert "Slept badly" not in said(tab)


def test_somebody_elses_days_away_are_refused_in_a_sentence(care):
    absence_id = _away(care, care.therapist)

    tab = opened(care, care.prescriber, "away", id=absence_id)

    assert "There are no such days away of yours" in said(tab)


def test_who_has_no_clients_of_their_own_is_told_neither_of_cover_nor_what_was_done(care):
    _away(care, care.front_desk, NOW - 3 * DAY, NOW - DAY)
    _away(care, care.front_desk)

    tab = opened(care, care.front_desk, "today")

    assert "You are away **Tue Dec 1 to Thu Dec 3**" in said(tab)
    assert "nobody covers" not in said(tab).lower()
    assert "You were away" not in said(tab)
    assert not {"Who has what meanwhile", "Since you were away"} & set(links(tab))


def test_who_reads_who_has_what_ends_the_days_from_there(care):
    now = _away(care, care.therapist, NOW - DAY, NOW + DAY, cover=care.nurse)
    ahead = _away(care, care.therapist)
    assert "Take back" not in buttons(opened(care, care.therapist, "away", id=now))

    tab = press(opened(care, care.therapist, "away", id=now), "I am back")

    assert bare(tab.success[0].value) == "You are back, and any cover has ended with it."
    assert "Since you were away" in said(tab)
    assert "I am back" not in buttons(tab)
    tab = press(opened(care, care.therapist, "away", id=ahead), "Take back")
    assert "Days away taken back" in tab.success[0].value
    # Their page is gone with them: all of one's days away stand there instead.
    assert "There are no such days away" not in said(tab)
    assert headings(tab)[0] == "Your days away (1)"


@pytest.mark.usefixtures("dose")
def test_with_others_in_the_room_it_names_nobody(care):
    absence_id = _away(care, care.therapist)
    tab = opened(care, care.therapist, "away", id=absence_id)
    tab.radio(key="audience").set_value(Audience.OTHERS).run()

    assert "Okafor" not in said(tab) + "".join(links(tab))
    assert care.client.code in "".join(links(tab))


@pytest.mark.usefixtures("dose")
def test_it_takes_no_more_statements_than_a_list(care):
    absence_id = _away(care, care.therapist)

    tab = opened(care, care.therapist, "away", id=absence_id)

    assert statements_of(care, tab) <= MOST_STATEMENTS


def test_what_was_told_to_one_and_seen_by_the_cover_is_there_when_one_is_back(care):
    absence_id = _away(care, care.therapist, NOW - 3 * DAY, NOW - DAY)
    with care.database.writing() as db:
        for words, seen_at in (
            ("Asked for Thea.", NOW - 2 * DAY),
            ("Before she went.", NOW - 4 * DAY),
            ("Not seen yet.", None),
        ):
            call = a_call(db, care.client, care.front_desk, tell_id=care.therapist.clinician_id)
            call.words, call.told_at = words, seen_at
        a_call(db, care.client, care.front_desk, tell_id=care.nurse.clinician_id).told_at = (
            NOW - 2 * DAY
        )

    tab = opened(care, care.therapist, "away", id=absence_id)

    assert "Told to you, and seen by who covered (1)" in headings(tab)
    assert [one.value for one in tab.text] == ["Asked for Thea."]
    assert "Open" in links(tab)
    assert "Seen" not in [one.label for one in tab.button]
