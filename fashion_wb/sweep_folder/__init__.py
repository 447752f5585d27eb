"""The folder of a sweep that runs without a server: the record of what ran, and how it ended.

Import `opening` to open a folder, `sweep_dir` for its trials and their outcomes, `new_logs` for the logs of
runs that have just begun, `following` for a folder that others write meanwhile, `attempts` for how often a
trial has started, and was lost with its machine, and `start` for what a sweep starts from besides its file.
The rest is internal:

    older_folders   reads folders that an older version wrote
    recorded_config checks what a folder records of its sweep
    config_file     the file with a trial's configuration
    outcome_file    the file with a trial's outcome
"""
