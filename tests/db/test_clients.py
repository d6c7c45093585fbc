"""People in care: made, changed, pinned; nobody is overwritten and nothing typed is altered."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from datetime import date, timedelta

import pytest

from kapteam.actions.clients import (
    ASKED,
    CheckedEntered,
    ClientChangeEntered,
    ClientEntered,
    PinnedLineEntered,
    change_client,
    check_client_today,
    create_client,
    pin_line,
)
from kapteam.db.tables import Client
from kapteam.errors import Conflict, Invalid, NotAllowed, NotFound
from kapteam.ids import new_id
from kapteam.vocabulary import EpisodeState, Function
from tests.factories import (
    NOW,
    TODAY,
    a_client,
    a_clinician,
    a_course,
    a_practice,
    audit_events,
    count_rows,
)

AS_TYPED = [
    "<script>alert(1)</script>",
    '=HYPERLINK("http://x.y";"z")',
    "**bold** _it_ [a](b) `c`",
    "a -> b <- c",
    "www.x.y",
    ":material/delete: :red[x]",
    "🌵 👩🏽‍🦽 Zoë",
    "شجرة \u202eabc",
    "O'Brien; DROP TABLE client; --",
    "%_\\",
]


@pytest.fixture
def therapist(database):
    with database.writing() as db:
        a_practice(db)
        return a_clinician(db, Function.THERAPIST)


@pytest.fixture
def client(database, therapist):
    """Somebody on a course with the therapist."""
    with database.writing() as db:
        client = a_client(db, therapist)
        a_course(db, client, therapist=therapist)
        return client


@pytest.fixture
def outsider(database, therapist):
    """A prescriber and therapist of the same practice who is on no course."""
    with database.writing() as db:
        return a_clinician(db, Function.PRESCRIBER, Function.THERAPIST, name="Otto Outer")


def _entered(**typed):
    entered = ClientEntered(
        id=new_id(),
        family_name="Okafor",
        given_name="Amara",
        preferred_name="Ama",
        pronouns="she/her",
        born_on=date(1987, 3, 9),
        phone="(602) 555-0114",
        emergency_name="Ngozi Okafor",
        emergency_relation="sister",
        emergency_phone="602-555-0177",
        may_be_told="The sister may know when to pick her up.",
        voicemail_ok=False,
        allergies="",
        allergies_asked_on=TODAY,
        medications="lamotrigine 100 mg",
        medications_asked_on=TODAY - timedelta(days=4),
        conditions="Migraine",
        conditions_asked_on=TODAY - timedelta(days=4),
        usual_pressure="128/82",
        usual_pressure_asked_on=TODAY - timedelta(days=4),
    )
    return replace(entered, **typed)


def _change(client, **typed):
    texts = {name: getattr(client, name) or "" for name in ASKED}
    kept = {
        one.name: getattr(client, one.name)
        for one in fields(ClientChangeEntered)
        if one.name not in texts and hasattr(client, one.name)
    }
    return replace(ClientChangeEntered(**kept, **texts), **typed)


def _write(database, action, viewer, entered, now=NOW):
    with database.writing() as db:
        return action(db, viewer, entered, now)


def _kept(database, client_id):
    with database.reading() as db:
        return db.get_one(Client, client_id)


def test_a_client_is_made_with_a_code_and_everything_typed(database, therapist):
    entered = _entered()
    assert _write(database, create_client, therapist, entered) == "K-001"
    kept = _kept(database, entered.id)
    assert (kept.family_name, kept.preferred_name, kept.pronouns) == ("Okafor", "Ama", "she/her")
    assert kept.voicemail_ok is False
    assert kept.search_text == " amara okafor ama amara okafor ama k-001 ao 6025550114 1987-03-09 "
    [event] = audit_events(database)
    assert (event.tag, event.client_id) == ("client:created", entered.id)
    assert "lamotrigine" not in str(event.changes)


def test_allergies_not_asked_are_not_none(database, therapist):
    entered = _entered(medications="", medications_asked_on=None)
    _write(database, create_client, therapist, entered)
    kept = _kept(database, entered.id)
    assert (kept.allergies, kept.allergies_asked_on) == ("", TODAY)
    assert (kept.medications, kept.medications_asked_on) == (None, None)


def test_codes_count_on_past_999(database, therapist):
    with database.writing() as db:
        a_client(db, therapist, code="K-002")
        a_client(db, therapist, code="K-999")
    one, another = (_entered(given_name=name) for name in ("Amos", "Amal"))
    assert _write(database, create_client, therapist, one) == "K-1000"
    assert _write(database, create_client, therapist, another) == "K-1001"


def test_a_second_save_is_one_row_and_one_audit_event(database, therapist):
    entered = _entered()
    codes = {_write(database, create_client, therapist, entered) for _ in range(2)}
    assert codes == {"K-001"}
    assert count_rows(database, Client) == 1
    assert len(audit_events(database)) == 1


def test_saves_in_the_same_moment_make_one_client_each(database, therapist):
    pressed = [_entered(given_name=name) for name in ("Amara", "Amal", "Amos", "Amy")] * 2

    def press(entered):
        return _write(database, create_client, therapist, entered)

    with ThreadPoolExecutor(len(pressed)) as threads:
        codes = list(threads.map(press, pressed))
    assert sorted(set(codes)) == ["K-001", "K-002", "K-003", "K-004"]
    assert codes[:4] == codes[4:]
    assert count_rows(database, Client) == 4
    assert len(audit_events(database)) == 4


@pytest.mark.parametrize("text", AS_TYPED)
def test_every_text_is_kept_as_typed(database, therapist, text):
    texts = [
        one.name
        for one in fields(ClientEntered)
        if one.type is str and one.name not in {"id", "usual_pressure"}
    ]
    assert len(texts) == 12
    # What cannot be dialed is no phone number, so there is one beside the text.
    typed = {one: f"{text} 555 0100" if one.endswith("phone") else text for one in texts}
    entered = _entered(**typed)
    _write(database, create_client, therapist, entered)
    kept = _kept(database, entered.id)
    assert {field: getattr(kept, field) for field in texts} == typed


@pytest.mark.parametrize("typed", ["128/82", " 128 / 82 ", "128 over 82", "128/82 mmHg"])
def test_the_usual_blood_pressure_is_kept_as_it_is_written(database, therapist, typed):
    entered = _entered(usual_pressure=typed)
    _write(database, create_client, therapist, entered)
    assert _kept(database, entered.id).usual_pressure == "128/82"


# Checked today, no change


def _checked(database, viewer, client, version=None, now=NOW):
    entered = CheckedEntered(client.id, version or _kept(database, client.id).version)
    return _write(database, check_client_today, viewer, entered, now)


@pytest.fixture
def asked_before(database, therapist):
    """A client whose allergies were asked today, medications four days ago, conditions never."""
    entered = _entered(conditions="", conditions_asked_on=None)
    _write(database, create_client, therapist, entered)
    return _kept(database, entered.id)


def test_what_was_asked_before_has_todays_date_and_what_was_not_asked_stays_so(
    database, therapist, asked_before
):
    version = asked_before.version
    for _ in range(2):
        _checked(database, therapist, asked_before, version)

    kept = _kept(database, asked_before.id)
    assert [getattr(kept, f"{name}_asked_on") for name in ASKED] == [TODAY, TODAY, None, TODAY]
    assert (kept.medications, kept.conditions) == ("lamotrigine 100 mg", None)
    assert kept.version == version + 1
    (event,) = audit_events(database, "client:checked")
    before = str(TODAY - timedelta(days=4))
    assert event.changes == {
        "medications_asked_on": [before, str(TODAY)],
        "usual_pressure_asked_on": [before, str(TODAY)],
    }


def test_nobody_says_no_change_of_what_they_have_not_read(database, therapist, asked_before):
    seen = asked_before.version
    change = _change(asked_before, medications="lithium 300 mg")
    _write(database, change_client, therapist, change)
    with pytest.raises(NotAllowed, match="in the meantime"):
        _checked(database, therapist, asked_before, seen)
    assert _kept(database, asked_before.id).medications_asked_on == TODAY - timedelta(days=4)

    _checked(database, therapist, asked_before)
    assert _kept(database, asked_before.id).medications_asked_on == TODAY


def test_what_was_never_asked_is_not_checked(database, client, therapist):
    with pytest.raises(NotAllowed, match="Nothing was asked yet"):
        _checked(database, therapist, client)
    kept = _kept(database, client.id)
    assert [getattr(kept, f"{name}_asked_on") for name in ASKED] == [None] * 4
    assert audit_events(database) == []


def test_who_may_not_edit_a_client_does_not_check_one(database, outsider, client, therapist):
    with database.writing() as db:
        a_course(db, client, therapist=therapist)
        nobody = a_clinician(db, sees_everyone=True)
    for who, error in ((outsider, NotFound), (nobody, NotAllowed)):
        with pytest.raises(error):
            _checked(database, who, client)
    assert audit_events(database) == []


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("family_name", {"family_name": " \n "}),
        ("family_name", {"family_name": "F" * 200}),
        ("given_name", {"given_name": "G" * 121}),
        ("preferred_name", {"preferred_name": "A\x1bma"}),
        ("born_on", {"born_on": TODAY + timedelta(days=1)}),
        ("born_on", {"born_on": date(1899, 12, 31)}),
        ("phone", {"phone": "6" * 121}),
        ("phone", {"phone": "call me maybe"}),
        ("emergency_phone", {"emergency_phone": "ask her sister"}),
        ("emergency_name", {"emergency_name": "E" * 121}),
        ("may_be_told", {"may_be_told": "m" * 8001}),
        ("allergies_asked_on", {"allergies": "latex", "allergies_asked_on": None}),
        ("allergies_asked_on", {"allergies_asked_on": TODAY + timedelta(days=1)}),
        ("medications_asked_on", {"medications_asked_on": None}),
        ("medications", {"medications": "m" * 8001}),
        ("conditions", {"conditions": "m" * 8001}),
        ("conditions_asked_on", {"conditions_asked_on": None}),
        ("conditions_asked_on", {"conditions_asked_on": TODAY + timedelta(days=1)}),
        ("usual_pressure", {"usual_pressure": "80/120"}),
        ("usual_pressure", {"usual_pressure": "120/120"}),
        ("usual_pressure", {"usual_pressure": "261/80"}),
        ("usual_pressure", {"usual_pressure": "59/40"}),
        ("usual_pressure", {"usual_pressure": "120/29"}),
        ("usual_pressure", {"usual_pressure": "-120/80"}),
        ("usual_pressure", {"usual_pressure": "NaN/80"}),
        ("usual_pressure", {"usual_pressure": "128"}),
        ("usual_pressure", {"usual_pressure": ""}),
        ("usual_pressure_asked_on", {"usual_pressure_asked_on": None}),
        ("usual_pressure_asked_on", {"usual_pressure_asked_on": TODAY + timedelta(days=1)}),
    ],
)
def test_bad_input_is_refused_beside_the_field(database, client, therapist, field, typed):
    change = _change(
        client,
        allergies_asked_on=TODAY,
        medications="x",
        medications_asked_on=TODAY,
        conditions="x",
        conditions_asked_on=TODAY,
        usual_pressure="128/82",
        usual_pressure_asked_on=TODAY,
    )
    for action, entered in ((create_client, _entered()), (change_client, change)):
        with pytest.raises(Invalid) as refused:
            _write(database, action, therapist, replace(entered, **typed))
        assert set(refused.value.fields) == {field}
    assert count_rows(database, Client) == 1
    assert _kept(database, client.id).version == 1
    assert audit_events(database) == []


def test_somebody_without_a_function_makes_and_changes_nobody(database, client):
    with database.writing() as db:
        nobody = a_clinician(db, sees_everyone=True)
    for action, entered in ((create_client, _entered()), (change_client, _change(client))):
        with pytest.raises(NotAllowed, match="function"):
            _write(database, action, nobody, entered)
    assert count_rows(database, Client) == 1
    assert audit_events(database) == []


def test_a_change_is_kept_and_found_by_its_new_name(database, client, therapist):
    change = _change(client, family_name="Łukasz-Øst", phone="+48 22 555 0100")
    assert _write(database, change_client, therapist, change) == client.code
    kept = _kept(database, client.id)
    assert kept.family_name == "Łukasz-Øst"
    assert " ost " in kept.search_text
    assert " 48225550100 " in kept.search_text
    [event] = audit_events(database)
    assert event.changes == {"fields": ["family_name", "phone"]}


def test_a_change_saved_twice_is_one_audit_event(database, client, therapist):
    for _ in range(2):
        _write(database, change_client, therapist, _change(client, pronouns="they/them"))
    assert _kept(database, client.id).version == 2
    assert len(audit_events(database)) == 1


def test_a_stale_change_shows_both_and_overwrites_nobody(database, client, therapist):
    _write(database, change_client, therapist, _change(client, preferred_name="Ama"))
    with pytest.raises(Conflict) as refused:
        _write(database, change_client, therapist, _change(client, preferred_name="Mara"))
    assert refused.value.theirs["preferred_name"] == "Ama"
    assert refused.value.mine["preferred_name"] == "Mara"
    assert "Okafor" not in str(refused.value)
    assert _kept(database, client.id).preferred_name == "Ama"


def test_somebody_on_no_course_of_the_client_finds_nobody(database, client, outsider):
    for action, entered in (
        (change_client, _change(client, pronouns="x")),
        (pin_line, PinnedLineEntered(client.id, 1, "Mine now")),
    ):
        with pytest.raises(NotFound) as refused:
            _write(database, action, outsider, entered)
        assert "Okafor" not in str(refused.value)
    assert _kept(database, client.id).version == 1
    assert audit_events(database) == []


def test_a_client_without_a_course_is_open_to_every_clinician(database, therapist, outsider):
    entered = _entered()
    _write(database, create_client, therapist, entered)
    change = _change(_kept(database, entered.id), pronouns="he/him")
    assert _write(database, change_client, outsider, change) == "K-001"


def test_the_pinned_line_keeps_its_author_and_day(database, client, therapist):
    pinned = PinnedLineEntered(client.id, 1, "  Call before 9 am, never text  ")
    _write(database, pin_line, therapist, pinned)
    kept = _kept(database, client.id)
    assert kept.pinned_line == "Call before 9 am, never text"
    assert (kept.pinned_by_id, kept.pinned_at) == (therapist.clinician_id, NOW)
    [event] = audit_events(database)
    assert event.changes == {"pinned_at": [None, NOW.isoformat()]}


def test_either_member_pins_and_a_second_press_is_nothing(database, client, therapist):
    with database.writing() as db:
        prescriber = a_clinician(db, Function.PRESCRIBER)
        a_course(db, client, prescriber=prescriber, state=EpisodeState.ASSESSMENT)
    for minutes in (0, 1):
        pinned = PinnedLineEntered(client.id, 1, "Pressure high on Mondays")
        _write(database, pin_line, prescriber, pinned, NOW + timedelta(minutes=minutes))
    _write(database, pin_line, therapist, PinnedLineEntered(client.id, 2, ""))
    assert _kept(database, client.id).pinned_line == ""
    assert len(audit_events(database, "client:pinned")) == 2


def test_a_stale_pinned_line_is_a_conflict(database, client, therapist):
    _write(database, pin_line, therapist, PinnedLineEntered(client.id, 1, "First"))
    with pytest.raises(Conflict):
        _write(database, pin_line, therapist, PinnedLineEntered(client.id, 1, "Second"))
    assert _kept(database, client.id).pinned_line == "First"


@pytest.mark.parametrize("function", [Function.NURSE, Function.COORDINATOR])
def test_only_who_treats_pins(database, client, function):
    with database.writing() as db:
        other = a_clinician(db, function, sees_everyone=True)
    with pytest.raises(NotAllowed, match="pinned line"):
        _write(database, pin_line, other, PinnedLineEntered(client.id, 1, "x"))
    assert audit_events(database) == []


def test_a_pinned_line_is_one_line(database, client, therapist):
    with pytest.raises(Invalid) as refused:
        _write(database, pin_line, therapist, PinnedLineEntered(client.id, 1, "p" * 121))
    assert set(refused.value.fields) == {"pinned_line"}


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ({}, True),
        ({"given_name": " AMARA", "family_name": "okafor "}, True),
        ({"born_on": None}, True),
        ({"born_on": date(1987, 3, 10)}, False),
        ({"given_name": "Amaranta"}, False),
        ({"is_another_person": True}, False),
    ],
)
def test_one_person_gets_no_second_chart_unasked(database, client, outsider, typed, asked):
    """Also where the other chart is one that this person may not see."""
    before = count_rows(database, Client)
    twin = replace(_entered(), **typed)
    if asked:
        with pytest.raises(Invalid) as refused:
            _write(database, create_client, outsider, twin)
        assert list(refused.value.fields) == ["is_another_person"]
    else:
        _write(database, create_client, outsider, twin)
    assert count_rows(database, Client) == before + (not asked)
