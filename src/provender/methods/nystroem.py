"""A Gaussian kernel by its landmarks: Williams & Seeger, Using the Nyström method to speed up kernel machines, 2001."""

from .card import Card

CARD = Card(
    name="nystroem",
    family="features",
    slot="columns",
    stage="encode",
    place=("beside", "within"),
    takes=("numeric", "image"),
    summary="similarity to landmark rows lets a linear learner act like a kernel machine",
    paper="Williams & Seeger: Using the Nyström method to speed up kernel machines",
    year=2001,
    link="https://papers.nips.cc/paper/1866-using-the-nystrom-method-to-speed-up-kernel-machines",
    implementation="sklearn.kernel_approximation:Nystroem",
    defaults={"n_components": 200},
    choices={"n_components": (100, 400), "gamma": (0.003, 0.01, 0.03, 0.1)},
    needs=("complete", "scaled", "several"),
    helps="the learner is linear and columns act together",
    hurts="rows are few, or most columns are noise",
    cost="n components d",
    seconds=0.3,
    random=True,
    prior=0.3,
    signals={"linear": 0.7, "tree": -0.6, "few_rows": -0.5, "image": 0.4},
)
