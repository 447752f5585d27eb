"""A live table for a terminal without a browser; into a file or pipe, the table as it is now."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from analysis.view.overview import RUNNING
from analysis.view.remote import RemoteProjects
from analysis.view.watch import Watch
from fashion_wb.foreign_text import one_line
from fashion_wb.server.path import WandbPath

_BARS = "▁▂▃▄▅▆▇█"
_SPARK = 24
_REFRESH_SECONDS = 0.5
_MOST_SWEEPS = 30
_STYLES = {"running": "blue", "stopped": "yellow", "failed": "red", "finished": "green"}
Row = Mapping[str, Any]


def show(roots: Sequence[Path], projects: Sequence[WandbPath], stream: TextIO) -> None:
    """Show what is watched until Ctrl-C; if `stream` is no terminal, print it once when all has been read.

    Raises:
        FashionWbError: W&B's server refuses a project.
    """
    console = Console(file=stream, width=None if stream.isatty() else _width())
    with RemoteProjects(projects, stream) as remote, Watch(roots, [remote.sweeps]) as watch:
        if not console.is_terminal:
            while not watch.ready:
                time.sleep(0.05)
            console.print(picture(watch.overview(), _MOST_SWEEPS))
            return
        with Live(console=console, screen=True, auto_refresh=False) as live:
            try:
                while True:
                    most = max(3, console.size.height - 14)
                    live.update(picture(watch.overview(), most), refresh=True)
                    time.sleep(_REFRESH_SECONDS)
            except KeyboardInterrupt:
                pass
        # The screen goes back to what it showed before; what was found stays.
        console.print(picture(watch.overview(), _MOST_SWEEPS))


def picture(overview: Mapping[str, Any], most: int) -> RenderableType:
    """Return the tables of an overview; at most `most` sweeps, those that run first.

    Names from runs are text: they have no markup, and nothing in them steers the terminal.
    """
    sweeps = sorted(overview["sweeps"], key=lambda one: (one["running"] is not True, -(one["updated"] or 0)))
    parts: list[RenderableType] = [_running(overview["running"], overview["sweeps"])]
    parts.append(_sweeps(sweeps[:most], len(sweeps)))
    if overview["ended"]:
        parts.append(_ended(overview["ended"], overview["sweeps"]))
    parts += [_text(text, "red") for text in overview["troubles"]]
    if not overview["ready"]:
        parts.append(Text("reading ...", style="dim"))
    return Group(*parts)


def sparkline(values: Sequence[float], width: int = _SPARK) -> str:
    """Draw values as one bar each, the last `width` of them; empty without values."""
    shown = list(values)[-width:]
    if not shown:
        return ""
    low, high = min(shown), max(shown)
    room = high - low or 1.0
    return "".join(_BARS[round((value - low) / room * (len(_BARS) - 1))] for value in shown)


def _running(rows: Sequence[Row], sweeps: Sequence[Row]) -> RenderableType:
    if not rows:
        return Text("Nothing runs at the moment.", style="dim")
    names = {one["key"]: one["name"] for one in sweeps}
    table = _table("Running now", "trial", "so far", "last", "logged", "time left", "configuration")
    for row in rows[:16]:
        left = "interrupted" if row["interrupted"] else _duration(row["seconds_left"])
        config = " ".join(f"{name}={_number(value)}" for name, value in row["config"].items())
        cells = [f"{names[row['sweep']]} {row['number']}", sparkline([y for _, y in row["curve"]])]
        cells += [_number(row["last"]), f"{row['steps']}/{row['longest']}", left, config]
        table.add_row(*map(_text, cells))
    return table


def _sweeps(sweeps: Sequence[Row], total: int) -> RenderableType:
    title = "Sweeps" if len(sweeps) == total else f"Sweeps: {len(sweeps)} of {total}"
    table = _table(title, "sweep", "state", "trials", "best", "stopped", "failed", "best configuration")
    for one in sweeps:
        counts, best = one["counts"], one["best"]
        ended = one["trials"] - one["unread"] - counts.get(RUNNING, 0)
        state = "running" if one["running"] else "interrupted" if counts.get(RUNNING) else ""
        trials = f"{ended}" if one["cap"] is None else f"{ended}/{one['cap']}"
        config = "" if best is None else " ".join(f"{k}={_number(v)}" for k, v in best["config"].items())
        cells = [one["name"], state, trials, _number(None if best is None else best["value"])]
        cells += [str(counts.get("stopped", 0)), str(counts.get("failed", 0)), config]
        table.add_row(*(_text(cell, _STYLES.get(cell, "")) for cell in cells))
    return table


def _ended(rows: Sequence[Row], sweeps: Sequence[Row]) -> RenderableType:
    names = {one["key"]: one["name"] for one in sweeps}
    table = _table("Stopped or failed last", "trial", "state", "reason")
    for row in rows[:5]:
        name = f"{names[row['sweep']]} {row['number']}"
        table.add_row(_text(name), _text(row["state"], _STYLES[row["state"]]), _text(row["reason"]))
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for name in columns:
        right = name in ("trials", "best", "stopped", "failed", "last", "logged", "time left")
        table.add_column(name, justify="right" if right else "left", header_style="dim", no_wrap=right)
    return table


def _text(text: Any, style: str = "") -> Text:
    return Text(one_line(str(text)), style=style)


def _number(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) and math.isfinite(value) else str(value)


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def _width() -> int:
    columns = os.environ.get("COLUMNS", "")
    return (int(columns) if columns.isdecimal() else 0) or 120
