"""What a sweep starts from besides its file: configurations to try first, and earlier runs.

Import `opening` for what a sweep starts from and its search, `notes` for what you see of it, and `before` for
what is checked before anything is written. The rest is internal:

    initial_file    reads configurations to try first
    earlier_runs    reads earlier runs, from folders and from W&B's server
"""
