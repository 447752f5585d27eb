"""The `.wandb` logs of W&B runs.

Import `reader` to read one, finished or growing, and `copying` to copy one into another sweep;
`record_file` is the format under both.
"""
