"""The commands, one a file: options, one call into the library, one print.

They are `agent`, `compare`, `data`, `push`, `report`, `study` and `sweep`. `cli` imports them all; nothing else
does. `options` holds the options that several of them share.
"""
