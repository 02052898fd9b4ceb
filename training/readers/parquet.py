"""Parquet files; lists stay lists."""

from __future__ import annotations

from pathlib import Path

import pyarrow
import pyarrow.parquet

from training.readers.raw import RawItems, RawRow, cannot_read


def read(path: Path) -> RawItems:
    """Give each row with its number, from 1."""
    try:
        file = pyarrow.parquet.ParquetFile(path)
    except (pyarrow.ArrowInvalid, OSError) as error:
        raise cannot_read(path, "Parquet", error) from None
    with file:
        number = 0
        for batch in file.iter_batches():
            for values in batch.to_pylist():
                number += 1
                yield RawRow(place=f"{path.name}:{number}", values=values)
