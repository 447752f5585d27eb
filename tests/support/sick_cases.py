"""Trials that go wrong in one way each, as one program that gets the way as its parameter `kind`."""

from __future__ import annotations

import json
from pathlib import Path

from cluster_cases import start_worker
from sweep_cases import run, trials

from fashion_wb.trial import Trial

# Most kinds first log a loss that no healthy trial reaches: no search and no table may take it for a result.
TEMPTING = -1000.0

PROGRAM = """
import ctypes, os, resource, shutil, signal, subprocess, sys, threading, time
import wandb

KIND = sys.argv[1].partition("=")[2]
if KIND == "import":
    import no_such_module

def forever(run=None):
    for value in range(10**9):
        if run is not None:
            run.log({"loss": 1000 + value})
        time.sleep(0.2)

def spawn(name, **how):
    child = subprocess.Popen(["sleep", "600"], **how)
    with open(f"left-{name}.txt", "w") as file:
        file.write(str(child.pid))

def grow():
    blocks = []
    while len(blocks) < 8:
        blocks.append(bytearray(128 << 20))
    forever()

def deep(n=0):
    return deep(n + 1)

def out_of_addresses():
    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
    bytearray(9 << 30)

def file_too_large():
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
    with open("large.bin", "wb") as file:
        file.write(bytes(2 << 20))

def disk_full():
    with open("/dev/full", "wb") as file:
        file.write(bytes(1 << 20))

def ignore_sigterm():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    forever()

GARBAGE = {
    "text": "excellent", "number as text": "0.1", "not a number": float("nan"), "infinite": float("-inf"),
    "nested": {"value": -5.0}, "list": [-5.0], "none": None, "true": True, "long text": "x" * 2_000_000,
    "digits": -(10**400),
}
AFTER_A_LOSS = {
    "segfault": lambda: ctypes.string_at(0),
    "abort": os.abort,
    "raises": lambda: 1 / 0,
    "recursion": deep,
    "exit 0 half way": lambda: os._exit(0),
    "exit 255": lambda: sys.exit(255),
    "kills itself": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "memory": grow,
    "addresses": out_of_addresses,
    "file too large": file_too_large,
    "disk full": disk_full,
    "hangs": forever,
    "thread": lambda: threading.Thread(target=forever).start(),
    "ignores SIGTERM": ignore_sigterm,
}

if __name__ == "__main__" and KIND == "no run":
    print("done")
elif __name__ == "__main__" and KIND == "dies at once":
    ctypes.string_at(0)
elif __name__ == "__main__":
    run = wandb.init()
    if KIND in GARBAGE:
        run.log({"loss": GARBAGE[KIND]})
    elif KIND == "another metric":
        run.log({"accuracy": 1.0})
    elif KIND == "logs nothing":
        pass
    elif KIND in AFTER_A_LOSS:
        run.log({"loss": TEMPTING})
        time.sleep(0.3)
        AFTER_A_LOSS[KIND]()
    elif KIND == "logs for ever":
        forever(run)
    elif KIND == "deletes its run":
        run.log({"loss": TEMPTING})
        time.sleep(0.5)
        shutil.rmtree(os.path.dirname(run.dir))
        time.sleep(0.3)
    else:
        run.log({"loss": float(len(KIND))})
        if KIND == "closes stdout":
            print("said", flush=True)
            sys.stdout.close()
            sys.stderr.close()
        if KIND == "closes descriptors":
            os.close(1)
            os.close(2)
        if KIND == "daemon thread":
            threading.Thread(target=forever, daemon=True).start()
        if KIND == "leaves a child":
            spawn("group")
        if KIND == "leaves a session":
            spawn("session", start_new_session=True)
""".replace("TEMPTING", str(TEMPTING))

NO_VALUE = "finished without a finite value of loss"
SICK = {
    "segfault": "was killed by SIGSEGV",
    "text": NO_VALUE,
    "no run": "ended without starting a W&B run",
    "memory": r"used .* of memory, above its limit of 400 MiB",
    "number as text": NO_VALUE,
    "hangs": r"logged nothing for .* s and was killed",
    "logs for ever": r"ran longer than .* s \(--trial-timeout\) and was killed",
    "not a number": NO_VALUE,
    "ignores SIGTERM": r"logged nothing for .* s and was killed",
    "thread": r"logged nothing for .* s and was killed",
    "raises": "ended with exit code 1",
    "infinite": NO_VALUE,
    "abort": "was killed by SIGABRT",
    "nested": NO_VALUE,
    "recursion": "ended with exit code 1",
    "list": NO_VALUE,
    "exit 0 half way": "ended without finishing its W&B run",
    "none": NO_VALUE,
    "exit 255": "ended with exit status 255",
    "true": NO_VALUE,
    "kills itself": "was killed by SIGKILL",
    "long text": NO_VALUE,
    "addresses": "ended with exit code 1",
    "digits": NO_VALUE,
    "file too large": "ended with exit code 1",
    "another metric": NO_VALUE,
    "disk full": "ended with exit code 1",
    "logs nothing": NO_VALUE,
    "deletes its run": "cannot be read|ended without (starting a|finishing its) W&B run",
    "import": "ended with exit status 1",
    "dies at once": "was killed by SIGSEGV",
}
# They behave badly and have a result all the same.
HARMLESS = ("closes stdout", "closes descriptors", "daemon thread", "leaves a child", "leaves a session")
# What `make test` tries.
SHORT = (
    *("segfault", "text", "no run", "memory", "hangs", "logs for ever", "not a number", "ignores SIGTERM"),
    *("raises", "nested", "exit 0 half way", "long text", "addresses", "disk full", "deletes its run"),
    *("import", "closes stdout", "leaves a child", "leaves a session"),
)
_FAILS = "the trial fails with that as its reason, and the search is told so and no number"
# Kinds, how they are made, what is promised.
GROUPS = {
    "crash": (
        ("segfault", "abort", "raises", "recursion", "kills itself", "import", "dies at once"),
        "a null pointer read, abort(), SIGKILL, an exception, a failing import, endless recursion",
        _FAILS,
    ),
    "exit 0 or 255 without a result": (
        ("no run", "logs nothing", "another metric", "exit 0 half way", "exit 255"),
        "no run, nothing logged, another metric, os._exit(0) half way, the exit code of stopped runs",
        _FAILS,
    ),
    "garbage as the metric": (
        tuple("text,number as text,not a number,infinite,nested,list,none,true,long text,digits".split(",")),
        "text, NaN, infinity, a mapping, a list, None, True, 2 MB of text, a number of 400 digits",
        "the trial fails for want of a finite value, and the search is told so and no number",
    ),
    "hang": (
        ("hangs", "thread", "ignores SIGTERM"),
        "a program that logs nothing more, or whose thread never ends, or that ignores SIGTERM as well",
        "killed after --patience, by SIGKILL if SIGTERM is not enough; the trial fails",
    ),
    "runs too long": (
        ("logs for ever",),
        "a program that logs without end",
        "with --trial-timeout it is killed after that time, and the trial fails",
    ),
    "out of memory": (
        ("memory", "addresses"),
        "a program that takes 1 GiB where --trial-memory says 400 MiB; one that limits its own addresses",
        "with --trial-memory it is killed, and the reason says what it used; a MemoryError is a crash",
    ),
    "a full disk in the trial": (
        ("disk full", "file too large"),
        "a program whose own file cannot be written: ENOSPC, and a limit on the size of files",
        _FAILS,
    ),
    "deletes its own run": (
        ("deletes its run",),
        "a program that removes its run's folder while it runs",
        "the trial fails; the sweep goes on",
    ),
}

SOURCE = """
import json
from pathlib import Path

import optuna

KINDS = json.loads(Path("kinds.json").read_text())

class InOrder(optuna.samplers.BaseSampler):
    "Trial k gets kind k. What the study knows then is in seen.json."
    def infer_relative_search_space(self, study, trial): return {}
    def sample_relative(self, study, trial, space): return {}
    def sample_independent(self, study, trial, name, distribution):
        known = [t for t in study.get_trials(deepcopy=False) if t.number < trial.number]
        Path("seen.json").write_text(json.dumps([[t.state.name, t.values] for t in known]))
        return KINDS[trial.number]

def study(sweep):
    return optuna.create_study(sampler=InOrder(), pruner=optuna.pruners.NopPruner())
"""
PARALLEL = 4


def place_sick(folder: Path, kinds: list[str]) -> int:
    """Write a sweep of these kinds in this order, with healthy trials among them; the number of trials."""
    order = [f"healthy {n}" for n in range(2)]
    for number, kind in enumerate(kinds):
        order += [kind] + [f"healthy {len(order)}"] * (number % 2)
    order += [f"healthy at the end {n}" for n in range(PARALLEL)]
    sweep = {
        "method": "custom",
        "program": "prog.py",
        "run_cap": len(order),
        "metric": {"name": "loss", "goal": "minimize"},
        "scheduler": {"engine": "optuna", "source": "own.py", "optimizer": "study"},
        "parameters": {"kind": {"values": order}},
    }
    files = {"prog.py": PROGRAM, "own.py": SOURCE, "kinds.json": json.dumps(order)}
    for name, text in (files | {"sweep.yaml": json.dumps(sweep)}).items():
        (folder / name).write_text(text, encoding="utf-8")
    return len(order)


def run_sick(folder: Path, kinds: list[str], how: str, patience: int) -> tuple[int, list[Trial]]:
    """Run these kinds, and healthy trials among them; the number of trials asked for, and those there are.

    Args:
        folder: gets everything.
        kinds: the kinds.
        how: warm, cold, or cluster: on one worker, with its trials warm.
        patience: seconds; `--trial-timeout` is half as long again.
    """
    asked = place_sick(folder, kinds)
    limits = (
        "--patience",
        str(patience),
        "--trial-timeout",
        f"{1.5 * patience:g}",
        "--trial-memory",
        "400MiB",
    )
    where: tuple[str, ...] = ("--workers", str(PARALLEL), *(["--cold"] if how == "cold" else []))
    worker = None
    if how == "cluster":
        where = ("--executor", "dask", "--listen", "127.0.0.1")
        worker = start_worker(folder, folder / "runs" / "sweep" / "cluster.json", "--workers", PARALLEL)
    try:
        done = run(
            folder,
            *("sweep", "sweep.yaml", "--parallel", str(PARALLEL), *where, *limits),
            timeout=900,
            WANDB_AGENT_KILL_DELAY="1",
        )
    finally:
        if worker is not None:
            worker.terminate()
            worker.wait()
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return asked, trials(folder)
