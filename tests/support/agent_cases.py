"""Small sweeps on the stand-in server, and agents that run them."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from standin_client import client_environment, run_client
from standin_server import Server
from standin_state import ENTITY, Run
from sweep_cases import place, yaml
from warm_cli import Command

PROJECT = "fashion"
# The program prints its own pid first. It waits `pause` seconds after each row.
GOOD = """
import os, sys, time, wandb

if __name__ == "__main__":
    print(os.getpid(), flush=True)
    run = wandb.init()
    for step in range(run.config.get("steps", 3)):
        run.log({"loss": run.config.x + 1 / (step + 1)})
        time.sleep(run.config.get("pause", 0))
"""
LONG = "steps: {value: 600}\npause: {value: 0.1}"
# By default a run sends its rows every 15 s.
SOON = {"WANDB__FILE_STREAM_TRANSMIT_INTERVAL": "1"}


def grid(size: int, more: str = "", parameters: str = "") -> str:
    """Return a grid sweep file over x = 0, 1, ... size - 1."""
    return yaml(f"x: {{values: {list(range(size))}}}\n{parameters}".rstrip(), method="grid", more=more)


def add_sweep(server: Server, home: Path, text: str, program: str = GOOD) -> str:
    """Put a sweep on the server and its program into `home`; return the sweep's path."""
    place(home, text, program)
    with server.state.lock:
        return f"{ENTITY}/{PROJECT}/{server.state.add_sweep(PROJECT, text).name}"


def runs_of(server: Server, path: str) -> list[Run]:
    """Return a sweep's runs, oldest first."""
    with server.state.lock:
        return server.state.runs_of(path.rpartition("/")[2])


def started(server: Server, path: str) -> list[Run]:
    """Return the runs that a process has started."""
    return [run for run in runs_of(server, path) if "_wandb" in run.config]


def agent(
    server: Server, home: Path, path: str, *options: str, **env: str
) -> subprocess.CompletedProcess[str]:
    """Run an agent until it exits."""
    return run_client(server.url, home, "agent", path, *options, **env)


def start_agent(server: Server, home: Path, path: str, *options: str, **env: str) -> Command:
    """Start an agent; its output goes to `home`/agent.log."""
    return Command(
        ["agent", path, *options],
        home,
        client_environment(server.url, home, **SOON, **env),
        log=home / "agent.log",
    )


def wait_until(true: Callable[[], Any], seconds: float = 60) -> Any:
    """Wait until `true()` returns something true, and return that."""
    deadline = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def logging_run(server: Server, path: str) -> Run:
    """Wait until a run of the sweep has logged something, and return the run."""
    return wait_until(lambda: next((run for run in runs_of(server, path) if run.history), None))


def pid_of(home: Path, run: Run) -> int:
    """Return the process id of a trial of GOOD."""
    return int((home / "wandb" / f"sweep-{run.sweep}" / f"output-{run.name}.log").read_text().split()[0])


def is_complete(run: Run) -> bool:
    """Whether the server has every row that the run logged, and the last one in its summary."""
    steps = [row["_step"] for row in run.history]
    return steps == list(range(len(steps))) and run.summary["loss"] == run.history[-1]["loss"]
