"""A study: one run of one task, from Python. What the command line does, with objects to hold."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..contract.task import seconds
from ..errors import RunError
from ..journal.events import Event, NodeDiscovered, NodeFailed, NodeScored, RunStarted
from ..journal.returned import Returned, returned
from ..journal.store import Stored
from ..journal.tree import Tree
from ..keep.accept import accept as take
from ..keep.opening import open_run
from ..report.files import write_report, write_summary
from ..report.fragments import report_html, run_html, tree_html
from ..report.summary import summarise
from ..search.launch import launch, resolve, resumable, run_name
from ..search.settings import Settings
from ..search.workspace import Workspace
from .state import State
from .task import Task

if TYPE_CHECKING:
    import pandas as pd

OnEvent = Callable[[Event], None]


class Study:
    """A search for better data for one task.

        study = provender.Study(task, budget="10m")
        study.run()
        study.best.loader, study.best.gain, study.best.proven

    budget, nodes  wall-clock time such as "10m", and/or nodes of the tree; without either what task.toml says
    lake           folder of tables that may help
    start_from     an earlier run, whose best states are tried first
    workspace      folder of journal, pool and runs (./.provender)
    progress       print a line an event to standard error
    settings       agent, bundled, workers, seed, schedule, decay, no_red, no_black, no_memory, algorithm_only, level, unsealed: see `provender run`
    """

    def __init__(
        self, task: Task, *, budget: str | float | None = None, nodes: int | None = None, lake: str | Path | None = None, start_from: str | None = None,
        workspace: str | Path | None = None, progress: bool = True, **settings: Any,
    ) -> None:  # fmt: skip
        self.task, self.progress = task, progress
        self.place = Workspace(Path(workspace or ".provender").resolve())
        self.settings = resolve(task.record, self.place, budget=budget, nodes=nodes, lake=lake, start_from=start_from, **settings)
        self.id = run_name(task.record)

    @classmethod
    def open(cls, run: str = "last", *, workspace: str | Path | None = None) -> Study:
        """The study of a run that is there already, by its id, the beginning of it, or `last`. Raises RunError."""
        place = Workspace(Path(workspace or ".provender").resolve())
        line = place.find(run)
        study = cls.__new__(cls)
        started = next(s.event for s in place.journal.read(line.id) if isinstance(s.event, RunStarted))
        study.task, study.place, study.id, study.progress = Task.open(line.folder), place, line.id, True
        study.settings = Settings.from_json(started.settings)
        return study

    def run(self, on_event: OnEvent | None = None) -> State:
        """Search to the end of the budget, prove what was found, and give the state that is returned.

        An interrupt stops it in good order and is raised again; `resume()` goes on where it was.
        """
        if self.started:
            raise RunError(f"run {self.id} has begun already: go on with resume(), or make another Study")
        return self._launch(self.task, self.settings, (None, None), on_event)

    def resume(self, budget: str | float | None = None, nodes: int | None = None, on_event: OnEvent | None = None) -> State:
        """Go on with a run that was interrupted, or give it this much more."""
        more = None if budget is None else seconds(str(budget).lstrip("+"))
        _, record, settings = resumable(self.place, self.id, extended=more is not None or nodes is not None)
        return self._launch(Task(record), settings, (nodes, more), on_event)

    @property
    def started(self) -> bool:
        return next(iter(self.place.journal.read(self.id)), None) is not None

    @property
    def best(self) -> State:
        """The state that the run stands for: proven, or accepted by a person, or the initial one. Raises RunError before there is one."""
        result = self._returned()
        if result is None:
            raise RunError(f"run {self.id} has returned nothing yet: call run() or resume()")
        return State(self.place, self.id, result.node)

    @property
    def candidate(self) -> State | None:
        """The likeliest better state, proven or not; None where no state was better."""
        found = self.summary["candidate"]
        return None if found is None else State(self.place, self.id, found["node"])

    def state(self, node: int) -> State:
        """The state of any black node."""
        open_run(self.place, self.id, node)
        return State(self.place, self.id, node)

    def accept(self, node: int | None = None) -> State:
        """Take a node, by default the candidate, as the result, though it is not proven."""
        take(self.place, self.id, node, tell=self._tell)
        self._write()
        return self.best

    @property
    def summary(self) -> dict[str, Any]:
        """What `provender show --json` prints."""
        return summarise(self.id, self._story(), self.place.run_folder(self.id))

    def frame(self) -> pd.DataFrame:
        """One row a node: id, parent, kind, status, dev, gain, methods, assets, seconds, summary, reason."""
        import pandas as pd

        table = pd.DataFrame(self.summary["nodes"])
        return table.set_index("id") if len(table) else table

    def tree(self) -> Picture:
        """The DataTree, which a notebook draws."""
        return Picture(tree_html(self.id, self._story()), repr(self))

    def report(self, to: str | Path | None = None) -> Path:
        """Write the report, one HTML file, and give its path."""
        return write_report(self.place, self.id, None if to is None else Path(to))

    def show_report(self, height: int = 900) -> Picture:
        """The report inside a notebook."""
        return Picture(report_html(self.id, self._story(), height), repr(self))

    def diff(self, node: int | None = None):
        """What a node's state (by default the best) does to the rows, against the initial one: see `State.diff`."""
        chosen = self.best if node is None else self.state(node)
        return chosen.diff(self.state(0))

    def _launch(self, task: Task, settings: Settings, more: tuple[int | None, float | None], on_event: OnEvent | None) -> State:
        launch(self.id, task.record, settings, self.place, _Listener(self, on_event), more=more)
        self._write()
        return self.best

    def _write(self) -> None:
        """Summary and report. What was found stands in the journal, so a report that cannot be drawn is no failure of the run."""
        write_summary(self.place, self.id)
        try:
            write_report(self.place, self.id)
        except Exception as error:
            self._tell(f"the report could not be drawn ({type(error).__name__}: {error}): study.report() tries again")

    def _story(self) -> list[Stored]:
        return list(self.place.journal.read(self.id))

    def _returned(self) -> Returned | None:
        return returned(stored.event for stored in self._story())

    def _tell(self, said: str) -> None:
        if self.progress:
            print(said, file=sys.stderr)

    def __repr__(self) -> str:
        if not self.started:
            return f"Study({self.task.name!r}, not begun)"
        found = self.summary
        gain = found["gain"]
        claim = f"proven gain {gain['value']:+.4g}" if gain["proven"] else "nothing proven"
        return f"Study({self.id!r}: {found['status']}, {len(found['nodes'])} nodes, {claim})"

    def _repr_html_(self) -> str | None:
        return run_html(self.id, self._story()) if self.started else None


class Picture:
    """Something a notebook draws, and a terminal tells."""

    def __init__(self, html: str, text: str) -> None:
        self.html, self.text = html, text

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.text


class _Listener:
    """Tells a line a finished node, and hands every event on."""

    def __init__(self, study: Study, on_event: OnEvent | None) -> None:
        self.study, self.on_event = study, on_event
        self.tree = Tree()
        self.phase = ""

    def event(self, event: Event) -> None:
        self.tree.apply(event)
        if isinstance(event, NodeScored):
            self.study._tell(f"node {event.node}: {event.dev:.4g}, gain {event.gain:+.3g}  {self.tree[event.node].summary}")
        elif isinstance(event, NodeFailed):
            self.study._tell(f"node {event.node}: {event.failure.get('kind')}: {event.failure.get('message')}")
        elif isinstance(event, NodeDiscovered):
            self.study._tell(f"node {event.node}: {event.summary}")
        if self.on_event is not None:
            self.on_event(event)

    def progress(self, phase: str, done: int, total: int) -> None:
        if phase != self.phase:
            self.phase = phase
            self.study._tell(f"{phase} …")
