"""Offline sweeps as the analysis sees them: trials, winners retrained, stopped trials audited."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.records.frames import finite_or_nan
from analysis.records.reruns import AuditedTrial, RetrainedWinner
from analysis.records.search import SearchRecord
from analysis.records.search_name import split_name
from analysis.records.space import ranges
from fashion_wb.errors import FashionWbError
from fashion_wb.offline.reruns import read_reruns
from fashion_wb.offline.sweep_dir import SweepDir
from fashion_wb.study.audit import JOB_TYPE as AUDIT
from fashion_wb.study.retraining import JOB_TYPE as RETRAIN
from fashion_wb.trial import Metric, TrialState


def search_record(folder: SweepDir) -> SearchRecord:
    """A sweep and its trials, read from the runs' own logs.

    Raises:
        FashionWbError: the sweep names no metric to compare by, or a log is damaged.
    """
    method, replicate = split_name(folder.sweep.name)
    metric, space = _metric(folder), ranges(folder.sweep.config["parameters"])
    return SearchRecord(method, folder.sweep_id, metric, tuple(folder.read_trials()), replicate, space)


def rerun_records(folders: Sequence[SweepDir]) -> tuple[list[RetrainedWinner], list[AuditedTrial]]:
    """All winners retrained and all stopped trials audited in several searches, in the order of these.

    Raises:
        FashionWbError: a sweep names no metric, or a log is damaged.
    """
    winners = [winner for folder in folders if (winner := retrained_winner(folder)) is not None]
    return winners, [trial for folder in folders for trial in audited_trials(folder)]


def retrained_winner(folder: SweepDir) -> RetrainedWinner | None:
    """A search's winner on its fresh seeds, or None if it was not retrained. Runs that failed have no number.

    Raises:
        FashionWbError: the sweep names no metric, or a log is damaged.
    """
    followup = read_reruns(folder, RETRAIN)
    if followup is None:
        return None
    metric = _metric(folder)
    chosen = next(trial for trial in folder.read_trials() if trial.run_id == followup.sources[0])
    claim = metric.best_row(chosen.history) or {}
    finished = [trial for _, trial in followup.trials() if trial.state is TrialState.FINISHED]
    bests = [metric.best(trial.history) for trial in finished]
    method, replicate = split_name(folder.sweep.name)
    return RetrainedWinner(
        method=method,
        replicate=replicate,
        reported_loss=finite_or_nan(claim.get(metric.name)),
        reported_accuracy=finite_or_nan(claim.get("valid_accuracy")),
        seeds=tuple(int(trial.config["seed"]) for trial in finished),
        valid_loss=tuple(finite_or_nan(best) for best in bests),
        test_accuracy=tuple(
            finite_or_nan(followup.summary(trial).get("test_accuracy")) for trial in finished
        ),
    )


def audited_trials(folder: SweepDir) -> list[AuditedTrial]:
    """The stopped trials of a search that were trained to the end, in the order they were drawn.

    Those whose training failed are left out.

    Raises:
        FashionWbError: the sweep names no metric, or a log is damaged.
    """
    followup = read_reruns(folder, AUDIT)
    if followup is None:
        return []
    metric = _metric(folder)
    method, replicate = split_name(folder.sweep.name)
    stopped = {trial.run_id: trial for trial in folder.read_trials()}
    found = []
    for source, trial in followup.trials():
        if trial.state is not TrialState.FINISHED:
            continue
        before = stopped[source].history
        found.append(
            AuditedTrial(
                method=method,
                replicate=replicate,
                run=source,
                stopped_after=len(before),
                loss_when_stopped=finite_or_nan(metric.best(before)),
                final_loss=finite_or_nan(metric.best(trial.history)),
                epochs_saved=len(trial.history) - len(before),
            )
        )
    return found


def _metric(folder: SweepDir) -> Metric:
    if folder.sweep.metric is None:
        raise FashionWbError(
            f"{folder.root}: the sweep names no metric, so there is nothing to compare it by"
        )
    return folder.sweep.metric
