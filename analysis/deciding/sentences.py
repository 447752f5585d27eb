"""Sentences that a practitioner can use, each from the data, with its interval."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import numpy as np

from analysis.deciding.answers import MAIN, Answers
from analysis.deciding.comparisons import Compared
from analysis.deciding.conditions import METHODS, TRIALS
from analysis.statistics.intervals import Estimate
from analysis.statistics.verdicts import Outcome
from fashion_wb.study.fashion_mnist import MARGIN

TARGET = 0.35
_ALONE = "bayes"


def sentences(answers: Answers) -> list[str]:
    """Return the sentences, the most useful first."""
    return [
        text
        for part in (_gains, _worth, _same, _person, _stopping, _at_once, _minutes, _enough)
        for text in part(answers)
    ]


def leading_sentences(answers: Answers) -> list[str]:
    """Return the first sentence on each of the questions that most people have."""
    parts = (_gains, _worth, _same, _person, _stopping)
    return [text for part in parts for text in islice(part(answers), 1)]


def interval(found: Estimate, form: str = ".4f", sign: int = 1) -> str:
    """Format an estimate with its interval; with `sign` -1, of the negated value."""
    low, high = sorted((sign * found.low, sign * found.high))
    return f"{sign * found.value:{form}} ({low:{form}} to {high:{form}})"


def named(outcome: Outcome, compared: dict[str, Compared], among: Sequence[str] = METHODS) -> list[str]:
    """Return the methods with an outcome, the one with the lowest loss first."""
    found = [name for name, one in compared.items() if one.outcome is outcome and name in among]
    return sorted(found, key=lambda name: compared[name].difference.value)


def listed(names: Sequence[str]) -> str:
    """Join names: "a, b and c"."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _gains(answers: Answers) -> Iterator[str]:
    compared = answers.against_random()
    better, worse = named(Outcome.BETTER, compared), named(Outcome.WORSE, compared)
    if better:
        first = better[0]
        base = answers.values("random", name="accuracy")
        gain = answers.estimate(answers.values(first, name="accuracy").minus(base))
        range_ = f"{100 * gain.low:.2f} to {100 * gain.high:.2f}"
        points = f"{100 * gain.value:.2f} points of validation accuracy ({range_})"
        loss = interval(compared[first].difference, sign=-1)
        yield f"In {MAIN} trials {first} gains {points} over random search; its true loss is {loss} lower."
        if better[1:]:
            yield f"Better than random search too: {listed(better[1:])}."
    else:
        yield f"In {MAIN} trials no method is shown to be better than random search by more than {MARGIN:g}."
    equal = named(Outcome.EQUIVALENT, compared)
    if equal:
        yield f"Within {MARGIN:g} of random search: {listed(equal)}."
    if worse:
        yield f"Worse than random search: {listed(worse)}."


def _worth(answers: Answers) -> Iterator[str]:
    random = [answers.values_on_the_way("random", trials) for trials in range(1, TRIALS[-1] + 1)]
    texts = []
    for trials in (10, MAIN):
        known = [method for method in METHODS[1:] if answers.knows(method, trials)]
        means = {method: answers.mean(method, trials).value for method in known}
        best = min(known, key=means.__getitem__)
        found = answers.values(best, trials)
        behind = [answers.estimate(values.minus(found)) for values in random]
        texts.append(f"{trials} trials of {best} are worth {first_below(behind, 0)} random ones")
        if behind[-1].value > 0:
            break
    yield f"{', and '.join(texts)}."


def _same(answers: Answers) -> Iterator[str]:
    equal = largest_equal([m for m in METHODS if answers.knows(m)], answers.pairs())
    if len(equal) > 1:
        yield f"Among {listed(equal)} it does not matter: every two are within {MARGIN:g} of each other."


def largest_equal(methods: Sequence[str], pairs: dict[tuple[str, str], Compared]) -> list[str]:
    """Return the largest set of methods of which every two are equivalent; the first of equals."""
    same = {frozenset(pair) for pair, one in pairs.items() if one.outcome is Outcome.EQUIVALENT}
    best: list[str] = []

    def extend(chosen: list[str], rest: Sequence[str]) -> None:
        nonlocal best
        if len(chosen) > len(best):
            best = chosen
        for position, method in enumerate(rest):
            if all(frozenset((method, other)) in same for other in chosen):
                extend([*chosen, method], rest[position + 1 :])

    extend([], methods)
    return best


def _person(answers: Answers) -> Iterator[str]:
    pairs = answers.pairs()
    outcomes = {a: one.outcome for (a, b), one in pairs.items() if b == "person" and a in METHODS}
    ahead = [method for method, outcome in outcomes.items() if outcome is Outcome.BETTER]
    equal = [method for method, outcome in outcomes.items() if outcome is Outcome.EQUIVALENT]
    behind = [method for method, outcome in outcomes.items() if outcome is Outcome.WORSE]
    loss = interval(answers.mean("person"))
    text = f"A person's three trials (true loss {loss}) do better than {MAIN} trials of {len(behind)} of "
    text += f"{len(outcomes)} methods"
    text += f", and as well as {listed(equal)}" if equal else ""
    yield text + (f"; {listed(ahead)} does better." if ahead else "; none is shown to do better.")


def _stopping(answers: Answers) -> Iterator[str]:
    saved = 1 - answers.mean("hyperband", name="epochs").value / (MAIN * 10)
    cost = answers.estimate(answers.values("hyperband").minus(answers.values("random")))
    yield (
        f"Early stopping of random search saves {100 * saved:.0f}% of the epochs of {MAIN} trials, and costs "
        f"{interval(cost, '+.4f')} in true loss."
    )
    if answers.knows("hyperband", unit="epochs"):
        one = answers.compare(
            {"": answers.values("hyperband", unit="epochs").minus(answers.values("random"))}
        )[""]
        word = {
            Outcome.BETTER: "better",
            Outcome.WORSE: "worse",
            Outcome.EQUIVALENT: f"equivalent within {MARGIN:g}",
            Outcome.UNDECIDED: "not shown to differ",
        }[one.outcome]
        yield (
            f"Under the same {MAIN * 10} epochs it gets more trials, and is {word}: "
            f"{interval(one.difference, '+.4f')}."
        )


def _at_once(answers: Answers) -> Iterator[str]:
    known = [at_once for at_once in (4, 10) if answers.knows(_ALONE, at_once=at_once)]
    costs = []
    for at_once in known:
        difference = answers.values(_ALONE, at_once=at_once).minus(answers.values(_ALONE))
        one = answers.compare({"": difference})[""]
        word = {Outcome.EQUIVALENT: f", within {MARGIN:g}", Outcome.WORSE: ", a loss"}.get(one.outcome, "")
        costs.append(f"{at_once} at once {interval(one.difference, '+.4f')}{word}")
    if costs:
        told = "; ".join(costs)
        yield f"What {_ALONE}'s {MAIN} trials lose if they do not run one after the other: {told}."


def _minutes(answers: Answers) -> Iterator[str]:
    found = []
    for method in METHODS:
        if answers.knows(method, TRIALS[-1]):
            time = time_to_target(answers, method, TARGET, 0.9)
            found.append((time, method))
    known = sorted((time, method) for time, method in found if np.isfinite(time))
    if not known:
        yield f"No method reaches a true loss of {TARGET:g} in 9 of 10 searches of {TRIALS[-1]} trials."
        return
    texts = [f"{method} {time / 60:.1f}" for time, method in known]
    others = [method for time, method in found if not np.isfinite(time)]
    never = f"; not in {TRIALS[-1]} trials: {listed(others)}" if others else ""
    yield (
        f"Minutes of training until 9 of 10 searches have chosen a configuration with a true loss of "
        f"{TARGET:g}: {listed(texts)}{never}."
    )


def time_to_target(answers: Answers, method: str, target: float, share: float) -> float:
    """Return the seconds after which `share` of the searches have a choice with a true loss of `target`.

    A search that leaves it again counts from its last return.
    """
    true, seconds = answers.curve(method), answers.curve(method, "seconds")
    reached = np.full(len(true), np.inf)
    for search, losses in enumerate(true):
        above = np.flatnonzero(losses > target)
        last = int(above[-1]) + 1 if len(above) else 0
        if last < len(losses):
            reached[search] = seconds[search, last]
    return float(np.quantile(reached, share, method="inverted_cdf"))


def _enough(answers: Answers) -> Iterator[str]:
    known = [method for method in METHODS if answers.knows(method, TRIALS[-1])]
    best = min(known, key=lambda method: answers.mean(method, TRIALS[-1]).value)
    last = answers.values_on_the_way(best, TRIALS[-1])
    gains = [
        answers.estimate(answers.values_on_the_way(best, trials).minus(last))
        for trials in range(1, TRIALS[-1] + 1)
    ]
    yield (
        f"Stop after {first_below(gains, MARGIN)} trials: from there to {TRIALS[-1]}, {best} gains less than "
        f"{MARGIN:g} on average."
    )


def first_below(found: Sequence[Estimate], limit: float) -> str:
    """Format the first number of trials with a value of at most `limit`, with its interval.

    Args:
        found: the value after 1, 2, ... trials. The interval of the number begins where a value's lower bound
            first reaches the limit, and ends where an upper bound does.
    """

    def first(values: Iterable[float]) -> str:
        numbers = (number for number, value in enumerate(values, 1) if value <= limit)
        return f"{next(numbers, f'more than {len(found)}')}"

    value, low, high = (first(getattr(one, name) for one in found) for name in ("value", "low", "high"))
    return value if low == high else f"{value} ({low} to {high})"
