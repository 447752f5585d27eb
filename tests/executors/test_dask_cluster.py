"""Machines that come, go, hang and die: no trial is lost, and none counts twice."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import sys
import time
from datetime import datetime

import distributed
import psutil
import pytest
from cluster_cases import cluster, start_worker, wait_until
from distributed import Security
from executor_cases import wait_for

from fashion_wb.errors import FashionWbError
from fashion_wb.executors.dask_cluster.messages import Bytes
from fashion_wb.executors.dask_cluster.receiving import write_bytes
from fashion_wb.executors.dask_cluster.rendezvous import Rendezvous, read_rendezvous
from fashion_wb.executors.dask_cluster.time_limit import end_of_allocation
from fashion_wb.executors.protocol import Launch, Lost, Started

pytestmark = pytest.mark.processes

DIE = "import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\n"
SLEEP = (
    "import sys, time\nfor n in range(int(sys.argv[1])): print(sys.argv[2], flush=True); time.sleep(0.05)\n"
)


def launch(folder, key, *arguments, attempt=1):
    (folder / "output").mkdir(exist_ok=True)
    argv = ["prog.py", *map(str, arguments)]
    output = folder / "output" / f"{key}.log"
    command = [sys.executable, *argv]
    return Launch(key, command, {}, folder, folder, output, attempt=attempt)


def program(folder):
    (folder / "prog.py").write_text(SLEEP)
    return folder / "prog.py"


def start_one_on_each(executor, folder):
    first, second = (launch(folder, key, 4000, "first") for key in ("a", "b"))
    executor.start(first)
    executor.start(second)
    wait_until(
        executor, lambda: all(each.output.exists() and each.output.read_text() for each in (first, second))
    )


def test_the_trials_of_a_machine_that_dies_or_leaves_start_again_elsewhere(tmp_path):
    with cluster(tmp_path, program(tmp_path), "--workers", 1, "--grace", 0, workers=2) as (executor, workers):
        mode = stat.S_IMODE(executor.rendezvous.stat().st_mode)
        assert mode == 0o600
        start_one_on_each(executor, tmp_path)
        os.killpg(workers[0].pid, signal.SIGKILL)
        lost = [
            event
            for event in wait_until(executor, lambda: len(executor.machines) == 1)
            if isinstance(event, Lost)
        ]
        assert len(lost) == 1 and not lost[0].handed_back and executor.slots == 1 and executor.free == 0
        (other,) = {"a", "b"} - {lost[0].key}
        executor.signal(other, signal.SIGKILL)
        assert wait_for(executor, other) == {other: -signal.SIGKILL}
        again = launch(tmp_path, lost[0].key, 2, "second", attempt=2)
        executor.start(again)
        assert wait_for(executor, again.key) == {again.key: 0}
        assert again.output.read_text() == "second\nsecond\n"
        executor.start(launch(tmp_path, "c", 4000, "third"))
        wait_until(executor, (tmp_path / "output" / "c.log").exists)
        worker = psutil.Process(workers[1].pid)
        for process in (worker, *worker.children(recursive=True)):  # as Slurm does
            process.terminate()
        # wandb-core gets the signal too; which of the two is noticed first depends on the load.
        reason = str(wait_for(executor, "c")["c"])
        assert "the machine got SIGTERM" in reason or "wandb-core" in reason
        assert workers[1].wait(timeout=30) == 0
        wait_until(executor, lambda: executor.machines == [])
    assert not executor.rendezvous.exists()


def test_a_trial_that_gets_its_machines_sigterm_first_is_handed_back(tmp_path):
    (tmp_path / "prog.py").write_text(DIE)
    with cluster(tmp_path, tmp_path / "prog.py", "--workers", 1, "--grace", 0, workers=1) as (
        executor,
        workers,
    ):
        executor.start(launch(tmp_path, "alone"))
        assert wait_for(executor, "alone") == {"alone": -signal.SIGTERM}
        executor.start(launch(tmp_path, "first"))
        deadline = time.monotonic() + 60
        while not any(isinstance(event, Started) for event in executor.events(0.1)):
            assert time.monotonic() < deadline, "never started"
        time.sleep(0.5)
        workers[0].terminate()
        assert "the machine got SIGTERM" in str(wait_for(executor, "first")["first"])


@pytest.mark.long
def test_a_machine_that_stops_answering_is_lost_and_what_it_says_later_is_dropped(tmp_path):
    with cluster(tmp_path, program(tmp_path), "--workers", 1, workers=2, lost_after=4.0) as (
        executor,
        workers,
    ):
        start_one_on_each(executor, tmp_path)
        workers[0].send_signal(signal.SIGSTOP)
        events = wait_until(executor, lambda: len(executor.machines) == 1)
        (lost,) = [event for event in events if isinstance(event, Lost)]
        (other,) = {"a", "b"} - {lost.key}
        executor.signal(other, signal.SIGKILL)
        wait_for(executor, other)
        again = launch(tmp_path, lost.key, 60, "second", attempt=2)
        executor.start(again)
        workers[0].send_signal(signal.SIGCONT)
        assert wait_for(executor, again.key) == {again.key: 0}
        assert again.output.read_text() == "second\n" * 60
        wait_until(executor, lambda: len(executor.machines) == 2 and executor.free == 2)
        executor.start(launch(tmp_path, "c", 1, "third"))
        executor.start(launch(tmp_path, "d", 1, "third"))
        assert wait_for(executor, "c", "d") == {"c": 0, "d": 0}


def test_a_leaving_machine_hands_back_what_it_never_started_and_lets_the_others_run(tmp_path):
    with cluster(tmp_path, program(tmp_path), "--workers", 2, "--grace", 60) as (executor, workers):
        executor.start(launch(tmp_path, "a", 4000, "first"))
        wait_until(executor, (tmp_path / "output" / "a.log").exists)
        workers[0].terminate()
        time.sleep(1)  # the controller has not asked yet, and so does not know
        executor.start(launch(tmp_path, "b", 1, "second"))
        lost, deadline = [], time.monotonic() + 30
        while not lost:
            assert time.monotonic() < deadline
            lost = [event for event in executor.events(0.1) if isinstance(event, Lost)]
        (event,) = lost
        assert (event.key, event.ran, event.handed_back) == ("b", False, True) and executor.free == 0
        executor.signal("a", signal.SIGKILL)
        assert wait_for(executor, "a") == {"a": -signal.SIGKILL}
        assert workers[0].wait(timeout=30) == 0


@pytest.mark.long
def test_a_machine_leaves_before_its_time_is_up(tmp_path):
    # Long enough for a slow machine to connect and to end the first trial.
    options = ("--workers", 2, "--time-left", 60)
    with cluster(tmp_path, program(tmp_path), *options) as (executor, workers):
        executor.start(launch(tmp_path, "short", 1, "short"))
        assert wait_for(executor, "short") == {"short": 0}
        assert executor.free == 2  # the longest trial so far still fits
        executor.start(launch(tmp_path, "long", 4000, "long"))
        assert "its time is nearly up" in wait_for(executor, "long", seconds=90)["long"]
        assert executor.free == 0
        assert workers[0].wait(timeout=10) == 0
    assert "Left: its time is nearly up" in (tmp_path / "workers.log").read_text()


def test_slurm_says_when_a_job_ends(tmp_path, monkeypatch):
    assert end_of_allocation({}) is None
    assert end_of_allocation({"SLURM_JOB_ID": "1", "SLURM_JOB_END_TIME": "1700000000"}) == 1700000000
    # In the place of Slurm's own squeue.
    (tmp_path / "squeue").write_text("#!/bin/sh\necho 2026-11-26T16:00:00\n")
    (tmp_path / "squeue").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    expected = datetime.fromisoformat("2026-11-26T16:00:00").timestamp()
    assert end_of_allocation({"SLURM_JOB_ID": "1"}) == expected
    (tmp_path / "squeue").write_text("#!/bin/sh\necho N/A\n")
    assert end_of_allocation({"SLURM_JOB_ID": "1"}) is None


def test_who_lacks_the_keys_or_the_program_is_kept_out(tmp_path):
    async def connect(address, security):
        comm = await distributed.core.connect(address, timeout=3, **security.get_connection_args("client"))
        await comm.write({"op": "identity", "reply": True})
        await comm.read()

    with cluster(tmp_path, program(tmp_path), workers=0) as (executor, _):
        found = read_rendezvous(str(executor.rendezvous))
        asyncio.run(connect(found.address, found.security()))
        strangers = {found.address: Security.temporary(), found.address.replace("tls:", "tcp:"): Security()}
        for address, security in strangers.items():
            with pytest.raises(OSError):
                asyncio.run(connect(address, security))
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        (tmp_path / "prog.py").unlink()
        (elsewhere / "prog.py").write_text("print('another')\n")
        worker = start_worker(elsewhere, executor.rendezvous)
        deadline = time.monotonic() + 60
        reasons = []
        while not reasons and time.monotonic() < deadline:
            reasons += [getattr(event, "reason", "") for event in executor.events(0.1)]
        assert "differs from the controller's" in reasons[0]
        assert worker.wait(timeout=60) == 1
    assert "copy that to this machine" in (elsewhere / "workers.log").read_text()


def test_bytes_are_written_only_where_a_trials_own_files_are(tmp_path):
    write_bytes(Bytes("x", 1, "output/x.log", 0, b"ab"), tmp_path)
    write_bytes(Bytes("x", 1, "output/x.log", 2, b"c"), tmp_path)
    assert (tmp_path / "output" / "x.log").read_bytes() == b"abc"
    with pytest.raises(FashionWbError, match="has 3 bytes where a part begins at 7"):
        write_bytes(Bytes("x", 1, "output/x.log", 7, b"d"), tmp_path)
    for name in ("/etc/x", "wandb/../../x", "sweep.json", "../x"):
        with pytest.raises(FashionWbError, match="not its own"):
            write_bytes(Bytes("x", 1, name, 0, b""), tmp_path)


def test_a_rendezvous_is_a_file_of_ours_or_of_dasks_or_an_address(tmp_path):
    assert read_rendezvous("tcp://host:1") == Rendezvous("tcp://host:1")
    path = tmp_path / "scheduler.json"
    path.write_text('{"type": "Scheduler", "address": "tcp://host:2"}')
    assert read_rendezvous(str(path)) == Rendezvous("tcp://host:2")
    path.write_text("[]")
    with pytest.raises(FashionWbError, match="neither a rendezvous file nor"):
        read_rendezvous(str(path))
    with pytest.raises(FashionWbError, match="cannot be read: No such file"):
        read_rendezvous(str(tmp_path / "missing"))
