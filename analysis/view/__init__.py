"""The live page, and the live table in a terminal.

Import `serve` for the page and `text` for the table. From what is watched to who looks at it:

    catalog             finds sweeps below folders
    watched, remote     a sweep in a folder; sweeps on W&B's server
    watch               keeps them up to date, and tells listeners
    rows, overview      a row for each trial, and everything at a glance
    detail              everything about one trial
    scope, scopes       figures, tables and the verdict, made with restraint
    access, app         who is let in, and what is answered
    page/               HTML, CSS and JavaScript
"""
