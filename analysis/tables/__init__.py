"""Results as text, Markdown and CSV.

`comparison` has the table of methods and the verdict. `evidence_text` and `evidence_frames` have everything
else, as Markdown and as tables for CSV; what parameters and time have to do with results is in
`importance_text`. `practical_text` says what a practitioner wants to know, and `verdict_text` turns verdicts
into sentences. `csv_file` writes CSV files.
"""
