"""A session: the harness's conversation with one job. Nothing that a job sends can hurt who reads it.

Sizes are checked before memory is taken, text before it is believed, descriptors that come along are dropped by the
kernel, and every wait ends with the job's time. A job that breaks the protocol is killed and has failed ("output").
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import select
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType

from ..contract.outcome import Failure
from ..errors import SandboxError
from . import frame
from .blob import Blob, anonymous
from .ending import Ending, JobEnded
from .job import Limits

__all__ = ["Ending", "JobEnded", "Session"]

_GRACE = 5.0  # seconds beyond the job's time after which its warden is no longer waited for
_ANSWER = 30.0  # seconds that a warden gets to kill a job and report
_LINGER = 1.0  # seconds that a job gets to end after it has closed its channel
_MAX_REPORT = 1 << 20


class Session:
    """One running job. A context manager: leaving it kills whatever is left of the job.

    Not thread-safe: one thread talks to one job.
    """

    def __init__(
        self, channel: socket.socket, control: socket.socket, limits: Limits, diagnose: Callable[[], str]
    ) -> None:
        self._channel = channel
        self._control = control
        self._limits = limits
        self._diagnose = diagnose  # what the zygote last said, for a SandboxError
        self._deadline = time.monotonic() + limits.seconds + _GRACE
        self._refused: Failure | None = None
        self._ending: Ending | None = None
        self._lost: SandboxError | None = None
        for end in (channel, control):
            end.setblocking(False)

    def send(self, message: Mapping, files: Sequence[Blob] = ()) -> None:
        """Send a small JSON message and blobs. Raises JobEnded when the job is over, ValueError when it is not JSON."""
        view = memoryview(frame.encode(message, files=len(files)))
        fds = [blob.lend() for blob in files]
        try:
            self._wait(select.POLLOUT)
            sent = socket.send_fds(self._channel, [view], fds)
            while sent < len(view):
                self._wait(select.POLLOUT)
                view, sent = view[sent:], 0
                sent = self._channel.send(view)
        except (BrokenPipeError, ConnectionResetError):
            raise JobEnded(self._finish(_LINGER)) from None
        finally:
            for fd in fds:
                os.close(fd)

    def receive(self) -> tuple[dict, Blob | None]:
        """The job's next message, and its payload in sealed memory. Raises JobEnded when the job is over."""
        prefix = bytearray(frame.PREFIX.size)
        self._read(memoryview(prefix))
        length, files, marked = frame.PREFIX.unpack(prefix)
        if files or length > frame.MAX_TEXT:
            raise self._refuse(f"the job sent a message that claims {length} bytes of text and {files} descriptors")
        if marked - 1 > self._limits.output:
            raise self._refuse(f"the job sent {marked - 1} bytes at once, more than its {self._limits.output}")
        text = bytearray(length)
        self._read(memoryview(text))
        try:
            message = frame.decode(bytes(text))
        except ValueError as error:
            raise self._refuse(f"the job sent a message that is not valid: {str(error)[:200]}") from None
        return message, self._payload(marked - 1) if marked else None

    def end(self) -> Ending:
        """Hang up, wait (within its time) until the job and all its processes are gone; how it ended."""
        if self._ending is None:
            with contextlib.suppress(OSError):  # it may have hung up first
                self._channel.shutdown(socket.SHUT_RDWR)
        return self._finish(None)

    def kill(self) -> None:
        """End the job now. `end` tells what it used until then."""
        with contextlib.suppress(OSError):  # the warden may be gone, and the job with it
            self._control.shutdown(socket.SHUT_WR)

    def _payload(self, size: int) -> Blob:
        fd = anonymous(size)
        try:
            if size:
                with mmap.mmap(fd, size) as memory, memoryview(memory) as view:
                    self._read(view)
            return Blob.seal(fd)
        except BaseException:
            os.close(fd)
            raise

    def _read(self, view: memoryview) -> None:
        """Fill the view. Plain `recv`: descriptors that a job sends along are closed by the kernel."""
        done = 0
        while done < len(view):
            self._wait(select.POLLIN)
            try:
                count = self._channel.recv_into(view[done:])
            except BlockingIOError:
                continue
            except ConnectionResetError:
                count = 0
            if count == 0:
                ending = self._finish(_LINGER)
                raise JobEnded(ending)
            done += count

    def _wait(self, event: int) -> None:
        """Until the channel is ready; JobEnded when the time is over first."""
        if self._ending is not None or self._lost is not None:
            raise JobEnded(self._finish(0.0))
        poller = select.poll()
        poller.register(self._channel, event)
        left = self._deadline - time.monotonic()
        if left <= 0 or not poller.poll(left * 1000):
            message = f"the job used up its {self._limits.seconds:g} seconds"
            self._refused = Failure(kind="timeout", message=message)
            raise JobEnded(self._finish(0.0))

    def _refuse(self, message: str) -> JobEnded:
        self._refused = Failure(kind="output", message=message)
        return JobEnded(self._finish(0.0))

    def _finish(self, patience: float | None) -> Ending:
        """Collect the warden's report; a job that goes on after `patience` seconds (None: its whole time) is killed."""
        if self._lost is not None:
            raise self._lost
        if self._ending is None:
            if patience is None:
                patience = max(0.0, self._deadline - time.monotonic())
            try:
                self._ending = self._judge(self._report(patience))
            except SandboxError as error:
                self._lost = error
                raise
            finally:
                self._channel.close()
                self._control.close()
        return self._ending

    def _report(self, patience: float) -> dict:
        poller = select.poll()
        poller.register(self._control, select.POLLIN)
        if not poller.poll(patience * 1000):
            self.kill()
        raw = bytearray()
        last = time.monotonic() + _ANSWER
        while len(raw) < _MAX_REPORT:
            if not poller.poll(max(0.0, last - time.monotonic()) * 1000):
                raise SandboxError(f"a job's warden does not answer: run it again ({self._diagnose()})")
            try:
                chunk = self._control.recv(1 << 16)
            except ConnectionResetError:
                chunk = b""
            if not chunk:
                break
            raw += chunk
        return json.loads(raw) if raw else {}

    def _judge(self, report: dict) -> Ending:
        if "sandbox" in report:
            raise SandboxError(f"a job's sandbox could not be set up ({report['sandbox']}): see `provender doctor`")
        if not report and (trouble := self._diagnose()):
            raise SandboxError(f"the sandbox died under a job ({trouble}): run it again")
        if not report:
            message = "the job's warden was killed, usually because the machine ran out of memory"
            report = {"failure": {"kind": "memory", "message": message, "detail": ""}}
        failure = report["failure"]
        stderr = printable(report.get("stderr", ""))
        if failure is not None:
            failure = Failure(
                kind=failure["kind"], message=printable(failure["message"]), detail=printable(failure["detail"])
            )
        return Ending(
            failure=self._refused or failure,
            seconds=float(report.get("seconds", 0.0)),
            cpu_seconds=float(report.get("cpu_seconds", 0.0)),
            peak_memory=int(report.get("peak_memory", 0)),
            stderr=stderr,
        )

    def __enter__(self) -> Session:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._ending is None and self._lost is None:
            self._finish(0.0)


def printable(text: str) -> str:
    """Without control characters, with which a job could rewrite the user's terminal; lines and tabs stay."""
    return "".join(c for c in text if c in "\n\t" or c.isprintable())
