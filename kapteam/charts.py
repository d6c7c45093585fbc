"""Read models as Vega charts (ux.md 0.7, 0.14 and 3.2). Colors are those of .streamlit/config.toml.

A chart knows codes, doses and times, never a client's name.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import altair as alt

from kapteam import sentences, wording
from kapteam.queries.client import ClientDose, ClientIntegration, ClientPage
from kapteam.queries.standing import Asked
from kapteam.rules.dosing import Silence
from kapteam.rules.integration import IntegrationStage, held_in_time
from kapteam.rules.thresholds import Thresholds
from kapteam.vocabulary import IntegrationKind, OrderState, Term, Tone
from kapteam.wording import Phrase

INTEGRATION = "integration"
_LANE_HEIGHT = 46
_LABEL_WIDTH = 72
_EDGE = 30
_NARROW = 420
_AROUND = timedelta(days=10)


class Mark(Term):
    """What a mark on the timeline stands for, in the order of the legend."""

    GIVEN = "given", "given"
    PLANNED = "planned", "planned"
    HELD_IN_TIME = "held_in_time", "held in time"
    HELD_LATE = "held_late", "held late"
    NOT_HELD = "not_held", "late, not held"
    TO_DO = "to_do", "to do"
    BOOKED = "booked", "booked"
    CLOSED = "closed", "closed"


_SHAPES: Mapping[Mark, str] = {
    Mark.GIVEN: "square",
    Mark.PLANNED: "square",
    Mark.HELD_IN_TIME: "circle",
    Mark.HELD_LATE: "triangle-up",
    Mark.NOT_HELD: "cross",
    Mark.TO_DO: "cross",
    Mark.BOOKED: "circle",
    Mark.CLOSED: "diamond",
}
_OUTLINES = frozenset({Mark.PLANNED, Mark.TO_DO, Mark.BOOKED})


@dataclass(frozen=True, slots=True)
class Palette:
    """The theme's colors that a chart uses; each at least 3:1 on its background but the grid."""

    background: str
    text: str
    quiet: str
    grid: str
    green: str
    amber: str
    red: str
    blue: str

    def of(self, mark: Mark) -> str:
        """The color of a mark."""
        return {
            Mark.HELD_IN_TIME: self.green,
            Mark.HELD_LATE: self.amber,
            Mark.NOT_HELD: self.red,
            Mark.BOOKED: self.blue,
            Mark.TO_DO: self.quiet,
            Mark.CLOSED: self.quiet,
        }.get(mark, self.text)


LIGHT = Palette(
    background="#ffffff",
    text="#0f1519",
    quiet="#5b6770",
    grid="#eceff1",
    green="#1b6e4b",
    amber="#b35c00",
    red="#b3261e",
    blue="#2b6ca3",
)
DARK = Palette(
    background="#12171b",
    text="#e9eef2",
    quiet="#a5b0b8",
    grid="#293138",
    green="#7bd3a8",
    amber="#ffb866",
    red="#ff8a80",
    blue="#85bff0",
)


@dataclass(frozen=True, slots=True)
class TimelineMark:
    """One dose or one integration on the timeline, and what its hover and its table row say.

    `amount` is the dose as text, empty for an integration; `gap` is how the integration stands.
    """

    at: datetime
    lane: str
    mark: Mark
    what: str
    amount: str
    route: str
    when: str
    status: str
    gap: str

    @property
    def is_dose(self) -> bool:
        """Whether it is a dose."""
        return self.lane != INTEGRATION


def integration_words(one: ClientIntegration, now: datetime, zone: ZoneInfo) -> Phrase:
    """How an integration of the client stands, or what became of it."""
    if one.line is not None:
        return sentences.integration(one.line.standing, now, zone)
    if one.held_at is not None:
        return Phrase(sentences.held(one.held_at, one.last_given_at, now, zone), icon="check")
    if one.closed_at is not None:
        return Phrase(sentences.closed(one.close_reason))
    return Phrase("Not held when the course was closed", Tone.QUIET)


def timeline_marks(page: ClientPage, asked: Asked) -> tuple[TimelineMark, ...]:
    """Every dose that was given or is planned, and every full integration, the oldest first."""
    integrations = {
        (one.id or one.dose_ids): one
        for one in (
            *(one for dose in page.doses for one in dose.integrations),
            *page.integrations,
        )
    }
    found = [_dose_mark(dose, asked) for dose in page.doses if dose.given or dose.status.is_open]
    found += [
        mark
        for one in integrations.values()
        if one.kind is IntegrationKind.FULL and (mark := _integration_mark(one, asked))
    ]
    return tuple(sorted(found, key=lambda mark: (mark.at, mark.lane)))


def timeline(
    marks: Sequence[TimelineMark], now: datetime, zone: ZoneInfo, palette: Palette = LIGHT
) -> alt.LayerChart:
    """A lane for each product and route and one for integration; the dose is text above its mark.

    One single view: concatenated views overflow the page at 1366 px (ux.md 3.2). Neither place nor
    size says how much was given, since mg of two routes do not compare.
    """
    lanes = _lanes(marks)
    x = alt.X(
        "at:T",
        title=None,
        scale=alt.Scale(domain=_span(marks, now, zone), padding=_EDGE, nice=False),
        axis=alt.Axis(
            format="%b %-d, %Y",
            tickCount=alt.expr("max(2, floor(width / 140))"),
            labelOverlap="greedy",
            labelColor=palette.quiet,
            labelFontSize=12,
            labelPadding=8,
            domain=False,
            ticks=False,
            gridColor=palette.grid,
        ),
    )
    y = alt.Y(
        "lane:N",
        title=None,
        sort=lanes,
        scale=alt.Scale(domain=lanes),
        axis=alt.Axis(
            labelColor=palette.text,
            labelFontSize=13,
            labelLimit=0,
            labelPadding=10,
            domain=False,
            ticks=False,
            grid=True,
            gridColor=palette.grid,
        ),
    )
    shown = [mark for mark in Mark if any(one.mark is mark for one in marks)]
    drawn = [_drawn(marks, dose, x, y, shown, zone, palette) for dose in (True, False)]
    return (
        alt.layer(*_now(now, zone, x, palette), *filter(None, drawn), _amounts(marks, x, y, zone, palette))
        .properties(height=alt.Step(_LANE_HEIGHT))
        .configure_view(stroke=None)
    )


def timeline_in_words(marks: Iterable[TimelineMark]) -> str:
    """One sentence with the takeaway: doses by route, and integrations late or missing."""
    given, planned, integrations = Counter[str](), 0, Counter[Mark]()
    for one in marks:
        if one.mark is Mark.GIVEN:
            given[one.route] += 1
        elif one.mark is Mark.PLANNED:
            planned += 1
        else:
            integrations[one.mark] += 1
    doses = " and ".join(
        wording.count(number, f"{route} dose") for route, number in given.items()
    )
    late, missing = integrations[Mark.HELD_LATE], integrations[Mark.NOT_HELD]
    return (
        f"{doses or 'No dose'} given, {planned or 'none'} planned; "
        f"{wording.count(integrations[Mark.HELD_IN_TIME], 'integration').lower()} held in time, "
        f"{late or 'none'} held late, {missing or 'none'} late and not held."
    )


def _dose_mark(dose: ClientDose, asked: Asked) -> TimelineMark:
    given = bool(dose.given)
    amount = "not ordered"
    if given:
        amount = wording.mg(dose.given_ug)
    elif dose.ordered_ug is not None and dose.order_state is OrderState.ORDERED:
        amount = wording.mg(dose.ordered_ug)
    full = [one for one in dose.integrations if one.kind is IntegrationKind.FULL]
    return TimelineMark(
        at=dose.at,
        lane=dose.product_route.label.partition(" (")[0],
        mark=Mark.GIVEN if given else Mark.PLANNED,
        what=f"Dose {dose.number} of {dose.of}",
        amount=amount,
        route=dose.product_route.label,
        when=wording.full_moment(dose.at, asked.practice.zone),
        status=_dose_status(dose),
        gap="; ".join(
            integration_words(one, asked.now, asked.practice.zone).text for one in full
        )
        or "None",
    )


def _dose_status(dose: ClientDose) -> str:
    if dose.line is not None and dose.line.silence is not None:
        return dose.line.silence.label
    return dose.status.label


def _integration_mark(one: ClientIntegration, asked: Asked) -> TimelineMark | None:
    placed = _placed(one, asked.practice.thresholds, asked.practice.zone)
    if placed is None:
        return None
    mark, at = placed
    return TimelineMark(
        at=at,
        lane=INTEGRATION,
        mark=mark,
        what="Integration",
        amount="",
        route="",
        when=wording.full_moment(at, asked.practice.zone),
        status=mark.label.capitalize(),
        gap=integration_words(one, asked.now, asked.practice.zone).text,
    )


def _placed(
    one: ClientIntegration, thresholds: Thresholds, zone: ZoneInfo
) -> tuple[Mark, datetime] | None:
    """What the mark of an integration is and where it stands; None when it has no day yet."""
    if one.held_at is not None:
        late = one.last_given_at is not None and not held_in_time(
            one.held_at, one.last_given_at, thresholds
        )
        return (Mark.HELD_LATE if late else Mark.HELD_IN_TIME), one.held_at
    if one.closed_at is not None:
        return Mark.CLOSED, one.closed_at
    if one.line is None:
        return None
    standing = one.line.standing
    due_at = standing.due_at
    if due_at is None and standing.facts.due_on is not None:
        due_at = datetime.combine(standing.facts.due_on, time(12), tzinfo=zone)
    match standing.stage:
        case IntegrationStage.LATE:
            mark, at = Mark.NOT_HELD, due_at
        case IntegrationStage.WAS_THIS_HELD:
            mark, at = Mark.NOT_HELD, one.planned_at
        case IntegrationStage.NOT_BOOKED:
            mark, at = Mark.TO_DO, due_at
        case IntegrationStage.AGREED if standing.facts.agreed_for is not None:
            mark, at = (
                Mark.BOOKED,
                datetime.combine(standing.facts.agreed_for, time(12), tzinfo=zone),
            )
        case _:
            mark, at = Mark.BOOKED, one.planned_at
    return (mark, at) if at is not None else None
