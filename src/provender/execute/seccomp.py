"""The system-call filter of a job: a seccomp-BPF program, assembled here.

Allow by default, refuse what opens a way out or around the limits. Refused calls answer EPERM, so that programs see
an ordinary error; `clone3` answers ENOSYS, so that libc falls back to `clone`, whose flags can be read; a call by a
foreign architecture (32-bit, x32) kills the process, because its numbers mean other calls.

Refused: network and named sockets (a stream socketpair stays), tracing and other processes' memory, mounts and
namespaces, limits of other processes, kernel keys, bpf, perf, userfaultfd, io_uring (which would make calls that no
filter sees), modules, clocks, and memory that no process shows as resident (memfd, SysV shared memory and queues).
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
import sys

from . import kernel

# x86_64, aarch64; None: the call does not exist there
_NUMBERS = {
    "socket": (41, 198), "connect": (42, 203), "bind": (49, 200), "listen": (50, 201),
    "accept": (43, 202), "accept4": (288, 242),
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "pidfd_getfd": (438, 438), "process_madvise": (440, 440), "process_mrelease": (448, 448),
    "move_pages": (279, 239), "migrate_pages": (256, 238),
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51),
    "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431),
    "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442),
    "unshare": (272, 97), "setns": (308, 268),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265), "fanotify_init": (300, 262),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "kexec_load": (246, 104), "kexec_file_load": (320, 294),
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106),
    "memfd_create": (319, 279), "memfd_secret": (447, 447),
    "shmget": (29, 194), "msgget": (68, 186), "mq_open": (240, 180),
    "personality": (135, 92), "modify_ldt": (154, None), "iopl": (172, None), "ioperm": (173, None),
    "quotactl": (179, 60), "quotactl_fd": (443, 443), "acct": (163, 89), "syslog": (103, 116),
    "swapon": (167, 224), "swapoff": (168, 225), "reboot": (169, 142), "vhangup": (153, 58),
    "sethostname": (170, 161), "setdomainname": (171, 162),
    "settimeofday": (164, 170), "clock_settime": (227, 112), "adjtimex": (159, 171), "clock_adjtime": (305, 266),
}
_WHAT_LANDLOCK_LEAVES = {
    "setsid": (112, 157), "setpgid": (109, 154),
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452),
    "chown": (92, None), "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54),
    "utime": (132, None), "utimes": (235, None), "futimesat": (261, None), "utimensat": (280, 88),
    "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7), "setxattrat": (463, 463),
    "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16), "removexattrat": (466, 466),
    "file_setattr": (469, 469),
}
_PRLIMIT = (302, 261)
_CLONE, _CLONE3, _SOCKETPAIR, _PRCTL, _IOCTL = (56, 220), (435, 435), (53, 199), (157, 167), (16, 29)
_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_COLUMN = {"x86_64": 0, "aarch64": 1}

_NEW_NAMESPACES = 0x7E020000
_AF_UNIX, _STREAM_OR_SEQPACKET, _TYPE_MASK = 1, (1, 5), 0xF
_PR_SET_PDEATHSIG = 1  # a job must not outlive its warden
_TERMINAL_INJECTION = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX

_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_LOAD, _EQUAL, _GREATER_EQUAL, _ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_NUMBER_AT, _ARCH_AT, _ARGUMENTS_AT = 0, 4, 16
_SECCOMP_SET_MODE_FILTER = 1
_SECCOMP = {"x86_64": 317, "aarch64": 277}

Instruction = tuple[int, int, int, int]


def supported() -> bool:
    """Whether there is a filter for this machine."""
    return sys.platform == "linux" and sys.byteorder == "little" and sys.maxsize > 2**32 and _machine() in _AUDIT_ARCH


def install(beside_landlock: bool) -> None:
    """Put the filter on this process and everything it will start, for good. Needs no-new-privileges. OSError."""
    code = b"".join(struct.pack("<HBBI", *instruction) for instruction in program(_machine(), beside_landlock))
    text = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("<HxxxxxxQ", len(code) // 8, ctypes.addressof(text))
    kernel.syscall("seccomp", _SECCOMP[_machine()], _SECCOMP_SET_MODE_FILTER, 0, header)


def program(machine: str, beside_landlock: bool = False) -> list[Instruction]:
    """The filter's instructions for "x86_64" or "aarch64".

    Beside Landlock, without namespaces, some calls report success and do nothing, because programs that mean no
    harm make them too: changing modes, owners, times and attributes of files, which Landlock does not guard, and
    leaving the process group, by which all of a job is killed at once.
    """
    column = _COLUMN[machine]
    code = [_load(_ARCH_AT), (_EQUAL, 1, 0, _AUDIT_ARCH[machine]), (_RETURN, 0, 0, _KILL), _load(_NUMBER_AT)]
    if machine == "x86_64":
        code += [(_GREATER_EQUAL, 0, 1, 0x40000000), (_RETURN, 0, 0, _KILL)]
    for numbers in _NUMBERS.values():
        if numbers[column] is not None:
            code += _when(numbers[column], [_refuse()])
    for numbers in _WHAT_LANDLOCK_LEAVES.values() if beside_landlock else ():
        if numbers[column] is not None:
            code += _when(numbers[column], [_refuse(0)])
    code += _when(_PRLIMIT[column], [_argument(0), (_EQUAL, 1, 0, 0), _refuse(), _allow()])  # of itself only
    code += _when(_CLONE3[column], [_refuse(errno.ENOSYS)])
    code += _when(_CLONE[column], [_argument(0), (_ANY_BIT, 0, 1, _NEW_NAMESPACES), _refuse(), _allow()])
    code += _when(_PRCTL[column], [_argument(0), (_EQUAL, 0, 1, _PR_SET_PDEATHSIG), _refuse(), _allow()])
    first, second = _TERMINAL_INJECTION
    code += _when(_IOCTL[column], [
        _argument(1), (_EQUAL, 1, 0, first), (_EQUAL, 0, 1, second), _refuse(), _allow(),
    ])
    stream, packets = _STREAM_OR_SEQPACKET
    code += _when(_SOCKETPAIR[column], [
        _argument(0), (_EQUAL, 1, 0, _AF_UNIX), _refuse(),
        _argument(1), (_AND, 0, 0, _TYPE_MASK), (_EQUAL, 2, 0, stream), (_EQUAL, 1, 0, packets), _refuse(), _allow(),
    ])
    return [*code, _allow()]


def _machine() -> str:
    return platform.machine()


def _load(offset: int) -> Instruction:
    return (_LOAD, 0, 0, offset)


def _argument(index: int) -> Instruction:
    return _load(_ARGUMENTS_AT + 8 * index)  # the low half: every argument that is read here is an int


def _when(number: int, body: list[Instruction]) -> list[Instruction]:
    return [(_EQUAL, 0, len(body), number), *body]


def _refuse(error: int = errno.EPERM) -> Instruction:
    return (_RETURN, 0, 0, _ERRNO | error)


def _allow() -> Instruction:
    return (_RETURN, 0, 0, _ALLOW)
