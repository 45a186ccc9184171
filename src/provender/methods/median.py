"""Missing numbers become the median of the training rows."""

from .card import Card

CARD = Card(
    name="median",
    family="cleaning",
    slot="columns",
    stage="impute",
    takes=("numeric",),
    summary="missing numbers become the training median",
    paper="Little & Rubin: Statistical Analysis with Missing Data",
    year=2002,
    link="https://doi.org/10.1002/9781119013563",
    implementation="sklearn.impute:SimpleImputer",
    # a column that is empty in one fold keeps its place, as zeros
    defaults={"strategy": "median", "keep_empty_features": True},
    helps="few values are missing, and missing at random",
    hurts="absence itself tells something about the target",
    cost="n d",
    seconds=0.05,
)
