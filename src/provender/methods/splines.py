"""Smooth curves of each number: Eilers & Marx, Flexible smoothing with B-splines and penalties, 1996."""

from .card import Card

CARD = Card(
    name="splines",
    family="features",
    slot="columns",
    stage="encode",
    place=("within", "beside"),
    takes=("numeric",),
    summary="each number becomes smooth bumps, so that a linear learner can bend",
    paper="Eilers & Marx: Flexible smoothing with B-splines and penalties",
    year=1996,
    link="https://doi.org/10.1214/ss/1038425655",
    implementation="sklearn.preprocessing:SplineTransformer",
    defaults={"n_knots": 5, "knots": "quantile", "extrapolation": "constant", "include_bias": False},
    choices={"n_knots": (3, 8, 12)},
    needs=("complete",),
    helps="the learner is linear and the relation is curved",
    hurts="rows are few, or the learner bends by itself",
    cost="n d knots",
    seconds=0.1,
    prior=0.3,
    signals={"linear": 0.6, "skew": 0.1, "tree": -0.6, "few_rows": -0.4},
)
