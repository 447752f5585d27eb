"""What runs trials, as the controller of a sweep sees it."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Launch:
    """A trial to start.

    Attributes:
        key: identifies the trial in signals and events.
        argv: the command.
        env: the variables to set in the environment of the machine that runs the trial; None removes one.
        cwd: the directory to run in.
        home: the folder that gets the trial's W&B folder, `wandb/`.
        output: the file, below `home`, for what the trial prints.
        script: the Python script that `argv` runs, if it may be forked from a warm process; otherwise None.
        script_argv: the script's sys.argv.
        files: files below `home` that the trial reads.
        attempt: 1 at first, and one more each time the same trial starts again.
        run_id: id of the W&B run to finish if a warm trial dies without finishing it, before its exit is
            reported; None leaves the run unfinished.
        memory: bytes of memory that its processes may use together; with more it is killed, and `Exited` says
            so. None means no limit.
    """

    key: str
    argv: Sequence[str]
    env: Mapping[str, str | None]
    cwd: Path
    home: Path
    output: Path
    script: Path | None = None
    script_argv: Sequence[str] = ()
    files: tuple[Path, ...] = ()
    attempt: int = 1
    run_id: str | None = None
    memory: int | None = None

    def moved(self, home: Path) -> Launch:
        """Return the same launch with another home: paths below the old one are below the new one."""
        before = str(self.home)

        def here(text: str) -> str:
            inside = text == before or text.startswith(before + os.sep)
            return str(home) + text[len(before) :] if inside else text

        return replace(
            self,
            argv=[here(part) for part in self.argv],
            env={name: value if value is None else here(value) for name, value in self.env.items()},
            home=home,
            output=Path(here(str(self.output))),
            script_argv=[here(part) for part in self.script_argv],
            files=tuple(Path(here(str(path))) for path in self.files),
        )


@dataclass(frozen=True)
class Started:
    """A trial's process is starting; `place` names the slot or the machine."""

    key: str
    place: str


@dataclass(frozen=True)
class Logged:
    """What a trial has written below its home may have grown."""

    key: str


@dataclass(frozen=True)
class Exited:
    """A trial's process has exited, and everything it wrote is below its home.

    Attributes:
        status: its exit status; negative for a signal, as in `subprocess`.
        reason: why the executor killed it; "" if it did not.
        machine: the machine that it ran on; "" for this one.
    """

    key: str
    status: int
    reason: str = ""
    machine: str = ""


@dataclass(frozen=True)
class Lost:
    """The machine that ran a trial is gone, or has handed the trial back; `reason` says why.

    What it logged until then may be below its home. Nothing of this attempt arrives any more.

    Attributes:
        ran: whether its process may have started.
        handed_back: whether its machine had to leave, so that the trial had no part in the loss.
        machine: as for `Exited`.
    """

    key: str
    reason: str
    ran: bool = True
    handed_back: bool = False
    machine: str = ""


@dataclass(frozen=True)
class SlotsChanged:
    """The number of slots has changed; `reason` says why, for example "n1 joined with 2 slots"."""

    slots: int
    reason: str


Event = Started | Logged | Exited | Lost | SlotsChanged


class Executor(Protocol):
    """Runs trials in slots, one trial in each; a contract suite in `tests/executors` runs over every one.

    A trial that was started ends with exactly one `Exited` or `Lost`. Events of an earlier attempt of the
    same key never come after its next start.

    Attributes:
        slots: how many trials it can run at once now; it may grow and shrink. A slot that is about to go does
            not count, even if its trial still runs.
        free: how many of them are free.
        machine_count: how many machines run trials now, or may again.
    """

    @property
    def machine_count(self) -> int: ...

    @property
    def slots(self) -> int: ...

    @property
    def free(self) -> int: ...

    def start(self, launch: Launch) -> None:
        """Start a trial in a free slot.

        Raises:
            FashionWbError: the executor cannot go on.
        """

    def signal(self, key: str, number: signal.Signals) -> None:
        """Send a signal to a running trial; nothing happens if it has ended."""

    def trial_ended(self, exited: Exited, failed: bool) -> None:
        """Tell what came of a trial; a machine on which one after the other fails may be taken out."""

    def events(self, timeout: float) -> list[Event]:
        """Return what happened since the last call; wait up to `timeout` seconds for something to happen.

        Raises:
            FashionWbError: the executor cannot go on.
        """

    def close(self) -> None:
        """Kill what still runs, and release everything."""
