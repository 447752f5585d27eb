"""The commands, one a file: options, one call into the library, one print.

`cli` imports them all; nothing else does. `options` holds the options that several of them share.
"""
