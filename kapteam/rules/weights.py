"""What somebody weighs: the figures that are taken for meant, and how long one of them is good."""

from datetime import date, timedelta

from kapteam import wording

GOOD_FOR = timedelta(days=90)
"""product.md, Vitals: a weight is good for 90 days or until a new series."""
LEAST_GRAMS, MOST_GRAMS = 30_000, 250_000
"""Domain 1.3: outside of it a weight is a slip, such as pounds written as kg."""
_CHANGED = 0.1


def check_weight(grams: int) -> str | None:
    """Why nobody weighs that (domain 1.3); None when somebody may."""
    if LEAST_GRAMS <= grams <= MOST_GRAMS:
        return None
    return (
        f"Enter a weight from {wording.kg(LEAST_GRAMS)} to {wording.kg(MOST_GRAMS)}. "
        "Check kg and lb."
    )


def differs(grams: int, before: int | None) -> bool:
    """Domain 1.3: whether it is more than a tenth away from the last one, `before`, in grams."""
    return before is not None and abs(grams - before) > _CHANGED * before


def is_good(measured_on: date, series_began_on: date | None, today: date) -> bool:
    """Whether a weight still counts: of the last 90 days, and not of before the running series."""
    if series_began_on is not None and measured_on < series_began_on:
        return False
    return today - measured_on <= GOOD_FOR
