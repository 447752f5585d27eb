"""A sweep file's `scheduler:` block as a sampler and pruner, through W&B's own scheduler.

Import `block`; `engine` drives any optimizer of W&B's scheduler, `optuna_engine` adds what Optuna can do.
"""
