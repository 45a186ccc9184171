"""A lake: indexed once, kept up to date by looking, never left through a link, and patient with broken files."""

from __future__ import annotations

import json
import os
from importlib.resources import files
from pathlib import Path

import pandas as pd
import pytest
from queries import query_of
from vega_datasets import local_data

from provender.errors import SandboxError, UserError
from provender.sources.lake import Lake, stated_licence
from provender.sources.sketching import sketch_file
from provender.sources.source import Lead, Query

DEMO = Path(str(files("provender") / "demo"))


class Counting:
    """`sketch_file`, and the names it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, path: Path):
        self.asked.append(path.name)
        return sketch_file(path)


@pytest.fixture
def folder(tmp_path) -> Path:
    """Two tables of airports, in a folder of their own."""
    airports = local_data.airports()
    (tmp_path / "lake" / "deep").mkdir(parents=True)
    airports.to_csv(tmp_path / "lake" / "airports.csv", index=False)
    airports[["iata", "latitude"]].to_json(tmp_path / "lake" / "deep" / "places.json", orient="records")
    return tmp_path / "lake"


@pytest.fixture(scope="module")
def flights() -> Query:
    """Delays at airports, which know nothing about airports but their codes."""
    codes = local_data.airports()["iata"].head(300)
    return query_of(pd.DataFrame({"origin": codes, "delay": [i % 37 / 3 for i in range(300)]}), "delay", kinds={"origin": "category"})


def lake_of(folder: Path, sketch=sketch_file, **kwargs) -> Lake:
    return Lake(folder, sketch=sketch, index=folder.parent / "index", **kwargs)


def test_leads_are_ranked_and_survive_json(folder, flights):
    leads = lake_of(folder).search(flights)
    assert [lead.locator for lead in leads] == ["airports.csv", "deep/places.json"]
    assert all(Lead.from_json(json.loads(json.dumps(lead.to_json()))).to_json() == lead.to_json() for lead in leads)
    assert Query.from_json(json.loads(json.dumps(flights.to_json()))) == flights


def test_the_same_content_has_the_same_id_wherever_it_lies(folder, flights):
    first = lake_of(folder).search(flights)[0]
    (folder / "airports.csv").rename(folder / "renamed.csv")
    again = next(lead for lead in lake_of(folder).search(flights) if lead.locator == "renamed.csv")
    assert first.id == again.id and first.id.startswith("lake:") and len(first.id) == len("lake:") + 12


def test_two_copies_of_one_content_are_one_lead(folder, flights):
    (folder / "copy.csv").write_bytes((folder / "airports.csv").read_bytes())
    ids = [lead.id for lead in lake_of(folder).search(flights)]
    assert len(ids) == len(set(ids)) == 2


def test_only_new_and_changed_files_are_sketched_again(folder):
    first, second, third = Counting(), Counting(), Counting()
    lake_of(folder, first).entries()
    assert sorted(first.asked) == ["airports.csv", "places.json"]
    (folder / "copy.csv").write_bytes((folder / "airports.csv").read_bytes())
    lake_of(folder, second).entries()
    assert second.asked == []
    local_data.airports().head(50).to_csv(folder / "airports.csv", index=False)
    lake_of(folder, third).entries()
    assert third.asked == ["airports.csv"]


def test_links_hidden_files_and_unknown_formats_are_passed_over(folder, tmp_path):
    (tmp_path / "secret.csv").write_text("a,b\n1,2\n")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.csv").write_text("a,b\n1,2\n")
    (folder / "link.csv").symlink_to(tmp_path / "secret.csv")
    (folder / "linked").symlink_to(tmp_path / "outside")
    (folder / ".hidden.csv").write_text("a,b\n1,2\n")
    (folder / "model.pkl").write_bytes(b"\x80\x04K\x01.")
    os.mkfifo(folder / "pipe.csv")
    assert [entry.path for entry in lake_of(folder).entries()] == ["airports.csv", "deep/places.json"]


def test_a_broken_or_oversized_file_is_a_note_and_is_tried_once(folder, flights):
    (folder / "broken.parquet").write_bytes(b"PAR1 not really")
    (folder / "large.csv").write_bytes(b"x" * 400_000)
    counting = Counting()
    lake = lake_of(folder, counting, most_bytes=300_000)
    assert len(lake.search(flights)) == 2
    assert set(lake.notes) == {"broken.parquet", "large.csv"} and "MiB" in lake.notes["large.csv"]
    lake_of(folder, counting).entries()
    assert counting.asked.count("broken.parquet") == 1


def test_a_sandbox_that_fails_is_no_fault_of_the_file(folder):
    def failing(path):
        raise SandboxError("it did not start")

    with pytest.raises(SandboxError):
        lake_of(folder, failing).entries()


def test_a_lead_is_located_only_while_its_bytes_are_the_same(folder, flights):
    lake = lake_of(folder)
    lead = lake.search(flights)[0]
    assert lake.locate(lead) == folder / "airports.csv"
    (folder / "airports.csv").write_text("iata,x\nJFK,1\n")
    with pytest.raises(UserError, match="has changed"):
        lake.locate(lead)
    (folder / "airports.csv").unlink()
    (folder / "airports.csv").symlink_to("/etc/hostname")
    with pytest.raises(UserError, match="no longer a regular file"):
        lake.locate(lead)


def test_a_preview_shows_schema_and_first_records(folder, flights):
    lake = lake_of(folder)
    preview = lake.preview(lake.search(flights)[0])
    assert preview["rows"] == 3376 and len(preview["sample"]) == 5 and preview["schema"][0]["name"] == "iata"


def test_words_find_tables_that_have_no_use_below_those_that_have(folder):
    local_data.barley().to_csv(folder / "barley_yields.csv", index=False)
    weather = query_of(local_data.seattle_weather(), "wind", text="yields of barley")
    leads = lake_of(folder).search(weather)
    assert leads[0].locator == "barley_yields.csv" and 0 < leads[0].relevance <= 0.1


def test_a_search_finds_the_demos_corpora(tmp_path):
    reviews = pd.read_csv(DEMO / "data" / "train.csv")
    query = query_of(reviews, "sentiment", id="id", kinds={"review": "id", "sentence": "text"})
    leads = Lake(DEMO / "lake", sketch=sketch_file, index=tmp_path / "index").search(query)
    assert [lead.title for lead in leads] == ["tweets", "movie reviews", "editorials"]


def test_a_licence_is_what_stands_beside_the_table_or_above_it(tmp_path):
    (tmp_path / "open" / "deep").mkdir(parents=True)
    for name in ("a.csv", "open/b.csv", "open/deep/c.csv"):
        (tmp_path / name).write_text("x\n1\n")
    (tmp_path / "open" / "LICENSE.md").write_text("\n# CC-BY-4.0\n\nlong text")
    (tmp_path / "open" / "deep" / "c.csv.licence").write_text("CC0-1.0\n")
    assert [stated_licence(tmp_path, name) for name in ("a.csv", "open/b.csv", "open/deep/c.csv")] == [None, "CC-BY-4.0", "CC0-1.0"]
    (tmp_path / "open" / "deep" / "c.csv.licence").unlink()
    assert stated_licence(tmp_path, "open/deep/c.csv") == "CC-BY-4.0"
