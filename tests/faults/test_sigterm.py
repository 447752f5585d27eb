"""What a batch system does before it takes a machine away: SIGTERM, and SIGKILL after some seconds."""

from __future__ import annotations

import time

import pytest
from death_cases import WORKERS, Storm, config
from sweep_cases import states

from fashion_wb.runlog.reader import read_run_log

pytestmark = pytest.mark.processes

# A row is on its way from the trial to wandb-core, which writes it 0.05 s later; a busy machine takes longer.
ON_ITS_WAY_SECONDS = 1.0
CASES = [(True, False), (False, True), (True, True), (False, False)]


@pytest.mark.fault(
    "Death",
    "SIGTERM, then SIGKILL after some seconds",
    made="to the command alone or to all its processes, with trials that end at SIGTERM or ignore it",
    promised="rows are kept, but for the last second before the signal; the sweep goes on exactly",
)
def test_a_sweep_with_a_grace_period_keeps_what_was_logged_and_goes_on(tmp_path, fault):
    logged = kept = 0
    cases = CASES[: fault.times(1, 4)] * fault.times(1, 2)
    for number, (everyone, deaf) in enumerate(cases):
        sweep = config("random", cap=3, rows=30, pause=0.05, deaf=deaf)
        storm = Storm(tmp_path / str(number), sweep, fault.generator)
        storm.start()
        wait_for_rows(storm)
        time.sleep(fault.generator.uniform(0, 0.5))
        signalled_at = time.time()
        killed_at = storm.terminate(everyone, grace=0.8 if deaf else 20)
        assert killed_at is None or deaf, "trials that end at SIGTERM need no SIGKILL"
        assert deaf or storm.command.returncode == 130
        assert "failed" not in states(storm.folder)
        for run_id, times in storm.logged().items():
            (log,) = storm.folder.glob(f"runs/sweep/wandb/*-{run_id}/*.wandb")
            rows = len(read_run_log(log).history)
            safe = [t for t in times if t < (killed_at or signalled_at) - ON_ITS_WAY_SECONDS]
            assert rows >= len(safe), (rows, times, killed_at)
            logged, kept = logged + len(times), kept + min(rows, len(times))
        storm.finish()
    fault.observed(
        f"{len(cases)} of {len(cases)} sweeps went on exactly; {kept} of {logged} rows logged were kept"
    )


def wait_for_rows(storm):
    """Wait until as many trials as run at once have logged."""
    deadline = time.monotonic() + 240
    while sum(len(times) > 2 for times in storm.logged().values()) < WORKERS:
        assert time.monotonic() < deadline and storm.command.poll() is None
        time.sleep(0.02)
