"""Atomic writes and locked folders."""

from __future__ import annotations

import errno
import os
import subprocess
import sys

import pytest

from fashion_wb.errors import FashionWbError
from fashion_wb.files import locked, replacing, write_text


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "file.txt"
    write_text("first\n", path)
    with pytest.raises(RuntimeError), replacing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "first\n"
    write_text("second\n", path)
    assert path.read_text() == "second\n"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file.txt"]


HOLD = """
import sys, time
from pathlib import Path
from fashion_wb.files import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.mark.processes
def test_a_locked_folder_stays_locked_until_its_process_dies(tmp_path):
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    with pytest.raises(FashionWbError, match="another process is running this sweep"), locked(tmp_path):
        pass
    holder.kill()
    holder.communicate()
    with locked(tmp_path), locked(tmp_path.parent):
        pass


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK])
def test_a_file_system_without_locks_is_not_another_process(tmp_path, monkeypatch, number):
    # No file system here lacks flock, so the system call's answer stands in for one.
    def refuse(file, operation):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.flock", refuse)
    with pytest.raises(FashionWbError, match=r"has no file locks.*on another file system"), locked(tmp_path):
        pass
