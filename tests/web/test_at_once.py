"""No message of a websocket waits until the browser has acknowledged the one before it."""

import socket
import threading
import time
from types import SimpleNamespace

import uvicorn
from websockets.sync.client import connect

from kapteam.web.sockets import Sockets, send_at_once


def test_a_connection_sends_each_message_when_it_is_there():
    """Over a listening socket that is made as Streamlit makes its own."""
    seen = []

    async def streamlit(scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        connection = receive.__self__.transport.get_extra_info("socket")
        seen.append(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        await send({"type": "websocket.close", "code": 1000})

    async def gate(scope, receive, send):
        await Sockets().carry("practice.1", streamlit, scope, receive, send)

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(gate, ws="websockets-sansio", lifespan="off"))
        serving = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        serving.start()
        while not server.started:
            time.sleep(0.01)
        try:
            with connect(f"ws://127.0.0.1:{listening.getsockname()[1]}/", proxy=None):
                pass
        finally:
            server.should_exit = True
            serving.join()
    assert seen == [1]


def test_a_browser_that_is_gone_by_then_is_no_error():
    gone = socket.socket()
    gone.close()
    transport = SimpleNamespace(get_extra_info={"socket": gone}.get)

    class Protocol:
        def __init__(self):
            self.transport = transport

        async def receive(self):
            raise AssertionError("Nothing is received.")

    send_at_once(Protocol().receive)
