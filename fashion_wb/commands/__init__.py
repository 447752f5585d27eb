"""The commands, one per file: each parses options, calls the library once and prints the result.

They are `agent`, `ask` (and tell), `compare`, `data`, `push`, `report`, `slurm_script`, `study`, `sweep` and
`worker`; only `cli` imports them. `options` holds the options that several commands share,
`start_options` those that say what a search starts from, and `study_options` those of `study` alone. What
those come to is a `prepared_study`; `replay` answers one from a table instead of training.
"""
