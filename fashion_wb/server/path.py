"""Paths on W&B's server: a project, or one of its sweeps."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from fashion_wb.errors import FashionWbError

# Part of the cache's path too: so neither "." nor "..", and no control character.
_PART = re.compile(r"(?!\.{1,2}$)[^\s/:\x00-\x1f\x7f]+")


@dataclass(frozen=True)
class WandbPath:
    """A project, or a sweep if `sweep` is set; written ENTITY/PROJECT or ENTITY/PROJECT/SWEEP."""

    entity: str
    project: str
    sweep: str | None = None

    def __str__(self) -> str:
        return "/".join(part for part in (self.entity, self.project, self.sweep) if part is not None)

    @property
    def project_path(self) -> WandbPath:
        """The path of the project, without the sweep."""
        return WandbPath(self.entity, self.project)


def parse_path(text: str) -> WandbPath:
    """Parse ENTITY/PROJECT, ENTITY/PROJECT/SWEEP, or the web address of either.

    Raises:
        FashionWbError: anything else.
    """
    path = unquote(urlsplit(text).path) if text.startswith(("http://", "https://")) else text
    parts = [part for part in path.strip("/").split("/") if part != ""]
    # Web addresses have ENTITY/PROJECT/sweeps/SWEEP, or ENTITY/PROJECT/table or similar.
    if (len(parts) == 4 and parts[2] == "sweeps") or (path is not text and len(parts) == 3):
        del parts[2]
    if len(parts) not in (2, 3) or not all(_PART.fullmatch(part) for part in parts):
        raise FashionWbError(f"{text}: not a W&B path; give ENTITY/PROJECT or ENTITY/PROJECT/SWEEP_ID")
    return WandbPath(*parts)
