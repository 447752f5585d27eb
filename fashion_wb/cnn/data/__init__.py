"""Fashion-MNIST: where its files are, whether they are the right ones, and their images as tensors.

Import `dataset` for tensors and `locate` for the folder of the files; `download`, `idx` and `stamp` serve
those two.
"""
