"""Read YAML as plain data, with the line of every key for error messages."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from fashion_wb.errors import FashionWbError
from fashion_wb.yaml_numbers import Key, construct, plain_numbers


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
        name = ".".join(str(part) for part in key)
        where = f"{self.path}:{self.lines.get(known, 1)}"
        return f"{where}: {name}: {text}" if name else f"{where}: {text}"


def read_yaml(path: Path, texts: Collection[str] = ()) -> YamlSource:
    """Read a YAML file.

    Args:
        path: the file.
        texts: keys of the document below which text stays text, even if YAML 1.2 reads it as a number.

    Raises:
        FashionWbError: a missing, unreadable or empty file, bad YAML, or a key given twice (YAML's own loader
            would silently take the last one).
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise FashionWbError(f"{path}: no such file; give the path of a W&B sweep file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise FashionWbError(f"{path}: cannot be read as text: {error}") from None
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        if node is None:
            raise FashionWbError(f"{path}: the file is empty; a sweep file needs method and parameters")
        source = YamlSource(path, None, {})
        _collect_lines(node, (), source, frozenset())
        numbers = {key: scalar.value for key, scalar in plain_numbers(node, texts)}
        return replace(source, data=construct(node, texts), numbers=numbers)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        problem = getattr(error, "problem", None) or str(error)
        raise FashionWbError(f"{path}:{line}: not valid YAML: {problem}") from None


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
