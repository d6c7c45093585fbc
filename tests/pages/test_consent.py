"""Consents: what was agreed to in writing, and a new one."""

from datetime import timedelta

from kapteam.db.tables import Consent
from kapteam.ui.text import plain
from kapteam.vocabulary import ConsentType
from tests.factories import TODAY, a_clinician, a_consent, a_course
from tests.pages.filling import beside, fill, press, typed
from tests.pages.tabs import headings, opened, said, unsigned

DAY = timedelta(days=1)
WILD = "<b>v</b> **2** www.x.y :star: $x$"


def _open(care, viewer, course=None):
    return opened(care, viewer, "consent", episode=(course or care.course).id)


def test_nobody_signed_in_gets_nothing(care):
    assert unsigned("consent", episode=care.course.id) == ""


def test_who_is_not_on_the_course_sees_nothing_of_it(care):
    tab = _open(care, care.stranger)

    assert "There is no such course of care, or you are not on it." in said(tab)
    assert "Okafor" not in said(tab)
    assert not tab.text_input


def test_without_a_function_there_is_no_form(care):
    with care.database.writing() as db:
        nobody = a_clinician(db, name="Nora Nobody", is_administrator=True)

    assert not _open(care, nobody).text_input


def test_without_any_it_says_so(care):
    with care.database.writing() as db:
        course = a_course(db, care.client, therapist=care.therapist)

    tab = _open(care, care.therapist, course)

    assert "No consent yet." in said(tab)
    assert typed(tab, "consent")["type"] is None
    assert typed(tab, "consent")["signed_on"] == TODAY


def test_each_says_until_when_it_counts_and_only_those_that_count_can_be_revoked(care):
    with care.database.writing() as db:
        course = a_course(db, care.client, therapist=care.therapist)
        by = care.therapist.clinician_id
        a_consent(db, course, ConsentType.TOUCH, by, expires_on=None)
        a_consent(db, course, ConsentType.THERAPY, by, expires_on=TODAY - DAY)
        a_consent(db, course, ConsentType.OFF_LABEL, by, revoked_on=TODAY - DAY)

    tab = _open(care, care.therapist, course)
    words = said(tab)

    for sentence in ("does not expire", "expired Mon Nov 23", "revoked Mon Nov 23"):
        assert sentence in words
    assert [one.label for one in tab.button].count("Revoke from today") == 1


def test_the_front_desk_keeps_two_one_after_the_other(care):
    with care.database.writing() as db:
        course = a_course(db, care.client, therapist=care.therapist)
    tab = _open(care, care.front_desk, course)

    press(fill(tab, "consent", {"type": ConsentType.TOUCH, "form_version": WILD}), "Save consent")
    # The page stays, with an empty form for the next one.
    assert typed(tab, "consent")["type"] is None
    assert typed(tab, "consent")["form_version"] == ""
    press(fill(tab, "consent", {"type": ConsentType.THERAPY}), "Save consent")

    assert headings(tab)[0] == "Consents (2)"
    assert {one.type for one in care.rows(Consent, episode_id=course.id)} == {
        ConsentType.TOUCH,
        ConsentType.THERAPY,
    }
    assert any(plain(WILD) in one.value for one in tab.markdown)


def test_a_consent_revoked_stays_readable(care):
    with care.database.writing() as db:
        course = a_course(db, care.client, therapist=care.therapist)
        kept = a_consent(db, course, ConsentType.TOUCH, care.therapist.clinician_id)
    tab = _open(care, care.therapist, course)

    press(tab, "Revoke from today")

    assert care.row(Consent, kept.id).revoked_on == TODAY
    assert "revoked Tue Nov 24, 2026" in said(tab)
    assert "Revoke from today" not in [one.label for one in tab.button]


def test_rule_66_a_consent_entered_in_error_is_struck_through(care):
    with care.database.writing() as db:
        course = a_course(db, care.client, therapist=care.therapist)
        wrong = a_consent(db, course, ConsentType.TOUCH, care.therapist.clinician_id)
    tab = _open(care, care.front_desk, course)
    press(tab, "Mark as entered in error")
    assert "The reason is needed." in beside(tab, "void", "void_reason")

    press(fill(tab, "void", {"void_reason": WILD}), "Mark as entered in error")

    struck = f"~~Touch agreement, signed Wed Nov 4, 2026~~ :gray[entered in error: {WILD}]"
    assert struck in said(tab)
    assert "No consent yet." in said(tab)
    assert care.row(Consent, wrong.id).void_reason == WILD
    labels = [one.label for one in tab.button]
    assert {"Revoke from today", "Mark as entered in error"}.isdisjoint(labels)
