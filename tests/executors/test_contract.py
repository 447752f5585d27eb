"""What every executor does alike: `fashion_wb.executors.protocol`, over all of them."""

from __future__ import annotations

import signal
import sys

import pytest
from cluster_cases import cluster
from executor_cases import SLOTS, wait_for

from fashion_wb.executors.local import LocalExecutor
from fashion_wb.executors.protocol import Exited, Launch, Logged, Started
from fashion_wb.runlog.reader import find_run_log, read_run_log

pytestmark = pytest.mark.processes

PROGRAM = """
import os, sys, time, wandb
match sys.argv[1]:
    case "exit": print("said", flush=True); sys.exit(int(sys.argv[2]))
    case "sleep": print("sleeping", flush=True); time.sleep(100)
    case "config": print(open(sys.argv[2]).read(), os.environ["MINE"], os.environ.get("HOME"))
    case "log":
        run = wandb.init()
        for value in range(3): run.log({"loss": value})
"""


@pytest.fixture(scope="module", params=["local", "dask"])
def executor_and_program(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    program = folder / "program.py"
    program.write_text(PROGRAM)
    if request.param == "local":
        with LocalExecutor(program, SLOTS[:3]) as executor:
            yield executor, program
    else:
        with cluster(folder, program, "--workers", 3) as (executor, _):
            yield executor, program


@pytest.fixture
def executor(executor_and_program):
    return executor_and_program[0]


@pytest.fixture(params=["warm", "cold"])
def launch(request, executor_and_program, tmp_path):
    program = executor_and_program[1]
    (tmp_path / "output").mkdir()

    def make(key, *arguments, **changes):
        argv = [program.name, *map(str, arguments)]
        settings = {"env": {}, "script": program if request.param == "warm" else None} | changes
        output = tmp_path / "output" / f"{key}.log"
        command = [sys.executable, *argv]
        return Launch(
            key, command, cwd=program.parent, home=tmp_path, output=output, script_argv=argv, **settings
        )

    return make


def test_a_trial_starts_then_exits_once_with_its_status_and_its_output(executor, launch):
    assert (executor.slots, executor.free) == (3, 3)
    launches = {key: launch(key, "exit", status) for key, status in (("good", 0), ("bad", 3))}
    for each in launches.values():
        executor.start(each)
    assert executor.free == 1
    events = []
    while not {"good", "bad"} <= {event.key for event in events if isinstance(event, Exited)}:
        events += executor.events(0.1)
    order = [type(event) for event in events if event.key == "bad" and not isinstance(event, Logged)]
    assert order == [Started, Exited]
    assert {event.key: event.status for event in events if isinstance(event, Exited)} == {"good": 0, "bad": 3}
    assert launches["bad"].output.read_text() == "said\n"
    assert executor.free == 3


def test_a_signal_reaches_the_trial_it_names_alone(executor, launch):
    first, second = launch("first", "sleep"), launch("second", "sleep")
    executor.start(first)
    executor.start(second)
    while not (second.output.exists() and second.output.read_text()):
        executor.events(0.1)
    executor.signal("nobody", signal.SIGKILL)
    executor.signal("second", signal.SIGTERM)
    assert wait_for(executor, "second") == {"second": -signal.SIGTERM}
    executor.signal("first", signal.SIGKILL)
    assert wait_for(executor, "first") == {"first": -signal.SIGKILL}


def test_a_trial_reads_its_files_and_variables(executor, launch, tmp_path):
    path = tmp_path / "wandb" / "config.json"
    path.parent.mkdir()
    path.write_text('{"x": 1}')
    started = launch("x", "config", path, files=(path,), env={"MINE": "1", "HOME": None})
    executor.start(started)
    assert wait_for(executor, "x") == {"x": 0}
    assert started.output.read_text() == '{"x": 1} 1 None\n'


def test_the_run_is_below_the_trials_home_when_it_has_exited(executor, launch, tmp_path):
    env = {"WANDB_MODE": "offline", "WANDB_DIR": str(tmp_path), "WANDB_RUN_ID": "x"}
    executor.start(launch("x", "log", env=env))
    assert wait_for(executor, "x") == {"x": 0}
    path = find_run_log(tmp_path, "x")
    log = read_run_log(path)
    assert [row["loss"] for row in log.history] == [0, 1, 2]
    assert log.exit_code == 0
    assert (path.parent / "files" / "requirements.txt").stat().st_size > 0
