"""How pictures look: a palette for colour-blind readers, and a second mark for readers without colour."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fashion_wb.files import replacing

# Okabe and Ito's colours without yellow, which is too light for a line on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
LINES = ("-", (0, (6, 2)), (0, (1, 1.2)), (0, (6, 2, 1, 2)), (0, (3, 1, 1, 1, 1, 1)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
GREY = "#767676"
LONGEST_LABEL = 18
WIDTH_INCHES = 8.0
# 1200 pixels wide, and still legible when a page shows it at 800.
DOTS_PER_INCH = 150


@dataclass(frozen=True)
class Style:
    """Colour, dashes and marker of one method, the same in every picture."""

    colour: str
    line: str | tuple[float, tuple[float, ...]]
    marker: str


def new_figure(height: float) -> Figure:
    """An empty figure of `height` inches whose contents are laid out with a margin around them."""
    figure = Figure(figsize=(WIDTH_INCHES, height), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.1, h_pad=0.08)
    return figure


def method_styles(methods: Iterable[str]) -> dict[str, Style]:
    """A style for each method, by its place in the comparison; distinct for the first 35."""
    return {
        method: Style(COLOURS[i % len(COLOURS)], LINES[i % len(LINES)], MARKERS[i % len(MARKERS)])
        for i, method in enumerate(methods)
    }


def label(text: str) -> str:
    """A name as a picture can show it: shortened, and with no part read as a formula."""
    short = text if len(text) <= LONGEST_LABEL else text[: LONGEST_LABEL - 1] + "…"
    return short.replace("$", r"\$")


def tidy(axes: Axes) -> None:
    """Light grid behind the data, no frame on the right and at the top."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#e4e4e4", linewidth=0.8)
    axes.set_axisbelow(True)


def message(axes: Axes, text: str) -> None:
    """Say in the middle of empty axes why they are empty."""
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=GREY, wrap=True)


def save(figure: Figure, path: Path) -> None:
    """Write a PNG, whole or not at all; the same figure gives the same bytes."""
    with replacing(path) as temporary:
        figure.savefig(temporary, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
