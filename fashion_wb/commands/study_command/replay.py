"""What `fashion-wb study --replay` does in place of training."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from fashion_wb.errors import FashionWbError
from fashion_wb.progress_line import ProgressLine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fashion_wb.commands.study_command.prepared import PreparedStudy
    from fashion_wb.replay.table import Table
    from fashion_wb.study.replayed import ReplayedSearch

# Options that say how trials run; a replay runs none.
_NOT_FOR_REPLAY = (
    *("cpus_per_trial", "gpus", "gpus_per_trial", "trials_per_gpu", "executor", "cluster", "listen"),
    *("cold", "patience", "trial_timeout", "trial_memory", "data_dir", "initial", "warm_start", "with_view"),
)


def check_options(context: click.Context) -> None:
    """Check that no option of `fashion-wb study` was given that a replay cannot follow.

    Raises:
        FashionWbError: one was.
    """
    given = [
        max(parameter.opts, key=len)
        for parameter in context.command.params
        if parameter.name in _NOT_FOR_REPLAY
        and context.get_parameter_source(parameter.name) is ParameterSource.COMMANDLINE
    ]
    if given:
        raise FashionWbError(f"{', '.join(given)}: cannot be used with --replay, which trains nothing")


def extras_of(table: Table) -> dict[str, Any]:
    """Return what the conditions of a replayed study tell of its table."""
    return {"trainings replayed": table.curves["valid_loss"][..., 0].size}


def run(study: PreparedStudy, parallel: int, workers: int | None, write_runs: bool) -> None:
    """Replay the searches of a study, compare them, and print the comparison.

    Args:
        study: the study.
        parallel: trials at once in each search.
        workers: how many searches are replayed side by side; None means as many as there are cores.
        write_runs: whether to write every trial as an offline run too.

    Raises:
        FashionWbError: as `study.replayed.replay_plans` and `study.replayed.write_runs`.
    """
    from fashion_wb.executors.slots import plan_slots
    from fashion_wb.replay.table import FASHION_MNIST, read_table
    from fashion_wb.study.conditions import write_conditions
    from fashion_wb.study.replayed import check_plans, replay_plans

    processes, seed_parameter = len(plan_slots(workers)), study.settings.seed_parameter
    check_plans(study.planned, read_table(), study.subject.cwd, seed_parameter)
    answers = replay_plans(
        study.planned, FASHION_MNIST, study.subject.cwd, parallel, seed_parameter, processes
    )
    line, searches = ProgressLine("Searches", sys.stderr), []
    for one in answers:
        searches.append(one)
        line.update(len(searches), len(study.planned))
    line.finish(f"Replayed {len(searches):,} searches of {sum(len(one.trials) for one in searches):,} trials")
    if write_runs:
        _write(searches)
    write_conditions(study.out, **study.record, parallel=parallel)
    click.echo(_compare(study, searches, read_table()))


def _write(searches: Sequence[ReplayedSearch]) -> None:
    from fashion_wb.study.replayed import write_runs

    started = time.time()
    for search in searches:
        write_runs(search, started)
    click.echo(f"Wrote the runs to {searches[0].plan.folder.parent}", err=True)


def _compare(study: PreparedStudy, searches: Sequence[ReplayedSearch], table: Table) -> str:
    from analysis.outputs import write_comparison
    from analysis.sources.replayed import audit_records, search_records, winner_records
    from fashion_wb.study.conditions import read_conditions
    from fashion_wb.study.reported import reported

    ((_, trainings),) = extras_of(table).items()
    note = f"Nothing was trained: a table of {trainings:,} real trainings answered every trial."
    conditions, records = read_conditions(study.out), search_records(searches)
    return write_comparison(
        records,
        study.out,
        left_out=[note, *study.left_out],
        retrained=winner_records(records, table),
        audited=audit_records(searches, records, table, study.given["audit"]),
        conditions=conditions,
        reported=reported(conditions, study.given["also"], study.margin),
    )
