"""The data that the analysis works on.

`search` is one sweep with its trials, to be compared; `sweep` is one to be taken elsewhere. `reruns` holds
retrained winners and audited trials. `subject` is what the searches have in common. `flat` removes nesting.
`frames` makes data frames with one row per trial or per step. `space` knows the ranges of a search space.
`search_name` splits and joins names such as bayes-r3.
"""
