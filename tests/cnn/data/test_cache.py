"""The cache of the data files: its stamps, and processes that fill it at the same time or are killed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fashion_wb.cnn.data import locate
from fashion_wb.cnn.data.idx import FILES, Copy, verify
from fashion_wb.cnn.data.stamp import stamp_path
from fashion_wb.errors import FashionWbError

TEST_LABELS = FILES[3].name


def test_locate_detects_a_changed_cache_file(data_dir, empty_cache):
    shutil.copytree(data_dir, empty_cache)
    assert locate.ensure() == empty_cache == locate.locate()
    path = empty_cache / TEST_LABELS
    before, good = path.stat(), path.read_bytes()
    path.write_bytes(bytes(len(good)))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(FashionWbError, match=f"{path} is not .*Delete this file and run `fashion-wb data`"):
        locate.locate()
    path.write_bytes(good)
    assert locate.locate() == empty_cache


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"folder": 1, "hashes": [], "seen": {}}'])
def test_locate_ignores_an_unreadable_stamp(data_dir, empty_cache, text):
    shutil.copytree(data_dir, empty_cache, ignore=shutil.ignore_patterns("verified-*"))
    (empty_cache / TEST_LABELS).write_bytes(b"bad")
    stamp_path(empty_cache, None).write_text(text)
    with pytest.raises(FashionWbError, match=TEST_LABELS):
        locate.locate()


def test_a_valid_stamp_lets_locate_skip_hashing(data_dir, empty_cache, monkeypatch):
    shutil.copytree(data_dir, empty_cache)
    locate.ensure()
    monkeypatch.setattr(locate, "verify", lambda copy: pytest.fail("hashed again"))
    assert locate.locate() == empty_cache


def test_a_copied_cache_is_verified_again(data_dir, empty_cache):
    shutil.copytree(data_dir, empty_cache)
    assert locate.locate() == empty_cache


def test_a_cache_folder_that_cannot_be_created_is_a_clear_error(packed, empty_cache, tmp_path):
    (tmp_path / "xdg").write_text("a file where the folder should be")
    with pytest.raises(FashionWbError, match=r"cannot make the cache folder .*fashion-wb: .*--data-dir"):
        locate.ensure(packed)


def _child(code: str, packed: Path, tmp_path: Path) -> subprocess.Popen[str]:
    settings = {"XDG_CACHE_HOME": str(tmp_path / "xdg"), locate.ENVIRONMENT: str(packed)}
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.processes
def test_two_processes_can_fill_one_cache_at_the_same_time(packed, empty_cache, tmp_path):
    code = "from fashion_wb.cnn.data import locate; print(locate.ensure())"
    children = [_child(code, packed, tmp_path) for _ in range(2)]
    for child in children:
        output, _ = child.communicate(timeout=60)
        assert (child.returncode, output.strip()) == (0, str(empty_cache))
    for file in FILES:
        verify(Copy(file, empty_cache / file.name, ""))
    assert not list(empty_cache.glob("*.tmp"))


@pytest.mark.processes
def test_a_process_killed_while_writing_leaves_no_final_file(packed, empty_cache, tmp_path):
    code = """
import os
from fashion_wb.cnn.data import locate
os.fsync = lambda number: os._exit(9)
locate.ensure()
"""
    child = _child(code, packed, tmp_path)
    child.communicate(timeout=60)
    assert child.returncode == 9
    assert not [file for file in FILES if (empty_cache / file.name).exists()]
    assert locate.ensure(packed) == empty_cache


@pytest.mark.processes
def test_importing_locate_imports_neither_torch_nor_numpy():
    code = (
        "import sys, fashion_wb.cnn.data.locate; print({'torch', 'numpy', 'torchvision'} & set(sys.modules))"
    )
    output = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert output.strip() == "set()"
