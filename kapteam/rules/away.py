"""Who has what falls into somebody's days away, and what nobody has yet."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from kapteam.vocabulary import ContactKind, Function, Part

SET_BACK_DAYS = 7
"""How far back one's own days away may begin, for who was ill and could not say so.

What colleagues did in them is told from the audit log, which is else the administrators' to read.
"""
INTEGRATES = frozenset({Function.THERAPIST, Function.PRESCRIBER})
_DOES = {Part.PRESCRIBER: Function.PRESCRIBER, Part.THERAPIST: Function.THERAPIST}


@dataclass(frozen=True, slots=True)
class Substitute:
    """Somebody who covers from one instant until another, with the times they are away as well."""

    name: str
    functions: frozenset[Function]
    from_at: datetime
    until_at: datetime
    away: tuple[tuple[datetime, datetime], ...] = ()

    def is_there(self, at: datetime) -> bool:
        """Whether they cover at that instant, and are not away themselves."""
        is_away = any(from_at <= at < until_at for from_at, until_at in self.away)
        return self.from_at <= at < self.until_at and not is_away


@dataclass(frozen=True, slots=True)
class Need:
    """Whose functions something needs, any of them, and who has it; `name` is empty for nobody."""

    functions: frozenset[Function]
    name: str = ""


def needs_of_dose(parts: Iterable[Part]) -> tuple[frozenset[Function], ...]:
    """What a ketamine session loses when somebody with these parts in its course is away.

    A prescriber decides the dose and a therapist supports during it: neither stands in for the
    other (product.md, "Who may do what").
    """
    return tuple(frozenset({_DOES[part]}) for part in parts if part in _DOES)


def needs_of_contact(kind: ContactKind) -> frozenset[Function]:
    """Whose work a planned contact is; anybody's, where the kind does not say."""
    return frozenset({kind.function} if kind.function else Function)


def who_has(at: datetime, functions: frozenset[Function], covers: Iterable[Substitute]) -> Need:
    """The first of those who cover, in their order, who is there at that instant and may do it."""
    able = (one.name for one in covers if one.is_there(at) and one.functions & functions)
    return Need(functions, next(able, ""))
