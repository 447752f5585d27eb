"""Upload offline sweeps to W&B's server: each sweep once, each run once, even after interruptions.

Import `push.push_sweeps` and `summary`; the rest is internal:

    push            creates the sweeps, uploads their runs and checks what arrived
    local_runs      the runs of an offline sweep's folder
    server_sweep    the sweep on the server: found, or created
    server_runs     what the server has of the runs
    upload          uploads runs until none is missing
    staging         temporary copies of run logs during the upload
    sync            `wandb sync` as a subprocess
    summary         the text that you see
"""
