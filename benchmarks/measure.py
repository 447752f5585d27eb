"""Shared by the benchmarks: Ray Tune's environment, the machine in a line, medians with their range."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

FOLDER = Path(__file__).resolve().parent
RAY_PYTHON = FOLDER.parent / ".venv-ray" / "bin" / "python"


def ray_tune(*arguments: object) -> Any:
    """Run raytune.py with these arguments, and return what it prints.

    Raises:
        ClickException: Ray Tune's environment is missing, or Ray Tune failed.
    """
    if not RAY_PYTHON.exists():
        raise click.ClickException("Ray Tune is not set up; run `make .venv-ray/.ready`, or give --no-ray")
    command = [RAY_PYTHON, FOLDER / "raytune.py", *arguments]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise click.ClickException(f"Ray Tune failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def machine() -> str:
    """Describe the machine, the load and the versions in one line."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("torch", "numba", "wandb"))
    hardware = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    load = f"load {os.getloadavg()[0]:.1f} at the end"
    return f"{hardware}, {load}, Python {platform.python_version()}, {versions}"


def spread(values: Sequence[float], digits: int = 3) -> str:
    """Format median and range."""
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def ratios(rival: Sequence[float], ours: Sequence[float]) -> list[float]:
    """Return how many times as long as ours the rival takes, pair by pair."""
    return [theirs / mine for theirs, mine in zip(rival, ours, strict=True)]
