"""The CNN's arithmetic, compiled for the CPU by numba.

Import `network` for whole training steps and `adam` for the optimiser; `conv_pool` and `dense` are the
layers, `jit` says how all of it is compiled and cached. Only `cnn.backend` imports from here.
"""
