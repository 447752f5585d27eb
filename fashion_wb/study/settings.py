"""The settings that all searches of a study share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fashion_wb.errors import FashionWbError


@dataclass(frozen=True)
class StudyBudget:
    """What each search may spend: exactly one of trials, steps and seconds.

    Attributes:
        trials: number of trials, at least 1.
        steps: steps that all its trials log together, at least `steps_per_trial`; see `StepBudget`.
        seconds: seconds that all its trials train together, above 0; see `SecondsBudget`.
        steps_per_trial: steps that a trial of full length logs; needed with `steps`.

    Raises:
        FashionWbError: none or several are given, or `steps` has no room for one trial.
    """

    trials: int | None = None
    steps: int | None = None
    seconds: float | None = None
    steps_per_trial: int | None = None

    def __post_init__(self) -> None:
        if len(self.record) != 1:
            raise FashionWbError(
                "a study's budget is a number of trials, of steps or of seconds: give one of --trials, "
                "--budget-steps and --budget-seconds"
            )
        if self.steps is None:
            return
        if self.steps_per_trial is None:
            raise FashionWbError(
                "--budget-steps needs to know how many steps a trial of full length logs: give "
                "--steps-per-trial, or --epochs if the program logs once an epoch"
            )
        if self.steps < self.steps_per_trial:
            raise FashionWbError(
                f"a budget of {self.steps} steps is too small for one trial of {self.steps_per_trial} steps: "
                f"give at least {self.steps_per_trial}"
            )

    @property
    def record(self) -> dict[str, float]:
        """The budget as `conditions.json` has it, such as {"trials": 10}."""
        values = {"trials": self.trials, "steps": self.steps, "seconds": self.seconds}
        return {unit: value for unit, value in values.items() if value is not None}


@dataclass(frozen=True)
class StudySettings:
    """The settings shared by all searches of a study.

    Attributes:
        budget: what each search may spend.
        seed: seed of the study; all other seeds are derived from it.
        epochs: value of the parameter `epochs` in every trial; None leaves it as the sweep file has it.
        seed_parameter: the parameter that gets a replicate's training seed; None if there is none, and the
            trials of two methods are not paired.
        extras: what else results depend on, as the program says (see `Program.conditions`).
    """

    budget: StudyBudget
    seed: int = 0
    epochs: int | None = None
    seed_parameter: str | None = None
    extras: Mapping[str, Any] = field(default_factory=dict)

    @property
    def record(self) -> dict[str, Any]:
        """The settings as `conditions.json` has them; a study goes on with the same ones only."""
        found: dict[str, Any] = {"budget": self.budget.record}
        if self.budget.trials is not None:
            found["trials"] = self.budget.trials
        if self.budget.steps is not None:
            found["steps_per_trial"] = self.budget.steps_per_trial
        if self.epochs is not None:
            found["epochs"] = self.epochs
        found |= {"seed": self.seed, "seed_parameter": self.seed_parameter}
        found |= {"paired": self.seed_parameter is not None, "extras": dict(self.extras)}
        return found
