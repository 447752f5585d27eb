"""Offline sweeps to W&B's server: each sweep once, each run once, whatever happens on the way.

Import `push.push_sweeps` and `summary`. `local_runs` is what a folder holds, `server_sweep` and
`server_runs` what the server has, `staging` holds copies of run logs meanwhile, `sync` is `wandb sync` as
a process, `upload` repeats it until nothing is missing.
"""
