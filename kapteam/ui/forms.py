"""Forms on pages: every field keeps what was typed, every problem stands beside its field.

A form's fields are named after the attributes of the action's `…Entered` dataclass, so that Save
can read them and a sentence of `Invalid` finds its place. Plain widgets, no `st.form`: what was
typed reaches the server when the field is left, and survives a restart of it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any, TypeVar

import streamlit as st

from kapteam import sentences, wording
from kapteam.errors import Conflict, Invalid, Refused
from kapteam.ids import is_id, new_id
from kapteam.queries.kept import is_kept
from kapteam.rules.permissions import Viewer
from kapteam.ui.shell import Present, acting, say_next
from kapteam.ui.text import aloud, plain, said
from kapteam.vocabulary import Term, Tone
from kapteam.wording import Phrase

_Saved = TypeVar("_Saved")
_Choice = TypeVar("_Choice", bound=Term)
_Version = TypeVar("_Version", int, str)
WHOLE = ""
_LOOK = "Not saved yet: look at the fields marked in red."
_KEEP_MINE = "Keep mine"
_TAKE_THEIRS = "Take the other"
DAY_WIDTH, _TIME_WIDTH = 180, 130
_MADE = "ids_that_made_a_row"
_UNUSED = "ids_that_had_made_no_row"
_TRIED = "ids_that_this_tab_has_saved_with"
_USED = "What was entered at this address is saved already. This form is a new one."
_SAVED_ELSEWHERE = (
    "Nothing was saved now: this form was saved already, in another tab. Look there first; if this "
    "is something else, open the form anew."
)
_SAID = "saved_beside_its_button"
_ANSWERS = {"": "Not asked", "True": "Yes", "False": "No"}
_ANSWERED = {"": None, "True": True, "False": False}


def minted_id(place: str = "new") -> str:
    """The id of the row that this page makes, kept in the URL as `?new=…`.

    An id that has made a row from this tab is never given again, also when the browser's Back
    brings its address once more: the second row would be taken for the first.
    """
    given = st.query_params.get(place, "")
    if not is_id(given) or given in st.session_state.get(_MADE, ()):
        st.query_params[place] = new_id()
    return st.query_params[place]


def unused_id(here: Present, place: str = "new") -> str:
    """The minted id for a form, another one when its address was saved in some other tab or time.

    An address is kept, sent on or opened twice; what is entered over a used one would be taken for
    what was saved then, and be lost. A small form beside a large one has a `place` of its own in
    the address, so that saving it leaves what is half typed in the large one.
    """
    given = st.query_params.get(place, "")
    minted = minted_id(place)
    known = st.session_state.setdefault(_UNUSED, set())
    if minted == given and minted not in known and here.read(is_kept, minted):
        minted = st.query_params[place] = new_id()
        if here.top:
            here.top.info(_USED, icon=":material/info:")
    known.add(minted)
    return minted


@dataclass(slots=True)
class _Kept:
    """What a form remembers for as long as its fields stand on the page.

    `begun` counts how often it began again, `version` of `row` is what its Save counts against, and
    `drawn` the version that its fields were drawn with; `moved` says that another form here saved
    that row. `first` is what each field started from, `usual` what one follows until somebody
    changes it, `unsaid` a refusal that is not drawn yet, and `refused` what each field that it
    names held. `late` are its sentences for fields that were not drawn when it came. `words` are,
    by the key of its widget, each field of free words and its label.
    """

    begun: int = 0
    row: str = ""
    version: Any = None
    drawn: Any = None
    moved: bool = False
    problems: dict[str, str] = field(default_factory=dict)
    refused: dict[str, Any] = field(default_factory=dict)
    late: dict[str, str] = field(default_factory=dict)
    words: dict[str, tuple[str, str]] = field(default_factory=dict)
    is_conflict: bool = False
    unsaid: bool = False
    first: dict[str, Any] = field(default_factory=dict)
    usual: dict[str, int | str] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)


class Form:
    """One form on a page.

    `name` and `row` (the id of the row it changes) name its widgets, so that two forms never share
    what was typed; a form that makes a row has the minted id of that row in `makes`, and its
    widgets are named after that unless `row` is given. Once it is saved it begins again, from what
    is now kept.
    """

    def __init__(self, here: Present, name: str, row: str = "", *, makes: str = "") -> None:
        self.makes = makes
        self._here = here
        self._row = row or makes
        self._name = f"{name}/{self._row}"
        # Where it stands on the page: a form that makes a row gets a new name with every row.
        self._place = f"{name}/{row}"
        self._kept = self._remembered()
        self._key = f"{self._name}/{self._kept.begun}"
        self._drawn: set[str] = set()
        self._read: dict[str, Callable[[], Any]] = {}
        self._labels: dict[str, Mapping[str, str]] = {}
        self._days: set[str] = set()
        self._columns: dict[str, str | tuple[str, str]] = {}

    def key(self, field: str) -> str:
        """The widget key of a field."""
        return f"{self._key}/{field}"

    def value(self, field: str) -> Any:
        """What the field holds now; of several boxes, a tuple of those that are ticked."""
        if field in self._read:
            return self._read[field]()
        return st.session_state.get(self.key(field))

    def is_changed(self, field: str) -> bool:
        """Whether the field holds something else than it started from; ask once it was `seen`."""
        first, value = self._kept.first, self.value(field)
        if field not in first or value is None or value == first[field]:
            return False
        # A list from which nobody is chosen reads so until it is drawn.
        return not (value == "" and first[field] is None)

    @property
    def is_begun(self) -> bool:
        """Whether something was entered that is not saved; ask once it was `seen`."""
        return self._kept.is_conflict or any(map(self.is_changed, self._kept.first))

    def put(self, field: str, value: date | str | int | None) -> None:
        """Fill in a field for the person, before it is drawn."""
        # Streamlit warns of a field that has both a starting value and one that was put in.
        self._kept.first[field] = "" if isinstance(value, str) else None
        st.session_state[self.key(field)] = value

    def seen(self, version: _Version, *, of: str = "") -> _Version:
        """The version that this form was drawn with first; call it before the fields.

        Of a row that counts none it is what the form changes, as the row kept it.

        A page runs again with every field that is left; the row (`of`, unless the form is named
        after it) may be a newer one by then, and a Save must count against what the person saw. The
        version is part of the fields' keys: after a restart the browser brings back what was typed
        over this version, never over another.
        """
        kept = self._kept
        if kept.version is None:
            kept.row, kept.version = of or self._row, version
            kept.drawn = version if kept.drawn is None else kept.drawn
        elif kept.moved and (isinstance(version, str) or version == kept.version + 1):
            kept.version = version
        kept.moved = False
        self._key = f"{self._name}/v{kept.drawn}"
        first: _Version = kept.version
        return first

    def kept_as(self, **columns: str | tuple[str, str]) -> None:
        """Which field holds what the row keeps under another name, for when two people save.

        A day and a time of day hold an instant together.
        """
        self._columns = columns

    def line(
        self, field: str, label: str, value: str = "", *, hint: str = "", width: int | None = None
    ) -> str:
        """One line of text."""
        self._kept.words[self.key(field)] = field, label
        typed = st.text_input(
            label,
            self._first(field, value),
            key=self.key(field),
            placeholder=hint or None,
            autocomplete="off",
            width=width or "stretch",
        )
        self._problem(field)
        return typed or ""

    def area(self, field: str, label: str, value: str = "", *, height: int = 96) -> str:
        """Several lines of text."""
        self._kept.words[self.key(field)] = field, label
        typed = st.text_area(label, self._first(field, value), key=self.key(field), height=height)
        self._problem(field)
        return typed or ""

    def day(
        self,
        field: str,
        label: str,
        value: date | None = None,
        *,
        past: bool = False,
        empty: str = "",
    ) -> date | None:
        """A date, with an echo that names the weekday and the month (digits alone mislead).

        One that starts empty can be emptied in itself; one that does not, only by the button that
        `empty` is the words of.
        """
        self._days.add(field)
        chosen: date | None = st.date_input(
            label,
            self._first(field, value),
            key=self.key(field),
            format="YYYY-MM-DD",
            min_value=date(1900, 1, 1) if past else date(2000, 1, 1),
            max_value=date(2100, 12, 31),
            width=DAY_WIDTH,
        )
        below = st.empty()
        if chosen:
            with below.container(horizontal=True, vertical_alignment="center"):
                st.caption(wording.full_day(chosen), width="content")
                if empty and self._first(field, value):
                    st.button(
                        empty,
                        key=self.key(f"{field}.clear"),
                        type="tertiary",
                        icon=":material/close:",
                        on_click=_clear,
                        args=(self, field),
                    )
        self._problem(field)
        return chosen

    def time(self, field: str, label: str, value: str = "") -> str:
        """A time of day, typed: `2:30 pm`."""
        return self.line(field, label, value, hint="2:30 pm", width=_TIME_WIDTH)

    def choice(
        self,
        field: str,
        label: str,
        options: Sequence[_Choice],
        value: _Choice | None = None,
        *,
        across: bool = True,
    ) -> _Choice | None:
        """One of a few terms, all in view; none is chosen unless `value` is one of them."""
        first = self._first(field, value)
        self._labels[field] = {term.value: term.label for term in options}
        chosen: _Choice | None = st.radio(
            label,
            list(options),
            options.index(first) if first in options else None,
            key=self.key(field),
            format_func=lambda term: term.label,
            horizontal=across,
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
        none: str = "",
        follows: bool = False,
        names_somebody: bool = False,
    ) -> str | None:
        """One of many, by id; `options` maps id to what is read.

        A label that `names_somebody` is words as they were typed; every other one is Markdown.

        `none` stands first among them and is for nobody or nothing; without it nothing is chosen
        until somebody does. Where it `follows`, who left it as it was gets the new `value` when
        that changes.
        """
        if follows:
            self._follow(field, value or "")
        shown = ({"": none} if none else {}) | dict(options)
        self._labels[field] = shown
        self._read[field] = lambda: st.session_state.get(self.key(field)) or None
        first = self._first(field, value) or ""
        if names_somebody:
            st.markdown(f":small[{plain(label)}]")
        st.selectbox(
            aloud(label) if names_somebody else label,
            list(shown),
            list(shown).index(first) if first in shown else None,
            key=self.key(field),
            format_func=lambda one: shown.get(one, ""),
            placeholder="Choose",
            filter_mode="contains",
            label_visibility="collapsed" if names_somebody else "visible",
        )
        self._problem(field)
        chosen: str | None = self.value(field)
        return chosen

    def needs(self, field: str, sentence: str) -> None:
        """What has to be done elsewhere before this form saves; in red once it was refused."""
        if field not in self._kept.problems and field not in self._kept.late:
            st.markdown(said(Phrase(sentence, Tone.AMBER, "error")))
        self._problem(field)

    def settled(self, field: str, label: str, value: _Choice) -> _Choice:
        """What somebody else decided: it is said, and read like a field."""
        self._read[field] = lambda: value
        st.markdown(f"{plain(label)}: **{plain(value.label)}**")
        self._problem(field)
        return value

    def several(
        self, field: str, label: str, options: Sequence[_Choice], value: Sequence[_Choice] = ()
    ) -> tuple[_Choice, ...]:
        """Any number of terms, as check boxes; the form reads them as a tuple."""
        boxes = {term: f"{field}.{term.value}" for term in options}
        self._read[field] = lambda: tuple(
            term for term, box in boxes.items() if st.session_state.get(self.key(box))
        )
        st.markdown(f":small[{label}]")
        with st.container(horizontal=True, gap="medium"):
            for term, box in boxes.items():
                st.checkbox(
                    term.label,
                    self._first(box, term in value),
                    key=self.key(box),
                    width="content",
                )
        self._problem(field)
        chosen: tuple[_Choice, ...] = self.value(field)
        return chosen

    def check(self, field: str, label: str, value: bool = False) -> bool:
        """Yes or no."""
        chosen = st.checkbox(label, self._first(field, value), key=self.key(field))
        self._problem(field)
        return chosen

    def switch(self, field: str, label: str, value: bool = False) -> bool:
        """A setting that is on or off."""
        chosen = st.toggle(label, self._first(field, value), key=self.key(field))
        self._problem(field)
        return chosen

    def answer(self, field: str, label: str, value: bool | None = None) -> bool | None:
        """Yes, no, or not asked: the three are never mixed up."""
        first = list(_ANSWERED.values()).index(self._first(field, value))
        return self._answered(field, label, _ANSWERS, first)

    def yes_or_no(self, field: str, label: str, value: bool | None = None) -> bool | None:
        """Yes or no, of what has to be said: neither is chosen until somebody does."""
        first = self._first(field, value)
        offered = {text: said for text, said in _ANSWERS.items() if text}
        return self._answered(
            field, label, offered, None if first is None else list(offered).index(str(first))
        )

    def _answered(
        self, field: str, label: str, offered: Mapping[str, str], first: int | None
    ) -> bool | None:
        self._labels[field] = _ANSWERS
        self._read[field] = lambda: _ANSWERED[st.session_state.get(self.key(field)) or ""]
        st.radio(
            label,
            list(offered),
            first,
            key=self.key(field),
            format_func=offered.__getitem__,
            horizontal=True,
        )
        self._problem(field)
        answered: bool | None = self.value(field)
        return answered

    def number(self, field: str, label: str, value: int | None = None) -> int | None:
        """A whole number, or none; who left it as it was gets the new `value` when that changes.

        Without limits of its own: Streamlit would keep a number beyond them to itself, and Save
        would find the one before.
        """
        if value is not None:
            self._follow(field, value)
        chosen: int | None = st.number_input(
            label,
            value=self._first(field, value),
            step=1,
            key=self.key(field),
            width=320,
        )
        self._problem(field)
        return chosen

    def _follow(self, field: str, value: int | str) -> None:
        usual = self._kept.usual.setdefault(field, value)
        if usual != value:
            self._kept.usual[field] = value
            if st.session_state.get(self.key(field)) == usual:
                self.put(field, value)

    def entered(self, kind: type[Any], **fixed: Any) -> Any:
        """The `…Entered` dataclass: `fixed` values, the rest from the fields of the same name."""
        values = {one.name: self.value(one.name) for one in fields(kind)}
        return kind(
            **{
                name: "" if value is None and _is_text(kind, name) else value
                for name, value in (values | fixed).items()
            }
        )

    def moment(
        self,
        day_field: str,
        time_field: str,
        day_label: str,
        time_label: str,
        day: date | None = None,
        time: str = "",
        *,
        with_now: bool = False,
    ) -> None:
        """A day and a time of day side by side; `with_now` adds one press for this very moment.

        That the practice is closed on a day ahead, or at that time, is said, and may be meant.
        """
        hours = self._here.asked.practice.hours
        with st.container(gap="xsmall"):
            with st.container(horizontal=True, gap="small"):
                self._moment(day_field, time_field, day_label, time_label, day, time, with_now)
            at = self.instant(day_field, time_field)
            outside = at and sentences.outside_hours(hours, at.astimezone(self._here.zone))
            if at and at > self._here.now and outside:
                st.markdown(said(outside))

    def instant(self, day_field: str, time_field: str) -> datetime | None:
        """The instant that two fields say now, or None while they do not."""
        on, typed = self.value(day_field), self.value(time_field)
        try:
            return (
                wording.at_local(on, wording.read_time(typed or ""), self._here.zone)
                if on
                else None
            )
        except ValueError:
            return None

    def _moment(
        self,
        day_field: str,
        time_field: str,
        day_label: str,
        time_label: str,
        day: date | None,
        time: str,
        with_now: bool,
    ) -> None:
        with st.container(width=DAY_WIDTH, gap="xsmall"):
            closed = sentences.practice_closed(
                self._here.asked.practice.hours,
                self.day(day_field, day_label, day),
                self._here.today,
            )
            if closed is not None:
                st.markdown(said(closed))
        with st.container(width=_TIME_WIDTH, gap="xsmall"):
            self.time(time_field, time_label, time)
            if with_now:
                st.button(
                    "Now",
                    key=self.key(f"{time_field}.now"),
                    type="tertiary",
                    icon=":material/schedule:",
                    on_click=_set_now,
                    args=(self, day_field, time_field),
                )

    def rows(self, name: str, kept: int = 0) -> int:
        """How many rows of a kind the form shows: at first those that are kept, at least one."""
        return self._kept.numbers.setdefault(name, max(1, kept))

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

    def answer_no(self, label: str, fields: Sequence[str]) -> None:
        """A button that answers no for each of these questions that is not answered yet."""
        st.button(
            label,
            key=self.key("answer_no"),
            type="tertiary",
            icon=":material/done_all:",
            on_click=_answer_no,
            args=(self, tuple(fields)),
        )

    def sentence(self, field: str) -> str:
        """What stands in red beside a field that was drawn; empty when nothing does."""
        problem = self._kept.problems.get(field, "")
        return "" if problem and self._is_answered(field) else problem

    def is_refused(self, *prefixes: str) -> bool:
        """Whether a field whose name begins like that was refused, so that it has to be seen."""
        found = self._kept.problems | self._kept.late
        return any(one.startswith(prefixes) for one in found)

    def save(
        self,
        label: str,
        action: Callable[[Any, Viewer, Any, datetime], _Saved],
        build: Callable[[], Any],
        *,
        then: Callable[[_Saved], None] = lambda _: None,
        said: str = "Saved",
        kind: str = "primary",
        shortcut: str | None = None,
    ) -> None:
        """The button that runs `action` on what `build()` reads from the fields.

        Then it leaves for where `then` goes, or begins again on this page. What is wrong is shown
        beside its field, and nothing typed is lost.
        """
        self._problem(WHOLE)
        # The top of the page may be out of sight by here; always there, so that nothing moves.
        beside = st.empty()
        if st.session_state.get(_SAID, ("", ""))[0] == self._place:
            sentence = st.session_state.pop(_SAID)[1]
            beside.markdown(f":green[:material/check: {plain(sentence)}]")
        if self._kept.unsaid and self._here.top:
            self._here.top.empty()
        self._kept.unsaid = False
        if self._kept.is_conflict:
            self._ways_on()
        st.button(
            label,
            key=self.key(f"save.{label}"),
            type="primary" if kind == "primary" else "secondary",
            on_click=_pressed,
            args=(self, action, build, then, said),
            shortcut=shortcut,
        )

    def _ways_on(self) -> None:
        """Under what both wrote; nothing is overwritten or given up unasked."""
        with st.container(horizontal=True):
            for label, mine in ((_KEEP_MINE, True), (_TAKE_THEIRS, False)):
                st.button(
                    label, key=self.key(f"way_on.{label}"), on_click=_settle, args=(self, mine)
                )

    def _remembered(self) -> _Kept:
        """A page that was left forgets what was typed; what the form knew of it goes with that."""
        is_drawn = any(str(key).startswith(f"{self._name}/") for key in st.session_state)
        if not is_drawn or self._name not in st.session_state:
            st.session_state[self._name] = _Kept()
        kept: _Kept = st.session_state[self._name]
        return kept

    def _first(self, field: str, value: Any) -> Any:
        """What the field started from, the same for every run.

        Streamlit takes it up again whenever it draws a field anew.
        """
        return self._kept.first.setdefault(field, value)

    def _problem(self, field: str) -> None:
        self._drawn.add(field)
        self._take_late(field)
        # A place that is always there, so that nothing below it is drawn anew.
        place = st.empty()
        if sentence := self.sentence(field):
            place.markdown(f":red[:material/error: {plain(sentence)}]")

    def _take_late(self, field: str) -> None:
        """What was refused for a field that came with the refusal stands beside it from now on."""
        kept = self._kept
        if field in kept.late:
            kept.problems[field] = kept.late.pop(field)
            kept.refused[field] = self.value(field)
            kept.problems[WHOLE] = " ".join([*kept.late.values(), _LOOK])

    def _is_answered(self, field: str) -> bool:
        """Whether the person has changed what was refused; the next Save judges it."""
        kept = self._kept
        if kept.problems[field] == _LOOK:
            return all(map(self._is_answered, kept.refused))
        return field in kept.refused and self.value(field) != kept.refused[field]

    def _refused(self, error: Refused) -> None:
        """Keep why nothing was saved, until it is drawn beside its fields."""
        problems, late = {}, {}
        whole = [] if isinstance(error, Invalid) else [str(error)]
        if isinstance(error, Invalid):
            problems = {one: text for one, text in error.fields.items() if one in self._drawn}
            late = {one: text for one, text in error.fields.items() if one not in self._drawn}
            whole += [*late.values(), *([_LOOK] if problems else [])]
        if isinstance(error, Conflict):
            problems = {
                one: self._theirs(one, text)
                for one, text in self._by_field(error.theirs).items()
                if not self._is_as_drawn(one, text)
            }
        kept = self._kept
        kept.problems, kept.late = problems | {WHOLE: " ".join(whole)}, late
        kept.refused = {one: self.value(one) for one in problems if not isinstance(error, Conflict)}
        kept.is_conflict, kept.unsaid = isinstance(error, Conflict), True
        # For when the form is gone from the page by now, because of what somebody else did.
        say_next(kept.problems[WHOLE], well=False)

    def _is_as_drawn(self, field: str, text: str) -> bool:
        """Whether what is kept is what the field started from: nobody else changed it."""
        first = self._kept.first.get(field)
        return field in self._kept.first and ("" if first is None else str(first)) == text

    def _by_field(self, kept: Mapping[str, str]) -> dict[str, str]:
        """What a row keeps by column, by the field that shows it."""
        found = {}
        for column, text in kept.items():
            shown = self._columns.get(column, column)
            if isinstance(shown, str):
                found[shown] = text
                continue
            local = datetime.fromisoformat(text).astimezone(self._here.zone) if text else None
            found[shown[0]] = str(local.date()) if local else ""
            found[shown[1]] = wording.clock_time(local.time()) if local else ""
        return found

    def _theirs(self, field: str, text: str) -> str:
        words = self._labels.get(field, {}).get(text, text)
        if field in self._days and text:
            words = wording.day(date.fromisoformat(text), self._here.today)
        return f"Saved by somebody else: {words or 'empty'}"

    def _keep_mine(self) -> None:
        """From now on count against what is kept now, which the person has seen."""
        self._kept.version, self._kept.is_conflict = None, False
        self._kept.problems = {
            WHOLE: "Not saved yet: save again to put yours in the place of the other."
        }

    def _begin_again(self) -> None:
        """Forget what was typed: the fields are drawn anew, from what is now kept."""
        st.session_state[self._name] = _Kept(begun=self._kept.begun + 1)

    def _may_save(self) -> bool:
        """Whether the row is still to be made, or was made by an earlier press of this very Save.

        The press is remembered before it writes: the second of two may come while the first does.
        """
        tried = st.session_state.setdefault(_TRIED, set())
        if self.makes not in tried and self._here.read(is_kept, self.makes):
            return False
        tried.add(self.makes)
        return True

    def _saved(self) -> None:
        """The other forms here over the same row have seen this Save: it was made beside them."""
        for other in st.session_state.values():
            if isinstance(other, _Kept) and other.row and other.row == self._kept.row:
                other.moved = True
        self._begin_again()
        if self.makes:
            st.session_state[_MADE] = {*st.session_state.get(_MADE, ()), self.makes}

    def _answer_no(self, fields: Sequence[str]) -> None:
        for question in fields:
            if self.value(question) is None:
                self._kept.first[question] = None
                st.session_state[self.key(question)] = str(False)

    def _add_row(self, name: str) -> None:
        self._kept.numbers[name] = self.rows(name) + 1


def seen_beside(row: str, version: int) -> None:
    """A button beside the forms saved a row, over this version: they count against what it made.

    Whoever pressed it had that version before them, also where a form was drawn with an older one.
    """
    for form in st.session_state.values():
        if isinstance(form, _Kept) and form.row == row and form.version is not None:
            form.version, form.moved = version, True


def typed_words() -> tuple[tuple[str, str], ...]:
    """Every label with the words that somebody typed below it on this page and did not save."""
    found = []
    for kept in [one for one in st.session_state.values() if isinstance(one, _Kept)]:
        for key, (name, label) in kept.words.items():
            text = st.session_state.get(key)
            if isinstance(text, str) and text.strip() and text != kept.first.get(name):
                found.append((label, text))
    return tuple(found)


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
    if form.makes and not form._may_save():
        form._refused(Refused(_SAVED_ELSEWHERE))
        return
    try:
        saved = here.write(action, build(), here.now)
    except Refused as error:
        form._refused(error)
        return
    form._saved()
    sentence = f"{said} {wording.exact_time(here.now, here.zone)}"
    say_next(sentence)
    then(saved)
    # Not reached by who left for another page: there the top says it.
    st.session_state[_SAID] = form._place, sentence


@acting
def _settle(here: Present, form: Form, mine: bool) -> None:
    if mine:
        form._keep_mine()
    else:
        form._begin_again()


@acting
def _set_now(here: Present, form: Form, day_field: str, time_field: str) -> None:
    local = here.now.astimezone(here.zone)
    form.put(day_field, local.date())
    form.put(time_field, wording.clock_time(local.time()))


@acting
def _clear(here: Present, form: Form, field: str) -> None:
    form.put(field, None)


@acting
def _answer_no(here: Present, form: Form, fields: Sequence[str]) -> None:
    form._answer_no(fields)


@acting
def _add_row(here: Present, form: Form, name: str) -> None:
    form._add_row(name)
