"""`fashion-wb compare` with sweeps on W&B's server: the real client against the stand-in server."""

from __future__ import annotations

import csv
import time

import pytest
from standin_cases import PROJECT, add_run, add_sweep, fill, rows
from standin_client import run_client
from standin_faults import Fault, Faults
from standin_server import Server
from standin_state import ENTITY
from sweep_cases import GOOD, place, run, yaml

pytestmark = pytest.mark.processes

PATH = f"{ENTITY}/{PROJECT}"
ASKED_FOR_DATA = ("ProjectSweeps", "ProjectRuns", "HistoryPage")


@pytest.fixture
def server():
    with Server() as server:
        yield server
        assert server.state.problems == []


def compare(server, home, *sources, **env):
    return run_client(server.url, home, "compare", *(sources or [PATH]), "--out", "out", **env)


def table(home, name="trials"):
    with (home / "out" / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def asked(server):
    return {name: server.state.asked[name] for name in ASKED_FOR_DATA if server.state.asked[name]}


def test_finished_stopped_and_failed_are_told_apart_for_every_server_state(server, tmp_path):
    sweep = add_sweep(server.state)
    add_run(server.state, sweep, "a", [0.9, 0.5, 0.6], lr=0.0)
    add_run(server.state, sweep, "b", [0.8], "killed", None)
    add_run(server.state, sweep, "c", [0.1], "failed", 255)
    add_run(server.state, sweep, "d", [0.05], "failed", 1, {"failure": "the loss is not finite"})
    add_run(server.state, sweep, "e", [0.04], "crashed", None)
    add_run(server.state, sweep, "f", [0.03], "running", None)
    add_run(server.state, sweep, "g", [])
    add_run(server.state, sweep, "h", [0.02], "crashed", None).stop_asked = True
    done = compare(server, tmp_path)
    assert done.returncode == 0, done.stderr
    found = {row["run"]: (row["state"], row["steps"], row["valid_loss"]) for row in table(tmp_path)}
    assert found == {
        "a": ("finished", "3", "0.5"),
        "b": ("stopped", "1", "0.8"),
        "c": ("stopped", "1", "0.1"),
        "d": ("failed", "1", ""),
        "e": ("failed", "1", ""),
        "f": ("running", "1", "0.03"),
        "g": ("failed", "0", ""),
        "h": ("stopped", "1", "0.02"),
    }
    assert table(tmp_path)[0]["lr"] == "0.0"
    (method,) = table(tmp_path, "comparison")
    counts = {name: method[name] for name in ("method", "trials", "stopped", "failed")}
    assert counts == {"method": "random", "trials": "7", "stopped": "3", "failed": "3"}
    assert "1 trial still running" in " ".join(done.stdout.split())


@pytest.mark.long
def test_a_thousand_runs_are_pulled_in_pages_and_a_second_pull_requests_only_new_runs(server, tmp_path):
    fill(server.state, runs=1000, epochs=10)
    started = time.monotonic()
    done = compare(server, tmp_path)
    assert done.returncode == 0, done.stderr
    # In seconds. Importing wandb, pandas and matplotlib takes several of them on a busy machine.
    assert time.monotonic() - started < 60
    assert "Pulled 1000 runs in 5 sweeps" in done.stderr
    # Two lists of runs, and ten pages of a hundred runs with their histories.
    assert asked(server) == {"ProjectSweeps": 1, "ProjectRuns": 2 + 10}
    first = table(tmp_path)
    assert len(first) == 1000 and {row["steps"] for row in first} == {"10"}
    server.state.asked.clear()
    add_run(server.state, "random1", "new", [0.25])
    changed = server.state.runs[first[0]["run"]]
    changed.history, changed.seen = rows([0.125] * 12), "2099-01-01T00:00:00Z"
    del server.state.runs[first[1]["run"]]
    assert compare(server, tmp_path).returncode == 0
    assert asked(server) == {"ProjectSweeps": 1, "ProjectRuns": 2 + 1}
    second = {row["run"]: row for row in table(tmp_path)}
    assert second.keys() == {row["run"] for row in first} - {first[1]["run"]} | {"new"}
    assert (second[changed.name]["steps"], second[changed.name]["valid_loss"]) == ("12", "0.125")


@pytest.mark.long
def test_a_run_that_was_still_running_is_pulled_again(server, tmp_path):
    run = add_run(server.state, add_sweep(server.state), "a", [0.5], "running", None)
    assert compare(server, tmp_path).returncode == 0
    run.history, run.state, run.exit_code = rows([0.5, 0.25]), "finished", 0
    assert compare(server, tmp_path).returncode == 0
    assert table(tmp_path)[0]["valid_loss"] == "0.25"


@pytest.mark.long
def test_long_histories_are_complete(server, tmp_path):
    # Longer than one answer of the stand-in, and long enough that a page has only one run.
    sweep = add_sweep(server.state)
    for name, length in (("a", 700), ("b", 12_000), ("c", 11_000)):
        add_run(server.state, sweep, name, [1.0] * (length - 1) + [0.5])
    done = compare(server, tmp_path)
    assert done.returncode == 0, done.stderr
    assert {row["run"]: row["steps"] for row in table(tmp_path)} == {"a": "700", "b": "12000", "c": "11000"}
    assert {row["valid_loss"] for row in table(tmp_path)} == {"0.5"}


@pytest.mark.long
def test_sweeps_and_folders_can_be_compared_in_one_table(server, tmp_path):
    ids = [add_sweep(server.state, method) for method in ("bayes", "random", "optuna")]
    for sweep in ids:
        add_run(server.state, sweep, f"run-of-{sweep}", [0.5])
    names = ("loss", "valid_loss")
    place(tmp_path, yaml("x: {value: 1}").replace(*names), GOOD.replace(*names))
    assert run(tmp_path, "sweep", "sweep.yaml", "--count", "1", "--dir", "local").returncode == 0
    url = f"https://wandb.example.com/{PATH}/sweeps/{ids[0]}"
    done = compare(server, tmp_path, f"{PATH}/{ids[1]}", url, "local")
    assert done.returncode == 0, done.stderr
    assert [row["sweep"] for row in table(tmp_path)][:2] == [ids[1], ids[0]]
    assert [row["method"] for row in table(tmp_path, "comparison")] == ["random", "bayes", "sweep"]
    done = compare(server, tmp_path, f"{PATH}/{ids[1]}", PATH)
    assert done.returncode == 1 and "is given twice" in done.stderr


def test_runs_are_numbered_in_the_order_they_were_proposed(server, tmp_path):
    pushed, made = add_sweep(server.state, "random"), add_sweep(server.state, "bayes")
    for number in (2, 0, 10_000, 1):
        add_run(server.state, pushed, f"abcd1234-{number:04}", [0.5])
    for name, created in (("y", "2026-01-01T00:00:02Z"), ("z", "2026-01-01T00:00:01Z")):
        add_run(server.state, made, name, [0.5]).created = created
    assert compare(server, tmp_path).returncode == 0
    assert [row["run"] for row in table(tmp_path)] == [
        *("abcd1234-0000", "abcd1234-0001", "abcd1234-0002", "abcd1234-10000"),
        *("z", "y"),
    ]


def test_sweeps_and_runs_that_cannot_be_compared_are_listed_and_left_out(server, tmp_path):
    add_run(server.state, add_sweep(server.state), "good", [0.5])
    add_sweep(server.state, "bayes")
    controller = add_run(server.state, "random1", "random1-controller", [])
    controller.config = {}
    add_run(server.state, "random1", "waiting", [], "pending", None)
    other = yaml(more="name: of another program\n")
    add_run(server.state, add_sweep(server.state, text=other), "other", [], x=0.5)
    add_run(server.state, None, "alone", [0.1])
    done = compare(server, tmp_path)
    assert done.returncode == 0, done.stderr
    text = " ".join(done.stdout.split())
    assert [row["run"] for row in table(tmp_path)] == ["good"]
    other = "of another program (of another program1, by loss, minimize)"
    assert f"Left out (metric is not valid_loss, minimize): sweeps {other}." in text
    assert "Left out (no runs): sweeps bayes (bayes1, by valid_loss, minimize)" in text
    assert "Left out (in no sweep): 1 run." in text
    assert "Left out (not started): 1 run." in text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("metric: loss\nparameters: {x: {value: 1}}", "metric must have a name"),
        ("metric: {goal: minimize}\nparameters: {x: {value: 1}}", "metric must have a name"),
        ("metric: {name: loss, goal: up}\nparameters: {x: {value: 1}}", "the goal minimize or maximize"),
        ("metric: 0\nparameters: {x: {value: 1}}", "metric must have a name"),
        ("metric: {name: loss}\nparameters: [x]", "parameters must be a mapping, got ['x']"),
        ("metric: {name: loss}\nparameters: []", "parameters must be a mapping, got []"),
    ],
)
def test_a_sweep_that_cannot_be_read_is_named(server, tmp_path, text, says):
    add_run(server.state, add_sweep(server.state), "good", [0.5])
    sweep = add_sweep(server.state, text=f"method: grid\n{text}")
    done = compare(server, tmp_path)
    assert done.returncode == 1
    assert f"sweep {sweep} on W&B's server: " in done.stderr and says in done.stderr


def test_a_server_that_sends_the_same_page_for_ever_is_named(server, tmp_path):
    add_run(server.state, add_sweep(server.state), "good", [0.5])

    def endless(answer):
        answer["data"]["project"]["sweeps"]["pageInfo"] = {"endCursor": "1", "hasNextPage": True}
        return answer

    server.faults = Faults(1.0, (Fault.WRONG,), lambda name: name == "ProjectSweeps", change=endless)
    done = compare(server, tmp_path)
    assert done.returncode == 1
    assert "says that there are more sweeps, but sends the same page" in done.stderr
    assert server.state.asked["ProjectSweeps"] == 2


@pytest.mark.long
def test_a_damaged_cache_is_replaced(server, tmp_path):
    add_run(server.state, add_sweep(server.state), "a", [0.5])
    assert compare(server, tmp_path).returncode == 0
    (file,) = (tmp_path / "cache").rglob("*.sqlite")
    for content in (b"not a database" * 100, b""):
        file.write_bytes(content)
        done = compare(server, tmp_path)
        assert done.returncode == 0, done.stderr
        assert len(table(tmp_path)) == 1


@pytest.mark.long
def test_compare_works_without_a_writable_cache(server, tmp_path):
    add_run(server.state, add_sweep(server.state), "a", [0.5])
    (tmp_path / "cache").write_text("a file where the folder should be")
    done = compare(server, tmp_path, WANDB_CACHE_DIR=str(tmp_path / "wandb-cache"))
    assert done.returncode == 0, done.stderr
    assert len(table(tmp_path)) == 1
