"""Check what wandb reads from the environment, before a trial or a server gets it."""

from __future__ import annotations

from collections.abc import Mapping

from fashion_wb.errors import FashionWbError

# Every trial gets its own values of these, and nothing else reads them.
OF_EACH_RUN = frozenset(
    f"WANDB_{name}" for name in ("MODE", "DIR", "SERVICE", "SWEEP_ID", "SWEEP_PARAM_PATH", "RUN_ID")
)


def without_run_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without what a shell may have left over from a single run."""
    return {name: value for name, value in environment.items() if name not in OF_EACH_RUN}


def check_wandb_settings(environment: Mapping[str, str]) -> None:
    """Check all variables that wandb reads; it imports wandb, which takes a second.

    Raises:
        FashionWbError: wandb refuses one or several.
    """
    # Not at the top: it imports wandb.
    from fashion_wb.wandb_private import refused_variables

    refused = refused_variables(environment)
    if refused:
        # Never a key, not even a wrong one.
        found = [
            f"{name}: {rule}" + ("" if "KEY" in name else f", got {environment[name]!r}")
            for name, rule in refused.items()
        ]
        raise FashionWbError(
            f"wandb refuses its settings: {'; '.join(found)}. Correct or unset {', '.join(refused)}"
        )
