"""report.html: one self-contained page.

Import `page.render`. `headline`, `limits`, `tables`, `pairs`, `trial_table` and `conditions` write its parts,
`cells` formats its numbers, `figure_set` makes its figures from `charts`, and `vega_bundle` the libraries
that draw them. `template` holds HTML, CSS and two scripts.
"""
