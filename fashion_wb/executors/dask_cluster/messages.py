"""What the controller and the machines that run trials say to each other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fashion_wb.errors import FashionWbError
from fashion_wb.executors.protocol import Launch


class ConnectionEnded(FashionWbError):
    """The host's side of a connection has ended, and the message says why; a new one may begin."""


class MachineBroken(ConnectionEnded):
    """The host could not go on, as with a full disk."""


@dataclass(frozen=True)
class Welcome:
    """What a host is told when it begins.

    Attributes:
        token: identifies this connection; whatever carries another one is out of date.
        program: the script whose trials are forked, if any.
        digest: SHA-256 of the program's text; "" without a program.
        cwd: the controller's directory for trials.
        lost_after: seconds without a word from the controller after which the host ends its trials.
        variables: variables that trials get unless their machine sets them.
    """

    token: str
    program: Path | None
    digest: str
    cwd: Path
    lost_after: float
    variables: dict[str, str]


@dataclass(frozen=True)
class Start:
    """Start a trial; `files` maps paths below its home to their content."""

    launch: Launch
    files: dict[str, bytes]


@dataclass(frozen=True)
class Signal:
    """Send a signal to a running trial."""

    key: str
    number: int


@dataclass(frozen=True)
class Ready:
    """The host is ready; it has this many slots."""

    node: str
    slots: int


@dataclass(frozen=True)
class Leaving:
    """The host takes no more trials; `reason` says why."""

    reason: str


@dataclass(frozen=True)
class TrialStarted:
    """A trial's process is starting in the slot `place`."""

    key: str
    attempt: int
    place: str


@dataclass(frozen=True)
class Bytes:
    """What was added at `offset` to a file below a trial's home; `path` is relative to it.

    `size` is None for a file that grows. Otherwise the file has this size, and replaces an earlier one only
    when all of it is there.
    """

    key: str
    attempt: int
    path: str
    offset: int
    data: bytes
    size: int | None = None


@dataclass(frozen=True)
class TrialExited:
    """A trial's process has exited; all its bytes were sent before. `reason` is that of `Exited`."""

    key: str
    attempt: int
    status: int
    reason: str = ""


@dataclass(frozen=True)
class HandedBack:
    """A trial was stopped because its machine goes away, not because of anything that the trial did."""

    key: str
    attempt: int
    reason: str


Order = Start | Signal
Report = Ready | Leaving | TrialStarted | Bytes | TrialExited | HandedBack
