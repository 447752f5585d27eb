"""Systems that are not as a program expects them: clock, processes, locale and outputs."""

from __future__ import annotations

import os
from itertools import pairwise

import pytest
from surroundings_cases import (
    COUNT,
    SWEEP,
    assert_complete,
    assert_one_message,
    clock_set_back,
    fresh,
    in_shell,
    without_fork,
)
from sweep_cases import environment, only_sweep, place, run, trials, yaml
from view_cases import fill, new_sweep

pytestmark = pytest.mark.processes

SECTION = "Bad surroundings"
CLOCK = pytest.mark.fault(
    SECTION,
    "Clock set back",
    made="the clock of every Python process jumps back by an hour and forth again, many times a trial",
    promised="every trial ends as usual; its log is read, compared, exported and shown",
)
SYSTEM = pytest.mark.fault(
    SECTION,
    "No fork, as on Windows",
    made="fork, file locks, process groups and CPU affinity are taken out of Python (simulated, on Linux)",
    promised="--help, compare, export and view work; sweep says in one message that it cannot run here",
)
LOCALE = pytest.mark.fault(
    SECTION,
    "Locale that is not UTF-8",
    made="LC_ALL=C without Python's UTF-8 mode, and a terminal of Latin-1; names with other letters",
    promised="everything works; names are whole in every file, and escaped where they cannot be printed",
)
STREAMS = pytest.mark.fault(
    SECTION,
    "Closed or full outputs, few descriptors",
    made="standard input, output and error are closed, go to a full disk or to a pipe that nobody reads; at "
    "most 64 open files",
    promised="the sweep works; progress that cannot be printed is lost; without its result, exit status 1",
)


@CLOCK
@pytest.mark.long
def test_a_clock_that_is_set_back_harms_no_trial(tmp_path, fault):
    place(tmp_path, yaml("x: {min: 0.0, max: 1.0}\nsteps: {value: 60}"))
    clock = tmp_path / "clock"
    clock.mkdir()
    done = fresh(tmp_path, *SWEEP, env=environment(**clock_set_back(clock)))
    assert done.returncode == 0, done.stderr
    assert_complete(tmp_path)
    found = trials(tmp_path)
    backwards = sum(b["_timestamp"] < a["_timestamp"] for t in found for a, b in pairwise(t.history))
    assert backwards and all(len(trial.history) == 60 for trial in found)
    commands = [("view", "--text", "runs"), ("export", "runs", "--csv", "t.csv", "--optuna", "t.db")]
    for command in commands + fault.times([], [("compare", "runs")]):
        done = run(tmp_path, *command)
        assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    fault.observed(
        f"the clock went back {backwards} times within {COUNT} logs; {COUNT} of {COUNT} trials whole"
    )


@SYSTEM
def test_without_fork_and_locks_what_only_reads_works(tmp_path, fault):
    fill(new_sweep(tmp_path / "runs" / "sweep", "sweep"), 3)
    place(tmp_path, yaml())
    view, export = ("view", "--text", "runs"), ("export", "runs", "--csv", "t.csv")
    commands = fault.times([], [view, export, ("--help",), ("compare", "runs")])
    for command in commands:
        done = without_fork(tmp_path, *command)
        assert done.returncode == 0, done.stderr
    done = without_fork(tmp_path, "sweep", "sweep.yaml", "--count", "2", "--dir", "new")
    assert_one_message(done, "cannot do that", "Linux or macOS")
    assert not (tmp_path / "new").exists()
    fault.observed(f"{len(commands)} of {len(commands)} reading commands worked; sweep said why not")


@LOCALE
@pytest.mark.long
@pytest.mark.parametrize(
    "variables",
    [
        pytest.param({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, id="C"),
        pytest.param({"PYTHONIOENCODING": "latin-1"}, id="latin-1"),
    ],
)
def test_a_locale_that_is_not_utf_8_changes_no_name(tmp_path, variables, fault):
    place(tmp_path, yaml("größe: {values: [雪, groß]}\nx: {value: 1}", more="name: größe 雪\n"))
    env = environment(**variables)
    commands = [SWEEP, *fault.times([], [("view", "--text", "runs"), ("compare", "runs")])]
    for command in commands:
        done = fresh(tmp_path, *command, env=env)
        assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    assert_complete(tmp_path)
    assert {trial.config["größe"] for trial in trials(tmp_path)} <= {"雪", "groß"}
    assert only_sweep(tmp_path).sweep.name == "größe 雪"
    if fault.full:
        assert "größe 雪" in (tmp_path / "comparison" / "report.html").read_text(encoding="utf-8")
    fault.observed(f"{' '.join(variables)}: {len(commands)} of {len(commands)} commands worked")


@STREAMS
def test_outputs_that_cannot_be_written_do_not_end_a_sweep(tmp_path, fault):
    lines = {
        '"$@" <&- >&- 2>&-': 0,
        '"$@" 2>/dev/full': 0,
        '"$@" >/dev/full': 1,
        '"$@" >&-': 0,
        'ulimit -n 64; "$@"': 0,
        '"$@" 2>&1 | head -n 1': 0,
        '"$@" <&-': 0,
    }
    tried = fault.times(1, len(lines))
    for number, (line, status) in enumerate(list(lines.items())[:tried]):
        folder = tmp_path / str(number)
        folder.mkdir()
        place(folder, yaml())
        done = fresh(folder, *SWEEP, command=in_shell(line))
        assert done.returncode == status and "Traceback" not in done.stderr, (line, done)
        if status:
            assert_one_message(done, os.strerror(28))
        assert_complete(folder)
    fault.observed(f"{tried} of {tried} sweeps had {COUNT} of {COUNT} trials")
