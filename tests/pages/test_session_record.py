"""The support, the two signatures and what the review looks at, on their pages."""

import re
from datetime import timedelta

import pytest

from kapteam.db.tables import (
    ClinicianFunction,
    KetamineSession,
    RecordSignature,
    Reviewed,
    SupportRecord,
)
from kapteam.vocabulary import (
    Answer,
    Audience,
    Function,
    IntentionTouched,
    ReadinessItem,
    RecordPart,
    SessionStatus,
    TouchBegan,
)
from tests.factories import NOW
from tests.factories_care import (
    a_given_session,
    a_ketamine_session,
    a_signature,
    a_support_record,
    an_answer,
)
from tests.pages.filling import fill, press, typed
from tests.pages.tabs import (
    MOST_OF_A_SESSION,
    MOST_STATEMENTS,
    buttons,
    headings,
    opened,
    said,
    statements_of,
    well,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MEDICAL, SUPPORT = RecordPart
SAID = "It was quiet, and I was not afraid."


def _a_session(care, *asked: RecordPart, **columns) -> KetamineSession:
    """Given three hours ago and closed, with a ride; these parts are to be signed."""
    with care.database.writing() as db:
        session = a_given_session(db, care.course, given_at=NOW - 3 * HOUR)
        an_answer(db, session, ReadinessItem.RIDE, words="A cab").answered_at = NOW - DAY
        for part in asked:
            a_signature(db, session, part)
        for name, value in columns.items():
            setattr(session, name, value)
    return session


def _open(care, who, session):
    return opened(care, who, "ketamine_session", id=session.id)


def _signing(tab) -> list[str]:
    return [one for one in buttons(tab) if one.startswith("Sign ")]


def _goes_to(tab) -> list[str]:
    """Where the guard script leads the browser."""
    drawn = " ".join(one.proto.body for one in tab.get("html"))
    return re.findall(r'data-kapteam-go="([^"]+)"', drawn)


# Signatures


@pytest.mark.parametrize(
    ("who", "may"),
    [
        ("prescriber", ["Sign the medical part …"]),
        ("nurse", ["Sign the medical part …"]),
        ("therapist", ["Sign the support part …"]),
        ("front_desk", []),
    ],
)
def test_each_sees_whom_the_record_waits_for_and_signs_what_is_theirs(care, who, may):
    session = _a_session(care, *RecordPart)
    with care.database.writing() as db:
        a_support_record(db, session, care.therapist)
    tab = _open(care, getattr(care, who), session)
    assert "Record to sign: Robin Prescott, medical part" in said(tab)
    assert "Record to sign: Thea Tallis, support part" in said(tab)
    assert _signing(tab) == may
    if may:
        which = may[0].removeprefix("Sign the ").removesuffix(" part …")
        press(tab, may[0])
        assert _goes_to(tab) == [f"/session/sign-record/{session.id}/{which}"]
        # The page itself signs nothing, and does not lead there again.
        assert [one.signed_at for one in care.rows(RecordSignature)] == [None, None]
        well(tab.run())
        assert _goes_to(tab) == []


def test_the_way_to_sign_waits_for_what_is_half_typed_beside_it(care):
    session = _a_session(care, *RecordPart)
    with care.database.writing() as db:
        a_support_record(db, session, care.therapist)
    tab = _open(care, care.therapist, session)
    before = typed(tab, f"support/{session.id}")["words"]
    fill(tab, f"support/{session.id}", {"words": "A lake."})

    press(tab, "Sign the support part …")

    assert _goes_to(tab) == []
    assert "Save first, or empty, what you typed here: In the client's own words" in said(tab)
    fill(tab, f"support/{session.id}", {"words": before})
    press(tab, "Sign the support part …")
    assert _goes_to(tab) == [f"/session/sign-record/{session.id}/support"]


def test_one_who_is_both_signs_both_in_one_press(care):
    session = _a_session(care, *RecordPart)
    with care.database.writing() as db:
        a_support_record(db, session, care.prescriber)
        db.add(
            ClinicianFunction(
                clinician_id=care.prescriber.clinician_id, function=Function.THERAPIST
            )
        )
    tab = _open(care, care.prescriber, session)
    assert _signing(tab) == [
        "Sign the medical part …",
        "Sign the support part …",
        "Sign both parts …",
    ]
    press(tab, "Sign both parts …")
    assert _goes_to(tab) == [f"/session/sign-record/{session.id}/both"]


def test_the_support_part_is_signed_once_there_is_one(care):
    session = _a_session(care, *RecordPart)
    tab = _open(care, care.therapist, session)
    assert _signing(tab) == []
    assert "Record the support first; then it can be signed." in said(tab)


def test_what_was_changed_since_says_so_with_how_it_read_and_is_asked_for_again(care):
    session = _a_session(care)
    with care.database.writing() as db:
        a_signature(db, session, MEDICAL, care.prescriber, signed_text="Dose 70 mg", changed_at=NOW)
        a_signature(db, session, MEDICAL)
    tab = _open(care, care.nurse, session)
    assert "Medical part: signed by Robin Prescott, Tue Nov 24, 2:30 pm, changed since" in said(tab)
    assert "Dose 70 mg" in said(tab)
    assert "Record to sign: Robin Prescott, medical part" in said(tab)
    assert _signing(tab) == ["Sign the medical part …"]
    # The front desk is told that it waits, and nothing of what was signed.
    assert "Dose 70 mg\n" not in said(_open(care, care.front_desk, session))


@pytest.mark.parametrize("status", [SessionStatus.PLANNED, SessionStatus.STARTED])
def test_nothing_is_said_of_signatures_before_the_session_is_closed(care, status):
    session = _a_session(care, status=status)
    for who in (care.prescriber, care.therapist):
        assert "Signatures" not in headings(_open(care, who, session))


def test_of_a_record_from_before_nobody_was_asked_and_it_waits_on_nobody(care):
    session = _a_session(care)
    words = said(_open(care, care.prescriber, session))
    assert "Medical part: nobody was asked to sign it." in words
    assert "Record to sign" not in words
    assert "Record to sign" not in said(opened(care, care.prescriber, "today"))


def test_today_says_whose_signature_waits(care):
    _a_session(care, *RecordPart)
    words = said(opened(care, care.therapist, "today"))
    assert "Record to sign, support part: dose of Tue Nov 24" in words
    assert "Record to sign, medical part: dose of Tue Nov 24" in words


# Support


def test_support_is_recorded_amended_and_reads_as_it_was(care):
    session = _a_session(care)
    tab = _open(care, care.therapist, session)
    values = {
        "given.breath": True,
        "given.hand": True,
        "touched": IntentionTouched.PARTLY,
        "words": SAID,
        "touches.0.what": "Hand held",
        "touches.0.began": TouchBegan.ASKED_FOR,
        "touches.0.reply": "Yes, please",
        "touches.0.time": "11:50\N{NO-BREAK SPACE}am",
    }
    press(fill(tab, "support", values), "Save the support")
    words = said(tab)
    assert "Breath and Hand held, as agreed · Intention touched: partly" in words
    assert "Touch: Hand held, 11:50 am, asked for. Client: Yes, please" in words
    assert SAID in words

    again = typed(tab, "support")
    assert {name: again[name] for name in values} == values
    press(fill(tab, "support", {"words": "It was quiet."}), "Save the support")
    assert len(care.rows(SupportRecord)) == 2
    assert SAID in said(tab)
    assert "As it read before" in [one.label for one in tab.expander]


@pytest.mark.parametrize("who", ["prescriber", "nurse"])
def test_who_treats_reads_the_support_and_does_not_write_it(care, who):
    session = _a_session(care)
    with care.database.writing() as db:
        a_support_record(db, session, care.therapist, words=SAID)
    tab = _open(care, getattr(care, who), session)
    assert SAID in said(tab)
    assert "Save the support" not in buttons(tab)


def test_the_front_desk_reads_no_support(care):
    session = _a_session(care)
    with care.database.writing() as db:
        a_support_record(db, session, care.therapist, words=SAID)
        a_signature(db, session, SUPPORT, care.therapist, signed_text=SAID, changed_at=NOW)
    tab = _open(care, care.front_desk, session)
    assert SAID not in said(tab)
    assert "Presence" not in said(tab)
    assert "Save the support" not in buttons(tab)


def test_what_a_client_said_is_folded_while_others_can_see(care):
    session = _a_session(care)
    with care.database.writing() as db:
        a_support_record(db, session, care.therapist, words=SAID)
    tab = _open(care, care.prescriber, session)
    assert "In the client's words" not in [one.label for one in tab.expander]
    well(tab.radio(key="audience").set_value(Audience.OTHERS).run())
    [folded] = [one for one in tab.expander if one.label == "In the client's words"]
    assert SAID in [one.value for one in folded.text]


# Statements


def test_a_signed_session_takes_no_more_statements_the_longer_its_history(care):
    session = _a_session(care, *RecordPart)
    few = statements_of(care, _open(care, care.therapist, session))
    with care.database.writing() as db:
        for hours in range(20):
            at = NOW - hours * HOUR
            a_support_record(db, session, care.therapist, words=SAID, replaced_at=at)
            for part in RecordPart:
                a_signature(db, session, part, care.prescriber, changed_at=at)
    assert statements_of(care, _open(care, care.therapist, session)) == few <= MOST_OF_A_SESSION


def test_a_course_with_much_to_review_takes_no_more_statements(care):
    _a_session(care, breach_reason="On hold. Came anyway.", discharged_at=NOW)
    few = statements_of(care, opened(care, care.therapist, "episode", id=care.course.id))
    for _ in range(12):
        _a_session(care, breach_reason="On hold. Came anyway.", discharged_at=NOW)
    many = statements_of(care, opened(care, care.therapist, "episode", id=care.course.id))
    assert many == few <= MOST_STATEMENTS


# For the next review


def test_a_course_says_what_the_next_review_looks_at_until_it_was_reviewed(care):
    session = _a_session(care, breach_reason="The course was on hold. Came anyway.")
    with care.database.writing() as db:
        an_answer(
            db, session, ReadinessItem.FASTING, Answer.GO_AHEAD, words="Half a banana at seven"
        )
    tab = opened(care, care.therapist, "episode", id=care.course.id)
    words = said(tab)
    assert "For the next review (2)" in words
    assert "Went ahead all the same: not fasted" in words
    assert "Half a banana at seven" in words
    assert "The course was on hold. Came anyway." in words
    assert "session of Tue Nov 24, 11:30 am" in words

    press(tab, "Reviewed")
    words = said(tab)
    assert "reviewed, waits on Robin Prescott" in words
    assert "Reviewed" not in buttons(tab)
    assert len(care.rows(Reviewed)) == 1

    press(opened(care, care.prescriber, "episode", id=care.course.id), "Reviewed")
    tab = opened(care, care.therapist, "episode", id=care.course.id)
    assert "For the next review" not in said(tab)
    # It stays with its session.
    words = said(_open(care, care.therapist, session))
    assert "Came anyway." in words
    assert "Half a banana at seven" in words


def test_a_nurse_reads_it_without_the_button_and_the_front_desk_not_at_all(care):
    _a_session(care, breach_reason="The course was on hold. Came anyway.")
    tab = opened(care, care.nurse, "episode", id=care.course.id)
    assert "Came anyway." in said(tab)
    assert "Reviewed" not in buttons(tab)
    assert "For the next review" not in said(
        opened(care, care.front_desk, "episode", id=care.course.id)
    )


def test_without_a_ride_the_session_says_so_after_the_dose_and_asks_until_they_are_out(care):
    with care.database.writing() as db:
        session = a_given_session(
            db, care.course, given_at=NOW - 3 * HOUR, status=SessionStatus.STARTED
        )
    assert "No ride home on record when the dose was given" in said(
        opened(care, care.nurse, "episode", id=care.course.id)
    )
    tab = _open(care, care.front_desk, session)
    assert "No ride home yet" in said(tab)
    press(fill(tab, "ready.ride.fine", {"words": "Her sister"}), "Save the ride")
    assert "Her sister" in said(tab)


def test_who_left_without_a_ride_is_asked_about_none_any_more(care):
    with care.database.writing() as db:
        session = a_given_session(db, care.course, given_at=NOW - 3 * HOUR)
        session.discharged_at = NOW - HOUR
    tab = _open(care, care.front_desk, session)
    assert "No ride home on record" in said(tab)
    assert "Save the ride" not in buttons(tab)


def test_going_ahead_without_the_last_note_is_offered_where_it_is_lacking(care):
    with care.database.writing() as db:
        a_given_session(db, care.course, given_at=NOW - 3 * DAY)
        session = a_ketamine_session(db, care.course, planned_at=NOW + 2 * HOUR)
    tab = _open(care, care.therapist, session)
    assert "Last integration not signed" in said(tab)
    words = {"words": "Told on the phone; the note comes tonight"}
    press(
        fill(tab, "ready.last_note.go_ahead", words),
        "Go ahead all the same: last integration's note",
    )
    assert "Last integration not signed" not in said(tab)
    assert "Told on the phone; the note comes tonight" in said(tab)
