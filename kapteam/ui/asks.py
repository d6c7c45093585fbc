"""Questions between those who treat a client: on the client's page, and on a page of their own."""

from collections.abc import Callable, Iterable
from typing import Any

import streamlit as st

from kapteam import sentences, wording
from kapteam.actions.asks import (
    AnswerEntered,
    AskAgainEntered,
    AskEntered,
    answer_ask,
    ask,
    ask_again,
    read_answer,
    void_ask,
)
from kapteam.queries.asks import About, AskPage, Question
from kapteam.queries.standing import Person
from kapteam.rules.asks import AskStage, usual_due
from kapteam.rules.permissions import can_ask
from kapteam.ui.booking import say_who_is_away
from kapteam.ui.entered_in_error import draw_void_form, struck
from kapteam.ui.forms import Form, seen_beside, unused_id
from kapteam.ui.navigation import go, link
from kapteam.ui.page import live_part
from kapteam.ui.rows import phrase, row, section, words
from kapteam.ui.shell import Present, acting
from kapteam.ui.text import plain, quiet, strong
from kapteam.ui.written import folded_for_others
from kapteam.vocabulary import ConcernLevel, Tone
from kapteam.wording import Phrase

_MEDICINE_USE = "This is about medicine use: alcohol, benzodiazepines, other drugs or medicine"
_BECOMES = (
    "A medicine-use concern is raised with it: the next dose is held at once, and only the "
    "prescriber's note clears it"
)


def ask_link(here: Present, people: Iterable[Person | None], **about: Any) -> None:
    """The way to ask whoever else treats on a course, by name; nothing where nobody does."""
    others = {
        one.id: one.name for one in people if one and one.id and not here.viewer.stands_for(one.id)
    }
    if others and can_ask(here.viewer):
        label = plain(sentences.question_for(list(others.values())))
        link("ask", label, icon="contact_support", **about)


def draw_questions(here: Present, questions: tuple[Question, ...]) -> None:
    """The questions about a client, each with its answers; nothing takes no room."""
    if not questions:
        return
    with section("Questions", sum(one.is_open for one in questions), key="questions"):
        for one in questions:
            with st.container(gap="xsmall", key=f"question_{one.id}"):
                with row(f"question_head_{one.id}"):
                    _where_it_stands(here, one)
                    link("ask", _to_do(here, one), icon="chevron_right", id=one.id)
                _thread(here, one)


def _to_do(here: Present, one: Question) -> str:
    is_to_answer = one.standing.is_mine and one.standing.stage is AskStage.OPEN
    return "Answer" if is_to_answer else "Open"


def draw_ask_page(here: Present, page: AskPage, read: Callable[[Present], AskPage]) -> None:
    """The question that was asked for, with the ways to answer it; else the form that asks one.

    What was said comes by itself (`read` asks again); the forms stay as they are, with what is half
    typed in them.
    """

    def again(then: Present) -> AskPage:
        return page if then.asked is here.asked else read(then)

    # Named, because what the guard knows the page by takes no room in it (guard.css).
    with st.container(key="beside_forms"):
        live_part(here, lambda then: _live(then, again(then)))
    if page.question:
        _ways(here, page, page.question)
        if page.may_ask and page.colleagues:
            link("ask", "Ask another question", icon="contact_support", episode=page.episode_id)
    else:
        _form(here, page)
    settled = [one for one in page.questions if not one.is_open and one is not page.question]
    _listed(here, settled, "Earlier questions", "settled")


def _live(here: Present, page: AskPage) -> None:
    if page.question:
        _one(here, page.question)
    others = [one for one in page.questions if one.is_open and one is not page.question]
    _listed(here, others, "Other open questions" if page.question else "Open questions", "open")


def _listed(here: Present, questions: list[Question], title: str, key: str) -> None:
    if not questions:
        return
    with section(title, len(questions), key=f"{key}_questions"):
        for one in questions:
            with row(f"question_{one.id}"):
                _where_it_stands(here, one)
                link("ask", "Open", icon="chevron_right", id=one.id)


def _where_it_stands(here: Present, one: Question) -> None:
    """Who asked whom and when, and whose turn it is."""
    asked = wording.moment(one.asked_at, here.now, here.zone)
    if one.voided_at is not None:
        words(struck(here, f"Question for {one.of}, {one.by}, {asked}", one))
        return
    words(f"{strong(f'Question for {one.of}')} {quiet(f'{one.by}, {asked}')}")
    if one.standing.stage is AskStage.SETTLED:
        at = wording.moment(one.standing.at, here.now, here.zone)
        said = f"Not needed any more, {at}" if one.is_withdrawn else f"Answered and read {at}"
        words(f":material/check: {plain(said)}")
        return
    phrase(sentences.question_waits(one.standing, one.waits_on, here.now, here.zone))


def _one(here: Present, one: Question) -> None:
    """The question in full, and all that was said to it."""
    with st.container(border=True, gap="xsmall", key="question"):
        _where_it_stands(here, one)
        _about(here, one.about)
        _thread(here, one)
        _concern(one)
        is_to_read = one.standing.is_mine and one.standing.stage is AskStage.ANSWERED
        if is_to_read and one.voided_at is None:
            st.button(
                "That answers it",
                key=f"read_{one.id}_{one.version}",
                type="primary",
                on_click=_read,
                args=(one.id, one.version),
            )


@acting
def _read(here: Present, ask_id: str, version: int) -> None:
    here.write(read_answer, ask_id, version, here.now)
    seen_beside(ask_id, version)


def _about(here: Present, about: About) -> None:
    """What it is about, with the way there."""
    at = wording.moment(about.at, here.now, here.zone) if about.at else ""
    with row("about"):
        if about.ketamine_session_id:
            words(quiet(f"About the ketamine session of {at}"))
            link("ketamine_session", "Session", icon="chevron_right", id=about.ketamine_session_id)
        elif about.integration_session_id:
            words(quiet(f"About the integration session of {at}" if at else "About an integration"))
            link(
                "integration_session",
                "Session",
                icon="chevron_right",
                id=about.integration_session_id,
            )
        elif about.note_id and about.note:
            signed = f" signed {at}" if at else ", not signed yet"
            words(quiet(f"About the {wording.first_down(about.note.label)}{signed}"))
            if at:
                link("note", "Note", icon="chevron_right", id=about.note_id)


def _concern(one: Question) -> None:
    if one.concern_id is None:
        return
    with row("becomes"):
        if one.is_concern_open:
            phrase(Phrase("Medicine-use concern, open", Tone.AMBER, "emergency_heat"))
        else:
            words(quiet("The medicine-use concern was cleared"))
        link("concern", "Concern", icon="chevron_right", id=one.concern_id)


def _thread(here: Present, one: Question) -> None:
    with folded_for_others(here, "The question"):
        st.text(one.words)
        for turn in one.turns:
            at = wording.moment(turn.at, here.now, here.zone)
            words(f"{strong(turn.kind.label)} {quiet(f'{turn.by}, {at}')}")
            if turn.words:
                st.text(turn.words)


def _ways(here: Present, page: AskPage, one: Question) -> None:
    """What this person may say to it."""
    if one.voided_at is not None:
        return
    answers = here.viewer.stands_for(one.standing.of_id)
    asks = here.viewer.stands_for(one.standing.by_id)
    if answers and one.standing.stage is not AskStage.SETTLED:
        _answer(here, one)
    if asks:
        if one.standing.stage is not AskStage.OPEN:
            _again(here, page, one)
        draw_void_form(here, "the question", one.id, void_ask)
        if one.is_concern_open:
            words(quiet("The concern stays: only the prescriber's note clears it"))


def _answer(here: Present, one: Question) -> None:
    form = Form(here, "ask.answer", makes=unused_id(here))
    is_first = one.standing.stage is AskStage.OPEN
    form.area("words", "Your answer" if is_first else "More to your answer")
    form.save(
        "Answer" if is_first else "Add to the answer",
        answer_ask,
        lambda: form.entered(AnswerEntered, id=form.makes, ask_id=one.id),
        said="Answered",
    )


def _again(here: Present, page: AskPage, one: Question) -> None:
    with st.expander("Ask again", icon=":material/replay:"):
        form = Form(here, "ask.again", makes=unused_id(here, "new_again"))
        version = form.seen(one.version, of=one.id)
        # Above the words: who leaves them by the keyboard is not met by an open calendar.
        _due(here, form, [each for each in page.colleagues if each.id == one.standing.of_id])
        form.area("words", "What is still open")
        form.save(
            "Ask again",
            ask_again,
            lambda: form.entered(AskAgainEntered, id=form.makes, ask_id=one.id, version=version),
            said="Asked",
        )


def _form(here: Present, page: AskPage) -> None:
    """One question, whom it is for, and until when."""
    if not page.may_ask or not page.colleagues:
        words(
            "Nobody else is on this course of care to ask."
            if page.may_ask
            else "A question is asked on an open course of care, by who is on it."
        )
        return
    form = Form(here, "ask", makes=unused_id(here))
    people = {
        one.id: sentences.colleague(one, here.now, here.zone) for one in page.colleagues if one.id
    }
    first = next(iter(people))
    if len(people) == 1:
        st.subheader(plain(f"Question for {people[first]}"), anchor=False)
    else:
        st.subheader("Ask a colleague", anchor=False)
        form.pick("asked_of_id", "Question for", people, first)
    _about(here, page.about)
    form.area("words", "Your question")
    if form.check("about_medicine_use", _MEDICINE_USE):
        form.choice("level", "How much", list(ConcernLevel))
        phrase(Phrase(_BECOMES, Tone.AMBER, "pause"))
    chosen = form.value("asked_of_id") if len(people) > 1 else first
    _due(here, form, [one for one in page.colleagues if one.id == chosen])
    form.save(
        "Ask",
        ask,
        lambda: form.entered(
            AskEntered,
            id=form.makes,
            episode_id=page.episode_id,
            asked_of_id=form.value("asked_of_id") if len(people) > 1 else first,
            about_medicine_use=bool(form.value("about_medicine_use")),
            ketamine_session_id=page.about.ketamine_session_id,
            integration_session_id=page.about.integration_session_id,
            note_id=page.about.note_id,
        ),
        then=lambda ask_id: go("ask", id=ask_id),
        said="Asked",
    )


def _due(here: Present, form: Form, asked_of: list[Person]) -> None:
    """Until when, and that who is asked is away by then; who is away already is named with it."""
    on, at = usual_due(here.now, here.asked.practice.hours, here.zone)
    form.moment("on", "time", "Answer by", "At", on, wording.clock_time(at))
    ahead = {one.id: one.name for one in asked_of if one.id and one.away_until is None}
    if ahead:
        say_who_is_away(here, ahead, form.instant("on", "time"))
