"""Turn the trials of searches into statistics, tables, figures and reports.

The packages and modules, from top to bottom. Each imports only from those below it, as
`tests/test_layers.py` checks:

    deciding, view              the deciding study; the live page of sweeps that run
    outputs                     write all results to one folder
    fashion_mnist               what our own study reports beside what every study does
    html_report, wandb_report   one self-contained page; a report on W&B's server
    figures                     figures as PNG
    export                      data frames, and files for Optuna, pandas and other tools
    tables                      tables and sentences as text, Markdown and CSV
    evidence                    all results of a comparison, gathered once
    units                       what they find, in units of the objective
    statistics                  estimates, tests and verdicts
    sources                     offline sweeps and W&B's server as records
    records                     searches, reruns and data frames of trials
    formatting, extra           numbers and tables as text; a section that only one study has
"""
