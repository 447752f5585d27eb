"""Vega, Vega-Lite and vega-embed as one script, cached on disk because bundling takes over a second."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
from pathlib import Path

import platformdirs

from fashion_wb.files import replacing

# vl-convert's default. figures.js uses only the first of the three names.
SNIPPET = "window.vegaEmbed=vegaEmbed; window.vega=vega; window.vegaLite=vegaLite;"


def vega_bundle(snippet: str = SNIPPET) -> str:
    """Give the script, from the cache if it is there.

    A cached script that is damaged is bundled again. A cache that cannot be written is done without.

    Args:
        snippet: JavaScript that makes what a page needs global.
    """
    path = cache_file(snippet)
    script = _read(path)
    if script is None:
        # Imported here: it takes 60 MB that a cached script does without.
        import vl_convert

        script = vl_convert.javascript_bundle(snippet)
        with contextlib.suppress(OSError):
            _write(script.encode(), path)
    return script


def cache_file(snippet: str = SNIPPET) -> Path:
    """Where the script is cached: a file for each version of vl-convert and each snippet."""
    version = importlib.metadata.version("vl-convert-python")
    digest = hashlib.sha256(snippet.encode()).hexdigest()[:16]
    folder = Path(platformdirs.user_cache_dir("fashion-wb", appauthor=False)) / "vega"
    return folder / f"vl-convert-{version}-{digest}.js"


def _read(path: Path) -> str | None:
    """The script in `path`, or None where the file is missing or not as it was written."""
    try:
        digest, _, script = path.read_bytes().partition(b"\n")
    except OSError:
        return None
    return script.decode() if digest == _digest(script) else None


def _write(script: bytes, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary:
        temporary.write_bytes(_digest(script) + b"\n" + script)


def _digest(script: bytes) -> bytes:
    """A comment with the script's SHA-256: the first line of a cache file."""
    return b"// sha256 " + hashlib.sha256(script).hexdigest().encode()
