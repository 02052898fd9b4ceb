from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from models.domain import Language
from models.root_cause.frames import Columns, read_table, read_verbatims

DATA: dict[str, list[Any]] = {
    "id": [1, 2, 3],
    "text": ["Te duur", None, "Too slow"],
    "score": ["3", "7,5", "x"],
    "date": ["2025-01-01", "soon", None],
    "channel": ["web", None, " app "],
    "lang": ["nl", None, "en-GB"],
}
COLUMNS = Columns(
    text="text", id="id", score="score", date="date", language="lang", segments=("channel",)
)


def _polars(data: dict[str, list[Any]]) -> Any:
    return pytest.importorskip("polars").DataFrame(data)


def _pandas(data: dict[str, list[Any]]) -> Any:
    return pytest.importorskip("pandas").DataFrame(data)


@pytest.mark.parametrize("make", [dict, _pandas, _polars])
def test_read_table_takes_any_frame(make: Callable[[dict[str, list[Any]]], Any]) -> None:
    found = read_table(make(DATA), COLUMNS, ["3", "1", "unknown"])
    assert np.isnan(found.scores[[0, 2]]).all()
    assert found.scores[1] == 3
    assert found.n_unreadable_scores == 1
    assert found.segments == {"channel": ("app", "web", "")}
    assert found.dates.days.astype(str).tolist() == ["NaT", "2025-01-01", "NaT"]


@pytest.mark.parametrize("make", [dict, _pandas, _polars])
def test_read_verbatims_takes_any_frame(make: Callable[[dict[str, list[Any]]], Any]) -> None:
    found = read_verbatims(make(DATA), COLUMNS)
    assert [verbatim.id for verbatim in found] == ["1", "2", "3"]
    assert [verbatim.text for verbatim in found] == ["Te duur", "", "Too slow"]
    assert [verbatim.language for verbatim in found] == [Language.NL, None, Language.EN]


def test_read_table_by_position() -> None:
    found = read_table({"score": [1, 2]}, Columns(score="score"), ["a", "b"])
    assert found.scores.tolist() == [1.0, 2.0]


def test_read_table_without_a_frame() -> None:
    found = read_table(None, Columns(), ["a"])
    assert np.isnan(found.scores).all()


@pytest.mark.parametrize(
    ("frame", "columns", "message"),
    [
        ({"score": [1, 2]}, Columns(score="nps"), "has no column 'nps'; it has score"),
        ({"score": [1]}, Columns(score="score"), "1 rows for 2 verbatims"),
        ({"id": ["a", "a"]}, Columns(id="id"), "must not repeat"),
    ],
)
def test_read_table_refuses(frame: dict[str, list[Any]], columns: Columns, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_table(frame, columns, ["a", "b"])


def test_read_verbatims_needs_a_text_column() -> None:
    with pytest.raises(ValueError, match="must name the text column"):
        read_verbatims(DATA, Columns())
