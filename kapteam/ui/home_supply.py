"""Medicine at home: what should be left, what was recorded, and the forms that record it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from kapteam import sentences, wording
from kapteam.actions.home_supply import (
    ArrivedEntered,
    HomeErrorEntered,
    SupplyEntered,
    TallyEntered,
    WhereEntered,
    arrange_where,
    record_tally,
    say_arrived,
    send_home,
    void_supply,
    void_tally,
)
from kapteam.queries.home_supply import HomeSupplyPage, InError, Shipment, TallyLine
from kapteam.queries.ketamine_session import KetamineSessionPage
from kapteam.queries.standing import CourseStanding
from kapteam.rules.home_supply import AT_HOME, HomeProblem, HomeStanding
from kapteam.rules.permissions import (
    can_book,
    can_count_at_home,
    can_raise_concern,
    can_send_home,
)
from kapteam.ui.forms import Form, unused_id
from kapteam.ui.navigation import link
from kapteam.ui.rows import phrase, row, section, words
from kapteam.ui.shell import Present
from kapteam.ui.text import plain, quiet, said
from kapteam.ui.written import folded_for_others, free_words
from kapteam.vocabulary import (
    ConcernKind,
    ReadinessItem,
    ServiceLine,
    Tally,
)

_COLUMN = 420
WHERE, WHO, NUMBER_THERE = (
    "Where the client will be",
    "Who is with them",
    "Emergency number there",
)
PLACE, OTHERS = "Place", "Others present"
ADDRESS, ROOM = "the address tonight", "for example Room 2"


@dataclass(frozen=True, slots=True)
class _Asks:
    """How one kind of tally is listed and asked for; `nothing` is said where there is none yet."""

    section: str
    nothing: str
    unfold: str
    icon: str
    moment: tuple[str, str]
    lozenges: str
    words: str
    save: str
    kind: str


_TALLIES = {
    Tally.COUNT: _Asks(
        "Counts",
        "Not counted yet.",
        "Count with the client",
        "videocam",
        ("Counted on", "Counted at"),
        "Lozenges the client showed",
        "A few words, if any",
        "Save the count",
        "primary",
    ),
    Tally.RETURN: _Asks(
        "Returned or destroyed",
        "",
        "Record what went back",
        "assignment_return",
        ("Returned on", "Returned at"),
        "Lozenges returned or destroyed",
        "Why",
        "Save the return",
        "secondary",
    ),
}


def draw_home_supply(here: Present, page: HomeSupplyPage) -> None:
    """Where it stands, then the forms side by side, then everything that was recorded."""
    if page.standing:
        draw_home_standing(here, page.standing)
        if HomeProblem.DIFFERS in page.standing.problems and can_raise_concern(here.viewer):
            link(
                "concern",
                "Raise a medicine-use concern",
                icon="emergency_heat",
                client=page.course.client.code,
                kind=ConcernKind.MEDICINE_USE.value,
            )
    else:
        words("Nothing was sent to this client yet.")
    two = st.grid(2, min_column_width=_COLUMN)
    with two.cell():
        _shipments(here, page)
        if can_send_home(here.viewer):
            _send(here, page)
    with two.cell():
        if can_count_at_home(here.viewer):
            for kind in Tally:
                _tallies(here, page, kind)


def draw_home_standing(here: Present, standing: HomeStanding) -> None:
    """What should be left and what was counted, and what of it asks for somebody."""
    words(
        f"{quiet('Medicine at home')} {said(sentences.home_supply(standing, here.now, here.zone))}"
    )
    for problem in standing.problems:
        phrase(sentences.home_problem(problem, standing, here.now, here.zone))


def draw_home_of_course(here: Present, course: CourseStanding) -> None:
    """Beside a course: its medicine at home, and the way there where lozenges are given."""
    gives = course.series is not None and course.series.product_route in AT_HOME
    if course.service_line is not ServiceLine.KAP or not (course.home or gives):
        return
    if course.home:
        at_home = sentences.home_supply(course.home, here.now, here.zone)
        words(f"{quiet('Medicine at home:')} {plain(at_home.text)}")
    if can_book(here.viewer):
        link("home_supply", "Medicine at home", icon="medication", episode=course.episode_id)


def draw_at_home(here: Present, shown: KetamineSessionPage) -> None:
    """A session at home: where the client will be, who is with them, and the number there.

    Until something is given it may change to at home, or to in the practice.
    """
    can_arrange = shown.status.is_open and can_book(here.viewer) and not here.viewer.hides_names
    if shown.at_home:
        _draw_where(here, shown, can_arrange=can_arrange)
    if can_arrange and not shown.counted and shown.product_route in AT_HOME:
        _change_place(here, shown)


def _draw_where(here: Present, shown: KetamineSessionPage, *, can_arrange: bool) -> None:
    with section("At home", key="at_home"):
        known = (
            ("Where", shown.place),
            (WHO, shown.people_present),
            (NUMBER_THERE, shown.local_emergency),
        )
        for label, text in known:
            words(f"{quiet(label)} {plain(free_words(here, text) or 'not known yet')}")
        if shown.home:
            draw_home_standing(here, shown.home)
        with row("to_home_supply"):
            if can_book(here.viewer):
                link("home_supply", "Medicine at home", icon="medication", episode=shown.course.id)
        if can_arrange:
            _arrange(here, shown)


def _arrange(here: Present, shown: KetamineSessionPage) -> None:
    is_asked = shown.line is not None and shown.line.is_lacking(ReadinessItem.HOME)
    with st.expander("Change where they will be", expanded=is_asked):
        form = Form(here, "at_home", shown.id)
        version = form.seen(shown.version)
        form.line("place", WHERE, shown.place)
        form.line("people_present", WHO, shown.people_present)
        form.line("local_emergency", NUMBER_THERE, shown.local_emergency)
        form.save("Save where", arrange_where, _where(form, shown, version, at_home=True))


def _change_place(here: Present, shown: KetamineSessionPage) -> None:
    """Nothing of where it was goes along: an address is no room, and a room no address."""
    title = "In the practice instead" if shown.at_home else "At home instead"
    with st.expander(title, icon=":material/home_pin:"):
        form = Form(here, "elsewhere", shown.id)
        version = form.seen(shown.version)
        if shown.at_home:
            form.line("place", PLACE, hint=ROOM)
            form.line("people_present", OTHERS)
            form.save(
                "Change to in the practice",
                arrange_where,
                _where(form, shown, version, at_home=False),
                kind="secondary",
            )
        else:
            words(quiet("It is not ready until all three are known."))
            form.line("place", WHERE, hint=ADDRESS)
            form.line("people_present", WHO)
            form.line("local_emergency", NUMBER_THERE)
            form.save(
                "Change to at home",
                arrange_where,
                _where(form, shown, version, at_home=True),
                kind="secondary",
            )


def _where(
    form: Form, shown: KetamineSessionPage, version: int, *, at_home: bool
) -> Callable[[], WhereEntered]:
    return lambda: form.entered(
        WhereEntered, ketamine_session_id=shown.id, version=version, at_home=at_home
    )


def _shipments(here: Present, page: HomeSupplyPage) -> None:
    kept = [one for one in page.shipments if one.in_error is None]
    with section("Shipments", len(kept), key="shipments", nothing="No shipment yet."):
        for one in kept:
            with st.container(gap="xxsmall", key=f"shipment_{one.id}"):
                with row(f"shipment_line_{one.id}"):
                    words(f"**{plain(_amount(one))}** {quiet(_sent(here, one))}")
                    if can_send_home(here.viewer):
                        _error_form(here, one.id, void_supply)
                if one.arrived_on is None:
                    _arrived(here, one)
    for one in page.shipments:
        if one.in_error:
            _struck(here, f"{_amount(one)}, {_sent(here, one)}", one.in_error)


def _amount(one: Shipment) -> str:
    return f"{one.lozenges} lozenges of {wording.mg(one.ug_each)}"


def _sent(here: Present, one: Shipment) -> str:
    told = f"{free_words(here, one.pharmacy)}, sent {wording.day(one.sent_on, here.today)}"
    if one.arrived_on:
        told += f", arrived {wording.day(one.arrived_on, here.today)}"
    return told


def _arrived(here: Present, one: Shipment) -> None:
    form = Form(here, "arrived", one.id)
    version = form.seen(one.version)
    sent = wording.day(one.sent_on, here.today)
    form.day("arrived_on", f"Arrived on (sent {sent})", past=True)
    form.save(
        "Arrived",
        say_arrived,
        lambda: form.entered(ArrivedEntered, supply_id=one.id, version=version),
        kind="secondary",
    )


def _send(here: Present, page: HomeSupplyPage) -> None:
    with st.expander("Record a shipment", icon=":material/local_shipping:"):
        form = Form(here, "supply", makes=unused_id(here))
        form.day("sent_on", "Sent on", here.today, past=True)
        form.day("arrived_on", "Arrived on, once it has", past=True)
        form.line("lozenges", "Lozenges sent", width=260)
        form.line("mg_each", "mg of each", width=260)
        form.line("pharmacy", "Pharmacy")
        form.save(
            "Record the shipment",
            send_home,
            lambda: form.entered(SupplyEntered, id=form.makes, episode_id=page.course.id),
            said="Recorded",
        )


def _tallies(here: Present, page: HomeSupplyPage, kind: Tally) -> None:
    """What was counted or went back, and the form for more of it."""
    asks = _TALLIES[kind]
    all_of_it = [one for one in page.tallies if one.kind is kind]
    kept = [one for one in all_of_it if one.in_error is None]
    if kept or asks.nothing:
        with section(asks.section, len(kept), key=f"tallies_{kind}", nothing=asks.nothing):
            for one in kept:
                _told(here, one)
    _struck_tallies(here, all_of_it)
    local = here.now.astimezone(here.zone)
    with st.expander(asks.unfold, icon=f":material/{asks.icon}:"):
        form = Form(here, kind, page.course.id, makes=unused_id(here))
        form.moment("on", "time", *asks.moment, local.date(), wording.clock_time(local.time()))
        form.line("lozenges", asks.lozenges, width=260)
        form.area("words", asks.words, height=68)
        form.save(
            asks.save,
            record_tally,
            lambda: form.entered(
                TallyEntered, id=form.makes, episode_id=page.course.id, tally=kind
            ),
            said=kind.label,
            kind=asks.kind,
        )


def _told(here: Present, one: TallyLine) -> None:
    with st.container(gap="xxsmall", key=f"told_{one.id}"):
        with row(f"told_line_{one.id}"):
            words(f"**{one.lozenges} {one.kind.label.lower()}** {quiet(_by(here, one))}")
            _error_form(here, one.id, void_tally)
        _words(here, one)


def _struck_tallies(here: Present, tallies: Iterable[TallyLine]) -> None:
    for one in tallies:
        if one.in_error:
            told = f"{one.lozenges} {one.kind.label.lower()}, {_by(here, one)}"
            with st.container(gap="xxsmall", key=f"told_{one.id}"):
                _struck(here, told, one.in_error)
                _words(here, one)


def _by(here: Present, one: TallyLine) -> str:
    return f"{one.by}, {wording.moment(one.at, here.now, here.zone)}"


def _words(here: Present, one: TallyLine) -> None:
    if one.words:
        with folded_for_others(here, "What was said"):
            st.text(one.words)


def _struck(here: Present, told: str, wrong: InError) -> None:
    """Entered in error: it stays readable, with who said so, when and why (rule 66)."""
    when = wording.moment(wrong.at, here.now, here.zone)
    why = free_words(here, wrong.reason)
    words(f"~~{plain(told)}~~ {quiet(f'entered in error, {wrong.by}, {when}: {why}')}")


def _error_form(here: Present, row_id: str, void: Callable[..., Any]) -> None:
    with st.popover("Entered in error", width="content", key=f"error_{row_id}"):
        form = Form(here, "void", row_id)
        form.line("void_reason", "What was wrong")
        form.save(
            "Mark as entered in error",
            void,
            lambda: form.entered(HomeErrorEntered, row_id=row_id),
            kind="secondary",
        )
