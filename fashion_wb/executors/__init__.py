"""Where trials run.

`protocol` says what the controller of a sweep needs of an executor, and no more. `local` runs trials on this
machine; `slots` divides its cores and GPUs among them. `command` builds the command and variables that
`wandb agent` would give a trial; `checkpoint_files` tells which files of a checkpoint are whole.

The other modules serve `local`. `fork_server` is the process that trials are forked from; `preloading` is
what it imports. `trial_process` is what a forked process does to become a trial. `core_service` is the
wandb-core service that trials share. `memory` kills trials that use too much of it. `parent_death` kills a
process when its parent dies. `dask_cluster` runs trials on the machines of a cluster; `machine_health` tells
on which of them trials fail again and again.
"""
