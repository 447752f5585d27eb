"""`fashion-wb study`: import `command`.

Its own `options` come to a `prepared` study, which is trained, or which `replay` answers from a table.
"""
