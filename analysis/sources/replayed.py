"""Records of replayed searches: trials, winners and audited trials, all answered by the table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from analysis.records.frames import finite_or_nan
from analysis.records.reruns import AuditedTrial, RetrainedWinner
from analysis.records.search import SearchRecord
from analysis.records.search_name import split_name
from fashion_wb.replay.table import Table
from fashion_wb.replay.training import ReplayedTraining
from fashion_wb.study.audit import drawn_for_audit
from fashion_wb.study.replayed import ReplayedSearch


def search_records(searches: Iterable[ReplayedSearch]) -> list[SearchRecord]:
    """Return the record of each search."""
    found = []
    for search in searches:
        sweep = search.plan.sweep
        assert sweep.metric is not None
        method, replicate = split_name(sweep.name)
        parameters = sweep.config["parameters"]
        found.append(
            SearchRecord(method, search.sweep_id, sweep.metric, search.trials, replicate, parameters)
        )
    return found


def winner_records(records: Sequence[SearchRecord], table: Table) -> list[RetrainedWinner]:
    """Return the chosen configuration of each search, trained with every seed of the table."""
    training, found = ReplayedTraining(table, 0), []
    for record in records:
        best = record.best
        if best is None:
            continue
        # A resampled table has seeds that occur several times, each a training of its own.
        results = training.all_losses(best.config["filters"], best.config["lr"])
        measured = {name: tuple(values.tolist()) for name, values in results.items()}
        found.append(
            RetrainedWinner(
                method=record.method,
                replicate=record.replicate,
                reported=finite_or_nan(record.metric.best(best.history)),
                seeds=tuple(range(len(table.seeds))),
                retrained=measured[record.metric.name],
                measured=measured,
            )
        )
    return found


def audit_records(
    searches: Sequence[ReplayedSearch], records: Sequence[SearchRecord], table: Table, count: int
) -> list[AuditedTrial]:
    """Return at most `count` stopped trials of each search, trained to the end with the same seed."""
    found = []
    for search, record in zip(searches, records, strict=True):
        for trial in drawn_for_audit(search.trials, search.plan.seed, count):
            rows = search.whole(trial, table)
            final = finite_or_nan(record.metric.best(rows))
            saved = len(rows) - len(trial.history)
            found.append(AuditedTrial(record.method, record.replicate, trial.run_id, final, saved))
    return found
