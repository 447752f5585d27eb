"""Read YAML as plain data, with the line of every key for error messages."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from fashion_wb.errors import FashionWbError
from fashion_wb.yaml_numbers import TOO_DEEP, Key, ShallowLoader, construct, plain_numbers

_MOST_BYTES = 1 << 20
_MOST_VALUES = 100_000


@dataclass(frozen=True)
class YamlSource:
    """Parsed YAML, with the line of each key.

    Attributes:
        path: the file, for messages.
        data: mappings, lists and scalars; see `yaml_numbers`.
        lines: line number (from 1) by key path; () is the document.
        numbers: by key path, the values that are numbers in YAML 1.2 only, as they are written.
    """

    path: Path
    data: Any
    lines: dict[Key, int]
    numbers: dict[Key, str] = field(default_factory=dict)

    def error(self, key: Key, text: str) -> FashionWbError:
        """Make an error that names the file, the line of `key` (or of its nearest parent) and the key."""
        return FashionWbError(self.message(key, text))

    def message(self, key: Key, text: str) -> str:
        """Return `text` after the file, the line of `key` (or of its nearest parent) and the key."""
        known = key
        while known not in self.lines and known:
            known = known[:-1]
        # What is no character, such as half of a surrogate pair, cannot be printed.
        name = ".".join(str(part) for part in key).encode(errors="backslashreplace").decode()
        where = f"{self.path}:{self.lines.get(known, 1)}"
        return f"{where}: {name}: {text}" if name else f"{where}: {text}"

    def located(self, message: str) -> str:
        """Return a message that begins with a dotted key (`parameters.x: ...`) after file and line."""
        name = message.partition(": ")[0]
        named = {".".join(map(str, key)): line for key, line in self.lines.items()}
        while name and name not in named:
            name = name.rpartition(".")[0]
        return f"{self.path}:{named.get(name, 1)}: {message}"


def read_yaml(path: Path, texts: Collection[str] = ()) -> YamlSource:
    """Read a YAML file.

    Args:
        path: the file.
        texts: keys of the document below which text stays text, even if YAML 1.2 reads it as a number.

    Raises:
        FashionWbError: a missing, unreadable or empty file, bad YAML, or a key given twice (YAML's own loader
            would silently take the last one).
    """
    text = _read_text(path)
    try:
        node = yaml.compose(text, Loader=ShallowLoader)
        if node is None:
            raise FashionWbError(f"{path}: the file is empty; a sweep file needs method and parameters")
        if _size(node, {}) > _MOST_VALUES:
            raise FashionWbError(
                f"{path}: holds more than {_MOST_VALUES:,} values, those of its aliases counted; give fewer"
            )
        source = YamlSource(path, None, {})
        _collect_lines(node, (), source, frozenset())
        numbers = {key: scalar.value for key, scalar in plain_numbers(node, texts)}
        return replace(source, data=construct(node, texts), numbers=numbers)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        problem = getattr(error, "problem", None) or str(error)
        raise FashionWbError(f"{path}:{line}: not valid YAML: {problem}") from None
    except RecursionError:
        raise FashionWbError(f"{path}: {TOO_DEEP}") from None


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            # No more than that: a wrong path may name a log of gigabytes, or a device without an end.
            data = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        raise FashionWbError(f"{path}: no such file; give the path of a W&B sweep file") from None
    except OSError as error:
        raise FashionWbError(f"{path}: cannot be read: {error.strerror}") from None
    if len(data) > _MOST_BYTES:
        raise FashionWbError(f"{path}: is larger than {_MOST_BYTES >> 20} MB; is it a sweep file?")
    try:
        if b"\0" in data:
            raise UnicodeError("it holds zero bytes")
        return data.decode()
    except UnicodeError as error:
        raise FashionWbError(f"{path}: cannot be read as text: {error}; save it as UTF-8") from None


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    """Return how many values a node stands for: aliases of aliases make a large document of a small file."""
    if id(node) not in known:
        known[id(node)] = 1  # until it is counted; it may refer to itself
        inner: list[yaml.Node] = []
        if isinstance(node, yaml.MappingNode):
            inner = [value for _, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            inner = node.value
        known[id(node)] = 1 + sum(_size(one, known) for one in inner)
    return known[id(node)]


def _collect_lines(node: yaml.Node, key: Key, source: YamlSource, above: frozenset[int]) -> None:
    source.lines.setdefault(key, node.start_mark.line + 1)
    if id(node) in above:
        raise source.error(key, "refers to itself; write out what it should be")
    above |= {id(node)}
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            child = (*key, str(name.value))
            if child in source.lines:
                raise source.error(child, f"given twice, again on line {name.start_mark.line + 1}; keep one")
            source.lines[child] = name.start_mark.line + 1
            _collect_lines(value, child, source, above)
    elif isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            _collect_lines(value, (*key, position), source, above)
