"""The warm agent for a sweep on W&B's server.

Import `start.run_agent`, which needs nothing else from here. `protocol` speaks to the server, `loop`
decides what happens next, `slot` is one agent as the server knows it, `agent_run` a run that it handed
out, `cap` counts them exactly; `requests` and `contact` deal with a slow or absent server, `stops` and
`ending` with Ctrl-C and signals, `files` with where runs keep their files, `report` with what you see.
"""
