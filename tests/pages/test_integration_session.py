"""One integration: booked, held, agreed for a day, closed, or taken back."""

from datetime import timedelta

import pytest

from kapteam.actions.integration import DropIntegrationEntered, Owed, drop_integration
from kapteam.db.tables import (
    IntegrationSession,
    IntegrationSessionFor,
    KetamineSession,
    Note,
)
from kapteam.errors import NotAllowed
from kapteam.ids import new_id
from kapteam.vocabulary import (
    EpisodeState,
    Function,
    How,
    IntegrationCloseReason,
    IntegrationKind,
    NoteKind,
    ServiceLine,
)
from tests.factories import (
    NOW,
    TODAY,
    a_clinician,
    a_course,
    an_absence,
    an_integration_course,
    an_outside_experience,
    audit_events,
)
from tests.factories_care import (
    a_booked_pair,
    a_given_session,
    a_ketamine_session,
    an_integration_session,
    an_overdue_integration,
)
from tests.pages.filling import fill, press, typed
from tests.pages.tabs import bare, links, opened, said, unsigned

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def debt(care):
    """A dose of 20 hours ago whose integration nobody booked."""
    with care.database.writing() as db:
        return an_overdue_integration(db, care.course, hours=20)


@pytest.fixture
def booked(care):
    """Booked by video in Room 9, with the prescriber."""
    with care.database.writing() as db:
        given = a_given_session(db, care.course, given_at=NOW - 20 * HOUR)
        row = an_integration_session(
            db,
            care.course,
            given,
            therapist=care.prescriber,
            planned_at=NOW + 2 * HOUR,
            place="Room 9",
        )
        row.how = How.VIDEO
        return row


def _open(care, viewer, **query):
    return opened(care, viewer, "integration_session", **query)


def _tabs(tab):
    return [one.label for one in tab.tabs]


def test_nobody_signed_in_gets_nothing(care, debt):
    assert unsigned("integration_session", dose=debt.id) == ""


def test_without_a_function_there_is_nothing(care, debt):
    with care.database.writing() as db:
        nobody = a_clinician(db, name="Nora Nobody", is_administrator=True)

    tab = _open(care, nobody, dose=debt.id)

    assert "Your sign-in has no function yet" in said(tab)
    assert "Okafor" not in said(tab)


def test_who_is_not_on_the_course_is_told_no_more_than_of_one_that_is_none(care, debt):
    for tab in (
        _open(care, care.stranger, dose=debt.id),
        _open(care, care.therapist, id="nonsense"),
        _open(care, care.therapist),
    ):
        assert "There is no such integration session, or you are not on its course." in said(tab)
        assert "Okafor" not in said(tab)


@pytest.mark.parametrize("who", ["front_desk", "nurse"])
def test_who_does_not_integrate_books_and_nothing_else(care, debt, booked, who):
    assert _tabs(_open(care, getattr(care, who), dose=debt.id)) == ["Book"]
    assert _tabs(_open(care, getattr(care, who), id=booked.id)) == ["Move", "Missed or cancelled"]


def test_it_says_where_it_stands_in_the_words_of_every_other_page(care, debt):
    words = said(_open(care, care.therapist, dose=debt.id))

    assert "Integration to do: 4 hr left, not booked" in words
    assert "70 mg intramuscular, :gray[given Mon Nov 23, 6:30 pm]" in words


def test_an_agreed_day_stands_with_its_reason(care, debt):
    with care.database.writing() as db:
        agreed = an_integration_session(
            db,
            care.course,
            debt,
            therapist=care.therapist,
            agreed_for=(NOW + 72 * HOUR).date(),
            agreed_reason="Travels until *Friday*.",
        )

    assert "Travels until *Friday*." in said(_open(care, care.therapist, id=agreed.id))


def test_a_debt_starts_with_the_course_s_therapist_and_no_time(care, debt):
    found = typed(_open(care, care.therapist, dose=debt.id), "integration.book")

    assert found["therapist"] == care.therapist.clinician_id
    assert found["on"] is None
    assert found["time"] == ""
    assert found["minutes"] == 60


def test_a_free_time_is_taken_by_one_press(care, debt):
    tab = _open(care, care.therapist, dose=debt.id)
    free = [one for one in tab.button if "/slot." in str(one.key)]

    free[0].click().run()
    press(tab, "Book")

    (row,) = care.rows(IntegrationSession)
    assert row.planned_at >= NOW
    assert row.planned_at - (NOW - 20 * HOUR) <= 24 * HOUR
    assert [one.value for one in tab.title] == ["Client K-001"]


def test_moving_it_changes_the_time_and_nothing_else(care, booked):
    tab = _open(care, care.therapist, id=booked.id)
    found = typed(tab, "integration.book")
    assert found["place"] == "Room 9"
    assert found["how"] is How.VIDEO

    press(fill(tab, "integration.book", {"time": "6:00 pm"}), "Move")

    row = care.row(IntegrationSession, booked.id)
    assert row.planned_at == NOW + timedelta(hours=3, minutes=30)
    assert (row.place, row.how, row.planned_minutes) == ("Room 9", How.VIDEO, 60)
    assert row.therapist_id == care.prescriber.clinician_id


def test_whom_one_can_choose_is_on_the_course_and_can_hold_it(care, debt):
    (with_whom,) = [
        one for one in _open(care, care.therapist, dose=debt.id).selectbox if one.label == "With"
    ]

    # Neither the nurse who covers, nor a therapist who is on other courses.
    assert with_whom.options == ["Somebody elsewhere", "Thea Tallis", "Robin Prescott"]


def test_who_covers_is_offered_while_the_therapist_is_away(care, debt):
    with care.database.writing() as db:
        cover = a_clinician(db, Function.THERAPIST, name="Cora Cover")
        an_absence(db, care.therapist, care.prescriber, until_at=NOW + 5 * DAY, cover=cover)

    tab = _open(care, care.prescriber, dose=debt.id)

    assert typed(tab, "integration.book")["therapist"] == cover.clinician_id
    assert "Cora Cover covers." in said(tab)


def test_one_booked_elsewhere_stays_elsewhere_when_it_moves(care, booked):
    with care.database.writing() as db:
        db.get_one(IntegrationSession, booked.id).therapist_id = None
    tab = _open(care, care.therapist, id=booked.id)
    assert typed(tab, "integration.book")["therapist"] == ""

    press(fill(tab, "integration.book", {"time": "6:00 pm"}), "Move")

    assert care.row(IntegrationSession, booked.id).therapist_id is None


def test_held_starts_at_the_time_it_was_booked_for_once_that_has_come(care, booked):
    with care.database.writing() as db:
        db.get_one(IntegrationSession, booked.id).planned_at = NOW - 2 * HOUR
    found = typed(_open(care, care.therapist, id=booked.id), "integration.hold")

    assert found["held_time"].replace("\u00a0", " ") == "12:30 pm"
    assert found["how"] is How.VIDEO
    assert found["ended_time"] == ""


def test_a_debrief_is_held_as_the_debrief_it_was_booked_as(care):
    with care.database.writing() as db:
        given = a_given_session(db, care.course, given_at=NOW - 3 * HOUR)
        debrief = an_integration_session(
            db, care.course, given, planned_at=NOW - HOUR, kind=IntegrationKind.DEBRIEF
        )
    tab = _open(care, care.therapist, id=debrief.id)

    press(tab, "Save as held")

    assert care.row(IntegrationSession, debrief.id).kind is IntegrationKind.DEBRIEF
    assert care.row(IntegrationSession, debrief.id).held_at == NOW - HOUR


@pytest.mark.parametrize(
    ("do", "first"), [("", "Book"), ("hold", "Held"), ("close", "Close with a reason")]
)
def test_the_form_that_a_link_asks_for_is_in_front(care, debt, do, first):
    tab = _open(care, care.therapist, dose=debt.id, do=do)

    (row,) = tab.get("tab_container")
    assert _tabs(tab)[row.proto.tab_container.default_tab_index] == first


def test_a_reason_is_never_chosen_for_anybody(care, debt):
    tab = _open(care, care.therapist, dose=debt.id)
    assert typed(tab, "integration.close")["reason"] is None

    reason = next(iter(IntegrationCloseReason))
    press(fill(tab, "integration.close", {"reason": reason}), "Close it")

    assert care.rows(IntegrationSession)[0].close_reason is reason


def test_what_was_held_is_corrected_until_its_note_is_signed(care, debt):
    with care.database.writing() as db:
        held = an_integration_session(
            db, care.course, debt, therapist=care.therapist, held_at=NOW - HOUR
        )
    tab = _open(care, care.therapist, id=held.id)
    assert _tabs(tab) == []
    assert typed(tab, "integration.hold")["held_time"] == "1:30\N{NO-BREAK SPACE}pm"

    press(fill(tab, "integration.hold", {"held_time": "1:45 pm"}), "Save as held")

    assert care.row(IntegrationSession, held.id).held_at == NOW - HOUR / 4 * 3
    assert "Correct the record" not in [
        one.label for one in _open(care, care.nurse, id=held.id).expander
    ]


@pytest.mark.parametrize("settled", ["held_at", "closed_at", "dropped_at"])
def test_one_that_is_settled_says_how_and_takes_nothing_more(care, booked, settled):
    with care.database.writing() as db:
        row = db.get_one(IntegrationSession, booked.id)
        setattr(row, settled, NOW - HOUR)
        if settled == "closed_at":
            row.close_reason = next(iter(IntegrationCloseReason))

    tab = _open(care, care.therapist, id=booked.id)

    word = {"held_at": "Held", "closed_at": "Closed", "dropped_at": "Taken back"}[settled]
    assert word in said(tab)
    assert _tabs(tab) == []
    assert "Back to the client" in links(tab)


def test_what_was_taken_back_is_owed_again_and_can_be_booked_again(care, booked):
    dose = care.rows(IntegrationSession)[0]
    tab = _open(care, care.therapist, id=booked.id)
    press(fill(tab, "integration.drop", {"reason": "A cold."}), "Take the booking back")
    owed = next(
        one.proto.query_string
        for one in tab.get("page_link")
        if one.proto.page == "integration_session" and "do=book" in one.proto.query_string
    )
    dose_id = owed.split("dose=")[1]
    tab = _open(care, care.therapist, dose=dose_id)

    press(fill(tab, "integration.book", {"on": TODAY, "time": "6:00 pm"}), "Book")

    rows = care.rows(IntegrationSession)
    assert [one.dropped_at for one in rows] == [NOW, None]
    assert rows[1].id != dose.id


def test_a_psychedelic_integration_gets_its_day_by_hand_and_a_ketamine_session_s_does_not(
    care, debt
):
    with care.database.writing() as db:
        course = an_integration_course(db, care.client, care.therapist)
        an_outside_experience(db, course)
    assert "Due by a day" not in _tabs(_open(care, care.therapist, dose=debt.id))
    tab = _open(care, care.therapist, episode=course.id)
    assert "A new integration session" in said(tab)

    press(fill(tab, "integration.due", {"due_on": TODAY + DAY}), "Set the day")

    assert [one.due_on for one in care.rows(IntegrationSession)] == [TODAY + DAY]


def test_two_new_integrations_in_a_row_from_the_same_address_are_two(care):
    with care.database.writing() as db:
        course = a_course(
            db,
            care.client,
            therapist=care.therapist,
            service_line=ServiceLine.THERAPY_AFTER_KAP,
            state=EpisodeState.INTEGRATION,
        )
    for day in (1, 2):
        tab = _open(care, care.therapist, episode=course.id)
        values = {"on": TODAY + day * DAY, "time": "9:00 am"}
        press(fill(tab, "integration.book", values), "Book")
        assert "Saved 2:30:00" in bare(tab.success[0].value)

    assert len(care.rows(IntegrationSession, episode_id=course.id)) == 2


def test_a_slot_left_open_when_the_dose_was_booked_is_booked_later(care):
    with care.database.writing() as db:
        ahead = a_ketamine_session(db, care.course, planned_at=NOW + DAY)
    assert "Book" in links(opened(care, care.therapist, "ketamine_sessions"))
    tab = _open(care, care.therapist, dose=ahead.id, do="book")
    free = [one for one in tab.button if "/slot." in str(one.key)]

    free[0].click().run()
    press(tab, "Book")

    (link,) = care.rows(IntegrationSessionFor)
    assert link.ketamine_session_id == ahead.id
    assert "Book" not in links(opened(care, care.therapist, "ketamine_sessions"))


def test_an_integration_of_a_dose_ahead_is_moved_to_a_free_time(care):
    with care.database.writing() as db:
        _, booked = a_booked_pair(db, care.course, therapist=care.therapist)

    tab = _open(care, care.therapist, id=booked.id, do="book")

    assert [one for one in tab.button if "/slot." in str(one.key)]


def test_rule_7_a_debrief_is_recorded_beside_the_booking(care):
    with care.database.writing() as db:
        given = a_given_session(db, care.course, given_at=NOW - 3 * HOUR)
        booked = an_integration_session(
            db, care.course, given, therapist=care.therapist, planned_at=NOW + 18 * HOUR
        )
    tab = _open(care, care.therapist, id=booked.id, do="hold")
    values = {"held_time": "1:30 pm", "kind": IntegrationKind.DEBRIEF}

    press(fill(tab, "integration.hold", values), "Save as held")

    (debrief,) = care.rows(IntegrationSession, kind=IntegrationKind.DEBRIEF)
    assert debrief.held_at == NOW - HOUR
    kept = care.row(IntegrationSession, booked.id)
    assert (kept.planned_at, kept.held_at, kept.version) == (NOW + 18 * HOUR, None, 1)


def test_rule_6_a_second_dose_is_offered_and_never_ticked(care, debt):
    with care.database.writing() as db:
        second = a_given_session(db, care.course, given_at=NOW - 3 * HOUR)
    tab = _open(care, care.therapist, dose=debt.id, do="hold")
    assert typed(tab, "integration.hold")[f"also.{second.id}"] is False

    press(fill(tab, "integration.hold", {f"also.{second.id}": True}), "Save as held")
    assert "not recorded as out of the ketamine session" in said(tab)
    with care.database.writing() as db:
        db.get_one(KetamineSession, second.id).discharged_at = NOW - HOUR
    press(tab, "Save as held")

    assert {one.ketamine_session_id for one in care.rows(IntegrationSessionFor)} == {
        debt.id,
        second.id,
    }


def test_rule_66_what_was_never_held_is_owed_again(care, debt):
    with care.database.writing() as db:
        held = an_integration_session(
            db, care.course, debt, therapist=care.therapist, held_at=NOW - HOUR
        )
    tab = _open(care, care.therapist, id=held.id)

    press(tab, "It was not held")
    assert "The reason" in said(tab)
    press(fill(tab, "integration.error", {"reason": "Another client"}), "It was not held")

    assert care.row(IntegrationSession, held.id).dropped_at == NOW
    assert "4 hr left, not booked" in said(opened(care, care.therapist, "integration"))


def test_what_was_closed_says_why(care, debt):
    with care.database.writing() as db:
        closed = an_integration_session(
            db,
            care.course,
            debt,
            closed_at=NOW,
            close_reason=IntegrationCloseReason.ELSEWHERE,
            close_note="With her own therapist.",
        )
    words = said(_open(care, care.therapist, id=closed.id))

    assert "**Closed** Tue Nov 24, 2:30 pm :gray[Done elsewhere]" in words
    assert "With her own therapist." in words


def test_rule_66_it_is_not_taken_back_under_its_signed_note(care, debt):
    with care.database.writing() as db:
        held = an_integration_session(
            db, care.course, debt, therapist=care.therapist, held_at=NOW - HOUR
        )
        db.add(
            Note(
                id=new_id(),
                kind=NoteKind.INTEGRATION,
                episode_id=care.course.id,
                integration_session_id=held.id,
                author_id=care.therapist.clinician_id,
                by_prescriber=False,
                template_version=1,
                body={},
                started_at=NOW,
                signed_at=NOW,
                signed_text="A wide field.",
                content_hash="0" * 64,
            )
        )
    owed = Owed(held.id, 1, care.course.id)
    with pytest.raises(NotAllowed, match="Its note is signed"):
        care.do(drop_integration, care.therapist, DropIntegrationEntered(owed, "Wrong client"))
    with pytest.raises(NotAllowed):
        care.do(drop_integration, care.front_desk, DropIntegrationEntered(owed, "Wrong client"))
    assert care.row(IntegrationSession, held.id).dropped_at is None


def test_beside_a_debrief_with_its_note_open_what_is_owed_is_booked(care):
    with care.database.writing() as db:
        given = a_given_session(db, care.course, given_at=NOW - 3 * HOUR)
        an_integration_session(
            db,
            care.course,
            given,
            therapist=care.therapist,
            held_at=NOW - HOUR,
            kind=IntegrationKind.DEBRIEF,
        )
    tab = _open(care, care.therapist, dose=given.id, do="book")
    assert _tabs(tab)[0] == "Book"

    press(fill(tab, "integration.book", {"on": TODAY + DAY, "time": "10:00 am"}), "Book")

    (booked,) = care.rows(IntegrationSession, kind=IntegrationKind.FULL)
    assert booked.planned_at == NOW + 19 * HOUR + HOUR / 2


def test_rule_66_the_booking_that_was_there_stands_again(care):
    with care.database.writing() as db:
        given = a_given_session(db, care.course, given_at=NOW - 20 * HOUR)
        held = an_integration_session(
            db,
            care.course,
            given,
            therapist=care.therapist,
            planned_at=NOW + 2 * HOUR,
            held_at=NOW - HOUR,
            place="Room 9",
        )
    tab = _open(care, care.therapist, id=held.id)

    press(fill(tab, "integration.error", {"reason": "A slip"}), "It was not held")

    assert "booked Tue Nov 24, 4:30 pm" in said(opened(care, care.therapist, "integration"))
    (again,) = care.rows(IntegrationSession, dropped_at=None)
    assert (again.place, again.held_at) == ("Room 9", None)
    assert care.row(IntegrationSession, held.id).held_at == NOW - HOUR
    assert [one.tag for one in audit_events(care.database) if one.subject_id == again.id] == [
        "integration_session:booked_again"
    ]


def test_a_booking_ahead_is_not_used_up_by_leaving_a_field_as_it_was(care):
    with care.database.writing() as db:
        given = a_given_session(db, care.course, given_at=NOW - 20 * HOUR)
        booked = an_integration_session(
            db, care.course, given, therapist=care.therapist, planned_at=NOW + 2 * HOUR
        )
    tab = _open(care, care.therapist, id=booked.id, do="hold")
    assert "The integration itself uses that booking up" in said(tab)

    press(tab, "Save as held")

    assert "Choose whether it was the integration itself" in said(tab)
    assert care.row(IntegrationSession, booked.id).held_at is None
