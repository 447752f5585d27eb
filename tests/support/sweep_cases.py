"""Small sweeps with users' own programs, and a way to run them through the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from warm_cli import run_command

from fashion_wb.sweep_folder.opening import find_sweep_dirs
from fashion_wb.sweep_folder.sweep_dir import SweepDir
from fashion_wb.trial import Trial

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-c", "from fashion_wb.cli import main; main()"]

GOOD = """
import time
import wandb

if __name__ == "__main__":
    run = wandb.init()
    for step in range(run.config.get("steps", 3)):
        run.log({"loss": (run.config.x - 0.3) ** 2 + 1 / (step + 1)})
        time.sleep(run.config.get("pause", 0))
"""


def yaml(parameters: str = "x: {min: 0.0, max: 1.0}", method: str = "random", more: str = "") -> str:
    """A sweep file for prog.py that minimises `loss`."""
    inner = "".join(f"  {line}\n" for line in parameters.splitlines())
    return f"method: {method}\nprogram: prog.py\nmetric: {{name: loss}}\n{more}parameters:\n{inner}"


def place(folder: Path, sweep: str, program: str = GOOD) -> Path:
    """Write prog.py and sweep.yaml into a folder; returns the sweep file."""
    (folder / "prog.py").write_text(program)
    (folder / "sweep.yaml").write_text(sweep)
    return folder / "sweep.yaml"


def environment(**extra: str) -> dict[str, str]:
    """This process's environment without what could steer wandb or the number of threads."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("WANDB", "OMP_"))}
    return kept | extra


def run(folder: Path, *arguments: str, timeout: float = 120, **env: str) -> subprocess.CompletedProcess[str]:
    """Run `fashion-wb` with `arguments` in `folder`."""
    return run_command(list(arguments), folder, environment(**env), timeout)


def only_sweep(folder: Path) -> SweepDir:
    """The one sweep kept below a folder."""
    (found,) = find_sweep_dirs(folder)
    return found


def states(folder: Path) -> list[str]:
    """The outcome of each trial of the one sweep below a folder, by number."""
    return [str(trial.state) for trial in trials(folder)]


def trials(folder: Path) -> list[Trial]:
    """The trials of the one sweep below a folder, by number."""
    return only_sweep(folder).read_trials()
