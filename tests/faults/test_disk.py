"""Disks that are full or read-only, and folders that vanish while they are used."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest
from push_cases import FAST, PROJECT, assert_arrived
from standin_client import client_environment
from standin_server import Server
from surroundings_cases import (
    COUNT,
    SWEEP,
    assert_complete,
    assert_one_message,
    fill_up,
    leftovers,
    read_only,
    run_full_at,
    small_disk,
)
from sweep_cases import GOOD, environment, only_sweep, place, run, states, yaml
from view_cases import fill, new_sweep
from warm_cli import Command

pytestmark = pytest.mark.processes

FULL = pytest.mark.fault(
    "Bad surroundings",
    "Disk full",
    made="every file that a command opens, renames or makes durable fails with ENOSPC from the k-th on; and "
    "a real file system of 4 MB with 0 to 200 KiB left, full before the command or in the middle of it",
    promised="one message, exit status 1, nothing half-written; with space again, the same command ends with "
    "exactly its trials. A trial whose run log did not fit is not called finished",
)
GONE = pytest.mark.fault(
    "Bad surroundings",
    "Folder read-only or gone in the middle of a sweep",
    made="while two trials log, the folder is deleted, renamed, replaced by a file or mounted read-only",
    promised="one message, exit status 1; once the folder is back, the same command continues",
)
SLOW = yaml("x: {min: 0.0, max: 1.0}\nsteps: {value: 40}\npause: {value: 0.1}")
LONG_ROWS = GOOD.replace('{"loss"', '{"text": str(step) * 300, "loss"')


def points(fault, operations, most):
    """Some of the operations 1 to `operations`: all of them, or a random choice."""
    every = range(1, operations + 1)
    return every if operations <= most else sorted(fault.generator.sample(every, most))


@FULL
def test_a_sweep_that_finds_the_disk_full_at_any_write_goes_on_later(tmp_path, fault):
    folder = tmp_path / "0"
    folder.mkdir()
    place(folder, yaml())
    done, operations = run_full_at(folder, 10**9, SWEEP)
    assert done.returncode == 0 and operations > 10, done.stderr
    tried = points(fault, operations, fault.times(1, 10))
    for at in tried:
        folder = tmp_path / str(at)
        folder.mkdir()
        place(folder, yaml())
        done, _ = run_full_at(folder, at, SWEEP)
        assert_one_message(done, "No space left on device", "free some space")
        assert leftovers(folder) == []
        done = run(folder, *SWEEP)
        assert done.returncode == 0, done.stderr
        assert_complete(folder)
    fault.observed(
        f"sweep: {len(tried)} of {operations} operations; then {COUNT} of {COUNT} trials each time"
    )


@FULL
@pytest.mark.long
@pytest.mark.parametrize("command", ["compare", "export", "push"])
def test_a_command_that_finds_the_disk_full_works_later(tmp_path, command, fault):
    home = tmp_path / "home"
    home.mkdir()
    for name in ("a", "b"):
        fill(new_sweep(home / "runs" / name, name), 3)
    with Server() as server:
        options = {
            "export": ("--parquet", "out.parquet", "--csv", "out.csv"),
            "push": ("--project", PROJECT),
        }.get(command, ())
        given, env = (command, "runs", *options), client_environment(server.url, home, **FAST)
        shutil.copytree(home, tmp_path / "first", symlinks=True)
        _, operations = run_full_at(tmp_path / "first", 10**9, given, **env)
        if command == "push":
            server.state.sweeps.clear()
            server.state.runs.clear()
        tried = points(fault, operations, fault.times(1, 2))
        failed = 0
        for at in tried:
            done, used = run_full_at(home, at, given, **env)
            # An earlier attempt of a push has sent something; then it does not come as far as that.
            if used >= at:
                assert_one_message(done, "No space left on device")
                failed += 1
            assert leftovers(home) == []
        assert failed
        done, _ = run_full_at(home, 10**9, given, **env)
        assert done.returncode == 0, done.stderr
        for name in ("a", "b") if command == "push" else ():
            assert_arrived(server.state, only_sweep(home / "runs" / name))
    fault.observed(f"{command}: {failed} of {operations} operations, complete afterwards")


@FULL
@pytest.mark.long
def test_an_export_to_a_file_system_that_is_full_leaves_nothing_and_works_later(tmp_path, fault):
    kinds = {"optuna.db": "--optuna", "optuna.log": "--optuna", "t.parquet": "--parquet", "t.csv": "--csv"}
    fill(new_sweep(tmp_path / "runs" / "a", "a"), 20)
    for name, option in kinds.items():
        with small_disk(tmp_path / name, 1024) as disk:
            given = ("export", "runs", "--steps", str(disk / "steps.csv"), option, str(disk / name))
            ballast = fill_up(disk, 8)
            assert_one_message(run(tmp_path, *given), name, "free some space")
            assert list(disk.iterdir()) == [ballast]
            ballast.unlink()
            done = run(tmp_path, *given)
            assert done.returncode == 0, done.stderr
    fault.observed(f"export: {len(kinds)} of {len(kinds)} kinds of files, all of a command's files or none")


@FULL
@pytest.mark.long
def test_a_file_system_that_is_full_before_a_sweep(tmp_path, fault):
    with small_disk(tmp_path / "disk", 4096) as disk:
        failed = tried = 0
        for left in fault.times((16,), (0, 4, 16, 24, 60, 200)):
            place(disk, yaml())
            ballast = fill_up(disk, left)
            done = run(disk, *SWEEP)
            if done.returncode:
                assert_one_message(done, "No space left on device")
                assert leftovers(disk) == []
                failed += 1
            ballast.unlink()
            done = run(disk, *SWEEP)
            assert done.returncode == 0, done.stderr
            assert_complete(disk)
            shutil.rmtree(disk / "runs")
            tried += 1
    fault.observed(
        f"real file system: {failed} of {tried} sweeps ran out of space, {tried} of {tried} ended complete"
    )


@FULL
def test_a_file_system_that_fills_up_while_trials_log(tmp_path, fault):
    """W&B's own process writes the logs then: what it cannot write is missing, and no number comes of it."""
    steps, sweeps, seen, ended = 400, fault.times(1, 3), [], 0
    text = yaml(f"x: {{min: 0.0, max: 1.0}}\nsteps: {{value: {steps}}}\npause: {{value: 0.005}}")
    for number in range(sweeps):
        with small_disk(tmp_path / f"disk{number}", 4096) as disk:
            place(disk, text, LONG_ROWS)
            process = Command(list(SWEEP), disk, environment(), log=tmp_path / f"log{number}")
            wait_for_log(disk, process)
            ballast = fill_up(disk, 24 + 16 * number)
            process.communicate(timeout=120)
            printed = (tmp_path / f"log{number}").read_text()
            assert "Traceback" not in printed and process.returncode in (0, 1), printed
            ended += process.returncode
            ballast.unlink()
            done = run(disk, *SWEEP)
            assert done.returncode == 0, done.stderr
            trials = only_sweep(disk).read_trials()
            assert [trial.number for trial in trials] == list(range(COUNT))
            for trial in trials:
                whole = len(trial.history) == steps
                assert whole if trial.state == "finished" else trial.reason, trial.reason
            seen += [str(trial.state) for trial in trials]
    fault.observed(
        f"full in the middle of a log: {ended} of {sweeps} sweeps ended with the message; then "
        f"{seen.count('finished')} of {len(seen)} trials finished with every row, "
        f"{seen.count('failed')} failed with their reason"
    )


def wait_for_log(folder: Path, process: Command, runs: int = 1) -> None:
    deadline = time.monotonic() + 120
    while len(list(folder.glob("runs/sweep/wandb/offline-run-*/run-*.wandb"))) < runs:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(0.5)


@GONE
@pytest.mark.parametrize(
    "how",
    ["read-only", *(pytest.param(how, marks=pytest.mark.long) for how in ("deleted", "renamed", "replaced"))],
)
def test_a_folder_that_goes_away_ends_the_sweep_with_a_message(tmp_path, how, fault):
    place(tmp_path, SLOW)
    folder, aside = tmp_path / "runs" / "sweep", tmp_path / "aside"
    arguments = ["sweep", "sweep.yaml", "--count", str(COUNT), "--workers", str(COUNT)]
    process = Command(arguments, tmp_path, environment())
    wait_for_log(tmp_path, process, COUNT)
    if how == "read-only":
        with read_only(folder):
            assert_ended(process, folder)
    else:
        take_away(folder, aside, how)
        assert_ended(process, folder)
    if how == "replaced":
        folder.unlink()
    if how == "renamed":
        aside.rename(folder)
    done = run(tmp_path, *arguments)
    assert done.returncode == 0, done.stderr
    assert states(tmp_path / "runs") == ["finished"] * COUNT
    fault.observed(f"{how}: ended with one message, then {COUNT} of {COUNT} trials finished")


def take_away(folder: Path, aside: Path, how: str) -> None:
    if how == "deleted":
        for _ in range(3):  # its trials may put something in at the same time
            shutil.rmtree(folder, ignore_errors=True)
        return
    folder.rename(aside)
    if how == "replaced":
        folder.write_text("a file")


def assert_ended(process: Command, folder: Path) -> None:
    """The command ends soon, by itself, and names the folder."""
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1, err
    assert "Traceback" not in out + err and str(folder) in err and err.count("Error: ") == 1, err
