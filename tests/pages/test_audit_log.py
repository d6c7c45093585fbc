"""Who did what, as a browser would get it, without the browser."""

import re
from dataclasses import replace
from datetime import timedelta
from fnmatch import fnmatch
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from kapteam.actions.absences import CoverEntered, change_cover
from kapteam.actions.practice import SettingEntered, change_setting
from kapteam.db.audit import record
from kapteam.queries.audit_log import PAGE, TAGS
from kapteam.ui import audit_log
from kapteam.vocabulary import EpisodeState, Function
from tests.factories import NOW, TODAY, a_clinician, an_absence
from tests.pages.tabs import addresses, back, bare, headings, opened, said, statements_of, well

LOG = "Who did what"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def admin(care):
    with care.database.writing() as db:
        return a_clinician(db, Function.COORDINATOR, name="Ada Adams", is_administrator=True)


def _note(care, by, tag, at=NOW, **more):
    with care.database.writing() as db:
        record(db, tag, by, at, **more)


@pytest.mark.parametrize("who", ["prescriber", "therapist", "nurse", "front_desk"])
def test_who_does_not_administer_sees_none_of_it(care, who):
    _note(care, care.stranger, "client:viewed", client_id=care.client.id)

    tab = opened(care, getattr(care, who), "practice", practice_show=LOG)

    assert "Only an administrator of the practice can do this." in said(tab)
    assert "Otto Outer" not in said(tab)


def test_it_says_in_words_what_was_done(care, admin):
    care.do(change_setting, admin, SettingEntered("integration_target_hours", "36"))
    care.do(change_setting, admin, SettingEntered("measure.madrs", "1"))
    _note(care, care.therapist, "client:viewed", client_id=care.client.id)
    _note(care, care.nurse, "score:recorded", instrument="phq-9", has_total=True)
    _note(
        care,
        care.prescriber,
        "episode:moved",
        client_id=care.client.id,
        state=(EpisodeState.PREPARATION, EpisodeState.SERIES),
    )
    _note(care, care.prescriber, "dose:ordered", ordered_ug=(70_000, 80_000))
    _note(care, None, "signin:failed", subject_id=care.nurse.clinician_id)
    _note(care, care.therapist, "note:signed", kind="integration", content_hash="5ec2e7")
    _note(care, care.therapist, "day_sheet:printed", on=TODAY, codes=["K-777"])

    tab = opened(care, admin, "practice", practice_show=LOG)
    words = said(tab)

    assert "Threshold: changed" in words
    assert "Integration target, 24 to 36" in words
    assert "MADRS, 0 to 1" in words
    assert "Score: recorded :gray[PHQ-9]" in words
    assert "Client: chart opened" in words
    assert "Course of care: moved" in words
    assert "70 mg to 80 mg" in words
    assert "Preparation to Series" in words
    assert "Sign-in: failed, Nico Nightingale" in words
    assert "Note: signed" in words
    assert "Integration note" in words
    assert "5ec2e7" not in words
    assert "Day sheet: printed" in words
    assert "of Tue Nov 24" in words
    assert "Okafor" not in words
    assert care.client.code in words


def test_what_a_pin_was_asked_for_and_where_stands_there_and_no_digits(care, admin):
    missed = {"asked_at": "signing", "device": "Firefox on Mac", "tries": 2}
    _note(care, None, "pin:failed", subject_id=care.nurse.clinician_id, **missed)
    _note(care, care.nurse, "note:signed", kind="integration", by_pin=True)
    _note(care, care.nurse, "note:signed", kind="general", by_pin=False)
    off = {"device": "Firefox on Mac", "why": "password changed"}
    _note(care, care.nurse, "pin:turned_off", subject_id=care.nurse.clinician_id, **off)

    log = said(opened(care, admin, "practice", practice_show=LOG))

    assert "PIN: failed, Nico Nightingale :gray[at signing, Firefox on Mac]" in log
    assert log.count("with the PIN") == 1
    assert "Integration note, with the PIN" in log
    assert "PIN: turned off :gray[Firefox on Mac, password changed]" in log


def test_a_filter_shows_that_person_only_and_begins_at_the_first_page(care, admin):
    for number in range(PAGE + 5):
        _note(care, care.nurse, "client:viewed", NOW - timedelta(minutes=number))
    _note(care, care.therapist, "client:viewed", client_id=care.client.id)
    tab = opened(care, admin, "practice", practice_show=LOG)
    everything = int(re.search(r"\d+", headings(tab)[0])[0])
    assert everything > PAGE
    assert said(tab).count("Client: chart opened") <= PAGE

    tab.selectbox(key="log_person").set_value(care.therapist.clinician_id)
    well(tab.run())

    assert headings(tab) == ["Who did what (1)"]
    tab.text_input(key="log_code").set_value("K-999")
    well(tab.run())
    assert "Nothing is on record for this." in said(tab)


def test_it_takes_as_many_statements_with_many_events_as_with_few(care, admin):
    _note(care, care.nurse, "client:viewed")
    tab = opened(care, admin, "practice", practice_show=LOG)
    few = statements_of(care, tab)
    for _ in range(30):
        _note(care, care.nurse, "client:viewed", client_id=care.client.id)

    assert statements_of(care, tab) == few <= 12


def test_every_tag_that_is_written_reads_as_words(care):
    written = {
        tag
        for file in (ROOT / "kapteam").rglob("*.py")
        for tag in re.findall(r'"([a-z_]+:[a-z_]+)"', file.read_text())
    }
    assert len(written) > 40
    for tag in written:
        line = audit_log.LogLine("", NOW, "Thea", tag, None, None, {})
        assert not re.search(r"_|episode|signin\b|suspend|void", audit_log.done(line)), tag
        assert bare(audit_log.done(line))[0].isupper()


def test_what_is_looked_for_is_in_the_address(care, admin):
    yesterday = NOW - timedelta(days=1)
    for at in (yesterday, NOW):
        _note(care, care.therapist, "client:viewed", at, client_id=care.client.id)
        _note(care, care.nurse, "client:viewed", at, client_id=care.client.id)
        _note(care, care.therapist, "client:changed", at, client_id=care.client.id)
        _note(care, care.therapist, "client:viewed", at)
    asked = {
        "practice_show": LOG,
        "log_what": "Charts opened",
        "log_person": care.therapist.clinician_id,
        "log_code": care.client.code.lower(),
        "log_until": "2026-11-23",
    }

    tab = opened(care, admin, "practice", **asked)

    assert headings(tab) == ["Who did what (1)"]
    assert "Mon Nov 23, 2026, 2:30 pm MST" in said(tab)
    for name in asked:
        wider = {key: value for key, value in asked.items() if key in {"practice_show", name}}
        found = headings(opened(care, admin, "practice", **wider))
        assert found != ["Who did what (1)"], name


def test_a_person_chosen_stays_in_the_address_by_id_and_never_by_name(care, admin):
    tab = opened(care, admin, "practice", practice_show=LOG)
    tab.selectbox(key="log_person").set_value(care.therapist.clinician_id)
    well(tab.run())

    assert care.therapist.clinician_id in tab.query_params["log_person"]
    assert "Thea" not in str(tab.query_params)


def test_the_browser_s_back_takes_the_person_away_again(care, admin):
    _note(care, care.nurse, "client:viewed")
    tab = opened(care, admin, "practice", practice_show=LOG)
    everything = headings(tab)
    tab.selectbox(key="log_person").set_value(care.nurse.clinician_id)
    assert headings(well(tab.run())) == ["Who did what (1)"]

    back(tab, "practice", practice_show=LOG)

    assert tab.selectbox(key="log_person").value is None
    assert "log_person" not in tab.query_params
    assert headings(tab) == everything


def test_who_opened_a_chart_is_one_press_from_the_client_for_who_administers(care, admin):
    label = "Who opened this chart"
    assert addresses(opened(care, care.therapist, "client", client=care.client.code), label) == []

    (address,) = addresses(opened(care, admin, "client", client=care.client.code), label)

    assert address.startswith("practice?")
    tab = opened(care, admin, "practice", **dict(parse_qsl(address.partition("?")[2])))
    words = said(tab)
    assert headings(tab) == ["Who did what (2)"]
    assert care.therapist.name in words
    assert admin.name in words


def test_every_event_is_of_one_kind(care):
    written = {
        tag
        for file in (ROOT / "kapteam").rglob("*.py")
        for tag in re.findall(r'"([a-z_]+:[a-z_]+)"', file.read_text())
    }
    for tag in written:
        kinds = [
            what
            for what, patterns in TAGS.items()
            if any(fnmatch(tag, one.replace("%", "*")) for one in patterns)
        ]
        assert len(kinds) == 1, tag


def test_a_changed_cover_says_who_covered_before_and_who_does_now(care, admin):
    with care.database.writing() as db:
        away = an_absence(db, care.therapist, care.prescriber, cover=care.nurse)
    for before, after in ((care.nurse, care.stranger), (care.stranger, None), (None, care.nurse)):
        ids = [one and one.clinician_id for one in (before, after)]
        entered = CoverEntered(away.id, replaces_id=ids[0], covered_by_id=ids[1])
        care.do(change_cover, replace(care.prescriber, is_administrator=True), entered)
    set_event = {"covered_by_id": care.nurse.clinician_id}
    _note(care, care.prescriber, "absence:set", NOW - timedelta(hours=1), **set_event)

    log = said(opened(care, admin, "practice", practice_show=LOG))

    assert "cover: Nico Nightingale → Otto Outer" in log
    assert "cover: Otto Outer → nobody" in log
    assert "cover: nobody → Nico Nightingale" in log
    assert "Days away: set :gray[cover: Nico Nightingale]" in log


def test_a_signed_record_says_which_part_and_what_was_changed_after_it(care, admin):
    signed = {"parts": ["medical", "support"], "content_hashes": ["0" * 64]}
    _note(care, care.prescriber, "ketamine_session:signed", NOW - timedelta(hours=1), **signed)
    _note(care, care.nurse, "other_medicine:recorded", dose="4 mg", signed_before="medical")

    log = said(opened(care, admin, "practice", practice_show=LOG))

    assert "Ketamine session: signed :gray[medical part, support part]" in log
    assert "4 mg, medical part signed before" in log
    assert "0" * 64 not in log
