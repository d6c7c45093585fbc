"""Caseload: the scope, the views and filters above the rows, and one row a client."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

import streamlit as st

from kapteam import sentences, wording
from kapteam.charts.trend import small_trend
from kapteam.queries.caseload import Caseload, CaseloadRow, EarlierDose, View, Wanted
from kapteam.queries.integration import is_owed
from kapteam.queries.standing import CourseStanding, Person, Scope, usual_scope
from kapteam.rules.permissions import can_book
from kapteam.ui.first_steps import draw_first_steps
from kapteam.ui.navigation import link
from kapteam.ui.rows import (
    Columns,
    cells,
    list_row,
    name_cell,
    on_hold,
    pinned_words,
    section,
    step_when,
    stuck_words,
    telling_apart,
    words,
)
from kapteam.ui.shell import Present
from kapteam.ui.text import plain, quiet, said, strong
from kapteam.vocabulary import EpisodeState, ProductRoute, ServiceLine, Term
from kapteam.wording import NBSP

_Choice = TypeVar("_Choice", bound=Term)
_STATES = tuple(state for state in EpisodeState if state is not EpisodeState.CLOSED)
_CLIENT, _NEEDS = 165, 235
_BOUND = ("caseload_state", "caseload_route", "caseload_line")
_UNBOUND = ("caseload_prescriber", "caseload_therapist")


class Controls:
    """What is chosen above the rows.

    What can be offered only once the clients are known (whose they are, who treats them) is drawn
    by `offer`, in its place above. Nothing that names a person is bound to the URL.
    """

    def __init__(self, here: Present) -> None:
        chosen = st.session_state
        # What is chosen alone says nothing of what two look at together.
        self._of_two = "_of_two" if usual_scope(here.viewer) is Scope.OURS else ""
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
        with st.container(horizontal=True, vertical_alignment="center", key="caseload_what"):
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
            scope=chosen.get(f"caseload_scope{self._of_two}"),
            colleague_id=chosen.get(f"caseload_colleague{self._of_two}"),
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
                key=f"caseload_scope{self._of_two}",
                persist_state="session",
                label_visibility="collapsed",
            )
        if found.scope is Scope.OURS and len(found.colleagues) > 1:
            with self._with:
                key = f"caseload_colleague{self._of_two}"
                _person("Together with", found.colleagues, key, found.colleague)
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
    here = telling_apart(here, (one.client for one in (*found.rows, *found.without_course)))
    if not found.in_scope and can_book(here.viewer):
        draw_first_steps(here, is_alone=found.is_alone, has_clients=bool(found.without_course))
    elif not found.rows:
        st.markdown(plain(_nothing(found, wanted)))
    else:
        above = st.container()
        number = _page(found)
        with above, section(_count(found), key="caseload_rows"):
            _headings(here)
            for one in found.page(number):
                _client_row(here, one)
    if found.without_course and wanted.view is View.ALL:
        with section("No course of care yet", len(found.without_course), key="without_course"):
            for one in found.without_course:
                with list_row(f"client_{one.client.id}"):
                    name_cell(here, one.client)
                    _pinned(here, one)
                    link("client", "Open", icon="chevron_right", client=one.client.code)


def _count(found: Caseload) -> str:
    number = len(found.rows)
    if number == found.in_scope:
        return wording.count(number, "client")
    return f"{number} of {wording.count(found.in_scope, 'client')}"


def _nothing(found: Caseload, wanted: Wanted) -> str:
    if not found.in_scope:
        return "Nobody is in your care now."
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


def _headings(here: Present) -> None:
    """What each part of a row is; on a narrow screen, where rows wrap, it is hidden (guard.css)."""
    headings = [
        "Client",
        "Needs attention",
        "Stage",
        "Next step",
        "Integration",
        "Last dose, score",
    ]
    if here.viewer.reads_notes:
        headings.append("Case review")
    with (
        st.container(key="column_headings"),
        list_row("headings", Columns.COURSE_WITHOUT_NAME),
    ):
        _small_cells(*map(quiet, headings))


def _client_row(here: Present, one: CaseloadRow) -> None:
    """One client; each further course of care stands in a line of its own below."""
    first, *further = one.courses
    if not further and first.stuck is None:
        _first_course(here, one)
        return
    with st.container(gap="xxsmall", key=f"client_{one.client.id}"):
        _first_course(here, one)
        _stuck(here, first)
        for course in further:
            with list_row(f"course_{course.episode_id}", Columns.COURSE_WITHOUT_NAME):
                _small_cells(quiet(course.service_line.label), "", *_course(here, course))
            _stuck(here, course)


def _first_course(here: Present, one: CaseloadRow) -> None:
    first = one.courses[0]
    said_of_it = _course(here, first, one.earlier_dose)
    is_pinned = not one.attention and one.pinned.text
    stands_alone = is_pinned or len(one.attention) > 1
    columns = Columns.COURSE if stands_alone else Columns.COURSE_AND_NEED
    with list_row(f"course_{first.episode_id}", columns):
        name_cell(here, one.client, _CLIENT)
        if stands_alone:
            _need_and_more(here, one)
            _small_cells(*said_of_it)
        else:
            _small_cells(_need(here, one), *said_of_it)


def _course(
    here: Present, course: CourseStanding, earlier: EarlierDose | None = None
) -> Iterator[str]:
    """What the columns say of a course, as Markdown: from its stage on."""
    yield _stage(course)
    yield _next(here, course)
    yield _integration(here, course)
    last = _earlier(here, earlier) if earlier else _last(here, course)
    yield "  \n".join(filter(None, (last, _score(here, course))))
    if here.viewer.reads_notes:
        reviewed = sentences.reviewed(course.last_reviewed_at, here.today, here.zone)
        yield plain(reviewed) if course.last_reviewed_at else quiet(reviewed)


def _stuck(here: Present, course: CourseStanding) -> None:
    """Where the course is stuck, in a quiet line of its own below its row."""
    text = stuck_words(here, course)
    if text:
        with st.container(key=f"stuck_{course.episode_id}"):
            _small(quiet(text))


def _small(text: str) -> None:
    words(f":small[{text}]")


def _small_cells(*texts: str) -> None:
    cells(*(f":small[{text}]" if text else "" for text in texts))


def _need(here: Present, one: CaseloadRow) -> str:
    """The first reason to look at the client, as Markdown; nothing where there is none.

    Of an integration only what it is: where it stands is said in its own column.
    """
    if not one.attention:
        return ""
    first = one.attention[0]
    reason = sentences.attention(first, here.now, here.zone)
    if first.integration is not None:
        reason = replace(reason, text=first.reason.label)
    return said(reason)


def _need_and_more(here: Present, one: CaseloadRow) -> None:
    """The first reason with the others behind a link, or the pinned line where there is none."""
    rest = one.attention[1:]
    if not rest:
        _pinned(here, one)
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="xxsmall", width=_NEEDS):
        _small(_need(here, one))
        others = [plain(sentences.attention(each, here.now, here.zone).text) for each in rest]
        more, tip = f"+{len(rest)}{NBSP}more", "  \n".join(others)
        link("client", plain(more), tip=tip, client=one.client.code)


def _pinned(here: Present, one: CaseloadRow) -> None:
    with st.container(key=f"pinned_{one.client.id}", width=_NEEDS):
        words(pinned_words(here, one.pinned))


def _stage(course: CourseStanding) -> str:
    series = course.series
    return plain(
        sentences.stage(
            course.state, series.given if series else None, series.ordered if series else None
        )
    )


def _next(here: Present, course: CourseStanding) -> str:
    """The next step and whom it waits on; on hold, when somebody looks at it again."""
    step, hold = course.next_step, course.hold
    paused = said(on_hold(here, hold)) if hold else ""
    if step is None:
        return paused or quiet("Nothing booked")
    person = course.waited_on(step.waits_on) if step.waits_on else None
    name = sentences.colleague(person, here.now, here.zone) if person else ""
    waits = quiet(f", waiting on {name}: {step.waits_for}") if person else ""
    return f"{plain(step.what)} {strong(step_when(here, step))}{waits} {paused}"


def _integration(here: Present, course: CourseStanding) -> str:
    """Where the integrations that are owed stand, else the first there is."""
    shown = [line for line in course.integrations if is_owed(line)] or course.integrations[:1]
    if shown:
        return "  \n".join(
            said(sentences.integration(line.standing, here.now, here.zone)) for line in shown
        )
    done = course.last_dose is not None and course.expects_integration
    return quiet("Integration up to date" if done else "")


def _last(here: Present, course: CourseStanding) -> str:
    dose = course.last_dose
    if dose is None or dose.given_ug is None or dose.last_given_at is None:
        return ""
    given = wording.dose(dose.given_ug, dose.product_route)
    on = wording.day(dose.last_given_at.astimezone(here.zone).date(), here.today)
    return f"{plain(given)}, {quiet(on)}"


def _score(here: Present, course: CourseStanding) -> str:
    """The primary measure, drawn and first to last with its word; not with others in the room."""
    one = course.progress
    if one is None or here.viewer.hides_names:
        return ""
    drawn = small_trend(one)
    picture = f"![{plain(sentences.trend(one))}](<{drawn}>) " if drawn else ""
    return f"{picture}{plain(sentences.progress(one))}"


def _earlier(here: Present, dose: EarlierDose) -> str:
    """The last dose of who came back, who has had none since."""
    given = wording.dose(dose.ug, dose.product_route)
    on = wording.day(dose.last_given_at.astimezone(here.zone).date(), here.today)
    return f"{plain(given)}, {quiet(f'{on}, in an earlier course')}"
