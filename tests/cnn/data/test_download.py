"""The two downloads, without a network: a stand-in apt-get with a local Debian package, and failures."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fashion_wb.cnn.data import download, locate
from fashion_wb.cnn.data.download import Route
from fashion_wb.cnn.data.idx import FILES
from fashion_wb.errors import FashionWbError

# Finds the package only after the private lists are updated, as on a machine without lists.
APT_GET = """#!/bin/sh
echo "$@" >> {log}
case "$*" in
  *update) for word; do case $word in Dir::State::Lists=*) touch "${{word#*=}}/fresh";; esac; done;;
  *download*)
    [ -e lists/fresh ] || {{ echo "E: Unable to locate package" >&2; exit 100; }}
    cp {package} .;;
esac
"""


def _stand_in_apt(tmp_path: Path, monkeypatch, package: Path) -> Path:
    log = tmp_path / "apt.log"
    tool = tmp_path / "bin" / "apt-get"
    tool.parent.mkdir()
    tool.write_text(APT_GET.format(log=log, package=package))
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}{os.pathsep}{os.environ['PATH']}")
    return log


def _build_package(data_dir: Path, tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN" / "control").write_text(
        f"Package: {download.PACKAGE}\nVersion: 1\nArchitecture: all\nMaintainer: test <t@example.org>\n"
        "Description: test\n"
    )
    folder = tree / download.PACKAGE_FOLDER
    folder.mkdir(parents=True)
    for file in FILES:
        shutil.copy(data_dir / file.name, folder)
    package = tmp_path / f"{download.PACKAGE}_1_all.deb"
    subprocess.run(["dpkg-deb", "-Znone", "-b", tree, package], check=True, capture_output=True)
    return package


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="needs dpkg-deb")
@pytest.mark.processes
def test_apt_updates_private_lists_and_unpacks_the_package(
    data_dir, empty_cache, tmp_path, monkeypatch, capsys
):
    log = _stand_in_apt(tmp_path, monkeypatch, _build_package(data_dir, tmp_path))
    monkeypatch.setattr(download, "ROUTES", (Route("Debian's package", download.with_apt),))
    assert locate.ensure() == empty_cache
    assert sorted(path.name for path in empty_cache.glob("*ubyte")) == sorted(file.name for file in FILES)
    first, update, second = log.read_text().splitlines()
    assert "Dir::State::Lists" not in first
    assert "Dir::State::Lists=" in update and "Dir::State::Lists=" in second
    assert "downloading Fashion-MNIST (31 MB): Debian's package" in capsys.readouterr().err


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="needs dpkg-deb")
@pytest.mark.processes
def test_an_invalid_package_file_is_an_error(empty_cache, tmp_path, monkeypatch):
    package = tmp_path / f"{download.PACKAGE}_1_all.deb"
    package.write_bytes(b"not a package")
    _stand_in_apt(tmp_path, monkeypatch, package)
    with pytest.raises(FashionWbError, match=f"cannot unpack {package.name}"):
        download.with_apt(_new_folder(tmp_path / "scratch"))


def test_if_every_source_fails_the_error_lists_the_reasons_and_what_to_do(empty_cache, tmp_path, monkeypatch):
    def offline(scratch: Path) -> Path:
        raise FashionWbError("Name or service not known")

    def incomplete(scratch: Path) -> Path:
        (scratch / FILES[0].name).write_bytes(b"half")
        return scratch

    routes = (Route("first route", offline), Route("second route", incomplete))
    monkeypatch.setattr(download, "ROUTES", routes)
    with pytest.raises(FashionWbError) as caught:
        locate.ensure()
    message = str(caught.value)
    assert f"the cache: {empty_cache} lacks" in message
    assert f"Debian's folder: {tmp_path / 'no-debian'} is not a directory" in message
    assert "first route: Name or service not known" in message
    assert "second route: " in message and f"lacks {FILES[1].name}, {FILES[2].name}" in message
    assert "into a folder and pass it: fashion-wb data --data-dir FOLDER" in message
    assert not list(empty_cache.iterdir())


def test_a_download_with_wrong_content_is_rejected(data_dir, empty_cache, tmp_path, monkeypatch):
    def swapped(scratch: Path) -> Path:
        for file, other in zip(FILES, reversed(FILES), strict=True):
            (scratch / file.name).symlink_to(data_dir / other.name)
        return scratch

    monkeypatch.setattr(download, "ROUTES", (Route("swapped", swapped),))
    with pytest.raises(FashionWbError, match=f"expected SHA-256 {FILES[0].sha256}"):
        locate.ensure()
    assert not list(empty_cache.iterdir())


def test_a_machine_without_apt_gives_a_clear_error(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FashionWbError, match="apt-get is not on this machine"):
        download.with_apt(tmp_path)


@pytest.mark.processes
def test_a_torchvision_failure_is_reported_in_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(download, "_TORCHVISION", "raise RuntimeError('Error downloading:\\nurlopen error')")
    with pytest.raises(FashionWbError, match=r"^urlopen error$"):
        download.with_torchvision(tmp_path)


@pytest.mark.processes
def test_a_download_that_hangs_is_stopped(tmp_path):
    with pytest.raises(FashionWbError, match=r"gave up after 0\.2 s"):
        download._run([sys.executable, "-c", "import time; time.sleep(60)"], tmp_path, deadline=0.2)


def _new_folder(folder: Path) -> Path:
    folder.mkdir()
    return folder
