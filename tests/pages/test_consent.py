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


def test_rule_22_what_ends_within_30_days_warns_and_what_is_missing_is_named(care):
    with care.database.writing() as db:
        course = a_course(db, care.client, prescriber=care.prescriber, therapist=care.therapist)
        by = care.therapist.clinician_id
        a_consent(db, course, ConsentType.KAP_TREATMENT, by, expires_on=TODAY + 30 * DAY)
        a_consent(db, course, ConsentType.TEAM_SHARING, by, expires_on=TODAY + 31 * DAY)
        a_consent(db, course, ConsentType.THERAPY, by, revoked_on=TODAY)
        a_consent(db, course, ConsentType.RECORDING, by, expires_on=TODAY)

    words = said(_open(care, care.front_desk, course))

    assert "orange[:material/flag: expires in 30 days, Thu Dec 24, 2026]" in words
    assert "orange[:material/flag: expires today, Tue Nov 24, 2026]" in words
    assert "\nexpires Fri Dec 25, 2026\n" in words
    assert "Consents still missing: Off-label use, Therapist's treatment]" in words


def test_nothing_is_said_to_be_missing_where_all_that_is_needed_is_there(care):
    """The touch agreement and the like are optional, and nobody signed them."""
    words = said(_open(care, care.therapist))
    assert "missing" not in words
    assert "Touch agreement" not in words


def test_a_kap_consent_says_how_long_one_is_usually_good_for(care):
    tab = _open(care, care.therapist)
    usual = "Usually signed anew after 12 months"
    assert usual not in said(tab)
    fill(tab, "consent", {"type": ConsentType.KAP_TREATMENT})
    assert usual in said(tab)
    fill(tab, "consent", {"expires_on": TODAY + 365 * DAY})
    assert usual not in said(tab)
