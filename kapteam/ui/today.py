"""The sections of Today, in the prescriber's and in the therapist's order (product.md).

Each thing stands once: in the first section that speaks of it. Nobody who is under medicine, and
no session that nobody recorded, is left to a button that shows more; nor is what is red, as far as
a list begins with it anywhere.
"""

from collections.abc import Iterable, Set, Sized
from datetime import datetime
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from kapteam import sentences, wording
from kapteam.operations.backups import backup_state
from kapteam.queries.record_checks import last_check
from kapteam.queries.standing import (
    ContactLine,
    CourseStanding,
    DoseLine,
    DoseRow,
    DraftRow,
    IntegrationLine,
    IntegrationRow,
    Scope,
    usual_scope,
)
from kapteam.queries.today import AgendaRow, CallRow, OutsideRow, Today, WaitRow
from kapteam.rules.attention import Reason
from kapteam.rules.contacts import ContactStage
from kapteam.rules.permissions import can_administer, can_book
from kapteam.ui.concerns import draw_safety
from kapteam.ui.contacts import contact_place, draw_told
from kapteam.ui.day_sheet import day_sheets
from kapteam.ui.first_steps import draw_first_steps, draw_without_course
from kapteam.ui.measures_due import draw_due_in_short
from kapteam.ui.navigation import PracticePart, link
from kapteam.ui.rows import (
    BACKUP_IS_LATE,
    ORDER,
    REASON,
    RECORDS_CHANGED,
    STANDING,
    TWO_LINKS,
    Columns,
    attention_row,
    cells,
    count_link,
    dose_link,
    dose_of,
    dose_row,
    integration_links,
    integration_row,
    list_row,
    name_cell,
    number_of,
    order_of,
    over_pinned_line,
    phrase,
    readiness,
    row_links,
    section,
    telling_apart,
    with_them,
    with_whom,
    words,
)
from kapteam.ui.shell import Present
from kapteam.ui.showing import STEP, listed, scope
from kapteam.ui.text import plain, quiet, said
from kapteam.ui.while_away import draw_days_away
from kapteam.vocabulary import Part, Tone
from kapteam.wording import Phrase

# How many rows a section below Today by time begins with, or more where more of them are red.
_FIRST = 10
# Where a list may stand beside another one: a dose beside doses, a reason beside reasons.
_LIST, _REASONS = 800, 560
# Two lists of reasons at a screen of 1280 pixels, which two people look at.
_SIDE_BY_SIDE = 520
# What another section of the page says.
_PRESCRIBER_SEES = {
    Reason.WAS_THIS_GIVEN,
    Reason.INTEGRATION_LATE,
    Reason.WAS_THIS_HELD,
}
_SHOWN_ELSEWHERE = _PRESCRIBER_SEES | {
    Reason.INTEGRATION_NOT_BOOKED,
    Reason.INTEGRATION_OUTSIDE,
    Reason.INTENTION,
    Reason.NOTE_TO_FINISH,
}
# What the row of a ketamine session says itself.
_SAID_BY_ITS_ROW = {
    Reason.NOT_CLOSED,
    Reason.NOT_CLEARED,
    Reason.NO_CONSENT,
    Reason.NOT_ENROLLED,
    Reason.ABOVE_CEILING,
    Reason.WEIGH_FIRST,
    Reason.DOSE_NOT_ORDERED,
    Reason.NOTE_BEFORE_DOSE,
    Reason.TO_DECIDE,
    Reason.NO_RIDE,
    Reason.INTENTION,
}


class Top:
    """The line above everything: its counts, in which order the page is, whose courses it has."""

    def __init__(self, here: Present) -> None:
        with st.container(horizontal=True, vertical_alignment="center", key="today_top"):
            self._counts = st.container(width="content")
            is_shared = usual_scope(here.viewer) is Scope.OURS
            self.scope = scope(here, "today_whose") if is_shared else Scope.MINE
            self.is_for_both = self.scope is Scope.OURS
            self.as_prescriber = not self.is_for_both and _whose(here)
            day_sheets(here)

    def count(self, today: Today) -> None:
        """Put the counts in their place."""
        with self._counts:
            _counts(today)


def draw_today(here: Present, today: Today, top: Top) -> None:
    """Today as this person needs it; one switch shows the colleague's, or what is of both."""
    here = telling_apart(here, today.clients)
    top.count(today)
    _backups(here)
    if today.scope is Scope.OURS and today.is_empty:
        words(quiet("No course of care is open that both of you are on. Choose Mine for yours."))
    if today.first_steps and can_book(here.viewer):
        steps = today.first_steps
        draw_first_steps(here, is_alone=steps.is_alone, has_clients=bool(steps.without_course))
        draw_without_course(here, steps)
    draw_safety(here, today.safety)
    draw_days_away(here)
    draw_told(here, today.told)
    told = _Told()
    _unrecorded(here, told.doses(today.unrecorded))
    _agenda(here, told.agenda(today.agenda))
    if top.is_for_both:
        _for_both(here, today, told)
        return
    # Side by side where there is room for two lists; each column is read from top to bottom.
    two = st.grid(2, min_column_width=_LIST)
    if top.as_prescriber:
        _for_prescriber(here, today, told, two.cell(), two.cell())
    else:
        _for_therapist(here, today, told, two.cell(), two.cell())


def _backups(here: Present) -> None:
    """To whoever can do something about it: no good backup for a day, or a record that changed."""
    if here.asked.practice.is_demo or not can_administer(here.viewer):
        return
    if backup_state(here.now).is_late:
        count_link("practice", BACKUP_IS_LATE)
    checked = here.read(last_check)
    if checked is not None and checked.finding:
        count_link("practice", RECORDS_CHANGED, practice_show=PracticePart.BACKUPS.label)


def _for_both(here: Present, today: Today, told: "_Told") -> None:
    """What two look at together: what waits on the one and on the other, then integration."""
    viewer = here.viewer
    both = st.grid(2, min_column_width=_SIDE_BY_SIDE)
    for rows, who, place in (
        (today.waiting_on_me, viewer.name, "me"),
        (today.waiting_on_beside, viewer.beside.name if viewer.beside else "", "beside"),
    ):
        with both.cell():
            left = told.waits(rows, but=_SHOWN_ELSEWHERE)
            heading = f"Waiting on {who}"
            # A heading takes Markdown; the one line of a section without rows escapes it.
            _waits(here, left, rows, plain(heading) if left else heading, place, of=who)
    two = st.grid(2, min_column_width=_LIST)
    with two.cell():
        owed = told.integrations(today.integration_to_do)
        title = _left(owed, today.integration_to_do, "Integration to do", "No integration is owed.")
        _integrations(here, owed, *title, "to_do")
    with two.cell():
        due = told.doses(today.intentions_due)
        title = _left(due, today.intentions_due, "Intentions due", "None is due.")
        _doses(here, due, *title, "due")
    if today.waiting_on_neither:
        left = told.waits(today.waiting_on_neither, but=_SHOWN_ELSEWHERE)
        _waits(here, left, today.waiting_on_neither, "Waiting on others", "others")


def _for_prescriber(
    here: Present, today: Today, told: "_Told", first: DeltaGenerator, second: DeltaGenerator
) -> None:
    next_day = told.doses(today.next_day_not_ready)
    with first:
        mine = told.waits(today.waiting_on_me, but=_PRESCRIBER_SEES)
        _waits(here, mine, today.waiting_on_me, "Waiting on me", "me")
        _held(here, told.integrations(today.my_notes_to_finish))
        _drafts(here, today.my_drafts)
        nothing = "No dose is booked after today."
        if today.next_dosing_day:
            on = wording.day(today.next_dosing_day, here.today)
            nothing = f"Everything is ready for {on}."
        _doses(here, next_day, "Next dosing day, not ready yet", nothing, "next_day")
        _outside(here, told.outside(today.waiting_outside), today.waiting_outside)
    with second:
        late = told.integrations(today.integration_past_due)
        title = "Integration not held past its time"
        _integrations(here, late, *_left(late, today.integration_past_due, title, "None."), "to_do")
        others = told.waits(today.waiting_on_others, but=_SHOWN_ELSEWHERE)
        _waits(here, others, today.waiting_on_others, "Waiting on others", "others")


def _for_therapist(
    here: Present, today: Today, told: "_Told", first: DeltaGenerator, second: DeltaGenerator
) -> None:
    with first:
        owed = told.integrations(today.integration_to_do)
        title = _left(owed, today.integration_to_do, "Integration to do", "No integration is owed.")
        _integrations(here, owed, *title, "to_do")
        due = told.doses(today.intentions_due)
        title = _left(due, today.intentions_due, "Intentions due", "None is due.")
        _doses(here, due, *title, "due")
    with second:
        calls = told.calls(today.calls_to_make)
        mine = told.waits(today.waiting_on_me, but=_SHOWN_ELSEWHERE)
        others = told.waits(today.waiting_on_others, but=_SHOWN_ELSEWHERE)
        waits = st.grid(2, min_column_width=_REASONS)
        with waits.cell():
            _waits(here, mine, today.waiting_on_me, "Waiting on me", "me")
        with waits.cell():
            _waits(here, others, today.waiting_on_others, "Waiting on others", "others")
        _calls(here, calls, today.calls_to_make)
        _held(here, told.integrations(today.notes_to_finish))
        _drafts(here, today.my_drafts)
        coming = told.doses(today.next_doses)
        title = _left(coming, today.next_doses, "Ketamine sessions, next 7 days", "None is booked.")
        _doses(here, coming, *title, "next")


def _held(here: Present, rows: tuple[IntegrationRow, ...]) -> None:
    if rows:
        _integrations(here, rows, "Held, note to finish", "", "held")


def _drafts(here: Present, rows: tuple[DraftRow, ...]) -> None:
    """One's own unsigned notes about a course: those about a session stand with it."""

    def draw(one: DraftRow) -> None:
        with list_row(f"draft_{one.draft.id}"):
            name_cell(here, one.course.client)
            words(plain(one.draft.kind.label), ORDER)
            age = wording.duration(here.now - one.draft.started_at)
            words(quiet(f"unsigned for {age}"), REASON)
            link("note", "Finish", icon="edit_note", id=one.draft.id)

    if rows:
        with section("Notes to finish", len(rows), key="drafts"):
            listed(rows, "today_drafts", draw, first=_FIRST)


def _calls(here: Present, rows: tuple[CallRow, ...], all_of_them: Sized) -> None:
    """Whom to call today: someone outside to call back, and clients of whom it was planned."""

    def draw(one: CallRow) -> None:
        if one.wait:
            with list_row(f"call_{one.wait.facts.id}"):
                name_cell(here, one.course.client)
                due = sentences.call_back(one.wait.facts, here.today)
                phrase(due, STANDING)
                link("wait", "Open", icon="chevron_right", id=one.wait.facts.id)
        elif one.contact:
            with list_row(f"call_{one.contact.id}"):
                name_cell(here, one.course.client)
                phrase(sentences.contact(one.contact.standing, here.now, here.zone), STANDING)
                link("contact", "Record", icon="chevron_right", id=one.contact.id)

    if all_of_them:
        title, nothing = _left(rows, all_of_them, "Calls to make", "")
        with section(title, len(rows), key="calls", nothing=nothing):
            listed(rows, "today_calls", draw, first=_FIRST)


def _outside(here: Present, rows: tuple[OutsideRow, ...], all_of_them: Sized) -> None:
    """Whom the clients wait on outside, the first to call back first."""

    def draw(one: OutsideRow) -> None:
        facts = one.line.facts
        caller = sentences.colleague(one.line.person, here.now, here.zone)
        said = sentences.outside_wait(facts, caller, here.today)
        tone = Tone.AMBER if facts.is_due(here.today) and not one.course.hold else Tone.PLAIN
        with list_row(f"outside_{facts.id}"):
            name_cell(here, one.course.client)
            phrase(Phrase(wording.first_up(said), tone, "hourglass_empty"), STANDING)
            link("wait", "Open", icon="chevron_right", id=facts.id)

    if all_of_them:
        title, nothing = _left(rows, all_of_them, "Waiting on someone outside", "")
        with section(title, len(rows), key="outside", nothing=nothing):
            listed(rows, "today_outside", draw, first=_FIRST)


def _left(rows: Sized, all_of_them: Sized, title: str, nothing: str) -> tuple[str, str]:
    """A section's title, and its words for nothing, which say when some of it stands above."""
    if len(rows) == len(all_of_them):
        return title, nothing
    return f"Other {title[:1].lower()}{title[1:]}", "None besides those above."


class _Told:
    """What stands on the page already, so that each thing stands once."""

    def __init__(self) -> None:
        self._doses: set[str] = set()
        self._integrations: set[str] = set()
        self._contacts: set[str] = set()
        self._calls: set[str] = set()

    def doses(self, rows: tuple[DoseRow, ...]) -> tuple[DoseRow, ...]:
        """The ketamine sessions that do not stand above."""
        new = tuple(row for row in rows if row.dose.id not in self._doses)
        self._doses |= {row.dose.id for row in new}
        return new

    def integrations(self, rows: tuple[IntegrationRow, ...]) -> tuple[IntegrationRow, ...]:
        """The integrations that do not stand above."""
        new = tuple(row for row in rows if row.line.key not in self._integrations)
        self._integrations |= {row.line.key for row in new}
        return new

    def agenda(self, rows: tuple[AgendaRow, ...]) -> tuple[AgendaRow, ...]:
        """What is done today and does not stand above."""
        new = tuple(row for row in rows if not (row.dose and row.dose.id in self._doses))
        self._doses |= {row.dose.id for row in new if row.dose}
        self._integrations |= {row.line.key for row in new if row.line}
        self._contacts |= {row.contact.id for row in new if row.contact}
        return new

    def calls(self, rows: tuple[CallRow, ...]) -> tuple[CallRow, ...]:
        """The calls that do not stand above."""
        new = tuple(row for row in rows if not (row.contact and row.contact.id in self._contacts))
        self._calls |= {row.contact.id for row in new if row.contact}
        self._calls |= {row.wait.facts.id for row in new if row.wait}
        return new

    def outside(self, rows: tuple[OutsideRow, ...]) -> tuple[OutsideRow, ...]:
        """The waits on someone outside that do not stand above."""
        new = tuple(row for row in rows if row.line.facts.id not in self._calls)
        self._calls |= {row.line.facts.id for row in new}
        return new

    def waits(self, rows: tuple[WaitRow, ...], *, but: Set[Reason]) -> tuple[WaitRow, ...]:
        """The reasons that no row above says; those of `but` are another section's.

        What is of a client's safety stands above everything else.
        """
        new = tuple(
            row
            for row in rows
            if not row.attention.is_of_client
            and row.attention.reason not in but
            and not self._says(row)
        )
        self._doses |= {
            row.attention.subject_id for row in new if row.attention.reason in _SAID_BY_ITS_ROW
        }
        self._calls |= {row.attention.wait.id for row in new if row.attention.wait}
        return new

    def _says(self, row: WaitRow) -> bool:
        one = row.attention
        if one.wait or one.contact:
            return one.subject_id in self._calls
        return one.reason in _SAID_BY_ITS_ROW and one.subject_id in self._doses


def _whose(here: Present) -> bool:
    """Whether to use the prescriber's order."""
    options = ["Therapist's order", "Prescriber's order"]
    only_prescriber = here.viewer.is_prescriber and not here.viewer.is_therapist
    chosen = st.radio(
        "Order of this page",
        options,
        index=1 if only_prescriber else 0,
        horizontal=True,
        label_visibility="collapsed",
        key="today_order",
        persist_state="session",
        width="content",
    )
    return chosen == options[1]


def _counts(today: Today) -> None:
    with st.container(horizontal=True, gap="xsmall", key="today_counts"):
        late = wording.count(today.late, "integration is", "integrations are") + " late"
        tones = [row.line.standing.tone for row in today.integration_past_due]
        loudest = tones[0] if today.late else Tone.QUIET
        count_link("integration", _loud(late, today.late, loudest, "error"), show="late")
        if today.was_this_held:
            held = Phrase(f"Was this held? {today.was_this_held}", tones[today.late], "help")
            count_link("integration", held, show="was_this_held")
        without = wording.count(today.doses_today_without_intention, "dose") + (
            " left today without an intention note"
        )
        count_link(
            "ketamine_sessions",
            _loud(without, today.doses_today_without_intention, Tone.AMBER, "edit_note"),
            show="today_no_intention",
        )
        left = wording.count(today.doses_left_today, "dose") + " left today"
        count_link("ketamine_sessions", Phrase(left, Tone.QUIET), show="today")


def _loud(text: str, number: int, tone: Tone, icon: str) -> Phrase:
    return Phrase(text, tone, icon) if number else Phrase(text, Tone.QUIET)


def _unrecorded(here: Present, rows: tuple[DoseRow, ...]) -> None:
    if rows:
        with section("Was this given?", len(rows), key="unrecorded"):
            for one in rows:
                with over_pinned_line(here, one.course, f"unrecorded_{one.dose.id}"):
                    dose_row(here, one.course, one.dose, "unrecorded")


def _agenda(here: Present, rows: tuple[AgendaRow, ...]) -> None:
    with section("Today by time", len(rows), key="agenda", nothing="Nothing is booked today."):
        listed(rows, "today_agenda", partial(_agenda_row, here))


def _agenda_row(here: Present, one: AgendaRow) -> None:
    if one.dose:
        _session_row(here, one.course, one.dose, "agenda")
    elif one.line:
        _integration_row(here, one, one.line)
    elif one.contact:
        _contact_row(here, one, one.contact)


def _session_row(here: Present, course: CourseStanding, dose: DoseLine, place: str) -> None:
    """A ketamine session of today: the colleague whom one shares it with stands there by name.

    So does who covers for oneself.
    """
    both = (course.therapist, course.prescriber)
    mine = next((each for each in both if each and each.id == here.viewer.clinician_id), None)
    other = course.therapist if course.therapist and course.therapist != mine else course.prescriber
    people = dict.fromkeys(with_whom(here, each) for each in (mine, other))
    key = f"{place}_{dose.id}"
    with over_pinned_line(here, course, key):
        with list_row(key, Columns.AT_ITS_TIME):
            name_cell(here, course.client)
            is_given = dose.last_given_at is not None
            cells(
                _clock(here, dose.planned_at),
                dose_of(dose) if is_given else said(order_of(dose)),
                _given(here, dose) if is_given else readiness(here, course, dose),
                quiet(number_of(dose)),
                " ".join(filter(None, people)),
            )
            with row_links(TWO_LINKS):
                dose_link(here, course, dose)
        asks = course.waited_on(Part.THERAPIST)
        is_next = course.ahead[:1] == (dose,)
        if is_next and course.measures_due and asks and here.viewer.stands_for(asks.id):
            with st.container(key=f"pinned_due_{key}"):
                draw_due_in_short(here, course.measures_due, dose.planned_at)
        at_home = with_them(here, dose)
        if at_home:
            with st.container(key=f"pinned_home_{key}"):
                words(at_home)


def _integration_row(here: Present, one: AgendaRow, line: IntegrationLine) -> None:
    """An integration of today."""
    key = f"agenda_{line.key}"
    with over_pinned_line(here, one.course, key), list_row(key, Columns.AT_ITS_TIME):
        name_cell(here, one.course.client)
        cells(
            _clock(here, one.at),
            plain(line.kind.label),
            said(sentences.integration(line.standing, here.now, here.zone)),
            quiet(line.how.label if line.how else ""),
            with_whom(here, line.therapist),
        )
        with row_links(TWO_LINKS):
            integration_links(here, line, brief=True)


def _contact_row(here: Present, one: AgendaRow, line: ContactLine) -> None:
    """A contact of today."""
    standing = line.standing
    if standing.stage is ContactStage.DID_IT_HAPPEN:
        state = said(Phrase(standing.stage.label, standing.tone, "help"))
    elif standing.gap:
        state = said(sentences.not_known(standing.gap))
    else:
        state = plain(contact_place(here, line))
    with list_row(f"agenda_{line.id}", Columns.AT_ITS_TIME):
        name_cell(here, one.course.client)
        cells(
            _clock(here, one.at),
            plain(standing.kind.label),
            state,
            quiet(standing.how.label if standing.how else ""),
            with_whom(here, line.person),
        )
        with row_links(TWO_LINKS):
            link("contact", "Open", icon="chevron_right", id=line.id)


def _clock(here: Present, at: datetime) -> str:
    clock = wording.clock_time(at.astimezone(here.zone).time())
    return f"**{clock}** {quiet(wording.relative(at, here.now))}"


def _given(here: Present, dose: DoseLine) -> str:
    """How far a session is whose medicine was given."""
    if dose.silence:
        return said(sentences.silence(dose.silence, dose.planned_at, here.now, here.zone))
    at = (dose.last_given_at or dose.planned_at).astimezone(here.zone)
    return f"{plain(dose.status.label)}, {quiet(f'given {wording.clock_time(at.time())}')}"


def _integrations(
    here: Present, rows: tuple[IntegrationRow, ...], title: str, nothing: str, place: str
) -> None:
    def draw(one: IntegrationRow) -> None:
        integration_row(here, one.course, one.line, place, brief=True)

    first = _to_begin_with(one.line.standing.tone for one in rows)
    with section(title, len(rows), key=place, nothing=nothing):
        listed(rows, f"today_{place}", draw, first=first)


def _doses(here: Present, rows: tuple[DoseRow, ...], title: str, nothing: str, place: str) -> None:
    def draw(one: DoseRow) -> None:
        dose_row(here, one.course, one.dose, place, brief=True)

    with section(title, len(rows), key=f"doses_{place}", nothing=nothing):
        listed(rows, f"today_{place}", draw, first=_FIRST)


def _waits(
    here: Present,
    rows: tuple[WaitRow, ...],
    all_of_them: Sized,
    title: str,
    place: str,
    *,
    of: str = "",
) -> None:
    def draw(one: WaitRow) -> None:
        attention_row(here, one.course, one.attention, place, of=of)

    nothing = "Nothing else waits." if all_of_them else "Nothing waits."
    first = _to_begin_with(one.attention.tone for one in rows)
    with section(title, len(rows), key=f"waits_{place}", nothing=nothing):
        listed(rows, f"today_{place}", draw, first=first)


def _to_begin_with(tones: Iterable[Tone]) -> int:
    """How many rows of these tones a section begins with: down to the last red one, or ten."""
    red = (number for number, tone in enumerate(tones, 1) if tone is Tone.RED)
    return max(_FIRST, min(STEP, max(red, default=0)))
