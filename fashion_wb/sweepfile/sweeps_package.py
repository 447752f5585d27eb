"""Import W&B's own search engine, pip `sweeps`, without its warnings.

Importing it warns about its own use of pydantic, which a user cannot change. The names come from its modules:
to a type checker, `sweeps` itself is this repository's folder of sweep files.

`sweeps` checks every parameter against its JSON schema at each suggestion, which takes most of a random
suggestion's time. The parameters of a sweep do not change, so here the answers are remembered.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from copy import deepcopy
from typing import Any

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", category=UserWarning, module="pydantic")
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    import sweeps.params as _params
    from sweeps.config import fill_parameter as _fill_parameter
    from sweeps.config import schema_violations_from_proposed_config
    from sweeps.config.schema import sweep_config_jsonschema, validator
    from sweeps.hyperband_stopping import hyperband_baseline_validate_and_fill as fill_hyperband
    from sweeps.run import RunState, SweepRun, next_runs, stop_runs

__all__ = [
    "RunState",
    "SweepRun",
    "fill_hyperband",
    "fill_parameter",
    "next_runs",
    "schema_violations_from_proposed_config",
    "stop_runs",
    "sweep_config_jsonschema",
    "validator",
]

Filled = tuple[str, dict[str, Any]] | None


def _remembering(fill: Callable[[str, dict[str, Any]], Filled]) -> Callable[[str, dict[str, Any]], Filled]:
    known: dict[tuple[str, str], Filled] = {}

    def remembered(parameter_name: str, config: dict[str, Any]) -> Filled:
        try:
            key = parameter_name, json.dumps(config)
        except (TypeError, ValueError):
            return fill(parameter_name, config)
        if key not in known:
            known[key] = fill(parameter_name, config)
        return deepcopy(known[key])

    return remembered


fill_parameter = _remembering(_fill_parameter)
_params.fill_parameter = fill_parameter
