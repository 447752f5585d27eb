"""Fixtures that several test files share."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from fashion_wb.cnn.data import download, locate
from fashion_wb.cnn.data.idx import FILES


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
