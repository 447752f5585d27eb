"""`fashion-wb agent` with the unmodified wandb client, against a stand-in for W&B's server."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
import yaml as pyyaml
from agent_cases import (
    LONG,
    add_sweep,
    agent,
    grid,
    is_complete,
    logging_run,
    runs_of,
    start_agent,
    started,
    wait_until,
)
from standin_server import Server
from standin_sweeps import make_lax
from sweep_cases import ROOT, yaml

from fashion_wb.runlog.reader import find_run_log, read_run_log

pytestmark = pytest.mark.processes

PAIR = ("--workers", "2")


@pytest.fixture(scope="module")
def server():
    with Server() as server:
        yield server
        assert server.state.problems == []


def run_two_agents(server, tmp_path, text, overshoot=None):
    """Run two agents at once, each in its own folder; return the sweep's path and both processes."""
    homes = [tmp_path / "one", tmp_path / "two"]
    for home in homes:
        home.mkdir()
    path = add_sweep(server, homes[0], text)
    (homes[1] / "prog.py").write_bytes((homes[0] / "prog.py").read_bytes())
    if overshoot is not None:
        make_lax(server.state, path.rpartition("/")[2], overshoot)
    with ThreadPoolExecutor() as threads:
        done = list(threads.map(lambda home: agent(server, home, path, *PAIR), homes))
    assert [one.returncode for one in done] == [0, 0], [one.stderr for one in done]
    return path, done


def test_two_agents_share_a_grid_and_run_each_configuration_once(server, tmp_path):
    path, done = run_two_agents(server, tmp_path, grid(9, more="run_cap: 7\n"))
    runs = started(server, path)
    assert sorted(run.values()["x"] for run in runs) == list(range(7))
    assert {run.state for run in runs} == {"finished"} and all(map(is_complete, runs))
    assert server.state.sweeps[path.rpartition("/")[2]].state == "FINISHED"
    lines = [line for one in done for line in one.stderr.splitlines() if line.startswith("[")]
    assert sorted(line.split()[1] for line in lines) == sorted(run.name for run in runs)


@pytest.mark.long
def test_the_run_cap_is_exact_when_the_server_hands_out_more_and_never_finishes(server, tmp_path):
    path, done = run_two_agents(server, tmp_path, yaml(more="run_cap: 7\n"), overshoot=20)
    first = runs_of(server, path)[:7]
    assert [run.name for run in started(server, path)] == [run.name for run in first]
    assert all(run.state == "finished" and is_complete(run) for run in first)
    beyond = {run.name for run in runs_of(server, path)[7:]}
    said = [line.split()[4] for one in done for line in one.stderr.splitlines() if "beyond" in line]
    assert len(beyond) <= 4 and set(said) == beyond
    again = agent(server, tmp_path / "one", path)
    assert (again.returncode, len(runs_of(server, path))) == (0, 7 + len(beyond))


@pytest.mark.parametrize(("before", "starts"), [(599, 1), (600, 0), (1100, 0)])
def test_a_run_cap_of_several_pages_of_runs_is_exact(server, tmp_path, before, starts):
    path = add_sweep(server, tmp_path, yaml(more="run_cap: 600\n"))
    name = path.rpartition("/")[2]
    with server.state.lock:
        make_lax(server.state, name, overshoot=1000)
        for _ in range(before):
            run = server.state.add_run("fashion", name, {"x": {"value": 0.5}})
            run.state = "finished"
            server.state.sweeps[name].handed.append(run.name)
        # The server lists one run as waiting to be started, so the agent has something to ask for.
        server.state.runs_of(name)[7].state = "pending"
    done = agent(server, tmp_path, path)
    assert (done.returncode, len(started(server, path))) == (0, starts), done.stderr
    assert "beyond the sweep's run_cap of 600; it was not started" in done.stderr


def test_an_agent_exits_when_the_server_leaves_a_finished_sweep_open(server, tmp_path):
    path = add_sweep(server, tmp_path, yaml(more="run_cap: 2\n"))
    make_lax(server.state, path.rpartition("/")[2], overshoot=0)
    done = agent(server, tmp_path, path)
    assert (done.returncode, len(started(server, path))) == (0, 2)
    assert "2 finished, by this agent" in done.stdout


def test_count_limits_the_trials_of_all_slots_together(server, tmp_path):
    path = add_sweep(server, tmp_path, grid(9))
    done = agent(server, tmp_path, path, *PAIR, "--count", "3")
    assert (done.returncode, len(runs_of(server, path))) == (0, 3)
    assert "[3/3]" in done.stderr and "3 finished" in done.stdout


def test_the_summary_names_the_best_trial(server, tmp_path):
    path = add_sweep(server, tmp_path, grid(2))
    done = agent(server, tmp_path, path)
    first, second = [line for line in done.stderr.splitlines() if line.startswith("[")]
    assert "0.3333*  x=0" in first and "1.3333   x=1" in second and "best 0.3333" in second
    assert f"Best loss 0.333333 in run {runs_of(server, path)[0].name}: x=0" in done.stdout


def test_a_run_stopped_by_the_server_keeps_everything_it_logged(server, tmp_path):
    # The program does not handle SIGTERM, so it kills Python immediately.
    path = add_sweep(server, tmp_path, grid(1, parameters=LONG))
    process = start_agent(server, tmp_path, path)
    run = logging_run(server, path)
    server.state.sweeps[run.sweep].stopped.add(run.name)
    assert process.wait(timeout=60) == 0
    assert (run.state, run.exit_code) == ("killed", 255) and is_complete(run) and len(run.history) < 600
    assert " stopped " in (tmp_path / "agent.log").read_text()


@pytest.mark.long
def test_a_stop_flag_set_in_the_browser_stops_the_run(server, tmp_path):
    path = add_sweep(server, tmp_path, grid(1, parameters=LONG))
    process = start_agent(server, tmp_path, path)
    run = logging_run(server, path)
    run.stop_asked = True
    assert process.wait(timeout=90) == 0
    assert (run.state, run.exit_code) == ("killed", 255) and is_complete(run)
    assert " stopped " in (tmp_path / "agent.log").read_text()


def test_cancelling_a_sweep_stops_its_trials_and_its_agents(server, tmp_path):
    path = add_sweep(server, tmp_path, grid(3, parameters=LONG))
    process = start_agent(server, tmp_path, path, *PAIR)
    wait_until(lambda: [bool(run.history) for run in runs_of(server, path)] == [True, True])
    server.state.sweeps[path.rpartition("/")[2]].state = "CANCELED"
    assert process.wait(timeout=60) == 0
    runs = runs_of(server, path)
    assert [run.exit_code for run in runs] == [255, 255] and all(map(is_complete, runs))


def test_offline_runs_stay_on_this_machine_and_keep_the_ids_from_the_server(server, tmp_path):
    path = add_sweep(server, tmp_path, grid(2))
    done = agent(server, tmp_path, path, *PAIR, WANDB_MODE="offline")
    assert done.returncode == 0, done.stderr
    runs = runs_of(server, path)
    assert len(runs) == 2 and started(server, path) == []
    for run in runs:
        log = read_run_log(find_run_log(tmp_path, run.name))
        assert log.path.parent.name.startswith("offline-run-")
        assert (log.sweep_id, log.exit_code, len(log.history)) == (run.sweep, 0, 3)
        assert log.config["x"] == run.values()["x"]


def test_a_custom_command_runs_as_a_fresh_process(server, tmp_path):
    command = "command: ['${env}', sh, prog.sh, '${args_no_hyphens}', '${args_json_file}']\n"
    path = add_sweep(server, tmp_path, grid(2, more=command))
    (tmp_path / "prog.sh").write_text('echo "$1" > "said-$WANDB_RUN_ID"; cat "$2" >> "said-$WANDB_RUN_ID"\n')
    done = agent(server, tmp_path, path)
    assert done.returncode == 0, done.stderr
    said = {(tmp_path / f"said-{run.name}").read_text() for run in runs_of(server, path)}
    assert said == {f"x={x}\n{json.dumps({'x': x})}" for x in (0, 1)}


def test_train_py_runs_with_its_own_sweep_file(server, tmp_path, data_dir):
    for name in ("train.py", "fashion_wb"):
        (tmp_path / name).symlink_to(ROOT / name)
    config = pyyaml.safe_load((ROOT / "sweeps" / "random.yaml").read_text())
    config["run_cap"] = 3
    config["parameters"]["epochs"] = {"value": 2}
    path = add_sweep(server, tmp_path, pyyaml.safe_dump(config))
    done = agent(server, tmp_path, path, *PAIR, "--data-dir", str(data_dir))
    assert done.returncode == 0, done.stderr
    runs = started(server, path)
    assert len(runs) == 3 and {run.state for run in runs} == {"finished"}
    assert all([row["epoch"] for row in run.history] == [1, 2] for run in runs)
