"""Imported once by the process that `warm_cli` forks commands from: what the commands import on demand."""

from __future__ import annotations

import importlib
import sys

MODULES = (
    *("wandb.apis.public", "wandb.sdk.launch", "optuna", "fashion_wb.wandb_private"),
    *("fashion_wb.cli", "fashion_wb.study.plan", "fashion_wb.offline.run", "fashion_wb.push.push"),
    *("fashion_wb.sweepfile.sweeps_package", "fashion_wb.search.wandb_engine.sampler", "sweeps.bayes_search"),
    "fashion_wb.agent.start",
    *("analysis.sources.local", "analysis.sources.remote", "analysis.outputs", "analysis.html_report.page"),
    *("analysis.figures.curves", "analysis.figures.two_parameters", "analysis.fashion_mnist.figure"),
    *("analysis.figures.incumbent", "analysis.figures.seconds", "matplotlib.backends.backend_agg"),
    *("analysis.wandb_report.report", "fashion_wb.cnn.training"),
)
for name in MODULES:
    importlib.import_module(name)
# The first optimiser of a process imports torch.compile: seconds.
sys.modules["fashion_wb.cnn.training"].before_fork()
