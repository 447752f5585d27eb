"""An agent for a sweep on W&B's server: the protocol and the runs of `wandb agent`, with warm workers."""
