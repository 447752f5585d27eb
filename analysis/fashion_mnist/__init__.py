"""What this project's own study reports beside what every study does: its hypothesis on filters.

`hypothesis` tests it, `figure` and `charts` draw it, `extra` makes a section of it.
"""
