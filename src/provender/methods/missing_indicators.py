"""One 0/1 column for each number that is sometimes missing: Van Ness et al., The missing indicator method, 2023."""

from .card import Card

CARD = Card(
    name="missing_indicators",
    family="cleaning",
    slot="columns",
    stage="encode",
    place=("beside",),
    takes=("numeric",),
    summary="a 0/1 column says which numbers were missing",
    paper="Van Ness et al.: The missing indicator method: from low to high dimensions",
    year=2023,
    link="https://arxiv.org/abs/2211.09259",
    implementation="sklearn.impute:MissingIndicator",
    defaults={"error_on_new": False},
    helps="absence tells something about the target",
    hurts="nothing is missing",
    cost="n d",
    seconds=0.02,
    only_if=("missing",),
    prior=-0.3,
    signals={"missing": 1.6},
)
