"""What the statements of the deciding study rest on, and where they need not hold."""

from __future__ import annotations

import numpy as np

from fashion_wb.replay.table import Table


def limits(table: Table, real: bool, second: bool) -> str:
    """Return the section of the page.

    Args:
        table: the table that answered the searches.
        real: whether a real study of this size has been run.
        second: whether a second space has been searched.
    """
    true = table.curves["valid_loss"].min(axis=-1).mean(axis=0)
    f, at = np.unravel_index(int(true.argmin()), true.shape)
    best = f"{table.filters[f]} filters, lr {table.lr[at]:.2g}"
    at_edge = f in (0, true.shape[0] - 1) or at in (0, true.shape[1] - 1)
    where = (
        "lies at the edge of the space, which favours a person who guesses that, and searches that try edges "
        "early."
        if at_edge
        else "lies inside the space."
    )
    small = [
        str(count) for count, dead in zip(table.filters, table.dead.any(axis=(0, 2)), strict=True) if dead
    ]
    dead = f"dead trainings (filters {', '.join(small)})" if small else "there are no dead trainings"
    found = [
        f"One model, one data set, two parameters. The best configuration of the table ({best}) {where}",
        f"{len(table.seeds)} training seeds. The intervals contain that error; {dead}"
        + (" are counted with the few there are." if small else "."),
        "How the same searches do on eight public tables of another model: "
        "[beyond Fashion-MNIST](outside.md).",
        "Seconds are those of one machine.",
    ]
    if not real:
        found.append("No real study of this size has confirmed the replay yet.")
    if not second:
        found.append("No second space has been searched yet.")
    return "\n".join(["## Where it need not hold", "", *(f"- {text}" for text in found)])
