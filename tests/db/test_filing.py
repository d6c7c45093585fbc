"""What was signed or decided is copied elsewhere and marked as filed; what is not is listed."""

from datetime import timedelta

import pytest

from kapteam.actions.case_reviews import confirm_decision, end_action
from kapteam.actions.filing import FilingEntered, FilingTakenBack, mark_filed, take_filing_back
from kapteam.actions.notes import (
    AddendumEntered,
    AmendmentEntered,
    NoteErrorEntered,
    add_addendum,
    amend_note,
    void_note,
)
from kapteam.db.tables import Filing, ReviewItem
from kapteam.errors import NotAllowed, NotFound
from kapteam.ids import new_id
from kapteam.queries.filing import not_filed, one_to_file
from kapteam.vocabulary import ActionEnd, Function, NoteKind, Part, RecordPart, ReviewDecision
from tests.factories import NOW, a_clinician, a_course, a_member, audit_events
from tests.factories_care import (
    Care,
    a_cared_for_client,
    a_given_session,
    a_signature,
    a_signed_intention,
    a_signed_note,
)
from tests.factories_review import a_review, an_agreed_action, an_item

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def care(database) -> Care:
    return a_cared_for_client(database)


@pytest.fixture
def note(care):
    with care.database.writing() as db:
        return a_signed_note(db, care.course, care.therapist, signed_at=NOW - HOUR)


def _file(care: Care, note, *, who=None, now=NOW) -> FilingEntered:
    entered = FilingEntered(new_id(), note_id=note.id)
    care.do(mark_filed, who or care.therapist, entered, now=now)
    return entered


def _listed(care: Care, who=None) -> list[str] | None:
    with care.database.reading() as db:
        found = not_filed(db, care.asked_by(who or care.therapist))
    return None if found is None else [one.key for one in found]


def _one(care: Care, note, who=None):
    with care.database.reading() as db:
        return one_to_file(db, care.asked_by(who or care.therapist), note.id)


def test_who_keeps_no_other_record_is_never_asked(care, note):
    assert _listed(care) is None


def test_from_the_first_filing_on_what_is_signed_is_listed_until_it_is_filed(care, note):
    _file(care, note, now=NOW - 30 * timedelta(minutes=1))
    assert _listed(care) == []
    with care.database.writing() as db:
        later = a_signed_note(db, care.course, care.therapist, NoteKind.GENERAL)
    assert _listed(care) == _listed(care, care.prescriber) == [later.id]
    _file(care, later)
    assert _listed(care) == []


def test_what_was_signed_before_anything_was_filed_is_not_asked_for(care, note):
    with care.database.writing() as db:
        a_signed_note(db, care.course, care.therapist, signed_at=NOW - 3 * DAY)
    _file(care, note)
    assert _listed(care) == []


@pytest.mark.parametrize("how", ["amended", "added to"])
def test_what_came_to_it_since_is_to_be_filed_again_and_is_in_the_text(care, note, how):
    _file(care, note)
    later = NOW + HOUR
    if how == "amended":
        entered = AmendmentEntered(new_id(), note.id, "A slip", "It was Monday.")
        care.do(amend_note, care.therapist, entered, now=later)
    else:
        added = AddendumEntered(new_id(), note.id, "It was Monday.")
        care.do(add_addendum, care.prescriber, added, now=later)
    assert _listed(care) == [note.id]
    shown = _one(care, note)
    assert not shown.filed.is_as_now
    assert [one.text for one in (*shown.amendments, *shown.addenda)] == ["It was Monday."]
    _file(care, note, now=later + HOUR)
    assert _listed(care) == []
    assert _one(care, note).filed.is_as_now


def test_a_filing_by_mistake_is_taken_back_once(care, note):
    entered = _file(care, note)
    for _ in range(2):
        care.do(take_filing_back, care.prescriber, FilingTakenBack(entered.id))
    assert _one(care, note).filed is None
    tags = [one.tag for one in audit_events(care.database) if one.tag.startswith("filing")]
    assert tags == ["filing:marked", "filing:taken_back"]
    assert _listed(care) is None


def test_the_same_press_is_the_same_filing(care, note):
    entered = _file(care, note)
    care.do(mark_filed, care.therapist, entered)
    assert len(care.rows(Filing)) == 1


def test_a_signed_part_of_a_session_is_filed_by_itself(care, note):
    _file(care, note, now=NOW - 2 * HOUR)
    with care.database.writing() as db:
        session = a_given_session(db, care.course, given_at=NOW - 3 * HOUR)
        signature = a_signature(
            db, session, RecordPart.SUPPORT, care.therapist, signed_text="Hand held."
        )
    assert _listed(care) == [signature.id]
    with care.database.reading() as db:
        asked = care.asked_by(care.prescriber)
        shown = one_to_file(db, asked, record_signature_id=signature.id)
    assert shown.text == signature.signed_text
    care.do(mark_filed, care.prescriber, FilingEntered(new_id(), record_signature_id=signature.id))
    assert _listed(care) == []


def test_a_note_in_error_is_neither_listed_nor_filed(care, note):
    with care.database.writing() as db:
        other = a_signed_note(db, care.course, care.therapist)
    _file(care, note)
    care.do(void_note, care.therapist, NoteErrorEntered(other.id, "Wrong client"))
    assert _listed(care) == []
    with pytest.raises(NotFound):
        _file(care, other)


def test_a_draft_is_nothing_to_file(care, note):
    with care.database.writing() as db:
        draft = a_signed_note(db, care.course, care.therapist, signed_at=None)
    with pytest.raises(NotFound):
        _file(care, draft)
    with pytest.raises(NotFound):
        _one(care, draft)


@pytest.mark.parametrize("who", ["front_desk", "stranger"])
def test_nobody_else_reads_files_or_lists_it(care, note, who):
    who = getattr(care, who)
    with pytest.raises((NotAllowed, NotFound)):
        _file(care, note, who=who)
    with pytest.raises((NotAllowed, NotFound)):
        _one(care, note, who)
    entered = _file(care, note)
    with pytest.raises((NotAllowed, NotFound)):
        care.do(take_filing_back, who, FilingTakenBack(entered.id))
    if who is care.front_desk:
        with pytest.raises(NotAllowed):
            _listed(care, who)
    else:
        assert _listed(care, who) == []


def test_another_client_s_note_is_listed_for_who_treats_them_alone(care, note):
    with care.database.writing() as db:
        other = a_clinician(db, Function.THERAPIST, name="Otis Other")
        course = a_course(db, care.client, therapist=other)
        theirs = a_signed_note(db, course, other)
        dose = a_given_session(db, care.course, given_at=NOW - HOUR)
        mine = a_signed_intention(db, dose, care.therapist)
    _file(care, note, now=NOW - HOUR)
    assert _listed(care) == [mine.id]
    assert _listed(care, other) == [theirs.id]


@pytest.fixture
def decided(care):
    """What a case review of an hour ago decided about the client: a change of dose, proposed."""
    with care.database.writing() as db:
        review = a_review(db, care.prescriber, care.therapist)
        return an_item(
            db,
            review,
            care.course,
            care.therapist,
            decision=ReviewDecision.DOSE,
            words="80 mg next time.",
        )


def _file_decision(care: Care, item, *, who=None, now=NOW) -> FilingEntered:
    entered = FilingEntered(new_id(), review_item_id=item.id)
    care.do(mark_filed, who or care.therapist, entered, now=now)
    return entered


def _decision(care: Care, item, who=None):
    with care.database.reading() as db:
        return one_to_file(db, care.asked_by(who or care.therapist), review_item_id=item.id)


def test_a_decision_of_a_case_review_is_listed_and_filed_like_a_note(care, note, decided):
    _file(care, note, now=NOW - 2 * HOUR)
    with care.database.reading() as db:
        (listed,) = not_filed(db, care.asked_by(care.prescriber))
    assert (listed.key, listed.review_item_id) == (decided.id, decided.id)
    assert listed.title == "Case review: change dose, route or interval"
    shown = _decision(care, decided)
    assert shown.filed is None
    assert shown.decided.item.words == "80 mg next time."
    entered = _file_decision(care, decided)
    assert _listed(care) == []
    assert _decision(care, decided).filed.is_as_now
    care.do(take_filing_back, care.prescriber, FilingTakenBack(entered.id))
    assert _listed(care) == [decided.id]
    subjects = [one.subject_id for one in audit_events(care.database, "filing:marked")]
    assert subjects == [note.id, decided.id]


def test_the_first_filing_may_be_of_a_decision(care, decided):
    _file_decision(care, decided)
    assert _listed(care) == []


def test_a_filing_of_a_note_is_none_of_a_decision_and_the_other_way_round(care, note, decided):
    _file(care, note)
    assert _decision(care, decided).filed is None
    _file_decision(care, decided)
    assert _one(care, note).filed.id != _decision(care, decided).filed.id


def test_a_change_of_dose_that_was_confirmed_since_is_to_be_filed_again(care, decided):
    _file_decision(care, decided)
    care.do(confirm_decision, care.prescriber, decided.id, decided.version, now=NOW + HOUR)
    assert _listed(care) == [decided.id]
    assert not _decision(care, decided).filed.is_as_now
    _file_decision(care, decided, now=NOW + 2 * HOUR)
    assert _listed(care) == []


def test_what_became_of_an_action_makes_nothing_due_again(care, decided):
    with care.database.writing() as db:
        action = an_agreed_action(db, decided, care.therapist)
    _file_decision(care, decided)
    care.do(end_action, care.therapist, action.id, ActionEnd.DONE, now=NOW + HOUR)
    assert _listed(care) == []


@pytest.mark.parametrize("of", ["a review that runs", "nothing decided", "nobody's"])
def test_what_is_not_decided_for_good_is_nothing_to_file(care, note, of):
    _file(care, note, now=NOW - 2 * HOUR)
    with care.database.writing() as db:
        runs = a_review(db, care.prescriber, ended_at=None)
        ended = a_review(db, care.prescriber)
        item = {
            "a review that runs": lambda: an_item(db, runs, care.course, care.prescriber),
            "nothing decided": lambda: an_item(db, ended, care.course),
            "nobody's": lambda: ReviewItem(id=new_id()),
        }[of]()
    assert _listed(care) == []
    with pytest.raises(NotFound):
        _file_decision(care, item)
    with pytest.raises(NotFound):
        _decision(care, item)


def test_a_filing_is_of_one_thing(care, note, decided):
    for ids in ({}, {"note_id": note.id, "review_item_id": decided.id}):
        with pytest.raises(NotFound):
            care.do(mark_filed, care.therapist, FilingEntered(new_id(), **ids))
    assert care.rows(Filing) == []


def test_who_is_on_the_course_files_a_decision_also_without_having_been_there(care, decided):
    with care.database.writing() as db:
        other = a_clinician(db, Function.THERAPIST, name="Otis Other")
        a_member(db, care.course, other, Part.COVER)
    assert _decision(care, decided, other).decided.item.words == "80 mg next time."
    _file_decision(care, decided, who=other)
    assert _listed(care, other) == []


@pytest.mark.parametrize("who", ["front_desk", "stranger"])
def test_nobody_else_reads_or_files_a_decision(care, note, decided, who):
    who = getattr(care, who)
    _file(care, note, now=NOW - 2 * HOUR)
    with pytest.raises((NotAllowed, NotFound)):
        _decision(care, decided, who)
    with pytest.raises((NotAllowed, NotFound)):
        _file_decision(care, decided, who=who)
    if who is care.stranger:
        assert _listed(care, who) == []
    assert _listed(care) == [decided.id]
