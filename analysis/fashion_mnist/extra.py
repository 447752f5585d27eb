"""The section on the hypothesis "more filters: higher accuracy, longer training"."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.extra import Extra
from analysis.fashion_mnist.charts import filters_spec
from analysis.fashion_mnist.figure import hypothesis_figure
from analysis.fashion_mnist.hypothesis import HYPOTHESIS, Hypothesis, check_hypothesis
from analysis.formatting import count_of
from analysis.html_report.charts.scatters import thinned


def hypothesis_extra(trials: pd.DataFrame) -> Extra:
    """Test the hypothesis on the trials of `frames.trials_frame`, and make its section."""
    found = check_hypothesis(trials)
    runs, note = thinned(found.runs)

    def charts() -> tuple[dict[str, Any], ...]:
        specs = (
            filters_spec(runs, "valid_accuracy", "validation accuracy", ".3f"),
            filters_spec(runs, "seconds", "seconds of a run", ",d"),
        )
        return tuple(spec for spec in specs if spec is not None)

    return Extra(
        title=HYPOTHESIS,
        sentences=(found.accuracy.sentence, found.seconds.sentence, *_repeated(found)),
        caption=f"{_caption(found)} {note}".rstrip(),
        charts=charts,
        figures={"filters.png": lambda: hypothesis_figure(found)},
    )


def _repeated(found: Hypothesis) -> list[str]:
    if not found.repeated:
        return []
    return [f"{count_of(found.repeated, 'run')} left out: the same replicate ran the configuration before."]


def _caption(found: Hypothesis) -> str:
    return (
        f"One dot per run of all {found.epochs} epochs, all methods together (n = {len(found.runs)}). The "
        "colour is the learning rate (lr). The intervals above are somewhat too narrow: model-based searches "
        "choose where to look, so their runs are not independent."
    )
