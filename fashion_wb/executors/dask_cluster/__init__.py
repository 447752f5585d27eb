"""Trials on the machines of a Dask cluster.

Import `executor` for the controller's side, and `worker` for a machine that runs trials. Dask carries the
messages and knows who is there; the record of what ran is the sweep's folder alone. No trial is a Dask task:
tasks cannot be stopped, and Dask runs them again when it sees fit.

    options      how to reach a cluster
    rendezvous   the file through which the machines meet: the scheduler's address, and the keys
    link         the controller's connection to the cluster, in a thread of its own
    messages     what the two sides say to each other
    host         one machine's trials, in the worker's process
    program      where a machine has the program
    outbox       what a machine has to report
    time_limit   when a machine's time is up
    slurm        job scripts for Slurm
    shipping     sends what trials write, as it grows, and checkpoints
    receiving    writes it into the sweep's folder
"""
