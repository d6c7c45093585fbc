"""The end of a course of care on its page, its sign-off, and a client who comes back."""

from datetime import timedelta

from kapteam.actions.endings import close_episode
from kapteam.db.tables import (
    Consent,
    Ending,
    Episode,
    EpisodeMember,
    IntegrationSession,
    KetamineSession,
    SignOff,
)
from kapteam.rules.loose_ends import Choice
from kapteam.vocabulary import (
    CloseReason,
    EpisodeState,
    FinalScores,
    Function,
    Indication,
    Part,
    ServiceLine,
    SessionStatus,
)
from tests.factories import NOW, TODAY, a_clinician, a_contact, a_course, a_home_supply, a_member
from tests.factories_care import (
    a_ketamine_session,
    an_ask,
    an_integration_session,
    an_overdue_integration,
)
from tests.factories_endings import a_closing, therapy_goes_on
from tests.pages.filling import LOOK, beside, box, fill, press, typed
from tests.pages.tabs import addresses, bare, links, opened, said

DAY = timedelta(days=1)
ENDING = {"close_reason": CloseReason.GOALS_MET, "final_scores": FinalScores.OBTAINED}
WILD = "<b>v</b> **2** =HYPERLINK(1) :star: $x$ 🌵"


def _open(care, viewer, course=None):
    return opened(care, viewer, "episode", id=(course or care.course).id)


def test_nothing_of_an_ending_is_chosen_for_anybody_but_that_consents_stay(care):
    found = typed(_open(care, care.therapist), "close")
    consents = {name: value for name, value in found.items() if name.startswith("choice.consent")}
    assert list(consents.values()) == ["keep"]
    rest = {name: value for name, value in found.items() if name not in consents}
    assert [name for name, value in rest.items() if value] == []


def test_each_loose_end_is_one_row_and_what_is_missing_is_said_beside_it(care):
    with care.database.writing() as db:
        ahead = a_ketamine_session(db, care.course)
        owed = an_overdue_integration(db, care.course)
    tab = _open(care, care.therapist)
    assert "What is still loose (3)" in said(tab)
    consents = "Consents: KAP treatment, Off-label use, Therapist's treatment and Team sharing"
    assert consents in said(tab)

    press(fill(tab, "close", {**ENDING, f"choice.dose.{ahead.id}": "cancel"}), "Close the course")

    assert beside(tab, "close", f"choice.integration.{owed.id}") == "Choose what becomes of it."
    assert LOOK in said(tab)
    assert typed(tab, "close")[f"choice.dose.{ahead.id}"] == "cancel"
    assert care.row(KetamineSession, ahead.id).status is SessionStatus.PLANNED

    press(fill(tab, "close", {f"choice.integration.{owed.id}": "not_needed"}), "Close the course")
    assert care.row(Episode, care.course.id).state is EpisodeState.CLOSED
    assert care.row(KetamineSession, ahead.id).status is SessionStatus.CANCELLED


def test_a_question_is_kept_on_today_or_closed_by_who_asked_it(care):
    with care.database.writing() as db:
        one = an_ask(db, care.course, care.therapist, care.prescriber)
    field = f"choice.ask.{one.id}.{one.version}"
    options = box(_open(care, care.prescriber), "close", field).options
    assert options == ["Keep: it stays on Today until it is settled"]
    tab = _open(care, care.therapist)
    assert "Question for Robin Prescott, Tue Nov 24, 1:30 pm: waits for an answer" in bare(
        said(tab)
    )
    assert box(tab, "close", field).options[1:] == ["Close: not needed any more"]

    press(fill(tab, "close", ENDING), "Close the course")
    assert beside(tab, "close", field) == "Choose what becomes of it."
    press(fill(tab, "close", {field: "withdraw"}), "Close the course")

    assert care.row(Episode, care.course.id).state is EpisodeState.CLOSED
    ask = bare(said(opened(care, care.prescriber, "ask", id=one.id)))
    assert "Not needed any more, Tue Nov 24, 2:30 pm" in ask
    assert "The course of care ended: goals met." in ask
    assert "Answered and read" not in ask


def test_keeping_is_offered_only_where_therapy_goes_on_and_says_with_whom(care):
    with care.database.writing() as db:
        other = a_clinician(db, Function.THERAPIST, name="Wren Walker")
        owed = an_overdue_integration(db, care.course)
    field = f"choice.integration.{owed.id}"
    tab = _open(care, care.therapist)

    def offered():
        return box(tab, "close", field).options[:1]

    assert offered() == ["Close: client declined"]
    fill(tab, "close", {"goes_on_with_id": care.therapist.clinician_id})
    assert offered() == ["Keep, with Thea Tallis"]
    fill(tab, "close", {field: "keep"})
    fill(tab, "close", {"goes_on_with_id": other.clinician_id})
    assert offered() == ["Hand over to Wren Walker"]
    # What was chosen before is no choice any more, and is not taken for one.
    press(fill(tab, "close", ENDING), "Close the course")
    assert beside(tab, "close", field) == "Choose what becomes of it."
    press(fill(tab, "close", {field: "hand_over"}), "Close the course")
    [therapy] = care.rows(Episode, service_line=ServiceLine.THERAPY_AFTER_KAP)
    [member] = care.rows(EpisodeMember, episode_id=therapy.id)
    assert member.clinician_id == other.clinician_id


def test_what_has_to_be_done_first_is_said_before_anybody_saves(care):
    with care.database.writing() as db:
        dose = an_overdue_integration(db, care.course)
        an_integration_session(db, care.course, dose, therapist=care.therapist, held_at=NOW - DAY)
    tab = _open(care, care.prescriber)
    assert "Thea Tallis signs the note first." in said(tab)

    press(fill(tab, "close", ENDING), "Close the course")

    assert LOOK in said(tab)
    assert ":red[:material/error: Thea Tallis signs the note first.]" in said(tab)
    assert care.row(Episode, care.course.id).closed_at is None


def test_a_dose_booked_while_the_form_was_open_is_said_and_then_stands_there(care):
    tab = fill(_open(care, care.therapist), "close", {**ENDING, "close_note": WILD})
    with care.database.writing() as db:
        dose = a_ketamine_session(db, care.course)

    press(tab, "Close the course")

    came_up = "Ketamine session of Wed Nov 25, 2:30 pm: this came up while the form was open."
    assert beside(tab, "close", f"choice.dose.{dose.id}").startswith(came_up)
    assert said(tab).count("this came up") == 1
    assert LOOK in said(tab)
    assert typed(tab, "close")["close_note"] == WILD
    assert care.rows(Ending) == []
    press(fill(tab, "close", {f"choice.dose.{dose.id}": "cancel"}), "Close the course")
    assert care.row(Episode, care.course.id).state is EpisodeState.CLOSED


def test_what_came_up_and_has_to_be_done_first_is_red_in_its_row(care):
    tab = fill(_open(care, care.therapist), "close", ENDING)
    with care.database.writing() as db:
        dose = an_overdue_integration(db, care.course)
        an_integration_session(db, care.course, dose, therapist=care.therapist, held_at=NOW - DAY)

    press(tab, "Close the course")

    first = "this came up while the form was open. Thea Tallis signs the note first."
    assert bare(said(tab)).count(first) == 1
    assert ":red[:material/error: Integration" in said(tab)
    assert care.rows(Ending) == []


def test_all_consents_are_revoked_by_one_choice(care):
    tab = _open(care, care.therapist)
    [consents] = [one for one in typed(tab, "close") if one.startswith("choice.consent")]
    press(fill(tab, "close", {**ENDING, consents: "revoke"}), "Close the course")
    assert {one.revoked_on for one in care.rows(Consent)} == {TODAY}


def test_what_is_read_aloud_of_a_loose_end_is_what_is_read(care):
    with care.database.writing() as db:
        who = a_clinician(db, Function.THERAPIST, name="Dr. Jo *Wren*-Walker")
        call = a_contact(db, care.course, who, planned_at=NOW + DAY)
    tab = _open(care, care.therapist)
    label = box(tab, "close", f"choice.contact.{call.id}").label
    assert "Dr. Jo Wren-Walker" in label
    assert "\\" not in label
    assert "Dr. Jo *Wren*-Walker" in said(tab)


def test_no_final_scores_needs_its_why(care):
    tab = _open(care, care.therapist)
    values = {**ENDING, "final_scores": FinalScores.NOT_OBTAINED}
    press(fill(tab, "close", values), "Close the course")
    assert beside(tab, "close", "final_scores_why") == "Why there are none is needed."
    assert care.rows(Ending) == []


def test_the_second_who_ends_it_is_told_who_did_and_keeps_what_was_typed(care):
    tab = fill(_open(care, care.prescriber), "close", {**ENDING, "close_note": WILD})
    care.do(close_episode, care.therapist, a_closing(care.course))

    press(tab, "Close the course")

    assert "Thea Tallis ended this course of care already, Tue Nov 24, 2:30 pm." in said(tab)
    assert [one.value for one in tab.text_area] == [WILD]
    assert "Your note on the end, which was not saved" in [one.label for one in tab.text_area]
    assert care.row(Episode, care.course.id).close_note == "Both of us and the client agree."


def test_the_page_of_a_course_that_ended_says_who_is_waited_for_and_who_signs(care):
    ended = a_closing(
        care.course,
        final_scores=FinalScores.NOT_OBTAINED,
        final_scores_why=WILD,
        medicine_at_home=True,
        medicine_note="Two lozenges.",
    )
    care.do(close_episode, care.therapist, ended)

    mine = _open(care, care.therapist)
    assert "Therapist: signed off by Thea Tallis, Tue Nov 24, 2:30 pm" in said(mine)
    assert "Prescriber: waiting on Robin Prescott: sign-off" in said(mine)
    assert "Medicine at home: yes, Two lozenges." in said(mine)
    assert "Sign off the end" not in [one.label for one in mine.button]

    tab = press(_open(care, care.prescriber), "Sign off the end")
    assert "Prescriber: signed off by Robin Prescott" in said(tab)
    assert "Sign off the end" not in [one.label for one in tab.button]
    assert all(one.signed_at for one in care.rows(SignOff))


def test_today_and_client_lead_to_what_waits_to_be_signed_off(care):
    care.do(close_episode, care.therapist, a_closing(care.course))
    place = f"episode?id={care.course.id}"

    today = opened(care, care.prescriber, "today")
    assert "Sign off the end of this course, ended Tue Nov 24" in said(today)
    assert place in addresses(today, "Open")

    client = opened(care, care.therapist, "client", client="K-001")
    assert "waiting on Robin Prescott: sign-off" in said(client)
    assert "No open course of care." in said(client)
    assert "waiting on" not in said(opened(care, care.prescriber, "client", client="K-001"))


# --- coming back ----------------------------------------------------------------------------------


def _came_back(care):
    """The form of a new course for the client whose course ended."""
    return opened(care, care.therapist, "episode", client="K-001")


def test_a_new_course_starts_from_the_last_one_and_says_so(care):
    care.do(close_episode, care.therapist, a_closing(care.course))

    tab = _came_back(care)

    found = typed(tab, "episode")
    assert found["service_line"] is ServiceLine.KAP
    assert found["prescriber_id"] == care.prescriber.clinician_id
    assert found["therapist_id"] == care.therapist.clinician_id
    ticked = [name for name, value in found.items() if name.startswith("indications") and value]
    assert ticked == [f"indications.{Indication.DEPRESSION.value}"]
    assert "Filled in from the course that ended Tue Nov 24" in said(tab)
    # That the end is not signed off keeps nobody from coming back, and is said.
    assert "Its end is still waiting on Robin Prescott: sign-off." in said(tab)
    press(tab, "Open the course")
    assert [one.state for one in care.rows(Episode) if one.id != care.course.id] == [
        EpisodeState.ASSESSMENT
    ]


def test_who_no_longer_works_here_is_not_filled_in(care):
    with care.database.writing() as db:
        gone = a_clinician(db, Function.THERAPIST, name="Gene Gone", suspended=True)
        over = a_course(db, care.client, prescriber=care.prescriber, state=EpisodeState.CLOSED)
        a_member(db, over, gone, Part.THERAPIST)

    found = typed(opened(care, care.prescriber, "episode", client="K-001"), "episode")

    assert (found["prescriber_id"], found["therapist_id"]) == (care.prescriber.clinician_id, "")


def test_a_client_who_never_had_a_course_end_starts_from_nothing(care):
    tab = _came_back(care)
    assert typed(tab, "episode")["service_line"] is None
    assert "Filled in from" not in said(tab)


def test_the_client_s_history_is_one_timeline_across_two_courses(care):
    with care.database.writing() as db:
        dose = an_overdue_integration(db, care.course, hours=30)
    therapy_goes_on(care, {f"integration.{dose.id}": Choice.KEEP})

    tab = opened(care, care.therapist, "client", client="K-001")

    # Above, as the next thing, and under its dose: as on one course, and no third time.
    assert said(tab).count("30 hr since dose, not held") == 3
    assert "Ketamine sessions (1), newest first" in said(tab)
    assert "Therapy after KAP: Integration" in said(tab)
    assert "Held" in links(tab)


def test_what_went_on_is_opened_from_its_own_row(care):
    with care.database.writing() as db:
        dose = an_overdue_integration(db, care.course, hours=30)
    therapy_goes_on(care, {f"integration.{dose.id}": Choice.KEEP})
    [place] = addresses(opened(care, care.therapist, "integration"), "Held")
    query = dict(one.split("=") for one in place.split("?")[1].split("&"))

    tab = opened(care, care.therapist, "integration_session", **query)

    assert "Therapy after KAP" in said(tab)
    assert "30 hr since dose, not held" in said(tab)
    assert typed(tab, "integration.hold")


def test_to_whose_course_ended_is_said_who_has_what_went_on_until_it_was_held(care):
    with care.database.writing() as db:
        dose = an_overdue_integration(db, care.course, hours=30)
    therapy = therapy_goes_on(care, {f"integration.{dose.id}": Choice.KEEP})
    text = said(opened(care, care.prescriber, "client", client=care.client.code))
    assert "Nothing to integrate yet" not in text
    assert "On no open course of yours, with Thea Tallis" in text
    assert "Integration to do, with Thea Tallis, on no course of yours" in text
    # Who has it may be known, what was written of it there may not.
    assert "hr since dose" not in text

    with care.database.writing() as db:
        [row] = care.rows(IntegrationSession, episode_id=therapy.id)
        db.get_one(IntegrationSession, row.id).held_at = NOW
    text = said(opened(care, care.prescriber, "client", client=care.client.code))
    assert "Thea Tallis, on no course of yours" not in text
    assert "No integration on a course of yours" in text


def test_a_dose_of_a_course_that_goes_on_says_nothing_of_another_course(care):
    with care.database.writing() as db:
        an_overdue_integration(db, care.course, hours=30)
    text = said(opened(care, care.prescriber, "client", client=care.client.code))
    assert "course of yours" not in text


def test_a_course_that_ended_leads_to_the_client_from_where_a_new_one_opens(care):
    care.do(close_episode, care.therapist, a_closing(care.course))
    tab = _open(care, care.therapist)
    assert "This course is closed. Open a new one from the client." in said(tab)
    assert addresses(tab, "To the client") == ["client?client=K-001"]
    assert "To the client" not in links(_open(care, care.front_desk))


def test_beside_the_question_about_medicine_stands_what_should_be_left(care):
    with care.database.writing() as db:
        a_home_supply(db, care.course, care.nurse, lozenges=4)
    tab = _open(care, care.therapist)
    assert "By the counts 4 lozenges should be left." in bare(said(tab))
    press(fill(tab, "close", {**ENDING, "medicine_at_home": "No"}), "Close the course")
    asked = (
        "By the counts 4 lozenges should be left. Say where the medicine is, and what is planned."
    )
    assert beside(tab, "close", "medicine_note") == asked
    assert care.rows(Ending) == []
    press(fill(tab, "close", {"medicine_note": "Lost in the move."}), "Close the course")
    assert len(care.rows(Ending)) == 1


def test_where_none_was_sent_nothing_is_said_of_counts_and_the_front_desk_never_reads_it(care):
    assert "By the counts" not in said(_open(care, care.therapist))
    with care.database.writing() as db:
        a_home_supply(db, care.course, care.nurse, lozenges=4)
    assert "By the counts" not in said(_open(care, care.front_desk))
