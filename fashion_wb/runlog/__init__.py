"""The `.wandb` logs of W&B runs.

Import `reader` to read a log, complete or still growing, and `copying` to copy one into another sweep.
`record_file` is the file format that both use; `last_record` waits for the end of a log whose process has
exited.
"""
