"""The parts of the page for the hour itself: four "Now" buttons, what is due, all that was so far.

All of it is one live fragment: what a colleague records at another machine comes by itself, with
the buttons as they are then, and what is half typed stays.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

import streamlit as st

from kapteam import sentences, wording
from kapteam.actions.ketamine_sessions import end_infusion, take_back_out
from kapteam.actions.monitoring import (
    EventEntered,
    PresentEntered,
    VitalEntered,
    record_event,
    record_vital,
    say_who_is_present,
)
from kapteam.actions.now import Moment, NowEntered, record_now
from kapteam.queries.live_session import LiveSession, before_the_dose
from kapteam.queries.practice import with_function
from kapteam.queries.session_rows import EventLine, VitalLine
from kapteam.rules.dosing import ends_session
from kapteam.rules.plausibility import DEVICE_UG, per_kg
from kapteam.rules.vitals import is_near, judge_pressure
from kapteam.ui.course import draw_banner
from kapteam.ui.doses import typed_mg
from kapteam.ui.entered_in_error import Struck, struck
from kapteam.ui.forms import Form, unused_id
from kapteam.ui.navigation import link
from kapteam.ui.other_medicines import medicine_form
from kapteam.ui.readiness import draw_waits
from kapteam.ui.readings import WHAT, WHEN, WHO, draw_event, draw_vital
from kapteam.ui.rows import phrase, row, section, words
from kapteam.ui.shell import Present
from kapteam.ui.spravato import draw_first_dose, draw_since_devices, draw_watched, lot_field
from kapteam.ui.text import plain, quiet, strong
from kapteam.ui.written import free_words
from kapteam.vocabulary import (
    AdministrationKind,
    AdverseEventKind,
    EventSeverity,
    Function,
    OrderState,
    ProductRoute,
    Tone,
)
from kapteam.wording import Phrase


def draw_live_session(here: Present, shown: LiveSession) -> None:
    """What is due, the four buttons, the rest in a menu, and below it all that was recorded."""
    draw_banner(here, shown.course, seen=shown.seen_this_hour)
    _facts(here, shown)
    if ends_session(shown.status):
        words(f"**{shown.status.label}**. What happened all the same stands in the full record.")
    elif not shown.counted and here.viewer.reads_notes:
        draw_waits(here.read(before_the_dose, shown.course.id), shown.id)
    _due(here, shown)
    draw_watched(here, shown)
    with st.container(key="now_buttons"):
        arrived, dose, reading, out = st.columns([1, 1, 2, 1], gap="medium")
        with arrived:
            _arrived(here, shown)
        with dose:
            _dose(here, shown)
        with reading:
            _reading(here, shown)
        with out:
            _out(here, shown)
    _menu(here, shown)
    _so_far(here, shown)


def _facts(here: Present, shown: LiveSession) -> None:
    """The order and where; what has to be known of the client in this hour."""
    with row("order"):
        order = sentences.order(
            shown.order_state, shown.ordered_ug, shown.may_add, shown.product_route.label
        )
        phrase(order)
        if shown.ordered_ug and shown.weight:
            words(quiet(wording.mg_per_kg(per_kg(shown.ordered_ug, shown.weight.grams))))
        if shown.ordered_by and shown.order_state is OrderState.ORDERED:
            words(quiet(shown.ordered_by))
        place = "at home" if shown.at_home else shown.place or "place not recorded"
        words(plain(f"{wording.moment(shown.planned_at, here.now, here.zone)}, {place}"))
        link("brief", "Brief", icon="summarize", id=shown.id)
        link("ketamine_session", "Full record", icon="edit_note", id=shown.id)
        link("ask", "Ask a colleague", icon="contact_support", dose=shown.id)
    draw_first_dose(shown.product_route, shown.ordered_ug, is_first=not shown.had_spravato)
    known = (
        ("Usual blood pressure", shown.usual_pressure),
        ("Allergies", "none" if shown.allergies == "" else shown.allergies),
    )
    told = [f"{name}: {text or 'not asked'}" for name, text in known]
    words(quiet(" · ".join(map(plain, told)) if here.viewer.hides_names else " · ".join(told)))


def _due(here: Present, shown: LiveSession) -> None:
    """The reading that comes next, from when on they may leave, and how the pressure went."""
    with row("due"):
        due = shown.due(here.asked)
        if due:
            phrase(sentences.due_reading(due, here.now, here.zone))
        for alert in shown.alerts(here.asked):
            phrase(sentences.signal(alert, here.now, here.zone))
        before = shown.before
        if shown.counted and before is None and not shown.at_home:
            phrase(Phrase("No blood pressure on record before the dose", Tone.AMBER, "error"))
        if before and before.pressure and not shown.counted:
            found = judge_pressure(
                before.pressure, is_given=False, thresholds=here.asked.practice.thresholds
            )
            if found:
                phrase(replace(found, text=f"BP {before.pressure}: {found.text}"))
        leaves_at = shown.may_leave_at(here.asked)
        if leaves_at and not shown.discharged_at:
            leaves = sentences.may_leave(leaves_at, here.now, here.zone, at_home=shown.at_home)
            words(plain(wording.first_up(leaves)))
        for text in _course_of_pressure(shown):
            words(quiet(text))


def _course_of_pressure(shown: LiveSession) -> Iterator[str]:
    before = shown.before
    if before is None or before.pressure is None:
        return
    yield f"Before the dose {before.pressure}"
    since = [
        one.pressure for one in shown.readings if one.pressure and one.taken_at > before.taken_at
    ]
    if since:
        highest = max(since, key=lambda one: (one.systolic, one.diastolic))
        yield f"highest since {highest} ({highest.systolic - before.pressure.systolic:+d})"


def _arrived(here: Present, shown: LiveSession) -> None:
    if shown.arrived_at:
        _done(here, "Arrived", shown.arrived_at)
        return
    if shown.counted or shown.discharged_at:
        words(quiet("Arrival not recorded; enter its time in the full record."))
        return
    form = Form(here, "now.arrived", shown.id)
    form.save(
        "Arrived, now",
        record_now,
        lambda: NowEntered(shown.id, shown.version, Moment.ARRIVED),
    )


def _done(here: Present, what: str, at: datetime) -> None:
    when = wording.moment_today(at, here.now, here.zone)
    words(f":material/check: {plain(what)} {strong(when)}")


def _dose(here: Present, shown: LiveSession) -> None:
    """The next giving that the order covers, for one press; what goes beyond it asks why.

    None once it was stopped, is closed, or the client is out: it would be refused.
    """
    running = next(
        (
            one
            for one in shown.counted
            if shown.product_route is ProductRoute.INTRAVENOUS and one.ended_at is None
        ),
        None,
    )
    for one in shown.counted:
        _done(here, f"{one.kind.label} {wording.mg(one.ug)}", one.started_at)
    if not shown.status.is_open or shown.discharged_at:
        return
    if running:
        Form(here, "now.ended", running.id).save(
            "Infusion ended, now", end_infusion, lambda: running.id
        )
        return
    if shown.stopped_at:
        _done(here, "Stopped early", shown.stopped_at)
        return
    following = _next_giving(shown)
    if following is None:
        if shown.order_state is not OrderState.ORDERED:
            words("Dose not ordered. Enter what was given in the full record.")
        return
    _giving(here, shown, following)


@dataclass(frozen=True, slots=True)
class _Giving:
    """What the order has given next."""

    label: str
    kind: AdministrationKind
    ug: int


def _next_giving(shown: LiveSession) -> _Giving | None:
    ordered, given = shown.ordered_ug, sum(one.ug for one in shown.counted)
    if shown.order_state is not OrderState.ORDERED or not ordered:
        return None
    if shown.product_route is ProductRoute.ESKETAMINE_NASAL and ordered % DEVICE_UG == 0:
        number, of = len(shown.counted) + 1, ordered // DEVICE_UG
        label = f"Device {number} of {of}, {wording.mg(DEVICE_UG)}, now"
        return _Giving(label, AdministrationKind.DEVICE, DEVICE_UG) if number <= of else None
    if not given:
        what = "Infusion" if shown.product_route is ProductRoute.INTRAVENOUS else "Dose"
        return _Giving(f"{what} {wording.mg(ordered)}, now", AdministrationKind.DOSE, ordered)
    has_booster = any(one.kind is AdministrationKind.BOOSTER for one in shown.counted)
    if shown.may_add and not has_booster and given <= ordered:
        ug = shown.may_add.ug
        return _Giving(f"Add {wording.mg(ug)}, now", AdministrationKind.BOOSTER, ug)
    return None


def _giving(here: Present, shown: LiveSession, one: _Giving) -> None:
    form = Form(here, f"now.{one.kind}", makes=unused_id(here, "new_dose"))
    lot_field(form, shown)
    # Also once it is filled in: another field may be what is refused next.
    if form.is_refused("reason") or form.value("reason"):
        form.line("reason", "Reason")
    if form.is_refused("told_by"):
        form.pick("told_by", "As told by", with_function(shown.team, Function.PRESCRIBER))
    form.save(
        one.label,
        record_now,
        lambda: NowEntered(
            shown.id,
            shown.version,
            Moment.GIVEN,
            administration_id=form.makes,
            kind=one.kind,
            mg=typed_mg(one.ug),
            lot=form.value("lot") or "",
            reason=form.value("reason") or "",
            told_by=form.value("told_by"),
        ),
    )


def _reading(here: Present, shown: LiveSession) -> None:
    form = Form(here, "vital", makes=unused_id(here, "new_vital"))
    with st.container(horizontal=True, gap="small"):
        for field, label, hint, width in (
            ("pressure", "BP, mmHg", "128/82", 105),
            ("heart_rate", "Heart rate", "72", 90),
            ("oxygen", "Oxygen, %", "98", 90),
            ("taken_time", "At, if not now", "2:30 pm", 115),
        ):
            with st.container(width=width, gap="xsmall"):
                form.line(field, label, hint=hint)
    form.save(
        "BP, now",
        record_vital,
        lambda: form.entered(
            VitalEntered,
            id=form.makes,
            ketamine_session_id=shown.id,
            is_observed=False,
        ),
    )


def _out(here: Present, shown: LiveSession) -> None:
    draw_since_devices(here, shown)
    if shown.discharged_at:
        _done(here, "Out", shown.discharged_at)
        if shown.early_out_reason:
            phrase(Phrase("left early or unwell", Tone.RED, "error"))
            st.text(free_words(here, shown.early_out_reason))
        if not shown.status.is_open:
            return
        Form(here, "not_out", shown.id).save(
            "Not out after all", take_back_out, lambda: shown.id, kind="secondary"
        )
        return
    form = Form(here, "now.out", shown.id)
    warning = _not_back(shown)
    if warning:
        phrase(warning)
    if form.is_refused("reason"):
        form.line("reason", "Reason for letting them leave")
    form.save(
        "Out, now",
        record_now,
        lambda: NowEntered(shown.id, shown.version, Moment.OUT, reason=form.value("reason") or ""),
    )


def _not_back(shown: LiveSession) -> Phrase | None:
    """That the last pressure is not near the one before the dose yet."""
    before, read = shown.before, [one.pressure for one in shown.readings if one.pressure]
    if not shown.counted or before is None or before.pressure is None or not read:
        return None
    if is_near(read[-1], before.pressure):
        return None
    return Phrase(f"Last {read[-1]}, before the dose {before.pressure}", Tone.AMBER, "error")


def _menu(here: Present, shown: LiveSession) -> None:
    """What is needed less often."""
    # Not over the page: while something lies over it, nothing comes by itself.
    event, observed, medicine, present = st.columns(4, gap="small")
    with event, st.expander("Event", icon=":material/healing:"):
        _event_form(here, shown)
    with observed, st.expander("Skipped, observed", icon=":material/visibility:"):
        _observed_form(here, shown)
    with medicine, st.expander("Another medicine", icon=":material/medication:"):
        medicine_form(here, shown.id, shown.planned_at)
    with present, st.expander("Who is present", icon=":material/group:"):
        _present_form(here, shown)


def _event_form(here: Present, shown: LiveSession) -> None:
    form = Form(here, "event", makes=unused_id(here, "new_event"))
    form.pick("what", "What it is", {one.value: one.label for one in AdverseEventKind})
    form.choice("severity", "How bad", list(EventSeverity))
    form.check("is_serious", "Serious: hospital, danger to life, lasting harm")
    form.line("words", "What was seen")
    form.line("done", "What was done")
    form.time("onset_time", "Began at, if not now")
    form.save(
        "Save the event",
        record_event,
        lambda: form.entered(
            EventEntered,
            id=form.makes,
            ketamine_session_id=shown.id,
            is_serious=bool(form.value("is_serious")),
        ),
        kind="secondary",
    )


def _observed_form(here: Present, shown: LiveSession) -> None:
    form = Form(here, "observed", makes=unused_id(here, "new_observed"))
    words(quiet("Nothing was measured; the client was looked at."))
    form.line("words", "What was seen (may stay empty)")
    form.time("taken_time", "Observed at, if not now")
    form.save(
        "Save as observed",
        record_vital,
        lambda: form.entered(
            VitalEntered,
            id=form.makes,
            ketamine_session_id=shown.id,
            pressure="",
            heart_rate="",
            oxygen="",
            breaths="",
            is_observed=True,
        ),
        kind="secondary",
    )


def _present_form(here: Present, shown: LiveSession) -> None:
    form = Form(here, "present", shown.id)
    seen = form.seen(shown.people_present)
    form.line("people_present", "In the room", shown.people_present)
    form.save(
        "Save who is present",
        say_who_is_present,
        lambda: form.entered(PresentEntered, ketamine_session_id=shown.id, seen=seen),
        kind="secondary",
    )


@dataclass(frozen=True, slots=True, order=True)
class _Line:
    """One thing that happened, and the row that tells of it."""

    at: datetime
    id: str
    told: VitalLine | EventLine | None = field(compare=False, default=None)
    what: str = field(compare=False, default="")
    who: str = field(compare=False, default="")


def _so_far(here: Present, shown: LiveSession) -> None:
    """Everything by time, the newest first; what was entered in error stays, struck through."""
    lines = sorted(_lines(here, shown), reverse=True)
    began_at = min((one.started_at for one in shown.counted), default=None)
    with section("So far", len(lines), key="so_far", nothing="Nothing is recorded yet."):
        for one in lines:
            with row(f"so_far_{one.id}"):
                words(strong(wording.moment_today(one.at, here.now, here.zone)), WHEN)
                if isinstance(one.told, VitalLine):
                    draw_vital(here, one.told, began_at, shown.before)
                elif isinstance(one.told, EventLine):
                    draw_event(here, one.told)
                else:
                    words(one.what, WHAT)
                    words(quiet(one.who), WHO)


def _lines(here: Present, shown: LiveSession) -> Iterator[_Line]:
    for name, at in (
        ("Arrived", shown.arrived_at),
        ("Stopped early", shown.stopped_at),
        ("Out", shown.discharged_at),
    ):
        if at:
            yield _Line(at, name, what=plain(name))
    for dose in shown.administrations:
        what = f"{dose.kind.label} {wording.mg(dose.ug)}"
        by = sentences.given_by(dose.given_by, is_witnessed=dose.is_witnessed)
        yield _Line(dose.started_at, dose.id, what=_what(here, what, dose), who=by)
        if dose.ended_at and not dose.voided_at:
            yield _Line(dose.ended_at, f"{dose.id}_end", what="Infusion ended")
    for other in shown.other_medicines:
        what = f"{other.name} {other.dose} {other.route.label}"
        by = sentences.given_by(other.given_by, is_witnessed=other.is_witnessed)
        yield _Line(other.given_at, other.id, what=_what(here, what, other), who=by)
    for vital in shown.vitals:
        yield _Line(vital.taken_at, vital.id, vital)
    for event in shown.events:
        yield _Line(event.onset_at, event.id, event)


def _what(here: Present, what: str, row: Struck) -> str:
    return struck(here, what, row) if row.voided_at else f"**{plain(what)}**"
