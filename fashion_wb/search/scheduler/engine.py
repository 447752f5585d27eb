"""One of W&B's scheduler optimizers, kept up to date with the trials it is shown."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fashion_wb.early_stop import Stop
from fashion_wb.errors import FashionWbError
from fashion_wb.search.plain_values import plain
from fashion_wb.trial import Metric, Trial, TrialState

if TYPE_CHECKING:
    from fashion_wb.wandb_private import Optimizer, RunWithMetrics


@dataclass(frozen=True)
class SeenTrial:
    """What an engine knows of a trial.

    Attributes:
        config: the trial's hyperparameters.
        state: its state when it was last shown.
        points: (step, value) of each finite value that the engine was told.
        ended: the trial itself, once it has ended: it does not change any more.
    """

    config: Mapping[str, Any]
    state: TrialState
    points: tuple[tuple[int, float], ...]
    ended: Trial | None = None


class Engine:
    """Drives an optimizer that W&B identifies by run ids, with trial numbers instead.

    Attributes:
        prunes: whether it can stop a trial at all.
        learns: whether its suggestions may depend on results.
        draws_by_number: whether a suggestion depends on the seed, the trial's number and the trials alone.

    Args:
        optimizer: what W&B built from the sweep.
        metric: the objective.
    """

    def __init__(self, optimizer: Optimizer, metric: Metric) -> None:
        self.prunes = True
        self.learns = True
        self.draws_by_number = False
        self._optimizer = optimizer
        self._metric = metric
        self._ids: dict[int, Any] = {}
        self._seen: dict[int, SeenTrial] = {}
        self._asked: tuple[int, Any, dict[str, Any]] | None = None
        self._pruned: dict[int, Stop | None] = {}

    def can_continue_with(self, trials: Sequence[Trial]) -> bool:
        """Tell whether `trials` (in order of number) continue what the optimizer has seen.

        They do if they hold every trial seen so far, unchanged or with more results, and otherwise only later
        trials.
        """
        shown = {trial.number: trial for trial in trials}
        newest = max(self._seen, default=-1)
        if self._asked is not None and self._asked[0] not in self._seen:
            number, _, config = self._asked
            if number not in shown or shown[number].config != config:
                return False
        if any(n not in shown or not self._extends(seen, shown[n]) for n, seen in self._seen.items()):
            return False
        return all(n in self._seen or n > newest for n in shown)

    def _extends(self, seen: SeenTrial, trial: Trial) -> bool:
        if seen.ended is trial:
            return True
        if trial.config != seen.config:
            return False
        if trial.number in self._pruned:
            return True  # W&B's optimizers ignore everything that a trial does after it is pruned
        points = self.points(trial)
        if seen.state.ended:
            return trial.state is seen.state and points == seen.points
        return points[: len(seen.points)] == seen.points

    def suggest(self, trials: Sequence[Trial]) -> dict[str, Any] | None:
        """Suggest the configuration of the next trial after `trials`; None if there is none left.

        Of a running trial the optimizer is told only the configuration, not what the trial has logged.
        """
        with convert_errors():
            self._sync(trials, reporting=False)
            if any(trial.state.ended for trial in trials) and self._optimizer.should_terminate_sweep():
                return None
            suggestions = self._optimizer.ask_n_runs(1)
        if suggestions is None:
            raise FashionWbError(
                "scheduler: the engine suggests nothing while trials are running; "
                "run the sweep with fewer workers"
            )
        if not suggestions:
            return None
        config: dict[str, Any] = plain(suggestions[0].config.flat_dict())
        self._asked = (len(trials), suggestions[0].run_id, config)
        return config

    def suggest_again(self, trials: Sequence[Trial]) -> dict[str, Any] | None:
        """Suggest another configuration than the last one, which was turned down; else as `suggest`."""
        if self._asked is not None and self._asked[0] == len(trials):
            with convert_errors():
                self._optimizer.forget_run(self._asked[1])
            self._asked = None
        return self.suggest(trials)

    def prune(self, trials: Sequence[Trial]) -> dict[int, Stop | None]:
        """Tell which running trials among `trials` (in order of number) must stop, by number.

        With each comes what was compared, or None if the engine does not tell.
        """
        with convert_errors():
            self._sync(trials, reporting=True)
            running = [t for t in trials if t.state is TrialState.RUNNING]
            open_ = [t for t in running if t.number not in self._pruned]
            ids = {self._ids[t.number]: t for t in open_}
            data = [self._run_data(t) for t in open_]
            stopped = self._optimizer.prune_runs(list(ids), data)
        self._pruned |= {number: self._comparison(number) for number in (ids[i].number for i in stopped)}
        return {t.number: self._pruned[t.number] for t in running if t.number in self._pruned}

    def _comparison(self, number: int) -> Stop | None:
        """Say what was compared for a trial that the optimizer has just pruned; None if it does not tell."""
        return None

    def points(self, trial: Trial) -> tuple[tuple[int, float], ...]:
        """Return (step, value) of each finite value that the trial logged.

        The step is W&B's `_step` if the row has one, else the row's position in the history.
        """
        found = []
        for position, row in enumerate(trial.history):
            values = self._metric.values([row])
            found += [(int(row.get("_step", position)), value) for value in values]
        return tuple(found)

    def _sync(self, trials: Sequence[Trial], reporting: bool) -> None:
        for trial in trials:
            number = trial.number
            seen = self._seen.get(number)
            if number in self._pruned or (seen is not None and seen.state.ended):
                continue
            if self._asked is not None and self._asked[0] == number:
                self._ids.setdefault(number, self._asked[1])
            if number not in self._ids:
                self._ids[number] = self._register(trial, reporting)
            if trial.state.ended:
                self._tell_outcome(trial)
            elif reporting:
                self._optimizer.tell_run(self._ids[number], self._run_data(trial))
            points = self.points(trial) if reporting or trial.state.ended else ()
            ended = trial if trial.state.ended else None
            self._seen[number] = SeenTrial(dict(trial.config), trial.state, points, ended)

    def _register(self, trial: Trial, reporting: bool) -> Any:
        """Register a trial from before the sweep was resumed as running; return the optimizer's id of it."""
        from fashion_wb.wandb_private import Run, RunConfig, RunState

        config = RunConfig.from_values(dict(trial.config))
        return self._optimizer.tell_existing_active_run(Run(config, RunState.RUNNING, trial.run_id))

    def _tell_outcome(self, trial: Trial) -> None:
        self._optimizer.tell_run(self._ids[trial.number], self._run_data(trial))

    def _run_data(self, trial: Trial, state: TrialState | None = None) -> RunWithMetrics:
        from fashion_wb.wandb_private import RunConfig, RunState, RunWithMetrics

        name = self._metric.name
        best = self._metric.best(trial.history)
        known = {
            TrialState.RUNNING: RunState.RUNNING,
            TrialState.STOPPED: RunState.KILLED,
            TrialState.FAILED: RunState.FAILED,
            # A run without a value teaches the search nothing; W&B counts it as failed too.
            TrialState.FINISHED: RunState.FAILED if best is None else RunState.FINISHED,
        }[trial.state if state is None else state]
        return RunWithMetrics(
            config=RunConfig.from_values(dict(trial.config)),
            state=known,
            wandb_run_id=trial.run_id,
            summary_metrics={name: best} if known is RunState.FINISHED else {},
            history_metrics=[{"_step": step, name: value} for step, value in self.points(trial)],
        )


@contextmanager
def convert_errors() -> Iterator[None]:
    """Raise any error of W&B, the engine or the user's functions as FashionWbError, and keep Optuna quiet."""
    import optuna

    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(max(verbosity, optuna.logging.WARNING))
    try:
        with warnings.catch_warnings():
            # The user chose the experimental feature. Categories that are lists matter only to databases.
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            warnings.filterwarnings("ignore", "Choices for a categorical distribution", UserWarning)
            yield
    except FashionWbError:
        raise
    # The user's functions may raise anything, and sys.exit would end the sweep without a word.
    except (Exception, SystemExit) as error:
        raise FashionWbError(f"scheduler: {type(error).__name__}: {error}") from error
    finally:
        optuna.logging.set_verbosity(verbosity)
