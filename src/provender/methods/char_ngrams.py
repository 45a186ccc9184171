"""Character n-grams of texts: Cavnar & Trenkle, N-gram-based text categorization, 1994."""

from .card import Card

CARD = Card(
    name="char_ngrams",
    family="features",
    slot="columns",
    stage="encode",
    place=("beside", "within"),
    takes=("text",),
    summary="runs of characters, which forgive misspelling and see parts of words",
    paper="Cavnar & Trenkle: N-gram-based text categorization",
    year=1994,
    link="https://www.let.rug.nl/vannoord/TextCat/textcat.pdf",
    implementation="provender.methods.tfidf:Tfidf",
    defaults={"analyzer": "char_wb", "ngram_range": (2, 5), "sublinear_tf": True, "min_df": 3, "max_features": 50000},
    choices={"ngram_range": ((2, 4), (3, 5), (1, 4)), "max_features": (20000,)},
    helps="spelling varies, words are inflected, or style tells the target",
    hurts="topics are told by whole words and texts are many",
    cost="4 · characters",
    seconds=1.0,
    prior=0.5,
    signals={"text": 0.3, "few_rows": -0.8},
)
