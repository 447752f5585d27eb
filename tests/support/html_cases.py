"""Evidence for pages, a page reader that needs no browser, and the browser if there is one."""

from __future__ import annotations

import contextlib
import json
import random
import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser

from analysis_cases import evidence_of, plausible, record, search, trial

from analysis.evidence import Evidence
from analysis.fashion_mnist.extra import hypothesis_extra
from analysis.records.reruns import AuditedTrial, RetrainedWinner
from analysis.records.search import SearchRecord
from fashion_wb.trial import Trial, TrialState

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NO_CHROMIUM = "no Chromium: install it with `apt-get install chromium`, or Google Chrome"
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
# The page must show this as text.
HOSTILE = "a</script><script>alert(1)</script>\"'&{{ 7*7 }}<!--"
SECTIONS = (
    *("comparison", "gain", "curves", "finals", "winners", "space", "parameters", "times", "extra-0"),
    *("audit", "quality", "trials", "conditions", "limits"),
)


def chromium() -> str | None:
    """Find an installed Chromium or Chrome."""
    return next(filter(None, map(shutil.which, CHROMIUM)), None)


@contextlib.contextmanager
def started_browser():
    """Start the installed Chromium without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        yield started
        started.close()


def full_study(replicates: int = 5, trials: int = 8, epochs: int = 6) -> Evidence:
    """Make a study of five methods with everything: bands, verdicts, retrained winners, an audit."""
    searches = plausible(trials, epochs, sweeps=replicates)
    chance = random.Random(1)
    retrained = [_retrained(one, chance) for one in searches]
    audited = [_audited(one, stopped, epochs) for one in searches for stopped in _stopped(one)[:2]]
    evidence = evidence_of(searches, retrained, audited)
    return replace(evidence, extras=(hypothesis_extra(evidence.trials),))


def planted(gaps: dict[str, float], replicates: int = 6, noise: float = 0.0005) -> Evidence:
    """Make methods whose final losses lie `gaps` above 0.3 in every replicate, plus normal noise."""
    chance = random.Random(2)
    return evidence_of(
        [
            record(method, f"{method}{r}", (_at(0.3 + gap + chance.gauss(0, noise)),), r)
            for method, gap in gaps.items()
            for r in range(replicates)
        ]
    )


SPARSE = {
    "one search each": lambda: evidence_of(plausible(4, 3)),
    "two searches each": lambda: evidence_of(plausible(4, 3, sweeps=2)),
    "one method": lambda: evidence_of(plausible(4, 3, sweeps=3)[:3]),
    "all failed": lambda: evidence_of([search(trial(0, [0.5], "failed"), trial(1, [], "failed"))]),
    "all stopped": lambda: evidence_of([search(trial(0, [0.5], "stopped"), trial(1, [0.4], "stopped"))]),
    "running": lambda: evidence_of([search(trial(0, [0.5], "running"))]),
    "no hyperparameters, no time": lambda: evidence_of([search(bare())]),
    "identical": lambda: evidence_of(
        [search(*(trial(n, [0.5, 0.5], filters=4, lr=0.001) for n in range(3)))]
    ),
    "lr of 0": lambda: evidence_of([search(*(trial(n, [0.5], filters=n, lr=0.0) for n in range(9)))]),
    "a method without result": lambda: evidence_of(
        [search(trial(0, [0.5])), search(trial(0, [], "failed"), method="grid", sweep="t")]
    ),
    "eight methods": lambda: evidence_of(
        [search(trial(0, [0.5]), method=f"m{n}", sweep=f"s{n}") for n in range(8)]
    ),
    "hostile names": lambda: evidence_of(
        [search(trial(0, [0.5, 0.4]), method=HOSTILE), search(trial(0, [0.6]), method="a.b[0]", sweep="t")]
    ),
}


def bare() -> Trial:
    """Make a trial that logged one loss and nothing else."""
    return Trial(0, "r0", {}, TrialState.FINISHED, ({"valid_loss": 0.5},))


class Page(HTMLParser):
    """The contents of a page: ids, text, tables as cells, addresses, tags, scripts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.tables: list[list[list[str]]] = []
        self.addresses: list[str] = []
        self.tags: list[str] = []
        self.scripts: list[str] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        known = dict(attrs)
        self.addresses += [value for name in ("src", "href", "action") if (value := known.get(name))]
        self.ids += [known["id"]] if known.get("id") else []
        if tag not in ("meta", "link", "input", "br"):
            self._open.append(tag)
        if tag == "script":
            self.scripts.append("")
        elif tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "script" in self._open:
            self.scripts[-1] += data
            return
        if "style" in self._open:
            return
        self.text += data
        if {"td", "th"} & set(self._open):
            self.tables[-1][-1][-1] += data

    @property
    def words(self) -> str:
        """The text, with single spaces."""
        return re.sub(r"\s+", " ", self.text)

    @property
    def figures(self) -> dict:
        """The specifications of the figures, by name."""
        return json.loads(next(script for script in self.scripts if script.startswith("{")))

    @property
    def sections(self) -> list[str]:
        """The ids of the sections, in order."""
        return [name for name in self.ids if name in SECTIONS]


def _at(loss: float) -> Trial:
    return trial(0, [loss + 0.1, loss])


def _stopped(one: SearchRecord) -> list[Trial]:
    return [trial for trial in one.trials if trial.state is TrialState.STOPPED]


def _retrained(one: SearchRecord, chance: random.Random) -> RetrainedWinner:
    best = one.best
    loss = one.metric.best(best.history)
    losses = tuple(loss + chance.gauss(0.004, 0.004) for _ in range(3))
    tests = tuple(1 - 0.37 * value for value in losses)
    return RetrainedWinner(one.method, one.replicate, loss, (101, 102, 103), losses, {"test_accuracy": tests})


def _audited(one: SearchRecord, stopped: Trial, epochs: int) -> AuditedTrial:
    loss, after = one.metric.best(stopped.history), len(stopped.history)
    return AuditedTrial(one.method, one.replicate, stopped.run_id, loss - 0.05, epochs - after)
