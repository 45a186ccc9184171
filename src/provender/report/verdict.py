"""The verdict in words: what a run found and how sure that is, in the order in which a reader should learn it."""

from __future__ import annotations

from dataclasses import dataclass

from ..journal.tree import ROOT
from .metrics import Account
from .words import count, number, sentence, short, signed, spaced, span


@dataclass(frozen=True, slots=True)
class Verdict:
    """headline: one sentence; because: why; warnings: what the reader must know before believing any of it. tone: good | open | bad"""

    tone: str
    headline: str
    because: str
    warnings: tuple[str, ...]


def verdict(told: Account, decimals: int) -> Verdict:
    """Law 5 in words: proven or not, and why."""
    tone, headline, because = _said(told, decimals)
    return Verdict(tone, headline, because, tuple(_warnings(told, decimals)))


def _said(told: Account, decimals: int) -> tuple[str, str, str]:
    metric, found = spaced(str(told.metric.get("name", "score"))), told.confirmed
    if told.status == "voided":
        return "bad", "Void: these results no longer stand.", f"{sentence(told.ended)} Start a new run."
    if told.accepted and told.returned == ROOT:
        return "open", "Accepted: a person took the initial data back.", _so_far(told, decimals)
    if told.accepted and not told.proven:
        return "open", f"Accepted by a person, not proven: node {told.returned}.", _unproven(told, decimals)
    if told.proven and found is not None:
        moved = "falls" if found.best < found.initial else "rises"
        return (
            "good",
            f"Proven: {metric} {moved} from {number(found.initial, decimals)} to {number(found.best, decimals)}.",
            f"Node {found.node} beats the initial data by {signed(found.gain, decimals)} (interval {span(found.interval, decimals)}), "
            f"paired on {count(found.rows, 'row')} in {count(found.foldings, 'fresh folding')}. The learner is the same; only its data changed.",
        )
    if told.status == "interrupted":
        return "open", "Interrupted: nothing is proven so far.", f"{sentence(told.ended)} Nothing is lost: provender resume {told.run} goes on."
    if told.status == "running":
        return "open", "Not finished: nothing is proven so far.", "What stands below are search scores, which are never claims. " + _so_far(told, decimals)
    if told.subject is None:
        return "open", "Nothing better was found: the initial data is returned.", _nothing(told)
    reason = sentence(found.reason) if found is not None and found.reason else "It was not confirmed."
    return "open", "Not proven: the initial data is returned.", f"The likeliest candidate is node {told.subject}. {reason}"


def _unproven(told: Account, decimals: int) -> str:
    """What is known of a node that somebody took without a proof."""
    found = told.confirmed
    if found is None:
        return "It was never confirmed: its score on the development folds, by which it was chosen, is too rosy. Taking it proves nothing."
    if not found.rows:
        return f"{sentence(found.reason)} Taking it proves nothing."
    return (
        f"On {count(found.rows, 'row')} its gain over the initial data was {signed(found.gain, decimals)} (interval {span(found.interval, decimals)}). "
        f"{sentence(found.reason)} Taking it proves nothing."
    )


def _so_far(told: Account, decimals: int) -> str:
    if told.subject is None:
        return "No state is better than the initial one so far."
    return f"The best so far is node {told.subject}, at {signed(told.dev_gain, decimals)} on the development folds."


def _nothing(told: Account) -> str:
    tried = sum(1 for node in told.tree if node.color == "black" and node.outcome is not None and node.id != ROOT)
    failed = sum(1 for node in told.tree if node.color == "black" and node.status == "failed")
    if tried and failed == tried:
        return f"All {count(tried, 'state')} failed before they had a score; see why under Refused and failed."
    return f"{count(tried, 'state')} tried, none of them above the initial one on the development folds."


def _warnings(told: Account, decimals: int) -> list[str]:
    found, tested = [], told.tested
    if tested is not None and tested.node != ROOT and tested.interval[1] < 0:
        found.append(f"On the test rows it is worse than the initial data, by {signed(tested.gain, decimals)} ({span(tested.interval, decimals)}).")
    elif tested is not None and tested.node != ROOT and tested.interval[0] < 0:
        found.append("The test rows alone do not show it: their interval includes zero.")
    if told.proven and told.status in ("running", "interrupted"):
        found.append(f"The run was given more budget after this and is {'interrupted' if told.status == 'interrupted' else 'not finished'}; a proof stands whatever comes.")
    if told.isolation == "unsealed":
        found.append("The run was not isolated: loaders could have read held-out data, so nothing is called proven.")
    elif told.isolation == "partial":
        found.append("The run was isolated in part only; provender doctor says what this machine lacks.")
    return [*found, *(short(sentence(note.text), 400) for note in told.notes)]
