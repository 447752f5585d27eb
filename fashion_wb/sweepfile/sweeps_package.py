"""W&B's own search engine, pip `sweeps`, imported without the noise it makes.

Its import warns about pydantic settings of its own, which tells a user nothing they could act on.
"""

import warnings

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", category=UserWarning, module="pydantic")
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    from sweeps.config import fill_parameter
    from sweeps.config.schema import sweep_config_jsonschema, validator

    from sweeps import (
        RunState,
        SweepRun,
        next_runs,
        schema_violations_from_proposed_config,
        stop_runs,
    )

__all__ = [
    "RunState",
    "SweepRun",
    "fill_parameter",
    "next_runs",
    "schema_violations_from_proposed_config",
    "stop_runs",
    "sweep_config_jsonschema",
    "validator",
]
