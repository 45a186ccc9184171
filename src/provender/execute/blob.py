"""A blob: immutable bytes behind a descriptor, the only way in which bulk data enters or leaves a sandbox."""

from __future__ import annotations

import mmap
import os
import stat
import sys
import tempfile
import threading
from pathlib import Path
from types import TracebackType

from ..errors import UserError

_SEALABLE = sys.platform == "linux"
_CHUNK = 64 << 20
_lending = threading.Lock()


class Blob:
    """Immutable bytes: a sealed memfd (nobody can write or resize it), or a file that was opened read-only.

    `Blob.of` copies bytes into a memfd, `Blob.open` opens a regular file without following a link. A file is only as
    immutable as its owner leaves it. Where memfds do not exist (macOS) an unlinked temporary file stands in.
    """

    __slots__ = ("_lent", "_sealed", "_size", "_view", "fd")

    def __init__(self, fd: int, size: int, sealed: bool) -> None:
        self.fd = fd
        self._size = size
        self._sealed = sealed
        self._lent = False
        self._view: memoryview | None = None

    @classmethod
    def of(cls, data: bytes | bytearray | memoryview) -> Blob:
        """A sealed copy of these bytes."""
        view = memoryview(data).cast("B")
        fd = _anonymous()
        try:
            _write_all(fd, view)
            return cls.seal(fd)
        except BaseException:
            os.close(fd)
            raise

    @classmethod
    def open(cls, path: str | Path) -> Blob:
        """A regular file, read-only; UserError for anything else (a link, a folder, a pipe, nothing)."""
        try:
            fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError as error:
            raise UserError(f"{path} cannot be opened ({error.strerror}): give a regular, readable file") from None
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            os.close(fd)
            raise UserError(f"{path} is not a regular file: give a file, not a folder, link or device")
        return cls(fd, status.st_size, sealed=False)

    @classmethod
    def seal(cls, fd: int) -> Blob:
        """Take over an anonymous file: from now on nobody can write, shrink or grow it."""
        return cls(_seal(fd), os.fstat(fd).st_size, sealed=True)

    def lend(self) -> int:
        """A descriptor for code that is not trusted, shared with no one else; the caller closes it.

        Two jobs that held one file could talk through its locks and times, and through a descriptor of a host's
        file its owner's rights reach the file itself. So only a memfd is lent as it is, and only once; every further
        time, and for files, a fresh copy is lent.
        """
        with _lending:
            first, self._lent = self._sealed and not self._lent, True
        if first:
            return os.dup(self.fd)
        fd = _anonymous()
        try:
            offset = 0
            while offset < self._size:
                chunk = os.pread(self.fd, min(_CHUNK, self._size - offset), offset)
                if not chunk:
                    raise UserError(f"a file that was {self._size} bytes long now ends at {offset}: leave it unchanged")
                _write_all(fd, memoryview(chunk))
                offset += len(chunk)
            return _seal(fd)
        except BaseException:
            os.close(fd)
            raise

    @property
    def view(self) -> memoryview:
        """The bytes, read-only and not copied; valid until the blob is closed."""
        if self._view is None:
            empty = self._size == 0
            self._view = memoryview(b"" if empty else mmap.mmap(self.fd, self._size, access=mmap.ACCESS_READ))
        return self._view

    def __len__(self) -> int:
        return self._size

    def close(self) -> None:
        """Close the descriptor. Views that were handed out stay readable; the memory goes with the last of them."""
        self._view = None
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def __enter__(self) -> Blob:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Blob({self._size} bytes, {'sealed' if self._sealed else 'file'})"


def anonymous(size: int) -> int:
    """A descriptor of `size` zero bytes (not yet in memory), to be filled and then given to `Blob.seal`."""
    fd = _anonymous()
    os.ftruncate(fd, size)
    return fd


def _anonymous() -> int:
    if _SEALABLE:
        return os.memfd_create("provender", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    fd, path = tempfile.mkstemp()
    os.unlink(path)
    return fd


def _seal(fd: int) -> int:
    if _SEALABLE:
        import fcntl

        seals = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, seals)
    return fd


def _write_all(fd: int, view: memoryview) -> None:
    while view:
        view = view[os.write(fd, view[:_CHUNK]) :]
