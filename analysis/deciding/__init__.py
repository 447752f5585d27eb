"""The deciding study: replayed searches under many conditions, what they show, and whether to believe them.

docs/protocol.md says what is done and why.

    conditions   which method, under which budget, how often
    traces       what a replayed search had after each trial
    runs         all searches of all conditions, in files
    kept         the same in one small file
    comparisons  differences with the error of the table, and verdicts
    answers      what the searches show, by method and budget
    sentences    what a practitioner can use of it
    figures      the gain over random search, and other figures
    checks       whether the replay is true
    real         what the studies that trained show
    claims       what the protocol expected and what became of it; where the statements need not hold
    page, write  docs/evidence/answer.md
"""
