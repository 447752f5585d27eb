"""Fashion-MNIST: find, download and verify its files, and load the images as tensors.

Import `dataset` for tensors and `locate` for the folder of the files. `locate` uses `download`, `idx` (the
files and their hashes) and `stamp` (what was verified before).
"""
