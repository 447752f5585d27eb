"""Run logs from the real wandb: complete, truncated and damaged; `wandb leet inspect` gives the reference."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from fashion_wb.runlog.reader import RunLog, RunLogError, find_run_log, find_run_logs, read_run_log

STEPS = 300
WRITER = f"""
import os, wandb
run = wandb.init(project="p", config={{"lr": 0.5, "nested": {{"zero": 0}}, "none": None}})
for step in range({STEPS}):
    run.log({{"loss": 1 / (step + 1), "text": "x" * step, "nan": float("nan"), "deep": {{"inner": step}}}})
run.summary["failure"] = "none"
run.finish(exit_code=3)
"""


@pytest.fixture(scope="module")
def log_file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    env = {"WANDB_MODE": "offline", "WANDB_DIR": str(folder), "WANDB_RUN_ID": "abc", "WANDB_SWEEP_ID": "swp"}
    path = {"PATH": "/usr/bin:/bin", "HOME": str(folder)}
    subprocess.run(
        [sys.executable, "-c", WRITER], env=env | path, cwd=folder, check=True, capture_output=True
    )
    (found,) = folder.glob("wandb/offline-run-*-abc/run-abc.wandb")
    return found


def inspect(path):
    command = [sys.executable, "-m", "wandb", "leet", "inspect", "--json", str(path.parent)]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.processes
def test_a_log_reads_like_in_wandbs_own_inspector(log_file):
    log = read_run_log(log_file)
    history = [record["history"]["item"] for record in inspect(log_file) if record["type"] == "history"]
    assert [row["_step"] for row in log.history] == list(range(STEPS))
    assert [row["loss"] for row in log.history] == [row["loss"] for row in history]
    assert [row["text"] for row in log.history] == [row["text"] for row in history]
    assert (log.run_id, log.sweep_id, log.exit_code) == ("abc", "swp", 3)
    assert {key: log.config[key] for key in ("lr", "nested", "none")} == {
        "lr": 0.5,
        "nested": {"zero": 0},
        "none": None,
    }
    assert log.summary["failure"] == "none"
    # The file must be longer than a block; otherwise no record crosses blocks.
    assert log_file.stat().st_size > 2 * 32 * 1024


def test_a_log_truncated_anywhere_gives_the_part_that_it_has(log_file, tmp_path):
    data, whole = log_file.read_bytes(), read_run_log(log_file)
    copy = tmp_path / "cut.wandb"
    seen = set()
    for size in [*range(0, 200), *range(200, len(data), 997), len(data) - 1]:
        copy.write_bytes(data[:size])
        log = read_run_log(copy)
        assert log.exit_code is None
        assert log.history == whole.history[: len(log.history)]
        seen.add(len(log.history))
    assert len(seen) > 50


def test_a_growing_log_can_be_read_in_parts(log_file, tmp_path):
    data = log_file.read_bytes()
    copy = tmp_path / "growing.wandb"
    copy.write_bytes(b"")
    log = RunLog(copy)
    assert not log.read_new()
    for start in range(0, len(data), 1013):
        with copy.open("ab") as file:
            file.write(data[start : start + 1013])
        log.read_new()
    whole = read_run_log(log_file)
    assert str(log.history) == str(whole.history)  # as text, since nan differs from itself
    assert log.exit_code == 3
    assert not log.read_new()


def test_one_flipped_bit_is_detected(log_file, tmp_path):
    data = bytearray(log_file.read_bytes())
    data[len(data) // 2] ^= 1
    copy = tmp_path / "flipped.wandb"
    copy.write_bytes(data)
    with pytest.raises(
        RunLogError, match=r"flipped\.wandb: damaged at byte \d+: the checksum does not match"
    ):
        read_run_log(copy)


def test_a_file_of_another_kind_and_a_missing_file_are_errors(tmp_path):
    other = tmp_path / "other.wandb"
    other.write_text("this is not a run log")
    with pytest.raises(RunLogError, match="not a W&B run log"):
        read_run_log(other)
    with pytest.raises(RunLogError, match="cannot be read"):
        read_run_log(tmp_path / "absent.wandb")


TWICE = """
import os, wandb
for attempt in range(2):
    wandb.init(mode="offline", id=os.environ["RUN"], config={"attempt": attempt}).finish()
"""


@pytest.mark.processes
def test_all_attempts_of_a_run_are_found_also_those_that_start_within_one_second(tmp_path):
    """wandb 0.31 then adds a number to the folder's name."""
    for run in ("abc", "other-abc"):
        subprocess.run(
            [sys.executable, "-c", TWICE],
            env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "RUN": run},
            cwd=tmp_path,
            check=True,
            capture_output=True,
        )
    found = find_run_logs(tmp_path, "abc")
    assert [read_run_log(path).config["attempt"] for path in found] == [0, 1]
    assert find_run_log(tmp_path, "abc") == found[1] and find_run_log(tmp_path, "none") is None


def test_a_long_log_is_read_in_pieces_even_if_a_record_is_longer_than_one(tmp_path, monkeypatch):
    from fashion_wb.runlog.record_file import BLOCK, write_records
    from fashion_wb.wandb_private import Record

    records = [Record() for _ in range(60)]
    for number, record in enumerate(records[:-1]):
        # Some are longer than three blocks; what a program prints is kept in such records.
        record.output_raw.line = "x" * (number % 5 * 25_000)
        record.num = number
    records[-1].exit.exit_code = 7
    path = tmp_path / "run-abc.wandb"
    write_records([record.SerializeToString() for record in records], path)
    monkeypatch.setattr("fashion_wb.runlog.reader._PIECE", BLOCK)
    log = RunLog(path)
    seen = []
    monkeypatch.setattr(RunLog, "_apply", lambda self, record: seen.append(record.num))
    assert log.read_new() and not log.read_new()
    assert seen == [*range(59), 0]
    assert log.size_read == path.stat().st_size
