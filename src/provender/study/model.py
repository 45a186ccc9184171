"""Open a kept model."""

from __future__ import annotations

from pathlib import Path

from ..keep.model import Model


def load_model(folder: str | Path, *, unsealed: bool = False) -> Model:
    """The model that `provender fit` or `State.fit` left in this folder: `predict(frame)` gives a table, `predict_values(frame)` an array.

    Its sandboxes stay warm until `close()`; use it as a context manager. Raises UserError for a folder that is no model.
    """
    return Model.open(Path(folder), unsealed=unsealed)
