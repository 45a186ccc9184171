"""A Gaussian kernel by random waves: Rahimi & Recht, Random features for large-scale kernel machines, 2007."""

from .card import Card

CARD = Card(
    name="fourier",
    family="features",
    slot="columns",
    stage="encode",
    place=("beside",),
    takes=("numeric", "image"),
    summary="random waves let a linear learner act like a kernel machine",
    paper="Rahimi & Recht: Random features for large-scale kernel machines",
    year=2007,
    link="https://papers.nips.cc/paper/3182-random-features-for-large-scale-kernel-machines",
    implementation="sklearn.kernel_approximation:RBFSampler",
    defaults={"n_components": 300, "gamma": "scale"},
    choices={"n_components": (600,), "gamma": (0.003, 0.01, 0.03)},
    needs=("complete", "scaled", "several"),
    helps="the learner is linear, columns act together, rows are many",
    hurts="rows are few, or most columns are noise",
    cost="n components d",
    seconds=0.2,
    random=True,
    prior=0.0,
    signals={"linear": 0.5, "tree": -0.6, "few_rows": -0.5},
)
