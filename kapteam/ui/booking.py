"""The fields of a booking; the integration slot is chosen beside it, in the same form."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import streamlit as st

from kapteam import sentences, wording
from kapteam.actions.booking import all_are_booked
from kapteam.queries.booking import (
    INTEGRATION_MINUTES,
    BookingStart,
    away_after,
    away_at,
    free_slots,
)
from kapteam.queries.course import RunningSeries
from kapteam.queries.practice import Colleague, with_function
from kapteam.queries.standing import CourseStanding, course_standings
from kapteam.rules.dosing import estimated_last_given_at
from kapteam.rules.home_supply import AT_HOME
from kapteam.rules.pathway import BOOKABLE
from kapteam.rules.permissions import can_order_dose, can_propose_dose
from kapteam.rules.series import bookable_routes
from kapteam.rules.slots import begins_too_soon
from kapteam.ui.doses import dose_fields
from kapteam.ui.forms import Form
from kapteam.ui.home_supply import ADDRESS, NUMBER_THERE, OTHERS, PLACE, ROOM, WHERE, WHO
from kapteam.ui.navigation import link
from kapteam.ui.rows import (
    list_row,
    name_cell,
    on_hold,
    phrase,
    row,
    section,
    telling_apart,
    words,
)
from kapteam.ui.series import draw_count, number_fields, say_what_is_near
from kapteam.ui.shell import Present, acting
from kapteam.ui.text import plain, quiet
from kapteam.vocabulary import Function, How, Part, ProductRoute, ServiceLine, Tone
from kapteam.wording import Phrase

_MINUTES = {ProductRoute.ESKETAMINE_NASAL: 150}
USUAL_MINUTES = 120
_WEIGH_LATER = (
    "The ceiling is by weight, and no weight is recorded. Book without a dose; weigh and order on "
    "the page of the session."
)
_WHY = 420
_FREED, _KEPT = "%Y-%m-%dT%H:%MZ", ("freed", "place")
ELSEWHERE = "Somebody elsewhere"


def freed_time(at: datetime) -> str:
    """A time that has become free, as an address carries it: no name, and nobody's code."""
    return f"{at.astimezone(UTC):{_FREED}}"


def read_freed_time(text: str) -> datetime | None:
    """The time in such an address; None where there is none."""
    try:
        return datetime.strptime(text, _FREED).replace(tzinfo=UTC)
    except ValueError:
        return None


def pick_course(here: Present) -> None:
    """Whom to book for: courses that may have ketamine sessions.

    Where a time has become free, first those who wait for one, the longest wait first.
    """
    known = [one for one in here.read(course_standings) if one.service_line is ServiceLine.KAP]
    courses = [one for one in known if _bookable(one)]
    here = telling_apart(here, (one.client for one in known))
    freed = read_freed_time(st.query_params.get("freed", ""))
    waiting: list[CourseStanding] = []
    if freed:
        place = st.query_params.get("place", "")
        at = wording.moment(freed, here.now, here.zone)
        words(f"Free now: **{plain(at)}** {quiet(place)}")
        waiting = sorted(
            (one for one in courses if one.waits_for_a_date), key=lambda one: one.waits_since
        )
        nothing = "Nobody waits for a date."
        with section("Who waits for a date", len(waiting), key="waiting", nothing=nothing):
            for one in waiting:
                since = wording.day(one.waits_since.astimezone(here.zone).date(), here.today)
                _course_row(here, one, f"since {since}")
    others = [one for one in courses if one not in waiting]
    nothing = "No course of care is ready for a ketamine session."
    if courses:
        nothing = "No other course of care."
    with section("Book for", len(others), key="book_for", nothing=nothing):
        for one in others:
            _course_row(here, one, "")
    if not courses:
        _what_is_missing(here, known)


def _what_is_missing(here: Present, known: list[CourseStanding]) -> None:
    """Why no course takes a booking, and where that is changed."""
    if not known:
        with row("no_course"):
            words("Nobody has an open course of ketamine-assisted psychotherapy. Open one first.")
            link("caseload", "To the clients", icon="group")
        return
    with section("Not ready yet", len(known), key="not_ready"):
        for one in known:
            with list_row(f"not_ready_{one.episode_id}"):
                name_cell(here, one.client)
                if one.hold:
                    phrase(on_hold(here, one.hold), _WHY)
                else:
                    words(f"{one.state.label}. Move the course to preparation first.", _WHY)
                link("episode", "Course", icon="chevron_right", id=one.episode_id)


def _course_row(here: Present, one: CourseStanding, since: str) -> None:
    with list_row(f"book_{one.episode_id}"):
        name_cell(here, one.client)
        words(quiet(one.state.label), 200)
        words(quiet(since), 200)
        kept: dict[str, Any] = {
            name: st.query_params[name] for name in _KEPT if st.query_params.get(name)
        }
        link("booking", "Book", icon="event", episode=one.episode_id, **kept)


def _bookable(one: CourseStanding) -> bool:
    return one.state in BOOKABLE and one.hold is None


def booking_fields(here: Present, form: Form, start: BookingStart) -> None:
    """Ketamine session on the left, integration on the right."""
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Ketamine session", anchor=False)
        route = _ketamine_fields(here, form, start)
    with right:
        if start.course.expects_integration:
            st.subheader("Integration afterwards", anchor=False)
            _integration_fields(here, form, start, route)


def _ketamine_fields(here: Present, form: Form, start: BookingStart) -> ProductRoute | None:
    cleared = start.course.clearance.routes if start.course.clearance else ()
    if not cleared:
        st.markdown(quiet("Not cleared for any route yet; a booking needs a clearance."))
    ordering = can_order_dose(here.viewer)
    route = _route(form, start, cleared, ordering)
    freed = read_freed_time(st.query_params.get("freed", ""))
    local = freed.astimezone(here.zone) if freed and freed > here.now else None
    form.moment(
        "planned_on",
        "planned_time",
        "Day",
        "Time",
        local.date() if local else None,
        wording.clock_time(local.time()) if local else "",
    )
    treating = {
        one.clinician_id: one.name
        for one in map(start.course.member, (Part.PRESCRIBER, Part.THERAPIST))
        if one and one.clinician_id
    }
    at = form.instant("planned_on", "planned_time")
    say_who_is_away(here, treating, at)
    say_what_is_near(here, start.course.head, route, at)
    minutes = _MINUTES.get(route, USUAL_MINUTES) if route else USUAL_MINUTES
    form.number("planned_minutes", "Minutes, the whole appointment", minutes)
    place = st.query_params.get("place", "") if local else ""
    if route in AT_HOME and form.check("at_home", "At home"):
        form.line("place", WHERE, place, hint=ADDRESS)
        form.line("people_present", WHO)
        form.line("local_emergency", NUMBER_THERE)
    else:
        form.line("place", PLACE, place, hint=ROOM)
        form.line("people_present", OTHERS)
    series = start.series
    begins = series is None or not series.goes_on or route is not series.product_route
    if not begins and series is not None:
        _goes_on_with(here, form, start, series)
    elif ordering:
        number_fields(form, "Ketamine sessions in this series", route)
    else:
        st.markdown(quiet("Number of sessions not ordered yet"))
    if ordering or can_propose_dose(here.viewer):
        cleared_for = start.course.clearance
        ceiling = cleared_for.ceiling if cleared_for else None
        if ceiling and ceiling.needs_weight(start.weight.grams if start.weight else None):
            words(quiet(_WEIGH_LATER))
        dose_fields(
            form,
            start.weight,
            route,
            here.asked.practice.dose_bounds,
            label="Dose ordered, mg" if ordering else "Dose proposed, mg (not an order)",
            is_first=start.is_first(route, begins=begins),
            ceiling=ceiling,
            ask="" if ordering else _prescriber(start),
        )
    return route


def _prescriber(start: BookingStart) -> str:
    """Whom one asks for what only a prescriber decides."""
    member = start.course.member(Part.PRESCRIBER)
    return member.name if member else "a prescriber"


def _goes_on_with(here: Present, form: Form, start: BookingStart, series: RunningSeries) -> None:
    """How far the series is, and what a booking beyond its number or its review is asked."""
    count = series.count
    draw_count(here, series.product_route, count)
    if count.is_unreviewed_at(count.next_number):
        phrase(sentences.unreviewed(count, count.next_number))
    if not count.is_full:
        return
    full = all_are_booked(count.ordered or 0)
    if can_order_dose(here.viewer):
        phrase(Phrase(full, Tone.AMBER, "error"))
        form.line("number_reason", "Why this one is added")
    else:
        ask = f"Ask {_prescriber(start)} to order more, or to add this one."
        form.needs("ordered_count", f"{full} {ask}")


def _route(
    form: Form, start: BookingStart, cleared: tuple[ProductRoute, ...], ordering: bool
) -> ProductRoute | None:
    """Product and route: asked where there is a choice, and read only where others decided it."""
    label, current = "Product and route", start.series.product_route if start.series else None
    routes = bookable_routes(cleared, current, prescribing=ordering)
    if not ordering and len(routes) <= 1:
        return form.settled("product_route", label, routes[0]) if routes else None
    # Nobody is put on a route that nobody chose, unless it is the only one or the one so far.
    first = routes[0] if len(routes) == 1 else current
    return form.choice("product_route", label, routes or list(ProductRoute), first)


def _integration_fields(
    here: Present, form: Form, start: BookingStart, route: ProductRoute | None
) -> None:
    member = start.course.member(Part.THERAPIST)
    able = integrators((one.clinician_id for one in start.course.members), start.team)
    usual = usual_integrator(here, member.clinician_id if member else None, able)
    planned_at = form.instant("planned_on", "planned_time")
    expected_at = None
    if planned_at is not None and route is not None:
        expected_at = estimated_last_given_at(planned_at, route)
        usual = present_integrator(here, usual, able, expected_at)
    therapist = form.pick(
        "integration_therapist", "With", able, usual, none=ELSEWHERE, follows=True
    )
    if expected_at is None:
        st.markdown(quiet("Choose the day and time of the ketamine session to see free times."))
    else:
        fields = ("integration_on", "integration_time")
        offer_slots(here, form, therapist, expected_at, fields)
    form.moment(
        "integration_on", "integration_time", "Day of the integration", "Time of the integration"
    )
    with_whom = {therapist: able[therapist]} if therapist in able else {}
    at = form.instant("integration_on", "integration_time")
    say_who_is_away(here, with_whom, at)
    if planned_at is not None and expected_at is not None:
        ends_at = planned_at + timedelta(minutes=form.value("planned_minutes") or 0)
        say_how_soon(here, form, "integration_soon", at, AfterDose(expected_at, ends_at))
    form.number("integration_minutes", "Minutes", INTEGRATION_MINUTES)
    form.choice("integration_how", "How", list(How), How.IN_PERSON)
    form.line("integration_place", "Place of the integration")
    form.line("no_integration_reason", "No slot yet, because …")


def integrators(ids: Iterable[str | None], team: Iterable[Colleague]) -> dict[str, str]:
    """Id and name of those who can hold integration on a course, for a field to choose from.

    `ids` are those on the course; whoever covers one of them can hold it as well.
    """
    on_course = set(ids)
    here = [one for one in team if one.id in on_course or one.covers & on_course]
    return with_function(here, Function.THERAPIST) | with_function(here, Function.PRESCRIBER)


def usual_integrator(here: Present, therapist_id: str | None, able: Container[str]) -> str | None:
    """Whom the field starts from: the course's therapist, or the viewer where they cover for that
    one; the first free time is then theirs.
    """
    me = here.viewer.clinician_id
    return me if me in able and here.viewer.stands_for(therapist_id) else therapist_id


def present_integrator(
    here: Present, usual: str | None, able: Mapping[str, str], last_given_at: datetime
) -> str | None:
    """Who covers for the usual one, where they are away when the integration could first be.

    That they are away is said. Where nobody covers it stays theirs, and the free times are those
    after they are back.
    """
    away = here.read(away_after, usual, last_given_at) if usual and usual in able else None
    if usual is None or away is None:
        return usual
    cover = away.covered_by_id if away.covered_by_id in able else None
    until = wording.day(wording.last_day(away.until_at, here.zone), here.today)
    instead = f"{able[cover]} covers" if cover else "and nobody covers who could hold it"
    st.markdown(quiet(f"{able[usual]} is away until {until}, {instead}."))
    return cover or usual


def say_who_is_away(here: Present, people: Mapping[str, str], at: datetime | None) -> None:
    """Who of these is away at a time ahead, and who covers; it may be meant.

    `people` are names by id.
    """
    if at is None or at <= here.now:
        return
    for one in here.read(away_at, tuple(people), at):
        name = people[one.clinician_id]
        phrase(sentences.away_then(name, one.until_at, one.cover, here.now, here.zone))


@dataclass(frozen=True, slots=True)
class AfterDose:
    """When a dose was given, or is expected to be, and when its session ends."""

    dose_at: datetime
    ends_at: datetime | None
    given: bool = False


def say_how_soon(
    here: Present, form: Form, field: str, at: datetime | None, after: AfterDose
) -> None:
    """How long after its dose an integration at `at` lies; `field` asks where that is too soon."""
    with st.container(gap="xsmall"):
        if at is None or at < after.dose_at:
            return
        words(quiet(sentences.after_dose(at, after.dose_at, given=after.given)))
        if after.ends_at and begins_too_soon(at, after.ends_at):
            asked = sentences.too_soon(after.ends_at, here.now, here.zone)
            phrase(Phrase(asked, Tone.AMBER, "help"))
            form.check(field, "It is meant to be so soon")


def offer_slots(
    here: Present,
    form: Form,
    therapist: str | None,
    last_given_at: datetime,
    fields: tuple[str, str],
) -> None:
    """Free times after a dose as buttons; one press fills `fields`, the day and the time."""
    proposal = here.read(free_slots, therapist, last_given_at)
    st.markdown(plain(proposal.said) if proposal.said else quiet("Free inside the window:"))
    with st.container(horizontal=True, gap="xsmall"):
        for at in proposal.slots[:6]:
            st.button(
                plain(wording.moment(at, here.now, here.zone)),
                key=form.key(f"slot.{at.isoformat()}"),
                on_click=_take_slot,
                args=(form, *fields, at),
            )


@acting
def _take_slot(here: Present, form: Form, day_field: str, time_field: str, at: datetime) -> None:
    local = at.astimezone(here.zone)
    form.put(day_field, local.date())
    form.put(time_field, wording.clock_time(local.time()))
