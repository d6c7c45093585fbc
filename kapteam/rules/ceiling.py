"""The most ketamine that a clearance allows in one session: in mg, or in mg per kg."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Self

from kapteam import wording


@dataclass(frozen=True, slots=True)
class Ceiling:
    """Micrograms in one session, boosters included, or micrograms per kg: one of the two.

    By weight it is judged with the newest weight, however old that is (decision 42).
    """

    ug: int | None = None
    ug_per_kg: int | None = None

    @classmethod
    def of(cls, ug: int | None, ug_per_kg: int | None) -> Self | None:
        """The one that two columns keep; None when neither has any."""
        return cls(ug, ug_per_kg) if ug or ug_per_kg else None

    @property
    def words(self) -> str:
        """`150 mg`, `1.5 mg per kg`."""
        return wording.mg(self.ug) if self.ug else wording.mg_per_kg(self.ug_per_kg or 0)

    def needs_weight(self, grams: int | None) -> bool:
        """Whether nobody can tell what it allows before the client is weighed."""
        return self.ug is None and grams is None

    def is_passed(self, total_ug: int, grams: int | None) -> bool:
        """Whether so many micrograms are known to be more than it allows."""
        if self.ug is not None:
            return total_ug > self.ug
        return grams is not None and total_ug * 1000 > (self.ug_per_kg or 0) * grams

    def at(self, grams: int | None) -> str:
        """What it comes to for that weight, in grams: `120 mg at 80 kg`; empty for one in mg."""
        if self.ug_per_kg is None or grams is None:
            return ""
        # Down to a tenth of a mg: what is said is never more than what is allowed.
        tenths = self.ug_per_kg * grams // 100_000
        return f"{wording.mg(tenths * 100)} at {wording.kg(grams)}"


class CeilingGap(Enum):
    """Why an order may not be given as it stands: it is above the ceiling, or nobody can tell."""

    WEIGH = auto()
    ABOVE = auto()


def ceiling_gap(ceiling: Ceiling | None, total_ug: int, grams: int | None) -> CeilingGap | None:
    """What stands between an order, what may be added included, and its ceiling; None: nothing.

    The clearance or the weight may have changed since it was ordered.
    """
    if ceiling is None:
        return None
    if ceiling.needs_weight(grams):
        return CeilingGap.WEIGH
    return CeilingGap.ABOVE if ceiling.is_passed(total_ug, grams) else None


def above_plan(ceiling: Ceiling | None, total_ug: int, grams: int | None) -> str | None:
    """Why so much cannot be ordered, what may be added included (domain 1.5); None if it can.

    `grams` is what the client weighs, None while nobody knows: then a ceiling by weight lets
    nothing pass.
    """
    if ceiling is None:
        return None
    if ceiling.needs_weight(grams):
        return (
            f"Weigh first: the clearance allows at most {ceiling.words}, and no weight is recorded."
        )
    if not ceiling.is_passed(total_ug, grams):
        return None
    amount = f": {at}" if (at := ceiling.at(grams)) else ""
    return (
        f"The clearance allows at most {ceiling.words} in one session, with what may be "
        f"added{amount}."
    )


def above_given(ceiling: Ceiling | None, total_ug: int, grams: int | None) -> str | None:
    """What of a dose that was given went beyond the clearance (rule 35); None if nothing did.

    That nobody knew the weight is a breach of a ceiling by weight as well.
    """
    if ceiling is None:
        return None
    if ceiling.needs_weight(grams):
        return f"The clearance allows at most {ceiling.words}, and no weight was recorded by then."
    if not ceiling.is_passed(total_ug, grams):
        return None
    amount = f" ({at})" if (at := ceiling.at(grams)) else ""
    return f"This is more than the {ceiling.words}{amount} that the clearance allows."
