"""Readings and events of a session as rows, on the page of the hour and in the full record."""

from collections.abc import Iterator
from datetime import datetime

import streamlit as st

from kapteam import sentences, wording
from kapteam.actions.monitoring import ResolvedEntered, resolve_event, void_event, void_vital
from kapteam.queries.ketamine_session import KetamineSessionPage
from kapteam.queries.session_rows import EventLine, VitalLine, last_before
from kapteam.rules.monitoring import is_entered_late
from kapteam.rules.permissions import can_record_session
from kapteam.rules.vitals import judge_oxygen, judge_pressure
from kapteam.ui.entered_in_error import draw_void_form, struck
from kapteam.ui.forms import Form
from kapteam.ui.rows import row, section, words
from kapteam.ui.shell import Present
from kapteam.ui.text import plain, quiet, said, strong
from kapteam.ui.written import free_words
from kapteam.vocabulary import EventSeverity, Tone
from kapteam.wording import Phrase

WHEN, WHAT, WHO = 150, 390, 200
"""Beside them a tablet of 1180 has room for two buttons."""


def draw_readings(here: Present, shown: KetamineSessionPage) -> None:
    """All of a session by time, for who reads or signs its record; not for the front desk."""
    if not here.viewer.reads_notes or not (shown.vitals or shown.events):
        return
    began_at = min((one.started_at for one in shown.counted), default=None)
    before = last_before(shown.vitals, began_at)
    lines = sorted(_lines(shown), key=lambda line: (line[0], line[1].id))
    with section("Readings and events", key="readings"):
        for at, one in lines:
            with row(f"reading_{one.id}"):
                words(strong(wording.moment(at, here.now, here.zone)), WHEN)
                if isinstance(one, VitalLine):
                    draw_vital(here, one, began_at, before)
                else:
                    draw_event(here, one)


def _lines(shown: KetamineSessionPage) -> Iterator[tuple[datetime, VitalLine | EventLine]]:
    yield from ((one.taken_at, one) for one in shown.vitals)
    yield from ((one.onset_at, one) for one in shown.events)


def draw_vital(
    here: Present, one: VitalLine, began_at: datetime | None, before: VitalLine | None
) -> None:
    """One reading after its time in a row: figures, by whom, and what they say.

    `began_at` is when the dose was given, `before` the last reading before that.
    """
    what = sentences.reading(
        one.pressure, one.heart_rate, one.oxygen, one.breaths, is_observed=one.is_observed
    )
    if one.voided_at:
        words(struck(here, what, one), WHAT + WHO)
        return
    thresholds = here.asked.practice.thresholds
    is_given = began_at is not None and began_at < one.taken_at
    own = before.oxygen if before and is_given else None
    found = []
    if one.pressure:
        found.append(judge_pressure(one.pressure, is_given=is_given, thresholds=thresholds))
    if one.oxygen is not None:
        found.append(judge_oxygen(one.oxygen, own, thresholds))
    words(" ".join([f"**{plain(what)}**", *(said(loud) for loud in found if loud)]), WHAT)
    words(quiet(_by(one.recorded_by, one.taken_at, one.recorded_at)), WHO)
    if can_record_session(here.viewer):
        draw_void_form(here, "the reading", one.id, void_vital)
    if one.words:
        st.text(free_words(here, one.words))


def draw_event(here: Present, one: EventLine) -> None:
    """One event after its time in a row: what, how bad, by whom, and whether it is over."""
    what = sentences.event(one.kind, one.severity, is_serious=one.is_serious)
    if one.voided_at:
        words(struck(here, what, one), WHAT + WHO)
        return
    if one.resolved_at:
        over = wording.moment_today(one.resolved_at, here.now, here.zone)
        standing = Phrase(f"over {over}", icon="check")
    else:
        loud = one.is_serious or one.severity is EventSeverity.SEVERE
        standing = Phrase("goes on", Tone.RED if loud else Tone.AMBER, "healing")
    words(f"**{plain(what)}** {said(standing)}", WHAT)
    words(quiet(_by(one.recorded_by, one.onset_at, one.recorded_at)), WHO)
    if can_record_session(here.viewer):
        if not one.resolved_at:
            Form(here, "resolved", one.id).save(
                "Over, now", resolve_event, lambda: ResolvedEntered(one.id), kind="secondary"
            )
        draw_void_form(here, "the event", one.id, void_event)
    for label, text in (("Seen", one.words), ("Done", one.done)):
        if text:
            st.text(f"{label}: {free_words(here, text)}")


def _by(who: str, happened_at: datetime, recorded_at: datetime) -> str:
    return f"{who}, entered late" if is_entered_late(happened_at, recorded_at) else who
