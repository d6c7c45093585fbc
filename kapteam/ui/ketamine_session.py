"""The parts of a ketamine session's page: facts, order, what was given, record, other ends."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from typing import Any

import streamlit as st

from kapteam import sentences, wording
from kapteam.actions.booking import (
    EndKetamineEntered,
    MoveKetamineEntered,
    OrderedCountEntered,
    cancel_ketamine_session,
    mark_not_given,
    miss_ketamine_session,
    move_ketamine_session,
    set_ordered_count,
)
from kapteam.actions.ketamine_sessions import (
    AdministrationEntered,
    CorrectEntered,
    RecordEntered,
    VoidEntered,
    confirm_administration,
    correct_administration,
    record_ketamine_session,
    void_administration,
)
from kapteam.actions.orders import DoseEntered, order_dose, propose_dose
from kapteam.errors import NotAllowed
from kapteam.ids import id_within
from kapteam.queries.ketamine_session import KetamineSessionPage
from kapteam.queries.practice import with_function
from kapteam.queries.session_rows import AdministrationLine
from kapteam.queries.standing import Person
from kapteam.rules.dosing import ends_session, estimated_last_given_at
from kapteam.rules.monitoring import minutes_due
from kapteam.rules.pathway import BOOKABLE
from kapteam.rules.permissions import (
    Viewer,
    can_book,
    can_order_dose,
    can_propose_dose,
    can_record_session,
    can_write_note,
    check_can_strike_dose,
)
from kapteam.rules.plausibility import doubt_given, per_kg
from kapteam.rules.spravato import is_spravato
from kapteam.ui.asks import ask_link
from kapteam.ui.booking import (
    AfterDose,
    freed_time,
    offer_slots,
    read_freed_time,
    say_how_soon,
    say_who_is_away,
)
from kapteam.ui.discuss import discuss_link
from kapteam.ui.doses import dose_fields, draw_weight, read_field, typed_mg
from kapteam.ui.entered_in_error import struck
from kapteam.ui.forms import Form, unused_id
from kapteam.ui.measures_due import draw_due_before
from kapteam.ui.navigation import go, link
from kapteam.ui.rows import NOT_BOOKED, integration_links, phrase, row, section, when, words
from kapteam.ui.series import draw_count, number_fields, plan_link, say_what_is_near
from kapteam.ui.shell import Present
from kapteam.ui.text import plain, quiet, strong
from kapteam.ui.written import draw_note, free_words
from kapteam.vocabulary import (
    AdministrationKind,
    Answer,
    Function,
    NoteKind,
    OrderState,
    ProductRoute,
    ReadinessItem,
    Tone,
)

_TYPED = ("mg", "mg_again", "started_time", "ended_time", "lot", "reason")
_TOUCHED = (*_TYPED, "told_by")


def draw_facts(here: Present, shown: KetamineSessionPage) -> None:
    """When, where, which of how many; its intention and its integration, with the next step."""
    left, right = st.columns(2, gap="large")
    with left, st.container(gap="xsmall"):
        _when(here, shown)
        number = wording.in_series(shown.number, shown.count.ordered)
        words(
            f"**{shown.status.label}**{plain(f', dose {number}' if shown.number else '')} · "
            f"{plain(shown.product_route.label)}"
        )
        place = "at home" if shown.at_home else shown.place or "place not recorded"
        present = "" if shown.at_home else shown.people_present
        about = (place, f"{shown.planned_minutes} minutes", present)
        words(quiet(" · ".join(filter(None, about))))
        _series(here, shown)
        if shown.line and shown.line.silence:
            phrase(sentences.silence(shown.line.silence, shown.planned_at, here.now, here.zone))
        draw_due_before(here, shown.course.id, shown.measures_due, shown.planned_at)
        with row("hour_ways"):
            if _is_live(here, shown):
                link("live_session", "During the session", icon="timer", id=shown.id)
            if shown.status.is_open and here.viewer.reads_notes:
                link("brief", "Brief", icon="summarize", id=shown.id)
            if shown.of_course.is_open:
                both = (shown.of_course.prescriber, shown.of_course.therapist)
                ask_link(here, both, dose=shown.id)
                discuss_link(here, shown.course.id)
        _offer_freed(here, shown)
        if shown.end_reason:
            ended = sentences.ended_session(shown.status, shown.closed_at, here.now, here.zone)
            st.text(f"{ended}: {free_words(here, shown.end_reason)}")
        if shown.early_out_reason:
            st.markdown(":red-badge[:material/error: Left early or unwell]")
            st.text(free_words(here, shown.early_out_reason))
        if shown.breach_reason:
            st.markdown(":red-badge[:material/error: Given beyond what was allowed]")
            st.text(free_words(here, shown.breach_reason))
        if shown.no_integration_reason:
            why = free_words(here, shown.no_integration_reason)
            st.text(f"Without an integration at first: {why}")
    with right, st.container(gap="xsmall"):
        _integrations(here, shown)
        _intentions(here, shown)


def _is_live(here: Present, shown: KetamineSessionPage) -> bool:
    """Whether there is something to record by the minute, now or of what was."""
    is_ahead = shown.planned_at.astimezone(here.zone).date() > here.today
    has_been = bool(shown.counted) or (shown.status.is_open and not is_ahead)
    return has_been and can_record_session(here.viewer)


def _series(here: Present, shown: KetamineSessionPage) -> None:
    """How far its series is while that goes on; and why it was added to it."""
    if shown.series_goes_on and shown.of_course.is_open:
        draw_count(here, shown.product_route, shown.count)
        if shown.course.state in BOOKABLE and not shown.course.is_on_hold:
            with row("series_ways"):
                plan_link(here, shown.course.id, shown.count)
    if shown.number_reason:
        st.text(f"Beyond the number ordered: {free_words(here, shown.number_reason)}")


def _offer_freed(here: Present, shown: KetamineSessionPage) -> None:
    """The way to give a time ahead that has become free to somebody who waits for one."""
    is_over = ends_session(shown.status)
    freed = shown.planned_at if is_over else read_freed_time(st.query_params.get("freed", ""))
    if freed is None or freed <= here.now or not can_book(here.viewer):
        return
    if is_over or freed != shown.planned_at:
        at = wording.moment(freed, here.now, here.zone)
        link(
            "booking",
            plain(f"{at} is free now: who waits for a date?"),
            icon="event_available",
            freed=freed_time(freed),
            place="" if shown.at_home else shown.place,
        )


def _when(here: Present, shown: KetamineSessionPage) -> None:
    if shown.counted:
        last = max(one.ended_at or one.started_at for one in shown.counted)
        at = strong(wording.moment(last, here.now, here.zone))
        words(f"Last dose {at} {quiet(wording.relative(last, here.now))}")
    elif ends_session(shown.status):
        words(plain(wording.moment(shown.planned_at, here.now, here.zone)))
    else:
        when(here, shown.planned_at)


def _integrations(here: Present, shown: KetamineSessionPage) -> None:
    """Where its integration stands while anything is to be done about it."""
    for line in shown.integrations:
        words(quiet(line.kind.label))
        with row(f"integration_{line.key}"):
            phrase(sentences.integration(line.standing, here.now, here.zone))
            integration_links(here, line)
    if shown.lacks_integration:
        with row("lacks_integration"):
            phrase(NOT_BOOKED)
            if can_book(here.viewer):
                link(
                    "integration_session",
                    "Book",
                    icon="event_available",
                    dose=shown.id,
                    do="book",
                )


def _intentions(here: Present, shown: KetamineSessionPage) -> None:
    """How far its intention is, and what was written, for who may read it."""
    lacks = shown.intentions == () and shown.course.expects_intention
    if shown.line or shown.intentions or lacks:
        words(quiet("Intention"))
    with row("intention"):
        if shown.line:
            phrase(sentences.intention(shown.line.intention, here.now, here.zone))
            if can_write_note(here.viewer, NoteKind.INTENTION):
                link("note", "Intention note", icon="edit_note", kind="intention", dose=shown.id)
        elif lacks:
            words(quiet("No intention note"))
    for note in shown.intentions or ():
        # Of a draft the phrase above says whose it is.
        if note.signed_at or not shown.line:
            draw_note(here, note)


def draw_order(here: Present, shown: KetamineSessionPage) -> None:
    """The order in words, and the form that makes or proposes it while nothing is closed."""
    order = sentences.order(
        shown.order_state, shown.ordered_ug, shown.may_add, shown.product_route.label
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("Order", anchor=False, width="content")
        phrase(order if shown.status.is_open else replace(order, tone=Tone.PLAIN, icon=""))
        if shown.ordered_by and shown.ordered_at:
            ordered = wording.moment(shown.ordered_at, here.now, here.zone)
            words(quiet(f"{shown.ordered_by}, {ordered}"))
            if shown.ordered_ug and shown.weight:
                figure = wording.mg_per_kg(per_kg(shown.ordered_ug, shown.weight.grams))
                words(quiet(figure))
    if shown.order_reason:
        st.text(f"Beyond the usual: {free_words(here, shown.order_reason)}")
    if shown.ceiling_reason:
        st.text(f"Above the ceiling: {free_words(here, shown.ceiling_reason)}")
    if not shown.status.is_open:
        return
    draw_weight(here, shown.weight, shown.product_route, shown.course.client.id)
    form = Form(here, "dose", shown.id)
    version = form.seen(shown.version)
    is_ordered = shown.order_state is OrderState.ORDERED
    ordering = can_order_dose(here.viewer)
    # What was typed while a prescriber ordered stays; Propose says why it cannot be.
    proposing = can_propose_dose(here.viewer) and (not is_ordered or form.is_changed("mg"))
    if not (ordering or proposing) or (shown.counted and not is_ordered):
        return
    if shown.course.is_on_hold:
        st.markdown("The course is on hold. Release the hold before ordering or proposing a dose.")
        return
    order_it = "Change the order" if is_ordered else "Order the dose"
    with st.expander(order_it if ordering else "Propose a dose (not an order)"):
        dose_fields(
            form,
            shown.weight,
            shown.product_route,
            here.asked.practice.dose_bounds,
            label="Dose, mg",
            ordered_ug=shown.ordered_ug,
            may_add=shown.may_add,
            reason=shown.order_reason,
            is_first=shown.is_first,
            ceiling=shown.of_course.ceiling,
            above_reason=shown.ceiling_reason,
            ask="" if ordering else _prescriber(shown),
        )
        if ordering:
            minutes = minutes_due(shown.readings_due, shown.product_route)
            form.line(
                "readings_due",
                "BP due, min after the dose (also before it and before leaving)",
                ", ".join(map(str, minutes)),
                width=420,
            )
        form.save(
            "Order" if ordering else "Propose",
            order_dose if ordering else propose_dose,
            lambda: form.entered(
                DoseEntered,
                ketamine_session_id=shown.id,
                version=version,
                readings_due=form.value("readings_due"),
            ),
        )


def _prescriber(shown: KetamineSessionPage) -> str:
    """Whom one asks for what only a prescriber decides."""
    person = shown.of_course.prescriber
    return person.name if person else "a prescriber"


def draw_number(here: Present, shown: KetamineSessionPage) -> None:
    """How many sessions the series has, for a prescriber to order (rule 15)."""
    if not can_order_dose(here.viewer) or shown.course.is_on_hold:
        return
    if not shown.status.is_open and not shown.lacks_number:
        return
    with st.expander("Number of sessions in this series", expanded=shown.lacks_number):
        form = Form(here, "series", shown.series_id)
        version = form.seen(shown.series_version)
        label = "Ketamine sessions ordered in this series"
        number_fields(form, label, shown.product_route, shown.count)
        form.save(
            "Change the number ordered" if shown.count.ordered else "Order the number",
            set_ordered_count,
            lambda: form.entered(OrderedCountEntered, series_id=shown.series_id, version=version),
            kind="secondary",
        )


def draw_administrations(here: Present, shown: KetamineSessionPage) -> None:
    """What was given, by time, and when the client came, was stopped and left.

    What was entered in error stays readable, struck through.
    """
    if shown.administrations:
        total = sum(one.ug for one in shown.counted)
        title = f"Given: {wording.dose(total, shown.product_route)}" if total else "Given: nothing"
        with section(title, key="given"):
            for one in shown.administrations:
                _administration(here, shown, one)
    times = (
        ("Arrived", shown.arrived_at),
        ("Stopped early", shown.stopped_at),
        ("Out", shown.discharged_at),
        # Of one that did not take place it is said above what became of it, and why.
        ("Closed", None if ends_session(shown.status) else shown.closed_at),
    )
    said = [f"{name} {wording.moment(at, here.now, here.zone)}" for name, at in times if at]
    if said:
        st.markdown(quiet(" · ".join(said)))


def _administration(here: Present, shown: KetamineSessionPage, one: AdministrationLine) -> None:
    with row(f"administration_{one.id}"):
        started = wording.moment(one.started_at, here.now, here.zone)
        ended = (
            f" to {wording.clock_time(one.ended_at.astimezone(here.zone).time())}"
            if one.ended_at
            else ""
        )
        line = f"{one.kind.label} {wording.mg(one.ug)}, {started}{ended}"
        if one.voided_at:
            words(struck(here, line, one), 760)
            return
        words(f"**{plain(line)}**", 380)
        by = sentences.given_by(one.given_by, is_witnessed=one.is_witnessed)
        words(quiet(f"{by}{f', lot {one.lot}' if one.lot else ''}"), 250)
        if one.told_by:
            said = f"as told by {one.told_by}"
            tone = Tone.PLAIN if one.confirmed_at else Tone.RED
            text = said if one.confirmed_at else f"{said}, not confirmed"
            phrase(wording.Phrase(text, tone, "" if one.confirmed_at else "error"), 290)
        if one.told_by and not one.confirmed_at and can_order_dose(here.viewer):
            confirm = Form(here, "confirm", one.id)
            confirm.seen(shown.version, of=shown.id)
            confirm.save(
                "Confirm",
                confirm_administration,
                lambda: one.id,
                kind="secondary",
            )
        if can_record_session(here.viewer):
            _draw_ways_to_strike(here, shown, one)
    if one.reason:
        st.text(f"Reason: {free_words(here, one.reason)}")


def _draw_ways_to_strike(
    here: Present, shown: KetamineSessionPage, one: AdministrationLine
) -> None:
    """To correct a dose or mark it as entered in error; for who may do neither, whom to ask."""
    try:
        check_can_strike_dose(here.viewer, one.given_by_id, one.given_by)
    except NotAllowed as whose:
        with st.popover("Wrong?", width="content", key=f"wrong_{one.id}"):
            st.markdown(plain(str(whose)))
        return
    with st.popover("Correct", width="content", key=f"correct_{one.id}"):
        _correct_form(here, shown, one)
    with st.popover("Entered in error", width="content"):
        form = Form(here, "void", one.id)
        form.seen(shown.version, of=shown.id)
        form.line("void_reason", "What was wrong")
        form.save(
            "Mark as entered in error",
            void_administration,
            lambda: form.entered(VoidEntered, administration_id=one.id),
            kind="secondary",
        )


def draw_record(here: Present, shown: KetamineSessionPage) -> None:
    """Record arrival, doses with their times, out; close it in the same Save.

    Folded until the day has come, and once the session is closed or did not take place.
    """
    is_ahead = shown.planned_at.astimezone(here.zone).date() > here.today
    if not shown.status.is_open or (is_ahead and not shown.counted):
        title = "Add to the record" if shown.counted else "Record what happened"
        with st.expander(title, icon=":material/edit_note:"):
            _record_form(here, shown)
        return
    st.subheader("Record", anchor=False)
    _record_form(here, shown)


def _record_form(here: Present, shown: KetamineSessionPage) -> None:
    form = Form(here, "record", makes=unused_id(here))
    version = form.seen(shown.version, of=shown.id)
    day = shown.planned_at.astimezone(here.zone).date()
    day = day if day <= here.today else here.today
    rows = form.rows("administrations")
    prescribers = with_function(shown.team, Function.PRESCRIBER)
    for number in range(rows):
        name = f"administrations.{number}"
        with st.container(border=True, key=form.key(name)):
            _giving_fields(
                here, form, shown, f"{name}.", _first_start(shown, number, day), prescribers
            )
    form.more_rows(
        "administrations",
        "Add another device"
        if is_spravato(shown.product_route)
        else "Add a booster or another dose",
    )
    left, middle, right = st.columns(3, gap="large")
    for column, name, label in (
        (left, "arrived", "Arrived"),
        (middle, "discharged", "Out"),
        (right, "stopped", "Stopped early"),
    ):
        with column:
            form.moment(
                f"{name}_on", f"{name}_time", f"{label} on", f"{label} at", day, with_now=True
            )
            if name == "stopped":
                form.line("stop_reason", "Reason for stopping")
            # Also once it is filled in: another field may be what is refused next.
            reason = "early_out_reason"
            if name == "discharged" and (form.is_refused(reason) or form.value(reason)):
                form.line(reason, "Reason for letting them leave")
    if shown.status.is_open:
        with st.container(border=True, key=form.key("closing")):
            form.check("close", "Close this ketamine session")
            if shown.course.expects_integration:
                form.line("no_integration_reason", "No integration booked or agreed, because …")
    form.save(
        "Save record",
        record_ketamine_session,
        lambda: form.entered(
            RecordEntered,
            ketamine_session_id=shown.id,
            version=version,
            administrations=_entered(form, rows),
        ),
    )


def draw_other_ends(here: Present, shown: KetamineSessionPage) -> None:
    """Move, cancel, missed, not given: each settles what hangs on the session, in one Save."""
    if not can_book(here.viewer) or shown.counted or not shown.status.is_open:
        return
    recording = can_record_session(here.viewer)
    title = "Move, cancel, missed or not given" if recording else "Move or cancel"
    with st.expander(title, icon=":material/event_busy:"):
        labels = ["Move", "Cancel", *(["Missed", "Not given"] if recording else [])]
        move, cancel, *recorded = st.tabs(labels)
        with move:
            _move_form(here, shown)
        ends = (
            ("cancel", "Cancel this ketamine session", cancel_ketamine_session),
            ("missed", "The client did not come", miss_ketamine_session),
            ("not_given", "Not given today", mark_not_given),
        )
        for tab, (name, label, action) in zip((cancel, *recorded), ends, strict=False):
            with tab:
                _end_form(here, shown, name, label, action)


def _move_form(here: Present, shown: KetamineSessionPage) -> None:
    form = Form(here, "move", shown.id)
    version = form.seen(shown.version)
    form.kept_as(planned_at=("planned_on", "planned_time"))
    left, right = st.columns(2, gap="large")
    with left:
        form.moment("planned_on", "planned_time", "New day", "New time")
        both = (shown.of_course.prescriber, shown.of_course.therapist)
        _away_then(here, form, both, "planned_on", "planned_time")
        at = form.instant("planned_on", "planned_time")
        say_what_is_near(here, shown.course, shown.product_route, at, (shown.id,))
    with right:
        _integration_moves(here, form, shown)
    _check_ride(here, form, shown, "ride_comes", "The ride home comes then as well")
    form.save(
        "Move both" if shown.integration else "Move",
        move_ketamine_session,
        lambda: form.entered(
            MoveKetamineEntered,
            ketamine_session_id=shown.id,
            version=version,
            ride_comes=bool(form.value("ride_comes")),
        ),
        then=lambda _: go("ketamine_session", id=shown.id, freed=freed_time(shown.planned_at)),
        said="Moved",
    )


def _integration_moves(here: Present, form: Form, shown: KetamineSessionPage) -> None:
    """Where its integration goes: free times after the new one, once that is entered."""
    line = shown.integration
    if line is None:
        st.markdown(quiet("No integration is booked that would move along."))
        return
    st.markdown(quiet("Its integration moves by the same shift, or to:"))
    planned_at = form.instant("planned_on", "planned_time")
    if planned_at:
        expected_at = estimated_last_given_at(planned_at, shown.product_route)
        therapist = line.therapist.id if line.therapist else None
        fields = ("integration_on", "integration_time")
        offer_slots(here, form, therapist, expected_at, fields)
    form.moment(
        "integration_on", "integration_time", "Day of the integration", "Time of the integration"
    )
    _away_then(here, form, (line.therapist,), "integration_on", "integration_time")
    if planned_at:
        ends_at = planned_at + timedelta(minutes=shown.planned_minutes)
        at = form.instant("integration_on", "integration_time")
        say_how_soon(here, form, "integration_soon", at, AfterDose(expected_at, ends_at))


def _away_then(
    here: Present, form: Form, people: Iterable[Person | None], day: str, time: str
) -> None:
    known = {one.id: one.name for one in people if one and one.id}
    say_who_is_away(here, known, form.instant(day, time))


def _end_form(
    here: Present,
    shown: KetamineSessionPage,
    name: str,
    label: str,
    action: Callable[[Any, Viewer, EndKetamineEntered, datetime], None],
) -> None:
    form = Form(here, name, shown.id)
    version = form.seen(shown.version)
    st.markdown(
        quiet(
            "Its integration slot is taken back. A signed intention stays with this session and is "
            "offered as a start for the next one."
        )
    )
    if shown.people_present:
        st.markdown(quiet(f"To be told as well: {free_words(here, shown.people_present)}"))
    form.line("reason", "Reason")
    _check_ride(here, form, shown, "ride_told", "The ride home knows that it is not needed")
    for one in shown.contacts:
        at = wording.moment(one.planned_at, here.now, here.zone)
        with row(f"also_{name}_{one.id}"):
            # The person's name beside it: in the label it would be read aloud with what escapes it.
            form.check(f"contact.{one.id}", f"Also cancel: {one.kind.label}, {at}")
            words(quiet(one.person))
    form.save(
        label,
        action,
        lambda: form.entered(
            EndKetamineEntered,
            ketamine_session_id=shown.id,
            version=version,
            contacts=tuple(one.id for one in shown.contacts if form.value(f"contact.{one.id}")),
            ride_told=bool(form.value("ride_told")),
        ),
        kind="secondary",
    )


def _check_ride(
    here: Present, form: Form, shown: KetamineSessionPage, field: str, label: str
) -> None:
    """What becomes of who takes the client home, where somebody does; the name beside the box."""
    ride = shown.answers.get(ReadinessItem.RIDE)
    if ride and ride.answer is Answer.FINE:
        with row(form.key(f"row.{field}")):
            form.check(field, label)
            words(quiet(free_words(here, ride.words)))


@dataclass(frozen=True, slots=True)
class _Start:
    """What the fields of one giving start from."""

    kind: AdministrationKind
    on: date
    mg: str = ""
    time: str = ""
    ended_on: date | None = None
    ended_time: str = ""
    lot: str = ""
    reason: str = ""


def _first_start(shown: KetamineSessionPage, number: int, day: date) -> _Start:
    usual = (
        AdministrationKind.DOSE if number == 0 and not shown.counted else AdministrationKind.BOOSTER
    )
    if is_spravato(shown.product_route):
        usual = AdministrationKind.DEVICE
    return _Start(usual, day)


def _start_of(here: Present, one: AdministrationLine) -> _Start:
    """What was recorded, for who corrects it."""
    started = one.started_at.astimezone(here.zone)
    ended = one.ended_at.astimezone(here.zone) if one.ended_at else None
    return _Start(
        kind=one.kind,
        on=started.date(),
        mg=typed_mg(one.ug),
        time=wording.clock_time(started.time()),
        ended_on=ended.date() if ended else None,
        ended_time=wording.clock_time(ended.time()) if ended else "",
        lot=one.lot,
        reason=one.reason,
    )


def _giving_fields(
    here: Present,
    form: Form,
    shown: KetamineSessionPage,
    name: str,
    start: _Start,
    prescribers: dict[str, str],
) -> None:
    """One giving: what, how much, when; the rest only where it can matter.

    `name` is what the names of its fields begin with.
    """
    form.choice(f"{name}kind", "What was given", _kinds(shown, start), start.kind)
    left, middle, right = st.columns(3, gap="medium")
    with left, st.container(horizontal=True, gap="small"):
        with st.container(width=130, gap="xsmall"):
            form.line(f"{name}mg", f"{_given(shown)}, mg", start.mg)
        with st.container(width=130, gap="xsmall"):
            form.line(f"{name}lot", "Lot", start.lot)
        _again_field(here, form, shown, name, start)
    with middle:
        form.moment(
            f"{name}started_on",
            f"{name}started_time",
            "Given on",
            "Given at",
            start.on,
            start.time,
            with_now=True,
        )
    with right:
        if shown.product_route is ProductRoute.INTRAVENOUS:
            form.moment(
                f"{name}ended_on",
                f"{name}ended_time",
                "Infusion ended on",
                "Infusion ended at",
                start.ended_on or start.on,
                start.ended_time,
                with_now=True,
            )
    reason, told_by = st.columns([2, 1], gap="medium")
    with reason:
        form.line(
            f"{name}reason",
            "Reason, if beyond the order or clearance, early or late",
            start.reason,
        )
    with told_by:
        form.pick(f"{name}told_by", "As told by", prescribers, none="Nobody")


def _again_field(
    here: Present, form: Form, shown: KetamineSessionPage, name: str, start: _Start
) -> None:
    """The dose a second time, and why, where the number may be a slip and was not kept before."""
    ug = read_field(form, f"{name}mg", wording.read_mg_given)
    if not ug or typed_mg(ug) == start.mg:
        return
    grams = shown.weight.grams if shown.weight else None
    doubt = doubt_given(ug, shown.product_route, grams, here.asked.practice.dose_bounds)
    if doubt is None:
        return
    phrase(wording.Phrase(doubt, Tone.RED, "error"))
    with st.container(width=260, gap="xsmall"):
        form.line(f"{name}mg_again", f"{_given(shown)}, a second time, mg")


def _given(shown: KetamineSessionPage) -> str:
    return "Device given" if is_spravato(shown.product_route) else "Dose given"


def _kinds(shown: KetamineSessionPage, start: _Start) -> list[AdministrationKind]:
    """Devices alone of Spravato, and of nothing else; and whatever was recorded."""
    nasal = is_spravato(shown.product_route)
    device = AdministrationKind.DEVICE
    return [one for one in AdministrationKind if (one is device) is nasal or one is start.kind]


def _correct_form(here: Present, shown: KetamineSessionPage, one: AdministrationLine) -> None:
    """Another record in the place of a wrong one, which stays readable (rule 5)."""
    form = Form(here, "correct", one.id, makes=unused_id(here, "new_correction"))
    form.seen(shown.version, of=shown.id)
    form.line("void_reason", "What was wrong")
    prescribers = with_function(shown.team, Function.PRESCRIBER)
    _giving_fields(here, form, shown, "", _start_of(here, one), prescribers)
    form.save(
        "Save the correction",
        correct_administration,
        lambda: CorrectEntered(
            one.id,
            form.value("void_reason") or "",
            _administration_entered(form, "", id_within(form.makes, one.id)),
        ),
        kind="secondary",
    )


def _entered(form: Form, rows: int) -> tuple[AdministrationEntered, ...]:
    """The rows down to the last one that holds anything; an untouched row below is not a dose."""
    touched = [
        number
        for number in range(rows)
        if any(form.value(f"administrations.{number}.{name}") for name in _TOUCHED)
    ]
    return tuple(
        _administration_entered(form, f"administrations.{n}.", id_within(form.makes, str(n)))
        for n in range(max(touched, default=-1) + 1)
    )


def _administration_entered(form: Form, name: str, row_id: str) -> AdministrationEntered:
    values = {one.name: form.value(f"{name}{one.name}") for one in fields(AdministrationEntered)}
    texts = {one: values[one] or "" for one in _TYPED}
    return AdministrationEntered(**values | texts | {"id": row_id})
