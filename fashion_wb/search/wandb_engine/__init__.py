"""W&B's own random, grid and bayes searches, from pip `sweeps`.

Import `sampler`. `categories` converts categorical values to numbers that its Gaussian process can use.
"""
