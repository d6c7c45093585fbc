"""How far a series is, on the pages that are about it, and the form that records its review."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import streamlit as st

from kapteam import sentences, wording
from kapteam.actions.series import SeriesReviewEntered, review_series
from kapteam.queries.booking import around
from kapteam.queries.course import Course, RunningSeries
from kapteam.queries.standing import CourseHead
from kapteam.rules.cadence import (
    OtherSession,
    near_on_another_course,
    spravato_plan,
    too_often,
)
from kapteam.rules.pathway import BOOKABLE
from kapteam.rules.permissions import can_book, can_review_series
from kapteam.rules.series import (
    SeriesCount,
    last_review_before,
    usual_ordered,
    usual_review_before,
)
from kapteam.rules.waits import Authorized, beyond_authorized
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


def say_what_is_near(
    here: Present,
    course: CourseHead,
    route: ProductRoute | None,
    at: datetime | None,
    besides: tuple[str, ...] = (),
) -> None:
    """What a ketamine session at a time ahead goes beyond (rule 34); each of it may be meant.

    Its cadence, what another course of the client gives, and what an insurer authorized.
    `besides` are the ids of sessions that count no more: the one that moves.
    """
    if at is None or at <= here.now:
        return
    found = here.read(around, course.client.id, course.id, besides)
    if route is not None:
        cadence = here.asked.practice.cadences.of(route)
        often = too_often(at.astimezone(here.zone).date(), found.days, cadence)
        if often:
            phrase(sentences.too_often(often, here.today))
        say_elsewhere(here, at, route, found.elsewhere)
    say_unauthorized(here, at, found.visits, found.authorized)


def say_elsewhere(
    here: Present, at: datetime, route: ProductRoute, others: Iterable[OtherSession]
) -> None:
    """That the client has ketamine on another course near a time."""
    day = at.astimezone(here.zone).date()
    near = near_on_another_course(day, others, route, here.asked.practice.cadences)
    if near:
        phrase(sentences.near_on_another_course(near, day, here.today))


def say_unauthorized(
    here: Present, at: datetime, visits: Iterable[datetime], known: Sequence[Authorized]
) -> bool:
    """That a visit at a time is beyond what an insurer authorized; whether anything was said.

    `visits` are the other ones of the course.
    """
    beyond = beyond_authorized(at, visits, known)
    if beyond:
        phrase(sentences.beyond_authorized(beyond, here.today, here.zone))
    return beyond is not None
