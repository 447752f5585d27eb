"""Read and check W&B sweep files.

Import `sweep` for the file, `program` for what its Python program declares, and `parameters` to read or set
one parameter of a space. `checks` holds the rules, with `plain_data` for what a file may hold at all and
`distributions` for numbers that no search can draw from; `ignored` leaves out what W&B ignores, `yaml_lines`
finds the line of every key, and `sweeps_package` imports W&B's own package, pip `sweeps`.
"""
