"""What the searches found: from trials to tables, statistics, figures and reports.

The packages, top to bottom; each imports only from those below it (`tests/test_layers.py` checks that):

    outputs, readme             all of it into one folder; the results in README.md
    html_report, wandb_report   one self-contained page; a report on W&B's server
    figures                     pictures as PNG
    tables                      tables and sentences as text, Markdown and CSV
    evidence                    every result of a comparison, gathered once
    statistics                  estimates, tests and verdicts
    sources                     offline sweeps and W&B's server as records
    records                     searches, reruns and data frames of trials
    formatting                  numbers and tables as text
"""
