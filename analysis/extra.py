"""What one study reports beside what every study does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Extra:
    """A section of its own.

    Attributes:
        title: of the section, a statement that the section is about.
        sentences: what is found, one finding each.
        caption: of the page's charts.
        charts: makes the page's charts as Vega-Lite, side by side.
        figures: make the PNG figures, by file name.
    """

    title: str
    sentences: tuple[str, ...]
    caption: str
    charts: Callable[[], tuple[dict[str, Any], ...]]
    figures: Mapping[str, Callable[[], Figure]]
