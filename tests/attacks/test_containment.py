"""Hostile jobs against the sandbox: each is contained, and the executor works afterwards.

A new way out that somebody finds becomes an entry in hostile.py and a line here.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

import pytest

from provender.execute import Blob, Job, JobEnded, Limits, available_levels, census, open_executor

HERE = Path(__file__).parent
SECRET = "provender-secret-value"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox is Linux's")


@pytest.fixture(scope="module", params=["sealed", "partial"])
def executor(request):
    if reason := available_levels()[request.param]:
        pytest.skip(reason)
    os.environ["PROVENDER_TEST_SECRET"] = SECRET
    try:
        with open_executor(preload=["hostile"], readable=[HERE], level=request.param) as opened:
            yield opened
    finally:
        del os.environ["PROVENDER_TEST_SECRET"]


@pytest.fixture
def sealed(executor):
    if executor.level != "sealed":
        pytest.skip("covered at level sealed only")
    return executor


@pytest.fixture(autouse=True)
def still_works(request):
    """After every attack: the executor answers, we live, and nothing of the job is left."""
    yield
    if "executor" not in request.fixturenames:
        return
    executor = request.getfixturevalue("executor")
    with executor.start(Job(entry="provender.execute.inside:ping", limits=Limits(seconds=20))) as session:
        session.send({"still": "here"})
        assert session.receive()[0]["echo"] == {"still": "here"}
        assert session.end().failure is None
    zygote = executor._zygote._process.pid
    for _ in range(100):
        left = [p for p in census.descendants(zygote) if p.cpu >= 0]
        if len(left) <= 2:  # bubblewrap's process 1 and the zygote
            break
        time.sleep(0.05)
    assert len(left) <= 2, left


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "answers-of-the-test-set.csv"
    path.write_text(SECRET)
    return path


def start(executor, entry: str, *, files=(), limits=None, **params):
    limits = Limits(**{"seconds": 20.0, "memory": 1 << 30, **(limits or {})})
    return executor.start(Job(entry=f"hostile:{entry}", params=params, files=files, limits=limits))


def got(executor, entry: str, **params) -> list[str]:
    """What an attack achieved, in its own words; it must come to its end."""
    with start(executor, entry, **params) as session:
        message, _ = session.receive()
        assert message["end"]
        assert session.end().failure is None
    return message["got"]


def ending(executor, entry: str, limits=None, **params):
    with start(executor, entry, limits=limits, **params) as session:
        with contextlib.suppress(JobEnded):
            while True:
                session.receive()
        return session.end()


def pids(executor) -> list[int]:
    """Ourselves, the zygote and everything below it."""
    zygote = executor._zygote._process.pid
    return [os.getpid(), zygote, *(p.pid for p in census.descendants(zygote))]


# --- the host's files ------------------------------------------------------------------------------------------------


def places(secret: Path) -> list[str]:
    here = Path(__file__).resolve()
    return [str(secret), "/etc/passwd", "/etc/hostname", "/root/.bashrc", str(Path.home() / ".bashrc"),
            str(here.parents[2] / "pyproject.toml"), str(here.parents[1] / "contract"),
            "/var/log/dpkg.log"]  # fmt: skip


def test_files_of_the_host_are_not_read_by_path(executor, secret):
    assert got(executor, "read_paths", paths=places(secret)) == []


def test_files_of_the_host_are_not_read_through_links(executor, secret):
    assert got(executor, "read_through_links", paths=places(secret)) == []


def test_files_of_the_host_are_not_read_through_proc(executor, secret):
    assert got(executor, "read_through_proc", paths=[str(secret)], pids=pids(executor)) == []


@pytest.mark.slow
def test_files_of_the_host_are_not_found_by_searching(executor, secret):
    assert got(executor, "search_everywhere", name=secret.name) == []


def test_files_of_the_host_are_not_opened_by_handle(executor):
    assert got(executor, "open_by_handle") == []


@pytest.mark.slow
def test_data_inside_packages_is_hidden(sealed):
    with open_executor(preload=["sklearn.datasets", "hostile"], readable=[HERE], level="sealed") as opened:
        assert got(opened, "read_hidden_data") == []


def test_no_descriptor_is_inherited(executor, secret):
    with Blob.open(secret) as file, Blob.of(b"x") as blob:
        assert got(executor, "list_descriptors", files=(file, blob)) == []


def test_the_environment_is_scrubbed(executor):
    assert got(executor, "show_environment", secret=SECRET) == []


def test_nothing_is_written_outside_the_scratch(executor, tmp_path):
    name = f"provender-attack-{os.getpid()}"
    folders = ["/", "/usr", "/usr/local/lib", "/etc", "/dev", "/proc", "/root", "/home", "/var/tmp", str(HERE),
               sys.prefix,
               sysconfig.get_path("purelib"), str(Path(__file__).parents[2] / "src" / "provender"),
               str(tmp_path)]  # fmt: skip
    assert got(executor, "write_everywhere", folders=folders, name=name) == []
    got(executor, "write_everywhere", folders=["/tmp", "/dev/shm", tempfile.gettempdir()], name=name)
    assert not any(
        os.path.exists(os.path.join(folder, name + end))
        for folder in [*folders, "/tmp", "/dev/shm"]
        for end in ("", ".txt")
    )


def test_what_can_be_read_cannot_be_changed(executor, tmp_path):
    victim = HERE / f"victim-{os.getpid()}.txt"
    victim.write_text("original")
    sent = tmp_path / "sent"
    sent.write_text("original")
    before = [(path.stat().st_mode, path.stat().st_mtime_ns) for path in (victim, sent)]
    try:
        with (
            Blob.open(sent) as file,
            Blob.of(b"original") as blob,
            start(executor, "tamper", paths=[str(victim)]) as session,
        ):
            session.send({"take": "this"}, [file, blob])
            session.receive()
            assert bytes(blob.view) == bytes(file.view) == b"original"
        assert [path.read_text() for path in (victim, sent)] == ["original", "original"]
        assert [(path.stat().st_mode, path.stat().st_mtime_ns) for path in (victim, sent)] == before
    finally:
        victim.unlink()


# --- resources -------------------------------------------------------------------------------------------------------


def test_a_fork_bomb_is_ended(executor):
    end = ending(executor, "fork_bomb", {"processes": 30})
    assert end.failure.kind == "processes"
    assert end.seconds < 15


def test_a_thread_bomb_is_ended(executor):
    assert ending(executor, "thread_bomb", {"processes": 4, "seconds": 10.0}).failure.kind == "processes"


@pytest.mark.parametrize("seconds", [0, 1000])
def test_daemons_die_with_their_job(executor, seconds):
    mark = f"provender-daemon-{os.getpid()}"
    with start(executor, "daemons", mark=mark, seconds=seconds) as session:
        session.receive()
        assert named(mark)
        session.send({"go": "on"})
        if not seconds:
            assert session.end().failure is None
    assert not named(mark)


def named(mark: str) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if mark.encode() in path.read_bytes():
                found.append(path.parent.name)
    return found


@pytest.mark.parametrize("entry", ["memory_bomb", "memory_bomb_in_children", "shared_memory_bomb"])
def test_a_memory_bomb_is_ended(executor, entry):
    end = ending(executor, entry, {"memory": 300 << 20})
    assert end.failure.kind == "memory"
    assert end.seconds < 15


def test_memory_cannot_hide_from_the_watch(executor):
    assert got(executor, "memory_files") == []


def test_a_disk_bomb_is_ended(executor):
    before = shutil.disk_usage(tempfile.gettempdir()).free
    assert ending(executor, "disk_bomb", {"disk": 30 << 20}).failure.kind == "disk"
    assert shutil.disk_usage(tempfile.gettempdir()).free > before - (500 << 20)


@pytest.mark.slow
def test_an_inode_bomb_is_ended(sealed):
    assert ending(sealed, "inode_bomb").failure.kind == "disk"


def test_descriptors_run_out_for_the_job_alone(executor):
    with start(executor, "exhaust_descriptors", limits={"files": 100}) as session:
        message, _ = session.receive()
    assert message["error"] and message["count"] <= 100


def test_limits_are_not_raised(executor):
    assert got(executor, "raise_limits") == []


def test_no_core_is_left(executor):
    assert got(executor, "dump_core") == []


# --- the network, and other jobs ------------------------------------------------------------------------------------


def test_no_socket_of_any_family_opens(executor):
    assert got(executor, "open_sockets") == []


def test_no_name_is_resolved(executor):
    assert got(executor, "resolve") == []


def test_a_server_on_this_machine_is_out_of_reach(executor):
    abstract = f"\0provender-test-{os.getpid()}"
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as named_server:
        named_server.bind(abstract)
        named_server.listen()
        assert got(executor, "connect_to", port=server.getsockname()[1], abstract=abstract) == []


def test_two_jobs_share_no_place_to_write(executor):
    mark = f"provender-mark-{os.getpid()}"
    folders = [
        ".",
        "/",
        "/tmp",
        "/dev/shm",
        "/var/tmp",
        "/scratch",
        "/scratch/work",
        tempfile.gettempdir(),
        "/dev/mqueue",
    ]
    with start(executor, "leave_mark", mark=mark, folders=folders) as first:
        first.receive()
        assert got(executor, "find_mark", mark=mark, folders=folders) == []


def test_a_job_that_patches_modules_patches_only_itself(executor):
    ending(executor, "patch_modules")
    assert got(executor, "see_patches") == []


# --- other processes -------------------------------------------------------------------------------------------------


def test_no_process_outside_can_be_signalled(executor):
    received = []
    before = signal.signal(signal.SIGUSR1, lambda *_: received.append(1))
    try:
        with start(executor, "leave_mark", mark="x", folders=[]) as sibling:
            sibling.receive()
            outside = [pid for pid in pids(executor) if executor.level == "partial" or pid > 1000]
            assert got(executor, "signal_others", pids=outside) == []
            sibling.send({"go": "on"})
            assert sibling.end().failure is None
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert not received


def test_killing_all_kills_only_itself(sealed):
    with start(sealed, "leave_mark", mark="x", folders=[]) as sibling:
        sibling.receive()
        assert got(sealed, "signal_all") == []
        sibling.send({"go": "on"})
        assert sibling.end().failure is None


def test_no_process_outside_can_be_entered(executor):
    with start(executor, "leave_mark", mark="x", folders=[]) as sibling:
        sibling.receive()
        assert got(executor, "enter_others", pids=pids(executor)) == []


# --- privileges ------------------------------------------------------------------------------------------------------


def test_no_namespace_is_made_or_entered(executor):
    assert got(executor, "make_namespaces") == []


def test_no_mount_is_changed(executor):
    assert got(executor, "change_mounts") == []


def test_the_kernels_side_doors_are_shut(executor):
    assert got(executor, "call_the_kernel") == []


def test_there_are_no_privileges_left(executor):
    bounded = executor.level == "sealed" or os.getuid() == 0  # nobody else may change the bounding set
    assert got(executor, "show_privileges", level=executor.level, bounded=bounded) == []


def test_set_user_id_programs_gain_nothing(executor):
    assert got(executor, "run_programs") == []


# --- lies and nonsense -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", ["speak_garbage", "promise_the_moon"])
def test_nonsense_on_the_channel_is_a_failure_of_the_job(executor, entry):
    assert ending(executor, entry).failure.kind == "output"


@pytest.mark.parametrize(
    "words, code, kind",
    [
        ('{"kind": null}', 1, "crashed"),
        ('{"kind": "leak", "message": "x"}', 0, "crashed"),
        ('{"kind": "memory", "message": "\\u001b[2J' + "x" * 3000 + '"}', 0, "memory"),
        ("OSError: mount failed", 1, "crashed"),
        ("[" * 60000, 1, "crashed"),
        ('{"kind": {"a": 1}}', 137, "crashed"),
        ("", 137, "crashed"),
    ],
)
def test_forged_last_words_deceive_nobody(executor, words, code, kind):
    failure = ending(executor, "forge_last_words", words=words, code=code).failure
    assert failure.kind == kind
    assert "\x1b" not in failure.message + failure.detail


def test_a_flood_of_output_costs_bounded_memory_and_prints_no_control_characters(executor):
    end = ending(executor, "flood_output", {"seconds": 0.5})
    assert end.failure.kind == "timeout"
    assert len(end.stderr) <= 16 << 10
    assert not {"\x1b", "\x00"} & set(end.stderr)


@pytest.mark.parametrize("entry", ["loop_in_c", "stop_itself"])
def test_a_job_that_cannot_be_interrupted_is_ended_in_time(executor, entry):
    end = ending(executor, entry, {"seconds": 0.5})
    assert end.failure.kind == "timeout"
    assert end.seconds < 5
