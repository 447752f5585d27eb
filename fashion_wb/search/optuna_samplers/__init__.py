"""Samplers and a pruner for Optuna that Optuna itself does not have.

Each works in any Optuna study: `hyperopt_tpe` (hyperopt's TPE), `unit_samplers` (quasi-random search and
CMA-ES that replay), `per_trial` (makes other samplers replay) and `hyperband_pruner` (W&B's rule).
The other modules serve those: `hyperopt_space` and `unit_cube` convert distributions and values, `outcomes`
reads the results of trials.
"""
