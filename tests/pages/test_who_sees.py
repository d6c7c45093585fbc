"""Who can see this screen? With others in the room no name is on it; no name is ever in a title, an
address, a chart or a key. Every page of the demo, with every name that was seeded."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from google.protobuf.json_format import MessageToDict
from sqlalchemy import update
from streamlit.testing.v1 import AppTest

from kapteam.accounts.sign_ins import start_sign_in, viewer_of
from kapteam.db import practices
from kapteam.db.engine import Database
from kapteam.db.tables import Episode, SignIn
from kapteam.demo import PRESCRIBER_ID, THERAPIST_ID
from kapteam.vocabulary import Audience, HoldReason, SessionStatus
from tests.browser.demo import PAGES, is_prescribers
from tests.browser.private import names_in
from tests.factories import NOW, a_hold
from tests.factories_care import (
    Care,
    a_given_session,
    a_ketamine_session,
    a_score,
    an_integration_session,
)
from tests.pages.filling import press
from tests.pages.tabs import a_tab, bare, links, opened, said, sign_in_of, user_of, well

MADE_OF_NAMES = ("client_edit", "inquiry")


@pytest.fixture
def demo(demo_file: Path, data_folder: Path, frozen_clock) -> Database:
    """The demo's people, as the practice's own."""
    data_folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(demo_file, data_folder / "practice.db")
    return practices.database(practices.PRACTICE)


def _opened(demo: Database, name: str, audience: Audience) -> AppTest:
    who = PRESCRIBER_ID if is_prescribers(name) else THERAPIST_ID
    with demo.writing() as db:
        address = urlsplit(PAGES[name](db))
        started = start_sign_in(db, who, "a test", NOW)
        this = SignIn.id == started.sign_in_id
        db.execute(update(SignIn).where(this).values(audience=audience))
    tab = a_tab(address.path.strip("/") or "today", **dict(parse_qsl(address.query)))
    tab.user = user_of(started)
    return well(tab.run())


def _sent(tab: AppTest) -> Iterator[str]:
    """Everything that the run sent to the browser, words and machinery, element by element."""
    for one in tab.main:
        proto = getattr(one, "proto", None)
        if proto is not None:
            yield bare(str(MessageToDict(proto)))


@pytest.mark.parametrize("name", PAGES)
def test_with_others_in_the_room_no_name_is_on_the_screen(demo: Database, name: str) -> None:
    names = names_in(demo)
    shown = "\n".join(_sent(_opened(demo, name, Audience.JUST_ME)))
    hidden = "\n".join(_sent(_opened(demo, name, Audience.OTHERS)))

    assert names.findall(hidden) == []
    names_no_client = name.split()[0] in {"practice", "emergency", "outcomes"}
    # Of what is filed elsewhere nothing is listed before the first filing.
    names_no_client = names_no_client or "of oneself" in name or name == "filing"
    if not names_no_client or name == "practice turning off":
        assert names.findall(shown)


def test_with_others_in_the_room_no_name_is_in_front_in_a_case_review(demo: Database) -> None:
    """Every client of the agenda, one after the other, those who are steady, and the minutes."""
    names = names_in(demo)
    tab = _opened(demo, "case_review", Audience.BOTH_OF_US)
    press(tab, "Start the review")
    well(tab.radio(key="audience").set_value(Audience.OTHERS).run())
    shown = ["\n".join(_sent(tab))]
    while not next(one for one in tab.button if one.label == "Next").disabled:
        press(tab, "Next")
        shown.append("\n".join(_sent(tab)))
    tab.query_params["show"] = "agenda"
    well(tab.run())
    shown.append("\n".join(_sent(tab)))
    press(tab, "End the review")
    shown.append("\n".join(_sent(tab)))

    assert len(shown) > 10
    assert names.findall("\n".join(shown)) == []


@pytest.mark.parametrize("name", PAGES)
def test_no_name_is_ever_in_an_address_a_chart_or_a_key(demo: Database, name: str) -> None:
    names, tab = names_in(demo), _opened(demo, name, Audience.JUST_ME)
    machinery = [one.proto.query_string for one in tab.get("page_link")]
    machinery += [str(one.proto) for one in tab.get("vega_lite_chart")]
    machinery += [str(getattr(one, "key", "")) for one in tab.main]
    machinery += [str(tab.query_params)]

    assert names.findall("\n".join(machinery)) == []


def test_what_was_typed_in_a_few_words_is_not_sent_while_others_can_see(care: Care) -> None:
    """Reasons and remarks, which no page needs and which may name somebody."""
    typed = "Cousin Wilhelmina"
    with care.database.writing() as db:
        course = db.get_one(Episode, care.course.id)
        a_hold(db, course, HoldReason.TRAVEL, care.prescriber.clinician_id).note = typed
        given = a_given_session(db, course, given_at=NOW - timedelta(days=2))
        given.breach_reason = given.no_integration_reason = typed
        missed = a_ketamine_session(db, course, status=SessionStatus.MISSED)
        missed.end_reason = typed
        held = an_integration_session(db, course, given, closed_at=NOW, close_note=typed)
    for place, query in (
        ("client", {"client": care.client.code}),
        ("episode", {"id": care.course.id}),
        ("ketamine_session", {"id": given.id}),
        ("ketamine_session", {"id": missed.id}),
        ("integration_session", {"id": held.id}),
    ):
        tab = opened(care, care.prescriber, place, **query)
        assert typed in "\n".join(_sent(tab)), place
        well(tab.radio(key="audience").set_value(Audience.OTHERS).run())
        assert typed not in "\n".join(_sent(tab)), place


def test_what_scores_came_to_is_in_no_alert_while_others_can_see(care: Care) -> None:
    """The scores of a client are folded away then (decision 57); an alert must not say them."""
    with care.database.writing() as db:
        a_given_session(db, care.course, given_at=NOW - timedelta(days=20))
        for days, answers in ((24, (3,) * 7 + (1, 0)), (9, (0,) * 9), (1, (1,) * 6 + (0, 1, 2))):
            at = NOW - timedelta(days=days)
            a_score(db, care.course, care.therapist, answers=answers, taken_at=at)
    places: tuple[tuple[str, dict[str, str]], ...] = (
        ("caseload", {}),
        ("today", {}),
        ("client", {"client": care.client.code}),
        ("scores", {"client": care.client.code}),
    )
    for place, query in places:
        tab = opened(care, care.therapist, place, **query)
        known = "\n".join(_sent(tab))
        assert "PHQ-9 item 9, suicide or self-harm: 2, was 0" in known, place
        assert place == "scores" or "Slipping: PHQ-9 9, 0 at best" in known, place
        well(tab.radio(key="audience").set_value(Audience.OTHERS).run())
        hidden = "\n".join(_sent(tab))
        assert "PHQ-9 item 9, suicide or self-harm, Mon Nov 23" in hidden, place
        assert "at best" not in hidden, place
        assert "self-harm: " not in hidden, place


def test_two_people_of_the_same_initials_can_be_told_apart(demo: Database) -> None:
    tab = _opened(demo, "caseload", Audience.OTHERS)
    rows = [one.strip("* ") for one in links(tab, "client") if one.startswith("**")]
    initials = {one.split()[0] for one in rows}

    assert len(set(rows)) == len(rows) > len(initials)


@pytest.mark.parametrize("name", MADE_OF_NAMES)
def test_a_page_that_is_made_of_names_stays_shut(demo: Database, name: str) -> None:
    tab = _opened(demo, name, Audience.OTHERS)

    assert "others can see this screen" in said(tab)
    assert not tab.text_input


def test_the_answer_is_kept_and_what_was_typed_to_find_somebody_is_gone(demo: Database) -> None:
    tab = _opened(demo, "caseload", Audience.JUST_ME)
    tab.text_input(key="caseload_text").set_value("Okafor").run()

    well(tab.radio(key="audience").set_value(Audience.OTHERS).run())

    assert tab.text_input(key="caseload_text").value == ""
    assert "A.O. K-011" in " ".join(links(tab, "client"))
    with demo.reading() as db:
        viewer = viewer_of(db, sign_in_of(tab), NOW)
    assert viewer is not None
    assert viewer.hides_names

    well(tab.radio(key="audience").set_value(Audience.BOTH_OF_US).run())

    assert "Okafor" in " ".join(links(tab, "client"))
