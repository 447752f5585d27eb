"""Estimates, tests and verdicts, as pure functions of data frames and records.

`methods` adds up what each method spent. `finals` and the package `incumbents` describe searches. `pairwise`,
`power` and `verdicts` compare two methods. `winners`, `audit`, `quality`, `importance` and `pareto` each
answer one more question. All of them use the estimates and intervals of `intervals`.
"""
