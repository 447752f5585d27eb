"""Plan a study: every method's search, replicated, under one budget, with retrained winners and audits.

Import what you need from `plan` (the searches), `retraining` and `audit` (the reruns after them) and
`conditions` (the machine and versions recorded with the results).
"""
