"""Uploads: kapteam takes no files, and Streamlit, which would keep them in memory, gets none."""

from tests.web.streamlit_socket import tab_of

_MEGABYTE = 1024 * 1024


def _sender(browser, run_id):
    """Sends a body as the upload of this tab, with the token that Streamlit asks for as well."""
    browser.get("/_stcore/health")
    token = browser.cookies["_streamlit_xsrf"]

    def send(content, **headers):
        return browser.ask(
            "PUT",
            f"/_stcore/upload_file/{run_id}/0a1b",
            content=content,
            headers={
                "x-xsrftoken": token,
                "content-type": "multipart/form-data; boundary=edge",
                **headers,
            },
        ).status_code

    return send


def _body(size):
    head = b'--edge\r\ncontent-disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    return head + b"x" * size + b"\r\n--edge--\r\n"


def test_no_file_is_taken_whether_or_not_its_size_is_said(server, sign_in):
    dana = sign_in()
    with tab_of(server, dana) as tab:
        tab.run()
        send = _sender(dana, tab.run_id)
        for size in (0, 1000, 6 * _MEGABYTE):
            assert send(_body(size)) == 413
        pieces = (b"x" * _MEGABYTE for _ in range(8))
        assert send(iter([_body(0)[:-12], *pieces])) == 413
