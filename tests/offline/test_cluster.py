"""A sweep on a cluster: the suggestions and histories of one machine, whatever dies on the way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from cluster_cases import start_worker
from sweep_cases import COMMAND, environment, only_sweep, place, run, yaml

pytestmark = pytest.mark.processes

SWEEP = yaml(method="bayes", more="run_cap: 7\n") + "  pause: {value: 0.15}\n  steps: {value: 4}\n"
OPTIONS = ("--parallel", "2", "--seed", "3")


def results(folder):
    trials = only_sweep(folder).read_trials()
    return [(t.number, t.config["x"], str(t.state), [row["loss"] for row in t.history]) for t in trials]


def start_controller(folder):
    argv = [*COMMAND, "sweep", "sweep.yaml", "--dir", "far", "--executor", "dask", "--listen", "127.0.0.1"]
    with (folder / "controller.log").open("ab") as log:
        return subprocess.Popen(
            [*argv, *OPTIONS, "--lost-after", "10"], cwd=folder, env=environment(), stdout=log, stderr=log
        )


def wait_for_logs(folder, number):
    deadline = time.monotonic() + 60
    while len(list(folder.glob("far/sweep/wandb/offline-run-*"))) < number:
        assert time.monotonic() < deadline, (folder / "controller.log").read_text()
        time.sleep(0.02)


@pytest.mark.long
def test_a_killed_worker_and_a_killed_controller_change_nothing(tmp_path):
    place(tmp_path, SWEEP)
    local = run(tmp_path, "sweep", "sweep.yaml", "--dir", "near", *OPTIONS, "--workers", "2")
    assert local.returncode == 0, local.stderr
    file = tmp_path / "far" / "sweep" / "cluster.json"
    workers = [start_worker(tmp_path, file, "--workers", 1) for _ in range(2)]
    controllers = [start_controller(tmp_path)]
    try:
        wait_for_logs(tmp_path, 2)
        os.killpg(workers[0].pid, signal.SIGKILL)
        wait_for_logs(tmp_path, 4)
        controllers[0].kill()
        controllers[0].wait()
        controllers.append(start_controller(tmp_path))
        assert controllers[1].wait(timeout=90) == 0, (tmp_path / "controller.log").read_text()
        assert workers[1].wait(timeout=30) == 0, (tmp_path / "workers.log").read_text()
    finally:
        for process in (*workers, *controllers):
            process.kill()
            process.wait()
    assert results(tmp_path / "far") == results(tmp_path / "near")
    said = (tmp_path / "controller.log").read_text()
    assert "  lost  " in said and "fashion-wb worker" in said
    runs = [path.name[-4:] for path in tmp_path.glob("far/sweep/wandb/offline-run-*")]
    assert sorted(runs) == [f"{number:04d}" for number in range(7)]


RESUMES = """
import json, os, time
from pathlib import Path
import wandb

if __name__ == "__main__":
    run = wandb.init()
    path = Path(os.environ["FASHION_WB_RESUME_DIR"], "rows.json")
    rows = json.loads(path.read_text()) if path.exists() else []
    began = len(rows)
    for row in rows:
        run.log(row)
    for step in range(began, 16):
        time.sleep(0.25)
        rows.append({"loss": step, "began": began})
        run.log(rows[-1])
        path.with_suffix(".tmp").write_text(json.dumps(rows))
        path.with_suffix(".tmp").replace(path)
"""


@pytest.mark.long
def test_a_trial_goes_on_from_its_checkpoint_on_another_machine(tmp_path):
    place(tmp_path, yaml(more="run_cap: 1\n"), RESUMES)
    resume = tmp_path / "far" / "sweep" / "resume"
    file = tmp_path / "far" / "sweep" / "cluster.json"
    workers, controller = [start_worker(tmp_path, file, "--workers", 1)], start_controller(tmp_path)
    try:
        deadline = time.monotonic() + 90
        while not list(resume.glob("*/rows.json")):
            assert time.monotonic() < deadline, (tmp_path / "controller.log").read_text()
            time.sleep(0.02)
        os.killpg(workers[0].pid, signal.SIGKILL)
        workers.append(start_worker(tmp_path, file, "--workers", 1))
        assert controller.wait(timeout=90) == 0, (tmp_path / "controller.log").read_text()
    finally:
        for process in (*workers, controller):
            process.kill()
            process.wait()
    (trial,) = only_sweep(tmp_path / "far").read_trials()
    assert [row["loss"] for row in trial.history] == list(range(16))
    # The second attempt began where a checkpoint was, and not at the beginning.
    assert trial.history[0]["began"] == 0 and trial.history[-1]["began"] > 0
    assert list(resume.iterdir()) == []


def start_dask(folder, *arguments):
    command = [sys.executable, "-m", "dask", *arguments, "--no-dashboard"]
    with (folder / "dask.log").open("ab") as log:
        return subprocess.Popen(command, cwd=folder, env=environment(), stdout=log, stderr=log)


@pytest.mark.long
def test_a_dask_cluster_that_is_running_takes_one_sweep_after_the_other(tmp_path):
    place(tmp_path, SWEEP)
    assert (
        run(
            tmp_path, "sweep", "sweep.yaml", "--dir", "near", *OPTIONS, "--count", "3", "--workers", "2"
        ).returncode
        == 0
    )
    file = tmp_path / "scheduler.json"
    dask = [
        start_dask(
            tmp_path, "scheduler", "--host", "tcp://127.0.0.1", "--port", "0", "--scheduler-file", file
        )
    ]
    worker = ("worker", "--scheduler-file", file, "--nthreads", "1", "--host", "127.0.0.1")
    dask += [start_dask(tmp_path, *worker) for _ in range(2)]
    try:
        deadline = time.monotonic() + 60
        while not file.exists():
            assert time.monotonic() < deadline and dask[0].poll() is None, (tmp_path / "dask.log").read_text()
            time.sleep(0.1)
        arguments = ("sweep", "sweep.yaml", "--executor", "dask", *OPTIONS, "--count", "3")
        by_file = run(tmp_path, *arguments, "--dir", "first", "--cluster", "scheduler.json")
        assert by_file.returncode == 0, by_file.stderr
        address = json.loads(file.read_text())["address"]
        by_address = run(tmp_path, *arguments, "--dir", "second", "--cluster", address)
        assert by_address.returncode == 0, by_address.stderr
        assert [process.poll() for process in dask] == [None] * 3
    finally:
        for process in reversed(dask):
            process.terminate()
            process.wait()
    near = results(tmp_path / "near")
    assert len(near) == 3 and results(tmp_path / "first") == near == results(tmp_path / "second")


def test_options_of_one_machine_are_refused_for_a_cluster(tmp_path):
    place(tmp_path, SWEEP)
    refused = run(tmp_path, "sweep", "sweep.yaml", "--executor", "dask", "--workers", "2")
    assert refused.returncode == 1
    assert "--workers: give it to fashion-wb worker" in refused.stderr
    refused = run(tmp_path, "sweep", "sweep.yaml", "--cluster", "tcp://somewhere:1")
    assert refused.returncode == 1
    assert "need --executor dask" in refused.stderr
