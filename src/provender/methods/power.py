"""Skewed numbers made more normal: Yeo & Johnson, A new family of power transformations, 2000."""

from .card import Card

CARD = Card(
    name="power",
    family="features",
    slot="columns",
    stage="shape",
    takes=("numeric",),
    summary="skewed numbers are made more normal by a power",
    paper="Yeo & Johnson: A new family of power transformations to improve normality or symmetry",
    year=2000,
    link="https://doi.org/10.1093/biomet/87.4.954",
    implementation="sklearn.preprocessing:PowerTransformer",
    needs=("complete",),
    helps="numbers are skewed and the learner is linear",
    hurts="the relation is linear as it stands",
    cost="n d",
    seconds=0.3,
    prior=0.0,
    signals={"skew": 0.6, "linear": 0.1},
)
