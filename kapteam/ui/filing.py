"""What was signed or decided, to copy into the record kept elsewhere, and what is filed."""

from collections.abc import Iterator
from datetime import datetime

import streamlit as st

from kapteam import wording
from kapteam.actions.filing import FilingEntered, FilingTakenBack, mark_filed, take_filing_back
from kapteam.exchange.minutes import decision_text
from kapteam.queries.filing import MOST, Filed, OneToFile, ToFile
from kapteam.rules.permissions import can_review_cases
from kapteam.ui.forms import Form, unused_id
from kapteam.ui.minutes import as_it_was_link
from kapteam.ui.navigation import link
from kapteam.ui.rows import (
    identity,
    list_row,
    name_cell,
    phrase,
    row,
    section,
    telling_apart,
    words,
)
from kapteam.ui.shell import Present
from kapteam.ui.text import plain, quiet
from kapteam.ui.written import folded_for_others
from kapteam.vocabulary import Tone
from kapteam.wording import Phrase


def draw_one_to_file(here: Present, shown: OneToFile) -> None:
    """The whole text with a button that copies it, whether it is filed, and the way to say so."""
    what = shown.what
    identity(here, what.client)
    with row("to_file_head"):
        words(f"**{plain(what.title)}**")
        at = wording.moment(what.signed_at, here.now, here.zone)
        words(quiet(f"{what.by}, {'review ended' if shown.decided else 'signed'} {at}"))
        if what.note_id:
            link("note", "Note", icon="chevron_right", id=what.note_id)
        if shown.decided and can_review_cases(here.viewer):
            as_it_was_link(shown.decided.head.id, shown.decided.item.id)
        link("filing", "What is not filed", icon="chevron_right")
    first = decision_text(shown.decided, here.zone) if shown.decided else shown.text
    with folded_for_others(here, "The text"):
        _to_copy(first, *_added(here, shown))
    words(quiet("Point at the text: the button at its upper right corner copies all of it."))
    since = list(_added(here, shown, shown.filed.at)) if shown.filed else []
    if since:
        words("**Since it was filed**")
        with folded_for_others(here, "What came since"):
            _to_copy(*since)
    _where_it_stands(here, shown)


def _to_copy(*parts: str) -> None:
    st.code("\n\n".join(parts), language=None, wrap_lines=True)


def _added(here: Present, shown: OneToFile, after: datetime | None = None) -> Iterator[str]:
    """What was amended and added, each with who and when; of that what came `after`."""
    for one in shown.amendments:
        if after is None or one.at > after:
            yield f"Amended by {one.author}, {wording.full_moment(one.at, here.zone)}: {one.reason}"
            yield one.text
    for one in shown.addenda:
        if after is None or one.at > after:
            yield f"Added by {one.author}, {wording.full_moment(one.at, here.zone)}"
            yield one.text


def _where_it_stands(here: Present, shown: OneToFile) -> None:
    filed = shown.filed
    if filed:
        phrase(_filed(here, filed))
    if filed and filed.is_as_now:
        Form(here, "not_filed", filed.id).save(
            "It is not filed",
            take_filing_back,
            lambda: FilingTakenBack(filed.id),
            kind="secondary",
        )
        return
    form = Form(here, "filed", shown.what.key, makes=unused_id(here, "new_filing"))
    form.save(
        "Mark as filed",
        mark_filed,
        lambda: FilingEntered(
            form.makes,
            shown.what.note_id,
            shown.what.record_signature_id,
            shown.what.review_item_id,
        ),
    )


def _filed(here: Present, filed: Filed) -> Phrase:
    said = f"Filed by {filed.by}, {wording.moment(filed.at, here.now, here.zone)}"
    if filed.is_as_now:
        return Phrase(said, Tone.QUIET, "check")
    return Phrase(f"{said}; something came to it since, file it again", Tone.AMBER, "warning")


def draw_not_filed(here: Present, found: tuple[ToFile, ...] | None) -> None:
    """What waits to be filed, the newest first; or how this list begins."""
    if found is None:
        words(
            "Nothing is listed here until something is marked as filed for the first time: open a "
            "signed note, or a course of care as a case review saw it, and choose “For the other "
            "record”."
        )
        return
    here = telling_apart(here, (one.client for one in found))
    with section("Not filed", len(found), key="not_filed", nothing="All of it is filed."):
        for one in found:
            with list_row(f"to_file_{one.key}"):
                name_cell(here, one.client)
                words(plain(one.title), 260)
                words(quiet(wording.moment(one.signed_at, here.now, here.zone)), 180)
                words(plain(one.by), 220)
                if one.note_id:
                    link("filing", "Copy", icon="content_copy", note=one.key)
                elif one.review_item_id:
                    link("filing", "Copy", icon="content_copy", item=one.key)
                else:
                    link("filing", "Copy", icon="content_copy", record=one.key)
    if len(found) == MOST:
        words(quiet(f"The newest {MOST}; there may be more."))
