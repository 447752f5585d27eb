"""Import W&B's own search engine, pip `sweeps`, without its warnings.

Importing it warns about its own use of pydantic, which a user cannot change. The names come from its modules:
to a type checker, `sweeps` itself is this repository's folder of sweep files.
"""

import warnings

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", category=UserWarning, module="pydantic")
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    from sweeps.config import fill_parameter, schema_violations_from_proposed_config
    from sweeps.config.schema import sweep_config_jsonschema, validator
    from sweeps.run import RunState, SweepRun, next_runs, stop_runs

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
