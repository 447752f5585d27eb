"""What the fork server imports once, so that no trial has to; and whether it can still be forked then."""

from __future__ import annotations

import contextlib
import importlib
import sys
import threading
from collections.abc import Iterable

from fashion_wb.sweepfile.program import load_hook


def import_all(modules: Iterable[str], before_fork: str | None) -> None:
    """Import modules, and do now, once, what they would do on first use in every trial.

    Args:
        modules: their names; one that cannot be imported is left to the trial, whose output shows the error.
        before_fork: the program's hook, if it has one; see `sweepfile.program`.
    """
    for name in modules:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    with contextlib.suppress(Exception):
        _finish_imports(before_fork)


def unsafe_to_fork() -> str:
    """Say why a forked child could not work; "" if it can."""
    if threading.active_count() > 1:
        return f"importing it starts threads ({threading.enumerate()[-1].name})"
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        return "importing it initialises CUDA"
    return ""


def _finish_imports(before_fork: str | None) -> None:
    if "wandb" in sys.modules:
        from fashion_wb.wandb_private import list_packages_once

        list_packages_once()
    if before_fork is not None:
        load_hook(before_fork)()
    elif "torch" in sys.modules:
        # The first optimiser of a process imports torch.compile, used or not. That takes seconds.
        torch = sys.modules["torch"]
        torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
