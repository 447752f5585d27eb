"""The result of a sweep, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from fashion_wb.errors import FashionWbError
from fashion_wb.offline.start.notes import describe_repeats
from fashion_wb.sweep_folder.opening import read_sweep_dir
from fashion_wb.sweep_folder.sweep_dir import SweepDir
from fashion_wb.trial import Trial, TrialState


def summarise(root: Path) -> str:
    """Summarise the sweep in `root`: trials by outcome, the best one, repeats, where its runs are.

    Raises:
        FashionWbError: `root` holds no sweep, or a log is damaged.
    """
    folder = read_sweep_dir(root)
    trials = folder.read_trials()
    counts = Counter(trial.state for trial in trials)
    tally = ", ".join(f"{counts[state]} {state}" for state in TrialState if counts[state] > 0) or "no trials"
    lines = [f"{folder.sweep.name} (sweep {folder.sweep_id}, seed {folder.seed}): {tally}"]
    lines += _best_line(folder, trials)
    lines += describe_repeats(folder, trials)
    lines.append(f"Runs: {root}/wandb  (look at one with: wandb leet inspect --summary RUN_FOLDER)")
    return "\n".join(lines)


def check_not_all_failed(roots: Iterable[Path]) -> None:
    """Check that no sweep in `roots` has trials that all failed: whoever waits for it must notice.

    Raises:
        FashionWbError: all trials of a sweep failed; the message has the last reason.
    """
    for root in roots:
        folder = read_sweep_dir(root)
        # Of most sweeps this reads one trial only.
        if folder.count_trials() and all(trial.state is TrialState.FAILED for trial in folder.each_trial()):
            last = folder.read_trials()[-1]
            raise FashionWbError(
                f"{folder.sweep.name}: every trial failed. The last one, trial {last.number}: {last.reason}. "
                f"Its output: {folder.output_file(last.run_id)}"
            )


def incumbent(folder: SweepDir, trials: list[Trial]) -> Trial | None:
    """Return the incumbent: the finished or stopped trial with the best objective so far, or None."""
    metric = folder.sweep.metric
    if metric is None:
        return None
    best: tuple[float, Trial] | None = None
    for trial in trials:
        value = metric.best(trial.history)
        if trial.state not in (TrialState.FINISHED, TrialState.STOPPED) or value is None:
            continue
        if best is None or metric.is_better(value, best[0]):
            best = value, trial
    return None if best is None else best[1]


def _best_line(folder: SweepDir, trials: list[Trial]) -> list[str]:
    best, metric = incumbent(folder, trials), folder.sweep.metric
    if best is None or metric is None:
        return []
    config = " ".join(f"{name}={value}" for name, value in best.config.items())
    return [f"Best {metric.name} {metric.best(best.history):.6g} in run {best.run_id}: {config}"]
