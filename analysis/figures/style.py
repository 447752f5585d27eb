"""The look of the figures: colours for colour-blind readers, dashes and markers for print in grey."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from fashion_wb.files import replacing

# Okabe and Ito's palette without yellow, which is too light for a line on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
LINES = ("-", (0, (6, 2)), (0, (1, 1.2)), (0, (6, 2, 1, 2)), (0, (3, 1, 1, 1, 1, 1)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
GREY = "#767676"
LONGEST_LABEL = 18
WIDTH_INCHES = 8.0
# Makes 1200 pixels, which stay legible when a page shows them at 800.
DOTS_PER_INCH = 150


@dataclass(frozen=True)
class Style:
    """Colour, dashes and marker of one method, the same in every figure."""

    colour: str
    line: str | tuple[float, tuple[float, ...]]
    marker: str


def new_figure(height: float) -> Figure:
    """Make an empty figure of `height` inches that keeps a margin around its contents."""
    return Figure(figsize=(WIDTH_INCHES, height), layout=ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.08))


def method_styles(methods: Iterable[str]) -> dict[str, Style]:
    """Give each method a style by its place in the comparison; the first 35 are distinct."""
    return {
        method: Style(COLOURS[i % len(COLOURS)], LINES[i % len(LINES)], MARKERS[i % len(MARKERS)])
        for i, method in enumerate(methods)
    }


def label(text: str) -> str:
    """Shorten a name for a figure, and escape what matplotlib would read as a formula."""
    short = text if len(text) <= LONGEST_LABEL else text[: LONGEST_LABEL - 1] + "…"
    return short.replace("$", r"\$")


def tidy(axes: Axes) -> None:
    """Put a light grid behind the data and remove the frame at the top and on the right."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#e4e4e4", linewidth=0.8)
    axes.set_axisbelow(True)


def message(axes: Axes, text: str) -> None:
    """Write in the middle of empty axes why they are empty."""
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=GREY, wrap=True)


def save(figure: Figure, path: Path) -> None:
    """Write a PNG, completely or not at all. The same figure gives the same bytes."""
    with replacing(path) as temporary:
        figure.savefig(temporary, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
