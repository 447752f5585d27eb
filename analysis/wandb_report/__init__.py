"""The report on W&B's server.

Import `report` to build it and `store` to save and share it. `grids` and `panels` are its charts.
`reports_package` imports W&B's pip package `wandb-workspaces` without its warnings.
"""
