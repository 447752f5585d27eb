"""Where trials run.

Import `local.LocalExecutor` to run trials on this machine, and `command` for the command and environment that
`wandb agent` would give a trial.

The controller of a sweep uses five methods and one attribute of an executor, and nothing else. Keep it that
small: whatever has these can run trials.

    start(launch)          start a trial
    signal(key, number)    send a signal to a running trial
    exits(timeout)         the trials that have exited since the last call
    close()                kill what still runs; leaving the executor as a context manager does the same
    cannot_fork()          why trials cannot be forked from a preloaded process, or ""
    program                the script whose trials can be forked

The other modules serve `local`. `fork_server` is the process that trials are forked from. `trial_process` is
what a forked process does to become a trial. `core_service` is the wandb-core service that trials share.
`parent_death` kills a process when its parent dies.
"""
