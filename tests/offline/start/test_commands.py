"""`--initial`, `--warm-start` and `--allow-repeats` of the commands, with real runs and the real client."""

from __future__ import annotations

import json
import shutil

import pytest
from standin_cases import PROJECT, add_run, add_sweep
from standin_client import run_client
from standin_server import Server
from standin_state import ENTITY
from sweep_cases import GOOD, only_sweep, place, run, yaml

pytestmark = pytest.mark.processes

BAYES = yaml("x: {min: 0.0, max: 1.0}\nn: {values: [1, 2]}", method="bayes", more="run_cap: 4\n")
FAILS_AT_FIRST = GOOD.replace("run.log(", "1 / (run.config.x > 0.1); run.log(")


def configs(folder):
    return [trial.config for trial in only_sweep(folder).read_trials()]


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    """A folder with a sweep of six trials, of which one or more fail."""
    home = tmp_path_factory.mktemp("known")
    place(home, yaml("x: {values: [0.05, 0.2, 0.4, 0.6, 0.8]}\nn: {value: 1}", method="grid"), FAILS_AT_FIRST)
    done = run(home, "sweep", "sweep.yaml", "--dir", "old", "--workers", "2")
    assert done.returncode == 0, done.stderr
    return home / "old"


@pytest.mark.long
def test_a_sweep_continues_with_what_it_read_although_the_source_is_gone(tmp_path, known):
    place(tmp_path, BAYES)
    shutil.copytree(known, tmp_path / "old")
    (tmp_path / "first.csv").write_text("x,n\n0.9,2\n0.1,\n")
    start = ("--initial", "first.csv", "--warm-start", "old")
    base = ("sweep", "sweep.yaml", *start, "--workers", "1")
    whole = run(tmp_path, *base, "--dir", "whole")
    assert whole.returncode == 0, whole.stderr
    assert "Starts from 4 earlier runs of old; left out: 1 failed\n" in whole.stderr
    assert "Tries 2 given configurations first\n" in whole.stderr
    assert run(tmp_path, *base, "--dir", "part", "--count", "1").returncode == 0
    shutil.rmtree(tmp_path / "old")
    done = run(tmp_path, *base, "--dir", "part")
    assert done.returncode == 0, done.stderr
    found = configs(tmp_path / "whole")
    assert configs(tmp_path / "part") == found and len(found) == 4
    assert found[0] == {"x": 0.9, "n": 2} and found[1]["x"] == 0.1 and found[1]["n"] in (1, 2)
    other = run(tmp_path, "sweep", "sweep.yaml", "--dir", "part")
    assert other.returncode == 1 and "--warm-start was old, is now not given" in other.stderr


@pytest.mark.long
def test_ask_gives_what_sweep_starts_and_ends_with_the_space(tmp_path, known):
    text = yaml("x: {values: [0.2, 0.3, 0.4]}\nn: {value: 1}", method="random", more="run_cap: 9\n")
    place(tmp_path, text)
    (tmp_path / "first.yaml").write_text("- {x: 0.3}\n")
    start = ("--initial", "first.yaml", "--warm-start", str(known))
    asked = []
    for arguments in (("--sweep", "sweep.yaml", *start), ()):
        done = run(tmp_path, "ask", "asked", *arguments)
        assert done.returncode == 0, done.stderr
        asked.append(json.loads(done.stdout))
    # 0.2 and 0.4 are among the earlier runs.
    assert [answer["state"] for answer in asked] == ["trial", "wait"]
    assert configs(tmp_path / "asked") == [{"x": 0.3, "n": 1}]
    done = run(tmp_path, "sweep", "sweep.yaml", *start)
    assert done.returncode == 0 and configs(tmp_path / "runs") == [{"x": 0.3, "n": 1}]
    assert "All 3 configurations of the search space have been tried, earlier runs included" in done.stdout
    alone = run(tmp_path, "ask", "asked", *start)
    assert alone.returncode == 1 and "give them with --sweep" in alone.stderr


def test_repeats_are_tried_if_they_are_allowed(tmp_path):
    place(tmp_path, yaml("x: {value: 0.2}", more="run_cap: 2\n"))
    assert run(tmp_path, "sweep", "sweep.yaml", "--dir", "new").returncode == 0
    assert run(tmp_path, "sweep", "sweep.yaml", "--allow-repeats", "--dir", "all").returncode == 0
    assert (len(configs(tmp_path / "new")), len(configs(tmp_path / "all"))) == (1, 2)


def test_more_than_a_thousand_runs_of_a_sweep_on_the_server_are_shown_to_a_search(tmp_path):
    parameters = "filters: {min: 2, max: 15}\nlr: {min: 0.0, max: 1.0}"
    text = yaml(parameters, method="bayes").replace("loss", "valid_loss")
    place(tmp_path, text, GOOD.replace("run.config.x", "run.config.lr").replace('"loss"', '"valid_loss"'))
    with Server() as server:
        sweep = add_sweep(server.state)
        for number in range(1050):
            add_run(server.state, sweep, f"r{number}", [1.0], filters=2 + number % 14, lr=number / 1050)
        add_run(server.state, sweep, "crashed", [0.1], "crashed", None)
        path = f"{ENTITY}/{PROJECT}/{sweep}"
        options = ("--count", "1", "--workers", "1", "--warm-start", path)
        done = run_client(server.url, tmp_path, "sweep", "sweep.yaml", *options, WANDB_MODE="offline")
        missing = run_client(
            server.url, tmp_path, "sweep", "sweep.yaml", *options[:-1], path + "x", "--dir", "b"
        )
    assert done.returncode == 0, done.stderr
    assert f"Starts from 1050 earlier runs of {path}; left out: 1 failed" in done.stderr
    assert missing.returncode == 1 and "has no sweep" in missing.stderr


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("nowhere", "no such folder; for a sweep on W&B's server, give ENTITY/PROJECT/SWEEP_ID"),
        ("./a/b/c", "no such folder"),
        ("team/project", "no such folder; for a sweep"),
        (".", "no offline sweep at or below it|has no runs"),
    ],
)
def test_a_source_that_is_none_is_refused(tmp_path, source, message):
    place(tmp_path, BAYES)
    done = run(tmp_path, "sweep", "sweep.yaml", "--warm-start", source)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert any(part in done.stderr for part in message.split("|"))
