"""What is trained: a small CNN on Fashion-MNIST.

`config` is the single list of hyperparameters, `model` the network in PyTorch, `training` the loop,
`backend` chooses between PyTorch and the compiled `kernels`, `data` finds the images. Only `train.py`,
`study` and the `data` command import from here; a sweep of another program needs none of it.
"""
