"""W&B sweeps run offline, compared with evidence.

The packages, top to bottom; each imports only from those below it (`tests/test_layers.py` checks that):

    cli, commands    the command line
    study            searches x replicates under one budget, winners, audits
    agent            the warm agent for a sweep on W&B's server
    push             offline sweeps to W&B's server
    offline          one sweep without a server: its folder, the loop, the budget
    search           what proposes configurations and what stops trials
    executors        where trials run
    sweepfile        a W&B sweep file, checked and frozen
    cnn              what is trained here: the model, its training, Fashion-MNIST
    server           what W&B's server holds
    runlog           the `.wandb` logs of runs
    (ground)         errors, files, trial, progress_line, wandb_private

`analysis` stands beside `study` and is imported by `commands` alone.
"""
