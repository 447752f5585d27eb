"""Read and check W&B sweep files.

Import `sweep` for the file and `program` for what its Python program declares. `checks` holds the rules,
`ignored` leaves out what W&B ignores, `yaml_lines` finds the line of every key, and `sweeps_package` imports
W&B's own package, pip `sweeps`.
"""
