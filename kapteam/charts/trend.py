"""Where somebody stands on one measure as a small picture in a list: a fixed scale, so that little
looks little.

An image, not a chart: a list has many rows, and each chart would be an element of its own.
"""

from datetime import timedelta
from itertools import pairwise

from kapteam.rules.change import Progress

WIDTH, HEIGHT = 56, 20
"""In px. Drawn at twice that, so that whole numbers are near enough."""
MOST = 20
"""Of more scores, or doses, the first and the latest are drawn: a row stays small."""
GAP = timedelta(days=45)
"""Each measure that a course is judged by is asked for at least monthly; by then one is missing."""
_EDGE = 3
# At least 3:1 on the background of either theme: an image knows no theme.
_COLOR = "%235085b3"


def small_trend(one: Progress, *, times: int = 1) -> str:
    """The address of an image of the scores by time, from the baseline on; "" of fewer than two.

    It is so many `times` as large as in a list.

    The height is the whole range of the measure. The line is broken where nothing was measured for
    long, and each dose is a short stroke at the bottom. It has no words and knows no client.
    """
    points = [*one.scores[:1], *one.scores[1:][1 - MOST :]]
    if len(points) < 2:
        return ""
    first_at = points[0].taken_at
    doses = [at for at in one.doses if at >= first_at][-MOST:]
    whole = max([points[-1].taken_at, *doses]) - first_at
    least, most = one.instrument.minimum, one.instrument.maximum
    bottom, across = 2 * HEIGHT - _EDGE, 2 * WIDTH - 2 * _EDGE

    def x(at: timedelta) -> int:
        return _EDGE + round(across * (at / whole))

    def place(number: int) -> str:
        point = points[number]
        y = bottom - round((bottom - _EDGE) * (point.total - least) / (most - least))
        return f"{x(point.taken_at - first_at)} {y}"

    # A stroke of no length is a dot, which a score between two gaps would not be otherwise.
    line = f"M{place(0)}h0"
    for number, (before, after) in enumerate(pairwise(points), 1):
        is_broken = after.taken_at - before.taken_at > GAP
        line += f"M{place(number)}h0" if is_broken else f"L{place(number)}"
    marks = "".join(f"M{x(at - first_at)} {2 * HEIGHT}v-5" for at in doses)
    size = f"width='{WIDTH * times}' height='{HEIGHT * times}'"
    return (
        "data:image/svg+xml,"
        f"%3Csvg xmlns='http://www.w3.org/2000/svg' {size} "
        f"viewBox='0 0 {2 * WIDTH} {2 * HEIGHT}' fill='none' stroke='{_COLOR}'%3E"
        f"%3Cpath d='M0 1H{2 * WIDTH}M0 {2 * HEIGHT - 1}H{2 * WIDTH}{marks}' opacity='.6'/%3E"
        f"%3Cpath d='{line}' stroke-width='4' stroke-linecap='round'/%3E"
        "%3C/svg%3E"
    )
