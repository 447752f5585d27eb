"""Bad machines, no memory, endless output: trials that are sick by their machine, or make it sick."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import psutil
import pytest
from cluster_cases import start_worker
from sweep_cases import COMMAND, environment, place, states, trials, yaml
from warm_cli import Command

pytestmark = pytest.mark.processes
SECTION = "Sick trials"

BREAKS = """
import os, time, wandb

if __name__ == "__main__":
    run = wandb.init()
    run.log({"loss": run.config.x})
    while not os.path.exists("both"):
        time.sleep(0.05)
    if os.environ.get("BROKEN") == "1":
        raise OSError("the accelerator of this machine does not answer")
    time.sleep(run.config.pause)
"""


@pytest.mark.fault(
    SECTION,
    "one machine fails again and again",
    made="a cluster of two workers, one of which lacks what trials need, so that each fails there at once",
    promised="it gets no more trials once the others show that it is the machine; the sweep goes on to its "
    "number of trials; what failed there stays failed",
)
@pytest.mark.parametrize(
    "pause",
    [
        pytest.param(0.5, id="as fast as the others"),
        pytest.param(2.0, id="faster than the others", marks=pytest.mark.long),
    ],
)
def test_a_machine_that_fails_again_and_again_is_taken_out_and_the_sweep_is_not(tmp_path, fault, pause):
    cap = fault.times(16, 40)
    place(
        tmp_path,
        yaml(f"x: {{min: 0.0, max: 1.0}}\npause: {{value: {pause}}}", more=f"run_cap: {cap}\n"),
        BREAKS,
    )
    file = tmp_path / "runs" / "sweep" / "cluster.json"
    workers = [start_worker(tmp_path, file, "--workers", 2, BROKEN=broken) for broken in ("0", "1")]
    try:
        arguments = ("sweep", "sweep.yaml", "--executor", "dask", "--listen", "127.0.0.1", "--parallel", "4")
        command = Command(list(arguments), tmp_path, environment())
        # With one machine alone, three failures at the start are the program's, and stop the sweep.
        wait_until(lambda: (tmp_path / "workers.log").read_text().count("Joined") == 2, command)
        (tmp_path / "both").touch()
        _, printed = command.communicate(timeout=300)
        assert command.returncode == 0, printed
        ends = [worker.wait(timeout=60) for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    found = states(tmp_path)
    failed = found.count("failed")
    assert len(found) == cap and found.count("finished") == cap - failed
    assert ends == [0, 0]
    (line,) = [line for line in printed.splitlines() if "gets no more trials" in line]
    assert "restart its fashion-wb worker to have it back: up to 2 trials at once" in line
    assert 3 <= failed <= 8, printed
    fault.observed(
        f"others take {pause:g} s a trial: taken out after {failed} failures; {cap} of {cap} trials, "
        f"{cap - failed} finished"
    )


def wait_until(condition, command, seconds=240):
    """Wait until `condition` holds, while `command` runs."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert command.poll() is None and time.monotonic() < deadline
        time.sleep(0.1)


SWELLS = """
import time
import wandb

if __name__ == "__main__":
    run = wandb.init()
    run.log({"loss": run.config.x})
    blocks = [bytearray(64 << 20) for _ in range(40 if run.config.x == 2 else 1)]
"""
CGROUPS = Path("/sys/fs/cgroup/memory")


@pytest.fixture
def memory_group():
    """A control group of the kernel with 1.2 GiB of memory, where this process may make one."""
    group = CGROUPS / f"fashion-wb-{os.getpid()}"
    try:
        group.mkdir()
        (group / "memory.limit_in_bytes").write_text(str(1200 << 20))
    except OSError:
        pytest.skip("needs to make a memory cgroup (version 1)")
    yield group
    deadline = time.monotonic() + 30
    while (group / "cgroup.procs").read_text() and time.monotonic() < deadline:
        time.sleep(0.1)
    group.rmdir()


@pytest.mark.fault(
    SECTION,
    "the kernel runs out of memory",
    made="a sweep in a cgroup of 1.2 GiB with a trial that takes 2.5 GiB, without --trial-memory",
    promised="the kernel kills that trial, not the controller, the fork server or wandb-core; it fails",
)
def test_the_kernel_kills_the_trial_and_nothing_that_others_need(tmp_path, fault, memory_group):
    place(tmp_path, yaml("x: {values: [0, 1, 2, 3, 4]}", "grid"), SWELLS)
    argv = [*COMMAND, "sweep", "sweep.yaml", "--workers", "2"]
    join = f'echo $$ > {memory_group}/cgroup.procs; exec "$@"'
    done = subprocess.run(
        ["sh", "-c", join, "sh", *argv],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert states(tmp_path) == ["finished", "finished", "failed", "finished", "finished"]
    assert trials(tmp_path)[2].reason == "was killed by SIGKILL"
    fault.observed("the trial was killed, 4 of 4 others finished")


PRINTS = """
import time
import wandb

if __name__ == "__main__":
    run = wandb.init()
    run.log({"loss": run.config.x})
    if run.config.x == 1:
        line = "x" * 1023
        while True:
            print("\\n".join([line] * 512), flush=True)
            time.sleep(0.005)
"""


@pytest.mark.fault(
    SECTION,
    "endless output",
    made="a program that prints without end, up to 100 MB a second, until --trial-timeout",
    promised="the controller's memory does not grow with it; not bounded: the trial's output file, and the "
    "copy that W&B keeps in the run, take the disk that they take",
)
@pytest.mark.parametrize("where", ["local", "dask"])
def test_endless_output_does_not_fill_the_controllers_memory(tmp_path, fault, where):
    if where == "dask" and not fault.full:
        pytest.skip("in the full version only")
    place(tmp_path, yaml("x: {values: [0, 1, 2]}", "grid"), PRINTS)
    seconds = fault.times(4, 15)
    arguments, worker = ["sweep", "sweep.yaml", "--trial-timeout", str(seconds)], None
    if where == "dask":
        arguments += ["--executor", "dask", "--listen", "127.0.0.1"]
        worker = start_worker(tmp_path, tmp_path / "runs" / "sweep" / "cluster.json", "--workers", 1)
    else:
        arguments += ["--workers", "1"]
    command = Command(arguments, tmp_path, environment(WANDB_AGENT_KILL_DELAY="1"))
    processes = [psutil.Process(command.pid), *([psutil.Process(worker.pid)] if worker else [])]
    first, most = [0] * len(processes), [0] * len(processes)
    while command.poll() is None:
        time.sleep(0.05)
        for place_, process in enumerate(processes):
            try:
                now = process.memory_info().rss
            except psutil.NoSuchProcess:
                continue
            if not list(tmp_path.glob("runs/sweep/output/*-0001.log")):
                first[place_] = now
            most[place_] = max(most[place_], now)
    _, printed = command.communicate(timeout=60)
    if worker is not None:
        worker.terminate()
        worker.wait(timeout=60)
    assert command.returncode == 0, printed
    assert states(tmp_path) == ["finished", "failed", "finished"]
    (output,) = tmp_path.glob("runs/sweep/output/*-0001.log")
    size = output.stat().st_size >> 20
    grown = [(one - before) >> 20 for one, before in zip(most, first, strict=True)]
    assert size > 10 * fault.times(1, 5)
    assert max(grown) < 200
    fault.observed(f"{where}: {size} MiB printed in {seconds} s, memory grew by {max(grown)} MiB")
