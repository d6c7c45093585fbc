"""What others saved about a client since one looked last: a few lines at the top of their page."""

from collections.abc import Iterator

import streamlit as st

from kapteam import sentences, wording
from kapteam.queries.client import ClientPage
from kapteam.queries.news import NewKind, Saved
from kapteam.ui.rows import words
from kapteam.ui.shell import Present
from kapteam.ui.text import plain, quiet
from kapteam.vocabulary import SessionStatus

_LINES = 6


def draw_news(here: Present, page: ClientPage) -> None:
    """What is new to this person, the newest first; nothing takes no room.

    Only what is about something that this page shows them.
    """
    since = page.news.since
    found = [(one, text) for one in page.news.saved for text in _said(here, page, one)]
    if since is None or not found:
        return
    with st.container(border=True, gap="xxsmall", key="news"):
        at = wording.moment(since, here.now, here.zone)
        words(f":material/new_releases: **Since you last looked** {quiet(at)}")
        for one, text in found[:_LINES]:
            saved = wording.moment(one.at, here.now, here.zone)
            words(f"{plain(text)} {quiet(f'{one.by}, {saved}')}")
        if len(found) > _LINES:
            words(quiet(f"+{len(found) - _LINES} more, below"))


def _said(here: Present, page: ClientPage, one: Saved) -> Iterator[str]:
    """What it is, in words; nothing where the page shows no such row."""
    match one.kind:
        case NewKind.NOTE:
            yield from (
                f"{note.title} signed" for note in page.all_notes if note.id == one.subject_id
            )
        case NewKind.SCORE:
            yield from (
                f"{line.instrument.name} entered"
                for line in page.scores.lines
                if line.id == one.subject_id and line.instrument and not line.in_error
            )
        case NewKind.QUESTION | NewKind.ANSWER:
            does = "asked" if one.kind is NewKind.QUESTION else "answered"
            yield from (
                f"Question for {question.of} {does}"
                for question in page.questions
                if question.id == one.subject_id
            )
        case NewKind.DECIDED | NewKind.CONFIRMED | NewKind.AGREED:
            yield from _of_reviews(here, page, one)
        case NewKind.INTEGRATION:
            yield from _integration(here, page, one)
        case NewKind.DOSE | NewKind.SESSION:
            yield from _session(here, page, one)


def _of_reviews(here: Present, page: ClientPage, one: Saved) -> Iterator[str]:
    """What a case review came to; the front desk reads none of it."""
    if one.kind is NewKind.AGREED:
        lines = (line for course in (*page.courses, *page.ended) for line in course.actions)
        yield from (
            sentences.agreed(line.short, here.today) for line in lines if line.id == one.subject_id
        )
        return
    seen = {line.episode_id for line in page.lines if line.is_visible}
    if not here.viewer.reads_notes or one.episode_id not in seen:
        return
    if one.kind is NewKind.CONFIRMED:
        yield "Case review: change of dose confirmed"
    elif one.decision:
        yield f"Case review: {wording.first_down(one.decision.label)}"


def _integration(here: Present, page: ClientPage, one: Saved) -> Iterator[str]:
    every = [*page.integrations, *(each for dose in page.doses for each in dose.integrations)]
    for line in every:
        if line.id == one.subject_id and line.planned_at:
            at = wording.moment(line.planned_at, here.now, here.zone)
            yield f"Integration moved to {at}"
            return


def _session(here: Present, page: ClientPage, one: Saved) -> Iterator[str]:
    for dose in page.doses:
        if dose.id != one.subject_id:
            continue
        at = wording.moment(dose.at, here.now, here.zone)
        if one.kind is NewKind.DOSE and dose.given:
            yield f"{wording.dose(dose.given_ug, dose.product_route)} given {at}"
        elif one.kind is NewKind.DOSE:
            yield f"Ketamine session of {at}: what was given was entered in error"
        elif one.kind is NewKind.SESSION and dose.status is SessionStatus.PLANNED:
            yield f"Ketamine session moved to {at}"
        elif one.kind is NewKind.SESSION:
            yield f"Ketamine session of {at} {dose.status.label.lower()}"
