"""The end of a course of care: the form that settles everything loose, and who signs it off."""

from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

import streamlit as st

from kapteam import sentences, wording
from kapteam.actions.endings import (
    ClosingEntered,
    SignOffEntered,
    choice_field,
    close_episode,
    sign_off,
)
from kapteam.queries.course import Course, CourseEnding, SignOffLine
from kapteam.queries.practice import Colleague, with_function
from kapteam.rules.loose_ends import Choice, LooseEnd, LooseKind, loose_ends
from kapteam.rules.sign_off import may_sign_off, sign_off_tone
from kapteam.ui.forms import Form
from kapteam.ui.navigation import go
from kapteam.ui.rows import phrase, row, words
from kapteam.ui.shell import Present
from kapteam.ui.text import plain, quiet
from kapteam.ui.written import free_words
from kapteam.vocabulary import CloseReason, FinalScores, Function, Part, ServiceLine
from kapteam.wording import Phrase

_CHOICE = 330
_STAYS = frozenset({LooseKind.CONSENT, LooseKind.ASK})
_KEPT_ON_TODAY = "Keep: it stays on Today until it is settled"


def closing_form(here: Present, care: Course, colleagues: tuple[Colleague, ...]) -> None:
    """Why a course ends, whether therapy goes on, and what becomes of everything loose."""
    form = Form(here, "close", care.id)
    seen = form.seen(care.version)
    form.choice("close_reason", "Reason", list(CloseReason))
    therapists = with_function(colleagues, Function.THERAPIST)
    goes_on_with = None
    if care.service_line is ServiceLine.KAP:
        with _side_by_side().cell():
            goes_on_with = form.pick(
                "goes_on_with_id",
                "Therapy goes on with",
                therapists,
                none="Nobody: it ends as well",
            )
    therapist = care.member(Part.THERAPIST)
    ends = loose_ends(
        care.loose,
        goes_on=goes_on_with is not None,
        same_therapist=therapist is not None and therapist.clinician_id == goes_on_with,
    )
    with_whom = therapists.get(goes_on_with or "", "")
    _loose_ends(here, form, ends, with_whom)
    asked = _side_by_side()
    with asked.cell():
        form.choice("final_scores", "Final scores", list(FinalScores))
        form.line("final_scores_why", "Why there are none")
    with asked.cell():
        form.answer("medicine_at_home", "Is there medicine at home?")
        if care.home:
            words(quiet(sentences.left_at_home(care.home)))
        form.line("medicine_note", "Which, and what becomes of it")
    form.area("close_note", "Note on the end")
    form.save(
        "Close the course",
        close_episode,
        partial(_entered, form, care, seen, ends),
        then=lambda _: go("client", client=care.client.code),
        kind="secondary",
    )


def _side_by_side() -> Any:
    """Two columns that all parts of the form stand in, one on a phone."""
    return st.grid(2, min_column_width=_CHOICE)


def _entered(form: Form, care: Course, version: int, ends: tuple[LooseEnd, ...]) -> ClosingEntered:
    fixed = {"goes_on_with_id": None} if care.service_line is not ServiceLine.KAP else {}
    entered: ClosingEntered = form.entered(
        ClosingEntered,
        episode_id=care.id,
        version=version,
        choices={end.loose.key: _chosen(form, end) for end in ends},
        **fixed,
    )
    return entered


def _chosen(form: Form, end: LooseEnd) -> Choice | None:
    """What the row's field holds; what is offered no more is no choice."""
    return next((one for one in end.choices if one == form.value(_field(end))), None)


def _field(end: LooseEnd) -> str:
    return choice_field(end.loose.key)


def _loose_ends(here: Present, form: Form, ends: tuple[LooseEnd, ...], with_whom: str) -> None:
    """One row for each, with the one choice that it needs, or what has to be done first."""
    if not ends:
        words(quiet("Nothing is loose on this course."))
        return
    words(f"**What is still loose ({len(ends)})**")
    grid = _side_by_side()
    for end in ends:
        said = replace(end.loose, words=free_words(here, end.loose.words))
        label = sentences.loose_end(said, here.now, here.zone)
        with grid.container(gap="xxsmall"):
            if end.choices:
                goes_on = "" if end.loose.kind in _STAYS else with_whom
                options = {one.value: _said(one, goes_on) for one in end.choices}
                if end.loose.kind is LooseKind.ASK:
                    options[Choice.KEEP] = _KEPT_ON_TODAY
                form.pick(_field(end), label, options, end.usual, names_somebody=True)
                continue
            words(plain(label))
            if end.first:
                form.needs(_field(end), end.first)
            else:
                words(quiet("Ends with the course"))


def _said(choice: Choice, with_whom: str) -> str:
    """With whom it goes on is said by name."""
    if choice is Choice.KEEP and with_whom:
        return f"Keep, with {with_whom}"
    if choice is Choice.HAND_OVER:
        return f"Hand over to {with_whom}"
    return choice.label


def draw_ending(here: Present, ending: CourseEnding, ended_at: datetime) -> None:
    """The final scores, medicine at home, and who has signed the end off or is waited for."""
    why = f". {free_words(here, ending.final_scores_why)}" if ending.final_scores_why else ""
    words(plain(f"Final scores: {ending.final_scores.label.lower()}{why}"))
    asked = {None: "not asked", True: "yes", False: "no"}[ending.medicine_at_home]
    note = f", {free_words(here, ending.medicine_note)}" if ending.medicine_note else ""
    words(plain(f"Medicine at home: {asked}{note}"))
    for one in ending.sign_offs:
        with row(f"sign_off_{one.id}"):
            phrase(_signed(here, one, ended_at))
            mine = may_sign_off(here.viewer, one.clinician_id, is_off=one.is_off)
            if one.signed_at is None and mine:
                Form(here, "sign_off", one.id).save(
                    "Sign off the end",
                    sign_off,
                    partial(SignOffEntered, one.id),
                    said="Signed off",
                )


def _signed(here: Present, one: SignOffLine, ended_at: datetime) -> Phrase:
    if one.signed_at is None:
        waits = sentences.waiting_on(one.name, "sign-off")
        tone = sign_off_tone(ended_at, here.now)
        return Phrase(f"{one.part.label}: {waits}", tone, "approval")
    by = f"{one.signed_by} for {one.name}" if one.signed_by else one.name
    at = wording.moment(one.signed_at, here.now, here.zone)
    return Phrase(f"{one.part.label}: signed off by {by}, {at}", icon="check")


def draw_unsaved_closing(here: Present, care: Course) -> None:
    """What somebody had typed about the end while a colleague ended the course."""
    form = Form(here, "close", care.id)
    form.seen(care.version)
    if form.value("close_note"):
        form.area("close_note", "Your note on the end, which was not saved")
