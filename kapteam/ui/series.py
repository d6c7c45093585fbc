"""How far a series is, on the pages that are about it, and the form that records its review."""

from datetime import datetime

import streamlit as st

from kapteam import sentences, wording
from kapteam.actions.series import SeriesReviewEntered, review_series
from kapteam.queries.booking import other_days
from kapteam.queries.course import Course, RunningSeries
from kapteam.rules.cadence import spravato_plan, too_often
from kapteam.rules.pathway import BOOKABLE
from kapteam.rules.permissions import can_book, can_review_series
from kapteam.rules.series import (
    SeriesCount,
    last_review_before,
    usual_ordered,
    usual_review_before,
)
from kapteam.ui.forms import Form, unused_id
from kapteam.ui.navigation import link
from kapteam.ui.rows import phrase, row, words
from kapteam.ui.shell import Present
from kapteam.ui.text import quiet
from kapteam.ui.written import free_words
from kapteam.vocabulary import ProductRoute

REVIEW_BEFORE = "Review before session number (0: no review)"


def draw_count(here: Present, route: ProductRoute, count: SeriesCount) -> None:
    """How far it is; of a Spravato series also the week of the plan, which moves nothing."""
    phrase(sentences.series(count))
    if route is ProductRoute.ESKETAMINE_NASAL:
        usual = here.asked.practice.cadences.of(route).usual_days
        words(quiet(sentences.spravato_plan(spravato_plan(count.given, usual))))


def number_fields(
    form: Form, label: str, route: ProductRoute | None, count: SeriesCount | None = None
) -> None:
    """How many sessions a series has and before which it is reviewed, for a prescriber (rule 15).

    `count` is that of a series that runs; the review is asked once the route is known.
    """
    known = count.ordered if count else None
    ordered = form.number("ordered_count", label, known or usual_ordered(route))
    if route is None:
        return
    usual = None if known else usual_review_before(route, ordered)
    before = form.number("review_before", REVIEW_BEFORE, (count and count.review_before) or usual)
    if ordered and before == last_review_before(ordered):
        words(quiet(f"That is once all {ordered} were given."))


def plan_link(here: Present, episode_id: str, count: SeriesCount) -> None:
    """To the plan for what is left of a series, where anything is."""
    if count.left and can_book(here.viewer):
        link("series_plan", "Plan the rest", icon="calendar_month", episode=episode_id)


def draw_series(here: Present, care: Course) -> None:
    """The running series on the page of its course: how far, its review, and the way to a plan."""
    series = care.series
    if series is None or not series.goes_on or care.closed_at is not None:
        return
    with st.container(gap="xsmall", key="series"):
        words(quiet(f"Series, {series.product_route.label}"))
        draw_count(here, series.product_route, series.count)
        if series.review:
            at = wording.moment(series.review.at, here.now, here.zone)
            before = wording.ordinal(series.review.before_number)
            words(quiet(f"Reviewed before the {before} by {series.review.by}, {at}"))
            if series.review.words:
                st.text(free_words(here, series.review.words))
        with row("series_ways"):
            if care.state in BOOKABLE and not care.hold:
                plan_link(here, care.id, series.count)
            if series.count.awaits_review and can_review_series(here.viewer):
                _review_form(here, series)


def _review_form(here: Present, series: RunningSeries) -> None:
    with st.popover("Record the review", icon=":material/rate_review:", width="content"):
        form = Form(here, "review", series.id, makes=unused_id(here, "new_review"))
        form.area("words", "What you both decided, in a few words")
        form.save(
            "The series was reviewed",
            review_series,
            lambda: form.entered(SeriesReviewEntered, id=form.makes, series_id=series.id),
            kind="secondary",
        )


def say_too_often(
    here: Present,
    client_id: str,
    route: ProductRoute | None,
    at: datetime | None,
    besides: tuple[str, ...] = (),
) -> None:
    """What of the cadence a session at a time ahead goes beyond (rule 34); it may be meant.

    `besides` are the ids of sessions that count no more: the one that moves.
    """
    if route is None or at is None or at <= here.now:
        return
    others = here.read(other_days, client_id, besides)
    cadence = here.asked.practice.cadences.of(route)
    found = too_often(at.astimezone(here.zone).date(), others, cadence)
    if found:
        phrase(sentences.too_often(found, here.today))
