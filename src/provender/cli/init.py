"""What `provender init` prints."""

from __future__ import annotations

import tempfile
from pathlib import Path

from ..pipeline.initialise import InitReport, Wishes, initialise


def init(
    source: Path, *, target: list[str], metric: str | None, learner: str | None, into: Path | None, test: Path | None,
    id: str | None, sample_submission: Path | None, drop_missing_targets: bool,
) -> None:  # fmt: skip
    from ..pipeline.formats.mle_bench import is_mle_bench

    into = into or Path(f"{source.stem}-task")
    if is_mle_bench(source):
        found = _competition(source, metric=metric, learner=learner, into=into)
    else:
        wishes = Wishes(target=target, metric=metric, learner=learner, test=test, id=id, sample_submission=sample_submission,
                        drop_missing_targets=drop_missing_targets)  # fmt: skip
        found = initialise(source, into, wishes)
    kinds: dict[str, int] = {}
    for column in found.schema:
        kinds[column.kind] = kinds.get(column.kind, 0) + 1
    classes = f" with {len(found.classes)} classes" if found.classes else ""
    print(f"{found.folder}: {found.kind}{classes} of {', '.join(found.target)}; {found.metric}; learner {found.learner}")
    print(f"{found.rows} rows" + (f", {found.test_rows} test rows" if found.test_rows else "") + "; columns: "
          + ", ".join(f"{n} {kind}" for kind, n in sorted(kinds.items())))  # fmt: skip
    for note in found.notes:
        print(f"- {note}")
    print(f"Look through {found.folder / 'task.toml'}, then:  provender run {found.folder} --budget 10m")


def _competition(source: Path, *, metric: str | None, learner: str | None, into: Path) -> InitReport:
    """Make a task of an MLE-bench folder: its private answers become the sealed test."""
    from ..pipeline.formats.mle_bench import read_mle_bench

    found = read_mle_bench(source)
    with tempfile.TemporaryDirectory() as scratch:
        train, test = Path(scratch) / "train.parquet", Path(scratch) / "test.parquet"
        found.train.to_parquet(train)
        found.test.to_parquet(test)
        wishes = Wishes(target=found.target, metric=metric, learner=learner, test=test, id=found.id, description=found.description,
                        sample_submission=source / "prepared" / "public" / "sample_submission.csv")  # fmt: skip
        return initialise(train, into, wishes)
