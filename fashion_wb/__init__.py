"""Run W&B sweep files offline and compare hyperparameter searches.

The packages, top to bottom; each imports only from those below it (`tests/test_layers.py` checks that):

    cli, commands    the command line
    study            search methods x replicates under one budget, retrained winners, audits
    agent            runs trials of a sweep on W&B's server
    push             uploads offline sweeps to W&B's server
    replay           searches answered from a table of trainings
    offline          one sweep without a server: its folder, loop and budget
    search           samplers and pruners
    executors        run trials as processes
    sweepfile        reads and checks W&B sweep files
    cnn              the model, its training and Fashion-MNIST
    server           reads sweeps and runs from W&B's server
    runlog           reads and copies the `.wandb` logs of runs
    (no package)     errors, early_stop, files, foreign_text, json_file, standard_streams, trial,
                     progress_line, wandb_private, wandb_settings, yaml_numbers

`analysis` is at the same level as `study`; only `commands` imports it.
"""
