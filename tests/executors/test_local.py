"""The fork server and its client: trials start, exit, are signalled and never outlive the client."""

from __future__ import annotations

import os
import signal
import sys
import time

import pytest

from fashion_wb.errors import FashionWbError
from fashion_wb.executors.local import Launch, LocalExecutor
from fashion_wb.runlog.reader import find_run_log, read_run_log

pytestmark = pytest.mark.processes


def script(folder, text):
    path = folder / "program.py"
    path.write_text(text)
    return path


def fresh(folder, key, code):
    argv = [sys.executable, "-c", code]
    return Launch(key, argv, dict(os.environ), folder, folder / f"{key}.log", program=None)


def wait_for(executor, *keys, seconds=60):
    exits, deadline = {}, time.monotonic() + seconds
    while set(exits) != set(keys):
        assert time.monotonic() < deadline
        exits |= {exit.key: exit.status for exit in executor.exits(0.1)}
    return exits


def test_exits_have_their_status_and_the_output_is_kept(tmp_path):
    with LocalExecutor(None) as executor:
        assert "fresh processes" in executor.cannot_fork()
        executor.start(fresh(tmp_path, "good", "print('said')"))
        executor.start(fresh(tmp_path, "bad", "import sys; print('why', file=sys.stderr); sys.exit(3)"))
        executor.start(fresh(tmp_path, "killed", "import time; time.sleep(100)"))
        executor.signal("killed", signal.SIGTERM)
        executor.signal("unknown", signal.SIGTERM)
        exits = wait_for(executor, "good", "bad", "killed")
    assert exits == {"good": 0, "bad": 3, "killed": -signal.SIGTERM}
    assert (tmp_path / "good.log").read_text() == "said\n"
    assert (tmp_path / "bad.log").read_text() == "why\n"


def test_a_missing_command_exits_with_127_as_in_a_shell(tmp_path):
    with LocalExecutor(None) as executor:
        executor.start(Launch("x", ["no-such-command"], dict(os.environ), tmp_path, tmp_path / "x.log", None))
        assert wait_for(executor, "x") == {"x": 127}
    assert "no-such-command: cannot be started: No such file" in (tmp_path / "x.log").read_text()


def test_a_program_whose_imports_start_threads_is_not_forked(tmp_path):
    (tmp_path / "threaded.py").write_text(
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=(60,), name='mine', daemon=True).start()\n"
    )
    with LocalExecutor(script(tmp_path, "import threaded\n")) as executor:
        assert executor.cannot_fork() == "importing it starts threads (mine)"


def test_a_module_beside_the_program_shadows_an_installed_one(tmp_path):
    (tmp_path / "click.py").write_text("ours = True\n")
    program = script(tmp_path, "import click\nprint(click.ours)\n")
    with LocalExecutor(program) as executor:
        assert executor.cannot_fork() == ""
        executor.start(Launch("x", ["x.py"], dict(os.environ), tmp_path, tmp_path / "x.log", program))
        assert wait_for(executor, "x") == {"x": 0}
    assert (tmp_path / "x.log").read_text() == "True\n"


def test_leaving_the_executor_kills_what_still_runs(tmp_path):
    with LocalExecutor(None) as executor:
        executor.start(
            fresh(tmp_path, "x", "import os, time; print(os.getpid(), flush=True); time.sleep(100)")
        )
        deadline = time.monotonic() + 30
        while not (tmp_path / "x.log").exists() or not (tmp_path / "x.log").read_text():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        pid = int((tmp_path / "x.log").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_dead_server_is_an_error_that_says_what_to_do(tmp_path):
    with LocalExecutor(None) as executor:
        executor.start(fresh(tmp_path, "x", "import os; os.kill(os.getppid(), 9)"))
        with pytest.raises(
            FashionWbError, match=r"fork server exited unexpectedly.*Run the same command again"
        ):
            wait_for(executor, "x")


WAYS_TO_DIE = {
    "killed": ("os.kill(os.getpid(), 9)", -9, 137),
    "terminated": ("time.sleep(60)", -15, 255),
    "left": ("os._exit(3)", 3, 3),
    "left with 0": ("os._exit(0)", 0, 0),
    "raised": ("1 / 0", 1, 1),
    "finished itself": ("run.finish(exit_code=7); os.kill(os.getpid(), 9)", -9, 7),
}


def test_the_run_of_a_trial_that_dies_is_finished_with_everything_it_logged(tmp_path):
    lines = "".join(f"if sys.argv[1] == {key!r}: {way[0]}\n" for key, way in WAYS_TO_DIE.items())
    program = script(
        tmp_path,
        "import os, sys, time, wandb\nrun = wandb.init()\nfor i in range(3): run.log({'loss': i})\n"
        f"print('logged', flush=True)\n{lines}",
    )
    ids = {key: key.replace(" ", "-") for key in WAYS_TO_DIE}
    with LocalExecutor(program) as executor:
        assert executor.cannot_fork() == ""
        for key, run_id in ids.items():
            env = {**os.environ, "WANDB_MODE": "offline", "WANDB_DIR": str(tmp_path), "WANDB_RUN_ID": run_id}
            output = tmp_path / f"{run_id}.log"
            executor.start(Launch(key, ["x.py", key], env, tmp_path, output, program, run_id))
        printed, deadline = tmp_path / "terminated.log", time.monotonic() + 60
        while not printed.exists() or "logged" not in printed.read_text():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        executor.signal("terminated", signal.SIGTERM)
        exits = wait_for(executor, *WAYS_TO_DIE)
    logs = {key: read_run_log(find_run_log(tmp_path, run_id)) for key, run_id in ids.items()}
    assert exits == {key: way[1] for key, way in WAYS_TO_DIE.items()}
    assert {key: log.exit_code for key, log in logs.items()} == {
        key: way[2] for key, way in WAYS_TO_DIE.items()
    }
    assert all([row["loss"] for row in log.history] == [0, 1, 2] for log in logs.values())


def test_a_trial_that_dies_before_its_run_starts_keeps_its_exit_status(tmp_path):
    program = script(tmp_path, "import os\nos._exit(5)\n")
    with LocalExecutor(program) as executor:
        env = {**os.environ, "WANDB_DIR": str(tmp_path)}
        executor.start(Launch("x", ["x.py"], env, tmp_path, tmp_path / "x.log", program, "x"))
        assert wait_for(executor, "x") == {"x": 5}


def test_a_warm_trial_uses_the_number_of_threads_in_its_environment(tmp_path):
    program = script(tmp_path, "import torch\nprint(torch.get_num_threads())\n")
    env = {**os.environ, "OMP_NUM_THREADS": "2"}
    with LocalExecutor(program) as executor:
        executor.start(Launch("x", ["x.py"], env, tmp_path, tmp_path / "x.log", program))
        assert wait_for(executor, "x") == {"x": 0}
    assert (tmp_path / "x.log").read_text() == "2\n"
