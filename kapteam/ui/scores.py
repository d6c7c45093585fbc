"""Outcome measures on pages: what they came to, and what became of the client since."""

import streamlit as st

from kapteam import sentences, wording
from kapteam.actions.scores import void_score
from kapteam.queries.client import ClientPage
from kapteam.queries.home_supply import InError
from kapteam.queries.scores import ClientScores, MeasureLine, ScoreLine, ScoresPage
from kapteam.rules.change import Chip, ChipKind, Slipping
from kapteam.rules.permissions import can_enter_score, can_read_scores, can_void_score
from kapteam.rules.scoring import Scored
from kapteam.ui.entered_in_error import draw_void_form
from kapteam.ui.navigation import link
from kapteam.ui.rows import phrase, row, section, words
from kapteam.ui.shell import Present
from kapteam.ui.showing import listed
from kapteam.ui.text import plain, quiet, said, strong
from kapteam.ui.written import folded_for_others, free_words
from kapteam.vocabulary import Tone
from kapteam.wording import Phrase

_WORSE = {ChipKind.WORSE, ChipKind.NOTICED_WORSE}
_NOT_FOR_THE_DESK = "What they came to is for those who treat the client."
_WHEN, _NAME, _CAME_TO, _BY = 190, 130, 260, 190


def draw_scores(here: Present, page: ClientPage) -> None:
    """On the client: what was measured, what became of somebody since, and the ways to more."""
    scores = page.scores
    if not (scores.lines or page.courses):
        return
    kept = [line for line in scores.lines if line.in_error is None]
    with section("Scores", len(kept), key="scores", nothing="No score yet."):
        if kept and not can_read_scores(here.viewer):
            words(quiet(_NOT_FOR_THE_DESK))
        elif kept:
            with folded_for_others(here, "What they came to"):
                _courses(here, scores)
    with row("to_scores"):
        for course in page.courses:
            about = course.service_line.label if len(page.courses) > 1 else ""
            enter_link(here, course.episode_id, about)
        if scores.lines:
            link("scores", "All scores", icon="list", client=page.name.code)


def enter_link(here: Present, episode_id: str, about: str = "") -> None:
    """The way to enter a measure for a course, for whoever may; `about` tells two courses apart."""
    if can_enter_score(here.viewer):
        label = f"Enter a score for {about}" if about else "Enter a score"
        link("score", label, icon="add_chart", episode=episode_id)


def draw_what_it_says(here: Present, line: ScoreLine, scored: Scored) -> None:
    """What a form came to, its parts, and what of it has to be known."""
    with row(f"says_{line.id}"):
        words(_came_to(scored))
        _flags(here, line, scored)
    parts = [
        f"{one.subscale.name} {one.total}" for one in scored.subscales if one.total is not None
    ]
    if parts:
        words(quiet("; ".join(parts)))


def draw_beside_others(here: Present, line: ScoreLine) -> None:
    """That the same form may have been entered before, or that its recall reaches into one."""
    if line.twin:
        phrase(sentences.same_form(line.twin.by, line.twin.at, here.now, here.zone))
    elif line.overlaps_since:
        words(quiet(sentences.recall_overlaps(line.overlaps_since, here.now, here.zone)))


def taken(here: Present, line: ScoreLine) -> str:
    """When a form was taken: with its time, where that is known."""
    if line.is_day_only:
        return wording.day(line.taken_at.astimezone(here.zone).date(), here.today)
    return wording.moment(line.taken_at, here.now, here.zone)


def _came_to(scored: Scored) -> str:
    """What a form came to, as Markdown; as loud as its band is."""
    told = sentences.came_to(scored)
    if scored.band and scored.band.tone is not Tone.PLAIN:
        return said(Phrase(told, scored.band.tone, "error"))
    return strong(told)


def _flags(here: Present, line: ScoreLine, scored: Scored) -> None:
    """What has to be known beside a total."""
    if scored.is_total_only and line.instrument and line.instrument.takes_answers:
        words(quiet("Total only"))
    for one in scored.critical:
        phrase(sentences.critical(one, line.critical_before))
    if scored.is_provisional and line.instrument and line.instrument.provisional:
        rule = line.instrument.provisional
        _chip(rule.label, f"Not a diagnosis. {rule.source}.")
    for cut in line.instrument.cuts if line.instrument else ():
        if scored.total is not None and scored.total in cut:
            told = f"{cut.least} to {cut.most}, {cut.population}. Source: {cut.source}."
            _chip(cut.label, told)


def _courses(here: Present, scores: ClientScores) -> None:
    for course in scores.courses:
        if len(scores.courses) > 1:
            words(f"**{plain(course.service_line.label)}**")
        for one in course.measures:
            key = f"measure_{course.episode_id}_{one.instrument.id}"
            with st.container(gap="xxsmall", key=key):
                _measure(here, one, key)


def _measure(here: Present, one: MeasureLine, key: str) -> None:
    with row(f"{key}_latest"):
        words(f"**{plain(one.instrument.name)}**")
        if one.latest and one.latest.scored:
            words(_came_to(one.latest.scored))
            words(quiet(taken(here, one.latest)))
            _flags(here, one.latest, one.latest.scored)
        if one.is_primary:
            words(quiet("Primary measure"))
    if one.incomplete and one.incomplete.scored:
        with row(f"{key}_incomplete"):
            told = sentences.came_to(one.incomplete.scored)
            phrase(Phrase(f"{taken(here, one.incomplete)}: {told}", Tone.AMBER, "pending"))
            _flags(here, one.incomplete, one.incomplete.scored)
    if one.latest and one.instrument.takes_total and one.instrument.better != "neither":
        with row(f"{key}_change"):
            words(quiet(sentences.baseline(one.baseline, one.first_dose_at)))
            if one.change:
                words(plain(sentences.changed(one.change)))
                for chip in one.change.chips:
                    _finding(chip)
    if one.slipping:
        slips = sentences.slipping(one.slipping, here.now, here.zone)
        _with_tip(said(slips), _rule(one.slipping))


def _finding(chip: Chip) -> None:
    if chip.kind in _WORSE:
        _with_tip(said(Phrase(chip.label, Tone.AMBER)), _rule(chip))
    else:
        _chip(chip.label, _rule(chip))


def _rule(found: Chip | Slipping) -> str:
    return f"Rule: {found.rule}. Source: {found.source}."


def _chip(label: str, tip: str) -> None:
    """A finding in a quiet frame of its own."""
    _with_tip(f":gray-background[{plain(label)}]", tip)


def _with_tip(label: str, tip: str) -> None:
    """Markdown with where it comes from."""
    st.markdown(label, help=plain(tip), width="content")


def draw_all_scores(here: Present, page: ScoresPage) -> None:
    """Every score of the client, the newest first, with who entered it and how."""
    with row("to_enter"):
        for course in page.open_courses:
            about = course.service_line.label if len(page.open_courses) > 1 else ""
            enter_link(here, course.episode_id, about)
    lines = page.scores.lines
    with section("Scores, newest first", len(lines), key="all_scores", nothing="No score yet."):
        if not lines:
            return
        if not can_read_scores(here.viewer):
            words(quiet(_NOT_FOR_THE_DESK))
        with folded_for_others(here, "The scores"):
            listed(lines, "scores", lambda one: _line(here, one))


def _line(here: Present, line: ScoreLine) -> None:
    with st.container(gap="xxsmall", key=f"score_{line.id}"):
        with row(f"score_row_{line.id}"):
            if line.in_error:
                _struck(here, line, line.in_error)
                return
            words(plain(taken(here, line)), _WHEN)
            words(strong(line.name), _NAME)
            words(_came_to(line.scored) if line.scored else strong(_told(line)), _CAME_TO)
            words(quiet(line.recorded_by), _BY)
            if can_void_score(here.viewer, line.recorded_by_id):
                draw_void_form(here, "the score", line.id, void_score)
        with row(f"score_more_{line.id}"):
            if line.scored:
                _flags(here, line, line.scored)
            draw_beside_others(here, line)
            if not line.is_used:
                words(quiet("Not counted: another one of that day is later"))


def _told(line: ScoreLine) -> str:
    """What a form came to; to the front desk only whether it is whole."""
    if line.scored is None:
        return "Complete" if line.is_complete else "Not complete"
    return sentences.came_to(line.scored)


def _struck(here: Present, line: ScoreLine, wrong: InError) -> None:
    """Entered in error: it stays readable, with who said so, when and why (rule 66)."""
    told = f"{taken(here, line)} {line.name} {_told(line)}, {line.recorded_by}"
    at = wording.moment(wrong.at, here.now, here.zone)
    why = free_words(here, wrong.reason)
    words(f"~~{plain(told)}~~")
    words(quiet(f"entered in error, {wrong.by}, {at}: {why}"))
