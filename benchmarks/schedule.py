"""What the scheduling policies cost, and what they are worth.

    python benchmarks/schedule.py [--simulations 40]

Cost: select and backpropagate in trees of 1,000 to 100,000 nodes with up to 1,000 frontier branches, microseconds.
Target: at most 50 at 100,000 nodes. Worth: points gained on five landscapes (`provender.search.simulation`) by each
scheduler under each growth, and its ratio to random order. Small and quick; the landscapes are not those of the
larger study that chose the default, so compare ratios within the table only.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time

from provender.journal.events import NodeGrown, NodeScored, NodeStarted
from provender.journal.tree import Tree
from provender.search.grow import Growth
from provender.search.schedule import BranchScheduler, PaperScheduler, RandomScheduler, Scheduler
from provender.search.simulation import LANDSCAPES, Simulation

SCHEDULERS: dict[str, Scheduler] = {
    "random": RandomScheduler(),
    "paper (its rule)": PaperScheduler(),
    "best-first": BranchScheduler(exploration=0.0),
    "branch (default)": BranchScheduler(),
}
GROWTHS = {"default growth": Growth(), "from every node": Growth(retreat=False), "paper's quotas": Growth.paper()}


def large_tree(nodes: int, branches: int, rng: random.Random) -> Tree:
    """A tree of `nodes` finished black nodes, `branches` of which have pending children."""
    tree = Tree()
    tree.apply(NodeGrown(node=0, parent=None, color="black"))
    tree.apply(NodeScored(node=0, dev=0.0, gain=0.0, reward=0.5))
    for node in range(1, nodes):
        parent = rng.randrange(max(0, node - 2_000), node)
        tree.apply(NodeGrown(node=node, parent=parent, color="black"))
        tree.apply(NodeScored(node=node, dev=0.0, gain=rng.gauss(0.0, 1.0), reward=rng.random()))
    for parent in rng.sample(range(nodes), branches):
        tree.apply(NodeGrown(node=len(tree), parent=parent, color="black"))
    return tree


def microseconds(scheduler: Scheduler, tree: Tree, steps: int, rng: random.Random) -> tuple[float, float]:
    """Medians of: selecting a node; starting, scoring and backpropagating it. A child keeps the frontier full."""
    select, fold = [], []
    for _ in range(steps):
        a = time.perf_counter()
        node = scheduler.pick(tree, rng)
        b = time.perf_counter()
        tree.apply(NodeStarted(node=node))
        tree.apply(NodeScored(node=node, dev=0.0, gain=rng.gauss(0.0, 1.0), reward=rng.random()))
        c = time.perf_counter()
        tree.apply(NodeGrown(node=len(tree), parent=node, color="black", after=node))
        select.append(b - a)
        fold.append(c - b)
    return statistics.median(select) * 1e6, statistics.median(fold) * 1e6


def cost() -> None:
    print("| scheduler | nodes | branches | select | backpropagate | together (us) |\n|---|--:|--:|--:|--:|--:|")
    for nodes, branches in ((1_000, 100), (10_000, 1_000), (100_000, 1_000)):
        tree = large_tree(nodes, branches, random.Random(nodes))
        for name in ("paper (its rule)", "branch (default)"):
            pick, fold = microseconds(SCHEDULERS[name], tree, 1_000, random.Random(0))
            print(f"| {name} | {nodes:,} | {branches:,} | {pick:.1f} | {fold:.1f} | {pick + fold:.1f} |")


def worth(simulations: int) -> None:
    names = list(LANDSCAPES)
    for workers in (1, 4):
        for budget in (40, 200):
            print(f"\nbudget {budget}, {workers} workers, {simulations} simulations a cell: points gained\n")
            print(f"| growth | scheduler | {' | '.join(names)} | mean | ratio |\n|---|---|{'--:|' * (len(names) + 2)}")
            for growth_name, growth in GROWTHS.items():
                chance = 0.0
                for name, scheduler in SCHEDULERS.items():
                    cells = [
                        statistics.fmean(
                            Simulation(landscape, scheduler, growth, seed, workers).run(budget).gain
                            for seed in range(simulations)
                        )
                        for landscape in LANDSCAPES.values()
                    ]
                    mean = statistics.fmean(cells)
                    chance = chance or mean
                    row = " | ".join(f"{cell:.2f}" for cell in cells)
                    print(f"| {growth_name} | {name} | {row} | {mean:.2f} | {mean / chance:.2f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--simulations", type=int, default=40, help="0: the cost table only")
    arguments = parser.parse_args()
    cost()
    if arguments.simulations:
        worth(arguments.simulations)


if __name__ == "__main__":
    main()
