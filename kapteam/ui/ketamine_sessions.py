"""Ketamine sessions: the gaps first, then day by day with the integration under its dose."""

from functools import partial
from itertools import groupby

import streamlit as st

from kapteam import sentences, wording
from kapteam.queries.standing import Scope
from kapteam.queries.upcoming import GAPS, Show, Upcoming, UpcomingDose
from kapteam.rules.permissions import can_book
from kapteam.ui.navigation import link
from kapteam.ui.rows import (
    NOT_BOOKED,
    Columns,
    cells,
    dose_row,
    integration_missing,
    integration_row,
    integration_under,
    list_row,
    name_cell,
    on_hold,
    order_of,
    section,
    telling_apart,
    when_words,
)
from kapteam.ui.shell import Present
from kapteam.ui.showing import alone, beginning, counts, listed, rest, scope, shown
from kapteam.ui.text import said
from kapteam.vocabulary import Tone
from kapteam.wording import Phrase

_SPANS = {"7 days": 7, "28 days": 28}
_RED = frozenset(
    {
        Show.WAS_THIS_GIVEN,
        Show.NO_RISK_NOTE,
        Show.NOT_CLEARED,
        Show.NO_CONSENT,
        Show.NOT_ENROLLED,
        Show.TO_DECIDE,
    }
)


def ask(here: Present) -> tuple[int, Scope]:
    """How many days, and whose; beside them the way to book."""
    with st.container(horizontal=True, vertical_alignment="center", key="ketamine_sessions_ask"):
        span = st.radio(
            "How far ahead",
            list(_SPANS),
            horizontal=True,
            key="ketamine_sessions_days",
            bind="query-params",
            label_visibility="collapsed",
        )
        chosen = scope(here, "ketamine_sessions_whose")
        if can_book(here.viewer):
            link("booking", "Book a ketamine session", icon="add")
    return _SPANS[span or "7 days"], chosen


def draw_upcoming(here: Present, upcoming: Upcoming) -> None:
    """Every row, or those that a count led to."""
    here = telling_apart(here, (one.course.client for one in upcoming.rows))
    only = shown(Show)
    if only is not None:
        _alone(here, upcoming, only)
        return
    counts(
        "ketamine_sessions",
        (
            (gap, len(upcoming.showing(gap)), Tone.RED if gap in _RED else Tone.AMBER)
            for gap in GAPS
        ),
    )
    if upcoming.unrecorded:
        with section("Not recorded or not closed", len(upcoming.unrecorded), key="unrecorded"):
            listed(upcoming.unrecorded, "unrecorded", partial(_dose, here, "unrecorded"))
    if upcoming.given:
        with section("Given, integration not booked", len(upcoming.given), key="given"):
            listed(upcoming.given, "given", partial(_given_row, here))
    if upcoming.not_ready:
        with section("Not ready yet", len(upcoming.not_ready), key="not_ready"):
            listed(upcoming.not_ready, "not_ready", partial(_gap_row, here))
    _days(here, upcoming)


def _alone(here: Present, upcoming: Upcoming, only: Show) -> None:
    rows = upcoming.showing(only)
    alone(only)
    with section(only.label, len(rows), key=only.value, nothing="None any more."):
        listed(rows, only.value, partial(_dose, here, only.value))


def _days(here: Present, upcoming: Upcoming) -> None:
    """Day by day. The days together are one list; a heading has the number of its whole day."""
    coming = [one for _, rows in upcoming.days for one in rows]
    if not coming:
        st.markdown("No ketamine session is booked in these days.")
    numbers = {on: len(rows) for on, rows in upcoming.days}
    for on, rows in groupby(beginning(coming, "days"), key=lambda one: one.on):
        today = "Today, " if on == here.today else ""
        heading = f"{today}{wording.heading_day(on)}"
        with section(heading, numbers[on], key=f"day_{on.isoformat()}"):
            for one in rows:
                _dose(here, "day", one)
    rest(coming, "days")


def _given_row(here: Present, one: UpcomingDose) -> None:
    for line in one.integrations:
        integration_row(here, one.course, line, "given")


def _dose(here: Present, place: str, one: UpcomingDose) -> None:
    is_missing = not one.integrations and one.dose.owes_integration
    if not one.integrations and not is_missing:
        dose_row(here, one.course, one.dose, place)
        return
    with st.container(gap="xsmall", key=f"{place}_{one.dose.id}_and_after"):
        dose_row(here, one.course, one.dose, place)
        for line in one.integrations:
            integration_under(here, line, f"{place}_{one.dose.id}")
        if is_missing:
            integration_missing(here, one.dose, place)


def _gap_row(here: Present, one: UpcomingDose) -> None:
    with list_row(f"gap_{one.dose.id}", Columns.DOSE_NOT_READY):
        name_cell(here, one.course.client)
        missing = " ".join(said(missing) for missing in _missing(here, one))
        cells(when_words(here, one.dose.planned_at), missing)
        link("ketamine_session", "Open", icon="chevron_right", id=one.dose.id)


def _missing(here: Present, one: UpcomingDose) -> list[Phrase]:
    found = {
        Show.NOT_ORDERED: order_of(one.dose),
        Show.POSTPONE: sentences.intention(one.dose.intention, here.now, here.zone),
        Show.NO_INTENTION: sentences.intention(one.dose.intention, here.now, here.zone),
        Show.INTEGRATION_NOT_BOOKED: NOT_BOOKED,
    }
    missing = sentences.lacking_besides(one.dose)
    missing += [words for gap, words in found.items() if gap in one.shows]
    return [on_hold(here, one.course.hold), *missing] if one.course.hold else missing
