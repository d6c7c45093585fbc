"""How far the clients of a practice got: the spread of their change, not a mean alone."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from kapteam import sentences
from kapteam.charts.layering import constant
from kapteam.charts.palette import LIGHT, Palette
from kapteam.rules.change import least_change
from kapteam.rules.instruments import Instrument
from kapteam.rules.outcomes import Spread

_ROW_HEIGHT = 58
_SILENT: dict[str, Any] = {"tooltip": None, "aria": False}


def gains(
    groups: Sequence[tuple[str, Spread]], instrument: Instrument, palette: Palette = LIGHT
) -> alt.LayerChart:
    """For each group a line from the least gain to the most, a bar of its middle half, its median.

    The scale is the whole range of the measure, better to the right, so that little looks little.
    `groups` are at least one; who is in a group of few is for the caller to leave out.
    """
    range_ = instrument.maximum - instrument.minimum
    least = least_change(instrument)
    rows = [
        {
            "group": label,
            "words": sentences.gains(one),
            "number": one.number,
            "least": one.least,
            "first_quarter": float(one.first_quarter),
            "median": float(one.median),
            "third_quarter": float(one.third_quarter),
            "most": one.most,
        }
        for label, one in groups
    ]
    x: dict[str, Any] = {
        "scale": alt.Scale(domain=[-range_, range_], nice=False),
        "axis": alt.Axis(
            title=_title(instrument, least and least[0]),
            titleColor=palette.quiet,
            titleFontSize=12,
            titleFontWeight="normal",
            domain=False,
            ticks=False,
            gridColor=palette.grid,
            labelColor=palette.quiet,
            labelFontSize=12,
            tickCount=alt.expr("max(3, floor(width / 90))"),
        ),
    }
    y = alt.Y("group:N", sort=[label for label, _ in groups], axis=None)
    of = alt.Chart(alt.NamedData("groups")).encode(y=y)
    tooltip = [alt.Tooltip("group:N", title="Group"), alt.Tooltip("words:N", title="Change")]
    marks = [0] if least is None else [0, least[0]]
    lines = (
        alt.Chart(alt.NamedData("lines"))
        .mark_rule(color=palette.quiet, strokeDash=[4, 3], **_SILENT)
        .encode(x=alt.X("points:Q", **x))
    )
    whole = of.mark_rule(color=palette.blue, strokeWidth=2, **_SILENT).encode(
        x=alt.X("least:Q", **x), x2=alt.X2("most:Q")
    )
    middle = of.mark_bar(color=palette.blue, height=12).encode(
        x=alt.X("first_quarter:Q", **x),
        x2=alt.X2("third_quarter:Q"),
        tooltip=tooltip,
        description=alt.Description("words:N"),
    )
    median = of.mark_tick(color=palette.text, thickness=3, size=20, **_SILENT).encode(
        x=alt.X("median:Q", **x)
    )
    names = of.mark_text(align="left", dy=-18, fontSize=13, color=palette.text, **_SILENT).encode(
        x=constant(alt.XValue, 0), text=alt.Text("group:N")
    )
    chart: alt.LayerChart = (
        alt.layer(
            lines,
            whole,
            middle,
            median,
            names,
            datasets={"groups": rows, "lines": [{"points": one} for one in marks]},
        )
        .properties(
            height=alt.Step(_ROW_HEIGHT), padding={"left": 0, "top": 4, "right": 0, "bottom": 0}
        )
        .configure_view(stroke=None)
    )
    return chart


def gains_in_words(groups: Sequence[tuple[str, Spread]], instrument: Instrument) -> str:
    """The same in one sentence for each group."""
    said = "; ".join(f"{label}: {sentences.gains(one)}" for label, one in groups)
    return f"Change in {instrument.name} since before the first dose. {said}."


def _title(instrument: Instrument, least: int | None) -> list[str]:
    """What the scale and the dashed lines are."""
    error = "" if least is None else f", and {least} points, the measure's own error"
    return [
        f"{instrument.name}: points better than before the first dose",
        f"Dashed: no change{error}",
    ]
