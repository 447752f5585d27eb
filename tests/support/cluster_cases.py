"""A cluster on this machine: real workers of `fashion-wb worker` over loopback."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time

import psutil
from sweep_cases import environment

from fashion_wb.executors.dask_cluster.executor import DaskExecutor
from fashion_wb.executors.dask_cluster.options import ClusterOptions

MAIN = "from fashion_wb.cli import main; main()"


def start_worker(folder, rendezvous, *options, **env):
    """Start a worker in `folder`, in a process group of its own; `env` are further variables."""
    argv = [sys.executable, "-c", MAIN, "worker", str(rendezvous), *map(str, options)]
    with (folder / "workers.log").open("ab") as log:
        return subprocess.Popen(
            argv, cwd=folder, env=environment(**env), stdout=log, stderr=log, start_new_session=True
        )


def trials_of(worker):
    """Return the processes of the trials that a worker runs."""
    servers = psutil.Process(worker.pid).children()
    below = [child for server in servers for child in server.children()]
    # A trial leads a process group of its own; what runs wandb-core does not.
    return [child for child in below if os.getpgid(child.pid) == child.pid]


@contextlib.contextmanager
def cluster(folder, program, *worker_options, workers=1, lost_after=20.0):
    """Yield an executor with as many machines, once they have joined, and the workers' processes."""
    options = ClusterOptions(listen="127.0.0.1", lost_after=lost_after)
    processes = [start_worker(folder, folder / "cluster.json", *worker_options) for _ in range(workers)]
    try:
        with DaskExecutor(program, folder, folder, options) as executor:
            wait_until(executor, lambda: len(executor.machines) == workers)
            yield executor, processes
        for process in processes:
            process.wait(timeout=30)
    finally:
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
            process.wait()


def wait_until(executor, condition, seconds=60):
    """Take events until `condition` holds; return them."""
    events, deadline = [], time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, events
        events += executor.events(0.1)
    return events
