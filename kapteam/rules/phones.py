"""The phone numbers within what somebody typed, so that a number can be dialed by a tap."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kapteam.rules.entered import SHORTEST_NUMBER
from kapteam.rules.folding import digits

LONGEST_NUMBER = 15
"""Digits of a number with its country code, at most: ITU-T E.164."""
# Digits with what people set between them; what follows "ext", "x" or "#" is dialed by hand later.
_RUN = re.compile(
    r"(?<![\w#])(?<!ext)(?<!ext[. ])(?<!ext\. )\+?\(?\d(?:[ \u00a0.()/\u2010-\u2013-]{0,2}\d)+",
    re.ASCII | re.IGNORECASE,
)
# "+44 (0)20 …": the nought is for calls within the country.
_WITHIN = "(0)"


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text as it was typed; `number` is what a phone dials for it, else empty."""

    text: str
    number: str = ""


def with_numbers(text: str) -> Iterator[Piece]:
    """`text` in pieces that make it up again, its phone numbers apart from the words."""
    end = 0
    for found in _RUN.finditer(text):
        is_abroad = found[0].startswith("+")
        number = digits(found[0].replace(_WITHIN, "") if is_abroad else found[0])
        if not SHORTEST_NUMBER <= len(number) <= LONGEST_NUMBER:
            continue
        if found.start() > end:
            yield Piece(text[end : found.start()])
        yield Piece(found[0], f"{'+' * is_abroad}{number}")
        end = found.end()
    if end < len(text):
        yield Piece(text[end:])
