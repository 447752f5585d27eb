"""A disk that loses power: counts what a process changes below a folder, and stops the world at one change.

Every open for writing, write, mkdir, rename, unlink, rmdir and fsync below the folder is one operation. At
the chosen one the power is cut: it and all later ones have no effect. `survivors` then says what is left, by
the rules of POSIX, which are stricter than most file systems:

    kept     everything written so far: the process died, the machine did not
    lost     a file has the data of its last fsync, a folder the names of its last fsync
    mixed    of each change since the last fsync, a coin decides whether it survived; a write may be torn

A rename from one folder into another survives in both or in neither, as in every file system with a journal.
"""

from __future__ import annotations

import builtins
import contextlib
import functools
import io
import os
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MODES = ("kept", "lost", "mixed")


class PowerCut(BaseException):
    """The power is gone; nobody may go on after this."""


@dataclass(eq=False)
class _Node:
    """A file or a folder.

    Attributes:
        data, written: of a file, what its last fsync has put on disk, and what it holds.
        kept, live: the same of a folder.
    """

    folder: bool = False
    data: bytes = b""
    written: bytes = b""
    live: dict[str, _Node] = field(default_factory=dict)
    kept: dict[str, _Node] = field(default_factory=dict)


class Disk:
    """The disk below one folder, which is safe there when the disk is made, with all that it holds by then.

    Attributes:
        operations: what was done so far, as text.
        off: whether the power is gone.
    """

    def __init__(
        self, root: Path, cut_at: int | None = None, on_cut: Callable[[], None] | None = None
    ) -> None:
        """Args: `cut_at` is the number of the operation, from 0, that never happens; `on_cut` hears of it."""
        self.root = root.resolve()
        self.operations: list[str] = []
        self.off = False
        self._cut_at, self._on_cut = cut_at, on_cut
        self._tree = _Node(folder=True)
        self._refresh(self._tree, self.root)
        _settle(self._tree)

    @contextlib.contextmanager
    def watched(self) -> Iterator[Disk]:
        """Count this process's operations, and cut the power in the middle of the block if it comes to it."""
        names = ("mkdir", "rename", "replace", "unlink", "remove", "rmdir", "fsync")
        before = {name: getattr(os, name) for name in names}
        opening = builtins.open
        try:
            for name, real in before.items():
                setattr(os, name, functools.partial(getattr(self, f"_{name}"), real))
            builtins.open = io.open = functools.partial(self._open, opening)
            yield self
        finally:
            for name, real in before.items():
                setattr(os, name, real)
            builtins.open = io.open = opening

    def survivors(self, mode: str, generator: random.Random) -> None:
        """Make the folder what is left of it after the cut."""
        self._refresh(self._tree, self.root)
        if mode == "kept":
            return
        left: dict[Path, bytes | None] = {}
        self._collect(self._tree, self.root, left, _Coin(mode, generator))
        for entry in self.root.iterdir():
            shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
        for path, data in left.items():
            path.mkdir() if data is None else path.write_bytes(data)

    def _collect(self, node: _Node, path: Path, left: dict[Path, bytes | None], coin: _Coin) -> None:
        """Decide for everything in a folder whether it survived; `path` is where it will be."""
        for name in sorted({*node.live, *node.kept}):
            now, then = node.live.get(name), node.kept.get(name)
            child = now if now is then or coin.survives(now or then) else then
            if child is None:
                continue
            if child.folder:
                left[path / name] = None
                self._collect(child, path / name, left, coin)
            else:
                # A file that is gone and comes back has lost nothing but its removal.
                left[path / name] = coin.data(child.data, child.written if child is now else child.data)

    def _refresh(self, node: _Node, path: Path) -> None:
        """Learn what a folder really holds: other processes write into it too."""
        entries = [entry for entry in os.scandir(path) if not entry.is_symlink()]
        node.live = {entry.name: node.live.get(entry.name) or _Node(entry.is_dir()) for entry in entries}
        for entry in entries:
            if entry.is_dir():
                self._refresh(node.live[entry.name], Path(entry.path))
            else:
                node.live[entry.name].written = Path(entry.path).read_bytes()

    def _node(self, path: Path) -> _Node:
        """Return the node of a path that exists."""
        node, at = self._tree, self.root
        for part in path.relative_to(self.root).parts:
            at /= part
            node = node.live.setdefault(part, _Node(at.is_dir()))
        return node

    def _step(self, text: str, path: Path) -> None:
        """Count an operation, or cut the power instead of it."""
        if self.off:
            raise PowerCut
        if len(self.operations) == self._cut_at:
            self.off = True
            if self._on_cut is not None:
                self._on_cut()
            raise PowerCut
        self.operations.append(f"{text} {path.relative_to(self.root)}")

    def _inside(self, path: Any, folder: int | None = None) -> Path | None:
        """Return the absolute path if it is below the root."""
        if isinstance(path, int):
            path = Path(f"/proc/self/fd/{path}").readlink()
        start = Path.cwd() if folder is None else Path(f"/proc/self/fd/{folder}").readlink()
        found = start / os.fspath(path)
        return found if found.is_relative_to(self.root) else None

    def _open(self, real: Any, file: Any, mode: str = "r", *arguments: Any, **named: Any) -> Any:
        path = None if isinstance(file, int) or mode[0] == "r" else self._inside(file)
        if path is None:
            return real(file, mode, *arguments, **named)
        self._step("open", path)
        opened = real(file, mode, *arguments, **named)
        self._node(path)
        writing = opened.write

        def write(data: Any) -> Any:
            self._step("write", path)
            return writing(data)

        opened.write = write
        return opened

    def _mkdir(self, real: Any, path: Any, *arguments: Any, **named: Any) -> None:
        found = self._inside(path)
        if found is not None and not found.exists():
            self._step("mkdir", found)
        real(path, *arguments, **named)
        if found is not None:
            self._node(found)

    def _rename(self, real: Any, source: Any, target: Any) -> None:
        start, end = self._inside(source), self._inside(target)
        if start is not None and end is not None:
            self._step(f"rename {start.name}", end)
        real(source, target)
        if start is not None and end is not None:
            moved = self._node(start.parent).live.pop(start.name, None)
            self._node(end.parent).live[end.name] = moved or _Node(end.is_dir())

    _replace = _rename

    def _unlink(self, real: Any, path: Any, *, dir_fd: int | None = None) -> None:
        found = self._inside(path, dir_fd)
        if found is not None and os.path.lexists(found):
            self._step("unlink", found)
        real(path, dir_fd=dir_fd)
        if found is not None:
            self._node(found.parent).live.pop(found.name, None)

    _remove = _rmdir = _unlink

    def _fsync(self, real: Any, descriptor: int) -> None:
        path = self._inside(descriptor)
        if path is None:
            return real(descriptor)
        # Counted only: this disk has its own idea of what survives, and a real fsync takes milliseconds.
        self._step("fsync", path)
        if path.is_dir():
            node = self._node(path)
            node.live = {one.name: node.live.get(one.name) or _Node(one.is_dir()) for one in path.iterdir()}
            node.kept = dict(node.live)
        else:
            self._node(path).data = path.read_bytes()
        return None


@dataclass
class _Coin:
    """Decides which of the changes survive; the same for both ends of a rename."""

    mode: str
    generator: random.Random
    thrown: dict[_Node | None, bool] = field(default_factory=dict)

    def survives(self, changed: _Node | None) -> bool:
        if self.mode == "lost":
            return False
        return self.thrown.setdefault(changed, self.generator.random() < 0.5)

    def data(self, synced: bytes, written: bytes) -> bytes:
        if self.mode == "lost" or synced == written:
            return synced
        return self.generator.choice([synced, written, written[: self.generator.randrange(len(written) + 1)]])


def _settle(node: _Node) -> None:
    """Take a node with all that it holds as safe on disk."""
    node.kept, node.data = dict(node.live), node.written
    for child in node.live.values():
        _settle(child)
