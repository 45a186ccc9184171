"""A lake of a hundred real tables: hand-checked joins are found with their keys. Skipped where the tables are not there."""

from __future__ import annotations

from pathlib import Path

import pytest
from queries import query_of

from provender.sources.lake import Lake
from provender.sources.sketching import read_offered, sketch_file
from provender.sources.uses import OWN

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not (SHARED / "D").is_dir(), reason="the folder of real tables is not there")]

DRINKS, DRIVERS = ("538_drinks.csv", "total_litres_of_pure_alcohol"), ("538_bad-drivers.csv", "Car Insurance Premiums ($)")
FLIGHTS, MURDERS = ("vega_flights-airport.csv", "count"), ("538_murder_2015_final.csv", "change")
JOINS = [
    (DRINKS, "mledoze_countries.csv", ("country", "name.common")),
    (DRINKS, "carData_UN.csv", ("country", "rownames")),
    (DRINKS, "global_economy.csv", ("country", "Country")),
    (DRINKS, "plotly_2010_alcohol_consumption_by_country.csv", ("country", "location")),
    (DRIVERS, "538_hate_crimes.csv", ("State", "state")),
    (DRIVERS, "equality_index.csv", ("State", "state")),
    (DRIVERS, "plotly_2011_us_ag_exports.csv", ("State", "state")),
    (DRIVERS, "vega_us-state-capitals.json", ("State", "state")),
    (FLIGHTS, "vega_airports.csv", ("origin", "iata")),
    (FLIGHTS, "openflights_airports.dat", ("origin", "c5")),
    (("538_recent-grads.csv", "Median"), "538_grad-students.csv", ("Major", "Major")),
    (("538_movies.csv", "domgross_2013$"), "vega_movies.json", ("title", "Title")),
    (("seaborn_healthexp.csv", "Life_Expectancy"), "datasets/gdp__gdp.csv", ("Country", "Country Name")),
    (("datasets/gdp__gdp.csv", "Value"), "mledoze_countries.csv", ("Country Code", "cca3")),
    (("plotly_hofstede-cultural-dimensions.csv", "idv"), "carData_UN.csv", ("country", "rownames")),
    (MURDERS, "plotly_us-cities-top-1k.csv", ("city", "City")),
]  # fmt: skip


@pytest.fixture(scope="module")
def lake(tmp_path_factory) -> Lake:
    return Lake(SHARED / "D", sketch=sketch_file, index=tmp_path_factory.mktemp("lake") / "index")


def test_at_least_nine_in_ten_true_joins_are_among_the_first_ten_leads(lake):
    found = {task: lake.search(query_of(read_offered(SHARED / "D" / task[0]), task[1])) for task, _, _ in JOINS}
    missed = [
        (task[0], file, key)
        for task, file, key in JOINS
        if not any(
            lead.locator == file and any(use["use"] == "join" and list(key) in use["on"] for use in lead.uses) for lead in found[task]
        )
    ]
    assert len(missed) <= len(JOINS) // 10, missed


def test_the_same_cars_from_another_publisher_are_the_tasks_own(lake):
    leads = lake.search(query_of(read_offered(SHARED / "D" / "seaborn_mpg.csv"), "mpg", most=50))
    notes = {lead.locator: (lead.relevance, lead.notes) for lead in leads}
    assert notes["vega_cars.json"] == notes["seaborn_mpg.csv"] == (0.0, OWN)


def test_toxic_corpora_are_appends_for_insults_with_their_labels_the_right_way_round(tmp_path):
    train = read_offered(SHARED / "A" / "detecting-insults-in-social-commentary" / "train.csv")
    query = query_of(train, "Insult", "classification", most=20)
    leads = Lake(SHARED / "C" / "toxic", sketch=sketch_file, index=tmp_path / "index").search(query)
    maps = {lead.locator: lead.uses[0]["label_map"] for lead in leads if lead.uses and lead.uses[0]["use"] == "append"}
    assert maps["surge_toxicity_en.csv"] == {"Not Toxic": "0", "Toxic": "1"}
    assert maps["olid/olid-training-v1.0.tsv"] == {"NOT": "0", "OFF": "1"}
    assert maps["bias_madlibs_first20000.csv"] == {"NOT_BAD": "0", "BAD": "1"}
    assert maps["wiki_toxicity_nonfuzzed.csv"] == {"False": "0", "True": "1"}
