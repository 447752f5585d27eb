"""Run one sweep, or several, without a server.

Import `run` to run planned sweeps, `plan` to plan them, `sweep_dir` for the folder of a sweep, `reruns` for
configurations that are trained again, and `summary` for the result of a sweep. The rest is internal:

    controller      the main loop: shares the slots among sweeps, and handles Ctrl-C
    runner          one sweep in progress: starts, watches and stops its trials
    watched_trial   a trial whose process is running
    attempts        how often a trial has started, and was lost with its machine
    budget          a search's budget in epochs
    breaker         stops a sweep whose program always fails
    progress        the lines that you see
    older_folders   reads folders that an older version wrote
"""
