"""W&B's library for reports, pip `wandb-workspaces`, imported without its warnings.

It warns about pydantic's version 1 style, which a user can do nothing about.
"""

import warnings

from fashion_wb.errors import FashionWbError

try:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        from wandb_workspaces import expr
        from wandb_workspaces.reports import v2 as wr
        from wandb_workspaces.reports.v2 import gql, internal
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] != "wandb_workspaces":
        raise
    raise FashionWbError(
        "W&B reports are built by wandb-workspaces, which is not installed: pip install 'fashion-wb[report]'"
    ) from None

__all__ = ["expr", "gql", "internal", "wr"]
