"""What is checked before a sweep's folder is made: a mistake leaves nothing behind, and no process starts."""

from __future__ import annotations

import contextlib
from pathlib import Path

from fashion_wb.errors import FashionWbError
from fashion_wb.offline.plan import PlannedSweep
from fashion_wb.offline.start.opening import Reader, read_wanted
from fashion_wb.search.factory import start_search
from fashion_wb.sweep_folder.sweep_dir import SweepDir
from fashion_wb.sweepfile.program import syntax_error
from fashion_wb.sweepfile.sweep import Sweep


def check_program(sweep: Sweep, cwd: Path, warm: bool) -> None:
    """Check that the program of a sweep is there, and is Python if trials are forked from it.

    Raises:
        FashionWbError: it is not.
    """
    script = sweep.script(cwd)
    if script is None:
        return
    if not script.is_file():
        advice = "run from the directory that holds it, as for `wandb agent`"
        raise FashionWbError(sweep.located(f"program: {sweep.program} is not in {cwd}; {advice}"))
    runs_python = sweep.command is None or "${interpreter}" in sweep.command
    wrong = syntax_error(script) if warm and runs_python else ""
    if wrong:
        text = f"program: {wrong}; every trial would fail. If another Python runs it, give --cold"
        raise FashionWbError(sweep.located(text))


def check_search(plan: PlannedSweep, cwd: Path, read: Reader) -> None:
    """Check a sweep without trials: its start can be read, and its search makes a first suggestion.

    Args:
        plan: the sweep; nothing is written into its folder, and one that has begun is not checked.
        cwd: the directory that trials run in, which a scheduler block's source is relative to.
        read: reads earlier runs.

    Raises:
        FashionWbError: an initial file, earlier runs or the search space do not go together with the search.
    """
    if any(plan.folder.glob("wandb/sweep-*/config-*.yaml")):
        return
    folder = SweepDir(plan.folder.resolve(), plan.sweep, "new", plan.seed)
    start = read_wanted(folder, plan.start, read)
    with contextlib.chdir(cwd):
        try:
            sampler, _ = start_search(plan.sweep, folder.sweep_id, plan.seed, start)
            sampler.ask([])
        except FashionWbError as error:
            raise FashionWbError(plan.sweep.located(str(error))) from error
