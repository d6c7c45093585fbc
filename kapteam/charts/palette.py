"""The colors of the charts: those of .streamlit/config.toml, by theme."""

from dataclasses import dataclass


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
