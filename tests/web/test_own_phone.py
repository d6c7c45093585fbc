"""One's own phone number: its plain page, for whoever is signed in and for nobody else."""

import re

import pytest

from kapteam.db.tables import AuditEvent, Clinician


def _kept(practice, name):
    with practice.reading() as db:
        return db.query(Clinician).filter_by(sign_in_name=name).one().phone


def _version(answer):
    return re.search(r'name="version" value="(\d+)"', answer.text)[1]


def _changes(practice):
    with practice.reading() as db:
        return [
            one.changes for one in db.query(AuditEvent).filter_by(tag="clinician:changed").all()
        ]


def test_only_who_is_signed_in_sees_or_changes_a_number(server, browser, sign_in, practice):
    data = {"phone": "602-555-0142", "version": "1"}
    for answer in (browser.get("/session/phone"), browser.post("/session/phone", data=data)):
        assert answer.headers["location"] == "/session/sign-in"
    robin = sign_in("robin")
    robin.post("/session/lock")
    for answer in (robin.get("/session/phone"), robin.post("/session/phone", data=data)):
        assert answer.headers["location"] == "/session/locked"
    assert _kept(practice, "robin") == ""


def test_a_number_is_kept_for_oneself_and_is_in_no_log(server, sign_in, practice):
    robin = sign_in("robin")
    version = _version(robin.get("/session/phone"))
    data = {"phone": " 602-555-0142 ", "version": version}
    before = len(_changes(practice))
    for _ in range(2):
        answer = robin.post("/session/phone", data=data)
        assert answer.headers["location"] == "/session/phone/saved"
    assert "Your phone is saved" in robin.get("/session/phone/saved").text
    assert (_kept(practice, "robin"), _kept(practice, "dana")) == ("602-555-0142", "")
    made = _changes(practice)[before:]
    assert made == [{"phone": "changed"}]
    assert 'value="602-555-0142"' in robin.get("/session/phone").text


@pytest.mark.parametrize(
    ("typed", "sentence"), [("x" * 5000, "5,000 characters"), ("6\x0002", "control character")]
)
def test_bad_input_is_said_beside_the_field_and_stays_there(
    server, sign_in, practice, typed, sentence
):
    robin = sign_in("robin")
    before = _kept(practice, "robin")
    data = {"phone": typed, "version": _version(robin.get("/session/phone"))}
    answer = robin.post("/session/phone", data=data)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "phone-wrong" in answer.text
    assert typed in answer.text
    assert _kept(practice, "robin") == before


@pytest.mark.parametrize("version", ["0", "none", ""])
def test_what_an_administrator_saved_meanwhile_is_shown_and_not_overwritten(
    server, sign_in, practice, version
):
    robin = sign_in("robin")
    with practice.writing() as db:
        row = db.query(Clinician).filter_by(sign_in_name="robin").one()
        row.phone, row.version = "602-555-0100", row.version + 1
    answer = robin.post("/session/phone", data={"phone": "602-555-0199", "version": version})
    assert answer.status_code == 422
    assert "Saved by somebody else: 602-555-0100." in answer.text
    assert 'value="602-555-0199"' in answer.text
    assert _kept(practice, "robin") == "602-555-0100"

    again = {"phone": "602-555-0199", "version": _version(answer)}
    robin.post("/session/phone", data=again)
    assert _kept(practice, "robin") == "602-555-0199"
