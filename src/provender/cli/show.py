"""`provender show`, `tree` and `runs`: what a run found, in words."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from ..errors import RunError
from ..journal.events import Confirmed, RunFinished
from ..journal.returned import returned
from ..journal.tree import Node, Tree
from ..pipeline.pool_store import TASK_POOL
from ..report.summary import summarise
from ..search.workspace import Workspace
from .console import console, duration, number, print_json, signed
from .draw import tree_lines

_NOTES = 3  # that a summary on the terminal holds; the report has them all


def show(name: str, *, node: int | None, workspace: Path | None, json: bool) -> None:
    place, line = _find(name, workspace)
    story = list(place.journal.read(line))
    summary = summarise(line, story, place.run_folder(line))
    if summary["status"] == "running" and not place.journal.leased(line):
        summary["status"] = "interrupted"  # it was killed before it could say so
    if node is None:
        print_json(summary) if json else print_summary(summary)
        return
    tree_ = Tree.of(stored.event for stored in story)
    if node not in tree_:
        raise RunError(f"run {line} has no node {node}: its nodes are 0 to {len(tree_) - 1}")
    facts = next(fact for fact in summary["nodes"] if fact["id"] == node)
    at = tree_[node]
    if json:
        outcome = at.outcome
        print_json(facts | {
            "loader": at.loader, "recipe": at.recipe, "detail": at.failure.get("detail") if at.failure else None,
            "folds": list(getattr(outcome, "folds", ())), "changes": list(getattr(outcome, "changes", ())),
            "slices": dict(getattr(outcome, "slices", {})), "findings": list(getattr(outcome, "findings", ())),
        })  # fmt: skip
        return
    _print_node(at, facts)


def tree(name: str, *, workspace: Path | None) -> None:
    place, line = _find(name, workspace)
    events = [stored.event for stored in place.journal.read(line)]
    grown = Tree.of(events)
    marks = {}
    for event in events:
        if isinstance(event, Confirmed):
            marks[event.node] = "proven" if event.proven else "finalist, not proven"
        if isinstance(event, RunFinished):
            marks.setdefault(event.best, "returned")
    if (result := returned(events)) is not None and result.accepted:
        marks[result.node] = f"accepted, {'proven' if result.proven else 'not proven'}"
    out = console()
    for text in tree_lines(grown, marks=marks):
        out.print(text)


def runs(*, workspace: Path | None, json: bool) -> None:
    place = Workspace((workspace or Path(".provender")).resolve())
    lines = place.journal.runs() if (place.folder / "journal.db").exists() else []
    if json:
        print_json({"runs": [
            {"run": r.id, "task": r.task, "folder": r.folder, "created": r.created, "changed": r.changed, "status": r.status} for r in lines
        ]})  # fmt: skip
        return
    if not lines:
        print(f"No runs in {place.folder}. Start one with:  provender run TASK")
        return
    table = Table(box=None, pad_edge=False)
    for column in ("run", "task", "started", "status"):
        table.add_column(column)
    for r in lines:
        table.add_row(r.id, r.task, time.strftime("%Y-%m-%d %H:%M", time.localtime(r.created)), r.status)
    console().print(table)


def print_summary(summary: dict[str, Any]) -> None:
    """What was gained and how sure it is, in the order in which a reader should learn it."""
    out = console()
    metric, gain, confirm = summary["metric"] or {"name": "?"}, summary["gain"], summary["confirm"]
    out.print()
    out.print(_headline(summary))
    facts = Table(box=None, show_header=False, pad_edge=False)
    facts.add_column(style="dim")
    facts.add_column()
    if confirm:
        facts.add_row("confirmation", f"{metric['name']} {number(confirm['initial'])} → {number(confirm['best'])} on {confirm['rows']} rows, "
                                      f"{confirm['foldings']} fresh folding{'s' if confirm['foldings'] != 1 else ''}")  # fmt: skip
        facts.add_row("gain", f"{signed(gain['value'])}  interval [{signed(gain['interval'][0])}, {signed(gain['interval'][1])}]")
    best, initial = summary["best"], summary["initial"]
    if initial and initial["test"] is not None and best:
        text = f"{metric['name']} {number(initial['test'])}"
        if best["node"] != 0 and best["test"] is None:
            text += f"; node {best['node']} was not scored there"
        elif best["node"] != 0:
            low, high = best["test_interval"]
            text += f" → {number(best['test'])}  gain {signed(best['test_gain'])} [{signed(low)}, {signed(high)}], scored once"
        facts.add_row("test", text)
    candidate = _shown(summary)
    if candidate and initial and initial["dev"] is not None:
        rosy = f"the best of {gain['states_tried']} states, so too rosy" if candidate is summary["candidate"] else "by which a person chose it"
        facts.add_row("development", f"{metric['name']} {number(initial['dev'])} → {number(candidate['dev'])} ({rosy})")
        used = next(node for node in summary["nodes"] if node["id"] == candidate["node"])
        for i, step in enumerate(candidate["steps"]):
            facts.add_row("what it does" if i == 0 else "", f"{step['summary']}  (node {step['node']})")
        external = [asset for asset in used["assets"] if asset != TASK_POOL]
        if external:
            titles = {asset["id"]: asset["title"] for asset in summary["pool"]}
            facts.add_row("external data", ", ".join(f"{titles[a]} ({a})" if a in titles else a for a in external))
    spent = summary["spent"]
    facts.add_row("spent", f"{duration(spent['seconds'])}, {spent['evaluations']} fits of which {spent['cached']} from the cache; isolation {summary['isolation']}")
    for i, note in enumerate(summary["notes"][:_NOTES]):
        facts.add_row("note" if i == 0 else "", note)
    if best:
        facts.add_row("loader", best["loader"])
    if Path(summary["report"]).exists():
        facts.add_row("report", summary["report"])
    out.print(facts)
    hints = [f"provender tree {summary['run']}", f"provender show {summary['run']} --node N"]
    if _may_be_accepted(summary):
        hints.append(f"provender accept {summary['run']}")
    out.print(Text("    ".join(hints), style="dim"))


def _shown(summary: dict[str, Any]) -> dict[str, Any] | None:
    """The state that is told about: what a person accepted, else the candidate; None where there is neither."""
    best, candidate = summary["best"], summary["candidate"]
    if not summary["accepted"] or best["node"] in (0, candidate and candidate["node"]):
        return candidate
    node = next(node for node in summary["nodes"] if node["id"] == best["node"])
    return {"node": node["id"], "dev": node["dev"], "steps": [{"node": node["id"], "summary": node["summary"]}]}


def _may_be_accepted(summary: dict[str, Any]) -> bool:
    """Whether there is a candidate without a proof that is likelier better than not."""
    gain = summary["gain"]
    waits = summary["status"] == "finished" and not gain["proven"] and not summary["accepted"]
    return waits and summary["candidate"] is not None and gain["interval"] is not None and sum(gain["interval"]) > 0


def _headline(summary: dict[str, Any]) -> Text:
    gain, candidate = summary["gain"], summary["candidate"]
    if summary["status"] != "finished":
        return Text(f"Run {summary['run']} is {summary['status']}.", style="bold yellow")
    if summary["accepted"]:
        return _accepted(summary)
    if gain["proven"]:
        return Text(f"Proven: node {summary['best']['node']} is better by {signed(gain['value'])} {summary['metric']['name']}.", style="bold green")
    if candidate is None:
        return Text("No state was better than the initial one; it is returned.", style="bold yellow")
    return Text(f"Nothing is proven: the initial state is returned. Likeliest candidate: node {candidate['node']}. {_sentence(gain['reason'])}", style="bold yellow")


def _accepted(summary: dict[str, Any]) -> Text:
    node, gain = summary["best"]["node"], summary["gain"]
    if node == 0:
        return Text("Accepted: the initial state, taken back by a person.", style="bold yellow")
    if gain["proven"]:
        return Text(f"Accepted, and proven: node {node} is better by {signed(gain['value'])} {summary['metric']['name']}.", style="bold green")
    return Text(f"Accepted by a person, NOT proven: node {node}. {_sentence(gain['reason'])}", style="bold yellow")


def _sentence(reason: str | None) -> str:
    return "" if not reason else reason[0].upper() + reason[1:] + ("" if reason.endswith(".") else ".")


def _print_node(at: Node, facts: dict[str, Any]) -> None:
    out = console()
    out.print(Text(f"node {at.id}, {at.color}, {at.status}; parent {at.parent}; {at.grown.reason}", style="bold"))
    if at.dev is not None:
        out.print(f"development {number(at.dev)}, gain {signed(at.gain)}, {facts['seconds']} s")
    if at.summary:
        out.print(at.summary)
    if at.admitted:
        out.print("admitted " + ", ".join(at.admitted))
    if at.failure:
        out.print(Text(f"{at.failure['kind']}: {at.failure['message']}", style="red"))
        if detail := str(at.failure.get("detail") or "").strip():
            out.print(Text(detail, style="dim"))
    for change in getattr(at.outcome, "changes", ()):
        if "lineage" in change:
            done = {k: v for k, v in change["lineage"].items() if v}
            out.print("rows (first fold): " + ", ".join(f"{k} {v}" for k, v in done.items()))
        else:
            out.print(f"  {change.get('kind')}: {change.get('reason')} ({change.get('count')} rows)")
    if at.loader:
        out.print(Syntax(at.loader, "python", background_color="default"))


def _find(name: str, workspace: Path | None) -> tuple[Workspace, str]:
    place = Workspace((workspace or Path(".provender")).resolve())
    return place, place.find(name).id
