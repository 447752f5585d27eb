"""How often a trial has started, and why it was lost; on disk before every start but the first.

    DIR/wandb/sweep-ID/attempts-RUN.json     {"started": 2, "losses": ["n1 does not answer"]}

There is no file for a trial that has started once: its configuration, written before that, says as much.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from fashion_wb.errors import FashionWbError
from fashion_wb.files import write_text
from fashion_wb.json_file import read_object
from fashion_wb.sweep_folder.sweep_dir import SweepDir

# A trial that takes its machine down with it would otherwise take down one machine after another.
MOST_LOSSES = 3


@dataclass(frozen=True)
class Attempts:
    """The attempts at one trial.

    Attributes:
        started: how many have started, at least 1.
        losses: why attempts were lost with the machine that ran them, in order.
    """

    started: int = 1
    losses: tuple[str, ...] = ()

    def lost(self, reason: str) -> Attempts:
        """Return these attempts, the last of them lost."""
        return replace(self, losses=(*self.losses, reason))

    def next(self) -> Attempts:
        """Return these attempts and one more."""
        return replace(self, started=self.started + 1)

    @property
    def failure(self) -> str:
        """Why the trial does not start again; "" if it may."""
        if len(self.losses) < MOST_LOSSES:
            return ""
        return f"was lost {len(self.losses)} times ({'; '.join(self.losses)})"


def read_attempts(folder: SweepDir, run_id: str) -> Attempts:
    """Read the attempts at a trial that has started.

    Raises:
        FashionWbError: the file is damaged.
    """
    path = folder.attempts_file(run_id)
    try:
        record = read_object(path)
        return Attempts(int(record["started"]), tuple(map(str, record["losses"])))
    except FileNotFoundError:
        return Attempts()
    except (ValueError, KeyError, TypeError, OverflowError):
        raise FashionWbError(
            f"{path}: damaged; delete it, and the trial counts as started once and never lost"
        ) from None


def write_attempts(attempts: Attempts, folder: SweepDir, run_id: str) -> None:
    """Record the attempts at a trial; return when they are on disk."""
    record = {"started": attempts.started, "losses": attempts.losses}
    write_text(json.dumps(record) + "\n", folder.attempts_file(run_id))
