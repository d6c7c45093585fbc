"""A course of care on its pages: who it is for, what the gate reads, and every step it can take."""

from dataclasses import replace
from functools import partial

import streamlit as st

from kapteam import sentences, wording
from kapteam.actions.booking import UnbookedEntered, admit_unbooked_session
from kapteam.actions.consents import (
    ConsentErrorEntered,
    RevocationEntered,
    revoke_consent,
    void_consent,
)
from kapteam.actions.episodes import (
    FUNCTIONS_OF,
    EpisodeChangeEntered,
    ExperienceCorrected,
    HoldEntered,
    MeasuresAskedEntered,
    MemberEntered,
    MoveEntered,
    ReleaseEntered,
    ask_for_measures,
    change_episode,
    change_member,
    correct_experience,
    hold_episode,
    move_episode,
    release_hold,
)
from kapteam.errors import Invalid
from kapteam.ids import id_within
from kapteam.queries.course import ConsentLine, Course, CourseBefore, Experience, Member
from kapteam.queries.practice import Colleague, with_function
from kapteam.queries.standing import CourseHead
from kapteam.rules.alerts import Signal
from kapteam.rules.measures_due import asks_for_none
from kapteam.rules.pathway import BOOKABLE, required_consents
from kapteam.rules.permissions import can_release_hold, can_run_episode, can_write_note
from kapteam.ui.clearance import takes_clearance
from kapteam.ui.endings import closing_form, draw_ending, draw_unsaved_closing
from kapteam.ui.first_steps import add_a_colleague
from kapteam.ui.forms import Form, unused_id
from kapteam.ui.navigation import go, link
from kapteam.ui.rows import identity, phrase, row, section, words
from kapteam.ui.scores import enter_link
from kapteam.ui.series import draw_series
from kapteam.ui.shell import Present
from kapteam.ui.text import plain, quiet
from kapteam.ui.written import free_words, write_links
from kapteam.vocabulary import (
    ConsentType,
    Function,
    HoldReason,
    Indication,
    NoteKind,
    Part,
    ProductRoute,
    ServiceLine,
    Tone,
)
from kapteam.wording import Phrase

_NOBODY = "nobody"
_WITH_INTENTION = "An intention note belongs to each ketamine session"
_WITH_INTEGRATION = "Integration belongs to each ketamine session"
_FUNCTION_OF = {Part.PRESCRIBER: Function.PRESCRIBER, Part.THERAPIST: Function.THERAPIST}


def draw_banner(
    here: Present,
    care: CourseHead,
    *,
    to_course: bool = True,
    seen: bool | None = None,
    critical: tuple[Signal, ...] | None = None,
) -> None:
    """Whose course it is, where it stands, and the pause in force.

    `seen` and `critical` as for `identity`.
    """
    also = f"{care.service_line.label}: {care.state.label}"
    course_id = care.id if to_course else ""
    identity(here, care.client, also, course_id, seen=seen, critical=critical)
    if care.hold_reason and care.look_again_on:
        phrase(sentences.on_hold(care.hold_reason, care.look_again_on, here.today))


def new_course_fields(
    here: Present, form: Form, colleagues: tuple[Colleague, ...], before: CourseBefore | None
) -> None:
    """What a new course needs; the experience only where the course is about one.

    Whoever comes back starts from the course before, without anything being typed again.
    """
    if before:
        _said_of(here, before)
    line = form.choice(
        "service_line",
        "What is this course for?",
        list(ServiceLine),
        before.service_line if before else None,
    )
    form.several(
        "indications", "Indications", list(Indication), before.indications if before else ()
    )
    left, right = st.columns(2, gap="large")
    for column, part in ((left, Part.PRESCRIBER), (right, Part.THERAPIST)):
        with column:
            choices = with_function(colleagues, _FUNCTION_OF[part])
            mine = here.viewer.clinician_id if here.viewer.clinician_id in choices else None
            theirs = before.colleague(part) if before else mine
            chosen = theirs if theirs in choices else None
            name = part.value
            form.pick(f"{name}_id", part.label, choices, chosen, none="Nobody here")
            form.line(f"{name}_elsewhere", f"… or a {part.label.lower()} elsewhere, by name")
            if not choices:
                _nobody_has(here, part)
    if line is ServiceLine.PSYCHEDELIC_INTEGRATION:
        st.subheader("The experience elsewhere, as the client tells it", anchor=False)
        form.line("substance", "Substance")
        form.line("happened", "When", hint="for example summer 2025")
        form.area("circumstances", "Setting, and why they seek help now")
    form.check("expects_intention", _WITH_INTENTION, True)
    form.check("expects_integration", _WITH_INTEGRATION, True)


def _nobody_has(here: Present, part: Part) -> None:
    """That nobody of the practice can have this part yet, and where they are added."""
    does = "prescribes" if part is Part.PRESCRIBER else "is a therapist"
    with row(f"nobody_{part.value}"):
        words(quiet(f"Nobody here {does} yet."))
        add_a_colleague(here)


def _said_of(here: Present, before: CourseBefore) -> None:
    """Where the fields come from, and that its end may still wait for a sign-off."""
    ended = wording.day(before.closed_at.astimezone(here.zone).date(), here.today)
    words(
        quiet(
            f"Filled in from the course that ended {ended} ({before.service_line.label}), with "
            "those who still work here. Change what is different now."
        )
    )
    if before.waits_on:
        who = wording.listed(list(before.waits_on))
        phrase(
            Phrase(
                f"Its end is still waiting on {who}: sign-off. A new course can be opened all the "
                "same.",
                Tone.AMBER,
                "approval",
            )
        )


def draw_course(here: Present, care: Course) -> None:
    """The course as it stands, with the way to its clearance and consents."""
    left, right = st.columns(2, gap="large")
    with left:
        since = wording.moment(care.state_since, here.now, here.zone)
        st.markdown(f"**{care.state.label}** {quiet(f'since {since}')}")
        treated = ", ".join(one.label for one in care.indications) or "Indication not recorded"
        st.markdown(plain(treated))
        for one in sorted(care.members, key=lambda one: list(Part).index(one.part)):
            st.markdown(f"{one.part.label}: **{plain(one.name)}** {_until(here, one)}")
        draw_series(here, care)
        for experience in care.told:
            _experience(here, care, experience)
        if care.hold:
            since = wording.moment(care.hold.since_at, here.now, here.zone)
            st.markdown(f"On hold {quiet(f'since {since}, {care.hold.set_by}')}")
            if care.hold.note:
                st.text(free_words(here, care.hold.note))
        if care.closed_at and care.close_reason:
            closed = wording.moment(care.closed_at, here.now, here.zone)
            by = f" by {plain(care.ending.ended_by)}" if care.ending else ""
            st.markdown(f"Closed {closed}{by}: {care.close_reason.label}")
            if care.close_note:
                st.text(free_words(here, care.close_note))
            if care.ending:
                draw_ending(here, care.ending, care.closed_at)
    with right:
        _clearance_line(here, care)
        _consent_line(here, care)
        with st.container(horizontal=True):
            if care.service_line is ServiceLine.KAP:
                label = "Record clearance" if takes_clearance(here, care) else "Clearance"
                link("clearance", label, icon="verified_user", episode=care.id)
            link("consent", "Consents", icon="signature", episode=care.id)
            if care.service_line is ServiceLine.KAP and care.state in BOOKABLE and not care.hold:
                link("booking", "Book a ketamine session", icon="event", episode=care.id)
            enter_link(here, care.id)
        if can_write_note(here.viewer, NoteKind.GENERAL):
            with row("write_note"):
                words(quiet("Write a note"))
                write_links(here, care.id)


def _experience(here: Present, care: Course, one: Experience) -> None:
    """What the client told, struck through when it was entered in error; the way to correct it."""
    circumstances = free_words(here, one.circumstances)
    told = f"{one.substance}, {one.happened}. {circumstances}".strip()
    if one.voided_at:
        why = free_words(here, one.void_reason)
        words(f"~~{plain(told)}~~ {quiet(f'entered in error: {why}')}")
        return
    st.text(told)
    if care.closed_at is None and can_run_episode(here.viewer):
        with st.popover("Correct", width="content", key=f"correct_{one.id}"):
            form = Form(here, "experience", one.id, makes=unused_id(here))
            form.line("substance", "Substance", one.substance)
            form.line("happened", "When", one.happened)
            form.area("circumstances", "Setting, and why they seek help now", one.circumstances)
            form.line("void_reason", "What was wrong")
            form.save(
                "Save the correction",
                correct_experience,
                lambda: form.entered(
                    ExperienceCorrected,
                    id=id_within(form.makes, f"in the place of {one.id}"),
                    experience_id=one.id,
                ),
                kind="secondary",
            )


def _clearance_line(here: Present, care: Course) -> None:
    if care.service_line is not ServiceLine.KAP:
        return
    if care.clearance is None:
        st.markdown(quiet("Not cleared by a prescriber yet"))
        return
    one = care.clearance
    until = f", valid until {wording.full_day(one.valid_until_on)}" if one.valid_until_on else ""
    routes = ", ".join(route.label for route in one.routes)
    ceiling = f" up to {one.ceiling.words}" if one.ceiling else ""
    st.markdown(f"**{one.decision.label}** {plain(routes)}{plain(ceiling)}{until}")


def _consent_line(here: Present, care: Course) -> None:
    counting = [one for one in care.consents if one.is_in_date(here.today)]
    missing = _missing_consents(here, care)
    if missing:
        st.markdown(quiet(missing))
        return
    ends = min((one.expires_on for one in counting if one.expires_on), default=None)
    until = f", the first ends {wording.full_day(ends)}" if ends else ""
    st.markdown(plain(f"{wording.count(len(counting), 'consent')} in date{until}"))


def _missing_consents(here: Present, care: Course) -> str:
    """Which of those that dosing needs are not in date (rule 22); empty when none is missing."""
    if care.service_line is not ServiceLine.KAP:
        return ""
    in_date = {one.type for one in care.consents if one.is_in_date(here.today)}
    # Without a route yet, as for ketamine: a deferral names none.
    routes = (care.clearance and care.clearance.routes) or (ProductRoute.INTRAMUSCULAR,)
    with_therapy = (
        care.expects_integration
        or care.expects_intention
        or care.member(Part.THERAPIST) is not None
    )
    needed = required_consents(routes, with_therapy=with_therapy)
    missing = [one.label for one in needed if one not in in_date]
    return f"Consents still missing: {', '.join(missing)}" if missing else ""


def draw_measures_asked(here: Present, care: Course) -> None:
    """Where the course asks for no outcome measures: that it does not, or who set that it does."""
    rests = asks_for_none(care.service_line, care.state, is_held=care.hold is not None)
    since = care.measures_asked
    if care.closed_at is not None or not (rests or since):
        return
    form = Form(here, "measures", care.id)
    version = form.seen(care.version)
    with row("measures_asked"):
        if since is None:
            where = "while it is on hold" if care.hold else "in psychedelic integration"
            words(quiet(f"No outcome measures are asked for {where}."))
        else:
            at = wording.moment(since[0], here.now, here.zone)
            words(quiet(f"Outcome measures are asked for all the same: {since[1]}, {at}."))
        form.save(
            "Ask for measures" if since is None else "Stop asking for measures",
            ask_for_measures,
            lambda: MeasuresAskedEntered(care.id, version, since is None),
            kind="secondary",
        )


def draw_earlier_holds(here: Present, care: Course) -> None:
    """The pauses that are over: from when to when, why they began and why they ended."""
    over = [one for one in care.holds if one.released_at]
    if not over:
        return
    with st.expander(f"Earlier holds ({len(over)})"):
        for one in over:
            since = wording.moment(one.since_at, here.now, here.zone)
            until = wording.moment(one.released_at or here.now, here.now, here.zone)
            why = "On hold" if one.reason is HoldReason.OTHER else one.reason.label
            st.markdown(f"**{why}** {quiet(f'{since} to {until}')}")
            for who, text in ((one.set_by, one.note), (one.released_by, one.release_note)):
                if text:
                    st.text(f"{who}: {free_words(here, text)}")


def draw_steps(here: Present, care: Course, colleagues: tuple[Colleague, ...]) -> None:
    """Move, hold or release, change who is on it, close; nothing once it is closed."""
    if care.closed_at is not None:
        with row("closed"):
            words("This course is closed. Open a new one from the client.")
            link("client", "To the client", icon="arrow_back", client=care.client.code)
        draw_unsaved_closing(here, care)
        return
    hold = "Release the hold" if care.hold else "Hold"
    move, pause, people, about, close = st.tabs(
        ["Next state", hold, "Who is on it", "What it is for", "Close"]
    )
    with move:
        form = Form(here, "move", care.id)
        version = form.seen(care.version)
        form.choice("to", "Move to", list(care.moves))
        form.save(
            "Move",
            move_episode,
            lambda: form.entered(MoveEntered, episode_id=care.id, version=version),
        )
    with pause:
        _hold_form(here, care)
    with people:
        for part in (Part.PRESCRIBER, Part.THERAPIST):
            _member_form(here, care, part, colleagues)
        _cover_form(here, care, colleagues)
    with about:
        _about_form(here, care)
    with close:
        closing_form(here, care, colleagues)


def _about_form(here: Present, care: Course) -> None:
    form = Form(here, "about", care.id)
    version = form.seen(care.version)
    form.several("indications", "Indications", list(Indication), care.indications)
    form.check("expects_intention", _WITH_INTENTION, care.expects_intention)
    form.check("expects_integration", _WITH_INTEGRATION, care.expects_integration)
    form.save(
        "Save what it is for",
        change_episode,
        lambda: form.entered(EpisodeChangeEntered, episode_id=care.id, version=version),
        kind="secondary",
    )


def draw_unbooked(here: Present, care: Course) -> None:
    """The way to the record of a ketamine session that took place without a booking."""
    if care.service_line is not ServiceLine.KAP:
        return
    with st.expander("A ketamine session took place that was not booked"):
        st.markdown(quiet("Say which and when; its doses are recorded on the next page."))
        form = Form(here, "unbooked", makes=unused_id(here))
        form.choice("product_route", "Product and route", list(ProductRoute))
        form.moment("planned_on", "planned_time", "It began on", "It began at", here.today)
        form.line("place", "Place")
        form.save(
            "Go on to its record",
            admit_unbooked_session,
            lambda: form.entered(UnbookedEntered, id=form.makes, episode_id=care.id),
            then=lambda _: go("ketamine_session", id=form.makes),
            kind="secondary",
        )


def _hold_form(here: Present, care: Course) -> None:
    if care.hold:
        hold_id, medical = care.hold.id, care.hold.reason.is_medical
        if not can_release_hold(here.viewer, medical=medical):
            st.markdown("This is a medical hold; only a prescriber can release it.")
            return
        release = Form(here, "release", hold_id)
        release.area("release_note", "Why it ends")
        release.save(
            "Release the hold",
            release_hold,
            lambda: release.entered(ReleaseEntered, hold_id=hold_id),
        )
        return
    form = Form(here, "hold", makes=unused_id(here))
    form.choice("reason", "Reason", list(HoldReason))
    form.day("look_again_on", "Look again on")
    form.area("note", "Note")
    form.save(
        "Hold",
        hold_episode,
        lambda: form.entered(HoldEntered, id=form.makes, episode_id=care.id),
    )


def _member_form(
    here: Present, care: Course, part: Part, colleagues: tuple[Colleague, ...]
) -> None:
    member = care.member(part)
    form = Form(here, f"member.{part.value}", care.id, makes=unused_id(here))
    choices = with_function(colleagues, _FUNCTION_OF[part])
    with row(f"member_{part.value}"):
        words(f"{part.label}: **{plain(member.name if member else 'nobody')}**", 330)
        with st.container(width=280):
            form.pick(
                "clinician_id", "From now on", choices | ({_NOBODY: "Nobody"} if member else {})
            )
        with st.container(width=280):
            form.line("clinician_elsewhere", "… or elsewhere, by name")
        form.save(
            f"Change {part.label.lower()}",
            change_member,
            lambda: _member_entered(form, care, part, member.id if member else None),
            kind="secondary",
        )


def _cover_form(here: Present, care: Course, colleagues: tuple[Colleague, ...]) -> None:
    """Who covers this course for some days: from now until the last of them, then it ends."""
    cover = care.member(Part.COVER)
    form = Form(here, "member.cover", care.id, makes=unused_id(here))
    choices = with_function(colleagues, *FUNCTIONS_OF[Part.COVER])
    with row("member.cover"):
        until = _until(here, cover) if cover else ""
        words(f"Cover: **{plain(cover.name if cover else 'nobody')}** {until}", 330)
        with st.container(width=280):
            nobody = {_NOBODY: "Nobody"} if cover else {}
            form.pick("clinician_id", "Covers from now on", choices | nobody)
        with st.container(width=280):
            form.day("until_on", "Last day of the cover")
        form.save(
            "Change cover",
            change_member,
            lambda: _member_entered(form, care, Part.COVER, cover.id if cover else None),
            kind="secondary",
        )


def _until(here: Present, member: Member) -> str:
    """The last day of a cover, in grey; a part that does not end has none."""
    if member.until_at is None:
        return ""
    last = wording.day(wording.last_day(member.until_at, here.zone), here.today)
    return quiet(f"until {last}")


def _member_entered(form: Form, care: Course, part: Part, replaces_id: str | None) -> MemberEntered:
    """Who was entered; that nobody has the part from now on is said, not left empty."""
    entered: MemberEntered = form.entered(
        MemberEntered,
        id=id_within(form.makes, f"{part.value} after {replaces_id}"),
        episode_id=care.id,
        part=part,
        replaces_id=replaces_id,
    )
    named = bool(entered.clinician_elsewhere.strip())
    if entered.clinician_id is None and not named:
        raise Invalid({"clinician_id": "Choose who it is from now on, or name somebody elsewhere."})
    if entered.clinician_id == _NOBODY and named:
        raise Invalid({"clinician_id": "Nobody, or somebody elsewhere: not both."})
    return replace(entered, clinician_id=None) if entered.clinician_id == _NOBODY else entered


def consent_fields(here: Present, form: Form) -> None:
    """A signed form."""
    st.subheader("New consent", anchor=False)
    form.choice("type", "What was agreed to", list(ConsentType))
    left, right = st.columns(2, gap="large")
    with left:
        form.line("form_version", "Version of the form")
        form.day("signed_on", "Signed on", here.today)
    with right:
        form.day("expires_on", "Expires on (empty: does not expire)")
        if form.value("type") is ConsentType.KAP_TREATMENT and not form.value("expires_on"):
            # Rule 22 names it as the usual life of a KAP consent.
            words(quiet("Usually signed anew after 12 months, or for another route."))


def draw_consents(here: Present, care: Course) -> None:
    """Every consent with its dates; one that counts can be revoked.

    What was entered in error stays readable underneath, struck through.
    """
    kept = [one for one in care.consents if one.voided_at is None]
    if care.closed_at is None and (missing := _missing_consents(here, care)):
        phrase(Phrase(missing, Tone.AMBER, "signature"))
    with section("Consents", len(kept), key="consents", nothing="No consent yet."):
        for one in kept:
            with row(f"consent_{one.id}"):
                counts = one.is_in_date(here.today)
                words(f"**{one.type.label}**" if counts else quiet(one.type.label), 230)
                words(quiet(f"version {one.form_version}" if one.form_version else ""), 140)
                words(plain(f"signed {wording.full_day(one.signed_on)}"), 210)
                phrase(_ends(here, one), 280)
                if counts:
                    with st.popover("Revoke", width="content", key=f"revoke_{one.id}"):
                        _revocation_form(here, one.id)
                with st.popover("Entered in error", width="content", key=f"error_{one.id}"):
                    _consent_error_form(here, one.id)
    for one in care.consents:
        if one.voided_at:
            signed = f"{one.type.label}, signed {wording.full_day(one.signed_on)}"
            why = free_words(here, one.void_reason)
            words(f"~~{plain(signed)}~~ {quiet(f'entered in error: {why}')}")


def _revocation_form(here: Present, consent_id: str) -> None:
    words("The client takes it back. It stays readable, and counts no more.")
    Form(here, "revoke", consent_id).save(
        "Revoke from today",
        revoke_consent,
        partial(RevocationEntered, consent_id=consent_id, revoked_on=here.today),
        kind="secondary",
    )


def _consent_error_form(here: Present, consent_id: str) -> None:
    form = Form(here, "void", consent_id)
    form.line("void_reason", "What was wrong")
    form.save(
        "Mark as entered in error",
        void_consent,
        lambda: form.entered(ConsentErrorEntered, consent_id=consent_id),
        kind="secondary",
    )


def _ends(here: Present, one: ConsentLine) -> Phrase:
    """Until when it counts; that it runs out soon only of one that still counts (rule 22)."""
    if one.revoked_on:
        return Phrase(f"revoked {wording.full_day(one.revoked_on)}")
    if one.expires_on is None:
        return Phrase("does not expire")
    if one.expires_on < here.today:
        return Phrase(f"expired {wording.full_day(one.expires_on)}")
    if not one.is_newest:
        return Phrase(f"expires {wording.full_day(one.expires_on)}")
    return sentences.consent_ends(one.expires_on, here.today)
