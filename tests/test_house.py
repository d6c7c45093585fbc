"""The rules of the house that no linter knows. Each has an example that breaks it."""

import ast
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
_CALLBACKS = {"on_click", "on_change", "on_submit", "on_select", "on_dismiss"}
_LONGEST_PAGE = 90


@dataclass(frozen=True, slots=True)
class Rule:
    """`findings` yields the lines of a file that break the rule; `files` are those it holds for."""

    name: str
    findings: Callable[[ast.Module], Iterator[int]]
    files: tuple[str, ...]
    broken: tuple[str, ...]
    kept: tuple[str, ...]


def _name(node: ast.expr | None) -> str:
    """The last part of a dotted name, of a call's too: `st.button(…)` is `button`."""
    match node:
        case ast.Call():
            return _name(node.func)
        case ast.Attribute():
            return node.attr
        case ast.Name():
            return node.id
    return ""


def _keywords(tree: ast.Module) -> Iterator[ast.keyword]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from node.keywords


def _mentions(tree: ast.Module, name: str) -> Iterator[int]:
    """Lines that use `….name` or import it."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=attribute) if attribute == name:
                yield node.lineno
            case ast.ImportFrom(module=str(module), names=names) if "streamlit" in module:
                yield from (node.lineno for one in names if one.name == name)


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def _decorated(tree: ast.Module, name: str) -> Iterator[ast.FunctionDef]:
    for function in _functions(tree):
        if any(_name(decorator) == name for decorator in function.decorator_list):
            yield function


def _outside(tree: ast.Module, name: str, lines: Iterable[int]) -> Iterator[int]:
    """The lines that are not in the function `name`."""
    within = [
        (function.lineno, function.end_lineno or 0)
        for function in _functions(tree)
        if function.name == name
    ]
    return (line for line in lines if not any(first <= line <= last for first, last in within))


def _statements(body: list[ast.stmt]) -> list[ast.stmt]:
    """The statements after the docstring."""
    match body:
        case [ast.Expr(value=ast.Constant(value=str())), *rest]:
            return rest
    return body


def _call(statement: ast.stmt) -> ast.Call | None:
    """The call that a statement is: `open_page(…)`, `here = open_page(…)`."""
    match statement:
        case ast.Assign(value=ast.Call() as call) | ast.Expr(value=ast.Call() as call):
            return call
    return None


def unsafe_markup(tree: ast.Module) -> Iterator[int]:
    for one in _keywords(tree):
        if one.arg in {"unsafe_allow_html", "unsafe_allow_javascript"} and not (
            isinstance(one.value, ast.Constant) and one.value.value is False
        ):
            yield one.lineno


def cached_data(tree: ast.Module) -> Iterator[int]:
    return _mentions(tree, "cache_data")


def foreign_sign_in(tree: ast.Module) -> Iterator[int]:
    return _mentions(tree, "login")


def password_widget(tree: ast.Module) -> Iterator[int]:
    for one in _keywords(tree):
        match one:
            case ast.keyword(arg="type", value=ast.Constant(value="password")):
                yield one.lineno


def bare_fragment(tree: ast.Module) -> Iterator[int]:
    return _outside(tree, "live", _mentions(tree, "fragment"))


def bare_callback(tree: ast.Module) -> Iterator[int]:
    """A callback is a function of the same file made by `acting`, or handed on under its name."""
    made = {function.name for function in _decorated(tree, "acting")}
    handed_on = {
        argument.arg
        for function in _functions(tree)
        for argument in [*function.args.args, *function.args.kwonlyargs]
    } & _CALLBACKS
    for one in _keywords(tree):
        if one.arg not in _CALLBACKS or isinstance(one.value, ast.Constant):
            continue
        if not (isinstance(one.value, ast.Name) and one.value.id in made | handed_on):
            yield one.lineno


def file_for_nobody(tree: ast.Module) -> Iterator[int]:
    """What a download button hands out is made without its page, and so asks again who is here."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node) == "download_button":
            data = [*node.args[1:2], *(one.value for one in node.keywords if one.arg == "data")]
            if [_name(one) for one in data if isinstance(one, ast.Call)] != ["made_when_pressed"]:
                yield node.lineno


def dialog_for_nobody(tree: ast.Module) -> Iterator[int]:
    """A dialog runs again without its page, so it asks who is here before anything else."""
    for function in _decorated(tree, "dialog"):
        if _name(_call(_statements(function.body)[0])) != "present":
            yield function.lineno


def long_page(tree: ast.Module) -> Iterator[int]:
    last = max((getattr(node, "end_lineno", 0) for node in tree.body), default=0)
    if last > _LONGEST_PAGE:
        yield last


def unopened_page(tree: ast.Module) -> Iterator[int]:
    """The first thing a page does is to ask who is here; its title is one of fixed texts."""
    done = [
        statement
        for statement in _statements(tree.body)
        if not isinstance(statement, ast.Import | ast.ImportFrom | ast.FunctionDef)
    ]
    match _call(done[0]) if done else None:
        case (
            ast.Call(
                args=[
                    ast.Constant(value=str())
                    | ast.IfExp(body=ast.Constant(value=str()), orelse=ast.Constant(value=str())),
                    *_,
                ]
            ) as call
        ) if _name(call) == "open_page":
            return
    yield done[0].lineno if done else 1


def changing_title(tree: ast.Module) -> Iterator[int]:
    """The tab's title is a page's own fixed title: `open_page` sets it, nobody else."""
    changing = (
        one.lineno
        for one in _keywords(tree)
        if one.arg == "page_title" and not isinstance(one.value, ast.Constant)
    )
    return _outside(tree, "open_page", changing)


_CODE = ("app.py", "kapteam/**/*.py", "pages/**/*.py")
_SCREEN = ("kapteam/ui/**/*.py", "pages/**/*.py")
_PAGES = ("pages/**/*.py",)

RULES = [
    Rule(
        "no markup of ours is unsafe",
        unsafe_markup,
        _CODE,
        broken=(
            "st.markdown(text, unsafe_allow_html=True)",
            "st.html(text, unsafe_allow_javascript=trusted)",
        ),
        kept=("st.markdown(text, unsafe_allow_html=False)", "st.html(text)"),
    ),
    Rule(
        "nothing read is cached across people",
        cached_data,
        _CODE,
        broken=("@st.cache_data\ndef rows(): ...", "from streamlit import cache_data"),
        kept=("from functools import cache",),
    ),
    Rule(
        "people sign in at the gate only",
        foreign_sign_in,
        _CODE,
        broken=("st.login()", "st.button('Sign in', on_click=st.login)"),
        kept=("login = 1",),
    ),
    Rule(
        "no password is typed into a widget",
        password_widget,
        _SCREEN,
        broken=("st.text_input('Password', type='password')",),
        kept=("st.text_input('Find', type='search')",),
    ),
    Rule(
        "a callback is made by `acting`",
        bare_callback,
        _SCREEN,
        broken=(
            "def save(): ...\nst.button('Save', on_click=save)",
            "st.button('Save', on_click=lambda: save())",
            "from elsewhere import save\nst.button('Save', on_click=save)",
            "@acting\ndef save(here): ...\nst.button('Save', on_click=partial(save, 1))",
            "st.selectbox('Who', who, on_change=self.saved)",
        ),
        kept=(
            "@acting\ndef save(here): ...\nst.button('Save', on_click=save)",
            "@shell.acting\ndef save(here): ...\nst.selectbox('Who', who, on_change=save)",
            "def button(label, on_click):\n    st.button(label, on_click=on_click)",
            "st.text_input('Name', on_change='ignore')",
        ),
    ),
    Rule(
        "a fragment is made by `live`",
        bare_fragment,
        _SCREEN,
        broken=("@st.fragment\ndef now(): ...", "from streamlit import fragment"),
        kept=(
            "@live\ndef now(here): ...",
            "def live(fragment):\n    return st.fragment(drawn)",
        ),
    ),
    Rule(
        "a file is made when it is asked for, by `made_when_pressed`",
        file_for_nobody,
        _SCREEN,
        broken=(
            "st.download_button('Sheet', sheet(here))",
            "st.download_button('Sheet', lambda: sheet(here))",
            "st.download_button('Sheet', data=b'')",
        ),
        kept=(
            "st.download_button('Sheet', made_when_pressed(here, sheet))",
            "st.download_button('Sheet', data=shell.made_when_pressed(here, sheet))",
        ),
    ),
    Rule(
        "a dialog asks who is here first",
        dialog_for_nobody,
        _SCREEN,
        broken=(
            "@st.dialog('Find')\ndef find():\n    st.text('K-014')",
            "@st.dialog('Find')\ndef find():\n    st.text('K-014')\n    here = present()",
        ),
        kept=("@st.dialog('Find')\ndef find():\n    '''Find.'''\n    here = present()",),
    ),
    Rule(
        f"a page is at most {_LONGEST_PAGE} lines",
        long_page,
        _PAGES,
        broken=("\n" * _LONGEST_PAGE + "here = open_page('Today')",),
        kept=("\n" * (_LONGEST_PAGE - 1) + "here = open_page('Today')",),
    ),
    Rule(
        "a page first asks who is here, under a fixed title",
        unopened_page,
        _PAGES,
        broken=(
            "'''Today.'''",
            "import streamlit as st\nst.title('Today')\nhere = open_page('Today')",
            "rows = caseload()\nhere = open_page('Caseload')",
            "here = open_page(client.name)",
            "here = open_page(f'Client {code}')",
            "here = open_page(client.name if client else 'New client')",
            "def draw(here): ...\nst.title('Today')\nopen_page('Today', body=draw)",
        ),
        kept=(
            "here = open_page('Client details' if code else 'New client')",
            "'''Today.'''\nfrom kapteam.ui.page import open_page\nhere = open_page('Today')",
            "open_page('Today')",
            "def draw(here): ...\nopen_page('Today', body=draw)",
        ),
    ),
    Rule(
        "no title names a client",
        changing_title,
        _CODE,
        broken=("st.set_page_config(page_title=client.name)",),
        kept=(
            "st.set_page_config(page_title='Today')",
            "def open_page(title):\n    st.set_page_config(page_title=f'{title} · kapteam')",
        ),
    ),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_house_keeps_the_rule(rule):
    broken = [
        f"{file.relative_to(ROOT)}:{line}"
        for pattern in rule.files
        for file in sorted(ROOT.glob(pattern))
        for line in rule.findings(ast.parse(file.read_text()))
    ]
    assert broken == []


@pytest.mark.parametrize(
    ("rule", "example"),
    [(rule, example) for rule in RULES for example in rule.broken],
    ids=lambda value: value.name if isinstance(value, Rule) else "",
)
def test_the_rule_sees_what_breaks_it(rule, example):
    assert list(rule.findings(ast.parse(example)))


@pytest.mark.parametrize(
    ("rule", "example"),
    [(rule, example) for rule in RULES for example in rule.kept],
    ids=lambda value: value.name if isinstance(value, Rule) else "",
)
def test_the_rule_lets_pass_what_keeps_it(rule, example):
    assert not list(rule.findings(ast.parse(example)))


_NOT_OURS = {"__pycache__", "local", "artifacts", "node_modules"}
_DOTTED_OF_OURS = {".ci", ".streamlit", ".gitignore"}
# Each pattern is written so that this file does not match it.
_ELSEWHERE = re.compile(
    r"(?i)"
    r"https?://[^\s\"'`]*(?:p[y]pi|/sim[p]le\b|artif[a]ctory|n[e]xus|regis[t]ry)"
    r"|-(?:extra-)?ind[e]x-url|-find-lin[k]s|fi[l]e://"
    r"|(?<![\w.~])/(?:ro[o]t|ho[m]e|Us[e]rs|wo[r]k|o[p]t|t[m]p)/\w"
    r"|\b[A-Z]:\\Us[e]rs"
)


def _written_files() -> Iterator[Path]:
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [
            name
            for name in folders
            if name not in _NOT_OURS and (not name.startswith(".") or name in _DOTTED_OF_OURS)
        ]
        for name in names:
            if not name.startswith(".") or name in _DOTTED_OF_OURS:
                yield Path(folder, name)


def _places_elsewhere(text: str) -> list[str]:
    return [found.group() for found in _ELSEWHERE.finditer(text)]


def test_no_file_names_a_package_registry_or_a_place_on_somebodys_machine():
    found = {}
    for file in _written_files():
        try:
            places = _places_elsewhere(file.read_text())
        except UnicodeDecodeError:
            continue
        if places:
            found[file.relative_to(ROOT).as_posix()] = places
    assert found == {}


@pytest.mark.parametrize(
    "text",
    [
        "https://p" + "ypi.example.org/sim" + "ple/",
        "--extra-ind" + "ex-url https://packages.example.org",
        "PIP_FIND" + "_LINKS --find-lin" + "ks wheels",
        "fi" + "le:///data",
        "open('/ho" + "me/nadia/practice.db')",
        "data in /ro" + "ot/kapteam",
        "C:\\Us" + "ers\\Nadia",
    ],
)
def test_a_place_elsewhere_is_seen(text):
    assert _places_elsewhere(text)


@pytest.mark.parametrize(
    "text", ["http://127.0.0.1:8501/health", "see ../docs/homework/", "a.example.org/root/x"]
)
def test_an_address_of_ours_is_let_pass(text):
    assert not _places_elsewhere(text)


# Rules of domain 8 that are code by now.
_RULES_OF_THE_FIELD = frozenset(
    {
        *range(1, 19),
        *range(21, 26),
        27,
        28,
        *range(30, 37),
        *range(38, 42),
        *range(43, 55),
        56,
        57,
        63,
    }
    | {65, 66, 68, 70, 71, 72, 73}
)
_RULES = re.compile(r"\brules? (\d+(?:(?:,| and|, and| to) \d+)*)", re.IGNORECASE)
_TEST_OF_RULES = re.compile(r"^test_(?:\w+_)?rules?_(\d+(?:(?:_and)?_\d+)*)(?:_|$)")
_DOCUMENTED = (ast.ClassDef, ast.FunctionDef)


def _numbers(text: str) -> Iterator[int]:
    """The numbers that a text names: `rules 1 to 3 and 12` names 1, 2, 3 and 12."""
    for found in _RULES.findall(text):
        for first, last in re.findall(r"(\d+)(?: to (\d+))?", found):
            yield from range(int(first), int(last or first) + 1)


def _cited(text: str) -> Iterator[int]:
    """The rules that a file's functions, classes and comments cite; a heading is no citation."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, _DOCUMENTED):
            yield from _numbers(" ".join((ast.get_docstring(node) or "").split()))
    for comment in re.findall(r"#.*", text):
        yield from _numbers(comment)


def _tested(text: str) -> Iterator[int]:
    """The rules that the names of a file's tests name."""
    for function in _functions(ast.parse(text)):
        for found in _TEST_OF_RULES.findall(function.name):
            yield from map(int, re.findall(r"\d+", found))


@pytest.mark.parametrize(
    ("find", "folders"), [(_cited, ("kapteam/rules", "kapteam/db")), (_tested, ("tests",))]
)
def test_every_rule_of_the_field_has_a_place_in_the_code_and_a_test_that_names_it(find, folders):
    files = [file for folder in folders for file in (ROOT / folder).rglob("*.py")]
    found = {number for file in files for number in find(file.read_text())}
    assert sorted(_RULES_OF_THE_FIELD - found) == []


@pytest.mark.parametrize(
    ("find", "text", "numbers"),
    [
        (_cited, '"""Rules 1 to 7."""', []),
        (_cited, "x = 1  # rule 7", [7]),
        (_cited, 'def f():\n    """Rules 1 to 3, 5 and 12: no 99."""', [1, 2, 3, 5, 12]),
        (_cited, 'class A:\n    """Locked (rule\n    19)."""', [19]),
        (_tested, "def test_rule_1_24_hours_after(): ...", [1, 24]),
        (_tested, "def test_rule_11_and_13_no_ketamine(): ...", [11, 13]),
        (_tested, "def test_it_keeps_rules_15_and_16(): ...", [15, 16]),
        (_tested, "def rule_7(): ...\ndef test_ruled_8(): ...", []),
    ],
)
def test_a_rule_is_found_where_it_is_named(find, text, numbers):
    assert list(find(text)) == numbers


def test_a_second_make_run_installs_nothing_until_what_is_needed_changes(tmp_path, monkeypatch):
    for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
        # Those of the `make test` that runs this.
        monkeypatch.delenv(name, raising=False)
    for name in ("Makefile", "requirements.txt", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    stamp = tmp_path / ".venv" / "installed"
    (stamp.parent / "bin").mkdir(parents=True)
    (stamp.parent / "bin" / "pip").touch()

    def would_do():
        return subprocess.run(
            ["make", "--dry-run", "run"],
            cwd=tmp_path,
            capture_output=True,
            check=True,
            text=True,
        ).stdout

    assert "pip install" in would_do()
    later = (tmp_path / "requirements.txt").stat().st_mtime + 10
    stamp.touch()
    os.utime(stamp, (later, later))
    assert "pip install" not in would_do()
    assert "kapteam serve" in would_do()
    for name in ("requirements.txt", "constraints.txt"):
        os.utime(tmp_path / name, (later + 10, later + 10))
        assert "pip install" in would_do()
        os.utime(tmp_path / name, (later - 10, later - 10))
