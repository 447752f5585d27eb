"""The model that sweeps train here: a small CNN on Fashion-MNIST.

`config` is the single list of hyperparameters, `model` the network in PyTorch and `training` the loop.
`backend` chooses between PyTorch and the compiled `kernels`. `checkpoint` lets a training go on in another
process. `data` finds and loads the images. Only
`train.py`, `study` and the `data` command import this package; sweeps of other programs do not need it.
"""
