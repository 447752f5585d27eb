"""Write what trials on other machines send into the sweep's folder."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from fashion_wb.errors import FashionWbError
from fashion_wb.executors.dask_cluster.messages import Bytes

_FOLDERS = ("wandb", "output", "resume")


def write_bytes(message: Bytes, home: Path) -> None:
    """Write part of a file below `home`; a part at offset 0 begins the file anew.

    A file of known size has a name that begins with a dot until all of it is there.

    Raises:
        FashionWbError: the path leaves the folders that trials write to, or a part is missing before this.
    """
    name = PurePosixPath(message.path)
    if name.is_absolute() or ".." in name.parts or name.parts[0] not in _FOLDERS:
        raise FashionWbError(f"trial {message.key} sent a file called {message.path!r}, which is not its own")
    path = home / name
    path.parent.mkdir(parents=True, exist_ok=True)
    target = path if message.size is None else path.with_name(f".{path.name}")
    _append(message, target)
    if message.size is not None and message.offset + len(message.data) >= message.size:
        target.replace(path)


def _append(message: Bytes, path: Path) -> None:
    if message.offset == 0:
        path.write_bytes(message.data)
        return
    with path.open("ab") as file:
        if file.tell() != message.offset:
            raise FashionWbError(
                f"{path}: has {file.tell()} bytes where a part begins at {message.offset}; run the same "
                "command again to continue"
            )
        file.write(message.data)
