"""Safety by hand: raising a concern, who knows of it, what clears it, and the crisis card."""

from collections.abc import Callable

import streamlit as st

from kapteam import sentences, wording
from kapteam.actions.clients import SafetyPlanEntered, keep_safety_plan
from kapteam.actions.concerns import (
    AdditionEntered,
    ClearingEntered,
    ConcernEntered,
    ToldEntered,
    add_to_concern,
    clear_concern,
    raise_concern,
    see_concern,
    tell_by_phone,
)
from kapteam.queries.client_details import ClientDetails
from kapteam.queries.concerns import ClearingNote, ConcernPage, OneConcern, Reachable
from kapteam.queries.today import WaitRow
from kapteam.rules.concerns import (
    NOTES_AFTER_HIGH_RISK,
    cleared_by,
    clearing_notes,
    holds_at_once,
    owned_by,
)
from kapteam.rules.permissions import (
    can_clear_concern,
    can_keep_safety_plan,
    can_write_note,
)
from kapteam.ui.forms import Form, unused_id
from kapteam.ui.navigation import go, link
from kapteam.ui.page import live_part
from kapteam.ui.rows import (
    crisis_lines,
    emergency_contact,
    list_row,
    name_cell,
    phrase,
    row,
    section,
    words,
)
from kapteam.ui.shell import Present, acting
from kapteam.ui.text import dialed, plain, quiet, said
from kapteam.ui.written import folded_for_others, free_words
from kapteam.vocabulary import ConcernKind, ConcernLevel, ServiceLine, Tone
from kapteam.wording import Phrase

_NO_PLAN = "**No safety plan yet.** What has helped before, and what has to be put away? Ask."
_SAID = 700
_COLUMN = 520


def draw_safety(here: Present, rows: tuple[WaitRow, ...]) -> None:
    """Open concerns and critical answers above all else of Today; nothing takes no room."""
    if not rows:
        return
    with section("Safety", len(rows), key="safety"):
        for one in rows:
            with list_row(f"concern_{one.attention.subject_id}"):
                name_cell(here, one.course.client)
                phrase(sentences.attention(one.attention, here.now, here.zone), _SAID)
                if one.attention.concern:
                    link("concern", "Open", icon="chevron_right", id=one.attention.subject_id)
                else:
                    link("client", "Open", icon="chevron_right", client=one.course.client.code)


def draw_concern_page(
    here: Present, page: ConcernPage, read: Callable[[Present], ConcernPage]
) -> None:
    """The crisis card, then the concern that was asked for, else the form that raises one.

    The card is first, so that a phone shows it first. What is open already stands above the form,
    so that nobody raises the same again. Who knows of it comes by itself (`read` asks again); the
    forms stay as they are, with what is half typed in them.
    """

    def again(then: Present) -> ConcernPage:
        return page if then.asked is here.asked else read(then)

    two = st.grid(2, min_column_width=_COLUMN)
    with two.cell():
        _crisis_card(here, page)
    with two.cell():
        if page.concern:
            _open(here, page)
            _live(here, lambda then: _one(then, again(then)))
            _answers(here, page, page.concern)
        else:
            _live(here, lambda then: _open(then, again(then)))
            _raise(here, page)
    cleared = [one for one in page.concerns if one is not page.concern and not one.standing]
    _listed(here, cleared, "Cleared concerns", "cleared")


def _live(here: Present, draw: Callable[[Present], None]) -> None:
    # Named, because what the guard knows the page by takes no room in it (guard.css).
    with st.container(key="beside_forms"):
        live_part(here, draw)


def _open(here: Present, page: ConcernPage) -> None:
    others = [one for one in page.concerns if one is not page.concern and one.standing]
    _listed(here, others, "Other open concerns" if page.concern else "Open concerns", "open")


def _listed(here: Present, concerns: list[OneConcern], title: str, key: str) -> None:
    if not concerns:
        return
    with section(title, len(concerns), key=f"{key}_concerns"):
        for one in concerns:
            with row(f"concern_{one.id}"):
                _said(here, one)
                link("concern", "Open", icon="chevron_right", id=one.id)


def _said(here: Present, one: OneConcern) -> None:
    """Where a concern stands: what it is about, who raised it, and whether the colleague knows."""
    if one.standing:
        phrase(sentences.concern(one.standing, here.now, here.zone))
        return
    raised = wording.moment(one.raised_at, here.now, here.zone)
    words(f"{plain(one.kind.label)} {quiet(f'{one.raised_by}, {raised}')}")
    if one.closed_at:
        cleared = wording.moment(one.closed_at, here.now, here.zone)
        words(f":material/check: {plain(f'Cleared {cleared}, {one.closed_by}')}")


def _raise(here: Present, page: ConcernPage) -> None:
    form = Form(here, "concern", makes=unused_id(here))
    st.subheader("Raise a concern", anchor=False)
    courses = {one.id: one.service_line.label for one in page.open_courses}
    if len(courses) > 1:
        form.pick("episode_id", "Course of care", courses, next(iter(courses)))
    asked = next((one for one in ConcernKind if one == st.query_params.get("kind")), None)
    kind = form.choice("kind", "What it is about", list(ConcernKind), asked)
    form.choice("level", "How much", list(ConcernLevel))
    form.area("words", "What was seen or said, in a few words")
    if page.whereabouts is None or page.whereabouts.said_at:
        form.line("where", "Where they are now", hint="address, or where they say they are")
    form.area("plan", "The plan", height=68)
    if any(one.service_line is ServiceLine.KAP and one.is_open for one in page.courses):
        if kind and holds_at_once(kind):
            phrase(Phrase("The next dose is held with it", Tone.AMBER, "pause"))
        else:
            form.check("holds", "Hold the next dose")
    if courses:
        _next_contact(here, page, form)
    form.save(
        "Raise the concern",
        raise_concern,
        lambda: form.entered(
            ConcernEntered,
            id=form.makes,
            client_id=page.details.id,
            episode_id=form.value("episode_id") or next(iter(courses), None),
            holds=bool(form.value("holds")),
        ),
        then=lambda concern_id: go("concern", id=concern_id),
    )


def _next_contact(here: Present, page: ConcernPage, form: Form) -> None:
    able = {here.viewer.clinician_id: here.viewer.name}
    able |= {
        one.person.id: one.person.name for one in page.people if one.person.id and one.has_sign_in
    }
    form.moment("on", "time", "Next contact on", "At")
    with st.container(width=320):
        form.pick("with_id", "With", able, here.viewer.clinician_id)


def _one(here: Present, page: ConcernPage) -> None:
    """The concern in full, and who knows of it."""
    one = page.concern
    if one is None:
        return
    with st.container(border=True, gap="xsmall", key="concern"):
        _said(here, one)
        with folded_for_others(here, "The concern"):
            st.text(one.words)
            if one.place:
                words(quiet("Where they were"))
                st.text(one.place)
            if one.plan:
                words(quiet("Plan"))
                st.text(one.plan)
        if one.holds:
            words(":material/pause: The next dose was held with it")
        for added in page.added:
            at = wording.moment(added.at, here.now, here.zone)
            words(f"**Added** {quiet(f'{added.author}, {at}')}")
            with folded_for_others(here, "What was added"):
                st.text(added.words)
        _who_knows(here, page, one)
        _what_waits(here, page)


def _what_waits(here: Present, page: ConcernPage) -> None:
    """Rule 30: a therapist's note may clear a concern, and gives no dose free."""
    if page.dose_waits_on is None:
        return
    people = [sentences.colleague(one.person, here.now, here.zone) for one in page.dose_waits_on]
    who = wording.listed(people) if people else "a prescriber"
    note = " or ".join(f"a {one.label.lower()}" for one in NOTES_AFTER_HIGH_RISK)
    text = f"The next dose is {sentences.waiting_on(who, f'{note} signed since')}"
    phrase(Phrase(text, Tone.AMBER, "gpp_maybe"))


def _answers(here: Present, page: ConcernPage, one: OneConcern) -> None:
    """What may be said of it while it is open."""
    if one.standing is None:
        return
    # A place that is always there, so that nothing below it is drawn anew once all have seen it.
    with st.container():
        if one.told_by_phone_at is None and page.not_seen_by:
            _told(here, one)
    _add(here, one)
    _clear(here, page, one)


def _who_knows(here: Present, page: ConcernPage, one: OneConcern) -> None:
    """Who has seen it and when; whom to call who has not."""
    for known in page.known_by:
        at = wording.moment(known.seen_at, here.now, here.zone)
        by = f", {known.by} for them" if known.by else ""
        words(f":material/check: {plain(f'Seen by {known.name}, {at}{by}')}")
    if one.told_by_phone_at:
        at = wording.moment(one.told_by_phone_at, here.now, here.zone)
        words(f":material/call: {plain(f'Told by phone {at}, recorded by {one.told_by}')}")
    for each in page.not_seen_by:
        with row(f"unseen_{each.person.id}"):
            mine = here.viewer.stands_for(each.person.id)
            if mine and one.raised_by_id != here.viewer.clinician_id:
                whose = "you" if each.person.id == here.viewer.clinician_id else each.person.name
                phrase(Phrase(f"Not seen yet by {whose}", Tone.RED, "visibility_off"))
                st.button(
                    "Seen",
                    key=f"seen_{one.id}_{each.person.id}",
                    type="primary",
                    on_click=_seen,
                    args=(one.id,),
                )
            else:
                name, number = _to_reach(here, each)
                unseen = said(Phrase(f"Not seen yet, call {name}", Tone.RED, "call"))
                words(f"{unseen} {number}")


def _to_reach(here: Present, each: Reachable) -> tuple[str, str]:
    """Whom to call, and the number as Markdown: while somebody is away, who covers for them."""
    phone = each.cover_phone if each.person.away_until and each.person.cover else each.phone
    name = sentences.colleague(each.person, here.now, here.zone)
    return name, f"**{dialed(phone)}**" if phone else "(no number here: reach them another way)"


@acting
def _seen(here: Present, concern_id: str) -> None:
    here.write(see_concern, concern_id, here.now)


def _told(here: Present, one: OneConcern) -> None:
    with st.expander("Told by phone", icon=":material/call:"):
        form = Form(here, "concern.told", one.id)
        version = form.seen(one.version)
        local = here.now.astimezone(here.zone)
        form.moment(
            "on",
            "time",
            "Told on",
            "At",
            local.date(),
            wording.clock_time(local.time()),
            with_now=True,
        )
        form.save(
            "Save",
            tell_by_phone,
            lambda: form.entered(ToldEntered, concern_id=one.id, version=version),
        )


def _add(here: Present, one: OneConcern) -> None:
    with st.expander("Add to it", icon=":material/add:"):
        form = Form(here, "concern.add", makes=unused_id(here))
        form.area("words", "What you add, in a few words")
        form.save(
            "Add",
            add_to_concern,
            lambda: form.entered(AdditionEntered, id=form.makes, concern_id=one.id),
            said="Added",
        )


def _clear(here: Present, page: ConcernPage, one: OneConcern) -> None:
    """By a signed note of an owner and by nothing else; with the ways to write one."""
    with st.container(border=True, gap="xsmall", key="clear"):
        words(f"**Clear it** {quiet(_cleared_by(page, one))}")
        if not can_clear_concern(here.viewer, page.owners):
            return
        if page.notes:
            form = Form(here, "concern.clear", one.id)
            version = form.seen(one.version)
            form.pick(
                "note_id",
                "The signed note that clears it",
                {note.id: _note(here, note) for note in page.notes},
            )
            form.save(
                "Clear the concern",
                clear_concern,
                lambda: form.entered(ClearingEntered, concern_id=one.id, version=version),
                said="Cleared",
            )
        _write(here, page, one)


def _cleared_by(page: ConcernPage, one: OneConcern) -> str:
    return f"by {cleared_by(one.kind)} that {owned_by(page.owners)} signed after it was raised"


def _note(here: Present, note: ClearingNote) -> str:
    at = wording.moment(note.signed_at, here.now, here.zone)
    return f"{note.kind.label}, {note.author}, {at}"


def _write(here: Present, page: ConcernPage, one: OneConcern) -> None:
    visible = [course.id for course in page.courses if course.is_visible]
    course_id = one.episode_id if one.episode_id in visible else next(iter(visible), None)
    with row("write_to_clear"):
        if course_id is None:
            words(quiet("A note is written on a course of care, and there is none yet."))
            link("episode", "Open a course of care", icon="add", client=page.details.code)
            return
        words(quiet("Write one"))
        for kind in clearing_notes(one.kind):
            if can_write_note(here.viewer, kind):
                link("note", kind.label, icon="edit_note", kind=kind.value, episode=course_id)


def _crisis_card(here: Present, page: ConcernPage) -> None:
    """All that somebody needs who has this person on the telephone now."""
    with st.container(border=True, gap="xsmall", key="crisis_card"):
        st.subheader("Crisis card", anchor=False)
        crisis_lines()
        _where(here, page)
        if here.viewer.hides_names:
            words(quiet("Phones and people are hidden while others can see this screen."))
        else:
            for label, text in _to_call_now(page.details):
                words(f"{quiet(label)} {text}")
        for each in page.people:
            name, number = _to_reach(here, each)
            words(f"{quiet(each.part.label)} {plain(name)} {number}")
        _safety_plan(here, page)


def _to_call_now(kept: ClientDetails) -> tuple[tuple[str, str], ...]:
    """Like `to_call`, with what to do in place of what is not known. Labels, each with Markdown."""
    voicemail = {
        None: "leave none: nobody has asked whether one may be left",
        True: "one may be left",
        False: "leave none",
    }[kept.voicemail_ok]
    return (
        ("Phone", f"**{dialed(kept.phone) or 'Which number are they calling from? Ask.'}**"),
        ("Voicemail", voicemail),
        ("Emergency contact", emergency_contact(kept) or "**Who can be with them now? Ask.**"),
        ("Who may be told what", plain(kept.may_be_told) or "**Whom may we call? Ask.**"),
    )


def _where(here: Present, page: ConcernPage) -> None:
    found = page.whereabouts
    if found is None:
        words("**Where are they now? Ask.**")
        return
    at = f"said {wording.moment(found.said_at, here.now, here.zone)}" if found.said_at else ""
    place = plain(free_words(here, found.place))
    words(f"{quiet('Where they are now')} **{place}** {quiet(at) if at else ''}")
    if found.local_emergency:
        number = dialed(found.local_emergency)
        words(f":material/emergency: Emergency number there **{number}**")


def _safety_plan(here: Present, page: ConcernPage) -> None:
    plan = page.plan
    on = wording.day(plan.at.astimezone(here.zone).date(), here.today) if plan.at else ""
    by = ", ".join(filter(None, (plan.by, on)))
    words(f"**Safety plan** {quiet(by)}" if by else _NO_PLAN)
    if plan.text:
        with folded_for_others(here, "The safety plan"):
            st.text(plan.text)
    if not can_keep_safety_plan(here.viewer) or here.viewer.hides_names:
        return
    form = Form(here, "safety_plan", page.details.id)
    version = form.seen(page.details.version)
    # Once saved there is a next version: the expander is another one, and closed.
    label = "Change the safety plan" if plan.text else "Write the safety plan"
    with st.expander(label, icon=":material/edit:", key=f"plan_{version}"):
        form.area("safety_plan", "Signs, what helps, whom to call, what is put away", plan.text)
        form.save(
            "Save the plan",
            keep_safety_plan,
            lambda: form.entered(SafetyPlanEntered, client_id=page.details.id, version=version),
            then=lambda _: go("concern", **_address()),
        )


def _address() -> dict[str, str]:
    """Where this page is, without the id of a form that was begun here."""
    return {name: st.query_params[name] for name in ("client", "id") if name in st.query_params}
