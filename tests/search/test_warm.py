"""A warm run tries what an earlier run found before anything else, believes none of it, and goes on after any kill."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from real_run import report, wine_loaders, wine_task
from scripted import (
    Nowhere,
    ScriptedAgent,
    ScriptedCustoms,
    scripted_run,
    scripted_setup,
    scripted_task,
    timeless,
)

from provender.agents.agent import Brief, Proposal
from provender.agents.warm import Warm, best_nodes
from provender.cli.app import app
from provender.contract.rows import row_ids
from provender.contract.task import read_task
from provender.errors import RunError, UserError
from provender.journal.events import (
    Accepted,
    AssetAdmitted,
    AssetRefused,
    Confirmed,
    Event,
    NodeGrown,
    NodeScored,
    NodeStarted,
    Noted,
    RunFinished,
    RunStarted,
    StateProposed,
)
from provender.pipeline.admit import Admission, Customs
from provender.pipeline.pool_store import PoolStore
from provender.pipeline.records import load_records
from provender.search.settings import Settings, WarmStart
from provender.search.setup import Setup
from provender.search.warm import choose_start, open_earlier
from provender.search.workspace import Workspace


@pytest.fixture(scope="module")
def task(tmp_path_factory):
    return scripted_task(tmp_path_factory.mktemp("task"))


@pytest.fixture(scope="module")
def earlier(task, tmp_path_factory) -> Workspace:
    """A workspace with one finished run, `first`."""
    place = Workspace(tmp_path_factory.mktemp("earlier"))
    scripted_run(scripted_setup(task, place, Settings(nodes=14)), "first")
    return place


class Greedy(ScriptedAgent):
    """Its states read every table that there is."""

    def refine(self, brief: Brief) -> Proposal:
        told, assets = super().refine(brief), tuple(str(manifest["id"]) for manifest in brief.pool)
        return dataclasses.replace(told, loader=told.loader.replace(f"ASSETS = {told.assets!r}", f"ASSETS = {assets!r}"), assets=assets)


class Readmitting(ScriptedCustoms):
    """Takes a table over when its last digit is even."""

    def readmit(self, asset: str, pool: PoolStore) -> Admission:
        if int(asset[-1], 16) % 2:
            return Admission(asset=None, manifest={}, reason=f"{asset} is odd")
        return Admission(asset=asset, manifest={"title": "again", "rows": 3})


def warm_setup(task, place: Workspace, start: WarmStart, **more: object) -> Setup:
    setup = scripted_setup(task, place, Settings(warm=start, **{"nodes": 12, "workers": 2, **more}), jitter=0.002)
    setup.earlier = open_earlier(setup.settings.warm)
    setup.agent = Warm(setup.earlier.known, ScriptedAgent())
    setup.customs = Readmitting(0.0)
    return setup


def proposed(events: list[Event]) -> list[StateProposed]:
    """What was proposed after D0, in order."""
    return [event for event in events if isinstance(event, StateProposed) and event.node]


def story_of(place: Workspace, run: str) -> list[Event]:
    return [stored.event for stored in place.journal.read(run)]


@pytest.mark.parametrize(("workers", "schedule"), [(1, "branch"), (3, "branch"), (2, "paper")])
def test_the_earlier_states_come_first_in_their_order_and_keep_what_they_are(task, earlier, tmp_path: Path, workers: int, schedule: str) -> None:
    start = choose_start(earlier, "first")
    found = proposed(scripted_run(warm_setup(task, Workspace(tmp_path), start, workers=workers, schedule=schedule)))
    assert len(start.nodes) == 5 and len(found) > 5
    before = {event.node: event for event in proposed(story_of(earlier, "first"))}
    for state, node in zip(found, start.nodes, strict=False):
        told = before[node]
        assert (state.loader, state.author, state.recipe, state.methods, state.assets) == (told.loader, told.author, told.recipe, told.methods, told.assets)
        assert state.summary == f"from first node {node}: {told.summary}" and state.state == told.state
    assert not any(event.summary.startswith("from first") for event in found[5:])


def test_what_an_earlier_state_reads_passes_the_customs_under_its_node_before_it_is_proposed(task, tmp_path: Path) -> None:
    rich = scripted_setup(task, Workspace(tmp_path / "rich"), Settings(nodes=14))
    rich.agent = Greedy()
    scripted_run(rich, "first")
    start = choose_start(rich.workspace, "first")
    story = scripted_run(warm_setup(task, Workspace(tmp_path / "w"), start, no_red=True))
    wanted = {(state.node, asset) for state in proposed(story) for asset in state.assets}
    admitted = [event for event in story if isinstance(event, AssetAdmitted)]
    refused = [event for event in story if isinstance(event, AssetRefused)]
    assert admitted and refused and {asset for _, asset in wanted} == {e.asset for e in admitted} | {e.lead for e in refused}
    assert len({e.asset for e in admitted}) == len(admitted), "a table passes once"
    for event in (*admitted, *refused):
        assert isinstance(next(e for e in story[story.index(event) :] if not isinstance(e, AssetAdmitted | AssetRefused)), StateProposed)
        assert (event.node, event.asset if isinstance(event, AssetAdmitted) else event.lead) in wanted


def test_a_warm_run_cut_after_any_event_resumes_to_the_same_run(task, earlier, tmp_path: Path) -> None:
    start = choose_start(earlier, "first")
    whole_place = Workspace(tmp_path / "whole")
    whole = scripted_run(warm_setup(task, whole_place, start, nodes=6))
    stored = list(whole_place.journal.read("run"))
    cuts = [a.seq for a, b in itertools.pairwise(stored) if a.time != b.time]
    assert len(cuts) > 20
    for after in cuts[::3]:
        place = Workspace(tmp_path / str(after))
        place.journal.append("run", whole[:after])
        settings = Settings.from_json(next(e.settings for e in whole if isinstance(e, RunStarted)))
        assert settings.warm == start
        assert timeless(scripted_run(warm_setup(task, place, settings.warm, nodes=6))) == timeless(whole), f"cut after {whole[after - 1]}"


def test_a_run_whose_earlier_one_was_removed_goes_on_with_what_it_has_and_says_so(task, tmp_path: Path) -> None:
    gone = Workspace(tmp_path / "gone")
    scripted_run(scripted_setup(task, gone, Settings(nodes=14)), "first")
    start = choose_start(gone, "first")
    whole = scripted_run(warm_setup(task, Workspace(tmp_path / "whole"), start))
    second = [i for i, event in enumerate(whole) if isinstance(event, StateProposed)][2]  # D0, then two states
    gone.journal.remove("first")
    place = Workspace(tmp_path / "cut")
    place.journal.append("run", whole[: second + 1])
    story = scripted_run(warm_setup(task, place, start))
    assert isinstance(story[-1], RunFinished)
    assert [state.summary.startswith("from first") for state in proposed(story)].count(True) == 2
    (said,) = [event.text for event in story if isinstance(event, Noted)]
    assert said == "run first, from which this one starts, was removed, so 3 of its 5 states are not tried"


def test_states_of_another_version_of_the_task_are_said_to_be(earlier, tmp_path: Path) -> None:
    other = scripted_task(tmp_path / "more", rows=170)
    story = scripted_run(warm_setup(other, Workspace(tmp_path / "w"), choose_start(earlier, "first"), nodes=6))
    (said,) = [event.text for event in story if isinstance(event, Noted)]
    assert "another version of this task" in said and "\n" not in said
    assert len([state for state in proposed(story) if state.summary.startswith("from first")]) == 5


def test_the_earlier_confirmations_make_the_next_one_stricter_on_whatever_rows_they_were(task, earlier, tmp_path: Path) -> None:
    """A first confirmation has the level .01; here it is a second one, as it would be without a warm start on the same task."""
    other = scripted_task(tmp_path / "more", rows=170)
    assert sum(isinstance(event, Confirmed) for event in story_of(earlier, "first")) == 1
    start = choose_start(earlier, "first")
    for number, (place, mine) in enumerate(((Workspace(tmp_path / "new"), other), (Workspace(tmp_path / "same task"), task), (earlier, task))):
        setup = warm_setup(mine, place, start, nodes=6)
        (asked,) = [event for event in scripted_run(setup, f"warm-{number}") if isinstance(event, Confirmed)]
        assert asked.level == pytest.approx(0.005)


def lived(gains: dict[int, float | None], *, states: dict[int, str] | None = None) -> list[Event]:
    """Nodes below D0 with these gains (None: pending)."""
    events: list[Event] = [NodeGrown(node=0, parent=None, color="black"), NodeStarted(node=0), NodeScored(node=0, dev=1.0, gain=0.0, reward=0.5)]
    for node, gain in gains.items():
        events.append(NodeGrown(node=node, parent=0, color="black"))
        if gain is not None:
            state = (states or {}).get(node, f"s{node}")
            events += [NodeStarted(node=node), StateProposed(node=node, state=state, loader="", author="person"), NodeScored(node=node, dev=1 - gain, gain=gain, reward=0.6)]
    return events


def confirmed(node: int, proven: bool) -> Confirmed:
    return Confirmed(node=node, initial=1.0, best=0.9, gain=0.1, interval=(0.0, 0.2), level=0.01, rows=100, foldings=5, proven=proven)


def test_the_best_states_are_those_proven_then_accepted_then_the_highest_gains_each_once() -> None:
    gains = {1: 0.3, 2: 0.1, 3: -0.2, 4: 0.5, 5: 0.2, 6: 0.5, 7: None, 8: 0.05, 9: 0.01}
    story = lived(gains, states={6: "s4"})
    assert best_nodes(story) == (4, 1, 5, 2, 8)
    assert best_nodes([*story, confirmed(4, False), confirmed(8, True), RunFinished(best=8, candidate=8), Accepted(node=2)]) == (8, 2, 4, 1, 5)
    assert best_nodes(lived({1: -0.1, 2: None})) == ()


def test_a_run_without_a_better_state_is_nothing_to_start_from(tmp_path: Path) -> None:
    place = Workspace(tmp_path)
    began = RunStarted(task="t", folder="t", task_digest="0" * 32, settings={}, environment={}, isolation="sealed", created=1.0)
    place.journal.append("poor", [began, *lived({1: -0.1})])
    with pytest.raises(RunError, match="nothing to start from"):
        choose_start(place, "poor")
    place.journal.append("rich", [began, *lived({1: 0.1})])
    elsewhere = choose_start(Workspace(tmp_path / "other"), str(place.run_folder("rich")))
    assert elsewhere == choose_start(place, "rich") and elsewhere.foreign
    assert Settings(warm=elsewhere).seals and not Settings().seals and not Settings(warm=dataclasses.replace(elsewhere, foreign=False)).seals


def test_a_table_taken_over_loses_the_rows_that_the_new_task_holds(tmp_path: Path) -> None:
    """Also when the old task did not hold them; its own manifest says how many are left."""
    task = scripted_task(tmp_path / "task")
    records = load_records(task)
    own = records.frame[["size", "age"]].reset_index(drop=True).iloc[:40]
    fresh = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 2)).round(6), columns=["size", "age"])
    uses = [{"use": "append", "mapping": {"size": "size", "age": "age"}, "target": "price"}]
    old, new = PoolStore(tmp_path / "old"), PoolStore(tmp_path / "new")
    table = pd.concat([own, fresh], ignore_index=True).assign(price=1.0)
    old.add("lake:1", table, {"title": "prices", "uses": uses, "rows": 100, "quarantined": 0})
    old.add("lake:2", table.iloc[:40], {"title": "copies", "uses": uses})
    old.add("lake:3", table, {"title": "test labels of prices", "uses": []})
    customs = Customs(Nowhere(), new, records, read_task(task.folder).data.target)
    taken = customs.readmit("lake:1", old)
    assert (taken.manifest["rows"], taken.manifest["quarantined"]) == (60, 40)
    assert sorted(new.frame("lake:1").index) == sorted(row_ids("lake:1", 100)[40:])
    assert customs.readmit("lake:1", PoolStore(tmp_path / "nothing")).manifest == taken.manifest, "what the pool holds stays as it is"
    for asset, why in (("lake:2", "all its rows equal rows of the task"), ("lake:4", "does not hold it any more")):
        refusal = customs.readmit(asset, old)
        assert refusal.asset is None and why in refusal.reason and asset not in new


@pytest.mark.parametrize(("words", "said"), [
    (("--from", "last"), "there are no runs"),
    (("--from", "last", "--no-memory"), "--from and --no-memory contradict"),
    (("--from", "last", "--no-black"), "--from and --no-black contradict"),
])  # fmt: skip
def test_a_start_that_cannot_be_is_told_before_anything_runs(task, tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    with pytest.raises(UserError, match=said):
        app(["run", str(task.folder), *words, "--workspace", str(tmp_path / "w")], standalone_mode=False)
    assert not (tmp_path / "w").exists()


@pytest.mark.slow
def test_a_real_run_goes_on_from_another_on_a_task_with_more_rows(tmp_path: Path) -> None:
    """Forty wines came in: the states of the run without them are tried first, and what is found is proven anew."""
    task, loaders = wine_task(tmp_path / "wine"), wine_loaders(tmp_path / "loaders")
    table = pd.read_csv(task / "wine.csv")
    table.sample(138, random_state=0).to_csv(task / "wine.csv", index=False)
    first = report("run", task, "--agent", loaders, "--no-red", "--workers", 2, "--nodes", 4, workspace=tmp_path / "w")
    table.to_csv(task / "wine.csv", index=False)
    again = report("run", task, "--from", first["run"], "--no-red", "--workers", 2, "--nodes", 5, workspace=tmp_path / "w")
    taken = [node for node in again["nodes"] if node["summary"].startswith(f"from {first['run']} node")]
    better = [node for node in first["nodes"] if (node["gain"] or 0) > 0]
    assert len(taken) == len(better) > 1 and all(node["author"] == "person" for node in taken)
    assert {node["summary"].rpartition(": ")[2] for node in taken} == {node["summary"] for node in better}
    assert again["status"] == "finished" and again["confirm"]["rows"] > first["confirm"]["rows"] and again["gain"]["proven"]
    assert any(node["author"] == "playbook" for node in again["nodes"])
    assert any("another version of this task" in note for note in again["notes"])
