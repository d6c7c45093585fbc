"""The websocket: who gets one, whose it is, and how it ends."""

import asyncio
import socket

import pytest
from sqlalchemy import select
from starlette.websockets import WebSocketDisconnected
from websockets.exceptions import ConnectionClosed

from kapteam.accounts import set_up, sign_ins
from kapteam.db.tables import Clinician
from kapteam.errors import Unusable
from kapteam.ids import new_id
from kapteam.web import sockets
from kapteam.web.sockets import Sockets
from tests.accounts.people import viewer
from tests.web.server import Browser, Server
from tests.web.streamlit_socket import HEARTBEAT, STREAM, open_tab, refused, tab_of


def _id_of(practice, sign_in_name):
    with practice.reading() as db:
        return db.scalar(select(Clinician.id).where(Clinician.sign_in_name == sign_in_name))


def test_ten_handshakes_are_refused_and_one_opens(server, sign_in, clock):
    good, locked, ended = sign_in(), sign_in(), sign_in()
    locked.post("/session/lock")
    old = ended.cookie_header
    ended.post("/session/sign-out")
    cookie, port, name, scheme = good.cookie_header, server.port, server.name, server.scheme
    other = {"http": "https", "https": "http"}[scheme]
    handshakes = {
        "no cookie": {"cookie": ""},
        "a random cookie": {"cookie": f"{server.cookie_name}=practice." + "x" * 43},
        "a forged header": {"cookie": "", "headers": {"X-Kapteam-Sign-In": "practice.1"}},
        "no origin": {"cookie": cookie, "origin": None},
        "an evil origin": {"cookie": cookie, "origin": "http://evil.example"},
        "a null origin": {"cookie": cookie, "origin": "null"},
        "another port": {"cookie": cookie, "origin": f"{scheme}://{name}:9999"},
        "no port": {"cookie": cookie, "origin": f"{scheme}://{name}"},
        "another scheme": {"cookie": cookie, "origin": f"{other}://{name}:{port}"},
        "another name for it": {"cookie": cookie, "origin": f"{scheme}://localhost:{port}"},
        "a rebound name": {
            "cookie": cookie,
            "origin": f"{scheme}://evil.example:{port}",
            "host": "evil.example",
        },
        "a locked sign-in": {"cookie": locked.cookie_header},
        "an ended sign-in": {"cookie": old},
    }
    opened = {
        (name, path)
        for name, handshake in handshakes.items()
        for path in (STREAM, HEARTBEAT)
        if refused(server, path=path, **handshake) != 403
    }
    assert opened == set()
    with tab_of(server, good) as tab:
        assert "here: practice." in tab.run()
    assert refused(server, cookie, HEARTBEAT) == 101


def test_streamlit_is_told_our_sign_in_whatever_the_browser_claims(server, sign_in):
    dana, robin = sign_in(), sign_in("robin")
    with tab_of(server, robin) as tab:
        theirs = tab.run()
    headers = {"X-Kapteam-Sign-In": "practice.forged", "x-kapteam-sign-in": "practice.forged"}
    with open_tab(server, dana.cookie_header, headers=headers) as tab:
        printed = tab.run()
    assert "forged" not in printed
    assert "here: practice." in printed
    assert printed != theirs


def test_nobody_takes_over_a_live_tab(server, sign_in):
    dana = sign_in()
    with tab_of(server, dana) as tab:
        mine = tab.run()
        for other in (sign_in("robin"), sign_in()):
            with tab_of(server, other, resume=tab.run_id) as taken:
                printed = taken.run()
                assert taken.run_id != tab.run_id
            assert mine not in printed
        run_id = tab.run_id
    for other in (sign_in("robin"), sign_in()):
        with tab_of(server, other, resume=run_id) as taken:
            taken.run()
            assert taken.run_id != run_id
    with tab_of(server, dana, resume=run_id) as again:
        again.run()
        assert again.run_id == run_id


def test_after_an_unlock_the_same_tab_goes_on(server, sign_in):
    dana = sign_in()
    with tab_of(server, dana) as tab:
        tab.run()
        run_id = tab.run_id
        dana.post("/session/lock")
        assert tab.closed_with() == 4401
    dana.post("/session/locked", data={"password": "three calm saguaros"})
    with tab_of(server, dana, resume=run_id) as again:
        again.run()
        assert again.run_id == run_id


@pytest.mark.parametrize("path", ["/session/lock", "/session/sign-out"])
def test_lock_and_sign_out_close_every_tab_of_that_sign_in_only(server, sign_in, path):
    dana, elsewhere = sign_in(), sign_in()
    with (
        tab_of(server, dana) as first,
        tab_of(server, dana) as second,
        tab_of(server, elsewhere) as other,
    ):
        dana.post(path)
        assert (first.closed_with(), second.closed_with()) == (4401, 4401)
        with pytest.raises(ConnectionClosed):
            first.run()
        assert "here" in other.run()


def test_turning_a_sign_in_off_closes_its_tabs_and_a_copied_cookie_is_refused(
    server, sign_in, practice, clock
):
    administrator = viewer(practice, _id_of(practice, "dana"), clock.now)
    form = set_up.NewClinician("nico", "Nico", "", "nico", frozenset({"nurse"}), False)
    with practice.writing() as db:
        token = set_up.add_clinician(db, administrator, form, clock.now)
        set_up.accept_invitation(db, token, "five cool canyons", clock.now)
    nico, dana = Browser(server), sign_in()
    nico.post("/session/sign-in", data={"name": "nico", "password": "five cool canyons"})
    with tab_of(server, nico) as tab, tab_of(server, dana) as other:
        tab.run()
        with practice.writing() as db:
            set_up.suspend_clinician(db, administrator, "nico", clock.now)
        assert tab.closed_with() == 4401
        assert "here" in other.run()
    assert refused(server, nico.cookie_header) == 403
    assert nico.get("/").status_code == 303


def test_a_new_password_closes_the_tabs_of_that_person_and_a_copied_cookie_is_refused(
    server, sign_in, practice, clock
):
    administrator = viewer(practice, _id_of(practice, "dana"), clock.now)
    form = set_up.NewClinician("nora", "Nora", "", "nora", frozenset({"nurse"}), False)
    with practice.writing() as db:
        token = set_up.add_clinician(db, administrator, form, clock.now)
        set_up.accept_invitation(db, token, "five cool canyons", clock.now)
    nora, dana, elsewhere = Browser(server), sign_in(), Browser(server)
    nora.post("/session/sign-in", data={"name": "nora", "password": "five cool canyons"})
    with tab_of(server, nora) as tab, tab_of(server, dana) as other:
        tab.run()
        with practice.writing() as db:
            link = set_up.renew_invitation(db, administrator, "nora", new_id(), clock.now)
        elsewhere.post(f"/session/invite/{link}", data={"password": "six dry riverbeds"})
        assert tab.closed_with() == 4401
        with pytest.raises(ConnectionClosed):
            tab.run()
        assert "here" in other.run()
    assert refused(server, nora.cookie_header) == 403
    assert nora.get("/").status_code == 303
    with tab_of(server, elsewhere) as tab:
        assert "here" in tab.run()


def test_a_screen_at_rest_is_locked_and_its_tabs_closed(server, sign_in, clock, practice):
    dana = sign_in()
    with tab_of(server, dana) as tab:
        clock.advance(minutes=14)
        assert dana.post("/session/touch").status_code == 200
        clock.advance(minutes=14)
        assert dana.get("/session/alive").status_code == 200
        tab.run()
        clock.advance(minutes=1)
        assert tab.closed_with() == 4401
    assert dana.get("/session/alive").status_code == 401
    assert dana.post("/session/touch").status_code == 401
    assert dana.get("/caseload").headers["location"] == "/session/locked?next=%2Fcaseload"
    with practice.reading() as db:
        assert sign_ins.find(db, dana.cookie.partition(".")[2], clock.now).recorded


def test_foreign_handshakes_make_the_server_ask_nobody_outside(tmp_path, second_machine):
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        address = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
        proxies = dict.fromkeys(names, address)
        running = Server(tmp_path, "tests/web/small_app.py", second_machine, **proxies).start()
        try:
            for number in range(20):
                assert refused(running, "", origin=f"http://evil{number}.example") == 403
        finally:
            running.stop()
        proxy.setblocking(False)
        with pytest.raises(BlockingIOError):
            proxy.accept()


def _carried(error):
    """What comes of a websocket whose application ends in `error`."""

    async def application(scope, receive, send):
        raise error

    asyncio.run(Sockets().carry("practice.1", application, {"type": "websocket"}, None, None))


def test_a_socket_that_is_gone_by_the_time_it_is_closed_is_no_error():
    _carried(WebSocketDisconnected("Cannot call send once a close message has been sent."))
    with pytest.raises(RuntimeError, match="anything else"):
        _carried(RuntimeError("anything else"))


def test_nobody_stays_connected_whose_sign_in_cannot_be_checked(monkeypatch):
    def unreadable(keys, now):
        raise Unusable("The database file cannot be opened.")

    async def stays_open(scope, receive, send):
        await asyncio.Event().wait()

    async def sent_while_swept():
        opened, sent = Sockets(), []

        async def send(message):
            sent.append(message)

        sweeping = asyncio.create_task(opened.sweep_for_ever())
        socket = opened.carry("practice.1", stays_open, {"type": "websocket"}, None, send)
        await asyncio.wait_for(socket, timeout=5)
        sweeping.cancel()
        return sent

    monkeypatch.setattr(sockets, "news_of", unreadable)
    assert asyncio.run(sent_while_swept()) == [{"type": "websocket.close", "code": 4401}]
