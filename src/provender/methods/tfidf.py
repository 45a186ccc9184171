"""TF-IDF of words (or of character n-grams): Salton & Buckley, Term-weighting approaches in automatic text retrieval, 1988."""

from __future__ import annotations

from sklearn.feature_extraction.text import TfidfVectorizer

from .card import Card

CARD = Card(
    name="tfidf",
    family="features",
    slot="columns",
    stage="encode",
    takes=("text",),
    summary="one column for each word, weighted by TF-IDF",
    paper="Salton & Buckley: Term-weighting approaches in automatic text retrieval",
    year=1988,
    link="https://doi.org/10.1016/0306-4573(88)90021-0",
    implementation="provender.methods.tfidf:Tfidf",
    choices={"use_idf": (False,), "binary": (True,), "sublinear_tf": (True,)},
    helps="the words themselves tell the target",
    hurts="word order or spelling matters",
    cost="characters",
    seconds=0.3,
)


class Tfidf(TfidfVectorizer):
    """scikit-learn's TfidfVectorizer, for which a missing text is an empty one.

    Takes a Series (n,) of texts; gives CSR (n, terms). Raises ValueError when no term is left.
    """

    def decode(self, doc: object) -> str:
        return super().decode(doc) if isinstance(doc, (str, bytes)) else "" if doc is None or doc != doc else str(doc)
