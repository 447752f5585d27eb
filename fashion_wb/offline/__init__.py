"""One sweep, or several, without a server.

Import `run` to run planned sweeps, `plan` to plan them, `sweep_dir` for the folder of a sweep, `reruns`
for configurations that are trained again, and `summary` for what a sweep found. Inside, `controller`
keeps the executor busy, `runner` is one sweep in progress, `watched_trial` one of its trials, `budget`
and `breaker` say when to stop, `progress` prints.
"""
