"""Figures as PNG, a module each: `incumbent`, `curves` (replicates), `seconds`,
`two_parameters`.

`style` has the colours and markers that all figures and both reports share.
"""
