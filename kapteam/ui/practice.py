"""The parts of Practice: which of them is shown, its name and zone, thresholds, backups."""

from collections.abc import Iterable
from functools import partial
from itertools import groupby
from zoneinfo import ZoneInfo

import streamlit as st

from kapteam import wording
from kapteam.accounts import zones
from kapteam.actions.practice import (
    NameEntered,
    SettingEntered,
    ThemeEntered,
    ZoneEntered,
    add_theme,
    change_name,
    change_setting,
    change_zone,
    take_out_theme,
)
from kapteam.errors import Refused
from kapteam.instruments import instruments
from kapteam.operations.backups import back_up_now, backup_state
from kapteam.operations.checking import check_on_record
from kapteam.queries.practice import ThresholdLine
from kapteam.queries.record_checks import LastCheck
from kapteam.rules.cadence import CADENCE_SETTINGS
from kapteam.rules.measures_in_use import measure_settings
from kapteam.rules.plausibility import DOSE_BOUNDS
from kapteam.rules.thresholds import THRESHOLDS
from kapteam.ui.forms import Form
from kapteam.ui.navigation import PracticePart
from kapteam.ui.rows import (
    BACKUP_IS_LATE,
    RECORDS_CHANGED,
    RECORDS_UNCHECKED,
    phrase,
    row,
    section,
    when,
    words,
)
from kapteam.ui.shell import Present, say_next
from kapteam.ui.text import plain, quiet

_FIELD = 430
_NO_THEMES = "None: an integration note asks for themes in its author's own words only."


def ask_what(here: Present) -> PracticePart:
    """The practice's name and zone, and which part of it is shown; that is in the address."""
    practice = here.asked.practice
    with row("practice"):
        words(f"**{plain(practice.name)}** {quiet(zones.label(practice.zone.key))}")
    shown = st.segmented_control(
        "Part of the practice",
        [one for one in PracticePart if one is not PracticePart.BACKUPS or not practice.is_demo],
        default=PracticePart.TEAM,
        required=True,
        format_func=lambda one: one.label,
        key="practice_show",
        bind="query-params",
        label_visibility="collapsed",
    )
    return shown or PracticePart.TEAM


def draw_name_and_zone(here: Present) -> None:
    """Another name, or another zone, with what that does to every time."""
    with st.expander("Name and time zone", icon=":material/home_work:"):
        form = Form(here, "practice_name")
        form.line("name", "Name of the practice", here.asked.practice.name)
        form.save("Save name", change_name, lambda: form.entered(NameEntered), kind="secondary")
        st.divider()
        _zone_form(here)


def _zone_form(here: Present) -> None:
    form = Form(here, "practice_zone")
    kept = here.zone.key
    chosen = form.pick("zone", "Time zone", zones.NEAR | zones.far(), kept)
    below = st.empty()
    if chosen and chosen != kept:
        below.warning(plain(_zone_warning(here, chosen)), icon=":material/schedule:")
    form.save("Save time zone", change_zone, lambda: form.entered(ZoneEntered), kind="secondary")


def _zone_warning(here: Present, zone: str) -> str:
    """What another zone does, by the example of this very moment."""
    before = wording.zoned_time(here.now, here.zone)
    after = wording.zoned_time(here.now, ZoneInfo(zone))
    return (
        f"This moment reads {before}; it would read {after}. Every time on every page would read "
        "differently in the same way, also what is booked. Nothing is moved, so look through what "
        "is booked afterwards. “Today” would begin at midnight of the new zone."
    )


def draw_thresholds(here: Present, lines: tuple[ThresholdLine, ...]) -> None:
    """Every threshold with its source; a change is in force from now on."""
    with section("Thresholds", key="thresholds"):
        for line in lines:
            if line.key in THRESHOLDS:
                _threshold(here, line, line.threshold.label)
    _measures(here, [line for line in lines if line.key in measure_settings(instruments())])
    _themes(here)
    st.subheader("When a dose is asked about", anchor=False)
    words(quiet("They warn; they never advise a dose. A first low dose of a series asks nothing."))
    _by_route(here, [line for line in lines if line.key in DOSE_BOUNDS], "doses")
    st.subheader("How often ketamine is given", anchor=False)
    words(quiet("Plans start from what is usual; the rest warns, and forbids nothing."))
    _by_route(here, [line for line in lines if line.key in CADENCE_SETTINGS], "sessions")


def _measures(here: Present, lines: Iterable[ThresholdLine]) -> None:
    """Which outcome measures are entered; what was entered stays when one is switched off."""
    with section("Outcome measures that are used", key="measures"):
        for line in lines:
            _threshold(here, line, line.threshold.label)


def _themes(here: Present) -> None:
    """What integration notes offer as themes; one is added, and one is taken out of use."""
    themes = here.asked.practice.themes
    with section("Themes of integration notes", len(themes), key="themes", nothing=_NO_THEMES):
        if themes:
            words(plain(", ".join(themes)))
        with row("theme_added"):
            form = Form(here, "theme_added")
            form.line("theme", "Another theme", width=_FIELD)
            form.save("Add theme", add_theme, lambda: form.entered(ThemeEntered), kind="secondary")
        if themes:
            _theme_to_take_out(here, themes)
        words(quiet("Notes that were signed keep their themes, and search finds them by these."))


def _theme_to_take_out(here: Present, themes: tuple[str, ...]) -> None:
    with row("theme_taken_out"):
        form = Form(here, "theme_taken_out")
        with st.container(width=_FIELD):
            form.pick("theme", "Theme to take out of use", {one: one for one in themes})
        form.save(
            "Take out of use",
            take_out_theme,
            lambda: ThemeEntered(form.value("theme") or ""),
            kind="secondary",
        )


def _by_route(here: Present, lines: Iterable[ThresholdLine], what: str) -> None:
    """Settings whose labels begin with product and route, folded by these."""
    for route, found in groupby(lines, key=lambda line: line.threshold.label.partition(":")[0]):
        with st.expander(f"{route} {what}"):
            for line in found:
                _threshold(here, line, f"{line.threshold.label}, {line.threshold.unit}")


def _threshold(here: Present, line: ThresholdLine, name: str) -> None:
    with row(f"threshold_{line.key}"):
        form = Form(here, "threshold", line.key)
        with st.container(width=_FIELD):
            _threshold_field(form, line)
            if form.is_changed("value"):
                form.line("source", "Where the new value comes from")
        words(quiet(_source(here, line)), 360)
        form.save(
            f"Save “{name}”",
            change_setting,
            partial(_setting, form, line.key),
            kind="secondary",
        )


def _source(here: Present, line: ThresholdLine) -> str:
    """Where a value comes from, since when it is in force, and who said so."""
    if line.in_force_from is None:
        return f"Source: {line.source}"
    since = wording.moment(line.in_force_from, here.now, here.zone)
    return f"Source: {line.source}. In force since {since}, by {line.set_by}"


def draw_backups(here: Present) -> None:
    """When the last good backup was made, and one more on request, with how far it is."""
    state = backup_state(here.now)
    with st.container(border=True, key="backups"), row("backups_row"):
        if state.last_good_at:
            words("Last good backup")
            when(here, state.last_good_at)
            words(quiet(f"{state.number} kept"))
        else:
            words("No backup yet. The first one is made after 2:00 am.")
        if state.is_late:
            phrase(BACKUP_IS_LATE)
        asked = st.button("Back up now", icon=":material/backup:")
    if asked:
        _back_up(here)


def _back_up(here: Present) -> None:
    bar = st.progress(0.0, "Copying")

    def show(what: str, done: int, of: int) -> None:
        bar.progress(done / of if of else 1.0, f"Copying {what.replace('_', ' ')}")

    try:
        back_up_now(here.viewer, here.now, show)
    except Refused as refused:
        say_next(str(refused), well=False)
    else:
        say_next("Backed up, and the copy was opened and checked")
    st.rerun()


def draw_record_check(here: Present, last: LastCheck | None) -> None:
    """When signed records were last checked and what was found, and one more check on request."""
    with st.container(border=True, key="records"):
        with row("records_row"):
            if last is None:
                words("Signed records not checked yet. The first check follows a backup at night.")
            else:
                words("Signed records last checked")
                when(here, last.at)
                if not last.finding:
                    words("nothing changed outside kapteam")
                    words(quiet(wording.count(last.lines, "entry", "entries")))
                if last.is_late:
                    phrase(RECORDS_UNCHECKED)
            asked = st.button("Check the signed records", icon=":material/fact_check:")
        if last is not None and last.finding:
            phrase(RECORDS_CHANGED)
            st.text(last.finding)
    if asked:
        _check_records(here)


def _check_records(here: Present) -> None:
    bar = st.progress(0.0, "Checking")

    def show(what: str, done: int, of: int) -> None:
        bar.progress(done / of if of else 1.0, f"Checking {what}: {done:,} of {of:,}")

    try:
        finding = check_on_record(here.viewer, here.now, show)
    except Refused as refused:
        say_next(str(refused), well=False)
    else:
        if finding:
            say_next("Checked: read below what was found", well=False)
        else:
            say_next("Checked: nothing was changed outside kapteam")
    st.rerun()


def _threshold_field(form: Form, line: ThresholdLine) -> None:
    one = line.threshold
    if one.is_yes_or_no:
        form.switch("value", one.label, line.written == "1")
    else:
        form.line("value", f"{one.label}, {one.unit}", line.written)


def _setting(form: Form, key: str) -> SettingEntered:
    """What is typed; a switch is stored as 1 or 0, like every other number."""
    typed = form.value("value")
    return SettingEntered(
        key,
        str(int(typed)) if isinstance(typed, bool) else typed or "",
        form.value("source") or "",
    )
