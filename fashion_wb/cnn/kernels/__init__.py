"""The CNN as compiled (numba) kernels for the CPU.

`network` has whole training steps, `adam` the optimiser, `conv_pool` and `dense` the layers. `jit` compiles
and caches all of them, `compile_apart` does so in a process of its own. Only `cnn.backend` imports this
package.
"""
