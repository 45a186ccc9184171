"""The command line. Thin: parse, build, call, print. Every command imports its own modules when it runs."""

from __future__ import annotations

import sys


def main() -> None:
    """Entry point of the command `provender`. Exit codes: 0 done, 1 our failure, 2 the user's mistake, 130 interrupted."""
    from ..errors import ProvenderError
    from .app import app

    try:
        app()
    except ProvenderError as error:
        fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        import errno

        if error.errno != errno.ENOSPC:
            raise
        fail(f"the disk is full ({error.filename or 'while writing'}): free some space, then  provender resume last  goes on; nothing is lost", 1)


def fail(message: str, code: int) -> None:
    """One sentence on standard error, no traceback."""
    print(f"provender: {message}", file=sys.stderr)
    sys.exit(code)
