"""Each number to mean zero and variance one, as distances, kernels and components need it."""

from .card import Card

CARD = Card(
    name="standardise",
    family="features",
    slot="columns",
    stage="scale",
    takes=("numeric",),
    summary="numbers are brought to mean zero and variance one",
    paper="Hastie, Tibshirani & Friedman: The Elements of Statistical Learning",
    year=2009,
    link="https://hastie.su.domains/ElemStatLearn/",
    implementation="sklearn.preprocessing:StandardScaler",
    needs=("complete",),
    helps="a method after it measures distances, or the features beside it are sparse",
    hurts="never by itself; a learner that standardises gains nothing",
    cost="n d",
    seconds=0.02,
)
