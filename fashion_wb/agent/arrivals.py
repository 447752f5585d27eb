"""At an agent's end: send again what W&B's server lacks of its trials, and name runs that nobody started.

wandb's client can lose rows without a word: it takes a proxy's web page for the server's consent. The log on
this machine has them all.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from fashion_wb.agent.protocol import SweepOnServer
from fashion_wb.push.local_runs import LocalRun
from fashion_wb.push.server_runs import server_runs
from fashion_wb.push.upload import Upload
from fashion_wb.runlog.copying import Destination, ExitStatus
from fashion_wb.runlog.reader import RunLogError, find_run_logs, read_run_log
from fashion_wb.server.connection import Server
from fashion_wb.server.pages import iter_runs
from fashion_wb.trial import Trial

# The server may need a moment to count the rows of a run that has just ended.
_PAUSES = (1.0, 4.0)


def send_missing(
    server: Server, target: SweepOnServer, root: Path, trials: Iterable[Trial], stream: TextIO
) -> dict[str, str]:
    """Send what the server lacks of the trials' runs; return the reason, by run id, where it still does.

    Runs that log offline are left alone, and so are runs that were resumed: their rows are in several logs.

    Args:
        root: the folder that holds the trials' logs, in `wandb`.
        trials: those that have ended.
        stream: where to print progress.

    Raises:
        ServerError: as `Server.query`, or the upload takes too long.
    """
    missing = list(_local_runs(root, trials))
    for pause in (0.0, *_PAUSES):
        if not missing:
            return {}
        time.sleep(pause)
        found = server_runs(server, target.path, missing)
        missing = [run for run in missing if not found[run.run_id].has_arrived(run)]
    path, sweep_id = target.path, str(target.path.sweep)
    destination = Destination(path.entity, path.project, sweep_id, group_of=sweep_id)
    with tempfile.TemporaryDirectory() as folder:
        upload = Upload(server, path, target.sweep.name, destination, Path(folder), stream)
        return upload.upload(missing)


def never_started(server: Server, target: SweepOnServer, trials: Iterable[Trial]) -> list[str]:
    """Return the ids of the sweep's runs that were handed out and not started, these `trials` excepted.

    Raises:
        ServerError: as `Server.query`.
    """
    filters = {"sweep": target.path.sweep, "state": {"$in": ["crashed"]}}
    own = {trial.run_id for trial in trials}
    nodes = iter_runs(server, target.path, "name historyLineCount config", filters, 500)
    # wandb.init adds its own entry to the config.
    return [
        node["name"]
        for node in nodes
        if node["name"] not in own and not node["historyLineCount"] and "_wandb" not in node["config"]
    ]


def _local_runs(root: Path, trials: Iterable[Trial]) -> Iterator[LocalRun]:
    for trial in trials:
        logs = find_run_logs(root, trial.run_id)
        if len(logs) != 1 or logs[0].parent.name.startswith("offline-"):
            continue
        with suppress(RunLogError):
            log = read_run_log(logs[0])
            if log.exit_code is not None:
                status = ExitStatus(log.exit_code)
                yield LocalRun(trial.run_id, logs[0], log.config, len(log.history), status, 0.0)
