"""Read the records of offline sweeps: trials, retrained winners and audited trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.records.frames import finite_or_nan
from analysis.records.reruns import AuditedTrial, RetrainedWinner
from analysis.records.search import SearchRecord
from analysis.records.search_name import split_name
from analysis.records.sweep import SweepRecord
from fashion_wb.errors import FashionWbError
from fashion_wb.offline.reruns import RerunSet, read_reruns
from fashion_wb.study.audit import JOB_TYPE as AUDIT
from fashion_wb.study.retraining import JOB_TYPE as RETRAIN
from fashion_wb.sweep_folder.sweep_dir import SweepDir
from fashion_wb.trial import Metric, Trial, TrialState


def search_record(folder: SweepDir) -> SearchRecord:
    """Read a sweep and its trials from the logs of its runs.

    Raises:
        FashionWbError: the sweep has no metric, or a log is damaged.
    """
    method, replicate = split_name(folder.sweep.name)
    parameters = folder.sweep.config["parameters"]
    return SearchRecord(
        method, folder.sweep_id, _metric(folder), tuple(folder.read_trials()), replicate, parameters
    )


def sweep_record(folder: SweepDir) -> SweepRecord:
    """Read a sweep, with a metric or without one, and its trials from the logs of its runs.

    Raises:
        FashionWbError: a log is damaged.
    """
    sweep = folder.sweep
    return SweepRecord(sweep.name, folder.sweep_id, sweep.metric, tuple(folder.read_trials()), sweep.config)


def rerun_records(
    folders: Sequence[SweepDir], final: Sequence[str] = ()
) -> tuple[list[RetrainedWinner], list[AuditedTrial]]:
    """Read the retrained winners and the audited trials of several searches, in the order of the searches.

    Args:
        folders: the searches.
        final: names of values in the summary of a retraining; without any, the objective.

    Raises:
        FashionWbError: a sweep has no metric, or a log is damaged.
    """
    winners = [winner for folder in folders if (winner := retrained_winner(folder, final)) is not None]
    return winners, [trial for folder in folders for trial in audited_trials(folder)]


def retrained_winner(folder: SweepDir, final: Sequence[str] = ()) -> RetrainedWinner | None:
    """Read a search's retrained winner, or return None if it was not retrained. Failed runs are left out.

    Raises:
        FashionWbError: the sweep has no metric, or a log is damaged.
    """
    reruns = read_reruns(folder, RETRAIN)
    if reruns is None:
        return None
    metric = _metric(folder)
    chosen = _source(folder, reruns.sources[0], reruns)
    finished = [trial for _, trial in reruns.trials() if trial.state is TrialState.FINISHED]
    retrained = tuple(finite_or_nan(metric.best(trial.history)) for trial in finished)
    summaries = [reruns.summary(trial) for trial in finished]
    method, replicate = split_name(folder.sweep.name)
    return RetrainedWinner(
        method=method,
        replicate=replicate,
        reported=finite_or_nan(metric.best(chosen.history)),
        seeds=tuple(reruns.seed(trial) for trial in finished),
        retrained=retrained,
        measured={name: _measured(name, summaries) for name in final if name != metric.name}
        | ({metric.name: retrained} if metric.name in final or not final else {}),
    )


def audited_trials(folder: SweepDir) -> list[AuditedTrial]:
    """Read the stopped trials of a search that were trained to the end, in the order they were drawn.

    Trials whose rerun failed are left out.

    Raises:
        FashionWbError: the sweep has no metric, or a log is damaged.
    """
    reruns = read_reruns(folder, AUDIT)
    if reruns is None:
        return []
    metric = _metric(folder)
    method, replicate = split_name(folder.sweep.name)
    found = []
    for source, trial in reruns.trials():
        if trial.state is not TrialState.FINISHED:
            continue
        before = _source(folder, source, reruns).history
        found.append(
            AuditedTrial(
                method=method,
                replicate=replicate,
                run=source,
                final=finite_or_nan(metric.best(trial.history)),
                steps_saved=max(0, len(metric.values(trial.history)) - len(metric.values(before))),
            )
        )
    return found


def _measured(name: str, summaries: Sequence[Mapping[str, Any]]) -> tuple[float, ...]:
    return tuple(finite_or_nan(summary.get(name)) for summary in summaries)


def _source(folder: SweepDir, run_id: str, reruns: RerunSet) -> Trial:
    found = next((trial for trial in folder.read_trials() if trial.run_id == run_id), None)
    if found is None:
        raise FashionWbError(
            f"{reruns.file}: reruns {run_id}, which is no trial of the search: restore it from a copy"
        )
    return found


def _metric(folder: SweepDir) -> Metric:
    if folder.sweep.metric is None:
        raise FashionWbError(
            f"{folder.root}: the sweep has no metric, so it cannot be compared; leave it out"
        )
    return folder.sweep.metric
