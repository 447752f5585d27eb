"""Pictures as PNG, one a file: `incumbent`, `curves` (with replicates), `seconds`, `accuracy`, `filters`.

`style` has the colours and markers that all of them, and both reports, share.
"""
