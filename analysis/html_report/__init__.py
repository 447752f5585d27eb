"""report.html: one self-contained page.

Import `page.render`. `headline`, `limits`, `tables`, `pairs` and `trial_table` write its parts, `cells`
its numbers, `charts` its figures; `template` holds HTML, CSS and two scripts.
"""
