"""The zygote: a process that has imported everything a job may need, and forks a warden for each job.

It imports and never computes: a child forked after an OpenMP region hangs for ever. It runs no foreign code, reads no
message of a job and keeps nothing of one job for the next.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import resource
import select
import signal
import socket
import sys
import warnings
from collections.abc import Mapping

from . import census, confine, frame, kernel, warden

_DESCRIPTORS = 4096


def main() -> None:
    """Serve until the executor closes the socket. Its descriptor and the configuration are the arguments."""
    config = json.loads(sys.argv[1])
    control = socket.socket(fileno=int(sys.argv[2]))
    sys.argv[:], sys.orig_argv[:] = ["job"], []  # no job needs to read our paths there
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(_DESCRIPTORS, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if config["level"] != "sealed" and sys.platform == "linux":
        kernel.adopt_orphans()
        kernel.hide_memory()
        kernel.die_with_parent(int(config["parent"]), signal.SIGTERM)
    trouble = _preload(config["preload"])
    control.sendall((json.dumps({"trouble": trouble}) + "\n").encode())
    if trouble is None:
        if config["level"] == "sealed":
            confine.libraries()
        gc.collect()
        gc.freeze()
        _serve(config, control)


def _preload(names: list[str]) -> str | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in names:
            try:
                importlib.import_module(name)
            except BaseException as error:  # it is told to the executor, which raises
                return f"importing {name} failed: {type(error).__name__}: {error}"
    return None


def _serve(config: Mapping[str, object], control: socket.socket) -> None:
    wardens: set[int] = set()
    waker, wake = socket.socketpair()
    for end in (waker, wake):
        end.setblocking(False)
    signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
    stopped: list[int] = []
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda number, _: stopped.append(number))
    poller = select.poll()
    poller.register(control, select.POLLIN)
    poller.register(waker, select.POLLIN)
    while not stopped:
        ready = {fd for fd, _ in poller.poll()}
        if waker.fileno() in ready:
            waker.recv(4096)
            _reap(wardens, orphans=config["level"] != "sealed")
        if control.fileno() in ready:
            mark, fds, _, _ = socket.recv_fds(control, 1, frame.MAX_FILES + 3)
            if not mark:
                break
            wardens.add(_fork_warden(config, fds, [control, waker, wake]))
    if config["level"] != "sealed":
        for pid in wardens:
            os.kill(pid, signal.SIGTERM)
        while wardens:
            wardens.discard(os.wait()[0])
        warden.end_tree()


def _fork_warden(config: Mapping[str, object], fds: list[int], mine: list[socket.socket]) -> int:
    zygote = os.getpid()
    pid = os.fork()
    if pid == 0:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        for end in mine:
            end.close()
        warden.run(config, fds, zygote)
    for fd in fds:
        os.close(fd)
    return pid


def _reap(wardens: set[int], orphans: bool) -> None:
    """Bury wardens. Where there are no pid namespaces, a warden that was killed leaves its job to us: kill it."""
    try:
        while pid := os.waitpid(-1, os.WNOHANG)[0]:
            wardens.discard(pid)
    except ChildProcessError:
        return
    if orphans:
        for process in census.descendants(os.getpid()):
            if process.parent == os.getpid() and process.pid not in wardens:
                os.kill(process.pid, signal.SIGKILL)
