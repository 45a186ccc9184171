"""Loaders that cheat, spy, talk to each other, forge what they hand over or never end, through the whole of submit.

The labels are shuffled, so that nothing honest scores better than chance: whatever does has seen labels.
"""

from __future__ import annotations

import threading

import numpy as np
import pytest
from opened import Opened, executors, loader, open_task, table_of, write_task

from provender.contract.outcome import Failure
from provender.execute.job import Limits
from provender.pipeline.result import FoldResult

HONEST = loader()
CHANCE = 0.72  # of 91 evaluation rows; five standard errors above one half
LEAKED = Limits(seconds=20.0, memory=600 << 20, processes=24, disk=32 << 20, files=128, output=128 << 20)


@pytest.fixture(scope="module")
def pair():
    with executors() as both:
        assert {executor.level for executor in both} == {"sealed"}, "these attacks are held against the level sealed"
        yield both


@pytest.fixture(scope="module")
def noise(pair, tmp_path_factory) -> Opened:
    place = tmp_path_factory.mktemp("noise")
    table = table_of("breast_cancer").iloc[:, [0, 1, 4, 5, 8, -1]]
    table["target"] = np.random.default_rng(7).permutation(table["target"].to_numpy())
    folder = write_task(place / "task", table, metric="accuracy")
    return open_task(folder, place / "workspace", *pair, limits=LEAKED)


def honest_still_scores(opened: Opened, fold) -> None:
    outcome = opened.run(f"{HONEST}\n# {np.random.default_rng().integers(1 << 40)}", fold)
    assert isinstance(outcome, FoldResult), outcome
    assert outcome.lineage["kept"] == len(fold.train) and not outcome.cached


def accuracy(opened: Opened, fold, outcome: FoldResult) -> float:
    return float((outcome.prediction.argmax(axis=1) == opened.records.y[fold.evaluation]).mean())


# --- folds that talk -------------------------------------------------------------------------------------------------

# The labels of the rows that a fold trains on are another fold's answers. Each loader first looks into a channel for
# what an earlier fold left there, then leaves its own; a label that it finds becomes the feature of its row.
TALK = '''
import json, os, sys, ctypes, glob, hashlib, tempfile, builtins
import numpy as np

def key(values):
    return hashlib.sha1(np.round(values, 6).tobytes()).hexdigest()

{channel}

class DataLoader:
    def __init__(self, task, pool):
        self.task = task
        self.found = {{}}
        try:
            self.found = json.loads(get())
        except Exception:
            pass
        told = dict(self.found)
        told.update({{key(v): int(label) for v, label in zip(task.train.frame.to_numpy(float), task.train.y)}})
        try:
            put(json.dumps(told))
        except Exception:
            pass

    def rows(self):
        return self.task.train

    def features(self, frame):
        x = frame.to_numpy(float)
        return np.column_stack([x, [self.found.get(key(v), 0.5) for v in x]])

    def fit(self, rows):
        x = rows.frame.to_numpy(float)
        noise = np.random.default_rng(0).random(len(x)) < 0.02
        return np.column_stack([x, np.where(noise, 1 - rows.y, rows.y)])   # not quite a give-away

    def inputs(self, raw):
        return self.features(raw)
'''
FILE = """
def put(text):
    for path in PATHS:
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            open(path, "w").write(text)
        except OSError:
            pass

def get():
    for path in PATHS:
        if os.path.exists(path):
            return open(path).read()
"""
SEGMENT = """
libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
def segment(make):
    number = libc.shmget(0x7e57, 1 << 20, 0o1666 if make else 0)
    if number < 0:
        raise OSError(ctypes.get_errno(), "no such segment")
    return libc.shmat(number, None, 0)

def put(text):
    ctypes.memmove(segment(True), text.encode() + bytes(1), len(text) + 1)

def get():
    return ctypes.string_at(segment(False)).decode()
"""
CHANNELS = {
    "scratch": 'PATHS = ["left.json", os.path.expanduser("~/left.json"), "/scratch/left.json", "/scratch/work/left.json"]' + FILE,
    "temporary folders": 'PATHS = ["/tmp/left.json", "/var/tmp/left.json", os.path.join(tempfile.gettempdir(), "left.json")]' + FILE,
    "shared memory": 'PATHS = ["/dev/shm/left.json", "/dev/mqueue/left", "/run/left.json"]' + FILE,
    "installed packages": 'PATHS = [os.path.join(os.path.dirname(np.__file__), "left.json")] + [os.path.join(p, "left.json") for p in sys.path]' + FILE,
    "the interpreter's caches": 'PATHS = [os.path.join(os.path.dirname(os.__file__), "__pycache__", "left.json"), sys.prefix + "/left.json"]' + FILE,
    "the root": 'PATHS = ["/left.json", "/proc/left.json", "/dev/left.json", "/usr/left.json", "/etc/left.json"]' + FILE,
    "module globals": "import sklearn\ndef put(text):\n    sklearn.left = np.left = builtins.left = sys.left = text\n\ndef get():\n    return builtins.left",
    "the environment": 'def put(text):\n    os.environ["LEFT"] = text\n\ndef get():\n    return os.environ["LEFT"]',
    "a SysV segment": SEGMENT,
    "the host name": 'import socket\ndef put(text):\n    socket.sethostname(text[:60])\n\ndef get():\n    return socket.gethostname()',
    "descriptors": 'def put(text):\n    for fd in range(3, 64):\n        try:\n            os.write(fd, b"")\n            os.lseek(fd, 0, 0)\n            os.write(fd, text.encode())\n'
                   '        except OSError:\n            pass\n\ndef get():\n    for fd in range(5, 64):\n        try:\n            os.lseek(fd, 0, 0)\n            return os.read(fd, 1 << 20).decode()\n        except OSError:\n            pass',
}  # fmt: skip


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_fold_learns_nothing_from_the_fold_before(noise, channel):
    text = TALK.format(channel=CHANNELS[channel])
    folds = noise.plan.development()
    for fold in folds[:2]:
        outcome = noise.run(text, fold)
        assert isinstance(outcome, FoldResult), outcome
        assert accuracy(noise, fold, outcome) < CHANCE
    honest_still_scores(noise, folds[0])


def test_the_channel_of_these_tests_would_show(noise):
    """The same loader, told the labels by hand, is nearly always right: the tests above can fail."""
    fold = noise.plan.development()[0]
    r = noise.records
    rows = r.frame.iloc[fold.evaluation].to_numpy(float).round(6).tolist()
    labels = r.y[fold.evaluation].tolist()
    told = f"import numpy as np\ndef get():\n    return json.dumps({{key(np.array(v)): k for v, k in zip({rows}, {labels})}})\n\ndef put(text):\n    pass"
    assert accuracy(noise, fold, noise.run(TALK.format(channel=told), fold)) > 0.9


def test_folds_that_run_side_by_side_do_not_hear_each_other(noise):
    """An abstract socket, a pid to signal, a lock: nothing of the neighbour exists."""
    channel = """
import socket, time
def get():
    end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    end.bind("\\0left")
    end.settimeout(2)
    return end.recv(1 << 20).decode()

def put(text):
    end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    end.sendto(text.encode(), "\\0left")
"""
    folds, outcomes = noise.plan.development()[:2], {}
    texts = (TALK.format(channel=channel), TALK.format(channel=channel.replace("return end.recv", "time.sleep(0.5)\n    return '{}'  #")))
    workers = [threading.Thread(target=lambda i=i: outcomes.update({i: noise.run(texts[i], folds[i])})) for i in (0, 1)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert all(isinstance(outcome, FoldResult) for outcome in outcomes.values()), outcomes
    assert accuracy(noise, folds[0], outcomes[0]) < CHANCE


# --- spies -----------------------------------------------------------------------------------------------------------

SPY = """
import os, glob
import numpy as np

def readable(paths):
    for path in paths:
        try:
            with open(path, "rb") as stream:
                if stream.read(1):
                    return path
        except OSError:
            pass

class DataLoader:
    def __init__(self, task, pool):
        self.task = task
        place = {find}
        if place:
            raise RuntimeError(f"read {{place}}")

    def rows(self):
        return self.task.train

    def fit(self, rows):
        return rows.frame.to_numpy(float)

    def inputs(self, raw):
        return raw.to_numpy(float)
"""


def spies(opened: Opened) -> dict[str, str]:
    folder, workspace = opened.plan.task.folder, opened.pool.folder.parent
    home = "[os.path.join(d, f) for d, _, fs in os.walk({!r}) for f in fs]"
    return {
        "the task folder": f"readable([{str(folder / 'data' / 'train.csv')!r}, {str(folder / 'task.toml')!r}])",
        "sealed rows": f"readable({home.format(str(folder))})",
        "the cache and the pool": f"readable({home.format(str(workspace))})",
        "the task through /proc": f"readable(['/proc/self/root' + {str(folder / 'data' / 'train.csv')!r}, '/proc/1/root' + {str(folder / 'task.toml')!r}])",
        "other processes": "readable(glob.glob('/proc/[0-9]*/environ') + glob.glob('/proc/[0-9]*/maps') + glob.glob('/proc/[0-9]*/mem') + glob.glob('/proc/[0-9]*/cmdline'))",
        "descriptors": "readable(glob.glob('/proc/self/fd/*') + glob.glob('/dev/fd/*')) or next((f'fd {fd}' for fd in range(5, 256) if os.path.exists(f'/proc/self/fd/{fd}')), None)",
        "data sets that packages ship": "readable(glob.glob(os.path.dirname(__import__('sklearn').__file__) + '/datasets/data/*.csv*'))",
        "users and secrets": "readable(['/etc/shadow', '/etc/passwd', '/root/.bashrc', '/root/.bash_history', *glob.glob('/home/*/.*')])",
        "the environment": "next((name for name in os.environ if 'PROVENDER' in name or 'TOKEN' in name or 'SSH' in name), None)",
    }


@pytest.mark.parametrize("place", ["the task folder", "sealed rows", "the cache and the pool", "the task through /proc", "other processes",
                                   "descriptors", "data sets that packages ship", "users and secrets", "the environment"])  # fmt: skip
def test_a_spy_finds_nothing_to_read(noise, place):
    fold = noise.plan.development()[0]
    noise.run(HONEST, fold)  # so that there is a cache
    outcome = noise.run(SPY.format(find=spies(noise)[place]), fold)
    assert isinstance(outcome, FoldResult), outcome
    assert accuracy(noise, fold, outcome) < CHANCE


def test_the_memory_of_the_harness_is_out_of_reach(noise):
    text = loader(
        head="import ctypes, os",
        init="libc = ctypes.CDLL(None, use_errno=True)\n"
        "buffer = ctypes.create_string_buffer(64)\n"
        "class V(ctypes.Structure):\n    _fields_ = [('a', ctypes.c_void_p), ('n', ctypes.c_size_t)]\n"
        "reached = []\n"
        "for pid in {os.getppid(), *range(1, 400)} - {0, os.getpid()}:\n"
        "    here, there = V(ctypes.cast(buffer, ctypes.c_void_p), 64), V(0x400000, 64)\n"
        "    reached += [pid] * (libc.process_vm_readv(pid, ctypes.byref(here), 1, ctypes.byref(there), 1, 0) > 0)\n"
        "    reached += [pid] * (libc.ptrace(16, pid, 0, 0) == 0)\n"
        "    try:\n        os.kill(pid, 0)\n        reached.append(pid)\n    except OSError:\n        pass\n"
        "assert not reached, reached",
    )
    fold = noise.plan.development()[0]
    assert isinstance(noise.run(text, fold), FoldResult)
    honest_still_scores(noise, fold)


# --- knowledge of labels ---------------------------------------------------------------------------------------------


def test_a_table_of_training_labels_helps_no_evaluation_row(noise):
    text = loader(
        fit="x = self.numbers(rows.frame)\nself.known = {v.tobytes(): k for v, k in zip(x, rows.y)}\nreturn self.told(x)",
        inputs="return self.told(self.numbers(raw))",
    ) + "\n    def told(self, x):\n        return np.column_stack([x, [self.known.get(v.tobytes(), np.random.rand()) for v in x]])\n"  # fmt: skip
    fold = noise.plan.development()[0]
    outcome = noise.run(text, fold)
    assert isinstance(outcome, Failure) and outcome.kind == "leak", outcome
    hidden = text.replace("np.random.rand()) for v in x]", "0.5) + 0.1 * np.sin(1e4 * v.sum()) for v in x]")
    outcome = noise.run(hidden, fold)
    assert isinstance(outcome, FoldResult), outcome
    assert accuracy(noise, fold, outcome) < CHANCE


@pytest.mark.parametrize("inputs", [
    "x = self.numbers(raw)\nreturn x - x.mean(axis=0)",
    "x = self.numbers(raw)\nreturn (np.argsort(np.argsort(x, axis=0), axis=0) / len(x))",
    "x = self.numbers(raw)\nreturn np.column_stack([x[:, :4], np.arange(len(x))])",
    "x = self.numbers(raw)\nself.times = getattr(self, 'times', 0) + 1\nreturn x * self.times",
    "x = self.numbers(raw)\nreturn x + np.random.default_rng().random(x.shape)",
    "return self.numbers(raw)[::-1]",
])  # fmt: skip
def test_inputs_that_depend_on_their_neighbours_or_on_chance_are_refused(noise, inputs):
    outcome = noise.run(loader(inputs=inputs))
    assert isinstance(outcome, Failure) and outcome.kind == "batch", outcome


# --- bombs -----------------------------------------------------------------------------------------------------------

ENDLESS = "while True:\n    pass"
BOMBS = {
    "a loop in __init__": (loader(init=ENDLESS), "timeout"),
    "a loop in rows": (loader(rows=ENDLESS), "timeout"),
    "a loop in fit": (loader(fit=ENDLESS), "timeout"),
    "a loop in inputs": (loader(inputs=ENDLESS), "timeout"),
    "sleep": (loader(init="import time; time.sleep(1e6)"), "timeout"),
    "ignored signals": (loader(init="import signal\nfor s in (2, 15, 14):\n    signal.signal(s, signal.SIG_IGN)\nwhile True:\n    pass"), "timeout"),
    "memory": (loader(init="self.x = [bytearray(1 << 20) for _ in range(100_000)]"), "memory"),
    "memory of children": (loader(init="import os, time\nfor _ in range(8):\n    if os.fork() == 0:\n        x = b'x' * (200 << 20)\n        time.sleep(100)\ntime.sleep(100)"), "memory"),
    "processes": (loader(init="import os, time\nfor _ in range(60):\n    if os.fork() == 0:\n        time.sleep(100)\ntime.sleep(100)"), "processes|crashed"),
    "disk": (loader(init="with open('big', 'wb') as f:\n    while True:\n        f.write(bytes(1 << 20))"), "disk"),
    "output": (loader(fit="return np.ones((3 << 20, 6))"), "output|contract|memory"),
    "10 GB of output": (loader(fit="return np.broadcast_to(np.float64(1), (1 << 20, 1300))"), "output|contract|memory"),
    "columns without end": (loader(fit="from scipy.sparse import csr_matrix\nreturn csr_matrix((len(rows), 1 << 30))",
                                   inputs="from scipy.sparse import csr_matrix\nreturn csr_matrix((len(raw), 1 << 30))"), "contract"),
    "recursion": (loader(init="f = lambda: f()\nf()"), "crashed"),
    "a deep stack": (loader(init="import sys\nsys.setrecursionlimit(10**9)\nf = lambda x: f(repr(x))\nf(1)"), "crashed|memory|timeout"),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_fails_and_the_next_state_scores(noise, pair, tmp_path, bomb):
    text, kinds = BOMBS[bomb]
    seconds = 1.5 if kinds == "timeout" else 15.0
    limits = Limits(seconds=seconds, memory=600 << 20, processes=24, disk=32 << 20, files=128, output=128 << 20)
    opened = open_task(noise.plan.task.folder, tmp_path / "w", *pair, limits=limits)
    fold = opened.plan.development()[0]
    outcome = opened.run(text, fold)
    assert isinstance(outcome, Failure) and outcome.kind in kinds.split("|"), outcome
    honest_still_scores(opened, fold)


@pytest.mark.parametrize("body", [
    "import sys\nfor _ in range(300):\n    print('x' * 100_000)\n    print('\\x1b[2Jy' * 10_000, file=sys.stderr)",
    "import os\nfor fd in (1, 2):\n    os.write(fd, b'\\x1b]0;owned\\x07' * 100_000)",
    "import os\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        import time\n        while True:\n            time.sleep(1)\n    os._exit(0)",
    "import sys\nsys.stdout.close(); sys.stderr.close()",
    "import threading, time\nfor _ in range(20):\n    threading.Thread(target=time.sleep, args=(60,), daemon=False).start()",
    "import atexit, time\natexit.register(time.sleep, 100)",
    "import socket\ntry:\n    socket.create_connection(('127.0.0.1', 80), 1)\nexcept OSError:\n    pass\nelse:\n    raise RuntimeError('there is a network')",
    "import urllib.request\ntry:\n    urllib.request.urlopen('http://192.0.2.1/', timeout=1)\nexcept OSError:\n    pass\nelse:\n    raise RuntimeError('there is a network')",
    "import sklearn.linear_model, pandas\nsklearn.linear_model.LogisticRegression = None\npandas.DataFrame.to_numpy = None.__class__",
    "import sys\nfor name in list(sys.modules):\n    if name.startswith(('provender.guard', 'provender.learners', 'sklearn')):\n        del sys.modules[name]",
])  # fmt: skip
def test_noise_daemons_and_patches_stay_where_they_are(noise, body):
    fold = noise.plan.development()[0]
    outcome = noise.run(loader(init=body, fit="return np.asarray(rows.frame, dtype=float)", inputs="return np.asarray(raw, dtype=float)"), fold)
    if isinstance(outcome, FoldResult):
        assert accuracy(noise, fold, outcome) < CHANCE
    else:
        assert outcome.kind in ("crashed", "processes"), outcome
        assert "network" not in outcome.message
        assert "\x1b" not in outcome.message + outcome.detail
    honest_still_scores(noise, fold)


# --- forgers ---------------------------------------------------------------------------------------------------------

# The loader's process holds the channel: a forger finds it and says what it likes.
FORGE = '''
import gc, os, socket, struct, json
import numpy as np
import pandas as pd
from provender.contract.wire import pack
from provender.execute.inside import Channel

def channel():
    return next(o for o in gc.get_objects() if isinstance(o, Channel))

def raw():
    return channel()._connection

class DataLoader:
    def __init__(self, task, pool):
        self.task = task
        n = len(task.train)
        x, y, w = task.train.frame.to_numpy(float), np.array(task.train.y), np.ones(n)
        ids, frame = task.train.ids, task.train.frame
{body}
        os._exit(0)

    def rows(self): ...
    def fit(self, rows): ...
    def inputs(self, raw): ...
'''
SAY_ROWS = "channel().send({'step': 'rows'}, pack({'weight': w}))\n"
FORGERIES = {
    "another step": ("channel().send({'step': 'score', 'score': 1.0}, b'')", "output"),
    "no payload": ("channel().send({'step': 'rows'})", "output"),
    "a payload of rubbish": ("channel().send({'step': 'rows'}, os.urandom(5000))", "output"),
    "an empty payload": ("channel().send({'step': 'rows'}, b'')", "output"),
    "bytes that are no frame": ("raw().sendall(os.urandom(4096))", "output|crashed"),
    "a length without end": ("raw().sendall(struct.pack('<IIQ', 10, 0, 2**63))", "output"),
    "a text without end": ("raw().sendall(struct.pack('<IIQ', 2**32 - 1, 0, 0))", "output"),
    "a step that is no text": ("channel().send({'step': ['rows']}, pack({'weight': w}))", "output"),
    "changes that are a number": ("channel().send({'step': 'rows', 'changes': 5}, pack({'weight': w}))", "crashed"),
    "changes that are rubbish": ("channel().send({'step': 'rows', 'changes': [5, {'kind': []}, {'kind': 'drop', 'count': 'x'}, None]}, pack({'weight': w}))", "crashed"),
    "no weights": ("channel().send({'step': 'rows'}, pack({'y': y}))", "contract"),
    "weights of another length": ("channel().send({'step': 'rows'}, pack({'weight': w[:-1]}))", "contract"),
    "weights that are one number": ("channel().send({'step': 'rows'}, pack({'weight': np.array(1.0)}))", "contract"),
    "ids that are a table": ("channel().send({'step': 'rows'}, pack({'ids': frame, 'frame': frame, 'y': y, 'weight': w}))", "output"),
    "a frame that is a number": ("channel().send({'step': 'rows'}, pack({'ids': ids, 'frame': 5, 'y': y, 'weight': w}))", "output"),
    "fewer ids than rows": ("channel().send({'step': 'rows'}, pack({'ids': ids[:-1], 'frame': frame, 'y': y, 'weight': w}))", "output"),
    "labels that are one number": ("channel().send({'step': 'rows'}, pack({'ids': ids, 'frame': frame, 'y': np.array(1), 'weight': w}))", "contract"),
    "labels in a cube": ("channel().send({'step': 'rows'}, pack({'ids': ids, 'frame': frame, 'y': np.zeros((n, 2, 2)), 'weight': w}))", "contract"),
    "labels of another class": ("channel().send({'step': 'rows'}, pack({'ids': ids, 'frame': frame, 'y': y.astype('u8') + 2**63, 'weight': w}))", "contract"),
    "a selection": ("channel().send({'step': 'selection', 'asset': 'task:pool'}, pack({'ids': ids, 'weight': w}))", "output"),
    "dates beyond all time": ("frame = frame.assign(a=np.full(n, 2**62).view('M8[s]'))\nchannel().send({'step': 'rows'}, pack({'ids': ids * 0, 'frame': frame, 'y': y, 'weight': w}))", "crashed"),
    "other labels with the features": (SAY_ROWS + "channel().send({'step': 'features'}, pack({'x': x, 'y': 1 - y, 'weight': w}))", "contract"),
    "other weights with the features": (SAY_ROWS + "channel().send({'step': 'features'}, pack({'x': x, 'y': y, 'weight': w * y}))", "contract"),
    "features that are a vector": (SAY_ROWS + "channel().send({'step': 'features'}, pack({'x': x[:, 0], 'y': y, 'weight': w}))", "contract"),
    "names that are rubbish": (SAY_ROWS + "channel().send({'step': 'features', 'names': [{'a': 1}, None, '\\x1b[31m', 5, []]}, pack({'x': x, 'y': y, 'weight': w}))", "crashed"),
    "features without bound": (SAY_ROWS + "channel().send({'step': 'features'}, pack({'x': x * np.inf, 'y': y, 'weight': w}))", "crashed"),
    "features before rows": ("channel().send({'step': 'features'}, pack({'x': x, 'y': y, 'weight': w}))", "output"),
    "inputs that nobody asked for": (SAY_ROWS + "channel().send({'step': 'inputs'}, pack({'x': x}))", "output"),
    "inputs in another form": (SAY_ROWS + "channel().send({'step': 'features'}, pack({'x': x, 'y': y, 'weight': w}))\nchannel().receive()\n"
                               "channel().send({'step': 'inputs'}, pack({'x': frame.assign(a='b').iloc[:, 1:]}))", "contract"),
    "a flood": ("while True:\n    channel().send({'step': 'rows'}, bytes(1 << 20))", "output|crashed"),
}  # fmt: skip


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_message_fails_the_state_and_nothing_else(noise, forgery):
    body, kinds = FORGERIES[forgery]
    fold = noise.plan.development()[1]
    outcome = noise.run(FORGE.format(body="\n".join("        " + line for line in body.splitlines())), fold)
    assert isinstance(outcome, Failure) and outcome.kind in kinds.split("|"), outcome
    assert "\n" not in outcome.message and "\x1b" not in outcome.message
    honest_still_scores(noise, fold)


def test_answers_that_come_too_early_teach_nothing(noise):
    """Inputs answered before they were seen are chance, however well formed."""
    fold = noise.plan.development()[1]
    n = len(fold.evaluation)
    body = (
        f"{SAY_ROWS}channel().send({{'step': 'features'}}, pack({{'x': x, 'y': y, 'weight': w}}))\n"
        f"for k in ({n}, {n // 2}):\n    channel().send({{'step': 'inputs'}}, pack({{'x': np.ones((k, x.shape[1]))}}))\nimport time; time.sleep(3)"
    )
    outcome = noise.run(FORGE.format(body="\n".join("        " + line for line in body.splitlines())), fold)
    assert isinstance(outcome, FoldResult), outcome
    assert accuracy(noise, fold, outcome) < CHANCE


def test_appended_rows_claimed_to_be_the_task_s_own_are_found_out(noise):
    """Evaluation rows written into the loader, handed over as features while the rows are said to be unchanged."""
    fold = noise.plan.development()[1]
    leaked, labels = noise.records.frame.iloc[fold.evaluation].to_numpy(float).tolist(), noise.records.y[fold.evaluation].tolist()
    body = (
        f"a, b = np.array({leaked}), np.array({labels})\n{SAY_ROWS}"
        "channel().send({'step': 'features'}, pack({'x': np.vstack([x, a]), 'y': np.r_[y, b], 'weight': np.r_[w, np.ones(len(b))]}))\n"
        "while True:\n    _, files = channel().receive()\n    from provender.contract.wire import unpack\n"
        "    channel().send({'step': 'inputs'}, pack({'x': unpack(files[0])['raw'].to_numpy(float)}))"
    )
    outcome = noise.run(FORGE.format(body="\n".join("        " + line for line in body.splitlines())), fold)
    assert isinstance(outcome, Failure) and outcome.kind == "leak", outcome


@pytest.mark.parametrize("head, fit", [
    ("class X:\n    def __len__(self): return 10**18\n    def __array__(self, *a, **k): raise KeyError", "return X()"),
    ("class X(np.ndarray):\n    def astype(self, *a, **k): raise SystemExit", "return self.numbers(rows.frame).astype(object).view(X)"),
    ("class X(pd.DataFrame):\n    dtypes = property(lambda self: 1 / 0)", "return X(self.numbers(rows.frame))"),
    ("class X:\n    def __reduce__(self): import os; return os.system, ('id',)", "return pd.DataFrame({'a': [X()] * len(rows)})"),
    ("", "return np.full((len(rows), 2), None)"),
    ("", "return np.full((len(rows), 2), 1j)"),
    ("", "return pd.DataFrame({'a': [object()] * len(rows)})"),
])  # fmt: skip
def test_objects_that_lie_about_themselves_end_inside(noise, head, fit):
    outcome = noise.run(loader(head=head, fit=fit))
    assert isinstance(outcome, Failure) and outcome.kind in ("crashed", "contract"), outcome
    honest_still_scores(noise, noise.plan.development()[0])


