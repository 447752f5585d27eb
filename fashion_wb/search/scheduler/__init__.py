"""A sweep file's `scheduler:` block as a sampler and pruner, run by W&B's own scheduler code.

Import `block`. `engine` drives any optimizer of W&B's scheduler, and `optuna_engine` adds what is special to
Optuna.
"""
