"""Emergency access: one client opens to one clinician, for four hours, on record."""

from dataclasses import replace
from datetime import timedelta

import pytest

from kapteam.actions.emergency import EmergencyEntered, end_emergency, open_in_emergency
from kapteam.actions.views import record_view
from kapteam.db.tables import Client, EmergencyAccess
from kapteam.errors import Invalid, NotAllowed, NotFound
from kapteam.ids import new_id
from kapteam.queries.client import client_page
from kapteam.queries.emergency import emergency_accesses
from kapteam.queries.notes import note_page
from kapteam.queries.standing import course_standings
from tests.factories import NOW, a_client, a_clinician, a_course, audit_events
from tests.factories_care import a_cared_for_client, a_ketamine_session, a_signed_intention

REASON = "Called by the emergency room: which dose, when?"
HOUR = timedelta(hours=1)


@pytest.fixture
def care(database):
    return a_cared_for_client(database)


@pytest.fixture
def signed(care):
    with care.database.writing() as db:
        return a_signed_intention(db, a_ketamine_session(db, care.course), care.therapist)


def _entered(care, **changed):
    entered = EmergencyEntered(new_id(), care.client.code.lower(), "", "", None, REASON)
    return replace(entered, **changed)


def _reads(care, who, signed, now=NOW):
    """Whether this person gets the client's page and the text of the note at `now`."""
    asked = care.asked_by(who, now)
    with care.database.reading() as db:
        try:
            page, text = client_page(db, asked, care.client.code), note_page(db, asked, signed.id)
        except NotFound:
            return False
        return bool(page.courses) and text.note.signed_at is not None


def test_it_opens_the_whole_client_for_four_hours_and_then_ends_by_itself(care, signed):
    assert not _reads(care, care.stranger, signed)

    code = care.do(open_in_emergency, care.stranger, _entered(care))

    assert code == care.client.code
    assert _reads(care, care.stranger, signed)
    assert _reads(care, care.stranger, signed, NOW + 4 * HOUR - timedelta(seconds=1))
    assert not _reads(care, care.stranger, signed, NOW + 4 * HOUR)


def test_it_opens_nobody_else_and_to_nobody_else(care, signed):
    with care.database.writing() as db:
        other = a_course(db, a_client(db, care.therapist, family="Other"), therapist=care.therapist)
        bystander = a_clinician(db, *care.stranger.functions, name="Bea Bystander")
    care.do(open_in_emergency, care.stranger, _entered(care))

    asked = care.asked_by(care.stranger)
    with care.database.reading() as db:
        opened = {one.episode_id for one in course_standings(db, asked)}
    assert care.course.id in opened
    assert other.id not in opened
    assert not _reads(care, bystander, signed)


def test_it_is_on_record_with_its_reason_and_so_is_what_was_looked_at(care):
    entered = _entered(care)
    care.do(open_in_emergency, care.stranger, entered)
    care.do(open_in_emergency, care.stranger, entered)
    care.do(record_view, care.asked_by(care.stranger).viewer, care.client.id)
    care.do(record_view, care.therapist, care.client.id)

    (opened,) = audit_events(care.database, "emergency:opened")
    assert (opened.client_id, opened.clinician_id) == (
        care.client.id,
        care.stranger.clinician_id,
    )
    assert opened.changes["why"] == REASON
    assert [one.changes for one in audit_events(care.database, "client:viewed")] == [
        {"why": "emergency access"},
        {},
    ]
    assert len(care.rows(EmergencyAccess)) == 1


def test_it_is_ended_early_by_who_opened_it_and_by_nobody_else(care, signed):
    entered = _entered(care)
    care.do(open_in_emergency, care.stranger, entered)
    with pytest.raises(NotFound):
        care.do(end_emergency, care.therapist, entered.id)
    assert _reads(care, care.stranger, signed)

    care.do(end_emergency, care.stranger, entered.id)
    care.do(end_emergency, care.stranger, entered.id)

    assert not _reads(care, care.stranger, signed)
    assert len(audit_events(care.database, "emergency:ended")) == 1


def test_the_front_desk_opens_nobody(care):
    with pytest.raises(NotAllowed):
        care.do(open_in_emergency, care.front_desk, _entered(care))
    assert care.rows(EmergencyAccess) == []


def _named(care, **changed):
    return _entered(
        care,
        **{
            "code": "",
            "given_name": care.client.given_name.upper(),
            "family_name": care.client.family_name,
        }
        | changed,
    )


def test_a_name_will_do_when_it_is_one_persons(care):
    assert care.do(open_in_emergency, care.stranger, _named(care)) == care.client.code


def test_of_two_with_one_name_the_birth_date_says_which(care):
    kept = care.row(Client, care.client.id)
    with care.database.writing() as db:
        twin = a_client(
            db,
            care.therapist,
            family=kept.family_name,
            given=kept.given_name,
            born_on=kept.born_on + timedelta(days=400),
        )
        a_course(db, twin, therapist=care.therapist)
    with pytest.raises(Invalid) as refused:
        care.do(open_in_emergency, care.stranger, _named(care))
    assert "More than one client has this name." in refused.value.fields["born_on"]
    assert care.rows(EmergencyAccess) == []

    code = care.do(open_in_emergency, care.stranger, _named(care, born_on=twin.born_on))
    assert code == twin.code


@pytest.mark.parametrize(
    ("changed", "field", "says"),
    [
        ({"reason": "  "}, "reason", "The reason is needed."),
        ({"code": "K-999"}, "code", "There is no client with this code."),
        ({"code": "nonsense"}, "code", "There is no client with this code."),
        ({"code": ""}, "code", "Enter the code, or the given and the family name."),
        ({"code": "", "given_name": "Amara"}, "code", "Enter the code"),
        (
            {"code": "", "given_name": "No", "family_name": "Body"},
            "family_name",
            "Nobody in care here",
        ),
    ],
)
def test_who_is_not_found_or_why_is_not_said_is_refused_beside_the_field(
    care, changed, field, says
):
    with pytest.raises(Invalid) as refused:
        care.do(open_in_emergency, care.stranger, _entered(care, **changed))
    assert says in refused.value.fields[field]
    assert care.rows(EmergencyAccess) == []
    assert audit_events(care.database, "emergency:opened") == []


def test_whoever_sees_the_client_anyway_needs_no_emergency(care):
    with pytest.raises(Invalid) as refused:
        care.do(open_in_emergency, care.therapist, _entered(care))
    assert "open to you already" in refused.value.fields["code"]


def test_administrators_read_who_opened_whom_and_nobody_else_does(care):
    entered = _entered(care)
    care.do(open_in_emergency, care.stranger, entered)
    care.do(end_emergency, care.stranger, entered.id, now=NOW + HOUR)
    with care.database.writing() as db:
        admin = a_clinician(db, *care.nurse.functions, name="Ada Adams", is_administrator=True)

    with care.database.reading() as db:
        (line,) = emergency_accesses(db, care.asked_by(admin, NOW + HOUR))
        assert (line.who, line.code, line.reason) == (
            care.stranger.name,
            care.client.code,
            REASON,
        )
        assert line.ended_at == NOW + HOUR
        assert emergency_accesses(db, care.asked_by(admin, NOW + timedelta(days=91))) == ()
        with pytest.raises(NotAllowed):
            emergency_accesses(db, care.asked_by(care.stranger))
