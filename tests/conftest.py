"""What all tests share: fixtures, their order, and the options of pytest."""

from __future__ import annotations

import gc
import gzip
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fashion_wb.cnn.data import download, locate
from fashion_wb.cnn.data.idx import FILES

PROCESS_EVENTS = {"subprocess.Popen", "os.fork", "os.posix_spawn", "os.system"}
_allowed = [True]


def _refuse_processes(event: str, arguments: object) -> None:
    if not _allowed[0] and event in PROCESS_EVENTS:
        raise AssertionError("this test starts a process: mark it with pytest.mark.processes")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-processes", action="store_true", help="leave out tests that start processes")
    faults = parser.getgroup("faults", "tests/faults")
    faults.addoption("--full", action="store_true", help="make every fault happen as often as `make faults`")
    faults.addoption("--fault-seed", type=int, default=0, help="seed of what is random in a fault")
    faults.addoption("--fault-results", help="file that gets what the faults showed, as JSON")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--no-processes"):
        sys.addaudithook(_refuse_processes)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put tests that start processes first: they take longest, and none of them should be left to the end."""
    items.sort(key=lambda item: item.get_closest_marker("processes") is None)
    if config.getoption("--no-processes"):
        left_out = [item for item in items if item.get_closest_marker("processes")]
        config.hook.pytest_deselected(items=left_out)
        del items[: len(left_out)]


def pytest_collection_finish() -> None:
    """Keep what is imported by now out of every garbage collection: hundreds of thousands of objects."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _processes_only_where_marked(request: pytest.FixtureRequest) -> Iterator[None]:
    _allowed[0] = request.node.get_closest_marker("processes") is not None
    yield
    _allowed[0] = True


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The directory of the four verified, unpacked files of Fashion-MNIST; do not write into it."""
    return locate.ensure()


@pytest.fixture(scope="session")
def packed(data_dir, tmp_path_factory) -> Path:
    """The four files gzipped; level 1 and other headers than the published files have."""
    folder = tmp_path_factory.mktemp("packed")
    for file in FILES:
        with gzip.GzipFile(folder / f"{file.name}.gz", "wb", compresslevel=1, mtime=1) as out:
            out.write((data_dir / file.name).read_bytes())
    return folder


@pytest.fixture
def empty_cache(tmp_path, monkeypatch) -> Path:
    """A cache folder that does not exist yet, on a machine that has no other source of the files."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.delenv(locate.ENVIRONMENT, raising=False)
    monkeypatch.setattr(locate, "DEBIAN_FOLDER", tmp_path / "no-debian")
    monkeypatch.setattr(download, "ROUTES", ())
    return locate.cache_dir()
