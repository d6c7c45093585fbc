"""Changing one's own password: its plain page, and what becomes of one's other browsers."""

from tests.web.conftest import ROBINS_PASSWORD
from tests.web.streamlit_socket import tab_of


def test_a_password_is_changed_by_who_is_signed_in_only(server, browser, sign_in):
    data = {"password": ROBINS_PASSWORD, "new_password": "seven slow tortoises"}
    for answer in (browser.get("/session/password"), browser.post("/session/password", data=data)):
        assert answer.headers["location"] == "/session/sign-in"
    robin = sign_in("robin")
    robin.post("/session/lock")
    assert robin.post("/session/password", data=data).headers["location"] == "/session/locked"
    assert sign_in("robin").get("/").status_code == 200


def test_a_refused_new_password_is_said_beside_its_field_and_shown_nowhere(server, sign_in):
    robin = sign_in("robin")
    data = {"password": "not the right one", "new_password": "tortoises"}
    answer = robin.post("/session/password", data=data)
    assert answer.status_code == 422
    assert 'aria-describedby="password-wrong" aria-invalid="true"' in answer.text
    assert 'aria-describedby="new_password-hint new_password-wrong"' in answer.text
    assert "not the right one" not in answer.text
    assert "tortoises" not in answer.text
    empty = robin.post("/session/password", data={})
    assert "Type your password." in empty.text
    assert "Type the new password." in empty.text
    assert sign_in("robin").get("/").status_code == 200


def test_a_changed_password_closes_the_tabs_of_every_other_browser_of_that_person(server, sign_in):
    here, there, robin = sign_in("robin"), sign_in("robin"), sign_in()
    new = "seven slow tortoises"
    with (
        tab_of(server, here) as mine,
        tab_of(server, there) as other,
        tab_of(server, robin) as stranger,
    ):
        answer = here.post(
            "/session/password", data={"password": ROBINS_PASSWORD, "new_password": new}
        )
        assert answer.headers["location"] == "/session/password/changed"
        assert other.closed_with() == 4401
        assert "here" in mine.run()
        assert "here" in stranger.run()
    assert here.get("/").status_code == 200
    assert there.get("/").headers["location"].startswith("/session/sign-in")
    # For the tests that follow.
    here.post("/session/password", data={"password": new, "new_password": ROBINS_PASSWORD})
