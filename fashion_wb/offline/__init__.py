"""Run one sweep, or several, without a server.

Import `run` to run planned sweeps, `plan` to plan them, `reruns` for configurations that are trained again,
`ask_tell` for trials that your own launcher runs, and `summary` for the result of a sweep. Two packages:
`start` for what it starts from besides its file, `spending` for its budget. The rest is internal:

    controller      the main loop: shares the slots among sweeps, and handles Ctrl-C
    runner          one sweep in progress: starts, watches and stops its trials
    ongoing         what a search does next, given its trials so far; without files or processes
    launching       what to start for a trial: command, variables and files
    watched_trial   a trial whose process is running
    breaker         stops a sweep whose program always fails
    progress        the lines that you see
"""
