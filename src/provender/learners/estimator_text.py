"""A scikit-learn estimator as the text of a learner.py: readable, and the same estimator when it is run.

The estimator is the user's fixed algorithm as it is: nothing is scaled, merged or balanced around it, as presets do.
"""

from __future__ import annotations

import inspect
import math
import textwrap
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Literal

import numpy as np

from ..contract.metric import Output
from ..errors import UserError

Kind = Literal["classification", "regression"]

_TEMPLATE = '''"""{title}, written out by Provender. It is the fixed algorithm: change it, and you have another task."""

{imports}


def build():
    return {expression}


class Learner:
    def fit(self, features, y, weight, seed):
        self.model = build()
        self.model.set_params(**{{name: seed for name in SEEDED}})
{weigh}        self.model.fit(features, y, **weights)
{after}        return self

    def predict(self, features):
        return self.model.{predict}(features){tail}


SEEDED = {seeded!r}    # parameters that were left to chance: they get the fold's seed
'''
_WEIGHED = """        weights = {{}} if len(set(weight.tolist())) < 2 else {{{parameter!r}: weight}}
"""
_UNWEIGHED = """        if len(set(weight.tolist())) > 1:
            raise ValueError("this estimator takes no sample_weight, so it cannot train on weighed rows")
        weights = {}
"""


def learner_text(estimator: Any) -> str:
    """The text of a learner.py whose `Learner` fits a copy of this estimator, fitted or not.

    A `random_state` that is None gets the fold's seed, one that is set stays. Where rows differ in weight, the weights go to
    `sample_weight`, in a Pipeline to that of its last step; an estimator without it refuses such rows.

    Raises UserError naming the parameter that cannot be written as text, and the mend.
    """
    _require(estimator)
    kind, output = output_of(estimator)
    imports: set[str] = set()
    expression = _written(estimator, type(estimator).__name__, imports)
    classes = "        self.classes_ = self.model.classes_.astype(int)\n" if kind == "classification" and output != "label" else ""
    weight = _weight_parameter(estimator)
    text = _TEMPLATE.format(
        title=type(estimator).__name__, imports="\n".join(sorted(imports)), expression=expression, seeded=_seeded(estimator),
        weigh=_UNWEIGHED if weight is None else _WEIGHED.format(parameter=weight), after=classes,
        predict={"probability": "predict_proba", "score": "decision_function"}.get(output, "predict"), tail="",
    )  # fmt: skip
    _check(text, estimator)
    return text


def output_of(estimator: Any) -> tuple[Kind, Output]:
    """What kind of task the estimator is for, and what it gives: probabilities where it has them, else scores, else labels; or values.

    Raises UserError for what is neither a classifier nor a regressor.
    """
    from sklearn.base import is_classifier, is_regressor

    _require(estimator)
    if is_regressor(estimator):
        return "regression", "value"
    if not is_classifier(estimator):
        raise UserError(f"{type(estimator).__name__} is neither a classifier nor a regressor: give one, or write a learner.py")
    if hasattr(estimator, "predict_proba"):
        return "classification", "probability"
    return "classification", "score" if hasattr(estimator, "decision_function") else "label"


def _require(estimator: Any) -> None:
    if inspect.isclass(estimator):
        raise UserError(f"the learner is the class {estimator.__name__}: give an instance, such as {estimator.__name__}()")
    if not (hasattr(estimator, "get_params") and hasattr(estimator, "set_params") and hasattr(estimator, "fit")):
        raise UserError(f"the learner is a {type(estimator).__name__}: give a preset's name, the path of a learner.py, or an estimator of scikit-learn's conventions")


def _written(value: Any, where: str, imports: set[str]) -> str:
    """A value as a Python expression; the modules it needs are added to `imports`."""
    if hasattr(value, "get_params") and not inspect.isclass(value):
        return _estimator(value, where, imports)
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | str):
        return repr(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else f'float("{value}")'
    if isinstance(value, list | tuple):
        items = [_written(item, where, imports) for item in value]
        return f"[{', '.join(items)}]" if isinstance(value, list) else f"({', '.join(items)}{',' if len(items) == 1 else ''})"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_written(key, where, imports)}: {_written(item, where, imports)}" for key, item in value.items()) + "}"
    if isinstance(value, np.ndarray) and value.size <= 100 and value.dtype.kind in "iufb":
        imports.add("import numpy as np")
        return f"np.array({value.tolist()!r}, dtype={str(value.dtype)!r})"
    if callable(value) and _importable(value):
        imports.add(f"from {value.__module__} import {value.__qualname__}")
        return value.__qualname__
    raise UserError(f"{where} is {value!r:.60}, which cannot be written as text: write a learner.py with the class Learner instead")


def _estimator(estimator: Any, where: str, imports: set[str]) -> str:
    kind = type(estimator)
    if not _importable(kind):
        raise UserError(f"{where} is a {kind.__qualname__} of {kind.__module__}, which nobody else can import: put the class into a learner.py")
    module = _public(kind)
    imports.add(f"from {module} import {kind.__name__}")
    arguments = [f"{name}={_written(value, f'{where}.{name}', imports)}" for name, value in _changed(estimator).items()]
    inner = ", ".join(arguments)
    if len(inner) < 70 and "\n" not in inner:
        return f"{kind.__name__}({inner})"
    return f"{kind.__name__}(\n{textwrap.indent(''.join(f'{argument},' + chr(10) for argument in arguments), '    ')})".replace("\n", "\n    ")


def _changed(estimator: Any) -> dict[str, Any]:
    """Parameters that differ from the constructor's defaults."""
    signature = inspect.signature(type(estimator).__init__)
    defaults = {name: p.default for name, p in signature.parameters.items()}
    return {name: value for name, value in estimator.get_params(deep=False).items() if not _same(value, defaults.get(name, inspect.Parameter.empty))}


def _same(a: Any, b: Any) -> bool:
    if a is b:
        return True
    if type(a) is not type(b) or hasattr(a, "get_params") or isinstance(a, np.ndarray):
        return False
    return bool(a == b) or (isinstance(a, float) and math.isnan(a) and math.isnan(b))


def _public(kind: type) -> str:
    """The shortest module path from which the class can be imported: sklearn.ensemble rather than sklearn.ensemble._forest."""
    parts = kind.__module__.split(".")
    for length in range(1, len(parts) + 1):
        if any(part.startswith("_") for part in parts[:length]):
            break
        if getattr(import_module(".".join(parts[:length])), kind.__name__, None) is kind:
            return ".".join(parts[:length])
    return kind.__module__


def _importable(thing: Any) -> bool:
    module, name = getattr(thing, "__module__", None), getattr(thing, "__qualname__", "")
    if not module or module == "__main__" or "<" in name or "." in name:
        return False
    return getattr(import_module(module), name, None) is thing


def _seeded(estimator: Any) -> tuple[str, ...]:
    """Names of the parameters `random_state`, nested ones too, that the user left None."""
    return tuple(sorted(n for n, v in estimator.get_params(deep=True).items() if n.rpartition("__")[2] in ("random_state", "random_seed") and v is None))


def _weight_parameter(estimator: Any) -> str | None:
    """The name under which `fit` takes example weights; None where it takes none."""
    from sklearn.utils.validation import has_fit_parameter

    steps = getattr(estimator, "steps", None)
    if steps:
        last, found = steps[-1]
        inner = _weight_parameter(found)
        return None if inner is None else f"{last}__{inner}"
    if has_fit_parameter(estimator, "sample_weight"):
        return "sample_weight"
    base = getattr(estimator, "estimator", None)  # a search or another wrapper hands fit parameters on
    takes_any = any(p.kind is p.VAR_KEYWORD for p in inspect.signature(estimator.fit).parameters.values())
    return _weight_parameter(base) if takes_any and hasattr(base, "fit") else None


def _check(text: str, estimator: Any) -> None:
    """The text builds an estimator of the same parameters. Raises UserError naming the first that is not."""
    namespace: dict[str, Any] = {}
    exec(compile(text, "learner.py", "exec"), namespace)
    built = namespace["build"]()
    mine, theirs = _flat(estimator), _flat(built)
    different = [name for name in sorted({*mine, *theirs}) if mine.get(name) != theirs.get(name)]
    if type(built) is not type(estimator) or different:
        raise UserError(f"{type(estimator).__name__}.{different[0] if different else ''} does not survive being written as text: write a learner.py instead")


def _flat(estimator: Any) -> dict[str, str]:
    """Parameters by name, nested ones too, in a form that can be compared."""
    return {name: type(value).__qualname__ if hasattr(value, "get_params") else _shown(value) for name, value in estimator.get_params(deep=True).items()}


def _shown(value: Any) -> str:
    if isinstance(value, list | tuple):
        return f"{type(value).__name__}[{', '.join(_shown(item) for item in value)}]"
    return type(value).__qualname__ if hasattr(value, "get_params") else repr(value.item() if isinstance(value, np.generic) else value)
