"""Entering an outcome measure: its answers as one line or one by one, a total alone, a result."""

from collections.abc import Iterable
from functools import partial

import streamlit as st

from kapteam import sentences
from kapteam.actions.scores import ScoreEntered, record_score
from kapteam.queries.scores import ScoreLine, ScorePage
from kapteam.rules.instruments import Instrument, Item
from kapteam.rules.permissions import can_read_scores
from kapteam.rules.scoring import (
    NOT_ANSWERED,
    Answers,
    answers_before_a_slip,
    answers_so_far,
    score,
    typed_answers,
)
from kapteam.ui.forms import Form, unused_id
from kapteam.ui.rows import phrase, words
from kapteam.ui.scores import draw_beside_others, draw_what_it_says, taken
from kapteam.ui.shell import Present, acting
from kapteam.ui.text import aloud, plain, quiet, said
from kapteam.ui.written import folded_for_others
from kapteam.vocabulary import Term, Tone
from kapteam.wording import Phrase

_WIDEST = 900


class EnteredAs(Term):
    """The ways to enter what a form says."""

    LINE = "line", "One line"
    ITEMS = "items", "One by one"
    TOTAL = "total", "Total only"


def draw_entry(here: Present, page: ScorePage, measure: str) -> None:
    """What was saved last, then the form for one more; `measure` is the id of one to start from."""
    if page.saved:
        _saved(here, page.saved)
    if not page.measures:
        words("The practice uses no outcome measure. An administrator switches them on.")
        return
    if page.saved:
        st.subheader("Enter another", anchor=False)
    with st.container(width=_WIDEST, key="entry"):
        _form(here, page, measure)


def _saved(here: Present, line: ScoreLine) -> None:
    with st.container(border=True, gap="xxsmall", key="saved"):
        words(f":material/check: **{plain(line.name)}** {quiet(taken(here, line))}")
        if line.scored is None:
            whole = "complete" if line.is_complete else "not complete"
            words(f"Kept, {whole}. Hand the form to a clinician: they see what it came to.")
        else:
            with folded_for_others(here, "What it came to"):
                draw_what_it_says(here, line, line.scored)
            draw_beside_others(here, line)


def _form(here: Present, page: ScorePage, measure: str) -> None:
    form = Form(here, "score", makes=unused_id(here))
    with st.container(horizontal=True, key="what_and_when"):
        with st.container(width=300):
            chosen = form.pick(
                "instrument_id",
                "Measure",
                {id_: one.name for id_, one in page.measures.items()},
                measure if measure in page.measures else next(iter(page.measures)),
            )
        with st.container(width=200):
            on = form.day("taken_on", "Taken on", here.today, past=True)
        with st.container(width=220):
            at = form.time("taken_time", "at (empty: only the day)")
    if on in page.dosed_on and not at.strip():
        form.check("is_before_dose", "Before the dose of that day")
    instrument = page.measures.get(chosen or "")
    if instrument:
        _answers(here, form, instrument)
    form.save(
        "Save the score",
        record_score,
        lambda: form.entered(
            ScoreEntered,
            id=form.makes,
            episode_id=page.episode_id,
            is_before_dose=bool(form.value("is_before_dose")),
            is_total_only=form.value("how") is EnteredAs.TOTAL,
        ),
        then=_show_saved,
    )


def _show_saved(score_id: str) -> None:
    st.query_params["saved"] = score_id


def _answers(here: Present, form: Form, instrument: Instrument) -> None:
    """The fields of what is known of a form: its answers, a total alone, or a result."""
    words(quiet(f"{instrument.full_name}. {instrument.form}."))
    if not instrument.takes_total:
        results = {str(band.least): band.label for band in instrument.bands}
        form.pick("result", "Result", results)
        return
    how = EnteredAs.TOTAL
    if instrument.takes_answers:
        how = form.choice("how", "Enter", list(EnteredAs), EnteredAs.LINE) or EnteredAs.LINE
    if how is EnteredAs.TOTAL:
        form.line("total", f"Total, {instrument.minimum} to {instrument.maximum}", width=200)
        for one in instrument.critical:
            words(quiet(f"A total alone: item {one.item} stays unknown."))
        return
    hint = f"{len(instrument.items)} digits, {NOT_ANSWERED} for one that was not answered"
    line = form.line("answers", "Answers", hint=hint, width=420)
    # Another form is another mark, so that whoever has a pile of them goes on typing.
    st.html(f'<i data-kapteam-begin="Answers" data-form="{form.makes}">')
    try:
        answers = answers_so_far(instrument, line)
    except ValueError as error:
        if form.sentence("answers") != str(error):
            phrase(Phrase(str(error), Tone.AMBER, "error"))
        _echo(instrument, answers_before_a_slip(instrument, line))
        return
    phrase(_so_far(here, instrument, answers))
    if instrument.asks:
        words(f"*{plain(instrument.asks)}*")
    if how is EnteredAs.ITEMS:
        _one_by_one(form, instrument, answers)
    else:
        _echo(instrument, answers)


def _so_far(here: Present, instrument: Instrument, answers: Answers) -> Phrase:
    """How far the form is; once it is whole, to whom reads it, what it comes to."""
    of = len(instrument.items)
    scored = score(instrument, answers)
    number = of - len(scored.missing)
    told = f"{number} of {of} answered"
    if number and scored.missing:
        told = f"{told}, no total yet: {sentences.unanswered(scored.missing)}"
        return Phrase(told, Tone.AMBER, "pending")
    if scored.is_complete and can_read_scores(here.viewer):
        return Phrase(f"{told}: {sentences.came_to(scored)}", icon="check")
    return Phrase(told, icon="check" if scored.is_complete else "")


def _echo(instrument: Instrument, answers: Answers) -> None:
    """Each item with the answer that was typed, so that a slip is seen before it is saved."""
    is_begun = any(one is not None for one in answers)
    lines = []
    for item, answer in zip(instrument.asked, answers, strict=True):
        if answer is not None:
            told = f"**{_label(instrument, item, str(answer))}**"
        elif is_begun and item in instrument.items:
            told = said(Phrase("Not answered", Tone.AMBER))
        else:
            told = quiet("Not answered")
        lines.append(f"{item.number}. {plain(item.text or 'Item')}: {told}")
    st.markdown("\n".join(lines))


def _one_by_one(form: Form, instrument: Instrument, answers: Answers) -> None:
    """Each item with its answers to choose from. They write the line, and are drawn from it."""
    for item, mark in zip(instrument.asked, _marks(answers), strict=True):
        field = f"item.{item.number}"
        form.put(field, mark)
        marks = [str(option.value) for option in instrument.options_of(item)] + [NOT_ANSWERED]
        st.radio(
            aloud(f"Item {item.number}: {item.text}" if item.text else f"Item {item.number}"),
            marks,
            key=form.key(field),
            format_func=partial(_label, instrument, item),
            horizontal=True,
            on_change=_answered,
            args=(form, instrument, item.number),
        )


def _marks(answers: Answers) -> Iterable[str]:
    """What stands for each answer in the line."""
    return (typed_answers((one,)) for one in answers)


@acting
def _answered(here: Present, form: Form, instrument: Instrument, number: int) -> None:
    try:
        answers = answers_so_far(instrument, form.value("answers") or "")
    except ValueError:
        return  # It was typed in the same moment; the line stays, and the page says what is wrong.
    marks = list(_marks(answers))
    marks[number - 1] = form.value(f"item.{number}")
    form.put("answers", "".join(marks))


def _label(instrument: Instrument, item: Item, mark: str) -> str:
    """The words of an answer with its number, or that there is none, as Markdown."""
    if mark == NOT_ANSWERED:
        return "Not answered"
    label = next(one.label for one in instrument.options_of(item) if str(one.value) == mark)
    return plain(f"{mark}, {label}" if label else mark)
