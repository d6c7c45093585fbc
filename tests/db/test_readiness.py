"""What is asked before a ketamine session: who answers, what counts, and when it lapses."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from kapteam.actions.booking import (
    EndKetamineEntered,
    MoveKetamineEntered,
    cancel_ketamine_session,
    move_ketamine_session,
)
from kapteam.actions.readiness import AnswerEntered, answer_readiness, tell_ride
from kapteam.db.tables import KetamineSession, ReadinessAnswer
from kapteam.errors import Conflict, Invalid, NotAllowed, NotFound
from kapteam.ids import new_id
from kapteam.queries.ketamine_session import ketamine_session_page
from kapteam.queries.standing import course_standings
from kapteam.rules.attention import Reason
from kapteam.vocabulary import Answer, Audience, Part, ReadinessItem, SessionStatus
from tests.factories import NOW, TODAY, audit_events
from tests.factories_care import (
    ON_SQLITE,
    Care,
    a_cared_for_client,
    a_given_session,
    a_ketamine_session,
    a_signed_intention,
    an_answer,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Item = ReadinessItem
RIDE = "Ngozi Okafor, sister, 602-555-0177"


@pytest.fixture
def care(database) -> Care:
    return a_cared_for_client(database)


@pytest.fixture
def planned(care) -> KetamineSession:
    """Tomorrow's session: ordered, its intention signed, and nobody takes the client home."""
    with care.database.writing() as db:
        session = a_ketamine_session(db, care.course, ride="")
        a_signed_intention(db, session, care.therapist)
    return session


def _entered(session: KetamineSession, item: Item = Item.RIDE, **more: Any) -> AnswerEntered:
    entered = AnswerEntered(new_id(), session.id, item, Answer.FINE, "", "")
    usual = {"words": RIDE} if item is Item.RIDE else {}
    return replace(entered, **(usual | more))


def _standing(care: Care, who=None):
    with care.database.reading() as db:
        (course,) = course_standings(db, care.asked_by(who or care.therapist))
    return course


def _counting(care: Care) -> list[ReadinessAnswer]:
    return care.rows(ReadinessAnswer, replaced_at=None)


def test_rule_25_a_session_is_ready_once_somebody_takes_the_client_home(care, planned):
    (dose,) = _standing(care).ahead
    assert dose.waits == (Part.THERAPIST, "ride home")
    assert not dose.is_ready
    assert Reason.NO_RIDE in [one.reason for one in _standing(care).attention]

    care.do(answer_readiness, care.front_desk, _entered(planned))
    (dose,) = _standing(care).ahead
    assert dose.waits == (None, "")
    assert dose.is_ready
    (event,) = audit_events(care.database, "readiness:answered")
    assert event.changes == {"item": "ride", "answer": [None, "fine"]}


def test_an_answer_saved_twice_is_kept_once(care, planned):
    entered = _entered(planned)
    for _ in range(2):
        care.do(answer_readiness, care.therapist, entered)
    assert len(care.rows(ReadinessAnswer)) == 1
    assert len(audit_events(care.database, "readiness:answered")) == 1


def test_who_answers_anew_keeps_what_was_said_before(care, planned):
    first = _entered(planned, Item.MEDICINES)
    care.do(answer_readiness, care.therapist, first)
    second = _entered(
        planned,
        Item.MEDICINES,
        answer=Answer.NOT_FINE,
        words="Bupropion since Friday",
        replaces=first.id,
    )
    care.do(answer_readiness, care.nurse, second, now=NOW + timedelta(minutes=5))
    assert [one.id for one in _counting(care)] == [second.id]
    assert care.row(ReadinessAnswer, first.id).replaced_at == NOW + timedelta(minutes=5)
    assert care.row(ReadinessAnswer, first.id).answer is Answer.FINE


def test_nobody_answers_over_a_colleague_s_answer_unseen(care, planned):
    care.do(answer_readiness, care.therapist, _entered(planned))
    with pytest.raises(Conflict) as refused:
        care.do(answer_readiness, care.nurse, _entered(planned, words="A cab"))
    assert refused.value.theirs == {"words": RIDE}
    assert refused.value.mine == {"words": "A cab"}
    assert [one.words for one in _counting(care)] == [RIDE]


@pytest.mark.parametrize(
    ("item", "answer", "words", "sentence"),
    [
        (Item.RIDE, Answer.FINE, "", "Who takes them home is needed."),
        (Item.RIDE, Answer.FINE, "x" * 121, "120 is the most"),
        (Item.PREGNANCY, Answer.NOT_FINE, " ", "What was said or seen is needed."),
        (Item.FASTING, Answer.GO_AHEAD, "", "The reason is needed."),
        (Item.MIND, Answer.GO_AHEAD, "Seems fine to me", "Only a prescriber decides"),
        (Item.RIDE, Answer.GO_AHEAD, "Walks home", "Only a prescriber decides"),
    ],
)
def test_what_says_nothing_or_is_not_theirs_to_decide_is_refused_beside_the_words(
    care, planned, item, answer, words, sentence
):
    entered = _entered(planned, item, answer=answer)
    with pytest.raises(Invalid) as refused:
        care.do(answer_readiness, care.therapist, replace(entered, words=words))
    assert sentence in refused.value.fields["words"]
    assert care.rows(ReadinessAnswer) == []


@pytest.mark.parametrize(
    ("item", "answer"),
    [
        (Item.RIDE, Answer.NOT_FINE),
        (Item.FASTING, Answer.NOT_NEEDED),
        (Item.CLEARANCE, Answer.FINE),
        (Item.DOSE, Answer.GO_AHEAD),
    ],
)
@ON_SQLITE
def test_what_the_rows_say_themselves_is_not_answered(care, planned, item, answer):
    with pytest.raises(Invalid) as refused:
        care.do(
            answer_readiness,
            care.prescriber,
            _entered(planned, item, answer=answer, words="Said so"),
        )
    assert "answer" in refused.value.fields


def test_rule_26_only_a_prescriber_goes_ahead_where_it_is_hard(care, planned):
    care.do(answer_readiness, care.therapist, _entered(planned))
    amiss = _entered(planned, Item.PREGNANCY, answer=Answer.NOT_FINE, words="Not known")
    care.do(answer_readiness, care.therapist, amiss)
    (dose,) = _standing(care).ahead
    assert dose.waits == (Part.PRESCRIBER, "pregnancy")
    assert Reason.TO_DECIDE in [one.reason for one in _standing(care).attention]

    decided = _entered(
        planned,
        Item.PREGNANCY,
        answer=Answer.GO_AHEAD,
        words="Test negative today",
        replaces=amiss.id,
    )
    for who in (care.therapist, care.nurse):
        with pytest.raises(Invalid):
            care.do(answer_readiness, who, decided)
    care.do(answer_readiness, care.prescriber, decided)
    assert _standing(care).ahead[0].is_ready
    assert "Test negative" not in str(audit_events(care.database, "readiness:answered")[-1].changes)


def test_the_front_desk_finds_a_ride_and_neither_asks_nor_reads_the_rest(care, planned):
    with care.database.writing() as db:
        session = db.get_one(KetamineSession, planned.id)
        an_answer(db, session, Item.MIND, Answer.NOT_FINE, words="Speaks very fast")
    for item in (one for one in Item if one is not Item.RIDE):
        with pytest.raises(NotAllowed):
            care.do(answer_readiness, care.front_desk, _entered(planned, item))
    care.do(answer_readiness, care.front_desk, _entered(planned))
    with care.database.reading() as db:
        page = ketamine_session_page(db, care.asked_by(care.front_desk), planned.id)
        theirs = ketamine_session_page(db, care.asked_by(care.therapist), planned.id)
    assert set(page.answers) == {Item.RIDE}
    assert set(theirs.answers) == {Item.RIDE, Item.MIND}
    assert [one.what for one in page.line.lacks] == ["a question of the day"]


def test_somebody_who_is_not_on_the_course_neither_answers_nor_tells(care, planned):
    with pytest.raises(NotFound):
        care.do(answer_readiness, care.stranger, _entered(planned))
    with pytest.raises(NotFound):
        care.do(tell_ride, care.stranger, planned.id)


def test_no_name_is_typed_while_others_can_see_the_screen(care, planned):
    others = replace(care.therapist, audience=Audience.OTHERS)
    with pytest.raises(NotAllowed):
        care.do(answer_readiness, others, _entered(planned))


@pytest.mark.parametrize("given", [True, False])
def test_rule_29_nothing_is_answered_before_what_is_over_or_under_way(care, given):
    with care.database.writing() as db:
        if given:
            session = a_given_session(
                db, care.course, given_at=NOW - DAY, status=SessionStatus.STARTED
            )
        else:
            session = a_ketamine_session(db, care.course, status=SessionStatus.MISSED)
    for item in (Item.FASTING, Item.LAST_NOTE, *([] if given else [Item.RIDE])):
        with pytest.raises(NotAllowed):
            care.do(answer_readiness, care.prescriber, _entered(session, item))
    assert care.rows(ReadinessAnswer) == []


def test_a_ride_may_be_found_until_the_client_is_out(care):
    with care.database.writing() as db:
        session = a_given_session(
            db, care.course, given_at=NOW - 3 * HOUR, status=SessionStatus.STARTED
        )
    first = _entered(session)
    care.do(answer_readiness, care.front_desk, first)
    with care.database.writing() as db:
        db.merge(session).discharged_at = NOW
    with pytest.raises(NotAllowed):
        care.do(answer_readiness, care.front_desk, _entered(session, replaces=first.id))
    assert [one.id for one in _counting(care)] == [first.id]


def test_rule_29_an_answer_is_about_one_session_and_no_other(care, planned):
    with care.database.writing() as db:
        a_ketamine_session(db, care.course, planned_at=NOW + 2 * DAY, ride="")
    care.do(answer_readiness, care.therapist, _entered(planned))
    first, second = _standing(care).ahead
    assert not first.is_lacking(Item.RIDE)
    assert second.is_lacking(Item.RIDE)


@pytest.mark.parametrize("ride_comes", [True, False])
def test_who_moves_a_session_asks_anew_but_for_a_ride_that_comes_then_too(
    care, planned, ride_comes
):
    care.do(answer_readiness, care.therapist, _entered(planned))
    care.do(answer_readiness, care.therapist, _entered(planned, Item.FASTING))
    moved = MoveKetamineEntered(
        planned.id, 1, TODAY + 2 * DAY, "2 pm", None, "", ride_comes=ride_comes
    )
    care.do(move_ketamine_session, care.therapist, moved)
    assert [one.item for one in _counting(care)] == ([Item.RIDE] if ride_comes else [])


def test_a_cancelled_session_says_that_its_ride_does_not_know_until_it_was_told(care, planned):
    care.do(answer_readiness, care.therapist, _entered(planned))
    with pytest.raises(NotFound):
        care.do(tell_ride, care.front_desk, planned.id)
    cancelled = EndKetamineEntered(planned.id, 1, "The baby has a cold")
    care.do(cancel_ketamine_session, care.front_desk, cancelled)
    assert len(_counting(care)) == 1
    for _ in range(2):
        care.do(tell_ride, care.front_desk, planned.id)
    assert _counting(care) == []
    assert len(audit_events(care.database, "readiness:ride_told")) == 1


def test_the_form_that_cancels_settles_the_ride_as_well(care, planned):
    care.do(answer_readiness, care.therapist, _entered(planned))
    entered = EndKetamineEntered(planned.id, 1, "The baby has a cold", ride_told=True)
    for _ in range(2):
        care.do(cancel_ketamine_session, care.front_desk, entered)
    assert _counting(care) == []
    (event,) = audit_events(care.database, "ketamine_session:cancelled")
    assert event.changes["ride_told"] is True
