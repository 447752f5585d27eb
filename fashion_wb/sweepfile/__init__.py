"""A W&B sweep file, checked once and frozen.

Import `sweep` for the file and `program` for what its Python program says about itself. `checks` has the
rules, `yaml_lines` the line of every key, `sweeps_package` W&B's own pip package `sweeps`.
"""
