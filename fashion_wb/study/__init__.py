"""Every method's search, replicated, under one budget, with honest winners.

Import `plan` for the searches of a study, `retraining` and `audit` for what is trained after them,
`conditions` for the machine and versions that are kept with the results.
"""
