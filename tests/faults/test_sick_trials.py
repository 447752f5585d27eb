"""Trials that crash, hang, swell, lie or leave something behind: the sweep goes on and knows it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
from dataclasses import dataclass

import pandas as pd
import psutil
import pytest
from sick_cases import GROUPS, HARMLESS, SHORT, SICK, run_sick
from sweep_cases import run

from fashion_wb.trial import Trial, TrialState

pytestmark = pytest.mark.processes
SECTION = "Sick trials"


@dataclass
class Sweep:
    """A sweep of sick and healthy trials that has ended.

    Attributes:
        how: warm, cold or cluster.
        asked: how many trials it was to have.
        trials: those that it has, by kind.
        seen: what the search knew of each trial at the end, by kind: Optuna's state and values.
        exported: the state, reason and result of each trial, as exported, by kind.
        compared: the state and result of each trial in the table of `fashion-wb compare`, by run id; empty
            in the short version.
        left: the processes that trials left behind, by name.
    """

    how: str
    asked: int
    trials: dict[str, Trial]
    seen: dict[str, tuple[str, list[float] | None]]
    exported: dict[str, pd.Series]
    compared: dict[str, pd.Series]
    left: dict[str, int]


def pytest_generate_tests(metafunc):
    if "sweep" in metafunc.fixturenames:
        ways = ["warm", "cold", "cluster"] if metafunc.config.getoption("--full") else ["warm"]
        metafunc.parametrize("sweep", ways, indirect=True, scope="module")


@pytest.fixture(scope="module")
def sweep(request, tmp_path_factory):
    folder, full = tmp_path_factory.mktemp("sick"), request.config.getoption("--full")
    kinds = [*SICK, *HARMLESS] if full and request.param != "cold" else list(SHORT)
    # A fresh process needs seconds before it logs, many on a busy machine.
    patience = 30 if request.param == "cold" else 10 if full else 6
    asked, found = run_sick(folder, kinds, request.param, patience)
    by_kind = {trial.config["kind"]: trial for trial in found}
    known = json.loads((folder / "seen.json").read_text())
    seen = {trial.config["kind"]: tuple(one) for trial, one in zip(found, known, strict=False)}
    assert run(folder, "export", "runs", "--csv", "exported.csv").returncode == 0
    exported = pd.read_csv(folder / "exported.csv", keep_default_na=False)
    compared = pd.DataFrame()
    if full:
        assert run(folder, "compare", "runs", "--out", "compared", timeout=300).returncode == 0
        compared = pd.read_csv(folder / "compared" / "trials.csv")
    yield Sweep(
        request.param,
        asked,
        by_kind,
        seen,
        {row["kind"]: row for _, row in exported.iterrows()},
        {row["run"]: row for _, row in compared.iterrows()},
        {path.stem.removeprefix("left-"): int(path.read_text()) for path in folder.glob("left-*.txt")},
    )
    for path in folder.glob("left-*.txt"):
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(path.read_text()), signal.SIGKILL)


@pytest.mark.parametrize(
    "kinds",
    [
        pytest.param(kinds, marks=pytest.mark.fault(SECTION, name, made=made, promised=promised), id=name)
        for name, (kinds, made, promised) in GROUPS.items()
    ],
)
def test_a_sick_trial_fails_with_its_reason_and_the_search_is_told_no_number(fault, sweep, kinds):
    assert len(sweep.trials) == sweep.asked
    found = [kind for kind in kinds if kind in sweep.trials]
    for kind in found:
        trial = sweep.trials[kind]
        assert trial.state is TrialState.FAILED, (kind, trial)
        assert re.search(SICK[kind], trial.reason), (kind, trial.reason)
        assert sweep.seen[kind] == ("FAIL", None), kind
        assert (sweep.exported[kind]["state"], sweep.exported[kind]["reason"]) == ("failed", trial.reason)
        if sweep.compared:
            row = sweep.compared[trial.run_id]
            assert row["state"] == "failed" and pd.isna(row["loss"]), kind
    healthy = [trial for kind, trial in sweep.trials.items() if kind.startswith("healthy")]
    assert {trial.state for trial in healthy} == {TrialState.FINISHED}
    told = {one[0] for kind, one in sweep.seen.items() if re.fullmatch(r"healthy \d+", kind)}
    assert told == {"COMPLETE"}
    fault.observed(
        f"{sweep.how}: {len(found)} kinds, {len(found)} failed with the reason, none gave the search a "
        f"number; {sweep.asked} of {sweep.asked} trials"
    )


@pytest.mark.fault(
    SECTION,
    "a clumsy end",
    made="the program closes its stdout and stderr, or leaves a daemon thread running",
    promised="the trial keeps its result",
)
def test_a_clumsy_end_costs_no_result(fault, sweep):
    kinds = [
        kind for kind in ("closes stdout", "closes descriptors", "daemon thread") if kind in sweep.trials
    ]
    for kind in kinds:
        assert sweep.trials[kind].state is TrialState.FINISHED, (kind, sweep.trials[kind].reason)
        assert sweep.seen[kind] == ("COMPLETE", [float(len(kind))])
    fault.observed(f"{sweep.how}: {len(kinds)} of {len(kinds)} finished with their result")


@pytest.mark.fault(
    SECTION,
    "children left behind",
    made="a trial starts a process and ends before it; one in its process group, one in a session of its own",
    promised="what is left of the trial's process group is killed when the trial ends; not survived: a "
    "process that begins a session of its own, as daemons do, lives on",
)
def test_what_a_trial_leaves_in_its_process_group_is_killed(fault, sweep):
    for kind in ("leaves a child", "leaves a session"):
        assert sweep.trials[kind].state is TrialState.FINISHED
    lives = {name: is_alive(pid) for name, pid in sweep.left.items()}
    assert lives == {"group": False, "session": True}
    fault.observed(f"{sweep.how}: the child is gone, the one with its own session lives on")


def is_alive(pid: int) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False
