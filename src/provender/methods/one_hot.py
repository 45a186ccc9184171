"""One 0/1 column for each category; unseen ones are all zeros, a missing one is a category of its own."""

from .card import Card

CARD = Card(
    name="one_hot",
    family="encoding",
    slot="columns",
    stage="encode",
    takes=("category",),
    summary="one 0/1 column for each category",
    paper="Suits: Use of dummy variables in regression equations",
    year=1957,
    link="https://doi.org/10.1080/01621459.1957.10501412",
    implementation="sklearn.preprocessing:OneHotEncoder",
    # dense, because the preset learners standardise dense features and only rescale sparse ones
    defaults={"handle_unknown": "ignore", "sparse_output": False},
    choices={"min_frequency": (5, 20)},
    helps="few categories with many rows each",
    hurts="hundreds of rare categories",
    cost="n k",
    seconds=0.05,
)
