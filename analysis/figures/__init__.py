"""Figures as PNG, a module each: `incumbent`, `curves` (replicates), `seconds`, `two_parameters`.

`scales` has the axes of parameters, `style` the colours and markers that all figures and both reports share.
"""
