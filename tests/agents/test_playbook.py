"""The playbook's proposals: they render, run, keep the contract, never repeat themselves, and learn."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest
from loader_cases import asset_view, dense, run_loader, task_view
from real_cases import (
    CASES,
    asset_of,
    breast_cancer,
    cars,
    diabetes,
    digits_pictures,
    digits_pixels,
    facts_of,
    reviews,
    wine,
)

from provender.agents.agent import Brief, Proposal, Record
from provender.agents.playbook.playbook import Playbook
from provender.agents.playbook.recipe import Recipe
from provender.contract.state import named_assets

# Two scikit-learn methods say when they are given fewer rows than their default; they then use what there is.
pytestmark = [
    pytest.mark.filterwarnings("ignore:n_components > n_samples"),
    pytest.mark.filterwarnings("ignore:n_quantiles"),
]


def record_of(node: int, proposal: Proposal, gain: float | None = 0.0, failure: str | None = None) -> Record:
    return Record(
        node=node, color="black", dev=gain, gain=gain, summary=proposal.summary, methods=proposal.methods,
        assets=proposal.assets, recipe=proposal.recipe, loader=proposal.loader, failure=failure,
    )  # fmt: skip


def first_brief(make, **changes) -> Brief:
    start = Playbook().initial(facts_of(make))
    root = record_of(0, start)
    return replace(
        Brief(node=1, seed=1, task=facts_of(make), parent=root, record=(root,), noise=0.004, initial=start.loader), **changes
    )


def walk(make, steps: int, seed: int, pool=()):
    """Proposals of a made-up tree in which gains are random: all kinds of recipes come by."""
    rng = np.random.default_rng(seed)
    brief = first_brief(make, pool=pool, fresh=tuple(m["id"] for m in pool))
    records = [brief.parent]
    for node in range(1, steps + 1):
        parent = records[rng.integers(len(records))]
        brief = replace(brief, node=node, seed=seed * 100 + node, parent=parent, record=tuple(records), left=1 - node / steps)
        proposal = Playbook().refine(brief)
        yield proposal
        records.append(record_of(node, proposal, float(rng.normal(0.01, 0.02))))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "steps"),
    [(digits_pixels, 10), (digits_pictures, 8), (wine, 14), (breast_cancer, 8), (diabetes, 12), (cars, 14), (reviews, 8)],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_every_proposal_runs_end_to_end(make, steps):
    case = make()
    view, manifest = asset_of(case)
    keys = set()
    training = np.arange(0, len(case.frame), 4)
    raw = case.frame.iloc[1:120:3].set_axis(pd.RangeIndex(40))
    for proposal in walk(make, steps, seed=7, pool=(manifest,)):
        rows, features, *_ = run_loader(proposal.loader, task_view(case, training), raw, {view.id: view})
        assert len(rows.changes) >= len(Recipe.from_json(proposal.recipe).sources)
        assert features.shape[1] > 0
        assert proposal.assets == named_assets(proposal.loader)
        keys.add(Recipe.from_json(proposal.recipe).key)
    assert len(keys) == steps, "a recipe was proposed twice"


@pytest.mark.parametrize("make", CASES, ids=lambda make: make.__name__)
def test_a_brief_has_one_answer(make):
    brief = first_brief(make)
    assert Playbook().refine(brief) == Playbook().refine(brief)


def test_other_seeds_explore_other_states():
    answers = {Playbook().refine(first_brief(cars, seed=seed)).loader for seed in range(8)}
    assert len(answers) >= 4


FUEL_PRICES = {
    "id": "lake:c0ffee00", "title": "fuel prices", "relevance": 1.0, "schema": [{"name": "fuel price", "kind": "numeric"}],
    "uses": [{"use": "join", "on": [["Origin", "country"]], "columns": ["fuel price"], "coverage": 1.0, "one_to_many": False}],
}  # fmt: skip


def test_rendered_loaders_are_formatted_and_clean(tmp_path):
    if find_spec("ruff") is None:
        pytest.skip("ruff is not installed")
    texts = [p.loader for make in (cars, digits_pixels, reviews) for p in walk(make, 12, 3, (asset_of(make())[1],))]
    texts.append(Playbook().initial(facts_of(cars)).loader)
    pool, fresh = (FUEL_PRICES,), (FUEL_PRICES["id"],)
    texts.append(Playbook().passthrough(first_brief(cars, pool=pool, fresh=fresh)).loader)
    for text in texts:
        for command in (["format", "--check", "--line-length=110", "-"], ["check", "--select=E,F,I,B,UP,SIM", "--line-length=110", "-"]):
            done = subprocess.run(
                [sys.executable, "-m", "ruff", command[0], "--isolated", "--no-cache", *command[1:]],
                input=text, capture_output=True, text=True, check=False, cwd=tmp_path,
            )  # fmt: skip
            assert done.returncode == 0, f"{done.stdout}{done.stderr}\n{text}"


def test_an_unused_fresh_asset_comes_first():
    _, manifest = asset_of(diabetes())
    for seed in range(5):
        proposal = Playbook().refine(first_brief(diabetes, seed=seed, pool=(manifest,), fresh=(manifest["id"],)))
        assert proposal.assets == (manifest["id"],)


def test_appended_rows_reach_training_with_their_own_ids():
    case = wine()
    view, manifest = asset_of(case)
    proposal = Playbook().passthrough(first_brief(wine, pool=(manifest,), fresh=(manifest["id"],)))
    rows, *_ = run_loader(proposal.loader, task_view(case, np.arange(90)), case.frame.iloc[90:], {view.id: view})
    assert len(rows) == 90 + len(view.frame()) and set(view.frame().index) <= set(rows.ids)
    assert set(rows.y) <= {0, 1, 2}


def test_no_asset_is_brought_in_twice():
    for proposal in walk(wine, 25, 11, (asset_of(wine())[1],)):
        sources = Recipe.from_json(proposal.recipe).sources
        assert len({step.asset for step in sources}) == len(sources)


def test_passthrough_of_nothing_is_the_initial_state():
    brief = first_brief(wine)
    assert Recipe.from_json(Playbook().passthrough(brief).recipe).key == Recipe.from_json(brief.parent.recipe).key


def test_joined_columns_are_features_of_training_and_evaluation_alike():
    case = cars()
    table = pd.DataFrame({"country": ["usa", "EUROPE ", "Japan"], "fuel price": [1.0, 2.5, 2.0]})
    proposal = Playbook().passthrough(first_brief(cars, pool=(FUEL_PRICES,), fresh=("lake:c0ffee00",)))
    view = asset_view("lake:c0ffee00", table)
    rows, *_, inputs = run_loader(proposal.loader, task_view(case, np.arange(200)), case.frame.iloc[200:], {view.id: view})
    expected = rows.frame["Origin"].map({"USA": 1.0, "Europe": 2.5, "Japan": 2.0})
    assert (rows.frame["fuel price"] == expected).all()
    assert any(np.allclose(column, case.frame["Origin"].iloc[200:].map({"USA": 1.0, "Europe": 2.5, "Japan": 2.0})) for column in inputs.T)


OWN = '''"""How our team reads wines: two columns, by hand."""

from __future__ import annotations

import numpy as np

COLUMNS = ["alcohol", "hue"]


class DataLoader:
    """DataLoader of the team."""

    def __init__(self, task, pool):
        self.train = task.train

    def rows(self):
        return self.train

    def fit(self, rows):
        return np.log1p(rows.frame[DataLoader.columns()].to_numpy())

    def inputs(self, raw):
        return np.log1p(raw[self.columns()].to_numpy())

    @staticmethod
    def columns():
        return COLUMNS
'''


def test_states_build_on_the_tasks_own_loader():
    case = wine()
    view, manifest = asset_of(case)
    use = {**manifest["uses"][0], "mapping": {name: name for name in case.frame}}  # the team's loader imputes nothing
    manifest = {**manifest, "uses": [use]}
    own = Proposal(loader=OWN, summary="ours", author="person")
    brief = first_brief(wine, parent=record_of(0, own), initial=OWN, record=(), pool=(manifest,))
    grown = 0
    for seed in range(12):
        proposal = Playbook().refine(replace(brief, seed=seed))
        _, features, *_, inputs = run_loader(
            proposal.loader, task_view(case, np.arange(0, 178, 2)), case.frame.iloc[1::2], {view.id: view}
        )
        np.testing.assert_allclose(inputs[:, :2], np.log1p(case.frame[["alcohol", "hue"]].iloc[1::2]))
        assert "DataLoader of the team." in proposal.loader, "words in strings keep their meaning"
        grown += features.shape[1] > 2
        child = replace(brief, parent=record_of(1, proposal, 0.01), record=(record_of(0, own), record_of(1, proposal, 0.01)))
        run_loader(Playbook().refine(child).loader, task_view(case, np.arange(0, 178, 2)), case.frame.iloc[1::2], {view.id: view})
    assert grown


def test_a_method_that_keeps_losing_is_no_longer_tried():
    brief = first_brief(diabetes)
    losing = [p for p in walk(diabetes, 30, 5) if "nystroem" in p.methods]
    assert losing
    records = (brief.parent, *(record_of(i, p, -0.4) for i, p in enumerate(losing, start=1)))
    tries = [Playbook().refine(replace(brief, record=records, seed=seed, left=0.2)) for seed in range(10)]
    assert sum("nystroem" in p.methods for p in tries) <= 1


def test_a_method_that_keeps_failing_is_avoided():
    brief = first_brief(diabetes)
    failing = [p for p in walk(diabetes, 40, 6) if "splines" in p.methods]
    assert failing
    records = (brief.parent, *(record_of(i, p, None, "crashed") for i, p in enumerate(failing, start=1)))
    tries = [Playbook().refine(replace(brief, record=records, seed=seed)) for seed in range(10)]
    assert sum("splines" in p.methods for p in tries) <= 1


def test_two_winners_are_combined():
    brief = first_brief(cars)
    singles = {p.methods: p for seed in range(40) for p in [Playbook().refine(replace(brief, seed=seed))]}
    dates = next(p for p in singles.values() if "date_parts" in p.methods and "interactions" not in p.methods)
    products = next(p for p in singles.values() if "interactions" in p.methods and "date_parts" not in p.methods)
    first, second = record_of(1, dates, 0.2), record_of(2, products, 0.1)
    both = [
        Playbook().refine(replace(brief, parent=first, record=(brief.parent, first, second), seed=seed, left=0.1)) for seed in range(10)
    ]
    assert sum({"date_parts", "interactions"} <= set(p.methods) for p in both) >= 5


class Shelf:
    """A desk with three leads: one of use, one of none, one that is refused."""

    def __init__(self, useful: dict) -> None:
        self.leads = [{**useful, "id": "lake:a"}, {"id": "lake:b", "uses": [], "relevance": 0.9}, {**useful, "id": "lake:c"}]
        self.asked: list[dict] = []
        self.fetched: list[str] = []

    def search(self, query):
        self.asked.append(dict(query))
        return self.leads

    def fetch(self, lead):
        if lead["id"] == "lake:c":
            return None
        self.fetched.append(lead["id"])
        return lead["id"]


def test_a_red_node_fetches_what_a_loader_could_use():
    shelf = Shelf(asset_of(wine())[1])
    summary = Playbook().discover(first_brief(wine), shelf)
    assert shelf.fetched == ["lake:a"]
    assert "1 refused" in summary and any("alcohol" in query["text"] for query in shelf.asked)


def test_a_red_node_does_not_fetch_what_the_pool_holds():
    manifest = asset_of(wine())[1]
    shelf = Shelf(manifest)
    Playbook().discover(first_brief(wine, pool=({**manifest, "id": "lake:a"},)), shelf)
    assert shelf.fetched == []


def test_the_same_fold_gives_the_same_features_twice():
    case = cars()
    for proposal in walk(cars, 3, seed=2):
        first, second = (run_loader(proposal.loader, task_view(case, np.arange(150)), case.frame.iloc[300:]) for _ in range(2))
        np.testing.assert_array_equal(dense(first[1]), dense(second[1]))
