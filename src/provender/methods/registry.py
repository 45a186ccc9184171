"""Every method by name. The table is data; a method's module is imported when somebody asks for it."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from ..errors import UserError
from .card import Card

_PACKAGE = __name__.rpartition(".")[0]

METHODS: tuple[str, ...] = (
    # columns: the plain ones that D0 is made of
    "median",
    "standardise",
    "one_hot",
    "tfidf",
    "pixels",
    # columns: cleaning
    "merge_spellings",
    "written_numbers",
    "winsorise",
    "mice",
    "missing_indicators",
    # columns: encoding
    "target_encoding",
    "count_encoding",
    "weight_of_evidence",
    "category_ngrams",
    "date_parts",
    # columns: features
    "quantile",
    "power",
    "splines",
    "nystroem",
    "fourier",
    "interactions",
    "pca",
    "word_ngrams",
    "char_ngrams",
    "lsa",
    "hog",
    "screening",
    "mrmr",
    # rows
    "dedup",
    "semdedup",
    "ecod",
    "isolation_forest",
    # rows: label errors
    "confident_learning",
    "edited_neighbours",
    "all_knn",
    "tomek_links",
    "ensemble_filter",
    "aum",
    "cartography",
    "simifeat",
    "residual_filter",
    "regression_errors",
    # rows: valuation
    "knn_shapley",
    "beta_shapley",
    "knn_banzhaf",
    "data_oob",
    "influence",
    "tracin",
    "lava",
    "adversarial_validation",
    # rows: selection
    "random_subset",
    "stratified_subset",
    "k_center",
    "herding",
    "facility_location",
    "craig",
    "grad_match",
    "el2n",
    "grand",
    "forgetting",
    "moderate_coreset",
    "coverage_selection",
    "prototypicality",
    "uncertainty",
    # rows: weights and augmentation
    "class_balance",
    "source_balance",
    "smote",
    "adasyn",
    "mixup",
    "shift",
    "word_noise",
    # sources
    "append_rows",
    "join_columns",
    "lexicon",
)
"""Names of the methods; the method `name` lives in the file name.py beside this one."""


def find_method(name: str) -> Card:
    """The card of this method. Raises UserError listing the names when there is no such method."""
    if name not in METHODS:
        raise UserError(f"there is no method {name!r}: the methods are {', '.join(sorted(METHODS))}")
    return import_module(f"{_PACKAGE}.{name}").CARD


def all_cards() -> tuple[Card, ...]:
    """Cards of all methods, in the order of the table."""
    return tuple(find_method(name) for name in METHODS)


def available_cards() -> tuple[Card, ...]:
    """Cards of the methods that can run here: of all but those whose optional package is not installed."""
    return tuple(card for card in all_cards() if is_available(card))


def is_available(card: Card) -> bool:
    """Whether the packages that the method wraps are installed."""
    return all(find_spec(module) is not None for module in card.imports)


def make_method(name: str, *, random_state: int = 0, **params: object) -> object:
    """An unfitted instance with the card's defaults, overridden by `params`."""
    card = find_method(name)
    cls = getattr(import_module(card.module), card.class_name)
    seed = {"random_state": random_state} if card.random else {}
    return cls(**{**card.defaults, **params, **seed})
