"""Concerns: raised in one save, seen, told, added to, and cleared by a signed note alone."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from kapteam.actions.concerns import (
    AdditionEntered,
    ClearingEntered,
    ConcernEntered,
    ToldEntered,
    add_to_concern,
    clear_concern,
    raise_concern,
    see_concern,
    tell_by_phone,
)
from kapteam.actions.endings import close_episode
from kapteam.actions.notes import NoteErrorEntered, void_note
from kapteam.db.tables import Concern, ConcernAddition, Contact, Hold, Note
from kapteam.errors import Conflict, Invalid, NotAllowed, NotFound
from kapteam.ids import new_id
from kapteam.queries.caseload import View, Wanted, caseload
from kapteam.queries.client import client_page
from kapteam.queries.concerns import Whereabouts, concern_page
from kapteam.queries.course import course
from kapteam.queries.standing import course_standings
from kapteam.queries.today import today
from kapteam.rules.attention import Reason
from kapteam.vocabulary import (
    ConcernKind,
    ConcernLevel,
    ContactKind,
    EpisodeState,
    Function,
    HoldReason,
    How,
    NoteKind,
    Part,
    ReadinessItem,
    ServiceLine,
    SessionStatus,
    Tone,
)
from tests.factories import (
    NOW,
    TODAY,
    a_client,
    a_clinician,
    a_concern,
    a_contact,
    a_course,
    a_hold,
    a_member,
    an_absence,
    an_emergency,
    audit_events,
    some_closed_days,
)
from tests.factories_care import (
    Care,
    a_cared_for_client,
    a_ketamine_session,
    a_signed_note,
    another_course,
)
from tests.factories_endings import a_closing, therapy_goes_on
from tests.query_recorder import recorded_statements

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
WORDS = "Says she would rather not wake up. *Has the tablets at home*."


@pytest.fixture
def care(database) -> Care:
    return a_cared_for_client(database)


def _entered(care: Care, **typed) -> ConcernEntered:
    usual = ConcernEntered(
        id=new_id(),
        client_id=care.client.id,
        episode_id=care.course.id,
        kind=ConcernKind.SUICIDE_RISK,
        level=ConcernLevel.HIGH,
        words=WORDS,
        where="",
        plan="Her sister stays tonight.",
        holds=False,
        on=None,
        time="",
        with_id=None,
    )
    return replace(usual, **typed)


def _raised(care: Care, who=None, **values) -> Concern:
    with care.database.writing() as db:
        return a_concern(db, care.client, who or care.therapist, **values)


def _note(care: Care, who, kind=NoteKind.RISK, **values) -> Note:
    with care.database.writing() as db:
        return a_signed_note(db, care.course, who, kind, **values)


def _clearing(concern: Concern, note: Note | None, **values) -> ClearingEntered:
    return ClearingEntered(concern.id, concern.version, note.id if note else None, **values)


def _standings(care: Care, who=None):
    with care.database.reading() as db:
        return course_standings(db, care.asked_by(who or care.therapist))


def _standing(care: Care, who=None):
    [found] = _standings(care, who)
    return found


def _attention(care: Care, who=None):
    found = [one for one in _standing(care, who).attention if one.reason is Reason.CONCERN]
    return found[0] if found else None


def _page(care: Care, who, concern: Concern):
    with care.database.reading() as db:
        return concern_page(db, care.asked_by(who), concern_id=concern.id)


def test_a_concern_its_hold_and_its_next_contact_are_one_save(care):
    entered = _entered(
        care,
        holds=True,
        where="At her sister's, 12 Elm Street",
        on=TODAY + DAY,
        time="9:00 am",
        with_id=care.prescriber.clinician_id,
    )

    care.do(raise_concern, care.therapist, entered)

    kept = care.row(Concern, entered.id)
    assert (kept.kind, kept.level, kept.holds) == (entered.kind, entered.level, True)
    assert (kept.words, kept.place) == (WORDS, "At her sister's, 12 Elm Street")
    assert (kept.raised_by_id, kept.raised_at) == (care.therapist.clinician_id, NOW)
    [hold] = care.rows(Hold)
    assert (hold.episode_id, hold.reason) == (care.course.id, HoldReason.SUICIDE_RISK)
    [contact] = care.rows(Contact)
    assert (contact.kind, contact.how) == (ContactKind.CHECK_IN, How.PHONE)
    assert contact.planned_at == datetime(2026, 11, 25, 16, 0, tzinfo=UTC)
    assert contact.with_id == care.prescriber.clinician_id
    for tag in ("concern:raised", "episode:held", "contact:planned"):
        [event] = audit_events(care.database, tag)
        assert event.client_id == care.client.id
        assert "tablets" not in str(event.changes)
        assert "Elm" not in str(event.changes)


def test_a_second_press_raises_one_and_holds_once(care):
    entered = _entered(care, holds=True, on=TODAY + DAY, time="9:00 am")
    for _ in range(2):
        care.do(raise_concern, care.therapist, entered)
    assert len(care.rows(Concern)) == len(care.rows(Hold)) == len(care.rows(Contact)) == 1
    assert len(audit_events(care.database, "concern:raised")) == 1


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"kind": None}, "kind", "Choose what it is about."),
        ({"level": None}, "level", "Choose how much there is to it."),
        ({"words": " \n"}, "words", "This is needed."),
        ({"words": "x" * 5_000}, "words", "This has 5,000 characters; 1,000 is the most."),
        ({"plan": "x" * 5_000}, "plan", "The plan has 5,000 characters; 1,000 is the most."),
        ({"where": "x" * 121}, "where", "This has 121 characters; 120 is the most."),
        ({"on": TODAY, "time": "2:00 pm"}, "time", "This time has passed."),
        ({"on": TODAY + DAY}, "time", "Enter the time"),
        ({"time": "9:00 am"}, "on", "Choose the day."),
        ({"on": TODAY + DAY, "time": "9:00 am", "episode_id": None}, "on", "there is none here"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field_and_nothing_is_kept(care, typed, field, sentence):
    with pytest.raises(Invalid) as refused:
        care.do(raise_concern, care.therapist, _entered(care, holds=True, **typed))
    assert sentence in refused.value.fields[field]
    assert care.rows(Concern) == care.rows(Hold) == care.rows(Contact) == []
    assert audit_events(care.database, "episode:held") == []


def test_the_nurse_raises_one_and_the_front_desk_and_a_stranger_do_not(care):
    care.do(raise_concern, care.nurse, _entered(care))
    with pytest.raises(NotAllowed, match="Only a prescriber, a therapist or a nurse"):
        care.do(raise_concern, care.front_desk, _entered(care))
    with pytest.raises(NotFound):
        care.do(raise_concern, care.stranger, _entered(care))
    assert len(care.rows(Concern)) == 1


def test_who_opened_the_client_in_an_emergency_raises_one(care):
    with care.database.writing() as db:
        an_emergency(db, care.client, care.stranger)
    viewer = care.asked_by(care.stranger).viewer

    care.do(raise_concern, viewer, _entered(care))

    assert len(_attention(care, care.prescriber).concern.unseen_by) == 3


@pytest.mark.parametrize("who", ["therapist", "nurse", "prescriber"])
def test_rule_17_a_medicine_use_concern_holds_at_once_whoever_raises_it(care, who):
    with care.database.writing() as db:
        some_closed_days(db, care.prescriber, TODAY + DAY, name="Team day")

    concern = _entered(care, kind=ConcernKind.MEDICINE_USE, level=ConcernLevel.LOW)
    care.do(raise_concern, getattr(care, who), concern)

    [hold] = care.rows(Hold)
    assert hold.reason is HoldReason.MEDICINE_USE
    assert hold.look_again_on == date(2026, 11, 26)
    assert _attention(care).waits_on is Part.PRESCRIBER


def test_a_hold_that_is_there_stays_as_it_is_and_only_ketamine_is_held(care):
    with care.database.writing() as db:
        there = a_hold(db, care.course, HoldReason.TRAVEL, care.therapist.clinician_id)
        line = ServiceLine.THERAPY_AFTER_KAP
        a_course(db, care.client, therapist=care.therapist, service_line=line)
        over = a_course(db, care.client, therapist=care.therapist, state=EpisodeState.CLOSED)

    care.do(raise_concern, care.therapist, _entered(care, holds=True))

    assert [one.id for one in care.rows(Hold)] == [there.id]
    assert over.id not in {one.episode_id for one in care.rows(Hold)}


def test_it_is_not_seen_until_each_of_the_others_has_seen_it(care):
    concern = _raised(care)
    assert len(_attention(care).concern.unseen_by) == 2
    assert _attention(care).tone is Tone.RED

    for _ in range(2):
        care.do(see_concern, care.prescriber, concern.id)
    half = _attention(care).concern
    assert (half.unseen_by, half.seen_at) == ((care.nurse.name,), None)
    care.do(see_concern, care.nurse, concern.id, now=NOW + timedelta(minutes=5))

    seen = _attention(care)
    assert (seen.concern.unseen_by, seen.concern.seen_at) == ((), NOW + timedelta(minutes=5))
    assert seen.tone is Tone.AMBER
    assert len(audit_events(care.database, "concern:seen")) == 2
    page = _page(care, care.therapist, concern)
    assert [one.name for one in page.known_by] == ["Robin Prescott", "Nico Nightingale"]
    assert page.not_seen_by == ()


def test_who_has_seen_another_concern_has_not_seen_this_one(care):
    first, second = _raised(care), _raised(care, kind=ConcernKind.OTHER)
    for who in (care.prescriber, care.nurse):
        care.do(see_concern, who, first.id)
    unseen = {
        one.subject_id: len(one.concern.unseen_by)
        for one in _standing(care).attention
        if one.concern
    }
    assert unseen == {first.id: 0, second.id: 2}


def test_neither_who_raised_it_nor_a_stranger_says_that_it_was_seen(care):
    concern = _raised(care)
    with pytest.raises(NotAllowed, match="does not wait for you"):
        care.do(see_concern, care.therapist, concern.id)
    with pytest.raises(NotFound):
        care.do(see_concern, care.stranger, concern.id)
    with pytest.raises(NotAllowed):
        care.do(see_concern, care.front_desk, concern.id)
    assert len(_attention(care).concern.unseen_by) == 2


def test_who_covers_sees_it_for_who_is_away(care):
    concern = _raised(care)
    with care.database.writing() as db:
        an_absence(db, care.prescriber, care.nurse, cover=care.stranger)
    cover = care.asked_by(care.stranger).viewer

    care.do(see_concern, cover, concern.id)

    page = _page(care, care.therapist, concern)
    [known] = page.known_by
    assert (known.name, known.by) == ("Robin Prescott", "Otto Outer")
    assert len(_attention(care).concern.unseen_by) == 1


def test_whose_sign_in_is_off_is_not_waited_for(care):
    with care.database.writing() as db:
        left = a_clinician(db, Function.THERAPIST, name="Lena Leaver", suspended=True)
        a_member(db, care.course, left, Part.COVER)
    _raised(care)
    assert len(_attention(care).concern.unseen_by) == 2


def test_a_concern_is_on_each_course_of_the_client_and_counted_once(care):
    with care.database.writing() as db:
        line = ServiceLine.THERAPY_AFTER_KAP
        a_course(db, care.client, therapist=care.therapist, service_line=line)
    concern = _raised(care)
    asked = care.asked_by(care.therapist)
    with care.database.reading() as db:
        courses = course_standings(db, asked)
        shown = today(db, asked)
        listed = caseload(db, asked, Wanted(view=View.WAITING_ON_ME))
        page = client_page(db, asked, care.client.code)
    assert [[one.subject_id for one in each.attention][:1] for each in courses] == [
        [concern.id]
    ] * 2
    assert [one.attention.subject_id for one in shown.safety] == [concern.id]
    [row] = listed.rows
    assert [one.reason for one in row.attention].count(Reason.CONCERN) == 1
    assert [one for one, _ in page.concerns] == [concern.id]


def test_the_front_desk_reads_no_concern_anywhere(care):
    _raised(care, level=ConcernLevel.HIGH)
    with care.database.writing() as db:
        a_ketamine_session(db, care.course)
    asked = care.asked_by(care.front_desk)
    with care.database.reading() as db:
        shown, page = today(db, asked), client_page(db, asked, care.client.code)
    assert shown.safety == page.concerns == ()
    assert _attention(care, care.front_desk) is None
    assert _standing(care, care.front_desk).ahead[0].waits == (Part.PRESCRIBER, "note")


def test_a_client_without_a_course_has_a_concern_all_the_same(care):
    with care.database.writing() as db:
        nobody = a_client(db, care.therapist, family="Alone")
    entered = _entered(care, client_id=nobody.id, episode_id=None, holds=True)

    care.do(raise_concern, care.therapist, entered)

    with care.database.reading() as db:
        page = client_page(db, care.asked_by(care.prescriber), nobody.code)
    [(concern_id, standing)] = page.concerns
    assert (concern_id, standing.unseen_by) == (entered.id, ())
    assert care.rows(Hold) == []


@pytest.mark.parametrize(
    ("kind", "author", "note", "clears"),
    [
        (ConcernKind.SUICIDE_RISK, "therapist", NoteKind.RISK, True),
        (ConcernKind.SUICIDE_RISK, "prescriber", NoteKind.RISK, True),
        (ConcernKind.SUICIDE_RISK, "prescriber", NoteKind.DECISION, False),
        (ConcernKind.SUICIDE_RISK, "therapist", NoteKind.GENERAL, False),
        (ConcernKind.OTHER, "therapist", NoteKind.RISK, True),
        (ConcernKind.MEDICINE_USE, "prescriber", NoteKind.DECISION, True),
        (ConcernKind.MEDICINE_USE, "prescriber", NoteKind.RISK, True),
        (ConcernKind.MEDICINE_USE, "therapist", NoteKind.RISK, False),
        (ConcernKind.MANIA_PSYCHOSIS, "therapist", NoteKind.RISK, False),
        (ConcernKind.PREGNANCY, "prescriber", NoteKind.DECISION, True),
        (ConcernKind.URINARY, "prescriber", NoteKind.DECISION, True),
    ],
)
def test_rule_17_a_signed_note_of_its_owner_clears_it(care, kind, author, note, clears):
    concern = _raised(care, kind=kind)
    written = _note(care, getattr(care, author), note)

    offered = [one.id for one in _page(care, care.prescriber, concern).notes]

    assert offered == ([written.id] if clears else [])
    if clears:
        for _ in range(2):
            care.do(clear_concern, care.prescriber, _clearing(concern, written))
        assert care.row(Concern, concern.id).closed_by_note_id == written.id
        assert len(audit_events(care.database, "concern:cleared")) == 1
        assert _attention(care) is None
    else:
        with pytest.raises(Invalid) as refused:
            care.do(clear_concern, care.prescriber, _clearing(concern, written))
        assert list(refused.value.fields) == ["note_id"]
        assert _attention(care) is not None


def test_a_later_note_clears_nothing_by_itself(care):
    _raised(care)
    _note(care, care.prescriber)
    assert _attention(care) is not None


def test_an_earlier_note_an_unsigned_one_and_one_of_another_client_clear_nothing(care):
    concern = _raised(care, raised_at=NOW)
    earlier = _note(care, care.therapist, signed_at=NOW)
    unsigned = _note(care, care.therapist, signed_at=None)
    with care.database.writing() as db:
        other = a_course(db, a_client(db, care.therapist), therapist=care.therapist)
        anothers = a_signed_note(db, other, care.therapist, signed_at=NOW + HOUR)

    for note, sentence in (
        (earlier, "signed before the concern was raised"),
        (unsigned, "This note is not signed yet."),
        (None, "Choose the signed note"),
    ):
        with pytest.raises(Invalid) as refused:
            care.do(clear_concern, care.therapist, _clearing(concern, note), now=NOW + 2 * HOUR)
        assert sentence in refused.value.fields["note_id"]
    with pytest.raises(NotFound):
        care.do(clear_concern, care.therapist, _clearing(concern, anothers), now=NOW + 2 * HOUR)
    assert _page(care, care.therapist, concern).notes == ()
    assert care.row(Concern, concern.id).closed_at is None


def test_who_does_not_own_it_does_not_clear_it(care):
    concern = _raised(care, kind=ConcernKind.MEDICINE_USE)
    decided = _note(care, care.prescriber, NoteKind.DECISION)
    for who in (care.therapist, care.nurse):
        with pytest.raises(NotAllowed, match="Only a prescriber can clear this concern"):
            care.do(clear_concern, who, _clearing(concern, decided))
    assert _attention(care).waits_on is Part.PRESCRIBER


def test_the_second_of_two_who_clear_it_is_told_who_did(care):
    concern, note = _raised(care), _note(care, care.therapist)
    care.do(clear_concern, care.therapist, _clearing(concern, note))
    with pytest.raises(NotAllowed, match="Thea Tallis cleared this concern already"):
        care.do(clear_concern, care.prescriber, _clearing(concern, note))
    assert len(audit_events(care.database, "concern:cleared")) == 1
    added = AdditionEntered(new_id(), concern.id, "One more thing.")
    with pytest.raises(NotAllowed, match="Raise a new one"):
        care.do(add_to_concern, care.prescriber, added)


def test_others_add_to_it_and_it_stays_open_and_whose_it_is(care):
    concern = _raised(care, care.nurse, kind=ConcernKind.MEDICINE_USE)
    added = AdditionEntered(new_id(), concern.id, "The pharmacy says: third early refill.")
    for _ in range(2):
        care.do(add_to_concern, care.therapist, added)
    page = _page(care, care.prescriber, concern)
    assert [(one.author, one.words) for one in page.added] == [("Thea Tallis", added.words)]
    assert len(care.rows(ConcernAddition)) == 1
    assert page.concern.closed_at is None
    [event] = audit_events(care.database, "concern:added")
    assert "pharmacy" not in str(event.changes)
    with pytest.raises(Invalid):
        care.do(add_to_concern, care.therapist, replace(added, id=new_id(), words=""))


def test_that_it_was_told_by_phone_is_kept_and_it_is_still_not_seen(care):
    concern = _raised(care)
    told = ToldEntered(concern.id, concern.version, TODAY, "2:20 pm")
    care.do(tell_by_phone, care.therapist, told)
    kept = care.row(Concern, concern.id)
    assert kept.told_by_phone_at == datetime(2026, 11, 24, 21, 20, tzinfo=UTC)
    assert len(_attention(care).concern.unseen_by) == 2
    with pytest.raises(Conflict):
        care.do(tell_by_phone, care.nurse, replace(told, time="2:25 pm"))
    ahead = ToldEntered(concern.id, kept.version, TODAY, "2:31 pm")
    with pytest.raises(Invalid) as refused:
        care.do(tell_by_phone, care.therapist, ahead)
    assert "in the future" in refused.value.fields["time"]


def test_rule_30_with_a_high_suicide_risk_a_dose_waits_for_a_prescribers_note(care):
    with care.database.writing() as db:
        a_ketamine_session(db, care.course, planned_at=NOW + DAY)
    concern = _raised(care, level=ConcernLevel.HIGH)
    waiting = (Part.PRESCRIBER, "risk note")
    assert _standing(care).ahead[0].waits == waiting
    assert not _standing(care).ahead[0].is_ready

    _note(care, care.therapist)
    _note(care, care.prescriber, signed_at=concern.raised_at)
    _note(care, care.prescriber, NoteKind.GENERAL)
    with care.database.writing() as db:
        a_signed_note(db, another_course(db, care, "Other"), care.prescriber)
    [found] = [one for one in _standings(care) if one.client.id == care.client.id]
    assert found.ahead[0].waits == waiting

    note = _note(care, care.prescriber, NoteKind.DECISION)
    [found] = [one for one in _standings(care) if one.client.id == care.client.id]
    assert found.ahead[0].waits != waiting
    assert Reason.CONCERN in {one.reason for one in found.attention}
    with care.database.writing() as db:
        db.merge(note).voided_at = NOW
    [found] = [one for one in _standings(care) if one.client.id == care.client.id]
    assert found.ahead[0].waits == waiting


@pytest.mark.parametrize(
    ("kind", "level"),
    [
        (ConcernKind.SUICIDE_RISK, ConcernLevel.MODERATE),
        (ConcernKind.OTHER, ConcernLevel.HIGH),
    ],
)
def test_rule_30_is_about_a_high_suicide_risk_alone(care, kind, level):
    with care.database.writing() as db:
        a_ketamine_session(db, care.course, planned_at=NOW + DAY)
    _raised(care, kind=kind, level=level)
    assert not _standing(care).ahead[0].is_lacking(ReadinessItem.NOTE)


def test_rule_57_a_hold_never_quiets_a_concern(care):
    with care.database.writing() as db:
        a_hold(db, care.course, HoldReason.SUICIDE_RISK, care.therapist.clinician_id)
    concern = _raised(care)
    assert _attention(care).subject_id == concern.id


def test_where_they_are_comes_from_a_video_contact_of_today(care):
    concern = _raised(care)
    assert _page(care, care.therapist, concern).whereabouts is None
    with care.database.writing() as db:
        for days, place in ((0, "At work, Tempe"), (1, "At home")):
            at = NOW + days * DAY
            values = {"how": How.VIDEO, "place": place, "local_emergency": "480-555-0100"}
            a_contact(db, care.course, care.therapist, planned_at=at, **values)
    found = _page(care, care.therapist, concern).whereabouts
    assert (found.place, found.local_emergency) == ("At work, Tempe", "480-555-0100")


@pytest.mark.parametrize(
    ("days", "status", "is_there"),
    [
        (0, SessionStatus.PLANNED, True),
        (0, SessionStatus.STARTED, True),
        (0, SessionStatus.CANCELLED, False),
        (1, SessionStatus.PLANNED, False),
    ],
)
def test_or_from_a_session_at_home_today(care, days, status, is_there):
    with care.database.writing() as db:
        at = NOW + days * DAY + timedelta(hours=2)
        dose = a_ketamine_session(db, care.course, planned_at=at, status=status)
        dose.at_home, dose.place, dose.local_emergency = True, "418 Mesquite Lane", "911"
        there = a_ketamine_session(db, care.course, planned_at=NOW)
        there.place = "Room 2"

    found = _page(care, care.therapist, _raised(care)).whereabouts

    assert (found and (found.place, found.local_emergency)) == (
        ("418 Mesquite Lane", "911") if is_there else None
    )


def test_without_a_prescriber_of_the_practice_no_concern_is_without_an_owner(database):
    care = a_cared_for_client(database, prescriber="Dr. Faraway, elsewhere")
    concern = _raised(care, kind=ConcernKind.MANIA_PSYCHOSIS)
    written = _note(care, care.therapist)
    with pytest.raises(NotAllowed, match="Only a prescriber or a therapist can clear"):
        care.do(clear_concern, care.nurse, _clearing(concern, written))

    care.do(clear_concern, care.therapist, _clearing(concern, written))

    assert _attention(care) is None


def test_what_a_note_in_error_had_cleared_is_open_again(care):
    concern, note = _raised(care), _note(care, care.therapist)
    other = _raised(care, kind=ConcernKind.OTHER)
    care.do(clear_concern, care.therapist, _clearing(concern, note))
    care.do(clear_concern, care.therapist, _clearing(other, _note(care, care.therapist)))

    for _ in range(2):
        care.do(void_note, care.therapist, NoteErrorEntered(note.id, "The wrong client."))

    assert _attention(care).subject_id == concern.id
    kept = care.row(Concern, concern.id)
    assert (kept.closed_at, kept.closed_by_id, kept.closed_by_note_id) == (None, None, None)
    assert care.row(Concern, other.id).closed_at is not None
    assert len(audit_events(care.database, "concern:reopened")) == 1


def test_the_last_open_course_does_not_close_over_a_concern(care):
    with care.database.writing() as db:
        goes_on = a_course(db, care.client, therapist=care.therapist)
    _raised(care)

    def close(course):
        care.do(close_episode, care.therapist, a_closing(course))

    close(care.course)
    with pytest.raises(Invalid, match="Suicide risk") as refused:
        close(goes_on)
    assert "Clear it first by a signed note." in str(refused.value)


def test_a_course_ends_over_a_concern_where_therapy_goes_on_and_brings_it_up(care):
    _raised(care)

    therapy = therapy_goes_on(care, {})

    asked = care.asked_by(care.therapist)
    with care.database.reading() as db:
        (course_after,) = course_standings(db, asked)
    assert course_after.episode_id == therapy.id
    assert Reason.CONCERN in {one.reason for one in course_after.attention}


def test_the_front_desk_is_not_told_what_a_course_is_on_hold_for(care):
    care.do(raise_concern, care.therapist, _entered(care, kind=ConcernKind.MEDICINE_USE))
    assert _standing(care).hold.reason is HoldReason.MEDICINE_USE
    assert _standing(care, care.front_desk).hold.reason is HoldReason.OTHER
    with care.database.reading() as db:
        shown = course(db, care.asked_by(care.front_desk), care.course.id)
    assert [one.reason for one in shown.holds] == [HoldReason.OTHER]


def test_two_who_raise_the_same_at_once_raise_two_and_hold_once(care):
    for who in (care.therapist, care.prescriber):
        care.do(raise_concern, who, _entered(care, holds=True))
    assert len(care.rows(Concern)) == 2
    assert len(care.rows(Hold)) == 1


def test_it_takes_as_many_statements_with_many_concerns_as_with_none(care):
    def read():
        asked = care.asked_by(care.therapist)
        engine = care.database.engine
        with recorded_statements(engine) as statements, care.database.reading() as db:
            found = today(db, asked), concern_page(db, asked, code=care.client.code)
        return len(found[0].safety), len(statements)

    none, statements = read()
    for number in range(12):
        _raised(care, raised_at=NOW - number * HOUR)
    assert (none, read()) == (0, (12, statements))


def test_the_place_that_was_said_with_a_concern_is_where_they_are_until_today_s_session_says(care):
    older = _raised(care, place="On the bus")
    said_at = NOW - timedelta(hours=1)
    expected = Whereabouts("On the bus", said_at=said_at)
    assert _page(care, care.therapist, older).whereabouts == expected
    later = NOW - timedelta(minutes=5)
    _raised(care, kind=ConcernKind.OTHER, place="At her sister's", raised_at=later)
    _raised(care, kind=ConcernKind.URINARY, raised_at=later + timedelta(minutes=1))
    assert _page(care, care.therapist, older).whereabouts == Whereabouts(
        "At her sister's", said_at=later
    )
    with care.database.writing() as db:
        dose = a_ketamine_session(db, care.course, planned_at=NOW + timedelta(hours=4))
        dose.at_home, dose.place, dose.local_emergency = True, "418 Mesquite Lane", "911"
    assert _page(care, care.nurse, older).whereabouts == Whereabouts("418 Mesquite Lane", "911")


def test_a_place_of_a_concern_that_is_cleared_is_no_place_any_more(care):
    cleared = _raised(care, place="On the bus", closed_at=NOW)
    assert _page(care, care.therapist, cleared).whereabouts is None
