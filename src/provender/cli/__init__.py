"""The command line. Thin: parse, build, call, print. Every command imports its own modules when it runs."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Entry point of the command `provender`. Exit codes: 0 done, 1 our failure, 2 the user's mistake, 130 interrupted.

    Whatever fails is told in one sentence; PROVENDER_DEBUG=1 shows where.
    """
    from ..errors import ProvenderError
    from .app import app

    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        if os.environ.get("PROVENDER_DEBUG"):
            raise
        if isinstance(error, ProvenderError):
            fail(str(error), error.exit_code)
        if isinstance(error, OSError):
            fail(*_system(error))
        fail(f"a fault of Provender's own ({type(error).__name__}: {error}): run it again with PROVENDER_DEBUG=1 and report what it says", 1)


def _system(error: OSError) -> tuple[str, int]:
    """What to say of the operating system's refusal, and the exit code."""
    import errno

    place = error.filename or "while writing"
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return f"the disk is full ({place}): free some space, then  provender resume last  goes on; nothing is lost", 1
    if error.errno == errno.EPIPE:  # whoever read our output has heard enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return "the output was closed: nothing is lost", 1
    known = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.ENOENT, errno.EEXIST, errno.ENAMETOOLONG)
    return f"{place} cannot be used ({error.strerror}): check the path and its permissions", 2 if error.errno in known else 1


def fail(message: str, code: int) -> None:
    """One sentence on standard error, no traceback."""
    print(f"provender: {message}", file=sys.stderr)
    sys.exit(code)
