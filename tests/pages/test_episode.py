"""A course of care: opened, moved, held, handed over and closed."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from kapteam.db.tables import Clinician, Consent, Episode, EpisodeMember, Hold, OutsideExperience
from kapteam.ui.text import plain
from kapteam.vocabulary import (
    EpisodeState,
    Function,
    HoldReason,
    Indication,
    IntegrationCloseReason,
    Part,
    ServiceLine,
)
from tests.factories import (
    NOW,
    TODAY,
    a_client,
    a_clinician,
    a_course,
    a_hold,
    an_integration_course,
    an_outside_experience,
)
from tests.factories_care import (
    a_given_session,
    a_ketamine_session,
    a_series,
    an_integration_session,
    an_overdue_integration,
)
from tests.pages.filling import LOOK, beside, box, fill, press, typed
from tests.pages.tabs import addresses, bare, links, opened, said, unsigned

DAY = timedelta(days=1)
WILD = "<b>v</b> **2** =HYPERLINK(1) -> www.x.y :star: $x$ 🌵 שלום"


def _open(care, viewer, course=None):
    return opened(care, viewer, "episode", id=(course or care.course).id)


def _new(care, viewer, code="K-001"):
    return opened(care, viewer, "episode", client=code)


def test_nobody_signed_in_gets_nothing(care):
    assert unsigned("episode", id=care.course.id) == ""
    assert unsigned("episode", client="K-001") == ""


def test_who_is_not_on_the_course_sees_nothing_of_it(care):
    for tab in (_open(care, care.stranger), _new(care, care.stranger)):
        assert "or you are not on" in said(tab)
        assert "Okafor" not in said(tab)


@pytest.mark.parametrize("who", ["nurse", "front_desk"])
def test_who_does_not_run_courses_reads_it_and_opens_none(care, who):
    tab = _open(care, getattr(care, who))
    assert "Therapist: **Thea Tallis**" in said(tab)
    assert not tab.tabs

    tab = _new(care, getattr(care, who))
    assert "Only a prescriber or a therapist can open" in said(tab)
    assert [one.key for one in tab.radio] == ["audience"]


@pytest.mark.parametrize("query", [{}, {"id": "nonsense"}, {"client": "K-999"}])
def test_a_course_that_is_none_is_said_to_be_none(care, query):
    tab = opened(care, care.therapist, "episode", **query)

    assert "There is no" in said(tab)
    assert not tab.tabs


def test_a_new_course_has_its_opener_in_their_own_part_and_nothing_else_chosen(care):
    found = typed(_new(care, care.therapist), "episode")

    assert found.pop("therapist_id") == care.therapist.clinician_id
    assert found.pop("prescriber_id") == ""
    assert found.pop("expects_intention") is True
    assert found.pop("expects_integration") is True
    assert not [value for value in found.values() if value]


def test_where_nobody_prescribes_yet_the_form_says_so_and_where_to_add_one(care):
    said_here = "Nobody here prescribes yet."
    assert said_here not in said(_new(care, care.therapist))

    with care.database.writing() as db:
        suspended = [care.prescriber.clinician_id, care.stranger.clinician_id]
        gone = Clinician.id.in_(suspended)
        db.execute(update(Clinician).where(gone).values(suspended_at=NOW))
        admin = a_clinician(db, Function.THERAPIST, is_administrator=True)
        client = a_client(db, care.therapist)
    tab = _new(care, admin, client.code)
    assert said_here in said(tab)
    assert "Nobody here is a therapist yet." not in said(tab)
    assert addresses(tab, "Add your colleagues") == ["practice?"]

    tab = _new(care, care.therapist, client.code)
    assert said_here in said(tab)
    assert "An administrator adds colleagues under Practice, Team." in said(tab)
    assert addresses(tab, "Add your colleagues") == []


def test_somebody_chosen_can_be_nobody_again(care):
    tab = _new(care, care.therapist)
    values = {
        "service_line": ServiceLine.KAP,
        f"indications.{Indication.PTSD.value}": True,
        "prescriber_id": care.prescriber.clinician_id,
        "therapist_elsewhere": WILD,
    }
    press(fill(tab, "episode", values), "Open the course")
    assert "not both" in beside(tab, "episode", "therapist_id")

    press(fill(tab, "episode", {"therapist_id": ""}), "Open the course")

    (course,) = [one for one in care.rows(Episode) if one.id != care.course.id]
    members = care.rows(EpisodeMember, episode_id=course.id)
    assert {(one.part, one.elsewhere) for one in members} == {
        (Part.PRESCRIBER, ""),
        (Part.THERAPIST, WILD),
    }
    assert any(plain(WILD) in one.value for one in _open(care, care.prescriber, course).markdown)


def test_what_was_typed_for_another_service_is_not_saved_with_this_one(care):
    tab = _new(care, care.therapist)
    fill(tab, "episode", {"service_line": ServiceLine.PSYCHEDELIC_INTEGRATION})
    fill(tab, "episode", {"substance": "psilocybin"})
    assert "as the client tells it" in said(tab)
    values = {
        "service_line": ServiceLine.KAP,
        f"indications.{Indication.PTSD.value}": True,
        "prescriber_elsewhere": "Dr. Faraway",
    }

    press(fill(tab, "episode", values), "Open the course")

    assert "Assessment" in said(tab)
    assert care.rows(OutsideExperience) == []


def test_an_experience_elsewhere_is_shown_to_the_letter(care):
    with care.database.writing() as db:
        course = an_integration_course(
            db, a_client(db, care.therapist, family="Rook"), care.therapist
        )
        an_outside_experience(db, course, substance=WILD)

    tab = _open(care, care.therapist, course)

    assert any(WILD in one.value for one in tab.text)
    # There is nothing to clear and no ketamine session to book on it.
    assert not {"Record clearance", "Clearance", "Book a ketamine session"} & set(links(tab))


def test_a_move_is_never_chosen_for_anybody_and_never_twice(care):
    tab = _open(care, care.therapist)
    assert typed(tab, "move") == {"to": None}

    press(fill(tab, "move", {"to": EpisodeState.SERIES_REVIEW}), "Move")
    assert "**Series review** :gray[since Tue Nov 24, 2:30 pm]" in said(tab)
    assert typed(tab, "move") == {"to": None}
    press(tab, "Move")

    assert care.row(Episode, care.course.id).state is EpisodeState.SERIES_REVIEW
    assert LOOK in said(tab)


def test_the_gate_says_what_is_missing_and_leaves_the_choice(care):
    with care.database.writing() as db:
        course = a_course(
            db,
            care.client,
            prescriber=care.prescriber,
            therapist=care.therapist,
            state=EpisodeState.PREPARATION,
        )
    tab = _open(care, care.therapist, course)

    press(fill(tab, "move", {"to": EpisodeState.SERIES}), "Move")

    assert "a clearance by the prescriber" in said(tab)
    assert typed(tab, "move") == {"to": EpisodeState.SERIES}
    assert care.row(Episode, course.id).state is EpisodeState.PREPARATION
    assert not tab.success


def test_booking_is_offered_only_where_it_can_be_done(care):
    with care.database.writing() as db:
        people = {"prescriber": care.prescriber, "therapist": care.therapist}
        early = a_course(db, care.client, state=EpisodeState.ASSESSMENT, **people)
        paused = a_course(db, care.client, hold=HoldReason.TRAVEL, **people)

    for course, offered in ((care.course, True), (early, False), (paused, False)):
        tab = _open(care, care.therapist, course)
        assert ("Book a ketamine session" in links(tab)) is offered


def test_the_front_desk_reads_of_a_medical_hold_its_day_and_no_reason(care):
    with care.database.writing() as db:
        a_hold(db, care.course, HoldReason.SUICIDE_RISK, care.prescriber.clinician_id)
        a_ketamine_session(db, care.course, planned_at=NOW + DAY)
    pages = (
        ("episode", {"id": care.course.id}),
        ("client", {"client": care.client.code}),
        ("caseload", {}),
        ("ketamine_sessions", {}),
        ("today", {}),
    )
    for page, query in pages:
        words = bare(said(opened(care, care.front_desk, page, **query)))
        assert "On hold, " in words, page
        assert "hold: " not in words, page
        assert "suicide" not in words.lower(), page
    words = said(opened(care, care.therapist, "episode", id=care.course.id))
    assert "On hold: suicide risk, look again Tue Dec 1" in words

    with care.database.writing() as db:
        db.query(Hold).one().released_at = NOW
    tab = opened(care, care.front_desk, "episode", id=care.course.id)
    assert any(one.value.startswith("**On hold**") for one in tab.markdown)
    assert not any(one.value.startswith("**Other**") for one in tab.markdown)


def test_a_hold_is_kept_released_and_can_be_put_again(care):
    tab = _open(care, care.therapist)
    values = {"reason": HoldReason.TRAVEL, "look_again_on": TODAY + DAY, "note": WILD}
    press(fill(tab, "hold", values), "Hold")
    assert "On hold: travel, look again Wed Nov 25" in said(tab)
    assert WILD in [one.value for one in tab.text]

    press(fill(tab, "release", {"release_note": "Back."}), "Release the hold")
    assert "On hold" not in said(tab)
    assert "Earlier holds (1)" in [one.label for one in tab.expander]
    assert any(one.value.endswith(": Back.") for one in tab.text)
    press(fill(tab, "hold", values), "Hold")

    assert [one.released_at for one in care.rows(Hold)] == [NOW, None]


def test_rule_15_a_medical_hold_is_not_released_by_a_therapist(care):
    with care.database.writing() as db:
        people = {"prescriber": care.prescriber, "therapist": care.therapist}
        course = a_course(db, care.client, hold=HoldReason.BLOOD_PRESSURE, **people)
    tab = _open(care, care.therapist, course)

    assert "only a prescriber can release it" in said(tab)
    assert "Release the hold" not in [one.label for one in tab.button]

    tab = _open(care, care.prescriber, course)
    press(fill(tab, "release", {"release_note": "120/80."}), "Release the hold")
    assert care.rows(Hold)[0].released_at == NOW


def test_an_untouched_form_never_takes_anybody_off_the_course(care):
    tab = _open(care, care.prescriber)

    press(tab, "Change therapist")

    assert "Choose who it is from now on" in beside(tab, "member.therapist", "clinician_id")
    assert [one.until_at for one in care.rows(EpisodeMember)] == [None] * 3


def test_that_nobody_has_a_part_is_said_and_then_so(care):
    tab = _open(care, care.prescriber)

    press(fill(tab, "member.therapist", {"clinician_id": "nobody"}), "Change therapist")

    assert "Therapist: **nobody**" in said(tab)
    assert "Therapist: **Thea Tallis**" not in said(tab)


def test_a_part_is_handed_over_twice_in_a_row_on_the_same_page(care):
    tab = _open(care, care.prescriber)

    for name in ("Wren Faraway", "Wanda Faraway"):
        press(fill(tab, "member.therapist", {"clinician_elsewhere": name}), "Change therapist")
        assert f"Therapist: **{name}**" in said(tab)
        assert box(tab, "member.therapist", "clinician_elsewhere").value == ""

    assert len(care.rows(EpisodeMember, part=Part.THERAPIST)) == 3


def test_who_hands_over_their_own_part_no_longer_sees_the_course_and_is_told(care):
    with care.database.writing() as db:
        course = a_course(
            db, care.client, prescriber=care.prescriber, therapist=care.stranger, cleared=True
        )
    tab = _open(care, care.stranger, course)

    entered = {"clinician_id": care.therapist.clinician_id}
    press(fill(tab, "member.therapist", entered), "Change therapist")

    assert tab.success
    assert "There is no such course of care, or you are not on it." in said(tab)


def test_a_closed_course_takes_no_step_more(care):
    with care.database.writing() as db:
        course = a_course(db, care.client, therapist=care.therapist, state=EpisodeState.CLOSED)

    tab = _open(care, care.therapist, course)

    assert "This course is closed. Open a new one from the client." in said(tab)
    assert not tab.tabs
    assert "Book a ketamine session" not in links(tab)


def test_what_a_course_is_for_is_changed_and_integration_only_when_none_is_owed(care):
    with care.database.writing() as db:
        owed = an_overdue_integration(db, care.course)
    tab = _open(care, care.therapist)
    assert typed(tab, "about")["expects_integration"] is True
    values = {f"indications.{Indication.PTSD.value}": True, "expects_integration": False}

    press(fill(tab, "about", values), "Save what it is for")
    assert "Integration is still owed here." in beside(tab, "about", "expects_integration")
    with care.database.writing() as db:
        an_integration_session(
            db,
            care.course,
            owed,
            closed_at=NOW,
            close_reason=IntegrationCloseReason.DECLINED,
        )
    press(tab, "Save what it is for")

    assert "PTSD" in said(tab)
    changed = care.row(Episode, care.course.id)
    assert not changed.expects_integration
    assert Indication.PTSD in changed.indications


def test_rule_66_an_experience_is_corrected_beside_what_was_there(care):
    with care.database.writing() as db:
        course = an_integration_course(db, care.client, care.therapist)
        wrong = an_outside_experience(db, course)
    tab = opened(care, care.therapist, "episode", id=course.id)
    assert typed(tab, "experience")["substance"] == "psilocybin"
    press(fill(tab, "experience", {"substance": "ayahuasca"}), "Save the correction")
    assert "The reason is needed." in beside(tab, "experience", "void_reason")

    press(fill(tab, "experience", {"void_reason": "Misheard"}), "Save the correction")

    words = said(tab)
    assert "~~psilocybin, summer 2025.~~ :gray[entered in error: Misheard]" in words
    assert "ayahuasca, summer 2025." in words
    assert care.row(OutsideExperience, wrong.id).substance == "psilocybin"
    client = said(opened(care, care.therapist, "client", client=care.client.code))
    assert "ayahuasca, summer 2025" in client
    assert "psilocybin" not in client


def test_an_experience_is_corrected_by_who_runs_the_course_only(care):
    with care.database.writing() as db:
        course = an_integration_course(db, care.client, care.therapist)
        an_outside_experience(db, course)

    assert typed(opened(care, care.front_desk, "episode", id=course.id), "experience") == {}


def test_the_course_says_up_to_how_much_is_cleared_and_which_consent_ends_first(care):
    with care.database.writing() as db:
        first, *_ = db.scalars(select(Consent).where(Consent.episode_id == care.course.id))
        first.expires_on = TODAY + timedelta(days=3)
    tab = _open(care, care.therapist, care.course)

    assert "up to 150 mg" in said(tab)
    assert "in date, the first ends Fri Nov 27, 2026" in said(tab)


@pytest.mark.parametrize("page", ["clearance", "consent", "booking"])
def test_from_what_belongs_to_a_course_one_link_leads_back_to_it(care, page):
    tab = opened(care, care.therapist, page, episode=care.course.id)
    assert addresses(tab, "Course") == [f"episode?id={care.course.id}"]
    assert "Course" not in links(_open(care, care.therapist, care.course))


def test_the_series_stands_on_its_course_and_either_of_the_two_records_its_review(care):
    with care.database.writing() as db:
        a_series(db, care.course, review_before=2)
        a_given_session(db, care.course, given_at=NOW - 7 * DAY)
    for nobody in (care.nurse, care.front_desk):
        tab = _open(care, nobody)
        assert "1 of 6 given, review before the 2nd" in said(tab)
        assert "words" not in typed(tab, "review")
        assert addresses(tab, "Plan the rest") == [f"series_plan?episode={care.course.id}"]
    tab = _open(care, care.therapist)

    press(fill(tab, "review", {"words": f"Goes on. {WILD}"}), "The series was reviewed")

    assert "1 of 6 given, reviewed before the 2nd" in said(tab)
    assert "Reviewed before the 2nd by Thea Tallis, Tue Nov 24, 2:30 pm" in said(tab)
    assert f"Goes on. {WILD}" in [one.value for one in tab.text]
    assert "words" not in typed(_open(care, care.prescriber), "review")
    assert "Goes on." not in said(_open(care, care.front_desk))


def test_a_course_without_a_running_series_says_nothing_of_one(care):
    tab = _open(care, care.therapist)
    assert " given" not in said(tab)
    assert "Plan the rest" not in links(tab)


def test_rule_51_on_hold_nothing_is_asked_for_until_somebody_sets_it(care):
    with care.database.writing() as db:
        a_given_session(db, care.course, given_at=NOW - 9 * DAY)
        a_hold(db, care.course, HoldReason.TRAVEL, care.prescriber.clinician_id)
    client = {"client": care.client.code}
    assert "PHQ-9" not in bare(said(opened(care, care.therapist, "client", **client)))

    tab = _open(care, care.therapist)
    assert "No outcome measures are asked for while it is on hold." in bare(said(tab))
    press(tab, "Ask for measures")
    assert "Outcome measures are asked for all the same: Thea Tallis" in bare(said(tab))
    assert "PHQ-9" in bare(said(opened(care, care.therapist, "client", **client)))

    press(tab, "Stop asking for measures")
    assert "No outcome measures are asked for while it is on hold." in bare(said(tab))
    assert "PHQ-9" not in bare(said(opened(care, care.therapist, "client", **client)))


def test_rule_51_in_psychedelic_integration_what_somebody_sets_is_asked_for(care):
    with care.database.writing() as db:
        db.get_one(Episode, care.course.id).service_line = ServiceLine.PSYCHEDELIC_INTEGRATION
    client = {"client": care.client.code}
    assert "PHQ-9" not in bare(said(opened(care, care.therapist, "client", **client)))

    press(_open(care, care.therapist), "Ask for measures")
    told = bare(said(opened(care, care.therapist, "client", **client)))
    assert "PHQ-9 by Tue Nov 24, never taken" in told


def test_where_measures_are_asked_for_anyway_or_by_nobody_nothing_is_said_of_it(care):
    assert "utcome measures are asked for" not in bare(said(_open(care, care.therapist)))
    with care.database.writing() as db:
        a_hold(db, care.course, HoldReason.TRAVEL, care.prescriber.clinician_id)
    assert "utcome measures are asked for" not in bare(said(_open(care, care.nurse)))
    assert "utcome measures are asked for" not in bare(said(_open(care, care.front_desk)))
