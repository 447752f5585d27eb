"""Whether the replay is true: the checks of docs/protocol.md, with the thresholds fixed there."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special, stats

from analysis.deciding.comparisons import Compared
from analysis.statistics.intervals import Floats
from analysis.statistics.pairwise import holm
from analysis.statistics.verdicts import ALPHA, Outcome, Verdict
from fashion_wb.replay.table import DEAD_LOSS, Table
from fashion_wb.replay.training import ReplayedTraining

MEDIAN_ERROR, HIGH_ERROR = 0.005, 0.02
COVERAGE = (0.847, 0.953)
_OPPOSITE = {Outcome.BETTER: Outcome.WORSE, Outcome.WORSE: Outcome.BETTER}


@dataclass(frozen=True)
class Check:
    """A check of the replay.

    Attributes:
        name: what is checked.
        found: the numbers, in words.
        passed: whether they are within the protocol's thresholds; None if nothing could be checked.
    """

    name: str
    found: str
    passed: bool | None


def leave_one_lr_out(table: Table) -> Check:
    """Predict the mean lowest loss at each inner learning rate from its neighbours."""
    errors = np.concatenate([_errors_without(table, at) for at in range(1, len(table.lr) - 1)])
    middle, high = float(np.median(errors)), float(np.quantile(errors, 0.95))
    found = f"{len(errors)} predictions: median error {middle:.4f}, 95% of the errors up to {high:.4f}"
    return Check("leave one learning rate out", found, middle <= MEDIAN_ERROR and high <= HIGH_ERROR)


def off_the_grid(table: Table, trials: pd.DataFrame) -> Check:
    """Compare real trainings at random configurations with 90% intervals of the replay.

    Args:
        table: the table.
        trials: real trainings with other seeds, columns `filters`, `lr` and `valid_loss`.
    """
    within = [_is_within(table, int(f), lr, loss) for f, lr, loss in trials.to_numpy(dtype=float)]
    share = float(np.mean(within))
    found = f"{100 * share:.1f}% of {len(within)} real trainings lie within"
    return Check("real trainings off the grid, 90% intervals", found, COVERAGE[0] <= share <= COVERAGE[1])


def whole_searches(real: Mapping[str, Floats], replayed: Mapping[str, Floats]) -> Check:
    """Compare the observed final losses of whole searches, by method, by Welch's t-test with Holm."""
    methods = [method for method in real if method in replayed]
    p = holm([float(stats.ttest_ind(real[m], replayed[m], equal_var=False).pvalue) for m in methods])
    apart = [method for method, one in zip(methods, p, strict=True) if one <= ALPHA]
    texts = [
        f"{m} {real[m].mean():.4f} real, {replayed[m].mean():.4f} replayed (p = {one:.3f})"
        for m, one in zip(methods, p, strict=True)
    ]
    return Check("whole searches", "; ".join(texts), not apart)


def no_reversal(real: Sequence[Verdict], replayed: Mapping[tuple[str, str], Compared]) -> Check:
    """Check that no decided verdict of the real study is the opposite of the replayed one."""
    decided = [one for one in real if one.outcome in _OPPOSITE]
    compared = [(one.pair.a, one.pair.b, one.outcome, _replayed(one, replayed)) for one in decided]
    reversed_ = [f"{a} against {b}" for a, b, mine, theirs in compared if theirs is _OPPOSITE[mine]]
    known = [one for one in compared if one[3] is not None]
    if not known:
        return Check("verdicts, real against replayed", "the real study decides no pair of both", None)
    found = f"{len(reversed_)} of {len(known)} decided pairs reversed"
    return Check("verdicts, real against replayed", ": ".join([found, *reversed_[:3]]), not reversed_)


def halves(name: str, one: Mapping[str, Compared], other: Mapping[str, Compared]) -> Check:
    """Check that no decided verdict of one half of the table is the opposite of that of the other half."""
    both = [method for method in one if method in other]
    apart = [method for method in both if one[method].outcome is _OPPOSITE.get(other[method].outcome)]
    decided = sum(one[m].outcome in _OPPOSITE or other[m].outcome in _OPPOSITE for m in both)
    found = f"{len(apart)} of {len(both)} verdicts reversed, {decided} of them decided in a half"
    return Check(name, ": ".join([found, *apart]), not apart)


def half_tables(table: Table) -> dict[str, tuple[Table, Table]]:
    """Return the halves of a table, by what is halved; halves of the learning rates both have the ends."""
    seeds, ends, inner = len(table.seeds), [0, len(table.lr) - 1], range(1, len(table.lr) - 1)
    even = sorted({*ends, *(at for at in inner if at % 2 == 0)})
    odd = sorted({*ends, *(at for at in inner if at % 2 == 1)})
    return {
        "seeds": (
            table.with_seeds(range(seeds // 2)),
            table.with_seeds(range(seeds - seeds // 2, seeds)),
        ),
        "learning rates": (table.with_lr(even), table.with_lr(odd)),
    }


def half_folder(name: str, half: int) -> str:
    """Return the name of the folder of the searches that a half answered; `half` is 0 or 1."""
    return f"half-{name.replace(' ', '-')}-{half}"


def _errors_without(table: Table, at: int) -> Floats:
    others = [position for position in range(len(table.lr)) if position != at]
    training, lr = ReplayedTraining(table.with_lr(others), 0), float(table.lr[at])
    true = table.curves["valid_loss"][:, :, at].min(axis=-1).mean(axis=0)
    return np.array(
        [
            abs(training.true_loss(filters, lr) - true[f])
            for f, filters in enumerate(table.filters)
            if filters >= 4
        ]
    )


def _is_within(table: Table, filters: int, lr: float, loss: float) -> bool:
    """Tell whether a loss lies in the 90% interval of one more training; a dead one lies outside."""
    losses = ReplayedTraining(table, 0).all_losses(filters, lr)["valid_loss"]
    living = losses[losses < DEAD_LOSS]
    n = len(living)
    if n < 2:
        return False
    half = float(special.stdtrit(n - 1, 0.95)) * float(living.std(ddof=1)) * math.sqrt(1 + 1 / n)
    return bool(abs(loss - living.mean()) <= half)


def _replayed(one: Verdict, replayed: Mapping[tuple[str, str], Compared]) -> Outcome | None:
    found = replayed.get((one.pair.a, one.pair.b))
    if found is not None:
        return found.outcome
    other = replayed.get((one.pair.b, one.pair.a))
    return None if other is None else _OPPOSITE.get(other.outcome, other.outcome)
