"""The file with how a trial ended, where its run's log cannot tell; and why, if it failed or was stopped.

    {"state": "failed", "reason": "was killed by SIGKILL"}
    {"state": "stopped", "reason": "early stopping at the 3rd value: ...", "stop": {"rung": 3, ...}}

The attributes of `stop` are those of `early_stop.Stop`. It is absent if the pruner does not tell what it
compared, and from files of older versions, which have no reason for a stop either.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fashion_wb.early_stop import Stop
from fashion_wb.errors import FashionWbError
from fashion_wb.files import write_text
from fashion_wb.json_file import read_object
from fashion_wb.trial import Outcome, TrialState


def write_outcome(outcome: Outcome, path: Path) -> None:
    """Write a trial's outcome; return when it is on disk."""
    record: dict[str, Any] = {"state": outcome.state, "reason": outcome.reason}
    if outcome.stop is not None:
        record["stop"] = asdict(outcome.stop)
    write_text(json.dumps(record) + "\n", path)


def read_outcome(path: Path) -> Outcome | None:
    """Read a trial's outcome; None if there is no such file.

    Raises:
        FashionWbError: the file is damaged.
    """
    try:
        record = read_object(path)
        stop = Stop(**record["stop"]) if "stop" in record else None
        return Outcome(TrialState(record["state"]), str(record["reason"]), stop)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, OverflowError):
        raise FashionWbError(f"{path}: damaged; delete it to run the trial again") from None
