"""Outcomes: what is counted, each rate with what it is of, and how far the clients got."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import streamlit as st

from kapteam import sentences, wording
from kapteam.charts.palette import DARK, LIGHT
from kapteam.charts.spreads import gains, gains_in_words
from kapteam.queries.outcomes import Outcomes, Wanted
from kapteam.rules.change import PRIMARY
from kapteam.rules.instruments import Instrument
from kapteam.rules.outcomes import LEAST_CHARTED, Held, Period, Question, Rate, Spread
from kapteam.ui.rows import section, words
from kapteam.ui.shell import Present
from kapteam.ui.showing import whose
from kapteam.ui.text import plain, quiet, strong
from kapteam.vocabulary import Indication, ProductRoute, Term

_Choice = TypeVar("_Choice", bound=Term)
_INDENT = "\u2003"
_CHANGES = (Question.AFTER_4, Question.AFTER_6)
_WHAT = {
    Question.RESPONSE: "Response",
    Question.REMISSION: "Remission",
    Question.AFTER_4: "Better after dose 4",
    Question.AFTER_6: "Better after dose 6",
    Question.TIME: "Days to response",
}


@dataclass(frozen=True, slots=True)
class _Row:
    """One rate of the table: what of whom, and where the figures lie if it has any."""

    what: str
    of: str
    rate: Rate
    spread: str = ""


_BY_WHICH_SCORE = (
    "Response and remission go by the last score since dose 4 (Spravato: dose 8), or since the "
    "last dose of a series that ended before."
)


def ask_what(here: Present) -> Wanted:
    """Since when, by which product and route, for what is treated, and whose."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="outcomes_what"):
        period = st.selectbox(
            "Series that began, doses given",
            list(Period),
            index=list(Period).index(Period.YEAR),
            format_func=_label,
            key="outcomes_period",
            bind="query-params",
            width=210,
        )
        route = _pick("Product and route", tuple(ProductRoute), "outcomes_route")
        indication = _pick("What is treated", tuple(Indication), "outcomes_indication")
        everyone = whose(here, "outcomes_whose")
    return Wanted(period or Period.YEAR, route, indication, everyone)


def _pick(label: str, options: Sequence[_Choice], key: str) -> _Choice | None:
    return st.selectbox(
        label,
        options,
        index=None,
        placeholder="Any",
        format_func=_label,
        key=key,
        bind="query-params",
        width=230,
    )


def _label(term: Term) -> str:
    return term.label


def draw_outcomes(here: Present, found: Outcomes) -> None:
    """Every rate with what it is of, how far clients got by measure, and all of it as a table."""
    if not found.given and not found.begun:
        words("No dose was given here in this time.")
        return
    doses, series = wording.count(found.given, "dose"), _series(found.begun)
    words(
        quiet(
            f"{doses} given, {series} begun. A group of fewer than {LEAST_CHARTED} is counted, "
            "and never drawn."
        )
    )
    _after_the_dose(here, found)
    _before_the_dose(found)
    for instrument in found.measures:
        if any(one.measure_id == instrument.id for one in found.series):
            _by_measure(found, instrument)
    unmeasured = sum(
        one.number
        for one in found.series
        if one.question is Question.RESPONSE and one.measure_id is None
    )
    if unmeasured:
        words(
            f"{_series(unmeasured)} more: no measure here is about what "
            "is treated, so nobody is judged by one."
        )
    with st.expander("Show as a table"):
        st.table([_cells(one) for one in _rows(found)], hide_index=True, border="horizontal")


def _series(number: int) -> str:
    return wording.count(number, "series", "series")


def _after_the_dose(here: Present, found: Outcomes) -> None:
    hours = here.asked.practice.thresholds.integration_target_hours
    with section("Integration in time", key="outcomes_integration"):
        rate, held = found.held_in_time(), found.held()
        _line(f"Held within {hours}{wording.NBSP}hr of the dose", rate)
        rest = ", ".join(
            f"{held[one]} {one.label}"
            for one in (Held.LATE, Held.CLOSED, Held.NOT_HELD)
            if held[one]
        )
        if rest:
            st.markdown(quiet(f"Of the others: {rest}"))
        _by_route(found, found.held_in_time)


def _before_the_dose(found: Outcomes) -> None:
    with section("Intention before the dose", key="outcomes_intention"):
        _line("Signed before the dose began", found.intended())
        _by_route(found, found.intended)


def _by_route(found: Outcomes, rate_of: Callable[[ProductRoute], Rate]) -> None:
    """The same by route; not of one by which no dose was given that could count."""
    for route in _further(found):
        rate = rate_of(route)
        if rate.of or rate.left_out:
            _line(route.label, rate, small=True)


def _further(found: Outcomes) -> tuple[ProductRoute, ...]:
    """The routes, where there is more than one to tell apart."""
    return found.routes if len(found.routes) > 1 else ()


def _by_measure(found: Outcomes, instrument: Instrument) -> None:
    with section(f"{_treated(instrument)}: {instrument.name}", key=f"outcomes_{instrument.id}"):
        st.markdown(quiet(_BY_WHICH_SCORE))
        for question in (Question.RESPONSE, Question.REMISSION):
            label = _named(question, instrument)
            _line(label, found.rate(question, instrument.id), help_=_rule(question, instrument))
            rates = [(one, found.rate(question, instrument.id, one)) for one in found.routes]
            there = [(route, rate) for route, rate in rates if rate.of or rate.left_out]
            # Of one route alone it would be said twice.
            for route, rate in there if len(there) > 1 else ():
                _line(route.label, rate, small=True)
        _line("A response at any time", found.rate(Question.TIME, instrument.id))
        took = found.figures(Question.TIME, instrument.id)
        if took is not None and took.number >= LEAST_CHARTED:
            st.markdown(f"{_WHAT[Question.TIME]}: {plain(sentences.days_to(took))}")
        elif took is not None:
            st.markdown(f"{_WHAT[Question.TIME]}: {took.number} responded, too few to say how long")
        _changes(found, instrument)


def _treated(instrument: Instrument) -> str:
    """What a measure is the primary one of: the first indication that it stands for."""
    treated = next(treated for treated, ids in PRIMARY if instrument.id in ids)
    return next(one.label for one in Indication if one in treated)


def _named(question: Question, instrument: Instrument) -> str:
    if question is Question.REMISSION and instrument.remission is not None:
        return instrument.remission.label
    return _WHAT[question]


def _rule(question: Question, instrument: Instrument) -> str:
    """What counts as a yes, with its source."""
    response, remission = instrument.response, instrument.remission
    if question is Question.RESPONSE and response is not None:
        return f"{response.percent}% better than before the first dose. {response.source}."
    if question is Question.REMISSION and remission is not None:
        end = "more" if instrument.higher_is_better else "less"
        return f"{remission.limit} or {end}. {remission.source}."
    return ""


def _changes(found: Outcomes, instrument: Instrument) -> None:
    """How far they got after dose 4 and 6: drawn where there are enough, else counted."""
    drawn: list[tuple[str, Spread]] = []
    for question in _CHANGES:
        rate = found.rate(question, instrument.id)
        if rate.of or rate.left_out:
            _line(f"{_WHAT[question]}, more than the measure's own error", rate)
        drawn += _enough(found, question, instrument)
    if not drawn:
        st.markdown(quiet("Too few to draw how far they got."))
        return
    dark = st.context.theme.type == "dark"
    st.vega_lite_chart(
        spec=gains(drawn, instrument, DARK if dark else LIGHT).to_dict(validate=False),
        alt=gains_in_words(drawn, instrument),
        key=f"outcomes_gains_{instrument.id}",
    )


def _enough(
    found: Outcomes, question: Question, instrument: Instrument
) -> Iterator[tuple[str, Spread]]:
    """All of them, and each route, as far as they are no fewer than may be drawn."""
    routes: tuple[ProductRoute | None, ...] = (None, *_further(found))
    for route in routes:
        one = found.figures(question, instrument.id, route)
        if one is not None and one.number >= LEAST_CHARTED:
            of = f", {route.label}" if route else ""
            yield f"{question.label}{of} ({one.number})", one


def _line(label: str, rate: Rate, *, small: bool = False, help_: str = "") -> None:
    """One rate, and why some could not be judged; a small one is a part of that above it."""
    said = f"{plain(label)} {strong(sentences.rate(rate))}"
    why = sentences.not_judged(rate)
    text = f"{said} {quiet(f'({why})')}" if why else said
    st.markdown(f":small[{_INDENT}{text}]" if small else text, help=plain(help_) or None)


def _rows(found: Outcomes) -> Iterator[_Row]:
    routes: tuple[ProductRoute | None, ...] = (None, *found.routes)
    for route in routes:
        of = route.label if route else "everything"
        yield _Row("Integration in time", of, found.held_in_time(route))
        yield _Row("Intention signed before the dose", of, found.intended(route))
        for instrument in found.measures:
            for question in Question:
                rate = found.rate(question, instrument.id, route)
                if rate.of or rate.left_out:
                    named = _named(question, instrument)
                    what = f"{instrument.name}: {named[:1].lower()}{named[1:]}"
                    yield _Row(what, of, rate, _spread(found, question, instrument, route))


def _spread(
    found: Outcomes, question: Question, instrument: Instrument, route: ProductRoute | None
) -> str:
    one = found.figures(question, instrument.id, route)
    if one is None:
        return ""
    if one.number < LEAST_CHARTED:
        return "too few to say"
    return sentences.days_to(one) if question is Question.TIME else sentences.gains(one)


def _cells(one: _Row) -> dict[str, str]:
    return {
        "What": plain(one.what),
        "Of": plain(one.of),
        "How many": plain(f"{one.rate.count} of {one.rate.of}"),
        "Not judged": plain(sentences.not_judged(one.rate) or "none"),
        "Spread": plain(one.spread),
    }
