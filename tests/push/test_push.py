"""`fashion-wb push` with the unmodified wandb client, against a stand-in for W&B's server."""

from __future__ import annotations

import pytest
from push_cases import PROJECT, assert_arrived, contents, digest, folders, push
from standin_server import Server
from standin_state import ENTITY, KEY, Run
from sweep_cases import GOOD, only_sweep, place, run, states, trials, yaml

pytestmark = pytest.mark.processes

# Without early stopping: a trial of one epoch may be stopped or finish, whichever comes first.
STUDY = [
    "study",
    "--methods",
    "random,bayes,hyperopt,optuna,qmc",
    "--trials",
    "2",
    "--epochs",
    "1",
    "--out",
    "runs",
]
MIXED = """
import os, signal, sys, wandb
x = float(sys.argv[1].removeprefix("--x="))
if x == 2:
    sys.exit(3)
run = wandb.init()
for step in range(3):
    run.log({"other" if x == 4 else "loss": x + 1 / (step + 1)})
    if x == 1:
        sys.exit(7)
    if x == 3:
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def server():
    with Server() as server:
        yield server
        assert server.state.problems == []


@pytest.fixture(scope="module")
def study(tmp_path_factory, data_dir):
    home = tmp_path_factory.mktemp("study")
    done = run(home, *STUDY, FASHION_WB_LIMIT="300")
    assert done.returncode == 0, done.stderr
    return home


@pytest.mark.long
def test_a_study_is_pushed_completely_once_and_can_go_to_another_project(server, study):
    before = digest(study / "runs")
    # Variables that are set for training must not disable a push.
    done = push(server, study, WANDB_MODE="offline", WANDB_SWEEP_ID="elsewhere", WANDB_RUN_GROUP="g")
    assert done.returncode == 0, done.stderr
    assert len(server.state.sweeps) == 5 and len(server.state.runs) == 10
    for folder in folders(study / "runs"):
        sweep_id = assert_arrived(server.state, folder)
        assert f"{server.url}/{ENTITY}/{PROJECT}/sweeps/{sweep_id}" in done.stdout
    assert {sweep.state for sweep in server.state.sweeps.values()} == {"FINISHED"}
    assert {(run.state, run.exit_code) for run in server.state.runs.values()} == {("finished", 0)}
    assert all("requirements.txt" in run.files for run in server.state.runs.values())

    first, asked = contents(server.state), dict(server.state.asked)
    done = push(server, study)
    assert done.returncode == 0 and "Everything is already there." in done.stdout, done.stderr
    assert contents(server.state) == first
    written = ("UpsertSweep", "UpsertBucket", "CreateRunFiles", "CreateProject")
    assert {name: server.state.asked[name] for name in written} == {name: asked[name] for name in written}

    done = push(server, study, "runs", "--project", "another", "--entity", ENTITY)
    assert done.returncode == 0, done.stderr
    for folder in folders(study / "runs"):
        assert_arrived(server.state, folder, "another")
    assert contents(server.state) == first

    assert digest(study / "runs") == before
    written = [path for path in study.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]
    assert written == []


def test_finished_and_differently_failed_trials_keep_their_outcomes(server, tmp_path):
    place(tmp_path, yaml("x: {values: [0, 1, 2, 3, 4]}", "grid", "description: mine\n"), MIXED)
    assert run(tmp_path, "sweep", "sweep.yaml", "--workers", "1").returncode == 0
    assert states(tmp_path) == ["finished"] + ["failed"] * 4
    done = push(server, tmp_path)
    assert done.returncode == 0, done.stderr
    folder = only_sweep(tmp_path)
    assert_arrived(server.state, folder)
    runs = [server.state.runs[folder.run_id(number)] for number in range(5)]
    assert [run.exit_code for run in runs] == [0, 7, 1, 1, 1]
    assert [run.state for run in runs] == ["finished"] + ["failed"] * 4
    assert [len(run.history) for run in runs] == [3, 1, 0, 1, 3]
    assert [run.summary.get("failure") for run in runs] == [None] + [t.reason for t in trials(tmp_path)[1:]]
    # A grid without run_cap is complete once the search has nothing more to propose.
    (sweep,) = server.state.sweeps.values()
    assert sweep.state == "FINISHED"
    assert sweep.config["description"].startswith("mine (pushed by fashion-wb")


@pytest.mark.long
def test_a_stopped_trial_is_stopped_on_the_server_too(server, tmp_path):
    program = (
        "import time, wandb\nrun = wandb.init()\n"
        "for step in range(20):\n    run.log({'loss': run.config.x + 1 / (step + 1)})\n    time.sleep(0.25)\n"
    )
    more = "early_terminate: {type: hyperband, min_iter: 1, eta: 3, strict: true}\nrun_cap: 2\n"
    place(tmp_path, yaml("x: {values: [1, 2]}", "grid", more), program)
    assert run(tmp_path, "sweep", "sweep.yaml", "--workers", "1").returncode == 0
    assert states(tmp_path) == ["finished", "stopped"]
    assert push(server, tmp_path).returncode == 0
    folder = only_sweep(tmp_path)
    assert_arrived(server.state, folder)
    assert [server.state.runs[folder.run_id(number)].exit_code for number in (0, 1)] == [0, 255]
    assert "failure" not in server.state.runs[folder.run_id(1)].summary


@pytest.mark.long
def test_an_incomplete_sweep_stays_running_until_the_rest_is_pushed(server, tmp_path):
    place(tmp_path, yaml(more="run_cap: 4\n"))
    assert run(tmp_path, "sweep", "sweep.yaml", "--count", "2").returncode == 0
    folder = only_sweep(tmp_path)
    folder.propose(2, {"x": 0.5})  # what a killed search leaves behind
    done = push(server, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "trials without an outcome were left out: 2" in done.stdout and "stays RUNNING" in done.stdout
    (sweep,) = server.state.sweeps.values()
    assert sweep.state == "RUNNING" and len(server.state.runs) == 2

    folder.config_file(folder.run_id(2)).unlink()
    assert run(tmp_path, "sweep", "sweep.yaml").returncode == 0
    done = push(server, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "2 pushed" in done.stdout and "2 already there" in done.stdout
    assert_arrived(server.state, folder)
    assert sweep.state == "FINISHED" and len(server.state.runs) == 4


@pytest.mark.long
def test_runs_that_cannot_be_added_are_named_and_the_others_are_pushed(server, tmp_path):
    place(tmp_path, yaml("x: {min: 0.0, max: 1.0}", more="run_cap: 4\n"))
    assert run(tmp_path, "sweep", "sweep.yaml").returncode == 0
    folder = only_sweep(tmp_path)
    foreign, deleted = folder.run_id(1), folder.run_id(2)
    server.state.projects.add(PROJECT)
    server.state.runs[foreign] = Run(foreign, PROJECT, state="finished", exit_code=0)
    server.state.deleted.add(deleted)
    done = push(server, tmp_path)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert f"{foreign}: a run with this id already exists, in no sweep: give another --project" in done.stderr
    assert (
        f"{deleted}: it is not on the server" in done.stderr
        and "previously created and deleted" in done.stderr
    )
    assert "2 runs have not arrived" in done.stderr and "2 pushed" in done.stdout
    assert server.state.runs[foreign].history == []
    (sweep,) = server.state.sweeps.values()
    assert sweep.state == "RUNNING"
    assert {run.name for run in server.state.runs_of(sweep.name)} == {folder.run_id(0), folder.run_id(3)}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("runs", "--project", PROJECT, "--entity", "nobody"), "entity nobody not found"),
        (("absent", "--project", PROJECT), "absent: no such folder"),
        (("runs",), "Missing option '--project'"),
    ],
)
def test_push_explains_why_it_refuses(server, tmp_path, arguments, message):
    place(tmp_path, yaml(more="run_cap: 1\n"), GOOD)
    assert run(tmp_path, "sweep", "sweep.yaml").returncode == 0
    done = push(server, tmp_path, *arguments)
    assert done.returncode != 0 and message in done.stderr and "Traceback" not in done.stderr
    assert server.state.sweeps == {} and server.state.runs == {}
