"""The settings of this project's own study, of the CNN that `train.py` trains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fashion_wb.replay.table import DEAD_LOSS

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
# About 0.4 points of accuracy near the best losses of this CNN, slightly more than a new seed changes.
MARGIN = 0.01
# A trial whose loss stays above this never leaves chance level: ln 10 = 2.3026.
DEAD_ABOVE = DEAD_LOSS
# The logged value that holds the duration of an epoch.
STEP_SECONDS = "seconds"
# With --quick.
QUICK: dict[str, Any] = {"epochs": 2}


def conditions_of_older_version(record: Mapping[str, Any]) -> dict[str, Any]:
    """Bring the conditions of an older version, which had no other study, to this version's form."""
    changed: dict[str, Any] = {"budget": {"trials": record.get("trials")}, "seed_parameter": "seed"}
    if record.get("budget_epochs") is not None:
        changed |= {"budget": {"steps": record["budget_epochs"]}, "steps_per_trial": record.get("epochs")}
    changed |= {"study": NAME, **{name: DEFAULTS[name] for name in ("also", "final_metric")}}
    return {**record, **changed, "extras": {"training images": int(record.get("training_images", 50_000))}}
