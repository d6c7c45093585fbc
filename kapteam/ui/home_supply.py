"""Medicine at home: what should be left, what was recorded, and the forms that record it."""

import streamlit as st

from kapteam import sentences, wording
from kapteam.actions.home_supply import (
    ArrivedEntered,
    AtHomeEntered,
    CountEntered,
    ReturnEntered,
    SupplyEntered,
    arrange_at_home,
    count_at_home,
    say_arrived,
    send_home,
    take_back,
)
from kapteam.queries.home_supply import HomeSupplyPage, Shipment, Told
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
from kapteam.vocabulary import ConcernKind, ServiceLine

_COLUMN = 420
WHERE, WHO, NUMBER_THERE = (
    "Where the client will be",
    "Who is with them",
    "Emergency number there",
)


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
            _count(here, page)
            _return(here, page)


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
    """A session at home: where the client will be, who is with them, and the number there."""
    if not shown.at_home:
        return
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
        if shown.status.is_open and can_book(here.viewer) and not here.viewer.hides_names:
            _arrange(here, shown)


def _arrange(here: Present, shown: KetamineSessionPage) -> None:
    with st.expander(
        "Change where they will be", expanded=bool(shown.line and shown.line.home_gap)
    ):
        form = Form(here, "at_home", shown.id)
        version = form.seen(shown.version)
        form.line("place", WHERE, shown.place)
        form.line("people_present", WHO, shown.people_present)
        form.line("local_emergency", NUMBER_THERE, shown.local_emergency)
        form.save(
            "Save where",
            arrange_at_home,
            lambda: form.entered(AtHomeEntered, ketamine_session_id=shown.id, version=version),
        )


def _shipments(here: Present, page: HomeSupplyPage) -> None:
    nothing = "No shipment yet."
    with section("Shipments", len(page.shipments), key="shipments", nothing=nothing):
        for one in page.shipments:
            sent = wording.day(one.sent_on, here.today)
            amount = f"{one.lozenges} lozenges of {wording.mg(one.ug_each)}"
            pharmacy = free_words(here, one.pharmacy)
            told = f"{pharmacy}, sent {sent}"
            if one.arrived_on:
                told += f", arrived {wording.day(one.arrived_on, here.today)}"
            with st.container(gap="xxsmall", key=f"shipment_{one.id}"):
                words(f"**{plain(amount)}** {quiet(told)}")
                if one.arrived_on is None:
                    _arrived(here, one)


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


def _count(here: Present, page: HomeSupplyPage) -> None:
    with section("Counts", len(page.counts), key="counts", nothing="Not counted yet."):
        for one in page.counts:
            _told(here, one, f"{one.lozenges} counted")
    local = here.now.astimezone(here.zone)
    with st.expander("Count with the client", icon=":material/videocam:"):
        form = Form(here, "count", page.course.id, makes=unused_id(here))
        form.moment(
            "on",
            "time",
            "Counted on",
            "Counted at",
            local.date(),
            wording.clock_time(local.time()),
        )
        form.line("lozenges", "Lozenges the client showed", width=260)
        form.area("words", "A few words, if any", height=68)
        form.save(
            "Save the count",
            count_at_home,
            lambda: form.entered(CountEntered, id=form.makes, episode_id=page.course.id),
            said="Counted",
        )


def _return(here: Present, page: HomeSupplyPage) -> None:
    if page.returns:
        with section("Returned or destroyed", len(page.returns), key="returns"):
            for one in page.returns:
                _told(here, one, f"{one.lozenges} returned or destroyed")
    local = here.now.astimezone(here.zone)
    with st.expander("Record what went back", icon=":material/assignment_return:"):
        form = Form(here, "return", page.course.id, makes=unused_id(here))
        form.moment(
            "on",
            "time",
            "Returned on",
            "Returned at",
            local.date(),
            wording.clock_time(local.time()),
        )
        form.line("lozenges", "Lozenges returned or destroyed", width=260)
        form.area("reason", "Why", height=68)
        form.save(
            "Save the return",
            take_back,
            lambda: form.entered(ReturnEntered, id=form.makes, episode_id=page.course.id),
            said="Saved",
            kind="secondary",
        )


def _told(here: Present, one: Told, what: str) -> None:
    at = wording.moment(one.at, here.now, here.zone)
    with st.container(gap="xxsmall", key=f"told_{one.id}"):
        words(f"**{plain(what)}** {quiet(f'{one.by}, {at}')}")
        if one.words:
            with folded_for_others(here, "What was said"):
                st.text(one.words)
