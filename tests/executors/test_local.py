"""The fork server and its client: trials start, exit, are signalled and never outlive the client."""

from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from executor_cases import SLOTS, fresh, wait_for, warm

from fashion_wb.errors import FashionWbError
from fashion_wb.executors.local import LocalExecutor
from fashion_wb.executors.protocol import Launch
from fashion_wb.executors.slots import Slot, available_cores
from fashion_wb.runlog.reader import find_run_log, read_run_log

pytestmark = pytest.mark.processes


def script(folder, text):
    path = folder / "program.py"
    path.write_text(text)
    return path


def test_exits_have_their_status_and_the_output_is_kept(tmp_path):
    with LocalExecutor(None, SLOTS) as executor:
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
    with LocalExecutor(None, SLOTS) as executor:
        executor.start(Launch("x", ["no-such-command"], {}, tmp_path, tmp_path, tmp_path / "x.log"))
        assert wait_for(executor, "x") == {"x": 127}
    assert "no-such-command: cannot be started: No such file" in (tmp_path / "x.log").read_text()


def test_a_program_whose_imports_start_threads_is_not_forked(tmp_path):
    (tmp_path / "threaded.py").write_text(
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=(60,), name='mine', daemon=True).start()\n"
    )
    with LocalExecutor(script(tmp_path, "import threaded\n"), SLOTS) as executor:
        assert executor.cannot_fork() == "importing it starts threads (mine)"


def test_a_module_beside_the_program_shadows_an_installed_one(tmp_path):
    (tmp_path / "click.py").write_text("ours = True\n")
    program = script(tmp_path, "import click\nprint(click.ours)\n")
    with LocalExecutor(program, SLOTS) as executor:
        assert executor.cannot_fork() == ""
        executor.start(warm(tmp_path, "x", program))
        assert wait_for(executor, "x") == {"x": 0}
    assert (tmp_path / "x.log").read_text() == "True\n"


def test_leaving_the_executor_kills_what_still_runs(tmp_path):
    with LocalExecutor(None, SLOTS) as executor:
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
    with LocalExecutor(None, SLOTS) as executor:
        executor.start(fresh(tmp_path, "x", "import os; os.kill(os.getppid(), 9)"))
        with pytest.raises(
            FashionWbError, match=r"fork server \(status -9\) exited unexpectedly.*run the same command again"
        ):
            wait_for(executor, "x")


def test_a_dead_wandb_core_ends_the_server_and_fails_no_trial(tmp_path):
    program = script(
        tmp_path, "import time, wandb\nrun = wandb.init()\nwhile True: run.log({'x': 0}); time.sleep(0.01)"
    )
    env = {"WANDB_MODE": "offline", "WANDB_DIR": str(tmp_path), "WANDB_RUN_ID": "abc"}
    with LocalExecutor(program, SLOTS) as executor:
        executor.start(warm(tmp_path, "x", program, env=env, run_id="abc"))
        deadline = time.monotonic() + 60
        while (log := find_run_log(tmp_path, "abc")) is None or not read_run_log(log).history:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        below = psutil.Process().children(recursive=True)
        (core,) = [process for process in below if process.name() == "wandb-core"]
        core.kill()
        with pytest.raises(
            FashionWbError, match=r"wandb-core.*exited unexpectedly.*run the same command again"
        ):
            wait_for(executor, "x")


def test_a_request_to_a_server_that_has_ended_does_not_hide_why_it_ended(tmp_path):
    """After SIGTERM to every process, the controller still sends SIGTERM to its trials."""
    program = script(tmp_path, "import time, wandb\ntime.sleep(60)")
    with LocalExecutor(program, SLOTS) as executor:
        executor.start(warm(tmp_path, "x", program, "x"))
        below = psutil.Process().children(recursive=True)
        (core,) = [process for process in below if process.name() == "wandb-core"]
        (server,) = [one for one in psutil.Process().children() if "fork_server" in " ".join(one.cmdline())]
        core.kill()
        server.wait(timeout=30)
        executor.signal("x", signal.SIGTERM)
        executor.start(warm(tmp_path, "y", program, "y"))
        with pytest.raises(FashionWbError, match=r"exited unexpectedly"):
            wait_for(executor, "x")


def test_a_trial_that_fails_for_want_of_wandb_core_is_not_the_one_to_blame(tmp_path):
    """It ends before the process that runs wandb-core has noticed."""
    program = script(
        tmp_path,
        "import os, psutil, wandb\nbelow = psutil.Process(os.getppid()).children(recursive=True)\n"
        "[process.kill() for process in below if process.name() == 'wandb-core']\nos._exit(1)",
    )
    with LocalExecutor(program, SLOTS) as executor:
        executor.start(warm(tmp_path, "x", program, "x"))
        with pytest.raises(FashionWbError, match=r"wandb-core.*exited unexpectedly"):
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
    with LocalExecutor(program, SLOTS) as executor:
        assert executor.cannot_fork() == ""
        for key, run_id in ids.items():
            env = {"WANDB_MODE": "offline", "WANDB_DIR": str(tmp_path), "WANDB_RUN_ID": run_id}
            executor.start(warm(tmp_path, key, program, key, env=env, run_id=run_id))
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
    with LocalExecutor(program, SLOTS) as executor:
        executor.start(warm(tmp_path, "x", program, env={"WANDB_DIR": str(tmp_path)}, run_id="x"))
        assert wait_for(executor, "x") == {"x": 5}


@pytest.mark.long
def test_a_warm_trial_uses_the_number_of_threads_in_its_environment(tmp_path):
    program = script(tmp_path, "import torch\nprint(torch.get_num_threads())\n")
    with LocalExecutor(program, SLOTS) as executor:
        executor.start(warm(tmp_path, "x", program, env={"OMP_NUM_THREADS": "2"}))
        assert wait_for(executor, "x") == {"x": 0}
    assert (tmp_path / "x.log").read_text() == "2\n"


PLACE = """
import os
print(sorted(os.sched_getaffinity(0)), os.environ.get("CUDA_VISIBLE_DEVICES"), os.environ["OMP_NUM_THREADS"])
"""


@pytest.mark.skipif(len(available_cores()) < 2, reason="needs two cores")
@pytest.mark.parametrize("kind", ["forked", "fresh"])
def test_a_trial_gets_the_cores_gpus_and_threads_of_its_slot_and_no_others(tmp_path, kind):
    one, two = available_cores()[:2]
    slots = [Slot((one,), ("0",)), Slot((one, two), ("2", "GPU-ab"), 2)]
    program = script(tmp_path, PLACE)
    with LocalExecutor(program, slots) as executor:
        assert (executor.slots, executor.free) == (2, 2)
        for key in ("first", "second"):
            forked = kind == "forked"
            executor.start(warm(tmp_path, key, program) if forked else fresh(tmp_path, key, PLACE))
        assert executor.free == 0
        wait_for(executor, "first", "second")
        assert executor.free == 2
        executor.start(warm(tmp_path, "third", program))
        wait_for(executor, "third")
    printed = {key: (tmp_path / f"{key}.log").read_text() for key in ("first", "second", "third")}
    assert printed["first"] == printed["third"] == f"[{one}] 0 1\n"
    assert printed["second"] == f"[{one}, {two}] 2,GPU-ab 2\n"


def test_a_trial_has_this_machines_environment_with_what_the_launch_sets(tmp_path, monkeypatch):
    monkeypatch.setenv("MINE", "kept")
    monkeypatch.setenv("GONE", "set")
    monkeypatch.setenv("WANDB_SERVICE", "some other service")
    names = ("MINE", "GONE", "NEW", "WANDB_SERVICE")
    code = f"import os; print([os.environ.get(name) for name in {names}], os.environ['PATH'])"
    launch = replace(fresh(tmp_path, "x", code), env={"NEW": "1", "GONE": None})
    with LocalExecutor(None, SLOTS) as executor:
        executor.start(launch)
        wait_for(executor, "x")
    printed = (tmp_path / "x.log").read_text()
    assert printed.startswith(f"['kept', None, '1', None] {Path(sys.executable).parent}{os.pathsep}")
