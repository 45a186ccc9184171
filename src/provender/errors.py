"""The exceptions of Provender, all of them.

    ProvenderError                anything that Provender itself raises
    ├── UserError                 the user's mistake: one sentence, no traceback, exit code 2
    │   ├── TaskError             the task folder, its data or task.toml
    │   └── RunError              a run that does not exist, is locked, finished or was changed
    ├── MissingExtra              an optional dependency is absent; names the extra to install; exit code 2
    ├── LoaderError               raised *inside* a loader: the data state is wrong (never leaves the sandbox)
    ├── WireError                 bytes from a sandbox that do not follow the wire format
    ├── SandboxError              a sandbox could not be started or died under us (our failure; exit code 1)
    └── JournalError              the journal is torn or of another version (our failure; exit code 1)

What an agent's *program* did wrong is never an exception outside its sandbox: it is a `Failure` value
(`contract/outcome.py`). Exceptions are for what the user or Provender did wrong.

Every message has three parts: what, with which value, and the mend.
"""

from __future__ import annotations


class ProvenderError(Exception):
    """Anything that Provender itself raises."""

    exit_code = 1


class UserError(ProvenderError):
    """The user's mistake, told in one sentence with its mend."""

    exit_code = 2


class TaskError(UserError):
    """The task folder, its data or its task.toml cannot be used as they stand."""


class RunError(UserError):
    """The run does not exist, is locked by another process, is finished, or its task has changed."""


class MissingExtra(UserError):
    """An optional dependency is absent; the message holds the command that installs it."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs the package {package!r}, which is not installed: "
            f"run pip install 'provender[{extra}]'"
        )


class LoaderError(ProvenderError):
    """Raised inside a loader when a data state breaks its contract."""


class WireError(ProvenderError):
    """Bytes received from a sandbox do not follow the wire format."""


class SandboxError(ProvenderError):
    """A sandbox could not be started, or died for a reason that is not its program's."""


class JournalError(ProvenderError):
    """The journal is torn in the middle or was written by another version."""
