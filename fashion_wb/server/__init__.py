"""What W&B's server holds, in few requests.

Import `connection` to connect, `path` for ENTITY/PROJECT/SWEEP_ID, `pull` for whole sweeps with their
histories, and `pages` for lists of sweeps and runs. `errors` says in plain words what went wrong, `cache`
keeps what has ended, and `pulled_run` makes a run there a `Trial`.
"""
