"""The commands, one per file: each parses options, calls the library once and prints the result.

They are `agent`, `ask` (and tell), `compare`, `data`, `export`, `push`, `report`, `slurm_script`,
`study_command`, `sweep`, `view_command` and `worker`; only `cli` imports them. `options` holds the options
that several commands share, `start_options` those that say what a search starts from, and `values` the types
of values that click lacks.
"""
