"""Find and verify the data files: good copies in every layout, and many kinds of bad ones."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from fashion_wb.cnn.data import locate
from fashion_wb.cnn.data.idx import FILES, Copy, verify
from fashion_wb.errors import FashionWbError

NAMES = [file.name for file in FILES]
TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS = NAMES
SHA = {file.name: file.sha256 for file in FILES}


def _links(source: Path, target: Path, suffix: str = "") -> Path:
    target.mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        (target / f"{name}{suffix}").symlink_to(source / f"{name}{suffix}")
    return target


def _replace(path: Path, content: bytes) -> None:
    path.unlink()
    path.write_bytes(content)


def test_a_named_folder_of_unpacked_files_is_used_in_place(data_dir, empty_cache, tmp_path):
    folder = _links(data_dir, tmp_path / "mine")
    assert locate.ensure(folder) == folder
    assert locate.locate(folder) == folder
    assert not list(empty_cache.glob("*ubyte*"))


def test_the_argument_overrides_the_environment_variable(data_dir, empty_cache, tmp_path, monkeypatch):
    folder = _links(data_dir, tmp_path / "mine")
    monkeypatch.setenv(locate.ENVIRONMENT, str(folder))
    assert locate.ensure() == folder
    with pytest.raises(FashionWbError, match=r"^--data-dir: .*other is not a directory"):
        locate.ensure(tmp_path / "other")
    monkeypatch.setenv(locate.ENVIRONMENT, str(tmp_path / "gone"))
    with pytest.raises(FashionWbError, match=r"^FASHION_WB_DATA: .*gone is not a directory.*omit FASH"):
        locate.ensure()


def test_torchvisions_folder_layout_is_found(data_dir, empty_cache, tmp_path):
    raw = _links(data_dir, tmp_path / "root" / "FashionMNIST" / "raw")
    assert locate.ensure(tmp_path / "root") == raw


def test_files_gzipped_differently_are_accepted(packed, empty_cache):
    assert locate.ensure(packed) == empty_cache
    for file in FILES:
        verify(Copy(file, empty_cache / file.name, ""))
    assert not list(empty_cache.glob("*.tmp"))
    assert locate.locate(packed) == empty_cache


def test_debians_folder_fills_the_cache_and_a_bad_file_there_is_skipped(
    packed, empty_cache, tmp_path, monkeypatch, capsys
):
    debian = _links(packed, tmp_path / "debian", ".gz")
    monkeypatch.setattr(locate, "DEBIAN_FOLDER", debian)
    good = (debian / f"{TEST_LABELS}.gz").read_bytes()
    _replace(debian / f"{TEST_LABELS}.gz", good[:-9])
    with pytest.raises(FashionWbError, match="could not be downloaded"):
        locate.ensure()
    assert f"skipping a bad file: {debian / TEST_LABELS}.gz" in capsys.readouterr().err
    assert not (empty_cache / TEST_LABELS).exists()
    _replace(debian / f"{TEST_LABELS}.gz", good)
    assert locate.ensure() == empty_cache
    for file in FILES:
        verify(Copy(file, empty_cache / file.name, ""))


def _flip(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


BAD = {
    "truncated images": (TRAIN_IMAGES, lambda folder: (folder / TRAIN_IMAGES).read_bytes()[:-1000]),
    "a flipped bit": (TEST_IMAGES, lambda folder: _flip((folder / TEST_IMAGES).read_bytes())),
    "test for train": (TRAIN_LABELS, lambda folder: (folder / TEST_LABELS).read_bytes()),
    "train for test": (TEST_LABELS, lambda folder: (folder / TRAIN_LABELS).read_bytes()),
    "an empty file": (TRAIN_LABELS, lambda folder: b""),
    "bytes appended": (TEST_LABELS, lambda folder: (folder / TEST_LABELS).read_bytes() + b"\0"),
}


@pytest.mark.parametrize("name, content", BAD.values(), ids=BAD.keys())
def test_a_bad_file_is_an_error_with_hashes_and_what_to_do(data_dir, empty_cache, tmp_path, name, content):
    folder = _links(data_dir, tmp_path / "mine")
    bad = content(data_dir)
    _replace(folder / name, bad)
    with pytest.raises(FashionWbError) as caught:
        locate.ensure(folder)
    message = str(caught.value)
    for part in (str(folder / name), SHA[name], hashlib.sha256(bad).hexdigest(), f"{len(bad)} bytes"):
        assert part in message
    assert "Replace it with a good copy, or omit --data-dir" in message
    with pytest.raises(FashionWbError, match="expected SHA-256"):
        locate.locate(folder)


BAD_GZIP = {
    "truncated": lambda content: content[:-20],
    "damaged": _flip,
    "not gzip": lambda content: b"<html>404</html>",
    "empty": lambda content: b"",
}


@pytest.mark.parametrize("damage", BAD_GZIP.values(), ids=BAD_GZIP.keys())
def test_a_bad_gzip_is_an_error_and_never_reaches_the_cache(packed, empty_cache, tmp_path, damage):
    folder = _links(packed, tmp_path / "mine", ".gz")
    path = folder / f"{TRAIN_LABELS}.gz"
    _replace(path, damage(path.read_bytes()))
    with pytest.raises(FashionWbError) as caught:
        locate.ensure(folder)
    assert str(path) in str(caught.value)
    assert f"expected SHA-256 {SHA[TRAIN_LABELS]} (60008 bytes unpacked), got " in str(caught.value)
    assert "Replace it with a good copy" in str(caught.value)
    assert not (empty_cache / TRAIN_LABELS).exists()
    assert not list(empty_cache.glob("*.tmp"))


def test_an_error_names_all_missing_files_and_nothing_is_downloaded(data_dir, empty_cache, tmp_path):
    folder = _links(data_dir, tmp_path / "mine")
    (folder / TEST_IMAGES).unlink()
    (folder / TEST_LABELS).unlink()
    with pytest.raises(FashionWbError, match=f"mine lacks {TEST_IMAGES}, {TEST_LABELS} .*Put the four"):
        locate.ensure(folder)
