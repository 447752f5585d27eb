"""Push offline sweeps to W&B's server: create the sweeps, upload the runs, check what has arrived."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TextIO

from fashion_wb.errors import Interrupted
from fashion_wb.files import locked
from fashion_wb.offline.start.notes import is_used_up
from fashion_wb.offline.start.opening import recorded_start
from fashion_wb.push.local_runs import local_runs
from fashion_wb.push.server_sweep import ensure_project, ensure_sweep, finish_sweep
from fashion_wb.push.staging import staging
from fashion_wb.push.upload import Upload
from fashion_wb.runlog.copying import Destination
from fashion_wb.server.connection import Server, connect
from fashion_wb.server.path import WandbPath
from fashion_wb.sweep_folder.sweep_dir import SweepDir


@dataclass(frozen=True)
class PushedSweep:
    """The result of pushing one sweep.

    Attributes:
        name: the sweep's name in tables.
        path: the sweep on the server.
        pushed: number of runs that arrived during this push.
        already_there: number of runs that had arrived before.
        without_outcome: numbers of the trials that were left out because they have no outcome yet.
        complete: whether every trial of the budget has an outcome and has arrived; the sweep on the server is
            then FINISHED.
        copies: ids of empty sweeps that W&B made together with this one, canceled.
        problems: for each run that has not arrived, by run id, the reason.
    """

    name: str
    path: WandbPath
    pushed: int
    already_there: int
    without_outcome: tuple[int, ...]
    complete: bool
    copies: tuple[str, ...] = ()
    problems: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PushResult:
    """The result of a push.

    Attributes:
        project: the project that the sweeps were pushed to.
        app_url: the server's address in the browser.
        sweeps: the results of the sweeps, in the order given.
    """

    project: WandbPath
    app_url: str
    sweeps: tuple[PushedSweep, ...]


def push_sweeps(folders: Sequence[SweepDir], project: str, entity: str | None, stream: TextIO) -> PushResult:
    """Create the sweeps on W&B's server and upload the runs that the server does not have yet.

    The server is the only record of what has arrived; it is asked before and after the upload. Nothing is
    recorded locally and the runs' folders do not change. Call this again after an interruption, a failure or
    a success, and it continues from what the server has.

    Args:
        folders: offline sweeps, each once.
        project: created if it does not exist.
        entity: None for the account's default.
        stream: where to print progress.

    Raises:
        ServerError: no account, no such entity, or a server that refuses or does not answer.
        FashionWbError: a folder is locked by another process, or damaged.
        Interrupted: the user stopped it.
    """
    import wandb

    try:
        server = connect()
        target = WandbPath(entity or server.default_entity, project)
        ensure_project(server, target)
        sweeps = tuple(_push_sweep(server, target, folder, stream) for folder in folders)
    except KeyboardInterrupt:
        raise Interrupted(
            "interrupted; runs that have arrived stay. Run the same command to continue."
        ) from None
    return PushResult(target, wandb.setup().settings.app_url, sweeps)


def _push_sweep(server: Server, target: WandbPath, folder: SweepDir, stream: TextIO) -> PushedSweep:
    with locked(folder.root), staging(folder.root) as staging_folder:
        runs, without_outcome = local_runs(folder)
        sweep = ensure_sweep(server, target, folder)
        destination = Destination(target.entity, target.project, sweep.sweep_id, group_of=folder.sweep_id)
        upload = Upload(server, target, folder.sweep.name, destination, staging_folder, stream)
        problems = upload.upload(runs)
        complete = not problems and not without_outcome and _is_complete(folder, len(runs))
        if complete:
            finish_sweep(server, target, sweep)
    return PushedSweep(
        name=folder.sweep.name,
        path=WandbPath(target.entity, target.project, sweep.sweep_id),
        pushed=len(runs) - len(problems) - upload.already_there,
        already_there=upload.already_there,
        without_outcome=tuple(trial.number for trial in without_outcome),
        complete=complete,
        copies=sweep.copies,
        problems=problems,
    )


def _is_complete(folder: SweepDir, trials: int) -> bool:
    """Whether a sweep of `trials` trials, all with an outcome, will have no more trials."""
    if folder.sweep.run_cap is not None and trials >= folder.sweep.run_cap:
        return True
    endless = recorded_start(folder).allow_repeats and folder.sweep.config["method"] != "grid"
    return not endless and is_used_up(folder, folder.read_trials())
