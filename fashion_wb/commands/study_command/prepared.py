"""A study that `fashion-wb study` is about to run: what its options come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fashion_wb.offline.plan import PlannedSweep
from fashion_wb.study.settings import StudySettings
from fashion_wb.study.subject import Subject


@dataclass(frozen=True)
class PreparedStudy:
    """A study, ready to run.

    Attributes:
        planned: its searches.
        subject, settings, out: as for `study.plan.plan_study`.
        given: the options of `options.study_options`, with their defaults.
        record: its conditions, as far as its options say them.
        left_out: sentences on what it leaves out, for the end of the report.
        margin: as for `study.reported.reported`.
    """

    planned: Sequence[PlannedSweep]
    subject: Subject
    settings: StudySettings
    out: Path
    given: Mapping[str, Any]
    record: Mapping[str, Any]
    left_out: Sequence[str]
    margin: float | None
