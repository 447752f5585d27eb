"""The searches under test and a synthetic outcome for any configuration; also run as a second process."""

from __future__ import annotations

import functools
import json
import math
import sys
from pathlib import Path
from typing import Any

from fashion_wb.search.factory import make_search
from fashion_wb.sweepfile.sweep import Sweep, make_sweep, read_sweep
from fashion_wb.trial import Metric, Trial, TrialState

ROOT = Path(__file__).resolve().parents[2]
CASES = tuple(sorted(path.stem for path in (ROOT / "sweeps").glob("*.yaml")))
# The one search that has no seed; its own file's ten points would not be enough for these tests.
FILES = tuple(name for name in CASES if name != "grid")
MODELS = tuple(name for name in FILES if name not in ("random", "hyperband", "qmc"))
RUNNING_AT_ONCE = 2
METRIC = Metric("valid_loss")
GRID = {
    "filters": {"distribution": "int_uniform", "min": 2, "max": 15},
    "lr": {"values": [0.0001, 0.001, 0.003]},
    "epochs": {"value": 10},
}


@functools.cache
def sweep(name: str) -> Sweep:
    """One of the repository's sweep files; the grid with more points than its own."""
    found = read_sweep(ROOT / "sweeps" / f"{name}.yaml")
    return make_sweep({**found.config, "parameters": GRID}, "grid") if name == "grid" else found


def search(name: str, seed: int = 0) -> Any:
    """A new sampler; scheduler sweeps draw their seed from the sweep's id, the others from the seed."""
    return make_search(sweep(name), f"sweep{seed}", seed)[0]


def outcome(number: int, config: dict[str, Any]) -> Trial:
    """A trial that has ended: every 5th failed after a NaN, every 7th stopped, every 11th without a value."""
    loss = (config["filters"] - 8) ** 2 / 50 + (math.log10(config["lr"]) + 3) ** 2
    rows: tuple[dict[str, float], ...] = (
        {"_step": 0, "valid_loss": loss + 1},
        {"_step": 1, "valid_loss": loss},
    )
    state = TrialState.FINISHED
    if number % 5 == 4:
        state, rows = TrialState.FAILED, (rows[0], {"_step": 1, "valid_loss": math.nan})
    elif number % 7 == 6:
        state, rows = TrialState.STOPPED, rows[:1]
    elif number % 11 == 10:
        rows = ({"_step": 0, "valid_loss": math.inf},)
    return Trial(number, f"run{number}", config, state, rows)


def shown(ended: list[Trial]) -> list[Trial]:
    """What the sampler is shown after `ended`: the last two trials are still running."""
    cut = max(0, len(ended) - RUNNING_AT_ONCE)
    running = [Trial(t.number, t.run_id, t.config, TrialState.RUNNING) for t in ended[cut:]]
    return ended[:cut] + running


def drive(sampler: Any, count: int) -> list[Trial]:
    """`count` trials that `sampler` suggests one after another."""
    ended: list[Trial] = []
    for number in range(count):
        ended.append(outcome(number, sampler.ask(shown(ended))))
    return ended


if __name__ == "__main__":
    trials = {name: drive(search(name), int(sys.argv[1])) for name in reversed(CASES)}
    print(json.dumps({name: [trial.config for trial in found] for name, found in trials.items()}))
