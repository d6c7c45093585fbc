"""One client on a page: identity, what a caller asks, the timeline, doses between their notes."""

from datetime import date, datetime
from math import ceil

import streamlit as st

from kapteam import sentences, wording
from kapteam.actions.clients import (
    ASKED,
    CheckedEntered,
    PinnedLineEntered,
    check_client_today,
    pin_line,
)
from kapteam.charts.palette import DARK, LIGHT
from kapteam.charts.scores import ScorePoint, score_points, scores_in_words
from kapteam.charts.timeline import (
    Mark,
    TimelineMark,
    integration_words,
    near_enough,
    newest_series,
    timeline,
    timeline_by_dose,
    timeline_in_words,
    timeline_marks,
)
from kapteam.queries.client import Cleared, ClientDose, ClientIntegration, ClientPage, CourseLine
from kapteam.queries.client_details import ClientDetails
from kapteam.queries.critical import critical_alerts
from kapteam.queries.standing import CourseStanding, DoseLine, attention_of
from kapteam.rules.attention import Attention, Reason
from kapteam.rules.dosing import Silence, ends_session
from kapteam.rules.evaluation import adequate_trials
from kapteam.rules.notes import IntentionStage
from kapteam.rules.pathway import BOOKABLE
from kapteam.rules.permissions import (
    can_administer,
    can_book,
    can_hold_integration,
    can_order_dose,
    can_pin,
    can_raise_concern,
    can_run_episode,
    can_write_note,
)
from kapteam.sentences import client_name
from kapteam.ui.asks import ask_link
from kapteam.ui.audit_log import who_opened
from kapteam.ui.clearance import draw_contraindications
from kapteam.ui.discuss import discuss_link
from kapteam.ui.forms import Form
from kapteam.ui.home_supply import draw_home_of_course
from kapteam.ui.measures_due import draw_measures_due
from kapteam.ui.navigation import go, link
from kapteam.ui.rows import (
    draw_critical,
    facts,
    integration_links,
    order_of,
    phrase,
    pinned_by,
    row,
    to_call,
    when,
    words,
)
from kapteam.ui.series import draw_count, plan_link
from kapteam.ui.shell import Present
from kapteam.ui.text import dialed, plain, quiet, said
from kapteam.ui.waits import draw_stuck
from kapteam.ui.written import (
    draw_additions,
    draw_draft,
    draw_note,
    folded_for_others,
    free_words,
    gist,
    write_links,
)
from kapteam.vocabulary import (
    IntegrationKind,
    NoteKind,
    OrderState,
    Part,
    ServiceLine,
    SessionStatus,
    Tone,
)
from kapteam.wording import Phrase

_TO_A_PAGE = 6
"""As many ketamine sessions as most series have."""
_NOTES_TO_A_PAGE = 5
_COURSE_NOTES = "Risk, decision and general notes"
_LOOK_ALIKES = 3
_INTEGRATIONS = 3
_NOTHING_TO_WRITE = {IntentionStage.SIGNED, IntentionStage.NOT_EXPECTED}


def draw_identity(here: Present, page: ClientPage) -> None:
    """Who this is, by more than two identifiers, and what asks for attention."""
    kept = page.details
    with st.container(border=True, gap="xxsmall", key="identity"):
        with st.container(
            horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
        ):
            st.header(plain(client_name(here.viewer, page.name)), anchor=False, width="content")
            with st.container(horizontal=True, width="content", gap="xsmall"):
                for text in _loud(here, page):
                    words(text)
                if can_raise_concern(here.viewer):
                    link(
                        "concern",
                        "Safety: raise a concern",
                        icon="emergency_heat",
                        client=kept.code,
                    )
        if not page.courses:
            # Else they stand among the alerts, right below.
            draw_critical(here, here.read(critical_alerts, page.name.id))
            for concern_id, standing in page.concerns:
                with row(f"concern_{concern_id}"):
                    phrase(sentences.concern(standing, here.now, here.zone))
                    link("concern", "Open", icon="chevron_right", id=concern_id)
        with row("identifiers"):
            if here.viewer.hides_names:
                words(quiet("Name, birth date and phone are hidden"))
            else:
                _identifiers(here, kept)
            if can_book(here.viewer) and not here.viewer.hides_names:
                link("client_edit", "Change details", icon="edit", client=kept.code)
            if can_administer(here.viewer):
                who_opened(kept.code)
            if page.look_alikes:
                words(quiet(_look_alikes(page)))
        for one in page.emergencies:
            at = wording.moment(one.at, here.now, here.zone)
            phrase(
                Phrase(f"Opened in an emergency by {one.who}, {at}", Tone.AMBER, "emergency_home")
            )
            if not here.viewer.hides_names:
                st.text(one.reason)


def _identifiers(here: Present, kept: ClientDetails) -> None:
    words(f"{quiet('Code')} **{kept.code}**")
    if kept.born_on:
        words(f"{quiet('Born')} **{plain(wording.born(kept.born_on, here.today))}**")
    else:
        words(quiet("Birth date not recorded"))
    if kept.pronouns:
        words(f"{quiet('Pronouns')} **{plain(kept.pronouns)}**")
    words(f"{quiet('Phone')} **{dialed(kept.phone or 'not recorded')}**")


def _loud(here: Present, page: ClientPage) -> list[str]:
    """What asks for attention, but for what stands by itself: questions, and what was agreed."""
    return [
        said(sentences.attention(one, here.now, here.zone))
        for one in attention_of(page.courses)
        if one.tone in {Tone.RED, Tone.AMBER} and not (one.ask or one.action)
    ]


def _look_alikes(page: ClientPage) -> str:
    """One line, so that nobody writes into the wrong chart."""
    same = [one.code for one in page.look_alikes if one.same_name]
    if same:
        return f"Another client has the same name: {', '.join(same)}"
    codes = [one.code for one in page.look_alikes]
    more = f" and {len(codes) - _LOOK_ALIKES} more" if len(codes) > _LOOK_ALIKES else ""
    who = "Another client has" if len(codes) == 1 else "Other clients have"
    return f"{who} the same initials: {', '.join(codes[:_LOOK_ALIKES])}{more}"


def draw_facts(here: Present, page: ClientPage) -> None:
    """The facts in the order in which somebody on the phone asks for them."""
    facts = st.grid(4, min_column_width=265, gap=("small", "medium"))
    for label, draw in (
        ("Next ketamine session", _next_dose),
        ("Integration", _integration),
        ("Intention note", _intention),
        ("Last dose", _last_dose),
    ):
        with facts.container(gap="xxsmall"):
            words(quiet(label))
            if page.hides_open_course and not (page.courses or page.doses):
                words("On a course of care that you are not on")
            else:
                draw(here, page)


def _next_dose(here: Present, page: ClientPage) -> None:
    asked = _unrecorded(page)
    for dose in asked:
        phrase(sentences.silence(Silence.WAS_THIS_GIVEN, dose.planned_at, here.now, here.zone))
        link("ketamine_session", "Record", icon="chevron_right", id=dose.id)
    ahead = _ahead(page)
    if ahead:
        dose = ahead[0]
        when(here, dose.planned_at)
        words(f"{said(order_of(dose))}, dose {wording.in_series(dose.number, dose.of)}")
        with row("next_dose"):
            words(quiet("At home" if dose.at_home else dose.place or "Place not recorded"))
            link("ketamine_session", "Open", icon="chevron_right", id=dose.id)
        return
    if any(course.service_line is ServiceLine.KAP for course in page.courses):
        if not asked:
            words("Not booked")
    else:
        words(quiet("No ketamine on this course of care" if page.courses else "Not booked"))
    for course in page.courses:
        if _takes_bookings(here, course):
            link("booking", "Book", icon="event", episode=course.episode_id)


def _integration(here: Present, page: ClientPage) -> None:
    lines = [line for course in page.courses for line in course.integrations]
    for line in lines[:_INTEGRATIONS]:
        phrase(sentences.integration(line.standing, here.now, here.zone))
        kind = [] if line.kind is IntegrationKind.FULL else [line.kind.label]
        about = [*kind, *(_dose_of(here, dose) for dose in line.doses)]
        if about:
            words(quiet("; ".join(about)))
        with row(f"fact_integration_{line.key}"):
            integration_links(here, line)
    if len(lines) > _INTEGRATIONS:
        words(quiet(f"+{len(lines) - _INTEGRATIONS} more, below"))
    if lines:
        return
    settled = [one for dose in page.doses for one in dose.integrations] + [*page.integrations]
    if settled:
        phrase(integration_words(settled[0], here.now, here.zone))
        words(quiet("Integration up to date"))
    elif page.courses and not any(course.expects_integration for course in page.courses):
        words(quiet("Not expected on this course of care"))
    elif not page.courses and any(dose.last_given_at for dose in page.doses):
        # What is owed may go on in a course that this person is not on.
        names = sorted({dose.went_on_with for dose in page.doses if dose.went_on_with})
        with_whom = f", with {wording.listed(names)}" if names else ""
        words(quiet(f"On no open course of yours{with_whom}"))
    else:
        words("Nothing to integrate yet" if page.courses else quiet("Nothing to integrate yet"))


def _dose_of(here: Present, dose: DoseLine) -> str:
    at = dose.last_given_at or dose.planned_at
    return f"dose of {wording.moment(at, here.now, here.zone)}"


def _intention(here: Present, page: ClientPage) -> None:
    doses = [*_ahead(page), *_unrecorded(page)]
    if not doses:
        words(quiet("No ketamine session booked"))
        return
    dose = doses[0]
    phrase(sentences.intention(dose.intention, here.now, here.zone))
    with row("fact_intention"):
        words(quiet(f"for {wording.moment(dose.planned_at, here.now, here.zone)}"))
        _write_intention(here, page, dose.id, dose.intention.stage)


def _write_intention(here: Present, page: ClientPage, dose_id: str, stage: IntentionStage) -> None:
    """The link to write it; nobody is sent past a colleague's draft."""
    if not can_write_note(here.viewer, NoteKind.INTENTION) or stage in _NOTHING_TO_WRITE:
        return
    drafts = [
        note.author.id
        for note in page.notes_of(NoteKind.INTENTION)
        if note.ketamine_session_id == dose_id and note.signed_at is None
    ]
    if not drafts or here.viewer.clinician_id in drafts:
        label = "Continue" if drafts else "Write"
        link("note", label, icon="edit_note", kind="intention", dose=dose_id)


def _last_dose(here: Present, page: ClientPage) -> None:
    given = [dose for dose in page.doses if dose.given]
    if not given:
        words("No dose yet" if page.courses else quiet("No dose yet"))
        return
    last = given[0]
    words(f"**{plain(wording.dose(last.given_ug, last.product_route))}**")
    when(here, max(part.anchor for part in last.given))
    with row("last_dose"):
        words(quiet(f"Dose {wording.in_series(last.number, last.of)}"))
        link("ketamine_session", "Open", icon="chevron_right", id=last.id)


def _ahead(page: ClientPage) -> list[DoseLine]:
    return sorted(
        (dose for course in page.courses for dose in course.ahead),
        key=lambda dose: dose.planned_at,
    )


def _unrecorded(page: ClientPage) -> list[DoseLine]:
    """The ketamine sessions of which nobody has said whether they took place."""
    return [
        dose
        for course in page.courses
        for dose in course.doses
        if dose.silence is Silence.WAS_THIS_GIVEN
    ]


def _takes_bookings(here: Present, course: CourseStanding) -> bool:
    return (
        can_book(here.viewer)
        and course.service_line is ServiceLine.KAP
        and course.state in BOOKABLE
        and course.hold is None
    )


def draw_courses(here: Present, page: ClientPage) -> None:
    """The second, quieter lines: stage and people of every open course, then what to know."""
    with st.container(gap="xxsmall", key="courses"):
        for course in page.courses:
            with row(f"course_{course.episode_id}"):
                _course(here, course)
            draw_stuck(here, course)
            draw_measures_due(here, course.episode_id, course.measures_due)
        for course in page.ended:
            # Questions and what was agreed stand by themselves.
            for one in (each for each in course.attention if not (each.ask or each.action)):
                with row(f"ended_{course.episode_id}_{one.reason}_{one.subject_id}"):
                    _to_sign_off(here, course, one)
        if _may_come_back(here, page):
            link("episode", "Open another course of care", icon="add", client=page.name.code)
        if not page.courses:
            with row("no_course"):
                words(
                    "You are on no open course of care of this client."
                    if page.hides_open_course
                    else "No open course of care."
                )
                if can_run_episode(here.viewer):
                    link("episode", "Open a course of care", icon="add", client=page.name.code)
        _pinned(here, page)
        _to_know(here, page)


def _may_come_back(here: Present, page: ClientPage) -> bool:
    """Whether ketamine was ended while other therapy goes on, and may begin anew."""
    ended = any(one.closed_at and one.service_line is ServiceLine.KAP for one in page.lines)
    is_open = any(
        one.closed_at is None and one.service_line is ServiceLine.KAP for one in page.lines
    )
    return bool(page.courses) and ended and not is_open and can_run_episode(here.viewer)


def _to_sign_off(here: Present, course: CourseStanding, one: Attention) -> None:
    """What of a course that ended somebody has not signed: who, and since when."""
    person, is_end = course.awaited(one), one.reason is Reason.SIGN_OFF
    phrase(sentences.attention(one, here.now, here.zone))
    if person and not here.viewer.stands_for(person.id):
        name = sentences.colleague(person, here.now, here.zone)
        words(quiet(sentences.waiting_on(name, "sign-off" if is_end else "")))
    if not is_end:
        link("ketamine_session", "Open", icon="chevron_right", id=one.subject_id)
    link("episode", "Course", icon="chevron_right", id=course.episode_id)


def _course(here: Present, course: CourseStanding) -> None:
    series = course.series if course.series and course.series.goes_on else None
    since = wording.day(course.state_since.astimezone(here.zone).date(), here.today)
    is_kap = course.service_line is ServiceLine.KAP
    line = "" if is_kap else f"{course.service_line.label}: "
    words(f"**{plain(line + course.state.label)}** {quiet(f'since {since}')}")
    if series:
        draw_count(here, series.product_route, series.count)
        if _takes_bookings(here, course):
            plan_link(here, course.episode_id, series.count)
    if can_order_dose(here.viewer):
        _number_link(course)
    draw_home_of_course(here, course)
    if course.hold:
        phrase(sentences.on_hold(course.hold.reason, course.hold.look_again_on, here.today))
    for part in (Part.PRESCRIBER, Part.THERAPIST):
        person = course.prescriber if part is Part.PRESCRIBER else course.therapist
        if person is None and part is Part.PRESCRIBER and not is_kap:
            continue  # Without ketamine nobody is missing.
        name = sentences.colleague(person, here.now, here.zone) if person else "nobody yet"
        words(f"{quiet(part.label)} {plain(name)}")
    ask_link(here, (course.prescriber, course.therapist), episode=course.episode_id)
    discuss_link(here, course.episode_id)
    link("episode", "Course", icon="chevron_right", id=course.episode_id)
    if here.viewer.reads_notes:
        link("thread", "Thread", icon="forum", episode=course.episode_id)
    if is_kap:
        link("clearance", "Clearance", icon="verified_user", episode=course.episode_id)
    link("consent", "Consents", icon="contract", episode=course.episode_id)
    if can_book(here.viewer):
        link(
            "wait", "Waiting on someone outside", icon="hourglass_empty", episode=course.episode_id
        )
    if _takes_bookings(here, course):
        link("booking", "Book", icon="event", episode=course.episode_id)


def _number_link(course: CourseStanding) -> None:
    """To where a prescriber orders how many sessions the series has, while nobody has."""
    for one in course.attention:
        if one.reason is Reason.NUMBER_NOT_ORDERED:
            link("ketamine_session", "Order the number", icon="prescriptions", id=one.subject_id)


def _pinned(here: Present, page: ClientPage) -> None:
    pinned = page.pinned
    with row("pinned"):
        if pinned.text and here.viewer.hides_names:
            words(quiet("The pinned line is hidden"))
        elif pinned.text:
            words(f":material/push_pin: {plain(pinned.text)}")
            words(quiet(pinned_by(here, pinned)))
        else:
            words(quiet("No pinned line"))
        if can_pin(here.viewer) and not here.viewer.hides_names:
            _pin_form(here, page)


def _pin_form(here: Present, page: ClientPage) -> None:
    form = Form(here, "pin", page.name.id)
    version = form.seen(page.details.version)
    # Once saved there is a next version: the popover is another one, and closed.
    with st.popover(
        "Change" if page.pinned.text else "Pin a line",
        icon=":material/edit:",
        type="tertiary",
        key=form.key("popover"),
    ):
        form.line("pinned_line", "What everybody should know first", page.pinned.text)
        form.save(
            "Pin",
            pin_line,
            lambda: form.entered(PinnedLineEntered, client_id=page.name.id, version=version),
            then=lambda _: go("client", client=page.name.code),
            said="Pinned",
        )


def _to_know(here: Present, page: ClientPage) -> None:
    kept = page.details
    asked = (
        ("Medications", kept.medications, kept.medications_asked_on),
        ("Conditions", kept.conditions, kept.conditions_asked_on),
        ("Usual blood pressure", kept.usual_pressure, kept.usual_pressure_asked_on),
    )
    known = [(label, plain(_asked(here, text, on))) for label, text, on in asked]
    if page.weight:
        on = wording.day(page.weight.measured_on, here.today)
        known.append(("Weight", plain(f"{wording.weight(page.weight.grams)}, {on}")))
    if not here.viewer.hides_names:
        known += to_call(kept)
    allergies = plain(_asked(here, kept.allergies, kept.allergies_asked_on))
    if kept.allergies:
        words(f":material/warning: **Allergies: {allergies}**")
    else:
        words(f"{quiet('Allergies')} {allergies}")
    draw_contraindications(here, page.contraindications)
    words(facts(known))
    for line in page.lines:
        if line.cleared and line.closed_at is None:
            _tried(line.cleared)
    asked_on = {getattr(kept, f"{name}_asked_on") for name in ASKED} - {None}
    if can_book(here.viewer) and asked_on - {here.today}:
        Form(here, "checked", page.name.id).save(
            "Checked today, no change",
            check_client_today,
            lambda: CheckedEntered(page.name.id, kept.version),
            said="Checked",
            kind="secondary",
        )


def _tried(cleared: Cleared) -> None:
    """How much was adequately tried before, where that was recorded or is asked for."""
    if cleared.rests_on.trials or cleared.trials_asked_by:
        count = adequate_trials(cleared.rests_on.trials)
        phrase(sentences.trials(count, cleared.trials_asked_by))


def _asked(here: Present, text: str | None, on: date | None) -> str:
    """Not asked is not none."""
    if on is None:
        return "not asked"
    return f"{text or 'none'}, asked {_on(here, on)}"


def _on(here: Present, on: date) -> str:
    return wording.day(on, here.today)


def draw_latest_notes(here: Present, page: ClientPage) -> None:
    """The last intention beside the last integration, in the client's words."""
    if page.notes is None or not (page.doses or page.integrations):
        return
    if not page.doses:
        with st.container(border=True, gap="xsmall", key="latest"):
            _latest(here, page, NoteKind.INTEGRATION, "Last integration")
        return
    before, after = st.columns(2, gap="medium", border=True)
    with before:
        _latest(here, page, NoteKind.INTENTION, "Last intention")
    with after:
        _latest(here, page, NoteKind.INTEGRATION, "Last integration")


def _latest(here: Present, page: ClientPage, kind: NoteKind, title: str) -> None:
    notes = page.notes_of(kind)
    last = next((note for note in notes if note.signed_at is not None), None)
    if last is None or last.signed_at is None:
        words(f"**{title}** {quiet('No note signed yet')}")
    else:
        on = _on(here, last.signed_at.astimezone(here.zone).date())
        words(f"**{title}** {quiet(f'{last.author.name}, {on}')}")
        with folded_for_others(here, "The note"):
            st.text(gist(last))
            draw_additions(here, last)
    for note in notes:
        if note.signed_at is None:
            draw_draft(here, note, "latest")


def draw_course_notes(here: Present, page: ClientPage) -> None:
    """Risk, decision and general notes, the newest first, with the ways to write one."""
    if page.notes is None:
        return
    notes = page.notes.about_course
    if notes:
        st.subheader(f"{_COURSE_NOTES} ({len(notes)}), newest first", anchor=False)
    for course in page.courses:
        with row(f"write_{course.episode_id}"):
            about = f" about {course.service_line.label}" if len(page.courses) > 1 else ""
            words(quiet(f"Write a note{about}"))
            write_links(here, course.episode_id)
    number = 1
    if len(notes) > _NOTES_TO_A_PAGE:
        pages = ceil(len(notes) / _NOTES_TO_A_PAGE)
        number = st.pagination(pages, key=f"course_notes_{page.name.code}")
    for note in notes[(number - 1) * _NOTES_TO_A_PAGE : number * _NOTES_TO_A_PAGE]:
        with st.container(border=True, gap="xsmall", key=f"note_{note.id}"):
            draw_note(here, note)


def draw_timeline(here: Present, page: ClientPage) -> None:
    """Every score, dose and integration over time or by dose, and the same as a table.

    With others in the room without the scores, which are folded away everywhere then.
    """
    marks = timeline_marks(page, here.asked)
    scores = () if here.viewer.hides_names else score_points(page, here.asked)
    if not marks and not scores:
        return
    with row("timeline_heading"):
        st.subheader("Timeline", anchor=False, width="content")
        is_by_dose = bool(scores) and any(mark.mark is Mark.GIVEN for mark in marks)
        by_dose = is_by_dose and st.toggle("By dose number", key=f"by_dose_{page.name.code}")
    palette = DARK if st.context.theme.type == "dark" else LIGHT
    chart = timeline_by_dose(marks, scores, palette) if by_dose else None
    drawn = near_enough(marks, scores, here.now)
    if chart is not None:
        which = "The newest series"
        if len(newest_series(marks)) > 1:
            which += " and its maintenance"
        words(quiet(f"{which}: each score stands between the doses it was taken between."))
    elif len(drawn) < len(scores):
        earlier = wording.count(len(scores) - len(drawn), "score")
        words(quiet(f"From long before, and in the table only: {earlier}."))
    st.vega_lite_chart(
        spec=chart or timeline(marks, drawn, here.now, here.zone, palette),
        alt=scores_in_words(drawn) + timeline_in_words(marks),
        key="timeline",
    )
    with st.expander("Show the timeline as a table"):
        rows = [(mark.at, _table_row(mark)) for mark in marks]
        rows += [(one.at, _score_row(one)) for one in scores]
        rows.sort(key=lambda one: one[0], reverse=True)
        st.table([cells for _, cells in rows], hide_index=True, border="horizontal")


def _table_row(mark: TimelineMark) -> dict[str, str]:
    return {
        "What": plain(mark.what),
        "Score or dose": plain(f"{mark.amount} {mark.route}".strip()),
        "When": plain(mark.when),
        "Status": plain(mark.status),
        "Integration": plain(mark.gap),
    }


def _score_row(one: ScorePoint) -> dict[str, str]:
    return {
        "What": plain(one.what),
        "Score or dose": plain(one.score),
        "When": plain(one.when),
        "Status": plain(one.note),
        "Integration": "",
    }


def draw_doses(here: Present, page: ClientPage) -> None:
    """Every ketamine session, the newest first, each between its intention and its integration."""
    if not page.doses:
        if any(_takes_bookings(here, course) for course in page.courses):
            words("No ketamine session yet. Book the first one above.")
        elif any(course.service_line is ServiceLine.KAP for course in page.courses):
            words("No ketamine session yet. The first one can be booked once preparation begins.")
        return
    st.subheader(f"Ketamine sessions ({len(page.doses)}), newest first", anchor=False)
    number = 1
    if len(page.doses) > _TO_A_PAGE:
        number = st.pagination(ceil(len(page.doses) / _TO_A_PAGE), key=f"doses_{page.name.code}")
    for dose in page.doses[(number - 1) * _TO_A_PAGE : number * _TO_A_PAGE]:
        with st.container(border=True, gap="xsmall", key=f"dose_{dose.id}"):
            _dose(here, page, dose)


def _dose(here: Present, page: ClientPage, dose: ClientDose) -> None:
    with row(f"head_{dose.id}"):
        words(f"**{plain(_dose_title(here, dose))}**")
        phrase(_dose_status(here, dose))
        for part in dose.given:
            if part.told_by:
                phrase(Phrase(f"As told by {part.told_by}, not confirmed", Tone.RED, "error"))
        link("ketamine_session", "Open", icon="chevron_right", id=dose.id)
    words(quiet(_dose_facts(here, dose)))
    if dose.breach_reason:
        words(
            ":material/report: Given beyond what was allowed: "
            f"{plain(free_words(here, dose.breach_reason))}"
        )
    if dose.no_integration_reason:
        why = plain(free_words(here, dose.no_integration_reason))
        words(f"{quiet('Without an integration at first:')} {why}")
    if page.notes is None:
        for one in dose.integrations:
            words(f"{quiet('Integration')} {said(integration_words(one, here.now, here.zone))}")
        return
    before, after = st.columns(2, gap="medium")
    with before:
        _before(here, page, dose)
    with after:
        _after(here, page, dose)


def _dose_title(here: Present, dose: ClientDose) -> str:
    on = wording.full_day(dose.at.astimezone(here.zone).date())
    number = f"Dose {wording.in_series(dose.number, dose.of)}, " if dose.number else ""
    if not dose.given:
        return f"{number}{on}, {dose.product_route.label}"
    amount = wording.dose(dose.given_ug, dose.product_route)
    if len(dose.given) == 1:
        return f"{number}{on}, {amount}"
    parts = " + ".join(wording.mg(part.ug).removesuffix("mg").strip() for part in dose.given)
    return f"{number}{on}, {amount} ({parts}{wording.NBSP}mg)"


def _dose_status(here: Present, dose: ClientDose) -> Phrase:
    if dose.line and dose.line.silence:
        return sentences.silence(dose.line.silence, dose.planned_at, here.now, here.zone)
    if dose.status is SessionStatus.PLANNED:
        away = wording.relative(dose.planned_at, here.now)
        return Phrase(f"Planned, {away}", Tone.BLUE, "event_available")
    if dose.status is SessionStatus.STARTED:
        return Phrase(dose.status.label, Tone.BLUE, "play_circle")
    reason = f": {free_words(here, dose.end_reason)}" if dose.end_reason else ""
    return Phrase(f"{dose.status.label}{reason}", icon="check" if dose.status.is_given else "")


def _dose_facts(here: Present, dose: ClientDose) -> str:
    def clock(at: datetime) -> str:
        return wording.clock_time(at.astimezone(here.zone).time())

    facts = []
    if dose.given:
        first, last = dose.at, dose.last_given_at or dose.at
        facts.append(f"{clock(first)} to {clock(last)}" if last > first else clock(first))
        if dose.discharged_at:
            facts.append(f"out {clock(dose.discharged_at)}")
    else:
        facts.append(f"planned {clock(dose.planned_at)}")
    facts += ["at home"] if dose.at_home else [dose.place, dose.people_present]
    if not ends_session(dose.status):
        order = sentences.order(
            dose.order_state, dose.ordered_ug, dose.may_add, dose.product_route.label
        ).text
        ordered = "Ordered " if dose.order_state is OrderState.ORDERED else ""
        by = f" by {dose.ordered_by}" if dose.ordered_by else ""
        facts.append(f"{ordered}{order}{by}")
    return " · ".join(filter(None, facts))


def _before(here: Present, page: ClientPage, dose: ClientDose) -> None:
    """The intention for this dose."""
    notes = page.notes.of_dose(dose.id).intentions if page.notes else ()
    for note in notes:
        draw_note(here, note)
    if notes:
        return
    stage = dose.line.intention.stage if dose.line else IntentionStage.MISSING
    with row(f"before_{dose.id}"):
        if stage in {IntentionStage.NOT_EXPECTED, IntentionStage.NOT_DUE}:
            words(quiet(stage.label))
        else:
            words(quiet("No intention note yet" if dose.status.is_open else "No intention note"))
        if dose.status.is_open:
            _write_intention(here, page, dose.id, stage)


def _after(here: Present, page: ClientPage, dose: ClientDose) -> None:
    """How this dose was or is to be integrated."""
    if not dose.integrations and dose.went_on_with:
        words(quiet(f"Integration to do, with {dose.went_on_with}, on no course of yours"))
    elif not dose.integrations and not dose.status.is_open and page.hides_open_course:
        # What was owed may have gone on there, and been held.
        words(quiet("No integration on a course of yours"))
    elif not dose.integrations:
        words(quiet("No integration" if not dose.status.is_open else "Integration not booked"))
    for one in dose.integrations:
        last = next(other for other in page.doses if other.id in one.dose_ids)
        if last is dose:
            _integration_notes(here, page, one, one.kind.label)
        else:
            with_dose = wording.in_series(last.number, last.of)
            words(quiet(f"Integrated together with dose {with_dose}"))


def _integration_notes(here: Present, page: ClientPage, one: ClientIntegration, title: str) -> None:
    with row(f"integration_{one.id or one.dose_ids[0]}"):
        words(f"**{plain(title)}**")
        phrase(integration_words(one, here.now, here.zone))
        words(quiet(", ".join(filter(None, (one.how.label if one.how else "", one.therapist)))))
        if one.line:
            integration_links(here, one.line)
    if one.close_note:
        st.text(free_words(here, one.close_note))
    for note in page.notes_of(NoteKind.INTEGRATION):
        if note.integration_session_id == one.id:
            draw_note(here, note)


def draw_without_dose(here: Present, page: ClientPage) -> None:
    """Courses about an experience elsewhere: what the client told, and its integration sessions."""
    for course in page.lines:
        own = [one for one in page.integrations if one.episode_id == course.episode_id]
        if not course.is_visible or (course.service_line is ServiceLine.KAP and not own):
            continue
        st.subheader(course.service_line.label, anchor=False)
        for experience in course.experiences:
            with st.container(border=True, gap="xsmall", key=f"experience_{experience.id}"):
                words(f"**{plain(f'{experience.substance}, {experience.happened}')}**")
                if experience.circumstances:
                    st.text(free_words(here, experience.circumstances))
        if course.closed_at is None and can_hold_integration(here.viewer):
            link(
                "integration_session",
                "Book an integration session",
                icon="event_available",
                episode=course.episode_id,
                do="book",
            )
        for one in own:
            with st.container(border=True, gap="xsmall", key=f"session_{one.id}"):
                _integration_notes(here, page, one, _integration_title(here, course, one))


def _integration_title(here: Present, course: CourseLine, one: ClientIntegration) -> str:
    agreed = one.line.standing.facts.agreed_for if one.line else None
    day = one.at.astimezone(here.zone).date() if one.at else agreed
    on = wording.full_day(day) if day else "no day yet"
    about = [
        f"{experience.substance}, {experience.happened}"
        for experience in course.experiences
        if experience.id in one.experience_ids
    ]
    return f"{one.kind.label}, {on}{' after ' if about else ''}{' and '.join(about)}"


def draw_other_courses(here: Present, page: ClientPage) -> None:
    """Courses that are closed or somebody else's: their dates, state and people, no more."""
    if not page.others:
        return
    st.subheader("Other courses of care", anchor=False)
    for course in page.others:
        with row(f"other_{course.episode_id}"):
            words(f"**{plain(course.service_line.label)}**")
            words(plain(_ended(course)))
            words(quiet(_dates(here, course)))
            people = ", ".join(f"{one.part.label} {one.name}" for one in course.members)
            words(quiet(people))
            if course.is_visible:
                link("episode", "Course", icon="chevron_right", id=course.episode_id)
                if here.viewer.reads_notes:
                    link("thread", "Thread", icon="forum", episode=course.episode_id)


def _ended(course: CourseLine) -> str:
    reason = f": {course.close_reason.label.lower()}" if course.close_reason else ""
    return f"{course.state.label}{reason}"


def _dates(here: Present, course: CourseLine) -> str:
    opened = wording.full_day(course.opened_at.astimezone(here.zone).date())
    if course.closed_at is None:
        return f"since {opened}"
    return f"{opened} to {wording.full_day(course.closed_at.astimezone(here.zone).date())}"


def draw_in_error(here: Present, page: ClientPage) -> None:
    """Notes that were entered in error: still readable, counted nowhere (rule 66)."""
    if page.notes is None or not page.notes.in_error:
        return
    with st.expander(f"Notes entered in error ({len(page.notes.in_error)})"):
        for note in page.notes.in_error:
            with row(f"in_error_{note.id}"):
                signed = wording.moment(note.signed_at or note.started_at, here.now, here.zone)
                words(f"~~{note.title}~~ {quiet(f'{note.author.name}, signed {signed}')}")
                words(plain(free_words(here, note.void_reason)))
                link("note", "Open", icon="chevron_right", id=note.id)
