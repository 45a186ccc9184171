"""Each number by its rank, spread like a normal variable: Bolstad et al., A comparison of normalization methods, 2003."""

from .card import Card

CARD = Card(
    name="quantile",
    family="features",
    slot="columns",
    stage="shape",
    takes=("numeric",),
    summary="each number becomes the normal quantile of its rank",
    paper="Bolstad et al.: A comparison of normalization methods for high density oligonucleotide array data",
    year=2003,
    link="https://doi.org/10.1093/bioinformatics/19.2.185",
    implementation="sklearn.preprocessing:QuantileTransformer",
    defaults={"n_quantiles": 100, "output_distribution": "normal"},
    needs=("complete",),
    helps="numbers are skewed or have far outliers and the learner is linear",
    hurts="distances between values carry the signal",
    cost="n d log n",
    seconds=0.1,
    random=True,
    prior=0.0,
    signals={"skew": 0.6, "outliers": 0.3, "linear": 0.1},
)
