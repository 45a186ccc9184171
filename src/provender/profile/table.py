"""Read one table from a file or folder, whatever its format. One function a format; `READERS` lists them all.

What is read is not cleaned: missing values are what pandas calls missing (an empty cell, NA, NaN, null …), every
other marker ("?", "-") stays a string and is told to the user by `infer.column_notes`.
"""

from __future__ import annotations

import csv
import gzip
import importlib.util
import io
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from ..errors import MissingExtra, TaskError

IMAGE_SUFFIXES = frozenset((".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff"))
_SAMPLE = 1 << 16  # bytes that decide about delimiter
_DELIMITERS = ",;\t|"


def read_table(path: Path, limit_rows: int | None = None) -> pd.DataFrame:
    """The table at `path` with a plain RangeIndex and string column names.

    CSV/TSV/TXT (delimiter and encoding found out), JSON, JSONL, Parquet and Excel files, CSV and JSONL also
    gzipped; a folder with one sub-folder a class (columns `image` or `text`, and `label`); a folder of files
    beside one index table (its columns and `image`). Image bytes stay encoded. `limit_rows` keeps the first rows.

    Raises TaskError for a file that is missing, empty, undecodable, of unknown format or with a column name
    twice, and MissingExtra for Excel without openpyxl.
    """
    path = Path(path)
    if not path.exists():
        raise TaskError(f"{path} does not exist: correct the path")
    if path.is_dir():
        frame = _read_folder(path, limit_rows)
    else:
        reader = READERS.get(_format(path))
        if reader is None:
            raise TaskError(
                f"{path.name} has the unknown format {_format(path)!r}: give one of {', '.join(sorted(READERS))}"
            )
        frame = reader(path, limit_rows)
    frame = _plain(frame)
    if frame.empty:
        raise TaskError(
            f"{path.name} holds {len(frame)} rows and {len(frame.columns)} columns: give a table that is not empty"
        )
    return frame


def _format(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] == ".gz":
        return suffixes[-2] if len(suffixes) > 1 else ".gz"
    return suffixes[-1] if suffixes else ""


def _raw(path: Path) -> bytes:
    raw = path.read_bytes()
    if raw[:2] == b"\x1f\x8b":
        try:
            raw = gzip.decompress(raw)
        except (OSError, EOFError) as error:
            raise TaskError(f"{path.name} is damaged ({error}): compress it again") from None
    if not raw.strip():
        raise TaskError(f"{path.name} is empty: give a file with a header and rows")
    return raw


def _text(path: Path) -> str:
    """The file's text: UTF-8 or UTF-16 by their marks, else UTF-8, else Windows-1252 when it reads as text."""
    raw = _raw(path)
    encodings = ("utf-16",) if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise TaskError(f"{path.name} is neither UTF-8, UTF-16 nor Windows-1252 text: save it as UTF-8")


def _read_csv(path: Path, limit_rows: int | None) -> pd.DataFrame:
    text = _text(path)
    delimiter = "\t" if _format(path) == ".tsv" else sniff_delimiter(text[:_SAMPLE])
    header = next(csv.reader(io.StringIO(text[: _SAMPLE * 16], newline=""), delimiter=delimiter), [])
    _refuse_repeated(path, [name.strip() for name in header])
    try:
        return pd.read_csv(io.StringIO(text), sep=delimiter, nrows=limit_rows, low_memory=False, index_col=False)
    except pd.errors.EmptyDataError:
        raise TaskError(f"{path.name} has no columns: give a file with a header and rows") from None
    except (pd.errors.ParserError, ValueError) as error:
        raise TaskError(
            f"{path.name} is not a table separated by {delimiter!r} ({str(error).strip()}): quote fields that hold it"
        ) from None


def sniff_delimiter(sample: str) -> str:
    """The delimiter under which the sample's records have most often the header's number of fields (at least two).

    The standard library's Sniffer guesses letters as delimiters of prose, so only , ; tab and | are tried.
    """
    scores = {}
    for delimiter in _DELIMITERS:
        widths = [len(record) for record in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter) if record]
        if len(widths) > 2:
            widths.pop()  # the sample's last record may be cut
        if widths and widths[0] > 1:
            agreeing = Counter(widths)[widths[0]] / len(widths)
            scores[delimiter] = (round(agreeing, 2), widths[0])
    return max(scores, key=lambda d: (*scores[d], -_DELIMITERS.index(d)), default=",")


def _read_json(path: Path, limit_rows: int | None) -> pd.DataFrame:
    text = _text(path)
    try:
        value = json.loads(text)
    except ValueError as error:
        if text.lstrip()[:1] == "{" and "\n" in text.strip():  # JSON lines under the name .json
            return _read_jsonl(path, limit_rows)
        raise TaskError(f"{path.name} is not valid JSON ({error}): give a list of records") from None
    if isinstance(value, dict):  # {"data": [records]} or {column: [values]}
        lists = [v for v in value.values() if isinstance(v, list)]
        if len(lists) == 1 and lists[0] and isinstance(lists[0][0], dict):
            value = lists[0]
        elif len(lists) == len(value) and len({len(v) for v in lists}) == 1:
            return pd.DataFrame(value).head(len(lists[0]) if limit_rows is None else limit_rows)
    return _records(path, value, limit_rows)


def _read_jsonl(path: Path, limit_rows: int | None) -> pd.DataFrame:
    records = []
    for number, line in enumerate(_text(path).split("\n"), 1):  # str.splitlines would cut inside strings, at U+2028
        if limit_rows is not None and len(records) >= limit_rows:
            break
        if line.strip():
            try:
                records.append(json.loads(line))
            except ValueError as error:
                raise TaskError(
                    f"{path.name} line {number} is not valid JSON ({error}): give one record a line"
                ) from None
    return _records(path, records, limit_rows)


def _records(path: Path, value: object, limit_rows: int | None) -> pd.DataFrame:
    if not isinstance(value, list) or not all(isinstance(record, dict) for record in value):
        raise TaskError(f'{path.name} does not hold records: give a list of objects such as [{{"x": 1, "label": "a"}}]')
    return pd.DataFrame(value if limit_rows is None else value[:limit_rows])


def _read_parquet(path: Path, limit_rows: int | None) -> pd.DataFrame:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
        if limit_rows is None:
            table = file.read()
        else:
            batches, seen = [], 0
            for batch in file.iter_batches(batch_size=min(limit_rows, 65_536) or 1):
                batches.append(batch)
                seen += len(batch)
                if seen >= limit_rows:
                    break
            table = pa.Table.from_batches(batches, schema=file.schema_arrow).slice(0, limit_rows)
    except (pa.ArrowException, OSError) as error:
        raise TaskError(f"{path.name} is not a readable Parquet file: {error}") from None
    _refuse_repeated(path, table.column_names)
    index = [name for name in table.column_names if name.startswith("__index_level_")]
    return table.drop_columns(index).replace_schema_metadata(None).to_pandas(strings_to_categorical=False)


def _read_excel(path: Path, limit_rows: int | None) -> pd.DataFrame:
    if importlib.util.find_spec("openpyxl") is None:
        raise MissingExtra("openpyxl", "excel", f"reading {path.name}")
    header = [str(name) for name in pd.read_excel(path, header=None, nrows=1).iloc[0]]
    _refuse_repeated(path, header)
    return pd.read_excel(path, nrows=limit_rows)


READERS: dict[str, Callable[[Path, int | None], pd.DataFrame]] = {
    ".csv": _read_csv,
    ".tsv": _read_csv,
    ".txt": _read_csv,
    ".json": _read_json,
    ".jsonl": _read_jsonl,
    ".ndjson": _read_jsonl,
    ".parquet": _read_parquet,
    ".pq": _read_parquet,
    ".xlsx": _read_excel,
}


def _read_folder(folder: Path, limit_rows: int | None) -> pd.DataFrame:
    children = sorted(child for child in folder.iterdir() if not child.name.startswith("."))
    classes = [child for child in children if child.is_dir()]
    indexes = [child for child in children if child.is_file() and _format(child) in READERS]
    if len(indexes) == 1 and (frame := _read_index(folder, indexes[0], limit_rows)) is not None:
        return frame
    files = [(file, c.name) for c in classes for file in sorted(c.rglob("*")) if file.is_file() and file.name[0] != "."]
    suffixes = {file.suffix.lower() for file, _ in files}
    if files and suffixes <= IMAGE_SUFFIXES:
        column, read = "image", Path.read_bytes
    elif files and suffixes == {".txt"}:
        column, read = "text", _text
    else:
        raise TaskError(
            f"the folder {folder.name} is no data set: give it one sub-folder a class with images (or .txt files), "
            f"or one index table with a column of file names (found {', '.join(sorted(suffixes)) or 'no files'} in sub-folders, "
            f"{len(indexes)} tables)"
        )
    files = (
        files[:: max(1, len(files) // limit_rows)][:limit_rows] if limit_rows else files
    )  # a sample sees every class
    return pd.DataFrame({column: pd.Series([read(f) for f, _ in files], dtype=object), "label": [c for _, c in files]})


def _read_index(folder: Path, index: Path, limit_rows: int | None) -> pd.DataFrame | None:
    """The index table with the bytes of the image each row names; None when no column names images."""
    frame = read_table(index, limit_rows)
    images = {}  # by relative path, and by it without its suffix, for indexes that hold bare ids
    for file in sorted(folder.rglob("*")):
        if file.suffix.lower() in IMAGE_SUFFIXES and file.is_file():
            relative = file.relative_to(folder).as_posix()
            for name in (relative, file.name, relative.rsplit(".", 1)[0], file.stem):
                images.setdefault(name, file)
    if not images:
        return None
    for column in frame.columns:
        names = frame[column].astype(str)
        known = names.isin(images)
        if known.mean() > 0.5:
            if not known.all():
                raise TaskError(
                    f"{index.name} names the image {names[~known].iloc[0]!r}, which is not in {folder.name}: add it or drop the row"
                )
            frame = frame.rename(columns={column: "file"}) if column == "image" else frame
            return frame.assign(image=pd.Series([images[name].read_bytes() for name in names], dtype=object))
    return None


def _refuse_repeated(path: Path, names: list[str]) -> None:
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise TaskError(
            f"{path.name} has the column {repeated[0]!r} {Counter(names)[repeated[0]]} times: rename all but one, or add a header line"
        )


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Only numbers, strings, datetimes and bytes: categories become their values, nested values JSON text."""
    frame = frame.set_axis([str(name).strip() for name in frame.columns], axis=1)
    plain = frame.assign(**{name: _plain_column(column) for name, column in frame.items()}).reset_index(drop=True)
    return plain.copy()  # in one piece: pandas warns, and is slow, when columns are added to hundreds of single ones


def _plain_column(column: pd.Series) -> pd.Series:
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype if not column.hasnans else object)
    if column.dtype != object:
        return column
    present = column.dropna()
    kinds = {type(value) for value in present}
    if kinds <= {bytes}:
        return column if len(present) else column.astype(float)
    if kinds <= {bool, np.bool_, int, float} or all(hasattr(k, "as_integer_ratio") for k in kinds):  # decimals as well
        return column.astype(float)
    if all(issubclass(kind, str) for kind in kinds):
        return column.astype("str")
    parsed = pd.to_datetime(present, errors="coerce") if all(hasattr(k, "isoformat") for k in kinds) else None
    if parsed is not None and parsed.notna().all():
        return pd.to_datetime(column, errors="coerce")
    return column.map(_as_text, na_action="ignore").astype("str")


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
