"""The side of a job that runs inside the sandbox: the channel, and the call of the entry.

An entry has the signature `main(channel: Channel, params: dict, files: list[memoryview]) -> None`. The views are
private: writing into them changes nothing outside. When the harness has closed the channel, `receive` and `send` raise
ChannelClosed; letting it pass is a normal end. Any other exception ends the job with a failure.

Nothing in this file protects anybody: foreign code shares its process and may change it. What holds are the walls
around the process (`confine.py`), the warden outside of them, and the checks of the receiving side (`session.py`).
"""

from __future__ import annotations

import errno
import hashlib
import importlib
import json
import os
import random
import socket
import sys
import traceback
from collections.abc import Mapping

from . import frame, kernel

_WORDS = 4000
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class ChannelClosed(EOFError):
    """The harness listens and speaks no longer."""


class Channel:
    """The job's end of its conversation with the harness."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def receive(self) -> tuple[dict, list[memoryview]]:
        """The next message and the blobs that came with it. Waits; raises ChannelClosed when none will come."""
        prefix, fds = b"", []
        while len(prefix) < frame.PREFIX.size:
            chunk, new, _, _ = socket.recv_fds(self._connection, frame.PREFIX.size - len(prefix), frame.MAX_FILES)
            fds += new
            if not chunk:
                raise ChannelClosed("the harness has closed the channel")
            prefix += chunk
        length, files, _ = frame.PREFIX.unpack(prefix)
        text = bytearray(length)
        view = memoryview(text)
        while view:
            count = self._connection.recv_into(view)
            if not count:
                raise ChannelClosed("the harness has closed the channel")
            view = view[count:]
        if len(fds) != files:
            raise OSError(errno.EMFILE, f"{files} blobs were sent and {len(fds)} arrived: too many open descriptors")
        return json.loads(bytes(text)), [take(fd) for fd in fds]

    def send(self, message: Mapping[str, object], payload: bytes | bytearray | memoryview | None = None) -> None:
        """Hand over a small JSON message and, with it, bulk bytes. Raises ChannelClosed, or ValueError if not JSON."""
        body = memoryview(b"" if payload is None else payload).cast("B")
        try:
            self._connection.sendall(frame.encode(message, payload=None if payload is None else len(body)))
            self._connection.sendall(body)
        except (BrokenPipeError, ConnectionResetError):
            raise ChannelClosed("the harness has closed the channel") from None


def take(fd: int) -> memoryview:
    """The bytes behind a descriptor as a private, writable view; the descriptor is closed."""
    try:
        return kernel.map_private(fd, os.fstat(fd).st_size)
    finally:
        os.close(fd)


def run(entry: str, params: dict, files: list[memoryview], connection: socket.socket, words: int) -> None:
    """Call the entry, write its last words and leave the process. Never returns."""
    me = os.getpid()
    code = 1
    try:
        _seed(entry, params)
        module, _, name = entry.partition(":")
        function = getattr(importlib.import_module(module), name)
        function(Channel(connection), params, files)
        last, code = {"kind": None}, 0
    except ChannelClosed:
        last, code = {"kind": None}, 0
    except BaseException as error:  # whatever it is: it ends here, told in one sentence
        last = _last_words(error)
    try:
        sys.stdout.flush()
        sys.stderr.flush()
        if os.getpid() == me:  # a forked child that comes here has nothing to say for its parent
            os.write(words, json.dumps(last).encode())
    finally:
        os._exit(code)


def ping(channel: Channel, params: dict, files: list[memoryview]) -> None:
    """The smallest entry: answers every message with itself and the sizes of its files."""
    while True:
        message, views = channel.receive()
        channel.send({"echo": message, "files": [len(view) for view in [*files, *views]]})


def _seed(entry: str, params: dict) -> None:
    digest = hashlib.blake2b(json.dumps([entry, params], sort_keys=True).encode(), digest_size=8).digest()
    random.seed(digest)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(int.from_bytes(digest[:4], "little"))


def _last_words(error: BaseException) -> dict:
    text = " ".join(str(error).split())[:500]
    kind = "crashed"
    if isinstance(error, MemoryError):
        kind = "memory"
    elif isinstance(error, OSError) and error.errno in _NO_SPACE:
        kind = "disk"
    elif isinstance(error, OSError) and error.errno == errno.ENOMEM:
        kind = "memory"
    trace = error.__traceback__
    lines = traceback.format_exception(type(error), error, trace.tb_next if trace else None)
    message = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return {"kind": kind, "message": message, "detail": "".join(lines)[-_WORDS:]}
