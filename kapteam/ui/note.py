"""A note on its page: saved field by field, signed on a plain page, amended beside the original.

What is written in words is sent and kept by the guard script while it is typed, without a run of
this page (decision 60); what is picked is saved here, when it is picked.
"""

from datetime import date
from html import escape
from typing import Any

import streamlit as st

from kapteam import sentences, wording
from kapteam.actions.notes import (
    AddendumEntered,
    AmendmentEntered,
    NoteEntered,
    NoteErrorEntered,
    NoteReadEntered,
    add_addendum,
    amend_note,
    drop_empty_note,
    mark_note_read,
    save_draft,
    start_note,
    void_note,
)
from kapteam.db.signing import NotedDose, NotedIntegration, Subject
from kapteam.errors import Invalid, NotFound, Refused, Unavailable
from kapteam.ids import id_within
from kapteam.queries.integration_session import integration_page
from kapteam.queries.ketamine_session import ketamine_session_page
from kapteam.queries.notes import DraftText, NoteLine, NotePage
from kapteam.rules.notes import (
    FIRST_DAY,
    LAST_DAY,
    Field,
    Template,
    ThemesField,
    is_required,
)
from kapteam.ui.asks import ask_link
from kapteam.ui.commitments import draw_commitments
from kapteam.ui.discuss import discuss_link
from kapteam.ui.forms import DAY_WIDTH, Form, minted_id, unused_id
from kapteam.ui.navigation import go, link
from kapteam.ui.rows import identity, phrase, row
from kapteam.ui.shell import Present, acting, say_next
from kapteam.ui.text import plain, quiet
from kapteam.ui.written import COLUMN, draw_additions, folded_for_others, free_words
from kapteam.vocabulary import NoteKind, Tone
from kapteam.wording import Phrase

_NOT_ANSWERED = "Not answered"
_TOO_LATE = (
    "The note was signed in another tab. What you typed here was not saved; amend the note to add "
    "it."
)
_NO_THEMES = (
    "No themes to pick: your practice has none on its list. Write them under “Other themes”."
)


def begin_note(here: Present) -> None:
    """Start the note that a Write link asks for, or go on with the one begun; ends this run."""
    asked_for = st.query_params.get("kind", NoteKind.INTENTION.value)
    if asked_for not in list(NoteKind):
        raise NotFound("There is no such kind of note.")
    kind = NoteKind(asked_for)
    dose = st.query_params.get("dose", "")
    integration = st.query_params.get("integration", "")
    if kind.is_about_course:
        episode_id = st.query_params.get("episode", "")
    elif kind is NoteKind.INTENTION:
        episode_id = here.read(ketamine_session_page, dose).course.id
    else:
        episode_id = here.read(integration_page, integration_id=integration).course.id
    entered = NoteEntered(
        id=minted_id(),
        kind=kind,
        episode_id=episode_id,
        ketamine_session_id=dose or None,
        integration_session_id=integration or None,
    )
    go("note", id=here.write(start_note, entered, here.now))


def draw_note_banner(here: Present, shown: NotePage) -> None:
    """Two identifiers above the first field, which note it is, and what it is about."""
    identity(here, shown.client)
    subject = shown.subject
    st.subheader(subject.title, anchor=False)
    doses = [_dose(here, dose) for dose in subject.doses]
    if subject.kind.is_about_course:
        st.markdown(quiet(f"About the course of care: {subject.course.label}"))
    elif shown.can_write:
        st.markdown(f"**{plain(_what_it_does(subject, doses))}**")
    if subject.integration is not None:
        st.markdown(quiet(_held(here, subject.integration)))
    for dose, said in zip(subject.doses, doses, strict=True):
        since = subject.integration.after(dose) if subject.integration else ""
        st.markdown(quiet(f"Ketamine session of {said}, {dose.product_route.label}{since}"))
    for experience in subject.elsewhere:
        st.markdown(quiet(f"Experience elsewhere: {experience}"))
    if shown.is_on_course:
        with row("to_colleagues"):
            ask_link(here, shown.treated_by, note=shown.note.id)
            if shown.note.signed_at is not None:
                discuss_link(here, shown.note.episode_id)


def _what_it_does(subject: Subject, doses: list[str]) -> str:
    about = subject.integration.kind if subject.integration else None
    before = all(dose.integrated_before for dose in subject.doses)
    return sentences.note_does(about, doses, before=before)


def _dose(here: Present, dose: NotedDose) -> str:
    return wording.moment(dose.last_given_at or dose.planned_at, here.now, here.zone)


def _held(here: Present, integration: NotedIntegration) -> str:
    """From when to when it was held, and how the two met."""
    how = integration.how.label.lower()
    if integration.held_at is None:
        return f"{integration.kind.label}, not held yet, {how}"
    held = wording.moment(integration.held_at, here.now, here.zone)
    if integration.ended_at is not None:
        held += f" to {wording.clock_time(integration.ended_at.astimezone(here.zone).time())}"
    return f"{integration.kind.label}, held {held}, {how}"


def draw_writing(here: Present, shown: NotePage) -> None:
    """The author's fields; what was intended, or left open last time, stands above."""
    if not shown.is_on_course and shown.treated_by:
        phrase(Phrase(_handed_back(shown), Tone.AMBER, "person_off"))
    for intention in shown.intentions:
        _quoted(here, "The intention", intention, ("intention", "why"))
    _after_the_last(here, shown)
    _agreed_before(here, shown)
    if shown.beginning and not shown.has_words:
        _offer_beginning(here, shown)
    st.markdown(
        quiet(
            "This note is shared with the care team: it is a progress note. Keep process notes "
            "elsewhere."
        )
    )
    for field in shown.template.first:
        _field(here, shown, field)
    for heading, group in shown.template.folded:
        filled = any(field.key in shown.drafts for field in group)
        with st.expander(heading, expanded=filled):
            for field in group:
                _field(here, shown, field)
    with st.container(horizontal=True, vertical_alignment="center"):
        this = (shown.note.id, shown.template)
        st.button("Sign …", type="primary", key="sign_note", on_click=_ask_signature, args=this)
        st.button("Save draft", on_click=_save_all, args=this)
        if not shown.has_words:
            st.button(
                "Discard this empty note",
                type="tertiary",
                on_click=_discard,
                args=(shown.note.id, shown.client.code),
            )
    if st.session_state.pop("sign_now", None) == shown.note.id:
        st.html(f'<span data-kapteam-go="/session/sign/{shown.note.id}"></span>')


def _after_the_last(here: Present, shown: NotePage) -> None:
    """What the last integration left for this intention, its committed actions apart.

    Those are told line by line; the actions of another course of the client only stand here.
    """
    last = shown.last_integration
    if last is None:
        return
    told_below = any(one.note_id == last.id for one in shown.agreed)
    keys = ("next_dose",) if told_below else ("actions", "next_dose")
    if any(map(last.answer, keys)) or last.amendments or last.addenda:
        _quoted(here, "Left open by the last integration", last, keys)


def _agreed_before(here: Present, shown: NotePage) -> None:
    """The client's committed actions; who may not say what became of them reads them."""
    heading = "Agreed before, still open"
    draw_commitments(here, heading, shown.agreed, may_say=shown.is_member)
    if shown.agreed and shown.is_on_course:
        link("thread", "Thread", icon="forum", episode=shown.note.episode_id)


def _handed_back(shown: NotePage) -> str:
    """Where cover ended while somebody wrote: whose the words are, and how the others get them."""
    names = [one.name for one in shown.treated_by]
    have = "has" if len(names) == 1 else "have"
    return (
        f"You are no longer on this course of care. {wording.listed(names)} {have} it now. "
        "What you wrote stays yours: sign it and they read it, or copy it for them."
    )


def _key(note_id: str, field: str) -> str:
    return f"note/{note_id}/{field}"


def typed_key(row_id: str, field: Field) -> str:
    """The widget key of a field that `draw_typed` draws."""
    return _key(row_id, field.key)


def _field(here: Present, shown: NotePage, field: Field) -> None:
    kept = shown.drafts.get(field.key)
    body = {name: draft.text for name, draft in shown.drafts.items()}
    required = is_required(shown.template, field, body)
    label = f"{field.label}{' (required)' if required else ''}"
    if isinstance(field, ThemesField) and not field.choices:
        st.markdown(quiet(_NO_THEMES))
    elif field.is_typed:
        draw_typed(here, shown.note.id, field, label, kept)
    else:
        _picked(here, shown.note.id, field, label, kept)


def draw_typed(
    here: Present, note_id: str, field: Field, label: str, kept: DraftText | None
) -> None:
    """A field written in words, and its mark: what the guard script has to know to save it.

    Over which version it is typed is not said where the browser holds another text than is kept.
    """
    key = _key(note_id, field.key)
    text = kept.text if kept else ""
    first: dict[str, Any] = {} if key in st.session_state else {"value": text}
    prompt = field.prompt or None
    held = st.text_area(label, key=key, placeholder=prompt, height=80, on_change="ignore", **first)
    version = (kept.version if kept else 0) if held == text else ""
    mark = f'data-kapteam-note="{note_id}" data-kapteam-field="{field.key}"'
    _saved(here, kept, f'{mark} data-kapteam-version="{version}"')


def late_words(row_id: str, sentence: str) -> None:
    """Where the guard script puts what this tab typed in a row and could not save any more.

    The `sentence` above it says why, and what to do; nothing is drawn where nothing was typed.
    """
    st.html(f'<div data-kapteam-late="{row_id}" data-kapteam-why="{escape(sentence)}"></div>')


def _saved(here: Present, kept: DraftText | None, mark: str = "") -> None:
    """When a field was saved, in a line that is there before the words are."""
    saved = sentences.saved(kept.saved_at, here.now, here.zone) if kept else ""
    st.html(f'<div class="kapteam-kept" {mark}><p>{saved}</p></div>')


def _picked(here: Present, note_id: str, field: Field, label: str, kept: DraftText | None) -> None:
    """A field that is picked, saved when it is; below it both answers if another tab saved one."""
    key = _key(note_id, field.key)
    text = kept.text if kept else ""
    fresh = key not in st.session_state
    opened = fresh or f"{key}#version" not in st.session_state
    if opened:
        st.session_state[f"{key}#version"] = kept.version if kept else 0
        st.session_state.pop(f"{key}#problem", None)
        st.session_state.pop(f"{key}#left", None)
    saving: dict[str, Any] = {"key": key, "on_change": _keep, "args": (note_id, field)}
    _draw(note_id, field, label, text if fresh else None, saving)
    if opened and _answer(field, key) != text:
        _brought_back(here, note_id, field, kept)
    elif _waits(field, key, kept):
        _keep_one(here, note_id, field)
    problem = st.session_state.get(f"{key}#problem")
    if problem:
        st.markdown(f":red[:material/error: {plain(problem)}]")
        if kept and kept.version != st.session_state.get(f"{key}#version"):
            _both_answers(here, note_id, field, kept)
    elif kept and _answer(field, key) == kept.text:
        _saved(here, kept)
    left = st.session_state.get(f"{key}#left")
    if left:
        st.markdown(quiet(f"Not taken: {left}"))


def _draw(
    note_id: str, field: Field, label: str, first: str | None, saving: dict[str, Any]
) -> None:
    """What a field is picked with; `first` is what it starts from, None once it is on the page."""
    if field.many:
        if first is not None:
            saving["default"] = _as_held(field, first)
        st.pills(label, field.choices, selection_mode="multi", format_func=plain, **saving)
    elif field.choices:
        options = [_NOT_ANSWERED, *field.choices]
        if first is not None:
            saving["index"] = options.index(first) if first in options else 0
        st.radio(label, options, horizontal=True, **saving)
    else:
        chosen = st.date_input(
            label,
            _as_held(field, first or ""),
            format="YYYY-MM-DD",
            min_value=FIRST_DAY,
            max_value=LAST_DAY,
            width=DAY_WIDTH,
            **saving,
        )
        _day_echo(note_id, field, chosen)


def _day_echo(note_id: str, field: Field, chosen: date | None) -> None:
    """The weekday and the month under a day, and the way to take it back."""
    below = st.empty()
    if chosen:
        with below.container(horizontal=True, vertical_alignment="center"):
            st.caption(wording.full_day(chosen), width="content")
            st.button(
                "No day",
                key=f"{_key(note_id, field.key)}#none",
                type="tertiary",
                icon=":material/close:",
                on_click=_take_back,
                args=(note_id, field),
            )


@acting
def _take_back(here: Present, note_id: str, field: Field) -> None:
    st.session_state[_key(note_id, field.key)] = None
    _keep_one(here, note_id, field)


def _brought_back(here: Present, note_id: str, field: Field, kept: DraftText | None) -> None:
    """After a restart the browser brings back another answer than is kept: neither is lost.

    What this tab had seen is forgotten by then, so the person says which one is right.
    """
    if kept is None:
        _keep_one(here, note_id, field)
        return
    key = _key(note_id, field.key)
    st.session_state[f"{key}#version"] = 0
    st.session_state[f"{key}#problem"] = "Another answer was saved for this field. Keep one."


def _waits(field: Field, key: str, kept: DraftText | None) -> bool:
    """Whether a field holds what could not be saved when it was left: the database was gone."""
    is_newer = _answer(field, key) != (kept.text if kept else "")
    is_seen = st.session_state.get(f"{key}#version") == (kept.version if kept else 0)
    may_be_saved = f"{key}#problem" not in st.session_state or f"{key}#waits" in st.session_state
    return is_newer and is_seen and may_be_saved


def _answer(field: Field, key: str) -> str:
    """What a field holds now, as the text that is kept of it."""
    held = st.session_state.get(key) or ""
    if isinstance(held, date):
        return held.isoformat()
    if isinstance(held, list | tuple):
        return field.joined(held)
    return "" if held == _NOT_ANSWERED else held


def _as_held(field: Field, text: str) -> Any:
    """What a field's widget holds for a text that is kept: the reverse of `_answer`."""
    if field.is_day:
        return field.day(text)
    if field.many:
        return [one for one in field.picked(text) if one in field.choices]
    return text or _NOT_ANSWERED


def _both_answers(here: Present, note_id: str, field: Field, kept: DraftText) -> None:
    """What this tab and another one answered, side by side, with the two ways on."""
    mine = _answer(field, _key(note_id, field.key))
    theirs = sentences.saved_elsewhere(kept.saved_at, here.now, here.zone)
    sides = (
        ("Yours, not saved", mine, "Keep mine", True),
        (theirs, kept.text, "Take the other", False),
    )
    for column, (heading, text, label, is_mine) in zip(st.columns(2), sides, strict=True):
        with column:
            st.markdown(f"**{plain(heading)}**")
            st.text(_read(field, text))
            st.button(
                label,
                key=f"{_key(note_id, field.key)}#{label}",
                on_click=_settle,
                args=(note_id, field, kept, is_mine),
            )


def _read(field: Field, text: str) -> str:
    """An answer as it is read, also when there is none."""
    return field.written(text) or (_NOT_ANSWERED if field.choices else "Nothing: it was emptied.")


@acting
def _settle(here: Present, note_id: str, field: Field, kept: DraftText, keep_mine: bool) -> None:
    key = _key(note_id, field.key)
    not_taken = kept.text if keep_mine else _answer(field, key)
    st.session_state[f"{key}#left"] = _read(field, not_taken)
    st.session_state[f"{key}#version"] = kept.version
    if not keep_mine:
        st.session_state[key] = _as_held(field, kept.text)
    _keep_one(here, note_id, field)


@acting
def _keep(here: Present, note_id: str, field: Field) -> None:
    _keep_one(here, note_id, field)


def _keep_one(here: Present, note_id: str, field: Field) -> bool:
    """Save one field as it is now; False when it could not be."""
    key = _key(note_id, field.key)
    text = _answer(field, key)
    seen = st.session_state.get(f"{key}#version", 0)
    st.session_state.pop(f"{key}#problem", None)
    st.session_state.pop(f"{key}#refused", None)
    st.session_state.pop(f"{key}#waits", None)
    if not text and not seen:
        return True
    try:
        saved = here.write(save_draft, note_id, field.key, text, seen, here.now)
    except Invalid as error:
        st.session_state[f"{key}#problem"] = " ".join(error.fields.values())
    except Refused as error:
        st.session_state[f"{key}#problem"] = str(error)
        st.session_state[f"{key}#refused"] = text
        if isinstance(error, Unavailable):
            st.session_state[f"{key}#waits"] = True
    else:
        st.session_state[f"{key}#version"] = saved.version
        return True
    return False


@acting
def _save_all(here: Present, note_id: str, template: Template) -> None:
    _all_kept(here, note_id, template)


def _all_kept(here: Present, note_id: str, template: Template) -> bool:
    """Save every answer that is on the page, whatever becomes of the one before.

    The guard script lets no press through before it has saved what is written in words.
    """
    drawn = [
        one
        for one in template.fields
        if not one.is_typed and _key(note_id, one.key) in st.session_state
    ]
    kept = [_keep_one(here, note_id, field) for field in drawn]
    return all(kept)


@acting
def _ask_signature(here: Present, note_id: str, template: Template) -> None:
    """Everything is saved first; then the guard goes to the page that asks the password."""
    if _all_kept(here, note_id, template):
        st.session_state["sign_now"] = note_id


@acting
def _discard(here: Present, note_id: str, code: str) -> None:
    try:
        here.write(drop_empty_note, note_id, here.now)
    except Refused as error:
        say_next(str(error), well=False)
        return
    go("client", client=code)


def _offer_beginning(here: Present, shown: NotePage) -> None:
    beginning = shown.beginning
    if beginning is None:
        return
    _quoted(here, "An intention that can be a start", beginning, ("intention", "why"))
    st.button(
        "Start from it",
        on_click=_start_from,
        args=(shown.note.id, shown.note.episode_id, shown.note.ketamine_session_id, beginning.id),
    )


@acting
def _start_from(
    here: Present, note_id: str, episode_id: str, dose_id: str | None, source_id: str
) -> None:
    """The empty note makes way for one that begins with the words of another."""
    entered = NoteEntered(
        id=id_within(note_id, source_id),
        kind=NoteKind.INTENTION,
        episode_id=episode_id,
        ketamine_session_id=dose_id,
        copy_from=source_id,
        instead_of=note_id,
    )
    try:
        started = here.write(start_note, entered, here.now)
    except Refused as error:
        say_next(str(error), well=False)
        return
    go("note", id=started)


def _quoted(here: Present, title: str, note: NoteLine, keys: tuple[str, ...]) -> None:
    with st.container(border=True):
        signed = wording.moment(note.signed_at, here.now, here.zone) if note.signed_at else ""
        st.markdown(f"**{plain(title)}** {quiet(f'{note.author.name}, signed {signed}')}")
        with folded_for_others(here, "The note"):
            for key in keys:
                if note.answer(key):
                    st.text(note.answer(key))
            draw_additions(here, note)


def draw_signed(here: Present, shown: NotePage) -> None:
    """The note as signed, with amendments and additions; or whose draft it is and since when."""
    note = shown.note
    if note.signed_at is None:
        since = wording.moment(note.started_at, here.now, here.zone)
        st.markdown(
            f"Draft, {plain(note.author.name)}, since {plain(since)}. Only its author reads it."
        )
        return
    draw_note_text(here, note)
    if note.voided_at is None:
        with row("note_ways"):
            link("filing", "For the other record", icon="content_copy", note=note.id)
            link("thread", "Thread", icon="forum", episode=note.episode_id)
    form: Form
    if shown.can_amend:
        _typed_after_signing(shown)
        _in_error_form(here, note)
        with st.expander("Amend", icon=":material/edit:"):
            form = Form(here, "amend", makes=unused_id(here))
            form.line("reason", "Reason for the amendment")
            form.area("text", "What it should say")
            form.save(
                "Save amendment",
                amend_note,
                lambda: form.entered(AmendmentEntered, id=form.makes, note_id=note.id),
            )
    if shown.can_mark_read:
        _read_form(here, note)
    if shown.can_add and not shown.can_amend:
        with st.expander("Add to this note", icon=":material/add_comment:"):
            form = Form(here, "addendum", makes=unused_id(here))
            form.area("text", "What to add")
            form.save(
                "Save addition",
                add_addendum,
                lambda: form.entered(AddendumEntered, id=form.makes, note_id=note.id),
            )


def _read_form(here: Present, note: NoteLine) -> None:
    """The way to say that one read a colleague's note, with a few words or none."""
    with st.expander("Read", icon=":material/done_all:"):
        st.markdown(quiet("Your colleagues see that you read it, and when. It is no signature."))
        form = Form(here, "note_read", makes=unused_id(here, "new_read"))
        form.line("comment", "Comment, if any")
        form.save(
            "Mark as read",
            mark_note_read,
            lambda: form.entered(NoteReadEntered, id=form.makes, note_id=note.id),
        )


def _typed_after_signing(shown: NotePage) -> None:
    """What this tab still held when the note was signed in another: nothing of it is lost.

    The guard script writes into the mark what was typed in words.
    """
    late_words(shown.note.id, _TOO_LATE)
    refused = {
        field.label: field.written(text)
        for field in shown.template.fields
        if (text := st.session_state.get(f"{_key(shown.note.id, field.key)}#refused"))
    }
    if not refused:
        return
    with st.container(border=True):
        st.markdown(f":red[:material/error: {_TOO_LATE}]")
        for label, text in refused.items():
            st.markdown(f"**{plain(label)}**")
            st.text(text)


def _in_error_form(here: Present, note: NoteLine) -> None:
    with st.expander("Entered in error", icon=":material/block:"):
        form = Form(here, "note_error", note.id)
        form.line("void_reason", "What was wrong, for example the wrong client")
        form.save(
            "Mark this note as entered in error",
            void_note,
            lambda: form.entered(NoteErrorEntered, note_id=note.id),
            kind="secondary",
        )


def draw_note_text(here: Present, note: NoteLine) -> None:
    """A signed note: its text to the letter, then what was amended and added beside it."""
    if note.signed_at is None:
        return
    signed = wording.moment(note.signed_at, here.now, here.zone)
    by = ", by prescriber" if note.by_prescriber else ""
    if note.voided_at:
        voided = wording.moment(note.voided_at, here.now, here.zone)
        st.markdown(
            f":red[:material/block:] **Entered in error** {quiet(f'{voided}, counts no more')}"
        )
        st.text(free_words(here, note.void_reason))
    st.markdown(
        f":material/lock: **Signed and locked** {quiet(f'{note.author.name}{by}, {signed}')}"
    )
    # A long note is judged before its end is reached.
    if note.amendments:
        at = wording.moment(note.amendments[-1].at, here.now, here.zone)
        phrase(Phrase(f"Amended {at}: read on below the text", Tone.AMBER, "edit_note"))
    with folded_for_others(here, "The note"), st.container(width=COLUMN, key="to_the_letter"):
        _to_the_letter(note)
        draw_additions(here, note)


def _to_the_letter(note: NoteLine) -> None:
    """The text that was signed, every word of it; the names of its fields in bold."""
    names = {one.label for one in note.answers}
    for part in note.signed_text.split("\n\n"):
        name, _, text = part.partition("\n")
        if name in names:
            st.markdown(f"**{plain(name)}**")
        st.text(text if name in names else part)
