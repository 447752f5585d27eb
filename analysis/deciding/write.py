"""Write the page of the deciding study, and its figures, from everything that has been run."""

from __future__ import annotations

from pathlib import Path

from analysis.deciding.answers import Answers, seconds_of_random
from analysis.deciding.checks import (
    Check,
    halves,
    leave_one_lr_out,
    no_reversal,
    off_the_grid,
    whole_searches,
)
from analysis.deciding.expectations import expectations
from analysis.deciding.figures import gain_figure, overview_figure
from analysis.deciding.page import page
from analysis.deciding.real import RealStudy, read_study, section
from analysis.figures.style import save
from analysis.statistics.verdicts import judge_searches
from fashion_wb.files import write_text
from fashion_wb.replay.table import Table, read_table
from fashion_wb.study.fashion_mnist import MARGIN

# 200 real trainings: the first trials of each search of the method random.
_OFF_GRID = 10
_FIRST = "The real study, 20 trials of 10 epochs"
_SECOND = "A second space, real, 20 trials of 5 epochs"


def write_all(folder: Path, table: Table, docs: Path) -> None:
    """Write evidence/answer.md and its figures into `docs`.

    Args:
        folder: the replayed searches.
        table: the table that answered them.
        docs: holds the tables of the real studies too, those that have been run.
    """
    answers = Answers(folder, table, seconds_of_random(folder))
    kept = docs / "evidence"
    real = read_study(_FIRST, kept / "real")
    epochs = read_study("Hyperband under 200 epochs", kept / "epochs")
    second = read_study(_SECOND, kept / "second", kept / "second-epochs")
    sections = [section(study) for study in (_joined(real, epochs), second) if study is not None]
    text = page(
        answers,
        _checks(answers, folder, real),
        expectations(answers, second),
        "\n\n".join(sections),
    )
    target = docs / "evidence"
    write_text(text, target / "answer.md")
    save(gain_figure(answers), target / "gain.png")
    save(overview_figure(answers), target / "overview.png")


def _checks(answers: Answers, folder: Path, real: RealStudy | None) -> list[Check]:
    found = [leave_one_lr_out(answers.table)]
    if real is not None:
        random = real.trials[real.trials["method"] == "random"]
        first = random.groupby("sweep", sort=False).head(_OFF_GRID)
        found.append(off_the_grid(answers.table, first[["filters", "lr", "valid_loss"]]))
        replayed = {
            method: values.of[values.table == 0]
            for method in real.methods
            if answers.knows(method) and (values := answers.values(method, name="observed"))
        }
        found.append(whole_searches(real.results("final"), replayed))
        found.append(no_reversal(judge_searches(real.searches, MARGIN), answers.pairs()))
    for name in ("seeds", "learning rates"):
        parts = [folder / f"half-{name.replace(' ', '-')}-{half}" for half in (0, 1)]
        if all((part / "random-50-trials.npz").is_file() for part in parts):
            one, other = (
                Answers(part, read_table(part / "table.npz"), {}).against_random() for part in parts
            )
            found.append(halves(f"halves of the {name}", one, other))
    return found


def _joined(real: RealStudy | None, epochs: RealStudy | None) -> RealStudy | None:
    """Return the study with the searches under a budget in epochs as one more method."""
    if real is None or epochs is None:
        return real
    import pandas as pd

    named = [frame.assign(method="hyperband, 200 epochs") for frame in (epochs.searches, epochs.trials)]
    return RealStudy(
        real.name,
        pd.concat([real.searches, named[0]], ignore_index=True),
        pd.concat([real.trials, named[1]], ignore_index=True),
    )
