"""Layers put upon each other without a copy of them.

`altair.layer` copies every layer at every level, with all that could have been said of it: of the
panels of a client half a second on every run of the page.
"""

from collections.abc import Iterable
from typing import Any

import altair as alt
from altair.utils.schemapi import disable_debug_mode

# The tests hold every chart against the schema, so no part of one is held against it as it is made.
disable_debug_mode()

_PLACE = "at"
Spec = dict[str, Any]
"""A part of a chart as Vega-Lite reads it."""


def constant(channel: Any, value: Any) -> Any:
    """One value in place of a field, on a channel by its class: `alt.XValue`.

    A channel that is told as text or by `alt.value` Altair looks for among all classes that it has,
    and hashes every one of them for it: most of the time of a chart.
    """
    return channel(value)


def on_each_other(layers: Iterable[alt.Chart | Spec]) -> Spec:
    """Some layers as one, to be a layer itself."""
    return {"layer": [_spec(one) for one in layers]}


def placed_later(x_type: str) -> alt.X:
    """The horizontal place of a layer by its type, `T` or `Q`, of which `view` says the rest.

    So that a layer depends on nobody's rows, neither on them nor on how far they reach.
    """
    return alt.X(f"{_PLACE}:{x_type}")


def view(
    layers: Iterable[alt.Chart | Spec], x: alt.X, datasets: dict[str, list[Spec]], height: int
) -> Spec:
    """A whole chart of layers over named rows, each layer with a vertical scale of its own.

    They share `x`. The tests hold it against the schema: on every run it would take longer than the
    page. The rows stand in their layers: of those that are named Streamlit makes a table for each
    name.
    """
    place = _spec(alt.Chart().mark_point().encode(x=x))["encoding"]["x"]
    return {
        "$schema": alt.SCHEMA_URL,
        **_filled(on_each_other(layers), place, datasets),
        "resolve": {"scale": {"y": "independent"}},
        "height": height,
        # The panels keep their height, whatever the axis and the legend below them need.
        "autosize": {"type": "fit-x", "contains": "padding"},
        "padding": {"left": 0, "top": 4, "right": 0, "bottom": 0},
        "config": {"view": {"stroke": None}},
    }


def _filled(layer: Spec, place: Spec, datasets: dict[str, list[Spec]]) -> Spec:
    """The layer with its rows and its place; the one that was given stays as it is."""
    told = dict(layer)
    if "layer" in layer:
        told["layer"] = [_filled(one, place, datasets) for one in layer["layer"]]
    if "data" in layer:
        told["data"] = {"values": datasets[layer["data"]["name"]]}
    encoding = layer.get("encoding", {})
    if encoding.get("x", {}).get("field") == _PLACE:
        told["encoding"] = encoding | {"x": place}
    return told


def _spec(one: alt.Chart | Spec) -> Spec:
    # Of a layer nothing is said that only a whole chart says.
    if isinstance(one, dict):
        return one
    return one.to_dict(validate=False, context={"top_level": False})
