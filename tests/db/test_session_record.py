"""Two signatures on a finished session: who gives which, what is frozen, and what asks again."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kapteam.actions.entered_in_error import VoidRowEntered
from kapteam.actions.ketamine_sessions import (
    AdministrationEntered,
    CorrectEntered,
    RecordEntered,
    VoidEntered,
    confirm_administration,
    correct_administration,
    record_ketamine_session,
    void_administration,
)
from kapteam.actions.other_medicines import (
    OtherMedicineEntered,
    record_other_medicine,
    void_other_medicine,
)
from kapteam.actions.session_record import (
    SignRecordEntered,
    SupportEntered,
    TouchEntered,
    as_it_is,
    record_support,
    sign_record,
)
from kapteam.db.tables import Administration, KetamineSession, RecordSignature, SupportRecord
from kapteam.errors import Conflict, Invalid, NotAllowed, NotFound, Unchanged
from kapteam.ids import new_id
from kapteam.queries.ketamine_session import ketamine_session_page
from kapteam.queries.today import today
from kapteam.rules.attention import Reason
from kapteam.rules.permissions import Viewer
from kapteam.rules.session_record import Challenge, SupportGiven
from kapteam.vocabulary import (
    AdministrationKind,
    EpisodeState,
    Function,
    IntentionTouched,
    MedicineRoute,
    Part,
    RecordPart,
    SessionStatus,
    Support,
    Tone,
    TouchBegan,
)
from tests.factories import NOW, TODAY, a_clinician, a_member, audit_events
from tests.factories_care import (
    ON_SQLITE,
    Care,
    a_cared_for_client,
    a_given_session,
    a_ketamine_session,
    an_administration,
    another_medicine,
)

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MEDICAL, SUPPORT = RecordPart
BOTH = (MEDICAL, SUPPORT)


@pytest.fixture
def care(database) -> Care:
    return a_cared_for_client(database)


@pytest.fixture
def given(care) -> KetamineSession:
    """70 mg three hours ago; the client is out and the session is not closed."""
    return _given_of(care)


def _given_of(care: Care) -> KetamineSession:
    with care.database.writing() as db:
        session = a_given_session(
            db, care.course, given_at=NOW - 3 * HOUR, status=SessionStatus.STARTED
        )
        session.discharged_at = NOW - HOUR
    return session


def _close(care: Care, session: KetamineSession, now: Any = NOW) -> None:
    entered = RecordEntered(
        session.id, session.version, close=True, no_integration_reason="By phone"
    )
    care.do(record_ketamine_session, care.prescriber, entered, now=now)


@pytest.fixture
def closed(care, given) -> KetamineSession:
    _close(care, given)
    return care.row(KetamineSession, given.id)


def _support(session: KetamineSession, **typed: Any) -> SupportEntered:
    usual = SupportEntered(
        id=new_id(),
        ketamine_session_id=session.id,
        replaces="",
        given=(Support.BREATH, Support.PRESENCE),
        words="“I was under the sea, and it was quiet.”",
        touched=IntentionTouched.PARTLY,
        touches=(TouchEntered("Hand on the shoulder", TouchBegan.OFFERED, "Yes", "12:10 pm"),),
    )
    return replace(usual, **typed)


def _seen(care: Care, session: KetamineSession, part: RecordPart) -> str:
    with care.database.reading() as db:
        return as_it_is(db, session.id, part)


def _sign(care: Care, who: Viewer, session: KetamineSession, *parts: RecordPart, now=NOW) -> None:
    entered = SignRecordEntered(session.id, {one: _seen(care, session, one) for one in parts})
    care.do(sign_record, who, entered, now=now)


def _signatures(care: Care, part: RecordPart) -> list[tuple[bool, bool]]:
    """Of each signature of a part whether it was given, and whether it was changed since."""
    rows = sorted(care.rows(RecordSignature, part=part), key=lambda one: one.asked_at)
    return [(one.signed_at is not None, one.changed_at is not None) for one in rows]


def _waits(care: Care, who: Viewer, now=NOW) -> list[tuple[Reason, Part | None, Tone]]:
    """What of the records waits on this person."""
    with care.database.reading() as db:
        rows = today(db, care.asked_by(who, now)).waiting_on_me
    found = [row.attention for row in rows]
    return [
        (one.reason, one.waits_on, one.tone)
        for one in found
        if one.reason in {Reason.SIGN_MEDICAL, Reason.SIGN_SUPPORT}
    ]


TO_SIGN, SIGNED, CHANGED = (False, False), (True, False), (True, True)


# Asked


def test_nothing_is_asked_before_the_session_is_closed_nor_of_one_closed_before_it_was_asked(
    care, given
):
    with care.database.writing() as db:
        a_given_session(db, care.course, given_at=NOW - 9 * DAY)
    assert care.rows(RecordSignature) == []
    assert _waits(care, care.prescriber) == _waits(care, care.therapist) == []


def test_closing_asks_each_of_the_two_for_their_part_and_after_three_days_louder(care, closed):
    assert _waits(care, care.prescriber) == [(Reason.SIGN_MEDICAL, Part.PRESCRIBER, Tone.PLAIN)]
    assert _waits(care, care.therapist) == [(Reason.SIGN_SUPPORT, Part.THERAPIST, Tone.PLAIN)]
    later = NOW + 72 * HOUR
    assert _waits(care, care.therapist, later - MINUTE)[0][2] is Tone.PLAIN
    assert _waits(care, care.therapist, later)[0][2] is Tone.AMBER


@pytest.mark.parametrize(
    ("people", "parts"),
    [
        ({"therapist": "Somebody in Tempe"}, [MEDICAL]),
        ({"therapist": None}, [MEDICAL]),
        ({"prescriber": "A doctor in Mesa"}, [SUPPORT]),
    ],
)
def test_whose_part_nobody_here_has_is_asked_of_nobody(database, people, parts):
    care = a_cared_for_client(database)
    with database.writing() as db:
        for part, name in people.items():
            db.execute(
                text("UPDATE episode_member SET clinician_id = NULL WHERE part = :part")
                if name
                else text("DELETE FROM episode_member WHERE part = :part"),
                {"part": part},
            )
    entered = RecordEntered(_given_of(care).id, 1, close=True, no_integration_reason="None")
    care.do(record_ketamine_session, care.nurse, entered)
    assert [one.part for one in care.rows(RecordSignature)] == parts


def test_a_session_whose_only_dose_was_an_error_is_asked_about_no_more(care, closed):
    _sign(care, care.prescriber, closed, MEDICAL)
    (dose,) = care.rows(Administration)
    care.do(void_administration, care.prescriber, VoidEntered(dose.id, "Another client's"))
    assert _signatures(care, MEDICAL) == [CHANGED]
    assert _signatures(care, SUPPORT) == []
    assert _waits(care, care.prescriber) == _waits(care, care.therapist) == []


def test_a_course_that_ended_still_shows_who_has_to_sign(care, closed):
    with care.database.writing() as db:
        course = db.merge(care.course)
        course.state, course.closed_at = EpisodeState.CLOSED, NOW
    assert _waits(care, care.therapist) == [(Reason.SIGN_SUPPORT, Part.THERAPIST, Tone.PLAIN)]
    care.do(record_support, care.therapist, _support(closed))
    _sign(care, care.therapist, closed, SUPPORT)
    assert _waits(care, care.therapist) == []


# Signed


@pytest.mark.parametrize(
    ("who", "part", "may"),
    [
        ("prescriber", MEDICAL, True),
        ("nurse", MEDICAL, True),
        ("therapist", SUPPORT, True),
        ("therapist", MEDICAL, False),
        ("prescriber", SUPPORT, False),
        ("nurse", SUPPORT, False),
        ("front_desk", MEDICAL, False),
        ("front_desk", SUPPORT, False),
        ("stranger", MEDICAL, False),
        ("stranger", SUPPORT, False),
    ],
)
def test_each_part_is_signed_by_whose_it_is_and_by_nobody_else(care, closed, who, part, may):
    care.do(record_support, care.therapist, _support(closed))
    viewer = getattr(care, who)
    if not may:
        with pytest.raises((NotAllowed, NotFound)):
            _sign(care, viewer, closed, part)
        assert _signatures(care, part) == [TO_SIGN]
        assert audit_events(care.database, "ketamine_session:signed") == []
        return
    for _ in range(2):
        _sign(care, viewer, closed, part)
    assert _signatures(care, part) == [SIGNED]
    (row,) = care.rows(RecordSignature, part=part)
    assert (row.signed_by_id, row.signed_at) == (viewer.clinician_id, NOW)
    (event,) = audit_events(care.database, "ketamine_session:signed")
    hashes = [row.content_hash]
    assert event.changes == {"parts": [part.value], "content_hashes": hashes, "by_pin": False}


def test_who_sees_the_course_without_being_on_it_signs_nothing(care, closed):
    """The whole caseload may be open to them, or one client in an emergency."""
    looking = replace(care.stranger, sees_everyone=True)
    for part in BOTH:
        with pytest.raises(NotAllowed, match="on this course"):
            _sign(care, looking, closed, part)
    assert _signatures(care, MEDICAL) == [TO_SIGN]


def test_one_who_is_both_signs_both_in_one_press(database):
    care = a_cared_for_client(database)
    with database.writing() as db:
        both = a_clinician(db, Function.PRESCRIBER, Function.THERAPIST)
        a_member(db, care.course, both, Part.COVER)
    session = _given_of(care)
    _close(care, session)
    care.do(record_support, both, _support(session))
    _sign(care, both, session, *BOTH)
    assert _signatures(care, MEDICAL) == _signatures(care, SUPPORT) == [SIGNED]
    (event,) = audit_events(database, "ketamine_session:signed")
    assert event.changes["parts"] == ["medical", "support"]


def test_one_press_signs_both_or_none(database):
    care = a_cared_for_client(database)
    with database.writing() as db:
        both = a_clinician(db, Function.PRESCRIBER, Function.THERAPIST)
        a_member(db, care.course, both, Part.COVER)
    session = _given_of(care)
    _close(care, session)
    with pytest.raises(NotAllowed, match="Record first what support was given"):
        _sign(care, both, session, *BOTH)
    assert _signatures(care, MEDICAL) == [TO_SIGN]


def test_nobody_signs_what_a_colleague_signed_already(care, closed):
    _sign(care, care.nurse, closed, MEDICAL)
    with pytest.raises(NotAllowed, match="signed the medical part already, Tue Nov 24"):
        _sign(care, care.prescriber, closed, MEDICAL)
    assert _signatures(care, MEDICAL) == [SIGNED]


def test_nobody_signs_what_is_not_closed_or_what_they_have_not_seen(care, given):
    with pytest.raises(NotAllowed, match="not closed"):
        _sign(care, care.prescriber, given, MEDICAL)
    _close(care, given)
    stale = SignRecordEntered(given.id, {MEDICAL: _seen(care, given, MEDICAL)})
    with care.database.writing() as db:
        another_medicine(db, given, given_at=NOW - 2 * HOUR)
    with pytest.raises(Conflict, match="changed while you had it open"):
        care.do(sign_record, care.prescriber, stale)
    assert _signatures(care, MEDICAL) == [TO_SIGN]


def test_a_record_that_nobody_was_asked_to_sign_may_be_signed_all_the_same(care):
    with care.database.writing() as db:
        old = a_given_session(db, care.course, given_at=NOW - 9 * DAY)
    _sign(care, care.prescriber, old, MEDICAL)
    assert _signatures(care, MEDICAL) == [SIGNED]
    assert _signatures(care, SUPPORT) == []


def test_what_is_signed_is_frozen_as_text(care, closed):
    with care.database.writing() as db:
        another_medicine(db, closed, given_at=NOW - 2 * HOUR, reason="Nausea")
    care.do(record_support, care.therapist, _support(closed))
    _sign(care, care.prescriber, closed, MEDICAL)
    _sign(care, care.therapist, closed, SUPPORT)
    texts = {one.part: one.signed_text.replace("\u00a0", " ") for one in care.rows(RecordSignature)}
    assert "Dose 70 mg, Tue Nov 24, 2026, 11:30 am MST" in texts[MEDICAL]
    assert "ondansetron 4 mg sublingual" in texts[MEDICAL]
    assert "under the sea" not in texts[MEDICAL]
    assert "Support given: Presence and Breath" in texts[SUPPORT]
    assert "under the sea" in texts[SUPPORT]
    assert "12:10 pm MST: Hand on the shoulder, offered. Client: Yes" in texts[SUPPORT]
    assert "70 mg" not in texts[SUPPORT]
    # The audit log has the hash of what was signed and no word of it.
    assert "under the sea" not in str([one.changes for one in audit_events(care.database)])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE record_signature SET signed_text = 'Something else'",
        "UPDATE record_signature SET signed_at = NULL",
        "UPDATE record_signature SET signed_by_id = NULL",
        "UPDATE record_signature SET part = 'support'",
        "DELETE FROM record_signature",
    ],
)
def test_rule_19_the_database_changes_and_deletes_no_signature(care, closed, statement):
    _sign(care, care.prescriber, closed, MEDICAL)
    with pytest.raises(DBAPIError, match="locked"), care.database.writing() as db:
        db.execute(text(statement))
    assert _signatures(care, MEDICAL) == [SIGNED]


# Changed since


def _dose(**typed: Any) -> AdministrationEntered:
    usual = AdministrationEntered(new_id(), AdministrationKind.DOSE, "70", TODAY, "11:35 am")
    return replace(usual, **typed)


def _corrects(care: Care, session: KetamineSession) -> None:
    (dose,) = care.rows(Administration)
    entered = CorrectEntered(dose.id, "11:35 it was", _dose())
    care.do(correct_administration, care.prescriber, entered)


def _adds(care: Care, session: KetamineSession) -> None:
    more = _dose(kind=AdministrationKind.BOOSTER, mg="20", started_time="11:50 am")
    care.do(
        record_ketamine_session, care.nurse, RecordEntered(session.id, session.version, (more,))
    )


def _says_out(care: Care, session: KetamineSession) -> None:
    out = RecordEntered(session.id, session.version, discharged_on=TODAY, discharged_time="1:45 pm")
    care.do(record_ketamine_session, care.nurse, out)


def _other(session: KetamineSession) -> OtherMedicineEntered:
    return OtherMedicineEntered(
        new_id(), session.id, "ondansetron", "4 mg", MedicineRoute.ORAL, TODAY, "12:30 pm"
    )


def _adds_other(care: Care, session: KetamineSession) -> None:
    care.do(record_other_medicine, care.nurse, _other(session))


def _voids_other(care: Care, session: KetamineSession) -> None:
    with care.database.writing() as db:
        row = another_medicine(db, session, given_at=NOW - 2 * HOUR)
    care.do(void_other_medicine, care.nurse, VoidRowEntered(row.id, "Not hers"))


def _amends_support(care: Care, session: KetamineSession) -> None:
    (before,) = care.rows(SupportRecord, replaced_at=None)
    amended = _support(session, replaces=before.id, words="“Quiet, and warm.”")
    care.do(record_support, care.therapist, amended)


def _says_nothing_new(care: Care, session: KetamineSession) -> None:
    """The same Save twice, and what is refused."""
    (before,) = care.rows(SupportRecord, replaced_at=None)
    with pytest.raises(Unchanged):
        care.do(record_support, care.therapist, _support(session, replaces=before.id))
    with pytest.raises(NotAllowed):
        care.do(record_ketamine_session, care.nurse, RecordEntered(session.id, session.version))


@pytest.mark.parametrize(
    ("change", "touches"),
    [
        (_corrects, MEDICAL),
        (_adds, MEDICAL),
        (_says_out, MEDICAL),
        (_adds_other, MEDICAL),
        (_voids_other, MEDICAL),
        (_amends_support, SUPPORT),
        (_says_nothing_new, None),
    ],
)
def test_what_is_recorded_later_leaves_one_signature_as_changed_since_and_asks_it_again(
    care, closed, change: Callable[[Care, KetamineSession], None], touches
):
    care.do(record_support, care.therapist, _support(closed))
    _sign(care, care.prescriber, closed, MEDICAL)
    _sign(care, care.therapist, closed, SUPPORT)
    frozen = {one.id: one.signed_text for one in care.rows(RecordSignature)}

    change(care, closed)

    for part in BOTH:
        assert _signatures(care, part) == ([CHANGED, TO_SIGN] if part is touches else [SIGNED])
    assert all(care.row(RecordSignature, one).signed_text == said for one, said in frozen.items())
    waiting = {MEDICAL: care.prescriber, SUPPORT: care.therapist}
    for part, who in waiting.items():
        assert bool(_waits(care, who)) is (part is touches)
    if touches:
        said = [one.changes.get("signed_before") for one in audit_events(care.database)]
        assert [one for one in said if one] == [touches.value]
        _sign(care, waiting[touches], closed, touches, now=NOW + MINUTE)
        assert _signatures(care, touches) == [CHANGED, SIGNED]


def test_what_nobody_signed_yet_is_asked_for_once_however_often_it_is_changed(care, closed):
    _adds_other(care, closed)
    _adds_other(care, closed)
    assert _signatures(care, MEDICAL) == [TO_SIGN]


def test_a_word_that_confirms_a_dose_changes_nothing_that_was_signed(care, given):
    with care.database.writing() as db:
        told = an_administration(
            db, given, started_at=NOW - 2 * HOUR, ug=10_000, told_by=care.prescriber
        )
    _close(care, given)
    _sign(care, care.nurse, given, MEDICAL)
    care.do(confirm_administration, care.prescriber, told.id)
    assert _signatures(care, MEDICAL) == [SIGNED]


# Support


@pytest.mark.parametrize("who", ["prescriber", "nurse", "front_desk", "stranger"])
def test_only_a_therapist_of_the_course_records_support(care, given, who):
    with pytest.raises((NotAllowed, NotFound)):
        care.do(record_support, getattr(care, who), _support(given))
    assert care.rows(SupportRecord) == []


def test_support_is_kept_once_and_an_amendment_keeps_what_it_replaced(care, given):
    first = _support(given)
    for _ in range(2):
        care.do(record_support, care.therapist, first)
    second = _support(given, replaces=first.id, words="", touched=None, touches=())
    care.do(record_support, care.therapist, second, now=NOW + MINUTE)

    kept = care.row(SupportRecord, first.id)
    assert kept.replaced_at == NOW + MINUTE
    assert "under the sea" in kept.words
    assert kept.touches[0]["reply"] == "Yes"
    assert kept.given == ["presence", "breath"]
    (counts,) = care.rows(SupportRecord, replaced_at=None)
    assert (counts.id, counts.words, counts.touched, counts.touches) == (second.id, "", None, [])
    assert len(audit_events(care.database, "ketamine_session:support_recorded")) == 2


def test_the_page_tells_support_and_signatures_as_they_were_kept_to_the_front_desk_who_signed(
    care, given
):
    first = _support(
        given, was_challenging=True, intensity="7", minutes="20", coping="Breath", is_over=True
    )
    care.do(record_support, care.therapist, first)
    second = _support(given, replaces=first.id, words="", touched=None, touches=())
    care.do(record_support, care.therapist, second, now=NOW + MINUTE)
    _close(care, given, NOW + MINUTE)
    session = care.row(KetamineSession, given.id)
    _sign(care, care.therapist, session, SUPPORT, now=NOW + 2 * MINUTE)

    def told(who: Viewer) -> Any:
        with care.database.reading() as db:
            return ketamine_session_page(db, care.asked_by(who), given.id).record

    record = told(care.prescriber)
    newest, before = record.supports
    assert (record.support, before.replaced_at) == (newest, NOW + MINUTE)
    assert newest.support == SupportGiven((Support.PRESENCE, Support.BREATH))
    assert "under the sea" in before.support.words
    assert before.support.touched is IntentionTouched.PARTLY
    assert [one.reply for one in before.support.touches] == ["Yes"]
    assert before.support.challenge == Challenge(7, 20, "Breath", is_over=True)
    (signed,) = record.given(SUPPORT)
    assert (signed.by, signed.signed_at) == (care.therapist.name, NOW + 2 * MINUTE)
    assert "Support given" in signed.text
    assert record.asked(MEDICAL)

    theirs = told(care.front_desk)
    assert theirs.supports == ()
    assert [one.text for one in theirs.signatures] == ["", ""]
    assert theirs.given(SUPPORT)[0].by == care.therapist.name


def test_nobody_amends_support_over_a_colleague_unseen(care, given):
    care.do(record_support, care.therapist, _support(given))
    with pytest.raises(Conflict) as refused:
        care.do(record_support, care.therapist, _support(given, words="“Loud.”"))
    assert refused.value.mine == {"words": "“Loud.”"}
    assert "under the sea" in refused.value.theirs["words"]
    assert len(care.rows(SupportRecord)) == 1


def test_support_is_recorded_once_ketamine_was_given(care):
    with care.database.writing() as db:
        planned = a_ketamine_session(db, care.course, planned_at=NOW - HOUR)
    with pytest.raises(NotAllowed, match="No dose is recorded"):
        care.do(record_support, care.therapist, _support(planned))


def _touch(**typed: Any) -> tuple[TouchEntered, ...]:
    usual = TouchEntered("Hand held", TouchBegan.ASKED_FOR, "Asked for it", "12:10 pm")
    return (replace(usual, **typed),)


@ON_SQLITE
@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"given": ()}, "given"),
        ({"words": "a" * 1_001}, "words"),
        ({"touches": _touch(what=" ")}, "touches.0.what"),
        ({"touches": _touch(what="a\nb")}, "touches.0.what"),
        ({"touches": _touch(began=None)}, "touches.0.began"),
        ({"touches": _touch(reply="")}, "touches.0.reply"),
        ({"touches": _touch(time="")}, "touches.0.time"),
        ({"touches": _touch(time="noon")}, "touches.0.time"),
        ({"touches": _touch(time="2:31 pm")}, "touches.0.time"),
        ({"touches": (*_touch(), *_touch(what=""))}, "touches.1.what"),
    ],
)
def test_rule_36_what_cannot_be_is_refused_beside_its_field(care, given, typed, field):
    with pytest.raises(Invalid) as refused:
        care.do(record_support, care.therapist, _support(given, **typed))
    assert list(refused.value.fields) == [field]
    assert care.rows(SupportRecord) == []


def test_rule_9_a_touch_after_midnight_is_of_the_day_after(care):
    began = NOW - timedelta(hours=15)  # 11:30 pm the evening before
    with care.database.writing() as db:
        session = a_given_session(db, care.course, given_at=began, status=SessionStatus.STARTED)
    care.do(record_support, care.therapist, _support(session, touches=_touch(time="12:15 am")))
    (row,) = care.rows(SupportRecord)
    assert row.touches[0]["at"] == (began + 45 * MINUTE).isoformat()
