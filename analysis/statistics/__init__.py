"""Estimates, tests and verdicts, as pure functions of data frames and records.

`methods` adds up what each method spent. `finals`, `curves` and `bands` describe searches. `pairwise`,
`power` and `verdicts` compare two methods. `winners`, `audit`, `quality` and `filters` each answer one more
question. All of them use the estimates and intervals of `intervals`.
"""
