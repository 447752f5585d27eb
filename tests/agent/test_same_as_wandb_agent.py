"""`fashion-wb agent` makes the same runs as `wandb agent`: both run the same sweep, side by side."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import yaml as pyyaml
from agent_cases import add_sweep, agent, runs_of
from standin_client import client_environment
from standin_server import Server
from sweep_cases import ROOT, yaml

pytestmark = [pytest.mark.processes, pytest.mark.long]

WANDB = [sys.executable, "-m", "wandb"]
ENDS = ["return", "exit 7", "raise", "string", "finish"]
PROGRAM = """
import json, os, sys, wandb

def main():
    run = wandb.init(config={"mine": 0})
    seen = {n: v for n, v in os.environ.items() if n.startswith("WANDB_") and n != "WANDB_SERVICE"}
    with open(f"seen-{run.config.end}.json", "w") as file:
        json.dump([sys.argv, seen, os.getcwd(), sys.stdin.read()], file)
    for step in range(3):
        run.log({"loss": 1 / (step + 1), "accuracy": step})
    print("printed")
    match run.config.end:
        case "exit 7": sys.exit(7)
        case "raise": raise ValueError("mine")
        case "string": raise SystemExit("a reason")
        case "finish": run.finish(exit_code=3)

if __name__ == "__main__":
    main()
"""
PARAMETERS = f"end: {{values: {json.dumps(ENDS)}}}\nfixed: {{value: 0}}\n"
PARAMETERS += "deep: {parameters: {a: {value: 1}}}"


def plain_agent(server, home, path):
    env = client_environment(server.url, home, WANDB_AGENT_DISABLE_FLAPPING="true")
    subprocess.run([*WANDB, "agent", path], cwd=home, env=env, capture_output=True, timeout=200, check=True)


def our_agent(server, home, path):
    done = agent(server, home, path, "--workers", "2", WANDB_AGENT_DISABLE_FLAPPING="true", timeout=300)
    assert done.returncode == 0, done.stderr


def run_sweep(server, root, run_agent):
    """Run the sweep in a folder below `root`, once more if W&B's agent hangs; return folder and sweep.

    A program that ends without `run.finish()` sometimes hangs in wandb's exit hook: wandb-core fails to send
    an answer to the client, which has closed the connection, and drops the request to shut down that it is
    waiting for. Two of 513 runs under load did so.
    """
    name = run_agent.__name__.partition("_")[0]
    for attempt in range(3):
        home = root / f"{name}{attempt}"
        home.mkdir()
        path = add_sweep(server, home, yaml(PARAMETERS, method="grid", more=f"name: {name}\n"), PROGRAM)
        try:
            run_agent(server, home, path)
        except subprocess.TimeoutExpired:
            if run_agent is our_agent or attempt == 2:
                raise
        else:
            return home, path
    raise AssertionError


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """Run the same sweep with each agent: the runs by how they ended, and what the programs saw."""
    root = tmp_path_factory.mktemp("agents")
    with Server() as server, ThreadPoolExecutor() as threads:
        jobs = [threads.submit(run_sweep, server, root, run_agent) for run_agent in (plain_agent, our_agent)]
        found = []
        for home, path in (job.result() for job in jobs):
            runs = {run.values()["end"]: run for run in runs_of(server, path)}
            seen = {end: json.loads((home / f"seen-{end}.json").read_text()) for end in ENDS}
            found.append((home, runs, seen))
        assert server.state.problems == []
    return found


@pytest.mark.parametrize("end", ENDS)
def test_the_server_receives_the_same_run_from_both_agents(pair, end):
    (_, plain_runs, _), (_, our_runs, _) = pair
    plain, ours = plain_runs[end], our_runs[end]
    if end == "string":
        # wandb only notices sys.exit, so it records a success although the process failed.
        assert (plain.state, plain.exit_code) == ("finished", 0)
        assert (ours.state, ours.exit_code) == ("failed", 1)
    else:
        assert (ours.state, ours.exit_code) == (plain.state, plain.exit_code)
    assert ours.values() == plain.values() and ours.values()["fixed"] == 0
    assert [row.keys() for row in ours.history] == [row.keys() for row in plain.history]
    assert [row["loss"] for row in ours.history] == [row["loss"] for row in plain.history]
    assert ours.summary.keys() == plain.summary.keys()
    # wandb-core sends the machine's metadata during the run, if the run lasts long enough.
    assert set(ours.files) - {"wandb-metadata.json"} == set(plain.files) - {"wandb-metadata.json"}
    assert (ours.group, ours.job_type, ours.tags) == (plain.group, plain.job_type, plain.tags)
    assert ours.sweep == "our1" and plain.sweep.startswith("plain")
    assert any("printed" in line for line in ours.output) and any("printed" in line for line in plain.output)


@pytest.mark.parametrize("end", ENDS)
def test_the_program_sees_the_same_arguments_and_environment(pair, end):
    (plain_home, plain_runs, plain), (our_home, our_runs, ours) = pair
    theirs = json.dumps(plain[end])
    for key in ("name", "sweep"):
        theirs = theirs.replace(getattr(plain_runs[end], key), getattr(our_runs[end], key))
    theirs = json.loads(theirs.replace(str(plain_home), str(our_home)))
    assert ours[end] == theirs
    assert ours[end][0] == ["prog.py", f"--end={end}", "--fixed=0", "--deep={'a': 1}"]


def test_the_agent_works_with_wandbs_scheduler(tmp_path, data_dir):
    for name in ("train.py", "fashion_wb"):
        (tmp_path / name).symlink_to(ROOT / name)
    config = pyyaml.safe_load((ROOT / "sweeps" / "optuna.yaml").read_text())
    config["run_cap"] = 2
    config["parameters"]["epochs"] = {"value": 1}
    with Server() as server:
        path = add_sweep(server, tmp_path, pyyaml.safe_dump(config))
        command = [*WANDB, "sweep-scheduler", path, "--batch-size", "1", "--poll-interval", "5"]
        env = client_environment(server.url, tmp_path)
        scheduler = subprocess.Popen(
            command, cwd=tmp_path, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            done = agent(server, tmp_path, path, "--data-dir", str(data_dir), timeout=180)
        finally:
            scheduler.kill()
            scheduler.wait()
        assert done.returncode == 0, done.stderr
        ran = [run for run in runs_of(server, path) if run.history]
        assert len(ran) == 2 and all(run.state == "finished" for run in ran)
        assert server.state.problems == []
