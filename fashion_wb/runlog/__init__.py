"""The `.wandb` logs of W&B runs.

Import `reader` to read a log, complete or still growing, `copying` to copy one into another sweep, and
`writing` to write one of a run that no process made. `record_file` is the file format that all use;
`last_record` waits for the end of a log whose process has exited.
"""
