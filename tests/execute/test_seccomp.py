"""The filter's program, run by a small interpreter: right for both kinds of machine, whichever runs the tests."""

from __future__ import annotations

import errno

import pytest

from provender.execute import seccomp

ALLOW, KILL, EPERM, ENOSYS = 0x7FFF0000, 0x80000000, 0x50000 | errno.EPERM, 0x50000 | errno.ENOSYS
ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
NUMBERS = {
    "x86_64": {"read": 0, "mmap": 9, "clone": 56, "fork": 57, "execve": 59, "clone3": 435, "socketpair": 53,
               "prctl": 157,
               "ioctl": 16, "socket": 41, "ptrace": 101, "mount": 165, "unshare": 272, "io_uring_setup": 425,
               "kill": 62},
    "aarch64": {"read": 63, "mmap": 222, "clone": 220, "execve": 221, "clone3": 435, "socketpair": 199,
                "prctl": 167,
                "ioctl": 29, "socket": 198, "ptrace": 117, "mount": 40, "unshare": 97, "io_uring_setup": 425,
               "kill": 129},
}  # fmt: skip


def answer(machine: str, number: int, *arguments: int, arch: int | None = None) -> int:
    """What the kernel would return: classic BPF with one register, over struct seccomp_data."""
    data = {0: number, 4: ARCH[machine] if arch is None else arch}
    data |= {16 + 8 * i: value & 0xFFFFFFFF for i, value in enumerate(arguments)}
    code, at, register = seccomp.program(machine), 0, 0
    while True:
        operation, true, false, k = code[at]
        at += 1
        match operation:
            case 0x20:
                register = data.get(k, 0)
            case 0x54:
                register &= k
            case 0x06:
                return k
            case 0x15 | 0x35 | 0x45:
                holds = {0x15: register == k, 0x35: register >= k, 0x45: bool(register & k)}[operation]
                at += true if holds else false


@pytest.mark.parametrize("machine", ARCH)
def test_ordinary_calls_pass_and_ways_out_do_not(machine):
    numbers = NUMBERS[machine]
    for name in ("read", "mmap", "execve", "kill"):
        assert answer(machine, numbers[name]) == ALLOW, name
    for name in ("socket", "ptrace", "mount", "unshare", "io_uring_setup"):
        assert answer(machine, numbers[name]) == EPERM, name
    assert answer(machine, numbers["clone3"]) == ENOSYS


@pytest.mark.parametrize("machine", ARCH)
def test_clone_makes_processes_and_threads_but_no_namespace(machine):
    clone = NUMBERS[machine]["clone"]
    assert answer(machine, clone, 17) == ALLOW
    assert answer(machine, clone, 0x3D0F00) == ALLOW  # a thread
    for namespace in (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000):
        assert answer(machine, clone, 17 | namespace) == EPERM


@pytest.mark.parametrize("machine", ARCH)
@pytest.mark.parametrize(
    "domain, kind, expected",
    [
        (1, 1, ALLOW),
        (1, 5, ALLOW),
        (1, 1 | 0x80000 | 0x800, ALLOW),
        (1, 2, EPERM),
        (1, 2 | 0x80000, EPERM),
        (2, 1, EPERM),
        (16, 3, EPERM),
    ],
)
def test_only_connected_unix_pairs_are_made(machine, domain, kind, expected):
    assert answer(machine, NUMBERS[machine]["socketpair"], domain, kind) == expected


@pytest.mark.parametrize("machine", ARCH)
def test_a_job_keeps_its_tie_to_its_warden_and_cannot_type_for_the_user(machine):
    numbers = NUMBERS[machine]
    assert answer(machine, numbers["prctl"], 1, 0) == EPERM
    assert answer(machine, numbers["prctl"], 15) == ALLOW
    assert answer(machine, numbers["ioctl"], 0, 0x5412) == EPERM
    assert answer(machine, numbers["ioctl"], 0, 0x541C) == EPERM
    assert answer(machine, numbers["ioctl"], 0, 0x5401) == ALLOW


@pytest.mark.parametrize("machine", ARCH)
def test_limits_are_changed_for_oneself_only(machine):
    prlimit = {"x86_64": 302, "aarch64": 261}[machine]
    assert answer(machine, prlimit, 0) == ALLOW
    assert answer(machine, prlimit, 1234) == EPERM


@pytest.mark.parametrize("machine", ARCH)
def test_calls_in_another_machines_numbers_kill(machine):
    assert answer(machine, 0, arch=0x40000003) == KILL
    if machine == "x86_64":
        assert answer(machine, 0x40000000 | 41) == KILL


@pytest.mark.parametrize("machine", ARCH)
def test_every_jump_stays_within_the_program(machine):
    code = seccomp.program(machine)
    assert len(code) < 4096
    for at, (operation, true, false, _) in enumerate(code):
        if operation in (0x15, 0x35, 0x45):
            assert 0 <= true < 256 and 0 <= false < 256
            assert at + 1 + max(true, false) < len(code)
