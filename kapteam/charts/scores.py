"""The scores of a client as panels above the timeline: fixed scales, so that little looks little.

Each measure has a panel of its own, as the PCL-5 of a month and that of a week do (rule 49).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from typing import Any

import altair as alt

from kapteam import sentences, wording
from kapteam.charts.layering import Spec, constant, on_each_other, placed_later
from kapteam.charts.palette import Palette
from kapteam.queries.client import ClientPage
from kapteam.queries.standing import Asked
from kapteam.rules.change import PRIMARY
from kapteam.rules.instruments import Instrument

PANEL_HEIGHT = 112
_FIRST = tuple(one for _, ids in PRIMARY for one in ids)
_HOVER = {
    "what": "Measure",
    "form": "Form",
    "score": "Score",
    "when": "When",
    "note": "Note",
}
_NARROW = 420
_APART = "\u2002"
_SILENT: dict[str, Any] = {"tooltip": None, "aria": False}


@dataclass(frozen=True, slots=True)
class ScorePoint:
    """One total on the timeline, and what its hover and its table row say.

    `score` is the total with its band. Unless it `is_used` another one of that day counts instead.
    """

    at: datetime
    course_id: str
    instrument: Instrument
    total: int
    score: str
    when: str
    note: str
    is_used: bool

    @property
    def what(self) -> str:
        """What the measure is called."""
        return self.instrument.name

    @property
    def form(self) -> str:
        """Which wording of it."""
        return self.instrument.form


def score_points(page: ClientPage, asked: Asked) -> tuple[ScorePoint, ...]:
    """Every total that counts and that the viewer may read, the oldest first.

    Not what has no total, and not what only describes an experience.
    """
    zone = asked.practice.zone
    found = []
    for line in page.scores.lines:
        scored, instrument = line.scored, line.instrument
        if line.in_error is not None or scored is None or scored.total is None:
            continue
        if instrument is None or instrument.better == "neither":
            continue
        local_on = line.taken_at.astimezone(zone).date()
        notes = [
            "Total only" if scored.is_total_only and instrument.takes_answers else "",
            "" if line.is_used else "Another of this day counts",
        ]
        found.append(
            ScorePoint(
                at=line.taken_at,
                course_id=line.episode_id,
                instrument=instrument,
                total=scored.total,
                score=sentences.came_to(scored),
                when=wording.full_day(local_on)
                if line.is_day_only
                else wording.full_moment(line.taken_at, zone),
                note=", ".join(filter(None, notes)),
                is_used=line.is_used,
            )
        )
    return tuple(sorted(found, key=lambda one: one.at))


def by_measure(points: Sequence[ScorePoint]) -> tuple[tuple[Instrument, list[ScorePoint]], ...]:
    """The points of each measure, those by which somebody is judged first."""
    ordered = sorted(points, key=lambda one: (_rank(one.instrument), one.instrument.id, one.at))
    return tuple(
        (of[0].instrument, of)
        for of in (list(group) for _, group in groupby(ordered, key=lambda one: one.instrument.id))
    )


def scores_in_words(points: Sequence[ScorePoint]) -> str:
    """`PHQ-9 21 to 9, 6 scores.` for each measure; nothing where there is none."""
    said = []
    for instrument, of in by_measure(points):
        used = [one for one in of if one.is_used]
        if not used:
            continue
        first, last = used[0].total, used[-1].total
        way = f"{first} to {last}" if len(used) > 1 else f"{last}"
        said.append(f"{instrument.name} {way}, {wording.count(len(of), 'score')}. ")
    return "".join(said)


def _rank(instrument: Instrument) -> int:
    return _FIRST.index(instrument.id) if instrument.id in _FIRST else len(_FIRST)


@dataclass(frozen=True, slots=True)
class _Look:
    """What the layers of a panel depend on besides their rows: nothing of any client.

    `ends` are the totals in figures, the first and the last, each whether it is near the top.
    """

    instrument: Instrument
    x_type: str
    top: int
    palette: Palette
    has_others: bool
    has_points: bool
    ends: tuple[bool, ...]


class Panel:
    """One measure, over the x of the timeline, from `top` px down.

    `points` are its points with what places them on that x, which is of the type `x_type`.
    `layers` are its bands or its strip, the lines, the points, and the first and the last in
    figures; they are over `datasets`.
    """

    def __init__(
        self,
        instrument: Instrument,
        points: Sequence[tuple[ScorePoint, Any]],
        x_type: str,
        top: int,
        palette: Palette,
    ) -> None:
        used = [(one, at) for one, at in points if one.is_used]
        others = [(one, at) for one, at in points if not one.is_used]
        ends = [used[0], used[-1]][-len(used) :] if used else []
        # Where it is near the top there is room below it only.
        near_top = (instrument.minimum + 5 * instrument.maximum) / 6
        self.layers = _layers(
            _Look(
                instrument,
                x_type,
                top,
                palette,
                has_others=bool(others),
                has_points=bool(used),
                ends=tuple(one.total > near_top for one, _ in ends),
            )
        )
        bands = [
            {"least": least, "most": most, "label": label, "middle": (least + most) / 2}
            for label, least, most, _ in _stretches(instrument)
        ]
        rows: dict[str, list[dict[str, Any]]] = {
            "bands": [
                row
                for row, stretch in zip(bands, _stretches(instrument), strict=True)
                if stretch[3]
            ],
            "band names": bands,
            "line": [{"at": at, "total": one.total, "course": one.course_id} for one, at in used],
            "others of a day": [_hovered(one, at) for one, at in others],
            "points": [_hovered(one, at) for one, at in used],
        }
        for number, (one, at) in enumerate(ends):
            rows[f"figure {number}"] = [{"at": at, "total": one.total}]
        self.datasets = {f"{instrument.id} {name}": of for name, of in rows.items()}


def _stretches(one: Instrument) -> list[tuple[str, int, int, bool]]:
    """The bands, every other one shaded; without bands a cut that is a strip (ux.md 0.6).

    A cut that reaches to the end would read as a band, and is not drawn.
    """
    if one.bands:
        ends = [band.least for band in one.bands[1:]] + [one.maximum]
        return [
            (band.label, band.least, end, number % 2 == 1)
            for number, (band, end) in enumerate(zip(one.bands, ends, strict=True))
        ]
    return [
        (f"{cut.least} to {cut.most}", cut.least, cut.most, True)
        for cut in one.cuts
        if cut.most < one.maximum
    ]


def _hovered(one: ScorePoint, at: Any) -> dict[str, Any]:
    return {
        "at": at,
        "total": one.total,
        **{field: getattr(one, field) for field in _HOVER},
        "words": ", ".join(filter(None, (getattr(one, field) for field in _HOVER))),
    }


# Altair takes some 4 ms for the layers of a panel; the same ones are asked for again and again.
@lru_cache(maxsize=256)
def _layers(look: _Look) -> Spec:
    drawing = _Drawing(look)
    parts = (drawing.bands(), drawing.lines(), drawing.dots(), drawing.figures())
    return on_each_other(layer for part in parts for layer in part)


class _Drawing:
    """The layers of a panel, as they look, over rows by name."""

    def __init__(self, look: _Look) -> None:
        instrument, palette = look.instrument, look.palette
        self._look, self._instrument, self._palette = look, instrument, palette
        self._x = placed_later(look.x_type)
        self._y: dict[str, Any] = {
            "scale": alt.Scale(
                domain=[instrument.minimum, instrument.maximum],
                range=[look.top + PANEL_HEIGHT, look.top],
                nice=False,
                zero=False,
            ),
            "axis": alt.Axis(
                title=None,
                domain=False,
                ticks=False,
                orient="left",
                gridColor=palette.grid,
                values=[instrument.minimum, instrument.maximum],
                labelExpr=(
                    f"datum.value === {instrument.maximum} ? "
                    f"'{instrument.name}{_APART}{instrument.maximum}' : datum.value"
                ),
                labelColor=palette.text,
                labelFontSize=13,
                labelLimit=0,
                labelPadding=10,
                labelFlush=False,
            ),
        }

    def _of(self, name: str) -> alt.Chart:
        return alt.Chart(alt.NamedData(f"{self._instrument.id} {name}"))

    def bands(self) -> list[alt.Chart]:
        """Its bands or its strip, with their names."""
        whole = {"x": constant(alt.XValue, 0), "x2": constant(alt.X2Value, "width")}
        shade = self._of("bands").mark_rect(color=self._palette.grid, **_SILENT)
        name = self._of("band names").mark_text(
            align="right",
            dx=-4,
            # A strip is too thin for its name, which stands above it.
            dy=0 if self._instrument.bands else -9,
            fontSize=11,
            color=self._palette.quiet,
            opacity=alt.expr(f"width < {_NARROW} ? 0 : 1"),
            **_SILENT,
        )
        return [
            shade.encode(y=alt.Y("least:Q", **self._y), y2=alt.Y2("most:Q"), **whole),
            name.encode(
                y=alt.Y("middle:Q", **self._y),
                x=constant(alt.XValue, "width"),
                text=alt.Text("label:N"),
            ),
        ]

    def lines(self) -> list[alt.Chart]:
        """From one score that counts to the next of its course; of one alone there is none."""
        line = self._of("line").mark_line(color=self._palette.quiet, strokeWidth=2, **_SILENT)
        y = alt.Y("total:Q", **self._y)
        return [line.encode(x=self._x, y=y, detail=alt.Detail("course:N"))]

    def dots(self) -> list[alt.Chart]:
        """Filled where it counts; an outline where another one of that day does."""
        # What counts is drawn last, so that nothing of the same day and total covers it.
        others = [self._dots("others of a day", self._palette.background)]
        points = [self._dots("points", self._palette.text)]
        return others * self._look.has_others + points * self._look.has_points

    def _dots(self, name: str, fill: str) -> alt.Chart:
        dots: alt.Chart = (
            self._of(name)
            .mark_circle(size=70, opacity=1, fill=fill, stroke=self._palette.text, strokeWidth=2)
            .encode(
                x=self._x,
                y=alt.Y("total:Q", **self._y),
                tooltip=[alt.Tooltip(f"{field}:N", title=title) for field, title in _HOVER.items()],
                description=alt.Description("words:N"),
            )
        )
        return dots

    def figures(self) -> list[alt.Chart]:
        """The first total small, the last one large, each with a halo against the grid."""
        sizes = [(12, "normal"), (15, "bold")][-len(self._look.ends) :]
        layers = []
        for number, (near_top, (size, weight)) in enumerate(
            zip(self._look.ends, sizes, strict=False)
        ):
            of = self._of(f"figure {number}")
            look: dict[str, Any] = {
                "dy": 15 if near_top else -14,
                "fontSize": size,
                "fontWeight": weight,
                "color": self._palette.text,
                **_SILENT,
            }
            halo = of.mark_text(stroke=self._palette.background, strokeWidth=4, **look)
            text = of.mark_text(**look)
            layers += [
                layer.encode(x=self._x, y=alt.Y("total:Q", **self._y), text=alt.Text("total:N"))
                for layer in (halo, text)
            ]
        return layers
