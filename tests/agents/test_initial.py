"""D0 of a schema: plain, honest, and it says what it leaves out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from loader_cases import Case, run_loader, schema_of, task_view
from sklearn.datasets import load_wine

from provender.agents.agent import TaskFacts
from provender.agents.playbook.playbook import Playbook
from provender.contract.schema import Column, Schema
from provender.errors import TaskError


def facts(schema: Schema, **changes) -> TaskFacts:
    return TaskFacts(
        name="case", kind="classification", modality="tabular", metric="log_loss", direction="minimize",
        schema=schema, profile={}, **changes,
    )


def test_numbers_reach_the_learner_as_they_are():
    data = load_wine(as_frame=True)
    case = Case("wine", data.data, data.target.to_numpy(), schema_of(data.data), "classification")
    proposal = Playbook().initial(facts(case.schema))
    _, features, *_ = run_loader(proposal.loader, task_view(case, np.arange(100)), data.data.iloc[100:])
    np.testing.assert_allclose(features, data.data.to_numpy()[:100])
    assert proposal.author == "initial" and proposal.assets == ()


def test_what_is_left_out_is_named_with_its_reason():
    schema = Schema((Column("age", "numeric", 50), Column("ticket", "category", 681), Column("id", "id", 900)))
    text = Playbook().initial(facts(schema)).loader
    assert "`ticket` (681 distinct values)" in text and "`id` (an id)" in text
    assert "`age`" not in text


def test_missing_texts_numbers_and_categories_are_features_too():
    frame = pd.DataFrame({
        "note": ["good soup", None, "bad soup", "no soup"] * 10,
        "price": [1.0, np.nan, 3.0, 4.0] * 10,
        "city": ["Rome", "Oslo", None, "Rome"] * 10,
    })
    case = Case("soup", frame, np.tile([0, 1], 20), schema_of(frame, {"note": "text"}), "classification")
    text = Playbook().initial(facts(case.schema)).loader
    strange = pd.DataFrame({"note": [None], "price": [np.nan], "city": ["Nowhere"]})
    run_loader(text, task_view(case, np.arange(40)), strange)  # checks rows, shapes and independence of neighbours
    assert {name for name in frame if f'"{name}"' in text} == set(frame)


def test_a_schema_without_features_is_refused_with_the_mend():
    with pytest.raises(TaskError, match=r"\[columns\] of task.toml"):
        Playbook().initial(facts(Schema((Column("id", "id", 900),))))
