"""Launches for tests of executors, and waiting for their ends."""

from __future__ import annotations

import sys
import time

from fashion_wb.executors.protocol import Exited, Launch, Lost
from fashion_wb.executors.slots import Slot

SLOTS = [Slot()] * 8


def fresh(folder, key, code, **changes):
    """A launch of Python code in a new process; its home is `folder`."""
    return Launch(key, [sys.executable, "-c", code], {}, folder, folder, folder / f"{key}.log", **changes)


def warm(folder, key, program, *arguments, env=None, run_id=None):
    """A launch of the script `program` in a forked process; its home is `folder`."""
    argv = [program.name, *arguments]
    return Launch(
        key,
        [sys.executable, *argv],
        env or {},
        folder,
        folder,
        folder / f"{key}.log",
        script=program,
        script_argv=argv,
        run_id=run_id,
    )


def wait_for(executor, *keys, seconds=60):
    """Wait until trials have ended; return each one's exit status, or why it was lost."""
    ends, deadline = {}, time.monotonic() + seconds
    while set(ends) != set(keys):
        assert time.monotonic() < deadline, f"only {ends} ended"
        for event in executor.events(0.1):
            if isinstance(event, (Exited, Lost)):
                assert event.key not in ends, "a trial ends once"
                ends[event.key] = event.status if isinstance(event, Exited) else event.reason
    return ends
