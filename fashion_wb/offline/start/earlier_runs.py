"""Read earlier runs, from folders of offline sweeps and from W&B's server, as results for a search."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

from fashion_wb.errors import FashionWbError
from fashion_wb.search.space import DoesNotFit, Space
from fashion_wb.sweep_folder.opening import find_sweep_dirs
from fashion_wb.sweepfile.parameters import with_value
from fashion_wb.trial import Metric, Trial, TrialState


def read_runs(source: str, own: Path, stream: TextIO) -> tuple[Trial, ...]:
    """Read all runs of a source, of whatever sweep, state and space.

    Args:
        source: a folder, at or below which there are offline sweeps; or ENTITY/PROJECT/SWEEP on W&B's server.
        own: a folder that is left out: that of the sweep that starts.
        stream: gets the progress of requests.

    Raises:
        FashionWbError: there is no such source, it has no runs, or it cannot be read.
    """
    if Path(source).is_dir():
        folders = [folder for folder in find_sweep_dirs(Path(source)) if folder.root != own.resolve()]
        found = tuple(trial for folder in folders for trial in folder.read_trials())
    else:
        found = _pull(source, stream)
    if not found:
        raise FashionWbError(f"--warm-start {source}: has no runs; leave it out")
    return found


def _pull(source: str, stream: TextIO) -> tuple[Trial, ...]:
    # Not at the top: they import wandb, which takes a second.
    from fashion_wb.progress_line import ProgressLine
    from fashion_wb.server.cache import cache_file, open_cache
    from fashion_wb.server.connection import connect
    from fashion_wb.server.path import parse_path
    from fashion_wb.server.pull import pull_sweeps

    if source.startswith((".", "/", "~")) or source.count("/") < 2:
        raise FashionWbError(
            f"--warm-start {source}: no such folder; for a sweep on W&B's server, give "
            "ENTITY/PROJECT/SWEEP_ID"
        )
    path = parse_path(source)
    if path.sweep is None:
        raise FashionWbError(f"--warm-start {source}: names a project; give ENTITY/PROJECT/SWEEP_ID")
    server = connect()
    progress = ProgressLine(f"Pulling runs of {path}", stream)
    with open_cache(cache_file(server.url, path)) as cache:
        pulled = pull_sweeps(server, path, cache, progress)
    runs = tuple(trial for sweep in pulled.sweeps for trial in sweep.trials)
    progress.finish(f"Pulled {len(runs)} runs of {path}")
    return runs


def fit_runs(
    source: str, runs: Sequence[Trial], space: Space, metric: Metric, seed_parameter: str | None = "seed"
) -> tuple[list[Trial], Counter[str]]:
    """Return the runs of a source that a search can learn from, and how many others there are, by reason.

    A run counts if it has ended without failing, has logged a finite value of the metric, and has a
    configuration of the space. A constant of the space must have the same value, except `seed_parameter`: a
    run with another seed measures the same configuration. Parameters that the space has not are ignored.

    Raises:
        FashionWbError: no run has a finite value of the metric, or none is in the space.
    """
    if not any(metric.values(run.history) for run in runs):
        raise FashionWbError(
            f"--warm-start {source}: none of its {len(runs)} runs has logged a finite {metric.name}, "
            "the metric of this sweep; give runs that have, or leave it out"
        )
    fitting: list[Trial] = []
    left_out: Counter[str] = Counter()
    for run in runs:
        reason = _unusable(run, metric)
        if not reason:
            try:
                config = space.fit(_with_constant(run, seed_parameter, space))
            except DoesNotFit as problem:
                lacks = f"without {problem.parameter}"
                reason = f"with {problem.parameter} outside the space" if problem.reason else lacks
            else:
                fitting.append(Trial(run.number, run.run_id, config, run.state, run.history))
        if reason:
            left_out[reason] += 1
    if not fitting:
        raise FashionWbError(
            f"--warm-start {source}: none of its {len(runs)} runs can be used: {describe_left_out(left_out)}"
        )
    return fitting, left_out


def describe_left_out(left_out: Mapping[str, int]) -> str:
    """Return the reasons as text, such as "3 failed, 1 without lr"."""
    return ", ".join(f"{count} {reason}" for reason, count in left_out.items())


def _unusable(run: Trial, metric: Metric) -> str:
    if run.state is TrialState.RUNNING:
        return "still running"
    if run.state is TrialState.FAILED:
        return "failed"
    return "" if metric.values(run.history) else f"without a finite {metric.name}"


def _with_constant(run: Trial, name: str | None, space: Space) -> dict[str, object]:
    if name is None or name not in space.constants:
        return dict(run.config)
    return with_value(run.config, name, space.constants[name])
