"""Queries as a run would put them, from real tables."""

from __future__ import annotations

import json

import pandas as pd

from provender.profile.infer import infer_schema
from provender.profile.sketch import sketch_frame
from provender.sources.bundled import package_folder
from provender.sources.source import Query


def vega_cars() -> pd.DataFrame:
    """406 cars; read here because the package's own reader uses what pandas has deprecated."""
    return pd.DataFrame(json.loads((package_folder("vega_datasets") / "_data" / "cars.json").read_text()))


def query_of(
    frame: pd.DataFrame, target: str, kind: str = "regression", *, text: str = "", share: float = 0.64, most: int = 10,
    id: str | None = None, kinds: dict[str, str] | None = None,
) -> Query:  # fmt: skip
    """The query of a task on this table: its schema, and sketches of a random share of the rows, as of S."""
    rows = frame[frame[target].notna()].sample(frac=share, random_state=0)
    if kind == "classification":
        rows = rows.assign(**{target: rows[target].astype("str")})
    return Query(
        text=text,
        schema=infer_schema(rows, target=target, id=id, overrides=kinds),
        target=(target,),
        kind=kind,
        classes=tuple(sorted(rows[target].unique())) if kind == "classification" else (),
        sketches={name: sketch.to_json() for name, sketch in sketch_frame(rows).items()},
        most=most,
    )
