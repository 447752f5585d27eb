"""Systems, clocks, locales, paths and variables that are not as a program expects them."""

from __future__ import annotations

import os
import time
from itertools import pairwise
from pathlib import Path

import pytest
from push_cases import FAST, PROJECT
from standin_client import run_client
from standin_server import Server
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
from sweep_cases import environment, only_sweep, place, run, states, trials, yaml
from view_cases import fill, new_sweep
from warm_cli import Command

pytestmark = pytest.mark.processes

SECTION = "Bad surroundings"
TWO = pytest.mark.fault(
    SECTION,
    "Two commands on one sweep",
    made="while a sweep runs, the same sweep is started again, pushed and asked for a trial",
    promised="the second command ends after 5 s with a message; the first is not disturbed",
)
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
PATHS = pytest.mark.fault(
    SECTION,
    "Strange paths and names",
    made="folders and sweep files with spaces, quotes, other letters, %, {}, $(), a leading dash; a linked "
    "folder; a sweep named ../../x",
    promised="everything works, and nothing is written elsewhere",
)
HOME = pytest.mark.fault(
    SECTION,
    "No home, no temporary folder, no cache",
    made="HOME, TMPDIR and XDG_CACHE_HOME name folders that cannot be made; HOME is unset",
    promised="everything works",
)
VARIABLES = pytest.mark.fault(
    SECTION,
    "Environment variables that make no sense",
    made="variables that W&B, Python's libraries or this project read get nonsense, or what another run left",
    promised="the sweep works; or no trial starts, and one message names variable, rule and value",
)
STREAMS = pytest.mark.fault(
    SECTION,
    "Closed or full outputs, few descriptors",
    made="standard input, output and error are closed, go to a full disk or to a pipe that nobody reads; at "
    "most 64 open files",
    promised="the sweep works; progress that cannot be printed is lost; without its result, exit status 1",
)
REFUSED = {
    "WANDB_BASE_URL": ("", "nonsense", "ftp://example.com"),
    "WANDB_SILENT": ("maybe",),
    "WANDB_TAGS": (",",),
    "WANDB_RESUME": ("nonsense",),
    "WANDB_PROJECT": ("a/b",),
    "WANDB_CONSOLE": ("nonsense",),
    "WANDB_INIT_TIMEOUT": ("soon",),
    "WANDB__TRANSACTION_LOG_FLUSH_INTERVAL": ("abc",),
    "WANDB_AGENT_KILL_DELAY": ("soon",),
}
IGNORED = {
    "WANDB_MODE": "nonsense",
    "WANDB_DIR": "/proc/nowhere",
    "WANDB_API_KEY": "short",
    "WANDB_RUN_ID": "a/b",
    "WANDB_SWEEP_ID": "old",
    "WANDB_SWEEP_PARAM_PATH": "/nowhere/old.yaml",
    "WANDB_NAME": "old",
    "WANDB_RUN_GROUP": "old",
    "WANDB_ENTITY": "somebody",
    "WANDB_SERVICE": "2-1-tcp-localhost-1",
    "OMP_NUM_THREADS": "abc",
    "CUDA_VISIBLE_DEVICES": "nonsense",
    "FASHION_WB_RESUME_DIR": "/proc/nowhere",
    "COLUMNS": "0",
    "LINES": "many",
    "TERM": "dumb",
    "NO_COLOR": "1",
    "PYTHONHASHSEED": "7",
}


@pytest.mark.long
@TWO
def test_two_controllers_cannot_share_a_folder(tmp_path, fault):
    place(tmp_path, yaml("x: {min: 0.0, max: 1.0}\nsteps: {value: 1000}\npause: {value: 0.1}"))
    process = Command(list(SWEEP), tmp_path, environment())
    try:
        wait_for_rows(tmp_path, process)
        with Server() as server:
            second = [
                run(tmp_path, *SWEEP),
                run_client(server.url, tmp_path, "push", "runs", "--project", PROJECT, **FAST),
                run(tmp_path, "ask", "runs/sweep"),
            ]
            assert server.state.runs == {}
        for done in second:
            assert_one_message(done, "another process is running this sweep")
        assert process.poll() is None
    finally:
        process.kill()
        process.communicate()
    fault.observed(f"{len(second)} of {len(second)} second commands refused; the sweep went on")


def wait_for_rows(folder: Path, process: Command) -> None:
    deadline = time.monotonic() + 120
    while (
        not list(folder.glob("runs/sweep/wandb/offline-run-*/run-*.wandb")) or not trials(folder)[0].history
    ):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.1)


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


@PATHS
def test_strange_paths_and_names_change_nothing(tmp_path, fault):
    every = [
        "ünï 'q' \"雪\" %s {} $(touch x) ;&",
        "-dash",
        " ",
        "%d%n",
        "a" * 200,
        "x[y]*?",
        "{0}",
        "runs\n2",
    ]
    tried = fault.times(every[:1], every)
    for number, name in enumerate(tried):
        home = tmp_path / f"home{number}"
        (home / name).mkdir(parents=True)
        folder = home / "link"
        folder.symlink_to(name)
        (folder / f"{name}.yaml").write_text(yaml(more="name: ../../x\n"), encoding="utf-8")
        place(folder, yaml())
        (folder / "sweep.yaml").unlink()
        done = run(folder, "sweep", "--count", "2", "--workers", "1", "--", f"{name}.yaml")
        assert done.returncode == 0, done.stderr
        assert_complete(folder)
        done = run(folder, "view", "--text", "runs")
        assert done.returncode == 0, done.stderr
        assert sorted(path.name for path in home.iterdir()) == sorted(["link", name])
        assert sorted(path.name for path in folder.iterdir()) == sorted([f"{name}.yaml", "prog.py", "runs"])
    fault.observed(f"{len(tried)} of {len(tried)} names worked")


@HOME
@pytest.mark.long
def test_a_home_that_cannot_be_written_is_not_needed(tmp_path, fault):
    place(tmp_path, yaml())
    nowhere = dict.fromkeys(("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"), "/proc/nowhere")
    tried = fault.times([nowhere], [nowhere, {"HOME": None}, {"HOME": "", "TMPDIR": ""}])
    for case in tried:
        env = {name: value for name, value in (environment() | case).items() if value is not None}
        for command in (SWEEP, *fault.times([], [("view", "--text", "runs"), ("compare", "runs")])):
            done = fresh(tmp_path, *command, env=env)
            assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
        assert_complete(tmp_path)
    fault.observed(
        "sweep, view and compare worked without a home, unset or not writable" if fault.full else ""
    )


@VARIABLES
def test_a_variable_that_wandb_refuses_is_named_before_a_trial_starts(tmp_path, fault):
    place(tmp_path, yaml())
    every = [(name, value) for name, values in REFUSED.items() for value in values]
    tried = fault.times([("WANDB_BASE_URL", "")], every)
    for number, (name, value) in enumerate(tried):
        cold = ("--cold",) if number % 2 else ()
        done = run(tmp_path, *SWEEP, *cold, **{name: value})
        assert_one_message(done, name, repr(value))
        assert states(tmp_path) == []
    done = run(tmp_path, *SWEEP)
    assert done.returncode == 0, done.stderr
    fault.observed(f"{len(tried)} of {len(tried)} refused values named before the first trial")


@VARIABLES
def test_variables_that_a_sweep_does_not_need_are_ignored(tmp_path, fault):
    together = [dict(IGNORED)]
    cases = together + fault.times([], [{name: value} for name, value in IGNORED.items()])
    for number, case in enumerate(cases):
        folder = tmp_path / str(number)
        folder.mkdir()
        place(folder, yaml())
        done = run(folder, *SWEEP, **case)
        assert done.returncode == 0, (case, done.stderr)
        assert_complete(folder)
        done = run(folder, "view", "--text", "runs", **case)
        assert done.returncode == 0 and "sweep" in done.stdout, (case, done.stderr)
    fault.observed(
        f"{len(IGNORED)} other variables, each alone and all at once: {len(cases)} of {len(cases)} worked"
    )


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
