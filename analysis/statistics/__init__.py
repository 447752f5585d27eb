"""Estimates, tests and verdicts; pure functions of data frames and records.

`methods` totals each method; `finals`, `curves` and `bands` describe searches; `pairwise`, `power` and
`verdicts` compare two methods; `winners`, `audit`, `quality` and `filters` each answer one more question;
`intervals` is the arithmetic under them.
"""
