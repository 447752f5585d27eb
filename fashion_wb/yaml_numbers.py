"""Read YAML as W&B reads a sweep: with PyYAML, but plain `1e-4` is a number.

PyYAML implements YAML 1.1, where a number with an exponent needs a point and a sign: `1.0e-4`. It reads
`1e-4` as a text. W&B's client sends what it has read to the server as the text of `yaml.dump`, which writes
that text without quotes, and the server reads a number; docs/wandb.md says how we know. So does YAML 1.2.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator
from typing import Any

import yaml

Key = tuple[str | int, ...]

# Numbers of YAML 1.2's core schema, section 10.3.2.
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_MOST_BRACKETS = 100
TOO_DEEP = "is nested too deeply; give fewer levels"
_TEXT, _FLOAT = "tag:yaml.org,2002:str", "tag:yaml.org,2002:float"


def is_number(text: str) -> bool:
    """Tell whether YAML 1.2 reads the plain scalar `text` as a finite number."""
    return _NUMBER.fullmatch(text) is not None and math.isfinite(float(text))


class ShallowLoader(yaml.SafeLoader):
    """PyYAML's own, with a limit to its brackets: it takes seconds for some hundreds that are open."""

    def fetch_flow_collection_start(self, token: type[yaml.Token]) -> None:
        if self.flow_level >= _MOST_BRACKETS:
            raise yaml.scanner.ScannerError(None, None, TOO_DEEP, self.get_mark())
        super().fetch_flow_collection_start(token)


class _Loader(yaml.SafeLoader):
    """PyYAML's own, but for its errors: it lets Python's pass for a date such as 2026-13-01."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ValueError, TypeError, AttributeError, KeyError, OverflowError) as error:
            problem = f"not a {node.tag.rpartition(':')[2]}: {error}"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark) from None


def load_yaml(text: str) -> Any:
    """Return the one document in `text`, as YAML's safe loader does, with YAML 1.2's numbers.

    Raises:
        yaml.YAMLError: the text is not one document of valid YAML.
    """
    node = yaml.compose(text, Loader=ShallowLoader)
    return None if node is None else construct(node, ())


def construct(node: yaml.Node, texts: Collection[str]) -> Any:
    """Return the data of a document's `node`, with YAML 1.2's numbers; `node` is changed.

    Args:
        node: the document.
        texts: keys of the document, a mapping, below which text stays text.

    Raises:
        yaml.YAMLError: a value has no such type.
    """
    for _, scalar in plain_numbers(node, texts):
        scalar.tag = _FLOAT
    return _Loader("").construct_document(node)


def plain_numbers(node: yaml.Node, texts: Collection[str]) -> Iterator[tuple[Key, yaml.ScalarNode]]:
    """Yield the key path and node of each value that only YAML 1.2 reads as a number; see `construct`."""
    return _plain_numbers(node, (), texts, set())


def _plain_numbers(
    node: yaml.Node, key: Key, texts: Collection[str], seen: set[int]
) -> Iterator[tuple[Key, yaml.ScalarNode]]:
    if id(node) in seen:  # an alias, or the end of a circle
        return
    seen.add(id(node))
    if isinstance(node, yaml.ScalarNode):
        if node.tag == _TEXT and node.style is None and is_number(node.value):
            yield key, node
    elif isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            yield from _plain_numbers(value, (*key, position), texts, seen)
    elif isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if key or name.value not in texts:
                yield from _plain_numbers(value, (*key, str(name.value)), texts, seen)
