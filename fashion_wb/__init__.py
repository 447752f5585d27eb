"""Fashion-MNIST sweeps with W&B, online or fully offline, compared with evidence."""
