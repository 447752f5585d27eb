"""Kill a process when its parent dies."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when process `parent`, which forked it, dies.

    Linux only (prctl(2), PR_SET_PDEATHSIG). On other systems nothing happens, and whatever starts processes
    has to stop them itself.
    """
    pr_set_pdeathsig = 1
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)  # the parent died before the kernel knew of our request
