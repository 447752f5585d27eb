"""New logs are found by their name at once, and any other without reading a large folder all the time."""

from __future__ import annotations

import time

import pytest

from fashion_wb.sweep_folder.new_logs import NewLogs
from fashion_wb.sweep_folder.opening import open_sweep_dir
from fashion_wb.sweep_folder.sweep_dir import SweepDir
from fashion_wb.sweepfile.sweep import make_sweep


@pytest.fixture
def folder(tmp_path):
    config = {"command": ["true"], "method": "random", "parameters": {"x": {"min": 0.0, "max": 1.0}}}
    return open_sweep_dir(tmp_path / "sweep", make_sweep(config, "sweep"), seed=1)


@pytest.fixture
def readings(monkeypatch):
    """The run ids that the whole folder was read for; reading it takes 10 ms."""
    found = []
    real = SweepDir.find_log

    def find(self, run_id):
        found.append(run_id)
        time.sleep(0.01)
        return real(self, run_id)

    monkeypatch.setattr(SweepDir, "find_log", find)
    return found


def begin(folder, name, run_id):
    log = folder.root / "wandb" / f"{name}-{run_id}" / f"run-{run_id}.wandb"
    log.parent.mkdir()
    log.touch()
    return log


def test_a_run_that_begins_now_is_found_by_its_name(folder, readings):
    logs, started = NewLogs(folder), time.time()
    log = begin(folder, time.strftime("offline-run-%Y%m%d_%H%M%S"), "a")
    assert logs.find("a", started) == log and readings == []


@pytest.mark.parametrize("name", ["offline-run-20200101_000000", "run-20300101_000000"])
def test_a_run_of_another_clock_or_mode_is_found_soon_and_certainly_at_its_end(folder, readings, name):
    logs, started = NewLogs(folder), time.time()
    assert logs.find("a", started) is None  # the folder was read, before the run began
    log = begin(folder, name, "a")
    assert logs.find("a", started, thorough=True) == log
    deadline = time.monotonic() + 10
    while logs.find("a", started) is None:
        assert time.monotonic() < deadline


def test_waiting_for_a_run_reads_the_folder_for_a_small_part_of_the_time(folder, readings):
    logs, began = NewLogs(folder), time.time()
    while time.time() - began < 0.5:
        assert logs.find("a", began) is None
        time.sleep(0.001)
    assert 1 <= len(readings) <= 4  # each reading of 10 ms is followed by a pause of 200 ms
