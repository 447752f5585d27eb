"""From offline sweeps to W&B's server: each sweep once, each run once, whatever happens on the way."""

from __future__ import annotations

from fashion_wb.push.push import Push, push_sweeps

__all__ = ["Push", "push_sweeps"]
