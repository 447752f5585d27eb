"""What docs/protocol.md expected and what became of it, and where the statements need not hold."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from analysis.deciding.answers import Answers
from analysis.deciding.conditions import METHODS
from analysis.deciding.real import RealStudy, against_random, better, decided
from analysis.deciding.sentences import interval, listed
from analysis.formatting import Rows
from analysis.statistics.intervals import Estimate
from analysis.statistics.verdicts import Outcome

_MODELS = ("bayes", "optuna", "optuna-gp")


def expectations(answers: Answers, second: RealStudy | None) -> Rows:
    """Return each expectation with its outcome, in the order of the protocol."""
    against, pairs = answers.against_random(), answers.pairs()
    person = {a: one.outcome for (a, b), one in pairs.items() if b == "person" and a in METHODS}
    ahead = [method for method, outcome in person.items() if outcome is Outcome.BETTER]
    behind = sum(outcome in (Outcome.WORSE, Outcome.EQUIVALENT) for outcome in person.values())
    hyperopt = pairs["hyperopt", "optuna"]
    rows = [
        ["bayes is better than random", _told(against["bayes"].outcome, Outcome.BETTER)],
        ["hyperopt and optuna are equivalent", _told(hyperopt.outcome, Outcome.EQUIVALENT)],
        [
            "the person's three trials are at least as good as every method",
            _person(ahead, behind, len(person)),
        ],
        ["under the same epochs hyperband is better than random", _early_stopping(answers)],
        ["four at once cost bayes less than the margin", _at_once(answers)],
    ]
    found = {} if second is None else better(second, _MODELS)
    return [*rows, ["in the second space model-based search is better than random", _second(found)]]


def disagreement(real: RealStudy | None, answers: Answers) -> str:
    """Name the methods whose difference to random search is another one trained than replayed.

    Returns:
        A sentence for each method whose two intervals have no value in common; empty if there is none, or
        if the real study is not complete.
    """
    if real is None or not real.is_complete:
        return ""
    trained, replayed = against_random(real), answers.against_random()
    apart = [
        (method, pair.difference, replayed[method].difference)
        for method, pair in trained.items()
        if method in replayed and not _overlap(pair.difference, replayed[method].difference)
    ]
    return " ".join(
        f"Of {method}, training and replay disagree: {interval(one, '+.4f')} against random search, "
        f"replayed {interval(other, '+.4f')}. What is said of it here is not settled."
        for method, one, other in apart
    )


def limits(answers: Answers, real: RealStudy | None, second: RealStudy | None) -> str:
    """Return the section of the page: what the table, the real study and the second space leave open."""
    table = answers.table
    true = table.curves["valid_loss"].min(axis=-1).mean(axis=0)
    f, at = np.unravel_index(int(true.argmin()), true.shape)
    best = f"{table.filters[f]} filters, lr {table.lr[at]:.2g}"
    at_edge = f in (0, true.shape[0] - 1) or at in (0, true.shape[1] - 1)
    where = (
        "lies at the edge of the space, which favours a person who guesses that, and searches that try edges "
        "early."
        if at_edge
        else "lies inside the space."
    )
    small = [
        str(count) for count, dead in zip(table.filters, table.dead.any(axis=(0, 2)), strict=True) if dead
    ]
    dead = f"dead trainings (filters {', '.join(small)})" if small else "there are no dead trainings"
    found = [
        f"One model, one data set, two parameters. The best configuration of the table ({best}) {where}",
        f"{len(table.seeds)} training seeds. The intervals contain that error; {dead}"
        + (" are counted with the few there are." if small else "."),
        "How the same searches do on eight public tables of another model: "
        "[beyond Fashion-MNIST](outside.md).",
        "Seconds are those of one machine.",
    ]
    if real is None or not real.is_complete:
        found.append("The real study, which could contradict the replay, is not complete yet.")
    found += [text for text in [disagreement(real, answers)] if text]
    if second is None or not second.is_complete:
        found.append("The study of a second space is not complete yet.")
    else:
        found.append(f"A second space, {second.n} real searches per method. {decided(second)}")
    return "\n".join(["## Where it need not hold", "", *(f"- {text}" for text in found)])


def _overlap(one: Estimate, other: Estimate) -> bool:
    return one.low <= other.high and other.low <= one.high


def _told(outcome: Outcome, expected: Outcome) -> str:
    if outcome is expected:
        return "confirmed"
    return "undecided" if outcome is Outcome.UNDECIDED else f"refuted: {outcome}"


def _person(ahead: list[str], behind: int, methods: int) -> str:
    if ahead:
        return f"refuted: {listed(ahead)} better"
    return "confirmed" if behind == methods else f"undecided for {methods - behind} of {methods} methods"


def _early_stopping(answers: Answers) -> str:
    if not answers.knows("hyperband", unit="epochs"):
        return "not run"
    difference = answers.values("hyperband", unit="epochs").minus(answers.values("random"))
    one = answers.compare({"": difference})[""]
    return f"{_told(one.outcome, Outcome.BETTER)} ({interval(one.difference, '+.4f')})"


def _at_once(answers: Answers) -> str:
    if not answers.knows("bayes", at_once=4):
        return "not run"
    one = answers.compare({"": answers.values("bayes", at_once=4).minus(answers.values("bayes"))})[""]
    if one.outcome is Outcome.WORSE:
        return f"refuted: worse ({interval(one.difference, '+.4f')})"
    word = "confirmed" if one.outcome in (Outcome.EQUIVALENT, Outcome.BETTER) else "undecided"
    return f"{word} ({interval(one.difference, '+.4f')})"


def _second(found: Mapping[str, Outcome]) -> str:
    if not found:
        return "not judged yet"
    return "; ".join(f"{method}: {_told(outcome, Outcome.BETTER)}" for method, outcome in found.items())
