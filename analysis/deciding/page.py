"""The page of the deciding study: docs/evidence/answer.md."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analysis.deciding.answers import MAIN, Answers
from analysis.deciding.checks import Check
from analysis.deciding.comparisons import Compared
from analysis.deciding.conditions import AT_ONCE, BASELINES, METHODS, TRIALS
from analysis.deciding.sentences import interval, sentences
from analysis.formatting import Rows, markdown_table
from analysis.statistics.verdicts import Outcome
from fashion_wb.study.fashion_mnist import MARGIN

_WORDS = {
    Outcome.BETTER: "better",
    Outcome.WORSE: "worse",
    Outcome.EQUIVALENT: "equivalent",
    Outcome.UNDECIDED: "undecided",
}


def page(answers: Answers, checks: Sequence[Check], expected: Rows, real: str) -> str:
    """Return the page.

    Args:
        answers: the replayed searches.
        checks: whether they can be believed.
        expected: what the protocol expected, and what became of it.
        real: the section on real studies.
    """
    parts = [
        "# The answer",
        _intro(answers),
        "## In sentences",
        "\n".join(f"- {text}" for text in sentences(answers)),
        "![Gain in true validation loss over random search, by trials](gain.png)",
        *_at_main(answers),
        *_budgets(answers),
        *_epochs(answers),
        *_seconds(answers),
        *_many(answers),
        "![Regret, targets and ranks against the trials](overview.png)",
        *_pairs(answers),
        *_quality(answers),
        "## What was expected",
        markdown_table(["expected", "found"], expected),
        "## Is the replay true?",
        markdown_table(
            ["check", "found", "passed"],
            [[one.name, one.found, {True: "yes", False: "**no**", None: "-"}[one.passed]] for one in checks],
        ),
        real,
    ]
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def _intro(answers: Answers) -> str:
    table = answers.table
    searches = int((answers.values("random").table == 0).sum())
    return (
        f"Replayed searches on a table of {table.dead.size:,} real trainings of `train.py` "
        f"({len(table.seeds)} seeds), {searches} replicates, by the [protocol](../protocol.md). *True loss* "
        "is the mean lowest validation loss of a search's best configuration over all seeds of the table. "
        f"Intervals have 95% confidence and contain the table's own error. Equivalent means within "
        f"{MARGIN:g}. Written by `make evidence`."
    )


def _at_main(answers: Answers) -> Iterator[str]:
    compared = answers.against_random()
    rows = [["random", *_own(answers, "random"), "", "", ""]]
    order = sorted(compared, key=lambda method: compared[method].difference.value)
    for method in order:
        one = compared[method]
        rows.append(
            [
                method,
                *_own(answers, method),
                interval(one.difference, "+.4f"),
                f"{100 * _accuracy_gain(answers, method):+.2f}",
                _WORDS[one.outcome],
            ]
        )
    yield f"## {MAIN} trials"
    header = ["search", "true loss", "regret", "against random", "accuracy, points", "verdict"]
    yield markdown_table(header, rows)
    shares = [100 * one.table_share for one in compared.values()]
    yield (
        f"Regret is against the best configuration of the table ({answers.best:.4f}). Verdicts are corrected "
        f"for {len(compared)} comparisons. Of the variance of a difference, {min(shares):.0f}% to "
        f"{max(shares):.0f}% is the table's own. *default* is one trial, *person* three, and "
        "grid ends after ten."
    )


def _own(answers: Answers, method: str) -> list[str]:
    found = answers.mean(method)
    return [interval(found), f"{found.value - answers.best:.4f}"]


def _accuracy_gain(answers: Answers, method: str) -> float:
    own, base = answers.values(method, name="accuracy"), answers.values("random", name="accuracy")
    return answers.estimate(own.minus(base)).value


def _budgets(answers: Answers) -> Iterator[str]:
    yield "## Other numbers of trials"
    yield _against_random(answers, "trials", [str(trials) for trials in TRIALS])
    yield "Difference in true loss to random search with the same number of trials, and the verdict."


def _epochs(answers: Answers) -> Iterator[str]:
    if answers.knows("hyperband", unit="epochs"):
        yield "## The same epochs"
        methods = ("hyperband", "tpe-hyperband", "one epoch")
        yield _against_random(answers, "epochs", [f"{10 * trials} epochs" for trials in TRIALS], methods)
        yield (
            "Against random search with the same number of epochs. *one epoch* trains random configurations "
            "for one epoch each, and the best of them in full."
        )


def _seconds(answers: Answers) -> Iterator[str]:
    if answers.knows("random", unit="seconds"):
        yield "## The same seconds"
        known = [trials for trials in TRIALS if answers.knows("random", trials, "seconds")]
        amounts = [f"{answers.seconds[trials]:g} s" for trials in known]
        yield _against_random(answers, "seconds", amounts)
        yield "Against random search in the same seconds of training, one trial at a time."


def _against_random(
    answers: Answers,
    unit: str,
    columns: Sequence[str],
    methods: Sequence[str] = (*METHODS[1:], *BASELINES),
) -> str:
    known = [trials for trials in TRIALS if answers.knows("random", trials, unit)]
    found = {trials: answers.against_random(trials, unit) for trials in known}
    rows = []
    for method in methods:
        cells = [_cell(found[trials].get(method)) for trials in known]
        if any(cells):
            rows.append([method, *cells])
    return markdown_table(["search", *columns], rows)


def _cell(one: Compared | None) -> str:
    if one is None:
        return ""
    return f"{interval(one.difference, '+.4f')} {_WORDS[one.outcome]}"


def _many(answers: Answers) -> Iterator[str]:
    rows = []
    for method in METHODS:
        cells = []
        for trials in TRIALS[2:]:
            for at_once in AT_ONCE:
                known = answers.knows(method, trials) and answers.knows(method, trials, at_once=at_once)
                cells.append(_cost(answers, method, trials, at_once) if known else "")
        if any(cells):
            rows.append([method, *cells])
    if rows:
        yield "## Several trials at once"
        header = [f"{trials} trials, {at_once} at once" for trials in TRIALS[2:] for at_once in AT_ONCE]
        yield markdown_table(["search", *header], rows)
        yield "Difference in true loss to the same number of trials, one after the other."


def _cost(answers: Answers, method: str, trials: int, at_once: int) -> str:
    several, one = answers.values(method, trials, at_once=at_once), answers.values(method, trials)
    return interval(answers.estimate(several.minus(one)), "+.4f")


def _pairs(answers: Answers) -> Iterator[str]:
    yield f"## Every two, {MAIN} trials"
    found = answers.pairs()
    rows = [
        [a, _WORDS[one.outcome], b, interval(one.difference, "+.4f")]
        for (a, b), one in found.items()
        if one.outcome is not Outcome.UNDECIDED
    ]
    yield markdown_table(["first", "is", "second", "first minus second"], rows)
    yield f"Corrected for {len(found)} pairs. The other {len(found) - len(rows)} pairs are undecided."


def _quality(answers: Answers) -> Iterator[str]:
    yield "## Search quality"
    rows = []
    for method in METHODS:
        if answers.knows(method):
            dead, repeats = (answers.values(method, name=name).of.mean() for name in ("dead", "repeats"))
            rows.append([method, f"{dead:.2f}", f"{repeats:.2f}"])
    yield markdown_table(["search", "dead trials", "repeated configurations"], rows)
    share = 100 * answers.table.dead.mean()
    yield (
        f"Mean number in {MAIN} trials. A dead trial is trained in full and never leaves chance "
        f"level; so do {share:.2f}% of the table's trainings."
    )
