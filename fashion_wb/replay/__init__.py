"""Searches answered from a table of real trainings, instead of by training.

Import `table` for the trainings, `training` for the answer to any configuration (also as the objective of a
search of your own), and `search` to run a search on them. docs/protocol.md says how the table was made, and
how it is checked.
"""
