"""Text that means something to a browser, a spreadsheet or Streamlit is shown as it was typed.

And what cannot be is said beside its field, while the rest of the form stays as it is.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import Dialog, Page, Request, expect
from sqlalchemy import JSON, Column, Enum, String, select

from kapteam import wording
from kapteam.db.audit import record
from kapteam.db.base import Base
from kapteam.db.results_changes import RESULTS
from kapteam.db.tables import (
    Acknowledgement,
    Administration,
    Client,
    Clinician,
    CommitmentUpdate,
    ConcernAddition,
    DiscussMark,
    Draft,
    Ending,
    Note,
    NoteAddendum,
    NoteAmendment,
    NoteRead,
    Practice,
    Series,
)
from kapteam.ids import new_id
from kapteam.rules.evaluation import Finding, Trial
from kapteam.rules.notes import content_hash
from kapteam.rules.session_record import Challenge, TouchGiven
from kapteam.rules.themes import THEMES, stored_themes
from kapteam.vocabulary import (
    Answer,
    CommitmentState,
    ConsentType,
    ContactKind,
    Contraindication,
    EpisodeState,
    FinalScores,
    Function,
    HoldReason,
    How,
    IntegrationCloseReason,
    NoteKind,
    Part,
    ReadinessItem,
    RecordPart,
    ServiceLine,
    SessionStatus,
    Tally,
    TouchBegan,
    TrialKind,
)
from tests.browser.accessibility import escaped_names
from tests.browser.conftest import TabOf
from tests.browser.hands import field, fill_day, go_to, open_at, paste, press, tick
from tests.factories import (
    NOW,
    TODAY,
    a_call,
    a_clearance,
    a_client,
    a_clinician,
    a_concern,
    a_consent,
    a_contact,
    a_course,
    a_hold,
    a_home_supply,
    a_home_tally,
    a_lookup,
    a_member,
    a_setting,
    a_wait,
    an_absence,
    an_emergency,
    an_enrollment,
    an_inquiry,
    an_outside_experience,
    audit_events,
    some_closed_days,
)
from tests.factories_care import (
    Care,
    a_given_session,
    a_ketamine_session,
    a_score,
    a_series_review,
    a_signature,
    a_signed_integration,
    a_spravato_session,
    a_submission,
    a_support_record,
    a_vital,
    an_administration,
    an_answer,
    an_answered_ask,
    an_ask,
    an_event,
    an_integration_session,
    an_overdue_integration,
    another_medicine,
)
from tests.factories_review import a_mark, a_review, an_agreed_action, an_item

ODD = (
    '<script>alert(1)</script> =HYPERLINK("http://x") **b** ![a](http://b) -> www.x.y '
    ":material/home: :red[x] $x^2$ 🦋שלום"
)
JOINER = "\u2060"
SHORT = "**b** :red[x] -> www.x.y $x^2$"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OPEN_ALL = "for (const folded of document.querySelectorAll('details')) folded.open = true"


def odd(tag: str) -> str:
    """A text with everything in it that somebody might render; `tag` says which field it is."""
    return f"{tag} {ODD}"


@dataclass(frozen=True, slots=True)
class Odd:
    """A client about whom every text is odd, and an address of each thing that is kept of them."""

    care: Care
    addresses: dict[str, str]


@pytest.fixture(scope="module")
def strange(care: Care) -> Odd:
    """Everything that can be written about somebody, each field with a text of its own."""
    with care.database.writing() as db:
        db.query(Practice).one().name = odd("prc")
        therapist = a_clinician(db, Function.THERAPIST, name=odd("the"), credentials=odd("cre"))
        kept = db.get_one(Clinician, therapist.clinician_id)
        kept.sign_in_name, kept.phone = SHORT, odd("cph")
        client = a_client(
            db,
            therapist,
            family=odd("fam"),
            given=odd("giv"),
            preferred=odd("pre"),
            phone=odd("pho"),
        )
        client.pronouns, client.pinned_line = odd("pro"), odd("pin")
        client.pinned_by_id, client.pinned_at = therapist.clinician_id, NOW
        client.emergency_name, client.emergency_relation = odd("eme"), odd("rel")
        client.emergency_phone, client.may_be_told = odd("emp"), odd("may")
        client.allergies, client.allergies_asked_on = odd("all"), TODAY
        client.medications, client.medications_asked_on = odd("med"), TODAY
        client.conditions, client.conditions_asked_on = odd("cdt"), TODAY

        inquiry = an_inquiry(db, therapist, name=odd("inq"), phone=odd("ipo"))
        inquiry.concern, inquiry.outcome_note = odd("con"), odd("out")

        course = a_course(db, client, prescriber=odd("els"), therapist=therapist)
        a_member(db, course, care.prescriber, Part.COVER)
        cleared = a_clearance(db, course, care.prescriber.clinician_id)
        cleared.conditions, cleared.despite_reason = odd("cnd"), odd("dsp")
        cleared.diagnoses = [odd("dia"), odd("dib")]
        tried = Trial(TrialKind.MEDICINE, odd("trn"), odd("trd"), 8, None, None)
        found = Finding(Contraindication.ANEURYSM, is_present=True, note=odd("ane"))
        cleared.trials, cleared.contraindications = [tried.kept()], [found.kept()]
        a_consent(db, course, ConsentType.TOUCH, therapist.clinician_id).form_version = SHORT
        never = a_consent(db, course, ConsentType.TOUCH, therapist.clinician_id)
        never.voided_at, never.voided_by_id = NOW, therapist.clinician_id
        never.void_reason = odd("vdc")
        given = a_given_session(db, course, given_at=NOW - 30 * HOUR)
        given.place, given.people_present = odd("gpl"), odd("ppl")
        given.breach_reason, given.no_integration_reason = odd("bre"), odd("why")
        given.order_reason = odd("ord")
        given.ceiling_reason, given.number_reason = odd("cei"), odd("nmr")
        series = db.get_one(Series, given.series_id)
        series.review_before = 2
        a_series_review(db, series, therapist, before=2, words=odd("rev"))
        dose = db.query(Administration).filter_by(ketamine_session_id=given.id).one()
        dose.lot, dose.reason = SHORT, odd("rea")
        wrong = an_administration(db, given, started_at=NOW - 31 * HOUR)
        wrong.voided_at, wrong.voided_by_id = NOW, therapist.clinician_id
        wrong.void_reason = odd("vda")
        another_medicine(db, given, given_at=NOW - 29 * HOUR, name=SHORT, reason=odd("omr"))
        another_medicine(
            db,
            given,
            given_at=NOW - 29 * HOUR,
            voided_at=NOW,
            voided_by_id=therapist.clinician_id,
            void_reason=odd("omv"),
        )
        given.early_out_reason = odd("eor")
        red = a_vital(db, given, taken_at=NOW - 28 * HOUR, systolic=190)
        db.add(
            Acknowledgement(
                id=new_id(),
                episode_id=course.id,
                mark=f"pressure/{red.id}/red",
                until_on=TODAY + DAY,
                reason=odd("ack"),
                by_id=care.prescriber.clinician_id,
                at=NOW,
            )
        )
        gone = {"voided_at": NOW, "voided_by_id": therapist.clinician_id}
        at = NOW - 29 * HOUR
        a_vital(db, given, taken_at=at, words=odd("vwo"))
        a_vital(db, given, taken_at=at, void_reason=odd("vvo"), **gone)
        an_event(db, given, onset_at=at, words=odd("ewo"), done=odd("edo"))
        an_event(db, given, onset_at=at, void_reason=odd("evo"), **gone)
        touch = TouchGiven(odd("stw"), TouchBegan.OFFERED, odd("stp"), NOW - 29 * HOUR)
        a_support_record(
            db,
            given,
            therapist,
            words=odd("srw"),
            touches=[touch.kept()],
            challenge=Challenge(7, 20, odd("chc"), is_over=True).kept(),
        )
        a_signature(
            db, given, RecordPart.SUPPORT, therapist, signed_text=odd("srt"), changed_at=NOW
        )
        ended = a_ketamine_session(
            db, course, status=SessionStatus.CANCELLED, planned_at=NOW - 20 * DAY
        )
        ended.end_reason = odd("end")
        ahead = a_ketamine_session(db, course, ride=odd("rid"))
        ahead.place = odd("apl")
        an_answer(db, ahead, ReadinessItem.FASTING, Answer.NOT_FINE, words=odd("fas"))
        earlier = a_given_session(db, course, given_at=NOW - 10 * DAY)
        closed = an_integration_session(
            db,
            course,
            earlier,
            therapist=therapist,
            closed_at=NOW - 8 * DAY,
            close_reason=IntegrationCloseReason.DECLINED,
            close_note=odd("clo"),
            closed_by_id=therapist.clinician_id,
        )
        dropped = an_integration_session(
            db, course, earlier, dropped_at=NOW - 9 * DAY, drop_reason=odd("dro")
        )
        agreed = an_integration_session(
            db,
            course,
            a_given_session(db, course, given_at=NOW - 5 * DAY),
            planned_at=NOW + DAY,
            place=odd("ipl"),
            agreed_for=TODAY + DAY,
            agreed_reason=odd("agr"),
        )

        signed = Note(
            id=new_id(),
            kind=NoteKind.INTENTION,
            episode_id=course.id,
            ketamine_session_id=given.id,
            author_id=therapist.clinician_id,
            by_prescriber=False,
            template_version=1,
            body={"intention": odd("int")},
            started_at=NOW,
            signed_at=NOW,
            signed_text=f"{odd('sig')}\n{odd('two')}",
            content_hash=content_hash(""),
        )
        in_error = Note(
            id=new_id(),
            kind=NoteKind.INTENTION,
            episode_id=course.id,
            ketamine_session_id=earlier.id,
            author_id=therapist.clinician_id,
            by_prescriber=False,
            template_version=1,
            body={},
            started_at=NOW,
            signed_at=NOW,
            signed_text="To rest",
            content_hash=content_hash(""),
            voided_at=NOW,
            voided_by_id=therapist.clinician_id,
            void_reason=odd("vdn"),
        )
        risk = Note(
            id=new_id(),
            kind=NoteKind.RISK,
            episode_id=course.id,
            author_id=therapist.clinician_id,
            by_prescriber=False,
            template_version=1,
            body={"seen": odd("ris"), "plan": odd("rpl")},
            started_at=NOW,
            signed_at=NOW,
            signed_text=odd("rsg"),
            content_hash=content_hash(""),
        )
        db.add_all([signed, in_error, risk])
        db.flush()
        db.add(
            NoteAmendment(
                id=new_id(),
                note_id=signed.id,
                author_id=therapist.clinician_id,
                at=NOW,
                reason=odd("are"),
                text=odd("ate"),
                content_hash=content_hash(""),
            )
        )
        db.add(
            NoteAddendum(
                id=new_id(),
                note_id=signed.id,
                author_id=care.prescriber.clinician_id,
                at=NOW,
                text=odd("add"),
                content_hash=content_hash(""),
            )
        )
        db.add(
            NoteRead(
                id=new_id(),
                note_id=signed.id,
                reader_id=care.prescriber.clinician_id,
                at=NOW,
                comment=odd("rdn"),
            )
        )

        integrated = a_signed_integration(db, given, therapist, actions=odd("act"))
        db.add(
            CommitmentUpdate(
                id=new_id(),
                note_id=integrated.id,
                line=0,
                state=CommitmentState.DONE,
                words=odd("cup"),
                by_id=therapist.clinician_id,
                at=NOW,
            )
        )
        contact = a_contact(
            db,
            course,
            therapist,
            kind=ContactKind.CHECK_IN,
            planned_at=NOW + DAY,
            how=How.VIDEO,
            place=odd("cpl"),
            local_emergency=odd("cle"),
        )
        a_call(db, client, therapist, words=odd("cwo"))

        twice = {"voided_at": NOW, "voided_by_id": therapist.clinician_id}
        a_home_supply(db, course, care.nurse, pharmacy=odd("pha"))
        a_home_supply(db, course, care.nurse, void_reason=odd("sve"), **twice)
        for kind, tag in ((Tally.COUNT, "cnt"), (Tally.RETURN, "ret")):
            a_home_tally(db, course, therapist, kind=kind, words=odd(tag))
        a_home_tally(db, course, therapist, void_reason=odd("tve"), **twice)
        at_home = a_ketamine_session(db, course, planned_at=NOW + 3 * DAY)
        at_home.at_home, at_home.local_emergency = True, odd("ahn")

        nasal = a_course(db, client, prescriber=care.prescriber, therapist=therapist)
        db.add(
            DiscussMark(
                id=new_id(),
                episode_id=nasal.id,
                words=odd("dis"),
                marked_by_id=therapist.clinician_id,
                marked_at=NOW,
            )
        )
        sprayed = a_spravato_session(
            db, nasal, last_at=NOW - 40 * DAY, lot="L1", out_at=NOW - 40 * DAY + 3 * HOUR
        )
        a_submission(db, sprayed, void_reason=odd("vsu"), **twice)
        a_submission(db, sprayed, missing="BP at 40 min", missing_reason=odd("mis"))
        by_id = therapist.clinician_id
        an_enrollment(db, client, by_id, number=SHORT)
        an_enrollment(db, client, by_id, void_reason=odd("ven"), **twice)
        a_lookup(db, client, by_id, void_reason=odd("vlu"), **twice)
        a_score(db, course, therapist, total=9, void_reason=odd("vsc"), **twice)

        client.safety_plan, client.safety_plan_at = odd("spl"), NOW
        client.safety_plan_by_id = therapist.clinician_id
        concern = a_concern(
            db,
            client,
            care.prescriber,
            words=odd("cow"),
            plan=odd("cop"),
            place=odd("cpw"),
            raised_at=NOW,
        )
        db.add(
            ConcernAddition(
                id=new_id(),
                concern_id=concern.id,
                author_id=therapist.clinician_id,
                at=NOW,
                words=odd("coa"),
            )
        )
        question = an_answered_ask(
            db, course, therapist, care.prescriber, words=odd("qan"), asked=odd("qwo")
        )
        an_ask(db, course, therapist, care.prescriber, void_reason=odd("qvo"), **twice)
        a_mark(db, course, care.prescriber, words=odd("rmk"))
        wait = a_wait(db, course, therapist, who=odd("owh"), words=odd("owo"))

        review = a_review(db, care.prescriber, therapist)
        decided = an_item(
            db,
            review,
            course,
            therapist,
            words=odd("rvw"),
            typed=odd("rvt"),
            reasons=[{"words": odd("rvr"), "for_others": odd("rvr"), "tone": "orange"}],
            facts=[{"label": "Stage", "words": odd("rvf"), "tone": "plain"}],
        )
        an_agreed_action(db, decided, therapist, words=odd("rva"))
        other = a_course(
            db,
            client,
            therapist=therapist,
            service_line=ServiceLine.PSYCHEDELIC_INTEGRATION,
        )
        experience = an_outside_experience(db, other, substance=odd("sub"), happened=odd("hap"))
        experience.circumstances = odd("cir")
        mistold = an_outside_experience(db, other, substance=odd("mis"))
        mistold.voided_at, mistold.voided_by_id = NOW, therapist.clinician_id
        mistold.void_reason = odd("vde")
        a_hold(db, other, HoldReason.TRAVEL, therapist.clinician_id).note = odd("hol")

        over = a_course(db, client, therapist=therapist, state=EpisodeState.CLOSED)
        over.close_note = odd("cou")
        db.add(
            Ending(
                id=new_id(),
                episode_id=over.id,
                ended_at=over.closed_at,
                ended_by_id=therapist.clinician_id,
                final_scores=FinalScores.NOT_OBTAINED,
                final_scores_why=odd("fin"),
                medicine_at_home=True,
                medicine_note=odd("mah"),
            )
        )
        pause = a_hold(db, over, HoldReason.TRAVEL, therapist.clinician_id)
        pause.released_at, pause.released_by_id = NOW, therapist.clinician_id
        pause.release_note = odd("rls")
        record(db, "practice:renamed", care.prescriber, NOW, name=(odd("old"), odd("prc")))
        some_closed_days(db, care.prescriber, TODAY, name=odd("cld"))
        an_absence(db, therapist, care.prescriber)
        an_emergency(db, client, care.stranger, reason=odd("emg"))
        a_setting(db, care.prescriber, "idle_minutes", 20, source=odd("src"))
        a_setting(db, care.prescriber, THEMES, stored_themes([odd("thm")]))
    return Odd(
        replace(care, client=client, course=course, therapist=therapist),
        {
            "client": f"/client?client={client.code}",
            "client_edit": f"/client_edit?client={client.code}",
            "inquiry": f"/inquiry?id={inquiry.id}",
            "course": f"/episode?id={course.id}",
            "other course": f"/episode?id={other.id}",
            "closed course": f"/episode?id={over.id}",
            "clearance": f"/clearance?episode={course.id}",
            "consent": f"/consent?episode={course.id}",
            "given": f"/ketamine_session?id={given.id}",
            "during": f"/live_session?id={given.id}",
            "ended": f"/ketamine_session?id={ended.id}",
            "ahead": f"/ketamine_session?id={ahead.id}",
            "closed": f"/integration_session?id={closed.id}",
            "dropped": f"/integration_session?id={dropped.id}",
            "agreed": f"/integration_session?id={agreed.id}",
            "note": f"/note?id={signed.id}",
            "note in error": f"/note?id={in_error.id}",
            "risk note": f"/note?id={risk.id}",
            "spravato": f"/ketamine_session?id={sprayed.id}",
            "at home": f"/ketamine_session?id={at_home.id}",
            "thread": f"/thread?episode={course.id}",
            "home_supply": f"/home_supply?episode={course.id}",
            "score": f"/score?episode={course.id}",
            "scores": f"/scores?client={client.code}",
            "contact": f"/contact?id={contact.id}",
            "concern": f"/concern?id={concern.id}",
            "ask": f"/ask?id={question.id}",
            "wait": f"/wait?id={wait.id}",
            "minutes": f"/case_review?id={review.id}",
            "as it was": f"/case_review?id={review.id}&item={decided.id}",
            "filing of a decision": f"/filing?item={decided.id}",
        }
        | {
            name: f"/{name}"
            for name in (
                "case_review",
                "caseload",
                "ketamine_sessions",
                "integration",
                "notes",
                "inquiries",
                "practice",
            )
        }
        | {"today": "/"}
        | {part: f"/practice?practice_show={part.replace(' ', '+')}" for part in _PARTS},
    )


NAME = "fam giv pre"
SHOWN = {
    "today": f"{NAME} qwo rva",
    "caseload": f"{NAME} owh the",
    "ketamine_sessions": f"{NAME} apl",
    "integration": NAME,
    "inquiries": "inq ipo",
    "inquiry": "inq ipo con out",
    "practice": "prc the cre",
    "Days away": "the cld",
    "Thresholds": "src thm",
    "Emergency access": "emg",
    "Who did what": "old prc",
    "client": f"{NAME} pro pho pin eme rel emp may all med cdt the els gpl ppl bre why end int sig "
    "two are ate add rdn sub hap cir clo vdn emg ris rpl rsg cpl cwo "
    "owh ane ack qwo qan rva rmk",
    "client_edit": f"{NAME} pro pho eme rel emp may all med cdt",
    "course": f"{NAME} the els bre rvw rva rmk",
    "other course": f"{NAME} the sub hap cir hol mis vde",
    "closed course": f"{NAME} cou fin mah rls",
    "clearance": f"{NAME} cnd dsp dia dib trn trd ane ven",
    "consent": f"{NAME} vdc",
    "given": f"{NAME} gpl ppl bre why rea vda omr omv eor srw stw stp srt chc",
    "during": f"{NAME} gpl vwo vvo ewo edo evo",
    "ended": f"{NAME} end",
    "ahead": f"{NAME} apl",
    "closed": f"{NAME} clo",
    "dropped": f"{NAME} dro",
    "agreed": f"{NAME} ipl agr",
    "note": f"{NAME} sig two are ate add rdn the",
    "thread": f"{NAME} int are ate add the srw act cup",
    "note in error": f"{NAME} vdn",
    "risk note": f"{NAME} rsg",
    "spravato": f"{NAME} vsu",
    "at home": f"{NAME} ahn",
    "home_supply": f"{NAME} pha cnt ret sve tve",
    "score": NAME,
    "scores": f"{NAME} the vsc",
    "contact": f"{NAME} cpl cle the",
    "concern": f"{NAME} cow cop cpw coa the cph pho eme rel emp may els spl",
    "ask": f"{NAME} qwo qan qvo the",
    "wait": f"{NAME} owh owo the",
    "case_review": f"{NAME} dis the",
    "minutes": f"{NAME} rvw rvt rva the",
    "as it was": f"{NAME} rvw rvt rvr rvf rva the",
    "filing of a decision": f"{NAME} rvw rvr rvf rva the",
}
"""Which texts stand on which page."""
_PARTS = {"Days away", "Thresholds", "Emergency access", "Who did what"}
SHORT_ON = {"clearance", "consent", "during", "given", "practice"}
NOBODY_S_WORDS = {
    "acknowledgement.mark",
    "audit_event.sign_in_id",
    "audit_event.subject_id",
    "audit_event.tag",
    "clearance.routes",
    "client.code",
    "client.search_text",
    "clinician.password_hash",
    "client.usual_pressure",
    "draft.field",
    "draft.form",
    "episode.indications",
    "failed_attempt.subject",
    "invitation.token_hash",
    "ketamine_session.readings_due",
    "monitoring_answers.medicines",
    "monitoring_submission.content_hash",
    "monitoring_submission.missing",
    "note.content_hash",
    "note_addendum.content_hash",
    "note_amendment.content_hash",
    "note_words.text",
    "other_medicine.dose",
    "pin_browser.device",
    "pin_browser.pin_hash",
    "pin_browser.token_hash",
    "practice.zone",
    "practice_setting.key",
    "practice_setting.value",
    "record_check.finding",
    "record_link.content_hash",
    "record_link.key_name",
    "record_link.kind",
    "record_link.linked_at",
    "record_link.mac",
    "record_link.row_id",
    "record_signature.content_hash",
    "score.answers",
    "score.form",
    "score.instrument_id",
    "sign_in.device",
    "sign_in.token_hash",
    "support_record.given",
}
"""The columns of text that kapteam fills in itself, or that no page shows."""
TYPED_ELSEWHERE = {"draft.text"}
"""Read by its author alone: `test_what_is_typed_into_a_note_is_signed_to_the_letter`."""


def _texts() -> dict[str, Column[str]]:
    """Every column that holds text of no fixed vocabulary, by its name."""
    return {
        str(column): column
        for table in Base.metadata.sorted_tables
        if table.name not in RESULTS
        for column in table.columns
        if isinstance(column.type, String | JSON)
        and not isinstance(column.type, Enum)
        and not column.primary_key
        and not column.foreign_keys
    }


def test_no_column_of_free_text_is_left_out(strange: Odd) -> None:
    assert _texts().keys() >= NOBODY_S_WORDS | TYPED_ELSEWHERE
    with strange.care.database.reading() as db:
        kept = {
            name: "\n".join(str(text) for text in db.scalars(select(column)))
            for name, column in _texts().items()
            if name not in NOBODY_S_WORDS | TYPED_ELSEWHERE
        }
    assert [name for name, texts in kept.items() if ODD not in texts and SHORT not in texts] == []


@pytest.mark.parametrize("name", SHOWN)
def test_every_text_is_shown_as_it_was_typed(strange: Odd, kept_tab_of: TabOf, name: str) -> None:
    administers = name in {"practice", *_PARTS}
    page = kept_tab_of(strange.care.prescriber if administers else strange.care.therapist)
    with _nothing_happens(page):
        go_to(page, strange.addresses[name])
        page.evaluate(OPEN_ALL)
        words = _words(page)
        assert [tag for tag in SHOWN[name].split() if odd(tag) not in words] == []
        assert (SHORT in words) == (name in SHORT_ON)
        _nothing_is_made_of_it(page)


def test_every_text_is_shown_as_it_was_typed_in_find(strange: Odd, kept_tab_of: TabOf) -> None:
    page = kept_tab_of(strange.care.therapist)
    with _nothing_happens(page):
        go_to(page, "/")
        page.keyboard.press("Control+k")
        expect(field(page, "Name, code, phone or date of birth")).to_be_focused()
        page.keyboard.type("fam")
        found = page.get_by_role("dialog").locator("[class*=st-key-found_]")
        expect(found.get_by_text("Emergency contact")).to_be_visible()
        words = found.inner_text().replace(JOINER, "")
        assert [
            tag for tag in f"{NAME} pin the pho eme rel emp may".split() if odd(tag) not in words
        ] == []
        _nothing_is_made_of_it(page)


def test_what_is_typed_into_a_form_is_kept_to_the_letter(own: Care, kept_tab_of: TabOf) -> None:
    page = kept_tab_of(own.therapist)
    labels = {
        "given_name": "Given name",
        "family_name": "Family name",
        "preferred_name": "Preferred name",
        "pronouns": "Pronouns",
        "phone": "Phone",
        "emergency_name": "Emergency contact",
        "emergency_relation": "Relation",
        "emergency_phone": "Emergency contact's phone",
        "may_be_told": "Who may be told what",
    }
    with _nothing_happens(page):
        go_to(page, f"/client_edit?client={own.client.code}")
        for column, label in labels.items():
            paste(page, label, _typed(column))
        press(page, "Save")
        _nothing_is_made_of_it(page)
        words = _words(page)
    client = own.row(Client, own.client.id)
    for column in labels:
        assert getattr(client, column) == _typed(column)
        assert _typed(column) in words


def _typed(column: str) -> str:
    """An odd text for a field of a client; a phone has more digits in it."""
    return odd({"phone": "555", "emergency_phone": "556"}.get(column, column[:3]))


def test_what_is_typed_into_a_note_is_signed_to_the_letter(own: Care, kept_tab_of: TabOf) -> None:
    with own.database.writing() as db:
        dose = a_ketamine_session(db, own.course)
    page = kept_tab_of(own.therapist)
    with _nothing_happens(page):
        go_to(page, f"/note?kind=intention&dose={dose.id}")
        paste(page, "Intention (required)", f"{odd('one')}\n\n  {odd('two')}")
        note_id = page.url.partition("id=")[2].partition("&")[0]
        [draft] = own.rows(Draft, form=f"note/{note_id}")
        assert draft.text == f"{odd('one')}\n\n  {odd('two')}"
        page.goto(f"/session/sign/{note_id}")
        expect(page.locator(".reading")).to_contain_text(f"{odd('one')}\n\n  {odd('two')}")
        assert odd("one") in page.locator(".reading").inner_text()


def test_a_name_of_two_hundred_letters_is_refused_and_the_rest_stays(
    own: Care, kept_tab_of: TabOf
) -> None:
    page = kept_tab_of(own.therapist)
    go_to(page, f"/client_edit?client={own.client.code}")
    paste(page, "Given name", "Juniper")
    paste(page, "Who may be told what", "Aspen may know\nabout rides.")
    fill_day(page, "Birth date", TODAY - 9_000 * DAY)
    tick(page, "Yes")
    paste(page, "Family name", "F" * 200)
    before = audit_events(own.database)
    press(page, "Save")
    _is_beside(page, "Family name", "The family name has 200 characters; 120 is the most.")
    expect(field(page, "Family name")).to_have_value("F" * 200)
    expect(field(page, "Given name")).to_have_value("Juniper")
    expect(field(page, "Who may be told what")).to_have_value("Aspen may know\nabout rides.")
    expect(page.get_by_text(wording.full_day(TODAY - 9_000 * DAY))).to_be_visible()
    expect(field(page, "Yes")).to_be_checked()
    assert audit_events(own.database)[len(before) :] == []
    paste(page, "Family name", "Fable")
    press(page, "Save")
    client = own.row(Client, own.client.id)
    assert (client.family_name, client.given_name) == ("Fable", "Juniper")
    assert client.may_be_told == "Aspen may know\nabout rides."
    assert (client.born_on, client.voicemail_ok) == (TODAY - 9_000 * DAY, True)


NOT_RECORDED = {
    "Dose given, mg": ("NaN", "Enter the dose as a number of mg"),
    "Given at": ("25:99", "There is no such time."),
}
"""One for each kind of field; `tests/pages/test_bad_input.py` has them all."""


def test_what_cannot_have_been_given_is_refused_and_the_rest_stays(
    own: Care, kept_tab_of: TabOf
) -> None:
    with own.database.writing() as db:
        dose = a_ketamine_session(db, own.course, planned_at=NOW - HOUR)
    page = kept_tab_of(own.therapist)
    go_to(page, f"/ketamine_session?id={dose.id}")
    good = {"Dose given, mg": "70", "Given at": "1:35 pm", "Lot": "K-12", "Arrived at": "1:05 pm"}
    for one, text in good.items():
        paste(page, one, text)
    tick(page, "Close this ketamine session")
    before = audit_events(own.database)
    for label, (bad, sentence) in NOT_RECORDED.items():
        paste(page, label, bad)
        press(page, "Save record")
        _is_beside(page, label, sentence)
        for one, text in (good | {label: bad}).items():
            expect(field(page, one)).to_have_value(text)
        expect(field(page, "Close this ketamine session")).to_be_checked()
        paste(page, label, good[label])
    assert audit_events(own.database)[len(before) :] == []
    assert own.rows(Administration, ketamine_session_id=dose.id) == []


def test_an_integration_before_its_dose_is_refused(own: Care, kept_tab_of: TabOf) -> None:
    with own.database.writing() as db:
        dose = an_overdue_integration(db, own.course, hours=3)
    page = kept_tab_of(own.therapist)
    go_to(page, f"/integration_session?dose={dose.id}&do=hold")
    paste(page, "Began at", "10:00 am")
    paste(page, "Ended at, if known", "11:00 am")
    before = audit_events(own.database)
    press(page, "Save as held")
    _is_beside(page, "Began at", "before")
    expect(field(page, "Began at")).to_have_value("10:00 am")
    expect(field(page, "Ended at, if known")).to_have_value("11:00 am")
    assert audit_events(own.database)[len(before) :] == []


def test_an_address_of_nobody_is_said_and_leads_on(own: Care, kept_tab_of: TabOf) -> None:
    page = kept_tab_of(own.therapist)
    go_to(page, "/client?client=K-999")
    expect(page.get_by_text("There is no client with this code")).to_be_visible()
    expect(page.get_by_text("Use Find a client (Ctrl+K), or go back to Today.")).to_be_visible()
    expect(page.get_by_text("Traceback")).to_have_count(0)
    press(page.get_by_test_id("stMain"), "Today")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Today, ")


def test_two_people_who_change_one_client_see_both_texts(own: Care, tab_of: TabOf) -> None:
    first, second = tab_of(own.prescriber), tab_of(own.therapist)
    for page in (first, second):
        open_at(page, f"/client_edit?client={own.client.code}")
    paste(first, "Phone", "555 0190")
    paste(second, "Phone", "555 0191")
    paste(second, "Pronouns", "she/her")
    press(first, "Save")
    press(second, "Save")
    _is_beside(second, "Phone", "Saved by somebody else: 555 0190")
    expect(field(second, "Phone")).to_have_value("555 0191")
    expect(field(second, "Pronouns")).to_have_value("she/her")
    client = own.row(Client, own.client.id)
    assert (client.phone, client.pronouns) == ("555 0190", "")


def test_two_tabs_with_one_note_keep_both_texts(own: Care, tab_of: TabOf) -> None:
    with own.database.writing() as db:
        dose = a_ketamine_session(db, own.course)
    one, other = tab_of(own.therapist), tab_of(own.therapist)
    open_at(one, f"/note?kind=intention&dose={dose.id}")
    open_at(other, one.url)
    paste(one, "Intention (required)", "To rest")
    paste(other, "Intention (required)", "To be held")
    expect(other.get_by_text("To rest", exact=True)).to_be_visible()
    expect(field(other, "Intention (required)")).to_have_value("To be held")
    assert _intention(own) == "To rest"
    press(other, "Keep mine")
    assert _intention(own) == "To be held"
    paste(one, "Intention (required)", "To rest, then")
    press(one, "Take the other")
    expect(field(one, "Intention (required)")).to_have_value("To be held")
    assert _intention(own) == "To be held"


def _intention(own: Care) -> str:
    """The draft of the newest note."""
    return own.rows(Draft, field="intention")[-1].text


@contextmanager
def _nothing_happens(page: Page) -> Iterator[None]:
    """No dialog opens, nothing is asked of another machine, no address or title names anybody."""
    dialogs: list[str] = []
    addresses: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    def note(request: Request) -> None:
        addresses.append(request.url)

    page.on("dialog", dismiss)
    page.on("request", note)
    yield
    page.remove_listener("dialog", dismiss)
    page.remove_listener("request", note)
    assert dialogs == []
    assert {urlsplit(one).hostname for one in addresses if not one.startswith("data:")} <= {
        "127.0.0.1"
    }
    assert not [one for one in (*addresses, page.title()) if "HYPERLINK" in unquote(one)]


def _words(page: Page) -> str:
    """What is read on the page: its words, and what stands in its fields."""
    typed = page.locator("input, textarea").evaluate_all("boxes => boxes.map(box => box.value)")
    return "\n".join([page.locator("body").inner_text(), *typed]).replace(JOINER, "")


def _nothing_is_made_of_it(page: Page) -> None:
    assert escaped_names(page) == []
    hrefs = page.locator("a").evaluate_all("links => links.map(link => link.href)")
    assert {urlsplit(one).hostname for one in hrefs if not one.startswith("tel:")} <= {"127.0.0.1"}
    expect(page.locator("img, .katex, iframe")).to_have_count(0)
    expect(page.get_by_test_id("stIconMaterial").get_by_text("home", exact=True)).to_have_count(0)


def _is_beside(page: Page, label: str, sentence: str) -> None:
    """The sentence stands next to its field, not just somewhere on the page."""
    said = page.get_by_test_id("stMarkdown").filter(has_text=sentence).last
    expect(said).to_be_visible()
    box, words = field(page, label).bounding_box(), said.bounding_box()
    assert box
    assert words
    below = words["y"] - (box["y"] + box["height"])
    right = words["x"] - (box["x"] + box["width"])
    assert -60 < below < 60, (label, box, words)
    assert right < 60, (label, box, words)
