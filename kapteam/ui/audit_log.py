"""Who did what, on Practice: the audit log in words, read-only."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

import streamlit as st

from kapteam import wording
from kapteam.accounts import zones
from kapteam.clock import day_of
from kapteam.instruments import instruments
from kapteam.queries.audit_log import LogLine, LogPage, LogWanted, What, audit_log
from kapteam.queries.emergency import EmergencyLine
from kapteam.queries.practice import Colleague
from kapteam.rules.cadence import CADENCE_SETTINGS
from kapteam.rules.measures_in_use import measure_settings
from kapteam.rules.plausibility import DOSE_BOUNDS
from kapteam.rules.slots import read_hours
from kapteam.rules.thresholds import THRESHOLDS
from kapteam.ui.navigation import PracticePart, link
from kapteam.ui.rows import row, section, words
from kapteam.ui.shell import Present, acting
from kapteam.ui.text import plain, quiet
from kapteam.vocabulary import (
    ActionEnd,
    EpisodeState,
    ExportPurpose,
    NoteKind,
    RecordPart,
    ReviewDecision,
    Weekday,
)

_SETTINGS = {**THRESHOLDS, **DOSE_BOUNDS, **CADENCE_SETTINGS}
_KINDS = {one.value: one.label for one in NoteKind}
_STATES = {one.value: one.label for one in EpisodeState}
_PURPOSES = {one.value: one.label for one in ExportPurpose}
_DECISIONS = {one.value: one.label for one in ReviewDecision}
_ACTION_ENDS = {one.value: one.label.lower() for one in ActionEnd}
_PERSON = "log_person"
_DAYS = {"From": "log_from", "Until": "log_until"}
_NOUNS = {
    "absence": "days away",
    "action": "action of a case review",
    "administration": "dose given",
    "clinician": "colleague",
    "discuss_mark": "mark to discuss",
    "dose": "dose order",
    "emergency": "emergency access",
    "episode": "course of care",
    "invitation": "one-time link",
    "pin": "PIN",
    "setting": "threshold",
    "signin": "sign-in",
}
_VERBS = {
    "act_failed": "wrong password for acting at a shared screen",
    "acted": "acts at a shared screen",
    "due_set": "day set",
    "join_failed": "wrong password for joining a screen",
    "joined": "joined a screen",
    "left": "left a shared screen",
    "member_changed": "handed over",
    "readmitted": "sign-in turned on again",
    "set_up": "set up",
    "signing_failed": "wrong password at signing",
    "suspended": "sign-in turned off",
    "theme_taken_out": "theme taken out of use",
    "viewed": "chart opened",
    "voided": "marked as entered in error",
}


def draw_audit_log(here: Present, colleagues: tuple[Colleague, ...]) -> None:
    """What is looked for, how many events that are, and a page of them."""
    wanted = _wanted(colleagues)
    # Named after what is looked for, so that another search begins at its first page.
    key = f"log_page/{wanted}"
    shown = here.read(audit_log, wanted, st.session_state.get(key) or 1)
    above = st.container()
    if shown.pages > 1:
        st.pagination(shown.pages, key=key)
    with above:
        _draw_page(here, shown, {one.id: one.name for one in colleagues})


def who_opened(code: str) -> None:
    """The way to who opened the chart of the client with this code."""
    link(
        "practice",
        "Who opened this chart",
        icon="history",
        practice_show=PracticePart.LOG.label,
        log_what=What.CHARTS.label,
        log_code=code,
    )


def what_was_opened(here: Present, access: EmergencyLine) -> None:
    """The way to what somebody did to one client on the days of an emergency access."""
    until_at = access.ended_at or access.until_at
    link(
        "practice",
        "What was opened",
        icon="history",
        log_code=access.code,
        log_person=access.clinician_id,
        log_from=f"{day_of(access.from_at, here.zone)}",
        log_until=f"{day_of(until_at, here.zone)}",
        practice_show=PracticePart.LOG.label,
    )


def _draw_page(here: Present, shown: LogPage, names: Mapping[str, str]) -> None:
    nothing = "Nothing is on record for this. Take a filter away to see more."
    with section("Who did what", shown.count, key="audit_log", nothing=nothing):
        for line in shown.lines:
            with row(f"event_{line.id}"):
                words(quiet(wording.full_moment(line.at, here.zone)), 250)
                words(f"**{plain(line.who or 'Nobody signed in')}**", 210)
                words(quiet(line.code or ""), 80)
                words(f"{plain(done(line))} {_quiet_if_any(details(here, line, names))}", 560)


def _quiet_if_any(text: str) -> str:
    return quiet(text) if text else ""


def _wanted(colleagues: tuple[Colleague, ...]) -> LogWanted:
    """What is looked for; it is in the address, where a person stands by id."""
    names = {one.id: one.name for one in colleagues}
    asked = st.query_params.get(_PERSON)
    # The address says it and nothing else does, so that the browser's Back takes a person away.
    st.session_state[_PERSON] = asked if asked in names else None
    with st.container(horizontal=True, vertical_alignment="bottom"):
        what = st.selectbox(
            "What",
            list(What),
            index=None,
            placeholder="Anything",
            format_func=lambda one: one.label,
            key="log_what",
            bind="query-params",
            width=230,
        )
        person = st.selectbox(
            "Person",
            list(names),
            index=None,
            placeholder="Anybody",
            format_func=lambda one: names.get(one, ""),
            key=_PERSON,
            on_change=_choose_person,
            width=230,
        )
        code = st.text_input(
            "Client code",
            key="log_code",
            placeholder="K-014",
            autocomplete="off",
            bind="query-params",
            width=130,
        )
        from_on, until_on = (_day(label, key) for label, key in _DAYS.items())
    return LogWanted(what, person, code or "", from_on, until_on)


@acting
def _choose_person(here: Present) -> None:
    person = st.session_state[_PERSON]
    if person:
        st.query_params[_PERSON] = person
    else:
        st.query_params.pop(_PERSON, None)


def _day(label: str, key: str) -> date | None:
    chosen: date | None = st.date_input(
        label, None, key=key, format="YYYY-MM-DD", bind="query-params", width=150
    )
    return chosen


def done(line: LogLine) -> str:
    """What was done, from the event's tag: `note:signed` is "Note: signed"."""
    noun, _, verb = line.tag.partition(":")
    noun, verb = (
        known.get(one, one.replace("_", " ")) for known, one in ((_NOUNS, noun), (_VERBS, verb))
    )
    about = f", {line.about}" if line.about and line.about != line.who else ""
    return f"{noun[:1].upper()}{noun[1:]}: {verb}{about}"


def details(here: Present, line: LogLine, names: Mapping[str, str]) -> str:
    """Old and new, of what can be told in a few words; ids and hashes stay in the database.

    `names` are the colleagues by id.
    """
    changes = dict(line.changes)
    if here.viewer.hides_names and line.tag == "emergency:opened":
        # The one reason that somebody typed: a name may stand in it.
        changes.pop("why", None)

    def moment(stored: str) -> str:
        return wording.moment(datetime.fromisoformat(stored), here.now, here.zone)

    def day(stored: str) -> str:
        return wording.day(date.fromisoformat(stored), here.today)

    told: dict[str, Callable[[Any], str]] = {
        "key": _setting,
        "instrument": lambda id_: instruments()[id_].name if id_ in instruments() else id_,
        "value": _setting_in_words(str(changes.get("key", ""))),
        "name": str,
        "theme": str,
        "zone": zones.label,
        "kind": lambda kind: _KINDS.get(kind, ""),
        "decision": lambda decision: _DECISIONS.get(decision, ""),
        "ended_as": lambda end: _ACTION_ENDS.get(end, ""),
        "state": lambda state: _STATES.get(state, ""),
        "planned_at": moment,
        "on": lambda on: f"of {day(on)}",
        "from_on": lambda on: f"from {day(on)}",
        "until_on": lambda on: f"to {day(on)}",
        "until_at": lambda at: f"until {moment(at)}",
        "hours": _hours,
        "ordered_ug": wording.mg,
        "before_number": lambda number: f"before the {wording.ordinal(number)}",
        "beyond_number": lambda yes: "beyond the number ordered" if yes else "",
        "above_ceiling": lambda yes: "above the ceiling" if yes else "",
        "dose": str,
        "asked_at": lambda what: f"at {what}",
        "by_pin": lambda yes: "with the PIN" if yes else "",
        "device": str,
        "why": str,
        "names_for": lambda purpose: f"with names: {_PURPOSES.get(purpose, '').lower()}",
        "signed_before": lambda part: f"{RecordPart(part).label.lower()} signed before",
    }
    said = [_told(say, changes[name]) for name, say in told.items() if name in changes]
    if "covered_by_id" in changes:
        said.append(_cover(changes["covered_by_id"], names))
    said += [RecordPart(one).label.lower() for one in changes.get("parts", ())]
    return ", ".join(one for one in said if one)


def _setting(key: str) -> str:
    settings = {**_SETTINGS, **measure_settings(instruments())}
    return settings[key].label if key in settings else ""


def _setting_in_words(key: str) -> Callable[[Any], str]:
    """How the value of the setting of this key is written."""
    if key not in DOSE_BOUNDS:
        return str
    return wording.mg_per_kg if key.endswith("per_kg") else wording.mg


def _cover(stored: str | list[str | None] | None, names: Mapping[str, str]) -> str:
    """Who covers, and who did before: `cover: Nico Nightingale → nobody`."""
    if stored is None:
        return ""
    ids = stored if isinstance(stored, list) else [stored]
    return f"cover: {' → '.join(names.get(one or '', 'nobody') for one in ids)}"


def _hours(stored: str) -> str:
    """`8:00 am to 6:00 pm, Mon, Tue`."""
    hours = read_hours(stored)
    opens, closes = wording.clock_time(hours.opens), wording.clock_time(hours.closes)
    days = ", ".join(one.label[:3] for one in Weekday if one in hours.weekdays)
    return f"{opens} to {closes}, {days}"


def _told(say: Callable[[Any], str], value: Any) -> str:
    if isinstance(value, list):
        old, new = (say(one) if one is not None else "" for one in value)
        return f"{old} to {new}" if old else new
    return say(value) if value is not None else ""
