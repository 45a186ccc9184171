"""A person as the agent: loaders written by hand, proposed one after the other in the order of their names.

`provender run TASK --agent my-loaders/` tries every `*.py` of the folder under the same proof as anything else. It is
also how the test suites drive a search exactly.
"""

from __future__ import annotations

import ast
from pathlib import Path

from ..contract.state import named_assets
from ..errors import LoaderError, UserError
from .agent import Agent, Brief, Proposal, RedDesk, TaskFacts


class Hand:
    """Proposes the folder's loaders. Node n of a tree gets the (n - 1)-th file, round and round.

    folder   holds loader files;  drafts  who makes D0 where the task has no loader.py of its own
    """

    def __init__(self, folder: Path, drafts: Agent) -> None:
        self.drafts = drafts
        self.files = sorted(Path(folder).glob("*.py"))
        if not self.files:
            raise UserError(f"--agent names the folder {str(folder)!r}, which holds no *.py loader: put at least one there")

    def initial(self, facts: TaskFacts) -> Proposal:
        return self.drafts.initial(facts)

    def discover(self, brief: Brief, desk: RedDesk) -> str:
        """Fetch every relevant lead: a person who gives loaders by hand wants what they name in the pool."""
        leads = [lead for lead in desk.search({"text": brief.task.description, "most": 5}) if float(lead["relevance"]) > 0]  # type: ignore[arg-type]
        found = [asset for lead in leads if (asset := desk.fetch(lead)) is not None]
        return f"fetched {len(found)} of {len(leads)} leads"

    def refine(self, brief: Brief) -> Proposal:
        file = self.files[(brief.node - 1) % len(self.files)]
        text = file.read_text()
        try:
            assets = named_assets(text)
            summary = (ast.get_docstring(ast.parse(text)) or file.stem).splitlines()[0]
        except LoaderError:
            assets, summary = (), file.stem  # the harness says what is wrong with it
        return Proposal(loader=text, assets=assets, recipe=None, summary=summary, author="person")

    def passthrough(self, brief: Brief) -> Proposal:
        return self.drafts.passthrough(brief)
