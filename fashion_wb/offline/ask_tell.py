"""A sweep whose trials you run yourself, with a launcher of your own.

    DIR/ask.json                           how the sweep is asked: its cap, and how many trials at once
    DIR/wandb/sweep-ID/asked-RUN.json      a trial that is out: {"attempt": 1}

`ask` gives you a trial: command, variables, files. You run it wherever you like. `tell` takes back the run's
folder. The record is that of every sweep, and the suggestions are those of `fashion-wb sweep` with the same
`--parallel`.
"""

from __future__ import annotations

import json
import math
import shutil
import signal
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TextIO

from fashion_wb.errors import FashionWbError
from fashion_wb.executors.protocol import Event, Exited, Launch, Lost
from fashion_wb.files import locked, replacing, sync, write_text
from fashion_wb.json_file import read_object
from fashion_wb.offline.ongoing import OngoingSearch
from fashion_wb.offline.plan import PlannedSweep, trial_cap
from fashion_wb.offline.runner import SweepRunner
from fashion_wb.offline.start.before import check_program, check_search
from fashion_wb.offline.start.opening import StartOptions, make_reader, open_start, search_of
from fashion_wb.runlog.reader import find_run_logs, read_run_log
from fashion_wb.sweep_folder.attempts import read_attempts
from fashion_wb.sweep_folder.opening import open_sweep_dir, read_sweep_dir
from fashion_wb.sweep_folder.sweep_dir import SweepDir
from fashion_wb.sweepfile.sweep import Sweep
from fashion_wb.trial import Trial, TrialState

_SETTINGS = "ask.json"


@dataclass(frozen=True)
class Answer:
    """What `ask` answers.

    Attributes:
        state: "trial"; "wait" if a trial that is out has to be told first; "done" if there are no more.
        launch: the trial; None in the other states.
    """

    state: str
    launch: Launch | None = None


class _Launches:
    """An executor that starts and stops nothing: it keeps what was to be started."""

    slots = free = machine_count = 1

    def __init__(self) -> None:
        self.started: list[Launch] = []

    def start(self, launch: Launch) -> None:
        self.started.append(launch)

    def signal(self, key: str, number: signal.Signals) -> None: ...

    def trial_ended(self, exited: Exited, failed: bool) -> None: ...

    def events(self, timeout: float) -> list[Event]:
        return []

    def close(self) -> None: ...


def open_ask(
    root: Path,
    sweep: Sweep,
    seed: int,
    count: int | None,
    parallel: int | None,
    start: StartOptions,
    stream: TextIO,
) -> None:
    """Make the folder of a sweep that is asked; the same sweep, seed and options find it as it is.

    Args:
        root: the sweep's folder.
        sweep: the checked sweep file.
        seed: seed of the search.
        count: maximum number of trials; the file's `run_cap` applies as well.
        parallel: trials that may be out at once; see `OngoingSearch`. None means a fifth of the trials
            for a search that learns from results, and no limit for others.
        start: what the sweep starts from besides its file.
        stream: gets the progress of reading earlier runs.

    Raises:
        FashionWbError: the folder holds another sweep, the search space is invalid or the sweep has no end.
    """
    cap, read = trial_cap(sweep, count), make_reader(stream)
    check_program(sweep, Path.cwd(), warm=False)
    check_search(PlannedSweep(root, sweep, seed, start=start), Path.cwd(), read)
    folder = open_sweep_dir(root, sweep, seed)
    open_start(folder, start, read)
    if parallel is None:
        sampler, _ = search_of(folder)
        parallel = max(1, (cap or 1 << 20) // (5 if sampler.needs_results else 1))
    path, record = root / _SETTINGS, {"cap": cap, "parallel": parallel}
    if path.exists() and _read(path) != record:
        raise FashionWbError(f"{root}: is asked with {_read(path)}, not {record}; give the same options")
    write_text(json.dumps(record) + "\n", path)


def ask(root: Path, cwd: Path) -> Answer:
    """Hand out the next trial; it is on disk before this returns.

    Args:
        root: the sweep's folder.
        cwd: the directory of the sweep's program.

    Raises:
        FashionWbError: there is no such sweep, it is damaged, or another command is using it.
    """
    read_sweep_dir(root)  # before the lock, which is a file
    with locked(root):
        runner, executor = _runner(root, cwd), _Launches()
        if runner.can_start():
            runner.start_next(executor)
        if not executor.started:
            return Answer("wait" if runner.running else "done")
        launch = executor.started[0]
        write_text(json.dumps({"attempt": launch.attempt}) + "\n", runner.folder.asked_file(launch.key))
        return Answer("trial", launch)


def tell(
    root: Path, cwd: Path, run_id: str, attempt: int, run_folder: Path | None, status: int | None
) -> tuple[Trial, bool]:
    """Take what a trial has logged so far, or all of it.

    Args:
        root, cwd: as for `ask`.
        run_id, attempt: the trial, as `ask` gave it.
        run_folder: the run's folder, `offline-run-...`; None if it is in the sweep's folder already.
        status: the exit status of the trial's process, negative for a signal; None if it still runs.

    Returns:
        The trial, and whether it should be stopped; it has its `reason` and `stop` already then.

    Raises:
        FashionWbError: the trial is not out, this attempt at it is over, or the folder holds another run.
    """
    read_sweep_dir(root)  # before the lock, which is a file
    with locked(root):
        runner, executor = _runner(root, cwd), _Launches()
        folder = runner.folder
        _check_attempt(folder, run_id, attempt)
        if run_folder is not None:
            _copy_run(run_folder, folder, run_id)
        if status is not None:
            trial = runner.record_exit(Exited(run_id, status))
            if not trial.state.ended:
                raise FashionWbError(f"{run_id}: was interrupted; tell it as lost, and it starts again")
            folder.asked_file(run_id).unlink()
            return trial, False
        runner.watch(executor, {run_id})
        trial, outcome = runner.trials[_number(run_id)], folder.outcome(run_id)
        if outcome is None or outcome.state is not TrialState.STOPPED:
            return trial, False
        return replace(trial, reason=outcome.reason, stop=outcome.stop), True


def tell_lost(root: Path, cwd: Path, run_id: str, attempt: int, reason: str) -> Trial:
    """Take a trial back that will not end: the next `ask` gives it again, with the next attempt.

    Returns:
        The trial; it has failed if it has been lost too often.

    Raises:
        FashionWbError: as for `tell`.
    """
    read_sweep_dir(root)  # before the lock, which is a file
    with locked(root):
        runner = _runner(root, cwd)
        _check_attempt(runner.folder, run_id, attempt)
        trial = runner.record_loss(Lost(run_id, reason))
        runner.folder.asked_file(run_id).unlink()
        return trial


def _runner(root: Path, cwd: Path) -> SweepRunner:
    folder = read_sweep_dir(root)
    settings = _read(root / _SETTINGS)
    sampler, pruner = search_of(folder)
    out = {path.stem.removeprefix("asked-") for path in folder.proposals.glob("asked-*.json")}
    return SweepRunner(
        folder=folder,
        search=OngoingSearch(sampler, pruner, settings["cap"], settings["parallel"]),
        cwd=cwd,
        patience=math.inf,
        elsewhere=frozenset(out),
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        record = read_object(path)
        cap = None if record["cap"] is None else int(record["cap"])
        if not int(record["parallel"]) > 0:
            raise ValueError("parallel must be above 0")
        return {"cap": cap, "parallel": int(record["parallel"])}
    except FileNotFoundError:
        raise FashionWbError(f"{path.parent}: is not asked yet; begin with --sweep FILE") from None
    except (ValueError, KeyError, TypeError, OverflowError):
        raise FashionWbError(f"{path}: damaged; begin again with --sweep FILE") from None


def _check_attempt(folder: SweepDir, run_id: str, attempt: int) -> None:
    if not folder.asked_file(run_id).exists():
        raise FashionWbError(f"{run_id}: is not out; it has been told already, or was never asked for")
    current = read_attempts(folder, run_id).started
    if attempt != current:
        raise FashionWbError(f"{run_id}: attempt {attempt} is over; the current one is {current}")


def _copy_run(source: Path, folder: SweepDir, run_id: str) -> None:
    log = source / f"run-{run_id}.wandb"
    if not log.is_file():
        raise FashionWbError(f"{source}: holds no run-{run_id}.wandb; give the folder of that run")
    if read_run_log(log).run_id not in ("", run_id):
        raise FashionWbError(f"{log}: is the log of another run")
    target = folder.root / "wandb" / source.resolve().name
    if target.exists() and target.samefile(source):
        return
    # File by file into the run that is there: at no moment is there none, or half a log.
    shutil.copytree(
        source,
        target,
        symlinks=True,
        ignore=lambda here, names: _known_links(target / Path(here).relative_to(source), names),
        copy_function=_copy_whole,
        dirs_exist_ok=True,
    )
    for old in find_run_logs(folder.root, run_id):
        if old.parent != target:
            shutil.rmtree(old.parent)


def _known_links(here: Path, names: list[str]) -> list[str]:
    """Return those of `names` that are links in the folder `here` already."""
    return [name for name in names if (here / name).is_symlink()]


def _copy_whole(source: str, target: str) -> None:
    with replacing(Path(target)) as temporary:
        shutil.copy2(source, temporary)
        sync(temporary)


def _number(run_id: str) -> int:
    return int(run_id.rpartition("-")[2])
