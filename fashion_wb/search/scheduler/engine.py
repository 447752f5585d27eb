"""One of W&B's scheduler optimizers, kept in step with the trials it is shown."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fashion_wb.errors import FashionWbError
from fashion_wb.search.plain_values import plain
from fashion_wb.trial import Metric, Trial, TrialState

if TYPE_CHECKING:
    from fashion_wb.wandb_private import Optimizer, RunWithMetrics


@dataclass(frozen=True)
class Seen:
    """What an engine has taken in of a trial: its outcome and (step, value) of each finite value."""

    config: Mapping[str, Any]
    state: TrialState
    points: tuple[tuple[int, float], ...]


class Engine:
    """An optimizer that asks, tells and prunes, addressed by trial number.

    Attributes:
        prunes: false where it can never stop a trial.

    Args:
        optimizer: built by W&B from the sweep.
        metric: the objective.
    """

    def __init__(self, optimizer: Optimizer, metric: Metric) -> None:
        self.prunes = True
        self._optimizer = optimizer
        self._metric = metric
        self._ids: dict[int, Any] = {}
        self._seen: dict[int, Seen] = {}
        self._asked: tuple[int, Any, dict[str, Any]] | None = None
        self._pruned: set[int] = set()

    def continues(self, trials: Sequence[Trial]) -> bool:
        """Whether `trials`, in order of number, are those seen so far, further on, and any later ones."""
        shown = {trial.number: trial for trial in trials}
        if self._asked is not None and self._asked[0] not in self._seen:
            number, _, config = self._asked
            if number not in shown or shown[number].config != config:
                return False
        if any(n not in shown or not self._follows(seen, shown[n]) for n, seen in self._seen.items()):
            return False
        return all(n in self._seen or n > max(self._seen, default=-1) for n in shown)

    def _follows(self, seen: Seen, trial: Trial) -> bool:
        if trial.config != seen.config:
            return False
        if trial.number in self._pruned:
            return True  # final for W&B's optimizers: whatever the trial still does is not taken in
        points = self.points(trial)
        if seen.state.ended:
            return trial.state is seen.state and points == seen.points
        return points[: len(seen.points)] == seen.points

    def suggest(self, trials: Sequence[Trial]) -> dict[str, Any] | None:
        """The configuration of the trial after `trials`, or None if there is none left.

        Of a running trial only the configuration is taken in, whatever it has logged.
        """
        with guarded():
            self._sync(trials, reporting=False)
            if any(trial.state.ended for trial in trials) and self._optimizer.should_terminate_sweep():
                return None
            suggestions = self._optimizer.ask_n_runs(1)
        if suggestions is None:
            raise FashionWbError(
                "scheduler: the engine makes no suggestion before running trials have ended; "
                "run the sweep with fewer workers"
            )
        if not suggestions:
            return None
        config = plain(suggestions[0].config.flat_dict())
        self._asked = (len(trials), suggestions[0].run_id, config)
        return config

    def prune(self, trials: Sequence[Trial]) -> set[int]:
        """Numbers of the running among `trials`, in order of number, that are to be stopped."""
        with guarded():
            self._sync(trials, reporting=True)
            running = [t for t in trials if t.state is TrialState.RUNNING]
            open_ = [t for t in running if t.number not in self._pruned]
            ids = {self._ids[t.number]: t for t in open_}
            data = [self._data(t) for t in open_]
            stopped = self._optimizer.prune_runs(list(ids), data)
        self._pruned |= {ids[run_id].number for run_id in stopped}
        return {t.number for t in running if t.number in self._pruned}

    def points(self, trial: Trial) -> tuple[tuple[int, float], ...]:
        """(step, value) of the finite values the trial logged; the step is W&B's own where there is one."""
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
                self._ids[number] = self._adopt(trial, reporting)
            if trial.state.ended:
                self._tell_end(trial)
            elif reporting:
                self._optimizer.tell_run(self._ids[number], self._data(trial))
            points = self.points(trial) if reporting or trial.state.ended else ()
            self._seen[number] = Seen(dict(trial.config), trial.state, points)

    def _adopt(self, trial: Trial, reporting: bool) -> Any:
        """Make a trial of before a resumption known to the optimizer, as running; its id there."""
        from fashion_wb.wandb_private import Run, RunConfig, RunState

        config = RunConfig.from_values(dict(trial.config))
        return self._optimizer.tell_existing_active_run(Run(config, RunState.RUNNING, trial.run_id))

    def _tell_end(self, trial: Trial) -> None:
        self._optimizer.tell_run(self._ids[trial.number], self._data(trial))

    def _data(self, trial: Trial, state: TrialState | None = None) -> RunWithMetrics:
        from fashion_wb.wandb_private import RunConfig, RunState, RunWithMetrics

        name = self._metric.name
        best = self._metric.best(trial.history)
        known = {
            TrialState.RUNNING: RunState.RUNNING,
            TrialState.STOPPED: RunState.KILLED,
            TrialState.FAILED: RunState.FAILED,
            # A run that finished without a value taught the search nothing; W&B fails it likewise.
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
def guarded() -> Iterator[None]:
    """Give errors of W&B, of the engine and of the user's own functions a home, and keep Optuna quiet."""
    import optuna

    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(max(verbosity, optuna.logging.WARNING))
    try:
        with warnings.catch_warnings():
            # The user chose the feature; and lists as categories are a matter of databases only.
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            warnings.filterwarnings("ignore", "Choices for a categorical distribution", UserWarning)
            yield
    except FashionWbError:
        raise
    # The user's functions may raise anything at all.
    except Exception as error:
        raise FashionWbError(f"scheduler: {type(error).__name__}: {error}") from error
    finally:
        optuna.logging.set_verbosity(verbosity)
