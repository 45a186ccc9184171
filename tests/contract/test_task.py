"""task.toml: what is read, and that every mistake is told by its key, its value and the mend."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provender.contract.schema import Column, Schema
from provender.contract.task import read_task, seconds
from provender.contract.task_text import TaskText
from provender.errors import TaskError

TASK = """
[task]
name = "spooky"
modality = "text"
[data]
train = "train.csv"
id = "id"
target = "author"
[columns]
text = "text"
[metric]
name = "log_loss"
[learner]
preset = "logistic"
[budget]
nodes = 40
time = "1h30m"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "train.csv").write_text("id,text,author\n1,a raven,poe\n2,a monster,shelley\n")
    (tmp_path / "task.toml").write_text(TASK)
    return tmp_path


def rewritten(folder: Path, old: str, new: str) -> Path:
    text = (folder / "task.toml").read_text()
    assert old in text
    (folder / "task.toml").write_text(text.replace(old, new))
    return folder


def test_task_is_read_from_its_folder_or_its_file(folder):
    task = read_task(folder)
    assert (task.name, task.kind, task.modality, task.data.target) == ("spooky", "classification", "text", ("author",))
    assert (task.budget.nodes, task.budget.seconds) == (40, 5400)
    assert task.data.train == folder / "train.csv" and task.data.columns == {"text": "text"}
    assert read_task(folder / "task.toml").digest == task.digest


def test_digest_names_the_data_and_the_learner_but_not_the_budget(folder):
    first = read_task(folder).digest
    assert read_task(rewritten(folder, "nodes = 40", "nodes = 80")).digest == first
    assert read_task(rewritten(folder, "[learner]", "[learner]\nparams = {C = 0.5}")).digest != first
    second = read_task(folder).digest
    (folder / "train.csv").write_text("id,text,author\n1,a raven,poe\n2,a monster,poe\n")
    assert read_task(folder).digest != second


def test_digest_of_a_selection_task_names_its_pool(tmp_path):
    (tmp_path / "pool.csv").write_text("id,text\n1,a\n")
    (tmp_path / "task.toml").write_text(
        '[task]\nkind = "selection"\n[selection]\npool = "pool.csv"\nrows = 1\n[metric]\ndirection = "maximize"\n'
        '[learner]\ntrain = ["python", "train.py"]\nevaluate = ["python", "judge.py"]\n'
    )
    first = read_task(tmp_path)
    assert first.selection.rows == 1 and first.learner.is_program and first.metric.direction == "maximize"
    (tmp_path / "pool.csv").write_text("id,text\n1,b\n")
    assert read_task(tmp_path).digest != first.digest


def test_loader_beside_the_task_is_its_initial_state(folder):
    assert read_task(folder).initial is None
    (folder / "loader.py").write_text("class DataLoader: ...\n")
    assert read_task(folder).initial == "class DataLoader: ...\n"


def test_own_learner_is_read_as_text(folder):
    (folder / "learner.py").write_text("class Learner: ...\n", "utf-8")
    task = read_task(rewritten(folder, 'preset = "logistic"', 'path = "learner.py"'))
    assert task.learner.source == "class Learner: ...\n" and task.learner.preset is None


# (what is replaced, by what, parts that the message must hold: key, value, mend)
MISTAKES = [
    ("[budget]", "[budgets]", ["[budgets]", "budget"]),
    ('name = "spooky"', 'title = "spooky"', ["[task]", "'title'", "name"]),
    ('name = "spooky"', "name = 3", ["task.name", "3", "quotes"]),
    ('modality = "text"', 'modality = "prose"', ["task.modality", "'prose'", "text"]),
    ('modality = "text"', 'kind = "ranking"', ["task.kind", "'ranking'", "classification"]),
    ('modality = "text"', 'classes = "ab"\nclasses2 = 1', ["[task]", "'classes2'"]),
    ('modality = "text"', 'classes = ["poe", "poe"]', ["task.classes", "'poe'", "twice"]),
    ('modality = "text"', "classes = [1, 2]", ["task.classes", "[1, 2]", "names"]),
    ('train = "train.csv"', 'train = "tarin.csv"', ["data.train", "'tarin.csv'", "does not exist", "correct"]),
    ('train = "train.csv"', 'train = ""', ["data.train", "''", "quotes"]),
    ('train = "train.csv"', "train = 7", ["data.train", "7", "quotes"]),
    ('train = "train.csv"', 'test = "train.csv"', ["data.train", "missing", "task.toml"]),
    ('target = "author"', "", ["data.target", "missing"]),
    ('target = "author"', "target = 5", ["data.target", "5", "list"]),
    ('target = "author"', 'target = ["author", "author"]', ["data.target", "'author'", "twice"]),
    ('target = "author"', 'target = ["author", "text"]', ["data.target", "author", "multilabel"]),
    ('target = "author"', 'target = "id"', ["data.id", "'id'", "data.target", "drop one"]),
    ('target = "author"', 'target = "text"', ["columns", "'text'", "data.target", "drop one"]),
    ('id = "id"', "id = 1", ["data.id", "1", "quotes"]),
    ('text = "text"', 'text = "prose"', ["columns.text", "'prose'", "category"]),
    ('name = "log_loss"', "", ["metric.name", "missing", "log_loss"]),
    ('name = "log_loss"', 'name = "logg_loss"', ["logg_loss", "log_loss", "grade.py"]),
    ('name = "log_loss"', 'name = "log_loss"\ndirection = "maximize"', ["metric.direction", "'maximize'", "minimize"]),
    ('name = "log_loss"', 'name = "log_loss"\ndirection = "up"', ["metric.direction", "'up'", "minimize"]),
    ('name = "log_loss"', 'name = "grade.py"', ["metric.direction", "grade.py", "minimize or maximize"]),
    ('name = "log_loss"', 'name = "grade.py"\ndirection = "minimize"', ["metric.name", "'grade.py'", "does not exist"]),
    (
        'name = "log_loss"',
        'name = "rmse"',
        ["metric.name", "root_mean_squared_error", "learner.output", "'probability'", "value"],
    ),
    ('preset = "logistic"', "", ["[learner]", "none", "preset"]),
    ('preset = "logistic"', 'preset = "logistic"\ntrain = ["a"]', ["[learner]", "preset, train", "choose one"]),
    ('preset = "logistic"', 'path = "learner.py"', ["learner.path", "'learner.py'", "does not exist"]),
    ('preset = "logistic"', 'path = "."', ["learner.path", "cannot be read"]),
    ('preset = "logistic"', 'train = "python train.py"', ["learner.train", "python train.py", "list"]),
    ('preset = "logistic"', 'train = ["python", "train.py"]', ["learner.predict", "missing", "learner.evaluate"]),
    ('preset = "logistic"', 'preset = "logistic"\nseconds = "5m"', ["learner.seconds", "'5m'", "number"]),
    ('preset = "logistic"', 'preset = "logistic"\nmemory_mb = 1.5', ["learner.memory_mb", "1.5", "whole number"]),
    ('preset = "logistic"', 'preset = "logistic"\nparams = 3', ["[params]", "table", "3"]),
    ('preset = "logistic"', 'preset = "logistic"\noutput = "logits"', ["learner.output", "'logits'", "probability"]),
    ('preset = "logistic"', 'preset = "logistic"\noutput = "label"', ["log_loss", "'label'", "probability"]),
    ("[budget]", "[evaluation]\nfolds = 1\n[budget]", ["evaluation.folds", "1", "2 to 50"]),
    ("[budget]", '[evaluation]\nfolds = "five"\n[budget]', ["evaluation.folds", "'five'", "whole number"]),
    ("[budget]", "[evaluation]\nfolds = true\n[budget]", ["evaluation.folds", "True", "whole number"]),
    ("[budget]", "[evaluation]\ntest_size = 1.5\n[budget]", ["evaluation.test_size", "1.5", "number from"]),
    (
        "[budget]",
        '[evaluation]\ntransductive = "false"\n[budget]',
        ["evaluation.transductive", "'false'", "true or false"],
    ),
    ("[budget]", "[evaluation]\nslices = 3\n[budget]", ["evaluation.slices", "3", "list"]),
    ("[budget]", '[evaluation]\nprotocol = "loo"\n[budget]', ["evaluation.protocol", "'loo'", "kfold"]),
    ("[budget]", "[evaluation]\ngroup = 3\n[budget]", ["evaluation.group", "3", "quotes"]),
    ("[budget]", "[selection]\nrows = 3\n[budget]", ["selection.pool", "missing", "pool.csv"]),
    ("[budget]", '[selection]\npool = "train.csv"\n[budget]', ["selection.rows", "missing", "rows ="]),
    ("[budget]", '[selection]\npool = "train.csv"\nrows = 0\n[budget]', ["selection.rows", "0", "at least 1"]),
    ("nodes = 40", "nodes = 0", ["budget.nodes", "0", "at least 1"]),
    ("nodes = 40", "nodes = 2.5", ["budget.nodes", "2.5", "whole number"]),
    ('time = "1h30m"', "time = 0", ["budget.time", "0", "90s, 10m or 1h30m"]),
    ('time = "1h30m"', 'time = "soon"', ["budget.time", "'soon'", "90s, 10m or 1h30m"]),
    ("[budget]", "[budget", ["not valid TOML", "line"]),
]


@pytest.mark.parametrize(("old", "new", "parts"), MISTAKES, ids=lambda v: v if isinstance(v, str) else "")
def test_mistake_is_told_by_key_value_and_mend(folder, old, new, parts):
    with pytest.raises(TaskError) as caught:
        read_task(rewritten(folder, old, new))
    message = str(caught.value)
    assert [part for part in parts if part not in message] == []
    assert "\n" not in message and caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("kind", "output", "metric", "mend"),
    [("regression", "probability", "log_loss", "value"), ("classification", "value", "spearman", "probability")],
)
def test_learner_output_must_fit_the_kind(folder, kind, output, metric, mend):
    rewritten(folder, 'modality = "text"', f'kind = "{kind}"')
    rewritten(folder, "log_loss", metric)
    with pytest.raises(TaskError, match=f"learner.output is '{output}'.*task.kind is '{kind}'.*{mend}"):
        read_task(rewritten(folder, "[learner]", f'[learner]\noutput = "{output}"'))


def test_folder_without_a_task_says_how_to_make_one(tmp_path):
    with pytest.raises(TaskError, match=r"no task\.toml in .*nothing-here: make one with  provender init"):
        read_task(tmp_path / "nothing-here")


def test_task_that_is_not_utf8_is_refused_in_one_sentence(folder):
    (folder / "task.toml").write_bytes(TASK.encode("utf-16"))
    with pytest.raises(TaskError, match="UTF-8"):
        read_task(folder)


@given(st.integers(0, 99), st.integers(0, 59), st.integers(1, 59))
def test_durations_add_up(hours, minutes, secs):
    assert seconds(f"{hours}h{minutes}m{secs}s") == hours * 3600 + minutes * 60 + secs
    assert seconds(f"{secs}") == seconds(secs) == secs


@pytest.mark.parametrize("text", ["", "0", "0s", "-5", "10 m", "1d", "m", "5m5h", "nan", True])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(TaskError, match="90s, 10m or 1h30m"):
        seconds(text)


NAMES = st.text(
    st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from('\t"\\\n\x7f'), min_size=1, max_size=12
)


@given(st.lists(NAMES, min_size=3, max_size=6, unique=True), st.lists(NAMES, min_size=2, max_size=4, unique=True))
def test_written_task_reads_back_whatever_the_names(tmp_path_factory, names, classes):
    target, name, *columns = names
    folder = tmp_path_factory.mktemp("written")
    (folder / "train.csv").write_text("x\n")
    text = TaskText(
        name=name,
        kind="classification",
        modality="tabular",
        classes=classes,
        train="train.csv",
        test=None,
        answers=False,
        id=None,
        target=[target],
        metric="roc_auc",
        direction="maximize",
        learner="logistic",
        output="probability",
        schema=Schema(tuple(Column(column, "numeric") for column in columns)),
        comments={column: f"such as {column}" for column in columns},
    )
    (folder / "task.toml").write_text(text.render(), "utf-8")
    task = read_task(folder)
    assert (task.name, task.data.target, task.classes) == (name, (target,), tuple(classes))
    assert list(task.data.columns) == columns
