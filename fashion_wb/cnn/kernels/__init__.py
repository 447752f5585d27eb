"""The CNN as compiled (numba) kernels for the CPU.

`network` has whole training steps, `adam` the optimiser, `conv_pool` and `dense` the layers. `jit` compiles
and caches all of them. Only `cnn.backend` imports this package.
"""
