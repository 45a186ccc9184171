"""Reading tables: every format gives the same rows, and bad files are refused in one sentence."""

from __future__ import annotations

import gzip
import importlib.util
import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from provender.errors import MissingExtra, TaskError
from provender.profile.table import read_table, sniff_delimiter

FRAME = pd.DataFrame(
    {"n": [1.5, None, 3.0], "whole": [1, 2, 3], "text": ["a, b", 'say "hi"', None], "ok": [True, False, True]}
)


def written(folder: Path, name: str) -> Path:
    path = folder / name
    match path.name.partition(".")[2]:
        case "csv":
            FRAME.to_csv(path, index=False)
        case "csv.gz":
            path.write_bytes(gzip.compress(FRAME.to_csv(index=False).encode()))
        case "tsv":
            FRAME.to_csv(path, index=False, sep="\t")
        case "parquet":
            FRAME.to_parquet(path)
        case "json":
            FRAME.to_json(path, orient="records")
        case "jsonl":
            FRAME.to_json(path, orient="records", lines=True)
        case "jsonl.gz":
            path.write_bytes(gzip.compress(FRAME.to_json(orient="records", lines=True).encode()))
    return path


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.tsv", "t.parquet", "t.json", "t.jsonl", "t.jsonl.gz"])
def test_every_format_gives_the_same_table(tmp_path, name):
    pd.testing.assert_frame_equal(read_table(written(tmp_path, name)), FRAME, check_dtype=False)


@pytest.mark.parametrize("name", ["t.csv", "t.parquet", "t.json", "t.jsonl"])
def test_limit_keeps_the_first_rows(tmp_path, name):
    assert read_table(written(tmp_path, name), limit_rows=2)["whole"].tolist() == [1, 2]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encoding_is_found_out(tmp_path, encoding):
    (tmp_path / "t.csv").write_bytes("name,x\nMünchen,1\nCafé,2\n".encode(encoding))
    assert read_table(tmp_path / "t.csv")["name"].tolist() == ["München", "Café"]


@given(st.sampled_from(",;\t|"), st.integers(2, 6), st.integers(2, 20), st.integers(0, 2**32))
def test_delimiter_is_found_out_even_beside_commas_in_prose(delimiter, width, rows, seed):
    rng = np.random.default_rng(seed)
    cells = np.array(["plain", "1.5", "two words", "with, comma", ""])[rng.integers(0, 5, (rows, width))]
    frame = pd.DataFrame(cells, columns=[f"c{i}" for i in range(width)])
    assert sniff_delimiter(frame.to_csv(index=False, sep=delimiter)) == delimiter


def test_prose_in_one_column_has_no_delimiter_to_find(tmp_path):
    (tmp_path / "t.csv").write_text('quote\n"To be, or not"\n"that is, the question"\n')
    assert read_table(tmp_path / "t.csv")["quote"].tolist() == ["To be, or not", "that is, the question"]


def test_other_missing_markers_stay_what_they_are(tmp_path):
    (tmp_path / "t.csv").write_text("x\n1\n?\n-\nNA\n")
    assert read_table(tmp_path / "t.csv")["x"].tolist()[:3] == ["1", "?", "-"]
    assert read_table(tmp_path / "t.csv")["x"].isna().tolist() == [False, False, False, True]


def test_nested_json_becomes_text_and_lists_stay_comparable(tmp_path):
    (tmp_path / "t.json").write_text(json.dumps({"data": [{"a": 1, "tags": ["x", "y"]}, {"a": 2, "tags": None}]}))
    frame = read_table(tmp_path / "t.json")
    assert frame["tags"].tolist()[0] == '["x", "y"]' and frame["tags"].isna().tolist() == [False, True]


def test_line_separators_inside_json_strings_do_not_cut_records(tmp_path):
    (tmp_path / "t.jsonl").write_text('{"t": "one\u2028two"}\n\n{"t": "three"}\n', "utf-8")
    assert read_table(tmp_path / "t.jsonl")["t"].tolist() == ["one\u2028two", "three"]


def test_parquet_categories_decimals_and_index_become_plain(tmp_path):
    frame = pd.DataFrame({"c": pd.Categorical(["x", None, "y"]), "d": [1, 2, 3]}, index=[5, 6, 7])
    frame.to_parquet(tmp_path / "t.parquet")
    read = read_table(tmp_path / "t.parquet")
    assert read.index.tolist() == [0, 1, 2] and list(read.columns) == ["c", "d"]
    assert read["c"].dtype == "str" and read["c"].isna().tolist() == [False, True, False]


def png(shade: int) -> bytes:
    raw = io.BytesIO()
    Image.new("L", (4, 4), shade).save(raw, "PNG")
    return raw.getvalue()


def test_folder_of_labelled_images_keeps_their_bytes(tmp_path):
    for label in ("cat", "dog"):
        (tmp_path / label).mkdir()
        for i in range(3):
            (tmp_path / label / f"{i}.png").write_bytes(png(i))
    frame = read_table(tmp_path)
    assert frame["label"].tolist() == ["cat"] * 3 + ["dog"] * 3
    assert frame["image"].tolist() == [png(0), png(1), png(2)] * 2
    assert set(read_table(tmp_path, limit_rows=2)["label"]) == {"cat", "dog"}


def test_folder_with_an_index_reads_the_images_it_names(tmp_path):
    (tmp_path / "images").mkdir()
    for i in range(3):
        (tmp_path / "images" / f"{i}.png").write_bytes(png(i))
    (tmp_path / "index.csv").write_text("id,species\n2,oak\n0,elm\n1,oak\n")
    frame = read_table(tmp_path)
    assert frame["species"].tolist() == ["oak", "elm", "oak"] and frame["image"].tolist() == [png(2), png(0), png(1)]
    (tmp_path / "index.csv").write_text("id,species\n2,oak\n0,elm\n9,oak\n")
    with pytest.raises(TaskError, match=r"index\.csv names the image '9', which is not in"):
        read_table(tmp_path)


def test_folder_of_labelled_texts(tmp_path):
    for label in ("pos", "neg"):
        (tmp_path / label).mkdir()
        (tmp_path / label / "a.txt").write_text(f"a {label} text")
    assert read_table(tmp_path)["text"].tolist() == ["a neg text", "a pos text"]


BAD = {
    "empty.csv": (b"", r"empty\.csv is empty: give"),
    "header.csv": (b"a,b\n", r"header\.csv holds 0 rows"),
    "twice.csv": (b"a,b,a\n1,2,3\n", r"column 'a' 2 times: rename"),
    "ragged.csv": (b"a,b\n1,2\n1,2,3,4\n", r"not a table separated by ','.*line 3"),
    "binary.csv": (bytes(range(256)) * 4, r"neither UTF-8.*save it as UTF-8"),
    "broken.json": (b"[1, 2", r"broken\.json is not valid JSON"),
    "scalar.json": (b"3", r"does not hold records: give"),
    "broken.jsonl": (b'{"a": 1}\n{"a": \n', r"line 2 is not valid JSON"),
    "broken.parquet": (b"PAR1....PAR1", r"not a readable Parquet file"),
    "broken.csv.gz": (b"\x1f\x8b\x08garbage", r"damaged"),
    "picture.bmp": (b"BM", r"unknown format '\.bmp': give one of .*\.csv"),
    "nothing": (b"x", r"unknown format ''"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_file_is_refused_with_its_name_and_the_mend(tmp_path, name):
    raw, message = BAD[name]
    (tmp_path / name).write_bytes(raw)
    with pytest.raises(TaskError, match=message):
        read_table(tmp_path / name)


def test_missing_file_and_folder_without_data_are_refused(tmp_path):
    with pytest.raises(TaskError, match="does not exist: correct the path"):
        read_table(tmp_path / "none.csv")
    with pytest.raises(TaskError, match=r"is no data set: give it one sub-folder a class"):
        read_table(tmp_path)


@pytest.mark.skipif(importlib.util.find_spec("openpyxl") is not None, reason="openpyxl is installed")
def test_excel_names_the_extra_it_needs(tmp_path):
    (tmp_path / "t.xlsx").write_bytes(b"PK")
    with pytest.raises(MissingExtra, match=r"provender\[excel\]"):
        read_table(tmp_path / "t.xlsx")
