"""The options of `fashion-wb study`, without those that every search has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import click

from fashion_wb.commands.options import NAMES, PATH, POSITIVE, joined_names
from fashion_wb.commands.values import CommandText, Number
from fashion_wb.errors import FashionWbError
from fashion_wb.study import fashion_mnist as own
from fashion_wb.study.plan import METHODS

_DEFAULTS: dict[str, Any] = {"replicates": 1, "trials": 10, "retrain_seeds": 3, "audit": 2}
_QUICK: dict[str, Any] = {"trials": 4, "retrain_seeds": 1, "audit": 0}
# A replayed search takes less than a second; winners are measured with every seed of the table.
_REPLAY: dict[str, Any] = {
    "replicates": 20,
    "retrain_seeds": 0,
    "final_metric": ("valid_loss", "valid_accuracy"),
}
# The names of the options that `study_options` adds.
OPTIONS = (
    *(
        "methods",
        "skip_unsuitable",
        "first_replicate",
        "replicates",
        "trials",
        "budget_steps",
        "steps_per_trial",
    ),
    *("budget_seconds", "epochs", "seed_parameter", "retrain_seeds", "final_command", "final_metric"),
    *("audit", "also"),
)
_BUDGETS = ("trials", "budget_steps", "budget_seconds")
_COUNT = click.IntRange(min=0)
Command = Callable[..., None]


def with_defaults(
    given: Mapping[str, Any], *, of_file: bool, quick: bool, replay: bool = False
) -> dict[str, Any]:
    """Fill in the defaults of the options of `study_options` that were not given.

    Args:
        given: the options by name; None, or an empty tuple, stands for one that was not given.
        of_file: whether the study is that of a user's sweep file.
        quick: whether `--quick` was given.
        replay: whether `--replay` was given.

    Raises:
        FashionWbError: a replay was asked to retrain winners otherwise than with the table's seeds.
    """
    defaults = _DEFAULTS | (_QUICK if quick else {})
    if not of_file:
        defaults |= own.DEFAULTS | (own.QUICK if quick else {})
    if replay:
        _check_replay(given)
        defaults |= _REPLAY
    if any(given[name] is not None for name in _BUDGETS):
        del defaults["trials"]
    joined = {name: joined_names(given[name]) for name in ("also", "final_metric")}
    filled = {**given, **joined}
    return filled | {name: value for name, value in defaults.items() if filled[name] in (None, ())}


def _check_replay(given: Mapping[str, Any]) -> None:
    for name in ("retrain_seeds", "final_command", "final_metric"):
        if given[name] not in (None, ()):
            option = "--" + name.replace("_", "-")
            raise FashionWbError(
                f"{option}: cannot be used with --replay, which measures winners with every seed of its table"
            )


def study_options(command: Command) -> Command:
    """Add the options that say what a study searches, how, and what happens then."""
    for option in reversed((*_METHODS, *_BUDGET, *_TRIALS, *_WINNERS, *_OUTPUT)):
        command = option(command)
    return command


_METHODS = (
    click.option(
        "--methods",
        type=NAMES,
        default=",".join(METHODS),
        show_default=True,
        help="Methods to compare: names of files in sweeps/, or paths of sweep files that say how to search.",
    ),
    click.option(
        "--skip-unsuitable",
        is_flag=True,
        help="Leave out methods that cannot search this space, and say which and why.  "
        "[default: refuse before anything runs]",
    ),
    click.option(
        "--first-replicate",
        type=_COUNT,
        default=0,
        show_default=True,
        metavar="K",
        help="Number of the first replicate. So several machines can run different replicates of one study; "
        "compare their folders together.",
    ),
    click.option(
        "--replicates",
        type=POSITIVE,
        help="Repetitions of every whole search, each with its own seeds. You can add more to a finished "
        f"study.  [default: {_DEFAULTS['replicates']}; with --replay {_REPLAY['replicates']}]",
    ),
)
_BUDGET = (
    click.option("--trials", type=POSITIVE, help=f"Trials per search.  [default: {_DEFAULTS['trials']}]"),
    click.option(
        "--budget-steps",
        type=POSITIVE,
        help="Total steps per search, instead of --trials. A step is a logged value of the metric. A search "
        "starts a trial only if a full-length trial still fits, so it never exceeds this budget. Early "
        "stopping leaves room for more trials.",
    ),
    click.option(
        "--steps-per-trial",
        type=POSITIVE,
        help="Steps of a full-length trial, with --budget-steps.  [default: --epochs]",
    ),
    click.option(
        "--budget-seconds",
        type=Number(min=0, min_open=True),
        help="Total seconds that the trials of a search may take, instead of --trials. A search starts a "
        "trial only if one as long as its longest so far still fits.",
    ),
)
_TRIALS = (
    click.option(
        "--epochs",
        type=POSITIVE,
        help="Value of the parameter epochs in every trial.  "
        f"[default: as FILE says; without FILE {own.DEFAULTS['epochs']}]",
    ),
    click.option(
        "--seed-parameter",
        metavar="NAME",
        help="Parameter that gets the training seed of a replicate, which pairs the trials of the methods.  "
        "[default: seed, where FILE or its program has it]",
    ),
)
_WINNERS = (
    click.option(
        "--retrain-seeds",
        type=_COUNT,
        help="Number of fresh seeds on which each search's best configuration is retrained.  "
        f"[default: {_DEFAULTS['retrain_seeds']}]",
    ),
    click.option(
        "--final-command",
        type=CommandText(),
        help="Command of a retraining, with W&B's macros, such as one that also measures a test set.  "
        f"[default: that of FILE; without FILE {own.DEFAULTS['final_command']}]",
    ),
    click.option(
        "--final-metric",
        type=NAMES,
        multiple=True,
        help="Values of a retraining's summary to report. You can repeat it.  "
        f"[default: the metric; without FILE {','.join(own.DEFAULTS['final_metric'])}]",
    ),
    click.option(
        "--audit",
        type=_COUNT,
        help="Stopped trials per search that are trained to the end, to measure the cost of early stopping.  "
        f"[default: {_DEFAULTS['audit']}]",
    ),
)
_OUTPUT = (
    click.option(
        "--replay",
        is_flag=True,
        help="Train nothing: answer every trial from a table of real trainings of train.py, in seconds. FILE "
        "must have its space: filters 2 to 15, lr 1e-4 to 3e-3.",
    ),
    click.option(
        "--write-runs",
        is_flag=True,
        help="With --replay: write every trial as an ordinary offline run, as a study that trains does.",
    ),
    click.option(
        "--also",
        type=NAMES,
        multiple=True,
        help="Other logged values to report beside the metric. You can repeat it.  "
        f"[default: none; without FILE {','.join(own.DEFAULTS['also'])}]",
    ),
    click.option(
        "--quick",
        is_flag=True,
        help=f"A small study for a first look: {_QUICK['trials']} trials per search, without FILE of "
        f"{own.QUICK['epochs']} epochs, winners retrained once, no audit.",
    ),
    click.option(
        "--out",
        type=PATH,
        help="Output folder.  [default: study, or study-NAME for FILE NAME.yaml; with --replay and --quick, "
        "-replay and -quick are added]",
    ),
)
