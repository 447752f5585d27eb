"""Offline sweeps of users' own programs: budgets, outcomes, early stopping, commands, replay."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from sweep_cases import only_sweep, place, run, states, trials, yaml

from fashion_wb.early_stop import Stop
from fashion_wb.executors.slots import available_cores

pytestmark = pytest.mark.processes

CRASH_ABOVE = """
import wandb

run = wandb.init()
if run.config.x > {limit}:
    raise ValueError("x is too large")
run.log({{"loss": run.config.x}})
"""


@pytest.mark.parametrize("method", ["random", "bayes"])
def test_count_and_run_cap_are_exact_and_every_trial_is_a_run_of_the_sweep(tmp_path, method):
    place(tmp_path, yaml(method=method, more="run_cap: 5\n"))
    done = run(tmp_path, "sweep", "sweep.yaml", "--count", "9", "--workers", "3")
    assert done.returncode == 0, done.stderr
    folder = only_sweep(tmp_path)
    assert states(tmp_path) == ["finished"] * 5
    logs = sorted(folder.root.glob("wandb/offline-run-*/run-*.wandb"))
    assert len(logs) == 5
    for trial in trials(tmp_path):
        assert [row["_step"] for row in trial.history] == [0, 1, 2]
    assert "[5/5]" in done.stderr and "5 finished" in done.stdout
    again = run(tmp_path, "sweep", "sweep.yaml", "--count", "9", "--workers", "3")
    assert again.returncode == 0 and len(trials(tmp_path)) == 5


def test_a_grid_stops_by_itself_after_every_point_once(tmp_path):
    place(
        tmp_path,
        yaml("x: {values: [0, 0.5, 1]}\nnested: {parameters: {flag: {values: [true, false]}}}", "grid"),
    )
    done = run(tmp_path, "sweep", "sweep.yaml", "--workers", "2")
    assert done.returncode == 0, done.stderr
    points = {(trial.config["x"], trial.config["nested"]["flag"]) for trial in trials(tmp_path)}
    assert len(trials(tmp_path)) == 6
    assert points == {(x, flag) for x in (0, 0.5, 1) for flag in (True, False)}


@pytest.mark.long
@pytest.mark.parametrize("more", ["", "early_terminate: {type: hyperband, min_iter: 1}\n"])
def test_the_same_seed_gives_the_same_proposals_whatever_the_timing(tmp_path, more):
    parameters = "x: {min: 0.0, max: 1.0}\npause: {values: [0.0, 0.02, 0.1]}"
    proposals = []
    for name, seed in (("a", "3"), ("b", "3"), ("c", "4")):
        (tmp_path / name).mkdir()
        place(tmp_path / name, yaml(parameters, "random" if more else "bayes", more))
        done = run(tmp_path / name, "sweep", "sweep.yaml", "--count", "7", "--workers", "3", "--seed", seed)
        assert done.returncode == 0, done.stderr
        proposals.append([trial.config for trial in trials(tmp_path / name)])
    assert proposals[0] == proposals[1] != proposals[2]


def test_trials_that_crash_fail_with_the_reason_and_the_others_continue(tmp_path):
    place(tmp_path, yaml("x: {values: [0, 1, 2, 3, 4, 5]}", "grid"), CRASH_ABOVE.format(limit=3))
    done = run(tmp_path, "sweep", "sweep.yaml")
    assert done.returncode == 0, done.stderr
    assert states(tmp_path) == ["finished"] * 4 + ["failed"] * 2
    assert trials(tmp_path)[4].reason == "ended with exit code 1"
    folder = only_sweep(tmp_path)
    assert "ValueError: x is too large" in folder.output_file(trials(tmp_path)[4].run_id).read_text()


def test_a_program_that_always_fails_stops_the_sweep_which_continues_once_it_is_fixed(tmp_path):
    place(tmp_path, yaml(more="run_cap: 10\n"), CRASH_ABOVE.format(limit=-1))
    done = run(tmp_path, "sweep", "sweep.yaml", "--workers", "1")
    assert done.returncode == 1
    assert "3 trials in a row failed" in done.stderr and "Traceback" not in done.stderr
    assert states(tmp_path) == ["failed"] * 3
    place(tmp_path, yaml(more="run_cap: 10\n"))
    assert run(tmp_path, "sweep", "sweep.yaml").returncode == 0
    assert states(tmp_path) == ["failed"] * 3 + ["finished"] * 7


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("print('no run')\n", "ended without starting a W&B run"),
        ("import wandb; wandb.init().log({'other': 1})\n", "finished without a finite value of loss"),
        (
            "import wandb; wandb.init().log({'loss': float('nan')})\n",
            "finished without a finite value of loss",
        ),
        ("import wandb, os; wandb.init(); os.kill(os.getpid(), 9)\n", "was killed by SIGKILL"),
        ("import wandb, sys; wandb.init().log({'loss': 1}); sys.exit(7)\n", "ended with exit code 7"),
        ("import nonexistent\n", "ended with exit status 1"),
    ],
)
def test_each_way_to_fail_has_its_own_reason(tmp_path, program, reason):
    place(tmp_path, yaml(), program)
    run(tmp_path, "sweep", "sweep.yaml", "--count", "1")
    (trial,) = trials(tmp_path)
    assert (str(trial.state), trial.reason) == ("failed", reason)


def test_a_trial_that_hangs_is_killed_and_fails_even_if_it_ignores_sigterm(tmp_path):
    program = (
        "import signal, time, wandb\n"
        "run = wandb.init()\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "run.log({'loss': 1})\n"
        "time.sleep(1000 if run.config.x == 1 else 0)\n"
    )
    place(tmp_path, yaml("x: {values: [0, 1, 2]}", "grid"), program)
    done = run(tmp_path, "sweep", "sweep.yaml", "--patience", "2", WANDB_AGENT_KILL_DELAY="1")
    assert done.returncode == 0, done.stderr
    assert states(tmp_path) == ["finished", "failed", "finished"]
    assert trials(tmp_path)[1].reason == "logged nothing for 2 s and was killed"


def test_a_process_that_outlives_its_finished_run_is_killed_and_the_run_counts(tmp_path):
    program = "import time, wandb\nrun = wandb.init()\nrun.log({'loss': 1})\nrun.finish()\ntime.sleep(1000)\n"
    place(tmp_path, yaml(), program)
    done = run(tmp_path, "sweep", "sweep.yaml", "--count", "1", "--patience", "2")
    assert done.returncode == 0, done.stderr
    assert states(tmp_path) == ["finished"]


def test_hyperband_stops_after_the_rung_by_sigterm_and_records_stopped_not_failed(tmp_path):
    program = (
        "import time, wandb\n"
        "run = wandb.init()\n"
        "for step in range(20):\n"
        "    run.log({'loss': run.config.x + 1 / (step + 1)})\n"
        "    time.sleep(0.25)\n"
    )
    more = "early_terminate: {type: hyperband, min_iter: 1, eta: 3, strict: true}\n"
    place(tmp_path, yaml("x: {values: [1, 2, 3, 4]}", "grid", more), program)
    done = run(tmp_path, "sweep", "sweep.yaml", "--workers", "1")
    assert done.returncode == 0, done.stderr
    assert states(tmp_path) == ["finished", "stopped", "stopped", "stopped"]
    # The first rung is after the first value; the signal arrives within two more.
    assert all(1 <= len(trial.history) <= 3 for trial in trials(tmp_path)[1:])
    second = trials(tmp_path)[1]
    assert second.stop == Stop("loss", rung=1, value=3.0, threshold=2.0, compared=2, eta=3)
    assert second.reason == second.stop.sentence
    assert "value 1: 3, limit 2 (best of 2)" in done.stdout + done.stderr


def test_a_shell_command_gets_the_arguments_and_environment_of_wandb_agent(tmp_path):
    sweep = (
        "method: grid\nmetric: {name: loss}\nproject: mine\nentity: us\n"
        "command: ['${env}', sh, run.sh, '${args}', '${args_json}', '${envvar:FLAVOUR}', end]\n"
        "parameters: {x: {values: [2]}, flag: {value: false}}\n"
    )
    place(tmp_path, sweep)
    (tmp_path / "run.sh").write_text(
        'printf "%s\\n" "$@" > seen.txt; env > env.txt; cat > stdin.txt\n'
        "python -c \"import wandb; wandb.init().log({'loss': 0})\"\n"
    )
    done = run(tmp_path, "sweep", "sweep.yaml", FLAVOUR="plum")
    assert done.returncode == 0, done.stderr
    arguments = (tmp_path / "seen.txt").read_text().splitlines()
    assert arguments[:2] == ["--flag=False", "--x=2"]
    assert json.loads(arguments[2]) == {"x": 2, "flag": False}
    assert arguments[3:] == ["plum", "end"]
    env = dict(line.split("=", 1) for line in (tmp_path / "env.txt").read_text().splitlines() if "=" in line)
    folder = only_sweep(tmp_path)
    (trial,) = trials(tmp_path)
    assert env["WANDB_SWEEP_ID"] == folder.sweep_id and env["WANDB_RUN_ID"] == trial.run_id
    assert (env["WANDB_PROJECT"], env["WANDB_ENTITY"], env["WANDB_MODE"]) == ("mine", "us", "offline")
    assert env["WANDB_SWEEP_PARAM_PATH"] == str(folder.config_file(trial.run_id))
    assert "WANDB_SERVICE" not in env
    assert (tmp_path / "stdin.txt").read_text() == ""


@pytest.mark.parametrize("opt_out", ["", "FORK_SAFE = False\n"])
def test_warm_and_fresh_processes_run_the_same_program(tmp_path, opt_out):
    program = opt_out + (
        "import atexit, os, sys, threading\nimport numpy\nimport wandb\n"
        "if __name__ == '__main__':\n"
        "    run = wandb.init()\n"
        "    atexit.register(lambda: print('exit hook'))\n"
        "    threading.Thread(target=lambda: print('thread')).start()\n"
        "    same = sys.modules['__main__'].__file__ == os.path.abspath(sys.argv[0])\n"
        "    run.log({'loss': float(numpy.random.rand()), 'ok': same and sys.argv[1:] == ['--x=0.5']})\n"
    )
    place(tmp_path, yaml("x: {value: 0.5}"), program)
    done = run(tmp_path, "sweep", "sweep.yaml", "--allow-repeats", "--count", "2", "--workers", "1")
    assert done.returncode == 0, done.stderr
    rows = [trial.history[-1] for trial in trials(tmp_path)]
    assert all(row["ok"] for row in rows)
    assert rows[0]["loss"] != rows[1]["loss"], "trials share numpy's random state"
    folder = only_sweep(tmp_path)
    printed = folder.output_file(trials(tmp_path)[0].run_id).read_text()
    assert "exit hook" in printed and "thread" in printed
    assert ("existing wandb-core service" in printed) == (opt_out == "")


def test_modules_in_the_folder_of_the_command_do_not_replace_installed_ones(tmp_path):
    program = "import helper, wandb\nrun = wandb.init()\nrun.log({'loss': helper.LOSS})\n"
    place(tmp_path, yaml("x: {value: 0}").replace("prog.py", "code/prog.py"))
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "prog.py").write_text(program)
    (tmp_path / "code" / "helper.py").write_text("LOSS = 2.0\n")
    for name in ("helper.py", "click.py", "fashion_wb.py", "yaml.py"):
        (tmp_path / name).write_text("raise ImportError('not this one')\n")
    done = run(tmp_path, "sweep", "sweep.yaml", "--count", "1")
    assert done.returncode == 0, done.stderr
    assert [row["loss"] for row in trials(tmp_path)[0].history] == [2.0]


def test_a_changed_file_or_seed_in_the_same_folder_is_refused_with_the_differences(tmp_path):
    place(tmp_path, yaml("x: {min: 0.0, max: 1.0}"))
    assert run(tmp_path, "sweep", "sweep.yaml", "--count", "1").returncode == 0
    place(tmp_path, yaml("x: {min: 0.0, max: 2.0}"))
    done = run(tmp_path, "sweep", "sweep.yaml", "--count", "2", "--seed", "5")
    assert done.returncode == 1
    assert "-    max: 1.0" in done.stderr and "+    max: 2.0" in done.stderr
    assert "seed was 0, is now 5" in done.stderr
    assert len(trials(tmp_path)) == 1


@pytest.mark.skipif(len(available_cores()) < 2, reason="needs two cores")
def test_without_workers_a_search_that_does_not_learn_uses_every_core(tmp_path):
    place(tmp_path, yaml("x: {min: 0.0, max: 1.0}\npause: {value: 0.3}", "random", "run_cap: 4\n"))
    assert run(tmp_path, "sweep", "sweep.yaml").returncode == 0
    first, second, *_ = [trial.history for trial in trials(tmp_path)]
    assert second[0]["_timestamp"] < first[-1]["_timestamp"]


def test_without_workers_at_most_a_fifth_of_the_trials_of_a_search_that_learns_run_at_once(tmp_path):
    # A fifth of five trials is one: each run starts after the previous one has ended.
    place(tmp_path, yaml(method="bayes", more="run_cap: 5\n"))
    assert run(tmp_path, "sweep", "sweep.yaml").returncode == 0
    rows = [trial.history for trial in trials(tmp_path)]
    assert all(a[-1]["_timestamp"] <= b[0]["_timestamp"] for a, b in pairwise(rows))


@pytest.mark.parametrize(
    ("sweep", "arguments", "message"),
    [
        (yaml(), [], "has no run_cap, so it would never stop"),
        (yaml().replace("prog.py", "absent.py"), ["--count", "1"], "program: absent.py is not in"),
        (yaml(), ["--count", "0"], "'--count'"),
        (yaml(), ["--count", "1", "--workers", "0"], "'--workers'"),
        (yaml(), ["--count", "1", "--seed", "-1"], "'--seed'"),
        (yaml(method="grid"), [], "method grid needs value"),
        (
            yaml(method="custom", more="scheduler: {engine: optuna, source: a.py, optimizer: f}\n"),
            ["--count", "1"],
            "scheduler.source: no such file 'a.py'",
        ),
    ],
)
def test_invalid_requests_are_refused_before_any_trial_and_without_a_traceback(
    tmp_path, sweep, arguments, message
):
    place(tmp_path, sweep)
    done = run(tmp_path, "sweep", "sweep.yaml", *arguments)
    assert done.returncode != 0
    assert message in done.stderr and "Traceback" not in done.stderr
    assert not list(tmp_path.rglob("config-*.yaml"))
