"""Read the configurations that a sweep tries first, from a YAML or CSV file."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from fashion_wb.errors import FashionWbError
from fashion_wb.search.space import DoesNotFit, Space
from fashion_wb.sweepfile.yaml_lines import read_yaml
from fashion_wb.yaml_numbers import Key, load_yaml

# A configuration as the file has it, flat; and a function that makes an error at one of its parameters.
_Entry = tuple[dict[str, Any], Callable[[str, str], FashionWbError]]


def read_initial(path: Path, space: Space, allow_repeats: bool) -> tuple[Mapping[str, Any], ...]:
    """Read configurations, complete or not, as flat ones with the values that the search would draw.

    A `.csv` file has a row for each configuration and a column for each parameter, with a dotted name if it
    is nested; an empty cell leaves the parameter out. Any other file is a YAML list of mappings, nested or
    with dotted names.

    Raises:
        FashionWbError: the file cannot be read, has a parameter or value that the space has not, or has a
            complete configuration twice although that is not allowed.
    """
    if not path.is_file():
        raise FashionWbError(f"{path}: no such file; give a YAML or CSV file of configurations")
    if path.stat().st_size == 0:
        raise FashionWbError(f"{path}: is empty; give a YAML list or a CSV table of configurations")
    entries = _read_csv(path, space) if path.suffix.lower() == ".csv" else _read_yaml(path, space)
    found: list[dict[str, Any]] = []
    for given, error in entries:
        flat = {name: _convert(name, value, space, error) for name, value in given.items()}
        flat = {name: value for name, value in flat.items() if name not in space.constants}
        if not flat and len(space.constants) < len(space.domains):
            raise error("", "gives no parameter; give at least one that is searched")
        complete = len(flat) + len(space.constants) == len(space.domains)
        if complete and not allow_repeats and flat in found:
            raise error(
                "", f"is the same as number {found.index(flat) + 1}; give --allow-repeats to try both"
            )
        found.append(flat)
    if not found:
        raise FashionWbError(f"{path}: has no configurations; leave out --initial")
    return tuple(found)


def _convert(name: str, value: Any, space: Space, error: Callable[[str, str], FashionWbError]) -> Any:
    if name not in space.domains:
        close = difflib.get_close_matches(name, list(space.domains), n=1)
        hint = f"did you mean {close[0]}?" if close else f"it has {', '.join(space.domains)}"
        raise error(name, f"the sweep file has no such parameter; {hint}")
    try:
        return space.convert(name, value)
    except DoesNotFit as problem:
        raise error(name, problem.reason) from None


def _read_yaml(path: Path, space: Space) -> Iterator[_Entry]:
    source = read_yaml(path)
    if not isinstance(source.data, list):
        raise source.error(
            (), f"must be a list of configurations, such as - {{lr: 0.1}}; got {source.data!r}"
        )
    for number, entry in enumerate(source.data):
        if not isinstance(entry, dict):
            raise source.error((number,), f"must be a mapping of parameters to values, got {entry!r}")
        keys: dict[str, Key] = {}
        flat = {}
        for name, key, value in _flatten(entry, (number,), "", space):
            keys[name] = key
            flat[name] = value

        def error(name: str, text: str, keys: dict[str, Key] = keys, number: int = number) -> FashionWbError:
            return source.error(keys.get(name, (number,)), text)

        yield flat, error


def _flatten(entry: Mapping[str, Any], key: Key, prefix: str, space: Space) -> Iterator[tuple[str, Key, Any]]:
    for part, value in entry.items():
        name, inner = f"{prefix}{part}", (*key, str(part))
        if isinstance(value, dict) and name not in space.domains:
            yield from _flatten(value, inner, f"{name}.", space)
        else:
            yield name, inner, value


def _read_csv(path: Path, space: Space) -> Iterator[_Entry]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            header = [name.strip() for name in next(reader, [])]
            rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise FashionWbError(f"{path}: cannot be read as CSV: {problem}") from None
    _check_header(path, header)
    for line, row in rows:

        def error(name: str, text: str, line: int = line) -> FashionWbError:
            return FashionWbError(f"{path}:{line}: {name}: {text}" if name else f"{path}:{line}: {text}")

        if len(row) > len(header):
            raise error("", f"has {len(row)} cells, but there are {len(header)} columns")
        cells = {name: cell.strip() for name, cell in zip(header, row, strict=False)}
        yield {name: _cell(name, cell, space) for name, cell in cells.items() if cell != ""}, error


def _check_header(path: Path, header: Sequence[str]) -> None:
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise FashionWbError(f"{path}:1: {twice[0]}: the column is there twice; keep one")
    if "" in header:
        raise FashionWbError(f"{path}:1: column {header.index('') + 1} has no name; name the parameter")


def _cell(name: str, cell: str, space: Space) -> Any:
    """Return the value of a cell: what it reads as, or its text if only that is a value of the parameter."""
    value = _scalar(cell)
    if name in space.domains:
        for candidate in (value, cell):
            try:
                return space.convert(name, candidate)
            except DoesNotFit:
                continue
    return value


def _scalar(cell: str) -> Any:
    try:
        return load_yaml(cell)
    except yaml.YAMLError:
        return cell
