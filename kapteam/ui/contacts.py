"""Contacts: what is planned, what was said last, and the forms that log, plan, move and end one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import streamlit as st

from kapteam import sentences, wording
from kapteam.actions.contacts import (
    ContactEndedEntered,
    ContactEntered,
    ContactMovedEntered,
    TouchEntered,
    VoidContactEntered,
    end_contact,
    know_of,
    log_touch,
    move_contact,
    plan_contact,
    void_contact,
)
from kapteam.queries.client import ClientPage
from kapteam.queries.contacts import ContactPage, OneContact, OpenCourse, PastContact, Told
from kapteam.queries.standing import ContactLine, CourseStanding
from kapteam.rules.contacts import video_gap
from kapteam.rules.pathway import moves_by
from kapteam.rules.permissions import can_book
from kapteam.ui.booking import say_who_is_away
from kapteam.ui.forms import Form, unused_id
from kapteam.ui.navigation import go, link
from kapteam.ui.rows import (
    list_row,
    name_cell,
    phrase,
    row,
    row_links,
    section,
    words,
)
from kapteam.ui.shell import Present, acting
from kapteam.ui.text import dialed, plain, quiet
from kapteam.ui.written import folded_for_others, free_words
from kapteam.vocabulary import ContactKind, ContactOutcome, EpisodeState, How, Touch

_PLANNED = [kind for kind in ContactKind if kind is not ContactKind.MESSAGE]
_MINUTES = 50
_ONE_BUTTON = 85
_TABS = {"end": "How it ended", "move": "Move or change"}
_WHEN = 430


def draw_told(here: Present, told: tuple[Told, ...]) -> None:
    """What colleagues want this person to know, until each is seen; nothing takes no room."""
    if not told:
        return
    with section("For you to know", len(told), key="told"):
        for one in told:
            with _told_row(here, one), row_links(_ONE_BUTTON):
                st.button("Seen", key=f"seen_{one.id}", on_click=_seen, args=(one.id,))


def draw_told_while_away(here: Present, told: tuple[Told, ...]) -> None:
    """What was meant for this person to know while somebody else saw it for them."""
    if not told:
        return
    with section("Told to you, and seen by who covered", len(told), key="told_away"):
        for one in told:
            with _told_row(here, one):
                link("contact", "Open", icon="chevron_right", id=one.id)


@contextmanager
def _told_row(here: Present, one: Told) -> Iterator[None]:
    with list_row(f"told_{one.id}"):
        name_cell(here, one.client)
        words(plain(_touched(here, one.kind, one.outcome, one.from_client, one)), _WHEN)
        with folded_for_others(here, "What was said"):
            st.text(one.words or "No words were left.", width="stretch")
        yield


@acting
def _seen(here: Present, contact_id: str) -> None:
    here.write(know_of, contact_id, here.now)


def _touched(
    here: Present,
    kind: ContactKind,
    outcome: ContactOutcome,
    from_client: bool,
    one: Told | PastContact,
) -> str:
    by = one.by if isinstance(one, Told) else one.person.name
    at = wording.moment(one.happened_at, here.now, here.zone)
    return sentences.touched(kind, outcome, from_client=from_client, at=at, by=by)


def draw_contacts(here: Present, page: ClientPage) -> None:
    """What is planned besides ketamine and integration, the last calls, and the way to log one."""
    planned = [line for course in page.courses for line in course.contacts]
    with st.container(gap="xxsmall", key="contacts"):
        with row("contacts_top"):
            is_known = planned or page.last_contacts
            words("**Contacts**" if is_known else f"**Contacts** {quiet('No call yet')}")
            if can_book(here.viewer):
                _ways(page.name.code, page.courses)
        for line in sorted(planned, key=lambda one: one.standing.planned_at):
            _planned_row(here, line)
        for one in page.last_contacts:
            with row(f"past_{one.id}"):
                words(quiet(_touched(here, one.kind, one.outcome, one.from_client, one)))
                if one.words:
                    with folded_for_others(here, "What was said"):
                        st.text(one.words, width="content")


def _ways(code: str, courses: tuple[CourseStanding, ...]) -> None:
    link("contact", "Log a call or message", icon="add_call", client=code)
    if courses:
        link("contact", "Plan a contact", icon="event", client=code, do="plan")
    link("contact", "All contacts", icon="history", client=code, do="all")


def _planned_row(here: Present, line: ContactLine) -> None:
    with row(f"contact_{line.id}"):
        phrase(sentences.contact(line.standing, here.now, here.zone))
        if line.standing.gap:
            phrase(sentences.not_known(line.standing.gap))
        about = (f"with {line.person.name}", contact_place(here, line))
        words(quiet(", ".join(filter(None, about))))
        link("contact", "Open", icon="chevron_right", id=line.id)


def contact_place(here: Present, line: ContactLine) -> str:
    """The room, or where the client will be: that is theirs alone."""
    is_theirs = line.standing.how is How.VIDEO and line.place
    return free_words(here, line.place) if is_theirs else line.place


def draw_contact_forms(here: Present, shown: ContactPage, do: str) -> None:
    """The one contact that was asked for; else the forms that log one and plan one, and all."""
    if shown.contact:
        _one(here, shown, shown.contact, do)
        return
    names = {"log": "Log a call or message", "plan": "Plan a contact", "all": "All contacts"}
    log, plan, everything = st.tabs(list(names.values()), default=names.get(do))
    with log:
        _log(here, shown)
    with plan:
        _plan(here, shown)
    with everything:
        for one in shown.all_of_them:
            with row(f"all_{one.id}"):
                _facts(here, one)
                if one.outcome is not ContactOutcome.IN_ERROR:
                    link("contact", "Open", icon="chevron_right", id=one.id)
        if not shown.all_of_them:
            words("No call, message or appointment yet.")


def _log(here: Present, shown: ContactPage) -> None:
    if not here.viewer.hides_names:
        words(f"{quiet('Phone')} **{dialed(shown.phone or 'not recorded')}**")
    form = Form(here, "touch", makes=unused_id(here))
    form.choice("touch", "What happened", list(Touch))
    form.area("words", "In a few words, for the team")
    form.pick("tell_id", "Tell a colleague", _others(here, shown), none="Nobody")
    local = here.now.astimezone(here.zone)
    with st.expander("It was not just now"):
        form.moment(
            "on",
            "time",
            "It was on",
            "At",
            local.date(),
            wording.clock_time(local.time()),
            with_now=True,
        )
    form.save(
        "Save",
        log_touch,
        lambda: form.entered(TouchEntered, id=form.makes, client_id=shown.client.id),
        then=lambda code: go("client", client=code),
    )


def _others(here: Present, shown: ContactPage) -> dict[str, str]:
    return {id_: name for id_, name in shown.may_know.items() if id_ != here.viewer.clinician_id}


def _plan(here: Present, shown: ContactPage) -> None:
    if not shown.courses:
        words("Something is planned on a course of care, and there is none that you are on.")
        link("episode", "Open a course of care", icon="add", client=shown.client.code)
        return
    form = Form(here, "contact", makes=unused_id(here))
    if len(shown.courses) > 1:
        lines = {one.id: one.service_line.label for one in shown.courses}
        form.pick("episode_id", "Course of care", lines, shown.courses[0].id)
    form.choice("kind", "What", _PLANNED)
    _slot(here, shown, form, None)
    form.save(
        "Plan",
        plan_contact,
        lambda: form.entered(
            ContactEntered,
            id=form.makes,
            episode_id=form.value("episode_id") or shown.courses[0].id,
        ),
        then=lambda code: go("client", client=code),
    )


def _slot(here: Present, shown: ContactPage, form: Form, kept: OneContact | None) -> None:
    at = kept.planned_at.astimezone(here.zone) if kept and kept.planned_at else None
    form.kept_as(planned_at=("on", "time"), planned_minutes="minutes")
    form.moment(
        "on",
        "time",
        "Day",
        "Time",
        at.date() if at else None,
        wording.clock_time(at.time()) if at else "",
    )
    form.number("minutes", "Minutes", (kept and kept.planned_minutes) or _MINUTES)
    how = form.choice("how", "How", list(How), kept.how if kept else None)
    place = "Where the client will be" if how is How.VIDEO else "Place"
    form.line("place", place, kept.place if kept else "")
    if how is How.VIDEO:
        there = kept.local_emergency if kept else ""
        form.line("local_emergency", "The emergency number there", there)
    able = {one.id: one.name for one in shown.team if one.suspended_at is None}
    with_id = form.pick("with_id", "With", able, kept.with_id if kept else here.viewer.clinician_id)
    say_who_is_away(
        here, {with_id: able[with_id]} if with_id in able else {}, form.instant("on", "time")
    )


def _one(here: Present, shown: ContactPage, one: OneContact, do: str) -> None:
    with row("contact_facts"):
        _facts(here, one)
    if one.outcome is not None:
        ended = Form(here, "contact.end", one.id)
        ended.seen(one.version)
        if ended.is_begun:
            # Somebody else said how it ended; what this person typed is still theirs to read.
            words("What you entered, which is not saved:")
            _end(here, shown, one)
        elif one.outcome is not ContactOutcome.IN_ERROR:
            _void(here, one)
        link("client", "Back to the client", icon="arrow_back", client=shown.client.code)
        return
    is_ahead = one.planned_at is not None and one.planned_at > here.now
    end, move = st.tabs(
        list(_TABS.values()), default=_TABS.get(do) or _TABS["move" if is_ahead else "end"]
    )
    with end:
        _end(here, shown, one)
    with move:
        form = Form(here, "contact.move", one.id)
        version = form.seen(one.version)
        _slot(here, shown, form, one)
        form.save(
            "Save the change",
            move_contact,
            lambda: form.entered(ContactMovedEntered, contact_id=one.id, version=version),
            then=lambda code: go("client", client=code),
        )


def _void(here: Present, one: OneContact) -> None:
    with st.expander("Entered in error", icon=":material/block:"):
        form = Form(here, "contact.void", one.id)
        version = form.seen(one.version)
        words(quiet("It stays readable, struck through, and counts nowhere any more."))
        if one.planned_at:
            words(quiet("If it is still to come, plan it again."))
        form.save(
            "Mark as entered in error",
            void_contact,
            lambda: VoidContactEntered(one.id, version),
            then=lambda code: go("contact", client=code, do="all"),
            kind="secondary",
        )


def _end(here: Present, shown: ContactPage, one: OneContact) -> None:
    form = Form(here, "contact.end", one.id)
    version = form.seen(one.version)
    outcome = form.choice("outcome", "How it ended", one.kind.outcomes)
    at = min(one.planned_at or here.now, here.now).astimezone(here.zone)
    form.kept_as(happened_at=("on", "time"))
    form.moment("on", "time", "Day", "At", at.date(), wording.clock_time(at.time()), with_now=True)
    form.area("words", "In a few words, for the team")
    course = next((each for each in shown.courses if each.id == one.episode_id), None)
    if course and outcome is ContactOutcome.HELD and _may_move(here, one.kind):
        _goes_on(form, course, one.kind)

    def entered() -> Any:
        move_to = form.value("move_to")
        return form.entered(
            ContactEndedEntered,
            contact_id=one.id,
            version=version,
            move_to=EpisodeState(move_to) if move_to else None,
        )

    form.save("Save", end_contact, entered, then=lambda code: go("client", client=code))


def _may_move(here: Present, kind: ContactKind) -> bool:
    return kind.function in here.viewer.functions


def _goes_on(form: Form, course: OpenCourse, kind: ContactKind) -> None:
    """Where the course goes on to because this was held, if it can."""
    to = {state.value: state.label for state in moves_by(kind, course.service_line, course.state)}
    if to:
        stays = f"Stays in {course.state.label.lower()}"
        form.pick("move_to", "The course of care goes on to", to, none=stays)


def _facts(here: Present, one: OneContact) -> None:
    """What it is or was, when, with whom, and what was said."""
    if one.outcome is None and one.planned_at:
        how = f", {one.how.label.lower()}" if one.how else ""
        at = wording.moment(one.planned_at, here.now, here.zone)
        words(f"**{plain(f'{one.kind.label}{how}, {at}')}** {quiet(f'with {one.person}')}")
        gap = video_gap(one.how, one.place, one.local_emergency)
        if gap:
            phrase(sentences.not_known(gap))
        words(quiet(one.place))
        if one.local_emergency:
            words(f":material/emergency: Emergency number there **{plain(one.local_emergency)}**")
        return
    when = one.happened_at or one.planned_at
    touched = plain(
        sentences.touched(
            one.kind,
            one.outcome or ContactOutcome.CANCELLED,
            from_client=one.from_client,
            at=wording.moment(when, here.now, here.zone) if when else "",
            by=one.person,
        )
    )
    in_error = one.outcome is ContactOutcome.IN_ERROR
    words(f"~~{touched}~~" if in_error else touched)
    if one.place:
        words(quiet(one.place))
    if one.tell and not in_error:
        words(quiet(f"told {one.tell}, {'seen' if one.told_at else 'not seen yet'}"))
    if one.words:
        with folded_for_others(here, "What was said"):
            st.text(one.words, width="content")
