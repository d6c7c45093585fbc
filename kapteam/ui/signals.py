"""The alerts of a client: each with what it is judged by, what clears it, and who quieted it."""

import streamlit as st

from kapteam import sentences, wording
from kapteam.actions.signals import QuietEntered, quiet_alert
from kapteam.queries.standing import CourseStanding
from kapteam.rules.permissions import can_quiet_alert
from kapteam.rules.signals import Signal, SignalKind, may_be_quiet_until
from kapteam.ui.forms import Form, unused_id
from kapteam.ui.navigation import link
from kapteam.ui.rows import phrase, row, section, words
from kapteam.ui.shell import Present
from kapteam.ui.text import quiet
from kapteam.ui.written import free_words
from kapteam.vocabulary import Part, Tone


def draw_alerts(here: Present, courses: tuple[CourseStanding, ...]) -> None:
    """Every alert of the courses, also the quieted ones; nothing takes no room."""
    found = [(course, one) for course in courses for one in course.signals]
    if not found:
        return
    with section("Alerts", len(found), key="alerts"):
        for course, one in found:
            with row(f"alert_{one.row_id}_{one.kind.value}"):
                _alert(here, course, one)


def _alert(here: Present, course: CourseStanding, one: Signal) -> None:
    said = sentences.signal(one, here.now, here.zone)
    if one.quiet:
        until = wording.day(one.quiet.until_on, here.today)
        why = free_words(here, one.quiet.reason)
        words(quiet(f"{said.text}; quiet until {until}, {one.quiet.by}: {why}"))
    else:
        phrase(said)
    age = wording.relative(one.at, here.now)
    person = course.prescriber if one.part is Part.PRESCRIBER else course.therapist
    owner = person.name if person else "nobody yet"
    about = (
        f"Threshold: {one.threshold}",
        one.source,
        age,
        f"owner: {owner}",
        f"clears with {one.clears}",
    )
    words(quiet(" · ".join(about)))
    if one.session_id:
        link("live_session", "Open", icon="chevron_right", id=one.session_id)
    elif one.kind is SignalKind.REVIEW_DUE:
        link("episode", "Open", icon="chevron_right", id=course.episode_id)
    else:
        link("clearance", "Open", icon="chevron_right", episode=course.episode_id)
    if one.quiet or not can_quiet_alert(here.viewer, one.part):
        return
    with st.popover("Quiet", width="content", key=f"quiet_{one.row_id}_{one.kind.value}"):
        form = Form(here, "quiet", one.mark, makes=unused_id(here, "new_quiet"))
        latest = may_be_quiet_until(one.tone, here.today)
        st.markdown(
            quiet(
                "It rests until the end of that day, or until something louder comes. "
                f"Until {wording.day(latest, here.today)} at most."
            )
        )
        form.line("reason", "Why it can rest")
        form.day("until_on", "Quiet until", latest if one.tone is Tone.RED else None)
        form.save(
            "Quiet the alert",
            quiet_alert,
            lambda: form.entered(
                QuietEntered, id=form.makes, episode_id=course.episode_id, mark=one.mark
            ),
            kind="secondary",
        )
