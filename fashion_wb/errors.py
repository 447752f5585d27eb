"""The base class of every error that a user can cause and fix."""


class FashionWbError(Exception):
    """A problem the user can act on.

    The message says where (file, key, line), which rule is broken, what was found and what to do. The
    command line prints it without a traceback and exits with `exit_code`; nothing else catches it.
    """

    exit_code = 1


class Interrupted(FashionWbError):
    """The user asked to stop. Finished work is kept."""

    exit_code = 130
