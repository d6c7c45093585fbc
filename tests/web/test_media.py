"""Files behind download buttons, which Streamlit by itself hands to anybody."""

import re
from hashlib import blake2b

from tests.web.streamlit_socket import tab_of


def _file_of(tab):
    return re.search(r"/media/[0-9a-f]+\.csv", tab.run())[0]


def test_a_file_is_for_whoever_is_signed_in_and_gone_with_the_sign_in(server, browser, sign_in):
    dana = sign_in()
    with tab_of(server, dana) as tab:
        path = _file_of(tab)
        assert dana.get(path).text == "client,dose\nK-001,70\n"
        assert dana.get(path).headers["cache-control"] == "no-store"
        for method in ("GET", "HEAD", "OPTIONS"):
            assert browser.ask(method, path).status_code == 401
        copied = dana.cookie
        dana.post("/session/lock")
        assert dana.get(path).status_code == 401
        dana.post("/session/locked", data={"password": "three calm saguaros"})
        assert dana.get(path).status_code == 200
        browser.cookie = copied
        assert browser.get(path).status_code == 401
        dana.post("/session/sign-out")
        assert dana.get(path).status_code == 401


def test_guessing_a_files_name_from_its_content_finds_nothing(server, browser, sign_in):
    with tab_of(server, sign_in()) as tab:
        path = _file_of(tab)
        hits = []
        for dose in range(60, 80):
            data = f"client,dose\nK-001,{dose}\n".encode()
            for parts in ((data, b"text/csv", b"doses.csv"), (data, b"doses.csv", b"text/csv")):
                digest = blake2b(b"".join(parts), digest_size=16).hexdigest()
                hits.append(browser.get(f"/media/{digest}.csv").status_code)
        assert set(hits) == {401}
        assert browser.get(path).status_code == 401
