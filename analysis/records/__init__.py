"""What the analysis works on.

Import `search` for one sweep with its trials, `reruns` for winners and audited trials, `frames` for a row
a trial or a row an epoch, `space` for the ranges searched, `search_name` for METHOD-rK.
"""
