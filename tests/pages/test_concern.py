"""A client's safety at the screen: raised in one save, seen, called, cleared; the crisis card."""

import re
from datetime import timedelta

import pytest

from kapteam.actions.concerns import see_concern
from kapteam.db.tables import Client, Clinician, Concern, Contact, Hold
from kapteam.vocabulary import Audience, ConcernKind, ConcernLevel, How, NoteKind, ServiceLine
from tests.factories import NOW, TODAY, a_client, a_concern, a_contact, a_course, an_absence
from tests.factories_care import a_ketamine_session, a_signed_note, an_unrecorded_session
from tests.pages.filling import beside, fill, press, typed
from tests.pages.tabs import addresses, bare, headings, links, opened, said, unsigned, well

DAY = timedelta(days=1)
WORDS = "Says she would rather not wake up. *Tablets at home*."
ALARM = {"kind": ConcernKind.SUICIDE_RISK, "level": ConcernLevel.HIGH, "words": WORDS}


@pytest.fixture
def raised(care):
    with care.database.writing() as db:
        db.get_one(Clinician, care.prescriber.clinician_id).phone = "602-555-0190"
        return a_concern(db, care.client, care.therapist, words=WORDS)


def _raising(care, who=None):
    return opened(care, who or care.therapist, "concern", client=care.client.code)


def _texts(tab):
    return [one.value for one in tab.text]


def test_nobody_signed_in_gets_nothing(care, raised):
    assert unsigned("concern", client=care.client.code) == ""
    assert unsigned("concern", id=raised.id) == ""


def test_a_stranger_is_told_that_there_is_none_and_the_front_desk_is_refused(care, raised):
    for query in ({"client": care.client.code}, {"id": raised.id}, {"id": "none"}, {}):
        tab = opened(care, care.stranger, "concern", **query)
        assert "There is no such client or concern" in said(tab)
        assert not tab.text_area
    desk = opened(care, care.front_desk, "concern", id=raised.id)
    assert "Only a prescriber, a therapist or a nurse" in said(desk)
    assert WORDS not in _texts(desk)


def test_from_the_client_it_is_one_tap_but_not_for_the_front_desk(care):
    page = opened(care, care.therapist, "client", client=care.client.code)
    assert addresses(page, "Safety: raise a concern") == [f"concern?client={care.client.code}"]
    desk = opened(care, care.front_desk, "client", client=care.client.code)
    assert "Safety: raise a concern" not in links(desk)


def test_one_save_raises_it_holds_the_dose_and_plans_the_next_contact(care):
    more = {"holds": True, "on": TODAY + DAY, "time": "9:00 am", "plan": "Her sister stays."}
    tab = press(fill(_raising(care), "concern", ALARM | more), "Raise the concern")

    assert [one.words for one in care.rows(Concern)] == [WORDS]
    assert len(care.rows(Hold)) == len(care.rows(Contact)) == 1
    assert WORDS in _texts(tab)
    assert "The next dose was held with it" in said(tab)
    assert "Not seen yet, call Robin Prescott]] (no number here: reach them another way)" in said(
        tab
    )
    on_client = bare(said(opened(care, care.prescriber, "client", client=care.client.code)))
    assert "Suicide risk, high, Thea Tallis, Tue Nov 24, 2:30 pm" in on_client
    assert "not seen yet by Nico Nightingale and Robin Prescott, call" in on_client
    assert "On hold: suicide risk" in on_client


@pytest.mark.parametrize(
    ("missing", "field", "sentence"),
    [
        ({"kind": None}, "kind", "Choose what it is about."),
        ({"level": None}, "level", "Choose how much there is to it."),
        ({"words": ""}, "words", "This is needed."),
        ({"words": "x" * 5_000}, "words", "This has 5,000 characters; 1,000 is the most."),
        ({"on": TODAY, "time": "2:00 pm"}, "time", "This time has passed."),
    ],
)
def test_what_is_missing_is_said_beside_it_and_nothing_typed_is_lost(
    care, missing, field, sentence
):
    entered = ALARM | {"where": "12 Elm Street", "plan": "Calls back at five."} | missing
    tab = fill(_raising(care), "concern", {k: v for k, v in entered.items() if v is not None})
    press(tab, "Raise the concern")

    assert beside(tab, "concern", field).startswith(sentence)
    kept = typed(tab, "concern")
    assert (kept["where"], kept["plan"]) == ("12 Elm Street", "Calls back at five.")
    assert care.rows(Concern) == []


def test_a_medicine_use_concern_says_that_it_holds_before_it_is_raised(care):
    tab = fill(_raising(care, care.nurse), "concern", {"kind": ConcernKind.MEDICINE_USE})
    assert "The next dose is held with it" in said(tab)
    assert "holds" not in typed(tab, "concern")


def test_it_heads_the_colleagues_today_and_they_press_seen_on_its_page(care, raised):
    today = opened(care, care.prescriber, "today")
    assert headings(today)[0] == "Safety (1)"
    assert "Suicide risk, moderate, Thea Tallis" in bare(said(today))
    assert "not seen yet by Nico Nightingale and Robin Prescott, call" in said(today)
    assert WORDS not in said(today)
    assert "Not seen yet by you" in said(opened(care, care.nurse, "concern", id=raised.id))

    press(opened(care, care.prescriber, "concern", id=raised.id), "Seen")
    press(opened(care, care.nurse, "concern", id=raised.id), "Seen")

    assert "seen Tue Nov 24, 2:30 pm" in bare(said(opened(care, care.therapist, "today")))
    mine = opened(care, care.therapist, "concern", id=raised.id)
    assert "Seen by Robin Prescott, Tue Nov 24, 2:30 pm" in bare(said(mine))
    assert "Not seen yet" not in said(mine)


def test_the_front_desk_sees_no_concern_on_today_caseload_or_client(care, raised):
    for page, query in (("today", {}), ("caseload", {}), ("client", {"client": care.client.code})):
        tab = opened(care, care.front_desk, page, **query)
        assert "Suicide" not in said(tab) + "".join(links(tab)), page
        assert "Safety" not in headings(tab), page


def test_who_raised_it_sees_whom_to_call_and_records_that_they_did(care, raised):
    tab = opened(care, care.therapist, "concern", id=raised.id)
    assert "Not seen yet, call Robin Prescott]] **602-555-0190**" in said(tab)
    assert "Seen" not in [one.label for one in tab.button]
    press(fill(tab, "concern.told", {"time": "2:20 pm"}), "Save", "concern.told")
    assert "Told by phone Tue Nov 24, 2:20 pm" in bare(said(tab))
    assert "Not seen yet" in said(tab)


def test_who_is_away_is_called_where_their_cover_is(care, raised):
    with care.database.writing() as db:
        db.get_one(Clinician, care.stranger.clinician_id).phone = "602-555-0191"
        an_absence(db, care.prescriber, care.nurse, cover=care.stranger)
    tab = opened(care, care.therapist, "concern", id=raised.id)
    assert "call Otto Outer for Robin Prescott until Wed Nov 25]] **602-555-0191**" in said(tab)
    press(opened(care, care.stranger, "concern", id=raised.id), "Seen")
    assert "Otto Outer for them" in bare(
        said(opened(care, care.therapist, "concern", id=raised.id))
    )


def test_others_add_and_only_a_signed_note_clears(care, raised):
    tab = opened(care, care.prescriber, "concern", id=raised.id)
    press(fill(tab, "concern.add", {"words": "Her sister has the tablets."}), "Add")
    assert "Her sister has the tablets." in _texts(tab)
    assert "Clear the concern" not in [one.label for one in tab.button]
    assert [one for one in addresses(tab, "Risk note") if "kind=risk" in one]

    with care.database.writing() as db:
        note = a_signed_note(db, care.course, care.therapist)
    tab = opened(care, care.prescriber, "concern", id=raised.id)
    press(tab, "Clear the concern")
    assert beside(tab, "concern.clear", "note_id").startswith("Choose the signed note")
    press(fill(tab, "concern.clear", {"note_id": note.id}), "Clear the concern")

    assert "Cleared Tue Nov 24, 2:30 pm, Robin Prescott" in bare(said(tab))
    assert "Safety" not in "".join(headings(opened(care, care.therapist, "today")))
    kept = opened(care, care.therapist, "concern", client=care.client.code)
    assert "Cleared" in said(kept)


def test_a_medicine_use_concern_is_not_cleared_by_the_therapist(care):
    with care.database.writing() as db:
        concern = a_concern(db, care.client, care.therapist, kind=ConcernKind.MEDICINE_USE)
        a_signed_note(db, care.course, care.prescriber, NoteKind.DECISION)
    tab = opened(care, care.therapist, "concern", id=concern.id)
    assert "a risk note or a decision note that a prescriber signed" in said(tab)
    assert "Clear the concern" not in [one.label for one in tab.button]
    theirs = opened(care, care.prescriber, "concern", id=concern.id)
    assert "Clear the concern" in [one.label for one in theirs.button]


def test_the_crisis_card_has_all_that_the_telephone_asks_for(care, raised):
    with care.database.writing() as db:
        client = db.get_one(Client, care.client.id)
        client.may_be_told = "Ngozi may know everything."
        client.safety_plan = "Walks to her sister's. *Ngozi* keeps the tablets."
        client.safety_plan_by_id, client.safety_plan_at = care.therapist.clinician_id, NOW - DAY
        video = {"how": How.VIDEO, "place": "At work, Tempe", "local_emergency": "480-555-0100"}
        a_contact(db, care.course, care.therapist, planned_at=NOW, **video)
    tab = opened(care, care.therapist, "concern", id=raised.id)
    card = bare(said(tab))
    for fact in (
        "988: call or text",
        "At work, Tempe",
        "Emergency number there 480-555-0100",
        "602-555-0114",
        "Ngozi Okafor, sister, 602-555-0177",
        "Ngozi may know everything.",
        "Robin Prescott 602-555-0190",
        "Thea Tallis, Mon Nov 23",
    ):
        assert fact in card.replace("**", ""), fact
    assert "Walks to her sister's. *Ngozi* keeps the tablets." in _texts(tab)
    assert "where" not in typed(_raising(care), "concern")


def test_either_discipline_keeps_the_safety_plan_and_the_nurse_reads_it(care):
    plan = {"safety_plan": "Rings Ngozi first."}
    for who in (care.therapist, care.prescriber):
        tab = _raising(care, who)
        press(fill(tab, "safety_plan", plan), "Save the plan")
        assert plan["safety_plan"] in _texts(tab)
        plan = {"safety_plan": "Rings Ngozi first, then 988."}
    assert "Save the plan" not in [one.label for one in _raising(care, care.nurse).button]
    assert care.row(Client, care.client.id).safety_plan == "Rings Ngozi first, then 988."


def test_with_others_in_the_room_words_are_folded_and_no_phone_or_name_stands_there(care, raised):
    with care.database.writing() as db:
        db.get_one(Client, care.client.id).safety_plan = "Rings Ngozi."
    tab = opened(care, care.therapist, "concern", id=raised.id)
    well(tab.radio(key="audience").set_value(Audience.OTHERS).run())
    folded = [one.label for one in tab.expander]
    assert {"The concern", "The safety plan"} <= set(folded)
    for hidden in ("Okafor", "Ngozi Okafor", "602-555-0114", "602-555-0177"):
        assert hidden not in said(tab).replace(WORDS, "").replace("Rings Ngozi.", "")


def test_a_client_without_a_course_has_one_raised_and_it_stands_on_their_page(care):
    with care.database.writing() as db:
        alone = a_client(db, care.therapist, family="Alone")
    tab = opened(care, care.therapist, "concern", client=alone.code)
    assert {"holds", "on", "with_id"}.isdisjoint(typed(tab, "concern"))
    press(fill(tab, "concern", ALARM), "Raise the concern")
    page = opened(care, care.prescriber, "client", client=alone.code)
    assert "Suicide risk, high" in said(page)
    assert "Open a course of care" in links(tab)


def test_on_caseload_it_is_what_needs_attention_first(care, raised):
    with care.database.writing() as db:
        an_unrecorded_session(db, care.course)
    listed = opened(care, care.prescriber, "caseload")
    assert "Suicide risk, moderate" in said(listed)
    assert "Was this given?" not in said(listed)
    assert "+3 more" in bare("".join(links(listed)))


def test_rule_30_what_waits_for_a_risk_note_says_so_wherever_the_dose_stands(care):
    with care.database.writing() as db:
        dose = a_ketamine_session(db, care.course, planned_at=NOW + DAY)
        a_concern(db, care.client, care.therapist, level=ConcernLevel.HIGH)
    pages = {"today": {}, "ketamine_sessions": {}, "ketamine_session": {"id": dose.id}}
    for page, query in pages.items():
        words = bare(said(opened(care, care.therapist, page, **query)))
        assert "No risk note yet" in words, page
        assert "No risk note yet" not in said(opened(care, care.front_desk, page, **query)), page
    assert "waiting on Robin Prescott: risk note" in bare(
        said(opened(care, care.therapist, "caseload"))
    )


def test_the_crisis_card_says_the_place_that_was_said_and_not_to_look_for_it(care):
    fill_in = {"where": "Parking lot, *Elm* Street"}
    tab = press(fill(_raising(care), "concern", ALARM | fill_in), "Raise the concern")
    card = bare(said(tab)).replace("**", "")
    assert ":gray[Where they are now] Parking lot, *Elm* Street :gray[said Tue Nov 24" in card
    assert "see the concern" not in card
    assert "Where they are" not in "".join(_texts(tab))
    # It may have changed: the next concern asks anew.
    assert typed(_raising(care), "concern")["where"] == ""
    well(tab.radio(key="audience").set_value(Audience.OTHERS).run())
    assert "Elm" not in "".join(str(one.value) for one in tab.markdown)


def test_nothing_known_of_where_they_are_is_to_be_asked(care, raised):
    card = bare(said(opened(care, care.therapist, "concern", id=raised.id))).replace("**", "")
    assert "Where are they now? Ask." in card


def test_what_the_card_does_not_know_is_said_as_what_to_ask(care, raised):
    with care.database.writing() as db:
        client = db.get_one(Client, care.client.id)
        client.phone = client.emergency_name = client.emergency_phone = client.may_be_told = ""
        client.emergency_relation, client.voicemail_ok = "", None
    card = bare(said(opened(care, care.therapist, "concern", id=raised.id))).replace("**", "")
    for ask in (
        ":gray[Phone] Which number are they calling from? Ask.",
        ":gray[Voicemail] leave none: nobody has asked whether one may be left",
        ":gray[Emergency contact] Who can be with them now? Ask.",
        ":gray[Who may be told what] Whom may we call? Ask.",
        "No safety plan yet. What has helped before, and what has to be put away? Ask.",
    ):
        assert ask in card, ask
    assert "not asked" not in card
    assert "not recorded" not in card


def test_every_number_on_the_page_is_dialed_by_a_tap_also_on_client(care, raised):
    with care.database.writing() as db:
        video = {"how": How.VIDEO, "place": "At work, Tempe", "local_emergency": "480-555-0100"}
        a_contact(db, care.course, care.therapist, planned_at=NOW, **video)
    card = ["988", "911", "4805550100", "6025550114", "6025550177", "6025550190"]
    # The colleague's number is on the card, and beside that they have not seen it.
    assert _dialed(opened(care, care.therapist, "concern", id=raised.id)) == [*card, "6025550190"]
    page = opened(care, care.therapist, "client", client=care.client.code)
    assert _dialed(page) == ["6025550114", "6025550177"]


def _dialed(tab):
    """What the links to a phone number dial, in order."""
    return re.findall(r"\]\(tel:([^)]*)\)", "".join(one.value for one in tab.markdown))


def test_who_has_seen_it_comes_by_itself_and_the_forms_stay_as_they_are(care, raised):
    tab = opened(care, care.therapist, "concern", id=raised.id)
    assert "Not seen yet, call Robin Prescott" in bare(said(tab))
    fill(tab, "concern.add", {"words": "Her sister is on her w"})
    care.do(see_concern, care.prescriber, raised.id)
    well(tab.button(key="refresh").click().run())
    assert "Seen by Robin Prescott, Tue Nov 24, 2:30 pm" in bare(said(tab))
    assert typed(tab, "concern.add")["words"] == "Her sister is on her w"


def test_a_concern_of_a_colleague_comes_onto_the_form_that_raises_one(care):
    tab = fill(_raising(care), "concern", {"words": "Says she wou"})
    with care.database.writing() as db:
        a_concern(db, care.client, care.prescriber, kind=ConcernKind.MEDICINE_USE)
    well(tab.button(key="refresh").click().run())
    assert "Open concerns (1)" in headings(tab)
    assert typed(tab, "concern")["words"] == "Says she wou"


_WAITS = "The next dose is waiting on Robin Prescott: a risk note or a decision note signed since"


def test_rule_30_beside_a_therapist_s_note_the_dose_still_waits_on_the_prescriber_by_name(care):
    with care.database.writing() as db:
        high = a_concern(db, care.client, care.therapist, level=ConcernLevel.HIGH)
        a_signed_note(db, care.course, care.therapist, NoteKind.RISK)
    tab = opened(care, care.therapist, "concern", id=high.id)
    assert "Clear the concern" in [one.label for one in tab.button]
    assert _WAITS in bare(said(tab))

    with care.database.writing() as db:
        a_signed_note(db, care.course, care.prescriber, NoteKind.DECISION)
    assert "The next dose is waiting" not in bare(
        said(opened(care, care.therapist, "concern", id=high.id))
    )


@pytest.mark.parametrize(
    "values",
    [
        {"level": ConcernLevel.MODERATE},
        {"kind": ConcernKind.OTHER, "level": ConcernLevel.HIGH},
        {"level": ConcernLevel.HIGH, "closed_at": NOW},
    ],
)
def test_no_dose_waits_for_a_note_because_of_another_concern(care, values):
    with care.database.writing() as db:
        one = a_concern(db, care.client, care.therapist, **values)
    tab = opened(care, care.therapist, "concern", id=one.id)
    assert "The next dose is waiting" not in said(tab)


def test_where_no_ketamine_is_given_no_dose_waits(care):
    with care.database.writing() as db:
        client = a_client(db, care.therapist, family="Elsewhere")
        line = ServiceLine.THERAPY_AFTER_KAP
        a_course(db, client, therapist=care.therapist, service_line=line)
        high = a_concern(db, client, care.therapist, level=ConcernLevel.HIGH)
    assert "The next dose is waiting" not in said(
        opened(care, care.therapist, "concern", id=high.id)
    )


def test_while_the_prescriber_is_away_the_dose_waits_on_who_covers(care):
    with care.database.writing() as db:
        an_absence(db, care.prescriber, care.front_desk, cover=care.stranger)
        high = a_concern(db, care.client, care.therapist, level=ConcernLevel.HIGH)
    text = bare(said(opened(care, care.therapist, "concern", id=high.id)))
    assert "The next dose is waiting on Otto Outer for Robin Prescott until" in text
