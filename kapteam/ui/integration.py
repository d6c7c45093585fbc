"""Integration: its counts, and a section for each stage that has rows."""

from functools import partial

import streamlit as st

from kapteam.queries.integration import IntegrationSection
from kapteam.queries.standing import IntegrationRow
from kapteam.rules.integration import IntegrationStage
from kapteam.ui.rows import integration_row, section, telling_apart
from kapteam.ui.shell import Present
from kapteam.ui.showing import alone, counts, listed, shown
from kapteam.vocabulary import Tone


def draw_integrations(here: Present, sections: tuple[IntegrationSection, ...]) -> None:
    """Every section, or the one that a count led to; of each its first rows."""
    here = telling_apart(here, (each.course.client for one in sections for each in one.rows))
    only = shown(IntegrationStage)
    if only is not None:
        alone(only)
    else:
        _summary(sections)
    for one in sections:
        if one.rows and only in {None, one.stage}:
            with section(one.stage.label, len(one.rows), key=one.stage.value):
                listed(one.rows, f"integration_{one.stage}", partial(_row, here))
    if only is not None and not any(one.rows for one in sections if one.stage is only):
        st.markdown("None any more.")


def _row(here: Present, one: IntegrationRow) -> None:
    integration_row(here, one.course, one.line, one.line.standing.stage.value)


def _summary(sections: tuple[IntegrationSection, ...]) -> None:
    if not any(one.rows for one in sections):
        st.markdown("No integration is owed or booked. Each dose that is given brings one here.")
        return
    if not sections[0].rows:
        st.markdown("No integration is late.")
    counts("integration", ((one.stage, len(one.rows), _tone(one)) for one in sections))


def _tone(one: IntegrationSection) -> Tone:
    return one.rows[0].line.standing.tone if one.rows else Tone.QUIET
