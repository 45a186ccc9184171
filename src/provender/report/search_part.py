"""The report's second half: how the search went, what it found and refused, what it cost, what it ran on."""

from __future__ import annotations

import json
from typing import Any

from ..journal.pool import Asset
from ..journal.tree import ROOT, Node
from . import figures
from .markup import Html, el, join
from .metrics import Account, concentration, failures, methods, overcome, refusals, steps
from .picture import tree_picture
from .state_part import cell, section, table
from .tools import ToolMix, node_ratio, tool_mix
from .words import count, duration, number, percent, sentence, short, signed

_NODES_LISTED = 500
_TOOLS_LISTED = 8
_USERS_LISTED = 12
_ASSETS_OPEN, _ASSETS_LISTED = 12, 200
_KINDS = {
    "crashed": "the loader crashed", "timeout": "out of time", "memory": "out of memory", "processes": "too many processes", "disk": "too much written",
    "output": "output not readable", "contract": "contract broken", "batch": "inputs depend on their neighbours", "asset": "asset not in the pool",
    "leak": "refused as a leak", "learner": "the learner failed", "score": "predictions cannot be scored", "agent": "nothing was proposed",
}  # fmt: skip


def search_part(told: Account, decimals: int) -> Html | None:
    """Tree, score over executions, the paper's metrics of a search, methods, all nodes."""
    if ROOT not in told.tree:
        return None
    done = steps(told)
    sigma = told.noise.paired_std if told.noise else 0.0
    names = {node.id: node.summary for node in told.tree}
    return section(
        "The search",
        el("figure", el("div", tree_picture(told.tree, decimals, tree_labels(told)), class_="wide", tabindex=0), _legend()),
        el("figure", figures.progress_plot(done, sigma, decimals, names),
           el("figcaption", "Development gain of every execution in its order; the line is the best so far, open dots lie below the edge. In the strip: ",
              el("i", "◆", class_="red"), " a red node, ✗ a failure.")) if done else None,
        _search_metrics(told, decimals) if done else None,
        _methods(told, decimals),
        _nodes(told, decimals),
    )  # fmt: skip


def tree_labels(told: Account) -> dict[int, str]:
    """What the tree's picture says beside the subject."""
    if told.subject is None:
        return {}
    return {told.subject: "proven" if told.proven else "finalist, not proven" if told.finalist else "best so far"}


def _legend() -> Html:
    return el("figcaption", el("i", "◆", class_="red"), " red nodes look for data (filled: something was admitted). ", el("i", "●", class_="ink"),
              " black nodes are data states, the fuller the better than the initial data; ✗ failed. Dashed marks count nodes that are left out or not yet begun.")  # fmt: skip


def _search_metrics(told: Account, decimals: int) -> Html:
    tree = told.tree
    rate = overcome(tree)
    red = sum(1 for node in tree if node.color == "red" and node.outcome is not None)
    bias = concentration(told.events)
    rows: list[list[Any]] = [["black nodes executed", cell(rate.states), f"data states tried, {rate.failed} of them without a score; {count(red, 'red node')} beside them"]]
    ratio, mix = node_ratio(told.events), tool_mix(told.events)
    if red and ratio:
        line = figures.sparkline([value / max(ratio) for value in ratio], "red over black nodes, over executions")
        rows.append(["red over black nodes", cell(f"{ratio[-1]:.2f}"), join([el("span", "searches for data to a state built; over executions:", class_="quiet"), line])])
    if mix.intensity is not None:
        rows.append(["red over black tools", cell(f"{mix.intensity:.2f}"), "tools that a red node uses to those of a black one"])
    if rate.better is not None and rate.null is not None:
        rows.append(["overcome rate", cell(percent(rate.better)),
                     f"of them beat the initial data; {percent(rate.null)} would by luck alone: overcome minus luck is {signed(100 * (rate.better - rate.null), 0)} points"])  # fmt: skip
    if rate.beyond is not None and rate.beyond_null is not None:
        rows.append(["overcome beyond the noise", cell(percent(rate.beyond)), f"beat it by more than two standard deviations; {percent(rate.beyond_null)} would by luck alone"])
    if rate.improved is not None:
        rows.append(["improved on their start", cell(percent(rate.improved)), "beat the state that they refined"])
    if bias:
        line = figures.sparkline(bias, "branch concentration over executions")
        rows.append(["branch concentration", cell(f"{bias[-1]:.2f}"), join([el("span", "0 spread evenly, 1 all in one branch; over executions:", class_="quiet"), line])])
    if told.noise is not None:
        rows.append(["noise of a gain", cell(number(told.noise.paired_std, decimals + 1)), "standard deviation of the initial data against random 95 % of itself"])
        rows.append(["noise of the seed", cell(number(told.noise.seed_std, decimals + 1)), "standard deviation over the learner's seeds"])
    return join([table(["on development scores", "#", ""], rows), _tool_mix(mix)])


def _tool_mix(mix: ToolMix) -> Html | None:
    """Which share of a colour's tool uses each tool has."""
    rows: list[list[Any]] = []
    for color, mark, used in (("red", "◆", mix.red), ("black", "●", mix.black)):
        uses = sum(n for _, n in used)
        for tool, n in used[:_TOOLS_LISTED]:
            title = f"{short(tool, 60)}: {percent(n / uses)} of the {color} nodes' uses"
            rows.append([join([el("span", mark, class_="red" if color == "red" else None), " ", short(tool, 60)]), figures.share_bar(n / uses, title=title),
                         cell(n), cell(percent(n / uses))])  # fmt: skip
    return table(["◆ sources searched, ● methods used", "", "#nodes", "#share"], rows) if rows else None


def _methods(told: Account, decimals: int) -> Html | None:
    rows = [[el("code", use.name), cell(use.states), cell(use.failed or ""), cell(signed(use.mean, decimals)), cell(signed(use.best, decimals))]
            for use in methods(told.tree)]  # fmt: skip
    if not rows:
        return None
    note = el("p", "Means of the states that used a method, whatever else they did: not what the method alone brings.", class_="quiet")
    return el("details", el("summary", f"{count(len(rows), 'method')} tried"), table(["method", "#states", "#failed", "#mean gain", "#best gain"], rows), note)


def _nodes(told: Account, decimals: int) -> Html:
    some = list(told.tree)[:_NODES_LISTED]
    more = len(told.tree) - len(some)
    rows = [[cell(node.id), cell("" if node.parent is None else node.parent), el("span", node.color, class_="red" if node.color == "red" else None),
             node.status, cell(number(node.dev, decimals)), cell(signed(node.gain, decimals)) if node.id else "", _did(node), cell(duration(node.seconds))]
            for node in some]  # fmt: skip
    return el("details", el("summary", f"All {count(len(told.tree), 'node')}"),
              table(["#node", "#parent", "colour", "status", "#score", "#gain", "what it did", "#time"], rows),
              el("p", f"… and {more} more: provender show {told.run} --json lists them.", class_="quiet") if more > 0 else None)  # fmt: skip


def _did(node: Node) -> str:
    return short(str(node.failure.get("message")) if node.failure else node.summary or node.grown.reason, 200)


def pool_part(told: Account, decimals: int) -> Html | None:
    """Every asset that was admitted: licence, relevance, screening, and what came of it."""
    if not len(told.pool):
        return None
    best = sorted(told.pool, key=lambda asset: (asset.best_gain is None, -(asset.best_gain or 0.0), not asset.uses))
    first, more = best[:_ASSETS_OPEN], best[_ASSETS_OPEN:_ASSETS_LISTED]
    heads = ["asset", "#rows", "#best gain", ""]
    unlisted = len(best) - len(first) - len(more)
    return section(
        "The Data Pool",
        el("p", f"{count(len(told.pool), 'asset')} passed the guard. Quarantined rows equal rows of the task; nothing may use them.", class_="quiet"),
        table(heads, [_asset(asset, decimals) for asset in first]),
        el("details", el("summary", f"{count(len(more), 'more asset')}"), table(heads, [_asset(asset, decimals) for asset in more])) if more else None,
        el("p", f"… and {unlisted:,} more: provender show {told.run} --json lists them.", class_="quiet") if unlisted else None,
    )


def _asset(asset: Asset, decimals: int) -> list[Any]:
    manifest = asset.manifest
    relevance = manifest.get("relevance")
    facts = [
        f"Licence {manifest.get('licence') or 'not stated'}",
        f"{int(manifest['quarantined']):,} quarantined" if manifest.get("quarantined") else "none quarantined",
        f"relevance {relevance:.2f}" if isinstance(relevance, int | float) else None,
        f"found by node {asset.node} in {manifest.get('source') or 'an unnamed source'}",
    ]
    used = [f"node {use.node} ({signed(use.gain, decimals) if use.gain is not None else use.status})" for use in asset.uses]
    users = ", ".join(used[:_USERS_LISTED]) + (f" and {len(used) - _USERS_LISTED} more" if len(used) > _USERS_LISTED else "")
    columns = [el("code", short(str(column.get("name")), 60)) for column in manifest.get("schema") or () if isinstance(column, dict)]
    uses = [_use(use) for use in manifest.get("uses") or () if isinstance(use, dict)]
    told = el(
        "div",
        el("p", " · ".join(fact for fact in facts if fact)),
        el("p", sentence(short(str(manifest["notes"]), 400))) if manifest.get("notes") else None,
        el("p", f"Used by {users}.") if used else el("p", "No state used it.", class_="quiet"),
        el("details", el("summary", "uses and columns"),
           el("p", "Can serve to ", "; ".join(uses), ".") if uses else None,
           el("p", join(columns[:30], ", "), f" and {len(columns) - 30} more" if len(columns) > 30 else "", class_="columns") if columns else None)
        if uses or columns else None,
        class_="asset",
    )  # fmt: skip
    name = [el("b", str(manifest.get("title") or asset.id)), " ", el("small", asset.id, class_="quiet")]
    return [join(name), cell(f"{int(manifest.get('rows') or 0):,}"), cell(signed(asset.best_gain, decimals)), told]


def _use(use: dict[str, Any]) -> str:
    mapping = use.get("mapping")
    pairs = ", ".join(f"{theirs} as {ours}" for ours, theirs in mapping.items()) if isinstance(mapping, dict) else ""
    if use.get("use") == "append":
        target = f", {use['target']} as the target" if use.get("target") else ""
        return short(f"append rows ({pairs}{target})", 200)
    told = {key: value for key, value in use.items() if key != "use" and value not in (None, "", [], {})}
    return short(f"{use.get('use')} {json.dumps(told, ensure_ascii=False, default=str)}" if told else str(use.get("use")), 200)


def failures_part(told: Account) -> Html | None:
    """What was refused at the border and what failed on the way, grouped by reason."""
    refused, failed = refusals(told.pool), failures(told.tree)
    if not refused and not failed:
        return None
    return section(
        "Refused and failed",
        el("p", "A state that failed has no score. The search learned from it and went on."),
        table(["failed states", "#times", "why", "nodes"], [
            [el("b", _KINDS.get(group.kind, group.kind)), cell(len(group.nodes)), join([sentence(short(group.message, 500)), _detail(group.nodes[0])]),
             _ids([node.id for node in group.nodes])] for group in failed
        ]) if failed else None,
        table(["finds that were not admitted", "#times", "why"], [
            [_leads([refusal.lead for refusal in some]), cell(len(some)), sentence(short(reason, 500))] for reason, some in refused
        ]) if refused else None,
    )  # fmt: skip


def _detail(node: Node) -> Html | None:
    words = str((node.failure or {}).get("detail") or "").strip()
    return el("details", el("summary", f"its own words (node {node.id})"), el("pre", words[-3000:], class_="code")) if words else None


def _ids(ids: list[int]) -> str:
    return ", ".join(map(str, ids[:12])) + (f" and {len(ids) - 12} more" if len(ids) > 12 else "")


def _leads(leads: list[str]) -> str:
    return short(", ".join(dict.fromkeys(leads)), 200)


def cost_part(told: Account) -> Html | None:
    """Where the time went, phase by phase."""
    phases = {name: cost for name, cost in told.ledger.phases.items() if cost.seconds or cost.evaluations or cost.tokens}
    if not phases:
        return None
    total = told.ledger.total
    most = max((cost.seconds for cost in phases.values()), default=0.0) or 1.0
    says = {"noise": "measuring the noise", "search": "evaluating states", "discover": "looking for data", "finalist": "comparing the finalists",
            "confirm": "confirming", "test": "scoring the test rows", "agent": "the agent"}  # fmt: skip
    rows = [[says.get(name, name), figures.share_bar(cost.seconds / most, min(cost.training_seconds, cost.seconds) / most, f"{name}: {duration(cost.seconds)}"),
             cell(duration(cost.seconds)), cell(duration(cost.training_seconds)), cell(f"{cost.evaluations:,}"), cell(f"{cost.cached:,}")]
            for name, cost in phases.items()]  # fmt: skip
    bought = f" Language models: {total.tokens:,} tokens, {total.dollars:.2f} dollars." if total.tokens or total.dollars else ""
    words = (f"{duration(told.wall)} on the clock, {duration(total.seconds)} of workers side by side, {duration(total.training_seconds)} of it inside the learner "
             f"(the dark part of a bar).{bought}")  # fmt: skip
    return section("Where the time went", el("p", words), table(["phase", "", "#workers", "#learner", "#fits", "#from cache"], rows))


def setting_part(told: Account) -> Html | None:
    """Settings, isolation and environment: what would have to be the same for the same numbers."""
    if told.started is None:
        return None
    started = told.started
    settings = [[el("code", str(key)), short(json.dumps(value, ensure_ascii=False, default=str), 200)] for key, value in started.settings.items()]
    around = {key: value for key, value in started.environment.items() if key != "packages"} | dict(started.environment.get("packages") or {})
    words = f"Task {started.task}, digest {started.task_digest}. Isolation: {told.isolation}."
    return section(
        "What it ran on",
        el("p", words),
        el("details", el("summary", "Settings"), table(["setting", "value"], settings)),
        el("details", el("summary", "Environment"), table(["what", "version"], [[str(k), short(str(v), 120)] for k, v in around.items()])),
    )
