"""The file through which controller and workers meet: the scheduler's address, and the keys to talk to it.

It holds a private key, so only its owner may read it (mode 0600). Whoever has it can run code on the cluster.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fashion_wb.errors import FashionWbError
from fashion_wb.files import replacing

if TYPE_CHECKING:
    from distributed import Security


@dataclass(frozen=True)
class Rendezvous:
    """Where the scheduler is.

    Attributes:
        address: such as tls://10.0.0.5:41234.
        certificate, key: PEM texts that every machine of the cluster proves itself with; "" leaves TLS to
            Dask's own configuration.
    """

    address: str
    certificate: str = ""
    key: str = ""

    def security(self) -> Security:
        """Return the TLS settings for Dask."""
        from distributed import Security

        if not self.key:
            return Security()
        return make_security(self.certificate, self.key)


def make_security(certificate: str, key: str) -> Security:
    """Return TLS settings by which each machine trusts those that hold the same certificate and key."""
    from distributed import Security

    roles = ("client", "scheduler", "worker")
    settings = {f"tls_{role}_cert": certificate for role in roles} | {
        f"tls_{role}_key": key for role in roles
    }
    return Security(require_encryption=True, tls_ca_file=certificate, **settings)


def new_keys() -> tuple[str, str]:
    """Make a self-signed certificate and its private key, as PEM texts."""
    from distributed import Security

    made = Security.temporary()
    return str(made.tls_client_cert), str(made.tls_client_key)


def write_rendezvous(rendezvous: Rendezvous, path: Path) -> None:
    """Write the file, readable by its owner only from the start."""
    record = {"address": rendezvous.address, "certificate": rendezvous.certificate, "key": rendezvous.key}
    with replacing(path) as temporary:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(json.dumps(record, indent=2) + "\n")
            file.flush()
            os.fsync(file.fileno())


def read_rendezvous(place: str) -> Rendezvous:
    """Read a rendezvous file, a scheduler file of Dask's, or an address such as tcp://10.0.0.5:8786.

    Raises:
        FashionWbError: there is no such file, or it is damaged.
    """
    if "://" in place:
        return Rendezvous(place)
    try:
        record = json.loads(Path(place).read_text())
        return Rendezvous(str(record["address"]), record.get("certificate", ""), record.get("key", ""))
    except OSError as error:
        raise FashionWbError(
            f"{place}: cannot be read: {error.strerror}; fashion-wb sweep --executor dask writes it "
            "into the sweep's folder, and removes it at the end"
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise FashionWbError(
            f"{place}: is neither a rendezvous file nor a scheduler file of Dask's; give one of these"
        ) from None
