"""Entries that try to get out, to see what they must not, to talk to each other, or never to end.

Each tells honestly what it achieved: `got` lists what should have been impossible.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import mmap
import os
import resource
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

LIBC = ctypes.CDLL(None, use_errno=True)


def succeeds(attempt, *arguments) -> bool:
    """Whether the attempt neither raised nor returned -1."""
    try:
        return attempt(*arguments) != -1
    except (OSError, ValueError):
        return False


def tell(channel, got) -> None:
    channel.send({"got": [str(one) for one in got], "end": True})


# --- the host's files ------------------------------------------------------------------------------------------------


def read_paths(channel, params, files):
    tell(channel, [path for path in params["paths"] if succeeds(read, path)])


def read(path) -> int:
    with open(path, "rb") as stream:
        return len(stream.read(10))


def read_through_links(channel, params, files):
    got = []
    for n, path in enumerate(params["paths"]):
        os.symlink(path, f"link{n}")
        if succeeds(read, f"link{n}"):
            got.append(f"symbolic link to {path}")
        if succeeds(os.link, path, f"hard{n}"):
            got.append(f"hard link to {path}")
    tell(channel, got)


def read_through_proc(channel, params, files):
    pids = ["self", "1", "2", str(os.getppid()), *map(str, params["pids"])]
    tries = [f"/proc/{pid}/{name}" for pid in pids for name in ("environ", "mem", "maps", "cmdline")]
    tries.remove("/proc/self/maps")  # a job may know where its own libraries are: scikit-learn asks
    tries += [f"/proc/{pid}/{door}{path}" for pid in pids for door in ("root", "cwd") for path in params["paths"]]
    tell(channel, [path for path in tries if succeeds(read, path)])


def search_everywhere(channel, params, files):
    """Walk the whole visible tree for a file of this name."""
    got = [place for place, _, names in os.walk("/") if params["name"] in names]
    tell(channel, got)


def read_hidden_data(channel, params, files):
    import sklearn.datasets

    tell(
        channel,
        [
            name
            for name in ("iris.csv", "wine_data.csv", "breast_cancer.csv")
            if succeeds(read, os.path.join(os.path.dirname(sklearn.datasets.__file__), "data", name))
        ],
    )


def open_by_handle(channel, params, files):
    handle = struct.pack("<Ii128s", 128, 0, b"")
    got = []
    if LIBC.name_to_handle_at(-100, b"/", handle, ctypes.byref(ctypes.c_int()), 0) != -1:
        got.append("name_to_handle_at")
    if LIBC.open_by_handle_at(-100, struct.pack("<Iiq", 8, 1, 2), 0) != -1:
        got.append("open_by_handle_at")
    tell(channel, got)


def list_descriptors(channel, params, files):
    tell(channel, [fd for fd in range(5, 5000) if succeeds(lambda n: os.fstat(n) and 0, fd)])


def show_environment(channel, params, files):
    tell(channel, [f"{name}={value}" for name, value in os.environ.items() if params["secret"] in name + value])


def write_everywhere(channel, params, files):
    got = []
    for folder in params["folders"]:
        path = os.path.join(folder, params["name"])
        if succeeds(os.mkdir, path) or succeeds(lambda p: open(p, "w").close() or 0, path + ".txt"):
            got.append(folder)
    tell(channel, got)


def tamper(channel, params, files):
    """Change content, mode, times or name of what can be read, also through what was sent."""
    got = []
    _, fds, _, _ = socket.recv_fds(channel._connection, 1 << 16, 10)
    for target in [*params["paths"], *fds]:
        for name, attempt in (
            ("chmod", lambda t: os.chmod(t, 0)), ("utime", lambda t: os.utime(t, (1, 1))),
            ("truncate", lambda t: os.truncate(t, 0)), ("unlink", os.unlink),
            ("rename", lambda t: os.rename(t, "stolen")),
            ("write", lambda t: os.pwrite(t if isinstance(t, int) else os.open(t, os.O_WRONLY), b"x", 0)),
        ):  # fmt: skip
            with contextlib.suppress(OSError, TypeError):
                attempt(target)
                got.append(f"{name} {target}")
    tell(channel, got)


# --- resources -------------------------------------------------------------------------------------------------------


def fork_bomb(channel, params, files):
    while True:
        with contextlib.suppress(OSError):
            os.fork()


def thread_bomb(channel, params, files):
    while True:
        with contextlib.suppress(RuntimeError):
            threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()


def daemons(channel, params, files):
    code = f"import signal, time; signal.signal(15, signal.SIG_IGN); mark = {params['mark']!r}; time.sleep(1000)"
    for _ in range(5):
        if os.fork() == 0:
            os.setsid()
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            if os.fork() == 0:
                os.execv(sys.executable, [sys.executable, "-c", code])
            os._exit(0)
    time.sleep(0.3)
    channel.send({"got": [], "end": False})
    channel.receive()
    time.sleep(params["seconds"])


def memory_bomb(channel, params, files):
    kept = []
    while True:
        kept.append(bytearray(b"x") * (4 << 20))


def memory_bomb_in_children(channel, params, files):
    """Each child stays below any limit of one process."""
    for _ in range(20):
        if os.fork() == 0:
            kept = bytearray(b"x") * (40 << 20)
            time.sleep(1000)
            os._exit(len(kept))
    time.sleep(1000)


def shared_memory_bomb(channel, params, files):
    block = mmap.mmap(-1, 2 << 30)
    for start in range(0, 2 << 30, 1 << 20):
        block[start : start + (1 << 20)] = b"x" * (1 << 20)
    tell(channel, ["2 GiB of shared memory"])


def memory_files(channel, params, files):
    """Memory that no process shows as resident."""
    got = [
        name
        for name, attempt in {
            "memfd_create": lambda: os.memfd_create("x"),
            "shmget": lambda: LIBC.shmget(0x5EED, 1 << 20, 0o1777),
            "msgget": lambda: LIBC.msgget(0x5EED, 0o1777),
        }.items()
        if succeeds(attempt)
    ]
    tell(channel, got)


def disk_bomb(channel, params, files):
    """Fill every place that can be written, many files at once."""
    n = 0
    while True:
        n += 1
        for folder in (".", os.environ["TMPDIR"], "/dev/shm"):
            if os.access(folder, os.W_OK):
                with contextlib.suppress(PermissionError), open(f"{folder}/{n}", "wb") as stream:
                    stream.write(bytes(1 << 20))


def inode_bomb(channel, params, files):
    n = 0
    while True:
        n += 1
        os.mkdir(f"folder{n}")


def exhaust_descriptors(channel, params, files):
    kept = []
    try:
        while True:
            kept.append(os.dup(0))
    except OSError as error:
        count = len(kept)
        for fd in kept:
            os.close(fd)
        channel.send({"got": [], "count": count, "error": error.errno == errno.EMFILE, "end": True})


def raise_limits(channel, params, files):
    got = []
    for name in ("CORE", "NOFILE", "AS", "FSIZE", "CPU"):
        kind = getattr(resource, f"RLIMIT_{name}")
        _, hard = resource.getrlimit(kind)
        if succeeds(resource.setrlimit, kind, (hard + 1, hard + 1)):
            got.append(name)
    tell(channel, got)


def dump_core(channel, params, files):
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    pid = os.fork()
    if pid == 0:
        os.abort()
    _, status = os.waitpid(pid, 0)
    tell(channel, [*(["core"] if os.WCOREDUMP(status) else []), *[n for n in os.listdir(".") if n.startswith("core")]])


# --- the network, and other jobs ------------------------------------------------------------------------------------


def open_sockets(channel, params, files):
    families = {name: getattr(socket, name) for name in dir(socket) if name.startswith("AF_")}
    kinds = (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET)
    got = [
        name
        for name, family in families.items()
        for kind in kinds
        if succeeds(lambda f, k: socket.socket(f, k).close() or 0, family, kind)
    ]
    if succeeds(lambda: len(socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM))):
        got.append("datagram pair")
    tell(channel, got)


def resolve(channel, params, files):
    got = [
        name
        for name in ("example.com", "localhost.localdomain.invalid")
        if succeeds(lambda n: len(socket.getaddrinfo(n, 80)), name)
    ]
    tell(channel, got)


def connect_to(channel, params, files):
    """Reach a server of the test: over loopback, over an abstract name, over a stream pair that is bent."""
    got = []
    if succeeds(lambda: socket.create_connection(("127.0.0.1", params["port"]), 1) and 0):
        got.append("loopback")
    ours, _ = socket.socketpair()
    for name, attempt in (
        ("bind", lambda: ours.bind("\0provender-attack")),
        ("connect", lambda: ours.connect(params["abstract"])),
        ("listen", lambda: ours.listen()),
    ):
        with contextlib.suppress(OSError):
            attempt()
            got.append(name)
    tell(channel, got)


def leave_mark(channel, params, files):
    """Write the mark wherever one can write, then stay."""
    for folder in params["folders"]:
        with contextlib.suppress(OSError), open(f"{folder}/{params['mark']}", "w") as stream:
            stream.write("x")
    with contextlib.suppress(OSError):
        from multiprocessing.shared_memory import SharedMemory

        SharedMemory(params["mark"], create=True, size=100)
    channel.send({"got": [], "end": False})
    channel.receive()


def find_mark(channel, params, files):
    got = [folder for folder in params["folders"] if os.path.exists(f"{folder}/{params['mark']}")]
    tell(channel, got)


def patch_modules(channel, params, files):
    import builtins

    json.loads = lambda text: {"forged": True}
    builtins.print = lambda *a: None
    socket.socket.sendall = lambda self, data: None
    sys.modules["random"].random = lambda: 0.5
    os._exit(0)


def see_patches(channel, params, files):
    tell(
        channel,
        [
            name
            for name, wrong in {
                "json.loads": json.loads("{}") != {},
                "random": sys.modules["random"].random() == 0.5,
            }.items()
            if wrong
        ],
    )


# --- other processes -------------------------------------------------------------------------------------------------


def signal_others(channel, params, files):
    got = [pid for pid in params["pids"] if succeeds(os.kill, pid, signal.SIGUSR1)]
    tell(channel, got)


def signal_all(channel, params, files):
    """Kill whatever can be seen; only in a world of our own, where we are process 1."""
    if os.getpid() == 1:
        with contextlib.suppress(OSError):
            os.kill(-1, signal.SIGKILL)
        for pid in range(2, 2000):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
    tell(channel, [] if os.getpid() == 1 else ["not process 1"])


def enter_others(channel, params, files):
    """Trace, write into and borrow from other processes."""
    got = []
    buffer = ctypes.create_string_buffer(8)
    vector = struct.pack("<QQ", ctypes.addressof(buffer), 8)
    for pid in [os.getppid() or 1, *params["pids"]]:
        if LIBC.ptrace(16, pid, None, None) != -1:
            got.append(f"ptrace {pid}")
        if LIBC.process_vm_writev(pid, vector, 1, vector, 1, 0) != -1:
            got.append(f"process_vm_writev {pid}")
        if LIBC.process_vm_readv(pid, vector, 1, vector, 1, 0) != -1:
            got.append(f"process_vm_readv {pid}")
        if succeeds(lambda p: resource.prlimit(p, resource.RLIMIT_CPU, (1, 1)) and 0, pid):
            got.append(f"prlimit {pid}")
        if succeeds(open, f"/proc/{pid}/mem", "r+b"):
            got.append(f"mem {pid}")
    tell(channel, got)


# --- privileges ------------------------------------------------------------------------------------------------------


def make_namespaces(channel, params, files):
    got = []
    for name, flag in (("user", 0x10000000), ("mount", 0x20000), ("pid", 0x20000000), ("net", 0x40000000)):
        if LIBC.unshare(flag) != -1:
            got.append(f"unshare {name}")
        if os.uname().machine == "x86_64":
            pid = LIBC.syscall(56, ctypes.c_long(flag | 17), None, None, None, None)
            if pid == 0:
                os._exit(0)
            if pid > 0:
                got.append(f"clone {name}")
    if LIBC.syscall(435, bytes(88), ctypes.c_long(88)) != -1:
        got.append("clone3")
    if LIBC.setns(0, 0) != -1:
        got.append("setns")
    tell(channel, got)


def change_mounts(channel, params, files):
    remount, bind = 32, 4096
    got = []
    for target in (b"/", b"/usr", b"/proc", b"/tmp", b"/dev/shm"):
        if LIBC.mount(b"none", target, b"", ctypes.c_ulong(remount | bind), None) != -1:
            got.append(f"remount {target!r}")
        if LIBC.umount2(target, 2) != -1:
            got.append(f"umount {target!r}")
        if LIBC.mount(b"tmpfs", target, b"tmpfs", ctypes.c_ulong(0), None) != -1:
            got.append(f"mount {target!r}")
    for name in ("chroot", "pivot_root"):
        if getattr(LIBC, name)(b".", b".") != -1:
            got.append(name)
    tell(channel, got)


def call_the_kernel(channel, params, files):
    """Doors that are shut as a whole: numbers of x86_64 and aarch64."""
    calls = {
        "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
        "keyctl": (250, 219), "add_key": (248, 217), "finit_module": (313, 273), "kexec_file_load": (320, 294),
        "fsopen": (430, 430), "open_tree": (428, 428), "pidfd_getfd": (438, 438), "memfd_secret": (447, 447),
    }  # fmt: skip
    column = 0 if os.uname().machine == "x86_64" else 1
    got = []
    for name, numbers in calls.items():
        ctypes.set_errno(0)
        if LIBC.syscall(numbers[column], 0, 0, 0, 0, 0) != -1 or ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS):
            got.append(f"{name} {ctypes.get_errno()}")
    tell(channel, got)


def show_privileges(channel, params, files):
    got = []
    data = ctypes.create_string_buffer(24)
    LIBC.capget(struct.pack("<Ii", 0x20080522, 0), data)
    if any(data.raw):
        got.append(f"capabilities {data.raw.hex()}")
    if LIBC.prctl(39, 0, 0, 0, 0) != 1:
        got.append("may gain privileges")
    if LIBC.prctl(21, 0, 0, 0, 0) != 2:
        got.append("no system-call filter")
    if params["bounded"] and any(LIBC.prctl(23, capability, 0, 0, 0) == 1 for capability in range(41)):
        got.append("bounding set")
    if succeeds(os.setuid, 0) and os.getuid() == 0 and params["level"] == "sealed":
        got.append("setuid 0")
    if LIBC.prctl(1, 0, 0, 0, 0) != -1:
        got.append("forgot its parent")
    tell(channel, got)


# --- lies and nonsense -----------------------------------------------------------------------------------------------


def speak_garbage(channel, params, files):
    with contextlib.suppress(OSError):
        while True:
            channel._connection.sendall(os.urandom(1 << 16))


def promise_the_moon(channel, params, files):
    channel._connection.sendall(struct.pack("<IIQ", 2, 0, 1 << 63) + b"{}")
    time.sleep(1000)


def forge_last_words(channel, params, files):
    os.write(4, params["words"].encode("latin-1"))
    os._exit(params["code"])


def flood_output(channel, params, files):
    while True:
        os.write(2, b"\x1b[2J\x00" * 10_000)


def loop_in_c(channel, params, files):
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
    sum(iter(int, 1))


def stop_itself(channel, params, files):
    for pid in (os.fork(), 0):
        os.kill(pid or os.getpid(), signal.SIGSTOP)
    time.sleep(1000)


def run_programs(channel, params, files):
    """Programs that are set-user-ID or reach out."""
    got = [
        command[0]
        for command in (["su", "-c", "true"], ["mount"], ["ping", "-c1", "127.0.0.1"])
        if succeeds(lambda c: 0 if subprocess.run(c, capture_output=True, timeout=5).returncode == 0 else -1, command)
    ]
    tell(channel, got)
