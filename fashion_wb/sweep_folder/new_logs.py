"""Find the logs of runs that have just begun, in a folder that may hold those of thousands.

wandb names a run's folder after the second in which it began. So a run that begins while it is waited for is
found by its name. Any other, such as one whose machine has another clock, is found by reading the whole
folder: that takes tens of milliseconds with 20,000 runs, so it is done for a small part of the time only.
"""

from __future__ import annotations

import time
from pathlib import Path

from fashion_wb.sweep_folder.sweep_dir import SweepDir

# Reading the folder takes at most one part in so many of the time that passes.
_RARITY = 20
# A run is looked for by name in the seconds before now: it was not there before.
_SECONDS_BACK = 5


class NewLogs:
    """Looks for the logs of the new runs of one sweep's folder."""

    def __init__(self, folder: SweepDir) -> None:
        self._folder = folder
        self._runs = folder.root / "wandb"
        self._next_reading = 0.0

    def find(self, run_id: str, since: float, thorough: bool = False) -> Path | None:
        """Return the path of a run's log; None if there is none yet, or it has not been found yet.

        Args:
            run_id: the run.
            since: time.time() when its trial was started.
            thorough: whether None must mean that there is none.
        """
        found = self._by_name(run_id, since)
        if found is not None:
            return found
        began = time.monotonic()
        if not thorough and began < self._next_reading:
            return None
        found = self._folder.find_log(run_id)
        ended = time.monotonic()
        self._next_reading = ended + _RARITY * (ended - began)
        return found

    def _by_name(self, run_id: str, since: float) -> Path | None:
        now = int(time.time())
        # The newest first: a trial may begin its run again.
        for second in range(now + 1, max(int(since), now - _SECONDS_BACK) - 1, -1):
            stamp = time.strftime("%Y%m%d_%H%M%S", time.localtime(second))
            path = self._runs / f"offline-run-{stamp}-{run_id}" / f"run-{run_id}.wandb"
            if path.exists():
                return path
        return None
