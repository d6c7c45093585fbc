"""Days away and who covers, closed days and opening hours, on Practice."""

import streamlit as st

from kapteam import wording
from kapteam.actions.absences import (
    AbsenceEntered,
    ClosedDaysEntered,
    GivenBack,
    HoursEntered,
    change_hours,
    close_days,
    end_absence,
    open_days,
    record_absence,
)
from kapteam.ids import id_within
from kapteam.queries.away import AbsenceLine, ClosedLine
from kapteam.queries.practice import Colleague, with_function
from kapteam.ui.forms import Form, unused_id
from kapteam.ui.rows import phrase, row, section, words
from kapteam.ui.shell import Present, acting, say_next
from kapteam.ui.text import plain, quiet, strong
from kapteam.vocabulary import Function, Tone, Weekday
from kapteam.wording import Phrase

_NAME, _DAYS, _COVER = 210, 250, 330


def draw_absences(
    here: Present, lines: tuple[AbsenceLine, ...], colleagues: tuple[Colleague, ...]
) -> None:
    """Who is away and who covers, the nearest first; more days, and the end of some."""
    with section("Days away", len(lines), key="absences", nothing="Nobody is away."):
        for one in lines:
            with row(f"absence_{one.id}"):
                words(strong(one.name), _NAME)
                words(plain(wording.days(one.from_at, one.until_at, here.now, here.zone)), _DAYS)
                with st.container(width=_COVER, gap=None):
                    if one.cover:
                        words(plain(f"{one.cover} covers"))
                    if one.cover_away:
                        days = wording.days(*one.cover_away, here.now, here.zone)
                        said = f"{one.cover} is away too: {days}"
                        phrase(Phrase(said, Tone.AMBER, "person_alert"))
                    if one.uncovered:
                        phrase(Phrase(_uncovered(one), Tone.AMBER, "person_alert"))
                st.button(
                    "Back now" if one.is_now else "Take back",
                    key=f"end_absence_{one.id}",
                    type="tertiary",
                    icon=":material/event_busy:",
                    on_click=_end_absence,
                    args=(one.id, f"{one.name} is back" if one.is_now else "Days away taken back"),
                )
    with st.expander("Add days away", icon=":material/flight_takeoff:"):
        form = Form(here, "absence", makes=unused_id(here))
        everybody = with_function(colleagues, *Function)
        form.pick("clinician_id", "Who is away", everybody)
        _first_and_last(form, "away")
        able = with_function(colleagues, Function.PRESCRIBER, Function.THERAPIST, Function.NURSE)
        form.pick("covered_by_id", "Who covers", able, none="Nobody")
        words(
            quiet(
                "Whoever covers sees the courses of care of who is away, with their notes, on "
                "these days only. What each may do stays what their own functions allow."
            )
        )
        form.save(
            "Add days away",
            record_absence,
            lambda: form.entered(AbsenceEntered, id=form.makes),
            said="Days away added",
        )


def _uncovered(one: AbsenceLine) -> str:
    functions = wording.listed([each.label.lower() for each in one.uncovered])
    return f"Nobody covers as {functions}" if one.cover else "Nobody covers"


@acting
def _end_absence(here: Present, absence_id: str, done: str) -> None:
    given_back = here.write(end_absence, absence_id, here.now)
    say_next(f"{done}, and the cover has ended with it.{_given_back(given_back)}")


def _given_back(one: GivenBack) -> str:
    """What became of the appointments that were handed over for these days."""
    back, stay = (wording.count(number, "appointment") for number in (one.back, one.stay))
    return (f" Theirs again: {back}." if one.back else "") + (
        f" Changed since and still the colleague's: {stay}." if one.stay else ""
    )


def _first_and_last(form: Form, what: str) -> None:
    with st.container(horizontal=True):
        with st.container(width="content"):
            form.day("from_on", f"First day {what}")
        with st.container(width="content"):
            form.day("until_on", f"Last day {what} (empty: one day)")


def draw_closed_days(here: Present, lines: tuple[ClosedLine, ...]) -> None:
    """When the practice is closed, the nearest first; more days, and taking some back."""
    nothing = "No closed days ahead."
    with section("Closed days", len(lines), key="closed_days", nothing=nothing):
        for one in lines:
            with row(f"closed_{one.id}"):
                words(strong(one.name), _NAME)
                words(plain(wording.span(one.from_on, one.until_on, here.today)), _DAYS)
                st.button(
                    "Take back",
                    key=f"open_days_{one.id}",
                    type="tertiary",
                    icon=":material/event_busy:",
                    on_click=_open_days,
                    args=(one.id,),
                )
    with st.expander("Add closed days", icon=":material/event_busy:"):
        form = Form(here, "closed_days", makes=id_within(unused_id(here), "closed days"))
        form.line("name", "What it is closed for", hint="for example Thanksgiving")
        _first_and_last(form, "closed")
        words(quiet("No time of these days is proposed any more. What is booked then stays."))
        form.save(
            "Add closed days",
            close_days,
            lambda: form.entered(ClosedDaysEntered, id=form.makes),
            said="Closed days added",
        )


@acting
def _open_days(here: Present, closed_id: str) -> None:
    here.write(open_days, closed_id, here.now)
    say_next("Open on these days again")


def draw_hours(here: Present) -> None:
    """When the practice is open, which says the times that are proposed."""
    hours = here.asked.practice.hours
    with st.expander("Opening hours", icon=":material/schedule:"):
        form = Form(here, "hours")
        with st.container(horizontal=True):
            with st.container(width="content"):
                form.time("opens", "Opens at", wording.clock_time(hours.opens))
            with st.container(width="content"):
                form.time("closes", "Closes at", wording.clock_time(hours.closes))
        open_on = tuple(one for one in Weekday if one in hours.weekdays)
        form.several("weekdays", "Open on", list(Weekday), open_on)
        form.save(
            "Save opening hours",
            change_hours,
            lambda: form.entered(HoursEntered),
            kind="secondary",
        )
