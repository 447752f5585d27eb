"""W&B's own random, grid and bayes, through pip `sweeps`.

Import `sampler`; `categories` lets its Gaussian process see categorical values.
"""
