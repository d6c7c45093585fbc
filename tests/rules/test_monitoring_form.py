"""The Spravato monitoring form: when it is due, what each version asks, and what a form lacks."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from kapteam.rules.monitoring_form import (
    CURRENT,
    FORMS,
    Answered,
    Event,
    FormFacts,
    FormStage,
    FormStanding,
    fill,
    fingerprint,
    judge_form,
    missing,
    read_ready_minutes,
)
from kapteam.rules.spravato import Device, Figures, Watched
from kapteam.rules.vitals import Pressure
from kapteam.vocabulary import AdverseEventKind, Tone, WatchedMedicine

ZONE = ZoneInfo("America/Phoenix")
AT = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
ON = date(2026, 11, 24)
DUE_ON = date(2026, 12, 1)
LAST = AT + 10 * MINUTE
NOW = LAST + 3 * 60 * MINUTE
WATCHED = Watched(
    tuple(Device(AT + n * MINUTE, 28_000, f"L{n}") for n in (0, 5, 10)),
    tuple(
        Figures(LAST + minutes * MINUTE, Pressure(120 + place, 80), 95 + place)
        for place, minutes in enumerate((-20, 40, 119))
    ),
    LAST + 121 * MINUTE,
)
FACTS = FormFacts(
    name="Amara Okafor",
    born_on=date(1990, 5, 2),
    is_first=False,
    enrolled_on=date(2026, 11, 1),
    medications="Sertraline 50 mg",
    provider="Robin Prescott, MD",
    provider_phone="602-555-0100",
    practice="Saguaro Practice",
    watched=WATCHED,
    events=(),
    early_out_reason="",
    stopped_at=None,
    stop_reason="",
    answered=Answered(dict.fromkeys(WatchedMedicine, False), True, True, 75),
)


def _said(form, facts=FACTS, now=NOW):
    filled = fill(form, facts, now, ZONE)
    return {
        line.asks.replace("\u00a0", " "): (line.says.replace("\u00a0", " "), line.by_hand)
        for part in filled.parts
        for line in part.lines
    }


@pytest.mark.parametrize(
    ("today", "closed", "submitted", "stage"),
    [
        (ON, False, False, FormStage.NOT_DUE),
        (ON, True, False, FormStage.DUE),
        (DUE_ON, True, False, FormStage.DUE),
        (DUE_ON + DAY, True, False, FormStage.OVERDUE),
        (DUE_ON + DAY, False, False, FormStage.OVERDUE),
        (DUE_ON, False, False, FormStage.NOT_DUE),
        (ON, True, True, FormStage.SUBMITTED),
        (DUE_ON + 90 * DAY, True, True, FormStage.SUBMITTED),
        (ON, False, True, FormStage.SUBMITTED),
    ],
)
def test_rule_39_a_form_is_due_seven_days_after_its_session(today, closed, submitted, stage):
    standing = judge_form(ON, today, is_closed=closed, is_submitted=submitted)

    assert standing == FormStanding(stage, DUE_ON)


@pytest.mark.parametrize(
    ("submitted", "changed", "stage"),
    [
        (True, True, FormStage.CHANGED),
        (True, False, FormStage.SUBMITTED),
        # What did not go out has nothing to be sent again.
        (False, True, FormStage.OVERDUE),
    ],
)
def test_rule_39_a_form_that_went_out_otherwise_is_to_be_sent_again(submitted, changed, stage):
    standing = judge_form(
        ON, DUE_ON + DAY, is_closed=True, is_submitted=submitted, is_changed=changed
    )

    assert standing == FormStanding(stage, DUE_ON)


def test_rule_39_no_form_is_due_where_nothing_was_given():
    assert judge_form(None, ON, is_closed=True, is_submitted=False) is None


@pytest.mark.parametrize(
    ("stage", "today", "tone"),
    [
        (FormStage.NOT_DUE, DUE_ON, Tone.PLAIN),
        (FormStage.DUE, DUE_ON - 3 * DAY, Tone.PLAIN),
        (FormStage.DUE, DUE_ON - 2 * DAY, Tone.AMBER),
        (FormStage.DUE, DUE_ON, Tone.AMBER),
        (FormStage.OVERDUE, DUE_ON + DAY, Tone.RED),
        (FormStage.SUBMITTED, DUE_ON + DAY, Tone.PLAIN),
        (FormStage.CHANGED, DUE_ON - 7 * DAY, Tone.AMBER),
        (FormStage.CHANGED, DUE_ON + 90 * DAY, Tone.AMBER),
    ],
)
def test_a_form_is_louder_as_its_day_comes(stage, today, tone):
    assert FormStanding(stage, DUE_ON).tone(today) is tone


def test_the_definition_carries_its_version_and_the_newest_is_in_force():
    assert {number: form.version for number, form in FORMS.items()} == {1: 1, 2: 2}
    assert CURRENT.version == 2
    assert WatchedMedicine.MAOI in FORMS[1].medicines
    assert WatchedMedicine.OPIOID in FORMS[2].medicines
    assert {WatchedMedicine.MAOI}.isdisjoint(FORMS[2].medicines)


def test_the_older_form_asks_neither_for_oxygen_nor_for_respiratory_depression():
    older, newer = _said(FORMS[1]), _said(FORMS[2])

    assert not any("Oxygen" in asks or "Respiratory" in asks for asks in older)
    assert newer["Oxygen saturation at 40 min"] == ("96 %", False)
    assert newer["Respiratory depression?"] == ("None recorded", False)
    assert "Opioids?" in newer
    assert "Opioids?" not in older


@pytest.mark.parametrize(
    ("asks", "says"),
    [
        ("Name", "Amara Okafor"),
        ("Birth date", "May 2, 1990 (36 y)"),
        ("First treatment?", "No"),
        ("Enrolled in the Spravato REMS?", "Yes, since Sun Nov 1, 2026"),
        ("Medicines on record", "Sertraline 50 mg"),
        ("Benzodiazepines?", "No"),
        ("Monitored by", "Robin Prescott, MD"),
        ("Date", "Tue Nov 24, 2026"),
        ("Dose", "84 mg, 3 devices of 28 mg"),
        ("Lot of device 2, 1:05 pm", "L5"),
        ("Total, from the first device to the end of monitoring", "131 min, until 3:11 pm"),
        ("From the last device", "121 min"),
        ("Without the two hours, ready to leave after", "75 min from the first device"),
        ("Blood pressure before the dose", "120/80 mmHg"),
        ("Blood pressure at 40 min", "121/80 mmHg"),
        ("Blood pressure before leaving", "122/80 mmHg"),
        ("Acceptable before leaving?", "Yes"),
        ("Sedation?", "None recorded"),
        ("Serious event?", "None recorded"),
    ],
)
def test_what_is_recorded_fills_the_form(asks, says):
    assert _said(CURRENT)[asks] == (says, False)


def test_what_kapteam_does_not_keep_is_a_line_to_fill_in_by_hand_and_never_guessed():
    said = _said(
        CURRENT,
        replace(FACTS, medications=None, answered=None, provider_phone="", enrolled_on=None),
    )

    by_hand = {asks for asks, (says, hand) in said.items() if hand and not says}
    assert by_hand == {
        "Sex (not kept in kapteam)",
        "Enrolled in the Spravato REMS?",
        "Medicines on record",
        *(f"{one.label}?" for one in CURRENT.medicines),
        "Phone",
        "Address (not kept in kapteam)",
        "Without the two hours, ready to leave after",
        "Acceptable before the dose?",
        "Acceptable before leaving?",
    }
    assert _said(CURRENT, replace(FACTS, medications=""))["Medicines on record"][0] == "none"


def test_rule_38_less_than_two_hours_is_said_with_its_reason():
    watched = replace(WATCHED, discharged_at=LAST + 118 * MINUTE)
    said = _said(
        CURRENT, replace(FACTS, watched=watched, early_out_reason="Her ride could not wait.")
    )

    assert said["From the last device"][0] == (
        "118 min, below the minimum of 120 min. Her ride could not wait."
    )
    assert said["Total, from the first device to the end of monitoring"][0].startswith("128 min")


def test_events_stand_with_their_times_and_only_those_of_the_form_by_name():
    sedation = Event(AdverseEventKind.SEDATION, False, "", "", AT + 20 * MINUTE, AT + 60 * MINUTE)
    serious = Event(AdverseEventKind.FAINTING, True, "Slid off the chair", "Called 911", LAST, None)
    nausea = Event(AdverseEventKind.NAUSEA, False, "", "", LAST, None)
    said = _said(CURRENT, replace(FACTS, events=(sedation, serious, nausea)))

    assert said["Sedation?"][0] == "Yes, began 1:20 pm, over 2:00 pm"
    assert said["Fainting"][0] == (
        "Yes, began 1:10 pm, end not recorded. Slid off the chair. Called 911"
    )
    assert said["Dissociation?"][0] == "None recorded"
    assert not any("Nausea" in asks for asks in said)


_ANSWERED = FACTS.answered
_SEDATED = Event(AdverseEventKind.SEDATION, False, "", "", AT + 20 * MINUTE, AT + 60 * MINUTE)
_NAUSEA = Event(AdverseEventKind.NAUSEA, False, "", "", LAST, None)


@pytest.mark.parametrize(
    ("looked", "events", "says"),
    [
        (None, (), "None recorded"),
        (False, (), "None recorded"),
        (True, (), "No"),
        (True, (_SEDATED,), "Yes, began 1:20 pm, over 2:00 pm"),
        (None, (_SEDATED,), "Yes, began 1:20 pm, over 2:00 pm"),
    ],
)
def test_that_there_was_none_is_said_only_where_somebody_looked(looked, events, says):
    answered = replace(_ANSWERED, looked_for_events=looked)

    said = _said(CURRENT, replace(FACTS, events=events, answered=answered))

    assert said["Sedation?"] == (says, False)
    assert said["Dissociation?"] == ("No" if looked else "None recorded", False)


def test_nobody_answered_so_nothing_is_denied():
    said = _said(CURRENT, replace(FACTS, answered=None))

    assert {said[f"{name}?"][0] for name, _ in CURRENT.events} == {"None recorded"}


def test_dosing_that_was_stopped_early_stands_on_the_form_with_its_reason():
    stopped = replace(FACTS, stopped_at=AT + 12 * MINUTE, stop_reason="Felt sick.")

    assert _said(CURRENT, stopped)["Dosing stopped early"] == ("1:12 pm. Felt sick.", False)
    assert "Dosing stopped early" not in _said(CURRENT)


def _figures(place, **other):
    figures = list(WATCHED.figures)
    figures[place] = replace(figures[place], **other)
    return {"watched": replace(WATCHED, figures=tuple(figures))}


def _devices(**other):
    changed = replace(WATCHED.devices[1], **other)
    devices = (WATCHED.devices[0], changed, WATCHED.devices[2])
    return {"watched": replace(WATCHED, devices=devices)}


_SLID = Event(AdverseEventKind.FAINTING, True, "Slid off the chair", "", LAST, None)


@pytest.mark.parametrize(
    "changed",
    [
        _devices(lot="L6"),
        _devices(given_at=AT + 6 * MINUTE),
        _devices(ug=14_000),
        {"watched": replace(WATCHED, devices=WATCHED.devices[:2])},
        {"watched": replace(WATCHED, discharged_at=LAST + 125 * MINUTE)},
        _figures(1, pressure=Pressure(150, 90)),
        _figures(2, oxygen=91),
        {"events": (_SEDATED,)},
        {"events": (_SLID,)},
        {"answered": replace(_ANSWERED, ready_minutes=90)},
        {"answered": replace(_ANSWERED, looked_for_events=True)},
        {"answered": None},
        {"stopped_at": AT + 12 * MINUTE, "stop_reason": "Felt sick."},
    ],
)
def test_what_the_form_says_of_its_session_is_in_its_fingerprint(changed):
    assert fingerprint(CURRENT, replace(FACTS, **changed)) != fingerprint(CURRENT, FACTS)


@pytest.mark.parametrize(
    "changed",
    [
        {},
        # What goes on after the session, and what the form does not say.
        {"medications": "Lamotrigine 100 mg", "provider": "Ada Quist, MD", "practice": "Ocotillo"},
        {"name": "Amara Reyes", "provider_phone": ""},
        {"events": (_NAUSEA,)},
        {"early_out_reason": "Was out in time all the same."},
        {
            "watched": replace(
                WATCHED,
                figures=(
                    *WATCHED.figures,
                    Figures(LAST + 80 * MINUTE, Pressure(130, 84), 96),
                ),
            )
        },
    ],
)
def test_what_the_form_does_not_say_of_its_session_leaves_its_fingerprint(changed):
    assert fingerprint(CURRENT, replace(FACTS, **changed)) == fingerprint(CURRENT, FACTS)


def test_an_older_form_is_not_changed_by_what_it_does_not_ask():
    less = replace(FACTS, **_figures(2, oxygen=91))

    assert fingerprint(FORMS[1], less) == fingerprint(FORMS[1], FACTS)


@pytest.mark.parametrize(
    ("changed", "lacks"),
    [
        ({}, []),
        ({"enrolled_on": None}, ["enrollment"]),
        ({"born_on": None}, ["birth date"]),
        ({"answered": None}, ["the prescriber's answers"]),
        (
            {"answered": Answered({WatchedMedicine.OPIOID: True}, True, True, None)},
            ["the prescriber's answers"],
        ),
        ({"watched": replace(WATCHED, discharged_at=None)}, ["when they left"]),
        (
            {"watched": replace(WATCHED, figures=WATCHED.figures[:2])},
            ["BP and oxygen before leaving"],
        ),
        ({"medications": None}, []),
    ],
)
def test_what_a_form_lacks_is_named(changed, lacks):
    assert list(missing(CURRENT, replace(FACTS, **changed), NOW)) == lacks
    assert list(fill(CURRENT, replace(FACTS, **changed), NOW, ZONE).missing) == lacks


@pytest.mark.parametrize(
    ("text", "minutes"), [("", None), ("  ", None), ("75", 75), ("75 min", 75), ("1440", 1440)]
)
def test_minutes_are_read_as_typed(text, minutes):
    assert read_ready_minutes(text) == minutes


@pytest.mark.parametrize("text", ["0", "-5", "NaN", "7.5", "1441", "999999999999", "an hour", "²"])
def test_what_is_no_number_of_minutes_is_refused(text):
    with pytest.raises(ValueError, match="Enter whole minutes"):
        read_ready_minutes(text)
