"""The settings of this project's own study, of the CNN that `train.py` trains."""

from __future__ import annotations

from typing import Any

# What conditions.json calls it.
NAME = "fashion-mnist"
# The options of `fashion-wb study` that differ from those of another sweep file. Winners are tested once, on
# images that no search has seen.
DEFAULTS: dict[str, Any] = {
    "epochs": 10,
    "final_command": "${env} ${interpreter} ${program} ${args} --test",
    "final_metric": ("test_accuracy",),
    "also": ("valid_accuracy",),
}
# With --quick.
QUICK: dict[str, Any] = {"epochs": 2}
