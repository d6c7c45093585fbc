"""Hands for the forms of an AppTest page: fill in by field, press Save, read what stands beside."""

import re
from collections.abc import Iterator
from typing import Any

from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button, Element, Widget

from kapteam.actions.notes import save_draft
from tests.factories_care import Care
from tests.pages.tabs import bare, well

LOOK = "Not saved yet: look at the fields marked in red."


def drawn(tab: AppTest) -> Iterator[Element]:
    """Every element of the page, from top to bottom."""
    return (one for one in tab.main if isinstance(one, Element))


def box(tab: AppTest, form: str, field: str) -> Any:
    """The widget of one field of the form of this name."""
    (found,) = [one for one in drawn(tab) if _is_of(one, form) and _field(one) == field]
    return found


def typed(tab: AppTest, form: str) -> dict[str, Any]:
    """What the fields of a form hold."""
    return {
        _field(one): one.value
        for one in drawn(tab)
        if _is_of(one, form) and not isinstance(one, Button)
    }


def fill(tab: AppTest, form: str, values: dict[str, Any]) -> AppTest:
    """Fill in fields by their names; those that another one brings come in the next run."""
    left = dict(values)
    while left:
        there = [one for one in drawn(tab) if _is_of(one, form) and _field(one) in left]
        assert there, f"The form {form} has no {', '.join(left)}."
        for one in there:
            one.set_value(left.pop(_field(one)))
        well(tab.run())
    return tab


def write(care: Care, tab: AppTest, note_id: str, field: str, text: str) -> AppTest:
    """Type into a field of a note: its author's browser keeps it, and the page runs some time."""
    marks = " ".join(one.proto.body for one in tab.get("html"))
    [version] = re.findall(rf'data-kapteam-field="{field}" data-kapteam-version="(\d+)"', marks)
    care.do(save_draft, care.therapist, note_id, field, text, int(version))
    return well(tab.text_area(f"note/{note_id}/{field}").set_value(text).run())


def press(tab: AppTest, label: str, form: str = "") -> AppTest:
    """Press the button that reads `label`, of the form of this name where several do."""
    (button,) = [
        one for one in tab.button if one.label == label and (not form or _is_of(one, form))
    ]
    return well(button.click().run())


def beside(tab: AppTest, form: str, field: str) -> str:
    """The sentences in red below a field and above the next one."""
    found, below = [], False
    for one in drawn(tab):
        if _is_field(one):
            below = _is_of(one, form) and field in {_field(one), _field(one).split(".")[0]}
        elif below and one.type == "markdown" and str(one.value).startswith(":red[:material/error"):
            found.append(bare(str(one.value)).split(": ", 1)[1].removesuffix("]"))
    return " ".join(found)


def _is_field(one: Element) -> bool:
    return isinstance(one, Widget) and not isinstance(one, Button)


def _is_of(one: Element, form: str) -> bool:
    return isinstance(one, Widget) and str(one.key or "").startswith(f"{form}/")


def _field(one: Any) -> str:
    return str(one.key).rsplit("/", 1)[-1]
