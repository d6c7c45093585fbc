"""What a client was given, and what followed, over time (ux.md 0.7, 0.14 and 3.2)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from operator import itemgetter
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import altair as alt

from kapteam import sentences, wording
from kapteam.charts.layering import Spec, constant, on_each_other, placed_later, view
from kapteam.charts.palette import LIGHT, Palette
from kapteam.charts.scores import PANEL_HEIGHT, Panel, ScorePoint, by_measure
from kapteam.queries.client import ClientDose, ClientIntegration, ClientPage
from kapteam.queries.standing import Asked
from kapteam.rules.change import BASELINE_DAYS
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
_BETWEEN = 22
_BEFORE_ANYTHING = timedelta(days=60)
_BEFORE_THE_SERIES = timedelta(days=BASELINE_DAYS)


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
_UNTIL = frozenset({Mark.NOT_HELD, Mark.TO_DO})
"""What stands where it is due by, since nothing took place then."""


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
    `series_id` and `course_id` are those of a dose, or empty; so is whether it `is_maintenance`.
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
    series_id: str = ""
    course_id: str = ""
    is_maintenance: bool = False

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
    marks: Sequence[TimelineMark],
    scores: Sequence[ScorePoint],
    now: datetime,
    zone: ZoneInfo,
    palette: Palette = LIGHT,
) -> Spec:
    """A panel for each measure; below it a lane for each product and route, and for integration.

    All over the same time. The dose is text above its mark: neither place nor size says how much
    was given, since mg of two routes do not compare. There is at least one of `marks` or `scores`.
    """
    times = [*(mark.at for mark in marks), *(one.at for one in scores)]
    return _drawn(marks, scores, _OverTime(times, now, zone, palette), palette)


def near_enough(
    marks: Sequence[TimelineMark], scores: Sequence[ScorePoint], now: datetime
) -> tuple[ScorePoint, ...]:
    """The scores that are drawn over time: not those from long before the first mark.

    A form of years ago would press the doses of a series onto each other. So what came before the
    first mark takes no more room than what came after it, or 60 days. `marks` come by time.
    """
    if not marks:
        return tuple(scores)
    first, last = marks[0].at, max(marks[-1].at, now)
    since = min(first, now) - max(_BEFORE_ANYTHING, last - first)
    return tuple(one for one in scores if one.at >= since)


def timeline_by_dose(
    marks: Sequence[TimelineMark], scores: Sequence[ScorePoint], palette: Palette = LIGHT
) -> Spec | None:
    """The same for the newest series, each dose at its number and all else between two doses.

    Maintenance stands with the series that it goes on with. None while no dose was given.
    """
    shown = newest_series(marks)
    if not shown:
        return None
    doses = [mark for mark in marks if mark.series_id in shown]
    axis = _ByDose(doses, palette)
    since = doses[0].at - _BEFORE_THE_SERIES
    of_series = [
        mark
        for mark in marks
        if mark.series_id in shown or (not mark.is_dose and mark.at > doses[0].at)
    ]
    return _drawn(of_series, _last_between(scores, since, axis), axis, palette)


def newest_series(marks: Sequence[TimelineMark]) -> tuple[str, ...]:
    """The series that scores are judged by now, the oldest first, as `measured_together` says.

    The one given last, and while that is maintenance those of its course before it, back to one
    that is none. Empty while no dose was given. `marks` come by time.
    """
    given = [mark for mark in marks if mark.mark is Mark.GIVEN]
    together: list[str] = []
    for mark in reversed(given):
        if mark.course_id != given[-1].course_id or mark.series_id in together:
            continue
        together.insert(0, mark.series_id)
        if not mark.is_maintenance:
            break
    return tuple(together)


def _last_between(
    scores: Sequence[ScorePoint], since: datetime, axis: "_ByDose"
) -> list[ScorePoint]:
    """Of each measure the last score between two doses."""
    last = {
        (one.instrument.id, axis.place(one.at)): one
        for one in scores
        if one.is_used and one.at >= since
    }
    return sorted(last.values(), key=lambda one: one.at)


def _drawn(
    marks: Sequence[TimelineMark], scores: Sequence[ScorePoint], axis: "_Axis", palette: Palette
) -> Spec:
    """One single view: concatenated views overflow the page at 1366 px (ux.md 3.2)."""
    panels: list[Spec] = []
    datasets: dict[str, list[dict[str, Any]]] = {}
    top = 0
    for instrument, points in by_measure(scores):
        placed = [(one, axis.written(one.at)) for one in points]
        panel = Panel(instrument, placed, axis.x_type, top, palette)
        panels.append(panel.layers)
        datasets |= panel.datasets
        top += PANEL_HEIGHT + _BETWEEN
    drawing = _Lanes(marks, axis, top, palette)
    layers = [*panels, *axis.now(), *drawing.layers]
    rows = axis.datasets | datasets | drawing.datasets
    return view(layers, axis.x, rows, drawing.bottom)


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
        series_id=dose.series_id,
        course_id=dose.episode_id,
        is_maintenance=dose.is_maintenance,
    )


def _dose_status(dose: ClientDose) -> str:
    if dose.line is not None and dose.line.silence is not None:
        return dose.line.silence.label
    return dose.status.label


def _integration_mark(one: ClientIntegration, asked: Asked) -> TimelineMark | None:
    zone = asked.practice.zone
    placed = _placed(one, asked.practice.thresholds, asked.now, zone)
    if placed is None:
        return None
    mark, at, is_day_only = placed
    if is_day_only:
        when = wording.full_day(at.astimezone(zone).date())
    else:
        when = wording.full_moment(at, zone)
    return TimelineMark(
        at=at,
        lane=INTEGRATION,
        mark=mark,
        what="Integration",
        amount="",
        route="",
        when=f"by {when}" if mark in _UNTIL else when,
        status=mark.label.capitalize(),
        gap=integration_words(one, asked.now, zone).text,
    )


def _placed(
    one: ClientIntegration, thresholds: Thresholds, now: datetime, zone: ZoneInfo
) -> tuple[Mark, datetime, bool] | None:
    """What the mark of an integration is, where it stands, and whether only its day is known.

    None when it has no day yet.
    """
    if one.held_at is not None:
        late = one.last_given_at is not None and not held_in_time(
            one.held_at, one.last_given_at, thresholds
        )
        return (Mark.HELD_LATE if late else Mark.HELD_IN_TIME), one.held_at, False
    if one.closed_at is not None:
        return Mark.CLOSED, one.closed_at, False
    if one.line is None:
        return None
    standing = one.line.standing
    facts, due_at = standing.facts, standing.due_at
    late = standing.stage is IntegrationStage.LATE or (
        standing.stage is IntegrationStage.WAS_THIS_HELD and due_at is not None and now > due_at
    )
    is_due_day = due_at is None and facts.due_on is not None
    if due_at is None and facts.due_on is not None:
        due_at = _noon(facts.due_on, zone)
    if late:
        return (Mark.NOT_HELD, due_at, is_due_day) if due_at else None
    if one.planned_at is not None:
        return Mark.BOOKED, one.planned_at, False
    if standing.stage is IntegrationStage.AGREED and facts.agreed_for is not None:
        return Mark.AGREED, _noon(facts.agreed_for, zone), True
    return (Mark.TO_DO, due_at, is_due_day) if due_at else None


def _noon(on: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(on, time(12), tzinfo=zone)


class _Axis(Protocol):
    """What the marks lie along: where each stands, and how far from another."""

    x: alt.X
    x_type: str
    datasets: dict[str, list[dict[str, Any]]]

    def written(self, at: datetime) -> str | float:
        """Where an instant stands, as the chart reads it."""

    def share(self, at: datetime) -> float:
        """The same as a part of the whole, 0 to 1."""

    def now(self) -> tuple[Spec, ...]:
        """What parts what was from what is planned."""


class _OverTime:
    """Along the practice's time."""

    x_type = "T"

    def __init__(
        self, times: Sequence[datetime], now: datetime, zone: ZoneInfo, palette: Palette
    ) -> None:
        self._now, self._zone, self._palette = now, zone, palette
        # Never so short a time that one day is named twice.
        self._first = min(*times, now - _AROUND)
        self._last = max(*times, now + _AROUND)
        self.x = alt.X(
            "at:T",
            scale=alt.Scale(
                domain=[_point(self._local(at)) for at in (self._first, self._last)],
                padding=_EDGE,
            ),
            axis=alt.Axis(
                **_quiet(palette),
                format="%b %-d, %Y",
                # At least four: of two Vega makes one in three months on a phone.
                tickCount=alt.expr("max(4, floor(width / 140))"),
                labelOverlap="greedy",
                labelColor=palette.quiet,
                labelFontSize=12,
                labelPadding=8,
            ),
        )
        self.datasets: dict[str, list[dict[str, Any]]] = {"now": [{"at": self.written(now)}]}

    def written(self, at: datetime) -> str:
        """Without a zone: the browser, wherever it is, then draws the practice's time."""
        return self._local(at).isoformat(timespec="minutes")

    def share(self, at: datetime) -> float:
        """How far an instant is through the time that is shown."""
        return (at - self._first) / (self._last - self._first)

    def now(self) -> tuple[Spec, ...]:
        """The rule that parts what was from what is planned, and its word."""
        return _rule_of_now(self._palette)

    def _local(self, at: datetime) -> datetime:
        return at.astimezone(self._zone).replace(tzinfo=None)


class _ByDose:
    """Along the doses of one series: each at its number, all else halfway to the next."""

    x_type = "Q"

    def __init__(self, doses: Sequence[TimelineMark], palette: Palette) -> None:
        self._doses = sorted(mark.at for mark in doses)
        last, of_series = len(doses), sum(not mark.is_maintenance for mark in doses)
        number = "'Dose ' + datum.value"
        # Doses of maintenance are counted apart (rule 8).
        later = f"'Maintenance ' + (datum.value - {of_series})"
        self._most = last + 1
        self.x = alt.X(
            "at:Q",
            scale=alt.Scale(domain=[0, self._most], nice=False, zero=False),
            axis=alt.Axis(
                **_quiet(palette),
                values=list(range(1, last + 1)),
                labelExpr=f"datum.value > {of_series} ? {later} : {number}"
                if of_series < last
                else number,
                labelOverlap="greedy",
                labelColor=palette.quiet,
                labelFontSize=12,
                labelPadding=8,
            ),
        )
        self.datasets: dict[str, list[dict[str, Any]]] = {}

    def place(self, at: datetime) -> float:
        """The number of the dose of that instant; half a dose more for what came after it."""
        before = sum(dose <= at for dose in self._doses)
        return before if at in self._doses else before + 0.5

    def written(self, at: datetime) -> float:
        """As `place`."""
        return self.place(at)

    def share(self, at: datetime) -> float:
        """As a part of the whole series."""
        return self.place(at) / self._most

    def now(self) -> tuple[Spec, ...]:
        """Nothing: between two numbers there is no time."""
        return ()


def _quiet(palette: Palette) -> dict[str, Any]:
    return {"title": None, "domain": False, "ticks": False, "gridColor": palette.grid}


def _silent_text(palette: Palette) -> dict[str, Any]:
    """Text that is neither hovered over nor read out."""
    return {"fontSize": 12, "color": palette.text, "tooltip": None, "aria": False}


@lru_cache(maxsize=8)
def _rule_of_now(palette: Palette) -> tuple[Spec, ...]:
    here = alt.Chart(alt.NamedData("now")).encode(x=placed_later(_OverTime.x_type))
    rule = here.mark_rule(strokeDash=[4, 3], color=palette.text, tooltip=None, aria=False)
    word = here.mark_text(align="left", dx=5, fontWeight="bold", **_silent_text(palette)).encode(
        y=constant(alt.YValue, -13), text=constant(alt.TextValue, "Now")
    )
    return tuple(on_each_other((rule, word))["layer"])


_OF_A_DOSE = {
    "what": "Dose",
    "amount": "Amount",
    "route": "Route",
    "when": "When",
    "status": "Status",
    "gap": "Integration",
}
_OF_AN_INTEGRATION = {"what": "What", "when": "When", "status": "Status", "gap": "Integration"}


@dataclass(frozen=True, slots=True)
class _Look:
    """What the layers of the lanes depend on besides their rows: nothing of any client."""

    lanes: tuple[str, ...]
    shown: tuple[Mark, ...]
    x_type: str
    top: int
    palette: Palette

    @property
    def bottom(self) -> int:
        """Where the last lane ends, in px."""
        return self.top + _LANE_HEIGHT * len(self.lanes)


class _Lanes:
    """The doses and integrations along one axis, from `top` px down.

    `layers` are on lanes that they share, over `datasets`; there are none where nothing was given
    or is planned.
    """

    def __init__(
        self, marks: Sequence[TimelineMark], axis: _Axis, top: int, palette: Palette
    ) -> None:
        self._doses = [mark for mark in marks if mark.is_dose]
        integrations = [mark for mark in marks if not mark.is_dose]
        self._axis = axis
        lanes = list(dict.fromkeys(mark.lane for mark in self._doses))
        if integrations:
            lanes.append(INTEGRATION)
        shown = tuple(mark for mark in Mark if any(one.mark is mark for one in marks))
        look = _Look(tuple(lanes), shown, axis.x_type, top, palette)
        self.bottom = look.bottom
        self.layers = (_layers(look),) if lanes else ()
        self.datasets = {
            "doses": [self._hovered(one, _OF_A_DOSE) for one in self._doses],
            "integrations": [self._hovered(one, _OF_AN_INTEGRATION) for one in integrations],
            "amounts": [row for lane in self._by_lane() for row in self._amounts_of(lane)],
        }

    def _hovered(self, one: TimelineMark, hover: Mapping[str, str]) -> dict[str, Any]:
        return {
            "at": self._axis.written(one.at),
            "lane": one.lane,
            "mark": one.mark.label,
            **{field: getattr(one, field) for field in hover},
            "words": ", ".join(filter(None, (getattr(one, field) for field in hover))),
        }

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
        needs = _BESIDE + _LETTER * max(len(mark.amount) for mark in lane)

        def row(mark: TimelineMark, room: float) -> dict[str, Any]:
            return {
                "at": self._axis.written(mark.at),
                "lane": mark.lane,
                "amount": mark.amount,
                "room": room,
                "needs": needs,
                "is_last": mark is last,
            }

        place, rows = self._axis.share(last.at), [row(last, 1.0)]
        left = [(1.0, self._axis.share(mark.at), mark) for mark in lane if mark is not last]
        while left:
            left = [(min(room, abs(at - place)), at, mark) for room, at, mark in left]
            farthest = max(left, key=itemgetter(0))
            left.remove(farthest)
            room, place, mark = farthest
            rows.append(row(mark, room))
        return rows


@lru_cache(maxsize=256)
def _layers(look: _Look) -> Spec:
    drawing = _Drawing(look)
    # A layer of nothing is still a symbol that is read out, and one without a name.
    has_doses = look.lanes != (INTEGRATION,)
    drawn = [drawing.points("doses", _OF_A_DOSE)] if has_doses else []
    if INTEGRATION in look.lanes:
        drawn.append(drawing.points("integrations", _OF_AN_INTEGRATION))
    if has_doses:
        drawn += drawing.amounts()
    return on_each_other(drawn)


class _Drawing:
    """The layers of the lanes, as they look, over rows by name."""

    def __init__(self, look: _Look) -> None:
        self._look, self._palette = look, look.palette
        self._x = placed_later(look.x_type)
        self._y = alt.Y(
            "lane:N",
            sort=list(look.lanes),
            scale=alt.Scale(domain=list(look.lanes), range=[look.top, look.bottom]),
            axis=alt.Axis(
                **_quiet(look.palette),
                grid=True,
                orient="left",
                labelColor=look.palette.text,
                labelFontSize=13,
                labelLimit=0,
                labelPadding=10,
            ),
        )

    def amounts(self) -> tuple[alt.Chart, alt.Chart]:
        """The dose as text, wherever there is room; on a narrow screen the last of each lane.

        A halo below it keeps the rule of now from striking it through.
        """
        has_room = f"datum.room * (width - {2 * _EDGE}) >= datum.needs"
        shown = alt.expr(f"datum.is_last || (width >= {_NARROW} && {has_room}) ? 1 : 0")
        here = alt.Chart(alt.NamedData("amounts")).encode(
            x=self._x, y=self._y, text=alt.Text("amount:N")
        )
        halo = here.mark_text(
            dy=-17,
            opacity=shown,
            stroke=self._palette.background,
            strokeWidth=5,
            **_silent_text(self._palette),
        )
        return halo, here.mark_text(dy=-17, opacity=shown, **_silent_text(self._palette))

    def points(self, name: str, hover: Mapping[str, str]) -> alt.Chart:
        """A mark for each by shape and color; a dose is filled when given, else an outline."""
        palette, shown = self._palette, self._look.shown
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

        points: alt.Chart = (
            alt.Chart(alt.NamedData(name))
            .mark_point(size=160, strokeWidth=2, opacity=1)
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
                # On a phone doses a week apart touch: an edge keeps them from being one bar.
                stroke=alt.Stroke(
                    "mark:N",
                    **look(
                        color_of(mark, palette) if mark in _OUTLINES else palette.background
                        for mark in shown
                    ),
                ),
                tooltip=[alt.Tooltip(f"{field}:N", title=title) for field, title in hover.items()],
                description=alt.Description("words:N"),
            )
        )
        return points


def _point(at: datetime) -> alt.DateTime:
    return alt.DateTime(year=at.year, month=at.month, date=at.day, hours=at.hour, minutes=at.minute)
