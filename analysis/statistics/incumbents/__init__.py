"""The best value so far, against what a search has spent.

curves   each method's median, with its band
bands    the exact band of random search
gains    each method against random search, at every point of the budget
targets  how many searches have reached the target
ranks    the methods' ranks
"""
