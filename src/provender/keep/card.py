"""The data card of an export: what the data are, what was done to them and why, what is proven, and what is not known.

Its questions are those of datasheets for datasets (Gebru et al., https://arxiv.org/abs/1803.09010), as far as a run can answer them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..pipeline.materialise import Ground, Materialised
from .opening import OpenedRun

_UNDONE = {
    "source": "the rows and columns of {}", "drop": "dropping rows", "edit": "editing cells", "relabel": "relabelling", "weight": "weights",
    "synthesise": "made-up rows", "step": "{}",
}  # fmt: skip


def data_card(opened: OpenedRun, ground: Ground, made: Materialised, about: Mapping[str, Any], audit: Mapping[str, Any]) -> str:
    """The text of the export's README.md."""
    task = opened.task
    parts = [
        f"# {task.name}: curated training data",
        task.description.strip(),
        f"Made by [Provender](https://arxiv.org/abs/2605.10906) {about['provender']} from {len(ground.train):,} records: run `{opened.run}`, node {opened.node}. "
        "The learning algorithm was fixed; only the data were changed.",
        "## What is gained\n\n" + _gain(opened, audit),
        "## What was done\n\n" + _done(ground, audit),
        "## Sources\n\n" + _sources(audit),
        "## Files\n\n" + _files(about, audit),
        "## How to rebuild\n\n" + _rebuild(about),
        "## What is not known\n\n" + _limits(opened, audit),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _gain(opened: OpenedRun, audit: Mapping[str, Any]) -> str:
    metric, confirmed, tested = audit["metric"], audit["confirmation"], audit["test"]
    lines = [f"Metric: {metric['name']}, to {metric['direction']}. Learner: {opened.task.learner.preset or 'of the task'}. Isolation: {audit['isolation']}."]
    if opened.node == 0:
        lines.append("This is the initial state: nothing was gained against itself.")
    elif audit["proven"]:
        lines.append("**Proven**: the whole interval of the confirmation is above zero.")
    else:
        who = "A person accepted this state; it" if audit["accepted"] else "The state"
        lines.append(f"**Not proven.** {who} may be no better than the initial one.")
    if confirmed or tested:
        lines += ["", "| | initial | this state | gain | interval |", "|---|---|---|---|---|"]
    for name, found in (("confirmation, fresh foldings", confirmed), ("test, scored once", tested)):
        if found:
            low, high = found["interval"]
            lines.append(f"| {name} | {found['initial']:.4g} | {found['state']:.4g} | {found['gain']:+.4g} | {low:+.4g} to {high:+.4g} |")
    return "\n".join(lines)


def _done(ground: Ground, audit: Mapping[str, Any]) -> str:
    lineage = audit["lineage"]
    told = {
        "records kept as they were": lineage["kept"], "records with edited cells": lineage["edited"], "records relabelled": lineage["relabelled"],
        "records left out": lineage["dropped"], "rows made up": lineage["synthesised"], "rows that only the features have": lineage["invented"],
        "rows of unknown origin": lineage["unknown"], **{f"rows from {asset}": n for asset, n in lineage["appended"].items()},
    }  # fmt: skip
    lines = ["| | rows |", "|---|---|", f"| records to start from | {len(ground.train):,} |"]
    lines += [f"| {name} | {count:,} |" for name, count in told.items() if count]
    for name, columns in (("added", lineage["columns_added"]), ("removed", lineage["columns_removed"])):
        if columns:
            lines.append(f"\nColumns {name}: {', '.join(columns)}.")
    if audit["changes"]:
        lines.append("\nReasons, in the loader's words and order:\n")
        lines += [f"- {change['kind']}, {change['rows']:,} rows: {change['reason']}" for change in audit["changes"]]
    if audit["credits"]:
        lines.append("\nWhat each part is worth (the development score without it; an estimate, and parts overlap):\n")
        lines += [f"- {_UNDONE[c['kind']].format(c['subject'])}: " + ("unknown" if c["credit"] is None else f"{c['credit']:+.4g}") for c in audit["credits"]]
    if audit["methods"]:
        lines.append("\nMethods:\n")
        lines += [f"- {m['name']}: [{m['paper']}]({m['link']})" for m in audit["methods"]]
    return "\n".join(lines)


def _sources(audit: Mapping[str, Any]) -> str:
    if not audit["assets"]:
        return "The task's own records only."
    lines = ["| asset | title | from | licence | rows | in this folder |", "|---|---|---|---|---|---|"]
    for asset in audit["assets"]:
        licence = asset["licence"] or "none stated"
        lines.append(f"| `{asset['id']}` | {asset['title']} | {asset['source']}: {asset['locator']} | {licence} | {asset['rows']} | {'yes' if asset['included'] else 'no'} |")
    if not all(asset["included"] for asset in audit["assets"]):
        lines.append("\nTables that are not in this folder have no licence that lets them be passed on; `assets/*.json` says what they are and how they are known again.")
    return "\n".join(lines)


def _files(about: Mapping[str, Any], audit: Mapping[str, Any]) -> str:
    shape = f"{about['features'][0]:,} × {about['features'][1]:,} features" if about["features"] else "no features: programs train on the rows"
    return "\n".join([
        "| | |", "|---|---|",
        f"| `data/train.parquet` | {about['rows']:,} training rows, indexed by `__row__`; the learner saw {shape} |",
        "| `data/lineage.parquet` | for each row: status, source, row in the source, part of the split, edited cells, label before, reasons |",
        "| `data/dropped.parquet` | records that were left out, and why |",
        "| `loader.py`, `methods/` | the code that makes rows and features |",
        "| `original/`, `assets/` | what it starts from |",
        "| `audit.json`, `croissant.json`, `requirements.txt`, `export.json` | checks, metadata, pins, digests |",
    ])  # fmt: skip


def _rebuild(about: Mapping[str, Any]) -> str:
    return "\n".join([
        "```console", "$ provender rebuild .", "```", "",
        "runs `loader.py` on `original/` in a sandbox and compares what comes out with:", "",
        f"- rows: `{about['rows_digest']}` (cells by value, labels, weights, order)",
        f"- features: `{about['features_digest'] or 'none'}` (exact; another machine's arithmetic may round otherwise, which is then told)",
    ])  # fmt: skip


def _limits(opened: OpenedRun, audit: Mapping[str, Any]) -> str:
    lines = [
        "- Rows of the part `test` in the lineage were held out while the gains above were measured. Whoever measures again leaves them out.",
        "- What the original records were collected for, by whom and with whose consent, is not known to Provender.",
    ]
    if audit["lineage"]["unknown"]:
        lines.append(f"- {audit['lineage']['unknown']} rows have no known origin.")
    if opened.task.data.private:
        lines.append(f"- The columns {', '.join(opened.task.data.private)} are private: this folder holds them, so do not pass it on.")
    for finding in audit["findings"]:
        lines.append(f"- The guard remarks: {finding.get('message', finding)}")
    return "\n".join(lines)
