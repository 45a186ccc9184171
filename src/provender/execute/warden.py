"""The warden: one process a job, outside the job's walls, that starts it, watches it, ends it and reports.

It is forked from the zygote, knows nothing of the job but its limits, and reads nothing that the job writes except
a bounded tail of its output and one bounded line of last words.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import math
import os
import select
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from . import census, confine, inside, kernel

_LINUX = sys.platform == "linux"
_TICK = 0.02  # seconds between two looks at memory and processes
_DISK_TICK = 0.25  # seconds between two looks at a scratch folder that is no file system of its own
_TAIL = 16 << 10
_LAST_WORDS = 16 << 10
_CHUNK = 64 << 10
_SETTLED = b"+"  # the job's first byte of last words: the walls stand, from here on foreign code may write


@dataclass(frozen=True, slots=True)
class Order:
    """What a job is, as it arrives from the executor."""

    entry: str
    params: dict
    limits: Mapping[str, float]

    @classmethod
    def read(cls, fd: int) -> Order:
        with os.fdopen(fd, "rb") as stream:
            stream.seek(0)  # the writer shares our place in it
            return cls(**json.loads(stream.read()))


@dataclass(slots=True)
class _Watch:
    """What the warden has seen so far."""

    started: float = field(default_factory=time.monotonic)
    peak: int = 0
    cpu: float = 0.0
    cause: tuple[str, str] | None = None  # failure kind and message, when the warden ended the job
    tail: bytearray = field(default_factory=bytearray)
    words: bytearray = field(default_factory=bytearray)
    next_disk: float = 0.0


def run(config: Mapping[str, object], fds: list[int], zygote: int) -> None:
    """Be the warden of one job. `fds`: control socket, channel, order, files. Never returns."""
    control = socket.socket(fileno=fds[0])
    try:
        report = _oversee(config, control, fds[1:], zygote)
    except BaseException as error:  # our own failure: told apart from everything that a job can do
        report = {"sandbox": f"{type(error).__name__}: {error}"}
    try:
        control.settimeout(10)
        control.sendall(json.dumps(report).encode())
    finally:
        os._exit(0)


def _oversee(config: Mapping[str, object], control: socket.socket, fds: list[int], zygote: int) -> dict:
    channel, order_fd, *files = fds
    order = Order.read(order_fd)
    sealed = config["level"] == "sealed"
    watch = _Watch()
    if sealed:
        confine.enter_namespaces()
    elif _LINUX:
        kernel.adopt_orphans()
    if _LINUX:
        kernel.die_with_parent(zygote, signal.SIGKILL if sealed else signal.SIGTERM)
    scratch = None if sealed else tempfile.mkdtemp(prefix="provender-", dir=str(config["scratch"]))
    signal.signal(signal.SIGTERM, lambda *_: _stop(watch, "crashed", "the job was stopped: the executor is gone"))
    try:
        out, out_end = os.pipe()
        words, words_end = os.pipe()
        job = os.fork()
        if job == 0:
            control.close()
            os.close(out)
            os.close(words)
            _become(config, order, [channel, out_end, words_end, *files], scratch)
        for fd in (channel, out_end, words_end, *files):
            os.close(fd)
        status, usage = _watch_over(job, order.limits, watch, (control.fileno(), out, words), scratch)
    finally:
        if not sealed:
            end_tree()
            shutil.rmtree(str(scratch), ignore_errors=True)
    return _report(watch, status, usage)


def _become(config: Mapping[str, object], order: Order, fds: list[int], scratch: str | None) -> None:
    """The job's process, from fork to entry. Never returns."""
    channel, out, words, *files = fds
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.setsid()
        views = [inside.take(fd) for fd in files]
        channel, words = _only_descriptors(channel, out, words)
        connection = socket.socket(fileno=channel)
        level = config["level"]
        if level == "sealed":
            work = confine.mount_scratch(int(order.limits["disk"]), bool(config["private_tmp"]))
            temporary = f"{confine.SCRATCH}/tmp"
        else:
            work = temporary = str(scratch)
        confine.settle(work, temporary)
        confine.limit(order.limits, cpus=os.cpu_count() or 1, count_processes=level == "sealed")
        if level != "unsealed":
            confine.renounce()
        if _LINUX:
            kernel.die_with_parent(0, signal.SIGKILL)
            kernel.show_memory()  # to the warden
        if level == "partial":
            confine.fence([str(p) for p in config["visible"]], work)
        if level != "unsealed":
            confine.filter_calls(str(level))
        os.write(words, _SETTLED)  # fails when the warden is already gone
    except BaseException as error:
        try:
            os.write(words, f"{type(error).__name__}: {error}".encode())
        finally:
            os._exit(1)
    inside.run(order.entry, order.params, views, connection, words)


def _only_descriptors(channel: int, out: int, words: int) -> tuple[int, int]:
    """Leave a job nothing but an empty standard input, its output pipe, its channel (3) and its last words (4)."""
    null = os.open("/dev/null", os.O_RDWR)
    high = [fcntl.fcntl(fd, fcntl.F_DUPFD, 10) for fd in (channel, out, words, null)]  # clear of the places 0 to 4
    for source, target in ((high[3], 0), (high[1], 1), (high[1], 2), (high[0], 3), (high[2], 4)):
        os.dup2(source, target, inheritable=target < 3)
    os.closerange(5, os.sysconf("SC_OPEN_MAX"))
    return 3, 4


def _watch_over(
    job: int, limits: Mapping[str, float], watch: _Watch, fds: tuple[int, int, int], scratch: str | None
) -> tuple[int, object]:
    """Wait for the job's end, or bring it about."""
    control, out, words = fds
    poller = select.poll()
    for fd in fds:
        os.set_blocking(fd, False)
        poller.register(fd, select.POLLIN)
    life = os.pidfd_open(job) if _LINUX else -1
    if life >= 0:
        poller.register(life, select.POLLIN)  # tells of its death while its number is still its own
    next_look = 0.0
    while True:
        ready = dict(poller.poll(_TICK * 1000))
        if out in ready and not _read(out, watch.tail, _TAIL):
            poller.unregister(out)
        if words in ready and not _read(words, watch.words, -_LAST_WORDS):
            poller.unregister(words)
        if control in ready:
            _stop(watch, "crashed", "the job was stopped by the harness")
        now = time.monotonic()
        if now >= next_look or watch.cause:
            next_look = now + _TICK
            _look(limits, watch, scratch, now)
        over = watch.cause is not None or life in ready
        if over:
            _kill(job, group=scratch is not None)
        pid, status, usage = os.wait4(job, 0 if over else os.WNOHANG)
        if pid:
            break
    if scratch is not None:
        end_tree()
    for _ in range(64):  # what it printed last; bounded, because at a weaker level somebody may still write
        if not _read(out, watch.tail, _TAIL):
            break
    _read(words, watch.words, -_LAST_WORDS)
    return status, usage


def _look(limits: Mapping[str, float], watch: _Watch, scratch: str | None, now: float) -> None:
    processes = census.descendants(os.getpid())
    memory = census.resident(processes, int(limits["memory"]))
    watch.peak = max(watch.peak, memory)
    watch.cpu = max(watch.cpu, sum(p.cpu for p in processes))
    if now - watch.started > limits["seconds"]:
        _stop(watch, "timeout", f"the job used up its {limits['seconds']:g} seconds")
    elif memory > limits["memory"]:
        _stop(watch, "memory", f"the job used {_mib(memory)} MiB of memory, more than its {_mib(limits['memory'])} MiB")
    elif len(processes) > limits["processes"] or sum(p.threads for p in processes) > confine.most_threads(limits):
        _stop(watch, "processes", f"the job ran more than its {limits['processes']} processes")
    elif scratch is not None and now >= watch.next_disk:
        watch.next_disk = now + _DISK_TICK
        if _size(scratch) > limits["disk"]:
            _stop(watch, "disk", f"the job wrote more than its {_mib(limits['disk'])} MiB")


def end_tree() -> None:
    """Kill every descendant of this process, also those that fled their session, until none is left.

    Only a child subreaper may call this: to it every orphan comes. Frozen first, so that a fork bomb cannot outrun it.
    """
    while True:
        for sign in (signal.SIGSTOP, signal.SIGKILL):
            for process in census.descendants(os.getpid()):
                try:
                    os.kill(process.pid, sign)
                except ProcessLookupError:
                    continue
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                continue
        except ChildProcessError:
            return
        time.sleep(0.001)


def _stop(watch: _Watch, kind: str, message: str) -> None:
    if watch.cause is None:
        watch.cause = (kind, message)


def _kill(job: int, group: bool) -> None:
    """Kill the job. Where it is not process 1 of its own world, all of its group at once, which no fork outruns."""
    os.kill(job, signal.SIGKILL)
    if group:
        with contextlib.suppress(ProcessLookupError):  # it has not yet founded its group
            os.killpg(job, signal.SIGKILL)


def _read(fd: int, into: bytearray, keep: int) -> bool:
    """Add what can be read, then keep the last `keep` bytes, or the first -`keep`; False when nothing was there."""
    try:
        chunk = os.read(fd, _CHUNK)
    except BlockingIOError:
        return False
    into += chunk
    if keep < 0:
        del into[-keep:]
    else:
        del into[: max(0, len(into) - keep)]
    return bool(chunk)


def _size(folder: str) -> int:
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(place, name)).st_blocks * 512
            except OSError:
                continue
    return total


def _mib(size: float) -> int:
    return math.ceil(size / (1 << 20))


def _report(watch: _Watch, status: int, usage: object) -> dict:
    """The ending as JSON: what the warden decided comes first, then the job's last words, then its exit status."""
    words = bytes(watch.words)
    tail = watch.tail.decode(errors="replace")
    if watch.cause is None and not words.startswith(_SETTLED):
        return {
            "sandbox": words.decode(errors="replace") or f"the job's process ended with status {status} at its start"
        }
    kind, message, detail = _verdict(watch, words[len(_SETTLED) :], status)
    ticks = usage.ru_utime + usage.ru_stime  # type: ignore[attr-defined]
    return {
        "failure": None if kind is None else {"kind": kind, "message": message, "detail": detail or tail[-4000:]},
        "seconds": time.monotonic() - watch.started,
        "cpu_seconds": max(watch.cpu, ticks),
        "peak_memory": max(watch.peak, usage.ru_maxrss << 10),  # type: ignore[attr-defined]
        "stderr": tail,
    }


def _verdict(watch: _Watch, words: bytes, status: int) -> tuple[str | None, str, str]:
    if watch.cause is not None:
        return (*watch.cause, "")
    try:
        last = json.loads(words)
        kind, message, detail = last["kind"], str(last.get("message", "")), str(last.get("detail", ""))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        kind, message, detail = "silent", "", ""
    code = os.waitstatus_to_exitcode(status)
    if kind is None and code == 0:
        return None, "", ""
    if kind in ("crashed", "memory", "disk"):
        return kind, message, detail
    if code == -signal.SIGKILL:  # nobody inside can do that to process 1: it was the kernel
        return "memory", "the kernel killed the job, usually because the machine ran out of memory", ""
    if code < 0:
        return "crashed", f"the job's process died of {signal.Signals(-code).name}", ""
    return "crashed", f"the job's process left with exit code {code} before its entry had returned", ""
