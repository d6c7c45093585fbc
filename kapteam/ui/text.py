"""User text inside labels, exactly as typed.

Streamlit renders every label as Markdown. Escaping alone still turns `->` into an arrow and `www.`
into a link (tried), so such pairs are also held apart by an invisible word joiner. Whole bodies of
text go through `st.text`, which renders nothing.
"""

import re

from kapteam.rules.phones import with_numbers
from kapteam.vocabulary import Tone
from kapteam.wording import Phrase

_JOINER = "\u2060"
_ARROWS = re.compile(r"[-<>=~]{2,}")
_SHORTCODE = re.compile(r":(?=[A-Za-z_+-]|\d+:)")
_ADDRESS = re.compile(r"(?i)(www|https?|mailto|xmpp|ftp)(?=[.:])")
_SIGNS = re.compile(r"[\\`*_{}\[\]#|<>~$^=]")
_MARKUP = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$^=\"&:])")
# Nothing else is ever changed, and most words of a page have none of it.
_CHANGED = re.compile(rf"{_MARKUP.pattern}|[@\n\t]")


def plain(text: str) -> str:
    """`text` for a Markdown label: one line, shown to the letter, never a link or an image."""
    if not _CHANGED.search(text):
        return text
    return _MARKUP.sub(r"\\\1", _held_apart(text))


def aloud(text: str) -> str:
    """`text` for a label that is only read aloud, to the letter: without the signs of Markdown.

    What escapes them would be read aloud as well.
    """
    return _SIGNS.sub("", _held_apart(text))


def _held_apart(text: str) -> str:
    line = " ".join(text.split(" ")).replace("\n", " ").replace("\t", " ")
    line = _ARROWS.sub(lambda found: _JOINER.join(found[0]), line)
    line = _SHORTCODE.sub(":" + _JOINER, line)
    line = _ADDRESS.sub(lambda found: found[0] + _JOINER, line)
    return line.replace("@", "@" + _JOINER)


def dialed(text: str) -> str:
    """What is kept as a phone, like `plain`, but that a tap on a number in it dials the number.

    The phone alone: a day that stands before a number would be dialed with it.
    """
    return "".join(
        f"[{plain(one.text)}](tel:{one.number})" if one.number else plain(one.text)
        for one in with_numbers(text)
    )


def said(phrase: Phrase) -> str:
    """A phrase as Markdown: on its tone with its icon, or plain words without colour."""
    icon = f":material/{phrase.icon}: " if phrase.icon else ""
    words = plain(phrase.text)
    if phrase.tone is Tone.PLAIN:
        return f"{icon}{words}"
    if phrase.tone is Tone.QUIET:
        return f":gray[{icon}{words}]"
    # Not a badge: Streamlit cuts off what does not fit into a badge. A background goes on in the
    # next line, so that no word of a warning is lost on a narrow screen.
    colour = phrase.tone.value
    return f":{colour}-background[:{colour}[{icon}{words}]]"


def quiet(text: str) -> str:
    """Words in grey, for what is second in a line."""
    return f":gray[{plain(text)}]"


def strong(text: str) -> str:
    """Words in bold."""
    return f"**{plain(text)}**"
