"""The case review on the screen: its agenda, and one client at a time for both (ux.md 2.5)."""

from functools import partial
from typing import Any

import streamlit as st

from kapteam import sentences, wording
from kapteam.actions.case_reviews import (
    AgendaLine,
    DecisionEntered,
    ItemEntered,
    ReasonSaid,
    ReviewEntered,
    add_item,
    bring_next,
    decide,
    drop_item,
    end_review,
    move_item,
    no_change_for_all,
    open_item,
    start_review,
)
from kapteam.charts.trend import small_trend
from kapteam.queries.case_review import (
    UNSAVED_LAST,
    Agenda,
    AgendaRow,
    ItemLine,
    Meeting,
    Presented,
    Said,
    own_open_courses,
    presented,
    presented_together,
    running_meeting,
)
from kapteam.queries.notes import DraftText
from kapteam.queries.review_facts import FOR_THE_TEAM, SCORE, agenda_to_keep, facts_now, reasons_now
from kapteam.queries.standing import Asked, CourseStanding, Person
from kapteam.rules.case_review import AGREED, next_open, time_left
from kapteam.ui.forms import Form, unused_id
from kapteam.ui.minutes import draw_past, draw_proposal
from kapteam.ui.navigation import link
from kapteam.ui.note import draw_typed, late_words, typed_key
from kapteam.ui.page import live_part
from kapteam.ui.review_actions import draw_open_action
from kapteam.ui.rows import (
    identity,
    list_row,
    name_cell,
    phrase,
    row,
    row_links,
    section,
    telling_apart,
    words,
)
from kapteam.ui.shell import Present, acting, present, say_next
from kapteam.ui.showing import listed
from kapteam.ui.text import plain, quiet, said, strong
from kapteam.ui.written import folded_for_others, free_words
from kapteam.vocabulary import ReviewDecision, ServiceLine, Tone
from kapteam.wording import Phrase

_REASONS = 620
_DECISION, _IN_FRONT = "decision", "review_item_in_front"
_ASKED = "review_item_that_is_not_saved"
_NOT_SAVED = (
    "What you chose here is not saved. Save it, or go on once more to leave it as it was before."
)
_ENDED = "The case review ended before this was saved. Copy it, and write it where it belongs:"
_FIRST = 3
"""So many reasons are in view, with what is open since last time; the most pressing ones."""
_UP, _DOWN, _AS_NEXT, _TAKE_OFF = "Up", "Down", "As the next", "Take off"
_KEYS = {"Previous": "Left", "Next": "Right"}
_MOVES = {
    _UP: "arrow_upward",
    _DOWN: "arrow_downward",
    _AS_NEXT: "priority_high",
    _TAKE_OFF: "close",
}
_ICONS = {Tone.RED: "error", Tone.AMBER: "flag"}


def draw_agenda(here: Present, shown: Agenda) -> None:
    """What a review would be about now, the way to begin it, and the reviews there were."""
    here = telling_apart(here, (one.course.client for one in shown.rows))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if shown.colleague is not None:
            _choose_colleague(shown, beside=here.viewer.beside is not None)
        _start(here, shown)
    live_part(here, partial(_follow, drawn=here.asked, seen=""))
    if typed_about := st.session_state.get(_IN_FRONT):
        late_words(typed_about, _ENDED)
    _draw_rows(here, shown)
    draw_past(here, shown.past)


def _choose_colleague(shown: Agenda, *, beside: bool) -> None:
    """With whom; whoever is at this screen too is not asked about."""
    people = {one.id: one.name for one in shown.colleagues}
    if len(people) < 2 or beside:
        words(f"With {strong(shown.colleague.name if shown.colleague else '')}")
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
        listed(tuple(enumerate(alone, 1)), "agenda_now", partial(_draw_row, here))
    if steady:
        with section("Steady, looked at together", len(steady), key="steady"):
            listed([(None, one) for one in steady], "agenda_steady", partial(_draw_row, here))


def _draw_row(here: Present, numbered: tuple[int | None, AgendaRow]) -> None:
    """One course of the agenda; those that are looked at together have no number."""
    number, one = numbered
    with list_row(f"agenda_{one.course.episode_id}"):
        words(quiet(f"{number}") if number else "", 24)
        name_cell(here, one.course.client)
        words(_why_now(here, one), _REASONS)


def _why_now(here: Present, one: AgendaRow) -> str:
    """What the course is for, where it is not KAP, and each reason, a line each."""
    line = one.course.service_line
    care = [] if line is ServiceLine.KAP else [quiet(line.label)]
    return "  \n".join([*care, *(said(each) for each in reasons_now(here.asked, one))])


def _start(here: Present, shown: Agenda) -> None:
    form = Form(here, "case_review", makes=unused_id(here))
    colleague = shown.colleague
    with st.container(width=200, gap="xsmall"):
        usual = here.asked.practice.thresholds.case_review_minutes
        form.number("minutes", "For how many minutes", usual)
    with st.container(width="content", gap="xsmall"):
        form.save(
            "Start the review",
            start_review,
            lambda: ReviewEntered(
                id=form.makes,
                colleague_id=colleague.id if colleague else None,
                minutes=form.value("minutes"),
                lines=_lines(colleague),
            ),
            then=lambda _: say_next(""),
        )


def _lines(colleague: Person | None) -> tuple[AgendaLine, ...]:
    """The agenda as it is at the press, which is what both are about to see (rule 58)."""
    here = present()
    kept = here.read(agenda_to_keep, colleague.id if colleague else None) if here else ()
    return tuple(
        AgendaLine(
            one.episode_id,
            tuple(ReasonSaid(each.text, for_others, each.tone) for each, for_others in one.reasons),
            one.is_steady,
        )
        for _, one in kept
    )


def draw_meeting(here: Present, shown: Meeting) -> None:
    """The review that runs: one client in front of both, else the steady ones, or its agenda."""
    here = telling_apart(here, (one.client for one in shown.shown))
    item = _half_decided(here, shown) or shown.current
    if st.query_params.get("show") == "agenda" or not shown.shown:
        _draw_head(here, shown, item)
        _draw_frozen(here, shown)
    elif item is None or item.is_steady:
        _draw_head(here, shown, item)
        live_part(here, partial(_follow, drawn=here.asked, seen=""))
        _draw_steady(here, shown)
    else:
        _draw_head(here, shown, item)
        _present(here, shown, item)


def _half_decided(here: Present, shown: Meeting) -> ItemLine | None:
    """Whom this tab stays with although the colleague went on: something is chosen, not saved."""
    stays = next((one for one in shown.alone if one.id == st.session_state.get(_IN_FRONT)), None)
    if stays is None or stays == shown.current:
        return None
    return stays if _is_half_decided(here, stays) else None


def _is_half_decided(here: Present, item: ItemLine) -> bool:
    """Whether something about an item is chosen or entered in this tab, and not saved."""
    form = Form(here, _DECISION, item.id)
    form.seen(item.version)
    return form.is_begun


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
    for label, icon, to in (
        ("Previous", "chevron_left", before),
        ("Next", "chevron_right", after),
    ):
        st.button(
            label,
            icon=f":material/{icon}:",
            key=f"review_{label.lower()}",
            shortcut=_KEYS[label],
            disabled=to is None,
            on_click=_go_on_to,
            args=(to, item),
        )
    if st.query_params.get("show") == "agenda":
        link("case_review", "Back to the review", icon="arrow_back")
    else:
        link("case_review", "Agenda", icon="list", show="agenda")
    if not shown.not_reached:
        _end_button(shown)


@acting
def _go_on_to(here: Present, item_id: str, leaves: ItemLine | None) -> None:
    """What was chosen and not saved is left behind at a second press alone."""
    is_asked = leaves is not None and st.session_state.get(_ASKED) == leaves.id
    if leaves is not None and not is_asked and _is_half_decided(here, leaves):
        st.session_state[_ASKED] = leaves.id
        say_next(_NOT_SAVED, well=False)
        return
    st.session_state.pop(_ASKED, None)
    st.query_params.pop("show", None)
    st.session_state.pop(_IN_FRONT, None)
    here.write(open_item, item_id, here.now)


def _follow(here: Present, drawn: Asked, seen: str, begun: bool = False) -> None:
    """Draw the page anew where anything was saved, and go where the colleague went on to.

    What is half entered here stays until one follows. (The guard asks for nothing while somebody
    types.)
    """
    if not begun:
        if here.asked is not drawn:
            st.rerun()
        return
    now = here.read(running_meeting)
    if now is not None and now.current is not None and now.current.id == seen:
        return
    gone = "Your colleague went on to the next one." if now else "Your colleague ended the review."
    phrase(Phrase(gone, Tone.BLUE, "arrow_forward"))
    if st.button("Go there too", key="follow"):
        st.session_state.pop(_IN_FRONT, None)
        st.rerun()


def _present(here: Present, meeting: Meeting, item: ItemLine) -> None:
    """One client: the facts at the left, what is decided at the right; no other client's name."""
    shown = here.read(presented, item)
    st.session_state[_IN_FRONT] = item.id
    with st.container(key="presenter", gap="xsmall"):
        identity(here, item.client, item.care, course_id=item.episode_id)
        left, right = st.columns([11, 9], gap="medium")
        facts = facts_now(here.asked, shown)
        with right:
            begun = _decision(here, meeting, shown, facts)
        with left, st.container(gap="xxsmall"):
            follow = partial(_follow, drawn=here.asked, seen=item.id, begun=begun)
            live_part(here, follow, with_words=True)
            _why(here, shown)
            if shown.course is None:
                phrase(Phrase("This course of care has ended since.", Tone.AMBER, "flag"))
            draw_facts(here, facts, shown.course)


def _why(here: Present, shown: Presented) -> None:
    """What is open since last time, to be ended here, what is to be discussed, then the reasons.

    A reason that says one of these is not said again.
    """
    item = shown.item
    actions = shown.course.actions if shown.course else ()
    marks = shown.course.marks if shown.course else ()
    wanted = [sentences.to_discuss(one.by, one.words) for one in marks]
    above = {one.text for one in wanted}
    above |= {sentences.review_action(one.short, here.today).text for one in actions}
    reasons = [one for one in item.reasons if one.words not in above]
    st.markdown("**Why on the agenda**")
    for one in actions:
        who = (one.short.owner_id, one.short.owner)
        draw_open_action(here, one.id, *who, one.short.due_on, one.short.words)
    for each in wanted:
        phrase(each)
    if shown.unsaved:
        words(quiet(f"{UNSAVED_LAST}: {free_words(here, shown.unsaved)}"))
    if not item.reasons:
        words(quiet(f"Added by {item.added_by}" if item.added_by else "For its turn"))
    # An action takes two lines, with what may become of it.
    _draw_reasons(reasons, max(_FIRST - 2 * len(actions) - len(marks), 1))


def _draw_reasons(reasons: list[Said], first: int) -> None:
    """So many of them in view, the others behind how many there are."""
    for one in reasons[:first]:
        phrase(Phrase(one.words, one.tone, _ICONS.get(one.tone, "")))
    rest = reasons[first:]
    if rest:
        with st.expander(f"{len(rest)} more", type="compact"):
            for one in rest:
                phrase(Phrase(one.words, one.tone, _ICONS.get(one.tone, "")))


def draw_facts(here: Present, facts: tuple[Said, ...], course: CourseStanding | None) -> None:
    """What is known, each with its label; what was said or measured, for others, behind Show."""
    for one in facts:
        if one.label not in FOR_THE_TEAM:
            _draw_fact(one)
    folded = [one for one in facts if one.label in FOR_THE_TEAM]
    if folded:
        with folded_for_others(here, "Show scores and intention"):
            for one in folded:
                _draw_fact(one, _trend(course) if one.label == SCORE else "")


def _trend(course: CourseStanding | None) -> str:
    """The scores as a picture on their fixed scale; nothing of fewer than two."""
    progress = course.progress if course else None
    drawn = small_trend(progress, times=2) if progress else ""
    return f"![{plain(sentences.trend(progress))}](<{drawn}>)" if progress and drawn else ""


def _draw_fact(one: Said, picture: str = "") -> None:
    st.markdown(f"{quiet(one.label)}  {picture} {said(Phrase(one.words, one.tone))}")


def _decision(here: Present, meeting: Meeting, shown: Presented, facts: tuple[Said, ...]) -> bool:
    """What is decided, and who does what; says whether something was chosen and not saved."""
    item = shown.item
    marks = shown.course.marks if shown.course else ()
    form = Form(here, _DECISION, item.id)
    version = form.seen(item.version)
    with st.container(border=True, gap="xsmall"):
        decisions = {one.value: one.label for one in ReviewDecision}
        form.pick("decision", "Decision", decisions, item.decision)
        with folded_for_others(here, f"Show “{AGREED.label}”"):
            _typed(here, item)
        form.line("action_words", "Action")
        people = {one.id: one.name for one in meeting.head.members if not one.is_off}
        with st.container(horizontal=True, gap="small"):
            with st.container(width=230):
                form.pick("owner_id", "Who does it", people, none="Nobody yet")
            form.day("due_on", "By")
        with st.container(key="decide"):
            form.save(
                "Save and go to the next client",
                decide,
                lambda: form.entered(
                    DecisionEntered,
                    item_id=item.id,
                    version=version,
                    decision=_chosen(form),
                    facts=_kept(facts),
                    mark_ids=tuple(one.id for one in marks),
                ),
                then=lambda is_proposed: _go_on(here, meeting, item, stays=is_proposed),
                shortcut="Ctrl+Enter",
            )
        if item.is_proposed:
            draw_proposal(here, item.id, item.version, item.decided_by)
    return form.is_begun


def _chosen(form: Form) -> ReviewDecision | None:
    value = form.value("decision")
    return ReviewDecision(value) if value else None


def _typed(here: Present, item: ItemLine) -> None:
    """What we agreed, kept as it is typed; a colleague's words come where nobody types here."""
    key, seen = typed_key(item.id, AGREED), f"seen_of_{item.id}"
    if key not in st.session_state or st.session_state[key] == st.session_state.get(seen):
        st.session_state[key] = item.typed
    st.session_state[seen] = item.typed
    kept = DraftText(item.typed, item.typed_version, item.typed_at) if item.typed_at else None
    draw_typed(here, item.id, AGREED, AGREED.label, kept)


def _kept(facts: tuple[Said, ...]) -> tuple[dict[str, str], ...]:
    return tuple({"label": one.label, "words": one.words, "tone": one.tone} for one in facts)


def _go_on(here: Present, meeting: Meeting, item: ItemLine, *, stays: bool) -> None:
    """The next client that nothing is decided about; where there is none, one stays.

    So one does with what is only proposed, which a prescriber confirms on this very screen.
    """
    # That the next client is there says it; a line of its own would push the facts down.
    say_next("")
    if stays:
        return
    stops = [one.id for one in (*meeting.alone, *meeting.steady)]
    to_go = {one.id for one in meeting.not_reached if one.id != item.id}
    after = next_open(stops, to_go, item.id)
    if after is not None:
        here.write(open_item, after, here.now)


def _draw_steady(here: Present, meeting: Meeting) -> None:
    """Those who are there for their turn alone, on one screen."""
    shown = here.read(presented_together, meeting.steady)
    facts = {one.item.id: facts_now(here.asked, one) for one in shown}
    with section("Steady, looked at together", len(shown), key="steady"):
        for one in shown:
            with list_row(f"steady_{one.item.id}"):
                name_cell(here, one.item.client)
                known = [
                    f"{quiet(each.label)} {plain(each.words)}"
                    for each in facts[one.item.id]
                    if not (here.viewer.hides_names and each.label in FOR_THE_TEAM)
                ]
                care = [quiet(one.item.care)] if one.item.care else []
                words(" · ".join([*care, *known]), _REASONS)
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
        # What somebody wants to discuss is looked at alone.
        unmarked = [
            one.item.id
            for one in shown
            if one.item.is_open and not (one.course and one.course.marks)
        ]
        number = len(unmarked)
        st.button(
            f"No change for all {number}",
            key="no_change_for_all",
            type="primary",
            on_click=_no_change,
            args=(meeting.head.id, {one: _kept(facts[one]) for one in unmarked}),
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
    live_part(here, partial(_follow, drawn=here.asked, seen=""))
    with section("Agenda", len(meeting.shown), key="frozen", nothing="Nobody is on it any more"):
        for number, one in enumerate(meeting.shown, 1):
            with list_row(f"item_{one.id}"):
                words(quiet(f"{number}"), 24)
                name_cell(here, one.client)
                reasons = [
                    said(Phrase(each.words, each.tone, _ICONS.get(each.tone, "")))
                    for each in one.reasons
                ]
                care = [quiet(one.care)] if one.care else []
                here_now = [strong("In front now")] if one == meeting.current else []
                why = [*care, *_decided(one), *reasons[:_FIRST]] or [quiet("Added")]
                words("  \n".join([*here_now, *why]), 430)
                with st.container(horizontal=True, gap="small", width=340):
                    _moves(one, number)
    _add(here, meeting)
    _end(here, meeting)


def _decided(one: ItemLine) -> list[str]:
    """What was decided, a line of Markdown if anything was; rule 62: or only proposed."""
    if one.decision is None:
        return []
    return [strong(f"{one.decision.label}, proposed" if one.is_proposed else one.decision.label)]


def _moves(one: ItemLine, number: int) -> None:
    """The ways to rearrange the agenda; this one is shown as its `number`, counted from 1."""
    for label, icon in _MOVES.items():
        if label == _TAKE_OFF and one.decision is not None:
            continue
        st.button(
            label,
            icon=f":material/{icon}:",
            key=f"{label}_{one.id}",
            type="tertiary",
            on_click=_rearrange,
            args=(one.id, label, number - 1),
        )


@acting
def _rearrange(here: Present, item_id: str, how: str, place: int) -> None:
    if how == _TAKE_OFF:
        here.write(drop_item, item_id, here.now)
    elif how == _AS_NEXT:
        here.write(bring_next, item_id, here.now)
    else:
        here.write(move_item, item_id, place + (-1 if how == _UP else 1), here.now)


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
        _end_button(meeting)


def _end_button(meeting: Meeting) -> None:
    """Once everybody is decided about it stands at the top, else below the agenda."""
    st.button("End the review", key="end_review", on_click=_end_now, args=(meeting.head.id,))


@acting
def _end_now(here: Present, case_review_id: str) -> None:
    here.write(end_review, case_review_id, here.now)
    st.query_params.clear()
    st.query_params["id"] = case_review_id
