"""What completes a ketamine session, on its page: the support that was given, two signatures."""

import streamlit as st

from kapteam import sentences, wording
from kapteam.actions.session_record import SupportEntered, TouchEntered, record_support
from kapteam.queries.ketamine_session import KetamineSessionPage
from kapteam.queries.session_record import SignatureLine, SupportLine
from kapteam.rules.permissions import can_record_support, can_sign_record
from kapteam.rules.session_record import (
    Challenge,
    SupportGiven,
    TouchGiven,
    to_sign_tone,
)
from kapteam.ui.forms import Form, typed_words, unused_id
from kapteam.ui.navigation import link
from kapteam.ui.rows import phrase, row, section, words
from kapteam.ui.shell import Present, acting, say_next
from kapteam.ui.text import plain, quiet
from kapteam.ui.written import folded_for_others, free_words
from kapteam.vocabulary import IntentionTouched, RecordPart, Support, TouchBegan

_SIGN_NOW = "sign_record_now"
_TOUCH = ("what", "began", "reply", "time")


def draw_support(here: Present, shown: KetamineSessionPage) -> None:
    """What support was given, and for a therapist the form that records or amends it."""
    if not here.viewer.reads_notes:
        return
    if shown.record.support:
        with section("Support", key="support"):
            _draw_version(here, shown.record.support)
            earlier = [one for one in shown.record.supports if one.replaced_at is not None]
            if earlier:
                with st.expander("As it read before"):
                    for one in earlier:
                        _draw_version(here, one)
    if shown.counted and can_record_support(here.viewer):
        title = "Amend the support" if shown.record.support else "Record support"
        with st.expander(title, icon=":material/volunteer_activism:"):
            _support_form(here, shown, shown.record.support)


def draw_signatures(here: Present, shown: KetamineSessionPage) -> None:
    """Who signed which part of a closed session, who is waited for, and the ways to sign."""
    if not (shown.status.is_given or shown.record.signatures):
        return
    with section("Signatures", key="signatures"):
        for part in RecordPart:
            with st.container(gap="xsmall", key=f"part_{part.value}"):
                _draw_part(here, shown, part)
        mine = _mine(here, shown)
        if len(mine) > 1:
            _sign_button(here, shown, mine, "Sign both parts")


def _draw_version(here: Present, line: SupportLine) -> None:
    support = line.support
    helped = wording.listed([one.label for one in support.given])
    touched = f" · Intention touched: {support.touched.label.lower()}" if support.touched else ""
    at = wording.moment(line.at, here.now, here.zone)
    words(f"{plain(helped + touched)} {quiet(f'{line.by}, {at}')}")
    if not (support.words or support.touches or support.challenge):
        return
    with folded_for_others(here, "In the client's words"):
        for one in support.touches:
            st.text(f"Touch: {_touch(here, one)}")
        if support.challenge:
            st.text(support.challenge.in_words())
        if support.words:
            st.text(support.words)


def _touch(here: Present, one: TouchGiven) -> str:
    at = wording.clock_time(one.at.astimezone(here.zone).time())
    return f"{one.what}, {at}, {one.began.label.lower()}. Client: {one.reply}"


def _support_form(here: Present, shown: KetamineSessionPage, known: SupportLine | None) -> None:
    form = Form(here, "support", shown.id, makes=unused_id(here, "new_support"))
    replaces = form.seen(known.id if known else "", of=f"{shown.id}.support")
    before = known.support if known else SupportGiven()
    form.several("given", "What helped", list(Support), before.given)
    form.choice("touched", "Was the intention touched?", list(IntentionTouched), before.touched)
    form.area("words", "In the client's own words, a few lines", before.words)
    _challenge_fields(here, form, shown, before.challenge)
    st.markdown(quiet("Touch: a line for each, or none"))
    rows = form.rows("touches", len(before.touches))
    for number in range(rows):
        kept = before.touches[number] if number < len(before.touches) else None
        with st.container(border=True, key=form.key(f"touches.{number}")):
            _touch_fields(here, form, number, kept)
    form.more_rows("touches", "Add another touch")
    form.save(
        "Save the support",
        record_support,
        lambda: form.entered(
            SupportEntered,
            id=form.makes,
            ketamine_session_id=shown.id,
            replaces=replaces,
            touches=_touches_entered(form, rows),
            was_challenging=bool(form.value("was_challenging")),
            is_over=form.value("is_over") if form.value("was_challenging") else None,
        ),
        kind="secondary",
    )


def _challenge_fields(
    here: Present, form: Form, shown: KetamineSessionPage, known: Challenge | None
) -> None:
    """Whether it was challenging, and only then how much, for how long, and what was used."""
    if not form.check("was_challenging", "It was a challenging experience", known is not None):
        return
    agreed = [note.answer("coping") for note in shown.intentions or () if note.signed_at]
    if agreed and agreed[-1]:
        st.text(f"Coping agreed before: {free_words(here, agreed[-1])}")
    with st.container(horizontal=True, gap="small"):
        with st.container(width=200):
            form.line("intensity", "How much, 0 to 10", str(known.intensity) if known else "")
        with st.container(width=200):
            lasted = "" if known is None or known.minutes is None else str(known.minutes)
            form.line("minutes", "Minutes, if known", lasted)
    form.line("coping", "Coping skills used", known.coping if known else "")
    form.yes_or_no("is_over", "Over before they left?", known.is_over if known else None)


def _touch_fields(here: Present, form: Form, number: int, known: TouchGiven | None) -> None:
    name = f"touches.{number}."
    left, middle, right = st.columns([2, 2, 1], gap="medium")
    with left:
        form.line(f"{name}what", "What", known.what if known else "", hint="hand held")
    with middle:
        form.line(f"{name}reply", "What the client said to it", known.reply if known else "")
    with right:
        at = wording.clock_time(known.at.astimezone(here.zone).time()) if known else ""
        form.time(f"{name}time", "Touch at", at)
    form.choice(
        f"{name}began", "Whose wish it was", list(TouchBegan), known.began if known else None
    )


def _touches_entered(form: Form, rows: int) -> tuple[TouchEntered, ...]:
    """The rows down to the last one that holds anything; an untouched row below is no touch."""
    held = [{name: form.value(f"touches.{n}.{name}") for name in _TOUCH} for n in range(rows)]
    last = max((n for n, one in enumerate(held) if any(one.values())), default=-1)
    return tuple(
        TouchEntered(one["what"] or "", one["began"], one["reply"] or "", one["time"] or "")
        for one in held[: last + 1]
    )


def _draw_part(here: Present, shown: KetamineSessionPage, part: RecordPart) -> None:
    for one in shown.record.given(part):
        _draw_signed(here, one)
    asked = shown.record.asked(part)
    if asked:
        tone = to_sign_tone(asked.asked_at, here.now)
        phrase(sentences.record_to_sign(part, _whose(here, shown, part), tone))
    elif not shown.record.given(part):
        words(quiet(f"{part.label}: nobody was asked to sign it."))
    if part in _mine(here, shown):
        _sign_button(here, shown, (part,), f"Sign the {part.label.lower()}")
    elif (
        part is RecordPart.SUPPORT
        and shown.record.support is None
        and _is_theirs(here, shown, part)
    ):
        words(quiet("Record the support first; then it can be signed."))


def _draw_signed(here: Present, one: SignatureLine) -> None:
    """Who signed and when; of what was changed since, how it read then."""
    assert one.signed_at is not None
    at = wording.moment(one.signed_at, here.now, here.zone)
    with row(f"signed_{one.id}"):
        phrase(sentences.record_signed(one.part, one.by, at, is_changed=one.changed_at is not None))
        if one.text:
            link("filing", "For the other record", icon="content_copy", record=one.id)
    if one.text and one.changed_at:
        with st.expander(f"What was signed, {at}"):
            st.text(one.text)


def _whose(here: Present, shown: KetamineSessionPage, part: RecordPart) -> str:
    """On whom a part waits, by name."""
    both = (shown.of_course.prescriber, shown.of_course.therapist)
    first, second = both if part is RecordPart.MEDICAL else reversed(both)
    person = first or second
    return sentences.colleague(person, here.now, here.zone) if person else ""


def _is_theirs(here: Present, shown: KetamineSessionPage, part: RecordPart) -> bool:
    """Whether this person, who has to be on the course or cover it, may sign a part."""
    is_on = any(here.viewer.stands_for(one.id) for one in shown.of_course.people if one.id)
    return is_on and can_sign_record(here.viewer, part)


def _mine(here: Present, shown: KetamineSessionPage) -> tuple[RecordPart, ...]:
    """The parts that this person can sign now."""
    return tuple(
        part
        for part in RecordPart
        if shown.status.is_given
        and shown.record.may_be_signed(part)
        and (part is RecordPart.MEDICAL or shown.record.support is not None)
        and _is_theirs(here, shown, part)
    )


def _sign_button(
    here: Present, shown: KetamineSessionPage, parts: tuple[RecordPart, ...], label: str
) -> None:
    """The way to the plain page that shows the text and asks for password or PIN."""
    which = parts[0].value if len(parts) == 1 else "both"
    st.button(
        f"{label} …",
        key=f"sign_record_{which}",
        type="secondary" if len(parts) == 1 else "primary",
        on_click=_ask_signature,
        args=(shown.id, which),
    )
    if st.session_state.get(_SIGN_NOW) == (shown.id, which):
        del st.session_state[_SIGN_NOW]
        st.html(f'<span data-kapteam-go="/session/sign-record/{shown.id}/{which}"></span>')


@acting
def _ask_signature(here: Present, session_id: str, which: str) -> None:
    """The browser leaves this page: what is half typed in its forms is saved first, or emptied."""
    labels = list(dict.fromkeys(label for label, _ in typed_words()))
    if labels:
        say_next(f"Save first, or empty, what you typed here: {wording.listed(labels)}", well=False)
        return
    st.session_state[_SIGN_NOW] = session_id, which
