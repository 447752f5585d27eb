"""Copies of run logs from the real wandb; `wandb leet inspect` reads the copies."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from fashion_wb.runlog.copying import Destination, ExitStatus, copy_run_log, write_run_log
from fashion_wb.runlog.reader import RunLogError, read_run_log
from fashion_wb.runlog.record_file import FILE_HEADER, read_records, write_records

STEPS = 200
WRITER = f"""
import wandb
run = wandb.init(project="p", group="offline", config={{"lr": 0.5, "nested": {{"zero": 0}}}})
for step in range({STEPS}):
    run.log({{"loss": 1 / (step + 1), "text": "x" * (200 * (step % 20)), "nan": float("nan")}})
run.log({{"long": "y" * 100_000}})
run.finish(exit_code=3)
"""
DESTINATION = Destination("team", "shared", "server1", group_of="offline")


@pytest.fixture(scope="module")
def log_file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    env = {"WANDB_MODE": "offline", "WANDB_DIR": str(folder), "WANDB_SWEEP_ID": "offline"}
    path = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "WANDB_RUN_ID": "abc"}
    subprocess.run(
        [sys.executable, "-c", WRITER], env=env | path, cwd=folder, check=True, capture_output=True
    )
    (found,) = folder.glob("wandb/offline-run-*-abc/run-abc.wandb")
    return found


def inspect(path):
    command = [sys.executable, "-m", "wandb", "leet", "inspect", "--json", str(path.parent)]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in text.splitlines()]


def records_of(kind, records):
    return [record[kind] for record in records if record["type"] == kind]


def test_writing_the_records_of_a_log_gives_the_same_bytes(log_file, tmp_path):
    data = log_file.read_bytes()
    records = [payload for _, payload in read_records(data, len(FILE_HEADER), log_file, 0)]
    write_records(records, tmp_path / "again.wandb")
    assert (tmp_path / "again.wandb").read_bytes() == data
    # The log has records across three blocks, and blocks that end in padding.
    assert max(map(len, records)) > 3 * 32 * 1024 and len(data) > 10 * 32 * 1024


@pytest.mark.parametrize("size", range(32 * 1024 - 7 - 7 - 16, 32 * 1024 - 7 - 7 + 9))
def test_records_that_end_near_a_block_boundary_read_back(size, tmp_path):
    records = [b"a" * size, b"", b"bc" * 40_000, b"d"]
    path = tmp_path / "file.wandb"
    write_records(records, path)
    assert [payload for _, payload in read_records(path.read_bytes(), 7, path, 0)] == records


@pytest.mark.processes
def test_a_copy_is_the_same_run_in_another_sweep(log_file, tmp_path):
    copy = tmp_path / "run-abc.wandb"
    copy_run_log(log_file, copy, DESTINATION, ExitStatus(3))
    before, after = inspect(log_file), inspect(copy)
    (run,) = records_of("run", after)
    assert [run[key] for key in ("entity", "project", "sweep_id", "run_group")] == [
        "team",
        "shared",
        "server1",
        "server1",
    ]
    for kind in ("history", "summary", "files", "environment", "exit"):
        assert records_of(kind, after) == records_of(kind, before)
    assert [record["type"] for record in after] == [record["type"] for record in before]
    assert read_run_log(copy).config == read_run_log(log_file).config


@pytest.mark.parametrize("skip", [0, 1, STEPS, STEPS + 1])
def test_a_copy_can_skip_rows_from_the_start(log_file, tmp_path, skip):
    copy = tmp_path / "run-abc.wandb"
    copy_run_log(log_file, copy, DESTINATION, ExitStatus(3), skip_rows=skip)
    whole, part = read_run_log(log_file), read_run_log(copy)
    assert str(part.history) == str(whole.history[skip:])  # as text, since nan differs from itself
    assert str(part.summary) == str(whole.summary)


@pytest.mark.parametrize("cut", [False, True])
@pytest.mark.parametrize("status", [ExitStatus(0), ExitStatus(255), ExitStatus(1, "it hung")])
def test_the_given_exit_status_replaces_the_one_in_the_log(log_file, tmp_path, cut, status):
    source, copy = tmp_path / "source.wandb", tmp_path / "run-abc.wandb"
    data = log_file.read_bytes()
    source.write_bytes(data[: len(data) // 2] if cut else data)
    copy_run_log(source, copy, DESTINATION, status)
    log = read_run_log(copy)
    assert log.exit_code == status.exit_code
    assert log.summary.get("failure") == (status.failure or None)
    assert str(log.history) == str(read_run_log(source).history)


@pytest.mark.processes
def test_a_run_without_a_log_gets_one_with_its_config_and_failure(tmp_path):
    path = tmp_path / "run-abc.wandb"
    config = {"x": 0, "flag": False, "nested": {"y": [1, None]}}
    write_run_log(path, "abc", config, 1e9 + 0.5, DESTINATION, ExitStatus(1, "ended with exit status 3"))
    log = read_run_log(path)
    assert (log.run_id, log.sweep_id, log.project, log.config) == ("abc", "server1", "shared", config)
    assert (log.history, log.summary, log.exit_code) == ([], {"failure": "ended with exit status 3"}, 1)
    (run,) = records_of("run", inspect(path))
    assert run["entity"] == "team" and run["start_time"].startswith("2001-09-09T01:46:40.5")


def test_a_damaged_log_and_a_file_of_another_kind_are_errors(log_file, tmp_path):
    data = bytearray(log_file.read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "flipped.wandb").write_bytes(data)
    (tmp_path / "other.wandb").write_text("this is not a run log")
    with pytest.raises(RunLogError, match="damaged at byte"):
        copy_run_log(tmp_path / "flipped.wandb", tmp_path / "copy.wandb", DESTINATION, ExitStatus(0))
    with pytest.raises(RunLogError, match="not a W&B run log"):
        copy_run_log(tmp_path / "other.wandb", tmp_path / "copy.wandb", DESTINATION, ExitStatus(0))
