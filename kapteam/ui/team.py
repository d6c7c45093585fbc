"""The team on Practice: who they are, a new colleague by link, turning off a sign-in or a PIN."""

from collections.abc import Callable
from functools import partial
from urllib.parse import urlsplit

import streamlit as st

from kapteam import wording
from kapteam.accounts.pins import turn_off_pin
from kapteam.accounts.set_up import (
    NewClinician,
    add_clinician,
    readmit_clinician,
    renew_invitation,
)
from kapteam.actions.episodes import FUNCTIONS_OF
from kapteam.actions.team import (
    ColleagueEntered,
    TurnOffEntered,
    change_colleague,
    taker_field,
    turn_off_sign_in,
)
from kapteam.clock import day_of
from kapteam.errors import Refused
from kapteam.ids import new_id
from kapteam.queries.pins import PinBrowserLine
from kapteam.queries.practice import Colleague, OpenPart, with_function
from kapteam.sentences import client_name
from kapteam.ui.forms import Form, unused_id
from kapteam.ui.navigation import go, link
from kapteam.ui.rows import phrase, row, section, words
from kapteam.ui.shell import Present, acting, say_next
from kapteam.ui.showing import listed
from kapteam.ui.text import plain, quiet
from kapteam.vocabulary import Function, Part, Tone
from kapteam.wording import Phrase

_FIRST = 10
_LINK = "practice_link"
_HIDE = "hide_practice_link"
_NEXT = "next_invitation"
_PHONE = "Phone, for colleagues in a crisis"
_NO_PHONE = Phrase("No phone for a crisis", Tone.AMBER, "phone_disabled")


def draw_team(here: Present, colleagues: tuple[Colleague, ...]) -> None:
    """Everybody with functions; a change, a new one-time link or turning off, from the row."""
    with section("Team", len(colleagues), key="team"):
        listed(colleagues, "team", partial(_colleague, here), first=_FIRST)
    # Below the rows, which stay where they are: the second click of a double click would else make
    # a link for somebody else.
    _one_time_link(here)


def _colleague(here: Present, one: Colleague) -> None:
    with row(f"colleague_{one.id}"):
        words(f"**{plain(one.name)}** {quiet(one.credentials)}", 230)
        labels = [function.label for function in Function if function in one.functions]
        admin = ["Administrator"] if one.is_administrator else []
        words(plain(", ".join(labels + admin)), 260)
        with st.container(width=240, gap=None):
            words(quiet(_sign_in_words(here, one)))
            if _has_no_phone(one):
                phrase(_NO_PHONE)
        _row_buttons(one)


def _row_buttons(one: Colleague) -> None:
    """What can be done about a colleague; who is off is only changed, or turned on again."""
    with st.container(horizontal=True, gap="small", width="content", key=f"buttons_of_{one.id}"):
        _row_button("Change", one.name, "edit", f"change_{one.id}", _open, one.id)
        if one.suspended_at is not None:
            _row_button("Turn on sign-in", one.name, "login", f"on_{one.id}", _turn_on, one.id)
            return
        invitation_id = _next_invitation(one.id)
        # Another button for every link, so that a second press is one of the first.
        key = f"renew/{one.id}/{invitation_id}"
        _row_button(
            "New one-time link", one.name, "link", key, _renew, one.id, one.name, invitation_id
        )
        _row_button(
            "Turn off sign-in", one.name, "block", f"off_{one.id}", _ask_to_turn_off, one.id
        )


def _row_button(
    label: str, of: str, icon: str, key: str, on_click: Callable[..., None], *args: str
) -> None:
    """A button of a row. Its name goes on with whose row it is, for who hears it read out; who sees
    it sees the row (guard.css).
    """
    st.button(
        f"{label} *{plain(of)}*",
        key=key,
        type="tertiary",
        icon=f":material/{icon}:",
        on_click=on_click,
        args=args,
    )


@acting
def _open(here: Present, clinician_id: str) -> None:
    go("practice", colleague=clinician_id)


@acting
def _ask_to_turn_off(here: Present, clinician_id: str) -> None:
    go("practice", colleague=clinician_id, do="turn_off")


def _sign_in_words(here: Present, one: Colleague) -> str:
    if one.suspended_at is not None:
        return f"Sign-in off since {wording.moment(one.suspended_at, here.now, here.zone)}"
    if not one.has_password:
        return f"Signs in as {one.sign_in_name}, link not used yet"
    return f"Signs in as {one.sign_in_name}"


def _has_no_phone(one: Colleague) -> bool:
    """Whether a crisis card could say no number of this colleague: one who treats somebody."""
    treats = bool(one.functions - {Function.COORDINATOR})
    return treats and not one.phone and one.suspended_at is None


def _one_time_link(here: Present) -> None:
    token, name, is_drawn = st.session_state.get(_LINK, ("", "", False))
    if is_drawn and _HIDE not in st.session_state:
        # The page was left since, and with it the button.
        del st.session_state[_LINK]
        return
    if not token:
        return
    st.session_state[_LINK] = token, name, True
    address = urlsplit(str(st.context.url))
    st.info(
        "This is the demo: the link opens nothing."
        if here.asked.practice.is_demo
        else f"Hand this one-time link to {plain(name)}. It is good for seven days and is shown "
        "only here, only now.",
        icon=":material/link:",
    )
    st.code(f"{address.scheme}://{address.netloc}/session/invite/{token}", language=None)
    st.button("Hide the link", key=_HIDE, on_click=_hide_link)


@acting
def _hide_link(here: Present) -> None:
    del st.session_state[_LINK]


def _next_invitation(clinician_id: str) -> str:
    """The id of the next link that a colleague is given at this tab."""
    minted: str = st.session_state.setdefault(f"{_NEXT}/{clinician_id}", new_id())
    return minted


@acting
def _renew(here: Present, clinician_id: str, name: str, invitation_id: str) -> None:
    try:
        token = here.write(renew_invitation, clinician_id, invitation_id, here.now)
    except Refused as error:
        say_next(str(error), well=False)
        return
    if token:
        st.session_state[_LINK] = token, name, False
        del st.session_state[f"{_NEXT}/{clinician_id}"]


@acting
def _turn_on(here: Present, clinician_id: str) -> None:
    here.write(readmit_clinician, clinician_id, here.now)
    say_next("Sign-in turned on again, with the password they had.")


def draw_colleague(here: Present, one: Colleague) -> None:
    """What somebody of the team is called and does; that they administer the practice."""
    link("practice", "Back to the team", icon="arrow_back")
    st.subheader(plain(one.name), anchor=False)
    with st.container(border=True):
        form = Form(here, "person", one.id)
        version = form.seen(one.version)
        form.line("name", "Name", one.name)
        form.line("credentials", "Credentials", one.credentials, hint="for example LCSW or NP")
        form.line("phone", _PHONE, one.phone)
        form.several("functions", "Functions", list(Function), tuple(one.functions))
        form.check("is_administrator", "Administers the practice", one.is_administrator)
        form.save(
            "Save",
            change_colleague,
            lambda: form.entered(ColleagueEntered, id=one.id, version=version),
        )


def draw_pin_browsers(here: Present, browsers: tuple[PinBrowserLine, ...]) -> None:
    """Where a colleague's PIN works, and a way to turn it off: a machine that was given away."""
    with section(
        "Browsers where the PIN works", len(browsers), key="pins", nothing="No PIN is set."
    ):
        for one in browsers:
            with row(f"pin_{one.id}"):
                words(f"**{plain(one.device)}**", 230)
                set_at = wording.moment(one.set_at, here.now, here.zone)
                until = wording.day(day_of(one.until_at, here.zone), here.today)
                rests = ", rests after five wrong tries" if one.rests else ""
                words(quiet(f"Set {set_at}, until {until}{rests}"), 520)
                with st.container(key=f"buttons_of_pin_{one.id}"):
                    _row_button(
                        "Turn off", one.device, "block", f"pin_off_{one.id}", _turn_off_pin, one.id
                    )


@acting
def _turn_off_pin(here: Present, pin_browser_id: str) -> None:
    here.write(turn_off_pin, pin_browser_id, here.now)
    say_next("The PIN is off in that browser.")


def draw_turn_off(
    here: Present,
    one: Colleague,
    colleagues: tuple[Colleague, ...],
    parts: tuple[OpenPart, ...],
) -> None:
    """Ask before a sign-in is turned off, and who takes each open course."""
    link("practice", "Back to the team", icon="arrow_back")
    if one.suspended_at is not None:
        words(f"**{plain(one.name)}** {quiet(_sign_in_words(here, one))}")
        return
    st.subheader(f"Turn off the sign-in of {plain(one.name)}?", anchor=False)
    with st.container(border=True):
        if one.id == here.viewer.clinician_id:
            words("**This is you: you will be signed out at once.**")
        words(plain(_parts_words(one, parts)))
        covered = [another.name for another in colleagues if another.id in one.covers]
        if covered:
            said = f"{one.name} covers for {wording.listed(covered)}, and nobody would any more."
            phrase(Phrase(said, Tone.AMBER, "person_alert"))
        form = Form(here, "turn_off", one.id)
        others = tuple(another for another in colleagues if another.id != one.id)
        for part in Part:
            _all_at_once(form, part, [each for each in parts if each.part is part], others)
        for each in parts:
            _taker_row(here, form, each, others)
        words(
            quiet(
                "Their signed-in browsers end at once, and their one-time link and their PIN open "
                "nothing any more. What they wrote stays. The sign-in can be turned on again."
            )
        )
        form.save(
            f"Turn off the sign-in of {plain(one.name)}",
            turn_off_sign_in,
            lambda: TurnOffEntered(
                one.id, {each.member_id: form.value(taker_field(each.member_id)) for each in parts}
            ),
            then=lambda _: go("practice"),
            said=f"Sign-in of {one.name} turned off, and their browsers ended",
        )


def _parts_words(one: Colleague, parts: tuple[OpenPart, ...]) -> str:
    if not parts:
        return f"{one.name} is on no open course of care."
    courses = len({part.episode_id for part in parts})
    number = f"{courses} open courses" if courses > 1 else "one open course"
    return (
        f"{one.name} is on {number} of care. Each stays theirs until somebody else is named: "
        "choose who takes it, or do that later on the course."
    )


def _all_at_once(
    form: Form, part: Part, parts: list[OpenPart], others: tuple[Colleague, ...]
) -> None:
    """One choice for many courses, written into each of their fields, where it can be changed."""
    if len(parts) < 2:
        return
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"all_{part.value}"):
        with st.container(width=280):
            form.pick(
                f"all.{part.value}",
                f"{part.label} of all {len(parts)}",
                with_function(others, *FUNCTIONS_OF[part]),
                none="Nobody yet",
            )
        st.button(
            "Fill in below",
            key=form.key(f"all.{part.value}.fill"),
            on_click=_fill_in,
            args=(form, part, parts),
        )


@acting
def _fill_in(here: Present, form: Form, part: Part, parts: list[OpenPart]) -> None:
    taker = form.value(f"all.{part.value}") or ""
    for each in parts:
        form.put(taker_field(each.member_id), taker)


def _taker_row(here: Present, form: Form, part: OpenPart, others: tuple[Colleague, ...]) -> None:
    with row(f"part_{part.member_id}"):
        name = f"**{plain(client_name(here.viewer, part.client))}** " if part.client else ""
        words(f"{name}{quiet(part.code)}", 260)
        words(f"{plain(part.service_line.label)}, {quiet(part.state.label)}", 330)
        with st.container(width=280):
            form.pick(
                taker_field(part.member_id),
                f"{part.part.label} from now on",
                with_function(others, *FUNCTIONS_OF[part.part]),
                none="Nobody yet",
            )


def draw_new_colleague(here: Present) -> None:
    """The form that lets a colleague in, by a link instead of a password somebody else knows."""
    with st.expander("Add a colleague", icon=":material/person_add:"):
        form = Form(here, "colleague", makes=unused_id(here))
        name = form.line("name", "Name")
        form.line("credentials", "Credentials", hint="for example LCSW or NP")
        form.line("phone", _PHONE)
        form.line("sign_in_name", "Sign-in name", hint="one word")
        form.several("functions", "Functions", list(Function))
        form.check("is_administrator", "Administers the practice")
        form.save(
            "Make a one-time link",
            add_clinician,
            lambda: form.entered(NewClinician, id=form.makes),
            then=lambda token: _show_link(token, name),
            said="Colleague added",
        )


def _show_link(token: str, name: str) -> None:
    st.session_state[_LINK] = token, name, False
