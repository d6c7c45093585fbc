"""The alerts of a client: each with what it is judged by, what clears it, and who quieted it."""

import streamlit as st

from kapteam import sentences, wording
from kapteam.actions.signals import QuietEntered, quiet_alert
from kapteam.queries.standing import CourseStanding
from kapteam.rules.alerts import KNOWN_FOR, Signal, SignalKind, may_be_quiet_until
from kapteam.rules.permissions import (
    can_book,
    can_enter_score,
    can_quiet_alert,
    can_write_note,
)
from kapteam.ui.forms import Form, unused_id
from kapteam.ui.navigation import link
from kapteam.ui.rows import phrase, row, section, words
from kapteam.ui.shell import Present
from kapteam.ui.text import quiet
from kapteam.ui.written import free_words
from kapteam.vocabulary import NoteKind, Part, Tone

_LOUD = {Tone.RED: 0, Tone.AMBER: 1}
_SAY_WHEN = frozenset(
    {SignalKind.CONCERN, SignalKind.FORM, SignalKind.CLEARANCE, SignalKind.CONSENT}
)
_CLEARED_BY_NOTE = {
    SignalKind.CRITICAL: NoteKind.RISK,
    SignalKind.WORSE: NoteKind.DECISION,
    SignalKind.SLIPPING: NoteKind.DECISION,
    SignalKind.NOT_BETTER: NoteKind.DECISION,
}


def draw_alerts(here: Present, courses: tuple[CourseStanding, ...]) -> None:
    """Every alert of the courses, the loudest first, also the quieted ones.

    Nothing takes no room.

    What is of the client stands once, however many courses there are, with the
    course of whoever looks.
    """
    found: dict[tuple[str, str], tuple[CourseStanding, Signal]] = {}
    for course in sorted(courses, key=lambda one: not one.is_mine):
        for one in course.signals:
            of_course = "" if one.is_of_client else course.episode_id
            found.setdefault((of_course, one.mark), (course, one))
    if not found:
        return
    with section("Alerts", len(found), key="alerts"):
        for course, one in sorted(found.values(), key=lambda pair: _LOUD.get(pair[1].tone, 2)):
            with row(f"alert_{one.row_id}_{one.kind.value}"):
                _alert(here, course, one)


def _alert(here: Present, course: CourseStanding, one: Signal) -> None:
    said = sentences.signal(one, here.now, here.zone)
    if one.quiet:
        until = wording.day(one.quiet.until_on, here.today)
        why = free_words(here, one.quiet.reason)
        known = "known, quiet" if one.is_critical else "quiet"
        words(quiet(f"{said.text}; {known} until {until}, {one.quiet.by}: {why}"))
    else:
        phrase(said)
    about = (
        f"Threshold: {one.threshold}",
        one.source,
        "" if one.kind in _SAY_WHEN or one.is_of_scores else wording.relative(one.at, here.now),
        f"owner: {_owner(course, one)}",
        f"clears with {one.clears}",
    )
    words(quiet(" · ".join(filter(None, about))))
    _way(here, course, one)
    if one.quiet or not _may_quiet(here, course, one):
        return
    if one.must_be_seen_by:
        words(quiet(f"Not seen yet by {wording.listed(one.must_be_seen_by)}, so it cannot rest."))
        return
    label = "Known, with a plan" if one.is_critical else "Quiet"
    with st.popover(label, width="content", key=f"quiet_{one.row_id}_{one.kind.value}"):
        form = Form(here, "quiet", one.mark, makes=unused_id(here, "new_quiet"))
        latest = may_be_quiet_until(one, here.today)
        until = f"Until {wording.day(latest, here.today)} at most."
        if one.is_critical:
            rests = "It rests until the end of that day, or until a higher answer comes."
        else:
            rests = "It rests until the end of that day, or until something louder comes."
        st.markdown(quiet(f"{rests} {until}"))
        usual = latest if one.tone is Tone.RED else None
        if one.is_critical:
            usual = here.today + KNOWN_FOR
        # The day first: from the last field the next key leads to the button, not to a calendar.
        form.day(
            "until_on",
            "Plan until" if one.is_critical else "Quiet until",
            usual,
        )
        form.line("reason", "What is known, and the plan" if one.is_critical else "Why it can rest")
        form.save(
            "Save as known" if one.is_critical else "Quiet the alert",
            quiet_alert,
            lambda: form.entered(
                QuietEntered, id=form.makes, episode_id=course.episode_id, mark=one.mark
            ),
            kind="secondary",
        )


def _owner(course: CourseStanding, one: Signal) -> str:
    """Whose it is, by name: of both who treat where it has no part."""
    people = {Part.PRESCRIBER: course.prescriber, Part.THERAPIST: course.therapist}
    owners = [people[part] for part in people if one.part in {part, None}]
    return wording.listed([person.name for person in owners if person]) or "nobody yet"


def _way(here: Present, course: CourseStanding, one: Signal) -> None:
    """Where what clears it is done."""
    kind = _CLEARED_BY_NOTE.get(one.kind)
    if kind:
        if can_write_note(here.viewer, kind):
            label = f"Write a {kind.label.lower()}"
            link("note", label, icon="edit_note", kind=kind.value, episode=course.episode_id)
    elif one.kind is SignalKind.CONCERN:
        link("concern", "Open", icon="chevron_right", id=one.row_id.partition("/")[0])
    elif one.kind is SignalKind.FORM:
        link("ketamine_session", "Open", icon="chevron_right", id=one.session_id)
    elif one.kind is SignalKind.CONSENT:
        if can_book(here.viewer):
            link("consent", "Open", icon="chevron_right", episode=course.episode_id)
    elif one.session_id:
        link("live_session", "Open", icon="chevron_right", id=one.session_id)
    elif one.measure_id and can_enter_score(here.viewer):
        episode, measure = course.episode_id, one.measure_id
        link("score", "Enter", icon="add_chart", episode=episode, measure=measure)
    elif one.kind is SignalKind.REVIEW_DUE or one.is_of_scores:
        link("episode", "Open", icon="chevron_right", id=course.episode_id)
    else:
        link("clearance", "Open", icon="chevron_right", episode=course.episode_id)


def _may_quiet(here: Present, course: CourseStanding, one: Signal) -> bool:
    """Twin of what the action asks: that an answer is known only who is on the course can say."""
    return can_quiet_alert(here.viewer, one.part) and (course.is_mine or not one.is_of_client)
