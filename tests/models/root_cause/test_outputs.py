from pathlib import Path

import pandas as pd
import polars as pl
import pytest
from root_cause_fakes import DIM, clause, planted, taxonomy, verbatim

from models.classifier import EmbeddedVerbatim
from models.embedding import no_alignment
from models.root_cause import Columns, RootCauseAnalyser
from models.root_cause.feedback import FeedbackCollector
from models.root_cause.frames import Columns as SameColumns
from models.root_cause.outputs import NotFittedError


def items() -> list[EmbeddedVerbatim]:
    rows, truth = planted(n_causes=3, n_each=15)
    words = ("wachtrij", "factuur", "pakket")
    return [
        verbatim(f"v{row}", [clause(f"de {words[cause]} is {chr(97 + row % 26)} kapot")], rows[row])
        for row, cause in enumerate(truth.tolist())
    ]


def analyser() -> RootCauseAnalyser:
    return RootCauseAnalyser(
        taxonomy(), alignment=no_alignment(DIM), n_bootstrap=10, n_resamples=1, metric="nps"
    )


@pytest.fixture(scope="module")
def fitted() -> RootCauseAnalyser:
    found = items()
    frame = {"score": [3] * len(found), "date": ["2025-03-01"] * len(found), "shop": ["a"] * 45}
    columns = Columns(score="score", date="date", segments=("shop",))
    return analyser().fit(found, frame, columns=columns)


@pytest.mark.parametrize(("library", "kind"), [("pandas", pd.DataFrame), ("polars", pl.DataFrame)])
def test_frames_out(fitted: RootCauseAnalyser, library: str, kind: type) -> None:
    causes, complaints = fitted.causes_frame(library), fitted.assignments_frame(library)
    assert isinstance(causes, kind)
    assert list(causes["n_complaints"]) == [15, 15, 15]
    assert list(complaints["verbatim_id"]) == [f"v{row}" for row in range(45)]
    assert set(complaints["cause_id"]) == set(causes["cause_id"])
    assert set(complaints["shop"]) == {"a"}


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_frames_in(fitted: RootCauseAnalyser, make: type) -> None:
    found = items()
    names = [item.result.id for item in found]
    frame = make({"id": names[::-1], "nps": [3] * 45})
    again = analyser().fit(found, frame, columns=SameColumns(id="id", score="nps"))
    assert again.report_.impact == fitted.report_.impact


def test_another_library_is_refused(fitted: RootCauseAnalyser) -> None:
    with pytest.raises(ValueError, match="pandas or polars"):
        fitted.causes_frame("arrow")


def test_report_writes_a_folder(fitted: RootCauseAnalyser, tmp_path: Path) -> None:
    folder = fitted.report(tmp_path / "report", language="en", title="Causes")
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "<h1>Causes</h1>" in page
    assert page == fitted.to_html(language="en", title="Causes")


def test_notebook_shows_the_causes(fitted: RootCauseAnalyser) -> None:
    shown = fitted._repr_html_()
    assert shown.count("<tr>") == 4
    assert fitted.report_.causes[0].name.nl in shown
    assert "RootCauseAnalyser" in analyser()._repr_html_()


def test_nothing_comes_of_an_analysis_that_is_not_fitted(tmp_path: Path) -> None:
    for use in (
        analyser().causes_frame,
        analyser().to_html,
        lambda: analyser().report(tmp_path / "x"),
        lambda: analyser().assign(items()),
    ):
        with pytest.raises(NotFittedError, match="call 'fit' first"):
            use()


def test_batches_give_what_one_call_gives(fitted: RootCauseAnalyser) -> None:
    collector = FeedbackCollector(taxonomy())
    found = items()
    assert [collector.add(found[row : row + 7]) for row in range(0, 45, 7)] == [7] * 6 + [3]
    again = analyser().fit(collector.result())
    assert again.assignments_ == fitted.assignments_


def test_batches_must_be_of_one_bundle() -> None:
    import dataclasses

    collector = FeedbackCollector(taxonomy())
    first, second = items()[:2]
    collector.add([first])
    other = dataclasses.replace(second.result, bundle_version="other")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="one bundle"):
        collector.add([dataclasses.replace(second, result=other)])


def test_params_can_be_cloned_by_scikit_learn() -> None:
    from sklearn.base import clone

    first = analyser()
    assert clone(first).get_params()["n_bootstrap"] == 10
