"""Seeds that are the same in every process and on every platform."""

import hashlib


def stable_seed(*parts: int | str) -> int:
    """A seed in [0, 2**32) drawn from all of `parts`.

    SHA-256 rather than hash(), which Python salts anew in every process. Given (sweep seed, trial
    number) it makes each suggestion's random stream independent of every other's, so that a resumed
    sweep goes on exactly as the uninterrupted one would have.
    """
    text = "/".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
