"""Who did what, as a browser would get it, without the browser."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from kapteam.actions.practice import SettingEntered, change_setting
from kapteam.db.audit import record
from kapteam.queries.audit_log import PAGE
from kapteam.ui import audit_log
from kapteam.vocabulary import EpisodeState, Function
from tests.factories import NOW, a_clinician
from tests.pages.filling import press
from tests.pages.tabs import bare, headings, opened, said, statements_of, well

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

    tab = opened(care, getattr(care, who), "practice", show="log")

    assert "Only an administrator of the practice can do this." in said(tab)
    assert "Otto Outer" not in said(tab)


def test_it_is_reached_from_practice_and_says_in_words_what_was_done(care, admin):
    care.do(change_setting, admin, SettingEntered("integration_target_hours", "36"))
    _note(care, care.therapist, "client:viewed", client_id=care.client.id)
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

    tab = press(opened(care, admin, "practice"), "Who did what")
    words = said(tab)

    assert "Threshold: changed" in words
    assert "Integration target, 24 to 36" in words
    assert "Client: chart opened" in words
    assert "Course of care: moved" in words
    assert "70 mg to 80 mg" in words
    assert "Preparation to Series" in words
    assert "Sign-in: failed, Nico Nightingale" in words
    assert "Note: signed" in words
    assert "Integration note" in words
    assert "5ec2e7" not in words
    assert "Okafor" not in words
    assert care.client.code in words


def test_a_filter_shows_that_person_only_and_begins_at_the_first_page(care, admin):
    for number in range(PAGE + 5):
        _note(care, care.nurse, "client:viewed", NOW - timedelta(minutes=number))
    _note(care, care.therapist, "client:viewed", client_id=care.client.id)
    tab = opened(care, admin, "practice", show="log")
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
    tab = opened(care, admin, "practice", show="log")
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
