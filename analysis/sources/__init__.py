"""Where records come from: `local` reads offline sweeps, `remote` pulls sweeps from W&B's server."""
