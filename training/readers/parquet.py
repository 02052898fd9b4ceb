"""Parquet files; lists stay lists, and what the ``datasets`` library says of them is heeded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet

from training.readers import hf_datasets
from training.readers.raw import RawItems, cannot_read


def read(path: Path) -> RawItems:
    """Give each row with its number, from 1; class numbers become their names."""
    try:
        file = pyarrow.parquet.ParquetFile(path)
    except (pyarrow.ArrowInvalid, OSError) as error:
        raise cannot_read(path, "Parquet", error) from None
    with file:
        classes = _classes(file.schema_arrow.metadata or {})
        number = 0
        for batch in file.iter_batches():
            for values in batch.to_pylist():
                number += 1
                yield hf_datasets.make_row(f"{path.name}:{number}", values, classes)


def _classes(metadata: dict[bytes, bytes]) -> dict[str, list[str]]:
    """Names of the classes of each column that has them, as the ``datasets`` library notes."""
    try:
        features: Any = json.loads(metadata.get(b"huggingface", b"{}"))["info"]["features"]
        inner = {column: one.get("feature", one) for column, one in features.items()}
        return {column: one["names"] for column, one in inner.items() if "names" in one}
    except (AttributeError, KeyError, TypeError, ValueError):
        return {}
