"""Spravato: who is enrolled, devices against the dose, and what its monitoring still lacks.

No other product or route asks for any of this (rule 41).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from kapteam import wording
from kapteam.rules.monitoring import EARLY, LAST_BEFORE_OUT, SPRAVATO_MINUTES
from kapteam.rules.plausibility import DEVICE_UG
from kapteam.rules.vitals import Pressure
from kapteam.vocabulary import AdministrationKind, ProductRoute, Term

AT_FORTY = timedelta(minutes=40)
FORTY_UNTIL = timedelta(minutes=50)
"""Rule 38: a pressure from 35 to 50 minutes after the last device is the one at 40 minutes."""
LEAST = timedelta(minutes=SPRAVATO_MINUTES)


class Reading(Term):
    """Which of the three readings of the monitoring form it is."""

    BEFORE = "before", "before the dose"
    FORTY = "forty", "at 40 min"
    LEAVING = "leaving", "before leaving"


@dataclass(frozen=True, slots=True)
class Device:
    """One nasal device that was given, in micrograms; `lot` is empty until somebody entered it."""

    given_at: datetime
    ug: int
    lot: str


@dataclass(frozen=True, slots=True)
class Figures:
    """What was read at one time: pressure in mmHg, oxygen saturation in %; None: not read."""

    taken_at: datetime
    pressure: Pressure | None
    oxygen: int | None


@dataclass(frozen=True, slots=True)
class Watched:
    """A Spravato session as it was watched: its devices by time, all that was read, when out."""

    devices: Sequence[Device]
    figures: Sequence[Figures]
    discharged_at: datetime | None

    @property
    def first_at(self) -> datetime | None:
        """The first device, from which the form counts all of its minutes (rule 38)."""
        return min((one.given_at for one in self.devices), default=None)

    @property
    def last_at(self) -> datetime | None:
        """The last device, from which the two hours count (rule 38)."""
        return max((one.given_at for one in self.devices), default=None)

    def since_first(self, now: datetime) -> timedelta | None:
        """From the first device until the client was out, or until `now`."""
        return (self.discharged_at or now) - self.first_at if self.first_at else None

    def since_last(self, now: datetime) -> timedelta | None:
        """From the last device until the client was out, or until `now`."""
        return (self.discharged_at or now) - self.last_at if self.last_at else None

    @property
    def is_below_least(self) -> bool:
        """Rule 38: whether the client left before two hours after the last device."""
        if self.discharged_at is None or self.last_at is None:
            return False
        return self.discharged_at - self.last_at < LEAST

    def pressure(self, which: Reading) -> Pressure | None:
        """The blood pressure of one of the three readings."""
        found = self._found(which, [one for one in self.figures if one.pressure])
        return found.pressure if found else None

    def oxygen(self, which: Reading) -> int | None:
        """The oxygen saturation of one of the three readings; it may have been read by itself."""
        found = self._found(which, [one for one in self.figures if one.oxygen is not None])
        return found.oxygen if found else None

    def missing(self, now: datetime, *, with_oxygen: bool = True) -> tuple[str, ...]:
        """Rule 38: what the monitoring record lacks and could have by `now`, in few words each.

        `BP and oxygen at 40 min`, `lot of device 2`.
        """
        found = []
        for which in Reading:
            if not self._may_be_read(which, now):
                continue
            lacking = [
                what
                for what, is_lacking in (
                    ("BP", self.pressure(which) is None),
                    ("oxygen", with_oxygen and self.oxygen(which) is None),
                )
                if is_lacking
            ]
            if lacking:
                found.append(f"{' and '.join(lacking)} {which.label}")
        found += [f"lot of device {n}" for n, one in enumerate(self.devices, 1) if not one.lot]
        return tuple(found)

    def _may_be_read(self, which: Reading, now: datetime) -> bool:
        """Whether the time of a reading has come."""
        if self.last_at is None:
            return False
        is_out = self.discharged_at is not None
        if which is Reading.FORTY:
            return is_out or now >= self.last_at + AT_FORTY - EARLY
        if which is Reading.LEAVING:
            return is_out or now >= self.last_at + LEAST
        return True

    def _found(self, which: Reading, figures: list[Figures]) -> Figures | None:
        first_at, last_at = self.first_at, self.last_at
        if which is Reading.BEFORE:
            before = [one for one in figures if first_at is None or one.taken_at < first_at]
            return max(before, key=lambda one: one.taken_at, default=None)
        if last_at is None:
            return None
        forty = min(
            (
                one
                for one in figures
                if last_at + AT_FORTY - EARLY <= one.taken_at <= last_at + FORTY_UNTIL
            ),
            key=lambda one: abs(one.taken_at - last_at - AT_FORTY),
            default=None,
        )
        if which is Reading.FORTY:
            return forty
        leaves_at = min(last_at + LEAST, self.discharged_at or last_at + LEAST)
        leaving = [
            one
            for one in figures
            if one is not forty
            and one.taken_at > last_at
            and one.taken_at >= leaves_at - LAST_BEFORE_OUT
            and (self.discharged_at is None or one.taken_at <= self.discharged_at)
        ]
        return max(leaving, key=lambda one: one.taken_at, default=None)


def is_spravato(product_route: ProductRoute | None) -> bool:
    """Rule 41: whether any of this is asked for at all."""
    return product_route is ProductRoute.ESKETAMINE_NASAL


def is_enrolled(enrolled_on: date | None, product_route: ProductRoute, on: date) -> bool:
    """Rule 23: whether a session on that day may be given, as far as enrollment is asked for.

    `enrolled_on` is the first day of those that count.
    """
    return not is_spravato(product_route) or (enrolled_on is not None and enrolled_on <= on)


def not_enrolled(enrolled_on: date | None, product_route: ProductRoute, on: date) -> str | None:
    """Rule 23: why a dose given on that day asks for a reason; None where it does not."""
    if is_enrolled(enrolled_on, product_route, on):
        return None
    if enrolled_on is None:
        return "The client is not enrolled in the Spravato REMS."
    return f"Enrolled in the Spravato REMS only on {wording.full_day(enrolled_on)}."


def count_problem(kind: AdministrationKind, ug: int, product_route: ProductRoute) -> str | None:
    """Why a giving of so much is no single device of Spravato (28 mg each); None where it may be.

    Each device has its own time and lot, so that 84 mg are three of them.
    """
    if not is_spravato(product_route):
        return "Only Spravato comes in devices." if kind is AdministrationKind.DEVICE else None
    number, rest = divmod(ug, DEVICE_UG)
    each = wording.mg(DEVICE_UG)
    if rest and ug > DEVICE_UG:
        return f"Spravato comes in devices of {each}. Enter each device by itself, with its mg."
    if number > 1:
        return (
            f"{wording.mg(ug)} are {number} devices of {each}. Enter each device by itself, with "
            "its time and its lot."
        )
    if kind is not AdministrationKind.DEVICE:
        return "Spravato is given by devices. Enter it as a nasal device."
    return None


def devices_left(
    ordered_ug: int | None, given_ug: Iterable[int], product_route: ProductRoute
) -> str | None:
    """Why a session is not closed yet: fewer devices are recorded than the order has (rule 35).

    None where as many are, nothing was ordered, or it is not Spravato.
    """
    given = list(given_ug)
    if not is_spravato(product_route) or not ordered_ug or sum(given) >= ordered_ug:
        return None
    ordered = wording.count(-(-ordered_ug // DEVICE_UG), "device")
    return (
        f"{len(given)} of {ordered} recorded, {wording.mg(sum(given)) if given else '0 mg'} of "
        f"{wording.mg(ordered_ug)}. Record what is missing, or when it was stopped and why."
    )


def next_lot(lots: Iterable[str]) -> str:
    """The lot that the next device of the same session starts from: the last one entered.

    Never another session's: whoever gives it reads the lot off the box.
    """
    return next((one for one in reversed(list(lots)) if one), "")
