"""What a client was given, and what followed, over time (ux.md 0.7, 0.14 and 3.2)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import altair as alt

from kapteam import sentences, wording
from kapteam.charts.palette import LIGHT, Palette
from kapteam.queries.client import ClientDose, ClientIntegration, ClientPage
from kapteam.queries.standing import Asked
from kapteam.rules.integration import IntegrationStage, held_in_time
from kapteam.rules.thresholds import Thresholds
from kapteam.vocabulary import IntegrationKind, OrderState, Term, Tone
from kapteam.wording import Phrase

INTEGRATION = "integration"
_LANE_HEIGHT = 46
_EDGE = 36
_NARROW = 420
_LETTER, _BESIDE = 7, 10
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
    AGREED = "agreed", "agreed for a day"
    CLOSED = "closed", "closed"


_SHAPES: Mapping[Mark, str] = {
    Mark.GIVEN: "square",
    Mark.PLANNED: "square",
    Mark.HELD_IN_TIME: "circle",
    Mark.HELD_LATE: "triangle-up",
    Mark.NOT_HELD: "cross",
    Mark.TO_DO: "cross",
    Mark.BOOKED: "circle",
    Mark.AGREED: "diamond",
    Mark.CLOSED: "diamond",
}
_OUTLINES = frozenset({Mark.PLANNED, Mark.TO_DO, Mark.BOOKED, Mark.AGREED})


def color_of(mark: Mark, palette: Palette) -> str:
    """The color of a mark."""
    return {
        Mark.HELD_IN_TIME: palette.green,
        Mark.HELD_LATE: palette.amber,
        Mark.NOT_HELD: palette.red,
        Mark.BOOKED: palette.blue,
        Mark.AGREED: palette.blue,
        Mark.TO_DO: palette.quiet,
        Mark.CLOSED: palette.quiet,
    }.get(mark, palette.text)


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
    size says how much was given, since mg of two routes do not compare. `marks` are at least one.
    """
    drawing = _Timeline(marks, now, zone, palette)
    layers = (*drawing.now(), drawing.doses(), drawing.integrations(), *drawing.amounts())
    chart: alt.LayerChart = (
        alt.layer(*layers, datasets=drawing.datasets)
        .properties(
            height=alt.Step(_LANE_HEIGHT), padding={"left": 0, "top": 4, "right": 0, "bottom": 0}
        )
        .configure_view(stroke=None)
    )
    return chart


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
    doses = " and ".join(wording.count(number, f"{route} dose") for route, number in given.items())
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
        what=f"Dose {wording.in_series(dose.number, dose.of)}",
        amount=amount,
        route=dose.product_route.label,
        when=wording.full_moment(dose.at, asked.practice.zone),
        status=_dose_status(dose),
        gap="; ".join(integration_words(one, asked.now, asked.practice.zone).text for one in full)
        or ("Not booked" if dose.status.is_open else "No integration"),
    )


def _dose_status(dose: ClientDose) -> str:
    if dose.line is not None and dose.line.silence is not None:
        return dose.line.silence.label
    return dose.status.label


def _integration_mark(one: ClientIntegration, asked: Asked) -> TimelineMark | None:
    placed = _placed(one, asked.practice.thresholds, asked.now, asked.practice.zone)
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
    one: ClientIntegration, thresholds: Thresholds, now: datetime, zone: ZoneInfo
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
    facts, due_at = standing.facts, standing.due_at
    late = standing.stage is IntegrationStage.LATE or (
        standing.stage is IntegrationStage.WAS_THIS_HELD and due_at is not None and now > due_at
    )
    if due_at is None and facts.due_on is not None:
        due_at = _noon(facts.due_on, zone)
    if late:
        return (Mark.NOT_HELD, due_at) if due_at else None
    if one.planned_at is not None:
        return Mark.BOOKED, one.planned_at
    if standing.stage is IntegrationStage.AGREED and facts.agreed_for is not None:
        return Mark.AGREED, _noon(facts.agreed_for, zone)
    return (Mark.TO_DO, due_at) if due_at else None


def _noon(on: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(on, time(12), tzinfo=zone)


class _Timeline:
    """The layers of one timeline, over the same time and the same lanes."""

    def __init__(
        self, marks: Sequence[TimelineMark], now: datetime, zone: ZoneInfo, palette: Palette
    ) -> None:
        self._doses = [mark for mark in marks if mark.is_dose]
        self._integrations = [mark for mark in marks if not mark.is_dose]
        self._shown = [mark for mark in Mark if any(one.mark is mark for one in marks)]
        self._now, self._zone, self._palette = now, zone, palette
        times = [mark.at for mark in marks]
        # Never so short a time that one day is named twice.
        self._first = min(*times, now - _AROUND)
        self._last = max(*times, now + _AROUND)
        lanes = list(dict.fromkeys(mark.lane for mark in self._doses))
        if self._integrations:
            lanes.append(INTEGRATION)
        quiet: dict[str, Any] = {
            "title": None,
            "domain": False,
            "ticks": False,
            "gridColor": palette.grid,
        }
        self._x = alt.X(
            "at:T",
            scale=alt.Scale(
                domain=[_point(self._local(at)) for at in (self._first, self._last)],
                padding=_EDGE,
            ),
            axis=alt.Axis(
                **quiet,
                format="%b %-d, %Y",
                tickCount=alt.expr("max(2, floor(width / 140))"),
                labelOverlap="greedy",
                labelColor=palette.quiet,
                labelFontSize=12,
                labelPadding=8,
            ),
        )
        self._y = alt.Y(
            "lane:N",
            sort=lanes,
            scale=alt.Scale(domain=lanes),
            axis=alt.Axis(
                **quiet,
                grid=True,
                labelColor=palette.text,
                labelFontSize=13,
                labelLimit=0,
                labelPadding=10,
            ),
        )

        self.datasets: dict[str, list[dict[str, Any]]] = {}

    def now(self) -> tuple[alt.Chart, alt.Chart]:
        """The rule that parts what was from what is planned, and its word."""
        here = self._of("now", [{"at": self._written(self._now)}]).encode(x=self._x)
        rule = here.mark_rule(strokeDash=[4, 3], color=self._palette.text, tooltip=None, aria=False)
        word = here.mark_text(align="left", dx=5, fontWeight="bold", **self._silent_text()).encode(
            y=alt.value(-13), text=alt.value("Now")
        )
        return rule, word

    def doses(self) -> alt.Chart:
        """A square for each dose: filled when given, an outline while planned."""
        return self._points(
            "doses",
            self._doses,
            {
                "what": "Dose",
                "amount": "Amount",
                "route": "Route",
                "when": "When",
                "status": "Status",
                "gap": "Integration",
            },
        )

    def integrations(self) -> alt.Chart:
        """A mark for each integration, by shape and color."""
        return self._points(
            "integrations",
            self._integrations,
            {"what": "What", "when": "When", "status": "Status", "gap": "Integration"},
        )

    def amounts(self) -> tuple[alt.Chart, alt.Chart]:
        """The dose as text, wherever there is room; on a narrow screen the last of each lane.

        A halo below it keeps the rule of now from striking it through.
        """
        rows = [row for lane in self._by_lane() for row in self._amounts_of(lane)]
        has_room = f"datum.room * (width - {2 * _EDGE}) >= datum.needs"
        shown = alt.expr(f"datum.is_last || (width >= {_NARROW} && {has_room}) ? 1 : 0")
        here = self._of("amounts", rows).encode(x=self._x, y=self._y, text="amount:N")
        halo = here.mark_text(
            dy=-17,
            opacity=shown,
            stroke=self._palette.background,
            strokeWidth=5,
            **self._silent_text(),
        )
        return halo, here.mark_text(dy=-17, opacity=shown, **self._silent_text())

    def _of(self, name: str, rows: list[dict[str, Any]]) -> alt.Chart:
        """A layer over rows that are named: Altair copies what stands in a layer, several times."""
        self.datasets[name] = rows
        return alt.Chart(alt.NamedData(name))

    def _points(
        self, name: str, marks: Iterable[TimelineMark], hover: Mapping[str, str]
    ) -> alt.Chart:
        palette, shown = self._palette, self._shown
        legend = alt.Legend(
            title=None,
            orient="bottom",
            columns=alt.expr(f"width < {_NARROW} ? 2 : {len(Mark)}"),
            labelColor=palette.text,
            labelFontSize=13,
            labelLimit=0,
            symbolSize=120,
            symbolStrokeWidth=2,
            offset=14,
        )

        def look(values: Iterable[str]) -> dict[str, Any]:
            names = [mark.label for mark in shown]
            return {"scale": alt.Scale(domain=names, range=list(values)), "legend": legend}

        rows = [
            {
                "at": self._written(one.at),
                "lane": one.lane,
                "mark": one.mark.label,
                **{field: getattr(one, field) for field in hover},
                "words": ", ".join(filter(None, (getattr(one, field) for field in hover))),
            }
            for one in marks
        ]
        points: alt.Chart = (
            self._of(name, rows)
            .mark_point(size=130, strokeWidth=2, opacity=1)
            .encode(
                x=self._x,
                y=self._y,
                shape=alt.Shape("mark:N", **look(_SHAPES[mark] for mark in shown)),
                fill=alt.Fill(
                    "mark:N",
                    **look(
                        palette.background if mark in _OUTLINES else color_of(mark, palette)
                        for mark in shown
                    ),
                ),
                stroke=alt.Stroke("mark:N", **look(color_of(mark, palette) for mark in shown)),
                tooltip=[alt.Tooltip(f"{field}:N", title=title) for field, title in hover.items()],
                description="words:N",
            )
        )
        return points

    def _by_lane(self) -> list[list[TimelineMark]]:
        lanes = dict.fromkeys(mark.lane for mark in self._doses)
        return [[mark for mark in self._doses if mark.lane == lane] for lane in lanes]

    def _amounts_of(self, lane: list[TimelineMark]) -> list[dict[str, Any]]:
        """Beside each amount the room it has, as a part of the whole time, once it is shown.

        The last dose given comes first, then whichever is farthest from those shown already: so any
        choice of "has room" leaves no two amounts on top of each other.
        """
        given = [mark for mark in lane if mark.mark is Mark.GIVEN]
        last = (given or lane)[-1]
        span = self._last - self._first
        needs = _BESIDE + _LETTER * max(len(mark.amount) for mark in lane)

        def apart(mark: TimelineMark, other: TimelineMark) -> float:
            return abs(mark.at - other.at) / span

        def row(mark: TimelineMark, room: float) -> dict[str, Any]:
            return {
                "at": self._written(mark.at),
                "lane": mark.lane,
                "amount": mark.amount,
                "room": room,
                "needs": needs,
                "is_last": mark is last,
            }

        rows = [row(last, 1.0)]
        left = [(apart(mark, last), mark) for mark in lane if mark is not last]
        while left:
            room, farthest = max(left, key=lambda one: one[0])
            rows.append(row(farthest, room))
            left = [
                (min(so_far, apart(mark, farthest)), mark)
                for so_far, mark in left
                if mark is not farthest
            ]
        return rows

    def _silent_text(self) -> dict[str, Any]:
        """Text that is neither hovered over nor read out."""
        return {"fontSize": 12, "color": self._palette.text, "tooltip": None, "aria": False}

    def _local(self, at: datetime) -> datetime:
        """Without a zone: the browser, wherever it is, then draws the practice's time."""
        return at.astimezone(self._zone).replace(tzinfo=None)

    def _written(self, at: datetime) -> str:
        return self._local(at).isoformat(timespec="minutes")


def _point(at: datetime) -> alt.DateTime:
    return alt.DateTime(year=at.year, month=at.month, date=at.day, hours=at.hour, minutes=at.minute)
