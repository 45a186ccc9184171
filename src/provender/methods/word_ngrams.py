"""Words and pairs of words, present or not: Wang & Manning, Baselines and bigrams: simple, good sentiment and topic classification, 2012."""

from .card import Card

CARD = Card(
    name="word_ngrams",
    family="features",
    slot="columns",
    stage="encode",
    place=("within",),
    takes=("text",),
    summary="words and pairs of words, present or not",
    paper="Wang & Manning: Baselines and bigrams: simple, good sentiment and topic classification",
    year=2012,
    link="https://aclanthology.org/P12-2018/",
    implementation="provender.methods.tfidf:Tfidf",
    defaults={"ngram_range": (1, 2), "binary": True, "use_idf": False},
    choices={"ngram_range": ((1, 1), (1, 3)), "min_df": (2, 3), "use_idf": (True,)},
    helps="pairs of words say what single ones do not (\"not good\")",
    hurts="texts are few and short",
    cost="characters",
    seconds=0.6,
    prior=0.5,
    signals={"text": 0.2, "few_rows": -0.6},
)
