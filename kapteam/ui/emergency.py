"""Emergency access: its form, what every page says while it is open, and the list of all."""

import streamlit as st

from kapteam import wording
from kapteam.actions.emergency import EmergencyEntered, end_emergency, open_in_emergency
from kapteam.queries.emergency import EmergencyLine
from kapteam.rules.permissions import Emergency
from kapteam.ui.audit_log import what_was_opened
from kapteam.ui.forms import Form, unused_id
from kapteam.ui.navigation import go, link
from kapteam.ui.rows import row, section, words
from kapteam.ui.shell import Present, acting, say_next
from kapteam.ui.text import plain, quiet, strong


def draw_emergency_form(here: Present) -> None:
    """Whom to open, and why; what that means stands above it."""
    words(
        "For a client whom you do not treat and who needs you now. Everything of this client opens "
        "to you for four hours. That you opened it, why, and each hour in which you look at it are "
        "on record, and the administrators of the practice see it."
    )
    with st.container(border=True):
        form = Form(here, "emergency", makes=unused_id(here))
        form.line("code", "Client code", hint="K-014", width=180)
        words(quiet("… or, without the code, the name:"))
        with st.container(horizontal=True):
            with st.container(width=280):
                form.line("given_name", "Given name")
            with st.container(width=280):
                form.line("family_name", "Family name")
            with st.container(width="content"):
                form.day("born_on", "Born on (if known)", past=True)
        form.area("reason", "Why you need to see this client now")
        words(quiet("Read by those who treat the client, and by the administrators."))
        form.save(
            "Open for four hours",
            open_in_emergency,
            lambda: form.entered(EmergencyEntered, id=form.makes),
            then=lambda code: go("client", client=code),
            said="Opened for four hours",
        )


def emergency_banner(here: Present, one: Emergency) -> None:
    """On every page while it is open: whom, until when, and the way to end it."""
    until = wording.moment(one.until_at, here.now, here.zone)
    with (
        st.container(key=f"emergency_{one.id}"),
        st.container(
            horizontal=True, vertical_alignment="center", border=True, key=f"emergency_row_{one.id}"
        ),
    ):
        words(
            f":red[:material/emergency_home: **Emergency access to {one.code} until "
            f"{plain(until)}**] {quiet('All that you open is on record.')}"
        )
        link("client", one.code, icon="chevron_right", client=one.code)
        st.button(
            "End access",
            key=f"end_emergency_{one.id}",
            icon=":material/lock:",
            on_click=_end,
            args=(one.id, one.code),
        )


@acting
def _end(here: Present, access_id: str, code: str) -> None:
    here.write(end_emergency, access_id, here.now)
    say_next(f"Emergency access to {code} has ended")
    go("today")


def draw_emergency_accesses(here: Present, lines: tuple[EmergencyLine, ...]) -> None:
    """Who opened whom, when and why, in the last 90 days, and the way to all they looked at."""
    nothing = "None in the last 90 days."
    with section("Emergency access", len(lines), key="emergencies", nothing=nothing):
        for one in lines:
            with row(f"emergency_of_{one.id}"):
                words(strong(one.who), 210)
                words(f"**{one.code}**", 90)
                began = wording.moment(one.from_at, here.now, here.zone)
                words(plain(f"{began}, {_end_words(here, one)}"), 330)
                # The one sentence in which a name may stand.
                hidden = here.viewer.hides_names
                words(quiet("Reason hidden") if hidden else plain(one.reason), 330)
                what_was_opened(here, one)


def _end_words(here: Present, one: EmergencyLine) -> str:
    end = one.ended_at or one.until_at
    word = "ended" if one.ended_at or one.until_at <= here.now else "open until"
    return f"{word} {wording.moment(end, here.now, here.zone)}"
