"""What every executor promises, at every isolation level that this machine offers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from provender.errors import SandboxError, UserError
from provender.execute import Blob, Ending, Job, JobEnded, Limits, available_levels, census, open_executor

ENTRIES = "execute_entries"
LEVELS = ("sealed", "partial", "unsealed")


@pytest.fixture(scope="module", params=LEVELS)
def executor(request):
    if reason := available_levels()[request.param]:
        pytest.skip(reason)
    with open_executor(preload=["numpy", ENTRIES], readable=[Path(__file__).parent], level=request.param) as opened:
        yield opened


def job(entry: str, files: tuple[Blob, ...] = (), **params) -> Job:
    limits = {
        name: params.pop(name)
        for name in ("seconds_allowed", "memory", "processes", "disk", "output")
        if name in params
    }
    if "seconds_allowed" in limits:
        limits["seconds"] = limits.pop("seconds_allowed")
    return Job(entry=f"{ENTRIES}:{entry}", params=params, files=files, limits=Limits(**{"seconds": 20.0, **limits}))


def run(executor, job: Job) -> Ending:
    """The ending of a job that is spoken to by nobody, and that says nothing of use."""
    with executor.start(job) as session:
        try:
            while True:
                session.receive()
        except JobEnded as ended:
            return ended.ending


def test_messages_and_blobs_cross_in_both_directions(executor):
    first, empty, second = Blob.of(b"first"), Blob.of(b""), Blob.of(b"second")
    with executor.start(job("echo", (first, empty), seed=3)) as session:
        session.send({"n": 1, "text": "für"}, [second])
        message, payload = session.receive()
        session.send({"n": 2}, [second])
        again, _ = session.receive()
        ending = session.end()
    assert message == {"params": {"seed": 3}, "message": {"n": 1, "text": "für"}}
    assert bytes(payload.view) == b"firstsecond"
    assert again["message"] == {"n": 2}
    assert ending.failure is None
    assert ending.seconds > 0 and ending.peak_memory > 1 << 20


def test_thread_pools_can_be_controlled_as_scikit_learn_does(executor):
    with executor.start(job("control_threads")) as session:
        message, _ = session.receive()
        assert session.end().failure is None
    assert "blas" in message["libraries"]


def test_a_large_payload_arrives_whole_and_cannot_be_changed(executor):
    data = os.urandom(1 << 20) * 30
    with Blob.of(data) as blob, executor.start(job("echo", (blob,))) as session:
        session.send({})
        _, payload = session.receive()
    assert payload.view == data
    with pytest.raises(OSError):
        os.pwrite(payload.fd, b"x", 0)


def test_files_are_writable_views_whose_changes_stay_inside(executor, tmp_path):
    path = tmp_path / "table"
    path.write_bytes(b"untouched")
    with Blob.open(path) as file, Blob.of(b"sealed") as sealed:
        with executor.start(job("write_into_files", (file, sealed))) as session:
            assert session.receive()[0] == {"read": "xxxxxxxxx"}
        assert bytes(file.view) == b"untouched" and bytes(sealed.view) == b"sealed"


def test_a_job_gets_a_scrubbed_environment_and_no_descriptors(executor):
    with executor.start(job("describe")) as session:
        said, payload = session.receive()
    assert payload is None
    assert said["descriptors"] == [0, 1, 2, 3, 4]
    assert said["environment"]["OMP_NUM_THREADS"] == "1"
    assert not {"PATH", "HOME"} - set(said["environment"])
    ours = set(os.environ) - {"PATH", "HOME", "LANG", "TZ", "TMPDIR", "PWD", "USER", "LOGNAME"}
    assert not {name for name in ours if not name.startswith(("PYTHON", "OMP", "OPENBLAS"))} & set(said["environment"])
    assert said["temporary"].startswith(said["environment"]["TMPDIR"])


def test_the_same_job_draws_the_same_numbers_and_another_one_others(executor):
    draws = []
    for seed in (1, 1, 2):
        with executor.start(job("describe", seed=seed)) as session:
            draws.append(session.receive()[0]["draw"])
    assert draws[0] == draws[1] != draws[2]
    assert draws[0][1] != draws[2][1]


def test_nothing_of_a_job_is_left_for_the_next(executor):
    for _ in range(2):
        with executor.start(job("remember")) as session:
            assert session.receive()[0] == {"found": []}


def test_an_exception_is_a_crash_with_its_name_and_its_last_lines(executor):
    ending = run(executor, job("fail"))
    assert ending.failure.kind == "crashed"
    assert ending.failure.message == "ValueError: two lines[2J"
    assert "in fail" in ending.failure.detail and "inside.py" not in ending.failure.detail


@pytest.mark.parametrize(
    "entry, params, says",
    [
        ("exit_politely", {}, "SystemExit: 0"),
        ("exit_at_once", {"code": 0}, "exit code 0 before"),
        ("exit_at_once", {"code": 7}, "exit code 7 before"),
        ("segfault", {}, "SIGSEGV"),
        ("missing_entry", {}, "has no attribute 'missing_entry'"),
    ],
)
def test_a_job_that_leaves_without_returning_has_crashed(executor, entry, params, says):
    ending = run(executor, job(entry, **params))
    assert ending.failure.kind == "crashed"
    assert says in ending.failure.message


def test_a_job_that_returns_silently_ends_without_failure_but_not_with_an_answer(executor):
    with executor.start(job("print_some")) as session:
        with pytest.raises(JobEnded) as ended:
            session.receive()
        assert session.end() is ended.value.ending
    assert ended.value.ending.failure is None
    assert ended.value.failure.kind == "crashed"
    assert ended.value.ending.stderr == "standard output\nstandard [31merror\n"


@pytest.mark.parametrize("entry", ["sleep", "spin"])
def test_time_is_limited(executor, entry):
    ending = run(executor, job(entry, seconds_allowed=0.3))
    assert ending.failure.kind == "timeout"
    assert "0.3 seconds" in ending.failure.message
    assert 0.3 <= ending.seconds < 5


def test_memory_is_limited(executor):
    ending = run(executor, job("allocate", memory=300 << 20))
    assert ending.failure.kind == "memory"
    assert "300 MiB" in ending.failure.message
    assert ending.peak_memory < 1200 << 20


def test_an_impossible_allocation_is_a_memory_failure(executor):
    assert run(executor, job("allocate_at_once")).failure.kind == "memory"


def test_memory_that_processes_share_counts_once(executor):
    with executor.start(job("share_memory", mib=150, children=4, memory=400 << 20)) as session:
        assert session.receive()[0] == {"done": True}
        assert session.end().failure is None


def test_processes_are_limited_and_none_is_left(executor):
    ending = run(executor, job("start_many", count=30, processes=10))
    assert ending.failure.kind == "processes"


def test_disk_is_limited(executor):
    ending = run(executor, job("fill_disk", disk=20 << 20))
    assert ending.failure.kind == "disk"


def test_a_payload_beyond_the_limit_is_refused_before_it_is_read(executor):
    ending = run(executor, job("send_payload", bytes=2 << 20, output=1 << 20))
    assert ending.failure.kind == "output"
    assert "2097152" in ending.failure.message


@pytest.mark.parametrize(
    "prefix, text",
    [
        ((2, 0, 1 << 60), "{}"),
        ((1 << 31, 0, 0), ""),
        ((2, 5, 0), "{}"),
        ((3, 0, 0), "[1]"),
        ((4, 0, 0), "\xff\xfe{}"),
        ((9, 0, 0), '{"a":NaN}'),
        ((11, 0, 0), '{"a":1e999}'),
        ((14, 0, 0), '{"a":"\\ud800"}'),
        ((11, 0, 0), '{"a":"\xed\xa0\x80"}'),
        ((100_000, 0, 0), "[" * 100_000),
        ((20_008, 0, 0), '{"a":' + "9" * 20_002 + "}"),
        ((0, 0, 0), ""),
    ],
)
def test_garbage_on_the_channel_is_an_output_failure(executor, prefix, text):
    ending = run(executor, job("raw", prefix=prefix, text=text))
    assert ending.failure.kind == "output"
    assert len(ending.failure.message) < 400


def test_a_frame_that_never_ends_costs_the_job_its_time_and_nothing_else(executor):
    ending = run(executor, job("raw", prefix=(100, 0, 0), text="{", seconds_allowed=0.3))
    assert ending.failure.kind == "timeout"


def test_descriptors_that_a_job_sends_are_dropped(executor):
    with executor.start(job("send_descriptors")) as session:
        session.receive()
        before = len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0
        session.send({})
        after = len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0
    assert before == after


def test_a_job_that_closes_its_channel_is_not_waited_for(executor):
    started = time.monotonic()
    assert run(executor, job("close_channel")).failure.kind == "crashed"
    assert time.monotonic() - started < 10


def test_a_job_that_never_reads_cannot_block_the_sender_beyond_its_time(executor):
    with executor.start(job("sleep", seconds_allowed=1.0)) as session:
        session.receive()
        with pytest.raises(JobEnded) as ended:
            while True:
                session.send({"text": "x" * 100_000})
    assert ended.value.failure.kind == "timeout"


def test_a_job_that_nobody_reads_is_ended_by_hanging_up(executor):
    with executor.start(job("send_for_ever")) as session:
        for _ in range(3):
            session.receive()
        assert session.end().failure is None


def test_output_without_end_is_bounded(executor):
    ending = run(executor, job("print_for_ever", seconds_allowed=0.5))
    assert ending.failure.kind == "timeout"
    assert 0 < len(ending.stderr) <= 16 << 10


def test_leaving_the_session_kills_the_job(executor):
    started = time.monotonic()
    with executor.start(job("sleep")) as session:
        session.receive()
    assert time.monotonic() - started < 5
    assert session.end().failure.kind == "crashed"


def test_jobs_run_side_by_side(executor):
    answers, started = [], time.monotonic()

    def one(n: int) -> None:
        with executor.start(job("echo", n=n)) as session:
            barrier.wait(10)
            session.send({})
            answers.append(session.receive()[0]["params"]["n"])

    barrier = threading.Barrier(6)
    threads = [threading.Thread(target=one, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(answers) == list(range(6))
    assert time.monotonic() - started < 20


def test_what_is_not_json_never_reaches_the_job(executor):
    with executor.start(job("echo")) as session:
        with pytest.raises(TypeError):
            session.send({"value": object()})
        with pytest.raises(ValueError):
            session.send({"value": float("nan")})
        with pytest.raises(ValueError):
            session.send({"value": "x" * (5 << 20)})
        session.send({"value": 1})
        assert session.receive()[0]["message"] == {"value": 1}


def test_a_job_with_wrong_params_is_refused_at_the_start(executor):
    with pytest.raises(TypeError):
        executor.start(job("echo", value=object()))


PARENT = """
import sys, time
from pathlib import Path
from provender.execute import Job, open_executor
executor = open_executor(preload=["execute_entries"], readable=[Path(sys.argv[1])], level=sys.argv[2])
with executor.start(Job(entry="execute_entries:daemonise", params={"mark": sys.argv[3]})) as session:
    session.receive()
    print("running", flush=True)
    time.sleep(100)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("level", LEVELS)
def test_nothing_survives_a_parent_that_is_killed(level):
    if reason := available_levels()[level]:
        pytest.skip(reason)
    mark = f"provender-mark-{os.getpid()}-{level}"
    here = str(Path(__file__).parent)
    command = [sys.executable, "-c", PARENT, here, level, mark]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([here, *filter(None, sys.path)])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as parent:
        assert parent.stdout.readline() == b"running\n"
        assert len(processes_named(mark)) >= 4  # parent, job's sleepers
        parent.kill()
    for _ in range(100):
        if not (left := processes_named(mark)):
            break
        time.sleep(0.1)
    assert not left


def processes_named(mark: str) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark.encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_nothing_survives_a_warden_that_is_killed(executor):
    mark = f"provender-warden-{os.getpid()}-{executor.level}"
    with executor.start(job("daemonise", mark=mark)) as session:
        session.receive()
        zygote = executor._zygote._process.pid
        sleeper = next(p for p in census.descendants(zygote) if p.pid in processes_named(mark))
        wardens = [
            p for p in census.descendants(zygote) if any(d.pid == sleeper.pid for d in census.descendants(p.pid))
        ]
        warden = wardens[-2] if executor.level == "sealed" else wardens[-1]  # below it: the job's process 1
        os.kill(warden.pid, signal.SIGKILL)
        with pytest.raises(JobEnded) as ended:
            session.receive()
    assert ended.value.failure.kind == "memory"
    for _ in range(100):
        if not (left := processes_named(mark)):
            break
        time.sleep(0.1)
    assert not left
    with executor.start(job("echo")) as session:
        session.send({})
        session.receive()


@pytest.mark.parametrize("level", LEVELS)
def test_a_module_that_cannot_be_imported_is_named(level):
    if reason := available_levels()[level]:
        pytest.skip(reason)
    with (
        open_executor(preload=["no_such_module"], level=level) as opened,
        pytest.raises(SandboxError, match="no_such_module"),
    ):
        opened.start(job("echo"))


@pytest.mark.parametrize("level", LEVELS)
def test_a_zygote_that_dies_is_replaced_once_and_its_jobs_are_lost_loudly(level):
    if reason := available_levels()[level]:
        pytest.skip(reason)
    with open_executor(preload=[ENTRIES], readable=[Path(__file__).parent], level=level) as opened:
        session = opened.start(job("sleep"))
        session.receive()
        time.sleep(1.1)  # a zygote that dies younger than a second counts as unable to live
        os.kill(opened._zygote._process.pid, signal.SIGKILL)
        with pytest.raises((SandboxError, JobEnded)):
            session.receive()
        with opened.start(job("echo", n=1)) as again:
            again.send({})
            assert again.receive()[0]["params"] == {"n": 1}
        os.kill(opened._zygote._process.pid, signal.SIGKILL)
        assert opened._zygote._socket.recv(1) == b""  # dead indeed
        with pytest.raises(SandboxError, match="dies as soon as it starts"):
            opened.start(job("echo"))


def test_a_closed_executor_starts_nothing():
    opened = open_executor(preload=[ENTRIES], readable=[Path(__file__).parent])
    session = opened.start(job("sleep"))
    session.receive()
    opened.close()
    opened.close()
    with pytest.raises((SandboxError, JobEnded)):
        session.receive()
    with pytest.raises(SandboxError, match="closed"):
        opened.start(job("echo"))


def test_an_unknown_level_is_the_users_mistake():
    with pytest.raises(UserError, match="sealed, partial, unsealed"):
        open_executor(preload=[], level="fortress")


def test_every_level_is_tried_and_the_strongest_that_works_is_taken():
    levels = available_levels()
    assert list(levels) == list(LEVELS)
    assert levels["unsealed"] == ""
    with open_executor(preload=[]) as opened:
        assert opened.level == next(level for level, reason in levels.items() if not reason)


def test_the_executor_outlives_the_thread_that_opened_it():
    opened = []
    thread = threading.Thread(
        target=lambda: opened.append(open_executor(preload=[ENTRIES], readable=[Path(__file__).parent]))
    )
    thread.start()
    thread.join()
    time.sleep(0.2)
    with opened[0], opened[0].start(job("echo", n=4)) as session:
        session.send({})
        assert session.receive()[0]["params"] == {"n": 4}
