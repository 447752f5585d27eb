"""Seeds that are the same in every process and on every platform."""

import hashlib


def stable_seed(*parts: int | str) -> int:
    """Return a seed in [0, 2**32) that depends on all of `parts`.

    It uses SHA-256 because Python salts `hash()` differently in every process. With (sweep seed, trial
    number) as parts, each suggestion gets a random stream of its own. So a resumed sweep continues exactly as
    the uninterrupted one would have.
    """
    text = "/".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
