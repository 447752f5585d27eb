"""`fashion-wb study`."""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fashion_wb.commands.options import MARGIN, PATH, load_sweep, run_options, search_options
from fashion_wb.commands.start_options import pick_start, start_options
from fashion_wb.commands.study_command.options import OPTIONS, study_options, with_defaults
from fashion_wb.commands.view_command.option import VIEW, viewing
from fashion_wb.errors import FashionWbError
from fashion_wb.study.fashion_mnist import NAME

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fashion_wb.commands.study_command.prepared import PreparedStudy
    from fashion_wb.offline.reruns import RerunSet
    from fashion_wb.study.settings import StudySettings
    from fashion_wb.study.subject import Subject
    from fashion_wb.sweep_folder.sweep_dir import SweepDir

# The options of a study that are recorded as they are.
_RECORDED = ("also", "retrain_seeds", "final_command", "final_metric")


@click.command()
@click.argument("file", type=PATH, required=False)
@study_options
@MARGIN
@start_options
@search_options
@VIEW
def study(
    file: Path | None,
    quick: bool,
    replay: bool,
    write_runs: bool,
    out: Path | None,
    margin: float | None,
    seed: int,
    **options: Any,
) -> None:
    """Search the W&B sweep file FILE by several methods offline, then compare the methods.

    FILE gives the parameters, program, command and metric; each method says how to search. Run it in the
    directory where you would start `wandb agent`. Without FILE, the study is that of train.py.

    All searches have the same budget. Where trials have a seed, they are paired: replicate R of every method
    trains with the same one. Run the same command again to continue an interrupted study.
    """
    from fashion_wb.commands.study_command import replay as replaying
    from fashion_wb.commands.study_command.prepared import PreparedStudy
    from fashion_wb.study.plan import plan_study

    if replay:
        replaying.check_options(click.get_current_context())
    elif write_runs:
        raise FashionWbError("--write-runs goes with --replay: a study that trains always writes its runs")
    given = with_defaults(
        {name: options.pop(name) for name in OPTIONS}, of_file=file is not None, quick=quick, replay=replay
    )
    name = "study" if file is None else f"study-{file.stem}"
    out = out or Path(name + "-replay" * replay + "-quick" * quick)
    subject, settings = _prepare(file, given, seed, replay)
    subject, left_out = _suitable(subject, settings, out, given["skip_unsuitable"])
    start = replace(pick_start(options), seed_parameter=settings.seed_parameter)
    searches = plan_study(subject, given["replicates"], settings, out, given["first_replicate"])
    planned = [replace(plan, start=start) for plan in searches]
    where = f"runs in {out}/sweeps" if write_runs or not replay else "answered from a table"
    click.echo(_announcement(subject, given["replicates"], settings, where), err=True)
    record = {"study": NAME} if file is None else {"sweep": str(file)}
    record |= {**settings.record, **{name: given[name] for name in _RECORDED}}
    prepared = PreparedStudy(planned, subject, settings, out, given, record, left_out, margin)
    if replay:
        replaying.run(prepared, options["parallel"] or 1, options["workers"], write_runs)
    else:
        _train(prepared, options)


def _train(study: PreparedStudy, options: dict[str, Any]) -> None:
    from fashion_wb.offline.run import Session
    from fashion_wb.offline.start.notes import describe_repeats
    from fashion_wb.offline.summary import check_not_all_failed
    from fashion_wb.study.audit import plan_audit
    from fashion_wb.study.conditions import write_conditions
    from fashion_wb.study.retraining import missing_from_summaries
    from fashion_wb.study.suitability import searches_that_could_not_stop

    with_view = options.pop("with_view")
    run, count = run_options(study.subject.cwd, study.out, options), study.given["audit"]
    # The machines of a cluster come and go: there is no one number of trials at a time.
    where = {"workers": len(run.slots)} if run.cluster is None else {"executor": "dask"}
    write_conditions(study.out, **study.record, **where)
    with viewing(study.out, with_view), Session(run, sys.stderr) as session:
        folders = session.run_sweeps(study.planned, None)
        winners = _plan_retrainings(study, folders)
        audits = [audit for folder in folders if (audit := plan_audit(folder, count)) is not None]
        session.run_reruns([*winners, *audits])
    click.echo(_compare(study, folders))
    for folder in folders:
        for line in describe_repeats(folder, folder.read_trials()):
            click.echo(f"{folder.sweep.name}: {line}", err=True)
    for name in searches_that_could_not_stop(folders, study.subject.cwd):
        click.echo(f"{name} stopped no trial early: each trial logs the metric only once", err=True)
    for name in missing_from_summaries(winners, study.given["final_metric"]):
        click.echo(f"--final-metric {name}: no retrained winner has it in its summary", err=True)
    check_not_all_failed(folder.root for folder in folders)


def _prepare(
    file: Path | None, given: Mapping[str, Any], seed: int, replay: bool
) -> tuple[Subject, StudySettings]:
    from fashion_wb.study.settings import StudyBudget, StudySettings
    from fashion_wb.study.subject import own_subject, seed_parameter, subject_of

    methods = given["methods"]
    subject = (
        own_subject(methods, trains=not replay)
        if file is None
        else subject_of(load_sweep(file), file, methods)
    )
    steps_per_trial = given["steps_per_trial"]
    budget = StudyBudget(
        trials=given["trials"],
        steps=given["budget_steps"],
        seconds=given["budget_seconds"],
        steps_per_trial=given["epochs"] if steps_per_trial is None else steps_per_trial,
    )
    if replay:
        from fashion_wb.commands.study_command.replay import extras_of
        from fashion_wb.replay.table import read_table

        extras = extras_of(read_table())
    else:
        extras = {} if subject.program is None else dict(subject.program.conditions())
    settings = StudySettings(
        budget=budget,
        seed=seed,
        epochs=given["epochs"],
        seed_parameter=seed_parameter(subject, given["seed_parameter"]),
        extras=extras,
    )
    return subject, settings


def _suitable(subject: Subject, settings: StudySettings, out: Path, skip: bool) -> tuple[Subject, list[str]]:
    """Return the subject without the methods that cannot search it, and a sentence for each of them."""
    from fashion_wb.study.plan import find_unsuitable

    found = find_unsuitable(subject, settings, out)
    if not found:
        return subject, []
    reasons = [f"{method} cannot search this space: {reason}" for method, reason in found.items()]
    others = [method for method in subject.sweeps if method not in found]
    if not others:
        raise FashionWbError(
            "\n".join([*reasons, "No method is left: change the space, or give other --methods"])
        )
    if not skip:
        advice = f"Give --methods {','.join(others)}, or --skip-unsuitable to go on with those"
        raise FashionWbError("\n".join([*reasons, advice]))
    sentences = [f"Left out: {reason}." for reason in reasons]
    click.echo("\n".join(sentences), err=True)
    return subject.without(found), sentences


def _announcement(subject: Subject, replicates: int, settings: StudySettings, where: str) -> str:
    times = "" if replicates == 1 else f" x {replicates} replicates"
    ((unit, amount),) = settings.budget.record.items()
    length = "" if settings.epochs is None else f" x at most {settings.epochs} epochs"
    if unit != "trials":
        length = length.replace(" x", ", in trials of")
    methods = f"{len(subject.sweeps)} method{'' if len(subject.sweeps) == 1 else 's'}"
    lines = [f"{methods}{times} x {amount:g} {unit}{length}; {where}"]
    if settings.seed_parameter is None:
        lines.append(
            f"{subject.name}: no parameter for a training seed is known, so trials are not paired; if there "
            "is one, name it with --seed-parameter"
        )
    return "\n".join(lines)


def _plan_retrainings(study: PreparedStudy, folders: Sequence[SweepDir]) -> list[RerunSet]:
    from fashion_wb.study.plan import retrain_seed
    from fashion_wb.study.retraining import Retraining, plan_retraining

    settings, command = study.settings, study.given["final_command"]
    how = Retraining(settings.seed_parameter, None if command is None else tuple(shlex.split(command)))
    count, found = study.given["retrain_seeds"], []
    for plan, folder in zip(study.planned, folders, strict=True):
        seeds = [retrain_seed(settings.seed, plan.priority, n) for n in range(count)]
        found.append(plan_retraining(folder, seeds, how))
    return [reruns for reruns in found if reruns is not None]


def _compare(study: PreparedStudy, folders: Sequence[SweepDir]) -> str:
    from analysis.outputs import write_comparison
    from analysis.sources.local import rerun_records, search_record
    from fashion_wb.study.conditions import read_conditions
    from fashion_wb.study.reported import reported

    conditions = read_conditions(study.out)
    wanted = reported(conditions, study.given["also"], study.margin)
    winners, audits = rerun_records(folders, wanted.final)
    return write_comparison(
        [search_record(folder) for folder in folders],
        study.out,
        left_out=study.left_out,
        retrained=winners,
        audited=audits,
        conditions=conditions,
        reported=wanted,
    )
