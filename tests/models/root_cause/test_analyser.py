from typing import Any

import numpy as np
import pytest
from fakes import make_classifier
from root_cause_fakes import DIM, clause, failed, planted, taxonomy, verbatim

from models.classifier import EmbeddedVerbatim
from models.domain import Language
from models.embedding import no_alignment
from models.root_cause import (
    Columns,
    LanguageAlignment,
    RootCauseAnalyser,
    RootCauseReport,
    load_model,
    save_model,
)
from models.root_cause.model_io import RootCauseModelError
from models.root_cause.report import Cause
from models.root_cause.stability import Change

WORDS = [
    "wachtrij",
    "factuur",
    "pakket",
    "lift",
    "folder",
    "opzegtermijn",
    "monteur",
    "website",
    "prijs",
    "bed",
    "koffie",
    "garantie",
]
COLUMNS = Columns(id="id", score="score", date="date", segments=("channel",))


def feedback(seed: int = 0) -> tuple[list[EmbeddedVerbatim], dict[str, list[Any]]]:
    """480 complaints with twelve causes, and 240 verbatims without one."""
    rows, truth = planted(seed=seed)
    items = [
        verbatim(
            f"v{row}",
            [clause(f"de {WORDS[cause]} is {chr(97 + row % 26)}{chr(97 + row // 26)} kapot")],
            rows[row],
            language=Language.EN if row % 5 == 0 else Language.NL,
            department=int(cause) % 2,
        )
        for row, cause in enumerate(truth.tolist())
    ]
    items += [
        verbatim(f"p{row}", [clause("prima", sentiment="positive")], sentiment="positive")
        for row in range(240)
    ]
    days = np.datetime64("2025-01-06") + np.arange(720) % 84
    frame = {
        "id": [item.result.id for item in items],
        "score": [2 if cause == 3 else 7 for cause in truth.tolist()] + [9] * 240,
        "date": days.astype(str).tolist(),
        "channel": ["web" if row % 2 else "app" for row in range(720)],
    }
    return items, frame


def analyser(alignment: LanguageAlignment | None = None, **extra: Any) -> RootCauseAnalyser:
    values = {
        "alignment": alignment or no_alignment(DIM),
        "n_bootstrap": 20,
        "n_resamples": 1,
        **extra,
    }
    return RootCauseAnalyser(taxonomy(), **values)


@pytest.fixture(scope="module")
def fitted() -> RootCauseAnalyser:
    items, frame = feedback()
    return analyser().fit(items, frame, columns=COLUMNS)


@pytest.fixture(scope="module")
def report(fitted: RootCauseAnalyser) -> RootCauseReport:
    return fitted.report_data()


def word_of(cause: Cause) -> str:
    """The planted word that a cause was named after, in brackets behind its topic."""
    return cause.key_terms[Language.NL][0].text.split()[0]


def test_report_finds_the_planted_causes(report: RootCauseReport) -> None:
    assert len(report.causes) == 12
    assert {word_of(cause) for cause in report.causes} == set(WORDS)
    assert all(word_of(cause) in cause.name.nl for cause in report.causes)
    assert [cause.cause_id for cause in report.causes][:2] == ["C001", "C002"]
    assert sum(cause.n_complaints for cause in report.causes) >= 0.95 * 480
    assert report.emerging_share <= 0.05
    assert report.stability is not None
    assert report.stability > 0.9


def test_report_counts(report: RootCauseReport) -> None:
    assert (report.n_verbatims, report.n_tagged, report.n_complaints) == (720, 720, 480)
    assert report.notes == ()


def test_report_names_the_costliest_cause(report: RootCauseReport) -> None:
    worst = report.by_impact()[0]
    assert word_of(worst) == WORDS[3]
    assert worst.impact is not None
    assert worst.impact.leave_one_out.high < 0


def test_report_names_the_owner(report: RootCauseReport) -> None:
    owners = {word_of(cause): cause.owner.department for cause in report.causes}
    assert owners == {word: ("hr", "board")[row % 2] for row, word in enumerate(WORDS)}


def test_report_shows_real_complaints_in_both_languages(report: RootCauseReport) -> None:
    texts = {item.result.text for item in feedback()[0]}  # type: ignore[union-attr]
    for cause in report.causes:
        assert {exemplar.text for exemplar in cause.exemplars} <= texts
        assert {exemplar.language for exemplar in cause.exemplars} == {Language.NL, Language.EN}


def test_report_cross_tables_add_up(report: RootCauseReport) -> None:
    (table,) = report.cross_tables
    assert (table.column, sum(table.n_verbatims.values())) == ("channel", 720)
    for cause in report.causes:
        total = sum(counts.get(cause.cause_id, 0) for counts in table.counts.values())
        assert total == cause.n_verbatims


def test_report_tells_impact_within_each_segment(report: RootCauseReport) -> None:
    (table,) = report.cross_tables
    assert report.impact is not None
    assert set(table.impacts) == set(table.n_verbatims)
    assert sum(each.n_scored for each in table.impacts.values()) == report.impact.n_scored
    worst = report.by_impact()[0]
    for value, within in table.impacts.items():
        assert within.n_scored <= table.n_verbatims[value]
        assert set(within.causes) <= set(table.counts[value])
        assert within.causes[worst.cause_id].leave_one_out.value < 0


def test_themes_hold_every_cause_once(report: RootCauseReport) -> None:
    held = [cause_id for theme in report.themes for cause_id in theme.cause_ids]
    assert sorted(held) == sorted(cause.cause_id for cause in report.causes)


def test_fit_twice_gives_the_same_report(report: RootCauseReport) -> None:
    items, frame = feedback()
    assert analyser().fit(items, frame, columns=COLUMNS).report_data() == report


def test_row_order_does_not_change_the_causes(fitted: RootCauseAnalyser) -> None:
    items, _ = feedback()
    order = np.random.default_rng(1).permutation(len(items))
    other = analyser(n_resamples=0).fit([items[row] for row in order])
    first = {item.verbatim_id: item for item in fitted.assignments_}
    assert {item.verbatim_id: item for item in other.assignments_} == first


def test_assign_agrees_with_the_run(fitted: RootCauseAnalyser) -> None:
    items, _ = feedback()
    assert fitted.assign(items) == fitted.assignments_
    assert fitted.assign(items[17:18]) == fitted.assignments_[17:18]


def test_save_load_assign(fitted: RootCauseAnalyser, tmp_path: Any) -> None:
    save_model(fitted.model_, tmp_path)
    model = load_model(tmp_path)
    assert model.cause_ids == fitted.model_.cause_ids
    again = analyser()
    again.model_, again.report_ = model, fitted.report_
    assert again.assign(feedback()[0]) == fitted.assignments_
    assert b"kapot" not in (tmp_path / "model.npz").read_bytes()


def test_load_refuses_an_altered_model(fitted: RootCauseAnalyser, tmp_path: Any) -> None:
    with pytest.raises(RootCauseModelError, match="is missing"):
        load_model(tmp_path)
    save_model(fitted.model_, tmp_path)
    (tmp_path / "model.npz").write_bytes(b"PK")
    with pytest.raises(RootCauseModelError, match="was altered"):
        load_model(tmp_path)
    (tmp_path / "model.json").write_text('{"format": 9}')
    with pytest.raises(RootCauseModelError, match="format 1"):
        load_model(tmp_path)


def test_previous_run_lends_its_ids(fitted: RootCauseAnalyser) -> None:
    items, frame = feedback(seed=4)
    later = analyser(n_resamples=0).fit(items, frame, columns=COLUMNS, previous=fitted.model_)
    before, after = (
        {word_of(cause): cause.cause_id for cause in each.report_.causes}
        for each in (fitted, later)
    )
    assert after == before
    changes = {cause.change.change for cause in later.report_.causes if cause.change}
    assert changes == {Change.STEADY}


@pytest.mark.parametrize("alignment", [None, no_alignment(DIM)])
@pytest.mark.parametrize("n_items", [0, 1, 5])
def test_few_verbatims_are_no_error(alignment: LanguageAlignment | None, n_items: int) -> None:
    items = feedback()[0][:n_items]
    found = RootCauseAnalyser(taxonomy(), alignment=alignment).fit(items).report_data()
    assert len(found.causes) == min(1, n_items)
    codes = {note.code for note in found.notes}
    assert {"no_scores", "no_dates"} <= codes
    assert ("no_complaints" in codes) == (n_items == 0)


@pytest.mark.parametrize("alignment", [None, no_alignment(DIM)])
def test_one_verbatim_ten_thousand_times_is_one_cause(alignment: LanguageAlignment | None) -> None:
    items = feedback()[0][:1] * 10_000
    found = (
        RootCauseAnalyser(taxonomy(), alignment=alignment, n_bootstrap=5).fit(items).report_data()
    )
    assert [cause.n_complaints for cause in found.causes] == [10_000]
    assert found.emerging_share == 0


def test_no_complaint_is_no_error() -> None:
    found = analyser().fit([failed("a"), *feedback()[0][480:490]]).report_data()
    assert found.causes == ()
    assert [note.code for note in found.notes][:2] == ["empty", "no_complaints"]


def test_bad_cells_are_noted() -> None:
    items, frame = feedback()
    frame["score"][:3] = [11, "?", -1]
    frame["date"][:2] = ["ooit", "31-02-2025"]
    found = analyser(n_resamples=0).fit(items, frame, columns=COLUMNS, previous=None)
    notes = {note.code: note.count for note in found.report_.notes}
    assert notes["unreadable_dates"] == 2
    assert notes["unreadable_scores"] == 1
    assert notes["scores_off_scale"] == 2


def test_fit_frame_embeds_the_texts() -> None:
    frame = {"text": ["De factuur klopt niet.", "", "Nobody answers the phone."], "nps": [1, 2, 3]}
    classifier = make_classifier()
    analysis = RootCauseAnalyser(classifier.taxonomy, n_bootstrap=5, metric="nps")
    found = analysis.fit_frame(classifier, frame, columns=Columns(text="text", score="nps"))
    report = found.report_data()
    assert (report.n_verbatims, report.n_tagged) == (3, 2)
    assert report.bundle_version == "tiny"
    assert (report.impact is not None) == (report.n_complaints > 0)


def test_analyser_refuses_use_before_fit() -> None:
    with pytest.raises(ValueError, match="call 'fit' first"):
        analyser().report_data()


def test_analyser_refuses_an_unknown_metric() -> None:
    with pytest.raises(ValueError, match="stars"):
        analyser(metric="stars").fit([])


def test_params_in_the_manner_of_scikit_learn() -> None:
    first = analyser(n_exemplars=2)
    second = RootCauseAnalyser(**first.get_params())
    assert second.get_params() == first.get_params()
    assert second.set_params(n_exemplars=4).n_exemplars == 4
    with pytest.raises(ValueError, match="no parameter"):
        second.set_params(colour="red")
