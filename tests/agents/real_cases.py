"""Real tasks out of installed packages and the bundled demo, as loaders meet them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from functools import cache
from importlib.resources import files

import numpy as np
import pandas as pd
from loader_cases import Case, asset_view, schema_of
from PIL import Image
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine

from provender.agents.agent import TaskFacts
from provender.profile.facts import profile_rows


@cache
def digits_pixels() -> Case:
    data = load_digits(as_frame=True)
    frame = data.data.set_axis([f"pixel{i}" for i in range(64)], axis=1)
    return Case("digits", frame, data.target.to_numpy(), schema_of(frame, dict.fromkeys(frame, "numeric")),
                "classification", tuple("0123456789"), "image")  # fmt: skip


@cache
def digits_pictures() -> Case:
    data = load_digits()
    frame = pd.DataFrame({"picture": pd.Series([_png(image) for image in data.images], dtype=object)})
    return Case("pictures", frame, data.target, schema_of(frame, {"picture": "image"}), "classification",
                tuple("0123456789"), "image")  # fmt: skip


@cache
def wine() -> Case:
    data = load_wine(as_frame=True)
    return Case("wine", data.data, data.target.to_numpy(), schema_of(data.data), "classification", ("a", "b", "c"))


@cache
def breast_cancer() -> Case:
    data = load_breast_cancer(as_frame=True)
    return Case("breast", data.data, data.target.to_numpy(), schema_of(data.data), "classification", ("bad", "good"))


@cache
def diabetes() -> Case:
    data = load_diabetes(as_frame=True, scaled=False)
    return Case("diabetes", data.data, data.target.to_numpy(), schema_of(data.data), "regression", metric="r2")


@cache
def cars() -> Case:
    """Gaps, a date, few countries and three hundred model names."""
    from vega_datasets import local_data

    table = pd.DataFrame(json.loads(local_data.cars.raw()))
    table["Year"] = pd.to_datetime(table["Year"])
    table = table[table["Miles_per_Gallon"].notna()].reset_index(drop=True)
    frame = table.drop(columns="Miles_per_Gallon").astype({"Name": "str", "Origin": "str"})
    frame.loc[frame["Name"].str.startswith("ford") & (frame.index % 2 == 0), "Name"] = "Ford  Pinto"
    schema = schema_of(frame, {"Year": "date"})
    return Case("cars", frame, table["Miles_per_Gallon"].to_numpy(float), schema, "regression", metric="r2")


@cache
def reviews() -> Case:
    """The demo's sentences with their human ratings."""
    folder = files("provender") / "demo" / "data"
    path = next(p for p in folder.iterdir() if p.name.startswith("train"))
    table = pd.read_parquet(str(path)) if path.name.endswith("parquet") else pd.read_csv(str(path))
    frame = table[["sentence"]]
    return Case("reviews", frame, table["sentiment"].to_numpy(float), schema_of(frame, {"sentence": "text"}), "regression",
                modality="text", metric="r2")  # fmt: skip


CASES = (digits_pixels, digits_pictures, wine, breast_cancer, diabetes, cars, reviews)


@cache
def facts_of(make: Callable[[], Case]) -> TaskFacts:
    case = make()
    profile = profile_rows(case.frame, case.y, case.schema, case.kind, case.classes)
    return TaskFacts(
        name=case.name, kind=case.kind, modality=case.modality, metric=case.metric,
        direction="minimize" if case.metric == "log_loss" else "maximize", classes=case.classes, targets=("target",),
        schema=case.schema, profile=profile.to_json(),
    )  # fmt: skip


def asset_of(case: Case, id: str = "lake:00aa11bb"):
    """(view, manifest): an asset cut out of the case itself: rows to append, and numbers to join by the first column."""
    frame = case.frame.iloc[: len(case.frame) // 4].assign(answer=_answers(case)[: len(case.frame) // 4])
    manifest = {
        "id": id, "source": "lake", "title": "quarter of it", "rows": len(frame), "relevance": 0.8,
        "schema": [{"name": str(name), "kind": "numeric"} for name in frame],
        "uses": [{"use": "append", "mapping": {name: name for name in case.frame.columns[:6]}, "target": "answer",
                  "label_map": None, "scale": None, "similarity": 0.9}],
    }  # fmt: skip
    return asset_view(id, frame, manifest), manifest


def _answers(case: Case) -> np.ndarray:
    return np.array(case.classes)[case.y] if case.classes else case.y


def _png(image: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray((image * 15.9).astype(np.uint8)).save(out, "PNG")
    return out.getvalue()
