"""The processes of a running sweep: those to kill, and those that are left."""

from __future__ import annotations

import contextlib
import os

import psutil

# Whose death ends the command; a trial's own does not.
ENDING = ("controller", "fork server", "wandb-core", "everything")
MARK = "STORM"


def find(victim, pid, generator):
    """Return the processes that `victim` names, of the command with the process id `pid`; perhaps none."""
    controller = psutil.Process(pid)
    below = controller.children(recursive=True)
    match victim:
        case "controller":
            return [controller]
        case "fork server":
            return controller.children()
        case "wandb-core":
            return [process for process in below if process.name() == "wandb-core"][:1]
        case "trial":
            running = [child for server in controller.children() for child in server.children()]
            # A trial leads a process group of its own; what runs wandb-core does not.
            running = [process for process in running if os.getpgid(process.pid) == process.pid]
            return [generator.choice(running)] if running else []
        case _:
            return [controller, *below]


def kill(victim, pid, generator):
    """Kill what `victim` names; tell whether there was anything to kill."""
    killed = False
    with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
        for process in find(victim, pid, generator):
            with contextlib.suppress(psutil.NoSuchProcess):  # the one before may have taken it with it
                process.kill()
                killed = True
    return killed


def left(folder):
    """Return the processes with a folder as directory, in the command line, or as MARK in the environment."""
    return [process for process in psutil.process_iter() if _belongs(process, str(folder))]


def _belongs(process, folder):
    with contextlib.suppress(psutil.Error, OSError):
        if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
            return False
        found = process.cwd() == folder or any(folder in part for part in process.cmdline())
        return found or process.environ().get(MARK) == folder
    return False
