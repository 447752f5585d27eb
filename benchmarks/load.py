"""Measure what thousands of runs in a folder cost: resume, compare, view, push; and the report on a server.

    .venv/bin/python benchmarks/load.py [--runs 1000,10000] [--pushed 100,200] [--reported 1000]

The runs are those of a small program: W&B offline run logs of ten rows each, written as W&B writes them. Each
command is a process of its own, started cold. `resume` goes on with such a sweep: seconds until the first
trial has ended, and until the command is over. `view` is the time until the page has read every run. `push`
and `report` talk to the stand-in for W&B's server in tests/standin, on this machine, so no time is network.
"""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import click
from measure import machine

from fashion_wb.runlog.writing import WrittenRun, write_run
from fashion_wb.study.methods import PROJECT_ROOT
from fashion_wb.sweep_folder.opening import open_sweep_dir
from fashion_wb.sweepfile.sweep import read_sweep

COMMAND = [sys.executable, "-c", "from fashion_wb.cli import main; main()"]
# What the system tells of a process that has ended begins with the memory of the one that started it, so a
# command notes the most memory of itself and its children when it ends.
_NOTING = """
import atexit, os, re, resource
from pathlib import Path

def note():
    own = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    Path(os.environ["LOAD_PEAK"]).write_text(str(max(own, children)))

atexit.register(note)
"""
ROWS = 10
PROGRAM = """
import wandb

if __name__ == "__main__":
    run = wandb.init()
    run.log({"loss": (run.config.x - 0.3) ** 2})
"""
SWEEP = """program: small.py
method: random
metric: {name: loss, goal: minimize}
parameters:
  x: {min: 0.0, max: 1.0}
  n: {min: 1, max: 1000}
"""


@dataclass(frozen=True)
class Cost:
    """What a command took.

    Attributes:
        seconds: from its start to its end.
        cpu: seconds of CPU, its children included.
        memory: most memory of it or one of its children, in MiB.
        first: seconds until it printed the line of its first trial, or had read every run; 0 if it has none.
    """

    seconds: float
    cpu: float
    memory: float
    first: float = 0.0


def fill(home: Path, count: int, rows: int = ROWS) -> Path:
    """Make a sweep of `count` finished runs in `home`/runs/small, with its program; return its folder."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "small.py").write_text(PROGRAM)
    (home / "small.yaml").write_text(SWEEP)
    folder = open_sweep_dir(home / "runs" / "small", read_sweep(home / "small.yaml"), 0)
    chance = random.Random(0)
    for number in range(count):
        config = {"x": chance.random(), "n": chance.randint(1, 1000)}
        base = (config["x"] - 0.3) ** 2
        logged = [{"loss": base + 1 / (k + 1), "_step": k, "_runtime": 0.1 * k} for k in range(rows)]
        run_id = folder.propose(number, config)
        write_run(WrittenRun(run_id, folder.sweep_id, "", config, logged, 0, 1e9 + number), folder.root)
    return folder.root


def measured(
    arguments: list[str], home: Path, env: Mapping[str, str] | None = None, line: str = ""
) -> tuple[Cost, str]:
    """Run `fashion-wb` with `arguments` in `home`; return what it took, and what it printed.

    `Cost.first` is when it printed a line that the pattern `line` matches.

    Raises:
        ClickException: it failed.
    """
    env = {**os.environ, "OMP_NUM_THREADS": "1"} if env is None else env
    peak = home / "peak"
    began = time.monotonic()
    process = subprocess.Popen(
        [*COMMAND[:2], _NOTING + COMMAND[2], *arguments],
        cwd=home,
        env={**env, "LOAD_PEAK": str(peak)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    first, printed = 0.0, []
    with process.stdout as output:
        for text in output:
            printed.append(text)
            if line and not first and re.match(line, text):
                first = time.monotonic() - began
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise click.ClickException(f"{arguments[0]} failed: {''.join(printed)[-2000:]}")
    seconds = time.monotonic() - began
    memory = int(peak.read_text()) / 1024
    return Cost(seconds, used.ru_utime + used.ru_stime, memory, first), "".join(printed)


def resume(home: Path, count: int) -> Cost:
    """Go on with the sweep of `count` runs, for two trials."""
    options = ["--count", str(count + 2), "--workers", "1", "--dir", "runs"]
    return measured(["sweep", "small.yaml", *options], home, line=r"\[")[0]


def compare(home: Path) -> Cost:
    """Compare it, which writes all tables, figures and report.html."""
    return measured(["compare", "runs", "--out", str(home / "comparison")], home)[0]


def view(home: Path) -> Cost:
    """Serve it until every run has been read."""
    began = time.monotonic()
    process = subprocess.Popen(
        [*COMMAND, "view", "runs", "--no-browser"], cwd=home, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr is not None
        found = re.search(r"http://\S+", process.stderr.readline())
        assert found is not None
        first = 0.0
        while not json.loads(_get(f"{found[0]}api/overview"))["ready"]:
            first = first or time.monotonic() - began
            time.sleep(0.2)
        seconds = time.monotonic() - began
        status = Path(f"/proc/{process.pid}/status").read_text()
        memory = int(status.split("VmHWM:")[1].split()[0]) / 1024
    finally:
        process.terminate()
        _, _, used = os.wait4(process.pid, 0)
        process.returncode = 0
        if process.stderr is not None:
            process.stderr.close()
    return Cost(seconds, used.ru_utime + used.ru_stime, memory, first or seconds)


def _get(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=600) as answer:
        content: bytes = answer.read()
        return content


def with_server(home: Path, count: int, what: str) -> Cost:
    """Push the sweep of `home` to a stand-in for W&B's server, or report on one that holds `count` runs."""
    sys.path[:0] = [str(PROJECT_ROOT / "tests" / name) for name in ("support", "standin")]
    from standin_cases import PROJECT
    from standin_cases import fill as fill_server
    from standin_client import client_environment
    from standin_server import Server
    from standin_state import ENTITY

    with Server() as server:
        env = client_environment(server.url, home)
        if what == "push":
            cost, _ = measured(["push", "runs", "--project", "load"], home, env)
            if len(server.state.runs) != count:
                raise click.ClickException(f"{len(server.state.runs)} of {count} runs arrived")
            return cost
        fill_server(server.state, count, ROWS)
        return measured(["report", f"{ENTITY}/{PROJECT}"], home, env)[0]


def apart(function: Callable[[Path], Cost], count: int) -> Cost:
    """Call it with a folder of `count` runs that nothing else uses."""
    with tempfile.TemporaryDirectory() as home:
        fill(Path(home), count)
        return function(Path(home))


def show(name: str, count: int, cost: Cost) -> None:
    """Print a line."""
    first = f"{cost.first:>10.1f}" if cost.first else f"{'':>10}"
    print(f"{name:<10}{count:>8,}{first}{cost.seconds:>9.1f}{cost.cpu:>9.1f}{cost.memory:>8.0f}", flush=True)


@click.command()
@click.option("--runs", default="1000,10000", show_default=True)
@click.option("--pushed", default="100,200", show_default=True)
@click.option("--reported", default="1000", show_default=True)
def main(runs: str, pushed: str, reported: str) -> None:
    """Print a line for each command and number of runs, n = 1."""
    print(f"{'':<10}{'runs':>8}{'first s':>10}{'all s':>9}{'CPU s':>9}{'MiB':>8}")
    for count in map(int, runs.split(",")):
        with tempfile.TemporaryDirectory() as home:
            fill(Path(home), count)
            show("compare", count, compare(Path(home)))
            show("view", count, view(Path(home)))
            show("resume", count, resume(Path(home), count))
    for count in map(int, pushed.split(",")):
        show("push", count, apart(lambda home, n=count: with_server(home, n, "push"), count))
    for count in map(int, reported.split(",")):
        show("report", count, apart(lambda home, n=count: with_server(home, n, "report"), 0))
    print(f"\n{machine()}")


if __name__ == "__main__":
    main()
