"""Principal components: Hotelling, Analysis of a complex of statistical variables into principal components, 1933."""

from .card import Card

CARD = Card(
    name="pca",
    family="features",
    slot="columns",
    stage="reduce",
    place=("within", "beside"),
    takes=("numeric", "image"),
    summary="many like columns become a few independent ones",
    paper="Hotelling: Analysis of a complex of statistical variables into principal components",
    year=1933,
    link="https://doi.org/10.1037/h0071325",
    implementation="sklearn.decomposition:PCA",
    defaults={"n_components": 0.95, "svd_solver": "full", "whiten": True},
    choices={"n_components": (0.8, 0.99), "whiten": (False,)},
    needs=("complete", "scaled", "several"),
    helps="columns repeat each other and rows are few",
    hurts="a column of little variance decides",
    cost="n d²",
    seconds=0.3,
    prior=-0.2,
    signals={"image": 0.2, "wide": 0.2},
)
