"""Search methods: samplers propose the configurations of a sweep, pruners stop its trials early.

Import `factory.start_search` for the sampler and pruner that a sweep file asks for, with what the sweep
starts from, `space` for the configurations that it searches, and `protocol` for their interface.

    seeds               derives seeds that are the same on every machine
    plain_values        converts the values that libraries return to plain Python
    one_thread          one thread for the numerical libraries while a model is fitted
    hyperband           W&B's rule for early stopping
    domains             the values of one parameter: a list, or an interval
    parameter_domains   those of a sweep file's parameter, as each method draws them
    initial             a sampler whose first configurations are given
    earlier             a sampler that also knows earlier runs
    no_repeats          a sampler that does not try a configuration twice
    studies             the Optuna studies that `sweeps/*.yaml` name
    wandb_engine        W&B's own random, grid and bayes (a package)
    scheduler           a sweep file's `scheduler:` block (a package)
    optuna_samplers     samplers and a pruner that Optuna itself does not have (a package)
"""
