"""Sources of records: `local` reads offline sweeps, `remote` pulls sweeps from W&B's server."""
