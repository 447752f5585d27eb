"""How to reach a cluster, and whether Dask is installed; importing this does not import Dask."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass

from fashion_wb.errors import FashionWbError

RENDEZVOUS = "cluster.json"  # the name of the rendezvous file, in the folder of a sweep or study


@dataclass(frozen=True)
class ClusterOptions:
    """How to reach the machines that run trials.

    Attributes:
        running: a scheduler to join, as a file or an address; None starts one in this process.
        listen: the address of this machine that our own scheduler listens on; None means all.
        lost_after: seconds without an answer after which a machine counts as lost, above 0.
    """

    running: str | None = None
    listen: str | None = None
    lost_after: float = 60.0


def check_installed() -> None:
    """Check that Dask is installed.

    Raises:
        FashionWbError: it is not.
    """
    if importlib.util.find_spec("distributed") is None:
        raise FashionWbError("a cluster needs Dask: pip install 'fashion-wb[cluster]'")
