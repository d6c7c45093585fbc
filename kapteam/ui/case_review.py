"""The case review on the screen: its agenda, and one client at a time for both (ux.md 2.5)."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import streamlit as st

from kapteam import sentences, wording
from kapteam.actions.case_reviews import (
    AgendaLine,
    DecisionEntered,
    ItemEntered,
    ReviewEntered,
    add_item,
    bring_next,
    confirm_decision,
    decide,
    drop_item,
    end_action,
    end_review,
    move_item,
    no_change_for_all,
    open_item,
    start_review,
)
from kapteam.charts.trend import small_trend
from kapteam.queries.case_review import (
    Agenda,
    AgendaRow,
    AgreedAction,
    ItemLine,
    Meeting,
    Presented,
    Said,
    case_agenda,
    own_open_courses,
    presented,
    presented_together,
    running_meeting,
)
from kapteam.queries.integration import is_owed
from kapteam.queries.standing import CourseStanding, Person
from kapteam.rules.case_review import next_open, time_left
from kapteam.rules.permissions import can_order_dose
from kapteam.ui.forms import Form, unused_id
from kapteam.ui.minutes import draw_past
from kapteam.ui.navigation import link
from kapteam.ui.page import live_part
from kapteam.ui.rows import (
    identity,
    list_row,
    name_cell,
    on_hold,
    phrase,
    row,
    row_links,
    section,
    step_when,
    telling_apart,
    words,
)
from kapteam.ui.shell import Present, acting, say_next
from kapteam.ui.text import plain, quiet, said, strong
from kapteam.ui.written import folded_for_others, free_words
from kapteam.vocabulary import ActionEnd, ReviewDecision, Tone
from kapteam.wording import Phrase

MINUTES = 60
"""An hour, as such meetings usually take (domain 6)."""
_REASONS = 620
_ICONS = {Tone.RED: "error", Tone.AMBER: "flag"}


def draw_agenda(here: Present, shown: Agenda) -> None:
    """What a review would be about now, the way to begin it, and the reviews there were."""
    here = telling_apart(here, (one.course.client for one in shown.rows))
    if shown.colleague is not None:
        _choose_colleague(shown)
    _draw_rows(here, shown)
    _start(here, shown)
    draw_past(here, shown.past)


def _choose_colleague(shown: Agenda) -> None:
    people = {one.id: one.name for one in shown.colleagues}
    if len(people) < 2:
        words(quiet(f"With {shown.colleague.name if shown.colleague else ''}"))
        return
    st.session_state.setdefault("review_with", shown.colleague.id if shown.colleague else None)
    st.selectbox(
        "With",
        list(people),
        key="review_with",
        format_func=people.__getitem__,
        width=300,
        persist_state="session",
    )


def _draw_rows(here: Present, shown: Agenda) -> None:
    alone = [one for one in shown.rows if not one.entry.is_steady]
    steady = [one for one in shown.rows if one.entry.is_steady]
    nothing = f"Nobody of {wording.count(shown.in_scope, 'client')} needs to be reviewed now"
    with section("Agenda now", len(alone), key="agenda", nothing=nothing):
        for number, one in enumerate(alone, 1):
            with list_row(f"agenda_{one.course.episode_id}"):
                words(quiet(f"{number}"), 24)
                name_cell(here, one.course.client)
                words("  \n".join(said(each) for each in reasons_now(here, one)), _REASONS)
    if steady:
        with section("Steady, looked at together", len(steady), key="steady"):
            for one in steady:
                with list_row(f"steady_{one.course.episode_id}"):
                    words("", 24)
                    name_cell(here, one.course.client)
                    words("  \n".join(said(each) for each in reasons_now(here, one)), _REASONS)


def reasons_now(here: Present, one: AgendaRow) -> list[Phrase]:
    """Why the course is on the agenda, what needs attention first, as it reads now."""
    marks = [(mark.by, mark.words) for mark in one.course.marks]
    topics = sentences.topics(one.entry, marks, here.now, here.zone)
    attention = [sentences.attention(each, here.now, here.zone) for each in one.course.attention]
    return [*attention, *topics]


def _start(here: Present, shown: Agenda) -> None:
    form = Form(here, "case_review", makes=unused_id(here))
    colleague = shown.colleague
    with st.container(horizontal=True, vertical_alignment="bottom"), st.container(width=220):
        form.number("minutes", "For how many minutes", MINUTES)
    form.save(
        "Start the review",
        start_review,
        lambda: ReviewEntered(
            id=form.makes,
            colleague_id=colleague.id if colleague else None,
            minutes=form.value("minutes"),
            lines=_lines(here, colleague),
        ),
        said="Started",
    )


def _lines(here: Present, colleague: Person | None) -> tuple[AgendaLine, ...]:
    """The agenda as it is at the press, which is what both are about to see (rule 58)."""
    shown = here.read(case_agenda, colleague.id if colleague else None)
    return tuple(
        AgendaLine(
            one.course.episode_id,
            tuple({"words": each.text, "tone": each.tone} for each in reasons_now(here, one)),
            one.entry.is_steady,
        )
        for one in shown.rows
    )


def draw_meeting(here: Present, shown: Meeting) -> None:
    """The review that runs: one client in front of both, else the steady ones, or its agenda."""
    here = telling_apart(here, (one.client for one in shown.shown))
    item = shown.current
    if st.query_params.get("show") == "agenda" or not shown.shown:
        _draw_head(here, shown, None)
        _draw_frozen(here, shown)
    elif item is None or item.is_steady:
        _draw_head(here, shown, item)
        live_part(here, partial(_follow, seen=item.id if item else None))
        _draw_steady(here, shown)
    else:
        _draw_head(here, shown, item)
        _present(here, shown, item)


def _draw_head(here: Present, shown: Meeting, item: ItemLine | None) -> None:
    """When it began, with whom, which one of how many, the time left, and the ways on."""
    head = shown.head
    open_ones = shown.not_reached
    with row("meeting_head"):
        began = wording.moment_today(head.started_at, here.now, here.zone)
        others = wording.listed([one.name for one in head.others(here.viewer.clinician_id)])
        words(f"**Since {plain(began)}**{f', with {plain(others)}' if others else ''}")
        if item in shown.alone:
            words(f"{shown.alone.index(item) + 1} of {len(shown.alone)}")
        left = time_left(head.started_at, head.minutes, here.now)
        phrase(sentences.time_left(left, len(open_ones)))
        _ways(here, shown, item)


def _ways(here: Present, shown: Meeting, item: ItemLine | None) -> None:
    """Back and on, by keys too; what comes after the last one is the steady ones together."""
    stops = [one.id for one in shown.alone] + [one.id for one in shown.steady[:1]]
    at = stops.index(item.id) if item and item.id in stops else -1
    if item is not None and item.is_steady and at < 0:
        at = len(stops) - 1
    before = stops[at - 1] if at > 0 else None
    after = stops[at + 1] if at + 1 < len(stops) else None
    for label, to, key, icon in (
        ("Previous", before, "Left", "chevron_left"),
        ("Next", after, "Right", "chevron_right"),
    ):
        st.button(
            label,
            icon=f":material/{icon}:",
            key=f"review_{label}",
            shortcut=key,
            disabled=to is None,
            on_click=_go_to,
            args=(to,),
        )
    if st.query_params.get("show") == "agenda":
        link("case_review", "Back to the review", icon="arrow_back")
    else:
        link("case_review", "Agenda", icon="list", show="agenda")


@acting
def _go_to(here: Present, item_id: str) -> None:
    st.query_params.pop("show", None)
    here.write(open_item, item_id, here.now)


def _follow(here: Present, seen: str | None, begun: bool = False) -> None:
    """Go where the colleague went on to; what is half written here stays until one follows."""
    now = here.read(running_meeting)
    current = now.current if now else None
    if (current and current.id) == seen:
        return
    if not begun:
        st.rerun()
    phrase(Phrase("Your colleague went on to the next one.", Tone.BLUE, "arrow_forward"))
    if st.button("Go there too", key="follow"):
        st.rerun()


def _present(here: Present, meeting: Meeting, item: ItemLine) -> None:
    """One client: the facts at the left, what is decided at the right."""
    shown = here.read(presented, item)
    identity(here, item.client, course_id=item.episode_id)
    left, right = st.columns([11, 9], gap="medium")
    facts = facts_now(here, shown)
    with right:
        begun = _decision(here, meeting, item, facts)
        _next_ones(here, meeting, item)
    with left:
        live_part(here, partial(_follow, seen=item.id, begun=begun))
        _why(item)
        if shown.course is None:
            phrase(Phrase("This course of care has ended since.", Tone.AMBER, "flag"))
        draw_facts(here, facts, shown.course)
        for one in item.open_before:
            _open_action(here, one)


def _why(item: ItemLine) -> None:
    st.markdown("**Why on the agenda**")
    if not item.reasons:
        words(quiet(f"Added by {item.added_by}" if item.added_by else "For its turn"))
    for one in item.reasons:
        phrase(Phrase(one.words, one.tone, _ICONS.get(one.tone, "")))


def draw_facts(here: Present, facts: tuple[Said, ...], course: CourseStanding | None) -> None:
    """What is known, each with its label; what was said or measured, for others, behind Show."""
    shown = [one for one in facts if one.label not in _FOR_THE_TEAM]
    folded = [one for one in facts if one.label in _FOR_THE_TEAM]
    _draw_facts(shown)
    if folded:
        with folded_for_others(here, "Show scores and intention"):
            if course and course.progress and (drawn := small_trend(course.progress)):
                alt = plain(sentences.trend(course.progress))
                st.markdown(f"![{alt}](<{drawn}>)")
            _draw_facts(folded)


def _draw_facts(facts: list[Said]) -> None:
    for one in facts:
        st.markdown(f"{quiet(one.label)}  {said(Phrase(one.words, one.tone))}")


_SCORE, _INTENTION = "Score", "Intention"
_FOR_THE_TEAM = frozenset({_SCORE, _INTENTION})


def facts_now(here: Present, shown: Presented) -> tuple[Said, ...]:
    """What both have before them, in words that can be kept."""
    return tuple(_facts_of(here, shown)) if shown.course else shown.item.facts


def _facts_of(here: Present, shown: Presented) -> Iterator[Said]:
    course = shown.course
    if course is None:
        return
    series = course.series
    stage = sentences.stage(
        course.state, series.given if series else None, series.ordered if series else None
    )
    yield Said(stage, Tone.PLAIN, "Stage")
    if course.hold:
        paused = on_hold(here, course.hold)
        yield Said(paused.text, paused.tone, "On hold")
    if course.progress:
        yield Said(sentences.progress(course.progress), Tone.PLAIN, _SCORE)
    dose = course.last_dose
    if dose and dose.given_ug is not None and dose.last_given_at:
        given = wording.dose(dose.given_ug, dose.product_route)
        at = wording.moment(dose.last_given_at, here.now, here.zone)
        number = wording.in_series(dose.number, dose.of)
        yield Said(f"{at}, {given}, {number}", Tone.PLAIN, "Last dose")
    if shown.intention:
        yield Said(f"“{shown.intention}”", Tone.PLAIN, _INTENTION)
    for line in course.integrations:
        if is_owed(line):
            one = sentences.integration(line.standing, here.now, here.zone)
            yield Said(one.text, one.tone, "Integration")
    step = course.next_step
    ahead = f"{step.what} {step_when(here, step)}" if step else "Nothing booked"
    yield Said(ahead, Tone.PLAIN if step else Tone.AMBER, "Next step")


def _open_action(here: Present, one: AgreedAction) -> None:
    """An action of an earlier review: it comes back until somebody says what became of it."""
    late = one.due_on < here.today
    due = wording.day(one.due_on, here.today)
    with row(f"open_action_{one.id}"):
        phrase(
            Phrase(
                f"{one.owner}, due {due}: {free_words(here, one.words)}",
                Tone.AMBER if late else Tone.PLAIN,
                "task_alt",
            )
        )
        for end in ActionEnd:
            st.button(
                end.label,
                key=f"{end.value}_{one.id}",
                type="tertiary",
                on_click=_end_action,
                args=(one.id, end),
            )


@acting
def _end_action(here: Present, action_id: str, end: ActionEnd) -> None:
    here.write(end_action, action_id, end, here.now)
    say_next(f"{end.label}")


def _decision(here: Present, meeting: Meeting, item: ItemLine, facts: tuple[Said, ...]) -> bool:
    """What is decided, and who does what; says whether something was entered and not saved."""
    form = Form(here, "decision", item.id)
    version = form.seen(item.version)
    with st.container(border=True):
        form.choice("decision", "Decision", list(ReviewDecision), item.decision)
        form.area("words", "What we agreed", item.words)
        _agreed(here, item)
        form.line("action_words", "Action")
        people = {one.id: one.name for one in meeting.head.members}
        with st.container(horizontal=True, gap="small"):
            with st.container(width=230):
                form.pick("owner_id", "Who does it", people, none="Nobody yet")
            form.day("due_on", "By")
        form.save(
            "Save and go to the next client",
            decide,
            lambda: form.entered(
                DecisionEntered,
                item_id=item.id,
                version=version,
                facts=_kept(facts),
            ),
            then=lambda _: _go_on(here, meeting, item),
            shortcut="Ctrl+Enter",
        )
        _proposal(here, item)
    return form.is_begun


def _kept(facts: tuple[Said, ...]) -> tuple[dict[str, str], ...]:
    return tuple({"label": one.label, "words": one.words, "tone": one.tone} for one in facts)


def _go_on(here: Present, meeting: Meeting, item: ItemLine) -> None:
    """The next client that nothing is decided about; where there is none, one stays."""
    stops = [one.id for one in (*meeting.alone, *meeting.steady)]
    to_go = {one.id for one in meeting.not_reached if one.id != item.id}
    after = next_open(stops, to_go, item.id)
    if after is not None:
        here.write(open_item, after, here.now)


def _agreed(here: Present, item: ItemLine) -> None:
    """The actions that were agreed about this client just now."""
    for one in item.actions:
        due = wording.day(one.due_on, here.today)
        ended = f", {one.ended_as.label.lower()}" if one.ended_as else ""
        words(f":material/task_alt: {plain(f'{one.owner}, by {due}: {one.words}{ended}')}")


def _proposal(here: Present, item: ItemLine) -> None:
    """Rule 62: a change of dose that a therapist typed is the prescriber's to confirm."""
    if item.decision is not ReviewDecision.DOSE:
        return
    if item.confirmed_by:
        phrase(Phrase(f"Confirmed by {item.confirmed_by}", Tone.QUIET, "check"))
        return
    phrase(Phrase(f"Proposed by {item.decided_by}, not confirmed", Tone.AMBER, "hourglass_empty"))
    if can_order_dose(here.viewer):
        st.button(
            "Confirm the change",
            key=f"confirm_{item.id}",
            on_click=_confirm,
            args=(item.id, item.version),
        )


@acting
def _confirm(here: Present, item_id: str, version: int) -> None:
    here.write(confirm_decision, item_id, version, here.now)


def _next_ones(here: Present, meeting: Meeting, item: ItemLine) -> None:
    """Who comes next; not a word of why."""
    place = meeting.alone.index(item) + 1
    coming = meeting.alone[place : place + 3]
    if coming or meeting.steady:
        st.markdown(quiet("Next on the agenda"))
    for number, one in enumerate(coming, place + 1):
        name = sentences.client_name(here.viewer, one.client)
        words(quiet(f"{number}. {name}{', decided' if one.decision else ''}"))
    if meeting.steady:
        words(quiet(f"Last: {wording.count(len(meeting.steady), 'steady client')} together"))


def _draw_steady(here: Present, meeting: Meeting) -> None:
    """Those who are there for their turn alone, on one screen."""
    shown = here.read(presented_together, meeting.steady)
    facts = {one.item.id: facts_now(here, one) for one in shown}
    with section("Steady, looked at together", len(shown), key="steady"):
        for one in shown:
            with list_row(f"steady_{one.item.id}"):
                name_cell(here, one.item.client)
                known = [
                    f"{quiet(each.label)} {plain(each.words)}"
                    for each in facts[one.item.id]
                    if not (here.viewer.hides_names and each.label in _FOR_THE_TEAM)
                ]
                words(" · ".join(known), _REASONS)
                with row_links(170):
                    if one.item.decision:
                        words(quiet(one.item.decision.label))
                    else:
                        st.button(
                            "Look at alone",
                            key=f"alone_{one.item.id}",
                            type="tertiary",
                            on_click=_alone,
                            args=(one.item.id,),
                        )
    if any(one.is_open for one in meeting.steady):
        number = sum(one.is_open for one in meeting.steady)
        st.button(
            f"No change for all {number}",
            key="no_change_for_all",
            type="primary",
            on_click=_no_change,
            args=(meeting.head.id, {one: _kept(known) for one, known in facts.items()}),
        )
    _end(here, meeting)


@acting
def _alone(here: Present, item_id: str) -> None:
    here.write(bring_next, item_id, here.now)
    here.write(open_item, item_id, here.now)


@acting
def _no_change(here: Present, case_review_id: str, facts: dict[str, Any]) -> None:
    here.write(no_change_for_all, case_review_id, facts, here.now)


def _draw_frozen(here: Present, meeting: Meeting) -> None:
    """The agenda of the review that runs, to add to, to move in and to take off."""
    live_part(here, partial(_follow_agenda, seen=_order(meeting)))
    with section("Agenda", len(meeting.shown), key="frozen", nothing="Nobody is on it any more"):
        for number, one in enumerate(meeting.shown, 1):
            with list_row(f"item_{one.id}"):
                words(quiet(f"{number}"), 24)
                name_cell(here, one.client)
                reasons = [said(Phrase(each.words, each.tone)) for each in one.reasons]
                decided = [strong(one.decision.label)] if one.decision else []
                words("  \n".join([*decided, *reasons[:3]]) or quiet("Added"), 430)
                with row_links(250):
                    _moves(one)
    _add(here, meeting)
    _end(here, meeting)


def _order(meeting: Meeting) -> tuple[str, ...]:
    return tuple(one.id for one in meeting.shown)


def _follow_agenda(here: Present, seen: tuple[str, ...]) -> None:
    """Draw the agenda anew once a colleague changed it."""
    now = here.read(running_meeting)
    if now is None or _order(now) != seen:
        st.rerun()


def _moves(one: ItemLine) -> None:
    for icon, does, label, arguments in (
        ("arrow_upward", _move, "Up", (one.id, -1)),
        ("arrow_downward", _move, "Down", (one.id, 1)),
        ("priority_high", _bring_next, "As the next", (one.id,)),
        ("close", _drop, "Take off", (one.id,)),
    ):
        if label == "Take off" and one.decision is not None:
            continue
        st.button(
            label,
            icon=f":material/{icon}:",
            key=f"{label}_{one.id}",
            type="tertiary",
            on_click=does,
            args=arguments,
        )


@acting
def _move(here: Present, item_id: str, by: int) -> None:
    here.write(move_item, item_id, by, here.now)


@acting
def _bring_next(here: Present, item_id: str) -> None:
    here.write(bring_next, item_id, here.now)


@acting
def _drop(here: Present, item_id: str) -> None:
    here.write(drop_item, item_id, here.now)


def _add(here: Present, meeting: Meeting) -> None:
    """Somebody else to talk about, at the end (rule 58); a button of their row makes them next."""
    on_it = {one.episode_id for one in meeting.shown}
    offered = {
        episode_id: f"{sentences.client_name(here.viewer, client)}, {client.code}"
        for episode_id, client in here.read(own_open_courses)
        if episode_id not in on_it
    }
    if not offered:
        return
    form = Form(here, "add_item", makes=unused_id(here, "new_item"))
    with st.container(width=420):
        form.pick("episode_id", "Add a client", offered)
    form.save(
        "Add to the agenda",
        add_item,
        lambda: ItemEntered(form.makes, meeting.head.id, form.value("episode_id")),
        said="Added",
        kind="secondary",
    )


def _end(here: Present, meeting: Meeting) -> None:
    left = len(meeting.not_reached)
    if left:
        words(quiet(f"{wording.count(left, 'client')} not decided: they head the next agenda."))
    st.button("End the review", key="end_review", on_click=_end_now, args=(meeting.head.id,))


@acting
def _end_now(here: Present, case_review_id: str) -> None:
    here.write(end_review, case_review_id, here.now)
    st.query_params.clear()
    st.query_params["id"] = case_review_id
