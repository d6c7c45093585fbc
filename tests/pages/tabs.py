"""A browser tab without the browser: open a page as somebody, read what it says."""

import re
from pathlib import Path

from streamlit.testing.v1 import AppTest

from kapteam.accounts.sign_ins import Started, start_sign_in
from kapteam.db import practices
from kapteam.rules.permissions import Viewer
from tests.factories import NOW, is_beside
from tests.factories_care import Care
from tests.query_recorder import recorded_statements

_ROOT = Path(__file__).resolve().parents[2]
_SAYING = ("title", "header", "subheader", "markdown", "text", "caption", "warning", "error")


def a_tab(page: str, **query: str) -> AppTest:
    """A new tab at the address of a page; nobody is signed in at it, and it has not run yet."""
    tab = AppTest.from_file(str(_ROOT / "kapteam" / "ui" / "main.py"), default_timeout=20)
    for name, value in query.items():
        tab.query_params[name] = value
    tab.switch_page(str(_ROOT / "pages" / f"{page}.py"))
    return tab


def opened(care: Care, viewer: Viewer, page: str, **query: str) -> AppTest:
    """The page as this person gets it, just signed in."""
    tab = a_tab(page, **query)
    tab.user = signed_in(care, viewer)
    well(tab.run())
    # From here on the tab stays where it is or where a Save takes it, and is not sent here again.
    tab._page_hash = ""
    return tab


def opened_by_two(care: Care, acts: Viewer, beside: Viewer, page: str, **query: str) -> AppTest:
    """The page at a screen that two share."""
    tab = a_tab(page, **query)
    with care.database.writing() as db:
        started = start_sign_in(db, acts.clinician_id, "test", NOW)
        is_beside(db, started.sign_in_id, beside)
    tab.user = user_of(started)
    well(tab.run())
    tab._page_hash = ""
    return tab


def signed_in(care: Care, viewer: Viewer) -> dict[str, str]:
    """What the gate hands to a tab of somebody who has just signed in."""
    with care.database.writing() as db:
        return user_of(start_sign_in(db, viewer.clinician_id, "test", NOW))


def user_of(started: Started) -> dict[str, str]:
    """What the gate hands to a tab of this sign-in."""
    return {"sign_in": f"{practices.PRACTICE}.{started.sign_in_id}.{started.presence_id}"}


def sign_in_of(tab: AppTest) -> str:
    """The id of the sign-in that the tab is of."""
    return str(tab.user["sign_in"]).split(".")[1]


def unsigned(page: str, **query: str) -> str:
    """Everything that a page shows to somebody who is not signed in."""
    tab = well(a_tab(page, **query).run())
    return said(tab) + "".join(links(tab)) + "".join(one.label for one in tab.button)


def back(tab: AppTest, page: str, **query: str) -> AppTest:
    """The same tab at another address, as by a link or the browser's Back."""
    tab.query_params.clear()
    tab.query_params.update(query)
    tab.switch_page(str(_ROOT / "pages" / f"{page}.py"))
    well(tab.run())
    tab._page_hash = ""
    return tab


MOST_STATEMENTS = 12
"""Of one run of a list: who is here in two, the change token in one, the list itself in eight."""
MOST_OF_A_SESSION = 13
"""Of a ketamine session: one more for Spravato, medicine at home, or a client under medicine."""
MOST_OF_A_CHART = 16
"""Of a client, whose page shows what several tables keep."""


def well(tab: AppTest) -> AppTest:
    """The same tab; fails when the page did."""
    assert not tab.exception
    assert "Something went wrong" not in said(tab)
    return tab


def said(tab: AppTest) -> str:
    """Every word on the page but those of its links, without what escapes them."""
    return bare("\n".join(str(one.value) for kind in _SAYING for one in tab.get(kind)))


def headings(tab: AppTest) -> list[str]:
    """The headings of the sections, in order."""
    return [bare(one.value) for one in tab.subheader]


def titles(tab: AppTest) -> list[str]:
    """The titles of all sections in the order of the page, those without a row as well."""
    found = [
        re.fullmatch(r"(?:\*\*)?(.+?)(?: \(\d+\)|\*\* :gray\[[A-Z].*\.\])", bare(one.value))
        for one in tab.main
        if one.type in {"subheader", "markdown"}
    ]
    return [one.group(1) for one in found if one]


def links(tab: AppTest, to: str = "") -> list[str]:
    """The words of the links but that of every page, under the person's name.

    Or of those whose address begins with `to`.
    """
    found = [one.proto for one in tab.get("page_link")]
    of_every_page = next((one for one in found if one.label == "Days away"), None)
    return [
        bare(one.label)
        for one in found
        if one is not of_every_page and (one.page.startswith(to) or not to)
    ]


def buttons(tab: AppTest) -> list[str]:
    """The words of the buttons but those of every page: Find a client, and the guard's Refresh."""
    return [one.label for one in tab.button if one.key not in {"find_button", "refresh"}]


def addresses(tab: AppTest, label: str) -> list[str]:
    """Where the links that read `label` lead."""
    return [
        f"{one.proto.page}?{one.proto.query_string}"
        for one in tab.get("page_link")
        if one.proto.label == label
    ]


def names(tab: AppTest) -> list[str]:
    """The clients whose rows the page shows, in order."""
    return [one.split("**")[1] for one in links(tab, "client") if one.startswith("**")]


def statements_of(care: Care, tab: AppTest) -> int:
    """How many statements one more run of the page takes."""
    with recorded_statements(care.database.engine) as statements:
        well(tab.run())
    return len(statements)


def bare(text: str) -> str:
    """Without what escapes them; of a phone number that can be dialed only the number."""
    text = text.replace("\\", "").replace("\u2060", "").replace("\u00a0", " ")
    return re.sub(r"\[([^\[\]]*)\]\(tel:\+?\d+\)", r"\1", text)
