"""Sources of records: `local` reads offline sweeps, `remote` pulls sweeps from W&B's server, `replayed` takes
those that a table has answered. `places` tells a folder from a path on the server, and reads either.
"""
