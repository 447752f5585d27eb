"""What the documentation tells a reader to type: commands, files and their output, read from Markdown.

A fenced block's first line says what it is:

    ```sh                        commands, one a line
    ```sh skip="REASON"          commands that no test runs, and why
    ```python title="FILE"       a file (any language) that the reader has written before the next commands
    ```text title="output"       what the last command before it prints

`<!-- first: COMMAND -->` is a command that a page needs and does not show.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

from warm_cli import run_command

_BLOCK = re.compile(
    r"^ *<!-- first: (?P<first>.*?) -->$|^ *```(?P<language>\w+)(?P<info>[^\n]*)\n(?P<text>.*?)^ *```$",
    re.DOTALL | re.MULTILINE,
)
_FOR_A_SHELL = re.compile(r"[|&;<>$`*]")


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        language: such as sh, python or text.
        text: its content.
        title: the name of the file that it shows, or "output"; empty for neither.
        skip: why no test runs it; empty for a block to be run.
    """

    language: str
    text: str
    title: str = ""
    skip: str = ""

    @property
    def commands(self) -> list[str]:
        """The commands of a block of them, without comments."""
        lines = [re.sub(r"(^|\s)#.*", "", line).strip() for line in self.text.splitlines()]
        return [line for line in lines if line] if self.language == "sh" else []


def read_blocks(path: Path) -> list[Block]:
    """Read the fenced blocks of a Markdown file, in order."""
    return [_block(found) for found in _BLOCK.finditer(path.read_text(encoding="utf-8"))]


def commands(path: Path) -> list[str]:
    """List the commands of a Markdown file that a test runs, in order."""
    return [command for block in read_blocks(path) if not block.skip for command in block.commands]


def write_files(path: Path, folder: Path) -> None:
    """Write the files that a Markdown file shows into `folder`."""
    for block in read_blocks(path):
        if block.title and block.title != "output":
            (folder / block.title).write_text(block.text)


def run_typed(
    command: str, cwd: Path, env: dict[str, str], timeout: float = 180
) -> subprocess.CompletedProcess[str]:
    """Run a command as if it were typed into a shell in `cwd`; `env` is the whole environment.

    `fashion-wb` and `python FILE` are forked from a warm process, unless the command needs a shell.

    Raises:
        subprocess.TimeoutExpired: it runs longer than `timeout` seconds.
    """
    words = shlex.split(command)
    if not _FOR_A_SHELL.search(command):
        if words[0] == "fashion-wb":
            return run_command(words[1:], cwd, env, timeout)
        if words[0] == "python":
            return run_command(words[2:], cwd, env, timeout, script=cwd / words[1])
    return subprocess.run(
        ["bash", "-c", command],
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def split_numbers(text: str) -> tuple[str, list[float]]:
    """Split what a sweep prints into its words and its numbers, without what differs between two runs of it.

    That is the sweep's id, seconds and the time left.
    """
    text = re.sub(r"\b(sweep|run) [a-z0-9]{8}\b", r"\1 ID", text)
    text = re.sub(r"\b\d+\.\d s\b", "SECONDS", text)
    text = re.sub(r" *~[^~\n]* left", "", text)
    numbers = re.compile(r"(?<![\w.])-?\d+\.\d+(?![\w.])")
    words = [" ".join(line.split()) for line in numbers.sub("NUMBER", text).strip().splitlines()]
    return "\n".join(words), [float(number) for number in numbers.findall(text)]


def _block(found: re.Match[str]) -> Block:
    if found["first"] is not None:
        return Block("sh", found["first"])
    info = dict(re.findall(r'(\w+)="([^"]*)"', found["info"]))
    return Block(found["language"], found["text"], info.get("title", ""), info.get("skip", ""))


def link_into(folder: Path, root: Path) -> None:
    """Make `folder` look like the repository's root, to be written into."""
    for name in ("train.py", "sweeps", "fashion_wb"):
        (folder / name).symlink_to(root / name)
