"""Read sweeps and runs from W&B's server, in few requests.

Import `connection` to connect, `path` for ENTITY/PROJECT/SWEEP_ID, `pull` for sweeps with their histories,
and `pages` for lists of sweeps and runs. `errors` turns wandb's exceptions into clear messages, `cache`
stores runs that have ended, `pulled_run` converts a run on the server into a `Trial`, `retries` repeats
requests whose answers were damaged, and `answers` checks and decodes what came.
"""
