"""Before the dose: the two keys of a ketamine session, and the answers that turn them."""

from dataclasses import dataclass

import streamlit as st

from kapteam import sentences, wording
from kapteam.actions.readiness import AnswerEntered, answer_readiness, tell_ride
from kapteam.ids import id_within
from kapteam.queries.ketamine_session import KetamineSessionPage
from kapteam.queries.readiness import AnswerLine
from kapteam.queries.standing import CourseSessions, DoseLine, Person
from kapteam.rules.dosing import ends_session
from kapteam.rules.permissions import can_book, can_order_dose, can_record_session
from kapteam.rules.readiness import (
    ASKED,
    DECIDED,
    KEYS,
    ON_THE_DAY,
    READ,
    decides,
    needs_words,
    possible_answers,
    still_to_ask,
)
from kapteam.rules.spravato import is_spravato
from kapteam.ui.forms import Form, unused_id
from kapteam.ui.rows import phrase, row, section, words
from kapteam.ui.shell import Present
from kapteam.ui.spravato import draw_first_dose
from kapteam.ui.text import plain, quiet, said
from kapteam.ui.written import free_words
from kapteam.vocabulary import Answer, ForReview, Part, ReadinessItem, Tone
from kapteam.wording import Phrase

_COLUMN = 420
_SAID_ELSEWHERE = {*ASKED, ReadinessItem.INTENTION, ReadinessItem.POSTPONE}
"""What is asked has its own row here, and an intention stands at the top of the page."""
_LABELS = {Answer.NOT_FINE: "What was said or seen", Answer.GO_AHEAD: "Go ahead, because"}


@dataclass(frozen=True, slots=True)
class _Key:
    """What belongs to the one of the two, and who that is."""

    part: Part
    person: Person | None

    @property
    def name(self) -> str:
        return self.person.name if self.person else self.part.label


def draw_readiness(here: Present, shown: KetamineSessionPage) -> None:
    """Who is waited for and for what; below it each key with what settles it.

    Of a session that did not take place, whether its ride knows; of a dose that was given, what
    somebody went ahead without, and who takes the client home.
    """
    if ends_session(shown.status):
        _draw_ride_to_tell(here, shown)
    if shown.counted:
        _draw_decided(here, shown)
    line = shown.line
    if line is None or not line.status.is_open or shown.counted:
        return
    keys = _keys(shown.of_course)
    with section("Before the dose", key="readiness"):
        phrase(_in_short(here, shown, line, keys))
        two = st.grid(2, min_column_width=_COLUMN)
        for key in keys:
            with two.cell(), st.container(gap="xsmall", key=f"key_{key.part.value}"):
                _draw_key(here, shown, line, key)


def _is_the_day(here: Present, shown: KetamineSessionPage) -> bool:
    return shown.planned_at.astimezone(here.zone).date() <= here.today


def _in_short(
    here: Present, shown: KetamineSessionPage, line: DoseLine, keys: tuple[_Key, _Key]
) -> Phrase:
    if shown.course.is_on_hold:
        return Phrase("The course is on hold.", Tone.AMBER, "pause")
    asked = len(still_to_ask(shown.answers)) if _is_the_day(here, shown) else 0
    return _two_keys(line, keys, asked=asked)


def draw_waits(of_course: CourseSessions, session_id: str) -> None:
    """Who is waited for and for what before a dose, in one line; nothing while nobody is."""
    line = next((one for one in of_course.doses if one.id == session_id), None)
    if line and line.lacks:
        phrase(_two_keys(line, _keys(of_course), asked=0))


def _keys(of_course: CourseSessions) -> tuple[_Key, _Key]:
    return (
        _Key(Part.PRESCRIBER, of_course.prescriber or of_course.therapist),
        _Key(Part.THERAPIST, of_course.therapist or of_course.prescriber),
    )


def _two_keys(line: DoseLine, keys: tuple[_Key, _Key], *, asked: int) -> Phrase:
    waits = [(key.name, [one.what for one in line.lacks if one.part is key.part]) for key in keys]
    tone = Tone.RED if any(one.tone is Tone.RED for one in line.lacks) else Tone.AMBER
    return sentences.two_keys(waits, tone, asked=asked, is_ready=line.is_ready)


def _draw_key(here: Present, shown: KetamineSessionPage, line: DoseLine, key: _Key) -> None:
    words(f"**{plain(key.name)}**")
    for one in line.lacks:
        if one.part is key.part and one.item not in _SAID_ELSEWHERE:
            phrase(sentences.lacking(one))
    if key.part is Part.PRESCRIBER:
        is_first = shown.is_first and line.number == 1
        draw_first_dose(shown.product_route, shown.ordered_ug, is_first=is_first)
    for item in _settled(line, key.part):
        phrase(sentences.settled(item))
    if key.part is Part.THERAPIST and not line.at_home:
        _draw_item(here, shown, ReadinessItem.RIDE)
    if not here.viewer.reads_notes:
        return
    for item in DECIDED:
        if KEYS[item] is key.part:
            _draw_decision(here, shown, line, item)
    for item in KEYS:
        is_asked_now = _is_the_day(here, shown) or item in shown.answers
        if item in ON_THE_DAY and KEYS[item] is key.part and is_asked_now:
            _draw_item(here, shown, item)
    for item in READ:
        if KEYS[item] is key.part and (line.is_lacking(item) or item in shown.answers):
            _draw_item(here, shown, item)


def _settled(line: DoseLine, part: Part) -> list[ReadinessItem]:
    """What of this key the rows themselves say is as it should be."""
    if part is Part.PRESCRIBER:
        asks = [ReadinessItem.ENROLLMENT] if is_spravato(line.product_route) else []
        wanted = [ReadinessItem.CLEARANCE, ReadinessItem.CONSENT, *asks, ReadinessItem.DOSE]
    else:
        wanted = [ReadinessItem.HOME] if line.at_home else []
    return [item for item in wanted if not line.is_lacking(item)]


def _draw_item(here: Present, shown: KetamineSessionPage, item: ReadinessItem) -> None:
    """One thing that is asked: what was answered, and the ways to answer it."""
    known = shown.answers.get(item)
    is_ride = item is ReadinessItem.RIDE
    may = can_book(here.viewer) if is_ride else can_record_session(here.viewer)
    may = may and not (is_ride and here.viewer.hides_names)
    if item in READ:
        may = may and decides(item, prescribes=can_order_dose(here.viewer))
    with row(f"readiness_{item.value}"):
        if known:
            _draw_answer(here, item, known)
        elif is_ride:
            phrase(Phrase("No ride home yet", Tone.AMBER, "directions_car"))
        if not may:
            if not known and item in ON_THE_DAY:
                words(quiet(sentences.QUESTIONS[item]))
            return
        if known or item not in ON_THE_DAY:
            title = "Change" if known else "Decide"
            named = f"{title}: {sentences.QUESTIONS[item].lower()}"
            if is_ride and not known:
                named = "Who takes them home"
            with st.popover(named, width="content", key=f"change_{item.value}"):
                for answer in possible_answers(item):
                    _answer_form(here, shown, item, answer)
            return
        for answer in possible_answers(item):
            if answer is Answer.NOT_FINE:
                with st.popover(
                    f"{sentences.answer(item, answer)} …",
                    width="content",
                    key=f"amiss_{item.value}",
                ):
                    _answer_form(here, shown, item, answer)
            elif answer is not Answer.GO_AHEAD:
                _answer_form(here, shown, item, answer)


def _draw_decided(here: Present, shown: KetamineSessionPage) -> None:
    decided = [
        (item, shown.answers[item])
        for item in KEYS
        if item in shown.answers
        and (item is ReadinessItem.RIDE or shown.answers[item].answer is Answer.GO_AHEAD)
    ]
    lacks_ride = not shown.at_home and ReadinessItem.RIDE not in shown.answers
    unasked = still_to_ask(shown.answers) if here.viewer.reads_notes and not shown.at_home else ()
    if not (decided or lacks_ride or unasked):
        return
    is_found_yet = shown.status.is_open and shown.discharged_at is None
    with section("Before the dose", key="decided"):
        for item, known in decided:
            _draw_answer(here, item, known)
        if lacks_ride and is_found_yet:
            _draw_item(here, shown, ReadinessItem.RIDE)
        elif lacks_ride:
            phrase(Phrase(ForReview.NO_RIDE.label, Tone.AMBER, "directions_car"))
        if unasked:
            words(quiet(sentences.unasked(unasked)))


def _draw_decision(
    here: Present, shown: KetamineSessionPage, line: DoseLine, item: ReadinessItem
) -> None:
    """What the rows say is lacking: who went ahead without it and why, or the way to do so."""
    known = shown.answers.get(item)
    if known is None and not line.is_lacking(item):
        return
    with row(f"readiness_{item.value}"):
        if known:
            _draw_answer(here, item, known)
        elif can_record_session(here.viewer):
            with st.popover("Go ahead without it", width="content", key=f"change_{item.value}"):
                _answer_form(here, shown, item, Answer.GO_AHEAD)


def _draw_answer(here: Present, item: ReadinessItem, known: AnswerLine) -> None:
    at = wording.moment(known.at, here.now, here.zone)
    what = sentences.answered(item, known.answer)
    why = f": {free_words(here, known.words)}" if known.words else ""
    words(f"{said(what)}{plain(why)} {quiet(f'{known.by}, {at}')}")


def _answer_form(
    here: Present, shown: KetamineSessionPage, item: ReadinessItem, answer: Answer
) -> None:
    known = shown.answers.get(item)
    if known and known.answer is answer and not needs_words(item, answer):
        return
    if answer is Answer.GO_AHEAD and not _may_go_ahead(here, item, known):
        return
    replaces = known.id if known else ""
    form = Form(here, f"ready.{item.value}.{answer.value}", shown.id, makes=unused_id(here))
    seen = form.seen(replaces, of=f"{shown.id}.{item.value}")
    if needs_words(item, answer):
        is_same = known is not None and known.answer is answer
        form.line(
            "words",
            _LABELS.get(answer, "Who takes them home, name and phone"),
            known.words if known and is_same else "",
        )
    form.save(
        sentences.answer(item, answer),
        answer_readiness,
        lambda: form.entered(
            AnswerEntered,
            id=id_within(form.makes, f"{item.value} {answer.value} after {seen}"),
            ketamine_session_id=shown.id,
            item=item,
            answer=answer,
            replaces=seen,
        ),
        kind="secondary",
    )


def _may_go_ahead(here: Present, item: ReadinessItem, known: AnswerLine | None) -> bool:
    """Whether there is something to decide, and it is theirs."""
    is_fine = known is not None and known.answer in {Answer.FINE, Answer.NOT_NEEDED}
    return not is_fine and decides(item, prescribes=can_order_dose(here.viewer))


def _draw_ride_to_tell(here: Present, shown: KetamineSessionPage) -> None:
    ride = shown.answers.get(ReadinessItem.RIDE)
    if ride is None or ride.answer is not Answer.FINE:
        return
    with row("ride_to_tell"):
        who = free_words(here, ride.words)
        phrase(Phrase(f"The ride does not know yet: {who}", Tone.AMBER, "directions_car"))
        if can_book(here.viewer):
            Form(here, "ride_told", shown.id).save(
                "The ride was told", tell_ride, lambda: shown.id, kind="secondary"
            )
