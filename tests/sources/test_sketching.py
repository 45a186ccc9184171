"""Reading and sketching offered files: headers found out, texts as lines, nested JSON flattened, broken files told."""

from __future__ import annotations

import gzip
import json

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from queries import vega_cars
from vega_datasets import local_data

from provender.errors import TaskError
from provender.sources.sketching import file_format, has_header, level_name, read_offered, sketch_file


def test_a_table_with_a_header_keeps_its_names(tmp_path):
    vega_cars().to_csv(tmp_path / "cars.csv", index=False)
    assert list(read_offered(tmp_path / "cars.csv"))[:2] == ["Name", "Miles_per_Gallon"]


def test_a_word_list_without_a_header_loses_no_word(tmp_path):
    (tmp_path / "words.txt").write_text("abandon\t-2\nabandoned\t-2\nbrilliant\t4\n")
    frame = read_offered(tmp_path / "words.txt")
    assert list(frame) == ["c1", "c2"] and list(frame["c1"]) == ["abandon", "abandoned", "brilliant"]


def test_a_table_of_texts_in_a_dat_file_has_no_header(tmp_path):
    (tmp_path / "planes.dat").write_text('"Aerospatiale 262","ND2"\n"Caravelle","CRV"\n"Corvette","NDC"\n')
    assert len(read_offered(tmp_path / "planes.dat")) == 3


def test_years_are_names_of_columns():
    assert has_header([["country", "2008", "2009"], ["Chad", "1.5", "2.5"], ["Peru", "3", "4"]])


@given(st.lists(st.tuples(st.integers(2200, 9999), st.floats(0, 1, exclude_max=True)), min_size=2, max_size=20))
def test_numbers_under_names_have_a_header_and_numbers_alone_have_none(rows):
    records = [[str(a), f"{b:.3f}"] for a, b in rows]
    assert has_header([["height", "share"], *records])
    assert not has_header(records)


def test_prose_is_one_record_a_line(tmp_path):
    (tmp_path / "corpus.txt").write_text("The first sentence, with a comma.\n\nThe second has none.\nA third, a fourth, a fifth.\n")
    sketch = sketch_file(tmp_path / "corpus.txt")
    assert (sketch["format"], sketch["rows"]) == ("lines", 3)


def test_an_object_of_records_is_a_table_with_its_keys(tmp_path):
    records = {code: {"name": name, "area": area, "tags": ["x"]} for code, name, area in (("AD", "Andorra", 468), ("CH", "Switzerland", 41285), ("FR", "France", 643801))}
    (tmp_path / "countries.json").write_text(json.dumps(records))
    frame = read_offered(tmp_path / "countries.json")
    assert list(frame["key"]) == ["AD", "CH", "FR"] and frame["area"].sum() == 685554 and frame["tags"].iloc[0] == '["x"]'


def test_gzip_and_plain_give_the_same_sketch(tmp_path):
    raw = local_data.seattle_weather().to_csv(index=False).encode()
    (tmp_path / "plain.csv").write_bytes(raw)
    (tmp_path / "zipped.csv.gz").write_bytes(gzip.compress(raw))
    plain, zipped = sketch_file(tmp_path / "plain.csv"), sketch_file(tmp_path / "zipped.csv.gz")
    assert plain == zipped and plain["rows"] == 1461


def test_a_sketch_is_json_and_lists_the_levels_of_categories(tmp_path):
    local_data.seattle_weather().to_csv(tmp_path / "weather.csv", index=False)
    sketch = json.loads(json.dumps(sketch_file(tmp_path / "weather.csv")))
    assert sketch["levels"]["weather"] == local_data.seattle_weather()["weather"].value_counts().to_dict()
    assert len(sketch["sample"]) == 5


@pytest.mark.parametrize("raw", [b"", b"\x00\x01\x02\x00", b"\x1f\x8b broken"])
def test_a_file_without_a_table_is_refused_in_one_sentence(tmp_path, raw):
    (tmp_path / "bad.csv").write_bytes(raw)
    with pytest.raises(TaskError, match=r"bad\.csv"):
        sketch_file(tmp_path / "bad.csv")


def test_formats_are_told_by_name_alone(tmp_path):
    names = {"a.csv": ".csv", "a.tsv.gz": ".tsv", "a.parquet": ".parquet", "a.parquet.gz": "", "a.pkl": "", "a": "", "a.PQ": ".pq"}
    assert {name: file_format(tmp_path / name) for name in names} == names


def test_numbers_that_are_equal_have_one_level_name():
    assert {level_name(1), level_name(1.0), level_name("1")} == {"1"}


def test_a_folder_of_parquet_columns_keeps_dates(tmp_path):
    pd.DataFrame({"when": pd.date_range("2020-01-01", periods=40), "x": range(40)}).to_parquet(tmp_path / "t.parquet")
    kinds = {c["name"]: c["kind"] for c in sketch_file(tmp_path / "t.parquet")["columns"]}
    assert kinds["when"] == "date"
