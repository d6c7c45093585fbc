"""Caseload: the scope, the views and filters above the rows, and one row a client."""

from collections.abc import Sequence
from typing import TypeVar

import streamlit as st

from kapteam import sentences, wording
from kapteam.queries.caseload import Caseload, CaseloadRow, Scope, View, Wanted
from kapteam.queries.standing import CourseStanding, NextStep, Person
from kapteam.ui.navigation import link
from kapteam.ui.rows import NAME, name_cell, row, section, words
from kapteam.ui.shell import Present
from kapteam.ui.text import plain, quiet, said
from kapteam.vocabulary import EpisodeState, ProductRoute, ServiceLine, Term
from kapteam.wording import NBSP

_Choice = TypeVar("_Choice", bound=Term)
_STATES = tuple(state for state in EpisodeState if state is not EpisodeState.CLOSED)
_NEEDS, _STAGE, _NEXT, _INTEGRATION, _LAST = 235, 105, 230, 165, 150
_BOUND = ("caseload_state", "caseload_route", "caseload_line")
_UNBOUND = ("caseload_prescriber", "caseload_therapist")
_COURSE = _STAGE + _NEXT + _INTEGRATION + _LAST + 3 * 8


class Controls:
    """What is chosen above the rows.

    What can be offered only once the clients are known (whose they are, who treats them) is drawn
    by `offer`, in its place above. Nothing that names a person is bound to the URL.
    """

    def __init__(self) -> None:
        chosen = st.session_state
        with st.container(horizontal=True, vertical_alignment="bottom", key="caseload_who"):
            self._who = st.container(width="content")
            self._with = st.container(width="content")
            text = st.text_input(
                "Name, code, phone or date of birth",
                key="caseload_text",
                type="search",
                live=True,
                width=300,
                persist_state="session",
            )
        view = st.segmented_control(
            "View",
            list(View),
            default=View.ALL,
            required=True,
            format_func=_label,
            key="caseload_view",
            bind="query-params",
            label_visibility="collapsed",
        )
        used = any(one in st.query_params for one in _BOUND) or any(map(chosen.get, _UNBOUND))
        folded = st.expander(
            "Filters", expanded=used, type="compact", icon=":material/filter_list:"
        )
        with folded, st.container(horizontal=True):
            state = _pick("State", _STATES, "caseload_state")
            route = _pick("Product and route", tuple(ProductRoute), "caseload_route")
            line = _pick("Service line", tuple(ServiceLine), "caseload_line")
            self._people = st.container(horizontal=True, width="content")
        self.wanted = Wanted(
            scope=chosen.get("caseload_scope"),
            colleague_id=chosen.get("caseload_colleague"),
            view=view or View.ALL,
            state=state,
            product_route=route,
            service_line=line,
            prescriber_id=chosen.get("caseload_prescriber"),
            therapist_id=chosen.get("caseload_therapist"),
            text=text or "",
        )

    def offer(self, found: Caseload) -> None:
        """Whose clients, together with whom, and who treats them."""
        if len(found.scopes) > 1:
            self._who.radio(
                "Whose clients",
                found.scopes,
                index=found.scopes.index(found.scope),
                format_func=lambda scope: _whose(scope, found),
                horizontal=True,
                key="caseload_scope",
                persist_state="session",
                label_visibility="collapsed",
            )
        if found.scope is Scope.OURS and len(found.colleagues) > 1:
            with self._with:
                _person("Together with", found.colleagues, "caseload_colleague", found.colleague)
        with self._people:
            _person("Prescriber", found.prescribers, "caseload_prescriber")
            _person("Therapist", found.therapists, "caseload_therapist")


def _label(term: Term) -> str:
    return term.label


def _whose(scope: Scope, found: Caseload) -> str:
    if scope is Scope.OURS and len(found.colleagues) == 1:
        return plain(f"{scope.label} with {found.colleagues[0].name}")
    return scope.label


def _pick(label: str, options: Sequence[_Choice], key: str) -> _Choice | None:
    return st.selectbox(
        label,
        options,
        index=None,
        placeholder="Any",
        format_func=_label,
        key=key,
        bind="query-params",
        width=210,
    )


def _person(label: str, people: tuple[Person, ...], key: str, chosen: Person | None = None) -> None:
    names = {one.id: one.name for one in people}
    st.selectbox(
        label,
        list(names),
        index=list(names).index(chosen.id) if chosen else None,
        placeholder="Any",
        format_func=lambda one: names.get(one, ""),
        key=key,
        persist_state="session",
        width=210,
    )


def draw_rows(here: Present, found: Caseload, wanted: Wanted) -> None:
    """How many, one page of them, and people without a course of care."""
    if not found.rows:
        st.markdown(plain(_nothing(found, wanted)))
    else:
        above = st.container()
        number = _page(found)
        with above, section(_count(found), key="caseload_rows"):
            _headings()
            for one in found.page(number):
                _client_row(here, one)
    if found.without_course and wanted.view is View.ALL:
        with section("No course of care yet", len(found.without_course), key="without_course"):
            for client in found.without_course:
                with row(f"client_{client.id}"):
                    name_cell(here, client)
                    link("client", "Open", icon="chevron_right", client=client.code)


def _count(found: Caseload) -> str:
    number = len(found.rows)
    if number == found.in_scope:
        return wording.count(number, "client")
    return f"{number} of {wording.count(found.in_scope, 'client')}"


def _nothing(found: Caseload, wanted: Wanted) -> str:
    if not found.in_scope:
        return "No clients yet. Record an inquiry, or open a course of care for a client."
    if wanted.text.strip():
        return f"No client matches “{wanted.text.strip()}”. Check the spelling or clear the filter."
    if wanted.view is not View.ALL:
        return f"Nobody here under “{wanted.view.label}”. Choose All to see everybody."
    return "No client meets these filters. Take one away to see more."


def _page(found: Caseload) -> int:
    if found.pages == 1:
        return 1
    number: int = st.pagination(found.pages, key="caseload_page", bind="query-params")
    return number


def _headings() -> None:
    """What each part of a row is; on a narrow screen, where rows wrap, it is hidden (guard.css)."""
    with row("column_headings"):
        for heading, width in (
            ("Client", NAME),
            ("Needs attention", _NEEDS),
            ("Stage", _STAGE),
            ("Next step", _NEXT),
            ("Integration", _INTEGRATION),
            ("Last dose", _LAST),
        ):
            words(quiet(heading), width)


def _client_row(here: Present, one: CaseloadRow) -> None:
    with row(f"client_{one.client.id}"):
        name_cell(here, one.client)
        words(_needs(here, one), _NEEDS)
        with st.container(width=_COURSE, gap="xxsmall", key=f"courses_{one.client.id}"):
            for course in one.courses:
                _course_line(here, one, course)


def _needs(here: Present, one: CaseloadRow) -> str:
    """The first reason to look at the client, else the pinned line."""
    if not one.attention:
        return quiet(one.pinned_line)
    first, *rest = one.attention
    more = f" {quiet(f'+{len(rest)}{NBSP}more')}" if rest else ""
    return said(sentences.attention(first, here.now, here.zone)) + more


def _course_line(here: Present, one: CaseloadRow, course: CourseStanding) -> None:
    with row(f"course_{course.episode_id}"):
        words(_stage(here, course), _STAGE)
        words(_next(here, course), _NEXT)
        words(_integration(here, one, course), _INTEGRATION)
        words(_last(here, course), _LAST)


def _stage(here: Present, course: CourseStanding) -> str:
    if course.hold:
        hold = course.hold
        return said(sentences.on_hold(hold.reason, hold.look_again_on, here.today))
    series = course.series
    stage = plain(
        sentences.stage(
            course.state, series.given if series else None, series.ordered if series else None
        )
    )
    if course.service_line is ServiceLine.KAP:
        return stage
    return f"{stage} {quiet(course.service_line.label)}"


def _next(here: Present, course: CourseStanding) -> str:
    step = course.next_step
    if step is None:
        return quiet("Nothing booked")
    person = course.waited_on(step.waits_on) if step.waits_on else None
    waits = f", waiting on {person.name}" if person else ""
    return f"{step.what} {_step(here, step)}{quiet(waits) if waits else ''}"


def _step(here: Present, step: NextStep) -> str:
    if step.all_day:
        day = wording.day(step.at.astimezone(here.zone).date(), here.today)
        return f"**{plain(day)}**"
    when = wording.moment(step.at, here.now, here.zone)
    return f"**{plain(when)}** {quiet(wording.relative(step.at, here.now))}"


def _integration(here: Present, one: CaseloadRow, course: CourseStanding) -> str:
    """Where its first integration stands, unless the row's first reason says so already."""
    if not course.integrations:
        done = course.last_dose is not None and course.expects_integration
        return quiet("Integration up to date" if done else "")
    standing = course.integrations[0].standing
    if one.attention and one.attention[0].integration is standing:
        return ""
    return said(sentences.integration(standing, here.now, here.zone))


def _last(here: Present, course: CourseStanding) -> str:
    dose = course.last_dose
    if dose is None or dose.given_ug is None or dose.last_given_at is None:
        return ""
    given = wording.dose(dose.given_ug, dose.product_route)
    on = wording.day(dose.last_given_at.astimezone(here.zone).date(), here.today)
    return f"{plain(given)}, {quiet(on)}"
