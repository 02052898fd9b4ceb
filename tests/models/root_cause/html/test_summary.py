from dataclasses import replace

import pytest
from html_report_fakes import (
    bare_report,
    cause,
    empty_report,
    estimate,
    impact,
    report,
    taxonomy,
    trend,
)

from models.root_cause.html.summary import costliest, stability_band, summarise
from models.root_cause.html.wording import GAP, wording
from models.root_cause.report import RootCauseReport
from models.root_cause.trend import Direction


def sentences(found: RootCauseReport, language: str) -> list[str]:
    return [text.replace(GAP, " ") for text in summarise(found, wording(language), taxonomy())]


def shown(found: RootCauseReport) -> list[str]:
    """The English summary of a report whose third cause has a plain name."""
    return sentences(replace(found, causes=found.causes[:2]), "en")


def test_summary_in_english() -> None:
    assert shown(report()) == [
        "Of 12,345 answers, 1,543 (12.5%) hold at least one complaint, in all 2,000 complaints"
        " with 2 causes.",
        "The largest, ‘On hold’ and ‘Costly bill’, together account for 90.0% of all complaints.",
        "Of the causes that go with a lower NPS beyond chance, ‘On hold’ weighs most: −12.3 NPS"
        " points (95% interval −15.0 to −9.0, n = 120), which is association and not proof.",
        "Over 4 months ‘Costly bill’ is new and ‘On hold’ is growing.",
        "Of all departments, the most complaints point to Board (60.0%); for 1 cause two"
        " departments are close, and the borders between the causes are uncertain (stability 0.44"
        " of 1).",
    ]


def test_summary_in_dutch() -> None:
    found = report()
    assert sentences(replace(found, causes=found.causes[:2]), "nl") == [
        "Van 12.345 antwoorden bevatten er 1.543 (12,5 %) ten minste één klacht, samen 2.000"
        " klachten met 2 oorzaken.",
        "De grootste, ‘Lang in de wacht’ en ‘Dure factuur’, zijn samen goed voor 90,0 % van alle"
        " klachten.",
        "Van de oorzaken die meer dan toevallig samenhangen met een lagere NPS weegt ‘Lang in de"
        " wacht’ het zwaarst: −12,3 NPS\u2011punten (95%\u2011interval −15,0 tot −9,0, n = 120);"
        " dat is samenhang en geen bewijs.",
        "Over 4 maanden gezien is ‘Dure factuur’ nieuw en groeit ‘Lang in de wacht’.",
        "Van alle afdelingen wijzen de meeste klachten naar Directie (60,0 %); bij 1 oorzaak"
        " liggen twee afdelingen dicht bij elkaar, en de grenzen tussen de oorzaken zijn onzeker"
        " (stabiliteit 0,44 op een schaal tot 1).",
    ]


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("found", [report(), bare_report()])
def test_summary_has_five_sentences(found: RootCauseReport, language: str) -> None:
    texts = sentences(found, language)
    assert len(texts) == 5
    assert all(text.endswith(".") and "{" not in text.replace("{{7*7}}", "") for text in texts)


def test_summary_says_what_could_not_be_estimated() -> None:
    texts = sentences(bare_report(), "en")
    assert "no usable scores" in texts[2]
    assert "no usable dates" in texts[3]
    assert texts[1].startswith("They share one cause")


def test_summary_without_complaints_names_no_cause() -> None:
    first, second = sentences(empty_report(), "nl")
    assert first.startswith("In 12.345 antwoorden is geen klacht gevonden")
    assert "opmerkingen" in second


def test_summary_counts_the_causes_that_it_does_not_name() -> None:
    growing = tuple(
        cause(row, f"naam {row}", f"name {row}", 10, trend=trend(Direction.GROWING))
        for row in range(1, 6)
    )
    text = sentences(report(causes=growing), "en")[3]
    assert text == "Over 4 months ‘name 1’, ‘name 2’, ‘name 3’ and 2 others are growing."
    assert "‘name 3’ and 1 other are growing" in sentences(report(causes=growing[:4]), "en")[3]


@pytest.mark.parametrize(
    ("n_periods", "expected"), [(3, "cannot be told from 3 months"), (4, "no cause is shown")]
)
def test_summary_tells_no_trend_from_too_short(n_periods: int, expected: str) -> None:
    found = report()
    assert found.trend is not None
    steady = replace(found.causes[0], trend=trend(Direction.STEADY))
    table = replace(found.trend, periods=found.trend.periods[:n_periods])
    assert expected in sentences(replace(found, causes=(steady,), trend=table), "en")[3]


@pytest.mark.parametrize(
    "doubtful",
    [impact(estimate(-9.0, -20.0, 0.1)), impact(estimate(-9.0, -10.0, -8.0), is_too_few=True)],
)
def test_costliest_leaves_out_what_is_in_doubt(doubtful: object) -> None:
    found = report(causes=(cause(1, "a", "a", 10, impact=doubtful),))
    assert costliest(found) is None
    assert "beyond doubt" in sentences(found, "en")[2]


@pytest.mark.parametrize(
    ("value", "band"), [(0.59, "low"), (0.6, "middle"), (0.75, "middle"), (0.76, "high")]
)
def test_stability_band_follows_its_bounds(value: float, band: str) -> None:
    assert stability_band(value) == band
