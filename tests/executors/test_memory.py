"""A limit on a trial's memory: what counts, what does not, and that it is kept."""

from __future__ import annotations

import signal
from dataclasses import replace

import pytest
from executor_cases import SLOTS, fresh, wait_for, warm

from fashion_wb.executors import memory
from fashion_wb.executors.local import LocalExecutor
from fashion_wb.executors.protocol import Exited

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(not memory.can_be_measured(), reason="needs Linux's smaps_rollup"),
]

MIB = 1 << 20
GROW = "block = bytearray({size} << 20)\nimport time; time.sleep({seconds})\n"


def exits(executor, *keys):
    """Wait until trials have exited; what each exit said, by key."""
    found = {}
    while set(found) != set(keys):
        found |= {event.key: event for event in executor.events(0.1) if isinstance(event, Exited)}
    return found


def test_a_trial_above_its_limit_is_killed_with_a_reason_and_the_others_are_not(tmp_path):
    with LocalExecutor(None, SLOTS) as executor:
        large = fresh(tmp_path, "large", GROW.format(size=300, seconds=60))
        executor.start(replace(large, memory=200 * MIB))
        executor.start(replace(fresh(tmp_path, "small", GROW.format(size=100, seconds=2)), memory=200 * MIB))
        executor.start(fresh(tmp_path, "free", GROW.format(size=300, seconds=2)))
        found = exits(executor, "large", "small", "free")
    assert {key: event.status for key, event in found.items()} == {"large": -9, "small": 0, "free": 0}
    assert found["small"].reason == found["free"].reason == ""
    used, limit = found["large"].reason.removeprefix("used ").split(" of memory, above its limit of ")
    # It may be looked at while it still grows.
    assert limit == "200 MiB" and 200 < float(used.removesuffix(" MiB")) < 330


CHILDREN = """
import os, subprocess, sys, time
block = "b = bytearray(120 << 20); import time; time.sleep(60)"
for _ in range(2):
    subprocess.Popen([sys.executable, "-c", block], start_new_session={session})
time.sleep(60)
"""


@pytest.mark.parametrize("session", [False, True])
def test_the_memory_of_its_children_counts_and_they_are_killed_too(tmp_path, session):
    with LocalExecutor(None, SLOTS) as executor:
        launch = replace(fresh(tmp_path, "x", CHILDREN.format(session=session)), memory=200 * MIB)
        executor.start(launch)
        event = exits(executor, "x")["x"]
    assert event.status == -signal.SIGKILL and "above its limit of 200 MiB" in event.reason


SHARED = "import mmap\nif __name__ == '__main__':\n    {use}\n    import time; time.sleep(2)\n"


@pytest.mark.parametrize(
    "use",
    [
        "reserved = mmap.mmap(-1, 4 << 30)",
        "f = open('data', 'r+b'); mapped = mmap.mmap(f.fileno(), 0); sum(mapped[::4096])",
    ],
    ids=["reserved", "a mapped file"],
)
def test_what_is_only_reserved_and_files_that_are_mapped_do_not_count(tmp_path, use):
    (tmp_path / "data").write_bytes(bytes(300 << 20))
    with LocalExecutor(None, SLOTS) as executor:
        executor.start(replace(fresh(tmp_path, "x", SHARED.format(use=use)), memory=200 * MIB))
        assert wait_for(executor, "x") == {"x": 0}


def test_forked_trials_share_what_was_imported_and_pay_for_their_part(tmp_path):
    (tmp_path / "large.py").write_text("block = b'x' * (300 << 20)\n")
    program = tmp_path / "program.py"
    program.write_text("import time, large\nx = large.block[::4096]\ntime.sleep(3)\n")
    with LocalExecutor(program, SLOTS) as executor:
        for key in ("a", "b"):
            executor.start(replace(warm(tmp_path, key, program), memory=250 * MIB))
        assert wait_for(executor, "a", "b") == {"a": 0, "b": 0}


def test_a_trial_without_a_limit_is_not_looked_at():
    watch = memory.MemoryWatch()
    assert watch.wait is None and watch.kill_too_large() == {}


@pytest.mark.parametrize(
    ("size", "text"), [(4 << 30, "4 GiB"), (1234 << 20, "1.205 GiB"), (512 << 10, "512 KiB")]
)
def test_sizes_are_printed_in_units_of_1024(size, text):
    assert memory.size_text(size) == text
