"""The base class of every error that a user can cause and fix, and what to do about the system's own."""

from __future__ import annotations

import errno

_ADVICE = {
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some space, or ask for more",
    errno.EROFS: "make it writable, or give another folder",
    errno.EACCES: "make it readable and writable for you, or give another folder",
    errno.EMFILE: "allow more open files, for example with ulimit -n 1024",
    errno.ENFILE: "close other programs: this machine has too many files open",
    errno.EAGAIN: "allow more processes, for example with ulimit -u 4096",
}


class FashionWbError(Exception):
    """A problem the user can act on.

    The message says where (file, key, line), which rule is broken, what was found and what to do. The
    command line prints it without a traceback and exits with `exit_code`; nothing else catches it.
    """

    exit_code = 1


class Interrupted(FashionWbError):
    """The user asked to stop. Finished work is kept."""

    exit_code = 130


def explain_os_error(error: OSError) -> str:
    """Say which file cannot be read or written, why, and what to do."""
    advice = _ADVICE.get(error.errno or 0, "")
    text = f"{error.filename or 'input or output'}: {error.strerror or error}"
    return f"{text}; {advice}, then run the same command again" if advice else text
