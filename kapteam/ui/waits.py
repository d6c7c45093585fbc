"""Waits on someone outside: where a client is stuck, and the forms that begin, change, end one."""

from dataclasses import replace

import streamlit as st

from kapteam import sentences, wording
from kapteam.actions.waits import (
    WaitChangedEntered,
    WaitEndedEntered,
    WaitEntered,
    WaitReopenedEntered,
    begin_wait,
    change_wait,
    end_wait,
    reopen_wait,
)
from kapteam.queries.standing import CourseStanding, WaitLine
from kapteam.queries.waits import OneWait, WaitPage
from kapteam.rules.permissions import can_book
from kapteam.rules.waits import is_over_already
from kapteam.ui.forms import Form, unused_id
from kapteam.ui.navigation import go, link
from kapteam.ui.rows import row, stuck_words, words
from kapteam.ui.shell import Present
from kapteam.ui.text import plain, quiet
from kapteam.ui.written import folded_for_others
from kapteam.vocabulary import OutsideParty, WaitOutcome

_TABS = {"change": "Change", "end": "It ended"}


def draw_stuck(here: Present, course: CourseStanding) -> None:
    """Where the course is stuck, whom it waits on outside, and what an insurer authorized."""
    text = stuck_words(here, course)
    if text:
        with row(f"stuck_{course.episode_id}"):
            words(f":material/hourglass_empty: {plain(text)}")
            if len(course.waits) == 1 and can_book(here.viewer):
                _ways(course.waits[0])
    if len(course.waits) > 1 and can_book(here.viewer):
        for line in course.waits:
            with row(f"wait_{line.facts.id}"):
                words(quiet(wording.first_up(sentences.party(line.facts))))
                _ways(line)
    if course.authorization:
        known = sentences.authorized(course.authorization.facts, here.today)
        with row(f"authorized_{course.episode_id}"):
            words(quiet(known))
            if can_book(here.viewer):
                link("wait", "Correct", icon="edit", id=course.authorization.facts.id)


def _ways(line: WaitLine) -> None:
    link("wait", "Change", icon="edit", id=line.facts.id, do="change")
    link("wait", "It ended", icon="check", id=line.facts.id, do="end")


def draw_wait_forms(here: Present, shown: WaitPage, do: str) -> None:
    """The one wait that was asked for; else the form that begins one, below those there are."""
    if shown.wait:
        _one(here, shown, shown.wait, do)
        return
    for one in shown.all_of_them:
        with row(f"all_{one.facts.id}"):
            _facts(here, one)
            link("wait", "Open", icon="chevron_right", id=one.facts.id)
    if not shown.is_open:
        words("This course of care is closed. It waits on nobody.")
        return
    form = Form(here, "wait", makes=unused_id(here))
    kind = form.choice("kind", "Waiting on", list(OutsideParty))
    _call_back(here, shown, form, None, needs_name=kind is OutsideParty.OTHER)
    with st.expander("It did not begin today"):
        form.day("since_on", "Since", here.today)
    form.save(
        "Save",
        begin_wait,
        lambda: form.entered(WaitEntered, id=form.makes, episode_id=shown.episode_id),
        then=lambda code: go("client", client=code),
    )


def _call_back(
    here: Present, shown: WaitPage, form: Form, kept: OneWait | None, *, needs_name: bool
) -> None:
    name = "Who it is" if needs_name else "Name (may stay empty)"
    form.line("who", name, kept.facts.who if kept else "")
    form.day("call_back_on", "Call back on", kept.facts.call_back_on if kept else None)
    form.pick(
        "caller_id",
        "Who calls",
        shown.may_call,
        kept.facts.caller_id if kept else here.viewer.clinician_id,
    )
    form.area("words", "In a few words, for the team", kept.words if kept else "")


def _one(here: Present, shown: WaitPage, one: OneWait, do: str) -> None:
    with row("wait_facts"):
        _facts(here, one)
    if one.outcome is not None:
        link("client", "Back to the client", icon="arrow_back", client=shown.client.code)
        if shown.is_open:
            _reopen(here, one)
        return
    end, change = st.tabs([_TABS["end"], _TABS["change"]], default=_TABS.get(do) or _TABS["change"])
    with end:
        _end(here, one)
    with change, folded_for_others(here, "What is written about it"):
        form = Form(here, "wait.change", one.facts.id)
        version = form.seen(one.version)
        is_other = one.facts.kind is OutsideParty.OTHER
        _call_back(here, shown, form, one, needs_name=is_other)
        form.save(
            "Save the change",
            change_wait,
            lambda: form.entered(WaitChangedEntered, wait_id=one.facts.id, version=version),
            then=lambda code: go("client", client=code),
        )


def _end(here: Present, one: OneWait) -> None:
    form = Form(here, "wait.end", one.facts.id)
    version = form.seen(one.version)
    outcome = form.choice("outcome", "How it ended", list(WaitOutcome))
    form.day("ended_on", "On", here.today)
    if outcome is WaitOutcome.ARRIVED and one.facts.kind is OutsideParty.INSURER:
        form.number("visits", "Visits authorized")
        from_on = form.day("valid_from_on", "From")
        until_on = form.day("valid_until_on", "Until, that day included")
        if is_over_already(from_on, until_on, here.today):
            form.check("is_over_already", "This is over already, and that is right")
    form.save(
        "Save",
        end_wait,
        lambda: form.entered(WaitEndedEntered, wait_id=one.facts.id, version=version),
        then=lambda code: go("client", client=code),
    )


def _reopen(here: Present, one: OneWait) -> None:
    with st.expander("Entered in error", icon=":material/block:"):
        form = Form(here, "wait.reopen", one.facts.id)
        version = form.seen(one.version)
        words(quiet("It is open again, and how it ended can be said anew."))
        form.save(
            "Mark as entered in error",
            reopen_wait,
            lambda: WaitReopenedEntered(one.facts.id, version),
            then=lambda _: go("wait", id=one.facts.id, do="end"),
            kind="secondary",
        )


def _facts(here: Present, one: OneWait) -> None:
    """Whom it waits, or waited, on, and what was written about it."""
    facts = replace(one.facts, who="") if here.viewer.hides_names else one.facts
    if one.outcome is None:
        waiting = sentences.outside_wait(facts, one.caller, here.today)
        words(f"**{plain(wording.first_up(waiting))}**")
    else:
        over = sentences.ended_wait(facts, one.outcome, one.ended_on, here.today)
        words(plain(wording.first_up(over)))
    if one.words:
        with folded_for_others(here, "What is written about it"):
            st.text(one.words, width="content")
