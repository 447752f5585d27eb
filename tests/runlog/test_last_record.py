"""Waiting for the end of a log that is behind the exit of its process."""

from __future__ import annotations

import time

import pytest

from fashion_wb.runlog.last_record import last_record_delay, wait_for_last_record


@pytest.mark.parametrize("status", [0, 1])
def test_a_log_that_comes_late_is_read_to_its_end(status):
    arrives = time.monotonic() + 0.5
    reads = []

    def read():
        reads.append(time.monotonic() > arrives)
        return reads[-1]

    wait_for_last_record(read, status)
    assert reads.count(True) == 1 and len(reads) > 2


def test_a_log_that_is_complete_is_read_once():
    reads = []
    wait_for_last_record(lambda: reads.append(0) is None, 0)
    assert len(reads) == 1


def test_the_log_of_a_killed_process_may_never_be_complete():
    began = time.monotonic()
    wait_for_last_record(lambda: False, -9)
    assert last_record_delay(-9) <= time.monotonic() - began < last_record_delay(0)
