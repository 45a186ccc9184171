"""A search whose evaluations are formulas: real records, plan, judge, journal, folds and loop; only the work is scripted.

Every proposal's text holds a digest of everything its brief said, so that a brief which differs in anything between
two runs gives another state, and with it other scores and another tree. How long anything takes is drawn anew each time.
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from provender.agents.agent import Brief, Proposal, RedDesk, TaskFacts
from provender.contract.outcome import Failure
from provender.contract.part import Part
from provender.contract.split import Fold
from provender.contract.state import DataState, digest
from provender.contract.task import Task, read_task
from provender.errors import SandboxError
from provender.execute.job import Job
from provender.execute.session import Session
from provender.journal.events import Event, to_json
from provender.pipeline.admit import Admission
from provender.pipeline.judge import Judge
from provender.pipeline.plan import Plan
from provender.pipeline.records import Records, load_records
from provender.pipeline.result import FoldResult
from provender.search.chronicle import Silent
from provender.search.run import Run
from provender.search.settings import Settings
from provender.search.setup import Setup, task_facts
from provender.search.workspace import Workspace
from provender.sources.source import Lead, Query

TIMES = ("seconds", "training_seconds", "cached", "evaluations", "created", "environment")


@dataclass
class ScriptedSubmit:
    """Predictions are the truth plus an error that belongs to (state, fold); its size is drawn for a state, 1 for D0.

    seconds  that every fold takes;  jitter: most that may come on top of it
    evaluated: the (state, fold)s that were run, in order
    """

    records: Records
    jitter: float = 0.0
    failing: float = 0.15
    seconds: float = 0.0
    sizes: tuple[float, float] = (0.6, 1.2)
    evaluated: list[str] = field(default_factory=list)
    finished: dict[str, FoldResult] = field(default_factory=dict)

    def run(
        self, state: DataState, fold: Fold, *, strongest: float, deadline: float | None = None, without: Part | None = None
    ) -> FoldResult | Failure:
        undone = [without.kind, without.subject] if without else []
        key = digest(state.id, fold.train.tobytes(), fold.evaluation.tobytes(), fold.draw, *undone)
        if key in self.finished:
            return self.finished[key]
        started = time.perf_counter()
        if self.jitter or self.seconds:
            time.sleep(self.seconds + random.SystemRandom().random() * self.jitter)
        self.evaluated.append(key)
        fate = np.random.default_rng(int(digest(state.id)[:12], 16))
        first = '"""D0' in state.loader
        if fate.random() < self.failing and not first:
            return Failure(kind="crashed", message=f"it was not the day of {state.id}")
        size = 1.0 if first else fate.uniform(*self.sizes)
        error = np.random.default_rng(int(key[:12], 16)).normal(size=len(fold.evaluation)) * size
        result = FoldResult(
            prediction=self.records.y[fold.evaluation] + error, seconds=time.perf_counter() - started, training_seconds=0.0, rows=len(fold.train),
            strength=0.3, lineage={"kept": len(fold.train)}, changes=(), findings=(),
        )  # fmt: skip
        self.finished[key] = replace(result, cached=True)
        return result


class ScriptedAgent:
    """Writes what it was told into its loaders."""

    def __init__(self) -> None:
        self.briefs: list[Brief] = []

    def initial(self, facts: TaskFacts) -> Proposal:
        return _proposal("D0", (), "initial")

    def discover(self, brief: Brief, desk: RedDesk) -> str:
        self.briefs.append(brief)
        found = [desk.fetch(lead) for lead in desk.search({"text": "", "most": 3})[: 1 + brief.seed % 2]]
        return f"fetched {found}, knowing {_heard(brief)}"

    def refine(self, brief: Brief) -> Proposal:
        self.briefs.append(brief)
        used = tuple(sorted({*brief.parent.assets, *brief.fresh[:1]}))
        return _proposal(f"node {brief.node} knew {_heard(brief)}", used, "playbook")

    def passthrough(self, brief: Brief) -> Proposal:
        self.briefs.append(brief)
        return _proposal(f"pass-through of {brief.fresh}", brief.fresh, "playbook")


def _heard(brief: Brief) -> str:
    return digest(repr(brief))


def _proposal(title: str, assets: tuple[str, ...], author: str) -> Proposal:
    text = f'"""{title}"""\n\n\nclass DataLoader:\n    ASSETS = {assets!r}\n'
    return Proposal(loader=text, assets=assets, summary=title, author=author)


class ScriptedSource:
    """Offers `size` leads, in the same order to everybody. opened: whether anybody ever looked."""

    name = "scripted"

    def __init__(self, size: int = 12) -> None:
        self.size, self.opened = size, False

    def search(self, query: Query) -> list[Lead]:
        self.opened = True
        return [
            Lead(id=f"scripted:{k:012x}", source="scripted", title=f"table {k}", locator=str(k), format="csv", rows=10, bytes=100,
                 licence=None, schema=(), modality="tabular", relevance=1.0 - k / 100)
            for k in range(self.size)
        ]  # fmt: skip

    def preview(self, lead: Lead) -> Mapping[str, object]:
        return {"schema": [], "rows": lead.rows, "sample": [], "notes": ""}

    def locate(self, lead: Lead) -> Path:
        return Path(lead.locator)


class ScriptedCustoms:
    """Admits two leads of three."""

    def __init__(self, jitter: float) -> None:
        self.jitter = jitter

    def admit(self, lead: Mapping[str, object], path: Path) -> Admission:
        if self.jitter:
            time.sleep(random.SystemRandom().random() * self.jitter)
        if int(str(path)) % 3 == 2:
            return Admission(asset=None, manifest={}, reason=f"table {path} holds no rows")
        return Admission(asset=str(lead["id"]), manifest={"title": lead["title"], "rows": 10})


class Nowhere:
    """An executor in which nothing runs, so that nothing can escape from it."""

    level = "sealed"

    def start(self, job: Job) -> Session:
        raise SandboxError(f"a scripted run started {job.entry}: only formulas are evaluated in it")

    def close(self) -> None:
        """Nothing is open."""


def scripted_task(folder: Path, *, rows: int = 150) -> Task:
    """A regression task whose columns nobody reads."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(7)
    table = pd.DataFrame({"size": rng.normal(size=rows).round(6), "age": rng.normal(size=rows).round(6)})
    table.assign(price=(3 * table["size"] + rng.normal(size=rows)).round(6)).to_csv(folder / "train.csv", index=False)
    (folder / "task.toml").write_text(
        '[task]\nname = "scripted"\nkind = "regression"\n[data]\ntrain = "train.csv"\ntarget = "price"\n'
        '[metric]\nname = "mean_squared_error"\n[evaluation]\nfolds = 3\n[learner]\npreset = "ridge"\noutput = "value"\n'
    )
    return read_task(folder)


def scripted_setup(task: Task, workspace: Workspace, settings: Settings, *, jitter: float = 0.0, submit: ScriptedSubmit | None = None) -> Setup:
    """A set-up as `open_setup` gives it, without sandboxes: the executors' level is all that is read of them."""
    records = load_records(task)
    nowhere = Nowhere()
    sources = () if settings.no_red else (ScriptedSource(),)
    return Setup(
        task=task, settings=settings, workspace=workspace, records=records, plan=Plan(task, records), loaders=nowhere, learners=nowhere,
        submit=submit or ScriptedSubmit(records, jitter), judge=Judge(task, records), customs=ScriptedCustoms(jitter),
        sources=sources, agent=ScriptedAgent(), facts=task_facts(task, records), workers=ThreadPoolExecutor(settings.workers),
    )  # fmt: skip


def scripted_run(setup: Setup, name: str = "run", *, more_nodes: int | None = None) -> list[Event]:
    """Run to the end, or go on to it; the run's events."""
    run = Run(name, setup, Silent())
    run.open(more_nodes=more_nodes)
    run.go()
    setup.workers.shutdown(wait=True)
    return run.chronicle.events


def timeless(events: list[Event]) -> list[dict]:
    """The events without what the clock, the cache and the machine add to them."""
    return [{k: v for k, v in to_json(event).items() if k not in TIMES} for event in events if to_json(event)["kind"] not in ("spent", "run_resumed")]
