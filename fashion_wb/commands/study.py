"""`fashion-wb study`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fashion_wb.commands.options import PATH, POSITIVE, run_options, search_options
from fashion_wb.commands.start_options import pick_start, start_options
from fashion_wb.study.plan import METHODS

if TYPE_CHECKING:
    from fashion_wb.offline.reruns import RerunSet
    from fashion_wb.study.plan import StudySettings
    from fashion_wb.sweep_folder.sweep_dir import SweepDir

_QUICK = {"trials": 4, "epochs": 2, "retrain_seeds": 1, "audit": 0}
_FULL = {"trials": 10, "epochs": 10, "retrain_seeds": 3, "audit": 2}
_COUNT = click.IntRange(min=0)


@click.command()
@click.option(
    "--methods",
    default=",".join(METHODS),
    show_default=True,
    help="Methods to compare: comma-separated names of files in sweeps/.",
)
@click.option(
    "--replicates",
    type=POSITIVE,
    default=1,
    show_default=True,
    help="Repetitions of every whole search, each with its own seeds. You can add more to a finished study.",
)
@click.option("--trials", type=POSITIVE, help=f"Trials per search.  [default: {_FULL['trials']}]")
@click.option("--epochs", type=POSITIVE, help=f"Epochs per trial.  [default: {_FULL['epochs']}]")
@click.option(
    "--budget-epochs",
    type=POSITIVE,
    help="Total epochs per search, instead of --trials. A search starts a trial only if a full-length trial "
    "still fits, so it never exceeds this budget. Early stopping leaves room for more trials.",
)
@click.option(
    "--retrain-seeds",
    type=_COUNT,
    help="Number of fresh seeds on which each search's best configuration is retrained and tested.  "
    f"[default: {_FULL['retrain_seeds']}]",
)
@click.option(
    "--audit",
    type=_COUNT,
    help="Stopped trials per search that are trained to the end, to measure the cost of early stopping.  "
    f"[default: {_FULL['audit']}]",
)
@click.option(
    "--quick",
    is_flag=True,
    help=f"A small study for a first look: {_QUICK['trials']} trials of {_QUICK['epochs']} epochs per "
    "search, winners retrained once, no audit.",
)
@click.option("--out", type=PATH, help="Output folder.  [default: study, or study-quick with --quick]")
@start_options
@search_options
def study(
    methods: str,
    replicates: int,
    trials: int | None,
    epochs: int | None,
    budget_epochs: int | None,
    retrain_seeds: int | None,
    audit: int | None,
    quick: bool,
    out: Path | None,
    seed: int,
    **options: Any,
) -> None:
    """Run every method's search offline, then compare the methods.

    All searches have the same budget, and they are paired: replicate R of every method has the same split of
    the data, initial weights and order of batches. Run the same command again to continue an interrupted
    study.
    """
    from fashion_wb.offline.run import Session
    from fashion_wb.offline.start.notes import describe_repeats
    from fashion_wb.study.conditions import write_conditions
    from fashion_wb.study.plan import PROJECT_ROOT, StudySettings, plan_study

    defaults = _QUICK if quick else _FULL

    def given(name: str, value: int | None) -> int:
        return defaults[name] if value is None else value

    if budget_epochs is None:
        trials = given("trials", trials)
    settings = StudySettings(trials, given("epochs", epochs), budget_epochs, seed)
    out = out or Path("study-quick" if quick else "study")
    names = [name.strip() for name in methods.split(",") if name.strip()]
    start = pick_start(options)
    planned = [replace(plan, start=start) for plan in plan_study(names, replicates, settings, out)]
    click.echo(_announcement(len(names), replicates, settings, out), err=True)
    run = run_options(PROJECT_ROOT, out, options)
    # The machines of a cluster come and go: there is no one number of trials at a time.
    where = {"workers": len(run.slots)} if run.cluster is None else {"executor": "dask"}
    write_conditions(out, **vars(settings), **where)
    replicate_of = [plan.priority for plan in planned]
    counts = given("retrain_seeds", retrain_seeds), given("audit", audit)
    with Session(run, sys.stderr) as session:
        folders = session.run_sweeps(planned, None)
        session.run_reruns(_plan_reruns(folders, replicate_of, seed, *counts))
    click.echo(_compare(folders, out))
    for folder in folders:
        for line in describe_repeats(folder, folder.read_trials()):
            click.echo(f"{folder.sweep.name}: {line}", err=True)


def _announcement(methods: int, replicates: int, settings: StudySettings, out: Path) -> str:
    times = "" if replicates == 1 else f" x {replicates} replicates"
    if settings.budget_epochs is None:
        budget = f"{settings.trials} trials x at most {settings.epochs} epochs"
    else:
        budget = f"{settings.budget_epochs} epochs, in trials of at most {settings.epochs} epochs"
    return f"{methods} methods{times} x {budget}; runs in {out}/sweeps"


def _plan_reruns(
    folders: list[SweepDir], replicate_of: list[int], seed: int, retrain_seeds: int, audit: int
) -> list[RerunSet]:
    from fashion_wb.study.audit import plan_audit
    from fashion_wb.study.plan import retrain_seed
    from fashion_wb.study.retraining import plan_retraining

    found: list[RerunSet | None] = []
    for folder, replicate in zip(folders, replicate_of, strict=True):
        seeds = [retrain_seed(seed, replicate, number) for number in range(retrain_seeds)]
        found += [plan_retraining(folder, seeds), plan_audit(folder, audit)]
    return [reruns for reruns in found if reruns is not None]


def _compare(folders: list[SweepDir], out: Path) -> str:
    from analysis.outputs import write_comparison
    from analysis.sources.local import rerun_records, search_record
    from fashion_wb.study.conditions import read_conditions

    winners, audits = rerun_records(folders)
    searches = [search_record(folder) for folder in folders]
    conditions = read_conditions(out)
    return write_comparison(searches, out, retrained=winners, audited=audits, conditions=conditions)
