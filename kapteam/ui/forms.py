"""Forms on pages: every field keeps what was typed, every problem stands beside its field.

A form's fields are named after the attributes of the action's `…Entered` dataclass, so that Save
can read them and a sentence of `Invalid` finds its place. Plain widgets, no `st.form`: what was
typed reaches the server when the field is left, and survives a restart of it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime
from typing import Any, TypeVar

import streamlit as st

from kapteam import wording
from kapteam.errors import Conflict, Invalid, Refused
from kapteam.ids import new_id
from kapteam.rules.permissions import Viewer
from kapteam.ui.shell import Present, acting, say_next
from kapteam.ui.text import plain
from kapteam.vocabulary import Term

_Saved = TypeVar("_Saved")
_Choice = TypeVar("_Choice", bound=Term)
WHOLE = ""


def minted_id() -> str:
    """The id of the row that this page's form will make, kept in the URL as `?new=…`."""
    if "new" not in st.query_params:
        st.query_params["new"] = new_id()
    return st.query_params["new"]


class Form:
    """One form on a page.

    `name` and `row` (the id of the row it makes or changes) name its widgets, so that two forms
    never share what was typed.
    """

    def __init__(self, here: Present, name: str, row: str) -> None:
        self._here = here
        self._key = f"{name}/{row}"
        self._several: dict[str, Sequence[Term]] = {}

    def key(self, field: str) -> str:
        """The widget key of a field."""
        return f"{self._key}/{field}"

    def value(self, field: str) -> Any:
        """What the field holds now; of several boxes, a tuple of those that are ticked."""
        if field in self._several:
            return tuple(
                term
                for term in self._several[field]
                if st.session_state.get(self.key(f"{field}.{term.value}"))
            )
        return st.session_state.get(self.key(field))

    def seen(self, version: int) -> int:
        """The version that this form was drawn with first; call it before the fields.

        A page runs again with every field that is left; the row may be a newer one by then, and a
        Save must count against what the person saw.
        """
        kept = self.key("version")
        drawn = any(
            str(key).startswith(f"{self._key}/") and key != kept for key in st.session_state
        )
        if not drawn:
            st.session_state[kept] = version
        return int(st.session_state.setdefault(kept, version))

    def line(
        self, field: str, label: str, value: str = "", *, hint: str = "", width: int | None = None
    ) -> str:
        """One line of text."""
        typed = st.text_input(
            label,
            key=self.key(field),
            placeholder=hint or None,
            autocomplete="off",
            width=width or "stretch",
            **self._initial(field, value),
        )
        self._problem(field)
        return typed or ""

    def area(self, field: str, label: str, value: str = "", *, height: int = 96) -> str:
        """Several lines of text."""
        typed = st.text_area(
            label, key=self.key(field), height=height, **self._initial(field, value)
        )
        self._problem(field)
        return typed or ""

    def day(
        self, field: str, label: str, value: date | None = None, *, past: bool = False
    ) -> date | None:
        """A date, with an echo that names the weekday and the month (digits alone mislead)."""
        chosen: date | None = st.date_input(
            label,
            key=self.key(field),
            format="YYYY-MM-DD",
            min_value=date(1900, 1, 1) if past else date(2000, 1, 1),
            max_value=date(2100, 12, 31),
            width=220,
            **self._initial(field, value),
        )
        if chosen:
            st.caption(wording.full_day(chosen))
        self._problem(field)
        return chosen

    def time(self, field: str, label: str, value: str = "") -> str:
        """A time of day, typed: `2:30 pm`."""
        return self.line(field, label, value, hint="2:30 pm", width=160)

    def choice(
        self,
        field: str,
        label: str,
        options: Sequence[_Choice],
        value: _Choice | None = None,
        *,
        across: bool = True,
    ) -> _Choice | None:
        """One of a few terms, all in view."""
        chosen: _Choice | None = st.radio(
            label,
            list(options),
            key=self.key(field),
            format_func=lambda term: term.label,
            horizontal=across,
            **self._initial(field, options.index(value) if value in options else None, "index"),
        )
        self._problem(field)
        return chosen

    def pick(
        self,
        field: str,
        label: str,
        options: Mapping[str, str],
        value: str | None = None,
        *,
        none: str = "Choose",
    ) -> str | None:
        """One of many, by id; `options` maps id to what is read."""
        ids = list(options)
        chosen: str | None = st.selectbox(
            label,
            ids,
            key=self.key(field),
            format_func=lambda one: options.get(one, ""),
            placeholder=none,
            **self._initial(field, ids.index(value) if value in ids else None, "index"),
        )
        self._problem(field)
        return chosen

    def several(
        self, field: str, label: str, options: Sequence[_Choice], value: Sequence[_Choice] = ()
    ) -> tuple[_Choice, ...]:
        """Any number of terms, as check boxes; the form reads them as a tuple."""
        self._several[field] = options
        st.markdown(label)
        with st.container(horizontal=True, gap="medium"):
            for term in options:
                box = f"{field}.{term.value}"
                st.checkbox(
                    term.label,
                    key=self.key(box),
                    width="content",
                    **self._initial(box, term in value),
                )
        self._problem(field)
        chosen: tuple[_Choice, ...] = self.value(field)
        return chosen

    def check(self, field: str, label: str, value: bool = False) -> bool:
        """Yes or no."""
        chosen = st.checkbox(label, key=self.key(field), **self._initial(field, value))
        self._problem(field)
        return chosen

    def answer(self, field: str, label: str, value: bool | None = None) -> bool | None:
        """Yes, no, or not asked: the three are never mixed up."""
        options = [None, True, False]
        chosen: bool | None = st.radio(
            label,
            options,
            key=self.key(field),
            format_func={None: "Not asked", True: "Yes", False: "No"}.__getitem__,
            horizontal=True,
            **self._initial(field, options.index(value), "index"),
        )
        self._problem(field)
        return chosen

    def number(self, field: str, label: str, value: int, *, least: int, most: int) -> int:
        """A whole number."""
        chosen = st.number_input(
            label,
            min_value=least,
            max_value=most,
            step=1,
            key=self.key(field),
            width=320,
            **self._initial(field, value),
        )
        self._problem(field)
        return int(chosen)

    def entered(self, kind: type[Any], **fixed: Any) -> Any:
        """The `…Entered` dataclass: `fixed` values, the rest from the fields of the same name."""
        values = {one.name: self.value(one.name) for one in fields(kind)}
        return kind(
            **{
                name: "" if value is None and _is_text(kind, name) else value
                for name, value in (values | fixed).items()
            }
        )

    def now_time(self, day_field: str, time_field: str, label: str, day: date) -> None:
        """A day and a time of day, with one press for this very moment."""
        self.day(day_field, f"{label} on", day)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            self.time(time_field, f"{label} at")
            st.button(
                "Now",
                key=self.key(f"{time_field}.now"),
                on_click=_set_now,
                args=(self, day_field, time_field),
            )

    def rows(self, name: str) -> int:
        """How many rows of a kind the form shows; at least one."""
        return int(st.session_state.setdefault(self.key(f"{name}.rows"), 1))

    def more_rows(self, name: str, label: str) -> None:
        """A button that adds a row of a kind."""
        st.button(
            label,
            key=self.key(f"{name}.more"),
            type="tertiary",
            icon=":material/add:",
            on_click=_add_row,
            args=(self, name),
        )

    def save(
        self,
        label: str,
        action: Callable[[Any, Viewer, Any, datetime], _Saved],
        build: Callable[[], Any],
        *,
        then: Callable[[_Saved], None],
        said: str = "Saved",
        kind: str = "primary",
        shortcut: str | None = None,
    ) -> None:
        """The button that runs `action` on what `build()` reads from the fields, then leaves.

        What is wrong is shown beside its field, and nothing typed is lost.
        """
        self._problem(WHOLE)
        st.button(
            label,
            key=self.key(f"save.{label}"),
            type="primary" if kind == "primary" else "secondary",
            on_click=_pressed,
            args=(self, action, build, then, said),
            shortcut=shortcut,
        )

    def _initial(self, field: str, value: Any, name: str = "value") -> dict[str, Any]:
        """The starting value, only while the widget has none (Streamlit warns about both)."""
        return {} if self.key(field) in st.session_state else {name: value}

    def _problem(self, field: str) -> None:
        problems = st.session_state.get(self.key("problems"), {})
        if field in problems:
            st.markdown(f":red[:material/error: {plain(problems[field])}]")

    def _refused(self, error: Refused) -> None:
        if isinstance(error, Invalid):
            problems = dict(error.fields)
            drawn = {key for key in st.session_state if str(key).startswith(self._key)}
            if not all(self.key(field) in drawn for field in problems):
                problems[WHOLE] = " ".join(
                    sentence
                    for field, sentence in error.fields.items()
                    if self.key(field) not in drawn
                )
            else:
                problems[WHOLE] = "Not saved yet: look at the fields marked in red."
        else:
            problems = {WHOLE: str(error)}
            if isinstance(error, Conflict):
                for field, theirs in error.theirs.items():
                    problems[field] = f"Saved by somebody else: {theirs or 'empty'}"
        st.session_state[self.key("problems")] = problems


def _is_text(kind: type[Any], name: str) -> bool:
    return next(one.type for one in fields(kind) if one.name == name) in (str, "str")


@acting
def _pressed(
    here: Present,
    form: Form,
    action: Callable[[Any, Viewer, Any, datetime], _Saved],
    build: Callable[[], Any],
    then: Callable[[_Saved], None],
    said: str,
) -> None:
    try:
        saved = here.write(action, build(), here.now)
    except Refused as error:
        form._refused(error)
        return
    st.session_state.pop(form.key("problems"), None)
    st.session_state.pop(form.key("version"), None)
    say_next(f"{said} {wording.exact_time(here.now, here.zone)}")
    then(saved)


@acting
def _set_now(here: Present, form: Form, day_field: str, time_field: str) -> None:
    local = here.now.astimezone(here.zone)
    st.session_state[form.key(day_field)] = local.date()
    st.session_state[form.key(time_field)] = wording.clock_time(local.time())


@acting
def _add_row(here: Present, form: Form, name: str) -> None:
    st.session_state[form.key(f"{name}.rows")] = form.rows(name) + 1
