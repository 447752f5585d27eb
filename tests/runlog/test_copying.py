"""Copies of run logs written by the real wandb; `wandb leet inspect` reads what was written."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from fashion_wb.runlog.copying import Destination, Ending, copy_run_log, write_run_log
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
THERE = Destination("team", "shared", "server1", group_of="offline")


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


def of(kind, records):
    return [record[kind] for record in records if record["type"] == kind]


def test_a_log_written_anew_is_the_same_file_to_the_byte(log_file, tmp_path):
    data = log_file.read_bytes()
    records = [payload for _, payload in read_records(data, len(FILE_HEADER), log_file, 0)]
    write_records(records, tmp_path / "again.wandb")
    assert (tmp_path / "again.wandb").read_bytes() == data
    # Records across three blocks, and blocks that end in padding, are in it.
    assert max(map(len, records)) > 3 * 32 * 1024 and len(data) > 10 * 32 * 1024


@pytest.mark.parametrize("size", range(32 * 1024 - 7 - 7 - 16, 32 * 1024 - 7 - 7 + 9))
def test_a_record_that_ends_anywhere_near_a_block_reads_back(size, tmp_path):
    records = [b"a" * size, b"", b"bc" * 40_000, b"d"]
    path = tmp_path / "file.wandb"
    write_records(records, path)
    assert [payload for _, payload in read_records(path.read_bytes(), 7, path, 0)] == records


def test_a_copy_is_the_same_run_elsewhere(log_file, tmp_path):
    copy = tmp_path / "run-abc.wandb"
    copy_run_log(log_file, copy, THERE, Ending(3))
    before, after = inspect(log_file), inspect(copy)
    (run,) = of("run", after)
    assert [run[key] for key in ("entity", "project", "sweep_id", "run_group")] == [
        "team",
        "shared",
        "server1",
        "server1",
    ]
    for kind in ("history", "summary", "files", "environment", "exit"):
        assert of(kind, after) == of(kind, before)
    assert [record["type"] for record in after] == [record["type"] for record in before]
    assert read_run_log(copy).config == read_run_log(log_file).config


@pytest.mark.parametrize("skip", [0, 1, STEPS, STEPS + 1])
def test_rows_that_are_there_already_are_left_out_from_the_start(log_file, tmp_path, skip):
    copy = tmp_path / "run-abc.wandb"
    copy_run_log(log_file, copy, THERE, Ending(3), skip_rows=skip)
    whole, part = read_run_log(log_file), read_run_log(copy)
    assert str(part.history) == str(whole.history[skip:])  # as text, since nan differs from itself
    assert str(part.summary) == str(whole.summary)


@pytest.mark.parametrize("cut", [False, True])
@pytest.mark.parametrize("ending", [Ending(0), Ending(255), Ending(1, "it hung")])
def test_the_ending_is_the_one_on_record_whatever_the_log_says(log_file, tmp_path, cut, ending):
    source, copy = tmp_path / "source.wandb", tmp_path / "run-abc.wandb"
    data = log_file.read_bytes()
    source.write_bytes(data[: len(data) // 2] if cut else data)
    copy_run_log(source, copy, THERE, ending)
    log = read_run_log(copy)
    assert log.exit_code == ending.exit_code
    assert log.summary.get("failure") == (ending.failure or None)
    assert str(log.history) == str(read_run_log(source).history)


def test_a_run_that_never_started_gets_a_log_of_its_config_and_its_failure(tmp_path):
    path = tmp_path / "run-abc.wandb"
    config = {"x": 0, "flag": False, "nested": {"y": [1, None]}}
    write_run_log(path, "abc", config, 1e9 + 0.5, THERE, Ending(1, "ended with exit status 3"))
    log = read_run_log(path)
    assert (log.run_id, log.sweep_id, log.project, log.config) == ("abc", "server1", "shared", config)
    assert (log.history, log.summary, log.exit_code) == ([], {"failure": "ended with exit status 3"}, 1)
    (run,) = of("run", inspect(path))
    assert run["entity"] == "team" and run["start_time"].startswith("2001-09-09T01:46:40.5")


def test_a_damaged_log_and_another_file_are_refused(log_file, tmp_path):
    data = bytearray(log_file.read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "flipped.wandb").write_bytes(data)
    (tmp_path / "other.wandb").write_text("this is not a run log")
    with pytest.raises(RunLogError, match="damaged at byte"):
        copy_run_log(tmp_path / "flipped.wandb", tmp_path / "copy.wandb", THERE, Ending(0))
    with pytest.raises(RunLogError, match="not a W&B run log"):
        copy_run_log(tmp_path / "other.wandb", tmp_path / "copy.wandb", THERE, Ending(0))
