"""Entries that the executor's contract tests run inside the sandbox."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

STATE: list[str] = []


def echo(channel, params, files):
    """Answer every message with itself, its blobs' bytes joined as payload."""
    while True:
        message, views = channel.receive()
        channel.send({"params": params, "message": message}, b"".join([*files, *views]))


def describe(channel, params, files):
    channel.send(
        {
            "environment": dict(os.environ), "folder": os.getcwd(),
            "temporary": tempfile.gettempdir(), "pid": os.getpid(),
            "descriptors": [fd for fd in range(64) if _is_open(fd)], "draw": [random.random(), _numpy_draw()],
        }
    )  # fmt: skip


def write_into_files(channel, params, files):
    for view in files:
        view[:] = b"x" * len(view)
    channel.send({"read": bytes(files[0]).decode()})


def remember(channel, params, files):
    """Say what an earlier job left in this module and in the scratch folder, then leave something."""
    found = [*STATE, *os.listdir(".")]
    STATE.append("left in memory")
    Path("left-on-disk").write_text("x")
    channel.send({"found": found})


def fail(channel, params, files):
    raise ValueError("two\nlines\x1b[2J")


def exit_politely(channel, params, files):
    sys.exit(0)


def exit_at_once(channel, params, files):
    os._exit(params["code"])


def die_of(channel, params, files):
    os.kill(os.getpid(), params["signal"])
    time.sleep(10)


def segfault(channel, params, files):
    import ctypes

    ctypes.string_at(0)


def sleep(channel, params, files):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    channel.send({"pid": os.getpid()})
    time.sleep(params.get("seconds", 1000))


def spin(channel, params, files):
    while True:
        pass


def allocate(channel, params, files):
    kept = []
    while True:
        kept.append(bytearray(b"x") * (8 << 20))


def allocate_at_once(channel, params, files):
    bytearray(1 << 45)


def share_memory(channel, params, files):
    """Hold much, fork children that hold the same pages."""
    block = bytearray(os.urandom(1 << 20)) * params["mib"]
    children = []
    for _ in range(params["children"]):
        pid = os.fork()
        if pid == 0:
            time.sleep(0.5)
            os._exit(len(block) & 0)
        children.append(pid)
    for pid in children:
        os.waitpid(pid, 0)
    channel.send({"done": True})


def start_many(channel, params, files):
    kept = [subprocess.Popen(["sleep", "100"]) for _ in range(params["count"])]
    channel.send({"count": len(kept)})
    time.sleep(100)


def daemonise(channel, params, files):
    """Leave processes behind that have left the session, forgotten their parent and ignore a polite end."""
    code = f"import signal, time; signal.signal(15, signal.SIG_IGN); mark = {params['mark']!r}; time.sleep(100)"
    for _ in range(3):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.execv(sys.executable, [sys.executable, "-c", code])
            os._exit(0)
    time.sleep(0.5)
    channel.send({"started": 3})
    time.sleep(100)


def fill_disk(channel, params, files):
    with open("big", "wb") as stream:
        while True:
            stream.write(bytes(1 << 20))
            stream.flush()


def raw(channel, params, files):
    """Write bytes of our own making on the channel: prefix fields, text, and whether to go on living."""
    connection = channel._connection
    length, fds, payload = params["prefix"]
    connection.sendall(struct.pack("<IIQ", length, fds, payload) + params["text"].encode("latin-1"))
    time.sleep(params.get("seconds", 1000))


def send_descriptors(channel, params, files):
    text = b"{}"
    socket.send_fds(channel._connection, [struct.pack("<IIQ", len(text), 0, 0) + text], [0] * 100)
    channel.receive()


def close_channel(channel, params, files):
    os.close(3)
    time.sleep(1000)


def send_for_ever(channel, params, files):
    while True:
        channel.send({"text": "x" * 1000})


def print_for_ever(channel, params, files):
    while True:
        os.write(1, b"out" * 1000)
        os.write(2, b"err" * 1000)


def print_some(channel, params, files):
    print("standard output")
    print("standard \x1b[31merror\x07", file=sys.stderr)


def control_threads(channel, params, files):
    from threadpoolctl import threadpool_info

    channel.send({"libraries": [library["user_api"] for library in threadpool_info()]})


def send_payload(channel, params, files):
    channel.send({"bytes": params["bytes"]}, bytes(params["bytes"]))


def _is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def _numpy_draw() -> float | None:
    numpy = sys.modules.get("numpy")
    return None if numpy is None else json.loads(json.dumps(float(numpy.random.random())))
