"""Results as text: `comparison` (the table and its sentences), `evidence_text` and `evidence_frames`
(everything else), `verdict_text` (verdicts as sentences), `csv_file` (data frames on disk).
"""
