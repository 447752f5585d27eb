"""Optuna samplers and a pruner that Optuna itself does not have.

Each works in any Optuna study: `hyperopt_tpe` (hyperopt's TPE), `unit_samplers` (quasi-random search and
CMA-ES that replay), `per_trial` (makes any sampler replay) and `hyperband_pruner` (W&B's rule).
`hyperopt_space`, `unit_cube` and `outcomes` serve those.
"""
