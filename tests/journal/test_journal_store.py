"""The store: durable, ordered, shared by threads and processes, and clear about what is wrong with a file."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading

import pytest

from provender.errors import JournalError, RunError
from provender.journal.events import (
    BudgetExtended,
    Confirmed,
    NodeStarted,
    RunFinished,
    RunInterrupted,
    RunResumed,
    RunStarted,
    RunVoided,
    TestScored,
)
from provender.journal.ledger import Openings, openings, wall_seconds
from provender.journal.store import MIGRATIONS, MILESTONES, Journal


def started(task: str = "wine", created: float = 1.0, digest: str = "d1") -> RunStarted:
    return RunStarted(
        task=task,
        folder="tasks/wine",
        task_digest=digest,
        settings={},
        environment={},
        isolation="sealed",
        created=created,
    )


def confirmed() -> Confirmed:
    return Confirmed(
        node=1, initial=0.4, best=0.3, gain=0.1, interval=(0.05, 0.15), level=0.01, rows=9, foldings=5, proven=True
    )


@pytest.fixture
def journal(tmp_path):
    with Journal(tmp_path / "journal.db") as opened:
        yield opened


def test_events_are_read_in_the_order_they_were_written(journal):
    journal.append("a", [started(), NodeStarted(node=0)])
    journal.append("b", [started()])
    journal.append("a", [NodeStarted(node=1)])
    assert [(s.seq, s.event) for s in journal.read("a")] == [
        (1, started()),
        (2, NodeStarted(node=0)),
        (3, NodeStarted(node=1)),
    ]
    assert [s.event for s in journal.read("a", since=2)] == [NodeStarted(node=1)]
    assert list(journal.read("nobody")) == []


def test_nothing_of_a_refused_batch_is_written(journal):
    journal.append("a", [started()])
    with pytest.raises(JournalError):
        journal.append("a", [NodeStarted(node=0), RunResumed(environment={"x": object()}, isolation="sealed")])
    assert len(list(journal.read("a"))) == 1


def test_a_reader_may_pause_while_others_append(journal):
    journal.append("a", [NodeStarted(node=k) for k in range(3000)])
    reader = journal.read("a")
    first = next(reader)
    journal.append("a", [NodeStarted(node=3000)])
    assert [first.event.node, *(s.event.node for s in reader)] == list(range(3001))


def test_another_journal_sees_what_was_appended(journal):
    with Journal(journal.path) as other:
        journal.append("a", [started()])
        assert [s.event for s in other.read("a")] == [started()]
        other.append("a", [NodeStarted(node=0)])
        assert [s.seq for s in journal.read("a")] == [1, 2]


def test_threads_append_without_losing_or_mixing(journal):
    def write(run: str) -> None:
        for k in range(60):
            journal.append(run, [NodeStarted(node=k), NodeStarted(node=k)])

    threads = [threading.Thread(target=write, args=(run,)) for run in ("a", "b", "a", "c")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(list(journal.read(run))) for run in "abc"] == [240, 120, 120]


def test_the_time_of_an_event_is_the_clocks(tmp_path):
    clock = iter([10.0, 20.0, 50.0, 51.0])
    with Journal(tmp_path / "journal.db", clock=lambda: next(clock)) as journal:
        journal.append("a", [started()])
        journal.append("a", [NodeStarted(node=0)])
        journal.append("a", [RunResumed(environment={}, isolation="sealed")])
        journal.append("a", [NodeStarted(node=0)])
        assert [s.time for s in journal.read("a")] == [10.0, 20.0, 50.0, 51.0]
        assert wall_seconds(journal.read("a")) == 11.0


def test_runs_are_listed_with_their_status(journal):
    assert journal.runs() == []
    journal.append("c", [started(created=3.0), RunFinished(best=0), RunVoided(reason="the data changed")])
    journal.append("b", [started(created=2.0), RunFinished(best=0)])
    journal.append("a", [started(created=1.0, task="iris"), NodeStarted(node=0), RunInterrupted(reason="Ctrl-C")])
    lines = journal.runs()
    assert [(line.id, line.status, line.events) for line in lines] == [
        ("a", "interrupted", 3),
        ("b", "finished", 2),
        ("c", "void", 3),
    ]
    assert lines[0].task == "iris" and lines[0].task_digest == "d1"


def test_a_run_whose_process_died_is_interrupted_and_one_with_a_process_runs(journal):
    journal.append("a", [started()])
    assert journal.runs()[0].status == "interrupted"
    with journal.lease("a"):
        assert journal.runs()[0].status == "running"
    assert journal.runs()[0].status == "interrupted"


def test_more_budget_opens_a_finished_run_again(journal):
    journal.append("a", [started(), RunFinished(best=0), BudgetExtended(nodes=5)])
    assert journal.runs()[0].status == "interrupted"


def test_milestones_are_found_by_their_own_index(journal):
    kinds = ", ".join(f"'{kind}'" for kind in MILESTONES)
    journal.close()
    with sqlite3.connect(journal.path) as db:
        plan = db.execute(
            f"EXPLAIN QUERY PLAN SELECT body FROM events WHERE kind IN ({kinds}) ORDER BY run, seq"
        ).fetchall()
    db.close()
    assert "milestones" in plan[0][3]


def test_a_removed_run_is_gone_but_what_it_opened_stays_opened(journal):
    journal.append(
        "a", [started(), confirmed(), TestScored(node=1, initial=0.4, best=0.3, gain=0.1, interval=(0.0, 0.2))]
    )
    journal.append("b", [started(), confirmed()])
    journal.append("c", [started(digest="another"), confirmed()])
    assert openings(journal, "d1") == Openings(2, 1)
    journal.remove("a")
    assert list(journal.read("a")) == [] and [line.id for line in journal.runs()] == ["b", "c"]
    assert openings(journal, "d1") == Openings(2, 1)
    assert openings(journal, "another") == Openings(1, 0)


def test_removing_asks_for_an_existing_run_that_nobody_writes(journal):
    with pytest.raises(RunError, match="no run 'a'"):
        journal.remove("a")
    journal.append("a", [started()])
    with journal.lease("a"), pytest.raises(RunError, match=str(os.getpid())):
        journal.remove("a")
    assert len(list(journal.read("a"))) == 1


@pytest.mark.parametrize("run", ["", "../up", "a/b", ".hidden", "x" * 200])
def test_a_run_id_is_a_plain_name(journal, run):
    with pytest.raises(RunError, match="no run id"):
        journal.append(run, [started()])
    with pytest.raises(RunError, match="no run id"), journal.lease(run):
        pass


def test_the_lease_is_one_processes_and_ends_with_it(journal):
    code = (
        "import sys; from provender.journal.store import Journal\n"
        "with Journal(sys.argv[1]).lease('a'):\n    print('held', flush=True); sys.stdin.read()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, journal.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert child.stdout.readline() == "held\n"
        with pytest.raises(RunError, match=f"process {child.pid}"), journal.lease("a"):
            pass
        with journal.lease("b"):
            assert journal.leased("a") and journal.leased("b")
    finally:
        child.kill()
        child.communicate()
    with journal.lease("a"):
        assert journal.leased("a")
    assert not journal.leased("a")


def test_processes_that_open_a_new_journal_at_once_all_succeed(tmp_path):
    code = (
        "import sys; from provender.journal.store import Journal; from provender.journal.events import NodeStarted\n"
        "with Journal(sys.argv[1]) as j:\n    for k in range(20): j.append(sys.argv[2], [NodeStarted(node=k)])"
    )
    path = tmp_path / "deep" / "journal.db"
    children = [subprocess.Popen([sys.executable, "-c", code, path, f"run{k}"]) for k in range(4)]
    assert [child.wait() for child in children] == [0] * 4
    with Journal(path) as journal:
        assert [len(list(journal.read(f"run{k}"))) for k in range(4)] == [20] * 4


@pytest.mark.parametrize("damage", ["head", "middle"])
def test_a_damaged_file_is_told_with_its_mend(tmp_path, damage):
    path = tmp_path / "journal.db"
    with Journal(path) as journal:
        journal.append("a", [started(), *(NodeStarted(node=k) for k in range(5000))])
    raw = bytearray(path.read_bytes())
    at = 0 if damage == "head" else 4096
    raw[at : at + 3 * 4096 if at else 100] = os.urandom(3 * 4096 if at else 100)
    path.write_bytes(raw)
    with pytest.raises(JournalError, match=r"journal\.db is damaged .*move it away"), Journal(path) as journal:
        list(journal.read("a"))


def test_a_missing_event_in_the_middle_is_told(tmp_path):
    path = tmp_path / "journal.db"
    with Journal(path) as journal:
        journal.append("a", [started(), NodeStarted(node=0), NodeStarted(node=1)])
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM events WHERE seq = 2")
    db.close()
    with Journal(path) as journal, pytest.raises(JournalError, match="from event 1 to 3"):
        list(journal.read("a"))


def test_an_event_that_is_no_json_is_told(tmp_path):
    path = tmp_path / "journal.db"
    with Journal(path) as journal:
        journal.append("a", [started(), NodeStarted(node=0)])
    with sqlite3.connect(path) as db:
        db.execute("""UPDATE events SET body = '{"node":' WHERE seq = 2""")
    db.close()
    with Journal(path) as journal, pytest.raises(JournalError, match="is not JSON"):
        list(journal.read("a"))


def test_another_programs_database_is_left_alone(tmp_path):
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE notes(text)")
    db.close()
    before = path.read_bytes()
    with pytest.raises(JournalError, match="not a journal of Provender"):
        Journal(path)
    assert path.read_bytes() == before


def test_a_newer_journal_asks_for_a_newer_provender(tmp_path):
    path = tmp_path / "journal.db"
    Journal(path).close()
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    db.close()
    with pytest.raises(JournalError, match=r"version 2.*pip install -U provender"):
        Journal(path)


def test_a_path_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match="permissions"):
        Journal(tmp_path / "file" / "journal.db")


def test_a_full_disk_is_told_and_loses_nothing(tmp_path):
    path = tmp_path / "journal.db"
    with Journal(path) as journal:
        journal.append("a", [started()])
        journal._connection.execute("PRAGMA max_page_count = 8")
        with pytest.raises(JournalError, match="no space is left"):
            journal.append("a", [NodeStarted(node=k) for k in range(5000)])
        assert len(list(journal.read("a"))) == 1
        journal._connection.execute("PRAGMA max_page_count = 1000000")
        journal.append("a", [NodeStarted(node=0)])
        assert [s.seq for s in journal.read("a")] == [1, 2]
