"""Days away and who covers, one's own and on Practice everybody's; closed days, opening hours."""

from collections.abc import Mapping

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from kapteam import wording
from kapteam.actions.absences import (
    AbsenceEntered,
    ClosedDaysEntered,
    CoverEntered,
    GivenBack,
    HoursEntered,
    change_cover,
    change_hours,
    close_days,
    end_absence,
    open_days,
    record_absence,
)
from kapteam.actions.episodes import FUNCTIONS_OF
from kapteam.ids import id_within
from kapteam.queries.away import AbsenceLine, ClosedLine
from kapteam.queries.practice import Colleague, with_function
from kapteam.rules.permissions import Away, treats
from kapteam.ui.forms import Form, unused_id
from kapteam.ui.navigation import PracticePart, go, link
from kapteam.ui.rows import list_row, phrase, row, section, words
from kapteam.ui.shell import Present, acting, say_next
from kapteam.ui.text import plain, quiet, strong
from kapteam.vocabulary import Function, Part, Tone, Weekday
from kapteam.wording import Phrase

_NAME, _DAYS, _COVER = 210, 250, 330
_OWN_BUTTONS = 475


def draw_absences(
    here: Present, lines: tuple[AbsenceLine, ...], colleagues: tuple[Colleague, ...]
) -> None:
    """Who is away and who covers, the nearest first; more days, and the end of some."""
    with section("Days away", len(lines), key="absences", nothing="Nobody is away."):
        for one in lines:
            with row(f"absence_{one.id}"):
                words(strong(one.name), _NAME)
                words(plain(wording.days(one.from_at, one.until_at, here.now, here.zone)), _DAYS)
                _who_covers(here, one)
                if treats(one.functions):
                    cover_button(one.id, one.cover)
                end_button(here, one.id, one.name, is_now=one.is_now)
    with st.expander("Add days away", icon=":material/flight_takeoff:"):
        form = Form(here, "absence", makes=unused_id(here))
        form.pick("clinician_id", "Who is away", with_function(colleagues, *Function))
        _first_and_last(form, "away")
        _pick_cover(form, with_function(colleagues, *FUNCTIONS_OF[Part.COVER]))
        _save_days(form)


def draw_own_absences(
    here: Present, lines: tuple[AbsenceLine, ...], colleagues: tuple[Colleague, ...]
) -> None:
    """One's own days away, the nearest first, then those that were over in the last week; more."""
    over = [one for one in here.viewer.away if one.until_at <= here.now]
    number = len(lines) + len(over)
    is_treating = treats(here.viewer.functions)
    with section("Your days away", number, key="own_absences", nothing="None now or ahead."):
        for one in lines:
            with list_row(f"absence_{one.id}"):
                _own_days(here, one)
                _who_covers(here, one)
                with _own_buttons():
                    if is_treating:
                        turn_to("Who has what meanwhile", "list", id=one.id)
                        cover_button(one.id, one.cover)
                    end_button(here, one.id, is_now=one.is_now)
        for past in reversed(over):
            with list_row(f"absence_{past.id}"):
                _own_days(here, past)
                words(quiet(f"over, {past.cover} covered" if past.cover else "over"), _COVER)
                with _own_buttons():
                    if is_treating:
                        turn_to("Since you were away", "history", id=past.id)
    st.subheader("Add days away", anchor=False)
    with st.container(border=True):
        form = Form(here, "absence", makes=unused_id(here))
        _first_and_last(form, "away")
        if is_treating:
            able = with_function(colleagues, *FUNCTIONS_OF[Part.COVER])
            able.pop(here.viewer.clinician_id, None)
            _pick_cover(form, able)
        _save_days(form, clinician_id=here.viewer.clinician_id)


def _own_buttons() -> DeltaGenerator:
    return st.container(
        horizontal=True, horizontal_alignment="right", gap="small", width=_OWN_BUTTONS
    )


def _own_days(here: Present, one: AbsenceLine | Away) -> None:
    words(strong(wording.days(one.from_at, one.until_at, here.now, here.zone)), _DAYS)


def draw_cover(here: Present, one: AbsenceLine, colleagues: tuple[Colleague, ...]) -> None:
    """Who covers some days away; from the next Save on somebody else."""
    is_own = one.clinician_id == here.viewer.clinician_id
    if is_own:
        link("away", "Days away", icon="arrow_back")
    else:
        link("practice", "Days away", icon="arrow_back", practice_show=PracticePart.AWAY.label)
    with row(f"absence_{one.id}"):
        words(strong(one.name), _NAME)
        words(plain(wording.days(one.from_at, one.until_at, here.now, here.zone)), _DAYS)
        _who_covers(here, one)
    with st.container(border=True):
        form = Form(here, "cover", one.id)
        replaces = form.seen(one.covered_by_id or "")
        able = with_function(colleagues, *FUNCTIONS_OF[Part.COVER])
        able.pop(one.clinician_id, None)
        _pick_cover(form, able, one.covered_by_id if one.covered_by_id in able else None)
        if one.cover:
            words(
                quiet(
                    "Another choice ends at once what the one before sees; what was handed over "
                    "course by course stays."
                )
            )
        form.save(
            "Save",
            change_cover,
            lambda: form.entered(CoverEntered, absence_id=one.id, replaces_id=replaces or None),
            then=lambda _: _go_to_list(is_own),
        )


def _go_to_list(is_own: bool) -> None:
    if is_own:
        go("away")
    go("practice", practice_show=PracticePart.AWAY.label)


def turn_to(label: str, icon: str, **query: str) -> None:
    """The way to other days away, or to another view of them.

    A button, because a link to the page that one is on leaves the browser's address as it was, and
    the next field that is left would bring back what was there before.
    """
    st.button(
        label,
        key=f"turn_to/{label}/{query['id']}",
        type="tertiary",
        icon=f":material/{icon}:",
        on_click=_turn_to,
        args=(query,),
    )


@acting
def _turn_to(here: Present, query: Mapping[str, str]) -> None:
    go("away", **query)


def cover_button(absence_id: str, cover: str) -> None:
    """The way to who covers days away, by name or nobody yet."""
    label = "Change cover" if cover else "Choose cover"
    turn_to(label, "supervisor_account", id=absence_id, do="cover")


def _pick_cover(form: Form, able: Mapping[str, str], now: str | None = None) -> None:
    form.pick("covered_by_id", "Who covers", able, now, none="Nobody")
    words(
        quiet(
            "Whoever covers sees the courses of care of who is away, with their notes, on "
            "these days only. What each may do stays what their own functions allow."
        )
    )


def _save_days(form: Form, **fixed: str) -> None:
    form.save(
        "Add days away",
        record_absence,
        lambda: form.entered(AbsenceEntered, id=form.makes, **fixed),
        said="Days away added",
    )


def _who_covers(here: Present, one: AbsenceLine) -> None:
    """Who covers, and what of it nobody does."""
    with st.container(width=_COVER, gap=None):
        if one.cover:
            words(plain(f"{one.cover} covers"))
        if one.cover_away:
            days = wording.days(*one.cover_away, here.now, here.zone)
            said = f"{one.cover} is away too: {days}"
            phrase(Phrase(said, Tone.AMBER, "person_alert"))
        if one.uncovered:
            phrase(Phrase(_uncovered(one), Tone.AMBER, "person_alert"))


def _uncovered(one: AbsenceLine) -> str:
    functions = wording.listed([each.label.lower() for each in one.uncovered])
    return f"Nobody covers as {functions}" if one.cover else "Nobody covers"


def end_button(here: Present, absence_id: str, name: str = "", *, is_now: bool) -> None:
    """Takes days away back, or ends them now; of the viewer where nobody is named."""
    back = f"{name} is back" if name else "You are back"
    done = back if is_now else "Days away taken back"
    st.button(
        ("Back now" if name else "I am back") if is_now else "Take back",
        key=f"end_absence_{absence_id}",
        type="tertiary",
        icon=":material/event_busy:",
        on_click=_end_absence,
        args=(absence_id, done, "Theirs" if name else "Yours", is_now),
    )


@acting
def _end_absence(here: Present, absence_id: str, done: str, whose: str, is_now: bool) -> None:
    given_back = here.write(end_absence, absence_id, here.now)
    say_next(f"{done}, and any cover has ended with it.{_given_back(given_back, whose)}")
    if st.query_params.get("id") == absence_id and not is_now:
        # Their page is gone with them.
        go("away")


def _given_back(one: GivenBack, whose: str) -> str:
    """What became of the appointments that were handed over for these days."""
    back, stay = (wording.count(number, "appointment") for number in (one.back, one.stay))
    return (f" {whose} again: {back}." if one.back else "") + (
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
