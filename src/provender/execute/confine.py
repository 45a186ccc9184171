"""How a job confines itself, level by level, before its first foreign line runs. Each step fails closed (OSError).

sealed     own user, pid, ipc, network and mount namespaces inside bubblewrap's: a tmpfs of limited size is all that can
           be written, the other jobs and what /proc tells of processes do not exist
partial    Landlock: interpreter and libraries can be read, one scratch folder can be written
both       no capabilities, no new privileges, the system-call filter
all three  resource limits
"""

from __future__ import annotations

import functools
import os
import resource
import tempfile
from collections.abc import Mapping, Sequence

from . import kernel, landlock, seccomp

SCRATCH = "/scratch"
"""Where a sealed job works; a folder of that name exists inside bubblewrap's root."""

_INODES = 200_000
_THREADS_PER_PROCESS = 16
_ROOM = 4 << 30  # address space beyond what may be resident: thread stacks, arenas, mapped files


def enter_namespaces() -> None:
    """Called by the warden: the next process it forks is process 1 of a new world. Raises OSError."""
    uid, gid = os.getuid(), os.getgid()
    kernel.unshare(kernel.NEWUSER | kernel.NEWPID | kernel.NEWIPC | kernel.NEWNET)
    for name, content in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        fd = os.open(f"/proc/self/{name}", os.O_WRONLY)
        try:
            os.write(fd, content.encode())
        finally:
            os.close(fd)


def mount_scratch(disk: int, private_tmp: bool) -> str:
    """A sealed job's own file system; returns the folder it may write. `/tmp` stays where a venv lies there."""
    kernel.unshare(kernel.NEWNS)
    kernel.mount("none", "/", "", kernel.MS_REC | kernel.MS_PRIVATE)
    safe = kernel.MS_NOSUID | kernel.MS_NODEV
    kernel.mount("tmpfs", SCRATCH, "tmpfs", safe, f"size={disk},nr_inodes={_INODES},mode=0700")
    places = {"shm": "/dev/shm"} | ({"tmp": "/tmp"} if private_tmp else {})
    for name in ("work", "tmp", "shm"):
        os.mkdir(f"{SCRATCH}/{name}", 0o700)
    for name, place in places.items():
        kernel.mount(f"{SCRATCH}/{name}", place, "", kernel.MS_BIND)
    _hide_processes(safe | kernel.MS_NOEXEC)
    return f"{SCRATCH}/work"


@functools.cache
def libraries() -> str:
    """The lines of this process's memory map that name its shared libraries, one each.

    The zygote asks once, when it has imported all it will; its jobs have the same libraries at the same places.
    """
    named: dict[str, str] = {}
    with open("/proc/self/maps", encoding="utf-8", errors="replace") as stream:
        for line in stream:
            if ".so" in line:
                named.setdefault(line.split(maxsplit=5)[-1], line)
    return "".join(named.values())


def _hide_processes(flags: int) -> None:
    """An empty /proc but for one text: where this process has its libraries, which threadpoolctl (scikit-learn's) must read."""
    text = libraries()
    kernel.mount("tmpfs", "/proc", "tmpfs", flags, "size=1m,nr_inodes=4,mode=0555")
    os.mkdir("/proc/self", 0o555)
    with open("/proc/self/maps", "w", encoding="utf-8") as stream:
        stream.write(text)
    kernel.mount("none", "/proc", "", kernel.MS_REMOUNT | kernel.MS_RDONLY | flags, "size=1m,nr_inodes=4,mode=0555")


def settle(work: str, temporary: str) -> None:
    """Make `work` the home and current folder, `temporary` the place for temporary files."""
    os.chdir(work)
    os.environ.update(HOME=work, TMPDIR=temporary, PWD=work)
    tempfile.tempdir = None


def limit(limits: Mapping[str, float], *, cpus: int, count_processes: bool) -> None:
    """Resource limits, the net below the warden's watch: they hold for one process, the warden for the tree."""
    memory, disk = int(limits["memory"]), int(limits["disk"])
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, disk)
    _lower(resource.RLIMIT_AS, _address_space() + max(2 * memory, memory + _ROOM))
    _lower(resource.RLIMIT_CPU, int(limits["seconds"]) * cpus + 60)
    if count_processes:  # elsewhere the kernel would count the user's other processes too
        _lower(resource.RLIMIT_NPROC, 2 * most_threads(limits))  # the warden sees the excess first
    _lower(resource.RLIMIT_NOFILE, int(limits["files"]))


def most_threads(limits: Mapping[str, float]) -> int:
    """How many threads the processes of a job may have together."""
    return int(limits["processes"]) * _THREADS_PER_PROCESS


def renounce() -> None:
    """No capability, no new privilege. Before this, mounts; after it, only Landlock and the system-call filter."""
    kernel.drop_capabilities()
    kernel.forbid_new_privileges()


def fence(readable: Sequence[str], writable: str) -> None:
    """Level partial: Landlock around the file system."""
    devices = [f"/dev/{name}" for name in ("null", "zero", "full")]
    own_libraries = "/proc/self/maps"  # what threadpoolctl reads, and nothing else of /proc
    landlock.restrict([*readable, "/dev/urandom", "/dev/random", own_libraries], [writable, *devices])


def filter_calls(level: str) -> None:
    """The system-call filter; the last step, because it forbids the others."""
    seccomp.install(beside_landlock=level == "partial")


def _lower(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(kind, (value, value))


def _address_space() -> int:
    try:
        with open("/proc/self/statm", "rb") as stream:
            return int(stream.read().split()[0]) * resource.getpagesize()
    except OSError:
        return _ROOM
