"""What only Spravato has on its pages: enrollment, how it is watched, and the monitoring form.

Each of these draws nothing for another product or route (rule 41).
"""

from functools import partial

import streamlit as st

from kapteam import sentences, wording
from kapteam.actions.spravato import (
    EnrollmentEntered,
    LotEntered,
    MonitoringAnswersEntered,
    SubmissionEntered,
    answer_monitoring,
    record_enrollment,
    record_form_printed,
    record_lot,
    submit_monitoring,
    void_enrollment,
    void_submission,
)
from kapteam.exchange.monitoring_form import monitoring_form_pdf
from kapteam.queries.course import Course
from kapteam.queries.ketamine_session import KetamineSessionPage
from kapteam.queries.live_session import LiveSession
from kapteam.queries.record_state import record_state
from kapteam.queries.session_rows import AdministrationLine
from kapteam.queries.spravato import (
    EnrollmentLine,
    SpravatoRecord,
    SubmissionLine,
    enrollments,
    form_to_print,
    spravato_record,
    watched_of,
)
from kapteam.rules.monitoring_form import CURRENT
from kapteam.rules.permissions import can_answer_monitoring, can_record_session
from kapteam.rules.plausibility import beyond_first_devices
from kapteam.rules.spravato import Reading, Watched, is_spravato, next_lot
from kapteam.ui.entered_in_error import draw_void_form, struck
from kapteam.ui.forms import Form, unused_id
from kapteam.ui.navigation import link
from kapteam.ui.rows import phrase, row, section, words
from kapteam.ui.shell import Present, made_when_pressed
from kapteam.ui.text import plain, quiet
from kapteam.ui.written import free_words
from kapteam.vocabulary import ProductRoute, ReadinessItem, SubmittedHow, Tone
from kapteam.wording import Phrase


def draw_enrollment(here: Present, care: Course) -> None:
    """Since when the client is enrolled, and the form for it, on a course with Spravato."""
    kept = here.read(enrollments, care.id)
    routes = care.clearance.routes if care.clearance else ()
    if not kept.has_series and ProductRoute.ESKETAMINE_NASAL not in routes:
        return
    counting = [one for one in kept.lines if one.voided_at is None]
    with section(
        "Spravato REMS enrollment", len(kept.lines), key="enrollment", nothing="Not enrolled yet."
    ):
        for one in kept.lines:
            _draw_enrolled(here, one)
    if care.closed_at is not None or not can_record_session(here.viewer):
        return
    title = "Another enrollment" if counting else "Record the enrollment"
    with st.expander(title):
        form = Form(here, "enrollment", makes=unused_id(here, "new_enrollment"))
        form.day("enrolled_on", "Enrolled on", past=True)
        form.line("number", "Enrollment number (may stay empty)", width=320)
        form.save(
            "Save the enrollment",
            record_enrollment,
            lambda: form.entered(EnrollmentEntered, id=form.makes, episode_id=care.id),
            kind="secondary",
        )


def _draw_enrolled(here: Present, one: EnrollmentLine) -> None:
    number = free_words(here, one.number)
    said = f"Enrolled {wording.full_day(one.enrolled_on)}{f', {number}' if number else ''}"
    with row(f"enrollment_{one.id}"):
        if one.voided_at:
            words(struck(here, said, one))
            return
        words(f"**{plain(said)}**")
        words(quiet(f"{one.recorded_by}, {wording.moment(one.recorded_at, here.now, here.zone)}"))
        if can_record_session(here.viewer):
            draw_void_form(here, "the enrollment", one.id, void_enrollment)


def draw_first_dose(product_route: ProductRoute, ordered_ug: int | None, *, is_first: bool) -> None:
    """What the label says of the order, while it is the first that the client is given."""
    if ordered_ug and is_first and is_spravato(product_route):
        first = beyond_first_devices(ordered_ug)
        if first:
            phrase(Phrase(first, Tone.AMBER, "error"))


def lot_field(form: Form, shown: LiveSession) -> None:
    """The lot of the device that comes next, from the last one of this very session."""
    if is_spravato(shown.product_route):
        number = len(shown.counted) + 1
        form.line(
            "lot", f"Lot of device {number}", next_lot(one.lot for one in shown.counted), width=200
        )


def draw_since_devices(here: Present, shown: LiveSession) -> None:
    """Beside Out: how long since the first device and the last, and what is to go."""
    if not is_spravato(shown.product_route):
        return
    watched = watched_of(shown.administrations, shown.vitals, shown.discharged_at)
    said = sentences.since_devices(watched, here.now)
    if said:
        phrase(said)
        words(quiet(sentences.since_first_device(watched, here.now)))


def draw_watched(here: Present, shown: LiveSession) -> None:
    """The three readings of the form as far as they are, and what it lacks by now."""
    if not is_spravato(shown.product_route):
        return
    watched = watched_of(shown.administrations, shown.vitals, shown.discharged_at)
    with st.container(gap="xsmall", key="spravato_watched"):
        _draw_readings(watched)
        lacks = sentences.missing_for_form(
            watched.missing(here.now, with_oxygen=CURRENT.asks_oxygen)
        )
        with row("missing_for_form"):
            if lacks:
                phrase(lacks)
            without = [one for one in _by_time(shown) if not one.lot]
            for one in without:
                _draw_lot(here, one, _by_time(shown).index(one) + 1, shown)


def _by_time(shown: LiveSession) -> list[AdministrationLine]:
    return sorted(shown.counted, key=lambda one: one.started_at)


def _draw_lot(here: Present, one: AdministrationLine, number: int, shown: LiveSession) -> None:
    with st.popover(f"Lot of device {number}", width="content", key=f"lot_{one.id}"):
        form = Form(here, "lot", one.id)
        form.line("lot", "Lot", next_lot(other.lot for other in _by_time(shown)))
        form.save(
            f"Save the lot of device {number}",
            record_lot,
            lambda: form.entered(LotEntered, administration_id=one.id),
            kind="secondary",
        )


def _draw_readings(watched: Watched) -> None:
    said = [
        (which, sentences.reading(pressure, None, oxygen, None, is_observed=False))
        for which in Reading
        if (pressure := watched.pressure(which)) or watched.oxygen(which) is not None
        for oxygen in [watched.oxygen(which)]
    ]
    with row("three_readings"):
        for which, text in said:
            words(f"{quiet(wording.first_up(which.label))} **{plain(text)}**")


def draw_spravato(here: Present, shown: KetamineSessionPage) -> None:
    """The session's monitoring form: where it stands, what it lacks, its answers, print, submit."""
    if not is_spravato(shown.product_route):
        return
    line = shown.line
    if line and not shown.counted:
        _draw_not_enrolled(here, shown)
    if not shown.counted or not here.viewer.reads_notes:
        return
    record = here.read(spravato_record, shown)
    with section("Monitoring form", key="monitoring_form"):
        _draw_standing(here, record)
        _draw_readings(record.facts.watched)
        lacks = sentences.missing_for_form(record.missing(here.now))
        # Of what went out it is said with the submission what it lacked.
        if lacks and not record.is_settled:
            phrase(lacks)
        if record.answers:
            at = wording.moment(record.answers.at, here.now, here.zone)
            words(f"Answered by the prescriber {quiet(f'{record.answers.by}, {at}')}")
        with st.container(horizontal=True, gap="small", key="form_ways"):
            _draw_print(here, record)
            if record.is_settled:
                return
            if can_record_session(here.viewer):
                _draw_submit(here, record)
            if can_answer_monitoring(here.viewer):
                title = "Change the answers" if record.answers else "Answer what it asks"
                with st.popover(title, width="content", key="answers"):
                    _answers_form(here, record)


def _draw_not_enrolled(here: Present, shown: KetamineSessionPage) -> None:
    """The way to the enrollment while the session waits for it."""
    lacks = shown.line.lacks if shown.line else ()
    if any(one.item is ReadinessItem.ENROLLMENT for one in lacks):
        with row("not_enrolled"):
            phrase(Phrase("Not enrolled in the Spravato REMS on the day", Tone.RED, "gpp_maybe"))
            link("clearance", "Record the enrollment", icon="how_to_reg", episode=shown.course.id)


def _draw_standing(here: Present, record: SpravatoRecord) -> None:
    if record.standing and not record.is_settled:
        phrase(sentences.monitoring_form(record.standing, here.today))
    for one in record.submissions:
        with row(f"submission_{one.id}"):
            _draw_submission(here, one)


def _draw_submission(here: Present, one: SubmissionLine) -> None:
    said = sentences.submitted_form(
        one.how, one.submitted_on, one.by, here.today, missing=one.missing
    )
    if one.voided_at:
        words(struck(here, said, one))
        return
    also = f"version {one.form_version}{', sent again since' if one.replaced_at else ''}"
    words(f":material/check: **{plain(said)}** {quiet(also)}")
    if can_record_session(here.viewer):
        draw_void_form(here, "the submission", one.id, void_submission)
    if one.missing_reason:
        st.text(f"Because: {free_words(here, one.missing_reason)}")


def _draw_print(here: Present, record: SpravatoRecord) -> None:
    """The form as a file; it names the client, so not while others can see the screen."""
    if here.viewer.hides_names:
        words(quiet("To print the form, first say that no others can see this screen."))
        return
    first_at = record.facts.watched.first_at or here.now
    on = first_at.astimezone(here.zone).date()
    st.download_button(
        "Print the form",
        made_when_pressed(here, partial(_form_file, record.session_id)),
        file_name=f"spravato-monitoring-form-{on.isoformat()}.pdf",
        mime="application/pdf",
        icon=":material/print:",
        key="print_monitoring_form",
        on_click="ignore",
    )


def _form_file(session_id: str, here: Present) -> bytes:
    """The form of a session, on record before it is handed out."""
    record = here.read(form_to_print, session_id)
    made = monitoring_form_pdf(record, here.asked, here.read(record_state))
    here.write(record_form_printed, session_id, record.definition.version, here.now)
    return made


def _draw_submit(here: Present, record: SpravatoRecord) -> None:
    """The form to say that it went out, or went out again; nothing while the client is here."""
    if record.facts.watched.discharged_at is None:
        words(quiet("It can be submitted once the client is out."))
        return
    title = "It was sent again" if record.submitted else "It was submitted"
    with st.popover(title, width="content", key="submitted"):
        _submission_form(here, record)


def _submission_form(here: Present, record: SpravatoRecord) -> None:
    form = Form(here, "submission", makes=unused_id(here, "new_submission"))
    # First what is chosen: a day that is first in focus would open its calendar over the rest.
    form.choice("how", "How", list(SubmittedHow))
    form.day("submitted_on", "Submitted on", here.today, past=True)
    lacks = sentences.missing_for_form(record.missing(here.now))
    if lacks:
        phrase(lacks)
        form.line("missing_reason", "Sent without it, because")
    form.save(
        "Save as submitted",
        submit_monitoring,
        lambda: form.entered(
            SubmissionEntered,
            id=form.makes,
            ketamine_session_id=record.session_id,
            missing_reason=form.value("missing_reason") or "",
        ),
        kind="secondary",
    )


def _answers_form(here: Present, record: SpravatoRecord) -> None:
    known = record.answers.answered if record.answers else None
    form = Form(here, "answers", record.session_id, makes=unused_id(here, "new_answers"))
    seen = form.seen(record.answers.id if record.answers else "", of=f"{record.session_id}/answers")
    told = record.facts.medications
    named = wording.listed([wording.first_down(name) for name, _ in CURRENT.events])
    words(quiet("Medicines on record"))
    st.text(free_words(here, told or ("not asked" if told is None else "none")))
    for one in CURRENT.medicines:
        kept = known.medicines.get(one) if known else None
        form.yes_or_no(f"medicines.{one.value}", f"{one.label}?", kept)
    form.yes_or_no(
        "before_is_acceptable",
        "Readings acceptable before the dose?",
        known.before_is_acceptable if known else None,
    )
    form.yes_or_no(
        "leaving_is_acceptable",
        "Readings acceptable before leaving?",
        known.leaving_is_acceptable if known else None,
    )
    form.yes_or_no(
        "looked_for_events",
        f"Watched for {named}?",
        known.looked_for_events if known else None,
    )
    ready = known.ready_minutes if known else None
    form.line(
        "ready_minutes",
        "Without the two hours, ready to leave so many min after the first device",
        str(ready or ""),
        hint="75",
    )
    form.save(
        "Save the answers",
        answer_monitoring,
        lambda: form.entered(
            MonitoringAnswersEntered,
            id=form.makes,
            ketamine_session_id=record.session_id,
            medicines={one: form.value(f"medicines.{one.value}") for one in CURRENT.medicines},
            replaces=seen,
        ),
        kind="secondary",
    )
