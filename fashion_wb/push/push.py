"""Offline sweeps to W&B's server: create, upload, look whether all has arrived."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TextIO

from fashion_wb.errors import Interrupted
from fashion_wb.files import locked
from fashion_wb.offline.sweep_dir import SweepDir
from fashion_wb.push.local_runs import local_runs
from fashion_wb.push.server_sweep import ensure_project, ensure_sweep, finish_sweep
from fashion_wb.push.staging import staging
from fashion_wb.push.upload import Upload
from fashion_wb.search.factory import make_search
from fashion_wb.server.connection import Server, connect
from fashion_wb.server.path import WandbPath


@dataclass(frozen=True)
class PushedSweep:
    """What became of one sweep.

    Attributes:
        name: what tables call it.
        path: the sweep on the server.
        pushed: how many runs arrived now.
        there: how many had arrived before.
        unended: numbers of the trials that have not ended, and were left out.
        complete: whether every trial of the budget has ended and arrived; then the sweep is FINISHED there.
        problems: why, for each run that has not arrived, by run id.
    """

    name: str
    path: WandbPath
    pushed: int
    there: int
    unended: tuple[int, ...]
    complete: bool
    problems: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Push:
    """What became of all of them.

    Attributes:
        project: where they went.
        app_url: the server's address in the browser.
        sweeps: in the order given.
    """

    project: WandbPath
    app_url: str
    sweeps: tuple[PushedSweep, ...]


def push_sweeps(folders: Sequence[SweepDir], project: str, entity: str | None, stream: TextIO) -> Push:
    """Create the sweeps on W&B's server and upload their runs, as far as they are not there.

    What has arrived is asked of the server, before and after; nothing is kept here, and nothing in the runs'
    own folders changes. After an interruption, a failure or a success the same call goes on.

    Args:
        folders: offline sweeps, each once.
        project: created unless it is there.
        entity: None for the account's default.
        stream: where progress is printed.

    Raises:
        ServerError: no account, no such entity, or a server that refuses or does not answer.
        FashionWbError: a folder that is held by another process, or damaged.
        Interrupted: the user stopped it.
    """
    import wandb

    try:
        server = connect()
        target = WandbPath(entity or server.default_entity, project)
        ensure_project(server, target)
        sweeps = tuple(_push_sweep(server, target, folder, stream) for folder in folders)
    except KeyboardInterrupt:
        raise Interrupted("interrupted; what has arrived stays. The same command goes on.") from None
    return Push(target, wandb.setup().settings.app_url, sweeps)


def _push_sweep(server: Server, target: WandbPath, folder: SweepDir, stream: TextIO) -> PushedSweep:
    with locked(folder.root), staging(folder.root) as place:
        runs, unended = local_runs(folder)
        sweep = ensure_sweep(server, target, folder)
        upload = Upload(server, target, folder, sweep.sweep_id, place, stream)
        problems = upload.upload(runs)
        complete = not problems and not unended and _is_complete(folder, len(runs))
        if complete:
            finish_sweep(server, target, sweep)
    return PushedSweep(
        name=folder.sweep.name,
        path=WandbPath(target.entity, target.project, sweep.sweep_id),
        pushed=len(runs) - len(problems) - upload.there,
        there=upload.there,
        unended=tuple(trial.number for trial in unended),
        complete=complete,
        problems=problems,
    )


def _is_complete(folder: SweepDir, trials: int) -> bool:
    """Whether a sweep of so many trials, all of which have ended, will have no more of them."""
    if folder.sweep.run_cap is not None and trials >= folder.sweep.run_cap:
        return True
    if folder.sweep.config["method"] != "grid":
        return False
    sampler, _ = make_search(folder.sweep, folder.sweep_id, folder.seed)
    return sampler.ask(folder.read_trials()) is None
