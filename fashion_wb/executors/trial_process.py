"""What a forked process does to become a trial: set its environment and output, then run the program."""

from __future__ import annotations

import atexit
import builtins
import contextlib
import os
import signal
import sys
import threading
import types
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from fashion_wb.runlog.reader import find_run_log, read_run_log

# What W&B records for a script that stopped by KeyboardInterrupt.
_INTERRUPTED = 255


def run_trial(request: dict[str, Any], runs_finished: int | None) -> NoReturn:
    """Become the trial that `request` describes; never returns.

    Args:
        request: what `local.LocalExecutor.start` sent. `env` is the whole environment, `cwd` the directory to
            run in, `output` the file that takes stdout and stderr, `cpus` the cores to keep to, if any. With
            a `program`, that Python script runs in this very process and `argv` is its sys.argv. With
            `program` None, the command `argv` replaces this process.
        runs_finished: descriptor that gets one byte once the script's W&B runs are finished.
    """
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _die_first()
    if request["cpus"]:
        os.sched_setaffinity(0, request["cpus"])
    _redirect(request["output"])
    os.chdir(request["cwd"])
    if request["program"] is None:
        _execute(request["argv"], request["env"])
    os.environ.clear()
    os.environ.update(request["env"])
    _reseed()
    _use_threads(os.environ.get("OMP_NUM_THREADS", ""))
    status = _run_script(request["program"], request["argv"])
    if runs_finished is not None:
        os.write(runs_finished, b".")
    os._exit(status)


def finish_run(request: dict[str, Any], exit_code: int) -> NoReturn:
    """Finish the W&B run of a trial that died, so that everything it logged is kept and sent; never returns.

    A wandb-core service of its own would have noticed the death and dropped the run. The shared service
    waits, and W&B's server believes that the run goes on. Nothing happens if the run is finished or never
    started.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # they are meant for the trial, which is gone
    _redirect(request["output"])
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    import wandb

    from fashion_wb.wandb_private import UsageError

    if _is_unfinished(request["run_id"]):
        with contextlib.suppress(UsageError):
            run = wandb.attach(run_id=request["run_id"])  # type: ignore[attr-defined]  # missing in wandb's stub
            run.finish(exit_code=exit_code)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def wandb_exit_code(status: int, asked_to_stop: bool) -> int:
    """The exit code that W&B should record for a process that died with `status` (negative for a signal)."""
    if asked_to_stop:
        return _INTERRUPTED
    return status if status >= 0 else 128 - status  # as a shell has it


def _is_unfinished(run_id: str) -> bool:
    # The log answers at once; the service answers by ten seconds of silence.
    path = find_run_log(Path(os.environ.get("WANDB_DIR", "")), run_id)
    return path is not None and read_run_log(path).exit_code is None


def _redirect(output: str) -> None:
    # Standard input is empty, as under W&B's agent.
    empty = os.open(os.devnull, os.O_RDONLY)
    target = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(empty, 0)
    os.dup2(target, 1)
    os.dup2(target, 2)
    os.close(empty)
    os.close(target)


def _die_first() -> None:
    # When memory is short, the kernel then kills a trial, and not what all trials depend on.
    with contextlib.suppress(OSError, ValueError):
        path = Path("/proc/self/oom_score_adj")
        path.write_text(str(min(1000, int(path.read_text()) + 300)))


def _execute(argv: list[str], env: dict[str, str]) -> NoReturn:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        os.execvpe(argv[0], argv, env)
    except OSError as error:
        print(f"{argv[0]}: cannot be started: {error.strerror}", file=sys.stderr, flush=True)
    os._exit(127)


def _reseed() -> None:
    # A fresh interpreter seeds numpy from the system. Without this, all forked trials would share one state.
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()


def _use_threads(count: str) -> None:
    # torch read OMP_NUM_THREADS when the fork server imported it, and does not read it again.
    if "torch" in sys.modules and count.isdecimal() and int(count) > 0:
        sys.modules["torch"].set_num_threads(int(count))


def _run_script(program: str, argv: list[str]) -> int:
    """Run a script as the interpreter would, exit hooks included; return its exit status."""
    path = str(Path(program).resolve())
    main = types.ModuleType("__main__")
    main.__file__ = path
    vars(main)["__builtins__"] = builtins
    sys.modules["__main__"] = main
    sys.argv = argv
    sys.path[0] = str(Path(path).parent)
    try:
        code = compile(Path(path).read_bytes(), path, "exec")
        exec(code, main.__dict__)
        status = 0
    except SystemExit as exit_request:
        status = _exit_status(exit_request.code)
    except BaseException as error:
        sys.excepthook(type(error), error, error.__traceback__)
        status = _INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1
    _end_as_the_interpreter_does(status)
    return status


def _end_as_the_interpreter_does(status: int) -> None:
    # os._exit, which must follow, runs none of these. What goes wrong here, as where a program has closed its
    # stdout, changes no exit status.
    for step in (threading._shutdown, atexit._run_exitfuncs, partial(_finish_runs, status)):  # type: ignore[attr-defined]
        with contextlib.suppress(Exception):
            step()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()


def _finish_runs(status: int) -> None:
    # A process with its own wandb-core service finishes its runs on exit; one with a shared service does not.
    wandb = sys.modules.get("wandb")
    while wandb is not None and wandb.run is not None:
        wandb.finish(exit_code=status)


def _exit_status(code: object) -> int:
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)
    return 1
