"""Croissant metadata of an export: what its files are and what their columns hold, for machines.

The format is Croissant 1.0 (https://docs.mlcommons.org/croissant/docs/croissant-spec.html), JSON-LD on schema.org.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

_CONTEXT = {
    "@language": "en", "@vocab": "https://schema.org/", "citeAs": "cr:citeAs", "column": "cr:column", "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/", "data": {"@id": "cr:data", "@type": "@json"}, "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/", "equivalentProperty": "cr:equivalentProperty", "examples": {"@id": "cr:examples", "@type": "@json"}, "extract": "cr:extract", "field": "cr:field",
    "fileObject": "cr:fileObject", "fileProperty": "cr:fileProperty", "fileSet": "cr:fileSet", "format": "cr:format", "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset", "jsonPath": "cr:jsonPath", "key": "cr:key", "md5": "cr:md5", "parentField": "cr:parentField", "path": "cr:path", "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet", "references": "cr:references", "regex": "cr:regex", "repeated": "cr:repeated", "replace": "cr:replace",
    "samplingRate": "cr:samplingRate", "sc": "https://schema.org/", "separator": "cr:separator", "source": "cr:source", "subField": "cr:subField", "transform": "cr:transform",
}  # fmt: skip
_TABLES = {
    "data/train.parquet": ("training rows", "Curated training rows: inputs, labels and, where rows are weighed, their weight."),
    "data/lineage.parquet": ("lineage", "Where each training row comes from and what was done to it."),
    "data/dropped.parquet": ("dropped rows", "Records of the task that are not among the training rows, and why."),
    "original/records.parquet": ("original records", "The records as they were before anything was done to them."),
}


def croissant(folder: Path, about: Mapping[str, Any], description: str, files: Mapping[str, str]) -> dict[str, Any]:
    """The JSON-LD of the export in this folder; `files` gives the SHA-256 of each file."""
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": f"{about['task']}-{about['state']}",
        "description": f"{description or about['task']}. Training data curated by Provender: run {about['run']}, node {about['node']}.",
        "version": "1.0.0",
        "datePublished": time.strftime("%Y-%m-%d", time.gmtime(about["created"])),
        "distribution": [_file(folder, path, sha) for path, sha in files.items()],
        "recordSet": [_records(folder, path, *told) for path, told in _TABLES.items()],
    }


def _file(folder: Path, path: str, sha: str) -> dict[str, Any]:
    formats = {".parquet": "application/x-parquet", ".json": "application/json", ".py": "text/x-python", ".md": "text/markdown", ".txt": "text/plain"}
    return {
        "@type": "cr:FileObject", "@id": path, "name": path, "contentUrl": path, "contentSize": f"{(folder / path).stat().st_size} B",
        "encodingFormat": formats.get(Path(path).suffix, "application/octet-stream"), "sha256": sha,
    }  # fmt: skip


def _records(folder: Path, path: str, name: str, description: str) -> dict[str, Any]:
    schema, id_ = pq.read_schema(folder / path), name.replace(" ", "_")  # readers know no @id with spaces, which column names may have
    fields = [
        {
            "@type": "cr:Field", "@id": f"{id_}/{number}", "name": column.name, "dataType": _type(column.type),
            "source": {"fileObject": {"@id": path}, "extract": {"column": column.name}},
        }
        for number, column in enumerate(schema)
    ]  # fmt: skip
    return {"@type": "cr:RecordSet", "@id": id_, "name": name, "description": description, "field": fields}


def _type(arrow: pa.DataType) -> str:
    if pa.types.is_dictionary(arrow):
        return _type(arrow.value_type)
    if pa.types.is_boolean(arrow):
        return "sc:Boolean"
    if pa.types.is_integer(arrow):
        return "sc:Integer"
    if pa.types.is_floating(arrow):
        return "sc:Float"
    if pa.types.is_temporal(arrow):
        return "sc:DateTime"
    return "sc:ImageObject" if pa.types.is_binary(arrow) or pa.types.is_large_binary(arrow) else "sc:Text"
