"""Run trials of a sweep on W&B's server, forked from a process that has already imported what they need.

Import `start.run_agent`; the rest is internal:

    start           checks, set-up and the entry point
    loop            the main loop: heartbeats, starting trials, collecting their exits
    protocol        the GraphQL requests of W&B's agent
    background      sends requests from threads, so that the loop never waits for the server
    run_cap         enforces the sweep's run_cap exactly
    slot            one agent as the server sees it: at most one run at a time
    launcher        starts a trial and determines its outcome
    files           where trials keep their files
    stopping        SIGTERM and SIGKILL for running trials
    stop_signals    Ctrl-C, SIGTERM and SIGHUP sent to the agent
    arrivals        at the end: what the server lacks of the runs is sent again
    outage          how long the server has not answered
    progress        the lines that you see
"""
