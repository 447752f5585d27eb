"""All replayed searches in one small file, docs/evidence/replayed.npz, from which the page is written.

Searches of 50 trials, one after the other, are kept with what they had after every trial. Of the others only
the end is kept, as the page shows nothing else of them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from analysis.deciding.conditions import METHODS, TRIALS, Condition
from analysis.deciding.runs import Replayed, digest_of, made_from, read_file
from analysis.deciding.traces import CURVES
from analysis.statistics.intervals import Floats
from fashion_wb.errors import FashionWbError
from fashion_wb.files import replacing

KEPT = "replayed.npz"
_WHOLE = frozenset(Condition(method, "trials", TRIALS[-1]).name for method in METHODS)
_WHOLE_NUMBERS = {"filters": np.int8, "epochs": np.int16, "dead": np.int16, "repeats": np.int16}
_MILLISECONDS = 1000


def keep(folder: Path, target: Path) -> None:
    """Write what `runs.replay_all` wrote into `folder` and into its folders into one file.

    Raises:
        FashionWbError: `folder` has no searches, or searches of several tables.
    """
    paths = [*sorted(folder.glob("*-*.npz")), *sorted(folder.glob("half-*/*-*.npz"))]
    digests = {made_from(path) for path in paths if path.parent == folder}
    if len(digests) != 1:
        raise FashionWbError(
            f"{folder}: holds replayed searches of {len(digests)} tables; it must be one table"
        )
    names = [path.relative_to(folder).with_suffix("").as_posix() for path in paths]
    found = [read_file(path) for path in paths]
    found = [one if name in _WHOLE else one.at_end() for name, one in zip(names, found, strict=True)]
    target.parent.mkdir(parents=True, exist_ok=True)
    with replacing(target) as partial_path, partial_path.open("wb") as file:
        np.savez_compressed(
            file,
            made_from=digests.pop(),
            condition=names,
            shape=[one.curves["true"].shape for one in found],
            table=np.concatenate([one.table for one in found]).astype(np.int8),
            replicate=np.concatenate([one.replicate for one in found]).astype(np.int16),
            trials=np.concatenate([one.trials for one in found]).astype(np.int16),
            **{name: np.concatenate([_packed(name, one.curves[name]) for one in found]) for name in CURVES},
        )


def read_kept(path: Path, table: Path) -> dict[str, Replayed]:
    """Return the searches by the names of their conditions, which for a half of the table follow its folder.

    Args:
        path: what `keep` wrote.
        table: the file of the table that answered the searches.

    Raises:
        FashionWbError: another table answered them.
    """
    with np.load(path) as file:
        packed = {name: file[name] for name in file}
    if str(packed["made_from"]) != digest_of(table):
        raise FashionWbError(f"{path}: was replayed from another table than {table}; replay it again")
    searches, values = 0, 0
    found = {}
    for name, (n, k) in zip(packed["condition"].tolist(), packed["shape"].tolist(), strict=True):
        rows, cells = slice(searches, searches + n), slice(values, values + n * k)
        searches, values = rows.stop, cells.stop
        curves = {one: _unpacked(one, packed[one][cells].reshape(n, k)) for one in CURVES}
        found[name] = Replayed(
            packed["table"][rows], packed["replicate"][rows], curves, packed["trials"][rows]
        )
    return found


def _packed(name: str, values: Floats) -> npt.NDArray[np.generic]:
    """Return values in one row and in little space: seconds as whole milliseconds since the trial before."""
    if name == "seconds":
        return np.diff(np.rint(values * _MILLISECONDS), prepend=0, axis=1).astype(np.int32).ravel()
    return values.astype(_WHOLE_NUMBERS.get(name, float if name == "lr" else np.float32)).ravel()


def _unpacked(name: str, values: Floats) -> Floats:
    return values.cumsum(axis=1) / _MILLISECONDS if name == "seconds" else values.astype(float)
