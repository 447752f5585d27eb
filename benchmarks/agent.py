"""Time the same small sweep with `fashion-wb agent` and with `wandb agent`.

    .venv/bin/python benchmarks/agent.py [--pairs 3] [--trials 8]

Both use the stand-in for W&B's server of tests/standin, on this machine, so no time is network latency. The
trials are train.py's: one epoch on 500 images, with one thread each. The agents take turns at going first
in a pair. Prints seconds per trial from starting the agent to its exit, and seconds from one trial's epoch
to the next trial's, once as many trials have ended as run at once: medians with the range, and the ratio
per pair.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click
import yaml

from fashion_wb.cnn.data import locate
from fashion_wb.study.methods import PROJECT_ROOT

sys.path[:0] = [str(PROJECT_ROOT / "tests" / name) for name in ("support", "standin")]

from standin_client import client_environment  # noqa: E402  the stand-in is no package, and not installed
from standin_server import Server  # noqa: E402
from standin_state import ENTITY  # noqa: E402

OURS = [sys.executable, "-c", "from fashion_wb.cli import main; main()", "agent"]
# Each with its number of trials at once.
AGENTS = {
    "wandb agent": ([sys.executable, "-m", "wandb", "agent"], 1),
    "fashion-wb agent": (OURS, 1),
    "fashion-wb agent --workers 2": ([*OURS, "--workers", "2"], 2),
}


def sweep_text(trials: int) -> str:
    """Return a random sweep of train.py, one epoch per trial."""
    config = yaml.safe_load((PROJECT_ROOT / "sweeps" / "random.yaml").read_text())
    config["run_cap"] = trials
    config["parameters"]["epochs"] = {"value": 1}
    return yaml.safe_dump(config)


def time_agent(command: list[str], at_once: int, trials: int) -> tuple[float, float]:
    """Run a new sweep with an agent; return seconds of the whole, and of each trial after the first ones."""
    with Server() as server, tempfile.TemporaryDirectory() as home:
        for name in ("train.py", "fashion_wb"):
            (Path(home) / name).symlink_to(PROJECT_ROOT / name)
        sweep = server.state.add_sweep("benchmark", sweep_text(trials)).name
        env = client_environment(server.url, Path(home), FASHION_WB_LIMIT="500", OMP_NUM_THREADS="1")
        path = f"{ENTITY}/benchmark/{sweep}"
        # Without --count: the agent exits by itself, as a user would let it.
        started = time.monotonic()
        subprocess.run([*command, path], cwd=home, env=env, capture_output=True, check=True)
        seconds = time.monotonic() - started
        good = [run for run in server.state.runs_of(sweep) if run.exit_code == 0 and len(run.history) == 1]
        if len(good) != trials or server.state.problems:
            raise click.ClickException(f"{len(good)} of {trials} trials finished; {server.state.problems}")
        logged = sorted(run.history[0]["_timestamp"] for run in good)
        return seconds, (logged[-1] - logged[at_once - 1]) / (trials - at_once)


def describe(name: str, seconds: list[float], baseline: list[float]) -> str:
    """Format a row: median and range, and the ratio of the pairs."""
    ratios = [b / a for a, b in zip(seconds, baseline, strict=True)]
    columns = [f"{statistics.median(v):.2f} ({min(v):.2f} to {max(v):.2f})" for v in (seconds, ratios)]
    return f"{name:<31} {columns[0]:<26} {60 / statistics.median(seconds):>10.1f}   {columns[1]}"


@click.command()
@click.option("--pairs", type=click.IntRange(min=1), default=3, show_default=True)
@click.option("--trials", type=click.IntRange(min=3), default=6, show_default=True)
def main(pairs: int, trials: int) -> None:
    """Measure and print."""
    locate.ensure()
    time_agent(OURS, 1, trials=2)  # fills caches; not counted
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in AGENTS}
    for number in range(pairs):
        for name in list(AGENTS) if number % 2 == 0 else reversed(AGENTS):
            found[name].append(time_agent(*AGENTS[name], trials))
            click.echo(f"pair {number + 1}  {name:<30} {found[name][-1][0]:6.1f} s", err=True)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    load = f"load {os.getloadavg()[0]:.1f} at the end"
    print(f"{machine}, {load}, n = {pairs} pairs of a sweep of {trials} trials")
    a_trial = {name: [seconds / trials for seconds, _ in pairs] for name, pairs in found.items()}
    further = {name: [seconds for _, seconds in pairs] for name, pairs in found.items()}
    for title, values in (("the whole, by trial", a_trial), ("each trial after the first ones", further)):
        print(f"\n{title:<31} {'seconds (range)':<26} {'a minute':>10}   wandb agent / this (range)")
        for name in AGENTS:
            print(describe(name, values[name], values["wandb agent"]))


if __name__ == "__main__":
    main()
