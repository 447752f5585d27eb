"""What is reported of a study beside its objective: other values, a margin, where a step's seconds are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fashion_wb.study import fashion_mnist
from fashion_wb.study.conditions import current_conditions


@dataclass(frozen=True)
class Reported:
    """What is reported of a study.

    Attributes:
        also: other logged values, beside the objective.
        final: values in the summaries of retrained winners; without any, the objective.
        margin: smaller differences of the final results are equivalent, in units of the objective; above 0.
            None: no two methods are equivalent.
        step_seconds: the logged value that is the duration of a step in seconds; None: W&B's `_runtime`.
        dead_above: a trial whose objective stays above this has learnt nothing, and is counted as dead; None:
            none is.
        own: whether it is this project's own study, which reports more.
    """

    also: tuple[str, ...] = ()
    final: tuple[str, ...] = ()
    margin: float | None = None
    step_seconds: str | None = None
    dead_above: float | None = None
    own: bool = False


# The objective alone, and no margin.
NOTHING_MORE = Reported()


def reported(
    conditions: Mapping[str, Any] | None, also: Sequence[str] = (), margin: float | None = None
) -> Reported:
    """Return what is reported of a study, by its recorded conditions and what the user adds.

    Args:
        conditions: as `conditions.read_conditions` returns them; None if there are none.
        also: other logged values that the user names; without any, those of the conditions.
        margin: the user's; 0 for none. None: the study's own default.
    """
    record = {} if conditions is None else current_conditions(conditions)
    own = record.get("study") == fashion_mnist.NAME
    if margin is None:
        margin = fashion_mnist.MARGIN if own else 0
    return Reported(
        also=tuple(also) or tuple(record.get("also") or ()),
        final=tuple(record.get("final_metric") or ()),
        margin=None if margin == 0 else margin,
        step_seconds=fashion_mnist.STEP_SECONDS if own else None,
        dead_above=fashion_mnist.DEAD_ABOVE if own else None,
        own=own,
    )
