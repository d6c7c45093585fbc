"""Opening a page: the second lock behind the gate, then the banner and the header."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from html import escape

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from kapteam import sentences, wording
from kapteam.accounts.sign_ins import say_who_sees
from kapteam.queries.right_now import right_now
from kapteam.rules.permissions import Viewer
from kapteam.ui.emergency import emergency_banner
from kapteam.ui.find import find_button
from kapteam.ui.navigation import keep_address, link
from kapteam.ui.right_now import draw_right_now
from kapteam.ui.shell import FLASH, Present, acting, live, present, sentence_for
from kapteam.ui.text import plain
from kapteam.vocabulary import Audience

_AUDIENCE = "audience"
_EYES = {
    Audience.JUST_ME: ":material/visibility:",
    Audience.BOTH_OF_US: ":material/group:",
    Audience.OTHERS: ":material/visibility_off:",
}
_TYPED_TO_FIND = ("caseload_text", "find_typed", "notes_typed", "notes_client")


def open_page(
    title: str,
    *,
    of: str = "",
    dated: bool = False,
    needs: Callable[[Viewer], None] | None = None,
    body: Callable[[Present], None] | None = None,
    has_live_part: bool = False,
    strip_by_code: bool = False,
) -> Present:
    """Check who is here and what they may see, then draw the top of the page.

    `needs` is a `check_can_…` of rules.permissions. Stops the run when nobody is signed in; raises
    NotAllowed when `needs` says so. `title` never holds a client's name; `of` is the code of what
    the page is about, so that two tabs can be told apart: "Client K-014". A `dated` page's heading
    says the practice's day.

    `body` draws all of the page below its header, and again when anybody has saved anything: the
    guard script (guard.js) presses Refresh then, and once a minute, since "in 30 min" ages. It
    does so on every page while a client is open in an emergency, and when this sign-in says on
    another tab who can see the screen. A page on which one writes may have one `live_part`.

    `strip_by_code`: who is under medicine stands there without a name (Present).
    """
    here = present()
    if here is None:
        st.stop()
    keep_address(title)
    title = f"{title} {of}".strip()
    st.set_page_config(page_title=f"{title} · kapteam", layout="wide")
    if here.asked.practice.is_demo:
        _demo_banner(here)
    as_of = _header(here, f"{title}, {wording.heading_day(here.today)}" if dated else title)
    _more_than_ones_own(here)
    strip = st.empty()
    here = replace(here, strip=strip, strip_by_code=strip_by_code)
    if body is None and not has_live_part:
        if here.viewer.emergencies:
            # What an emergency opened closes when that ends, here or on another tab, on every page.
            _strip(here, here)
            _watched(here, here.asked.practice.token)
        else:
            live_part(here, _nothing)
    # After the header: who may not be here still finds a client and the way out.
    if needs is not None:
        needs(here.viewer)
    # A place that is always there: were it put in and taken out, everything below it would move,
    # and Streamlit would close what was open and go back to the first tab.
    top = st.empty()
    _ready_again()
    here = replace(here, top=top, as_of=as_of)
    if body is not None:
        live_part(here, body, needs, says=True)
        return here
    _say(top)
    return replace(here, as_of=None) if has_live_part else here


def _nothing(here: Present) -> None:
    """Of a page on which one writes only the strip is live."""


def _strip(here: Present, opened: Present) -> None:
    """Who is under medicine right now, in the place for it of an open page, if it has one."""
    if opened.strip is None:
        return
    found = here.read(right_now)
    with opened.strip.container(gap="xsmall"):
        draw_right_now(here, found, by_code=opened.strip_by_code)


def _say(top: DeltaGenerator, *, also_well: bool = True) -> None:
    """What happened last, once.

    Where it was done on this very page that is to be seen there, and the page does not move for it.
    """
    sentence, well = st.session_state.pop(FLASH, ("", True))
    if sentence and well and also_well:
        top.success(plain(sentence), icon=":material/check:")
    elif sentence and not well:
        top.warning(plain(sentence), icon=":material/error:")
    else:
        top.empty()


@live
def live_part(
    here: Present,
    opened: Present,
    draw: Callable[[Present], None],
    needs: Callable[[Viewer], None] | None = None,
    *,
    says: bool = False,
    with_words: bool = False,
) -> None:
    """What is drawn again when anybody has saved anything; the rest of the page stays as it is.

    A page has one of them at most: all of it (`open_page`), or what stands beside its forms. Who is
    under medicine right now is always in it; one that `says` is all of its page, and tells at its
    top what happened last. `with_words` it is so too when a colleague typed in a case review.
    """
    if (here.today, here.viewer) != (opened.today, opened.viewer):
        st.rerun()
    _watched(here, here.asked.practice.token, with_words=with_words)
    if opened.as_of is not None:
        opened.as_of.markdown(_as_of(here), width="content")
    # Streamlit lets a fragment write above itself where it does so in every run.
    _strip(here, opened)
    if opened.top is not None and says:
        _say(opened.top, also_well=here.asked is opened.asked)
    try:
        if needs is not None:
            needs(here.viewer)
        draw(here)
    except Exception as error:
        draw_trouble(error)


def _watched(here: Present, token: str = "", *, with_words: bool = False) -> None:
    """What the guard knows a page by, and the Refresh that it presses; nobody sees them."""
    with st.container(key="watched"):
        st.button("Refresh", key="refresh")
        words = f' data-kapteam-words="{here.viewer.typed_by_others}"' if with_words else ""
        st.html(f'<i data-kapteam-token="{token}" data-kapteam-room="{here.viewer.room}"{words}>')


def draw_trouble(error: Exception) -> None:
    """In place of what was refused or failed: its sentence, and the ways on."""
    st.warning(plain(sentence_for(error)), icon=":material/info:")
    st.markdown("Use **Find a client** (Ctrl+K), or go back to Today.")
    link("today", "Today", icon="today")


@partial(live, every=timedelta(days=1))
def _ready_again(here: Present) -> None:
    """Draws nothing; its timer makes a page ready again after the server was restarted.

    A browser that finds the server again asks for a run only where a timer runs. Until then the new
    server knows no callback, so the first Save or the first field left would pass unheard.
    """


def _more_than_ones_own(here: Present) -> None:
    """Whom the viewer covers, and which client is open to them in an emergency; else nothing."""
    for covered in here.viewer.covers:
        last = wording.day(wording.last_day(covered.until_at, here.zone), here.today)
        said = f"Covering for {covered.name} until {last}"
        st.markdown(f":blue[:material/supervisor_account: {plain(said)}]")
    for one in here.viewer.emergencies:
        emergency_banner(here, one)


def _header(here: Present, heading: str) -> DeltaGenerator:
    with st.container(horizontal=True, vertical_alignment="center", key="page_header"):
        st.title(heading, anchor=False, width="stretch")
        as_of = st.empty()
        as_of.markdown(_as_of(here), width="content")
        find_button(here)
        _who_sees(here)
        with (
            st.popover(
                plain(sentences.who_is_here(here.viewer)),
                icon=":material/group:" if here.viewer.beside else ":material/person:",
                width="content",
            ),
            st.container(key="person_menu"),
        ):
            _screen_menu(here.viewer)
            link("away", "Days away")
            if not here.asked.practice.is_demo:
                st.html('<p><a href="/session/password" target="_self">Change password</a></p>')
            st.html('<p><a href="/session/pin" target="_self">Your PIN</a></p>')
            st.html('<p><a href="/session/phone" target="_self">Your phone</a></p>')
            st.html(f"<p>{_post('Lock now (F9)', '/session/lock')}</p>")
            out = "Sign out both" if here.viewer.beside else "Sign out"
            st.html(f"<p>{_post(out, '/session/sign-out')}</p>")
    return as_of


def _screen_menu(viewer: Viewer) -> None:
    """Who joins this screen; or, of the two at it, who acts and who leaves."""
    other = viewer.beside
    if other is None:
        st.html(f"<p>{_to('Add a colleague to this screen', '/session/join')}</p>")
        return
    for line in (
        _to(f"Let {other.name} act", "/session/act"),
        _post(f"{other.name} leaves this screen", f"/session/leave?who={other.clinician_id}"),
        _post("Leave this screen", f"/session/leave?who={viewer.clinician_id}"),
    ):
        st.html(f"<p>{line}</p>")


def _who_sees(here: Present) -> None:
    """Who can see this screen? One question, answered for this sign-in (product.md)."""
    audience = here.viewer.audience
    st.session_state[_AUDIENCE] = audience
    question = "Who can see this screen?"
    # Once answered it is another popover, and closed.
    with st.popover(
        audience.label,
        icon=_EYES[audience],
        help=question,
        width="content",
        key=f"seen_by_{audience}",
    ):
        st.radio(
            question,
            list(Audience),
            format_func=lambda one: one.label,
            captions=[one.shows for one in Audience],
            key=_AUDIENCE,
            on_change=_say_who_sees,
        )


@acting
def _say_who_sees(here: Present) -> None:
    audience = st.session_state[_AUDIENCE]
    here.write(say_who_sees, audience, here.now)
    if audience is Audience.OTHERS:
        for typed in _TYPED_TO_FIND:
            st.session_state[typed] = ""


def _as_of(here: Present) -> str:
    return f":gray[As of {wording.zoned_time(here.now, here.zone)}]"


def _to(label: str, path: str) -> str:
    """A link to a plain page, from which the guard script leads back to this one."""
    return f'<a href="{path}" target="_self" data-kapteam-back>{escape(label)}</a>'


def _post(label: str, path: str) -> str:
    """A link that the guard script turns into a POST (no state changes by GET)."""
    return f'<a href="/" data-kapteam-post="{path}">{escape(label)}</a>'


def _demo_banner(here: Present) -> None:
    other = "therapist" if here.viewer.is_prescriber else "prescriber"
    with st.container(horizontal=True, vertical_alignment="center", key="demo_banner"):
        st.markdown(
            ":violet-badge[:material/science: Demo practice: every person here is made up]",
            width="content",
        )
        st.html(_post(f"See it as the {other}", "/session/demo/switch"), width="content")
        st.html(_post("Leave the demo", "/session/demo/leave"), width="content")
