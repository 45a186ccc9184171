"""Everything a run needs, opened once: records, sandboxes, pipeline, judge, sources and the agent."""

from __future__ import annotations

import ast
import importlib.util
import platform
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path

from ..agents.agent import Agent, TaskFacts
from ..agents.warm import Warm
from ..contract.task import Task
from ..errors import SandboxError, UserError
from ..execute.executor import Executor, open_executor
from ..execute.job import Job, Limits
from ..learners.presets import find_preset
from ..methods.registry import METHODS
from ..pipeline.admit import Customs, parse_sketch
from ..pipeline.grader import graded_metric
from ..pipeline.judge import Judge
from ..pipeline.plan import Plan
from ..pipeline.pool_store import TASK_POOL, PoolStore
from ..pipeline.predictions import Outline
from ..pipeline.program import program_files, read_pool
from ..pipeline.records import Records, load_records
from ..pipeline.submit import Submit
from ..profile.facts import profile_rows
from ..profile.infer import infer_schema
from ..sources.source import Source
from .settings import Settings
from .warm import Earlier, open_earlier
from .workspace import Workspace

# What a job imports that its zygote has not, it imports again on every fold: so the zygote has every method.
_LOADER_PRELOAD = (
    "provender.pipeline.inside.loader", "provender.pipeline.inside.parse", *(f"provender.methods.{name}" for name in METHODS),
    "sklearn.compose", "sklearn.pipeline", "sklearn.impute", "sklearn.preprocessing", "sklearn.feature_extraction.text",
    "sklearn.decomposition", "sklearn.linear_model", "sklearn.neighbors", "sklearn.model_selection", "sklearn.kernel_approximation",
)  # fmt: skip
_LOADER_LAZY = ("narwhals._pandas_like.namespace", "narwhals._interchange.dataframe", "narwhals.stable.v2._namespace")
"""What scikit-learn 1.9 imports when it first sees a DataFrame: 20 ms that every fold of every loader would pay."""

LEARNER_PRELOAD = ("provender.pipeline.inside.learner", "provender.pipeline.inside.program", "provender.learners.fitting")


@dataclass(slots=True)
class Setup:
    """An opened run. `close()` ends the sandboxes; every process in them dies."""

    task: Task
    settings: Settings
    workspace: Workspace
    records: Records
    plan: Plan
    loaders: Executor
    learners: Executor
    submit: Submit
    judge: Judge
    customs: Customs
    sources: tuple[Source, ...]
    agent: Agent
    facts: TaskFacts
    workers: ThreadPoolExecutor
    earlier: Earlier | None = None

    @property
    def outline(self) -> Outline:
        """What predictions mean. Raises TaskError for a sample submission that they cannot fill."""
        return Outline.of(self.task, self.records.classes)

    @property
    def isolation(self) -> str:
        """The weaker of both sandboxes' levels."""
        order = ("unsealed", "partial", "sealed")
        return min(self.loaders.level, self.learners.level, key=order.index)

    def close(self) -> None:
        self.loaders.close()
        self.learners.close()
        self.workers.shutdown(wait=True, cancel_futures=True)


def open_setup(task: Task, settings: Settings, workspace: Workspace) -> Setup:
    """Read the records and start both sandboxes (in parallel: importing takes them seconds).

    Raises TaskError for data that cannot be used, UserError where only an unsealed run is possible and not accepted.
    """
    agent, earlier = _agent(settings.agent), open_earlier(settings.warm)
    openers = ThreadPoolExecutor(2, thread_name_prefix="opener")
    starting: list[Future[Executor]] = []
    try:
        starting = [
            openers.submit(open_sandbox, settings, loader_preload(), ()),
            openers.submit(open_sandbox, settings, learner_preload(task.learner.preset, task.learner.source, task.kind), _readable(task)),
        ]
        records = load_records(task, sealed=settings.seals)
        Outline.of(task, records.classes)  # a sample submission that cannot be filled is told before anything is spent
        pool = workspace.pool(task.digest)
        facts = task_facts(task, records) if task.selection is None else choosing_facts(task, pool)
        sources_of = _sources(settings, workspace, task)
        loaders, learners = starting[0].result(), starting[1].result()
        if task.grader is not None:
            task = replace(task, metric=graded_metric(task, learners, records.classes))
        plan = Plan(task, records)
    except BaseException:
        for future in starting:
            if future.done() and not future.exception():
                future.result().close()
            else:
                future.add_done_callback(_close_result)
        raise
    finally:
        openers.shutdown(wait=False, cancel_futures=True)
    submit = Submit(
        plan, loaders=loaders, learners=learners, cache=workspace.cache, pool=pool, limits=Limits(seconds=settings.state_seconds)
    )
    return Setup(
        task=task,
        settings=settings,
        workspace=workspace,
        records=records,
        plan=plan,
        loaders=loaders,
        learners=learners,
        submit=submit,
        judge=Judge(task, records),
        customs=Customs(loaders, pool, records, task.data.target),
        sources=sources_of(loaders),
        agent=agent if earlier is None else Warm(earlier.known, agent),
        facts=facts,
        workers=ThreadPoolExecutor(settings.workers, thread_name_prefix="worker"),
        earlier=earlier,
    )


def environment() -> dict:
    """What the run stands on: another environment may give other numbers."""
    names = ("provender", "numpy", "pandas", "scipy", "scikit-learn", "pyarrow")
    return {"python": platform.python_version(), "machine": platform.machine(), "system": platform.system(),
            "packages": {name: metadata.version(name) for name in names}}  # fmt: skip


def task_facts(task: Task, records: Records) -> TaskFacts:
    """What an agent may know of the task: measured on the rows alone that it may train on."""
    rows = records.training
    schema, y = records.schema, records.y[rows]
    known = len(schema) and not records.benchmark  # a program's rows have no target to tell about
    facts = profile_rows(records.frame.iloc[rows], y, schema, task.kind, records.classes).to_json() if known else {"n_rows": len(rows)}
    return TaskFacts(
        name=task.name,
        description=task.description,
        kind=task.kind,
        modality=task.modality,
        metric=task.metric.name,
        direction=task.metric.direction,
        classes=records.classes,
        targets=task.data.target,
        schema=schema,
        profile=facts,
        learner=task.learner.preset or "",
    )


def choosing_facts(task: Task, pool: PoolStore) -> TaskFacts:
    """What an agent may know of a task that chooses rows: all of the pool, which is put into the store here."""
    rule = task.selection
    assert rule is not None
    if TASK_POOL not in pool:
        table, kept = read_pool(task, rule)
        pool.add(TASK_POOL, table, {"title": "the task's pool", "rows": int(kept.sum()), "quarantined": int((~kept).sum())}, kept=kept)
    table = pool.frame(TASK_POOL)
    return TaskFacts(
        name=task.name,
        description=task.description,
        kind=task.kind,
        modality=task.modality,
        metric=task.metric.name,
        direction=task.metric.direction,
        schema=infer_schema(table, target=[], id=rule.id),
        profile={"n_rows": len(table)},
        choose=rule.rows,
        row_id=rule.id,
    )


def open_sandbox(settings: Settings, preload: Sequence[str], readable: Sequence[Path]) -> Executor:
    """A warm sandbox at the level that the settings ask for. Raises UserError where only an unsealed one is to be had and not accepted."""
    try:
        executor = open_executor(preload=preload, readable=readable, level=settings.level)
    except SandboxError as error:
        if settings.level or settings.unsealed:
            raise
        raise UserError(f"no sandbox could be started ({error}): see provender doctor, or accept a run without isolation with --unsealed") from None
    if executor.level == "unsealed" and not settings.unsealed:
        executor.close()
        raise UserError(
            "this machine offers no isolation (no user namespaces, no Landlock): loaders could read held-out data. "
            "Run provender doctor to see why, or accept it with --unsealed; nothing will be called proven then"
        )
    # Its imports take seconds, which are nobody's evaluation: the first state's time is what the budget is planned by.
    with executor.start(Job(entry="provender.execute.inside:ping")) as session:
        session.end()
    return executor


def loader_preload() -> tuple[str, ...]:
    """What the loaders' zygote imports."""
    return (*_LOADER_PRELOAD, *filter(_is_there, _LOADER_LAZY))


def learner_preload(preset: str | None, source: str | None, kind: str) -> tuple[str, ...]:
    """What the learners' zygote imports: the preset's own library, or what the user's learner.py imports."""
    if preset:
        row = find_preset(preset, kind)
        return (*LEARNER_PRELOAD, row.estimators[kind].partition(":")[0], *([row.library] if row.library else []))
    named = {word for word in _imported(source or "") if importlib.util.find_spec(word.partition(".")[0])}
    return (*LEARNER_PRELOAD, *sorted(named))


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False  # not even its package


def _imported(source: str) -> set[str]:
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except SyntaxError:
        return set()  # its own job will say so
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return plain | {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module and not node.level}


def _readable(task: Task) -> tuple[Path, ...]:
    return (*program_files(task), *(Path(mount) for mount in task.learner.mounts))


def _close_result(future: Future) -> None:
    if not future.cancelled() and not future.exception():
        future.result().close()


def _sources(settings: Settings, workspace: Workspace, task: Task) -> Callable[[Executor], tuple[Source, ...]]:
    """The sources that red nodes may search; their sketches are made inside the loaders' sandbox.

    None where rows are chosen from the task's own pool: what was found elsewhere could not be chosen.
    """
    if settings.no_red or (task.selection is not None and not task.selection.transforms):
        return lambda _: ()

    def open_sources(executor: Executor) -> tuple[Source, ...]:
        def sketch(path: Path):
            return parse_sketch(executor, path)

        found: list[Source] = []
        if settings.lake:
            from ..sources.lake import Lake

            folder = Path(settings.lake)
            if not folder.is_dir():
                raise UserError(f"--lake is {settings.lake!r}, which is no folder: give a folder of tables")
            found.append(Lake(folder, sketch=sketch, index=workspace.folder / "lake-index"))
        if settings.bundled:
            from ..sources.bundled import Bundled

            found.append(Bundled(sketch=sketch, index=workspace.folder / "bundled-index"))
        return tuple(found)

    return open_sources


def _agent(name: str) -> Agent:
    """The agent of this name: the playbook, or a folder of loaders written by hand."""
    from ..agents.playbook.playbook import Playbook

    if name == "playbook":
        return Playbook()
    if Path(name).is_dir():
        from ..agents.hand import Hand

        return Hand(Path(name), Playbook())
    raise UserError(f"unknown agent {name!r}: give playbook, or a folder of loaders written by hand")
