"""Landlock: a process gives up the file system but for a few places (Linux 5.13). https://landlock.io

Used at level partial, where there are no namespaces. Beyond files it closes, where the kernel knows how: TCP
(ABI 4), signals to and abstract sockets of processes outside (ABI 6).
"""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Iterable

from . import kernel

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_VERSION, _PATH_BENEATH = 1, 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE, _IOCTL_DEV = 1 << 14, 1 << 15
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
_RIGHTS_BY_ABI = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # the number of access rights a kernel knows
_ALL_TCP, _ALL_SCOPES = 0b11, 0b11


def version() -> int:
    """The kernel's Landlock ABI; 0 where there is none."""
    try:
        return kernel.syscall("landlock_create_ruleset", _CREATE, None, 0, _VERSION)
    except OSError:
        return 0


def restrict(readable: Iterable[str], writable: Iterable[str]) -> None:
    """From now on, for this process and its children: read and run `readable`, everything below `writable`, no more.

    Places that do not exist are skipped. Needs no-new-privileges. Raises OSError.
    """
    abi = version()
    rights = (1 << _RIGHTS_BY_ABI.get(abi, 16)) - 1
    attributes = struct.pack("<QQQ", rights, _ALL_TCP if abi >= 4 else 0, _ALL_SCOPES if abi >= 6 else 0)
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    ruleset = kernel.syscall("landlock_create_ruleset", _CREATE, attributes, size, 0)
    try:
        for path in readable:
            _allow(ruleset, path, _READ & rights)
        for path in writable:
            _allow(ruleset, path, rights)
        kernel.syscall("landlock_restrict_self", _RESTRICT, ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(fd).st_mode):
            rights &= _OF_FILES
        kernel.syscall("landlock_add_rule", _ADD, ruleset, _PATH_BENEATH, struct.pack("<Qi", rights, fd), 0)
    finally:
        os.close(fd)
