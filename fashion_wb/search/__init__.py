"""What proposes a sweep's configurations, and what stops its trials early.

Import `factory.make_search` for the sampler and pruner that a sweep file asks for, and `protocol` for
what those two are. `seeds` derives seeds that are the same on every machine, `hyperband` is W&B's rule,
`studies` holds the Optuna studies that `sweeps/*.yaml` name. The packages below are the engines:
`wandb_engine` (random, grid, bayes), `scheduler` (a `scheduler:` block), `optuna_samplers` (samplers that
Optuna itself does not have).
"""
