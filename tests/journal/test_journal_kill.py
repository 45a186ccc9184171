"""Kill -9 at any instant: what was acknowledged is there, what was not is there whole or not at all."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

from provender.journal.store import Journal

WRITER = """
import sys
from provender.journal.events import NodeStarted
from provender.journal.store import Journal
journal, batch = Journal(sys.argv[1]), int(sys.argv[2])
with journal.lease("a"):
    node = sum(1 for _ in journal.read("a"))
    print(node, flush=True)
    while True:
        journal.append("a", [NodeStarted(node=node + k) for k in range(batch)])
        node += batch
        print(node, flush=True)
"""


@pytest.mark.slow
def test_no_acknowledged_event_is_lost_when_the_writer_is_killed(tmp_path):
    path, rng = tmp_path / "journal.db", random.Random(0)
    acknowledged = 0
    for _ in range(25):
        batch = rng.choice([1, 1, 7, 400])
        writer = subprocess.Popen([sys.executable, "-c", WRITER, path, str(batch)], stdout=subprocess.PIPE, text=True)
        first = int(writer.stdout.readline())
        assert first >= acknowledged
        time.sleep(rng.random() * 0.15)
        writer.send_signal(signal.SIGKILL)
        lines = writer.communicate()[0].split("\n")
        acknowledged = max(first, *(int(line) for line in lines[:-1])) if len(lines) > 1 else first

        with Journal(path) as journal:
            nodes = [stored.event.node for stored in journal.read("a")]
        assert nodes == list(range(len(nodes)))
        assert len(nodes) >= acknowledged
        assert len(nodes) - acknowledged in (0, batch)  # at most the one batch that was written and not yet told
    assert acknowledged > 1000
    db = sqlite3.connect(path)
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()
