"""Lists as rows: words in the same order everywhere, aligned, wrapping on a narrow screen."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import streamlit as st

from kapteam import sentences, wording
from kapteam.actions.views import record_view
from kapteam.queries.standing import ClientName, CourseStanding, DoseLine, IntegrationLine
from kapteam.queries.views import seen_this_hour
from kapteam.rules.attention import Attention
from kapteam.rules.integration import IntegrationStage
from kapteam.rules.notes import IntentionStage
from kapteam.rules.permissions import can_book, can_hold_integration, can_write_note
from kapteam.sentences import client_name
from kapteam.ui.navigation import link
from kapteam.ui.shell import Present
from kapteam.ui.text import plain, quiet, said, strong
from kapteam.vocabulary import Audience, IntegrationKind, NoteKind, Tone
from kapteam.wording import Phrase

NAME, WHEN, ORDER, NUMBER, INTENTION = 260, 240, 210, 105, 215
STANDING, AFTER = 340, 320
NOT_BOOKED = Phrase("Integration not booked", Tone.AMBER, "schedule")


@contextmanager
def section(
    title: str, number: int | None = None, *, key: str, nothing: str = ""
) -> Iterator[None]:
    """A heading with its count and a frame around its rows.

    With nothing to show it is one line: `nothing`.
    """
    if number == 0:
        st.markdown(f"**{plain(title)}** :gray[{plain(nothing)}]")
        yield
        return
    st.subheader(f"{title} ({number})" if number is not None else title, anchor=False)
    with st.container(border=True, gap="xsmall", key=f"list_{key}"):
        yield


@contextmanager
def row(key: str) -> Iterator[None]:
    """One row; its parts stand side by side and wrap where they do not fit."""
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key=key):
        yield


def name_cell(here: Present, client: ClientName, width: int = NAME) -> None:
    """The client's name as a link to the client, with the code in grey."""
    name = strong(client_name(here.viewer, client))
    code = "" if here.viewer.audience is Audience.OTHERS else quiet(client.code)
    link("client", f"{name} {code}", width=width, client=client.code)


def words(text: str, width: int | None = None) -> None:
    """Markdown words (user text through `ui.text.plain`) of a fixed width."""
    st.markdown(text, width=width or "content")


def phrase(one: Phrase, width: int | None = None) -> None:
    """A phrase in its tone."""
    st.markdown(said(one), width=width or "content")


def when(here: Present, at: datetime, width: int | None = None) -> None:
    """Absolute and relative time together, always both (ux.md 1.9)."""
    absolute = wording.moment(at, here.now, here.zone)
    words(f"**{plain(absolute)}** {quiet(wording.relative(at, here.now))}", width)


def order_of(dose: DoseLine) -> Phrase:
    """The order of a ketamine session in words."""
    return sentences.order(
        dose.order_state, dose.ordered_ug, dose.may_add_ug, dose.product_route.label
    )


def given(here: Present, dose: DoseLine) -> str:
    """What was given and when, as Markdown: `70 mg intramuscular, given Mon Nov 23, 2:00 pm`."""
    if dose.given_ug is None or dose.last_given_at is None:
        planned = wording.moment(dose.planned_at, here.now, here.zone)
        return quiet(f"{dose.product_route.label}, planned {planned}")
    at = wording.moment(dose.last_given_at, here.now, here.zone)
    return f"{plain(wording.dose(dose.given_ug, dose.product_route))}, {quiet(f'given {at}')}"


def before_dose(here: Present, course: CourseStanding, dose: DoseLine) -> Phrase:
    """What stands before a planned dose: the hold of its course, else where its intention is."""
    if course.hold and dose.is_ahead:
        return sentences.on_hold(course.hold.reason, course.hold.look_again_on, here.today)
    return sentences.intention(dose.intention, here.now, here.zone)


def dose_row(here: Present, course: CourseStanding, dose: DoseLine, place: str) -> None:
    """One ketamine session: who, when, order, number, intention, and what to do next.

    `place` names the list it stands in, so that its key is unique on the page.
    """
    with row(f"{place}_{dose.id}"):
        name_cell(here, course.client)
        if dose.silence:
            asked = sentences.silence(dose.silence, dose.planned_at, here.now, here.zone)
            phrase(asked, WHEN + INTENTION)
        else:
            when(here, dose.planned_at, WHEN)
        phrase(order_of(dose), ORDER)
        number = f"{dose.number} of {dose.of}"
        words(quiet(f"{number}, {dose.place}" if dose.place else number), NUMBER)
        if not dose.silence:
            phrase(before_dose(here, course, dose), INTENTION)
        if _to_write(course, dose) and can_write_note(here.viewer, NoteKind.INTENTION):
            link("note", "Write", icon="edit_note", kind="intention", dose=dose.id)
        else:
            label = "Record" if dose.silence else "Open"
            link("ketamine_session", label, icon="chevron_right", id=dose.id)


def _to_write(course: CourseStanding, dose: DoseLine) -> bool:
    """Whether its intention note is what comes next."""
    missing = dose.intention.stage in {IntentionStage.MISSING, IntentionStage.STALE}
    return missing and dose.silence is None and course.hold is None


def integration_row(
    here: Present, course: CourseStanding, line: IntegrationLine, place: str
) -> None:
    """One integration: who, where it stands, after which dose, and what to do next."""
    with row(f"{place}_{line.key}"):
        name_cell(here, course.client)
        phrase(sentences.integration(line.standing, here.now, here.zone), STANDING)
        words(_after(here, course, line), AFTER)
        integration_links(here, line)


def integration_under(here: Present, line: IntegrationLine, place: str) -> None:
    """One integration underneath its ketamine session."""
    with row(f"{place}_{line.key}_integration"):
        words(f":gray[:material/subdirectory_arrow_right: {line.kind.label}]", NAME)
        phrase(sentences.integration(line.standing, here.now, here.zone), STANDING)
        words(_with(here, line), AFTER)
        integration_links(here, line)


def integration_missing(here: Present, dose: DoseLine, place: str) -> None:
    """Underneath a ketamine session whose integration nobody booked yet."""
    with row(f"{place}_{dose.id}_integration"):
        words(f":gray[:material/subdirectory_arrow_right: {IntegrationKind.FULL.label}]", NAME)
        phrase(NOT_BOOKED, STANDING)
        words("", AFTER)
        if can_book(here.viewer):
            link("integration_session", "Book", icon="event_available", dose=dose.id, do="book")


def _after(here: Present, course: CourseStanding, line: IntegrationLine) -> str:
    """What it integrates, what kind it is unless the usual one, and with whom."""
    doses = " and ".join(given(here, dose) for dose in line.doses)
    kind = "" if line.kind is IntegrationKind.FULL else quiet(f"{line.kind.label}, ")
    return f"{kind}{doses or quiet(course.service_line.label)} {_with(here, line)}"


def _with(here: Present, line: IntegrationLine) -> str:
    """The therapist, unless it is oneself."""
    if line.therapist is None or line.therapist.id == here.viewer.clinician_id:
        return ""
    return quiet(f"with {line.therapist.name}")


def integration_links(here: Present, line: IntegrationLine) -> None:
    """What the viewer may do next about an integration."""
    with st.container(horizontal=True, gap=None, width="content"):
        if line.standing.stage is IntegrationStage.HELD:
            _note_link(here, line)
            return
        about: dict[str, Any] = {"id": line.id} if line.id else {"dose": line.doses[0].id}
        if not can_hold_integration(here.viewer):
            link("integration_session", "Open", icon="chevron_right", **about)
            return
        if line.standing.facts.planned_at is None:
            link("integration_session", "Book", icon="event_available", do="book", **about)
        if _may_have_been_held(here, line):
            link("integration_session", "Held", icon="check", do="hold", **about)
        link("integration_session", "More", icon="more_horiz", **about)


def _note_link(here: Present, line: IntegrationLine) -> None:
    if line.note_id and line.note_author_id == here.viewer.clinician_id:
        link("note", "Finish note", icon="edit_note", id=line.note_id)
    elif not line.note_id and can_write_note(here.viewer, NoteKind.INTEGRATION):
        link("note", "Write note", icon="edit_note", kind="integration", integration=line.key)


def _may_have_been_held(here: Present, line: IntegrationLine) -> bool:
    """Its dose was given, or its time has come; a booking for what is still ahead is not held."""
    facts = line.standing.facts
    if facts.last_given_at is not None:
        return True
    return facts.planned_at <= here.now if facts.planned_at else not line.doses


def attention_row(here: Present, course: CourseStanding, one: Attention, place: str) -> None:
    """One reason to look at a course, and whom it waits on."""
    with row(f"{place}_{course.episode_id}_{one.reason}_{one.subject_id}"):
        name_cell(here, course.client)
        phrase(sentences.attention(one, here.now, here.zone), 430)
        person = course.waited_on(one.waits_on)
        mine = person is not None and person.id == here.viewer.clinician_id
        words(quiet("" if mine or person is None else f"waiting on {person.name}"), 320)
        link("client", "Open", icon="chevron_right", client=course.client.code)


def count_link(to: str, one: Phrase, **query: Any) -> None:
    """A count that is a link to exactly its rows (rule 73)."""
    link(to, said(one), **query)


def identity(here: Present, client: ClientName, also: str = "") -> None:
    """Two identifiers in a frame above every field of a form about somebody (ux.md 1.7).

    Whoever sees them has opened the chart, which is on record before they are shown (rule 63).
    """
    if not here.read(seen_this_hour, client.id):
        here.write(record_view, client.id, here.now)
    with st.container(border=True, key="banner"), row("identity"):
        words(f"**{plain(client_name(here.viewer, client))}**")
        words(f"Code **{client.code}**")
        words(quiet(f"born {wording.born(client.born_on, here.today)}"))
        if also:
            words(quiet(also))
        link("client", "Back to the client", icon="arrow_back", client=client.code)
