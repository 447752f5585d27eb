"""Where trials run.

Import `local` for the executor of this machine and `command` for the command and environment that `wandb
agent` would give a trial. The others work inside it: `fork_server` is the process that trials are forked
from, `child` what a forked process does to become a trial, `core_service` the wandb-core service that
trials share, `parent_death` ties a process's life to its parent's.
"""
