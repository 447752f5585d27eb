"""Plan a study: every method's search, replicated, under one budget, with retrained winners and audits.

A study is of a *subject*, a sweep file and where its program runs, by several *methods*.

    subject        what is searched: any sweep file, or this project's own
    methods        how to search: the methods of `sweeps/`, applied to any sweep
    settings       the budget, the seed and what else all searches share
    plan           the searches
    suitability    which methods cannot search a space, and why
    replayed       searches that a table answers instead of training
    retraining     winners, trained again and measured
    audit          stopped trials, trained to the end
    conditions     the machine, versions and settings recorded with the results
    reported       what is reported beside the objective
    fashion_mnist  the settings of this project's own study
"""
