"""Lists as rows: words in the same order everywhere, aligned, wrapping on a narrow screen.

Widths are where a part of a row begins to be too narrow; on a wider screen all parts but the name
and the links grow alike, and a phone gives each what its words need (guard.css).

An element costs the server the same whatever it says. So of the lists that are long the words of a
row are one element (`cells`); how wide its parts are is in guard.css, by the row's columns.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from enum import Enum
from typing import Any

import streamlit as st

from kapteam import sentences, wording
from kapteam.actions.views import record_view
from kapteam.queries.client_details import ClientDetails
from kapteam.queries.client_names import ClientName
from kapteam.queries.critical import critical_alerts, seen_and_critical
from kapteam.queries.pinned import PinnedLine
from kapteam.queries.standing import (
    CourseLine,
    CourseStanding,
    DoseLine,
    HoldLine,
    IntegrationLine,
    NextStep,
    Person,
)
from kapteam.rules.alerts import Signal, SignalKind
from kapteam.rules.attention import Attention, Reason
from kapteam.rules.integration import IntegrationStage
from kapteam.rules.notes import IntentionStage
from kapteam.rules.permissions import (
    can_book,
    can_enter_score,
    can_hold_integration,
    can_raise_concern,
    can_write_note,
)
from kapteam.sentences import client_name
from kapteam.ui.navigation import link
from kapteam.ui.shell import Present
from kapteam.ui.text import dialed, plain, quiet, said, strong
from kapteam.vocabulary import IntegrationKind, NoteKind, Part, Tone
from kapteam.wording import Phrase

NAME, ORDER = 190, 160
STANDING, REASON = 310, 255
TWO_LINKS, THREE_LINKS, FOUR_LINKS = 135, 200, 272
_NOT_FOR_OTHERS = "where and with whom hidden while others can see"
_OF_A_DOSE = {
    Reason.WAS_THIS_GIVEN,
    Reason.UNCONFIRMED_DOSE,
    Reason.NOT_CLOSED,
    Reason.BREACH,
    Reason.NOT_CLEARED,
    Reason.NO_CONSENT,
    Reason.NOT_ENROLLED,
    Reason.MONITORING_FORM,
    Reason.ABOVE_CEILING,
    Reason.WEIGH_FIRST,
    Reason.DOSE_ON_HOLD,
    Reason.DOSE_NOT_ORDERED,
    Reason.INTENTION,
    Reason.HOME_UNKNOWN,
    Reason.NOTE_BEFORE_DOSE,
    Reason.TO_DECIDE,
    Reason.NO_RIDE,
    Reason.NUMBER_NOT_ORDERED,
    Reason.SIGN_MEDICAL,
    Reason.SIGN_SUPPORT,
}
BACKUP_IS_LATE = Phrase("No good backup for more than a day", Tone.RED, "error")
RECORDS_CHANGED = Phrase("Signed records do not check out", Tone.RED, "error")
RECORDS_UNCHECKED = Phrase("Not checked for more than a day", Tone.AMBER, "schedule")
NOT_BOOKED = Phrase("Integration not booked", Tone.AMBER, "schedule")


@contextmanager
def section(
    title: str, number: int | None = None, *, key: str, nothing: str = ""
) -> Iterator[None]:
    """A heading with its count and a frame around its rows.

    With nothing to show it is one line: `nothing`.
    """
    if number == 0:
        st.markdown(f"**{plain(title)}** :gray[{plain(nothing)}]")
        yield
        return
    with st.container(gap="xsmall", key=f"section_{key}"):
        st.subheader(f"{title} ({number})" if number is not None else title, anchor=False)
        with st.container(border=True, gap="xsmall", key=f"list_{key}"):
            yield


@contextmanager
def row(key: str) -> Iterator[None]:
    """One row; its parts stand side by side and wrap where they do not fit."""
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key=key):
        yield


class Columns(Enum):
    """Of which parts the words of a row are; guard.css says how wide each is."""

    DOSE = "dose"
    DOSE_IN_BRIEF = "dose_in_brief"
    DOSE_ASKED_ABOUT = "dose_asked_about"
    DOSE_NOT_READY = "dose_not_ready"
    INTEGRATION = "integration"
    INTEGRATION_IN_BRIEF = "integration_in_brief"
    INTEGRATION_UNDER_DOSE = "integration_under_dose"
    REASON = "reason"
    AT_ITS_TIME = "at_its_time"
    PLANNED = "planned"
    COURSE = "course"
    COURSE_AND_NEED = "course_and_need"
    COURSE_WITHOUT_NAME = "course_without_name"


@contextmanager
def list_row(key: str, columns: Columns | None = None) -> Iterator[None]:
    """A row whose parts stay in line with those above and below: first a name, last the links.

    One with `columns` has its words in `cells`. A single link stands in it as it is, several in
    `row_links`.
    """
    with row(f"row_of_{columns.value}-{key}" if columns else f"row_{key}"):
        yield


def cells(*texts: str) -> None:
    """The words of a row with columns, a Markdown text for each (user text: `ui.text.plain`)."""
    # What is empty keeps its place.
    st.markdown("\n\n".join(text or "&nbsp;" for text in texts))


@contextmanager
def row_links(width: int) -> Iterator[None]:
    """Several links at the end of a list's row, in one column at its right."""
    with st.container(
        horizontal=True,
        horizontal_alignment="right",
        vertical_alignment="center",
        gap=None,
        width=width,
    ):
        yield


def telling_apart(here: Present, clients: Iterable[ClientName]) -> Present:
    """`here` for a page about these clients, on which two people of one name can be told apart."""
    names = Counter(
        client_name(here.viewer, one) for one in {client.id: client for client in clients}.values()
    )
    return replace(here, namesakes=frozenset(name for name in names if names[name] > 1))


def name_cell(here: Present, client: ClientName, width: int = NAME) -> None:
    """The client's name as a link to the client, with the code in grey.

    Of two people with one name also when each was born (rule 68).
    """
    name = client_name(here.viewer, client)
    second = [] if here.viewer.hides_names else [client.code]
    if name in here.namesakes:
        born = wording.born(client.born_on, here.today)
        second.append(f"born {born}" if client.born_on else born)
    link("client", f"{strong(name)} {quiet(', '.join(second))}", width=width, client=client.code)


def pinned_by(here: Present, pinned: PinnedLine) -> str:
    """Who pinned a line and on which day: `Thea Tallis, Thu Nov 19`."""
    on = wording.day(pinned.at.astimezone(here.zone).date(), here.today) if pinned.at else ""
    return ", ".join(filter(None, (pinned.by, on)))


def pinned_words(here: Present, pinned: PinnedLine) -> str:
    """A client's pinned line in small words after who pinned it, as Markdown.

    Nothing where there is none, and with others in the room. The author stands first, because a row
    cuts off what does not fit into two lines of the screen (guard.css).
    """
    if not pinned.text or here.viewer.hides_names:
        return ""
    by = pinned_by(here, pinned)
    author = f":gray[{plain(by)}:] " if by else ""
    return f":small[:gray[:material/push_pin:] {author}{plain(pinned.text)}]"


@contextmanager
def over_pinned_line(here: Present, course: CourseLine, key: str) -> Iterator[None]:
    """A row of a list with its client's pinned line in a line of its own below."""
    with st.container(gap="xxsmall", key=f"over_{key}"):
        yield
        text = pinned_words(here, course.pinned)
        if text:
            with st.container(key=f"pinned_{key}"):
                words(text)


def words(text: str, width: int | None = None) -> None:
    """Markdown words (user text through `ui.text.plain`) of a fixed width."""
    st.markdown(text, width=width or "content")


def phrase(one: Phrase, width: int | None = None) -> None:
    """A phrase in its tone."""
    st.markdown(said(one), width=width or "content")


def when(here: Present, at: datetime) -> None:
    """Absolute and relative time together, always both (ux.md 1.9)."""
    words(when_words(here, at))


def when_words(here: Present, at: datetime) -> str:
    """The same as Markdown."""
    absolute = wording.moment(at, here.now, here.zone)
    return f"**{plain(absolute)}** {quiet(wording.relative(at, here.now))}"


def order_of(dose: DoseLine) -> Phrase:
    """The order of a ketamine session in words."""
    return sentences.order(
        dose.order_state, dose.ordered_ug, dose.may_add, dose.product_route.label
    )


def dose_of(dose: DoseLine) -> str:
    """What was given, as Markdown: `70 mg intramuscular`; in grey the route of what was not."""
    if dose.given_ug is None:
        return quiet(dose.product_route.label)
    return plain(wording.dose(dose.given_ug, dose.product_route))


def given(here: Present, dose: DoseLine) -> str:
    """What was given and when, as Markdown: `70 mg intramuscular, given Mon Nov 23, 2:00 pm`."""
    if dose.given_ug is None or dose.last_given_at is None:
        planned = wording.moment(dose.planned_at, here.now, here.zone)
        return quiet(f"{dose.product_route.label}, planned {planned}")
    at = wording.moment(dose.last_given_at, here.now, here.zone)
    return f"{dose_of(dose)}, {quiet(f'given {at}')}"


def dose_row(
    here: Present, course: CourseLine, dose: DoseLine, place: str, *, brief: bool = False
) -> None:
    """One ketamine session: who, when, order, number, intention, and what to do next.

    `place` names the list it stands in, so that its key is unique on the page. A brief row, for a
    list beside another one, leaves out the number.
    """
    if dose.silence:
        columns = Columns.DOSE_ASKED_ABOUT
        asked = sentences.silence(dose.silence, dose.planned_at, here.now, here.zone)
        parts = [said(asked)]
    else:
        columns = Columns.DOSE_IN_BRIEF if brief else Columns.DOSE
        parts = [when_words(here, dose.planned_at)]
    parts.append(dose_of(dose) if dose.status.is_given else said(order_of(dose)))
    if not brief:
        parts.append(quiet(number_of(dose)))
    if dose.status.is_given:
        parts.append(_completed(here, dose))
    elif not dose.silence:
        parts.append(readiness(here, course, dose))
    with list_row(f"{place}_{dose.id}", columns):
        name_cell(here, course.client)
        cells(*parts)
        dose_link(here, course, dose)


def _completed(here: Present, dose: DoseLine) -> str:
    """A session that waits for nothing any more: `Completed, given Mon Nov 23, 2:00 pm`."""
    at = wording.moment(dose.last_given_at or dose.planned_at, here.now, here.zone)
    return f"{plain(dose.status.label)}, {quiet(f'given {at}')}"


def readiness(here: Present, course: CourseLine, dose: DoseLine) -> str:
    """What a session to come waits for: a hold, clearance, its intention; else ready. Markdown."""
    part, what = dose.waits
    is_said = what == sentences.intention(dose.intention, here.now, here.zone).text.lower()
    waiting = _waiting_on(here, course, part, "" if is_said else what)
    phrases = sentences.readiness(dose, course.hold, waiting, here.now, here.zone)
    return " ".join(said(one) for one in phrases)


def _waiting_on(here: Present, course: CourseLine, part: Part | None, what: str) -> str:
    """On whom, unless that is oneself."""
    person = course.waited_on(part) if part else None
    name = "" if person and _is_covered_by(here, person) else name_of(here, person)
    return sentences.waiting_on(name, what) if name else ""


def name_of(here: Present, person: Person | None) -> str:
    """A colleague, and while they are away who covers until when.

    Instead of oneself only who covers: until when stands at the top of Today.
    """
    if person is None:
        return ""
    if person.id == here.viewer.clinician_id:
        return person.cover
    return sentences.colleague(person, here.now, here.zone)


def on_hold(here: Present, hold: HoldLine) -> Phrase:
    """The pause in force of a course."""
    return sentences.on_hold(hold.reason, hold.look_again_on, here.today)


def number_of(dose: DoseLine) -> str:
    """Which one of its series, and where: `3 of 6, Room 1`.

    `Dose 1, Room 1` while nobody ordered how many, which a row has no room for and Today says.
    """
    known = dose.of is not None
    number = wording.in_series(dose.number, dose.of) if known else f"Dose {dose.number}"
    place = "at home" if dose.at_home else dose.place
    return f"{number}, {place}" if place else number


def with_them(here: Present, dose: DoseLine) -> str:
    """Of a session at home where the client is, who is with them, and the number there; Markdown.

    Nothing of another one; with others in the room only that it is known.
    """
    known = (dose.place, dose.people_present, dose.local_emergency)
    if not dose.at_home or not any(known):
        return ""
    said = known if not here.viewer.hides_names else (_NOT_FOR_OTHERS,)
    return f":small[:gray[:material/home_pin:] {plain(', '.join(filter(None, said)))}]"


def step_when(here: Present, step: NextStep) -> str:
    """When a next step is: an instant, or the day that was agreed."""
    if step.all_day:
        return wording.day(step.at.astimezone(here.zone).date(), here.today)
    return wording.moment(step.at, here.now, here.zone)


def stuck_words(here: Present, course: CourseStanding) -> str:
    """Where a course is stuck, in one line; empty where the question is not asked."""
    if course.stuck is None:
        return ""
    waits = [
        sentences.outside_wait(
            line.facts, sentences.colleague(line.person, here.now, here.zone), here.today
        )
        for line in course.waits
    ]
    person, step = course.prescriber, course.next_step
    prescriber = sentences.colleague(person, here.now, here.zone) if person else ""
    ahead = f"{step.what} {step_when(here, step)}" if step else ""
    return sentences.stuck(course.stuck, waits, prescriber, ahead)


def dose_link(here: Present, course: CourseLine, dose: DoseLine) -> None:
    """What the viewer may do next about a ketamine session."""
    missing = dose.intention.stage in {IntentionStage.MISSING, IntentionStage.STALE}
    is_ahead = dose.last_given_at is None and not dose.silence and not course.hold
    if missing and is_ahead and can_write_note(here.viewer, NoteKind.INTENTION):
        link("note", "Write", icon="edit_note", kind="intention", dose=dose.id)
    else:
        label = "Record" if dose.silence else "Open"
        link("ketamine_session", label, icon="chevron_right", id=dose.id)


def integration_row(
    here: Present, course: CourseLine, line: IntegrationLine, place: str, *, brief: bool = False
) -> None:
    """One integration: who, where it stands, after which dose, and what to do next.

    A brief row, for a list beside another one, has shorter links.
    """
    stands = said(sentences.integration(line.standing, here.now, here.zone))
    after, therapist = _after(here, course, line), with_whom(here, line.therapist)
    columns = Columns.INTEGRATION_IN_BRIEF if brief else Columns.INTEGRATION
    with list_row(f"{place}_{line.key}", columns):
        name_cell(here, course.client)
        if brief:
            cells(stands, f"{after} {therapist}")
        else:
            cells(stands, after, therapist)
        with row_links(THREE_LINKS if brief else FOUR_LINKS):
            integration_links(here, line, brief=brief)


def integration_under(here: Present, line: IntegrationLine, place: str) -> None:
    """One integration underneath its ketamine session."""
    with list_row(f"{place}_{line.key}_integration", Columns.INTEGRATION_UNDER_DOSE):
        cells(
            f":gray[:material/subdirectory_arrow_right: {line.kind.label}]",
            said(sentences.integration(line.standing, here.now, here.zone)),
            with_whom(here, line.therapist),
        )
        with row_links(FOUR_LINKS):
            integration_links(here, line)


def integration_missing(here: Present, dose: DoseLine, place: str) -> None:
    """Underneath a ketamine session whose integration nobody booked yet."""
    with list_row(f"{place}_{dose.id}_integration", Columns.INTEGRATION_UNDER_DOSE):
        cells(
            f":gray[:material/subdirectory_arrow_right: {IntegrationKind.FULL.label}]",
            said(NOT_BOOKED),
        )
        if can_book(here.viewer):
            link("integration_session", "Book", icon="event_available", dose=dose.id, do="book")


def _after(here: Present, course: CourseLine, line: IntegrationLine) -> str:
    """What it integrates and what kind it is unless the usual."""
    doses = " and ".join(given(here, dose) for dose in line.doses)
    kind = "" if line.kind is IntegrationKind.FULL else f"{quiet(f'{line.kind.label},')} "
    return f"{kind}{doses or quiet(course.service_line.label)}"


def with_whom(here: Present, person: Person | None) -> str:
    """A colleague, unless it is oneself and there; of whom one covers not one's own name."""
    if person and person.away_until and _is_covered_by(here, person):
        last_day = wording.last_day(person.away_until, here.zone)
        return quiet(f"for {person.name} until {wording.day(last_day, here.today)}")
    name = name_of(here, person)
    return quiet(f"with {name}") if name else ""


def _is_covered_by(here: Present, person: Person) -> bool:
    """Whether the viewer is who covers for somebody."""
    return person.id != here.viewer.clinician_id and here.viewer.stands_for(person.id)


def integration_links(here: Present, line: IntegrationLine, *, brief: bool = False) -> None:
    """What the viewer may do next about an integration, side by side.

    Brief links have what is seldom done behind More.
    """
    if line.standing.stage is IntegrationStage.HELD:
        _note_link(here, line)
        return
    about: dict[str, Any] = {"id": line.id} if line.id else {"dose": line.doses[0].id}
    if not can_hold_integration(here.viewer):
        link("integration_session", "Open", icon="chevron_right", **about)
        return
    is_booked = line.standing.facts.planned_at is not None
    if not is_booked:
        link("integration_session", "Book", icon="event_available", do="book", **about)
    if _may_have_been_held(here, line):
        link("integration_session", "Held", icon="check", do="hold", **about)
    if brief:
        link("integration_session", "More", icon="more_horiz", **about)
        return
    if is_booked:
        link("integration_session", "Move", icon="event_repeat", do="book", **about)
    else:
        link("integration_session", "Agree", icon="handshake", do="agree", **about)
    link("integration_session", "Close", icon="block", do="close", **about)


def _note_link(here: Present, line: IntegrationLine) -> None:
    if line.note_id and line.note_author_id == here.viewer.clinician_id:
        link("note", "Finish note", icon="edit_note", id=line.note_id)
    elif not line.note_id and can_write_note(here.viewer, NoteKind.INTEGRATION):
        link("note", "Write note", icon="edit_note", kind="integration", integration=line.key)
    else:
        link("integration_session", "Open", icon="chevron_right", id=line.key)


def _may_have_been_held(here: Present, line: IntegrationLine) -> bool:
    """Its dose was given, or its time has come; a booking for what is still ahead is not held."""
    facts = line.standing.facts
    if facts.last_given_at is not None:
        return True
    return facts.planned_at <= here.now if facts.planned_at else not line.doses


def attention_row(
    here: Present, course: CourseStanding, one: Attention, place: str, *, of: str = ""
) -> None:
    """One reason to look at a course, and whom it waits on unless that is oneself.

    `of` is a colleague whom the list is about anyway.
    """
    parts = [said(sentences.attention(one, here.now, here.zone))]
    name = name_of(here, course.awaited(one))
    if name and name != of:
        parts.append(quiet(name))
    with list_row(f"{place}_{course.episode_id}_{one.reason}_{one.subject_id}", Columns.REASON):
        name_cell(here, course.client)
        cells(*parts)
        _attention_link(here, course, one)


def _attention_link(here: Present, course: CourseStanding, one: Attention) -> None:
    """Where what is asked for is done."""
    episode = course.episode_id
    if one.reason in _OF_A_DOSE:
        link("ketamine_session", "Open", icon="chevron_right", id=one.subject_id)
    elif one.concern:
        link("concern", "Open", icon="chevron_right", id=one.subject_id)
    elif one.reason is Reason.CLEARANCE_ENDS:
        link("clearance", "Open", icon="chevron_right", episode=episode)
    elif one.reason is Reason.CONSENT_ENDS and can_book(here.viewer):
        link("consent", "Open", icon="chevron_right", episode=episode)
    elif one.signal and one.signal.measure_id and can_enter_score(here.viewer):
        measure = one.signal.measure_id
        link("score", "Enter", icon="add_chart", episode=episode, measure=measure)
    elif one.signal and one.signal.is_of_scores:
        link("client", "Open", icon="chevron_right", client=course.client.code)
    elif one.signal and one.signal.kind is SignalKind.REVIEW_DUE:
        link("episode", "Open", icon="chevron_right", id=episode)
    elif one.signal and not one.signal.session_id:
        link("clearance", "Open", icon="chevron_right", episode=episode)
    elif one.signal:
        link("live_session", "Open", icon="chevron_right", id=one.signal.session_id)
    elif one.home:
        link("home_supply", "Open", icon="chevron_right", episode=episode)
    elif one.ask:
        link("ask", "Open", icon="chevron_right", id=one.subject_id)
    elif one.reason is Reason.NOTE_BEFORE_VISIT:
        link("client", "Open", icon="chevron_right", client=course.client.code)
    elif one.reason is Reason.DID_IT_HAPPEN:
        link("contact", "Record", icon="chevron_right", id=one.subject_id)
    elif one.reason is Reason.OUT_OF_TOUCH and can_book(here.viewer):
        link("contact", "Call", icon="add_call", client=course.client.code)
    elif one.wait or one.authorization:
        _wait_link(course, one)
    elif one.reason is Reason.CLEARANCE_TO_DECIDE:
        link("clearance", "Open", icon="chevron_right", episode=episode)
    elif one.reason in {Reason.NO_DOSE_BOOKED, Reason.TO_REBOOK} and can_book(here.viewer):
        link("booking", "Book", icon="event_available", episode=episode)
    else:
        link("episode", "Open", icon="chevron_right", id=episode)


def _wait_link(course: CourseStanding, one: Attention) -> None:
    """To the wait itself; of an authorization that ends, to where a new one is waited for."""
    if one.wait:
        link("wait", "Open", icon="chevron_right", id=one.subject_id)
    else:
        link("wait", "Open", icon="chevron_right", episode=course.episode_id)


def facts(known: Iterable[tuple[str, str]]) -> str:
    """Labels in grey with what is known (Markdown), one after the other, as Markdown."""
    return " · ".join(f"{quiet(label)} {text}" for label, text in known)


def to_call(kept: ClientDetails) -> tuple[tuple[str, str], ...]:
    """Whether a voicemail may be left, whom to call for a client, and who may be told what.

    Labels, each with Markdown.
    """
    voicemail = {None: "not asked", True: "yes", False: "no"}[kept.voicemail_ok]
    return (
        ("Voicemail", voicemail),
        ("Emergency contact", emergency_contact(kept) or "not recorded"),
        ("Who may be told what", plain(kept.may_be_told or "not recorded")),
    )


def emergency_contact(kept: ClientDetails) -> str:
    """Whom to call for a client, with a number that can be dialed, as Markdown; empty if nobody."""
    who = ", ".join(filter(None, (kept.emergency_name, kept.emergency_relation)))
    return ", ".join(filter(None, (plain(who), dialed(kept.emergency_phone))))


def count_link(to: str, one: Phrase, **query: Any) -> None:
    """A count that is a link to exactly its rows (rule 73)."""
    link(to, said(one), **query)


def identity(
    here: Present,
    client: ClientName,
    also: str = "",
    course_id: str = "",
    *,
    seen: bool | None = None,
    critical: tuple[Signal, ...] | None = None,
) -> None:
    """Two identifiers in a frame above every field of a form about somebody (ux.md 1.7).

    With the ways back to the client, to the course when its id is given, and to their safety.
    Whoever sees them has opened the chart, which is on record before they are shown (rule 63); a
    page that has read whether it is says so by `seen`. Underneath are the critical answers, until
    somebody cleared them (rule 42), which a page that has read them passes on.
    """
    if seen is None:
        seen, critical = here.read(seen_and_critical, client.id)
    if not seen:
        here.write(record_view, client.id, here.now)
    with st.container(border=True, key="banner"), row("identity"):
        words(f"**{plain(client_name(here.viewer, client))}**")
        if not here.viewer.hides_names:
            words(f"Code **{client.code}**")
            words(quiet(f"born {wording.born(client.born_on, here.today)}"))
        if also:
            words(quiet(also))
        link("client", "Back to the client", icon="arrow_back", client=client.code)
        if course_id:
            link("episode", "Course", icon="chevron_right", id=course_id)
        if can_raise_concern(here.viewer):
            link("concern", "Safety", icon="emergency_heat", client=client.code)
    draw_critical(here, here.read(critical_alerts, client.id) if critical is None else critical)


def draw_critical(here: Present, critical: Iterable[Signal]) -> None:
    """What the client answered that needs somebody."""
    for one in critical:
        phrase(sentences.signal(one, here.now, here.zone))


def crisis_lines() -> None:
    """Whom to call for somebody in danger; for everybody, and nothing of any client."""
    for text in sentences.CRISIS_LINES:
        words(f":material/call: **{dialed(text)}**")
