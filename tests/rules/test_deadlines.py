"""Alerts that no figure raises: each says what it is judged by, and rests no longer than it may."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapteam.rules.alerts import Quieted, Signal, may_be_quiet_until
from kapteam.rules.attention import attend
from kapteam.rules.concerns import ConcernStanding
from kapteam.rules.deadlines import of_clearance, of_concern, of_consent, of_form
from kapteam.rules.monitoring_form import FormStage, FormStanding
from kapteam.rules.pathway import ConsentFacts
from kapteam.vocabulary import ConcernKind, ConcernLevel, ConsentType, EpisodeState, Part, Tone
from tests.rules.test_attention import CALM

NOW = datetime(2026, 11, 24, 21, 30, tzinfo=UTC)
TODAY, DAY = date(2026, 11, 24), timedelta(days=1)
KAP = ConsentType.KAP_TREATMENT


def _concern(kind=ConcernKind.URINARY, level=ConcernLevel.MODERATE, unseen=()) -> ConcernStanding:
    return ConcernStanding(kind, level, NOW - DAY, "Noor Ocotillo", unseen, None)


def _said(one: Signal | None) -> tuple[str, Tone] | None:
    return (one.value, one.tone) if one else None


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (31, None),
        (30, ("ends Thu Dec 24", Tone.AMBER)),
        (0, ("ends Tue Nov 24", Tone.AMBER)),
        (-1, ("ended Mon Nov 23", Tone.RED)),
    ],
)
def test_a_clearance_and_a_consent_speak_from_thirty_days_before_they_end(days, said):
    until = TODAY + days * DAY
    assert _said(of_clearance("course", until, TODAY)) == said
    consent = of_consent("course", ConsentFacts(KAP, until, None), TODAY)
    assert _said(consent) == (said and (f"“{KAP.label}” {said[0]}", said[1]))


def test_what_never_ends_says_nothing():
    assert of_clearance("course", None, TODAY) is None
    assert of_consent("course", ConsentFacts(KAP, None, None), TODAY) is None


def test_a_revoked_consent_is_over_on_that_day_however_long_it_would_have_held():
    revoked = of_consent("course", ConsentFacts(KAP, TODAY + 200 * DAY, TODAY), TODAY)
    assert _said(revoked) == (f"“{KAP.label}” ended Tue Nov 24", Tone.RED)


@pytest.mark.parametrize(
    ("stage", "due_in", "said"),
    [
        (FormStage.NOT_DUE, 6, None),
        (FormStage.SUBMITTED, -3, None),
        (FormStage.DUE, 3, ("due Fri Nov 27", Tone.PLAIN)),
        (FormStage.DUE, 2, ("due Thu Nov 26", Tone.AMBER)),
        (FormStage.OVERDUE, -1, ("due Mon Nov 23", Tone.RED)),
        (FormStage.CHANGED, -3, ("changed since it was submitted", Tone.AMBER)),
    ],
)
def test_rule_39_a_form_speaks_while_it_is_to_be_sent(stage, due_in, said):
    form = FormStanding(stage, TODAY + due_in * DAY)
    assert _said(of_form("session", form, TODAY)) == said


@pytest.mark.parametrize("kind", ConcernKind)
def test_a_concern_says_who_raised_it_and_what_clears_it(kind):
    one = of_concern("concern", _concern(kind))
    assert (one.source, one.at) == ("raised by Noor Ocotillo", NOW - DAY)
    is_eithers = kind in {ConcernKind.SUICIDE_RISK, ConcernKind.OTHER}
    assert one.part is (None if is_eithers else Part.PRESCRIBER)
    assert ("decision note" in one.clears) is not is_eithers


ALL = replace(
    CALM,
    state=EpisodeState.SERIES,
    concerns=(("concern", _concern()),),
    forms=(("session", FormStanding(FormStage.DUE, TODAY + DAY)),),
    clearance_until_on=TODAY + 3 * DAY,
    consents=(ConsentFacts(KAP, TODAY + 3 * DAY, None),),
)


def _alerts(facts=ALL, today=TODAY) -> list[Signal]:
    return [one.signal for one in attend(facts, NOW, today) if one.signal]


def test_every_one_of_them_says_value_threshold_source_and_what_clears_it():
    found = _alerts()
    assert len(found) == 4
    for one in found:
        assert all((one.value, one.threshold, one.source, one.clears)), one


def test_a_quieted_one_is_on_no_list_until_its_day_has_passed_and_the_others_stay():
    for one in _alerts():
        until = may_be_quiet_until(one, TODAY)
        rests = replace(ALL, quieted=(Quieted(one.mark, until, "Visit on Monday", "Ada"),))
        assert len(_alerts(rests)) == len(_alerts()) - 1
        assert len(_alerts(rests, until + DAY)) >= len(_alerts()) - 1
        assert one.kind in {each.kind for each in _alerts(rests, until + DAY)}


def test_what_grew_louder_speaks_again():
    (amber,) = (one for one in _alerts() if one.row_id == "concern/0")
    quieted = (Quieted(amber.mark, TODAY + 20 * DAY, "Known", "Ada"),)
    high = replace(ALL, quieted=quieted, concerns=(("concern", _concern(level=ConcernLevel.HIGH)),))
    unseen = replace(ALL, quieted=quieted, concerns=(("concern", _concern(unseen=("Ada",))),))
    for louder in (high, unseen):
        assert "concern/0" in {one.row_id for one in _alerts(louder)}
    ended = replace(
        ALL,
        clearance_until_on=TODAY - DAY,
        quieted=tuple(Quieted(one.mark, TODAY + DAY, "Known", "Ada") for one in _alerts()),
    )
    assert [_said(one) for one in _alerts(ended)] == [("ended Mon Nov 23", Tone.RED)]


@given(st.dates(date(2026, 1, 1), date(2027, 12, 31)), st.sampled_from(ConsentType))
def test_its_mark_fits_and_is_of_one_course_and_one_day(until, consent_type):
    course = "0" * 36
    consent = ConsentFacts(consent_type, until, None)
    for one in (of_consent(course, consent, until), of_clearance(course, until, until)):
        assert one is not None
        assert len(one.mark) <= 80, one.mark
        later = of_clearance(course, until + DAY, until), of_clearance("1" * 36, until, until)
        assert one.mark not in {each.mark for each in later if each}


def test_whoever_came_since_and_has_not_seen_it_hears_of_a_concern_that_rests():
    high = _concern(level=ConcernLevel.HIGH)
    red = of_concern("concern", high)
    quieted = (Quieted(red.mark, TODAY + DAY, "Known", "Ada"),)
    seen_by_all = replace(ALL, quieted=quieted, concerns=(("concern", high),))
    assert red.mark not in {one.mark for one in _alerts(seen_by_all)}
    unseen = replace(high, unseen_by=("Noor Ocotillo",))
    assert red.mark in {
        one.mark for one in _alerts(replace(seen_by_all, concerns=(("concern", unseen),)))
    }


def test_a_concern_that_is_open_again_and_a_form_that_changed_are_other_alerts():
    again = replace(_concern(), version=3)
    assert of_concern("concern", again).mark != of_concern("concern", _concern()).mark
    due = of_form("session", FormStanding(FormStage.DUE, TODAY + DAY), TODAY)
    changed = of_form("session", FormStanding(FormStage.CHANGED, TODAY + DAY), TODAY)
    assert (due.tone, due.tone) == (changed.tone, Tone.AMBER)
    assert due.mark != changed.mark


def test_rule_17_without_a_prescriber_it_is_of_whoever_treats():
    assert of_concern("concern", replace(_concern(), has_prescriber=False)).part is None
